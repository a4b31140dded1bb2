"""Figures of the placement: as updates become rare, on either clock, and what is lost by finding it more simply."""

from typing import Any

import pandas as pd

from coinfer.study import pictures

NAMES = {
    "K": "inferences between updates $K$ [-]",
    "placement": "best placement $M^*$ [layers]",
    "cost": "ETC at $M^*$ [-]",
    "loss": "largest loss by the placement [%]",
}
DRAWN = ("static", "probe-once", "1-sla", "one pass")
WORTH = 1.0  # a loss that counts [%]
TICKS = (0, 0.5, 1, 3, 10, 30, 100, 300)


def draw_updates(table: pd.DataFrame, here: float) -> Any:
    """M* and its cost against K under every rule, a column a case; `here` is the K of the scenario."""
    told = table.rename(columns=NAMES)
    figure = pictures.against_sweep(told, NAMES["K"], [NAMES["placement"], NAMES["cost"]], col="case", here=here)
    for line in (line for axis in figure.axes[: len(figure.axes) // 2] for line in axis.lines):
        line.set_drawstyle("steps-mid")  # layers are placed whole
    for row in (figure.axes[: len(figure.axes) // 2], figure.axes[len(figure.axes) // 2 :]):
        ends = [axis.get_ylim() for axis in row]
        for axis in row:
            axis.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))
    return figure


def draw_losses(table: pd.DataFrame, here: float) -> Any:
    """The largest loss of each way to place against K [%], a panel a set of cases; 1 % and the K of the scenario are marked."""
    told = table[table["rule"].isin(DRAWN)].rename(columns=NAMES)
    figure = pictures.against_sweep(told, NAMES["K"], NAMES["loss"], col="of", here=here)
    for axis in figure.axes:
        axis.set_yscale("symlog", linthresh=WORTH)
        axis.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axis.set_ylim(-0.05, 1.5 * max(TICKS[-1], told[NAMES["loss"]].max()))
        axis.minorticks_off()
        axis.axhline(WORTH, color="grey", linewidth=0.6)
    return figure
