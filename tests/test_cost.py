"""From a scenario to delta, o, D and C_edge, against a by-hand account of seconds and joules."""

from copy import copy
from dataclasses import FrozenInstanceError, replace
from math import exp, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import legendre
from scipy.stats import norm, truncnorm

import coinfer
from coinfer import DNN, Costs, Device, Edge, InputError, Link, Scenario, Weights, channel, costs, mlp
from coinfer.channel.gain_law import GainLaw, Panels
from coinfer.cost import apart, radio, static_shares
from coinfer.placement import Gap, Plan
from coinfer.rule import KNOWN
from coinfer.rules import Static, commitment_costs
from coinfer.simulation import Outcome

TWO = DNN(
    name="two",
    layer_names=("a", "b"),
    macs=(3_000_000, 500_000),
    parameter_bits=(64_000, 8_000_000),
    output_bits=(1_000_000, 200_000, 320),
)
SCENARIO = Scenario(
    dnn=TWO,
    device=Device(macs_per_s=2.5e8, power_w=0.25),
    edge=Edge(macs_per_s=16e9),
    link=Link(bandwidth_hz=1e6, transmit_power_w=0.2, mean_snr_db=10, downlink_rate_bps=4e6, receive_power_w=0.3),
    weights=Weights(time_per_s=0.7, energy_per_j=1.5),
    channel=channel.Discrete(gains=(0.5, 2.0), probabilities=(0.25, 0.75)),
    inferences_per_update=50,
)
factors = st.floats(1e-3, 1e3)
OWN_RULES = [kind for kind in KNOWN.values() if kind.__module__ == "coinfer.rules"]


def test_second_layer_by_hand():
    """0.5 M MACs, 8 Mbit of parameters, 200 kbit in and 320 bit out."""
    device_s = 500_000 / 2.5e8
    device_j = 0.25 * device_s
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
    first_s, first_j = 6e6 / 5e8, 0.25 * 6e6 / 5e8
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


def test_the_shares_of_every_stage_make_its_cost():
    scenario = coinfer.load_scenario("abstract-model", result_at_edge=True)
    shares, stages = static_shares(scenario), range(scenario.dnn.layers + 1)
    always = [coinfer.plan(scenario, rule=Static(n), placement=n).cost for n in stages]
    np.testing.assert_allclose(sum(shares.values()), always, rtol=1e-13)


def test_the_abstract_model_by_hand():
    """All its numbers, with the mean SNR of 50 m."""
    found = costs(coinfer.load_scenario("abstract-model"))
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
def test_a_faster_device_saves_time_and_energy_at_the_same_power(factor: float):
    layer = costs(SCENARIO.replace(device__macs_per_s=2.5e8 * factor)).extra[0]
    seconds, joules, edge = 6e6 / 5e8, 0.25 * 6e6 / 5e8, 1.5e6 / 8e9
    assert layer == pytest.approx((0.7 * seconds + 1.5 * joules) / factor - 0.7 * edge, rel=1e-11)


def test_free_energy_leaves_time():
    found = costs(SCENARIO.replace(weights__energy_per_j=0))
    assert found.extra[0] == pytest.approx(0.7 * (6e6 / 5e8 - 1.5e6 / 8e9), rel=1e-13)
    assert found.download[0] == pytest.approx(0.7 * 64_000 / 4e6 / 50, rel=1e-13)
    same = costs(SCENARIO.replace(weights__energy_per_j=0, device__power_w=1.0, link__receive_power_w=9.0))
    assert np.array_equal(same.extra, found.extra)
    assert np.array_equal(same.download, found.download)


def test_a_device_faster_than_the_edge_saves():
    found = costs(SCENARIO.replace(device__macs_per_s=2e10, device__power_w=0))
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
    assert costs(SCENARIO.replace(dnn=dnn, device__memory_bits=0)).largest_placement == 1


def test_equal_layers_cost_the_same():
    found = costs(SCENARIO.replace(dnn=mlp(6, 100)))
    assert len(set(found.extra.tolist())) == len(set(found.download.tolist())) == 1
    assert set(found.bits[:-1].tolist()) == {3200.0}


def test_costs_are_copied_and_read_only():
    extra = np.array([1.0, 2.0])
    made = Costs(extra=extra, bits=[1, 1, 0], download=[0, 0], edge=0, law=channel.Discrete.of_unit_costs([1.0], [1.0]))
    extra[0] = 9
    assert made.extra.tolist() == [1, 2]
    for array in (made.extra, made.bits, made.download):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3


