"""Files of measured traces: three formats, read into equal windows."""

import csv
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace import Trace
from coinfer.validation import MOST_PER_S, InputError, brief, one_of, positive, seconds

PACKET_BITS = 1500 * 8  # of a delivery opportunity in the mahimahi format
RATE_UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "byte/s": 8.0, "kB/s": 8e3, "MB/s": 8e6}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
SNR_UNITS = ("dB", "linear")
ENOUGH = 10.0  # packets in a window that has any: a count of n tells a rate to 1/sqrt(n), here 32 %
MOST_WINDOWS = 1e8  # of a trace: 800 MB
GAP = 10.0  # a pause of more than this many usual sampling intervals is reported as a gap


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
    next one; samples at the same time are averaged; long pauses are listed in `gaps_s`. A window that holds a few packets
    only does not tell a rate, and one that happens to hold none is taken for an outage: there is a `UserWarning` where
    windows with any hold fewer than 10 on average, which says what would do. Raises `InputError`.
    """
    one_of("format", format, ("csv", "rate", "mahimahi"))
    window_s = seconds("window_s", window_s)
    text = _text(path)
    if format == "mahimahi":
        return _packets(path, text, window_s)
    if format == "rate":
        times, rates = _samples(path, _two_columns(text), "a time [s] and a rate [Mbit/s]")
        return _sampled(path, times, rates * 1e6, window_s)
    times, values = _samples(path, _named_columns(text, time, snr if rate is None else rate), "two numbers")
    times = times * TIME_UNITS[one_of("time_unit", time_unit, TIME_UNITS)]
    if rate is None:
        return _sampled(path, times, _shannon(values, snr_unit, bandwidth_hz), window_s)
    with np.errstate(over="ignore"):
        rates = values * RATE_UNITS[one_of("rate_unit", rate_unit, RATE_UNITS)]
    return _sampled(path, times, rates, window_s)


def _fail(path: str | Path, what: str) -> InputError:
    return InputError(f"path = {str(path)!r}: {what}")


def _text(path: str | Path) -> str:
    try:
        content = Path(path).read_bytes()
    except (OSError, TypeError, ValueError) as error:  # what is no path, or holds a zero
        raise _fail(path, f"cannot be read ({type(error).__name__})") from None
    if not content.strip():
        raise _fail(path, "is empty; should hold at least one line of numbers")
    if b"\0" in content:
        raise _fail(path, "is a binary file; should be text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _fail(path, "is not text in UTF-8") from None


Rows = Iterator[tuple[int, list[str]]]  # the number of each line that holds a sample, and its two fields


def _two_columns(text: str) -> Rows:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.replace(",", " ").split()


def _named_columns(text: str, time: str | None, value: str | None) -> Rows:
    if time is None or value is None:
        raise InputError("time, rate, snr: a CSV trace needs the name of the column of times and that of rates or SNRs")
    reader = csv.DictReader(text.splitlines(), restval="")
    for name in (time, value):
        one_of("column", name, [str(column) for column in reader.fieldnames or ()])
    for row in reader:
        yield reader.line_num, [row[time], row[value]]


def _samples(path: str | Path, rows: Rows, what: str) -> tuple[Floats, Floats]:
    """The two numbers of each row. The first line that has others is refused by its number."""
    samples = []
    for line, fields in rows:
        try:
            time, value = map(float, fields)
        except ValueError:
            raise _fail(path, f"line {line} = {brief(fields)}: should be {what}") from None
        samples.append((time, value))
    if not samples:
        raise _fail(path, "holds no samples")
    times, values = np.array(samples).T
    return times, values


def _shannon(snr: Floats, unit: str, bandwidth_hz: float | None) -> Floats:
    one_of("snr_unit", unit, SNR_UNITS)
    bandwidth_hz = positive("bandwidth_hz", bandwidth_hz, "; an SNR needs it to give a rate")
    with np.errstate(over="ignore"):  # what is infinite is refused as a rate
        linear = 10 ** (snr / 10) if unit == "dB" else snr
    if (linear < 0).any():
        raise InputError(f"snr = {linear.min():g}: should be nonnegative, or in dB")
    return bandwidth_hz * np.log2(1 + linear)


def _sampled(path: str | Path, times: Floats, rates: Floats, window_s: float) -> Trace:
    """Rates that hold from sample to sample, averaged over windows."""
    for values, name in ((times, "time"), (rates, "rate")):
        if (bad := ~np.isfinite(values)).any():
            raise _fail(path, f"sample {np.argmax(bad) + 1} has a {name} that is not finite")
    if (bad := rates < 0).any():
        raise _fail(path, f"sample {np.argmax(bad) + 1} has a rate of {rates[bad][0]:g} bit/s; should be nonnegative")
    if (bad := rates > MOST_PER_S).any():
        raise _fail(
            path,
            f"sample {np.argmax(bad) + 1} has a rate of {rates[bad][0]:g} bit/s; should be at most {MOST_PER_S:.0e}",
        )
    if (bad := np.diff(times) < 0).any():
        at = int(np.argmax(bad))
        raise _fail(path, f"sample {at + 2} goes back in time, from {times[at]:g} to {times[at + 1]:g} s")
    moments, which = np.unique(times, return_inverse=True)
    means = np.bincount(which, rates) / np.bincount(which)
    usual = float(np.median(np.diff(moments))) if moments.size > 1 else window_s
    ends = np.append(moments[1:], moments[-1] + usual)
    pauses = np.flatnonzero(np.diff(moments) > GAP * usual)
    gaps = tuple((float(moments[i] - moments[0]), float(moments[i + 1] - moments[i])) for i in pauses)
    _check_size(path, moments, float(ends[-1] - moments[0]), window_s)
    sent = np.concatenate([[0.0], np.cumsum(means * (ends - moments))])
    size = max(1, int((ends[-1] - moments[0]) / window_s + 1e-9))
    span = min(window_s * size, ends[-1] - moments[0])  # one short window if the trace is shorter than that
    grid = moments[0] + np.linspace(0, span, size + 1)
    windows = np.diff(np.interp(grid, np.append(moments, ends[-1]), sent)) / (span / size)
    windows = np.full(size, means[0]) if np.ptp(means) == 0 else windows
    windows[windows < 1e-9 * means.max()] = 0.0  # what rounding leaves of an outage
    return Trace(windows, span / size, gaps)


def _packets(path: str | Path, text: str, window_s: float) -> Trace:
    """Delivery opportunities counted in windows. The last one ends the trace, as it does where the format comes from."""
    lines = text.split()
    try:
        times = np.array(lines, dtype=np.int64)
    except (ValueError, OverflowError):
        at = next(i for i, line in enumerate(lines) if not line.isdigit() or len(line) > 18)
        raise _fail(path, f"line {at + 1} = {brief(lines[at])}: should be a whole number of milliseconds") from None
    if times[0] < 0:
        raise _fail(path, f"line 1 = {times[0]}: should be nonnegative")
    if (bad := np.diff(times) < 0).any():
        at = int(np.argmax(bad))
        raise _fail(path, f"line {at + 2} goes back in time, from {times[at]} to {times[at + 1]} ms")
    _check_size(path, times.astype(np.float64) * 1e-3, float(times[-1]) * 1e-3, window_s)
    counts = _counted(times, window_s)
    if (mean := float(counts[counts > 0].mean())) < ENOUGH:
        longer = (float(window_s) * 2.0**k for k in range(1, 64) if window_s * 2.0 ** (k - 1) < times[-1] * 1e-3)
        enough = [each for each in longer if (found := _counted(times, each))[found > 0].mean() >= ENOUGH]
        warnings.warn(
            f"window_s = {window_s!r}: windows hold {mean:.1f} packets on average, empty ones apart, which tell a rate to "
            f"{mean**-0.5:.0%}; "
            + (f"{enough[0]:.3g} would do, with at least {ENOUGH:g}" if enough else "the trace is too short for any"),
            UserWarning,
            stacklevel=3,
        )
    return Trace(np.asarray(counts * (PACKET_BITS / window_s), dtype=np.float64), window_s)


def _check_size(path: str | Path, moments_s: Floats, duration_s: float, window_s: float) -> None:
    if duration_s > MOST_WINDOWS * window_s:
        at = int(np.argmax(np.diff(moments_s, prepend=moments_s[0])))
        raise _fail(
            path,
            f"lasts {duration_s:.4g} s, which is {duration_s / window_s:.4g} windows of window_s = {window_s:g}; should be at "
            f"most {MOST_WINDOWS:.0e} (there is nothing from {moments_s[max(at - 1, 0)]:g} to {moments_s[at]:g} s: does the clock "
            "jump, or is time in another unit?)",
        )


def _counted(times_ms: NDArray[np.int64], window_s: float) -> NDArray[np.intp]:
    """Packets in each window until the last of them."""
    size = max(1, int(np.ceil(max(int(times_ms[-1]), 1) * 1e-3 / window_s - 1e-9)))
    index = np.minimum((times_ms * 1e-3 / window_s + 1e-9).astype(np.int64), size - 1)
    return np.bincount(index, minlength=size)
