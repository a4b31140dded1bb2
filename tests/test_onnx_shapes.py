"""Shapes and types of every value of an ONNX graph, against those of the arrays that running the whole graph makes."""

import importlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx_files import ELEMENTS, agrees, branch, node, noise, run, save, stored, tensor, zeros

from coinfer.network import read_onnx
from coinfer.network.onnx_chain import BUNDLED, bundled
from coinfer.network.onnx_graph import live_graph
from coinfer.validation import InputError

INT64 = TensorProto.INT64


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


def test_what_hangs_on_a_given_input_alone_is_work_but_crosses_no_cut(tmp_path: Path):
    """A cell in two products: that of the state runs in every inference, where it is first read, though the file runs it first."""
    nodes = [
        node("MatMul", ["state", "r"], ["s"]),
        node("Relu", ["s"], ["s+"]),
        node("MatMul", ["x", "w1"], ["a"]),
        node("MatMul", ["a", "w2"], ["b"]),
        node("Add", ["b", "s+"], ["c"]),
        node("MatMul", ["c", "w3"], ["y"]),
    ]
    stored_weights = stored(r=zeros(5, 6), w1=zeros(4, 3), w2=zeros(3, 6), w3=zeros(6, 2))
    path = save(tmp_path, nodes, stored_weights, inputs=[tensor("x", (1, 4)), tensor("state", (1, 5))])
    dnn = read_onnx(path, inputs={"state": (1, 5)}, **ELEMENTS)
    assert dnn.macs == dnn.parameter_bits == (4 * 3, 3 * 6, 5 * 6, 6 * 2)
    assert dnn.output_bits == (4, 3, 6, 6, 2)


def test_the_same_value_beside_the_chain_counts_once(tmp_path: Path):
    """Two readers in two layers, the second through another operator on it; each operator stands before its first reader."""
    nodes = [
        node("MatMul", ["state", "r"], ["s"]),
        node("MatMul", ["s", "q"], ["t"]),
        node("MatMul", ["x", "w"], ["a"]),
        node("Add", ["a", "s"], ["b"]),
        node("MatMul", ["b", "w"], ["c"]),
        node("Add", ["c", "t"], ["d"]),
        node("Sub", ["d", "s"], ["y"]),
    ]
    stored_weights = stored(r=zeros(5, 4), q=zeros(4, 4), w=zeros(4, 4))
    path = save(tmp_path, nodes, stored_weights, inputs=[tensor("x", (1, 4)), tensor("state", (1, 5))])
    dnn = read_onnx(path, inputs={"state": (1, 5)}, **ELEMENTS)
    assert dnn.macs == (4 * 4, 5 * 4, 4 * 4, 4 * 4)
    assert dnn.parameter_bits == (4 * 4, 5 * 4, 0, 4 * 4)  # w is shared
    assert dnn.output_bits == (4, 4, 4, 4, 4)
