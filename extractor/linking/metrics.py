"""metric → indicator: the nearest that the same sentence or row ties to it, each indicator being of some metric."""

import re
from functools import cache, partial
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.columns import column_indicator
from extractor.linking.context import Context, within
from extractor.linking.cover import cover
from extractor.linking.periods import link_left_over, link_periods
from extractor.linking.vocabulary import alternatives, words

REACH: Final = 400
"""Characters before and behind a metric in which its indicator is looked for."""


def link_metrics(context: Context) -> list[Relation]:
    """Relations of, period and base of every metric."""
    relations = []
    indicators = _indicators(context)
    for metric in context.of("METRIC"):
        if metric.id in indicators:
            relations.append(Relation("of", metric.id, indicators[metric.id].id))
        relations += link_periods(context, metric)
    return relations + link_left_over(context, relations)


def _indicators(context: Context) -> dict[str, Span]:
    """The indicator of each metric that has one, by the metric's id; no indicator near a metric has none."""
    headings = {metric.id: column_indicator(context, metric) for metric in context.of("METRIC")}
    free = [metric for metric in context.of("METRIC") if headings[metric.id] is None]
    chosen = {key: heading for key, heading in headings.items() if heading is not None}
    chosen |= {metric.id: nearest for metric in free if (nearest := _nearest(context, metric)) is not None}
    return cover(chosen, free, context.of("INDICATOR"), partial(_distance_in_reach, context))


def _nearest(context: Context, metric: Span) -> Span | None:
    near = within(context.of("INDICATOR"), *_reach(context, metric))
    return min(near, key=lambda indicator: _distance(context, metric, indicator), default=None)


def _reach(context: Context, metric: Span) -> tuple[int, int]:
    start, end = context.sentence(metric.start)
    return max(0, start - REACH, metric.start - 3 * REACH), min(end, metric.end + REACH)


def _distance_in_reach(context: Context, metric: Span, indicator: Span) -> float | None:
    start, end = _reach(context, metric)
    return _distance(context, metric, indicator) if start <= indicator.start and indicator.end <= end else None


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
