"""Endpoints that understand what document management systems send."""

import re
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.bodies import Upload, name_of
from service.database import writing
from service.dependencies import AppState, State, Writing
from service.errors import NOT_SET_UP, UPSTREAM, ServiceError
from service.jobs import JobState, NewJob, add_job, find_job
from service.paperless import PaperlessFailed, fetch
from service.reading import ReadingOptions
from service.responses import PROBLEMS
from service.routes.jobs import Job, check_room, shown

router = APIRouter(prefix="/v1/integrations", tags=["integrations"])

MAX_ID: Final = 2**31 - 1
_ID_IN_URL: Final = re.compile(r"/documents/(\d{1,9})(?:/|$)")


class PaperlessHook(BaseModel):
    """What a workflow of Paperless-ngx sends: the document's address (`{{doc_url}}`), or its number."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "anyOf": [
                {"required": ["document_id"], "properties": {"document_id": {"type": "integer"}}},
                {"required": ["doc_url"], "properties": {"doc_url": {"type": "string"}}},
            ]
        },
    )

    document_id: Annotated[int | None, Field(ge=1, le=MAX_ID, examples=[123])] = None
    doc_url: Annotated[
        str | None, Field(max_length=2000, pattern=r"/documents/\d{1,9}(/|$)", examples=["https://dms/documents/123/"])
    ] = None

    @model_validator(mode="after")
    def _names_a_document(self) -> "PaperlessHook":
        if self.number is None:
            raise ValueError("neither document_id nor doc_url")
        return self

    @property
    def number(self) -> int | None:
        """The number of the document."""
        match = _ID_IN_URL.search(self.doc_url or "")
        return self.document_id or (int(match[1]) if match else None)


@router.post(
    "/paperless", status_code=202, summary="Read a document of Paperless-ngx", response_model=Job, responses=PROBLEMS
)
def paperless(hook: PaperlessHook, state: AppState, caller: Writing) -> Job:
    """Fetch the document from Paperless-ngx and queue it; its actions come back as a note and custom fields."""
    if not state.settings.paperless_url:
        raise ServiceError(NOT_SET_UP)
    check_room(state)
    assert hook.number is not None
    try:
        name, data = fetch(state.settings, hook.number)
    except PaperlessFailed as error:
        raise ServiceError(UPSTREAM, str(error)) from None
    return shown(_add(state, Upload(name_of(name), data, ReadingOptions(paperless_id=hook.number)), caller.key_id))


def _add(state: State, upload: Upload, key_id: str | None) -> JobState:
    job = NewJob(upload.name, upload.body, upload.sha256, asdict(upload.options), None, key_id)
    with writing(state.engine) as connection:
        found = find_job(connection, add_job(connection, job, max_attempts=state.settings.max_attempts))
    assert found is not None
    return found
