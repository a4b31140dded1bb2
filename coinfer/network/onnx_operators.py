"""What every ONNX operator multiplies: a formula for those that do, a list of those that do not.

A multiply-accumulate (MAC) is a product that is added to a sum of products. Adding a bias or a residual, scaling,
activations, pooling, interpolation and products element by element are none. Sequences and attention are counted at full
length, masked or not, as they are where they are written out in MatMul. What is in neither list is not known, and
`onnx_chain` refuses it by name. The meaning of arguments is that of the specifications of ONNX, and of onnxruntime's
docs/ContribOperators.md for the domain com.microsoft.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

    from coinfer.network.onnx_graph import Graph

Operator = tuple[str, str]  # domain, empty for the standard one, and name
Labels = dict[str | int, int]  # of an Einsum's operand: label, or axis of the ellipsis from its end -> extent
MICROSOFT = "com.microsoft"
ONE_MACHINE = "com.microsoft.nchwc"  # its tensors are laid out for the processor that a file was optimised on


def operator(node: "NodeProto") -> Operator:
    """The domain and the name of an operator."""
    return ("" if node.domain == "ai.onnx" else node.domain, node.op_type)


def label(kind: Operator) -> str:
    """How an operator is called: its name, with the domain before it unless that is the standard one.

    >>> label(("com.microsoft", "FusedConv"))
    'com.microsoft:FusedConv'
    """
    return ":".join(filter(None, kind))


def macs(node: "NodeProto", graph: "Graph") -> int | None:
    """Multiply-accumulates of an operator; None if they are not known. Raises `InputError` if it lacks arguments."""
    kind = operator(node)
    if kind in WITHOUT_MACS:
        return 0
    if kind not in COUNTED:
        return None
    try:
        return COUNTED[kind](node, graph)
    except IndexError:  # onnx's checker knows no operators of other domains
        output = next(filter(None, node.output), "")
        raise graph.refused(f"{label(kind)} of {output!r} lacks an argument, or an axis of one") from None


def stored_arguments(node: "NodeProto", graph: "Graph") -> list[str]:
    """The arguments of an operator that are parameters if they are stored: data, a bias of whole numbers included."""
    bias = node.input[8:9] if node.op_type == "QLinearConv" else []
    return list(dict.fromkeys([*graph.data_arguments(node), *filter(None, bias)]))


# ---------------------------------------------------------------- formulas


def _convolution(node: "NodeProto", graph: "Graph", weight: int = 1) -> int:
    """Each value of the output is a sum over the kernel and the input channels of its group, in whatever layout."""
    if node.op_type in ("Conv", "ConvInteger", "QLinearConv", "FusedConv"):
        _check_channels(node, graph, weight)
    return graph.size(node.output[0]) * prod(_shape(node, graph, weight)[1:])


def _transposed_convolution(node: "NodeProto", graph: "Graph") -> int:
    """Each value of the input is spread over the kernel and the output channels of its group."""
    return _size(node, graph, 0) * prod(_shape(node, graph, 1)[1:])


def _product(node: "NodeProto", graph: "Graph") -> int:
    """Each value of the output is a sum over the inner axis, which the left operand shows."""
    left = _shape(node, graph, 0)
    inner = -1
    if len(left) > 1 and _integer(node, "transA"):
        inner = 0 if _integer(node, "transBatchA") else -2
    return graph.size(node.output[0]) * left[inner]


def _packed_product(node: "NodeProto", graph: "Graph") -> int:
    """Each value of the left operand meets all N columns of a weight whose shape only attributes tell, or all K rows."""
    forward = node.op_type != "MatMulBnb4" or _integer(node, "transB", 1)
    columns = _integer(node, "N" if forward else "K")
    if columns < 1:
        raise graph.refused(f"{node.op_type} of {node.output[0]!r} does not say its {'N' if forward else 'K'}")
    return _size(node, graph, 0) * columns


def _recurrent(node: "NodeProto", graph: "Graph") -> int:
    """In each step each sequence meets all weights of the input and of the state, in every direction."""
    steps, batch, width = (_shape(node, graph, 0)[axis] for axis in range(3))  # the first two may change places
    weights = _shape(node, graph, 1)
    if width not in weights[1:]:
        raise graph.refused(
            f"{node.op_type} of {node.output[0]!r} has weights {list(weights)} for inputs of width {width}"
        )
    return steps * batch * (_size(node, graph, 1) + _size(node, graph, 2))


def _affine_grid(node: "NodeProto", graph: "Graph") -> int:
    """Each coordinate of a place is the product of a row of theta and a position."""
    return graph.size(node.output[0]) * _shape(node, graph, 0)[-1]


def _einsum(node: "NodeProto", graph: "Graph") -> int:
    """Operands meet in pairs from the left; a label is a loop of its pair, unless it was summed over in one before."""
    terms, result = _einsum_terms(node, graph)
    total, held = 0, terms[0]
    for place, term in enumerate(terms[1:], start=2):
        loops = {name: _broadcast(held.get(name, 1), term.get(name, 1)) for name in held | term}
        if any(loops[name] != extent != 1 for some in (held, term) for name, extent in some.items()):
            raise graph.refused(f"Einsum of {node.output[0]!r} has an index of two sizes")
        total += prod(loops.values())
        wanted = result.union(*terms[place:])
        held = {name: extent for name, extent in loops.items() if name in wanted}
    return total


def _attention(node: "NodeProto", graph: "Graph") -> int:
    """Each query meets each key, and each weight of that each value; heads that share a key all meet it."""
    length = _shape(node, graph, 1)[-2]
    if _given(node, 4):
        length += _shape(node, graph, 4)[2]
    return (_size(node, graph, 0) + graph.size(node.output[0])) * length


def _projected_attention(node: "NodeProto", graph: "Graph", past: int) -> int | None:
    """The projections to query, key and value, and attention over the sequence and its past."""
    batch, length, width = (_shape(node, graph, 0)[axis] for axis in range(3))
    projected = _shape(node, graph, 1)[1]
    query, _, value = _integers(node, "qkv_hidden_sizes", 3) or (projected // 3,) * 3
    if _integer(node, "past_present_share_buffer"):
        return None  # the past is a buffer, of which the shape does not say how much is filled
    seen = length + (_shape(node, graph, past)[3] if _given(node, past) else 0)
    return batch * length * (width * projected + seen * (query + value))


def _multi_head_attention(node: "NodeProto", graph: "Graph") -> int | None:
    """As attention, of a query that may hold key and value too, and of keys that may hold values."""
    if _given(node, 8):
        return None  # the past is a buffer
    query = _shape(node, graph, 0)
    if _given(node, 1):
        key = _shape(node, graph, 1)
        queries, length = prod(query), key[2 if len(key) == 4 else 1]
    else:
        queries, length = prod(query) // query[3], query[1]
    if _given(node, 6):
        length += _shape(node, graph, 6)[2]
    return (queries + graph.size(node.output[0])) * length


def _group_query_attention(node: "NodeProto", graph: "Graph") -> int | None:
    """As attention, without a past: a past may be a buffer, and no shape says how much of it is filled."""
    if _given(node, 3) and _size(node, graph, 3):
        return None
    length = _shape(node, graph, 1 if _given(node, 1) else 0)[1]
    return 2 * graph.size(node.output[0]) * length


# ---------------------------------------------------------------- arguments and attributes


def _check_channels(node: "NodeProto", graph: "Graph", weight: int) -> None:
    """Refuse a convolution whose groups do not fit its channels, which onnx's inference lets pass."""
    data, kernel, groups = _shape(node, graph, 0), _shape(node, graph, weight), _integer(node, "group", 1)
    last = not data or _integer(node, "channels_last")
    if not last and (groups < 1 or data[1] != groups * kernel[1] or kernel[0] % groups):
        raise graph.refused(
            f"{node.op_type} of {node.output[0]!r} has weights {list(kernel)} in group = {groups}, which do not fit its "
            f"{data[1]} channels"
        )


