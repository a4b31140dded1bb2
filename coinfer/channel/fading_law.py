"""The law of X over a fading channel, whose gain has a continuous law: quadrature, or a closed form where there is one."""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.gain_law import GainLaw, rayleigh
from coinfer.channel.law import Floats, GainAt, Law, State, UnitCostLaw, times, unit_threshold
from coinfer.channel.quadrature import PartialMeans


class FadingLaw(UnitCostLaw):
    """X as a falling function of a gain with a continuous law.

    `unit_cost_at` gives X [1/bit] for gains, `gain_at` its inverse, elementwise. `near_zero` is lim g X(g) for
    g to 0 [1/bit].

    Many links at once: where the two functions carry an array of shape (B, 1), thresholds and results have shape (B, n).
    """

    def __init__(
        self,
        gains: GainLaw,
        unit_cost_at: Callable[[Floats], Floats],
        gain_at: GainAt,
        near_zero: Floats | float,
    ):
        self.gains, self._unit_cost_at, self.gain_at, self._near_zero = gains, unit_cost_at, gain_at, near_zero

    @cached_property
    def _means(self) -> PartialMeans:
        return PartialMeans(self.gains, self._unit_cost_at, self._near_zero)

    @cached_property
    def mean(self) -> Floats | float:
        """E X [1/bit]; of shape (B, 1) for B links."""
        return self._means.whole

    def _least_gain(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The smallest gain at which o X <= A."""
        return self.gain(unit_threshold(bits, threshold))

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X <= A)."""
        return self.gains.survival(self._least_gain(bits, threshold))

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """P(o X > A)."""
        return self.gains.cdf(self._least_gain(bits, threshold))

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X <= A]."""
        return np.asarray(bits) * self._mean_above(self._least_gain(bits, threshold))

    def _mean_above(self, gain: Floats) -> Floats:
        """E[X; g >= gain]."""
        return self._means.above(gain)

    def stage_price(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike, law: Law) -> Floats:
        """E[o Y; o X <= A] + `going` P(o X > A), Y the unit cost at the same gain under another law."""
        assert isinstance(law, FadingLaw)
        paid = np.asarray(bits) * law._mean_above(self._least_gain(bits, threshold))
        return paid + times(going, self.go_probability(bits, threshold))

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X > A]."""
        return np.asarray(bits) * self._means.below(self._least_gain(bits, threshold))

    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: State | None) -> State:
        """Gains."""
        return self.gains.sample(rng, size)

    def unit_cost(self, state: State) -> Floats:
        """X [1/bit] at each gain."""
        return self._unit_cost_at(state)

    def stops(self, state: State, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether each gain is large enough."""
        return state >= float(self._least_gain(bits, threshold))

    def send(self, rng: np.random.Generator, state: State, bits: float, laws: Sequence[Law]) -> Floats:
        """What o X is at each gain: at a fixed power, prices only scale X, and with it lim g X(g)."""
        sent, prices = bits * self.unit_cost(state), [law for law in laws if isinstance(law, FadingLaw)]
        return np.multiply.outer([float(law._near_zero / self._near_zero) for law in prices], sent)

    def survival_grid(self) -> Floats:
        """The unit costs at the edges of the panels."""
        return np.unique(self._unit_cost_at(np.exp(self.gains.panels.edges)))


class InversionLaw(FadingLaw):
    """X = a + b / g for a Rayleigh gain at or above the outage gain g_0: every mean in closed form (R14).

    `fixed` is a = beta_t / r, `inverse` is b [1/bit].
    """

    def __init__(self, fixed: Floats | float, inverse: Floats | float, outage_gain: float):
        self._fixed, self._inverse, self._outage_gain = fixed, inverse, outage_gain
        super().__init__(rayleigh(outage_gain), lambda g: fixed + inverse / g, self._invert, inverse)

    @cached_property
    def mean(self) -> Floats | float:
        """E X = a + b E[1/g] [1/bit]."""
        return self._fixed + self._inverse * float(scaled_e1(self._outage_gain))

    def _invert(self, x: Floats) -> Floats:
        above = x - self._fixed
        constant = (above == 0) & (np.asarray(self._inverse) == 0)  # X = a if energy is free
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(above > 0, self._inverse / above, np.where(constant, 0.0, inf))

    def send(self, rng: np.random.Generator, state: State, bits: float, laws: Sequence[Law]) -> Floats:
        """What o X is at each gain."""
        return UnitCostLaw.send(self, rng, state, bits, laws)

    def _tail(self, gain: Floats) -> Floats:
        """E[1/g; g >= gain], for gains at or above g_0."""
        with np.errstate(under="ignore"):
            return np.exp(self._outage_gain - gain) * scaled_e1(gain)

    def _mean_above(self, gain: Floats) -> Floats:
        """E[X; g >= gain]."""
        usable = np.maximum(gain, self._outage_gain)
        return self._fixed * self.gains.survival(usable) + self._inverse * self._tail(usable)

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X > A]."""
        gain = np.maximum(self._least_gain(bits, threshold), self._outage_gain)
        inverse = self._tail(np.asarray(self._outage_gain)) - self._tail(gain)
        return np.asarray(bits) * (self._fixed * self.gains.cdf(gain) + self._inverse * inverse)


def scaled_e1(x: ArrayLike) -> Floats:
    """e^x E_1(x) for x > 0, elementwise; 0 at infinity. Each of SciPy's two routes is exact on its own range."""
    from scipy.special import exp1, hyperu

    t = np.asarray(x, float)
    small = np.minimum(t, 100.0)
    large = np.clip(t, 100.0, 1e300)
    return np.where(t < 100, np.exp(small) * exp1(small), np.where(np.isinf(t), 0.0, hyperu(1, 1, large)))
