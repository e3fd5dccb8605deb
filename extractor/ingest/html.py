"""HTML to paragraphs, lists and tables: what is deleted, hidden, script or style is left out."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from extractor.errors import LimitExceeded
from extractor.ingest.builder import Content, TextBuilder
from extractor.ingest.characters import clean, decode, plain
from extractor.ingest.docx_styles import whole_number
from extractor.ingest.flow import Cell, FlowWriter, Item, Paragraph, Table
from extractor.ingest.limits import ReadOptions
from extractor.ingest.numbering import BULLET, format_number
from extractor.ingest.source import BlockKind

_SKIPPED: Final = frozenset(
    (
        *("head", "script", "style", "del", "template", "noscript", "svg", "math", "iframe", "object", "embed"),
        *("select", "datalist", "textarea", "audio", "video", "canvas"),
    )
)
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "legend", "main", "nav", "ol", "p"),
        *("pre", "section", "summary", "ul", "caption", "li", "table", "tbody", "thead", "tfoot", "tr", "td", "th"),
        *("h1", "h2", "h3", "h4", "h5", "h6"),
    )
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_LIST_FORMATS: Final = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_HIDDEN: Final = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_DEPTH_FACTOR: Final = 5


def read_html(data: bytes, options: ReadOptions) -> Content:
    """The text of a page as a browser would show it, without navigation aids such as the title."""
    declared = _CHARSET.search(data[:4096])
    text, encoding = decode(data, options.encoding, declared.group(1).decode("ascii") if declared else None)
    builder = TextBuilder(options.limits)
    FlowWriter(builder).write(_items(clean(text), options))
    return builder.build(encoding=encoding)


def _items(text: str, options: ReadOptions) -> list[Item]:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, remove_comments=True, huge_tree=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    walker = _Walker(options.limits.max_paragraphs)
    if root is None:
        return walker.items
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            depth += 1
            if depth > options.limits.max_depth * _DEPTH_FACTOR:
                raise LimitExceeded("too many elements within each other")
            walker.start(element)
        else:
            depth -= 1
            walker.end(element)
    walker.finish()
    return walker.items


@dataclass(slots=True)
class _List:
    ordered: bool
    number_format: str
    count: int


class _Walker:
    """Hears the elements of a parsed page."""

    def __init__(self, max_paragraphs: int) -> None:
        self.items: list[Item] = []
        self._max_paragraphs = max_paragraphs
        self._n_paragraphs = 0
        self._skipped = 0
        self._preformatted = 0
        self._containers: list[list[Item]] = [self.items]
        self._text: list[str] = []
        self._heading: int | None = None
        self._n_bold = 0
        self._bold_depth = 0
        self._lists: list[_List] = []
        self._label: tuple[str, int] | None = None
        self._tables: list[_OpenTable] = []

    def start(self, element: "etree._Element") -> None:
        """An element begins, with the text before its first child."""
        tag = str(element.tag).lower()
        if (
            self._skipped
            or tag in _SKIPPED
            or element.get("hidden") is not None
            or _HIDDEN.search(element.get("style", ""))
        ):
            self._skipped += 1
            return
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in ("ul", "ol"):
            self._lists.append(_new_list(tag, element))
        elif tag == "li":
            self._start_item(element)
        elif tag == "br":
            self._text.append("\0")
        elif tag in ("b", "strong"):
            self._bold_depth += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag in ("table", "tr", "td", "th"):
            self._start_table_part(tag, element)
        self._add(element.text)

    def _start_item(self, element: "etree._Element") -> None:
        last = self._lists[-1] if self._lists else _List(False, "bullet", 0)
        last.count = whole_number(element.get("value"), last.count + 1)
        label = f"{format_number(last.count, last.number_format)}." if last.ordered else BULLET
        self._label = (label, max(1, len(self._lists)))

    def _start_table_part(self, tag: str, element: "etree._Element") -> None:
        if tag == "table":
            self._tables.append(_OpenTable(Table(), {}, len(self._containers)))
        elif self._tables and tag == "tr":
            self._tables[-1].start_row()
        elif self._tables:
            self._containers.append(self._tables[-1].start_cell(element).items)

    def end(self, element: "etree._Element") -> None:
        """An element ends, with the text that follows it."""
        tag = str(element.tag).lower()
        if self._skipped:
            self._skipped -= 1
            if not self._skipped:
                self._add(element.tail)
            return
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self._heading = None
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._label = None
        elif tag == "pre":
            self._preformatted -= 1
        elif tag in ("b", "strong"):
            self._bold_depth -= 1
        elif tag in ("td", "th") and self._tables and len(self._containers) > self._tables[-1].depth:
            self._containers.pop()
        elif tag == "table" and self._tables:
            self._containers[-1].append(self._tables.pop().table)
        self._add(element.tail)

    def finish(self) -> None:
        """Close what is open at the end of the page."""
        self._flush()

    def _add(self, text: str | None) -> None:
        if text:
            self._text.append(text.replace("\n", "\0") if self._preformatted else text)
            self._n_bold += len(text.strip()) if self._bold_depth else 0

    def _flush(self) -> None:
        text = plain(_SPACES.sub(" ", "".join(self._text)).replace("\0", "\n"))
        text = re.sub(r"\n{2,}", "\n", "\n".join(line.strip() for line in text.split("\n")).strip())
        bold = 0 < sum(len(part.strip("\0 \t\n")) for part in self._text) <= self._n_bold
        self._text, self._n_bold = [], 0
        if not text:
            return
        self._n_paragraphs += 1
        if self._n_paragraphs > self._max_paragraphs:
            raise LimitExceeded(f"more than {self._max_paragraphs} paragraphs")
        label, level = self._label or ("", None)
        if self._heading is not None:
            item = Paragraph(text, BlockKind.HEADING, self._heading, label if label != BULLET else "")
        elif level is not None:
            item = Paragraph(text, BlockKind.LIST_ITEM, level, label)
        else:
            item = Paragraph(text, bold=bold)
        self._label = None
        self._containers[-1].append(item)


def _new_list(tag: str, element: "etree._Element") -> _List:
    number_format = _LIST_FORMATS.get(element.get("type", ""), "decimal")
    return _List(tag == "ol", number_format, whole_number(element.get("start"), 1) - 1)


@dataclass(slots=True)
class _OpenTable:
    table: Table
    taken: dict[int, int]
    """Column to how many rows below are still covered by a cell above."""
    depth: int
    column: int = 0

    def start_row(self) -> None:
        self.table.rows.append([])
        self.column = 0

    def start_cell(self, element: "etree._Element") -> Cell:
        if not self.table.rows:
            self.start_row()
        while self.taken.get(self.column, 0) > 0:
            self.taken[self.column] -= 1
            self.column += 1
        cell = Cell(self.column)
        width = min(max(whole_number(element.get("colspan"), 1), 1), 64)
        height = min(max(whole_number(element.get("rowspan"), 1), 1), 1000)
        for column in range(self.column, self.column + width):
            self.taken[column] = height - 1
        self.column += width
        self.table.rows[-1].append(cell)
        return cell
