"""metric → period and baseline: by column heading, bracket or sentence, else the period that was said before."""

import re
from collections.abc import Iterable, Set
from functools import cache
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.columns import column_periods
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import alternatives, any_of, words

REACH: Final = 600
"""Characters ahead of a sentence in which a period that was said before is looked for."""
MAX_SENTENCES: Final = 1
"""Full stops over which a period is carried on."""
MAX_METRICS: Final = 2
"""Metrics over which it is, but for the rows of a table."""
FAR_CHARS: Final = 80
"""From which on a period in the sentence does not hold behind MAX_METRICS others."""
SENTENCE_CHARS: Final = 400
"""Around a period that no metric took, in which the metrics of its sentence are looked for."""
BEHIND_CHARS: Final = 200
"""Behind it, in which the paragraph begins that it leads to."""
PARAGRAPH_CHARS: Final = 3000
"""How far the metrics of that paragraph reach."""
_FULL_STOP: Final = re.compile(r"[.!?]\s")
_BRACKETS: Final = re.compile(r"\([^()\n]{0,80}(?:\n[^()\n]{0,80})?\)")


def link_periods(context: Context, metric: Span) -> list[Relation]:
    """The period that a metric holds for, and the one it is compared with."""
    if (heads := column_periods(context, metric)) is not None:
        return _relations(metric, *heads)
    start, end = _reach(context, metric)
    inside = [p for p in within(context.of("PERIOD"), start, end) if is_open(context, metric, p)]
    others = [p for p in inside if is_base(context, p)]
    own = [p for p in others if is_own(context, metric, p)]
    held = own or [p for p in inside if p not in others and not _is_beyond(context, metric, p)]
    if not own and is_planned(context, metric):
        held = [p for p in held if is_own(context, metric, p)]
        return _relations(metric, held[0] if held else None, None)
    period = min(held, key=lambda p: _cost(context, metric, p)) if held else _earlier(context, metric, start)
    base = None if own else _base(context, metric, others)
    return _relations(metric, period, base)


def link_left_over(context: Context, relations: Iterable[Relation]) -> list[Relation]:
    """For each period that no metric took: the nearest metric of its sentence, or those of the paragraph behind it.

    Only metrics without a period get one.
    """
    dated = {relation.head for relation in relations if relation.kind == "period"}
    taken = {relation.tail for relation in relations if relation.kind in ("period", "base")}
    found = []
    for period in (period for period in context.of("PERIOD") if period.id not in taken):
        metrics = _led_to(context, period, dated)
        found += [Relation("period", metric.id, period.id) for metric in metrics]
        dated |= {metric.id for metric in metrics}
    return found


def _led_to(context: Context, period: Span, dated: Set[str]) -> list[Span]:
    """The metrics that a period is for, without those in `dated`, which have one."""
    sentence = context.sentence(period.start)
    around = within(context.of("METRIC"), period.start - SENTENCE_CHARS, period.end + SENTENCE_CHARS)
    free = [metric for metric in around if metric.id not in dated]
    near = [m for m in free if context.sentence(m.start) == sentence or 0 < m.start - period.end < BEHIND_CHARS]
    nearest = min(near, key=lambda metric: len(context.between(metric, period)), default=None)
    if nearest is None:
        return []
    if context.sentence(nearest.start) == sentence:
        return [nearest]
    paragraph = context.paragraph(nearest.start)
    behind = within(context.of("METRIC"), nearest.start, nearest.start + PARAGRAPH_CHARS)
    return [m for m in behind if m.id not in dated and context.paragraph(m.start) == paragraph]


def _reach(context: Context, metric: Span) -> tuple[int, int]:
    """The row of a table, else the sentence."""
    return (context.line if is_row(context, metric.start) else context.sentence)(metric.start)


def _relations(metric: Span, period: Span | None, base: Span | None) -> list[Relation]:
    pairs = (("period", period), ("base", base))
    return [Relation(kind, metric.id, span.id) for kind, span in pairs if span is not None]


def _earlier(context: Context, metric: Span, start: int) -> Span | None:
    """The last period said before in the paragraph, or in the one that leads to the table, not to compare with."""
    at = metric.start
    if is_row(context, metric.start):
        start = _table_start(context, start)
        at = len(context.text[:start].rstrip()) - 1
        if context.text[at : at + 1] not in (":", "."):
            return None
    before = [p for p in within(context.of("PERIOD"), max(0, start - REACH), start) if not is_base(context, p)]
    if not before or context.paragraph(before[-1].start) != context.paragraph(at):
        return None
    n_sentences = len(_FULL_STOP.findall(context.text[before[-1].end : start]))
    n_metrics = 0 if is_row(context, metric.start) else len(within(context.of("METRIC"), before[-1].end, metric.start))
    return before[-1] if n_sentences <= MAX_SENTENCES and n_metrics <= MAX_METRICS else None


def is_row(context: Context, position: int) -> bool:
    """Whether the line around a character is the row of a table."""
    start, end = context.line(position)
    return re.search(r"\S\s*(?:\||\t)", context.text[start:end]) is not None


def _table_start(context: Context, position: int) -> int:
    """Where the first row of the table around the position begins, blank lines before it included."""
    floor = max(0, position - 8 * REACH)
    while position > floor:
        start, end = context.line(position - 1)
        if context.text[start:end].strip() and not is_row(context, start):
            break
        position = start
    return position


def _base(context: Context, metric: Span, others: list[Span]) -> Span | None:
    """The first period behind the metric that it is compared with."""
    behind = [p for p in others if p.start >= metric.end and not _is_beyond(context, metric, p)]
    return behind[0] if behind else None


