"""Small graphs for onnxruntime to run, in which every operator that is counted occurs."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

noise = np.random.default_rng(1)


class Case(NamedTuple):
    """A graph in onnx's text form; it begins with r = Relu(x), so that there is a cut, and ends in y."""

    nodes: tuple[str, ...]
    x: tuple[int, ...]
    rank: int  # of y
    kind: int
    opset: int
    stored: dict[str, np.ndarray]

    def save(self, folder: Path) -> Path:
        nodes = [parser.parse_node(node) for node in ("r = Relu(x)", *self.nodes)]
        domains = sorted({node.domain for node in nodes} - {""})
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.x)],
            [helper.make_tensor_value_info("y", self.kind, [None] * self.rank)],
            [numpy_helper.from_array(array, name) for name, array in self.stored.items()],
        )
        opsets = [helper.make_opsetid("", self.opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        path = folder / "net.onnx"
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8 if self.opset < 20 else 10), path)
        return path


def case(
    *nodes: str, x: tuple[int, ...], rank: int, kind: int = TensorProto.FLOAT, opset: int = 17, **stored: Any
) -> Case:
    """Constants are given as arrays, or by shape: then they are noise."""
    arrays = {
        name: noise.standard_normal(value).astype(np.float32) if isinstance(value, tuple) else np.asarray(value)
        for name, value in stored.items()
    }
    return Case(nodes, x, rank, kind, opset, arrays)


def whole(kind: type, *shape: int) -> np.ndarray:
    return noise.integers(0, 100, shape).astype(kind)


ONE, ZERO = np.float32(0.05), np.uint8(3)
SCALES = {"s": ONE, "z": ZERO}
QUANTIZE = "q = QuantizeLinear(r, s, z)"

