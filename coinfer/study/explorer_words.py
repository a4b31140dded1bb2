"""The explorer's words: when a plan stops, and what one look decides, told by what a device sees of its link."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from coinfer import words
from coinfer.channel.moving_law import MovingLaw
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored
from coinfer.words import LINK_UP, in_outages, mbit


def stop_conditions(explored: Explored) -> list[str]:
    """When the optimal plan stops at stages 0..M-1, in words."""
    made = explored.plans["optimal"]
    return words.stop_conditions(made.problem, made.stop_thresholds)


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
        least, most = (mbit(rates_bps[state]) for state in (run[0], run[-1]))
        between = f"from {least} to {most} Mbit/s" if least != most else f"at {most} Mbit/s"
        ends = {0: f"at {most} Mbit/s or less", len(runs) - 1: f"at {least} Mbit/s or more"}
        said.append((ends.get(number, between) if len(runs) > 1 else f"when {LINK_UP}", stage))
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
