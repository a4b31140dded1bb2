"""Figures of what fixed splits cost."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from coinfer.study.cost_model import cheapest
from coinfer.study.figures import PAGE_IN, SHARES, plt
from coinfer.study.pictures import heatmap

CUT = 4.0  # times the cost of the cheapest split: where an axis ends


def draw_spent(table: pd.DataFrame) -> Any:
    """What an inference spends on what, a bar a split point, a panel a network; the cheapest split has a triangle.

    An axis that ends below the dearest split says up to where the costs go.
    """
    names, best = table["network"].unique(), cheapest(table)
    rows = -(-len(names) // 3)
    figure, axes = plt.subplots(rows, 3, figsize=(PAGE_IN, 1.35 * rows + 0.4), squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        part = table[table["network"] == name]
        edges = np.add.outer(part["split point"].to_numpy(), (-0.5, 0.5)).ravel()  # a bar each, no seams
        bars = part[list(SHARES)].to_numpy().repeat(2, axis=0).T
        axis.stackplot(edges, bars, colors=SHARES.values(), labels=SHARES, linewidth=0)
        at = best.loc[name]
        axis.plot(at["split point"], at["total"], "kv", markersize=5, clip_on=False, zorder=5, label="cheapest split")
        top = min(1.15 * part["total"].max(), CUT * at["total"])
        axis.set(title=name, xlim=(edges[0], edges[-1]), ylim=(0, top))
        axis.xaxis.set_major_locator(MaxNLocator(9, integer=True))
        if part["total"].max() > top:
            axis.set_title(f"{name} (\u2191 up to {part['total'].max():.3g})")
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    figure.supxlabel("split point $n$ [layers]", fontsize=7)
    figure.supylabel("ETC of an inference [-]", fontsize=7)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def draw_best_by_rate(table: pd.DataFrame) -> Any:
    """The best fixed split of each network (rows) by the rate of the link (columns): its number, coloured by its share of layers."""
    order = table["network"].unique()
    shares = table.assign(share=table["split point"] / table["layers"])
    cells, number = (
        shares.pivot(index="network", columns="rate", values=of).loc[order] for of in ("share", "split point")
    )
    cells = cells.rename(columns=lambda rate: f"{float(f'{rate:.2g}'):g}")
    words = number.set_axis(cells.columns, axis=1).astype(str)
    figure = heatmap(cells, words, label="share of layers on the device [-]", vmin=0, vmax=1, cmap="crest")
    figure.axes[0].set_xlabel("rate of the link, relative to the scenario's [-]")
    figure.axes[0].xaxis.set_label_position("top")
    return figure
