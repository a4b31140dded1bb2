"""Seconds against joules: the plans that weighting the two finds, and the cheapest one that is fast enough.

Minimising a weighted sum of time and energy finds the vertices of the lower convex hull of what plans attain (R23): plans
inside the hull are missed, and a heuristic's own plans need lie on no curve at all.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from coinfer.cost import costs
from coinfer.placement import Plan, plan, total_costs
from coinfer.rule import Rule
from coinfer.rules import Optimal, Static, as_rule
from coinfer.scenario import Scenario
from coinfer.system import Weights
from coinfer.timing import time_probability, time_quantiles_s
from coinfer.validation import an, items, seconds

if TYPE_CHECKING:
    import pandas

RULES = ("optimal", "1-sla", "2-sla", "probe-once", "static")
RESOLUTION = 1e-3  # of the ranges of time and energy, to which vertices are told apart
LEAST = 1e-9  # weight of the other one at the ends, so that of equally fast plans the one that takes least is found
WITHIN = 0.95  # how often a deadline must be met


def frontier(
    scenario: Scenario, deadline_s: float | None = None, *, rules: tuple[Rule | str, ...] = RULES
) -> "pandas.DataFrame":
    """Plans between the fastest and the most frugal: a row each, and with a deadline the cheapest that meets it.

    Rows with `role` "hull" are vertices of the lower convex hull of time and energy, download included, in ascending order of
    time: the optimal rule's plans at the weights that find them. With a deadline [s] a row of role "deadline" is added: of the
    plans of all rules, all placements and all these weights, and the scenario's own, the one with the lowest ETC at the
    scenario's weights whose time is within the deadline in 95 % of inferences; it is not claimed to be the best of all
    policies. "static" stands for every fixed split, best on average or not. There is no such row if no plan tried meets it.

    Columns: `role`, `rule`, `placement`, `time_s` and `energy_j` of an inference, `p95_s`, `download_s` and `download_j` per
    inference, `cost` at the scenario's weights, `time_weight`, the weight of a second against a joule's 1 it was made for, and
    `plan`. Raises `InputError`.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=5e6, mean_on_s=4.0, mean_off_s=1.5)
    >>> table = frontier(coinfer.load_scenario("abstract-model", channel=link), deadline_s=2.0)
    >>> bool(table["time_s"].is_monotonic_increasing or table["role"].iloc[-1] == "deadline")
    True
    """
    import pandas

    scenario, kinds = an("scenario", scenario, Scenario), _checked_rules(rules)
    deadline_s = None if deadline_s is None else seconds("deadline_s", deadline_s)
    vertices = sorted(_vertices(scenario), key=lambda found: _point(found)[0])
    rows = [_row("hull", found, scenario) for found in vertices]
    if deadline_s is not None:
        tried = _tried(scenario, vertices, kinds)
        in_time = (found for found in tried if time_probability(found, deadline_s) >= WITHIN)
        rows += [_row("deadline", found, scenario) for found in islice(in_time, 1)]
    return pandas.DataFrame(rows)


def cheapest_in_time(scenario: Scenario, *, rules: tuple[Rule | str, ...] = RULES) -> "pandas.DataFrame":
    """Of the plans that `frontier` tries those that are the cheapest for some deadline: a row each, ever dearer and faster.

    The cheapest plan for a deadline is the first row whose `p95_s` is within it; if there is none, no plan tried is. Columns
    are those of `frontier`, the role is "deadline". Plans less than a thousandth faster are left out. Raises `InputError`.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=5e6, mean_on_s=4.0, mean_off_s=1.5)
    >>> table = cheapest_in_time(coinfer.load_scenario("abstract-model", channel=link))
    >>> bool(table["cost"].is_monotonic_increasing and table["p95_s"].is_monotonic_decreasing)
    True
    """
    import pandas

    scenario, kinds = an("scenario", scenario, Scenario), _checked_rules(rules)
    rows: list[dict[str, object]] = []
    least_s = np.inf
    for found in _tried(scenario, _vertices(scenario), kinds):
        if not rows or time_probability(found, (1 - RESOLUTION) * least_s) >= WITHIN:
            rows.append(_row("deadline", found, scenario))
            least_s = float(time_quantiles_s(found, (WITHIN,))[0])
    return pandas.DataFrame(rows)


def _checked_rules(rules: Iterable[Rule | str]) -> list[Rule]:
    """Raise `InputError` unless every one is a rule, or the name of one."""
    return [as_rule(rule) for rule in items("rules", rules, "a sequence of rules")]


def _tried(scenario: Scenario, vertices: list[Plan], rules: list[Rule]) -> Iterator[Plan]:
    """Plans of all rules and placements at these weights and the scenario's own, and of all fixed splits; by ascending ETC.

    Made as they are asked for: what a plan for the scenario's own weights costs is known without looking at its seconds and
    joules, and one for other weights costs no less than the best for its own with the same layers placed.
    """
    own = costs(scenario)
    fits, best = slice(own.largest_placement + 1), total_costs(own, Optimal())
    choices = [(own, rule) for rule in rules if not isinstance(rule, Static)]
    choices += [(found.problem, rule) for found in vertices for rule in rules if not isinstance(rule, Static)]
    if any(isinstance(rule, Static) for rule in rules):  # every split: the best on average need not be the best in time
        choices += [(own, Static(n)) for n in range(own.largest_placement + 1)]
    # the ETC or less, the number of the choice, the placement, the plan, and whether its ETC is known
    queue: list[tuple[float, int, int, Plan, bool]] = []
    for number, (problem, rule) in enumerate(choices):
        j = total_costs(problem, rule)
        known = problem is own
        placements = np.flatnonzero(np.isfinite(j[fits])).tolist()
        # more layers than a split needs only cost more
        for m in placements[:1] if isinstance(rule, Static) else placements:
            queue.append((_rounded(j[m] if known else best[m]), number, m, Plan(problem, rule, m, j), known))
    heapify(queue)
    seen: set[tuple[float, ...]] = set()  # a plan that places and spends as much as another is tried once
    while queue:
        _, number, m, found, known = heappop(queue)
        if not known:
            heappush(queue, (_rounded(_etc(found, scenario)), number, m, found, True))
        elif (spent := (m, *_point(found).round(12).tolist())) not in seen:
            seen.add(spent)
            yield found


def _rounded(cost: float) -> float:
    """To the digits that are the same however an ETC is added up, so that of equal plans the rule listed first goes first."""
    return float(f"{cost:.11g}")


def _vertices(scenario: Scenario) -> list[Plan]:
    """Plans at vertices of the hull, found between two others by the weights for which those two are equally good."""
    fastest, frugal = _weighted(scenario, 1.0, LEAST), _weighted(scenario, LEAST, 1.0)
    span = _point(frugal) - _point(fastest)
    return [fastest, *_between(scenario, fastest, frugal, np.abs(span)), frugal] if np.all(span != 0) else [fastest]


def _between(scenario: Scenario, faster: Plan, slower: Plan, span: np.ndarray) -> Iterator[Plan]:
    a, b = _point(faster), _point(slower)
    time, energy = a[1] - b[1], b[0] - a[0]  # a normal to the line through both
    if min(energy / span[0], time / span[1]) < RESOLUTION:
        return
    found = _weighted(scenario, time, energy)
    saved = (a - _point(found)) @ (time, energy)
    if saved > RESOLUTION * (time * span[0] + energy * span[1]):
        yield from _between(scenario, faster, found, span)
        yield found
        yield from _between(scenario, found, slower, span)


def _weighted(scenario: Scenario, time: float, energy: float) -> Plan:
    """The best plan at these weights of a second and a joule."""
    weights = Weights(time_per_s=time / energy, energy_per_j=1.0)
    return plan(scenario.replace(weights=weights))


def _point(found: Plan) -> np.ndarray:
    return np.array([found.time_s + found.download_s, found.energy_j + found.download_j])


def _etc(found: Plan, scenario: Scenario) -> float:
    return float(_point(found) @ (scenario.weights.time_per_s, scenario.weights.energy_per_j))


def _row(role: str, found: Plan, scenario: Scenario) -> dict[str, object]:
    made_for = found.problem.scenario
    assert made_for is not None
    return {
        "role": role,
        "rule": str(found.rule),
        "placement": found.placement,
        "time_s": found.time_s,
        "energy_j": found.energy_j,
        "p95_s": float(time_quantiles_s(found, (WITHIN,))[0]),
        "download_s": found.download_s,
        "download_j": found.download_j,
        "cost": _etc(found, scenario),
        "time_weight": made_for.weights.time_per_s,
        "plan": found,
    }
