"""The claims in numbers: what look-ahead loses, what an infinite mean looks like."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.stopping import backward_induction, evaluate, one_stage_thresholds
from coinfer.study.illustrations import divergence, gaps, growth, largest_error


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    given = coinfer.load_scenario("abstract-model")
    return gaps({name: coinfer.costs(given.replace(dnn=name)) for name in ("alexnet", "zfnet512")})


def test_a_loss_is_the_difference_of_two_policies(table: pd.DataFrame) -> None:
    costs = coinfer.costs(coinfer.load_scenario("abstract-model"))
    for row in table[table["network"] == "alexnet"].itertuples():
        one = evaluate(costs, one_stage_thresholds(costs)[: row.placement])
        best = evaluate(costs, backward_induction(costs, row.placement)[1])
        assert row.loss == pytest.approx(one - best, abs=1e-12)
        assert pytest.approx(coinfer.plan(costs, placement=row.placement).cost) == row.ETC


def test_formula_and_bounds_hold_and_a_wrong_one_is_noticed(table: pd.DataFrame) -> None:
    assert 0 <= largest_error(table) < 1e-9
    assert largest_error(table.assign(**{"by R15": 1.001 * table["by R15"]})) > 1e-5
    assert largest_error(table.assign(**{"bound (N5)": 0.2 * table["bound (N5)"]})) > 1e-3
    assert largest_error(table.assign(**{"bound (R16c)": 0.0})) > 1e-3


def test_growth_compares_the_last_average_with_that_of_a_thousand() -> None:
    averages = pd.DataFrame({"samples": [10, 1000, 5000], "run 1": [1.0, 2.0, 5.0], "run 2": [9.0, 4.0, 4.0]})
    assert growth(averages).tolist() == [2.5, 1.0]
    drawn = divergence(coinfer.load_scenario("abstract-model"), 20_000, seed=0, runs=2, points=20)
    assert np.all(drawn["cut at 1/n"] >= drawn["at least (R12a)"])
    assert len(growth(drawn)) == 2
