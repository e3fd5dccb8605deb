"""pdfium's functions called for many things at once, in loops that run in C. Things are addresses, as plain numbers."""

import ctypes
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

Floats = npt.NDArray[np.float64]
Address = int
_POINTER: Final = ctypes.c_void_p
_INT: Final = ctypes.c_int
_FLOAT_BYTES: Final = 4
MATRIX_NUMBERS: Final = 6
"""a to f: x becomes a x + c y + e, and y becomes b x + d y + f."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Those of several paths, one after another."""

    counts: npt.NDArray[np.int64]
    """How many are of each path; shape (n_paths,)."""
    points: Floats
    """Where each ends, in its path's own frame; shape (n_segments, 2)."""
    kinds: npt.NDArray[np.int64]
    """FPDF_SEGMENT_…; shape (n_segments,)."""
    closes: npt.NDArray[np.bool_]
    """Whether a line leads back from it to where its outline began; shape (n_segments,)."""


def address_of(pointer: Any) -> Address:
    """Of a function of pdfium, or of a page or text page that pypdfium2 opened."""
    return ctypes.cast(pointer, _POINTER).value or 0


def _on_addresses(function: Any, result: Any, *arguments: Any) -> Any:
    """The function of pdfium, without the wrapping of addresses in objects at each call."""
    return ctypes.PYFUNCTYPE(result, *arguments)(address_of(function))


_loose_box = _on_addresses(pdfium.FPDFText_GetLooseCharBox, _INT, _POINTER, _INT, _POINTER)
_char_matrix = _on_addresses(pdfium.FPDFText_GetMatrix, _INT, _POINTER, _INT, _POINTER)
_count_objects = _on_addresses(pdfium.FPDFPage_CountObjects, _INT, _POINTER)
_object = _on_addresses(pdfium.FPDFPage_GetObject, _POINTER, _POINTER, _INT)
_count_form_objects = _on_addresses(pdfium.FPDFFormObj_CountObjects, _INT, _POINTER)
_form_object = _on_addresses(pdfium.FPDFFormObj_GetObject, _POINTER, _POINTER, ctypes.c_ulong)
_kind = _on_addresses(pdfium.FPDFPageObj_GetType, _INT, _POINTER)
_object_matrix = _on_addresses(pdfium.FPDFPageObj_GetMatrix, _INT, _POINTER, _POINTER)
_draw_mode = _on_addresses(pdfium.FPDFPath_GetDrawMode, _INT, _POINTER, _POINTER, _POINTER)
_fill_colour = _on_addresses(pdfium.FPDFPageObj_GetFillColor, _INT, _POINTER, *[_POINTER] * 4)
_count_segments = _on_addresses(pdfium.FPDFPath_CountSegments, _INT, _POINTER)
_segment = _on_addresses(pdfium.FPDFPath_GetPathSegment, _POINTER, _POINTER, _INT)
_segment_kind = _on_addresses(pdfium.FPDFPathSegment_GetType, _INT, _POINTER)
_segment_closes = _on_addresses(pdfium.FPDFPathSegment_GetClose, _INT, _POINTER)
_segment_point = _on_addresses(pdfium.FPDFPathSegment_GetPoint, _INT, _POINTER, _POINTER, _POINTER)


def loose_boxes(text_page: Address, n_chars: int) -> Floats:
    """Left, top, right and bottom of each character, of the height of its font; shape (n_chars, 4)."""
    boxes = np.zeros((n_chars, 4), dtype=np.float32)
    deque(map(_loose_box, repeat(text_page), range(n_chars), _rows(boxes)), maxlen=0)
    return boxes.astype(np.float64)


def char_matrices(text_page: Address, indices: Sequence[int]) -> Floats:
    """The matrix of each of some characters, zeros where pdfium has none; shape (n_indices, 6)."""
    matrices = np.zeros((len(indices), MATRIX_NUMBERS), dtype=np.float32)
    deque(map(_char_matrix, repeat(text_page), indices, _rows(matrices)), maxlen=0)
    return matrices.astype(np.float64)


def objects(parent: Address, *, is_form: bool = False) -> list[tuple[Address, int]]:
    """What a page or a form holds, each with its kind (FPDF_PAGEOBJ_…)."""
    count, get = (_count_form_objects, _form_object) if is_form else (_count_objects, _object)
    found = [item or 0 for item in map(get, repeat(parent), range(count(parent)))]
    return list(zip(found, map(_kind, found), strict=True))


def object_matrix(item: Address) -> tuple[float, ...] | None:
    """The matrix of an object; None where pdfium has none."""
    matrix = (ctypes.c_float * MATRIX_NUMBERS)()
    return tuple(matrix) if _object_matrix(item, ctypes.addressof(matrix)) else None


def draw_mode(path: Address) -> tuple[bool, bool]:
    """Whether the path is filled, and whether it is stroked."""
    modes = (ctypes.c_int * 2)()
    start = ctypes.addressof(modes)
    _draw_mode(path, start, start + ctypes.sizeof(ctypes.c_int))
    return bool(modes[0]), bool(modes[1])


def fill_colour(path: Address) -> int:
    """Red, green and blue of 0 to 255, in the digits of a number to the base 256."""
    parts = (ctypes.c_uint * 4)()
    start, step = ctypes.addressof(parts), ctypes.sizeof(ctypes.c_uint)
    _fill_colour(path, *range(start, start + 4 * step, step))
    return int(parts[0] << 16 | parts[1] << 8 | parts[2])


def segments(paths: Sequence[Address], limit: int) -> Segments:
    """The segments of some paths, or of none of them if they are more than `limit` in all."""
    counts = [max(0, n) for n in map(_count_segments, paths)]
    counts = counts if sum(counts) <= limit else [0] * len(counts)
    found = [s for path, n in zip(paths, counts, strict=True) for s in map(_segment, repeat(path), range(n))]
    points = np.zeros((len(found), 2), dtype=np.float32)
    xs = _rows(points)
    ys = range(xs.start + _FLOAT_BYTES, xs.stop + _FLOAT_BYTES, xs.step)
    deque(map(_segment_point, found, xs, ys), maxlen=0)
    kinds = np.fromiter(map(_segment_kind, found), dtype=np.int64, count=len(found))
    closes = np.fromiter(map(_segment_closes, found), dtype=np.int64, count=len(found))
    return Segments(np.array(counts, dtype=np.int64), points.astype(np.float64), kinds, closes != 0)


def _rows(array: npt.NDArray[np.float32]) -> range:
    """The address of each row."""
    start, step = array.ctypes.data, array.shape[1] * _FLOAT_BYTES
    return range(start, start + len(array) * step, step)
