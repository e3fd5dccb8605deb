"""Counts of spans and records against gold, which add over documents, and the scores that follow from them.

Every ratio with an empty denominator is 0.0; read it beside the support, `n_gold`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from extractor.annotations import AnnotatedText, Span
from extractor.scheme import HEADLINE_LABELS, LABELS

MIN_TEXT_F1: Final = 0.8
"""Token F1 from which the text of a predicted action counts as that of a gold one."""
Place = tuple[str, int, int]
"""Label, start and end of a span."""
_SEPARATORS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, predictions and gold items of one kind."""

    tp: int = 0
    n_predicted: int = 0
    n_gold: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tp + other.tp, self.n_predicted + other.n_predicted, self.n_gold + other.n_gold)

    @property
    def precision(self) -> float:
        """Share of the predictions that are right."""
        return self.tp / self.n_predicted if self.n_predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold items that were found."""
        return self.tp / self.n_gold if self.n_gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.n_predicted + self.n_gold
        return 2 * self.tp / total if total else 0.0


def total(counts: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """The sum over documents, key by key."""
    summed: dict[str, Counts] = {}
    for row in counts:
        for key, value in row.items():
            summed[key] = summed.get(key, Counts()) + value
    return summed


def micro(counts: Mapping[str, Counts], labels: Sequence[str] = HEADLINE_LABELS) -> Counts:
    """The counts of the labels taken together."""
    return sum((counts.get(label, Counts()) for label in labels), Counts())


def macro_f1(counts: Mapping[str, Counts], labels: Sequence[str] = HEADLINE_LABELS) -> float:
    """The mean of the F1 of the labels; a label without gold and predictions counts as 0.0."""
    return sum(counts.get(label, Counts()).f1 for label in labels) / len(labels)


def count_spans(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    """Label to counts; a span is right if label, start and end are equal."""
    found = {}
    for label in LABELS:
        ours = {(span.start, span.end) for span in predicted.with_label(label)}
        theirs = {(span.start, span.end) for span in gold.with_label(label)}
        found[label] = Counts(len(ours & theirs), len(ours), len(theirs))
    return found


def count_overlaps(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    """Label to counts; a span is right if it shares a character with a gold span of its label, one to one."""
    found = {}
    for label in LABELS:
        ours, theirs = predicted.with_label(label), gold.with_label(label)
        found[label] = Counts(_n_overlapping_pairs(ours, theirs), len(ours), len(theirs))
    return found


def _n_overlapping_pairs(ours: Sequence[Span], theirs: Sequence[Span]) -> int:
    """The largest number of disjoint pairs; the earliest partner is best as spans of a label do not overlap."""
    left, right, n_pairs = 0, 0, 0
    while left < len(ours) and right < len(theirs):
        if ours[left].overlaps(theirs[right]):
            left, right, n_pairs = left + 1, right + 1, n_pairs + 1
        elif ours[left].end <= theirs[right].start:
            left += 1
        else:
            right += 1
    return n_pairs


def count_relations(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    """Relation kind to counts; right if kind, head and tail are equal, both ends by label, start and end.

    `same` counts pairs of actions in one record, whichever of them is named as the first.
    """
    ours, theirs = _relation_keys(predicted), _relation_keys(gold)
    kinds = sorted({key[0] for key in ours | theirs})
    found = {}
    for kind in kinds:
        left, right = ({key for key in keys if key[0] == kind} for keys in (ours, theirs))
        found[kind] = Counts(len(left & right), len(left), len(right))
    return found


def _relation_keys(annotated: AnnotatedText) -> set[tuple[str, Place, Place]]:
    where = {span.id: (span.label, span.start, span.end) for span in annotated.spans}
    keys: set[tuple[str, Place, Place]] = {
        (r.kind, where[r.head], where[r.tail]) for r in annotated.relations if r.kind != "same"
    }
    for mentions in action_mentions(annotated):
        places = sorted((span.label, span.start, span.end) for span in mentions)
        keys |= {("same", later, first) for i, first in enumerate(places) for later in places[i + 1 :]}
    return keys


def fold(text: str) -> str:
    """The string as it is compared: lower case, each run of punctuation and white space one space."""
    return _SEPARATORS.sub(" ", text.casefold()).strip()


def token_f1(one: str, other: str) -> float:
    """F1 of the words of two folded strings, each word as often as it stands there (SQuAD); 0.0 if one is empty."""
    ours, theirs = Counter(one.split()), Counter(other.split())
    n_words = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / n_words if n_words else 0.0


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """A task over its mentions, in folded strings; the first of `texts` and `dues` stand for the record."""

    texts: tuple[str, ...]
    owners: frozenset[str]
    dues: tuple[str, ...]


def action_mentions(annotated: AnnotatedText) -> list[list[Span]]:
    """The ACTION spans of each record: those tied by `same`, directly or over others."""
    leader = {span.id: span.id for span in annotated.with_label("ACTION")}

    def find(span_id: str) -> str:
        while leader[span_id] != span_id:
            span_id = leader[span_id]
        return span_id

    for relation in annotated.relations:
        if relation.kind == "same":
            leader[find(relation.head)] = find(relation.tail)
    groups: dict[str, list[Span]] = {}
    for span in annotated.with_label("ACTION"):
        groups.setdefault(find(span.id), []).append(span)
    return list(groups.values())


def action_records(annotated: AnnotatedText) -> list[ActionRecord]:
    """The tasks of a document; owners and due of a record are those of all its mentions."""
    spans, text = annotated.by_id(), annotated.text
    records = []
    for mentions in action_mentions(annotated):
        owners = [tail for span in mentions for tail in annotated.tails(span.id, "owner")]
        dues = [tail for span in mentions for tail in annotated.tails(span.id, "due")]
        records.append(
            ActionRecord(
                tuple(fold(span.text_of(text)) for span in mentions),
                frozenset(fold(spans[tail].text_of(text)) for tail in owners),
                tuple(fold(spans[tail].text_of(text)) for tail in dues),
            )
        )
    return records


def match_actions(gold: Sequence[ActionRecord], predicted: Sequence[ActionRecord]) -> list[tuple[int, int]]:
    """(index of gold, index of predicted) of each pair, the most similar first; a tie goes to the earlier."""
    similarities = [
        (-max(token_f1(ours.texts[0], text) for text in theirs.texts), j, i)
        for i, theirs in enumerate(gold)
        for j, ours in enumerate(predicted)
    ]
    pairs: list[tuple[int, int]] = []
    used_gold: set[int] = set()
    used_predicted: set[int] = set()
    for similarity, j, i in sorted(similarities):
        if -similarity >= MIN_TEXT_F1 and i not in used_gold and j not in used_predicted:
            used_gold.add(i)
            used_predicted.add(j)
            pairs.append((i, j))
    return pairs


def count_records(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    """Counts of `action text`, `action +owners`, `action +due`, `action complete`, `attendance`, `metric …`."""
    return {**_count_actions(gold, predicted), **_count_attendance(gold, predicted), **_count_metrics(gold, predicted)}


def _count_actions(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    theirs, ours = action_records(gold), action_records(predicted)
    n_right = Counter({"text": 0, "+owners": 0, "+due": 0, "complete": 0})
    for i, j in match_actions(theirs, ours):
        owners = ours[j].owners == theirs[i].owners
        due = ours[j].dues[0] in theirs[i].dues if ours[j].dues else not theirs[i].dues
        n_right.update({"text": 1, "+owners": owners, "+due": due, "complete": owners and due})
    return {f"action {key}": Counts(n, len(ours), len(theirs)) for key, n in n_right.items()}


def attendance_records(annotated: AnnotatedText) -> set[tuple[str, str]]:
    """(folded name, status) of those in the attendance lists."""
    return {
        (fold(span.text_of(annotated.text)), span.attributes["att"])
        for span in annotated.with_label("PERSON")
        if "att" in span.attributes
    }


def _count_attendance(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    ours, theirs = attendance_records(predicted), attendance_records(gold)
    return {"attendance": Counts(len(ours & theirs), len(ours), len(theirs))}


def metric_records(annotated: AnnotatedText) -> dict[tuple[int, int], tuple[str | None, str | None]]:
    """Start and end of a metric to its folded indicator and period, None where it has none."""
    spans = annotated.by_id()

    def first(head: str, kind: str) -> str | None:
        tails = annotated.tails(head, kind)
        return fold(spans[tails[0]].text_of(annotated.text)) if tails else None

    return {(q.start, q.end): (first(q.id, "of"), first(q.id, "period")) for q in annotated.with_label("METRIC")}


def _count_metrics(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    ours, theirs = metric_records(predicted), metric_records(gold)
    both = ours.keys() & theirs.keys()
    indicator = sum(ours[key][0] == theirs[key][0] for key in both)
    period = sum(ours[key] == theirs[key] for key in both)
    return {
        "metric span": Counts(len(both), len(ours), len(theirs)),
        "metric indicator": Counts(indicator, len(ours), len(theirs)),
        "metric +period": Counts(period, len(ours), len(theirs)),
    }


def bootstrap_f1(
    documents: Sequence[Mapping[str, Counts]],
    labels: Sequence[str] = HEADLINE_LABELS,
    *,
    macro: bool = False,
    n_resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % percentile interval of micro (or macro) F1 when documents are drawn with replacement (Efron).

    No documents give (0.0, 0.0).
    """
    if not documents:
        return 0.0, 0.0
    rows = [[(c.tp, c.n_predicted + c.n_gold) for c in (d.get(label, Counts()) for label in labels)] for d in documents]
    counts = np.array(rows, dtype=np.int64)
    drawn = np.random.default_rng(seed).multinomial(len(rows), [1 / len(rows)] * len(rows), size=n_resamples)
    sums = np.einsum("rd,dlc->rlc", drawn, counts)
    sums = sums if macro else sums.sum(axis=1, keepdims=True)
    f1 = 2 * sums[..., 0] / np.maximum(sums[..., 1], 1)
    low, high = np.percentile(f1.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
