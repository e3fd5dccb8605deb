"""ODT to paragraphs and tables: what change tracking took out, notes and comments are left out."""

import re
from dataclasses import dataclass, field
from typing import Final

from extractor.errors import LimitExceeded
from extractor.ingest.builder import Content, TextBuilder
from extractor.ingest.characters import plain
from extractor.ingest.docx_styles import whole_number
from extractor.ingest.flow import Cell, FlowWriter, Item, Paragraph, Table
from extractor.ingest.limits import ReadOptions
from extractor.ingest.numbering import Counter, Level
from extractor.ingest.package import open_package
from extractor.ingest.source import BlockKind

_URN: Final = "urn:oasis:names:tc:opendocument:xmlns:"
T: Final = f"{{{_URN}text:1.0}}"
_TABLE: Final = f"{{{_URN}table:1.0}}"
_STYLE: Final = f"{{{_URN}style:1.0}}"
_OFFICE: Final = f"{{{_URN}office:1.0}}"
_SKIPPED: Final = frozenset(
    (
        *(f"{T}{name}" for name in ("tracked-changes", "note", "ruby-text", "sequence-decls", "bibliography-mark")),
        *(f"{_OFFICE}{name}" for name in ("annotation", "forms", "binary-data")),
        *(f"{{{_URN}svg-compatible:1.0}}{name}" for name in ("title", "desc")),
        f"{_TABLE}covered-table-cell",
    )
)
_FORMATS: Final = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "": "none",
}
_SPACES: Final = re.compile(r"[ \t\n]+")
_MAX_SPACES: Final = 200


def read_odt(data: bytes, options: ReadOptions) -> Content:
    """The body of the document; headers, footers, notes and comments are left out."""
    package = open_package(data, options.limits)
    lists = _ListStyles()
    for part in ("styles.xml", "content.xml"):
        if part in package.names:
            package.parse(part, lists)
    walker = _Walker(lists, options.limits.max_paragraphs)
    package.parse("content.xml", walker)
    builder = TextBuilder(options.limits)
    FlowWriter(builder).write(walker.items)
    return builder.build()


class _ListStyles:
    """Hears the list styles and the numbering of headings."""

    def __init__(self) -> None:
        self.styles: dict[str, dict[int, Level]] = {}
        self.outline: dict[int, Level] = {}
        self.of_paragraph: dict[str, str] = {}
        """Paragraph style to list style."""
        self._levels: dict[int, Level] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{T}list-style":
            self._levels = self.styles.setdefault(attributes.get(f"{_STYLE}name", ""), {})
        elif tag == f"{T}outline-style":
            self._levels = self.outline
        elif tag == f"{_STYLE}style" and attributes.get(f"{_STYLE}list-style-name"):
            self.of_paragraph[attributes.get(f"{_STYLE}name", "")] = attributes[f"{_STYLE}list-style-name"]
        elif self._levels is not None and attributes.get(f"{T}level"):
            self._levels[whole_number(attributes[f"{T}level"], 1) - 1] = _level(tag, attributes)

    def end(self, tag: str) -> None:
        if tag in (f"{T}list-style", f"{T}outline-style"):
            self._levels = None

    def data(self, text: str) -> None:
        return None


def _level(tag: str, attributes: dict[str, str]) -> Level:
    if tag in (f"{T}list-level-style-bullet", f"{T}list-level-style-image"):
        return Level("bullet", "")
    number_format = _FORMATS.get(attributes.get(f"{_STYLE}num-format", ""), "decimal")
    if number_format == "none":
        return Level("none", "")
    own = whole_number(attributes.get(f"{T}level"), 1)
    shown = min(max(whole_number(attributes.get(f"{T}display-levels"), 1), 1), own, 9)
    numbers = ".".join(f"%{level}" for level in range(own - shown + 1, own + 1) if level <= 9)
    pattern = attributes.get(f"{_STYLE}num-prefix", "")[:20] + numbers + attributes.get(f"{_STYLE}num-suffix", "")[:20]
    listed = attributes.get(f"{_STYLE}num-list-format")
    if listed is not None:
        pattern = re.sub(r"%(\d)%", r"%\1", listed)[:40]
    return Level(number_format, pattern, whole_number(attributes.get(f"{T}start-value"), 1))


@dataclass(slots=True)
class _OpenList:
    style: str
    counter: Counter
    fresh: bool = False
    """Whether an item has begun whose first paragraph takes the label."""
    start_value: int | None = None


@dataclass(slots=True)
class _Open:
    """A paragraph that is being read; `outline` is set for headings."""

    text: list[str] = field(default_factory=list)
    outline: int | None = None
    style: str = ""


