"""The rules that are known, each a `Rule`.

`plan(scenario, rule=...)` takes one of them, or its name: "optimal", "look-ahead" or "1-sla", "2-sla", ... for look-ahead
of a depth, "memoryless", "probe-once", "static", "edge-only", "local-only".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from coinfer import stopping
from coinfer.channel.law import Floats, UnitCostLaw
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.cost import Costs
from coinfer.rule import KNOWN, Rule, Stages
from coinfer.validation import InputError, brief, one_of, whole


@dataclass(frozen=True)
class Optimal(Rule):
    """Backward induction from the last stage: the optimal rule (R3)."""

    name = "optimal"

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """The cost of going on and deciding optimally from there."""
        return stopping.backward_induction(costs, placement)[1]

    def costs(self, costs: Costs) -> Floats:
        """v_0 for every horizon."""
        return stopping.optimal_costs(costs)

    def most_lost(self, costs: Costs, placement: int) -> float:
        """Nothing."""
        return 0.0


@dataclass(frozen=True)
class LookAhead(Rule):
    """Look-ahead of a depth k, "k-sla": go on if stopping within k stages is expected to be cheaper than now (R4).

    Depth 1 (1-sla) has thresholds in closed form that do not depend on M. From depth M on it is optimal. Do not use depth 1
    where features grow before they shrink: it sees a dearer next stage and stops too early (R5, R17).
    """

    depth: int = 1
    name = "look-ahead"

    def __post_init__(self) -> None:
        whole("depth", self.depth, 1)

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """The cost of going on if it had to end `depth` stages later."""
        return stopping.look_ahead_thresholds(costs, placement, self.depth)

    def costs(self, costs: Costs) -> Floats:
        """All placements by telescoping (R6, N1)."""
        return stopping.look_ahead_costs(costs, self.depth)

    def most_lost(self, costs: Costs, placement: int) -> float:
        """The sum over 1 <= m < M of (1 - pi_m) G_m, of one-stage look-ahead and so of any depth (R16, R17)."""
        law, o = costs.law, costs.bits[:placement]
        one = stopping.one_stage_thresholds(costs)[..., :placement]
        always, reached = (law.reach(o, a)[..., :-1] for a in (np.full(placement, -inf), one))
        missed = law.average(always - reached, law.saving(o, one))
        return float(missed[1:].sum())

    def __str__(self) -> str:
        return f"{self.depth}-sla"


@dataclass(frozen=True)
class Memoryless(Rule):
    """The thresholds of independent draws, optimal or of look-ahead of a depth; refused for `Moving` with m <= 1 (R12)."""

    depth: int | None = None
    name = "memoryless"

    def __post_init__(self) -> None:
        if self.depth is not None:
            whole("depth", self.depth, 1)

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """Those of the rule for a channel that is drawn afresh at each stage, as at stage 0."""
        rule = Optimal() if self.depth is None else LookAhead(self.depth)
        drawn = rule.thresholds(replace(costs, law=costs.law.memoryless), placement)
        return costs.law.as_seen(costs.bits[..., :placement], drawn)

    def __str__(self) -> str:
        return self.name if self.depth is None else f"{self.name} {self.depth}-sla"


@dataclass(frozen=True)
class Static(Rule):
    """Always stops at one stage n <= M, the best one unless it is given: a split fixed beforehand."""

    stage: int | None = None
    name = "static"

    def __post_init__(self) -> None:
        if self.stage is not None:
            whole("stage", self.stage, 0)

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """Never before the stage, always from there on."""
        best = int(np.argmin(static_costs(costs)[: placement + 1])) if self.stage is None else self.stage
        return static_thresholds(placement, best)

    def costs(self, costs: Costs) -> Floats:
        """The cheapest stage so far, or the one given; inf where that is not placed."""
        every = static_costs(costs)
        if self.stage is None:
            return np.minimum.accumulate(every, axis=-1)
        stage = whole("stage", self.stage, 0, costs.layers)
        return np.where(np.arange(costs.layers + 1) < stage, inf, every[..., stage : stage + 1])

    def __str__(self) -> str:
        return self.name if self.stage is None else f"{self.name} at {self.stage}"


@dataclass(frozen=True)
class EdgeOnly(Rule):
    """Always sends the raw input."""

    name = "edge-only"

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """Stop at stage 0."""
        return static_thresholds(placement, 0)

    def costs(self, costs: Costs) -> Floats:
        """That of stage 0."""
        always = static_costs(costs)
        return np.broadcast_to(always[..., :1], always.shape)


@dataclass(frozen=True)
class LocalOnly(Rule):
    """Always runs all N layers on the device; defined at M = N only, and inf elsewhere."""

    name = "local-only"

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """Never stop before the end."""
        return static_thresholds(placement, placement)

    def costs(self, costs: Costs) -> Floats:
        """That of stage N, at M = N."""
        return np.where(np.arange(costs.layers + 1) < costs.layers, inf, static_costs(costs))


@dataclass(frozen=True)
class ProbeOnce(Rule):
    """Looks at the channel once, at stage 0, and decides where to stop, whatever comes."""

    name = "probe-once"
    commits = True

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """For independent draws. Raises `InputError` on a channel with memory, where the choice depends on what was seen."""
        if not isinstance(costs.law, UnitCostLaw):
            raise InputError(
                "rule = 'probe-once': decides from the channel at stage 0; it has no thresholds later on; see `chosen_stage`, "
                "which takes the cost of a bit that is seen there"
            )
        ahead = np.insert(commitment_costs(costs)[:placement], 0, inf)
        later = static_thresholds(placement, int(np.argmin(ahead)))
        return np.where(np.arange(placement) == 0, ahead.min(), later)

    def costs(self, costs: Costs) -> Floats:
        """E min(o_0 X_0, the best commitment given X_0)."""
        law, o, none = costs.law, costs.bits[..., :1], stopping.sending_costs(costs)[..., :1]
        best = np.minimum.accumulate(commitment_costs(costs), axis=-1)
        seen = [none, *(law.minimum(o, b[..., None]) for b in np.moveaxis(best, -1, 0))]
        return stopping.from_start(costs, np.concatenate(seen, axis=-1))

    def chosen_stage(self, costs: Costs, placement: int, unit_cost: Floats, outage_s: ArrayLike) -> Stages:
        """Stage 0 if sending at once is no dearer than the best commitment, else that."""
        if not placement:
            return np.zeros(np.shape(unit_cost), dtype=np.int64)
        ahead, law = commitment_costs(costs)[..., :placement], costs.law
        later = np.atleast_1d(1 + np.argmin(ahead, axis=-1))[law.nearest(unit_cost, outage_s)]
        return np.where(law.stops_seeing(unit_cost, costs.bits[0], ahead.min(axis=-1), outage_s), 0, later)

    def expected(self, costs: Costs, placement: int, priced: Costs) -> float:
        """What the stage chosen in each state at stage 0 costs at other prices."""
        if isinstance(costs.law, UnitCostLaw):
            return super().expected(costs, placement, priced)
        return committed_cost(priced, self.chosen_stages(costs, placement, moving_law(costs.law)))

    def stop_states(self, costs: Costs, placement: int) -> Floats:
        """From the stage chosen in each state at stage 0."""
        return committed_states(costs, self.chosen_stages(costs, placement, moving_law(costs.law)), placement)

    def chosen_stages(self, costs: Costs, placement: int, law: MovingLaw) -> Stages:
        """From the cost of each stage in each state, where the states are those that the plan was made for."""
        if not isinstance(costs.law, MovingLaw) or not costs.law.seen.same(law.seen):
            return super().chosen_stages(costs, placement, law)
        every = np.concatenate([costs.law.sent(costs.bits[:1]), commitment_costs(costs)[..., :placement]], axis=-1)
        return np.argmin(every, axis=1)


def static_costs(costs: Costs) -> Floats:
    """Expected cost from stage 0 on of always stopping at stage n = 0..N; shape (..., N+1)."""
    never = costs.law.reach(costs.bits[..., :-1], np.full(costs.layers, -inf))
    sent = costs.law.average(never, stopping.sending_costs(costs))
    return np.insert(np.cumsum(costs.extra, axis=-1), 0, 0.0, axis=-1) + sent


def static_thresholds(placement: int, stage: int) -> Floats:
    """Thresholds of always stopping at `stage`: never before, always from there on; shape (M,)."""
    return np.where(np.arange(placement) < stage, -inf, inf)


@lru_cache(maxsize=8)  # the plans of all placements ask
def commitment_costs(costs: Costs) -> Floats:
    """Expected cost of deciding at stage 0, X_0 seen, to stop at stage n = 1..N whatever comes; shape (..., N)."""
    law, o, never = costs.law, costs.bits, -inf
    ahead = np.cumsum(costs.extra, axis=-1) + stopping.sending_costs(costs)[..., 1:]  # seen from the stage before
    seen = [ahead[..., :1]]
    for _ in range(costs.layers - 1):
        ahead = law.stage_cost(o[..., : ahead.shape[-1]], never, ahead)[..., 1:]  # seen from one stage earlier
        seen.append(ahead[..., :1])
    (found := np.concatenate(seen, axis=-1)).setflags(write=False)
    return found


def committed_cost(costs: Costs, chosen: Stages) -> float:
    """Expected cost from stage 0 on of stopping at the stage chosen (S,) for each state at stage 0, on a channel in motion."""
    law = moving_law(costs.law)
    every = np.concatenate([law.sent(costs.bits[:1]), commitment_costs(costs)], axis=-1)
    return float(law.chain.initial @ every[np.arange(len(every)), chosen])


def committed_states(costs: Costs, chosen: Stages, placement: int) -> Floats:
    """The joint law of the stage n = 0..M and the state there, of the stage chosen (S,) for each state at stage 0; (S, M+1)."""
    law = moving_law(costs.law)
    moving = np.diag(law.chain.initial)  # a row for each state at stage 0
    found = np.empty((len(chosen), placement + 1))
    for n in range(placement + 1):
        moving = law.chain.arrive(moving, n) if n else moving
        found[:, n] = moving[chosen == n].sum(axis=0)
    return found


def as_rule(rule: "Rule | str", depth: int | None = None) -> Rule:
    """A rule by its name, "k-sla" for look-ahead of depth k; a rule is passed through. Raises `InputError`.

    >>> as_rule("2-sla") == as_rule("look-ahead", depth=2) == LookAhead(2)
    True
    """
    if isinstance(rule, str) and (sla := re.fullmatch(r"([1-9][0-9]{0,8})-sla", rule)) and depth is None:
        return LookAhead(int(sla[1]))
    if depth is not None and not (isinstance(rule, str) and rule in ("look-ahead", "memoryless")):
        raise InputError(
            f"depth = {brief(depth)}: only the rules 'look-ahead' and 'memoryless' take a depth, not {brief(rule)}"
        )
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, type) and issubclass(rule, Rule):
        raise InputError(f"rule = {rule.__name__}: is a class; should be an object of it, {rule.__name__}(), or a name")
    kind: Callable[..., Rule] = KNOWN[one_of("rule", rule, (*KNOWN, "1-sla"))]
    try:
        return kind() if depth is None else kind(depth)
    except TypeError as error:  # it has parameters without defaults
        raise InputError(
            f"rule = {brief(rule)}: should be given as an object, {kind.__name__}(...) ({error})"
        ) from None
