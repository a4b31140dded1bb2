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

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel import thresholds
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import Floats, GainAt, Law, State
from coinfer.channel.motion import Chain
from coinfer.channel.sending import Sending
from coinfer.validation import InputError


class MovingLaw(Law):
    """How the channel moves between stages, and what sending costs while it moves on.

    `long_outage_s`: with two outage states, the device is in the second once an outage has lasted this long. Raises
    `InputError` unless both are of the same states, in ascending order of unit cost.
    """

    nodes = 1

    def __init__(
        self, chain: Chain, sender: Sending, gain_at: GainAt | None = None, long_outage_s: float | None = None
    ):
        self.chain, self.sender, self.gain_at, self.long_outage_s = chain, sender, gain_at, long_outage_s
        self.usable, self.unit_costs = sender.usable, sender.unit_costs
        self._seen, self._stages = self.unit_costs[: self.usable], dict[int, MovingLaw]()
        if self.unit_costs.shape != chain.initial.shape:
            raise InputError(
                f"sender: has {self.unit_costs.size} states; should have {chain.initial.size}, as the chain"
            )
        if np.any(np.diff(self._seen) < 0) or np.any(sender.rates_bps[: self.usable] <= 0):
            raise InputError("sender: unit costs should ascend over the states that can send, outages come last")

    def sent(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending o_n bits from each state on (R19); (S, n)."""
        return self.sender.cost(bits)

    @property
    def memoryless(self) -> DiscreteLaw:
        """Independent draws of X, as at stage 0, given that the channel is usable: sending holds its rate."""
        p = self.chain.initial[: self.usable]
        return DiscreteLaw(self._seen, p / p.sum(), self.gain_at)

    def at(self, stage: int) -> "MovingLaw":
        """The law at one stage, for computing; made once."""
        if stage not in self._stages:
            self._stages[stage] = MovingLaw(self.chain.at(stage), self.sender, self.gain_at, self.long_outage_s)
        return self._stages[stage]

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(C(o), A) (R2)."""
        return self.chain.expect(np.minimum(self.sent(bits), threshold))

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """What a stage costs if the rule stops at C(o) <= A."""
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
        go = self.sent(bits[: np.shape(threshold)[-1]]) > threshold
        arriving = [np.broadcast_to(self.chain.initial, go.shape[:-1])]
        for n in range(go.shape[-1]):
            arriving.append(self.chain.arrive(arriving[-1], n) * go[..., n])
        return np.stack(arriving, axis=-1)

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What stages contribute: their values in each state of the stage before, times the chance of that; (..., n)."""
        return (reach * values).sum(axis=-2)

    def price_grid(self, bits: Floats) -> Floats:
        """0, and what sending costs in each state, in ascending order."""
        return np.concatenate([np.zeros((1, len(bits))), np.sort(self.sent(bits), axis=0)])

    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The largest unit cost at which each stage stops, as in `thresholds.largest_stop`."""
        return thresholds.largest_stop(self._seen, self.sent(bits), threshold)

    def translate(self, bits: Floats, threshold: Floats, law: Law) -> Floats:
        """Thresholds on the cost of going on, at the states of another law; or on o X, for one without memory."""
        if threshold.ndim == 1:
            return threshold
        if not isinstance(law, MovingLaw):
            return thresholds.on_sending(bits, self.largest_stop(bits, threshold))
        a = thresholds.interpolated(self._seen, threshold, law.unit_costs)
        if outages := len(self.unit_costs) - self.usable:  # outages of another number are not told apart
            same = law.unit_costs.size - law.usable == outages
            a[law.usable :] = threshold[self.usable :] if same else threshold[self.commonest_outage]
        return a

    def stops_seeing(
        self, unit_cost: Floats, bits: float, threshold: ArrayLike, outage_s: ArrayLike = 0.0
    ) -> NDArray[np.bool_]:
        """Whether sending costs at most A, where both are linear between the states that can send."""
        sent, a = self.sent(bits), np.asarray(threshold, float)
        going = thresholds.interpolated(self._seen, a, unit_cost)
        if self.usable == len(sent):
            return thresholds.interpolated(self._seen, sent[:, 0], unit_cost) <= going
        out = np.isinf(unit_cost)
        state = np.where(out, self.nearest(unit_cost, outage_s), 0)
        price = np.where(out, sent[state, 0], thresholds.interpolated(self._seen, sent[:, 0], unit_cost))
        return price <= (np.where(out, a[state], going) if a.ndim else a)

    def nearest(self, unit_cost: Floats, outage_s: ArrayLike = 0.0) -> NDArray[np.intp]:
        """The state whose unit cost is nearest; in an outage (inf) that of its age, or the one that is most often in outage."""
        state = thresholds.nearest(self._seen, unit_cost)
        if self.usable == len(self.unit_costs):
            return state
        if self.long_outage_s is None:
            return np.where(np.isinf(unit_cost), self.commonest_outage, state)
        return np.where(np.isinf(unit_cost), self.usable + (np.asarray(outage_s) >= self.long_outage_s), state)

    @property
    def commonest_outage(self) -> int:
        """The outage state that stage 0 is in most often, the deepest of equals: outages seen from outside are that one."""
        often = self.chain.initial[self.usable :]
        return self.usable + int(np.flatnonzero(often >= (1 - 1e-9) * often.max())[-1])  # equal but for round-off

    def draw(self, rng: np.random.Generator, size: int, stage: int = 0, previous: State | None = None) -> State:
        """Numbers of states."""
        return self.chain.draw(rng, size, stage, previous)

    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether sending costs at most A in each state drawn."""
        return (self.sent(bits)[:, 0] <= np.asarray(threshold))[state]

    def unit_cost(self, state: State) -> Floats:
        """The unit cost [1/bit] at the rate of each state drawn, inf in an outage."""
        return self.unit_costs[state]

    def send(self, rng: np.random.Generator, state: State, bits: float, laws: Sequence[Law]) -> Floats:
        """Event by event, as the rates come."""
        prices = [law.sender.per_s for law in laws if isinstance(law, MovingLaw)]
        return self.sender.draw(rng, state, bits, np.stack(prices))


def moving_law(law: Law) -> MovingLaw:
    """The law, if it is of a channel in motion. Raises `InputError`."""
    if not isinstance(law, MovingLaw):
        raise InputError("channel: draws are independent; should be one in motion: moving, shadowed, on-off or markov")
    return law
