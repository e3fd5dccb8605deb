import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.ingest.source import Block, BlockKind, SourceText
from extractor.structure import parse


def source(text: str, *blocks: Block) -> SourceText:
    return SourceText("x.txt", "text/plain", "", text, blocks)


def statuses(text: str, *names: str) -> list[str | None]:
    regions = parse(source(text)).attendance
    places = [(text.index(name), text.index(name) + len(name)) for name in names]
    return [next((r.status for r in regions if r.start <= a and b <= r.end), None) for a, b in places]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Present: Ann Lee (Chair), Bo Ray\nApologies: Cy Dow\n", ["present", "present", "apologies"]),
        (
            "Present\n\nAnn Lee - Chair\nBo Ray\n\nApologies\n\nCy Dow\n\n1. Minutes\n",
            ["present", "present", "apologies"],
        ),
        (
            "Present: Ann Lee, Chair\n\nOfficials: Bo Ray, Clerk\n\nApologies: Cy Dow\n",
            ["present", "in_attendance", "apologies"],
        ),
        ("## Present\n- Ann Lee\n- Bo Ray\n## Regrets\n- Cy Dow\n", ["present", "present", "apologies"]),
        (
            "**Members present:** Ann Lee and Bo Ray\n\n**In attendance:** Cy Dow\n",
            ["present", "present", "in_attendance"],
        ),
        ("1. Present: Ann Lee, Bo Ray\n2. Apologies: Cy Dow\n3. Minutes\n", ["present", "present", "apologies"]),
        ("Those attending Ann Lee, Bo Ray\n\nGuests: Cy Dow\n", ["present", "present", "guest"]),
        (
            "Attendees:\n  Ann Lee\n  Bo Ray (by phone)\n\nOther attendees:\n  Cy Dow\n",
            ["present", "present", "in_attendance"],
        ),
        (
            "Present\nCouncillors Ann Lee, Bo Ray\n\n5.2 Apologies\nCouncillor Cy Dow\n",
            ["present", "present", "apologies"],
        ),
        (
            "Present: Ann Lee, Bo Ray\n\nApologies for absence were received from Cy Dow.\n",
            ["present", "present", "apologies"],
        ),
        (
            "Board members in attendance were:\n- Ann Lee\n- Bo Ray\nAbsent was: Cy Dow\n",
            ["present", "present", "absent"],
        ),
        ("## Attendance\n- Members: Ann Lee, Bo Ray\n- Observers: Cy Dow\n", ["present", "present", "in_attendance"]),
        ("Attendees:\n1. Ann Lee\n2. Bo Ray\n\nApologised: Cy Dow\n", ["present", "present", "apologies"]),
        (
            "HALL COMMITTEE 5 MAY 2015 PRESENT (2 Members): - Ann Lee (AL), Bo Ray (BR). Apologies: Cy Dow\n",
            ["present", "present", "apologies"],
        ),
        ("Panel: Ann Lee, Bo Ray\n\nSecretariat: Cy Dow\n", ["present", "present", "in_attendance"]),
        ("DATE: 5 May TIME: 7pm PRESENT: Ann Lee, Bo Ray APOLOGIES: Cy Dow", ["present", "present", "apologies"]),
        ("Present: Ann Lee, Bo Ray, Cy Dow (apologies)\n", ["present", "present", "apologies"]),
        ("Present: Ann Lee, Bo Ray (for Cy Dow)\n", ["present", "present", "absent"]),
        ("## Attendance\n- Members: Ann Lee, Bo Ray\n    - Cy Dow not attending\n", ["present", "present", "absent"]),
        ("Roll call: Present - Ann Lee, Bo Ray, Absent - Cy Dow\n", ["present", "present", "absent"]),
        ("Members present:     Visitors:\nAnn Lee              Cy Dow\nBo Ray\n", ["present", "present", "guest"]),
        ("Attendees:\n\nApologies:\n\nAnn Lee\n\nBo Ray\n\nCy Dow\n", ["present", "present", "present"]),
        ("In attendance:\n\nAnn Lee, Bo Ray\n\nGuests: Cy Dow\n", ["present", "present", "guest"]),
        ("## Members\n- [x] Ann Lee\n- [x] Bo Ray\n- [ ] Cy Dow\n", ["present", "present", "absent"]),
        ("## Staff\n- [x] Ann Lee\n- [x] Bo Ray\n- [ ] Cy Dow\n", ["in_attendance", "in_attendance", "absent"]),
        (
            "| Name | Role | Present |\n|--|--|--|\n| Ann Lee | Chair | Yes |\n| Bo Ray | | x |\n| Cy Dow | | No |\n",
            ["present", "present", "absent"],
        ),
        (
            "| Name | Present | Apologies |\n|--|--|--|\n| Ann Lee | x | |\n| Bo Ray | x | |\n| Cy Dow | | x |\n",
            ["present", "present", "apologies"],
        ),
        ("Ann Lee | North | Yes\nBo Ray | South | Yes\nCy Dow | East |\n", ["present", "present", "absent"]),
        (
            "## Attendance\n\n| Member | Start |\n|--|--|\n| Ann Lee | P |\n| Bo Ray | L (6:38) |\n| Cy Dow | A |\n",
            ["present", "present", "absent"],
        ),
        ("Present; Ann Lee, Bo Ray\n\nApologies; Cy Dow\n", ["present", "present", "apologies"]),
        ("body: Board\ndirectors:\n- Ann Lee\n- Bo Ray\napologies:\n- Cy Dow\n", ["present", "present", "apologies"]),
        ("Present:\nAnn Lee\nBo Ray\nApologies:\nDirectors:\nCy Dow\n", ["present", "present", "apologies"]),
        ("Present:\nAnn Lee\nBo Ray\n\nCy Dow not present.\n\n1. Hut\n", ["present", "present", "absent"]),
        ("| Present | Apologies |\n|---|---|\n| Ann Lee, Bo Ray | Cy Dow |\n", ["present", "present", "apologies"]),
        (
            "Ann Lee, Clerk ..... Present\nBo Ray .... Present (6.19)\nCy Dow ... Excused\n",
            ["present", "present", "apologies"],
        ),
        (
            "Ann Lee\tChair\tpresent\nBo Ray\tBursar\tpresent\nCy Dow\tHead\tapologies\n",
            ["present", "present", "apologies"],
        ),
        ("Who came: Ann Lee, Bo Ray\nSorry: Cy Dow\n", ["present", "present", "apologies"]),
        (
            "Club, 9 March 2021\n\nPlace | Name | 9 Feb | 9 Mar\n"
            "Hut | Ann Lee | N | Y\nMill | Bo Ray | E | V\nInn | Cy Dow | Y | E\n",
            ["present", "present", "apologies"],
        ),
        (
            "Name | Jan 9 | Feb 9 | Mar 9\nAnn Lee | A | X |\nBo Ray | E | X |\nCy Dow | X | A |\nDi Fox | X | X |\n",
            ["present", "present", "absent"],
        ),
        (
            " | Name | Place\nx | Ann Lee | North\nX | Bo Ray | South\nx | Di Fox | East\n(regrets) | Cy Dow | West\n",
            ["present", "present", "apologies"],
        ),
    ],
)
def test_people_get_the_status_of_their_list(text: str, expected: list[str]) -> None:
    assert statuses(text, "Ann Lee", "Bo Ray", "Cy Dow") == expected


