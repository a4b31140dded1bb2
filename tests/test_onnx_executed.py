"""What is read from an ONNX file against what onnxruntime does with it: every counted operator, in small graphs."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from onnx import parser
from onnx_cases import CASES, Case, case
from onnx_files import symbolic
from onnxruntime.capi import onnxruntime_pybind11_state

import coinfer
from coinfer.network.execution import executed, executed_macs, feeds
from coinfer.network.onnx_chain import bundled
from coinfer.network.onnx_graph import live_graph
from coinfer.network.onnx_operators import COUNTED, MICROSOFT, operator

# counted where the file states their shapes, which are not inferred; and the bytes of MatMulFpQ4 are packed for a machine
NOT_RUN = {(MICROSOFT, name) for name in ("ConvTransposeWithDynamicPads", "MatMulFpQ4", "MatMulInteger16")}


def test_every_counted_operator_that_onnxruntime_can_run_is_run():
    """By its own list of kernels; what has none here is for other machines."""
    kernels = {(kernel.domain, kernel.op_name) for kernel in onnxruntime_pybind11_state.get_all_opkernel_def()}
    nodes = [parser.parse_node(text) for each in CASES.values() for text in each.nodes]
    assert {operator(node) for node in nodes} >= (COUNTED.keys() & kernels) - NOT_RUN
    assert len(COUNTED.keys() & kernels) >= 30


@pytest.mark.parametrize("name", CASES)
def test_an_operator_is_counted_as_it_runs(tmp_path, name):
    path = CASES[name].save(tmp_path)
    run = executed_macs(path)
    assert sum(run.values()) > 0
    assert sum(coinfer.read_onnx(path).macs) == sum(run.values())
    report = coinfer.onnx_report(path)
    assert report[report["macs"] > 0]["macs"].to_dict() == run


@pytest.mark.parametrize("name", CASES)
def test_shapes_and_types_are_those_of_the_arrays(tmp_path, name):
    path = CASES[name].save(tmp_path)
    graph, model = live_graph(str(path), {}), onnx.load(path)
    checked = 0
    for ran in executed(model, feeds(model, {}, {})):
        for value, shape, kind in zip(ran.results, ran.outputs, ran.output_types, strict=True):
            if value:
                assert (value, graph.shape(value)) == (value, shape)
                assert (value, graph.bits(value)) == (value, 8 * np.dtype(kind.replace("float", "float32")).itemsize)
                checked += 1
    assert checked >= 2


# ---------------------------------------------------------------- on ones, a result is the number of products in it


def products(folder: Path, case: Case) -> int:
    """The sum of the results of an operator on ones, without a bias: each of its products is one."""
    ones = {name: np.ones_like(array) for name, array in case.stored.items() if name != "b"}
    path = case._replace(stored=ones).save(folder)
    model = onnx.load(path)
    for node in model.graph.node[1:]:
        del node.input[2:]  # the bias
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (result,) = session.run(["y"], {"x": np.ones(case.x, np.float32)})
    return round(float(result.sum(dtype=np.float64)))


LINEAR = [
    name
    for name, each in CASES.items()
    if len(each.nodes) == 1
    and name.startswith(
        ("Conv in", "Gemm", "MatMul ", "FusedGemm", "TransposeMatMul", "Einsum o", "Einsum that", "Einsum w")
    )
    and name not in ("Einsum of one", "Einsum of three", "MatMul with itself")
]


@pytest.mark.parametrize("name", LINEAR)
def test_what_is_read_is_the_number_of_products(tmp_path, name):
    assert sum(coinfer.read_onnx(CASES[name].save(tmp_path)).macs) == products(tmp_path, CASES[name])


def test_ones_are_many_enough():
    assert len(LINEAR) >= 12


sizes = st.integers(1, 4)


@given(rows=sizes, inner=sizes, columns=sizes, stacks=st.lists(sizes, max_size=2), one=st.booleans())
@examples(40)
def test_products_of_any_sizes(tmp_path_factory, rows, inner, columns, stacks, one):
    """Of stacks of matrices, of which one may be met by all of the other."""
    right = (*([1] * len(stacks) if one else stacks), inner, columns)
    each = case("y = MatMul (r, w)", x=(*stacks, rows, inner), rank=2 + len(stacks), w=right)
    path = each.save(tmp_path_factory.mktemp("products"))
    assert sum(coinfer.read_onnx(path).macs) == sum(executed_macs(path).values()) == products(path.parent, each)


@given(
    kind=st.sampled_from(["Conv", "ConvTranspose"]),
    batch=st.integers(1, 2),
    group=st.integers(1, 3),
    channels=st.tuples(st.integers(1, 2), st.integers(1, 3)),
    image=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 3),
)
@examples(40)
def test_convolutions_of_any_sizes(tmp_path_factory, kind, batch, group, channels, image, kernel, stride):
    inside, outside = channels
    first, second = (group * outside, inside) if kind == "Conv" else (group * inside, outside)
    each = case(
        f"y = {kind} <group={group}, strides=[{stride},{stride}]> (r, w)",
        x=(batch, group * inside, *image),
        rank=4,
        w=(first, second, *kernel),
    )
    path = each.save(tmp_path_factory.mktemp("convolutions"))
    assert sum(coinfer.read_onnx(path).macs) == sum(executed_macs(path).values()) == products(path.parent, each)


# ---------------------------------------------------------------- whole files


W, V, U = (",".join(["1"] * size) for size in (4 * 6, 6 * 2, 6 * 6))
TEXT = f"""
<ir_version: 8, opset_import: ["": 17, "own": 1]>
g (float[1,4] x, float[1,6] state, int64 rate) => (float[1,2] y, float[1,6] next)
{{
    fast = Constant <value_int = 16> ()
    same = Equal (rate, fast)
    w = Constant <value = float[4,6] {{{W}}}> ()
    v = Constant <value = float[6,2] {{{V}}}> ()
    u = Constant <value = float[6,6] {{{U}}}> ()
    a = own.Product (x, w)
    h = If (same) <
        then_branch = fast_way () => (float[1,6] left) {{ m = MatMul (state, u) left = Add (a, m) }},
        else_branch = slow_way () => (float[1,6] right) {{ right = Add (a, state) }}
    >
    next = Relu (h)
    y = MatMul (next, v)
}}
<domain: "own", opset_import: ["": 17]>
Product (p, q) => (o) {{ o = MatMul (p, q) }}
"""


@pytest.mark.parametrize(("rate", "macs"), [(16, 24 + 36 + 12), (8, 24 + 12)])
def test_functions_branches_and_given_inputs(tmp_path, rate, macs):
    """The rate decides beforehand whether the state is multiplied, which it then is in every inference."""
    path, inputs = tmp_path / "net.onnx", {"state": (1, 6), "rate": rate}
    onnx.save(parser.parse_model(TEXT), path)
    assert executed_macs(path, inputs=inputs) == {"MatMul": macs}
    assert sum(coinfer.read_onnx(path, inputs=inputs).macs) == macs


def test_a_loop_runs_as_often_as_it_does(tmp_path):
    """Which execution counts, and reading refuses."""
    path = tmp_path / "net.onnx"
    text = """
    <ir_version: 8, opset_import: ["": 17]>
    g (float[2,2] x) => (float[2,2] y)
    {
        times = Constant <value_int = 5> ()
        go = Constant <value = bool {1}> ()
        y = Loop (times, go, x) <
            body = step (int64 i, bool c, float[2,2] before) => (bool d, float[2,2] now)
                { d = Identity (c) now = MatMul (before, before) }
        >
    }
    """
    onnx.save(parser.parse_model(text), path)
    assert executed_macs(path) == {"MatMul": 5 * 8}
    with pytest.raises(coinfer.validation.InputError, match="subgraphs"):
        coinfer.read_onnx(path)


def test_only_what_hangs_on_the_input_counts(tmp_path):
    """A product of two stored matrices is computed beforehand."""
    each = case("c = MatMul (w, v)", "y = MatMul (r, c)", x=(2, 3), rank=2, w=(3, 4), v=(4, 5))
    path = each.save(tmp_path)
    assert executed_macs(path) == {"MatMul": 2 * 3 * 5}
    assert sum(coinfer.read_onnx(path).macs) == 2 * 3 * 5


def test_a_file_of_2017_that_onnxruntime_has_optimised(tmp_path):
    """It stores the product of two constants, which is no input, as stored tensors had to be then."""
    path = tmp_path / "net.onnx"
    onnx.save(onnx.load(bundled("squeezenet")), path)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    optimised = onnx.load(tmp_path / "optimised.onnx")
    assert optimised.ir_version == 3
    assert {tensor.name for tensor in optimised.graph.initializer} - {each.name for each in optimised.graph.input}
    read = coinfer.read_onnx(tmp_path / "optimised.onnx")
    assert read.macs == coinfer.load_dnn("squeezenet").macs


def test_an_input_without_a_size_is_no_run(tmp_path):
    path = symbolic(tmp_path)
    with pytest.raises(ValueError, match=r"dimension 2 \('height'\) of input 'x' has no size"):
        executed_macs(path, dimensions={"batch": 1, "width": 9})
