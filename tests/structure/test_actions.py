import pytest

from extractor.ingest.source import SourceText
from extractor.structure import Structure, parse


def structure(text: str) -> Structure:
    return parse(SourceText("x", "text/plain", "", text))


@pytest.mark.parametrize(
    ("text", "label", "number", "content"),
    [
        ("Action 3: Ann to mend the fence\n", "Action 3:", "3", "task"),
        ("ACTION: Ann to mend the fence\n", "ACTION:", None, "task"),
        ("- Action Item - Ann to mend the fence\n", "Action Item -", None, "task"),
        ("AP 4.2 Ann to mend the fence\n", "AP 4.2", "4.2", "task"),
        ("The fence will be mended. Action: DT/MS\n", "Action: DT/MS"[:7], None, "owners"),
        ("The fence will be mended. ACTION: Ann Lee and Bo Ray\n", "ACTION:", None, "owners"),
        ("The fence will be mended. [Action]\n", "[Action]", None, "nothing"),
        ("**ACTION ITEM** Ann will mend the fence\n", "ACTION ITEM**", None, "task"),
    ],
)
def test_labels(text: str, label: str, number: str | None, content: str) -> None:
    (found,) = structure(text).action_labels
    assert (text[found.start : found.end], found.number, found.content) == (label, number, content)


@pytest.mark.parametrize(
    "text", ["Action was taken on the fence.\n", "The court action 3 went on.\n", "AI is a tool.\n", "ACTION\n"[:0]]
)
def test_words_that_are_no_label(text: str) -> None:
    assert structure(text).action_labels == ()


def test_action_sections() -> None:
    text = "Club\n\n1. Action log\nMend the fence.\n\n2. Money\nShort.\n\n3. Actions\nBuy a hut.\n"
    found = [(r.kind, text[r.start : r.end].strip()) for r in structure(text).action_regions]
    assert found == [("log", "Mend the fence."), ("summary", "Buy a hut.")]


def test_action_table() -> None:
    header = "| No. | Action | Owner | Due date | Status |\n|--|--|--|--|--|\n"
    text = header + "| 1 | Mend it | Ann | May | Open |\n| 2 | Buy it | Bo | | |\n"
    found = [(r.row, r.column, text[r.start : r.end]) for r in structure(text).action_regions]
    assert found == [
        (0, "ref", "1"),
        (0, "action", "Mend it"),
        (0, "owner", "Ann"),
        (0, "due", "May"),
        (0, "status", "Open"),
        (1, "ref", "2"),
        (1, "action", "Buy it"),
        (1, "owner", "Bo"),
    ]


def test_another_table_holds_no_actions() -> None:
    assert structure("| Item | Cost |\n|--|--|\n| Hut | 5 |\n").action_regions == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Club\n\n8. Date of next meeting: 5 July 2021\n", "Date of next meeting: 5 July 2021"),
        ("Club\n\n8. Date of Next Meeting\nMonday 5 July\n\n9. Close\n", "Date of Next Meeting\nMonday 5 July"),
        ("Club\n\nNext meeting\n\n5 July at 7.30 p.m.\n", "Next meeting\n\n5 July at 7.30 p.m."),
        ("Club\n\nThanks. The next meeting will be on 5 July. All left.\n", "The next meeting will be on 5 July"),
    ],
)
def test_next_meeting(text: str, expected: str) -> None:
    assert [text[r.start : r.end].strip() for r in structure(text).next_meeting] == [expected]


def test_no_next_meeting() -> None:
    assert structure("Club\n\nThe meeting was short.\n").next_meeting == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Club\n\n2. Minutes of the last meeting\nApproved.\n\n3. Money\n", "Minutes of the last meeting\nApproved."),
        ("Club\n\n2. To approve the minutes\nThey were.\n\n3. Money\n", "To approve the minutes\nThey were."),
        ("Club\n\n2. Minutes\nAnn writes them.\n\n3. Money\n", None),
        (
            "Club\n\n2. Minutes\nThe minutes were signed as a true record.\n\n3. Money\n",
            "Minutes\nThe minutes were signed as a true record.",
        ),
        ("# Minutes of the meeting\n\nText.\n", None),
    ],
)
def test_previous_minutes(text: str, expected: str | None) -> None:
    found = structure(text).previous_minutes
    assert (text[found.start : found.end].strip() if found else None) == expected
