"""Two columns of running text that a file prints line by line across the page: the left one is read first."""

from collections.abc import Iterator, Sequence
from typing import Final

from extractor.ingest.pdf.fragments import Fragment
from extractor.ingest.pdf.lines import PrintedLine

MIN_LINES: Final = 5
"""Lines that must have text on both sides of the gutter."""
MIN_WORDS: Final = 4.5
"""Mean over the fragments of a side; tables and lists of names have fewer."""


def part_columns(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """The lines, with each stretch of two-column text as the lines of its left and then of its right column."""
    ordered: list[PrintedLine] = []
    for stretch, gutter in _stretches(lines):
        if gutter is None:
            ordered += stretch
            continue
        fragments = [fragment for line in stretch for fragment in line.fragments]
        left = [f for f in fragments if f.x1 <= gutter]
        right = [f for f in fragments if f.x1 > gutter]
        first = min(fragment.order for fragment in fragments)
        for rank, fragment in enumerate([*left, *right]):
            fragment.order = first + rank
        ordered += [PrintedLine([fragment]) for fragment in (*left, *right)]
    return ordered


def _stretches(lines: Sequence[PrintedLine]) -> Iterator[tuple[Sequence[PrintedLine], float | None]]:
    """Stretches of two-column text with the place of their gutter, and the lines between them without one."""
    start = 0
    while start < len(lines):
        end, gutter = _stretch_from(lines, start)
        yield lines[start:end], gutter
        start = end


def _stretch_from(lines: Sequence[PrintedLine], start: int) -> tuple[int, float | None]:
    """The end of the longest stretch that begins here; a single line without gutter if that is no two-column text."""
    left_end, right_start = 0.0, float("inf")
    end = start
    pairs: list[tuple[Fragment, Fragment]] = []
    while end < len(lines):
        fragments = lines[end].fragments
        if len(fragments) == 2:
            new_left, new_right = max(left_end, fragments[0].x1), min(right_start, fragments[1].x0)
        elif pairs and len(fragments) == 1 and (fragments[0].x1 <= right_start or fragments[0].x0 >= left_end):
            beside = fragments[0].x0 >= left_end
            new_left = left_end if beside else max(left_end, fragments[0].x1)
            new_right = min(right_start, fragments[0].x0) if beside else right_start
        else:
            break
        if new_left >= new_right:
            break
        pairs += [(fragments[0], fragments[1])] if len(fragments) == 2 else []
        left_end, right_start = new_left, new_right
        end += 1
    if len(pairs) < MIN_LINES or not all(_is_prose([pair[side] for pair in pairs]) for side in (0, 1)):
        return start + 1, None
    return end, (left_end + right_start) / 2


def _is_prose(fragments: Sequence[Fragment]) -> bool:
    return sum(len(fragment.words) for fragment in fragments) >= MIN_WORDS * len(fragments)
