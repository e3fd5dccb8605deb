"""What was extracted so far: documents with their people, actions and metrics, to be listed and filtered."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, insert, select

from extractor.normalize.dates import last_day
from extractor.schema import Action, Minutes
from service.database import clock
from service.jobs import new_id
from service.tables import actions, documents, metrics, people

MAX_NAME: Final = 300
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a sorted list the answer begins, and how many rows it has at most."""

    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page, and how many there are in all."""

    items: Rows
    total: int


def save_document(connection: Connection, job_id: str, part: int, minutes: Minutes) -> str:
    """Write the record of a document with its rows; its id."""
    document_id = new_id()
    meeting = minutes.meeting
    connection.execute(
        insert(documents).values(
            id=document_id,
            job_id=job_id,
            part=part,
            name=_cut(minutes.source.name),
            sha256=minutes.source.sha256,
            body=_cut(meeting.body),
            body_folded=_cut(_fold(meeting.body or "")),
            organisation=_cut(meeting.organisation),
            meeting_date=meeting.date,
            model=f"{minutes.model.name} {minutes.model.version}",
            created_at=clock(),
            n_actions=len(minutes.actions),
            n_decisions=len(minutes.decisions),
            n_metrics=len(minutes.metrics),
            record=minutes.model_dump_json(),
        )
    )
    for table, rows in ((people, _people(minutes)), (actions, _actions(minutes)), (metrics, _metrics(minutes))):
        if rows:
            connection.execute(insert(table), [{"document_id": document_id, **row} for row in rows])
    return document_id


def _people(minutes: Minutes) -> Rows:
    status = {row.person: row.status for row in reversed(minutes.attendance)}
    return [
        {
            "id": person.id,
            "name": _cut(person.name),
            "name_folded": _cut(_fold(person.name)),
            "roles": json.dumps(person.roles),
            "status": status.get(person.id),
            "n_mentions": len(person.mentions),
        }
        for person in minutes.people
    ]


def _actions(minutes: Minutes) -> Rows:
    names = {person.id: [person.name, *person.roles] for person in minutes.people}
    return [
        {
            "id": action.id,
            "text": action.text,
            "status": action.status,
            "owners": json.dumps([owner.text for owner in action.owners]),
            "owners_folded": _owners_folded(action, names),
            "due_text": action.due.text if action.due else None,
            "due_date": action.due.date if action.due else None,
            "due_until": last_day(action.due.date) if action.due and action.due.date else None,
            "confidence": action.confidence,
        }
        for action in minutes.actions
    ]


def _owners_folded(action: Action, names: Mapping[str, Sequence[str]]) -> str:
    found = [text for owner in action.owners for text in (owner.text, *names.get(owner.person or "", ()))]
    return "\n".join(dict.fromkeys(_fold(text) for text in found))


def _metrics(minutes: Minutes) -> Rows:
    return [
        {
            "id": metric.id,
            "text": metric.text,
            "value": metric.value,
            "value_high": metric.value_high,
            "unit": _cut(metric.unit, 100),
            "kind": metric.kind,
            "indicator": metric.indicator,
            "indicator_folded": _fold(metric.indicator or ""),
            "period": metric.period.text if metric.period else None,
            "confidence": metric.confidence,
        }
        for metric in minutes.metrics
    ]


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _cut(text: str | None, length: int = MAX_NAME) -> str | None:
    return None if text is None else text[:length]


def find_record(connection: Connection, document_id: str) -> str | None:
    """The record of a document as JSON, or None."""
    return connection.execute(select(documents.c.record).where(documents.c.id == document_id)).scalar_one_or_none()


def records_of_job(connection: Connection, job_id: str) -> list[str]:
    """The records of a job's documents as JSON, in the order of its parts."""
    wanted = select(documents.c.record).where(documents.c.job_id == job_id).order_by(documents.c.part)
    return list(connection.execute(wanted).scalars())


