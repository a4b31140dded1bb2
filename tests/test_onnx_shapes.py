"""Shapes and types of every value of an ONNX graph, against those of the arrays that running the whole graph makes."""

import importlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_files import node, save, stored, symbolic, tensor, zeros

from coinfer.network import read_onnx
from coinfer.network.onnx_chain import BUNDLED, bundled, single_activation_cuts
from coinfer.network.onnx_graph import Graph, live_graph
from coinfer.validation import InputError

INT64, BOOL, FLOAT16 = TensorProto.INT64, TensorProto.BOOL, TensorProto.FLOAT16
Nodes = list[onnx.NodeProto]


def run(path: Path, **feeds: np.ndarray) -> dict[str, Any]:
    """Every value that onnx's reference implementation makes when it runs the whole graph."""
    return dict(ReferenceEvaluator(str(path)).run(None, feeds, intermediate=True))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def agrees(path: Path, *, dimensions: dict[str, int] | None = None, **feeds: np.ndarray | float) -> Graph:
    """The graph, after a check that each value has shape and type of the array that the whole run makes.

    `feeds` are the arrays of all inputs, x that of the chain's; the others are given by their shape, numbers as such.
    """
    given = {name: fed if np.isscalar(fed) else fed.shape for name, fed in feeds.items() if name != "x"}
    graph = live_graph(str(path), dimensions or {}, given)
    declared = {value.name: value.type.tensor_type for value in onnx.load(path, load_external_data=False).graph.input}
    arrays = {}
    for name, fed in feeds.items():
        kind = helper.tensor_dtype_to_np_dtype(declared[name].elem_type)
        arrays[name] = np.full([1] * len(declared[name].shape.dim), fed, kind) if np.isscalar(fed) else fed
    made = run(path, **arrays)
    assert graph.operators
    seen = 0
    for name, array in made.items():
        if name in graph.types:  # not what is inside of the branches of an If
            assert (name, graph.shape(name)) == (name, np.shape(array))
            assert (name, graph.types[name]) == (name, helper.np_dtype_to_tensor_dtype(array.dtype))
            seen += 1
    live = [value for each in graph.operators for value in each.output if value]
    assert all(graph.shape(value) is not None for value in live)
    assert seen >= len(feeds) + 1
    return graph


# ---------------------------------------------------------------- shapes that hang on shapes


def text_recogniser(folder: Path) -> Path:
    """As PP-OCR's: the height is pooled away, the rest is laid out as a row by Shape, Slice, Concat, Reshape."""
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Shape", ["c"], ["s"]),
        node("Slice", ["s", "i0", "i1"], ["batch"]),
        node("Slice", ["s", "i1", "i2"], ["channels"]),
        node("Slice", ["s", "i2", "i3"], ["height"]),
        node("Slice", ["s", "i3", "i4"], ["width"]),
        node("Mul", ["height", "width"], ["row"]),
        node("Concat", ["batch", "channels", "row"], ["target"], axis=0),
        node("Reshape", ["c", "target"], ["flat"]),
        node("Transpose", ["flat"], ["t"], perm=[0, 2, 1]),
        node("MatMul", ["t", "v"], ["scores"]),
        node("Concat", ["batch", "row", "i1"], ["wide"], axis=0),
        node("Expand", ["mark", "wide"], ["marks"]),
        node("Add", ["scores", "marks"], ["y"]),
    ]
    numbers = {f"i{number}": np.array([number]) for number in range(5)}
    constants = stored(w=noise(6, 3, 3, 3), v=noise(6, 7), mark=noise(1, 1, 1), **numbers)
    return save(folder, nodes, constants, inputs=("batch", 3, 48, "width"), outputs={"y": 3})


def vision_transformer(folder: Path) -> Path:
    """The token of the class joins those of the patches, as torch's exporter writes it for a batch without a size."""
    nodes = [
        node("Conv", ["x", "w"], ["patches"], strides=[4, 4]),
        node("Shape", ["patches"], ["s"]),
        node("Constant", [], ["two"], value=stored(two=np.array([2]))[0]),
        node("Slice", ["s", "zero_1", "two"], ["batch_channels"]),
        node("Concat", ["batch_channels", "minus_1"], ["target"], axis=0),
        node("Reshape", ["patches", "target"], ["flat"]),
        node("Transpose", ["flat"], ["tokens"], perm=[0, 2, 1]),
        node("Shape", ["x"], ["x_shape"]),
        node("Gather", ["x_shape", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "zero_1"], ["batch_1"]),
        node("Concat", ["batch_1", "minus_1", "minus_1"], ["cls_target"], axis=0),
        node("Shape", ["cls_target"], ["rank"]),
        node("ConstantOfShape", ["rank"], ["ones"], value=stored(value=np.array([1]))[0]),
        node("Mul", ["ones", "minus_1"], ["kept"]),
        node("Equal", ["cls_target", "kept"], ["is_kept"]),
        node("Where", ["is_kept", "ones", "cls_target"], ["cls_shape"]),
        node("Expand", ["cls", "cls_shape"], ["cls_tokens"]),
        node("Concat", ["cls_tokens", "tokens"], ["all"], axis=1),
        node("MatMul", ["all", "v"], ["y"]),
    ]
    numbers = {"zero": np.array(0), "zero_1": np.array([0]), "minus_1": np.array([-1])}
    constants = stored(w=noise(5, 3, 4, 4), cls=noise(1, 1, 5), v=noise(5, 2), **numbers)
    return save(folder, nodes, constants, inputs=("batch", 3, 8, 12), outputs={"y": 3})


