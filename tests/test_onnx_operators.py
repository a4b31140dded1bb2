"""What ONNX operators multiply, counted while naive loops compute what onnx's own evaluator computes."""

import itertools
import string
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnx_files import ELEMENTS, node, stored, tensor, zeros

import coinfer
from coinfer.catalogue.machines import macs_per_value
from coinfer.network import DNN, Coding, load_dnn, onnx_report, read_onnx, with_jpeg
from coinfer.network.chain import in_bits
from coinfer.network.onnx_chain import BUNDLED, bundled
from coinfer.network.onnx_operators import COUNTED, REASONS, RUNTIME, WITHOUT_MACS
from coinfer.study.real_mlp import nearest_equal
from coinfer.validation import InputError

MS = "com.microsoft"
RNG = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def model(
    nodes: list, given: dict[str, Any], constants: list | None = None, results: dict[str, Any] | None = None, opset=23
) -> onnx.ModelProto:
    """A model; inputs and results are shapes, or (shape, type); a result's shape may be a rank."""

    def value(name: str, stated: Any) -> onnx.ValueInfoProto:
        shape, kind = stated if isinstance(stated, tuple) and isinstance(stated[0], tuple) else (stated, 1)
        return tensor(name, [None] * shape if isinstance(shape, int) else shape, kind)

    domains = sorted({node.domain for node in nodes} - {""})
    return helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [value(*item) for item in given.items()],
            [value(*item) for item in (results or {"y": 2}).items()],
            constants or [],
        ),
        opset_imports=[helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)],
        ir_version=10,
    )


def save(folder: Path, made: onnx.ModelProto) -> Path:
    onnx.save(made, folder / "net.onnx")
    return folder / "net.onnx"


def read(made: onnx.ModelProto, **options: Any) -> DNN:
    with tempfile.TemporaryDirectory() as folder:
        return read_onnx(save(Path(folder), made), **options)


def total(made: onnx.ModelProto) -> int:
    return sum(read(made).macs)


class Tally:
    """Sums of products, whose terms are counted."""

    def __init__(self) -> None:
        self.macs = 0

    def dot(self, left: np.ndarray, right: np.ndarray) -> float:
        return sum(self.times(one, other) for one, other in zip(left.ravel(), right.ravel(), strict=True))

    def times(self, one: float, other: float) -> float:
        self.macs += 1
        return float(one) * float(other)


def agrees(made: onnx.ModelProto, x: np.ndarray, naive: Callable[[Tally], np.ndarray]) -> None:
    """The naive computation gives what onnx's evaluator gives, by as many products as are read from the file."""
    tally = Tally()
    found = naive(tally)
    np.testing.assert_allclose(found, ReferenceEvaluator(made).run(None, {"x": x})[0], rtol=1e-4, atol=1e-4)
    assert total(made) == tally.macs


# ---------------------------------------------------------------- convolutions


