from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper, numpy_helper

from extractor.runtime import read_network
from training.packing import BITS, BLOCK_SIZE, Packed, from_initializers, middle, spread, to_initializers

N_ROWS, N_COLUMNS = 6, 2 * BLOCK_SIZE


def _matrix(bits: int) -> Packed:
    """Every level occurs, in no order."""
    random = np.random.default_rng(bits)
    levels = random.permutation(np.arange(N_ROWS * N_COLUMNS) % (2 * middle(bits))).astype(np.uint8)
    scales = random.uniform(-1, 1, (N_ROWS, N_COLUMNS // BLOCK_SIZE, 1)).astype(np.float16)
    return Packed(bits, levels.reshape(N_ROWS, N_COLUMNS), scales)


def _save(path: Path, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], given: int, kind: int) -> None:
    inputs = [helper.make_tensor_value_info("given", kind, ["batch", "length", *[given] * (given > 0)])]
    graph = helper.make_graph(
        nodes,
        "test",
        inputs,
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", "length", "width"])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def test_weights_are_levels_from_the_middle_times_the_scale_of_their_block() -> None:
    levels = np.array([[*range(16)] * 4], dtype=np.uint8)
    weights = Packed(4, levels, np.array([[[0.5], [-2]]], dtype=np.float16)).weights
    assert (weights.shape, weights.dtype) == ((1, 64), np.float32)
    assert weights[0, :3].tolist() == [-4, -3.5, -3]
    assert weights[0, -3:].tolist() == [-10, -12, -14]


@pytest.mark.parametrize("bits", BITS)
def test_arrays_of_bytes_take_no_more_room_than_the_bits_and_give_the_matrix_back(bits: int) -> None:
    matrix = _matrix(bits)
    arrays = {value.name: value for value in to_initializers(matrix, "table")}
    n_bytes = sum(numpy_helper.to_array(value).nbytes for name, value in arrays.items() if name != "table.scales")
    assert n_bytes == N_ROWS * N_COLUMNS * bits // 8
    found = from_initializers(arrays, "table")
    assert found is not None
    assert found.bits == bits
    np.testing.assert_array_equal(found.levels, matrix.levels)
    np.testing.assert_array_equal(found.scales, matrix.scales)
    assert from_initializers(arrays, "other") is None


@pytest.mark.parametrize("bits", BITS)
def test_a_product_of_packed_weights_is_read_as_one_of_floats(bits: int, tmp_path: Path) -> None:
    matrix = _matrix(bits)
    nodes, constants = spread(bits, "table", "floats")
    nodes.append(helper.make_node("Transpose", ["floats"], ["turned"], perm=[1, 0]))
    nodes.append(helper.make_node("MatMul", ["given", "turned"], ["out"]))
    _save(
        tmp_path / "product.onnx", nodes, [*to_initializers(matrix, "table"), *constants], N_COLUMNS, TensorProto.FLOAT
    )
    network = read_network(tmp_path / "product.onnx")
    product = next(node for node in network.get_ordered_ops() if node.get_type_name() == "MatMul")
    assert product.get_attributes()["transpose_b"]
    np.testing.assert_array_equal(product.input_value(1).get_node().get_data(), matrix.weights)
    given = np.random.default_rng(0).uniform(-1, 1, (2, 3, N_COLUMNS)).astype(np.float32)
    found = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([given])[0]
    np.testing.assert_allclose(found, given @ matrix.weights.T, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("bits", BITS)
def test_rows_are_picked_and_spread(bits: int, tmp_path: Path) -> None:
    matrix = _matrix(bits)
    nodes, constants = spread(bits, "table", "out", rows="given")
    _save(tmp_path / "rows.onnx", nodes, [*to_initializers(matrix, "table"), *constants], 0, TensorProto.INT64)
    rows = np.array([[0, 5, 3], [2, 2, 1]])
    compiled = openvino.compile_model(read_network(tmp_path / "rows.onnx"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_allclose(compiled([rows])[0], matrix.weights[rows], rtol=1e-6)
