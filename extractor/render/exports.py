"""Records as tables for spreadsheets, and actions as to-dos for calendars."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from icalendar import Calendar, Todo
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from extractor.normalize.dates import last_day
from extractor.schema import Action, Minutes

Cell = str | float | None
ACTION_COLUMNS: Final = (
    "Document",
    "Body",
    "Meeting",
    "No",
    "Action",
    "Owner",
    "Due",
    "Due date",
    "Status",
    "Confidence",
)
DECISION_COLUMNS: Final = ("Document", "Body", "Meeting", "Kind", "Decision", "Confidence")
METRIC_COLUMNS: Final = (
    "Document", "Body", "Meeting", "Indicator", "As written", "Value", "To", "Unit", "Period", "Compared with", "Kind",
    "Confidence",
)  # fmt: skip
ATTENDANCE_COLUMNS: Final = ("Document", "Body", "Meeting", "Name", "Role", "Status", "Note")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MAX_SHEET_ROWS: Final = 1_048_576
_MAX_CELL: Final = 32_000
"""Characters, as spreadsheets allow."""
_WIDE: Final = frozenset(("Action", "Decision", "Indicator"))


def to_csv(records: Iterable[Minutes]) -> str:
    """The actions of the records as CSV with a heading row, for a spreadsheet: with a byte order mark."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(ACTION_COLUMNS)
    writer.writerows([harmless(cell) for cell in row] for row in iter_actions(records))
    return "\ufeff" + out.getvalue()


def to_xlsx(records: Sequence[Minutes]) -> bytes:
    """The actions, decisions, metrics and attendance of the records as a workbook of four sheets."""
    book = Workbook()
    book.remove(book.active)
    _add_sheet(book, "Actions", ACTION_COLUMNS, iter_actions(records))
    _add_sheet(book, "Decisions", DECISION_COLUMNS, _iter_decisions(records))
    _add_sheet(book, "Metrics", METRIC_COLUMNS, _iter_metrics(records))
    _add_sheet(book, "Attendance", ATTENDANCE_COLUMNS, _iter_attendance(records))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class ActionsWorkbook:
    """Writes the actions of many records into one sheet as they come; use it in a `with` statement."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("Actions")
        for number, column in enumerate(ACTION_COLUMNS, start=1):
            self._sheet.column_dimensions[get_column_letter(number)].width = 60 if column in _WIDE else 18
        self._sheet.freeze_panes = "A2"
        self._sheet.append(ACTION_COLUMNS)
        self.n_left_out = 0
        """Actions beyond the rows that a sheet can hold."""
        self._n_rows = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(ACTION_COLUMNS))}{self._n_rows}"
            self._book.save(self._path)
        self._book.close()

    def add(self, minutes: Minutes) -> None:
        """The rows of a record."""
        for row in iter_actions([minutes]):
            if self._n_rows >= MAX_SHEET_ROWS:
                self.n_left_out += 1
                continue
            self._sheet.append([harmless(_legal(cell)) for cell in row])
            self._n_rows += 1


def to_ics(records: Iterable[Minutes]) -> bytes:
    """The open actions of the records as VTODO (RFC 5545), due on the last day of the date that is known."""
    calendar = Calendar()
    calendar.add("prodid", "-//minutes-extractor//EN")
    calendar.add("version", "2.0")
    for minutes in records:
        for action in minutes.actions:
            if action.status != "done":
                calendar.add_component(_todo(minutes, action))
    return bytes(calendar.to_ical())


def _todo(minutes: Minutes, action: Action) -> Todo:
    todo = Todo()
    todo.add("uid", f"{minutes.source.sha256}-{action.id}@minutes-extractor")
    todo.add("dtstamp", datetime.now(UTC))
    todo.add("summary", _one_line(action.text))
    owners = ", ".join(_one_line(owner.text) for owner in action.owners)
    lines = [
        f"Owner: {owners}" if owners else "",
        f"Due: {_one_line(action.due.text)}" if action.due else "",
        f"From: {_one_line(minutes.source.name)}",
    ]
    todo.add("description", "\n".join(line for line in lines if line))
    todo.add("status", "NEEDS-ACTION")
    if action.due is not None and action.due.date is not None:
        todo.add("due", date.fromisoformat(last_day(action.due.date)))
    return todo


def iter_actions(records: Iterable[Minutes]) -> Iterator[Sequence[Cell]]:
    """The rows of ACTION_COLUMNS."""
    for minutes in records:
        for action in minutes.actions:
            owners = ", ".join(_one_line(owner.text) for owner in action.owners) or None
            due = action.due
            yield (
                *_head(minutes),
                action.number,
                _one_line(action.text),
                owners,
                _one_line(due.text) if due else None,
                due.date if due else None,
                action.status,
                round(action.confidence, 3),
            )


def _iter_decisions(records: Iterable[Minutes]) -> Iterator[Sequence[Cell]]:
    for minutes in records:
        for decision in minutes.decisions:
            yield (*_head(minutes), decision.kind, _one_line(decision.text), round(decision.confidence, 3))


def _iter_metrics(records: Iterable[Minutes]) -> Iterator[Sequence[Cell]]:
    for minutes in records:
        for metric in minutes.metrics:
            yield (
                *_head(minutes),
                _one_line(metric.indicator) if metric.indicator else None,
                _one_line(metric.text),
                metric.value,
                metric.value_high,
                metric.unit,
                _one_line(metric.period.text) if metric.period else None,
                _one_line(metric.baseline.text) if metric.baseline else None,
                metric.kind,
                round(metric.confidence, 3),
            )


def _iter_attendance(records: Iterable[Minutes]) -> Iterator[Sequence[Cell]]:
    for minutes in records:
        for row in minutes.attendance:
            yield (*_head(minutes), _one_line(row.name), row.role, row.status, row.note)


def _head(minutes: Minutes) -> tuple[Cell, Cell, Cell]:
    return minutes.source.name, minutes.meeting.body, minutes.meeting.date


def _one_line(text: str) -> str:
    return " ".join(text.split())


def harmless(cell: Cell) -> Cell:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula, and no longer than it takes."""
    if not isinstance(cell, str):
        return cell
    return ("'" + cell if cell.startswith(_FORMULA) else cell)[:_MAX_CELL]


def _add_sheet(book: Workbook, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet: Worksheet = book.create_sheet(title)
    sheet.append(columns)
    for row in rows:
        sheet.append([harmless(_legal(cell)) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, column in enumerate(columns, start=1):
        sheet.column_dimensions[sheet.cell(1, number).column_letter].width = 60 if column in _WIDE else 18
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _legal(cell: Cell) -> Cell:
    """Without the characters that XML does not allow."""
    return "".join(c for c in cell if c >= " " or c in "\t\n") if isinstance(cell, str) else cell
