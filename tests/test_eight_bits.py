from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13

from extractor import eight_bits
from extractor.eight_bits import Floats, bytes_pay, quantise_products, read_ranges, width_of
from extractor.errors import ModelError

N_ROWS, N_CHANNELS = 200, 64


@pytest.fixture
def rows(rng: np.random.Generator) -> Floats:
    """Inputs of which a few channels are much wider than the others, as those of a transformer's layers are."""
    found = rng.normal(size=(N_ROWS, N_CHANNELS)).astype(np.float32)
    found[:, :3] *= 40
    return found


@pytest.fixture
def matrix(rng: np.random.Generator) -> Floats:
    return rng.normal(size=(96, N_CHANNELS)).astype(np.float32)


def network_of(matrix: Floats) -> openvino.Model:
    """A product, and behind it one to the scores."""
    rows = opset13.parameter([-1, matrix.shape[1]], np.float32, name="rows")
    product = opset13.matmul(rows, opset13.constant(matrix), False, True)
    product.output(0).set_names({"product"})
    scores = opset13.matmul(product, opset13.constant(np.eye(len(matrix), dtype=np.float32)), False, True)
    scores.output(0).set_names({"scores"})
    return openvino.Model([scores], [rows], "two products")


def result_of(network: openvino.Model, rows: Floats) -> Floats:
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    return np.asarray(openvino.compile_model(network, "CPU", settings)([rows])[0])


def test_a_product_in_bytes_is_nearly_the_same(rows: Floats, matrix: Floats) -> None:
    network = network_of(matrix)
    quantise_products(network, {"product": np.stack([rows.min(axis=0), rows.max(axis=0)])})
    kinds = [node.get_type_name() for node in network.get_ordered_ops()]
    assert kinds.count("FakeQuantize") == 1
    expected = rows @ matrix.T
    error = result_of(network, rows) - expected
    assert 0 < np.sqrt(np.square(error).mean()) < 0.02 * expected.std()


def test_wide_channels_do_not_spoil_the_others(rows: Floats, matrix: Floats) -> None:
    narrow = rows[:, 3:] @ matrix[:, 3:].T
    whole = network_of(matrix)
    quantise_products(whole, {"product": np.stack([rows.min(axis=0), rows.max(axis=0)])})
    without = np.concatenate([np.zeros((N_ROWS, 3), dtype=np.float32), rows[:, 3:]], axis=1)
    step = (rows.max() - rows.min()) / 255  # of all channels alike
    rounded = (np.round(without / step) * step) @ matrix.T
    alike = np.square(rounded - narrow).mean()
    assert np.square(result_of(whole, without) - narrow).mean() < 0.25 * alike


def test_where_a_layer_narrows_the_widest_channels_are_multiplied_apart(
    rows: Floats, matrix: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows[:, :3] *= 20
    narrowing = np.ascontiguousarray(matrix[: N_CHANNELS // 2])
    reach = {"product": np.stack([rows.min(axis=0), rows.max(axis=0)])}
    expected = rows @ narrowing.T

    def error_with(n_apart: int) -> float:
        monkeypatch.setattr(eight_bits, "N_APART", n_apart)
        network = network_of(narrowing)
        quantise_products(network, reach)
        kinds = [node.get_type_name() for node in network.get_ordered_ops()]
        assert (kinds.count("FakeQuantize"), kinds.count("Gather")) == (1, 1)
        return float(np.square(result_of(network, rows) - expected).mean())

    assert 0 < error_with(3) < 0.1 * error_with(1)


def test_products_of_unknown_reach_and_the_scores_stay_as_they_are(rows: Floats, matrix: Floats) -> None:
    network = network_of(matrix)
    reach = np.stack([rows.min(axis=0), rows.max(axis=0)])
    quantise_products(network, {"another": reach, "scores": np.zeros((2, len(matrix)), dtype=np.float32)})
    assert not [node for node in network.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]


def test_ranges_of_another_network_are_refused(matrix: Floats) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        quantise_products(network_of(matrix), {"product": np.zeros((2, N_CHANNELS + 1), dtype=np.float32)})


@pytest.mark.parametrize(
    ("flags", "wide", "narrow"),
    [
        ("flags : sse4_2 avx2 avx512_vnni", True, True),
        ("flags : avx2 avx_vnni", True, True),
        ("flags : avx2 avx512f", False, False),
        ("flags : avx512_vnni avx512_bf16 amx_bf16 amx_tile amx_int8", True, False),
    ],
)
def test_eight_bits_are_for_processors_that_gain_by_them(flags: str, wide: bool, narrow: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(flags)
    assert (bytes_pay(768, tmp_path / "cpuinfo"), bytes_pay(384, tmp_path / "cpuinfo")) == (wide, narrow)
    assert not bytes_pay(768, tmp_path / "missing")


def test_the_width_of_a_network_is_that_between_its_layers(matrix: Floats) -> None:
    assert matrix.shape == (96, N_CHANNELS)
    assert width_of(network_of(matrix)) == N_CHANNELS


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04"])
def test_broken_ranges_are_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "ranges.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"^ranges\.npz: "):
        read_ranges(tmp_path / "ranges.npz")
