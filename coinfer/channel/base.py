"""What channels share: what every one offers, and fading of a continuous gain at a fixed power."""

from abc import abstractmethod
from functools import lru_cache
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from coinfer.channel.fading_law import FadingLaw
from coinfer.channel.gain_law import GainLaw, check_usable, conditional_gain_law
from coinfer.channel.law import Floats, Law, UnitCostLaw
from coinfer.channel.link_cost import LN2, ShannonCost
from coinfer.system import Link, Weights
from coinfer.validation import InputError, Model

INFINITE_COST = (
    "the expected cost of sending over this fading at a fixed power is infinite (R12): the gain is too often almost 0; "
    "cures: an outage_gain > 0, Nakagami with m > 1, two diversity branches (Nakagami with m = 2), a RateTable, an "
    "Empirical law, or TruncatedInversion"
)
LEAST_EXPONENT = 1 + 1e-6  # of the CDF of the gain at 0; closer to 1, the mean cannot be told from infinity


class BaseChannel(Model):
    """What every channel offers."""

    broadcasts: ClassVar[bool] = False  # whether `law` takes links and weights whose numbers are columns (B, 1)

    @abstractmethod
    def law(self, link: Link, weights: Weights) -> UnitCostLaw:
        """The law of one draw of X on a link, given that the channel is usable."""

    def law_along(self, link: Link, weights: Weights, durations_s: Floats) -> Law:
        """The law of X along a chain whose layer n runs for `durations_s[n-1]`; independent draws do not depend on them."""
        return self.law(link, weights)

    def usable_probability(self, link: Link) -> float:
        """How often the channel is usable; the law is conditional on it."""
        return 1.0

    @property
    def needs_snr(self) -> bool:
        """Whether bandwidth and SNR of the link count; they do not where rates are given."""
        return True


class Fading(BaseChannel):
    """A continuous law of the gain, used at a fixed power and Shannon's rate, at or above `outage_gain`."""

    broadcasts = True

    outage_gain: float = Field(
        default=0.0, ge=0, allow_inf_nan=False, title="g_0", description="lowest usable gain [-]"
    )

    @abstractmethod
    def gain_law(self) -> GainLaw:
        """The law of the gain, conditional on the channel being usable."""

    def law(self, link: Link, weights: Weights) -> FadingLaw:
        """The law of X = lambda / log2(1 + gamma g)."""
        cost = ShannonCost(link, weights)
        return FadingLaw(_cached_gain_law(self), cost.unit_cost, cost.gain, cost.scale * LN2 / cost.mean_snr)


class ScipyFading(Fading):
    """Fading whose gain follows a law of `scipy.stats`."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.outage_gain > 0:
            check_usable(self.outage_gain, float(self.distribution_of_gain().sf(self.outage_gain)))
        return self

    @abstractmethod
    def distribution_of_gain(self) -> Any:
        """The frozen distribution before conditioning."""

    def gain_law(self) -> GainLaw:
        """The distribution, conditional on the gain being at least the outage gain."""
        return conditional_gain_law(self.distribution_of_gain(), self.outage_gain)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(self.distribution_of_gain().sf(self.outage_gain))


@lru_cache(maxsize=64)
def _cached_gain_law(channel: Fading) -> GainLaw:
    """The law of the gain, whose quadrature is made once for all links."""
    return channel.gain_law()


def refuse_unless(finite: bool, given: str) -> None:
    """Raise `InputError` with the cures unless the expected cost is finite."""
    if not finite:
        raise InputError(f"{given}: {INFINITE_COST}")
