"""Traces: the uplink's rate over time, and the law or the chain that is fitted to it."""

from dataclasses import dataclass, field
from functools import cached_property
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.generator import MOST_STATES
from coinfer.channel.law import Floats, as_floats
from coinfer.channel.markov import Markov
from coinfer.channel.rates import Rates
from coinfer.channel.timeline import Timeline
from coinfer.validation import InputError, an, brief, is_number, seconds, whole

LIKELY = 3.841  # the 95 % quantile of chi-square with one degree of freedom


@dataclass(frozen=True, eq=False)
class Trace(Timeline):
    """The uplink's rate over time, in equal windows. A window without a rate is an outage: the device waits.

    >>> Trace(np.array([1e6, 0.0, 2e6, 1e6]), 0.5).outage_share
    0.25
    """

    gaps_s: tuple[tuple[float, float], ...] = field(default=())  # start and length of pauses in the measurement
    gaps_cut: bool = False  # whether they were left out, so that none takes time of the trace

    def __post_init__(self) -> None:
        super().__post_init__()
        pauses = as_floats("gaps_s", self.gaps_s)
        if pauses.size and (pauses.ndim != 2 or pauses.shape[1] != 2 or not np.all((pauses >= 0) & (pauses < inf))):
            raise InputError(f"gaps_s = {brief(self.gaps_s)}: should be pairs of a start and a length, nonnegative [s]")
        an("gaps_cut", self.gaps_cut, bool)

    def __repr__(self) -> str:
        """In a line."""
        size, window = self.rates_bps.size, f"{self.window_s:.3g} s"
        return f"Trace({size} windows of {window}: {self.mean_rate_bps / 1e6:.3g} Mbit/s in the mean, {self.outage_share:.1%} in outage)"

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
        """The part from `start` to `end`, as shares of the duration: `between(0, 0.5)` is the first half, with its gaps."""
        if not is_number(start) or not is_number(end) or not 0 <= start < end <= 1:
            raise InputError(f"start = {brief(start)}, end = {brief(end)}: should be 0 <= start < end <= 1")
        size = self.rates_bps.size
        first = min(round(start * size), size - 1)
        last = max(round(end * size), first + 1)
        start_s, end_s = first * self.window_s, last * self.window_s
        inside = [
            (max(at, start_s) - start_s, length if self.gaps_cut else min(at + length, end_s) - max(at, start_s))
            for at, length in self.gaps_s
            if at < end_s and (at >= start_s or (not self.gaps_cut and at + length > start_s))
        ]
        return Trace(self.rates_bps[first:last], self.window_s, tuple(inside), self.gaps_cut)

    def law(self) -> Rates:
        """The rates as independent draws, given that there is one: a channel for `Scenario(channel=...)`.

        Only where layers run for much longer than `coherence_time_s` and sending takes much less, and outages do not matter.
        Elsewhere it must not be used: it promises a fresh rate after each layer, and one that lasts while the device sends,
        and it leaves out the wait in outages. Use `markov`.
        """
        rates, counts = np.unique(self.rates_bps[self.rates_bps > 0], return_counts=True)
        shares = counts / counts.sum()
        return Rates(
            rates_bps=tuple(rates.tolist()), probabilities=tuple(shares.tolist()), usable=1 - self.outage_share
        )

    def markov(self, states: int = 32, *, long_outage_s: float = 1.0) -> Markov:
        """A chain of at most so many rates and, if there are any, outages: a channel for `Scenario(channel=...)`.

        States are the rates themselves if there are no more of them, else equally frequent ranges of the rate, each at its
        mean, so that the chain sends as many bits as the trace. A window between an outage and a higher rate is one in which
        the outage begins or ends, and counts to that rate: as a state of its own it would lead back into the outage.
        Rates of moving are the jumps counted from window to window, and from the last one to the first, over the time
        spent: a move and its way back within a window are not seen. Outages are two states, those that have lasted for
        less than `long_outage_s` and longer ones, where these end less often (likelihood ratio, 5 %). The chain forgets how long
        exactly: of outages of 0.3 s (85 %) and 8 s (15 %) the wait from a random moment on comes out a fifth too short.

        Few states even out fades, and promise too low a cost: against 64 states, on the example traces and Rayleigh fading,
        by up to 11 % with 4, 6 % with 8, 2.5 % with 16 and 0.9 % with 32. Replayed on the other half of a trace, plans made
        with 4 states cost up to 4 % more, those with 8 or more the same to 0.5 %. So there are 32 unless told otherwise.
        Raises `InputError`.

        >>> Trace(np.array([2e6, 0.0, 2e6, 1e6]), 0.5).markov().rates_bps
        (0.0, 1000000.0, 2000000.0)
        """
        seconds("long_outage_s", long_outage_s)
        usable = self.rates_bps > 0
        band = 2 + _bands(_told_apart(self.rates_bps), whole("states", states, 1, MOST_STATES - 2))
        age_s = self.outage_age(np.arange(usable.size, dtype=np.float64) * self.window_s)
        aged = np.where(usable, band, age_s >= long_outage_s - self.window_s / 2)  # 0: a young outage, 1: an old one
        two = _end_less_often(aged, usable)
        values, state = np.unique(aged if two else np.where(usable, band, 0), return_inverse=True)
        spent_s = np.bincount(state) * self.window_s
        jumps = np.zeros((values.size, values.size))
        np.add.at(jumps, (state, np.roll(state, -1)), 1.0)
        np.fill_diagonal(jumps, 0.0)
        generator = jumps / spent_s[:, None]
        np.fill_diagonal(generator, -generator.sum(axis=1))
        return Markov(
            rates_bps=tuple((np.bincount(state, self.rates_bps) * self.window_s / spent_s).tolist()),
            generator=tuple(map(tuple, generator.tolist())),
            long_outage_s=long_outage_s if two else None,
        )


def _told_apart(rates_bps: Floats) -> Floats:
    """Rates as shares of the largest, without what rounding makes of them; next to an outage, the rate that it interrupts."""
    level = np.where(rates_bps > 0, np.maximum(np.round(rates_bps / rates_bps.max(), 9), 1e-9), 0.0)
    before, after = np.roll(level, 1), np.roll(level, -1)
    cut_short = (level > 0) & (np.minimum(before, after) == 0)
    return np.where(cut_short, np.maximum(level, np.maximum(before, after)), level)


def _bands(level: Floats, states: int) -> NDArray[np.intp]:
    """In which of at most so many ranges each level is; those above 0 are in each of them equally often, or by themselves."""
    present = np.unique(level[level > 0])
    few = present.size <= states
    edges = present[1:] if few else np.unique(np.quantile(level[level > 0], np.arange(1, states) / states))
    return np.searchsorted(edges, level, side="right")


def _end_less_often(state: NDArray[np.int64], usable: NDArray[np.bool_]) -> bool:
    """Whether outages end less often in state 1 than in state 0, by more than chance (5 %)."""
    ends = ~usable & np.roll(usable, -1)
    spent = np.array([np.count_nonzero(~usable & (state == k)) for k in (0, 1)])
    ended = np.array([np.count_nonzero(ends & (state == k)) for k in (0, 1)])
    if not spent.all() or not ended.all() or ended[1] / spent[1] >= ended[0] / spent[0]:
        return False
    return bool(2 * (ended @ np.log(ended / spent) - ended.sum() * np.log(ended.sum() / spent.sum())) > LIKELY)
