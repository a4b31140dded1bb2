"""The law of X over a fading channel, whose gain has a continuous law: quadrature, or a closed form where there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import fsum, inf, isnan, log
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, UnitCostLaw, unit_threshold
from coinfer.validation import InputError


@dataclass(frozen=True)
class GainLaw:
    """A continuous law of the gain g, conditional on a usable channel; its functions take and give arrays.

    `lowest` and `highest` bound the support; `sample(rng, size)` draws.
    """

    lowest: float
    highest: float
    cdf: Callable[[Floats], Floats]
    survival: Callable[[Floats], Floats]
    density: Callable[[Floats], Floats]
    sample: Callable[[np.random.Generator, int], Floats]

    @cached_property
    def panels(self) -> "Panels":
        """A quadrature of the law, made once for all links."""
        return Panels.of(self)

    @cached_property
    def floor(self) -> float:
        """The lowest gain, or where that is 0, a gain below which the density is a power of the gain or vanishes."""
        floor = self.lowest or 1e-30
        while 0 < abs(np.diff(self._slopes(floor))[0]) < inf and floor > 1e-280 and not self.lowest:
            floor *= 1e-3
        return floor

    @cached_property
    def exponent(self) -> float:
        """The power alpha with which P(gain <= g) ~ g^alpha vanishes at 0; inf if it vanishes faster.

        E[1/g], and with it the mean unit cost of a fixed power, is finite if and only if alpha > 1 (R12).
        """
        if self.lowest or not self.density(np.array([self.floor]))[0]:
            return inf
        slope = float(self._slopes(self.floor)[-1])
        return -inf if isnan(slope) else 1 + slope  # a pole shows no slope

    def _slopes(self, gain: float) -> Floats:
        """Slopes of the log density against log g over the two factors of 1000 below a gain."""
        with np.errstate(all="ignore"):
            return np.diff(np.log(self.density(gain * np.array([1e-6, 1e-3, 1.0])))) / log(1e3)


NODES = 16


@dataclass(frozen=True)
class Panels:
    """Gauss-Legendre panels in log g on which the density of a `GainLaw` is a polynomial to double precision."""

    edges: Floats  # (P+1,) of log g, ascending
    gains: Floats  # (P, NODES) nodes
    weights: Floats  # (P, NODES) density at the nodes, times g and half the width of the panel

    @classmethod
    def of(cls, law: GainLaw) -> "Panels":
        """Panels between the ends of the law, halved until each resolves the density."""
        edges = np.linspace(low := log(law.floor), high := log(_upper_end(law)), 1 + max(1, round((high - low) / 0.5)))
        nodes, quadrature = legendre.leggauss(NODES)
        before = np.full(len(edges) - 1, inf)
        for halvings in range(31):
            half = np.diff(edges)[:, None] / 2
            gains = np.exp(edges[:-1, None] + half * (1 + nodes))
            mass = np.diff(law.cdf(np.exp(edges)))
            with np.errstate(under="ignore"):
                weights = law.density(gains) * gains * half
            size = np.abs(weights @ TO_LEGENDRE)
            matters = size.max(1) / np.minimum(gains.min(1), 1) > 1e-18
            rough = np.where(matters, size[:, -2:].max(1) / np.maximum(size.max(1), 1e-300), 0.0)
            rough[np.abs(mass - weights @ quadrature) > 1e-9] = 1.0  # a peak between the nodes
            split = (rough > 1e-14) & ((rough > 1e-7) | (rough < before / 2))  # halving does not remove rounding
            if not np.any(split) or halvings == 30 or len(edges) > 10_000:
                break
            before = np.repeat(rough, 1 + split)
            edges = np.sort(np.concatenate([edges, (edges[:-1] + edges[1:])[split] / 2]))
        jumps = (rough > 1e-7) & (gains[:, 0] > 1e-3)  # or poles, on panels so narrow that only their mass counts
        weights[jumps] = mass[jumps, None] / 2
        total = fsum((weights @ quadrature).tolist()) + float(law.cdf(np.exp(edges[:1]))[0])
        if not abs(total - 1) < 1e-9:
            raise InputError(f"channel: the density of the gain integrates to {total!r}; should be 1")
        return cls(edges, gains, weights)


def _upper_end(law: GainLaw) -> float:
    """The highest gain that matters: the end of the support, or where less than 1e-25 is left."""
    high = max(1.0, 2 * law.lowest)
    while high < law.highest and high < 1e300 and law.survival(np.array([high]))[0] > 1e-25:
        high *= 2
    return min(high, law.highest)


def _to_legendre() -> Floats:
    """Matrix from values at the nodes to Legendre coefficients, by the discrete orthogonality of the nodes."""
    nodes, quadrature = legendre.leggauss(NODES)
    degrees = np.arange(NODES)
    return quadrature[:, None] * legendre.legvander(nodes, NODES - 1) * (degrees + 0.5)


TO_LEGENDRE = _to_legendre()
_take = np.take_along_axis


class FadingLaw(UnitCostLaw):
    """X as a falling function of a gain with a continuous law.

    `unit_cost_at` gives X [1/bit] for gains, `gain_at` its inverse, elementwise. `near_zero` is lim g X(g) for
    g to 0 [1/bit]. The partial means are integrals over the panels of the gain's law.

    Many links at once: where the two functions carry an array of shape (B, 1), thresholds and results have shape (B, n).
    """

    def __init__(
        self,
        gains: GainLaw,
        unit_cost_at: Callable[[Floats], Floats],
        gain_at: Callable[[Floats], Floats],
        near_zero: Floats | float,
    ):
        self.gains, self._unit_cost_at, self._gain_at, self._near_zero = gains, unit_cost_at, gain_at, near_zero

    @cached_property
    def mean(self) -> Floats | float:  # type: ignore[override]
        """E X [1/bit]; of shape (B, 1) for B links."""
        below = self._floor + self._below[..., -1:]
        return below if below.ndim > 1 else float(below[0])

    @cached_property
    def _floor(self) -> Floats | float:
        """E[X; g < floor], where the density is a multiple of g^(alpha-1) and X ~ near_zero / g."""
        alpha = self.gains.exponent
        if alpha == inf:
            return 0.0
        return self._near_zero * float(self.gains.density(np.array([self.gains.floor]))[0]) / (alpha - 1)

    @cached_property
    def _integral(self) -> Floats:
        """Legendre coefficients (..., P, NODES+1) of E[X; left end of the panel <= g < gain]."""
        panels = self.gains.panels
        unit_costs = self._unit_cost_at(panels.gains.ravel())
        weighted = unit_costs.reshape(*unit_costs.shape[:-1], *panels.gains.shape) * panels.weights
        return np.asarray(legendre.legint(weighted @ TO_LEGENDRE, lbnd=-1, axis=-1), float)

    @cached_property
    def _totals(self) -> Floats:
        return np.asarray(legendre.legval(1.0, np.moveaxis(self._integral, -1, 0)), float)  # rounded as in `_panel`

    @cached_property
    def _below(self) -> Floats:
        """E[X; floor <= g < edge] for each edge, (..., P+1)."""
        return np.insert(np.cumsum(self._totals, axis=-1), 0, 0.0, axis=-1)

    @cached_property
    def _above(self) -> Floats:
        """E[X; g >= edge] for each edge, (..., P+1)."""
        return np.append(
            np.cumsum(self._totals[..., ::-1], axis=-1)[..., ::-1], np.zeros_like(self._totals[..., :1]), -1
        )

    def _panel(self, gain: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The panel each gain falls in, and E[X; panel's left end <= g < gain]."""
        edges = self.gains.panels.edges
        with np.errstate(divide="ignore"):
            log_gain = np.clip(np.log(gain), edges[0], edges[-1])
        index = np.clip(np.searchsorted(edges, log_gain, side="right") - 1, 0, len(edges) - 2)
        left, right = edges[index], edges[index + 1]
        position = ((log_gain - left) - (right - log_gain)) / (right - left)
        rows = self._integral[index] if self._integral.ndim == 2 else _take(self._integral, index[..., None], axis=-2)
        return index, legendre.legval(position, np.moveaxis(rows, -1, 0), tensor=False)

    def _at(self, table: Floats, index: NDArray[np.intp]) -> Floats:
        """Entries of a table with one row, or with a row for each link."""
        return table[index] if table.ndim == 1 else _take(table, index, axis=-1)

    def _floor_share(self, gain: Floats, *, above: bool) -> Floats | float:
        """E[X; g < floor and g on the given side of `gain`]."""
        if self.gains.exponent == inf:
            return 0.0
        with np.errstate(over="ignore", under="ignore"):
            below = np.minimum(gain / self.gains.floor, 1) ** (self.gains.exponent - 1)
        return self._floor * ((1 - below) if above else below)

    def _threshold_gain(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        return self.gain(unit_threshold(bits, threshold))

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self.gains.survival(self._threshold_gain(bits, threshold))

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self.gains.cdf(self._threshold_gain(bits, threshold))

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        gain = self._threshold_gain(bits, threshold)
        index, part = self._panel(gain)
        above = self._at(self._above, index + 1) + self._at(self._totals, index) - part
        return np.asarray(bits) * (above + self._floor_share(gain, above=True))

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        gain = self._threshold_gain(bits, threshold)
        index, part = self._panel(gain)
        return np.asarray(bits) * (self._at(self._below, index) + part + self._floor_share(gain, above=False))

    def draw(self, rng: np.random.Generator, size: int, stage: int = 0, previous: NDArray | None = None) -> NDArray:
        """Gains."""
        return self.gains.sample(rng, size)

    def unit_cost(self, state: NDArray) -> Floats:  # noqa: D102
        return self._unit_cost_at(state)

    def stops(self, state: NDArray, bits: float, threshold: Any) -> NDArray[np.bool_]:  # noqa: D102
        return state >= float(self._threshold_gain(bits, threshold))

    def survival_grid(self) -> Floats:  # noqa: D102
        return np.unique(self._unit_cost_at(np.exp(self.gains.panels.edges)))

    def gain(self, unit_cost: ArrayLike) -> Floats:  # noqa: D102
        return self._gain_at(np.asarray(unit_cost, float))


class InversionLaw(FadingLaw):
    """X = a + b / g for a Rayleigh gain at or above the outage gain g_0: every mean in closed form (R14).

    `fixed` is a = beta_t / r, `inverse` is b [1/bit].
    """

    def __init__(self, fixed: Floats | float, inverse: Floats | float, outage_gain: float):
        self._fixed, self._inverse, self._outage_gain = fixed, inverse, outage_gain
        super().__init__(rayleigh(outage_gain), lambda g: fixed + inverse / g, self._invert, inverse)

    @cached_property
    def mean(self) -> Floats | float:  # type: ignore[override]
        """E X = a + b E[1/g] [1/bit]."""
        return self._fixed + self._inverse * float(scaled_e1(self._outage_gain))

    def _invert(self, x: Floats) -> Floats:
        above = x - self._fixed
        constant = (above == 0) & (np.asarray(self._inverse) == 0)  # X = a if energy is free
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(above > 0, self._inverse / above, np.where(constant, 0.0, inf))

    def _tail(self, gain: Floats) -> Floats:
        """E[1/g; g >= gain], for gains at or above g_0."""
        with np.errstate(under="ignore"):
            return np.exp(self._outage_gain - gain) * scaled_e1(gain)

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        gain = np.maximum(self._threshold_gain(bits, threshold), self._outage_gain)
        return np.asarray(bits) * (self._fixed * self.gains.survival(gain) + self._inverse * self._tail(gain))

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        gain = np.maximum(self._threshold_gain(bits, threshold), self._outage_gain)
        inverse = self._tail(np.asarray(self._outage_gain)) - self._tail(gain)
        return np.asarray(bits) * (self._fixed * self.gains.cdf(gain) + self._inverse * inverse)


def scaled_e1(x: ArrayLike) -> Floats:
    """e^x E_1(x) for x > 0, elementwise; 0 at infinity. Each of SciPy's two routes is exact on its own range."""
    from scipy.special import exp1, hyperu

    t = np.asarray(x, float)
    small = np.minimum(t, 100.0)
    large = np.clip(t, 100.0, 1e300)
    return np.where(t < 100, np.exp(small) * exp1(small), np.where(np.isinf(t), 0.0, hyperu(1, 1, large)))


def rayleigh(outage_gain: float) -> GainLaw:
    """The gain of Rayleigh fading, at or above `outage_gain`: exponential of mean 1, moved up by it."""

    def beyond(g: Floats) -> Floats:
        return np.maximum(g - outage_gain, 0.0)

    return GainLaw(
        lowest=outage_gain,
        highest=inf,
        cdf=lambda g: -np.expm1(-beyond(g)),
        survival=lambda g: np.exp(-beyond(g)),
        density=lambda g: np.exp(-beyond(g)),
        sample=lambda rng, size: outage_gain + rng.standard_exponential(size),
    )
