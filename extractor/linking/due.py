"""action → due: the meeting or date inside the task or set beside it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context, within

_BESIDE: Final = re.compile(
    r"[.\s;,*_]*(?:(?:[(\[\u2013\u2014-]|(?:due|deadline|target(?: date)?|by when|when|date)\b)\s*[:\u2013-]?\s*)?"
    r"(?:(?:due|by|before|for|at|on|deadline|until|target|action)\b[\s:]*)*(?:the\s+)?",
    re.IGNORECASE,
)
FAR_AHEAD: Final = 250
"""Characters between a task and a date behind it that nothing else ties to a task."""
FAR_BEHIND: Final = 60
"""The same of a task behind the date, in its sentence."""
_LONGEST_TASK: Final = 2000
_TIES: Final = re.compile(r"[(\[:\u2013\u2014-]|\b(?:due|by|before|for|at|on|deadline|until|when)\b", re.IGNORECASE)


def link_due(context: Context) -> list[Relation]:
    """Every meeting or date inside a task, else one in its row, else one right behind it; then the dates left over."""
    relations = []
    for action in context.of("ACTION"):
        times = (
            _cells(context, action)
            or within(context.times, action.start, action.end)
            or _row(context, action)
            or _beside(context, action)
        )
        relations += [Relation("due", action.id, time.id) for time in times]
    return relations + _left_over(context, relations)


def _left_over(context: Context, relations: Sequence[Relation]) -> list[Relation]:
    """For each date that no task took: the task ahead of it, else the one behind in its sentence, if it has no date."""
    dated = {relation.head for relation in relations}
    taken = {relation.tail for relation in relations}
    found = []
    for date in (date for date in context.of("DUE_DATE") if date.id not in taken):
        action = next((action for action in _around(context, date) if action.id not in dated), None)
        if action is not None:
            found.append(Relation("due", action.id, date.id))
            dated.add(action.id)
    return found


def _around(context: Context, date: Span) -> Iterator[Span]:
    """The last task ahead of a date, and the next behind in the same sentence, if they are near."""
    ahead = within(context.of("ACTION"), date.start - _LONGEST_TASK, date.start)[-1:]
    yield from (action for action in ahead if date.start - FAR_AHEAD <= action.end <= date.start)
    behind = within(context.of("ACTION"), date.end, date.end + _LONGEST_TASK)[:1]
    yield from (a for a in behind if a.start - date.end <= FAR_BEHIND and _share_sentence(context, date, a))


def _share_sentence(context: Context, one: Span, other: Span) -> bool:
    return context.sentence(one.start) == context.sentence(other.start)


def _cells(context: Context, action: Span) -> tuple[Span, ...]:
    cells = context.table.row_cells(action, "due")
    return tuple(time for cell in cells for time in within(context.times, cell.start, cell.end))


def _row(context: Context, action: Span) -> tuple[Span, ...]:
    start, end = context.line(action.start)[0], context.line(action.end - 1)[1]
    return tuple(time for time in within(context.times, start, end) if context.is_cell(time))[:1]


def _beside(context: Context, action: Span) -> tuple[Span, ...]:
    for time in within(context.times, action.end, action.end + 80)[:1]:
        owners = within(context.agents, action.end, time.start)
        gap = context.text[owners[-1].end if owners else action.end : time.start]
        if len(gap) < 40 and re.fullmatch(r"[)\]]?" + _BESIDE.pattern, gap, re.IGNORECASE) and _TIES.search(gap):
            return (time,)
    return ()
