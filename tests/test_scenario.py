"""Scenarios: read and written without loss, frozen, changed by path; and the ones that come with the package."""

import json
import re
import warnings
from math import inf
from pathlib import Path

import numpy as np
import pytest
import scipy.stats as stats
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from strategies import continuous_kinds, discrete_kinds

import coinfer
from coinfer import DNN, Device, Edge, InputError, Link, Scenario, Weights, channel, load_scenario
from coinfer.catalogue import server_names
from coinfer.catalogue.rows import DeviceRow, bundled_rows

AWKWARD = st.sampled_from(
    [0.1, 1 / 3, 1e-99, 1e22, 1e-7, 1.000000000000001e-100, 9.999999999999999e99, 123456789.125, 1.0]
)
positive = AWKWARD | st.floats(1e-12, 1e12)
moderate = st.sampled_from([0.1, 1 / 3, 1e-3, 7e2, 2.5e-7]) | st.floats(1e-9, 1e9)
counts = st.integers(0, 10**18)

KINDS = {
    "rayleigh": channel.Rayleigh(outage_gain=1 / 3),
    "nakagami": channel.Nakagami(m=1.1),
    "nakagami with an outage": channel.Nakagami(m=0.7, outage_gain=1e-3),
    "rician": channel.Rician(k=3.3, outage_gain=0.05),
    "continuous": channel.Continuous(distribution=stats.gamma(2, scale=0.5)),
    "continuous, no parameters": channel.Continuous(distribution="expon", outage_gain=0.1),
    "continuous, unbounded": channel.Continuous(distribution=stats.truncnorm(1, inf, loc=1, scale=0.1)),
    "discrete": channel.Discrete(gains=(0.1, 2), probabilities=(1 / 3, 2 / 3)),
    "empirical": channel.Empirical(gains=(1e-9, 0.3, 1e9)),
    "rate-table": channel.RateTable(m=0.5),
    "rate-table of one": channel.RateTable(efficiencies=(1.5,), snr_db=(-3.3,)),
    "truncated-inversion": channel.TruncatedInversion(rate_bps=1e6 / 3, outage_gain=0.1),
    "rates": channel.Rates(rates_bps=(1e6, 3e6), probabilities=(0.3, 0.7), usable=0.9),
    "moving": channel.Moving(coherence_time_s=1 / 3),
    "moving by speed": channel.Moving(m=2.5, speed_m_per_s=1.4, states=64, sending="held"),
    "shadowed": channel.Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=0.1),
    "on-off": channel.OnOff(rate_bps=2e7, mean_on_s=15.0, mean_off_s=1 / 3),
    "markov": channel.Markov(rates_bps=(1e6 / 3, 0.0), generator=((-0.1, 0.1), (0.7, -0.7))),
    "markov of gains": channel.Markov(gains=(0.3, 1.0), generator=((-0.1, 0.1), (1 / 3, -1 / 3)), sending="held"),
    "markov with long outages": channel.Markov(
        rates_bps=(2e6, 0, 0),
        generator=((-1, 1, 0), (2, -3, 1), (0.1, 0, -0.1)),
        transmit_powers_w=(0.3, 0, 0),
        long_outage_s=0.7,
    ),
}


@st.composite
def dnns(draw: st.DrawFn) -> DNN:
    layers = draw(st.integers(1, 4))
    names = draw(st.lists(st.text(max_size=8), min_size=layers, max_size=layers))
    return DNN(
        name=draw(st.text(max_size=8)),
        layer_names=names,
        macs=draw(st.lists(counts, min_size=layers, max_size=layers)),
        parameter_bits=draw(st.lists(counts, min_size=layers, max_size=layers)),
        output_bits=draw(st.lists(counts, min_size=layers + 1, max_size=layers + 1)),
    )


