"""A law of finitely many unit costs."""

from functools import cached_property
from math import fsum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, GainAt, Law, State, UnitCostLaw, as_floats, times
from coinfer.validation import InputError, brief


class DiscreteLaw(UnitCostLaw):
    """Finitely many unit costs. Comparisons are made on o x, so that ties are kept as ties.

    `unit_costs` (S,) [1/bit] positive or zero and finite, `probabilities` (S,) nonnegative with sum 1. `gain_at`
    gives the smallest gain for a unit cost, where the law comes from one, `rate_at` the rate. Sums run over atoms and never subtract,
    so that they are exact on numbers of few binary digits. Raises `InputError`.

    >>> float(DiscreteLaw([1.0, 3.0], [0.5, 0.5]).minimum(2.0, 4.0))  # E min(2 X, 4)
    3.0
    """

    nodes = 1

    def __init__(
        self,
        unit_costs: ArrayLike,
        probabilities: ArrayLike,
        gain_at: GainAt | None = None,
        rate_at: GainAt | None = None,
    ):
        x, p = check_atoms("unit_costs", unit_costs, probabilities, zero_allowed=True)
        order = np.argsort(x, kind="stable")
        self.unit_costs, self.probabilities = x[order], p[order]
        self.gain_at, self.rate_at = gain_at, rate_at
        mass, cost = self.probabilities, self.probabilities * self.unit_costs
        self._mass_below, self._cost_below = (np.concatenate([[0.0], np.cumsum(w)]) for w in (mass, cost))
        self._mass_above, self._cost_above = (np.concatenate([np.cumsum(w[::-1])[::-1], [0.0]]) for w in (mass, cost))
        for total in (self._mass_below, self._mass_above):  # no rounding past what is certain, nor short of it
            np.minimum(total, 1.0, out=total)
        self._end_is_nan = np.append(self.unit_costs, np.nan)
        self._mass_below[-1] = self._mass_above[0] = 1.0  # what rounding may have missed

    @cached_property
    def mean(self) -> float:
        """E X [1/bit]."""
        return float(self._cost_above[0])

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

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E min(o X, A) (R2)."""
        below = self._atoms_below(bits, threshold)
        return np.asarray(bits) * self._cost_below[below] + times(threshold, self._mass_above[below])

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X <= A)."""
        return self._mass_below[self._atoms_below(bits, threshold)]

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X > A)."""
        return self._mass_above[self._atoms_below(bits, threshold)]

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X <= A]."""
        return np.asarray(bits) * self._cost_below[self._atoms_below(bits, threshold)]

    def stage_price(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike, law: Law) -> Floats:
        """E[o Y; o X <= A] + `going` P(o X > A), Y the unit cost of the same atoms under another law."""
        assert isinstance(law, DiscreteLaw)
        paid = np.asarray(bits) * law._cost_below[self._atoms_below(bits, threshold)]
        return paid + times(going, self.go_probability(bits, threshold))

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X > A]."""
        return np.asarray(bits) * self._cost_above[self._atoms_below(bits, threshold)]

    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: State | None) -> State:
        """The numbers of the atoms drawn, in ascending order of unit cost."""
        return np.searchsorted(self._mass_below[1:], rng.random(size), side="right")

    def unit_cost(self, state: State) -> Floats:
        """The unit cost [1/bit] of each atom drawn."""
        return self.unit_costs[state]

    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether o x <= A for each atom drawn."""
        return state < self._atoms_below(bits, threshold)

    def survival_grid(self) -> Floats:
        """The atoms."""
        return self.unit_costs


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
