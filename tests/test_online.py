"""The study of online splitting: what its tables say against rules followed by hand, and its figures against the tables."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.stopping import look_ahead_thresholds
from coinfer.study import online, online_drawn
from coinfer.study.figures import plt, use_style
from coinfer.study.one_clock import at_every_time, moving

SCENARIO = coinfer.load_scenario("abstract-model")
CASES = {name: SCENARIO.replace(dnn=name) for name in ("alexnet", "squeezenet", "vgg19")}
RULES = ("optimal", "1-sla", "probe-once", "static")
PLANS = {rule: coinfer.plan(SCENARIO, rule=rule, placement=8) for rule in RULES}
OUTCOMES = {rule: coinfer.simulate(SCENARIO, PLANS[rule], inferences=2000, rng=0) for rule in ("optimal", "static")}


def test_a_threshold_on_the_snr_is_one_on_the_cost():
    """At the SNR told, sending costs the threshold: seconds and joules of the bits at the rate of that SNR."""
    mean_snr_db = 10 * np.log10(SCENARIO.link.mean_snr)
    table = online.thresholds({"1-sla": PLANS["1-sla"]}, mean_snr_db)
    costs, link, weights = PLANS["1-sla"].problem, SCENARIO.link, SCENARIO.weights
    rate_bps = link.bandwidth_hz * np.log2(1 + 10 ** (table["SNR [dB]"] / 10))
    per_s = weights.time_per_s + weights.energy_per_j * link.transmit_power_w
    sending = costs.bits[:8] * per_s / rate_bps
    np.testing.assert_allclose(sending, look_ahead_thresholds(costs, 8, 1), rtol=1e-9)


def test_everybody_stops_somewhere():
    table = online.stops({rule: PLANS[rule] for rule in OUTCOMES}, OUTCOMES)
    totals = table.groupby("rule")[["probability", "simulated"]].sum()
    np.testing.assert_allclose(totals, 1.0, rtol=1e-12)
    static = table[table["rule"] == "static"].set_index("stage")
    assert static["simulated"].tolist() == static["probability"].tolist()  # nothing to be lucky about


def test_what_was_not_simulated_is_not_a_number():
    table = online.paid(PLANS, OUTCOMES, "here").set_index("rule")
    assert table["channel"].eq("here").all()
    assert table["computed"].to_dict() == {rule: plan.cost for rule, plan in PLANS.items()}
    assert table.index[table["z"].notna()].tolist() == ["optimal", "static"]
    run = OUTCOMES["optimal"]
    assert table.loc["optimal", "z"] == pytest.approx((run.mean - PLANS["optimal"].cost) / run.standard_error)


def test_one_clock_keeps_the_placement_and_compares_at_the_best():
    table = online.on_one_clock(SCENARIO, 8, RULES, [10.0], 200, 0)
    case = moving(SCENARIO, 10.0)
    for row in table.itertuples():
        assert row.computed == coinfer.plan(case, rule=row.rule, placement=8).cost
    least = min(coinfer.plan(case, rule=rule).cost for rule in ("static", "probe-once"))
    assert table["saving"].iloc[0] == pytest.approx(1 - coinfer.plan(case).cost / least, abs=1e-9)


def test_the_ladder_descends_to_the_optimal_rule():
    table = online.ladder(CASES, [1, 2, 4, 8, 20])
    for _, rungs in table.groupby("network"):
        assert rungs["loss"].is_monotonic_decreasing
        assert rungs["loss"].iloc[-1] == 0
    assert table.groupby("network")["loss"].max()["vgg19"] == 0


def test_a_layer_more_never_costs_more():
    curves = online.without_download(CASES | at_every_time(CASES, [1.0, 100.0]))
    assert online.most_lost_by_a_layer(curves).le(0).all()


def test_costs_without_download_are_those_of_plans_less_what_the_rule_does_not_touch():
    curves = online.without_download(CASES)
    for name, placement, cost in curves.itertuples(index=False):
        made = coinfer.plan(CASES[name], placement=placement)
        untouched = made.problem.edge + made.problem.download[:placement].sum()
        assert cost == pytest.approx(made.cost - untouched, rel=1e-9)


def test_a_relu_as_a_stage_is_a_draw_for_nothing():
    table = online.by_operators(SCENARIO, ["alexnet"]).set_index("chain")
    assert table.loc["layers", "stages"] == coinfer.load_dnn("alexnet").layers < table.loc["operators", "stages"]
    assert table.loc["operators", "optimal"] <= table.loc["layers", "optimal"]
    assert table.loc["operators", "loss"] > table.loc["layers", "loss"]


# -- figures


@pytest.fixture(autouse=True)
def _style():
    use_style(draft=True)
    yield
    plt.close("all")


def test_a_stage_that_always_stops_has_no_marker_and_costs_start_at_zero():
    table = pd.DataFrame({"rule": "optimal", "stage": [0, 1, 2], "SNR [dB]": [-3000.0, 1.0, 2.0]})
    left, right = online_drawn.draw_thresholds(table, online.paid(PLANS, OUTCOMES, "here"), -3.0).axes
    assert np.isnan(left.lines[0].get_ydata()[0])
    assert left.lines[0].get_ydata()[1:].tolist() == [1.0, 2.0]
    assert right.get_ylim()[0] == 0
    assert right.get_ylim()[1] > max(plan.cost for plan in PLANS.values())


def test_markers_of_rules_stand_side_by_side():
    _, right = online_drawn.draw_thresholds(
        pd.DataFrame({"rule": ["optimal"], "stage": [0], "SNR [dB]": [1.0]}), online.paid(PLANS, {}, "here"), 0.0
    ).axes
    places = [line.get_xdata()[0] for line in right.lines if line.get_label() in RULES]
    assert len(set(places)) == len(RULES)


def test_the_ladder_has_a_cell_for_each_loss_with_its_number():
    table = online.ladder(CASES, [1, 8])
    axis = online_drawn.draw_ladder(table).axes[0]
    assert [text.get_text() for text in axis.texts] == [online_drawn.in_percent(100 * loss) for loss in table["loss"]]
