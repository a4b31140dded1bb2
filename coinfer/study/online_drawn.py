"""Figures of online splitting: the thresholds of rules, and what they cost as computed and as simulated; depths of look-ahead."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from coinfer.study import pictures
from coinfer.study.figures import PAGE_IN, plt, rule_style

NOTHING, MUCH = 1e-2, 1e2  # losses between which the colour tells them apart [%]


def draw_thresholds(table: pd.DataFrame, paid: pd.DataFrame, mean_snr_db: float) -> Any:
    """Left the least SNR at which stages stop; right what rules cost on each channel, computed (lines) and simulated (bars)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    for rule, line in table.groupby("rule", sort=False):
        shown = line["SNR [dB]"].where(line["SNR [dB]"].abs() < 100)
        left.plot(line["stage"], shown, **rule_style(str(rule)))
    left.axhline(mean_snr_db, color="black", linewidth=0.6, linestyle=":")
    left.annotate("mean SNR", (0.01, mean_snr_db), xycoords=("axes fraction", "data"), va="bottom", fontsize=6)
    left.set(xlabel="stage $n$ [-]", ylabel="stop if the SNR is at least [dB]", title="when a stage stops")
    left.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    _draw_paid(right, paid)
    handles = {
        label: handle for axis in (left, right) for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=7)
    return figure


def _draw_paid(axis: Any, paid: pd.DataFrame) -> None:
    channels, rules = list(paid["channel"].unique()), list(paid["rule"].unique())
    for lane, rule in zip(np.linspace(-0.24, 0.24, len(rules)), rules, strict=True):
        part = paid[paid["rule"] == rule]
        places = np.array([channels.index(channel) for channel in part["channel"]]) + lane
        axis.plot(places, part["computed"], **rule_style(rule, linestyle=""))
        error = 1.96 * part["standard error"]
        axis.errorbar(places + 0.06, part["simulated"], error, fmt="none", color="black", elinewidth=0.8, capsize=1.5)
    axis.errorbar([], [], [], fmt="none", color="black", elinewidth=0.8, capsize=1.5, label="simulated, 95 % interval")
    axis.set(xlabel="channel: as given, or its coherence time", ylabel="ETC of an inference [-]", ylim=(0, None))
    axis.set_title("what that costs")
    axis.set_xticks(range(len(channels)), [channel.replace(" draws", "\ndraws") for channel in channels])


def draw_ladder(table: pd.DataFrame) -> Any:
    """What look-ahead of each depth loses, in percent: a row a network, a column a depth."""
    cells = 100 * table.pivot(index="network", columns="depth", values="loss").loc[table["network"].unique()]
    words = cells.map(in_percent)
    figure = pictures.heatmap(
        cells.clip(NOTHING, MUCH),
        words,
        label="loss [%]",
        norm=LogNorm(NOTHING, MUCH),
        cbar_kws={"label": "loss [%]", "extend": "both"},
    )
    figure.axes[0].set_title("depth of look-ahead $k$ [stages]", pad=14)
    return figure


def in_percent(loss: float) -> str:
    """A loss in percent as a reader takes it in.

    >>> [in_percent(loss) for loss in (0.0, 0.004, 0.25, 3.71, 204.5)]
    ['0', '<0.01', '0.25', '3.7', '204']
    """
    if loss == 0:
        return "0"
    if loss < NOTHING:
        return "<0.01"
    return f"{loss:.2f}" if loss < 1 else f"{loss:.1f}" if loss < 10 else f"{loss:.0f}"
