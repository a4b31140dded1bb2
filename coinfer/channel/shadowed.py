"""Shadowing in motion: the mean SNR drifts as the device walks or drives past what stands in the way."""

from typing import Literal

import numpy as np
from pydantic import Field

from coinfer.channel.fading_law import scaled_e1
from coinfer.channel.generator import MOST_STATES, diffusion_chain
from coinfer.channel.law import Floats
from coinfer.channel.moving_channel import MovingChannel, States
from coinfer.system import LIGHT_SPEED_M_PER_S, Link

WIDEST = 4.5  # standard deviations, beyond which there are no more edges


class Shadowed(MovingChannel):
    """Lognormal shadowing in motion, over Rayleigh fading so fast that it averages out.

    The shadowing [dB] is an Ornstein-Uhlenbeck process of standard deviation `sigma_db`, whose autocorrelation falls to 1/e
    over `decorrelation_m`; at `speed_m_per_s` that takes their ratio. The rate is the ergodic one, W log2(e) e^{1/s} E_1(1/s)
    at the SNR s there. The link's mean SNR is the median of s; its mean is larger, 5.5 times at 8 dB.

    Use it for minutes on the move far from deep blockage; for fading that a layer can see move, `Moving`. Distances are 1e-3 to
    1e9 m, speeds 1e-9 m/s to that of light. Raises `InputError`, also where shadowing of about 30 dB moves so fast (1e-5 s) that
    what sending costs cannot be told.

    >>> Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=1.4).sigma_db
    7.0
    """

    kind: Literal["shadowed"] = "shadowed"
    sigma_db: float = Field(gt=0, le=30, allow_inf_nan=False, description="standard deviation of the shadowing [dB]")
    decorrelation_m: float = Field(
        ge=1e-12, le=1e12, allow_inf_nan=False, description="distance over which it falls to 1/e [m]"
    )
    speed_m_per_s: float = Field(
        ge=1e-9, le=LIGHT_SPEED_M_PER_S, allow_inf_nan=False, description="speed of the device [m/s]"
    )
    states: int = Field(default=96, ge=2, le=MOST_STATES, description="cells of the shadowing [-]")

    def states_on(self, link: Link) -> States:
        """Equal cells in dB, at the ergodic rate of their mean."""
        edges, masses, means = normal_cells(self.states)
        per_s = self.speed_m_per_s / self.decorrelation_m
        flux = per_s * np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
        rates_bps, between = (
            ergodic_rate_bps(link.bandwidth_hz, link.mean_snr * 10 ** (self.sigma_db * at / 10))
            for at in (means, edges)
        )
        return States(rates_bps, diffusion_chain(masses, means, flux), known_law=masses, edge_rates_bps=between)


def normal_cells(cells: int) -> tuple[Floats, Floats, Floats]:
    """Inner edges (S-1,), masses (S,) and means (S,) of equal cells of a standard normal."""
    from scipy.special import ndtr

    edges = np.linspace(-WIDEST, WIDEST, cells + 1)[1:-1]
    low, high = np.concatenate([[-np.inf], edges]), np.concatenate([edges, [np.inf]])
    low, high = (
        np.where(low + high > 0, -high, low),
        np.where(low + high > 0, -low, high),
    )  # the side of the smaller tail
    masses = ndtr(high) - ndtr(low)
    means = (np.exp(-(low**2) / 2) - np.exp(-(high**2) / 2)) / np.sqrt(2 * np.pi) / masses
    return edges, masses, np.where(np.arange(cells) < cells / 2, means, -means)


def ergodic_rate_bps(bandwidth_hz: float, snr: Floats) -> Floats:
    """The mean of Shannon's rate over Rayleigh fading at each mean SNR."""
    return bandwidth_hz / np.log(2) * scaled_e1(1 / snr)
