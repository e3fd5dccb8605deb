"""A small network that says whether two spans belong together; its weights are learned by `training.link_weights`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
MAX_PAIRS: Final = 4096
"""Pairs that are weighed at once, so that a long text takes no more room for it than a short one."""


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer of tanh units."""

    hidden: Scores
    """Shape: (n_features, n_units)."""
    hidden_bias: Scores
    out: Scores
    """Shape: (n_units,)."""
    out_bias: float

    def __call__(self, features: Scores) -> Scores:
        """Logits. Shape: (n_pairs, n_features) to (n_pairs,)."""
        scores = np.empty(len(features), dtype=np.float32)
        for start in range(0, len(features), MAX_PAIRS):
            rows = features[start : start + MAX_PAIRS]
            scores[start : start + MAX_PAIRS] = np.tanh(rows @ self.hidden + self.hidden_bias) @ self.out
        return scores + np.float32(self.out_bias)


@cache
def load_network(name: str, features: Sequence[str]) -> Network:
    """The shipped network of a kind of link, with a row of weights for each feature."""
    kept = json.loads(files("extractor.linking").joinpath(f"{name}_weights.json").read_text(encoding="utf-8"))
    hidden = np.array([kept["hidden"][feature] for feature in features], dtype=np.float32)
    bias, out = (np.array(kept[key], dtype=np.float32) for key in ("hidden_bias", "out"))
    return Network(hidden, bias, out, kept["out_bias"])
