"""The study on one clock: what is compared with what, against enumeration and simulation."""

from dataclasses import replace

import numpy as np
import pytest
from effort import beyond

import coinfer
from coinfer.channel import Moving, Nakagami
from coinfer.placement import fixed_costs
from coinfer.study.one_clock import less_looking, moving, on_one_clock

DEFAULT = coinfer.load_scenario("abstract-model", dnn="squeezenet")


@pytest.fixture(scope="module")
def table():
    return on_one_clock({"squeezenet": DEFAULT}, [0.05, 10.0]).set_index("tau_s")


def test_the_fading_keeps_its_shape():
    assert moving(DEFAULT.replace(channel=Nakagami(m=2)), 3.0).channel == Moving(m=2, coherence_time_s=3.0)
    assert moving(DEFAULT, 3.0).channel == Moving(m=1, coherence_time_s=3.0)


def test_looking_once_is_the_best_stage_for_each_state_first_seen(table):
    """By pushing the law of the state forward from each state, not by the rules' recursion."""
    given = coinfer.costs(moving(DEFAULT, 10.0))
    law = given.law
    ahead, here = [law.sent(given.bits)[:, 0]], np.eye(len(law.unit_costs))
    for n in range(1, given.layers + 1):
        here = law.chain.arrive(here, n)
        ahead.append(given.extra[:n].sum() + here @ law.sent(given.bits)[:, n])
    cheapest = np.minimum.accumulate(ahead, axis=0) @ law.chain.initial + fixed_costs(given)
    never = np.minimum.accumulate(np.array(ahead) @ law.chain.initial) + fixed_costs(given)
    assert table.loc[10.0, "probe-once"] == pytest.approx(cheapest.min(), rel=1e-9)
    assert table.loc[10.0, "M*, probe-once"] == cheapest.argmin()
    assert table.loc[10.0, "static"] == pytest.approx(never.min(), rel=1e-9)
    assert table.loc[10.0, "better"] == pytest.approx(min(cheapest.min(), never.min()), rel=1e-9)


def test_the_saving_is_over_the_better_one(table):
    row = table.loc[10.0]
    assert row["saving"] == pytest.approx(1 - row["optimal"] / min(row["static"], row["probe-once"]), abs=1e-9)
    assert row["saving"] < 1 - row["optimal"] / row["static"] - 0.1  # what one look brings is not counted
    assert less_looking(coinfer.plan(moving(DEFAULT, 10.0))).cost == pytest.approx(row["better"])


def follow_what_is_seen(believed, tau_s):
    """What the plan costs in motion: it stops where o X <= A, the rate seen being taken to hold, and pays what comes."""
    given = coinfer.costs(moving(DEFAULT, tau_s))
    law, placement = given.law, believed.placement
    total, here = given.edge + given.download[:placement].sum(), law.chain.initial
    for n in range(placement + 1):
        here = law.chain.arrive(here, n) if n else here
        a = believed.stop_thresholds[n] if n < placement else np.inf
        stops = given.bits[n] * law.unit_costs <= a
        total += here[stops] @ law.sent(given.bits)[stops, n]
        here = np.where(stops, 0.0, here)
        total += here.sum() * given.extra[n] if n < placement else 0.0
    return total


@pytest.mark.parametrize("tau_s", beyond(1, [1.0, 0.3, 10.0]))
def test_a_plan_for_independent_draws_stops_by_the_rate_that_it_sees(tau_s):
    believed = coinfer.plan(DEFAULT)
    row = on_one_clock({"squeezenet": DEFAULT}, [tau_s]).iloc[0]
    assert row["followed"] == pytest.approx(follow_what_is_seen(believed, tau_s), rel=1e-12)
    outcome = coinfer.simulate(moving(DEFAULT, tau_s), believed, inferences=1_000, rng=1)
    assert abs(outcome.mean - row["followed"]) < 4 * outcome.standard_error
    assert outcome.standard_error < 0.05 * row["followed"]


@pytest.mark.parametrize("tau_s", [0.3, 3.0])
def test_following_it_costs_what_it_costs_on_the_process_itself(tau_s):
    scenario, believed = (
        moving(coinfer.load_scenario("abstract-model"), tau_s),
        coinfer.plan(coinfer.load_scenario("abstract-model")),
    )
    trace = coinfer.process_trace(
        scenario.link, coherence_time_s=tau_s, duration_s=5_000 * tau_s, window_s=tau_s / 40, rng=0
    )
    found = coinfer.replay(scenario, believed, trace, inferences=20_000)
    half = (found.interval[1] - found.interval[0]) / 2
    assert abs(found.mean - coinfer.expected_cost(scenario, believed)) < 2 * half
    assert half < 0.04 * found.mean


def test_the_rule_for_independent_draws_has_their_stops():
    channel = coinfer.channel.Markov(
        rates_bps=(8e6, 1e6, 0.0), generator=((-1.0, 0.5, 0.5), (2.0, -3.0, 1.0), (0.5, 1.5, -2.0))
    )
    given = coinfer.costs(DEFAULT.replace(channel=channel))
    drawn = replace(given, law=given.law.memoryless)
    for placement in (0, 3, given.layers):
        found = given.law.sent(given.bits[:placement]) <= given.law.as_seen(
            given.bits[:placement], coinfer.plan(drawn, placement=placement).stop_thresholds
        )
        a = coinfer.plan(given, rule="memoryless", placement=placement).stop_thresholds
        assert np.array_equal(given.law.sent(given.bits[:placement]) <= a, found)
        best = coinfer.plan(drawn, placement=placement).stop_thresholds
        usable = given.bits[:placement] * given.law.unit_costs[:2, None] <= best
        assert np.array_equal(found[:2], usable)
        assert not found[2].any()  # X is infinite in an outage
        assert placement == 0 or (usable.any() and not usable.all())
