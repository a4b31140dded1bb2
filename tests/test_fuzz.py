"""Anything in place of an argument, and files that were right until something happened to them: refused or done, soon."""

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pandas as pd
import pytest
from effort import examples, exhaustive
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from refusals import PATIENCE_S, within

import coinfer
from coinfer import InputError, channel


class Call(NamedTuple):
    """A call that is right: what is called, and its arguments by name."""

    what: Callable[..., object]
    arguments: dict[str, object]


@cache
def calls() -> dict[str, Call]:
    """A right call of everything that the package shows; whatever takes long is small."""
    fresh, moving = coinfer.load_scenario("abstract-model"), coinfer.load_scenario("default")
    trace, link = coinfer.example_trace("example.up"), coinfer.Link()
    equal = fresh.replace(dnn=coinfer.mlp(4, 64))
    law = channel.Discrete.of_unit_costs([1.0, 3.0], [0.5, 0.5])
    dnn = coinfer.load_dnn("resnet50")
    two = {
        "name": "two",
        "layer_names": ["a", "b"],
        "macs": [9, 4],
        "parameter_bits": [64, 32],
        "output_bits": [8, 6, 2],
    }
    chain = {"extra": [0.5, 0.5], "bits": [1.0, 1.0, 0.0], "download": [0.1, 0.1], "edge": 0.0, "law": law}
    looks = {"rates_bps": [[1e6, 0.0], [1e6, 1e6]], "durations_s": [1.0]}
    found = {
        "Costs": Call(coinfer.Costs, chain | {"largest_placement": -1}),
        "DNN": Call(coinfer.DNN, two | {"stages": [0, 1, 2], "coding": None}),
        "Device": Call(coinfer.Device, {"macs_per_s": 1e9, "power_w": 1.0, "memory_bits": 1e9}),
        "Edge": Call(coinfer.Edge, {"macs_per_s": 1e9, "name": None}),
        "Link": Call(coinfer.Link, {"bandwidth_hz": 1e6, "mean_snr_db": 3.0, "tail_s": 1.0}),
        "Weights": Call(coinfer.Weights, {"time_per_s": 1.0, "energy_per_j": 1.0}),
        "Scenario": Call(coinfer.Scenario, {"dnn": dnn, "link": link, "channel": fresh.channel, "interval_s": 1.0}),
        "Scenario.replace": Call(fresh.replace, {"dnn": "alexnet", "link__tail_s": 1.0, "channel__outage_gain": 0.1}),
        "Scenario.from_yaml": Call(coinfer.Scenario.from_yaml, {"text": "dnn: alexnet"}),
        "Trace": Call(coinfer.Trace, {"rates_bps": np.ones(3), "window_s": 1.0, "gaps_s": (), "gaps_cut": False}),
        "Trace.markov": Call(trace.markov, {"states": 4, "long_outage_s": 1.0}),
        "Trace.between": Call(trace.between, {"start": 0.0, "end": 0.5}),
        "blocks": Call(coinfer.blocks, {"dnn": dnn, "criterion": "smaller-output", "stages": None}),
        "catalogue": Call(coinfer.catalogue, {"kind": "links"}),
        "clairvoyant": Call(coinfer.clairvoyant, {"given": fresh}),
        "costs": Call(coinfer.costs, {"scenario": fresh}),
        "dnn_names": Call(coinfer.dnn_names, {"group": "classic"}),
        "example_trace": Call(coinfer.example_trace, {"name": "example.up"}),
        "expected_cost": Call(coinfer.expected_cost, {"given": fresh, "plan": coinfer.plan(fresh)}),
        "frontier": Call(coinfer.frontier, {"scenario": equal, "deadline_s": 10.0, "rules": ("static",)}),
        "load_device": Call(
            coinfer.load_device, {"name": "raspberry-pi-4", "dnn": dnn, "power_w": 3.0, "memory_bits": 1e9, "table": None}
        ),
        "load_dnn": Call(coinfer.load_dnn, {"name": "alexnet", "activation_bits": 8, "jpeg_quality": None}),
        "load_link": Call(coinfer.load_link, {"name": "lte-city"}),
        "load_scenario": Call(coinfer.load_scenario, {"name_or_path": "default", "interval_s": 1.0}),
        "load_server": Call(coinfer.load_server, {"name": "nvidia-t4", "dnn": dnn}),
        "mlp": Call(coinfer.mlp, {"layers": 3, "neurons": 10, "inputs": 5, "input_bits": 8}),
        "mlp_placement": Call(coinfer.mlp_placement, {"given": equal, "rule": "optimal"}),
        "plan": Call(coinfer.plan, {"given": fresh, "rule": "look-ahead", "depth": 2, "placement": 3}),
        "process_trace": Call(
            coinfer.process_trace,
            {"link": link, "coherence_time_s": 1.0, "duration_s": 10.0, "window_s": 0.1, "rng": 0, "outage_gain": 0.1},
        ),
        "replay": Call(
            coinfer.replay,
            {"scenario": moving, "plan": coinfer.plan(moving), "trace": trace, "inferences": 5, "rng": 0, "sending": "held"},
        ),
        "scenario_names": Call(coinfer.scenario_names, {"real": True}),
        "simulate": Call(coinfer.simulate, {"given": fresh, "plan": coinfer.plan(fresh), "inferences": 5, "rng": 0}),
        "sweep": Call(
            coinfer.sweep,
            {"scenario": fresh, "grid": {"interval_s": [1.0]}, "rule": "look-ahead", "depth": 1, "measure": None, "executor": None},
        ),
        "time_probability": Call(coinfer.time_probability, {"plan": coinfer.plan(fresh), "time_s": [1.0]}),
        "time_quantiles_s": Call(coinfer.time_quantiles_s, {"plan": coinfer.plan(fresh), "levels": [0.5]}),
        "waiting_can_pay": Call(coinfer.waiting_can_pay, {"given": moving}),
        "with_jpeg": Call(coinfer.with_jpeg, {"dnn": dnn, "quality": 90}),
        "Markov": Call(channel.Markov, {"rates_bps": (1e6, 0.0), "generator": ((-1, 1), (1, -1)), "long_outage_s": None}),
        "Moving": Call(channel.Moving, {"m": 1.0, "coherence_time_s": 1.0, "states": 4}),
        "OnOff": Call(channel.OnOff, {"rate_bps": 1e6, "mean_on_s": 1.0, "mean_off_s": 1.0}),
        "Discrete": Call(channel.Discrete, {"gains": [1.0, 2.0], "probabilities": [0.5, 0.5]}),
        "Discrete.of_unit_costs": Call(channel.Discrete.of_unit_costs, {"unit_costs": [1.0], "probabilities": [1.0]}),
        "Rayleigh": Call(channel.Rayleigh, {"outage_gain": 0.1}),
        "Nakagami": Call(channel.Nakagami, {"m": 2.0, "outage_gain": 0.1}),
        "Rician": Call(channel.Rician, {"k": 1.0, "outage_gain": 0.1}),
        "Continuous": Call(channel.Continuous, {"distribution": "gamma", "parameters": {"a": 2.0}, "outage_gain": 0.1}),
        "Empirical": Call(channel.Empirical, {"gains": [1.0, 2.0]}),
        "RateTable": Call(channel.RateTable, {"efficiencies": [1.0, 2.0], "snr_db": [0.0, 5.0], "m": 1.0}),
        "Rates": Call(channel.Rates, {"rates_bps": [1e6], "probabilities": [1.0], "usable": 0.9}),
        "Shadowed": Call(channel.Shadowed, {"sigma_db": 7.0, "decorrelation_m": 10.0, "speed_m_per_s": 1.0, "states": 8}),
        "TruncatedInversion": Call(channel.TruncatedInversion, {"rate_bps": 1e6, "outage_gain": 0.1}),
        "estimate_moving": Call(
            channel.estimate_moving,
            {"rates_bps": [[1e6, 2e6]], "durations_s": [0.1], "link": link, "prior_s": 1.0, "m": 1.0},
        ),
        "estimate_on_off": Call(channel.estimate_on_off, looks | {"prior_off_s": 1.0, "outages_s": [1.0], "rate_bps": 1e6}),
    }  # fmt: skip
    return found