def _given(node: "NodeProto", place: int) -> bool:
    return len(node.input) > place and bool(node.input[place])


def _shape(node: "NodeProto", graph: "Graph", place: int) -> tuple[int, ...]:
    if not _given(node, place):
        raise IndexError(place)
    return graph.shape(node.input[place])


def _size(node: "NodeProto", graph: "Graph", place: int) -> int:
    return prod(_shape(node, graph, place))


def _integer(node: "NodeProto", name: str, default: int = 0) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)


def _integers(node: "NodeProto", name: str, length: int) -> tuple[int, ...]:
    """An attribute of several integers; empty if it is left out. Raises `IndexError` if there are not `length`."""
    found = next((tuple(attribute.ints) for attribute in node.attribute if attribute.name == name), ())
    if found and len(found) != length:
        raise IndexError(name)
    return found


def _einsum_terms(node: "NodeProto", graph: "Graph") -> tuple[list[Labels], set[str | int]]:
    """The labels of every operand with their extents, and the labels of the result; onnx has seen that they fit."""
    equation = next(item.s.decode() for item in node.attribute if item.name == "equation")
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = [_term(text, graph.shape(value)) for text, value in zip(left.split(","), node.input, strict=True)]
    axes = {name for term in terms for name in term if isinstance(name, int)}
    if not arrow:
        return terms, axes | {name for name in left if left.count(name) == 1 and name.isalpha()}
    return terms, set(right.replace("...", "")) | (axes if "..." in right else set())


