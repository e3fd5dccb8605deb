"""What goes wrong, as RFC 9457 problems with stable types. No problem shows text of a document or of an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, Field

from extractor.errors import (
    CorruptFile,
    EmptyFile,
    EncryptedFile,
    ExtractorError,
    LimitExceeded,
    MissingProgram,
    UnreadableFile,
    UnsupportedFormat,
)

MEDIA_TYPE: Final = "application/problem+json"
NAMESPACE: Final = "urn:minutes:problem:"


class Problem(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(examples=["urn:minutes:problem:queue-full"])
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A type of problem: its name in `type`, the HTTP status and a sentence for people."""

    code: str
    status: HTTPStatus
    title: str


MALFORMED = ProblemKind("malformed-request", HTTPStatus.BAD_REQUEST, "The request cannot be read")
UNAUTHORIZED = ProblemKind("unauthorized", HTTPStatus.UNAUTHORIZED, "A valid API key is needed")
FORBIDDEN = ProblemKind("forbidden", HTTPStatus.FORBIDDEN, "The API key does not allow this")
NOT_FOUND = ProblemKind("not-found", HTTPStatus.NOT_FOUND, "There is nothing at this address")
METHOD = ProblemKind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "The method does not fit the address")
NOT_READY = ProblemKind("not-finished", HTTPStatus.CONFLICT, "The job has no result yet")
KEY_REUSED = ProblemKind("idempotency-key-reused", HTTPStatus.CONFLICT, "The key was used for another request")
GONE = ProblemKind("job-failed", HTTPStatus.CONFLICT, "The job failed and has no result")
SLOW = ProblemKind("body-too-slow", HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time")
LENGTH = ProblemKind("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large")
MEDIA = ProblemKind("unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request has a wrong media type")
INVALID = ProblemKind("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, "A value of the request does not fit")
CALLBACK = ProblemKind("callback-refused", HTTPStatus.FORBIDDEN, "The callback address is not allowed")
NOT_SET_UP = ProblemKind("not-set-up", HTTPStatus.NOT_FOUND, "The service is not set up for this system")
UPSTREAM = ProblemKind("upstream-failed", HTTPStatus.BAD_GATEWAY, "The other system did not give the document")
RATE = ProblemKind("rate-limited", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests with this API key")
BUSY = ProblemKind("queue-full", HTTPStatus.SERVICE_UNAVAILABLE, "All slots are taken, try again later")
INTERNAL = ProblemKind("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed")
UNREADABLE = ProblemKind(UnreadableFile.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The document cannot be read")
_DOCUMENT_KINDS: Final[Mapping[type[ExtractorError], ProblemKind]] = {
    EmptyFile: ProblemKind(EmptyFile.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The document has no text"),
    UnsupportedFormat: ProblemKind(
        UnsupportedFormat.code, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "There is no reader for the document's format"
    ),
    EncryptedFile: ProblemKind(
        EncryptedFile.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The document is protected by a password"
    ),
    CorruptFile: ProblemKind(CorruptFile.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The document is damaged"),
    MissingProgram: ProblemKind(
        MissingProgram.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The format needs a program that is not installed"
    ),
    LimitExceeded: ProblemKind(
        LimitExceeded.code, HTTPStatus.UNPROCESSABLE_ENTITY, "The document is beyond the limits of the service"
    ),
}


class ServiceError(Exception):
    """A failure that the caller is told of."""

    def __init__(self, kind: ProblemKind, detail: str | None = None, *, headers: Mapping[str, str] | None = None):
        super().__init__(kind.code)
        self.kind, self.detail, self.headers = kind, detail, dict(headers or {})


def kind_of(error: ExtractorError) -> ProblemKind:
    """The problem that a failure of the library is to the caller."""
    return next((kind for known, kind in _DOCUMENT_KINDS.items() if isinstance(error, known)), UNREADABLE)


def problem(kind: ProblemKind, detail: str | None = None, request_id: str | None = None) -> Problem:
    """The problem as the caller sees it."""
    return Problem(
        type=NAMESPACE + kind.code, title=kind.title, status=int(kind.status), detail=detail, request_id=request_id
    )
