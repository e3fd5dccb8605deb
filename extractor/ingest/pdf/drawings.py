"""Rules and borders that a PDF page draws, as upright and level edges; curves and slanted lines are left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import pypdfium2.raw as pdfium

from extractor.ingest.pdf.calls import Address, draw_mode, fill_colour, object_matrix, segments
from extractor.ingest.pdf.glyphs import PageFrame, iter_objects
from extractor.ingest.source import Box

MAX_PATHS: Final = 5_000
MAX_SEGMENTS: Final = 20_000
MAX_SHADES: Final = 2_000
MAX_SHADE_FRACTION: Final = 0.9
"""Of the page's area: a larger rectangle is its background."""
MAX_RULE_POINTS: Final = 3.0
"""A rectangle not wider than this is a line."""
_STRAIGHT_POINTS: Final = 0.5
Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """A stretch of a straight line: `at` is its distance from the left (upright) or top (level), in points."""

    upright: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Path:
    lines: tuple[tuple[Point, Point], ...]
    fill: Colour | None
    """None where the path is stroked or not filled."""
    box: Box


def read_edges(page: Any, frame: PageFrame) -> list[Edge]:
    """The edges of lines and rectangles, but of those within a larger one of their colour; none on crowded pages."""
    paths = list(_iter_paths(page, frame))
    shades = [path for path in paths if path.fill is not None and _is_shade(path.box, frame)]
    if len(shades) > MAX_SHADES:
        return []
    hidden = {id(path) for path in shades if any(_is_within(path, other) for other in shades)}
    lines = [line for path in paths if id(path) not in hidden for line in path.lines]
    if len(lines) > MAX_SEGMENTS:
        return []
    found = (_edge(*line) for line in lines)
    return [clipped for edge in found if edge is not None and (clipped := _on_page(edge, frame)) is not None]


def _on_page(edge: Edge, frame: PageFrame) -> Edge | None:
    """The visible part of an edge; none of one along the border of the page, which is that of a background."""
    across, along = (frame.width, frame.height) if edge.upright else (frame.height, frame.width)
    if not MAX_RULE_POINTS < edge.at < across - MAX_RULE_POINTS:
        return None
    return Edge(edge.upright, edge.at, max(edge.start, 0.0), min(edge.end, along))


def _is_shade(box: Box, frame: PageFrame) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return min(width, height) > MAX_RULE_POINTS and width * height < MAX_SHADE_FRACTION * frame.width * frame.height


def _is_within(path: _Path, other: _Path) -> bool:
    """Whether the rectangle cannot be seen, as the shade of a line in that of its cell."""
    a, b = path.box, other.box
    inside = b[0] - 0.5 <= a[0] and b[1] - 0.5 <= a[1] and a[2] <= b[2] + 0.5 and a[3] <= b[3] + 0.5
    smaller = (a[2] - a[0]) * (a[3] - a[1]) < 0.98 * (b[2] - b[0]) * (b[3] - b[1])
    return path.fill == other.fill and inside and smaller


def _edge(a: Point, b: Point) -> Edge | None:
    (x0, y0), (x1, y1) = a, b
    if abs(x0 - x1) <= _STRAIGHT_POINTS < abs(y0 - y1):
        return Edge(True, (x0 + x1) / 2, min(y0, y1), max(y0, y1))
    if abs(y0 - y1) <= _STRAIGHT_POINTS < abs(x0 - x1):
        return Edge(False, (y0 + y1) / 2, min(x0, x1), max(x0, x1))
    return None


def _iter_paths(page: Any, frame: PageFrame) -> Iterator[_Path]:
    for index, (item, forms) in enumerate(iter_objects(page, (pdfium.FPDF_PAGEOBJ_PATH,))):
        if index >= MAX_PATHS:
            return
        is_filled, is_stroked = draw_mode(item)
        if not (is_filled or is_stroked):
            continue
        lines = tuple(_iter_lines(item, forms, frame))
        if lines:
            fill = fill_colour(item) if is_filled and not is_stroked else None
            xs, ys = zip(*chain.from_iterable(lines), strict=True)
            yield _Path(lines, fill, (min(xs), min(ys), max(xs), max(ys)))


def _iter_lines(item: Address, forms: Sequence[Address], frame: PageFrame) -> Iterator[tuple[Point, Point]]:
    """The straight segments of a path, on the page as shown."""
    matrices = [matrix for part in (item, *forms) if (matrix := object_matrix(part)) is not None]
    first: Point | None = None
    last: Point | None = None
    for x, y, kind, closes in segments(item, MAX_SEGMENTS):
        point = _shown(x, y, matrices, frame)
        if kind == pdfium.FPDF_SEGMENT_LINETO and last is not None:
            yield last, point
        elif kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        last = point
        if closes and first is not None:
            yield last, first


def _shown(x: float, y: float, matrices: Sequence[Sequence[float]], frame: PageFrame) -> Point:
    for a, b, c, d, e, f in matrices:
        x, y = a * x + c * y + e, b * x + d * y + f
    return frame.box(x, y, x, y)[:2]
