"""Matrix products of 8-bit numbers, where the processor multiplies these faster than others.

Inputs are rounded as they come, weights at load. How far the inputs of each product reach was measured on usual text
when the model was made (training/ranges.py). The few channels that reach farthest where a layer narrows are multiplied
apart, not in 8 bits.
Sources: Xiao, Lin, Seznec, Wu, Demouth and Han 2023, SmoothQuant, section 4; Dettmers, Lewis, Belkada and Zettlemoyer
2022, LLM.int8(), section 3.2.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13

from extractor.errors import ModelError

Floats = npt.NDArray[np.float32]
Ranges = Mapping[str, Floats]
"""Output of a product to the least and the greatest value of each channel of its input; shape (2, n_channels)."""

N_LEVELS: Final = 256
HIGHEST_WEIGHT: Final = 127
INPUT_SHARE: Final = 0.8
"""How much of the unevenness of an input's channels goes over to the weights (the source's alpha)."""
N_APART: Final = 8
"""Channels of the input of a product that narrows, the widest ones, that are left out of the 8 bits."""
WIDE: Final = 512
"""Channels; networks of 384 gain nothing by 8 bits with AMX, those of 768 do (training/EXPERIMENTS.md)."""
TINY: Final = 1e-6
CPU_FLAGS: Final = Path("/proc/cpuinfo")


def bytes_pay(width: int, cpu_flags: Path = CPU_FLAGS) -> bool:
    """Whether products of 8-bit numbers are faster than those of bfloat16 in a network of so many channels.

    They need VNNI, without which their sums are slower or overflow. Where the processor multiplies tiles of bfloat16
    (AMX), narrow networks gain nothing, since their inputs have to be rounded.
    """
    flags = cpu_flags.read_text(encoding="utf-8", errors="replace") if cpu_flags.is_file() else ""
    return "vnni" in flags and (width >= WIDE or "amx_bf16" not in flags)


def width_of(model: openvino.Model) -> int:
    """Channels of the network's layers, where they are not widened within one."""
    shapes = (node.input_value(1).get_node().get_output_shape(0) for _, node in iter_products(model))
    return max((min(shape) for shape in shapes), default=0)


def read_ranges(path: Path) -> dict[str, Floats]:
    """The ranges in an NPZ file.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return {name: np.asarray(kept[name], dtype=np.float32) for name in kept.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path.name}: not the ranges of a network") from error


def iter_products(model: openvino.Model) -> Iterator[tuple[str, Any]]:
    """The products of the network with constant matrices, by the name of their output, without the last, the scores."""
    found = [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() == "MatMul" and node.input_value(1).get_node().get_type_name() == "Constant"
    ]
    for node in found[:-1]:
        yield node.output(0).any_name, node


def quantise_products(model: openvino.Model, ranges: Ranges) -> None:
    """Let the products whose ranges are known take 8-bit inputs and weights, in place.

    Before, each channel of an input is divided by a factor, and the weights it meets are multiplied by it, so that no
    channel is much wider than the others.

    Raises:
        ModelError: the ranges are those of another network.
    """
    products: dict[str, list[Any]] = {}
    of_source: dict[str, Floats] = {}
    for name, node in iter_products(model):
        if name in ranges:
            if ranges[name].shape != (2, _matrix(node).shape[1]):
                raise ModelError(f"ranges of shape {ranges[name].shape} do not fit the product {name}")
            source = node.input_value(0).get_node().get_friendly_name()
            products.setdefault(source, []).append(node)
            of_source[source] = ranges[name]
    for source, nodes in products.items():
        _quantise_input(nodes, of_source[source])


def _quantise_input(nodes: list[Any], reach: Floats) -> None:
    """Products that share their input; reach has shape (2, n_channels)."""
    source = nodes[0].input_value(0)
    matrices = [_matrix(node) for node in nodes]
    strongest = np.max([np.abs(matrix).max(axis=0) for matrix in matrices], axis=0)
    widest = np.maximum(np.abs(reach).max(axis=0), TINY)
    factors = (widest**INPUT_SHARE / np.maximum(strongest, TINY) ** (1 - INPUT_SHARE)).astype(np.float32)
    narrows = all(len(matrix) < len(widest) for matrix in matrices)
    apart = np.argsort(widest)[-N_APART:] if narrows else np.zeros(0, dtype=np.intp)
    low, high = _aligned(*np.delete(reach / factors, apart, axis=1))
    scaled = opset13.multiply(source, opset13.constant(1 / factors))
    limits = [opset13.constant(np.float32(limit)) for limit in (low, high, low, high)]
    rounded = opset13.fake_quantize(scaled, *limits, N_LEVELS)
    for node, matrix in zip(nodes, matrices, strict=True):
        followers = node.output(0).get_target_inputs()
        weights = matrix * factors
        weights[:, apart] = 0
        node.input(0).replace_source_output(rounded.output(0))
        node.input(1).replace_source_output(_in_bytes(weights).output(0))
        if len(apart):
            picked = opset13.gather(source, opset13.constant(apart.astype(np.int32)), opset13.constant(np.int32(-1)))
            rest = opset13.matmul(picked, opset13.constant(np.ascontiguousarray(matrix[:, apart])), False, True)
            whole = opset13.add(node, rest)
            for follower in followers:
                follower.replace_source_output(whole.output(0))


def _matrix(node: Any) -> Floats:
    """Shape: (n_outputs, n_channels)."""
    matrix = np.asarray(node.input_value(1).get_node().get_data(), dtype=np.float32)
    return matrix if node.get_attributes()["transpose_b"] else np.ascontiguousarray(matrix.T)


def _aligned(lows: Floats, highs: Floats) -> tuple[float, float]:
    """The range of all channels, moved so that zero falls on a level."""
    low, high = min(float(lows.min()), 0.0), max(float(highs.max()), TINY)
    step = (high - low) / (N_LEVELS - 1)
    low = round(low / step) * step
    return low, low + (N_LEVELS - 1) * step


def _in_bytes(matrix: Floats) -> Any:
    """The matrix as 8-bit numbers with a scale for each row."""
    scales = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), TINY) / HIGHEST_WEIGHT
    levels = np.round(matrix / scales).astype(np.int8)
    return opset13.multiply(opset13.convert(opset13.constant(levels), "f32"), opset13.constant(scales))
