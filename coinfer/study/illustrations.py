"""What the claims say in numbers: a table for each of three of them, and a picture of what a layer is worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sympy as sp
from matplotlib.ticker import MaxNLocator

from coinfer import channel
from coinfer.closed_form import independent_law
from coinfer.cost import Costs
from coinfer.derivations import claim
from coinfer.scenario import Scenario
from coinfer.stopping import (
    look_ahead_costs,
    look_ahead_thresholds,
    one_stage_thresholds,
    optimal_costs,
    stage_losses,
)
from coinfer.study.figures import PAGE_IN, plt, rule_style
from coinfer.system import Link

Drawing = tuple[Any, str]  # a figure and its caption


def formula(label: str, argument: str, **values: float) -> Any:
    """The formula of a claim as a function of one of its symbols (or of "E", its expectation), the others given."""
    proved = claim(label).formula
    proved = proved.subs({part: sp.Symbol("E") for part in proved.atoms(sp.Function) if type(part).__name__ == "E"})
    given = {part: values[part.name] for part in proved.free_symbols if part.name in values}
    symbols = [part for part in proved.free_symbols if part.name == argument] or [sp.Symbol(argument)]
    return sp.lambdify(symbols, proved.subs(given))


def nakagami_bounds(given: Scenario, levels_db: Sequence[float], points: int = 40) -> pd.DataFrame:
    """The mean unit cost under Nakagami fading, in units of its scale, with its bounds (R12f to R12i), at mean SNRs."""
    shapes = np.geomspace(1.02, 30, points)
    rows = []
    for level in levels_db:
        at = Link(mean_snr_db=level)
        scale = channel.unit_cost_scale(at, given.weights)
        row = {"mean SNR [dB]": level, "m": shapes}
        row["mean"] = [channel.Nakagami(m=m).law(at, given.weights).mean / scale for m in shapes]
        for label in ("R12f", "R12g", "R12h"):  # the mean of 1/g is m/(m - 1) by R12i
            bound = formula(label, "E", **{"gamma": at.mean_snr, "lambda": 1})
            row[label] = bound(shapes / (shapes - 1)) * np.ones_like(shapes)
        rows.append(pd.DataFrame(row))
    return pd.concat(rows, ignore_index=True)


def bracket(costs: Costs) -> pd.DataFrame:
    """What each layer is worth under the optimal rule and its bracket; what 1-sla loses with so many placed and its bounds."""
    depth, o = costs.layers, costs.bits[:-1]
    one, best = look_ahead_thresholds(costs, depth, 1), look_ahead_thresholds(costs, depth, depth)
    saving, reach, further = costs.law.saving(o, one), costs.law.reach(o, one)[:-1], costs.law.reach(o, best)[:-1]
    return pd.DataFrame(
        {
            "layer": np.arange(1, depth + 1),
            "at least (R16a)": reach * saving,
            "worth": -np.diff(optimal_costs(costs)),
            "at most (R16)": saving,
            "download": costs.download,
            "loss": (look_ahead_costs(costs, 1) - optimal_costs(costs))[1:],
            "bound (N5)": np.cumsum((further - reach) * saving),
            "bound (R16c)": np.cumsum(np.where(np.arange(depth) > 0, 1 - reach, 0.0) * saving),
        }
    )


def gaps(cases: Mapping[str, Costs]) -> pd.DataFrame:
    """What 1-sla loses at every placement M > 0, directly and by R15, and its bounds, a row a network and placement.

    Columns network, placement; "loss", "by R15", "bound (N5)", "bound (R16c)" and "ETC" (of the optimal rule), all [-].

    >>> import coinfer
    >>> table = gaps({"alexnet": coinfer.costs(coinfer.load_scenario("abstract-model"))})
    >>> table[["loss", "by R15", "bound (N5)"]].iloc[-1].round(4).tolist()
    [0.0968, 0.0968, 0.3402]
    """
    parts = []
    for name, costs in cases.items():
        one, placed = one_stage_thresholds(costs), np.arange(1, costs.layers + 1)
        by_stages = [stage_losses(costs, one[:m]).sum() for m in placed]
        known = bracket(costs)[["loss", "bound (N5)", "bound (R16c)"]]
        etc = costs.edge + np.cumsum(costs.download) + optimal_costs(costs)[1:]
        told = pd.DataFrame({"network": name, "placement": placed, "by R15": by_stages, "ETC": etc})
        parts.append(pd.concat([told, known], axis=1))
    columns = ["network", "placement", "loss", "by R15", "bound (N5)", "bound (R16c)", "ETC"]
    return pd.concat(parts, ignore_index=True)[columns]


def largest_error(table: pd.DataFrame) -> float:
    """The largest difference between loss and formula, or excess over a bound, as a share of the ETC; of what `gaps` gives."""
    errors = [
        (table["loss"] - table["by R15"]).abs(),
        table["loss"] - table["bound (N5)"],
        table["bound (N5)"] - table["bound (R16c)"],
    ]
    return max(0.0, *((error / table["ETC"]).max() for error in errors))


def draw_bracket(bracketed: pd.DataFrame, network: str) -> Drawing:
    """Left what a layer is worth in its bracket, right what 1-sla loses below its bounds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    band = {"color": "#56B4E9", "alpha": 0.3, "linewidth": 0, "label": "bracket (R16, R16a)"}
    left.fill_between("layer", "at least (R16a)", "at most (R16)", data=bracketed, **band)
    left.plot("layer", "worth", data=bracketed, **rule_style("optimal", label="worth, optimal rule"))
    left.plot(
        "layer", "download", data=bracketed, **rule_style("edge-only", label="download $D_M$", color="black", marker="")
    )
    left.set(xlabel="layer $M$ [-]", ylabel="what layer $M$ is worth, ETC [-]")
    right.plot("layer", "bound (R16c)", data=bracketed, color="black", linestyle=":", label="at most, by R16c")
    right.plot("layer", "bound (N5)", data=bracketed, color="grey", label="at most, by N5")
    right.plot("layer", "loss", data=bracketed, **rule_style("1-sla", label="1-sla loses"))
    left.set_title("does a layer pay for its download?")
    right.set_title("how far off can 1-sla be?")
    right.set(xlabel="placement $M$ [layers]", ylabel="what 1-sla loses, ETC [-]")
    for axis in (left, right):
        axis.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axis.legend()
    whole = bracketed.iloc[-1]
    return figure, (
        f"{network}. Left: what layer M is worth under the optimal rule lies in the bracket known from 1-sla alone, and is "
        f"to be set against its download. Right: with all layers placed 1-sla loses {whole['loss']:.2g}, at most "
        f"{whole['bound (N5)']:.2g} by N5 and {whole['bound (R16c)']:.2g} by R16c."
    )


def savings(alike: Costs) -> pd.DataFrame:
    """What each layer but the last of a chain of equal layers saves: d_k under the optimal rule (R8), p^k G under 1-sla (R7)."""
    size, law, steps = alike.bits[0], independent_law(alike), np.arange(alike.layers - 1)
    threshold = alike.extra[0] + size * law.mean
    chance, gain = float(law.go_probability(size, threshold)), float(law.saving(size, threshold))
    saved = {"layer": steps + 1, "optimal": -np.diff(optimal_costs(alike))[:-1], "1-sla": gain * chance**steps}
    return pd.DataFrame(saved | {"download": float(alike.download[0])})