@pytest.mark.parametrize(
    "after",
    [
        "1. Minutes\nCy Dow reported on the fence.\n",
        "## Welcome\nCy Dow welcomed all.\n",
        "The meeting was opened by Cy Dow at 7pm.\n",
        "Treasurer's Report\nCy Dow had paid the bill.\n",
        "Agenda\n- Cy Dow on fences\n",
        "Minutes taken by: Cy Dow\n",
        "| Hut | Yes | Cy Dow |\n",
    ],
)
@pytest.mark.parametrize("before", ["Present: Ann Lee, Bo Ray\n\n", "Present:\n\nAnn Lee\n\nBo Ray\n\n"])
def test_a_list_ends_where_business_begins(before: str, after: str) -> None:
    assert statuses(before + after, "Bo Ray", "Cy Dow") == ["present", None]


@pytest.mark.parametrize(
    "text",
    [
        "1. Hall\n\nSorry Ann Lee could not say more.\n",
        "1. Hall\n\nHere Ann Lee asked for a vote.\n",
        "The present arrangement with Ann Lee continues.\n",
        "Ann Lee attended the fair.\n",
        "- [ ] Ann Lee to buy a very large number of bulbs for the green before the spring\n" * 3,
        "2. Fence\nAnn Lee was present when it fell.\n",
    ],
)
def test_running_text_is_no_list(text: str) -> None:
    assert statuses(text, "Ann Lee") == [None]


def test_an_apology_may_run_over_a_blank_line() -> None:
    text = "An apology for his absence was received from Councillor\n\nDow.\n\nOFFICIALS IN ATTENDANCE:\n\nMr. Lee\n"
    assert statuses(text, "Dow", "Lee") == ["apologies", "in_attendance"]


