"""The records of an archive as Parquet tables in a star: `documents` in the middle, the others refer to its `document`.

The schemas are data (TABLES); a table is written in row groups as the documents come, so that memory does not grow.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
from pyarrow import parquet

from extractor.schema import Minutes

Row = Mapping[str, Any]
ROWS_IN_GROUP: Final = 20_000
_TEXTS: Final = pa.list_(pa.string())
TABLES: Final[Mapping[str, pa.Schema]] = {
    "documents": pa.schema(
        {
            "document": pa.string(),  # its path in the archive
            "status": pa.string(),  # ok, warning or error
            "error_code": pa.string(),
            "error_detail": pa.string(),
            "attempts": pa.int16(),
            "warnings": _TEXTS,
            "sha256": pa.string(),
            "n_bytes": pa.int64(),
            "modified": pa.string(),
            "media_type": pa.string(),
            "n_chars": pa.int64(),
            "n_pages": pa.int32(),
            "title": pa.string(),
            "organisation": pa.string(),
            "body": pa.string(),
            "meeting_date": pa.string(),
            "meeting_day": pa.date32(),
            "meeting_year": pa.int16(),
            "location": pa.string(),
            "next_meeting_date": pa.string(),
            "n_people": pa.int32(),
            "n_actions": pa.int32(),
            "n_decisions": pa.int32(),
            "n_metrics": pa.int32(),
            "model": pa.string(),
        }
    ),
    "people": pa.schema(
        {
            "document": pa.string(),
            "person": pa.string(),
            "name": pa.string(),
            "roles": _TEXTS,
            "n_mentions": pa.int32(),
        }
    ),
    "attendance": pa.schema(
        {
            "document": pa.string(),
            "person": pa.string(),
            "name": pa.string(),
            "role": pa.string(),
            "status": pa.string(),
            "note": pa.string(),
            "span": pa.string(),
        }
    ),
    "actions": pa.schema(
        {
            "document": pa.string(),
            "action": pa.string(),
            "number": pa.string(),
            "text": pa.string(),
            "status": pa.string(),
            "agenda_item": pa.string(),
            "owners": _TEXTS,
            "people": _TEXTS,
            "due": pa.string(),
            "due_kind": pa.string(),
            "due_date": pa.string(),
            "due_day": pa.date32(),
            "due_body": pa.string(),
            "confidence": pa.float32(),
            "spans": _TEXTS,
        }
    ),
    "decisions": pa.schema(
        {
            "document": pa.string(),
            "decision": pa.string(),
            "kind": pa.string(),
            "text": pa.string(),
            "agenda_item": pa.string(),
            "confidence": pa.float32(),
            "span": pa.string(),
        }
    ),
    "metrics": pa.schema(
        {
            "document": pa.string(),
            "metric": pa.string(),
            "indicator": pa.string(),
            "text": pa.string(),
            "value": pa.float64(),
            "value_high": pa.float64(),
            "unit": pa.string(),
            "approximate": pa.bool_(),
            "kind": pa.string(),
            "period": pa.string(),
            "period_start": pa.string(),
            "period_end": pa.string(),
            "baseline": pa.string(),
            "confidence": pa.float32(),
            "span": pa.string(),
        }
    ),
    "target_meetings": pa.schema(
        {
            "document": pa.string(),
            "target_meeting": pa.string(),
            "text": pa.string(),
            "body": pa.string(),
            "date": pa.string(),
            "day": pa.date32(),
            "actions": _TEXTS,
            "spans": _TEXTS,
        }
    ),
    "spans": pa.schema(
        {
            "document": pa.string(),
            "span": pa.string(),
            "label": pa.string(),
            "start": pa.int64(),
            "end": pa.int64(),
            "text": pa.string(),
            "score": pa.float32(),
            "page": pa.int32(),
        }
    ),
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A row of `documents`: a file that was read, or why it was not."""

    document: str
    status: str
    error_code: str | None = None
    error_detail: str | None = None
    attempts: int = 1
    sha256: str | None = None
    n_bytes: int | None = None
    modified: str | None = None


