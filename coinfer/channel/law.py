"""The law of the unit cost X, the ETC of sending one bit over the channel that a device sees.

All that the stopping rules ask of a law is what happens when the device stops if sending o bits costs at most a threshold
A: how likely it is, and what it then costs; elementwise on arrays of o and A. A threshold is never divided by o = 0.

`Law` is what every law keeps. `UnitCostLaw` is that of independent draws, one at each stage, which last while the device
sends; where the channel moves meanwhile, what sending costs is not o X, and the law is the `MovingLaw` of
`coinfer.channel.moving_law`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.validation import InputError, brief, whole

Floats = NDArray[np.float64]
GainAt = Callable[[Floats], Floats]  # the smallest gain at which X <= x, elementwise
State = NDArray  # states of the channel as drawn: numbers of states, or gains


def unit_threshold(bits: ArrayLike, threshold: ArrayLike) -> Floats:
    """The largest unit cost x at which o x <= A (R1); where o = 0, +inf if A >= 0 (always stop), else -inf (never)."""
    o, a = np.asarray(bits, float), np.asarray(threshold, float)
    with np.errstate(all="ignore"):
        return np.where(o > 0, a / o, np.where(a >= 0, inf, -inf))


def times(threshold: ArrayLike, probability: Floats) -> Floats:
    """A P, and 0 where P = 0: an infinite threshold is never passed."""
    return np.where(probability > 0, threshold, 0.0) * probability


def as_floats(field: str, values: ArrayLike) -> Floats:
    """A new array of floats; `InputError` for anything else, such as text or lists of different lengths."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{field} = {brief(values)}: should be a list of numbers") from None


def random_generator(rng: np.random.Generator | np.random.SeedSequence | int) -> np.random.Generator:
    """The generator, or a new one from a seed: a nonnegative integer, or a sequence of seeds. Raises `InputError`."""
    if isinstance(rng, np.random.Generator | np.random.SeedSequence):
        return np.random.default_rng(rng)
    return np.random.default_rng(whole("rng", rng, 0))


