"""metric → period, weighed: what the rules say of a pair is one of many things that a small network looks at."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import log
from typing import Final

import numpy as np

from extractor.annotations import Relation, Span
from extractor.linking.choice import Pair, likeliest
from extractor.linking.columns import column_periods
from extractor.linking.context import Context, within
from extractor.linking.network import Scores, load_network
from extractor.linking.periods import is_base, is_open, is_own, is_planned, is_row
from extractor.linking.vocabulary import alternatives, any_of, words

FEATURES: Final = (
    *("ruled", "ruled_other", "ruled_base", "base_of_another", "by_column"),
    *("before", "rank", "nearest", "gap", "metrics_between", "none_between", "no_period_between"),
    *("same_sentence", "same_line", "same_paragraph", "same_section", "line_break", "one_sentence", "stops"),
    *("semicolon", "comma", "colon", "opens", "closes", "conjunction", "touches", "behind_preposition"),
    *("metric_in_row", "period_in_row", "columns_apart", "bare_line", "line_length", "starts_line", "heads"),
    *("in_title", "in_title_above", "base_word", "own", "open", "planned"),
    *("of_metric_before", "of_metric_behind", "before_has_other", "of_metrics_near", "of_same_indicator"),
    *("inside_indicator", "touches_indicator", "near_indicator"),
    *("date", "back", "year", "running", "money", "percent"),
    *("alone", "metrics_in_sentence", "periods_in_sentence", "same_place"),
)
FAR_BEFORE: Final = 1500
"""Characters before a metric in which its period is looked for."""
FAR_BEHIND: Final = 300
"""The same behind it."""
N_BEFORE: Final = 10
"""The nearest so many periods before it are weighed."""
N_BEHIND: Final = 4
N_NEAR: Final = 6
"""Metrics before and behind that tell what a list or table is about."""
N_TITLES: Final = 3
_STOP: Final = re.compile(r"[.!?]\s")
_YEAR: Final = re.compile(r"\d{4}")
_DATE: Final = re.compile(r"\d{1,2}[./-]\d")
_MONEY: Final = re.compile(r"[£$€]")
_HEADS: Final = re.compile(r"\s*[:\n]")


def choose_periods(context: Context, by_rules: Iterable[Relation]) -> list[Relation]:
    """For each metric the likeliest period, if it is more likely than not."""
    pairs = PeriodPairs(context, tuple(by_rules))
    if not pairs.candidates:
        return []
    return likeliest("period", pairs.candidates, load_network("period", FEATURES)(pairs.features()))


@dataclass(frozen=True)
class PeriodPairs:
    """The pairs of a metric and a period of a document that may belong together, with their features."""

    context: Context
    by_rules: Sequence[Relation]
    """Relations period, base and of; others are not looked at."""

    @cached_property
    def _metrics(self) -> tuple[Span, ...]:
        return self.context.of("METRIC")

    @cached_property
    def _spans(self) -> dict[str, Span]:
        return self.context.annotated.by_id()

    @cached_property
    def _ruled(self) -> dict[str, str]:
        """Metric to period."""
        return {relation.head: relation.tail for relation in self.by_rules if relation.kind == "period"}

    @cached_property
    def _bases(self) -> set[tuple[str, str]]:
        return {(relation.head, relation.tail) for relation in self.by_rules if relation.kind == "base"}

    @cached_property
    def _compared(self) -> set[str]:
        """Periods that some metric is compared with."""
        return {period for _, period in self._bases}

    @cached_property
    def _indicators(self) -> dict[str, str]:
        """Metric to indicator."""
        return {relation.head: relation.tail for relation in self.by_rules if relation.kind == "of"}

    @cached_property
    def _starts(self) -> list[int]:
        return [entry.start for entry in self.context.structure.agenda]

    @cached_property
    def _by_column(self) -> set[str]:
        """Metrics in a table whose headings give periods to columns."""
        return {metric.id for metric in self._metrics if column_periods(self.context, metric) is not None}

    @cached_property
    def _near(self) -> list[list[Span]]:
        """Of each metric the periods that it may hold for, the rules' choice last where it is far off."""
        return [self._periods_near(metric) for metric in self._metrics]

    @cached_property
    def candidates(self) -> list[Pair]:
        """Metric and period, by metric."""
        return [(metric, period) for metric, near in zip(self._metrics, self._near, strict=True) for period in near]

    def _periods_near(self, metric: Span) -> list[Span]:
        """None for a figure in a column that the headings give no period, but others."""
        ruled = self._ruled.get(metric.id)
        if ruled is None and metric.id in self._by_column:
            return []
        periods = self.context.of("PERIOD")
        before = within(periods, metric.start - FAR_BEFORE, metric.start)[-N_BEFORE:]
        behind = within(periods, metric.end, metric.end + FAR_BEHIND)[:N_BEHIND]
        far = [self._spans[ruled]] if ruled is not None and ruled not in {p.id for p in (*before, *behind)} else []
        return [*before, *behind, *far]

    def features(self) -> Scores:
        """Shape: (n_candidates, n_features), in the order of FEATURES."""
        rows = []
        for index, metric in enumerate(self._metrics):
            near = self._near[index]
            for period in near:
                rows.append(
                    [
                        *self._of_rules(metric, period),
                        *self._of_place(metric, period, near),
                        *self._of_signs(metric, period),
                        *self._of_layout(metric, period),
                        *self._of_neighbours(index, period),
                        *self._of_words(metric, period),
                        *self._of_counts(metric, period, near),
                    ]
                )
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES))

    def _of_rules(self, metric: Span, period: Span) -> list[float]:
        ruled = self._ruled.get(metric.id)
        return [
            float(ruled == period.id),
            float(ruled not in (None, period.id)),
            float((metric.id, period.id) in self._bases),
            float(period.id in self._compared),
            float(metric.id in self._by_column),
        ]

    def _of_place(self, metric: Span, period: Span, near: Sequence[Span]) -> list[float]:
        context, is_before = self.context, period.start < metric.start
        first, last = (period.end, metric.start) if is_before else (metric.end, period.start)
        side = [p for p in near if (p.start < metric.start) == is_before]
        rank = len(side) - 1 - side.index(period) if is_before else side.index(period)
        n_metrics = len(within(self._metrics, first, last))
        sentence, line = context.sentence(metric.start), context.line(metric.start)
        gap = context.text[first:last]
        n_stops = len(_STOP.findall(gap))
        return [
            float(is_before),
            min(rank, 5) / 5,
            float(rank == 0),
            log(1 + len(gap)) / 7,
            min(n_metrics, 6) / 6,
            float(n_metrics == 0),
            float(not within(context.of("PERIOD"), first, last)),
            float(sentence[0] <= period.start < sentence[1]),
            float(line[0] <= period.start <= line[1]),
            float(context.paragraph(metric.start) == context.paragraph(period.start)),
            float(bisect_right(self._starts, metric.start) == bisect_right(self._starts, period.start)),
            float("\n" in gap),
            float(n_stops == 0),
            min(n_stops, 4) / 4,
        ]

    def _of_signs(self, metric: Span, period: Span) -> list[float]:
        gap = self.context.between(metric, period)
        ahead = self.context.text[max(0, period.start - 15) : period.start]
        return [
            *(float(sign in gap) for sign in (";", ",", ":", "(", ")")),
            float(re.search(r"\band\b", gap) is not None),
            float(_leads_to().fullmatch(gap) is not None),
            float(_ends_in_lead().search(ahead) is not None),
        ]

    def _of_layout(self, metric: Span, period: Span) -> list[float]:
        context = self.context
        of_metric, of_period = context.line(metric.start), context.line(period.start)
        in_row = is_row(context, metric.start)
        apart = abs((metric.start - of_metric[0]) - (period.start - of_period[0]))
        number = bisect_right(self._starts, metric.start)
        titles = [e.title_start <= period.start < e.title_end for e in context.structure.agenda[:number][-N_TITLES:]]
        return [
            float(in_row),
            float(is_row(context, period.start)),
            min(apart, 40) / 40 if in_row else 0.0,
            float(not within(self._metrics, of_period[0], of_period[1] + 1)),
            log(1 + of_period[1] - of_period[0]) / 6,
            float(period.start - of_period[0] < 4),
            float(_HEADS.match(context.text, period.end) is not None),
            float(bool(titles) and titles[-1]),
            float(any(titles)),
            float(is_base(context, period)),
            float(is_own(context, metric, period)),
            float(is_open(context, metric, period)),
            float(is_planned(context, metric)),
        ]

    def _of_neighbours(self, index: int, period: Span) -> list[float]:
        metric = self._metrics[index]
        before, behind = self._metrics[max(0, index - N_NEAR) : index], self._metrics[index + 1 : index + 1 + N_NEAR]
        has = [self._ruled.get(other.id) == period.id for other in (*before, *behind)]
        found = self._indicators.get(metric.id)
        alike = [found is not None and self._indicators.get(other.id) == found for other in (*before, *behind)]
        indicator = None if found is None else self._spans[found]
        last = self._ruled.get(before[-1].id) if before else None
        apart = 10_000
        if indicator is not None:
            apart = min(abs(period.start - indicator.end), abs(indicator.start - period.end))
        return [
            float(last == period.id),
            float(bool(behind) and self._ruled.get(behind[0].id) == period.id),
            float(last not in (None, period.id)),
            float(any(has)),
            float(any(h and a for h, a in zip(has, alike, strict=True))),
            float(indicator is not None and indicator.start <= period.start < indicator.end),
            float(apart < 6),
            float(apart < 40),
        ]

    def _of_words(self, metric: Span, period: Span) -> list[float]:
        text, of_metric = period.text_of(self.context.text), metric.text_of(self.context.text)
        return [
            float(_DATE.match(text) is not None),
            float(any_of("metrics", "periods_back").search(text) is not None),
            float(_YEAR.search(text) is not None),
            float(any_of("metrics", "periods_running").match(text) is not None),
            float(_MONEY.search(of_metric) is not None),
            float("%" in of_metric),
        ]

    def _of_counts(self, metric: Span, period: Span, near: Sequence[Span]) -> list[float]:
        sentence = self.context.sentence(metric.start)
        metrics, periods = within(self._metrics, *sentence), within(self.context.of("PERIOD"), *sentence)
        is_paired = len(metrics) == len(periods) > 1 and metric in metrics and period in periods
        return [
            float(len(near) == 1),
            min(len(metrics), 5) / 5,
            min(len(periods), 4) / 4,
            float(is_paired and metrics.index(metric) == periods.index(period)),
        ]


@cache
def _leads_to() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{alternatives(words('metrics', 'ahead_of_period'))})?\s*(?:the\s+)?", re.IGNORECASE)


@cache
def _ends_in_lead() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives(words('metrics', 'ahead_of_period'))})\s+(?:the\s+)?$", re.IGNORECASE)
