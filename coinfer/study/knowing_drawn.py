"""Figures of what a device loses that does not know its channel: by how much it is wrong, and by how much it has seen."""

from typing import Any

import pandas as pd
import seaborn as sns

from coinfer.study.figures import PAGE_IN, RULES, plt

LOST, PAID = RULES["1-sla"]["color"], RULES["optimal"]["color"]  # the colour of much regret, and of many cases
Panels = dict[str, tuple[str, str]]  # a column of shares by what it is, in words, and the colour of much of it
WRONG: Panels = {
    "again, most": ("worst regret [%] of who\nlooks again by the belief", LOST),
    "less, most": ("worst regret [%] of who\nlooks less by the belief", LOST),
    "pays": ("cases in which looking again\npays without knowing [%]", PAID),
}
LEARNT: Panels = {
    "again": ("regret that 95 % keep below [%],\nlooking again by what was seen", LOST),
    "less": ("regret that 95 % keep below [%],\nlooking less by what was seen", LOST),
    "pays": ("devices for which\nlooking again pays [%]", PAID),
}


def draw_factors(found: pd.DataFrame) -> Any:
    """Both regrets, and where looking again pays, by the way a belief is wrong and its factor: a table in colours each.

    `found` is `knowing.paying` by `wrong` and `factor`.
    """
    told = found.assign(of=[f"{x:g}" if x >= 1 else f"1/{1 / x:g}" for x in found["factor"]])
    return _draw(told, WRONG, "wrong", "believed / true [-]")


def draw_learning(worse: pd.DataFrame) -> Any:
    """The same by the way a device looked and the inferences it has seen; `worse` is `beliefs.worse_prior`."""
    told = worse.assign(of=worse["inferences"].map("{:,}".format), by=worse["family"] + ": " + worse["looking"])
    return _draw(told, LEARNT, "by", "inferences seen [-]")


def _draw(table: pd.DataFrame, panels: Panels, by: str, label: str) -> Any:
    """A table of percentages for each panel, side by side: rows `by`, columns "of", both as they come; blank where there is no case."""
    rows, columns = table[by].unique(), table["of"].unique()
    size = (PAGE_IN, 0.1 * PAGE_IN + 0.2 * len(rows))
    figure, axes = plt.subplots(1, len(panels), sharey=True, figsize=size)
    for axis, (column, (title, colour)) in zip(axes, panels.items(), strict=True):
        cells = 100 * table.pivot(index=by, columns="of", values=column).loc[rows, columns]
        style = {"fmt": ".0f", "cbar": False, "linewidths": 0.5, "annot_kws": {"size": 6.5}, "vmin": 0, "vmax": 100}
        sns.heatmap(cells, annot=True, cmap=sns.light_palette(colour, as_cmap=True), ax=axis, **style)
        axis.set(title=title, xlabel=label, ylabel="")
        axis.tick_params(length=0)
    axes[0].tick_params(axis="y", rotation=0)
    return figure
