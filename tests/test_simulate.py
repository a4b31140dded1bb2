"""Simulation: it agrees with the recursion, and the same seed gives every plan the same channels."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from strategies import DISCRETE, dyadic_costs

import coinfer
from coinfer import Costs, plan, simulate

SCENARIO = coinfer.load_scenario("abstract-model")
CHANNELS = [
    coinfer.channel.Rayleigh(outage_gain=0.05),
    coinfer.channel.Nakagami(m=4),
    coinfer.channel.Rician(k=3, outage_gain=0.02),
    coinfer.channel.Continuous(distribution=scipy.stats.lognorm(0.7)),
    coinfer.channel.Discrete(gains=[0.1, 1, 4], probabilities=[0.2, 0.5, 0.3]),
    coinfer.channel.Empirical(gains=np.linspace(0.1, 2, 30)),
    coinfer.channel.RateTable(),
    coinfer.channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1),
]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.kind)
@pytest.mark.parametrize(
    "rule", [("optimal", None), ("look-ahead", 1), ("look-ahead", 2), ("static", None), ("local-only", None)], ids=str
)
def test_agrees_with_the_recursion(channel, rule):
    scenario = SCENARIO.replace(channel=channel)
    at = plan(scenario, rule=rule[0], depth=rule[1], placement=None if rule[0] == "local-only" else 5)
    outcome = simulate(scenario, at, inferences=40_000, rng=7)
    assert outcome.stop_counts.shape == (at.placement + 1,)
    assert outcome.stop_counts.sum() == outcome.inferences == 40_000
    assert abs(outcome.mean - at.cost) <= 5 * outcome.standard_error + 1e-12 * abs(at.cost)
    expected = at.stop_probabilities * outcome.inferences
    often = expected > 5
    assert np.all(outcome.stop_counts[~often] <= 30)
    if often.sum() > 1:
        scaled = expected[often] * outcome.stop_counts[often].sum() / expected[often].sum()
        assert scipy.stats.chisquare(outcome.stop_counts[often], scaled).pvalue > 1e-6


@pytest.mark.parametrize("seed", range(40))
def test_agrees_on_random_chains_with_ties(seed):
    costs = dyadic_costs(np.random.default_rng(seed))
    for rule in ("optimal", "look-ahead"):
        at = plan(costs, rule=rule, placement=costs.largest_placement)
        outcome = simulate(costs, at, inferences=5_000, rng=seed)
        assert abs(outcome.mean - at.cost) <= 5 * outcome.standard_error + 1e-12
        assert np.all(outcome.stop_counts[at.stop_probabilities == 0] == 0)
        spread = np.sqrt(at.stop_probabilities * (1 - at.stop_probabilities) * 5_000)
        assert np.all(np.abs(outcome.stop_counts - at.stop_probabilities * 5_000) <= 5 * spread + 1)


def test_the_standard_error_is_that_of_the_mean():
    at = plan(SCENARIO)
    outcomes = [simulate(SCENARIO, at, inferences=500, rng=seed) for seed in range(400)]
    spread = np.std([outcome.mean for outcome in outcomes], ddof=1)
    assert np.mean([outcome.standard_error for outcome in outcomes]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("extra", np.random.default_rng(0).uniform(0.1, 1, 30))
def test_what_is_always_the_same_has_no_spread(extra):
    """On a channel that costs another sum than the plan thinks: equal squares are rounded to differ, either way."""
    thought = Costs(extra=[extra], bits=[3.0, 0.7], download=[0.1], edge=0.3, law=DISCRETE([1.0], [1.0]))
    always = plan(thought, rule=coinfer.rules.Static(1), placement=1)
    outcome = simulate(replace(thought, law=DISCRETE([1.3], [1.0])), always, inferences=7, rng=0)
    assert outcome.mean == pytest.approx(0.3 + 0.1 + extra + 0.7 * 1.3, rel=1e-15)
    assert 0 <= outcome.standard_error < 1e-7


def test_counts_costs_by_the_definition():
    """Every path by hand: the cost of stopping at the first o_n X_n <= A_n."""
    law = SCENARIO.channel.law(SCENARIO.link, SCENARIO.weights)
    costs = coinfer.costs(SCENARIO)
    at, inferences = plan(costs, placement=4), 3000
    x = np.array([law.sample(stream, inferences) for stream in np.random.default_rng(3).spawn(5)])
    stops = costs.bits[:4, None] * x[:4] <= at.stop_thresholds[:, None]
    stage = np.where(stops.any(axis=0), stops.argmax(axis=0), 4)
    fixed = costs.edge + costs.download[:4].sum()
    each = fixed + np.insert(np.cumsum(costs.extra), 0, 0)[stage] + costs.bits[stage] * x[stage, np.arange(inferences)]
    outcome = simulate(costs, at, inferences=inferences, rng=3)
    assert outcome.mean == pytest.approx(each.mean(), rel=1e-12)
    assert outcome.standard_error == pytest.approx(each.std(ddof=1) / np.sqrt(inferences), rel=1e-9)
    np.testing.assert_array_equal(outcome.stop_counts, np.bincount(stage, minlength=5))


# ---------------------------------------------------------------- streams


def test_the_same_seed_gives_every_plan_the_same_channels():
    """Look-ahead's thresholds do not depend on M, so that two placements stop alike where both may go on."""
    one, more = (plan(SCENARIO, rule="look-ahead", placement=m) for m in (3, 6))
    np.testing.assert_array_equal(one.stop_thresholds, more.stop_thresholds[:3])
    few, many = (simulate(SCENARIO, at, inferences=50_000, rng=11) for at in (one, more))
    np.testing.assert_array_equal(few.stop_counts[:3], many.stop_counts[:3])
    assert few.stop_counts[3] == many.stop_counts[3:].sum()


