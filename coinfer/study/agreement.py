"""Whether simulation agrees with analysis: plans of random scenarios followed inference by inference, and tests of what they cost.

Each simulation has its own stream, as the tests need independent values. A row of `results` is a plan: scenario (its number),
network, channel, rule, placement, computed and simulated cost, "standard error", z (nan where no chance is involved),
"p of stop stages" (nan for a plan that can stop at one stage only) and the number of its stream.
"""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, kstest, norm

from coinfer import channel
from coinfer.channel.moving_channel import MovingChannel
from coinfer.closed_form import independent_law
from coinfer.cost import costs
from coinfer.network import DNN
from coinfer.placement import Plan, clairvoyant, plan
from coinfer.scenario import Scenario
from coinfer.simulation import Outcome, simulate

BAND = 1.358  # Kolmogorov and Smirnov's band of 95 %, times the root of the number of values
FEW = 10.0  # stages expected less often than this are pooled
WRONG_BY = 0.01  # the error that the tests are shown to find
COSTS, STAGES, HINDSIGHT, WRONG = "costs", "stop stages", "clairvoyant's bound", "costs wrong by 1 %"


def channels(seed: int) -> dict[str, Any]:
    """Channels of every kind whose unit cost has a finite variance, by name; the last two are in motion."""
    return {
        "Rayleigh": channel.Rayleigh(outage_gain=0.05),
        "Nakagami": channel.Nakagami(m=4),
        "Rician": channel.Rician(k=3, outage_gain=0.05),
        "discrete": channel.Discrete(gains=(0.2, 0.7, 1, 2.5), probabilities=(0.2, 0.3, 0.3, 0.2)),
        "empirical": channel.Empirical(gains=tuple(0.05 + np.random.default_rng(seed).exponential(size=200))),
        "rate table": channel.RateTable(),
        "inversion": channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1),
        "moving": channel.Moving(coherence_time_s=3.0, states=16),
        "on-off": channel.OnOff(rate_bps=2e6, mean_on_s=2.0, mean_off_s=0.5),
    }


def around(
    given: Scenario, networks: Sequence[DNN], over: Mapping[str, Any], count: int, rng: np.random.Generator
) -> list[Scenario]:
    """Random scenarios around the given one; networks and channels take turns.

    The mean SNR lies within 10 dB of the given one, speeds, bandwidth, weights and K within a factor of ten either way.
    """
    snr_db, kinds = 10 * np.log10(given.link.mean_snr), list(over.values())
    return [
        given.replace(
            dnn=networks[i % len(networks)],
            channel=kinds[i % len(kinds)],
            link__mean_snr_db=snr_db + rng.uniform(-10, 10),
            link__bandwidth_hz=given.link.bandwidth_hz * 10 ** rng.uniform(-1, 1),
            device__macs_per_s=given.device.macs_per_s * 10 ** rng.uniform(-1, 1),
            edge__macs_per_s=given.edge.macs_per_s * 10 ** rng.uniform(-1, 1),
            weights__energy_per_j=given.weights.energy_per_j * 10 ** rng.uniform(-1, 1),
            inferences_per_update=given.inferences_per_update * 10 ** rng.uniform(-1, 1),
        )
        for i in range(count)
    ]


def placements(cases: Sequence[Scenario], rng: np.random.Generator) -> list[int | None]:
    """Where plans are followed: at a rule's own best placement (None) in half of the scenarios, at a random one in the others."""
    return [int(rng.integers(1, case.dnn.layers + 1)) if i % 2 else None for i, case in enumerate(cases)]


def results(
    cases: Sequence[Scenario],
    names: Sequence[str],
    rules: Sequence[str],
    placed: Sequence[int | None],
    inferences: int,
    seed: int,
) -> pd.DataFrame:
    """The plan of every rule in every scenario, computed and simulated; the channel of scenario i has the name i of `names`, in turns."""
    rows: list[dict[str, Any]] = []
    streams = np.random.SeedSequence(seed).spawn(len(cases) * len(rules))
    for i, case in enumerate(cases):
        for rule in rules:
            made = plan(case, rule=rule, placement=None if rule == "local-only" else placed[i])
            found = simulate(case, made, inferences=inferences, rng=streams[len(rows)])
            rows.append(
                {
                    "scenario": i,
                    "network": case.dnn.name,
                    "channel": names[i % len(names)],
                    "rule": rule,
                    "placement": made.placement,
                    "computed": made.cost,
                    "simulated": found.mean,
                    "standard error": found.standard_error,
                    "p of stop stages": p_of_stages(made, found),
                }
            )
    table = pd.DataFrame(rows)
    chance = table["standard error"] > 1e-9 * table["computed"].abs()
    return table.assign(z=((table["simulated"] - table["computed"]) / table["standard error"]).where(chance).round(6))


