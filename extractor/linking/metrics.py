"""metric → indicator: the nearest that the same sentence or row ties to it; its periods are those of periods.py."""

import re
from functools import cache
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.columns import column_indicator
from extractor.linking.context import Context, within
from extractor.linking.periods import link_periods
from extractor.linking.vocabulary import alternatives, words

REACH: Final = 400
"""Characters before and behind a metric in which its indicator is looked for."""


def link_metrics(context: Context) -> list[Relation]:
    """Relations of, period and base of every metric."""
    relations = []
    for metric in context.of("METRIC"):
        if (indicator := _indicator(context, metric)) is not None:
            relations.append(Relation("of", metric.id, indicator.id))
        relations += link_periods(context, metric)
    return relations


def _indicator(context: Context, metric: Span) -> Span | None:
    if (heading := column_indicator(context, metric)) is not None:
        return heading
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
