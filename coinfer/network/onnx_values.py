"""What is known of the values of an ONNX graph before any input is: types, shapes, and those numbers shapes hang on.

A shape may hang on a value: that of a Reshape, say, on what Shape, Gather and Concat make of the shape of another.
Such values are computed when they are asked for, and only if they are small.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    OperatorSetIdProto,
    SparseTensorProto,
    TensorProto,
    TypeProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)
from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_tensor, uses_external_data
from onnx.reference import ReferenceEvaluator

from coinfer.network.onnx_file import refused, type_name

MOST_ELEMENTS = 10_000  # of a value that is computed to find a shape; no shape hangs on a larger one
MOST_HANDLED = 1_000_000  # elements in all, of some microseconds each
DATA_DEPENDENT = frozenset({"Compress", "NonZero", "Unique"})  # have about as many results as inputs at most
OF_SHAPES = frozenset({"Shape", "Size"})
# What shapes are computed with: quick, of no more elements than their results have, and the same each time.
_NAMES = """
Abs Add And ArgMax ArgMin BitShift Cast CastLike Ceil Clip Concat Constant ConstantOfShape CumSum Div Equal Expand
EyeLike Flatten Floor Gather GatherElements GatherND Greater GreaterOrEqual Identity Less LessOrEqual Max Mean Min
Mod Mul Neg Not OneHot Or Pad Pow Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape
Round ScatterElements ScatterND Shape Sign Size Slice Split Sqrt Squeeze Sub Sum Tile TopK Transpose Trilu Unsqueeze
Where Xor
"""
COMPUTED = DATA_DEPENDENT | frozenset(_NAMES.split())

Shape = tuple[int, ...]


@dataclass
class Values:
    """What is known of the values of a graph before any input is."""

    path: str
    opsets: Mapping[str, int]
    sizes: Mapping[str, int]  # of symbolic dimensions
    resized: bool  # sizes were given: a shape that the file states may be that of others
    stated: dict[str, TypeProto]
    types: dict[str, TypeProto] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    values: dict[str, TensorProto | None] = field(default_factory=dict)  # None: too large, or cannot be computed
    producers: dict[str, NodeProto] = field(default_factory=dict)  # of values that may yet be computed
    handled: int = 0  # elements that were read and made in computing values

    def store(self, tensors: Iterable[TensorProto]) -> None:
        """Take in what the file stores; large tensors and missing external ones by their shape only."""
        for tensor in tensors:
            self.stored.add(tensor.name)
            self.types[tensor.name] = helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
            self.values[tensor.name] = _small(tensor, self.path)

    def store_sparse(self, tensors: Iterable[SparseTensorProto]) -> None:
        """Take in what the file stores without its zeros, as if they were there."""
        for tensor in tensors:
            name, kind = tensor.values.name, tensor.values.data_type
            self.stored.add(name)
            self.types[name] = helper.make_tensor_type_proto(kind, list(tensor.dims))
            self.values[name] = None

    def shape(self, name: str) -> Shape | None:
        """The shape of a value, None if it is not known."""
        return complete_shape(self.types.get(name))

    def stated_shape(self, name: str) -> Shape | None:
        """The shape that the file states of a value, None if it does not or not in full."""
        return complete_shape(self.stated.get(name))

    def value(self, name: str) -> TensorProto | None:
        """The value of that name if it can be computed before any input is known, else None."""
        wanted = [name]
        while wanted:
            node = self.producers.get(wanted[-1])
            if wanted[-1] in self.values or node is None:
                wanted.pop()
                continue
            missing = [each for each in node.input if each and each not in self.values]
            if missing and node.op_type not in OF_SHAPES:
                wanted.extend(missing)
            else:
                self.values.update(_computed(node, self))
        return self.values.get(name)

    def settle(self, name: str, found: TypeProto | None) -> None:
        """Take in the type that an operator gives a value, and what the file states of it."""
        stated = self.stated.get(name)
        kind = _merged(name, found, stated, self) if found and stated else found or stated
        if kind is None:
            return
        shape = complete_shape(kind)
        if shape and min(shape) < 0:  # only a file can say so
            raise refused(self.path, f"the shape of {name!r} is {shape}")
        self.types[name] = kind


def complete_shape(kind: TypeProto | None) -> Shape | None:
    """The shape of a tensor of a type, None if one of its dimensions is not known or it is no tensor."""
    if kind is None or not kind.tensor_type.HasField("shape"):
        return None
    dimensions = kind.tensor_type.shape.dim
    if not all(dimension.HasField("dim_value") for dimension in dimensions):
        return None
    return tuple(dimension.dim_value for dimension in dimensions)


def sized(kind: TypeProto, sizes: Mapping[str, int]) -> TypeProto:
    """A type with the sizes of those symbolic dimensions that have one, and no other symbols."""
    if not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        return kind
    result = TypeProto()
    result.CopyFrom(kind)
    for dimension in result.tensor_type.shape.dim:
        if dimension.HasField("dim_param"):
            size = sizes.get(dimension.dim_param)
            dimension.Clear()
            if size is not None:
                dimension.dim_value = size
    return result


def alone(
    node: NodeProto,
    opsets: Mapping[str, int],
    inputs: Iterable[ValueInfoProto] = (),
    known: Mapping[str, TensorProto] | None = None,
) -> ModelProto:
    """A model of nothing but one operator, its inputs of known type or of known value."""
    graph = GraphProto(
        name="alone",
        node=[node],
        input=inputs,
        initializer=(known or {}).values(),
        output=[ValueInfoProto(name=name) for name in node.output if name],
    )
    versions = [OperatorSetIdProto(domain=domain, version=version) for domain, version in opsets.items()]
    return ModelProto(ir_version=onnx.IR_VERSION, opset_import=versions, graph=graph)


def _computed(node: NodeProto, values: Values) -> dict[str, TensorProto | None]:
    """The values of the results of an operator; None where they are too large or cannot be computed."""
    results = [name for name in node.output if name]
    if node.op_type in OF_SHAPES:
        return {results[0]: _of_shape(node, values)}
    inputs = [values.values[name] for name in node.input if name]
    shapes = [values.shape(name) for name in results]
    sizes = [prod(value.dims) for value in inputs if value] + [prod(shape) for shape in shapes if shape is not None]
    small = all(_is_small(shape, node) for shape in shapes) and values.handled <= MOST_HANDLED
    if not small or any(value is None for value in inputs):
        return dict.fromkeys(results)
    values.handled += sum(sizes)
    model = alone(node, values.opsets, known={value.name: value for value in inputs if value})
    try:
        with np.errstate(all="ignore"):
            arrays = ReferenceEvaluator(model).run(None, {})
        return {
            name: numpy_helper.from_array(np.asarray(array), name) for name, array in zip(results, arrays, strict=True)
        }
    except Exception:  # whatever the evaluation of numbers from a file can raise
        return dict.fromkeys(results)


def _of_shape(node: NodeProto, values: Values) -> TensorProto | None:
    """What Shape or Size gives, as far as it is known of their input."""
    kind = values.types.get(node.input[0])
    if kind is None or not kind.tensor_type.HasField("shape"):
        return None
    part = {attribute.name: attribute.i for attribute in node.attribute}
    dimensions = kind.tensor_type.shape.dim[part.get("start", 0) : part.get("end")]
    if not all(dimension.HasField("dim_value") for dimension in dimensions):
        return None
    shape = [dimension.dim_value for dimension in dimensions]
    number = shape if node.op_type == "Shape" else prod(shape)
    if number != shape and prod(shape) >= 2**63:
        return None
    return numpy_helper.from_array(np.asarray(number, np.int64), node.output[0])


def _merged(name: str, found: TypeProto, stated: TypeProto, values: Values) -> TypeProto:
    """What an operator says of the type of its result, completed by what the file states of it."""
    if not (found.HasField("tensor_type") and stated.HasField("tensor_type")):
        return found
    result, other = TypeProto(), stated.tensor_type
    result.CopyFrom(found)
    own = result.tensor_type
    if own.elem_type and other.elem_type and own.elem_type != other.elem_type:
        types = [type_name(each) for each in (other.elem_type, own.elem_type)]
        raise refused(values.path, f"states the type {types[0]} of {name!r}, which is {types[1]}")
    own.elem_type = own.elem_type or other.elem_type
    if not other.HasField("shape"):
        return result
    if not own.HasField("shape"):
        own.shape.CopyFrom(other.shape)
        return result
    pairs = list(zip(own.shape.dim, other.shape.dim, strict=False))
    differ = len(own.shape.dim) != len(other.shape.dim) or any(
        one.HasField("dim_value") and two.HasField("dim_value") and one.dim_value != two.dim_value for one, two in pairs
    )
    if differ and not values.resized:
        raise refused(values.path, f"states the shape {_text(stated)} of {name!r}, which is {_text(found)}")
    if not differ:
        for one, two in pairs:
            if not one.HasField("dim_value"):
                one.CopyFrom(two)
    return result


def _text(kind: TypeProto) -> str:
    dimensions = (str(each.dim_value) if each.HasField("dim_value") else "?" for each in kind.tensor_type.shape.dim)
    return f"[{', '.join(dimensions)}]"


def _is_small(shape: Shape | None, node: NodeProto) -> bool:
    return prod(shape) <= MOST_ELEMENTS if shape is not None else node.op_type in DATA_DEPENDENT


def _small(tensor: TensorProto, path: str) -> TensorProto | None:
    """A stored tensor if it is small and not missing."""
    if prod(tensor.dims) > MOST_ELEMENTS:
        return None
    if not uses_external_data(tensor):
        return tensor
    read = TensorProto()
    read.CopyFrom(tensor)
    try:
        length = ExternalDataInfo(tensor).length
        if length is None or length > 16 * MOST_ELEMENTS:
            return None
        load_external_data_for_tensor(read, str(Path(path).parent))
    except Exception:  # it is missing, or not what it should be: a weight that need not be there
        return None
    read.data_location = TensorProto.DEFAULT
    del read.external_data[:]
    return read
