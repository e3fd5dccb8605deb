"""The people of a document over all their mentions, and the attendance list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from extractor.annotations import Span
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
MAX_NOTE: Final = 80
"""Characters behind a name in which its note is looked for."""


@dataclass
class Someone:
    """A person while the mentions are gathered."""

    mentions: list[Span] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)

    def add(self, mention: Span, name: Name) -> None:
        """Take a mention in."""
        self.mentions.append(mention)
        if name not in self.names:
            self.names.append(name)

    @property
    def is_listed(self) -> bool:
        """Whether a mention stands in the attendance list."""
        return any("att" in mention.attributes for mention in self.mentions)


@dataclass(frozen=True)
class People:
    """The people in the order of their first mention, and who each mention is."""

    everyone: tuple[Someone, ...]
    ids: dict[str, str]
    """Id of a span to the id of its person; of a ROLE only where one person alone holds that role."""


def gather_people(frame: Frame) -> People:
    """Merge mentions that can only be of one person: full names first, then initials, then single names."""
    mentions = [(span, parse_name(frame.words(span))) for span in frame.annotated.with_label("PERSON")]
    everyone: list[Someone] = []
    taken = _merge_full_names([pair for pair in mentions if pair[1].is_full], everyone)
    taken |= _merge_aliases(frame, mentions, everyone, taken)
    for wants_sign in (True, False):
        for span, name in mentions:
            if span.id not in taken and bool(name.sign) == wants_sign:
                _place(span, name, everyone)
                taken.add(span.id)
    for someone in everyone:
        someone.mentions.sort(key=lambda span: span.start)
    everyone.sort(key=lambda someone: someone.mentions[0].start)
    ids = {mention.id: f"p{n}" for n, someone in enumerate(everyone, 1) for mention in someone.mentions}
    return People(tuple(everyone), {**_holders(frame, ids), **ids})


def _merge_full_names(mentions: Sequence[tuple[Span, Name]], everyone: list[Someone]) -> set[str]:
    """The most complete names first, so that "A Lee" finds "Ann Lee"; two rows of a list are two people."""
    for span, name in sorted(mentions, key=lambda pair: (-pair[1].n_letters, pair[0].start)):
        same = [someone for someone in everyone if name in someone.names]
        fitting = same or [
            someone
            for someone in everyone
            if not ("att" in span.attributes and someone.is_listed) and all(may_be_same(name, n) for n in someone.names)
        ]
        if len(fitting) == 1:
            fitting[0].add(span, name)
        else:
            everyone.append(Someone([span], [name]))
    return {span.id for span, _ in mentions}


def _merge_aliases(
    frame: Frame, mentions: Sequence[tuple[Span, Name]], everyone: list[Someone], taken: set[str]
) -> set[str]:
    """Initials or a sign in brackets, or in the next column, right behind a full name."""
    merged: set[str] = set()
    for (full, name), (alias, sign) in pairwise(mentions):
        gap = frame.text[full.end : alias.start]
        beside = re.fullmatch(r"\s*[(\[]|[ ]{2,}|\t|\s?\|\s*|\s[-\u2013]\s", gap) is not None and len(gap) < 40
        if beside and name.is_full and not sign.is_full and alias.id not in taken:
            if not (may_be_same(sign, name) or "(" in gap or "[" in gap):
                continue
            someone = next(one for one in everyone if full in one.mentions)
            someone.add(alias, sign)
            merged.add(alias.id)
    return merged


def _place(span: Span, name: Name, everyone: list[Someone]) -> None:
    """With the one person that the mention fits; of several with the one that is listed, else with nobody."""
    same = [someone for someone in everyone if name in someone.names]
    fitting = same or [
        someone for someone in everyone if any(n.is_full and may_be_same(name, n) for n in someone.names)
    ]
    if len(fitting) > 1:
        fitting = [someone for someone in fitting if someone.is_listed]
    if len(fitting) == 1:
        fitting[0].add(span, name)
    else:
        everyone.append(Someone([span], [name]))


def _holders(frame: Frame, ids: dict[str, str]) -> dict[str, str]:
    """Id of each ROLE span to the only person who holds a role of that name in the document."""
    holders: dict[str, set[str]] = {}
    for person in frame.annotated.with_label("PERSON"):
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
    for span in frame.annotated.with_label("PERSON"):
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
    following = (other.start for other in frame.annotated.with_label("PERSON") if other.start >= span.end)
    stretch = frame.text[span.end : min(limit, next(following, limit))].partition("\n")[0]
    match = _NOTE.search(stretch)
    return " ".join(match.group().split()).strip(" ,-") if match else None
