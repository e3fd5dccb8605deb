import pytest

from extractor.errors import CorruptFile, LimitExceeded
from extractor.ingest import BlockKind, Limits, read
from tests.ingest.files import ODT_MEDIA_TYPE, odt_of, zip_of


def text_of(body: str, styles: str = "") -> str:
    return read(odt_of(body, styles), "a.odt").text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<text:p>a  b\n c<text:s text:c='2'/>d<text:tab/>e<text:line-break/>f</text:p>", "a b c  d\te\nf"),
        ("<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>a</text:p>", "a"),
        ("<text:p>a<office:annotation><text:p>note</text:p></office:annotation><text:note>1</text:note></text:p>", "a"),
        ("<text:section><text:p><text:span>a</text:span>b</text:p></text:section>", "ab"),
        ("<text:p/><text:p>a</text:p>", "a"),
    ],
)
def test_paragraphs(body: str, text: str) -> None:
    assert text_of(body) == text


NUMBERED = (
    "<text:list-style style:name='L'>"
    "<text:list-level-style-number text:level='1' style:num-format='1' style:num-suffix='.'/>"
    "<text:list-level-style-number text:level='2' style:num-format='a' style:num-prefix='(' style:num-suffix=')'/>"
    "<text:list-level-style-number text:level='3' style:num-format='1' text:display-levels='2'/></text:list-style>"
    "<text:list-style style:name='B'><text:list-level-style-bullet text:level='1'/></text:list-style>"
    "<text:list-style style:name='N'>"
    "<text:list-level-style-number text:level='1' style:num-format=''/></text:list-style>"
    "<text:list-style style:name='F'><text:list-level-style-number text:level='1' style:num-format='1'"
    " style:num-list-format='Item %1%:'/></text:list-style>"
    "<text:outline-style>"
    "<text:outline-level-style text:level='1' style:num-format='1' style:num-suffix='.'/></text:outline-style>"
)


def item(text: str, inner: str = "", attributes: str = "") -> str:
    return f"<text:list-item {attributes}><text:p>{text}</text:p>{inner}</text:list-item>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<text:list text:style-name='L'>{item('x')}{item('y')}</text:list>", "1. x\n2. y"),
        (
            (
                "<text:list text:style-name='L'>"
                + item("x", f"<text:list>{item('y')}{item('z')}</text:list>")
                + "</text:list>"
            ),
            "1. x\n(a) y\n(b) z",
        ),
        (f"<text:list text:style-name='B'>{item('x')}</text:list>", "- x"),
        (f"<text:list text:style-name='N'>{item('x')}</text:list>", "x"),
        (f"<text:list text:style-name='F'>{item('x')}</text:list>", "Item 1: x"),
        (f"<text:list>{item('x')}</text:list>", "- x"),
        (
            (
                "<text:list text:style-name='L'><text:list-item><text:p>x</text:p>"
                "<text:p>more</text:p></text:list-item></text:list>"
            ),
            "1. x\nmore",
        ),
        (f"<text:list text:style-name='L'>{item('x', attributes='text:start-value=' + repr('4'))}</text:list>", "4. x"),
        (
            f"<text:list text:style-name='L'>{item('x')}</text:list><text:p>p</text:p>"
            f"<text:list text:style-name='L' text:continue-numbering='true'>{item('y')}</text:list>"
            f"<text:list text:style-name='L'>{item('z')}</text:list>",
            "1. x\np\n2. y\n1. z",
        ),
    ],
)
def test_lists(body: str, text: str) -> None:
    assert text_of(body, NUMBERED) == text


def test_headings() -> None:
    source = read(odt_of("<text:h text:outline-level='1'>Finance</text:h><text:p>x</text:p>", NUMBERED), "a.odt")
    assert source.text == "1. Finance\n\nx"
    assert [(b.kind, b.level) for b in source.blocks] == [(BlockKind.HEADING, 1), (BlockKind.PARAGRAPH, None)]


def test_table() -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    body = (
        "<table:table><table:table-header-rows><table:table-row>" + cell("Name") + cell("Role") + "</table:table-row>"
        "</table:table-header-rows><table:table-row>"
        "<table:table-cell table:number-columns-spanned='2'><text:p>Zoe</text:p>"
        "</table:table-cell><table:covered-table-cell/>" + cell("x") + "</table:table-row></table:table>"
    )
    source = read(odt_of(body), "a.odt")
    assert source.text == "Name | Role\nZoe |  | x"
    assert [(b.row, b.column) for b in source.blocks] == [(0, 0), (0, 1), (1, 0), (1, 2)]


def test_errors() -> None:
    with pytest.raises(CorruptFile):
        read(zip_of({"mimetype": ODT_MEDIA_TYPE}), "a.odt")
    with pytest.raises(LimitExceeded):
        read(odt_of("<text:p>a</text:p>" * 3), "a.odt", limits=Limits(max_paragraphs=2))
