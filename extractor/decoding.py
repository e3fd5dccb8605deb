"""The best sequence of tags under a linear-chain CRF, and how sure it is.

Source: Lafferty, McCallum and Pereira 2001; Rabiner 1989 for the recursions.
"""

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def viterbi(emissions: Scores, transitions: Scores) -> npt.NDArray[np.int64]:
    """The tags of the best path, shape (n_tokens,).

    Args:
        emissions: log scores, shape (n_tokens, n_tags).
        transitions: log scores, shape (1 + n_tags, n_tags); row 0 is the start of the text.
    """
    n_tokens, n_tags = emissions.shape
    if n_tokens == 0:
        return np.zeros(0, dtype=np.int64)
    back = np.zeros((n_tokens, n_tags), dtype=np.int64)
    score = transitions[0] + emissions[0]
    between = transitions[1:]
    columns = np.arange(n_tags)
    for position in range(1, n_tokens):
        paths = score[:, None] + between
        back[position] = paths.argmax(axis=0)
        score = paths[back[position], columns] + emissions[position]
    tags = np.zeros(n_tokens, dtype=np.int64)
    tags[-1] = score.argmax()
    for position in range(n_tokens - 1, 0, -1):
        tags[position - 1] = back[position, tags[position]]
    return tags


def marginals(emissions: Scores, transitions: Scores) -> Scores:
    """The probability of each tag at each token given the whole text, shape (n_tokens, n_tags)."""
    n_tokens, n_tags = emissions.shape
    if n_tokens == 0:
        return np.zeros((0, n_tags), dtype=np.float32)
    between = np.exp(transitions[1:].astype(np.float64))
    emitted = np.exp(emissions.astype(np.float64) - emissions.max(axis=1, keepdims=True))
    forward = np.zeros((n_tokens, n_tags))
    forward[0] = np.exp(transitions[0].astype(np.float64)) * emitted[0]
    forward[0] /= forward[0].sum()
    for position in range(1, n_tokens):
        row = (forward[position - 1] @ between) * emitted[position]
        forward[position] = row / row.sum()
    backward = np.ones(n_tags)
    out = np.zeros((n_tokens, n_tags), dtype=np.float32)
    out[-1] = forward[-1]
    for position in range(n_tokens - 2, -1, -1):
        backward = between @ (emitted[position + 1] * backward)
        backward /= backward.sum()
        row = forward[position] * backward
        out[position] = row / row.sum()
    return out
