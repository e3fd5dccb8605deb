"""Export a trained classifier to ONNX and quantise its weights."""

from collections.abc import Collection
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


class _Exported(nn.Module):
    def __init__(self, model: TokenClassifier) -> None:
        super().__init__()
        self.model = model

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
    source: Path, target: Path, *, bits: int, feed_forward_bits: int | None = None, block_size: int = 32
) -> None:
    """Weights of the matrix products in blocks of `bits` bits, the word embeddings in blocks of 4 bits.

    With `feed_forward_bits`, the matrices of the feed-forward layers, two thirds of all weights, have that many.
    """
    model = onnx.load(str(source))
    if feed_forward_bits is not None:
        model = _quantise_products(model, feed_forward_bits, block_size, left_out=_narrow_products(model))
    model = _quantise_products(model, bits, block_size, left_out=())
    _quantise_embeddings(model)
    onnx.save(model, str(target))


def _quantise_products(
    model: onnx.ModelProto, bits: int, block_size: int, *, left_out: Collection[str]
) -> onnx.ModelProto:
    config = DefaultWeightOnlyQuantConfig(block_size=block_size, is_symmetric=True, accuracy_level=4, bits=bits)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config, nodes_to_exclude=list(left_out))
    quantizer.process()
    quantised: onnx.ModelProto = quantizer.model.model
    return quantised


def _narrow_products(model: onnx.ModelProto) -> set[str]:
    """Names of the matrix products but those of the feed-forward layers, which are wider than the embeddings."""
    shapes = {value.name: tuple(value.dims) for value in model.graph.initializer}
    lookup = next(node for node in model.graph.node if node.op_type == "Gather" and node.input[1] == INPUTS[0])
    width = shapes[lookup.input[0]][1]
    products = [node for node in model.graph.node if node.op_type == "MatMul"]
    return {node.name for node in products if max(shapes.get(node.input[1], (0,))) <= width}


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


def _quantise_embeddings(model: onnx.ModelProto, *, block_size: int = 32) -> None:
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
