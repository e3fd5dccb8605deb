from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.ingest.source import SourceText
from extractor.structure import parse
from extractor.structure.model import AgendaEntry


def agenda(text: str) -> tuple[AgendaEntry, ...]:
    return parse(SourceText("x", "text/plain", "", text)).agenda


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Club\n\n1. Welcome\nAll came.\n2. Money\nIt is short.\n", [("1", "Welcome"), ("2", "Money")]),
        (
            "Club\n\n3. Money\n3.1 Fees\nSome.\n4. Any other business\n",
            [("3", "Money"), ("3.1", "Fees"), ("4", "Any other business")],
        ),
        ("Club\n\n1. Welcome: all came.\n2. Money - it is short.\n", [("1", "Welcome"), ("2", "Money")]),
        ("# Club\n\n## Welcome\n### Fees\n", [(None, "Club"), (None, "Welcome"), (None, "Fees")]),
        ("Club meeting\n\nOLD BUSINESS\nThe hut.\n\nNEW BUSINESS\n", [(None, "OLD BUSINESS"), (None, "NEW BUSINESS")]),
        ("Item 1: Welcome\nx\nItem 2: Money\n", [("1", "Welcome"), ("2", "Money")]),
        ("24/116 Welcome\nx\n24/117 Money\n", [("24/116", "Welcome"), ("24/117", "Money")]),
        (
            "Club\n\nPresent:\n1. Ann Lee\n2. Bo Ray\n\nMatters arising\nNone.\n",
            [(None, "Present"), (None, "Matters arising")],
        ),
    ],
)
def test_headings_are_items(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert [(e.number, e.title) for e in agenda(text)] == expected


def test_items_nest_and_end_at_the_next_of_their_level() -> None:
    text = "Club\n\n1. Money\n1.1 Fees\nSome.\n1.2 Dues\nNone.\n2. Hut\nOpen.\n"
    entries = agenda(text)
    assert [(e.level, e.parent) for e in entries] == [(1, None), (2, 0), (2, 0), (1, None)]
    assert [text[e.start : e.end].split("\n")[0] for e in entries] == ["1. Money", "1.1 Fees", "1.2 Dues", "2. Hut"]
    assert [e.end for e in entries] == [text.index("2. Hut"), text.index("1.2"), text.index("2. Hut"), len(text)]


def test_items_inside_one_long_line() -> None:
    text = (
        "Minutes of the Club " + "words and so on " * 20 + "1. Welcome. All came. 2. Money: it is short. 3. Hut. Open."
    )
    assert [(e.number, e.title) for e in agenda(text)] == [("1", "Welcome"), ("2", "Money"), ("3", "Hut")]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["1. A\n", "1.1 B\n", "## C\n", "### D\n", "(a) E\n", "IV. F\n", "OLD BUSINESS\n", "text.\n", "\n"]
        ),
        max_size=30,
    )
)
def test_items_lie_in_their_parents(pieces: list[str]) -> None:
    entries = agenda("".join(pieces))
    inside = [(e, entries[e.parent]) for e in entries if e.parent is not None]
    assert all(p.start <= e.start and e.end <= p.end and p.level < e.level for e, p in inside)
    assert all(a.start <= b.start for a, b in pairwise(entries))