WITH_POWER = sorted(
    {row.device for row in bundled_rows(DeviceRow)}
    - {row.device for row in bundled_rows(DeviceRow) if row.power_w is None}
)
devices = st.builds(
    Device,
    macs_per_s=positive,
    power_w=positive | st.just(0.0),
    memory_bits=st.none() | positive | st.just(0.0),
)
FREE = ["receive_power_w", "outage_power_w", "tail_power_w", "tail_s", "round_trip_s", "energy_j_per_bit"]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    by_distance = draw(st.booleans())
    return Scenario(
        dnn=draw(dnns() | st.sampled_from(["alexnet", "squeezenet"])),
        device=draw(devices | st.sampled_from(WITH_POWER)),
        edge=draw(st.builds(Edge, macs_per_s=positive) | st.sampled_from(server_names())),
        link=Link(
            bandwidth_hz=draw(moderate),
            transmit_power_w=draw(moderate),
            **(
                {"distance_m": draw(st.floats(10, 1e3))}
                if by_distance
                else {"mean_snr_db": draw(st.floats(-200, 200)), "carrier_hz": draw(st.none() | moderate)}
            ),
            downlink_rate_bps=draw(positive),
            **{name: draw(positive | st.just(0.0)) for name in FREE},
        ),
        weights=Weights(time_per_s=draw(positive), energy_per_j=draw(positive | st.just(0.0))),
        channel=draw(st.sampled_from(list(KINDS.values())) | continuous_kinds | discrete_kinds),
        inferences_per_update=draw(positive),
        interval_s=draw(st.none() | positive),
        update_fraction=draw(st.floats(1e-3, 1)),
        result_at_edge=draw(st.booleans()),
    )


# ---------------------------------------------------------------- reading and writing


@examples(40)
@given(scenarios())
def test_round_trips_are_exact(scenario: Scenario):
    again = Scenario.from_yaml(scenario.to_yaml())
    assert again == scenario
    assert hash(again) == hash(scenario)
    assert Scenario.from_yaml(json.dumps(scenario.model_dump(mode="json"))) == scenario
    assert Scenario(**scenario.model_dump()) == scenario


@pytest.mark.parametrize("name", KINDS)
def test_every_channel_round_trips(name: str):
    scenario = Scenario(dnn="alexnet", channel=KINDS[name])
    again = Scenario.from_yaml(scenario.to_yaml())
    assert again == scenario
    assert Scenario.from_yaml(json.dumps(scenario.model_dump(mode="json"), indent=1)) == scenario
    assert type(again.channel) is type(KINDS[name])
    assert again.to_yaml() == scenario.to_yaml()
    assert hash(again.channel) == hash(KINDS[name])


def test_every_kind_of_channel_is_here():
    members = channel.Channel.__origin__.__args__
    assert {type(kind) for kind in KINDS.values()} == set(members)


# ---------------------------------------------------------------- kinds of channels in older files

OLDER = {
    "correlated": (
        "{kind: correlated, base: {kind: nakagami, m: 2}, coherence_time_s: 0.5, states: 32}",
        channel.Moving(m=2, coherence_time_s=0.5, states=32),
    ),
    "correlated by speed": (
        "{kind: correlated, base: {kind: rayleigh, outage_gain: 0.05}, speed_m_per_s: 1.4, coherence_time_s: null}",
        channel.Moving(speed_m_per_s=1.4),
    ),
    "correlated, all fields": (
        "{kind: correlated, base: {kind: nakagami, outage_gain: 0.0, m: 1.5}, coherence_time_s: 2, speed_m_per_s: null, "
        "correlation: exponential, outages: wait, wait_step_s: 0.1, sending: held, states: 64}",
        channel.Moving(m=1.5, coherence_time_s=2, states=64, sending="held"),
    ),
    "finite-state": (
        "{kind: finite-state, rates_bps: [8e+6, 0.0], transitions: [[0.9, 0.1], [0.4, 0.6]], step_s: 0.1, sending: held}",
        channel.Markov(rates_bps=(8e6, 0), generator=((-1, 1), (4, -4)), sending="held"),
    ),
    "finite-state, given a usable state": (
        "{kind: finite-state, gains: [2.0, 0.0, 1.0], transitions: [[0.8, 0.1, 0.1], [0.4, 0.6, 0.0], [0.3, 0.2, 0.5]], "
        "step_s: 0.5, outages: conditional, sending: evolving}",
        channel.Markov(gains=(2, 1), generator=((-0.2, 0.2), (0.6, -0.6))),
    ),
    "gilbert-elliott": (
        "{kind: gilbert-elliott, to_bad: 0.05, to_good: 0.2, step_s: 0.05}",
        channel.Markov(gains=(1, 0), generator=((-1, 1), (4, -4))),
    ),
    "gilbert-elliott without outages": (
        "{kind: gilbert-elliott, to_bad: 0.5, to_good: 0.25, step_s: 0.5, good_gain: 2.0, bad_gain: 0.5}",
        channel.Markov(gains=(2, 0.5), generator=((-1, 1), (0.5, -0.5))),
    ),
}


