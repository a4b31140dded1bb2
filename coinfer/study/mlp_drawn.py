"""Figures of an MLP with equal neurons: where the closed form and exhaustive search place its layers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from coinfer.channel.law import Floats
from coinfer.study.figures import PAGE_IN, plt, rule_style

AXES = {
    "layers": "layers $N$ of the MLP [-]",
    "neurons": "neurons in a layer [-]",
    "inferences_per_update": "inferences between updates $K$ [-]",
    "tau_s": r"coherence time $\tau$ [s]",
}
KINDS = {"inferences_per_update": "independent draws", "tau_s": "on one clock"}
LOSSES: dict[str, dict[str, float]] = {  # where they meet, all are seen: they are drawn in this order
    "probe-once": {"linewidth": 2.6, "markersize": 7.0},
    "static": {"linewidth": 1.4, "markersize": 4.8},
    "1-sla": {},
    "memoryless": {"linewidth": 1.2, "markersize": 4.0},
}
LINE, SIZE = {"1-sla": 1.6, "optimal": 1.0}, {"1-sla": 5.0, "optimal": 2.8}  # where two rules agree, both are seen

BOUNDARY: dict[str, Any] = {"color": "#D55E00", "linewidth": 0.8}
STAR: dict[str, Any] = {"marker": "*", "markersize": 9, "color": "#E69F00", "markeredgecolor": "black", "linestyle": ""}


def draw_placement(tables: Mapping[str, pd.DataFrame]) -> Any:
    """M* of 1-sla and the optimal rule, a panel a table of `mlp_closed.along`, by the name of its column that varies.

    Lines: the closed form; marks: exhaustive search. Dotted: all layers placed.
    """
    figure, axes = plt.subplots(1, len(tables), sharey=True, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    for axis, (x, table) in zip(axes, tables.items(), strict=True):
        whole = table.drop_duplicates(x)
        axis.plot(whole[x], whole["layers"], color="grey", linestyle=":", linewidth=0.8)
        for rule, part in table.groupby("rule", sort=False):
            style = rule_style(str(rule), linewidth=LINE[str(rule)])
            axis.plot(part[x], part["closed form"], drawstyle="steps-mid", **(style | {"marker": ""}))
            mark = {"linestyle": "", "markersize": SIZE[str(rule)], "markerfacecolor": "none"}
            axis.plot(part[x], part["exhaustive"], **(style | mark))
        other = "neurons" if x == "layers" else "layers"
        axis.set(xlabel=AXES[x], title=f"{whole[other].iloc[0]} {other}", xscale="log" if x == "neurons" else "linear")
        axis.minorticks_off()
        if x == "layers":
            axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes[0].set_ylabel("best placement $M^*$ [layers]")
    axes[0].yaxis.set_major_locator(MaxNLocator(6, integer=True))
    figure.legend(handles=_placement_handles(), loc="outside upper center", ncols=5)
    return figure


def _placement_handles() -> list[Line2D]:
    pairs = (("optimal", "R8"), ("1-sla", "R7"))
    lines = [Line2D([], [], **rule_style(rule, marker="", label=f"{rule}, closed form ({by})")) for rule, by in pairs]
    marks = [
        Line2D([], [], **rule_style(rule, linestyle="", markerfacecolor="none", label=f"{rule}, exhaustive search"))
        for rule, _ in pairs
    ]
    return [*lines, *marks, Line2D([], [], color="grey", linestyle=":", linewidth=0.8, label="all layers, $M = N$")]


def draw_maps(
    by_updates: tuple[pd.DataFrame, Floats],
    by_cost: tuple[pd.DataFrame, Floats],
    here: Mapping[str, tuple[float, float]],
) -> Any:
    """The two maps of `mlp_closed`: colours for exhaustive search, lines for the closed form, a star for the scenario."""
    layers = by_updates[1].shape[1]
    colours = ListedColormap(sns.color_palette("mako_r", layers + 1).as_hex())
    shade = {"cmap": colours, "norm": BoundaryNorm(np.arange(layers + 2) - 0.5, layers + 1), "rasterized": True}
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_IN, 0.42 * PAGE_IN))
    cells = by_updates[0].pivot(index="link.mean_snr_db", columns="inferences_per_update", values="placement")
    image = _draw_map(axes[0], cells, (by_updates[1], cells.index), here["updates"], shade)
    axes[0].set(xscale="log", xlabel="inferences between updates $K$ [-]", ylabel="mean SNR [dB]")
    cells = by_cost[0].pivot(index="parameters [bit]", columns="delta / (o mu)", values="placement")
    _draw_map(axes[1], cells, (cells.columns, by_cost[1]), here["cost"], shade)
    axes[1].set(yscale="log", xlabel=r"extra cost of a layer on the device $\delta\,/\,(o\mu)$ [-]")
    axes[1].set_ylabel("parameters of a layer $s$ [bit]")
    for axis in axes:
        axis.minorticks_off()
    figure.colorbar(image, ax=axes, label="best placement $M^*$ [layers]", ticks=_ticks(layers), pad=0.01)
    handles = [
        Line2D([], [], **BOUNDARY, label="boundaries, closed form (R7)"),
        Line2D([], [], **STAR, label="the scenario"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _draw_map(axis: Any, cells: pd.DataFrame, lines: Any, here: tuple[float, float], shade: dict[str, Any]) -> Any:
    """One map, cut at its outermost points. Returns its image."""
    image = axis.pcolormesh(cells.columns, cells.index, cells, shading="nearest", **shade)
    axis.plot(*lines, **BOUNDARY)
    axis.plot(*here, **STAR)
    axis.set(xlim=(cells.columns.min(), cells.columns.max()), ylim=(cells.index.min(), cells.index.max()))
    return image


def draw_losses(swept: pd.DataFrame, moved: pd.DataFrame) -> Any:
    """What rules cost above the joint optimum [%], a column a network: over K under independent draws, over tau on one clock.

    The tables are those of `mlp_closed.over_updates` and `strategies.in_motion`; the second is drawn at the scenario's own K.
    """
    rows = {"inferences_per_update": swept, "tau_s": moved}
    networks, size = swept["network"].unique(), (PAGE_IN, 0.58 * PAGE_IN)
    figure, axes = plt.subplots(2, len(networks), sharex="row", squeeze=False, figsize=size)
    for row, (x, table) in zip(axes, rows.items(), strict=True):
        for axis, network in zip(row, networks, strict=True):
            shown = table[table["network"] == network].set_index("rule")
            for rule in (each for each in LOSSES if each in shown.index):
                look = rule_style(rule, **LOSSES[rule], **({} if x == "tau_s" else {"marker": ""}))
                axis.plot(shown.loc[[rule], x], 100 * shown.loc[[rule], "above"], **look)
            axis.axhline(0, color="black", linewidth=0.5, zorder=0)
            axis.set(xscale="log", xlabel=AXES[x], title=f"{network}, {KINDS[x]}")
            axis.minorticks_off()
        row[0].set_ylabel("above the joint optimum [%]")
    handles = [Line2D([], [], **rule_style(rule, **look)) for rule, look in LOSSES.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _ticks(layers: int) -> list[int]:
    return list(range(0, layers + 1, max(1, layers // 5)))
