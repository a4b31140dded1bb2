"""ONNX graphs as chains: where they are cut, what is counted, and what is refused."""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_files import ELEMENTS, node, residual, save, stored, symbolic, tensor, tool_macs, zeros

from coinfer.network import mlp, read_onnx
from coinfer.network.onnx_chain import bundled
from coinfer.validation import InputError


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


def test_no_cut_inside_a_residual_branch(tmp_path: Path):
    dnn = read_onnx(residual(tmp_path), **ELEMENTS)
    assert dnn.layer_names == ("matmul1", "matmul2..matmul3", "matmul4")
    assert (dnn.macs, dnn.parameter_bits, dnn.output_bits) == ((24, 24, 18), (24, 24, 18), (4, 6, 6, 3))


def test_every_operator_keeps_every_cut(tmp_path: Path):
    dnn = read_onnx(residual(tmp_path), every_operator=True, **ELEMENTS)
    assert dnn.layer_names == ("relu0", "matmul1", "matmul2..matmul3", "relu3", "matmul4")
    assert (dnn.macs, dnn.output_bits) == ((0, 24, 24, 0, 18), (4, 4, 6, 6, 6, 3))


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


def test_a_constant_that_the_graph_fills_itself_is_no_parameter(tmp_path: Path):
    """As Swin's masks: ConstantOfShape with a shape that stands in the graph, changed before it is added."""
    nodes = [
        node("Constant", [], ["shape"], value=stored(shape=np.array([1, 5]))[0]),
        node("ConstantOfShape", ["shape"], ["zeros"]),
        node("Sub", ["zeros", "b"], ["mask"]),
        node("MatMul", ["x", "w"], ["h"]),
        node("Add", ["h", "mask"], ["g"]),
        node("Add", ["g", "zeros"], ["y"]),
    ]
    dnn = read_onnx(save(tmp_path, nodes, stored(w=zeros(4, 5), b=zeros(5))), **ELEMENTS)
    assert dnn.parameter_bits == (4 * 5 + 5,)


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


def test_symbolic_dimensions_are_given(tmp_path: Path):
    dimensions = {"batch": 1, "height": 10, "width": 12}
    dnn = read_onnx(symbolic(tmp_path), dimensions=dimensions, **ELEMENTS)
    assert (dnn.macs, dnn.output_bits) == ((2 * 8 * 10 * 27,), (360, 160))


def test_nameless_dimension_is_called_by_its_place(tmp_path: Path):
    dnn = read_onnx(symbolic(tmp_path, (None, 3, 10, 12)), dimensions={"x[0]": 1}, **ELEMENTS)
    assert dnn.output_bits == (360, 160)


def test_a_transposed_convolution_is_a_layer(tmp_path: Path):
    nodes = [node("Conv", ["x", "w"], ["h"]), node("ConvTranspose", ["h", "v"], ["y"])]
    path = save(
        tmp_path, nodes, stored(w=zeros(2, 3, 1, 1), v=zeros(2, 3, 2, 2)), inputs=(1, 3, 4, 4), outputs={"y": 4}
    )
    dnn = read_onnx(path, **ELEMENTS)
    assert (dnn.layer_names, dnn.macs) == (("conv1", "convtranspose2"), (2 * 16 * 3, 2 * 16 * 3 * 4))


def test_mlp_is_what_its_onnx_file_is(tmp_path: Path):
    nodes = [node("Gemm", ["x", "w1", "b1"], ["h"]), node("Relu", ["h"], ["r"]), node("Gemm", ["r", "w2", "b2"], ["y"])]
    path = save(tmp_path, nodes, stored(w1=zeros(9, 5), b1=zeros(5), w2=zeros(5, 5), b2=zeros(5)), inputs=(1, 9))
    names = {"name": "mlp-2x5", "layer_names": ("fc1", "fc2")}
    assert read_onnx(path).model_copy(update=names) == mlp(2, 5, inputs=9)
    assert read_onnx(path, input_bits=8).model_copy(update=names) == mlp(2, 5, inputs=9, input_bits=8)


def test_operators_out_of_order_are_put_in_order(tmp_path: Path):
    """As some converters leave them; an If, too, runs after what its branch reads."""
    branch = helper.make_graph([node("MatMul", ["a", "w2"], ["r"])], "branch", [], [tensor("r", (1, 3))])
    nodes = [
        node("MatMul", ["x", "w1"], ["a"]),
        node("If", ["flag"], ["b"], then_branch=branch, else_branch=branch),
        node("MatMul", ["b", "w3"], ["y"]),
    ]
    constants = stored(w1=zeros(4, 5), w2=zeros(5, 3), w3=zeros(3, 2), flag=np.array(True))
    expected = read_onnx(save(tmp_path, nodes, constants), **ELEMENTS)
    for order in permutations(nodes):
        assert read_onnx(save(tmp_path, order, constants), **ELEMENTS) == expected


def test_a_cycle_is_no_chain(tmp_path: Path):
    nodes = [node("Add", ["x", "b"], ["a"]), node("MatMul", ["a", "w"], ["b"]), node("Relu", ["b"], ["y"])]
    with pytest.raises(InputError, match="is not a valid ONNX file"):
        read_onnx(save(tmp_path, nodes, stored(w=zeros(4, 4))))


# ---------------------------------------------------------------- bad files


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
        node("ReduceMax", ["a"], ["most"], keepdims=0),
        node("Cast", ["most"], ["flag"], to=onnx.TensorProto.BOOL),
        node("If", ["flag"], ["y"], then_branch=branch, else_branch=branch),
    ]
    return save(folder, nodes, stored(w=zeros(4, 4)))


BAD_FILES: dict[str, tuple[Callable[[Path], Path], dict[str, int] | None, str]] = {
    "missing": (lambda folder: folder / "missing.onnx", None, "missing.onnx': no such file"),
    "folder": (lambda folder: folder, None, "is a directory; should be an ONNX file"),
    "text": (text_file, None, "is not a valid ONNX file"),
    "empty": (empty_file, None, "is not a valid ONNX file"),
    "no cut": (without_cut, None, "cannot be cut into a chain"),
    "two inputs": (two_inputs, None, "should have exactly one input, but has 2 (x, z)"),
    "no input": (constant_result, None, "should have exactly one input, but has 0 (none)"),
    "no MACs": (without_macs, None, "has no operator with MACs, such as Conv, Gemm or MatMul"),
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
