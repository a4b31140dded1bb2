"""The bundled networks of today: their tables against published totals, other counts, and what running them counted."""

import csv
import hashlib
import re
import shutil
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto
from onnx_files import ELEMENTS, node, residual, save, stored, zeros
from packaging.requirements import Requirement

from coinfer.network import DNN, dnn_names, execution, load_dnn, mlp, read_onnx
from coinfer.network import __main__ as tables
from coinfer.network.mlperf_tiny import MODELS
from coinfer.network.onnx_chain import BUNDLED, bundled
from coinfer.network.torchvision_export import DETECTOR, NETWORKS, Counted
from coinfer.validation import InputError

ROOT = Path(__file__).parents[1]
DATA = files("coinfer.network") / "data"

# torchvision 0.28, `meta` of the weights IMAGENET1K_V1: "num_params", and "_ops" [G multiply-adds] to its digits
TORCHVISION = {
    "convnext_tiny": (28_589_128, "4.456"),
    "efficientnet_b0": (5_288_548, "0.386"),
    "mobilenet_v2": (3_504_872, "0.301"),
    "mobilenet_v3_large": (5_483_032, "0.217"),
    "mobilenet_v3_small": (2_542_856, "0.057"),
    "regnet_y_400mf": (4_344_144, "0.402"),
    "resnet18": (11_689_512, "1.814"),
    "shufflenet_v2_x1_0": (2_278_604, "0.145"),
    "swin_t": (28_288_354, "4.491"),
    "vgg16": (138_357_544, "15.470"),
    "vit_b_16": (86_567_656, "17.564"),
}
LAYERS = {
    "convnext_tiny": 23, "efficientnet_b0": 39, "mobilenet_v2": 33, "mobilenet_v3_large": 32,
    "mobilenet_v3_small": 28, "regnet_y_400mf": 18, "resnet18": 10, "shufflenet_v2_x1_0": 19,
    DETECTOR: 24, "swin_t": 29, "vgg16": 16, "vit_b_16": 26,
    "ds_cnn": 10, "fc_autoencoder": 10, "mobilenet_v1_025": 28, "resnet8": 5,
}  # fmt: skip
KINDS = ("conv_macs", "gemm_macs", "matmul_macs")


@cache
def elements(name: str) -> DNN:
    """A bundled network at one bit per value: its bits are counts."""
    return load_dnn(name, **ELEMENTS)


@cache
def executed() -> dict[str, dict[str, str]]:
    """What running the exported graphs counted, when the tables were made."""
    return {row["name"]: row for row in csv.DictReader((DATA / tables.EXECUTED).read_text().splitlines())}


# ---------------------------------------------------------------- groups


def test_every_name_is_of_one_group():
    groups = [dnn_names(group) for group in ("classic", "mlperf-tiny", "torchvision")]
    assert groups == [tuple(sorted(BUNDLED)), tuple(sorted(MODELS)), tuple(sorted(NETWORKS))]
    assert dnn_names() == tuple(sorted(sum(groups, ())))
    assert set(LAYERS) == set(groups[1] + groups[2])


def test_an_unknown_group_or_name_gives_one_clear_error():
    with pytest.raises(InputError, match=re.escape("group = 'torch-vision': should be one of")) as error:
        dnn_names("torch-vision")
    assert "torchvision" in str(error.value)
    with pytest.raises(InputError, match="mobilenet_v2") as error:
        load_dnn("mobilenetv2")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_and_what_every_chain_has(name: str):
    dnn = elements(name)
    assert dnn.layers == LAYERS[name]
    assert min(dnn.macs) > 0
    assert min(dnn.output_bits) > 0


# ---------------------------------------------------------------- torchvision's


