"""What requests and answers hold, and how a file or a text in JSON becomes bytes to be read."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from extractor.normalize.dates import PartialDate
from extractor.schema import Minutes
from service.errors import INVALID, MALFORMED, MEDIA, SLOW, Problem, ServiceError
from service.reading import ReadingOptions

MAX_NAME: Final = 300
DATE: Final = r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"


def _printable(text: str) -> str:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("lone surrogate")
    if "\0" in text:
        raise ValueError("NUL")
    return text


def _date(text: str) -> str:
    PartialDate.fromisoformat(text)
    return text


MeetingDate = Annotated[str, Field(pattern=DATE), AfterValidator(_date)]
"""YYYY, YYYY-MM or YYYY-MM-DD: when the meeting was, should the text not say it."""
CleanText = Annotated[str, AfterValidator(_printable)]


class TextDocument(BaseModel):
    """A text to be read."""

    model_config = ConfigDict(extra="forbid")

    text: CleanText = Field(min_length=1, examples=["Present: Ann Lee (Chair)\n\nThe Clerk would write to the school."])
    name: CleanText = Field(default="text", min_length=1, max_length=MAX_NAME)
    meeting_date: MeetingDate | None = Field(default=None, examples=["2021-06-07"])


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes to be read, and how."""

    name: str
    body: bytes
    options: ReadingOptions

    @property
    def sha256(self) -> str:
        """Of the bytes and all that bears on what is read from them."""
        head = json.dumps(
            [self.name, self.options.encoding, self.options.ocr, self.options.is_text, self.options.meeting_date]
        )
        return hashlib.sha256(head.encode() + b"\0" + self.body).hexdigest()


class Result(BaseModel):
    """One item of a bulk answer: what was read, or the problem."""

    name: str
    status: Literal["ok", "error"]
    documents: list[Minutes] = []
    problem: Problem | None = None


class BulkAnswer(BaseModel):
    """The items in the order of the request."""

    results: list[Result]


async def read_uploads(request: Request, options: ReadingOptions, *, max_items: int, timeout_s: float) -> list[Upload]:
    """The files of a multipart body, or the text or texts of a JSON body.

    Raises:
        ServiceError: another media type, no JSON, a wrong value, too many items, or a body that comes too slowly.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(request, max_items, options)
    except TimeoutError:
        raise ServiceError(SLOW) from None


async def _read(request: Request, max_items: int, options: ReadingOptions) -> list[Upload]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        uploads = _texts(await request.body(), max_items)
    elif media_type == "multipart/form-data":
        uploads = await _files(request, options, max_items)
    else:
        raise ServiceError(MEDIA, "send application/json or multipart/form-data")
    if not uploads:
        raise ServiceError(INVALID, "the body holds no document")
    return uploads


def _texts(body: bytes, max_items: int) -> list[Upload]:
    value = parse_json(body)
    items = value["items"] if isinstance(value, dict) and set(value) == {"items"} else [value]
    if not isinstance(items, list) or len(items) > max_items:
        raise ServiceError(INVALID, f"items: at most {max_items} texts")
    try:
        texts = [TextDocument.model_validate(item) for item in items]
    except ValidationError as error:
        raise ServiceError(INVALID, _faults(error)) from None
    return [
        Upload(text.name, text.text.encode(), ReadingOptions(is_text=True, meeting_date=text.meeting_date))
        for text in texts
    ]


def _faults(error: ValidationError) -> str:
    known = TextDocument.model_fields
    found = [(next((p for p in e["loc"] if p in known), "body"), e["type"]) for e in error.errors()]
    return "; ".join(dict.fromkeys(f"{place}: {kind}" for place, kind in found))


def parse_json(body: bytes) -> Any:
    """The value of a JSON text without NaN, without doubled names, and no deeper than Python's stack allows.

    Raises:
        ServiceError: it is none.
    """
    try:
        return json.loads(body, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise ServiceError(MALFORMED, "the body is no JSON") from None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


async def _files(request: Request, options: ReadingOptions, max_items: int) -> list[Upload]:
    """The files of the form, which is removed from the disk before anything else is done."""
    try:
        async with request.form(max_files=max_items, max_fields=20) as form:
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            return [Upload(name_of(file.filename), await file.read(), options) for file in files]
    except (MultiPartException, HTTPException):
        raise ServiceError(MALFORMED, "the form cannot be read") from None


def name_of(filename: str | None) -> str:
    """The last part of a file name as it came, printable and of bounded length."""
    last = (filename or "document").replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF else "_" for c in last).strip(" .")
    return kept[-MAX_NAME:] or "document"
