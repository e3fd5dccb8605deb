"""What `parse` returns: the parts of a document as stretches of its text. Offsets are those of `SourceText.text`."""

from dataclasses import dataclass
from enum import StrEnum

from extractor.normalize.dates import PartialDate


class LineKind(StrEnum):
    """What a line is in the layout of the page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    BLANK = "blank"
    FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line end; `body` to `body_end` are its words, without indent, bullet and number."""

    start: int
    end: int
    kind: LineKind
    indent: int
    """Width of the white space before the first character; a tab counts as eight."""
    number: str | None
    """The item number that leads the line, without its brackets and last full stop."""
    bullet: str | None
    """The list mark, the Markdown hashes or the check box that leads the line."""
    level: int
    """Depth of a Markdown heading or of a compound number, else 0."""
    body: int
    body_end: int


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines that form one paragraph, list item, heading or table row; a page break may lie inside it."""

    start: int
    end: int
    kind: LineKind
    number: str | None
    level: int
    first_line: int
    """Index of the block's first line in `Structure.lines`."""
    last_line: int


@dataclass(frozen=True, slots=True)
class Located:
    """A value and where it stands; `text` is the value as written, or as HH:MM for a time."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LocatedDate:
    """A date and where it stands."""

    date: PartialDate
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """What the head of the minutes says of the meeting; what it does not say is None."""

    title: Located | None = None
    organisation: Located | None = None
    body: Located | None = None
    date: LocatedDate | None = None
    start_time: Located | None = None
    end_time: Located | None = None
    location: Located | None = None


@dataclass(frozen=True, slots=True)
class AttendanceRegion:
    """A stretch that lists people of one `status`, a value of PERSON `att=`; regions do not overlap."""

    start: int
    end: int
    status: str


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """A heading of the minutes and its stretch up to the next one of its level or above."""

    number: str | None
    title: str
    title_start: int
    title_end: int
    start: int
    end: int
    level: int
    parent: int | None
    """Index of the entry that this one lies in."""


@dataclass(frozen=True, slots=True)
class ActionRegion:
    """A stretch of actions: a `summary` or `log` under its heading, or a cell (`column`) of an action table."""

    start: int
    end: int
    kind: str
    column: str | None = None
    """For a cell what its column holds: ref, action, owner, due, status."""
    row: int | None = None
    """For a cell which row of the document's action tables it belongs to, from 0."""


@dataclass(frozen=True, slots=True)
class ActionLabel:
    """A label such as "Action 3:"; `content` says what follows up to `end_content`: `task`, `owners` or `nothing`."""

    start: int
    end: int
    number: str | None
    content: str
    end_content: int


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Structure:
    """The parts of a document, each sorted by start."""

    lines: tuple[Line, ...]
    blocks: tuple[TextBlock, ...]
    meeting: MeetingFacts
    attendance: tuple[AttendanceRegion, ...]
    agenda: tuple[AgendaEntry, ...]
    action_regions: tuple[ActionRegion, ...]
    action_labels: tuple[ActionLabel, ...]
    next_meeting: tuple[Region, ...]
    previous_minutes: Region | None
