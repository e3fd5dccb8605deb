"""Pages as text: lines as printed, wide gaps as runs of spaces, rows of tables on one line, furniture in its place."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from extractor.ingest.builder import TextBuilder
from extractor.ingest.flow import CELL_JOINT, is_long, joint
from extractor.ingest.pdf.fragments import PrintedWord
from extractor.ingest.pdf.hyphens import Hyphens
from extractor.ingest.pdf.layout import PageLayout, PrintedCell, PrintedTable
from extractor.ingest.pdf.lines import PrintedLine
from extractor.ingest.pdf.order import LineBlock
from extractor.ingest.pdf.tables import SNAP_POINTS
from extractor.ingest.source import BlockKind

HEADING_FACTOR: Final = 1.18
"""Lines this much higher than the body text are headings."""
MAX_HEADING_WORDS: Final = 14
PARAGRAPH_GAP_FACTOR: Final = 1.25
"""A line pitch this much wider than the usual one parts paragraphs."""
MIN_GAP_SPACES: Final = 3
MAX_SPACES: Final = 60
MAX_ROW_GAP_POINTS: Final = 15.0
"""Rows that are ruled one by one, and this near, are of one table."""
FULL_LINE_FRACTION: Final = 0.85
_BULLET: Final = re.compile(r"[•●○▪◦■□➢➤✓❖·–*-]\Z|[•●○▪◦■□➢➤❖]\w")
_SENTENCE_END: Final = re.compile(r"[.!?:;][\"'”’)\]]?\Z")


@dataclass(frozen=True, slots=True)
class Typography:
    """What is usual in the document, in points."""

    body_height: float
    pitch: float
    heading_heights: tuple[float, ...]
    """From the largest."""

    def heading_level(self, line: PrintedLine) -> int | None:
        """From 1, by the height of the line; None for body text."""
        height = _rounded(line.height)
        if height not in self.heading_heights or len(line.words) > MAX_HEADING_WORDS:
            return None
        return self.heading_heights.index(height) + 1 if any(c.isalpha() for c in line.text) else None

    def is_apart(self, upper: PrintedLine, lower: PrintedLine) -> bool:
        """Whether the gap between two lines is wider than between lines of one paragraph."""
        usual = max(self.pitch, 0.0) * max(upper.height, lower.height) / self.body_height
        return lower.y1 - upper.y1 > PARAGRAPH_GAP_FACTOR * usual + 0.5


def typography(pages: Sequence[PageLayout]) -> Typography:
    """Measured over all lines outside tables; the pitch after lines that reach the right margin."""
    heights: Counter[float] = Counter()
    pitches = []
    for page in pages:
        for item in page.items:
            if not isinstance(item, LineBlock):
                continue
            x0, _, x1, _ = item.box
            for line in item.lines:
                heights[_rounded(line.height)] += len(line.text)
            pitches += [
                lower.y1 - upper.y1
                for upper, lower in pairwise(item.lines)
                if upper.x1 - x0 > FULL_LINE_FRACTION * (x1 - x0)
            ]
    body = heights.most_common(1)[0][0] if heights else 12.0
    larger = sorted((h for h in heights if h >= HEADING_FACTOR * body), reverse=True)
    return Typography(max(body, 1.0), median(pitches) if pitches else 1.2 * body, tuple(larger[-6:]))


def _rounded(height: float) -> float:
    return round(2 * height) / 2


class PageWriter:
    """Writes pages one after the other; a table that goes on over pages keeps its number."""

    def __init__(self, builder: TextBuilder, style: Typography, hyphens: Hyphens) -> None:
        self._builder = builder
        self._style = style
        self._hyphens = hyphens
        self._page = PageLayout(0, 0.0, [])
        self._last: PrintedLine | None = None
        self._last_width = 0.0
        self._last_table: PrintedTable | None = None
        self._table = -1
        self._row_offset = 0
        self._block: tuple[int, BlockKind, int | None] | None = None

    def write(self, page: PageLayout) -> None:
        """Header, body, footer."""
        self._page = page
        for line in sorted(page.head, key=lambda line: (line.y0, line.x0)):
            self._write_furniture(line)
        for index, item in enumerate(page.items):
            if isinstance(item, LineBlock):
                self._write_block(item, at_top=index == 0)
            else:
                self._write_table(item, at_top=index == 0)
        self._end_block()
        for line in sorted(page.foot, key=lambda line: (line.y0, line.x0)):
            self._write_furniture(line)

    def _write_furniture(self, line: PrintedLine) -> None:
        self._end_block()
        self._builder.new_line()
        self._write_line(line, self._page.left)
        self._end_block(BlockKind.FURNITURE)

    def _write_block(self, block: LineBlock, *, at_top: bool) -> None:
        self._hyphens.mend(block.lines)
        x0, _, x1, _ = block.box
        left = x0 if len(block.lines) > 2 and x0 - self._page.left > 40 * self._page.char_width else self._page.left
        before: PrintedLine | None = None
        for line in block.lines:
            level = self._style.heading_level(line)
            if before is not None:
                apart = self._style.is_apart(before, line)
            else:
                apart = not (at_top and self._runs_over_page())
            bulleted = level is None and bool(_BULLET.match(line.words[0].text))
            after_heading = self._block is not None and self._block[1] is BlockKind.HEADING
            if apart or level is not None or after_heading:
                self._end_block()
                self._builder.new_line(blank=apart or (level is not None) != after_heading)
            else:
                if bulleted:
                    self._end_block()
                self._builder.new_line()
            self._write_line(line, left, level)
            before = line
        self._last, self._last_width, self._last_table = before, x1 - x0, None

    def _runs_over_page(self) -> bool:
        """Whether the last line of the page before leaves its sentence open and is full."""
        last = self._last
        if last is None or self._last_table is not None or not last.words:
            return False
        return last.x1 - last.x0 > FULL_LINE_FRACTION * self._last_width and not _SENTENCE_END.search(
            last.words[-1].text
        )

    def _write_line(self, line: PrintedLine, left: float, level: int | None = None) -> None:
        column = 0
        for index, fragment in enumerate(line.fragments):
            wanted = round((fragment.x0 - left) / self._page.char_width)
            n_spaces = wanted - column if index == 0 else max(MIN_GAP_SPACES, wanted - column)
            self._builder.add(" " * min(max(n_spaces, 0), MAX_SPACES))
            if index == 0 and self._block is None:
                kind = BlockKind.HEADING if level is not None else BlockKind.PARAGRAPH
                if level is None and _BULLET.match(fragment.words[0].text):
                    kind = BlockKind.LIST_ITEM
                self._block = (self._builder.n_chars, kind, level)
            column += max(n_spaces, 0) + len(fragment.text)
            self._write_words(fragment.words)

    def _write_words(self, words: Sequence[PrintedWord]) -> None:
        for index, word in enumerate(words):
            if index:
                self._builder.add(" ")
            self._builder.add_word(word.text, self._page.number, word.box)

    def _end_block(self, kind: BlockKind | None = None) -> None:
        if self._block is not None:
            start, own, level = self._block
            self._builder.add_block(start, kind or own, level=level if kind is None else None)
        self._block = None

    def _write_table(self, table: PrintedTable, *, at_top: bool) -> None:
        self._end_block()
        last = self._last_table
        if last is None or not _same_columns(last, table) or not (at_top or _is_next(last, table)):
            self._table, self._row_offset = self._table + 1, 0
            self._builder.new_line(blank=True)
        for row in sorted({cell.row for cell in table.cells}):
            self._builder.new_line()
            cells = {cell.column: cell for cell in table.cells if cell.row == row}
            for column in range(max(cells) + 1):
                if column:
                    self._builder.add(CELL_JOINT)
                if column in cells:
                    start = self._builder.n_chars
                    self._write_cell(cells[column])
                    place = {"table": self._table, "row": self._row_offset + row, "column": column}
                    self._builder.add_block(start, BlockKind.CELL, **place)
        self._row_offset += max(cell.row for cell in table.cells) + 1
        self._last_table, self._last = table, None

    def _write_cell(self, cell: PrintedCell) -> None:
        self._hyphens.mend(cell.lines)
        paragraphs = self._paragraphs(cell)
        texts = [" ".join(word.text for word in words) for words in paragraphs]
        long = is_long(texts)
        for index, words in enumerate(paragraphs):
            if index:
                self._builder.add(joint(texts[index - 1], long))
            self._write_words(words)

    def _paragraphs(self, cell: PrintedCell) -> list[list[PrintedWord]]:
        """The lines joined, except where a bullet begins, the gap is wide, or the next word would have fitted."""
        paragraphs: list[list[PrintedWord]] = []
        before: PrintedLine | None = None
        for line in cell.lines:
            if before is None or self._begins(before, line, cell):
                paragraphs.append([])
            paragraphs[-1] += line.words
            before = line
        return paragraphs

    def _begins(self, before: PrintedLine, line: PrintedLine, cell: PrintedCell) -> bool:
        first = line.words[0]
        room = cell.box[2] - before.x1 - 2 * self._page.char_width
        padding = max(0.0, min(before.x0 - cell.box[0], 10.0))
        return (
            bool(_BULLET.match(first.text))
            or self._style.is_apart(before, line)
            or room - padding > first.box[2] - first.box[0]
        )


def _is_next(a: PrintedTable, b: PrintedTable) -> bool:
    return 0 <= b.box[1] - a.box[3] < MAX_ROW_GAP_POINTS


def _same_columns(a: PrintedTable, b: PrintedTable) -> bool:
    edges, others = a.grid.edges, b.grid.edges
    return len(edges) == len(others) and all(abs(x - y) <= SNAP_POINTS for x, y in zip(edges, others, strict=True))
