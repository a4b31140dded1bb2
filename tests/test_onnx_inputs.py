"""What an ONNX file is refused for, and what its inputs, functions and external data are."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_files import agrees, branch, node, noise, save, stored, symbolic, tensor, zeros

from coinfer.network.onnx_chain import single_activation_cuts
from coinfer.network.onnx_graph import live_graph
from coinfer.validation import InputError

INT64, BOOL = TensorProto.INT64, TensorProto.BOOL


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
    begin = time.process_time()
    with pytest.raises(InputError, match=re.escape(message)) as error:
        live_graph(str(path), arguments.get("dimensions", {}), arguments.get("inputs", {})).shape("y")
    assert time.process_time() - begin < 1
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
    begin = time.process_time()
    with pytest.raises(InputError, match="the shape of 'y' cannot be inferred"):
        live_graph(str(path), {}).shape("y")
    assert time.process_time() - begin < 2


# ---------------------------------------------------------------- what is drawn at random


@pytest.mark.parametrize("draw", ["RandomNormal", "RandomUniform", "Bernoulli"])
def test_a_draw_that_both_sides_need_is_sent(tmp_path: Path, draw: str):
    """The two sides would draw differently: between its first reader and its last there is no cut of one activation."""
    drawn = node(draw, ["p"], ["z"]) if draw == "Bernoulli" else node(draw, [], ["z"], shape=[1, 4])
    nodes = [
        drawn,
        node("MatMul", ["x", "w"], ["a"]),
        node("Add", ["a", "z"], ["b"]),
        node("MatMul", ["b", "w"], ["c"]),
        node("Sub", ["c", "z"], ["d"]),
        node("MatMul", ["d", "w"], ["y"]),
    ]
    path = save(tmp_path, nodes, stored(w=noise(4, 4), p=np.full((1, 4), 0.5, np.float32)))
    graph = live_graph(str(path), {})
    assert [each.output[0] for each in graph.operators] == ["a", "z", "b", "c", "d", "y"]
    assert single_activation_cuts(graph) == {1: "a", 5: "d"}


def test_a_draw_for_one_layer_is_made_there(tmp_path: Path):
    nodes = [
        node("RandomNormal", [], ["z"], shape=[1, 4]),
        node("Mul", ["z", "s"], ["small"]),
        node("MatMul", ["x", "w"], ["a"]),
        node("MatMul", ["a", "w"], ["b"]),
        node("Add", ["b", "small"], ["y"]),
    ]
    graph = live_graph(str(save(tmp_path, nodes, stored(w=noise(4, 4), s=np.float32(0.1)))), {})
    assert set(single_activation_cuts(graph).values()) == {"a", "b"}
