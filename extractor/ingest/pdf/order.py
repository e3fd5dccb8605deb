"""The order of what a page shows: as printed, unless a block stands above another that was printed before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final, Protocol, TypeVar

from extractor.ingest.pdf.lines import PrintedLine
from extractor.ingest.source import Box

MAX_GAP_HEIGHTS: Final = 2.5
MIN_SHARED_FRACTION: Final = 0.1
MAX_BLOCKS: Final = 2_000
_TOLERANCE_POINTS: Final = 3.0


class Placed(Protocol):
    """Something with a box and a rank in which the page prints it."""

    @property
    def box(self) -> Box:
        """Points from the top left."""

    @property
    def order(self) -> int:
        """Rank in which the page prints it."""


PlacedT = TypeVar("PlacedT", bound=Placed)


@dataclass(slots=True)
class LineBlock:
    """Lines one below the other, printed one after the other."""

    lines: list[PrintedLine] = field(default_factory=list)

    @property
    def box(self) -> Box:
        """Points from the top left."""
        lines = self.lines
        return min(b.x0 for b in lines), min(b.y0 for b in lines), max(b.x1 for b in lines), max(b.y1 for b in lines)

    @property
    def order(self) -> int:
        """Rank in which the page prints it."""
        return min(line.order for line in self.lines)


def read_blocks(lines: Sequence[PrintedLine], tables: Sequence[Box]) -> list[LineBlock]:
    """The lines cut where the next one does not stand below the last, or far below it, or beyond a table."""
    blocks: list[LineBlock] = []
    x0 = x1 = 0.0
    for line in lines:
        if blocks and _goes_on(blocks[-1].lines[-1], line, x0, x1, tables):
            x0, x1 = min(x0, line.x0), max(x1, line.x1)
        else:
            blocks.append(LineBlock())
            x0, x1 = line.x0, line.x1
        blocks[-1].lines.append(line)
    return blocks


def _goes_on(last: PrintedLine, line: PrintedLine, x0: float, x1: float, tables: Sequence[Box]) -> bool:
    height = max(min(last.height, line.height), 1.0)
    gap = line.y0 - last.y1
    if not -0.5 * height <= gap <= MAX_GAP_HEIGHTS * height or line.y0 <= last.y0:
        return False
    if any(last.y0 < (table[1] + table[3]) / 2 < line.y1 for table in tables):
        return False
    return min(x1, line.x1) > max(x0, line.x0)


def in_order(blocks: Sequence[PlacedT]) -> list[PlacedT]:
    """The blocks as printed, but none before a block that stands above it and shares its breadth.

    Pages of very many blocks are left as printed.
    """
    blocks = sorted(blocks, key=lambda block: block.order)
    if len(blocks) > MAX_BLOCKS:
        return list(blocks)
    boxes = [block.box for block in blocks]
    followers = [
        [j for j, lower in enumerate(boxes) if i != j and _is_above(upper, lower)] for i, upper in enumerate(boxes)
    ]
    n_before = [0] * len(blocks)
    for row in followers:
        for index in row:
            n_before[index] += 1
    ready = [index for index, count in enumerate(n_before) if count == 0]
    heapify(ready)
    ordered = []
    while ready:
        index = heappop(ready)
        ordered.append(blocks[index])
        for follower in followers[index]:
            n_before[follower] -= 1
            if n_before[follower] == 0:
                heappush(ready, follower)
    return ordered


def _is_above(upper: Box, lower: Box) -> bool:
    shared = min(upper[2], lower[2]) - max(upper[0], lower[0])
    narrow = min(upper[2] - upper[0], lower[2] - lower[0])
    if shared <= MIN_SHARED_FRACTION * max(narrow, 1.0):
        return False
    return upper[3] <= lower[1] + _TOLERANCE_POINTS and upper[1] < lower[1]
