"""Export a trained classifier to ONNX and quantise its weights."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import Tensor, nn

from extractor.features import FEATURES
from extractor.runtime import INPUTS, OUTPUT
from training.model import TokenClassifier

OPSET: Final = 21
BLOCK_SIZE: Final = 32
"""Weights of a row that share a scale."""
OFF_GRID: Final = 1e-3
"""Of a step, by which a weight may miss its level for rounding alone."""


class _Exported(nn.Module):
    def __init__(self, model: TokenClassifier) -> None:
        super().__init__()
        self.model = model
        model.encoder.set_attn_implementation("eager")  # the other kind guards against NaN, and OpenVINO cannot fuse it

    def forward(self, ids: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        scores: Tensor = self.model(ids, mask, features)
        return scores


def export(model: TokenClassifier, path: Path) -> None:
    """Write the classifier in 32-bit floats, with batch and length left open."""
    ids = torch.ones((2, 16), dtype=torch.int64)
    features = torch.ones((2, 16, len(FEATURES)), dtype=torch.int64)
    batch, length = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("length", min=3, max=512)
    shape = {0: batch, 1: length}
    program = torch.onnx.export(
        _Exported(model).eval(),
        (ids, torch.ones_like(ids), features),
        dynamo=True,
        input_names=list(INPUTS),
        output_names=[OUTPUT],
        dynamic_shapes=(shape, shape, shape),
        opset_version=OPSET,
    )
    assert program is not None
    program.save(str(path), external_data=False)


def quantise(
    source: Path, target: Path, *, bits: int, feed_forward_bits: int | None = None, block_size: int = BLOCK_SIZE
) -> None:
    """Weights of the matrix products in blocks of `bits` bits, the word embeddings in blocks of 4 bits.

    With fewer `feed_forward_bits` (4), the matrices of the feed-forward layers, two thirds of all weights, have those.
    """
    model = onnx.load(str(source))
    if feed_forward_bits is not None and feed_forward_bits < bits:
        _quantise_feed_forward(model, block_size)
    model = _quantise_products(model, bits, block_size)
    _quantise_embeddings(model)
    onnx.save(model, str(target))


def _quantise_products(model: onnx.ModelProto, bits: int, block_size: int) -> onnx.ModelProto:
    config = DefaultWeightOnlyQuantConfig(block_size=block_size, is_symmetric=True, accuracy_level=4, bits=bits)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config)
    quantizer.process()
    quantised: onnx.ModelProto = quantizer.model.model
    return quantised


def _quantise_feed_forward(model: onnx.ModelProto, block_size: int) -> None:
    """Put the products of the feed-forward layers, whose matrices are wider than the embeddings, into 4 bits."""
    graph = model.graph
    matrices = {value.name: value for value in graph.initializer}
    lookup = next(node for node in graph.node if node.op_type == "Gather" and node.input[1] == INPUTS[0])
    width = matrices[lookup.input[0]].dims[1]
    for node in [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in matrices]:
        table = matrices[node.input[1]]
        if max(table.dims) > width:
            weights = numpy_helper.to_array(table).astype(np.float32).T
            levels, scales = to_grid(weights, block_size)
            pairs = (levels + 8).astype(np.uint8).reshape(len(weights), -1, block_size // 2, 2)
            packed = pairs[..., 0] | (pairs[..., 1] << 4)
            names = [f"{table.name}.packed", f"{table.name}.scales"]
            values = [packed, scales.reshape(-1).astype(np.float32)]
            graph.initializer.extend(numpy_helper.from_array(*pair) for pair in zip(values, names, strict=True))
            shape = {"K": weights.shape[1], "N": weights.shape[0], "bits": 4, "block_size": block_size}
            product = helper.make_node(
                "MatMulNBits", [node.input[0], *names], node.output, node.name, domain="com.microsoft", **shape
            )
            graph.node.insert(list(graph.node).index(node), product)
            graph.node.remove(node)
            graph.initializer.remove(table)


def to_grid(weights: npt.NDArray[np.float32], block_size: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Rows in levels from -8 to 7, and the scale of each block: the grid on which the weights lie, if they lie on one.

    Else the largest weight of a block falls on -8.
    Shape: weights (n_rows, n_columns) to levels of the same shape and scales (n_rows, n_columns / block_size, 1).
    """
    n_rows, n_columns = weights.shape
    blocks = weights.reshape(n_rows, n_columns // block_size, block_size)
    peaks = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2, keepdims=True), axis=2)
    scales = np.where(peaks == 0, np.float32(1), peaks / np.float32(-8))
    for level in (*range(-7, 0), *range(7, 0, -1)):
        tried = np.where(peaks == 0, np.float32(1), peaks / np.float32(level))
        better = ~_lies_on(blocks, scales) & _lies_on(blocks, tried)
        scales = np.where(better, tried, scales)
    levels = np.clip(np.round(blocks / scales), -8, 7).astype(np.int8)
    return levels.reshape(n_rows, n_columns), scales


