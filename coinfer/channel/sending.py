"""What sending costs from each of S states on. A new way of sending is a class here."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats

SendingKind = Literal["held", "evolving"]  # `Held`, or `Drain`


class Sending(ABC):
    """The cost of sending some bits from a state on. Nothing is asked of outage states, where no sending begins."""

    unit_costs: Floats  # (S,) [1/bit] seen in each state, ascending; in outage states, which come last, any number

    @abstractmethod
    def cost(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending o_n bits from each state on; (S, n)."""

    @abstractmethod
    def price(self, unit_cost: Floats, bits: float) -> Floats:
        """The expected cost of sending where the unit cost is now x, inf in an outage; the shape of `unit_cost`."""


@dataclass(frozen=True, eq=False)
class Held(Sending):
    """The rate at the beginning lasts: sending costs o x.

    >>> Held(np.array([1.0, 2.0])).cost([10.0, 20.0])
    array([[10., 20.],
           [20., 40.]])
    """

    unit_costs: Floats

    def cost(self, bits: ArrayLike) -> Floats:
        """The cost o x in each state."""
        return np.asarray(bits, float) * self.unit_costs[:, None]

    def price(self, unit_cost: Floats, bits: float) -> Floats:
        """The cost o x, and 0 where there is nothing to send, even in an outage."""
        return bits * unit_cost if bits > 0 else np.zeros_like(unit_cost)


@dataclass(frozen=True, eq=False)
class Drain(Sending):
    """Sending at the rates as they come: it lasts until the bits expected to have been sent are those to send.

    To first order: the expected time is a little longer, as bits are no linear function of it.
    """

    unit_costs: Floats
    rates_bps: Floats  # (T+1, S) expected after t = 0, 1, ... steps, from each state on; linear in between
    step_s: float
    mean_rate_bps: float  # beyond the table
    cost_per_s: float
    _costs: dict[bytes, Floats] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, unit_costs: Floats, usable: int, step: Floats, step_s: float, initial: Floats, cost_per_s: float
    ) -> "Drain":
        """From the transitions (S, S) over a step and the law (S,) of the states, of which `usable` have a rate."""
        rates_bps = cost_per_s / unit_costs
        rates_bps[usable:] = 0.0
        ahead = [rates_bps]
        for _ in range(200):
            ahead.append(step @ ahead[-1])
        return cls(unit_costs, np.array(ahead), step_s, float(initial @ rates_bps), cost_per_s)

    def cost(self, bits: ArrayLike) -> Floats:
        """The cost of the time until the bits are expected to have been sent."""
        o = np.atleast_1d(np.asarray(bits, float))
        key = o.tobytes()
        if key not in self._costs:
            self._costs[key] = self.cost_per_s * self._time_s(o)
        return self._costs[key]

    def _time_s(self, bits: Floats) -> Floats:
        rates = self.rates_bps
        sent = np.cumsum(np.insert((rates[1:] + rates[:-1]) * (self.step_s / 2), 0, 0.0, axis=0), axis=0)
        k = np.stack([np.searchsorted(column, bits, side="right") for column in sent.T]) - 1  # whole steps, (S, n)
        state, last = np.arange(len(k))[:, None], len(rates) - 1
        left, begin, end = bits - sent[k, state], rates[k, state], rates[np.minimum(k + 1, last), state]
        slope = np.where(k < last, (end - begin) / self.step_s, 0.0)
        begin = np.where(k < last, begin, self.mean_rate_bps)
        root = begin + np.sqrt(np.maximum(begin**2 + 2 * slope * left, 0.0))
        part = np.divide(2 * left, root, out=np.zeros_like(root), where=left > 0)
        return np.asarray(k * self.step_s + part, dtype=np.float64)

    def price(self, unit_cost: Floats, bits: float) -> Floats:
        """Linear between the states that have a rate; inf in an outage, but 0 where there is nothing to send."""
        usable = self.rates_bps[0] > 0
        price = np.interp(unit_cost, self.unit_costs[usable], self.cost(bits)[usable, 0])
        return np.where(np.isinf(unit_cost) & (bits > 0), inf, price)
