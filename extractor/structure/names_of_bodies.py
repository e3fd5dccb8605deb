"""The body that met and the organisation that it belongs to, as the head of the minutes names them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.normalize.dates import MONTHS
from extractor.structure.model import Located
from extractor.structure.vocabulary import words

_TOKEN: Final = re.compile(r"(?:St|Mt)\.|[^\W_](?:[\w’'.&/-]*\w)?|&")
_CONNECTORS: Final = frozenset(("of", "the", "and", "for", "&", "de", "on", "in", "to"))
_JOINS: Final = re.compile(r"[ \t]{1,2}|\s?\n?\s{0,2}")
_BREAKS: Final = frozenset(MONTHS) | frozenset(
    (
        *("minutes", "meeting", "meetings", "held", "monthly", "annual", "general", "special", "ordinary", "regular"),
        *(
            "extraordinary",
            "draft",
            "final",
            "agenda",
            "present",
            "record",
            "notes",
            "proceedings",
            "at",
            "annual",
            "public",
        ),
        *(
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "quarterly",
            "official",
            "business",
        ),
        *(
            "unapproved",
            "approved",
            "latest",
            "open",
            "from",
            "inaugural",
            "organization",
            "attendees",
            "members",
            "planning",
        ),
    )
)
_MAX_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int


def find_bodies(text: str, stretches: Sequence[tuple[int, int]]) -> tuple[Located | None, Located | None]:
    """(body, organisation): capitalised names that contain a word such as committee or association."""
    body = organisation = None
    for start, end in stretches:
        for run in _runs(text, start, end):
            found_body, found_organisation = _split(text, run)
            body = body or found_body
            organisation = organisation or found_organisation
    return body, organisation


def _runs(text: str, start: int, end: int) -> Iterator[list[_Token]]:
    """Stretches of capitalised words with small ones between them, cut at words that no name has."""
    run: list[_Token] = []
    for match in _TOKEN.finditer(text, start, end):
        token = _Token(match[0], match.start(), match.end())
        lower = token.word.lower()
        joined = not run or text[run[-1].end : token.start].strip("’' \t") == ""
        fits = lower not in _BREAKS and (
            token.word[0].isupper() or (bool(run) and (lower in _CONNECTORS or (lower.isdigit() and len(lower) < 3)))
        )
        if run and not (joined and fits and text[run[-1].end : token.start].count(" ") <= 2):
            yield run
            run = []
        if fits and not (not run and lower in _CONNECTORS):
            run.append(token)
    if run:
        yield run


def _split(text: str, run: Sequence[_Token]) -> tuple[Located | None, Located | None]:
    """A name as (body, organisation): "Board of Directors of the Example Trust" is both, one after the other."""
    lowered = [t.word.lower().strip(".") for t in run]
    bodies = [i for i, w in enumerate(lowered) if w in words("meeting", "body_words")]
    if not bodies or len(run) > _MAX_WORDS or len(run) == 1:
        return None, None
    last = bodies[-1]
    organised = [i for i in range(len(run)) if _ends_organisation(lowered[: i + 1])]
    if len(bodies) > 1 and lowered[bodies[0] + 1 : last].count("of") and organised and organised[-1] > bodies[0]:
        cut = bodies[0] + 1 + lowered[bodies[0] + 1 :].index("of")
        if lowered[cut + 1] == "directors" and "of" in lowered[cut + 1 :]:
            cut = cut + 1 + lowered[cut + 1 :].index("of")
        rest = [t for t in run[cut + 1 : organised[-1] + 1] if t.word.lower() != "the"]
        return _located(text, run[:cut]), _located(text, rest)
    if last == 0:
        return None, None
    name = _located(text, run if lowered[last + 1 : last + 2] == ["of"] else run[: last + 1])
    organisation = _located(text, run[: organised[-1] + 1]) if organised and organised[-1] > 0 else None
    return name, organisation


def _ends_organisation(lowered: Sequence[str]) -> bool:
    known = words("meeting", "organisation_words")
    return lowered[-1] in known or " ".join(lowered[-2:]) in known


def _located(text: str, tokens: Sequence[_Token]) -> Located | None:
    if not tokens:
        return None
    return Located(text[tokens[0].start : tokens[-1].end], tokens[0].start, tokens[-1].end)
