"""Every way of deciding: costs by other routes, laws between them, and figures that show zero as zero."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer import stopping
from coinfer.study import strategies, strategies_drawn
from coinfer.study.figures import plt, use_style
from coinfer.study.one_clock import less_looking, moving, on_one_clock

CASES = {name: coinfer.load_scenario("abstract-model").replace(dnn=name) for name in ("alexnet", "squeezenet")}
CASES["mlp-12x512"] = CASES["alexnet"].replace(dnn=coinfer.mlp(12, 512))
TIMES_S = [0.05, 3.0, 100.0]


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return strategies.every_strategy(CASES)


@pytest.fixture(scope="module")
def moved() -> pd.DataFrame:
    return strategies.in_motion(CASES, TIMES_S)


def test_no_strategy_is_cheaper_than_the_joint_optimum_but_the_clairvoyant(drawn, moved):
    bound = drawn["rule"] == "clairvoyant"
    assert (drawn.loc[~bound, "above"] >= 0).all()
    assert (moved["above"] >= 0).all()
    assert (drawn.loc[bound, "above"] < 0).all()


def test_strategies_cost_what_their_plans_cost(drawn):
    costs = drawn.set_index(["network", "rule"])["cost"]
    for name, case in CASES.items():
        for rule in ("4-sla", "1-sla", "static", "edge-only", "local-only"):
            assert costs[name, rule] == coinfer.plan(case, rule=rule).cost
        merged = coinfer.plan(case.replace(dnn=coinfer.blocks(case.dnn)), rule="look-ahead")
        assert costs[name, "1-sla on blocks"] == merged.cost


@pytest.mark.parametrize("case", [CASES["squeezenet"], moving(CASES["squeezenet"], 3.0)], ids=["drawn", "moving"])
def test_one_pass_places_what_evaluating_the_kept_thresholds_places(case):
    given = coinfer.costs(case)
    kept = coinfer.plan(given, placement=given.layers).stop_thresholds
    j = [
        given.download[:m].sum() + stopping.evaluate(given, kept[..., :m]) for m in range(given.layers + 1)
    ]  # C_edge is the same for all
    placement, cost = strategies.placed_apart(given)["one pass"]
    assert placement == int(np.argmin(j))
    assert cost == coinfer.plan(given, placement=placement).cost


def test_placing_by_1_sla_is_split_by_the_optimal_rule(drawn):
    found = drawn.set_index(["network", "rule"])
    for name, case in CASES.items():
        placed = coinfer.plan(case, rule="1-sla").placement
        assert found.loc[(name, "1-sla's placement"), "placement"] == placed
        assert found.loc[(name, "1-sla's placement"), "cost"] == coinfer.plan(case, placement=placed).cost


def test_in_motion_is_what_on_one_clock_says_too(moved):
    known = on_one_clock(CASES, TIMES_S).set_index(["network", "tau_s"])
    worth = strategies.worth_of_deciding(moved)
    assert worth.index.equals(known.index)
    np.testing.assert_allclose(worth["joint"], known["saving"], atol=1e-9)
    np.testing.assert_allclose(worth["separate"], known["apart"], atol=1e-9)
    np.testing.assert_allclose(worth["memoryless"], known["followed"] / known["better"] - 1, atol=1e-9)
    np.testing.assert_allclose(worth["over static"], 1 - known["optimal"] / known["static"], atol=1e-9)


def test_worth_of_a_row_by_hand(drawn):
    worth, case = strategies.worth_of_deciding(drawn).loc["squeezenet"], CASES["squeezenet"]
    best = coinfer.plan(case)
    assert worth["joint"] == pytest.approx(1 - best.cost / less_looking(best).cost)
    once, static = (coinfer.plan(case, rule=rule).cost for rule in ("probe-once", "static"))
    assert worth["once"] == pytest.approx(1 - once / static)
    assert worth["apart"] == min(worth[way] for way in strategies.APART)
    assert worth["neurosurgeon"] > 0


def test_rows_keep_the_order_of_the_cases(drawn, moved):
    assert list(strategies.worth_of_deciding(drawn).index) == list(CASES)
    assert list(strategies.worth_of_deciding(moved).index.unique("network")) == list(CASES)


def test_seconds_and_joules_make_up_the_cost():
    case = CASES["squeezenet"].replace(inferences_per_update=1e12)  # a download that takes next to nothing
    table = strategies.in_seconds_and_joules(case, [3.0])
    told = case.weights.time_per_s * table["time [s]"] + case.weights.energy_per_j * table["energy [J]"]
    np.testing.assert_allclose(told, table["ETC [-]"], rtol=1e-6)


def test_simulations_share_their_draws():
    table = strategies.simulated({"alexnet": CASES["alexnet"]}, ["optimal", "2-sla"], 4_000, 1)
    assert (table["z"].abs() < 4).all()
    alone = strategies.simulated({"alexnet": CASES["alexnet"]}, ["2-sla"], 4_000, 1)
    assert table["simulated"][1] == alone["simulated"][0]


def test_repairs_tell_where_the_best_fixed_split_lies(drawn):
    table = strategies.repairs(CASES, drawn).set_index("network")
    assert table["static stage"].to_dict() == {
        name: coinfer.plan(case, rule="static").placement for name, case in CASES.items()
    }
    assert (table["stages on blocks"] <= table["stages"]).all()
    assert (
        table.loc["alexnet", "o_1 / o_0"] == CASES["alexnet"].dnn.output_bits[1] / CASES["alexnet"].dnn.output_bits[0]
    )


def test_cells_hold_their_numbers_and_zero_is_zero(drawn, moved):
    use_style(draft=True)
    figure = strategies_drawn.draw_strategies(drawn)
    texts = [text.get_text() for text in figure.axes[0].texts]
    shown, groups = strategies_drawn.SHOWN, strategies_drawn.GROUPS
    assert len(texts) == len(CASES) * len(shown) + len(groups)
    assert sum(groups.values()) == len(shown)
    assert texts.count("0") >= 2
    assert "63" in texts  # alexnet, static
    figure = strategies_drawn.draw_in_motion(strategies.worth_of_deciding(moved))
    panels = figure.axes[:6]
    assert {len(panel.texts) for panel in panels} == {len(CASES) * len(TIMES_S)}
    assert all(text.get_text() for panel in panels for text in panel.texts)
    plt.close("all")
