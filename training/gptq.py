"""Round weights to 4 bits so that what a layer gives changes least, not so that each weight does.

What the rounding of one column costs is made good by the columns behind it, as far as the layer's usual input allows.
Source: Frantar, Ashkboos, Hoefler and Alistarh 2023, GPTQ: accurate post-training quantization, algorithm 1.
"""

from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor, nn

from training.examples import Batch
from training.model import TokenClassifier

LOWEST, HIGHEST = -8, 7
"""Levels of a weight of 4 bits."""
DAMPING: Final = 0.01
"""Of the mean of the diagonal, added to it."""
SHRINKAGES: Final = torch.linspace(0.7, 1.0, 16)
"""Of the range of a block, of which the one that rounds best is taken."""


def round_feed_forward(model: TokenClassifier, batches: Iterable[Batch], block_size: int = 32) -> None:
    """Put the weights of the feed-forward layers on grids of 16 levels, one for each block of a row, in place.

    `batches` are of usual text; of what they are labelled with nothing is used.
    """
    layers = {
        name: layer
        for name, layer in model.encoder.named_modules()
        if isinstance(layer, nn.Linear) and layer.in_features != layer.out_features
    }
    for name, squares in _input_squares(model, layers, batches).items():
        with torch.no_grad():
            layers[name].weight.copy_(rounded(layers[name].weight.detach(), squares, block_size))


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


def rounded(weights: Tensor, squares: Tensor, block_size: int) -> Tensor:
    """The weights on their grids.

    Shape: weights (n_outputs, n_inputs), squares (n_inputs, n_inputs), both float.
    """
    n_inputs = weights.shape[1]
    damped = squares.double() + DAMPING * squares.diagonal().mean() * torch.eye(n_inputs)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True).float()
    left = weights.clone()
    for start in range(0, n_inputs, block_size):
        block = slice(start, start + block_size)
        scale = _scales(left[:, block])
        errors = torch.empty_like(left[:, block])
        for column in range(start, min(start + block_size, n_inputs)):
            exact = left[:, column].clone()
            left[:, column] = (exact / scale).round().clamp(LOWEST, HIGHEST) * scale
            errors[:, column - start] = (exact - left[:, column]) / inverse[column, column]
            left[:, column + 1 : block.stop] -= torch.outer(
                errors[:, column - start], inverse[column, column + 1 : block.stop]
            )
        left[:, block.stop :] -= errors @ inverse[block, block.stop :]
    return left


def _scales(block: Tensor) -> Tensor:
    """Of each row the scale that rounds it with the smallest squared error, shape (n_rows,); its sign may be either."""
    peaks = block.gather(1, block.abs().argmax(dim=1, keepdim=True))
    candidates = peaks / LOWEST * torch.cat([SHRINKAGES, SHRINKAGES * LOWEST / HIGHEST])  # the peak on -8 or on 7
    candidates = torch.where(candidates == 0, 1.0, candidates)
    levels = (block[:, None] / candidates[..., None]).round().clamp(LOWEST, HIGHEST)
    errors = (levels * candidates[..., None] - block[:, None]).square().sum(2)
    return candidates.gather(1, errors.argmin(dim=1, keepdim=True))[:, 0]
