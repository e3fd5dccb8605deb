from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.normalize.dates import MONTHS, PartialDate, find_dates, parse_date, parse_time, parse_time_range

JUNE = PartialDate(2021, 6, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 June 2021", "2021-06-07"),
        ("Monday 7th June 2021 at 10.00", "2021-06-07"),
        ("Monday, 7 th June, 2021", "2021-06-07"),
        ("the 7th of June, 2021", "2021-06-07"),
        ("7th day of June 2021", "2021-06-07"),
        ("June 7, 2021", "2021-06-07"),
        ("JUNE 7TH 2021", "2021-06-07"),
        ("June 7 - 8, 2021", "2021-06-07"),
        ("7-8 June 2021", "2021-06-07"),
        ("7 and 8 June 2021", "2021-06-07"),
        ("2021-06-07", "2021-06-07"),
        ("2021/6/7", "2021-06-07"),
        ("2021-06-07T19:00", "2021-06-07"),
        ("2021 June 7", "2021-06-07"),
        ("07/06/21", "2021-06-07"),
        ("7.6.2021", "2021-06-07"),
        ("07.06.21", "2021-06-07"),
        ("Tuesday 03/05/2022", "2022-05-03"),
        ("Saturday 03/05/2022", "2022-03-05"),
        ("Saturday 05/03/2022", "2022-03-05"),
        ("06/23/2021", "2021-06-23"),
        ("23/06/2021", "2021-06-23"),
        ("7-Jun-21", "2021-06-07"),
        ("7 June '21", "2021-06-07"),
        ("7 June 21", "2021-06-07"),
        ("30th November\n2021", "2021-11-30"),
        ("Sept. 6, 2021", "2021-09-06"),
        ("6 Sept. 2021", "2021-09-06"),
        ("4 May 1999", "1999-05-04"),
        ("4/5/99", "1999-05-04"),
        ("September 2021", "2021-09"),
        ("Sept '21", "2021-09"),
        ("2021-09", "2021-09"),
        (" 2021 ", "2021"),
        ("Action 3 of 7 June 2021", "2021-06-07"),
    ],
)
def test_parse_date_reads_what_is_stated(text: str, expected: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "next meeting",
        "Monday",
        "7 June",
        "September",
        "31 June 2021",
        "29 February 2021",
        "45/45/2021",
        "2011-12",
        "2019/20",
        "we may 2",
        "item 1.2.21",
        "£7.06.21",
        "in 2021 the budget",
        "Marching 7 2021",
    ],
)
def test_parse_date_makes_nothing_up(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("Monday 6 September", JUNE, "2021-09-06"),
        ("5 May", JUNE, "2022-05-05"),
        ("7 June", JUNE, "2021-06-07"),
        ("September meeting", JUNE, "2021-09"),
        ("March", JUNE, "2022-03"),
        ("29 February", JUNE, "2024-02-29"),
        ("5 May 2020", JUNE, "2020-05-05"),
        ("September", PartialDate(2021, 6), "2021-09"),
    ],
)
def test_a_date_without_year_is_the_next_one(text: str, reference: PartialDate, expected: str) -> None:
    found = parse_date(text, reference=reference)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    ("text", "reference"),
    [("the board may agree", JUNE), ("5 May", PartialDate(2021)), ("31 June", JUNE), ("soon", JUNE)],
)
def test_a_reference_does_not_invent_a_date(text: str, reference: PartialDate) -> None:
    assert parse_date(text, reference=reference) is None


def test_day_first_is_a_choice() -> None:
    assert parse_date("03/04/2021") == PartialDate(2021, 4, 3)
    assert parse_date("03/04/2021", day_first=False) == PartialDate(2021, 3, 4)


def test_find_dates_gives_offsets_in_order() -> None:
    text = "Held on 7th June 2021 (after 8 March 2021); next: Sept. 2021."
    found = [(text[start:end], d.isoformat()) for start, end, d in find_dates(text)]
    assert found == [("7th June 2021", "2021-06-07"), ("8 March 2021", "2021-03-08"), ("Sept. 2021", "2021-09")]


def test_find_dates_includes_the_weekday() -> None:
    assert [(start, end) for start, end, _ in find_dates("on Wednesday, 9 June 2021.")] == [(3, 25)]


def test_partial_dates_order_and_precision() -> None:
    dates = [PartialDate(2021, 6, 7), PartialDate(2021), PartialDate(2021, 6), PartialDate(2020, 12, 31)]
    assert [d.isoformat() for d in sorted(dates)] == ["2020-12-31", "2021", "2021-06", "2021-06-07"]
    assert [d.precision for d in sorted(dates)] == ["day", "year", "month", "day"]
    assert PartialDate(2021, 6) >= PartialDate(2021)


@pytest.mark.parametrize("parts", [(2021, None, 4), (2021, 13), (2021, 2, 29)])
def test_partial_date_refuses_what_is_no_date(parts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        PartialDate(*parts)


@settings(deadline=None)
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
@pytest.mark.parametrize("pattern", ["{0.day} %B %Y", "%A, %B {0.day}, %Y", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"])
def test_every_day_reads_back(pattern: str, day: date) -> None:
    expected = PartialDate(day.year, day.month, day.day)
    assert parse_date(day.strftime(pattern.format(day))) == expected


def test_months_cover_the_year() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11.00", "11:00"),
        ("at 7:30 pm", "19:30"),
        ("7.30pm", "19:30"),
        ("10am", "10:00"),
        ("10 a.m.", "10:00"),
        ("12 noon", "12:00"),
        ("noon", "12:00"),
        ("12.15am", "00:15"),
        ("midnight", "00:00"),
        ("1900 hrs", "19:00"),
        ("19.00hrs", "19:00"),
        ("19h30", "19:30"),
        ("7 o'clock", "07:00"),
        ("item 3.15 at 6pm", "18:00"),
        ("17:05:30 UTC", None),
        ("2021", None),
        ("7 June 2021", None),
        ("06.09.2021", None),
        ("£12.50", None),
        ("25.00", None),
        ("24pm", None),
        ("12.50%", None),
    ],
)
def test_parse_time(text: str, expected: str | None) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11.00 - 13.00", ("11:00", "13:00")),
        ("7:30pm to 9:15pm", ("19:30", "21:15")),
        ("7.30pm – 9.15", ("19:30", "21:15")),
        ("7-9pm", ("19:00", "21:00")),
        ("11-1pm", ("11:00", "13:00")),
        ("10-11.30am", ("10:00", "11:30")),
        ("6.00 until 7.30pm", ("18:00", "19:30")),
        ("10:00", None),
        ("10:00, 11:00", None),
    ],
)
def test_parse_time_range(text: str, expected: tuple[str, str] | None) -> None:
    assert parse_time_range(text) == expected
