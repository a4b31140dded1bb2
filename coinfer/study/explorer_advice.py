"""The explorer's sentence that says what to do, and what to mind: it follows from the costs."""

import numpy as np

from coinfer.frontier import WITHIN as OFTEN
from coinfer.placement import Plan
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored
from coinfer.study.explorer_words import act, looks
from coinfer.study.real import PAYS
from coinfer.study.real_tails import at_once, stop_probabilities, with_longest_tails


def advice(explored: Explored) -> str:
    """What to do, in words that follow from the costs: the simplest way that gives up less than 5 % of the ETC, and what to mind."""
    rule, said = _way(explored)
    return " ".join(filter(None, [said, *(tell(explored, rule) for tell in (_in_time, _left_out, _not_kept_up))]))


def _way(explored: Explored) -> tuple[str, str]:
    """The rule to follow, and why."""
    plans, given = explored.plans, explored.scenario
    layers = given.dnn.layers
    once = explored.saving("probe-once", "static")
    again = explored.saving("optimal", "static", "probe-once")
    if again >= PAYS:
        return "optimal", (
            f"Place {plans['optimal'].placement} of {layers} layers and look at the channel after every layer: that saves "
            f"{_saved(explored, 'optimal', 'static', 'probe-once')} over the better of a fixed split and one look before each inference."
        )
    if once >= PAYS:
        seen = looks(explored)
        return "probe-once", (
            f"Place {plans['probe-once'].placement} of {layers} layers and look at the link once before each inference"
            f"{': ' + '; '.join(seen) if 0 < len(seen) <= 4 else ''}. That saves {_saved(explored, 'probe-once', 'static')} over the "
            f"best fixed split; looking again after every layer saves {_little(again)} more."
        )
    return "static", (
        f"Do not look at the channel. Place {plans['static'].placement} of {layers} layers and {_always(plans['static'], given)}: "
        f"looking before each inference saves {_little(once)}, and after every layer {_little(again)} more."
    )


def _always(made: Plan, given: Scenario) -> str:
    """What a plan that never looks does, in words."""
    return f"always {act(int(np.argmax(stop_probabilities(made))), given)}"


def _saved(explored: Explored, rule: str, *others: str) -> str:
    """What a rule saves over the best of others; where tails that are as long as can be make it another share, that too."""
    longest = {each: with_longest_tails(explored.plans[each].problem, each).cost for each in (rule, *others)}
    counted, told = explored.saving(rule, *others), 1 - longest[rule] / min(longest[other] for other in others)
    if f"{told:.0%}" == f"{counted:.0%}":
        return f"{counted:.0%}"
    return f"{counted:.0%} ({told:.0%} with tails of the radio as long as they can be)"


def _little(share: float) -> str:
    return "nothing" if share < 5e-4 else f"{share:.1%}"


def _in_time(explored: Explored, rule: str) -> str:
    """How often that way meets the deadline and, if that is too seldom, which of the plans is the cheapest that does."""
    if explored.deadline_s is None:
        return ""
    share, plans = explored.in_time, explored.plans
    said = f"Then {share[rule]:.1%} of inferences end within {1e3 * explored.deadline_s:.4g} ms"
    if share[rule] >= OFTEN:
        return f"{said}."
    meets = [other for other in plans if share[other] >= OFTEN]
    if not meets:
        nearest = max(plans, key=lambda other: round(share[other], 9))
        return f"{said}; no plan shown here meets that in {OFTEN:.0%}" + (
            f", {nearest} comes nearest with {share[nearest]:.1%}." if share[nearest] > share[rule] else "."
        )
    best = min(meets, key=lambda other: round(plans[other].cost, 12))
    return (
        f"{said}; the cheapest plan shown here that meets that in {OFTEN:.0%} is {best}: {_followed(plans[best], explored.scenario)}. "
        f"It does so in {share[best]:.1%}, and costs {_little(plans[best].cost / plans[rule].cost - 1)} more."
    )


def _followed(made: Plan, given: Scenario) -> str:
    """What a plan does, in words."""
    if str(made.rule) in ("edge-only", "local-only", "static"):
        return _always(made, given)
    often = "once before each inference" if made.rule.commits else "after every layer"
    return f"place {made.placement} of {given.dnn.layers} layers and look {often}"


def _left_out(explored: Explored, rule: str) -> str:
    """That the device cannot run all layers, if its memory is too small."""
    if "local-only" in explored.plans:
        return ""
    priced = explored.plans[rule].problem
    return f"To run all layers (local-only) is left out: the device's memory holds {priced.largest_placement} of {priced.layers} of them."


def _not_kept_up(explored: Explored, rule: str) -> str:
    """That inputs come faster than the device computes and sends, if they do."""
    busy, interval_s = at_once(explored.plans[rule]), explored.scenario.interval_s
    if interval_s is None or busy <= 1:
        return ""
    return (
        f"Mind that the device does not keep up: with an input every {1e3 * interval_s:.4g} ms it computes on or sends {busy:.3g} of them "
        "at once in the mean, and queues are not in the model."
    )
