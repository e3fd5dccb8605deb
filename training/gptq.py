"""Round weights to few bits so that what a layer gives changes least, not so that each weight does.

What the rounding of one column costs is made good by the columns behind it, as far as the layer's usual input allows.
Source: Frantar, Ashkboos, Hoefler and Alistarh 2023, GPTQ: accurate post-training quantization, algorithm 1.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import torch
from torch import Tensor, nn

from training.examples import Batch
from training.model import TokenClassifier
from training.packing import BLOCK_SIZE, Packed, middle

DAMPING: Final = 0.01
"""Of the mean of the diagonal, added to it."""
SHRINKAGES: Final = torch.linspace(0.7, 1.0, 16)
"""Of the range of a block, of which the one that rounds best is taken."""
N_ROWS_AT_ONCE: Final = 4096
"""Blocks whose scales are sought together, for the sake of memory."""


def is_feed_forward(layer: nn.Linear) -> bool:
    """Whether the layer is one of those that widen or narrow, two thirds of all weights."""
    return layer.in_features != layer.out_features


def round_layers(model: TokenClassifier, bits: Mapping[str, int], batches: Iterable[Batch]) -> dict[str, Packed]:
    """Layers of the encoder by name, in the bits given for each.

    `batches` are of usual text; of what they are labelled with nothing is used.
    """
    layers = {name: layer for name, layer in model.named_modules() if name in bits and isinstance(layer, nn.Linear)}
    squares = _input_squares(model, layers, batches)
    return {name: rounded(layer.weight.detach(), squares[name], bits[name]) for name, layer in layers.items()}


def _input_squares(model: TokenClassifier, layers: dict[str, nn.Linear], batches: Iterable[Batch]) -> dict[str, Tensor]:
    """Of each layer the sum of x xᵀ over its inputs, shape (n_inputs, n_inputs)."""
    sums = {name: torch.zeros(layer.in_features, layer.in_features) for name, layer in layers.items()}
    is_text = torch.ones(0, dtype=torch.bool)

    def add(name: str, inputs: Tensor) -> None:
        with torch.autocast("cpu", enabled=False):  # rounded squares would have no root
            rows = inputs[is_text].float()
            sums[name] += rows.T @ rows

    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs, name=name: add(name, inputs[0]))
        for name, layer in layers.items()
    ]
    model.eval()
    for batch in batches:
        is_text = batch.mask.bool()
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            model(batch.ids, batch.mask, batch.features)
    for hook in hooks:
        hook.remove()
    return sums


def rounded(weights: Tensor, squares: Tensor, bits: int) -> Packed:
    """The weights on grids of 2 ** bits levels, one for each block of a row.

    Shape: weights (n_outputs, n_inputs), squares (n_inputs, n_inputs), both float.
    """
    n_inputs = weights.shape[1]
    damped = squares.double() + DAMPING * squares.diagonal().mean() * torch.eye(n_inputs)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True).float()
    left = weights.clone()
    levels, scales = torch.empty_like(left), torch.empty(len(left), n_inputs // BLOCK_SIZE)
    for start in range(0, n_inputs, BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        scale = _scales(left[:, block], bits)
        scales[:, start // BLOCK_SIZE] = scale
        errors = torch.empty_like(left[:, block])
        for column in range(start, start + BLOCK_SIZE):
            levels[:, column] = to_levels(left[:, column], scale, bits)
            errors[:, column - start] = (left[:, column] - levels[:, column] * scale) / inverse[column, column]
            left[:, column + 1 : block.stop] -= torch.outer(
                errors[:, column - start], inverse[column, column + 1 : block.stop]
            )
        left[:, block.stop :] -= errors @ inverse[block, block.stop :]
    return Packed.of(levels, scales, bits)


def nearest(weights: Tensor, bits: int) -> Packed:
    """Each weight on the nearest level of the grid that rounds its block best; shape (n_rows, n_columns)."""
    blocks = weights.reshape(-1, BLOCK_SIZE)
    scales = torch.cat([_scales(some, bits) for some in torch.split(blocks, N_ROWS_AT_ONCE)])
    levels = to_levels(blocks, scales[:, None], bits)
    return Packed.of(levels.reshape(weights.shape), scales.reshape(len(weights), -1), bits)


def to_levels(weights: Tensor, scales: Tensor, bits: int) -> Tensor:
    """Whole numbers from -middle to middle - 1."""
    return (weights / scales).round().clamp(-middle(bits), middle(bits) - 1)


def _scales(block: Tensor, bits: int) -> Tensor:
    """Of each row the scale that rounds it with the smallest squared error, shape (n_rows,); its sign may be either.

    Scales are such as 16-bit floats can have.
    """
    peaks = block.gather(1, block.abs().argmax(dim=1, keepdim=True))
    lowest, highest = -middle(bits), middle(bits) - 1
    candidates = peaks / lowest * torch.cat([SHRINKAGES, SHRINKAGES * lowest / highest])  # the peak on either end
    candidates = candidates.half().float()
    candidates = torch.where(candidates == 0, 1.0, candidates)
    levels = to_levels(block[:, None], candidates[..., None], bits)
    errors = (levels * candidates[..., None] - block[:, None]).square().sum(2)
    return candidates.gather(1, errors.argmin(dim=1, keepdim=True))[:, 0]
