"""Channels with memory: the gain evolves while a layer runs, so what is seen now tells of what is seen next.

The gain takes S states, in ascending order of unit cost. What a stage costs depends on the state at the stage before,
so values seen from there have shape (S, n): column i is stage i, given the state at stage i - 1 (column 0 does not
depend on it). Thresholds of shape (S, M) have a row for each state seen at the stage itself. With these shapes the
rules of `stopping` hold as they stand.

For Nakagami fading (Rayleigh if m = 1) the power gain is a Gamma process, whose transition law is a noncentral
chi-square. Its eigenfunctions are Laguerre polynomials with eigenvalues r^k, r the power correlation: one table of
their integrals over the states gives the transitions over every duration.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import DiscreteLaw, Floats, UnitCostLaw
from coinfer.validation import InputError

TERMS = (1 << 6, 1 << 10, 1 << 14)  # of the Laguerre series: tables are made in three sizes
ROUNDING = 28.0  # -log r^k beyond which terms are left out: 1e-12 of a probability


# ---------------------------------------------------------------- the Gamma process


def power_correlation(duration_s: ArrayLike, coherence_time_s: float, correlation: str) -> Floats:
    """Autocorrelation r of the power gain after `duration_s`: 1/e at the coherence time, whatever the `correlation`.

    "exponential" decays and is the same in one step as in many; "jakes" is J0^2, a one-step approximation.
    """
    t = np.asarray(duration_s, float) / coherence_time_s
    if correlation == "exponential":
        return np.exp(-t)
    from scipy.special import j0

    return j0(JAKES_ARGUMENT * t) ** 2


JAKES_ARGUMENT = 1.3258293681804647  # z with J0(z)^2 = 1/e


def laguerre_table(edges: Floats, m: float, terms: int) -> Floats:
    """Integrals of the eigenfunctions k = 0..terms-1 of the Gamma(m) process over the cells between gains; (S, terms).

    `edges` (S+1,) are gains in ascending order, from 0 on and up to inf. From `terms` on they are made once.
    """
    size = next((size for size in TERMS if terms <= size), terms)
    return _laguerre_table(edges.tobytes(), m, size)[:, :terms]


@lru_cache(maxsize=12)
def _laguerre_table(edges: bytes, m: float, terms: int) -> Floats:
    from scipy.special import gammainc, gammaln

    x = m * np.frombuffer(edges)
    inner = np.where(np.isfinite(x), x, 0.0)
    table = np.empty((terms, len(x)))
    table[0] = gammainc(m, x)
    # orthonormal psi_k of the weight x^m e^-x, by their recurrence; all integrals up to x are multiples of them
    with np.errstate(divide="ignore"):
        last, psi = np.zeros_like(x), np.exp((m * np.log(inner) - inner - gammaln(m + 1)) / 2)
        end = np.exp((m * np.log(inner) - inner - gammaln(m)) / 2)
    k = np.arange(terms, dtype=float)
    up, centre = np.sqrt((k + 1) * (k + m + 1)), 2 * k + m + 1
    for n in range(1, terms):
        table[n] = psi
        psi, last = ((centre[n - 1] - inner) * psi - (up[n - 2] if n > 1 else 0.0) * last) / up[n - 1], psi
    table[1:] *= end / np.sqrt(k[1:, None])
    return np.ascontiguousarray(np.diff(table, axis=1).T)


def joint_probabilities(edges: Floats, m: float, r: float) -> Floats:
    """P(gain in cell i now and in cell j later) of the Gamma(m) process with power correlation r; shape (S, S).

    Up to r = 0.9983 from the eigenfunctions. Closer to 1, where a step is shorter than 3 % of the mean amplitude, from a normal step of the amplitude, to a relative O(sqrt(1 - r)) of the probability of leaving a cell.
    """
    if r >= 1:
        return np.diag(laguerre_table(edges, m, 1)[:, 0])
    terms = 1 if r <= 0 else ceil(ROUNDING / -log(r)) + 1
    if terms <= TERMS[-1]:
        table = laguerre_table(edges, m, terms)
        with np.errstate(under="ignore"):
            return np.maximum((table * r ** np.arange(terms)) @ table.T, 0.0)
    return _short_step(edges, m, r)


def _short_step(edges: Floats, m: float, r: float) -> Floats:
    """`joint_probabilities` for a step of the amplitude that is normal and short: closed form in each pair of cells."""
    from scipy.special import gammainccinv, gammaln, ndtr

    p = laguerre_table(edges, m, 1)[:, 0]
    amplitude = np.sqrt(np.append(edges[:-1], max(float(gammainccinv(m, 1e-18)) / m, 2 * edges[-2])))
    step = sqrt((1 - r) / (2 * m))
    z = (amplitude[:, None] - amplitude) / step
    smooth = step * (z * ndtr(z) + np.exp(-(z**2) / 2) / sqrt(2 * np.pi))  # twice integrated normal density
    pairs = -np.diff(np.diff(smooth, axis=0), axis=1)
    with np.errstate(divide="ignore"):
        density = 2 * np.exp(m * log(m) + (2 * m - 1) * np.log(amplitude) - m * amplitude**2 - gammaln(m))
    facing = np.sqrt(density[1:, None] * density[:-1])  # at the upper edge of the lower cell and the lower of the upper
    upward = np.triu(np.maximum(pairs * facing, 0.0), 1)
    joint = upward + upward.T
    joint *= np.minimum(1, p / np.maximum(joint.sum(axis=1), 1e-300)).min()
    return joint + np.diag(p - joint.sum(axis=1))


def cells(law: UnitCostLaw, unit_cost_at: Callable[[Floats], Floats], span: tuple[float, float], states: int) -> Floats:
    """Edges (S+1,) of states that share the law of the gain, and the expected unit cost, as evenly as both allow.

    `span` is the lowest gain and one beyond which nothing matters; the last edge is inf.
    """
    low, high = span
    gains = np.geomspace(max(low, 1e-12), high, 20_001)
    x = unit_cost_at(gains)
    share = (law.go_probability(1.0, x) + law.go_cost(1.0, x) / law.mean) / 2
    inner = np.exp(np.interp(np.arange(1, states) / states, share, np.log(gains)))
    return np.concatenate([[low], inner, [inf]])


# ---------------------------------------------------------------- laws


@dataclass(frozen=True, eq=False)
class Outage:
    """States in which nothing can be sent: after `usable` states, all others. Waiting a step costs, and moves the state."""

    usable: int
    step: Floats  # (S, S) transitions over one step of waiting
    cost: float  # of one step: beta_t times its duration

    def __post_init__(self) -> None:
        inside = self.step[self.usable :, self.usable :]
        if np.linalg.cond(np.eye(len(inside)) - inside) > 1e12:
            raise InputError("transitions: an outage state never reaches a usable one; the device would wait for ever")


@dataclass(frozen=True, eq=False)
class Drain:
    """Sending at the rates as they come: it lasts until the bits expected to have been sent are those to send.

    To first order: the expected time is a little longer, as bits are no linear function of it.
    """

    rates_bps: Floats  # (T+1, S) expected after t = 0, 1, ... steps, from each state on; linear in between
    step_s: float
    mean_rate_bps: float  # beyond the table
    cost_per_s: float

    @classmethod
    def of(cls, rates_bps: Floats, step: Floats, step_s: float, law: Floats, cost_per_s: float) -> "Drain":
        """From the rate in each state, the transitions over a step and the stationary law of the states."""
        ahead = [rates_bps]
        for _ in range(200):
            ahead.append(step @ ahead[-1])
        return cls(np.array(ahead), step_s, float(law @ rates_bps), cost_per_s)

    def cost(self, bits: Floats) -> Floats:
        """What sending costs from each state on; (S, n)."""
        rates = self.rates_bps
        sent = np.cumsum(np.insert((rates[1:] + rates[:-1]) * (self.step_s / 2), 0, 0.0, axis=0), axis=0)
        k = np.stack([np.searchsorted(column, bits, side="right") for column in sent.T]) - 1  # whole steps, (S, n)
        state, last = np.arange(len(k))[:, None], len(rates) - 1
        left, begin, end = bits - sent[k, state], rates[k, state], rates[np.minimum(k + 1, last), state]
        slope = np.where(k < last, (end - begin) / self.step_s, 0.0)
        begin = np.where(k < last, begin, self.mean_rate_bps)
        root = begin + np.sqrt(np.maximum(begin**2 + 2 * slope * left, 0.0))
        part = np.divide(2 * left, root, out=np.zeros_like(root), where=left > 0)
        return np.asarray(self.cost_per_s * (k * self.step_s + part), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class GammaProcess:
    """The process itself, not the chain of its quantised states: what simulations draw."""

    m: float
    correlations: Floats  # (N,) of the power gain, over each layer
    edges: Floats  # (S+1,) of the states, gains in ascending order
    unit_cost_at: Callable[[Floats], Floats]
    lowest: float  # gains below are drawn anew (0: never)
    step_correlation: float = 0.0  # over a step of waiting

    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: Floats | None) -> Floats:
        """Gains at a stage, given those at the stage before."""
        if previous is None or stage == 0:
            return self.move(rng, np.ones(size), 0.0)
        return self.move(rng, previous, float(self.correlations[stage - 1]))

    def move(self, rng: np.random.Generator, gain: Floats, r: float) -> Floats:
        """Gains after a time over which the power correlation is r: a Poisson mixture of Gamma laws."""
        if r >= 1:
            return gain
        after, again = np.empty_like(gain), np.arange(gain.size)
        while again.size:
            shape = self.m + rng.poisson(self.m * r / (1 - r) * gain[again])
            after[again] = rng.standard_gamma(shape) * ((1 - r) / self.m)
            again = again[after[again] < self.lowest]
        return after

    def state(self, gain: Floats) -> NDArray[np.intp]:
        """The state that each gain belongs to, in ascending order of unit cost."""
        return len(self.edges) - 1 - np.searchsorted(self.edges[1:-1], gain, side="right") - 1


class MarkovLaw(UnitCostLaw):
    """The law of X along a chain of layers while the channel moves between states.

    `unit_costs` (S,) [1/bit] ascending, `initial` (S,) the law of the state at stage 0, `transitions` (N, S, S) from the
    state at stage n to that at stage n + 1, rows summing to 1. `outage` says which states cannot send. With a `process`
    simulations draw its gains; otherwise they draw states. With a `drain` sending takes as long as the rates to come are
    expected to need, instead of o x.
    """

    independent = False
    nodes = 1

    def __init__(
        self,
        unit_costs: Floats,
        initial: Floats,
        transitions: Floats,
        *,
        gain_at: Callable[[Floats], Floats] | None = None,
        outage: Outage | None = None,
        process: GammaProcess | None = None,
        drain: Drain | None = None,
    ):
        self.drain, self._drained = drain, dict[bytes, Floats]()
        self.unit_costs, self.initial, self.outage, self.process = unit_costs, initial, outage, process
        first = np.broadcast_to(initial, (1, len(initial), len(initial)))
        self.kernels = np.concatenate([first, transitions])  # (N+1, S, S): from the state before to that at stage n
        self._gain_at = gain_at
        self.usable = len(unit_costs) if outage is None else outage.usable
        self.waits = outage is not None  # type: ignore[misc]
        self._cumulative: dict[int, Floats] = {}
        self._stage: int | None = None  # which stage all columns are, if not 0, 1, ...
        self._stages: dict[int, MarkovLaw] = {}

    # what happens within a stage, given its state

    def _sent(self, bits: ArrayLike) -> Floats:
        """o_n x for each state, inf where nothing can be sent; (S, n)."""
        o = np.asarray(bits, float)
        sent = o * self.unit_costs[:, None] if self.drain is None else self._draining(np.atleast_1d(o)).copy()
        if self.outage is not None:
            sent[self.usable :] = np.where(o > 0, inf, 0.0)
        return sent

    def _draining(self, bits: Floats) -> Floats:
        assert self.drain is not None
        key = bits.tobytes()
        if key not in self._drained:
            self._drained[key] = self.drain.cost(bits)
        return self._drained[key]

    def waiting(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Whether the device had better wait, where going on costs A: in outages only; (S, n)."""
        sent, a = np.broadcast_arrays(self._sent(bits), np.asarray(threshold, float))
        wait = np.zeros(sent.shape, dtype=bool)
        if self.outage is None:
            return wait
        now = np.minimum(sent, np.maximum(a, -1e300))
        here = wait[self.usable :]
        here[:] = True
        for _ in range(100):  # policy iteration, which ends by itself
            value = self._after_waiting(now, wait, self.outage.cost)
            better = self.outage.cost + self.outage.step[self.usable :] @ value < now[self.usable :]
            better &= a[self.usable :] > -inf
            if np.array_equal(better, here):
                break
            here[:] = better
        return wait

    def waits_in_outage(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:  # noqa: D102
        if self.outage is None:
            return super().waits_in_outage(bits, threshold)
        return self.waiting(bits, threshold)[self.commonest_outage]

    def _system(self, wait: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """I - P within the outage states that wait, one matrix a stage (n, O, O), and P from there on (O, usable)."""
        assert self.outage is not None
        step, u = self.outage.step, self.usable
        return np.eye(len(step) - u) - wait[u:].T[:, :, None] * step[u:, u:], step[u:, :u]

    def _after_waiting(self, values: Floats, wait: NDArray[np.bool_], cost: float) -> Floats:
        """Values (S, n) at the state in which the device decides, seen from that in which it arrives."""
        if self.outage is None or not wait.any():
            return values
        within, away = self._system(wait)
        u = self.usable
        right = np.where(wait[u:], cost + away @ values[:u], values[u:])
        solved = np.linalg.solve(within, right.T[..., None])[..., 0].T
        return np.concatenate([values[:u], np.where(wait[u:], solved, values[u:])])

    def _seen_before(self, values: Floats) -> Floats:
        """Expectation of values (S, n) at stages 0..n-1, given the state at the stage before."""
        if self._stage == 0:
            return np.broadcast_to(self.initial @ values, values.shape)
        if self._stage is not None:
            return self.kernels[self._stage] @ values
        return (self.kernels[: values.shape[1]] @ values.T[..., None])[..., 0].T

    def _expect(
        self, stop: ArrayLike, go: ArrayLike, bits: ArrayLike, threshold: ArrayLike, wait_cost: float
    ) -> Floats:
        """Expectation of `stop` where the rule stops and `go` where it goes on."""
        sent = self._sent(bits)
        values = np.where(sent <= np.asarray(threshold), stop, go)
        if self.outage is not None:
            wait = self.waiting(bits, threshold)
            values = self._after_waiting(np.where(wait, 0.0, values), wait, wait_cost)
        return self._seen_before(values)

    # what the rules ask

    def minimum(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        if self.outage is not None:
            return super().minimum(bits, threshold)
        return self._seen_before(np.minimum(self._sent(bits), threshold))

    def stage_cost(self, bits: ArrayLike, threshold: ArrayLike, going: ArrayLike) -> Floats:  # noqa: D102
        return self._expect(self._sent(bits), going, bits, threshold, self._wait_cost)

    def stop_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._expect(1.0, 0.0, bits, threshold, 0.0)

    def go_probability(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:  # noqa: D102
        return self._expect(0.0, 1.0, bits, threshold, 0.0)

    def stop_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X <= A], and what is spent on waiting."""
        return self.stage_cost(bits, threshold, 0.0)

    def go_cost(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[o X; o X > A]; in an outage o X is what waiting and then sending costs."""
        return self._expect(0.0, self._forced(bits), bits, threshold, 0.0)

    def saving(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """E[(o X - A)^+]; in an outage o X is what waiting and then sending costs."""
        return self._seen_before(self._forced(bits)) - self.minimum(bits, threshold)

    def sending(self, bits: Floats) -> Floats:  # noqa: D102
        return self._seen_before(self._forced(bits))

    @property
    def mean(self) -> Floats:  # type: ignore[override]
        """E[X_n | state at stage n - 1] [1/bit] for n = 0..N, shape (S, N+1); waiting is not part of it."""
        return self._expect(self.unit_costs[:, None], 0.0, np.ones(len(self.kernels)), inf, 0.0)

    @property
    def _wait_cost(self) -> float:
        return 0.0 if self.outage is None else self.outage.cost

    def _forced(self, bits: ArrayLike) -> Floats:
        """What sending costs in each state, the wait for a usable one included; (S, n)."""
        sent = self._sent(bits)
        wait = self.waiting(bits, inf)
        return self._after_waiting(np.where(wait, 0.0, sent), wait, self._wait_cost)

    def reach(self, bits: Floats, threshold: Floats) -> Floats:
        """The measure of arriving at stage n = 0..M having left stage n - 1 in each state; (..., S, M+1)."""
        o = np.asarray(bits, float)[..., : np.shape(threshold)[-1]]
        go = self._sent(o) > threshold
        wait = self.waiting(o, threshold) if self.outage is not None else None
        arriving = [np.broadcast_to(self.initial, go.shape[:-1])]
        for n in range(go.shape[-1]):
            here = arriving[-1] @ self.kernels[n]
            if wait is not None and wait[:, n].any():
                here = self._leaving(here, wait[:, n : n + 1])
            arriving.append(here * go[..., n])
        return np.stack(arriving, axis=-1)

    def _leaving(self, here: Floats, wait: NDArray[np.bool_]) -> Floats:
        """The measure of the state in which the device decides, from that in which it arrives; (S,)."""
        within, away = self._system(wait)
        u = self.usable
        visits = np.linalg.solve(within[0].T, here[u:])
        waited = np.where(wait[u:, 0], visits, 0.0)
        return np.concatenate([here[:u] + waited @ away, np.where(wait[u:, 0], 0.0, visits)])

    def average(self, reach: Floats, values: Floats | float) -> Floats:
        """What stages contribute: their values in each state of the stage before, times the chance of that; (..., n)."""
        return (reach * values).sum(axis=-2)

    def at(self, stage: int) -> "MarkovLaw":  # noqa: D102
        if stage not in self._stages:
            self._stages[stage] = copy(self)
            self._stages[stage]._stage = stage
        return self._stages[stage]

    # thresholds

    def stop_set(self, bits: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
        """In which states each stage stops; (S, n). A threshold set if it is a head of the states for every stage."""
        return self._sent(bits) <= np.asarray(threshold)

    def is_threshold(self, bits: ArrayLike, threshold: ArrayLike) -> bool:
        """Whether every stage stops in the best states only, so that a threshold on the gain describes the rule."""
        stop = self.stop_set(bits, threshold)
        return bool(np.all(stop[:-1] >= stop[1:]))

    def largest_stop(self, bits: ArrayLike, threshold: ArrayLike) -> Floats:
        """The largest unit cost at which each stage stops, A being linear between states; all of it if a threshold set.

        -inf if no state stops, inf if the last usable one does.
        """
        x = self.unit_costs[: self.usable]
        o = np.asarray(bits, float)
        a = np.broadcast_to(threshold, (len(self.unit_costs), o.size))[: self.usable]
        excess = self._sent(np.atleast_1d(o))[: self.usable] - a
        stop = excess <= 0
        last = len(x) - 1 - np.argmax(stop[::-1], axis=0)
        after, column = np.minimum(last + 1, len(x) - 1), np.arange(o.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            below, above = -excess[last, column], excess[after, column]
            between = x[last] + (x[after] - x[last]) * np.where(below > 0, below / (below + above), 0.0)
        return np.where(stop.any(axis=0), np.where(last == len(x) - 1, inf, between), -inf)

    def threshold_at(self, unit_cost: Floats, threshold: ArrayLike) -> Floats:
        """A at any unit costs, linear between the states; `threshold` is a number, or (S,)."""
        a = np.asarray(threshold, float)
        return a if a.ndim == 0 else np.interp(unit_cost, self.unit_costs[: self.usable], a[: self.usable])

    def translate(self, bits: Floats, threshold: Floats, law: UnitCostLaw) -> Floats:  # noqa: D102
        if threshold.ndim == 1:
            return threshold
        if isinstance(law, MarkovLaw):
            a = np.stack([self.threshold_at(law.unit_costs, a) for a in threshold.T], axis=-1)
            if self.outage is not None:  # outages of another depth are not told apart
                same = law.unit_costs.size - law.usable == self.unit_costs.size - self.usable
                a[law.usable :] = threshold[self.usable :] if same else threshold[self.commonest_outage]
            return a
        largest = self.largest_stop(bits, threshold)
        return np.where(bits > 0, np.where(bits > 0, bits, 1.0) * largest, np.where(largest > 0, inf, -inf))

    def stops_seeing(self, unit_cost: Floats, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:  # noqa: D102
        a = self.threshold_at(unit_cost, threshold)
        if self.drain is not None:
            return self._price(unit_cost, bits) <= a
        return (unit_cost if bits > 0 else np.zeros_like(unit_cost)) * (bits or 1.0) <= a

    def nearest(self, unit_cost: Floats) -> NDArray[np.intp]:
        """The state whose unit cost is nearest; in an outage (inf) the one that is in outage most often."""
        x = self.unit_costs[: self.usable]
        state = np.searchsorted((x[1:] + x[:-1]) / 2, unit_cost)
        if self.outage is not None:
            state[np.isinf(unit_cost)] = self.commonest_outage
        return state

    @property
    def commonest_outage(self) -> int:
        """The outage state that stage 0 is in most often; outages seen from outside are taken for it."""
        return self.usable + int(np.argmax(self.initial[self.usable :]))

    # simulation

    def draw(  # noqa: D102
        self, rng: np.random.Generator, size: int, stage: int = 0, previous: NDArray | None = None
    ) -> NDArray:
        if self.process is not None:
            return self.process.draw(rng, size, stage, previous)
        before = np.zeros(size, dtype=np.intp) if previous is None else previous
        return self._next(rng, before, stage, self.kernels[stage])

    def _next(self, rng: np.random.Generator, state: NDArray, key: int, kernel: Floats) -> NDArray:
        """Next states: the rows of cumulative probabilities laid end to end are one ascending table."""
        if key not in self._cumulative:
            rows: Floats = np.minimum(np.cumsum(kernel, axis=1), 1.0)
            rows[:, -1] = 1.0
            self._cumulative[key] = (rows + np.arange(len(rows), dtype=float)[:, None]).ravel()
        at = np.searchsorted(self._cumulative[key], state + rng.random(state.size), side="right")
        return np.minimum(at - state * len(kernel), len(kernel) - 1)

    def _state(self, drawn: NDArray) -> NDArray[np.intp]:
        return drawn if self.process is None else self.process.state(drawn)

    def unit_cost(self, state: NDArray) -> Floats:
        """X [1/bit], inf in an outage."""
        if self.process is None:
            return np.where(state < self.usable, self.unit_costs[state], inf)
        out = self._state(state) >= self.usable
        return np.where(out, inf, self.process.unit_cost_at(np.where(out, self.process.edges[-2], state)))

    def stops(self, state: NDArray, bits: float, threshold: ArrayLike) -> NDArray[np.bool_]:  # noqa: D102
        return self.stops_seeing(self.unit_cost(state), bits, threshold)

    def price(self, state: NDArray, bits: float) -> Floats:
        """What sending costs in each state: o X, or with a drain what it is expected to."""
        x = self.unit_cost(state)
        return bits * x if self.drain is None else self._price(x, bits)

    def _price(self, unit_cost: Floats, bits: float) -> Floats:
        """With a drain, what sending is expected to cost where the unit cost is now x; linear between states."""
        sent = self._sent(np.array([bits]))[: self.usable, 0]
        price = np.interp(unit_cost, self.unit_costs[: self.usable], sent)
        return np.where(np.isinf(unit_cost) & (bits > 0), inf, price)

    def price_grid(self, bits: Floats) -> Floats:  # noqa: D102
        return np.concatenate([np.zeros((1, len(bits))), self._sent(bits)[: self.usable]])

    def wait(  # noqa: D102
        self, rng: np.random.Generator, state: NDArray, bits: float, threshold: ArrayLike
    ) -> tuple[NDArray, Floats | float]:
        if self.outage is None:
            return state, 0.0
        a = np.broadcast_to(np.asarray(threshold, float).reshape(-1, 1), (len(self.unit_costs), 1))
        waits = self.waiting(np.array([bits]), a)[:, 0]
        state, steps = state.copy(), np.zeros(state.size)
        while (at := np.flatnonzero(waits[self._state(state)])).size:
            steps[at] += 1
            if self.process is None:
                state[at] = self._next(rng, state[at], -1, self.outage.step)
            else:
                state[at] = self.process.move(rng, state[at], self.process.step_correlation)
        return state, steps * self.outage.cost

    def survival_grid(self) -> Floats:  # noqa: D102
        return self.unit_costs[: self.usable]

    def gain(self, unit_cost: ArrayLike) -> Floats:  # noqa: D102
        if self._gain_at is None:
            return super().gain(unit_cost)
        return self._gain_at(np.asarray(unit_cost, float))

    @property
    def memoryless(self) -> DiscreteLaw:
        """Independent draws of X, as at stage 0; given that the channel is usable."""
        p = self.initial[: self.usable]
        return DiscreteLaw(self.unit_costs[: self.usable], p / p.sum(), self._gain_at)


class UnboundLaw(DiscreteLaw):
    """The law of one draw from a channel with memory, given that it is usable; `along` the layers it has memory."""

    def __init__(
        self,
        unit_costs: Floats,
        probabilities: Floats,
        gain_at: Callable[[Floats], Floats] | None,
        bind: Callable[[Floats], UnitCostLaw],
    ):
        super().__init__(unit_costs, probabilities, gain_at)
        self._bind = bind

    def along(self, durations_s: Floats) -> UnitCostLaw:  # noqa: D102
        return self._bind(np.asarray(durations_s, float))


# ---------------------------------------------------------------- making them


def gamma_process_law(
    base: UnitCostLaw,
    unit_cost_at: Callable[[Floats], Floats],
    *,
    m: float,
    outage_gain: float,
    states: int,
    correlation: Callable[[Floats], Floats],
    wait: tuple[float, float] | None,
    drain: tuple[float, float] | None = None,
) -> UnboundLaw:
    """A Gamma(m) process of the gain, quantised in `states`, with X as in the law `base` of a usable gain.

    `correlation` gives the power correlation after a time. `wait` is the duration of a step of waiting [s] and its cost,
    for outages that are part of the process; if None, every gain is conditional on being at least `outage_gain`. `drain`
    is a step [s] and the cost of sending for a second, if the bits drain at the rates as they come.
    """
    from scipy.special import gammainccinv

    edges = cells(base, unit_cost_at, (outage_gain, max(float(gammainccinv(m, 1e-18)) / m, 2 * outage_gain)), states)
    explicit = wait is not None and outage_gain > 0
    lower = _equal_cells(m, outage_gain, states) if explicit else np.zeros(int(outage_gain > 0))
    whole = np.concatenate([lower, edges])
    keep = slice(0 if explicit else len(lower), None)  # a cell below the outage gain that is never entered
    x = np.concatenate([[inf], unit_cost_at(edges[1:-1]), [0.0]])
    probability, cost = -np.diff(base.stop_probability(1.0, x)), -np.diff(base.stop_cost(1.0, x))
    usable, out = (cost / probability)[::-1], len(lower) if explicit else 0
    unit_costs = np.append(usable, np.full(out, usable[-1]))
    mass = laguerre_table(whole, m, 1)[keep, 0][::-1]
    initial = mass / mass.sum()

    def transitions(r: float) -> Floats:
        joint = joint_probabilities(whole, m, r)[keep, keep][::-1, ::-1]
        return joint / joint.sum(axis=1, keepdims=True)

    def bind(durations_s: Floats) -> MarkovLaw:
        r = correlation(durations_s)
        step = float(correlation(np.array(wait[0]))) if wait else 0.0
        outage = Outage(len(usable), transitions(step), wait[1]) if wait and out else None
        lowest = 0.0 if wait else outage_gain
        draining = None
        if drain is not None:
            rates_bps = np.append(drain[1] / usable, np.zeros(out))
            draining = Drain.of(
                rates_bps, transitions(float(correlation(np.array(drain[0])))), drain[0], initial, drain[1]
            )
        kernels = {value: transitions(float(value)) for value in np.unique(r)}
        return MarkovLaw(
            unit_costs,
            initial,
            np.stack([kernels[value] for value in r]),
            gain_at=base.gain,
            outage=outage,
            process=GammaProcess(m, r, whole[keep], unit_cost_at, lowest, step),
            drain=draining,
        )

    return UnboundLaw(usable, probability[::-1] / probability.sum(), base.gain, bind)


def _equal_cells(m: float, highest: float, states: int) -> Floats:
    """Lower edges of equally likely cells of gains below `highest`: their share of `states`, but at least 4."""
    from scipy.special import gammainc, gammaincinv

    lost = float(gammainc(m, m * highest))
    count = max(4, ceil(states * lost))
    return np.asarray(gammaincinv(m, np.arange(count) / count * lost) / m, dtype=np.float64)


def chain_law(
    unit_costs: Floats,
    transitions: Floats,
    *,
    step_s: float,
    initial: Floats,
    gain_at: Callable[[Floats], Floats],
    wait_cost_per_s: float | None,
    drain_cost_per_s: float | None = None,
) -> UnboundLaw:
    """A chain given by its transitions over a step: unit costs inf are outages, waited for or, if None, conditioned away.

    With `drain_cost_per_s`, the cost of sending for a second, the bits drain at the rates as they come.
    """
    order = np.argsort(unit_costs, kind="stable")
    x, p, t = unit_costs[order], initial[order], transitions[np.ix_(order, order)]
    usable = int(np.isfinite(x).sum())
    if not p[:usable].sum() > 0:
        raise InputError(
            "initial: the channel is never usable at stage 0; give at least one usable state a probability"
        )
    conditional = wait_cost_per_s is None
    kept = slice(0, usable if conditional else len(x))
    shown = np.where(np.isfinite(x), x, x[usable - 1])[kept]

    def bind(durations_s: Floats) -> MarkovLaw:
        steps = np.where(durations_s > 0, np.maximum(1, np.rint(durations_s / step_s)), 0).astype(np.int64)
        kernels = {int(n): _conditional(np.linalg.matrix_power(t, int(n))[kept, kept]) for n in np.unique(steps)}
        outage = None if wait_cost_per_s is None or usable == len(x) else Outage(usable, t, wait_cost_per_s * step_s)
        start = p[kept] / p[kept].sum()
        drain = None
        if drain_cost_per_s is not None:
            rates_bps, step = drain_cost_per_s / x[kept], _conditional(t[kept, kept])
            drain = Drain.of(rates_bps, step, step_s, start, drain_cost_per_s)
        following = np.stack([kernels[int(n)] for n in steps])
        return MarkovLaw(shown, start, following, gain_at=gain_at, outage=outage, drain=drain)

    return UnboundLaw(x[:usable], p[:usable] / p[:usable].sum(), gain_at, bind)


def _conditional(transitions: Floats) -> Floats:
    """Rows rescaled to sum 1."""
    total = transitions.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise InputError(
            "transitions: a usable state leads to outages only; let the device wait for the end of an outage"
        )
    return transitions / total


def stationary(transitions: Floats) -> Floats:
    """The stationary law of a chain. Raises `InputError` if there are several."""
    size = len(transitions)
    system = np.concatenate([transitions.T - np.eye(size), np.ones((1, size))])
    law, _, rank, _ = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)
    if rank < size:
        raise InputError("initial: the chain has several stationary laws; give the law of the state at stage 0")
    law = np.maximum(law, 0.0)
    return law / law.sum()


def noisy_cost(law: MarkovLaw, bits: Floats, extra: Floats, threshold: Floats, error_db: float) -> float:
    """Expected cost from stage 0 on if the device sees the gain times 10^(e/10), e normal with `error_db`, at each stage.

    The rule must be a threshold on the gain and the channel without waiting. `bits` (M+1,), `extra` (M,), `threshold`
    (M,) or (S, M).
    """
    from scipy.special import ndtr

    if law.waits or not law.is_threshold(bits[:-1], threshold):
        raise InputError("threshold: should be a threshold on the gain, on a channel without explicit outages")
    gain = law.gain(law.unit_costs)
    sent, forced = law._sent(bits), law.initial
    with np.errstate(divide="ignore"):
        least = law.gain(law.largest_stop(bits[:-1], threshold))
        margin_db = 10 * (np.log10(gain)[:, None] - np.log10(least))
    stop = ndtr(margin_db / error_db) if error_db > 0 else (margin_db >= 0).astype(float)
    total, here = 0.0, forced
    for n in range(len(bits)):
        here = here @ law.kernels[n] if n else law.initial
        leave = here * stop[:, n] if n < len(bits) - 1 else here
        total += float(leave @ sent[:, n])
        here = here - leave
        total += float(here.sum() * extra[n]) if n < len(bits) - 1 else 0.0
    return total
