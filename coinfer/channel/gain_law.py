"""Continuous laws of the gain g, conditional on a usable channel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf, isnan, log
from typing import Any

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.quadrature import Panels
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
    def panels(self) -> Panels:
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
        return np.clip(part, 0, 1)

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