class StarWriter:
    """Writes FOLDER/<table>.parquet for each table; use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._writers = {
            name: self._stack.enter_context(
                parquet.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
            )
            for name, schema in TABLES.items()
        }
        self._rows: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.n_rows = dict.fromkeys(TABLES, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name in TABLES:
                self._flush(name)
        self._stack.close()

    def add(self, row: DocumentRow, minutes: Minutes | None) -> None:
        """A document with its records; none for one that could not be read."""
        self._add("documents", [_document(row, minutes)])
        if minutes is not None:
            for name, rows_of in _ROWS.items():
                self._add(name, [{"document": row.document, **found} for found in rows_of(minutes)])

    def _add(self, name: str, rows: Sequence[Row]) -> None:
        self._rows[name] += rows
        self.n_rows[name] += len(rows)
        if len(self._rows[name]) >= ROWS_IN_GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if self._rows[name]:
            self._writers[name].write_table(pa.Table.from_pylist(self._rows[name], schema=TABLES[name]))
            self._rows[name] = []


def _document(row: DocumentRow, minutes: Minutes | None) -> Row:
    found: dict[str, Any] = {name: getattr(row, name) for name in DocumentRow.__slots__}
    if minutes is None:
        return {**found, "warnings": []}
    source, meeting = minutes.source, minutes.meeting
    return {
        **found,
        "warnings": [warning.code for warning in source.warnings],
        "media_type": source.media_type,
        "n_chars": source.n_chars,
        "n_pages": source.n_pages,
        "title": meeting.title,
        "organisation": meeting.organisation,
        "body": meeting.body,
        "meeting_date": meeting.date,
        "meeting_day": _day(meeting.date),
        "meeting_year": int(meeting.date[:4]) if meeting.date else None,
        "location": meeting.location,
        "next_meeting_date": meeting.next.date if meeting.next else None,
        "n_people": len(minutes.people),
        "n_actions": len(minutes.actions),
        "n_decisions": len(minutes.decisions),
        "n_metrics": len(minutes.metrics),
        "model": f"{minutes.model.name} {minutes.model.version}",
    }


def _people(minutes: Minutes) -> Iterator[Row]:
    for person in minutes.people:
        yield {"person": person.id, "name": person.name, "roles": person.roles, "n_mentions": len(person.mentions)}


def _attendance(minutes: Minutes) -> Iterator[Row]:
    for row in minutes.attendance:
        yield row.model_dump()


def _actions(minutes: Minutes) -> Iterator[Row]:
    for action in minutes.actions:
        due = action.due
        yield {
            "action": action.id,
            **action.model_dump(include={"number", "text", "status", "agenda_item", "confidence"}),
            "owners": [owner.text for owner in action.owners],
            "people": [owner.person for owner in action.owners if owner.person],
            "due": due.text if due else None,
            "due_kind": due.kind if due else None,
            "due_date": due.date if due else None,
            "due_day": _day(due.date) if due else None,
            "due_body": due.body if due else None,
            "spans": action.mentions,
        }


def _decisions(minutes: Minutes) -> Iterator[Row]:
    for decision in minutes.decisions:
        yield {"decision": decision.id, **decision.model_dump(exclude={"id"})}


def _metrics(minutes: Minutes) -> Iterator[Row]:
    for metric in minutes.metrics:
        period = metric.period
        yield {
            "metric": metric.id,
            **metric.model_dump(exclude={"id", "period", "baseline"}),
            "period": period.text if period else None,
            "period_start": period.start if period else None,
            "period_end": period.end if period else None,
            "baseline": metric.baseline.text if metric.baseline else None,
        }


def _target_meetings(minutes: Minutes) -> Iterator[Row]:
    for meeting in minutes.target_meetings:
        yield {
            "target_meeting": meeting.id,
            **meeting.model_dump(include={"text", "body", "date", "actions"}),
            "day": _day(meeting.date),
            "spans": meeting.mentions,
        }


def _spans(minutes: Minutes) -> Iterator[Row]:
    for span in minutes.spans:
        yield {"span": span.id, **span.model_dump(exclude={"id", "box"})}


_ROWS: Final[Mapping[str, Callable[[Minutes], Iterator[Row]]]] = {
    "people": _people,
    "attendance": _attendance,
    "actions": _actions,
    "decisions": _decisions,
    "metrics": _metrics,
    "target_meetings": _target_meetings,
    "spans": _spans,
}


def _day(written: str | None) -> date | None:
    """The day of YYYY-MM-DD; None where it is less precise."""
    return date.fromisoformat(written) if written and len(written) == 10 else None
