"""Where all this does not help: each sentence counts what the saved tables say, and turns with them."""

from pathlib import Path

import pandas as pd
import pytest

import coinfer
from coinfer.study import where_not

FIGURES = Path(__file__).parents[1] / "figures"


def saved(name: str) -> pd.DataFrame:
    return pd.read_csv(FIGURES / f"{name}.csv")


@pytest.fixture
def savings() -> pd.DataFrame:
    table = saved("78-real-savings")
    return table[~table["scenario"].str.startswith("declared")]


def test_fixed_splits_are_counted_in_scenarios_and_pairs(savings: pd.DataFrame) -> None:
    verdicts = saved("78-real-verdicts")
    said = where_not.fixed_split(verdicts, saved("78-real-savings"))
    alike = sum(row.optimal >= 0.99 * row.static for row in verdicts.itertuples())
    assert f"In {alike} of {len(verdicts)} scenarios" in said
    assert f"in {sum(value < 0.01 for value in savings['over static'])} of {len(savings)} pairs" in said


def test_scenarios_whose_link_has_one_rate_are_told() -> None:
    verdicts = saved("78-real-verdicts")
    fixed = [row.scenario for row in verdicts.itertuples() if row.optimal >= 0.99 * row.static]
    still = [name for name in fixed if len(coinfer.load_scenario(name).channel.rates_bps) == 1]
    said = where_not.fixed_split(verdicts, saved("78-real-savings"))
    assert f"{len(still)} of {len(fixed)} have a link of one rate" in said
    assert f"({', '.join(still)})" in said
    moving = where_not.fixed_split(verdicts[~verdicts["scenario"].isin(still)], saved("78-real-savings"))
    assert "none of" in moving.split("Of the former")[1]


def test_where_a_fixed_split_is_as_good_everywhere_it_says_so() -> None:
    verdicts = saved("78-real-verdicts").assign(optimal=1.0, static=1.0)
    said = where_not.fixed_split(verdicts, saved("78-real-savings").assign(**{"over static": 0.0}))
    assert said.startswith(f"In all {len(verdicts)} scenarios")


def test_looking_again_is_counted_on_links_that_exist(savings: pd.DataFrame) -> None:
    said = where_not.looking_again(saved("78-real-savings"), saved("71-one-clock-regimes"))
    many = sum(value >= 0.05 for value in savings["joint"])
    assert f"in {where_not.of(many, len(savings), 'pairs')}" in said
    assert f"at most {where_not.percent(savings['joint'].max())}" in said
    paying = where_not.looking_again(saved("78-real-savings").assign(joint=0.3), saved("71-one-clock-regimes"))
    assert f"in all {len(savings)} pairs, and at most 30%" in paying


def test_splits_inside_are_counted(savings: pd.DataFrame) -> None:
    inside = savings[savings["inside"] >= 0.01]
    said = where_not.splitting_inside(saved("78-real-savings"))
    assert f"{len(inside)} of {len(savings)} pairs" in said
    for network in set(inside["network"]):  # each has a most of its own
        most = max(row.inside for row in inside.itertuples() if row.network == network)
        assert f"{network}: by {most:.0%} at most" in said
    assert "none of" in where_not.splitting_inside(saved("78-real-savings").assign(inside=0.0))


def test_broken_promises_are_those_of_the_table() -> None:
    table = saved("50-joint-one-clock")
    by = {(row.network, row.tau_s, row.rule): row.cost for row in table.itertuples()}
    cases = sorted({key[:2] for key in by if (*key[:2], "memoryless") in by})
    above = [by[*case, "memoryless"] / by[*case, "static"] - 1 for case in cases]
    said = where_not.promises(table)
    assert f"{sum(each > 0.01 for each in above)} of {len(cases)} cases" in said
    assert f"{max(above):.0%} at most" in said
    assert "none of" in where_not.promises(table.assign(cost=1.0))


