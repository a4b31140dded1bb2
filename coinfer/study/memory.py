"""Channels that remember: every rule in motion, what the plan for independent draws costs there, and what a device may get wrong.

Time is counted in mean times of a layer on the device; a *ratio* is a coherence time in them. What looking again is worth is
measured against "better", the better of static and looking once, each at its own best placement.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.channel import Moving, OnOff, Shadowed
from coinfer.channel.law import Floats
from coinfer.channel.moving_law import moving_law
from coinfer.channel.noise import noisy_cost
from coinfer.channel.thresholds import is_threshold
from coinfer.channel.trace_example import process_trace
from coinfer.cost import Costs, costs
from coinfer.placement import Plan, expected_cost, plan
from coinfer.playback import replay
from coinfer.scenario import Scenario
from coinfer.validation import InputError

Cases = Mapping[str, Scenario]
Moved = Mapping[tuple[str, float], Costs]  # by the key of a case and a ratio

RULES = ("optimal", "2-sla", "1-sla", "memoryless", "probe-once", "static")
OTHERS = ("static", "probe-once", "better")
DIGITS = 10  # of a share, beyond which it is round-off


def layer_s(scenario: Scenario) -> float:
    """The mean time of a layer on the device [s]."""
    return float(np.mean(scenario.dnn.macs)) / scenario.device.macs_per_s


def in_motion(cases: Cases, ratios: Iterable[float], m: float, states: int) -> dict[tuple[str, float], Costs]:
    """The costs of each case over Nakagami fading in motion, by its key and the ratio."""
    return {
        (name, ratio): costs(case.replace(channel=Moving(m=m, coherence_time_s=ratio * layer_s(case), states=states)))
        for name, case in cases.items()
        for ratio in ratios
    }


def every_rule(moved: Moved, believed: Mapping[str, Plan], rules: Iterable[str] = RULES) -> pd.DataFrame:
    """Each rule at its own best placement, a row a network, ratio and rule: "M*" [layers] and "cost", the ETC [-].

    "memoryless" is the plan that is `believed` for the network, followed by the rate that is seen.
    """
    rows = []
    for (name, ratio), given in moved.items():
        for rule in rules:
            made = believed[name] if rule == "memoryless" else plan(given, rule=rule)
            cost = expected_cost(given, made) if rule == "memoryless" else made.cost
            rows.append((name, ratio, rule, made.placement, cost))
    return pd.DataFrame(rows, columns=["network", "ratio", "rule", "M*", "cost"])


def side_by_side(table: pd.DataFrame, by: Iterable[str] = ("network", "ratio")) -> pd.DataFrame:
    """Costs with a column a rule and "better", the less of static and probe-once; indexed by what a row is.

    >>> rows = {"network": "a", "ratio": 1.0, "rule": ["optimal", "probe-once", "static"], "cost": [1.0, 1.2, 1.1]}
    >>> side_by_side(pd.DataFrame(rows)).loc[("a", 1.0)].to_dict()
    {'optimal': 1.0, 'probe-once': 1.2, 'static': 1.1, 'better': 1.1}
    """
    keys = list(by)
    wide = table.pivot(index=keys, columns="rule", values="cost").rename_axis(columns=None)
    order = table[keys].drop_duplicates()
    rows = pd.MultiIndex.from_frame(order) if len(keys) > 1 else pd.Index(order[keys[0]])
    wide = wide.reindex(index=rows, columns=list(table["rule"].unique()))
    return wide.assign(better=wide[["static", "probe-once"]].min(axis=1))


def saved(wide: pd.DataFrame, rule: str = "optimal", others: Iterable[str] = OTHERS) -> pd.DataFrame:
    """What a rule saves over others, as shares of their costs, at least 0."""
    return pd.DataFrame({other: (1 - wide[rule] / wide[other]).round(DIGITS).clip(lower=0) + 0.0 for other in others})


def dearer(wide: pd.DataFrame, rule: str, others: Iterable[str]) -> pd.DataFrame:
    """What a rule costs more than others, as shares of their costs; negative where it costs less."""
    return pd.DataFrame({other: (wide[rule] / wide[other] - 1).round(DIGITS) + 0.0 for other in others})


def promised(cases: Cases) -> pd.DataFrame:
    """What the optimal rule saves on each case's own channel over `OTHERS`, by its key: what independent draws promise."""
    rules = ("optimal", "probe-once", "static")
    found = [(name, rule, plan(case, rule=rule).cost) for name, case in cases.items() for rule in rules]
    return saved(side_by_side(pd.DataFrame(found, columns=["network", "rule", "cost"]), ["network"]))


