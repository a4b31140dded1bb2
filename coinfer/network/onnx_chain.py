"""ONNX graphs as chains: where one can be cut, and the MACs and parameters between two cuts.

The tests count every bundled network a second time with onnx-tool. onnx is an optional extra, so it is imported when a
file is read.
"""

import os
import warnings
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from coinfer.network.chain import DNN, in_bits, span_name
from coinfer.validation import needs, one_of

if TYPE_CHECKING:
    from onnx import NodeProto

    from coinfer.network.onnx_graph import Graph

MAC_OPERATORS = frozenset({"Conv", "Gemm", "MatMul"})
RECURRENT_OPERATORS = frozenset({"GRU", "LSTM", "RNN"})
QUANTIZED_OPERATORS = frozenset({"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"})
UNCOUNTED_OPERATORS = RECURRENT_OPERATORS | QUANTIZED_OPERATORS | {"Attention", "ConvTranspose", "DeformConv", "Einsum"}
BUNDLED = {
    "alexnet": "light_bvlc_alexnet.onnx",
    "densenet121": "light_densenet121.onnx",
    "inception_v1": "light_inception_v1.onnx",
    "inception_v2": "light_inception_v2.onnx",
    "resnet50": "light_resnet50.onnx",
    "shufflenet": "light_shufflenet.onnx",
    "squeezenet": "light_squeezenet.onnx",
    "vgg19": "light_vgg19.onnx",
    "zfnet512": "light_zfnet512.onnx",
}


def read_onnx(
    path: str | os.PathLike[str],
    *,
    every_operator: bool = False,
    activation_bits: int = 32,
    parameter_bits: int = 32,
    input_bits: int = 8,
    dimensions: Mapping[str, int] | None = None,
) -> DNN:
    """The chain of an ONNX file, cut where exactly one activation crosses.

    A layer is a run of operators with at least one Conv, Gemm or MatMul, the only operators whose MACs are counted;
    operators without one belong to the layer before them, leading ones to the first. `every_operator` makes every cut
    a stage instead, which hands out stages that take no time: use it only to show what that does.
    MACs are those of one run of the graph (of one inference if its batch dimension is 1). Parameters are the stored
    constants that operators read as data, batch normalisation's statistics included; a shared one counts once, where
    it is first used. Bits are per activation, per parameter and per value of the raw input.
    `dimensions` gives every symbolic dimension of the input a size, e.g. {"batch": 1, "height": 224}; a dimension
    without a name is called by its place, e.g. "data[0]".
    Raises `InputError` for a file that is missing, not ONNX or refused by onnx's checker, several inputs, unnamed or
    unknown dimensions, operators with subgraphs, shapes that cannot be inferred, no MAC operator, or no cut; warns of
    operators that multiply but are not counted. Raises `ModuleNotFoundError` without the extra `onnx`.

    >>> dnn = read_onnx(bundled("squeezenet"), parameter_bits=8)
    >>> dnn.layers, sum(dnn.macs)
    (18, 349151936)
    """
    elements = read_elements(path, every_operator=every_operator, dimensions=dimensions or {})
    return in_bits(elements, activation_bits, parameter_bits, input_bits)


def read_elements(path: str | os.PathLike[str], *, every_operator: bool, dimensions: Mapping[str, int]) -> DNN:
    """The chain of an ONNX file at one bit per value, so that its bits are counts of elements (see `read_onnx`)."""
    with needs("onnx"):
        from coinfer.network.onnx_graph import live_graph
    graph = live_graph(os.fspath(path), dimensions)
    _warn_of_uncounted(graph)
    cuts = single_activation_cuts(graph)
    bounds = layer_bounds(graph, cuts, every_operator)
    operators, names, counted = graph.operators, _names(graph.operators), set[str]()
    parts = [slice(start, stop) for start, stop in pairwise(bounds)]
    return DNN(
        name=Path(path).stem,
        layer_names=tuple(_layer_name(operators[part], names[part]) for part in parts),
        macs=tuple(sum(macs(node, graph) for node in operators[part]) for part in parts),
        parameter_bits=tuple(sum(parameters(node, graph, counted) for node in operators[part]) for part in parts),
        output_bits=(
            graph.size(graph.source),
            *(graph.size(cuts[bound]) for bound in bounds[1:-1]),
            sum(graph.size(value) for value in graph.results),
        ),
    )


