"""Figures of seconds and joules: fronts of energy against time, costs by deadline, and how late each rule's plan is."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from coinfer.study.deadlines import KEY
from coinfer.study.figures import PAGE_IN, RULES, plt, rule_style
from coinfer.study.seconds import AGAIN, EXPECTED, IN_TIME, ONCE

TRIED = "usual rules"
WHO: dict[str, Any] = {
    ONCE: RULES["probe-once"]["color"],
    AGAIN: RULES["optimal"]["color"],
    TRIED: "#BBBBBB",
}
WIDE = {ONCE: 2.6, AGAIN: 1.1, TRIED: 4.2}  # what lies below is wider, to be seen
DASHED: dict[str, Any] = {EXPECTED: "", IN_TIME: (2, 1)}
SIMULATED: dict[str, Any] = {"color": "black", "marker": "|", "markersize": 6, "linestyle": ""}
SAME_S = 1e-9  # times that differ by less are one
REPLAYED: dict[str, Any] = {"color": "black", "marker": "x", "markersize": 3, "linestyle": ""}


def draw_fronts(lines: pd.DataFrame) -> Any:
    """Energy against time, as expected and as a deadline that 95 % keep, of who looks again and who does not: a panel a case.

    `lines` is `seconds.time_energy_fronts`.
    """
    who = [ONCE, AGAIN]
    grid = _panels(lines, who, x="time_s", y="energy_j", style="time", dashes=DASHED, style_order=list(DASHED))
    for axis in grid.axes.flat:
        for line in axis.lines:
            if line.get_linestyle() == "-":
                line.set(marker="o", markersize=2.4 + line.get_linewidth(), markeredgewidth=0)
            else:
                line.set_drawstyle("steps-post")  # what keeps a deadline keeps a later one
    ways: dict[str, dict[str, Any]] = {EXPECTED: {"marker": "o"}, IN_TIME: {"linestyle": (0, (2, 1))}}
    handles = [
        Line2D([], [], color=WHO[each], linewidth=WIDE[each], label=f"{each}, {time}", **look)
        for time, look in ways.items()
        for each in reversed(who)
    ]
    return _finished(grid, "time of an inference [s]", "energy of an inference [J]", handles, columns=2)


def draw_deadlines(met: pd.DataFrame, free: pd.Series) -> Any:
    """The ETC of the cheapest plan by deadline, shaded down to what one look or none cannot undercut: a panel a case.

    Titles say what looking again surely saves at most.

    `met` is `deadlines.by_deadline` where some plan is in time; `free` is the least ETC without a deadline, by case.
    """
    named = met.rename(columns={"tried": TRIED, "once": ONCE, "cost": AGAIN})
    told = named.melt([*KEY, "deadline_s"], [TRIED, ONCE, AGAIN], var_name="who", value_name="ETC")
    who = [TRIED, ONCE, AGAIN]
    grid = _panels(told[np.isfinite(told["ETC"])], who, x="deadline_s", y="ETC")
    for (case, axis), (_, part) in zip(grid.axes_dict.items(), met.groupby(KEY, sort=False), strict=True):
        for line in axis.lines:
            line.set_drawstyle("steps-post")  # what keeps a deadline keeps a later one
        edges = part["deadline_s"], part["once_bound"], part["once"]
        axis.fill_between(*edges, color=WHO[ONCE], alpha=0.25, linewidth=0, step="post")
        axis.axhline(free[tuple(case.split(", "))], color="black", linewidth=0.6, linestyle=":")
    handles: list[Any] = [Line2D([], [], color=WHO[each], linewidth=WIDE[each], label=each) for each in reversed(who)]
    handles.append(Patch(color=WHO[ONCE], alpha=0.25, linewidth=0, label="what one look or none may reach"))
    handles.append(Line2D([], [], color="black", linewidth=0.6, linestyle=":", label="without a deadline"))
    figure = _finished(grid, "deadline that 95 % keep [s]", "ETC of the cheapest plan in time [-]", handles)
    surely = met.groupby(KEY, sort=False)["surely saved"].max()
    for case, axis in grid.axes_dict.items():
        axis.set_title(f"{case}: surely saves {surely[tuple(case.split(', '))]:.1%}")
    return figure


def draw_tails(tails: pd.DataFrame) -> Any:
    """From the median of the time to its 99 % quantile, marked at 95 %, with what was simulated and replayed: a panel a network.

    `tails` is `seconds.how_late`.
    """
    networks, rules = tails["network"].unique(), list(tails["rule"].unique())
    links = list(tails["link"].unique())
    lanes = dict(zip(rules, np.linspace(-0.33, 0.33, len(rules)), strict=True))
    size = (PAGE_IN, 0.09 * PAGE_IN * (len(links) + 1))
    figure, axes = plt.subplots(1, len(networks), sharey=True, squeeze=False, figsize=size)
    for axis, name in zip(axes[0], networks, strict=True):
        for row in tails[tails["network"] == name].to_dict("records"):
            at, look = links.index(row["link"]) + lanes[row["rule"]], rule_style(row["rule"], linestyle="")
            axis.plot([row["50 % [s]"], row["99 % [s]"]], [at, at], color=look["color"], linewidth=1.4)
            axis.plot(row["95 % [s]"], at, **look | {"markersize": 5})
            if row["99 % [s]"] - row["50 % [s]"] < SAME_S:  # one time, which no channel changes
                continue
            counted = [row["simulated 50 %"], row["95 %"], row["99 %"]]
            axis.plot(counted, [at] * 3, **SIMULATED)
            axis.plot(row["replayed 95 %"], at, **REPLAYED)
        for edge in np.arange(1, len(links)) - 0.5:
            axis.axhline(edge, color="lightgrey", linewidth=0.5)
        axis.set(title=name, xlabel="time of an inference [s]", ylim=(len(links) - 0.5, -0.5))
        axis.set_xlim(left=0)
    axes[0, 0].set_yticks(range(len(links)), links)
    handles = [Line2D([], [], **rule_style(rule, linestyle="-")) for rule in rules]
    handles.append(Line2D([], [], label="simulated 50, 95, 99 %", **SIMULATED))
    if tails["replayed 95 %"].notna().any():
        handles.append(Line2D([], [], label="on the trace, 95 %", **REPLAYED))
    figure.legend(handles=handles, loc="outside upper center", ncols=6)
    return figure


def _panels(table: pd.DataFrame, who: list[str], **plot: Any) -> Any:
    """Lines by `who`, a panel a case, each with axes of its own."""
    told = table.assign(case=table["network"] + ", " + table["link"])
    cases = [f"{network}, {link}" for network in table["network"].unique() for link in table["link"].unique()]
    across = min(3, len(cases))
    with plt.rc_context({"figure.constrained_layout.use": False}):  # seaborn lays out by itself; `_finished` does anew
        return sns.relplot(
            data=told, kind="line", hue="who", hue_order=who, palette={each: WHO[each] for each in who}, size="who",
            size_order=who, sizes={each: WIDE[each] for each in who}, col="case", col_order=cases, col_wrap=across,
            height=0.28 * PAGE_IN, aspect=1.2, facet_kws={"sharex": False, "sharey": False}, legend=False, errorbar=None,
            estimator=None, **plot,
        )  # fmt: skip


def _finished(grid: Any, x: str, y: str, handles: list[Any], columns: int = 5) -> Any:
    grid.set_titles("{col_name}")
    grid.set_axis_labels("", "")
    grid.figure.set_size_inches(PAGE_IN, 0.31 * PAGE_IN * (1 + (len(grid.axes_dict) - 1) // 3))
    grid.figure.set_layout_engine("constrained")
    grid.figure.supxlabel(x, fontsize=7)
    grid.figure.supylabel(y, fontsize=7)
    grid.figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return grid.figure