def held_or_moving(case: Scenario, ratios: Iterable[float], states: int, m: float = 2.0) -> pd.DataFrame:
    """The same chain, held while the device sends and moving on, a row a clock of sending and ratio: costs of rules, "gain" over "better".

    m must exceed 1: a Rayleigh fade that is held costs infinitely much (R12).
    """
    found = [
        {"sending": sending, "ratio": ratio, "rule": rule, "cost": plan(given, rule=rule).cost}
        for sending in ("held", "moving")
        for ratio in ratios
        for channel in [Moving(m=m, coherence_time_s=ratio * layer_s(case), states=states, sending=sending)]
        for given in [costs(case.replace(channel=channel))]
        for rule in ("optimal", "probe-once", "static")
    ]
    wide = side_by_side(pd.DataFrame(found), ["sending", "ratio"])
    return wide.assign(gain=saved(wide)["better"]).reset_index()


def on_the_process(
    cases: Cases,
    believed: Mapping[str, Plan],
    ratios: Iterable[float],
    *,
    states: int,
    coherence_times: float,
    inferences: int,
    rng: int,
) -> pd.DataFrame:
    """Plans made for the chain, replayed on complex Gaussian fading in windows of a fortieth of its coherence time.

    A row a network, ratio and rule: ETC by the "model" and of the replay, "cost" with "low" and "high" of its 95 % interval
    (block bootstrap); "error", cost over model less 1. A process lasts so many `coherence_times`; all rules meet the same.
    """
    rows = []
    for name, ratio in [(name, ratio) for name in cases for ratio in ratios]:
        tau_s = ratio * layer_s(cases[name])
        moved = cases[name].replace(channel=Moving(coherence_time_s=tau_s, states=states))
        given, lasts_s = costs(moved), coherence_times * tau_s
        trace = process_trace(moved.link, coherence_time_s=tau_s, duration_s=lasts_s, window_s=tau_s / 40, rng=rng)
        for rule in ("optimal", "memoryless", "probe-once", "static"):
            made = believed[name] if rule == "memoryless" else plan(given, rule=rule)
            model = expected_cost(given, made) if rule == "memoryless" else made.cost
            found = replay(moved, made, trace, inferences=inferences, rng=rng)
            rows.append((name, ratio, rule, model, found.mean, *found.interval))
    table = pd.DataFrame(rows, columns=["network", "ratio", "rule", "model", "cost", "low", "high"])
    return table.assign(error=(table["cost"] / table["model"] - 1).round(9))


def through_outages(case: Scenario, mean_off: Floats, off_share: float) -> pd.DataFrame:
    """An on-off link of the mean SNR's rate by its mean outage in layer times: ETC of the rules, and of "wait", which sends at once."""
    on_bps = case.link.bandwidth_hz * np.log2(1 + case.link.mean_snr)
    rules = {"optimal": "optimal", "probe-once": "probe-once", "static": "static", "wait": "edge-only"}
    return pd.DataFrame(
        {"mean_off": lasts} | {way: plan(given, rule=rule).cost for way, rule in rules.items()}
        for lasts in mean_off
        for off_s in [lasts * layer_s(case)]
        for link in [OnOff(rate_bps=on_bps, mean_on_s=(1 / off_share - 1) * off_s, mean_off_s=off_s)]
        for given in [costs(case.replace(channel=link))]
    )


