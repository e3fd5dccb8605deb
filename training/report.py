"""Prints an evaluation as tables; every number comes from `results`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractor.scheme import HEADLINE_LABELS, LABELS
from training.gate import FloorCheck
from training.results import RECORDS, CountTable, Evaluation, calibration_error
from training.scoring import Counts
from training.span_errors import KINDS, SpanError, count_errors

MIN_WIDTH: Final = 140
NONE: Final = "–"


def open_console() -> Console:
    """Standard output, wide enough for the tables where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(MIN_WIDTH, console.width))


def print_evaluation(console: Console, evaluation: Evaluation, linked: Evaluation) -> None:
    """The spans, the records, and what went wrong."""
    n_words = sum(p.n_words for p in evaluation.predictions)
    console.print(
        f"{evaluation.name}: {len(evaluation.predictions)} documents, {n_words:,} words, "
        f"{evaluation.words_per_s:,.0f} words/s"
    )
    console.print(_span_table(evaluation))
    console.print(_record_table(evaluation, linked))
    for doc_id, failure in evaluation.failures.items():
        console.print(Text(f"failed, counted as all missed: {doc_id}: {failure}"))


def _new_table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="", box=SIMPLE_HEAD)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _scores(counts: Counts) -> tuple[str, str, str]:
    return f"{counts.precision:.3f}", f"{counts.recall:.3f}", f"{counts.f1:.3f}"


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.3f}–{bounds[1]:.3f}"


def _span_table(evaluation: Evaluation) -> Table:
    columns = ("label", "precision", "recall", "F1", "95 %", "support", "predicted", "overlap F1", "calib. error")
    table = _new_table("Spans: label, start and end equal", *columns)
    others = tuple(label for label in LABELS if label not in HEADLINE_LABELS)
    for label in (*HEADLINE_LABELS, *others):
        table.add_row(label, *_span_cells(evaluation, label), end_section=label in (HEADLINE_LABELS[-1], others[-1]))
    table.add_row("headline five, micro", *_span_cells(evaluation, *HEADLINE_LABELS))
    macro = evaluation.spans.macro_f1(*HEADLINE_LABELS)
    bounds = _interval(evaluation.spans.interval(*HEADLINE_LABELS, macro=True))
    overlap = evaluation.overlaps.macro_f1(*HEADLINE_LABELS)
    table.add_row("headline five, macro", "", "", f"{macro:.3f}", bounds, "", "", f"{overlap:.3f}", "")
    return table


def _span_cells(evaluation: Evaluation, *labels: str) -> tuple[str, ...]:
    counts = evaluation.spans.of(*labels)
    error = calibration_error(evaluation.predictions, labels)
    return (
        *_scores(counts),
        _interval(evaluation.spans.interval(*labels)),
        str(counts.n_gold),
        str(counts.n_predicted),
        f"{evaluation.overlaps.of(*labels).f1:.3f}",
        NONE if error is None else f"{error:.3f}",
    )


def _record_table(evaluation: Evaluation, linked: Evaluation) -> Table:
    columns = ("record", "precision", "recall", "F1", "95 %", "support", "predicted", "gold spans: F1", "95 %")
    table = _new_table("Records: end to end, and linked from gold spans", *columns)
    last = ""
    for key in RECORDS:
        kind = key.split()[0]
        if last and kind != last:
            table.add_section()
        last = kind
        counts, on_gold = evaluation.records.of(key), linked.records.of(key)
        bounds, bounds_on_gold = (_interval(e.records.interval(key)) for e in (evaluation, linked))
        support = (str(counts.n_gold), str(counts.n_predicted))
        table.add_row(_name(key), *_scores(counts), bounds, *support, f"{on_gold.f1:.3f}", bounds_on_gold)
    return table


def print_groups(console: Console, title: str, groups: Mapping[str, Sequence[int]], evaluation: Evaluation) -> None:
    """The headline of each group of documents, the largest support first."""
    columns = ("documents", "precision", "recall", "F1", "95 %", "support", "attendance", "action complete")
    table = _new_table(f"Headline five, micro, by {title}", title, *columns)
    spans = {name: evaluation.spans.select(places) for name, places in groups.items()}
    for name, chosen in sorted(spans.items(), key=lambda item: (-item[1].of(*HEADLINE_LABELS).n_gold, item[0])):
        counts = chosen.of(*HEADLINE_LABELS)
        records = evaluation.records.select(groups[name])
        cells = (str(len(groups[name])), *_scores(counts), _interval(chosen.interval(*HEADLINE_LABELS)))
        table.add_row(
            Text(name), *cells, str(counts.n_gold), *(_f1(records, k) for k in ("attendance", "action complete"))
        )
    console.print(table)


def _f1(table: CountTable, key: str) -> str:
    counts = table.of(key)
    return f"{counts.f1:.3f}" if counts.n_gold + counts.n_predicted else NONE


def print_baselines(
    console: Console, evaluation: Evaluation, baselines: Sequence[tuple[Evaluation, tuple[str, ...]]]
) -> None:
    """F1 of the pipeline beside that of each baseline in what the baseline does."""
    table = _new_table("F1 against baselines", "measure", "support", evaluation.name, "95 %", "F1", "95 %", "of")
    for key in (*LABELS, *RECORDS):
        rows = [baseline for baseline, measures in baselines if key in measures]
        for place, row in enumerate(rows):
            first = (_name(key), str(_part(row, key).of(key).n_gold), *_f1_cells(evaluation, key))
            table.add_row(*(first if place == 0 else ("",) * len(first)), *_f1_cells(row, key), row.name)
    console.print(table)


def _name(key: str) -> str:
    return f"{key.split()[0]}: {RECORDS[key]}" if key in RECORDS else key


def _part(evaluation: Evaluation, key: str) -> CountTable:
    return evaluation.records if key in RECORDS else evaluation.spans


def _f1_cells(evaluation: Evaluation, key: str) -> tuple[str, str]:
    part = _part(evaluation, key)
    return _f1(part, key), _interval(part.interval(key))


def print_errors(console: Console, errors: Sequence[SpanError]) -> None:
    """How many there are of each kind, then each in its line: [gold], {predicted} in the words around."""
    counts = count_errors(errors)
    table = _new_table("Wrong spans", "label", *KINDS)
    for label in LABELS:
        if any(counts[label, kind] for kind in KINDS):
            table.add_row(label, *(str(counts[label, kind]) for kind in KINDS))
    console.print(table)
    console.print(Text("Gold is in [ ], predicted in { }, the number behind the document is the line.\n"))
    for error in errors:
        console.print(error_line(error), soft_wrap=True)


def error_line(error: SpanError) -> Text:
    """The error in one line."""
    label = error.span.label
    if error.kind == "label" and error.predicted is not None:
        label = f"{label} taken for {error.predicted.label}"
    return Text(f"{error.kind:9}{label}  {error.text.doc_id}:{error.line}  {error.marked()}")


def print_floors(console: Console, checks: Iterable[FloorCheck]) -> None:
    """Each floor and what was reached."""
    table = _new_table("Quality gate", "measure", "floor", "reached", "")
    for check in checks:
        score = NONE if check.score is None else f"{check.score:.4f}"
        table.add_row(check.measure, f"{check.floor:.3f}", score, "ok" if check.holds else "[red]BELOW[/red]")
    console.print(table)
