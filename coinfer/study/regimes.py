"""The regime map: how fast the channel moves against how long sending takes, and what looking at the channel is worth."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.channel import Moving, OnOff, Shadowed
from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.cost import Costs, costs
from coinfer.placement import plan, total_costs
from coinfer.scenario import Scenario
from coinfer.validation import InputError
from coinfer.waiting import waiting_can_pay

Families = Mapping[str, Callable[[float], MovingChannel]]  # a channel by its coherence time, or mean outage [s]
WORTH = 0.01  # a gain that counts
DIGITS = 9  # of a share, beyond which it is round-off
STATES = 80  # of fading and shadowing on the map


def local_inference_s(scenario: Scenario) -> float:
    """How long all layers take on the device [s]."""
    return sum(scenario.dnn.macs) / scenario.device.macs_per_s


def sent_in(scenario: Scenario, sending_s: float) -> Scenario:
    """The scenario on a link whose mean rate, outages included, would send the raw input in a time [s], at the same mean SNR.

    Raises `InputError` for rates that do not follow the link's bandwidth.
    """
    fixed = scenario.replace(link__mean_snr_db=10 * np.log10(scenario.link.mean_snr))
    wanted_bps = scenario.dnn.output_bits[0] / sending_s
    if isinstance(fixed.channel, OnOff):
        return fixed.replace(channel__rate_bps=fixed.channel.rate_bps * wanted_bps / mean_rate_bps(fixed))
    scaled = fixed
    for _ in range(4):  # what fading is divided into depends on the bandwidth a little
        factor = wanted_bps / mean_rate_bps(scaled)
        scaled = scaled.replace(link__bandwidth_hz=scaled.link.bandwidth_hz * factor)
    if not np.isclose(mean_rate_bps(scaled), wanted_bps, rtol=1e-9):
        raise InputError(
            "channel: has rates of its own; should be one whose rates follow the link's bandwidth, or on-off"
        )
    return scaled


def mean_rate_bps(scenario: Scenario) -> float:
    """The mean rate of a link whose channel is in motion, outages included [bit/s]. Raises `InputError` for other channels."""
    if not isinstance(scenario.channel, MovingChannel):
        raise InputError(f"channel = {scenario.channel.kind!r}: should be one in motion")
    states = scenario.channel.states_on(scenario.link)
    return float(states.law @ states.rates_bps)


def worth_of_looking(given: Costs) -> dict[str, float]:
    """What looking is worth, each rule at its own best placement, as shares of a cost; beside them the costs of the three rules.

    "once": of one look over the best fixed split. "again": of looking after every layer over the better of those two.
    """
    fits = slice(given.largest_placement + 1)
    least = {rule: float(total_costs(given, rule)[fits].min()) for rule in ("static", "probe-once", "optimal")}
    return least | saved_by_looking(least)


def saved_by_looking(least: Mapping[str, float]) -> dict[str, float]:
    """What looking is worth, "once" and "again" of `worth_of_looking`, from the costs of the three rules."""
    simple = min(least["static"], least["probe-once"])
    return {"once": saved_share(1 - simple / least["static"]), "again": saved_share(1 - least["optimal"] / simple)}


def bounded(given: Costs) -> dict[str, float]:
    """`worth_of_looking` on a channel in motion, and "bound": what R21 lets any plan save over sending the input."""
    at_once = float(total_costs(given, "edge-only")[0])
    return worth_of_looking(given) | {"bound": saved_share(waiting_can_pay(given).most_saved / at_once)}


def saved_share(value: float) -> float:
    """What is saved, as a share: not below 0, and without round-off."""
    return max(0.0, round(float(value), DIGITS))


def regime_map(
    cases: Mapping[str, Scenario],
    families: Families,
    times: Floats,
    sending: Floats,
) -> pd.DataFrame:
    """What looking is worth for each network and family of channels: a row for each speed of the channel and of sending.

    Column "time" is the coherence time, or mean outage, over the time of a local inference; "sending" the time in which the
    mean rate would send the raw input, over the same. A family makes a channel of its coherence time [s].
    """
    rows = []
    for name, case in cases.items():
        local_s = local_inference_s(case)
        for family, channel in families.items():
            for time in times:
                moved = case.replace(channel=channel(time * local_s))
                for share in sending:
                    found = bounded(costs(sent_in(moved, share * local_s)))
                    rows.append({"network": name, "family": family, "time": time, "sending": share} | found)
    return pd.DataFrame(rows)


def families(sigma_db: float, off_share: float, states: int = STATES) -> Families:
    """Three families of channels: Rayleigh fading, lognormal shadowing, and links that are off for a share of the time.

    The time of the last is its mean outage [s]; `sent_in` sets its rate.

    >>> families(8.0, 0.25)["on-off"](2.0).mean_on_s
    6.0
    """
    return {
        "fading": lambda s: Moving(coherence_time_s=s, states=states),
        "shadowing": lambda s: Shadowed(sigma_db=sigma_db, decorrelation_m=s, speed_m_per_s=1.0, states=states),
        "on-off": lambda s: OnOff(rate_bps=1e6, mean_on_s=s * (1 / off_share - 1), mean_off_s=s),
    }


def along_coherence(cases: Mapping[str, Scenario], ratios: Floats) -> pd.DataFrame:
    """What looking is worth over Rayleigh fading on the scenarios' own links, a row a case and coherence time.

    Columns: those of `bounded`; "network", the key of the case; "ratio", the coherence time in local inferences; "seconds" [s].
    """
    return pd.DataFrame(
        bounded(costs(case.replace(channel=Moving(coherence_time_s=tau_s))))
        | {"network": name, "ratio": ratio, "seconds": tau_s}
        for name, case in cases.items()
        for ratio in ratios
        for tau_s in [ratio * local_inference_s(case)]
    )


def promises(cases: Mapping[str, Scenario], along: pd.DataFrame) -> pd.DataFrame:
    """What looking again saves on independent draws, and how much of it `along_coherence` keeps, a row a network.

    Columns: "promised", on the case's own channel; "kept", the most at any coherence time; "share" of the promise that is kept,
    nan if nothing is promised.
    """
    promised = pd.Series({name: worth_of_looking(costs(case))["again"] for name, case in cases.items()})
    table = pd.DataFrame({"promised": promised, "kept": along.groupby("network")["again"].max()}).loc[list(cases)]
    table["share"] = (table["kept"] / table["promised"].where(table["promised"] > 0)).round(DIGITS)
    return table.rename_axis("network").reset_index()


def best_points(found: pd.DataFrame, value: str = "again") -> pd.DataFrame:
    """The row of each network and family of a `regime_map` at which a value is largest, in the order of the map."""
    at = found.groupby(["network", "family"], sort=False)[value].idxmax()
    return found.loc[at].reset_index(drop=True)


def plans_at(
    points: pd.DataFrame, cases: Mapping[str, Scenario], families: Families, rules: Iterable[str]
) -> pd.DataFrame:
    """The best plan of each rule at points of the map: M [layers], ETC [-], "time [s]", "energy [J]", download apart."""
    return pd.DataFrame(
        {
            "network": at["network"], "family": at["family"], "time": at["time"], "sending": at["sending"], "rule": rule,
            "M": made.placement, "ETC": made.cost, "time [s]": made.time_s, "energy [J]": made.energy_j,
            "again saves [%]": 100 * at["again"],
        }
        for at in points.to_dict("records")
        for case in [cases[at["network"]]]
        for local_s in [local_inference_s(case)]
        for channel in [families[at["family"]](at["time"] * local_s)]
        for moved in [sent_in(case.replace(channel=channel), at["sending"] * local_s)]
        for rule in rules
        for made in [plan(moved, rule=rule)]
    )  # fmt: skip


def settled_by_condition(found: pd.DataFrame) -> pd.DataFrame:
    """How many points of a map R21 settles beforehand: a row a network and family, columns counts of points.

    "ruled out, yet found" is where R21 rules out a saving of `WORTH` over sending the input and looking again saves as much.
    """
    pays, out = found["again"] >= WORTH, found["bound"] < WORTH
    marks = pd.DataFrame(
        {"points": 1, "looking again saves 1 %": pays, "ruled out by R21": out, "ruled out, yet found": pays & out}
    ).astype(int)
    return marks.groupby([found["network"], found["family"]], sort=False).sum().reset_index()


def share_settled(settled: pd.DataFrame) -> float:
    """Of the points of `settled_by_condition` at which looking again saves less than `WORTH`, the share that R21 rules out.

    0 if it is wrong anywhere; nan if looking again saves as much at every point.
    """
    total = settled.drop(columns=["network", "family"]).sum()
    still = total["points"] - total["looking again saves 1 %"]
    if total["ruled out, yet found"]:
        return 0.0
    return float(total["ruled out by R21"] / still) if still else float("nan")