def convolve(tally: Tally, x: np.ndarray, w: np.ndarray, stride: int, group: int) -> np.ndarray:
    filters, channels, height, width = w.shape
    rows, columns = ((size - kernel) // stride + 1 for size, kernel in zip(x.shape[2:], (height, width), strict=True))
    y = np.zeros((len(x), filters, rows, columns))
    for n, m, i, j in np.ndindex(*y.shape):
        first = m // (filters // group) * channels
        seen = x[n, first : first + channels, i * stride : i * stride + height, j * stride : j * stride + width]
        y[n, m, i, j] = tally.dot(seen, w[m])
    return y


def scatter(tally: Tally, x: np.ndarray, w: np.ndarray, stride: int, group: int) -> np.ndarray:
    batch, channels, rows, columns = x.shape
    _, filters, height, width = w.shape
    y = np.zeros((batch, filters * group, (rows - 1) * stride + height, (columns - 1) * stride + width))
    for n, c, i, j in np.ndindex(*x.shape):
        for m, k, q in np.ndindex(filters, height, width):
            place = c // (channels // group) * filters + m
            y[n, place, i * stride + k, j * stride + q] += tally.times(x[n, c, i, j], w[c, m, k, q])
    return y


SIZES = {
    "batch": st.integers(1, 2),
    "group": st.integers(1, 2),
    "kernel": st.integers(1, 2),
    "stride": st.integers(1, 2),
}


@given(channels=st.integers(1, 2), filters=st.integers(1, 3), **SIZES)
def test_convolution(batch: int, channels: int, filters: int, group: int, kernel: int, stride: int):
    x, w = draw(batch, channels * group, 4, 3), draw(filters * group, channels, kernel, 2)
    made = model(
        [node("Conv", ["x", "w"], ["y"], group=group, strides=[stride] * 2)], {"x": x.shape}, stored(w=w), {"y": 4}
    )
    agrees(made, x, lambda tally: convolve(tally, x, w, stride, group))


@given(channels=st.integers(1, 2), filters=st.integers(1, 3), **SIZES)
def test_transposed_convolution(batch: int, channels: int, filters: int, group: int, kernel: int, stride: int):
    """In onnx's evaluator only without groups."""
    x, w = draw(batch, channels * group, 3, 2), draw(channels * group, filters, kernel, 2)
    made = model(
        [node("ConvTranspose", ["x", "w"], ["y"], group=group, strides=[stride] * 2)],
        {"x": x.shape},
        stored(w=w),
        {"y": 4},
    )
    if group == 1:
        agrees(made, x, lambda tally: scatter(tally, x, w, stride, group))
    else:
        scatter(tally := Tally(), x, w, stride, group)
        assert total(made) == tally.macs


def test_a_deformable_convolution_multiplies_as_one_that_is_not():
    """With offsets of 0 it is one; where its input is read off the grid, interpolating is not counted."""
    x, w = draw(1, 2, 3, 3), draw(4, 2, 2, 2)
    made = model(
        [node("DeformConv", ["x", "w", "o"], ["y"])], {"x": x.shape}, stored(w=w, o=zeros(1, 8, 2, 2)), {"y": 4}
    )
    agrees(made, x, lambda tally: convolve(tally, x, w, 1, 1))


def test_a_causal_convolution_with_a_state():
    """Each of 3 channels is convolved over its own 4 last values, at each of 5 times."""
    nodes = [node("CausalConvWithState", ["x", "w"], ["y", "state"])]
    made = model(nodes, {"x": (2, 3, 5)}, stored(w=zeros(3, 1, 4)), {"y": 3}, opset=27)
    assert total(made) == sum(1 for _ in itertools.product(range(2), range(3), range(5), range(4)))


# ---------------------------------------------------------------- products


def multiply(tally: Tally, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Matrices, and batches of them."""
    *batch, rows, columns = np.matmul(left, right).shape
    left, right = (np.broadcast_to(side, (*batch, *side.shape[-2:])) for side in (left, right))
    y = np.zeros((*batch, rows, columns))
    for *b, i, j in np.ndindex(*y.shape):
        y[(*b, i, j)] = tally.dot(left[(*b, i)], right[(*b, slice(None), j)])
    return y


@given(left=st.sampled_from([(2, 3), (1, 2, 3), (4, 1, 2, 3)]), right=st.sampled_from([(3, 2), (5, 3, 1)]))
def test_product(left: tuple[int, ...], right: tuple[int, ...]):
    x, w = draw(*left), draw(*right)
    rank = max(len(left), len(right))
    agrees(
        model([node("MatMul", ["x", "w"], ["y"])], {"x": left}, stored(w=w), {"y": rank}),
        x,
        lambda tally: multiply(tally, x, w),
    )


@pytest.mark.parametrize(("left", "right", "macs"), [((3,), (3, 5), 15), ((2, 3), (3,), 6), ((4, 2, 3), (3,), 24)])
def test_product_with_a_vector(left: tuple[int, ...], right: tuple[int, ...], macs: int):
    rank = np.matmul(zeros(*left), zeros(*right)).ndim
    assert total(model([node("MatMul", ["x", "w"], ["y"])], {"x": left}, stored(w=zeros(*right)), {"y": rank})) == macs


def test_affine_grid():
    """On a 2 x 3 map, with positions (x, y, 1)."""
    theta = draw(2, 2, 3)
    places = [(x, y, 1.0) for y in (-0.5, 0.5) for x in (-2 / 3, 0.0, 2 / 3)]
    made = model(
        [node("AffineGrid", ["x", "size"], ["y"])],
        {"x": theta.shape},
        stored(size=np.array([2, 1, 2, 3])),
        {"y": (2, 2, 3, 2)},
    )
    agrees(
        made,
        theta,
        lambda tally: np.reshape(
            [tally.dot(theta[n, row], np.array(place)) for n in range(2) for place in places for row in range(2)],
            (2, 2, 3, 2),
        ),
    )


def loops(tally: Tally, equation: str, operands: Sequence[np.ndarray]) -> np.ndarray:
    """Every label a loop, in one nest; of two operands."""
    left, result = equation.split("->")
    labels = sorted(set(left) - {","})
    terms = left.split(",")
    extents = {
        name: size
        for term, array in zip(terms, operands, strict=True)
        for name, size in zip(term, array.shape, strict=True)
    }
    y = np.zeros([extents[name] for name in result])
    for place in itertools.product(*(range(extents[name]) for name in labels)):
        at = dict(zip(labels, place, strict=True))
        one, other = (array[tuple(at[name] for name in term)] for term, array in zip(terms, operands, strict=True))
        y[tuple(at[name] for name in result)] += tally.times(one, other)
    return y


@given(data=st.data())
def test_einsum_of_two_is_a_nest_of_loops(data: st.DataObject):
    labels = data.draw(st.lists(st.sampled_from("abcd"), min_size=2, max_size=4, unique=True))
    extents = {name: data.draw(st.integers(1, 3)) for name in labels}
    terms = [data.draw(st.lists(st.sampled_from(labels), min_size=1, max_size=3)) for _ in range(2)]
    used = sorted({*terms[0], *terms[1]})
    result = data.draw(st.permutations(used))[: data.draw(st.integers(0, len(used)))]
    equation = f"{''.join(terms[0])},{''.join(terms[1])}->{''.join(result)}"
    x, w = (draw(*(extents[name] for name in term)) for term in terms)
    made = model(
        [node("Einsum", ["x", "w"], ["y"], equation=equation)], {"x": x.shape}, stored(w=w), {"y": len(result)}
    )
    agrees(made, x, lambda tally: loops(tally, equation, [x, w]))


EINSUMS = {  # equation: shapes of the operands after the first, MACs by hand; the first is 2 x 3 x 4
    "a b c, c d -> a b d": ([(4, 5)], 2 * 3 * 4 * 5),
    "abc,cd": ([(4, 5)], 2 * 3 * 4 * 5),
    "...c,cd->...d": ([(4, 5)], 6 * 4 * 5),
    "...c,cd": ([(4, 5)], 6 * 4 * 5),
    "a...,a...->...": ([(2, 1, 4)], 2 * 3 * 4),  # the second is stretched
    "abc,...->abc": ([()], 2 * 3 * 4),
    "abc,cd,de->abe": ([(4, 5), (5, 6)], 2 * 3 * 4 * 5 + 2 * 3 * 5 * 6),  # a product of products, c gone
    "abc,abd,de->e": ([(2, 3, 5), (5, 6)], 2 * 3 * 4 * 5 + 5 * 6),  # a, b and c are summed over in the first pair
    "abc,c,abc->b": ([(4,), (2, 3, 4)], 24 + 24),
}


@pytest.mark.parametrize("equation", EINSUMS)
def test_einsum(equation: str):
    shapes, macs = EINSUMS[equation]
    operands = [zeros(2, 3, 4), *(zeros(*shape) for shape in shapes)]
    names = ["x", *string.ascii_lowercase[: len(shapes)]]
    rank = np.einsum(equation, *operands).ndim  # numpy accepts it, so it means what it should
    made = model(
        [node("Einsum", names, ["y"], equation=equation)],
        {"x": (2, 3, 4)},
        stored(**dict(zip(names[1:], operands[1:], strict=True))),
        {"y": rank},
    )
    assert total(made) == macs


def test_einsum_of_one_operand_only_moves_and_sums():
    nodes = [node("Einsum", ["x"], ["t"], equation="ij->ji"), node("MatMul", ["t", "w"], ["y"])]
    dnn = read(model(nodes, {"x": (3, 4)}, stored(w=zeros(3, 5))))
    assert (dnn.layer_names, dnn.macs) == (("matmul1",), (4 * 3 * 5,))


# ---------------------------------------------------------------- recurrent


def sigmoid(value: float) -> float:
    return 1 / (1 + np.exp(-value))


def lstm(tally: Tally, x: np.ndarray, w: np.ndarray, r: np.ndarray) -> np.ndarray:
    """One direction; the gates of a unit are input, output, forget, cell."""
    hidden = r.shape[-1]
    h, c, seen = np.zeros((x.shape[1], hidden)), np.zeros((x.shape[1], hidden)), []
    for step in x:
        now = np.zeros_like(h)
        for b, unit in np.ndindex(*h.shape):
            i, o, f, g = (
                tally.dot(step[b], w[0, gate * hidden + unit]) + tally.dot(h[b], r[0, gate * hidden + unit])
                for gate in range(4)
            )
            c[b, unit] = sigmoid(f) * c[b, unit] + sigmoid(i) * np.tanh(g)
            now[b, unit] = sigmoid(o) * np.tanh(c[b, unit])
        h = now
        seen.append(h)
    return np.array(seen)[:, None]


def gru(tally: Tally, x: np.ndarray, w: np.ndarray, r: np.ndarray) -> np.ndarray:
    """One direction, linear before reset; the gates of a unit are update, reset, hidden."""
    hidden = r.shape[-1]
    h, seen = np.zeros((x.shape[1], hidden)), []
    for step in x:
        now = np.zeros_like(h)
        for b, unit in np.ndindex(*h.shape):
            rows = [gate * hidden + unit for gate in range(3)]
            (wz, wr, wh), (rz, rr, rh) = (
                [tally.dot(v, m[0, row]) for row in rows] for v, m in ((step[b], w), (h[b], r))
            )
            z = sigmoid(wz + rz)
            now[b, unit] = (1 - z) * np.tanh(wh + sigmoid(wr + rr) * rh) + z * h[b, unit]
        h = now
        seen.append(h)
    return np.array(seen)[:, None]


def rnn(tally: Tally, x: np.ndarray, w: np.ndarray, r: np.ndarray) -> np.ndarray:
    h, seen = np.zeros((x.shape[1], r.shape[-1])), []
    for step in x:
        h = np.tanh(
            [
                [tally.dot(v, a) + tally.dot(k, b) for a, b in zip(w[0], r[0], strict=True)]
                for v, k in zip(step, h, strict=True)
            ]
        )
        seen.append(h)
    return np.array(seen)[:, None]


RECURRENT = {"LSTM": (lstm, 4, {}), "GRU": (gru, 3, {"linear_before_reset": 1}), "RNN": (rnn, 1, {})}


@pytest.mark.parametrize("kind", RECURRENT)
@given(steps=st.integers(1, 3), batch=st.integers(1, 2), width=st.integers(1, 3), hidden=st.integers(1, 3))
def test_recurrent(kind: str, steps: int, batch: int, width: int, hidden: int):
    naive, gates, attributes = RECURRENT[kind]
    x, w, r = draw(steps, batch, width), draw(1, gates * hidden, width), draw(1, gates * hidden, hidden)
    nodes = [node(kind, ["x", "w", "r"], ["y", ""], hidden_size=hidden, **attributes)]
    agrees(model(nodes, {"x": x.shape}, stored(w=w, r=r), {"y": 4}), x, lambda tally: naive(tally, x, w, r))


@pytest.mark.parametrize("kind", RECURRENT)
def test_both_directions_are_twice_one_in_either_layout(kind: str):
    """5 steps, 2 sequences, 3 values in, 4 units."""
    naive, gates, attributes = RECURRENT[kind]
    naive(tally := Tally(), draw(5, 2, 3), draw(1, gates * 4, 3), draw(1, gates * 4, 4))
    constants = stored(w=zeros(2, gates * 4, 3), r=zeros(2, gates * 4, 4))
    for layout, shape in enumerate([(5, 2, 3), (2, 5, 3)]):
        nodes = [
            node(kind, ["x", "w", "r"], ["y"], hidden_size=4, direction="bidirectional", layout=layout, **attributes)
        ]
        assert total(model(nodes, {"x": shape}, constants, {"y": 4})) == 2 * tally.macs


# ---------------------------------------------------------------- attention


def attend(tally: Tally, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of heads: batch x heads x length x size; heads of the query share those of the key in turn."""
    batch, heads, length, size = q.shape
    y = np.zeros((batch, heads, length, v.shape[-1]))
    for b, n, i in np.ndindex(batch, heads, length):
        keys, values = k[b, n * k.shape[1] // heads], v[b, n * k.shape[1] // heads]
        scores = np.array([tally.dot(q[b, n, i], key) for key in keys]) / np.sqrt(size)
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        y[b, n, i] = [tally.dot(weights, column) for column in values.T]
    return y


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("past", [0, 2])
def test_attention_of_heads(grouped: bool, past: int):
    """4 heads, 3 queries of size 5, 6 keys and a past; values of size 2."""
    shared = 2 if grouped else 4
    q, k, v = draw(1, 4, 3, 5), draw(1, shared, 6, 5), draw(1, shared, 6, 2)
    old_k, old_v = draw(1, shared, past, 5), draw(1, shared, past, 2)
    constants = stored(k=k, v=v) + (stored(old_k=old_k, old_v=old_v) if past else [])
    arguments = ["x", "k", "v", *(["", "old_k", "old_v"] if past else [])]
    made = model([node("Attention", arguments, ["y"])], {"x": q.shape}, constants, {"y": 4})
    agrees(made, q, lambda tally: attend(tally, q, np.concatenate([old_k, k], 2), np.concatenate([old_v, v], 2)))


def heads(x: np.ndarray, number: int) -> np.ndarray:
    return x.reshape(*x.shape[:2], number, -1).swapaxes(1, 2)


@given(batch=st.integers(1, 2), queries=st.integers(1, 3), keys=st.integers(1, 3), group=st.integers(1, 2))
def test_attention_of_rows(batch: int, queries: int, keys: int, group: int):
    q, k, v = draw(batch, queries, 2 * group * 3), draw(batch, keys, 2 * 3), draw(batch, keys, 2 * 4)
    nodes = [node("Attention", ["x", "k", "v"], ["y"], q_num_heads=2 * group, kv_num_heads=2)]
    made = model(nodes, {"x": q.shape}, stored(k=k, v=v), {"y": 3})

    def naive(tally: Tally) -> np.ndarray:
        y = attend(tally, heads(q, 2 * group), heads(k, 2), heads(v, 2)).swapaxes(1, 2)
        return y.reshape(batch, queries, -1)

    agrees(made, q, naive)


def attention_macs(batch: int, heads: int, queries: int, keys: int, size: int, values: int | None = None) -> int:
    """By loops over random heads."""
    values = values or size
    attend(
        tally := Tally(),
        draw(batch, heads, queries, size),
        draw(batch, heads, keys, size),
        draw(batch, heads, keys, values),
    )
    return tally.macs


def microsoft(kind: str, arguments: dict[str, Any], result: tuple[int, ...], **attributes: Any) -> int:
    """MACs of an operator of com.microsoft: its arguments are shapes, the first is the input, an empty name left out."""
    (x, shape), *rest = arguments.items()
    names = [name if of is not None else "" for name, of in rest]
    constants = stored(**{name: zeros(*of) for name, of in rest if of is not None})
    nodes = [node(kind, [x, *names], ["y"], domain=MS, **attributes)]
    return total(model(nodes, {x: shape}, constants, {"y": result}))


MULTI_HEAD: dict[str, tuple[dict[str, Any], int]] = {  # 2 sequences, 3 heads of size 4, 5 queries
    "separate": ({"q": (2, 5, 12), "k": (2, 6, 12), "v": (2, 6, 9)}, attention_macs(2, 3, 5, 6, 4, 3)),
    "packed": ({"q": (2, 5, 3, 3, 4)}, attention_macs(2, 3, 5, 5, 4)),
    "packed pairs": ({"q": (2, 5, 12), "kv": (2, 6, 3, 2, 4)}, attention_macs(2, 3, 5, 6, 4)),
    "keys of another's past": ({"q": (2, 5, 12), "k": (2, 3, 7, 4), "v": (2, 3, 7, 4)}, attention_macs(2, 3, 5, 7, 4)),
    "past": (
        {"q": (2, 5, 12), "k": (2, 5, 12), "v": (2, 5, 12), "b": None, "m": None, "a": None}
        | {"old_k": (2, 3, 4, 4), "old_v": (2, 3, 4, 4)},
        attention_macs(2, 3, 5, 9, 4),
    ),
}


@pytest.mark.parametrize("kind", MULTI_HEAD)
def test_multi_head_attention(kind: str):
    arguments, macs = MULTI_HEAD[kind]
    result = (2, 5, 9) if kind == "separate" else (2, 5, 12)
    assert microsoft("MultiHeadAttention", arguments, result, num_heads=3) == macs


def test_attention_with_its_projections():
    """Hidden 12 = 3 heads of 4 from 10 values; what a MatMul and attention over 5, or 5 + 6, places do."""
    projection = 2 * 5 * 10 * 36
    arguments = {"x": (2, 5, 10), "w": (10, 36), "b": (36,)}
    assert microsoft("Attention", arguments, (2, 5, 12), num_heads=3) == projection + attention_macs(2, 3, 5, 5, 4)
    past = {"m": None, "past": (2, 2, 3, 6, 4)}
    with_past = microsoft("Attention", arguments | past, (2, 5, 12), num_heads=3)
    assert with_past == projection + attention_macs(2, 3, 5, 11, 4)
    uneven = microsoft(
        "Attention", {"x": (2, 5, 10), "w": (10, 12 + 12 + 6)}, (2, 5, 6), num_heads=3, qkv_hidden_sizes=[12, 12, 6]
    )
    assert uneven == 2 * 5 * 10 * 30 + attention_macs(2, 3, 5, 5, 4, 2)
    quantised = arguments | {"xs": (), "ws": (), "m": None, "xz": (), "wz": (), "past": (2, 2, 3, 6, 4)}
    assert microsoft("QAttention", quantised, (2, 5, 12), num_heads=3) == with_past


@pytest.mark.parametrize("packed", [False, True])
def test_group_query_attention_of_a_prompt(packed: bool):
    """4 heads of size 3 share 2; the query may hold all; a past of no length is none."""
    arguments: dict[str, Any] = (
        {"q": (2, 5, 24), "k": None, "v": None} if packed else {"q": (2, 5, 12), "k": (2, 5, 6), "v": (2, 5, 6)}
    )
    arguments |= {"old_k": (2, 2, 0, 3), "old_v": (2, 2, 0, 3)}
    found = microsoft("GroupQueryAttention", arguments, (2, 5, 12), num_heads=4, kv_num_heads=2)
    assert found == attention_macs(2, 4, 5, 5, 3)


# ---------------------------------------------------------------- fused and quantised

SCALAR: tuple[int, ...] = ()
X, W, Y = (2, 4, 6, 6), (8, 2, 3, 3), (2, 8, 4, 4)  # of a convolution in 2 groups
CONV = 2 * 8 * 4 * 4 * 2 * 9
A, B, C = (3, 5, 7), (7, 4), (3, 5, 4)  # of a product
PRODUCT = 3 * 5 * 7 * 4
QUANTISED_PAIR = {"x": X, "xs": SCALAR, "xz": SCALAR, "w": W, "ws": (8,), "wz": (8,), "ys": SCALAR, "yz": SCALAR}
FUSED: dict[str, tuple[dict[str, Any], tuple[int, ...], dict[str, Any], int]] = {
    "FusedConv": ({"x": X, "w": W, "b": (8,), "z": Y}, Y, {"group": 2, "activation": "Relu"}, CONV),
    "NhwcConv": ({"x": (2, 6, 6, 4), "w": W}, (2, 4, 4, 8), {"group": 2}, CONV),
    "NhwcFusedConv": ({"x": (2, 6, 6, 4), "w": W}, (2, 4, 4, 8), {"group": 2}, CONV),
    "QLinearConv": (QUANTISED_PAIR | {"x": (2, 6, 6, 4)}, (2, 4, 4, 8), {"group": 2, "channels_last": 1}, CONV),
    "ConvTransposeWithDynamicPads": (
        {"x": (2, 4, 3, 3), "w": (4, 5, 2, 2), "p": (4,)},
        (2, 5, 4, 4),
        {},
        2 * 4 * 9 * 5 * 4,
    ),
    "FusedMatMul": ({"a": A, "b": B}, C, {"alpha": 0.5}, PRODUCT),
    "FusedMatMulActivation": ({"a": A, "b": B}, C, {"activation": "Relu"}, PRODUCT),
    "TransposeMatMul": ({"a": (3, 7, 5), "b": B}, C, {"transA": 1}, PRODUCT),
    "FusedGemm": ({"a": (7, 5), "b": B, "c": (4,)}, (5, 4), {"transA": 1, "activation": "Relu"}, 7 * 5 * 4),
    "GemmFloat8": ({"a": (7, 5), "b": B}, (5, 4), {"transA": 1}, 7 * 5 * 4),
    "QGemm": ({"a": (5, 7), "s": SCALAR, "z": SCALAR, "b": (4, 7)}, (5, 4), {"transB": 1}, 7 * 5 * 4),
    "GemmFastGelu": ({"a": A, "b": B, "c": (4,)}, C, {}, PRODUCT),
    "MatMulIntegerToFloat": ({"a": A, "b": B, "as": SCALAR, "bs": SCALAR}, C, {}, PRODUCT),
    "MatMulInteger16": ({"a": A, "b": B}, C, {}, PRODUCT),
    "DynamicQuantizeMatMul": ({"a": A, "b": B, "bs": (4,)}, C, {}, PRODUCT),
    "MatMulFpQ4": ({"a": A, "b": (80,), "shape": (2,)}, C, {}, PRODUCT),
    "MatMulNBits": ({"a": A, "b": (4, 1, 8), "s": (4,)}, C, {"K": 7, "N": 4, "block_size": 16}, PRODUCT),
    "MatMulBnb4": ({"a": A, "b": (14,), "m": (2,)}, C, {"K": 7, "N": 4, "block_size": 16}, PRODUCT),
    "DynamicQuantizeLSTM": (
        {"x": (5, 2, 3), "w": (2, 3, 16), "r": (2, 4, 16)},
        (5, 2, 2, 4),
        {"hidden_size": 4, "direction": "bidirectional"},
        2 * 5 * 2 * 4 * 4 * (3 + 4),
    ),
}


@pytest.mark.parametrize("kind", FUSED)
def test_fused_and_quantised(kind: str):
    arguments, result, attributes, macs = FUSED[kind]
    assert microsoft(kind, arguments, result, **attributes) == macs


def test_every_operator_of_onnxruntime_that_is_counted_is_tested():
    ours = {name for domain, name in COUNTED if domain == MS}
    assert ours == {*FUSED, "Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention"}


@pytest.mark.parametrize("batches", [(), (2,), (2, 3)])
@pytest.mark.parametrize("trans_batch", [0, 1])
@pytest.mark.parametrize("trans", [0, 1])
def test_transposed_operands_of_a_fused_product(batches: tuple[int, ...], trans: int, trans_batch: int):
    """The left operand, batches x 5 x 7, as it is stored: transBatchA puts the first axis before the last, transA swaps
    the last two then.
    """
    left = zeros(*batches, 5, 7)
    if trans:
        left = np.swapaxes(left, -1, -2)
    if trans_batch:
        left = np.moveaxis(left, -2, 0)
    arguments = {"a": left.shape, "b": (7, 4)}
    found = microsoft("FusedMatMul", arguments, (*batches, 5, 4), transA=trans, transBatchA=trans_batch)
    assert found == int(np.prod(batches)) * 5 * 7 * 4


def test_a_weight_of_four_bits_the_other_way_round():
    """As backpropagation uses it: N values in, K out."""
    found = microsoft("MatMulBnb4", {"a": (3, 4), "b": (14,), "m": (2,)}, (3, 7), K=7, N=4, block_size=16, transB=0)
    assert found == 3 * 4 * 7


def integers(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.int8)


def test_standard_quantised_operators_multiply_as_plain_ones():
    scale, zero = np.float32(0.1), np.int8(0)
    constants = stored(w=integers(*W), b=integers(*B), s=scale, z=zero)
    kinds = {
        "QLinearConv": (["x", "s", "z", "w", "s", "z", "s", "z"], X, {"group": 2}, CONV),
        "ConvInteger": (["x", "w"], X, {"group": 2}, CONV),
        "QLinearMatMul": (["x", "s", "z", "b", "s", "z", "s", "z"], A, {}, PRODUCT),
        "MatMulInteger": (["x", "b"], A, {}, PRODUCT),
    }
    for kind, (arguments, shape, attributes, macs) in kinds.items():
        result = 4 if macs == CONV else 3, TensorProto.INT32 if "Integer" in kind else TensorProto.INT8
        nodes = [node(kind, arguments, ["y"], **attributes)]
        made = model(nodes, {"x": (shape, TensorProto.INT8)}, constants, {"y": ((None,) * result[0], result[1])})
        assert total(made) == macs, kind


# ---------------------------------------------------------------- the lists


def test_every_operator_of_onnx_is_counted_or_has_no_macs_or_is_left_out_for_a_reason():
    known = {(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas()}
    lists = [set(COUNTED), set(WITHOUT_MACS), set().union(*REASONS.values()) - {(MS, name) for _, name in COUNTED}]
    for kind in known:
        assert [kind in some for some in lists].count(True) == 1, kind
    invented = set().union(*lists) - known
    assert {kind for kind in invented if kind[0] != MS} == {("", name) for name in RUNTIME.split()}


def test_no_operator_is_in_two_lists():
    assert not WITHOUT_MACS & COUNTED.keys()
    assert sum(map(len, REASONS.values())) == len(set().union(*REASONS.values()))


def custom(*names: str, result: tuple[int, ...] = (1, 3)) -> onnx.ModelProto:
    """x, the operators in a row, a Gemm; an operator is a name or domain:name."""
    nodes, values = [], ["x", *(f"v{place}" for place in range(len(names)))]
    for name, before, made in zip(names, values, values[1:], strict=False):
        domain, _, kind = name.rpartition(":")
        nodes.append(node(kind, [before], [made], domain=domain))
    nodes.append(node("Gemm", [values[-1], "w"], ["y"]))
    made = model(nodes, {"x": (1, 4)}, stored(w=zeros(4, 3)), {"y": result})
    made.graph.value_info.extend(tensor(name, (1, 4)) for name in values[1:])
    return made


def test_operators_that_are_ignored_are_no_work(tmp_path: Path):
    file = save(tmp_path, custom("my:Magic", "Relu", "other:Magic"))
    for ignore in (["Magic"], ["my:Magic", "other:Magic"], {"Magic": 1}):
        dnn = read_onnx(file, ignore=ignore)
        assert (dnn.layer_names, dnn.macs) == (("gemm1",), (12,))
    with pytest.raises(InputError, match=r"1 other:Magic .* ignore=\['other:Magic'\]"):
        read_onnx(file, ignore=["my:Magic"])
    with pytest.raises(InputError, match="no operator with MACs"):
        read_onnx(file, ignore=["Magic", "ai.onnx:Gemm"])


def test_the_report_says_what_is_left_out(tmp_path: Path):
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("Magic", ["a"], ["b"], domain="my"),
        node("Relu", ["b"], ["c"]),
        node("Other", ["c"], ["d"], domain="my"),
        node("Conv", ["d", "v"], ["e"]),
        node("Flatten", ["e"], ["f"]),
        node("MatMul", ["f", "u"], ["y"]),
    ]
    made = model(nodes, {"x": (1, 3, 4, 4)}, stored(w=zeros(2, 3, 1, 1), v=zeros(5, 2, 1, 1), u=zeros(80, 2)))
    made.graph.value_info.extend(tensor(name, (1, 2, 4, 4)) for name in "bcd")
    file = save(tmp_path, made)
    table = onnx_report(file, ignore=["Other"])
    assert list(table.columns) == ["operators", "macs", "share", "kind"]
    assert table.index.name == "operator"
    assert list(table.index[:2]) == ["Conv", "MatMul"]
    assert table.loc["Conv"].to_list() == [2, 96 + 160, 256 / 416, "counted"]
    assert table.loc["MatMul"].to_list() == [1, 160, 160 / 416, "counted"]
    assert table.loc["Relu"].to_list() == [1, 0, 0, "no MACs"]
    assert table.loc["my:Other"].to_list() == [1, 0, 0, "ignored"]
    magic = table.loc["my:Magic"]
    assert (magic["operators"], magic["kind"]) == (1, "not counted")
    assert np.isnan([magic["macs"], magic["share"]]).all()
    assert coinfer.onnx_report is onnx_report


def test_the_report_goes_on_where_an_unknown_operator_hides_the_shapes(tmp_path: Path):
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("Magic", ["a"], ["b"], domain="my"),
        node("MatMul", ["b", "w"], ["y"]),
    ]
    table = onnx_report(save(tmp_path, model(nodes, {"x": (1, 4)}, stored(w=zeros(4, 4)))))
    counted = table[table["kind"] == "counted"]
    assert (counted.index.to_list(), counted["operators"].to_list(), counted["macs"].to_list()) == (
        ["MatMul"],
        [1],
        [16],
    )
    assert sorted(table[table["kind"] == "not counted"].index) == ["MatMul", "my:Magic"]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_report_is_of_the_macs_of_the_chain(name: str):
    table = onnx_report(bundled(name))
    assert table["macs"].sum() == sum(load_dnn(name).macs)
    assert table["share"].sum() == pytest.approx(1)


# ---------------------------------------------------------------- bits


def test_bits_are_those_of_the_types_unless_they_are_given():
    """Tokens of 64 bits, an embedding of 16, a classifier of 32."""
    nodes = [
        node("Gather", ["table", "x"], ["e"]),
        node("MatMul", ["e", "w"], ["h"]),
        node("Cast", ["h"], ["c"], to=TensorProto.FLOAT),
        node("MatMul", ["c", "v"], ["y"]),
    ]
    constants = stored(table=zeros(100, 4).astype(np.float16), w=zeros(4, 5).astype(np.float16), v=zeros(5, 2))
    made = model(nodes, {"x": ((1, 7), TensorProto.INT64)}, constants, {"y": 3})
    dnn = read(made)
    assert dnn.output_bits == (7 * 64, 7 * 5 * 16, 7 * 2 * 32)
    assert dnn.parameter_bits == (400 * 16 + 20 * 16, 10 * 32)
    assert dnn.coding is not None
    assert dnn.coding.model_dump() == {
        "activation_bits": None,
        "parameter_bits": None,
        "input_bits": 64,
        "jpeg_quality": None,
    }
    given = read(made, activation_bits=8, input_bits=17)
    assert given.output_bits == (7 * 17, 7 * 5 * 8, 7 * 2 * 8)
    assert given.parameter_bits == dnn.parameter_bits
    assert given.coding == Coding(activation_bits=8, parameter_bits=None, input_bits=17)
    assert read(made, **ELEMENTS) == in_bits(read(made, **ELEMENTS), 1, 1, 1)


@pytest.mark.parametrize(("kind", "bits"), [("FLOAT", 32), ("FLOAT16", 16), ("BFLOAT16", 16), ("DOUBLE", 64)])
def test_a_network_of_one_type_says_so(kind: str, bits: int):
    number = TensorProto.DataType.Value(kind)
    constant = helper.make_tensor("w", number, [4, 3], np.zeros(12))
    dnn = read(model([node("Gemm", ["x", "w"], ["y"])], {"x": ((1, 4), number)}, [constant], {"y": ((1, 3), number)}))
    assert dnn.coding == Coding(activation_bits=bits, parameter_bits=bits, input_bits=bits)
    assert (dnn.output_bits, dnn.parameter_bits) == ((4 * bits, 3 * bits), (12 * bits,))


def quantised(*, pool: bool = False) -> onnx.ModelProto:
    """Two convolutions in QDQ form: 8-bit weights, those of the second of 4 bits, 8-bit activations."""
    halve = [node("MaxPool", ["d1"], ["p"], kernel_shape=[2, 2], strides=[2, 2])] if pool else []
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q0"]),
        node("DequantizeLinear", ["q0", "s", "z"], ["d0"]),
        node("DequantizeLinear", ["w1", "s8"], ["w1d"], axis=0),
        node("Conv", ["d0", "w1d"], ["c1"]),
        node("Relu", ["c1"], ["r1"]),
        node("QuantizeLinear", ["r1", "s", "z"], ["q1"]),
        node("DequantizeLinear", ["q1", "s", "z"], ["d1"]),
        *halve,
        node("DequantizeLinear", ["w2", "s"], ["w2d"]),
        node("Conv", ["p" if pool else "d1", "w2d"], ["c2"]),
        node("QuantizeLinear", ["c2", "s", "z"], ["q2"]),
        node("DequantizeLinear", ["q2", "s", "z"], ["y"]),
    ]
    constants = [
        *stored(s=np.float32(0.1), z=np.int8(0), s8=np.ones(8, np.float32), w1=integers(8, 3, 1, 1)),
        helper.make_tensor("w2", TensorProto.INT4, [6, 8, 1, 1], np.zeros(48, int)),
    ]
    return model(nodes, {"x": (1, 3, 4, 4)}, constants, {"y": 4})


def test_a_quantised_graph_is_cut_where_the_integers_cross():
    dnn = read(quantised())
    assert dnn.layer_names == ("conv1", "conv2")
    assert dnn.output_bits == (3 * 16 * 32, 8 * 16 * 8, 6 * 16 * 32)  # the result is dequantised in the graph
    assert dnn.parameter_bits == (24 * 8 + 8 * 32, 48 * 4)
    floats = read(quantised(), activation_bits=32, parameter_bits=32, input_bits=8)
    assert floats.output_bits == (3 * 16 * 8, 8 * 16 * 32, 6 * 16 * 32)
    assert floats.macs == dnn.macs == (3 * 16 * 8, 8 * 16 * 6)


def test_floats_are_sent_where_they_are_fewer_bits_than_the_integers():
    """Pooled to a quarter, 32-bit floats are as many bits as 8-bit integers before; the later of equals is taken."""
    dnn = read(quantised(pool=True))
    assert dnn.output_bits[1] == 8 * 16 * 8 == 8 * 4 * 32
    assert dnn.macs[1] == 8 * 4 * 6
    with_all = read(quantised(pool=True), every_operator=True)
    assert dnn.output_bits[1] == min(with_all.output_bits[3:-3])


def test_floats_are_never_cut_earlier_though_fewer_cross():
    """Padding belongs to the layer that made what is padded, as it does in the bundled tables."""
    nodes = [node("Conv", ["x", "w"], ["a"]), node("Pad", ["a", "pads"], ["b"]), node("Conv", ["b", "w"], ["y"])]
    constants = stored(w=zeros(3, 3, 1, 1), pads=np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    assert read(model(nodes, {"x": (1, 3, 4, 4)}, constants, {"y": 4})).output_bits[1] == 3 * 36 * 32


def test_a_quantised_convolution_brings_its_bias():
    nodes = [node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z", "b"], ["y"])]
    constants = stored(s=np.float32(0.1), z=np.int8(0), w=integers(8, 3, 1, 1), b=np.zeros(8, np.int32))
    made = model(nodes, {"x": ((1, 3, 4, 4), TensorProto.INT8)}, constants, {"y": ((None,) * 4, TensorProto.INT8)})
    dnn = read(made)
    assert dnn.parameter_bits == (24 * 8 + 8 * 32,)
    assert dnn.output_bits == (3 * 16 * 8, 8 * 16 * 8)


def test_layers_are_called_by_what_multiplies_in_them():
    nodes = [
        node("FusedConv", ["x", "w"], ["a"], domain=MS),
        node("Squeeze", ["a", "axis"], ["b"]),
        node("LSTM", ["b", "wl", "rl"], ["c", "", ""], hidden_size=2),
        node("Einsum", ["c", "v"], ["y"], equation="tdbh,ho->tbo"),
    ]
    constants = stored(w=zeros(1, 1, 1, 1), axis=np.array([0]), wl=zeros(1, 8, 4), rl=zeros(1, 8, 2), v=zeros(2, 3))
    made = model(nodes, {"x": (1, 1, 3, 4)}, constants, {"y": 3})
    made.graph.value_info.append(tensor("a", (1, 1, 3, 4)))
    assert read(made).layer_names == ("fusedconv1", "lstm2", "einsum3")


def photograph(side: int = 224) -> DNN:
    nodes = [node("Conv", ["x", "w"], ["y"], strides=[2, 2])]
    return read(model(nodes, {"x": (1, 3, side, side)}, stored(w=zeros(8, 3, 3, 3)), {"y": 4}))


def test_a_photograph_of_floats_can_be_sent_as_a_jpeg():
    dnn = photograph()
    assert dnn.output_bits[0] == 3 * 224**2 * 32
    assert with_jpeg(dnn, 90).output_bits[0] == with_jpeg(load_dnn("resnet50"), 90).output_bits[0]


def test_what_needs_the_number_of_values_says_so_where_types_are_mixed():
    mixed = read(quantised())
    assert mixed.coding == Coding(activation_bits=None, parameter_bits=None, input_bits=32)
    assert macs_per_value(mixed) == sum(mixed.macs) / ((sum(mixed.parameter_bits) + sum(mixed.output_bits[1:])) / 32)
    with pytest.raises(InputError, match="dnn = 'net': should have activations of one type"):
        nearest_equal(mixed)
    scenario = coinfer.load_scenario("city-camera").replace(dnn=mixed)
    again = scenario.replace(dnn="resnet18").dnn
    assert again.coding == Coding(activation_bits=32, parameter_bits=32, input_bits=32)


# ---------------------------------------------------------------- bad input


def einsum(equation: str) -> onnx.ModelProto:
    return model([node("Einsum", ["x", "w"], ["y"], equation=equation)], {"x": (2, 3)}, stored(w=zeros(3, 4)))


def of_microsoft(kind: str, arguments: dict[str, Any], **attributes: Any) -> Callable[[Path], object]:
    def act(folder: Path) -> object:
        return microsoft(kind, arguments, (2, 5, 12), **attributes)

    return act


def reading(made: Callable[[], onnx.ModelProto], **options: Any) -> Callable[[Path], object]:
    return lambda folder: read_onnx(save(folder, made()), **options)


BUFFER = {"q": (2, 5, 12), "k": (2, 5, 12), "v": (2, 5, 12), "b": None, "m": None, "a": None}
BUFFER |= {"old_k": (2, 3, 9, 4), "old_v": (2, 3, 9, 4), "length": (1,)}
PAST = {"q": (2, 5, 12), "k": (2, 5, 12), "v": (2, 5, 12), "old_k": (2, 3, 9, 4), "old_v": (2, 3, 9, 4)}
BAD: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "an unknown operator": (
        reading(lambda: custom("com.microsoft:MoE")),
        ["1 com.microsoft:MoE", "is not known;", "ignore=['com.microsoft:MoE']", "onnx_report"],
    ),
    "several": (
        reading(lambda: custom("my:Foo", "Relu", "my:Bar", "my:Foo")),
        ["operators 2 my:Foo, 1 my:Bar multiply", "ignore=['my:Foo', 'my:Bar']"],
    ),
    "the name of a known one in another domain": (reading(lambda: custom("my:Relu")), ["1 my:Relu"]),
    "one that is left out on purpose": (
        reading(lambda: model([node("Det", ["x"], ["y"])], {"x": (2, 3, 3)}, results={"y": 1})),
        ["1 Det", "(the algorithm decides how much is multiplied)"],
    ),
    "a layout of one machine": (
        reading(lambda: custom("com.microsoft.nchwc:Conv")),
        ["com.microsoft.nchwc", "extended optimisations"],
    ),
    "ignore as a text": (reading(custom, ignore="Gemm"), ["ignore = 'Gemm'", "a list of operators"]),
    "ignore as a number": (reading(custom, ignore=3), ["ignore = 3", "a list of operators"]),
    "ignore none": (reading(custom, ignore=None), ["ignore = None", "a list of operators"]),
    "ignored, but not there": (reading(custom, ignore=["Gem"]), ["ignore = 'Gem'", "did you mean 'Gemm'"]),
    "ignored in another domain": (
        reading(custom, ignore=["com.microsoft:Gemm"]),
        ["ignore = 'com.microsoft:Gemm'", "should be one of Gemm"],
    ),
    "ignored without a name": (reading(custom, ignore=[None]), ["ignore = None", "one of Gemm"]),
    "a report that ignores a text": (
        lambda folder: onnx_report(save(folder, custom()), ignore="Gemm"),
        ["ignore = 'Gemm'", "a list"],
    ),
    "a report of nothing": (lambda folder: onnx_report("no/such.onnx"), ["'no/such.onnx'", "no such file"]),
    "bits of nothing": (reading(custom, activation_bits=0), ["activation_bits = 0", "positive integer"]),
    "bits as a text": (reading(custom, input_bits="8"), ["input_bits = '8'", "positive integer"]),
    "bits as a truth": (reading(custom, parameter_bits=True), ["parameter_bits = True", "positive integer"]),
    "a convolution without weights": (of_microsoft("FusedConv", {"x": X}), ["com.microsoft:FusedConv of 'y'", "lacks"]),
    "columns that are not said": (
        of_microsoft("MatMulNBits", {"a": (2, 5, 7), "b": (4, 1, 8)}, K=7),
        ["MatMulNBits of 'y' does not say its N"],
    ),
    "a sequence without batches": (
        of_microsoft("Attention", {"x": (5, 10), "w": (10, 36)}, num_heads=3),
        ["com.microsoft:Attention of 'y' lacks an argument, or an axis"],
    ),
    "two of three hidden sizes": (
        of_microsoft("Attention", {"x": (2, 5, 10), "w": (10, 36)}, num_heads=3, qkv_hidden_sizes=[12, 12]),
        ["com.microsoft:Attention of 'y' lacks"],
    ),
    "a flat query that should hold keys": (
        of_microsoft("MultiHeadAttention", {"q": (2, 5, 36)}, num_heads=3),
        ["com.microsoft:MultiHeadAttention of 'y' lacks"],
    ),
    "a past that is a buffer": (
        of_microsoft("MultiHeadAttention", BUFFER, num_heads=3),
        ["1 com.microsoft:MultiHeadAttention", "how much of its past is filled stands nowhere"],
    ),
    "a past that may be one": (
        of_microsoft("GroupQueryAttention", PAST, num_heads=3, kv_num_heads=3),
        ["1 com.microsoft:GroupQueryAttention", "how much of its past is filled stands nowhere"],
    ),
    "a past that shares its buffer": (
        of_microsoft(
            "Attention",
            {"x": (2, 5, 10), "w": (10, 36), "b": (36,), "m": None, "past": (2, 2, 3, 9, 4)},
            num_heads=3,
            past_present_share_buffer=1,
        ),
        ["1 com.microsoft:Attention", "how much of its past"],
    ),
    "groups that do not fit the channels": (
        reading(
            lambda: model(
                [node("Conv", ["x", "w"], ["y"], group=3)], {"x": (1, 4, 5, 5)}, stored(w=zeros(6, 2, 3, 3)), {"y": 4}
            )
        ),
        ["Conv of 'y' has weights [6, 2, 3, 3] in group = 3, which do not fit its 4 channels"],
    ),
    "weights of another width than the sequence's": (
        reading(
            lambda: model(
                [node("LSTM", ["x", "w", "r"], ["y"], hidden_size=4)],
                {"x": (5, 2, 3)},
                stored(w=zeros(1, 16, 7), r=zeros(1, 16, 4)),
                {"y": 4},
            )
        ),
        ["LSTM of 'y' has weights [1, 16, 7] for inputs of width 3"],
    ),
    "an index of two sizes": (reading(lambda: einsum("ij,ik->jk")), ["Einsum"]),
    "no path": (lambda folder: read_onnx(None), ["path = None", "should be the path of an ONNX file"]),
    "a number for a path": (lambda folder: onnx_report(5), ["path = 5", "should be the path"]),
    "an equation of one operand for two": (
        reading(lambda: einsum("ij->ij")),
        ["Einsum", "does not match the operands"],
    ),
    "an equation of too many axes": (reading(lambda: einsum("ijk,kl->il")), ["Einsum", "does not match the equation"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_sentence(case: str, tmp_path: Path):
    act, words = BAD[case]
    with pytest.raises(InputError) as refusal:
        act(tmp_path)
    message = str(refusal.value).replace(str(tmp_path), "")
    assert "\n" not in message
    assert len(message) < 400
    for part in words:
        assert part in message, message
