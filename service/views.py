"""A record in the forms that a request can ask for."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from extractor.render import to_html
from extractor.render.exports import to_csv, to_ics, to_xlsx
from extractor.schema import Minutes

Format = Literal["json", "html", "csv", "xlsx", "ics"]
OffsetUnit = Literal["codepoint", "utf16"]
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class View:
    """What of a record is shown."""

    include_text: bool = True
    min_confidence: float = 0.0
    """Actions, decisions, metrics and spans below it are left out."""
    offset_unit: OffsetUnit = "codepoint"


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as the body of an answer."""

    media_type: str
    body: bytes


def show(records: list[Minutes], view: View, form: Format) -> Shown:
    """The records in the form; JSON of one alone is the contract itself, of several a list."""
    if form == "json":
        shown = [view_of(minutes, view).model_dump_json() for minutes in records]
        body = shown[0] if len(shown) == 1 else f"[{','.join(shown)}]"
        return Shown("application/json", body.encode())
    kept = [confident(minutes, view.min_confidence) for minutes in records]
    media_type, render = _RENDERERS[form]
    return Shown(media_type, render(kept))


def _html(records: list[Minutes]) -> bytes:
    return to_html(records[0], records[0].text or "").encode()


_RENDERERS: Final[Mapping[str, tuple[str, Callable[[list[Minutes]], bytes]]]] = {
    "html": ("text/html; charset=utf-8", _html),
    "csv": ("text/csv; charset=utf-8", lambda records: to_csv(records).encode()),
    "xlsx": (XLSX, to_xlsx),
    "ics": ("text/calendar; charset=utf-8", to_ics),
}


def view_of(minutes: Minutes, view: View) -> Minutes:
    """The record as the request wants it."""
    kept = confident(minutes, view.min_confidence)
    if view.offset_unit == "utf16":
        kept = in_utf16(kept)
    return kept if view.include_text else kept.model_copy(update={"text": None})


def confident(minutes: Minutes, lowest: float) -> Minutes:
    """The record without what is less sure; spans that a kept record needs stay."""
    if lowest <= 0:
        return minutes
    kept: dict[str, Any] = {
        name: [row for row in getattr(minutes, name) if row.confidence >= lowest]
        for name in ("actions", "decisions", "metrics")
    }
    actions = {action.id for action in kept["actions"]}
    kept["target_meetings"] = [
        meeting.model_copy(update={"actions": [a for a in meeting.actions if a in actions]})
        for meeting in minutes.target_meetings
    ]
    needed = _spans_of(minutes.model_copy(update=kept))
    kept["spans"] = [span for span in minutes.spans if span.score >= lowest or span.id in needed]
    return minutes.model_copy(update=kept)


def _spans_of(minutes: Minutes) -> set[str]:
    """The ids of the spans that the record points to."""
    needed = {row.span for row in minutes.attendance}
    needed |= {decision.span for decision in minutes.decisions} | {metric.span for metric in minutes.metrics}
    mentions = [person.mentions for person in minutes.people] + [action.mentions for action in minutes.actions]
    needed |= {span for ids in (*mentions, *(t.mentions for t in minutes.target_meetings)) for span in ids}
    for action in minutes.actions:
        needed |= {owner.span for owner in action.owners} | ({action.due.span} if action.due else set())
    meeting = minutes.meeting
    needed |= {other.span for other in (meeting.previous, meeting.next) if other is not None and other.span}
    return needed


def in_utf16(minutes: Minutes) -> Minutes:
    """The record with offsets in UTF-16 code units, as JavaScript, Java and .NET count."""
    wide = [k for k, c in enumerate(minutes.text or "") if ord(c) > 0xFFFF]
    if not wide:
        return minutes

    def moved(row: Any) -> Any:
        return row.model_copy(update={"start": _shift(wide, row.start), "end": _shift(wide, row.end)})

    spans, agenda = [moved(span) for span in minutes.spans], [moved(item) for item in minutes.agenda]
    return minutes.model_copy(update={"spans": spans, "agenda": agenda})


def _shift(wide: list[int], offset: int) -> int:
    return offset + bisect_left(wide, offset)
