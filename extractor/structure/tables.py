"""Tables of a document: cells that the reader knows of, else rows of text with pipes between the cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from extractor.ingest.source import BlockKind, SourceText
from extractor.structure.model import Line, LineKind

_RULE = re.compile(r"[\s|:=+-]*")


@dataclass(frozen=True, slots=True)
class Cell:
    """The stretch of a cell without the white space around it; it may be empty."""

    start: int
    end: int

    def text_of(self, text: str) -> str:
        """The characters of the cell."""
        return text[self.start : self.end]


Row = tuple[Cell, ...]


def read_tables(source: SourceText, lines: Sequence[Line]) -> list[list[Row]]:
    """The tables in order, each a list of rows that are not empty."""
    known = list(_of_blocks(source))
    return known or list(_of_lines(source.text, lines))


def _of_blocks(source: SourceText) -> Iterator[list[Row]]:
    cells = [b for b in source.blocks if b.kind is BlockKind.CELL and b.table is not None and b.row is not None]
    for _, table in groupby(cells, key=lambda b: b.table):
        rows = []
        for _, row in groupby(table, key=lambda b: b.row):
            blocks = list(row)
            width = max(b.column or 0 for b in blocks) + 1
            filled = {b.column or 0: _trim(source.text, b.start, b.end) for b in blocks}
            gap = Cell(blocks[0].start, blocks[0].start)
            rows.append(tuple(filled.get(column, gap) for column in range(min(width, 64))))
        yield rows


def _of_lines(text: str, lines: Sequence[Line]) -> Iterator[list[Row]]:
    for is_table, group in groupby(lines, key=lambda line: line.kind is LineKind.TABLE_ROW or _is_rule(text, line)):
        if is_table:
            rows = [row for line in group if (row := _row(text, line))]
            if rows:
                yield rows


def _is_rule(text: str, line: Line) -> bool:
    return "|" in text[line.start : line.end] and _RULE.fullmatch(text, line.start, line.end) is not None


def _row(text: str, line: Line) -> Row:
    if _RULE.fullmatch(text, line.start, line.end):
        return ()
    written = text[line.start : line.end]
    framed = written.lstrip().startswith("|")
    start = line.start + (written.index("|") + 1 if framed else 0)
    end = line.start + (len(written.rstrip()) - 1 if framed and written.rstrip().endswith("|") else len(written))
    cells, at = [], start
    for part in text[start : max(start, end)].split("|"):
        cells.append(_trim(text, at, at + len(part)))
        at += len(part) + 1
    return tuple(cells)


def _trim(text: str, start: int, end: int) -> Cell:
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return Cell(start + left, start + left + len(part.strip())) if part.strip() else Cell(start, start)