WITHOUT_ARGUMENTS = {"Gap", "InputError", "Outcome", "Plan", "Waiting", "channel"}  # results, or no functions
FILES = {"read_trace", "read_onnx", "onnx_report"}  # below


def test_everything_is_called() -> None:
    assert {name for name in coinfer.__all__ if not name.startswith("_")} == (
        {name.partition(".")[0] for name in calls()} & set(coinfer.__all__) | WITHOUT_ARGUMENTS | FILES
    )


@pytest.mark.parametrize("name", calls())
def test_right_calls_are_right(name: str) -> None:
    call = calls()[name]
    assert call.what(**call.arguments) is not None


ODD = [  # in place of anything
    None, True, False, "", "text", "alexnet", "1e400", b"x", [], [1, 2], [[1.0, 2.0], [3.0]], ["a"], (), {}, {"a": 1}, {1: 2}, set(),
    0, -1, 1, 2**31, 2**63, 10**30, 10**400, 10**5000, 0.0, -0.0, 0.5, -1.5, 5e-324, 1e-300, 1e300, float("nan"), float("inf"),
    -float("inf"), 1j, np.float64(1.0), np.int8(-1), np.ones(3), np.ones((2, 2)), np.array([]), np.array(["a"]), np.array(None),
    object(), len, int, Path("no/such"), Path("/dev/zero"), "/dev/zero", "a\0b", pd.Series([1.0]), pd.DataFrame({"a": [1]}),
]  # fmt: skip


