"""Logs of an uplink: three formats, read into equal windows."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace import Trace
from coinfer.channel.trace_table import Column, cells, numbers, read_table
from coinfer.channel.trace_text import Lines, fail, lines_of, tell
from coinfer.channel.trace_time import Cells, check_time, times_s
from coinfer.channel.trace_windows import GAPS, HOLDS, Samples, check_size, sampled
from coinfer.validation import InputError, brief, one_of, positive, seconds

PACKET_BITS = 1500 * 8  # of a delivery opportunity in the mahimahi format
PACKET_WINDOW_S = 0.1  # unless told otherwise
RATE_UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "byte/s": 8.0, "kB/s": 8e3, "MB/s": 8e6}
SNR_UNITS = ("dB", "linear")
UNIT = re.compile(  # of a rate in the name of a column: "bit/s", "MBps", "bytes_per_s", and "KBytes" of an interval
    r"(?<![a-z])(?:([kmg]?)(bit|byte|b)s?(?:[ _]?/[ _]?s|ps|[ _]?per[ _]?s)|([kmg])(bit|byte)s?(?![a-z])|()(bit|byte)s(?![a-z]))",
    re.IGNORECASE,
)
MILLISECONDS = re.compile(r"[ \t]*\d{1,18}[ \t]*", re.ASCII)
COUNTED = 20  # so many rates that never fall are a counter's
ENOUGH = 10.0  # packets in a window that has any: a count of n tells a rate to 1/sqrt(n), here 32 %


def read_trace(
    path: str | Path,
    format: str = "csv",
    *,
    window_s: float | None = None,
    time: Column | None = None,
    time_unit: str = "s",
    time_format: str | None = None,
    rate: Column | None = None,
    rate_unit: str = "Mbit/s",
    snr: Column | None = None,
    snr_unit: str = "dB",
    bandwidth_hz: float | None = None,
    separator: str | None = None,
    missing: str | None = None,
    holds: str = "until next",
    gaps: str | None = None,
    gap_s: float | None = None,
) -> Trace:
    """A trace from a log, in windows of `window_s`: by default the usual interval of the samples, 0.1 s for packets.

    `format`: "mahimahi", a whole number of milliseconds a line for each 1500-byte packet that could be delivered then; "rate", time
    [s] and rate [Mbit/s] in two columns; "csv", a table whose columns `time` and `rate`, or `snr` with the `bandwidth_hz` that makes
    a rate of it (Shannon's), are names or indices from 0, in units that the caller names. The first line is a header if a column is
    named, or holds a word there. `separator`: comma, semicolon, tab or " " (blanks), unless another character is given. Times are
    numbers, or dates in one zone or with offsets: ISO 8601, as Unix prints them, year first with dots, or in strptime's
    `time_format`. `missing` cells ("", "-", "nan", "NA") mean an "outage" or lines to "skip". `holds`: a rate is that "until next"
    sample, or "since last", as differences of a counter; those of one time are averaged. A window up to the usual interval (the mean
    of regular ones, else the median) has the rate in force at its middle, so that a jitter of times leaves outages whole; a longer
    one has the mean, and is an outage only if it lies in one. A pause of more than `gap_s`, 10 usual intervals, is one of
    `Trace.gaps_s`: "cut" but for one interval and joined, a rate that "hold"s on, or an "outage". A `UserWarning` says which gaps
    were cut if nobody said what `gaps` are, that a column's name has another unit, that rates never fall in 20 samples, as a
    counter, and that a window holds too few packets to tell a rate (10 on average, empty ones apart). Raises `InputError`.
    """
    _check_given(format=format, holds=holds, gaps=gaps, missing=missing, window_s=window_s, gap_s=gap_s)
    found, meaning = lines_of(path), (window_s, holds, gaps, gap_s)
    if format == "mahimahi":
        return _packets(path, found, PACKET_WINDOW_S if window_s is None else float(window_s))
    if format == "rate":
        return sampled(path, _two_columns(path, found, missing), *meaning)
    check_time(time_unit, time_format)
    lines, (moments, values), names = read_table(path, found, _columns(time, rate, snr), separator, time_format)
    to_bps = _in_bps(rate, rate_unit, snr_unit, bandwidth_hz, names[1])
    times = times_s(path, moments, lines, time_unit, time_format, names[0])
    return sampled(path, _rates(path, lines, times, values, to_bps, missing), *meaning)


CHOICES = {"format": ("csv", "rate", "mahimahi"), "holds": HOLDS, "gaps": GAPS, "missing": ("skip", "outage")}


def _check_given(**given: str | float | None) -> None:
    for name, value in given.items():
        if name in CHOICES and (value is not None or name in ("format", "holds")):
            one_of(name, value, CHOICES[name])
        elif value is not None:
            seconds(name, value)


def _columns(time: Column | None, rate: Column | None, snr: Column | None) -> dict[str, Column]:
    """Which columns are read, by what they are."""
    value = snr if rate is None else rate
    if time is None or value is None:
        raise InputError(
            "time, rate, snr: a CSV trace needs the name or index of the column of times and that of rates or SNRs"
        )
    if rate is not None and snr is not None:
        raise InputError(f"rate = {brief(rate)}, snr = {brief(snr)}: should be one of them")
    return {"time": time, "snr" if rate is None else "rate": value}


def _in_bps(
    rate: Column | None, rate_unit: str, snr_unit: str, bandwidth_hz: float | None, name: str = ""
) -> Callable[[Floats], Floats]:
    """What makes rates [bit/s] of a column of rates or SNRs; a warning if the name of one of rates has another unit."""
    if rate is None:
        one_of("snr_unit", snr_unit, SNR_UNITS)
        band_hz = positive("bandwidth_hz", bandwidth_hz, "; an SNR needs it to give a rate")
        return lambda snr: band_hz * np.log2(1 + (10 ** (snr / 10) if snr_unit == "dB" else _nonnegative(snr)))
    factor = RATE_UNITS[one_of("rate_unit", rate_unit, RATE_UNITS)]
    said, meant = UNIT.search(name), UNIT.search(rate_unit)
    if said and meant and _unit(said) != _unit(meant):
        tell(f"rate = {brief(name)}: is read in {rate_unit}, as rate_unit says")
    return lambda rates: _not_counted(rates) * factor


def _not_counted(rates: Floats) -> Floats:
    """The rates; a warning if they only rise, as the bytes that have been sent do."""
    there = rates[~np.isnan(rates)]
    if there.size >= COUNTED and (np.diff(there) >= 0).all() and there[-1] > there[0]:
        tell(
            f"rate: rises from {there[0]:g} to {there[-1]:g} and never falls in {there.size} samples, as a counter does; "
            "should be differences of it over the time between them"
        )
    return rates


def _nonnegative(snr: Floats) -> Floats:
    if (snr < 0).any():
        raise InputError(f"snr = {np.nanmin(snr):g}: should be nonnegative, or in dB")
    return snr


def _unit(found: re.Match[str]) -> tuple[str, bool]:
    """Prefix of a unit of rate, and whether it is of bytes."""
    prefix, of = (part for part in found.groups() if part is not None)
    return prefix.lower(), of == "B" or of.lower() == "byte"


def _two_columns(path: str | Path, found: Lines, missing: str | None) -> Samples:
    """Of a file whose lines are a time [s] and a rate [Mbit/s], with blanks or a comma between them."""
    text, lines = found
    times, rates, third = cells(path, Lines(text.replace(",", " "), lines), " ", [0, 1, 2])
    if (bad := (rates == "") | (third != "")).any():
        at = int(np.argmax(bad))
        line = brief(text.split("\n")[at])
        raise fail(path, f"line {lines[at]} = {line}: should be a time [s] and a rate [Mbit/s]")
    return _rates(path, lines, times_s(path, times, lines, "s", None), rates, _in_bps(1, "Mbit/s", "dB", None), missing)


def _rates(
    path: str | Path,
    lines: NDArray[np.int64],
    times: Floats,
    column: Cells,
    to_bps: Callable[[Floats], Floats],
    missing: str | None,
) -> Samples:
    """The samples with a rate, or with that of 0 where it is missing and this means an outage."""
    values, absent = numbers(path, column, lines, "rate or SNR", missing)
    if missing == "skip":
        if absent.all():
            raise fail(path, f"holds no samples: a rate or SNR is missing in all {absent.size} lines")
        lines, times, values, absent = lines[~absent], times[~absent], values[~absent], absent[~absent]
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused as a rate
        return lines, times, np.where(absent, 0.0, to_bps(values))


def _packets(path: str | Path, found: Lines, window_s: float) -> Trace:
    """Delivery opportunities counted in windows. The last one ends the trace, as it does where the format comes from."""
    times = _milliseconds(path, found)
    if (bad := np.diff(times) < 0).any():
        at = int(np.argmax(bad)) + 1
        raise fail(path, f"line {found.numbers[at]} goes back in time, from {times[at - 1]} to {times[at]} ms")
    check_size(path, times.astype(np.float64) * 1e-3, float(times[-1]) * 1e-3, window_s)
    counts = _counted(times, window_s)
    if (mean := float(counts[counts > 0].mean())) < ENOUGH:
        longer = (float(window_s) * 2.0**k for k in range(1, 64) if window_s * 2.0 ** (k - 1) < times[-1] * 1e-3)
        enough = [each for each in longer if (n := _counted(times, each))[n > 0].mean() >= ENOUGH]
        tell(
            f"window_s = {window_s!r}: windows hold {mean:.1f} packets on average, empty ones apart, which tell a rate to "
            f"{mean**-0.5:.0%}; "
            + (f"{enough[0]:.3g} would do, with at least {ENOUGH:g}" if enough else "the trace is too short for any")
        )
    return Trace(np.asarray(counts * (PACKET_BITS / window_s), dtype=np.float64), window_s)


def _milliseconds(path: str | Path, found: Lines) -> NDArray[np.int64]:
    numbers = found.text.split("\n")
    try:
        if found.text.isascii() and not any(
            sign in found.text for sign in "-+_"
        ):  # what Python's int would take as well
            return np.array(numbers, dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    at = next(i for i, number in enumerate(numbers) if not MILLISECONDS.fullmatch(number))
    raise fail(
        path,
        f"line {found.numbers[at]} = {brief(numbers[at].strip())}: should be a whole, nonnegative number of milliseconds",
    )


def _counted(times_ms: NDArray[np.int64], window_s: float) -> NDArray[np.intp]:
    """Packets in each window until the last of them."""
    size = max(1, int(np.ceil(max(int(times_ms[-1]), 1) * 1e-3 / window_s - 1e-9)))
    index = np.minimum((times_ms * 1e-3 / window_s + 1e-9).astype(np.int64), size - 1)
    return np.bincount(index, minlength=size)
