"""Lists of people whose attendance is a mark: ticked boxes, signs that a legend explains, and columns of a table."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from extractor.structure.cues import status_of
from extractor.structure.model import AttendanceRegion, Line, LineKind
from extractor.structure.phrases import fold
from extractor.structure.rosters import Look, look_of
from extractor.structure.tables import Cell, Row
from extractor.structure.vocabulary import attendance_words

_APOLOGY_WORD: Final = re.compile(r"\b(?:apolog|regret|excused)")
_PLAIN_YES: Final = frozenset(("yes", "y", "x", "p", "present", "✓", "✔", "✅", "attended"))
_TICKS: Final = frozenset(("x", "✓", "✔", "✅", "[x]"))
_NOTE: Final = re.compile(r"[(,;:–]| - | for ")
_DATED: Final = re.compile(
    r"\W{0,5}(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?\s(?P<month>[A-Za-z]{3,9})\.?"
    r"|(?P<month_before>[A-Za-z]{3,9})\.?\s(?P<day_after>\d{1,2}))\W{0,5}(?:\d{2,4}\W{0,5})?"
)
_GAP: Final = re.compile(r"\.{3,}|\t+|[ ]{3,}|[ ][-–—][ ]|:[ ]")
MAX_GAPS: Final = 6
MIN_ROLL: Final = 3
MAX_ROLL_CHARS: Final = 200
NAME_COLUMNS: Final = 3
"""Of a table's first columns, one of which names the person of its row."""
HEAD_CHARS: Final = 1_000
_LEGEND: Final = re.compile(
    r"(?:(?:names? )?(?:marked )?(?:with )?(?:an? |the )?(?:asterisk|cross|plus|tick|star) )?[\s(\[“\"'‘\\]{0,4}"
    r"(?P<mark>[^\w\s()\[\]“”\"'‘’\\,.;:|/=–-]{1,2})[\s)\]”\"'’]{0,4}"
    r"(?:=|:|–|-|indicates?|denotes?|means|marks|was|were)\s{0,3}(?P<words>[a-z][a-z -]{3,50})[\s.)_*]{0,4}",
    re.IGNORECASE,
)
"""A line that says what a mark behind a name stands for: "* denotes those present"."""
_HOW: Final = frozenset(
    ("remote", "remotely", "phone", "call", "zoom", "teams", "online", "virtually", "via", "person")
)
"""Words of a legend that says how people attended, not whether they did."""
_BRACKETED: Final = re.compile(r"\([^()\n]{0,80}\)")
_EMPHASIS: Final = "*_"
_BETWEEN_PEOPLE: Final = re.compile(r"\s/\s|;")
MAX_LEGEND_CHARS: Final = 120
MAX_LEGEND_LINES: Final = 60
"""Between a legend and the first of the people above it."""
_CHECKED: Final = re.compile(r"\[[xX✓]\]")


def read_check_boxes(text: str, lines: Sequence[Line]) -> Iterator[AttendanceRegion]:
    """Lists of people with a ticked box before those who were there."""
    run: list[Line] = []
    heading = ""
    for line in [*lines, None]:
        if line is not None and line.bullet and line.bullet.startswith("["):
            run.append(line)
            continue
        if line is not None and line.kind is LineKind.BLANK:
            continue
        if len(run) >= 3 and _lists_people(text, run):
            here = "in_attendance" if _lists_others(heading) else "present"
            for entry in run:
                ticked = _CHECKED.match(entry.bullet or "") is not None
                yield AttendanceRegion(entry.body, entry.end, here if ticked else "absent")
        run = []
        heading = text[line.body : line.body_end][:100] if line is not None else ""


def read_roll(text: str, lines: Sequence[Line]) -> Iterator[AttendanceRegion]:
    """Lines of a roll, a person and behind dots or a gap in words how each attended: "Ann Lee, Clerk ..... Excused"."""
    run: list[AttendanceRegion] = []
    for line in [*lines, None]:
        if line is not None and line.kind is LineKind.BLANK:
            continue
        region = _called(text, line) if line is not None and line.end - line.start <= MAX_ROLL_CHARS else None
        if region is not None:
            run.append(region)
            continue
        if len(run) >= MIN_ROLL:
            yield from run
        run = []


def _called(text: str, line: Line) -> AttendanceRegion | None:
    for gap in islice(_GAP.finditer(text, line.body, line.end), MAX_GAPS):
        status = _worded_status(text[gap.end() : line.end].strip())
        if status and look_of(text[line.body : gap.start()], bulleted=False) is Look.ROSTER:
            return AttendanceRegion(line.body, line.end, status)
    return None


