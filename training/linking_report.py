"""How well the linking rules tie gold spans: `python -m training.linking_report --texts DIR`.

DIR holds texts with their stand-off labels beside them (NAME.txt, NAME.json); the name of the organisation is what
stands before "--". Attributes and relations are taken off, linked again, and compared with gold.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from extractor.annotations import AnnotatedText, Span, read_standoff, replace_spans
from extractor.linking import link
from extractor.structure import parse_text
from training.scoring import Counts, count_records, count_relations, total

FOLDS: Final = 3
ATTRIBUTES: Final = (
    ("ACTION", "status", "open"),
    ("DECISION", "kind", "other"),
    ("METRIC", "kind", "level"),
    ("PERSON", "att", None),
)
"""Label, attribute, and the value that goes without saying."""


def without_links(gold: AnnotatedText) -> AnnotatedText:
    """The spans of gold alone."""
    return replace_spans(gold, (Span(s.id, s.label, s.start, s.end, s.score) for s in gold.spans))


def fold_of(doc_id: str) -> int:
    """The third of the organisations that a document belongs to, by the hash of the organisation's name."""
    return int(hashlib.sha256(doc_id.partition("--")[0].encode()).hexdigest(), 16) % FOLDS


def count_attributes(gold: AnnotatedText, predicted: AnnotatedText) -> dict[str, Counts]:
    """Attribute to counts of the values that do not go without saying, and "… (all)" over all spans."""
    found = {}
    ours = predicted.by_id()
    for label, key, default in ATTRIBUTES:
        pairs = [
            (s.attributes.get(key, default), ours[s.id].attributes.get(key, default)) for s in gold.with_label(label)
        ]
        right = sum(theirs == our for theirs, our in pairs if our != default)
        n_predicted = sum(our != default for _, our in pairs)
        name = f"{label.lower()} {key}"
        found[name] = Counts(right, n_predicted, sum(theirs != default for theirs, _ in pairs))
        n_equal = sum(theirs == our for theirs, our in pairs)
        found[f"{name} (all)"] = Counts(n_equal, len(pairs), len(pairs))
    return found


def iter_documents(texts: Path) -> Iterator[AnnotatedText]:
    """The labelled documents of a folder, by name."""
    for labels in sorted(texts.glob("*.json")):
        yield read_standoff(labels, labels.with_suffix(".txt"))


def iter_errors(gold: AnnotatedText, predicted: AnnotatedText, kind: str) -> Iterator[str]:
    """One line for each relation of the kind that is missed (-) or wrong (+)."""
    arrows = {
        side: {(r.head, r.tail) for r in a.relations if r.kind == kind} for side, a in (("-", gold), ("+", predicted))
    }
    spans = gold.by_id()
    for sign, found, other in (("-", arrows["-"], arrows["+"]), ("+", arrows["+"], arrows["-"])):
        for head, tail in sorted(found - other, key=lambda pair: spans[pair[0]].start):
            yield f"{gold.doc_id} {sign} {_snippet(gold.text, spans[head], spans[tail])}"


def _snippet(text: str, head: Span, tail: Span) -> str:
    start, end = max(0, min(head.start, tail.start) - 40), max(head.end, tail.end) + 40
    marked = sorted([(head.start, "[H "), (head.end, " H]"), (tail.start, "[T "), (tail.end, " T]")], reverse=True)
    shown = text[start:end]
    for position, mark in marked:
        shown = shown[: position - start] + mark + shown[position - start :]
    return (
        " ".join(shown.split())
        if len(shown) < 600
        else " ".join(shown[:300].split()) + " … " + " ".join(shown[-300:].split())
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, and the errors of one relation kind if asked for."""
    parser = argparse.ArgumentParser(description="Score the linking rules on gold spans.")
    parser.add_argument("--texts", type=Path, required=True, help="folder of NAME.txt and NAME.json")
    parser.add_argument("--errors", metavar="KIND", help="print the errors of this relation kind (folds 1 and 2 only)")
    options = parser.parse_args(arguments)
    rows: dict[int, list[dict[str, Counts]]] = {fold: [] for fold in range(FOLDS)}
    for gold in iter_documents(options.texts):
        predicted = link(without_links(gold), parse_text(gold.text))
        fold = fold_of(gold.doc_id)
        rows[fold].append(
            {**count_relations(gold, predicted), **count_attributes(gold, predicted), **count_records(gold, predicted)}
        )
        if options.errors and fold:
            print("\n".join(iter_errors(gold, predicted, options.errors)), end="\n" * bool(Counter(rows)))
    _print_table("organisations looked at", total(rows[1] + rows[2]))
    _print_table("organisations held out", total(rows[0]))


def _print_table(title: str, counts: dict[str, Counts]) -> None:
    print(f"\n{title:32}{'gold':>7}{'found':>7}{'P':>7}{'R':>7}{'F1':>7}")
    for key, c in counts.items():
        print(f"{key:32}{c.n_gold:7}{c.n_predicted:7}{100 * c.precision:7.1f}{100 * c.recall:7.1f}{100 * c.f1:7.1f}")


if __name__ == "__main__":
    main()
