"""The scenarios of devices, links and networks that exist: their seconds, joules and watts are those that were published."""

from dataclasses import dataclass

import numpy as np
import pytest

import coinfer
from coinfer import Scenario, load_scenario
from coinfer.catalogue.rows import PLAUSIBLE_W, DeviceRow, bundled_rows
from coinfer.channel import Markov
from coinfer.channel.generator import stationary

REAL = coinfer.scenario_names(real=True)


@dataclass(frozen=True)
class Published:
    """What arithmetic on the cited figures gives, by hand, to the digits shown."""

    local_s: float
    local_j: tuple[float, float] | None  # least and most
    send_s: float  # the input at the mean rate, bits alone
    send_j: float | None
    server_s: float
    round_trip_s: float = 0.0
    tail_w: float = 0.0


PUBLISHED = {
    "city-camera": Published(0.263, (0.89, 0.90), 0.0223, 0.0146, 1e-3, 0.0326, 0.178),
    "newer-camera": Published(0.0462, (0.28, 0.29), 0.00402, 0.0114, 0.7e-3, 0.0325, 0.178),
    "phone-low-band": Published(0.0248, (0.11, 0.26), 0.00211, 0.0039, 0.15e-3, 0.012),
    "phone-mmwave": Published(0.0248, (0.11, 0.26), 0.00177, 0.0032, 0.15e-3, 0.0139, 1.092),
    "vehicle-5g": Published(1.421e-3, (0.0189, 0.0205), 0.00425, 0.0059, 0.46e-3, 0.0325, 1.092),
    "vehicle-lte": Published(0.0931, (0.63, 0.64), 0.159, 0.0390, 0.46e-3, 0.0325, 0.178),
    "wearable": Published(0.0518, (0.0063, 0.0064), 0.0351, 0.00067, 0.14e-3),
    "remote-sensor": Published(0.139, (0.0036, 0.0037), 0.137, 0.053, 0.043e-3),
    "satellite-site": Published(0.0619, None, 0.0166, None, 0.074e-3, 0.104),
}


def held(scenario: Scenario) -> Scenario:
    """The scenario on a link that always has its mean rate."""
    channel = scenario.channel
    assert isinstance(channel, Markov)
    rate_bps = float(stationary(np.array(channel.generator)) @ np.array(channel.rates_bps))
    return scenario.replace(channel=Markov(rates_bps=(rate_bps,), generator=((0.0,),)))


@pytest.mark.parametrize("name", REAL)
def test_local_inference_takes_what_was_measured(name: str):
    local, wanted = coinfer.plan(held(load_scenario(name)), rule="local-only"), PUBLISHED[name]
    assert local.time_s == pytest.approx(wanted.local_s, rel=0.01)
    if wanted.local_j:
        assert wanted.local_j[0] <= local.energy_j <= wanted.local_j[1]
        kind = next(row.kind for row in bundled_rows(DeviceRow) if row.device == load_scenario(name).device.name)
        least, most = PLAUSIBLE_W[kind]
        assert least <= local.energy_j / local.time_s <= most


@pytest.mark.parametrize("name", REAL)
def test_sending_and_the_server_take_what_was_published(name: str):
    scenario, wanted = held(load_scenario(name)), PUBLISHED[name]
    sent = coinfer.plan(scenario, rule="edge-only")
    bare = coinfer.plan(scenario.replace(link__round_trip_s=0, link__tail_s=0, edge__macs_per_s=1e30), rule="edge-only")
    assert bare.time_s == pytest.approx(wanted.send_s, rel=0.02)
    if wanted.send_j is not None:
        assert bare.energy_j == pytest.approx(wanted.send_j, rel=0.03)
    served_s = sent.time_s - bare.time_s - wanted.round_trip_s
    assert served_s == pytest.approx(wanted.server_s, rel=0.05)
    assert not wanted.tail_w or scenario.link.tail_s > scenario.interval_s  # awake all the time, at the tail's power
    bits_j = scenario.link.energy_j_per_bit * scenario.dnn.output_bits[0]
    base_j = wanted.tail_w * scenario.interval_s if wanted.tail_w else scenario.link.transmit_power_w * bare.time_s
    assert sent.energy_j == pytest.approx(bits_j + base_j, rel=0.01, abs=1e-12)


@pytest.mark.parametrize("name", REAL)
def test_no_radio_takes_more_than_its_power(name: str):
    """On the link as it is, outages included: what sending always spends over its interval, in watts."""
    scenario = load_scenario(name)
    link, channel = scenario.link, scenario.channel
    assert scenario.interval_s is not None
    fastest_bps = max(channel.rates_bps or ())
    most_w = link.transmit_power_w + link.energy_j_per_bit * fastest_bps
    assert coinfer.plan(scenario, rule="edge-only").energy_j <= most_w * scenario.interval_s


@pytest.mark.parametrize("name", REAL)
def test_a_link_keeps_up_with_its_inferences(name: str):
    scenario = held(load_scenario(name))
    assert scenario.interval_s is not None
    assert scenario.dnn.output_bits[0] <= 0.9 * scenario.interval_s * scenario.channel.rates_bps[0]


@pytest.mark.parametrize("name", REAL)
def test_a_device_keeps_up_with_its_inferences(name: str):
    scenario = load_scenario(name)
    assert scenario.interval_s is not None
    assert sum(scenario.dnn.macs) / scenario.device.macs_per_s <= scenario.interval_s


@pytest.mark.parametrize("name", REAL)
def test_machines_and_links_are_those_of_the_catalogue(name: str):
    scenario = load_scenario(name)
    assert scenario.device == coinfer.load_device(str(scenario.device.name), dnn=scenario.dnn)
    assert scenario.edge == coinfer.load_server(str(scenario.edge.name), dnn=scenario.dnn)
    missing = {} if scenario.link.transmit_power_w else {"transmit_power_w": 0.0}
    assert (scenario.link, scenario.channel) == coinfer.load_link(str(scenario.link.name), **missing)
    assert scenario.dnn.coding is not None
    assert (scenario.dnn.coding.activation_bits, scenario.dnn.coding.parameter_bits) == (8, 8)


def test_every_real_scenario_is_checked():
    assert set(PUBLISHED) == set(REAL)
    assert len(REAL) == 9


def test_each_file_says_what_it_asks():
    for name in REAL:
        text = coinfer.scenario.scenario_text(name)
        comments = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
        assert "?" in comments, name


def test_one_look_is_nearly_all_there_is_to_gain_in_the_default_scenario():
    """What the comment of its file says."""
    default = load_scenario("default")
    cost = {rule: coinfer.plan(default, rule=rule).cost for rule in ("static", "probe-once", "optimal")}
    assert coinfer.plan(default).placement == default.dnn.layers
    assert cost["probe-once"] < 0.9 * cost["static"]
    assert cost["optimal"] > 0.99 * cost["probe-once"]
