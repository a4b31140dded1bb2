"""Shapes and types of the operators that onnxruntime writes and onnx does not know, by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_files import node, save, stored, tensor, zeros

from coinfer.network import read_onnx
from coinfer.network.onnx_graph import live_graph
from coinfer.validation import InputError

FLOAT16 = TensorProto.FLOAT16


def contributed(
    folder: Path, op: str, arrays: list[np.ndarray | None], ranks: tuple[int, ...], **attributes: Any
) -> Path:
    """One of onnxruntime's operators of x, the first array, and of stored others; None is left out."""
    names = ["x" if place == 0 else f"i{place}" if array is not None else "" for place, array in enumerate(arrays)]
    constants = stored(**{name: array for name, array in zip(names, arrays, strict=True) if name not in ("", "x")})
    outputs = [tensor(f"y{number}", [None] * rank, TensorProto.UNDEFINED) for number, rank in enumerate(ranks)]
    inputs = [tensor("x", arrays[0].shape, helper.np_dtype_to_tensor_dtype(arrays[0].dtype))]
    nodes = [node(op, names, [value.name for value in outputs], domain="com.microsoft", **attributes)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "net.onnx")
    return folder / "net.onnx"


def bytes_of(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.uint8)


ONE, ZERO = np.float32(1), np.uint8(0)  # a scale and a zero point
ROW, IMAGE = zeros(2, 5, 12), bytes_of(2, 3, 9, 9)
FIVE = np.array([4, 4], np.int32)  # the last of 5 tokens
LAST = bytes_of(2, 9, 9, 3)  # an image with its channels last
# operator, inputs, attributes -> shapes of the results, by hand, and the type of the first
CONTRIBUTED: list[tuple[str, list, dict[str, Any], list[tuple[int, ...]], int]] = [
    ("Gelu", [ROW], {}, [(2, 5, 12)], 1),
    ("BiasGelu", [ROW.astype(np.float16), zeros(12).astype(np.float16)], {}, [(2, 5, 12)], FLOAT16),
    ("SkipLayerNormalization", [ROW, ROW, zeros(12)], {}, [(2, 5, 12), (2, 5, 1), (2, 5, 1), (2, 5, 12)], 1),
    ("QLinearSigmoid", [IMAGE, ONE, ZERO, ONE, ZERO], {}, [(2, 3, 9, 9)], 2),
    ("QuantizeLinear", [ROW, ONE, np.int8(0)], {}, [(2, 5, 12)], 3),
    ("QuantizeLinear", [ROW, ONE], {}, [(2, 5, 12)], 2),
    ("DequantizeLinear", [IMAGE, np.float16(1), ZERO], {}, [(2, 3, 9, 9)], FLOAT16),
    ("FusedConv", [zeros(2, 3, 9, 9), zeros(4, 3, 3, 3), zeros(4)], {"strides": [2, 2]}, [(2, 4, 4, 4)], 1),
    (
        "NhwcFusedConv",
        [LAST.astype(np.float16), zeros(4, 3, 3, 3).astype(np.float16)],
        {"pads": [1] * 4},
        [(2, 9, 9, 4)],
        FLOAT16,
    ),
    (
        "QLinearConv",
        [LAST, ONE, ZERO, bytes_of(4, 3, 3, 3), ONE, ZERO, ONE, ZERO],
        {"channels_last": 1},
        [(2, 7, 7, 4)],
        2,
    ),
    ("QLinearAdd", [IMAGE, ONE, ZERO, bytes_of(3, 1, 1), ONE, ZERO, ONE, ZERO], {}, [(2, 3, 9, 9)], 2),
    ("QLinearMul", [bytes_of(9, 1), ONE, ZERO, bytes_of(4, 1, 7), ONE, ZERO, ONE, ZERO], {}, [(4, 9, 7)], 2),
    ("QLinearGlobalAveragePool", [IMAGE, ONE, ZERO, ONE, ZERO], {"channels_last": 0}, [(2, 3, 1, 1)], 2),
    ("QLinearGlobalAveragePool", [LAST, ONE, ZERO, ONE, ZERO], {"channels_last": 1}, [(2, 1, 1, 3)], 2),
    ("QLinearAveragePool", [IMAGE, ONE, ZERO, ONE, ZERO], {"kernel_shape": [3, 3]}, [(2, 3, 7, 7)], 2),
    ("NhwcMaxPool", [LAST], {"kernel_shape": [3, 3], "strides": [3, 3]}, [(2, 3, 3, 3)], 2),
    ("QGemm", [bytes_of(2, 6), ONE, ZERO, bytes_of(7, 6), ONE, ZERO], {"transB": 1}, [(2, 7)], 1),
    ("QGemm", [bytes_of(2, 6), ONE, ZERO, bytes_of(6, 7), ONE, ZERO, None, ONE, ZERO], {}, [(2, 7)], 2),
    ("FusedGemm", [zeros(6, 2), zeros(6, 7), zeros(7)], {"transA": 1, "activation": "Relu"}, [(2, 7)], 1),
    ("GemmFastGelu", [ROW, zeros(12, 7)], {}, [(2, 5, 7)], 1),
    ("MatMulNBits", [ROW, bytes_of(7, 1, 8), zeros(7)], {"N": 7, "K": 12, "bits": 4, "block_size": 16}, [(2, 5, 7)], 1),
    ("MatMulIntegerToFloat", [bytes_of(2, 5, 12), bytes_of(12, 7), ONE, ONE], {}, [(2, 5, 7)], 1),
    ("DynamicQuantizeMatMul", [ROW, bytes_of(12, 7), ONE], {}, [(2, 5, 7)], 1),
    (
        "DynamicQuantizeLSTM",  # 2 steps of a batch of 5, in both directions, a state of 4
        [
            ROW,
            bytes_of(2, 12, 16),
            bytes_of(2, 4, 16),
            None,
            None,
            None,
            None,
            None,
            zeros(2),
            bytes_of(2),
            zeros(2),
            bytes_of(2),
        ],
        {"hidden_size": 4, "direction": "bidirectional"},
        [(2, 2, 5, 4), (2, 5, 4), (2, 5, 4)],
        1,
    ),
    ("Attention", [ROW, zeros(12, 36), zeros(36)], {"num_heads": 3}, [(2, 5, 12)], 1),
    ("Attention", [ROW, zeros(12, 32)], {"num_heads": 4, "qkv_hidden_sizes": [12, 12, 8]}, [(2, 5, 8)], 1),
    ("QAttention", [bytes_of(2, 5, 12), bytes_of(12, 36), zeros(36), ONE, ONE], {"num_heads": 3}, [(2, 5, 12)], 1),
    (
        "MultiHeadAttention",
        [ROW, zeros(2, 9, 12), zeros(2, 9, 6)],
        {"num_heads": 3},
        [(2, 5, 6), (2, 3, 9, 4), (2, 3, 9, 2)],
        1,
    ),
    (
        "MultiHeadAttention",  # after 7 tokens of the past
        [ROW, ROW, ROW, None, None, None, zeros(2, 3, 7, 4), zeros(2, 3, 7, 4)],
        {"num_heads": 3},
        [(2, 5, 12), (2, 3, 12, 4), (2, 3, 12, 4)],
        1,
    ),
    ("MultiHeadAttention", [ROW, zeros(2, 3, 9, 4), zeros(2, 3, 9, 4)], {"num_heads": 3}, [(2, 5, 12)], 1),
    ("MultiHeadAttention", [zeros(2, 5, 3, 3, 4)], {"num_heads": 3}, [(2, 5, 12)], 1),
    (
        "GroupQueryAttention",  # 4 heads of queries of 8 numbers, 2 of keys and values
        [zeros(2, 5, 32), zeros(2, 5, 16), zeros(2, 5, 16), None, None, FIVE, np.int32(5)],
        {"num_heads": 4, "kv_num_heads": 2},
        [(2, 5, 32), (2, 2, 5, 8), (2, 2, 5, 8)],
        1,
    ),
    (
        "GroupQueryAttention",
        [zeros(2, 5, 64), None, None, None, None, FIVE, np.int32(5)],
        {"num_heads": 4, "kv_num_heads": 2},
        [(2, 5, 32), (2, 2, 5, 8), (2, 2, 5, 8)],
        1,
    ),
    (
        "GroupQueryAttention",  # one more token after 7
        [
            zeros(2, 1, 32),
            zeros(2, 1, 16),
            zeros(2, 1, 16),
            zeros(2, 2, 7, 8),
            zeros(2, 2, 7, 8),
            FIVE + 3,
            np.int32(8),
        ],
        {"num_heads": 4, "kv_num_heads": 2},
        [(2, 1, 32), (2, 2, 8, 8), (2, 2, 8, 8)],
        1,
    ),
    (
        "EmbedLayerNormalization",
        [np.zeros((2, 5), np.int32), None, zeros(99, 12), zeros(7, 12), None, zeros(12), zeros(12)],
        {},
        [(2, 5, 12), (2,)],
        1,
    ),
    ("TransposeMatMul", [ROW, zeros(2, 5, 12)], {"transB": 1}, [(2, 5, 5)], 1),
    ("SimplifiedLayerNormalization", [ROW, zeros(12)], {}, [(2, 5, 12)], 1),
]


