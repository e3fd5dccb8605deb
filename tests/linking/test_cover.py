from collections.abc import Mapping

from extractor.annotations import Span
from extractor.linking.cover import MOST_COST, cover


def metric(name: str, start: int) -> Span:
    return Span(name, "METRIC", start, start + 1)


def indicator(name: str, start: int) -> Span:
    return Span(name, "INDICATOR", start, start + 1)


def covered(
    chosen: Mapping[str, Span], sources: list[Span], targets: list[Span], *, reach: int = 500
) -> dict[str, str]:
    def cost(source: Span, target: Span) -> float | None:
        gap = abs(source.start - target.start)
        return float(gap) if gap <= reach else None

    return {key: target.id for key, target in cover(chosen, sources, targets, cost).items()}


def test_one_of_several_sources_goes_to_the_target_that_has_none() -> None:
    i1, i2, q1, q2 = indicator("i1", 0), indicator("i2", 10), metric("q1", 12), metric("q2", 14)
    assert covered({"q1": i2, "q2": i2}, [q1, q2], [i1, i2]) == {"q1": "i1", "q2": "i2"}


def test_the_only_source_goes_where_its_target_finds_another() -> None:
    i1, i2, i3 = indicator("i1", 0), indicator("i2", 10), indicator("i3", 30)
    q1, q2, q3 = metric("q1", 8), metric("q2", 20), metric("q3", 31)
    found = covered({"q1": i2, "q2": i3, "q3": i3}, [q1, q2, q3], [i1, i2, i3], reach=19)
    assert found == {"q1": "i1", "q2": "i2", "q3": "i3"}


def test_a_target_that_would_leave_another_empty_stays_empty() -> None:
    i1, i2, q1 = indicator("i1", 0), indicator("i2", 10), metric("q1", 12)
    assert covered({"q1": i2}, [q1], [i1, i2]) == {"q1": "i2"}


def test_a_free_source_is_taken_and_one_too_far_is_not() -> None:
    i1, q1 = indicator("i1", 0), metric("q1", 300)
    assert covered({}, [q1], [i1]) == {"q1": "i1"}
    assert covered({}, [q1], [i1], reach=200) == {}


def test_a_claim_has_a_limit() -> None:
    far = int(MOST_COST)
    i1, i2, q2 = indicator("i1", 0), indicator("i2", far + 20), metric("q2", far + 24)
    assert covered({"q1": i2, "q2": i2}, [metric("q1", far + 10), q2], [i1, i2])["q1"] == "i1"
    assert covered({"q1": i2, "q2": i2}, [metric("q1", far + 18), q2], [i1, i2])["q1"] == "i2"