def resized(folder: Path) -> Path:
    """A feature map upsampled to 1.5 times the size of another, computed in floats and rounded down."""
    nodes = [
        node("Conv", ["x", "w"], ["c"], strides=[2, 2]),
        node("Shape", ["c"], ["s"], start=2),
        node("Cast", ["s"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["f", "factor"], ["larger"]),
        node("Floor", ["larger"], ["floor"]),
        node("Cast", ["floor"], ["size"], to=INT64),
        node("Shape", ["c"], ["front"], end=2),
        node("Concat", ["front", "size"], ["sizes"], axis=0),
        node("Resize", ["c", "", "", "sizes"], ["r"], mode="nearest"),
        node("Conv", ["r", "v"], ["y"]),
    ]
    constants = stored(w=noise(4, 3, 3, 3), v=noise(2, 4, 1, 1), factor=np.float32(1.5))
    return save(folder, nodes, constants, inputs=(1, 3, 15, "w"), outputs={"y": 4})


SHAPED: dict[str, tuple[Callable[[Path], Path], dict[str, int], tuple[int, ...]]] = {
    "text recogniser": (text_recogniser, {"batch": 2, "width": 33}, (2, 3, 48, 33)),
    "vision transformer": (vision_transformer, {"batch": 3}, (3, 3, 8, 12)),
    "resized": (resized, {"w": 12}, (1, 3, 15, 12)),
}


@pytest.mark.parametrize("case", SHAPED)
def test_shapes_that_hang_on_shapes(case: str, tmp_path: Path):
    make, dimensions, shape = SHAPED[case]
    path = make(tmp_path)
    agrees(path, dimensions=dimensions, x=noise(*shape))
    macs = sum(read_onnx(path, dimensions=dimensions).macs)
    twice = dimensions | {next(iter(dimensions)): 2 * next(iter(dimensions.values()))}
    assert macs < sum(read_onnx(path, dimensions=twice).macs) < 3 * macs


INDEX = st.integers(-6, 6)
STEPS: dict[str, Callable[[Any, list[str]], tuple[str, list, dict]]] = {
    # what a step does to rows of whole numbers: operator, inputs (names, or lists of numbers), attributes
    "Add": lambda draw, rows: ("Add", [draw(st.sampled_from(rows)), [draw(INDEX)]], {}),
    "Mul": lambda draw, rows: ("Mul", [draw(st.sampled_from(rows)), [draw(INDEX)]], {}),
    "Max": lambda draw, rows: ("Max", [draw(st.sampled_from(rows)), [draw(INDEX)]], {}),
    "Concat": lambda draw, rows: ("Concat", [draw(st.sampled_from(rows)), draw(st.sampled_from(rows))], {"axis": 0}),
    "Slice": lambda draw, rows: ("Slice", [draw(st.sampled_from(rows)), [draw(INDEX)], [draw(INDEX)]], {}),
    "Gather": lambda draw, rows: ("Gather", ["s", draw(st.lists(st.integers(-3, 2), max_size=3))], {"axis": 0}),
    "ReduceProd": lambda draw, rows: ("ReduceProd", [draw(st.sampled_from(rows))], {"keepdims": 1}),
    "ReduceMax": lambda draw, rows: ("ReduceSum", [draw(st.sampled_from(rows))], {"keepdims": 1}),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), shape=st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_random_computations_of_a_shape(data: st.DataObject, shape: list[int], tmp_path: Path):
    """A value is expanded to a shape that random operators make of its own; none is found wrong, nor any missed."""
    nodes, constants, rows = [node("Shape", ["x"], ["s"])], {}, ["s"]
    for number in range(data.draw(st.integers(1, 8))):
        kind, inputs, attributes = STEPS[data.draw(st.sampled_from(sorted(STEPS)))](data.draw, rows)
        for place, each in enumerate(inputs):
            if isinstance(each, list):
                constants[f"k{number}_{place}"] = np.array(each, np.int64)
                inputs[place] = f"k{number}_{place}"
        nodes.append(node(kind, inputs, [f"r{number}"], **attributes))
        rows.append(f"r{number}")
    nodes += [
        node("Abs", [rows[-1]], ["positive"]),
        node("Min", ["positive", "four"], ["bounded"]),
        node("ConstantOfShape", ["bounded"], ["filled"]),
        node("ReduceSum", ["filled"], ["sum"], keepdims=0),
        node("Reshape", ["x", "s"], ["same"]),
        node("Add", ["same", "sum"], ["y"]),
    ]
    path = save(tmp_path, nodes, stored(four=np.array([4]), **constants), inputs=tuple(shape), outputs={"y": 3})
    x = noise(*shape)
    made = run(path, x=x)
    assume(made["bounded"].size <= 8)  # 4^9 elements and more would take the test's time
    agrees(path, x=x)


def test_whole_numbers_decide_what_is_kept(tmp_path: Path):
    """How many NonZero and Compress find is not inferred from shapes; it is, though, if what they look at is known."""
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Greater", ["s", "two"], ["large"]),
        node("Compress", ["s", "large"], ["kept"]),
        node("NonZero", ["large"], ["where"]),
        node("Reshape", ["where", "minus_1"], ["axes"]),
        node("ReduceSum", ["x", "axes"], ["less"], keepdims=0),
        node("ConstantOfShape", ["kept"], ["zeros"]),
        node("Add", ["zeros", "less"], ["y"]),
    ]
    constants = stored(two=np.array([2]), minus_1=np.array([-1]))
    path = save(tmp_path, nodes, constants, inputs=(1, 4, 3, 1))
    assert agrees(path, x=noise(1, 4, 3, 1)).shape("y") == (4, 3)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_networks_as_onnx_infers_them_at_once(name: str):
    """The shapes that the walk finds, an operator at a time, are those of onnx's inference of the whole graph."""
    graph = live_graph(str(bundled(name)), {})
    whole = onnx.shape_inference.infer_shapes(onnx.load(bundled(name)), strict_mode=True, data_prop=True).graph
    for value in (*whole.value_info, *whole.output):
        assert graph.shape(value.name) == tuple(each.dim_value for each in value.type.tensor_type.shape.dim)
    assert len(whole.value_info) > len(graph.operators) / 2


