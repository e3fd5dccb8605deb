import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extractor.windows import Window, cut, merge


@given(st.lists(st.integers(1, 6), min_size=1, max_size=200), st.integers(6, 40), st.data())
def test_windows_cover_each_token_and_keep_their_size(sizes: list[int], max_pieces: int, data: st.DataObject) -> None:
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    borders = np.array(data.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes))))
    overlap = data.draw(st.integers(0, max_pieces // 3))
    windows = cut(first, sum(sizes), borders, max_pieces=max_pieces, overlap_pieces=overlap)
    covered = {token for w in windows for token in range(w.token_start, w.token_end)}
    assert covered == set(range(len(sizes)))
    for window in windows:
        n_pieces = sum(sizes[window.token_start : window.token_end])
        assert n_pieces <= max_pieces


def test_windows_begin_at_lines() -> None:
    first = np.arange(100)
    border = first % 10 == 0
    windows = cut(first, 100, border, max_pieces=45, overlap_pieces=10)
    assert [(w.token_start, w.token_end) for w in windows] == [(0, 40), (30, 70), (60, 100)]


def test_a_token_takes_the_scores_of_the_window_in_which_it_is_deepest() -> None:
    windows = [Window(0, 6), Window(4, 10)]
    scores = [np.full((6, 2), 1.0, dtype=np.float32), np.full((6, 2), 2.0, dtype=np.float32)]
    assert merge(windows, scores, 10)[:, 0].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]


def test_no_tokens_no_windows() -> None:
    empty = np.zeros(0, dtype=np.int64)
    assert cut(empty, 0, empty.astype(bool), max_pieces=10, overlap_pieces=2) == ()