class _Walker:
    """Hears content.xml."""

    def __init__(self, styles: _ListStyles, max_paragraphs: int) -> None:
        self.items: list[Item] = []
        self._styles = styles
        self._max_paragraphs = max_paragraphs
        self._n_paragraphs = 0
        self._skipped = 0
        self._in_body = False
        self._containers: list[list[Item]] = [self.items]
        self._paragraphs: list[_Open] = []
        self._tables: list[Table] = []
        self._columns: list[int] = []
        self._lists: list[list[_OpenList]] = [[]]
        self._counters: dict[str, Counter] = {}
        self._outline = Counter(styles.outline)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipped or tag in _SKIPPED:
            if not self._skipped and tag == f"{_TABLE}covered-table-cell" and self._columns:
                self._columns[-1] += _repeated(attributes)
            self._skipped += 1
        elif tag == f"{_OFFICE}text":
            self._in_body = True
        elif not self._in_body:
            return
        elif tag in (f"{T}p", f"{T}h"):
            level = whole_number(attributes.get(f"{T}outline-level"), 1) if tag == f"{T}h" else None
            self._paragraphs.append(_Open([], level, attributes.get(f"{T}style-name", "")))
        elif tag in (f"{T}tab", f"{T}line-break", f"{T}s"):
            n_spaces = min(max(whole_number(attributes.get(f"{T}c"), 1), 1), _MAX_SPACES)
            self._add({f"{T}tab": "\0t", f"{T}line-break": "\0n"}.get(tag, "\0s" * n_spaces))
        elif tag in (f"{T}list", f"{T}list-item"):
            self._start_list_part(tag, attributes)
        elif tag.startswith(_TABLE):
            self._start_table_part(tag, attributes)

    def _start_list_part(self, tag: str, attributes: dict[str, str]) -> None:
        lists = self._lists[-1]
        if tag == f"{T}list-item":
            if lists:
                lists[-1].fresh = True
                value = attributes.get(f"{T}start-value")
                lists[-1].start_value = whole_number(value, 1) if value else None
            return
        style = attributes.get(f"{T}style-name") or (lists[-1].style if lists else "")
        goes_on = attributes.get(f"{T}continue-numbering") == "true" or f"{T}continue-list" in attributes
        if lists and style == lists[-1].style:
            counter = lists[0].counter
        elif goes_on and style in self._counters:
            counter = self._counters[style]
        else:
            counter = self._counters[style] = Counter(self._styles.styles.get(style, {0: Level("bullet", "")}))
        lists.append(_OpenList(style, counter))

    def _start_table_part(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_TABLE}table":
            self._tables.append(Table())
            self._columns.append(0)
        elif tag == f"{_TABLE}table-row" and self._tables:
            self._tables[-1].rows.append([])
            self._columns[-1] = 0
        elif tag == f"{_TABLE}table-cell" and self._tables and self._tables[-1].rows:
            cell = Cell(self._columns[-1])
            self._columns[-1] += _repeated(attributes)
            self._tables[-1].rows[-1].append(cell)
            self._containers.append(cell.items)
            self._lists.append([])

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif not self._in_body:
            return
        elif tag in (f"{T}p", f"{T}h"):
            self._end_paragraph()
        elif tag == f"{T}list" and self._lists[-1]:
            self._lists[-1].pop()
        elif tag == f"{_TABLE}table-cell" and len(self._containers) > 1:
            self._containers.pop()
            self._lists.pop()
        elif tag == f"{_TABLE}table" and self._tables:
            self._columns.pop()
            self._containers[-1].append(self._tables.pop())
        elif tag == f"{_OFFICE}text":
            self._in_body = False

    def data(self, text: str) -> None:
        if not self._skipped:
            self._add(text.replace("\0", " "))

    def _add(self, text: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].text.append(text)

    def _end_paragraph(self) -> None:
        self._n_paragraphs += 1
        if self._n_paragraphs > self._max_paragraphs:
            raise LimitExceeded(f"more than {self._max_paragraphs} paragraphs")
        paragraph = self._paragraphs.pop()
        text = _SPACES.sub(" ", "".join(paragraph.text))
        text = plain(text.replace("\0t", "\t").replace("\0n", "\n").replace("\0s", " "))
        text = "\n".join(line.strip() for line in text.split("\n")).strip()
        label, depth = self._label() if text else ("", 0)
        if not text:
            item = Paragraph("")
        elif paragraph.outline is not None:
            if not label and paragraph.outline - 1 in self._styles.outline:
                label = self._outline.step(paragraph.outline - 1)
            item = Paragraph(text, BlockKind.HEADING, paragraph.outline, "" if label == "-" else label)
        elif depth:
            item = Paragraph(
                text, BlockKind.LIST_ITEM if label else BlockKind.PARAGRAPH, depth if label else None, label
            )
        else:
            item = Paragraph(text)
        self._containers[-1].append(item)

    def _label(self) -> tuple[str, int]:
        """The label of the list item that the paragraph begins, "" for later paragraphs, and the depth of the list."""
        lists = self._lists[-1]
        if not lists or not lists[-1].fresh:
            return "", len(lists)
        for level in lists:
            level.fresh = False
        counter, index = lists[-1].counter, len(lists) - 1
        if lists[-1].start_value is not None:
            counter.counts[index] = lists[-1].start_value - 1
        return counter.step(index), len(lists)


def _repeated(attributes: dict[str, str]) -> int:
    return min(max(whole_number(attributes.get(f"{_TABLE}number-columns-repeated"), 1), 1), 64)
