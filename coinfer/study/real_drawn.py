"""Figures of devices, links and networks that exist."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import ListedColormap, LogNorm, PowerNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, StrMethodFormatter

from coinfer.study.figures import PAGE_IN, RULES, plt, rule_style
from coinfer.study.real import AS_FOUND, PAYS, VERDICTS, WITHIN

CHEAP = 0.001  # of the least cost: what costs less more than it is told as the best
TINY = 5e-5  # a share below it is told as none
NOTHING, FRAME = "#D9D9D9", "#D55E00"  # of a cell without a number, and around one
ZERO = "#7C8B84"  # of a number that says that nothing is saved, so that the others are seen
SHORT = {"send always": "S", "compute always": "C", "fixed split": "F", "one look": "1", "look again": "A"}
FEW_DECADES = 100.0  # an axis of less has more than powers of ten told
PALE = 0.55  # how far towards white a verdict's colour is moved, to be read on


def draw_speeds(devices: pd.DataFrame) -> Any:
    """How many times as fast as on its slowest network a device is, a cell a device and network; that speed beside its name.

    Networks in the order of their MACs.
    """
    speeds = devices.pivot_table(index="device", columns="network", values="speed [GMAC/s]", aggfunc="max")
    work = (devices["time [ms]"] * devices["speed [GMAC/s]"]).groupby(devices["network"]).median()
    speeds = speeds[work.sort_values(kind="stable").index]
    slowest = speeds.min(axis=1)
    times = speeds.div(slowest, axis=0).loc[speeds.max(axis=1).sort_values(ascending=False).index]
    names = [f"{device} (×1: {slowest[device]:.3g} GMAC/s)" for device in times.index]
    words = times.map(lambda value: "" if np.isnan(value) else f"{value:.1f}")
    figure, axis = plt.subplots(figsize=(PAGE_IN, 0.19 * len(times) + 0.9))
    style = {"cmap": "mako_r", "norm": LogNorm(1, 20), "linewidths": 0.5, "fmt": "", "annot_kws": {"size": 6.5}}
    sns.heatmap(
        times.set_axis(names), annot=words, ax=axis, cbar_kws={"label": "times its slowest speed", "pad": 0.02}, **style
    )
    bar: Any = axis.collections[0].colorbar
    bar.set_ticks([1, 2, 5, 10, 20], labels=["1", "2", "5", "10", "20"])
    bar.ax.minorticks_off()
    _columns_above(axis, times.columns)
    return figure


def draw_savings(
    table: pd.DataFrame, panels: Mapping[str, str], own: Collection[tuple[str, str]], apart: Collection[str] = ()
) -> Any:
    """What is saved [%], a row of cells a scenario and a column a network, a panel a column of the table with its title.

    Scenarios that share networks stand below each other, those that share none beside them; networks in the order of their
    "MACs", scenarios of what they save at most in the first panel; those `apart` below a line, and not counted in titles.
    Framed: the scenario's own network. Dotted: halving or doubling one figure moves the saving across `PAYS`, where the table
    has "NAME, least" and "NAME, most". Grey: a network that the device was not measured on, nor on one alike.
    """
    most = table.groupby("scenario")[next(iter(panels))].transform("max")
    ordered = table.assign(apart=table["scenario"].isin(apart), most=-most).sort_values(
        ["apart", "most"], kind="stable"
    )
    blocks = [ordered[ordered["network"].isin(names)] for names in _sharing(ordered)]
    rows, widths = max(b["scenario"].nunique() for b in blocks), [b["network"].nunique() for b in blocks]
    size = (PAGE_IN, (0.145 * rows + 0.29) * len(panels) + 1.35)
    grid = {"width_ratios": widths}
    figure, axes = plt.subplots(len(panels), len(blocks), squeeze=False, figsize=size, gridspec_kw=grid)
    for row, (name, title) in zip(axes, panels.items(), strict=True):
        saved = table.loc[~table["scenario"].isin(apart), name]
        told = f"{PAYS:.0%} or more on {(saved >= PAYS).sum()} of {saved.count()} pairs"
        row[0].set_title(f"{title}: {told}", loc="left", fontweight="bold")
        for axis, block in zip(row, blocks, strict=True):
            _draw_block(axis, block, name, own, rows)
    for axis in axes[:-1].flat:
        axis.set_xticklabels([])
    handles: list[Any] = [
        Rectangle((0, 0), 1, 1, fill=False, edgecolor=FRAME, label="the scenario's own network"),
        Line2D([], [], marker="o", color=FRAME, linestyle="", markersize=2.2, label=f"a factor of two in one figure moves it across {PAYS:.0%}"),
        Rectangle((0, 0), 1, 1, color=NOTHING, label="device not measured on it, nor on one alike"),
    ]  # fmt: skip
    title = (
        f"numbers: saved [% of the ETC]; bold: {PAYS:.0%} or more"
        + "; below the line: declared, not measured" * bool(apart)
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=3, title=title)
    return figure


def _sharing(table: pd.DataFrame) -> list[set[str]]:
    """The networks of scenarios that share some, directly or by others; the most first."""
    found: list[set[str]] = []
    for mine in table.groupby("scenario", sort=False)["network"].agg(set):
        joined = mine.union(*(each for each in found if each & mine))
        found = [each for each in found if not each & mine] + [joined]
    return sorted(found, key=len, reverse=True)


def _draw_block(axis: Any, block: pd.DataFrame, name: str, own: Collection[tuple[str, str]], rows: int) -> None:
    """The cells of scenarios that share networks, at the top of a panel of so many rows."""
    order = block["scenario"].unique(), block.sort_values("MACs", kind="stable")["network"].unique()
    cells = block.pivot(index="scenario", columns="network", values=name).loc[order]
    cmap = sns.color_palette("mako_r", as_cmap=True).with_extremes(bad=NOTHING)
    style = {"cmap": cmap, "norm": PowerNorm(0.5, 0, 1), "linewidths": 0.5, "fmt": "", "annot_kws": {"size": 6}}
    sns.heatmap(cells, annot=cells.map(percent_in_words), ax=axis, cbar=False, yticklabels=True, **style)
    for text, value in zip(axis.texts, cells.stack().dropna(), strict=True):
        text.set(fontweight="bold" if value >= PAYS else "normal")
        if value < TINY:
            text.set_color(ZERO)
    _mark_cells(axis, block, name, own, [list(each) for each in order])
    real = (~block.drop_duplicates("scenario")["apart"]).sum()
    if 0 < real < len(cells):
        axis.axhline(real, color="black", linewidth=0.8, xmin=-0.12, clip_on=False)
    axis.set(xlabel="", ylabel="", ylim=(rows, 0))
    axis.tick_params(length=0)
    axis.tick_params(axis="y", rotation=0)
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axis.set_xticklabels(order[1] if len(cells) == rows else [], **slanted)
    for x, network in enumerate(order[1] if len(cells) < rows else []):  # close below the cells
        axis.text(x + 0.5, len(cells) + 0.2, network, fontsize=6.5, va="top", **slanted)


def _mark_cells(
    axis: Any, table: pd.DataFrame, name: str, own: Collection[tuple[str, str]], order: Sequence[list[str]]
) -> None:
    """Frames and dots of `draw_savings`."""
    for cell in table.to_dict("records"):
        y, x = order[0].index(cell["scenario"]), order[1].index(cell["network"])
        if (cell["scenario"], cell["network"]) in own:
            axis.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=FRAME, linewidth=1.1, clip_on=False))
        if f"{name}, least" in cell and cell[f"{name}, least"] < PAYS <= cell[f"{name}, most"]:
            axis.plot(x + 0.88, y + 0.24, "o", color=FRAME, markersize=2.2)


def dearer_in_words(dearer: float) -> str:
    """A share above the best cost, as a reader takes it in.

    >>> [dearer_in_words(share) for share in (0.0, 0.0004, 0.034, 4.2, 1067.2)]
    ['best', 'best', '+3 %', '5.2 times', '1068 times']
    """
    if dearer < CHEAP:
        return "best"
    return f"+{100 * dearer:.0f} %" if dearer < 1 else f"{1 + dearer:.{1 if dearer < 9 else 0}f} times"


def percent_in_words(share: float) -> str:
    """A share as a percentage of two digits that tells nothing from little; "" for none.

    >>> [percent_in_words(share) for share in (0.0, 0.0004, 0.048, 0.126, float("nan"))]
    ['0', '<0.1', '4.8', '13', '']
    """
    if np.isnan(share):
        return ""
    if share < TINY:
        return "0"
    if share < 0.001:
        return "<0.1"
    return f"{100 * share:.{1 if share < 0.0995 else 0}f}"


def draw_tails(table: pd.DataFrame, turning: pd.DataFrame, own_s: Mapping[str, float | None]) -> Any:
    """Joules (above) and ETC (below) of three ways to split by the time between inferences, a column a scenario.

    Vertical lines: where the verdict turns (black), and the scenario's own time between inferences (grey).
    """
    names = table["scenario"].unique()
    figure, axes = plt.subplots(2, len(names), sharex=True, squeeze=False, figsize=(PAGE_IN, 0.42 * PAGE_IN))
    looks = {
        "send": rule_style("edge-only", label="send always", marker="", linestyle="-"),
        "bits alone": rule_style("edge-only", label="send always, by its bits alone", marker="", linestyle=":"),
        "compute": rule_style("local-only", label="compute always", marker="", linestyle="--"),
        "look": rule_style("probe-once", label="one look", marker=""),
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
            if np.divide(*axis.get_ylim()[::-1]) < FEW_DECADES:
                axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
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
    found = [number for number in range(len(VERDICTS)) if numbers.eq(number).any(axis=None)]
    handles = [Rectangle((0, 0), 1, 1, color=colours(number)) for number in found]
    names = [f"{SHORT[name]}: {name}" for number, name in enumerate(VERDICTS) if number in found]
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
        style = {"cmap": "mako_r", "vmin": 0, "vmax": 100 * placed["loses"].max(), "shading": "nearest"}
        drawn = axis.pcolormesh(x, y, loss.to_numpy(), rasterized=True, **style)
        narrow = part[part["exact"] == narrowest]
        axis.plot(
            narrow["rate [bit/s]"], narrow["K"], ".", color=FRAME, markersize=2, label="the best end is the bottleneck"
        )
        axis.set(xscale="log", yscale="log", title=f"{case}, {channel}")
        axis.minorticks_off()
    axes[0, 0].set_ylabel("inferences per update [-]")
    figure.supxlabel("rate [bit/s]", fontsize=7)
    figure.colorbar(drawn, ax=axes, label="dearer than the best end [%]", fraction=0.04)
    shown = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    figure.legend(shown.values(), shown.keys(), loc="outside upper center", markerscale=2)
    return figure


def _columns_above(axis: Any, names: Iterable[str]) -> None:
    axis.set(xlabel="", ylabel="")
    axis.tick_params(length=0)
    axis.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.set_xticklabels(names, rotation=30, ha="left", rotation_mode="anchor")


def _heading(figure: str, factor: float) -> str:
    return figure if figure == AS_FOUND else f"{figure} {'×' if factor > 1 else '÷'} {max(factor, 1 / factor):g}"


def _pale(colour: str) -> tuple[float, ...]:
    channels: Iterable[float] = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(channel + PALE * (1 - channel) for channel in channels)
