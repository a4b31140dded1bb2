"""The large time scale: how many layers to place on the device, given the rule that will stop.

J(M) = C_edge + sum_{m<=M} D_m + the rule's expected cost from stage 0 on, the ETC of an inference. M* is the smallest
minimiser. J need not be unimodal, so every placement is compared.
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from coinfer import stopping
from coinfer.cost import Costs
from coinfer.cost import costs as costs_of
from coinfer.laws import Floats, UnitCostLaw
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

    def thresholds_on(self, law: UnitCostLaw) -> Floats:
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


def mlp_placement(given: Scenario | Costs, *, rule: str = "look-ahead") -> int | NDArray[np.int64]:
    """M* of a fully-connected MLP with equal neurons, in closed form: R7 under 1-sla, R8 under the optimal rule.

    All layers have the same delta and D, all stages 0..N-1 the same o; the input (o_0, delta_1, D_1) may differ, which
    R8 does not cover: then every M is compared. Costs of B problems at once give M* of shape (B,). Raises `InputError`
    for any other chain.
    """
    costs = as_costs(given)
    one_of("rule", rule, ("look-ahead", "optimal"))
    _check_independent(costs)
    _check_equal(costs.extra[..., 1:], costs.bits[..., 1:-1], costs.download[..., 1:])
    if costs.layers == 1:
        best = np.where((_first_saving(costs) <= costs.download) | (costs.largest_placement < 1), 0, 1)
    elif rule == "look-ahead":
        best = _mlp_look_ahead(costs)
    elif all(np.all(values[..., :1] == values[..., 1:2]) for values in (costs.bits, costs.extra, costs.download)):
        best = _mlp_optimal(costs)
    else:
        j = total_costs(costs, "optimal", costs.layers)[..., : costs.largest_placement + 1]
        best = np.argmin(j, axis=-1)[..., None]
    return best[..., 0].astype(np.int64) if best.ndim > 1 else int(best[0])


def mlp_critical_downloads(given: Scenario | Costs, *, rule: str = "look-ahead") -> Floats:
    """The download cost D of a layer below which M* >= m, for m = 1..N, in an MLP whose layers are all equal (R7, R8).

    With d_k the fall of the expected cost from M = k to k + 1, an interior m is reached where D < d_{m-1}; all N layers
    are placed where D < min_m (d_m + ... + d_{N-1}) / (N - m), which may come first. The memory of the device is not
    considered. Shape (..., N). Raises `InputError` for any other chain.
    """
    costs = as_costs(given)
    one_of("rule", rule, ("look-ahead", "optimal"))
    _check_independent(costs)
    _check_equal(costs.extra, costs.bits[..., :-1], costs.download)
    law, o, delta = costs.law, costs.bits[..., :1], costs.extra[..., :1]
    if rule == "look-ahead":
        p = law.go_probability(o, delta + o * law.mean)
        falls = p ** np.arange(costs.layers) * law.saving(o, delta + o * law.mean)
        last = p ** (costs.layers - 1) * law.saving(o, delta + costs.bits[..., -1:] * law.mean)
        falls = np.append(falls[..., :-1], last, axis=-1)
    else:
        falls = -np.diff(rule_costs(costs, rule, costs.layers), axis=-1)
    left = np.arange(costs.layers, 0, -1)
    everything = np.min(np.cumsum(falls[..., ::-1], axis=-1)[..., ::-1] / left, axis=-1, keepdims=True)
    return np.append(np.maximum(falls[..., :-1], everything), everything, axis=-1)


def _check_independent(costs: Costs) -> None:
    """Refuse channels with memory."""
    if not costs.law.independent:
        raise InputError("channel: has memory; the closed forms of an MLP hold for independent draws, `plan` for both")


def _check_equal(extra: Floats, bits: Floats, download: Floats) -> None:
    """Refuse layers that differ."""
    for name, values in (("extra", extra), ("bits", bits), ("download", download)):
        if np.any(values != values[..., :1]):
            raise InputError(
                f"{name} = {brief(values.tolist())}: should be the same for all layers but the first; "
                "this chain is not an MLP with equal neurons"
            )


def _first_saving(costs: Costs) -> Floats:
    """G_0 = E[(o_0 X - A_0)^+], what looking beyond stage 0 saves; shape (..., 1)."""
    return costs.law.saving(costs.bits[..., :1], costs.extra[..., :1] + costs.bits[..., 1:2] * costs.law.mean)


def _mlp_look_ahead(costs: Costs) -> NDArray:
    """R7. After the first layer, J falls by p_0 p^r G - D at the step from 1 + r to 2 + r, and last by G_N instead of G."""
    law, layers = costs.law, costs.layers
    o, delta, download = costs.bits[..., 1:2], costs.extra[..., 1:2], costs.download[..., 1:2]
    going = delta + o * law.mean
    p, stop, saving = (f(o, going) for f in (law.go_probability, law.stop_probability, law.saving))
    last_saving = law.saving(o, delta + costs.bits[..., -1:] * law.mean)
    p0 = law.go_probability(costs.bits[..., :1], costs.extra[..., :1] + o * law.mean)
    steps = _steps(p, p0 * saving, download, min(layers, costs.largest_placement + 1) - 2)

    def change(interior: NDArray | int) -> Floats:
        """J(1 + interior) - J(0), in closed form."""
        j = costs.download[..., :1] - _first_saving(costs)
        return j + interior * download - p0 * saving * geometric_sum(p, stop, interior)

    last = change(layers - 2) + download - p0 * p ** (layers - 2) * last_saving
    j = np.stack(np.broadcast_arrays(0.0, change(steps), last))
    candidates = np.stack(np.broadcast_arrays(0, 1 + steps, layers))  # ascending: argmin takes the first of equals
    best = np.argmin(np.where(candidates <= costs.largest_placement, j, inf), axis=0)
    return np.take_along_axis(candidates, best[None], axis=0)[0]


def _steps(p: Floats, gain: Floats, price: Floats, most: int) -> NDArray:
    """The smallest r in 0..most with p^r gain <= price, or `most`: ceil(ln(price / gain) / ln p), mended for rounding."""
    most = max(most, 0)
    pays, inside = gain > price, (p > 0) & (p < 1) & (price > 0)
    with np.errstate(all="ignore"):
        guess = np.where(inside, np.ceil(np.log(price / gain) / np.log(p)), np.where(p == 0, 1, most))
    r = np.where(pays, np.clip(guess, 0, most), 0).astype(np.int64)
    with np.errstate(under="ignore"):
        while np.any(high := inside & (r > 0) & (p ** np.maximum(r - 1, 0) * gain <= price)):
            r = r - high
        while np.any(low := inside & (r < most) & (p**r * gain > price)):
            r = r + low
    return r


def geometric_sum(p: ArrayLike, complement: ArrayLike, terms: ArrayLike) -> Floats:
    """1 + p + ... + p^(terms-1), for complement = 1 - p known without cancellation; elementwise."""
    p, complement, terms = np.asarray(p, float), np.asarray(complement, float), np.asarray(terms)
    with np.errstate(all="ignore"):
        coarse, fine = (1 - p**terms) / complement, -np.expm1(terms * np.log1p(-complement)) / complement
    return np.where(complement == 0, terms, np.where(complement > 1e-3, coarse, fine))


def _mlp_optimal(costs: Costs) -> NDArray:
    """R8. The falls d_k of v^(k) are nonincreasing, so J is convex on 0..N-1: stop at the first that does not pay."""
    law, layers = costs.law, costs.layers
    o, delta, download = costs.bits[..., :1], costs.extra[..., :1], costs.download[..., :1]
    v, fall = o * law.mean, _first_saving(costs)
    best, pays = np.zeros_like(download, dtype=np.int64), np.ones_like(download, dtype=bool)
    for _ in range(min(layers - 1, costs.largest_placement)):
        after = law.minimum(o, delta + v)
        pays = pays & (fall > download)
        if not np.any(pays):
            break
        best, v = best + pays, np.where(pays, after, v)
        fall = v - law.minimum(o, delta + v)
    if costs.largest_placement < layers:
        return best
    u = costs.bits[..., -1:] * law.mean
    for _ in range(layers):
        u = law.minimum(o, delta + u)
    return np.where(layers * download + u < best * download + v, layers, best)