def generators_apart(one: channel.Markov, other: channel.Markov) -> float:
    return float(np.abs(np.array(one.generator) - np.array(other.generator)).max())


@pytest.mark.parametrize("name", OLDER)
def test_older_kinds_are_read_as_what_takes_their_place(name: str, tmp_path: Path):
    text, now = OLDER[name]
    path = tmp_path / "older.yml"
    path.write_text(f"dnn: alexnet\nchannel: {text}\n")
    with pytest.warns(DeprecationWarning, match=f"is deprecated and read as '{now.kind}'") as caught:
        read = load_scenario(path).channel
    assert caught[0].filename == __file__  # where Python shows it to who runs a script
    assert len(str(caught[0].message).splitlines()) == 1
    if isinstance(now, channel.Markov):
        assert generators_apart(read, now) < 1e-12
        read = read.model_copy(update={"generator": now.generator})
    assert read == now
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scenario = Scenario(dnn="alexnet", channel=read)
        assert Scenario.from_yaml(scenario.to_yaml()) == scenario  # written as what it is now


def test_an_older_chain_moves_as_its_steps_did():
    """Of small steps: the transitions of a layer are those of as many steps, to first order in the step."""
    moves, step_s = np.array([[0.99, 0.01], [0.02, 0.98]]), 0.01
    text = f"{{kind: finite-state, gains: [1.0, 0.2], transitions: {moves.tolist()}, step_s: {step_s}}}"
    with pytest.warns(DeprecationWarning, match="finite-state"):
        read = Scenario.from_yaml(f"dnn: alexnet\nchannel: {text}\n").channel
    over = read.law_along(Link(), Weights(), np.array([0.5])).chain.kernels[1]
    assert over == pytest.approx(np.linalg.matrix_power(moves, 50), abs=0.005)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{kind: correlated, base: {kind: nakagami, m: 2}, coherence_time_s: 1.0, sending: held}",
            "in continuous time, in computing",
        ),
        (
            "{kind: correlated, base: {kind: rayleigh, outage_gain: 0.05}, coherence_time_s: 1.0}",
            "its outage gain is gone",
        ),
        (
            "{kind: correlated, base: {kind: rayleigh, outage_gain: 0.05}, coherence_time_s: 1.0, sending: held}",
            "no longer held, which would cost infinitely much (R12)",
        ),
        (
            "{kind: finite-state, gains: [1.0, 0.0], transitions: [[0.9, 0.1], [0.4, 0.6]], step_s: 0.1, initial: [1.0, 0.0]}",
            "starts from its stationary law",
        ),
    ],
)
def test_what_is_lost_in_reading_an_older_kind_is_said(text: str, said: str):
    with pytest.warns(DeprecationWarning, match=re.escape(said)):
        Scenario.from_yaml(f"dnn: alexnet\nchannel: {text}\n")


