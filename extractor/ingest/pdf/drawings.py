"""Rules and borders that a PDF page draws, as upright and level edges; curves and slanted lines are left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from extractor.ingest.pdf.calls import Address, Floats, draw_mode, fill_colour, object_matrix, segments
from extractor.ingest.pdf.glyphs import PageFrame, iter_objects

MAX_PATHS: Final = 5_000
MAX_SEGMENTS: Final = 200_000
MAX_LINES: Final = 20_000
MAX_SHADES: Final = 2_000
MAX_SHADE_FRACTION: Final = 0.9
"""Of the page's area: a larger rectangle is its background."""
MAX_RULE_POINTS: Final = 3.0
"""A rectangle not wider than this is a line."""
_STRAIGHT_POINTS: Final = 0.5
_NO_FILL: Final = -1
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edge:
    """A stretch of a straight line: `at` is its distance from the left (upright) or top (level), in points."""

    upright: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Path:
    item: Address
    forms: tuple[Address, ...]
    fill: int
    """The colour as one number; _NO_FILL where the path is stroked or not filled."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of all paths, in the order in which they are drawn, on the page as shown."""

    ends: Floats
    """x and y from where, x and y to where; shape (n_lines, 4)."""
    path_of: Ints
    """Shape: (n_lines,)."""


def read_edges(page: Any, frame: PageFrame) -> list[Edge]:
    """The edges of lines and rectangles, but of those within a larger one of their colour; none on crowded pages."""
    paths = list(_iter_paths(page))
    if not paths:
        return []
    lines = _read_lines(paths, frame)
    if not len(lines.ends):
        return []
    boxes, drawn = _boxes(lines)
    fills = np.array([path.fill for path in paths], dtype=np.int64)[drawn]
    is_shade = _is_shade(boxes, frame) & (fills != _NO_FILL)
    if is_shade.sum() > MAX_SHADES:
        return []
    hidden = drawn[is_shade][_is_within(boxes[is_shade], fills[is_shade])]
    seen = lines.ends[~np.isin(lines.path_of, hidden)]
    return list(_iter_edges(seen, frame)) if len(seen) <= MAX_LINES else []


def _iter_paths(page: Any) -> Iterator[_Path]:
    """The visible ones among the first paths of the page."""
    for item, forms in islice(iter_objects(page, (pdfium.FPDF_PAGEOBJ_PATH,)), MAX_PATHS):
        is_filled, is_stroked = draw_mode(item)
        if is_filled or is_stroked:
            yield _Path(item, forms, fill_colour(item) if is_filled and not is_stroked else _NO_FILL)


def _read_lines(paths: Sequence[_Path], frame: PageFrame) -> _Lines:
    """From a segment's end to the next, and from where an outline closes back to its beginning."""
    read = segments([path.item for path in paths], MAX_SEGMENTS)
    path_of = np.repeat(np.arange(len(paths)), read.counts)
    points = _shown(read.points, path_of, paths, frame)
    index = np.arange(len(points))
    is_first = np.ones(len(points), dtype=np.bool_)
    is_first[1:] = path_of[1:] != path_of[:-1]
    to_here = np.flatnonzero((read.kinds == pdfium.FPDF_SEGMENT_LINETO) & ~is_first)
    moved = np.maximum.accumulate(np.where(read.kinds == pdfium.FPDF_SEGMENT_MOVETO, index, -1))
    is_closing = read.closes & (moved >= 0)
    is_closing &= path_of[moved] == path_of
    closing = np.flatnonzero(is_closing)
    sources = np.concatenate([to_here - 1, closing])
    targets = np.concatenate([to_here, moved[closing]])
    order = np.argsort(np.concatenate([2 * to_here, 2 * closing + 1]), kind="stable")
    ends = np.concatenate([points[sources], points[targets]], axis=1)[order]
    return _Lines(ends, path_of[sources][order])


def _shown(points: Floats, path_of: Ints, paths: Sequence[_Path], frame: PageFrame) -> Floats:
    """Points of paths on the page as shown, shape (n_points, 2)."""
    depth = max((1 + len(path.forms) for path in paths), default=0)
    x, y = points.T
    for level in range(depth):
        chain = [(path.item, *path.forms)[level : level + 1] for path in paths]
        matrices = [(object_matrix(part[0]) if part else None) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0) for part in chain]
        a, b, c, d, e, f = np.array(matrices, dtype=np.float64)[path_of].T
        x, y = a * x + c * y + e, b * x + d * y + f
    sides: Any = frame.box(x, y, x, y)  # of all points at once
    return np.stack(sides[:2], axis=1)


def _boxes(lines: _Lines) -> tuple[Floats, Ints]:
    """x0, y0, x1 and y1 around the lines of each path that has some, and which these are."""
    drawn, starts = np.unique(lines.path_of, return_index=True)
    xs, ys = lines.ends[:, ::2], lines.ends[:, 1::2]
    low = [np.minimum.reduceat(values.min(axis=1), starts) for values in (xs, ys)]
    high = [np.maximum.reduceat(values.max(axis=1), starts) for values in (xs, ys)]
    return np.stack([*low, *high], axis=1), drawn


def _is_shade(boxes: Floats, frame: PageFrame) -> Bools:
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    is_thick = np.minimum(width, height) > MAX_RULE_POINTS
    return is_thick & (width * height < MAX_SHADE_FRACTION * frame.width * frame.height)


def _is_within(boxes: Floats, fills: Ints) -> Bools:
    """Which rectangles cannot be seen for another one, as the shade of a line in that of its cell."""
    inner, outer = boxes[:, None], boxes[None]
    inside = (outer[..., :2] - 0.5 <= inner[..., :2]).all(axis=2) & (inner[..., 2:] <= outer[..., 2:] + 0.5).all(axis=2)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    smaller = area[:, None] < 0.98 * area
    return np.asarray((inside & smaller & (fills[:, None] == fills)).any(axis=1))


def _iter_edges(ends: Floats, frame: PageFrame) -> Iterator[Edge]:
    """The visible part of each upright or level line; none of one along the border of the page: a background's."""
    x0, y0, x1, y1 = ends.T
    wide, high = np.abs(x0 - x1), np.abs(y0 - y1)
    upright = (wide <= _STRAIGHT_POINTS) & (high > _STRAIGHT_POINTS)
    level = (high <= _STRAIGHT_POINTS) & (wide > _STRAIGHT_POINTS)
    at = np.where(upright, (x0 + x1) / 2, (y0 + y1) / 2)
    start = np.where(upright, np.minimum(y0, y1), np.minimum(x0, x1))
    end = np.where(upright, np.maximum(y0, y1), np.maximum(x0, x1))
    across = np.where(upright, frame.width, frame.height)
    along = np.where(upright, frame.height, frame.width)
    kept = (upright | level) & (at > MAX_RULE_POINTS) & (at < across - MAX_RULE_POINTS)
    columns = upright, at, np.maximum(start, 0.0), np.minimum(end, along)
    return map(Edge, *(column[kept].tolist() for column in columns))
