"""Characters of a PDF page and where they are printed, from pdfium; nothing is put together here."""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pypdfium2.raw as pdfium

from extractor.ingest.source import Box

UNKNOWN: Final = "\ufffd"
"""Stands for a character that the file does not name, only draws."""
MIN_SIZE_POINTS: Final = 0.5
MAX_SLANT_TURNS: Final = 0.06
"""Quarter turns by which a scanned line may be askew."""
MAX_DRAWN_PATHS: Final = 300
"""A page without text and with more drawings than this is text set as outlines."""


@dataclass(frozen=True, slots=True)
class Glyph:
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
        if self.quarter_turns == 1:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.quarter_turns == 2:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        if self.quarter_turns == 3:
            return self.top - top, self.right - right, self.top - bottom, self.right - left
        return left - self.left, self.top - top, right - self.left, self.top - bottom


def frame_of(page: Any) -> PageFrame:
    """The visible part of the page and how it is turned."""
    left, bottom, right, top = page.get_cropbox()
    return PageFrame(left, bottom, right, top, page.get_rotation() // 90 % 4)


def read_glyphs(page: Any) -> tuple[list[Glyph], PageFrame]:
    """The characters in the order in which the page prints them, with the spaces and line ends that pdfium sees.

    Where most of the text runs up or down the page as shown, the frame is turned until it reads from left to right.
    """
    text_page = page.get_textpage()
    try:
        n_chars, matrix = pdfium.FPDFText_CountChars(text_page), pdfium.FS_MATRIX()
        turns = [_quarter_turns(text_page, index, matrix) for index in range(n_chars)]
        frame = frame_of(page)
        usual = Counter(turn for turn in turns if turn is not None).most_common(1)
        if usual and (usual[0][0] + frame.quarter_turns) % 4:
            frame = replace(frame, quarter_turns=-usual[0][0] % 4)
        return list(_iter_glyphs(text_page, turns, frame)), frame
    finally:
        text_page.close()


def _iter_glyphs(text_page: Any, turns: Sequence[int | None], frame: PageFrame) -> Iterator[Glyph]:
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)
    for index, turn in enumerate(turns):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        pdfium.FPDFText_GetLooseCharBox(text_page, index, reference)
        char = chr(code) if 0 < code < 0x110000 else UNKNOWN
        shown = None if turn is None else (turn + frame.quarter_turns) % 4
        yield Glyph(char, *frame.box(box.left, box.bottom, box.right, box.top), shown)


def _quarter_turns(text_page: Any, index: int, matrix: Any) -> int | None:
    """The direction of the character's base line; one that is only slanted like italics stands upright."""
    if not pdfium.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        return 0
    turns = -math.atan2(matrix.b, matrix.a) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < MAX_SLANT_TURNS else None


def has_pictures(page: Any) -> bool:
    """Whether the page shows an image, or so many drawings that they may be letters."""
    shown = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH)
    drawn = enumerate(page.get_objects(filter=shown, max_depth=4))
    return any(item.type == pdfium.FPDF_PAGEOBJ_IMAGE or index >= MAX_DRAWN_PATHS for index, item in drawn)