def read_legends(text: str, lines: Sequence[Line]) -> Iterator[AttendanceRegion]:
    """People above a line such as "* denotes those present", some of them with that mark before or behind them."""
    for index, line in enumerate(lines):
        if line.end - line.start > MAX_LEGEND_CHARS:
            continue
        legend = _LEGEND.fullmatch(text[line.start : line.end].strip())
        status = status_of(legend["words"], strict=True) if legend else None
        if legend is None or status is None or _HOW & set(fold(legend["words"]).split()):
            continue
        people = list(_people_above(text, lines[max(0, index - MAX_LEGEND_LINES) : index]))
        marked = [_has_mark(text[start:end], legend["mark"]) for start, end in people]
        if len(people) >= MIN_ROLL and any(marked) and not all(marked):
            other = "absent" if status == "present" else "present"
            for (start, end), is_marked in zip(people, marked, strict=True):
                yield AttendanceRegion(start, end, status if is_marked else other)


def _people_above(text: str, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """(start, end) of each person of the list that the lines end with, the last one first."""
    for line in reversed(lines):
        if line.kind is LineKind.BLANK:
            continue
        words = text[line.body : line.end]
        if len(words) > MAX_LEGEND_CHARS or look_of(words, bulleted=line.bullet is not None) is not Look.ROSTER:
            return
        starts = [line.body, *(line.body + gap.end() for gap in _BETWEEN_PEOPLE.finditer(words))]
        ends = [*(line.body + gap.start() for gap in _BETWEEN_PEOPLE.finditer(words)), line.end]
        yield from zip(starts, ends, strict=True)


def _has_mark(words: str, mark: str) -> bool:
    """Whether the words begin or end with the mark; notes in brackets and bold type do not count."""
    plain = _BRACKETED.sub(" ", words).strip()
    bare = plain if mark[0] in _EMPHASIS else plain.strip(_EMPHASIS + " ")
    return bare.startswith(mark) or bare.endswith(mark)


def _lists_others(heading: str) -> bool:
    return bool(set(fold(heading).split()) & attendance_words().modifiers["in_attendance"])


def _lists_people(text: str, run: Sequence[Line]) -> bool:
    looks = [look_of(text[line.body : line.body_end], bulleted=False) for line in run]
    short = sum(len(text[line.body : line.body_end].split()) <= 14 for line in run)
    return looks.count(Look.ROSTER) >= 0.7 * len(run) and short >= 0.8 * len(run)


def read_marks(text: str, table: Sequence[Row]) -> Iterator[AttendanceRegion]:
    """The rows of a table by the mark in their column of attendance, or its cells by the heading above them."""
    if not table:
        return
    worded = list(_worded_column(text, table))
    if worded:
        yield from worded
        return
    if _marks_first(text, table):
        for row in table:
            mark = row[0].text_of(text).strip(" *_.()").lower()
            status = "apologies" if _APOLOGY_WORD.search(mark) else _status_of_mark(mark, "present")
            if status and len(row) > 1:
                yield AttendanceRegion(row[1].start, _last(row).end, status)
        return
    statuses = {c: s for c, cell in enumerate(table[0]) if (s := status_of(cell.text_of(text), strict=True))}
    if not statuses:
        yield from _unnamed_column(text, table)
    for row in table[1:]:
        for column, status in statuses.items():
            if column >= len(row):
                continue
            value = row[column].text_of(text).strip(" *_.").lower()
            marked = _status_of_mark(value, status)
            if marked is None and value and len(value) > 3:
                yield AttendanceRegion(row[column].start, row[column].end, status)
            elif marked is not None and (marked or len(statuses) == 1):
                yield AttendanceRegion(row[0].start, _last(row).end, marked or "absent")
                break


def _worded_column(text: str, table: Sequence[Row]) -> Iterator[AttendanceRegion]:
    """Rows of people by the column that says in words how each attended: "Present", "In attendance, for Ann Lee"."""
    for column in range(max(len(row) for row in table)):
        rows = [row for row in table if column < len(row) and row[column].start < row[column].end]
        found = [(row, _worded_status(row[column].text_of(text))) for row in rows]
        known = [status for _, status in found if status]
        if len(known) >= 3 and len(known) >= 0.8 * (len(rows) - 1) and len(set(known)) >= 2:
            for row, status in found:
                if status:
                    yield AttendanceRegion(row[0].start, _last(row).end, status)
            return


def _worded_status(value: str) -> str | None:
    words = _NOTE.split(value, maxsplit=1)[0].strip(" *_.")
    return status_of(words, strict=True) if len(words) > 3 else None


def _unnamed_column(text: str, table: Sequence[Row]) -> Iterator[AttendanceRegion]:
    """Rows of people by a column that holds little but marks, though no heading says what it is."""
    people = [row for row in table if len(row) > 1 and _names_somebody(text, row)]
    n_columns = max((len(row) for row in people), default=0)
    columns = [column for column in range(1, n_columns) if _holds_marks(text, table, people, column)]
    if not columns:
        return
    column = _column_of_meeting(text, table, columns)
    rows = people[_is_header(text, table, people, column) :]
    values = [_mark(text, row, column) for row in rows]
    parted = {"a", "e"} <= {_mark(text, row, c) for row in rows for c in columns}
    called = parted or "p" in values  # a roll of P and A, or of A and E for the excused, where A is absent
    for row, value in zip(rows, values, strict=True):
        status = "absent" if not value or (called and value == "a") else _status_of_mark(value, "present")
        if status:
            yield AttendanceRegion(row[0].start, _last(row).end, status)


def _names_somebody(text: str, row: Row) -> bool:
    return any(look_of(cell.text_of(text), bulleted=False) is Look.ROSTER for cell in row[:NAME_COLUMNS])


def _holds_marks(text: str, table: Sequence[Row], people: Sequence[Row], column: int) -> bool:
    rows = people[_is_header(text, table, people, column) :]
    filled = [value for value in (_mark(text, row, column) for row in rows) if value]
    return len(rows) >= 3 and len(filled) >= max(1, len(rows) // 2) and _are_marks(filled)


def _is_header(text: str, table: Sequence[Row], people: Sequence[Row], column: int) -> bool:
    """Whether the first row of people is the table's first row and holds a heading where the others hold marks."""
    value = _mark(text, people[0], column)
    return people[0] is table[0] and bool(value) and _status_of_mark(value, "present") is None


def _column_of_meeting(text: str, table: Sequence[Row], columns: Sequence[int]) -> int:
    """Of columns for several dates that of the meeting, by the date above the table, else the last; else the first."""
    dates = {c: m for c in columns if c < len(table[0]) and (m := _DATED.fullmatch(table[0][c].text_of(text)))}
    if len(dates) < 2:
        return columns[0]
    above = text[max(0, table[0][0].start - HEAD_CHARS) : table[0][0].start]
    for column, date in dates.items():
        day, month = date["day"] or date["day_after"], (date["month"] or date["month_before"])[:3]
        either = rf"\b{day}(?:st|nd|rd|th)?(?:\sof)?\s{month}|\b{month}[a-z]*\.?\s{day}\b"
        if re.search(either, above, re.IGNORECASE):
            return column
    return max(dates)


def _mark(text: str, row: Row, column: int) -> str:
    value = row[column].text_of(text) if column < len(row) else ""
    return value.split("(")[0].strip(" *_.").lower()


def _are_marks(values: Sequence[str]) -> bool:
    """Whether nine in ten of the values are marks, and some say yes."""
    marks = attendance_words().marks
    known = [value for value in values if any(value in group for group in marks.values())]
    return len(known) >= 0.9 * len(values) and any(value in _PLAIN_YES for value in values)


def _marks_first(text: str, table: Sequence[Row]) -> bool:
    """Whether the first column ticks the people whom the second one names."""
    ticked = [row for row in table if len(row) > 1 and row[0].text_of(text).strip(" *_.").lower() in _TICKS]
    named = [row for row in ticked if look_of(row[1].text_of(text), bulleted=True) is Look.ROSTER]
    return len(ticked) >= 3 and len(ticked) >= len(table) // 2 and len(named) >= 0.8 * len(ticked)


def _status_of_mark(value: str, status: str) -> str | None:
    """What a mark in a column of `status` says of its row: a status, "" for not this one, None for no mark at all."""
    marks = attendance_words().marks
    if value in marks["yes"]:
        return status
    if value in marks["apologies"]:
        return "apologies"
    if value in marks["no"] or not value:
        return "absent" if status == "present" and value else ""
    return None


def _last(row: Row) -> Cell:
    return max(row, key=lambda cell: cell.end)
