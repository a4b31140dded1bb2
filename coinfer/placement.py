"""The large time scale: how many layers to place on the device, given the rule that will stop.

J(M) = C_edge + sum_{m<=M} D_m + the rule's expected cost from stage 0 on, the ETC of an inference. M* is the smallest
minimiser. J need not be unimodal, so every placement is compared.
"""

from dataclasses import dataclass
from math import ceil, expm1, inf, log, log1p

import numpy as np
from numpy.polynomial import legendre

from coinfer import stopping
from coinfer.cost import Costs
from coinfer.cost import costs as costs_of
from coinfer.laws import Floats, unit_threshold
from coinfer.scenario import Scenario
from coinfer.validation import InputError, brief, one_of, whole

RULES = ("optimal", "look-ahead", "static", "edge-only", "local-only")


@dataclass(frozen=True, eq=False)
class Gap:
    """What a rule loses against the optimal rule at the same placement (R15), and a bound known without it (R16)."""

    stages: Floats  # (M,) the price of stopping too early (or too late) at stage n, times the chance of being there
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
        """A_0..A_{M-1}: the device stops at stage n if o_n X_n <= A_n; shape (M,)."""
        return rule_thresholds(self.problem, self.rule, self.depth, self.placement)

    @property
    def thresholds(self) -> Floats:
        """Largest unit cost [1/bit] at which stages 0..M-1 stop; shape (M,). Where nothing is sent, +-inf (R1)."""
        return unit_threshold(self.problem.bits[: self.placement], self.stop_thresholds)

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
    Raises `InputError`.
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
    """The depth of a rule: 1 unless given for "look-ahead", None (all layers) for the others. Raises `InputError`."""
    one_of("rule", rule, RULES)
    if rule == "look-ahead":
        return whole("depth", 1 if depth is None else depth, 1)
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
    always = stopping.static_costs(costs)
    if rule == "static":
        return np.minimum.accumulate(always, axis=-1)
    if rule == "edge-only":
        return np.broadcast_to(always[..., :1], always.shape)
    return np.where(np.arange(costs.layers + 1) < costs.layers, inf, always)


def rule_thresholds(costs: Costs, rule: str, depth: int, placement: int) -> Floats:
    """A_0..A_{M-1} of a rule at a placement; shape (M,)."""
    if rule in ("optimal", "look-ahead"):
        return stopping.look_ahead_thresholds(costs, placement, depth)
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
    loss = law.stop_cost(o, rule) + best * law.go_probability(o, rule) - law.minimum(o, best)
    stages = law.reach(o, rule)[:-1] * loss
    if plan.rule not in ("optimal", "look-ahead"):
        return Gap(stages, inf)
    one = stopping.look_ahead_thresholds(costs, placement, 1)
    missed = (1 - law.reach(o, one)[:-1]) * law.saving(o, one)
    return Gap(stages, float(missed[1:].sum()))


def clairvoyant(given: Scenario | Costs) -> Floats:
    """J(0)..J(N) if all gains were known in advance, a lower bound for every rule (R10); shape (N+1,).

    E min_{n<=M} (S_n + o_n X_n), S_n = sum_{i<=n} delta_i, integrated from the survival functions of its terms, piece by
    piece between the points where one of them is not smooth.
    """
    costs = as_costs(given)
    law, o = costs.law, costs.bits
    s = np.concatenate([[0.0], np.cumsum(costs.extra)])
    grid = law.survival_grid()
    edges = np.unique(s[:, None] + o[:, None] * np.concatenate([[0.0], grid]))
    nodes, quadrature = legendre.leggauss(16)
    half = np.diff(edges)[:, None] / 2
    t = edges[:-1, None] + half * (1 + nodes)
    above = np.ones_like(t)  # P(min over the stages so far > t)
    mean = np.empty(costs.layers + 1)
    for n in range(costs.layers + 1):
        above = above * law.go_probability(o[n], t - s[n])
        mean[n] = edges[0] + np.sum(above * half * quadrature)
    mean[0] = o[0] * law.mean
    return costs.edge + np.concatenate([[0.0], np.cumsum(costs.download)]) + mean


