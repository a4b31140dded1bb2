"""The explorer's words: when a plan stops, what one look decides, and the sentence that says what to do. All follow from the numbers."""

from collections.abc import Iterator
from itertools import groupby
from math import inf

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.channel.moving_law import MovingLaw
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored
from coinfer.study.real import PAYS
from coinfer.study.real_tails import stop_probabilities
from coinfer.timing import time_probability


def stop_conditions(explored: Explored) -> list[str]:
    """When the optimal plan stops at stages 0..M-1, in words."""
    made, given = explored.plans["optimal"], explored.scenario
    law = made.problem.law
    if not isinstance(law, MovingLaw):
        return [_condition(least, False, given) for least in made.gains]
    stops = law.sent(made.problem.bits[: made.placement]) <= made.stop_thresholds
    up, down = stops[: law.usable], stops[law.usable :]
    said = []
    for stage, least in enumerate(made.gains):
        waits = bool(down.size and down[:, stage].all())
        if np.all(up[:-1, stage] >= up[1:, stage]):
            said.append(_condition(least, waits, given))
        else:  # the best states are not those to stop in, as where sending costs a tail and better is to come
            said.append(f"the rate is nearest to {_runs(law.sender.rates_bps[: law.usable], up[:, stage])} Mbit/s")
    return said


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
            ends = dict.fromkeys(f"{rates_bps[state] / 1e6:.3g}" for state in (run[0], run[-1]))
            told.append(" to ".join(ends))
    return " or ".join(told)


def _condition(least: float, waits: bool, given: Scenario) -> str:
    """In words: the link is to be at least so good; in an outage to `wait` for it counts as stopping."""
    if least == inf:
        return "it waits out an outage, only" if waits else "never"
    if _seen_as_rates(given):
        said = "the link is up" if least == 0 else f"the rate is at least {least / 1e6:.3g} Mbit/s"
    elif least == 0:
        said = "always"
    else:
        said = f"the SNR is at least {10 * np.log10(given.link.mean_snr * least):.1f} dB"
    if waits:
        return "always" if least == 0 else f"{said}, or in an outage"
    return said


def looks(explored: Explored) -> list[str]:
    """What one look before each inference decides, in words, from a bad link to a good one; only where the channel moves."""
    made = explored.plans["probe-once"]
    law = made.problem.law
    if not isinstance(law, MovingLaw):
        return []
    stages = made.rule.chosen_stages(made.problem, made.placement, law)
    rates = law.sender.rates_bps
    order = [state for state in np.argsort(rates, kind="stable") if law.chain.initial[state] > 0]
    said = []
    for stage, group in groupby(order, key=lambda state: int(stages[state])):
        least = float(rates[next(iter(group))])
        when = "in an outage" if least == 0 else f"from {least / 1e6:.3g} Mbit/s on"
        said.append(f"{when} {act(stage, explored.scenario.dnn.layers)}")
    return said


# -- what to do


def act(stage: int, layers: int) -> str:
    """What stopping at a stage is, in words.

    >>> act(0, 8), act(3, 8), act(8, 8)
    ('send the input', 'run 3 layers and send', 'run all layers')
    """
    if stage == 0:
        return "send the input"
    return "run all layers" if stage == layers else f"run {stage} layer{'s' * (stage > 1)} and send"


def advice(explored: Explored) -> str:
    """What to do, in words that follow from the costs: the simplest way that gives up less than 5 % of the ETC."""
    return " ".join(_advice(explored))


def _advice(explored: Explored) -> Iterator[str]:
    plans, layers = explored.plans, explored.scenario.dnn.layers
    once = explored.saving("probe-once", "static")
    again = explored.saving("optimal", "static", "probe-once")
    if again >= PAYS:
        used = plans["optimal"]
        yield (
            f"Place {used.placement} of {layers} layers and look at the channel after every layer: that saves {again:.0%} "
            "over the better of a fixed split and one look before each inference."
        )
    elif once >= PAYS:
        used, seen = plans["probe-once"], looks(explored)
        yield (
            f"Place {used.placement} of {layers} layers and look at the link once before each inference"
            f"{': ' + '; '.join(seen) if 0 < len(seen) <= 4 else ''}. That saves {once:.0%} over the best fixed split; "
            f"looking again after every layer saves {_little(again)} more."
        )
    else:
        used = plans["static"]
        stage = int(np.argmax(stop_probabilities(used)))
        yield (
            f"Do not look at the channel. Place {used.placement} of {layers} layers and always {act(stage, layers)}: looking "
            f"before each inference saves {_little(once)}, and after every layer {_little(again)} more."
        )
    if explored.deadline_s is not None:
        inside = float(time_probability(used, explored.deadline_s))
        yield f"Then {inside:.1%} of inferences end within {1e3 * explored.deadline_s:.4g} ms."
    interval_s = explored.scenario.interval_s
    if interval_s is not None and used.time_s > interval_s:
        yield (
            f"Mind that an inference takes {1e3 * used.time_s:.3g} ms in the mean, and the next one comes after "
            f"{1e3 * interval_s:.3g} ms: queues are not in the model."
        )


def _little(share: float) -> str:
    return "nothing" if share < 5e-4 else f"{share:.1%}"
