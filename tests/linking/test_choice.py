import numpy as np
import pytest

from extractor.annotations import Relation, Span
from extractor.linking.choice import likeliest

METRICS = [Span(f"q{k}", "METRIC", k, k + 1) for k in range(2)]


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_each_metric_takes_its_likeliest_tail_or_none() -> None:
    periods = [Span(f"t{k}", "PERIOD", k + 5, k + 6) for k in range(2)]
    candidates = [(metric, period) for metric in METRICS for period in periods]
    (found,) = likeliest("period", candidates, scores(1.0, 2.0, -1.0, -0.1))
    assert (found.kind, found.head, found.tail) == ("period", "q0", "t1")
    assert found.score == pytest.approx(np.exp(2) / (1 + np.exp(1) + np.exp(2)), abs=1e-3)


def test_two_likely_tails_share_the_probability() -> None:
    candidates = [(METRICS[0], Span(f"t{k}", "PERIOD", k + 5, k + 6)) for k in range(2)]
    assert likeliest("period", candidates, scores(2.0, 2.0)) == []
    assert likeliest("period", candidates[:1], scores(2.0)) == [Relation("period", "q0", "t0", 0.881)]


def test_a_doubtful_tail_needs_a_surer_pair() -> None:
    candidates = [(METRICS[0], Span("t0", "PERIOD", 5, 6, 0.6)), (METRICS[0], Span("t1", "PERIOD", 7, 8, 0.9))]
    assert likeliest("period", candidates, scores(1.0, -9.0)) == []
    assert likeliest("period", candidates, scores(3.0, -9.0)) == [Relation("period", "q0", "t0", 0.572)]
    assert likeliest("period", candidates, scores(3.0, 3.5)) == [Relation("period", "q0", "t1", 0.55)]


def test_logits_beyond_the_range_of_exponentials_are_weighed() -> None:
    candidates = [(METRICS[0], Span("t0", "PERIOD", 5, 6)), (METRICS[1], Span("t1", "PERIOD", 7, 8))]
    assert likeliest("period", candidates, scores(900.0, -900.0)) == [Relation("period", "q0", "t0", 1.0)]
