"""Figures of what a device loses that does not know its channel."""

from typing import Any

import numpy as np
import pandas as pd

from coinfer.study.figures import PAGE_IN, plt, rule_style

WHO = {"again": ("optimal", "looks again"), "less": ("probe-once", "looks less")}  # as in `knowing`, by the same belief
LINEAR = 1.0  # below this, regret is drawn on a linear scale [%]


def draw_beliefs(table: pd.DataFrame, label: str) -> Any:
    """Regret [%] by what is so ("true") and what is believed, a row of panels a case: looking again, and looking less."""
    names = table["network"].unique()
    size = (0.72 * PAGE_IN, 0.33 * PAGE_IN * len(names))
    figure, axes = plt.subplots(len(names), 2, sharex=True, sharey=True, squeeze=False, figsize=size)
    for row, name in zip(axes, names, strict=True):
        part = table[table["network"] == name]
        for axis, who in zip(row, WHO, strict=True):
            grid = 100 * part.pivot(index="believed", columns="true", values=who)
            x, y = grid.columns.to_numpy(float), grid.index.to_numpy(float)
            drawn = axis.pcolormesh(x, y, grid.to_numpy(), cmap="magma_r", vmin=0, vmax=50, shading="nearest")
            pays = part.pivot(index="believed", columns="true", values="pays").to_numpy(float)
            if who == "again" and 0 < pays.min() + pays.max() < 2:
                axis.contour(x, y, pays, levels=[0.5], colors="#009E73", linewidths=1.2)
            for factor, dashes in ((1, "-"), (2, "--"), (0.5, "--"), (5, ":"), (0.2, ":")):
                axis.plot(x, factor * x, color="grey", linestyle=dashes, linewidth=0.7)
            axis.set(xscale="log", yscale="log", xlim=x[[0, -1]], ylim=y[[0, -1]], title=f"{name}: {WHO[who][1]}")
        row[0].set_ylabel(f"{label}, believed")
    ticks = [0.25, 1, 4, 16]
    for axis in axes[-1]:
        axis.set(xlabel=f"{label}, true", xticks=ticks, yticks=ticks, xticklabels=ticks, yticklabels=ticks)
        axis.minorticks_off()
    figure.colorbar(drawn, ax=axes, label="regret [%] (50: or more)", fraction=0.04)
    return figure


def draw_factors(found: pd.DataFrame) -> Any:
    """Median (line) and largest (dots) regret [%] by the factor of a belief, a panel for each "wrong" of `paying`."""
    ways = found["wrong"].unique()
    figure, axes = plt.subplots(1, len(ways), sharey=True, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    for axis, way in zip(axes, ways, strict=True):
        part = found[found["wrong"] == way]
        for who, (look, label) in WHO.items():
            style = rule_style(look, label=f"{label}: median")
            axis.plot(part["factor"], 100 * part[f"{who}, median"], **style)
            style |= {"linestyle": ":", "linewidth": 0.7, "label": f"{label}: most", "markerfacecolor": "white"}
            axis.plot(part["factor"], 100 * part[f"{who}, most"], **style)
        axis.plot(
            part["factor"],
            100 * part["knowing less"],
            color="grey",
            linewidth=0.8,
            label="looks less, and knows: median",
        )
        ticks = part["factor"].to_numpy(float)
        axis.set(xscale="log", yscale="symlog", title=way, xlabel="believed / true [-]", xticks=ticks)
        axis.set_xticklabels([f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_yscale("symlog", linthresh=LINEAR)
        axis.set_ylim(bottom=-0.1)
    axes[0].set_ylabel("regret [%]")
    axes[0].yaxis.set_major_formatter("{x:g}")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def draw_learning(table: pd.DataFrame, prior_markers: dict[float, str]) -> Any:
    """Regret [%] by the number of inferences seen, a panel a family and way to look: median, and 5 to 95 % of cases and seeds."""
    panels = list(table.groupby(["family", "looking"], sort=False))
    figure, axes = plt.subplots(1, len(panels), sharey=True, figsize=(PAGE_IN, 0.4 * PAGE_IN))
    for axis, ((family, looking), part) in zip(axes, panels, strict=True):
        for who, (look, label) in WHO.items():
            for shift, (prior, marker) in zip((0.85, 1.18), prior_markers.items(), strict=True):
                by = (
                    100
                    * part[part["prior"] == prior]
                    .groupby("inferences")[who]
                    .quantile(np.array([0.05, 0.5, 0.95]))
                    .unstack()
                )
                x = by.index.to_numpy(float) * shift * (0.93 if who == "again" else 1.07)
                spread = np.abs(by[[0.05, 0.95]].to_numpy() - by[[0.5]].to_numpy()).T
                style = rule_style(look, marker=marker, linestyle="", label=f"{label}, prior {prior:g} times the truth")
                axis.errorbar(x, by[0.5], yerr=spread, elinewidth=0.7, **style)
        axis.axhline(100 * part["knowing less"].median(), color="grey", linewidth=0.8, label="looks less, and knows")
        axis.set(xscale="log", title=f"{family}:\n{looking}", xlabel="inferences seen")
        axis.set_yscale("symlog", linthresh=LINEAR)
        axis.set_ylim(bottom=-0.1)
        axis.yaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
    axes[0].set_ylabel("regret [%]")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure
