"""The independent check: draw channels, follow the plan inference by inference, count the cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.cost import Costs, as_costs
from coinfer.placement import Plan, check_plan, fixed_costs
from coinfer.scenario import Scenario
from coinfer.validation import InputError, whole

BLOCK = 1 << 15  # inferences followed at a time: their draws fit in a core's cache


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was counted. The standard error means nothing where the unit cost has an infinite variance (R12)."""

    mean: float  # of the ETC of an inference, download included
    standard_error: float
    stop_counts: NDArray[np.int64]  # (M+1,) inferences that stopped at stage n
    inferences: int


def simulate(
    given: Scenario | Costs, plan: Plan, *, inferences: int, rng: np.random.Generator | np.random.SeedSequence | int
) -> Outcome:
    """Follow a plan through `inferences` independent inferences. Raises `InputError`.

    A channel is drawn for each inference and stage 0..M, used or not, from one stream a stage: the same seed gives
    every plan the same channels. The costs are those of `given`, which may differ from what the plan was made for.

    >>> import coinfer
    >>> scenario = coinfer.load_scenario("default")
    >>> outcome = simulate(scenario, coinfer.plan(scenario), inferences=10_000, rng=0)
    >>> abs(outcome.mean - coinfer.plan(scenario).cost) < 3 * outcome.standard_error
    True
    """
    costs, count = as_costs(given), whole("inferences", inferences, 1)
    placement = check_plan(plan, costs).placement
    if plan.rule.commits and costs.law.waits:
        raise InputError(
            f"rule = {str(plan.rule)!r}: is not simulated where the device may wait; replay it over a trace"
        )
    streams = np.random.default_rng(rng).spawn(placement + 1)
    fixed = float(fixed_costs(costs)[placement])
    centre = plan.cost - fixed  # sums are taken about the expected cost, so that squares do not cancel
    counts, total, squares = np.zeros(placement + 1, dtype=np.int64), 0.0, 0.0
    for start in range(0, count, BLOCK):
        for n, spent in _followed(costs, plan, streams, min(BLOCK, count - start)):
            excess = spent - centre
            counts[n] += excess.size
            total += float(excess.sum())
            squares += float(np.square(excess).sum())  # not `@`: BLAS threads cost more time than they save
    mean = total / count
    variance = max(squares / count - mean**2, 0.0) * count / max(count - 1, 1)
    return Outcome(fixed + centre + mean, sqrt(variance / count), counts, count)


def _followed(costs: Costs, plan: Plan, streams: list[np.random.Generator], size: int) -> Iterator[tuple[int, Floats]]:
    """Stage by stage, what the inferences that stop there have spent since stage 0."""
    law, placement = costs.law, plan.placement
    a = np.full(placement, -np.inf) if plan.rule.commits else plan.thresholds_on(law)
    a = np.append(a, np.full_like(a, np.inf, shape=(*a.shape[:-1], 1)), axis=-1)  # at M the device stops
    computed = np.concatenate([[0.0], np.cumsum(costs.extra)])
    running, waited = np.ones(size, dtype=bool), np.zeros(size)
    state, chosen = None, None
    for n, stream in enumerate(streams):
        state, wait = law.wait(stream, law.draw(stream, size, n, state), costs.bits[n], a[..., n])
        chosen = plan.chosen_stage(law.unit_cost(state)) if n == 0 else chosen
        stops = law.stops(state, costs.bits[n], a[..., n]) if chosen is None else chosen <= n
        stopped = running if n == placement else running & stops
        spent = computed[n] + law.price(state[stopped], costs.bits[n])
        if law.waits:
            waited = waited + wait
            spent = spent + waited[stopped]
        yield n, spent
        running = running & ~stopped
