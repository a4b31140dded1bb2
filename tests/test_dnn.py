"""DNNs as chains: bundled tables, ONNX graphs, perceptrons and blocks."""

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_tool
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from coinfer.network import DNN, blocks, dnn_names, load_dnn, mlp, read_onnx
from coinfer.network.__main__ import main, table
from coinfer.network.onnx_chain import BUNDLED, bundled
from coinfer.validation import InputError

ELEMENTS = {"activation_bits": 1, "parameter_bits": 1, "input_bits": 1}


@cache
def elements(name: str) -> DNN:
    """A bundled network at one bit per value: its bits are counts."""
    return load_dnn(name, **ELEMENTS)


# ---------------------------------------------------------------- bundled networks


def test_names_are_the_bundled_ones():
    assert dnn_names() == tuple(sorted(BUNDLED))
    assert len(dnn_names()) == 9


@pytest.mark.parametrize("name", BUNDLED)
def test_committed_table_is_the_regenerated_one(name: str):
    assert (files("coinfer.network") / "data" / f"{name}.csv").read_bytes() == table(name).encode()


def test_main_writes_the_tables_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("coinfer.network.__main__.__file__", str(tmp_path / "__main__.py"))
    monkeypatch.setattr("coinfer.network.__main__.BUNDLED", {"alexnet": BUNDLED["alexnet"]})
    main()
    assert {file.name: file.read_text() for file in (tmp_path / "data").iterdir()} == {"alexnet.csv": table("alexnet")}


@pytest.mark.parametrize("name", BUNDLED)
def test_loading_a_table_is_reading_the_onnx_file(name: str):
    bits = {"activation_bits": 16, "parameter_bits": 8, "input_bits": 12}
    assert load_dnn(name, **bits) == read_onnx(bundled(name), **bits).model_copy(update={"name": name})


def test_bits_scale_their_own_counts():
    counts, dnn = elements("alexnet"), load_dnn("alexnet", activation_bits=16, parameter_bits=4, input_bits=10)
    assert dnn.macs == counts.macs
    assert dnn.parameter_bits == tuple(4 * count for count in counts.parameter_bits)
    assert dnn.output_bits == (10 * counts.output_bits[0], *(16 * count for count in counts.output_bits[1:]))


LAYERS = {  # ResNet-50: stem, 16 residual blocks, classifier; DenseNet-121: stem, 58 + 3 concatenations, classifier
    "alexnet": 8, "densenet121": 63, "inception_v1": 13, "inception_v2": 14, "resnet50": 18, "shufflenet": 18,
    "squeezenet": 18, "vgg19": 19, "zfnet512": 8,
}  # fmt: skip


@pytest.mark.parametrize(("name", "layers"), LAYERS.items())
def test_layers(name: str, layers: int):
    assert load_dnn(name).layers == layers


def test_alexnet_stages_by_hand():
    """Feature maps after pooling, by the usual size formula; the file pads conv1 not at all, the others fully."""
    dnn = elements("alexnet")
    maps = (3 * 224**2, 96 * 26**2, 256 * 12**2, 384 * 12**2, 384 * 12**2, 256 * 6**2, 4096, 4096, 1000)
    assert dnn.output_bits == maps
    assert dnn.macs == (
        96 * 54**2 * 3 * 11**2,
        256 * 26**2 * 48 * 5**2,  # two groups
        384 * 12**2 * 256 * 3**2,
        384 * 12**2 * 192 * 3**2,
        256 * 12**2 * 192 * 3**2,
        9216 * 4096,
        4096 * 4096,
        4096 * 1000,
    )
    convolutions = (96 * 3 * 11**2 + 96, 256 * 48 * 5**2 + 256, 384 * 2304 + 384, 384 * 1728 + 384, 256 * 1728 + 256)
    assert dnn.parameter_bits == (*convolutions, 9217 * 4096, 4097 * 4096, 4097 * 1000)
    assert sum(dnn.parameter_bits) == 60_965_224


