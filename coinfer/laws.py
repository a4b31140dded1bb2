"""The law of the unit cost X, the ETC of sending one bit over the channel that a device sees.

All that the stopping rules ask of a law is what happens when the device stops if o X <= A, for o bits and a
threshold A: how likely it is, and what it then costs. Four methods say so, elementwise on arrays of o and A;
everything else follows from them. A threshold is never divided by o = 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import fsum, inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.validation import InputError, brief

Floats = NDArray[np.float64]


def unit_threshold(bits: ArrayLike, threshold: ArrayLike) -> Floats:
    """The largest unit cost x at which o x <= A (R1); where o = 0, +inf if A >= 0 (always stop), else -inf (never)."""
    o, a = np.asarray(bits, float), np.asarray(threshold, float)
    with np.errstate(all="ignore"):
        return np.where(o > 0, a / o, np.where(a >= 0, inf, -inf))


class UnitCostLaw(ABC):
    """The law of X: independent draws, one at each stage. X > 0 has a finite mean [1/bit]."""

    mean: float

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
    def draw(self, rng: np.random.Generator, size: int) -> NDArray:
        """`size` independent states of the channel, in the form that `stops` and `unit_cost` take."""

    @abstractmethod
    def unit_cost(self, state: NDArray) -> Floats:
        """The unit cost X [1/bit] in each state."""

    @abstractmethod
    def stops(self, state: NDArray, bits: float, threshold: float) -> NDArray[np.bool_]:
        """Whether o X <= A in each state."""

    @abstractmethod
    def survival_grid(self) -> Floats:
        """Unit costs between which P(X > x) is smooth, ascending; a discrete law gives its atoms."""

    def gain(self, unit_cost: ArrayLike) -> Floats:
        """The smallest gain at which X <= x: inf if there is none, 0 for x = inf."""
        raise InputError("law: this law of unit costs was built without gains, so it has no threshold on the gain")

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A), what a stage costs before its channel is seen (R2)."""
        return self.stop_cost(bits, threshold) + np.asarray(threshold) * self.go_probability(bits, threshold)

    def saving(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[(o X - A)^+], what going on saves against always stopping (R6)."""
        return self.go_cost(bits, threshold) - np.asarray(threshold) * self.go_probability(bits, threshold)

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """pi_n = prod_{i<n} P(o_i X > A_i), the chance that a rule reaches n = 0..M; (..., M) to (..., M+1) (R6)."""
        return np.insert(np.cumprod(self.go_probability(bits, threshold), axis=-1), 0, 1.0, axis=-1)

    def average(self, reach: Floats, values: Floats) -> Floats:
        """What a stage contributes: its value, seen from the stage before, times the chance of getting there."""
        return reach * values

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
        count = np.searchsorted(self.unit_costs, unit_threshold(o, a), side="right")
        while (low := o * x[count] <= a).any():
            count = count + low
        while (high := o * x[count - 1] > a).any():
            count = count - high
        return count

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        below = self._atoms_below(bits, threshold)
        return np.asarray(bits) * self._cost_below[below] + np.asarray(threshold) * self._mass_above[below]

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._mass_below[self._atoms_below(bits, threshold)]

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._mass_above[self._atoms_below(bits, threshold)]

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return np.asarray(bits) * self._cost_below[self._atoms_below(bits, threshold)]

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return np.asarray(bits) * self._cost_above[self._atoms_below(bits, threshold)]

    def draw(self, rng: np.random.Generator, size: int) -> NDArray:
        """The numbers of the atoms drawn, in ascending order of unit cost."""
        return np.searchsorted(self._mass_below[1:], rng.random(size), side="right")

    def unit_cost(self, state: NDArray) -> Floats:  # noqa: D102
        return self.unit_costs[state]

    def stops(self, state: NDArray, bits: float, threshold: float) -> NDArray[np.bool_]:  # noqa: D102
        return state < self._atoms_below(bits, threshold)

    def survival_grid(self) -> Floats:  # noqa: D102
        return self.unit_costs

    def gain(self, unit_cost: ArrayLike) -> Floats:  # noqa: D102
        if self._gain_at is None:
            return super().gain(unit_cost)
        return self._gain_at(np.asarray(unit_cost, float))


def check_atoms(
    field: str, values: ArrayLike, probabilities: ArrayLike, *, zero_allowed: bool = False
) -> tuple[Floats, Floats]:
    """Values and probabilities of a discrete law as arrays, atoms of probability zero left out.

    Probabilities may miss the sum 1 by rounding alone (1e-9) and are then rescaled. Raises `InputError`.
    """
    x, p = np.atleast_1d(np.asarray(values, float)), np.atleast_1d(np.asarray(probabilities, float))
    if x.ndim != 1 or x.shape != p.shape or not x.size:
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
