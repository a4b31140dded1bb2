"""Figures of what the law of the fading changes."""

from typing import Any

import pandas as pd
import seaborn as sns

from coinfer.study.figures import PAGE_IN, plt
from coinfer.study.pictures import heatmap, looks


def draw_divergence(means: pd.DataFrame, costs: pd.DataFrame) -> Any:
    r"""Left: sample means that never settle, over $\lambda$. Right: what each rule costs by the outage gain at which fading is cut.

    `means`: columns "sample size", "expected" and "run 0", ...; `costs`: those of `by_outage_gain`.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    runs = means.drop(columns="expected").melt("sample size", var_name="run", value_name="mean")
    look = {"color": "#777777", "linewidth": 0.6, "ax": axes[0]}
    sns.lineplot(runs, x="sample size", y="mean", units="run", estimator=None, **look)
    axes[0].lines[0].set_label(f"mean of a sample, {runs['run'].nunique()} times")
    expected = "expected without gains below $1/n$"
    sns.lineplot(means, x="sample size", y="expected", color="black", linestyle="--", ax=axes[0], label=expected)
    axes[0].set(xscale="log", yscale="log", xlabel="sample size $n$ [-]", ylabel=r"mean unit cost / $\lambda$ [-]")
    look = looks(costs["rule"].unique())
    style = {"palette": look["palette"], "dashes": look["dashes"]}
    sns.lineplot(costs, x="outage gain", y="cost", hue="rule", style="rule", ax=axes[1], **style)
    axes[1].set(xscale="log", yscale="log", xlabel="outage gain $g_0$ of Rayleigh fading [-]")
    axes[1].set_ylabel("ETC of an inference [-]")
    axes[0].set_title("sample means never settle")
    axes[1].set_title("what the rules make of it")
    for line, rule in zip(axes[1].lines, look["palette"], strict=False):
        if rule == "static":  # it is the better of edge-only and local-only, and is seen under them
            line.set(linewidth=2.4, zorder=1)
    low, high = costs["cost"].min(), costs["cost"].max()
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if 0.8 * low <= tick <= 1.2 * high]
    axes[1].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    for axis in axes:
        axis.minorticks_off()
        axis.legend(title=None)
    return figure


def draw_savings(cells: pd.DataFrame) -> Any:
    """Savings [%], a row a channel and a column a network; a line parts channels drawn afresh from those in motion."""
    figure = heatmap(cells, cells.map(percent), label="saving over static and probe-once [%]", vmin=0)
    axis = figure.axes[0]
    afresh = sum(not str(name).endswith("in motion") for name in cells.index)
    axis.axhline(afresh, color="black", linewidth=1.2)
    axis.tick_params(axis="x", rotation=30)
    for text in axis.get_xticklabels():
        text.set(ha="left", rotation_mode="anchor")
    return figure


def percent(value: float) -> str:
    """A percentage in a cell.

    >>> [percent(value) for value in (0.0, 0.04, 0.3, 9.6)]
    ['0', '<0.1', '0.3', '10']
    """
    if 0 < value < 0.05:
        return "<0.1"
    return f"{value:.1f}" if 0 < value < 0.95 else f"{value:.0f}"
