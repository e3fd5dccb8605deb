"""The command `minutes evaluate`: precision, recall and F1 of the pipeline against gold labels.

Also `python -m training.evaluate`. Needs nothing but the runtime; the baselines need their packages.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from extractor.errors import AnnotationError, ExtractorError
from extractor.pipeline import find_model, load
from extractor.scheme import HEADLINE_LABELS, LABELS
from training.baselines import BASELINES, MissingBaselineError
from training.gate import FLOORS_FILE, check_floors, floors_at, read_floors, write_floors
from training.gold import GoldDocument, corpus_sha256, read_gold
from training.predict import PipelinePredictor, Predictor, link_gold_spans, predict
from training.report import (
    open_console,
    print_baselines,
    print_errors,
    print_evaluation,
    print_floors,
    print_groups,
)
from training.results import Evaluation, evaluate, reached, score_row, to_json
from training.span_errors import list_span_errors

REPOSITORY: Final = Path(__file__).resolve().parent.parent
DEFAULT_GOLD: Final = REPOSITORY / "data" / "gold" / "test"
EXIT_BELOW_FLOOR: Final = 1
EXIT_BAD_INPUT: Final = 2
ALL_LABELS: Final = "all"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command to those of `minutes`."""
    description = "Precision, recall and F1 of the pipeline against gold labels, with 95 % intervals over documents."
    parser = commands.add_parser("evaluate", help="scores against gold labels", description=description)
    add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--gold", type=Path, default=DEFAULT_GOLD, metavar="DIR", help="labels NAME.json, with NAME.txt beside them"
    )
    parser.add_argument("--texts", type=Path, metavar="DIR", help="where NAME.txt is, if not beside the labels")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="NAME|DIR",
        help="another model than minutes-en: a shipped one by name, or a folder",
    )
    parser.add_argument(
        "--errors",
        nargs="?",
        const=ALL_LABELS,
        choices=(ALL_LABELS, *LABELS),
        help="list the wrong spans, of one label or all",
    )
    parser.add_argument("--baselines", action="store_true", help="also score what is to be beaten")
    parser.add_argument(
        "--by", type=Path, metavar="FILE", help="tab-separated table with doc_id, to break the headline down"
    )
    parser.add_argument("--column", default="style", help="column of the table to break down by (default: style)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all scores and counts")
    gate = parser.add_mutually_exclusive_group()
    gate.add_argument("--gate", action="store_true", help=f"exit 1 where a score is below the model's {FLOORS_FILE}")
    gate.add_argument("--write-floors", action="store_true", help=f"write {FLOORS_FILE} at what was reached")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate and report; 1 where a floor is not kept, else 0.

    Raises:
        ExtractorError: gold labels, model, floors or table cannot be used.
    """
    model: Path = find_model(options.model)
    documents = read_gold(options.gold, options.texts)
    groups = read_groups(options.by, options.column, documents) if options.by else {}
    evaluation = _evaluate(documents, PipelinePredictor(load(model)))
    linked = evaluate("gold spans, linked", [link_gold_spans(document) for document in documents])
    console = open_console()
    print_evaluation(console, evaluation, linked)
    if options.by:
        print_groups(console, options.column, groups, evaluation)
    baselines = _evaluate_baselines(documents, console) if options.baselines else []
    if baselines:
        print_baselines(console, evaluation, baselines)
    if options.errors:
        label = None if options.errors == ALL_LABELS else options.errors
        print_errors(console, list_span_errors(evaluation.predictions, label))
    if options.json:
        _write_json(options, evaluation, linked, groups, baselines)
    if options.write_floors:
        _write_floors(model / FLOORS_FILE, options.gold, evaluation, console)
    return _gate(model / FLOORS_FILE, options.gold, evaluation, console) if options.gate else 0


def _evaluate(documents: Sequence[GoldDocument], predictor: Predictor) -> Evaluation:
    shown = track(documents, predictor.name, console=Console(stderr=True), transient=True)
    return evaluate(predictor.name, [predict(document, predictor) for document in shown])


def _evaluate_baselines(
    documents: Sequence[GoldDocument], console: Console
) -> list[tuple[Evaluation, tuple[str, ...]]]:
    found = []
    for make in BASELINES:
        try:
            baseline = make()
        except MissingBaselineError as error:
            console.print(f"left out: {error}")
            continue
        evaluation = _evaluate(documents, baseline)
        found.append((evaluation, tuple(baseline.measures)))
        for doc_id, failure in evaluation.failures.items():
            console.print(f"{baseline.name} failed on {doc_id}: {failure}", markup=False)
    return found


def read_groups(table: Path, column: str, documents: Sequence[GoldDocument]) -> dict[str, list[int]]:
    """Value of the column to the places of its documents; "–" for those that the table does not have.

    Raises:
        AnnotationError: the table cannot be read, or lacks doc_id or the column.
    """
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            values = {row["doc_id"]: row[column] for row in csv.DictReader(lines, delimiter="\t")}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AnnotationError(f"{table}: no table that can be read ({type(error).__name__})") from error
    except KeyError as error:
        raise AnnotationError(f"{table}: has no column {error}") from error
    groups: dict[str, list[int]] = {}
    for place, document in enumerate(documents):
        groups.setdefault(values.get(document.gold.doc_id) or "–", []).append(place)
    return groups


def _write_json(
    options: argparse.Namespace,
    evaluation: Evaluation,
    linked: Evaluation,
    groups: dict[str, list[int]],
    baselines: Sequence[tuple[Evaluation, tuple[str, ...]]],
) -> None:
    record = {
        "corpus": {"path": corpus_name(options.gold), "sha256": corpus_sha256(options.gold)},
        **to_json(evaluation, linked),
        "groups": {
            name: score_row(evaluation.spans.select(places), *HEADLINE_LABELS) for name, places in groups.items()
        },
        "baselines": {
            baseline.name: {
                key: score_row(baseline.spans if key in LABELS else baseline.records, key) for key in measures
            }
            for baseline, measures in baselines
        },
    }
    try:
        options.json.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ExtractorError(f"{options.json}: cannot be written ({error.strerror})") from error


def corpus_name(gold: Path) -> str:
    """The folder as seen from the repository, if it lies in it; else its name."""
    resolved = gold.resolve()
    return resolved.relative_to(REPOSITORY).as_posix() if resolved.is_relative_to(REPOSITORY) else resolved.name


def _write_floors(file: Path, gold: Path, evaluation: Evaluation, console: Console) -> None:
    old = read_floors(file).floors if file.exists() else {}
    floors = floors_at(corpus_name(gold), corpus_sha256(gold), reached(evaluation))
    write_floors(file, floors)
    console.print(f"floors written to {file}")
    for measure, floor in old.items():
        if floors.floors.get(measure, 0.0) < floor:
            console.print(f"  LOWERED: {measure} from {floor:.3f} to {floors.floors.get(measure, 0.0):.3f}")


def _gate(file: Path, gold: Path, evaluation: Evaluation, console: Console) -> int:
    floors = read_floors(file)
    if corpus_sha256(gold) != floors.sha256:
        console.print(f"gate: {gold} is not the corpus that the floors were set on ({floors.path}): its sha256 differs")
        return EXIT_BELOW_FLOOR
    checks = check_floors(floors, reached(evaluation))
    print_floors(console, checks)
    n_below = sum(not check.holds for check in checks)
    console.print(
        f"gate: {n_below} of {len(checks)} floors not kept" if n_below else f"gate: all {len(checks)} floors kept"
    )
    return EXIT_BELOW_FLOOR if n_below else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run(options)
    except ExtractorError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
