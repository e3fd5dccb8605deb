"""Agenda items: the headings of the minutes, how they nest, and the stretch that each covers."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.structure.model import AgendaEntry, AttendanceRegion, Line, LineKind
from extractor.structure.phrases import fold
from extractor.structure.vocabulary import words

MAX_TITLE_WORDS: Final = 14
LONG_LINE: Final = 300
_TITLE_END: Final = re.compile(r"\s{0,3}[*_]{0,3}(?::(?=\W|$)|\s[-–—]\s|\.\s|\t|\s{4,60}|\s\|)|\s?[*_]{2,3}(?=\s)")
_INLINE_ITEM: Final = re.compile(r"(?<=\s)(?P<number>\d{1,2})[.)]\s{0,3}(?=[A-Z])")
_INLINE_TITLE_END: Final = re.compile(r"[.:;?!–—]|\s-\s|\s\d")
_ROMAN: Final = re.compile(r"[ivxl]{1,6}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Heading:
    number: str | None
    start: int
    title_start: int
    title_end: int
    style: tuple[str, int]
    """How it is set; headings of one style are of one level."""


def find_agenda(text: str, lines: Sequence[Line], attendance: Sequence[AttendanceRegion]) -> tuple[AgendaEntry, ...]:
    """The agenda items in order; people numbered in a list of attendance are none."""
    starts = [r.start for r in attendance]
    headings = [
        h
        for h in _headings(text, lines)
        if (at := bisect_right(starts, h.title_start) - 1) < 0 or h.title_start >= attendance[at].end
    ]
    levels = _levels(headings)
    ends = _ends(headings, levels, len(text))
    entries: list[AgendaEntry] = []
    open_items: list[int] = []
    for index, (heading, level) in enumerate(zip(headings, levels, strict=True)):
        while open_items and levels[open_items[-1]] >= level:
            open_items.pop()
        title = " ".join(text[heading.title_start : heading.title_end].split())
        parent = open_items[-1] if open_items else None
        entries.append(
            AgendaEntry(
                heading.number, title, heading.title_start, heading.title_end, heading.start, ends[index], level, parent
            )
        )
        open_items.append(index)
    return tuple(entries)


def _ends(headings: Sequence[_Heading], levels: Sequence[int], n_chars: int) -> list[int]:
    """Where each item ends: at the next one of its level or above, else with the text."""
    ends = [n_chars] * len(headings)
    open_items: list[int] = []
    for index, level in enumerate(levels):
        while open_items and levels[open_items[-1]] >= level:
            ends[open_items.pop()] = headings[index].start
        open_items.append(index)
    return ends


def _headings(text: str, lines: Sequence[Line]) -> Iterator[_Heading]:
    for index, line in enumerate(lines):
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            continue
        heading = _heading(text, line, first=index == 0)
        if heading is not None:
            yield heading
        if line.end - line.start >= LONG_LINE:
            yield from _inline(text, line)


def _heading(text: str, line: Line, *, first: bool) -> _Heading | None:
    hashes = line.bullet is not None and line.bullet.startswith("#")
    if line.number is None and (line.kind is not LineKind.HEADING or (first and not hashes)):
        titled = line.kind in (LineKind.PARAGRAPH, LineKind.LIST_ITEM) and not line.bullet
        if not titled or fold(text[line.body : line.body_end]) not in words("agenda", "titles"):
            return None
    ending = _TITLE_END.search(text, line.body, line.body_end)
    end = ending.start() if ending and ending.start() > line.body else line.body_end
    title = text[line.body : end].strip(" *_")
    if not any(c.isalpha() for c in title) or len(title.split()) > MAX_TITLE_WORDS:
        return None
    if line.number and not (hashes or line.kind is LineKind.HEADING or title[0].isupper()):
        return None
    if line.kind is LineKind.TABLE_ROW and not line.number:
        return None
    start = line.body + text[line.body : end].index(title)
    return _Heading(line.number, line.start, start, start + len(title), _style(text, line, title))


def _style(text: str, line: Line, title: str) -> tuple[str, int]:
    if line.bullet and line.bullet.startswith("#"):
        return "hash", line.level
    if line.number is None:
        return ("capitals", 0) if title.isupper() else ("plain", 0)
    if line.number[0].isdigit():
        return "number", line.number.count(".") + line.number.count("-")
    return ("roman" if _ROMAN.fullmatch(line.number) else "letter"), 0


def _inline(text: str, line: Line) -> Iterator[_Heading]:
    """Items inside a line that holds a whole document: "… 1. Apologies … 2. Minutes …", in counting order."""
    expected = int(line.number) + 1 if line.number and line.number.isdigit() else 1
    for match in _INLINE_ITEM.finditer(text, line.body, line.end):
        if int(match["number"]) != expected:
            continue
        expected += 1
        ending = _INLINE_TITLE_END.search(text, match.end(), line.end)
        end = min(ending.start() if ending else line.end, match.end() + 80)
        short = re.compile(r"(?:\S+\s+){0,7}\S+").match(text, match.end(), end)
        if short is not None:
            yield _Heading(match["number"], match.start(), match.end(), short.end(), ("number", 0))


def _levels(headings: Sequence[_Heading]) -> list[int]:
    """Levels from 1: a style that is open is returned to, a new one goes a level deeper."""
    levels: list[int] = []
    stack: list[tuple[str, int]] = []
    for heading in headings:
        kind, depth = heading.style
        while stack and heading.style not in stack and stack[-1][0] == kind and stack[-1][1] > depth:
            stack.pop()
        if heading.style in stack:
            del stack[stack.index(heading.style) + 1 :]
        elif kind == "hash":
            stack = [s for s in stack if s[0] == "hash" and s[1] < depth] + [heading.style]
        else:
            stack.append(heading.style)
        levels.append(len(stack))
    return levels
