"""What one page shows, in reading order: blocks of lines and ruled tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from extractor.ingest.pdf.columns import part_columns
from extractor.ingest.pdf.fragments import Fragment
from extractor.ingest.pdf.lines import PrintedLine, join_lines
from extractor.ingest.pdf.order import LineBlock, in_order, read_blocks
from extractor.ingest.pdf.tables import CellFinder, Grid
from extractor.ingest.source import Box


@dataclass(slots=True)
class PrintedCell:
    """A cell and its lines from top to bottom."""

    row: int
    column: int
    box: Box
    lines: list[PrintedLine]


@dataclass(slots=True)
class PrintedTable:
    """A ruled table; cells in reading order, the empty ones left out."""

    grid: Grid
    cells: list[PrintedCell]

    @property
    def box(self) -> Box:
        """Points from the top left."""
        return self.grid.box

    @property
    def order(self) -> int:
        """Rank in which the page prints its first word."""
        return min(line.order for cell in self.cells for line in cell.lines)


@dataclass(slots=True)
class PageLayout:
    """A page; `head` and `foot` are the lines of it that are furniture."""

    number: int
    height: float
    items: list[LineBlock | PrintedTable]
    head: list[PrintedLine] = field(default_factory=list)
    foot: list[PrintedLine] = field(default_factory=list)
    char_width: float = 5.0
    """Median over the words, in points."""
    left: float = 0.0

    def text_lines(self) -> list[PrintedLine]:
        """The lines outside tables."""
        return [line for item in self.items if isinstance(item, LineBlock) for line in item.lines]


def lay_out(
    number: int, height: float, fragments: Sequence[Fragment], finder: CellFinder, grids: Sequence[Grid]
) -> PageLayout:
    """The page's fragments as blocks and tables in reading order."""
    tables = _tables(fragments, finder, grids)
    in_tables = {i for i, (grid, *_) in enumerate(finder.cells) if any(t.grid is grids[grid] for t in tables)}
    free = [f for f in fragments if f.cell not in in_tables]
    for fragment in free:
        fragment.cell = None
    blocks = read_blocks(part_columns(join_lines(free)), [table.box for table in tables])
    items: list[LineBlock | PrintedTable] = [*blocks, *tables]
    widths = [(w.box[2] - w.box[0]) / len(w.text) for f in fragments for w in f.words if len(w.text) > 2]
    lefts = sorted(line.x0 for block in blocks for line in block.lines)
    return PageLayout(
        number,
        height,
        in_order(items),
        char_width=max(median(widths), 1.0) if widths else 5.0,
        left=lefts[len(lefts) // 20] if lefts else 0.0,
    )


def _tables(fragments: Sequence[Fragment], finder: CellFinder, grids: Sequence[Grid]) -> list[PrintedTable]:
    """The grids that hold a table: in some row two cells are filled."""
    of_cell: dict[int, list[Fragment]] = {}
    for fragment in fragments:
        if fragment.cell is not None:
            of_cell.setdefault(fragment.cell, []).append(fragment)
    tables = [PrintedTable(grid, []) for grid in grids]
    for index, (grid, row, column, box) in enumerate(finder.cells):
        if index in of_cell:
            lines = sorted(join_lines(of_cell[index]), key=lambda line: line.y1)
            tables[grid].cells.append(PrintedCell(row, column, box, lines))
    return [table for table in tables if _is_table(table)]


def _is_table(table: PrintedTable) -> bool:
    rows = [cell.row for cell in table.cells]
    return any(rows.count(row) > 1 for row in set(rows))
