"""How far a file of several texts is."""

import pytest

from service.reading import Progress


def test_the_shares_of_texts_add_up() -> None:
    heard: list[float] = []
    progress = Progress([300, 100], heard.append)
    for place in range(2):
        report = progress.of(place)
        assert report is not None
        report(0.5)
        report(1.0)
    assert heard == pytest.approx([0.1 + 0.9 * share for share in (0.375, 0.75, 0.875, 1.0)])


def test_nobody_listens() -> None:
    assert Progress([1], None).of(0) is None


def test_empty_texts() -> None:
    heard: list[float] = []
    report = Progress([0], heard.append).of(0)
    assert report is not None
    report(1.0)
    assert heard == [pytest.approx(0.1)]
