"""Characters of a PDF page and where they are printed, from pdfium; nothing is put together here."""

import ctypes
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from extractor.ingest.characters import plain_character
from extractor.ingest.pdf.calls import Address, Floats, address_of, char_matrices, loose_boxes, objects
from extractor.ingest.source import Box

UNKNOWN: Final = "\ufffd"
"""Stands for a character that the file does not name, only draws."""
DOUBTFUL: Final = frozenset("\0\2\ufffd\ufffe\uffff")
"""What pdfium's text of a whole page has for unknown characters, and for some others."""
MIN_SIZE_POINTS: Final = 0.5
MAX_SLANT_TURNS: Final = 0.06
"""Quarter turns by which a scanned line may be askew."""
MAX_GAP: Final = 0.29
MIN_GAP: Final = -0.49
"""Of the height of a line, between characters of one run; within what parts words and columns (fragments.py)."""
MAX_STAGGER: Final = 0.05
"""Of the height of a character, by which its top and bottom may stand off those of the one before in a run."""
MIN_STEP: Final = 0.26
"""Of its width, by which a character stands aside from the same one before: more than one that is printed twice."""
MAX_FORM_DEPTH: Final = 3
"""Of forms in forms whose objects are read."""
MAX_DRAWN_PATHS: Final = 300
"""A page without text and with more drawings than this is text set as outlines."""


class Glyph(NamedTuple):
    """A printed character; white space has no box of use. The box spans the whole line height.

    `quarter_turns` is the direction of its line, clockwise from left to right, as shown; None for one aslant.
    """

    char: str
    x0: float
    y0: float
    x1: float
    y1: float
    quarter_turns: int | None = 0


@dataclass(frozen=True, slots=True)
class PageFrame:
    """Turns pdfium's coordinates (unrotated, from the bottom left) into those of the shown page, from the top left."""

    left: float
    bottom: float
    right: float
    top: float
    quarter_turns: int

    @property
    def width(self) -> float:
        """Points, as shown."""
        return self.top - self.bottom if self.quarter_turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        """Points, as shown."""
        return self.right - self.left if self.quarter_turns % 2 else self.top - self.bottom

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """x0, y0, x1, y1 as shown."""
        if self.quarter_turns == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        if self.quarter_turns == 1:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.quarter_turns == 2:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        return self.top - top, self.right - right, self.top - bottom, self.right - left


