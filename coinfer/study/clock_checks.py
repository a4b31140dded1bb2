"""What is checked of one clock: sending alone, fast and slow; plans, against simulation; what R21 and R22 say beforehand."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.by_hand import pocket_steps
from coinfer.channel import Moving, Nakagami, OnOff
from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.channel.moving_law import moving_law
from coinfer.cost import costs
from coinfer.on_off_form import from_costs
from coinfer.placement import plan
from coinfer.scenario import Scenario
from coinfer.simulation import simulate
from coinfer.study.one_inference import mean_sending_s
from coinfer.study.regimes import local_inference_s, mean_rate_bps
from coinfer.system import Weights
from coinfer.validation import InputError
from coinfer.waiting import layers_to_send, waiting_can_pay

SHAPES = {"Rayleigh": 1.0, "Nakagami, $m$ = 2": 2.0}  # m
STATES = 160
BLIND = 1e-6  # of a cost: what a sample in which no inference differs may miss


def by_cells(scenario: Scenario, cells: Iterable[int], expected_s: float) -> pd.DataFrame:
    """The mean time of sending the input, by the cells of the gain: "cells", "mean sending time [s]", "off by [s]" of what is expected.

    The channel of the scenario is `Moving`.
    """
    table = pd.DataFrame(
        {"cells": states, "mean sending time [s]": mean_sending_s(scenario.replace(channel__states=states))}
        for states in cells
    )
    return table.assign(**{"off by [s]": (table["mean sending time [s]"] - expected_s).round(9)})


def sending_times(scenario: Scenario, times_s: Floats) -> pd.DataFrame:
    """The mean time of sending the input from a stationary start [s], a row a coherence time, a column for each of `SHAPES`."""
    table = pd.DataFrame(
        {
            shape: [
                mean_sending_s(scenario.replace(channel=Moving(m=m, coherence_time_s=tau_s, states=STATES)))
                for tau_s in times_s
            ]
            for shape, m in SHAPES.items()
        }
    )
    table.insert(0, "coherence time [s]", times_s)
    return table


def limits_of_sending(scenario: Scenario, times: pd.DataFrame) -> pd.DataFrame:
    """Fast and slow fading beside their limits: columns "of", "computed", "limit" [s] and "limit from".

    `times` is what `sending_times` gives. Slow Rayleigh fading has none (R20): its time grows with the logarithm of the coherence
    time, and it is that slope which is compared.
    """
    bits, tau_s = scenario.dnn.output_bits[0], times["coherence time [s]"]
    rayleigh, nakagami = (times[shape] for shape in SHAPES)
    late = [-len(times) // 7 - 1, -1]
    slope = float(np.diff(rayleigh.iloc[late])[0] / np.diff(np.log(tau_s.iloc[late]))[0])
    half = bits * np.log(2) / (scenario.link.bandwidth_hz * scenario.link.mean_snr) / 2
    fast = mean_rate_bps(scenario.replace(channel=Moving(coherence_time_s=1.0, states=STATES)))
    held = Moving(m=2.0, coherence_time_s=1.0, states=STATES, sending="held")
    law = Nakagami(m=2.0).law(scenario.link, Weights(time_per_s=1.0, energy_per_j=0.0))
    rows = [
        ("fast Rayleigh fading", rayleigh.iloc[0], bits / fast, "the mean rate (R19)"),
        ("slow Nakagami fading", nakagami.iloc[-1], mean_sending_s(scenario.replace(channel=held)), "a rate held"),
        ("slow Nakagami fading", nakagami.iloc[-1], bits * law.mean, "a rate held, without cells"),
        ("slow Rayleigh fading, by ln of the coherence time", slope, half, "B/2 (R20)"),
    ]
    return pd.DataFrame(rows, columns=["of", "computed", "limit", "limit from"])


def against_simulation(
    cases: Mapping[str, Scenario],
    channels: Mapping[str, MovingChannel],
    rules: Iterable[str],
    *,
    inferences: int,
    rng: int,
) -> pd.DataFrame:
    """Plans beside what following them event by event gives, a row a network, channel and rule.

    "ETC", "simulated" [-], and "z", their difference in standard errors; seconds and joules of an inference, download apart.
    """
    return pd.DataFrame(
        {
            "network": name, "channel": kind, "rule": rule, "M": made.placement, "ETC": made.cost, "simulated": run.mean,
            "z": round((run.mean - made.cost) / max(run.standard_error, BLIND * made.cost), 6),
            "time [s]": made.time_s, "simulated [s]": run.time_s, "95 % within [s]": run.time_quantiles_s[1],
            "energy [J]": made.energy_j, "simulated [J]": run.energy_j,
        }
        for name, case in cases.items()
        for kind, channel in channels.items()
        for rule in rules
        for moved in [case.replace(channel=channel)]
        for made in [plan(moved, rule=rule)]
        for run in [simulate(moved, made, inferences=inferences, rng=rng)]
    )  # fmt: skip


def by_layer(scenario: Scenario) -> pd.DataFrame:
    """What R21 says of each layer M: how long sending before it must take to be worth avoiding, and what it saves at most [-].

    Times are in layers; "M may be the best" only if what it saves exceeds its "download".
    """
    takes, phi = layers_to_send(scenario)
    bound = waiting_can_pay(scenario)
    return pd.DataFrame(
        {
            "M": range(1, scenario.dnn.layers + 1),
            "layer": scenario.dnn.layer_names,
            "sending before it takes at most [layers]": takes,
            "must exceed [layers]": phi,
            "saves at most": bound.savings,
            "download": bound.downloads,
            "M may be the best": bound.can_be_best,
        }
    )


def by_hand(scenario: Scenario) -> pd.DataFrame:
    """The best placement of an MLP with equal neurons on an on-off link, step by step: "symbol", "from", "value"; the last is M*.

    Raises `InputError` for other channels.
    """
    problem, link = costs(scenario), scenario.channel
    if not isinstance(link, OnOff):
        raise InputError(f"channel = {link.kind!r}: should be on-off")
    form, (second, outage) = from_costs(problem), moving_law(problem.law).sender.per_s
    given = [
        ("u", f"1 / {link.mean_on_s:g}", 1 / link.mean_on_s),
        ("l", f"1 / {link.mean_off_s:g}", 1 / link.mean_off_s),
        ("r", "rate when on [bit/s]", link.rate_bps),
        ("c", "a second of sending", second),
        ("c_o", "a second of outage", outage),
        ("t", "a layer [s]", local_inference_s(scenario) / scenario.dnn.layers),
        ("o", "to send [bit]", problem.bits[0]),
        ("delta", "a layer on the device, less on the edge", form.rest.extra),
        ("delta_N", "the last one, after which nothing is sent", problem.extra[-1]),
        ("D", "download of a layer", problem.download[0]),
        ("C_edge", "all layers on the edge", form.edge),
    ]
    return pd.DataFrame([*given, *pocket_steps(form)], columns=["symbol", "from", "value"]).astype({"value": float})