def _term(text: str, shape: tuple[int, ...]) -> Labels:
    """The labels of an operand with their extents."""
    before, _, after = text.partition("...")
    hidden = len(shape) - len(before) - len(after)
    labels: Labels = {}
    for name, extent in zip([*before, *range(-hidden, 0), *after], shape, strict=True):
        labels[name] = _broadcast(labels.get(name, 1), extent)  # a label twice is a diagonal
    return labels


def _broadcast(one: int, other: int) -> int:
    return other if one == 1 else one


# ---------------------------------------------------------------- which operator is what


def _of(domain: str, names: str) -> frozenset[Operator]:
    return frozenset((domain, name) for name in names.split())


Formula = Callable[["NodeProto", "Graph"], int | None]
FORMULAS: dict[Formula, frozenset[Operator]] = {
    _convolution: _of("", "Conv ConvInteger DeformConv CausalConvWithState")
    | _of(MICROSOFT, "FusedConv NhwcConv NhwcFusedConv"),
    partial(_convolution, weight=3): _of("", "QLinearConv") | _of(MICROSOFT, "QLinearConv"),
    _transposed_convolution: _of("", "ConvTranspose") | _of(MICROSOFT, "ConvTransposeWithDynamicPads"),
    _product: _of("", "Gemm MatMul MatMulInteger QLinearMatMul")
    | _of(MICROSOFT, "FusedGemm GemmFloat8 QGemm GemmFastGelu FusedMatMul FusedMatMulActivation TransposeMatMul")
    | _of(MICROSOFT, "DynamicQuantizeMatMul MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat"),
    _packed_product: _of(MICROSOFT, "MatMulBnb4 MatMulNBits"),
    _recurrent: _of("", "GRU LSTM RNN") | _of(MICROSOFT, "DynamicQuantizeLSTM"),
    _affine_grid: _of("", "AffineGrid"),
    _einsum: _of("", "Einsum"),
    _attention: _of("", "Attention"),
    partial(_projected_attention, past=4): _of(MICROSOFT, "Attention"),
    partial(_projected_attention, past=8): _of(MICROSOFT, "QAttention"),
    _multi_head_attention: _of(MICROSOFT, "MultiHeadAttention"),
    _group_query_attention: _of(MICROSOFT, "GroupQueryAttention"),
}
COUNTED: dict[Operator, Formula] = {kind: formula for formula, kinds in FORMULAS.items() for kind in kinds}

