"""Stretches of time that a metric holds for, as first and last day; what the text leaves open stays None."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from extractor.normalize.dates import MONTHS, PartialDate, find_dates, parse_date

_SPLIT_YEAR: Final = re.compile(
    r"(?<![\d/-])(?P<first>(?:19|20)\d\d)\s?[-/\u2013]\s?(?P<second>(?:(?:19|20)?\d\d))(?![\d/-])"
)
_QUARTER: Final = re.compile(
    r"\b(?:Q(?P<number>[1-4])|(?P<word>first|second|third|fourth|last)\s+quarter)\b\s*(?:of\s+|,\s*)?(?P<rest>.*)",
    re.IGNORECASE,
)
_WORD_QUARTERS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_YEAR_TO: Final = re.compile(r"\byear\s+(?:to|end(?:ing|ed)?)\b", re.IGNORECASE)
_MONTHS_TO: Final = re.compile(r"\b(?P<n>\d{1,2})\s+months?\s+(?:to|ending|ended)\b", re.IGNORECASE)
_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_RANGE: Final = re.compile(rf"\b(?P<first>{_MONTH})\b\.?\s*(?:-|\u2013|to|and|/)\s*(?={_MONTH})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DayRange:
    """First and last day, both included."""

    start: date
    end: date


def parse_period(text: str, *, meeting: PartialDate | None = None, held: DayRange | None = None) -> DayRange | None:
    """The stretch that `text` states, or None.

    "2019/20" is read as April to March. "Same period in …" is `held`, the period that it is compared with, moved into
    that year. Of words that need the meeting's date only "last month" and "this month" are read.
    """
    text = " ".join(text.split())
    stated = _quarter(text) or _split_year(text) or _dates(text) or _relative(text, meeting)
    if stated is not None and held is not None and re.search(r"\bsame\b", text, re.IGNORECASE):
        return _moved(held, stated) or stated
    return stated


def _moved(held: DayRange, into: DayRange) -> DayRange | None:
    """`held` a whole number of years earlier or later, so that it lies inside `into`."""
    for years in range(-10, 11):
        start, end = _add_years(held.start, years), _add_years(held.end, years)
        if into.start <= start and end <= into.end:
            return DayRange(start, end)
    return None


def _add_years(day: date, years: int) -> date:
    last = monthrange(day.year + years, day.month)[1]
    return date(day.year + years, day.month, min(day.day, last))


def _split_year(text: str) -> DayRange | None:
    match = _SPLIT_YEAR.search(text)
    if match is None:
        return None
    first = int(match["first"])
    if int(match["second"]) not in (first + 1, (first + 1) % 100):
        return None
    return DayRange(date(first, 4, 1), date(first + 1, 3, 31))


def _quarter(text: str) -> DayRange | None:
    """A quarter of a calendar year, or of April to March where the year is written "2019/20"."""
    match = _QUARTER.search(text)
    if match is None:
        return None
    number = int(match["number"]) if match["number"] else _WORD_QUARTERS[match["word"].lower()]
    year = _split_year(match["rest"])
    calendar = re.match(r"((?:19|20)\d\d)(?![-/\u2013]?\d)", match["rest"])
    if year is None and calendar is None:
        return None
    first = year.start if year else date(int(calendar[1]) if calendar else 0, 1, 1)
    month = first.month + 3 * (number - 1)
    start = date(first.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    return DayRange(start, _last_day(PartialDate(start.year, start.month + 2)))


def _dates(text: str) -> DayRange | None:
    found = [d for _, _, d in find_dates(text)]
    if not found:
        alone = parse_date(text) if re.search(r"\d{4}", text) else _year_in(text)
        found = [alone] if alone else []
    if not found:
        return None
    if len(found) == 1 and (earlier := _same_year_start(text, found[0])) is not None:
        found.insert(0, earlier)
    start, end = _first_day(found[0]), _last_day(found[-1])
    if len(found) == 1 and _YEAR_TO.search(text):
        start = _add_years(end, -1) + timedelta(days=1)
    elif len(found) == 1 and (months := _MONTHS_TO.search(text)) is not None:
        start = _months_before(end, int(months["n"]))
    return DayRange(start, end) if start <= end else None


def _year_in(text: str) -> PartialDate | None:
    match = re.search(r"(?<![\d/-])((?:19|20)\d\d)(?![\d/-])", text)
    return PartialDate(int(match[1])) if match else None


def _same_year_start(text: str, end: PartialDate) -> PartialDate | None:
    """ "April - June 2021": the month that shares the year of the one behind it."""
    match = _MONTH_RANGE.search(text)
    if match is None or end.month is None:
        return None
    month = MONTHS[match["first"].lower()]
    return PartialDate(end.year if month <= end.month else end.year - 1, month)


def _months_before(end: date, n_months: int) -> date:
    month = end.year * 12 + end.month - n_months
    return date(month // 12, month % 12 + 1, 1)


def _relative(text: str, meeting: PartialDate | None) -> DayRange | None:
    match = re.fullmatch(r"(?:the\s+)?(?P<which>last|previous|this|current)\s+month", text, re.IGNORECASE)
    if match is None or meeting is None or meeting.month is None:
        return None
    month = meeting.year * 12 + meeting.month - 1 - (match["which"].lower() in ("last", "previous"))
    found = PartialDate(month // 12, month % 12 + 1)
    return DayRange(_first_day(found), _last_day(found))


def _first_day(day: PartialDate) -> date:
    return date(day.year, day.month or 1, day.day or 1)


def _last_day(day: PartialDate) -> date:
    month = day.month or 12
    return date(day.year, month, day.day or monthrange(day.year, month)[1])
