"""A rate over time, and how long sending takes at it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats, as_floats
from coinfer.validation import LEAST, MOST_PER_S, InputError, time_of_motion


@dataclass(frozen=True, eq=False)
class Timeline:
    """A rate in each of many equal windows, which begin anew after the last. Raises `InputError` for what cannot be.

    Times [s] count from the beginning of the first window and may lie beyond the end of the last.

    >>> Timeline(np.array([1e6, 0.0, 2e6]), 0.5).until_sent(np.array([0.0]), 1e6)
    array([1.25])
    """

    rates_bps: Floats  # (T,) mean rate in each window, at most 1e15; 0 in an outage
    window_s: float

    def __post_init__(self) -> None:
        rates = as_floats("rates_bps", self.rates_bps)
        if rates.ndim != 1 or not rates.size:
            raise InputError(f"rates_bps: has shape {rates.shape}; should be a list of at least one rate")
        if (bad := ~((rates >= 0) & (rates <= MOST_PER_S))).any():
            raise InputError(
                f"rates_bps = {rates[bad][0]} in window {int(np.argmax(bad))}: should be finite and nonnegative, at most "
                f"{MOST_PER_S:.0e}"
            )
        if (tiny := (rates > 0) & (rates < LEAST)).any():
            raise InputError(
                f"rates_bps = {rates[tiny][0]} in window {int(np.argmax(tiny))}: should be 0, or at least {LEAST:.0e}"
            )
        if not rates.any():
            raise InputError("rates_bps: are all 0; nothing could ever be sent")
        time_of_motion("window_s", self.window_s)
        rates.setflags(write=False)
        object.__setattr__(self, "rates_bps", rates)

    @property
    def duration_s(self) -> float:
        """Length of the trace [s]."""
        return self.rates_bps.size * self.window_s

    @cached_property
    def _bits_before(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.rates_bps * self.window_s)])

    @cached_property
    def _usable_before(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum((self.rates_bps > 0) * self.window_s)])

    @cached_property
    def _usable_windows(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.rates_bps > 0)

    def until_sent(self, start_s: Floats, bits: float) -> Floats:
        """When `bits` that begin to be sent at `start_s` have been, at the rates as they come [s]."""
        before = self._bits_before
        rounds, within = np.divmod(start_s, self.duration_s)
        at = within / self.window_s
        index = np.minimum(at.astype(np.int64), self.rates_bps.size - 1)
        more, target = np.divmod(
            before[index] + (at - index) * self.window_s * self.rates_bps[index] + bits, before[-1]
        )
        end = np.minimum(np.searchsorted(before, target, side="left"), self.rates_bps.size)
        last = np.maximum(end - 1, 0)
        rate = self.rates_bps[last]  # positive, as `before` rises to the target there, unless the target is 0
        part = np.divide(target - before[last], rate, out=np.zeros_like(target), where=rate > 0)
        return np.maximum((rounds + more) * self.duration_s + last * self.window_s + part, start_s)

    def usable_until(self, time_s: Floats) -> Floats:
        """Time without an outage between 0 and `time_s` [s]."""
        usable, before = self.rates_bps > 0, self._usable_before
        rounds, within = np.divmod(time_s, self.duration_s)
        at = within / self.window_s
        index = np.minimum(at.astype(np.int64), usable.size - 1)
        return rounds * before[-1] + before[index] + (at - index) * self.window_s * usable[index]

    def next_usable(self, time_s: Floats) -> Floats:
        """The first time from `time_s` on that is not in an outage [s]: a millionth of a window after its end."""
        size, usable = self.rates_bps.size, self._usable_windows
        rounds, within = np.divmod(time_s, self.duration_s)
        index = np.minimum((within / self.window_s).astype(np.int64), size - 1)
        found = np.append(usable, usable[0] + size)[np.searchsorted(usable, index)]
        return np.where(found == index, time_s, rounds * self.duration_s + (found + 1e-6) * self.window_s)

    def rate_at(self, time_s: Floats) -> Floats:
        """The rate at each time [bit/s]."""
        index = (np.mod(time_s, self.duration_s) / self.window_s).astype(np.int64)
        return self.rates_bps[np.minimum(index, self.rates_bps.size - 1)]

    def outage_age(self, time_s: Floats) -> Floats:
        """How long the outage at each time has lasted [s]; 0 where there is none."""
        size, usable = self.rates_bps.size, self._usable_windows
        within = np.mod(time_s, self.duration_s)
        index = np.minimum((within / self.window_s).astype(np.int64), size - 1)
        last = np.insert(usable, 0, usable[-1] - size)[np.searchsorted(usable, index, side="right")]
        return np.where(last == index, 0.0, within - (last + 1) * self.window_s)