def in_shadow(cases: Cases, speeds_m_per_s: Iterable[float], sigma_db: float, decorrelation_m: float) -> pd.DataFrame:
    """Rules under lognormal shadowing, a row a network and "speed [m/s]": ETC, "gain" over "better", "one look" over static."""
    found = [
        {"network": name, "speed [m/s]": speed, "rule": rule, "cost": plan(given, rule=rule).cost}
        for name, case in cases.items()
        for speed in speeds_m_per_s
        for channel in [Shadowed(sigma_db=sigma_db, decorrelation_m=decorrelation_m, speed_m_per_s=speed)]
        for given in [costs(case.replace(channel=channel))]
        for rule in ("optimal", "probe-once", "static")
    ]
    wide = side_by_side(pd.DataFrame(found), ["network", "speed [m/s]"])
    looks = {"gain": saved(wide)["better"], "one look": saved(wide, "probe-once")["static"]}
    return wide.assign(**looks).reset_index()


def thresholds_db(moved: Moved, name: str, mean_snr: float) -> pd.DataFrame:
    """From which SNR on the optimal rule stops with all layers placed: "ratio", "stage", "SNR [dB]"; inf: never, -inf: always."""
    parts = []
    for (network, ratio), given in moved.items():
        if network == name:
            gains = plan(given, placement=given.layers).gains
            with np.errstate(divide="ignore"):
                snr_db = 10 * np.log10(mean_snr * gains)
            parts.append(pd.DataFrame({"ratio": ratio, "stage": range(given.layers), "SNR [dB]": snr_db}))
    return pd.concat(parts, ignore_index=True)


def threshold_cases(moved: Moved) -> pd.DataFrame:
    """Whether the optimal stopping set, all layers placed, is a threshold on the gain: a row a network and ratio, "threshold"."""
    rows = [
        (
            *key,
            is_threshold(
                moving_law(given.law).sent(given.bits[:-1]), plan(given, placement=given.layers).stop_thresholds
            ),
        )
        for key, given in moved.items()
    ]
    return pd.DataFrame(rows, columns=["network", "ratio", "threshold"])


WRONG_DB = (-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0)  # of the mean SNR
FACTORS = tuple(np.geomspace(0.01, 100, 9))  # of the coherence time
NOISE_DB = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)  # standard deviation of the gain that is seen


def regrets(truth: Scenario) -> pd.DataFrame:
    """What being wrong costs at the optimal placement: "error", "by" how much, and "regret", the share of the least cost.

    Thresholds made for another mean SNR [dB] or coherence time (a factor), or a gain seen with an error (std [dB]; nan if the
    stopping set is no threshold on the gain). Raises `InputError` if the channel of the truth is not `Moving`.
    """
    if not isinstance(truth.channel, Moving):
        raise InputError(f"channel = {truth.channel.kind!r}: should be moving")
    best, mean_db = plan(truth), 10 * np.log10(truth.link.mean_snr)
    tau_s, given = truth.channel.coherence_time_s, best.problem
    wrong = {
        "error of the mean SNR [dB]": {by: truth.replace(link__mean_snr_db=mean_db + by) for by in WRONG_DB},
        "coherence time, believed / true [-]": {
            by: truth.replace(channel__coherence_time_s=tau_s * by) for by in FACTORS
        },
    }
    rows = [
        (error, by, expected_cost(given, plan(believed, placement=best.placement)))
        for error, cases in wrong.items()
        for by, believed in cases.items()
    ]
    rows += [("error of the seen gain, std [dB]", by, _seen_with_error(best, by)) for by in NOISE_DB]
    table = pd.DataFrame(rows, columns=["error", "by", "cost"])
    return table.assign(regret=(table["cost"] / best.cost - 1).round(DIGITS)).drop(columns="cost")


def _seen_with_error(best: Plan, error_db: float) -> float:
    """The cost of a plan whose device sees the gain with an error; nan if it stops by no threshold on the gain."""
    given, upto, law = best.problem, best.placement, moving_law(best.problem.law)
    bits = given.bits[: upto + 1]
    if not is_threshold(law.sent(bits[:-1]), best.stop_thresholds):
        return float("nan")
    fixed = given.edge + given.download[:upto].sum()
    return float(fixed + noisy_cost(law, bits, given.extra[:upto], best.stop_thresholds, error_db))
