"""Samples of a rate, in equal windows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace import Trace
from coinfer.channel.trace_text import fail, tell
from coinfer.validation import MOST_PER_S, InputError

MOST_WINDOWS = 2e7  # of a trace: 160 MB, and a second or two to make them
GAP = 10.0  # a pause of more than this many usual sampling intervals is a gap, unless told otherwise
ALIKE = 1e-3  # regular intervals differ by less than this share of the median; so may a window and an interval
LEAST_S, MOST_S = 1e-9, 86_400.0  # of a usual interval; beyond, time is in another unit
HOLDS = ("until next", "since last")
GAPS = ("cut", "hold", "outage")
Samples = tuple[NDArray[np.int64], Floats, Floats]  # (S,) line, time [s] and rate [bit/s] of each


def sampled(
    path: str | Path,
    samples: Samples,
    window_s: float | None,
    holds: str,
    gaps: str | None,
    gap_s: float | None = None,
) -> Trace:
    """A trace of samples at times that do not fall; `read_trace` says what the rest means."""
    lines, times, rates = samples
    _check(path, lines, times, rates)
    moments, which = np.unique(times, return_inverse=True)
    means = np.bincount(which, rates) / np.bincount(which)
    if moments.size == 1 and (window_s is None or holds == "since last"):
        raise fail(
            path, "holds samples of one moment; should be of two at least, or give window_s and holds='until next'"
        )
    single = (float(window_s or 0), float(window_s or 0), np.inf)
    usual, mean, gap_s = _intervals(path, np.diff(moments), gap_s) if moments.size > 1 else single
    clock_s = 4 * float(np.spacing(np.abs(moments).max()))  # what rounding does to two moments
    edges = moments - moments[0]  # exact, so that what is added to them is not rounded as they are
    edges, means = (edges, means[1:]) if holds == "since last" else (np.append(edges, edges[-1] + usual), means)
    pauses = np.flatnonzero(np.diff(edges) > gap_s)
    lengths = np.diff(edges)[pauses]
    if pauses.size and gaps is None:
        line = lines[np.searchsorted(times, moments[pauses[np.argmax(lengths)] + 1])]
        _tell_gaps(lengths, line, gap_s, usual)
    if gaps in (None, "cut"):
        edges = _cut(edges, pauses, lengths - usual)
    starts = edges[pauses]
    if gaps == "outage":
        edges, means = _paused(edges, means, pauses, usual, holds)
    window_s = usual if window_s is None else float(window_s)
    check_size(path, edges + moments[0], float(edges[-1]), window_s)
    fine = window_s <= max(usual, mean) * (1 + ALIKE)
    rates, window_s = _at_middles(edges, means, window_s) if fine else _averaged(edges, means, window_s, clock_s)
    found = tuple(zip(starts.tolist(), lengths.tolist(), strict=True))
    return Trace(rates, window_s, found, bool(found) and gaps in (None, "cut"))


def _intervals(path: str | Path, intervals: Floats, gap_s: float | None) -> tuple[float, float, float]:
    """The usual interval and the mean one, gaps apart, and what is longer than any but a gap [s].

    The usual one is the mean where they are regular, else the median: one difference of two times has their rounding in it, and
    windows of it drift off the samples.
    """
    usual = float(np.quantile(intervals, 0.5, method="lower"))
    if not LEAST_S <= usual <= MOST_S:
        raise fail(
            path, f"has samples {usual:.4g} s apart; should be {LEAST_S:g} to {MOST_S:g} s: is time in another unit?"
        )
    if gap_s is not None and gap_s <= usual * (1 + ALIKE):
        raise InputError(f"gap_s = {gap_s:g}: should be longer than the usual interval of the samples, {usual:.4g} s")
    longest = GAP * usual if gap_s is None else gap_s
    kept = intervals[intervals <= longest]
    regular = bool((np.abs(kept - usual) <= ALIKE * usual).all())
    return float(kept.mean()) if regular else usual, float(kept.mean()), longest


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


def _tell_gaps(lengths_s: Floats, line: int, gap_s: float, usual_s: float) -> None:
    tell(
        f"gaps: {lengths_s.size} pauses of more than {gap_s:.4g} s, where {usual_s:.3g} s are usual, {lengths_s.sum():.4g} s in "
        f"all, the longest of {lengths_s.max():.4g} s before line {line}, were left out and what lies around them joined; give "
        "gaps='cut' if that is meant, 'hold' if the rate held, 'outage' if there was none"
    )


def _at_middles(edges: Floats, means: Floats, window_s: float) -> tuple[Floats, float]:
    """The rate in force at the middle of each window, and the length of these; rates hold from edge to edge.

    A mean over the window would leave a sliver of rate in each window of an outage that samples do not fall into exactly.
    """
    size = max(1, int(edges[-1] / window_s + ALIKE))
    first = np.ceil(edges / window_s - 0.5).clip(0, size).astype(np.int64)  # the first window with its middle there
    first[-1] = size
    return np.repeat(means, np.diff(first)), window_s


def _averaged(edges: Floats, means: Floats, window_s: float, clock_s: float) -> tuple[Floats, float]:
    """The mean rate in each window, and the length of these; one short window if the trace is shorter than that."""
    size = max(1, int(edges[-1] / window_s + ALIKE))
    span = min(window_s * size, float(edges[-1]))
    sent = np.concatenate([[0.0], np.cumsum(means * np.diff(edges))])
    windows = np.diff(np.interp(np.linspace(0, span, size + 1), edges, sent)) / (span / size)
    windows = np.full(size, means[0]) if np.ptp(means) == 0 else windows
    windows[windows < (1e-9 + clock_s / window_s) * means.max()] = 0.0  # what rounding leaves of an outage
    return windows, span / size


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
