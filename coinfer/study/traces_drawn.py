"""Figures of traces and chains: what a chain keeps of a trace, and on how many of them each way to split is best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from coinfer.study.figures import PAGE_IN, RULES, plt, rule_style
from coinfer.study.traces import LAGS_S, LEVELS
from coinfer.study.traces_replayed import LEVEL, WAYS

LETTERS = {"fixed split": "F", "one look": "1", "look again": "A"}
PALE = 0.5  # how far towards white a way's colour is moved, to be read on
FILLED, OTHER_HALF = "chain fitted to the trace; ETC on that half", "ETC on the other half"
PUBLISHED = "chain of the catalogue, over what was published"  # where a chain of it is drawn
TALL = 30  # rows of the table of letters from which on they are not named
PANELS = {  # of what a chain keeps: the axis, and the figures by their labels
    "rate [Mbit/s]": {level: f"{level} [Mbit/s]" for level in LEVELS},
    "correlation of the rate [-]": {f"after {lag_s:g} s": f"correlation after {lag_s:g} s" for lag_s in LAGS_S},
    "outages [s]": {"mean": "outage [s]", "rest of one": "wait [s]", "time between": "up [s]"},
}


def draw_kept(kept: pd.DataFrame, replayed: pd.DataFrame) -> Any:
    """A chain's figures over those of its trace, a point each: rates, correlations, outages, and what plans cost there.

    `kept` as `traces.kept` returns it. Filled: a chain fitted to the trace; open: one of the catalogue, over what was published of
    its trace. Of what plans cost, as a ratio, filled: on the half that the chain was fitted to; open: on the other. What is kept
    lies on the diagonal, or at 1; what is 0 or not known is left out where axes are logarithmic.
    """
    figure, axes = plt.subplots(1, 4, figsize=(PAGE_IN, 0.3 * PAGE_IN))
    by = kept.set_index(["pair", "link", "of"])
    colours, markers = sns.color_palette("colorblind"), "osD"
    for axis, (title, figures) in zip(axes, PANELS.items(), strict=False):
        logarithmic = not title.startswith("correlation")
        for number, (label, column) in enumerate(figures.items()):
            look = {
                "color": colours[number],
                "marker": markers[number],
                "linestyle": "",
                "markersize": 4,
                "label": label,
            }
            for pair, part in by[column].unstack("of").reindex(columns=["trace", "chain"]).dropna().groupby("pair"):
                shown = part[(part > 0).all(axis=1)] if logarithmic else part
                if len(shown):
                    face = {"markerfacecolor": "none"} if pair == "published" else {}
                    axis.plot(shown["trace"], shown["chain"], **look, **face)
                    look["label"] = "_"  # one entry for both kinds
        _on_the_diagonal(axis, title, logarithmic=logarithmic)
    _draw_costs(axes[3], replayed)
    axes[0].set_ylabel("as the chain has it")
    figure.supxlabel("as the trace has it", fontsize=7)
    half = [Line2D([], [], color="grey", marker="o", linestyle="", label=FILLED)]
    opened = f"{PUBLISHED}; {OTHER_HALF}" if (kept["pair"] == "published").any() else OTHER_HALF
    half.append(Line2D([], [], color="grey", marker="o", linestyle="", markerfacecolor="none", label=opened))
    figure.legend(handles=half, loc="outside upper center", ncols=2)
    return figure


def _draw_costs(axis: Any, replayed: pd.DataFrame) -> None:
    """What plans cost on either half of the trace over what the chain says."""
    for size, rule in zip((5.5, 4, 1.8), WAYS.values(), strict=True):  # what lies below is larger, to be seen
        part = replayed[replayed["rule"] == rule]
        for half, look in (("first half", {}), ("second half", {"markerfacecolor": "none", "label": "_"})):
            style = rule_style(rule, **{"linestyle": "", "markersize": size} | look)
            axis.plot(part[half], part[half] / part["chain"], **style)
    axis.axhline(1, color="black", linewidth=0.6, linestyle=":", zorder=0)
    axis.set(xscale="log", title="ETC, trace / chain [-]", box_aspect=1)
    axis.legend(loc="best", handletextpad=0.2, borderpad=0.1)


def _on_the_diagonal(axis: Any, title: str, *, logarithmic: bool) -> None:
    points = np.concatenate([[*line.get_xdata(), *line.get_ydata()] for line in axis.lines] or [[]]).astype(float)
    points = points[np.isfinite(points)]
    low, high = (points.min(), points.max()) if points.size else (0.5, 1.0)
    ends = [low / 1.3, high * 1.3] if logarithmic else [min(low, 0.0) - 0.05, 1.05]
    axis.plot(ends, ends, color="black", linewidth=0.6, linestyle=":", zorder=0)
    axis.set(xscale="log" if logarithmic else "linear", yscale="log" if logarithmic else "linear", title=title)
    axis.set(xlim=ends, ylim=ends, aspect="equal")
    if axis.get_legend_handles_labels()[1]:
        axis.legend(loc="lower right" if logarithmic else "upper left", handletextpad=0.2, borderpad=0.1)


def draw_best(verdicts: pd.DataFrame, counted: pd.DataFrame) -> Any:
    """Which way is best on each trace with each network, a letter each, and for how many it is, with 95 % intervals.

    Letters with a question mark are those that fewer than 95 % of the resamples agree with.
    """
    rows, columns = verdicts["trace"].unique(), verdicts["network"].unique()
    grid = verdicts.pivot(index="trace", columns="network", values="best").loc[rows, columns]
    sure = verdicts.pivot(index="trace", columns="network", values="sure").loc[rows, columns]
    letters = grid.map(LETTERS.__getitem__) + sure.map(lambda share: "" if share >= LEVEL else "?")
    height = 0.12 + 0.032 * max(5, min(len(rows), TALL))
    shares = {"width_ratios": [max(1, min(len(columns), 9)), 5]}
    figure, (axis, bars) = plt.subplots(1, 2, figsize=(PAGE_IN, height * PAGE_IN), gridspec_kw=shares)
    colours = [_pale(RULES[rule]["color"]) for rule in WAYS.values()]
    style = {"vmin": -0.5, "vmax": len(WAYS) - 0.5, "linewidths": 0.5, "cbar": False, "fmt": ""}
    named = {"yticklabels": len(rows) <= TALL, "annot": letters if len(rows) <= TALL else None}
    numbers = grid.map(list(WAYS).index)
    sns.heatmap(numbers, cmap=ListedColormap(colours), ax=axis, annot_kws={"color": "black"}, **style, **named)
    axis.set(xlabel="", ylabel="", title="best way on each trace with each network")
    axis.tick_params(length=0)
    axis.tick_params(axis="x", rotation=90)
    axis.tick_params(axis="y", rotation=0)
    _draw_counts(bars, counted, colours, len(verdicts))
    return figure


def _draw_counts(axis: Any, counted: pd.DataFrame, colours: Sequence[tuple[float, ...]], total: int) -> None:
    names = [f"{LETTERS[way]}: {way}" for way in counted["best"]]
    reach = [(counted["cases"] - counted["low"]).clip(lower=0), (counted["high"] - counted["cases"]).clip(lower=0)]
    axis.barh(names, counted["cases"], xerr=reach, color=colours, error_kw={"linewidth": 0.9, "capsize": 2})
    for number, row in enumerate(counted.itertuples()):
        axis.annotate(f"{row.cases}", (row.high, number), (4, 0), textcoords="offset points", va="center")
    axis.set(
        title="how often it is best",
        xlabel=f"cases of {total} [-]",
        xlim=(0, 1.15 * total),
        ylim=(len(names) - 0.4, -0.6),
    )
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _pale(colour: str) -> tuple[float, ...]:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(channel + PALE * (1 - channel) for channel in channels)