@pytest.mark.parametrize("case", CONTRIBUTED, ids=lambda case: case[0])
def test_operators_of_onnxruntime(case: tuple, tmp_path: Path):
    op, arrays, attributes, shapes, kind = case
    arrays = [None if array is None else np.asarray(array) for array in arrays]
    path = contributed(tmp_path, op, arrays, tuple(map(len, shapes)), **attributes)
    graph = live_graph(str(path), {})
    assert [graph.shape(f"y{number}") for number in range(len(shapes))] == shapes
    assert graph.types["y0"] == kind


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_fused_product_with_transposed_factors(data: st.DataObject, tmp_path: Path):
    """Of the shape that numpy's product has, its factors transposed as the attributes say: first axis, then matrix."""
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))
    rows, inner, columns = (data.draw(st.integers(1, 4)) for _ in range(3))
    attributes = {name: data.draw(st.integers(0, 1)) for name in ("transA", "transB", "transBatchA", "transBatchB")}
    factors = []
    for side, shape in (("A", (*batch, rows, inner)), ("B", (*batch, inner, columns))):
        factor = np.zeros(shape, np.float32)
        if attributes[f"trans{side}"]:
            factor = np.swapaxes(factor, -1, -2)
        if batch and attributes[f"transBatch{side}"]:
            factor = np.moveaxis(factor, -2, 0)
        factors.append(factor)
    path = contributed(tmp_path, "FusedMatMul", factors, (len(batch) + 2,), **attributes)
    assert live_graph(str(path), {}).shape("y0") == (*batch, rows, columns)


