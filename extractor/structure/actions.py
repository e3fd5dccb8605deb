"""Where a document keeps its actions, and its labels of actions; which words are the task is for the tagger."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from extractor.structure.model import ActionLabel, ActionRegion, AgendaEntry, Line, LineKind, Region
from extractor.structure.phrases import begins_with, fold, pattern
from extractor.structure.tables import Row
from extractor.structure.vocabulary import words

MAX_LEAD: Final = 80
COLUMNS: Final = ("action", "owner", "due", "status", "ref")
_LABEL: Final = re.compile(
    r"(?<![\w-])\[?[*_]{0,3}(?P<word>ACTIONS?(?: ITEMS?| POINTS?)?|Actions?(?: [Ii]tems?| [Pp]oints?)?"
    r"|action item|AI|AP|A/P)(?![a-z])"
    r"[*_]{0,3}(?:\s{0,2}(?:no\.?\s?)?(?P<number>#?\d{1,4}(?:[./-]\d{1,4}){0,2}[a-z]?))?(?P<by>\s(?:by|for|on)(?=\s))?"
    r"[*_\]]{0,4}\s{0,3}(?P<mark>:|[-–—](?=\s)|\]|(?<=\]))?[*_\]]{0,4}[ \t]{0,8}"
)
_STOP: Final = re.compile(r"(?<![AaPp]\.[Mm])(?<!\d)\.(?=\s[A-Z]|\s{0,4}$)")
_OWNERS: Final = re.compile(
    r"(?:[A-Z]{1,5}|All|ALL|Chair|Clerk|Secretary|Treasurer|[A-Z][a-z]+(?:\s[A-Z][\w’'-]*){0,2})"
    r"(?:\s{0,2}(?:[/,&+]|and)\s{0,2}(?:[A-Z]{1,5}|All|[A-Z][a-z]+(?:\s[A-Z][\w’'-]*){0,2})){0,8}\s{0,2}"
)


def find_action_regions(
    text: str, agenda: Sequence[AgendaEntry], tables: Sequence[Sequence[Row]]
) -> tuple[ActionRegion, ...]:
    """Sections that list actions by their heading, and the cells of action tables; a cell may lie in a section."""
    regions = [
        ActionRegion(entry.title_end, entry.end, kind)
        for entry in agenda
        if (kind := _kind_of_heading(entry.title)) is not None
    ]
    n_rows = 0
    for table in tables:
        cells = list(_of_table(text, table, n_rows))
        n_rows += len(table)
        regions += cells
    return tuple(sorted((r for r in regions if r.start < r.end), key=lambda r: (r.start, -r.end)))


def _kind_of_heading(title: str) -> str | None:
    folded = fold(title)
    for kind in ("log", "summary"):
        if folded in words("actions", kind):
            return kind
    found = begins_with(title, words("actions", "log"))
    return "log" if found else None


def _of_table(text: str, table: Sequence[Row], first_row: int) -> Iterator[ActionRegion]:
    columns = _columns(text, table[0]) if table else {}
    if "action" not in columns.values() or not {"owner", "due", "status"} & set(columns.values()):
        return
    for number, row in enumerate(table[1:], start=first_row):
        for column, cell in enumerate(row):
            if column in columns and cell.start < cell.end:
                yield ActionRegion(cell.start, cell.end, "column", columns[column], number)


def _columns(text: str, header: Row) -> dict[int, str]:
    """Column to what it holds, by the words of its heading; a meaning goes to the first column that has it."""
    columns: dict[int, str] = {}
    for index, cell in enumerate(header):
        folded = fold(cell.text_of(text))
        meaning = next((m for m in COLUMNS if folded in words("actions.columns", m)), None)
        if meaning is not None and meaning not in columns.values():
            columns[index] = meaning
    return columns


def find_action_labels(text: str, lines: Sequence[Line]) -> tuple[ActionLabel, ...]:
    """The labels in order: at the start of a line they need no colon, elsewhere they do."""
    labels = []
    for line in lines:
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            continue
        for match in _LABEL.finditer(text, line.start, line.end):
            if _is_label(text, line, match):
                labels.append(_label(text, line, match))
    return tuple(labels)


def _is_label(text: str, line: Line, match: re.Match[str]) -> bool:
    at_start = match.start() - line.start < MAX_LEAD and not text[line.start : match.start()].strip(
        " \t#>*_-•●○▪◦[]()x.|0123456789"
    )
    capitals = match["word"].isupper()
    if match["mark"] or match[0].lstrip("*_").startswith("["):
        return at_start or capitals or match["number"] is not None or _follows_a_break(text, match.start())
    if len(match["word"]) <= 3:
        return at_start and match["number"] is not None
    wide = text[max(line.start, match.start() - 2) : match.start()].isspace()
    return (capitals and (at_start or wide or match["by"] is not None)) or (at_start and match["number"] is not None)


def _follows_a_break(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in ".;)([|\n*_"


def _label(text: str, line: Line, match: re.Match[str]) -> ActionLabel:
    end_content = line.end
    rest = text[match.end() : min(end_content, match.end() + 400)].strip(" \t*_()[].:")
    content = "nothing" if not rest else "owners" if _OWNERS.fullmatch(rest) else "task"
    start = match.start() + len(match[0]) - len(match[0].lstrip("*_"))
    number = match["number"].lstrip("#") if match["number"] else None
    return ActionLabel(start, match.start() + len(match[0].rstrip()), number, content, line.body_end)


def find_next_meeting(text: str, agenda: Sequence[AgendaEntry], lines: Sequence[Line]) -> tuple[Region, ...]:
    """The items, labelled lines and sentences that give the date of the next meeting."""
    phrases = words("next_meeting", "phrases")
    found = [Region(e.title_start, _own_end(text, agenda, i)) for i, e in enumerate(agenda) if _opens(e.title, phrases)]
    sentence = pattern(words("next_meeting", "sentences"))
    for line in lines:
        if line.kind in (LineKind.BLANK, LineKind.FURNITURE):
            continue
        if begins_with(text[line.body : line.body + 80], phrases):
            found.append(Region(line.body, _with_following(text, line)))
        else:
            matches = sentence.finditer(text, line.body, line.end)
            found += [Region(m.start(), _sentence_end(text, m.end(), line.end)) for m in matches]
    return tuple(_merged(found))


def _opens(title: str, phrases: frozenset[str]) -> bool:
    return begins_with(title, phrases) is not None


def _own_end(text: str, agenda: Sequence[AgendaEntry], index: int) -> int:
    following = agenda[index + 1].start if index + 1 < len(agenda) else agenda[index].end
    return min(agenda[index].end, following, agenda[index].title_end + 600)


def _with_following(text: str, line: Line) -> int:
    """The end of the line, or of the next one where the line is only the heading."""
    if line.body_end - line.body > 40 or any(c.isdigit() for c in text[line.body : line.body_end]):
        return line.body_end
    following = re.compile(r"\s{1,40}[^\n]{1,300}").match(text, line.end)
    return following.end() if following else line.body_end


def _sentence_end(text: str, start: int, end: int) -> int:
    limit = min(end, start + 400)
    stop = _STOP.search(text, start, limit)
    return stop.start() if stop else limit


def _merged(regions: Sequence[Region]) -> Iterator[Region]:
    last: Region | None = None
    for region in sorted(regions, key=lambda r: r.start):
        if last is not None and region.start < last.end:
            last = Region(last.start, max(last.end, region.end))
            continue
        if last is not None:
            yield last
        last = region
    if last is not None:
        yield last


def find_previous_minutes(text: str, agenda: Sequence[AgendaEntry]) -> Region | None:
    """The item that takes the minutes of the previous meeting, or None."""
    phrases = words("previous_minutes", "phrases")
    prefixes = (
        "to approve ",
        "to confirm ",
        "to agree ",
        "to receive ",
        "to consider ",
        "confirm ",
        "the ",
        "to accept ",
        "to sign ",
    )
    for index, entry in enumerate(agenda):
        folded = fold(entry.title)
        for prefix in prefixes:
            folded = folded.removeprefix(prefix)
        if index == 0 and entry.number is None and entry.start < 20:
            continue  # the title of the document
        if begins_with(folded.removeprefix("the "), phrases) and _reports_minutes(text, entry):
            return Region(entry.title_start, _own_end(text, agenda, index))
    return None


def _reports_minutes(text: str, entry: AgendaEntry) -> bool:
    """Whether the item says more than that minutes follow."""
    return (
        fold(entry.title) not in ("minutes", "meeting minutes")
        or re.search(
            r"\b(?:approved|agreed|accepted|signed|read|adopted|confirmed|previous|last|true|correct|circulated|taken)\b",
            text[entry.title_end : entry.title_end + 300],
            re.IGNORECASE,
        )
        is not None
    )
