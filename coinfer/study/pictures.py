"""The study's recurring pictures, from tidy tables: what a rule costs by its placement, over a sweep, or against the best.

Every table has a column `rule`; a rule has the same colour, dashes and marker in every picture (`figures.RULES`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from coinfer.study.figures import COLUMN_IN, PAGE_IN, plt, rule_style

RING: dict[str, Any] = {"facecolors": "none", "edgecolors": "black", "linewidths": 0.8, "zorder": 5}  # around a minimum
HERE: dict[str, Any] = {"color": "black", "linewidth": 0.6, "linestyle": ":", "label": "this scenario"}
DASHES = {"-": "", "--": (4, 1.5), "-.": (5, 1.5, 1, 1.5), ":": (1, 1.2)}


def looks(rules: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The keywords of a seaborn plot with `hue="rule", style="rule"` that give every rule its look.

    >>> looks(["static"])["palette"]
    {'static': '#009E73'}
    """
    styles = {rule: rule_style(rule) for rule in rules}
    return {
        "palette": {rule: style["color"] for rule, style in styles.items()},
        "dashes": {rule: _dashes(style["linestyle"]) for rule, style in styles.items()},
        "markers": {rule: style["marker"] for rule, style in styles.items()},
    }


def cost_against_placement(table: pd.DataFrame, *, col: str | None = None, col_wrap: int = 3) -> Any:
    """J(M) under every rule, its minima ringed: columns rule, placement, cost, and `col` for a panel each.

    A rule with one finite cost is a marker, at the upper end of the axis with its number if it lies far beyond. Panels have
    axes of their own.
    """
    finite = table[np.isfinite(table["cost"])]
    alone = finite.groupby([*([col] if col else []), "rule"])["cost"].transform("size") == 1
    look = looks(table["rule"].unique())
    grid = _grid(finite[~alone], "placement", "cost", look, col, col_wrap, {"sharex": False, "sharey": False})
    for name, axis in _panels(grid, col):
        part = finite[finite[col] == name] if col else finite
        curves = part[~alone[part.index]]
        lowest = curves.loc[curves.groupby("rule")["cost"].idxmin()]
        axis.scatter(lowest["placement"], lowest["cost"], s=26, **RING)
        at_once = part.loc[part["placement"] == 0, "cost"].max()
        margin = 0.1 * (at_once - part["cost"].min())
        top = max(at_once, curves.loc[curves["rule"].ne("edge-only"), "cost"].max()) + 2 * margin
        near = part.loc[part["cost"] < top + 0.5 * (top - part["cost"].min()), "cost"].max()
        top = max(top, near + margin)
        axis.set_ylim(part["cost"].min() - margin, top)
        axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        for point in part[alone[part.index]].itertuples():
            _marked(axis, point.placement, point.cost, top, rule_style(point.rule, linestyle=""))
    grid.set_axis_labels("placement $M$ [layers]", "ETC of an inference [-]")
    ring = Line2D([], [], marker="o", markersize=5, linestyle="", markerfacecolor="none", markeredgecolor="black")
    ring.set_label("cheapest")
    return _with_legend(grid, look, points=set(finite.loc[alone, "rule"]), more=[ring])


def against_sweep(
    table: pd.DataFrame,
    x: str,
    y: str | Sequence[str],
    *,
    col: str | None = None,
    col_wrap: int = 3,
    log: str = "x",
    here: float | None = None,
) -> Any:
    """A value, or several in a row of panels each, over a sweep: columns rule, `x`, the values, and `col` for a panel each.

    `log` says which axes are logarithmic: "", "x", "y" or "xy". A dotted line, in the legend, marks the scenario's x, `here`.
    """
    look, values = looks(table["rule"].unique()), [y] if isinstance(y, str) else list(y)
    if len(values) > 1:
        keys = ["rule", x, *([col] if col else [])]
        table = table.melt(keys, values, var_name="value", value_name="of it")
        grid = _grid(
            table, x, "of it", look, col, None, {"sharex": True, "sharey": False}, row="value", row_order=values
        )
        grid.set_titles("")
        for name, axis in zip(grid.col_names, grid.axes[0], strict=False):
            axis.set_title(name)
        for value, row in zip(values, grid.axes, strict=True):
            row[0].set_ylabel(value)
    else:
        grid = _grid(table, x, values[0], look, col, col_wrap, {"sharex": True, "sharey": False})
        grid.set_titles("{col_name}" if col else "")
    for axis in grid.axes.flat:
        for name in log:
            axis.set(**{f"{name}scale": "log"})
        if here is not None:
            axis.axvline(here, **HERE)
    return _with_legend(grid, look, more=[] if here is None else [Line2D([], [], **HERE)])


