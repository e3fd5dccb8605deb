"""Paragraphs and tables of a document without pages, and the one way in which they are laid out as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from extractor.ingest.builder import TextBuilder
from extractor.ingest.source import BlockKind

CELL_JOINT: Final = " | "
LONG_PARAGRAPH_CHARS: Final = 80
"""From this length on a paragraph stands between blank lines, so that the next is not taken for its continuation."""
LONG_CELL_PARAGRAPHS: Final = 4
LONG_CELL_CHARS: Final = 400
_SENTENCE_END: Final = re.compile(r"[.!?:;,][\"'”’)\]]?\Z")


@dataclass(slots=True)
class Paragraph:
    """A paragraph; `label` is its bullet or number as printed, without the space after it."""

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int | None = None
    label: str = ""
    bold: bool = False
    """Whether all of it is bold, as headings are that have no style."""

    def line(self) -> str:
        """The paragraph with its label."""
        return f"{self.label} {self.text}".strip() if self.label else self.text


@dataclass(slots=True)
class Cell:
    """A cell and what it holds; a merged cell is given once, at its first row and column."""

    column: int
    items: "list[Paragraph | Table]" = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Rows of cells; a row may lack cells."""

    rows: list[list[Cell]] = field(default_factory=list)


Item = Paragraph | Table


def is_long(paragraphs: Sequence[str]) -> bool:
    """Whether a cell is running text, whose paragraphs keep lines of their own."""
    return len(paragraphs) >= LONG_CELL_PARAGRAPHS and sum(map(len, paragraphs)) >= LONG_CELL_CHARS


def joint(before: str, long: bool) -> str:
    """What stands between two paragraphs of a cell: a line end, a space after a sentence, else a slash."""
    return "\n" if long else " " if _SENTENCE_END.search(before) else " / "


@dataclass(slots=True)
class FlowWriter:
    """Writes items one after the other; tables are numbered in this order."""

    builder: TextBuilder
    n_tables: int = 0
    _last: Paragraph | None = None
    _gap: bool = False

    def write(self, items: Sequence[Item]) -> None:
        """Paragraphs one line each, rows one line each; blank lines around headings, tables and long paragraphs."""
        for item in items:
            if isinstance(item, Table):
                self._write_table(item)
            else:
                self._write_paragraph(item)

    def _write_paragraph(self, paragraph: Paragraph) -> None:
        if not paragraph.text:
            self._gap = True
            return
        line = paragraph.line()
        self.builder.new_line(blank=self._gap or self._apart(paragraph, line))
        start = self.builder.n_chars
        self.builder.add(line)
        self.builder.add_block(start, paragraph.kind, level=paragraph.level)
        self._last, self._gap = paragraph, False

    def _apart(self, paragraph: Paragraph, line: str) -> bool:
        last = self._last
        if last is None:
            return True
        if BlockKind.HEADING in (last.kind, paragraph.kind):
            return True
        if paragraph.kind is BlockKind.LIST_ITEM:
            return False
        if paragraph.bold and not last.bold:
            return True
        return max(len(last.text), len(line)) >= LONG_PARAGRAPH_CHARS

    def _write_table(self, table: Table) -> None:
        rows = [[cell for cell in row if _has_text(cell)] for row in table.rows]
        if all(cell.column == 0 for row in rows for cell in row) or _is_frame(rows):
            for row in rows:
                for cell in row:
                    self.write(cell.items)
            return
        self._last = None
        number, self.n_tables = self.n_tables, self.n_tables + 1
        for index, (row, filled) in enumerate(zip(table.rows, rows, strict=True)):
            if filled:
                self.builder.new_line(blank=self._last is None)
                self._write_row(filled, number, index, len(row))
                self._last = Paragraph("")
        self._last = None

    def _write_row(self, filled: Sequence[Cell], table: int, row: int, width: int) -> None:
        by_column = {cell.column: cell for cell in filled}
        last = max(by_column)
        for column in sorted({*range(min(last + 1, width)), *by_column}):
            if self.builder.n_chars and column:
                self.builder.add(CELL_JOINT)
            start = self.builder.n_chars
            if column in by_column:
                write_cell(self.builder, lines_of(by_column[column].items))
                self.builder.add_block(start, BlockKind.CELL, table=table, row=row, column=column)


def write_cell(builder: TextBuilder, lines: Sequence[str]) -> None:
    """The paragraphs of a cell, joined."""
    long = is_long(lines)
    for index, line in enumerate(lines):
        if index:
            builder.add(joint(lines[index - 1], long))
        builder.add(line)


def lines_of(items: Sequence[Item]) -> list[str]:
    """The paragraphs of a cell as lines; the rows of a table within it are lines, too."""
    lines = []
    for item in items:
        if isinstance(item, Paragraph):
            lines += [line for line in item.line().split("\n") if line] if item.text else []
        else:
            for row in item.rows:
                cells = [" ".join(lines_of(cell.items)) for cell in row]
                lines += [CELL_JOINT.join(text for text in cells if text)] if any(cells) else []
    return lines


def _has_text(cell: Cell) -> bool:
    return bool(lines_of(cell.items))


def _is_frame(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the table only places other tables on the page: no row has two filled cells, and one holds a table."""
    holds_table = any(isinstance(item, Table) for row in rows for cell in row for item in cell.items)
    return holds_table and all(len(row) <= 1 for row in rows)
