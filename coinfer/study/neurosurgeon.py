"""Neurosurgeon's rule, a published baseline: a fixed split, chosen for the rate last seen as if it would last.

Y. Kang et al., *Neurosurgeon: Collaborative Intelligence Between the Cloud and Mobile Edge*, ASPLOS 2017. Before each inference
it takes the rate of the link, predicts what every split costs at that rate, and takes the cheapest. Here it sees the rate at
stage 0 itself, and as few layers are placed as is best for it. Nothing tells it that the rate will move; `ProbeOnce` looks as
often, and knows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.cost import Costs
from coinfer.rule import Rule
from coinfer.rules import committed_cost, committed_states
from coinfer.stopping import sending_costs
from coinfer.validation import InputError


@dataclass(frozen=True)
class Neurosurgeon(Rule):
    """Sees x at stage 0 and stops at the stage n <= M of least S_n + o_n x, where S_n is the sum of the first n delta.

    On a channel in motion it is one look that believes the rate will last; in an outage it sends as little as it can.

    >>> import coinfer
    >>> abstract = coinfer.load_scenario("abstract-model")
    >>> found = [coinfer.plan(abstract, rule=rule).cost for rule in ("probe-once", Neurosurgeon())]
    >>> [round(cost, 3) for cost in found]
    [0.827, 0.828]
    """

    name = "neurosurgeon"
    commits = True

    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """None. Raises `InputError`: a dear channel may make it stop later and later, which no threshold says."""
        raise InputError("rule = 'neurosurgeon': takes a split from the rate at stage 0; it has no thresholds")

    def costs(self, costs: Costs) -> Floats:
        """From the chance of every split, for every placement."""
        if isinstance(costs.law, MovingLaw):
            law = costs.law
            every = (self.chosen_stages(costs, m, law) for m in range(costs.layers + 1))
            return np.array([committed_cost(costs, chosen) for chosen in every])
        return np.stack([_drawn_afresh(costs, m, costs) for m in range(costs.layers + 1)], axis=-1)

    def chosen_stage(self, costs: Costs, placement: int, unit_cost: Floats, outage_s: ArrayLike) -> NDArray[np.int64]:
        """The cheapest stage at each unit cost, were it to last; in an outage (inf) the cheapest of those that send least."""
        computed, bits = _computed(costs, placement), costs.bits[..., : placement + 1]
        seen = np.asarray(unit_cost, dtype=float)[..., None]
        held = computed + bits * np.where(np.isfinite(seen), seen, 0.0)
        waiting = np.where(bits == bits.min(axis=-1, keepdims=True), computed, np.inf)
        return np.argmin(np.where(np.isfinite(seen), held, waiting), axis=-1)

    def expected(self, costs: Costs, placement: int, priced: Costs) -> float:
        """What the stages chosen at these costs take at other prices."""
        if isinstance(costs.law, MovingLaw):
            return committed_cost(priced, self.chosen_stages(costs, placement, moving_law(costs.law)))
        return float(_drawn_afresh(costs, placement, priced))

    def stop_states(self, costs: Costs, placement: int) -> Floats:
        """From the stage chosen in each state at stage 0."""
        return committed_states(costs, self.chosen_stages(costs, placement, moving_law(costs.law)), placement)


def _computed(costs: Costs, placement: int) -> Floats:
    """S_0..S_M; shape (..., M+1)."""
    return np.insert(np.cumsum(costs.extra, axis=-1), 0, 0.0, axis=-1)[..., : placement + 1]


def _drawn_afresh(costs: Costs, placement: int, priced: Costs) -> Floats:
    """Expected cost at the prices of `priced`, under independent draws: X_0 holds only if it is sent at once; shape (...)."""
    law, none, one = costs.law, np.zeros(1), np.ones(1)
    low, high = _intervals(_computed(costs, placement), costs.bits[..., : placement + 1])
    chance = law.stop_probability(one, high) - law.stop_probability(one, low)
    later = (_computed(priced, placement) + sending_costs(priced)[..., : placement + 1])[..., 1:]
    at_once = [law.stage_price(one, x[..., :1], none, priced.law) for x in (low, high)]
    return (priced.bits[..., :1] * (at_once[1] - at_once[0]))[..., 0] + np.sum(chance[..., 1:] * later, axis=-1)


def _intervals(computed: Floats, bits: Floats) -> tuple[Floats, Floats]:
    """The unit costs, above `low` and up to `high`, at which each stage is the cheapest; none if the two are equal.

    Against a stage that sends less, a stage is the cheaper up to where the two lines S + o x cross, and above it against one
    that sends more; of two that send as much, the one with the smaller S is, or the earlier.
    """
    dearer = computed[..., None, :] - computed[..., :, None]  # of the column's stage against the row's
    fewer = bits[..., :, None] - bits[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = dearer / fewer
    stages = np.arange(computed.shape[-1])
    beaten = (fewer == 0) & ((dearer < 0) | ((dearer == 0) & (stages < stages[:, None])))
    low = np.max(np.where(fewer < 0, cross, 0.0), axis=-1, initial=0.0)
    high = np.min(np.where(beaten, 0.0, np.where(fewer > 0, cross, np.inf)), axis=-1)
    return low, np.maximum(low, high)
