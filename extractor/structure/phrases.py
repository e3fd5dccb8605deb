"""Phrases of the vocabulary as patterns, and headings compared with them."""

import re
from functools import cache
from typing import Final

_EDGE: Final = re.compile(r"^[\W\d_]+|[\W_]+$")
_WORD_START: Final = re.compile(r"[^a-z0-9]")
_SPACES: Final = re.compile(r"[\s*_#]+")


def fold(words: str) -> str:
    """Lower case, one space between words, no marks around."""
    return _EDGE.sub("", _SPACES.sub(" ", words).lower().replace("’", "'"))


@cache
def pattern(phrases: frozenset[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, the longest first, in any case and over a line wrap."""
    longest_first = sorted(phrases, key=lambda p: (-len(p), p))
    joined = "|".join(r"\s{1,4}".join(map(re.escape, p.split())) for p in longest_first)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


@cache
def _first_words(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(_WORD_START.split(phrase, maxsplit=1)[0] for phrase in phrases)


def begins_with(words: str, phrases: frozenset[str]) -> str | None:
    """The longest phrase that the folded words begin with as whole words, or None."""
    folded = fold(words) + " "
    if _WORD_START.split(folded, maxsplit=1)[0] not in _first_words(phrases):
        return None
    return max((p for p in phrases if folded.startswith(p) and not folded[len(p)].isalnum()), key=len, default=None)