@pytest.mark.filterwarnings("ignore:channel.kind:DeprecationWarning")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{kind: correlated, base: {kind: truncated-inversion, rate_bps: 1e+6, outage_gain: 0.1}, coherence_time_s: 1}",
            "channel.base.kind = 'truncated-inversion': in motion, it belongs to no Markov process",
        ),
        (
            "{kind: correlated, base: {kind: rayleigh, outage_gain: 0.1}, coherence_time_s: 1, correlation: jakes}",
            "channel.correlation = 'jakes': belongs to no Markov process",
        ),
        (
            "{kind: correlated, base: {kind: rician, k: 3}, coherence_time_s: 1}",
            "channel.base.kind = 'rician': should be one of",
        ),
        ("{kind: correlated, base: {kind: nakagami, m: 2}, coherence_time_s: .inf}", "coherence_time_s = inf"),
        ("{kind: correlated, base: {kind: nakagami, m: 2}}", "exactly one of them should be given"),
        ("{kind: correlated, coherence_time_s: 1}", "cannot be converted (base is missing)"),
        (
            "{kind: finite-state, gains: [1, 0], transitions: [[0.9, 0.2], [0.4, 0.6]], step_s: 1}",
            "channel.transitions",
        ),
        ("{kind: finite-state, gains: [1, 0], transitions: [[0.9, 0.1], [0.4, 0.6]], step_s: 0}", "channel.step_s = 0"),
        (
            "{kind: gilbert-elliott, to_bad: 0.5, to_good: 1, step_s: 1, wrong: 3}",
            "Scenario.channel.wrong: unknown field",
        ),
        (
            "{kind: gilbert-elliott, to_bad: 0.5, to_good: 1, step_s: 1, sending: on}",
            "channel.sending = True: should be one",
        ),
        (
            "{kind: gilbert-elliott, to_bad: 0.5, to_good: 1, step_s: 1, outages: a}",
            "channel.outages = 'a': should be one",
        ),
        (
            "{kind: finite-state, gains: [1, 0], transitions: [[.nan, 0.2], [0.1, 0.9]], step_s: 1}",
            "channel.transitions: should be 2 rows",
        ),
        (
            "{kind: finite-state, gains: [1, 0], transitions: [[0.9, 0.1], [0.4]], step_s: 1}",
            "channel.transitions = [[0.9, 0.1], [0.4]]: should be a list of numbers",
        ),
        (
            "{kind: finite-state, gains: 1, transitions: [[1]], step_s: 1}",
            "channel.gains = 1: should be a list of numbers",
        ),
        (
            "{kind: finite-state, gains: [1, 0], transitions: [[0.9, 0.1], [0.4, 0.6]], step_s: null}",
            "channel.step_s = None: should be a number",
        ),
        ("{kind: correlated, base: rayleigh, coherence_time_s: 1}", "channel.base = 'rayleigh': should be fields"),
        ("{kind: correlated, base: {m: 2}, coherence_time_s: 1}", "channel.base.kind = None: should be one of"),
        ("{kind: correlated, base: {kind: nakagami}, coherence_time_s: 1}", "cannot be converted (m is missing)"),
        ("{kind: correlated, base: {kind: rayleigh, m: 2}, coherence_time_s: 1}", "channel.base.m: unknown field"),
        ("{kind: gilbert-elliott, to_bad: 0.5, step_s: 1}", "cannot be converted (to_good is missing)"),
        (
            "{kind: gilbert-elliott, to_bad: often, to_good: 1, step_s: 1}",
            "channel.to_bad = 'often': should be a number",
        ),
    ],
)
def test_older_kinds_that_cannot_be_read(text: str, message: str):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        Scenario.from_yaml(f"dnn: alexnet\nchannel: {text}\n")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"dnn": "alexnet", "link": {"tail_power_w": 1e-2}, "inferences_per_update": 2E3}',
        "dnn: alexnet\nlink:\n  tail_power_w: 1e-2\ninferences_per_update: 2e3\n",
    ],
    ids=["json", "yaml"],
)
def test_exponents_without_a_point(text: str):
    """YAML 1.1 takes them for text."""
    scenario = Scenario.from_yaml(text)
    assert scenario.link.tail_power_w == 1e-2
    assert scenario.inferences_per_update == 2000


def test_unicode_names_survive(tmp_path: Path):
    dnn = DNN(name="réseau 神経", layer_names=("couche №1: {x}",), macs=(1,), parameter_bits=(1,), output_bits=(8, 8))
    path = tmp_path / "scénario.yml"
    path.write_text(Scenario(dnn=dnn).to_yaml(), encoding="utf-8")
    assert load_scenario(path).dnn == dnn
    path.write_text("dnn: alexnet  # 50 m à Québec\n", encoding="utf-8")
    assert load_scenario(str(path)) == Scenario(dnn="alexnet")
    path.write_bytes("dnn: alexnet # \xe9".encode("latin-1"))
    with pytest.raises(InputError, match="is not text in UTF-8"):
        load_scenario(path)


def test_load_scenario_with_changes(tmp_path: Path):
    path = tmp_path / "mine.json"
    path.write_text('{"dnn": "alexnet", "inferences_per_update": 20}')
    assert load_scenario(path).inferences_per_update == 20
    changed = load_scenario(path, dnn="squeezenet", inferences_per_update=None, link__bandwidth_hz=1e6)
    assert changed.dnn.name == "squeezenet"
    assert changed.inferences_per_update == 20
    assert changed.link.bandwidth_hz == 1e6


