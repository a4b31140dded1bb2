"""What an ONNX file does when it runs: the check of what is read from it without running.

The only module that imports onnxruntime. Sizes are those of arrays that were there, as onnxruntime's profile tells
them, subgraphs' included, and not of shape inference; operators are run as they stand in the file.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coinfer.network.onnx_chain import layer_bounds, single_activation_cuts
from coinfer.network.onnx_file import every_node, subgraphs
from coinfer.network.onnx_work import operator_macs, read_graph
from coinfer.network.ran_macs import RULES, Ran, Shape, ran_macs

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Arrays = dict[str, np.ndarray]
Given = Mapping[str, "tuple[int, ...] | float | np.ndarray"]


class Executed(NamedTuple):
    """The counts of a run, a layer an entry; `outputs` begins with the raw input. `kinds` are MACs by operator."""

    macs: tuple[int, ...]
    parameters: tuple[int, ...]
    outputs: tuple[int, ...]
    kinds: dict[str, int]


def executed_macs(
    file: Path, *, dimensions: Mapping[str, int] | None = None, inputs: Given | None = None
) -> dict[str, int]:
    """MACs by type of operator of those that a run of a file did on values that are new in every run.

    Arguments are those of `read_onnx`; `inputs` may also be arrays; numbers alone are the same in every run.
    """
    import onnx

    model, given = onnx.load(file), inputs or {}
    kinds: Counter[str] = Counter()
    known = {name for name, value in given.items() if not isinstance(value, tuple | np.ndarray)}
    for ran in executed(model, feeds(model, dimensions or {}, given), known):
        kinds[ran.kind] += ran_macs(ran) or 0
    return {kind: macs for kind, macs in sorted(kinds.items()) if macs}


def executed(model: "ModelProto", given: Arrays, known: Iterable[str] = ()) -> list[Ran]:
    """The operators that a run reached from those inputs that are not `known`, as often as they ran."""
    from onnx.inliner import inline_local_functions

    named = inline_local_functions(model)
    nodes = {}
    for number, node in enumerate(every_node(named.graph.node)):
        node.name = f"node {number}"
        nodes[node.name] = node
    reached, values = set[str](), {value.name for value in named.graph.input if value.name in given} - {*known}
    while _reach(named.graph, values, reached):  # again where operators stand out of order, which onnxruntime allows
        pass
    events = _profile(named, given)
    # onnxruntime repeats operators, adds casts, and writes out those that are functions to it
    if lost := {event["args"]["op_name"] for name, event in events if name not in nodes} & RULES.keys():
        raise ValueError(f"onnxruntime ran operators that the file does not have: {', '.join(sorted(lost))}")
    return [_ran(nodes[name], event["args"]) for name, event in events if name in reached]


def feeds(model: "ModelProto", dimensions: Mapping[str, int], inputs: Given, seed: int = 0) -> Arrays:
    """An array for every input: noise, or the number that is given for it."""
    from onnx.helper import tensor_dtype_to_np_dtype

    stored = {tensor.name for tensor in model.graph.initializer}
    noise, arrays = np.random.default_rng(seed), {}
    for value in model.graph.input:
        if value.name in stored:
            continue
        kind = tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        given = inputs[value.name] if value.name in inputs else _shape(value, dimensions)
        if not isinstance(given, tuple):
            axes = len(value.type.tensor_type.shape.dim)
            arrays[value.name] = given if isinstance(given, np.ndarray) else np.full((1,) * axes, given, kind)
        elif np.issubdtype(kind, np.floating):
            arrays[value.name] = noise.standard_normal(given).astype(kind)
        else:
            arrays[value.name] = noise.integers(0, 2, given).astype(kind)  # small enough for any table of tokens
    return arrays


def _shape(value: Any, dimensions: Mapping[str, int]) -> Shape:
    """The shape of an input, symbolic dimensions called as `read_onnx` calls them."""
    sizes = []
    for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
        names = [name for name in (dimension.dim_param, f"{value.name}[{axis}]") if name in dimensions]
        if dimension.dim_value <= 0 and not names:
            raise ValueError(f"dimension {axis} ({dimension.dim_param!r}) of input {value.name!r} has no size")
        sizes.append(dimension.dim_value if dimension.dim_value > 0 else dimensions[names[0]])
    return tuple(sizes)


def _reach(graph: "GraphProto", values: set[str], reached: set[str]) -> int:
    """Join to `reached` operators that values lead to, and to `values` their results; return how many are new.

    A shape leads nowhere.
    """
    before = len(reached)
    for node in graph.node:
        reads = node.op_type not in ("Shape", "Size") and bool(values & set(node.input))
        for part in subgraphs(node):
            if reads:  # a loop hands its values to its body
                values.update(value.name for value in part.input)
            reads = bool(_reach(part, values, reached)) or reads
        if reads:
            reached.add(node.name)
            values.update(filter(None, node.output))
    return len(reached) - before


def _profile(model: "ModelProto", given: Arrays) -> list[tuple[str, dict[str, Any]]]:
    """The operators that a run went through, by name, with the types and shapes of their arguments and results."""
    with tempfile.TemporaryDirectory() as folder:
        session = _session(model, f"{folder}/run")
        session.run(None, given)
        events = json.loads(Path(session.end_profiling()).read_text())
    ending = "_kernel_time"
    return [(event["name"].removesuffix(ending), event) for event in events if event["name"].endswith(ending)]


def _ran(node: "NodeProto", event: Mapping[str, Any]) -> Ran:
    from onnx.helper import get_attribute_value

    own = node.domain in ("", "ai.onnx")
    inputs, input_types = _places(node.input, event["input_type_shape"])
    outputs, output_types = _places(node.output, event["output_type_shape"])
    attributes = {item.name: get_attribute_value(item) for item in node.attribute if not item.g.node}
    return Ran(
        results=tuple(node.output),
        kind=node.op_type if own else f"{node.domain}:{node.op_type}",
        attributes={name: value.decode() if isinstance(value, bytes) else value for name, value in attributes.items()},
        inputs=inputs,
        outputs=outputs,
        input_types=input_types,
        output_types=output_types,
    )


def _places(
    names: Iterable[str], shown: Iterable[Mapping[str, Iterable[int]]]
) -> tuple[tuple[Shape | None, ...], tuple[str, ...]]:
    """Shapes and types at the places of an operator's arguments; the profile leaves out what the operator does."""
    given = iter(shown)
    pairs: list[tuple[str, Shape | None]] = []
    for name in names:
        ((kind, shape),) = next(given, {"": None}).items() if name else [("", None)]
        pairs.append((kind, None if shape is None else tuple(shape)))
    return tuple(shape for _, shape in pairs), tuple(kind for kind, _ in pairs)