@pytest.mark.parametrize("name", TORCHVISION)
def test_totals_are_those_that_torchvision_publishes(name: str):
    parameters, giga_macs = TORCHVISION[name]
    assert f"{sum(elements(name).macs) / 1e9:.3f}" == giga_macs
    assert sum(elements(name).parameter_bits) == parameters + int(executed()[name]["buffers"])
    assert int(executed()[name]["parameters"]) == parameters


# means and variances of the channels that are normalised, by the papers' architectures
STATISTICS = {
    "resnet18": 2 * (64 + 4 * 64 + 5 * 128 + 5 * 256 + 5 * 512),  # stem; from the second stage on a shortcut's too
    "vgg16": 0,
    "vit_b_16": 0,  # normalises layers, without statistics
    "convnext_tiny": 0,
    "swin_t": 0,
}


@pytest.mark.parametrize("name", STATISTICS)
def test_running_statistics_count(name: str):
    assert sum(elements(name).parameter_bits) - TORCHVISION[name][0] == STATISTICS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_table_is_the_one_whose_execution_agreed(name: str):
    """Its bytes are those that were compared, layer by layer, with what ran; the totals by operator are those of it."""
    row, text = executed()[name], (DATA / "torchvision" / f"{name}.csv").read_bytes()
    assert hashlib.sha256(text).hexdigest() == row["table_sha256"]
    assert sum(elements(name).macs) == sum(int(row[kind]) for kind in KINDS) == int(row["module_macs"])
    assert sum(elements(name).parameter_bits) == int(row["parameters"]) + int(row["buffers"])


def test_the_tables_were_made_by_the_pinned_versions():
    lines = (ROOT / "requirements-tables.txt").read_text().splitlines()
    pins = {pin.name: str(pin.specifier) for pin in map(Requirement, (s for s in lines if not s.startswith("#")))}
    assert set(executed()) == set(NETWORKS)
    for row in executed().values():
        assert {name: f"=={row[name]}" for name in ("onnx", "onnxruntime", "torch", "torchvision")} == {
            name: pin for name, pin in pins.items() if name != "onnxscript"
        }