def test_one_chain_at_many_sizes_or_at_many_speeds():
    """Where only bits or only delta has a row for each of B problems, both have; each row costs what it costs alone."""
    law, one = channel.Discrete.of_unit_costs([1.0, 3.0], [0.5, 0.5]), {"download": [0.25, 0.0], "edge": 1.0}
    bits, extra = [[4.0, 2.0, 1.0], [1.0, 1.0, 0.0], [2.0, 0.0, 3.0]], [[0.5, 1.0], [-0.5, 0.25], [2.0, 0.0]]
    for many in ({"bits": bits, "extra": extra[0]}, {"bits": bits[0], "extra": extra}, {"bits": bits, "extra": extra}):
        together = Costs(**many, **one, law=law)
        assert (together.bits.shape, together.extra.shape) == ((3, 3), (3, 2))
        for row in range(3):
            alone = Costs(bits=together.bits[row], extra=together.extra[row], **one, law=law)
            for rule in OWN_RULES:
                if rule.name != "memoryless":  # it goes placement by placement, of one problem
                    np.testing.assert_array_equal(rule().costs(together)[row], rule().costs(alone), rule.name)


@pytest.mark.parametrize("kind", [Costs, Plan, Gap, Outcome, GainLaw, Panels, *OWN_RULES])
def test_what_is_found_cannot_be_changed(kind: type):
    with pytest.raises(FrozenInstanceError):
        object.__new__(kind).anything = 0


def test_arrays_are_told_apart_by_identity():
    """What holds arrays is equal to itself alone, so that a cache knows it; costs are made by the names of their parts."""
    made = costs(SCENARIO)
    at = coinfer.plan(made)
    for found in (made, at, at.gap, coinfer.simulate(made, at, inferences=2, rng=0)):
        assert copy(found) != found == found
        assert {found: 1}[found] == 1
    with pytest.raises(TypeError, match="positional"):
        Costs([1.0], [1.0, 0.0], [0.0], 0.0, made.law)


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


# ---------------------------------------------------------------- what sending costs on any channel

RADIO = {
    "link__energy_j_per_bit": 2e-7,
    "link__tail_power_w": 0.4,
    "link__tail_s": 3.0,
    "link__round_trip_s": 0.02,
    "link__receive_energy_j_per_bit": 5e-8,
}
WITH_RADIO = SCENARIO.replace(**RADIO)


@pytest.mark.parametrize(("interval_s", "tail_s"), [(None, 3.0), (10.0, 3.0), (0.5, 0.5)])
def test_bits_round_trip_and_tail_by_hand(interval_s: float | None, tail_s: float):
    """1 Mbit at stage 0, 200 kbit at stage 1, nothing at stage 2; the next inference ends the tail."""
    scenario = WITH_RADIO.replace(interval_s=interval_s)
    once = 0.7 * 0.02 + 1.5 * 0.4 * tail_s
    f = np.array([1.5 * 2e-7 * 1_000_000 + once, 1.5 * 2e-7 * 200_000 + once, 0.0])
    plain, found = costs(SCENARIO), costs(scenario)
    assert found.edge == pytest.approx(plain.edge + f[0], rel=1e-13)
    np.testing.assert_allclose(found.extra, plain.extra + np.diff(f), rtol=1e-12)
    np.testing.assert_allclose(
        found.download - plain.download, 1.5 * 5e-8 * np.array(TWO.parameter_bits) / 50, rtol=1e-9
    )


@pytest.mark.parametrize("interval_s", [None, 9.0, 3.0, 2.0, 0.9])
@pytest.mark.parametrize("transmit_w", [0.4, 1.3])
def test_a_train_of_inferences_takes_the_radios_power_over_its_period(interval_s: float | None, transmit_w: float):
    """Sending for 0.5 s at 2 Mbit/s, then a tail of 3 s at 0.4 W unless the next inference comes first."""
    held = channel.Markov(rates_bps=(2e6,), generator=((0.0,),))
    changes = {"link__tail_power_w": 0.4, "link__tail_s": 3.0, "link__transmit_power_w": transmit_w}
    sent = coinfer.plan(SCENARIO.replace(channel=held, interval_s=interval_s, **changes), rule="edge-only")
    t = (np.arange(200_000) + 0.5) * ((interval_s or 100.0) / 200_000)
    power_w = np.where(t < 0.5, transmit_w, np.where(t < 0.5 + 3.0, 0.4, 0.0))
    assert sent.energy_j == pytest.approx(float(power_w.mean()) * (interval_s or 100.0), rel=2e-3)
    replayed = coinfer.replay(
        SCENARIO.replace(channel=held, interval_s=interval_s, **changes),
        sent,
        coinfer.Trace(rates_bps=np.full(50, 2e6), window_s=1.0),
        inferences=10,
    )
    assert radio(sent.problem.scenario).mean_snr == pytest.approx(
        SCENARIO.link.mean_snr, rel=1e-12
    )  # that of all its power
    assert replayed.energy_j == pytest.approx(sent.energy_j, rel=1e-12)
    assert replayed.time_s == pytest.approx(sent.time_s, rel=1e-12)


