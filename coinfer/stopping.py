"""The small time scale: rules that stop, for a given placement M, which is the horizon.

Every rule is a list of thresholds A_0..A_{M-1}: the device stops at stage n if o_n X_n <= A_n, and at M in any case
(R1). Look-ahead of depth k takes for A_n the cost of going on if it had to end k stages later; depth N is optimal.

The last axis of an array runs over stages or layers. What leads, such as many scenarios at once, rides along.
"""

import numpy as np

from coinfer.channel.law import Floats
from coinfer.cost import Costs


def look_ahead_thresholds(costs: Costs, placement: int, depth: int) -> Floats:
    """A_n = delta_{n+1} + v_{n+1} of the problem cut at stage min(n + depth, M) (R3, R4); shape (..., M)."""
    o, delta, law = costs.bits, costs.extra, costs.law
    v = sending_costs(costs)[..., : placement + 1]  # v_n if the device must stop at n
    a = np.empty_like(v[..., 1:])
    for left in range(placement, placement - min(depth, placement), -1):  # v_n is known for n = 0..left
        a[..., :left] = delta[..., :left] + v[..., 1:]
        v = law.minimum(o[..., :left], a[..., :left])  # one more stage to look ahead
    return a


def look_ahead_costs(costs: Costs, depth: int) -> Floats:
    """Expected cost from stage 0 on of look-ahead of a depth, for every placement M = 0..N; shape (..., N+1).

    Up to M = depth it is optimal. From there on it telescopes: a layer more is worth the fall of v_n, n = M - depth,
    when the horizon moves from M - 1 to M, times the probability of reaching stage n (N1; R6 for depth 1). So all
    placements take one pass of `depth` sweeps over the layers. The cost of an optimal rule is that of depth N.
    """
    law, o, delta, layers = costs.law, costs.bits, costs.extra, costs.layers
    if depth >= layers:
        return optimal_costs(costs)
    v = sending_costs(costs)
    first = [v[..., :1]]  # v_0 for M = 0, 1, ..., depth
    for looked in range(depth):
        stages = layers - looked  # v_n is known for n = 0..stages, with horizon n + looked
        a = delta[..., :stages] + v[..., 1:]
        before, v = v[..., :-1], law.minimum(o[..., :stages], a)
        first.append(v[..., :1])
    fall = law.saving(o[..., :stages], a) if depth == 1 else before - v
    reach = law.reach(o[..., : stages - 1], a[..., :-1])
    start = law.average(reach[..., :1], np.concatenate(first, axis=-1))
    beyond = start[..., -1:] - np.cumsum(law.average(reach, fall)[..., 1:], axis=-1)
    return np.concatenate([start, beyond], axis=-1)


def optimal_costs(costs: Costs) -> Floats:
    """Expected cost from stage 0 on of the optimal rule, for every placement: backward induction (R3); (..., N+1)."""
    law, o, delta = costs.law, costs.bits, costs.extra
    v = law.at(costs.layers).minimum(o[..., -1:], np.inf)  # v_n for the horizons M = n..N
    a = np.full((*np.broadcast_shapes(v.shape[:-1], delta.shape[:-1]), costs.layers + 1), np.inf)  # never on at n = M
    for n in reversed(range(costs.layers)):
        a[..., n + 1 :] = delta[..., n : n + 1] + v
        v = law.at(n).minimum(o[..., n : n + 1], a[..., n:])
    return law.average(law.reach(o[..., :0], o[..., :0]), v)


def sending_costs(costs: Costs) -> Floats:
    """o_n mu, the expected cost of sending at stage n = 0..N, before X_n is seen; shape (..., N+1)."""
    return costs.law.sending(costs.bits)


def stop_probabilities(costs: Costs, thresholds: Floats) -> Floats:
    """The probability that a rule with M thresholds stops at stage n = 0..M; shape (..., M+1)."""
    o = costs.bits[..., : thresholds.shape[-1]]
    stop = costs.law.stop_probability(o, thresholds)
    last = np.ones_like(stop, shape=(*stop.shape[:-1], 1))
    return costs.law.average(costs.law.reach(o, thresholds), np.concatenate([stop, last], axis=-1))


def evaluate(costs: Costs, thresholds: Floats) -> Floats:
    """Expected cost from stage 0 on of any rule with M thresholds, by its definition; shape (...)."""
    law, placement = costs.law, thresholds.shape[-1]
    o, delta = costs.bits[..., :placement], costs.extra[..., :placement]
    stage = law.stage_cost(o, thresholds, delta)
    last = sending_costs(costs)[..., placement : placement + 1]
    return law.average(law.reach(o, thresholds), np.concatenate([stage, last], axis=-1)).sum(axis=-1)


def static_costs(costs: Costs) -> Floats:
    """Expected cost from stage 0 on of always stopping at stage n = 0..N; shape (..., N+1)."""
    law, never = costs.law, np.full(costs.layers, -np.inf)
    sent = law.average(law.reach(costs.bits[..., :-1], never), sending_costs(costs))
    return np.insert(np.cumsum(costs.extra, axis=-1), 0, 0.0, axis=-1) + sent


def commitment_costs(costs: Costs) -> Floats:
    """Expected cost of deciding at stage 0, X_0 seen, to stop at stage n = 1..N whatever comes; shape (..., N)."""
    law, o, never = costs.law, costs.bits, -np.inf
    ahead = np.cumsum(costs.extra, axis=-1) + sending_costs(costs)[..., 1:]  # seen from the stage before
    seen = [ahead[..., :1]]
    for _ in range(costs.layers - 1):
        ahead = law.stage_cost(o[..., : ahead.shape[-1]], never, ahead)[..., 1:]  # seen from one stage earlier
        seen.append(ahead[..., :1])
    return np.concatenate(seen, axis=-1)


def probe_once_costs(costs: Costs) -> Floats:
    """Expected cost from stage 0 on of seeing X_0 and then committing to a stage n <= M, for all M; shape (..., N+1)."""
    law, o = costs.law, costs.bits[..., :1]
    best = np.minimum.accumulate(commitment_costs(costs), axis=-1)
    seen = [sending_costs(costs)[..., :1], *(law.minimum(o, best[..., m : m + 1]) for m in range(costs.layers))]
    v = np.concatenate(seen, axis=-1)
    return law.average(law.reach(o[..., :0], o[..., :0]), v)


def static_thresholds(placement: int, stage: int) -> Floats:
    """Thresholds of always stopping at `stage`: never before, always from there on; shape (M,)."""
    return np.where(np.arange(placement) < stage, -np.inf, np.inf)
