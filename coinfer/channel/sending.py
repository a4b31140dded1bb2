"""What sending costs while the channel moves: R dC/db = c + Q C, the bits being the clock (R19)."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats
from coinfer.channel.motion import States, cumulative_table, draw_next
from coinfer.channel.semigroup import Doubling, Semigroup, semigroup
from coinfer.validation import InputError


@dataclass(frozen=True, eq=False)
class Sending:
    """Sending over a chain of S states: those with a rate first, then outages, each of which must lead to a rate.

    A device that begins to send in an outage holds its features and waits for the link. Nothing to send costs nothing, even
    in an outage; one bit pays the whole wait.

    >>> link = Sending(np.array([1e6, 0.0]), np.array([2.0, 1.0]), np.array([[-1.0, 1.0], [4.0, -4.0]]))
    >>> link.cost([1e6, 0.0])  # a second at 2, and one outage of 0.25 s on average, at 1 a second
    array([[2.25, 0.  ],
           [2.5 , 0.  ]])
    """

    rates_bps: Floats  # (S,)
    per_s: Floats  # (S,) what a second costs in each state, in outages as well
    generator: Floats  # (S, S) [1/s]
    in_bits: Semigroup | None = None  # of the usable states with bits as the clock, where it is known already
    _costs: dict[float | bytes, Floats] = field(default_factory=dict, repr=False)  # by bits, of one stage or of several

    @classmethod
    def held(cls, rates_bps: Floats, per_s: Floats, generator: Floats) -> "Sending":
        """The limit in which the rate at the beginning lasts, once there is one: no usable state is left while sending."""
        return cls(rates_bps, per_s, np.where((rates_bps > 0)[:, None], 0.0, generator))

    def priced(self, per_s: Floats) -> "Sending":
        """The same sending at another price of a second."""
        return replace(self, per_s=per_s, in_bits=self._in_bits, _costs={})

    @cached_property
    def usable(self) -> int:
        """How many states have a rate."""
        return int(np.count_nonzero(self.rates_bps))

    @cached_property
    def unit_costs(self) -> Floats:
        """Cost a bit, c / r [1/bit], in each state, inf in outages; (S,)."""
        return np.divide(self.per_s, self.rates_bps, out=np.full(len(self.per_s), inf), where=self.rates_bps > 0)

    @cached_property
    def _outages(self) -> tuple[Floats, Floats]:
        """Where outages lead to, (-Q_oo)^-1 Q_ou (O, U), and what the wait costs, (-Q_oo)^-1 c_o (O,)."""
        u, q = self.usable, self.generator
        if u == len(q):
            return np.zeros((0, u)), np.zeros(0)
        inside = -q[u:, u:]
        both = np.linalg.solve(inside, np.column_stack([q[u:, :u], self.per_s[u:]])).astype(np.float64)
        return both[:, :u], both[:, u]

    @cached_property
    def _in_bits(self) -> Semigroup:
        """Of R^-1 Q~: the usable states, outages eliminated, as they move with the bits sent."""
        if self.in_bits is not None:
            return self.in_bits
        u, (leads, _) = self.usable, self._outages
        moved = self.generator[:u, :u] + self.generator[:u, u:] @ leads
        np.fill_diagonal(moved, 0.0)
        moved -= np.diag(moved.sum(axis=1))
        return Doubling(moved / self.rates_bps[:u, None])

    def balanced(self, law: Floats) -> "Sending":
        """The same, decomposed once for all where detailed balance holds with the stationary law (S,)."""
        weights = law[: self.usable] * self.rates_bps[: self.usable]
        return replace(self, in_bits=semigroup(self._in_bits.generator, weights))

    def cost(self, bits: ArrayLike) -> Floats:
        """The expected cost of sending o_n bits from each state on; (S, n). Raises `InputError` where it is not right to 1e-8."""
        o = np.atleast_1d(np.asarray(bits, float))
        if o.size == 1 and (known := self._costs.get(float(o[0]))) is not None:
            return known[:, None]
        several = o.tobytes()  # rules ask for the stages of a chain again and again
        if (known := self._costs.get(several)) is not None:
            return known
        if new := sorted({float(b) for b in o if float(b) not in self._costs}):
            self._costs.update(zip(new, self._solved(np.array(new)).T, strict=True))
        columns = [self._costs[float(b)] for b in o]
        found = np.stack(columns, axis=1) if columns else np.zeros((len(self.per_s), 0))
        found.setflags(write=False)
        if o.size > 1:
            self._costs[several] = found
        return found

    def _solved(self, bits: Floats) -> Floats:
        u, (leads, wait) = self.usable, self._outages
        paid = (self.per_s[:u] + self.generator[:u, u:] @ wait) / self.rates_bps[:u]
        sent, slope = self._in_bits.flow(paid, bits)
        if not self._in_bits.solves(paid, sent, slope):
            sent, slope = (exact := Doubling(self._in_bits.generator)).flow(paid, bits)
            if not exact.solves(paid, sent, slope):
                rates, moves = self.rates_bps[:u], np.abs(np.diag(self.generator)).max()
                raise InputError(
                    f"channel: rates of {rates.min():g} to {rates.max():g} bit/s, with up to {moves:g} moves a second, differ too "
                    "much in size: R dC/db = c + Q C does not hold to 1e-8; should be closer together, or move less often"
                )
        return np.where(bits > 0, np.concatenate([sent, wait[:, None] + leads @ sent]), 0.0)

    def moves(self, bits: ArrayLike) -> Floats:
        """How often each state is expected to be followed by others while o_n bits are sent, and drawn; (S, n)."""
        return self.priced(np.abs(np.diag(self.generator))).cost(bits)

    def draw(self, rng: np.random.Generator, state: States, bits: float, prices: Floats) -> Floats:
        """What sending costs from each state drawn, jump by jump, at prices (k, S) of a second in each state; (k, n)."""
        spent, left, state = np.zeros((len(prices), state.size)), np.full(state.size, float(bits)), state.copy()
        leave = np.abs(np.diag(self.generator))  # not -0.0, a state that is never left
        sending = np.arange(state.size if bits > 0 else 0)
        while sending.size:
            here, rate = state[sending], self.rates_bps[state[sending]]
            with np.errstate(divide="ignore"):
                stay = rng.standard_exponential(here.size) / leave[here]
                need = left[sending] / rate
            spent[:, sending] += prices[:, here] * np.minimum(stay, need)
            left[sending] -= rate * np.minimum(stay, need)
            goes_on = stay < need
            sending, here = sending[goes_on], here[goes_on]
            state[sending] = draw_next(rng, here, self._jumps)
        return spent

    @cached_property
    def _jumps(self) -> Floats:
        """Chances of the next state, as a table to draw from."""
        away = np.maximum(self.generator - np.diag(np.diag(self.generator)), 0.0)
        total = away.sum(axis=1, keepdims=True)
        return cumulative_table(np.where(total > 0, away / np.where(total > 0, total, 1.0), np.eye(len(away))))
