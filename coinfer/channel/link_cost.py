"""What a bit costs over a link, as a function of the gain or of the rate."""

from math import inf, log

import numpy as np

from coinfer.channel.law import Floats
from coinfer.system import Link, Weights

LN2 = log(2)


def unit_cost_scale(link: Link, weights: Weights) -> float:
    """The unit cost at a spectral efficiency of 1 bit/s/Hz, lambda [1/bit]."""
    return (weights.time_per_s + weights.energy_per_j * link.transmit_power_w) / link.bandwidth_hz


class ShannonCost:
    """X = lambda / log2(1 + gamma g) of a fixed power at Shannon's rate, and its inverse (R1)."""

    def __init__(self, link: Link, weights: Weights):
        self.scale, self.mean_snr = unit_cost_scale(link, weights), link.mean_snr

    def unit_cost(self, gain: Floats) -> Floats:
        """X [1/bit] at each gain."""
        return self.scale * LN2 / np.log1p(self.mean_snr * gain)

    def gain(self, unit_cost: Floats) -> Floats:
        """The smallest gain at which X <= x: inf (never) for x <= 0, 0 (always) for x = inf."""
        x = np.asarray(unit_cost, float)
        with np.errstate(over="ignore"):
            exponent = np.divide(1.0, x, out=np.full(x.shape, inf), where=x > 0) * (self.scale * LN2)
            return np.expm1(exponent) / self.mean_snr


class RateCost:
    """X = (beta_t + beta_e P_tx) / rate of a rate that is given, and its inverse: thresholds on the rate.

    `scale` is the cost of sending for a second.
    """

    def __init__(self, link: Link, weights: Weights):
        self.scale = unit_cost_scale(link, weights) * link.bandwidth_hz

    def unit_cost(self, rate_bps: Floats) -> Floats:
        """X [1/bit] at each rate."""
        return self.scale / rate_bps

    def rate(self, unit_cost: Floats) -> Floats:
        """The smallest rate [bit/s] at which X <= x: inf (never) for x <= 0, 0 (always) for x = inf."""
        x = np.asarray(unit_cost, float)
        return np.divide(self.scale, x, out=np.full(x.shape, inf), where=x > 0)
