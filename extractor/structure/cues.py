"""Where a list of people is announced: "Present:", a heading "Attendees", "Apologies Ann Lee"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from extractor.structure.model import Line, LineKind
from extractor.structure.rosters import Look, look_of
from extractor.structure.vocabulary import attendance_words

MAX_HEAD_WORDS: Final = 12
MAX_HEAD_CHARS: Final = 400
MAX_CELLS: Final = 64
HEAD_LINES: Final = 15
MAX_ROSTER_DISTANCE: Final = 6
"""A group's name alone announces people in the first lines, or this many lines after another announcement."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_HEAD_END: Final = re.compile(
    r"\s{0,3}[*_]{0,3}(?:[:;]|\s[-–—]\s|[–—](?=\s)|-(?=\s))[*_]{0,3}|[*_]{2,3}(?=\s)|\t|\|\s?|\s{3,60}"
)
_INLINE_NUMBER: Final = re.compile(r"(?<=\s)\d{1,2}(?:\.\d{1,2})?\.?\s{0,2}(?=[A-Z])")
LONG_LINE: Final = 300
_BRACKET: Final = re.compile(r"\([^()\n]{0,120}\)")
_INLINE: Final = re.compile(
    r"(?:(?<=[.;,)\]*_|] )|(?<=[*_|\t])|(?<=  )|(?<=\d )|(?<=[a-z)] ))"
    r"(?P<head>[A-Z][\w’'/-]*(?: [\w’'/-]{1,20}){0,4})[*_]{0,3}(?:\s?\([^()\n]{0,60}\)[*_]{0,3})?(?:\s?:|\s[-–]\s)",
)


@dataclass(frozen=True, slots=True)
class Cue:
    """An announcement of people: its words are `start` to `end`, where the list begins; `line` is an index."""

    start: int
    end: int
    status: str
    line: int
    own_line: bool
    """Whether nothing follows on the line."""
    level: int
    """Markdown level of the heading that it is, else 0."""
    generic: bool = False
    """Whether it only says "attendance" or names a group, so that a label under it may say more."""
    roster: bool = False
    """Whether it only names a group ("Panel:"), which tells of attendance only in the right place."""
    in_cell: bool = False
    """Whether it stands in a cell of a table row other than the first."""


def find_cues(text: str, lines: Sequence[Line]) -> list[Cue]:
    """Every announcement, in order: at the start of a line, of a table cell, and after a sentence."""
    cues: list[Cue] = []
    n_seen, last = 0, -MAX_ROSTER_DISTANCE
    for index, line in enumerate(lines):
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            continue
        n_seen += 1
        near = n_seen <= HEAD_LINES or n_seen - last <= MAX_ROSTER_DISTANCE
        found = [cue for cue in _of_line(text, line, index) if near or not cue.roster]
        last = n_seen if found else last
        cues += found
    return cues


def _of_line(text: str, line: Line, index: int) -> Iterator[Cue]:
    lead = _leading(text, line, index, line.body, line.body_end)
    if lead is not None:
        yield lead
    if line.kind is LineKind.TABLE_ROW:
        for start, end in list(_cells(text, line))[1:]:
            cue = _leading(text, line, index, start, end)
            if cue is not None:
                yield replace(cue, own_line=False, in_cell=True)
        return
    begin = max(line.body, lead.end - 1 if lead else line.body)
    for match in _INLINE.finditer(text, begin, line.end):
        for at in _suffix_starts(match["head"]):
            status = status_of(match["head"][at:], strict=True)
            if status is not None:
                yield Cue(match.start("head") + at, match.end(), status, index, False, 0)
                break
    if line.end - line.start >= LONG_LINE:
        yield from _numbered(text, line, index, begin)


def _numbered(text: str, line: Line, index: int, begin: int) -> Iterator[Cue]:
    """ "… 2.Apologies Ann Lee 3.Minutes …" in a line that holds much of the document."""
    for number in _INLINE_NUMBER.finditer(text, begin, line.end):
        match = _status_at_start().match(text, number.end(), line.end)
        if match is not None and text[match.end() : match.end() + 2].strip()[:1].isupper():
            status = status_of(match[0], strict=True)
            if status is not None:
                yield Cue(number.end(), match.end(), status, index, False, 0)


def _suffix_starts(head: str) -> Iterator[int]:
    """Where the announcement may begin in the words before a colon: "10.30am Zoom PRESENT:"."""
    yield from (m.start() for m in re.finditer(r"(?<![\w’'/-])[A-Z]", head))


def _cells(text: str, line: Line) -> Iterator[tuple[int, int]]:
    """Where the cells of a row of text begin and end, without the white space around them."""
    at = line.body
    for part in text[line.body : line.body_end].split("|")[:MAX_CELLS]:
        yield at + len(part) - len(part.lstrip(" *_")), at + len(part.rstrip())
        at += len(part) + 1


