"""Thresholds with memory: what a rule on the cost of going on, (S, M), is as a rule on the unit cost or the gain.

`unit_costs` are those (U,) of the states that can send, ascending; they come first among the S states.
"""

from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True, eq=False)
class Seen:
    """What a device makes of the unit costs that it sees: the state that is nearest, and values between the states."""

    unit_costs: Floats  # (U,) of the states that can send
    often: Floats  # (S,) law of the states
    long_outage_s: float | None  # of two outage states: how long an outage has lasted for it to be in the second

    @property
    def outage_s(self) -> Floats:
        """How long an outage has lasted at least in each state [s], 0 in all others; (S,)."""
        old = np.arange(len(self.often)) == len(self.often) - 1
        return np.where(old, self.long_outage_s or 0.0, 0.0)

    @cached_property
    def _known(self) -> NDArray[np.intp]:
        """The states that unit costs tell apart: of those with the same one, the one it is most often in."""
        order = np.lexsort((-self.often[: len(self.unit_costs)], self.unit_costs))
        return order[np.insert(np.diff(self.unit_costs[order]) > 0, 0, True)]

    def same(self, other: "Seen") -> bool:
        """Whether what is seen of another channel are the same states."""
        return self is other or (
            self.often.shape == other.often.shape
            and np.array_equal(self.unit_costs, other.unit_costs)
            and self.long_outage_s == other.long_outage_s
        )

    def nearest(self, unit_cost: Floats, outage_s: ArrayLike) -> NDArray[np.intp]:
        """The state whose unit cost is nearest; in an outage (inf) that of its age, or the one it is most often in."""
        usable, told = len(self.unit_costs), self.unit_costs[self._known]
        state = self._known[np.searchsorted((told[1:] + told[:-1]) / 2, unit_cost)]
        if usable == len(self.often):
            return state
        often = self.often[usable:]
        common = np.flatnonzero(often >= (1 - 1e-9) * often.max())[-1]  # the last of equals, but for round-off
        old = common if self.long_outage_s is None else np.asarray(outage_s) >= self.long_outage_s
        return np.where(np.isinf(unit_cost), usable + old, state)

    def value(self, values: Floats, at: Floats, state: NDArray[np.intp]) -> Floats:
        """Values (S,) at unit costs, linear between the states; in an outage that of its state. A number is itself."""
        if values.ndim == 0:
            return values
        between = np.interp(at, self.unit_costs[self._known], values[self._known])
        return np.where(np.isinf(at) & (state >= len(self.unit_costs)), values[state], between)

    def carried(self, threshold: Floats, other: "Seen") -> Floats:
        """Thresholds (S, M) at the states of another channel, outages one by one if it has as many."""
        if self.same(other):
            return threshold
        at = np.append(other.unit_costs, np.full(len(other.often) - len(other.unit_costs), inf))
        outages = np.arange(len(at)) - len(other.unit_costs)
        same = len(at) - len(other.unit_costs) == len(self.often) - len(self.unit_costs)
        state = np.where(outages < 0, 0, len(self.unit_costs) + outages) if same else self.nearest(at, 0.0)
        return np.array([self.value(a, at, state) for a in threshold.T]).reshape(-1, len(at)).T


def on_sending(bits: Floats, largest_stop: Floats) -> Floats:
    """Thresholds on o X (M,) from the largest unit costs at which stages stop."""
    return np.where(bits > 0, np.where(bits > 0, bits, 1.0) * largest_stop, np.where(largest_stop > 0, inf, -inf))
