"""The recurring pictures: every rule looks the same in all of them, minima are ringed, what is beyond an axis has its number."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from coinfer.study import pictures
from coinfer.study.figures import plt, rule_style, use_style

CURVES = pd.DataFrame(
    {
        "network": "a",
        "rule": ["optimal"] * 4 + ["static"] * 4 + ["local-only"],
        "placement": [0, 1, 2, 3, 0, 1, 2, 3, 3],
        "cost": [2.0, 1.0, 1.5, 1.6, 2.0, 2.1, 2.2, 2.3, 9.0],
    }
)


@pytest.fixture(autouse=True)
def _style():
    use_style(draft=True)
    yield
    plt.close("all")


def rings(axis):
    """Where minima are ringed."""
    (found,) = [item for item in axis.collections if isinstance(item, PathCollection)]
    return sorted(map(tuple, np.asarray(found.get_offsets())))


def test_minima_are_ringed_and_what_lies_beyond_has_its_number():
    (axis,) = pictures.cost_against_placement(CURVES).axes
    assert rings(axis) == [(0.0, 2.0), (1.0, 1.0)]
    assert [text.get_text() for text in axis.texts] == ["9"]
    assert 2.3 < axis.get_ylim()[1] < 9
    near = CURVES.assign(cost=CURVES["cost"].where(CURVES["rule"] != "local-only", 2.8))
    (axis,) = pictures.cost_against_placement(near).axes
    assert not axis.texts
    assert 2.8 < axis.get_ylim()[1] < 3.2


def test_a_legend_shows_what_is_drawn():
    (legend,) = pictures.cost_against_placement(CURVES).legends
    shown = {handle.get_label(): (handle.get_linestyle(), handle.get_marker()) for handle in legend.legend_handles}
    assert shown["optimal"] == ("-", "")
    assert shown["local-only"] == ("None", ">")
    assert shown["cheapest"] == ("None", "o")
    swept = pd.DataFrame({"rule": "optimal", "K": [1.0, 10.0], "cost": [2.0, 1.0]})
    figure = pictures.against_sweep(swept, "K", "cost", here=3.0)
    assert [text.get_text() for text in figure.legends[0].texts] == ["optimal", "this scenario"]
    assert list(figure.axes[0].lines[-1].get_xdata()) == [3.0, 3.0]


def test_panels_hold_their_own_networks():
    both = pd.concat([CURVES, CURVES.assign(network="b", cost=CURVES["cost"] * 7)], ignore_index=True)
    figure = pictures.cost_against_placement(both, col="network")
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    assert rings(figure.axes[1]) == [(0.0, 14.0), (1.0, 7.0)]


def test_a_rule_has_its_look_in_every_picture():
    swept = pd.DataFrame({"rule": ["optimal"] * 2 + ["1-sla"] * 2, "x": [1.0, 10.0] * 2, "cost": [1.0, 2.0, 3.0, 4.0]})
    for figure in (pictures.cost_against_placement(CURVES), pictures.against_sweep(swept, "x", "cost")):
        colours = {rule_style(name)["color"] for name in ("optimal", "1-sla", "static")}
        assert {line.get_color() for line in figure.axes[0].lines if len(line.get_xdata()) > 1} <= colours


def test_several_values_of_a_sweep_stand_one_above_the_other():
    swept = pd.DataFrame({"rule": "optimal", "K": [1.0, 10.0], "placement": [0, 1], "cost": [2.0, 1.0]})
    figure = pictures.against_sweep(swept, "K", ["placement", "cost"])
    assert [axis.get_ylabel() for axis in figure.axes] == ["placement", "cost"]
    assert all(axis.get_xscale() == "log" and axis.get_yscale() == "linear" for axis in figure.axes)
    both = pd.concat([swept.assign(case="a"), swept.assign(case="b")])
    figure = pictures.against_sweep(both, "K", ["placement", "cost"], col="case")
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "", ""]


def test_no_marker_hides_another_and_none_is_cut_off():
    table = pd.DataFrame(
        {"network": ["a"] * 4, "rule": ["optimal", "static", "1-sla", "local-only"], "cost": [1.0, 1.0, 1.0, 50.0]}
    )
    (axis,) = pictures.against_the_best(table, "network").axes
    marks = [line for line in axis.lines if line.get_marker() not in ("", "None")]
    assert len({float(line.get_ydata()[0]) for line in marks}) == 3
    assert [float(line.get_xdata()[0]) for line in marks] == [1.0, 1.0, 12.0]
    assert [text.get_text() for text in axis.texts] == ["50"]


def test_a_map_has_the_contours_that_it_is_asked_for():
    x, y = np.meshgrid(np.geomspace(1, 100, 9), np.geomspace(1, 10, 7))
    table = pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "z": (x * y).ravel()})
    image = pictures.map_with_contours(table, "x", "y", "z", [30.0, 300.0])
    assert image.get_array().size == table.shape[0]
    assert {text.get_text() for text in plt.gca().texts} == {"30", "300"}
    _, axis = plt.subplots()
    pictures.map_with_contours(table, "x", "y", "z", [30.0], axis=axis, numbered=False)
    assert not axis.texts


def test_a_heatmap_shows_its_words():
    cells = pd.DataFrame([[0.1, 0.2]], index=["s"], columns=["a", "b"])
    figure = pictures.heatmap(cells, cells.map("{:.0%}".format), label="saving [-]")
    assert [text.get_text() for text in figure.axes[0].texts] == ["10%", "20%"]
