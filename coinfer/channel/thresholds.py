"""Thresholds with memory: what a rule on the cost of going on, (S, M), is as a rule on the unit cost or the gain."""

from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats

if TYPE_CHECKING:
    from coinfer.channel.moving_law import MovingLaw


def stop_set(law: "MovingLaw", bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
    """In which states each stage stops; (S, n). A threshold set if it is a head of the states for every stage."""
    return law.sent(bits) <= np.asarray(threshold)


def is_threshold(law: "MovingLaw", bits: ArrayLike, threshold: ArrayLike) -> bool:
    """Whether every stage stops in the best states only, so that a threshold on the gain describes the rule."""
    stop = stop_set(law, bits, threshold)
    return bool(np.all(stop[:-1] >= stop[1:]))


def largest_stop(law: "MovingLaw", bits: ArrayLike, threshold: ArrayLike) -> Floats:
    """The largest unit cost at which each stage stops, A being linear between states; all of it if a threshold set.

    -inf if no state stops, inf if the last usable one does.
    """
    x = law.unit_costs[: law.usable]
    o = np.asarray(bits, float)
    a = np.broadcast_to(threshold, (len(law.unit_costs), o.size))[: law.usable]
    excess = law.sent(np.atleast_1d(o))[: law.usable] - a
    stop = excess <= 0
    last = len(x) - 1 - np.argmax(stop[::-1], axis=0)
    after, column = np.minimum(last + 1, len(x) - 1), np.arange(o.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = -excess[last, column], excess[after, column]
        between = x[last] + (x[after] - x[last]) * np.where(below > 0, below / (below + above), 0.0)
    return np.where(stop.any(axis=0), np.where(last == len(x) - 1, inf, between), -inf)


def threshold_at(law: "MovingLaw", unit_cost: Floats, threshold: ArrayLike) -> Floats:
    """A at any unit costs, linear between the states; `threshold` is a number, or (S,)."""
    a = np.asarray(threshold, float)
    return a if a.ndim == 0 else np.interp(unit_cost, law.unit_costs[: law.usable], a[: law.usable])


def nearest(law: "MovingLaw", unit_cost: Floats) -> NDArray[np.intp]:
    """The state whose unit cost is nearest; in an outage (inf) the one that is in outage most often."""
    x = law.unit_costs[: law.usable]
    state = np.searchsorted((x[1:] + x[:-1]) / 2, unit_cost)
    return np.where(np.isinf(unit_cost), law.commonest_outage, state) if law.waits else state


def on_price(law: "MovingLaw", bits: Floats, threshold: Floats) -> Floats:
    """The largest o X at which each stage stops; (M,)."""
    largest = largest_stop(law, bits, threshold)
    return np.where(bits > 0, np.where(bits > 0, bits, 1.0) * largest, np.where(largest > 0, inf, -inf))


def at_states(law: "MovingLaw", threshold: Floats, other: "MovingLaw") -> Floats:
    """Thresholds (S, M) at the states of another law. Outages of another depth are not told apart."""
    a = np.empty((len(other.unit_costs), threshold.shape[1]))
    for n, column in enumerate(threshold.T):
        a[:, n] = threshold_at(law, other.unit_costs, column)
    if law.waits:
        same = other.unit_costs.size - other.usable == law.unit_costs.size - law.usable
        a[other.usable :] = threshold[law.usable :] if same else threshold[law.commonest_outage]
    return a
