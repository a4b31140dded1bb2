"""The regime map: how fast the channel moves against how long sending takes, and what looking at the channel is worth."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.lines import Line2D

from coinfer.channel import OnOff
from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.cost import Costs, costs
from coinfer.placement import total_costs
from coinfer.scenario import Scenario
from coinfer.study.figures import PAGE_IN, plt, rule_style
from coinfer.validation import InputError
from coinfer.waiting import waiting_can_pay

Points = Mapping[str, Mapping[str, tuple[float, float]]]  # by family and name: a link's place on the axes of the map
WORTH = 0.01  # a gain that counts
DIGITS = 9  # of a share, beyond which it is round-off
MARKERS = "ospvDX*"
AXES = ("time", "sending")  # columns of a map
BOUND: dict[str, Any] = {"color": "#56B4E9", "linestyle": "-", "linewidth": 1.0}
ONCE: dict[str, Any] = {"color": rule_style("probe-once")["color"], "linestyle": "--", "linewidth": 1.0}


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
    families: Mapping[str, Callable[[float], MovingChannel]],
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


def draw_regimes(found: pd.DataFrame, labels: Mapping[str, str], points: Points | None = None) -> Any:
    """A map for each network (row) and family (column); `labels` name the horizontal axes, `points` are marked on them.

    Points beyond a map are at its edge. Colour: what looking again saves. Solid line: from there up R21 lets placing layers
    save 1 % or more over sending the input. Dashed: within it one look saves 1 % or more over a fixed split.
    """
    networks, families = (list(map(str, found[name].unique())) for name in ("network", "family"))
    size = (PAGE_IN, (0.12 + 0.27 * len(networks)) * PAGE_IN)
    figure, axes = plt.subplots(len(networks), len(families), sharex=True, sharey=True, squeeze=False, figsize=size)
    norm = PowerNorm(0.5, vmin=0, vmax=max(100 * found["again"].max(), 1.0))
    named = list(dict.fromkeys(name for places in (points or {}).values() for name in places))
    for row, network in zip(axes, networks, strict=True):
        for axis, family in zip(row, families, strict=True):
            part = found[(found["network"] == network) & (found["family"] == family)]
            mesh = _draw_map(axis, part, norm)
            for name, place in (points or {}).get(family, {}).items():
                look = {
                    "marker": MARKERS[named.index(name) % len(MARKERS)],
                    "markeredgecolor": "black",
                    "linestyle": "",
                }
                inside = [
                    np.clip(at, part[column].min(), part[column].max()) for column, at in zip(AXES, place, strict=True)
                ]
                axis.plot(*inside, color="white", label=name, clip_on=False, zorder=3, **look)
            axis.set(xscale="log", yscale="log", title=f"{network}, {family}")
            axis.minorticks_off()
    for axis, family in zip(axes[-1], families, strict=True):
        axis.set_xlabel(labels[family])
    figure.supylabel("sending the input / local inference [-]", fontsize=7)
    figure.colorbar(mesh, ax=axes, label="looking again saves [%]", shrink=0.8, ticks=[0, 1, 2, 5, 10, 20, 30, 50])
    shown = dict(zip(*reversed(axes[0, 0].get_legend_handles_labels()), strict=True))
    for axis in axes[0, 1:]:
        shown |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    drawn = [Line2D([], [], **BOUND), Line2D([], [], **ONCE)]
    names = ["from here up R21 lets placing save 1 %", "within, one look saves 1 %"]
    figure.legend([*drawn, *shown.values()], [*names, *shown], loc="outside upper center", ncols=4)
    return figure


def _draw_map(axis: Any, part: pd.DataFrame, norm: PowerNorm) -> Any:
    """One map, its colours and its lines."""
    tables = {name: part.pivot(index="sending", columns="time", values=name) for name in ("again", "bound", "once")}
    again, bound, once = (table.to_numpy(dtype=float) for table in tables.values())
    x, y = tables["again"].columns.to_numpy(float), tables["again"].index.to_numpy(float)
    mesh = axis.pcolormesh(x, y, 100 * again, cmap="cividis", norm=norm, shading="nearest", rasterized=True)
    for values, look in ((bound, BOUND), (once, ONCE)):
        if values.min() < WORTH < values.max():
            style = {"colors": look["color"], "linestyles": look["linestyle"], "linewidths": look["linewidth"]}
            axis.contour(x, y, values, [WORTH], **style)
    return mesh
