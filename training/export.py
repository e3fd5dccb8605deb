"""Export a trained classifier to ONNX and quantise its weights."""

from pathlib import Path
from typing import Final

import numpy as np
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


def quantise(source: Path, target: Path, *, bits: int, block_size: int = 32) -> None:
    """Weights of the matrix products in blocks of `bits` bits, the word embeddings in 8 bits a row."""
    model = onnx.load(str(source))
    config = DefaultWeightOnlyQuantConfig(block_size=block_size, is_symmetric=True, accuracy_level=4, bits=bits)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config)
    quantizer.process()
    quantised = quantizer.model.model
    _quantise_embeddings(quantised)
    onnx.save(quantised, str(target))


def _quantise_embeddings(model: onnx.ModelProto, *, min_rows: int = 10_000) -> None:
    graph = model.graph
    initializers = {value.name: value for value in graph.initializer}
    for position, node in enumerate(list(graph.node)):
        table = initializers.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or len(table.dims) != 2 or table.dims[0] < min_rows:
            continue
        weights = numpy_helper.to_array(table).astype(np.float32)
        scale = np.abs(weights).max(axis=1) / 127 + 1e-12
        rows = np.clip(np.round(weights / scale[:, None]), -127, 127).astype(np.int8)
        graph.initializer.remove(table)
        graph.initializer.append(numpy_helper.from_array(rows, f"{table.name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale[:, None].astype(np.float32), f"{table.name}.scale"))
        picked, scales, wide = f"{node.output[0]}.int8", f"{node.output[0]}.scale", f"{node.output[0]}.wide"
        nodes = [
            helper.make_node("Gather", [f"{table.name}.int8", node.input[1]], [picked]),
            helper.make_node("Gather", [f"{table.name}.scale", node.input[1]], [scales]),
            helper.make_node("Cast", [picked], [wide], to=TensorProto.FLOAT),
            helper.make_node("Mul", [wide, scales], list(node.output)),
        ]
        graph.node.remove(node)
        for offset, new in enumerate(nodes):
            graph.node.insert(position + offset, new)
        return
