"""Learn the networks of the linking: `python -m training.link_weights same --texts DIR`, or `period`.

On gold spans, with what the rules alone link. Prints how well organisations are done that a network has
not seen, by five folds of organisations, and writes the weights of one that has seen all of the
training minutes, or of the mean of several.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from extractor.annotations import AnnotatedText, Relation
from extractor.linking.choice import likeliest
from extractor.linking.context import Context
from extractor.linking.link import link_by_rules
from extractor.linking.mentions import list_mentions
from extractor.linking.network import Network, Scores
from extractor.linking.period_choice import FEATURES as PERIOD_FEATURES
from extractor.linking.period_choice import PeriodPairs
from extractor.linking.same import group_tasks, score_pairs
from extractor.linking.same_features import FEATURES as SAME_FEATURES
from extractor.linking.same_features import TaskPairs
from extractor.structure import parse_text
from training.corpus import LabelledDocument, from_row, load
from training.linking_report import without_links
from training.scoring import Counts, action_mentions, count_records, count_relations, total

Ints = npt.NDArray[np.int64]

LR: Final = 0.02
WEIGHT_DECAY: Final = 1e-4
N_FOLDS: Final = 5
TINY: Final = 1e-6


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
    heads: Ints
    """Shape: (n_candidates,). Numbers the heads from 0, of which each has one tail or none; each pair its own where
    a head may have several."""
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

    return _document(document, linked, features, truth, range(len(truth)), choose)


def read_periods(document: LabelledDocument) -> LinkedDocument:
    """The pairs of a metric and a period of a labelled document."""
    linked, context = _by_rules(document.annotated)
    pairs = PeriodPairs(context, linked.relations)
    features = pairs.features()
    right = {(relation.head, relation.tail) for relation in document.annotated.relations if relation.kind == "period"}
    truth = [(metric.id, period.id) in right for metric, period in pairs.candidates]
    number = {id_: k for k, id_ in enumerate(dict.fromkeys(metric.id for metric, _ in pairs.candidates))}
    heads = [number[metric.id] for metric, _ in pairs.candidates]

    def choose(network: Network) -> Iterable[Relation]:
        return likeliest("period", pairs.candidates, network(features))

    return _document(document, linked, features, truth, heads, choose)


def _by_rules(gold: AnnotatedText) -> tuple[AnnotatedText, Context]:
    bare = without_links(gold)
    context = Context(bare, parse_text(gold.text))
    return AnnotatedText(bare.doc_id, bare.text, bare.spans, tuple(link_by_rules(context))), context


def _document(
    document: LabelledDocument,
    linked: AnnotatedText,
    features: Scores,
    truth: Sequence[bool],
    heads: Sequence[int],
    choose: Callable[[Network], Iterable[Relation]],
) -> LinkedDocument:
    is_right = np.array(truth, dtype=np.float32)
    gold = document.annotated
    numbers = np.array(heads, dtype=np.int64)
    return LinkedDocument(document.organisation, document.invented, gold, linked, features, is_right, numbers, choose)


_TASKS: Final = ("action text", "action +owners", "action +due", "action complete")
KINDS: Final = {
    "same": LinkKind(SAME_FEATURES, read_tasks, _TASKS, n_units=16, n_steps=300, real_weight=2.0),
    "period": LinkKind(PERIOD_FEATURES, read_periods, ("metric +period",), n_units=24, n_steps=250, real_weight=3.0),
}


def fit(kind: LinkKind, documents: Sequence[LinkedDocument], seed: int = 0) -> Network:
    """A network trained to tell the tail of each head, or none, by a softmax over its candidates."""
    torch.manual_seed(seed)
    features = torch.from_numpy(np.concatenate([d.features for d in documents]))
    truth = torch.from_numpy(np.concatenate([d.truth for d in documents]))
    n_heads = [int(d.heads.max()) + 1 if len(d.heads) else 0 for d in documents]
    firsts = np.cumsum([0, *n_heads])
    heads = torch.from_numpy(np.concatenate([d.heads + first for d, first in zip(documents, firsts, strict=False)]))
    weights = [
        np.full(n, 1.0 if d.invented else kind.real_weight, dtype=np.float32)
        for d, n in zip(documents, n_heads, strict=True)
    ]
    weight = torch.from_numpy(np.concatenate(weights))
    hidden, out = nn.Linear(len(kind.features), kind.n_units), nn.Linear(kind.n_units, 1)
    optimizer = torch.optim.Adam([*hidden.parameters(), *out.parameters()], lr=LR, weight_decay=WEIGHT_DECAY)
    for _ in range(kind.n_steps):
        logits = out(torch.tanh(hidden(features)))[:, 0]
        loss = (weight * _surprise(logits, truth, heads, len(weight))).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    kept = [w.detach().numpy().round(3) for w in (hidden.weight.T, hidden.bias, out.weight[0], out.bias)]
    return Network(kept[0], kept[1], kept[2], float(kept[3][0]))


def average(networks: Sequence[Network]) -> Network:
    """One network whose logits are the mean of those of several: their units side by side."""
    n = len(networks)
    hidden, bias = np.hstack([each.hidden for each in networks]), np.hstack([each.hidden_bias for each in networks])
    out = np.hstack([each.out / np.float32(n) for each in networks])
    return Network(hidden, bias, out, sum(each.out_bias for each in networks) / n)


def _surprise(logits: Tensor, truth: Tensor, heads: Tensor, n_heads: int) -> Tensor:
    """-log of the probability of what is right for each head; none has the logit 0. Shape: (n_heads,)."""
    nothing = torch.zeros(n_heads)
    highest = nothing.scatter_reduce(0, heads, logits.detach(), "amax")
    odds, odds_of_none = torch.exp(logits - highest[heads]), torch.exp(-highest)
    right = nothing.index_add(0, heads, odds * truth)
    has_tail = nothing.index_add(0, heads, truth) > 0
    right = torch.where(has_tail, right, odds_of_none)
    return -torch.log((right / (nothing.index_add(0, heads, odds) + odds_of_none)).clamp_min(TINY))


def relink(name: str, document: LinkedDocument, network: Network | None) -> AnnotatedText:
    """The linked document with the links of a kind as a network has them; without one, as the rules have them."""
    linked = document.linked
    if network is None:
        return linked
    others = tuple(other for other in linked.relations if other.kind != name)
    found = tuple(document.choose(network)) if len(document.features) else ()
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
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the networks that are averaged")
    parser.add_argument("--out", type=Path, help="where the mean of the seeds goes")
    options = parser.parse_args(arguments)
    name, kind = options.kind, KINDS[options.kind]
    corpora = load(options.texts)
    learned = [kind.read(from_row(row)) for row in corpora["train"]]
    sets = {"real": [d for d in learned if not d.invented], "ours": [d for d in learned if d.invented]}
    others = {key: [kind.read(from_row(row)) for row in corpora[key]] for key in corpora if key != "train"}
    print("pairs: precision, recall, F1; records: F1")
    for title, documents in (sets | others).items():
        _print(f"{title}, by rules", name, count(name, ((d, None) for d in documents)))
    networks = {seed: fit(kind, learned, seed) for seed in options.seeds}
    folds = {
        seed: [fit(kind, [d for d in learned if fold_of(d.organisation) != k], seed) for k in range(N_FOLDS)]
        for seed in options.seeds
    }
    rows = [(f"seed {seed}", folds[seed], networks[seed]) for seed in options.seeds]
    if len(rows) > 1:
        means = [average(fold) for fold in zip(*folds.values(), strict=True)]
        rows.append(("mean", means, average([*networks.values()])))
    for row, of_folds, network in rows:
        for title, documents in sets.items():
            counts = count(name, ((d, of_folds[fold_of(d.organisation)]) for d in documents))
            _print(f"{title}, {row}, held out", name, counts)
        for title, documents in others.items():
            _print(f"{title}, {row}", name, count(name, ((d, network) for d in documents)))
    if options.out is not None:
        write_weights(kind, rows[-1][2], options.out)


if __name__ == "__main__":
    main()
