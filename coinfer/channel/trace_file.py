"""Files of measured traces: three formats, read into equal windows."""

import csv
from math import inf
from pathlib import Path

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.trace import Trace
from coinfer.validation import InputError, brief, one_of

PACKET_BITS = 1500 * 8  # of a delivery opportunity in the mahimahi format
RATE_UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "byte/s": 8.0, "kB/s": 8e3, "MB/s": 8e6}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
SNR_UNITS = ("dB", "linear")
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
