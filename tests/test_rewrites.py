"""One network in many ONNX files: exported, optimised, quantised, halved; and files that others publish.

`make tables` made, read and ran them; the table that it wrote says what was read and what the run counted.
"""

import csv
from functools import cache
from math import prod
from pathlib import Path
from typing import NamedTuple

import onnx
import pytest
from onnx import numpy_helper
from packaging.requirements import Requirement

from coinfer.network import exports, rewrites
from coinfer.network.__main__ import REWRITTEN, TOOLS, VERSIONS
from coinfer.network.onnx_chain import bundled

ROOT = Path(__file__).parents[1]
RECURRENT = ("lstm", "gru")
FLOAT = ("basic", "extended", "dynamic", "int4", "attention", "attention-heads", "attention-dynamic")


class Row(NamedTuple):
    layers: int
    macs_read: int
    macs_executed: int
    operators: tuple[str, ...]
    parameter_bits: int
    sent_bits: tuple[int, ...]
    module_macs: int | None

    def quantised(self, weights: int) -> int:
        """The bits of the parameters once so many have 8 rather than 32."""
        return self.parameter_bits - 24 * weights


@cache
def rows() -> dict[tuple[str, str], dict[str, Row]]:
    """By network and origin, then by rewrite."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in csv.DictReader(REWRITTEN.read_text().splitlines()):
        found.setdefault((row["network"], row["origin"]), {})[row["rewrite"]] = Row(
            layers=int(row["layers"]),
            macs_read=int(row["macs_read"]),
            macs_executed=int(row["macs_executed"]),
            operators=tuple(row["operators"].split()),
            parameter_bits=int(row["parameter_bits"]),
            sent_bits=tuple(map(int, row["sent_bits"].split())),
            module_macs=int(row["module_macs"]) if row["module_macs"] else None,
        )
    return found


NETWORKS = [("squeezenet", "onnx"), *((name, origin) for name in exports.NETWORKS for origin in exports.EXPORTERS)]


def test_every_rewrite_of_every_network_is_there():
    published = {(name, package) for package, named in rewrites.MODELS.items() for name in named}
    assert set(rows()) == {*NETWORKS, *published}
    for network, origin in NETWORKS:
        expected = set(rewrites.REWRITES)
        expected |= set(rewrites.OF_PRODUCTS) if network in exports.OF_PRODUCTS else set()
        expected |= set(rewrites.OF_ATTENTION) if network == exports.OF_ATTENTION else set()
        assert set(rows()[network, origin]) == expected


@pytest.mark.parametrize("network", ["squeezenet", *exports.NETWORKS])
def test_every_way_to_write_a_network_has_its_macs(network):
    """Nothing that multiplies was removed by any tool: not even one operator's MACs differ."""
    read = [row.macs_read for (name, _), written in rows().items() for row in written.values() if name == network]
    run = [row.macs_executed for (name, _), written in rows().items() for row in written.values() if name == network]
    assert len(read) >= 7
    assert set(read) == set(run) == {read[0]}


def test_published_files_are_read_as_they_run():
    for package, named in rewrites.MODELS.items():
        for name in named:
            row = rows()[name, package]["exported"]
            assert row.macs_read == row.macs_executed > 0
            assert row.layers == len(row.sent_bits) - 1 > 1


@pytest.mark.parametrize("network", [name for name in exports.NETWORKS if name != "lstm"])
def test_macs_are_those_that_torch_counts(network):
    for origin in exports.EXPORTERS:
        assert {row.module_macs for row in rows()[network, origin].values()} == {
            rows()[network, origin]["exported"].macs_read
        }


def test_the_lstm_by_hand():
    """Two layers both ways, of four gates, 32 units and 20 steps; torch counts what is around them."""
    layers = sum(2 * 20 * 4 * 32 * (width + 32) for width in (40, 2 * 32))
    exported = rows()["lstm", exports.BY_PROGRAM]["exported"]
    assert exported.module_macs == 20 * 24 * 40 + 64 * 10
    assert exported.macs_read == layers + exported.module_macs


@pytest.mark.parametrize(("network", "origin"), NETWORKS)
def test_the_chain_is_the_same(network, origin):
    """As many layers in every rewrite, and where values stay floats as many bits cross every cut."""
    written = rows()[network, origin]
    for name, row in written.items():
        assert (name, row.layers) == (name, written["exported"].layers)
        if name in FLOAT:
            assert (name, row.sent_bits) == (name, written["exported"].sent_bits)


@pytest.mark.parametrize(("network", "origin"), NETWORKS)
def test_half_the_bits(network, origin):
    """Everywhere but of tokens, or between layers alone."""
    half, inside, full = (rows()[network, origin][name] for name in ("fp16", "fp16-inside", "basic"))
    assert 2 * half.parameter_bits == full.parameter_bits
    stored_inputs = 640 if network == "squeezenet" else 0  # biases, which are inputs in a file of 2017, and stay floats
    assert inside.parameter_bits == half.parameter_bits + 16 * stored_inputs
    assert [2 * bits for bits in half.sent_bits[1:]] == list(full.sent_bits[1:])
    tokens = network in exports.NETWORKS and exports.NETWORKS[network].tokens
    assert full.sent_bits[0] == half.sent_bits[0] * (1 if tokens else 2)
    assert inside.sent_bits == (full.sent_bits[0], *half.sent_bits[1:-1], full.sent_bits[-1])


