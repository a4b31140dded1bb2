"""ONNX graphs as chains: where one can be cut, and the MACs, parameters and bits between two cuts.

What operators multiply is in `onnx_operators`. The tests count every bundled network a second time with onnx-tool. onnx
is an optional extra, so it is imported when a file is read.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coinfer.network.chain import DNN, Coding, positive_integer, span_name
from coinfer.network.onnx_operators import stored_arguments
from coinfer.network.onnx_work import operator_macs, read_graph
from coinfer.validation import an, needs, one_of

if TYPE_CHECKING:
    from onnx import NodeProto

    from coinfer.network.onnx_graph import Graph

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
    activation_bits: int | None = None,
    parameter_bits: int | None = None,
    input_bits: int | None = None,
    dimensions: Mapping[str, int] | None = None,
    inputs: Mapping[str, Any] | None = None,
    ignore: Iterable[str] = (),
) -> DNN:
    """The chain of an ONNX file, cut where exactly one activation crosses.

    A layer is a run of operators with at least one that multiplies and adds, such as Conv, MatMul, LSTM or Attention.
    Operators without MACs belong to the layer before them, leading ones to the first; but one that only widens what was
    small integers, as DequantizeLinear does, belongs to the next, so that a quantised graph is cut where those cross.
    `every_operator` makes every cut a stage instead, which hands out stages that take no time: only to show what that does.

    MACs are those of one run of the graph (of one inference if its batch dimension is 1); `onnx_report` gives them by type
    of operator. One that is neither counted nor known to have none is refused; `ignore=["Op"]`, or "domain:Op", takes
    all that are called so for no work. Parameters are the stored constants that operators read as data, batch
    normalisation's statistics included; a shared one counts once, where it is first used.
    Bits are those of the types in the file, unless they are given: per activation, per parameter and per value of the raw
    input. A photograph that the network takes as floats is sent as bytes: `input_bits=8`.
    `dimensions` gives every symbolic dimension of the input a size, e.g. {"batch": 1, "height": 224}; a dimension
    without a name is called by its place, e.g. "data[0]". `inputs` gives all inputs but one what both sides have at hand,
    a shape or a number, e.g. {"state": (2, 1, 128), "sr": 16000}.
    Raises `InputError` for a file that is missing, not ONNX or refused by onnx's checker, several inputs, unnamed or
    unknown dimensions, operators with subgraphs or unknown MACs, shapes or types that cannot be inferred, no operator
    with MACs, or no cut. Raises `ModuleNotFoundError` without the extra `onnx`.

    >>> dnn = read_onnx(bundled("squeezenet"), parameter_bits=8)
    >>> dnn.layers, sum(dnn.macs)
    (18, 349151936)
    """
    every_operator = an("every_operator", every_operator, bool)
    given = {"activation_bits": activation_bits, "parameter_bits": parameter_bits, "input_bits": input_bits}
    asked = {name: bits if bits is None else positive_integer(name, bits) for name, bits in given.items()}
    graph = read_graph(path, dimensions, inputs)
    work, cuts = operator_macs(graph, ignore), single_activation_cuts(graph)
    bounds = layer_bounds(graph, cuts, work, asked["activation_bits"], every_operator)
    return _chain(Path(path).stem, graph, work, bounds, [cuts[bound] for bound in bounds[1:-1]], asked)


def _chain(
    name: str,
    graph: "Graph",
    work: Sequence[int],
    bounds: Sequence[int],
    cut: Sequence[str],
    asked: Mapping[str, int | None],
) -> DNN:
    """The chain of a graph between bounds, in which `cut` are the activations that cross; bits as asked, or as in the file."""
    sent, held, raw = asked["activation_bits"], asked["parameter_bits"], asked["input_bits"] or graph.bits(graph.source)
    parts, names, read = [slice(*ends) for ends in pairwise(bounds)], _names(graph.operators, work), set[str]()
    stored = [[value for node in graph.operators[part] for value in parameters(node, graph, read)] for part in parts]
    crossing = [*([value] for value in cut), sorted(graph.results)]
    return DNN(
        name=name,
        layer_names=tuple(_layer_name(names[part], work[part]) for part in parts),
        macs=tuple(sum(work[part]) for part in parts),
        parameter_bits=tuple(_bits(values, graph, held) for values in stored),
        output_bits=(graph.size(graph.source) * raw, *(_bits(values, graph, sent) for values in crossing)),
        coding=Coding(
            activation_bits=sent or _common_bits(crossing, graph),
            parameter_bits=held or _common_bits(stored, graph),
            input_bits=raw,
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


def parameters(node: "NodeProto", graph: "Graph", counted: set[str]) -> list[str]:
    """The stored constants that an operator reads as data and that are not in `counted`, which they join.

    Shapes, axes and indices are not data, and a constant of rank 0 is a setting such as a clip's bound, not a
    parameter. A constant that was computed from others (a reshaped or quantised weight) counts as what is stored. One
    that ConstantOfShape fills counts if its shape is an initializer: so onnx's own files stand for weights that they
    leave out. One whose shape stands in the graph is made by the program, as Swin's masks are, not learnt.
    """
    found = []
    for value in stored_arguments(node, graph):
        if value not in graph.constants or value in counted:
            continue
        counted.add(value)
        producer = graph.constants[value]
        if producer is None or producer.op_type == "Constant" or _stands_for_stored(producer, graph):
            found += [value] if graph.shape(value) else []
        else:
            found += parameters(producer, graph, counted)
    return found


def bundled(name: str) -> Path:
    """The ONNX file in the installed onnx package that a bundled network's table is made from."""
    file = BUNDLED[one_of("name", name, BUNDLED)]
    with needs("onnx"):
        return Path(str(files("onnx"))) / "backend" / "test" / "data" / "light" / file


