"""The best placement of an MLP with equal neurons, in closed form (R7 under 1-sla, R8 under the optimal rule).

All layers have the same D, all but the last the same delta, all stages 0..N-1 the same o, and nothing need be sent at N. With

    p = P(o X > A),   G = E[(o X - A)^+],   A = delta + o mu                     go on, and what that saves
    J(M) = J(0) + M D - G (1 - p^M) / (1 - p)   for M <= N - 1

a layer more pays while p^M G > D: M* = ceil(ln(D / G) / ln p), or one of the ends 0 and N (R7). The last layer has a delta of
its own: where sending has a fixed cost f, it is less by f, which only running all layers saves (R25a).
"""

from dataclasses import replace
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, UnitCostLaw
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs, as_costs
from coinfer.on_off_form import best_placement as on_off_placement
from coinfer.on_off_form import check_equal, from_costs
from coinfer.placement import total_costs
from coinfer.rule import Rule
from coinfer.rules import LookAhead, Optimal, as_rule
from coinfer.scenario import Scenario
from coinfer.stopping import optimal_costs
from coinfer.validation import InputError


def mlp_placement(given: Scenario | Costs, *, rule: Rule | str | None = None) -> int | NDArray[np.int64]:
    """M* of a fully-connected MLP with equal neurons, in closed form: R7 under 1-sla, R8 under the optimal rule.

    On an on-off link, which has a memory: R22, under the optimal rule. Without a `rule`, it is that one there and 1-sla
    elsewhere. The last layer may have a delta of its own. The input (o_0, delta_1, D_1) may differ from the
    other layers, which R8 does not cover: then every M is compared. Costs of B problems at once give M* of shape (B,),
    but not on a link with memory. Raises `InputError` for any other chain.

    >>> import coinfer
    >>> mlp = coinfer.load_scenario("abstract-model").replace(dnn=coinfer.mlp(8, 2000), inferences_per_update=100_000)
    >>> mlp_placement(mlp) == coinfer.plan(mlp, rule="1-sla").placement
    True
    """
    costs = as_costs(given)
    if isinstance(costs.law, MovingLaw) and costs.law.unit_costs.size == 1:  # a rate that never changes has no memory
        costs = replace(costs, law=costs.law.memoryless)
    moving = isinstance(costs.law, MovingLaw)
    rule = _covered(("optimal" if moving else "1-sla") if rule is None else rule)
    if moving:
        if rule != Optimal():
            raise InputError(
                f"rule = {str(rule)!r}: has no closed form if the channel has a memory; should be 'optimal'"
            )
        return on_off_placement(from_costs(costs))
    check_equal(extra=costs.extra[..., 1:-1], bits=costs.bits[..., 1:-1], download=costs.download[..., 1:])
    if costs.layers == 1:
        best = np.where((_first_saving(costs) <= costs.download) | (costs.largest_placement < 1), 0, 1)
    elif rule == LookAhead(1):
        best = _mlp_look_ahead(costs)
    elif not any(
        np.ptp(values, axis=-1).any() for values in (costs.bits[..., :-1], costs.extra[..., :-1], costs.download)
    ):
        best = _mlp_optimal(costs)
    else:
        j = total_costs(costs, rule)[..., : costs.largest_placement + 1]
        best = np.argmin(j, axis=-1)[..., None]
    return best[..., 0].astype(np.int64) if best.ndim > 1 else int(best[0])


def mlp_critical_downloads(given: Scenario | Costs, *, rule: Rule | str = "1-sla") -> Floats:
    """The download cost D of a layer below which M* >= m, for m = 1..N, in an MLP of equal layers (R7, R8).

    With d_k the fall of the expected cost from M = k to k + 1, an interior m is reached where D < d_{m-1}; all N layers
    are placed where D < min_m (d_m + ... + d_{N-1}) / (N - m), which may come first. The last layer may have a delta of its
    own. The memory of the device is not considered. Shape (..., N). Raises `InputError` for any other chain.
    """
    costs, rule = as_costs(given), _covered(rule)
    law, o, delta = independent_law(costs), costs.bits[..., 0, None], costs.extra[..., 0, None]
    check_equal(extra=costs.extra[..., :-1], bits=costs.bits[..., :-1], download=costs.download)
    if rule == LookAhead(1):
        p = law.go_probability(o, delta + o * law.mean)
        falls = p ** np.arange(costs.layers) * law.saving(o, delta + o * law.mean)
        last = p ** (costs.layers - 1) * law.saving(
            o, costs.extra[..., -1, None] + costs.bits[..., -1, None] * law.mean
        )
        falls = np.append(falls[..., :-1], last, axis=-1)
    else:
        falls = -np.diff(optimal_costs(costs), axis=-1)
    left = np.arange(costs.layers, 0, -1)
    everything = np.min(np.cumsum(falls[..., ::-1], axis=-1)[..., ::-1] / left, axis=-1, keepdims=True)
    return np.append(np.maximum(falls[..., :-1], everything), everything, axis=-1)


