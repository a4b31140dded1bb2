"""Continuous laws of the gain g, conditional on a usable channel, and a quadrature of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import fsum, inf, isnan, log
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from coinfer.channel.law import Floats
from coinfer.validation import InputError

NODES = 16
NARROWEST = 4e-10  # half the width of a panel that is split no further
MOST_PANELS = 10_000


# from values at the nodes to Legendre coefficients
TO_LEGENDRE = np.linalg.inv(legendre.legvander(legendre.leggauss(NODES)[0], NODES - 1)).T


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
        while 0 < abs(np.diff(self._slopes(floor)).item()) < inf and floor > 1e-280 and not self.lowest:
            floor *= 1e-3
        return floor

    @cached_property
    def exponent(self) -> float:
        """The power alpha with which P(gain <= g) ~ g^alpha vanishes at 0; inf if it vanishes faster.

        E[1/g], and with it the mean unit cost of a fixed power, is finite if and only if alpha > 1 (R12).
        """
        if self.lowest or not self.density(np.array([self.floor])).item():
            return inf
        _, slope = self._slopes(self.floor).tolist()
        return -inf if isnan(slope) else 1 + slope  # a pole shows no slope

    def _slopes(self, gain: float) -> Floats:
        """Slopes of the log density against log g over the two factors of 1000 below a gain."""
        with np.errstate(all="ignore"):
            return np.diff(np.log(self.density(gain * np.array([1e-6, 1e-3, 1.0])))) / log(1e3)


@dataclass(frozen=True)
class Panels:
    """Gauss-Legendre panels in log g on which the density of a `GainLaw` is a polynomial to double precision."""

    edges: Floats  # (P+1,) of log g, ascending
    gains: Floats  # (P, NODES) nodes
    weights: Floats  # (P, NODES) density at the nodes, times g and half the width of the panel

    @classmethod
    def of(cls, law: GainLaw) -> "Panels":
        """Panels between the ends of the law, halved until each resolves the density. `InputError` if it is none."""
        edges = np.linspace(low := log(law.floor), high := log(_upper_end(law)), 1 + max(1, round((high - low) / 0.5)))
        nodes, quadrature = legendre.leggauss(NODES)
        before = np.full(len(edges) - 1, inf)
        while True:
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
            split &= half[:, 0] > NARROWEST
            if not np.any(split) or len(edges) > MOST_PANELS:
                break
            before = np.repeat(rough, 1 + split)
            edges = np.sort(np.concatenate([edges, (edges[:-1] + edges[1:])[split] / 2]))
        jumps = rough > 1e-7  # or poles, on panels so narrow that only their mass counts
        weights[jumps] = mass[jumps, None] / 2
        total = fsum((weights @ quadrature).tolist()) + law.cdf(np.exp(edges[:1])).item()
        if not abs(total - 1) < 1e-9:
            raise InputError(f"channel: the density of the gain integrates to {total!r}; should be 1")
        return cls(edges, gains, weights)


def _upper_end(law: GainLaw) -> float:
    """The highest gain that matters: the end of the support, or where less than 1e-25 is left."""
    high = max(1.0, 2 * law.lowest)
    while high < law.highest and high < 1e300 and law.survival(np.array([high])).item() > 1e-25:
        high *= 2
    return min(high, law.highest)


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


def conditional_gain_law(distribution: Any, outage_gain: float) -> GainLaw:
    """The law of a frozen `scipy.stats` distribution, conditional on a gain of at least `outage_gain`.

    Raises `InputError` if there is no such gain.
    """
    low, high = (float(end) for end in distribution.support())
    usable, lost = float(distribution.sf(outage_gain)), float(distribution.cdf(outage_gain))
    check_usable(outage_gain, usable)

    def cdf(gain: Floats) -> Floats:
        g = np.maximum(gain, outage_gain)  # and from the side where less cancels
        part = (distribution.cdf(g) - lost) / (1 - lost) if lost < 0.5 else 1 - distribution.sf(g) / usable
        return np.maximum(part, 0.0)

    def sample(rng: np.random.Generator, size: int) -> Floats:
        if usable < 0.5:
            return distribution.isf(rng.random(size) * usable)
        gains = distribution.rvs(size=size, random_state=rng)  # quicker than the inverse, so that some may be redrawn
        while (unusable := np.flatnonzero(gains < outage_gain)).size:
            gains[unusable] = distribution.rvs(size=unusable.size, random_state=rng)
        return gains

    return GainLaw(
        lowest=max(low, outage_gain),
        highest=high,
        cdf=cdf,
        survival=lambda g: distribution.sf(np.maximum(g, outage_gain)) / usable,
        density=lambda g: distribution.pdf(g) / usable,
        sample=sample,
    )


def check_usable(outage_gain: float, probability: float) -> None:
    """Raise `InputError` if no gain ever reaches the outage gain."""
    if not probability > 0:
        raise InputError(f"outage_gain = {outage_gain!r}: is above every gain; the channel would never be usable")
