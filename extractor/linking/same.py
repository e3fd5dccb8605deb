"""action → action: the same task in the running text, in a labelled line and in a summary."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp
from typing import Final

from extractor.annotations import Relation
from extractor.linking.context import Context
from extractor.linking.mentions import list_mentions
from extractor.linking.network import Network, Scores, load_network
from extractor.linking.same_features import FEATURES, TaskPairs

THRESHOLD: Final = 0.0
"""Logit from which a task joins others: it is more likely than not one of them."""
NO_CANDIDATE: Final = -6.0
"""Score of two tasks that have too little in common to be weighed."""
MAX_COPIES: Final = 4
"""How often one wording stands for one task; a phrase used more often is a formula for several."""


def link_same(context: Context, relations: Iterable[Relation]) -> list[Relation]:
    """Each later action that repeats an earlier one, tied to the first of its record.

    `relations` are those of the actions to their owners and dates.
    """
    pairs = TaskPairs(list_mentions(context, relations))
    if not pairs.candidates:
        return []
    scores = score_pairs(pairs, pairs.features(), load_network("same", FEATURES))
    spans = [mention.span for mention in pairs.mentions]
    found = [
        (later, Relation("same", spans[later].id, spans[group[0][0]].id, round(1 / (1 + exp(-score)), 3)))
        for group in group_tasks(len(spans), scores)
        for later, score in group[1:]
    ]
    return [relation for _, relation in sorted(found, key=lambda pair: pair[0])]


def score_pairs(pairs: TaskPairs, features: Scores, network: Network) -> dict[tuple[int, int], float]:
    """Logits of the candidates, but for those whose later task is a formula."""
    copies = Counter(mention.stems for mention in pairs.mentions)
    return {
        (i, j): float(score)
        for (i, j), score in zip(pairs.candidates, network(features), strict=True)
        if copies[pairs.mentions[j].stems] <= MAX_COPIES
    }


def group_tasks(n_tasks: int, scores: dict[tuple[int, int], float]) -> list[list[tuple[int, float]]]:
    """Groups of the tasks that are one, each task with its score; in order, a task joins the group that fits best.

    A group fits by the mean of the scores with its members, which must be above THRESHOLD.
    """
    candidates: dict[int, list[int]] = {}
    for (earlier, later), score in scores.items():
        if score > THRESHOLD:
            candidates.setdefault(later, []).append(earlier)
    groups: list[list[tuple[int, float]]] = []
    group_of: dict[int, int] = {}
    for task in range(n_tasks):
        fits = {
            group_of[earlier]: _mean(
                [scores.get((member, task), NO_CANDIDATE) for member, _ in groups[group_of[earlier]]]
            )
            for earlier in candidates.get(task, ())
        }
        best = max(sorted(fits), key=lambda number: fits[number], default=None)
        if best is None or fits[best] <= THRESHOLD:
            best = len(groups)
            groups.append([])
        group_of[task] = best
        groups[best].append((task, fits.get(best, 0.0)))
    return groups


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)