@pytest.mark.parametrize("form", ["qdq", "qoperator"])
@pytest.mark.parametrize(("network", "origin"), NETWORKS)
def test_a_quantised_graph_is_cut_where_its_bytes_cross(network, origin, form):
    """A quarter of the bits everywhere between layers, but where a tool leaves the operator itself in floats."""
    quantised, full = rows()[network, origin][form], rows()[network, origin]["basic"]
    assert quantised.sent_bits[0] == full.sent_bits[0]
    assert quantised.sent_bits[-1] == full.sent_bits[-1]  # results are handed out as floats
    between = list(zip(quantised.sent_bits[1:-1], full.sent_bits[1:-1], strict=True))
    floats = [layer for layer, (bits, before) in enumerate(between, start=1) if 4 * bits != before]
    if network in RECURRENT:
        assert floats == [2]  # from the recurrent layers, which no tool quantises so
    elif (network, form) == ("autoencoder", "qoperator"):
        assert floats == [3]  # from a transposed convolution to another: there is none of integers
    else:
        assert floats == []
    assert all(bits == before for layer, (bits, before) in enumerate(between, start=1) if layer in floats)


WEIGHTS = {  # that are quantised: of convolutions and products, without biases
    "resnet18": 64 * 3 * 49
    + sum(
        9 * width * (first + 3 * width) + (first * width if first < width else 0)
        for first, width in ((64, 64), (64, 128), (128, 256), (256, 512))
    )
    + 512 * 1000,
    "autoencoder": 9 * (3 * 16 + 16 * 32),
    "lstm": 24 * 40 + 64 * 10 + sum(2 * 4 * 32 * (width + 32) for width in (40, 64)),
    "gru": 24 * 40 + 64 * 10,
    "written-out": 100 * 64 + 2 * (4 * 64 * 64 + 2 * 64 * 128) + 64 * 96,
}


@pytest.mark.parametrize("origin", exports.EXPORTERS)
@pytest.mark.parametrize("network", WEIGHTS)
def test_quantised_weights_have_a_quarter_of_the_bits(network, origin):
    written = rows()[network, origin]
    dynamic, expected = written["dynamic"].parameter_bits, written["basic"].quantised(WEIGHTS[network])
    assert expected <= dynamic <= 1.001 * expected  # and here and there a scale
    if network in ("resnet18", "autoencoder"):
        assert dynamic == expected


@pytest.mark.parametrize("origin", exports.EXPORTERS)
def test_weights_of_four_bits(origin):
    """An eighth of the bits, and 32 of a scale for each 32 weights of a column."""
    written, weights = rows()["written-out", origin], WEIGHTS["written-out"] - 100 * 64
    assert written["int4"].parameter_bits == written["exported"].parameter_bits - 28 * weights + weights


def test_what_onnxruntime_stores_once():
    """onnx's own files fill all large weights with one number, so that onnxruntime holds one tensor of each shape."""
    graph = onnx.load(bundled("squeezenet")).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    filling = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "ConstantOfShape"}
    weights = [value for node in graph.node if node.op_type == "Conv" for value in node.input[1:]]
    filled = [tuple(numpy_helper.to_array(stored[filling[value]]).tolist()) for value in weights if value in filling]
    biases = sum(prod(stored[value].dims) for value in weights if value not in filling)
    written = rows()["squeezenet", "onnx"]
    assert written["exported"].parameter_bits == 32 * (biases + sum(map(prod, filled)))
    assert written["basic"].parameter_bits == 32 * (biases + sum(map(prod, set(filled))))


def test_fused_and_quantised_operators_are_among_them():
    """The table is worth little if tools left the networks as they were."""
    run = {kind for written in rows().values() for row in written.values() for kind in row.operators}
    assert {"Conv", "ConvTranspose", "Gemm", "GRU", "LSTM", "MatMul"} <= run
    assert {"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"} <= run
    assert {kind.partition(":")[2] for kind in run if ":" in kind} >= {
        "Attention", "DynamicQuantizeLSTM", "FusedConv", "FusedMatMul", "MatMulNBits", "MultiHeadAttention",
        "QAttention", "QGemm",
    }  # fmt: skip


def test_the_table_was_made_by_the_pinned_versions():
    files = (ROOT / "requirements-tables.txt", ROOT / "requirements-models.txt")
    lines = [line for file in files for line in file.read_text().splitlines() if not line.startswith("#")]
    pins = {pin.name: str(pin.specifier) for pin in map(Requirement, lines)}
    made = {row["package"]: row["version"] for row in csv.DictReader(REWRITTEN.with_name(VERSIONS).open())}
    assert set(made) == {*TOOLS, *rewrites.MODELS} == set(pins)
    assert {name: f"=={version}" for name, version in made.items()} == pins
