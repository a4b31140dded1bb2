"""What the claims say in numbers: a table and a picture for each of four of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sympy as sp
from matplotlib.ticker import MaxNLocator

from coinfer import channel
from coinfer.cost import Costs
from coinfer.derivations import claim
from coinfer.scenario import Scenario
from coinfer.stopping import look_ahead_costs, look_ahead_thresholds, optimal_costs
from coinfer.study.figures import PAGE_IN, plt, rule_style
from coinfer.system import Link

GREY = "#7F7F7F"
Drawing = tuple[Any, str]  # a figure and its caption


def formula(label: str, argument: str, **values: float) -> Any:
    """The formula of a claim as a function of one of its symbols (or of "E", its expectation), the others given."""
    proved = claim(label).formula
    proved = proved.subs({part: sp.Symbol("E") for part in proved.atoms(sp.Function) if type(part).__name__ == "E"})
    given = {part: values[part.name] for part in proved.free_symbols if part.name in values}
    symbols = [part for part in proved.free_symbols if part.name == argument] or [sp.Symbol(argument)]
    return sp.lambdify(symbols, proved.subs(given))


def divergence(given: Scenario, samples: int, seed: int, runs: int = 6, points: int = 120) -> pd.DataFrame:
    """Running averages of the unit cost under plain Rayleigh fading, in units of its scale, beside their lower bound (R12a)."""
    link, rng = given.link, np.random.default_rng(seed)
    cost = channel.ShannonCost(link, given.weights)
    seen = np.unique(np.geomspace(10, samples, points).astype(int))
    averages = pd.DataFrame({"samples": seen})
    for run in range(1, runs + 1):
        unit_costs = cost.unit_cost(rng.standard_exponential(samples))
        averages[f"run {run}"] = (np.cumsum(unit_costs)[seen - 1] / seen) / cost.scale
    at_least = formula("R12a", "epsilon", **{"gamma": link.mean_snr, "lambda": 1})
    cut = [channel.Rayleigh(outage_gain=1 / n).law(link, given.weights).mean * np.exp(-1 / n) for n in seen]
    return averages.assign(**{"at least (R12a)": at_least(1 / seen), "cut at 1/n": np.array(cut) / cost.scale})


def medians(averages: pd.DataFrame) -> tuple[float, float]:
    """The median of the running averages after a thousand samples, and after all."""
    runs = averages.filter(like="run").median(axis=1)
    return float(runs.iloc[np.searchsorted(averages["samples"], 1000)]), float(runs.iloc[-1])


def draw_divergence(averages: pd.DataFrame, link: Link) -> Drawing:
    """The averages of each run, the mean of what lies above a gain of 1/n, and its lower bound."""
    figure, axis = plt.subplots()
    runs = averages.filter(like="run")
    axis.plot(averages["samples"], runs, color=GREY, linewidth=0.7, label=["averages", *["_"] * (runs.shape[1] - 1)])
    axis.plot(
        averages["samples"], averages["cut at 1/n"], **rule_style("optimal", marker="", label="$E[X; g \\geq 1/n]$")
    )
    axis.plot(
        averages["samples"], averages["at least (R12a)"], **rule_style("1-sla", marker="", label="lower bound (R12a)")
    )
    axis.set(xscale="log", yscale="log", xlabel="samples $n$ [-]", ylabel="average of $X/\\lambda$ [-]")
    axis.legend(loc="upper right")
    early, late = medians(averages)
    return figure, (
        f"Averages of the unit cost over plain Rayleigh fading at {10 * np.log10(link.mean_snr):.1f} dB, {runs.shape[1]} runs. "
        f"Their median is {early:.3g} after a thousand samples and {late:.3g} after {averages['samples'].iloc[-1]:,}; the mean "
        "is infinite. What lies above a gain of 1/n follows the logarithm of n, as its lower bound (R12a) does."
    )


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


def draw_nakagami_bounds(nakagami: pd.DataFrame) -> Drawing:
    """The mean between its bounds, a panel for each mean SNR."""
    levels = nakagami.groupby("mean SNR [dB]")
    figure, axes = plt.subplots(1, len(levels), figsize=(PAGE_IN, 0.36 * PAGE_IN))
    for axis, (level, part) in zip(axes, levels, strict=True):
        axis.plot("m", "R12f", data=part, **rule_style("static", marker="", label="at most (R12f)"))
        axis.plot("m", "mean", data=part, **rule_style("optimal", marker="", label="mean"))
        axis.plot("m", "R12g", data=part, **rule_style("1-sla", marker="", label="at least (R12g)"))
        axis.plot("m", "R12h", data=part, **rule_style("2-sla", marker="", label="at least, Jensen (R12h)"))
        axis.set(
            xscale="log", yscale="log", title=f"{level:g} dB", xlabel="Nakagami shape $m$ [-]", xticks=[1, 2, 5, 10, 30]
        )
        axis.xaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
    axes[0].set(ylabel="mean unit cost $\\mu/\\lambda$ [-]")
    axes[0].legend()
    ratio = nakagami["R12f"] / nakagami[["R12g", "R12h"]].max(axis=1)
    widths = ratio.groupby(nakagami["mean SNR [dB]"]).median()
    return figure, (
        "Mean unit cost under Nakagami fading and its bounds. Half of the time the bounds are at most a factor of "
        + " and ".join(f"{width:.2f} apart at {level:g} dB" for level, width in widths.items())
        + f"; towards m = 1 the mean grows without bound, to {nakagami['mean'].max():.0f} at m = {nakagami['m'].min():g}."
    )


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


def draw_bracket(bracketed: pd.DataFrame, network: str) -> Drawing:
    """Left what a layer is worth in its bracket, right what 1-sla loses below its bounds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_IN, 0.36 * PAGE_IN))
    band = {"color": "#56B4E9", "alpha": 0.3, "linewidth": 0, "label": "bracket (R16)"}
    left.fill_between("layer", "at least (R16a)", "at most (R16)", data=bracketed, **band)
    left.plot("layer", "worth", data=bracketed, **rule_style("optimal", label="worth, optimal rule"))
    left.plot("layer", "download", data=bracketed, **rule_style("edge-only", label="download $D_M$", color=GREY))
    left.set(xlabel="layer $M$ [-]", ylabel="ETC of an inference [-]")
    right.plot("layer", "bound (R16c)", data=bracketed, **rule_style("static", label="bound (R16c)"))
    right.plot("layer", "bound (N5)", data=bracketed, **rule_style("2-sla", label="bound (N5)"))
    right.plot("layer", "loss", data=bracketed, **rule_style("1-sla", label="loss of 1-sla"))
    right.set(xlabel="placement $M$ [layers]", ylabel="ETC of an inference [-]")
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
    size, law, steps = alike.bits[0], alike.law, np.arange(alike.layers - 1)
    threshold = alike.extra[0] + size * law.mean
    chance, gain = float(law.go_probability(size, threshold)), float(law.saving(size, threshold))
    saved = {"layer": steps + 1, "optimal": -np.diff(optimal_costs(alike))[:-1], "1-sla": gain * chance**steps}
    return pd.DataFrame(saved | {"download": float(alike.download[0])})


def draw_savings(saved: pd.DataFrame, neurons: int) -> Drawing:
    """What a layer saves under both rules, the price of its download, and how many layers pay."""
    figure, axis = plt.subplots()
    for rule in ("optimal", "1-sla"):
        axis.plot(saved["layer"], saved[rule], **rule_style(rule))
    axis.axhline(saved["download"].iloc[0], color=GREY, linewidth=0.9, linestyle=":", label="download $D$")
    placed = saved[["optimal", "1-sla"]].gt(saved["download"], axis=0).sum()
    for name, pays in placed.items():
        look = {key: rule_style(str(name))[key] for key in ("color", "linestyle")}
        axis.axvline(int(pays) + 0.5, linewidth=0.6, **look)
    axis.set(xlabel="layer $M$ [-]", ylabel="saving of layer $M$ [-]", yscale="log")
    axis.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axis.legend()
    return figure, (
        f"What layer M of an MLP of {len(saved) + 1} layers with {neurons} neurons saves under the optimal rule and under "
        f"1-sla, and what its download costs. Short of the whole network {placed['optimal']} layers pay under the optimal "
        f"rule and {placed['1-sla']} under 1-sla (vertical lines)."
    )
