"""The claims in numbers: what look-ahead loses, and its bounds."""

import pandas as pd
import pytest

import coinfer
from coinfer.stopping import backward_induction, evaluate, one_stage_thresholds
from coinfer.study.illustrations import gaps, largest_error


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
