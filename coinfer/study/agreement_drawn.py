"""The figure of whether simulation agrees with analysis."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MultipleLocator

from coinfer.study.agreement import COSTS, WRONG
from coinfer.study.figures import PAGE_IN, plt


def draw_shares_below(table: pd.DataFrame) -> Any:
    """A panel a check: the share of values below each, which should follow the diagonal within its 95 % band; wrong costs dashed."""
    checks = [name for name in table["check"].unique() if name != WRONG]
    figure, axes = plt.subplots(1, len(checks), figsize=(PAGE_IN, 0.36 * PAGE_IN), sharey=True)
    for axis, name in zip(axes, checks, strict=True):
        part, wrong = table[table["check"] == name], table[table["check"] == WRONG]
        half, whole = part["half width"].iloc[0], np.array([0.0, 1.0])
        axis.fill_between(whole, whole - half, whole + half, color="#D9D9D9", linewidth=0, label="95 % band")
        axis.plot([0, 1], [0, 1], color="black", linewidth=0.6, linestyle=":", label="as computed")
        axis.step([0, *part["value"], 1], [0, *part["share below"], 1], where="mid", color="#0072B2", label="simulated")
        if name == COSTS:
            axis.step(wrong["value"], wrong["share below"], where="mid", color="#D55E00", linestyle="--", label=WRONG)
        what = r"$\Phi(z)$ [-]" if name != "stop stages" else r"p-value of $\chi^2$ [-]"
        axis.set(title=f"{name} ({len(part)})", xlabel=what, xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axis.xaxis.set_major_locator(MultipleLocator(0.25))
    axes[0].set_ylabel("share below [-]")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure
