import pytest

from extractor.errors import EmptyFile, LimitExceeded
from extractor.ingest import BlockKind, Limits, read


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>t</title></head><body><p>a</p><script>s</script><style>s</style>b</body></html>", "a\nb"),
        ("<p>a<del>gone</del> <ins>b</ins> &amp; &pound;5&nbsp;m</p>", "a b & £5 m"),
        ("<div>a\n  b<br>c</div><div hidden>x</div><div style='display: none'>x</div>", "a b\nc"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n- b\n- c"),
        ("<ol start=3><li>a<li value=7>b<li>c</ol>", "3. a\n7. b\n8. c"),
        ("<ol type=a><li>a<li><p>b</p><p>c</p></ol>", "a. a\nb. b\nc"),
        ("<html><pre>a\n  b</pre>", "a\nb"),
        ("<p>a<p>b<!-- comment --><p>c", "a\nb\nc"),
        ("<li>a</li>", "- a"),
        ("<p>a<p><b>Items</b><p>b<p><b>c</b> d", "a\n\nItems\nb\nc d"),
        ("<html><body><h1>Minutes</h1>x<h2>Items</h2>", "Minutes\n\nx\n\nItems"),
        ("<!DOCTYPE html><td>a</td>", "a"),
    ],
)
def test_flow(page: str, text: str) -> None:
    assert read(page.encode(), "a.html").text == text


def test_tables() -> None:
    page = "<table><tr><th>Name<th colspan=2>Role<tr><td rowspan=2>Zoe<td>a<td>b<tr><td>c<td>d</table>"
    source = read(page.encode(), "a.html")
    assert source.text == "Name | Role\nZoe | a | b\n | c | d"
    cells = [(b.row, b.column) for b in source.blocks]
    assert cells == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2)]


def test_layout_table() -> None:
    page = "<table><tr><td><p>Minutes<table><tr><td>a<td>b</table></table>"
    source = read(page.encode(), "a.html")
    assert source.text == "Minutes\n\na | b"
    assert [b.kind for b in source.blocks] == [BlockKind.PARAGRAPH, BlockKind.CELL, BlockKind.CELL]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<meta charset=iso-8859-2><p>Łuk".encode("iso-8859-2"), "iso8859-2"),
        ("<p>Zoë".encode(), "utf-8"),
        ("<p>Zoë – x".encode("cp1252"), "cp1252"),
        ("<meta charset=nonsense><p>Zoë".encode("cp1252"), "cp1252"),
    ],
)
def test_encoding(data: bytes, encoding: str) -> None:
    source = read(data, "a.html")
    assert source.encoding == encoding
    assert source.text == data.decode(encoding).partition("<p>")[2]


def test_hostile() -> None:
    with pytest.raises(LimitExceeded):
        read(b"<html>" + b"<div>" * 5_000 + b"x", "a.html", limits=Limits(max_depth=20))
    with pytest.raises(LimitExceeded):
        read(b"<p>a" * 5, "a.html", limits=Limits(max_paragraphs=4))
    with pytest.raises(EmptyFile):
        read(b"<html></html>", "a.html")
    with pytest.raises(EmptyFile):
        read(b"<!DOCTYPE html>", "a.html")
