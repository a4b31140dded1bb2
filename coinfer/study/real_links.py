"""Links that exist: where they lie on the regime map."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.linalg import expm
from scipy.optimize import brentq

from coinfer.channel.moving_channel import MovingChannel, States
from coinfer.scenario import Scenario
from coinfer.study.regimes import local_inference_s, mean_rate_bps
from coinfer.validation import InputError

STILL = 1e-9  # a spread of the rate below this share of the fastest is none


def mean_outage_s(case: Scenario) -> float:
    """How long an outage of the link lasts in the mean [s]; nan for a link without any. Raises `InputError` for draws.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=1.5)
    >>> round(mean_outage_s(coinfer.load_scenario("abstract-model", channel=link)), 9)
    1.5
    """
    states = _states(case)
    on = states.rates_bps > 0
    ends_per_s = float(states.law[~on] @ states.generator[np.ix_(~on, on)].sum(axis=1))
    return float(states.law[~on].sum()) / ends_per_s if ends_per_s > 0 else np.nan


def rate_correlation(states: States, lag_s: float) -> float:
    """The autocorrelation of the rate after a time [-]; nan for a rate that never moves.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=4.0)
    >>> round(rate_correlation(link.states_on(coinfer.Link()), 2.0), 6)  # e^-1
    0.367879
    """
    rates = states.rates_bps / states.rates_bps.max()
    spread = rates - states.law @ rates
    variance = float(states.law @ spread**2)
    if variance < STILL**2:
        return np.nan
    return float((states.law * spread) @ (expm(states.generator * lag_s) @ spread)) / variance


def correlation_time_s(case: Scenario) -> float:
    """The time after which the autocorrelation of the link's rate is 1/e [s]; nan for a rate that never moves.

    Raises `InputError` for independent draws.
    """
    states = _states(case)
    if np.isnan(rate_correlation(states, 0.0)):
        return np.nan
    leaving_per_s = -np.diag(states.generator)
    longest_s = 1 / leaving_per_s[leaving_per_s > 0].min()

    def left(log_s: float) -> float:
        return rate_correlation(states, np.exp(log_s)) - np.exp(-1)

    return float(np.exp(brentq(left, np.log(longest_s) - 25, np.log(longest_s) + 10, xtol=1e-10)))


CLOCKS: dict[str, Callable[[Scenario], float]] = {"fading": correlation_time_s, "on-off": mean_outage_s}


def on_the_map(cases: Mapping[str, Scenario]) -> dict[str, dict[str, tuple[float, float]]]:
    """Where scenarios lie on the regime map, by family and name, both axes in local inferences.

    "on-off", for those with outages: their mean length, and sending the input at the mean rate. "fading", for those whose rate
    moves: `correlation_time_s`, and the same. A link of one rate has no place on either. Raises `InputError` for draws.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {family: {} for family in CLOCKS}
    for name, case in cases.items():
        local_s = local_inference_s(case)
        sending = case.dnn.output_bits[0] / mean_rate_bps(case) / local_s
        for family, clock in CLOCKS.items():
            if np.isfinite(lasts_s := clock(case)):
                found[family][name] = (lasts_s / local_s, sending)
    return found


def _states(case: Scenario) -> States:
    if not isinstance(case.channel, MovingChannel):
        raise InputError(f"channel = {case.channel.kind!r}: should be one in motion")
    return case.channel.states_on(case.link)
