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
CELL_INDENT: Final = 8
"""Spaces from which on a line without columns goes on with a cell of the row above."""
_ASIDE: Final = re.compile(r"[\s|]*(?:[-\u2013\u2014][\s|]*)*")
_UNIT: Final = re.compile(r"\s*[(£$€].*$")
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
    return _beside_indicator(context, metric) or _indicator_above(context, metric)


def _beside_indicator(context: Context, metric: Span) -> Span | None:
    """The heading of a column beside the main one, by the order of the figures, the columns, or the place."""
    start, end = context.line(metric.start)
    figures = _figures(context, metric)
    if (len(figures) < 2 and not context.is_cell(metric)) or (heading := _beside_heading(context, start)) is None:
        return None
    heads = [head for head in within(context.of("INDICATOR"), *heading) if _is_beside(context, head)]
    amounts = [m.start() for m in any_of("metrics", "amount_headings").finditer(context.text, *heading)]
    if len(amounts) == len(figures) > 1:
        at = amounts[figures.index(metric)]
        return next((head for head in heads if head.start <= at < head.end), None)
    if _n_columns(context, start, end) == _n_columns(context, *heading) > 2:
        column = _column(context, start, metric)
        return next((head for head in heads if _column(context, heading[0], head) == column), None)
    if _is_set_in_spaces(context, start, end) and context.is_cell(metric):
        return next((head for head in heads if not _n_aside(metric, start, head, heading[0])), None)
    return None


def _figures(context: Context, metric: Span) -> list[Span]:
    """The metrics of the row around this one with nothing but column gaps and dashes between them."""
    figures = [metric]
    row = within(context.of("METRIC"), *context.line(metric.start))
    for other in reversed([m for m in row if m.end <= metric.start]):
        if _ASIDE.fullmatch(context.between(other, figures[0])) is None:
            break
        figures.insert(0, other)
    for other in (m for m in row if m.start >= metric.end):
        if _ASIDE.fullmatch(context.between(figures[-1], other)) is None:
            break
        figures.append(other)
    return figures


def _beside_heading(context: Context, start: int) -> tuple[int, int] | None:
    """The nearest line above that heads a column beside the main one, up to where the table ends."""
    for _ in range(MAX_ROWS):
        if start == 0:
            return None
        start, end = context.line(start - 1)
        line = context.text[start:end]
        n_metrics = len(within(context.of("METRIC"), start, end))
        if not n_metrics and any(_is_beside(context, i) for i in within(context.of("INDICATOR"), start, end)):
            return start, end
        is_row = _n_columns(context, start, end) >= 2 or n_metrics >= 2
        if line.strip() and not is_row and len(line) - len(line.lstrip()) < CELL_INDENT:
            return None
    return None


def _indicator_above(context: Context, metric: Span) -> Span | None:
    """The heading of the metric's column, where the row names no indicator."""
    start, end = context.line(metric.start)
    if not context.is_cell(metric) or (heading := _indicator_heading(context, start)) is None:
        return None
    column = _column(context, start, metric)
    heads = within(context.of("INDICATOR"), *heading)
    indicator = next((head for head in heads if _column(context, heading[0], head) == column), None)
    if indicator is None:
        return None
    is_above = _is_set_in_spaces(context, start, end) and not _n_aside(metric, start, indicator, heading[0])
    if _n_columns(context, start, end) != _n_columns(context, *heading) and not is_above:
        return None
    is_named = bool(within(context.of("INDICATOR"), start, metric.start))
    return None if is_named else indicator


def _is_set_in_spaces(context: Context, start: int, end: int) -> bool:
    return re.search(r"[|\t]", context.text[start:end]) is None


def _n_aside(metric: Span, row: int, indicator: Span, heading: int) -> int:
    """Characters by which a cell stands aside from its heading, if both lines begin at the same place."""
    return max(0, indicator.start - heading - (metric.end - row), metric.start - row - (indicator.end - heading))


def _is_beside(context: Context, indicator: Span) -> bool:
    word = _UNIT.sub("", indicator.text_of(context.text))
    return any_of("metrics", "beside_headings").fullmatch(word) is not None


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
