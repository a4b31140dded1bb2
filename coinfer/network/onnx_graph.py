"""What an ONNX file computes: its operators from input to results, what is constant, and every shape.

The only module that imports onnx. Shapes come from onnx's shape inference; nothing is counted here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto
from onnx.inliner import inline_local_functions

from coinfer.network.chain import positive_integer
from coinfer.validation import InputError, brief

PACKED_BITS = {"UINT2": 2, "INT2": 2, "UINT4": 4, "INT4": 4, "FLOAT4E2M1": 4, "FLOAT6E2M3": 6, "FLOAT6E3M2": 6}
INDEX_TYPES = frozenset({"tensor(int32)", "tensor(int64)", "tensor(bool)"})


@dataclass(frozen=True)
class Graph:
    """What an inference runs: the operators from the input to the results, without dead and constant ones."""

    path: str
    source: str  # the input
    results: frozenset[str]
    operators: list[NodeProto]  # in topological order
    constants: dict[str, NodeProto | None]  # value known before any input is -> the operator it is from, None if stored
    shapes: dict[str, tuple[int, ...]]
    types: dict[str, int]  # value -> the type of its elements, as onnx numbers them
    opsets: dict[str, int]

    def shape(self, value: str) -> tuple[int, ...]:
        """The shape of a value; raises `InputError` if shape inference did not find it."""
        if value not in self.shapes:
            raise self.refused(f"the shape of {value!r} cannot be inferred")
        return self.shapes[value]

    def size(self, value: str) -> int:
        """The number of elements of a value."""
        return prod(self.shape(value))

    def bits(self, value: str) -> int:
        """The bits that an element of a value takes; raises `InputError` if its type is not known."""
        kind = self.types.get(value, TensorProto.UNDEFINED)
        if kind in (TensorProto.UNDEFINED, TensorProto.STRING):
            raise self.refused(f"the type of {value!r} is not one of numbers")
        return (
            PACKED_BITS.get(TensorProto.DataType.Name(kind)) or 8 * onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize
        )

    def refused(self, reason: str) -> InputError:
        """The error that says why the graph is no chain."""
        return _refused(self.path, reason)

    def data_arguments(self, node: NodeProto) -> list[str]:
        """The inputs of an operator that are not of a type that only shapes, axes, indices and masks have."""
        if node.op_type in ("Resize", "Upsample"):  # their scales are a shape, though of floats
            return list(node.input[:1])
        domain = _domain(node.domain)
        if not onnx.defs.has(node.op_type, domain):
            return list(node.input)
        formal = onnx.defs.get_schema(node.op_type, self.opsets[domain], domain).inputs
        variadic = [formal[min(index, len(formal) - 1)] for index in range(len(node.input))]
        return [value for value, name in zip(node.input, variadic, strict=True) if not name.types <= INDEX_TYPES]


def live_graph(path: str, dimensions: Mapping[str, int], inputs: Mapping[str, object]) -> Graph:
    """What an inference of an ONNX file runs, its symbolic dimensions given sizes; raises `InputError`."""
    if inputs:
        raise InputError(f"inputs = {brief(dict(inputs))}: should be none")
    model = _load(path)
    stored = {tensor.name for tensor in model.graph.initializer}
    live, needed = _live(model.graph)
    _refuse_subgraphs(path, live)
    sources = [value.name for value in model.graph.input if value.name in needed - stored]
    if len(sources) != 1:
        raise _refused(path, f"should have exactly one input, but has {len(sources)} ({', '.join(sources) or 'none'})")
    (source,) = sources
    _set_dimensions(model.graph, source, dimensions)
    operators, computed = _operators(live, source)
    activations = {source, *(value for node in operators for value in node.output)}
    shapes, types = _shapes_and_types(path, model)
    return Graph(
        path=path,
        source=source,
        results=frozenset(value.name for value in model.graph.output) & activations,
        operators=operators,
        constants=dict.fromkeys(stored) | computed,
        shapes=shapes,
        types=types,
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


def _live(graph: GraphProto) -> tuple[list[NodeProto], set[str]]:
    """The operators that lead to a result, and every value that does."""
    needed = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed.update(_present(node.input))
    return [node for node in graph.node if needed & set(node.output)], needed


def _operators(live: list[NodeProto], source: str) -> tuple[list[NodeProto], dict[str, NodeProto | None]]:
    """The operators that the input reaches, and the values of the others, each with the operator it is from."""
    operators, activations = [], {source}
    constants: dict[str, NodeProto | None] = {}
    for node in live:
        if node.op_type not in ("Shape", "Size") and activations & set(node.input):  # a shape is known beforehand
            activations.update(_present(node.output))
            operators.append(node)
        else:
            constants.update(dict.fromkeys(_present(node.output), node))
    return operators, constants


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
    if set(sizes) != set(symbolic):
        raise InputError(
            f"dimensions = {brief(sizes)}: should give each symbolic dimension of input {source!r} a size, "
            f"that is, exactly: {', '.join(dict.fromkeys(symbolic)) or 'none'}"
        )


def _shapes_and_types(path: str, model: ModelProto) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    try:
        graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError as error:
        raise _refused(path, f"shapes cannot be inferred ({_first_line(error)})") from None
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    types = {tensor.name: int(tensor.data_type) for tensor in graph.initializer}
    for value in (*graph.input, *graph.output, *graph.value_info):
        tensor = value.type.tensor_type
        types[value.name] = int(tensor.elem_type)
        if tensor.HasField("shape") and all(dimension.HasField("dim_value") for dimension in tensor.shape.dim):
            shapes[value.name] = tuple(dimension.dim_value for dimension in tensor.shape.dim)
    return shapes, types


def _refuse_subgraphs(path: str, nodes: list[NodeProto]) -> None:
    graphs = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    branching = sorted({node.op_type for node in nodes for item in node.attribute if item.type in graphs})
    if branching:
        raise _refused(path, f"has operators with subgraphs, which are no part of a chain ({', '.join(branching)})")


def _present(values: Iterable[str]) -> list[str]:
    """The arguments or results that are not left out, as optional ones may be by an empty name."""
    return [value for value in values if value]


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _refused(path: str, reason: str) -> InputError:
    return InputError(f"path = {brief(path, 200)}: {reason}")


def _first_line(error: Exception) -> str:
    return brief(str(error).strip().partition("\n")[0], 200)