CASES = {
    "Conv strided, padded, dilated, grouped": case(
        "y = Conv <pads=[1,0,2,1], strides=[2,1], dilations=[1,2], group=2> (r, w, b)",
        x=(2, 4, 9, 8), rank=4, w=(6, 2, 3, 3), b=(6,),
    ),
    "Conv to the same size": case(
        "y = Conv <auto_pad=\"SAME_UPPER\", strides=[3]> (r, w)", x=(1, 2, 10), rank=3, w=(3, 2, 4)
    ),
    "Conv in three dimensions": case("y = Conv (r, w)", x=(1, 2, 5, 4, 6), rank=5, w=(3, 2, 2, 3, 2)),
    "ConvTranspose": case(
        "y = ConvTranspose <strides=[2,3], pads=[1,0,0,2], output_padding=[1,0], group=2> (r, w, b)",
        x=(2, 4, 5, 3), rank=4, w=(4, 3, 3, 2), b=(6,),
    ),
    "DeformConv": case(
        "y = DeformConv <pads=[1,1,1,1], group=2> (r, w, o)",
        x=(1, 4, 5, 6), rank=4, opset=19, w=(6, 2, 3, 3), o=(1, 18, 5, 6),
    ),
    "AffineGrid": case(
        "y = AffineGrid (r, size)", x=(2, 2, 3), rank=4, opset=20, size=np.int64([2, 3, 4, 5]),
    ),
    "AffineGrid in three dimensions": case(
        "y = AffineGrid (r, size)", x=(1, 3, 4), rank=5, opset=20, size=np.int64([1, 3, 4, 5, 6]),
    ),
    "Gemm": case("y = Gemm (r, w, b)", x=(3, 4), rank=2, w=(4, 5), b=(5,)),
    "Gemm transposed": case("y = Gemm <transA=1, transB=1> (r, w)", x=(4, 3), rank=2, w=(5, 4)),
    "MatMul of stacks": case("y = MatMul (r, w)", x=(2, 1, 3, 4), rank=4, w=(5, 4, 6)),
    "MatMul of tall matrices": case("y = MatMul (r, w)", x=(2, 3, 4), rank=3, w=(4, 6)),
    "MatMul by a vector": case("y = MatMul (r, w)", x=(2, 3, 4), rank=2, w=(4,)),
    "MatMul of a vector": case("y = MatMul (r, w)", x=(4,), rank=2, w=(3, 4, 5)),
    "MatMul with itself": case("t = Transpose <perm=[0,2,1]> (r)", "y = MatMul (r, t)", x=(2, 3, 4), rank=3),
    "Einsum of heads": case('y = Einsum <equation="bhid,bhjd->bhij"> (r, w)', x=(1, 2, 3, 4), rank=4, w=(1, 2, 5, 4)),
    "Einsum with an ellipsis": case('y = Einsum <equation="...ij,jk->...ik"> (r, w)', x=(2, 3, 4, 5), rank=4, w=(5, 6)),
    "Einsum that sums": case('y = Einsum <equation="bij,ij"> (r, w)', x=(2, 3, 4), rank=1, w=(3, 4)),
    "Einsum of one": case("m = MatMul (r, w)", 'y = Einsum <equation="ij->ji"> (m)', x=(2, 3), rank=2, w=(3, 4)),
    "Einsum without a result": case('y = Einsum <equation="ij,jk"> (r, w)', x=(2, 3), rank=2, w=(3, 4)),
    "Einsum of a diagonal": case('y = Einsum <equation="ii,ij->j"> (r, w)', x=(3, 3), rank=1, w=(3, 4)),
    "Einsum of three": case('y = Einsum <equation="ij,jk,kl->il"> (r, w, v)', x=(2, 3), rank=2, w=(3, 4), v=(4, 5)),
    "LSTM": case("y = LSTM <hidden_size=5> (r, w, u, b)", x=(3, 2, 4), rank=4, w=(1, 20, 4), u=(1, 20, 5), b=(1, 40)),
    "LSTM both ways, the last state alone": case(
        ', y = LSTM <hidden_size=5, direction="bidirectional"> (r, w, u, , , h, c, p)',
        x=(3, 2, 4), rank=3, w=(2, 20, 4), u=(2, 20, 5), h=(2, 2, 5), c=(2, 2, 5), p=(2, 15),
    ),
    "GRU": case(
        "y = GRU <hidden_size=5, linear_before_reset=1> (r, w, u, b)",
        x=(3, 2, 4), rank=4, w=(1, 15, 4), u=(1, 15, 5), b=(1, 30),
    ),
    "RNN backwards": case(
        'y = RNN <hidden_size=5, direction="reverse"> (r, w, u)', x=(3, 1, 4), rank=4, w=(1, 5, 4), u=(1, 5, 5)
    ),
    "QLinearConv": case(
        QUANTIZE, "c = QLinearConv <pads=[1,1,1,1], group=2> (q, s, z, w, s, z, s, z, b)",
        "y = DequantizeLinear (c, s, z)",
        x=(1, 4, 5, 5), rank=4, w=whole(np.uint8, 6, 2, 3, 3), b=whole(np.int32, 6), **SCALES,
    ),
    "QLinearMatMul": case(
        QUANTIZE, "c = QLinearMatMul (q, s, z, w, s, z, s, z)", "y = DequantizeLinear (c, s, z)",
        x=(2, 3, 4), rank=3, w=whole(np.uint8, 4, 5), **SCALES,
    ),
    "ConvInteger": case(
        QUANTIZE, "y = ConvInteger <strides=[2,2]> (q, w, z)",
        x=(1, 2, 5, 6), rank=4, kind=TensorProto.INT32, w=whole(np.uint8, 3, 2, 2, 3), **SCALES,
    ),
    "MatMulInteger": case(
        QUANTIZE, "y = MatMulInteger (q, w, z)",
        x=(2, 3, 4), rank=3, kind=TensorProto.INT32, w=whole(np.int8, 4, 5), **SCALES
    ),
    "Attention of heads": case(
        "y = Attention (r, k, v)", x=(1, 2, 3, 4), rank=4, opset=23, k=(1, 2, 5, 4), v=(1, 2, 5, 6)
    ),
    "Attention, heads flat and grouped": case(
        "y = Attention <q_num_heads=4, kv_num_heads=2> (r, k, v)",
        x=(1, 3, 16), rank=3, opset=23, k=(1, 5, 8), v=(1, 5, 12)
    ),
    "Attention with a past": case(
        "y, pk, pv = Attention (r, k, v, , p, o)",
        x=(1, 2, 3, 4), rank=4, opset=23, k=(1, 2, 5, 4), v=(1, 2, 5, 6), p=(1, 2, 7, 4), o=(1, 2, 7, 6),
    ),
    "FusedConv": case(
        'y = com.microsoft.FusedConv <activation="Relu", pads=[1,1,1,1]> (r, w, b)',
        x=(1, 2, 5, 6), rank=4, w=(3, 2, 3, 3), b=(3,)
    ),
    "FusedConv with a sum": case(
        'c = Conv <pads=[1,1,1,1]> (r, w)',
        'y = com.microsoft.FusedConv <activation="Relu", pads=[1,1,1,1]> (c, v, b, c)',
        x=(1, 2, 5, 6), rank=4, w=(3, 2, 3, 3), v=(3, 3, 3, 3), b=(3,),
    ),
    "FusedMatMul": case(
        "y = com.microsoft.FusedMatMul <transA=1, transB=1, alpha=0.5> (r, w)", x=(2, 4, 3), rank=3, w=(2, 5, 4)
    ),
    "FusedMatMul across the batch": case(
        "y = com.microsoft.FusedMatMul <transBatchA=1, transBatchB=1> (r, w)", x=(3, 2, 4), rank=3, w=(4, 2, 5)
    ),
    "TransposeMatMul": case("y = com.microsoft.TransposeMatMul <transA=1> (r, w)", x=(2, 4, 3), rank=3, w=(4, 5)),
    "FusedGemm": case(
        'y = com.microsoft.FusedGemm <activation="Relu", transB=1> (r, w, b)', x=(3, 4), rank=2, w=(5, 4), b=(5,)
    ),
    "QGemm": case(
        QUANTIZE, "y = com.microsoft.QGemm <transB=1> (q, s, z, w, s, z, b)",
        x=(3, 4), rank=2, w=whole(np.uint8, 5, 4), b=whole(np.int32, 5), **SCALES,
    ),
    "MatMulIntegerToFloat": case(
        QUANTIZE, "y = com.microsoft.MatMulIntegerToFloat (q, w, s, s, z)",
        x=(2, 3, 4), rank=3, w=whole(np.int8, 4, 5), **SCALES
    ),
    "DynamicQuantizeMatMul": case(
        "y = com.microsoft.DynamicQuantizeMatMul (r, w, s)", x=(2, 3, 4), rank=3, w=whole(np.int8, 4, 5), s=ONE
    ),
    "MatMulNBits": case(
        "y = com.microsoft.MatMulNBits <K=40, N=5, bits=4, block_size=32> (r, w, t)",
        x=(2, 3, 40), rank=3, w=whole(np.uint8, 5, 2, 16), t=(10,),
    ),
    "MatMulBnb4": case(
        "y = com.microsoft.MatMulBnb4 <K=32, N=5, block_size=16, quant_type=1> (r, w, t)",
        x=(2, 3, 32), rank=3, w=whole(np.uint8, 80), t=(10,),
    ),
    "DynamicQuantizeLSTM": case(
        "y = com.microsoft.DynamicQuantizeLSTM <hidden_size=5> (r, w, u, b, , , , , s, z, s, z)",
        x=(3, 2, 4), rank=4, w=whole(np.uint8, 1, 4, 20), u=whole(np.uint8, 1, 5, 20), b=(1, 40),
        s=np.float32([0.05]), z=np.uint8([3]),
    ),
    "contributed Attention": case(
        "y = com.microsoft.Attention <num_heads=2> (r, w, b)", x=(1, 3, 5), rank=3, w=(5, 24), b=(24,)
    ),
    "contributed Attention, values wider than keys": case(
        "y = com.microsoft.Attention <num_heads=2, qkv_hidden_sizes=[4,4,6]> (r, w, b)",
        x=(2, 3, 5), rank=3, w=(5, 14), b=(14,)
    ),
    "contributed Attention with a past": case(
        "y, p = com.microsoft.Attention <num_heads=2> (r, w, b, , o)",
        x=(1, 3, 5), rank=3, w=(5, 24), b=(24,), o=(2, 1, 2, 7, 4)
    ),
    "QAttention": case(
        QUANTIZE, "y = com.microsoft.QAttention <num_heads=2> (q, w, b, s, s, , z, z)",
        x=(1, 3, 5), rank=3, w=whole(np.uint8, 5, 24), b=(24,), **SCALES,
    ),
    "MultiHeadAttention": case(
        "y = com.microsoft.MultiHeadAttention <num_heads=2> (r, k, v)", x=(1, 3, 8), rank=3, k=(1, 5, 8), v=(1, 5, 12)
    ),
    "MultiHeadAttention, keys by head": case(
        "y = com.microsoft.MultiHeadAttention <num_heads=2> (r, k, v)",
        x=(1, 3, 8), rank=3, k=(1, 2, 5, 4), v=(1, 2, 5, 4)
    ),
    "MultiHeadAttention with a past": case(
        "y, pk, pv = com.microsoft.MultiHeadAttention <num_heads=2> (r, k, v, , , , p, o)",
        x=(1, 3, 8), rank=3, k=(1, 5, 8), v=(1, 5, 8), p=(1, 2, 7, 4), o=(1, 2, 7, 4),
    ),
    "GroupQueryAttention": case(
        "y, pk, pv = com.microsoft.GroupQueryAttention <num_heads=4, kv_num_heads=2> (r, k, v, , , n, t)",
        x=(1, 3, 32), rank=3, k=(1, 3, 16), v=(1, 3, 16), n=np.int32([2]), t=np.int32(3),
    ),
    "GroupQueryAttention, packed": case(
        "y, pk, pv = com.microsoft.GroupQueryAttention <num_heads=4, kv_num_heads=2> (r, , , , , n, t)",
        x=(1, 3, 64), rank=3, n=np.int32([2]), t=np.int32(3),
    ),
    "contributed QLinearConv, channels last": case(
        QUANTIZE, "c = com.microsoft.QLinearConv <channels_last=1> (q, s, z, w, s, z, s, z)",
        "y = DequantizeLinear (c, s, z)",
        x=(1, 5, 6, 2), rank=4, w=whole(np.uint8, 3, 2, 3, 3), **SCALES,
    ),
}  # fmt: skip
