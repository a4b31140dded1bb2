"""Placing with less than a comparison of all placements, and as updates become rare, against plans made one by one and laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from strategies import dyadic_problems, problems

import coinfer
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import UnitCostLaw
from coinfer.coupling import kept_costs, placed_simply
from coinfer.placement import fixed_costs, total_costs
from coinfer.stopping import backward_induction, evaluate
from coinfer.study import placing, placing_drawn
from coinfer.study.figures import plt, rule_style, use_style
from coinfer.study.one_clock import at_every_time, moving

SCENARIO = coinfer.load_scenario("abstract-model")
CASES = {name: SCENARIO.replace(dnn=name) for name in ("alexnet", "squeezenet")}
UPDATES = np.array([1.0, 30.0, 1000.0, 1e6])


@pytest.fixture(scope="module")
def losses() -> pd.DataFrame:
    return placing.placing_losses(CASES, UPDATES)


def test_losses_side_by_side_are_the_same_losses(losses: pd.DataFrame):
    on_clock = placing.placing_losses(at_every_time(CASES, [1.0]), UPDATES)
    wide = placing.side_by_side(losses, on_clock)
    assert len(wide) == 2 * len(CASES) * len(UPDATES)
    for each in pd.concat([losses, on_clock]).itertuples():
        (row,) = wide[(wide["network"] == each.network) & (wide["K"] == each.K)].to_dict("records")
        assert row[each.rule] == each.loss


# -- one pass


@given(dyadic_problems())
def test_kept_thresholds_cost_no_less_than_the_optimal_ones_and_as_much_for_all_layers(costs):
    kept, best = kept_costs(costs), total_costs(costs, "optimal")
    assert np.all(kept >= best)
    assert kept[-1] == best[-1]


@given(problems())
def test_kept_thresholds_are_paid_as_by_a_rule_that_has_them(costs):
    _, everywhere = backward_induction(costs, costs.layers)
    paid = [evaluate(costs, everywhere[:m]) for m in range(costs.layers + 1)]
    np.testing.assert_allclose(kept_costs(costs), fixed_costs(costs) + paid, rtol=1e-9)


@given(dyadic_problems())
def test_placements_found_simply_fit_and_are_no_better_than_the_best(costs):
    found = placed_simply(costs)
    ways = [way for way in found if not way.startswith("M*, ")]
    assert set(placing.WAYS) | {"optimal"} == set(ways)
    for way in ways:
        assert found[f"M*, {way}"] <= costs.largest_placement
        assert found[way] == total_costs(costs, "optimal")[found[f"M*, {way}"]] >= found["optimal"]
    assert found["one pass or 1-sla"] == min(found["one pass"], found["1-sla"])
    assert found["M*, 1-sla"] <= found["M*, optimal"]  # R16e


def test_the_placement_of_1_sla_is_lost_by_a_layer_that_grows():
    """1-sla stays at 0, since the first layer alone saves nothing; the thresholds of both layers see beyond it."""
    law = coinfer.channel.Discrete.of_unit_costs([1.0, 3.0], [0.5, 0.5])
    costs = coinfer.Costs(extra=[0.0, 0.0], bits=[4.0, 9.0, 0.0], download=[0.5, 0.5], edge=0.0, law=law)
    found = placed_simply(costs)
    assert (found["M*, 1-sla"], found["M*, one pass"], found["M*, optimal"]) == (0, 2, 2)
    assert (found["1-sla"], found["one pass"]) == (8.0, 1.0)


# -- as updates become rare


def test_many_numbers_of_updates_at_once_are_scenarios_one_by_one():
    cases = CASES | {"on one clock": moving(CASES["alexnet"], 3.0)}
    table = placing.against_updates(cases, UPDATES, ["optimal", "probe-once"])
    assert len(table) == len(cases) * len(UPDATES) * 2
    for row in table.itertuples():
        alone = coinfer.plan(cases[row.case].replace(inferences_per_update=row.K), rule=row.rule)
        assert row.placement == alone.placement
        assert row.cost == pytest.approx(alone.cost, rel=1e-12)


def test_a_loss_is_what_the_optimal_rule_pays_at_the_placement_of_another(losses):
    for row in losses[losses["rule"].isin(["static", "1-sla", "probe-once"])].itertuples():
        case = CASES[row.network].replace(inferences_per_update=row.K)
        placed, best = coinfer.plan(case, rule=row.rule).placement, coinfer.plan(case)
        assert (row.placement, row.best) == (placed, best.placement)
        assert row.loss == pytest.approx(best.costs[placed] / best.cost - 1, abs=1e-9)


def test_the_worst_is_over_the_networks(losses):
    worst = placing.worst_of(losses, "of two").set_index(["rule", "K"])["loss"]
    for (rule, updates), part in losses.groupby(["rule", "K"]):
        assert worst[rule, updates] == 100 * max(part["loss"])


def test_losses_over_another_quantity_are_those_of_scenarios_one_by_one():
    speeds = np.array([1e8, 3e9])
    table = placing.placing_losses_over(CASES, {"device.macs_per_s": speeds})
    for row in table[table["rule"] == "1-sla"].itertuples():
        best = coinfer.plan(CASES[row.network].replace(device__macs_per_s=row.value))
        placed = coinfer.plan(best.problem, rule="1-sla").placement
        assert row.loss == pytest.approx(best.costs[placed] / best.cost - 1, abs=1e-9)


# -- tables


def test_curves_are_plans_costs():
    table = placing.curves(CASES, ["static", "local-only"])
    for (name, rule), part in table[table["rule"] != "clairvoyant"].groupby(["network", "rule"]):
        np.testing.assert_array_equal(part["cost"], coinfer.plan(CASES[name], rule=rule).costs)


def test_free_downloads_place_what_a_model_that_is_never_updated_does():
    best = placing.best_placements(CASES, ["optimal"])
    for name, case in CASES.items():
        assert best.loc[name, "free"] == coinfer.plan(case.replace(inferences_per_update=1e12)).placement
        assert best.loc[name, "optimal"] == coinfer.plan(case).placement <= best.loc[name, "free"]


class Counted(DiscreteLaw):
    """A law that counts what it is asked: E min(o X, A) is a cost of stopping and a chance (R2)."""

    asked = 0
    minimum = UnitCostLaw.minimum

    def _count(self, found):
        type(self).asked += np.size(found)
        return found

    def go_probability(self, bits, threshold):
        return self._count(super().go_probability(bits, threshold))

    def stop_cost(self, bits, threshold):
        return self._count(super().stop_cost(bits, threshold))

    def go_cost(self, bits, threshold):
        return self._count(super().go_cost(bits, threshold))


@pytest.mark.parametrize("layers", [1, 2, 8, 63])
def test_expectations_are_as_many_as_the_law_is_asked_for(layers):
    law = Counted([1.0, 3.0], [0.5, 0.5])
    costs = coinfer.Costs(extra=[0.1] * layers, bits=[1.0] * (layers + 1), download=[0.1] * layers, edge=0.0, law=law)
    told = placing.expectations_asked({"a": layers}).set_index("rule")["expectations"]
    placed = {placing.COMPARED: lambda: total_costs(costs, "optimal"), "one pass": lambda: kept_costs(costs)}
    if layers > 1:  # of one layer 1-sla is optimal
        placed["1-sla"] = lambda: total_costs(costs, "1-sla")
    for way, place in placed.items():
        Counted.asked = 0
        place()
        assert Counted.asked == told[way], way


def test_every_time_has_its_scenario():
    cases = at_every_time(CASES, iter([1.0, 10.0]))
    assert list(cases) == ["alexnet, 1 s", "alexnet, 10 s", "squeezenet, 1 s", "squeezenet, 10 s"]
    assert cases["squeezenet, 10 s"] == moving(CASES["squeezenet"], 10.0)


# -- figures


@pytest.fixture
def _style():
    use_style(draft=True)
    yield
    plt.close("all")


@pytest.mark.usefixtures("_style")
def test_updates_are_drawn_on_axes_that_can_be_compared():
    cases = {"as given": SCENARIO, "on one clock": moving(SCENARIO, 3.0)}
    figure = placing_drawn.draw_updates(placing.against_updates(cases, UPDATES, ["optimal", "static"]), 1000.0)
    assert [axis.get_title() for axis in figure.axes] == ["as given", "on one clock", "", ""]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert figure.axes[2].get_ylim() == figure.axes[3].get_ylim()


@pytest.mark.usefixtures("_style")
def test_no_loss_is_cut_off_and_no_two_ways_look_alike(losses):
    (axis,) = placing_drawn.draw_losses(placing.worst_of(losses, "all"), 1000.0).axes
    drawn = losses[losses["rule"].isin(placing_drawn.DRAWN)]
    assert axis.get_ylim()[0] < 0 < 100 * drawn["loss"].max() < axis.get_ylim()[1]
    assert len({rule_style(name)["color"] for name in placing_drawn.DRAWN}) == len(placing_drawn.DRAWN)