FAMILIES = (
    *("attention", "convtranspose", "einsum", "expand", "groupnormalization", "lstm", "meanvariancenormalization"),
    *("onehot", "pad", "reshape", "resize", "slice", "split", "stft", "tile", "topk", "unsqueeze"),
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy, as onnx makes its examples
def test_operators_one_by_one(tmp_path: Path):
    """Onnx's own examples of its operators, all inputs but the first stored: shape and type of the result."""
    examples = importlib.import_module("onnx.backend.test.case.node")
    for family in FAMILIES:
        importlib.import_module(f"onnx.backend.test.case.node.{family}")
    seen = 0
    for case in examples._NodeTestCases:
        inputs, outputs = case.data_sets[0]
        if not all(isinstance(array, np.ndarray) for array in (*inputs, *outputs)) or 0 in inputs[0].shape:
            continue
        later = zip([value.name for value in case.model.graph.input][1:], inputs[1:], strict=True)
        case.model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in later)
        for value in case.model.graph.output:
            for dimension in value.type.tensor_type.shape.dim:
                dimension.Clear()
        onnx.save(case.model, tmp_path / "net.onnx")
        graph = live_graph(str(tmp_path / "net.onnx"), {})
        for value, array in zip(case.model.graph.output, outputs, strict=True):
            assert (case.name, graph.shape(value.name)) == (case.name, array.shape)
            assert graph.types[value.name] == helper.np_dtype_to_tensor_dtype(array.dtype)
        seen += 1
    assert seen > 200


# ---------------------------------------------------------------- operators that onnx does not know


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


# ---------------------------------------------------------------- what the file states


