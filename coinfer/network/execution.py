"""What an ONNX file does when it runs: the check of what is read from it without running.

The only module that imports onnxruntime; `make tables` runs it in an environment of its own. Sizes are those of arrays
that were there, not of shape inference. A layer's MACs and parameters are what the graph from one cut on needs more
than the graph from the next cut on. That one activation is all that crosses a cut is seen from the second part, which
gives the whole network's result from that activation alone.
"""

from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coinfer.network.onnx_chain import layer_bounds, single_activation_cuts
from coinfer.network.onnx_work import operator_macs, read_graph

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

MAC_OPERATORS = ("Conv", "Gemm", "MatMul")
Arrays = dict[str, np.ndarray]


class Executed(NamedTuple):
    """The counts of a run, a layer an entry; `outputs` begins with the raw input. `kinds` are MACs by operator."""

    macs: tuple[int, ...]
    parameters: tuple[int, ...]
    outputs: tuple[int, ...]
    kinds: dict[str, int]


def execute(file: Path) -> Executed:
    """Run a network whole, then the part after every cut from the sent activation alone, and count.

    Raises `ValueError` if a part needs more than that, `AssertionError` if it does not give the whole network's result.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.shape_inference.infer_shapes(onnx.load(file))
    sent, results = _sent(file), [value.name for value in model.graph.output]
    counted = {node.output[0]: node for node in model.graph.node if node.op_type in MAC_OPERATORS}
    operands = {value for node in counted.values() for value in (*node.input[:2], *node.output)}
    arrays = _whole(model, [*sent, *results, *operands])
    macs = {output: _macs(node, arrays) for output, node in counted.items()}
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
        kinds={
            kind: sum(macs[output] for output, node in counted.items() if node.op_type == kind)
            for kind in sorted(MAC_OPERATORS)
        },
    )


def _sent(file: Path) -> list[str]:
    """The input, and the activation that is sent at every stage between layers."""
    graph = read_graph(file)
    cuts = single_activation_cuts(graph)
    bounds = layer_bounds(graph, cuts, operator_macs(graph), activation_bits=1)
    return [graph.source, *(cuts[bound] for bound in bounds[1:-1])]


def _whole(model: "ModelProto", wanted: list[str]) -> Arrays:
    """The arrays of some values in a run on noise, stored constants included."""
    from onnx import ModelProto, numpy_helper

    (source,) = model.graph.input
    shape = tuple(dimension.dim_value for dimension in source.type.tensor_type.shape.dim)
    image = np.random.default_rng(0).standard_normal(shape, np.float32)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    computed = sorted(set(wanted) - set(stored) - {source.name})
    shown = ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.extend(
        value for value in (*model.graph.value_info, *model.graph.output) if value.name in computed
    )
    return stored | {source.name: image} | _run(shown, {source.name: image})


def _run(model: "ModelProto", given: Arrays) -> Arrays:
    """The results of a model, its operators left as they are."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    session = InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
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


def _macs(node: "NodeProto", arrays: Arrays) -> int:
    """By the arrays: every weight of a convolution meets every place; of products, the shared axis is summed over."""
    left, right, output = (arrays[value] for value in (*node.input[:2], node.output[0]))
    if node.op_type == "Conv":
        return right.size * prod(output.shape[2:]) * output.shape[0]
    if node.op_type == "Gemm":
        return output.size * (left.size // output.shape[0])
    return output.size * (right.size // prod(right.shape[:-2]) // right.shape[-1])


def _parameters(part: "ModelProto") -> int:
    """The numbers that a part of the graph stores, scalar settings left out."""
    from onnx import TensorProto

    return sum(prod(item.dims) for item in part.graph.initializer if item.data_type == TensorProto.FLOAT and item.dims)