def _leading(text: str, line: Line, index: int, start: int, stop: int) -> Cue | None:
    words = text[start : min(stop, start + MAX_HEAD_CHARS)]
    plain = _BRACKET.sub(lambda m: " " * len(m[0]), words)
    head_end = _HEAD_END.search(plain)
    head = plain[: head_end.start()] if head_end else plain
    level = line.level if line.bullet and line.bullet.startswith("#") else 0
    status = status_of(head, strict=head_end is None and line.kind not in (LineKind.HEADING, LineKind.PARAGRAPH))
    if status is not None and (head_end or len(head.split()) <= 6 or line.kind is LineKind.HEADING):
        end = start + head_end.end() if head_end else stop
        own_line = not text[end:stop].strip(" *_:-.|")
        generic = "attendance" in head.lower() and len(head.split()) < 3
        return Cue(start, end, status, index, own_line, level, generic)
    if (head_end or line.kind is LineKind.HEADING) and _names_group(head):
        end = start + head_end.end() if head_end else stop
        own_line = not text[end:stop].strip(" *_:-.|")
        if own_line or _lists_names(words[end - start :]):
            return Cue(start, end, _status_of_group(head), index, own_line, level, roster=True)
    return _run_in(start, index, plain)


def group_status(head: str) -> str | None:
    """The status of the people whom a group's name announces: "Board members", "Hilltop Board Members", "Officials".

    None for other words; names of the body are taken for what they are only where something else says that people
    are listed.
    """
    words = [w for w in _WORD.findall(head) if w.lower() in _known_words() or not w[0].isupper()]
    return _status_of_group(head) if words and _names_group(" ".join(words)) else None


def _status_of_group(head: str) -> str:
    others = {w.lower() for w in _WORD.findall(head)} & attendance_words().modifiers["in_attendance"]
    return "in_attendance" if others else "present"


def _names_group(head: str) -> bool:
    """Whether the words name a group of people: "Panel", "Board members"."""
    vocabulary = attendance_words()
    words = [w.lower() for w in _WORD.findall(head)]
    known = vocabulary.filler.union(*vocabulary.modifiers.values())
    return " ".join(words) in vocabulary.rosters or (
        bool(words) and len(words) <= 4 and words[-1] in vocabulary.rosters and all(w in known for w in words)
    )


def _lists_names(words: str) -> bool:
    return look_of(words, bulleted=False) is Look.ROSTER


def _run_in(start: int, index: int, plain: str) -> Cue | None:
    """ "Present Councillors D Reed, …": an announcement that only its capital sets off from the names."""
    match = _status_at_start().match(plain)
    if match is None:
        return None
    rest = plain[match.end() :].lstrip()
    if not rest or not (rest[0].isupper() or rest.startswith(("from ", "by ", "were ", "was "))):
        return None
    names = rest if rest[0].isupper() else rest.split(" ", 1)[-1]
    first = _WORD.match(names)
    if first is None or not names[0].isupper() or first[0].lower() in attendance_words().stops:
        return None
    status = status_of(match[0], strict=False)
    end = start + len(plain) - len(names)
    return Cue(start, end, status, index, False, 0) if status else None


@cache
def _status_at_start() -> re.Pattern[str]:
    vocabulary = attendance_words()
    everyday = vocabulary.everyday
    phrases = sorted((p for ps in vocabulary.status.values() for p in ps if p not in everyday), key=len, reverse=True)
    return re.compile(
        r"(?:those |members |councillors |cllrs )?(?:" + "|".join(map(re.escape, phrases)) + r")\b", re.IGNORECASE
    )


def status_of(head: str, *, strict: bool) -> str | None:
    """The status that the words of a heading announce, or None; `strict` allows no word outside the vocabulary."""
    vocabulary = attendance_words()
    if len(head) > MAX_HEAD_CHARS or not _any_status().search(head):
        return None
    words = [w.lower() for w in _WORD.findall(head.replace("/", " "))]
    if not words or len(words) > MAX_HEAD_WORDS:
        return None
    joined = f" {' '.join(words)} "
    found = {
        s: max((len(p) for p in phrases if f" {p} " in joined), default=0) for s, phrases in vocabulary.status.items()
    }
    found = {s: n for s, n in found.items() if n}
    if not found:
        return None
    known = _known_words()
    unknown = [w for w in words if w not in known]
    is_everyday = any(f" {phrase} " in joined for phrase in vocabulary.everyday)
    if len(unknown) > (0 if strict or is_everyday else 2) or any(w in vocabulary.prose - known for w in words):
        return None
    return _settle(found, set(words))


@cache
def _any_status() -> re.Pattern[str]:
    phrases = sorted(p for ps in attendance_words().status.values() for p in ps)
    return re.compile("|".join(r"\s".join(map(re.escape, p.split())) for p in phrases), re.IGNORECASE)


@cache
def _known_words() -> frozenset[str]:
    vocabulary = attendance_words()
    phrases = (p.split() for ps in vocabulary.status.values() for p in ps)
    return vocabulary.filler.union(*vocabulary.modifiers.values(), *phrases)


def _settle(found: dict[str, int], words: set[str]) -> str:
    modifiers = attendance_words().modifiers
    if "apologies" in found:
        return "apologies"
    if "absent" in found:
        return "absent"
    if "guest" in found or words & modifiers["guest"]:
        return "guest"
    if words & modifiers["in_attendance"]:
        return "in_attendance"
    if "in_attendance" in found and not words & modifiers["present"]:
        return "in_attendance"
    return "present"
