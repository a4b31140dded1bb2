"""The large time scale: how many layers to place on the device, given the rule that will stop.

J(M) = C_edge + sum_{m<=M} D_m + the rule's expected cost from stage 0 on, the ETC of an inference. M* is the smallest
minimiser. J need not be unimodal, so every placement is compared.
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from coinfer import stopping
from coinfer.channel.law import Floats, Law
from coinfer.cost import Costs
from coinfer.cost import costs as costs_of
from coinfer.scenario import Scenario
from coinfer.validation import InputError, brief, one_of, whole

RULES = ("optimal", "look-ahead", "memoryless", "probe-once", "static", "edge-only", "local-only")


@dataclass(frozen=True, eq=False)
class Gap:
    """What a rule loses against the optimal rule at the same placement (R15), and a bound known without it (R16)."""

    # (M,) the price of stopping too early (or too late) at stage n, times the chance of being there; look-ahead sees the
    # end from stage M - 1 on, so that its last entry is 0
    stages: Floats
    bound: float  # of the sum, for look-ahead of any depth; inf for other rules

    @property
    def total(self) -> float:
        """J_rule(M) - J_optimal(M)."""
        return float(self.stages.sum())


@dataclass(frozen=True, eq=False)
class Plan:
    """A rule with its placement: what to download, and when to stop."""

    problem: Costs
    rule: str
    depth: int  # stages that look-ahead looks ahead; N if optimal
    placement: int  # M*, or the given M
    costs: Floats  # (N+1,) J(0)..J(N), whatever the device's memory

    @property
    def cost(self) -> float:
        """J at the placement: the ETC of an inference, download included."""
        return float(self.costs[self.placement])

    @property
    def stop_thresholds(self) -> Floats:
        """A_0..A_{M-1}: the device stops at stage n if o_n X_n <= A_n; shape (M,).

        For an optimal or look-ahead rule on a channel with memory, (S, M): a threshold for each state seen at stage n.
        Probe-once has none there, and says so with an `InputError`.
        """
        return rule_thresholds(self.problem, self.rule, self.depth, self.placement)

    def thresholds_on(self, law: Law) -> Floats:
        """The thresholds of this plan for a channel whose states differ from those that the plan was made for."""
        a = self.stop_thresholds
        return a if law is self.problem.law else self.problem.law.translate(self.problem.bits[: a.shape[-1]], a, law)

    def chosen_stage(self, unit_cost: Floats) -> NDArray[np.int64] | None:
        """The stage that "probe-once" commits to when it sees these unit costs at stage 0; None for other rules."""
        if self.rule != "probe-once" or self.placement == 0:
            return None
        ahead = stopping.commitment_costs(self.problem)[..., : self.placement]
        best = np.minimum.accumulate(ahead, axis=-1)[..., -1:]
        law = self.problem.law
        later = np.atleast_1d(1 + np.argmin(ahead, axis=-1))[law.nearest(unit_cost)]
        return np.where(law.stops_seeing(unit_cost, self.problem.bits[0], best[..., 0]), 0, later)

    @property
    def thresholds(self) -> Floats:
        """Largest unit cost [1/bit] at which stages 0..M-1 stop; shape (M,). Where nothing is sent, +-inf (R1)."""
        return self.problem.law.largest_stop(self.problem.bits[: self.placement], self.stop_thresholds)

    @property
    def gains(self) -> Floats:
        """Smallest gain [-] at which stages 0..M-1 stop: inf for never, 0 for always; shape (M,) (R1)."""
        return self.problem.law.gain(self.thresholds)

    @property
    def stop_probabilities(self) -> Floats:
        """Probability of stopping at stages 0..M; shape (M+1,)."""
        return stopping.stop_probabilities(self.problem, self.stop_thresholds)

    @property
    def gap(self) -> Gap:
        """The loss against the optimal rule at this placement, stage by stage."""
        return _gap(self)


def plan(
    given: Scenario | Costs, *, rule: str = "optimal", depth: int | None = None, placement: int | None = None
) -> Plan:
    """The best placement under a rule, or the rule at a given placement.

    `rule`: "optimal"; "look-ahead" of a `depth` (default 1: one-stage look-ahead, 1-sla); "static", the best fixed
    stage n <= M; "edge-only", which stops at 0; "local-only", which is defined at M = N and costs inf elsewhere.
    "memoryless" is look-ahead (of all stages unless `depth` is given) with the thresholds of independent draws, whatever
    the channel; "probe-once" decides at stage 0, from X_0, where to stop. Raises `InputError`.
    """
    costs = as_costs(given)
    depth = check_rule(rule, depth)
    looked = costs.layers if depth is None else depth
    j = total_costs(costs, rule, looked)
    if placement is None:
        best = int(np.argmin(j[: costs.largest_placement + 1]))
        if not np.isfinite(j[best]):
            raise InputError(
                f"rule = {rule!r}: needs all {costs.layers} layers on the device, whose memory holds {costs.largest_placement}"
            )
    else:
        best = whole("placement", placement, 0, costs.layers)
        if best > costs.largest_placement:
            raise InputError(
                f"placement = {best}: the device's memory (memory_bits) holds {costs.largest_placement} layers"
            )
    return Plan(costs, rule, looked, best, j)


def check_rule(rule: str, depth: int | None) -> int | None:
    """The depth of a rule: 1 unless given for "look-ahead", else None (all layers). Raises `InputError`."""
    one_of("rule", rule, RULES)
    if rule == "look-ahead":
        return whole("depth", 1 if depth is None else depth, 1)
    if rule == "memoryless" and depth is not None:
        return whole("depth", depth, 1)
    if depth is not None:
        raise InputError(f"depth = {brief(depth)}: only the rule 'look-ahead' takes a depth, not {rule!r}")
    return None


def as_costs(given: Scenario | Costs) -> Costs:
    """The costs of a scenario; costs are passed through. Raises `InputError` for anything else."""
    if isinstance(given, Costs):
        return given
    if isinstance(given, Scenario):
        return costs_of(given)
    raise InputError(f"scenario = {brief(given)}: should be a Scenario or Costs")


def total_costs(costs: Costs, rule: str, depth: int) -> Floats:
    """J(0)..J(N) of a rule; shape (..., N+1)."""
    download = np.insert(np.cumsum(costs.download, axis=-1), 0, 0.0, axis=-1)
    return costs.edge + download + rule_costs(costs, rule, depth)


def rule_costs(costs: Costs, rule: str, depth: int) -> Floats:
    """Expected cost from stage 0 on of a rule, for every placement; shape (..., N+1)."""
    if rule in ("optimal", "look-ahead"):
        return stopping.look_ahead_costs(costs, depth)
    if rule == "memoryless":
        every = (rule_thresholds(costs, rule, depth, m) for m in range(costs.layers + 1))
        return np.stack([stopping.evaluate(costs, a) for a in every], axis=-1)
    if rule == "probe-once":
        return stopping.probe_once_costs(costs)
    always = stopping.static_costs(costs)
    if rule == "static":
        return np.minimum.accumulate(always, axis=-1)
    if rule == "edge-only":
        return np.broadcast_to(always[..., :1], always.shape)
    return np.where(np.arange(costs.layers + 1) < costs.layers, inf, always)


def rule_thresholds(costs: Costs, rule: str, depth: int, placement: int) -> Floats:
    """A_0..A_{M-1} of a rule at a placement; shape (M,), or (S, M) on a channel with memory."""
    if rule in ("optimal", "look-ahead"):
        return stopping.look_ahead_thresholds(costs, placement, depth)
    if rule == "memoryless":
        return stopping.look_ahead_thresholds(replace(costs, law=costs.law.memoryless), placement, depth)
    if rule == "probe-once":
        if not costs.law.independent:
            raise InputError("rule = 'probe-once': decides from the channel at stage 0; it has no thresholds later on")
        ahead = stopping.commitment_costs(costs)[:placement]
        later = stopping.static_thresholds(placement, 1 + int(np.argmin(ahead)) if placement else 0)
        return np.where(np.arange(placement) == 0, ahead.min(initial=inf), later)
    stage = {"edge-only": 0, "local-only": placement}.get(rule)
    if stage is None:
        stage = int(np.argmin(stopping.static_costs(costs)[: placement + 1]))
    return stopping.static_thresholds(placement, stage)


def _gap(plan: Plan) -> Gap:
    costs, placement = plan.problem, plan.placement
    law, o = costs.law, costs.bits[:placement]
    best = stopping.look_ahead_thresholds(costs, placement, placement)  # looking M stages ahead is optimal
    rule = plan.stop_thresholds
    # E[o X - A; A < o X <= B] for B the rule's threshold and A the best, and the reverse if B < A
    loss = law.stage_cost(o, rule, best) - law.minimum(o, best)
    stages = law.average(law.reach(o, rule)[..., :-1], loss)
    if plan.rule not in ("optimal", "look-ahead") or law.waits:
        return Gap(stages, inf)
    one = stopping.look_ahead_thresholds(costs, placement, 1)
    always, reached = (law.reach(o, rule)[..., :-1] for rule in (np.full(placement, -inf), one))
    missed = law.average(always - reached, law.saving(o, one))
    return Gap(stages, float(missed[1:].sum()))


def expected_cost(given: Scenario | Costs, plan: Plan) -> float:
    """J of following a plan under costs that it may not have been made for, as when the channel is not what it seemed."""
    costs = as_costs(given)
    fixed = costs.edge + costs.download[: plan.placement].sum()
    return float(fixed + stopping.evaluate(costs, plan.thresholds_on(costs.law)))


def clairvoyant(given: Scenario | Costs) -> Floats:
    """J(0)..J(N) if all gains were known in advance, a lower bound for every rule (R10); shape (N+1,).

    E min_{n<=M} (S_n + o_n X_n), S_n = sum_{i<=n} delta_i, piece by piece between the points where the law of a term is
    not smooth: that all terms up to n exceed t is that thresholds t - S_n let an inference go on beyond n. Where the
    device may wait for a usable channel, all of it is taken to be in its best state, a weaker bound.
    """
    costs = as_costs(given)
    law, o = costs.law, costs.bits
    s = np.concatenate([[0.0], np.cumsum(costs.extra)])
    grid = law.price_grid(o)
    fixed = costs.edge + np.concatenate([[0.0], np.cumsum(costs.download)])
    if law.waits:
        return fixed + np.minimum.accumulate(s + grid[1])
    edges = np.unique(s + grid)
    nodes, quadrature = legendre.leggauss(law.nodes)
    half = np.diff(edges)[:, None] / 2
    t = edges[:-1, None] + half * (1 + nodes)
    mean = np.full(costs.layers + 1, edges[0])
    for start in range(0, len(t), 256):
        part = slice(start, start + 256)
        above = law.average(law.reach(o, t[part, :, None, None] - s), 1.0).reshape(*t[part].shape, -1)[..., 1:]
        mean += np.sum(above * (half[part] * quadrature)[..., None], axis=(0, 1))
    mean[0] = stopping.static_costs(costs)[0]
    return fixed + mean
