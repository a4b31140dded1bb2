"""From a scenario to delta, o, D and C_edge, against a by-hand account of seconds and joules."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coinfer
from coinfer import DNN, Costs, Device, Edge, InputError, Link, Scenario, Weights, channel, costs, mlp
from coinfer.cost import apart, static_shares

TWO = DNN(
    name="two",
    layer_names=("a", "b"),
    macs=(3_000_000, 500_000),
    parameter_bits=(64_000, 8_000_000),
    output_bits=(1_000_000, 200_000, 320),
)
SCENARIO = Scenario(
    dnn=TWO,
    device=Device(clock_hz=5e8, cycles_per_mac=2, kappa=2e-27),
    edge=Edge(clock_hz=8e9, cycles_per_mac=0.5),
    link=Link(bandwidth_hz=1e6, transmit_power_w=0.2, mean_snr_db=10, downlink_rate_bps=4e6, receive_power_w=0.3),
    weights=Weights(time_per_s=0.7, energy_per_j=1.5),
    channel=channel.Discrete(gains=(0.5, 2.0), probabilities=(0.25, 0.75)),
    inferences_per_update=50,
)
factors = st.floats(1e-3, 1e3)


def test_second_layer_by_hand():
    """0.5 M MACs, 8 Mbit of parameters, 200 kbit in and 320 bit out."""
    device_s = 500_000 * 2 / 5e8  # cycles over clock
    device_j = 2e-27 * 5e8**2 * 500_000 * 2  # kappa clock^2 a cycle
    edge_s = 500_000 * 0.5 / 8e9
    download_s = 8_000_000 / 4e6 / 50  # its share of an update
    download_j = 0.3 * download_s
    found = costs(SCENARIO)
    assert found.extra[1] == pytest.approx(0.7 * device_s + 1.5 * device_j - 0.7 * edge_s, rel=1e-13)
    assert found.download[1] == pytest.approx(0.7 * download_s + 1.5 * download_j, rel=1e-13)
    assert found.edge == pytest.approx(0.7 * (3_000_000 + 500_000) * 0.5 / 8e9, rel=1e-13)
    assert found.bits.tolist() == [1_000_000, 200_000, 0]
    assert found.largest_placement == found.layers == 2


def test_sending_by_hand():
    """A bit sent in 1 / (W log2(1 + SNR g)) seconds at 0.2 W."""
    seconds = [1 / (1e6 * np.log2(1 + 10 * gain)) for gain in (0.5, 2.0)]
    mean = sum(p * (0.7 * s + 1.5 * 0.2 * s) for p, s in zip((0.25, 0.75), seconds, strict=True))
    assert costs(SCENARIO).law.mean == pytest.approx(mean, rel=1e-13)


def test_static_cost_is_the_account_of_a_whole_inference():
    """Stop at stage 1 with one layer placed: 1 on the device, sent, 2 on the edge, and the download."""
    plan = coinfer.plan(SCENARIO, rule="static", placement=1)
    seconds = sum(p / (1e6 * np.log2(1 + 10 * gain)) for p, gain in ((0.25, 0.5), (0.75, 2.0)))
    sent_s, download_s = 200_000 * seconds, 64_000 / 4e6 / 50
    first_s, first_j = 6e6 / 5e8, 2e-27 * 5e8**2 * 6e6
    stop_at_1 = 0.7 * (first_s + sent_s + 250_000 / 8e9 + download_s) + 1.5 * (
        first_j + 0.2 * sent_s + 0.3 * download_s
    )
    given_costs = costs(SCENARIO)
    assert (
        given_costs.extra[0] + given_costs.bits[1] * given_costs.law.mean < given_costs.bits[0] * given_costs.law.mean
    )
    assert plan.cost == pytest.approx(stop_at_1, rel=1e-13)
    shares = static_shares(SCENARIO)
    assert sum(share[1] for share in shares.values()) == pytest.approx(stop_at_1, rel=1e-13)
    assert shares["download"][1] == pytest.approx(1.15 * download_s, rel=1e-13)
    assert shares["edge compute"][2] == shares["local compute"][0] == shares["transmission"][2] == 0


def test_default_alexnet_by_hand():
    """All defaults, with the mean SNR of 50 m."""
    found = costs(Scenario(dnn="alexnet"))
    dnn = coinfer.load_dnn("alexnet")
    seconds = dnn.macs[2] / 0.3e9
    joules = 1e-26 * 0.3e9**2 * dnn.macs[2]
    assert found.extra[2] == pytest.approx(0.5 * seconds + 0.5 * joules - 0.5 * dnn.macs[2] / 10e9, rel=1e-13)
    assert found.download[5] == pytest.approx(dnn.parameter_bits[5] * (0.5 + 0.5 * 0.1) / 10e6 / 1000, rel=1e-13)
    snr = 0.1 * 4.11 * (299_792_458 / (4 * pi * 915e6 * 50)) ** 3 / (5e-17 * 2e6)
    cost_at_mean_gain = (0.5 + 0.5 * 0.1) / (2e6 * np.log2(1 + snr))
    assert float(found.law.unit_cost(np.array(1.0))) == pytest.approx(cost_at_mean_gain, rel=1e-13)


# ---------------------------------------------------------------- how costs scale


@given(factors)
def test_more_inferences_share_a_download(factor: float):
    base, more = costs(SCENARIO), costs(SCENARIO.replace(inferences_per_update=50 * factor))
    np.testing.assert_allclose(more.download * factor, base.download, rtol=1e-12)
    assert np.array_equal(more.extra, base.extra)
    assert more.edge == base.edge


def test_twice_the_inferences_halve_the_download():
    base, twice = costs(SCENARIO), costs(SCENARIO.replace(inferences_per_update=100))
    assert np.array_equal(twice.download, base.download / 2)


@given(factors)
def test_weights_are_the_unit_of_cost(factor: float):
    base = costs(SCENARIO)
    scaled = costs(SCENARIO.replace(weights__time_per_s=0.7 * factor, weights__energy_per_j=1.5 * factor))
    for name in ("extra", "download", "edge"):
        np.testing.assert_allclose(getattr(scaled, name), factor * getattr(base, name), rtol=1e-11)
    assert scaled.law.mean == pytest.approx(factor * base.law.mean, rel=1e-12)


@given(factors)
def test_a_faster_clock_saves_time_and_costs_energy(factor: float):
    layer = costs(SCENARIO.replace(device__clock_hz=5e8 * factor)).extra[0]
    seconds, joules, edge = 6e6 / 5e8, 2e-27 * 5e8**2 * 6e6, 1.5e6 / 8e9
    assert layer == pytest.approx(0.7 * seconds / factor + 1.5 * joules * factor**2 - 0.7 * edge, rel=1e-11)


@given(factors)
def test_cycles_per_mac_cost_both(factor: float):
    base = costs(SCENARIO)
    scaled = costs(SCENARIO.replace(device__cycles_per_mac=2 * factor, edge__cycles_per_mac=0.5 * factor))
    np.testing.assert_allclose(scaled.extra, factor * base.extra, rtol=1e-11)
    assert scaled.edge == pytest.approx(factor * base.edge, rel=1e-12)


def test_free_energy_leaves_time():
    found = costs(SCENARIO.replace(weights__energy_per_j=0))
    assert found.extra[0] == pytest.approx(0.7 * (6e6 / 5e8 - 1.5e6 / 8e9), rel=1e-13)
    assert found.download[0] == pytest.approx(0.7 * 64_000 / 4e6 / 50, rel=1e-13)
    same = costs(SCENARIO.replace(weights__energy_per_j=0, device__kappa=1.0, link__receive_power_w=9.0))
    assert np.array_equal(same.extra, found.extra)
    assert np.array_equal(same.download, found.download)


def test_a_device_faster_than_the_edge_saves():
    found = costs(SCENARIO.replace(device__clock_hz=4e10, device__kappa=0))
    assert np.all(found.extra < 0)
    assert coinfer.plan(found, placement=2).placement == 2


def test_result_at_edge():
    assert costs(SCENARIO).bits[-1] == 0
    assert costs(SCENARIO.replace(result_at_edge=True)).bits.tolist() == [1_000_000, 200_000, 320]


@pytest.mark.parametrize(
    ("memory_bits", "layers"), [(None, 2), (0, 0), (63_999, 0), (64_000, 1), (8_063_999, 1), (8_064_000, 2), (1e12, 2)]
)
def test_memory_restricts_the_placement_alone(memory_bits: float | None, layers: int):
    found, free = costs(SCENARIO.replace(device__memory_bits=memory_bits)), costs(SCENARIO)
    assert found.largest_placement == layers
    assert np.array_equal(found.extra, free.extra)
    assert np.array_equal(found.download, free.download)
    assert coinfer.plan(found).placement <= layers


def test_layers_without_parameters_always_fit():
    dnn = TWO.model_copy(update={"parameter_bits": (0, 8)})
    assert costs(Scenario(dnn=dnn, device=Device(memory_bits=0))).largest_placement == 1


def test_equal_layers_cost_the_same():
    found = costs(Scenario(dnn=mlp(6, 100)))
    assert len(set(found.extra.tolist())) == len(set(found.download.tolist())) == 1
    assert set(found.bits[:-1].tolist()) == {3200.0}


def test_costs_are_copied_and_read_only():
    extra = np.array([1.0, 2.0])
    made = Costs(extra=extra, bits=[1, 1, 0], download=[0, 0], edge=0, law=channel.Discrete.of_unit_costs([1.0], [1.0]))
    extra[0] = 9
    assert made.extra.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        made.bits[0] = 3


def test_changed_costs_are_no_longer_those_of_a_scenario():
    """Seconds and joules are then unknown, and a plan says so rather than give those of what it was made from."""
    made = costs(SCENARIO)
    assert made.scenario is SCENARIO
    changed = replace(made, extra=2 * made.extra)
    assert changed.scenario is None
    with pytest.raises(InputError, match="costs: were not made from a scenario, which alone tells seconds from joules"):
        _ = coinfer.plan(changed).time_s
    seconds, joules = apart(made)
    weighed = [0.7 * getattr(seconds, name) + 1.5 * getattr(joules, name) for name in ("extra", "download", "edge")]
    for found, name in zip(weighed, ("extra", "download", "edge"), strict=True):
        np.testing.assert_allclose(found, getattr(made, name), rtol=1e-12)
    assert 0.7 * seconds.law.mean + 1.5 * joules.law.mean == pytest.approx(made.law.mean, rel=1e-12)
