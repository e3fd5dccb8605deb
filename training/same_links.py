"""Learn which mentions of tasks are one task: `python -m training.same_links --texts DIR`.

On gold spans, with owners and dates as the rules link them. Prints how well organisations are done that the network
has not seen, by five folds of organisations, and writes the weights of one that has seen all of the training minutes.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from extractor.annotations import AnnotatedText, Relation
from extractor.linking import link
from extractor.linking.context import Context
from extractor.linking.mentions import list_mentions
from extractor.linking.same import Network, Scores, group_tasks, score_pairs
from extractor.linking.same_features import FEATURES, TaskPairs
from extractor.structure import parse_text
from training.corpus import LabelledDocument, from_row, load
from training.linking_report import without_links
from training.scoring import Counts, action_mentions, count_records, count_relations, total

N_UNITS: Final = 16
N_STEPS: Final = 300
LR: Final = 0.02
WEIGHT_DECAY: Final = 1e-4
REAL_WEIGHT: Final = 2.0
"""Of a pair in real minutes, against one in invented ones."""
N_FOLDS: Final = 5
REPORTED: Final = ("action text", "action +owners", "action +due", "action complete")


@dataclass(frozen=True, slots=True)
class TaskDocument:
    """The candidate pairs of a document with their truth."""

    organisation: str
    invented: bool
    gold: AnnotatedText
    linked: AnnotatedText
    """Gold spans with the links of the rules."""
    pairs: TaskPairs
    features: Scores
    is_same: Scores
    """Shape: (n_candidates,). 1 for two mentions of one task, else 0."""


def read_tasks(document: LabelledDocument) -> TaskDocument:
    """The pairs of a labelled document."""
    gold = document.annotated
    structure = parse_text(gold.text)
    linked = link(without_links(gold), structure)
    relations = [relation for relation in linked.relations if relation.kind in ("owner", "due")]
    pairs = TaskPairs(list_mentions(Context(linked, structure), relations))
    record = {span.id: number for number, mentions in enumerate(action_mentions(gold)) for span in mentions}
    numbers = [record[mention.span.id] for mention in pairs.mentions]
    is_same = np.array([numbers[i] == numbers[j] for i, j in pairs.candidates], dtype=np.float32)
    return TaskDocument(document.organisation, document.invented, gold, linked, pairs, pairs.features(), is_same)


def fit(documents: Sequence[TaskDocument], seed: int = 0, n_steps: int = N_STEPS) -> Network:
    """A network trained on the pairs of the documents."""
    torch.manual_seed(seed)
    features = torch.from_numpy(np.concatenate([d.features for d in documents]))
    truth = torch.from_numpy(np.concatenate([d.is_same for d in documents]))
    weights = [np.full(len(d.is_same), 1.0 if d.invented else REAL_WEIGHT, dtype=np.float32) for d in documents]
    weight = torch.from_numpy(np.concatenate(weights))
    hidden, out = nn.Linear(len(FEATURES), N_UNITS), nn.Linear(N_UNITS, 1)
    optimizer = torch.optim.Adam([*hidden.parameters(), *out.parameters()], lr=LR, weight_decay=WEIGHT_DECAY)
    for _ in range(n_steps):
        logits = out(torch.tanh(hidden(features)))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    kept = [w.detach().numpy().round(3) for w in (hidden.weight.T, hidden.bias, out.weight[0], out.bias)]
    return Network(kept[0], kept[1], kept[2], float(kept[3][0]))


def relink(document: TaskDocument, network: Network | None) -> AnnotatedText:
    """The linked document with the mentions tied as a network says; without one, none tied."""
    others = tuple(relation for relation in document.linked.relations if relation.kind != "same")
    spans = [mention.span for mention in document.pairs.mentions]
    found: tuple[Relation, ...] = ()
    if network is not None and len(document.features):
        groups = group_tasks(len(spans), score_pairs(document.pairs, document.features, network))
        found = tuple(Relation("same", spans[j].id, spans[g[0][0]].id, 1.0) for g in groups for j, _ in g[1:])
    linked = document.linked
    return AnnotatedText(linked.doc_id, linked.text, linked.spans, (*others, *found))


def fold_of(organisation: str) -> int:
    """The fold of an organisation, by the hash of its name."""
    return int(hashlib.sha256(organisation.encode()).hexdigest(), 16) % N_FOLDS


def count(documents: Iterable[tuple[TaskDocument, Network | None]]) -> dict[str, Counts]:
    """The counts of pairs of mentions and of tasks as records."""
    rows = []
    for document, network in documents:
        predicted = relink(document, network)
        pairs = count_relations(document.gold, predicted).get("same", Counts())
        records = count_records(document.gold, predicted)
        rows.append({"same": pairs} | {key: records[key] for key in REPORTED})
    return total(rows)


def write_weights(network: Network, path: Path) -> None:
    """Write a network as `extractor.linking.same` reads it."""
    kept = {
        "hidden": {
            name: row.tolist() for name, row in zip(FEATURES, network.hidden.astype(float).round(3), strict=True)
        },
        "hidden_bias": network.hidden_bias.astype(float).round(3).tolist(),
        "out": network.out.astype(float).round(3).tolist(),
        "out_bias": round(network.out_bias, 3),
    }
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in kept.pop("hidden").items())
    others = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in kept.items())
    path.write_text(f'{{\n "hidden": {{\n{rows}\n }},\n{others}\n}}\n', encoding="utf-8")


def _line(name: str, counts: dict[str, Counts]) -> str:
    pairs = counts["same"]
    shown = [f"{pairs.precision:.3f} {pairs.recall:.3f} {pairs.f1:.3f}", *(f"{counts[key].f1:.3f}" for key in REPORTED)]
    return f"{name:44}" + "  ".join(shown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the networks that are compared")
    parser.add_argument("--out", type=Path, help="where the weights of the first seed go")
    options = parser.parse_args(arguments)
    corpora = load(options.texts)
    learned = [read_tasks(from_row(row)) for row in corpora["train"]]
    sets = {
        name: [d for d in learned if d.invented == invented] for name, invented in (("real", False), ("ours", True))
    }
    others = {name: [read_tasks(from_row(row)) for row in corpora[name]] for name in corpora if name != "train"}
    print(f"{'':44}pairs: P, R, F1      " + "  ".join(REPORTED))
    for name, documents in (sets | others).items():
        print(_line(f"{name}, no two tasks one", count((d, None) for d in documents)))
    for seed in options.seeds:
        folds = [fit([d for d in learned if fold_of(d.organisation) != k], seed) for k in range(N_FOLDS)]
        for name, documents in sets.items():
            print(
                _line(f"{name}, seed {seed}, held out", count((d, folds[fold_of(d.organisation)]) for d in documents))
            )
        network = fit(learned, seed)
        for name, documents in others.items():
            print(_line(f"{name}, seed {seed}", count((d, network) for d in documents)))
        if options.out is not None and seed == options.seeds[0]:
            write_weights(network, options.out)


if __name__ == "__main__":
    main()
