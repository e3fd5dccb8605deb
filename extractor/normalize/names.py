"""Names of people: whether two mentions can be of one person, and which of them shows the person best."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HONORIFICS: Final = frozenset(
    (
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "lord",
        "lady",
        "baroness",
        "rev",
        "revd",
        "reverend",
        "cllr",
        "clr",
        "councillor",
        "judge",
        "capt",
        "captain",
        "fr",
        "the",
    )
)
PARTICLES: Final = frozenset(
    (
        "van",
        "von",
        "der",
        "den",
        "de",
        "la",
        "le",
        "di",
        "da",
        "du",
        "del",
        "dos",
        "ter",
        "ten",
        "al",
        "bin",
        "ibn",
        "mac",
        "mc",
        "st",
    )
)
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", re.UNICODE)
_SIGN: Final = re.compile(r"[A-Z]{2,4}|(?:[A-Z]\.\s?){2,4}|[A-Z][a-z]?[A-Z][A-Za-z]{0,2}")


@dataclass(frozen=True, slots=True)
class Name:
    """A mention taken apart: given names or their initials, and the surname with its particles, all folded."""

    given: tuple[str, ...]
    surname: str | None
    sign: str | None = None
    """Initials or a short form that stands for the whole name, folded ("ahop")."""

    @property
    def n_letters(self) -> int:
        """How much of the name is spelt out."""
        return sum(len(part) for part in self.given) + len(self.surname or "")

    @property
    def is_full(self) -> bool:
        """Whether a given name, or its initial, and a surname are both there."""
        return bool(self.given and self.surname)

    @property
    def initials(self) -> str:
        """The first letters of the given names and of the parts of a surname with a hyphen, without particles."""
        parts = [*self.given, *re.split(r"[\s-]", self.surname or "")]
        return "".join(part[0] for part in parts if part and part not in PARTICLES)


def parse_name(text: str) -> Name:
    """The parts of a mention; one word is a given name or a surname, which the mention alone does not tell."""
    stripped = text.strip().lstrip("@")
    if _SIGN.fullmatch(stripped):
        return Name((), None, re.sub(r"[.\s]", "", stripped).casefold())
    words = [_fold(token) for token in _TOKEN.findall(re.sub(r"\([^)]*\)", " ", stripped))]
    words = [word for word in words if word not in HONORIFICS] or words
    if not words:
        return Name((), None, _fold(stripped))
    first = next((i for i, word in enumerate(words[:-1]) if word in PARTICLES), len(words) - 1)
    return Name(tuple(words[:first]), " ".join(words[first:])) if len(words) > 1 else Name((), words[0])


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).replace("'", "")


def may_be_same(one: Name, other: Name) -> bool:
    """Whether both can be mentions of one person: no part that both have says otherwise."""
    if one.sign and other.sign:
        return one.sign == other.sign
    if one.sign or other.sign:
        short, long = (one, other) if one.sign else (other, one)
        return _sign_fits(short.sign or "", long)
    if one.surname is None or other.surname is None:
        return False
    if one.is_full and other.is_full:
        return _surnames_fit(one.surname, other.surname) and _given_fit(one.given, other.given)
    if not one.given and not other.given:
        return one.surname == other.surname
    short, full = (one, other) if not one.given else (other, one)
    alone = short.surname or ""
    return _surnames_fit(alone, full.surname or "") or _part_fits(alone, full.given[0]) or alone in full.given


def _sign_fits(sign: str, name: Name) -> bool:
    initials = name.initials
    if not name.given:
        return False
    return sign in (initials, initials[0] + initials[-1]) or (
        len(sign) > 2 and sign[0] == initials[0] and (name.surname or "").replace(" ", "").startswith(sign[1:])
    )


def _surnames_fit(one: str, other: str) -> bool:
    """Equal, or one is the last part of a double name; a single letter is its initial."""
    if one == other or len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    if not (one in other or other in one):
        return False
    return one in _surname_parts(other) or other in _surname_parts(one)


def _surname_parts(surname: str) -> set[str]:
    """What can stand for the surname: either side of a hyphen, and the name without its particles."""
    return {part for part in re.split(r"[\s-]", surname) if part not in PARTICLES}


def _given_fit(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return _part_fits(one[0], other[0])


def _part_fits(one: str, other: str) -> bool:
    """ "ann" and "a", "chris" and "christopher"."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) if len(short) != 2 else long == short or long.startswith(short)


def display_name(mentions: Iterable[str]) -> str:
    """The mention that shows most of the name, on one line; of equals the first."""
    return max((" ".join(mention.split()) for mention in mentions), key=_completeness)


def _completeness(mention: str) -> tuple[bool, int]:
    name = parse_name(mention)
    return name.is_full, name.n_letters
