"""How far the inputs of a network's matrix products reach on usual text, channel by channel."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from extractor.eight_bits import Floats, iter_products
from extractor.runtime import read_network
from training.examples import Batch


def measure_ranges(path: Path, batches: Iterable[Batch]) -> dict[str, Floats]:
    """Output of each product to the least and the greatest value of each channel of its input, without padding.

    Shape: (2, n_channels). Raises ValueError without batches.
    """
    network = read_network(path)
    inputs = {name: node.input_value(0) for name, node in iter_products(network)}
    sources = {output.get_node().get_friendly_name(): output for output in inputs.values()}
    network.add_outputs(list(sources.values()))
    compiled = openvino.compile_model(network, "CPU")
    column = {name: compiled.outputs.index(compiled.output(output.any_name)) for name, output in inputs.items()}
    found: dict[str, Floats] = {}
    for batch in batches:
        given = compiled([batch.ids.numpy(), batch.mask.numpy(), batch.features.numpy()])
        is_text = batch.mask.bool().numpy()
        for name, k in column.items():
            values = given[k][is_text]
            reach = [values.min(axis=0), values.max(axis=0)]
            if name in found:
                reach = [np.minimum(found[name][0], reach[0]), np.maximum(found[name][1], reach[1])]
            found[name] = np.stack(reach).astype(np.float32)
    if not found:
        raise ValueError("no batches to measure on")
    return found


def write_ranges(ranges: dict[str, Floats], path: Path) -> None:
    """Write an NPZ file; 16-bit floats are more than exact enough."""
    kept: dict[str, Any] = {name: reach.astype(np.float16) for name, reach in ranges.items()}
    np.savez_compressed(path, **kept)
