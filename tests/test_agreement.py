"""Simulation against analysis: right numbers pass the tests, wrong ones do not."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.study import agreement
from coinfer.study.agreement_drawn import draw_shares_below
from coinfer.study.figures import plt, use_style


@pytest.fixture(scope="module")
def cases() -> list[coinfer.Scenario]:
    given = coinfer.load_scenario("abstract-model")
    networks = [coinfer.load_dnn("alexnet"), coinfer.mlp(4, 256)]
    return agreement.around(given, networks, agreement.channels(0), 9, np.random.default_rng(0))


@pytest.fixture(scope="module")
def table(cases: list[coinfer.Scenario]) -> pd.DataFrame:
    placed = agreement.placements(cases, np.random.default_rng(1))
    rules = ["optimal", "probe-once", "static", "local-only"]
    return agreement.results(cases, list(agreement.channels(0)), rules, placed, 2000, seed=0)


@pytest.fixture(scope="module")
def in_hindsight(cases: list[coinfer.Scenario]) -> pd.DataFrame:
    return agreement.hindsight(cases, 2000, seed=0)


def test_scenarios_lie_around_the_given_one(cases: list[coinfer.Scenario]) -> None:
    given = coinfer.load_scenario("abstract-model")
    for i, case in enumerate(cases):
        assert 0.1 <= case.link.mean_snr / given.link.mean_snr <= 10
        assert 0.1 <= case.device.macs_per_s / given.device.macs_per_s <= 10
        assert case.channel == list(agreement.channels(0).values())[i]
    assert len({case.link.bandwidth_hz for case in cases}) == len(cases)


def test_a_row_is_a_plan_and_its_simulation(cases: list[coinfer.Scenario], table: pd.DataFrame) -> None:
    row = table.iloc[1]  # probe-once in the first scenario
    assert (row["scenario"], row["rule"], row["channel"]) == (0, "probe-once", "Rayleigh")
    plan = coinfer.plan(cases[0], rule="probe-once", placement=row["placement"])
    stream = np.random.SeedSequence(0).spawn(len(table))[1]
    found = coinfer.simulate(cases[0], plan, inferences=2000, rng=stream)
    assert (row["computed"], row["simulated"]) == (plan.cost, found.mean)
    assert row["z"] == pytest.approx((found.mean - plan.cost) / found.standard_error)
    assert table.loc[table["rule"] == "local-only", "z"].isna().all()  # nothing is sent


def test_right_costs_pass_and_wrong_ones_do_not(table: pd.DataFrame, in_hindsight: pd.DataFrame) -> None:
    right = agreement.p_values(table, in_hindsight)
    assert right.drop(agreement.WRONG).min() > 1e-4
    dearer = table.assign(z=table["z"] + 5)
    wrong = agreement.p_values(dearer, in_hindsight.assign(z=in_hindsight["z"] - 4))
    assert wrong[["mean of z", "sum of z squared", agreement.COSTS, agreement.HINDSIGHT]].max() < 1e-4
    assert wrong[agreement.STAGES] == right[agreement.STAGES]


def test_stages_that_are_stopped_at_too_often_are_found(cases: list[coinfer.Scenario]) -> None:
    case = cases[0]
    plan = coinfer.plan(case, placement=8)
    other = coinfer.plan(case.replace(link__bandwidth_hz=3 * case.link.bandwidth_hz), placement=8)
    p = agreement.p_of_stages(plan, coinfer.simulate(case, plan, inferences=20_000, rng=1))
    q = agreement.p_of_stages(plan, coinfer.simulate(case, other, inferences=20_000, rng=1))
    assert q < 1e-6 < 1e-3 < p


def test_hindsight_costs_no_more_than_any_plan(cases: list[coinfer.Scenario], in_hindsight: pd.DataFrame) -> None:
    drawn = [case for case in cases if case.channel.kind not in ("moving", "on-off")][::2]
    assert len(drawn) == len(in_hindsight)
    for case, bound in zip(drawn, in_hindsight["computed"], strict=True):
        assert bound <= coinfer.plan(case).cost * (1 + 1e-12)


def test_the_furthest_is_simulated_again(cases: list[coinfer.Scenario], table: pd.DataFrame) -> None:
    again = agreement.again(cases, table, 4000, seed=0)
    assert abs(again["z"]) == table["z"].abs().max()
    assert abs(again["z again"]) < 4
    shifted = table.assign(z=table["z"].where(table.index != 0, 99.0))
    assert agreement.again(cases, shifted, 100, seed=0)["scenario"] == 0


def test_groups_hold_every_deviation_three_times(table: pd.DataFrame) -> None:
    found = agreement.groups(table)
    assert found["size"].sum() == 3 * table["z"].count()
    total = (found["size"] * found["mean"]).groupby(found["by"]).sum()
    assert np.allclose(total, table["z"].sum())


def test_the_picture_has_a_panel_a_check(table: pd.DataFrame, in_hindsight: pd.DataFrame) -> None:
    use_style(draft=True)
    shown = agreement.shares_below(agreement.uniforms(table, in_hindsight))
    figure = draw_shares_below(shown)
    assert [axis.get_title().split(" (")[0] for axis in figure.axes] == ["costs", "stop stages", "clairvoyant's bound"]
    assert [len(axis.lines) for axis in figure.axes] == [3, 2, 2]  # the first shows wrong costs, too
    plt.close("all")