_DOCUMENT: Final = (
    documents.c.id,
    documents.c.name,
    documents.c.sha256,
    documents.c.body,
    documents.c.organisation,
    documents.c.meeting_date,
    documents.c.model,
    documents.c.created_at,
    documents.c.n_actions,
    documents.c.n_decisions,
    documents.c.n_metrics,
)
_OF_DOCUMENT: Final = (documents.c.name.label("document_name"), documents.c.body, documents.c.meeting_date)


def list_documents(
    connection: Connection, page: Page, *, sort: str, body: str | None, since: str | None, until: str | None
) -> Found:
    """The documents whose body has the words of `body`, of meetings from `since` to `until`."""
    tests = [
        _contains(documents.c.body_folded, body),
        documents.c.meeting_date >= since if since else None,
        documents.c.meeting_date <= last_day(until) if until else None,
    ]
    return _page(connection, select(*_DOCUMENT), tests, page, _order(documents, sort, documents.c.id))


def list_actions(
    connection: Connection,
    page: Page,
    *,
    sort: str,
    owner: str | None,
    due_before: str | None,
    status: str | None,
    body: str | None,
) -> Found:
    """The actions of an owner (in the document's words, or as the person whom they name), due before a day."""
    columns = [c for c in actions.c if c.name not in ("owners_folded", "due_until")]
    tests = [
        _contains(actions.c.owners_folded, owner),
        actions.c.due_until < due_before if due_before else None,
        actions.c.status == status if status else None,
        _contains(documents.c.body_folded, body),
    ]
    wanted = select(*columns, *_OF_DOCUMENT).join(documents)
    return _page(
        connection, wanted, tests, page, _order(actions, sort, actions.c.document_id, actions.c.id), ["owners"]
    )


def list_metrics(connection: Connection, page: Page, *, sort: str, indicator: str | None, body: str | None) -> Found:
    """The figures whose indicator has the words of `indicator`."""
    columns = [c for c in metrics.c if c.name != "indicator_folded"]
    tests = [_contains(metrics.c.indicator_folded, indicator), _contains(documents.c.body_folded, body)]
    wanted = select(*columns, *_OF_DOCUMENT).join(documents)
    return _page(connection, wanted, tests, page, _order(metrics, sort, metrics.c.document_id, metrics.c.id))


def list_people(connection: Connection, page: Page, *, sort: str, name: str | None, body: str | None) -> Found:
    """The people of all documents, one row for each document."""
    tests = [_contains(people.c.name_folded, name), _contains(documents.c.body_folded, body)]
    wanted = select(*(c for c in people.c if c.name != "name_folded"), *_OF_DOCUMENT).join(documents)
    return _page(connection, wanted, tests, page, _order(people, sort, people.c.document_id, people.c.id), ["roles"])


def _contains(column: ColumnElement[Any], words: str | None) -> ColumnElement[bool] | None:
    return None if words is None else column.contains(_fold(words), autoescape=True)


def _order(table: Table, sort: str, *last: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """The column named by `sort`, "-" before it for falling; rows without a value come last."""
    column = (documents if sort.lstrip("-") in ("meeting_date", "created_at") else table).c[sort.lstrip("-")]
    return [column.is_(None), column.desc() if sort.startswith("-") else column.asc(), *last]


def _page(
    connection: Connection,
    wanted: Select[Any],
    tests: Sequence[ColumnElement[bool] | None],
    page: Page,
    order: Sequence[ColumnElement[Any]],
    json_columns: Sequence[str] = (),
) -> Found:
    filtered = wanted.where(*(test for test in tests if test is not None))
    total = connection.execute(select(func.count()).select_from(filtered.subquery())).scalar_one()
    rows = connection.execute(filtered.order_by(*order).limit(page.limit).offset(page.offset)).mappings()
    read: Callable[[str, Any], Any] = lambda name, value: json.loads(value) if name in json_columns else value  # noqa: E731
    return Found([{name: read(name, value) for name, value in row.items()} for row in rows], total)
