"""Every kind of bad input gives one clear sentence that names the field, shows the value and says what is allowed."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
import scipy.stats as stats
from onnx import TensorProto, helper
from refusals import assert_is_clear, refusal

import coinfer
from coinfer import (
    DNN,
    Costs,
    Device,
    Edge,
    InputError,
    Link,
    Scenario,
    Weights,
    channel,
    load_device,
    load_dnn,
    load_link,
    load_scenario,
    plan,
    read_onnx,
    simulate,
)
from coinfer.catalogue.rows import DeviceRow
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.sending import Sending
from coinfer.study.parameters import check
from coinfer.study.runner import choose

NAN, INF = float("nan"), float("inf")
DISCRETE, MOVING = channel.Discrete, channel.Moving
LINK_FIELDS = ", ".join(Link.model_fields)
ABSTRACT = coinfer.load_scenario("abstract-model")


def scenario(**fields: object) -> Scenario:
    return Scenario(**(dict(ABSTRACT) | fields))


def read(text: str) -> Scenario:
    return Scenario.from_yaml(text)


def made(**fields: object) -> Costs:
    law = DISCRETE.of_unit_costs([1.0], [1.0])
    return Costs(**({"extra": [1.0], "bits": [1.0, 0.0], "download": [0.0], "edge": 0.0, "law": law} | fields))


def chain(**fields: object) -> DNN:
    one = {"name": "x", "layer_names": ("a",), "macs": (1,), "parameter_bits": (1,), "output_bits": (1, 1)}
    return DNN(**(one | fields))


def moved(generator: object = ((-1, 1), (1, -1)), rates_bps: object = (2, 1), **fields: object) -> channel.Markov:
    return channel.Markov(rates_bps=rates_bps, generator=generator, **fields)


def put_together(rates_bps: list, initial: object = (0.5, 0.5), moves: object = ((0.5, 0.5),) * 2) -> MovingLaw:
    link = Sending.held(np.array(rates_bps), np.ones(len(rates_bps)), np.zeros((len(rates_bps),) * 2))
    return MovingLaw(Chain.of(np.array(initial), np.array([moves])), link)


def no_memory() -> Scenario:
    return scenario(device=Device(macs_per_s=3e8, power_w=0.27, memory_bits=1e8))


ROW = "a,board,x,resnet50,9.5,3.5,one run,read,a watch,a meter"


def mine(row: str | None) -> object:
    """A device from a table of one's own, of one row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("no-such.csv" if row is None else "devices.csv")
        if row is not None:
            names = [name for name in DeviceRow.model_fields if name != "note"]
            path.write_text(f"{','.join(names)}\n{row}\n", encoding="utf-8")
        return load_device("a", dnn="vgg19", table=path)