def is_planned(context: Context, metric: Span) -> bool:
    """Whether a word such as "target" stands close before."""
    return _planned().search(context.text[max(0, metric.start - 25) : metric.start]) is not None


@cache
def _planned() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives(words('metrics', 'planned'))})\b[^.;()\d]*$", re.IGNORECASE)


def is_open(context: Context, metric: Span, period: Span) -> bool:
    """Whether the metric can reach the period; one in brackets is for what they hold, for the metric ahead, or else
    for the first one behind on the line: "Mowing (June)  £85".
    """
    bracket = _bracket(context, period)
    if bracket is None or bracket[0] <= metric.start < bracket[1]:
        return True
    if 0 <= bracket[0] - metric.end <= 2 or bracket[1] - bracket[0] > 60:
        return True
    is_behind = bracket[1] <= metric.start and "\n" not in context.text[bracket[1] : metric.start]
    return is_behind and not within(context.of("METRIC"), max(0, bracket[0] - 12), metric.start)


def _bracket(context: Context, span: Span) -> tuple[int, int] | None:
    """Start and end of the brackets around a span."""
    for match in _BRACKETS.finditer(context.text, max(0, span.start - 160), span.end + 160):
        if match.start() < span.start and span.end < match.end():
            return match.span()
    return None


def _is_beyond(context: Context, metric: Span, period: Span) -> bool:
    """Whether a period behind the metric belongs to later entries of a list, or heads what follows; or whether one
    before it was said for others.
    """
    gap = context.between(metric, period)
    if period.start < metric.end:
        n_metrics = len(within(context.of("METRIC"), period.end, metric.start))
        return n_metrics >= MAX_METRICS and len(gap) >= FAR_CHARS and not is_row(context, metric.start)
    n_metrics = len(within(context.of("METRIC"), metric.end, period.start))
    is_in_brackets = _bracket(context, period) is not None
    is_parted = ";" in gap or (n_metrics > 0 and (is_in_brackets or "," in gap or "\n" in gap))
    return (
        n_metrics >= 2
        or (is_parted and not is_base(context, period))
        or (re.match(r"\s*:", context.text[period.end :][:4]) is not None and not is_in_brackets)
    )


def is_base(context: Context, period: Span) -> bool:
    """Whether a metric is compared with the period: by a word in it, before it, or before its own metric."""
    text = context.text
    if any_of("metrics", "comparison").match(text, period.start, period.end) or _heads_bracket(context, period):
        return True
    if _comparison_before(text, period.start, "comparison"):
        return True
    ahead = within(context.of("METRIC"), max(0, period.start - 60), period.start)
    if not ahead:
        return False
    if _is_change(context, ahead[-1], period):
        return True
    is_compared = any(_comparison_before(text, ahead[-1].start, key) for key in ("comparison", "comparison_of_values"))
    return is_compared and is_own(context, ahead[-1], period)


def _is_change(context: Context, metric: Span, period: Span) -> bool:
    """ "up £9 on 2020": the metric between a word of change and one that leads back to the period."""
    if not _leads_back().fullmatch(context.between(metric, period)):
        return False
    return _change().search(context.text[max(0, metric.start - 30) : metric.start]) is not None


@cache
def _leads_back() -> re.Pattern[str]:
    back = alternatives(words("metrics", "comparison_of_changes"))
    return re.compile(rf"\s+(?:\w+\s+)?(?:{back})\s+(?:the\s+)?", re.IGNORECASE)


@cache
def _change() -> re.Pattern[str]:
    change = alternatives((*words("metric_kinds", "change"), *words("metrics", "changes")))
    return re.compile(rf"\b(?:{change})\s+(?:by\s+|of\s+)?$", re.IGNORECASE)


def _heads_bracket(context: Context, period: Span) -> bool:
    """ "£9 (2020: £8)"."""
    bracket = _bracket(context, period)
    if bracket is None or period.start - bracket[0] > 2:
        return False
    ahead = within(context.of("METRIC"), max(0, bracket[0] - 60), bracket[0])
    inside = within(context.of("METRIC"), period.end, bracket[1])
    return bool(ahead and inside) and not context.text[ahead[-1].end : bracket[0]].strip()


def _comparison_before(text: str, position: int, key: str) -> bool:
    """Whether one of the words stands so close before that nothing but an article or the like lies between."""
    before = text[max(0, position - 30) : position]
    matches = list(any_of("metrics", key).finditer(before))
    return bool(matches) and re.fullmatch(r"[^.;:\d]{0,12}", before[matches[-1].end() :]) is not None


def is_own(context: Context, metric: Span, period: Span) -> bool:
    """Whether nothing but a preposition lies between: "£9 in 2020", "2020: £9"."""
    gap = context.between(metric, period)
    if metric.start < period.start:
        return _tight().fullmatch(gap) is not None and not _is_change(context, metric, period)
    return re.fullmatch(r"\s*:?\s*|['\u2019]s\s+", gap) is not None


@cache
def _tight() -> re.Pattern[str]:
    prepositions = alternatives(words("metrics", "before_period"))
    return re.compile(rf"\s*(?:{prepositions})\s+(?:the\s+)?|\s+", re.IGNORECASE)


def _cost(context: Context, metric: Span, period: Span) -> float:
    """Characters between the two, none if only a preposition is."""
    if is_own(context, metric, period):
        return 0.0
    gap = context.between(metric, period)
    return float(len(gap)) + 20.0 * gap.count(";")
