"""Adaptive modulation: the rates of a table, over fading."""

from math import inf
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import Floats
from coinfer.channel.link_cost import unit_cost_scale
from coinfer.system import Link, Weights
from coinfer.validation import InputError, brief

# CQI table 7.2.3-1 of 3GPP TS 36.213, in bit/s/Hz
CQI_EFFICIENCIES = (
    0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141,
    2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547,
)  # fmt: skip
# SNR at which each CQI becomes usable, in dB: VSB - Technical University of Ostrava, QualMob, "SINR and CQI mapping table"
CQI_SNR_DB = (-6.7, -4.7, -2.3, 0.2, 2.4, 4.3, 5.9, 8.1, 10.3, 11.7, 14.1, 16.3, 18.7, 21.0, 22.7)


class RateTable(BaseChannel):
    """Finitely many rates: spectral efficiency k is used from SNR k on, and below the first nothing can be sent.

    The gain is that of Nakagami-m fading (m = 1: Rayleigh). The law is conditional on a nonzero rate, which makes the
    mean finite whatever m (R13). Use it for a real modem instead of Shannon's rate; not for rates that are given
    whatever the link (`Rates`). Default: the CQI table of 3GPP TS 36.213 (`CQI_EFFICIENCIES` in bit/s/Hz, `CQI_SNR_DB`).
    Raises `InputError`.

    >>> len(RateTable().efficiencies)
    15
    """

    kind: Literal["rate-table"] = "rate-table"
    efficiencies: tuple[float, ...] = CQI_EFFICIENCIES
    snr_db: tuple[float, ...] = CQI_SNR_DB
    m: float = Field(default=1.0, ge=0.5, le=1e6, allow_inf_nan=False, description="Nakagami shape [-]; 1 is Rayleigh")

    @model_validator(mode="after")
    def _table(self) -> Self:
        for name in ("efficiencies", "snr_db"):
            values = np.asarray(getattr(self, name))
            if not np.all(np.isfinite(values)) or np.any(np.diff(values) <= 0) or not values.size:
                raise InputError(f"{name} = {brief(values.tolist())}: should be finite, ascending and not empty")
        if len(self.efficiencies) != len(self.snr_db):
            raise InputError(
                f"snr_db: {len(self.snr_db)} given for {len(self.efficiencies)} efficiencies; should be one each"
            )
        if self.efficiencies[0] <= 0:
            raise InputError(f"efficiencies = {brief(self.efficiencies)}: should be positive")
        return self

    def _switching_gains(self, link: Link) -> Floats:
        return 10 ** (np.asarray(self.snr_db) / 10) / link.mean_snr

    def usable_probability(self, link: Link) -> float:
        """P(the rate is not zero)."""
        from scipy.special import gammaincc

        return float(gammaincc(self.m, self.m * self._switching_gains(link)[0]))

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = (beta_t + beta_e P_tx) / (W efficiency)."""
        from scipy.special import gammaincc

        gains = self._switching_gains(link)
        beyond = np.append(gammaincc(self.m, self.m * gains), 0.0)
        if not beyond[0] > 0:
            raise InputError(
                f"link.mean_snr = {link.mean_snr!r}: is so low that no rate of the table is ever usable; raise it"
            )
        unit_costs = unit_cost_scale(link, weights) / np.asarray(self.efficiencies)

        def smallest_gain(x: Floats) -> Floats:
            """The switching point of the first rate that is cheap enough: inf if none is, 0 for x = inf."""
            first = np.searchsorted(-unit_costs, -x, side="left")
            return np.where(np.isinf(x) & (x > 0), 0.0, np.append(gains, inf)[first])

        return DiscreteLaw(unit_costs, -np.diff(beyond) / beyond[0], smallest_gain)
