"""Owners that stand apart from the sentence: in a bracket, a label, a column, or ahead of the task."""

import re
from functools import cache
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import Context, within
from extractor.linking.runs import NOBODY, Owners, run_before, run_from
from extractor.linking.vocabulary import alternatives, any_of, words

MAX_ITEM: Final = 600
"""Characters behind a task in which a label can close its item."""
_ITEM_END: Final = re.compile(r"\n\s*\n|\n\s*(?:\d+[.)]|\d+\.\d+|#)")
_END_OF_LABEL: Final = re.compile(r"[\s*_)\]]*(?:[.;,|\n]|$)")


def owners_apart(context: Context, action: Span) -> Owners:
    """The first that there is of: cell of the action table, bracket or label behind, cell beside, name ahead."""
    return next((found for rule in (_row, _behind, _column, _ahead) if (found := rule(context, action))[0]), NOBODY)


def owners_of_item(context: Context, action: Span) -> tuple[Span, ...]:
    """The names behind a label, or in a bracket, that closes the item some sentences after the task."""
    item = _ITEM_END.search(context.text, action.end)
    end = min(item.start() if item else len(context.text), action.end + MAX_ITEM)
    for match in _closing_label().finditer(context.text, action.end, end):
        run = run_from(context, match.end())
        if run and run[0].start - match.end() <= 12 and run[-1].end <= end:
            rest = context.text[run[-1].end : run[-1].end + 40]
            if (match["label"] and _END_OF_LABEL.match(rest)) or re.match(r"\s*\)\s*(?:[.\n]|$)", rest):
                return run
    return ()


@cache
def _closing_label() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    return re.compile(rf"(?P<label>\b(?:{labels})\b[*_]*\s*:[\s*_]*)|\(", re.IGNORECASE)


def _row(context: Context, action: Span) -> Owners:
    """Names in the owner cell of the action table."""
    cells = context.table.row_cells(action, "owner")
    return tuple(agent for cell in cells for agent in within(context.agents, cell.start, cell.end)), "column"


def _behind(context: Context, action: Span) -> Owners:
    """ "… (AL)", "… ACTION: AL/BR", "… - Ann" behind the task."""
    match = _label_behind().match(context.text, action.end)
    if match is None:
        return NOBODY
    run = run_from(context, match.end())
    if not run or run[0].start - match.end() > 12:
        return NOBODY
    rest = context.text[run[-1].end : run[-1].end + 40]
    if match["open"] and re.match(r"\s*[)\]]", rest):
        return run, "bracket"
    if match["label"] and _END_OF_LABEL.match(rest):
        return run, "named"
    if match["open"] and re.match(r"\s*(?:to\b|by\b|[-,:\u2013])", rest):
        return run, "named"
    if match["dash"] and re.match(r"[\s.*_)]*(?:\n|$)|\s+[-\u2013\u2014]\s", rest):
        return run, "named"
    return NOBODY


@cache
def _label_behind() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    return re.compile(
        rf"[.\s;,\"'\u2019*_]*(?:(?P<open>[(\[])\s*(?:(?:{labels})\b\s*:?\s*)?"
        rf"|(?P<label>[*\u2022\s-]*[*_]*(?:{labels})[*_]*\s*[:\u2013-]+[\s*_]*)|(?P<dash>[-\u2013\u2014]\s*))",
        re.IGNORECASE,
    )


def _column(context: Context, action: Span) -> Owners:
    """Names in a cell of their own on the lines of the task, or on the few behind it before the next task."""
    start, end = context.line(action.start)[0], context.line(action.end - 1)[1]
    own = _cells(context, action, start, end)
    return (own or _cells(context, action, end + 1, _end_of_reach(context, action, end)), "column")


def _cells(context: Context, action: Span, start: int, end: int) -> tuple[Span, ...]:
    found: list[Span] = []
    for agent in within(context.agents, start, end):
        if found and agent.start < found[-1].end:
            continue
        run = tuple(a for a in run_from(context, agent.start) if "\n" not in context.text[agent.start : a.end])
        if (
            run
            and agent not in found
            and context.is_cell(run[0], run[-1])
            and _nearest_action(context, agent) == action
        ):
            found += run
    return tuple(agent for agent in found if agent.start >= action.start) or tuple(found)


def _end_of_reach(context: Context, action: Span, end: int) -> int:
    """The end of the second line behind the task, before a blank line or another task."""
    later = within(context.of("ACTION"), action.end, end + 300)
    limit = min(later[0].start if later else len(context.text), end + 300)
    block = re.match(r"(?:\n[^\n]*\S[^\n]*){0,2}", context.text[end:limit])
    return end + block.end() if block else end


def _nearest_action(context: Context, agent: Span) -> Span | None:
    """The action that a cell belongs to: the one around it, else the last that began on its line or before."""
    start, end = context.line(agent.start)
    actions = [a for a in context.of("ACTION") if start - 2000 <= a.start < end]
    around = [a for a in actions if a.contains(agent)]
    on_line = [a for a in context.of("ACTION") if a.start < end and a.end > start]
    before = [a for a in actions if a.start <= agent.start]
    return next(iter(around or before[::-1] or on_line), None)


def _ahead(context: Context, action: Span) -> Owners:
    """ "AL: …", "Ann to …", "Clerk | …" ahead of the task, at the start of its line or sentence."""
    floor, _ = context.sentence(action.start - 1 if action.start else 0)
    run = run_before(context, action.start, max(floor - 80, 0))
    if not run:
        return NOBODY
    gap, before = context.text[run[-1].end : action.start], context.text[max(0, run[0].start - 60) : run[0].start]
    starts = _start_of_entry().search(before)
    if re.fullmatch(
        r"[\s*_)\]]*(?:\([^()\n]{0,40}\))?[\s*_)\]]*(?::|::|[-\u2013\u2014]|>)[\s*_:]*(?:action:?\s*)?",
        gap,
        re.IGNORECASE,
    ):
        return (run, "named") if starts else NOBODY
    if "\n" not in gap and re.fullmatch(r"\s*(?:\|[\s|]*|\t\s*|[ ]{3,})", gap):
        return run, "column"
    wrapped = "\n" in gap and any_of("owners", "bare_verbs").match(context.text, action.start) is None
    if re.fullmatch(r"\s*(?:to|will|-)?\s*", gap) and "\n\n" not in gap and not wrapped:
        return run, "subject"
    return NOBODY


@cache
def _start_of_entry() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    honorifics = alternatives(words("owners", "honorifics"))
    return re.compile(
        rf"(?:^|\n|[.;:|)\]]|[^\w\s,/&()'\u2019]|[ ]{{3,}}|\t|\bo\s)[\s*_(\[\d.]*"
        rf"(?:\b(?:{labels})\b[\s*_\d.:#-]*)?(?:\b(?:{honorifics})\b\.?\s*)?$",
        re.IGNORECASE,
    )
