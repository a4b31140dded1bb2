"""Rician fading: a line of sight and scattered paths."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from coinfer.channel.base import ScipyFading, refuse_unless


class Rician(ScipyFading):
    """Rician fading with factor k, the power of the line of sight over the scattered power. Needs an outage gain (R12).

    Use it where device and edge see each other; k = 0 is Rayleigh fading. However large k is, a deep fade is possible,
    which is why the outage gain has to be positive.

    >>> Rician(k=3, outage_gain=0.05)
    Rician(outage_gain=0.05, kind='rician', k=3.0)
    """

    kind: Literal["rician"] = "rician"
    k: float = Field(ge=0, le=1e6, allow_inf_nan=False, description="Rician factor [-]; 0 is Rayleigh fading")

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        refuse_unless(self.outage_gain > 0, f"k = {self.k!r} with outage_gain = {self.outage_gain!r}")
        return self

    def distribution_of_gain(self) -> Any:
        """Noncentral chi-square with 2 degrees of freedom, scaled to mean 1."""
        from scipy.stats import ncx2

        return ncx2(2, 2 * self.k, scale=1 / (2 * (1 + self.k)))
