from itertools import product

import numpy as np
import pytest

from extractor.decoding import marginals, viterbi
from extractor.tags import allowed_transitions


def _paths(emissions: np.ndarray, transitions: np.ndarray) -> dict[tuple[int, ...], float]:
    n_tokens, n_tags = emissions.shape
    scores = {}
    for path in product(range(n_tags), repeat=n_tokens):
        score, before = 0.0, 0
        for position, tag in enumerate(path):
            score += transitions[before, tag] + emissions[position, tag]
            before = 1 + tag
        scores[path] = float(score)
    return scores


@pytest.mark.parametrize("n_tokens", [1, 2, 4])
def test_viterbi_and_marginals_equal_the_sum_over_all_paths(n_tokens: int, rng: np.random.Generator) -> None:
    emissions = rng.normal(size=(n_tokens, 5)).astype(np.float32)
    transitions = allowed_transitions("statement") + rng.normal(size=(6, 5)).astype(np.float32)
    scores = _paths(emissions, transitions)
    assert tuple(viterbi(emissions, transitions)) == max(scores, key=lambda path: scores[path])
    weights = {path: np.exp(score) for path, score in scores.items()}
    found = marginals(emissions, transitions)
    for position, tag in product(range(n_tokens), range(5)):
        expected = sum(w for path, w in weights.items() if path[position] == tag) / sum(weights.values())
        assert found[position, tag] == pytest.approx(expected, abs=1e-5)


def test_an_empty_text_has_no_tags() -> None:
    transitions = allowed_transitions("statement")
    assert viterbi(np.zeros((0, 5), dtype=np.float32), transitions).shape == (0,)
    assert marginals(np.zeros((0, 5), dtype=np.float32), transitions).shape == (0, 5)
