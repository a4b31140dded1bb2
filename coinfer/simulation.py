"""The independent check: draw channels, follow the plan inference by inference, count the cost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats, random_generator
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs, apart, as_costs
from coinfer.placement import QUANTILES, Plan, check_plan, fixed_costs
from coinfer.scenario import Scenario
from coinfer.validation import InputError, whole

BLOCK = 1 << 15  # inferences followed at a time: their draws fit in a core's cache
AT_ONCE = 100  # fewer inferences take as long
MOST_INFERENCES = 1_000_000_000  # minutes of work, and 8 GB of times
MOST_MOVES = 2e9  # changes of a channel's state followed at most: minutes of work


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was counted. The standard error means nothing where the unit cost has an infinite variance (R12), and too little
    where what costs most is rarer than one in some thousand inferences, such as an outage of many seconds while sending.
    """

    mean: float  # of the ETC of an inference, download included
    standard_error: float
    time_s: float  # mean, from the input at hand to the result [s]; nan, as the energy, for costs without a scenario
    energy_j: float  # mean, of the device [J]
    stop_counts: NDArray[np.int64]  # (M+1,) inferences that stopped at stage n
    inferences: int
    times_s: Floats = field(repr=False)  # (inferences,) of each, in no order; empty for costs without a scenario

    @cached_property
    def time_quantiles_s(self) -> tuple[float, float, float]:
        """50, 95 and 99 % quantiles of the time [s]; nan for costs without a scenario."""
        if not self.times_s.size:
            return nan, nan, nan
        p50, p95, p99 = np.quantile(self.times_s, QUANTILES).tolist()
        return p50, p95, p99


def simulate(
    given: Scenario | Costs, plan: Plan, *, inferences: int, rng: np.random.Generator | np.random.SeedSequence | int
) -> Outcome:
    """Follow a plan through `inferences` independent inferences.

    On a channel in motion every change of its state while the device sends is drawn, so that the time this takes grows with the
    speed of the channel and the number of its states. Raises `InputError`, also where more than 2e9 changes are to be drawn.

    A channel is drawn for each inference and stage 0..M, used or not, from one stream a stage: the same seed gives
    every plan the same channels. The costs are those of `given`, which may differ from what the plan was made for.

    >>> import coinfer
    >>> scenario = coinfer.load_scenario("abstract-model")
    >>> outcome = simulate(scenario, coinfer.plan(scenario), inferences=10_000, rng=0)
    >>> abs(outcome.mean - coinfer.plan(scenario).cost) < 3 * outcome.standard_error
    True
    """
    costs, count = as_costs(given), whole("inferences", inferences, 1, MOST_INFERENCES)
    placement = check_plan(plan, costs).placement
    check_moves(costs, plan, count)
    parts = [costs, *(apart(costs) if costs.scenario is not None else ())]  # the ETC, then seconds and joules
    generator = random_generator(rng)
    streams, senders = generator.spawn(placement + 1), generator.spawn(placement + 1)
    fixed = float(fixed_costs(costs)[placement])
    centre = plan.cost - fixed  # sums are taken about the expected cost, so that squares do not cancel
    counts, total, squares = np.zeros(placement + 1, dtype=np.int64), 0.0, 0.0
    seconds, joules = [np.empty(0)], 0.0
    for start in range(0, count, BLOCK):
        for n, spent in _followed(parts, plan, streams, senders, min(BLOCK, count - start)):
            excess = spent[0] - centre
            counts[n] += excess.size
            total += float(excess.sum())
            squares += float(np.square(excess).sum())  # not `@`: BLAS threads cost more time than they save
            if costs.scenario is not None:
                seconds.append(spent[1])
                joules += float(spent[2].sum())
    mean = total / count
    variance = max(squares / count - mean**2, 0.0) * count / max(count - 1, 1)
    etc, error = fixed + centre + mean, sqrt(variance / count)
    if costs.scenario is None:
        return Outcome(etc, error, nan, nan, counts, count, seconds[0])
    times_s = np.concatenate(seconds)
    times_s += float(parts[1].edge)
    return Outcome(etc, error, float(times_s.mean()), joules / count + float(parts[2].edge), counts, count, times_s)


def check_moves(costs: Costs, plan: Plan, inferences: int) -> None:
    """Raise `InputError` where following a plan would take hours, as the channel changes its state too often."""
    if not isinstance(costs.law, MovingLaw):
        return
    moves = max(inferences, AT_ONCE) * float(
        (costs.law.chain.initial @ costs.law.sender.moves(costs.bits[: plan.placement + 1])).max()
    )
    if moves > MOST_MOVES:
        raise InputError(
            f"inferences = {inferences}: the channel would change its state about {moves:.1e} times while the device sends; "
            f"should be at most {MOST_MOVES:.0e} times: fewer inferences, or a channel of fewer states"
        )


def _followed(
    parts: list[Costs], plan: Plan, streams: list[np.random.Generator], senders: list[np.random.Generator], size: int
) -> Iterator[tuple[int, Floats]]:
    """Stage by stage, what the inferences that stop there have spent since stage 0, by each part; (parts, inferences)."""
    costs, placement = parts[0], plan.placement
    law, laws = costs.law, [part.law for part in parts]
    a = np.full(placement, -np.inf) if plan.rule.commits else plan.thresholds_on(law)
    a = np.append(a, np.full_like(a, np.inf, shape=(*a.shape[:-1], 1)), axis=-1)  # at M the device stops
    computed = np.stack([np.concatenate([[0.0], np.cumsum(part.extra)]) for part in parts])
    running = np.ones(size, dtype=bool)
    state, chosen = None, None
    for n, stream in enumerate(streams):
        state = law.draw(stream, size, n, state)
        chosen = plan.chosen_stage_in(law, state) if n == 0 else chosen
        stops = law.stops(state, costs.bits[n], a[..., n]) if chosen is None else chosen <= n
        stopped = running & stops
        spent = law.send(senders[n], state[stopped], costs.bits[n], laws)
        spent += computed[:, n : n + 1]
        yield n, spent
        running = running & ~stopped
