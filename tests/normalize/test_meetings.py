import pytest

from extractor.normalize.dates import PartialDate
from extractor.normalize.meetings import Calendar, resolve_due, resolve_meeting, resolve_past

CALENDAR = Calendar(PartialDate(2021, 6, 7), PartialDate(2021, 9, 6), "Quality Committee")
UNKNOWN = Calendar()


@pytest.mark.parametrize(
    ("text", "date", "precision", "basis"),
    [
        ("September meeting", "2021-09", "month", "month after the meeting"),
        ("June meeting", "2022-06", "month", "month after the meeting"),
        ("March", "2022-03", "month", "month after the meeting"),
        ("meeting on 12 March", "2022-03-12", "day", "next such day after the meeting"),
        ("Monday 6 September 2021 at 10.00", "2021-09-06", "day", "stated"),
        ("next meeting", "2021-09-06", "day", "next meeting as stated"),
        ("next Quality Committee meeting", "2021-09-06", "day", "next meeting as stated"),
        ("next Board meeting", None, None, None),
        ("next month's meeting", "2021-07", "month", "month after the meeting"),
        ("next year's AGM", "2022", "year", "year after the meeting"),
        ("AGM", None, None, None),
    ],
)
def test_meetings(text: str, date: str | None, precision: str | None, basis: str | None) -> None:
    resolved = resolve_meeting(text, CALENDAR)
    assert (resolved.isoformat, resolved.precision, resolved.basis) == (date, precision, basis)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("30 June 2021", "2021-06-30"),
        ("end of June", "2021-06"),
        ("end of July", "2021-07"),
        ("1 July", "2021-07-01"),
        ("end of the month", "2021-06"),
        ("next month", "2021-07"),
        ("end of the year", "2021"),
        ("next agenda", "2021-09-06"),
        ("ASAP", None),
    ],
)
def test_due_dates(text: str, date: str | None) -> None:
    assert resolve_due(text, CALENDAR).isoformat == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("meeting held on 8 March 2021", "2021-03-08"),
        ("March meeting", "2021-03"),
        ("meeting on 12 July", "2020-07-12"),
        ("June", "2020-06"),
        ("last meeting", None),
    ],
)
def test_past_meetings(text: str, date: str | None) -> None:
    assert resolve_past(text, CALENDAR).isoformat == date


@pytest.mark.parametrize("resolve", [resolve_meeting, resolve_due, resolve_past])
@pytest.mark.parametrize("text", ["September meeting", "next meeting", "end of the month"])
def test_nothing_is_known_without_a_date_of_the_meeting(resolve: object, text: str) -> None:
    assert callable(resolve)
    resolved = resolve(text, UNKNOWN)
    assert (resolved.date, resolved.basis, resolved.precision) == (None, None, None)


def test_december_is_followed_by_january() -> None:
    assert resolve_due("next month", Calendar(PartialDate(2021, 12, 3))).isoformat == "2022-01"