def test_resnet18_by_hand():
    """He et al., CVPR 2016, table 1: a stem, eight blocks of two 3 x 3 convolutions, a dense layer."""
    dnn = elements("resnet18")
    stem, rest = 64 * 112**2 * 3 * 49, []
    for width, side in ((64, 56), (128, 28), (256, 14), (512, 7)):
        plain = 2 * width**2 * 9 * side**2
        halving = (width // 2) * width * 9 * side**2 + plain // 2 + (width // 2) * width * side**2
        rest += [plain if width == 64 else halving, plain]
    assert dnn.macs == (stem, *rest, 512 * 1000)
    maps = [64 * 56**2] * 3 + [128 * 28**2] * 2 + [256 * 14**2] * 2 + [512 * 7**2]
    assert dnn.output_bits == (3 * 224**2, *maps, 512, 1000)


def test_vit_b_16_by_hand():
    """Dosovitskiy et al., ICLR 2021: 196 patches and a class token, 12 blocks of attention and two dense layers."""
    tokens, width = 197, 768
    attention = tokens * width * 3 * width + 2 * tokens**2 * width + tokens * width**2
    dense = 2 * tokens * width * 4 * width
    assert elements("vit_b_16").macs == (196 * width * 3 * 16**2, *(attention, dense) * 12, width * 1000)
    assert set(elements("vit_b_16").output_bits[1:25]) == {tokens * width}


def test_the_detector_is_the_backbone_at_320_pixels_up_to_its_first_head():
    """Its first 24 layers are MobileNetV3's, on maps (320/224)^2 as large; squeezing works on vectors and stays."""
    detector, backbone = elements(DETECTOR), elements("mobilenet_v3_large")
    assert detector.parameter_bits == backbone.parameter_bits[:24]
    assert [196 * size for size in detector.output_bits] == [400 * size for size in backbone.output_bits[:25]]
    assert detector.output_bits[-1] == 672 * 20**2
    scaled = [196 * few == 400 * many for few, many in zip(detector.macs, backbone.macs, strict=False)]
    squeezing = [196 * few < 400 * many for few, many in zip(detector.macs, backbone.macs, strict=False)]
    assert all(a != b for a, b in zip(scaled, squeezing, strict=True))
    assert sum(detector.macs) < 0.583e9  # torchvision's total with all heads


# ---------------------------------------------------------------- MLPerf Tiny's


@pytest.mark.parametrize("name", MODELS)
def test_committed_table_is_that_of_the_shapes(name: str):
    assert (DATA / "mlperf-tiny" / f"{name}.csv").read_text() == tables.table(MODELS[name]())


class Graph:
    """An ONNX graph that grows by an operator; stored arrays are zeros."""

    def __init__(self, *shape: int):
        self.shape, self.nodes, self.weights = (1, *shape), [], {}

    def add(self, kind: str, *given: str, weights: tuple[tuple[int, ...], ...] = (), **attributes: object) -> str:
        names = [f"w{len(self.weights) + place}" for place in range(len(weights))]
        self.weights |= {name: zeros(*shape) for name, shape in zip(names, weights, strict=True)}
        self.nodes.append(node(kind, [*given, *names], [f"v{len(self.nodes)}"], **attributes))
        return f"v{len(self.nodes) - 1}"

    def conv(self, x: str, filters: int, per_filter: tuple[int, int, int], stride: int, groups: int = 1) -> str:
        made = self.add(
            "Conv",
            x,
            weights=((filters, *per_filter), (filters,)),
            strides=[stride] * 2,
            group=groups,
            auto_pad="SAME_UPPER",
        )
        return self.add("BatchNormalization", made, weights=((filters,),) * 4)

    def read(self, folder: Path, result: str) -> DNN:
        last = self.add("Identity", result)
        return read_onnx(
            save(folder, self.nodes, stored(**self.weights), inputs=self.shape, outputs={last: 2}), **ELEMENTS
        )

    def classify(self, folder: Path, x: str, channels: int, classes: int) -> DNN:
        flat = self.add("Flatten", self.add("GlobalAveragePool", x))
        return self.read(folder, self.add("Gemm", flat, weights=((channels, classes), (classes,))))


def resnet8(folder: Path) -> DNN:
    graph = Graph(3, 32, 32)
    x = graph.add("Relu", graph.conv("x", 16, (3, 3, 3), 1))
    for before, filters in ((16, 16), (16, 32), (32, 64)):
        stride = filters // before
        y = graph.add("Relu", graph.conv(x, filters, (before, 3, 3), stride))
        y = graph.conv(y, filters, (filters, 3, 3), 1)
        if stride == 2:
            x = graph.add(
                "Conv", x, weights=((filters, before, 1, 1), (filters,)), strides=[2, 2], auto_pad="SAME_UPPER"
            )
        x = graph.add("Relu", graph.add("Add", x, y))
    return graph.classify(folder, x, 64, 10)


def separable(graph: Graph, x: str, before: int, filters: int, stride: int) -> str:
    x = graph.add("Relu", graph.conv(x, before, (1, 3, 3), stride, groups=before))
    return graph.add("Relu", graph.conv(x, filters, (before, 1, 1), 1))


def ds_cnn(folder: Path) -> DNN:
    graph = Graph(1, 49, 10)
    x = graph.add("Relu", graph.conv("x", 64, (1, 10, 4), 2))
    for _ in range(4):
        x = separable(graph, x, 64, 64, 1)
    return graph.classify(folder, x, 64, 12)


def mobilenet_v1_025(folder: Path) -> DNN:
    graph = Graph(3, 96, 96)
    x, before = graph.add("Relu", graph.conv("x", 8, (3, 3, 3), 2)), 8
    for place, filters in enumerate((16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)):
        x, before = separable(graph, x, before, filters, 2 if place in (1, 3, 5, 11) else 1), filters
    return graph.classify(folder, x, 256, 2)


def fc_autoencoder(folder: Path) -> DNN:
    graph, x, before = Graph(640), "x", 640
    for neurons in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = graph.add("Gemm", x, weights=((before, neurons), (neurons,)))
        x, before = graph.add("Relu", graph.add("BatchNormalization", x, weights=((neurons,),) * 4)), neurons
    return graph.read(folder, graph.add("Gemm", x, weights=((128, 640), (640,))))


@pytest.mark.parametrize("build", [resnet8, ds_cnn, mobilenet_v1_025, fc_autoencoder])
def test_shapes_give_what_is_read_from_a_graph_of_the_same_layers(build, tmp_path: Path):
    assert build(tmp_path).model_copy(update={"name": build.__name__}) == elements(build.__name__)


def test_resnet8_has_the_macs_that_device_speeds_are_derived_from():
    assert sum(elements("resnet8").macs) == 442_368 + 4_718_592 + 2 * (1_179_648 + 2_359_296 + 131_072) + 640


def test_mobilenet_has_the_totals_of_its_publishers_at_128_pixels():
    """tensorflow/models@02c04f49, research/slim/nets/mobilenet_v1.md: MobileNet_v1_0.25_128, 14 million MACs, 0.47
    million parameters: maps (128/96)^2 as large, 1001 classes, and no biases nor statistics, which are ours.
    """
    *convolutions, dense = zip(
        elements("mobilenet_v1_025").macs, elements("mobilenet_v1_025").parameter_bits, strict=True
    )
    channels = 8 + sum((8, 16, 32, 32, 64, 64, *[128] * 6, 256)) + sum((16, 32, 32, 64, 64, *[128] * 6, 256, 256))
    assert dense == (2 * 256, 2 * 257)
    assert round((sum(macs for macs, _ in convolutions) * 16 / 9 + 256 * 1001) / 1e6) == 14
    assert f"{(sum(held for _, held in convolutions) - 3 * channels + 257 * 1001) / 1e6:.2f}" == "0.47"


# Linley Newsletter of 3 August 2021, "MLPerf Gets Tiny": sizes of the int8 files, thousand bytes
KILOBYTES = {"ds_cnn": 53, "mobilenet_v1_025": 325, "resnet8": 96, "fc_autoencoder": 270}


@pytest.mark.parametrize("name", KILOBYTES)
def test_the_int8_files_have_room_for_the_parameters_and_little_more(name: str):
    assert 0.45 < sum(elements(name).parameter_bits) / (1000 * KILOBYTES[name]) <= 1


def test_the_autoencoder_is_a_perceptron_of_equal_layers_between_its_ends_and_its_bottleneck():
    equal, dnn = mlp(3, 128, activation_bits=1, parameter_bits=1), elements("fc_autoencoder")
    assert dnn.macs[1:4] == dnn.macs[6:9] == equal.macs
    statistics = 4 * 128
    assert dnn.parameter_bits[1:4] == tuple(count + statistics for count in equal.parameter_bits)
    assert dnn.output_bits == (640, *[128] * 4, 8, *[128] * 4, 640)


# ---------------------------------------------------------------- making the tables


def test_a_group_is_written_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "DATA", tmp_path)
    tables.main(["mlperf-tiny"])
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == {
        f"mlperf-tiny/{name}.csv" for name in MODELS
    }
    for name in MODELS:
        assert (tmp_path / "mlperf-tiny" / f"{name}.csv").read_bytes() == (
            DATA / "mlperf-tiny" / f"{name}.csv"
        ).read_bytes()


