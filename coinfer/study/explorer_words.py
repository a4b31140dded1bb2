"""The explorer's words: when a plan stops, and what one look decides, told by what a device sees of its link."""

from coinfer import words
from coinfer.channel.moving_law import MovingLaw
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored


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
    ways = words.one_look(law, made.rule.chosen_stages(made.problem, made.placement, law))
    return [f"{when if len(ways) > 1 else 'always'} {act(stage, given)}" for when, stage in ways]


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
