"""The shapes of operators that onnx knows nothing of: those that onnxruntime writes when it optimises or quantises.

They are in the domain com.microsoft; what they take and give is documented in docs/ContribOperators.md of
https://github.com/microsoft/onnxruntime. Most compute what an operator of onnx does, with their arguments elsewhere.
"""

from collections.abc import Callable
from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

Shape = tuple[int, ...]
Shapes = list[Shape | None]  # of the inputs of an operator; None: left out, or not known
Standard = Callable[[NodeProto, list[ValueInfoProto]], Shapes]  # an operator of onnx and its inputs -> of its results

_NAMES = """
BiasAdd BiasDropout BiasGelu BiasSoftmax DequantizeLinear FastGelu Gelu GroupNorm Inverse QLinearLeakyRelu
QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu RotaryEmbedding SimplifiedLayerNormalization SkipGroupNorm
SkipLayerNormalization SkipSimplifiedLayerNormalization Trilu
"""
LIKE_FIRST = frozenset(_NAMES.split())
# the operator of onnx that one computes, and which of its inputs are that one's
STANDARD: dict[str, tuple[str, tuple[int, ...]]] = {
    "DynamicQuantizeLSTM": ("LSTM", (0, 1, 2)),
    "DynamicQuantizeMatMul": ("MatMul", (0, 1)),
    "FusedConv": ("Conv", (0, 1, 2)),
    "FusedGemm": ("Gemm", (0, 1, 2)),
    "FusedMatMul": ("MatMul", (0, 1)),
    "GemmFastGelu": ("MatMul", (0, 1)),
    "MatMulIntegerToFloat": ("MatMul", (0, 1)),
    "NhwcConv": ("Conv", (0, 1, 2)),
    "NhwcFusedConv": ("Conv", (0, 1, 2)),
    "NhwcMaxPool": ("MaxPool", (0,)),
    "QGemm": ("Gemm", (0, 3, 6)),
    "QLinearAdd": ("Add", (0, 3)),
    "QLinearAveragePool": ("AveragePool", (0,)),
    "QLinearConcat": ("Concat", tuple(range(2, 3000, 3))),
    "QLinearConv": ("Conv", (0, 3, 8)),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)),
    "QLinearMul": ("Mul", (0, 3)),
    "QLinearWhere": ("Where", (0, 1, 4)),
    "TransposeMatMul": ("MatMul", (0, 1)),
}
# the place of the input whose type the result has, where that is not the first, and its type if that is left out
TYPED_BY = {
    "DequantizeLinear": (1, TensorProto.FLOAT),
    "EmbedLayerNormalization": (2, TensorProto.FLOAT),
    "MatMulIntegerToFloat": (2, TensorProto.FLOAT),
    "QAttention": (3, TensorProto.FLOAT),
    "QGemm": (8, TensorProto.FLOAT),
    "QLinearConcat": (1, TensorProto.UINT8),
    "QLinearConv": (7, TensorProto.UINT8),
    "QLinearWhere": (1, TensorProto.UINT8),
    "QuantizeLinear": (2, TensorProto.UINT8),
}


def contributed_types(node: NodeProto, types: list[int | None]) -> list[int]:
    """The element types of the results of an operator of onnxruntime, by those of its inputs; 0 if not known."""
    place, otherwise = TYPED_BY.get(node.op_type, (0, TensorProto.UNDEFINED))
    kind = types[place] if place < len(types) and types[place] else otherwise
    if node.op_type == "EmbedLayerNormalization":
        return [int(kind or 0), int(TensorProto.INT32), int(kind or 0)][: len(node.output)]
    return [int(kind or 0)] * len(node.output)


def contributed_shapes(node: NodeProto, shapes: Shapes, standard: Standard) -> Shapes:
    """The shapes of the results of an operator of onnxruntime, by those of its inputs; None if not known."""
    name, results = node.op_type, len(node.output)
    first = shapes[0] if shapes else None
    if first is None:
        found: Shapes = []
    elif name in LIKE_FIRST:
        found = [first, (*first[:-1], 1), (*first[:-1], 1), first]  # of a normalisation: result, mean, deviation, sum
    elif name in STANDARD:
        found = _as_standard(node, shapes, standard)
    elif name in SPECIAL:
        found = SPECIAL[name](first, shapes, _attributes(node))
    else:
        found = []
    return [*found, *[None] * results][:results]


