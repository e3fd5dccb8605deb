"""What an evaluation holds: counts of each document, from which every score of the report follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from extractor.scheme import HEADLINE_LABELS, LABELS
from training.predict import Prediction
from training.scoring import (
    Counts,
    bootstrap_f1,
    count_overlaps,
    count_records,
    count_spans,
    macro_f1,
    micro,
    total,
)

RECORDS: Final = {
    "attendance": "name + status",
    "action text": "text",
    "action +owners": "text + owners",
    "action +due": "text + due",
    "action complete": "text + owners + due",
    "metric indicator": "value + indicator",
    "metric +period": "value + indicator + period",
}
"""Key of count_records to what has to be right."""
N_BINS: Final = 10
N_DECIMALS: Final = 6
"""Of scores in JSON: so many that what is rounded to three for a table is not rounded twice."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts of each document by label or by record."""

    documents: tuple[Mapping[str, Counts], ...]

    def of(self, *keys: str) -> Counts:
        """The keys taken together, over all documents."""
        return micro(total(self.documents), keys)

    def interval(self, *keys: str, macro: bool = False) -> tuple[float, float]:
        """95 % of F1 when documents are drawn with replacement."""
        return bootstrap_f1(self.documents, keys, macro=macro)

    def macro_f1(self, *keys: str) -> float:
        """The mean F1 of the keys."""
        return macro_f1(total(self.documents), keys)

    def select(self, places: Iterable[int]) -> "CountTable":
        """The documents at the places given."""
        return CountTable(tuple(self.documents[place] for place in places))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The predictions of one predictor with their counts."""

    name: str
    predictions: tuple[Prediction, ...]
    spans: CountTable
    overlaps: CountTable
    records: CountTable

    @property
    def failures(self) -> dict[str, str]:
        """Document to why it failed."""
        return {p.gold.doc_id: p.failure for p in self.predictions if p.failure}

    @property
    def words_per_s(self) -> float:
        """Speed over the documents that did not fail."""
        seconds = sum(p.seconds for p in self.predictions if not p.failure)
        return sum(p.n_words for p in self.predictions if not p.failure) / seconds if seconds else 0.0


def evaluate(name: str, predictions: Sequence[Prediction]) -> Evaluation:
    """Count what was predicted."""
    return Evaluation(
        name,
        tuple(predictions),
        *(
            CountTable(tuple(count(p.gold, p.predicted) for p in predictions))
            for count in (count_spans, count_overlaps, count_records)
        ),
    )


def calibration_error(predictions: Iterable[Prediction], labels: Sequence[str]) -> float | None:
    """Expected calibration error of the span scores: |mean score - share right| over equal bins, weighted by size.

    Ten bins (Naeini et al. 2015); right is strict. None where nothing of the labels was predicted.
    """
    rows: list[tuple[float, bool]] = []
    for prediction in predictions:
        gold = {(span.label, span.start, span.end) for span in prediction.gold.with_label(*labels)}
        ours = prediction.predicted.with_label(*labels)
        rows += [(span.score, (span.label, span.start, span.end) in gold) for span in ours]
    if not rows:
        return None
    scores, right = np.array(rows, dtype=np.float64).T
    bins = np.minimum((scores * N_BINS).astype(np.int64), N_BINS - 1)
    gaps = [abs((scores[bins == k] - right[bins == k]).sum()) for k in range(N_BINS)]
    return float(sum(gaps) / len(rows))


def reached(evaluation: Evaluation) -> dict[str, float]:
    """The F1 scores that floors are set for: headline, labels and records; those without gold are left out."""
    scores = {"headline_micro": evaluation.spans.of(*HEADLINE_LABELS).f1}
    scores |= {label: evaluation.spans.of(label).f1 for label in LABELS if evaluation.spans.of(label).n_gold}
    return scores | {key: evaluation.records.of(key).f1 for key in RECORDS if evaluation.records.of(key).n_gold}


def score_row(table: CountTable, *keys: str) -> dict[str, Any]:
    """Scores, interval and counts of the keys taken together, as JSON holds them."""
    counts = table.of(*keys)
    return {
        "precision": round(counts.precision, N_DECIMALS),
        "recall": round(counts.recall, N_DECIMALS),
        "f1": round(counts.f1, N_DECIMALS),
        "f1_interval": [round(bound, N_DECIMALS) for bound in table.interval(*keys)],
        "tp": counts.tp,
        "n_predicted": counts.n_predicted,
        "n_gold": counts.n_gold,
    }


def to_json(evaluation: Evaluation, linked: Evaluation) -> dict[str, Any]:
    """All scores and the counts of each document; no text of a document."""

    def label_row(*labels: str) -> dict[str, Any]:
        error = calibration_error(evaluation.predictions, labels)
        return {
            **score_row(evaluation.spans, *labels),
            "overlap_f1": round(evaluation.overlaps.of(*labels).f1, N_DECIMALS),
            "calibration_error": None if error is None else round(error, N_DECIMALS),
        }

    return {
        "predictor": evaluation.name,
        "n_documents": len(evaluation.predictions),
        "n_words": sum(p.n_words for p in evaluation.predictions),
        "words_per_s": round(evaluation.words_per_s),
        "failures": evaluation.failures,
        "headline_micro": label_row(*HEADLINE_LABELS),
        "headline_macro_f1": round(evaluation.spans.macro_f1(*HEADLINE_LABELS), N_DECIMALS),
        "headline_macro_f1_interval": [
            round(b, N_DECIMALS) for b in evaluation.spans.interval(*HEADLINE_LABELS, macro=True)
        ],
        "labels": {label: label_row(label) for label in LABELS},
        "records": {key: score_row(evaluation.records, key) for key in RECORDS},
        "records_on_gold_spans": {key: score_row(linked.records, key) for key in RECORDS},
        "documents": {
            p.gold.doc_id: {
                key: [c.tp, c.n_predicted, c.n_gold]
                for key, c in {**spans, **records}.items()
                if c.n_predicted + c.n_gold
            }
            for p, spans, records in zip(
                evaluation.predictions, evaluation.spans.documents, evaluation.records.documents, strict=True
            )
        },
    }
