"""An ONNX file that is read without trusting it: a regular file, valid, its functions inlined within bounds."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper
from onnx.external_data_helper import uses_external_data
from onnx.inliner import inline_local_functions

from coinfer.validation import InputError, brief

MOST_BYTES = 2**31 - 1  # what protobuf can hold
MOST_OPERATORS = 100_000  # after functions are inlined; reading takes some 10 s then
MOST_LEVELS = 100  # of functions that call functions
STORED_APART = 4  # the form of files since which stored tensors need not be inputs; onnxruntime adds such to older ones
CONTRIBUTED = "com.microsoft"
MISPLACED = frozenset({"SimplifiedLayerNormalization"})  # onnxruntime saves it as if it were in onnx's own domain

Callee = tuple[str, str, str]  # domain, name and overload of a function


def load_model(path: str) -> ModelProto:
    """The model in an ONNX file, checked and without calls of functions; external data are not read.

    Raises `InputError` for what is no file or no valid one, and for functions that are too many or call themselves.
    """
    data = _read(path)
    try:
        model = onnx.load_model_from_string(data)
        _bound_functions(path, model)
        _read_names(model)
        _rename_misplaced(model)
        _sort(model.graph)
        model.ir_version = max(model.ir_version, STORED_APART)
        onnx.checker.check_model(_without_external_data(model))
        return inline_local_functions(model) if model.functions else model
    except InputError:
        raise
    except Exception as error:  # onnx hands on what its C++ part and protobuf throw, of many kinds
        raise refused(path, f"is not a valid ONNX file ({first_line(error)})") from None


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs that an operator holds, e.g. the two branches of an If."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == AttributeProto.GRAPHS:
            yield from attribute.graphs


def every_node(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Operators and those of the graphs that they hold, at any depth."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        for graph in subgraphs(node):
            waiting.extend(graph.node)


def standard_domain(domain: str) -> str:
    """The domain of an operator, onnx's own by its short name."""
    return "" if domain == "ai.onnx" else domain


def type_name(kind: int) -> str:
    """The name of the type of elements that onnx has by a number, or the number if it has none."""
    return TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else f"{kind}, which onnx has not"


def refused(path: str, reason: str) -> InputError:
    """The error that says in a sentence why a file is no chain."""
    return InputError(f"path = {brief(path, 200)}: {reason}")


def first_line(error: Exception) -> str:
    """What an error of onnx says first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return brief(lines[0] if lines else type(error).__name__, 200)


def _read(path: str) -> bytes:
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise refused(path, "is a directory; should be an ONNX file")
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device may have no end
            raise refused(path, "is not a regular file")
        if found.st_size > MOST_BYTES:
            raise refused(
                path, f"has {found.st_size} bytes; an ONNX file has at most {MOST_BYTES}, external data apart"
            )
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise refused(path, "no such file") from None
    except OSError as error:
        raise refused(path, f"cannot be read ({error.strerror})") from None
    except ValueError as error:  # a name that no file can have
        if isinstance(error, InputError):
            raise
        raise refused(path, f"cannot be read ({error})") from None


def _read_names(model: ModelProto) -> None:
    """Read every name once: one that is not in UTF-8 raises `UnicodeDecodeError` here, and nowhere later."""
    waiting: list[Any] = [model]
    while waiting:
        for field, value in waiting.pop().ListFields():
            if field.message_type is not None:
                waiting.extend(value if isinstance(value, Iterable) else [value])
            elif field.type == field.TYPE_STRING and isinstance(value, Iterable):
                list(value)


def _bound_functions(path: str, model: ModelProto) -> None:
    """Refuse functions that call themselves, or whose calls would fill the memory once they are inlined."""
    bodies: dict[Callee, Iterable[NodeProto]] = {
        (each.domain, each.name, each.overload): each.node for each in model.functions
    }
    _at_most(path, "operators", len(model.graph.node), MOST_OPERATORS)
    whole = ("", "", "")
    bodies[whole] = model.graph.node
    calls = {key: Counter(map(_callee, every_node(body))) for key, body in bodies.items()}
    operators, sizes, levels = dict[Callee, int](), dict[Callee, int](), dict[Callee, int]()
    try:
        order = list(TopologicalSorter({key: calls[key].keys() & bodies.keys() for key in bodies}).static_order())
    except CycleError as error:
        cycle = " -> ".join(name for _, name, _ in error.args[1][:4])
        raise refused(path, f"has functions that call themselves ({brief(cycle, 100)})") from None
    for key in order:
        called = [callee for callee in calls[key] if callee in bodies]
        operators[key] = sum(number * operators.get(callee, 1) for callee, number in calls[key].items())
        sizes[key] = sum(node.ByteSize() for node in bodies[key]) + sum(
            calls[key][each] * sizes[each] for each in called
        )
        levels[key] = 1 + max((levels[each] for each in called), default=0)
    _at_most(path, "operators", operators[whole], MOST_OPERATORS)
    _at_most(path, "bytes of operators", sizes[whole], MOST_BYTES)
    _at_most(path, "levels of functions", levels[whole] - 1, MOST_LEVELS)


def _at_most(path: str, name: str, found: int, most: int) -> None:
    if found > most:
        amount = found if found < 10**12 else "more than 10^12"
        raise refused(path, f"has {amount} {name} once its functions are inlined; at most {most} are read")


def _callee(node: NodeProto) -> Callee:
    return node.domain, node.op_type, node.overload


def _rename_misplaced(model: ModelProto) -> None:
    """Give operators that onnxruntime takes for onnx's own the domain of its own, or onnx's checker refuses them."""
    misplaced = [
        node
        for node in every_node(model.graph.node)
        if node.op_type in MISPLACED and not standard_domain(node.domain) and not onnx.defs.has(node.op_type, "")
    ]
    for node in misplaced:
        node.domain = CONTRIBUTED
    if misplaced and all(opset.domain != CONTRIBUTED for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(CONTRIBUTED, 1))


def _sort(whole: GraphProto) -> None:
    """Put operators in the order of a run, which tools that onnxruntime reads do not keep; a cycle is left to the checker."""
    for graph in [whole, *(inner for node in every_node(whole.node) for inner in subgraphs(node))]:
        made_at = {value: place for place, node in enumerate(graph.node) for value in node.output if value}
        needs = {
            place: {made_at[value] for each in every_node([node]) for value in each.input if value in made_at} - {place}
            for place, node in enumerate(graph.node)
        }
        if all(max(before, default=-1) < place for place, before in needs.items()):
            continue
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError:
            continue
        nodes = [graph.node[place] for place in order]
        del graph.node[:]
        graph.node.extend(nodes)


def _without_external_data(model: ModelProto) -> ModelProto:
    """A model whose external weights are inputs: the checker would look for their files, which need not be there."""
    external = [tensor for tensor in model.graph.initializer if uses_external_data(tensor)]
    if not external:
        return model
    bare = ModelProto()
    bare.CopyFrom(model)
    named = {value.name for value in bare.graph.input}
    for tensor in external:
        bare.graph.initializer.remove(tensor)
        if tensor.name not in named:
            bare.graph.input.append(_declared(tensor))
    return bare


def _declared(tensor: TensorProto) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
