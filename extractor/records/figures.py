"""Metrics with value, unit, indicator, period and baseline."""

import re
from typing import Final

from extractor.annotations import Span
from extractor.normalize.periods import DayRange, parse_period
from extractor.normalize.quantities import parse_quantity
from extractor.records.frame import Frame
from extractor.schema import Metric, Period

_APPROXIMATE: Final = re.compile(
    r"(?:\b(?:about|circa|ca|c|approx|approximately|around|roughly|nearly|almost|some|estimated|in the region of)\b\.?"
    r"|[~\u2248])\s*(?:the\s+)?$",
    re.IGNORECASE,
)


def metric_records(frame: Frame) -> list[Metric]:
    """The metrics, in order."""
    return [_metric(frame, f"m{n}", span) for n, span in enumerate(frame.annotated.with_label("METRIC"), 1)]


def _metric(frame: Frame, metric_id: str, span: Span) -> Metric:
    quantity = parse_quantity(frame.words(span))
    indicators = frame.tails(span, "of")
    period, held = _period(frame, frame.tails(span, "period"), None)
    baseline, _ = _period(frame, frame.tails(span, "base"), held)
    return Metric(
        id=metric_id,
        text=frame.words(span),
        value=quantity.value if quantity else None,
        value_high=quantity.value_high if quantity else None,
        unit=quantity.unit if quantity else None,
        approximate=_APPROXIMATE.search(frame.text[max(0, span.start - 24) : span.start]) is not None,
        kind=span.attributes.get("kind", "level"),  # type: ignore[arg-type]
        indicator=frame.words(indicators[0]) if indicators else None,
        period=period,
        baseline=baseline,
        span=frame.span_ids[span.id],
        confidence=frame.confidence(span),
    )


def _period(frame: Frame, spans: list[Span], held: DayRange | None) -> tuple[Period | None, DayRange | None]:
    if not spans:
        return None, None
    words = frame.words(spans[0])
    days = parse_period(words, meeting=frame.calendar.meeting, held=held)
    start, end = (days.start.isoformat(), days.end.isoformat()) if days else (None, None)
    return Period(text=words, start=start, end=end), days
