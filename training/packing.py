"""Weights in numbers of 4, 5, 6 or 8 bits: packed into bytes, and the ONNX operations that spread them again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

BITS: Final = (4, 5, 6, 8)
_PLANES: Final = {4: (4,), 5: (4, 1), 6: (4, 2), 8: (8,)}
"""How many bits of a number lie together in an array, the lowest first; each divides a byte."""
BLOCK_SIZE: Final = 32
"""Weights of a row that share a scale."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix whose weights are (level - middle) * scale of their block."""

    bits: int
    levels: Bytes
    """Shape: (n_rows, n_columns)."""
    scales: npt.NDArray[np.float16]
    """Shape: (n_rows, n_columns / BLOCK_SIZE, 1)."""

    @classmethod
    def of(cls, levels: Tensor, scales: Tensor, bits: int) -> "Packed":
        """Whole numbers from -middle to middle - 1, shape (n_rows, n_columns), and scales (n_rows, n_blocks)."""
        shifted = (levels + middle(bits)).numpy().astype(np.uint8)
        return cls(bits, shifted, scales[..., None].numpy().astype(np.float16))

    @property
    def weights(self) -> Floats:
        """Shape: (n_rows, n_columns)."""
        blocks = self.levels.reshape(len(self.levels), -1, BLOCK_SIZE).astype(np.float32) - middle(self.bits)
        return np.asarray((blocks * self.scales.astype(np.float32)).reshape(self.levels.shape), dtype=np.float32)


def middle(bits: int) -> int:
    """The level of zero."""
    return 1 << (bits - 1)


def to_initializers(packed: Packed, name: str) -> Iterator[onnx.TensorProto]:
    """The matrix as arrays of bytes, a part of each row after the other in the bits of a byte, and its scales."""
    rest = packed.levels
    for width in _PLANES[packed.bits]:
        part = rest & np.uint8((1 << width) - 1)
        rest = rest >> np.uint8(width) if width < 8 else np.zeros_like(rest)
        plane = np.zeros((len(part), part.shape[1] * width // 8), np.uint8)
        for k, piece in enumerate(np.split(part, 8 // width, axis=1)):
            plane |= piece << np.uint8(k * width)
        yield numpy_helper.from_array(plane, f"{name}.{width}_bits")
    yield numpy_helper.from_array(packed.scales, f"{name}.scales")


def from_initializers(kept: Mapping[str, onnx.TensorProto], name: str) -> Packed | None:
    """The matrix that `to_initializers` wrote under the name, if one is there."""
    if f"{name}.scales" not in kept:
        return None
    bits = sum(width for width in (1, 2, 4, 8) if f"{name}.{width}_bits" in kept)
    parts, low = [], 0
    for width in _PLANES[bits]:
        plane = numpy_helper.to_array(kept[f"{name}.{width}_bits"])
        pieces = [plane >> np.uint8(k * width) & np.uint8((1 << width) - 1) for k in range(8 // width)]
        parts.append(np.concatenate(pieces, axis=1) << np.uint8(low))
        low += width
    return Packed(bits, np.bitwise_or.reduce(parts), numpy_helper.to_array(kept[f"{name}.scales"]))


def spread(
    bits: int, name: str, out: str, *, rows: str | None = None
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Operations that turn the initializers of `name` into the floats `out`, and the constants that these need.

    With `rows`, numbers of rows of any shape, those rows are picked first.
    """
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, onnx.TensorProto] = {}

    def constant(value: object, kind: str) -> str:
        constants[kind] = numpy_helper.from_array(np.asarray(value), f"{out}.{kind}")
        return f"{out}.{kind}"

    def add(operation: str, inputs: list[str], kind: str, **attributes: int) -> str:
        found = f"{out}.{kind}" if kind else out
        nodes.append(helper.make_node(operation, inputs, [found], **cast(Any, attributes)))
        return found

    def picked(kind: str) -> str:
        return f"{name}.{kind}" if rows is None else add("Gather", [f"{name}.{kind}", rows], f"{kind}_picked")

    low, sums = 0, ""
    for width in _PLANES[bits]:
        plane, pieces = picked(f"{width}_bits"), []
        for k in range(8 // width):
            piece, about = plane, f"{width}_bits_{k}"
            if width < 8:
                mask = np.uint8(((1 << width) - 1) << (k * width))
                piece = add("BitwiseAnd", [piece, constant(mask, f"{about}_mask")], f"{about}_masked")
            piece = add("Cast", [piece], f"{about}_wide", to=TensorProto.FLOAT)
            if low != k * width:
                factor = np.float32(2.0 ** (low - k * width))
                piece = add("Mul", [piece, constant(factor, f"{about}_factor")], f"{about}_shifted")
            pieces.append(piece)
        part = add("Concat", pieces, f"{width}_bits_spread", axis=-1) if len(pieces) > 1 else pieces[0]
        sums = add("Add", [sums, part], "levels") if sums else part
        low += width
    centred = add("Sub", [sums, constant(np.float32(middle(bits)), "middle")], "centred")
    kept_axes = [0] if rows is None else [0, 0]
    blocks = constant(np.array([*kept_axes, -1, BLOCK_SIZE], dtype=np.int64), "blocks")
    row = constant(np.array([*kept_axes, -1], dtype=np.int64), "row")
    factors = add("Cast", [picked("scales")], "scales_wide", to=TensorProto.FLOAT)
    scaled = add("Mul", [add("Reshape", [centred, blocks], "blocked"), factors], "scaled")
    add("Reshape", [scaled, row], "")
    return nodes, list(constants.values())
