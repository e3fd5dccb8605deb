"""Attributes by rule where the tagger gave none: status and number of actions, kind of decisions and metrics."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import any_of, keys
from extractor.normalize.names import may_be_same, parse_name

_NUMBER: Final = re.compile(
    r"(?:\bactions?(?:\s+(?:point|item|no))?|\bAP|\bAI)\.?\s*(?:#|no\.?\s*)?(?P<no>[A-Za-z]{0,2}\d[\w./-]{0,11}?)\s*[:.)\u2013|-]?[\s*_|]*$",
    re.IGNORECASE,
)
_ITEM_NUMBER: Final = re.compile(r"(?:^|\s)(?P<no>\d{1,3}[a-z]?)[.)]\s*$")
MAX_BELOW: Final = 300
"""Characters below a task in which an entry can state its status."""
MAX_ENTRIES: Final = 3
_BEHIND: Final = re.compile(r"[\s.*_]*(?:[(\[|\u2013\u2014:-]|[ ]{3,}|\t)[^\n]{0,60}")


def attendance(context: Context) -> dict[str, str]:
    """Id of a person to the status of the attendance region around.

    If the tagger has given any status, it says who is in a list, and the regions only which list; else initials
    beside a name, and a name that stands in the list again, are no rows.
    """
    persons = context.of("PERSON")
    tagged = [person for person in persons if "att" in person.attributes]
    if tagged:
        return {
            person.id: region.status
            for region in context.structure.attendance
            for person in within(tagged, region.start, region.end)
        }
    found: dict[str, str] = {}
    for region in context.structure.attendance:
        last: Span | None = None
        for person in within(persons, region.start, region.end):
            if last is not None and _is_alias(context, last, person):
                continue
            found[person.id] = region.status
            last = person
    return found


def _is_alias(context: Context, name: Span, other: Span) -> bool:
    """Whether the mention is initials, a handle or a sign of the person named before it."""
    alias, gap = other.text_of(context.text), context.text[name.end : other.start]
    if " " in alias:
        return False
    sign = parse_name(alias)
    if (sign.sign and may_be_same(sign, parse_name(name.text_of(context.text)))) or (
        alias.islower() and "\n" not in gap
    ):
        return True
    is_short = len(alias) <= 8 and (alias.upper() == alias or not alias.isalpha() or len(alias) <= 4)
    return is_short and re.fullmatch(r"\s*[(\[@|-]\s*@?|[ ]{2,}|\t", gap) is not None


def fill_attributes(context: Context, span: Span, listed: Mapping[str, str]) -> Span:
    """The span with the attributes that the rules know and it lacks; `listed` is what `attendance` gives."""
    given = dict(span.attributes)
    if span.id in listed:
        given["att"] = listed[span.id]
    if span.label == "ACTION":
        given = {**_action_attributes(context, span), **given}
    elif span.label == "DECISION":
        given.setdefault("kind", _decision_kind(span.text_of(context.text)))
    elif span.label == "METRIC":
        given.setdefault("kind", _metric_kind(context, span))
    return Span(span.id, span.label, span.start, span.end, span.score, MappingProxyType(given))


def _action_attributes(context: Context, action: Span) -> dict[str, str]:
    found = {"status": _status(context, action)}
    number = _NUMBER.search(context.text[max(0, action.start - 40) : action.start])
    if number is None and context.is_set_apart(action):
        number = _ITEM_NUMBER.search(context.text[max(0, action.start - 8) : action.start])
    if number is not None:
        found["no"] = number["no"]
    return found


def _status(context: Context, action: Span) -> str:
    """Said in the row or right behind the task; `open` if not said."""
    behind = _BEHIND.match(context.text, action.end, context.line(action.end - 1)[1])
    cells = [context.text[cell.start : cell.end] for cell in context.table.row_cells(action, "status")]
    near = " ".join(cells) if cells else behind.group() if behind else ""
    for status in keys("action_status"):
        if any_of("action_status", status).search(near) or _said_below(context, action, status):
            return status
    return "open"


def _said_below(context: Context, action: Span, status: str) -> bool:
    """Whether one of the few entries below the task, before the next task, begins with the status."""
    later = within(context.of("ACTION"), action.end, action.end + MAX_BELOW)
    limit = min(later[0].start if later else len(context.text), action.end + MAX_BELOW)
    entries = [entry for entry in context.text[action.end : limit].split("\n")[1:] if entry.strip()][:MAX_ENTRIES]
    opening = re.compile(
        rf"[^\w]*(?:(?:action|status|update)\w*[\s:*_-]*)?(?:{any_of('action_status', status).pattern})", re.IGNORECASE
    )
    return any(opening.match(entry) for entry in entries)


def _decision_kind(text: str) -> str:
    """The first kind of the table, in its order, that a word of the decision names."""
    _, resolved, outcome = text.partition("esolved")
    for kind in keys("decision_kinds"):
        if any_of("decision_kinds", kind).search(outcome if resolved else text):
            return kind
    if resolved:
        return "agreed"
    return "approved" if any_of("decisions", "motions").search(text) else "other"


def _metric_kind(context: Context, metric: Span) -> str:
    start, _ = context.sentence(metric.start)
    before = context.text[max(start, metric.start - 60) : metric.start]
    value = metric.text_of(context.text)
    if re.match(r"[-+\u2013\u2212]\s?\d", value) and "%" in value:
        return "change"
    for kind in keys("metric_kinds"):
        if any_of("metric_kinds", kind).search(before):
            return kind
    return "level"
