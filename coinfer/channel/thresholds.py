"""Thresholds with memory: what a rule on the cost of going on, (S, M), is as a rule on the unit cost or the gain.

`unit_costs` are those (U,) of the states that can send, ascending; they come first among the S states.
"""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats


def is_threshold(sent: Floats, threshold: ArrayLike) -> bool:
    """Whether a rule stops in the best states only at every stage, so that a threshold on the gain describes it.

    `sent` (S, M) is what sending costs in each state; the rule stops where that is at most A.
    """
    stop = sent <= np.asarray(threshold)
    return bool(np.all(stop[:-1] >= stop[1:]))


def largest_stop(unit_costs: Floats, sent: Floats, threshold: ArrayLike) -> Floats:
    """The largest unit cost at which each stage stops, for costs of sending (S, M), linear between states as is A.

    -inf if no state stops, inf if the last usable one does. All of the rule if it is a threshold on the gain.
    """
    x = unit_costs
    excess = sent[: len(x)] - np.broadcast_to(threshold, sent.shape)[: len(x)]
    stop = excess <= 0
    last = len(x) - 1 - np.argmax(stop[::-1], axis=0)
    after, column = np.minimum(last + 1, len(x) - 1), np.arange(stop.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = -excess[last, column], excess[after, column]
        between = x[last] + (x[after] - x[last]) * np.where(below > 0, below / (below + above), 0.0)
    return np.where(stop.any(axis=0), np.where(last == len(x) - 1, inf, between), -inf)


def interpolated(unit_costs: Floats, threshold: ArrayLike, at: Floats) -> Floats:
    """A at other unit costs, linear between the states; of a number, itself; of A (S,) or (S, M), shape (...) or (..., M)."""
    a = np.asarray(threshold, float)
    if a.ndim < 2:
        return a if a.ndim == 0 else np.interp(at, unit_costs, a[: len(unit_costs)])
    found = np.empty((len(at), a.shape[1]))
    for n, column in enumerate(a.T):
        found[:, n] = np.interp(at, unit_costs, column[: len(unit_costs)])
    return found


def on_sending(bits: Floats, largest_stop: Floats) -> Floats:
    """Thresholds on o X (M,) from the largest unit costs at which stages stop."""
    return np.where(bits > 0, np.where(bits > 0, bits, 1.0) * largest_stop, np.where(largest_stop > 0, inf, -inf))


def nearest(unit_costs: Floats, at: Floats) -> NDArray[np.intp]:
    """The state whose unit cost is nearest."""
    return np.searchsorted((unit_costs[1:] + unit_costs[:-1]) / 2, at)
