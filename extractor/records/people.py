"""The people of a document over all their mentions, and the attendance list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import within
from extractor.normalize.names import Name, display_name, may_be_same, parse_name
from extractor.records.frame import Frame
from extractor.schema import Attendance, AttendanceStatus, Person

_NOTE: Final = re.compile(
    r"(?<!\w)(?:"
    r"(?:from|until|till|up to|since|left|arrived|arriving|joined|joining|departed)\s+(?:at\s+)?"
    r"\d[\d:.]*\s*(?:[ap]\.?m\.?)?"
    r"|(?:for\s+)?(?:agenda\s+)?items?\s+[\d., &and-]*\d"
    r"|part(?:ial)?(?:\s+(?:of\s+)?(?:the\s+)?meeting)?|late"
    r"|(?:via|by|on)\s+(?:tele)?(?:phone|conference|zoom|teams|skype|video(?:\s?link)?)|remotely|online|virtual(?:ly)?"
    r")(?!\w)",
    re.IGNORECASE,
)
MAX_ALIAS_GAP: Final = 40
_BESIDE: Final = re.compile(r"\s*[(\[]|[ ]{2,}|\t|\s?\|\s*|\s[-\u2013]\s")
MAX_NOTE: Final = 80
"""Characters behind a name in which its note is looked for."""


@dataclass
class Someone:
    """A person while the mentions are gathered."""

    mentions: list[Span] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    is_listed: bool = False
    """Whether a mention stands in the attendance list."""


@dataclass
class Gathering:
    """The people found so far, and who bears each name."""

    everyone: list[Someone] = field(default_factory=list)
    bearers: dict[Name, list[Someone]] = field(default_factory=dict)
    by_mention: dict[str, Someone] = field(default_factory=dict)

    def add(self, span: Span, name: Name, fitting: Sequence[Someone]) -> None:
        """Give the mention to the one person whom it fits, else to a new one."""
        someone = fitting[0] if len(fitting) == 1 else Someone()
        if len(fitting) != 1:
            self.everyone.append(someone)
        someone.mentions.append(span)
        someone.is_listed |= "att" in span.attributes
        self.by_mention[span.id] = someone
        if name not in someone.names:
            someone.names.append(name)
            self.bearers.setdefault(name, []).append(someone)


@dataclass(frozen=True)
class People:
    """The people in the order of their first mention, and who each mention is."""

    everyone: tuple[Someone, ...]
    ids: dict[str, str]
    """Id of a span to the id of its person; of a ROLE only where one person alone holds that role."""


def gather_people(frame: Frame) -> People:
    """Merge mentions that can only be of one person: full names first, then initials, then single names."""
    mentions = [(span, parse_name(frame.words(span))) for span in frame.persons]
    gathering = Gathering()
    _add_full_names([pair for pair in mentions if pair[1].is_full], gathering)
    _add_aliases(frame, mentions, gathering)
    for wants_sign in (True, False):
        for span, name in mentions:
            if span.id not in gathering.by_mention and bool(name.sign) == wants_sign:
                gathering.add(span, name, _fitting(name, gathering))
    everyone = gathering.everyone
    for someone in everyone:
        someone.mentions.sort(key=lambda span: span.start)
    everyone.sort(key=lambda someone: someone.mentions[0].start)
    ids = {mention.id: f"p{n}" for n, someone in enumerate(everyone, 1) for mention in someone.mentions}
    return People(tuple(everyone), {**_holders(frame, ids), **ids})


def _add_full_names(mentions: Sequence[tuple[Span, Name]], gathering: Gathering) -> None:
    """The most complete names first, so that "A Lee" finds "Ann Lee"; two rows of a list are two people."""
    for span, name in sorted(mentions, key=lambda pair: (-pair[1].n_letters, pair[0].start)):
        is_row = "att" in span.attributes
        fitting = gathering.bearers.get(name) or [
            someone
            for someone in gathering.everyone
            if not (is_row and someone.is_listed) and all(may_be_same(name, n) for n in someone.names)
        ]
        gathering.add(span, name, fitting)


def _add_aliases(frame: Frame, mentions: Sequence[tuple[Span, Name]], gathering: Gathering) -> None:
    """Initials or a sign in brackets, or in the next column, right behind a full name."""
    for (full, name), (alias, sign) in pairwise(mentions):
        gap = frame.text[full.end : alias.start]
        if not name.is_full or sign.is_full or len(gap) > MAX_ALIAS_GAP or _BESIDE.fullmatch(gap) is None:
            continue
        if may_be_same(sign, name) or "(" in gap or "[" in gap:
            gathering.add(alias, sign, [gathering.by_mention[full.id]])


def _fitting(name: Name, gathering: Gathering) -> Sequence[Someone]:
    """Whom a sign or single name fits; of several those who are listed."""
    fitting = gathering.bearers.get(name) or [
        someone for someone in gathering.everyone if any(n.is_full and may_be_same(name, n) for n in someone.names)
    ]
    return fitting if len(fitting) == 1 else [someone for someone in fitting if someone.is_listed]


def _holders(frame: Frame, ids: dict[str, str]) -> dict[str, str]:
    """Id of each ROLE span to the only person who holds a role of that name in the document."""
    holders: dict[str, set[str]] = {}
    for person in frame.persons:
        for role in frame.tails(person, "role"):
            holders.setdefault(frame.words(role).casefold(), set()).add(ids[person.id])
    named = {role.id: holders.get(frame.words(role).casefold(), set()) for role in frame.annotated.with_label("ROLE")}
    return {role: next(iter(persons)) for role, persons in named.items() if len(persons) == 1}


def people_records(frame: Frame, people: People) -> list[Person]:
    """The people as the record shows them."""
    return [
        Person(
            id=f"p{n}",
            name=display_name(frame.words(mention) for mention in someone.mentions),
            roles=_roles(frame, someone),
            mentions=[frame.span_ids[mention.id] for mention in someone.mentions],
        )
        for n, someone in enumerate(people.everyone, 1)
    ]


def _roles(frame: Frame, someone: Someone) -> list[str]:
    roles: dict[str, str] = {}
    for mention in someone.mentions:
        for role in frame.tails(mention, "role"):
            roles.setdefault(frame.words(role).casefold(), frame.words(role))
    return list(roles.values())


def attendance_records(frame: Frame, people: People) -> list[Attendance]:
    """The rows of the attendance lists, in order; a person has one row for each status."""
    rows: dict[tuple[str, str], Attendance] = {}
    for span in frame.persons:
        if "att" not in span.attributes:
            continue
        status: AttendanceStatus = span.attributes["att"]  # type: ignore[assignment]
        roles = frame.tails(span, "role")
        row = Attendance(
            person=people.ids[span.id],
            name=frame.words(span),
            role=", ".join(frame.words(role) for role in roles) or None,
            status=status,
            note=_note(frame, span),
            span=frame.span_ids[span.id],
        )
        rows.setdefault((row.person, status), row)
    return list(rows.values())


def _note(frame: Frame, span: Span) -> str | None:
    """What the entry adds about when or how the person took part, up to the next person or the end of the line."""
    limit = min(len(frame.text), span.end + MAX_NOTE)
    following = (other.start for other in within(frame.persons, span.end, limit))
    stretch = frame.text[span.end : next(following, limit)].partition("\n")[0]
    match = _NOTE.search(stretch)
    return " ".join(match.group().split()).strip(" ,-") if match else None