def frame_of(page: Any) -> PageFrame:
    """The visible part of the page and how it is turned."""
    left, bottom, right, top = page.get_cropbox()
    return PageFrame(left, bottom, right, top, page.get_rotation() // 90 % 4)


@dataclass(frozen=True, slots=True)
class PageGlyphs:
    """The characters of a page, with the spaces and line ends that pdfium sees, in the order in which they are printed.

    They come in runs: letters of about one height on one line, next to each other, none of them printed twice.
    """

    chars: str
    sides: Sequence[Floats]
    """x0, y0, x1 and y1 of each character, in points rounded to hundredths, each of shape (n_chars,)."""
    starts: Sequence[int]
    """Where each run begins; the last entry is the number of characters."""
    turns: Sequence[int | None]
    """Of each run; as `Glyph.quarter_turns`."""
    boxes: Sequence[Box]
    """Around all characters of each run."""
    first_boxes: Sequence[Box]
    """Of the first character of each run."""
    last_boxes: Sequence[Box]
    """Of the last one."""
    tallest: Sequence[tuple[float, float]]
    """Top and bottom of the first of the highest characters of each run."""

    def iter_run(self, run: int) -> Iterator[Glyph]:
        """The characters of a run, in order."""
        start, past = self.starts[run], self.starts[run + 1]
        columns = (side[start:past].tolist() for side in self.sides)
        return map(Glyph, self.chars[start:past], *columns, repeat(self.turns[run]))

    def iter_turned(self) -> Iterator[Glyph]:
        """The characters whose line does not run from left to right."""
        return (glyph for run, turn in enumerate(self.turns) if turn != 0 for glyph in self.iter_run(run))


def read_glyphs(page: Any) -> tuple[PageGlyphs, PageFrame]:
    """The characters of a page, and how it is shown.

    Where most of the text runs up or down the page as shown, the frame is turned until it reads from left to right.
    """
    text_page = page.get_textpage()
    try:
        chars = _read_chars(text_page.raw)
        corners = _read_corners(text_page.raw, len(chars))
        starts = _run_starts(chars, corners)
        turns = _read_turns(text_page.raw, chars, starts)
    finally:
        text_page.close()
    frame = frame_of(page)
    usual = _usual_turn(turns, starts)
    if usual is not None and (usual + frame.quarter_turns) % 4:
        frame = replace(frame, quarter_turns=-usual % 4)
    if frame.quarter_turns:
        turns = np.repeat(np.array(turns, dtype=object), np.diff(starts)).tolist()
        starts = list(range(len(chars) + 1))
    shown = [None if turn is None else (turn + frame.quarter_turns) % 4 for turn in turns]
    return _in_runs(chars, frame.box(*corners.T), starts, shown), frame


def _usual_turn(turns: Sequence[int | None], starts: Sequence[int]) -> int | None:
    """That of most characters."""
    if not any(turns) and None not in turns:
        return 0 if turns else None
    counts: Counter[int] = Counter()
    for turn, (start, past) in zip(turns, pairwise(starts), strict=True):
        if turn is not None:
            counts[turn] += past - start
    return max(counts, key=counts.__getitem__, default=None)


def _in_runs(chars: str, sides: Any, starts: Sequence[int], turns: Sequence[int | None]) -> PageGlyphs:
    """The sides are x0, y0, x1 and y1 of each character, each of shape (n_chars,)."""
    sides = np.round(sides, 2)
    if not chars:
        return PageGlyphs(chars, sides, starts, turns, [], [], [], [])
    firsts = np.array(starts[:-1])
    reach = (np.minimum, np.minimum, np.maximum, np.maximum)
    around = [most.reduceat(side, firsts).tolist() for most, side in zip(reach, sides, strict=True)]
    tallest = _tallest(sides[3] - sides[1], starts)
    return PageGlyphs(
        chars,
        sides,
        starts,
        turns,
        boxes=list(zip(*around, strict=True)),
        first_boxes=list(zip(*sides[:, firsts].tolist(), strict=True)),
        last_boxes=list(zip(*sides[:, np.array(starts[1:]) - 1].tolist(), strict=True)),
        tallest=list(zip(*sides[1::2, tallest].tolist(), strict=True)),
    )


def _tallest(heights: Floats, starts: Sequence[int]) -> npt.NDArray[np.int64]:
    """The first of the highest characters of each run."""
    run_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    places = np.flatnonzero(heights == np.maximum.reduceat(heights, starts[:-1])[run_of])
    return places[np.diff(run_of[places], prepend=-1) > 0]


def _read_chars(text_page: Any) -> str:
    """The characters, UNKNOWN for one that the file does not name."""
    n_chars = pdfium.FPDFText_CountChars(text_page)
    buffer = (ctypes.c_ushort * (n_chars + 1))()
    n_units = pdfium.FPDFText_GetText(text_page, 0, n_chars, buffer) - 1
    whole = bytes(buffer)[: 2 * n_units].decode("utf-16-le", errors="replace")
    if len(whole) != n_chars:  # it lacks characters, so that their places are not known
        return "".join(_read_char(text_page, index) for index in range(n_chars))
    if DOUBTFUL.isdisjoint(whole):
        return whole
    return "".join(_read_char(text_page, k) if char in DOUBTFUL else char for k, char in enumerate(whole))


def _read_char(text_page: Any, index: int) -> str:
    code = pdfium.FPDFText_GetUnicode(text_page, index)
    return chr(code) if 0 < code < 0x110000 else UNKNOWN


def _read_corners(text_page: Any, n_chars: int) -> Floats:
    """Left, bottom, right and top of each character, of the height of its font; shape (n_chars, 4)."""
    return loose_boxes(address_of(text_page), n_chars)[:, [0, 3, 2, 1]]


def _run_starts(chars: str, corners: Floats) -> list[int]:
    """Where a character does not go on from the one before."""
    if not chars:
        return [0]
    codes = np.frombuffer(chars.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    is_plain = ~np.isin(codes, [ord(char) for char in set(chars) if not _is_plain(char)])
    left, bottom, right, top = corners.T
    height, width = (top - bottom)[1:], (right - left)[1:]
    step, gap = left[1:] - left[:-1], left[1:] - right[:-1]
    stagger = np.maximum(np.abs(np.diff(bottom)), np.abs(np.diff(top)))
    goes_on = is_plain[1:] & is_plain[:-1] & (stagger <= MAX_STAGGER * height)
    goes_on &= (height >= 2 * MIN_SIZE_POINTS) & (step > 0) & (gap < MAX_GAP * height) & (gap > MIN_GAP * height)
    goes_on &= (codes[1:] != codes[:-1]) | (step >= MIN_STEP * width)
    return [0, *(np.flatnonzero(~goes_on) + 1).tolist(), len(chars)]


@lru_cache(maxsize=4_096)
def _is_plain(char: str) -> bool:
    return plain_character(char) == char and not char.isspace()


def _read_turns(text_page: Any, chars: str, starts: Sequence[int]) -> list[int | None]:
    """The direction of each run's base line; one that is only slanted like italics stands upright.

    Letters of one run stand beside each other, so that only those that stand alone are asked, and the others if one of
    them does not stand upright.
    """
    alone = [start for start, past in pairwise(starts) if past - start == 1 and chars[start] != " "]
    if not _is_turned(char_matrices(address_of(text_page), alone)).any():
        return [0] * (len(starts) - 1)
    matrices = char_matrices(address_of(text_page), starts[:-1])
    turned = _is_turned(matrices).tolist()
    return [_quarter_turns(a, b) if t else 0 for t, (a, b, *_) in zip(turned, matrices.tolist(), strict=True)]


def _is_turned(matrices: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((matrices[:, 1] != 0) | (matrices[:, 0] < 0))


def _quarter_turns(a: float, b: float) -> int | None:
    if b == 0 and a >= 0:
        return 0
    turns = -math.atan2(b, a) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < MAX_SLANT_TURNS else None


def iter_objects(page: Any, kinds: Collection[int]) -> Iterator[tuple[Address, tuple[Address, ...]]]:
    """The page's objects of some kinds (FPDF_PAGEOBJ_…), each with the forms that hold it, from the inside out."""
    return _objects_in(objects(address_of(page.raw)), kinds, ())


def _objects_in(
    items: Iterable[tuple[Address, int]], kinds: Collection[int], forms: tuple[Address, ...]
) -> Iterator[tuple[Address, tuple[Address, ...]]]:
    for item, kind in items:
        if kind in kinds:
            yield item, forms
        if kind == pdfium.FPDF_PAGEOBJ_FORM and len(forms) < MAX_FORM_DEPTH:
            yield from _objects_in(objects(item, is_form=True), kinds, (item, *forms))


def has_pictures(page: Any) -> bool:
    """Whether the page shows an image, or so many drawings that they may be letters."""
    if any(iter_objects(page, (pdfium.FPDF_PAGEOBJ_IMAGE,))):
        return True
    return sum(1 for _ in iter_objects(page, (pdfium.FPDF_PAGEOBJ_PATH,))) > MAX_DRAWN_PATHS
