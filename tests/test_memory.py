"""Channels that remember: each table against a row recomputed by hand, and the laws that hold for all rows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer import InputError
from coinfer.channel import Moving, OnOff
from coinfer.study import memory, memory_drawn

GIVEN = coinfer.load_scenario("abstract-model")
CASES = {"alexnet": GIVEN, "squeezenet": GIVEN.replace(dnn="squeezenet")}
BELIEVED = {name: coinfer.plan(case) for name, case in CASES.items()}
RATIOS, STATES = (0.1, 30.0, 1000.0), 32


@pytest.fixture(scope="module")
def moving():
    return memory.in_motion(CASES, RATIOS, 1.0, STATES)


@pytest.fixture(scope="module")
def table(moving):
    return memory.every_rule(moving, BELIEVED)


def in_motion(name: str, ratio: float) -> coinfer.Scenario:
    mean_s = sum(CASES[name].dnn.macs) / CASES[name].dnn.layers / CASES[name].device.macs_per_s
    return CASES[name].replace(channel=Moving(coherence_time_s=ratio * mean_s, states=STATES))


def test_a_row_is_what_a_plan_costs(table):
    costs = table.set_index(["network", "ratio", "rule"])["cost"]
    for rule in ("optimal", "1-sla", "probe-once", "static"):
        assert costs["squeezenet", 30.0, rule] == coinfer.plan(in_motion("squeezenet", 30.0), rule=rule).cost
    followed = coinfer.expected_cost(in_motion("alexnet", 30.0), BELIEVED["alexnet"])
    assert costs["alexnet", 30.0, "memoryless"] == followed
    run = coinfer.simulate(in_motion("alexnet", 30.0), BELIEVED["alexnet"], inferences=4000, rng=3)
    assert abs(run.mean - followed) < 4 * run.standard_error


def test_no_rule_beats_the_optimal_one_and_looking_never_hurts(table):
    wide = memory.side_by_side(table)
    assert wide.index.tolist() == [(name, ratio) for name in CASES for ratio in RATIOS]  # in the order of the table
    assert wide.ge(wide["optimal"] * (1 - 1e-12), axis=0).all().all()
    assert (wide["better"] == np.minimum(wide["static"], wide["probe-once"])).all()
    gain = memory.saved(wide)
    assert (gain["better"] <= gain[["static", "probe-once"]].min(axis=1) + 1e-12).all()
    dearer = memory.dearer(wide, "better", ["optimal"])[
        "optimal"
    ]  # x saved of the dearer is x / (1 - x) of the cheaper
    assert dearer.to_numpy() == pytest.approx((gain["better"] / (1 - gain["better"])).to_numpy(), abs=1e-9)


def test_a_fast_channel_averages_out_and_a_slow_one_says_all_at_once(table):
    gain = memory.saved(memory.side_by_side(table))
    assert gain.xs(0.1, level="ratio")["better"].max() < 1e-6
    assert gain.xs(1000.0, level="ratio")["better"].max() < 0.01
    assert gain.xs(1000.0, level="ratio")["static"].min() > 0.2


def test_a_promise_is_over_the_same_rules():
    promised = memory.promised(CASES)
    cost = {rule: coinfer.plan(CASES["squeezenet"], rule=rule).cost for rule in ("optimal", "probe-once", "static")}
    assert promised.loc["squeezenet", "static"] == pytest.approx(1 - cost["optimal"] / cost["static"], abs=1e-9)
    better = min(cost["static"], cost["probe-once"])
    assert promised.loc["squeezenet", "better"] == pytest.approx(1 - cost["optimal"] / better, abs=1e-9)


def test_a_rate_that_is_held_promises_more():
    clocks = memory.held_or_moving(GIVEN, (0.1, 1.0), STATES)
    gain = clocks.pivot(index="ratio", columns="sending", values="gain")
    assert (gain["held"] > 0.03).all()
    assert gain["moving"].max() < 1e-6
    row = clocks[(clocks["sending"] == "held") & (clocks["ratio"] == 1.0)].iloc[0]
    held = Moving(m=2.0, coherence_time_s=memory.layer_s(GIVEN), states=STATES, sending="held")
    assert row["optimal"] == coinfer.plan(GIVEN.replace(channel=held)).cost


def test_a_replay_is_of_the_same_plan_as_the_model():
    played = memory.on_the_process(
        {"alexnet": GIVEN}, BELIEVED, (5.0,), states=64, coherence_times=500, inferences=1000, rng=1
    )
    assert played["rule"].tolist() == ["optimal", "memoryless", "probe-once", "static"]
    assert played["low"].le(played["cost"]).all()
    assert played["cost"].le(played["high"]).all()
    assert played["error"].abs().max() < 0.1
    static = played.set_index("rule").loc["static"]
    tau_s = 5 * memory.layer_s(GIVEN)
    moved = GIVEN.replace(channel=Moving(coherence_time_s=tau_s, states=64))
    assert static["model"] == coinfer.plan(moved, rule="static").cost


def test_outages_are_waited_for_or_computed_through():
    outages = memory.through_outages(GIVEN, np.array([0.1, 10.0]), off_share=0.1)
    ways = outages[["probe-once", "static", "wait"]]
    assert ways.ge(outages["optimal"] * (1 - 1e-12), axis=0).all().all()
    assert outages["wait"].ge(outages["static"] * (1 - 1e-12)).all()  # sending at once is a fixed split
    off_s = 10 * memory.layer_s(GIVEN)
    on_bps = GIVEN.link.bandwidth_hz * np.log2(1 + GIVEN.link.mean_snr)
    link = OnOff(rate_bps=on_bps, mean_on_s=9 * off_s, mean_off_s=off_s)
    assert outages["optimal"][1] == pytest.approx(coinfer.plan(GIVEN.replace(channel=link)).cost, rel=1e-12)


def test_shadowing_has_a_row_a_network_and_speed():
    shadowed = memory.in_shadow({"squeezenet": CASES["squeezenet"]}, (1.4, 14.0), sigma_db=7.0, decorrelation_m=13.0)
    assert shadowed["speed [m/s]"].tolist() == [1.4, 14.0]
    row = shadowed.iloc[0]
    assert row["gain"] == pytest.approx(1 - row["optimal"] / min(row["static"], row["probe-once"]), abs=1e-9)
    assert row["one look"] == pytest.approx(max(0, 1 - row["probe-once"] / row["static"]), abs=1e-9)


def test_thresholds_part_the_states(moving):
    """By the states themselves: a threshold if no state that goes on is better than one that stops."""
    checked = memory.threshold_cases(moving).set_index(["network", "ratio"])["threshold"]
    stops_db = memory.thresholds_db(moving, "alexnet", GIVEN.link.mean_snr).set_index(["ratio", "stage"])["SNR [dB]"]
    for key, given in moving.items():
        plan = coinfer.plan(given, placement=given.layers)
        stops = given.law.sent(given.bits[:-1]) <= plan.stop_thresholds
        order = np.argsort(given.law.unit_costs)  # the best state first
        parted = all((np.diff(stops[order, n].astype(int)) <= 0).all() for n in range(given.layers))
        assert checked[key] == parted
        if key[0] == "alexnet":
            never = ~stops.any(axis=0)
            assert (stops_db[key[1]].to_numpy() == np.inf).tolist() == never.tolist()


def test_knowing_all_there_is_no_regret():
    truth = in_motion("squeezenet", 30.0)
    regret = memory.regrets(truth).set_index(["error", "by"])["regret"]
    exact = {"error of the mean SNR [dB]": 0.0, "coherence time, believed / true [-]": 1.0}
    exact["error of the seen gain, std [dB]"] = 0.0
    for key in exact.items():
        assert regret[key] == pytest.approx(0, abs=1e-6)
    assert (regret > -1e-9).all()
    best = coinfer.plan(truth)
    wrong = coinfer.plan(
        truth.replace(link__mean_snr_db=10 * np.log10(truth.link.mean_snr) + 6), placement=best.placement
    )
    more = coinfer.expected_cost(best.problem, wrong) / best.cost - 1
    assert regret["error of the mean SNR [dB]", 6.0] == pytest.approx(more, abs=1e-9)
    with pytest.raises(InputError, match="should be moving"):
        memory.regrets(GIVEN)


def test_cells_are_coloured_and_told(table):
    wide = memory.side_by_side(table)
    loss = memory.dearer(wide, "memoryless", ["static"])
    cells = memory_drawn.by_coherence(loss, "static")
    assert cells.index.tolist() == list(CASES)
    assert cells.columns.tolist() == ["0.1", "30", "1000"]
    assert cells.loc["alexnet", "30"] == loss.loc[("alexnet", 30.0), "static"]
    figure = memory_drawn.draw_shares({"a": cells, "b": cells.abs()}, across="x", label="y", most=0.1)
    told = [text.get_text() for text in figure.axes[0].texts]
    assert told == [memory_drawn.percent(share) for share in cells.to_numpy().ravel()]
    assert figure.axes[-1].get_ylabel() == "y"
    plt.close(figure)


def test_the_intervals_drawn_are_those_of_the_replays():
    played = pd.DataFrame(
        {"network": network, "ratio": ratio, "rule": rule, "model": 2.0, "cost": 2.02, "low": 1.9, "high": 2.1}
        for network in ("a", "b") for ratio in (0.5, 5.0) for rule in ("optimal", "static")
    )  # fmt: skip
    figure = memory_drawn.draw_process(played)
    assert [axis.get_title() for axis in figure.axes] == ["optimal", "static"]
    spans = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    ends = {(round(float(min(x)), 6), round(float(max(x)), 6)) for x in spans}
    assert (-5.0, 5.0) in ends
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0.5", "5"]
    plt.close(figure)