def _as_standard(node: NodeProto, shapes: Shapes, standard: Standard) -> Shapes:
    name, places = STANDARD[node.op_type]
    places = tuple(place for place in places if place < len(node.input))
    if any(node.input[place] and shapes[place] is None for place in places):
        return []
    given = _attributes(node)
    channels_last = node.op_type.startswith("Nhwc") or bool(given.get("channels_last"))
    inputs, arguments = [], []
    for place in places:
        arguments.append(f"i{place}" if node.input[place] else "")
        if (shape := shapes[place]) is None:
            continue
        if place == 0 and channels_last:
            shape = (shape[0], shape[-1], *shape[1:-1])
        if node.op_type in ("FusedMatMul", "TransposeMatMul"):
            shape = _untransposed(shape, given, "B" if place else "A")
        kind = TensorProto.BOOL if name == "Where" and place == 0 else TensorProto.FLOAT
        inputs.append(helper.make_tensor_value_info(arguments[-1], kind, shape))
    same = helper.make_node(name, arguments, list(node.output))
    same.attribute.extend(node.attribute)
    found = standard(same, inputs)
    if channels_last and found and found[0]:
        found[0] = (found[0][0], *found[0][2:], found[0][1])
    return found


def _untransposed(shape: Shape, given: dict[str, Any], side: str) -> Shape:
    """The shape of a factor of FusedMatMul as that of MatMul: its first axis may stand before the batch's, and last."""
    if len(shape) > 2 and given.get(f"transBatch{side}"):
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 and given.get(f"trans{side}") else shape


def _attention(first: Shape, shapes: Shapes, given: dict[str, Any]) -> Shapes:
    """Tokens times a matrix of queries, keys and values side by side, then attention: of the values' width."""
    weights, past = _input(shapes, 1), next((shape for shape in shapes[2:] if shape and len(shape) == 5), None)
    if weights is None or len(first) != 3:
        return []
    widths = given.get("qkv_hidden_sizes")
    result = (*first[:2], widths[2] if widths else weights[-1] // 3)
    heads = given["num_heads"]
    tokens = first[1] + (past[3] if past else 0)
    return [result, (2, first[0], heads, tokens, result[2] // heads)]


def _multi_head_attention(first: Shape, shapes: Shapes, given: dict[str, Any]) -> Shapes:
    """Attention of queries to keys and values: of the queries' length and the values' width, which may be packed."""
    key, value = _input(shapes, 1), _input(shapes, 2)
    heads, past = given["num_heads"], _input(shapes, 6)
    if len(first) == 5:  # (batch, tokens, heads, 3, width of a head)
        return [(*first[:2], first[2] * first[4])]
    if value is None:  # (batch, tokens, heads, 2, width of a head), if the key is there
        return [first] if key is None or len(key) == 5 else []
    if key is None or len(value) == 4:  # (batch, heads, tokens, width of a head)
        return [(*first[:2], value[1] * value[3]), key, value] if len(value) == 4 else []
    tokens = key[1] + (past[2] if past else 0)
    kept = [(first[0], heads, tokens, width[2] // heads) for width in (key, value)]
    return [(*first[:2], value[2]), *kept]


def _group_query_attention(first: Shape, shapes: Shapes, given: dict[str, Any]) -> Shapes:
    """Attention of more heads of queries than of keys and values; without a key, all three are packed in the first."""
    heads, shared, past = given["num_heads"], given["kv_num_heads"], _input(shapes, 3)
    width = first[2] // (heads if _input(shapes, 1) else heads + 2 * shared)
    kept = (first[0], shared, first[1] + (past[2] if past else 0), width)
    return [(*first[:2], heads * width), kept, kept]


def _columns(first: Shape, shapes: Shapes, given: dict[str, Any]) -> Shapes:
    """A product with a packed matrix, which has N columns."""
    return [(*first[:-1], given["N"])]


def _embedding(first: Shape, shapes: Shapes, given: dict[str, Any]) -> Shapes:
    """Rows of tokens as the vectors of a table; also the lengths of the rows."""
    table = _input(shapes, 2)
    vectors = (*first, table[-1]) if table else None
    return [vectors, first[:1], vectors]


SPECIAL: dict[str, Callable[[Shape, Shapes, dict[str, Any]], Shapes]] = {
    "Attention": _attention,
    "EmbedLayerNormalization": _embedding,
    "GroupQueryAttention": _group_query_attention,
    "MatMulBnb4": _columns,
    "MatMulNBits": _columns,
    "MultiHeadAttention": _multi_head_attention,
    "QAttention": _attention,
}


def _input(shapes: Shapes, place: int) -> Shape | None:
    return shapes[place] if place < len(shapes) else None


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
