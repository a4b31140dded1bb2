"""The radio's tail where a plan sends in some inferences only: the longest that can be, and what is best then.

Tails that follow inferences at equal distances are longest (R26): of the seconds from one inference to the next they take
min(s tau, T), s the share that sends, tau the tail and T the interval. That is the lesser of two prices, each linear in the plan:
tau for each that sends, as if it were alone, or T once and for all, as of a radio that is always awake. So the best plan is the
better of the best two.
"""

from dataclasses import dataclass, replace

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs
from coinfer.placement import Plan, plan
from coinfer.rule import Rule
from coinfer.scenario import Scenario


@dataclass(frozen=True)
class Tailed:
    """A plan where tails are the longest that can be: its ETC then, and the joules beyond those that the scenario counts."""

    plan: Plan
    cost: float
    longer_j: float

    @property
    def energy_j(self) -> float:
        """Expected energy of an inference with the longest tails, download apart [J]."""
        return self.plan.energy_j + self.longer_j


def with_longest_tails(given: Costs, rule: Rule | str) -> Tailed:
    """The best plan of a rule where tails are the longest that can be; of one that looks ahead, the best of its plans for three prices.

    A plan that sends in every inference or in none, or whose tails end before the next, counts them as they are.

    >>> import coinfer
    >>> given = coinfer.costs(coinfer.load_scenario("vehicle-lte"))
    >>> best, counted = with_longest_tails(given, "optimal"), plan(given)
    >>> bool(counted.cost < best.cost < counted.cost + longest_tails(counted))
    True
    """
    counted, scenario = plan(given, rule=rule), given.scenario
    longer_j = longest_tail_j(counted)
    if scenario is None or not longer_j:
        return Tailed(counted, counted.cost, 0.0)
    link, interval_s, per_j = scenario.link, scenario.interval_s or np.inf, scenario.weights.energy_per_j
    found = [Tailed(counted, counted.cost + per_j * longer_j, longer_j)]
    for tail_s in (link.tail_s, 0.0):
        made = plan(_priced(given, scenario, tail_s), rule=rule)
        sends = share_that_sends(made)
        longest_s = min(sends * link.tail_s, interval_s)
        cost = made.cost + per_j * link.tail_power_w * (longest_s - sends * tail_s)
        found.append(Tailed(made, cost, link.tail_power_w * (longest_s - sends * min(link.tail_s, interval_s))))
    return min(found, key=lambda each: round(each.cost, 12))


def _priced(given: Costs, scenario: Scenario, tail_s: float) -> Costs:
    """The costs with a tail of some length for each inference that sends, whatever the interval; seconds and joules stay."""
    link = scenario.link
    more_s = tail_s - min(link.tail_s, scenario.interval_s or np.inf)
    more = scenario.weights.energy_per_j * link.tail_power_w * more_s * (given.bits > 0)
    found = replace(given, extra=given.extra + np.diff(more), edge=given.edge + float(more[0]))
    object.__setattr__(found, "scenario", scenario)
    return found


def longest_tails(found: Plan) -> float:
    """What the tails of a plan that sends in some inferences only may cost more than counted, until the next one that sends.

    A plan counts a tail until the next inference. Of all ways in which those that send may follow each other, tails are longest
    where they come at equal distances (R26).

    >>> import coinfer
    >>> sends = coinfer.load_scenario("abstract-model", link__tail_power_w=0.1, link__tail_s=10.0, interval_s=1.0)
    >>> longest_tails(coinfer.plan(sends, rule="edge-only"))  # in every inference: none is longer
    0.0
    """
    scenario = found.problem.scenario
    return 0.0 if scenario is None else scenario.weights.energy_per_j * longest_tail_j(found)


def longest_tail_j(found: Plan) -> float:
    """The energy of `longest_tails` [J]."""
    scenario = found.problem.scenario
    if scenario is None or scenario.interval_s is None or not scenario.link.tail_power_w * scenario.link.tail_s:
        return 0.0
    tail_s, interval_s = scenario.link.tail_s, scenario.interval_s
    sends = share_that_sends(found)
    longer_s = min(sends * tail_s, interval_s) - sends * min(tail_s, interval_s)
    return scenario.link.tail_power_w * max(0.0, round(longer_s, 12))


def share_that_sends(found: Plan) -> float:
    """The share of inferences in which a plan sends anything."""
    return float(stop_probabilities(found)[found.problem.bits[: found.placement + 1] > 0].sum())


def at_once(found: Plan) -> float:
    """How many inputs the device computes on or sends at once, in the mean [-]; nan for a scenario without an interval.

    By Little's law: the time in which it computes and sends, outages included, over that from one input to the next. Each is
    counted as if it were alone; above 1 they are not, and a device that takes one after another does not keep up.

    >>> import coinfer
    >>> computes = coinfer.plan(coinfer.load_scenario("phone-mmwave"), rule="local-only")
    >>> round(at_once(computes), 3)  # 24.8 ms, every 33.3 ms
    0.745
    """
    scenario = found.problem.scenario
    if scenario is None or scenario.interval_s is None:
        return np.nan
    later_s = np.append(np.cumsum(scenario.dnn.macs[::-1])[::-1], 0.0) / scenario.edge.macs_per_s
    elsewhere_s = later_s + scenario.link.round_trip_s * (found.problem.bits > 0)
    return (found.time_s - float(stop_probabilities(found) @ elsewhere_s[: found.placement + 1])) / scenario.interval_s


def stop_probabilities(found: Plan) -> Floats:
    """The probability of stopping at stages 0..M, of rules that look once as well; (M+1,)."""
    return found.stop_states.sum(axis=0) if isinstance(found.problem.law, MovingLaw) else found.stop_probabilities
