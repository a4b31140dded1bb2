"""Figures of devices, links and networks that exist."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.patches import Rectangle

from coinfer.study.figures import PAGE_IN, RULES, plt, rule_style
from coinfer.study.real import AS_FOUND, VERDICTS, WITHIN

CHEAP, DEAR = 0.001, 100.0  # of the least cost: from here to there the colour tells how much dearer
SHORT = {"send always": "S", "compute always": "C", "fixed split": "F", "one look": "1", "look again": "A"}
PALE = 0.55  # how far towards white a verdict's colour is moved, to be read on


def draw_speeds(devices: pd.DataFrame) -> Any:
    """How fast devices run networks [GMAC/s]: a line a device, from its slowest network to its fastest, a mark a network."""
    figure, axis = plt.subplots(figsize=(0.8 * PAGE_IN, 0.5 * PAGE_IN))
    by = devices.groupby("device")["speed [GMAC/s]"]
    order = by.max().sort_values().index
    axis.hlines(order, by.min()[order], by.max()[order], color="lightgrey", linewidth=2.5, zorder=0)
    networks = sorted(devices["network"].unique())
    palette, markers = sns.color_palette("colorblind", 10), "osD^v<>pPX*h"
    for number, name in enumerate(networks):
        part = devices[devices["network"] == name].set_index("device").reindex(order)["speed [GMAC/s]"]
        axis.plot(part, order, markers[number % len(markers)], color=palette[number % 10], label=name, markersize=4)
    axis.set(xscale="log", xlabel="speed [GMAC/s]")
    axis.grid(axis="x", linewidth=0.3)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right center", title="network")
    return figure


def draw_dearer(table: pd.DataFrame) -> Any:
    """How much dearer than the best each rule is in each scenario, a cell each, in percent or as a factor."""
    shares = table.pivot(index="scenario", columns="rule", values="dearer")
    shares = shares.loc[table["scenario"].unique(), table["rule"].unique()]
    figure, axis = plt.subplots(figsize=(0.62 * PAGE_IN, 0.36 * PAGE_IN))
    style = {
        "cmap": "cividis_r",
        "norm": LogNorm(CHEAP, DEAR),
        "linewidths": 0.5,
        "fmt": "",
        "annot_kws": {"size": 6.5},
    }
    drawn = shares.clip(CHEAP, DEAR)
    sns.heatmap(drawn, annot=shares.map(dearer_in_words), ax=axis, cbar=False, **style)
    axis.set(xlabel="", ylabel="")
    axis.tick_params(length=0)
    axis.tick_params(axis="x", rotation=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    return figure


def dearer_in_words(dearer: float) -> str:
    """A share above the best cost, as a reader takes it in.

    >>> [dearer_in_words(share) for share in (0.0, 0.0004, 0.034, 4.2, 1067.2)]
    ['best', 'best', '+3 %', '5.2 times', '1068 times']
    """
    if dearer < CHEAP:
        return "best"
    return f"+{100 * dearer:.0f} %" if dearer < 1 else f"{1 + dearer:.{1 if dearer < 9 else 0}f} times"


def draw_tails(table: pd.DataFrame, turning: pd.DataFrame, own_s: Mapping[str, float | None]) -> Any:
    """Joules (above) and ETC (below) of sending always and computing always by the time between inferences, a column a scenario.

    Vertical lines: where the verdict turns (black), and the scenario's own time between inferences (grey).
    """
    names = table["scenario"].unique()
    figure, axes = plt.subplots(2, len(names), sharex=True, squeeze=False, figsize=(PAGE_IN, 0.42 * PAGE_IN))
    looks = {
        "send": rule_style("edge-only", label="send always", marker="", linestyle="-"),
        "bits alone": rule_style("edge-only", label="send always, by its bits alone", marker="", linestyle=":"),
        "compute": rule_style("local-only", label="compute always", marker="", linestyle="--"),
    }
    for column, name in zip(axes.T, names, strict=True):
        part, at_s = table[table["scenario"] == name], own_s[str(name)]
        for axis, unit in zip(column, (" [J]", ", ETC"), strict=True):
            for way, look in looks.items():
                axis.plot(part["interval [s]"], part[way + unit], **look)
            for turn_s in turning.loc[turning["scenario"] == name, "interval [s]"]:
                axis.axvline(turn_s, color="black", linewidth=0.7, label="the verdict turns")
            if at_s is not None:
                axis.axvline(at_s, color="grey", linewidth=0.6, linestyle="-.", label="the scenario's own")
            axis.set(xscale="log", yscale="log")
            axis.minorticks_off()
        column[0].set_title(name)
    axes[0, 0].set_ylabel("energy [J]")
    axes[1, 0].set_ylabel("ETC [-]")
    figure.supxlabel("time between inferences [s]", fontsize=7)
    shown = [dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True)) for axis in axes.flat]
    labels = {label: handle for found in shown for label, handle in found.items()}
    figure.legend(labels.values(), labels.keys(), loc="outside upper center", ncols=5)
    return figure


def draw_verdicts(table: pd.DataFrame) -> Any:
    """The verdict on each scenario as it is found and with each figure halved and doubled; flips are framed and lettered."""
    headings = [_heading(*key) for key in zip(table["figure"], table["factor"], strict=True)]
    ordered = table.assign(column=headings)
    rows, columns = table["scenario"].unique(), list(dict.fromkeys(headings))
    grid, flips = (
        ordered.pivot(index="scenario", columns="column", values=values).loc[rows, columns]
        for values in ("verdict", "flips")
    )
    letters = grid.map(SHORT.__getitem__).where(flips | [column == AS_FOUND for column in columns], "")
    figure, axis = plt.subplots(figsize=(PAGE_IN, 0.36 * PAGE_IN))
    colours = ListedColormap([_pale(RULES[rule]["color"]) for rule in VERDICTS.values()])
    numbers = grid.map(list(VERDICTS).index)
    style = {"cmap": colours, "vmin": -0.5, "vmax": len(VERDICTS) - 0.5, "linewidths": 0.5, "cbar": False, "fmt": ""}
    sns.heatmap(numbers, annot=letters, ax=axis, annot_kws={"size": 7, "color": "black"}, **style)
    for row, column in np.argwhere(flips.to_numpy()):
        axis.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor="black", linewidth=1.2))
    axis.set(xlabel="", ylabel="")
    axis.tick_params(length=0)
    axis.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90)
    handles = [Rectangle((0, 0), 1, 1, color=colours(number)) for number in range(len(VERDICTS))]
    names = [f"{SHORT[name]}: {name}" for name in VERDICTS]
    figure.legend(
        handles, names, loc="outside upper center", ncols=5, title=f"simplest within {WITHIN:.0%} of the best"
    )
    return figure


def draw_mlp(placed: pd.DataFrame, narrowest: int) -> Any:
    """What the closed form loses [%] by rate and K, a panel a case and channel; dots where the exact end is the narrowest layer."""
    panels = list(placed.groupby(["channel", "case"], sort=False))
    figure, axes = plt.subplots(1, len(panels), sharey=True, squeeze=False, figsize=(PAGE_IN, 0.32 * PAGE_IN))
    for axis, ((channel, case), part) in zip(axes[0], panels, strict=True):
        loss = 100 * part.pivot(index="K", columns="rate [bit/s]", values="loses")
        x, y = loss.columns.to_numpy(float), loss.index.to_numpy(float)
        style = {"cmap": "magma_r", "vmin": 0, "vmax": 100 * placed["loses"].max(), "shading": "nearest"}
        drawn = axis.pcolormesh(x, y, loss.to_numpy(), rasterized=True, **style)
        narrow = part[part["exact"] == narrowest]
        axis.plot(narrow["rate [bit/s]"], narrow["K"], ".", color="#009E73", markersize=1.5)
        axis.set(xscale="log", yscale="log", title=f"{case}, {channel}")
        axis.minorticks_off()
    axes[0, 0].set_ylabel("inferences per update [-]")
    figure.supxlabel("rate [bit/s]", fontsize=7)
    figure.colorbar(drawn, ax=axes, label="loses [%]", fraction=0.04)
    return figure


def _heading(figure: str, factor: float) -> str:
    return figure if figure == AS_FOUND else f"{figure} {'×' if factor > 1 else '÷'} {max(factor, 1 / factor):g}"


def _pale(colour: str) -> tuple[float, ...]:
    channels: Iterable[float] = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(channel + PALE * (1 - channel) for channel in channels)
