"""The law of what stopping costs along a chain of layers while the channel moves, in computing and in sending.

The channel is in one of S states: those that can send in ascending order of unit cost, then outages. What a stage costs
depends on the state at the stage before, so values seen from there have shape (S, n): column i is stage i, given the state
at stage i - 1 (column 0 does not depend on it). Thresholds of shape (S, M) have a row for each state seen at the stage
itself. With these shapes the rules of `stopping` hold as they stand: they need only costs of stopping.

>>> from coinfer.channel.motion import Chain
>>> from coinfer.channel.sending import Sending
>>> chain = Chain.of(np.array([0.5, 0.5]), np.array([[[1.0, 0.0], [0.5, 0.5]]]))
>>> still = Sending(np.array([3.0, 1.0]), np.array([3.0, 3.0]), np.zeros((2, 2)))
>>> MovingLaw(chain, still).sending(np.array([1.0, 1.0]))
array([[2., 1.],
       [2., 2.]])
"""

from collections.abc import Sequence
from copy import copy
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import Floats, GainAt, Law, State
from coinfer.channel.motion import Chain
from coinfer.channel.sending import Sending
from coinfer.channel.thresholds import Seen, largest_stop, on_sending
from coinfer.validation import InputError


class MovingLaw(Law):
    """How the channel moves between stages, and what sending costs while it moves on.

    `long_outage_s`: with two outage states, the device is in the second once an outage has lasted this long. `endless`: a rate
    held from a deep fade on costs infinitely much (R12), and independent draws of X mean nothing. Raises `InputError`
    unless chain and sender are of the same states, in ascending order of unit cost.
    """

    nodes = 1

    def __init__(
        self, chain: Chain, sender: Sending, gain_at: GainAt | None = None, *, rate_at: GainAt | None = None,
        long_outage_s: float | None = None, endless: bool = False,
    ):  # fmt: skip
        self.chain, self.sender, self.gain_at, self.rate_at, self.endless = chain, sender, gain_at, rate_at, endless
        self.usable, self.unit_costs, self._stages = sender.usable, sender.unit_costs, dict[int, MovingLaw]()
        self.seen = Seen(self.unit_costs[: self.usable], chain.initial, long_outage_s)
        check_fitting(chain, sender)

    def sent(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending o_n bits from each state on (R19); (S, n)."""
        return self.sender.cost(bits)

    @property
    def memoryless(self) -> DiscreteLaw:
        """Independent draws of X, as at stage 0, given that the channel is usable. `InputError` if its mean is infinite."""
        if self.endless:
            raise InputError("channel: draws of this fading that last cost infinitely much (R12); needs m > 1")
        p = self.chain.initial[: self.usable]
        return DiscreteLaw(self.seen.unit_costs, p / p.sum(), self.gain_at, self.rate_at)

    def at(self, stage: int) -> "MovingLaw":
        """The law at one stage, for computing; made once."""
        if stage not in self._stages:
            self._stages[stage] = one = copy(self)
            one.chain = self.chain.at(stage)
        return self._stages[stage]

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(C(o), A) (R2)."""
        return self.chain.expect(np.minimum(self.sent(bits), threshold))

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """What a stage costs if the rule stops at C(o) <= A."""
        if np.array_equal(threshold, -inf):
            return self.chain.expect(np.array(going))  # it never stops there: what sending costs is not asked
        sent = self.sent(bits)
        return self.chain.expect(np.where(sent <= np.asarray(threshold), sent, going))

    def stage_price(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike, law: Law) -> Floats:
        """What a stage costs at the prices of another law if the rule stops at C(o) <= A."""
        stops = self.sent(bits) <= np.asarray(threshold)
        return self.chain.expect(np.where(stops, moving_law(law).sent(bits), going))

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(C(o) <= A)."""
        return self.chain.expect((self.sent(bits) <= np.asarray(threshold)).astype(float))

    def sending(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending."""
        return self.chain.expect(self.sent(bits))

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """The measure of arriving at stage n = 0..M having left stage n - 1 in each state; (..., S, M+1)."""
        if np.ndim(threshold) == 1 and np.all(threshold == -inf):
            return self.chain.marginals[:, : len(threshold) + 1]
        go = self.sent(bits[: np.shape(threshold)[-1]]) > threshold
        arriving = [np.broadcast_to(self.chain.initial, go.shape[:-1])]
        for n in range(go.shape[-1]):
            arriving.append(self.chain.arrive(arriving[-1], n) * go[..., n])
        return np.stack(arriving, axis=-1)

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What stages contribute: their values in each state of the stage before, times the chance of that; (..., n)."""
        return (reach * values).sum(axis=-2)

    def price_grid(self, bits: Floats) -> Floats:
        """What sending costs in each state."""
        return self.sent(bits)

    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The largest unit cost at which each stage stops, as in `thresholds.largest_stop`."""
        return largest_stop(self.seen.unit_costs, self.sent(bits), threshold)

    def translate(self, bits: Floats, threshold: Floats, law: Law) -> Floats:
        """Stops where sending is thought to cost at most A, whatever it costs there; thresholds on o X without memory."""
        if isinstance(law, MovingLaw):
            thought, a = self.sent(bits), np.broadcast_to(threshold, (len(self.unit_costs), np.shape(threshold)[-1]))
            return np.where(self.seen.carried(thought, law.seen) <= self.seen.carried(a, law.seen), inf, -inf)
        return threshold if threshold.ndim == 1 else on_sending(bits, self.largest_stop(bits, threshold))

    def as_seen(self, bits: Floats, threshold: Floats) -> Floats:
        """Below what sending costs here where o X > A, in outages if A is finite, and by as much; (M,) to (S, M)."""
        with np.errstate(invalid="ignore"):
            held = np.where(bits > 0, bits * self.unit_costs[:, None], 0.0)
            return self.sent(bits) + np.where(threshold == inf, inf, threshold - held)

    def stops_seeing(
        self, unit_cost: Floats, bits: float, threshold: ArrayLike, outage_s: ArrayLike
    ) -> NDArray[np.bool_]:
        """Whether sending costs at most A, where both are linear between the states that can send."""
        state, a = self.nearest(unit_cost, outage_s), np.asarray(threshold, float)
        return self.seen.value(self.sent(bits).ravel(), unit_cost, state) <= self.seen.value(a, unit_cost, state)

    def nearest(self, unit_cost: Floats, outage_s: ArrayLike) -> NDArray[np.intp]:
        """The state whose unit cost is nearest; in an outage (inf) that of its age, or the one it is most often in."""
        return self.seen.nearest(unit_cost, outage_s)

    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: State | None) -> State:
        """Numbers of states."""
        return self.chain.draw(rng, size, stage, previous)

    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether sending costs at most A in each state drawn."""
        return (self.sent(bits).ravel() <= np.asarray(threshold))[state]

    def unit_cost(self, state: State) -> Floats:
        """The unit cost [1/bit] at the rate of each state drawn, inf in an outage."""
        return self.unit_costs[state]

    def send(self, rng: np.random.Generator, state: State, bits: float, laws: Sequence[Law]) -> Floats:
        """Event by event, as the rates come."""
        prices = [law.sender.per_s for law in laws if isinstance(law, MovingLaw)]
        return self.sender.draw(rng, state, bits, np.stack(prices))


def check_fitting(chain: Chain, sender: Sending) -> None:
    """Raise `InputError` unless chain and sender are of the same states, in ascending order of unit cost, outages last."""
    if sender.unit_costs.shape != chain.initial.shape:
        raise InputError(f"sender: has {sender.unit_costs.size} states; should have {chain.initial.size}, as the chain")
    usable = slice(sender.usable)
    if np.any(np.diff(sender.unit_costs[usable]) < 0) or np.any(sender.rates_bps[usable] <= 0):
        raise InputError("sender: unit costs should ascend over the states that can send, outages come last")


def moving_law(law: Law) -> MovingLaw:
    """The law, if it is of a channel in motion. Raises `InputError`."""
    if not isinstance(law, MovingLaw):
        raise InputError("channel: draws are independent; should be one in motion: moving, shadowed, on-off or markov")
    return law