def restated(folder: Path, batch: Any, stated: tuple[Any, ...], kind: int = TensorProto.FLOAT) -> Path:
    path = save(
        folder,
        [node("MatMul", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"])],
        stored(w=zeros(4, 3)),
        inputs=(batch, 4),
    )
    model = onnx.load(path)
    model.graph.value_info.append(tensor("h", stated, kind))
    onnx.save(model, path)
    return path


def test_computed_shape_wins_over_one_stated_for_another_size(tmp_path: Path):
    assert agrees(restated(tmp_path, "n", (1, 3)), dimensions={"n": 5}, x=noise(5, 4)).shape("y") == (5, 3)
    assert agrees(restated(tmp_path, "n", ("n", "m")), dimensions={"n": 5}, x=noise(5, 4)).shape("y") == (5, 3)


@pytest.mark.parametrize("stated", [(1, 4), (1, 3, 1), ("n", 4)])
def test_a_stated_shape_that_is_not_true_is_refused(stated: tuple, tmp_path: Path):
    with pytest.raises(InputError, match=r"states the shape \[.*4?.*\] of 'h', which is \[1, 3\]"):
        live_graph(str(restated(tmp_path, 1, stated)), {})
    with pytest.raises(InputError, match="states the type INT8 of 'h', which is FLOAT"):
        live_graph(str(restated(tmp_path, 1, (1, 3), TensorProto.INT8)), {})


# ---------------------------------------------------------------- If


def branch(name: str, nodes: Nodes, *results: str, **constants: Any) -> onnx.GraphProto:
    outputs = [helper.make_empty_tensor_value_info(result) for result in results]
    return helper.make_graph(nodes, name, [], outputs, stored(**constants))


def branching(folder: Path) -> Path:
    """Wide images are pooled, narrow ones are not, nor are those of one row: Ifs in an If, on what Shape says.

    Both branches of each call their values h, read values around them, and store a weight of the same name.
    """
    pool = branch("pool", [node("MaxPool", ["c"], ["h"], kernel_shape=[1, 2], strides=[1, 2])], "h")
    keep = branch("keep", [node("Identity", ["c"], ["h"])], "h")
    deep = node("If", ["is_high"], ["h"], then_branch=pool, else_branch=keep)
    around = node("Identity", ["c"], ["k"])
    wide = [deep, node("Conv", ["h", "v"], ["g"]), node("Mul", ["g", "two"], ["out"]), around]
    narrow = [node("Conv", ["c", "v"], ["h"]), around]
    choice = node(
        "If",
        ["is_wide"],
        ["a", "weight", "same", "again"],
        then_branch=branch("wide", wide, *("out", "v", "k", "out"), v=noise(2, 4, 1, 1)),
        else_branch=branch("narrow", narrow, *("h", "v", "k", "h"), v=noise(5, 4, 1, 1)),
    )
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Shape", ["c"], ["s"]),
        node("Gather", ["s", "two_i"], ["height"]),
        node("Gather", ["s", "three_i"], ["width"]),
        node("Greater", ["height", "one_i"], ["is_high"]),
        node("Greater", ["width", "six_i"], ["is_wide"]),
        choice,
        node("Shape", ["weight"], ["weight_shape"]),
        node("ConstantOfShape", ["weight_shape"], ["filled"]),
        node("ReduceSum", ["filled"], ["bias"], keepdims=0),
        node("Add", ["a", "bias"], ["b"]),
        node("Add", ["b", "again"], ["d"]),
        node("ReduceMean", ["same"], ["mean"], axes=[1, 2, 3]),
        node("Add", ["d", "mean"], ["y"]),
    ]
    constants = stored(
        w=noise(4, 3, 1, 1),
        two=np.float32(2),
        **{f"{name}_i": np.array(number) for name, number in (("one", 1), ("two", 2), ("three", 3), ("six", 6))},
    )
    return save(folder, nodes, constants, inputs=(1, 3, "height", "width"), outputs={"y": 4})


@pytest.mark.parametrize(
    ("height", "width", "shape"), [(3, 8, (1, 2, 3, 4)), (1, 8, (1, 2, 1, 8)), (3, 6, (1, 5, 3, 6))]
)
def test_the_branch_that_is_taken(height: int, width: int, shape: tuple, tmp_path: Path):
    path = branching(tmp_path)
    dimensions = {"height": height, "width": width}
    graph = agrees(path, dimensions=dimensions, x=noise(1, 3, height, width))
    assert graph.shape("y") == shape
    kinds = [each.op_type for each in graph.operators]
    assert ("MaxPool" in kinds, "Mul" in kinds) == (height > 1 and width > 6, width > 6)
    assert "If" not in kinds
    made = [value for each in graph.operators for value in each.output]
    assert len(made) == len(set(made))
    dnn = read_onnx(path, dimensions=dimensions, activation_bits=1, parameter_bits=1, input_bits=1)
    assert dnn.macs == (4 * 3 * height * width, 4 * shape[1] * (prod(shape[2:])))
    assert dnn.parameter_bits == (12, 4 * shape[1])


def test_a_branch_inside_has_its_own_weight_of_the_same_name(tmp_path: Path):
    """By hand: onnx's reference implementation confuses the two."""
    inner = branch("inner", [node("MatMul", ["x", "v"], ["r"])], "r", v=zeros(4, 5))
    nodes = [node("If", ["yes"], ["t"], then_branch=inner, else_branch=inner), node("MatMul", ["t", "v"], ["o"])]
    outer = branch("outer", nodes, "o", v=zeros(5, 6))
    path = save(
        tmp_path, [node("If", ["yes"], ["y"], then_branch=outer, else_branch=outer)], stored(yes=np.array(True))
    )
    graph = live_graph(str(path), {})
    assert [[graph.shape(value) for value in each.input] for each in graph.operators] == [
        [(1, 4), (4, 5)],
        [(1, 5), (5, 6)],
    ]


def test_same_names_in_the_branches_of_two_ifs(tmp_path: Path):
    """A name of a branch is its own, though another If, and a value after it, are called alike."""
    one = branch("one", [node("MatMul", ["x", "w"], ["t"]), node("Relu", ["t"], ["r"])], "r")
    two = branch("two", [node("MatMul", ["a", "v"], ["t"]), node("Relu", ["t"], ["r"])], "r")
    nodes = [
        node("If", ["yes"], ["a"], then_branch=one, else_branch=one),
        node("If", ["no"], ["b"], then_branch=one, else_branch=two),
        node("Identity", ["b"], ["t'"]),
        node("MatMul", ["t'", "u"], ["y"]),
    ]
    constants = stored(yes=np.array(True), no=np.array([False]), w=noise(4, 5), v=noise(5, 6), u=noise(6, 7))
    graph = agrees(save(tmp_path, nodes, constants), x=noise(1, 4))
    assert [graph.shape(each.output[0])[1] for each in graph.operators] == [5, 5, 6, 6, 6, 7]
    assert len({value for each in graph.operators for value in each.output}) == 6


# ---------------------------------------------------------------- inputs that are given


def with_state(folder: Path) -> Path:
    """A step of speech detection: a signal, a state whose batch is the signal's, and a rate that chooses a branch."""
    fast = branch("fast", [node("MatMul", ["x", "w16"], ["f"])], "f")
    slow = branch("slow", [node("MatMul", ["x", "w8"], ["f"])], "f")
    nodes = [
        node("Equal", ["sr", "sixteen"], ["is_fast"]),
        node("If", ["is_fast"], ["h"], then_branch=fast, else_branch=slow),
        node("ReduceSum", ["state", "axis"], ["s"], keepdims=0),
        node("MatMul", ["s", "v"], ["m"]),
        node("Add", ["h", "m"], ["g"]),
        node("Relu", ["g"], ["y"]),
    ]
    constants = stored(
        sixteen=np.array(16000), axis=np.array([0]), w16=noise(8, 6), w8=noise(8, 6)[:, :6], v=noise(3, 6)
    )
    inputs = [tensor("x", ("batch", 8)), tensor("state", (2, "batch", 3)), tensor("sr", (1,), INT64)]
    return save(folder, nodes, constants, inputs=inputs)


def test_inputs_that_are_at_hand_on_both_sides(tmp_path: Path):
    path = with_state(tmp_path)
    graph = agrees(path, x=noise(5, 8), state=noise(2, 5, 3), sr=16000)
    assert [each.op_type for each in graph.operators] == ["MatMul", "ReduceSum", "MatMul", "Add", "Relu"]
    assert graph.operators[0].input[1] == "w16"
    assert agrees(path, x=noise(5, 8), state=noise(2, 5, 3), sr=8000).operators[0].input[1] == "w8"
    assert {"state", "sr"} <= set(graph.constants)
    assert graph.data_arguments(graph.constants["state"]) == []  # at hand, but no parameter


def test_what_is_made_of_a_given_shape_is_run_but_not_sent(tmp_path: Path):
    """The state's product runs in each inference, where it is first needed, and both sides have what it gives."""
    nodes = [
        node("MatMul", ["state", "w"], ["m"]),
        node("Sigmoid", ["m"], ["gate"]),
        node("Relu", ["m"], ["next"]),
        node("MatMul", ["x", "w"], ["h1"]),
        node("Mul", ["h1", "gate"], ["g1"]),
        node("MatMul", ["g1", "w"], ["h2"]),
        node("Mul", ["h2", "gate"], ["y"]),
    ]
    inputs = [tensor("x", (1, 4)), tensor("state", (1, 4))]
    path = save(tmp_path, nodes, stored(w=noise(4, 4)), inputs=inputs, outputs={"y": 2, "next": 2})
    graph = agrees(path, x=noise(1, 4), state=noise(1, 4))
    order = [each.output[0] for each in graph.operators]
    assert order == ["h1", "m", "gate", "g1", "h2", "y", "next"]
    assert (graph.at_hand, graph.results) == ({"m", "gate", "next"}, {"y"})
    assert single_activation_cuts(graph) == {1: "h1", 4: "g1", 5: "h2", 6: "y"}
    assert live_graph(str(path), {}, {"x": (1, 4)}).results == {"y", "next"}


def test_what_is_made_of_a_given_shape_is_run_once(tmp_path: Path):
    nodes = [
        node("Split", ["state"], ["a", "b"], axis=1),
        node("Add", ["x", "a"], ["h"]),
        node("MatMul", ["h", "w"], ["g"]),
        node("Add", ["g", "b"], ["y"]),
    ]
    inputs = [tensor("x", (1, 4)), tensor("state", (1, 8))]
    graph = agrees(save(tmp_path, nodes, stored(w=noise(4, 4)), inputs=inputs), x=noise(1, 4), state=noise(1, 8))
    assert [each.op_type for each in graph.operators] == ["Split", "Add", "MatMul", "Add"]


def test_a_given_dimension_may_be_repeated(tmp_path: Path):
    inputs = {"state": (2, 5, 3), "sr": 16000}
    assert live_graph(str(with_state(tmp_path)), {"batch": 5}, inputs).shape("x") == (5, 8)


def test_the_first_input_may_be_the_one_that_is_given(tmp_path: Path):
    inputs = [tensor("z", ("n", 4)), tensor("x", (4, "m"))]
    path = save(tmp_path, [node("MatMul", ["z", "x"], ["h"]), node("Relu", ["h"], ["y"])], inputs=inputs)
    graph = agrees(path, dimensions={"m": 3}, z=noise(2, 4), x=noise(4, 3))
    assert (graph.source, graph.shape("y")) == ("x", (2, 3))


@pytest.mark.parametrize("name", ["?", "", "-1"])
def test_sizes_that_a_tool_did_not_know_are_not_one_size(name: str, tmp_path: Path):
    path = symbolic(tmp_path, (1, 3, name, name))
    assert agrees(path, dimensions={"x[2]": 5, "x[3]": 7}, x=noise(1, 3, 5, 7)).shape("y") == (1, 2, 3, 5)
    with pytest.raises(InputError, match=re.escape("exactly: x[2], x[3]")):
        live_graph(str(path), {"?": 5})


def test_one_name_is_one_size(tmp_path: Path):
    path = symbolic(tmp_path, (1, 3, "side", "side"))
    assert agrees(path, dimensions={"side": 6}, x=noise(1, 3, 6, 6)).shape("y") == (1, 2, 4, 4)


# ---------------------------------------------------------------- what the file does not hold


def external(folder: Path, data: bytes | None) -> Path:
    """A weight and the sizes of a Reshape in files of their own, which may be missing."""
    path = save(
        folder,
        [node("MatMul", ["x", "w"], ["h"]), node("Reshape", ["h", "target"], ["y"])],
        stored(w=zeros(4, 6), target=np.array([3, 2])),
    )
    model = onnx.load(path)
    for constant in model.graph.initializer:
        length = len(constant.raw_data)
        constant.ClearField("raw_data")
        constant.data_location = TensorProto.EXTERNAL
        for key, value in (("location", f"{constant.name}.bin"), ("length", str(length))):
            constant.external_data.add(key=key, value=value)
    onnx.save(model, path)
    if data is not None:
        (folder / "target.bin").write_bytes(data)
    return path


def test_weights_that_are_missing_do_not_matter(tmp_path: Path):
    graph = live_graph(str(external(tmp_path, np.array([3, 2]).tobytes())), {})
    assert (graph.shape("w"), graph.shape("h"), graph.shape("y")) == ((4, 6), (1, 6), (3, 2))


@pytest.mark.parametrize("data", [None, b"", b"three"])
def test_a_shape_that_is_missing_is_not_known(data: bytes | None, tmp_path: Path):
    graph = live_graph(str(external(tmp_path, data)), {})
    assert graph.shape("h") == (1, 6)
    with pytest.raises(InputError, match="the shape of 'y' cannot be inferred"):
        graph.shape("y")


# ---------------------------------------------------------------- functions


def functions(folder: Path, levels: int, calls: int, last: str = "Relu", domain: str = "") -> Path:
    """Functions F0, F1, ... each of which calls the next `calls` times in a row; the last one is an operator."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    made = []
    for level in range(levels + 1):
        name, kind, where = (f"F{level + 1}", "f", calls) if level < levels else (last, domain, 1)
        values = ["a", *(f"b{call}" for call in range(where))]
        nodes = [node(name, [values[call]], [values[call + 1]], domain=kind) for call in range(where)]
        made.append(helper.make_function("f", f"F{level}", ["a"], [values[-1]], nodes, opsets))
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("F0", ["h"], ["y"], domain="f")]
    graph = helper.make_graph(nodes, "g", [tensor("x", (1, 4))], [tensor("y", (1, 3))], stored(w=zeros(4, 3)))
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=made), folder / "net.onnx")
    return folder / "net.onnx"


def test_calls_of_functions_are_what_they_call(tmp_path: Path):
    graph = live_graph(str(functions(tmp_path, 4, 3)), {})
    assert [each.op_type for each in graph.operators] == ["MatMul", *["Relu"] * 3**4]
    assert {graph.shape(each.output[0]) for each in graph.operators} == {(1, 3)}


# ---------------------------------------------------------------- bad files and bad inputs


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.onnx")
    return folder / "pipe.onnx"


def enormous(folder: Path) -> Path:
    """More than an ONNX file can hold; the disk holds nothing of it."""
    with (folder / "net.onnx").open("wb") as file:
        file.truncate(2**31)
    return folder / "net.onnx"


def nested(folder: Path) -> Path:
    """Ifs in Ifs, 5000 deep, as bytes: onnx itself cannot write them."""

    def field(number: int, content: bytes) -> bytes:
        length, size = b"", len(content)
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    graph = b""
    for _ in range(5000):
        branch = field(1, b"then_branch") + field(6, graph) + b"\xa0\x01\x05"  # of type GRAPH
        graph = field(1, field(4, b"If") + field(5, branch))
    (folder / "net.onnx").write_bytes(b"\x08\x08" + field(7, graph))
    return folder / "net.onnx"


def too_many(folder: Path) -> Path:
    names = ["x", *(f"h{number}" for number in range(100_000)), "y"]
    return save(folder, [node("Relu", [before], [after]) for before, after in pairwise(names)])


def unknown_condition(folder: Path) -> Path:
    """A loop around an If, neither of which is known."""
    one = branch("one", [node("Relu", ["x"], ["r"])], "r")
    nodes = [
        node("ReduceMax", ["x"], ["most"], keepdims=0),
        node("Cast", ["most"], ["flag"], to=BOOL),
        node("If", ["flag"], ["h"], then_branch=one, else_branch=one),
        node("MatMul", ["h", "w"], ["y"]),
    ]
    return save(folder, nodes, stored(w=zeros(4, 4)))


def looped(folder: Path) -> Path:
    body = helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("Relu", ["before"], ["after"])],
        "body",
        [tensor("i", (), INT64), tensor("go", (), BOOL), tensor("before", (1, 4))],
        [tensor("on", (), BOOL), tensor("after", (1, 4))],
    )
    nodes = [node("Loop", ["n", "", "x"], ["h"], body=body), node("MatMul", ["h", "w"], ["y"])]
    return save(folder, nodes, stored(n=np.array(3), w=zeros(4, 4)))


def two_conditions(folder: Path) -> Path:
    one = branch("one", [node("Relu", ["x"], ["y"])], "y")
    return save(
        folder, [node("If", ["flags"], ["y"], then_branch=one, else_branch=one)], stored(flags=np.array([True, False]))
    )


def branch_of_fewer_results(folder: Path) -> Path:
    one = branch("one", [node("Relu", ["x"], ["r"])], "r")
    nodes = [node("If", ["flag"], ["y", "z"], then_branch=one, else_branch=one)]
    return save(folder, nodes, stored(flag=np.array(True)))


def astronomic_weight(folder: Path) -> Path:
    """Of 10^30 elements, in a file that is not there; the product does not fit."""
    path = save(folder, [node("MatMul", ["x", "w"], ["y"])], stored(w=zeros(4, 4)))
    model = onnx.load(path)
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.dims[:] = [10**15, 10**15]
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="missing.bin")
    onnx.save(model, path)
    return path


def astronomic(kind: str, *arguments: Any) -> Callable[[Path], Path]:
    """A value of some 2^40 elements, from which the shape of another is computed."""

    def make(folder: Path) -> Path:
        names = [f"k{place}" for place in range(len(arguments))]
        nodes = [
            node(kind, names, ["large"]),
            node("ReduceSum", ["large"], ["sum"], keepdims=0),
            node("Cast", ["sum"], ["number"], to=INT64),
            node("Reshape", ["number", "one"], ["shape"]),
            node("MatMul", ["x", "w"], ["h"]),
            node("Expand", ["h", "shape"], ["y"]),
        ]
        constants = {name: np.array(each) for name, each in zip(names, arguments, strict=True)}
        return save(folder, nodes, stored(w=zeros(4, 1), one=np.array([1]), **constants), outputs={"y": 2})

    return make


def functions_of(*arguments: Any) -> Callable[[Path], Path]:
    return lambda folder: functions(folder, *arguments)


GIVEN = {"state": (2, 5, 3), "sr": 16000}
BAD: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "directory": (lambda folder: folder, {}, "is a directory; should be an ONNX file"),
    "pipe": (pipe, {}, "is not a regular file"),
    "device": (lambda _: Path("/dev/zero"), {}, "is not a regular file"),
    "no name": (lambda folder: folder / "net\0.onnx", {}, "cannot be read"),
    "long name": (lambda folder: folder / ("n" * 300), {}, "cannot be read (File name too long)"),
    "2 GiB": (enormous, {}, "has 2147483648 bytes; an ONNX file has at most 2147483647, external data apart"),
    "nested": (nested, {}, "is not a valid ONNX file"),
    "24 levels of functions": (
        functions_of(24, 2),
        {},
        "has 16777217 operators once its functions are inlined; at most",
    ),
    "1000 levels, 9 calls": (functions_of(1000, 9), {}, "has more than 10^12 operators once its functions are inlined"),
    "200 levels": (functions_of(200, 1), {}, "has 201 levels of functions once its functions are inlined; at most 100"),
    "recursive": (functions_of(5, 1, "F2", "f"), {}, "has functions that call themselves"),
    "too many operators": (too_many, {}, "has 100001 operators once its functions are inlined; at most 100000"),
    "If": (unknown_condition, {}, "has operators with subgraphs, which are no part of a chain (If)"),
    "Loop": (looped, {}, "has operators with subgraphs, which are no part of a chain (Loop)"),
    "two conditions": (two_conditions, {}, "has operators with subgraphs, which are no part of a chain (If)"),
    "fewer results": (branch_of_fewer_results, {}, "has an If of 2 results whose branch has 1"),
    "astronomic weight": (astronomic_weight, {}, "shapes cannot be inferred"),
    "astronomic fill": (astronomic("ConstantOfShape", [2**40]), {}, "the shape of 'y' cannot be inferred"),
    "astronomic range": (astronomic("Range", 0, 2**40, 1), {}, "the shape of 'y' cannot be inferred"),
    "astronomic copies": (astronomic("Tile", [1, 2], [2**40]), {}, "the shape of 'y' cannot be inferred"),
    "astronomic copy": (astronomic("Expand", [1], [2**20, 2**20]), {}, "the shape of 'y' cannot be inferred"),
    "astronomic padding": (astronomic("Pad", [1], [0, 2**40]), {}, "the shape of 'y' cannot be inferred"),
    "astronomic classes": (astronomic("OneHot", [1], 2**40, [0, 1]), {}, "the shape of 'y' cannot be inferred"),
    "no step": (astronomic("Range", 0, 5, 0), {}, "the shape of 'y' cannot be inferred"),
    "negative fill": (astronomic("ConstantOfShape", [-2]), {}, "shapes cannot be inferred"),
    "three inputs": (
        with_state,
        {},
        "has 3 (x, state, sr); give all but one a shape or a number, inputs={...}, of 'x': (batch, 8), 'state': (2, batch, 3)",
    ),
    "one input too many": (with_state, {"inputs": {"sr": 16000}}, "has 2 (x, state); give all but one a shape"),
    "unknown input": (
        with_state,
        {"inputs": {"stat": (1,)}},
        "inputs = 'stat': should be one of x, state, sr (did you mean",
    ),
    "no input left": (
        with_state,
        {"inputs": GIVEN | {"x": (5, 8)}},
        "should leave one input to begin with, but has all",
    ),
    "the only input": (
        symbolic,
        {"inputs": {"x": (1, 3, 9, 9)}},
        "should leave one input to begin with, but has all (x)",
    ),
    "stored input": (symbolic, {"inputs": {"w": 1}}, "inputs = 'w': should be one of x"),
    "rank": (
        with_state,
        {"inputs": GIVEN | {"state": (2, 5)}},
        "inputs['state'] = (2, 5): should agree with its shape",
    ),
    "size": (with_state, {"inputs": GIVEN | {"state": (2, 5, 4)}}, "should agree with its shape, (2, batch, 3)"),
    "negative": (
        with_state,
        {"inputs": GIVEN | {"state": (2, -5, 3)}},
        "inputs['state'] = -5: should be a whole number",
    ),
    "fraction": (with_state, {"inputs": GIVEN | {"state": (2, 1.5, 3)}}, "inputs['state'] = 1.5: should be a whole"),
    "astronomic": (
        with_state,
        {"inputs": GIVEN | {"state": (2, 10**30, 3)}},
        "should be a whole number in 0..2147483647",
    ),
    "number for many": (with_state, {"inputs": GIVEN | {"state": 0.5}}, "inputs['state'] = 0.5: should agree with its"),
    "text": (
        with_state,
        {"inputs": GIVEN | {"sr": "16k"}},
        "inputs['sr'] = '16k': should be a shape, e.g. (2, 1, 128), or a",
    ),
    "half": (with_state, {"inputs": GIVEN | {"sr": 0.5}}, "inputs['sr'] = 0.5: should be a number of type int64"),
    "large": (with_state, {"inputs": GIVEN | {"sr": 2**70}}, "should be a number of type int64"),
    "infinite": (with_state, {"inputs": GIVEN | {"sr": float("nan")}}, "should be a number of type int64"),
    "list of inputs": (with_state, {"inputs": ["state"]}, "inputs = ['state']: should give inputs by name"),
    "two batches": (
        with_state,
        {"inputs": GIVEN, "dimensions": {"batch": 4}},
        "dimensions['batch'] = 4: should be 5, as in",
    ),
    "astronomic batch": (
        symbolic,
        {"dimensions": {"batch": 2**70, "height": 9, "width": 9}},
        "dimensions['batch'] = 118059",
    ),
    "list of dimensions": (symbolic, {"dimensions": [1, 9, 9]}, "dimensions = [1, 9, 9]: should give sizes by name"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_clear_error_at_once(case: str, tmp_path: Path):
    make, arguments, message = BAD[case]
    path = make(tmp_path)
    begin = time.perf_counter()
    with pytest.raises(InputError, match=re.escape(message)) as error:
        live_graph(str(path), arguments.get("dimensions", {}), arguments.get("inputs", {})).shape("y")
    assert time.perf_counter() - begin < 1
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_a_file_that_may_not_be_read(tmp_path: Path):
    """Root may read all, so a process of its own gives up that right first."""
    path = symbolic(tmp_path)
    path.chmod(0)
    code = (
        "import os, sys; from coinfer.network.onnx_graph import live_graph\n"
        "here = os.open(sys.argv[1], os.O_RDONLY); os.fchdir(here)\n"
        "os.geteuid() or os.seteuid(65534)\n"
        "live_graph('net.onnx', {})"
    )
    ran = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert "InputError: path = 'net.onnx': cannot be read (Permission denied)" in ran.stderr


@pytest.mark.parametrize(("elements", "known"), [(10_000, True), (10_001, False)])
def test_only_small_values_are_computed(elements: int, known: bool, tmp_path: Path):
    """The result is expanded to the largest of so many sevens."""
    path = astronomic("ConstantOfShape", [elements])(tmp_path)
    model = onnx.load(path)
    model.graph.node[0].attribute.append(helper.make_attribute("value", stored(value=np.array([7]))[0]))
    model.graph.node[1].CopyFrom(node("ReduceMax", ["large"], ["sum"], keepdims=0))
    onnx.save(model, path)
    assert live_graph(str(path), {}).shapes.get("y") == ((1, 7) if known else None)


def test_what_is_computed_in_vain_ends(tmp_path: Path):
    """Many operators, each of as many elements as are computed at most: it stops, and the shape is not known."""
    nodes = [node("ConstantOfShape", ["size"], ["h0"], value=stored(value=np.array([1]))[0])]
    nodes += [node("Add", [f"h{number}", "h0"], [f"h{number + 1}"]) for number in range(2000)]
    nodes += [
        node("ReduceMax", ["h2000"], ["most"], keepdims=1),
        node("MatMul", ["x", "w"], ["a"]),
        node("Expand", ["a", "most"], ["y"]),
    ]
    path = save(tmp_path, nodes, stored(size=np.array([9_999]), w=zeros(4, 1)))
    begin = time.perf_counter()
    with pytest.raises(InputError, match="the shape of 'y' cannot be inferred"):
        live_graph(str(path), {}).shape("y")
    assert time.perf_counter() - begin < 2
