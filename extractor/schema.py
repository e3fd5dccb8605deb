"""The JSON contract `minutes/1` as pydantic models. Absent is null or [], never missing."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AttendanceStatus = Literal["present", "in_attendance", "guest", "apologies", "absent"]
ActionStatus = Literal["open", "carried", "done"]
OwnerBasis = Literal["bracket", "column", "subject", "named"]
DecisionKind = Literal["approved", "agreed", "noted", "elected", "rejected", "deferred", "other"]
MetricKind = Literal["level", "change", "target", "budget", "forecast"]
Precision = Literal["year", "month", "day"]
Label = Literal[
    "PERSON",
    "ROLE",
    "TARGET_MEETING",
    "PAST_MEETING",
    "DUE_DATE",
    "METRIC",
    "INDICATOR",
    "PERIOD",
    "ACTION",
    "DECISION",
]


class _Record(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class SourceWarning(_Record):
    """Something that could not be read or settled."""

    code: str
    detail: str


class Source(_Record):
    """The file that was read; `sha256` is of its bytes."""

    name: str
    media_type: str
    sha256: str
    n_chars: int
    n_pages: int | None = None
    encoding: str | None = None
    warnings: list[SourceWarning] = []


class Model(_Record):
    """The released pipeline that made the record."""

    name: str
    version: str


class MeetingReference(_Record):
    """Another meeting of the same body; `date` is YYYY, YYYY-MM or YYYY-MM-DD."""

    text: str
    date: str | None = None
    span: str | None = None


class Meeting(_Record):
    """The meeting minuted; times are HH:MM."""

    title: str | None = None
    organisation: str | None = None
    body: str | None = None
    date: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    location: str | None = None
    previous: MeetingReference | None = None
    next: MeetingReference | None = None


class Person(_Record):
    """A person over all mentions in the document."""

    id: str
    name: str
    roles: list[str] = []
    mentions: list[str] = []


class Attendance(_Record):
    """A row of the attendance list; `note` is what the list adds ("item 8", "from 10.30")."""

    person: str
    name: str
    role: str | None = None
    status: AttendanceStatus
    note: str | None = None
    span: str


class AgendaItem(_Record):
    """A heading of the minutes and the stretch up to the next heading of its level or above."""

    id: str
    number: str | None = None
    title: str
    start: int
    end: int


class Owner(_Record):
    """Who must do an action, in the words of the document."""

    text: str
    person: str | None = None
    basis: OwnerBasis
    span: str


class Due(_Record):
    """When an action is due; `basis` says how `date` follows from the text."""

    text: str
    kind: Literal["meeting", "date"]
    date: str | None = None
    precision: Precision | None = None
    body: str | None = None
    basis: str | None = None
    span: str


class Action(_Record):
    """One task, folded over its mentions; the first of `mentions` gives `text`."""

    id: str
    number: str | None = None
    text: str
    status: ActionStatus
    agenda_item: str | None = None
    confidence: float = Field(ge=0, le=1)
    owners: list[Owner] = []
    due: Due | None = None
    mentions: list[str]
    differences: list[str] = []


class Decision(_Record):
    """What the body resolved."""

    id: str
    text: str
    kind: DecisionKind
    agenda_item: str | None = None
    span: str
    confidence: float = Field(ge=0, le=1)


class TargetMeeting(_Record):
    """A future meeting, folded over its mentions."""

    id: str
    text: str
    body: str | None = None
    date: str | None = None
    precision: Precision | None = None
    actions: list[str] = []
    mentions: list[str]


class Period(_Record):
    """A stretch of time; `start` and `end` are days, both included, null where the text leaves them open."""

    text: str
    start: str | None = None
    end: str | None = None


class Metric(_Record):
    """A reported quantity; `value_high` is set for a range, whose low end is `value`."""

    id: str
    text: str
    value: float | None = None
    value_high: float | None = None
    unit: str | None = None
    approximate: bool = False
    kind: MetricKind
    indicator: str | None = None
    period: Period | None = None
    baseline: Period | None = None
    span: str
    confidence: float = Field(ge=0, le=1)


class LabelledSpan(_Record):
    """A mention; offsets are code points of `text`, end exclusive; `box` is x0, y0, x1, y1 in points from top left."""

    id: str
    label: Label
    start: int
    end: int
    text: str
    score: float = Field(ge=0, le=1)
    page: int | None = None
    box: tuple[float, float, float, float] | None = None


class Minutes(_Record):
    """What was extracted from one document."""

    schema_: Literal["minutes/1"] = Field(default="minutes/1", alias="schema")
    source: Source
    model: Model
    text: str | None = None
    meeting: Meeting
    people: list[Person] = []
    attendance: list[Attendance] = []
    agenda: list[AgendaItem] = []
    actions: list[Action] = []
    decisions: list[Decision] = []
    target_meetings: list[TargetMeeting] = []
    metrics: list[Metric] = []
    spans: list[LabelledSpan] = []


def json_schema() -> str:
    """The contract as JSON Schema, which `schema.json` beside this module holds."""
    return json.dumps(Minutes.model_json_schema(by_alias=True, mode="serialization"), indent=1) + "\n"