def test_networks_by_name():
    by_name = Scenario(dnn="alexnet")
    assert by_name == Scenario(dnn=coinfer.load_dnn("alexnet"))
    assert Scenario.from_yaml("dnn: alexnet") == by_name


def test_defaults():
    """Machines and link are those of the default scenario; a channel of one's own comes with a plain link."""
    scenario, default = Scenario(dnn="resnet50"), load_scenario("default", dnn="resnet50")
    assert (scenario.device, scenario.edge) == (default.device, default.edge)
    assert (scenario.link, scenario.channel) == (default.link, default.channel)
    assert scenario.inferences_per_update == 300
    assert (scenario.interval_s, scenario.update_fraction, scenario.result_at_edge) == (None, 1.0, False)
    plain = Scenario(dnn="resnet50", channel=channel.Rayleigh(outage_gain=0.1))
    assert plain.link == Link()
    assert plain.link.bandwidth_hz == 2e6
    assert plain.link.distance_m == 50
    assert (plain.link.mean_snr_db, plain.link.name) == (None, None)
    assert plain.link.carrier_hz == 915e6
    assert plain.link.outage_power_w == plain.link.round_trip_s == plain.link.tail_power_w == 0
    assert Scenario(dnn="resnet50", link=Link()).channel == channel.Rayleigh(outage_gain=0.05)