def mlp_placement(given: Scenario | Costs, *, rule: str = "look-ahead") -> int:
    """M* of a fully-connected MLP with equal neurons, in closed form: R7 under 1-sla, R8 under the optimal rule.

    All layers have the same delta and D, all stages 0..N-1 the same o; the input (o_0, delta_1, D_1) may differ, which
    R8 does not cover: then every M is compared. Raises `InputError` for any other chain.
    """
    costs = as_costs(given)
    one_of("rule", rule, ("look-ahead", "optimal"))
    for name, values in (("extra", costs.extra[1:]), ("bits", costs.bits[1:-1]), ("download", costs.download[1:])):
        if values.size and np.any(values != values[0]):
            raise InputError(
                f"{name} = {brief(values.tolist())}: should be the same for all layers but the first; "
                "this chain is not an MLP with equal neurons"
            )
    if costs.layers == 1:
        stay, place = _first_saving(costs) <= costs.download[0], 1
        return 0 if stay or costs.largest_placement < 1 else place
    if rule == "look-ahead":
        return _mlp_look_ahead(costs)
    o, delta, download = costs.bits, costs.extra, costs.download
    if o[0] != o[1] or delta[0] != delta[1] or download[0] != download[1]:
        return plan(costs, rule="optimal").placement
    return _mlp_optimal(costs)


def _first_saving(costs: Costs) -> float:
    """G_0 = E[(o_0 X - A_0)^+], what looking beyond stage 0 saves."""
    return float(costs.law.saving(costs.bits[0], costs.extra[0] + costs.bits[1] * costs.law.mean))


def _mlp_look_ahead(costs: Costs) -> int:
    """R7. After the first layer, J falls by p_0 p^r G - D at the step from 1 + r to 2 + r, and last by G_N instead of G."""
    law, layers = costs.law, costs.layers
    o, delta, download = costs.bits[1], costs.extra[1], costs.download[1]
    going = delta + o * law.mean
    p, stop, saving = (float(f(o, going)) for f in (law.go_probability, law.stop_probability, law.saving))
    last_saving = float(law.saving(o, delta + costs.bits[-1] * law.mean))
    p0 = float(law.go_probability(costs.bits[0], costs.extra[0] + o * law.mean))
    steps = _steps(p, p0 * saving, download, min(layers, costs.largest_placement + 1) - 2)

    def change(placement: int) -> float:
        """J(placement) - J(0), in closed form."""
        if placement == 0:
            return 0.0
        interior = min(placement, layers - 1) - 1
        j = costs.download[0] - _first_saving(costs)
        j += interior * download - p0 * saving * geometric_sum(p, stop, interior)
        if placement == layers:
            j += download - p0 * p ** (layers - 2) * last_saving
        return j

    candidates = [0, 1 + steps, layers]  # ascending, and min takes the first of equals
    return min((m for m in candidates if m <= costs.largest_placement), key=change)


def _steps(p: float, gain: float, price: float, most: int) -> int:
    """The smallest r in 0..most with p^r gain <= price, or `most`: ceil(ln(price / gain) / ln p), mended for rounding."""
    if gain <= price or most <= 0:
        return 0
    if price == 0 or p == 1:
        return most
    if p == 0:
        return 1
    r = min(max(ceil(min(log(price / gain) / log(p), float(most))), 0), most)
    while r > 0 and p ** (r - 1) * gain <= price:
        r -= 1
    while r < most and p**r * gain > price:
        r += 1
    return r


def geometric_sum(p: float, complement: float, terms: int) -> float:
    """1 + p + ... + p^(terms-1), for complement = 1 - p known without cancellation."""
    if complement == 0:
        return float(terms)
    if complement > 1e-3:
        return (1 - p**terms) / complement
    return -expm1(terms * log1p(-complement)) / complement


def _mlp_optimal(costs: Costs) -> int:
    """R8. The falls d_k of v^(k) are nonincreasing, so J is convex on 0..N-1: stop at the first that does not pay."""
    law, layers = costs.law, costs.layers
    o, delta, download = costs.bits[0], costs.extra[0], costs.download[0]
    v, best = o * law.mean, 0
    for _ in range(min(layers - 1, costs.largest_placement)):
        after = float(law.minimum(o, delta + v))
        if (_first_saving(costs) if best == 0 else v - after) <= download:
            break
        v, best = after, best + 1
    if costs.largest_placement < layers:
        return best
    u = costs.bits[-1] * law.mean
    for _ in range(layers):
        u = float(law.minimum(o, delta + u))
    return layers if layers * download + u < best * download + v else best
