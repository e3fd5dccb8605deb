"""The same labelled minutes as others would have typed, scanned or laid them out.

Each way of `WAYS` takes a labelled text and gives another, with the same spans and links at their new offsets; what
was tried of them in training stands in EXPERIMENTS.md.
"""

import random
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from extractor.annotations import AnnotatedText

MISREAD: Final = {
    "l": "1", "1": "l", "I": "l", "O": "0", "0": "O", "S": "5", "5": "S", "e": "c", "c": "e", "h": "b", "n": "ri",
    "m": "rn", "w": "vv", "d": "cl", "g": "q", "t": "f", ".": ",", ",": ".", "B": "8", "Z": "2", "i": "j", "u": "ii",
}  # fmt: skip
"""What optical character recognition takes a letter for."""
MISREAD_RATE: Final = 0.015
"""Share of the letters that are misread."""
NARROW: Final = 45
"""Characters of a line that leaves room for another one beside it."""
FEWEST_LINES: Final = 4
LEFT_AS_THEY_ARE: Final = 0.25
"""Share of the runs of narrow lines."""
LONGEST_HEADING: Final = 60
WRAPPED: Final = 55
"""Characters from which on a line is taken to go on in the next one."""
WIDTHS: Final = (60, 110)


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of a text, end exclusive, and what stands in their place; of the same length, they go one by one."""

    start: int
    end: int
    text: str


def rebuild(annotated: AnnotatedText, pieces: Sequence[Piece]) -> AnnotatedText:
    """The pieces one behind the other; each character of a span is in one of them, and its pieces are neighbours."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    n_chars = 0
    for piece in pieces:
        is_even = len(piece.text) == piece.end - piece.start
        for k in range(piece.start, piece.end):
            first[k] = n_chars + (k - piece.start if is_even else 0)
            last[k] = first[k] + 1 if is_even else n_chars + len(piece.text)
        n_chars += len(piece.text)
    spans = tuple(replace(span, start=first[span.start], end=last[span.end - 1]) for span in annotated.spans)
    return replace(annotated, text="".join(piece.text for piece in pieces), spans=spans)


def other_case(annotated: AnnotatedText, rng: random.Random) -> AnnotatedText:
    """All in small letters, all in capitals, the short lines in capitals, or each person's last word in capitals."""
    text = annotated.text
    way = rng.choice(("lower", "upper", "headings", "surnames"))
    if way in ("lower", "upper"):
        changed = _cased(text, str.lower if way == "lower" else str.upper)
    elif way == "headings":
        changed = "".join(
            _cased(line, str.upper) if len(line) <= LONGEST_HEADING else line for line in text.splitlines(True)
        )
    else:
        letters = list(text)
        for span in annotated.with_label("PERSON"):
            start = span.start + span.text_of(text).rfind(" ") + 1
            letters[start : span.end] = _cased(text[start : span.end], str.upper)
        changed = "".join(letters)
    return replace(annotated, text=changed)


def _cased(text: str, change: Callable[[str], str]) -> str:
    """Letter by letter, so that none becomes two."""
    return "".join(changed if len(changed := change(letter)) == 1 else letter for letter in text)


def misread(annotated: AnnotatedText, rng: random.Random) -> AnnotatedText:
    """Some letters taken for others."""
    pieces = [
        Piece(k, k + 1, MISREAD[letter] if letter in MISREAD and rng.random() < MISREAD_RATE else letter)
        for k, letter in enumerate(annotated.text)
    ]
    return rebuild(annotated, pieces)


def beside(annotated: AnnotatedText, rng: random.Random) -> AnnotatedText:
    """Of most runs of short lines the second half beside the first, as a reader of two columns leaves them."""
    text = annotated.text
    crossed = {k for span in annotated.spans for k in range(span.start, span.end) if text[k] == "\n"}
    pieces: list[Piece] = []
    for run in _runs_of_lines(text, crossed):
        if len(run) < FEWEST_LINES or rng.random() < LEFT_AS_THEY_ARE:
            pieces += [Piece(start, end, text[start:end]) for start, end in run]
        else:
            pieces += _two_columns(text, run)
    return rebuild(annotated, pieces)


def _runs_of_lines(text: str, crossed: set[int]) -> Iterator[list[tuple[int, int]]]:
    """All lines with their breaks, in order: runs of short ones that no span leaves, and each other line for itself."""
    run: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\n]*\n|[^\n]+\Z", text):
        line = match[0].rstrip("\n")
        is_open = match.end() - 1 in crossed or match.start() - 1 in crossed
        if line.strip() and len(line) <= NARROW and line != match[0] and not is_open:
            run.append(match.span())
            continue
        if run:
            yield run
        yield [match.span()]
        run = []
    if run:
        yield run


def _two_columns(text: str, run: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    n_rows = (len(run) + 1) // 2
    width = max(end - start - 1 for start, end in run[:n_rows]) + 4
    for row, (start, end) in enumerate(run[:n_rows]):
        other = run[row + n_rows] if row + n_rows < len(run) else None
        if other is None:
            yield Piece(start, end, text[start:end])
            continue
        yield Piece(start, end - 1, text[start : end - 1])
        yield Piece(end - 1, end, " " * (width - (end - 1 - start)))
        yield Piece(*other, text[slice(*other)])


def rewrapped(annotated: AnnotatedText, rng: random.Random) -> AnnotatedText:
    """Wrapped lines joined, or long lines wrapped at a width of their own."""
    text = annotated.text
    if rng.random() < 0.5:
        pattern = rf"(?<=[^\n]{{{WRAPPED}}})(?<![.:;|])\n(?=[a-z])"
        return replace(annotated, text=re.sub(pattern, " ", text))
    width = rng.randint(*WIDTHS)
    return replace(annotated, text="\n".join(_wrapped(line, width) for line in text.split("\n")))


def _wrapped(line: str, width: int) -> str:
    """The line with breaks in place of some of its single blanks; rows of a table stay."""
    if len(line) <= width or "|" in line or "\t" in line or "   " in line:
        return line
    broken, start = list(line), 0
    for part in textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)[:-1]:
        start = line.index(part, start) + len(part)
        broken[start] = "\n"
    return "".join(broken)


WAYS: Final[dict[str, Callable[[AnnotatedText, random.Random], AnnotatedText]]] = {
    "case": other_case,
    "misread letters": misread,
    "columns": beside,
    "line breaks": rewrapped,
}
