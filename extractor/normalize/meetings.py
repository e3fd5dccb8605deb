"""Future and earlier meetings, and due dates, to dates: what the text says, counted from the meeting minuted."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from extractor.normalize.dates import PartialDate, parse_date

_NEXT: Final = re.compile(
    r"\b(?:next|following)\b.{0,60}?\b(?:meeting|session|agenda|call)\b|\bnext\s+time\b", re.IGNORECASE
)
_GENERIC: Final = frozenset(
    (
        "the",
        "our",
        "next",
        "following",
        "meeting",
        "meetings",
        "session",
        "call",
        "time",
        "agenda",
        "regular",
        "scheduled",
        "of",
    )
)
_MONTH_END: Final = re.compile(r"\bend\s+of\s+(?:the|this)\s+month\b|\bthis\s+month\b|\bmonth[- ]end\b", re.IGNORECASE)
_NEXT_MONTH: Final = re.compile(r"\bnext\s+month\b", re.IGNORECASE)
_NEXT_YEAR: Final = re.compile(r"\bnext\s+year\b", re.IGNORECASE)
_END_OF_YEAR: Final = re.compile(r"\bend\s+of\s+(?:the|this)\s+(?:calendar\s+)?year\b|\byear\s+end\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A date as far as it is known, and how it follows from the text; without a date there is no basis."""

    date: PartialDate | None = None
    basis: str | None = None

    @property
    def isoformat(self) -> str | None:
        """YYYY, YYYY-MM or YYYY-MM-DD."""
        return self.date.isoformat() if self.date else None

    @property
    def precision(self) -> Literal["year", "month", "day"] | None:
        """How far the date is known."""
        if self.date is None:
            return None
        return "year" if self.date.month is None else "month" if self.date.day is None else "day"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the document says of its own meeting, as far as dates hang on it."""

    meeting: PartialDate | None = None
    next_meeting: PartialDate | None = None
    body: str | None = None
    day_first: bool = True


def resolve_meeting(text: str, calendar: Calendar) -> Resolved:
    """The date of a future meeting; a month that is the meeting's own or before it is of the next year."""
    text = " ".join(text.split())
    stated = parse_date(text, day_first=calendar.day_first)
    if stated is not None:
        return Resolved(stated, "stated")
    reference = calendar.meeting
    following = parse_date(text, reference=reference, day_first=calendar.day_first) if reference else None
    if following is not None and reference is not None:
        if following.day is not None:
            return Resolved(following, "next such day after the meeting")
        if (following.year, following.month) == (reference.year, reference.month):
            following = PartialDate(following.year + 1, following.month)
        return Resolved(following, "month after the meeting")
    if _is_next(text, calendar.body):
        next_meeting = calendar.next_meeting
        return Resolved(next_meeting, "next meeting as stated") if next_meeting else Resolved()
    return _relative(text, reference)


def resolve_due(text: str, calendar: Calendar) -> Resolved:
    """The date by which something is due; a bare month can be that of the meeting itself."""
    text = " ".join(text.split())
    stated = parse_date(text, day_first=calendar.day_first)
    if stated is not None:
        return Resolved(stated, "stated")
    if calendar.meeting is not None:
        following = parse_date(text, reference=calendar.meeting, day_first=calendar.day_first)
        if following is not None:
            return Resolved(
                following, "next such day after the meeting" if following.day else "month after the meeting"
            )
    if _is_next(text, calendar.body):
        return Resolved(calendar.next_meeting, "next meeting as stated") if calendar.next_meeting else Resolved()
    return _relative(text, calendar.meeting)


def resolve_past(text: str, calendar: Calendar) -> Resolved:
    """The date of an earlier meeting; without a year it is the last such day or month before the meeting."""
    text = " ".join(text.split())
    stated = parse_date(text, day_first=calendar.day_first)
    if stated is not None:
        return Resolved(stated, "stated")
    reference = calendar.meeting
    if reference is None or reference.month is None:
        return Resolved()
    for year in (reference.year, reference.year - 1):
        found = parse_date(text, reference=PartialDate(year, 1, 1), day_first=calendar.day_first)
        if found is not None and found.year == year and found < _up_to(reference, found):
            return Resolved(found, "last such date before the meeting")
    return Resolved()


def _up_to(reference: PartialDate, found: PartialDate) -> PartialDate:
    """The meeting's date in the precision of the date that is compared with it."""
    return reference if found.day else PartialDate(reference.year, reference.month)


def _is_next(text: str, body: str | None) -> bool:
    """Whether the text means the next meeting of the same body: no word of it names another."""
    if _NEXT.search(text) is None:
        return False
    own = set(re.findall(r"[a-z]+", (body or "").lower()))
    named = {word for word in re.findall(r"[a-z]+", text.lower()) if word not in _GENERIC}
    return named <= own


def _relative(text: str, meeting: PartialDate | None) -> Resolved:
    if meeting is None or meeting.month is None:
        return Resolved()
    month = PartialDate(meeting.year, meeting.month)
    if _MONTH_END.search(text):
        return Resolved(month, "month of the meeting")
    if _NEXT_MONTH.search(text):
        after = PartialDate(month.year + (meeting.month == 12), meeting.month % 12 + 1)
        return Resolved(after, "month after the meeting")
    if _END_OF_YEAR.search(text):
        return Resolved(PartialDate(meeting.year), "year of the meeting")
    if _NEXT_YEAR.search(text):
        return Resolved(PartialDate(meeting.year + 1), "year after the meeting")
    return Resolved()
