"""What the law of the fading changes: channels of the same mean SNR, under every rule, drawn afresh or in motion."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import exp1

from coinfer.channel import (
    Channel,
    Discrete,
    Nakagami,
    RateTable,
    Rayleigh,
    Rician,
    TruncatedInversion,
    unit_cost_scale,
)
from coinfer.channel.law import Floats
from coinfer.cost import Costs
from coinfer.grid import sweep
from coinfer.network import DNN
from coinfer.placement import clairvoyant, plan, total_costs
from coinfer.scenario import Scenario
from coinfer.simulation import simulate
from coinfer.study.one_clock import on_one_clock
from coinfer.study.regimes import saved_share

RULES = ("optimal", "2-sla", "1-sla", "probe-once", "static", "edge-only", "local-only")
STILL = "no fading"
RAYLEIGH = "Rayleigh, $g_0$ = 0.05"
EARLY = 1000  # draws after which a sample mean is looked at for the first time


def laws(given: Scenario, outage_gain: float) -> dict[str, Channel]:
    """Channels whose gain has mean 1 before any conditioning, by their names; inversion holds the rate of that gain."""
    link = given.link
    cut = f"$g_0$ = {outage_gain:g}"
    return {
        STILL: Discrete(gains=(1.0,), probabilities=(1.0,)),
        "Rayleigh, $g_0$ = 0.01": Rayleigh(outage_gain=0.01),
        RAYLEIGH: Rayleigh(outage_gain=0.05),
        "Rayleigh, $g_0$ = 0.2": Rayleigh(outage_gain=0.2),
        "Nakagami, $m$ = 1.5": Nakagami(m=1.5),
        "Nakagami, $m$ = 2": Nakagami(m=2),
        "Nakagami, $m$ = 4": Nakagami(m=4),
        f"Rician, $k$ = 3, {cut}": Rician(k=3, outage_gain=outage_gain),
        f"Rician, $k$ = 10, {cut}": Rician(k=10, outage_gain=outage_gain),
        "rate table (CQI)": RateTable(),
        f"inversion, {cut}": TruncatedInversion(
            rate_bps=float(link.bandwidth_hz * np.log2(1 + link.mean_snr)), outage_gain=outage_gain
        ),
    }


def has_variance(channel: Channel) -> bool:
    """Whether the variance of the unit cost is finite, so that an interval of a simulation is valid (R12)."""
    return not (isinstance(channel, Nakagami) and channel.m <= 2)


# -- why plain Rayleigh fading is refused


def sample_means(mean_snr: float, runs: int, longest: int, points: int, rng: int) -> pd.DataFrame:
    r"""Running means of the unit cost of plain Rayleigh fading over $\lambda$, a row a sample size.

    Columns: "sample size", from 100 to `longest`; "run 0", ...; all of the same draws as they grow.
    """
    gains = np.random.default_rng(rng).exponential(size=(runs, longest))
    size = np.unique([EARLY, *np.geomspace(100, longest, points).astype(int)])
    running = np.cumsum(1 / np.log2(1 + mean_snr * gains), axis=1)[:, size - 1] / size
    return pd.DataFrame({"sample size": size} | {f"run {run}": means for run, means in enumerate(running)})


def growth(means: pd.DataFrame) -> Floats:
    """Each run's mean of all draws over that of its first `EARLY`; (runs,)."""
    runs = means.set_index("sample size").filter(like="run ")
    return (runs.iloc[-1] / runs.loc[EARLY]).to_numpy()


def expected_means(given: Scenario, sizes: Iterable[int]) -> Floats:
    r"""$E[X; g \geq 1/n] / \lambda$ for each sample size n: what its gains, of which the least is about 1/n, add up to."""
    scale = unit_cost_scale(given.link, given.weights)
    means = [Rayleigh(outage_gain=1 / n).law(given.link, given.weights).mean * np.exp(-1 / n) for n in sizes]
    return np.array(means) / scale


def cut_means(given: Scenario, outage_gains: Floats) -> pd.DataFrame:
    r"""The mean unit cost over $\lambda$ of Rayleigh fading cut at each outage gain, "mean", and R12's lower "bound" of it."""
    scale = unit_cost_scale(given.link, given.weights)
    means = [Rayleigh(outage_gain=gain).law(given.link, given.weights).mean for gain in outage_gains]
    bound = np.log(2) / given.link.mean_snr * np.exp(outage_gains) * exp1(outage_gains)
    return pd.DataFrame({"outage gain": outage_gains, "mean": np.array(means) / scale, "bound": bound})


def growth_per_decade(cut: pd.DataFrame) -> float:
    r"""What the mean grows by, in $\lambda$, for every tenfold smaller outage gain: between the two smallest."""
    low = cut.nsmallest(2, "outage gain")
    return float(-np.diff(low["mean"])[0] / np.diff(np.log10(low["outage gain"]))[0])


def by_outage_gain(given: Scenario, outage_gains: Floats, rules: Iterable[str]) -> pd.DataFrame:
    """The ETC of each rule at its own best placement on Rayleigh fading cut at each outage gain: "outage gain", "rule", "cost"."""
    channels = {"channel": [Rayleigh(outage_gain=float(gain)) for gain in outage_gains]}
    found = sweep(given, channels, measure=lambda costs: {rule: least(costs, rule) for rule in rules})
    found = found.drop(columns="channel").assign(**{"outage gain": outage_gains})
    return found.melt("outage gain", var_name="rule", value_name="cost")


