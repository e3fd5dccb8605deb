"""What the encoder cannot see in word pieces: case, layout, the document's own words and its structure.

Each token gets one class of every feature; the classes are embedded and added to the input of the encoder.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.regions import Listed, Part, region_features
from extractor.structure.model import Structure
from extractor.tokens import Gap, Token


class Shape(IntEnum):
    """The letters of a token."""

    LOWER = 1
    TITLE = 2
    UPPER = 3
    LETTER = 4
    MIXED = 5
    DIGITS = 6
    SIGN = 7
    LINE = 8
    PARAGRAPH = 9
    COLUMN = 10


class Line(IntEnum):
    """The line on which a token stands."""

    PROSE = 1
    SHORT = 2
    HEADING = 3
    BULLET = 4
    NUMBERED = 5
    TABLE = 6
    COLUMNS = 7
    LABELLED = 8


class Case(IntEnum):
    """How the word is written elsewhere in the document."""

    OTHER = 1
    ALSO_LOWER = 2
    ONCE = 3
    ALWAYS_CAPITAL = 4


class Name(IntEnum):
    """Whether the word stands in the document's lists of names."""

    OTHER = 1
    LISTED = 2
    INITIALS = 3


class Place(IntEnum):
    """Where the line stands among the lines that are not blank."""

    FIRST = 1
    HEAD = 2
    NEAR_HEAD = 3
    BODY = 4
    NEAR_END = 5
    LAST = 6


FEATURES: Final[dict[str, type[IntEnum]]] = {
    "shape": Shape,
    "line": Line,
    "case": Case,
    "name": Name,
    "place": Place,
    "listed": Listed,
    "part": Part,
}
N_CLASSES: Final = {name: 1 + max(classes) for name, classes in FEATURES.items()}
"""Class 0 of every feature is padding."""

_BULLET: Final = re.compile(r"\s*(?:[-*•·▪◦‣–o]|[a-z]\)|\([a-z]\))\s")
_NUMBER: Final = re.compile(r"\s*(?:#{1,6}\s|\d{1,3}(?:[./]\d{1,3}){0,3}[.):]?\s|[IVX]{1,5}[.)]\s)")
_LABEL: Final = re.compile(r"\s*[A-Z][\w /&-]{2,40}:(?:\s|$)")
_COLUMNS: Final = re.compile(r"\S(?: {3,}|\t)\S")
_NAME_RUN: Final = re.compile(
    r"[A-Z][\w'’-]*(?:\.?[ ]{1,2}(?:[A-Z][\w'’-]+|[A-Z]\b|(?:van|de|von|der|la|bin|al|Ní|Ó)\b))+"
)
_PROSE_WORDS: Final = frozenset(
    ["was", "were", "is", "are", "the", "that", "to", "had", "has", "been", "will", "would", "be", "which"]
)
HEAD_LINES: Final = 70


def token_features(text: str, tokens: Sequence[Token], structure: Structure) -> npt.NDArray[np.int64]:
    """Shape: (n_tokens, n_features), in the order of FEATURES."""
    lines = _lines(text)
    case = _case_classes(tokens)
    listed, initials = _listed_names(text, lines)
    of_word: dict[str, tuple[int, int, int]] = {}
    flat: list[int] = []
    row = 0
    for token in tokens:
        while row + 1 < len(lines) and lines[row + 1].start <= token.start:
            row += 1
        word = token.text
        if word not in of_word:
            class_of_case = case.get(word.casefold(), Case.OTHER)
            of_word[word] = (int(_letters(word)), int(class_of_case), int(_name_class(word, listed, initials)))
        shape, cased, named = of_word[word]
        if token.gap is not Gap.NONE:
            shape = int(shape_of(token))
        flat += (shape, lines[row].kind, cased, named, lines[row].place)
    out = np.array(flat, dtype=np.int64).reshape(len(tokens), len(FEATURES) - 2)
    return np.concatenate([out, region_features(tokens, structure)], axis=1)


def shape_of(token: Token) -> Shape:
    """The class of the token's letters, or of the gap that it stands for."""
    return _letters(token.text) if token.gap is Gap.NONE else Shape(Shape.LINE + token.gap - Gap.LINE)


