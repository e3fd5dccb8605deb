"""metric → indicator, period and baseline: each the nearest that the same sentence or row ties to it."""

import re
from functools import cache
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import alternatives, any_of, words

REACH: Final = 400
"""Characters before and behind a metric in which its indicator is looked for."""


def link_metrics(context: Context) -> list[Relation]:
    """Relations of, period and base of every metric."""
    relations = []
    for metric in context.of("METRIC"):
        if (indicator := _indicator(context, metric)) is not None:
            relations.append(Relation("of", metric.id, indicator.id))
        relations += _periods(context, metric)
    return relations


def _indicator(context: Context, metric: Span) -> Span | None:
    start, end = context.sentence(metric.start)
    near = within(
        context.of("INDICATOR"), max(0, start - REACH, metric.start - 3 * REACH), min(end, metric.end + REACH)
    )
    return min(near, key=lambda indicator: _distance(context, metric, indicator), default=None)


def _distance(context: Context, metric: Span, indicator: Span) -> float:
    """Characters between the two, more where signs of layout or other metrics lie between."""
    gap = context.between(metric, indicator)
    behind = indicator.start > metric.start
    cost = float(len(re.sub(r"\s+", " ", gap)))
    pattern = _tight("before_indicator") if behind else _tight("before_metric")
    if pattern.fullmatch(gap):
        cost = min(cost, 2.0) if behind else min(cost, 3.0)
    first, last = (metric.end, indicator.start) if behind else (indicator.end, metric.start)
    cost += (25.0 if behind else 12.0) * len(within(context.of("METRIC"), first, last))
    cost += 12.0 * len(re.findall(r"[,;(]", gap)) if behind else 4.0 * len(re.findall(r"[;]", gap))
    cost += 40.0 * len(re.findall(r"[.!?]\s", gap)) + (40.0 if behind else 20.0) * gap.count("\n")
    if behind and re.search(r"\s{3,}|\||\t", gap):
        cost += 30.0
    return cost


@cache
def _tight(key: str) -> re.Pattern[str]:
    return re.compile(rf"[\s:=|*_-]*(?:{alternatives(words('metrics', key))})?[\s:=|*_-]*", re.IGNORECASE)


def _periods(context: Context, metric: Span) -> list[Relation]:
    """The nearest period of the sentence or row, else the last one before it in the paragraph."""
    start, end = context.sentence(metric.start)
    inside = [p for p in within(context.of("PERIOD"), start, end) if not _is_beyond(context, metric, p)]
    base = [p for p in inside if _is_base(context, p)] if len(inside) > 1 else []
    held = [p for p in inside if p not in base] or base
    if held:
        against = [Relation("base", metric.id, _nearest(metric, base).id)] if base and held is not base else []
        return [Relation("period", metric.id, _nearest(metric, held).id), *against]
    earlier = within(context.of("PERIOD"), max(0, start - 3 * REACH), start)[-1:]
    if earlier and context.paragraph(earlier[0].start) == context.paragraph(metric.start):
        return [Relation("period", metric.id, earlier[0].id)]
    return []


def _is_beyond(context: Context, metric: Span, period: Span) -> bool:
    """Whether a period behind the metric belongs to later entries of a list, or heads what follows."""
    if period.start < metric.end:
        return False
    gap = context.between(metric, period)
    n_metrics = len(within(context.of("METRIC"), metric.end, period.start))
    return (
        n_metrics >= 2
        or (n_metrics > 0 and "\n" in gap)
        or re.match(r"\s*:", context.text[period.end :][:4]) is not None
    )


def _is_base(context: Context, period: Span) -> bool:
    before = context.text[max(0, period.start - 30) : period.start]
    matches = list(any_of("metrics", "comparison").finditer(before))
    return (bool(matches) and len(before) - matches[-1].end() <= 12) or bool(
        any_of("metrics", "comparison").match(context.text, period.start, period.end)
    )


def _nearest(metric: Span, periods: list[Span]) -> Span:
    return min(periods, key=lambda p: max(p.start - metric.end, metric.start - p.end))
