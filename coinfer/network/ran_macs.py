"""MACs of operators by the shapes of the arrays that they ran on: the rival of `onnx_operators`, whose check it is.

No formula looks at an attribute of the operator, but for an Einsum's equation: what met what follows from the sizes of
arguments and results alone. Masks, padding and sequence lengths take nothing away, as they do not in what is read.
"""

from collections.abc import Callable
from math import isqrt, prod
from typing import NamedTuple

import numpy as np

Shape = tuple[int, ...]
GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}


class Ran(NamedTuple):
    """An operator as it ran; arguments and results that were left out have shape None and type ''."""

    results: tuple[str, ...]  # their names
    kind: str  # its type, in a domain other than onnx's own as "domain:Type"
    attributes: dict[str, object]
    inputs: tuple[Shape | None, ...]
    outputs: tuple[Shape | None, ...]
    input_types: tuple[str, ...]
    output_types: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name is that of its first result."""
        return self.results[0]

    def given(self, place: int) -> Shape | None:
        """The shape of an argument, None if it was left out, by its place or at the end."""
        return self.inputs[place] if place < len(self.inputs) else None

    def input(self, place: int) -> Shape:
        """The shape of an argument that must be there."""
        shape = self.given(place)
        if shape is None:
            raise ValueError(f"{self.name} ({self.kind}) ran without its argument {place}")
        return shape

    @property
    def output(self) -> Shape:
        """The shape of the first result."""
        (shape, *_) = self.outputs
        assert shape is not None, f"{self.name} ({self.kind}) ran without its first result"
        return shape


def ran_macs(ran: Ran) -> int | None:
    """The MACs of an operator as it ran, None if no rule here counts it."""
    rule = RULES.get(ran.kind)
    return None if rule is None else rule(ran)


def _convolution(weight: int) -> Callable[[Ran], int]:
    """Every weight meets every place of the result, of which a channel has as many as it has values."""

    def count(ran: Ran) -> int:
        shape = ran.input(weight)
        return prod(shape) * (prod(ran.output) // shape[0])

    return count


def _transposed_convolution(ran: Ran) -> int:
    """Every weight meets every place of the input."""
    weight = ran.input(1)
    return prod(weight) * (prod(ran.input(0)) // weight[0])


def _matrices(left: int, right: int) -> Callable[[Ran], int]:
    """MKN is the root of MK times KN times MN, whichever of them are transposed."""

    def count(ran: Ran) -> int:
        return isqrt(prod(ran.input(left)) * prod(ran.input(right)) * prod(ran.output))

    return count


def _products(left: int, right: int) -> Callable[[Ran], int]:
    """As matrices: a stack if both are, tall ones if only the left is; a vector has one row or column."""

    def count(ran: Ran) -> int:
        one, two, result = ran.input(left), ran.input(right), ran.output
        if len(two) == 1:
            return prod(one) if len(one) > 1 or not result else one[0]
        if len(one) == 1:
            return prod(two)
        if len(two) == 2:
            return isqrt(prod(one) * prod(two) * prod(result))
        columns = isqrt(prod(two[-2:]) * prod(result[-2:]) // prod(one[-2:]))  # KN MN / MK = N^2
        return prod(result) // columns * prod(two[-2:])  # every row of every result meets a matrix

    return count


def _stacked_products(ran: Ran) -> int:
    """As `_products`; with the batch between the axes of a matrix (transBatch) no stack is broadcast."""
    if not (ran.attributes.get("transBatchA") or ran.attributes.get("transBatchB")):
        return _products(0, 1)(ran)
    stack = prod(ran.output[:-2])
    return isqrt(prod(ran.input(0)) * prod(ran.input(1)) * prod(ran.output) // stack)


def _nibbles(ran: Ran) -> int:
    """Every value of the input meets one weight for every column of the result."""
    return prod(ran.input(0)) * ran.output[-1]


def _affine_grid(ran: Ran) -> int:
    """Every number of theta, a matrix for each image, meets a position at every place of that image's grid."""
    return prod(ran.input(0)) * prod(ran.output[1:-1])


