"""Dates and times as minutes write them, to the precision that they state; nothing is filled in.

Places, fiscal years and phrases such as "next month" are not read here. Times of day live in `times` and can be
had from here too.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import Final

from extractor.normalize.times import parse_time, parse_time_range

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "PartialDate",
    "find_dates",
    "last_day",
    "parse_date",
    "parse_time",
    "parse_time_range",
]

MONTHS: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "febuary", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
"""Names and abbreviations of the months, lower case, to their numbers."""

WEEKDAYS: Final[dict[str, int]] = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
"""The first three letters of a weekday to its number, Monday first."""

TWO_DIGIT_PIVOT: Final = 70
"""Years written with two digits are of the 2000s below it, of the 1900s from it on."""


@total_ordering
@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is stated; one that leaves out the day sorts before the days of its month.

    Raises:
        ValueError: a day without a month, or a date that the calendar does not have.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day without a month")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def fromisoformat(cls, text: str) -> "PartialDate":
        """The date of YYYY, YYYY-MM or YYYY-MM-DD.

        Raises:
            ValueError: it is none of these.
        """
        match = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", text)
        if match is None:
            raise ValueError("not YYYY, YYYY-MM or YYYY-MM-DD")
        return cls(*(int(part) for part in match.groups() if part is not None))

    @property
    def precision(self) -> str:
        """ "year", "month" or "day"."""
        return "year" if self.month is None else "month" if self.day is None else "day"

    def isoformat(self) -> str:
        """YYYY, YYYY-MM or YYYY-MM-DD."""
        parts = (f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None))
        return "-".join(parts)

    def __lt__(self, other: "PartialDate") -> bool:
        return (self.year, self.month or 0, self.day or 0) < (other.year, other.month or 0, other.day or 0)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a stretch of text says of a date; of a numeric one `alternatives` are the (month, day) to try in turn."""

    start: int
    end: int
    year: int | None
    alternatives: tuple[tuple[int, int | None], ...]
    weekday: int | None = None

    def in_year(self, year: int) -> PartialDate | None:
        """The date in that year: the first reading that the calendar has, one on the stated weekday before others."""
        dates = [d for month, day in self.alternatives if (d := _valid(year, month, day)) is not None]
        on_weekday = [d for d in dates if d.day and date(d.year, d.month or 1, d.day).weekday() == self.weekday]
        return next(iter(on_weekday + dates), None)


_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")(?![a-z])\.?"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)(?:\s?(?:st|nd|rd|th)(?![a-z])\.?)?"
_LAST_DAY = r"(?:\s{0,2}(?:-|–|to|and|&)\s{0,2}\d{1,2}(?!\d)(?:\s?(?:st|nd|rd|th)(?![a-z]))?)?"
_YEAR = r"(?P<year>(?:1[89]|20)\d\d)(?!\d)"
_WEEKDAY_BEFORE: Final = re.compile(
    r"(?<![a-z])(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|r|ur)?(?:day)?\.?,?\s{0,3}(?:the\s)?$",
    re.IGNORECASE,
)
_SHORT_YEAR = (
    r"(?:\s{0,2},?\s{0,2}['’‘](?P<short>\d\d)(?!\d)|[-/](?P<dashed>\d\d)(?!\d)"
    r"|\s(?P<last>\d\d)(?=[ \t]{0,3}(?:\n|\Z)))"
)
_FORMS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.:£$€])(?<!\d[-/]){_DAY}{_LAST_DAY}\s{{0,3}}(?:,\s?|[-/]|day\s)?(?:of\s{{1,3}})?{_MONTH}"
        rf"(?:[\s,./-]{{0,4}}{_YEAR}|{_SHORT_YEAR})?",
        rf"(?<![a-z\d/-]){_YEAR}[-/\s,]{{1,2}}{_MONTH}(?:[-/\s]{{1,2}}{_DAY})?",
        rf"(?<![a-z]){_MONTH}\s{{0,3}}{_DAY}(?![:.]\d){_LAST_DAY}(?:[\s,.]{{1,4}}{_YEAR}|{_SHORT_YEAR})?",
        rf"(?<![a-z]){_MONTH}(?:[\s,/-]{{1,4}}(?:of\s)?{_YEAR}|{_SHORT_YEAR})",
        r"(?<![\d/.-])(?P<year>(?:19|20)\d\d)(?P<sep>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=sep)(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)",
        r"(?<![\d/.£$€-])(?P<a>\d{1,2})(?P<sep>[-/])(?P<b>\d{1,2})(?P=sep)"
        r"(?P<year>(?:19|20)\d\d|\d\d)(?![\d/-])",
        r"(?<![\d/.£$€-])(?P<a>\d{1,2})\.\s?(?:(?P<b>\d{1,2})\.\s?(?P<year>(?:19|20)\d\d)"
        r"|(?P<bb>\d\d)\.(?P<short>\d\d))(?![\d/-]|\.\d)",
        rf"(?<![a-z]){_MONTH}",
    )
)
"""From the fullest form to the barest: a form reads only what the ones before it left."""