def least(costs: Costs, rule: str) -> Floats:
    """The ETC of a rule at its own best placement, whatever the device's memory; (...)."""
    return total_costs(costs, rule).min(axis=-1)


# -- every rule on every channel


def compared(given: Scenario, channels: Mapping[str, Channel], rules: Iterable[str] = RULES) -> pd.DataFrame:
    """Every rule at its own best placement on every channel, a row a channel, the clairvoyant's bound beside them.

    Columns: "channel"; "usable [-]", the probability of a usable channel; the mean unit cost; "M*, optimal" and "M*, 1-sla";
    "clairvoyant" and the rules, ETC [-].
    """
    rows = []
    for name, law in channels.items():
        case = given.replace(channel=law)
        plans = {rule: plan(case, rule=rule) for rule in rules}
        about = {
            "channel": name,
            "usable [-]": law.usable_probability(given.link),
            "mean unit cost [1/Mbit]": 1e6 * float(plans["optimal"].problem.law.sending(np.ones(1))[0]),
            **{f"M*, {rule}": plans[rule].placement for rule in ("optimal", "1-sla")},
            "clairvoyant": clairvoyant(case).min(),
        }
        rows.append(about | {rule: made.cost for rule, made in plans.items()})
    return pd.DataFrame(rows)


def tidy_rules(table: pd.DataFrame, rules: Iterable[str]) -> pd.DataFrame:
    """`compared` as "channel", "rule" and "cost", a row a rule; a channel is named with how often it can be used."""
    often = [f"{name} ({share:.0%} usable)" for name, share in zip(table["channel"], table["usable [-]"], strict=True)]
    wide = table.assign(channel=often)
    return wide.melt("channel", ["clairvoyant", *rules], var_name="rule", value_name="cost")


def simulated(given: Scenario, channels: Mapping[str, Channel], inferences: int, rng: int) -> pd.DataFrame:
    """The optimal rule and 1-sla simulated on each channel, on the same draws: a row each.

    Columns: "channel", "rule", "computed", "simulated", "half width" of the 95 % interval and "z", the difference in standard
    errors; these two are nan where the variance is infinite.
    """
    rows = []
    for name, law in channels.items():
        case = given.replace(channel=law)
        for rule in ("optimal", "1-sla"):
            made = plan(case, rule=rule)
            run = simulate(case, made, inferences=inferences, rng=rng)
            error = run.standard_error if has_variance(law) else np.nan
            z = round((run.mean - made.cost) / max(error, 1e-9 * made.cost), 6)  # of a law of one value, round-off
            means = {"computed": made.cost, "simulated": run.mean}
            rows.append({"channel": name, "rule": rule} | means | {"half width": 1.96 * error, "z": z})
    return pd.DataFrame(rows)


# -- every network on every channel


def over_networks(given: Scenario, chains: Mapping[str, DNN], channels: Mapping[str, Channel]) -> pd.DataFrame:
    """What the joint optimum saves and 1-sla loses for each network on each channel, drawn afresh: a row each.

    Columns: "network", "channel"; ETC [-] of "optimal", "1-sla", "probe-once" and "static"; as shares, "saving" over the better
    of the last two, "over static", and "1-sla loses".
    """
    rules = ("optimal", "1-sla", "probe-once", "static")
    grid: dict[str, list[Any]] = {"dnn": list(chains.values()), "channel": list(channels.values())}
    found = sweep(given, grid, measure=lambda costs: {rule: least(costs, rule) for rule in rules})[[*rules]]
    found[["network", "channel"]] = [(network, channel) for network in chains for channel in channels]
    better = found[["probe-once", "static"]].min(axis=1)
    shares = {
        "saving": (1 - found["optimal"] / better).map(saved_share),
        "over static": (1 - found["optimal"] / found["static"]).map(saved_share),
        "1-sla loses": (found["1-sla"] / found["optimal"] - 1).map(saved_share),
    }
    return found[["network", "channel", *rules]].assign(**shares)


def in_motion(given: Scenario, chains: Mapping[str, DNN], channels: Mapping[str, Channel]) -> pd.DataFrame:
    """`on_one_clock` for each network on those of the channels that are fading of which the process is known, Rayleigh's once.

    Columns: "network", "channel", then those of `on_one_clock`.
    """
    fluid = {name: law for name, law in channels.items() if name == RAYLEIGH or isinstance(law, Nakagami)}
    cases = {
        f"{network}|{name}": given.replace(dnn=dnn, channel=law)
        for network, dnn in chains.items()
        for name, law in fluid.items()
    }
    found = on_one_clock(cases)
    keys = found["network"].str.split("|", n=1, expand=True)
    found["network"] = keys[0]
    found.insert(1, "channel", keys[1])
    return found


def savings_by_channel(every: pd.DataFrame, clock: pd.DataFrame) -> pd.DataFrame:
    """Savings over the better of static and one look [%]: a row a channel, a column a network.

    First the channels that are drawn afresh, then those in motion, each at the coherence time at which most is saved.
    """
    motion = clock.assign(channel=clock["channel"].str.split(", $g", regex=False).str[0] + ", in motion")
    both = pd.concat([every, motion], ignore_index=True)
    cells = both.pivot_table(index="channel", columns="network", values="saving", aggfunc="max")
    return 100 * cells.loc[both["channel"].unique(), every["network"].unique()]
