"""What was extracted so far: the start of a register of actions and figures."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from extractor.schema import ActionStatus, Minutes
from service.database import reading
from service.dependencies import AppState, Reading
from service.errors import NOT_FOUND, ServiceError
from service.queries import AskedFormat, AskedPage, AskedView, Day, Words
from service.responses import PROBLEMS
from service.store import Found, Page, find_record, list_actions, list_documents, list_metrics, list_people
from service.views import show

router = APIRouter(prefix="/v1", tags=["register"], responses=PROBLEMS)


class Listing(BaseModel):
    """A page of rows, and how many there are in all."""

    total: int
    limit: int
    offset: int
    items: list[dict[str, Any]]


def _listing(found: Found, page: Page) -> Listing:
    return Listing(total=found.total, limit=page.limit, offset=page.offset, items=found.items)


@router.get("/documents", summary="List the documents")
def documents(
    state: AppState,
    caller: Reading,
    page: AskedPage,
    body: Words = None,
    since: Day = None,
    until: Day = None,
    sort: Literal["created_at", "-created_at", "meeting_date", "-meeting_date", "name", "-name"] = "-created_at",
) -> Listing:
    """The documents read so far, by the body that met and the days of the meetings."""
    with reading(state.engine) as connection:
        return _listing(list_documents(connection, page, sort=sort, body=body, since=since, until=until), page)


@router.get("/documents/{document_id}", summary="The record of a document", response_model=Minutes)
def document(
    document_id: str,
    state: AppState,
    caller: Reading,
    view: AskedView,
    format: AskedFormat = "json",
) -> Response:
    """The record of one document."""
    with reading(state.engine) as connection:
        record = find_record(connection, document_id)
    if record is None:
        raise ServiceError(NOT_FOUND)
    shown = show([Minutes.model_validate_json(record)], view, format)
    return Response(shown.body, media_type=shown.media_type)


@router.get("/actions", summary="List the actions")
def actions(
    state: AppState,
    caller: Reading,
    page: AskedPage,
    owner: Words = None,
    due_before: Day = None,
    status: ActionStatus | None = None,
    body: Words = None,
    sort: Literal["due_date", "-due_date", "meeting_date", "-meeting_date", "confidence", "-confidence"] = "due_date",
) -> Listing:
    """The actions of all documents; `owner` finds the document's words as well as the person whom they name."""
    with reading(state.engine) as connection:
        found = list_actions(connection, page, sort=sort, owner=owner, due_before=due_before, status=status, body=body)
    return _listing(found, page)


@router.get("/metrics", summary="List the figures")
def metrics(
    state: AppState,
    caller: Reading,
    page: AskedPage,
    indicator: Words = None,
    body: Words = None,
    sort: Literal["meeting_date", "-meeting_date", "value", "-value", "indicator", "-indicator"] = "meeting_date",
) -> Listing:
    """The figures of all documents."""
    with reading(state.engine) as connection:
        return _listing(list_metrics(connection, page, sort=sort, indicator=indicator, body=body), page)


@router.get("/people", summary="List the people")
def people(
    state: AppState,
    caller: Reading,
    page: AskedPage,
    name: Words = None,
    body: Words = None,
    sort: Literal["name", "-name", "meeting_date", "-meeting_date"] = "name",
) -> Listing:
    """The people of all documents, one row for each document that names them."""
    with reading(state.engine) as connection:
        return _listing(list_people(connection, page, sort=sort, name=name, body=body), page)
