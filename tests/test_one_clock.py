"""The study on one clock: what is compared with what, against enumeration and simulation."""

import numpy as np
import pytest

import coinfer
from coinfer.channel import Moving, Nakagami
from coinfer.placement import fixed_costs
from coinfer.study.one_clock import less_looking, moving, on_one_clock

DEFAULT = coinfer.load_scenario("default", dnn="squeezenet")


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


@pytest.mark.parametrize("tau_s", [1.0, 10.0])
def test_a_plan_for_independent_draws_pays_what_a_simulation_pays(tau_s):
    believed = coinfer.plan(DEFAULT)
    row = on_one_clock({"squeezenet": DEFAULT}, [tau_s]).iloc[0]
    outcome = coinfer.simulate(moving(DEFAULT, tau_s), believed, inferences=2_000, rng=1)
    assert abs(outcome.mean - row["followed"]) < 4 * outcome.standard_error
    assert outcome.standard_error < 0.03 * row["followed"]
    assert row["followed"] > believed.cost * 1.1  # more than it was thought to cost
