"""Quantities moved: rows recomputed by hand, and what savings, losses and reasons must obey whatever the scenario."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.channel import Moving
from coinfer.study import sensitivity, sensitivity_drawn
from coinfer.study.figures import plt, use_style

GIVEN = coinfer.load_scenario("abstract-model")
LTE = coinfer.load_scenario("vehicle-lte")
CHAINS = {"alexnet": GIVEN.dnn, "mlp": coinfer.mlp(3, 512)}
VALUES = sensitivity.ranges(GIVEN, 5, 3)


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    return sensitivity.over_networks(GIVEN, CHAINS, VALUES)


@pytest.fixture(autouse=True)
def _style():
    use_style(draft=True)
    yield
    plt.close("all")


# -- in absolute numbers


@pytest.mark.parametrize("case", [GIVEN, LTE, GIVEN.replace(channel=Moving(coherence_time_s=2.0))])
def test_a_quantity_that_is_not_moved_is_the_scenario(case: coinfer.Scenario):
    spent = sensitivity.spent_along(case, [1.0])
    for rule, part in spent.groupby("rule"):
        found = coinfer.plan(case, rule=rule)
        told = part[[*sensitivity.SPENT, "M*"]].to_numpy()
        assert told == pytest.approx(np.tile([found.cost, found.time_s, found.energy_j, found.placement], (5, 1)))


def test_the_etc_is_the_weighted_sum_of_what_is_spent_and_the_download():
    spent = sensitivity.spent_along(LTE, [3.0], ["probe-once"]).set_index("quantity")
    row = spent.loc["device speed [GMAC/s]"]
    case = LTE.replace(device__macs_per_s=3 * LTE.device.macs_per_s)
    down = coinfer.plan(case, rule="probe-once", placement=int(row["M*"]))
    seconds, joules = row["time [s]"] + down.download_s, row["energy [J]"] + down.download_j
    assert row["ETC [-]"] == pytest.approx(case.weights.time_per_s * seconds + case.weights.energy_per_j * joules)


def test_a_link_has_the_quantities_that_are_known_of_it():
    first = {
        "abstract": GIVEN, "lte": LTE, "snr": GIVEN.replace(link__mean_snr_db=3.0),
        "moving": GIVEN.replace(channel=Moving(coherence_time_s=2.0)),
    }  # fmt: skip
    labels = {name: [quantity.label for quantity in sensitivity.quantities(case)[:2]] for name, case in first.items()}
    assert labels == {
        "abstract": ["bandwidth [MHz]", "distance [m]"], "lte": ["mean rate [Mbit/s]", "pace of the link [-]"],
        "snr": ["bandwidth [MHz]", "mean SNR [-]"], "moving": ["bandwidth [MHz]", "coherence time [s]"],
    }  # fmt: skip


def test_values_are_in_their_units():
    spent = sensitivity.spent_along(GIVEN, [0.1, 10.0], ["local-only"]).set_index(["quantity", "factor"])["value"]
    assert spent["device speed [GMAC/s]"].tolist() == pytest.approx([0.03, 3.0])
    assert spent["distance [m]"].tolist() == pytest.approx([50 * 10**-0.3, 50 * 10**0.3])


def test_no_rule_is_ever_cheaper_than_the_optimal_one_and_the_furthest_is_found():
    spent = sensitivity.spent_along(LTE, np.geomspace(0.1, 10, 11))
    wide = spent.pivot(index=["quantity", "value"], columns="rule", values="ETC [-]")
    ratios = wide.div(wide["optimal"], axis=0)
    assert ratios.min().min() >= 1 - 1e-12
    for rule in ("static", "1-sla"):
        row = sensitivity.furthest(spent, rule)
        assert row["ratio"] == ratios[rule].max() == ratios[rule][row["quantity"], row["value"]]


# -- over a grid


def test_rows_of_the_grid_are_plans_of_their_scenarios(grid: pd.DataFrame):
    for row in grid.sample(12, random_state=0).itertuples():
        case = sensitivity.scenario_of(GIVEN, CHAINS, row.network, row.quantity, row.value)
        costs = {rule: coinfer.plan(case, rule=rule).cost for rule in ("optimal", "static", "probe-once")}
        assert row.joint == pytest.approx(costs["optimal"], rel=1e-9)
        assert grid.loc[row.Index, "over static"] == pytest.approx(1 - costs["optimal"] / costs["static"], abs=1e-9)
        better = min(costs["static"], costs["probe-once"])
        assert row.saving == pytest.approx(1 - costs["optimal"] / better, abs=1e-9)


def test_savings_and_losses_have_their_signs_and_their_order(grid: pd.DataFrame):
    assert (grid["saving"] >= 0).all()
    assert (grid["over static"] >= grid["saving"]).all()
    assert (sensitivity.losses(grid) >= 0).all().all()
    assert len(grid) == len(CHAINS) * sum(map(len, VALUES.values()))


def test_narrow_activations_leave_the_input_alone():
    net = sensitivity.narrowed(GIVEN.dnn, 8)
    assert net.output_bits[0] == GIVEN.dnn.output_bits[0]
    assert 4 * np.array(net.output_bits[1:]) == pytest.approx(GIVEN.dnn.output_bits[1:])


def test_reasons_are_told_by_the_placements():
    table = pd.DataFrame(
        {
            "over static": [0.2, 0.0, 0.0, 0.005], "joint placement": [0, 0, 5, 5], "static placement": [0, 0, 8, 0],
            "layers": 8,
        }
    )  # fmt: skip
    found = sensitivity.why_none(table).tolist()
    assert found == ["", "nothing placed", "static places all", "placed, but little helps"]


def test_on_one_clock_the_draws_are_scenarios_of_the_grid(grid: pd.DataFrame):
    clock = sensitivity.clocked(GIVEN, CHAINS, grid, 3, rng=1)
    assert clock["scenario"].nunique() == 3
    assert len(clock) == 3 * clock["tau_s"].nunique()
    keys = ["network", "quantity", "value"]
    joined = clock.merge(grid[[*keys, "over static"]], on=keys)
    assert len(joined) == len(clock)
    assert (joined["promised"] == joined["over static"]).all()
    row = clock.iloc[7]
    case = sensitivity.scenario_of(GIVEN, CHAINS, row["network"], row["quantity"], row["value"])
    moved = case.replace(channel=Moving(coherence_time_s=row["tau_s"]))
    assert row["probe-once"] == pytest.approx(coinfer.plan(moved, rule="probe-once").cost)


# -- all together


def test_ends_of_the_ranking_are_plans_and_a_quantity_alone_explains_no_more_than_with_others():
    table = sensitivity.ranking(GIVEN, factor=2.0, samples=64, repeats=3, rng=0).set_index(["of", "quantity"])
    faster = GIVEN.replace(
        device__macs_per_s=2 * GIVEN.device.macs_per_s, link__mean_snr_db=sensitivity.here(GIVEN)["link.mean_snr_db"]
    )
    saved = 1 - coinfer.plan(faster).cost / coinfer.plan(faster, rule="static").cost
    assert table.loc[("over static", "device.macs_per_s"), "at the high end"] == pytest.approx(saved, abs=1e-9)
    slack = table["first order, half width"] + table["total, half width"]
    assert (table["first order"] <= table["total"] + slack).all()
    assert (table["total"] >= -slack).all()


def test_leading_are_those_whose_intervals_meet_the_first():
    ranked = pd.DataFrame({"quantity": list("abc"), "total": [0.7, 0.6, 0.3], "total, half width": [0.06, 0.05, 0.1]})
    assert sensitivity.leading(ranked) == ["a", "b"]


# -- drawn


def test_panels_share_their_axes_and_show_every_rule():
    spent = sensitivity.spent_along(GIVEN, [0.1, 1.0, 10.0])
    figure = sensitivity_drawn.draw_spent(spent)
    assert len(figure.axes) == 15
    for axis in figure.axes:
        lines = [line for line in axis.lines if len(line.get_xdata()) == 3]
        assert len(lines) == len(sensitivity.RULES)
        low, high = axis.get_ylim()
        assert all(low <= value <= high for line in lines for value in line.get_ydata())
    legend = [text.get_text() for text in figure.legends[0].texts]
    assert legend == ["optimal", "1-sla", "probe-once", "static", "edge-only", "local-only", "the scenario"]


def test_shares_of_scenarios_hold_every_kind(grid: pd.DataFrame):
    clock = sensitivity.clocked(GIVEN, CHAINS, grid, 2, rng=1)
    tables = sensitivity_drawn.losses_and_savings(sensitivity.losses(grid), grid, clock)
    assert [len(table) for table in tables] == [3 * len(grid) + len(clock), 2 * len(grid) + 2]
    plane_axes = {"link.mean_snr_db": [-9.0, -3.0, 3.0], "inferences_per_update": [1.0, 1e2, 1e4]}
    plane = coinfer.sweep(GIVEN, plane_axes, measure=sensitivity.gains)
    figure = sensitivity_drawn.draw_scenarios(*tables, plane, (1000, -2.3), "alexnet")
    assert [len(axis.get_legend().texts) for axis in figure.axes[:3]] == [4, 3, 2]
