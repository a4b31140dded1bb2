"""The explorer's words: when a plan stops, and what one look decides, told by what a device sees of its link."""

from itertools import groupby
from math import inf

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.channel.moving_law import MovingLaw
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored

LINK_UP = "the link is up"

# -- when to stop


def stop_conditions(explored: Explored) -> list[str]:
    """When the optimal plan stops at stages 0..M-1, in words; in an outage, stopping is to wait for its end."""
    made, given = explored.plans["optimal"], explored.scenario
    law = made.problem.law
    least = law.gain(made.thresholds)
    if not isinstance(law, MovingLaw):
        return ["always" if each == 0 else "never" if each == inf else _at_least(each, given) for each in least]
    stops = law.sent(made.problem.bits[: made.placement]) <= made.stop_thresholds
    said = []
    for each, up, down in zip(least, stops[: law.usable].T, stops[law.usable :].T, strict=True):
        link = LINK_UP if up.all() else ""
        if up.any() and not up.all():
            # else the best states are not those to stop in, as where sending costs a tail and better is to come
            best_first = np.all(up[:-1] >= up[1:])
            link = (
                _at_least(each, given)
                if best_first
                else f"the rate is nearest to {_runs(law.sender.rates_bps, up)} Mbit/s"
            )
        waits = in_outages(law, down)
        told = ", or ".join(filter(None, [link, waits])) if link else f"only {waits}" if waits else "never"
        said.append("always" if stops.shape[0] == up.sum() + down.sum() else told)
    return said


def in_outages(law: MovingLaw, which: NDArray[np.bool_]) -> str:
    """Some of the outage states of a channel, (O,), in words that tell them apart; "" for none.

    >>> import coinfer
    >>> law = coinfer.costs(coinfer.load_scenario("vehicle-lte")).law
    >>> in_outages(law, np.array([True, False])), in_outages(law, np.array([True, True]))
    ('in an outage of less than 1 s', 'in an outage')
    """
    if which.all():
        return "in an outage" if which.size else ""
    long_s = law.seen.long_outage_s
    if long_s is not None:
        names = [f"in an outage of less than {long_s:g} s", f"in an outage of {long_s:g} s or more"]
    else:
        stays_s = -1 / np.diag(law.sender.generator)[law.usable :]
        names = [f"in outage state {k} (left after {stay:.2g} s in the mean)" for k, stay in enumerate(stays_s, 1)]
    return " or ".join(name for name, chosen in zip(names, which, strict=True) if chosen)


def _at_least(least: float, given: Scenario) -> str:
    """In words: the link is to be at least so good."""
    if _seen_as_rates(given):
        return f"the rate is at least {_mbit(least)} Mbit/s"
    return f"the SNR is at least {10 * np.log10(given.link.mean_snr * least):.1f} dB"


def _seen_as_rates(given: Scenario) -> bool:
    """Whether what a device sees of its channel are rates, and not gains, which are shown as SNR."""
    if not isinstance(given.channel, MovingChannel):
        return given.channel.kind == "rates"
    states = given.channel.states_on(given.link)
    return states.transmit_powers_w is not None or not states.shannon


def _runs(rates_bps: Floats, stops: NDArray[np.bool_]) -> str:
    """The rates of some states [Mbit/s], those of neighbours as one range.

    >>> _runs(np.array([8e6, 4e6, 2e6, 1e6]), np.array([True, False, True, True]))
    '8 or 2 to 1'
    """
    told = []
    for chosen, group in groupby(range(len(stops)), key=lambda state: bool(stops[state])):
        run = list(group)
        if chosen:
            told.append(" to ".join(dict.fromkeys(_mbit(rates_bps[state]) for state in (run[0], run[-1]))))
    return " or ".join(told)


def _mbit(rate_bps: float) -> str:
    return f"{rate_bps / 1e6:.3g}"


# -- one look


def looks(explored: Explored) -> list[str]:
    """What one look before each inference decides, in words, outages first, then from a bad link to a good one; only where the channel moves.

    Rates are those of the channel's states: between two of them that differ in what to do, the plan turns.
    """
    made, given = explored.plans["probe-once"], explored.scenario
    law = made.problem.law
    if not isinstance(law, MovingLaw):
        return []
    stages = made.rule.chosen_stages(made.problem, made.placement, law)
    (slow, first), *faster = _by_rate(law, stages)
    down = stages[law.usable :]
    ways = [(in_outages(law, down == stage), stage) for stage in dict.fromkeys(down[::-1].tolist()) if stage != first]
    if (down == first).any():
        slow = f"{in_outages(law, down == first)} or {slow}"
    ways += [(slow, first), *faster]
    return [f"{when if len(ways) > 1 else 'always'} {act(stage, given)}" for when, stage in ways]


def _by_rate(law: MovingLaw, stages: NDArray[np.int64]) -> list[tuple[str, int]]:
    """When the link has a rate, in words, and the stage chosen then, from slow to fast; neighbouring states of one stage together."""
    rates_bps = law.sender.rates_bps
    slow_first = [state for state in range(law.usable)[::-1] if law.chain.initial[state] > 0]
    runs = [(stage, list(group)) for stage, group in groupby(slow_first, key=lambda state: int(stages[state]))]
    said = []
    for number, (stage, run) in enumerate(runs):
        least, most = (_mbit(rates_bps[state]) for state in (run[0], run[-1]))
        between = f"from {least} to {most} Mbit/s" if least != most else f"at {most} Mbit/s"
        ends = {0: f"at {most} Mbit/s or less", len(runs) - 1: f"at {least} Mbit/s or more"}
        said.append((ends.get(number, between) if len(runs) > 1 else "when the link is up", stage))
    return said


def act(stage: int, given: Scenario) -> str:
    """What stopping at a stage is, in words.

    >>> import coinfer
    >>> given = coinfer.load_scenario("abstract-model")
    >>> act(0, given), act(3, given), act(8, given), act(8, given.replace(result_at_edge=True))
    ('send the input', 'run 3 layers and send', 'run all layers', 'run all layers and send the result')
    """
    if stage == 0:
        return "send the input"
    if stage == given.dnn.layers:
        return f"run all layers{' and send the result' * given.result_at_edge}"
    return f"run {stage} layer{'s' * (stage > 1)} and send"
