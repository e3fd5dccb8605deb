"""Paperless-ngx: fetches a document, and writes what was found back as a note and as custom fields.

Source: the REST API of Paperless-ngx, version 9 (docs.paperless-ngx.com/api).
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from extractor.schema import Minutes
from service.settings import Settings

PAPERLESS: Final = "paperless"
TIMEOUT_S: Final = 30.0
MAX_NOTE: Final = 10_000
"""Characters of a note."""


class PaperlessFailed(Exception):
    """Paperless did not answer as it should; the message holds the status only."""


def client(settings: Settings) -> httpx.Client:
    """A client of the installation that the settings name; redirects are not followed."""
    return httpx.Client(
        base_url=settings.paperless_url or "",
        headers={"Authorization": f"Token {settings.paperless_token or ''}", "Accept": "application/json; version=9"},
        timeout=TIMEOUT_S,
    )


def fetch(settings: Settings, document_id: int) -> tuple[str, bytes]:
    """(file name, bytes) of a document as it was filed, no more than a body may have.

    Raises:
        PaperlessFailed: it cannot be had.
    """
    try:
        with client(settings) as api:
            about = _json(api.get(f"/api/documents/{document_id}/"))
            with api.stream("GET", f"/api/documents/{document_id}/download/", params={"original": "true"}) as answer:
                _check(answer)
                return str(about.get("original_file_name") or about.get("title")), _bounded(answer, settings)
    except httpx.HTTPError as error:
        raise PaperlessFailed(type(error).__name__) from None


def _bounded(answer: httpx.Response, settings: Settings) -> bytes:
    found = bytearray()
    for chunk in answer.iter_bytes():
        found += chunk
        if len(found) > settings.max_body_bytes:
            raise PaperlessFailed("the document is too large")
    return bytes(found)


def _check(answer: httpx.Response) -> None:
    if answer.status_code >= 300:
        raise PaperlessFailed(f"status {answer.status_code}")


def _json(answer: httpx.Response) -> dict[str, Any]:
    _check(answer)
    try:
        found: dict[str, Any] = answer.json()
    except ValueError:
        raise PaperlessFailed("no JSON") from None
    return found


def summary_of(document_id: int, records: list[Minutes]) -> dict[str, Any]:
    """What is written back: the note, and the values of the custom fields."""
    first = records[0]
    actions = [action for minutes in records for action in minutes.actions]
    return {
        "document_id": document_id,
        "note": _note(records)[:MAX_NOTE],
        "values": {
            "n_open_actions": sum(action.status != "done" for action in actions),
            "meeting_date": first.meeting.date if len(first.meeting.date or "") == 10 else None,
            "body": first.meeting.body,
        },
    }


def _note(records: list[Minutes]) -> str:
    """The actions with owner and due, then the decisions, a line each."""
    lines: list[str] = []
    for minutes in records:
        for action in minutes.actions:
            owners = ", ".join(owner.text for owner in action.owners)
            due = action.due.date or action.due.text if action.due else ""
            tail = "; ".join(part for part in (owners, due and f"due {due}") if part)
            lines.append(f"Action: {action.text}" + (f" ({tail})" if tail else ""))
        lines += [f"Decision ({decision.kind}): {decision.text}" for decision in minutes.decisions]
    return "\n".join(" ".join(line.split()) for line in lines) or "No actions and no decisions found."


def write_back(settings: Settings, payload: Mapping[str, Any]) -> bool:
    """Write the note and the custom fields; whether all went well. Written twice, the note stands there once."""
    address = f"/api/documents/{int(payload['document_id'])}/"
    try:
        with client(settings) as api:
            _write_fields(api, address, settings.paperless_fields, payload["values"])
            notes = api.get(f"{address}notes/")
            _check(notes)
            if all(note.get("note") != payload["note"] for note in notes.json()):
                _check(api.post(f"{address}notes/", json={"note": payload["note"]}))
    except (httpx.HTTPError, PaperlessFailed, ValueError):
        return False
    return True


def _write_fields(api: httpx.Client, address: str, names: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Set the fields that Paperless has under the names; the other fields of the document stay as they are."""
    known = {field["name"]: field["id"] for field in _json(api.get("/api/custom_fields/?page_size=1000"))["results"]}
    ours = {known[name]: values.get(key) for key, name in names.items() if name in known}
    if not ours:
        return
    kept = [field for field in _json(api.get(address)).get("custom_fields", []) if field["field"] not in ours]
    fields = [*kept, *({"field": field, "value": value} for field, value in ours.items())]
    _check(api.patch(address, json={"custom_fields": fields}))
