"""Rayleigh fading: many scattered paths and no line of sight."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from coinfer.channel.base import Fading, refuse_unless
from coinfer.channel.gain_law import GainLaw, check_usable, rayleigh
from coinfer.system import Link


class Rayleigh(Fading):
    """Rayleigh fading: the gain is exponential of mean 1, used only at or above `outage_gain` > 0 (R12, R13).

    Use it for a device among buildings or indoors; not where there is a line of sight (`Rician`), several antennas
    (`Nakagami`), or a gain that lasts longer than a layer runs (`Moving`). Raises `InputError` without an outage gain,
    as the expected cost is then infinite.

    >>> Rayleigh(outage_gain=0.05)
    Rayleigh(outage_gain=0.05, kind='rayleigh')
    """

    kind: Literal["rayleigh"] = "rayleigh"

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        refuse_unless(self.outage_gain > 0, f"outage_gain = {self.outage_gain!r}")
        check_usable(self.outage_gain, float(np.exp(-self.outage_gain)))
        return self

    def gain_law(self) -> GainLaw:
        """Exponential, from the outage gain on."""
        return rayleigh(self.outage_gain)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(np.exp(-self.outage_gain))
