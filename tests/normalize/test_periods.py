from datetime import date

import pytest

from extractor.normalize.dates import PartialDate
from extractor.normalize.periods import DayRange, parse_period

MEETING = PartialDate(2021, 6, 7)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("April 2020 and March 2021", "2020-04-01", "2021-03-31"),
        ("April - June 2021", "2021-04-01", "2021-06-30"),
        ("Nov to Jan 2021", "2020-11-01", "2021-01-31"),
        ("2019/20", "2019-04-01", "2020-03-31"),
        ("2019-2020", "2019-04-01", "2020-03-31"),
        ("1 April 2021", "2021-04-01", "2021-04-01"),
        ("June 2021", "2021-06-01", "2021-06-30"),
        ("2021", "2021-01-01", "2021-12-31"),
        ("Q2 2023", "2023-04-01", "2023-06-30"),
        ("Q4 2023/24", "2024-01-01", "2024-03-31"),
        ("third quarter of 2022", "2022-07-01", "2022-09-30"),
        ("year ending 31 March 2021", "2020-04-01", "2021-03-31"),
        ("3 months to June 2021", "2021-04-01", "2021-06-30"),
        ("last month", "2021-05-01", "2021-05-31"),
        ("this month", "2021-06-01", "2021-06-30"),
    ],
)
def test_periods(text: str, start: str, end: str) -> None:
    expected = DayRange(date.fromisoformat(start), date.fromisoformat(end))
    assert parse_period(text, meeting=MEETING) == expected


@pytest.mark.parametrize(
    "text", ["last year", "the year to date", "May", "2019/25", "the second quarter", "2021 to 2020", "Q1 of this year"]
)
def test_what_the_text_leaves_open_stays_none(text: str) -> None:
    assert parse_period(text, meeting=MEETING) is None


def test_last_month_needs_the_meeting() -> None:
    assert parse_period("last month") is None
    assert parse_period("last month", meeting=PartialDate(2021)) is None
    january = parse_period("last month", meeting=PartialDate(2021, 1))
    assert january == DayRange(date(2020, 12, 1), date(2020, 12, 31))


def test_same_period_is_the_held_one_moved() -> None:
    held = DayRange(date(2020, 4, 1), date(2020, 9, 30))
    assert parse_period("same period in 2019/20", held=held) == DayRange(date(2019, 4, 1), date(2019, 9, 30))
    far = DayRange(date(1980, 4, 1), date(1980, 9, 30))
    assert parse_period("same period in 2019/20", held=far) == DayRange(date(2019, 4, 1), date(2020, 3, 31))
