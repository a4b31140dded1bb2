"""The operators of an If whose condition is known, in place of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from onnx import GraphProto, NodeProto, TensorProto, TypeProto, helper

from coinfer.network.onnx_file import subgraphs


@dataclass(frozen=True)
class Branch:
    """What stands in the place of an If: the operators of a branch, what it stores, and the types that it states."""

    operators: list[NodeProto]
    stored: list[TensorProto]
    stated: dict[str, TypeProto]


def captured(graph: GraphProto) -> set[str]:
    """The values that a subgraph reads from around it."""
    read = {value.name for value in graph.output}
    own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        read.update(reads(node))
        own.update(node.output)
    return read - own - {""}


def reads(node: NodeProto) -> set[str]:
    """The values that an operator reads, those that only its subgraphs do included."""
    return {value for value in node.input if value}.union(*(captured(graph) for graph in subgraphs(node)))


def live_operators(nodes: Sequence[NodeProto], results: set[str]) -> list[NodeProto]:
    """The operators that lead to a result."""
    needed, live = set(results), []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= reads(node)
            live.append(node)
    return live[::-1]


def in_place(node: NodeProto, graph: GraphProto, new_name: Callable[[str], str]) -> Branch:
    """A branch of an If as operators around it: its results are called as those of the If, what else it makes anew.

    `new_name` makes a name that nothing in the whole graph has from one of the branch.
    """
    made = [value for each in graph.node for value in each.output if value]
    names = {name: new_name(name) for name in (*made, *(tensor.name for tensor in graph.initializer))}
    copies = []
    for result, value in zip(node.output, graph.output, strict=True):
        if value.name in made and names[value.name] not in node.output and result:
            names[value.name] = result
        elif result:  # a value from around the If, a stored one, or one that is handed out twice
            copies.append(helper.make_node("Identity", [names.get(value.name, value.name)], [result]))
    stored = []
    for tensor in graph.initializer:
        stored.append(TensorProto())
        stored[-1].CopyFrom(tensor)
        stored[-1].name = names[tensor.name]
    own = (value for value in (*graph.value_info, *graph.output) if value.name in names)
    stated = {names[value.name]: value.type for value in own}
    return Branch([*(_renamed(each, names) for each in graph.node), *copies], stored, stated)


def _renamed(node: NodeProto, names: Mapping[str, str]) -> NodeProto:
    renamed = NodeProto()
    renamed.CopyFrom(node)
    _rename([renamed], names)
    return renamed


def _rename(nodes: Iterable[NodeProto], names: Mapping[str, str]) -> None:
    """Rename what operators read and make, in their subgraphs what these do not make themselves."""
    for node in nodes:
        node.input[:] = [names.get(value, value) for value in node.input]
        node.output[:] = [names.get(value, value) for value in node.output]
        for graph in subgraphs(node):
            own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
            own.update(value for each in graph.node for value in each.output)
            outer = {name: new for name, new in names.items() if name not in own}
            _rename(graph.node, outer)
            for result in graph.output:
                result.name = outer.get(result.name, result.name)
