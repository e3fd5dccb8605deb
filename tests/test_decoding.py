from itertools import product

import numpy as np
import pytest

from extractor import decoding
from extractor.decoding import best_path, changed_path
from extractor.tags import BEYOND_DOUBT, OUTSIDE, allowed_transitions, is_surely_outside


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


def _check_against_all_paths(emissions: np.ndarray, transitions: np.ndarray) -> None:
    scores = _paths(emissions, transitions)
    found = best_path(emissions, transitions)
    assert tuple(found.tags) == max(scores, key=lambda path: scores[path])
    weights = {path: np.exp(score) for path, score in scores.items()}
    for position, tag in product(range(len(emissions)), range(emissions.shape[1])):
        expected = sum(w for path, w in weights.items() if path[position] == tag) / sum(weights.values())
        assert found.marginals[position, tag] == pytest.approx(expected, abs=1e-5)


@pytest.fixture
def transitions(rng: np.random.Generator) -> np.ndarray:
    return allowed_transitions("statement") + rng.normal(size=(6, 5)).astype(np.float32)


@pytest.mark.parametrize("n_tokens", [1, 2, 4])
def test_path_and_marginals_equal_the_sum_over_all_paths(
    n_tokens: int, transitions: np.ndarray, rng: np.random.Generator
) -> None:
    _check_against_all_paths(rng.normal(size=(n_tokens, 5)).astype(np.float32), transitions)


@pytest.mark.parametrize("sure", [(0,), (5,), (2,), (1, 4), (0, 2, 5), (2, 3), (0, 1, 2, 3, 4, 5)])
def test_tokens_outside_beyond_doubt_cut_a_text_without_a_change(
    sure: tuple[int, ...], transitions: np.ndarray, rng: np.random.Generator
) -> None:
    emissions = rng.normal(size=(6, 5)).astype(np.float32)
    emissions[list(sure), OUTSIDE] += 4 * BEYOND_DOUBT
    assert set(sure) <= set(np.flatnonzero(is_surely_outside(emissions, transitions)))
    _check_against_all_paths(emissions, transitions)


def test_a_token_inside_of_a_likely_span_is_never_surely_outside() -> None:
    begin, inside = 1, 2
    emissions = np.zeros((5, 5), dtype=np.float32)
    emissions[:, OUTSIDE] = 3 * BEYOND_DOUBT
    emissions[1, begin] = emissions[2, inside] = emissions[3, inside] = 6 * BEYOND_DOUBT
    emissions[2, OUTSIDE] = 7 * BEYOND_DOUBT  # by itself outside, but the span runs on
    found = is_surely_outside(emissions, allowed_transitions("statement"))
    assert found.tolist() == [True, False, False, False, True]


def test_stretches_do_not_depend_on_what_is_decoded_with_them(
    transitions: np.ndarray, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emissions = 4 * rng.normal(size=(400, 5)).astype(np.float32)
    emissions[rng.random(400) < 0.2, OUTSIDE] += 4 * BEYOND_DOUBT
    together = best_path(emissions, transitions)
    monkeypatch.setattr(decoding, "MAX_PLACES", 1)
    alone = best_path(emissions, transitions)
    assert together.tags.tolist() == alone.tags.tolist()
    assert len(set(together.tags.tolist())) > 1
    np.testing.assert_allclose(together.marginals, alone.marginals, atol=1e-6)


def test_what_changes_in_some_places_alone_is_decoded_as_if_all_were_new(
    transitions: np.ndarray, rng: np.random.Generator
) -> None:
    emissions = 4 * rng.normal(size=(400, 5)).astype(np.float32)
    emissions[rng.random(400) < 0.2, OUTSIDE] += 4 * BEYOND_DOUBT
    known = best_path(emissions, transitions)
    is_changed = rng.random(400) < 0.02
    later = emissions + 5 * is_changed[:, None] * rng.normal(size=(400, 5)).astype(np.float32)
    found, anew = changed_path(known, is_changed, later, transitions), best_path(later, transitions)
    assert found.tags.tolist() == anew.tags.tolist() != known.tags.tolist()
    assert found.runs.tolist() == anew.runs.tolist()
    np.testing.assert_allclose(found.marginals, anew.marginals, atol=1e-6)


def test_runs_without_a_change_are_not_decoded_again(
    transitions: np.ndarray, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emissions = rng.normal(size=(60, 5)).astype(np.float32)
    emissions[[20, 40], OUTSIDE] += 100
    known = best_path(emissions, transitions)
    decoded = []
    viterbi = decoding._viterbi
    monkeypatch.setattr(decoding, "_viterbi", lambda of: decoded.append(of.rows.tolist()) or viterbi(of))
    is_changed = np.arange(60) == 30
    changed_path(known, is_changed, emissions + is_changed[:, None] * np.float32(0.1), transitions)
    rows = {row for of in decoded for places in of for row in places}
    assert 30 in rows
    assert rows <= set(range(21, 40))


def test_scores_far_apart_in_a_long_run_stay_numbers(transitions: np.ndarray, rng: np.random.Generator) -> None:
    emissions = 60 * rng.normal(size=(300, 5)).astype(np.float32)
    emissions[:, OUTSIDE] = -100
    found = best_path(emissions, transitions)
    np.testing.assert_allclose(found.marginals.sum(axis=1), 1.0, atol=1e-5)


def test_an_empty_text_has_no_tags() -> None:
    found = best_path(np.zeros((0, 5), dtype=np.float32), allowed_transitions("statement"))
    assert found.tags.shape == (0,)
    assert found.marginals.shape == (0, 5)
