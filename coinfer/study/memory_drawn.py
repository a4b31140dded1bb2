"""Figures of channels that remember."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from coinfer.study.figures import PAGE_IN, plt

LOOKS = (("o", "#0072B2"), ("s", "#D55E00"), ("D", "#000000"))  # of coherence times, from short to long


def in_words(ratio: float) -> str:
    """A coherence time in layer times, in two digits.

    >>> [in_words(ratio) for ratio in (0.1, 0.31623, 316.2, 1000)]
    ['0.1', '0.32', '320', '1000']
    """
    return f"{float(f'{ratio:.2g}'):g}"


def by_coherence(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Cells of a heatmap: networks by ratios, from a table whose index they are."""
    cells = table[value].unstack("ratio").loc[table.index.unique("network")]
    return cells.rename(columns=in_words)


def percent(share: float) -> str:
    """A share in percent: two digits from 1 % on, 0 only if it is 0.

    >>> [percent(share) for share in (0.0, 1e-6, 0.0041, -0.25, 1.84)]
    ['0', '0.0', '0.4', '-25', '184']
    """
    if share == 0:
        return "0"
    return f"{100 * share:.{1 if abs(share) < 0.0995 else 0}f}".replace("-0.0", "0.0")


def draw_shares(panels: Mapping[str, pd.DataFrame], *, across: str, label: str, most: float) -> Any:
    """Tables of shares as heatmaps side by side, one scale for all, percents in the cells; titles are the keys of the panels.

    The colour is that of `most` from there on, and of -`most` or less down there, which the colour bar says.
    """
    least = min(cells.min().min() for cells in panels.values())
    largest = max(cells.max().max() for cells in panels.values())
    norm = Normalize(-100 * most if least < 0 else 0, 100 * most)
    cmap = sns.color_palette("vlag" if least < 0 else "mako_r", as_cmap=True)
    rows = max(len(cells) for cells in panels.values())
    figure, axes = plt.subplots(1, len(panels), squeeze=False, figsize=(PAGE_IN, 0.9 + 0.2 * rows))
    for axis, (title, cells) in zip(axes[0], panels.items(), strict=True):
        style = {"cmap": cmap, "norm": norm, "linewidths": 0.5, "fmt": "", "annot_kws": {"size": 6}, "cbar": False}
        sns.heatmap(100 * cells, annot=cells.map(percent), ax=axis, **style)
        axis.set(title=title, xlabel=across, ylabel="")
        axis.tick_params(length=0, rotation=0)
        axis.tick_params(axis="x", labelsize=6)
    ends = {(False, False): "neither", (True, False): "max", (False, True): "min", (True, True): "both"}
    beyond = ends[bool(largest > most), bool(least < -most)]
    figure.colorbar(ScalarMappable(norm, cmap), ax=axes[0], label=label, extend=beyond)
    return figure


def draw_process(played: pd.DataFrame) -> Any:
    """How far replays on the process are from what the chain says [%], with 95 % intervals: a panel a rule, a row a network."""
    ends = ["low", "cost", "high"]
    error, ratio = "replay / chain − 1 [%]", "coherence time [layer times]"
    shares = played.assign(**{end: 100 * (played[end] / played["model"] - 1) for end in ends})
    told = shares.assign(**{ratio: played["ratio"].map(in_words)})
    tall = told.melt(["network", "rule", ratio], ends, value_name=error)
    looks = dict(zip(told[ratio].unique(), LOOKS, strict=False))
    with plt.rc_context({"figure.constrained_layout.use": False}):  # seaborn lays out by itself
        grid = sns.catplot(
            tall, x=error, y="network", hue=ratio, col="rule", kind="point", estimator="median", errorbar=("pi", 100),
            linestyle="none", dodge=0.5 * (len(looks) > 1), markers=[marker for marker, _ in looks.values()], markersize=3, linewidth=0.9,
            palette=[colour for _, colour in looks.values()], height=2.9, aspect=0.6, legend=False,
        )  # fmt: skip
    grid.set_titles("{col_name}").set_axis_labels(error, "")
    for axis in grid.axes.flat:
        axis.axvline(0, color="black", linewidth=0.6, linestyle=":")
    grid.figure.set_size_inches(PAGE_IN, 0.9 + 0.24 * played["network"].nunique())
    grid.figure.set_layout_engine("constrained")
    handles = [Line2D([], [], marker=marker, color=colour, markersize=3) for marker, colour in looks.values()]
    grid.figure.legend(handles, list(looks), loc="outside upper center", ncols=3, title=ratio)
    return grid.figure
