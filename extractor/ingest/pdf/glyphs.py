"""Characters of a PDF page and where they are printed, from pdfium; nothing is put together here."""

import ctypes
import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import pypdfium2.raw as pdfium

from extractor.ingest.source import Box

UNKNOWN: Final = "\ufffd"
"""Stands for a character that the file does not name, only draws."""
MIN_SIZE_POINTS: Final = 0.5
MAX_SLANT_TURNS: Final = 0.06
"""Quarter turns by which a scanned line may be askew."""
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


def read_glyphs(page: Any) -> tuple[list[Glyph], PageFrame]:
    """The characters in the order in which the page prints them, with the spaces and line ends that pdfium sees.

    Where most of the text runs up or down the page as shown, the frame is turned until it reads from left to right.
    """
    text_page = page.get_textpage()
    try:
        turns = _read_turns(text_page.raw)
        frame = frame_of(page)
        usual = Counter(turn for turn in turns if turn is not None).most_common(1)
        if usual and (usual[0][0] + frame.quarter_turns) % 4:
            frame = replace(frame, quarter_turns=-usual[0][0] % 4)
        return list(_iter_glyphs(text_page.raw, turns, frame)), frame
    finally:
        text_page.close()


def _read_turns(text_page: Any) -> list[int | None]:
    """The direction of each character's base line; one that is only slanted like italics stands upright."""
    matrix = pdfium.FS_MATRIX()
    reference = ctypes.byref(matrix)
    get = pdfium.FPDFText_GetMatrix
    n_chars = pdfium.FPDFText_CountChars(text_page)
    return [_quarter_turns(matrix.a, matrix.b) if get(text_page, k, reference) else 0 for k in range(n_chars)]


def _quarter_turns(a: float, b: float) -> int | None:
    if b == 0 and a >= 0:
        return 0
    turns = -math.atan2(b, a) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < MAX_SLANT_TURNS else None


def _iter_glyphs(text_page: Any, turns: Sequence[int | None], frame: PageFrame) -> Iterator[Glyph]:
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)
    for index, turn in enumerate(turns):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        pdfium.FPDFText_GetLooseCharBox(text_page, index, reference)
        char = chr(code) if 0 < code < 0x110000 else UNKNOWN
        shown = None if turn is None else (turn + frame.quarter_turns) % 4
        yield Glyph(char, *frame.box(box.left, box.bottom, box.right, box.top), shown)


def iter_objects(page: Any, kinds: Collection[int]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The page's objects of some kinds (FPDF_PAGEOBJ_…), each with the forms that hold it, from the inside out."""
    yield from _objects_in(page.raw, kinds, (), pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject)


def _objects_in(
    parent: Any, kinds: Collection[int], forms: tuple[Any, ...], count: Any, get: Any
) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    for index in range(count(parent)):
        item = get(parent, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind in kinds:
            yield item, forms
        if kind == pdfium.FPDF_PAGEOBJ_FORM and len(forms) < MAX_FORM_DEPTH:
            inner = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
            yield from _objects_in(item, kinds, (item, *forms), *inner)


def has_pictures(page: Any) -> bool:
    """Whether the page shows an image, or so many drawings that they may be letters."""
    drawn = enumerate(iter_objects(page, (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH)))
    image = pdfium.FPDF_PAGEOBJ_IMAGE
    return any(index >= MAX_DRAWN_PATHS or pdfium.FPDFPageObj_GetType(item) == image for index, (item, _) in drawn)
