"""Lines that only frame the pages: repeated headers and footers, page numbers."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from extractor.ingest.pdf.layout import PageLayout
from extractor.ingest.pdf.lines import PrintedLine
from extractor.ingest.pdf.order import LineBlock

ZONE_FRACTION: Final = 0.16
"""Of the page's height, at the top and at the bottom."""
MAX_LINES: Final = 5
"""How many lines from the edge of the page inwards are looked at."""
SAME_HEIGHT_POINTS: Final = 5.0
MIN_PAGES_FRACTION: Final = 0.4
_DIGITS: Final = re.compile(r"\d+")
_PAGE_NUMBER: Final = re.compile(
    r"\W{0,3}(?:(?:page|pg\.?|p\.?)\s?)?(\d{1,4}|[ivxl]{1,6})(?:\s?(?:of|/|\|)\s?\d{1,4})?\W{0,3}", re.IGNORECASE
)
_PAGE_WORD: Final = re.compile(r"\bpage\s?\d{1,4}\b", re.IGNORECASE)


def take_furniture(pages: Sequence[PageLayout]) -> None:
    """Move the furniture of every page from its items to `head` and `foot`."""
    candidates = [(page, line, at_top) for page in pages for line, at_top in _outer_lines(page)]
    numbers = _page_numbers(candidates)
    by_shape: dict[tuple[str, bool], list[tuple[PageLayout, PrintedLine]]] = defaultdict(list)
    for page, line, at_top in candidates:
        by_shape[_DIGITS.sub("0", line.text.lower()), at_top].append((page, line))
    for page, line, at_top in candidates:
        alike = by_shape[_DIGITS.sub("0", line.text.lower()), at_top]
        if id(line) in numbers or _is_repeated(page, line, alike, len(pages), at_top):
            _move(page, line, at_top)


def _outer_lines(page: PageLayout) -> list[tuple[PrintedLine, bool]]:
    lines = sorted(page.text_lines(), key=lambda line: line.y0)
    top = [line for line in lines if line.y1 < ZONE_FRACTION * page.height][:MAX_LINES]
    bottom = [line for line in lines if line.y0 > (1 - ZONE_FRACTION) * page.height][-MAX_LINES:]
    return [(line, True) for line in top] + [(line, False) for line in bottom]


def _is_repeated(
    page: PageLayout, line: PrintedLine, alike: Sequence[tuple[PageLayout, PrintedLine]], n_pages: int, at_top: bool
) -> bool:
    """Whether lines of the same words stand at the same height on other pages, on at least two in five of all."""
    where = line.y0 if at_top else page.height - line.y1
    same = {
        other.number
        for other, twin in alike
        if abs((twin.y0 if at_top else other.height - twin.y1) - where) <= SAME_HEIGHT_POINTS
    }
    return len(same) >= 2 and len(same) >= MIN_PAGES_FRACTION * n_pages


def _page_numbers(candidates: Sequence[tuple[PageLayout, PrintedLine, bool]]) -> set[int]:
    """Lines that say "page 3", and lone numbers that count with the pages or are the page's own."""
    found, by_shift = set(), defaultdict(list)
    for page, line, _ in candidates:
        match = _PAGE_NUMBER.fullmatch(line.text)
        if match is not None and match.group(1).isdigit():
            by_shift[int(match.group(1)) - page.number].append((page, line))
        if len(line.text) < 60 and _PAGE_WORD.search(line.text):
            found.add(id(line))
    for shift, lines in by_shift.items():
        if shift == 0 or len({page.number for page, _ in lines}) > 1:
            found |= {id(line) for page, line in lines if _is_outermost(page, line)}
    return found


def _is_outermost(page: PageLayout, line: PrintedLine) -> bool:
    others = [other for other in page.text_lines() if other is not line]
    above = all(line.y1 <= other.y0 + 0.5 * line.height for other in others)
    below = all(line.y0 >= other.y1 - 0.5 * line.height for other in others)
    aside = sum(other.y0 > line.y0 for other in others) <= 2 and line.y0 > page.height / 2
    return above or below or aside


def _move(page: PageLayout, line: PrintedLine, at_top: bool) -> None:
    (page.head if at_top else page.foot).append(line)
    for item in list(page.items):
        if isinstance(item, LineBlock) and any(other is line for other in item.lines):
            item.lines = [other for other in item.lines if other is not line]
            if not item.lines:
                page.items = [other for other in page.items if other is not item]
