"""What the study of one clock draws: one inference as it happens, fading without a chain, and the regime map."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer import InputError, channel
from coinfer.cost import costs
from coinfer.study.one_inference import (
    draw_one_inference,
    fading_times_s,
    mean_sending_s,
    one_inference,
    telling_inference,
    told,
)
from coinfer.study.regimes import (
    along_coherence,
    best_points,
    bounded,
    families,
    local_inference_s,
    plans_at,
    promises,
    regime_map,
    sent_in,
    settled_by_condition,
    share_settled,
    worth_of_looking,
)
from coinfer.study.regimes_drawn import draw_outages, draw_regimes, saved_over_static

EQUAL = coinfer.load_scenario("abstract-model", dnn=coinfer.mlp(4, 4000), inferences_per_update=1e9)
LOCAL_S = local_inference_s(EQUAL)


def moving(tau_s: float, **fields) -> channel.Moving:
    return channel.Moving(coherence_time_s=tau_s, states=16, **fields)


def on_off(tau_s: float) -> channel.OnOff:
    return channel.OnOff(rate_bps=1e6, mean_on_s=3 * tau_s, mean_off_s=tau_s)


def shadowed(tau_s: float) -> channel.Shadowed:
    return channel.Shadowed(sigma_db=8, decorrelation_m=tau_s, speed_m_per_s=1, states=16)


# ---------------------------------------------------------------- one inference


@pytest.mark.parametrize("family", [moving, on_off])
def test_an_inference_adds_up(family):
    scenario = sent_in(EQUAL.replace(channel=family(LOCAL_S)), 0.5 * LOCAL_S)
    plan = coinfer.plan(scenario)
    rng, stages = np.random.default_rng(1), set()
    for _ in range(60):
        seen = one_inference(scenario, plan, rng)
        assert np.all(seen["start_s"].to_numpy()[1:] == seen["end_s"].to_numpy()[:-1])
        ran = seen[seen["doing"] != "sending"]
        lengths = (ran["end_s"] - ran["start_s"]).groupby(ran["doing"]).sum()
        assert lengths.to_numpy() == pytest.approx(LOCAL_S / 4)
        stage = ran["doing"].nunique()
        stages.add(stage)
        sent = seen[seen["doing"] == "sending"]
        drained = float((sent["rate_bps"] * (sent["end_s"] - sent["start_s"])).sum())
        assert drained == pytest.approx(plan.problem.bits[stage])
        assert np.all(sent["left_bits"].iloc[-1:] == 0)
    assert {0, 4} <= stages  # some send at once, some run all layers


@pytest.mark.parametrize("family", [moving, on_off, shadowed])
def test_many_inferences_take_what_the_plan_says(family):
    scenario = sent_in(EQUAL.replace(channel=family(LOCAL_S)), 0.5 * LOCAL_S)
    plan, rng = coinfer.plan(scenario), np.random.default_rng(2)
    times_s = np.array([one_inference(scenario, plan, rng)["end_s"].iloc[-1] for _ in range(800)])
    stages = np.arange(plan.placement + 1)
    at_edge_s = sum(scenario.dnn.macs) / scenario.edge.macs_per_s / 4 * (4 - plan.stop_probabilities @ stages)
    error_s = times_s.std(ddof=1) / np.sqrt(times_s.size)
    assert abs(times_s.mean() + at_edge_s - plan.time_s) < 4 * error_s
    assert error_s < 0.1 * plan.time_s


def test_an_inference_can_be_drawn_whether_it_sends_at_once_or_not():
    scenario = sent_in(EQUAL.replace(channel=moving(LOCAL_S)), 0.5 * LOCAL_S)
    for rule, spans in (("edge-only", 1), ("optimal", 3)):
        plan, rng = coinfer.plan(scenario, rule=rule), np.random.default_rng(3)
        drawn = (one_inference(scenario, plan, rng) for _ in range(500))
        seen = next(s for s in drawn if s["doing"].nunique() == spans and s["doing"].iloc[-1] == "sending")
        figure = draw_one_inference(seen)
        below = figure.axes[1]
        (line,) = [line for line in below.lines if line.get_label() == "left to send"]
        assert line.get_ydata()[0] == pytest.approx(EQUAL.dnn.output_bits[0] / 1e6)
        assert line.get_ydata()[-1] == 0
        assert len(figure.axes[0].patches) == spans
        plt.close(figure)


def layers_before_sending(seen):
    doing = list(seen["doing"].unique())
    return len(doing) - 1 if doing[-1] == "sending" else -1


@pytest.mark.parametrize(
    ("layers", "rule", "says"),
    [
        (
            8,
            "optimal",
            "4 layers run and while the device sends. It is the first drawn that runs at least three layers",
        ),
        (4, "optimal", "2 layers run and while the device sends. Of 40 drawn none runs more and then sends"),
        (4, "edge-only", "moves on while the device sends. Of 40 drawn none runs a layer and then sends"),
        (4, "local-only", "moves on while 4 layers run. Of 40 drawn none sends"),
    ],
)
def test_a_telling_inference_is_found_or_the_nearest_to_it(layers, rule, says, monkeypatch):
    monkeypatch.setattr("coinfer.study.one_inference.DRAWN", 40)
    equal = EQUAL.replace(dnn=coinfer.mlp(layers, 4000))
    local_s = local_inference_s(equal)
    scenario = sent_in(equal.replace(channel=channel.Moving(coherence_time_s=local_s, states=24)), 0.7 * local_s)
    plan = coinfer.plan(scenario, rule=rule)
    seen = telling_inference(scenario, plan, 1)
    assert says in told(seen)
    drawn = [one_inference(scenario, plan, np.random.default_rng([1, number])) for number in range(40)]
    at = next(number for number in range(40) if drawn[number].equals(seen))
    ran = [layers_before_sending(each) for each in drawn]
    assert at == next((number for number in range(40) if ran[number] >= 3), ran.index(max(ran)))
    plt.close(draw_one_inference(seen))


def test_fading_without_a_chain():
    """Held where it hardly moves, averaged where it moves fast, and in between what the chain says."""
    rng, snr, width = np.random.default_rng(4), 2.0, 1e6
    link = {"link__bandwidth_hz": width, "link__mean_snr_db": 10 * np.log10(snr)}
    bits = EQUAL.dnn.output_bits[0]
    still_s = fading_times_s(bits, width, snr, 1e9, step_s=0.5, count=4000, rng=rng)
    gains = -np.log1p(-np.array([0.25, 0.5, 0.75]))
    expected_s = bits / (width * np.log2(1 + snr * gains))
    assert np.quantile(still_s, [0.75, 0.5, 0.25]) == pytest.approx(expected_s, rel=0.1)
    for tau_s in (0.003, 0.1):
        drawn_s = fading_times_s(bits, width, snr, tau_s, step_s=min(2e-4, tau_s / 50), count=3000, rng=rng)
        fading = channel.Moving(coherence_time_s=tau_s, states=120)
        mean_s = mean_sending_s(EQUAL.replace(channel=fading, **link))
        error_s = drawn_s.std(ddof=1) / np.sqrt(drawn_s.size)
        assert abs(drawn_s.mean() - mean_s) < 4 * error_s + 2e-3 * mean_s


# ---------------------------------------------------------------- the map


@pytest.mark.parametrize("family", [moving, on_off, shadowed])
def test_the_mean_rate_sends_the_input_in_the_time_asked_for(family):
    """A channel that moves fast takes just that time, outages included; the mean SNR stays."""
    scenario = sent_in(EQUAL.replace(channel=family(1e-4 * LOCAL_S)), 2 * LOCAL_S)
    assert mean_sending_s(scenario) == pytest.approx(2 * LOCAL_S, rel=2e-3)
    assert scenario.link.mean_snr == pytest.approx(EQUAL.link.mean_snr)


def test_rates_that_do_not_follow_the_bandwidth_are_refused():
    rates = channel.Markov(rates_bps=(8e6, 0.0), generator=((-1.0, 1.0), (4.0, -4.0)))
    with pytest.raises(InputError, match="has rates of its own"):
        sent_in(EQUAL.replace(channel=rates), 1.0)
    with pytest.raises(InputError, match="should be one in motion"):
        sent_in(EQUAL, 1.0)


def test_worth_of_looking_is_what_plans_cost():
    scenario = sent_in(EQUAL.replace(channel=on_off(LOCAL_S)), 0.1 * LOCAL_S)
    worth = bounded(costs(scenario))
    assert worth_of_looking(costs(scenario)).items() <= worth.items()
    static, once, optimal = (coinfer.plan(scenario, rule=rule).cost for rule in ("static", "probe-once", "optimal"))
    assert worth["again"] == pytest.approx(1 - optimal / min(static, once), abs=1e-9)
    assert worth["once"] == pytest.approx(1 - min(static, once) / static, abs=1e-9)
    assert worth["again"] > 0.02
    assert 1 - optimal / coinfer.plan(scenario, rule="edge-only").cost <= worth["bound"] + 1e-9
    small = bounded(costs(scenario.replace(device__memory_bits=0)))
    assert (small["again"], small["once"], small["bound"]) == (0, 0, 0)


def test_the_map_has_its_three_regimes():
    """Sending far too long: all layers run; channel far too fast: it averages out; outages as long as an inference: it pays."""
    times, sending = np.array([0.03, 1.2, 100.0]), np.array([0.03, 30.0])
    found = regime_map({"equal": EQUAL}, {"on-off": on_off, "fading": moving}, times, sending)
    assert len(found) == 12
    again = found.pivot(index=["family", "sending"], columns="time", values="again")
    assert again.loc[("on-off", 0.03), 1.2] > 0.15
    assert again.loc[("on-off", 0.03), 0.03] == 0
    assert again.loc[("on-off", 0.03), 100.0] < 0.01
    assert np.all(again.xs(30.0, level="sending") == 0)
    assert again.loc[("fading", 0.03), 0.03] == 0


def test_points_are_marked_on_the_map_of_their_family():
    times, sending = np.geomspace(0.1, 10, 3), np.geomspace(0.1, 1, 3)
    found = regime_map({"equal": EQUAL}, {"on-off": on_off, "fading": moving}, times, sending)
    labels = {"on-off": "mean outage [-]", "fading": "coherence time [-]"}
    figure = draw_regimes(found, labels, {"on-off": {"a tunnel": (2.0, 0.3)}})
    marked = {axis.get_title(): [line.get_label() for line in axis.lines] for axis in figure.axes[:2]}
    assert marked == {"equal, on-off": ["a tunnel"], "equal, fading": []}
    assert "a tunnel" in [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close(figure)


def test_families_are_as_slow_as_asked_and_off_as_often():
    made = families(sigma_db=8.0, off_share=0.25, states=16)
    law = made["on-off"](2.0).states_on(EQUAL.link).law
    assert law[made["on-off"](2.0).states_on(EQUAL.link).rates_bps == 0].sum() == pytest.approx(0.25)
    assert made["fading"](3.0).coherence_time_s == 3.0
    shadow = made["shadowing"](3.0)
    assert shadow.decorrelation_m / shadow.speed_m_per_s == 3.0


@pytest.fixture(scope="module")
def small_map():
    made = families(sigma_db=8.0, off_share=0.25, states=16)
    return made, regime_map({"equal": EQUAL}, made, np.array([0.3, 1.2, 5.0]), np.array([0.05, 1.0]))


def test_plans_at_the_best_points_save_what_the_map_says(small_map):
    made, found = small_map
    best = best_points(found)
    assert best["family"].tolist() == ["fading", "shadowing", "on-off"]
    for row in best.itertuples():
        assert row.again == found.loc[found["family"] == row.family, "again"].max()
    plans = plans_at(best, {"equal": EQUAL}, made, ["static", "probe-once", "optimal"])
    for at in best.itertuples():
        cost = plans[plans["family"] == at.family].set_index("rule")["ETC"]
        assert 1 - cost["optimal"] / min(cost["static"], cost["probe-once"]) == pytest.approx(at.again, abs=1e-9)


def test_points_are_settled_one_by_one(small_map):
    _, found = small_map
    settled = settled_by_condition(found).set_index("family")
    for family, part in found.groupby("family"):
        counted = [(row.again >= 0.01, row.bound < 0.01) for row in part.itertuples()]
        assert settled.loc[family, "points"] == len(counted) == 6
        assert settled.loc[family, "looking again saves 1 %"] == sum(pays for pays, _ in counted)
        assert settled.loc[family, "ruled out by R21"] == sum(out for _, out in counted)
    assert settled["ruled out, yet found"].eq(0).all()  # R21 is necessary


def test_a_condition_that_is_wrong_once_settles_nothing():
    cells = {"network": "a", "family": "b", "again": [0.0, 0.0, 0.0, 0.5], "bound": [0.0, 0.5, 0.5, 0.5]}
    assert share_settled(settled_by_condition(pd.DataFrame(cells))) == pytest.approx(1 / 3)
    assert share_settled(settled_by_condition(pd.DataFrame(cells | {"bound": [0.0, 0.5, 0.5, 0.0]}))) == 0
    assert np.isnan(share_settled(settled_by_condition(pd.DataFrame(cells | {"again": [0.5] * 4, "bound": [0.5] * 4}))))


def test_a_promise_is_kept_by_the_share_that_is_left():
    cases = {"equal": EQUAL}
    along = along_coherence(cases, np.array([0.3, 3.0]))
    assert (along["seconds"] / along["ratio"]).to_numpy() == pytest.approx(LOCAL_S)
    table = promises(cases, along).set_index("network")
    static, once, optimal = (coinfer.plan(EQUAL, rule=rule).cost for rule in ("static", "probe-once", "optimal"))
    assert table.loc["equal", "promised"] == pytest.approx(1 - optimal / min(static, once), abs=1e-9)
    kept = max(
        bounded(costs(EQUAL.replace(channel=channel.Moving(coherence_time_s=r * LOCAL_S))))["again"] for r in (0.3, 3.0)
    )
    assert table.loc["equal", "kept"] == kept
    assert table.loc["equal", "share"] == pytest.approx(kept / table.loc["equal", "promised"], abs=1e-8)
    none = promises(cases, along.assign(again=0.0)).set_index("network")
    assert none.loc["equal", "share"] == 0
    nothing = promises({"equal": EQUAL.replace(device__memory_bits=0)}, along)
    assert nothing["promised"][0] == 0
    assert np.isnan(nothing["share"][0])


def test_outages_are_drawn_under_both_rules():
    found = regime_map({"equal": EQUAL}, {"on-off": on_off}, np.array([0.3, 1.2, 5.0]), np.array([0.03]))
    saved = saved_over_static(found)
    pairs = saved.pivot(index="time", columns="rule", values="saved")
    assert (pairs["optimal"] >= pairs["probe-once"]).all()  # one look is one of its ways
    assert pairs.loc[1.2, "optimal"] == pytest.approx(100 * (1 - found["optimal"][1] / found["static"][1]), abs=1e-6)
    figure = draw_outages(saved)
    (axis,) = figure.axes
    assert axis.get_ylim()[1] > pairs.max().max()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["optimal", "probe-once"]
    plt.close(figure)
