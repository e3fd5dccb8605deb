"""Run the exported classifier with OpenVINO."""

import hashlib
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from extractor.errors import ModelError
from extractor.tagger import Ints, Scores

# On import, openvino reports its use to its maker through this package; without the package it stays silent.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
import openvino  # noqa: E402

from extractor.eight_bits import bytes_pay, quantise_products, read_ranges, width_of  # noqa: E402

INPUTS: Final = ("ids", "mask", "features")
OUTPUT: Final = "scores"
_OPERATIONS: Final[Mapping[str, Callable[..., npt.NDArray[Any]]]] = {
    "Add": np.add,
    "BitwiseAnd": np.bitwise_and,
    "Concat": lambda *parts: np.concatenate(parts, axis=-1),
    "Convert": lambda values: values.astype(np.float32),
    "Multiply": np.multiply,
    "Subtract": np.subtract,
}
"""Of which packed weights are spread (training/packing.py): joined along rows and turned into 32-bit floats only."""


class OnnxScorer:
    """A `Scorer` over an ONNX file; computes in bfloat16 where the processor can, else in 32 bits.

    Where products of 8-bit numbers are faster and the ranges of their inputs are known, these are in 8.

    Raises:
        ModelError: a file is missing, damaged, or the network has other inputs.
    """

    def __init__(self, path: Path, ranges: Path | None = None, *, n_threads: int = 0) -> None:
        """`n_threads` 0 takes all physical cores."""
        self._lock = threading.Lock()
        if not path.is_file():
            raise ModelError(f"{path.name}: missing from the model folder {path.parent}")
        settings: dict[str, object] = {"INFERENCE_PRECISION_HINT": "bf16", "ENABLE_CPU_PINNING": False}
        if n_threads:
            settings["INFERENCE_NUM_THREADS"] = n_threads
        try:
            model = read_network(path)
            if ranges is not None and bytes_pay(width_of(model)):
                quantise_products(model, read_ranges(ranges))
            names = tuple(value.any_name for value in model.inputs)
            self.compiled = _compile(model, settings)
        except RuntimeError as error:
            raise ModelError(f"{path.name}: not a model that OpenVINO can open") from error
        if names != INPUTS:
            raise ModelError(f"{path.name}: inputs are {names}, expected {INPUTS}")

    def __call__(self, ids: Ints, mask: Ints, features: Ints) -> Scores:
        """See `Scorer`."""
        with self._lock:  # the compiled model has one request, whose tensors threads would overwrite for each other
            return np.asarray(self.compiled([ids, mask, features])[0], dtype=np.float32)


def _compile(model: openvino.Model, settings: Mapping[str, object]) -> openvino.CompiledModel:
    try:
        return openvino.compile_model(model, "CPU", settings)
    except RuntimeError:  # without AVX-512 OpenVINO may claim bfloat16 and then find no softmax in it
        return openvino.compile_model(model, "CPU", {**settings, "INFERENCE_PRECISION_HINT": "f32"})


def read_network(path: Path) -> openvino.Model:
    """The network of an ONNX file, its weights as they are computed with."""
    model = openvino.Core().read_model(path)
    dequantise_weights(model)
    return model


def dequantise_weights(model: openvino.Model) -> None:
    """Replace the packed weights of the matrix products by 32-bit floats, which OpenVINO turns into its own kind once.

    Packed, they are dequantised anew at every call, which takes a third of its time.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "MatMul" and node.input_value(1).get_node().get_type_name() == "Transpose":
            weights = _value(node.input_value(1).get_node().input_value(0).get_node())
            if weights is not None:
                node.set_attribute("transpose_b", True)
                node.input(1).replace_source_output(openvino.opset13.constant(weights).output(0))


def _value(node: Any) -> npt.NDArray[Any] | None:
    """What a node gives that depends on constants alone; None for another one."""
    kind = node.get_type_name()
    if kind == "Constant":
        return np.asarray(node.get_data())
    if kind == "Reshape":
        values = _value(node.input_value(0).get_node())
        return None if values is None else values.reshape(tuple(node.get_output_shape(0)))
    if kind not in _OPERATIONS:
        return None
    inputs = [_value(node.input_value(k).get_node()) for k in range(node.get_input_size())]
    return None if any(value is None for value in inputs) else _OPERATIONS[kind](*inputs)


def check_sums(folder: Path) -> None:
    """Raise ModelError unless every file named in the folder's SHA256SUMS has the sum that stands there."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise ModelError(f"{folder}: no SHA256SUMS, so not a released model")
    lines = sums.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise ModelError(f"{folder}: SHA256SUMS names no file")
    for line in lines:
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{name}: missing from the model folder {folder}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ModelError(f"{name}: damaged, its sha256 is not that of SHA256SUMS")
