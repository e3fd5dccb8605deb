"""Cut a document into windows of word pieces, and merge what was predicted for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Window:
    """A run of tokens of a document, end exclusive."""

    token_start: int
    token_end: int


def cut(
    first: npt.NDArray[np.int64],
    n_pieces: int,
    is_border: npt.NDArray[np.bool_],
    *,
    max_pieces: int,
    overlap_pieces: int,
) -> tuple[Window, ...]:
    """Windows of at most `max_pieces` pieces that cover each token; neighbours share `overlap_pieces` or a few more.

    Args:
        first: first piece of each token, shape (n_tokens,).
        n_pieces: pieces of the document.
        is_border: where a window may best begin and end (after a line break), shape (n_tokens,).
    """
    ends = np.append(first[1:], n_pieces)
    windows: list[Window] = []
    start = 0
    while start < len(first):
        limit = int(np.searchsorted(ends, first[start] + max_pieces, side="right"))
        end = max(limit, start + 1)
        if end < len(first):
            end = _border_before(is_border, start + 1 + (end - start - 1) * 3 // 4, end)
        windows.append(Window(start, end))
        if end >= len(first):
            break
        wish = int(np.searchsorted(first, ends[end - 1] - overlap_pieces, side="left"))
        start = max(
            start + 1, _border_before(is_border, max(start + 1, wish - (end - start) // 8), max(wish, start + 1))
        )
    return tuple(windows)


def _border_before(is_border: npt.NDArray[np.bool_], lowest: int, highest: int) -> int:
    """The last border in lowest..highest, or `highest` where there is none."""
    places = np.flatnonzero(is_border[lowest : highest + 1])
    return int(lowest + places[-1]) if len(places) else highest


def merge(
    windows: Sequence[Window], scores: Sequence[npt.NDArray[np.float32]], n_tokens: int
) -> npt.NDArray[np.float32]:
    """One row of scores for each token: that of the window in which it stands farthest from an inner edge.

    Args:
        windows: from `cut`.
        scores: shape (tokens of the window, n_scores) for each window.
    """
    merged = np.zeros((n_tokens, scores[0].shape[1] if scores else 0), dtype=np.float32)
    best = np.full(n_tokens, -1)
    for window, rows in zip(windows, scores, strict=True):
        positions = np.arange(window.token_start, window.token_end)
        left = positions - window.token_start if window.token_start > 0 else np.full(len(positions), n_tokens)
        right = window.token_end - 1 - positions if window.token_end < n_tokens else np.full(len(positions), n_tokens)
        depth = np.minimum(left, right)
        better = depth > best[positions]
        merged[positions[better]] = rows[better]
        best[positions[better]] = depth[better]
    return merged