def test_a_seed_is_an_integer_a_sequence_or_a_generator():
    at = plan(SCENARIO)
    seeds = (5, np.random.SeedSequence(5), np.random.default_rng(5), 5)
    outcomes = [simulate(SCENARIO, at, inferences=2_000, rng=seed) for seed in seeds]
    assert len({outcome.mean for outcome in outcomes}) == 1
    assert simulate(SCENARIO, at, inferences=2_000, rng=6).mean != outcomes[0].mean


def test_does_not_depend_on_the_size_of_the_blocks(monkeypatch):
    for channel in (CHANNELS[0], CHANNELS[4]):
        scenario = SCENARIO.replace(channel=channel)
        at = plan(scenario)
        whole = simulate(scenario, at, inferences=10_000, rng=2)
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules["coinfer.simulation"], "BLOCK", 37)
            parts = simulate(scenario, at, inferences=10_000, rng=2)
        np.testing.assert_array_equal(whole.stop_counts, parts.stop_counts)
        assert parts.mean == pytest.approx(whole.mean, rel=1e-13)
        assert parts.standard_error == pytest.approx(whole.standard_error, rel=1e-9)


# ---------------------------------------------------------------- edges


def test_no_variance():
    costs = Costs(extra=[1.0, -3.0], bits=[8.0, 4.0, 2.0], download=[0.5, 0.25], edge=2.0, law=DISCRETE([0.5], [1.0]))
    at = plan(costs)
    outcome = simulate(costs, at, inferences=1000, rng=0)
    assert (outcome.mean, outcome.standard_error) == (at.cost, 0.0)
    assert list(outcome.stop_counts) == [0, 0, 1000]


def test_an_outcome_is_shown_without_its_inferences():
    outcome = simulate(SCENARIO, plan(SCENARIO), inferences=3, rng=0)
    assert "inferences=3" in repr(outcome)
    assert "times_s" not in repr(outcome)


def test_one_inference():
    outcome = simulate(SCENARIO, plan(SCENARIO), inferences=1, rng=0)
    assert np.isfinite(outcome.mean)
    assert outcome.stop_counts.sum() == 1


def test_two_inferences_differ_by_twice_the_standard_error():
    at = plan(SCENARIO)
    first, both = (simulate(SCENARIO, at, inferences=count, rng=5) for count in (1, 2))
    assert first.standard_error == 0
    assert abs(first.mean - both.mean) == pytest.approx(both.standard_error, rel=1e-9)
    assert both.standard_error > 0


def test_a_plan_may_be_followed_under_other_costs():
    """What a plan costs where it was not made for, such as on another channel."""
    other = SCENARIO.replace(link__distance_m=80.0)
    best, foreign = plan(other, placement=4), plan(SCENARIO, placement=4)
    ours, theirs = (simulate(other, at, inferences=50_000, rng=1) for at in (best, foreign))
    assert abs(ours.mean - best.cost) <= 5 * ours.standard_error
    assert theirs.mean > best.cost - 5 * theirs.standard_error
    with pytest.raises(coinfer.InputError, match="layers"):
        simulate(SCENARIO.replace(dnn="vgg19"), foreign, inferences=10, rng=1)


def test_joules_of_bits_and_tail_are_counted():
    """On a link of one rate nothing is left to chance: 0.1 s of sending at 0.5 W, 1e6 bits at 2e-7 J, a tail of 2 s at 0.3 W."""
    link = coinfer.Link(transmit_power_w=0.5, energy_j_per_bit=2e-7, tail_power_w=0.3, tail_s=2.0, round_trip_s=0.1)
    dnn = coinfer.DNN(name="a", layer_names=("a",), macs=(10**9,), parameter_bits=(8,), output_bits=(10**6, 8))
    constant = coinfer.channel.Markov(rates_bps=(1e7,), generator=((0.0,),))
    scenario = coinfer.load_scenario("abstract-model", dnn=dnn, link=link, channel=constant)
    expected_j = {"edge-only": 0.1 * 0.5 + 0.2 + 0.6, "local-only": 1e9 * scenario.device.energy_j_per_mac}
    for rule, joules in expected_j.items():
        at = plan(scenario, rule=rule)
        assert simulate(scenario, at, inferences=10, rng=0).energy_j == pytest.approx(joules)
        assert at.energy_j == pytest.approx(joules)
