"""Records as CSV, XLSX and iCalendar."""

import csv
import io

import pytest
from icalendar import Calendar
from openpyxl import load_workbook

from extractor.normalize.dates import last_day
from extractor.render.exports import ACTION_COLUMNS, harmless, to_csv, to_ics, to_xlsx
from extractor.schema import Minutes
from tests.pipelines import TEXT, minutes_of


def with_action(text: str) -> Minutes:
    """The record with another text of its action."""
    minutes = minutes_of(TEXT)
    action = minutes.actions[0].model_copy(update={"text": text})
    return minutes.model_copy(update={"actions": [action]})


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_cells_that_look_like_formulas_are_made_text(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    rows = list(csv.reader(io.StringIO(to_csv([with_action(cell)]))))
    assert not any(field.startswith(("=", "+", "-", "@")) for field in rows[1])


def test_numbers_and_plain_text_stay() -> None:
    assert [harmless(cell) for cell in (-0.3, None, "a=b")] == [-0.3, None, "a=b"]


def test_a_workbook_holds_no_formula() -> None:
    book = load_workbook(io.BytesIO(to_xlsx([with_action('=HYPERLINK("http://x")\x01')])))
    cell = book["Actions"].cell(2, 1 + ACTION_COLUMNS.index("Action"))
    assert (cell.data_type, cell.value) == ("s", '\'=HYPERLINK("http://x")')
    assert book["Metrics"].cell(2, 5).value == "42 chairs"
    assert [cell.value for cell in book["Attendance"][2]][3:6] == ["Ann Lee", "Treasurer", "present"]


def test_done_actions_are_no_todos() -> None:
    minutes = minutes_of(TEXT)
    done = minutes.model_copy(update={"actions": [minutes.actions[0].model_copy(update={"status": "done"})]})
    assert len(Calendar.from_ical(to_ics([minutes, done])).walk("VTODO")) == 1


def test_line_breaks_and_semicolons_survive_a_calendar() -> None:
    (todo,) = Calendar.from_ical(to_ics([with_action("write, then;\n phone\nBEGIN:VEVENT")])).walk("VTODO")
    assert str(todo["summary"]) == "write, then; phone BEGIN:VEVENT"


@pytest.mark.parametrize(
    ("date", "last"),
    [("2021", "2021-12-31"), ("2020-02", "2020-02-29"), ("2021-11", "2021-11-30"), ("2021-03-08", "2021-03-08")],
)
def test_last_days(date: str, last: str) -> None:
    assert last_day(date) == last
