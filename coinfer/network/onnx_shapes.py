"""Types and shapes of every value of an ONNX graph, by one walk over its operators."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import prod

import onnx
from onnx import GraphProto, NodeProto, TensorProto, TypeProto, ValueInfoProto, helper, numpy_helper

from coinfer.network.onnx_branches import in_place
from coinfer.network.onnx_contrib import Shapes, contributed_shapes, contributed_types
from coinfer.network.onnx_file import CONTRIBUTED, every_node, first_line, refused, standard_domain, subgraphs
from coinfer.network.onnx_values import COMPUTED, DATA_DEPENDENT, OF_SHAPES, Values, alone, complete_shape, sized

INDEX_TYPES = frozenset({"tensor(int32)", "tensor(int64)", "tensor(bool)"})
SHAPED_BY_NUMBERS = frozenset({"OneHot", "Range", "Resize", "Upsample"})  # on inputs that are not of those types
# operators of onnx itself whose inference fails or finds nothing (1.23), for it goes through their definition
LIKE_FIRST = frozenset({"GroupNormalization", "MeanVarianceNormalization"})


def walk(nodes: Sequence[NodeProto], values: Values) -> list[NodeProto]:
    """The operators in the order of a run, the branch that is taken in place of each If whose condition is known.

    What is found of their results joins `values`. Raises `InputError` where shapes or types contradict each other.
    """
    ahead, walked = deque(nodes), []
    names = {name for node in every_node(nodes) for name in (*node.input, *node.output)} | values.types.keys()

    def new_name(name: str) -> str:
        while name in names:
            name += "'"
        names.add(name)
        return name

    while ahead:
        node = ahead.popleft()
        if branch := _taken(node, values):
            taken = in_place(node, branch, new_name)
            values.store(taken.stored)
            values.stated.update({name: sized(kind, values.sizes) for name, kind in taken.stated.items()})
            ahead.extendleft(reversed(taken.operators))
            continue
        walked.append(node)
        found = _found(node, values)
        for name in filter(None, node.output):
            values.settle(name, found.get(name))
        _keep_computable(node, values)
    return walked


@cache
def index_arguments(name: str, version: int, domain: str) -> tuple[bool, ...]:
    """Which formal inputs of an operator are of a type that only shapes, axes, indices and masks have."""
    schema = onnx.defs.get_schema(name, version, domain)
    return tuple(formal.types <= INDEX_TYPES for formal in schema.inputs)


def _found(node: NodeProto, values: Values) -> dict[str, TypeProto]:
    """The types of the results of an operator, as far as its inputs and itself tell them."""
    domain = standard_domain(node.domain)
    kinds = [values.types.get(name) for name in node.input]
    if any(subgraphs(node)) or any(name and kind is None for name, kind in zip(node.input, kinds, strict=True)):
        return {}
    if domain == CONTRIBUTED:
        return _contributed(node, kinds, values)
    if domain not in values.opsets or not onnx.defs.has(node.op_type, values.opsets[domain], domain):
        return {}
    if node.op_type in LIKE_FIRST and kinds[0] is not None:
        return {node.output[0]: kinds[0]}
    inputs = [name for name in dict.fromkeys(node.input) if name]
    known = {name: value for name in _shaping(node, domain, values) if (value := values.value(name)) is not None}
    if node.op_type == "Range":
        known = {name: _scalar(value) for name, value in known.items()}
    if node.op_type == "STFT":
        node = _one_sided(node)
    return _inferred(node, [ValueInfoProto(name=name, type=values.types[name]) for name in inputs], known, values)


def _inferred(
    node: NodeProto, inputs: Iterable[ValueInfoProto], known: Mapping[str, TensorProto], values: Values
) -> dict[str, TypeProto]:
    """What onnx infers of an operator that stands alone, its inputs of known type and in part of known value."""
    model = alone(node, values.opsets, [value for value in inputs if value.name not in known], known)
    try:
        found = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except Exception as error:  # onnx hands on what its C++ part throws, of many kinds
        raise refused(values.path, f"shapes cannot be inferred ({first_line(error)})") from None
    return {result.name: sized(result.type, {}) for result in found.graph.output if result.HasField("type")}


def _shaping(node: NodeProto, domain: str, values: Values) -> Iterator[str]:
    """The inputs of an operator on whose values, not only shapes, the shapes of its results may hang."""
    formal = index_arguments(node.op_type, values.opsets[domain], domain)
    for place, name in enumerate(node.input):
        if name and (node.op_type in SHAPED_BY_NUMBERS or formal[min(place, len(formal) - 1)]):
            yield name


def _scalar(value: TensorProto) -> TensorProto:
    """A limit of a Range as a scalar: onnxruntime also takes a vector of one element, onnx's inference does not."""
    scalar = TensorProto()
    scalar.CopyFrom(value)
    if prod(value.dims) == 1:
        del scalar.dims[:]
    return scalar


def _one_sided(node: NodeProto) -> NodeProto:
    """A spectrum that says that it is one-sided, which is the default, though not for onnx's inference (1.23)."""
    if any(attribute.name == "onesided" for attribute in node.attribute):
        return node
    explicit = NodeProto()
    explicit.CopyFrom(node)
    explicit.attribute.append(helper.make_attribute("onesided", 1))
    return explicit


def _contributed(node: NodeProto, kinds: list[TypeProto | None], values: Values) -> dict[str, TypeProto]:
    def standard(same: NodeProto, inputs: list[ValueInfoProto]) -> Shapes:
        found = _inferred(same, inputs, {}, values)
        return [complete_shape(found.get(name)) for name in same.output]

    if not values.resized and all(values.stated_shape(name) is not None for name in node.output if name):
        return {}
    shapes = contributed_shapes(node, [complete_shape(kind) for kind in kinds], standard)
    elements = contributed_types(node, [kind.tensor_type.elem_type if kind else None for kind in kinds])
    return {
        name: helper.make_tensor_type_proto(element, shape)
        for name, element, shape in zip(node.output, elements, shapes, strict=True)
        if name and shape is not None
    }


def _keep_computable(node: NodeProto, values: Values) -> None:
    """Note an operator whose results can be computed; compute them at once if their shapes hang on it."""
    if node.op_type not in COMPUTED or standard_domain(node.domain):
        return
    ready = all(not name or name in values.values or name in values.producers for name in node.input)
    if not ready and node.op_type not in OF_SHAPES:
        return
    results = [name for name in node.output if name]
    values.producers.update(dict.fromkeys(results, node))
    if node.op_type in DATA_DEPENDENT:
        for name in results:
            if values.shape(name) is None and (value := values.value(name)) is not None:
                values.types[name] = helper.make_tensor_type_proto(value.data_type, list(value.dims))


def _taken(node: NodeProto, values: Values) -> GraphProto | None:
    """The branch that an If takes, if its condition is known."""
    if node.op_type != "If" or standard_domain(node.domain):
        return None
    condition = values.value(node.input[0])
    if condition is None or prod(condition.dims) != 1:
        return None
    chosen = "then_branch" if numpy_helper.to_array(condition).item() else "else_branch"
    (branch,) = [attribute.g for attribute in node.attribute if attribute.name == chosen]
    if len(branch.output) != len(node.output):
        raise refused(values.path, f"has an If of {len(node.output)} results whose branch has {len(branch.output)}")
    return branch