def _einsum(ran: Ran) -> int:
    """On ones, a result is the number of products that it is the sum of; more than two meet in pairs, the left first."""
    left, arrow, result = str(ran.attributes["equation"]).replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        result = "..." * ("..." in left) + "".join(sorted(label for label in left if left.count(label) == 1))
    done, shape, count = terms[0], ran.input(0), 0
    for place, term in enumerate(terms[1:], start=1):
        later = "".join((*terms[place + 1 :], result))
        kept = "..." * ("..." in done + term) + "".join(sorted({*done, *term} & {*later} - {"."}))
        ones = [np.broadcast_to(np.int64(1), of) for of in (shape, ran.input(place))]
        products = np.einsum(f"{done},{term}->{kept}", *ones)
        done, shape, count = kept, products.shape, count + int(products.sum())
    return count


def _recurrent(gates: int) -> Callable[[Ran], int]:
    """At every step every gate of every hidden unit takes in the input and the state before."""

    def count(ran: Ran) -> int:
        arrived, state = ran.input(0), ran.input(2)
        directions, hidden = state[0], min(state[1:])
        steps = prod(arrived) // arrived[-1]  # of all sequences
        return steps * directions * gates * hidden * (arrived[-1] + hidden)

    return count


def _scores(query_size: int, keys: int, result: Shape) -> int:
    """A query meets all keys, and its weights of them all values."""
    return keys * (query_size + prod(result))


def _attention(ran: Ran) -> int:
    key, past = ran.input(1), ran.given(4)
    return _scores(prod(ran.input(0)), key[-2] + (past[-2] if past else 0), ran.output)


def _projected_attention(past: int) -> Callable[[Ran], int]:
    """All values of the input meet the weights of queries, keys and values first."""

    def count(ran: Ran) -> int:
        arrived, weight, before = ran.input(0), ran.input(1), ran.given(past)
        queries = (weight[1] - ran.output[-1]) // 2  # as many columns as keys have
        keys = arrived[1] + (before[3] if before else 0)
        return prod(arrived) * weight[1] + _scores(prod(arrived[:2]) * queries, keys, ran.output)

    return count


def _grouped_attention(ran: Ran) -> int:
    """The keys that are there afterwards are all that were met."""
    present = ran.outputs[1]
    assert present is not None, f"{ran.name} ran without its keys"
    return _scores(prod(ran.output), present[2], ran.output)


def _multi_head_attention(ran: Ran) -> int:
    query, key, past = ran.input(0), ran.given(1), ran.given(6)
    length = query[1] if key is None else key[2] if len(key) == 4 else key[1]
    return _scores(prod(query) // (3 if key is None else 1), length + (past[2] if past else 0), ran.output)


RULES: dict[str, Callable[[Ran], int]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed_convolution,
    "DeformConv": _convolution(1),
    "Gemm": _matrices(0, 1),
    "MatMul": _products(0, 1),
    "MatMulInteger": _products(0, 1),
    "QLinearMatMul": _products(0, 3),
    "Einsum": _einsum,
    "AffineGrid": _affine_grid,
    "Attention": _attention,
    **{kind: _recurrent(gates) for kind, gates in GATES.items()},
    **{
        f"com.microsoft:{kind}": rule
        for kind, rule in {
            "FusedConv": _convolution(1),
            "NhwcFusedConv": _convolution(1),
            "QLinearConv": _convolution(3),
            "FusedGemm": _matrices(0, 1),
            "GemmFastGelu": _products(0, 1),
            "QGemm": _matrices(0, 3),
            "FusedMatMul": _stacked_products,
            "TransposeMatMul": _stacked_products,
            "ConvTransposeWithDynamicPads": _transposed_convolution,
            "MatMulFpQ4": _nibbles,
            "MatMulInteger16": _products(0, 1),
            "MatMulIntegerToFloat": _products(0, 1),
            "DynamicQuantizeMatMul": _products(0, 1),
            "MatMulNBits": _nibbles,
            "MatMulBnb4": _nibbles,
            "DynamicQuantizeLSTM": _recurrent(GATES["LSTM"]),
            "Attention": _projected_attention(4),
            "QAttention": _projected_attention(8),
            "MultiHeadAttention": _multi_head_attention,
            "GroupQueryAttention": _grouped_attention,
        }.items()
    },
}
