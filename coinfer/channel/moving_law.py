"""The law of X along a chain of layers while the channel moves: motion, sending and outage, put together.

The channel is in one of S states, in ascending order of unit cost. What a stage costs depends on the state at the stage
before, so values seen from there have shape (S, n): column i is stage i, given the state at stage i - 1 (column 0 does not
depend on it). Thresholds of shape (S, M) have a row for each state seen at the stage itself. With these shapes the
rules of `stopping` hold as they stand.

>>> from coinfer.channel.motion import Chain
>>> from coinfer.channel.sending import Held
>>> chain = Chain.of(np.array([0.5, 0.5]), np.array([[[1.0, 0.0], [0.5, 0.5]]]))
>>> MovingLaw(chain, Held(np.array([1.0, 3.0]))).sending(np.array([1.0, 1.0]))
array([[2., 1.],
       [2., 2.]])
"""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel import thresholds
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import Floats, GainAt, Law, State, as_floats
from coinfer.channel.motion import Motion
from coinfer.channel.outage import NoOutage, Outage
from coinfer.channel.sending import Sending
from coinfer.validation import InputError


def fitting(unit_costs: ArrayLike, states: int, usable: int) -> Floats:
    """Unit costs (S,) as an array. Raises `InputError` unless there is one for each state, and those that can send ascend."""
    x = as_floats("unit_costs", unit_costs)
    if x.shape != (states,):
        raise InputError(
            f"unit_costs: have shape {x.shape}; should be one for each of the {states} states of the chain"
        )
    if np.any(np.diff(x[:usable]) < 0):
        raise InputError("unit_costs: should ascend over the states that can send; the rules take the best first")
    return x


class MovingLaw(Law):
    """What moves (a chain, or a process), what sending costs from a state on, and what happens in an outage."""

    nodes = 1

    def __init__(self, motion: Motion, sender: Sending, outage: Outage | None = None, gain_at: GainAt | None = None):
        self.motion, self.chain, self.sender, self.gain_at = motion, motion.chain, sender, gain_at
        self.outage = outage or NoOutage(self.chain.initial.size)
        self.usable, self.waits = self.outage.usable, self.outage.waits
        self.unit_costs = fitting(sender.unit_costs, self.chain.initial.size, self.usable)
        self._seen, self._stages = self.unit_costs[: self.usable], dict[int, MovingLaw]()

    def sent(self, bits: ArrayLike) -> Floats:
        """What sending o_n bits costs in each state, inf in an outage; (S, n)."""
        return self.outage.barred(self.sender.cost(bits), bits)

    @property
    def memoryless(self) -> DiscreteLaw:
        """Independent draws of X, as at stage 0, given that the channel is usable."""
        p = self.chain.initial[: self.usable]
        return DiscreteLaw(self._seen, p / p.sum(), self.gain_at)

    def at(self, stage: int) -> "MovingLaw":
        """The law at one stage, for computing; made once."""
        if stage not in self._stages:
            self._stages[stage] = MovingLaw(self.chain.at(stage), self.sender, self.outage, self.gain_at)
        return self._stages[stage]

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A), what is spent on waiting included (R2)."""
        sent = self.sent(bits)
        return self.chain.expect(self.outage.settled(np.minimum(sent, threshold), sent, threshold, self.outage.cost))

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """What a stage costs if the rule stops at o X <= A, what is spent on waiting included."""
        sent = self.sent(bits)
        values = np.where(sent <= np.asarray(threshold), sent, going)
        return self.chain.expect(self.outage.settled(values, sent, threshold, self.outage.cost))

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X <= A) in the state in which the device decides."""
        sent = self.sent(bits)
        stops = (sent <= np.asarray(threshold)).astype(float)
        return self.chain.expect(self.outage.settled(stops, sent, threshold, 0.0))

    def sending(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending, the wait for a usable state included."""
        sent = self.sent(bits)
        return self.chain.expect(self.outage.settled(sent, sent, inf, self.outage.cost))

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """The measure of arriving at stage n = 0..M having left stage n - 1 in each state; (..., S, M+1)."""
        sent = self.sent(bits[: np.shape(threshold)[-1]])
        go, wait = sent > threshold, self.outage.waiting(sent, threshold)
        arriving = [np.broadcast_to(self.chain.initial, go.shape[:-1])]
        for n in range(go.shape[-1]):
            here = self.outage.leaving(self.chain.arrive(arriving[-1], n), wait[:, n])
            arriving.append(here * go[..., n])
        return np.stack(arriving, axis=-1)

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What stages contribute: their values in each state of the stage before, times the chance of that; (..., n)."""
        return (reach * values).sum(axis=-2)

    def price_grid(self, bits: Floats) -> Floats:
        """0, and what sending costs in each usable state."""
        return np.concatenate([np.zeros((1, len(bits))), self.sent(bits)[: self.usable]])

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
        if self.waits:  # outages of another depth are not told apart
            same = law.unit_costs.size - law.usable == self.unit_costs.size - self.usable
            a[law.usable :] = threshold[self.usable :] if same else threshold[self.commonest_outage]
        return a

    def stops_seeing(self, unit_cost: Floats, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether sending costs at most A, where both are linear between the states."""
        return self.sender.price(unit_cost, bits) <= thresholds.interpolated(self._seen, threshold, unit_cost)

    def waits_in_outage(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether a device that sees an outage had better wait; (n,)."""
        return self.outage.waiting(self.sent(bits), threshold)[self.commonest_outage if self.waits else 0]

    def nearest(self, unit_cost: Floats) -> NDArray[np.intp]:
        """The state whose unit cost is nearest; in an outage (inf) the one that is in outage most often."""
        state = thresholds.nearest(self._seen, unit_cost)
        return np.where(np.isinf(unit_cost), self.commonest_outage, state) if self.waits else state

    @property
    def commonest_outage(self) -> int:
        """The outage state that stage 0 is in most often, the deepest of equals: outages seen from outside are that one."""
        often = self.chain.initial[self.usable :]
        return self.usable + int(np.flatnonzero(often >= (1 - 1e-9) * often.max())[-1])  # equal but for round-off

    def draw(self, rng: np.random.Generator, size: int, stage: int = 0, previous: State | None = None) -> State:
        """Numbers of states, or the gains of a process."""
        return self.motion.draw(rng, size, stage, previous)

    def wait(self, rng: np.random.Generator, state: State, bits: float, threshold: ArrayLike) -> tuple[State, Floats]:
        """The states after the device has waited where that is best, and what that cost."""
        waits = self.outage.waiting(self.sent(np.array([bits])), np.reshape(threshold, (-1, 1)))[:, 0]
        return self.outage.wait(rng, self.motion, state, waits)

    def unit_cost(self, state: State) -> Floats:
        """X [1/bit], inf in an outage."""
        x = self.motion.unit_cost(state, self.unit_costs)
        return np.where(self.motion.state(state) < self.usable, x, inf) if self.waits else x

    def price(self, state: State, bits: float) -> Floats:
        """What sending is expected to cost in each state drawn."""
        return self.sender.price(self.unit_cost(state), bits)