def test_quantised_images_joined(tmp_path: Path):
    arrays = [IMAGE, ONE, ZERO, bytes_of(2, 4, 9, 9), ONE, ZERO]
    path = contributed(tmp_path, "QLinearConcat", arrays, (4,), axis=1)
    model = onnx.load(path)  # scale and zero point of the result come first, and x is a later argument
    model.graph.initializer.extend(stored(s=ONE, z=ZERO))
    model.graph.node[0].input[:] = ["s", "z", *model.graph.node[0].input]
    onnx.save(model, path)
    assert live_graph(str(path), {}).shape("y0") == (2, 7, 9, 9)


def test_a_stated_shape_is_taken_where_nothing_is_known_of_an_operator(tmp_path: Path):
    path = contributed(tmp_path, "Marvel", [ROW], (2,))
    with pytest.raises(InputError, match="the shape of 'y0' cannot be inferred"):
        live_graph(str(path), {}).shape("y0")
    model = onnx.load(path)
    model.graph.output[0].CopyFrom(tensor("y0", (3, 8), FLOAT16))
    onnx.save(model, path)
    graph = live_graph(str(path), {})
    assert (graph.shape("y0"), graph.types["y0"]) == ((3, 8), FLOAT16)


def test_the_normalisation_that_onnxruntime_takes_for_one_of_onnx(tmp_path: Path):
    """It saves SimplifiedLayerNormalization in onnx's domain, where onnx has no such operator."""
    nodes = [node("SimplifiedLayerNormalization", ["x", "scale"], ["h"]), node("MatMul", ["h", "w"], ["y"])]
    path = save(tmp_path, nodes, stored(scale=zeros(4), w=zeros(4, 3)))
    assert live_graph(str(path), {}).shape("h") == (1, 4)
    assert read_onnx(path).macs == (12,)