def tried(act: Callable[[], object]) -> None:
    """Do it, or be refused in a sentence, within the bound."""
    said = "done"
    with within(PATIENCE_S), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            act()
        except InputError as error:
            said = str(error)
    assert "\n" not in said
    assert 0 < len(said) < 700


CALLED_BACK = {"measure", "executor"}  # what is a function or has a `map` is the caller's, and so is what it raises


@exhaustive
@pytest.mark.parametrize("name", calls())
def test_every_odd_value_in_place_of_each_argument(name: str) -> None:
    call = calls()[name]
    for argument in call.arguments.keys() - CALLED_BACK:
        for odd in ODD:
            tried(lambda argument=argument, odd=odd: call.what(**(call.arguments | {argument: odd})))


@st.composite
def odd_arguments(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A right call, one or two of whose arguments are odd."""
    name = draw(st.sampled_from(sorted(calls())))
    arguments = calls()[name].arguments
    changed = draw(
        st.lists(st.sampled_from(sorted(arguments.keys() - CALLED_BACK)), min_size=1, max_size=2, unique=True)
    )
    other = [value for call in calls().values() for value in call.arguments.values()]
    odd = st.sampled_from(range(len(ODD) + len(other))).map(lambda at: [*ODD, *other][at]) | st.floats() | st.integers()
    return name, arguments | {each: draw(odd) for each in changed}


@given(odd_arguments())
@examples(2000)
def test_anything_in_place_of_an_argument(case: tuple[str, dict[str, object]]) -> None:
    name, arguments = case
    tried(lambda: calls()[name].what(**arguments))


# ---------------------------------------------------------------- files

PIECES = ["", "\n", ",", ":", "[", "{", "}", "- ", "&a ", "*a", "#", "'", '"', "\t", "\0", "\ufeff", "é", "²", "-1", "1e999", "nan", "9" * 500, "~", "<<", "!!set"]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, texts: list[str]) -> bytes:
    """A right text to which one to three things happened: bytes changed, lines lost or doubled, something put in, an end cut off."""
    found = draw(st.sampled_from(texts)).encode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        kind = draw(st.sampled_from(["byte", "put in", "lost", "doubled", "cut", "number"]))
        if kind == "byte":
            found = found[:at] + bytes([draw(st.integers(0, 255))]) + found[at + 1 :]
        elif kind in ("put in", "number"):
            piece = draw(st.sampled_from(PIECES)) if kind == "put in" else repr(draw(st.floats() | st.integers()))
            found = found[:at] + piece.encode() + found[at + draw(st.integers(0, 5)) :]
        elif kind == "cut":
            found = found[:at]
        else:
            lines = found.split(b"\n")
            line = draw(st.integers(0, len(lines) - 1))
            lines[line : line + 1] = [] if kind == "lost" else [lines[line]] * draw(st.integers(2, 3))
            found = b"\n".join(lines)
    return found


def right_scenarios() -> list[str]:
    made = [coinfer.load_scenario(name) for name in ("default", "abstract-model")]
    small = made[1].replace(dnn=coinfer.mlp(2, 4))
    return [
        small.to_yaml(),
        json.dumps(small.model_dump(mode="json")),
        "dnn: {name: resnet50, activation_bits: 8}\ndevice: raspberry-pi-4\nlink: {name: lte-city, tail_s: 5}\ninterval_s: 0.5\n",
        made[1]
        .replace(dnn=coinfer.mlp(2, 4), channel=channel.OnOff(rate_bps=1e6, mean_on_s=1, mean_off_s=2))
        .to_yaml(),
    ]


@given(damaged(right_scenarios()))
@examples(800)
def test_damaged_scenarios(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "scenario.yml"
    path.write_bytes(text)
    tried(lambda: coinfer.load_scenario(path))


CSV = "time,rate\n" + "".join(f"{n / 10},{n % 7}\n" for n in range(30))
DATES = "t;r\n" + "".join(f"2022-08-11T13:41:{n:02}Z;{n}\n" for n in range(30))
LOGS = {
    "csv": ([CSV], {"time": "time", "rate": "rate"}),
    "dates": ([DATES], {"time": 0, "rate": 1, "missing": "skip", "gaps": "outage"}),
    "rate": ([CSV.partition("\n")[2].replace(",", " ")], {"format": "rate"}),
    "mahimahi": (["".join(f"{7 * n}\n" for n in range(60))], {"format": "mahimahi"}),
}


@pytest.mark.parametrize("kind", LOGS)
@given(st.data())
@examples(300)
def test_damaged_logs(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    texts, options = LOGS[kind]
    path = tmp_path_factory.getbasetemp() / "log"
    path.write_bytes(data.draw(damaged(texts)))
    tried(lambda: coinfer.read_trace(path, **options))


@given(st.data())
@examples(400)
def test_anything_in_place_of_an_option_of_a_log(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "right.csv"
    path.write_text(CSV)
    right = {
        "path": path, "format": "csv", "window_s": 0.1, "time": "time", "time_unit": "s", "time_format": None, "rate": "rate",
        "rate_unit": "Mbit/s", "snr": None, "snr_unit": "dB", "bandwidth_hz": 1e6, "separator": ",", "missing": "skip",
        "holds": "until next", "gaps": "cut", "gap_s": 30.0,
    }  # fmt: skip
    changed = data.draw(st.lists(st.sampled_from(sorted(right)), min_size=1, max_size=2, unique=True))
    odd = st.sampled_from(range(len(ODD))).map(lambda at: ODD[at]) | st.floats() | st.integers()
    tried(lambda: coinfer.read_trace(**(right | {name: data.draw(odd) for name in changed})))


@cache
def right_network() -> bytes:
    """Two layers in ONNX."""
    nodes = [
        helper.make_node("MatMul", ["data", "w1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["positive"]),
        helper.make_node("MatMul", ["positive", "w2"], ["result"]),
    ]
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 4])]
    outputs = [helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, 2])]
    weights = [
        helper.make_tensor("w1", TensorProto.FLOAT, [4, 3], np.ones(12)),
        helper.make_tensor("w2", TensorProto.FLOAT, [3, 2], np.ones(6)),
    ]
    graph = helper.make_graph(nodes, "two", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


@pytest.mark.parametrize("read", [coinfer.read_onnx, coinfer.onnx_report])
@given(st.data())
@examples(200)
def test_damaged_networks(tmp_path_factory: pytest.TempPathFactory, read: Callable, data: st.DataObject) -> None:
    model = bytearray(right_network())
    for _ in range(data.draw(st.integers(1, 4))):
        model[data.draw(st.integers(0, len(model) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "net.onnx"
    path.write_bytes(model[: data.draw(st.integers(0, len(model)) | st.just(len(model)))])
    tried(lambda: read(path))


@given(st.data())
@examples(300)
def test_anything_in_place_of_an_option_of_a_network(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "right.onnx"
    path.write_bytes(right_network())
    right = {
        "path": path, "every_operator": False, "activation_bits": 8, "parameter_bits": 8, "input_bits": 8, "dimensions": {}, "inputs": {},
        "ignore": ["Relu"],
    }  # fmt: skip
    changed = data.draw(st.lists(st.sampled_from(sorted(right)), min_size=1, max_size=2, unique=True))
    odd = st.sampled_from(range(len(ODD))).map(lambda at: ODD[at]) | st.floats() | st.integers()
    tried(lambda: coinfer.read_onnx(**(right | {name: data.draw(odd) for name in changed})))


def test_the_right_files_are_right(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(right_network())
    assert coinfer.read_onnx(tmp_path / "net.onnx").layers == 2
    onnx.checker.check_model(onnx.load(tmp_path / "net.onnx"))
    for texts, options in LOGS.values():
        (tmp_path / "log").write_text(texts[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert coinfer.read_trace(tmp_path / "log", **options).rates_bps.size > 1
    for text in right_scenarios():
        assert coinfer.Scenario.from_yaml(text).dnn.layers > 0
