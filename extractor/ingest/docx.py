"""DOCX to paragraphs and tables: insertions under change tracking count, deletions and comments do not."""

from dataclasses import dataclass, field
from typing import Final

from extractor.errors import LimitExceeded, UnsupportedFormat
from extractor.ingest.builder import Content, TextBuilder
from extractor.ingest.characters import plain
from extractor.ingest.docx_styles import VAL, StyleSheet, W, whole_number
from extractor.ingest.flow import Cell, FlowWriter, Item, Paragraph, Table
from extractor.ingest.limits import ReadOptions
from extractor.ingest.package import Package, open_package
from extractor.ingest.source import BlockKind

_CONTENT_TYPES: Final = "[Content_Types].xml"
_MAIN_TYPES: Final = (
    "wordprocessingml.document.main+xml",
    "ms-word.document.macroEnabled.main+xml",
    "template.main+xml",
)
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_STRICT_W: Final = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_SKIPPED: Final = frozenset(
    (
        *(f"{W}{name}" for name in ("del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "sectPr")),
        *(f"{W}{name}Change" for name in ("pPr", "rPr", "tblPr", "trPr", "tcPr", "tblGrid", "tblPrEx")),
        _FALLBACK,
    )
)
_TEXT: Final = frozenset((f"{W}t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"))
_SIGNS: Final = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_OFF: Final = ("0", "false", "off")


def read_docx(data: bytes, options: ReadOptions) -> Content:
    """The body of the document; headers, footers, footnotes and comments are left out."""
    package = open_package(data, options.limits)
    part = main_part(package)
    if part is None:
        raise UnsupportedFormat("a zip archive that holds no text document")
    walker = _Walker(StyleSheet(package, part.rpartition("/")[0] + "/"), options.limits.max_paragraphs)
    package.parse(part, walker)
    builder = TextBuilder(options.limits)
    FlowWriter(builder).write(walker.items)
    return builder.build()


def main_part(package: Package) -> str | None:
    """The name of the part that holds the document's body, or None if the archive is no DOCX."""
    if _CONTENT_TYPES not in package.names:
        return None
    finder = _MainPart()
    package.parse(_CONTENT_TYPES, finder)
    if finder.part in package.names:
        return finder.part
    return "word/document.xml" if "word/document.xml" in package.names else None


class _MainPart:
    def __init__(self) -> None:
        self.part: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if attributes.get("ContentType", "").endswith(_MAIN_TYPES):
            self.part = attributes.get("PartName", "").lstrip("/")

    def end(self, tag: str) -> None:
        return None

    def data(self, text: str) -> None:
        return None


@dataclass(slots=True)
class _Open:
    """A paragraph that is being read."""

    text: list[str] = field(default_factory=list)
    style: str | None = None
    num_id: str | None = None
    num_level: int | None = None
    outline_level: int | None = None
    mark_deleted: bool = False
    n_bold: int = 0
    """How many of the text's characters are bold."""


@dataclass(slots=True)
class _OpenTable:
    table: Table = field(default_factory=Table)
    column: int = 0
    row_deleted: bool = False
    continued: bool = False
    """Whether the cell at hand is the lower part of one merged downwards."""


class _Walker:
    """Hears word/document.xml. Paragraphs nest (text boxes), and so do tables."""

    def __init__(self, styles: StyleSheet, max_paragraphs: int) -> None:
        self.items: list[Item] = []
        self._styles = styles
        self._max_paragraphs = max_paragraphs
        self._n_paragraphs = 0
        self._skipped = 0
        self._containers: list[list[Item]] = [self.items]
        self._paragraphs: list[_Open] = []
        self._tables: list[_OpenTable] = []
        self._path: list[str] = []
        self._carried: list[str] = []
        self._hidden = False
        self._bold = False
        self._prompts = False
        self._in_text = False
        self._placeholders: list[bool] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.replace(_STRICT_W, W)
        parent = self._path[-1] if self._path else ""
        self._path.append(tag)
        if self._skipped or (tag in _SKIPPED and parent not in (f"{W}rPr", f"{W}trPr")):
            self._skipped += 1
            return
        if tag == f"{W}p":
            self._paragraphs.append(_Open())
        elif tag == f"{W}r":
            self._hidden = self._bold = self._prompts = False
        elif tag in _TEXT:
            self._in_text = True
        elif tag in _SIGNS and parent == f"{W}r":
            self._add(_SIGNS[tag])
        elif tag == f"{W}sym":
            self._add(_symbol(attributes.get(f"{W}char", "")))
        elif tag == f"{W}sdt":
            self._placeholders.append(False)
        elif tag == f"{W}showingPlcHdr" and self._placeholders:
            self._placeholders[-1] = attributes.get(VAL) not in _OFF
        elif tag in (f"{W}tbl", f"{W}tr", f"{W}tc"):
            self._start_table_part(tag)
        else:
            self._set_property(tag, parent, attributes)

    def _set_property(self, tag: str, parent: str, attributes: dict[str, str]) -> None:
        value = attributes.get(VAL)
        paragraph = self._paragraphs[-1] if self._paragraphs else _Open()
        if tag == f"{W}pStyle":
            paragraph.style = value
        elif tag == f"{W}numId":
            paragraph.num_id = value
        elif tag == f"{W}ilvl":
            paragraph.num_level = whole_number(value)
        elif tag == f"{W}outlineLvl":
            paragraph.outline_level = whole_number(value)
        elif tag == f"{W}vanish" and parent == f"{W}rPr" and self._path[-3:-2] == [f"{W}r"]:
            self._hidden = value not in _OFF
        elif tag == f"{W}rStyle":
            self._prompts = "placeholder" in (value or "").lower()
        elif tag == f"{W}b" and parent == f"{W}rPr" and self._path[-3:-2] == [f"{W}r"]:
            self._bold = value not in _OFF
        elif tag == f"{W}del" and parent == f"{W}rPr":
            paragraph.mark_deleted = True
        elif self._tables:
            self._set_table_property(tag, parent, value)

    def _start_table_part(self, tag: str) -> None:
        if tag == f"{W}tbl":
            self._tables.append(_OpenTable())
        elif self._tables and tag == f"{W}tr":
            table = self._tables[-1]
            table.table.rows.append([])
            table.column, table.row_deleted = 0, False
        elif self._tables and self._tables[-1].table.rows:
            table = self._tables[-1]
            cell = Cell(table.column)
            table.column += 1
            table.continued = False
            table.table.rows[-1].append(cell)
            self._containers.append(cell.items)

    def _set_table_property(self, tag: str, parent: str, value: str | None) -> None:
        table = self._tables[-1]
        if tag == f"{W}gridSpan" and parent == f"{W}tcPr":
            table.column += min(max(whole_number(value, 1), 1), 64) - 1
        elif tag == f"{W}gridBefore":
            table.column += min(max(whole_number(value), 0), 64)
        elif tag == f"{W}vMerge":
            table.continued = value != "restart"
        elif tag == f"{W}del" and parent == f"{W}trPr":
            table.row_deleted = True

    def end(self, tag: str) -> None:
        tag = tag.replace(_STRICT_W, W)
        self._path.pop()
        if self._skipped:
            self._skipped -= 1
        elif tag in _TEXT:
            self._in_text = False
        elif tag == f"{W}r":
            self._hidden = False
        elif tag == f"{W}p":
            self._end_paragraph()
        elif tag == f"{W}sdt":
            self._placeholders.pop()
        elif tag == f"{W}tc" and len(self._containers) > 1:
            self._containers.pop()
            if self._tables and self._tables[-1].continued:
                self._tables[-1].table.rows[-1].pop()
        elif tag == f"{W}tr" and self._tables and self._tables[-1].row_deleted:
            self._tables[-1].table.rows.pop()
        elif tag == f"{W}tbl":
            self._containers[-1].append(self._tables.pop().table)

    def data(self, text: str) -> None:
        if self._in_text and not self._skipped:
            self._add(text)

    def _add(self, text: str) -> None:
        is_prompt = self._prompts and any(self._placeholders)  # templates print other placeholders as headings
        if self._paragraphs and not self._hidden and not is_prompt:
            self._paragraphs[-1].text.append(text)
            self._paragraphs[-1].n_bold += len(text.strip()) if self._bold else 0

    def _end_paragraph(self) -> None:
        self._n_paragraphs += 1
        if self._n_paragraphs > self._max_paragraphs:
            raise LimitExceeded(f"more than {self._max_paragraphs} paragraphs")
        paragraph = self._paragraphs.pop()
        if paragraph.mark_deleted:
            self._carried += paragraph.text
            return
        text = "\n".join(line.strip() for line in plain("".join(self._carried + paragraph.text)).split("\n")).strip()
        self._carried = []
        heading = self._styles.heading_level(paragraph.style, paragraph.outline_level) if text else None
        listed = self._styles.label(paragraph.style, paragraph.num_id, paragraph.num_level) if text else None
        label, level = listed or ("", None)
        if heading is not None:
            item = Paragraph(text, BlockKind.HEADING, heading, "" if label == "-" else label)
        elif level is not None:
            item = Paragraph(text, BlockKind.LIST_ITEM, level + 1, label)
        else:
            n_chars = sum(len(part.strip()) for part in paragraph.text)
            item = Paragraph(text, bold=0 < n_chars <= paragraph.n_bold)
        self._containers[-1].append(item)


def _symbol(code: str) -> str:
    """A character of a symbol font; fonts of this kind use the private area."""
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
