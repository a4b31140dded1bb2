"""Samples of a rate, averaged over equal windows."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace import Trace
from coinfer.channel.trace_text import fail
from coinfer.validation import MOST_PER_S

MOST_WINDOWS = 1e8  # of a trace: 800 MB
GAP = 10.0  # a pause of more than this many usual sampling intervals is a gap
LEAST_S, MOST_S = 1e-9, 86_400.0  # of a usual interval; beyond, time is in another unit
HOLDS = ("until next", "since last")
GAPS = ("cut", "hold", "outage")


def sampled(
    path: str | Path,
    lines: NDArray[np.int64],
    times: Floats,
    rates: Floats,
    window_s: float | None,
    holds: str,
    gaps: str | None,
) -> Trace:
    """A trace of samples (S,) at times that do not fall [s], with rates [bit/s]; `read_trace` says what the rest means."""
    _check(path, lines, times, rates)
    moments, which = np.unique(times, return_inverse=True)
    means = np.bincount(which, rates) / np.bincount(which)
    if moments.size == 1 and (window_s is None or holds == "since last"):
        raise fail(
            path, "holds samples of one moment; should be of two at least, or give window_s and holds='until next'"
        )
    usual = float(np.quantile(np.diff(moments), 0.5, method="lower")) if moments.size > 1 else float(window_s or 0)
    if moments.size > 1 and not LEAST_S <= usual <= MOST_S:
        raise fail(
            path, f"has samples {usual:.4g} s apart; should be {LEAST_S:g} to {MOST_S:g} s: is time in another unit?"
        )
    edges, means = (moments, means[1:]) if holds == "since last" else (np.append(moments, moments[-1] + usual), means)
    pauses = np.flatnonzero(np.diff(edges) > GAP * usual)
    lengths = np.diff(edges)[pauses]
    if pauses.size and gaps is None:
        _warn(lengths, lines[np.searchsorted(times, moments[pauses[np.argmax(lengths)] + 1])], usual)
    if gaps in (None, "cut"):
        edges = _cut(edges, pauses, lengths - usual)
    starts = edges[pauses] - edges[0]
    if gaps == "outage":
        edges, means = _paused(edges, means, pauses, usual, holds)
    rates, window_s = _windows(path, edges, means, usual if window_s is None else window_s)
    found = tuple(zip(starts.tolist(), lengths.tolist(), strict=True))
    return Trace(rates, window_s, found, bool(found) and gaps in (None, "cut"))


def _check(path: str | Path, lines: NDArray[np.int64], times: Floats, rates: Floats) -> None:
    for wrong, what in (
        (~np.isfinite(rates), "not finite"),
        (rates < 0, "should be nonnegative"),
        (rates > MOST_PER_S, f"should be at most {MOST_PER_S:.0e}"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            raise fail(path, f"line {lines[at]} has a rate of {rates[at]:g} bit/s; {what}")
    if (back := np.diff(times) < 0).any():
        at = int(np.argmax(back))
        raise fail(
            path, f"line {lines[at + 1]} goes back in time by {times[at] - times[at + 1]:g} s; times should not fall"
        )


def _cut(edges: Floats, pauses: NDArray[np.intp], left_out_s: Floats) -> Floats:
    """The edges without what pauses have too much."""
    shifts = np.zeros(edges.size)
    shifts[pauses + 1] = left_out_s
    return edges - np.cumsum(shifts)


def _paused(edges: Floats, means: Floats, pauses: NDArray[np.intp], usual: float, holds: str) -> tuple[Floats, Floats]:
    """Edges and rates with an outage in each pause, beside the usual interval that its sample has."""
    after = holds == "until next"
    turns = edges[pauses] + usual if after else edges[pauses + 1] - usual
    return np.insert(edges, pauses + 1, turns), np.insert(means, pauses + int(after), 0.0)


def _warn(lengths_s: Floats, line: int, usual_s: float) -> None:
    warnings.warn(
        f"gaps: {lengths_s.size} pauses of more than {GAP:g} usual intervals of {usual_s:.3g} s, {lengths_s.sum():.4g} s in all, "
        f"the longest of {lengths_s.max():.4g} s before line {line}, were left out and what lies around them joined; give "
        "gaps='cut' if that is meant, 'hold' if the rate held, 'outage' if there was none",
        UserWarning,
        stacklevel=4,
    )


def _windows(path: str | Path, edges: Floats, means: Floats, window_s: float) -> tuple[Floats, float]:
    """Rates that hold from edge to edge, averaged over windows, and the length of these."""
    check_size(path, edges, float(edges[-1] - edges[0]), window_s)
    sent = np.concatenate([[0.0], np.cumsum(means * np.diff(edges))])
    size = max(1, int((edges[-1] - edges[0]) / window_s + 1e-9))
    span = min(window_s * size, edges[-1] - edges[0])  # one short window if the trace is shorter than that
    grid = edges[0] + np.linspace(0, span, size + 1)
    windows = np.diff(np.interp(grid, edges, sent)) / (span / size)
    windows = np.full(size, means[0]) if np.ptp(means) == 0 else windows
    windows[windows < 1e-9 * means.max()] = 0.0  # what rounding leaves of an outage
    return windows, float(span / size)


def check_size(path: str | Path, moments_s: Floats, duration_s: float, window_s: float) -> None:
    """Raise `InputError` if there would be too many windows; it says where the longest pause is."""
    if duration_s > MOST_WINDOWS * window_s:
        at = int(np.argmax(np.diff(moments_s, prepend=moments_s[0])))
        raise fail(
            path,
            f"lasts {duration_s:.4g} s, which is {duration_s / window_s:.4g} windows of window_s = {window_s:g}; should be at "
            f"most {MOST_WINDOWS:.0e} (there is nothing from {moments_s[max(at - 1, 0)]:g} to {moments_s[at]:g} s: does the clock "
            "jump, or is time in another unit?)",
        )