# What is done, and what its message must hold: the field, the value, and what is allowed.
BAD: dict[str, tuple[Callable[[], object], list[str]]] = {
    # the system
    "negative bandwidth": (lambda: Link(bandwidth_hz=-1), ["Link.bandwidth_hz = -1", "greater than 0"]),
    "NaN": (lambda: Link(bandwidth_hz=NAN), ["Link.bandwidth_hz = nan", "finite"]),
    "infinite": (lambda: Link(transmit_power_w=INF), ["Link.transmit_power_w = inf", "finite"]),
    "text for a number": (lambda: Edge(macs_per_s="1 G"), ["Edge.macs_per_s = '1 G'", "valid number"]),
    "list for a number": (lambda: Link(carrier_hz=[1, 2]), ["Link.carrier_hz = [1, 2]", "valid number"]),
    "None for a number": (lambda: Weights(time_per_s=None), ["Weights.time_per_s = None", "valid number"]),
    "unknown field": (lambda: Link(bandwidth=1), ["Link.bandwidth = 1", "unknown field", LINK_FIELDS]),
    "snr and distance": (
        lambda: Link(mean_snr_db=10, distance_m=50),
        ["mean_snr_db = 10", "distance_m = 50", "only one"],
    ),
    "snr out of range": (lambda: Link(mean_snr_db=500), ["Link.mean_snr_db = 500", "equal to 200"]),
    "no distance": (lambda: Link(distance_m=0), ["Link.distance_m = 0", "greater than 0"]),
    "absurdly near": (lambda: Link(distance_m=1e-12), ["distance_m = 1e-12", "mean SNR", "(0, 1e30)"]),
    "absurdly far": (lambda: Link(distance_m=1e300), ["distance_m = 1e+300", "mean SNR", "(0, 1e30)"]),
    "negative power of a device": (
        lambda: Device(macs_per_s=1e9, power_w=-1e-3),
        ["Device.power_w = -0.001", "equal to 0"],
    ),
    "negative memory": (
        lambda: Device(macs_per_s=1e9, power_w=1, memory_bits=-1),
        ["Device.memory_bits = -1", "equal to 0"],
    ),
    "weightless time": (lambda: Weights(time_per_s=0), ["Weights.time_per_s = 0", "greater than 0"]),
    # the scenario
    "no network": (lambda: Scenario(), ["Scenario.dnn", "required"]),
    "unknown network in a scenario": (lambda: Scenario(dnn="alexnett"), ["'alexnett'", "did you mean 'alexnet'"]),
    "number for a network": (lambda: Scenario(dnn=3), ["Scenario.dnn = 3", "DNN"]),
    "unknown scenario field": (lambda: scenario(K=1), ["Scenario.K = 1", "allowed are dnn", "inferences_per_update"]),
    "no inferences per update": (
        lambda: scenario(inferences_per_update=0),
        ["Scenario.inferences_per_update = 0", "greater than 0"],
    ),
    "bad field of a part": (
        lambda: scenario(link={"bandwidth_hz": -1}),
        ["Scenario.link.bandwidth_hz = -1", "greater than 0"],
    ),
    "unknown field of a part": (lambda: scenario(link={"bandwidth": 1}), ["Scenario.link.bandwidth = 1", LINK_FIELDS]),
    "number for a part": (lambda: scenario(link=5), ["Scenario.link = 5", "Link"]),
    "not a truth value": (lambda: scenario(result_at_edge="maybe"), ["result_at_edge = 'maybe'", "boolean"]),
    "unknown channel": (
        lambda: scenario(channel={"kind": "rayleight"}),
        ["Scenario.channel.kind = 'rayleight'", "one of rayleigh, nakagami", "did you mean 'rayleigh'"],
    ),
    "channel without a kind": (lambda: scenario(channel={"outage_gain": 1}), ["Scenario.channel.kind", "required"]),
    "unknown change": (lambda: scenario().replace(K=1), ["Scenario.K = 1", "unknown field; allowed are dnn"]),
    "unknown part of a change": (lambda: scenario().replace(radio__x=1), ["radio__x = 1", "one of dnn, device, edge"]),
    "unknown field of a change": (lambda: scenario().replace(link__x=1), ["Link.x = 1", LINK_FIELDS]),
    "bad value of a change": (lambda: scenario().replace(link__bandwidth_hz=-1), ["Link.bandwidth_hz = -1"]),
    # scenario files
    "unknown scenario": (
        lambda: load_scenario("defalt"),
        ["scenario = 'defalt'", "one of default, abstract-model", "mean 'default'"],
    ),
    "missing file": (lambda: load_scenario("no/such.yml"), ["scenario = 'no/such.yml'", "cannot be read"]),
    "folder for a file": (lambda: load_scenario("."), ["scenario = '.'", "is a directory"]),
    "malformed YAML": (lambda: read("dnn: [alexnet"), ["scenario: is not YAML", "line 1", "expected ',' or ']'"]),
    "object in YAML": (lambda: read("!!python/object:os.system {}"), ["scenario: is not YAML", "tag"]),
    "list for a scenario": (lambda: read("- alexnet\n- vgg19"), ["scenario = ['alexnet', 'vgg19']", "mapping of dnn"]),
    "empty scenario": (lambda: read(""), ["scenario = None", "mapping of dnn"]),
    "long text for a scenario": (lambda: read("x" * 10_000), ["scenario = 'xxx", "mapping of dnn"]),
    "number for a name": (lambda: read("dnn: alexnet\n1: 2"), ["scenario", "1 is not the name"]),
    "number for an inner name": (lambda: read("dnn: alexnet\nlink: {3: 4}"), ["scenario", "3 is not the name"]),
    "NaN in YAML": (
        lambda: read("dnn: alexnet\nedge: {macs_per_s: .nan}"),
        ["Scenario.edge.macs_per_s = nan", "finite"],
    ),
    # channels
    "sum is not 1": (lambda: DISCRETE(gains=(1, 2), probabilities=(0.5, 0.4)), ["probabilities", "sum is 0.9", "be 1"]),
    "negative probability": (
        lambda: DISCRETE(gains=(1, 2), probabilities=(1.5, -0.5)),
        ["probabilities = [1.5, -0.5]", "nonnegative"],
    ),
    "NaN probability": (lambda: DISCRETE(gains=(1,), probabilities=(NAN,)), ["probabilities = [nan]", "finite"]),
    "one probability for two gains": (
        lambda: DISCRETE(gains=(1, 2), probabilities=(1,)),
        ["probabilities: 1 given for 2 gains", "one for each"],
    ),
    "no atoms": (lambda: DISCRETE(gains=(), probabilities=()), ["0 given for 0 gains", "at least one"]),
    "zero gain": (lambda: DISCRETE(gains=(0, 1), probabilities=(0.5, 0.5)), ["gains = 0.0", "positive"]),
    "negative gain": (lambda: channel.Empirical(gains=(1, -2)), ["gains = -2.0", "positive"]),
    "infinite gain": (lambda: channel.Empirical(gains=(INF,)), ["gains = inf", "finite"]),
    "no samples": (lambda: channel.Empirical(gains=()), ["0 gains", "at least one"]),
    "table of samples": (lambda: channel.Empirical(gains=np.ones((2, 2))), ["gains", "[1.0, 1.0]", "number"]),
    "text for gains": (
        lambda: DISCRETE(gains="abc", probabilities=(1,)),
        ["Discrete.gains = 'abc'", "list of numbers"],
    ),
    "negative unit cost": (lambda: DISCRETE.of_unit_costs([-1], [1]), ["unit_costs = -1.0", "nonnegative"]),
    "fewer probabilities": (lambda: DISCRETE.of_unit_costs([1, 2], [1]), ["probabilities: 1 given for 2 unit_costs"]),
    "more probabilities": (
        lambda: DISCRETE.of_unit_costs([1], [0.5, 0.5]),
        ["probabilities: 2 given for 1 unit_costs"],
    ),
    "text for unit costs": (lambda: DISCRETE.of_unit_costs(["a"], [1]), ["unit_costs = ['a']", "list of numbers"]),
    "table of unit costs": (lambda: DISCRETE.of_unit_costs([[1]], [[1]]), ["unit_costs", "2 dim", "list of numbers"]),
    "plain Rayleigh": (lambda: channel.Rayleigh(), ["outage_gain = 0.0", "infinite", "RateTable"]),
    "Nakagami below 1/2": (lambda: channel.Nakagami(m=0.2), ["Nakagami.m = 0.2", "equal to 0.5"]),
    "Nakagami without m": (lambda: channel.Nakagami(), ["Nakagami.m", "required"]),
    "negative Rician factor": (lambda: channel.Rician(k=-1, outage_gain=0.1), ["Rician.k = -1", "equal to 0"]),
    "negative outage": (lambda: channel.Rayleigh(outage_gain=-1), ["Rayleigh.outage_gain = -1", "equal to 0"]),
    "outage above the support": (
        lambda: channel.Continuous(distribution=stats.uniform(0, 1), outage_gain=1.5),
        ["outage_gain = 1.5", "above every gain"],
    ),
    "outage never passed": (lambda: channel.Rayleigh(outage_gain=1e4), ["outage_gain = 10000.0", "never be usable"]),
    "outage never passed by Rician": (
        lambda: channel.Rician(k=1, outage_gain=1e5),
        ["outage_gain = 100000.0", "never be usable"],
    ),
    "unknown distribution": (lambda: channel.Continuous(distribution="gama"), ["distribution = 'gama'", "scipy.stats"]),
    "discrete distribution": (
        lambda: channel.Continuous(distribution="poisson", parameters={"mu": 3}),
        ["distribution = 'poisson'", "continuous law of scipy.stats"],
    ),
    "missing parameter": (lambda: channel.Continuous(distribution="gamma"), ["parameters = {}", "values of a, loc"]),
    "bad parameter": (
        lambda: channel.Continuous(distribution="gamma", parameters={"a": -1}),
        ["parameters = {'a': -1.0}", "values of a, loc, scale"],
    ),
    "unknown parameter": (
        lambda: channel.Continuous(distribution="gamma", parameters={"m": 2}),
        ["parameters = {'m': 2.0}", "values of a, loc, scale"],
    ),
    "negative gains": (lambda: channel.Continuous(distribution="norm"), ["norm has support [-inf, inf]", "nonneg"]),
    "rate table of two lengths": (
        lambda: channel.RateTable(efficiencies=(1, 2), snr_db=(1,)),
        ["snr_db: 1 given for 2 efficiencies", "one each"],
    ),
    "rate table not ascending": (
        lambda: channel.RateTable(efficiencies=(2, 1), snr_db=(1, 2)),
        ["efficiencies = [2.0, 1.0]", "ascending"],
    ),
    "rate table of zero rate": (
        lambda: channel.RateTable(efficiencies=(0, 1), snr_db=(1, 2)),
        ["efficiencies = (0.0, 1.0)", "positive"],
    ),
    "rate table out of reach": (
        lambda: channel.RateTable().law(Link(mean_snr_db=-100), Weights()),
        ["mean_snr = 1e-10", "raise it"],
    ),
    "inversion without an outage": (
        lambda: channel.TruncatedInversion(rate_bps=1e6, outage_gain=0),
        ["TruncatedInversion.outage_gain = 0", "greater than 0"],
    ),
    "inversion of infinite power": (
        lambda: channel.TruncatedInversion(rate_bps=1e12, outage_gain=1).law(Link(), Weights()),
        ["rate_bps = 1000000000000.0", "lower it"],
    ),
    # channels in motion
    "rows that do not sum to 0": (lambda: moved([[-1, 2], [1, -1]]), ["generator: row 0 has sum 1", "should be 0"]),
    "negative rate of moving": (lambda: moved([[1, -1], [1, -1]]), ["generator = -1", "finite and nonnegative"]),
    "infinite rate of moving": (lambda: moved([[-INF, INF], [1, -1]]), ["generator = -inf", "finite and nonnegative"]),
    "generator of another shape": (lambda: moved([[0]]), ["generator: has shape (1, 1)", "should be (2, 2)"]),
    "ragged generator": (lambda: moved([[-1, 1], [1]]), ["generator = ", "should be a list of numbers"]),
    "negative rate": (lambda: moved(rates_bps=(-1, 1)), ["rates_bps = [-1.0, 1.0]", "0, or between 1e-100 and 1e+15"]),
    "no rates": (lambda: moved(rates_bps=()), ["rates_bps = []", "at least one"]),
    "text for a rate": (lambda: moved(rates_bps=("fast", 1)), ["Markov.rates_bps.0 = 'fast'", "number"]),
    "rates and gains": (lambda: moved(gains=(1, 2)), ["rates_bps and gains", "exactly one"]),
    "a chain that never sends": (lambda: moved(rates_bps=(0, 0)), ["rates_bps = [0.0, 0.0]", "never sends"]),
    "never again": (lambda: moved([[-1, 1], [0, 0]], (1, 0)), ["generator: an outage never leads", "wait for ever"]),
    "several stationary laws": (lambda: moved([[0, 0], [0, 0]]), ["generator: has several stationary laws", "one"]),
    "long outages of one kind": (
        lambda: moved(rates_bps=(1, 0), long_outage_s=1.0),
        ["long_outage_s = 1.0", "needs two outage states"],
    ),
    "long outage of no time": (lambda: moved(long_outage_s=0), ["Markov.long_outage_s = 0", "greater than 0"]),
    "powers that outgrow rates": (
        lambda: moved(rates_bps=(1, 2), transmit_powers_w=(1, 3)),
        ["transmit_powers_w", "energy a bit", "does not grow with the rate"],
    ),
    "powers for gains": (
        lambda: moved(rates_bps=None, gains=(1, 2), transmit_powers_w=(1, 1)),
        ["transmit_powers_w: need rates_bps"],
    ),
    "one power for two rates": (
        lambda: moved(transmit_powers_w=(1,)),
        ["transmit_powers_w = [1.0]", "2 nonnegative numbers"],
    ),
    "negative power": (lambda: moved(transmit_powers_w=(1, -1)), ["transmit_powers_w = [1.0, -1.0]", "nonnegative"]),
    "text for a generator": (lambda: moved("abc"), ["Markov.generator = 'abc'", "rows of numbers"]),
    "moves too fast": (lambda: moved(((-1e200, 1e200), (1, -1))), ["generator = 1e+200", "1e-100 and 1e+15 a second"]),
    "moves too slow": (lambda: moved(((-1e-101, 1e-101), (1, -1))), ["generator = 1e-101", "0, or between 1e-100 and"]),
    "rates too fast": (lambda: moved(rates_bps=(1e16, 1)), ["rates_bps = [1e+16, 1.0]", "1e-100 and 1e+15"]),
    "rates too slow": (lambda: moved(rates_bps=(1e-101, 1)), ["rates_bps = [1e-101, 1.0]", "0, or between 1e-100 and"]),
    "gains too small": (
        lambda: moved(rates_bps=None, gains=(1e-300, 1)),
        ["gains = [1e-300, 1.0]", "0, or between 1e-100 and"],
    ),
    "a part of a part": (
        lambda: scenario(channel={"kind": "markov", "rates_bps": [1, 2], "generator": [[1, 1], [1, -1]]}),
        ["Scenario.channel.markov.generator: row 0 has sum 2", "should be 0"],
    ),
    "a field of a part of a part": (
        lambda: scenario(channel={"kind": "markov", "rates_bps": [1, 2], "generator": "abc"}),
        ["Scenario.channel.markov.generator = 'abc'", "rows of numbers"],
    ),
    "sending that cannot be told": (
        lambda: plan(scenario(channel=channel.Shadowed(sigma_db=30, decorrelation_m=1e-3, speed_m_per_s=1e4))),
        ["channel: rates of", "moves a second", "should be closer together, or move less often"],
    ),
    "coherence time without end": (
        lambda: MOVING(coherence_time_s=1e300),
        ["Moving.coherence_time_s = 1e+300", "less than or equal to 1e+12"],
    ),
    "outages without end": (
        lambda: coinfer.mlp_placement(
            Scenario(dnn=coinfer.mlp(3, 64), channel=channel.OnOff(rate_bps=1e6, mean_on_s=1e-9, mean_off_s=1e9))
        ),
        ["mean_on_s of 1e-09 and a mean_off_s of 1e+09", "off for a share of 1 of the time", "on and off"],
    ),
    "text for rates": (lambda: coinfer.Trace(["a"], 0.1), ["rates_bps = ['a']", "list of numbers"]),
    "text for a window": (lambda: coinfer.Trace([1.0], "a"), ["window_s = 'a'", "positive number of seconds"]),
    "long outage that is none": (
        lambda: coinfer.Trace([1.0, 0.0], 0.1).markov(long_outage_s=NAN),
        ["long_outage_s = nan", "positive number of seconds"],
    ),
    "text for a prior": (
        lambda: channel.estimate_on_off([[1e6]], prior_off_s="x"),
        ["prior_off_s = 'x'", "positive number of seconds"],
    ),
    "no prior": (
        lambda: channel.estimate_moving([[1e6]], link=Link(), prior_s=None),
        ["prior_s = None", "positive number of seconds"],
    ),
    "text for a shape": (
        lambda: channel.estimate_moving([[1e6]], link=Link(), prior_s=1, m="x"),
        ["m = 'x'", "0.5..100"],
    ),
    "no link": (lambda: channel.estimate_moving([[1e6]], link=None, prior_s=1), ["link = None", "a Link"]),
    "rates no SNR explains": (
        lambda: channel.estimate_moving([[1e12]], link=Link(bandwidth_hz=1e6), prior_s=1),
        ["rates_bps = 1e+12", "1e-15 to 60 bit/s a hertz of link.bandwidth_hz = 1e+06"],
    ),
    "rates of no link": (
        lambda: channel.estimate_on_off([[1e300], [1e300]], prior_off_s=1),
        ["rates_bps = [[1e+300], [1e+300]]", "at most 1e+15"],
    ),
    "prior without end": (
        lambda: channel.estimate_on_off([[1e6]], prior_off_s=1e300),
        ["prior_off_s = 1e+300", "between 1e-12 and 1e+12 s"],
    ),
    "prior of no time": (
        lambda: channel.estimate_moving([[1e6]], link=Link(), prior_s=1e-300),
        ["prior_s = 1e-300", "between 1e-12 and 1e+12 s"],
    ),
    "text for the rate while on": (
        lambda: channel.estimate_on_off([[1e6]], prior_off_s=1, rate_bps="x"),
        ["rate_bps = 'x'", "positive number"],
    ),
    "text for a share": (
        lambda: coinfer.Trace([1.0], 0.1).between("a", 1),
        ["start = 'a', end = 1", "0 <= start < end"],
    ),
    "no path": (lambda: coinfer.read_trace(None), ["path = None", "cannot be read"]),
    "looks that contradict each other": (
        lambda: channel.estimate_on_off([[1e6, 1e6, 0.0]], [1.0, 0.0], prior_off_s=1),
        ["durations_s = 0 after look 1", "at least 1e-12 where the link goes on or off"],
    ),
    "gains that contradict each other": (
        lambda: channel.estimate_moving([[1e6, 2e6]], [0.0], link=Link(), prior_s=1),
        ["durations_s = 0 after look 0", "at least 1e-12 where the rate changes"],
    ),
    "zero coherence time": (lambda: MOVING(coherence_time_s=0), ["Moving.coherence_time_s = 0", "equal to 1e-12"]),
    "infinite coherence time": (lambda: MOVING(coherence_time_s=INF), ["Moving.coherence_time_s = inf", "finite"]),
    "neither time nor speed": (lambda: MOVING(), ["coherence_time_s = None and speed_m_per_s = None", "exactly one"]),
    "both time and speed": (
        lambda: MOVING(coherence_time_s=1, speed_m_per_s=1),
        ["coherence_time_s = 1.0 and speed_m_per_s = 1.0", "exactly one"],
    ),
    "speed without a carrier": (
        lambda: plan(scenario(channel=MOVING(speed_m_per_s=1), link=Link(mean_snr_db=5, carrier_hz=None))),
        ["speed_m_per_s = 1.0", "needs the link's carrier_hz"],
    ),
    "held from a fade on": (
        lambda: MOVING(coherence_time_s=1, sending="held"),
        ["sending = 'held'", "needs m > 1", "infinitely much (R12)"],
    ),
    "another way of sending": (
        lambda: MOVING(coherence_time_s=1, sending="still"),
        ["Moving.sending = 'still'", "'moving' or 'held'"],
    ),
    "one cell": (lambda: MOVING(coherence_time_s=1, states=1), ["Moving.states = 1", "equal to 2"]),
    "shadowing that stands still": (
        lambda: channel.Shadowed(sigma_db=7, decorrelation_m=10, speed_m_per_s=0),
        ["Shadowed.speed_m_per_s = 0", "greater than or equal to 1e-09"],
    ),
    "outages of no length": (
        lambda: channel.OnOff(rate_bps=1e6, mean_on_s=1, mean_off_s=0),
        ["OnOff.mean_off_s = 0", "greater than or equal to 1e-12"],
    ),
    "stop states of independent draws": (lambda: plan(scenario()).stop_states, ["channel: draws are independent"]),
    "MLP by formula over fading": (
        lambda: coinfer.mlp_placement(Scenario(dnn=coinfer.mlp(3, 64), channel=MOVING(coherence_time_s=1))),
        ["channel"],
    ),
    "thresholds of probe-once in motion": (
        lambda: plan(scenario(channel=MOVING(coherence_time_s=1)), rule="probe-once").stop_thresholds,
        ["rule = 'probe-once'", "no thresholds"],
    ),
    "states in another order": (lambda: put_together([1.0, 3.0]), ["sender: unit costs should ascend"]),
    "states of another number": (lambda: put_together([3.0, 2.0, 1.0]), ["sender: has 3 states; should have 2"]),
    "chances of another sum": (
        lambda: put_together([3.0, 1.0], initial=[0.5, 0.6]),
        ["initial: rows have sums from 1.1 on", "sum 1"],
    ),
    "moves of another sum": (
        lambda: put_together([3.0, 1.0], moves=[[1, 1]] * 2),
        ["transitions: rows have sums from 2 on", "sum 1"],
    ),
    "moves of another shape": (
        lambda: put_together([3.0, 1.0], moves=[[1]] * 2),
        ["transitions: have shape (1, 2, 1)", "(N, S, S)"],
    ),
    # costs
    "no layers": (lambda: made(extra=[]), ["extra", "at least one layer"]),
    "too few bits": (lambda: made(bits=[1]), ["bits: has 1 entries", "should have 2"]),
    "too many downloads": (lambda: made(download=[1, 2]), ["download: has 2 entries", "should have 1"]),
    "negative bits": (lambda: made(bits=[1, -1]), ["bits = -1.0 at entry 1", "nonnegative"]),
    "NaN cost": (lambda: made(extra=[NAN]), ["extra = nan at entry 0", "finite"]),
    "number for a list": (lambda: made(extra=1.0), ["extra", "0 dimensions", "list of numbers"]),
    "text for a list": (lambda: made(extra="abc"), ["extra = 'abc'", "list of numbers"]),
    "ragged list": (lambda: made(extra=[[1], [1, 2]]), ["extra = [[1], [1, 2]]", "list of numbers"]),
    "infinite edge cost": (lambda: made(edge=INF), ["edge = inf", "finite number"]),
    "text for edge cost": (lambda: made(edge="x"), ["edge = 'x'", "finite number"]),
    "channel for a law": (lambda: made(law=channel.RateTable()), ["law = RateTable", "law of a channel on a link"]),
    "largest placement": (lambda: made(largest_placement=5), ["largest_placement = 5", "-1..1"]),
    "text for a placement": (lambda: made(largest_placement="all"), ["largest_placement = 'all'", "-1..1"]),
    "name for a scenario": (lambda: coinfer.costs("alexnet"), ["scenario = 'alexnet'", "a Scenario"]),
    # networks
    "macs of another length": (lambda: chain(macs=(1, 2)), ["macs = (1, 2)", "length 2", "asks for 1"]),
    "outputs of another length": (lambda: chain(output_bits=(1,)), ["output_bits = (1,)", "asks for 2"]),
    "negative macs": (lambda: chain(macs=(-1,)), ["DNN.macs.0 = -1", "equal to 0"]),
    "half a bit": (lambda: chain(parameter_bits=(1.5,)), ["DNN.parameter_bits.0 = 1.5", "integer"]),
    "no layer names": (lambda: chain(layer_names=()), ["DNN.layer_names = ()", "at least 1"]),
    "unknown network": (lambda: coinfer.load_dnn("vgg"), ["name = 'vgg'", "one of alexnet", "did you mean 'vgg19'"]),
    "no neurons": (lambda: coinfer.mlp(2, 0), ["neurons = 0", "positive integer"]),
    "bits of half a value": (
        lambda: coinfer.load_dnn("alexnet", activation_bits=0.5),
        ["activation_bits = 0.5", "positive integer"],
    ),
    "unknown criterion": (
        lambda: coinfer.load_dnn("alexnet").blocks("smaler-output"),
        ["criterion = 'smaler-output'", "did you mean 'smaller-output'"],
    ),
    "stages not there": (
        lambda: coinfer.load_dnn("alexnet").blocks(stages=[0, 99]),
        ["stages = (0, 99)", "from 0 to 8"],
    ),
    "missing onnx file": (lambda: read_onnx("no/such.onnx"), ["'no/such.onnx'", "no such file"]),
    # plans
    "unknown rule": (lambda: plan(scenario(), rule="optimum"), ["rule = 'optimum'", "did you mean 'optimal'"]),
    "no rule": (lambda: plan(scenario(), rule=None), ["rule = None", "one of optimal, look-ahead"]),
    "depth of a rule without": (lambda: plan(scenario(), rule="static", depth=2), ["depth = 2", "'look-ahead'"]),
    "no depth": (lambda: plan(scenario(), rule="look-ahead", depth=0), ["depth = 0", "at least 1"]),
    "half a depth": (lambda: plan(scenario(), rule="look-ahead", depth=1.5), ["depth = 1.5", "whole number"]),
    "placement beyond the layers": (lambda: plan(scenario(), placement=9), ["placement = 9", "0..8"]),
    "negative placement": (lambda: plan(scenario(), placement=-1), ["placement = -1", "0..8"]),
    "float placement": (lambda: plan(scenario(), placement=3.0), ["placement = 3.0", "whole number in 0..8"]),
    "truth for a placement": (lambda: plan(scenario(), placement=True), ["placement = True", "whole number"]),
    "placement beyond the memory": (lambda: plan(no_memory(), placement=8), ["placement = 8", "memory", "5 layers"]),
    "local-only beyond the memory": (
        lambda: plan(no_memory(), rule="local-only"),
        ["rule = 'local-only'", "all 8 layers", "memory holds 5"],
    ),
    "name for a plan's scenario": (lambda: plan("alexnet"), ["scenario = 'alexnet'", "Scenario or Costs"]),
    "not an MLP": (lambda: coinfer.mlp_placement(scenario()), ["extra = ", "same for all layers", "MLP"]),
    "MLP by another rule": (
        lambda: coinfer.mlp_placement(Scenario(dnn=coinfer.mlp(3, 4)), rule="static"),
        ["rule = 'static'", "one of look-ahead, optimal"],
    ),
    "clairvoyant of nothing": (lambda: coinfer.clairvoyant(None), ["scenario = None", "Scenario or Costs"]),
    "name for a plan": (
        lambda: simulate(scenario(), "optimal", inferences=1, rng=0),
        ["plan = 'optimal'", "should be a Plan"],
    ),
    "path for a trace": (
        lambda: coinfer.replay(scenario(), plan(scenario()), "log.csv"),
        ["trace = 'log.csv'", "should be a Trace"],
    ),
    "costs to replay": (
        lambda: coinfer.replay(coinfer.costs(scenario()), plan(scenario()), coinfer.example_trace("example.up")),
        ["scenario = Costs(", "should be a Scenario"],
    ),
    "costs to sweep": (
        lambda: coinfer.sweep(coinfer.costs(scenario()), {"inferences_per_update": [1]}),
        ["scenario = Costs(", "should be a Scenario"],
    ),
    "expected cost of another network's plan": (
        lambda: coinfer.expected_cost(Scenario(dnn="vgg19"), plan(scenario())),
        ["plan: was made for 8 layers", "the scenario has 19"],
    ),
    "no inferences": (
        lambda: simulate(scenario(), plan(scenario()), inferences=0, rng=0),
        ["inferences = 0", "in 1..1000000000"],
    ),
    "plan of another network": (
        lambda: simulate(Scenario(dnn="vgg19"), plan(scenario()), inferences=1, rng=0),
        ["made for 8 layers", "has 19"],
    ),
    # sweeps
    "number for a grid": (lambda: coinfer.sweep(scenario(), {"link.distance_m": 5}), ["link.distance_m = 5", "list"]),
    "bad value in a grid": (
        lambda: coinfer.sweep(scenario(), {"link.bandwidth_hz": [1e6, -1]}),
        ["Link.bandwidth_hz = -1", "greater than 0"],
    ),
    "unknown field in a grid": (
        lambda: coinfer.sweep(scenario(), {"link.bandwidth": [1]}),
        ["Link.bandwidth = 1", LINK_FIELDS],
    ),
    # the catalogue
    "unknown device": (
        lambda: load_device("rasberry-pi-4", dnn="resnet50"),
        ["device = 'rasberry-pi-4'", "mean 'raspberry-pi-4'"],
    ),
    "unknown device in a scenario": (
        lambda: scenario(device="raspbery-pi-5"),
        ["Scenario.device = 'raspbery-pi-5'", "did you mean 'raspberry-pi-5'"],
    ),
    "unknown server": (lambda: scenario(edge="nvidia-t5"), ["Scenario.edge = 'nvidia-t5'", "did you mean 'nvidia-t4'"]),
    "unknown link": (lambda: scenario(link="lte-citi"), ["Scenario.link = 'lte-citi'", "did you mean 'lte-city'"]),
    "unknown kind of entry": (lambda: coinfer.catalogue("device"), ["kind = 'device'", "devices, servers, links"]),
    "no network for a device": (lambda: load_device("raspberry-pi-4", dnn=3), ["dnn = 3", "should be a DNN"]),
    "no phone takes 118 W": (
        lambda: load_device("phone-snapdragon-8-gen-2", dnn="resnet18", energy_j_per_mac=4.3e-10),
        ["power_w = 118", "0.3..12 W", "a phone"],
    ),
    "a watt for a microcontroller": (
        lambda: scenario(device={"name": "stm32-h7a3", "power_w": 1.0}),
        ["Scenario.device.power_w = 1 for 'stm32-h7a3'", "0.001..0.5 W"],
    ),
    "negative power of an entry": (
        lambda: load_device("raspberry-pi-4", dnn="resnet50", power_w=-1),
        ["power_w = -1", "watts"],
    ),
    "text for a power": (
        lambda: load_device("raspberry-pi-4", dnn="resnet50", power_w="5 W"),
        ["power_w = '5 W'", "watts"],
    ),
    "power and energy": (
        lambda: load_device("raspberry-pi-4", dnn="resnet50", power_w=5, energy_j_per_mac=1e-10),
        ["power_w and energy_j_per_mac", "only one of them"],
    ),
    "a device without a power": (
        lambda: scenario(device="jetson-orin-nano"),
        ["Scenario.device = 'jetson-orin-nano'", "no power of it was found", "give power_w"],
    ),
    "a link without a power": (
        lambda: scenario(link="starlink"),
        ["Scenario.link = 'starlink'", "no power of it was found", "given with transmit_power_w"],
    ),
    "unknown field of a device": (
        lambda: scenario(device={"name": "raspberry-pi-4", "clock_hz": 1e9}),
        ["Scenario.device.clock_hz = 1000000000.0", "unknown field", "macs_per_s"],
    ),
    "unknown field of a link": (
        lambda: scenario(link={"name": "lte-city", "tail_j": 1}),
        ["Scenario.link.field = 'tail_j'", "did you mean 'tail_s'"],
    ),
    "milliwatts for watts": (
        lambda: scenario(link={"name": "lte-city", "transmit_power_w": 178}),
        ["Scenario.link.transmit_power_w = 178 for 'lte-city'", "at most 20", "another unit"],
    ),
    "milliseconds for seconds": (
        lambda: load_link("lte-city", round_trip_s=32.6),
        ["round_trip_s = 32.6", "at most 5"],
    ),
    "seconds for milliseconds": (
        lambda: mine(ROW.replace("9.5", "0.0095")),
        ["time_ms for 'a'", "at most 2e+12", "in ms"],
    ),
    "negative tail of a link": (
        lambda: scenario(link={"name": "lte-city", "tail_s": -1}),
        ["Scenario.link.tail_s = -1", "greater than or equal to 0"],
    ),
    "unknown way to code a network": (
        lambda: scenario(dnn={"name": "resnet50", "activation_bit": 8}),
        ["Scenario.dnn.field = 'activation_bit'", "did you mean 'activation_bits'"],
    ),
    "unknown JPEG quality": (
        lambda: load_dnn("resnet50", jpeg_quality=91),
        ["jpeg_quality = 91", "50, 75, 85, 90, 95"],
    ),
    "a JPEG of no image": (
        lambda: scenario(dnn={"name": "fc_autoencoder", "jpeg_quality": 90}),
        ["jpeg_quality = 90", "'fc_autoencoder'", "no square image"],
    ),
    "no table": (lambda: mine(None), ["table = ", "no-such.csv", "FileNotFoundError"]),
    "a row without its last cells": (
        lambda: mine("a,board,x,resnet50,10"),
        ["devices.csv, line 2", "not as many given"],
    ),
    "a row with a cell too many": (lambda: mine(ROW + ",and more"), ["devices.csv, line 2", "not as many given"]),
    "a row that is there twice": (
        lambda: mine(ROW + "\n" + ROW),
        ["devices.csv, line 3", "a on resnet50", "second time"],
    ),
    "a table without rows": (lambda: mine(""), ["devices.csv", "no rows"]),
    "a table that is none": (lambda: load_device("a", dnn="vgg19", table=3.5), ["table = 3.5", "CSV file"]),
    "a field of before": (
        lambda: Device(clock_hz=1e9),
        ["Device.clock_hz = 1000000000.0", "unknown field", "macs_per_s"],
    ),
    "a time of nothing": (lambda: mine(ROW.replace("9.5", "0")), ["line 2: DeviceRow.time_ms = '0'", "greater than 0"]),
    "a time that is none": (lambda: mine(ROW.replace("9.5", "soon")), ["line 2: DeviceRow.time_ms = 'soon'", "number"]),
    "a kind that is none": (lambda: mine(ROW.replace("board", "bord")), ["line 2: DeviceRow.kind = 'bord'", "'board'"]),
    "a board of 300 W": (lambda: mine(ROW.replace("3.5", "300")), ["line 2", "power_w = 300 for 'a'", "0.3..12 W"]),
    "evidence that is none": (
        lambda: mine(ROW.replace("one run", "hearsay")),
        ["DeviceRow.evidence = 'hearsay'", "'one run'"],
    ),
    "no power, and evidence for it": (
        lambda: mine(ROW.replace("3.5", "")),
        ["line 2", "power_w: is empty", "'time only'"],
    ),
    "a network that is none": (
        lambda: mine(ROW.replace("resnet50", "resnet_50")),
        ["network = 'resnet_50'", "mean 'resnet50'"],
    ),
    "an update of more than all": (
        lambda: scenario(update_fraction=1.5),
        ["Scenario.update_fraction = 1.5", "equal to 1"],
    ),
    "no time between inferences": (lambda: scenario(interval_s=0), ["Scenario.interval_s = 0", "greater than 0"]),
    "noise beyond all": (lambda: Link(noise_figure_db=300), ["Link.noise_figure_db = 300", "equal to 100"]),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_gives_one_sentence(kind: str):
    act, words = BAD[kind]
    assert_is_clear(refusal(act), words)


def test_input_errors_are_value_errors():
    assert issubclass(InputError, ValueError)


# ---------------------------------------------------------------- files


def test_text_named_onnx(tmp_path: Path):
    path = tmp_path / "notes.onnx"
    path.write_text("This is not a network.")
    with pytest.raises(InputError) as refused:
        read_onnx(path)
    assert_is_clear(str(refused.value).replace(str(path), "notes.onnx"), ["notes.onnx", "ONNX"])


def test_graph_without_a_single_activation_cut(tmp_path: Path):
    """Two branches from the input to the output: two activations cross everywhere."""
    left, right = (
        helper.make_node("MatMul", ["data", weight], [out]) for weight, out in (("w1", "left"), ("w2", "right"))
    )
    both = helper.make_node("Add", ["left", "right"], ["result"])
    graph = helper.make_graph(
        [left, right, both],
        "branches",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor(name, TensorProto.FLOAT, [4, 4], np.ones(16)) for name in ("w1", "w2")],
    )
    path = tmp_path / "branches.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    onnx.checker.check_model(onnx.load(path))
    with pytest.raises(InputError) as refused:
        read_onnx(path)
    assert_is_clear(str(refused.value).replace(str(path), "branches.onnx"), ["branches.onnx", "one activation"])


