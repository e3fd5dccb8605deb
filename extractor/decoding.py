"""The best sequence of tags under a linear-chain CRF, and how sure it is.

Most tokens are outside of any span beyond doubt; what lies between two of them is decoded by itself, and all such
stretches at once. Source: Lafferty, McCallum and Pereira 2001; Rabiner 1989 for the recursions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.tags import OUTSIDE, is_surely_outside

Scores = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MAX_PLACES: Final = 8192
"""Tokens, and gaps behind shorter stretches, that are decoded at once."""


@dataclass(frozen=True, slots=True)
class Path:
    """The best path through a text."""

    tags: Ints
    """Shape: (n_tokens,)."""
    marginals: Scores
    """The probability of each tag at each token given the whole text; shape (n_tokens, n_tags)."""


def best_path(emissions: Scores, transitions: Scores) -> Path:
    """Viterbi's path and the marginals.

    Args:
        emissions: log scores, shape (n_tokens, n_tags).
        transitions: log scores, shape (1 + n_tags, n_tags); row 0 is the start of the text.
    """
    n_tokens, n_tags = emissions.shape
    tags = np.full(n_tokens, OUTSIDE, dtype=np.int64)
    probabilities = np.zeros((n_tokens, n_tags), dtype=np.float32)
    probabilities[:, OUTSIDE] = 1.0
    for stretches in _stretches(emissions, transitions):
        rows, is_token = stretches.rows, stretches.is_token
        tags[rows[is_token]] = _viterbi(stretches)[is_token]
        probabilities[rows[is_token]] = _marginals(stretches)[is_token]
    return Path(tags, probabilities)


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Runs of tokens that are decoded at once, the longest first."""

    rows: Ints
    """The token at each place of each run; shape (n_runs, longest)."""
    is_token: npt.NDArray[np.bool_]
    """False behind the end of a run; the same shape."""
    emissions: Scores
    """Shape: (n_runs, longest, n_tags)."""
    before: Scores
    """Log scores of the first tag; shape (n_runs, n_tags)."""
    between: Scores
    """Log scores of a tag (column) after another (row); shape (n_tags, n_tags)."""
    behind: Scores
    """Log scores of the last tag; shape (n_runs, n_tags)."""

    @property
    def n_runs(self) -> list[int]:
        """Of each place, how many runs reach it."""
        return [int(n) for n in self.is_token.sum(axis=0)]


def _stretches(emissions: Scores, transitions: Scores) -> Iterator[_Stretches]:
    """What lies between the tokens that are outside beyond doubt."""
    n_tokens = len(emissions)
    is_open = np.concatenate([[False], ~is_surely_outside(emissions, transitions), [False]])
    firsts = np.flatnonzero(is_open[1:] & ~is_open[:-1])
    lengths = np.flatnonzero(is_open[:-1] & ~is_open[1:]) - firsts
    order = np.argsort(-lengths, kind="stable")
    between = transitions[1:]
    while len(order):
        n_runs = max(1, MAX_PLACES // int(lengths[order[0]]))
        chosen, order = order[:n_runs], order[n_runs:]
        first, length = firsts[chosen, None], lengths[chosen, None]
        places = np.arange(length.max())
        rows = np.minimum(first + places, n_tokens - 1)
        behind = np.where(first + length < n_tokens, between[:, OUTSIDE], np.float32(0.0))
        before = np.where(first == 0, transitions[0], between[OUTSIDE])
        yield _Stretches(rows, places < length, emissions[rows], before, between, behind)


def _viterbi(of: _Stretches) -> Ints:
    """The tags of the best path of each run, shape (n_runs, longest)."""
    counts, longest = of.n_runs, of.emissions.shape[1]
    back = np.zeros((longest, *of.before.shape), dtype=np.int64)
    score = of.before + of.emissions[:, 0]
    for place in range(1, longest):
        n = counts[place]
        paths = score[:n, :, None] + of.between
        back[place, :n] = paths.argmax(axis=1)
        score[:n] = paths.max(axis=1) + of.emissions[:n, place]
    last = (score + of.behind).argmax(axis=1)
    tags = np.tile(last[:, None], (1, longest))
    for place in range(longest - 1, 0, -1):
        n = counts[place]
        tags[:n, place - 1] = back[place, np.arange(n), tags[:n, place]]
    return tags


def _marginals(of: _Stretches) -> Scores:
    """The probability of each tag, shape (n_runs, longest, n_tags)."""
    counts, longest = of.n_runs, of.emissions.shape[1]
    between = np.exp(of.between.astype(np.float64))
    emitted = np.exp(of.emissions.astype(np.float64) - of.emissions.max(axis=2, keepdims=True))
    forward = np.zeros(emitted.shape)
    forward[:, 0] = _normal(np.exp(of.before.astype(np.float64)) * emitted[:, 0])
    for place in range(1, longest):
        n = counts[place]
        forward[:n, place] = _normal((forward[:n, place - 1] @ between) * emitted[:n, place])
    backward = np.exp(of.behind.astype(np.float64))
    for place in range(longest - 1, -1, -1):
        n = counts[place]
        forward[:n, place] = _normal(forward[:n, place] * backward[:n])
        backward[:n] = _normal((emitted[:n, place] * backward[:n]) @ between.T)
    return forward.astype(np.float32)


def _normal(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The rows, each with the sum 1."""
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))
