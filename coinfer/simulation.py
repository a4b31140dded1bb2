"""The independent check: draw channels, follow the plan inference by inference, count the cost."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from coinfer.cost import Costs, as_costs
from coinfer.placement import Plan, fixed_costs
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
    """Follow a plan through `inferences` independent inferences.

    A channel is drawn for each inference and stage 0..M, used or not, from one stream a stage: the same seed gives
    every plan the same channels. The costs are those of `given`, which may differ from what the plan was made for.
    """
    costs = as_costs(given)
    count = whole("inferences", inferences, 1)
    placement = plan.placement
    if costs.layers != plan.problem.layers:
        raise InputError(f"plan: was made for {plan.problem.layers} layers; the scenario has {costs.layers}")
    streams = np.random.default_rng(rng).spawn(placement + 1)
    if plan.rule.commits and costs.law.waits:
        raise InputError(
            f"rule = {str(plan.rule)!r}: is not simulated where the device may wait; replay it over a trace"
        )
    a = np.full(placement, -np.inf) if plan.rule.commits else plan.thresholds_on(costs.law)
    thresholds = np.append(a, np.full_like(a, np.inf, shape=(*a.shape[:-1], 1)), axis=-1)  # at M the device stops
    spent = np.concatenate([[0.0], np.cumsum(costs.extra)])
    fixed = float(fixed_costs(costs)[placement])
    law, centre = costs.law, plan.cost - fixed  # sums are taken about the expected cost, so that squares do not cancel
    counts = np.zeros(placement + 1, dtype=np.int64)
    total = squares = 0.0
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        running = np.ones(size, dtype=bool)
        state, chosen, waited = None, None, np.zeros(size)
        for n, stream in enumerate(streams):
            o, a = costs.bits[n], thresholds[..., n]
            state, wait = law.wait(stream, law.draw(stream, size, n, state), o, a)
            chosen = plan.chosen_stage(law.unit_cost(state)) if n == 0 else chosen
            stops = law.stops(state, o, a) if chosen is None else chosen <= n
            stopped = running if n == placement else running & stops
            cost = spent[n] + law.price(state[stopped], o) - centre
            if law.waits:
                waited = waited + wait
                cost = cost + waited[stopped]
            counts[n] += cost.size
            total += float(cost.sum())
            squares += float(np.square(cost).sum())  # not `cost @ cost`: BLAS threads cost more time than they save
            running = running & ~stopped
    mean = total / count
    variance = max(squares / count - mean**2, 0.0) * count / max(count - 1, 1)
    return Outcome(fixed + centre + mean, sqrt(variance / count), counts, count)