# torchvision's documentation, table of all classification weights: num_params and GFLOPS (multiply-adds there);
# and what the files hold besides: running means and variances of each normalised channel, which torchvision does not
# count, and in DenseNet's a second scale and shift
TORCHVISION = {
    "vgg19": (143_667_240, 0, 19.63e9),
    "resnet50": (25_557_032, 2 * 26_560, 4.09e9),
    "squeezenet": (1_235_496, 0, 0.35e9),  # squeezenet1_1
    "densenet121": (7_978_856, 4 * 41_824, 2.83e9),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_totals_are_those_of_torchvision(name: str):
    parameters, besides, macs = TORCHVISION[name]
    assert sum(elements(name).parameter_bits) == parameters + besides
    assert sum(elements(name).macs) == pytest.approx(macs, rel=0.005)


PAPERS = [
    ("alexnet", "parameter_bits", 60e6, 0.02, "Krizhevsky, Sutskever and Hinton, NIPS 2012, abstract"),
    ("vgg19", "parameter_bits", 144e6, 0.005, "Simonyan and Zisserman, ICLR 2015, table 2"),
    ("resnet50", "macs", 3.8e9, 0.08, "He, Zhang, Ren and Sun, CVPR 2016, table 1"),
    ("inception_v1", "parameter_bits", 6.8e6, 0.03, "Szegedy et al., CVPR 2015, sum of table 1"),
    ("inception_v1", "macs", 1.5e9, 0.05, "Szegedy et al., CVPR 2015, section 1"),
    ("squeezenet", "parameter_bits", 1.24e6, 0.01, "Iandola et al., arXiv 1602.07360, table 1 (about as many in 1.1)"),
]


@pytest.mark.parametrize(("name", "quantity", "published", "tolerance", "source"), PAPERS)
def test_totals_are_near_the_papers(name: str, quantity: str, published: float, tolerance: float, source: str):
    assert sum(getattr(elements(name), quantity)) == pytest.approx(published, rel=tolerance), source


@pytest.mark.parametrize("name", BUNDLED)
def test_parameters_are_those_of_the_constants(name: str):
    """Independent: bundled files hold parameters as float initializers or as ConstantOfShape of an initializer."""
    graph = onnx.load(bundled(name)).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    shaped = [prod(constants[node.input[0]].tolist()) for node in graph.node if node.op_type == "ConstantOfShape"]
    read = {value for node in graph.node for value in node.input}
    floats = [array.size for name, array in constants.items() if array.dtype == np.float32 and name in read]
    assert sum(elements(name).parameter_bits) == sum(shaped) + sum(floats)


def tool_macs(path: Path) -> int:
    """MACs of Conv, Gemm and MatMul by onnx-tool with its own shape inference, which counts adding a bias as MACs."""
    graph = onnx_tool.Model(str(path), {"verbose": False}).graph
    graph.shape_infer()
    graph.profile()
    nodes = [node for node in graph.nodemap.values() if node.op_type in ("Conv", "Gemm", "MatMul")]
    biases = sum(prod(graph.tensormap[node.output[0]].get_shape()) for node in nodes if len(node.input) == 3)
    return int(sum(node.macs[0] for node in nodes)) - biases


@pytest.mark.parametrize("name", BUNDLED)
def test_macs_are_those_of_onnx_tool(name: str):
    assert sum(elements(name).macs) == tool_macs(bundled(name))


def test_loading_is_quick_and_imports_no_heavy_library():
    heavy = ("onnx", "onnx_tool", "pandas", "yaml", "scipy", "matplotlib", "sympy")
    code = (
        "import sys, time; from coinfer.network import load_dnn; start = time.perf_counter();"
        "load_dnn('densenet121'); seconds = time.perf_counter() - start;"
        f"print(seconds, [name for name in {heavy} if name in sys.modules])"
    )
    seconds, _, loaded = subprocess.check_output([sys.executable, "-c", code], text=True).partition(" ")
    assert loaded.strip() == "[]"
    assert float(seconds) < 0.05


# ---------------------------------------------------------------- ONNX graphs


def tensor(name: str, shape: Any, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def stored(**arrays: Any) -> list[TensorProto]:
    return [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def save(
    folder: Path,
    nodes: list,
    constants: list | None = None,
    inputs: Any = (1, 4),
    outputs: dict[str, int] | None = None,
) -> Path:
    """An ONNX file of these nodes, its input x of shape `inputs` (or a list of inputs); outputs are given by rank."""
    given_inputs = inputs if isinstance(inputs, list) else [tensor("x", inputs)]
    ranks = outputs or {"y": 2}
    results = [tensor(name, [None] * rank) for name, rank in ranks.items()]
    graph = helper.make_graph(nodes, "g", given_inputs, results, constants or [])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "net.onnx")
    return folder / "net.onnx"


node = helper.make_node


def test_grouped_convolution(tmp_path: Path):
    """4 -> 6 channels in 2 groups, 3 x 3, no padding: 6 x 6 outputs per channel."""
    path = save(
        tmp_path,
        [node("Conv", ["x", "w", "b"], ["c"], group=2), node("Relu", ["c"], ["y"])],
        stored(w=zeros(6, 2, 3, 3), b=zeros(6)),
        inputs=(1, 4, 8, 8),
        outputs={"y": 4},
    )
    dnn = read_onnx(path, **ELEMENTS)
    assert (dnn.layer_names, dnn.macs) == (("conv1",), (6 * 36 * 2 * 9,))
    assert (dnn.parameter_bits, dnn.output_bits) == ((6 * 18 + 6,), (256, 216))


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_transposed_gemm(tmp_path: Path, left: bool, right: bool):
    """A (3 x 5) times B (5 x 7), each as it is or stored transposed; Identity makes it more than one operator."""
    path = save(
        tmp_path,
        [node("Gemm", ["x", "w"], ["c"], transA=int(left), transB=int(right)), node("Identity", ["c"], ["y"])],
        stored(w=zeros(7, 5) if right else zeros(5, 7)),
        inputs=(5, 3) if left else (3, 5),
    )
    dnn = read_onnx(path, **ELEMENTS)
    assert (dnn.macs, dnn.parameter_bits, dnn.output_bits) == ((3 * 5 * 7,), (35,), (15, 21))
    assert dnn.macs[0] == tool_macs(path)


def test_matmul_batched_and_of_two_activations(tmp_path: Path):
    """Scores x x^T of 2 x (3 x 4), both sides activations, then a stored matrix 3 x 5 shared by the batch."""
    path = save(
        tmp_path,
        [
            node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
            node("MatMul", ["x", "t"], ["s"]),
            node("MatMul", ["s", "w"], ["y"]),
        ],
        stored(w=zeros(3, 5)),
        inputs=(2, 3, 4),
        outputs={"y": 3},
    )
    dnn = read_onnx(path, **ELEMENTS)
    assert dnn.layer_names == ("matmul1", "matmul2")
    assert (dnn.macs, dnn.parameter_bits) == ((2 * 3 * 3 * 4, 2 * 3 * 5 * 3), (0, 15))
    assert dnn.output_bits == (24, 18, 30)


def residual(folder: Path) -> Path:
    """relu, fc1, then a residual branch around fc2 and fc3, relu, fc4."""
    nodes = [
        node("Relu", ["x"], ["r0"]),
        node("MatMul", ["r0", "w1"], ["m1"]),
        node("MatMul", ["m1", "w2"], ["m2"]),
        node("MatMul", ["m2", "w3"], ["m3"]),
        node("Add", ["m1", "m3"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "w4"], ["y"]),
    ]
    return save(folder, nodes, stored(w1=zeros(4, 6), w2=zeros(6, 2), w3=zeros(2, 6), w4=zeros(6, 3)))


def test_no_cut_inside_a_residual_branch(tmp_path: Path):
    dnn = read_onnx(residual(tmp_path), **ELEMENTS)
    assert dnn.layer_names == ("matmul1", "matmul2..matmul3", "matmul4")
    assert (dnn.macs, dnn.parameter_bits, dnn.output_bits) == ((24, 24, 18), (24, 24, 18), (4, 6, 6, 3))


def test_every_operator_keeps_every_cut(tmp_path: Path):
    dnn = read_onnx(residual(tmp_path), every_operator=True, **ELEMENTS)
    assert dnn.layer_names == ("relu0", "matmul1", "matmul2..matmul3", "relu3", "matmul4")
    assert (dnn.macs, dnn.output_bits) == ((0, 24, 24, 0, 18), (4, 4, 6, 6, 6, 3))


@pytest.mark.parametrize("name", BUNDLED)
def test_fine_chain_has_the_same_totals_and_all_stages(name: str):
    fine, dnn = read_onnx(bundled(name), every_operator=True, **ELEMENTS), elements(name)
    assert fine.layers > dnn.layers
    assert (sum(fine.macs), sum(fine.parameter_bits)) == (sum(dnn.macs), sum(dnn.parameter_bits))
    remaining = iter(fine.output_bits)
    assert all(bits in remaining for bits in dnn.output_bits)  # a subsequence


def test_cut_is_where_the_model_can_be_split(tmp_path: Path):
    """Head and tail, taken apart by onnx at the cut after the branch, compute what the whole does."""
    from onnx.reference import ReferenceEvaluator

    path, rng = residual(tmp_path), np.random.default_rng(0)
    model = onnx.load(path)
    for constant in model.graph.initializer:
        constant.CopyFrom(
            numpy_helper.from_array(rng.normal(size=tuple(constant.dims)).astype(np.float32), constant.name)
        )
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    x = {"x": rng.normal(size=(1, 4)).astype(np.float32)}
    for part, (start, stop) in {"head": ("x", "r"), "tail": ("r", "y")}.items():
        onnx.utils.extract_model(str(path), str(tmp_path / part), [start], [stop])
    (sent,) = ReferenceEvaluator(str(tmp_path / "head")).run(None, x)
    (split,) = ReferenceEvaluator(str(tmp_path / "tail")).run(None, {"r": sent})
    (whole,) = ReferenceEvaluator(str(path)).run(None, x)
    assert sent.size == read_onnx(path, **ELEMENTS).output_bits[2]
    np.testing.assert_array_equal(split, whole)


def test_parameters_wherever_they_are_held(tmp_path: Path):
    """Initializer, Constant, ConstantOfShape and a reshaped weight count; shapes, axes and scalar settings do not."""
    nodes = [
        node("Constant", [], ["w2"], value=stored(w2=zeros(5, 7))[0]),
        node("ConstantOfShape", ["w3_shape"], ["w3"]),
        node("Reshape", ["b", "row"], ["b_row"]),
        node("Gemm", ["x", "w1"], ["h1"]),
        node("Add", ["h1", "b_row"], ["h2"]),
        node("Dropout", ["h2"], ["h3", ""]),  # arguments and results that are left out are no activations
        node("Reshape", ["h3", "row"], ["h4"]),
        node("MatMul", ["h4", "w2"], ["h5"]),
        node("MatMul", ["h5", "w3"], ["h6"]),
        node("Clip", ["h6", "", "six"], ["h7"]),
        node("Unsqueeze", ["h7", "axes"], ["y"]),
    ]
    constants = stored(
        w1=zeros(4, 5),
        b=zeros(5),
        six=np.float32(6),
        row=np.array([1, -1]),
        w3_shape=np.array([7, 2]),
        axes=np.array([0]),
    )
    dnn = read_onnx(save(tmp_path, nodes, constants, outputs={"y": 3}), **ELEMENTS)
    assert dnn.parameter_bits == (4 * 5 + 5, 5 * 7, 7 * 2)


def test_shared_parameter_counts_once_where_it_is_first_used(tmp_path: Path):
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("MatMul", ["h", "w"], ["y"])]
    assert read_onnx(save(tmp_path, nodes, stored(w=zeros(4, 4))), **ELEMENTS).parameter_bits == (16, 0)


def test_resize_scales_are_no_parameters(tmp_path: Path):
    nodes = [node("Conv", ["x", "w"], ["h"]), node("Resize", ["h", "", "scales"], ["y"])]
    path = save(
        tmp_path,
        nodes,
        stored(w=zeros(2, 3, 1, 1), scales=np.array([1, 1, 2, 2], np.float32)),
        inputs=(1, 3, 4, 4),
        outputs={"y": 4},
    )
    dnn = read_onnx(path, **ELEMENTS)
    assert (dnn.parameter_bits, dnn.output_bits) == ((6,), (48, 128))


def test_dead_and_shape_operators_are_left_out(tmp_path: Path):
    """A result nobody reads and a target computed from a shape, as exporters write it, neither hide nor add a cut."""
    nodes = [
        node("MatMul", ["x", "w1"], ["h"]),
        node("Sigmoid", ["x"], ["unused"]),
        node("MatMul", ["unused", "w1"], ["unused_too"]),
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Concat", ["batch", "rest"], ["target"], axis=0),
        node("Reshape", ["h", "target"], ["flat"]),
        node("MatMul", ["flat", "w2"], ["y"]),
    ]
    constants = stored(w1=zeros(4, 6), w2=zeros(6, 2), zero=np.array([0]), rest=np.array([-1]))
    dnn = read_onnx(save(tmp_path, nodes, constants), **ELEMENTS)
    assert (dnn.macs, dnn.parameter_bits, dnn.output_bits) == ((24, 12), (24, 12), (4, 6, 2))


def test_early_result_crosses_every_later_cut(tmp_path: Path):
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("MatMul", ["a", "w"], ["early"]),
        node("MatMul", ["early", "w"], ["b"]),
        node("MatMul", ["b", "w"], ["y"]),
    ]
    dnn = read_onnx(save(tmp_path, nodes, stored(w=zeros(4, 4)), outputs={"early": 2, "y": 2}), **ELEMENTS)
    assert dnn.layer_names == ("matmul1", "matmul2", "matmul3..matmul4")
    assert dnn.output_bits == (4, 4, 4, 8)  # both results


