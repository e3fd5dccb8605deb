"""Phrases of the vocabulary as patterns, and headings compared with them."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

_EDGE: Final = re.compile(r"^[\W\d_]+|[\W_]+$")
_SPACES: Final = re.compile(r"[\s*_#]+")


def fold(words: str) -> str:
    """Lower case, one space between words, no marks around."""
    return _EDGE.sub("", _SPACES.sub(" ", words).lower().replace("’", "'"))  # noqa: RUF001


@cache
def pattern(phrases: frozenset[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, the longest first, in any case and over a line wrap."""
    longest_first = sorted(phrases, key=lambda p: (-len(p), p))
    joined = "|".join(r"\s{1,4}".join(map(re.escape, p.split())) for p in longest_first)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


def begins_with(words: str, phrases: Iterable[str]) -> str | None:
    """The longest phrase that the folded words begin with as whole words, or None."""
    folded = fold(words) + " "
    return max((p for p in phrases if folded.startswith(p) and not folded[len(p)].isalnum()), key=len, default=None)
