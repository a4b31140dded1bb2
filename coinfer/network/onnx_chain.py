"""ONNX graphs as chains: the reader behind `coinfer.network.read_onnx`, and the only module that imports onnx.

Shapes come from onnx's shape inference and MACs are counted from them here; the tests count every bundled network a
second time with onnx-tool. `python -m coinfer.network.onnx_chain` writes the tables that `load_dnn` reads.
"""

import csv
import io
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto
from onnx.inliner import inline_local_functions

from coinfer.network.chain import DNN, positive_integer, span_name
from coinfer.validation import InputError, brief, one_of

MAC_OPERATORS = frozenset({"Conv", "Gemm", "MatMul"})
RECURRENT_OPERATORS = frozenset({"GRU", "LSTM", "RNN"})
QUANTIZED_OPERATORS = frozenset({"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"})
UNCOUNTED_OPERATORS = RECURRENT_OPERATORS | QUANTIZED_OPERATORS | {"Attention", "ConvTranspose", "DeformConv", "Einsum"}
INDEX_TYPES = frozenset({"tensor(int32)", "tensor(int64)", "tensor(bool)"})
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


@dataclass(frozen=True)
class Graph:
    """What an inference runs: the operators from the input to the results, without dead and constant ones."""

    path: str
    source: str  # the input
    results: frozenset[str]
    operators: list[NodeProto]  # in topological order
    constants: dict[str, NodeProto | None]  # value known before any input is -> the operator it is from, None if stored
    shapes: dict[str, tuple[int, ...]]
    opsets: dict[str, int]

    def shape(self, value: str) -> tuple[int, ...]:
        """The shape of a value; raises `InputError` if shape inference did not find it."""
        if value not in self.shapes:
            raise _refused(self.path, f"the shape of {value!r} cannot be inferred")
        return self.shapes[value]

    def size(self, value: str) -> int:
        """The number of elements of a value."""
        return prod(self.shape(value))


def bundled(name: str) -> Path:
    """The ONNX file in the installed onnx package that a bundled network's table is made from."""
    file = BUNDLED[one_of("name", name, BUNDLED)]
    return Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / file


def read_elements(path: str | os.PathLike[str], *, every_operator: bool, dimensions: Mapping[str, int]) -> DNN:
    """The chain of an ONNX file at one bit per value, so that its bits are counts of elements (see `read_onnx`)."""
    graph = _live_graph(os.fspath(path), dimensions)
    operators = graph.operators
    if not _has_macs(operators):
        raise _refused(graph.path, "has no Conv, Gemm or MatMul between its input and its results")
    cuts = single_activation_cuts(graph)
    if not cuts and len(operators) > 1:
        raise _refused(graph.path, "cannot be cut into a chain, for exactly one activation crosses nowhere")
    bounds = [0, *cuts, len(operators)]
    if not every_operator:  # a layer begins where a part with MACs does; the first also takes what leads up to it
        starts = [start for start, stop in pairwise(bounds) if _has_macs(operators[start:stop])]
        bounds = [0, *starts[1:], len(operators)]
    names, counted = _names(operators), set[str]()
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


def single_activation_cuts(graph: Graph) -> dict[int, str]:
    """The places where exactly one activation crosses: number of operators before the cut -> that activation.

    They do not depend on the topological order: without dead operators, all that is before a cut leads to its
    activation and all that is after it comes from it.
    """
    last_use = {value: index for index, node in enumerate(graph.operators) for value in _present(node.input)}
    last_use.update(dict.fromkeys(graph.results, len(graph.operators)))
    crossing = {graph.source}
    cuts = {}
    for before, node in enumerate(graph.operators[:-1], start=1):
        crossing = {value for value in (*crossing, *node.output) if last_use.get(value, -1) >= before}
        if len(crossing) == 1:
            (cuts[before],) = crossing
    return cuts


def macs(node: NodeProto, graph: Graph) -> int:
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


def parameters(node: NodeProto, graph: Graph, counted: set[str]) -> int:
    """Elements of the stored constants that an operator reads as data and that are not in `counted`, which they join.

    Shapes, axes and indices are not data, and a constant of rank 0 is a setting such as a clip's bound, not a
    parameter. A constant that was computed from others (a reshaped weight) is counted as what is stored.
    """
    total = 0
    for value in _data_arguments(node, graph.opsets):
        if value not in graph.constants or value in counted:
            continue
        counted.add(value)
        producer = graph.constants[value]
        if producer is not None and producer.op_type not in ("Constant", "ConstantOfShape"):
            total += parameters(producer, graph, counted)
        elif graph.shape(value):
            total += graph.size(value)
    return total


def _data_arguments(node: NodeProto, opsets: Mapping[str, int]) -> list[str]:
    """The inputs of an operator that are not of a type that only shapes, axes, indices and masks have."""
    if node.op_type in ("Resize", "Upsample"):  # their scales are a shape, though of floats
        return list(node.input[:1])
    domain = _domain(node.domain)
    if not onnx.defs.has(node.op_type, domain):
        return list(node.input)
    formal = onnx.defs.get_schema(node.op_type, opsets[domain], domain).inputs
    variadic = [formal[min(index, len(formal) - 1)] for index in range(len(node.input))]
    return [value for value, parameter in zip(node.input, variadic, strict=True) if not parameter.types <= INDEX_TYPES]


