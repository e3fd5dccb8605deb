import numpy as np
import pytest
import torch

from training.export import to_grid
from training.gptq import HIGHEST, LOWEST, rounded

N_INPUTS = 64


@pytest.fixture
def weights() -> torch.Tensor:
    return torch.randn(24, N_INPUTS, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def inputs() -> torch.Tensor:
    """Inputs that depend on each other, as those of a layer do."""
    generator = torch.Generator().manual_seed(2)
    mixing = torch.randn(8, N_INPUTS, generator=generator)
    return torch.randn(2000, 8, generator=generator) @ mixing + 0.1 * torch.randn(2000, N_INPUTS, generator=generator)


def _nearest(weights: torch.Tensor) -> torch.Tensor:
    levels, scales = to_grid(weights.numpy(), 32)
    return torch.from_numpy((levels.reshape(len(weights), -1, 32) * scales).reshape(weights.shape))


def _error(of: torch.Tensor, weights: torch.Tensor, inputs: torch.Tensor) -> float:
    return float((inputs @ (of - weights).T).square().mean())


def test_what_the_layer_gives_changes_far_less_than_by_rounding_each_weight(
    weights: torch.Tensor, inputs: torch.Tensor
) -> None:
    found = rounded(weights, inputs.T @ inputs, 32)
    assert 0 < _error(found, weights, inputs) < 0.3 * _error(_nearest(weights), weights, inputs)


def test_the_weights_lie_on_a_grid_that_the_export_finds_again(weights: torch.Tensor, inputs: torch.Tensor) -> None:
    weights[3, :32] = 0
    found = rounded(weights, inputs.T @ inputs, 32)
    levels, scales = to_grid(found.numpy(), 32)
    assert (levels.min(), levels.max()) == (LOWEST, HIGHEST)
    assert (levels[3, :32] == 0).all()
    np.testing.assert_allclose((levels.reshape(24, 2, 32) * scales).reshape(24, N_INPUTS), found, atol=1e-6)


def test_weights_on_no_grid_are_rounded_to_the_nearest_level(weights: torch.Tensor) -> None:
    _, scales = to_grid(weights.numpy(), 32)
    errors = (_nearest(weights) - weights).abs().reshape(24, 2, 32)
    assert (errors.numpy() <= np.abs(scales) * 1.001).all()  # the one weight beyond 7 by a whole step, others by half
    assert float((errors / torch.from_numpy(scales).abs() <= 0.501).float().mean()) > 0.95
