"""Which input of an ONNX graph the chain begins with, what the caller says of the others, and how large they all are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import GraphProto, TensorProto, TypeProto, ValueInfoProto, helper, numpy_helper

from coinfer.network.chain import positive_integer
from coinfer.network.onnx_branches import live_operators, reads
from coinfer.network.onnx_file import refused, type_name
from coinfer.validation import InputError, brief, is_number, listed, one_of, whole

UNNAMED = frozenset({"", "?", "-1", "None", "unknown"})  # what tools write for a size that they do not know
MOST_SIZE = 2**31 - 1  # of a dimension that is given
FLOATS = frozenset({TensorProto.BFLOAT16, TensorProto.DOUBLE, TensorProto.FLOAT, TensorProto.FLOAT16})


@dataclass(frozen=True)
class Inputs:
    """The input that the chain begins with, and those that are given: types, values (None: only a shape) and sizes."""

    source: ValueInfoProto
    types: dict[str, TypeProto] = field(default_factory=dict)
    values: dict[str, TensorProto | None] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)  # of the symbolic dimensions of those that are given


def given_inputs(path: str, graph: GraphProto, inputs: Mapping[str, Any]) -> Inputs:
    """Tell the input of the chain from those that the caller gives; raises `InputError` unless exactly one is left."""
    if not isinstance(inputs, Mapping):
        raise InputError(f"inputs = {brief(inputs)}: should give inputs by name, e.g. {{'state': (2, 1, 128)}}")
    stored = {tensor.name for tensor in graph.initializer} | {each.values.name for each in graph.sparse_initializer}
    free = {value.name: value for value in graph.input if value.name not in stored}
    results = {value.name for value in graph.output}
    needed = results.union(*map(reads, live_operators(graph.node, results)))
    wanted = [value for value in free.values() if value.name in needed]
    if not wanted:
        raise refused(path, "should have exactly one input, but has 0 (none)")
    for name in inputs:
        one_of("inputs", name, free)
    left = [value for value in wanted if value.name not in inputs]
    if not left:
        names = listed(value.name for value in wanted)
        raise InputError(f"inputs = {brief(dict(inputs))}: should leave one input to begin with, but has all ({names})")
    if len(left) > 1:
        names, shapes = (
            listed(value.name for value in left),
            listed(f"{value.name!r}: {_text(value)}" for value in left),
        )
        raise refused(
            path,
            f"should have exactly one input, but has {len(left)} ({names}); give all but one a shape or a number, "
            f"inputs={{...}}, of {shapes}",
        )
    given = Inputs(left[0])
    for name, value in inputs.items():
        _give(free[name], value, given)
    return given


def symbolic_sizes(inputs: Inputs, dimensions: Mapping[str, int]) -> dict[str, int]:
    """The size of each symbolic dimension; raises `InputError` unless exactly those of the chain's input get one."""
    if not isinstance(dimensions, Mapping):
        raise InputError(f"dimensions = {brief(dimensions)}: should give sizes by name, e.g. {{'batch': 1}}")
    sizes = {name: positive_integer(f"dimensions[{name!r}]", size) for name, size in dimensions.items()}
    for name, size in sizes.items():
        whole(f"dimensions[{name!r}]", size, 1, MOST_SIZE)
    for name in sizes.keys() & inputs.sizes.keys():
        if sizes[name] != inputs.sizes[name]:
            raise InputError(f"dimensions[{name!r}] = {sizes[name]}: should be {inputs.sizes[name]}, as in inputs")
    symbolic = [name for name in _dimension_names(inputs.source) if name]
    known = sizes | inputs.sizes
    if not set(symbolic) <= set(known) or not set(sizes) <= {*symbolic, *inputs.sizes}:
        raise InputError(
            f"dimensions = {brief(sizes)}: should give each symbolic dimension of input {inputs.source.name!r} a size, "
            f"that is, exactly: {', '.join(dict.fromkeys(symbolic)) or 'none'}"
        )
    return known


def sized_source(source: ValueInfoProto, sizes: Mapping[str, int]) -> TypeProto:
    """The type of the chain's input, its symbolic dimensions of the sizes that were given."""
    kind = TypeProto()
    kind.CopyFrom(source.type)
    for dimension, name in zip(kind.tensor_type.shape.dim, _dimension_names(source), strict=True):
        if name:
            dimension.dim_value = sizes[name]
    return kind


def _give(value: ValueInfoProto, given: Any, inputs: Inputs) -> None:
    """Take in a shape or a number that the caller gives an input."""
    where, tensor = f"inputs[{value.name!r}]", value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        raise InputError(f"{where} = {brief(given)}: that input is no tensor")
    if isinstance(given, tuple | list):
        shape = tuple(whole(where, size, 0, MOST_SIZE) for size in given)
    elif is_number(given) or isinstance(given, bool | np.bool_):
        shape = (1,) * len(tensor.shape.dim)
    else:
        raise InputError(f"{where} = {brief(given)}: should be a shape, e.g. (2, 1, 128), or a number")
    fixed = [dimension.dim_value for dimension in tensor.shape.dim]
    if tensor.HasField("shape") and (
        len(shape) != len(fixed) or any(size > 0 and size != own for size, own in zip(fixed, shape, strict=True))
    ):
        raise InputError(f"{where} = {brief(given)}: should agree with its shape, {_text(value)}")
    for name, size in zip(_dimension_names(value), shape, strict=False):
        if name and inputs.sizes.setdefault(name, size) != size:
            raise InputError(
                f"{where} = {brief(given)}: makes {name} {size}, which another input makes {inputs.sizes[name]}"
            )
    inputs.types[value.name] = helper.make_tensor_type_proto(tensor.elem_type, shape)
    inputs.values[value.name] = None if isinstance(given, tuple | list) else _tensor(value, given, shape)


def _tensor(value: ValueInfoProto, given: Any, shape: tuple[int, ...]) -> TensorProto:
    kind = value.type.tensor_type.elem_type
    try:
        with np.errstate(all="ignore"):
            array = np.full(shape, given).astype(helper.tensor_dtype_to_np_dtype(kind))
        if kind != TensorProto.STRING and (kind in FLOATS or (array == given).all()):
            return numpy_helper.from_array(array, value.name)
    except (KeyError, OverflowError, TypeError, ValueError):
        pass
    name = type_name(kind).lower()
    raise InputError(f"inputs[{value.name!r}] = {brief(given)}: should be a number of type {name}")


def _dimension_names(value: ValueInfoProto) -> Iterator[str]:
    """The name of each dimension of a value: none if its size is fixed, its place if nobody named it."""
    for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
        if dimension.dim_value > 0:
            yield ""
        else:
            yield f"{value.name}[{axis}]" if dimension.dim_param in UNNAMED else dimension.dim_param


def _text(value: ValueInfoProto) -> str:
    """The shape that a file states of a value, as one would write it."""
    if not value.type.tensor_type.HasField("shape"):
        return "(...)"
    sizes = [
        str(each.dim_value) if each.dim_value > 0 else each.dim_param or "?"
        for each in value.type.tensor_type.shape.dim
    ]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
