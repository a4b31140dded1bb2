"""The closed form against exhaustive search: rows recomputed by hand, boundaries by the formula of a geometric series."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.study import mlp_closed, mlp_drawn
from coinfer.study.figures import plt, use_style
from coinfer.study.strategies import in_motion
from coinfer.system import Weights

GIVEN = coinfer.load_scenario("abstract-model", dnn=coinfer.mlp(10, 256))
UPDATES, SNR_DB = np.geomspace(10, 1e6, 7), np.linspace(-10, 30, 6)
DELTA, BITS = np.linspace(-0.1, 0.6, 5), np.geomspace(1e4, 1e9, 8)


@pytest.fixture(scope="module")
def maps():
    return mlp_closed.map_by_updates(GIVEN, UPDATES, SNR_DB), mlp_closed.map_by_cost(GIVEN, DELTA, BITS)


def test_random_instances_agree_and_are_of_every_kind():
    found = mlp_closed.random_instances(12, Weights(), np.random.default_rng(5))
    assert found.groupby("rule").size().to_dict() == {"1-sla": 6000, "optimal": 6000}
    assert (found["closed form"] == found["exhaustive"]).all()
    assert 0 < found["negative"].mean() < 1
    shares = mlp_closed.where_placed(found)
    np.testing.assert_allclose(shares[["0", "inside", "N-1", "N"]].sum(axis=1), 1)
    assert (shares[["0", "inside", "N-1", "N"]].sum() > 0).all()
    again = mlp_closed.random_instances(12, Weights(), np.random.default_rng(5))
    pd.testing.assert_frame_equal(found, again)


def test_placement_along_sizes_is_that_of_the_plans():
    table = mlp_closed.along(GIVEN, [(4, 256), (14, 256), (10, 1024)])
    for row in table.itertuples():
        case = GIVEN.replace(dnn=coinfer.mlp(row.layers, row.neurons))
        assert row.exhaustive == coinfer.plan(case, rule=row.rule).placement
    assert (table["closed form"] == table["exhaustive"]).all()


def test_points_of_the_maps_are_plans(maps):
    by_updates, by_cost = (table for table, _ in maps)
    for row in by_updates.iloc[[0, 17, 41]].to_dict("records"):
        case = GIVEN.replace(
            link__mean_snr_db=row["link.mean_snr_db"], inferences_per_update=row["inferences_per_update"]
        )
        assert coinfer.plan(case, rule="1-sla").placement == row["placement"] == row["closed form"]
    assert (by_updates["placement"] == by_updates["closed form"]).all()
    assert (by_cost["placement"] == by_cost["closed form"]).all()
    assert by_cost["placement"].nunique() > 3


def test_boundaries_are_a_geometric_series(maps):
    """Layer m pays where D < p^(m-1) G, while not all N pay at once."""
    _, critical = maps[0]
    given = coinfer.costs(GIVEN.replace(link__mean_snr_db=float(SNR_DB[3])))
    going = given.extra[0] + given.bits[0] * given.law.mean
    p, saving = (float(f(given.bits[0], going)) for f in (given.law.go_probability, given.law.saving))
    wanted = GIVEN.inferences_per_update * given.download[0] / (saving * p ** np.arange(4))
    np.testing.assert_allclose(critical[3, :4], wanted, rtol=1e-9)
    assert (np.diff(critical, axis=1) >= 0).all()


def test_the_scenario_lies_where_its_own_placement_is():
    here = mlp_closed.place_on_the_maps(GIVEN)
    _, critical = mlp_closed.map_by_updates(GIVEN, UPDATES, np.array([here["updates"][1]]))
    assert (critical[0] < here["updates"][0]).sum() == coinfer.plan(GIVEN, rule="1-sla").placement
    _, bits = mlp_closed.map_by_cost(GIVEN, np.array([here["cost"][0]]), BITS)
    assert (bits[0] > here["cost"][1]).sum() == coinfer.plan(GIVEN, rule="1-sla").placement


def test_over_updates_a_row_by_hand():
    table = mlp_closed.over_updates({"mlp": GIVEN}, UPDATES, ["optimal", "1-sla", "probe-once"])
    assert len(table) == 3 * len(UPDATES)
    row = table[table["rule"] == "probe-once"].iloc[4]
    case = GIVEN.replace(inferences_per_update=row["inferences_per_update"])
    plan, best = (coinfer.plan(case, rule=rule) for rule in ("probe-once", "optimal"))
    assert (row["placement"], row["cost"]) == (plan.placement, pytest.approx(plan.cost))
    assert row["above"] == pytest.approx(plan.cost / best.cost - 1, abs=1e-9)
    assert (table["above"] >= 0).all()


def test_gaps_are_within_their_bounds():
    table = mlp_closed.gaps({"mlp": GIVEN})
    assert table["placement"].tolist() == list(range(1, 11))
    assert (table["gap"] <= table["bound"] * (1 + 1e-9)).all()
    costs = [coinfer.plan(GIVEN, rule=rule, placement=7).cost for rule in ("1-sla", "optimal")]
    assert table["gap"][6] == pytest.approx(costs[0] / costs[1] - 1)


def test_figures_show_lines_and_marks(maps):
    use_style(draft=True)
    tables = {
        "layers": mlp_closed.along(GIVEN, [(n, 256) for n in (1, 5, 9)]),
        "neurons": mlp_closed.along(GIVEN, [(10, n) for n in (64, 512)]),
    }
    layers, neurons = mlp_drawn.draw_placement(tables).axes
    assert [axis.get_title() for axis in (layers, neurons)] == ["256 neurons", "10 layers"]
    assert len(layers.lines) == 5  # all layers; a line and marks for each rule
    marks = [line for line in layers.lines if line.get_marker() not in ("", "None")]
    assert sorted(tuple(line.get_ydata()) for line in marks) == sorted(
        tuple(part["exhaustive"]) for _, part in tables["layers"].groupby("rule")
    )
    figure = mlp_drawn.draw_maps(*maps, mlp_closed.place_on_the_maps(GIVEN))
    assert [len(axis.lines) for axis in figure.axes[:2]] == [11, 11]  # a boundary for each layer, and the scenario
    swept = mlp_closed.over_updates({"mlp": GIVEN}, UPDATES, ["optimal", "1-sla", "probe-once", "static"])
    above, below = mlp_drawn.draw_losses(swept, in_motion({"mlp": GIVEN}, [0.1, 1.0])).axes
    assert (above.get_title(), below.get_title()) == ("mlp, independent draws", "mlp, on one clock")
    plt.close("all")
