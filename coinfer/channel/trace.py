"""Measured channels: the uplink's rate over time, and the law or the chain that is fitted to it."""

from dataclasses import dataclass, field
from functools import cached_property
from math import inf, nan

import numpy as np

from coinfer.channel.finite_state import FiniteState
from coinfer.channel.law import Floats
from coinfer.channel.rates import Rates
from coinfer.channel.sending import SendingKind
from coinfer.channel.timeline import Timeline
from coinfer.validation import InputError, whole


@dataclass(frozen=True, eq=False)
class Trace(Timeline):
    """The uplink's rate over time, in equal windows. A window without a rate is an outage: the device waits.

    >>> Trace(np.array([1e6, 0.0, 2e6, 1e6]), 0.5).outage_share
    0.25
    """

    gaps_s: tuple[tuple[float, float], ...] = field(default=())  # start and length of pauses in the measurement

    @property
    def mean_rate_bps(self) -> float:
        """Mean rate, outages included [bit/s]."""
        return float(self.rates_bps.mean())

    @property
    def outage_share(self) -> float:
        """Share of the time in outages [-]."""
        return float(np.mean(self.rates_bps == 0))

    @cached_property
    def autocorrelation(self) -> Floats:
        """Autocorrelation of the rate at lags of 0, 1, ..., T/2 windows; nan if the rate is constant."""
        centred = self.rates_bps - self.rates_bps.mean()
        size = centred.size
        power = np.abs(np.fft.rfft(centred, 1 << (2 * size - 1).bit_length())) ** 2
        lags = np.arange(size // 2 + 1)
        covariance = np.fft.irfft(power)[lags] / (size - lags)
        return covariance / covariance[0] if np.ptp(self.rates_bps) > 0 else np.full(lags.size, nan)

    @property
    def coherence_time_s(self) -> float:
        """Where the autocorrelation of the rate falls to 1/e [s]; inf if it does not within half of the trace."""
        r = self.autocorrelation
        below = np.flatnonzero(r <= np.exp(-1))
        if not below.size:
            return inf
        lag = int(below[0])
        return float(lag - (np.exp(-1) - r[lag]) / (r[lag - 1] - r[lag])) * self.window_s

    def between(self, start: float, end: float) -> "Trace":
        """The part from `start` to `end`, as shares of the duration: `between(0, 0.5)` is the first half."""
        if not 0 <= start < end <= 1:
            raise InputError(f"start = {start!r}, end = {end!r}: should be 0 <= start < end <= 1")
        size = self.rates_bps.size
        return Trace(
            self.rates_bps[round(start * size) : max(round(end * size), round(start * size) + 1)], self.window_s
        )

    def law(self) -> Rates:
        """The rates as independent draws, given that there is one: a channel for `Scenario(channel=...)`."""
        rates, counts = np.unique(self.rates_bps[self.rates_bps > 0], return_counts=True)
        shares = counts / counts.sum()
        return Rates(
            rates_bps=tuple(rates.tolist()), probabilities=tuple(shares.tolist()), usable=1 - self.outage_share
        )

    def markov(self, states: int = 32, *, sending: SendingKind = "held") -> FiniteState:
        """A chain of at most so many rates and, if there are any, outages: a channel for `Scenario(channel=...)`.

        States are equally frequent ranges of the rate, each stands for its harmonic mean, so that the mean unit cost is
        that of the trace. Transitions are counted from window to window, and from the last one to the first. `sending`
        "evolving" accounts for the rate changing while the device sends.
        """
        states = whole("states", states, 1)
        usable = self.rates_bps[self.rates_bps > 0]
        edges = np.unique(np.quantile(usable, np.arange(1, states) / states))
        raw = np.where(self.rates_bps > 0, 1 + np.searchsorted(edges, self.rates_bps, side="right"), 0)
        _, state = np.unique(raw, return_inverse=True)
        count = np.bincount(state)
        with np.errstate(divide="ignore"):
            rates = count / np.bincount(state, 1 / self.rates_bps)
        pairs = np.zeros((count.size, count.size))
        np.add.at(pairs, (state, np.roll(state, -1)), 1.0)
        return FiniteState(
            rates_bps=tuple(rates.tolist()),
            transitions=tuple(map(tuple, (pairs / pairs.sum(axis=1, keepdims=True)).tolist())),
            step_s=self.window_s,
            initial=tuple((count / count.sum()).tolist()),
            sending=sending,
        )