ELEMENTWISE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Celu Clip Cos
    Cosh Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Hardmax IsInf IsNaN LeakyRelu Less
    LessOrEqual Log LogSoftmax Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu RotaryEmbedding Round Selu
    Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Sub Sum SwiGLU Swish Tan Tanh ThresholdedRelu Where Xor
    Dropout Bernoulli NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss"""
SUMS_AND_CHOICES = """
    ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool MaxRoiPool MaxUnpool
    RoiAlign NonMaxSuppression NonZero TopK Unique TfIdfVectorizer BatchNormalization GroupNormalization
    InstanceNormalization LayerNormalization LRN LpNormalization MeanVarianceNormalization RMSNormalization"""
MOVES = """
    Cast CastLike BitCast CenterCropPad Col2Im Compress Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Flatten
    Gather GatherElements GatherND GridSample Identity OneHot Pad Range Reshape Resize ReverseSequence Scatter
    ScatterElements ScatterND Shape Size Slice SpaceToDepth Split Squeeze TensorScatter Tile Transpose Trilu Unsqueeze
    Upsample DequantizeLinear DynamicQuantizeLinear QuantizeLinear BlackmanWindow HammingWindow HannWindow MelWeightMatrix
    Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike ConcatFromSequence SequenceAt
    SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence Optional OptionalGetElement
    OptionalHasElement RegexFullMatch StringConcat StringNormalizer StringSplit"""
RUNTIME = """
    Affine Crop DynamicSlice GivenTensorFill ImageScaler MemcpyFromHost MemcpyToHost ParametricSoftplus Scale ScaledTanh
    SimplifiedLayerNormalization"""  # that onnxruntime has in the standard domain beside the standard
FUSED = """
    BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu BitmaskBiasDropout BitmaskDropout ComplexMul ComplexMulConj
    CropAndResize DequantizeBFP DequantizeLinear DequantizeWithOrder EmbedLayerNormalization ExpandDims FastGelu
    GatherBlockQuantized GatherND Gelu GemmaRotaryEmbedding GridSample GroupNorm IsAllFinite MaxpoolWithMask MulInteger
    NGramRepeatBlock NhwcMaxPool Pad QEmbedLayerNormalization QLinearAdd QLinearAveragePool QLinearConcat
    QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere
    QOrderedGelu QOrderedLayerNormalization QuantizeBFP QuantizeLinear QuantizeWithOrder QuickGelu Range ReduceSumInteger
    RelativePositionBias RemovePadding RestorePadding RotaryEmbedding SimplifiedLayerNormalization SkipGroupNorm
    SkipLayerNormalization SkipSimplifiedLayerNormalization Tokenizer TorchEmbedding Trilu UnfoldTensor Unique"""
TABLES = """
    ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder Normalizer
    OneHotEncoder Scaler ZipMap"""
WITHOUT_MACS: frozenset[Operator] = (
    _of("", ELEMENTWISE + SUMS_AND_CHOICES + MOVES + RUNTIME) | _of(MICROSOFT, FUSED) | _of("ai.onnx.ml", TABLES)
)

REASONS: dict[str, frozenset[Operator]] = {
    "the algorithm decides how much is multiplied": _of("", "DFT Det LinearAttention STFT")
    | _of(MICROSOFT, "Inverse Irfft LinearAttention Rfft"),
    "the image decides how much is multiplied": _of("", "ImageDecoder"),
    "it runs graphs of its own": _of("", "If Loop Scan SequenceMap") | _of("ai.onnx.preview", "FlexAttention"),
    "its model stands in attributes": _of("ai.onnx.ml", "LinearClassifier LinearRegressor SVMClassifier SVMRegressor")
    | _of("ai.onnx.ml", "TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor"),
    "training is no inference": _of("ai.onnx.preview.training", "Adagrad Adam Gradient Momentum"),
    "how much of its past is filled stands nowhere": _of(MICROSOFT, "Attention DecoderMaskedMultiHeadAttention")
    | _of(MICROSOFT, "DecoderMaskedSelfAttention GroupQueryAttention MultiHeadAttention PagedAttention QAttention"),
}  # why an operator is not counted, of those that are left out on purpose; any other is not known
