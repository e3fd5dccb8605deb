import pytest

from extractor.ingest.source import SourceText
from extractor.structure import parse
from extractor.structure.model import MeetingFacts


def meeting(text: str) -> MeetingFacts:
    return parse(SourceText("x", "text/plain", "", text)).meeting


HEAD = (
    "Minutes of the Upper Fell Parish Council meeting held on Monday 7th June 2021 at 7.30pm in the Village Hall\n\n"
    "Present: Ann Lee, Bo Ray\n\n"
    "1. Minutes of the meeting held on 8 March 2021\nApproved.\n\nThe meeting closed at 9.15\n"
)


def test_a_head_in_one_sentence() -> None:
    facts = meeting(HEAD)
    assert facts.date is not None
    assert (facts.date.date.isoformat(), HEAD[facts.date.start : facts.date.end]) == (
        "2021-06-07",
        "Monday 7th June 2021",
    )
    values = (facts.body, facts.organisation, facts.location, facts.start_time, facts.end_time)
    assert [v.text if v else None for v in values] == [
        "Upper Fell Parish Council",
        "Upper Fell Parish Council",
        "Village Hall",
        "19:30",
        "21:15",
    ]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("# Board 2021-06-07\n\n## Welcome\n", "2021-06-07"),
        ("Club Minutes\nDate: June 7, 2021\nPrevious meeting: May 3, 2021\n", "2021-06-07"),
        ("Club Minutes\n\nDate held: | 7 June 2021 | Venue: | Hut\n", "2021-06-07"),
        ("Minutes of the last meeting held on 8 March 2021 were approved.\n", None),
        ("Club Minutes\nNext meeting: 5 July 2021\n", None),
        ("Club Minutes\nTuesday 7 June\n", None),
        ("Club Minutes, June 2021\n\nCalled to order on June 7, 2021.\n", "2021-06-07"),
        ("Club Minutes, June 2021\n", "2021-06"),
        ("Club meeting 06/07/2021\n\nOn May 3, 2021 the hut fell. On May 4, 2021 it rose.\n", "2021-06-07"),
        ("Club meeting 06/07/2021\n\nOn 3 May 2021 the hut fell.\n", "2021-07-06"),
        ("", None),
    ],
)
def test_the_date_is_that_of_the_meeting_minuted(text: str, date: str | None) -> None:
    found = meeting(text).date
    assert (found.date.isoformat() if found else None) == date


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Club Minutes\nTime: 11.00 - 13.00\n", "11:00", "13:00"),
        (
            "Club Minutes\n\nThe meeting was called to order at 7:05 pm.\nIt was adjourned at 8:50 pm.\n",
            "19:05",
            "20:50",
        ),
        ("Club Minutes\n\nMeeting opened by Ann at 18:36\n\nMeeting closed at 20:09\n", "18:36", "20:09"),
        ("Club Minutes\n\nThe shop opened at the gate.\n", None, None),
    ],
)
def test_times(text: str, start: str | None, end: str | None) -> None:
    facts = meeting(text)
    assert tuple(v.text if v else None for v in (facts.start_time, facts.end_time)) == (start, end)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Club Minutes\nLocation: The Old Hut, Fell Road\n", "The Old Hut, Fell Road"),
        ("CLUB MEETING HELD IN THE\n\nOLD HUT, FELL, ON FRIDAY 4 JUNE 2021\n", "OLD HUT, FELL"),
        ("Club Minutes\nVenue: https://call.example/a\n", None),
        ("Club Minutes\nheld in order to agree a fence\n", None),
    ],
)
def test_place(text: str, place: str | None) -> None:
    found = meeting(text).location
    assert (found.text if found else None) == place


@pytest.mark.parametrize(
    ("text", "title", "body", "organisation"),
    [
        ("Fell Trust\nFinance Committee\nMinutes of a meeting\n", "Minutes of a meeting", "Fell Trust", "Fell Trust"),
        (
            "# Fell Trust Board meeting, June 7, 2021\n",
            "Fell Trust Board meeting, June 7, 2021",
            "Fell Trust Board",
            "Fell Trust",
        ),
        (
            "MINUTES OF THE\n\nBOARD OF DIRECTORS OF FELL FOUNDATION\n",
            "MINUTES OF THE\n\nBOARD OF DIRECTORS OF FELL FOUNDATION",
            "BOARD OF DIRECTORS",
            "FELL FOUNDATION",
        ),
        (
            "[Original](http://x.example/minutes)\n\nWe met and it was agreed that the meeting should be short\n",
            None,
            None,
            None,
        ),
        ("Meeting Date: 7 June 2021\n", None, None, None),
    ],
)
def test_title_and_bodies(text: str, title: str | None, body: str | None, organisation: str | None) -> None:
    facts = meeting(text)
    assert tuple(v.text if v else None for v in (facts.title, facts.body, facts.organisation)) == (
        title,
        body,
        organisation,
    )