def symbolic(folder: Path, shape: Any = ("batch", 3, "height", "width")) -> Path:
    nodes = [node("Conv", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"])]
    return save(folder, nodes, stored(w=zeros(2, 3, 3, 3)), inputs=shape, outputs={"y": 4})


def test_symbolic_dimensions_are_given(tmp_path: Path):
    dimensions = {"batch": 1, "height": 10, "width": 12}
    dnn = read_onnx(symbolic(tmp_path), dimensions=dimensions, **ELEMENTS)
    assert (dnn.macs, dnn.output_bits) == ((2 * 8 * 10 * 27,), (360, 160))


def test_nameless_dimension_is_called_by_its_place(tmp_path: Path):
    dnn = read_onnx(symbolic(tmp_path, (None, 3, 10, 12)), dimensions={"x[0]": 1}, **ELEMENTS)
    assert dnn.output_bits == (360, 160)


def test_uncounted_multiplications_are_announced(tmp_path: Path):
    nodes = [node("Conv", ["x", "w"], ["h"]), node("ConvTranspose", ["h", "v"], ["y"])]
    path = save(
        tmp_path, nodes, stored(w=zeros(2, 3, 1, 1), v=zeros(2, 3, 2, 2)), inputs=(1, 3, 4, 4), outputs={"y": 4}
    )
    with pytest.warns(UserWarning, match="MACs of ConvTranspose are not counted"):
        dnn = read_onnx(path, **ELEMENTS)
    assert dnn.macs == (2 * 16 * 3,)


def test_bundled_networks_need_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_onnx(bundled("alexnet"))


# ---------------------------------------------------------------- perceptrons


@given(layers=st.integers(1, 20), neurons=st.integers(1, 500), bits=st.integers(1, 64))
def test_mlp_is_equal_by_default(layers: int, neurons: int, bits: int):
    dnn = mlp(layers, neurons, activation_bits=bits, parameter_bits=3)
    assert dnn.layers == layers
    assert set(dnn.macs) == {neurons**2}
    assert set(dnn.parameter_bits) == {3 * (neurons**2 + neurons)}
    assert set(dnn.output_bits) == {bits * neurons}


def test_mlp_with_an_input_of_another_size():
    dnn = mlp(3, 10, inputs=50, input_bits=8, **{"activation_bits": 2, "parameter_bits": 1})
    assert dnn.macs == (500, 100, 100)
    assert dnn.parameter_bits == (510, 110, 110)
    assert dnn.output_bits == (400, 20, 20, 20)


def test_mlp_is_what_its_onnx_file_is(tmp_path: Path):
    nodes = [node("Gemm", ["x", "w1", "b1"], ["h"]), node("Relu", ["h"], ["r"]), node("Gemm", ["r", "w2", "b2"], ["y"])]
    path = save(tmp_path, nodes, stored(w1=zeros(9, 5), b1=zeros(5), w2=zeros(5, 5), b2=zeros(5)), inputs=(1, 9))
    names = {"name": "mlp-2x5", "layer_names": ("fc1", "fc2")}
    assert read_onnx(path).model_copy(update=names) == mlp(2, 5, inputs=9, input_bits=8)


# ---------------------------------------------------------------- chains and blocks


@st.composite
def chains(draw: st.DrawFn) -> DNN:
    layers = draw(st.integers(1, 12))
    counts = st.integers(0, 20)
    return DNN(
        name="chain",
        layer_names=[f"layer{n}" for n in range(1, layers + 1)],
        macs=draw(st.lists(counts, min_size=layers, max_size=layers)),
        parameter_bits=draw(st.lists(counts, min_size=layers, max_size=layers)),
        output_bits=draw(st.lists(counts, min_size=layers + 1, max_size=layers + 1)),
    )


@given(dnn=chains())
def test_round_trip_is_exact(dnn: DNN):
    for chain in (dnn, blocks(dnn)):
        assert DNN(**json.loads(json.dumps(chain.model_dump(mode="json")))) == chain


@given(dnn=chains())
def test_blocks_by_smaller_output(dnn: DNN):
    merged = blocks(dnn)
    assert blocks(merged) == merged == dnn.blocks()
    assert (sum(merged.macs), sum(merged.parameter_bits)) == (sum(dnn.macs), sum(dnn.parameter_bits))
    assert merged.output_bits == tuple(dnn.output_bits[stage] for stage in merged.stages)
    assert (merged.stages[0], merged.stages[-1]) == (0, dnn.layers)
    before_end = merged.output_bits[:-1]
    assert list(before_end) == sorted(set(before_end), reverse=True)
    for stage in set(range(1, dnn.layers)) - set(merged.stages):  # nothing left out that should have stayed
        assert dnn.output_bits[stage] >= min(dnn.output_bits[:stage])


@given(data=st.data(), dnn=chains())
def test_blocks_at_given_stages(data: st.DataObject, dnn: DNN):
    inner = data.draw(st.sets(st.integers(1, dnn.layers)))
    kept = tuple(sorted({0, dnn.layers, *inner}))
    merged = blocks(dnn, stages=kept)
    assert merged.stages == kept
    for (start, stop), macs, bits in zip(pairwise(kept), merged.macs, merged.parameter_bits, strict=True):
        assert (macs, bits) == (sum(dnn.macs[start:stop]), sum(dnn.parameter_bits[start:stop]))
    fewer = tuple(sorted({0, dnn.layers, *data.draw(st.sets(st.sampled_from(kept)))}))
    assert blocks(merged, stages=fewer) == blocks(dnn, stages=fewer)  # original numbers, names and sums alike


def test_blocks_of_alexnet():
    merged = blocks(load_dnn("alexnet"))
    assert merged.stages == (0, 2, 5, 6, 8)
    assert merged.layer_names == ("conv1..conv2", "conv3..conv5", "gemm6", "gemm7..gemm8")


def test_counts_may_be_arrays():
    given_arrays = DNN(
        name="a", layer_names=["l"], macs=np.array([3]), parameter_bits=np.array([4]), output_bits=np.array([5, 6])
    )
    assert given_arrays == DNN(name="a", layer_names=("l",), macs=(3,), parameter_bits=(4,), output_bits=(5, 6))


# ---------------------------------------------------------------- bad input


def chain(**changes: Any) -> DNN:
    fields: dict[str, Any] = {
        "name": "two", "layer_names": ["a", "b"], "macs": [1, 2], "parameter_bits": [3, 4], "output_bits": [5, 6, 7]
    }  # fmt: skip
    return DNN(**{**fields, **changes})


BAD_CHAINS: dict[str, tuple[Callable[[], Any], str]] = {
    "no layers": (lambda: chain(layer_names=[]), "DNN.layer_names = []"),
    "macs too short": (lambda: chain(macs=[1]), "macs = (1,) has length 1; layer_names asks for 2"),
    "parameters too long": (lambda: chain(parameter_bits=[1, 2, 3]), "parameter_bits = (1, 2, 3) has length 3"),
    "no raw input": (lambda: chain(output_bits=[6, 7]), "output_bits = (6, 7) has length 2; layer_names asks for 3"),
    "negative macs": (lambda: chain(macs=[1, -2]), "DNN.macs.1 = -2: should be greater than or equal to 0"),
    "fraction of a bit": (lambda: chain(output_bits=[5, 6.5, 7]), "DNN.output_bits.1 = 6.5"),
    "nan": (lambda: chain(parameter_bits=[float("nan"), 1]), "DNN.parameter_bits.0 = nan"),
    "unknown field": (lambda: chain(weights=1), "DNN.weights = 1: unknown field"),
    "stages not from 0": (lambda: chain(stages=[1, 2, 3]), "stages = (1, 2, 3) should start at 0"),
    "stages not increasing": (lambda: chain(stages=[0, 2, 2]), "stages = (0, 2, 2) should start at 0"),
    "stages too short": (lambda: chain(stages=[0, 2]), "stages = (0, 2) has length 2; layer_names asks for 3"),
    "unknown network": (lambda: load_dnn("alexnett"), "name = 'alexnett': should be one of alexnet"),
    "network is a path": (lambda: load_dnn("../data/alexnet"), "name = '../data/alexnet': should be one of"),
    "zero bits": (lambda: load_dnn("alexnet", activation_bits=0), "activation_bits = 0: should be a positive integer"),
    "fractional bits": (lambda: load_dnn("alexnet", input_bits=1.5), "input_bits = 1.5: should be a positive"),
    "true bits": (lambda: mlp(2, 3, parameter_bits=True), "parameter_bits = True: should be a positive integer"),
    "no mlp layers": (lambda: mlp(0, 3), "layers = 0: should be a positive integer"),
    "no neurons": (lambda: mlp(2, -1), "neurons = -1: should be a positive integer"),
    "no inputs": (lambda: mlp(2, 3, inputs=0), "inputs = 0: should be a positive integer"),
    "unknown criterion": (lambda: blocks(chain(), "smaller"), "criterion = 'smaller': should be one of smaller-output"),
    "stage unknown": (lambda: blocks(chain(), stages=(0, 5, 2)), "stages = (0, 5, 2): should increase strictly"),
    "last stage left out": (lambda: blocks(chain(), stages=(0, 1)), "stages = (0, 1): should increase strictly"),
    "no stages to keep": (lambda: blocks(chain(), stages=()), "stages = (): should increase strictly from 0 to 2"),
}


@pytest.mark.parametrize("case", BAD_CHAINS)
def test_bad_chain_gives_one_clear_error(case: str):
    act, message = BAD_CHAINS[case]
    with pytest.raises(InputError, match=re.escape(message)) as error:
        act()
    assert "\n" not in str(error.value)


def text_file(folder: Path) -> Path:
    (folder / "net.onnx").write_text("this is a text file\n")
    return folder / "net.onnx"


def empty_file(folder: Path) -> Path:
    (folder / "net.onnx").touch()
    return folder / "net.onnx"


def without_cut(folder: Path) -> Path:
    """The input is added to the result of two layers, so at least two activations cross everywhere."""
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["a", "w"], ["b"]), node("Add", ["x", "b"], ["y"])]
    return save(folder, nodes, stored(w=zeros(4, 4)))


