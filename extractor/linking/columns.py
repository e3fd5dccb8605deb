"""What heads the columns of figures: "Measure | Q2 2021 | Q2 2020 | Change", "Payee | Purpose | Net | VAT"."""

import re
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import Context, n_columns_between, within
from extractor.linking.vocabulary import any_of

MAX_ROWS: Final = 40
"""Lines above a row in which the heading of its columns is looked for."""
MAX_BREAK: Final = 3
"""Lines without columns that may lie between two rows of a table."""
Heads = tuple[Span | None, Span | None]
"""The period of a column, and the one that it is compared with."""


def column_periods(context: Context, metric: Span) -> Heads | None:
    """What the headings above say of the metric's column; None where no periods head the columns."""
    start, end = context.line(metric.start)
    if within(context.of("PERIOD"), start, end):
        return None
    n_columns = _n_columns(context, start, end)
    if n_columns < 2 or _column(context, start, metric) == 0:
        return None
    heading = _heading(context, start, n_columns)
    if heading is None:
        return None
    periods = within(context.of("PERIOD"), *heading)
    from_right = n_columns - _column(context, start, metric)
    n_heads = _n_columns(context, *heading)
    for period in periods:
        if n_heads - _column(context, heading[0], period) == from_right:
            return period, None
    head = _cells(context, *heading)[-from_right] if from_right <= n_heads else ""
    if any_of("metrics", "change_headings").search(head):
        return periods[0], periods[1] if len(periods) > 1 else None
    is_title = len(periods) == 1 and _column(context, heading[0], periods[0]) == 0
    return (periods[0] if is_title else None), None


def _heading(context: Context, start: int, n_columns: int) -> tuple[int, int] | None:
    """The nearest line above of as many columns, or one less, with periods in cells and no metrics."""
    n_breaks = 0
    for _ in range(MAX_ROWS):
        if start == 0 or n_breaks > MAX_BREAK:
            return None
        start, end = context.line(start - 1)
        if _n_columns(context, start, end) < 2:
            n_breaks += 1
            continue
        n_breaks = 0
        periods = within(context.of("PERIOD"), start, end)
        if periods and not within(context.of("METRIC"), start, end):
            is_like = n_columns - 1 <= _n_columns(context, start, end) <= n_columns
            columns = {_column(context, start, p) for p in periods}
            return (start, end) if is_like and len(columns) == len(periods) else None
    return None


def column_indicator(context: Context, metric: Span) -> Span | None:
    """The indicator that heads the metric's column, where the row names none, or the column is one beside the main one.

    "Payee | Purpose | VAT | Total": what is paid as VAT, while the total is for the purpose.
    """
    start, end = context.line(metric.start)
    n_columns = _n_columns(context, start, end)
    if not context.is_cell(metric) or (heading := _indicator_heading(context, start)) is None:
        return None
    column = _column(context, start, metric)
    heads = within(context.of("INDICATOR"), *heading)
    indicator = next((head for head in heads if _column(context, heading[0], head) == column), None)
    if indicator is None:
        return None
    is_set_in_spaces = re.search(r"[|\t]", context.text[start:end]) is None
    is_above = is_set_in_spaces and not _n_aside(metric, start, indicator, heading[0])
    if n_columns != _n_columns(context, *heading) and not is_above:
        return None
    is_named = bool(within(context.of("INDICATOR"), start, metric.start))
    return indicator if not is_named or _is_beside(context, indicator) else None


def _n_aside(metric: Span, row: int, indicator: Span, heading: int) -> int:
    """Characters by which a cell stands aside from its heading, if both lines begin at the same place."""
    return max(0, indicator.start - heading - (metric.end - row), metric.start - row - (indicator.end - heading))


def _is_beside(context: Context, indicator: Span) -> bool:
    return any_of("metrics", "beside_headings").fullmatch(indicator.text_of(context.text)) is not None


def _indicator_heading(context: Context, start: int) -> tuple[int, int] | None:
    """The nearest line above with indicators in cells behind the first, and no metrics."""
    n_breaks = 0
    for _ in range(MAX_ROWS):
        if start == 0 or n_breaks > MAX_BREAK:
            return None
        start, end = context.line(start - 1)
        is_row = _n_columns(context, start, end) >= 2
        n_breaks = 0 if is_row else n_breaks + 1
        if not is_row or within(context.of("METRIC"), start, end):
            continue
        indicators = within(context.of("INDICATOR"), start, end)
        if any(_column(context, start, indicator) > 0 for indicator in indicators):
            return start, end
    return None


def _cells(context: Context, start: int, end: int) -> list[str]:
    return re.split(r"\s*\|\s*|\t+|[ ]{3,}", context.text[start:end].strip().strip("|").strip())


def _n_columns(context: Context, start: int, end: int) -> int:
    return len(_cells(context, start, end))


def _column(context: Context, start: int, span: Span) -> int:
    """The number of the cell of a line that a span stands in, from 0."""
    before = context.text[start : span.start].lstrip()
    return n_columns_between(before.removeprefix("|").lstrip())
