"""What the OpenAPI document says of requests and errors beside what FastAPI finds out."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from service.errors import MEDIA_TYPE, Problem

_STATUSES: Final = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 502, 503)


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    headers = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}} if status in (429, 503) else {}
    return {"description": HTTPStatus(status).phrase, "content": content, "headers": headers}


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {status: _problem(status) for status in _STATUSES}


def document_body(text: type[BaseModel], *, many: bool = False) -> dict[str, Any]:
    """The body of a request that brings a document: a form with a file, or JSON with a text."""
    one = text.model_json_schema()
    files: dict[str, Any] = {"type": "string", "format": "binary"}
    items = {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": one, "minItems": 1}},
    }
    form = {"type": "array", "items": files, "minItems": 1} if many else files
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [items, one]} if many else one},
            "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": form}}},
        },
    }
