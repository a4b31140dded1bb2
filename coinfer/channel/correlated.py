"""Correlated fading: the gain evolves while a layer runs, so what is seen now tells of what is seen next."""

from math import inf, pi
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.fading_law import FadingLaw
from coinfer.channel.gamma_process import JAKES_ARGUMENT, Correlation, QuantisedGain, power_correlation
from coinfer.channel.inversion import TruncatedInversion
from coinfer.channel.law import Floats
from coinfer.channel.link_cost import RateCost
from coinfer.channel.motion import Chain, GammaProcess
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.nakagami import Nakagami
from coinfer.channel.outage import OutageKind, Waiting
from coinfer.channel.rayleigh import Rayleigh
from coinfer.channel.sending import Drain, Held, Sending, SendingKind
from coinfer.system import LIGHT_SPEED_M_PER_S, Link, Weights
from coinfer.validation import InputError


class Correlated(BaseChannel):
    """A fading gain that evolves while a layer runs: a Gamma process, whose amplitudes are Rayleigh or Nakagami.

    The coherence time, at which the autocorrelation of the power gain falls to 1/e, is given, or follows from a speed
    and the link's carrier by Jakes' model. An "exponential" `correlation` is the same for a layer and for its parts;
    "jakes" (J0 squared) is right for one step only. The gain is quantised in `states`.

    `outages`: "conditional" on a usable channel, as without memory; or "wait": the device sees the outage, and computes
    on or waits, a step of `wait_step_s` (default: a tenth of the coherence time) at a time. `sending`: at the rate that is
    "held" from its beginning on, or at the "evolving" rate that is to be expected, which accounts for the drain.

    Use it where a layer runs for less than some coherence times; beyond that its `base` says the same and is quicker.
    Raises `InputError`.

    >>> Correlated(Rayleigh(outage_gain=0.05), coherence_time_s=0.5).coherence_s(Link())
    0.5
    """

    kind: Literal["correlated"] = "correlated"
    base: Annotated[Rayleigh | Nakagami | TruncatedInversion, Field(discriminator="kind")]
    coherence_time_s: float | None = Field(default=None, gt=0, description="coherence time of the power gain [s]")
    speed_m_per_s: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="speed of the device [m/s]"
    )
    correlation: Correlation = "exponential"
    outages: OutageKind = "conditional"
    wait_step_s: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="a step of waiting [s]")
    sending: SendingKind = "held"
    states: int = Field(default=64, ge=2, le=1024, description="states of the quantised gain [-]")

    def __init__(self, base: Any = None, **fields: Any) -> None:
        super().__init__(**fields if base is None else {"base": base, **fields})

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.coherence_time_s is None) == (self.speed_m_per_s is None):
            raise InputError(
                f"coherence_time_s = {self.coherence_time_s!r} and speed_m_per_s = {self.speed_m_per_s!r}: "
                "exactly one of them should be given"
            )
        if self.outages == "wait" and self.wait_step_s is None and self.coherence_time_s == inf:
            raise InputError("wait_step_s: required if the coherence time is infinite, but not given")
        if self.sending == "evolving" and (self.coherence_time_s == inf or self.base.kind == "truncated-inversion"):
            raise InputError("sending = 'evolving': needs a finite coherence time, and a fixed power")
        return self

    def coherence_s(self, link: Link) -> float:
        """The coherence time [s] on a link."""
        if self.coherence_time_s is not None:
            return self.coherence_time_s
        assert self.speed_m_per_s is not None
        doppler_hz = self.speed_m_per_s * link.carrier_hz / LIGHT_SPEED_M_PER_S
        return JAKES_ARGUMENT / (2 * pi * doppler_hz)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return self.base.usable_probability(link)

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X on the quantised gain, given that it is usable."""
        base, gain = self._quantised(link, weights)
        return DiscreteLaw(gain.unit_costs[: gain.usable], gain.probabilities, base.gain)

    def law_along(self, link: Link, weights: Weights, durations_s: Floats) -> MovingLaw:
        """The law of X along the layers: simulations draw the process itself."""
        base, gain = self._quantised(link, weights)
        r = self._correlation(durations_s, link)
        kernels = {value: gain.transitions(float(value)) for value in np.unique(r)}
        chain = Chain.of(gain.initial, np.stack([kernels[value] for value in r]))
        step, outage = 0.0, None
        if self.outages == "wait":
            step_s = self.wait_step_s or self.coherence_s(link) / 10
            step = float(self._correlation(step_s, link))
            if gain.usable < len(gain.unit_costs):
                outage = Waiting(gain.usable, gain.transitions(step), weights.time_per_s * step_s)
        lowest = 0.0 if self.outages == "wait" else self.base.outage_gain
        process = GammaProcess(chain, gain.m, r, gain.edges, base.unit_cost, lowest, step)
        return MovingLaw(process, self._sender(gain, link, weights), outage, base.gain)

    def _quantised(self, link: Link, weights: Weights) -> tuple[FadingLaw, QuantisedGain]:
        base, m = self.base.law(link, weights), self.base.m if isinstance(self.base, Nakagami) else 1.0
        explicit = self.outages == "wait"
        return base, QuantisedGain.of(base, m, self.base.outage_gain, self.states, explicit=explicit)

    def _correlation(self, duration_s: Floats | float, link: Link) -> Floats:
        return power_correlation(duration_s, self.coherence_s(link), self.correlation)

    def _sender(self, gain: QuantisedGain, link: Link, weights: Weights) -> Sending:
        if self.sending == "held":
            return Held(gain.unit_costs)
        step_s = self.coherence_s(link) / 20
        step = gain.transitions(float(self._correlation(step_s, link)))
        return Drain.of(gain.unit_costs, gain.usable, step, step_s, gain.initial, RateCost(link, weights).scale)