def test_scenario_file_that_is_not_text(tmp_path: Path):
    path = tmp_path / "scenario.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError) as refused:
        load_scenario(path)
    assert_is_clear(str(refused.value).replace(str(path), "scenario.yml"), ["scenario.yml", "is not text in UTF-8"])


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook with two parameters."""
    source = "dnn = None  # str: a network\ninferences = 100  # -"
    parameters = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "source": source,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "00-some.ipynb"
    path.write_text(json.dumps({"cells": [parameters], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"inference": "5"}, ["parameter inference = '5'", "no notebook declares it", "valid parameters"]),
        ({"inferences": "many"}, ["parameter inferences = 'many'", "type int", "like 100"]),
    ],
    ids=["unknown", "ill-typed"],
)
def test_notebook_parameters(notebook: Path, given: dict[str, str], words: list[str]):
    """The sentence is followed by the valid parameters, a line each."""
    with pytest.raises(InputError) as refused:
        check(given, [notebook])
    complaint, *valid = str(refused.value).splitlines()
    assert_is_clear(complaint, words)
    assert [line.split()[0] for line in valid] == ["dnn:", "inferences:"]
    check({"inferences": "5", "dnn": "alexnet"}, [notebook])


def test_unknown_notebook(tmp_path: Path):
    (tmp_path / "10-cost-model.ipynb").write_text("{}")
    with pytest.raises(InputError) as refused:
        choose(["10-cost-modle"], tmp_path)
    assert_is_clear(str(refused.value), ["notebook = '10-cost-modle'", "did you mean '10-cost-model'"])