def _covered(rule: Rule | str) -> Rule:
    """The rule, if there is a closed form for it."""
    known = as_rule(rule)
    if known not in (LookAhead(1), Optimal()):
        raise InputError(f"rule = {str(known)!r}: has no closed form; should be one of look-ahead, optimal")
    return known


def independent_law(costs: Costs) -> UnitCostLaw:
    """The law of X of costs on a channel without memory. Raises `InputError` for others."""
    if not isinstance(costs.law, UnitCostLaw):
        raise InputError("channel: has memory; the closed forms of an MLP hold for independent draws, `plan` for both")
    return costs.law


def _first_saving(costs: Costs) -> Floats:
    """G_0 = E[(o_0 X - A_0)^+], what looking beyond stage 0 saves; shape (..., 1)."""
    law = independent_law(costs)
    return law.saving(costs.bits[..., 0, None], costs.extra[..., 0, None] + costs.bits[..., 1, None] * law.mean)


def _mlp_look_ahead(costs: Costs) -> NDArray:
    """R7. After the first layer, J falls by p_0 p^r G - D at the step from 1 + r to 2 + r, and last by G_N instead of G."""
    law, layers = independent_law(costs), costs.layers
    o, delta, download = costs.bits[..., 1, None], costs.extra[..., 1, None], costs.download[..., 1, None]
    going = delta + o * law.mean
    p, stop, saving = (f(o, going) for f in (law.go_probability, law.stop_probability, law.saving))
    last_saving = law.saving(o, costs.extra[..., -1, None] + costs.bits[..., -1, None] * law.mean)
    p0 = law.go_probability(costs.bits[..., 0, None], costs.extra[..., 0, None] + o * law.mean)
    steps = _steps(p, p0 * saving, download, min(layers, costs.largest_placement + 1) - 2)

    def change(interior: NDArray | int) -> Floats:
        """J(1 + interior) - J(0), in closed form."""
        j = costs.download[..., 0, None] - _first_saving(costs)
        return j + interior * download - p0 * saving * geometric_sum(p, stop, interior)

    last = change(layers - 2) + download - p0 * p ** (layers - 2) * last_saving
    j = np.stack(np.broadcast_arrays(0.0, change(steps), last))
    candidates = np.stack(np.broadcast_arrays(0, 1 + steps, layers))  # ascending: argmin takes the first of equals
    best = np.argmin(np.where(candidates <= costs.largest_placement, j, inf), axis=0)
    return np.choose(best, candidates)


def _steps(p: Floats, gain: Floats, price: Floats, most: int) -> NDArray:
    """The smallest r in 0..most with p^r gain <= price, or `most`: the formula, mended where it is rounded or there is none."""
    r = np.fmin(np.fmax(_formula(p, gain, price), 0), most := max(most, 0)).astype(np.int64)
    with np.errstate(all="ignore"):
        while np.any(high := (r > 0) & (p ** (r - 1) * gain <= price)):
            r = r - high
        while np.any(low := (r < most) & (p**r * gain > price)):
            r = r + low
    return r


def _formula(p: Floats, gain: Floats, price: Floats) -> Floats:
    """ceil(ln(D / G) / ln p), R7's placement between the ends, but for rounding; for 0 < p < 1 and prices D > 0, gains G > 0."""
    with np.errstate(all="ignore"):
        return np.ceil(np.log(price / gain) / np.log(p))


def geometric_sum(p: ArrayLike, complement: ArrayLike, terms: ArrayLike) -> Floats:
    """1 + p + ... + p^(terms-1), for complement = 1 - p known without cancellation; elementwise."""
    p, complement, terms = np.asarray(p, float), np.asarray(complement, float), np.asarray(terms)
    with np.errstate(all="ignore"):
        coarse, fine = (1 - p**terms) / complement, -np.expm1(terms * np.log1p(-complement)) / complement
    return np.where(complement == 0, terms, np.where(complement > 1e-3, coarse, fine))


def _mlp_optimal(costs: Costs) -> NDArray:
    """R8. The falls d_k of v^(k) are nonincreasing, so J is convex on 0..N-1: stop at the first that does not pay; or N."""
    law, layers = independent_law(costs), costs.layers
    o, delta, download = costs.bits[..., 0, None], costs.extra[..., 0, None], costs.download[..., 0, None]
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
    u = law.minimum(o, costs.extra[..., -1, None] + costs.bits[..., -1, None] * law.mean)
    for _ in range(layers - 1):
        u = law.minimum(o, delta + u)
    return np.where(layers * download + u < best * download + v, layers, best)
