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
    _, everywhere = backward_induction(costs, costs.layers)
    split = fixed_costs(costs) + costs_of_thresholds(costs, everywhere)
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


def costs_of_thresholds(costs: Costs, thresholds: Floats) -> Floats:
    """Expected cost from stage 0 on of N thresholds kept whatever the placement M = 0..N; shape (..., N+1)."""
    law, o = costs.law, costs.bits[..., :-1]
    reach = law.reach(o, thresholds)
    stage = law.stage_cost(o, thresholds, costs.extra)
    stage = np.insert(stage, costs.layers, 0.0, axis=-1)  # so that it has an entry for every stage
    before = np.cumsum(law.average(reach, stage)[..., :-1], axis=-1)
    return np.insert(before, 0, 0.0, axis=-1) + law.average(reach, sending_costs(costs))