# ---------------------------------------------------------------- frozen, and changed by making another


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Scenario(dnn="alexnet"), "inferences_per_update"),
        (Link(), "bandwidth_hz"),
        (Device(macs_per_s=1e9, power_w=1.0), "macs_per_s"),
        (Edge(macs_per_s=1e9), "macs_per_s"),
        (Weights(), "time_per_s"),
        (channel.Rayleigh(outage_gain=0.1), "outage_gain"),
        (coinfer.load_dnn("alexnet"), "macs"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_frozen(owner: coinfer.scenario.Model, name: str):
    before = hash(owner)
    with pytest.raises(ValueError, match="frozen"):
        setattr(owner, name, 2)
    assert hash(owner) == before


def test_hashes_tell_scenarios_apart():
    base = Scenario(dnn="alexnet")
    others = [base.replace(inferences_per_update=n) for n in range(1, 20)]
    assert len({base, *others, Scenario(dnn="alexnet")}) == 20


def test_replace():
    base = load_scenario("abstract-model")
    changed = base.replace(
        dnn="squeezenet", link__bandwidth_hz=1e6, link__transmit_power_w=0.2, channel__outage_gain=0.2
    )
    assert changed.dnn.name == "squeezenet"
    assert (changed.link.bandwidth_hz, changed.link.transmit_power_w) == (1e6, 0.2)
    assert changed.channel == channel.Rayleigh(outage_gain=0.2)
    assert changed.device == base.device
    assert base == load_scenario("abstract-model")
    assert base.replace() == base
    assert base.replace(channel=channel.Nakagami(m=2), channel__m=3).channel == channel.Nakagami(m=3)


def test_replacing_the_distance_or_the_snr_takes_the_place_of_the_other():
    by_snr = load_scenario("abstract-model").replace(link__mean_snr_db=10)
    assert (by_snr.link.mean_snr_db, by_snr.link.distance_m) == (10, None)
    back = by_snr.replace(link__distance_m=70)
    assert (back.link.mean_snr_db, back.link.distance_m) == (None, 70)
    assert by_snr.replace(link__bandwidth_hz=1e6).link.mean_snr_db == 10
    assert by_snr.replace(link__mean_snr_db=25, link__distance_m=None).link.mean_snr_db == 25


# ---------------------------------------------------------------- the scenarios of the package


def test_bundled_scenarios_are_there():
    assert {"default", "interior"} <= set(coinfer.scenario_names())


@pytest.mark.parametrize("name", coinfer.scenario_names())
def test_bundled_scenario(name: str):
    scenario = load_scenario(name)
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario
    plan = coinfer.plan(scenario)
    assert 0 <= plan.placement <= scenario.dnn.layers
    assert 0 < plan.cost < inf


def placements(name: str) -> tuple[int, int, int]:
    """Of static, 1-sla and optimal."""
    scenario = load_scenario(name)
    assert scenario.dnn == coinfer.load_dnn("alexnet")
    return tuple(coinfer.plan(scenario, rule=rule).placement for rule in ("static", "look-ahead", "optimal"))


def test_default_places_strictly_between_0_and_all_layers():
    """As its comment says: nothing when static, 5 of 8 layers otherwise."""
    assert placements("abstract-model") == (0, 5, 5)


@pytest.mark.parametrize("coherence_time_s", [0.1, 1.0, 3.0, 10.0, 100.0])
def test_default_on_fading_in_motion(coherence_time_s: float):
    """As its comment says: all rules place nothing up to 3 s, and later on one look is as good to 0.2 %."""
    moving = load_scenario("abstract-model", channel=channel.Moving(coherence_time_s=coherence_time_s))
    plans = {rule: coinfer.plan(moving, rule=rule) for rule in ("optimal", "static", "probe-once")}
    if coherence_time_s <= 3:
        assert {at.placement for at in plans.values()} == {0}
    else:
        assert plans["optimal"].placement == 8
        assert plans["probe-once"].cost <= 1.002 * plans["optimal"].cost < 0.9 * plans["static"].cost


def test_interior_on_fading_in_motion():
    """As its comment says."""
    for coherence_time_s, placement in ((0.1, 0), (1.0, 0), (10.0, 0), (30.0, 5)):
        moving = load_scenario("interior", channel=channel.Moving(coherence_time_s=coherence_time_s))
        assert coinfer.plan(moving, rule="static").placement == placement


def test_interior_places_strictly_between_even_when_static():
    """As its comment says."""
    assert placements("interior") == (5, 3, 5)


# ---------------------------------------------------------------- an ONNX file


def two_layers() -> bytes:
    nodes = [
        helper.make_node("MatMul", ["data", "w1"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "w2"], ["result"]),
    ]
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["batch", 4])]
    outputs = [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["batch", 2])]
    weights = [
        helper.make_tensor("w1", TensorProto.FLOAT, [4, 3], np.ones(12)),
        helper.make_tensor("w2", TensorProto.FLOAT, [3, 2], np.ones(6)),
    ]
    graph = helper.make_graph(nodes, "two", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


OWN_NETWORK = (
    "dnn: {onnx: nets/net.onnx, input_bits: 8, dimensions: {batch: 1}}\ndevice: {macs_per_s: 1.0e+6, power_w: 1}\n"
)


def test_a_network_in_a_file_lies_beside_its_scenario(tmp_path, monkeypatch) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.onnx").write_bytes(two_layers())
    (tmp_path / "my.yml").write_text(OWN_NETWORK + "edge: {macs_per_s: 1.0e+9}")
    found = load_scenario(tmp_path / "my.yml")
    assert found.dnn == coinfer.read_onnx(tmp_path / "nets" / "net.onnx", input_bits=8, dimensions={"batch": 1})
    assert Scenario.from_yaml(found.to_yaml()) == found  # which holds the chain itself
    monkeypatch.chdir(tmp_path)
    assert load_scenario("my.yml") == found == Scenario.from_yaml((tmp_path / "my.yml").read_text())


@pytest.mark.parametrize(
    ("dnn", "said"),
    [
        ("{onnx: none.onnx}", r"Scenario.dnn.path = '.*none.onnx': no such file"),
        ("{onnx: net.onnx, input_bit: 8}", r"dnn.field = 'input_bit': should be one of.*did you mean 'input_bits'"),
        ("{onnx: net.onnx}", r"batch"),
        ("{onnx: 3}", r"path"),
    ],
)
def test_a_network_in_a_file_that_cannot_be_read(tmp_path, dnn: str, said: str) -> None:
    (tmp_path / "net.onnx").write_bytes(two_layers())
    (tmp_path / "my.yml").write_text(
        f"dnn: {dnn}\ndevice: {{macs_per_s: 1.0e+6, power_w: 1}}\nedge: {{macs_per_s: 1.0e+9}}"
    )
    with pytest.raises(InputError, match=said) as refused:
        load_scenario(tmp_path / "my.yml")
    assert "\n" not in str(refused.value)
