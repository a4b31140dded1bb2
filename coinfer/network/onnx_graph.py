"""What an ONNX file computes: its operators from input to results, what is constant, and every shape.

Only the modules onnx_* import onnx. Nothing is counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import onnx
from onnx import NodeProto, TensorProto

from coinfer.network.onnx_branches import live_operators
from coinfer.network.onnx_file import load_model, refused, standard_domain, subgraphs, type_name
from coinfer.network.onnx_inputs import given_inputs, sized_source, symbolic_sizes
from coinfer.network.onnx_shapes import index_arguments, walk
from coinfer.network.onnx_values import OF_SHAPES, Values, sized
from coinfer.validation import InputError

RANDOM = frozenset(
    ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"]
)
PACKED_BITS = {"UINT2": 2, "INT2": 2, "UINT4": 4, "INT4": 4, "FLOAT4E2M1": 4, "FLOAT6E2M3": 6, "FLOAT6E3M2": 6}


@dataclass(frozen=True)
class Graph:
    """What an inference runs: the operators from the input to the results, without dead and constant ones."""

    path: str
    source: str  # the input
    results: frozenset[str]
    operators: list[NodeProto]  # in topological order
    at_hand: frozenset[str]  # values that operators make of the inputs that are given, so both sides have them
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
        if kind in (TensorProto.UNDEFINED, TensorProto.STRING) or kind not in TensorProto.DataType.values():
            raise self.refused(f"the type of {value!r} is not one of numbers")
        return PACKED_BITS.get(type_name(kind)) or 8 * onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize

    def refused(self, reason: str) -> InputError:
        """The error that says why the graph is no chain."""
        return refused(self.path, reason)

    def data_arguments(self, node: NodeProto) -> list[str]:
        """The inputs of an operator that are not of a type that only shapes, axes, indices and masks have."""
        if node.op_type in ("Resize", "Upsample"):  # their scales are a shape, though of floats
            return list(node.input[:1])
        domain = standard_domain(node.domain)
        version = self.opsets.get(domain, 0)
        if not onnx.defs.has(node.op_type, version, domain):
            return list(node.input)
        formal = index_arguments(node.op_type, version, domain)
        return [value for place, value in enumerate(node.input) if not formal[min(place, len(formal) - 1)]]


def live_graph(path: str, dimensions: Mapping[str, int], inputs: Mapping[str, Any] | None = None) -> Graph:
    """What an inference of an ONNX file runs, its symbolic dimensions given sizes; raises `InputError`.

    `inputs` are those that are at hand on both sides, by name: a shape, or a number that is the value itself.
    """
    model = load_model(path)
    given = given_inputs(path, model.graph, {} if inputs is None else inputs)
    sizes = symbolic_sizes(given, dimensions)
    values = Values(
        path=path,
        opsets={standard_domain(opset.domain): opset.version for opset in model.opset_import},
        sizes=sizes,
        resized=bool(sizes or given.types),
        stated={value.name: sized(value.type, sizes) for value in (*model.graph.output, *model.graph.value_info)},
    )
    values.store(model.graph.initializer)
    values.store_sparse(model.graph.sparse_initializer)
    values.types.update(given.types)
    values.values.update(given.values)
    values.types[given.source.name] = sized_source(given.source, sizes)
    walked = walk(model.graph.node, values)
    live = live_operators(walked, {value.name for value in model.graph.output})
    _refuse_subgraphs(path, live)
    changing = {name for name in given.types if given.values[name] is None}
    operators, at_hand, computed = _operators(live, given.source.name, changing)
    activations = {given.source.name, *(value for node in operators for value in node.output)} - at_hand
    results = activations & {value.name for value in model.graph.output}
    if not results:
        raise refused(path, f"has no result that depends on input {given.source.name!r}")
    others = {name: NodeProto(op_type="Input", output=[name]) for name in given.types}
    return Graph(
        path=path,
        source=given.source.name,
        results=frozenset(results),
        operators=operators,
        at_hand=frozenset(at_hand),
        constants=dict.fromkeys(values.stored) | others | computed,
        shapes={name: shape for name in values.types if (shape := values.shape(name)) is not None},
        types={name: int(kind.tensor_type.elem_type) for name, kind in values.types.items()},
        opsets=dict(values.opsets),
    )


def _operators(
    live: list[NodeProto], source: str, changing: set[str]
) -> tuple[list[NodeProto], set[str], dict[str, NodeProto | None]]:
    """The operators of an inference, which of their results are at hand, and each value before it with its operator.

    An inference runs what its input reaches, and what inputs reach that are given but `changing`, that is, by their
    shapes; the latter stands right before what first needs it. So does what is drawn at random, which is no constant: the two
    sides would draw differently, so that it is sent where both need it.
    """
    operators, beside = list[NodeProto](), list[NodeProto]()
    activations, at_hand, drawn = {source}, set(changing), set[str]()
    constants: dict[str, NodeProto | None] = {}
    for node in live:
        results, read = list(filter(None, node.output)), set(node.input)
        if node.op_type in OF_SHAPES:  # a shape is known beforehand
            constants.update(dict.fromkeys(results, node))
        elif read & activations:
            activations.update(results)
            operators.append(node)
        elif _is_random(node) or read & drawn:
            drawn.update(results)
            beside.append(node)
        elif read & at_hand:
            at_hand.update(results)
            beside.append(node)
        else:
            constants.update(dict.fromkeys(results, node))
    return _where_needed(operators, beside), at_hand - changing, constants


def _is_random(node: NodeProto) -> bool:
    """Whether an operator draws; a Dropout may if it is told that this is training."""
    return node.op_type in RANDOM or (node.op_type == "Dropout" and len(node.input) > 2)


def _where_needed(operators: list[NodeProto], beside: list[NodeProto]) -> list[NodeProto]:
    """All operators in order, each of those `beside` right before the first one that needs it; unneeded ones last."""
    waiting = {value: (place, node) for place, node in enumerate(beside) for value in node.output if value}
    placed = []
    for operator in operators:
        wanted, needed = [operator], dict[int, NodeProto]()
        while wanted:
            for value in wanted.pop().input:
                if value in waiting:
                    place, node = waiting.pop(value)
                    if place not in needed:
                        needed[place] = node
                        wanted.append(node)
        placed += [*(needed[place] for place in sorted(needed)), operator]
        for node in needed.values():
            for value in node.output:
                waiting.pop(value, None)
    return placed + list(dict(waiting.values()).values())


def _refuse_subgraphs(path: str, nodes: list[NodeProto]) -> None:
    branching = sorted({node.op_type for node in nodes if any(subgraphs(node))})
    if branching:
        known = (
            "; the branch that an If takes is read if its condition is known: give the input that it hangs on a number"
        )
        raise refused(
            path,
            f"has operators with subgraphs, which are no part of a chain ({', '.join(branching)})"
            + (known if "If" in branching else ""),
        )
