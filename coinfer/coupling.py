"""How strongly the two time scales are coupled: what it costs to decide placement and splitting apart."""

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.cost import Costs
from coinfer.placement import fixed_costs, total_costs
from coinfer.stopping import backward_induction, sending_costs


def decided_apart(costs: Costs) -> dict[str, NDArray]:
    """The ETC of deciding jointly and of deciding apart, and the two placements, each of shape (...).

    - "joint": the best placement under the optimal rule.
    - "placed apart": the best placement of static splitting, split by the optimal rule for that placement.
    - "split apart": the joint placement, split by thresholds made as if all N layers were placed.
    - "both apart": the best placement of static splitting, split by thresholds made as if all N layers were placed.
    - "static": the best placement of static splitting, split statically.
    - "joint placement", "static placement": how many layers these place.

    >>> import coinfer
    >>> found = decided_apart(coinfer.costs(coinfer.load_scenario("abstract-model")))
    >>> bool(found["joint"] <= min(found["placed apart"], found["split apart"], found["both apart"]))
    True
    """
    joint, static = (total_costs(costs, rule) for rule in ("optimal", "static"))
    split = kept_costs(costs)
    fits = slice(costs.largest_placement + 1)
    best, placed = (np.argmin(j[..., fits], axis=-1, keepdims=True) for j in (joint, static))
    chosen = {
        "joint": (joint, best),
        "placed apart": (joint, placed),
        "split apart": (split, best),
        "both apart": (split, placed),
        "static": (static, placed),
    }
    found = {name: np.take_along_axis(j, m, axis=-1)[..., 0] for name, (j, m) in chosen.items()}
    return found | {"joint placement": best[..., 0], "static placement": placed[..., 0]}


def placed_simply(costs: Costs) -> dict[str, NDArray]:
    """The ETC, under the optimal rule, of placements that are found without it: by a simpler rule, or in one pass; (...).

    - "optimal": the best placement; all others are compared with it.
    - "one pass": the best for the thresholds of M = N, kept whatever the placement (`kept_costs`).
    - "1-sla", "static", "probe-once": the best for that rule; that of 1-sla takes one pass too (R6).
    - "min(1-sla, static)": the best if the cheaper of these two rules splits.
    - "one pass or 1-sla": the cheaper of their two placements, for which the optimal rule is computed.
    - "M*, ...": how many layers each of these places.

    >>> import coinfer
    >>> found = placed_simply(coinfer.costs(coinfer.load_scenario("abstract-model")))
    >>> bool(found["optimal"] == found["one pass"]), int(found["M*, one pass"]), int(found["M*, static"])
    (True, 5, 0)
    """
    found = {rule: total_costs(costs, rule) for rule in ("optimal", "1-sla", "static", "probe-once")}
    found |= {"one pass": kept_costs(costs), "min(1-sla, static)": np.minimum(found["1-sla"], found["static"])}
    fits = slice(costs.largest_placement + 1)
    placed = {way: np.argmin(j[..., fits], axis=-1, keepdims=True) for way, j in found.items()}
    both = [np.take_along_axis(found["optimal"], placed[way], axis=-1) for way in ("one pass", "1-sla")]
    placed["one pass or 1-sla"] = np.where(both[0] <= both[1], placed["one pass"], placed["1-sla"])
    paid = {way: np.take_along_axis(found["optimal"], m, axis=-1)[..., 0] for way, m in placed.items()}
    return paid | {f"M*, {way}": m[..., 0] for way, m in placed.items()}


def kept_costs(costs: Costs) -> Floats:
    """J(0)..J(N) of the optimal rule's thresholds for M = N, kept whatever the placement, in one pass; shape (..., N+1).

    A layer beyond M counts in the thresholds though it is not placed, so that the device goes on too often: J is no less than
    the optimal rule's, and equal to it at M = N.
    """
    _, everywhere = backward_induction(costs, costs.layers)
    return fixed_costs(costs) + costs_of_thresholds(costs, everywhere)


def costs_of_thresholds(costs: Costs, thresholds: Floats) -> Floats:
    """Expected cost from stage 0 on of N thresholds kept whatever the placement M = 0..N; shape (..., N+1)."""
    law, o = costs.law, costs.bits[..., :-1]
    reach = law.reach(o, thresholds)
    stage = law.stage_cost(o, thresholds, costs.extra)
    stage = np.insert(stage, costs.layers, 0.0, axis=-1)  # so that it has an entry for every stage
    before = np.cumsum(law.average(reach, stage)[..., :-1], axis=-1)
    return np.insert(before, 0, 0.0, axis=-1) + law.average(reach, sending_costs(costs))
