"""Trained models on disk: the folder of a run, or a released model, whose weights are read back."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from extractor.components import MODEL_FILE, SETTINGS_FILE
from extractor.errors import ModelError
from extractor.tags import allowed_transitions
from training.encoders import find_encoder
from training.export import PREFIX, SPREAD, bias_names, layer_name
from training.model import LAYER_NAMES, ModelSettings, TokenClassifier
from training.packing import from_initializers

RUN_FILE: Final = "training.json"
WEIGHTS_FILE: Final = "weights.pt"
TAGGER_FOLDER: Final = "minutes_tagger"
META_FILE: Final = "meta.json"
ENCODER: Final = "encoder"
"""What the settings of every run name."""
ID: Final = "id"
N_ID_DIGITS: Final = 12
_CONSTANT_ENDINGS: Final = ("position_ids", "relative_attention_bias.weight")


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """What a run left behind."""

    model: TokenClassifier
    encoder: Path
    """Folder of the pre-trained encoder, whose vocabulary the model uses."""
    about: dict[str, Any]
    """Its settings, as RUN_FILE has them."""


def is_released(folder: Path) -> bool:
    """Whether the folder is a released model and not that of a run."""
    return (folder / TAGGER_FOLDER / MODEL_FILE).is_file()


def describe(folder: Path) -> dict[str, Any]:
    """What a run says of another one: its settings; of a released model, which has a history, only which it is."""
    if not is_released(folder):
        about: dict[str, Any] = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        return about
    meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
    network = hashlib.sha256((folder / TAGGER_FOLDER / MODEL_FILE).read_bytes()).hexdigest()
    return {"name": meta["name"], "version": meta["version"], "sha256": network}


def told_once(about: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run with each run that they tell of more than once told the first time alone.

    Such a run has an `id`, the beginning of a checksum of its settings; where it is told of again only that is left.
    """
    told: set[str] = set()

    def tell(value: Any) -> Any:
        if isinstance(value, list):
            return [tell(part) for part in value]
        if not isinstance(value, dict):
            return value
        if ENCODER not in value:
            return {key: tell(part) for key, part in value.items()}
        content = json.dumps(value, sort_keys=True).encode()
        name = value.get(ID, hashlib.sha256(content).hexdigest()[:N_ID_DIGITS])
        if name in told:
            return {ID: name}
        told.add(name)
        return {ID: name} | {key: tell(part) for key, part in value.items() if key != ID}

    found: dict[str, Any] = tell(about)
    return found


def load_run(folder: Path) -> TrainedRun:
    """The trained model in the folder of a run, or that of a released model, as exact as its weights were kept.

    Raises:
        ModelError: the encoder is unknown, or the released weights are not those of such a model.
    """
    about = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    encoder = find_encoder(about["encoder"])
    n_heads = about.get("heads")
    model = TokenClassifier(
        ModelSettings(encoder, about["layers"], n_heads=None if n_heads is None else tuple(n_heads))
    )
    if is_released(folder):
        _restore(model, folder / TAGGER_FOLDER)
    else:
        model.load_state_dict(torch.load(folder / WEIGHTS_FILE, weights_only=True))
    return TrainedRun(model, encoder, about)


def _restore(model: TokenClassifier, tagger: Path) -> None:
    """Put the weights of an exported network into the model; the word embeddings, never trained, are the encoder's."""
    found = dict(_iter_weights(onnx.load(str(tagger / MODEL_FILE)).graph))
    settings = json.loads((tagger / SETTINGS_FILE).read_text(encoding="utf-8"))
    for layer in LAYER_NAMES:
        moves = np.array(settings["transitions"][layer]) - allowed_transitions(layer)
        found[f"crfs.{layer}.transitions"] = torch.from_numpy(moves.astype(np.float32))
    missing, unexpected = model.load_state_dict(found, strict=False)
    lost = [name for name in missing if not _is_constant(name)]
    if lost or unexpected:
        raise ModelError(f"{tagger}: weights that do not fit, such as {[*lost, *unexpected][0]}")


def _is_constant(name: str) -> bool:
    """Whether training leaves it as it is."""
    return name.endswith((".allowed", "word_embeddings.weight", "relative_attention_bias.weight"))


def _iter_weights(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Names and values of the trained weights; a matrix has the name of the bias that is added to its product."""
    kept = {value.name: value for value in graph.initializer}
    for name, value in kept.items():
        if name.startswith(PREFIX) and not name.endswith(_CONSTANT_ENDINGS):
            yield name.removeprefix(PREFIX), torch.from_numpy(numpy_helper.to_array(value).copy())
    biases = bias_names(graph)
    for node in graph.node:
        if node.op_type == "MatMul" and node.output[0] in biases:
            weights = _matrix(node.input[1], kept)
            if weights is not None:
                yield f"{layer_name(biases[node.output[0]])}.weight", torch.from_numpy(weights)


def _matrix(name: str, kept: dict[str, onnx.TensorProto]) -> npt.NDArray[np.float32] | None:
    """Shape: (n_outputs, n_inputs); None for what is no matrix of weights."""
    if name in kept:
        return np.ascontiguousarray(numpy_helper.to_array(kept[name]).T, dtype=np.float32)
    packed = from_initializers(kept, name.removesuffix(SPREAD))
    return None if packed is None else packed.weights