def p_of_stages(made: Plan, found: Outcome) -> float:
    """The p-value of Pearson's test of where inferences stopped; nan for a plan that stops at one stage only, or chooses it at stage 0.

    >>> import coinfer
    >>> made = coinfer.plan(coinfer.load_scenario("abstract-model"), rule="static")
    >>> p_of_stages(made, simulate(coinfer.load_scenario("abstract-model"), made, inferences=100, rng=0))
    nan
    """
    if made.rule.commits:
        return nan
    expected, observed = found.inferences * made.stop_probabilities, np.asarray(found.stop_counts, float)
    often = expected >= FEW
    e, o = (np.append(each[often], each[~often].sum()) for each in (expected, observed))
    if e[-1] < FEW:
        e, o = (np.append(each[:-2], each[-2:].sum()) for each in (e, o))
    return float(chi2.sf(((o - e) ** 2 / e).sum(), len(e) - 1)) if len(e) > 1 else nan


def again(cases: Sequence[Scenario], table: pd.DataFrame, inferences: int, seed: int) -> dict[str, Any]:
    """The plan with the largest z in size, simulated anew on a stream of its own: its row, and `z again`."""
    furthest = table.iloc[int(np.nanargmax(table["z"].abs()))]
    case = cases[int(furthest["scenario"])]
    made = plan(case, rule=furthest["rule"], placement=int(furthest["placement"]))
    found = simulate(case, made, inferences=inferences, rng=np.random.SeedSequence([seed, 2]))
    z_again = (found.mean - made.cost) / found.standard_error
    told = {str(name): value for name, value in furthest.items()}
    return told | {"z again": float(z_again), "inferences again": inferences}


def hindsight(cases: Sequence[Scenario], inferences: int, seed: int) -> pd.DataFrame:
    """The clairvoyant's bound (R10) and the cheapest stage in hindsight of drawn channels, a row a scenario: computed, simulated, z.

    Scenarios whose channel moves are left out: hindsight knows no rate that comes while it sends.
    """
    drawn = [case for case in cases if not isinstance(case.channel, MovingChannel)][::2]
    rows = []
    for case, stream in zip(drawn, np.random.SeedSequence([seed, 1]).spawn(len(drawn)), strict=True):
        given, bound = costs(case), clairvoyant(case)
        law = independent_law(given)
        m = int(bound.argmin())
        draws = np.stack([law.sample(child, inferences) for child in np.random.default_rng(stream).spawn(m + 1)])
        passed = np.concatenate([[0.0], np.cumsum(given.extra)])[: m + 1, None] + given.bits[: m + 1, None] * draws
        least = given.edge + given.download[:m].sum() + passed.min(axis=0)
        error = least.std(ddof=1) / np.sqrt(inferences)
        z = round((least.mean() - bound[m]) / error, 6) if error > 1e-9 * bound[m] else np.nan
        rows.append({"computed": bound[m], "simulated": least.mean(), "standard error": error, "z": z})
    return pd.DataFrame(rows)


def uniforms(table: pd.DataFrame, in_hindsight: pd.DataFrame) -> dict[str, np.ndarray]:
    """For each check the values that should be uniform on (0, 1), in order; and those of costs that are wrong."""
    sent = table.dropna(subset="z")
    wrong = (sent["simulated"] - (1 + WRONG_BY) * sent["computed"]) / sent["standard error"]
    found = {
        COSTS: norm.cdf(sent["z"]),
        STAGES: table["p of stop stages"].dropna(),
        HINDSIGHT: norm.cdf(in_hindsight["z"].dropna()),
        WRONG: norm.cdf(wrong),
    }
    return {name: np.sort(np.asarray(values, float)) for name, values in found.items()}


def p_values(table: pd.DataFrame, in_hindsight: pd.DataFrame) -> pd.Series:
    """The p-value of each test: of z as standard normal in three ways, and of what should be uniform (Kolmogorov and Smirnov)."""
    z = table["z"].dropna().to_numpy()
    found = {
        "mean of z": 2 * norm.sf(abs(z.mean()) * np.sqrt(len(z))),
        "sum of z squared": 2 * min(chi2.sf(z @ z, len(z)), chi2.cdf(z @ z, len(z))),
    }
    shown = uniforms(table, in_hindsight)
    found |= {name: kstest(values, "uniform").pvalue if len(values) else np.nan for name, values in shown.items()}
    return pd.Series(found, name="p-value").rename_axis("test")


def shares_below(shown: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """How the values of each check are spread, a row a value: check, "value", "share below", half width of its 95 % band.

    >>> shares_below({"a": np.array([0.2, 0.9])})["share below"].tolist()
    [0.25, 0.75]
    """
    parts = [
        {
            "check": name,
            "value": values,
            "share below": (np.arange(len(values)) + 0.5) / len(values),
            "half width": BAND / np.sqrt(len(values)),
        }
        for name, values in shown.items()
        if len(values)
    ]
    return pd.concat(map(pd.DataFrame, parts), ignore_index=True)


def groups(table: pd.DataFrame) -> pd.DataFrame:
    """Mean z by rule, channel and network, a row a group: by, group, size, mean, std, and the half width of 95 % of N(0, 1)."""
    parts = [
        table.dropna(subset="z").groupby(by)["z"].agg(["size", "mean", "std"]).rename_axis("group").reset_index()
        .assign(by=by) for by in ("rule", "channel", "network")
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True)
    return found.assign(**{"half width": 1.96 / np.sqrt(found["size"])})
