"""Measured channels: read a trace of the uplink's rate, and fit a law or a chain to it.

A trace is a rate for each of many equal windows. A window without a rate is an outage: the device waits, and the wait
costs time.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.families import FiniteState, RateCost, Rates, ShannonCost
from coinfer.channel.law import Floats
from coinfer.system import Link, Weights
from coinfer.validation import InputError, brief, one_of, whole

PACKET_BITS = 1500 * 8  # of a delivery opportunity in the mahimahi format
RATE_UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "byte/s": 8.0, "kB/s": 8e3, "MB/s": 8e6}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
SNR_UNITS = ("dB", "linear")
GAP = 10.0  # a pause of more than this many usual sampling intervals is reported as a gap


@dataclass(frozen=True, eq=False)
class Trace:
    """The uplink's rate over time, in equal windows. Raises `InputError` for what no channel can do."""

    rates_bps: Floats  # (T,) mean rate in each window; 0 in an outage
    window_s: float
    gaps_s: tuple[tuple[float, float], ...] = field(default=())  # start and length of pauses in the measurement

    def __post_init__(self) -> None:
        rates = np.array(self.rates_bps, dtype=float)
        if rates.ndim != 1 or not rates.size:
            raise InputError(f"rates_bps: has shape {rates.shape}; should be a list of at least one rate")
        if (bad := ~np.isfinite(rates) | (rates < 0)).any():
            raise InputError(
                f"rates_bps = {rates[bad][0]} in window {int(np.argmax(bad))}: should be finite and nonnegative"
            )
        if not rates.any():
            raise InputError("rates_bps: are all 0; nothing could ever be sent")
        if not 0 < self.window_s < inf:
            raise InputError(f"window_s = {self.window_s!r}: should be a positive number of seconds")
        rates.setflags(write=False)
        object.__setattr__(self, "rates_bps", rates)

    @property
    def duration_s(self) -> float:
        """Length of the trace [s]."""
        return self.rates_bps.size * self.window_s

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

    def markov(self, states: int = 32, *, sending: str = "held") -> FiniteState:
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
            sending=one_of("sending", sending, ("held", "evolving")),  # type: ignore[arg-type]
        )

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


# ---------------------------------------------------------------- reading


def read_trace(
    path: str | Path,
    format: str = "csv",
    *,
    window_s: float = 0.1,
    time: str | None = None,
    time_unit: str = "s",
    rate: str | None = None,
    rate_unit: str = "Mbit/s",
    snr: str | None = None,
    snr_unit: str = "dB",
    bandwidth_hz: float | None = None,
) -> Trace:
    """A trace from a file, averaged over windows of `window_s`.

    `format`: "mahimahi", a whole number of milliseconds a line for each 1500-byte packet that could be delivered then;
    "rate", time [s] and rate [Mbit/s] in two columns; "csv", whose columns `time` and `rate`, or `snr` with the
    `bandwidth_hz` that makes a rate of it (Shannon's), are named by the caller, units as well. A sample holds until the
    next one; samples at the same time are averaged; long pauses are listed in `gaps_s`. Raises `InputError`.
    """
    one_of("format", format, ("csv", "rate", "mahimahi"))
    if not isinstance(window_s, (int, float)) or not 0 < window_s < inf:
        raise InputError(f"window_s = {window_s!r}: should be a positive number of seconds")
    text = _text(path)
    if format == "mahimahi":
        return _packets(path, text, window_s)
    if format == "rate":
        times, rates = _two_columns(path, text)
        rates = rates * 1e6
    else:
        times, values = _named_columns(path, text, time, snr if rate is None else rate)
        times = times * TIME_UNITS[one_of("time_unit", time_unit, TIME_UNITS)]
        if rate is not None:
            rates = values * RATE_UNITS[one_of("rate_unit", rate_unit, RATE_UNITS)]
        else:
            rates = _shannon(values, snr_unit, bandwidth_hz)
    return _sampled(path, times, rates, window_s)


