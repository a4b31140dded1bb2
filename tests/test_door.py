"""What an attacker, a typing error or a broken file gives: refused in one sentence, soon, and before memory is asked for."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from refusals import assert_is_clear, refusal

import coinfer
from coinfer import DNN, Link, channel

S, M = coinfer.load_scenario("abstract-model"), coinfer.load_scenario("default")
PLAN, MOVING_PLAN = coinfer.plan(S), coinfer.plan(M)
TRACE, ALEXNET = coinfer.example_trace("example.up"), coinfer.load_dnn("alexnet")
HUGE = 10**400  # no float


def laughs(entry: str, levels: int = 9) -> str:
    """YAML whose every level has nine of the one before: 9^9 values, or a text of a kilobyte."""
    names = [f"x{n}" for n in range(levels + 1)]
    inner = {
        "list": lambda name: f"[{', '.join([f'*{name}'] * 9)}]",
        "mapping": lambda name: f"{{{', '.join(f'k{i}: *{name}' for i in range(9))}}}",
    }[entry]
    lines = [f"{names[0]}: &{names[0]} {{a: 1}}"]
    lines += [f"{name}: &{name} {inner(before)}" for before, name in itertools.pairwise(names)]
    return "\n".join(lines) + f"\ndnn: *{names[-1]}\n"


def chain(**fields: object) -> DNN:
    one = {"name": "x", "layer_names": ("a",), "macs": (1,), "parameter_bits": (1,), "output_bits": (1, 1)}
    return DNN(**(one | fields))


# texts of scenario files, and what the sentence must hold
TEXTS = {
    "alias bomb of lists": (laughs("list"), ["refers to an anchor (*x0)"]),
    "alias bomb of mappings": (laughs("mapping"), ["refers to an anchor (*x0)"]),
    "one alias": ("dnn: &a alexnet\nedge: {name: *a}", ["refers to an anchor (*a)", "say it again"]),
    "a key twice": ("dnn: alexnet\ndnn: vgg16", ["gives 'dnn' twice"]),
    "a key twice in a part": ("dnn: alexnet\nlink: {tail_s: 1, tail_s: 2}", ["gives 'tail_s' twice"]),
    "a key twice in JSON": ('{"dnn": "alexnet", "link": {"tail_s": 1, "tail_s": 2}}', ["gives 'tail_s' twice"]),
    "merged by an alias": ("dnn: alexnet\nlink: &a {bandwidth_hz: 1}\nedge: {<<: *a}", ["refers to an anchor (*a)"]),
    "a list in itself": ("dnn: &x [*x]", ["refers to an anchor (*x)"]),
    "a mapping in itself": ("&x\ndnn: *x", ["refers to an anchor (*x)"]),
    "5,000 brackets": ("dnn: " + "[" * 5000, ["nested too deeply", "at most 20 times"]),
    "5,000 pairs of brackets": ("dnn: " + "[" * 5000 + "]" * 5000, ["nested too deeply"]),
    "5,000 braces": ("dnn: " + "{a: " * 5000, ["nested too deeply"]),
    "5,000 dashes": ("- " * 5000 + "1", ["nested too deeply"]),
    "5,000 brackets in JSON": ('{"dnn": ' + "[" * 5000 + "]" * 5000 + "}", ["nested too deeply"]),
    "100,000 brackets in JSON": ('{"dnn": ' + "[" * 10**5 + "]" * 10**5 + "}", ["nested too deeply"]),
    "30 braces in JSON": ('{"a":' * 30 + "1" + "}" * 30, ["nested too deeply"]),
    "5,000 digits": ("dnn: alexnet\ninferences_per_update: " + "9" * 5000, ["a number of 5000 digits", "at most 400"]),
    "5,000 digits below 0": ("dnn: alexnet\ninferences_per_update: -" + "9" * 5000, ["a number of 5001 digits"]),
    "5,000 digits in JSON": ('{"dnn": "alexnet", "interval_s": ' + "9" * 5000 + "}", ["a number of 5000 digits"]),
    "5,000 hexadecimal digits": ("interval_s: 0x" + "f" * 5000, ["a number of 5002 digits"]),
    "hours of hours": ("interval_s: 1" + ":59" * 3000, ["a number of 9001 digits"]),
    "a number beyond floats": ("dnn: alexnet\ninterval_s: 1" + "0" * 350, ["Scenario.interval_s = 1000"]),
    "no truth value": ("dnn: !!bool maybe", ["is not YAML", "has a tag, is none"]),
    "no time": ("dnn: !!timestamp soon", ["is not YAML", "has a tag, is none"]),
    "no whole number": ("interval_s: !!int ''", ["is not YAML", "has a tag, is none"]),
    "no number": ("interval_s: !!float ''", ["is not YAML", "has a tag, is none"]),
    "a day that there is not": ("dnn: 2001-99-99", ["looks like a date or a number"]),
    "30,000 values": ("dnn: [" + "1, " * 30_000 + "1]", ["more than 20000 values", "JSON"]),
    "more than a scenario": ("#" * 5_000_000, ["has 5000000 characters", "at most 4000000"]),
    "comments alone": ("#\n" * 300_000, ["has 600000 characters of YAML", "at most 500000", "JSON"]),
    "a long tag": ("dnn: !<" + "a" * 100_000 + "> b", ["is not YAML", "tag"]),
    "a long name of a law": (
        '{"dnn": "alexnet", "channel": {"kind": "continuous", "distribution": "' + "x" * 1_000_000 + '"}}',
        ["Scenario.channel.continuous.distribution = 'xxx", "continuous law of scipy.stats"],
    ),
    "an unknown anchor": ("dnn: *a", ["refers to an anchor (*a)"]),
    "two documents": ("dnn: alexnet\n---\ndnn: vgg19", ["is not YAML", "single document"]),
    "a binary": ("dnn: !!binary x", ["is not YAML"]),
    "a zero byte": ("dnn: \0", ["is not YAML", "special characters are not allowed"]),
}

BAD: dict[str, tuple[Callable[[], object], list[str]]] = {
    # numbers beyond what devices, links and networks may have
    "a clock of 1e300": (
        lambda: S.replace(device__macs_per_s=1e300),
        ["Device.macs_per_s = 1e+300", "equal to 1e+100"],
    ),
    "a bandwidth of 1e-320": (lambda: S.replace(link__bandwidth_hz=1e-320), ["Link.bandwidth_hz", "equal to 1e-100"]),
    "a bandwidth of an integer beyond floats": (lambda: Link(bandwidth_hz=HUGE), ["Link.bandwidth_hz = 1000"]),
    "MACs of 10^400": (lambda: chain(macs=(HUGE,)), ["DNN.macs.0 = 1000", "equal to 1e+24"]),
    "parameters of 10^400 bits": (lambda: chain(parameter_bits=(HUGE,)), ["DNN.parameter_bits.0", "equal to 1e+24"]),
    "an output of 10^400 bits": (lambda: chain(output_bits=(1, HUGE)), ["DNN.output_bits.1", "equal to 1e+24"]),
    "an integer too long to show": (lambda: Link(tail_s=10**5000), ["Link.tail_s = <int, too long to show>"]),
    "an MLP of 10^400 layers": (lambda: coinfer.mlp(HUGE, 3), ["layers = 1000", "in 1..10000"]),
    "costs that overflow": (
        lambda: coinfer.plan(overflowing()),
        ["costs: overflow at every placement", "less extreme"],
    ),
    "a carrier that puts the SNR beyond all numbers": (
        lambda: S.replace(link__carrier_hz=1e-100),
        ["distance_m = 50.0", "mean SNR of inf", "(0, 1e30)"],
    ),
    "a change of what every method has": (lambda: S.replace(self=1), ["Scenario.self = 1", "unknown field"]),
    "a field that holds itself": (lambda: coinfer.Scenario(dnn=itself()), ["Scenario"]),
    # seeds
    **{
        f"rng = {rng!r:.20} in {name}": (lambda act=act, rng=rng: act(rng), [f"rng = {rng!r:.10}", "at least 0"])
        for rng in (-1, None, 0.5, "0", [], True)
        for name, act in {
            "simulate": lambda rng: coinfer.simulate(S, PLAN, inferences=9, rng=rng),
            "replay": lambda rng: coinfer.replay(M, MOVING_PLAN, TRACE, inferences=9, rng=rng),
            "process_trace": lambda rng: process(rng=rng),
        }.items()
    },
    # sizes
    "more inferences than can be kept": (
        lambda: coinfer.simulate(S, PLAN, inferences=10**12, rng=0),
        ["inferences = 1000000000000", "in 1..1000000000"],
    ),
    "more inferences than can be replayed": (
        lambda: coinfer.replay(M, MOVING_PLAN, TRACE, inferences=10**12),
        ["inferences = 1000000000000", "in 1..100000000"],
    ),
    "a chain of a state for every rate": (
        lambda: coinfer.Trace(np.linspace(1e5, 1e6, 100_000), 0.1).markov(10**9),
        ["states = 1000000000", "in 1..1022"],
    ),
    "a chain of 3,000 states": (
        lambda: channel.Markov(rates_bps=np.ones(3000), generator=((0.0,),)),
        ["rates_bps: has 3000 states", "at most 1024"],
    ),
    "a network of 20,000 layers": (
        lambda: chain(
            layer_names=["a"] * 20_000, macs=[1] * 20_000, parameter_bits=[1] * 20_000, output_bits=[1] * 20_001
        ),
        ["DNN.layer_names", "at most 10000 items"],
    ),
    "more layers and states than memory": (
        lambda: coinfer.costs(
            S.replace(dnn=coinfer.mlp(5000, 4), channel=channel.Moving(coherence_time_s=1, states=300))
        ),
        ["channel: has 300 states, along 5000 layers", "at most 3e+08"],
    ),
    "a process of 1e11 windows": (
        lambda: process(duration_s=1e10),
        ["duration_s = 1e+10", "1e+11 windows of window_s = 0.1", "at most 2e+07"],
    ),
    "a process of no time": (lambda: process(duration_s=0), ["duration_s = 0", "positive"]),
    "a process for ever": (lambda: process(duration_s=float("inf")), ["duration_s = inf", "positive"]),
    "windows of nothing": (lambda: process(window_s=1e-13), ["window_s = 1e-13", "between 1e-12 and 1e+12"]),
    "no coherence": (lambda: process(coherence_time_s=None), ["coherence_time_s = None", "positive"]),
    "no gain": (lambda: process(outage_gain=-1.0), ["outage_gain = -1.0", "nonnegative"]),
    "no link": (lambda: process(link=None), ["link = None", "should be a Link"]),
    "a grid of 1e12 points": (
        lambda: coinfer.sweep(
            S, {f"link.{name}": np.ones(1000) for name in ("tail_s", "round_trip_s", "tail_power_w", "bandwidth_hz")}
        ),
        ["grid: has 1e+12 points", "at most 1e+07"],
    ),
    # sweeps take what plans take
    "an SNR of 7e37 by two fields": (
        lambda: coinfer.sweep(S, {"link.distance_m": [50.0, 1e-9], "link.transmit_power_w": [0.1, 1e5]}),
        ["distance_m = 1e-09", "gives a mean SNR of 7.", "(0, 1e30)"],
    ),
    "a power of 0 among others, without an SNR": (
        lambda: coinfer.sweep(S, {"link.transmit_power_w": [0.1, 0.0]}),
        ["transmit_power_w = 0", "gives no SNR"],
    ),
    "points that overflow": (
        lambda: coinfer.sweep(
            S.replace(link__mean_snr_db=-200, weights__energy_per_j=1e100, link__bandwidth_hz=1e-100),
            {"link.transmit_power_w": [1e100]},
        ),
        ["costs: overflow at every placement"],
    ),
    "an SNR and a distance at once": (
        lambda: coinfer.sweep(S, {"link.mean_snr_db": [3.0], "link.distance_m": [50.0]}),
        ["mean_snr_db = 3.0 and distance_m = 50.0", "only one of them"],
    ),
    "a grid that is none": (lambda: coinfer.sweep(S, 5), ["grid = 5", "mapping of fields"]),
    "a grid of numbers for fields": (lambda: coinfer.sweep(S, {1: [2]}), ["grid: 1 is not the name of a field"]),
    "values without an end": (
        lambda: coinfer.sweep(S, {"interval_s": iter(int, 1)}),
        ["interval_s = ", "list of the values"],
    ),
    "a measure that is none": (lambda: coinfer.sweep(S, {"interval_s": [1.0]}, measure=3), ["measure = 3", "function"]),
    "an executor that is none": (
        lambda: coinfer.sweep(S, {"interval_s": [1.0]}, executor="pool"),
        ["executor = 'pool'", "map"],
    ),
    # a plan for something else
    "costs of a plan for another network": (
        lambda: coinfer.expected_cost(S.replace(dnn=coinfer.mlp(8, 512)), PLAN),
        ["made for the network 'alexnet'", "has 'mlp-8x512'"],
    ),
    "a plan for another network simulated": (
        lambda: coinfer.simulate(S.replace(dnn=coinfer.mlp(8, 512)), PLAN, inferences=9, rng=0),
        ["made for the network 'alexnet'", "has 'mlp-8x512'"],
    ),
    "a plan for other bits": (
        lambda: coinfer.expected_cost(S.replace(dnn=coinfer.load_dnn("alexnet", activation_bits=8)), PLAN),
        ["plan: was made for the network 'alexnet'"],
    ),
    # costs of several scenarios, which sweeps make
    **{
        f"several scenarios for {name}": (lambda act=act: act(several()), ["costs: are of several scenarios at once"])
        for name, act in {
            "plan": coinfer.plan,
            "clairvoyant": coinfer.clairvoyant,
            "waiting_can_pay": coinfer.waiting_can_pay,
            "expected_cost": lambda costs: coinfer.expected_cost(costs, PLAN),
            "simulate": lambda costs: coinfer.simulate(costs, PLAN, inferences=1, rng=0),
        }.items()
    },
    "costs of two and of three scenarios": (
        lambda: several(download=np.zeros((3, 1))),
        ["have shapes (2, 1), (2, 2), (3, 1) and ()", "same leading axis"],
    ),
    "edges for no scenario": (lambda: several(edge=np.zeros(3)), ["and (3,)", "edge a last one of 1"]),
    # plans and traces put together by hand
    "a plan of nothing": (lambda: coinfer.Plan(None, PLAN.rule, 1, PLAN.costs), ["problem = None", "a Costs"]),
    "a plan with the name of a rule": (
        lambda: coinfer.Plan(PLAN.problem, "optimal", 1, PLAN.costs),
        ["rule = 'optimal'", "should be a rule"],
    ),
    "a plan of too many layers": (
        lambda: coinfer.Plan(PLAN.problem, PLAN.rule, 9, PLAN.costs),
        ["placement = 9", "in 0..8"],
    ),
    "a plan without costs": (lambda: coinfer.Plan(PLAN.problem, PLAN.rule, 1, None), ["costs: have shape ()", "(9,)"]),
    "gaps that are no pairs": (
        lambda: coinfer.Trace([1.0], 1.0, ((1.0,),)),
        ["gaps_s = ((1.0,),)", "pairs of a start"],
    ),
    "text for gaps": (lambda: coinfer.Trace([1.0], 1.0, "abc"), ["gaps_s = 'abc'", "list of numbers"]),
    "text for a truth value": (lambda: coinfer.Trace([1.0], 1.0, (), "no"), ["gaps_cut = 'no'", "should be a bool"]),
    "windows too short to send in": (lambda: coinfer.Trace([1.0], 1e-300), ["window_s = 1e-300", "between 1e-12"]),
    "rates too low to send at": (
        lambda: coinfer.Trace([1.0, 1e-300], 1.0),
        ["rates_bps = 1e-300 in window 1", "1e-100"],
    ),
    "an array of nothing for stages": (lambda: coinfer.blocks(ALEXNET, stages=np.array(None)), ["stages = array(None"]),
    "stages without an end": (lambda: coinfer.blocks(ALEXNET, stages=iter(int, 1)), ["stages = ", "list of stages"]),
    "rules without an end": (lambda: coinfer.frontier(S, rules=iter(int, 1)), ["rules = ", "sequence of rules"]),
    "a list in a list of levels": (
        lambda: coinfer.time_quantiles_s(PLAN, [[0.5, 0.9], [0.5]]),
        ["levels = [[0.5, 0.9], [0.5]]", "list of numbers"],
    ),
    "neurons too many to show": (
        lambda: coinfer.mlp(2, 10**5000),
        ["neurons = <int, too long to show>", "in 1..1000000"],
    ),
    "a coding by numbers": (lambda: chain(coding={1: 2}), ["DNN: holds a field whose name is not text"]),
    "a network by numbers": (lambda: S.replace(dnn={1: 2}), ["scenario: 1 is not the name of a field"]),
    "a network of lists of lists": (lambda: coinfer.Scenario(dnn=nested([])), ["Scenario.dnn = [[[", "DNN"]),
    "a network of mappings of mappings": (lambda: S.replace(dnn=nested({})), ["Scenario.dnn.", "unknown field"]),
    "an array that is no list": (
        lambda: channel.Empirical(gains=np.array(None)),
        ["Empirical.gains = None", "should be a list of numbers"],
    ),
    # what would be taken for something else
    "an SNR of a link of the catalogue": (
        lambda: coinfer.Scenario(dnn="alexnet", link={"name": "mmwave-walking", "mean_snr_db": 5}),
        ["Scenario.link.mean_snr_db = 5", "changes nothing", "channel of gains"],
    ),
    "bandwidths on a channel of rates": (
        lambda: coinfer.sweep(M, {"link.bandwidth_hz": [1e6, 1e7]}),
        ["link.bandwidth_hz = 1000000", "changes nothing"],
    ),
    "a noise of a link of the catalogue": (
        lambda: coinfer.Scenario(
            dnn="alexnet", link={"name": "lte-city", "transmit_power_w": 1.0, "noise_figure_db": 9.0}
        ),
        ["Scenario.link.noise_figure_db = 9.0", "changes nothing"],
    ),
    "yes for seconds": (
        lambda: coinfer.Scenario(dnn="alexnet", interval_s=True),
        ["Scenario.interval_s = True", "truth value"],
    ),
    "no for watts": (lambda: Link(transmit_power_w=False), ["Link.transmit_power_w = False", "truth value"]),
    "a trace for its channel": (lambda: S.replace(channel=TRACE), ["Scenario.channel = Trace(", "`markov()`"]),
    "a number for an edge": (lambda: S.replace(edge=3), ["Scenario.edge = 3", "an Edge: a name, or a mapping"]),
    "a number for weights": (lambda: S.replace(weights=3), ["Scenario.weights = 3", "a Weights: a mapping"]),
    "a part of a name": (
        lambda: S.replace(device="pi4"),
        ["Scenario.device = 'pi4'", "did you mean 'raspberry-pi-4'?"],
    ),
    "a link without its power": (
        lambda: S.replace(link="starlink"),
        ["Scenario.link = 'starlink'", "{'name': 'starlink', 'transmit_power_w': 0}"],
    ),
    "the name of a scenario": (lambda: coinfer.plan("phone-mmwave"), ["load_scenario('phone-mmwave')"]),
    "the file of a network": (lambda: coinfer.load_dnn("net.onnx"), ["name = 'net.onnx'", "`read_onnx`"]),
    "a class of rules": (
        lambda: coinfer.plan(S, rule=coinfer.rules.Optimal),
        ["rule = Optimal", "is a class", "Optimal()"],
    ),
    "thresholds of a rule that looks once": (
        lambda: coinfer.plan(M, rule="probe-once").rates_bps,
        ["rule = 'probe-once'", "`chosen_stage`"],
    ),
    # files that are none
    **{
        f"{place} as {name}": (lambda act=act, place=place: act(place), [repr(place), what])
        for place, what in {
            "/dev/zero": "is a device or pipe",
            "/dev/null": "is a device or pipe",
            "/": "is a directory",
        }.items()
        for name, act in {
            "scenario": coinfer.load_scenario,
            "trace": lambda place: coinfer.read_trace(place, "rate"),
            "table": lambda place: coinfer.load_device("a", dnn="vgg19", table=place),
        }.items()
    },
    "/dev/zero as network": (lambda: coinfer.read_onnx("/dev/zero"), ["'/dev/zero'", "is not a regular file"]),
    "a file name with a zero": (
        lambda: coinfer.load_scenario("a\0b.yml"),
        ["scenario = 'a\\x00b.yml'", "cannot be read"],
    ),
    # the right place for something else
    "blocks of a name": (lambda: coinfer.blocks("alexnet"), ["dnn = 'alexnet'", "should be a DNN"]),
    "stages that are no list": (lambda: coinfer.blocks(ALEXNET, stages=5), ["stages = 5", "list of stages"]),
    "stages between stages": (lambda: coinfer.blocks(ALEXNET, stages=[0, 1.5, 8]), ["stages = 1.5", "whole number"]),
    "a JPEG of a name": (lambda: coinfer.with_jpeg("resnet50", 90), ["dnn = 'resnet50'", "should be a DNN"]),
    "a list of qualities": (lambda: coinfer.with_jpeg(ALEXNET, [90]), ["jpeg_quality = [90]", "50, 75"]),
}


def itself() -> list:
    found: list = []
    found.append(found)
    return found


def nested(found: list | dict) -> list | dict:
    """Nine of what has nine of what ... and so on: 9^12 values, if one went through them."""
    for _ in range(12):
        found = [found] * 9 if isinstance(found, list) else dict.fromkeys("abcdefghi", found)
    return found


def overflowing() -> coinfer.Costs:
    law = channel.Discrete.of_unit_costs([1e308], [1.0])
    return coinfer.Costs(extra=[1e308], bits=[10.0, 10.0], download=[1e308], edge=1e308, law=law)


def several(**changes: object) -> coinfer.Costs:
    law = channel.Discrete.of_unit_costs([1.0], [1.0])
    two = {"extra": [[1.0], [2.0]], "bits": [[1.0, 0.0]] * 2, "download": [[0.0]] * 2, "edge": 0.0}
    return coinfer.Costs(**(two | changes), law=law)


def process(**changes: object) -> coinfer.Trace:
    given = {"link": Link(), "coherence_time_s": 1.0, "duration_s": 10.0, "window_s": 0.1, "rng": 0}
    link = (given | changes)["link"]
    return coinfer.process_trace(link, **{name: value for name, value in (given | changes).items() if name != "link"})


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_that_is_no_scenario(kind: str) -> None:
    text, words = TEXTS[kind]
    assert_is_clear(
        refusal(lambda: coinfer.Scenario.from_yaml(text)),
        ["scenario: " if "Scenario." not in words[0] else "Scenario.", *words],
    )


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_is_refused_in_a_sentence(kind: str) -> None:
    act, words = BAD[kind]
    assert_is_clear(refusal(act), words)


LOGS = {  # a log, how it is read, and what the sentence must hold
    "times 1e9 s apart": ("0,1\n1,2\n1000000001,3\n", {"gaps": "hold"}, ["1e+09 windows", "at most 2e+07"]),
    "all times 1e9 s apart": ("0,1\n1e9,2\n2e9,3\n", {}, ["samples 1e+09 s apart", "86400"]),
    "a window of 1e-12 s": ("0,1\n1,2\n2,3\n", {"window_s": 1e-12}, ["3e+12 windows", "at most 2e+07"]),
    "5,000 digits": ("0,1\n1," + "9" * 5000 + "\n2,3\n", {}, ["line 2", "inf bit/s"]),
    "a time of 5,000 digits": ("0,1\n" + "9" * 5000 + ",2\n", {}, ["line 2", "below 1e+25"]),
    "a superscript digit": ("1\n2\n\u00b2\n", {"format": "mahimahi"}, ["line 3", "whole, nonnegative number"]),
    "5,000 digits of milliseconds": (
        "1\n" + "9" * 5000 + "\n",
        {"format": "mahimahi"},
        ["line 2", "whole, nonnegative"],
    ),
    "milliseconds beyond all": (
        "1\n" + "9" * 18 + "\n",
        {"format": "mahimahi"},
        ["windows of window_s = 0.1", "at most 2e+07"],
    ),
}


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_that_is_none(kind: str, tmp_path: Path) -> None:
    text, options, words = LOGS[kind]
    (tmp_path / "log").write_text(text, encoding="utf-8")
    columns = {} if "format" in options else {"time": 0, "rate": 1}
    found = refusal(lambda: coinfer.read_trace(tmp_path / "log", **(columns | options)))
    assert_is_clear(found.replace(str(tmp_path), "."), ["'./log'", *words])


BOMB = """
import resource
import coinfer
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
try:
    coinfer.load_scenario({path!r})
