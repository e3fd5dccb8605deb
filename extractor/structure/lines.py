"""Lines and blocks of a document: marks, numbers, headings, furniture, soft wraps.

What the words mean is not read here.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final

from extractor.ingest.source import Block, BlockKind, SourceText
from extractor.normalize.dates import MONTHS
from extractor.structure.model import Line, LineKind, TextBlock

_MARKS: Final = re.compile(
    r"(?P<space>[ \t\u00a0\u200b]{0,400})(?:>[ \t])?"
    r"(?P<bullet>#{1,6}(?=[ \t*]|\d)|[•●○▪◦–·■□➢➤✓*+-](?=[ \t])|o(?=[ \t]{2,}|\t))?[ \t]{0,60}"
    r"(?P<hash2>#{1,6}(?=[ \t]))?[ \t]{0,8}"
    r"(?P<check>\[[ xX✓]\])?[ \t]{0,8}(?P<emphasis>[*_]{0,3})"
)
_NUMBER: Final = re.compile(
    r"(?:(?P<item>(?:agenda )?item|section)\s{1,2}(?=\d|[ivx]))?(?P<number>"
    r"\d{2,4}[/-]\d{1,4}(?:[/.]\d{1,3}){0,2}(?![\d/-])"
    r"|\d{1,3}(?:[.-]\d{1,3}){1,4}(?![\d/:%])"
    r"|\(?\d{1,3}\)?(?![\d/%,-]|:\d)"
    r"|(?-i:\((?:[a-z]|[ivx]{2,4})\)|[a-z]\)|[a-z]\.(?=\s[A-Z]))|[ivxl]{1,6}[.)](?=\s))"
    r"(?P<close>[.):]{0,2})(?P<gap>[*_]{0,3}[ \t\u00a0]{0,60})(?=(?P<next>\S?))",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"\s*(?:[-=_*~–—]\s?){3,}\s*")
_PAGE_NUMBER: Final = re.compile(
    r"\W{0,4}(?:page|pg\.?|p\.)\s?\d{1,4}(?:\s?(?:of|/)\s?\d{1,4})?\W{0,4}"
    r"|\d{1,4}\s?(?:of|/)\s?\d{1,4}|[-–|]\s?\d{1,4}\s?[-–|]",
    re.IGNORECASE,
)
_PAGE_MARK: Final = re.compile(r"\bpage\s?\d{1,4}\s?(?:of|/)\s?\d{1,4}\b|\|\s?page\b", re.IGNORECASE)
_SMALL: Final = frozenset(
    ("a", "an", "and", "the", "of", "for", "to", "in", "on", "at", "by", "with", "from", "or", "&", "-", "as", "is")
)
_MONTH_AFTER: Final = re.compile(r"(?:st|nd|rd|th)?\s?(?:of\s)?(?:" + "|".join(MONTHS) + r")\b", re.IGNORECASE)
_LABELLED: Final = re.compile(r"[A-Z][\w '/()-]{1,40}[*_]{0,3}:[*_]{0,3}\s+\S|[A-Z]{4,20}(?:\s{2,60}|\t)\S")
"""A line such as "Date: 5 May", which begins something of its own and is no heading."""
_OPEN_ENDS: Final = ",-–(&"
MAX_HEADING_WORDS: Final = 12


def read_lines(source: SourceText) -> tuple[Line, ...]:
    """Every line of the text, blank ones included; a block that the reader knows overrides the guess from the look."""
    text = source.text
    spans = _spans(text)
    furniture = _furniture(text, spans, source.blocks)
    blocks = [b for b in source.blocks if b.kind is not BlockKind.FURNITURE]
    starts = [b.start for b in blocks]
    lines = []
    for index, (start, end) in enumerate(spans):
        at = bisect_right(starts, start) - 1
        inside = at >= 0 and start < blocks[at].end and start < end
        before_blank = index == 0 or not text[slice(*spans[index - 1])].strip()
        after = text[slice(*spans[index + 1])] if index + 1 < len(spans) else ""
        lines.append(_line(text, start, end, blocks[at] if inside else None, index in furniture, before_blank, after))
    return tuple(lines)


def read_blocks(text: str, lines: Sequence[Line]) -> tuple[TextBlock, ...]:
    """The lines joined where one runs on into the next; furniture and blank lines belong to no block of their own."""
    margin = _right_margin(lines)
    groups: list[list[int]] = []
    gap: list[LineKind] = []
    for index, line in enumerate(lines):
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            gap.append(line.kind)
            continue
        if groups and _runs_on(text, lines[groups[-1][-1]], line, gap, margin):
            groups[-1].append(index)
        else:
            groups.append([index])
        gap = []
    return tuple(_block(lines, group) for group in groups)


def _spans(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for part in text.split("\n"):
        spans.append((start, start + len(part)))
        start += len(part) + 1
    return spans


def _line(
    text: str, start: int, end: int, block: Block | None, is_furniture: bool, before_blank: bool, after: str
) -> Line:
    if start == end:
        return Line(start, end, LineKind.BLANK, 0, None, None, 0, start, end)
    marks = _MARKS.match(text, start, end)
    assert marks is not None  # every part of the pattern may be empty
    bullet = marks["bullet"] or marks["hash2"]
    hashes = next((mark for mark in (marks["hash2"], marks["bullet"]) if mark and mark[0] == "#"), None)
    numbered = _NUMBER.match(text, marks.end(), end)
    number = _number(text, numbered, hashes is not None or bool(marks["emphasis"])) if numbered else None
    body = numbered.end("gap") if numbered and number else marks.end()
    body_end = start + len(text[start:end].rstrip(" \t*_#\u00a0\r"))
    words = text[body:body_end].strip()
    level = len(hashes) if hashes else number.count(".") + number.count("-") + 1 if number else 0
    kind = _kind(text[start:end], words, bullet or marks["check"], hashes, number, bool(marks["emphasis"]))
    if kind is LineKind.PARAGRAPH and before_blank and _looks_like_heading(words, after):
        kind = LineKind.HEADING
    if is_furniture:
        kind = LineKind.FURNITURE
    elif block is not None and kind is not LineKind.BLANK:
        kind = _KIND_OF_BLOCK.get(block.kind, kind)
        level = block.level or level
    indent = len(marks["space"].expandtabs(8))
    return Line(start, end, kind, indent, number, marks["check"] or bullet, level, min(body, body_end), body_end)


_KIND_OF_BLOCK: Final = {
    BlockKind.HEADING: LineKind.HEADING,
    BlockKind.LIST_ITEM: LineKind.LIST_ITEM,
    BlockKind.CELL: LineKind.TABLE_ROW,
}


def _number(text: str, match: re.Match[str], marked: bool) -> str | None:
    """The item number, or None where the digits are a date, a count or a quantity."""
    written = match["number"]
    if not match["next"] and not match["close"]:
        return written if match["item"] else None
    if written[0].isdigit() and _MONTH_AFTER.match(text, match.end("gap")):
        return None
    compound = written[0].isdigit() and any(mark in written for mark in "./-")
    closed = bool(match["close"]) or written[-1] in ").:"
    if not (closed or compound or match["item"]):
        wide = len(match["gap"].strip("*_")) >= 2 or marked
        if not (wide and match["next"].isalpha() and match["next"].isupper()):
            return None
    if not match["gap"] and (match["next"].isdigit() or match["next"].islower()):
        return None
    if compound and not (closed or match["item"]) and not (match["gap"] and match["next"].isupper()):
        return None
    return written.strip("().:")


def _kind(
    line: str, words: str, bullet: str | None, hashes: str | None, number: str | None, emphasis: bool
) -> LineKind:
    if not line.strip():
        return LineKind.BLANK
    if _RULE.fullmatch(line):
        return LineKind.BLANK
    if hashes:
        return LineKind.HEADING
    if line.count("|") >= 2 or (" | " in line and len(line) < 400):
        return LineKind.TABLE_ROW
    short = len(words.split()) <= MAX_HEADING_WORDS and words[-1:] not in (".", ",", ";") and not _LABELLED.match(words)
    whole = emphasis and line.rstrip().endswith(("*", "_")) and line.count("*") + line.count("_") <= 6
    if short and words and (whole or (number and _titled(words))):
        return LineKind.HEADING
    return LineKind.LIST_ITEM if bullet or number else LineKind.PARAGRAPH


def _titled(words: str) -> bool:
    """Whether the words are set like a title: capitals throughout, or small words alone in lower case."""
    parts = [w for w in words.split() if w[0].isalpha()]
    lower = sum(w[0].islower() and w.lower() not in _SMALL for w in parts)
    return bool(parts) and words[0].isupper() and (lower <= len(parts) // 3 or len(parts) <= 4)


def _looks_like_heading(words: str, after: str) -> bool:
    if (
        not words
        or _LABELLED.match(words)
        or len(words.split()) > MAX_HEADING_WORDS
        or words[-1] in ".,;"
        or not words[0].isalnum()
    ):
        return False
    if re.fullmatch(r"\s*(?:={3,}|-{3,})\s*", after):
        return True
    letters = [c for c in words if c.isalpha()]
    if len(letters) >= 3 and all(c.isupper() for c in letters):
        return True
    return _titled(words) and len(words.split()) <= 8 and "," not in words


def _furniture(text: str, spans: Sequence[tuple[int, int]], blocks: Sequence[Block]) -> set[int]:
    """Indices of the lines that only frame a page: numbers, and what repeats beside numbers or form feeds."""
    numbers = {
        i
        for i, (start, end) in enumerate(spans)
        if start < end < start + 200 and _PAGE_NUMBER.fullmatch(text[start:end].strip())
    }
    numbers |= {i for i, (a, b) in enumerate(spans) if b - a < 200 and _PAGE_MARK.search(text[a:b])}
    numbers |= _counted(text, spans)
    edges = numbers | {i for i, (start, end) in enumerate(spans) if "\f" in text[start:end]}
    near = {i + step for i in edges for step in range(-4, 5)}
    shapes = {i: _shape(text[slice(*spans[i])]) for i in near if 0 <= i < len(spans) and i not in numbers}
    counts = Counter(shape for shape in shapes.values() if len(shape) >= 4)
    first = min(numbers, default=len(spans))
    repeated = {i for i, shape in shapes.items() if counts[shape] >= 2 and i > first}
    known = [b for b in blocks if b.kind is BlockKind.FURNITURE]
    starts = [b.start for b in known]
    for i, (start, end) in enumerate(spans):
        at = bisect_right(starts, start) - 1
        if at >= 0 and start < known[at].end and end <= known[at].end and start < end:
            numbers.add(i)
    return numbers | repeated


def _counted(text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    """Lone numbers that count the pages: 1, 2, 3 … (or from 2) in this order."""
    lone = [
        (i, int(words))
        for i, (start, end) in enumerate(spans)
        if start < end < start + 200 and re.fullmatch(r"[0-9]{1,3}", words := text[start:end].strip())
    ]
    run: list[int] = []
    for index, value in lone:
        from_one = not run or int(text[slice(*spans[run[0]])]) == 1
        if value == len(run) + (1 if from_one else 2) or (not run and value == 2):
            run.append(index)
    return set(run) if len(run) >= 2 else set()


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", " ", line.strip().lower()))


def _right_margin(lines: Sequence[Line]) -> int:
    """The column that most full lines reach: nine in ten of the longer lines end before it."""
    ends = sorted(line.end - line.start for line in lines if line.end - line.start >= 45)
    return ends[int(len(ends) * 0.9)] if ends else 80


def _runs_on(text: str, last: Line, line: Line, gap: Sequence[LineKind], margin: int) -> bool:
    """Whether `line` continues the paragraph that `last` belongs to."""
    solid = (LineKind.HEADING, LineKind.TABLE_ROW)
    if line.bullet or line.number or line.kind in solid or last.kind in solid or last.body_end <= last.body:
        return False
    final, first = text[last.body_end - 1], text[line.body : line.body + 1]
    words = text[line.body : line.body_end].split(None, 1)
    if not words or _LABELLED.match(text, line.body, line.body_end):
        return False
    if gap and (LineKind.FURNITURE not in gap and len(gap) > 1):
        return False
    ending = text[max(last.start, last.body_end - 5) : last.body_end]
    full = last.end - last.start + 1 + len(words[0]) > 0.85 * margin
    if gap:
        return first.islower() and final not in ".!?:;" and (full or last.end - last.start >= 40)
    return full or first.islower() or final in _OPEN_ENDS or ending.endswith((" and", " of", " the"))


def _block(lines: Sequence[Line], group: Sequence[int]) -> TextBlock:
    first, last = lines[group[0]], lines[group[-1]]
    return TextBlock(first.body, last.body_end, first.kind, first.number, first.level, group[0], group[-1])
