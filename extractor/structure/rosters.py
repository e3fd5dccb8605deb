"""What a line of a list of people looks like, and what comes after such a list."""

import re
from enum import Enum
from typing import Final

from extractor.structure.vocabulary import attendance_words

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+)*\.?")
_MARKUP: Final = re.compile(r"[*_`]{1,3}|\[[ xX✓]\]|\(\s?\)|^\s*[xX]?\s*\||<[^<>\n]{0,80}>|https?://\S{1,300}")
_ROOM: Final = re.compile(r"\s*\d{1,6}[a-z]?\s*[-–:.]?\s*", re.IGNORECASE)
_NOTE: Final = re.compile(
    r"\b(?:joined|arrived|left|late|apologi[sz]ed|via|by phone|remote(?:ly)?|dial(?:l?ed)?[- ]in|until|from item)\b",
    re.I,
)
_PARTICLES: Final = frozenset(
    (
        "de",
        "da",
        "di",
        "du",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "bin",
        "al",
        "el",
        "y",
        "e",
        "of",
        "&",
        "and",
    )
)


class Look(Enum):
    """How a line may go on with a list of people."""

    ROSTER = 1
    NEUTRAL = 2
    STOP = 3


def look_of(words: str, *, bulleted: bool) -> Look:
    """Whether the words of a line are an entry of a list of people, may stand inside one, or end it."""
    vocabulary = attendance_words()
    plain = _MARKUP.sub(" ", words).strip()
    found = _WORD.findall(plain[:400])
    if not found:
        return Look.NEUTRAL
    lower = [w.lower().rstrip(".") for w in found]
    first = plain.split(",")[0]
    named = "," in plain and len(first.split()) <= 4 and _starts_with_name(first, bulleted)
    prose = 0 if named and bulleted else sum(w in vocabulary.prose for w in found)  # as written: "Will" is a name
    if lower[0] == "note":
        return Look.NEUTRAL
    if prose and not _NOTE.search(plain) and (prose > 1 or len(found) > 4):
        return Look.STOP
    if lower[0] in vocabulary.stops or (
        len(lower) <= 5 and "," not in plain and "   " not in plain and lower[-1] in vocabulary.stops
    ):
        return Look.STOP
    if plain.rstrip().endswith(":"):
        return Look.NEUTRAL
    if _starts_with_name(plain, bulleted):
        return Look.ROSTER
    return Look.NEUTRAL


def _starts_with_name(plain: str, bulleted: bool) -> bool:
    honorifics = attendance_words().honorifics
    room = _ROOM.match(plain)
    words = _WORD.findall(plain[room.end() if room else 0 :][:120])
    titled = False
    while words and words[0].lower().rstrip(".") in honorifics:
        titled, words = True, words[1:]
    if not words or not words[0][0].isupper():
        return False
    if titled or bulleted:
        return True
    if len(words) == 1:
        return words[0][0].isupper() and not words[0].isupper()
    return words[1][0].isupper() or words[1].lower() in _PARTICLES