def two_inputs(folder: Path) -> Path:
    return save(folder, [node("MatMul", ["x", "z"], ["y"])], inputs=[tensor("x", (1, 4)), tensor("z", (4, 4))])


def constant_result(folder: Path) -> Path:
    return save(folder, [node("Identity", ["w"], ["y"])], stored(w=zeros(4, 4)))


def without_macs(folder: Path) -> Path:
    return save(folder, [node("Relu", ["x"], ["a"]), node("Sigmoid", ["a"], ["y"])])


def wrong_shapes(folder: Path) -> Path:
    return save(folder, [node("MatMul", ["x", "w"], ["y"])], stored(w=zeros(5, 3)))


def unknown_shape(folder: Path) -> Path:
    """How many values Compress keeps is not inferred."""
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("Compress", ["a", "keep"], ["y"])]
    return save(folder, nodes, stored(w=zeros(4, 4), keep=np.array([True, False])), outputs={"y": 1})


def with_subgraph(folder: Path) -> Path:
    branch = helper.make_graph([node("Relu", ["a"], ["r"])], "branch", [], [tensor("r", (1, 4))])
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("If", ["flag"], ["y"], then_branch=branch, else_branch=branch),
    ]
    return save(folder, nodes, stored(w=zeros(4, 4), flag=np.array(True)))


