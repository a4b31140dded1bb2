"""Plans made for a deadline: late in few enough inferences, and how much cheaper than that any plan could be.

Computing takes known times, so that an inference which sends from state s at stage n is late with a known chance. A price on
being late makes stopping there dearer by the price times that chance: it is optimal stopping as before, solved by backward
induction (R3), and raising the price finds plans that are late ever less. Whatever the price, no plan that keeps the deadline
costs less than the least sum of cost and price times the chance of being late, less the price times the chance allowed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats, as_floats
from coinfer.channel.moving_law import moving_law
from coinfer.cost import Costs, as_costs
from coinfer.frontier import WITHIN
from coinfer.placement import Plan, fixed_costs
from coinfer.rule import Rule
from coinfer.scenario import Scenario
from coinfer.timing import late_probabilities
from coinfer.validation import InputError, brief

if TYPE_CHECKING:
    import pandas

Stops = NDArray[np.bool_]
PRICES = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 141)])  # of being late, in costs of sending the input at once


@dataclass(frozen=True, eq=False)
class InTime(Rule):
    """Stops in given states (S, M), such as those in which it is better once being late has a price."""

    stops: Stops
    name = "in-time"

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """All that stopping can cost in those states, nothing in others."""
        return np.where(self.stops[:, :placement], inf, -inf)


def plans_in_time(
    given: Scenario | Costs, deadlines_s: Iterable[float], *, within: float = WITHIN
) -> "pandas.DataFrame":
    """For each deadline the cheapest plan found that keeps it in a share `within` of inferences; a row each, in order of time.

    Columns: `deadline_s` [s]; `cost`, the ETC of the plan, `late`, how likely it is late, `placement` and `plan`; `bound`, which
    no plan that keeps the deadline undercuts, however often it looks and even if it draws lots; `once`, the ETC of the cheapest
    found that looks once, or never, and `once_bound`, which none of those undercuts. Where even the dearest price of being late
    finds no plan that keeps the deadline, costs and bounds are inf, and the plan is None. Chances of being late are those of
    `time_probability`, to about 1e-3. Raises `InputError` unless the channel is one in motion.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
    >>> table = plans_in_time(coinfer.load_scenario("abstract-model", channel=link), [2.5, 1000.0])
    >>> bool(table["cost"][1] == coinfer.plan(table["plan"][1].problem).cost)  # a loose deadline changes nothing
    True
    """
    import pandas

    problem, deadlines = as_costs(given), _checked_deadlines(deadlines_s)
    if isinstance(within, bool) or not isinstance(within, (int, float)) or not 0 < within < 1:
        raise InputError(f"within = {brief(within)}: should be a share between 0 and 1")
    rows: list[tuple[object, ...]] = []
    plan, once = None, inf
    for deadline_s, late in zip(deadlines, late_probabilities(problem, deadlines), strict=True):
        every, one = _every_look(problem, late), _one_look(problem, late)
        cost, (price, m), bound = every.best(1 - within)
        if plan is None or cost < plan.cost:  # else that for an earlier deadline is cheaper: it keeps this one, too
            plan = _followed(problem, every, price, m) if cost < inf else None
        least, _, once_bound = one.best(1 - within)
        once = min(once, least)
        if plan is None:
            rows.append((deadline_s, inf, np.nan, -1, bound, once, once_bound, plan))
        else:
            missed = float(np.sum(plan.stop_states * late[:, : plan.placement + 1]))
            rows.append((deadline_s, plan.cost, missed, plan.placement, bound, once, once_bound, plan))
    columns = ["deadline_s", "cost", "late", "placement", "bound", "once", "once_bound", "plan"]
    return pandas.DataFrame(rows, columns=columns)


def _checked_deadlines(deadlines_s: Iterable[float]) -> list[float]:
    """In order of time. Raises `InputError`."""
    listed = (
        list(deadlines_s) if isinstance(deadlines_s, Iterable) and not isinstance(deadlines_s, str) else deadlines_s
    )
    deadlines = as_floats("deadlines_s", listed)
    if deadlines.ndim != 1 or not np.all((deadlines > 0) & (deadlines < inf)):
        raise InputError(f"deadlines_s = {brief(listed)}: should be positive seconds, in a list")
    return sorted(deadlines.tolist())


def _followed(problem: Costs, priced: "_Priced", price: int, m: int) -> Plan:
    """The plan that is best at one of the prices and placements."""
    alone = np.where(np.arange(problem.layers + 1) == m, priced.costs[price, m], inf)
    return Plan(problem, InTime(priced.stops(price, m, len(moving_law(problem.law).unit_costs))), m, alone)


@dataclass(frozen=True, eq=False)
class _Priced:
    """What is best at each price of being late and each placement M = 0..N."""

    prices: Floats  # (P,)
    costs: Floats  # (P, N+1) the ETC
    late: Floats  # (P, N+1) the chance of being late
    chosen: tuple[Stops, ...] = ()  # at stage n, for M = n+1..N: (S, P, N-n)

    def best(self, allowed: float) -> tuple[float, tuple[int, int], float]:
        """The least cost of those that are late seldom enough, which one it is, and what none of that kind undercuts."""
        in_time = np.where(self.late <= allowed + 1e-9, self.costs, inf)
        price, m = divmod(int(np.argmin(in_time)), in_time.shape[1])
        cost = float(in_time[price, m])
        least = np.min(self.costs + self.prices[:, None] * (self.late - allowed), axis=1)
        return cost, (price, m), min(float(np.nanmax(least)), cost) if cost < inf else inf

    def stops(self, price: int, m: int, states: int) -> Stops:
        """Where it stops before stage M; (S, M)."""
        found = np.zeros((states, m), dtype=bool)
        for n in range(m):
            found[:, n] = self.chosen[n][:, price, m - n - 1]
        return found


def _given(problem: Costs) -> tuple[Floats, Floats, Floats]:
    """The cost of sending (S, N+1), the prices of being late (P,), and what each placement that fits costs anyhow (N+1,)."""
    sent, fixed = moving_law(problem.law).sent(problem.bits), fixed_costs(problem)
    scale = float(moving_law(problem.law).chain.initial @ sent[:, 0]) + float(problem.edge)
    return sent, scale * PRICES, np.where(np.arange(fixed.size) <= problem.largest_placement, fixed, inf)


def _every_look(problem: Costs, late: Floats) -> _Priced:
    """By backward induction (R3) on the sum of cost and price times chance of being late, the two kept apart (R23)."""
    (sent, prices, fixed), law = _given(problem), moving_law(problem.law)
    shape, chosen = (len(sent), prices.size, 1), []
    cost, missed = np.empty((*shape[:2], 0)), np.empty((*shape[:2], 0))
    for n in range(problem.layers, -1, -1):
        here, missed_here = (np.broadcast_to(each[:, n, None, None], shape) for each in (sent, late))
        if n < problem.layers:
            chain = law.at(n + 1).chain
            ahead, missed_ahead = (
                chain.expect(each.reshape(len(sent), -1)).reshape(each.shape) for each in (cost, missed)
            )
            ahead = ahead + problem.extra[n]
            stop = here + prices[:, None] * missed_here <= ahead + prices[:, None] * missed_ahead
            cost, missed = np.where(stop, here, ahead), np.where(stop, missed_here, missed_ahead)
            chosen.append(stop)
        cost, missed = np.concatenate([here, cost], axis=2), np.concatenate([missed_here, missed], axis=2)
    means = (np.tensordot(law.chain.initial, each, 1) for each in (cost, missed))
    return _Priced(prices, next(means) + fixed, next(means), tuple(reversed(chosen)))


def _one_look(problem: Costs, late: Floats) -> _Priced:
    """The best stage for each state seen at stage 0, and each fixed split, at no price (nan), as it need not be the best at any."""
    (sent, prices, fixed), law = _given(problem), moving_law(problem.law)
    arrived, ahead = np.eye(len(sent)), np.concatenate([[0.0], np.cumsum(problem.extra)])
    cost, missed = np.full((len(sent), prices.size), inf), np.zeros((len(sent), prices.size))
    found = []
    for n in range(problem.layers + 1):
        arrived = law.chain.arrive(arrived, n) if n else arrived
        here, missed_here = (arrived @ sent[:, n])[:, None] + ahead[n], (arrived @ late[:, n])[:, None]
        better = here + prices * missed_here < cost + prices * missed
        cost, missed = np.where(better, here, cost), np.where(better, missed_here, missed)
        fixed_split = [law.chain.initial @ each[:, 0] for each in (here, missed_here)]
        found.append(
            [np.append(law.chain.initial @ each, one) for each, one in zip((cost, missed), fixed_split, strict=True)]
        )
    costs, chances = np.stack(found, axis=-1)
    return _Priced(np.append(prices, np.nan), costs + fixed, chances)
