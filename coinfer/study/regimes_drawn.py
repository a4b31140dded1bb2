"""The regime map, drawn, and what looking saves along one of its axes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.lines import Line2D

from coinfer.study.figures import PAGE_IN, plt, rule_style
from coinfer.study.pictures import against_sweep, map_with_contours
from coinfer.study.regimes import WORTH

Points = Mapping[str, Mapping[str, tuple[float, float]]]  # by family and name: a link's place on the axes of the map
MARKERS = "ospvDX*"
AXES = ("time", "sending")  # columns of a map
LEVELS = (1.0, 5.0, 10.0)  # [%] what looking again saves along a contour
PALER = 180  # of 256 colours, so that black lines are seen on all of them
BOUND: dict[str, Any] = {"color": "#56B4E9", "linestyle": "-", "linewidth": 1.4}
ONCE: dict[str, Any] = {"color": rule_style("probe-once")["color"], "linestyle": "--", "linewidth": 1.3}
AGAIN: dict[str, Any] = {"color": "black", "linestyle": "-", "linewidth": 0.6}


def draw_regimes(found: pd.DataFrame, labels: Mapping[str, str], points: Points | None = None) -> Any:
    """A map for each network (row) and family (column); `labels` name the horizontal axes, `points` are marked on them.

    Points beyond a map are at its edge. Colour and black contours: what looking again saves [%]. Blue line: from there up R21
    lets placing layers save 1 % or more over sending the input. Dashed: within it one look saves 1 % or more over a fixed split.
    """
    networks, families = (list(map(str, found[name].unique())) for name in ("network", "family"))
    size = (PAGE_IN, (0.14 + 0.25 * len(networks)) * PAGE_IN)
    figure, axes = plt.subplots(len(networks), len(families), sharex=True, sharey=True, squeeze=False, figsize=size)
    norm = PowerNorm(0.5, vmin=0, vmax=max(100 * found["again"].max(), 1.0))
    named = list(dict.fromkeys(name for places in (points or {}).values() for name in places))
    for row, network in zip(axes, networks, strict=True):
        for axis, family in zip(row, families, strict=True):
            part = found[(found["network"] == network) & (found["family"] == family)]
            mesh = _draw_map(axis, part, norm)
            for name, place in (points or {}).get(family, {}).items():
                _mark(axis, part, name, MARKERS[named.index(name) % len(MARKERS)], place)
            axis.set(title=f"{network}, {family}", xlabel="", ylabel="")
            axis.minorticks_off()
    for axis, family in zip(axes[-1], families, strict=True):
        axis.set_xlabel(labels[family])
    figure.supylabel("sending the input / local inference [-]", fontsize=7)
    figure.colorbar(mesh, ax=axes, label="looking again saves [%]", shrink=0.8, ticks=[0, 1, 2, 5, 10, 20, 30, 50])
    figure.legend(*_legend(axes[0]), loc="outside upper center", ncols=4)
    return figure


def draw_outages(along: pd.DataFrame) -> Any:
    """What one look and looking again save over a fixed split [%] by the mean outage, a panel a network: `saved_over_static`."""
    outage, saving = "mean outage / local inference [-]", "saves over a fixed split [%]"
    figure = against_sweep(along.rename(columns={"time": outage, "saved": saving}), outage, saving, col="network")
    for axis in figure.axes:
        axis.set_ylim(-2, max(1.06 * along["saved"].max(), 5))
        axis.minorticks_off()
    return figure


def saved_over_static(along: pd.DataFrame) -> pd.DataFrame:
    """A `regime_map` as a tidy table: what the rules "optimal" and "probe-once" save over a fixed split, column "saved" [%].

    >>> row = {"network": "a", "time": 1.0, "static": 2.0, "probe-once": 1.5, "optimal": 1.0}
    >>> saved_over_static(pd.DataFrame([row]))["saved"].tolist()
    [50.0, 25.0]
    """
    looking = along.melt(["network", "time", "static"], ["optimal", "probe-once"], var_name="rule", value_name="cost")
    saved = (100 * (1 - looking["cost"] / looking["static"])).round(7).clip(lower=0) + 0.0
    return looking.assign(saved=saved)[["network", "time", "rule", "saved"]]


def _draw_map(axis: Any, part: pd.DataFrame, norm: PowerNorm) -> Any:
    """One map, its colours and its lines."""
    percent = part.assign(again=100 * part["again"])
    inside = [level for level in LEVELS if percent["again"].min() < level < percent["again"].max()]
    mesh = map_with_contours(percent, *AXES, "again", inside, axis=axis)
    mesh.set(norm=norm, cmap=ListedColormap(sns.color_palette("mako_r", 256)[:PALER]))
    for value, look in (("bound", BOUND), ("once", ONCE)):
        values = part.pivot(index="sending", columns="time", values=value)
        if values.min().min() < WORTH < values.max().max():
            style = {"colors": look["color"], "linestyles": look["linestyle"], "linewidths": look["linewidth"]}
            axis.contour(values.columns, values.index, values, [WORTH], **style)
    return mesh


def _mark(axis: Any, part: pd.DataFrame, name: str, marker: str, place: tuple[float, float]) -> None:
    """A real link, at the edge of the map if it lies beyond."""
    inside = [np.clip(at, part[column].min(), part[column].max()) for column, at in zip(AXES, place, strict=True)]
    look = {"marker": marker, "markersize": 4.2, "markeredgecolor": "black", "linestyle": "", "clip_on": False}
    axis.plot(*inside, color="white", label=name, zorder=3, **look)


def _legend(axes: Any) -> tuple[list[Any], list[str]]:
    """The lines of the maps and the links that are marked on them."""
    lines = {
        "looking again saves this much [%]": Line2D([], [], **AGAIN),
        "inside it one look saves 1 % or more": Line2D([], [], **ONCE),
        "below it placing cannot save 1 % (R21)": Line2D([], [], **BOUND),
    }
    for axis in axes:
        lines |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    return list(lines.values()), list(lines)