def test_a_result_that_is_wanted_at_the_edge_pays_for_its_way():
    scenario = WITH_RADIO.replace(result_at_edge=True)
    assert costs(scenario).extra[1] - costs(WITH_RADIO).extra[1] == pytest.approx(
        1.5 * (2e-7 * 320 + 0.4 * 3.0) + 0.7 * 0.02, rel=1e-12
    )


MOVES = {
    "draws": SCENARIO.channel,
    "on-off": channel.OnOff(rate_bps=2e6, mean_on_s=0.3, mean_off_s=0.1),
    "fading": channel.Moving(coherence_time_s=0.5, states=12),
}


@pytest.mark.parametrize("rule", ["optimal", "1-sla", "static", "probe-once"])
@pytest.mark.parametrize("kind", MOVES)
def test_seconds_and_joules_of_the_radio_are_simulated_as_they_are_computed(kind: str, rule: str):
    scenario = WITH_RADIO.replace(channel=MOVES[kind], link__tail_s=0.1)
    plan = coinfer.plan(scenario, rule=rule, placement=2 if rule != "static" else None)
    run = coinfer.simulate(scenario, plan, inferences=20_000, rng=0)
    both = 0.7 * (plan.time_s + plan.download_s) + 1.5 * (plan.energy_j + plan.download_j)
    assert plan.cost == pytest.approx(both, rel=1e-12)
    assert abs(run.mean - plan.cost) <= 4 * run.standard_error + 1e-12
    stops = run.stop_counts / run.inferences
    sends = stops[:2].sum() if plan.placement == 2 else 1.0
    without = coinfer.simulate(scenario.replace(link__round_trip_s=0.0), plan, inferences=20_000, rng=0)
    assert run.time_s - without.time_s == pytest.approx(0.02 * sends, abs=1e-12)


def test_an_update_may_send_a_part_of_the_parameters():
    tenth = costs(SCENARIO.replace(update_fraction=0.1))
    np.testing.assert_allclose(tenth.download, 0.1 * costs(SCENARIO).download, rtol=1e-12)


def test_noise_is_thermal_plus_the_receivers():
    """-174 dBm/Hz and a few dB, to the digits in which engineers carry it."""
    density_dbm = 10 * np.log10(Link(noise_figure_db=5.0).noise_density_w_per_hz * 1e3)
    assert density_dbm == pytest.approx(-174 + 5, abs=0.03)


# ---------------------------------------------------------------- what costs may be

LAW = costs(SCENARIO).law
SEVERAL = {"extra": np.ones((2, 3)), "bits": np.ones((2, 4)), "download": np.ones((2, 3)), "edge": np.ones((2, 1))}


def own(**changes) -> Costs:
    return Costs(**({"extra": [1.0] * 3, "bits": [8.0] * 4, "download": [1.0] * 3, "edge": 1.0, "law": LAW} | changes))


def test_all_layers_fit_unless_it_is_said_how_many():
    assert own().largest_placement == 3
    assert own(largest_placement=2).largest_placement == 2


@pytest.mark.parametrize("name", SEVERAL)
def test_costs_of_several_scenarios_are_none_of_one(name: str):
    with pytest.raises(InputError, match="costs: are of several scenarios at once"):
        coinfer.plan(own(**{name: SEVERAL[name]}))


@pytest.mark.parametrize(
    ("given", "hint"),
    [("abstract-model", r", such as load_scenario\('abstract-model'\)"), ("abstract", ""), (3, ""), (None, "")],
)
def test_a_name_is_no_scenario_but_that_of_one(given: object, hint: str):
    with pytest.raises(InputError, match=rf"scenario = .*: should be a Scenario or Costs{hint}$"):
        costs(given)


def test_what_is_kept_for_those_who_ask_again_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        commitment_costs(own())[0] = 0.0


def test_an_edge_of_one_number_is_that_of_one_scenario():
    assert coinfer.plan(own(edge=np.ones(1))).placement == coinfer.plan(own()).placement


