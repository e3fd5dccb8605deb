"""Ruled tables of a page: the cells that its edges enclose."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.ingest.pdf.drawings import Edge
from extractor.ingest.source import Box

SNAP_POINTS: Final = 3.0
"""Edges this near stand for one, and edges whose ends are this near for one line."""
MIN_CELL_POINTS: Final = 5.0
MAX_SQUARES: Final = 100_000
Square = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table; `cells` are (row, column, box), each merged cell once, in reading order."""

    box: Box
    cells: tuple[tuple[int, int, Box], ...]
    edges: tuple[float, ...]
    """The left edges of the columns."""


def find_grids(edges: Sequence[Edge]) -> list[Grid]:
    """Tables of at least two cells, from top to bottom; none where the page is crowded with edges.

    Edges that touch make a table: what floats in a cell, such as the shade of a word, leaves the cell whole.
    """
    upright = list(_lines([edge for edge in edges if edge.upright]))
    level = list(_lines([edge for edge in edges if not edge.upright]))
    if len(upright) * len(level) > MAX_SQUARES:
        return []
    grids = []
    for lines in _connected(upright, level):
        lattice = _Lattice(lines)
        if lattice.n_squares <= MAX_SQUARES:
            grids += [grid_of(cells) for cells in _touching(list(lattice.cells())) if len(cells) > 1]
    outer = [grid for grid in grids if not any(_holds(other.box, grid.box) for other in grids if other is not grid)]
    return sorted(outer, key=lambda grid: (grid.box[1], grid.box[0]))


def _holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _connected(upright: Sequence[Edge], level: Sequence[Edge]) -> list[list[Edge]]:
    """The lines in groups that touch each other."""
    lines = [*upright, *level]
    root = list(range(len(lines)))

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]
            index = root[index]
        return index

    for i, a in enumerate(upright):
        for j, b in enumerate(level, start=len(upright)):
            meets = b.start - SNAP_POINTS <= a.at <= b.end + SNAP_POINTS
            if meets and a.start - SNAP_POINTS <= b.at <= a.end + SNAP_POINTS:
                root[find(j)] = find(i)
    groups: dict[int, list[Edge]] = defaultdict(list)
    for index, line in enumerate(lines):
        groups[find(index)].append(line)
    return list(groups.values())


class _Lattice:
    """The squares between edges that touch; squares without an edge between them are one region."""

    def __init__(self, edges: Sequence[Edge]) -> None:
        upright = [edge for edge in edges if edge.upright]
        level = [edge for edge in edges if not edge.upright]
        self._xs = _distinct(edge.at for edge in upright)
        self._ys = _distinct(edge.at for edge in level)
        self._walls: set[tuple[bool, int, int]] = set()
        for lines, places, crossing in ((upright, self._xs, self._ys), (level, self._ys, self._xs)):
            for line in lines:
                first = bisect_left(crossing, line.start - SNAP_POINTS)
                last = bisect_right(crossing, line.end + SNAP_POINTS)
                index = _index(places, line.at)
                self._walls.update((line.upright, index, stretch) for stretch in range(first, last - 1))

    @property
    def n_squares(self) -> int:
        """Within the edges' bounds."""
        return max(0, len(self._xs) - 1) * max(0, len(self._ys) - 1)

    def cells(self) -> Iterator[Box]:
        """The closed regions that are rectangles."""
        left = {(column, row) for column in range(len(self._xs) - 1) for row in range(len(self._ys) - 1)}
        while left:
            region, is_open = self._region(left.pop())
            left -= region
            columns, rows = [c for c, _ in region], [r for _, r in region]
            x0, x1 = self._xs[min(columns)], self._xs[max(columns) + 1]
            y0, y1 = self._ys[min(rows)], self._ys[max(rows) + 1]
            full = (max(columns) - min(columns) + 1) * (max(rows) - min(rows) + 1) == len(region)
            if full and not is_open and min(x1 - x0, y1 - y0) >= MIN_CELL_POINTS:
                yield x0, y0, x1, y1

    def _region(self, start: Square) -> tuple[set[Square], bool]:
        """The squares around `start` up to the next edges, and whether they reach the outside."""
        region, pending, is_open = {start}, [start], False
        while pending:
            column, row = pending.pop()
            for wall, beside in (
                ((True, column, row), (column - 1, row)),
                ((True, column + 1, row), (column + 1, row)),
                ((False, row, column), (column, row - 1)),
                ((False, row + 1, column), (column, row + 1)),
            ):
                if wall in self._walls or beside in region:
                    continue
                if not (0 <= beside[0] < len(self._xs) - 1 and 0 <= beside[1] < len(self._ys) - 1):
                    is_open = True
                    continue
                region.add(beside)
                pending.append(beside)
        return region, is_open


def _lines(edges: Sequence[Edge]) -> Iterator[Edge]:
    """Edges of one direction, joined where they touch; what stays short, such as the ends of a rule, is left out."""
    places = _distinct(edge.at for edge in edges)
    by_place: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_place[_index(places, edge.at)].append(edge)
    for index, group in by_place.items():
        group.sort(key=lambda edge: edge.start)
        start, end = group[0].start, group[0].end
        for following in (*group[1:], None):
            if following is not None and following.start <= end + SNAP_POINTS:
                end = max(end, following.end)
                continue
            if end - start >= MIN_CELL_POINTS:
                yield Edge(group[0].upright, places[index], start, end)
            if following is not None:
                start, end = following.start, following.end


def _touching(cells: Sequence[Box]) -> list[list[Box]]:
    """Cells grouped where a corner of one is a corner of another."""
    groups: list[list[Box]] = []
    of_corner: dict[tuple[float, float], int] = {}
    for cell in sorted(cells, key=lambda c: (c[1], c[0])):
        corners = [(x, y) for x in (cell[0], cell[2]) for y in (cell[1], cell[3])]
        found = sorted({of_corner[corner] for corner in corners if corner in of_corner})
        home = found[0] if found else len(groups)
        if not found:
            groups.append([])
        for other in found[1:]:
            groups[home] += groups[other]
            groups[other] = []
            of_corner.update({corner: home for corner, group in of_corner.items() if group == other})
        groups[home].append(cell)
        of_corner.update(dict.fromkeys(corners, home))
    return [group for group in groups if group]


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
        if not self.cells:
            return None
        if self._last is not None and _inside(self.cells[self._last][3], x, y):
            return self._last
        self._last = None
        if any(_inside(grid.box, x, y) for grid in self._grids):
            self._last = next((i for i, cell in enumerate(self.cells) if _inside(cell[3], x, y)), None)
        return self._last

    def holds(self, x: float, y: float, from_x: float) -> bool:
        """Whether all points at this height from `from_x` to x lie where the last one that was asked for does."""
        if self._last is not None:
            return _inside(self.cells[self._last][3], x, y)
        return not any(g.box[0] <= x and from_x <= g.box[2] and g.box[1] <= y <= g.box[3] for g in self._grids)


def _inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