def test_cells_of_the_reader_are_read_as_a_table() -> None:
    text = "Name\nPresent\nAnn Lee\nY\nCy Dow\nApologies\n"
    places = [(0, 4), (5, 12), (13, 20), (21, 22), (23, 29), (30, 39)]
    blocks = [Block(a, b, BlockKind.CELL, None, 0, n // 2, n % 2) for n, (a, b) in enumerate(places)]
    regions = parse(source(text, *blocks)).attendance
    assert [(text[r.start : r.end], r.status) for r in regions] == [
        ("Ann Lee\nY", "present"),
        ("Cy Dow\nApologies", "apologies"),
    ]


PIECES = st.sampled_from(
    [
        "Present:",
        "Apologies",
        "Absent: ",
        "Ann Lee",
        ", ",
        "\n",
        "\n\n",
        "| ",
        "[x] ",
        "## ",
        "1. ",
        "(apologies)",
        "In attendance",
        "was received from ",
        "   ",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_regions_are_sorted_disjoint_and_trimmed(text: str) -> None:
    regions = parse(source(text)).attendance
    ends = [0, *(r.end for r in regions)]
    assert all(end <= r.start < r.end <= len(text) for end, r in zip(ends, regions, strict=False))
    assert all(text[r.start : r.end] == text[r.start : r.end].strip() for r in regions)


def test_a_column_says_in_words_how_each_attended() -> None:
    text = (
        "Name | Role | Status\nAnn Lee | Chair | Present (from item 3)\nBo Ray | Clerk | In attendance, for Di Fox\n"
        "Cy Dow | Treasurer | Apologies\nEd Hay | Governor | Guest\n\n1. Minutes\n"
    )
    assert statuses(text, "Ann Lee", "Bo Ray", "Cy Dow", "Ed Hay") == ["present", "in_attendance", "apologies", "guest"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Present:            In attendance:            Apologies:\n"
            "A Lee (Chair)            C Dow            E Fay\nB Ray            D Eck\n",
            ["present", "in_attendance", "apologies", "present", "in_attendance"],
        ),
        (
            "PRESENT                 OFFICIALS:\nA Lee                   C Dow\nGuests:                 E Fay\nB Ray\n",
            ["present", "in_attendance", "in_attendance", "guest"],
        ),
        (
            "Hilltop Board Members:            Officials (regular attendees):\nA Lee            C Dow\n"
            "Apologies:            D Eck\nB Ray            Presenters:\nE Fay            \n",
            ["present", "in_attendance", "apologies", "apologies", "in_attendance"],
        ),
        (
            "Attendees            Visitors\n  A Lee      President     C Dow\n                     E Fay\n",
            ["present", "guest", "guest"],
        ),
    ],
)
def test_lists_beside_each_other_have_headings_of_their_own(text: str, expected: list[str]) -> None:
    names = [name for name in ("A Lee", "C Dow", "E Fay", "B Ray", "D Eck") if name in text]
    assert statuses(text, *names[: len(expected)]) == expected


def test_what_comes_after_lists_beside_each_other_is_no_list() -> None:
    text = "Present:        Guests:\nA Lee           C Dow\n\nThe minutes were approved by E Fay as they stood.\n"
    assert statuses(text, "A Lee", "C Dow", "E Fay") == ["present", "guest", None]
    text = "Present:      Guests:\nA Lee         C Dow\n\n2.     Minutes:\n       Proposed E Fay      seconded B Ray\n"
    assert statuses(text, "A Lee", "C Dow", "E Fay", "B Ray") == ["present", "guest", None, None]


def test_a_sentence_says_who_was_also_present() -> None:
    text = "Present were: President, Ann Lee; and Clerk, Bo Ray. Also present were Cy Dow and Di Eck.\n\n1. MINUTES\n"
    expected = ["present", "present", "in_attendance", "in_attendance"]
    assert statuses(text, "Ann Lee", "Bo Ray", "Cy Dow", "Di Eck") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Members\n\n- Acme: Ann Lee # / Bo Ray\n- Brick Works: Cy Dow # (Chair)\n\n# indicates attending\n",
            ["present", "absent", "present"],
            id="two on a line, a note behind the mark",
        ),
        pytest.param(
            "Trustees:\nAnn Lee*\nBo Ray\nCy Dow, Treasurer *\n\n* denotes those present\n",
            ["present", "absent", "present"],
            id="an asterisk",
        ),
        pytest.param(
            "Trustees:\nAnn Lee\n† Bo Ray\nCy Dow\n(† = absent)\n",
            ["present", "absent", "present"],
            id="who was absent",
        ),
        pytest.param(
            "Present:\n- **Ann Lee +**\n- Bo Ray\n- Cy Dow\nNames marked with a plus (+) indicate apologies\n",
            ["apologies", "present", "present"],
            id="in words, bold type",
        ),
    ],
)
def test_a_legend_says_what_a_mark_behind_a_name_stands_for(text: str, expected: list[str]) -> None:
    assert statuses(text, "Ann Lee", "Bo Ray", "Cy Dow") == expected


@pytest.mark.parametrize(
    "legend",
    [
        pytest.param("* attended by phone", id="how, not whether"),
        pytest.param("* denotes attending by zoom", id="how, in a legend's words"),
        pytest.param("* denotes members of the panel", id="of something else"),
        pytest.param("+ denotes absent", id="of a mark that nobody has"),
    ],
)
def test_other_legends_change_nothing(legend: str) -> None:
    text = f"Present:\nAnn Lee*\nBo Ray\nCy Dow\n\n{legend}\n"
    assert statuses(text, "Ann Lee", "Bo Ray", "Cy Dow") == ["present"] * 3
