"""Reading documents while the caller waits."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from extractor.errors import ExtractorError
from extractor.schema import Minutes
from service.bodies import BulkAnswer, Result, TextDocument, Upload, read_uploads
from service.dependencies import AppState, State, Writing
from service.errors import INTERNAL, INVALID, ServiceError, kind_of, problem
from service.queries import AskedFormat, AskedOptions, AskedView
from service.reading import ReadingOptions
from service.responses import PROBLEMS, document_body
from service.views import View, show, view_of

T = TypeVar("T")
log = structlog.get_logger("minutes.extract")
router = APIRouter(prefix="/v1", tags=["extract"])

_MEDIA: Final[dict[str, Any]] = {
    "text/html": {},
    "text/csv": {},
    "text/calendar": {},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {},
}


@router.post(
    "/extract",
    summary="Read a document",
    response_model=Minutes,
    responses={200: {"content": _MEDIA, "description": "What the document contains"}, **PROBLEMS},
    openapi_extra={"requestBody": document_body(TextDocument)},
)
async def extract(
    request: Request,
    state: AppState,
    caller: Writing,
    view: AskedView,
    options: AskedOptions,
    format: AskedFormat = "json",
) -> Response:
    """What one document contains: a file as multipart/form-data, or a text as JSON. Nothing of it is kept."""
    with state.slots.admitted():
        uploads = await _uploads(request, state, 1, options)
        shown = await run_in_threadpool(_read_and, partial(show, view=view, form=format), state, uploads[0])
    return Response(shown.body, media_type=shown.media_type)


@router.post(
    "/extract/bulk",
    summary="Read many documents",
    response_model=BulkAnswer,
    responses={200: {"description": "A result or a problem for each document, in their order"}, **PROBLEMS},
    openapi_extra={"requestBody": document_body(TextDocument, many=True)},
)
async def extract_bulk(
    request: Request,
    state: AppState,
    caller: Writing,
    view: AskedView,
    options: AskedOptions,
) -> Response:
    """What many documents contain: files as multipart/form-data, or `{"items": [...]}` as JSON."""
    with state.slots.admitted():
        uploads = await _uploads(request, state, state.settings.max_bulk_items, options)
        results = await run_in_threadpool(_bulk, state, uploads, view)
    return Response(BulkAnswer(results=results).model_dump_json(), media_type="application/json")


async def _uploads(request: Request, state: State, max_items: int, options: ReadingOptions) -> list[Upload]:
    uploads = await read_uploads(request, options, max_items=max_items, timeout_s=state.settings.body_timeout_s)
    if len(uploads) > max_items:
        raise ServiceError(INVALID, f"more than {max_items} documents")
    return uploads


def _read_and(then: Callable[[list[Minutes]], T], state: State, upload: Upload) -> T:
    """Read in a slot, and make the answer outside of it."""
    with state.slots.reader() as reader:
        try:
            records = reader.read(upload.body, upload.name, upload.options)
        except ExtractorError:
            state.telemetry.documents.labels("error").inc()
            raise
    state.telemetry.documents.labels("ok").inc()
    return then(records)


def _bulk(state: State, uploads: list[Upload], view: View) -> list[Result]:
    with state.slots.reader() as reader:
        found = list(reader.read_many((upload.body, upload.name, upload.options) for upload in uploads))
    for outcome in found:
        if isinstance(outcome, Exception) and not isinstance(outcome, ExtractorError):
            log.error("document failed", error=type(outcome).__name__)
        state.telemetry.documents.labels("ok" if isinstance(outcome, list) else "error").inc()
    return [_result(upload, outcome, view) for upload, outcome in zip(uploads, found, strict=True)]


def _result(upload: Upload, outcome: list[Minutes] | Exception, view: View) -> Result:
    if isinstance(outcome, ExtractorError):
        return Result(name=upload.name, status="error", problem=problem(kind_of(outcome), str(outcome)))
    if isinstance(outcome, Exception):
        return Result(name=upload.name, status="error", problem=problem(INTERNAL))
    return Result(name=upload.name, status="ok", documents=[view_of(minutes, view) for minutes in outcome])
