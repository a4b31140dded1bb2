"""The explorer's picture, drawn in a fraction of what the study's figures take, and its page as HTML for readers of all kinds."""

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
import pandas as pd

from coinfer.study.explorer import Explored
from coinfer.study.explorer_tables import placements_table, rules_table, stages_table
from coinfer.study.figures import rule_style
from coinfer.study.real_tails import stop_probabilities
from coinfer.validation import needs

with needs("study"):
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

UNDER = ("edge-only", "local-only")  # a point each: they use one placement alone
TICKS = 6  # parts of an axis, at most: ticks take a good part of the time to draw
DIGITS = {"ETC": "{:.4g}", "in time [%]": "{:.1f}", "reached [%]": "{:.1f}", "stops [%]": "{:.1f}"}


def picture(explored: Explored) -> Figure:
    """J(M) under every rule, minima ringed, and where inferences stop under three of them."""
    figure = Figure(figsize=(7.4, 2.8))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(0.1, 0.16, 0.99, 0.9, 0.2)  # constrained layout would take longer than all the rest
    table = placements_table(explored)
    for rule, part in table[np.isfinite(table["cost"])].groupby("rule", sort=False):
        least = part.loc[[part["cost"].idxmin()]]
        alone = {"linestyle": ""} if rule in UNDER else {}
        shown = least if alone else part
        left.plot(
            shown["placement"],
            shown["cost"],
            markersize=6 if alone else 3,
            linewidth=1.1,
            **rule_style(str(rule), **alone),
        )
        left.plot(least["placement"], least["cost"], "o", markersize=7, markerfacecolor="none", markeredgecolor="black")
    left.set(xlabel="placement M [layers]", ylabel="ETC of an inference [-]")
    left.set_ylim(0, 1.05 * left.get_ylim()[1])
    wide = 180 / (explored.scenario.dnn.layers + 2)  # [pt], of the panel's width
    for shift, rule in zip((-0.27, 0.0, 0.27), ("static", "probe-once", "optimal"), strict=True):
        stops = stop_probabilities(explored.plans[rule])
        places = np.arange(len(stops)) + shift
        right.vlines(places, 0, 100 * stops, rule_style(rule)["color"], linewidth=0.27 * wide)
    right.set(xlabel="stops after [layers]", ylabel="of inferences [%]", ylim=(0, 100))
    right.set_xlim(-0.7, explored.scenario.dnn.layers + 0.7)
    for axis in (left, right):
        axis.xaxis.set_major_locator(MaxNLocator(TICKS, integer=True))
        axis.yaxis.set_major_locator(MaxNLocator(TICKS))
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    figure.legend(loc="upper center", fontsize=7.5, frameon=False, ncols=len(explored.plans))
    return figure


def described(explored: Explored) -> str:
    """The picture in words, for those who do not see it."""
    best = "; ".join(f"{rule} at {made.placement} layers, {made.cost:.4g}" for rule, made in explored.plans.items())
    return (
        f"ETC of an inference against the placement under every rule. Cheapest: {best}. "
        "Beside it, after how many layers inferences stop; the table below has the numbers for the optimal rule."
    )


def html(explored: Explored) -> str:
    """What the advice rests on, as a piece of a page: the rules, the picture, the thresholds."""
    buffer = BytesIO()
    with rc_context({"svg.hashsalt": "coinfer"}):  # the same picture has the same bytes
        picture(explored).savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    image = b64encode(buffer.getvalue()).decode()
    placement, layers = explored.plans["optimal"].placement, explored.scenario.dnn.layers
    in_time = "" if explored.deadline_s is None else f"; in time is within {1e3 * explored.deadline_s:.4g} ms"
    return "".join(
        [
            _table(
                rules_table(explored), f"What an inference costs under every rule, each at its best placement{in_time}"
            ),
            f'<img alt="{escape(described(explored))}" src="data:image/svg+xml;base64,{image}">',
            _table(stages_table(explored), f"When to stop, by the optimal rule: {placement} of {layers} layers placed"),
        ]
    )


def _table(table: pd.DataFrame, caption: str) -> str:
    """A table whose first column and first row are headers; it can be scrolled by keyboard where it is too wide."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = [
        f'<tr><th scope="row">{escape(str(first))}</th>'
        + "".join(f"<td>{_cell(name, value)}</td>" for name, value in zip(table.columns[1:], rest, strict=True))
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    ]
    return (
        f'<div class="coinfer-table" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(name: str, value: object) -> str:
    if isinstance(value, str):
        return escape(value)
    return escape(DIGITS.get(name, "{:.4g}").format(value))