def test_an_unknown_group_is_refused_before_any_is_written(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(tables, "DATA", tmp_path)
    with pytest.raises(SystemExit):
        tables.main(["mlperf-tiny", "torch"])
    assert "'torch' should be one of classic, mlperf-tiny, torchvision, rewrites" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_executing_counts_what_reading_does(tmp_path: Path):
    """A grouped convolution, a residual branch of two more, an attention-like product of two activations, a Gemm."""
    graph = Graph(4, 6, 6)
    x = graph.add("Conv", "x", weights=((8, 2, 3, 3), (8,)), group=2, strides=[2, 2])
    y = graph.add("Conv", graph.add("Relu", graph.add("Conv", x, weights=((5, 8, 1, 1),))), weights=((8, 5, 1, 1),))
    x = graph.add("Add", x, y)
    x = graph.add("MatMul", x, graph.add("Transpose", x, perm=[0, 1, 3, 2]))
    x = graph.add("Gemm", graph.add("Flatten", x), weights=((7, 32), (7,)), transB=1)
    dnn = graph.read(tmp_path, x)
    run = execution.execute(tmp_path / "net.onnx")
    assert dnn.layers == 4
    assert (run.macs, run.parameters, run.outputs) == (dnn.macs, dnn.parameter_bits, dnn.output_bits)
    assert run.kinds == {"Conv": sum(dnn.macs[:2]), "Gemm": 224, "MatMul": 8 * 2**3}


def test_executing_refuses_a_cut_that_more_crosses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = residual(tmp_path)
    assert execution.execute(file).outputs == read_onnx(file, **ELEMENTS).output_bits
    monkeypatch.setattr(execution, "_sent", lambda file: ["x", "m2"])  # between the two layers of the branch
    with pytest.raises(ValueError, match="the part after m2 also needs x"):
        execution.execute(file)


def test_executing_refuses_a_part_with_another_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    right = execution._run

    def wrong(model: ModelProto, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: array + ("r" in given) for name, array in right(model, given).items()}

    monkeypatch.setattr(execution, "_run", wrong)
    with pytest.raises(AssertionError, match="from r"):
        execution.execute(residual(tmp_path))


@pytest.mark.parametrize(
    ("changed", "module"),
    [
        ("macs", (0, 0, 0)),
        ("parameters", (0, 0, 0)),
        ("outputs", (0, 0, 0)),
        ("kinds", (0, 0, 0)),
        (None, (1, 0, 0)),
        (None, (0, 1, 0)),
        (None, (0, 0, 1)),
    ],
)
def test_a_table_that_disagrees_is_not_written(changed, module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As if torch exported AlexNet; then a count differs by one, of its run or of the module."""
    dnn = elements("alexnet")
    counts = {"macs": dnn.macs, "parameters": dnn.parameter_bits, "outputs": dnn.output_bits}
    totals = Counted(*np.add((sum(dnn.macs), sum(dnn.parameter_bits), 0), module).tolist())

    def export(name: str, file: Path) -> Counted:
        shutil.copy(bundled(name), file)
        return totals

    def execute(file: Path) -> execution.Executed:
        assert file.is_file()
        run, kinds = dict(counts), {"Conv": sum(dnn.macs) - (changed == "kinds")}
        if changed in run:
            run[changed] = (run[changed][0] + 1, *run[changed][1:])
        return execution.Executed(**run, kinds=kinds)

    monkeypatch.setattr("coinfer.network.torchvision_export.export", export)
    monkeypatch.setattr("coinfer.network.__main__._versions", lambda packages: {})
    monkeypatch.setattr("coinfer.network.torchvision_export.NETWORKS", ("alexnet",))
    monkeypatch.setattr(execution, "execute", execute)
    monkeypatch.setattr(tables, "DATA", tmp_path)
    with pytest.raises(ValueError, match="alexnet: read from the file"):
        tables.main(["torchvision"])
    assert list(tmp_path.iterdir()) == []
    totals, changed = Counted(sum(dnn.macs), sum(dnn.parameter_bits), 0), None
    tables.main(["torchvision"])
    assert (tmp_path / "torchvision" / "alexnet.csv").read_bytes() == (DATA / "classic" / "alexnet.csv").read_bytes()