def layer_bounds(
    graph: "Graph",
    cuts: Mapping[int, str],
    work: Sequence[int],
    activation_bits: int | None = None,
    every_operator: bool = False,
) -> list[int]:
    """Where layers begin and end, in operators (see `read_onnx`); raises `InputError` if there is no chain.

    `work` are the MACs of every operator, shape (operators,).
    """
    if not any(work):
        raise graph.refused(
            "has no operator with MACs, such as Conv, Gemm or MatMul, between its input and its results"
        )
    if not cuts and len(work) > 1:
        raise graph.refused("cannot be cut into a chain, for exactly one activation crosses nowhere")
    bounds = [0, *cuts, len(work)]
    if every_operator:
        return bounds
    parts = [(start, stop) for start, stop in pairwise(bounds) if any(work[start:stop])]
    between = [[cut for cut in cuts if stop <= cut <= start] for (_, stop), (start, _) in pairwise(parts)]
    if activation_bits is not None:  # values of one type cross everywhere
        return [0, *(cut for *_, cut in between), len(work)]
    return [0, *(_narrowest(among, cuts, graph) for among in between), len(work)]


def _narrowest(among: Sequence[int], cuts: Mapping[int, str], graph: "Graph") -> int:
    """The last of some cuts, or an earlier one where fewer bits cross because they are values of a narrower type."""
    best = among[-1]
    for cut in reversed(among[:-1]):  # among values of one type the last, as in a graph of floats
        narrower = cuts[cut] in graph.shapes and graph.bits(cuts[cut]) < graph.bits(cuts[best])
        if narrower and _bits([cuts[cut]], graph, None) < _bits([cuts[best]], graph, None):
            best = cut
    return best


def _stands_for_stored(producer: "NodeProto", graph: "Graph") -> bool:
    return producer.op_type == "ConstantOfShape" and graph.constants[producer.input[0]] is None


def _bits(values: Iterable[str], graph: "Graph", each: int | None) -> int:
    return sum(graph.size(value) * (each or graph.bits(value)) for value in values)


def _common_bits(values: Iterable[Iterable[str]], graph: "Graph") -> int | None:
    """The bits of the type that all values have; None if they have not one, or there are no values."""
    found = {graph.bits(value) for some in values for value in some}
    return found.pop() if len(found) == 1 else None


def _names(operators: "list[NodeProto]", work: Sequence[int]) -> list[str]:
    """A kind and the number of operators with MACs so far, e.g. conv1, relu1, conv2: files may have no telling names."""
    names, number = [], 0
    for node, macs in zip(operators, work, strict=True):
        number += macs > 0
        names.append(f"{node.op_type.lower()}{number}")
    return names


def _layer_name(names: Sequence[str], work: Sequence[int]) -> str:
    with_macs = [name for name, macs in zip(names, work, strict=True) if macs]
    return span_name(with_macs or names)
