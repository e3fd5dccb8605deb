import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.ingest.source import Block, BlockKind, SourceText
from extractor.structure import parse
from extractor.structure.model import LineKind

WRAPPED = (
    "The committee discussed the state of the path at some length and asked that\n"
    "the owner be written to before the winter, since the surface had become poor.\n"
    "A second point was raised.\n"
    "Another paragraph begins here and is long enough to reach the right margin ok\n"
    "and ends.\n"
)


def blocks(text: str) -> list[str]:
    return [text[b.start : b.end] for b in parse(SourceText("x", "text/plain", "", text)).blocks]


def kinds(text: str) -> list[str]:
    return [line.kind.value for line in parse(SourceText("x", "text/plain", "", text)).lines]


@pytest.mark.parametrize(
    ("line", "number", "words"),
    [
        ("3. Minutes", "3", "Minutes"),
        ("3.1 Minutes", "3.1", "Minutes"),
        ("3.1. Minutes", "3.1", "Minutes"),
        ("4) Minutes", "4", "Minutes"),
        ("(a) Minutes", "a", "Minutes"),
        ("IV. Minutes", "IV", "Minutes"),
        ("Item 4: Minutes", "4", "Minutes"),
        ("24/117 Minutes", "24/117", "Minutes"),
        ("19.09.03 Minutes", "19.09.03", "Minutes"),
        ("3   Minutes", "3", "Minutes"),
        ("## 1-2 Roll call", "1-2", "Roll call"),
        ("**2. Minutes**", "2", "Minutes"),
        ("7 June 2021", None, "7 June 2021"),
        ("12 people came", None, "12 people came"),
        ("10.30 to 11.00", None, "10.30 to 11.00"),
        ("(AB) left", None, "(AB) left"),
        ("- a point", None, "a point"),
        ("  * [x] Ann Lee", None, "Ann Lee"),
    ],
)
def test_numbers_and_marks_lead_a_line(line: str, number: str | None, words: str) -> None:
    (found,) = parse(SourceText("x", "text/plain", "", line)).lines
    assert (found.number, line[found.body : found.body_end]) == (number, words)


def test_wrapped_lines_are_one_paragraph() -> None:
    assert [b.split()[0] for b in blocks(WRAPPED)] == ["The", "Another"]


def test_list_items_and_labels_begin_blocks() -> None:
    text = "- one point that is\n  carried on\n- two\nDate: 5 May\nTime: 7pm\n"
    assert blocks(text) == ["one point that is\n  carried on", "two", "Date: 5 May", "Time: 7pm"]


def test_a_page_break_does_not_end_a_paragraph() -> None:
    text = "The committee discussed the state of the path at some length and\n\nPage 1 of 2\n\nasked for a report.\n"
    assert blocks(text) == [text.rstrip("\n")]
    assert kinds(text)[2] == "furniture"


@pytest.mark.parametrize(
    ("text", "furniture"),
    [
        ("Text one.\nPage 3 of 6\nText two.\n", ["Page 3 of 6"]),
        ("Text one.\n- 3 -\nText two.\n", ["- 3 -"]),
        ("Text.\n\n1\n\nMore.\n\n2\n\nEnd.\n", ["1", "2"]),
        (
            "A\nPage 1 of 3\nNorth Club\nB\nC\nD\nE\nPage 2 of 3\nNorth Club\nF\n",
            ["Page 1 of 3", "North Club", "Page 2 of 3", "North Club"],
        ),
        ("Lone\n\n7\n\nnumber\n", []),
    ],
)
def test_page_furniture(text: str, furniture: list[str]) -> None:
    lines = parse(SourceText("x", "text/plain", "", text)).lines
    assert [text[ln.start : ln.end] for ln in lines if ln.kind is LineKind.FURNITURE] == furniture


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("## Actions", "heading"),
        ("OLD BUSINESS", "heading"),
        ("**Old business**", "heading"),
        ("Actions\n-------", "heading"),
        ("Matters Arising", "heading"),
        ("| a | b |", "table_row"),
        ("* point", "list_item"),
        ("The path is poor.", "paragraph"),
        ("----", "blank"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert kinds(text)[0] == kind


def test_what_the_reader_knows_comes_first() -> None:
    text = "the club\nsome words\nfoot\n"
    known = (
        Block(0, 8, BlockKind.HEADING, 2),
        Block(9, 19, BlockKind.LIST_ITEM, 1),
        Block(20, 24, BlockKind.FURNITURE),
    )
    lines = parse(SourceText("x", "text/plain", "", text, known)).lines
    assert [(ln.kind.value, ln.level) for ln in lines[:3]] == [("heading", 2), ("list_item", 1), ("furniture", 0)]


@settings(deadline=None)
@given(st.text(alphabet="aA1. \n-*#|()[]:\t•é", max_size=200))
def test_lines_cover_the_text_and_blocks_lie_in_it(text: str) -> None:
    structure = parse(SourceText("x", "text/plain", "", text))
    assert "\n".join(text[ln.start : ln.end] for ln in structure.lines) == text
    assert all(ln.start <= ln.body <= ln.body_end <= ln.end for ln in structure.lines)
    ends = [0, *(b.end for b in structure.blocks)]
    assert all(end <= b.start <= b.end for end, b in zip(ends, structure.blocks, strict=False))
