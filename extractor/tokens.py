"""Cut a text into tokens that cover it: words, numbers, single signs, and the white space that carries layout.

A single space between tokens is no token; any other white space (line breaks, paragraph breaks, tabs, column
gaps) is one, as in spaCy. The cutter is a single regular expression, so its time is linear in the text.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MAX_TOKEN_CHARS: Final = 48
_TOKEN: Final = re.compile(
    rf"\d{{1,{MAX_TOKEN_CHARS}}}(?:[.,]\d{{1,12}}){{0,6}}|[^\W\d_][^\W\d_\u0300-\u036f]{{0,{MAX_TOKEN_CHARS}}}|\s+|."
)


class Gap(IntEnum):
    """What a white-space token means for the layout."""

    NONE = 0
    LINE = 1
    PARAGRAPH = 2
    COLUMN = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of the text; `gap` is NONE for all that is not white space."""

    start: int
    end: int
    text: str
    gap: Gap = Gap.NONE


def tokenize(text: str) -> tuple[Token, ...]:
    """The tokens of `text`, in order; what lies between two of them is a single space at most."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end, word = match.start(), match.end(), match.group()
        if not word.isspace():
            tokens.append(Token(start, end, word))
            continue
        if word.startswith(" ") and start > 0:
            start, word = start + 1, word[1:]
        if word:
            tokens.append(Token(start, end, word, _gap(word)))
    return tuple(tokens)


def _gap(space: str) -> Gap:
    n_breaks = space.count("\n")
    if n_breaks == 0:
        return Gap.COLUMN
    return Gap.LINE if n_breaks == 1 else Gap.PARAGRAPH
