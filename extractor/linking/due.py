"""action → due: the meeting or date inside the task or set beside it."""

import re
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context, within

_BESIDE: Final = re.compile(
    r"[.\s;,*_]*(?:(?:[(\[\u2013\u2014-]|(?:due|deadline|target(?: date)?|by when|when|date)\b)\s*[:\u2013-]?\s*)?"
    r"(?:(?:due|by|before|for|at|on|deadline|until|target|action)\b[\s:]*)*(?:the\s+)?",
    re.IGNORECASE,
)
_TIES: Final = re.compile(r"[(\[:\u2013\u2014-]|\b(?:due|by|before|for|at|on|deadline|until|when)\b", re.IGNORECASE)


def link_due(context: Context) -> list[Relation]:
    """Every meeting or date inside a task, else one in its row, else one right behind or ahead of it."""
    relations = []
    for action in context.of("ACTION"):
        times = (
            _cells(context, action)
            or within(context.times, action.start, action.end)
            or _row(context, action)
            or _beside(context, action)
        )
        relations += [Relation("due", action.id, time.id) for time in times]
    return relations


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
