"""Learn the networks of the linking: `python -m training.link_weights same --texts DIR`, or `period`.

On gold spans, with what the rules alone link. Prints how well organisations are done that a network has
not seen, by five folds of organisations, and writes the weights of one that has seen all of the training minutes.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from extractor.annotations import AnnotatedText, Relation
from extractor.linking.context import Context
from extractor.linking.link import link_by_rules
from extractor.linking.mentions import list_mentions
from extractor.linking.network import Network, Scores
from extractor.linking.period_choice import FEATURES as PERIOD_FEATURES
from extractor.linking.period_choice import PeriodPairs, likeliest
from extractor.linking.same import group_tasks, score_pairs
from extractor.linking.same_features import FEATURES as SAME_FEATURES
from extractor.linking.same_features import TaskPairs
from extractor.structure import parse_text
from training.corpus import LabelledDocument, from_row, load
from training.linking_report import without_links
from training.scoring import Counts, action_mentions, count_records, count_relations, total

LR: Final = 0.02
WEIGHT_DECAY: Final = 1e-4
N_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class LinkedDocument:
    """The candidate pairs of a document with their truth."""

    organisation: str
    invented: bool
    gold: AnnotatedText
    linked: AnnotatedText
    """Gold spans with the links of the rules."""
    features: Scores
    """Shape: (n_candidates, n_features)."""
    truth: Scores
    """Shape: (n_candidates,). 1 for two that belong together, else 0."""
    choose: Callable[[Network], Iterable[Relation]]
    """The relations of the kind that a network finds."""


@dataclass(frozen=True, slots=True)
class LinkKind:
    """A kind of link with a network."""

    features: Sequence[str]
    read: Callable[[LabelledDocument], LinkedDocument]
    records: Sequence[str]
    """The records that are counted besides the pairs."""
    n_units: int
    n_steps: int
    real_weight: float
    """Of a pair in real minutes, against one in invented ones."""


def read_tasks(document: LabelledDocument) -> LinkedDocument:
    """The pairs of mentions of tasks of a labelled document."""
    gold = document.annotated
    linked, context = _by_rules(gold)
    pairs = TaskPairs(list_mentions(context, linked.relations))
    spans, features = [mention.span for mention in pairs.mentions], pairs.features()
    record = {span.id: number for number, mentions in enumerate(action_mentions(gold)) for span in mentions}
    truth = [record[spans[i].id] == record[spans[j].id] for i, j in pairs.candidates]

    def choose(network: Network) -> Iterator[Relation]:
        for group in group_tasks(len(spans), score_pairs(pairs, features, network)):
            yield from (Relation("same", spans[task].id, spans[group[0][0]].id, 1.0) for task, _ in group[1:])

    return _document(document, linked, features, truth, choose)


def read_periods(document: LabelledDocument) -> LinkedDocument:
    """The pairs of a metric and a period of a labelled document."""
    linked, context = _by_rules(document.annotated)
    pairs = PeriodPairs(context, linked.relations)
    features = pairs.features()
    right = {(relation.head, relation.tail) for relation in document.annotated.relations if relation.kind == "period"}
    truth = [(metric.id, period.id) in right for metric, period in pairs.candidates]

    def choose(network: Network) -> Iterable[Relation]:
        return likeliest(pairs.candidates, network(features))

    return _document(document, linked, features, truth, choose)


def _by_rules(gold: AnnotatedText) -> tuple[AnnotatedText, Context]:
    bare = without_links(gold)
    context = Context(bare, parse_text(gold.text))
    return AnnotatedText(bare.doc_id, bare.text, bare.spans, tuple(link_by_rules(context))), context


def _document(
    document: LabelledDocument,
    linked: AnnotatedText,
    features: Scores,
    truth: Sequence[bool],
    choose: Callable[[Network], Iterable[Relation]],
) -> LinkedDocument:
    is_right = np.array(truth, dtype=np.float32)
    gold = document.annotated
    return LinkedDocument(document.organisation, document.invented, gold, linked, features, is_right, choose)


_TASKS: Final = ("action text", "action +owners", "action +due", "action complete")
KINDS: Final = {
    "same": LinkKind(SAME_FEATURES, read_tasks, _TASKS, n_units=16, n_steps=300, real_weight=2.0),
    "period": LinkKind(PERIOD_FEATURES, read_periods, ("metric +period",), n_units=24, n_steps=250, real_weight=3.0),
}


def fit(kind: LinkKind, documents: Sequence[LinkedDocument], seed: int = 0) -> Network:
    """A network trained on the pairs of the documents."""
    torch.manual_seed(seed)
    features = torch.from_numpy(np.concatenate([d.features for d in documents]))
    truth = torch.from_numpy(np.concatenate([d.truth for d in documents]))
    weights = [np.full(len(d.truth), 1.0 if d.invented else kind.real_weight, dtype=np.float32) for d in documents]
    weight = torch.from_numpy(np.concatenate(weights))
    hidden, out = nn.Linear(len(kind.features), kind.n_units), nn.Linear(kind.n_units, 1)
    optimizer = torch.optim.Adam([*hidden.parameters(), *out.parameters()], lr=LR, weight_decay=WEIGHT_DECAY)
    for _ in range(kind.n_steps):
        logits = out(torch.tanh(hidden(features)))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    kept = [w.detach().numpy().round(3) for w in (hidden.weight.T, hidden.bias, out.weight[0], out.bias)]
    return Network(kept[0], kept[1], kept[2], float(kept[3][0]))


def relink(name: str, document: LinkedDocument, network: Network | None) -> AnnotatedText:
    """The linked document with the links of a kind as a network has them; without one, with none."""
    others = tuple(relation for relation in document.linked.relations if relation.kind != name)
    found = () if network is None or not len(document.features) else tuple(document.choose(network))
    linked = document.linked
    return AnnotatedText(linked.doc_id, linked.text, linked.spans, (*others, *found))


def fold_of(organisation: str) -> int:
    """The fold of an organisation, by the hash of its name."""
    return int(hashlib.sha256(organisation.encode()).hexdigest(), 16) % N_FOLDS


def count(name: str, documents: Iterable[tuple[LinkedDocument, Network | None]]) -> dict[str, Counts]:
    """The counts of the pairs, under the name of the kind, and of the records that hang on them."""
    rows = []
    for document, network in documents:
        predicted = relink(name, document, network)
        pairs = count_relations(document.gold, predicted).get(name, Counts())
        records = count_records(document.gold, predicted)
        rows.append({name: pairs} | {key: records[key] for key in KINDS[name].records})
    return total(rows)


def write_weights(kind: LinkKind, network: Network, path: Path) -> None:
    """Write a network as `extractor.linking.network` reads it."""
    rows = [f'  "{name}": {_numbers(row)}' for name, row in zip(kind.features, network.hidden, strict=True)]
    others = [f' "hidden_bias": {_numbers(network.hidden_bias)}', f' "out": {_numbers(network.out)}']
    parts = [' "hidden": {\n' + ",\n".join(rows) + "\n }", *others, f' "out_bias": {network.out_bias:.3f}']
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _numbers(row: Scores) -> str:
    return "[" + ", ".join(f"{value:.3f}" for value in row) + "]"


def _print(title: str, name: str, counts: dict[str, Counts]) -> None:
    pairs = counts[name]
    shown = [f"{pairs.precision:.3f} {pairs.recall:.3f} {pairs.f1:.3f}"]
    shown += [f"{key} {counts[key].f1:.3f}" for key in KINDS[name].records]
    print(f"{title:32}" + "  ".join(shown), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the networks that are compared")
    parser.add_argument("--out", type=Path, help="where the weights of the first seed go")
    options = parser.parse_args(arguments)
    name, kind = options.kind, KINDS[options.kind]
    corpora = load(options.texts)
    learned = [kind.read(from_row(row)) for row in corpora["train"]]
    sets = {"real": [d for d in learned if not d.invented], "ours": [d for d in learned if d.invented]}
    others = {key: [kind.read(from_row(row)) for row in corpora[key]] for key in corpora if key != "train"}
    print("pairs: precision, recall, F1; records: F1")
    for title, documents in (sets | others).items():
        _print(f"{title}, without", name, count(name, ((d, None) for d in documents)))
    for seed in options.seeds:
        folds = [fit(kind, [d for d in learned if fold_of(d.organisation) != k], seed) for k in range(N_FOLDS)]
        for title, documents in sets.items():
            counts = count(name, ((d, folds[fold_of(d.organisation)]) for d in documents))
            _print(f"{title}, seed {seed}, held out", name, counts)
        network = fit(kind, learned, seed)
        for title, documents in others.items():
            _print(f"{title}, seed {seed}", name, count(name, ((d, network) for d in documents)))
        if options.out is not None and seed == options.seeds[0]:
            write_weights(kind, network, options.out)


if __name__ == "__main__":
    main()
