"""Rates that the device is given."""

from typing import Literal, Self

from pydantic import Field, model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw, check_atoms
from coinfer.channel.link_cost import RateCost
from coinfer.system import Link, Weights


class Rates(BaseChannel):
    """Rates [bit/s] that the device is given, whatever the link: only the transmit power of the link matters.

    A plan then has thresholds on the rate (`Plan.rates_bps`) and none on the gain. `usable` is how often there is a rate at all. Use it
    for rates of a trace that are fresh at each stage and last while the device sends (`Trace.law`); else `Markov` is right,
    which `Trace.markov` gives. Raises `InputError`.

    >>> Rates(rates_bps=(1e6, 4e6), probabilities=(0.5, 0.5), usable=0.9).usable_probability(Link())
    0.9
    """

    kind: Literal["rates"] = "rates"
    rates_bps: tuple[float, ...]
    probabilities: tuple[float, ...]
    usable: float = Field(default=1.0, gt=0, le=1, description="how often the rate is not zero [-]")

    @model_validator(mode="after")
    def _atoms(self) -> Self:
        check_atoms("rates_bps", self.rates_bps, self.probabilities)
        return self

    def usable_probability(self, link: Link) -> float:
        """P(the rate is not zero)."""
        return self.usable

    @property
    def needs_snr(self) -> bool:
        """No."""
        return False

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = (beta_t + beta_e P_tx) / rate."""
        rates, probabilities = check_atoms("rates_bps", self.rates_bps, self.probabilities)
        cost = RateCost(link, weights)
        return DiscreteLaw(cost.unit_cost(rates), probabilities, rate_at=cost.rate)
