"""Plans made for a deadline: against every plan there is, every single look there is, and simulation."""

from itertools import product

import numpy as np
import pytest

import coinfer
from coinfer import channel
from coinfer.in_time import InTime, plans_in_time
from coinfer.placement import Plan, fixed_costs
from coinfer.rules import commitment_costs
from coinfer.timing import late_probabilities

LINK = channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
THREE = channel.Markov(rates_bps=(1e6, 0.0, 4e6), generator=((-0.5, 0.3, 0.2), (1.0, -1.4, 0.4), (0.3, 0.1, -0.4)))
FOUR = channel.Markov(  # where a fixed split is cheaper than single looks are, less the price of being late
    rates_bps=(8e6, 3e6, 9e5, 0.0),
    generator=((-28.4, 16.6, 7.7, 4.1), (1.6, -18.5, 10.0, 6.9), (0.08, 0.05, -0.27, 0.14), (0.01, 0.08, 0.28, -0.37)),
)
SMALL = coinfer.DNN(
    name="three layers",
    layer_names=("a", "b", "c"),
    macs=(4e7, 6e7, 5e7),
    output_bits=(1_200_000, 500_000, 900_000, 8_000),
    parameter_bits=(3e7, 2e8, 1e8),
)
SQUEEZENET = coinfer.load_scenario("abstract-model", dnn="squeezenet", channel=LINK)


def small(link: channel.BaseChannel) -> coinfer.Costs:
    return coinfer.costs(coinfer.load_scenario("abstract-model", dnn=SMALL, channel=link))


def every_plan(problem: coinfer.Costs) -> list[Plan]:
    """All stop sets at all placements."""
    states, found = len(problem.law.unit_costs), []
    for m in range(problem.layers + 1):
        for stops in product([False, True], repeat=states * m):
            rule = InTime(np.reshape(stops, (states, m)).astype(bool))
            thresholds = rule.thresholds(problem, m)
            cost = float(fixed_costs(problem)[m] + coinfer.stopping.evaluate(problem, thresholds))
            found.append(Plan(problem, rule, m, np.where(np.arange(problem.layers + 1) == m, cost, np.inf)))
    return found


@pytest.mark.parametrize("link", [LINK, THREE], ids=["on and off", "three states"])
def test_no_plan_undercuts_the_bound_and_the_one_found_is_among_the_cheapest(link: channel.BaseChannel):
    problem = small(link)
    plans = every_plan(problem)
    local_s = coinfer.plan(problem, rule="local-only").time_s
    deadlines_s = np.array([0.3, 0.8, 1.001, 1.5, 2.5, 6.0]) * local_s
    on_time = np.array([coinfer.time_probability(each, deadlines_s) for each in plans])
    costs = np.array([each.cost for each in plans])
    table = plans_in_time(problem, deadlines_s)
    for i, row in enumerate(table.itertuples()):
        in_time = costs[on_time[:, i] >= 0.95 - 1e-9]
        if not in_time.size:
            assert row.plan is None
            assert row.cost == row.bound == np.inf
            continue
        assert row.bound <= in_time.min() + 1e-9
        assert row.cost >= in_time.min() - 1e-9
        assert coinfer.time_probability(row.plan, row.deadline_s) == pytest.approx(1 - row.late, abs=1e-6)
        priced = costs[:, None] + np.geomspace(0.01, 100, 60) * (0.95 - on_time[:, [i]])
        assert (
            row.bound >= priced.min(axis=0).max() - 0.02 * costs.min()
        )  # the same bound by enumeration, at other prices
    assert table["cost"].is_monotonic_decreasing
    assert table["cost"].iloc[-1] == pytest.approx(coinfer.plan(problem).cost, rel=1e-9)
    assert np.isfinite(table["cost"]).sum() >= 3