def _live_graph(path: str, dimensions: Mapping[str, int]) -> Graph:
    model = _load(path)
    nodes, stored = model.graph.node, {tensor.name for tensor in model.graph.initializer}
    needed = {value.name for value in model.graph.output}
    for node in reversed(nodes):
        if needed & set(node.output):
            needed.update(_present(node.input))
    live = [node for node in nodes if needed & set(node.output)]
    _refuse_subgraphs(path, live)
    sources = [value.name for value in model.graph.input if value.name in needed - stored]
    if len(sources) != 1:
        raise _refused(path, f"should have exactly one input, but has {len(sources)} ({', '.join(sources) or 'none'})")
    _set_dimensions(model.graph, sources[0], dimensions)
    activations = {sources[0]}
    constants: dict[str, NodeProto | None] = dict.fromkeys(stored)
    operators = []
    for node in live:
        if node.op_type not in ("Shape", "Size") and activations & set(node.input):  # a shape is known beforehand
            activations.update(_present(node.output))
            operators.append(node)
        else:
            constants.update(dict.fromkeys(_present(node.output), node))
    _warn_of_uncounted(path, operators)
    return Graph(
        path=path,
        source=sources[0],
        results=frozenset(value.name for value in model.graph.output) & activations,
        operators=operators,
        constants=constants,
        shapes=_shapes(path, model),
        opsets={_domain(opset.domain): opset.version for opset in model.opset_import},
    )


def _load(path: str) -> ModelProto:
    if not Path(path).is_file():
        raise _refused(path, "no such file")
    try:
        onnx.checker.check_model(path)
        return inline_local_functions(onnx.load(path, format="protobuf", load_external_data=False))
    except onnx.checker.ValidationError as error:
        raise _refused(path, f"is not a valid ONNX file ({_first_line(error)})") from None


def _set_dimensions(graph: GraphProto, source: str, dimensions: Mapping[str, int]) -> None:
    """Give symbolic dimensions their sizes, wherever the graph states them."""
    sizes = {name: positive_integer(f"dimensions[{name!r}]", size) for name, size in dimensions.items()}
    symbolic = []
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            if dimension.dim_value > 0:
                continue
            name = dimension.dim_param or f"{value.name}[{axis}]"
            if value.name == source:
                symbolic.append(name)
            if name in sizes:
                dimension.dim_value = sizes[name]
    listed = ", ".join(dict.fromkeys(symbolic)) or "none"
    if set(sizes) != set(symbolic):
        raise InputError(
            f"dimensions = {brief(sizes)}: should give each symbolic dimension of input {source!r} a size, "
            f"that is, exactly: {listed}"
        )


def _shapes(path: str, model: ModelProto) -> dict[str, tuple[int, ...]]:
    try:
        graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError as error:
        raise _refused(path, f"shapes cannot be inferred ({_first_line(error)})") from None
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.output, *graph.value_info):
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(dimension.HasField("dim_value") for dimension in tensor.shape.dim):
            shapes[value.name] = tuple(dimension.dim_value for dimension in tensor.shape.dim)
    return shapes


def _refuse_subgraphs(path: str, nodes: list[NodeProto]) -> None:
    graphs = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    branching = sorted({node.op_type for node in nodes for item in node.attribute if item.type in graphs})
    if branching:
        raise _refused(path, f"has operators with subgraphs, which are no part of a chain ({', '.join(branching)})")


def _warn_of_uncounted(path: str, operators: list[NodeProto]) -> None:
    uncounted = sorted({node.op_type for node in operators} & UNCOUNTED_OPERATORS)
    if uncounted:
        warnings.warn(f"{path}: the MACs of {', '.join(uncounted)} are not counted", stacklevel=5)


def _has_macs(nodes: list[NodeProto]) -> bool:
    return any(node.op_type in MAC_OPERATORS for node in nodes)


def _names(operators: list[NodeProto]) -> list[str]:
    """A kind and the number of MAC operators so far, e.g. conv1, relu1, conv2: bundled files have no telling names."""
    names, number = [], 0
    for node in operators:
        number += node.op_type in MAC_OPERATORS
        names.append(f"{node.op_type.lower()}{number}")
    return names


def _layer_name(layer: list[NodeProto], names: list[str]) -> str:
    with_macs = [name for node, name in zip(layer, names, strict=True) if node.op_type in MAC_OPERATORS]
    return span_name(with_macs or names)


def _present(values: Iterable[str]) -> list[str]:
    """The arguments or results that are not left out, as optional ones may be by an empty name."""
    return [value for value in values if value]


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _refused(path: str, reason: str) -> InputError:
    return InputError(f"path = {brief(path, 200)}: {reason}")


def _first_line(error: Exception) -> str:
    return brief(str(error).strip().partition("\n")[0], 200)


def table(name: str) -> str:
    """The table of a bundled network as CSV: a row per stage with its layer, MACs, parameters and output elements."""
    dnn = read_elements(bundled(name), every_operator=False, dimensions={})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["stage", "layer", "macs", "parameters", "outputs"])
    writer.writerow([0, "input", 0, 0, dnn.output_bits[0]])
    rows = zip(dnn.stages[1:], dnn.layer_names, dnn.macs, dnn.parameter_bits, dnn.output_bits[1:], strict=True)
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write the table of every bundled network into the package."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    for name in BUNDLED:
        unfinished = folder / f"{name}.csv.tmp"
        unfinished.write_text(table(name), encoding="utf-8", newline="")
        os.replace(unfinished, folder / f"{name}.csv")
        print(folder / f"{name}.csv")


if __name__ == "__main__":
    main()