def _letters(word: str) -> Shape:
    if not word[0].isalpha():
        return Shape.DIGITS if word[0].isdigit() else Shape.SIGN
    if len(word) == 1 and word.isupper():
        return Shape.LETTER
    if word.islower():
        return Shape.LOWER
    if word.isupper():
        return Shape.UPPER
    return Shape.TITLE if word[0].isupper() and word[1:].islower() else Shape.MIXED


class _LineClass:
    __slots__ = ("kind", "place", "start")

    def __init__(self, start: int, kind: Line, place: Place) -> None:
        self.start, self.kind, self.place = start, int(kind), int(place)


def _lines(text: str) -> list[_LineClass]:
    raw = text.split("\n")
    filled = [number for number, line in enumerate(raw) if line.strip()]
    rank = {number: order for order, number in enumerate(filled)}
    out, start, order = [], 0, 0
    for number, line in enumerate(raw):
        order = rank.get(number, order)
        alone = (number == 0 or not raw[number - 1].strip()) and (number + 1 == len(raw) or not raw[number + 1].strip())
        out.append(_LineClass(start, _line_kind(line, alone), _place(order, len(filled))))
        start += len(line) + 1
    return out


def _line_kind(line: str, alone: bool) -> Line:
    words = line.split()
    if " | " in line or line.lstrip().startswith("|"):
        return Line.TABLE
    if _COLUMNS.search(line[:400]):
        return Line.COLUMNS
    if _BULLET.match(line):
        return Line.BULLET
    short = len(line) <= 80 and not line.rstrip().endswith((".", ",", ";"))
    n_capital = sum(word[0].isupper() for word in words)
    if short and words and (alone or line.isupper()) and n_capital * 2 >= len(words):
        return Line.HEADING
    if _NUMBER.match(line):
        return Line.NUMBERED
    if _LABEL.match(line):
        return Line.LABELLED
    return Line.SHORT if len(line) < 45 else Line.PROSE


def _place(order: int, n_lines: int) -> Place:
    if order < 4:
        return Place.FIRST
    if n_lines - order <= 6:
        return Place.LAST
    if order < 16:
        return Place.HEAD
    if order < 40:
        return Place.NEAR_HEAD
    return Place.NEAR_END if n_lines - order <= 20 else Place.BODY


def _case_classes(tokens: Sequence[Token]) -> dict[str, Case]:
    lower: set[str] = set()
    capital: dict[str, int] = {}
    for token in tokens:
        if token.text[0].isalpha():
            if token.text.islower():
                lower.add(token.text)
            else:
                folded = token.text.casefold()
                capital[folded] = capital.get(folded, 0) + 1
    classes = dict.fromkeys(lower, Case.ALSO_LOWER)
    for word, count in capital.items():
        if word not in lower:
            classes[word] = Case.ONCE if count == 1 else Case.ALWAYS_CAPITAL
    return classes


def _listed_names(text: str, lines: Sequence[_LineClass]) -> tuple[frozenset[str], frozenset[str]]:
    """Words and initials of the capitalised runs in lines near the head that are no prose."""
    words: set[str] = set()
    initials: set[str] = set()
    n_filled = 0
    for row, line in enumerate(lines):
        end = lines[row + 1].start if row + 1 < len(lines) else len(text)
        content = text[line.start : min(end, line.start + 2000)]
        if not content.strip():
            continue
        n_filled += 1
        if n_filled > HEAD_LINES:
            break
        if sum(word in _PROSE_WORDS for word in content.split()) > 1:
            continue
        for run in _NAME_RUN.findall(content):
            parts = [part.strip(".'’") for part in run.replace("-", " ").split()]
            parts = [part for part in parts if part]
            words.update(part.casefold() for part in parts if len(part) > 1)
            initials.update(("".join(part[0] for part in parts).upper(), parts[0][0] + parts[-1][0].upper()))
    return frozenset(words), frozenset(initials)


def _name_class(word: str, listed: frozenset[str], initials: frozenset[str]) -> Name:
    if 2 <= len(word) <= 4 and word.isupper() and word in initials:
        return Name.INITIALS
    return Name.LISTED if word.casefold() in listed and word[0].isupper() else Name.OTHER