def _session(model: "ModelProto", profile: str = "") -> Any:
    """A model that is ready to run, its operators left as they are."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.disable_prepacking", "1")  # or the profile shows no packed weights
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    return InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


# --- the chain, by running what follows each cut alone


def execute(file: Path) -> Executed:
    """Run a network whole, then the part after every cut from the sent activation alone, and count.

    A layer's MACs and parameters are what the graph from one cut on needs more than the graph from the next cut on.
    Raises `ValueError` if a part needs more than the activation, `AssertionError` if it does not give the whole
    network's result.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.shape_inference.infer_shapes(onnx.load(file))
    given = feeds(model, {}, {})
    sent, results = _sent(file), [value.name for value in model.graph.output]
    arrays = given | _whole(model, given, {*sent, *results} - {*given})
    counted = [(ran, ran_macs(ran)) for ran in executed(model, given)]
    macs = {ran.name: count for ran, count in counted if count is not None}
    kinds = Counter({ran.kind: 0 for ran, count in counted if count is not None})
    for ran, count in counted:
        kinds[ran.kind] += count or 0
    extractor, needed = Extractor(model), []
    for value in sent:
        part = extractor.extract_model([value], results)
        _check(part, value, results, arrays)
        needed.append((sum(macs.get(node.output[0], 0) for node in part.graph.node), _parameters(part)))
    needed.append((0, 0))
    return Executed(
        macs=tuple(before - after for (before, _), (after, _) in pairwise(needed)),
        parameters=tuple(before - after for (_, before), (_, after) in pairwise(needed)),
        outputs=(*(arrays[value].size for value in sent), sum(arrays[value].size for value in results)),
        kinds={kind: macs for kind, macs in sorted(kinds.items()) if macs},
    )


def _sent(file: Path) -> list[str]:
    """The input, and the activation that is sent at every stage between layers."""
    graph = read_graph(file)
    cuts = single_activation_cuts(graph)
    bounds = layer_bounds(graph, cuts, operator_macs(graph), activation_bits=1)
    return [graph.source, *(cuts[bound] for bound in bounds[1:-1])]


def _whole(model: "ModelProto", given: Arrays, wanted: set[str]) -> Arrays:
    """The arrays of some computed values in a run."""
    from onnx import ModelProto

    shown = ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.extend(value for value in (*model.graph.value_info, *model.graph.output) if value.name in wanted)
    return _run(shown, given)


def _run(model: "ModelProto", given: Arrays) -> Arrays:
    session = _session(model)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))


def _check(part: "ModelProto", value: str, results: list[str], arrays: Arrays) -> None:
    held = {value, "", *(tensor.name for tensor in part.graph.initializer)}
    held.update(output for node in part.graph.node for output in node.output)
    missing = {given for node in part.graph.node for given in node.input} - held
    if missing:
        raise ValueError(f"the part after {value} also needs {', '.join(sorted(missing))}")
    got = _run(part, {value: arrays[value]})
    for name in results:
        np.testing.assert_allclose(got[name], arrays[name], rtol=1e-4, atol=1e-5, err_msg=f"from {value}")


def _parameters(part: "ModelProto") -> int:
    """The numbers that a part of the graph stores, scalar settings left out."""
    from onnx import TensorProto

    return sum(prod(item.dims) for item in part.graph.initializer if item.data_type == TensorProto.FLOAT and item.dims)
