"""Scenarios: read and written without loss, frozen, changed by path; and the ones that come with the package."""

import json
from math import inf
from pathlib import Path

import pytest
import scipy.stats as stats
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import continuous_kinds, discrete_kinds

import coinfer
from coinfer import DNN, Device, Edge, InputError, Link, Scenario, Weights, channel, load_scenario

AWKWARD = st.sampled_from([0.1, 1 / 3, 1e-300, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.125, 1.0])
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
    "correlated": channel.Correlated(channel.Rayleigh(outage_gain=0.1), coherence_time_s=0.05),
    "correlated forever": channel.Correlated(channel.Nakagami(m=2), coherence_time_s=inf),
    "correlated by speed": channel.Correlated(channel.Nakagami(m=2), speed_m_per_s=1.5, outages="wait"),
    "finite-state": channel.FiniteState(gains=(0.0, 1.0), transitions=((0.9, 0.1), (0.2, 0.8)), step_s=0.01),
    "gilbert-elliott": channel.GilbertElliott(to_bad=0.1, to_good=0.3, step_s=0.01),
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


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    by_distance = draw(st.booleans())
    return Scenario(
        dnn=draw(dnns() | st.sampled_from(["alexnet", "squeezenet"])),
        device=Device(
            clock_hz=draw(positive),
            cycles_per_mac=draw(positive),
            kappa=draw(positive | st.just(0.0)),
            memory_bits=draw(st.none() | positive | st.just(0.0)),
        ),
        edge=Edge(clock_hz=draw(positive), cycles_per_mac=draw(positive)),
        link=Link(
            bandwidth_hz=draw(moderate),
            transmit_power_w=draw(moderate),
            **(
                {"distance_m": draw(st.floats(10, 1e3))} if by_distance else {"mean_snr_db": draw(st.floats(-200, 200))}
            ),
            downlink_rate_bps=draw(positive),
            receive_power_w=draw(positive | st.just(0.0)),
        ),
        weights=Weights(time_per_s=draw(positive), energy_per_j=draw(positive | st.just(0.0))),
        channel=draw(st.sampled_from(list(KINDS.values())) | continuous_kinds | discrete_kinds),
        inferences_per_update=draw(positive),
        result_at_edge=draw(st.booleans()),
    )


# ---------------------------------------------------------------- reading and writing


@settings(max_examples=40)
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


@pytest.mark.parametrize(
    "text",
    [
        '{"dnn": "alexnet", "device": {"kappa": 1e-27}, "inferences_per_update": 2E3}',
        "dnn: alexnet\ndevice:\n  kappa: 1e-27\ninferences_per_update: 2e3\n",
    ],
    ids=["json", "yaml"],
)
def test_exponents_without_a_point(text: str):
    """YAML 1.1 takes them for text."""
    scenario = Scenario.from_yaml(text)
    assert scenario.device.kappa == 1e-27
    assert scenario.inferences_per_update == 2000


def test_unicode_names_survive(tmp_path: Path):
    dnn = DNN(name="réseau 神経", layer_names=("couche №1: {x}",), macs=(1,), parameter_bits=(1,), output_bits=(8, 8))
    path = tmp_path / "scénario.yml"
    path.write_text(Scenario(dnn=dnn).to_yaml(), encoding="utf-8")
    assert load_scenario(path).dnn == dnn
    path.write_text("dnn: alexnet  # 50 m à Québec\n", encoding="utf-8")
    assert load_scenario(str(path)) == Scenario(dnn="alexnet")
    path.write_bytes("dnn: alexnet # \xe9".encode("latin-1"))
    with pytest.raises(InputError, match="cannot be read"):
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
    scenario = Scenario(dnn="alexnet")
    assert scenario.link.bandwidth_hz == 2e6
    assert scenario.link.distance_m == 50
    assert scenario.link.mean_snr_db is None
    assert scenario.device.clock_hz == 0.3e9
    assert scenario.device.memory_bits is None
    assert scenario.edge.clock_hz == 10e9
    assert scenario.device.kappa == 1e-26
    assert scenario.inferences_per_update == 1000
    assert scenario.channel == channel.Rayleigh(outage_gain=0.05)
    assert not scenario.result_at_edge


# ---------------------------------------------------------------- frozen, and changed by making another


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Scenario(dnn="alexnet"), "inferences_per_update"),
        (Link(), "bandwidth_hz"),
        (Device(), "clock_hz"),
        (Edge(), "clock_hz"),
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
    base = Scenario(dnn="alexnet")
    changed = base.replace(
        dnn="squeezenet", link__bandwidth_hz=1e6, link__transmit_power_w=0.2, channel__outage_gain=0.2
    )
    assert changed.dnn.name == "squeezenet"
    assert (changed.link.bandwidth_hz, changed.link.transmit_power_w) == (1e6, 0.2)
    assert changed.channel == channel.Rayleigh(outage_gain=0.2)
    assert changed.device == base.device
    assert base == Scenario(dnn="alexnet")
    assert base.replace() == base
    assert base.replace(channel=channel.Nakagami(m=2), channel__m=3).channel == channel.Nakagami(m=3)


def test_replacing_the_distance_or_the_snr_takes_the_place_of_the_other():
    by_snr = Scenario(dnn="alexnet").replace(link__mean_snr_db=10)
    assert (by_snr.link.mean_snr_db, by_snr.link.distance_m) == (10, None)
    back = by_snr.replace(link__distance_m=70)
    assert (back.link.mean_snr_db, back.link.distance_m) == (None, 70)
    assert by_snr.replace(link__bandwidth_hz=1e6).link.mean_snr_db == 10


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
    assert placements("default") == (0, 5, 5)
    assert load_scenario("default") == Scenario(dnn="alexnet")


def test_interior_places_strictly_between_even_when_static():
    """As its comment says."""
    assert placements("interior") == (5, 3, 5)
