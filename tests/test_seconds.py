"""Fronts, tails and deadlines: rows recomputed by hand, and what must hold of any front, whatever the channel."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import coinfer
from coinfer.study import deadlines, seconds, seconds_drawn

LINK = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
GIVEN = coinfer.load_scenario("abstract-model", channel=LINK).replace(device__memory_bits=None)
CASES = {(name, "on-off"): GIVEN.replace(dnn=name) for name in ("alexnet", "squeezenet")}


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return seconds.fronts(CASES)


@pytest.fixture(scope="module")
def joules() -> pd.DataFrame:
    return deadlines.joules_by_deadline(CASES, 6)


@pytest.fixture(scope="module")
def tails() -> pd.DataFrame:
    plans = {(*case, rule): coinfer.plan(given, rule=rule) for case, given in CASES.items() for rule in seconds.FEW}
    runs = {key: coinfer.simulate(made.problem, made, inferences=20_000, rng=1) for key, made in plans.items()}
    return seconds.how_late(plans, runs, {})


def test_seconds_and_joules_weighted_are_the_cost():
    table = seconds.plans_apart(CASES, ("optimal", "edge-only", "local-only"))
    assert table["weighted sum"].to_numpy() == pytest.approx(table["ETC"].to_numpy(), rel=1e-12)
    (local,) = table[(table["network"] == "alexnet") & (table["rule"] == "local-only")].to_dict("records")
    case = CASES["alexnet", "on-off"]
    assert local["time [s]"] == pytest.approx(sum(case.dnn.macs) / case.device.macs_per_s)


def test_a_vertex_is_no_worse_than_any_other_at_its_weights(points: pd.DataFrame):
    for _, part in points.groupby(["network", "link"]):
        best = part[part["rule"] == "optimal"]
        for vertex in best.itertuples():
            spent = vertex.time_weight * part["time_s"] + part["energy_j"]
            assert abs(vertex.ETC / spent.min() - 1) < 1e-9  # of the plans of all rules at all weights
        assert best["time_s"].is_monotonic_increasing


def test_what_looking_again_saves_is_never_less_than_nothing(points: pd.DataFrame):
    saved = seconds.saved_by_weights(points)
    assert (saved >= 0).all()
    at = points[points["network"] == "squeezenet"].iloc[:4].set_index("rule")["ETC"]
    first = saved.xs(("squeezenet", "on-off")).iloc[0]
    assert first == pytest.approx(max(0.0, 1 - at["optimal"] / min(at["probe-once"], at["static"])), abs=1e-9)
    ends = seconds.ends_of(points).set_index("network")
    assert ends.loc["squeezenet", "saves at most"] == saved.xs("squeezenet").max()
    assert ends["vertices"].tolist() == points[points["rule"] == "optimal"].groupby("network").size().tolist()


def test_fewer_joules_are_needed_the_later_the_deadline(joules: pd.DataFrame):
    for (name, link), part in joules.groupby(["network", "link"]):
        for column in ("again", "once", "bound", "once_bound"):
            assert (part[column].diff().dropna() <= 1e-9).all(), column
        assert (part["bound"] <= part["again"] + 1e-9).all()
        assert (part["again"] <= part["once"] + 1e-9).all()
        weights = coinfer.Weights(time_per_s=1e-9, energy_per_j=1.0)
        least = coinfer.plan(CASES[name, link].replace(weights=weights))
        assert part["again"].iloc[-1] == pytest.approx(least.energy_j + least.download_j, rel=1e-6)
        local = coinfer.plan(CASES[name, link], rule="local-only")
        assert part["once"].iloc[0] <= local.energy_j + local.download_j + 1e-8  # a second weighs 1e-9


def test_a_front_has_both_kinds_of_time_and_only_what_can_be_kept(points: pd.DataFrame, joules: pd.DataFrame):
    never = joules.assign(once=np.inf)
    lines = seconds.time_energy_fronts(points, never)
    assert set(lines["time"]) == {seconds.EXPECTED, seconds.IN_TIME}
    assert set(lines.loc[lines["time"] == seconds.IN_TIME, "who"]) == {seconds.AGAIN}
    assert np.isfinite(lines["energy_j"]).all()
    for network, part in points.groupby("network"):
        drawn = lines[(lines["network"] == network) & (lines["time"] == seconds.EXPECTED)]
        again, once = (drawn[drawn["who"] == who] for who in (seconds.AGAIN, seconds.ONCE))
        for weight in part["time_weight"].unique():
            costs = [(weight * each["time_s"] + each["energy_j"]).min() for each in (again, once)]
            assert costs[0] <= costs[1] + 1e-9


def test_exact_tails_are_those_simulated_and_a_local_inference_is_never_late(tails: pd.DataFrame):
    assert tails["distance"].max() < 0.02
    assert tails["95 % [s]"].to_numpy() == pytest.approx(tails["95 %"].to_numpy(), rel=0.05)
    local = tails[tails["rule"] == "local-only"]
    assert local["50 % [s]"].to_numpy() == pytest.approx(local["99 % [s]"].to_numpy(), rel=1e-6)
    assert tails["replayed 95 %"].isna().all()
    late = seconds.least_late(tails)
    for row in late.to_dict("records"):
        part = tails[tails["network"] == row["network"]].set_index("rule")["95 % [s]"]
        assert part[row["earliest"]] == part.min()
        assert row["first"] == (part["optimal"] <= 1.001 * part.min())


def test_deadlines_bound_what_is_surely_saved():
    usual = deadlines.usual_plans(CASES)
    table = deadlines.by_deadline(CASES, usual, 4)
    assert len(table) == len(CASES) * 5  # one before a local inference
    assert (table["surely saved"].dropna() <= table["saved"].dropna() + 1e-9).all()
    met = table[np.isfinite(table["cost"])]
    assert (met["cost"] <= met["tried"] * (1 + 1e-9)).all()
    last = met.groupby("network", sort=False).last()
    for name in last.index:
        assert last.loc[name, "cost"] == pytest.approx(coinfer.plan(CASES[name, "on-off"]).cost)


def test_the_figures_have_a_panel_a_case_and_draw_every_point(
    points: pd.DataFrame, joules: pd.DataFrame, tails: pd.DataFrame
):
    lines = seconds.time_energy_fronts(points, joules)
    figure = seconds_drawn.draw_fronts(lines)
    assert [axis.get_title() for axis in figure.axes] == ["alexnet, on-off", "squeezenet, on-off"]
    assert sum(len(line.get_xdata()) for axis in figure.axes for line in axis.lines) == len(lines)
    plt.close(figure)
    late = seconds_drawn.draw_tails(tails)
    marked = [line.get_xdata()[0] for axis in late.axes for line in axis.lines if line.get_markersize() == 5]
    assert sorted(marked) == sorted(tails["95 % [s]"])
    plt.close(late)
    usual = deadlines.usual_plans(CASES)
    met = deadlines.by_deadline(CASES, usual, 4).query("cost < inf")
    free = pd.Series({case: coinfer.plan(given).cost for case, given in CASES.items()})
    drawn = seconds_drawn.draw_deadlines(met, free)
    surely = met.groupby("network", sort=False)["surely saved"].max()
    titles = [f"{name}, on-off: surely saves {surely[name]:.1%}" for name in ("alexnet", "squeezenet")]
    assert [axis.get_title() for axis in drawn.axes] == titles
    plt.close(drawn)
