"""The small time scale: when to stop, for a given placement M, which is the horizon.

A rule is a list of thresholds A_0..A_{M-1}: the device stops at stage n if o_n X_n <= A_n, and at M in any case (R1).
Here are backward induction, which is optimal, look-ahead, and the value of any thresholds; `rules` gives them names.

    v_M = o_M mu,   A_n = delta_{n+1} + v_{n+1},   v_n = E min(o_n X, A_n)      backward induction (R3)
                    A_n = delta_{n+1} + o_{n+1} mu                              one-stage look-ahead, 1-sla (R4)

The last axis of an array runs over stages or layers. What leads, such as many scenarios at once, rides along; a channel
that moves adds an axis of its states just before the last.
"""

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import moving_law
from coinfer.cost import Costs


def backward_induction(costs: Costs, placement: int) -> tuple[Floats, Floats]:
    """Values v_0..v_M of shape (..., M+1) and thresholds A_0..A_{M-1} of shape (..., M) of the optimal rule (R3)."""
    law, o, delta = costs.law, costs.bits, costs.extra
    v = law.at(placement).sending(o[..., placement : placement + 1])
    values, thresholds = [v], [v[..., :0]]
    for n in reversed(range(placement)):
        a = delta[..., n : n + 1] + v
        v = law.at(n).minimum(o[..., n : n + 1], a)
        values, thresholds = [v, *values], [a, *thresholds]
    return np.concatenate(values, axis=-1), np.concatenate(thresholds, axis=-1)


def one_stage_thresholds(costs: Costs) -> Floats:
    """A_0..A_{N-1} of one-stage look-ahead, whatever the placement: run one layer more, then send (R4); (..., N)."""
    return costs.extra + sending_costs(costs)[..., 1:]


def look_ahead_thresholds(costs: Costs, placement: int, depth: int) -> Floats:
    """A_n = delta_{n+1} + v_{n+1} of the problem cut at stage min(n + depth, M) (R4); shape (..., M)."""
    law, o, delta = costs.law, costs.bits, costs.extra
    a = one_stage_thresholds(costs)[..., :placement]
    for left in range(placement - 1, placement - min(depth, placement), -1):  # stages that can look one stage further
        v = law.minimum(o[..., : left + 1], a[..., : left + 1])
        a = np.concatenate([delta[..., :left] + v[..., 1:], a[..., left:]], axis=-1)
    return a


def optimal_costs(costs: Costs) -> Floats:
    """Expected cost from stage 0 on of the optimal rule, for all placements M = 0..N in one pass (R3); (..., N+1)."""
    law, o, delta = costs.law, costs.bits, costs.extra
    v = law.at(costs.layers).minimum(o[..., -1:], np.inf)  # v_n for the horizons M = n..N
    for n in reversed(range(costs.layers)):
        a = np.insert(delta[..., n : n + 1] + v, 0, np.inf, axis=-1)  # never on at n = M
        v = law.at(n).minimum(o[..., n : n + 1], a)
    return from_start(costs, v)


def look_ahead_costs(costs: Costs, depth: int) -> Floats:
    """Expected cost from stage 0 on of look-ahead of a depth, for every placement M = 0..N; shape (..., N+1).

    Up to M = depth look-ahead is optimal. From there on it telescopes, so that all placements take one pass of `depth`
    sweeps over the layers: a layer more is worth the saving at stage m = M - depth times the chance of reaching it (R6, N1).
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
    # the saving at a stage is the fall of v_n when the horizon moves by one; for depth 1 without cancellation
    saving = law.saving(o[..., :stages], a) if depth == 1 else before - v
    return telescope(costs, np.concatenate(first, axis=-1), a, saving)


def telescope(costs: Costs, first: Floats, thresholds: Floats, saving: Floats) -> Floats:
    """u_0(M) = u_0(M-1) - pi_m G_m, m = M - depth, from where the optimum ends (R6 for 1-sla, N1); shape (..., N+1).

    `first` are v_0 for M = 0..depth, `thresholds` A_m and `saving` G_m those at m = 0..N-depth. The last of `first` holds
    the saving at stage 0 already.
    """
    law, o = costs.law, costs.bits[..., : saving.shape[-1] - 1]
    reach = law.reach(o, thresholds[..., :-1])  # pi_0..pi_{N-depth}
    start = law.average(reach[..., :1], first)
    beyond = start[..., -1:] - np.cumsum(law.average(reach, saving)[..., 1:], axis=-1)
    return np.concatenate([start, beyond], axis=-1)


def sending_costs(costs: Costs) -> Floats:
    """o_n mu, the expected cost of sending at stage n = 0..N, before X_n is seen; shape (..., N+1)."""
    return costs.law.sending(costs.bits)


def from_start(costs: Costs, values: Floats) -> Floats:
    """Values at stage 0, each for a placement, as expected before the channel is first seen; shape (..., n)."""
    law, none = costs.law, costs.bits[..., :0]  # stage 0 is reached whatever the thresholds
    return law.average(law.reach(none, none), values)


def stop_probabilities(costs: Costs, thresholds: Floats) -> Floats:
    """The probability that a rule with M thresholds stops at stage n = 0..M; shape (..., M+1)."""
    o = costs.bits[..., : thresholds.shape[-1]]
    stop = costs.law.stop_probability(o, thresholds)
    last = np.ones_like(stop, shape=(*stop.shape[:-1], 1))
    return costs.law.average(costs.law.reach(o, thresholds), np.concatenate([stop, last], axis=-1))


def stop_states(costs: Costs, thresholds: Floats) -> Floats:
    """The joint law of the stage n = 0..M and the state at which M thresholds stop, on a channel in motion; (S, M+1)."""
    law, o = moving_law(costs.law), costs.bits[: thresholds.shape[-1]]
    leaving, stops = law.reach(o, thresholds), law.sent(o) <= thresholds  # having left stage n - 1 in each state
    here = [law.chain.arrive(leaving[:, n], n) if n else leaving[:, 0] for n in range(leaving.shape[1])]
    return np.stack([*(at * stops[:, n] for n, at in enumerate(here[:-1])), here[-1]], axis=-1)


def evaluate(costs: Costs, thresholds: Floats, priced: Costs | None = None) -> Floats:
    """Expected cost from stage 0 on of any rule with M thresholds, by its definition; shape (...).

    `priced`: the same problem at other prices, such as seconds, of the stops that are made at these (R23).
    """
    law, placement, paid = costs.law, thresholds.shape[-1], priced or costs
    o, delta = costs.bits[..., :placement], paid.extra[..., :placement]
    stage = law.stage_cost(o, thresholds, delta) if priced is None else law.stage_price(o, thresholds, delta, paid.law)
    last = sending_costs(paid)[..., placement : placement + 1]
    return law.average(law.reach(o, thresholds), np.concatenate([stage, last], axis=-1)).sum(axis=-1)


def stage_losses(costs: Costs, thresholds: Floats) -> Floats:
    """What M thresholds lose against the optimal rule at each stage n = 0..M-1, times the chance of being there; (..., M).

    E[o X - A; A < o X <= B] for B the threshold and A the optimal one, and the reverse where B < A (R15).
    """
    law, placement = costs.law, thresholds.shape[-1]
    o = costs.bits[..., :placement]
    _, best = backward_induction(costs, placement)
    loss = law.stage_cost(o, thresholds, best) - law.minimum(o, best)
    return law.average(law.reach(o, thresholds)[..., :-1], loss)
