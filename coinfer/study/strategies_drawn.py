"""Figures of what every way of deciding costs: tables of colours, a cell a number, in percent."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import LogNorm

from coinfer.study.figures import PAGE_IN, plt
from coinfer.study.pictures import heatmap

SHOWN = (
    "clairvoyant", "4-sla", "2-sla", "1-sla", "1-sla on blocks", "one pass", "1-sla's placement", "separate",
    "probe-once", "neurosurgeon", "static", "edge-only", "local-only",
)  # fmt: skip
GROUPS = {"bound": 1, "other splitting": 4, "placed apart": 3, "looks at most once": 5}  # of SHOWN, from the left
PANELS = {
    "joint": "joint optimum saves over the\nbetter of static and probe-once",
    "once": "probe-once saves over static\n",
    "neurosurgeon": "neurosurgeon, above the\nbetter of static and probe-once",
    "apart": "best placement found apart,\nabove the joint optimum",
    "separate": "placed as for a fixed split,\nabove the joint optimum",
    "memoryless, static": "plan for independent draws,\nabove static",
}
LEAST, MOST = 0.1, 1000.0  # percent between which colours tell


def draw_strategies(table: pd.DataFrame) -> Any:
    """How much more each strategy costs than the joint optimum [%], a row a network: columns network, rule, above."""
    cells = (
        100 * table.pivot(index="network", columns="rule", values="above").loc[table["network"].unique(), list(SHOWN)]
    )
    figure = heatmap(
        cells.clip(LEAST, MOST),
        cells.map(percent_in_words),
        label="above the joint optimum [%]",
        norm=LogNorm(LEAST, MOST),
        cbar_kws=_bar("above the joint optimum [%]"),
    )
    axis = figure.axes[0]
    axis.set_xticks(axis.get_xticks(), axis.get_xticklabels(), rotation=35, ha="left", rotation_mode="anchor")
    ends = np.cumsum([0, *GROUPS.values()])
    for name, start, end in zip(GROUPS, ends, ends[1:], strict=False):
        below = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": "center", "va": "top"}
        axis.annotate(name, ((start + end) / 2, 0), (0, -3), fontsize=6.5, **below)
        if start:
            axis.axvline(start, color="black", linewidth=0.8)
    return figure


def draw_in_motion(worths: pd.DataFrame) -> Any:
    """What deciding more is worth on one clock [%], a panel a comparison: `worth_of_deciding`, by network and tau_s."""
    figure, axes = plt.subplots(2, 3, sharex=True, sharey=True, figsize=(PAGE_IN, 0.62 * PAGE_IN))
    for axis, (column, title) in zip(axes.flat, PANELS.items(), strict=True):
        cells = 100 * worths[column].unstack("tau_s").loc[worths.index.unique("network")]
        sns.heatmap(
            cells.clip(LEAST, MOST), annot=cells.map(percent_in_words), fmt="", ax=axis, cbar=False, cmap="mako_r",
            norm=LogNorm(LEAST, MOST), linewidths=0.5, annot_kws={"size": 6},
        )  # fmt: skip
        axis.set(title=title, xlabel="", ylabel="", xticklabels=[f"{tau_s:g}" for tau_s in cells.columns])
        axis.tick_params(length=0)
        axis.tick_params(axis="x", rotation=0)
        axis.tick_params(axis="y", rotation=0)
    figure.supxlabel(r"coherence time $\tau$ [s]", fontsize=7)
    figure.colorbar(axes[0, 0].collections[0], ax=axes, aspect=40, pad=0.01, **_bar("saved, or spent more [%]"))
    return figure


def percent_in_words(percent: float) -> str:
    """A number of percent as a cell has room for.

    >>> [percent_in_words(share) for share in (0.0, 0.04, 1.92, 63.4, -2.8, -24.3, 1881.2, np.nan)]
    ['0', '0', '1.9', '63', '-2.8', '-24', '1881', '']
    """
    if np.isnan(percent):
        return ""
    if abs(percent) < 0.05:
        return "0"
    return f"{percent:.1f}" if abs(percent) < 9.95 else f"{percent:.0f}"


def _bar(label: str) -> dict[str, Any]:
    return {"label": label, "format": "{x:g}", "extend": "both"}
