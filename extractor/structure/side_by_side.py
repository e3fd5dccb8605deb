"""Lists of people in columns beside each other, parted by wide gaps, each below a heading of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from extractor.structure.cues import group_status, status_of
from extractor.structure.model import AttendanceRegion, Line, LineKind
from extractor.structure.rosters import Look, look_of

_WIDE: Final = re.compile(r"[ \u00a0]{3,200}|\t{1,20}")
_SIGNS: Final = " *_:|.-\u00a0"
MAX_COLUMNS: Final = 5
MAX_HEADING_CHARS: Final = 60
MAX_BLANK_LINES: Final = 3
MAX_ODD_LINES: Final = 2


@dataclass(slots=True)
class _Column:
    at: int
    """Characters from the start of the line."""
    status: str


def read_side_by_side(text: str, lines: Sequence[Line]) -> Iterator[AttendanceRegion]:
    """The entries of such lists, line by line; a heading inside a column changes what is below it."""
    columns: list[_Column] = []
    n_blank = n_odd = 0
    for line in lines:
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            n_blank += line.kind is LineKind.BLANK
            continue
        n_blank, columns = 0, columns if n_blank <= MAX_BLANK_LINES else []
        cells = [] if line.kind is LineKind.TABLE_ROW else _cells(text, line)
        headings = _headings(text, line, cells)
        if headings:
            columns, n_odd = headings, 0
            continue
        if not columns:
            continue
        look = _look(text, line, cells)
        is_row = 1 < len(cells) <= len(columns) and not line.number
        n_odd += len(cells) == 1 and look is Look.NEUTRAL and _heading(text, cells[0]) is None
        if (look is Look.STOP and not is_row) or n_odd > MAX_ODD_LINES:
            columns = []
            continue
        yield from _entries(text, line, cells, columns)


def _look(text: str, line: Line, cells: Sequence[tuple[int, int]]) -> Look:
    """What the first words of the line look like, behind its number if it has one; no cells end a list."""
    if not cells:
        return Look.STOP
    start, end = (line.body, line.body_end) if line.number else cells[0]
    return look_of(text[start:end], bulleted=False)


def _cells(text: str, line: Line) -> list[tuple[int, int]]:
    """Start and end of each stretch between wide gaps."""
    found, start = [], line.start
    for gap in _WIDE.finditer(text, line.start, line.end):
        found.append((start, gap.start()))
        start = gap.end()
    return [cell for cell in [*found, (start, line.end)] if text[slice(*cell)].strip()]


def _headings(text: str, line: Line, cells: Sequence[tuple[int, int]]) -> list[_Column]:
    """The columns of a line that announces people in each of its cells; at least one by more than a group's name."""
    if not 2 <= len(cells) <= MAX_COLUMNS:
        return []
    statuses = [_heading(text, cell) for cell in cells]
    if None in statuses or not any(_announces(text, cell) for cell in cells):
        return []
    return [_Column(cell[0] - line.start, status) for cell, status in zip(cells, statuses, strict=True) if status]


def _heading(text: str, cell: tuple[int, int]) -> str | None:
    words = text[slice(*cell)].strip(_SIGNS)
    if len(words) > MAX_HEADING_CHARS:
        return None
    return status_of(words, strict=True) or (group_status(words) if text[slice(*cell)].rstrip().endswith(":") else None)


def _announces(text: str, cell: tuple[int, int]) -> bool:
    return status_of(text[slice(*cell)].strip(_SIGNS), strict=True) is not None


def _entries(
    text: str, line: Line, cells: Sequence[tuple[int, int]], columns: Sequence[_Column]
) -> Iterator[AttendanceRegion]:
    places = [start - line.start for start, _ in cells]
    for column, (start, end) in zip(_nearest(columns, places), cells, strict=True):
        status = _heading(text, (start, end))
        if status is not None:
            column.status = status
            continue
        yield AttendanceRegion(start, end, column.status)


def _nearest(columns: Sequence[_Column], places: Sequence[int]) -> Sequence[_Column]:
    """The column of each cell of a line; no two share one unless there are more cells than columns."""
    if len(places) > len(columns):
        return [min(columns, key=lambda column: abs(column.at - place)) for place in places]
    return min(
        combinations(columns, len(places)),
        key=lambda some: sum(abs(column.at - place) for column, place in zip(some, places, strict=True)),
    )
