"""The law of the unit cost X, the ETC of sending one bit over the channel that a device sees.

All that the stopping rules ask of a law is what happens when the device stops if o X <= A, for o bits and a
threshold A: how likely it is, and what it then costs. Four methods say so, elementwise on arrays of o and A;
everything else follows from them. A threshold is never divided by o = 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import fsum, inf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.validation import InputError, brief

Floats = NDArray[np.float64]


def unit_threshold(bits: ArrayLike, threshold: ArrayLike) -> Floats:
    """The largest unit cost x at which o x <= A (R1); where o = 0, +inf if A >= 0 (always stop), else -inf (never)."""
    o, a = np.asarray(bits, float), np.asarray(threshold, float)
    with np.errstate(all="ignore"):
        return np.where(o > 0, a / o, np.where(a >= 0, inf, -inf))


def times(threshold: ArrayLike, probability: Floats) -> Floats:
    """A P, and 0 where P = 0: an infinite threshold is never passed."""
    return np.where(probability > 0, threshold, 0.0) * probability


class UnitCostLaw(ABC):
    """The law of X: independent draws, one at each stage. X > 0 has a finite mean [1/bit].

    A law with memory (`coinfer.channel.memory`) overrides what follows from independence: what a stage costs then depends on
    the state of the channel at the stage before, and arrays have an axis of states before that of stages.
    """

    mean: float
    independent: ClassVar[bool] = True
    waits: ClassVar[bool] = False  # whether the device may wait for a usable channel within a stage
    nodes: ClassVar[int] = 16  # Gauss-Legendre nodes that P(X > x) takes between two points of `survival_grid`

    @abstractmethod
    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X <= A)."""

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
    def draw(self, rng: np.random.Generator, size: int, stage: int = 0, previous: NDArray | None = None) -> NDArray:
        """`size` states of the channel at a stage, in the form that `stops` and `unit_cost` take.

        `previous` are those at the stage before, which only channels with memory look at.
        """

    @abstractmethod
    def unit_cost(self, state: NDArray) -> Floats:
        """The unit cost X [1/bit] in each state."""

    @abstractmethod
    def stops(self, state: NDArray, bits: float, threshold: Any) -> NDArray[np.bool_]:
        """Whether o X <= A in each state."""

    def wait(
        self, rng: np.random.Generator, state: NDArray, bits: float, threshold: Any
    ) -> tuple[NDArray, Floats | float]:
        """The states after the device has waited for a usable channel where that is best, and what waiting cost."""
        return state, 0.0

    def waits_in_outage(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether a device that sees an outage at a stage had better wait there for its end; shape of `bits`."""
        return np.zeros(np.shape(bits), dtype=bool)

    def stops_seeing(self, unit_cost: Floats, bits: float, threshold: Any) -> NDArray[np.bool_]:
        """Whether a device that sees unit costs from anywhere, inf in an outage, stops: o x <= A."""
        return unit_cost <= unit_threshold(bits, threshold)

    def price(self, state: NDArray, bits: float) -> Floats:
        """What sending costs in each state: o X."""
        return bits * self.unit_cost(state)

    @abstractmethod
    def survival_grid(self) -> Floats:
        """Unit costs between which P(X > x) is smooth, ascending; a discrete law gives its atoms."""

    def price_grid(self, bits: Floats) -> Floats:
        """Costs of sending at each stage between which P(o X > c) is smooth; shape (points, n)."""
        return np.concatenate([[0.0], self.survival_grid()])[:, None] * bits

    def gain(self, unit_cost: ArrayLike) -> Floats:
        """The smallest gain at which X <= x: inf if there is none, 0 for x = inf."""
        raise InputError("law: this law of unit costs was built without gains, so it has no threshold on the gain")

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A), what a stage costs before its channel is seen (R2)."""
        return self.stage_cost(bits, threshold, threshold)

    def saving(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[(o X - A)^+], what going on saves against always stopping (R6)."""
        return self.go_cost(bits, threshold) - times(threshold, self.go_probability(bits, threshold))

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """pi_n = prod_{i<n} P(o_i X > A_i), the chance that a rule reaches n = 0..M; (..., M) to (..., M+1) (R6)."""
        return np.insert(np.cumprod(self.go_probability(bits, threshold), axis=-1), 0, 1.0, axis=-1)

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What a stage contributes: its value, seen from the stage before, times the chance of getting there."""
        return reach * values

    def sending(self, bits: Floats) -> Floats:
        """o_n mu, the expected cost of sending at stage n = 0, 1, ..., before X_n is seen; shape of `bits`."""
        return bits * self.mean

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:
        """What a stage costs if the rule stops at o X <= A and going on costs `going`: o X, or `going` if o X > A."""
        return self.stop_cost(bits, threshold) + times(going, self.go_probability(bits, threshold))

    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The largest unit cost at which each stage stops (R1)."""
        return unit_threshold(bits, threshold)

    def translate(self, bits: Floats, threshold: Floats, law: "UnitCostLaw") -> Floats:
        """Thresholds found under this law, for use under another one: a threshold on o X is the same under each."""
        return threshold

    def along(self, durations_s: Floats) -> "UnitCostLaw":
        """The law for a chain whose layer n takes `durations_s[n-1]` to run; independent draws do not depend on them."""
        return self

    def at(self, stage: int) -> "UnitCostLaw":
        """The law at one stage: what is asked of it has that stage in every column."""
        return self

    def nearest(self, unit_cost: Floats) -> NDArray[np.intp]:
        """The state of the channel that a device is in which sees these unit costs; without memory there is one."""
        return np.zeros(np.shape(unit_cost), dtype=np.intp)

    @property
    def memoryless(self) -> "UnitCostLaw":
        """Independent draws of X, as at stage 0."""
        return self

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
        return self.unit_cost(self.draw(np.random.default_rng(rng), size))


class DiscreteLaw(UnitCostLaw):
    """Finitely many unit costs. Comparisons are made on o x, so that ties are kept as ties.

    `unit_costs` (S,) [1/bit] positive or zero and finite, `probabilities` (S,) nonnegative with sum 1. `gain_at`
    gives the smallest gain for a unit cost, where the law comes from one. Sums run over atoms and never subtract,
    so that they are exact on numbers of few binary digits.
    """

    nodes = 1

    def __init__(
        self, unit_costs: ArrayLike, probabilities: ArrayLike, gain_at: Callable[[Floats], Floats] | None = None
    ):
        x, p = check_atoms("unit_costs", unit_costs, probabilities, zero_allowed=True)
        order = np.argsort(x, kind="stable")
        self.unit_costs, self.probabilities = x[order], p[order]
        self._gain_at = gain_at
        mass, cost = self.probabilities, self.probabilities * self.unit_costs
        self._mass_below, self._cost_below = (np.concatenate([[0.0], np.cumsum(w)]) for w in (mass, cost))
        self._mass_above, self._cost_above = (np.concatenate([np.cumsum(w[::-1])[::-1], [0.0]]) for w in (mass, cost))
        for total in (self._mass_below, self._mass_above):  # no rounding past what is certain, nor short of it
            np.minimum(total, 1.0, out=total)
        self._end_is_nan = np.append(self.unit_costs, np.nan)
        self._mass_below[-1] = self._mass_above[0] = 1.0  # what rounding may have missed
        self.mean = float(self._cost_above[0])

    def _atoms_below(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.intp]:
        """How many atoms have o x <= A, by comparing products: the quotient A / o only gives a first guess."""
        o, a = np.asarray(bits, float), np.asarray(threshold, float)
        x = self._end_is_nan  # no comparison holds past the last atom, nor at -1, before the first
        with np.errstate(all="ignore"):
            count = np.searchsorted(self.unit_costs, a / o, side="right")
        while (low := o * x[count] <= a).any():
            count = count + low
        while (high := o * x[count - 1] > a).any():
            count = count - high
        return count

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        below = self._atoms_below(bits, threshold)
        return np.asarray(bits) * self._cost_below[below] + times(threshold, self._mass_above[below])

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._mass_below[self._atoms_below(bits, threshold)]

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._mass_above[self._atoms_below(bits, threshold)]

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return np.asarray(bits) * self._cost_below[self._atoms_below(bits, threshold)]

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return np.asarray(bits) * self._cost_above[self._atoms_below(bits, threshold)]

    def draw(self, rng: np.random.Generator, size: int, stage: int = 0, previous: NDArray | None = None) -> NDArray:
        """The numbers of the atoms drawn, in ascending order of unit cost."""
        return np.searchsorted(self._mass_below[1:], rng.random(size), side="right")

    def unit_cost(self, state: NDArray) -> Floats:  # noqa: D102
        return self.unit_costs[state]

    def stops(self, state: NDArray, bits: float, threshold: Any) -> NDArray[np.bool_]:  # noqa: D102
        return state < self._atoms_below(bits, threshold)

    def survival_grid(self) -> Floats:  # noqa: D102
        return self.unit_costs

    def gain(self, unit_cost: ArrayLike) -> Floats:  # noqa: D102
        if self._gain_at is None:
            return super().gain(unit_cost)
        return self._gain_at(np.asarray(unit_cost, float))


def as_floats(field: str, values: ArrayLike) -> Floats:
    """A new array of floats; `InputError` for anything else, such as text or lists of different lengths."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{field} = {brief(values)}: should be a list of numbers") from None


def check_atoms(
    field: str, values: ArrayLike, probabilities: ArrayLike, *, zero_allowed: bool = False
) -> tuple[Floats, Floats]:
    """Values and probabilities of a discrete law as arrays, atoms of probability zero left out.

    Probabilities may miss the sum 1 by rounding alone (1e-9) and are then rescaled. Raises `InputError`.
    """
    x, p = np.atleast_1d(as_floats(field, values)), np.atleast_1d(as_floats("probabilities", probabilities))
    if x.ndim != 1:
        raise InputError(f"{field}: has {x.ndim} dimensions; should be a list of numbers")
    if x.shape != p.shape or not x.size:
        raise InputError(
            f"probabilities: {p.size} given for {x.size} {field}; should be one for each, and at least one"
        )
    bad = ~np.isfinite(x) | (x < 0 if zero_allowed else x <= 0)
    if bad.any():
        allowed = "finite and " + ("nonnegative" if zero_allowed else "positive (a gain of 0 cannot be sent over)")
        raise InputError(f"{field} = {brief(float(x[bad][0]))}: should be {allowed}")
    if not np.all(np.isfinite(p)) or np.any(p < 0):
        raise InputError(f"probabilities = {brief(p.tolist())}: should be finite and nonnegative")
    total = fsum(p)
    if abs(total - 1) > 1e-9:
        raise InputError(f"probabilities: their sum is {total!r}; should be 1")
    return x[p > 0], p[p > 0] / total