def last_day(text: str) -> str:
    """The last day, as YYYY-MM-DD, of a date written YYYY, YYYY-MM or YYYY-MM-DD."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return text
    year, month = (parts[0], 12) if len(parts) == 1 else parts
    return f"{text[:4]}-{month:02}-{monthrange(year, month)[1]:02}"


def parse_date(text: str, *, reference: PartialDate | None = None, day_first: bool = True) -> PartialDate | None:
    """The first date that `text` states with a year, else the only thing it can mean, or None.

    A bare year counts if it is all of the text. Without a year, and with a `reference` of at least month
    precision, the date is the nearest one not before the reference. `day_first` settles "07/06/21".
    """
    stated = sorted(_iter_stated(text, day_first), key=lambda s: s.start)
    for candidate in stated:
        if candidate.year is not None and (found := candidate.in_year(candidate.year)) is not None:
            return found
    if (alone := _parse_alone(text.strip())) is not None:
        return alone
    if reference is None or reference.month is None:
        return None
    return next((d for s in stated if s.year is None and (d := _following(s, reference)) is not None), None)


def find_dates(text: str, *, day_first: bool = True) -> list[tuple[int, int, PartialDate]]:
    """Every date that `text` states with a year and at least a month, as (start, end, date), in order."""
    found = [
        (s.start, s.end, d)
        for s in _iter_stated(text, day_first)
        if s.year is not None and (d := s.in_year(s.year)) is not None
    ]
    return sorted(found, key=lambda f: f[0])


def _parse_alone(text: str) -> PartialDate | None:
    if re.fullmatch(r"(?:19|20)\d\d", text):
        return PartialDate(int(text))
    match = re.fullmatch(r"((?:19|20)\d\d)-(0[1-9]|1[0-2])", text)
    if match is None or int(match[2]) == (int(match[1]) + 1) % 100:  # "2011-12" may be a fiscal year
        return None
    return PartialDate(int(match[1]), int(match[2]))


def _valid(year: int, month: int, day: int | None) -> PartialDate | None:
    try:
        return PartialDate(year, month, day)
    except ValueError:
        return None


def _following(stated: _Stated, reference: PartialDate) -> PartialDate | None:
    for year in range(reference.year, reference.year + 9):  # a 29 February can be eight years off
        found = stated.in_year(year)
        if found is not None and (found.month, found.day or 31) >= (
            (reference.month, reference.day or 1) if year == reference.year else (1, 1)
        ):
            return found
    return None


def _iter_stated(text: str, day_first: bool) -> Iterator[_Stated]:
    taken = bytearray(len(text))
    for form in _FORMS:
        for match in form.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            stated = _stated(match, day_first)
            if stated is not None:
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                yield stated


def _stated(match: re.Match[str], day_first: bool) -> _Stated | None:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    written = groups.get("year") or groups.get("short") or groups.get("dashed") or groups.get("last")
    before = _WEEKDAY_BEFORE.search(match.string, max(0, match.start() - 20), match.start())
    weekday = WEEKDAYS[before["weekday"].lower()] if before else None
    if "a" in groups:
        first, second = int(groups["a"]), int(groups.get("b") or groups["bb"])
        alternatives: tuple[tuple[int, int | None], ...] = tuple(
            (month, day)
            for month, day in ([(second, first), (first, second)] if day_first else [(first, second), (second, first)])
            if 1 <= month <= 12 and 1 <= day <= 31
        )
    else:
        if "m" not in groups and not _is_name(groups["month"], "day" in groups or written is not None):
            return None
        month = int(groups["m"]) if "m" in groups else MONTHS[groups["month"].lower()]
        alternatives = ((month, int(groups["day"]) if "day" in groups else None),)
    end = match.start() + len(match[0].rstrip(" .,\n\t"))
    return _Stated(before.start() if before else match.start(), end, _year(written), alternatives, weekday)


def _is_name(word: str, dated: bool) -> bool:
    """Whether the word is a month's name and not the verb "may", "march" or "mar"."""
    return dated or word[0].isupper()


def _year(written: str | None) -> int | None:
    if written is None or len(written) > 2:
        return None if written is None else int(written)
    return int(written) + (2000 if int(written) < TWO_DIGIT_PIVOT else 1900)
