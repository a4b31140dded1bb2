"""Figures of where the gain comes from and where it vanishes."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from coinfer.study.figures import PAGE_IN, RULES, plt, rule_style
from coinfer.study.pictures import looks, map_with_contours
from coinfer.study.sensitivity import MISTAKES, SPENT

LEAST = 0.01  # the left end of an axis of losses and savings [%]
# Drawn under the others, and broad [pt], so that what covers them leaves them seen
BROAD = {"optimal": 3.2, "edge-only": 2.2, "local-only": 2.2}
TITLES = ("what deciding apart loses", "what deciding jointly saves")
KINDS = {  # of lines in `draw_scenarios`: a colour and dashes each
    "placed apart": ("placed as if static", "#332288", "-"),
    "split apart": ("split as if $M = N$", "#117733", "--"),
    "both apart": ("both", "#D55E00", "-."),
    "both, on one clock": ("both, on one clock", "#000000", ":"),
    "over static": ("over static", "#332288", "--"),
    "saving": ("over static and probe-once", "#D55E00", "-"),
    "on one clock": ("over both, on one clock", "#000000", ":"),
}


def draw_spent(table: pd.DataFrame) -> Any:
    """What every rule spends [ETC, s, J], a row each, as quantities are moved, a column each; both axes are logarithmic."""
    look = looks(table["rule"].unique())
    order = list(look["palette"])
    tidy = table.melt(["quantity", "value", "rule", "factor"], list(SPENT), var_name="spent", value_name="of it")
    with plt.rc_context({"figure.constrained_layout.use": False}):
        grid = sns.relplot(
            data=tidy, x="value", y="of it", row="spent", col="quantity", hue="rule", style="rule", kind="line",
            hue_order=order, style_order=order, palette=look["palette"], dashes=look["dashes"], errorbar=None,
            height=0.17 * PAGE_IN, aspect=1.16, facet_kws={"sharex": "col", "sharey": "row"}, legend=False,
        )  # fmt: skip
    grid.set(xscale="log", yscale="log").set_titles("")
    for axis in grid.axes.flat:
        axis.minorticks_off()
        for line, rule in zip(axis.lines, order, strict=False):
            line.set_linewidth(BROAD.get(rule, 1.0))
            line.set_alpha(0.6 if rule in BROAD else 1.0)
    for spent, row in zip(SPENT, grid.axes, strict=True):
        row[0].set_ylabel(spent)
    for quantity, column in zip(grid.col_names, grid.axes.T, strict=True):
        moved = table[table["quantity"] == quantity]
        here = (moved["value"] / moved["factor"]).iloc[0]
        ticks = [moved["value"].min(), here, moved["value"].max()]
        column[-1].set(xlabel=quantity, xticks=ticks, xticklabels=[rounded(tick) for tick in ticks])
        for axis in column:
            axis.axvline(here, color="grey", linewidth=0.5, zorder=0)
    return _with_legend(grid.figure, order)


def rounded(value: float) -> str:
    """A number with three digits, and no power of ten where it is large.

    >>> rounded(0.08364), rounded(1200.0)
    ('0.0836', '1200')
    """
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _with_legend(figure: Any, rules: list[str]) -> Any:
    named = [rule for rule in RULES if rule in rules]  # as everywhere, the optimal rule first
    handles = [
        Line2D([], [], **rule_style(r, marker="", **({"linewidth": BROAD[r], "alpha": 0.6} if r in BROAD else {})))
        for r in named
    ]
    handles.append(Line2D([], [], color="grey", linewidth=0.5, label="the scenario"))
    figure.set_layout_engine("constrained")
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def draw_scenarios(
    losses: pd.DataFrame, savings: pd.DataFrame, plane: pd.DataFrame, at: tuple[float, float], name: str
) -> Any:
    """Left and middle: how many scenarios lose, and save, more than [%]. Right: a map of the saving of network `name`.

    `losses` and `savings`: columns "kind", of `KINDS`, and "share". `plane`: K, mean SNR [dB] and "saving" of each point; `at`: the scenario's.
    """
    figure, axes = plt.subplots(1, 3, figsize=(PAGE_IN, 0.37 * PAGE_IN), width_ratios=[1, 1, 1.15])
    named = {"loss against deciding jointly [%]": losses, "saving of the joint optimum [%]": savings}
    above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "alignment": "left"}
    for axis, (label, table), title in zip(axes, named.items(), TITLES, strict=False):
        percent = table.assign(percent=(100 * table["share"]).clip(lower=LEAST / 10))
        for kind, part in percent.groupby("kind", sort=False):
            told, colour, dashes = KINDS[str(kind)]
            sns.ecdfplot(part, x="percent", complementary=True, ax=axis, color=colour, linestyle=dashes, label=told)
        most = max(100.0, 120 * table["share"].max())
        axis.set(xscale="log", xlim=(LEAST, most), ylim=(0, 1), xlabel=label, ylabel="share of scenarios with more [-]")
        axis.set_xticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
        axis.minorticks_off()
        axis.legend(title=title, **above)
    shown = plane.assign(saving=100 * plane["saving"])
    x, y = "updates apart, $K$ [-]", "mean SNR [dB]"
    shown = shown.rename(columns={"inferences_per_update": x, "link.mean_snr_db": y})
    levels = [1] if shown["saving"].min() < 1 < shown["saving"].max() else []
    image = map_with_contours(shown, x, y, "saving", levels, axis=axes[2], numbered=False)
    axes[2].set(yscale="linear")
    axes[2].plot(*at, "o", markersize=5, color="white", markeredgecolor="black", clip_on=False, label="the scenario")
    if levels:
        axes[2].plot([], [], color="black", linewidth=0.6, label="1 % saved")
    axes[2].minorticks_off()
    axes[2].legend(title=f"where {name} saves", **above)
    figure.colorbar(image, ax=axes[2], label="saving over static and probe-once [%]")
    return figure


def losses_and_savings(
    losses: pd.DataFrame, grid: pd.DataFrame, clock: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tidy tables for `draw_scenarios`, from those of `sensitivity`; on one clock a saving is at the best coherence time."""
    lost = losses[list(MISTAKES)].melt(var_name="kind", value_name="share")
    apart = pd.DataFrame({"kind": "both, on one clock", "share": clock["apart"]})
    saved = grid[["over static", "saving"]].melt(var_name="kind", value_name="share")
    ever = pd.DataFrame({"kind": "on one clock", "share": clock.groupby("scenario")["saving"].max()})
    return pd.concat([lost, apart], ignore_index=True), pd.concat([saved, ever], ignore_index=True)
