"""Training with rounded weights, so that what a run ends with is what the release keeps.

Every product of the encoder takes its weights as they are on the grids of a release; the gradient passes the rounding
by. Sources: Bengio, Léonard and Courville 2013, Estimating or propagating gradients through stochastic neurons,
section 4; Jacob, Kligys, Chen, Zhu, Tang, Howard, Adam and Kalenichenko 2018, Quantization and training of neural
networks, section 3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from training.gptq import is_feed_forward, nearest, to_levels
from training.model import TokenClassifier
from training.packing import BLOCK_SIZE, Packed

GRIDS_FILE: Final = "grids.pt"
"""Beside the weights of a run with rounded ones: the bits and scales of each matrix."""
WORD_EMBEDDINGS: Final = "word_embeddings"
"""Name of their grid."""


@dataclass(frozen=True, slots=True)
class Bits:
    """Of a weight, by its place in the encoder."""

    attention: int
    feed_forward: int
    embeddings: int

    def of_layers(self, model: TokenClassifier) -> dict[str, int]:
        """Names of the encoder's layers to their bits."""
        return {
            f"encoder.{name}": self.feed_forward if is_feed_forward(layer) else self.attention
            for name, layer in model.encoder.named_modules()
            if isinstance(layer, nn.Linear)
        }


@dataclass(frozen=True, slots=True)
class Grid:
    """The levels that the weights of a matrix may have."""

    bits: int
    scales: Tensor
    """Shape: (n_rows, n_columns / BLOCK_SIZE). Such as 16-bit floats can have."""

    def packed(self, weights: Tensor) -> Packed:
        """Each weight on its nearest level; shape (n_rows, n_columns)."""
        levels = to_levels(_blocks(weights), self.scales[..., None], self.bits).reshape(weights.shape)
        return Packed.of(levels, self.scales, self.bits)


class OnGrid(nn.Module):
    """Weights to the nearest levels of a grid that stays as it is; its gradient is that of the weights."""

    scales: Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.bits = grid.bits
        self.register_buffer("scales", grid.scales[..., None], persistent=False)

    def forward(self, weights: Tensor) -> Tensor:
        """Shape: (n_rows, n_columns), in and out."""
        with torch.no_grad():
            levels = to_levels(_blocks(weights), self.scales, self.bits)
            moved = (levels * self.scales).reshape(weights.shape) - weights
        return weights + moved


def _blocks(weights: Tensor) -> Tensor:
    return weights.reshape(len(weights), -1, BLOCK_SIZE)


def put_on_grids(model: TokenClassifier, bits: Bits) -> dict[str, Grid]:
    """Round the weights of the encoder's layers wherever they are used, and the word embeddings for good, in place.

    Returns: the grids, by the names of the layers, which the nearest rounding of the weights as they are would take.
    """
    grids = {}
    for name, n_bits in bits.of_layers(model).items():
        layer = model.get_submodule(name)
        grids[name] = _grid(cast(Tensor, layer.weight), n_bits)
        parametrize.register_parametrization(layer, "weight", OnGrid(grids[name]))
    embeddings = model.encoder.get_input_embeddings().weight
    grids[WORD_EMBEDDINGS] = _grid(embeddings, bits.embeddings)
    with torch.no_grad():
        embeddings.copy_(torch.from_numpy(grids[WORD_EMBEDDINGS].packed(embeddings).weights))
    return grids


def _grid(weights: Tensor, bits: int) -> Grid:
    return Grid(bits, torch.from_numpy(nearest(weights.detach(), bits).scales[..., 0]).float())


def plain_weights(model: TokenClassifier) -> dict[str, Tensor]:
    """The state of the model as one without grids has it: the weights of rounded layers as they are used."""
    state = {name: value for name, value in model.state_dict().items() if ".parametrizations." not in name}
    return state | dict(_iter_rounded(model))


def _iter_rounded(model: TokenClassifier) -> Iterator[tuple[str, Tensor]]:
    for name, layer in model.named_modules():
        if parametrize.is_parametrized(layer, "weight"):
            yield f"{name}.weight", cast(Tensor, layer.weight).detach().clone()


def write_grids(grids: Mapping[str, Grid], folder: Path) -> None:
    """Write the grids into the folder of a run."""
    torch.save({name: {"bits": grid.bits, "scales": grid.scales} for name, grid in grids.items()}, folder / GRIDS_FILE)


def read_grids(folder: Path) -> dict[str, Grid]:
    """The grids of a run; empty for one whose weights were not rounded."""
    path = folder / GRIDS_FILE
    kept = torch.load(path, weights_only=True) if path.is_file() else {}
    return {name: Grid(row["bits"], row["scales"]) for name, row in kept.items()}
