import numpy as np
import pytest
import torch

from training.gptq import nearest, rounded
from training.packing import BITS, BLOCK_SIZE

N_INPUTS = 2 * BLOCK_SIZE


@pytest.fixture
def weights() -> torch.Tensor:
    return torch.randn(24, N_INPUTS, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def squares() -> torch.Tensor:
    """Of inputs that depend on each other, as those of a layer do."""
    generator = torch.Generator().manual_seed(2)
    mixing = torch.randn(8, N_INPUTS, generator=generator)
    inputs = torch.randn(2000, 8, generator=generator) @ mixing + 0.1 * torch.randn(2000, N_INPUTS, generator=generator)
    return inputs.T @ inputs


def _error(found: np.ndarray, weights: torch.Tensor, squares: torch.Tensor) -> float:
    """What the layer gives, away from what it gave, squared and summed."""
    change = torch.from_numpy(found) - weights
    return float(torch.einsum("ri,ij,rj", change, squares, change))


@pytest.mark.parametrize("bits", BITS)
def test_what_the_layer_gives_changes_far_less_than_by_rounding_each_weight(
    bits: int, weights: torch.Tensor, squares: torch.Tensor
) -> None:
    found = rounded(weights, squares, bits)
    assert found.levels.max() < 2**bits
    assert 0 < _error(found.weights, weights, squares) < 0.4 * _error(nearest(weights, bits).weights, weights, squares)


def test_a_bit_more_halves_the_steps(weights: torch.Tensor, squares: torch.Tensor) -> None:
    few, more = (rounded(weights, squares, bits) for bits in (4, 5))
    assert float(np.abs(more.scales).mean()) == pytest.approx(float(np.abs(few.scales).mean()) / 2, rel=0.1)
    assert _error(more.weights, weights, squares) < 0.4 * _error(few.weights, weights, squares)


@pytest.mark.parametrize("bits", BITS)
def test_each_weight_falls_on_the_nearest_level(bits: int, weights: torch.Tensor) -> None:
    found = nearest(weights, bits)
    errors = np.abs(found.weights - weights.numpy()).reshape(24, 2, BLOCK_SIZE)
    inside = (found.levels > 0) & (found.levels < 2**bits - 1)
    assert (errors <= np.abs(found.scales.astype(np.float32)) * 0.501)[inside.reshape(errors.shape)].all()
    assert inside.mean() > 0.8


def test_weights_of_nothing_stay_nothing(weights: torch.Tensor, squares: torch.Tensor) -> None:
    weights[3] = 0
    assert (nearest(weights, 5).weights[3] == 0).all()
    assert (rounded(weights, squares, 5).weights[3] == 0).all()
