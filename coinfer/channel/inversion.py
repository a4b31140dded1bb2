"""Truncated channel inversion: the power follows the gain."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.fading_law import InversionLaw
from coinfer.channel.gain_law import check_usable
from coinfer.channel.link_cost import LN2
from coinfer.quantities import field
from coinfer.system import Link, Weights
from coinfer.validation import InputError


class TruncatedInversion(BaseChannel):
    """Rayleigh fading; the power is set to reach the rate `rate_bps` [bit/s], above an outage gain: X = a + b / g (R14).

    Use it for a device that controls its power and keeps its rate; not for one that keeps its power (`Rayleigh`). The
    link's transmit power is that at a gain for which the rate is Shannon's. Raises `InputError`.

    >>> round(TruncatedInversion(rate_bps=2e6, outage_gain=0.1).usable_probability(Link()), 3)
    0.905
    """

    broadcasts = True

    kind: Literal["truncated-inversion"] = "truncated-inversion"
    rate_bps: float = field("rate_bps")
    outage_gain: float = field("outage_gain")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        check_usable(self.outage_gain, float(np.exp(-self.outage_gain)))
        return self

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(np.exp(-self.outage_gain))

    def law(self, link: Link, weights: Weights) -> InversionLaw:
        """The law of X = beta_t / r + beta_e P(g) / r."""
        with np.errstate(over="ignore"):
            snr = np.expm1(self.rate_bps / link.bandwidth_hz * LN2)  # needed at the edge for this rate
        inverse = weights.energy_per_j * link.transmit_power_w * snr / (link.mean_snr * self.rate_bps)
        if not np.all(np.isfinite(inverse)):
            raise InputError(
                f"rate_bps = {self.rate_bps!r}: needs an infinite power in {link.bandwidth_hz!r} Hz; lower it"
            )
        return InversionLaw(weights.time_per_s / self.rate_bps, inverse, self.outage_gain)
