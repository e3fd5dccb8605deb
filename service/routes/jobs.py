"""Reading documents in the background."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from extractor.schema import Minutes
from service.bodies import TextDocument, Upload, read_uploads
from service.callbacks import CallbackRefused, check_url
from service.database import forget_deleted, reading, writing
from service.dependencies import Administering, AppState, Reading, State, Writing
from service.errors import BUSY, CALLBACK, GONE, KEY_REUSED, NOT_FOUND, NOT_READY, ServiceError
from service.jobs import (
    DONE,
    FAILED,
    JobState,
    KeyReused,
    NewJob,
    add_job,
    add_once,
    count_queued,
    find_job,
    remove_job,
)
from service.queries import AskedFormat, AskedOptions, AskedView
from service.responses import PROBLEMS, document_body
from service.store import records_of_job
from service.views import show

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key and document give the same job for a day."),
]
CallbackUrl = Annotated[
    str | None,
    Query(max_length=2000, pattern=r"^https?://[!-~]+$", description="Gets a signed webhook when the job ends."),
]


class JobError(BaseModel):
    """Why a job failed; codes are those of problems, and `worker-died`."""

    code: str
    detail: str | None = None


class Job(BaseModel):
    """A job; times are seconds since 1970."""

    id: str
    state: Literal["queued", "running", "done", "failed"]
    name: str
    progress: float = Field(ge=0, le=1)
    attempts: int
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    error: JobError | None = None


@router.post(
    "",
    summary="Queue a document",
    status_code=202,
    response_model=Job,
    responses={202: {"headers": {"Location": {"schema": {"type": "string"}}}}, **PROBLEMS},
    openapi_extra={"requestBody": document_body(TextDocument)},
)
async def add(
    request: Request,
    response: Response,
    state: AppState,
    caller: Writing,
    options: AskedOptions,
    idempotency_key: IdempotencyKey = None,
    callback_url: CallbackUrl = None,
) -> Job:
    """Put a document into the queue."""
    if callback_url is not None:
        await run_in_threadpool(_check_callback, state, callback_url)
    await run_in_threadpool(check_room, state)
    uploads = await read_uploads(request, options, max_items=1, timeout_s=state.settings.body_timeout_s)
    job = await run_in_threadpool(_add, state, uploads[0], caller.key_id, idempotency_key, callback_url)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return shown(job)


def _check_callback(state: State, url: str) -> None:
    if state.settings.webhook_secret is None:
        raise ServiceError(CALLBACK, "webhooks need a secret in the settings of the service")
    try:
        check_url(url, allowed=state.settings.webhook_hosts)
    except CallbackRefused as error:
        raise ServiceError(CALLBACK, str(error)) from None


def check_room(state: State) -> None:
    """Raises ServiceError where the queue is full."""
    with reading(state.engine) as connection:
        n_queued = count_queued(connection)
    if n_queued >= state.settings.max_queued_jobs:
        raise ServiceError(BUSY, headers={"Retry-After": str(state.settings.retry_after_s)})


def _add(state: State, upload: Upload, key_id: str | None, key: str | None, callback_url: str | None) -> JobState:
    job = NewJob(upload.name, upload.body, upload.sha256, asdict(upload.options), callback_url, key_id)
    max_attempts, max_age_s = state.settings.max_attempts, 3600 * state.settings.idempotency_hours
    if key is None:
        with writing(state.engine) as connection:
            job_id = add_job(connection, job, max_attempts=max_attempts)
    else:
        try:
            job_id = add_once(state.engine, job, key, max_attempts=max_attempts, max_age_s=max_age_s)
        except KeyReused:
            raise ServiceError(KEY_REUSED) from None
    return _found(state, job_id)


def shown(job: JobState) -> Job:
    """A job as its caller sees it."""
    error = JobError(code=job.error_code, detail=job.error_detail) if job.error_code else None
    return Job(
        id=job.id,
        state=job.state,  # type: ignore[arg-type]
        name=job.name,
        progress=job.progress,
        attempts=job.attempts,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        error=error,
    )


def _found(state: State, job_id: str) -> JobState:
    with reading(state.engine) as connection:
        job = find_job(connection, job_id)
    if job is None:
        raise ServiceError(NOT_FOUND)
    return job


@router.get("/{job_id}", summary="The state of a job", responses=PROBLEMS)
def get(job_id: str, state: AppState, caller: Reading) -> Job:
    """How far a job is."""
    return shown(_found(state, job_id))


@router.get("/{job_id}/result", summary="The record of a job", response_model=Minutes, responses=PROBLEMS)
def result(
    job_id: str,
    state: AppState,
    caller: Reading,
    view: AskedView,
    format: AskedFormat = "json",
) -> Response:
    """What the document contains; of a mail with attachments a list."""
    job = _found(state, job_id)
    if job.state == FAILED:
        raise ServiceError(GONE, job.error_code)
    if job.state != DONE:
        raise ServiceError(NOT_READY, headers={"Retry-After": str(state.settings.retry_after_s)})
    with reading(state.engine) as connection:
        records = [Minutes.model_validate_json(record) for record in records_of_job(connection, job_id)]
    shown = show(records, view, format)
    return Response(shown.body, media_type=shown.media_type)


@router.delete("/{job_id}", summary="Remove a job and its record", status_code=204, responses=PROBLEMS)
def remove(job_id: str, state: AppState, caller: Administering) -> None:
    """Remove a job and all that was read from its document, also from the files of the database."""
    with writing(state.engine) as connection:
        is_removed = remove_job(connection, job_id)
    if not is_removed:
        raise ServiceError(NOT_FOUND)
    forget_deleted(state.engine)
