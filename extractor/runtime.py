"""Run the exported classifier with ONNX Runtime."""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort

from extractor.errors import ModelError
from extractor.tagger import Ints, Scores

INPUTS: Final = ("ids", "mask", "features")
OUTPUT: Final = "scores"


class OnnxScorer:
    """A `Scorer` over an ONNX file.

    Raises:
        ModelError: the file is missing, damaged, or has other inputs.
    """

    def __init__(self, path: Path, *, n_threads: int = 0) -> None:
        """`n_threads` 0 takes all physical cores."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.log_severity_level = 3
        if not path.is_file():
            raise ModelError(f"{path.name}: missing from the model folder {path.parent}")
        try:
            self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises a class of its own for each kind of damage
            raise ModelError(f"{path.name}: not a model that ONNX Runtime can open") from error
        names = tuple(value.name for value in self.session.get_inputs())
        if names != INPUTS:
            raise ModelError(f"{path.name}: inputs are {names}, expected {INPUTS}")

    def __call__(self, ids: Ints, mask: Ints, features: Ints) -> Scores:
        """See `Scorer`."""
        (scores,) = self.session.run([OUTPUT], {"ids": ids, "mask": mask, "features": features})
        return np.asarray(scores, dtype=np.float32)


def check_sums(folder: Path) -> None:
    """Raise ModelError unless every file named in the folder's SHA256SUMS has the sum that stands there."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise ModelError(f"{folder}: no SHA256SUMS, so not a released model")
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{name}: missing from the model folder {folder}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ModelError(f"{name}: damaged, its sha256 is not that of SHA256SUMS")