def against_the_best(table: pd.DataFrame, by: str, *, of: str = "optimal", limit: float = 12.0) -> Any:
    """What every rule costs relative to one of them, a row a case: columns `by`, rule, cost; markers stand side by side.

    What lies beyond `limit` is drawn at it, with its number.
    """
    costs = table.pivot(index=by, columns="rule", values="cost").loc[table[by].unique(), table["rule"].unique()]
    relative = costs.div(costs[of], axis=0).drop(columns=of)
    figure, axis = plt.subplots(figsize=(PAGE_IN, 0.28 * len(relative) + 0.9))
    axis.axvline(1, **rule_style(of, marker=""), zorder=0)
    lanes = np.linspace(-0.34, 0.34, relative.shape[1])
    for lane, rule in zip(lanes, relative, strict=True):
        places = np.arange(len(relative)) + lane
        axis.plot(relative[rule].clip(upper=limit), places, **rule_style(str(rule), linestyle="", markersize=3.4))
        for place, value in zip(places, relative[rule], strict=True):
            if np.isfinite(value) and value > limit:
                axis.annotate(
                    f"{value:.3g}", (limit, place), (4, 0), textcoords="offset points", va="center", fontsize=6
                )
    for edge in np.arange(1, len(relative)) - 0.5:
        axis.axhline(edge, color="lightgrey", linewidth=0.5)
    axis.set(xscale="log", xlabel=f"ETC relative to {of} [-]", yticks=range(len(relative)), yticklabels=relative.index)
    ticks = [
        tick
        for tick in (0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)
        if relative.min().min() * 0.9 <= tick <= limit
    ]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_ylim(len(relative) - 0.5, -0.5)
    figure.legend(loc="outside upper center", ncols=min(8, relative.shape[1] + 1), columnspacing=1.2)
    return figure


def map_with_contours(
    table: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    levels: Sequence[float] = (),
    *,
    axis: Any = None,
    numbered: bool = True,
) -> Any:
    """A value over two logarithmic axes, with contours at `levels`, each with its number unless they are told elsewhere.

    Returns the image, for a colour bar.
    """
    cells = table.pivot(index=y, columns=x, values=value)
    axis = plt.gca() if axis is None else axis
    image = axis.pcolormesh(cells.columns, cells.index, cells, cmap="mako_r", shading="nearest", rasterized=True)
    if len(levels):
        lines = axis.contour(cells.columns, cells.index, cells, sorted(levels), colors="black", linewidths=0.6)
        if numbered:
            axis.clabel(lines, fmt="%g", fontsize=6)
    axis.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    return image


def heatmap(cells: pd.DataFrame, words: pd.DataFrame | None = None, *, label: str = "", **style: Any) -> Any:
    """A table as colours, with its numbers or `words` in the cells; columns are named above."""
    figure, axis = plt.subplots(figsize=(min(PAGE_IN, 1.1 + 0.62 * cells.shape[1]), 0.5 + 0.22 * cells.shape[0]))
    given = {"cmap": "mako_r", "linewidths": 0.5, "fmt": "", "annot_kws": {"size": 6}, "cbar_kws": {"label": label}}
    annot = cells.map("{:.2g}".format) if words is None else words
    sns.heatmap(cells, annot=annot, ax=axis, **(given | style))
    axis.set(xlabel="", ylabel="")
    axis.tick_params(length=0)
    axis.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
    return figure


def _grid(
    table: pd.DataFrame,
    x: str,
    y: str,
    look: dict[str, Any],
    col: str | None,
    wrap: int | None,
    share: dict[str, bool],
    **more: Any,
) -> Any:
    panels = table[col].nunique() if col else 1
    across = min(panels, wrap or panels)
    width = COLUMN_IN if across == 1 else PAGE_IN
    order = list(look["palette"])
    with plt.rc_context(
        {"figure.constrained_layout.use": False}
    ):  # seaborn lays out by itself; `_with_legend` does anew
        return sns.relplot(
            data=table, x=x, y=y, hue="rule", style="rule", hue_order=order, style_order=order, kind="line", errorbar=None,
            palette=look["palette"], dashes=look["dashes"], col=col, col_wrap=wrap if panels > across and not more else None,
            height=0.75 * width / across, aspect=1.3, facet_kws=share, legend=False, **more,
        )  # fmt: skip


def _marked(axis: Any, x: float, y: float, top: float, style: dict[str, Any]) -> None:
    """A marker; one that lies above the axis is drawn at its end, with its number."""
    axis.plot(x, min(y, top), clip_on=False, **style)
    if y > top:
        axis.annotate(f"{y:.2g}", (x, top), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=6)


def _panels(grid: Any, col: str | None) -> list[tuple[Any, Any]]:
    grid.set_titles("{col_name}" if col else "")
    return list(grid.axes_dict.items()) if col else [(None, grid.ax)]


def _with_legend(grid: Any, look: dict[str, Any], points: Iterable[str] = (), more: Sequence[Any] = ()) -> Any:
    """The figure of a grid, with one legend above it: a line for a rule, a marker for those that are `points`, and `more`."""
    handles = [
        Line2D([], [], **rule_style(rule, **({"linestyle": ""} if rule in points else {"marker": ""})))
        for rule in look["palette"]
    ]
    handles += more
    columns = 4 if grid.figure.get_figwidth() < 1.5 * COLUMN_IN else 7
    grid.figure.set_layout_engine("constrained")
    grid.figure.legend(handles=handles, loc="outside upper center", ncols=min(columns, len(handles)), columnspacing=1.2)
    return grid.figure


def _dashes(linestyle: Any) -> Any:
    return DASHES[linestyle] if isinstance(linestyle, str) else tuple(linestyle[1])
