"""Spans to BIO tags and back: the only place that knows BIO."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.annotations import Span
from extractor.scheme import LAYERS
from extractor.tokens import Gap, Token

Doubles = npt.NDArray[np.float64]

OUTSIDE: Final = 0
"""The tag of a token in no span."""
FORBIDDEN: Final = -1e4
"""Score of a transition that BIO does not allow."""
BEYOND_DOUBT: Final = 4.0
"""Log odds against every span over a token from which on none is thought of; no best path holds one."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tags of one layer, a token each, and how many spans begin or end inside a token."""

    tags: tuple[int, ...]
    n_unaligned: int


def tag_names(layer: str) -> tuple[str, ...]:
    """The tags of a layer; O is 0, then B and I of each label."""
    return ("O", *(f"{prefix}-{label}" for label in LAYERS[layer] for prefix in "BI"))


def allowed_transitions(layer: str) -> npt.NDArray[np.float32]:
    """Shape: (1 + n_tags, n_tags). Row 0 is the start of the text; 0.0 where allowed, FORBIDDEN elsewhere."""
    names = tag_names(layer)
    matrix = np.zeros((1 + len(names), len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        if name.startswith("I-"):
            before = [1 + names.index(f"B-{name[2:]}"), 1 + column]
            rows = [row for row in range(1 + len(names)) if row not in before]
            matrix[rows, column] = FORBIDDEN
    return matrix


def is_surely_outside(
    emissions: npt.NDArray[np.float32], transitions: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Shape: (n_tokens,). Whether the likeliest span over a token falls short of its left part alone by BEYOND_DOUBT.

    Of a label, the best span over a token is the best beginning up to it and the best end from it on; what a token
    inside of a span gains or loses is summed once, so that both are running maxima. Its left part may be nothing.
    What stands beside the span is not looked at: of the transitions at its borders the worst case counts.

    Args:
        emissions: log scores, shape (n_tokens, n_tags).
        transitions: log scores, shape (1 + n_tags, n_tags); row 0 is the start of the text.
    """
    after = transitions[1:].astype(np.float64)
    stay = after[OUTSIDE, OUTSIDE]
    into = transitions[:, 1::2].astype(np.float64) - transitions[:, [OUTSIDE]]
    on = np.stack([after.diagonal()[2::2], after.diagonal(1)[1::2]]) - stay
    borders = [OUTSIDE, *range(1, after.shape[1], 2)]
    out = (after[1:, borders] - after[OUTSIDE, borders]).max()
    back = after[1:, OUTSIDE].min() - stay
    gain = emissions.astype(np.float64) - emissions[:, [OUTSIDE]]
    begins, insides = gain[:, 1::2], gain[:, 2::2]
    most, behind = _best_span(begins + into.max(axis=0), insides + on.max(axis=0))
    least, _ = _best_span(begins + into.min(axis=0), insides + on.min(axis=0))
    left_alone = np.maximum(np.roll(least, 1, axis=0) + back, 0.0)
    left_alone[:1] = 0.0
    best = (most - left_alone + behind + out).max(axis=1, initial=-np.inf)
    return np.asarray(best < -BEYOND_DOUBT)


def _best_span(begins: Doubles, insides: Doubles) -> tuple[Doubles, Doubles]:
    """The best beginning of a span up to each token, with the token, and the best end behind it; shape as given."""
    so_far = np.cumsum(insides, axis=0)
    before = so_far + np.maximum.accumulate(begins - so_far, axis=0)
    behind = np.maximum.accumulate(so_far[::-1], axis=0)[::-1] - so_far
    return before, behind


def encode(spans: Sequence[Span], tokens: Sequence[Token], layer: str) -> Encoded:
    """The tags of the spans of one layer; a span that cuts a token takes the whole token and is counted."""
    names = tag_names(layer)
    tags = [0] * len(tokens)
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    n_unaligned = 0
    for span in spans:
        if span.label not in LAYERS[layer]:
            continue
        first = int(np.searchsorted(ends, span.start, side="right"))
        last = int(np.searchsorted(starts, span.end, side="left"))
        if first >= last or tags[first] != 0:
            n_unaligned += 1
            continue
        n_unaligned += starts[first] != span.start or ends[last - 1] != span.end
        tags[first] = names.index(f"B-{span.label}")
        tags[first + 1 : last] = [names.index(f"I-{span.label}")] * (last - first - 1)
    return Encoded(tuple(tags), n_unaligned)


def decode(tags: Sequence[int], tokens: Sequence[Token], layer: str) -> tuple[tuple[str, int, int], ...]:
    """(label, first token, past token) of each span. An I that follows nothing of its label begins a span.

    White space at the end of a span is left out.
    """
    names = tag_names(layer)
    found: list[tuple[str, int, int]] = []
    label, first = "", 0
    for position in range(len(tags) + 1):
        name = names[tags[position]] if position < len(tags) else "O"
        if label and name != f"I-{label}":
            past = _without_trailing_space(tokens, first, position)
            found += [(label, first, past)] if past > first else []
            label = ""
        if name != "O" and not label:
            label, first = name[2:], position
    return tuple(found)


def _without_trailing_space(tokens: Sequence[Token], first: int, past: int) -> int:
    while past > first and tokens[past - 1].gap is not Gap.NONE:
        past -= 1
    return past
