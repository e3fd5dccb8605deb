"""Ruled tables of a page: the boxes of their cells, from pdfplumber, which is loaded only where rules are drawn."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

from extractor.ingest.source import Box

MAX_RULE_POINTS: Final = 3.0
MIN_RULE_POINTS: Final = 8.0
MAX_EDGES: Final = 600
SNAP_POINTS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table; `cells` are (row, column, box), each merged cell once, in reading order."""

    box: Box
    cells: tuple[tuple[int, int, Box], ...]
    edges: tuple[float, ...]
    """The left edges of the columns."""


def is_ruled(paths: Iterable[Box]) -> bool:
    """Whether somewhere three upright edges stand side by side, as the borders of two cells do."""
    edges: list[tuple[float, float, float]] = []
    for x0, y0, x1, y1 in paths:
        if y1 - y0 < MIN_RULE_POINTS:
            continue
        edges += [(x0, y0, y1)] if x1 - x0 <= MAX_RULE_POINTS else [(x0, y0, y1), (x1, y0, y1)]
    for _, y0, y1 in edges[:MAX_EDGES]:
        middle = (y0 + y1) / 2
        beside = _distinct(x for x, upper, lower in edges[:MAX_EDGES] if upper <= middle <= lower)
        if sum(right - left >= MIN_RULE_POINTS for left, right in pairwise(beside)) >= 2:
            return True
    return False


class RuledTables:
    """Finds the grids of single pages of one document."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._document: Any = None

    def find(self, page_index: int) -> list[Grid]:
        """The grids of a page from top to bottom; none where pdfplumber cannot read the page."""
        import pdfplumber

        try:
            if self._document is None:
                self._document = pdfplumber.open(BytesIO(self._data))
            page = self._document.pages[page_index]
            left, top = page.bbox[0], page.bbox[1]
            found = [[tuple(cell) for cell in table.cells] for table in page.find_tables()]
            page.close()
        except (MemoryError, RecursionError):
            raise
        except Exception:  # a second opinion only: pdfminer raises errors of many kinds on damaged pages
            return []
        moved = [[(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in cells] for cells in found]
        grids = [grid_of(cells) for cells in moved if len(cells) > 1]
        return sorted(grids, key=lambda grid: grid.box[1])

    def close(self) -> None:
        """Let go of the document."""
        if self._document is not None:
            self._document.close()


def grid_of(cells: Sequence[Box]) -> Grid:
    """Rows and columns numbered by the distinct upper and left edges."""
    lefts, tops = _distinct(c[0] for c in cells), _distinct(c[1] for c in cells)
    numbered = sorted((_index(tops, c[1]), _index(lefts, c[0]), c) for c in cells)
    box = (min(c[0] for c in cells), min(c[1] for c in cells), max(c[2] for c in cells), max(c[3] for c in cells))
    return Grid(box, tuple(numbered), tuple(lefts))


def _distinct(values: Iterable[float]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > SNAP_POINTS:
            kept.append(value)
    return kept


def _index(edges: Sequence[float], value: float) -> int:
    return bisect_right(edges, value) - 1


class CellFinder:
    """Tells the cell that a point lies in, by its number over all grids of the page."""

    def __init__(self, grids: Sequence[Grid]) -> None:
        self.cells = [(grid_index, *cell) for grid_index, grid in enumerate(grids) for cell in grid.cells]
        self._grids = grids
        self._last: int | None = None

    def __call__(self, x: float, y: float) -> int | None:
        if self._last is not None and _inside(self.cells[self._last][3], x, y):
            return self._last
        self._last = None
        if any(_inside(grid.box, x, y) for grid in self._grids):
            self._last = next((i for i, cell in enumerate(self.cells) if _inside(cell[3], x, y)), None)
        return self._last


def _inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