def _lies_on(blocks: npt.NDArray[np.float32], scales: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Whether all weights of a block are levels times the scale; shape (n_rows, n_blocks, 1)."""
    exact = blocks / scales
    levels = np.clip(np.round(exact), -8, 7)
    return np.asarray((np.abs(exact - levels) < OFF_GRID).all(axis=2, keepdims=True))


def pack_nibbles(
    weights: npt.NDArray[np.float32], block_size: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Rows in 4 bits: column k in the low half of byte k, column k + n_columns / 2 in the high half.

    Shape: weights (n_rows, n_columns) to bytes (n_rows, n_columns / 2) and scales (n_rows, n_columns / block_size, 1).
    A half byte h stands for (h - 8) * scale.
    """
    n_rows, n_columns = weights.shape
    blocks = weights.reshape(n_rows, n_columns // block_size, block_size)
    peaks = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2, keepdims=True), axis=2)
    scales = (peaks / -8).astype(np.float16)  # the largest weight of a block falls on -8
    safe = np.where(scales == 0, np.float16(1), scales).astype(np.float32)
    levels = (np.clip(np.round(blocks / safe), -8, 7) + 8).astype(np.uint8).reshape(n_rows, n_columns)
    low, high = levels[:, : n_columns // 2], levels[:, n_columns // 2 :]
    return (low | (high << 4)).astype(np.uint8), scales


def _quantise_embeddings(model: onnx.ModelProto, *, block_size: int = BLOCK_SIZE) -> None:
    """Put the word embeddings into 4 bits, which are spread to floats after a row is picked."""
    graph = model.graph
    place, node = next((k, n) for k, n in enumerate(graph.node) if n.op_type == "Gather" and n.input[1] == INPUTS[0])
    table = next(value for value in graph.initializer if value.name == node.input[0])
    indices, out = node.input[1], node.output[0]
    packed, scales = pack_nibbles(numpy_helper.to_array(table).astype(np.float32), block_size)
    constants = {
        "packed": packed,
        "scales": scales,
        "sixteen": np.float32(16),
        "eight": np.float32(8),
        "blocks": np.array([0, 0, -1, block_size], dtype=np.int64),
        "row": np.array([0, 0, -1], dtype=np.int64),
    }
    graph.initializer.remove(table)
    graph.initializer.extend(numpy_helper.from_array(np.asarray(v), f"{out}.{k}") for k, v in constants.items())
    steps: tuple[tuple[str, tuple[str, ...], str, dict[str, Any]], ...] = (
        ("Gather", ("packed", indices), "bytes", {}),
        ("Cast", ("bytes",), "wide", {"to": TensorProto.FLOAT}),
        ("Div", ("wide", "sixteen"), "shifted", {}),
        ("Floor", ("shifted",), "high", {}),
        ("Mul", ("high", "sixteen"), "raised", {}),
        ("Sub", ("wide", "raised"), "low", {}),
        ("Concat", ("low", "high"), "levels", {"axis": 2}),
        ("Sub", ("levels", "eight"), "centred", {}),
        ("Reshape", ("centred", "blocks"), "blocked", {}),
        ("Gather", ("scales", indices), "half", {}),
        ("Cast", ("half",), "factors", {"to": TensorProto.FLOAT}),
        ("Mul", ("blocked", "factors"), "scaled", {}),
        ("Reshape", ("scaled", "row"), "", {}),
    )
    graph.node.remove(node)
    for offset, (kind, inputs, name, attributes) in enumerate(steps):
        names = [value if value == indices else f"{out}.{value}" for value in inputs]
        graph.node.insert(
            place + offset, helper.make_node(kind, names, [f"{out}.{name}" if name else out], **attributes)
        )