except coinfer.InputError as error:
    print(error)
"""


@pytest.mark.parametrize("text", [laughs("mapping"), laughs("list")], ids=["mappings", "lists"])
def test_a_bomb_takes_no_memory(text: str, tmp_path: Path) -> None:
    (tmp_path / "bomb.yml").write_text(text)
    code = BOMB.format(path=str(tmp_path / "bomb.yml"))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert_is_clear(ran.stdout.strip(), ["refers to an anchor"])


def test_sweeps_take_what_plans_take_though_no_field_would_do_alone() -> None:
    """At 1e-9 m alone the SNR would be beyond all; with the power that goes with it, it is not."""
    rows = {"link.distance_m": [50.0, 1e-9], "link.transmit_power_w": [0.1, 1e-6]}
    import pandas as pd

    found = coinfer.sweep(S, pd.DataFrame(rows))
    for row in found.itertuples(index=False):
        given = S.replace(link__distance_m=row[0], link__transmit_power_w=row[1])
        assert row.cost == pytest.approx(coinfer.plan(given).cost, rel=1e-9)
    assert "distance_m" in refusal(lambda: S.replace(link__distance_m=1e-9))


@pytest.mark.parametrize(
    "rows",
    [
        {"link.carrier_hz": [None, 1e9], "link.mean_snr_db": [3.0, 3.0]},
        {"link.mean_snr_db": [None, 3.0]},
        {"link.mean_snr_db": [None, 3.0], "link.distance_m": [20.0, None]},
        {"link.transmit_power_w": [0.0, 0.1], "link.mean_snr_db": [3.0, 5.0]},
        {"link.bandwidth_hz": ["1e6", 2e6]},
        {"interval_s": [None, 1.0], "link.tail_s": [1.0, 2.0], "link.tail_power_w": [1.0, 2.0]},
    ],
    ids=", ".join,
)
def test_sweeps_take_what_plans_take_though_it_is_no_number(rows: dict[str, list]) -> None:
    import pandas as pd

    points = pd.DataFrame(rows, dtype=object)
    found = coinfer.sweep(S, points)["cost"].tolist()
    alone = [coinfer.plan(S.replace(point)).cost for point in points.to_dict("records")]
    assert found == pytest.approx(alone, rel=1e-9)


def test_a_seed_may_be_a_generator_or_a_sequence_of_seeds() -> None:
    seeds = (3, np.random.default_rng(3), np.random.SeedSequence(3), np.int64(3))
    found = {coinfer.simulate(S, PLAN, inferences=50, rng=seed).mean for seed in seeds}
    assert len(found) == 1


def test_an_executor_of_ones_own_is_taken() -> None:
    class Here(Executor):
        def map(self, work, *rows, **_):
            return map(work, *rows)

    grid = {"inferences_per_update": [1, 100]}
    assert coinfer.sweep(S, grid, executor=Here()).equals(coinfer.sweep(S, grid))
