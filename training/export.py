"""Export a trained classifier to ONNX and put its weights into few bits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from extractor.features import FEATURES
from extractor.runtime import INPUTS, OUTPUT
from training.model import TokenClassifier
from training.packing import Packed, spread, to_initializers

OPSET: Final = 21
PREFIX: Final = "model."
"""Of the names in an exported network."""
PACKED: Final = "packed."
"""Before the name of a matrix: its packed form."""
SPREAD: Final = ".spread"
"""Behind the name of a packed matrix: the same as floats again."""


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


def quantise(source: Path, target: Path, layers: Mapping[str, Packed], word_embeddings: Packed) -> None:
    """Put packed matrices in the place of those of the layers, named as in the classifier, and of the embeddings.

    Raises:
        ValueError: the network lacks one of the layers.
    """
    model = onnx.load(str(source))
    graph = model.graph
    names = {value.name for value in graph.initializer}
    biases = bias_names(graph)
    left = dict(layers)
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "Gather" and node.input[1] == INPUTS[0]:
            nodes += _spread(graph, word_embeddings, node.input[0], node.output[0], rows=INPUTS[0])
            continue
        if node.op_type == "MatMul" and node.input[1] in names:
            table = node.input[1]
            packed = left.pop(layer_name(biases[node.output[0]]), None)
            if packed is not None:
                name = f"{PACKED}{table}"
                nodes += _spread(graph, packed, table, f"{name}.turned")
                nodes.append(helper.make_node("Transpose", [f"{name}.turned"], [f"{name}{SPREAD}"], perm=[1, 0]))
                node.input[1] = f"{name}{SPREAD}"
        nodes.append(node)
    if left:
        raise ValueError(f"no product of the layer {next(iter(left))}")
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _spread(
    graph: onnx.GraphProto, packed: Packed, table: str, out: str, *, rows: str | None = None
) -> list[onnx.NodeProto]:
    """Replace the initializer `table` by its packed form; gives the operations that spread it to `out`."""
    graph.initializer.remove(next(value for value in graph.initializer if value.name == table))
    nodes, constants = spread(packed.bits, f"{PACKED}{table}", out, rows=rows)
    graph.initializer.extend([*to_initializers(packed, f"{PACKED}{table}"), *constants])
    return nodes


def bias_names(graph: onnx.GraphProto) -> dict[str, str]:
    """What is added to each value: of a layer's product its bias."""
    sums = [node.input for node in graph.node if node.op_type == "Add"]
    return {x: y for first, second in sums for x, y in ((first, second), (second, first))}


def layer_name(bias: str) -> str:
    """The name in the classifier of the layer with this bias."""
    return bias.removeprefix(PREFIX).removesuffix(".bias")
