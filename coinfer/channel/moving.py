"""Fading in motion: a gain that diffuses while layers run and while the device sends."""

from math import pi
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from coinfer.channel.generator import MOST_STATES, diffusion_chain
from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel, States
from coinfer.system import LIGHT_SPEED_M_PER_S, Link
from coinfer.validation import LARGEST_S, LEAST_S, InputError

CLARKE = 1.3258293681804647 / (2 * pi)  # tau f_D where J0(2 pi f_D tau)^2 is 1/e: 0.211
BEYOND = 0.0025  # the chance of a gain in the last cell, which has no upper edge
LEAST_BITS = 1e4  # that are sent through a deep fade rightly
BELOW = 1e-9  # the chance of a gain below which no cell begins but the first


class Moving(MovingChannel):
    """Rayleigh (m = 1) or Nakagami-m fading in motion: the power gain is a diffusion of mean 1.

    dg = (1 - g)/tau dt + sqrt(2 g/(m tau)) dB has the stationary law Gamma(m, 1/m) and the autocorrelation e^{-t/tau}; it is
    one Markov model of such fading among many. No outage gain is needed: any motion makes the cost of sending finite (R20).

    `coherence_time_s` is tau. With `speed_m_per_s` v it is 0.211/f_D, f_D = v f_c/c the Doppler frequency on the link's
    carrier: there the autocorrelation J0^2 of Clarke's model, which belongs to no Markov process, has fallen to 1/e. The
    gain is put in `states` cells that grow smoothly from 0; the error falls like the square of their number. While B = b ln 2 /
    (W SNR) is sent, gains below sqrt(2 B/tau) are left before all is sent (R20): cells begin a tenth of that for 10 kbit.

    Use it for a device or surroundings that move; where a rate is blocked altogether, `OnOff`. tau is 1e-12 to 1e12 s,
    v 1e-9 m/s to the speed of light. Raises `InputError`.

    >>> from coinfer.system import Link
    >>> round(Moving(speed_m_per_s=1.4).coherence_s(Link(carrier_hz=915e6)), 4)
    0.0494
    """

    kind: Literal["moving"] = "moving"
    m: float = Field(default=1.0, ge=0.5, le=1e3, allow_inf_nan=False, description="shape m [-]; 1 is Rayleigh fading")
    coherence_time_s: float | None = Field(
        default=None,
        ge=LEAST_S,
        le=LARGEST_S,
        allow_inf_nan=False,
        description="time after which the autocorrelation of the gain is 1/e [s]",
    )
    speed_m_per_s: float | None = Field(
        default=None, ge=1e-9, le=LIGHT_SPEED_M_PER_S, allow_inf_nan=False, description="speed of the device [m/s]"
    )
    states: int = Field(default=120, ge=2, le=MOST_STATES, description="cells of the gain [-]")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.coherence_time_s is None) == (self.speed_m_per_s is None):
            raise InputError(
                f"coherence_time_s = {self.coherence_time_s!r} and speed_m_per_s = {self.speed_m_per_s!r}: "
                "exactly one of them should be given"
            )
        if self.sending == "held" and self.m <= 1:
            raise InputError(
                "sending = 'held': needs m > 1; a rate held from a deep fade on costs infinitely much (R12)"
            )
        return self

    def coherence_s(self, link: Link) -> float:
        """The coherence time tau [s] on a link. Raises `InputError` for a speed on a link without a carrier."""
        if self.coherence_time_s is not None:
            return self.coherence_time_s
        assert self.speed_m_per_s is not None
        if link.carrier_hz is None:
            raise InputError(f"speed_m_per_s = {self.speed_m_per_s!r}: needs the link's carrier_hz, which is not given")
        return CLARKE / (self.speed_m_per_s * link.carrier_hz / LIGHT_SPEED_M_PER_S)

    def states_on(self, link: Link) -> States:
        """Cells of the gain, at the rate of their mean gain."""
        tau_s = self.coherence_s(link)
        left = np.sqrt(2 * np.log(2) * LEAST_BITS / (link.bandwidth_hz * link.mean_snr * tau_s))
        edges, masses, means = gamma_cells(self.m, self.states, left / 10)
        flux = edges * gamma_density(self.m, edges) / (self.m * tau_s)
        rates_bps, between = (link.bandwidth_hz * np.log1p(link.mean_snr * gain) / np.log(2) for gain in (means, edges))
        generator = diffusion_chain(masses, means, flux)
        return States(rates_bps, generator, shannon=True, endless=self.m <= 1, known_law=masses, edge_rates_bps=between)


def gamma_cells(m: float, cells: int, least: float = 1.0) -> tuple[Floats, Floats, Floats]:
    """Inner edges (S-1,), masses (S,) and means (S,) of cells that are alike in a root of a Gamma(m, 1/m) gain.

    The square root is as volatile everywhere; a higher one is taken where gains of `least` are to be told from 0 by 120 cells.
    For m near 1 cells begin at 0; for a large m there is nothing near 0 to divide.
    """
    from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv

    low, top = gammaincinv(m, BELOW) / m, gammainccinv(m, BEYOND) / m
    order = max(2.0, np.log(top / max(least, low)) / np.log(119))
    low, top = np.power([low, top], 1 / order)
    edges = (low + (top - low) * np.arange(1, cells) / (cells - 1)) ** order
    below, above = np.concatenate([[0.0], edges]), np.concatenate([edges, [np.inf]])

    def within(shape: float) -> Floats:
        low, high = m * below, m * above
        upper = low > shape  # differences of the smaller tail
        return np.where(
            upper, gammaincc(shape, low) - gammaincc(shape, high), gammainc(shape, high) - gammainc(shape, low)
        )

    masses = within(m)
    return edges, masses, within(m + 1) / masses


def gamma_density(m: float, gain: Floats) -> Floats:
    """The density of Gamma(m, 1/m) at gains above 0."""
    from scipy.special import gammaln

    return np.exp(m * np.log(m * gain) - m * gain - gammaln(m)) / gain
