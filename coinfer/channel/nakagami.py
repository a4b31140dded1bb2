"""Nakagami fading: scattered paths, or several antennas."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from coinfer.channel.base import LEAST_EXPONENT, ScipyFading, refuse_unless


class Nakagami(ScipyFading):
    """Nakagami-m fading: the gain is Gamma(m) of mean 1. Needs m > 1 or an outage gain (R12).

    m = 1 is Rayleigh fading; L independent diversity branches with maximum-ratio combining are m = L; m < 1 fades more
    deeply. Use it for diversity, or to fit measured fading with one number; not for a strong line of sight (`Rician`).

    >>> Nakagami(m=2)
    Nakagami(outage_gain=0.0, kind='nakagami', m=2.0)
    """

    kind: Literal["nakagami"] = "nakagami"
    m: float = Field(ge=0.5, le=1e6, allow_inf_nan=False, description="shape m [-]; 1 is Rayleigh fading")

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        finite = self.m > LEAST_EXPONENT or self.outage_gain > 0
        refuse_unless(finite, f"m = {self.m!r} with outage_gain = {self.outage_gain!r}")
        return self

    def distribution_of_gain(self) -> Any:
        """Gamma(m) of mean 1."""
        from scipy.stats import gamma

        return gamma(self.m, scale=1 / self.m)
