"""What fixed splits cost: shares that add up to the cost of the plan, stages that shrink, and the split that a rate decides."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.network import DNN
from coinfer.study.cost_model import best_by_rate, cheapest, outputs, shrinking, spent, turns
from coinfer.study.cost_model_drawn import CUT, draw_best_by_rate, draw_spent
from coinfer.study.figures import plt, use_style

SCENARIOS = ("abstract-model", "city-camera", "phone-mmwave")


def cases(scenario: str, *names: str) -> dict[str, coinfer.Scenario]:
    given = coinfer.load_scenario(scenario).replace(device__memory_bits=None)
    return {name: given.replace(dnn=name) for name in names}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_shares_add_up_to_the_cost_of_a_fixed_split(scenario: str) -> None:
    given = cases(scenario, "squeezenet")
    table = spent(given)
    best = cheapest(table).loc["squeezenet"]
    plan = coinfer.plan(given["squeezenet"], rule="static")
    assert best["total"] == pytest.approx(plan.cost)
    assert best["split point"] == plan.placement
    assert best["inner"] == (0 < plan.placement < 18)


def test_a_stage_that_sends_less_than_all_before() -> None:
    net = DNN(
        name="zigzag",
        layer_names=list("abcde"),
        macs=[1, 1, 1, 1, 1],
        parameter_bits=[1] * 5,
        output_bits=[8, 10, 6, 7, 3, 0],
    )
    table = outputs([net])
    assert table.loc[table["least so far"], "stage"].tolist() == [2, 4]  # not the result, stage 5
    row = shrinking(table).iloc[0]
    assert (row["first"], row["such stages"], row["least output"], row["deepest larger"]) == (2, 2, 3 / 8, 1)
    growing = DNN(name="growing", layer_names=["a", "b"], macs=[1, 1], parameter_bits=[1, 1], output_bits=[8, 9, 1])
    assert shrinking(outputs([growing])).loc[0, "such stages"] == 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_faster_link_takes_what_sends_more(scenario: str) -> None:
    table = best_by_rate(cases(scenario, "alexnet", "squeezenet"), np.geomspace(1e-3, 1e3, 25))
    for name, part in table.groupby("network"):
        bits = np.asarray(coinfer.load_dnn(str(name)).output_bits)[part["split point"]]
        assert (np.diff(bits) >= 0).all()


def test_the_rate_is_that_of_the_link() -> None:
    """At a mean SNR that stays, a bandwidth ten times as large makes every bit ten times cheaper."""
    given = cases("abstract-model", "squeezenet")["squeezenet"]
    given = given.replace(link__mean_snr_db=3.0, link__distance_m=None)
    for factor in (0.1, 1.0, 2.5, 10.0):
        wider = given.replace(link__bandwidth_hz=factor * given.link.bandwidth_hz)
        found = best_by_rate({"squeezenet": given}, [factor])["split point"].iloc[0]
        assert found == coinfer.plan(wider, rule="static").placement


def test_turns_counts_splits_and_inner_ones() -> None:
    table = pd.DataFrame(
        {"network": ["a"] * 4 + ["b"] * 2, "split point": [5, 3, 3, 0, 0, 0], "layers": [5] * 4 + [2] * 2}
    )
    assert turns(table).to_numpy().tolist() == [["a", 3, 1], ["b", 1, 0]]


def test_pictures_mark_the_cheapest_split_and_say_what_they_cut() -> None:
    use_style(draft=True)
    table = spent(cases("abstract-model", "alexnet", "vgg19"))
    figure = draw_spent(table)
    titles = [axis.get_title() for axis in figure.axes[:2]]
    assert titles == ["alexnet", f"vgg19 (\u2191 up to {table.loc[table['network'] == 'vgg19', 'total'].max():.3g})"]
    for axis, (_, best) in zip(figure.axes, cheapest(table).iterrows(), strict=False):
        (marker,) = axis.lines
        assert marker.get_xydata().tolist() == [[best["split point"], best["total"]]]
        assert axis.get_ylim()[1] <= CUT * best["total"] * (1 + 1e-9)
    rates = best_by_rate(cases("abstract-model", "alexnet"), [0.01, 1, 100])
    axis = draw_best_by_rate(rates).axes[0]
    assert [text.get_text() for text in axis.texts] == ["8", "0", "0"]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0.01", "1", "100"]
    plt.close("all")
