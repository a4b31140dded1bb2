"""DNNs as chains: bundled tables, perceptrons and blocks."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from onnx_files import ELEMENTS, tool_macs

from coinfer.network import DNN, blocks, dnn_names, load_dnn, mlp, read_onnx
from coinfer.network import __main__ as tables
from coinfer.network.onnx_chain import BUNDLED, bundled
from coinfer.validation import InputError


@cache
def elements(name: str) -> DNN:
    """A bundled network at one bit per value: its bits are counts."""
    return load_dnn(name, **ELEMENTS)


# ---------------------------------------------------------------- bundled networks


def test_names_are_the_bundled_ones():
    assert dnn_names("classic") == tuple(sorted(BUNDLED))
    assert len(dnn_names("classic")) == 9


@pytest.mark.parametrize("name", BUNDLED)
def test_committed_table_is_the_regenerated_one(name: str):
    committed = files("coinfer.network") / "data" / "classic" / f"{name}.csv"
    assert committed.read_bytes() == tables.table(tables.classic(name)).encode()


def test_main_writes_the_tables_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "DATA", tmp_path)
    monkeypatch.setattr(tables, "BUNDLED", {"alexnet": BUNDLED["alexnet"]})
    tables.main(["classic"])
    (written,) = (file for file in tmp_path.rglob("*.*") if file.is_file())
    assert written == tmp_path / "classic" / "alexnet.csv"
    assert written.read_text() == tables.table(tables.classic("alexnet"))


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


@pytest.mark.parametrize("name", BUNDLED)
def test_fine_chain_has_the_same_totals_and_all_stages(name: str):
    fine, dnn = read_onnx(bundled(name), every_operator=True, **ELEMENTS), elements(name)
    assert fine.layers > dnn.layers
    assert (sum(fine.macs), sum(fine.parameter_bits)) == (sum(dnn.macs), sum(dnn.parameter_bits))
    remaining = iter(fine.output_bits)
    assert all(bits in remaining for bits in dnn.output_bits)  # a subsequence


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