def _text(path: str | Path) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"path = {str(path)!r}: cannot be read ({type(error).__name__})") from None
    if not content.strip():
        raise InputError(f"path = {str(path)!r}: is empty; should hold at least one line of numbers")
    if b"\0" in content:
        raise InputError(f"path = {str(path)!r}: is a binary file; should be text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"path = {str(path)!r}: is not text in UTF-8") from None


def _fail(path: str | Path, line: int, what: str) -> InputError:
    return InputError(f"path = {str(path)!r}: line {line} {what}")


def _two_columns(path: str | Path, text: str) -> tuple[Floats, Floats]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            time, rate = map(float, line.replace(",", " ").split())
        except ValueError:
            raise _fail(path, number, f"= {brief(line)}: should be a time [s] and a rate [Mbit/s]") from None
        rows.append((time, rate))
    if not rows:
        raise InputError(f"path = {str(path)!r}: holds no samples")
    times, rates = np.array(rows).T
    return times, rates


def _named_columns(path: str | Path, text: str, time: str | None, value: str | None) -> tuple[Floats, Floats]:
    """Two columns of a CSV by their names. Empty and non-numeric entries are refused by line."""
    import csv

    if time is None or value is None:
        raise InputError("time, rate, snr: a CSV trace needs the name of the column of times and that of rates or SNRs")
    reader = csv.DictReader(text.splitlines())
    for name in (time, value):
        one_of("column", name, [str(column) for column in reader.fieldnames or ()])
    rows = []
    for row in reader:
        try:
            rows.append((float(row[time]), float(row[value])))
        except (TypeError, ValueError):
            raise _fail(
                path, reader.line_num, f"has {time} = {row[time]!r} and {value} = {row[value]!r}: should be numbers"
            ) from None
    if not rows:
        raise InputError(f"path = {str(path)!r}: holds no samples")
    times, values = np.array(rows).T
    return times, values


def _shannon(snr: Floats, unit: str, bandwidth_hz: float | None) -> Floats:
    one_of("snr_unit", unit, SNR_UNITS)
    if bandwidth_hz is None or not 0 < bandwidth_hz < inf:
        raise InputError(
            f"bandwidth_hz = {bandwidth_hz!r}: should be a positive number; an SNR needs it to give a rate"
        )
    linear = 10 ** (snr / 10) if unit == "dB" else snr
    if (linear < 0).any():
        raise InputError(f"snr = {linear.min():g}: should be nonnegative, or in dB")
    return bandwidth_hz * np.log2(1 + linear)


def _sampled(path: str | Path, times: Floats, rates: Floats, window_s: float) -> Trace:
    """Rates that hold from sample to sample, averaged over windows."""
    for values, name in ((times, "time"), (rates, "rate")):
        if not np.all(np.isfinite(values)):
            raise InputError(
                f"path = {str(path)!r}: sample {int(np.argmax(~np.isfinite(values))) + 1} has a {name} that is not finite"
            )
    if (rates < 0).any():
        at = int(np.argmax(rates < 0))
        raise InputError(
            f"path = {str(path)!r}: sample {at + 1} has a rate of {rates[at]:g} bit/s; should be nonnegative"
        )
    if (np.diff(times) < 0).any():
        at = int(np.argmax(np.diff(times) < 0)) + 1
        raise InputError(
            f"path = {str(path)!r}: sample {at + 1} goes back in time, from {times[at - 1]:g} to {times[at]:g} s"
        )
    moments, which = np.unique(times, return_inverse=True)
    means = np.bincount(which, rates) / np.bincount(which)
    usual = float(np.median(np.diff(moments))) if moments.size > 1 else window_s
    ends = np.append(moments[1:], moments[-1] + usual)
    pauses = np.flatnonzero(np.diff(moments) > GAP * usual)
    gaps = tuple((float(moments[i] - moments[0]), float(moments[i + 1] - moments[i])) for i in pauses)
    sent = np.concatenate([[0.0], np.cumsum(means * (ends - moments))])
    size = max(1, int((ends[-1] - moments[0]) / window_s + 1e-9))
    span = min(window_s * size, ends[-1] - moments[0])  # one short window if the trace is shorter than that
    grid = moments[0] + np.linspace(0, span, size + 1)
    windows = np.diff(np.interp(grid, np.append(moments, ends[-1]), sent)) / (span / size)
    steady = np.ptp(means) == 0
    windows = np.full(size, means[0]) if steady else windows
    windows[windows < 1e-9 * means.max()] = 0.0  # what rounding leaves of an outage
    return Trace(windows, span / size, gaps)


def _packets(path: str | Path, text: str, window_s: float) -> Trace:
    """Delivery opportunities counted in windows. The last one ends the trace, as it does where the format comes from."""
    lines = text.split()
    try:
        times = np.array(lines, dtype=np.int64)
    except (ValueError, OverflowError):
        at = next(i for i, line in enumerate(lines) if not line.isdigit())
        raise _fail(path, at + 1, f"= {brief(lines[at])}: should be a whole number of milliseconds") from None
    if times[0] < 0:
        raise _fail(path, 1, f"= {times[0]}: should be nonnegative")
    if (np.diff(times) < 0).any():
        at = int(np.argmax(np.diff(times) < 0)) + 1
        raise _fail(path, at + 1, f"goes back in time, from {times[at - 1]} to {times[at]} ms")
    size = max(1, int(np.ceil(max(int(times[-1]), 1) * 1e-3 / window_s - 1e-9)))
    index = np.minimum((times * 1e-3 / window_s + 1e-9).astype(np.int64), size - 1)
    return Trace(np.asarray(np.bincount(index, minlength=size) * (PACKET_BITS / window_s), dtype=np.float64), window_s)


# ---------------------------------------------------------------- traces of a declared process


def process_trace(
    link: Link,
    *,
    coherence_time_s: float,
    duration_s: float,
    window_s: float,
    rng: np.random.Generator | int,
    outage_gain: float = 0.0,
) -> Trace:
    """Shannon's rate over Rayleigh fading, an AR(1) complex amplitude from window to window; 0 below `outage_gain`."""
    from scipy.signal import lfilter

    generator = np.random.default_rng(rng)
    size = max(1, round(duration_s / window_s))
    rho = float(np.exp(-window_s / (2 * coherence_time_s)))
    noise = generator.standard_normal((2, size)) * np.sqrt((1 - rho**2) / 2)
    noise[:, 0] /= np.sqrt(1 - rho**2)
    gain = np.square(lfilter([1.0], [1.0, -rho], noise, axis=1)).sum(axis=0)
    x_per_rate = RateCost(link, Weights()).scale
    rates = x_per_rate / ShannonCost(link, Weights()).unit_cost(np.maximum(gain, 1e-12))
    return Trace(np.where(gain >= outage_gain, rates, 0.0), window_s)


EXAMPLES = {"example.up": "mahimahi", "example-rate.txt": "rate"}


def example_trace(name: str) -> Trace:
    """A trace that comes with the package, made by `make_example` from a declared process, not measured."""
    return read_trace(_example_folder() / one_of("name", name, EXAMPLES), format=EXAMPLES[name])


def make_example(name: str) -> str:
    """The content of an example trace: a slow walk of the log rate times Rayleigh fading, with outages; seed 2021.

    "example.up": 60 s of packet opportunities with outages of 0.3 s on average. "example-rate.txt": 300 s of rates, two
    a second on average, quantised to 0.1 Mbit/s, with duplicate times and outages of 2 s.
    """
    one_of("name", name, EXAMPLES)
    rng = np.random.default_rng(2021)
    packets = name == "example.up"
    step_s, size, spell_s, mean_mbps = (0.01, 6000, 0.3, 1.5) if packets else (0.5, 600, 2.0, 6.0)
    walk = np.empty(size)
    level, out = 0.0, False
    outage = np.zeros(size, dtype=bool)
    fading = np.zeros(2)
    power = np.empty(size)
    slow, fast = np.exp(-step_s / 5.0), np.exp(-step_s / (0.2 if packets else 2.0))
    for i in range(size):
        level = slow * level + np.sqrt(1 - slow**2) * 0.7 * rng.standard_normal()
        fading = fast * fading + np.sqrt((1 - fast**2) / 2) * rng.standard_normal(2)
        out = rng.random() < (1 - step_s / spell_s if out else step_s / (12 * spell_s))
        walk[i], power[i], outage[i] = level, fading @ fading, out
    rates_mbps = np.where(outage, 0.0, mean_mbps * np.exp(walk) * np.log2(1 + 4 * power) / 2)
    if packets:
        due = np.floor(np.cumsum(rates_mbps * 1e6 * step_s) / PACKET_BITS).astype(np.int64)
        counts = np.diff(due, prepend=0)
        times_ms = [10 * i + round(10 * (k + 0.5) / c) for i, c in enumerate(counts) for k in range(c)]
        return "".join(f"{time}\n" for time in times_ms)
    times = np.round(np.cumsum(rng.exponential(0.5, size)), 2)
    times[rng.random(size) < 0.03] = -1.0
    times = np.maximum.accumulate(times)
    return "".join(f"{max(time, 0.0):.2f} {rate:.1f}\n" for time, rate in zip(times, rates_mbps, strict=True))


def write_examples(folder: Path | None = None) -> None:
    """Write the example traces anew."""
    for name in EXAMPLES:
        path = (folder or _example_folder()) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{name}")
        beside.write_text(make_example(name), encoding="ascii", newline="\n")
        os.replace(beside, path)


def _example_folder() -> Path:
    return Path(__file__).parent / "data"