class Law(ABC):
    """What rules ask of a channel along a chain, and what simulations draw from it.

    Arrays have a column for each stage 0, 1, ...; a law with memory has an axis of the S states seen before it, (S, n).
    """

    nodes: ClassVar[int]  # Gauss-Legendre nodes that P(o X > c) takes between two points of `price_grid`
    gain_at: GainAt | None  # None where there are no gains
    rate_at: GainAt | None = None  # the smallest rate [bit/s] at which X <= x, where rates are given and no gains

    @property
    @abstractmethod
    def memoryless(self) -> "UnitCostLaw":
        """Independent draws of X, as at stage 0, given that the channel is usable."""

    @abstractmethod
    def at(self, stage: int) -> "Law":
        """The law at one stage: what is asked of it has that stage in every column."""

    # what a stage is expected to cost, before its channel is seen

    @abstractmethod
    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """What a stage costs if the rule stops at o X <= A and going on costs `going`: o X, or `going` if o X > A."""

    @abstractmethod
    def stage_price(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike, law: "Law") -> Floats:
        """What a stage costs that stops at o X <= A under this law but pays for it under another of the same channel."""

    @abstractmethod
    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A), what a stage costs before its channel is seen (R2)."""

    def saving(self, bits: Floats, threshold: ArrayLike) -> Floats:
        """E[(o X - A)^+], what going on saves against always stopping (R6)."""
        return self.sending(bits) - self.minimum(bits, threshold)

    @abstractmethod
    def sending(self, bits: Floats) -> Floats:
        """o_n mu, the expected cost of sending at stage n, a wait for a usable channel included; a column for each o_n."""

    @abstractmethod
    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X <= A)."""

    @abstractmethod
    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """How likely a rule reaches stage n = 0..M, (..., M) to (..., M+1) (R6); with memory, having left each state."""

    @abstractmethod
    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What stages contribute: values seen from the stage before, times the chance of getting there; (..., n)."""

    @abstractmethod
    def price_grid(self, bits: Floats) -> Floats:
        """Costs of sending at each stage between which P(o X > c) is smooth; shape (points, n)."""

    # thresholds, as they are shown and as they are used on another channel

    @abstractmethod
    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The largest unit cost [1/bit] at which each stage stops (R1); -inf for never, inf for always."""

    @abstractmethod
    def translate(self, bits: Floats, threshold: Floats, law: "Law") -> Floats:
        """Thresholds found under this law, for use under another one."""

    @abstractmethod
    def as_seen(self, bits: Floats, threshold: Floats) -> Floats:
        """Thresholds on o X, of a device that takes the rate it sees to hold, as thresholds under this law."""

    @abstractmethod
    def stops_seeing(
        self, unit_cost: Floats, bits: float, threshold: ArrayLike, outage_s: ArrayLike
    ) -> NDArray[np.bool_]:
        """Whether a device stops that sees unit costs from anywhere, inf in an outage that has lasted for `outage_s`."""

    @abstractmethod
    def nearest(self, unit_cost: Floats, outage_s: ArrayLike) -> NDArray[np.intp]:
        """The state of the channel that a device is in which sees these unit costs; without memory there is one."""

    def gain(self, unit_cost: ArrayLike) -> Floats:
        """The smallest gain [-] at which X <= x: inf if there is none, 0 for x = inf. `InputError` if there are no gains."""
        if self.gain_at is None:
            instead = ", but on the rate (rates_bps)" if self.rate_at is not None else ""
            raise InputError(f"law: this law was built without gains, so it has no threshold on the gain{instead}")
        return self.gain_at(np.asarray(unit_cost, float))

    def rate_bps(self, unit_cost: ArrayLike) -> Floats:
        """The same as a rate [bit/s] on a channel of given rates. `InputError` on any other."""
        if self.rate_at is None:
            instead = ", but on the gain (gains)" if self.gain_at is not None else ""
            raise InputError(f"law: this law was built without rates, so it has no threshold on the rate{instead}")
        return self.rate_at(np.asarray(unit_cost, float))

    def least_seen(self, unit_cost: ArrayLike) -> Floats:
        """The smallest gain, or rate, at which X <= x, whichever of the two the device sees."""
        return self.gain(unit_cost) if self.rate_at is None else self.rate_bps(unit_cost)

    # draws

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: State | None) -> State:
        """`size` states at a stage; `previous` are those at the stage before, which only channels with memory look at."""

    @abstractmethod
    def unit_cost(self, state: State) -> Floats:
        """The unit cost X [1/bit] in each state drawn, inf in an outage."""

    @abstractmethod
    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether the device stops in each state drawn."""

    @abstractmethod
    def send(self, rng: np.random.Generator, state: State, bits: float, laws: "Sequence[Law]") -> Floats:
        """What sending costs from each state drawn on, at the prices of k laws of this same channel; (k, size)."""


class UnitCostLaw(Law):
    """Independent draws of X > 0, one at each stage, whose mean is finite.

    A law says how likely it is to stop and to go on, and what sending then costs; everything else follows.
    """

    nodes = 16

    @property
    @abstractmethod
    def mean(self) -> Floats | float:
        """The mean of X [1/bit], mu; of shape (B, 1) for B links at once."""

    @abstractmethod
    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X > A)."""

    @abstractmethod
    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X <= A]."""

    @abstractmethod
    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X > A]."""

    @abstractmethod
    def survival_grid(self) -> Floats:
        """Unit costs between which P(X > x) is smooth, ascending; a discrete law gives its atoms."""

    @property
    def memoryless(self) -> "UnitCostLaw":
        """The law itself."""
        return self

    def at(self, stage: int) -> "UnitCostLaw":
        """The law itself: it is the same at every stage."""
        return self

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """E[o X; o X <= A] + `going` P(o X > A)."""
        return self.stop_cost(bits, threshold) + times(going, self.go_probability(bits, threshold))

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A) (R2)."""
        return self.stage_cost(bits, threshold, threshold)

    def saving(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[(o X - A)^+] (R6)."""
        return self.go_cost(bits, threshold) - times(threshold, self.go_probability(bits, threshold))

    def sending(self, bits: Floats) -> Floats:
        """The cost o mu of sending; the shape of `bits`."""
        return bits * self.mean

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """pi_n = prod_{i<n} P(o_i X > A_i) (R6)."""
        return np.insert(np.cumprod(self.go_probability(bits, threshold), axis=-1), 0, 1.0, axis=-1)

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """pi_n times the values."""
        return reach * values

    def price_grid(self, bits: Floats) -> Floats:
        """The unit costs of `survival_grid` times o."""
        return self.survival_grid()[:, None] * bits

    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """A / o (R1)."""
        return unit_threshold(bits, threshold)

    def translate(self, bits: Floats, threshold: Floats, law: Law) -> Floats:
        """Thresholds on o X, whatever sending then costs."""
        return law.as_seen(bits, threshold)

    def as_seen(self, bits: Floats, threshold: Floats) -> Floats:
        """The thresholds themselves."""
        return threshold

    def stops_seeing(
        self, unit_cost: Floats, bits: float, threshold: ArrayLike, outage_s: ArrayLike
    ) -> NDArray[np.bool_]:
        """Whether x <= A / o."""
        return unit_cost <= unit_threshold(bits, threshold)

    def nearest(self, unit_cost: Floats, outage_s: ArrayLike) -> NDArray[np.intp]:
        """The one state there is."""
        return np.zeros(np.shape(unit_cost), dtype=np.intp)

    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether o x <= A."""
        return self.stops_seeing(self.unit_cost(state), bits, threshold, 0.0)

    def send(self, rng: np.random.Generator, state: State, bits: float, laws: Sequence[Law]) -> Floats:
        """What o X is in each state drawn."""
        return np.stack([bits * law.unit_cost(state) for law in laws])

    def cdf(self, x: ArrayLike) -> Floats:
        """P(X <= x)."""
        return self.stop_probability(1.0, x)

    def partial_mean(self, x: ArrayLike) -> Floats:
        """E[X; X <= x] [1/bit]."""
        return self.stop_cost(1.0, x)

    def excess(self, x: ArrayLike) -> Floats:
        """E[(X - x)^+] [1/bit]."""
        return self.saving(1.0, x)

    def sample(self, rng: np.random.Generator | int, size: int) -> Floats:
        """`size` independent unit costs [1/bit]; `rng` is a generator or a seed."""
        return self.unit_cost(self.draw(random_generator(rng), size, 0, None))
