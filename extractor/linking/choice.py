"""For each metric the likeliest of the spans that it may belong to, or none."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np

from extractor.annotations import Relation, Span
from extractor.linking.network import Scores

MIN_SCORE: Final = 0.5
"""Probability that a relation must exceed."""
Pair = tuple[Span, Span]
"""A metric and what it may belong to."""


def likeliest(kind: str, candidates: Sequence[Pair], logits: Scores) -> list[Relation]:
    """For each metric the likeliest candidate, with its probability, if it is more likely than not.

    The probability is that among the candidates of the metric and none, times that of the candidate itself, which may
    be no such thing.

    Args:
        kind: that of the relations.
        candidates: those of one metric together.
        logits: of the candidates, shape (n_candidates,); none has 0.
    """
    found = []
    position = 0
    for _, pairs in groupby(candidates, key=lambda pair: pair[0].id):
        group = list(pairs)
        scores = np.append(logits[position : position + len(group)], 0.0)
        position += len(group)
        odds = np.exp(scores - scores.max())
        sure = odds[:-1] / odds.sum() * [tail.score for _, tail in group]
        best = int(sure.argmax())
        if sure[best] > MIN_SCORE:
            metric, tail = group[best]
            found.append(Relation(kind, metric.id, tail.id, round(float(sure[best]), 3)))
    return found
