"""Small ONNX files for the tests, and the MACs of any by another library."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_tool
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from coinfer.network.onnx_graph import Graph, live_graph

ELEMENTS = {"activation_bits": 1, "parameter_bits": 1, "input_bits": 1}


def tool_macs(path: Path) -> int:
    """MACs of Conv, Gemm and MatMul by onnx-tool with its own shape inference, which counts adding a bias as MACs."""
    graph = onnx_tool.Model(str(path), {"verbose": False}).graph
    graph.shape_infer()
    graph.profile()
    nodes = [node for node in graph.nodemap.values() if node.op_type in ("Conv", "Gemm", "MatMul")]
    biases = sum(prod(graph.tensormap[node.output[0]].get_shape()) for node in nodes if len(node.input) == 3)
    return int(sum(node.macs[0] for node in nodes)) - biases


def tensor(name: str, shape: Any, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def stored(**arrays: Any) -> list[TensorProto]:
    return [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def save(
    folder: Path,
    nodes: list,
    constants: list | None = None,
    inputs: Any = (1, 4),
    outputs: dict[str, int] | None = None,
) -> Path:
    """An ONNX file of these nodes, its input x of shape `inputs` (or a list of inputs); outputs are given by rank."""
    given_inputs = inputs if isinstance(inputs, list) else [tensor("x", inputs)]
    ranks = outputs or {"y": 2}
    results = [tensor(name, [None] * rank) for name, rank in ranks.items()]
    graph = helper.make_graph(nodes, "g", given_inputs, results, constants or [])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "net.onnx")
    return folder / "net.onnx"


node = helper.make_node


def residual(folder: Path) -> Path:
    """relu, fc1, then a residual branch around fc2 and fc3, relu, fc4."""
    nodes = [
        node("Relu", ["x"], ["r0"]),
        node("MatMul", ["r0", "w1"], ["m1"]),
        node("MatMul", ["m1", "w2"], ["m2"]),
        node("MatMul", ["m2", "w3"], ["m3"]),
        node("Add", ["m1", "m3"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "w4"], ["y"]),
    ]
    return save(folder, nodes, stored(w1=zeros(4, 6), w2=zeros(6, 2), w3=zeros(2, 6), w4=zeros(6, 3)))


def symbolic(folder: Path, shape: Any = ("batch", 3, "height", "width")) -> Path:
    nodes = [node("Conv", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"])]
    return save(folder, nodes, stored(w=zeros(2, 3, 3, 3)), inputs=shape, outputs={"y": 4})


def branch(name: str, nodes: list, *results: str, **constants: Any) -> onnx.GraphProto:
    outputs = [helper.make_empty_tensor_value_info(result) for result in results]
    return helper.make_graph(nodes, name, [], outputs, stored(**constants))


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