@pytest.mark.parametrize("rows", [3, 5])
def test_as_many_edges_as_scenarios(rows: int):
    with pytest.raises(
        InputError, match=r"have shapes \(2, 3\), \(4,\), \(3,\) and .* should have the same leading axis"
    ):
        own(extra=np.ones((2, 3)), edge=np.ones((rows, 1)))


@pytest.mark.parametrize("edge", [np.ones(3), np.ones((3, 3)), np.ones((1, 3, 1)), np.ones((1, 1, 1))], ids=np.shape)
def test_an_edge_of_several_scenarios_is_a_column(edge: np.ndarray):
    with pytest.raises(InputError, match="should have the same leading axis, or none or 1, and edge a last one of 1"):
        own(extra=np.ones((3, 3)), edge=edge)


@pytest.mark.parametrize("other", ["extra", "bits", "download", "edge"])
def test_all_costs_are_of_as_many_scenarios(other: str):
    shapes = {"extra": (2, 3), "bits": (2, 4), "download": (2, 3), "edge": (2, 1)}
    assert own(**{name: np.ones(shape) for name, shape in shapes.items()}).extra.shape == (2, 3)
    shapes[other] = (5, shapes[other][1])
    with pytest.raises(InputError, match="should have the same leading axis"):
        own(**{name: np.ones(shape) for name, shape in shapes.items()})


@pytest.mark.parametrize(
    ("entry", "download"), [(2, [1.0, 1.0, -0.5]), (0, [-0.5, -0.7, 1.0]), (1, [[1.0, 1.0, 1.0], [1.0, -0.5, 1.0]])]
)
def test_a_bad_entry_is_named_by_its_place(entry: int, download: list):
    with pytest.raises(InputError, match=f"download = -0.5 at entry {entry}: should be finite and nonnegative"):
        own(download=download)


def test_a_density_that_does_not_add_up_to_one_is_refused():
    whole = channel.Rayleigh(outage_gain=0.1).gain_law()
    wrong = replace(whole, density=lambda g: 0.9 * whole.density(g), cdf=lambda g: 0.9 * whole.cdf(g))
    with pytest.raises(InputError, match=r"density of the gain integrates to 0\.9.*; should be 1"):
        Panels.of(wrong)


def test_a_density_that_is_even_about_the_middle_of_a_panel_is_resolved():
    """Its odd coefficients vanish, the last one among them. A normal of log g cut at 4 sigma, whose moments are known."""
    ends, sigma = 4.0, 1 / 16
    log_gain = truncnorm(-ends, ends, scale=sigma)
    law = GainLaw(
        exp(-ends * sigma), exp(ends * sigma), lambda g: log_gain.cdf(np.log(g)), lambda g: log_gain.sf(np.log(g)),
        density=lambda g: log_gain.pdf(np.log(g)) / g, sample=lambda rng, size: np.exp(log_gain.rvs(size, rng)),
    )  # fmt: skip
    panels = law.panels
    kept = np.diff(norm.cdf([3 * sigma - ends, 3 * sigma + ends])) / np.diff(norm.cdf([-ends, ends]))
    _, quadrature = legendre.leggauss(panels.gains.shape[1])
    cubes = np.sum(panels.weights / panels.gains**3 * quadrature)
    assert cubes == pytest.approx(exp(4.5 * sigma**2) * kept.item(), rel=1e-12)


def test_costs_say_of_how_many_scenarios_they_are():
    assert repr(own(extra=np.ones((2, 3)))) == f"Costs(3 layers of 2 scenarios, {type(LAW).__name__})"
    assert repr(own()) == f"Costs(3 layers, {type(LAW).__name__})"


@pytest.mark.parametrize("placement", [-1, 4])
def test_a_plan_places_some_of_the_layers_or_none(placement: int):
    with pytest.raises(InputError, match=f"placement = {placement}: should be a whole number in 0..3"):
        Plan(own(), Static(), placement, np.ones(4))


@pytest.mark.parametrize("stage", [-1, 4])
def test_a_static_rule_stops_at_a_stage_that_there_is(stage: int):
    with pytest.raises(InputError, match=f"stage = {stage}: should be a whole number"):
        coinfer.plan(own(), rule=Static(stage))


def test_a_plan_has_a_cost_for_each_placement():
    with pytest.raises(InputError, match=r"costs: have shape \(3,\); should be \(4,\), one for each placement"):
        Plan(own(), Static(), 0, np.ones(3))