def single_activation_cuts(graph: "Graph") -> dict[int, str]:
    """The places where exactly one activation crosses: number of operators before the cut -> that activation.

    They do not depend on the topological order: without dead operators, all that is before a cut leads to its
    activation and all that is after it comes from it.
    """
    last_use = {value: index for index, node in enumerate(graph.operators) for value in node.input}
    for index, node in reversed(list(enumerate(graph.operators))):  # what is at hand is not sent to be used again
        last_use.update({value: index for value in node.input if value in graph.at_hand})
    last_use.update(dict.fromkeys(graph.results, len(graph.operators)))
    last_use.pop("", None)  # an optional argument that is left out
    crossing = {graph.source}
    cuts = {}
    for before, node in enumerate(graph.operators[:-1], start=1):
        crossing = {value for value in (*crossing, *node.output) if last_use.get(value, -1) >= before}
        if len(crossing) == 1:
            (cuts[before],) = crossing
    return cuts


def macs(node: "NodeProto", graph: "Graph") -> int:
    """Multiply-accumulates of an operator: those of a Conv (groups included), Gemm or MatMul; 0 for any other."""
    if node.op_type not in MAC_OPERATORS:
        return 0
    left, right = (graph.shape(value) for value in node.input[:2])
    if node.op_type == "Conv":
        per_output = prod(right[1:])  # input channels of a group times the kernel
    elif node.op_type == "Gemm":
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        per_output = left[0 if transposed else 1]
    else:
        per_output = left[-1]
    return graph.size(node.output[0]) * per_output


def parameters(node: "NodeProto", graph: "Graph", counted: set[str]) -> int:
    """Elements of the stored constants that an operator reads as data and that are not in `counted`, which they join.

    Shapes, axes and indices are not data, and a constant of rank 0 is a setting such as a clip's bound, not a
    parameter. A constant that was computed from others (a reshaped weight) is counted as what is stored. One that
    ConstantOfShape fills counts if its shape is an initializer: so onnx's own files stand for weights that they leave
    out. One whose shape stands in the graph is made by the program, as Swin's masks are, not learnt.
    """
    total = 0
    for value in graph.data_arguments(node):
        if value not in graph.constants or value in counted:
            continue
        counted.add(value)
        producer = graph.constants[value]
        if producer is None or producer.op_type == "Constant" or _stands_for_stored(producer, graph):
            total += graph.size(value) if graph.shape(value) else 0
        else:
            total += parameters(producer, graph, counted)
    return total


def bundled(name: str) -> Path:
    """The ONNX file in the installed onnx package that a bundled network's table is made from."""
    file = BUNDLED[one_of("name", name, BUNDLED)]
    with needs("onnx"):
        return Path(str(files("onnx"))) / "backend" / "test" / "data" / "light" / file


def layer_bounds(graph: "Graph", cuts: Mapping[int, str], every_operator: bool) -> list[int]:
    """Where layers begin and end, in operators (see `read_onnx`); raises `InputError` if there is no chain."""
    operators = graph.operators
    if not _has_macs(operators):
        raise graph.refused("has no Conv, Gemm or MatMul between its input and its results")
    if not cuts and len(operators) > 1:
        raise graph.refused("cannot be cut into a chain, for exactly one activation crosses nowhere")
    bounds = [0, *cuts, len(operators)]
    if every_operator:
        return bounds
    # a layer begins where a part with MACs does; the first also takes what leads up to it
    starts = [start for start, stop in pairwise(bounds) if _has_macs(operators[start:stop])]
    return [0, *starts[1:], len(operators)]


def _stands_for_stored(producer: "NodeProto", graph: "Graph") -> bool:
    return producer.op_type == "ConstantOfShape" and graph.constants[producer.input[0]] is None


def _warn_of_uncounted(graph: "Graph") -> None:
    uncounted = sorted({node.op_type for node in graph.operators} & UNCOUNTED_OPERATORS)
    if uncounted:
        warnings.warn(f"{graph.path}: the MACs of {', '.join(uncounted)} are not counted", stacklevel=4)


def _has_macs(nodes: "list[NodeProto]") -> bool:
    return any(node.op_type in MAC_OPERATORS for node in nodes)


def _names(operators: "list[NodeProto]") -> list[str]:
    """A kind and the number of MAC operators so far, e.g. conv1, relu1, conv2: bundled files have no telling names."""
    names, number = [], 0
    for node in operators:
        number += node.op_type in MAC_OPERATORS
        names.append(f"{node.op_type.lower()}{number}")
    return names


def _layer_name(layer: "list[NodeProto]", names: list[str]) -> str:
    with_macs = [name for node, name in zip(layer, names, strict=True) if node.op_type in MAC_OPERATORS]
    return span_name(with_macs or names)