BAD_FILES: dict[str, tuple[Callable[[Path], Path], dict[str, int] | None, str]] = {
    "missing": (lambda folder: folder / "missing.onnx", None, "missing.onnx': no such file"),
    "folder": (lambda folder: folder, None, "no such file"),
    "text": (text_file, None, "is not a valid ONNX file"),
    "empty": (empty_file, None, "is not a valid ONNX file"),
    "no cut": (without_cut, None, "cannot be cut into a chain"),
    "two inputs": (two_inputs, None, "should have exactly one input, but has 2 (x, z)"),
    "no input": (constant_result, None, "should have exactly one input, but has 0 (none)"),
    "no MACs": (without_macs, None, "has no Conv, Gemm or MatMul"),
    "shapes that do not fit": (wrong_shapes, None, "shapes cannot be inferred"),
    "unknown shape": (unknown_shape, None, "the shape of 'y' cannot be inferred"),
    "subgraph": (with_subgraph, None, "has operators with subgraphs, which are no part of a chain (If)"),
    "symbolic": (symbolic, None, "symbolic dimension of input 'x' a size, that is, exactly: batch, height, width"),
    "partly symbolic": (symbolic, {"batch": 1, "height": 9}, "exactly: batch, height, width"),
    "unknown dimension": (residual, {"batch": 1}, "dimensions = {'batch': 1}: should give each symbolic"),
    "no size": (symbolic, {"batch": 0, "height": 9, "width": 9}, "dimensions['batch'] = 0: should be a positive"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_gives_one_clear_error(case: str, tmp_path: Path):
    make, dimensions, message = BAD_FILES[case]
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read_onnx(make(tmp_path), dimensions=dimensions)
    assert "\n" not in str(error.value)


def test_without_onnx_the_error_names_the_extra():
    code = "import sys; sys.modules['onnx'] = None; from coinfer.network import read_onnx; read_onnx('net.onnx')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: onnx is missing: pip install 'coinfer[onnx]'" in run.stderr


def test_unknown_bundled_file():
    with pytest.raises(InputError, match="name = 'lenet': should be one of alexnet"):
        bundled("lenet")
