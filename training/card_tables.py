"""The tables of the model card: `python -m training.card_tables SCORES.json [--by TABLE.tsv --column type]`.

SCORES.json is what `minutes evaluate --json` writes; with --by the headline is broken down as well.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from extractor.scheme import HEADLINE_LABELS, LABELS
from training.corpus import read_table
from training.results import RECORDS
from training.scoring import Counts, bootstrap_f1, micro, total

UNKNOWN: Final = "unknown"


def span_table(scores: Mapping[str, Any]) -> Iterator[str]:
    """A row for the headline and each label."""
    yield "| | precision | recall | strict F1 | 95 % | overlap F1 | calibration error | support |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, row in (("**headline five, micro**", scores["headline_micro"]), *scores["labels"].items()):
        error = row["calibration_error"]
        shown = "–" if error is None else f"{error:.3f}"
        figures = " | ".join(f"{row[key]:.3f}" for key in ("precision", "recall", "f1"))
        bounds = _interval(row["f1_interval"])
        yield f"| {name} | {figures} | {bounds} | {row['overlap_f1']:.3f} | {shown} | {row['n_gold']} |"


def record_table(scores: Mapping[str, Any]) -> Iterator[str]:
    """A row for each kind of record, end to end and on gold spans."""
    yield "| record | end to end F1 | 95 % | on gold spans | 95 % | support |"
    yield "|---|---|---|---|---|---|"
    for key, what in RECORDS.items():
        row, linked = scores["records"][key], scores["records_on_gold_spans"][key]
        yield (
            f"| {key.split()[0]}: {what} | {row['f1']:.3f} | {_interval(row['f1_interval'])} "
            f"| {linked['f1']:.3f} | {_interval(linked['f1_interval'])} | {row['n_gold']} |"
        )


def group_table(scores: Mapping[str, Any], groups: Mapping[str, str]) -> Iterator[str]:
    """A row for each group of documents, the largest support first; `groups` gives the group of a document id."""
    found: dict[str, list[dict[str, Counts]]] = defaultdict(list)
    for doc_id, rows in scores["documents"].items():
        counts = {label: Counts(*rows[label]) for label in LABELS if label in rows}
        found[groups.get(doc_id, UNKNOWN)].append(counts)
    yield "| | documents | headline F1 | 95 % | support |"
    yield "|---|---|---|---|---|"
    for name, documents in sorted(found.items(), key=lambda item: (-micro(total(item[1])).n_gold, item[0])):
        headline = micro(total(documents), HEADLINE_LABELS)
        bounds = _interval(bootstrap_f1(documents))
        yield f"| {name} | {len(documents)} | {headline.f1:.3f} | {bounds} | {headline.n_gold} |"


def _interval(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.2f}–{bounds[1]:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Markdown tables of an evaluation.")
    parser.add_argument("scores", type=Path)
    parser.add_argument("--by", type=Path, help="tab-separated table with doc_id")
    parser.add_argument("--column", default="type")
    options = parser.parse_args(arguments)
    scores = json.loads(options.scores.read_text(encoding="utf-8"))
    tables = [span_table(scores), record_table(scores)]
    if options.by is not None:
        groups = {doc_id: row[options.column] for doc_id, row in read_table(options.by).items()}
        tables.append(group_table(scores, groups))
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()
