"""Characters of a PDF page and where they are printed, from pdfium; nothing is put together here."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2.raw as pdfium

from extractor.ingest.source import Box

MIN_SIZE_POINTS: Final = 0.5
_MAX_PATHS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Glyph:
    """A printed character; white space has no box of use. The box spans the whole line height."""

    char: str
    x0: float
    y0: float
    x1: float
    y1: float


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


def iter_glyphs(page: Any, frame: PageFrame) -> Iterator[Glyph]:
    """The characters in the order in which the page prints them; pdfium adds the spaces and line ends that it sees."""
    text_page = page.get_textpage()
    try:
        box = pdfium.FS_RECTF()
        reference = ctypes.byref(box)
        for index in range(pdfium.FPDFText_CountChars(text_page)):
            code = pdfium.FPDFText_GetUnicode(text_page, index)
            pdfium.FPDFText_GetLooseCharBox(text_page, index, reference)
            char = chr(code) if code < 0x110000 else "\ufffd"
            yield Glyph(char, *frame.box(box.left, box.bottom, box.right, box.top))
    finally:
        text_page.close()


def has_pictures(page: Any) -> bool:
    """Whether the page shows an image or drawing."""
    return any(
        pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, index)) != pdfium.FPDF_PAGEOBJ_TEXT
        for index in range(min(pdfium.FPDFPage_CountObjects(page), _MAX_PATHS))
    )


def iter_paths(page: Any, frame: PageFrame) -> Iterator[Box]:
    """The boxes of lines and rectangles, those within forms too."""
    objects = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_PATH,), max_depth=4)
    for index, item in enumerate(objects):
        if index >= _MAX_PATHS:
            return
        try:
            yield frame.box(*item.get_bounds())
        except RuntimeError:
            continue