def test_what_is_paid_in_kind_is_counted(savings: pd.DataFrame) -> None:
    paying = savings[savings["once"] >= 0.05]
    said = where_not.paid_in_kind(saved("78-real-savings"))
    assert f"in {len(paying)} pairs" in said
    assert f"more seconds in {sum(paying['once, time [s]'] < 0)}," in said
    assert f"more joules in {sum(paying['once, energy [J]'] < 0)}:" in said
    late = paying[paying["fixed at once"] > 1]
    dear = paying["once, energy [J]"] < 0
    assert f"in {where_not.of(sum(late['once, energy [J]'] < 0), sum(dear), 'pairs')} with more joules" in said
    assert f"and in {where_not.of(sum(late['once, energy [J]'] >= 0), sum(~dear), 'others')}." in said
    assert "pays nowhere" in where_not.paid_in_kind(saved("78-real-savings").assign(once=0.0))


def test_deadlines_are_counted() -> None:
    table = saved("75-seconds-deadlines")
    met = table["surely saved"].dropna()
    assert f"in {where_not.of(sum(met >= 0.05), len(met), 'cases')}" in where_not.deadlines(table)


def test_the_closed_form_is_judged_on_one_network() -> None:
    losses = saved("78-real-mlp-losses")
    said = where_not.closed_form(losses)
    assert "the input alone may have another size" in said
    assert "one MLP that is not quite so, MLPerf Tiny's autoencoder" in said
    least, most = losses["M* is exact"].min(), losses["M* is exact"].max()
    assert f"{least:.0%} to {most:.0%} of the rates and numbers of inferences per update" in said


def test_the_list_at_the_end_counts_scenarios_and_points() -> None:
    verdicts, regimes, outages = saved("78-real-verdicts"), saved("71-one-clock-regimes"), saved("71-one-clock-outages")
    said = where_not.checklist(verdicts, regimes, outages)
    soon = [row.once >= 0.05 for row in regimes.itertuples() if row.time < 0.1]
    slow = [row.once >= 0.05 for row in regimes.itertuples() if row.sending > 3]
    assert f"saves 5 % at {where_not.of(sum(soon), len(soon), 'points')}" in said
    assert f"then at {where_not.of(sum(slow), len(slow), 'points')}" in said
    lasting = [row.time for row in outages.itertuples() if row.again >= 0.05]
    assert f"from {min(lasting):.2g} to {max(lasting):.2g} local inferences" in said
    turned = where_not.checklist(
        verdicts.assign(optimal=0.5, static=1.0), regimes.assign(once=0.2), outages.assign(again=0)
    )
    assert "none of 9 scenarios" in turned
    assert f"all {len(soon)} points" in turned
    assert "measured that it pays" in turned


def test_the_other_end_is_cheaper_where_enumeration_says_so() -> None:
    case = coinfer.load_scenario("vehicle-lte")
    share = 0.0
    at_home = coinfer.plan(case, rule="local-only")
    sending = coinfer.plan(case, rule="edge-only").problem
    law = sending.law
    for state, often in enumerate(law.chain.initial):
        by_radio = sending.edge + law.sent(sending.bits[:1])[state, 0]
        alone = at_home.cost - at_home.problem.download.sum()
        share += often * (by_radio < alone)
    assert where_not.other_end(case) == pytest.approx(share)  # on average it computes: outages are long
    assert share > 0.5


@pytest.mark.parametrize("scenario", ["wearable", "satellite-site"])
def test_on_a_link_of_one_rate_one_end_is_always_the_cheaper(scenario: str) -> None:
    assert where_not.other_end(coinfer.load_scenario(scenario)) == 0


def test_a_wrong_idea_is_told_by_its_worst_and_what_looking_less_would_do() -> None:
    table = saved("73-not-knowing-factors")
    wrong = table[table["factor"].isin([0.2, 5.0])]
    said = where_not.not_knowing(table)
    assert f"up to {where_not.percent(wrong['again, most'].max())} more" in said
    assert f"in {where_not.percent(wrong['pays'].min())} to {where_not.percent(wrong['pays'].max())} of cases" in said
