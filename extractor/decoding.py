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
Bools = npt.NDArray[np.bool_]

RESCALED_EVERY: Final = 8
"""Places after which running products of probabilities are scaled anew."""
TINY: Final = 1e-300
MAX_PLACES: Final = 8192
"""Tokens, and gaps behind shorter stretches, that are decoded at once."""


@dataclass(frozen=True, slots=True)
class Path:
    """The best path through a text."""

    tags: Ints
    """Shape: (n_tokens,)."""
    marginals: Scores
    """The probability of each tag at each token given the whole text; shape (n_tokens, n_tags)."""
    runs: Ints
    """First and past token of each run that was decoded by itself, in order; shape (n_runs, 2)."""


def best_path(emissions: Scores, transitions: Scores) -> Path:
    """Viterbi's path and the marginals.

    Args:
        emissions: log scores, shape (n_tokens, n_tags).
        transitions: log scores, shape (1 + n_tags, n_tags); row 0 is the start of the text.
    """
    n_tokens, n_tags = emissions.shape
    nowhere = np.zeros((0, 2), dtype=np.int64)
    nothing = Path(np.zeros(n_tokens, dtype=np.int64), np.zeros((n_tokens, n_tags), dtype=np.float32), nowhere)
    return changed_path(nothing, np.ones(n_tokens, dtype=np.bool_), emissions, transitions)


def changed_path(known: Path, is_changed: Bools, emissions: Scores, transitions: Scores) -> Path:
    """As `best_path`, where it is known but for tokens whose emissions have changed since, shape (n_tokens,)."""
    n_tokens, n_tags = emissions.shape
    runs = _runs(emissions, transitions)
    tags = np.full(n_tokens, OUTSIDE, dtype=np.int64)
    probabilities = np.zeros((n_tokens, n_tags), dtype=np.float32)
    probabilities[:, OUTSIDE] = 1.0
    is_known = _is_as_before(runs, known.runs, is_changed)
    for first, past in runs[is_known]:
        tags[first:past], probabilities[first:past] = known.tags[first:past], known.marginals[first:past]
    for stretches in _stretches(runs[~is_known], emissions, transitions):
        rows, is_token = stretches.rows, stretches.is_token
        tags[rows[is_token]] = _viterbi(stretches)[is_token]
        probabilities[rows[is_token]] = _marginals(stretches)[is_token]
    return Path(tags, probabilities, runs)


def _runs(emissions: Scores, transitions: Scores) -> Ints:
    """First and past token of what lies between the tokens that are outside beyond doubt; shape (n_runs, 2)."""
    is_open = np.concatenate([[False], ~is_surely_outside(emissions, transitions), [False]])
    firsts, pasts = np.flatnonzero(is_open[1:] & ~is_open[:-1]), np.flatnonzero(is_open[:-1] & ~is_open[1:])
    return np.stack([firsts, pasts], axis=1)


def _is_as_before(runs: Ints, known: Ints, is_changed: Bools) -> Bools:
    """Of each run, whether it is among the known ones and none of its tokens has changed; shape (n_runs,)."""
    n_changed = np.concatenate([[0], np.cumsum(is_changed)])
    weights = np.array([len(is_changed) + 1, 1])
    is_known = np.isin(runs @ weights, known @ weights)
    return np.asarray(is_known & (n_changed[runs[:, 0]] == n_changed[runs[:, 1]]))


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Runs of tokens that are decoded at once, the longest first; arrays go from place to place."""

    rows: Ints
    """The token at each place of each run; shape (longest, n_runs)."""
    is_token: Bools
    """False behind the end of a run; the same shape."""
    emissions: Scores
    """Shape: (longest, n_runs, n_tags)."""
    before: Scores
    """Log scores of the first tag; shape (n_runs, n_tags)."""
    between: Scores
    """Log scores of a tag (column) after another (row); shape (n_tags, n_tags)."""
    behind: Scores
    """Log scores of the last tag; shape (n_runs, n_tags)."""

    @property
    def n_runs(self) -> list[int]:
        """Of each place, how many runs reach it."""
        return [int(n) for n in self.is_token.sum(axis=1)]


def _stretches(runs: Ints, emissions: Scores, transitions: Scores) -> Iterator[_Stretches]:
    """Runs of like length together."""
    n_tokens = len(emissions)
    lengths = runs[:, 1] - runs[:, 0]
    order = np.argsort(-lengths, kind="stable")
    between = transitions[1:]
    while len(order):
        n_runs = max(1, MAX_PLACES // int(lengths[order[0]]))
        chosen, order = order[:n_runs], order[n_runs:]
        first, past = runs[chosen].T
        places = np.arange(lengths[chosen[0]])[:, None]
        rows = np.minimum(first + places, n_tokens - 1)
        behind = np.where(past[:, None] < n_tokens, between[:, OUTSIDE], np.float32(0.0))
        before = np.where(first[:, None] == 0, transitions[0], between[OUTSIDE])
        yield _Stretches(rows, places < lengths[chosen], emissions[rows], before, between, behind)


def _viterbi(of: _Stretches) -> Ints:
    """The tags of the best path of each run, shape (longest, n_runs)."""
    counts, longest = of.n_runs, len(of.emissions)
    back = np.zeros(of.emissions.shape, dtype=np.int64)
    score = of.before + of.emissions[0]
    onto = np.ascontiguousarray(of.between.T)
    for place in range(1, longest):
        n = counts[place]
        paths = score[:n, None, :] + onto
        back[place, :n] = paths.argmax(axis=2)
        score[:n] = paths.max(axis=2) + of.emissions[place, :n]
    tags = np.tile((score + of.behind).argmax(axis=1), (longest, 1))
    for place in range(longest - 1, 0, -1):
        n = counts[place]
        tags[place - 1, :n] = back[place, np.arange(n), tags[place, :n]]
    return tags


def _marginals(of: _Stretches) -> Scores:
    """The probability of each tag, shape (longest, n_runs, n_tags)."""
    counts, longest = of.n_runs, len(of.emissions)
    between = np.exp(of.between.astype(np.float64))
    back = np.ascontiguousarray(between.T)
    emitted = np.exp(of.emissions.astype(np.float64) - of.emissions.max(axis=2, keepdims=True))
    forward = np.zeros(emitted.shape)
    forward[0] = _normal(np.exp(of.before.astype(np.float64)) * emitted[0])
    for place in range(1, longest):
        n = counts[place]
        row = (forward[place - 1, :n] @ between) * emitted[place, :n]
        forward[place, :n] = row if place % RESCALED_EVERY else _normal(row)
    backward = np.exp(of.behind.astype(np.float64))
    beyond = np.zeros_like(forward)
    for place in range(longest - 1, -1, -1):
        n = counts[place]
        beyond[place, :n] = backward[:n]
        row = (emitted[place, :n] * backward[:n]) @ back
        backward[:n] = row if place % RESCALED_EVERY else _normal(row)
    return _normal(forward * beyond).astype(np.float32)


def _normal(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The rows, each with the sum 1; rows of zeros as they are. Shape: (…, n_tags)."""
    return np.asarray(rows / np.maximum(rows.sum(axis=-1, keepdims=True), TINY))