@pytest.mark.parametrize(
    ("link", "dnn"), [(LINK, SMALL), (THREE, SMALL), (FOUR, "alexnet")], ids=["on and off", "three states", "four"]
)
def test_single_looks_are_those_that_map_each_state_to_a_stage(link: channel.BaseChannel, dnn: coinfer.DNN | str):
    problem = coinfer.costs(coinfer.load_scenario("abstract-model", dnn=dnn, channel=link))
    deadlines_s = np.array([1.001, 1.5, 2.5]) * coinfer.plan(problem, rule="local-only").time_s
    late, law, states = late_probabilities(problem, deadlines_s), problem.law, len(problem.law.unit_costs)
    ahead = np.concatenate([law.sent(problem.bits[:1]), commitment_costs(problem)], axis=-1)
    here = [np.eye(states)]
    for n in range(1, problem.layers + 1):
        here.append(law.chain.arrive(here[-1], n))
    for row, missed in zip(plans_in_time(problem, deadlines_s).itertuples(), late, strict=True):
        by_stage = np.stack([moved @ missed[:, n] for n, moved in enumerate(here)], axis=-1)
        found = []
        for stages in product(range(problem.layers + 1), repeat=states):
            chance = law.chain.initial @ by_stage[range(states), stages]
            if chance <= 0.05:
                found.append(fixed_costs(problem)[max(stages)] + law.chain.initial @ ahead[range(states), stages])
        assert row.once_bound <= min(found) + 1e-9
        assert row.once >= min(found) - 1e-9
        assert row.bound <= row.once_bound + 1e-9
    assert row.once == pytest.approx(min(found), rel=0.05)


def test_a_plan_made_for_a_deadline_keeps_it_when_simulated():
    deadlines_s = np.array([1.0001, 1.3, 1.6]) * coinfer.plan(SQUEEZENET, rule="local-only").time_s
    tried = coinfer.frontier(SQUEEZENET, float(deadlines_s[0])).iloc[-1]
    table = plans_in_time(SQUEEZENET, deadlines_s)
    assert table["cost"][0] <= tried["cost"] + 1e-9
    for row in table.itertuples():
        outcome = coinfer.simulate(SQUEEZENET, row.plan, inferences=40_000, rng=4)
        error = np.sqrt(row.late * (1 - row.late) / 40_000)
        assert np.mean(outcome.times_s > row.deadline_s) == pytest.approx(row.late, abs=4 * error + 1e-3)
        assert outcome.mean == pytest.approx(row.cost, abs=4 * outcome.standard_error)


def test_late_chances_in_fine_cells_are_those_of_the_law():
    fading = SQUEEZENET.replace(channel=channel.Moving(coherence_time_s=3.0, states=80))
    plan = coinfer.plan(fading)
    deadlines_s = np.array([0.8, 1.2, 2.0])
    late = late_probabilities(plan.problem, deadlines_s)
    assert late.shape == (3, 80, 19)
    assert np.sum(late * plan.stop_states, axis=(1, 2)) == pytest.approx(
        1 - coinfer.time_probability(plan, deadlines_s), abs=1e-6
    )


@pytest.mark.parametrize("deadlines_s", [[0.0], [1.0, np.inf], [-1.0]])
def test_deadlines_are_positive(deadlines_s: list[float]):
    with pytest.raises(coinfer.InputError, match=r"deadlines_s = .*: should be positive seconds"):
        plans_in_time(SQUEEZENET, deadlines_s)


@pytest.mark.parametrize("deadlines_s", [["a"], "3", 3.0, None, [[1.0]], [1.0, [2.0]]])
def test_deadlines_are_a_list_of_numbers(deadlines_s):
    with pytest.raises(coinfer.InputError, match=r"deadlines_s = .*: should be (a list of numbers|positive seconds)"):
        plans_in_time(SQUEEZENET, deadlines_s)


@pytest.mark.parametrize("within", ["a", 0.0, 1.0, None])
def test_the_share_in_time_is_one(within):
    with pytest.raises(coinfer.InputError, match=r"within = .*: should be a share between 0 and 1"):
        plans_in_time(SQUEEZENET, [2.0], within=within)


def test_draws_that_are_independent_have_no_state_to_be_late_from():
    with pytest.raises(coinfer.InputError, match="channel: is drawn afresh at each stage; should be one in motion"):
        plans_in_time(coinfer.load_scenario("abstract-model"), [1.0])
