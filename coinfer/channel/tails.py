"""The law of the time of an inference on a Markov channel: its distribution function and its quantiles.

The time to send b bits has a known Laplace transform (R19): bits are the clock, and outages are eliminated at every
argument theta. It is inverted by a Fourier series with a smooth end. Two things that
such a series cannot draw are kept out of it: the atoms, where the rate never changes while sending, are added exactly;
and the time is counted from when the first inferences end, so that what is short against the sending time itself, such as
one short outage or what is left of fading that averages out, is resolved as well as what is long. The series is made for
windows of that excess time, each twice as long as the one before, and only for the windows in which somebody asks.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, as_floats
from coinfer.channel.transform import FLOOR, NEGLIGIBLE, Transform
from coinfer.validation import InputError, brief, whole

Complexes = NDArray[np.complexfloating]

DAMPING = 12.0  # of a series over its period: aliasing adds at most e^-12 = 6e-6 to a probability
TINY = 1e-9  # of a rate, between which no two are told apart
LAST_LEVEL = 0.9999  # beyond it a quantile would rest on the error of the inversion
BISECTIONS = 52  # of a bracket: to the last digit of a float


class SendingTimes:
    """The time to send each of some sizes on a Markov chain, and of inferences that send one of them (R19, R23).

    `generator` (S, S) [1/s] has rows that sum to 0, `rates_bps` (S,) are 0 in outages, from which the chain must find
    back; `bits` (N+1,) are the sizes o_n. What takes long is done once for all plans, stop probabilities and offsets.
    `nodes` is the number of terms of the inversion. With 256 a probability is right to about 1e-3 (to 2e-5 if only one
    rate is not 0), except where short visits elsewhere leave what is nearly an atom: there it is the right one for a time
    that differs, by 10/`nodes` of the excess over the shortest time at most, by 0.5 % on random chains. 64 are enough
    for the many states of a diffusion, whose time has no kinks. With `edges_bps` (S-1,) the states are cells of a
    diffusion between these rates, in ascending order: what would be an atom is spread accordingly. Raises `InputError`.

    >>> link = SendingTimes([[-1.0, 1.0], [4.0, -4.0]], rates_bps=[1e6, 0.0], bits=[1e6, 0.0])  # on-off
    >>> stops = [[0.6, 0.3], [0.0, 0.1]]  # while on: at once in 60 %, after the layer in 30 %
    >>> link.quantiles(stops, offsets_s=[0.0, 0.5], levels=[0.5, 0.95]).round(3)
    array([1.   , 1.794])
    >>> link.distribution([0.4, 0.5, 1.0], stops, offsets_s=[0.0, 0.5]).round(4)
    array([0.    , 0.4   , 0.6207])
    """

    def __init__(
        self,
        generator: ArrayLike,
        rates_bps: ArrayLike,
        bits: ArrayLike,
        nodes: int = 256,
        *,
        edges_bps: Floats | None = None,
    ) -> None:
        self.bits = _nonnegative("bits", bits)
        self.nodes = whole("nodes", nodes, 16)
        self._chain = Transform.of(generator, _nonnegative("rates_bps", rates_bps))
        self._atoms = self._chain.atoms(self.bits)
        self._starts_s, self._lowest = self._found_starts()
        self._cells = None if edges_bps is None else _Cells.of(self._chain, edges_bps)
        self._windows: dict[int, _Series] = {}

    def distribution(self, times_s: ArrayLike, probabilities: ArrayLike, offsets_s: ArrayLike) -> Floats:
        """P(T <= t) of an inference's time T, for every t of `times_s` (...,) [s]: never falling, from 0 to 1.

        `probabilities` (S, N+1) say in which state and after how many layers it stops, `offsets_s` (N+1,) [s] how long
        it computes, on the device and at the edge, if it stops there. Raises `InputError`.
        """
        t = checked_times("times_s", times_s)
        mixture, finite = self._mixture(probabilities, offsets_s), t < np.inf
        found, order = mixture(t[finite]), np.argsort(t[finite], kind="stable")
        found[order] = np.clip(np.maximum.accumulate(found[order]), 0.0, 1.0)
        probability = np.ones(t.shape)
        probability[finite] = found
        return probability

    def quantiles(
        self, probabilities: ArrayLike, offsets_s: ArrayLike, levels: ArrayLike = (0.5, 0.95, 0.99)
    ) -> Floats:
        """The least t [s] with P(T <= t) >= level, for every one of `levels` (L,) in ]0, 0.9999]; (L,).

        The other arguments are those of `distribution`. A quantile at an atom is the atom. Raises `InputError`.
        """
        level = checked_levels(levels)
        mixture = self._mixture(probabilities, offsets_s)
        first, last = mixture.span_s
        low, high = np.full(level.shape, np.nextafter(first, -np.inf)), np.full(level.shape, last)
        step = float(self.bits.max()) * self._chain.fastest
        while np.any(short := mixture(high) < level):
            low, high, step = np.where(short, high, low), np.where(short, high + step, high), 2 * step
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            reached = mixture(middle) >= level
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        return mixture.atom_within(low, high)

    def _mixture(self, probabilities: ArrayLike, offsets_s: ArrayLike) -> "_Mixture":
        """The time of an inference: an offset, and a sending time from the state in which it stops."""
        shape = self._atoms.shape
        p, offsets = _nonnegative("probabilities", probabilities, 2), _nonnegative("offsets_s", offsets_s)
        if p.shape != shape or abs(p.sum() - 1) > 1e-6:
            what = f"{brief(p.tolist())} with sum {p.sum():.9g}"
            raise InputError(f"probabilities = {what}: should be {shape[0]} rows of {shape[1]} with sum 1")
        if offsets.shape != shape[1:]:
            raise InputError(f"offsets_s = {brief(offsets.tolist())}: should be {shape[1]} numbers, as bits has")
        return _Mixture(self, p, offsets)

    def _found_starts(self) -> tuple[Floats, NDArray[np.intp]]:
        """From when on excess time is counted [s], and the exponent of its shortest window, for each size; (N+1,) each."""
        starts_s, lowest, sent = np.zeros(self.bits.size), np.zeros(self.bits.size, np.intp), self.bits > 0
        if sent.any():
            starts_s[sent], windows_s = self._chain.starts(self.bits[sent])
            least_s = FLOOR * self._chain.fastest * float(self.bits[sent].min())
            lowest[sent] = np.ceil(np.log2(np.where(windows_s > 0, windows_s, least_s)))
        return starts_s, lowest

    def _series(self, j: int) -> "_Series":
        """The series of the excess time up to 2^j s, for sizes with so short a window."""
        if j not in self._windows:
            c = np.zeros((self.nodes + 1, *self._atoms.shape), complex)
            n = np.flatnonzero((self.bits > 0) & (self._lowest <= j))
            theta, c[:, :, n] = _window_series(
                self._chain, self.bits[n], self._starts_s[n], self._atoms[:, n], 2.0**j, self.nodes
            )
            self._windows[j] = _Series(theta, c)
        return self._windows[j]


@dataclass(frozen=True, eq=False)
class _Series:
    """Re sum_k c_k e^{theta_k x}: how likely the excess time is at most x and no atom, x in the upper half of a window.

    It is the inversion of a Laplace transform by a Fourier series, whose period is twice the window (R19).
    """

    theta: Complexes  # (K+1,) [1/s]
    coefficients: Complexes  # (K+1, S, N+1)


def _window_series(
    chain: Transform, bits: Floats, starts_s: Floats, atoms: Floats, longest_s: float, nodes: int
) -> tuple[Complexes, Complexes]:
    """Arguments and coefficients for a window of the excess time up to `longest_s`; `atoms` (S, n) are left out."""
    theta = (DAMPING / 2 + 1j * np.pi * np.arange(nodes + 1)) / longest_s
    at, pace = theta[:, None, None], float(starts_s[np.argmax(bits)] / bits.max())
    found = chain.at(theta, bits, pace) * np.exp(at * (starts_s - pace * bits))
    with np.errstate(divide="ignore"):
        logs = np.log(atoms[chain.usable])
    late = np.multiply.outer(chain.slowness, bits) - starts_s
    found[:, chain.usable] -= np.exp(np.where(np.isfinite(logs), logs - at * late, -np.inf))
    return theta, found * (_smooth_end(nodes) / (longest_s * theta))[:, None, None]


def _smooth_end(nodes: int) -> Floats:
    """Weights (K+1,) of the terms of a Fourier series: so flat at first, and so smooth a fall, that nothing rings far."""
    weights = np.exp(-12.0 * np.linspace(0.0, 1.0, nodes + 1) ** 4)
    weights[0] = 0.5
    return weights


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rates in an interval, less than x with probability ((x - lowest) / (highest - lowest))^power, the mean being given."""

    lowest_bps: Floats  # (S,)
    highest_bps: Floats  # (S,)
    power: Floats  # (S,) 1: equally likely

    @classmethod
    def of(cls, chain: Transform, edges_bps: Floats) -> "_Cells":
        """Of the states of a diffusion, between rates (S-1,) in ascending order, 0, and what is as far beyond as below."""
        rates = np.zeros(len(chain.q))
        rates[chain.usable] = 1 / chain.slowness
        order = np.argsort(rates)
        ends = np.concatenate([[0.0], edges_bps, [rates.max() ** 2 / edges_bps[-1]]])
        low, high, width = np.empty_like(rates), np.empty_like(rates), np.maximum(np.diff(ends), TINY * ends[-1])
        low[order], high[order] = ends[:-1], ends[:-1] + width
        power = np.maximum(rates - low, TINY * high) / np.maximum(high - rates, TINY * high)
        return cls(low, high, power)

    def spread(self, mass: Floats, bits: Floats, offsets_s: Floats) -> "_Spread":
        """The times of sending `bits` (N+1,) at rates in these cells, `mass` (S, N+1) of each."""
        s, n = np.nonzero((mass > 0) & (bits > 0))
        return _Spread(mass[s, n], self.lowest_bps[s], self.highest_bps[s], self.power[s], bits[n], offsets_s[n])


@dataclass(frozen=True, eq=False)
class _Spread:
    """Called with times (L,) [s] it gives P(T <= t), (L,): of K cells and sizes."""

    mass: Floats  # (K,)
    lowest_bps: Floats
    highest_bps: Floats
    power: Floats
    bits: Floats
    offsets_s: Floats

    @property
    def first_s(self) -> Floats:
        """The earliest time of each (K,) [s]."""
        return self.offsets_s + self.bits / self.highest_bps

    def __call__(self, t: Floats) -> Floats:
        needed_bps = self.bits / np.maximum(t[:, None] - self.offsets_s, self.bits / self.highest_bps)
        share = (needed_bps - self.lowest_bps) / (self.highest_bps - self.lowest_bps)
        return (1 - np.clip(share, 0.0, 1.0) ** self.power) @ self.mass


class _Mixture:
    """The distribution function of the time of an inference: atoms, and for each stage a smooth rest.

    Called with times (L,) [s] it gives P(T <= t), (L,).
    """

    def __init__(self, times: SendingTimes, probabilities: Floats, offsets_s: Floats) -> None:
        self._times, self._p = times, probabilities
        chain, bits = times._chain, times.bits
        slowness = np.zeros(len(chain.q))
        slowness[chain.usable] = chain.slowness
        mass = probabilities * times._atoms
        at, kept = offsets_s + np.multiply.outer(slowness, bits), mass > 0
        self._spread = None
        if times._cells is not None:
            kept &= bits == 0
            self._spread = times._cells.spread(mass, bits, offsets_s)
        order = np.argsort(at[kept], kind="stable")
        self._atoms_s = at[kept][order]
        self._cumulated = np.append(0.0, np.cumsum(mass[kept][order]))
        self._stages = np.flatnonzero((bits > 0) & (probabilities.sum(axis=0) > 0))
        self._starts_s = (offsets_s + times._starts_s)[self._stages]
        self._rest = (probabilities - mass).sum(axis=0)[self._stages]
        self._lowest = times._lowest[self._stages]
        at_once = times._starts_s == bits * chain.fastest  # else it rises as slowly as the shortest window can draw
        self._linear_s = np.where(at_once[self._stages], 2.0 ** self._lowest.astype(float), 0.0)
        self._silent_s = np.zeros(len(self._stages))  # excess times up to which next to nothing has ended
        self._series: dict[int, tuple[Complexes, Complexes]] = {}

    @cached_property
    def span_s(self) -> tuple[float, float]:
        """The earliest possible time, and the last start of a stage or last atom [s]."""
        marks = np.concatenate([self._atoms_s, self._starts_s, [] if self._spread is None else self._spread.first_s])
        return float(marks.min()), float(marks.max())

    def __call__(self, t: Floats) -> Floats:
        total = self._cumulated[np.searchsorted(self._atoms_s, t, side="right")]
        if self._spread is not None:
            total = total + self._spread(t)
        excess = t[:, None] - self._starts_s
        late = excess > self._silent_s
        values = np.zeros(excess.shape)
        values[late] = self._smooth(excess[late], np.nonzero(late)[1])
        return total + np.clip(values, 0.0, self._rest).sum(axis=1)

    def _smooth(self, excess: Floats, stage: NDArray[np.intp]) -> Floats:
        """What is no atom, for pairs of an excess time [s] and a stage; (pairs,)."""
        values = np.empty(len(excess))
        at = np.maximum(excess, self._linear_s[stage])
        window = np.ceil(np.log2(np.maximum(at, 2.0 ** self._lowest[stage].astype(float)))).astype(int)
        for j in np.unique(window):
            here = window == j
            theta, c = self._of_window(int(j))
            values[here] = np.einsum("pk,kp->p", np.exp(np.outer(at[here], theta)), c[:, stage[here]]).real
        return values * (excess / at)

    def _of_window(self, j: int) -> tuple[Complexes, Complexes]:
        """Arguments (K+1,) and this inference's coefficients (K+1, stages) of the series of a window."""
        if j not in self._series:
            series, n = self._times._series(j), self._stages
            c = np.einsum("ksn,sn->kn", series.coefficients[:, :, n], self._p[:, n])
            shortest_s = 2.0 ** (j - 1)
            silent = ((np.exp(shortest_s * series.theta) @ c).real < NEGLIGIBLE) & (self._lowest <= j)
            self._silent_s = np.where(silent, np.maximum(self._silent_s, shortest_s), self._silent_s)
            self._series[j] = series.theta, c
        return self._series[j]

    def atom_within(self, low: Floats, high: Floats) -> Floats:
        """The last atom in ]low, high], or `high` if there is none; (L,)."""
        if not len(self._atoms_s):
            return high
        atom = self._atoms_s[np.searchsorted(self._atoms_s, high, side="right") - 1]
        return np.where((atom > low) & (atom <= high), atom, high)


def checked_times(field: str, values: ArrayLike) -> Floats:
    """Times [s] of any shape, inf allowed. Raises `InputError`."""
    times = as_floats(field, values)
    if np.any(np.isnan(times)):
        raise InputError(f"{field} = {brief(times.tolist())}: should be numbers of seconds")
    return times


def checked_levels(values: ArrayLike) -> Floats:
    """Probabilities (L,) whose quantiles can be told. Raises `InputError`."""
    levels = _nonnegative("levels", values)
    if np.any(levels <= 0) or np.any(levels > LAST_LEVEL):
        raise InputError(f"levels = {brief(levels.tolist())}: should be above 0 and at most {LAST_LEVEL}")
    return levels


def _nonnegative(field: str, values: ArrayLike, axes: int = 1) -> Floats:
    """Finite numbers of at least 0, in one row or a table of them."""
    numbers = as_floats(field, values)
    if numbers.ndim != axes or not numbers.size or not np.all(np.isfinite(numbers)) or np.any(numbers < 0):
        shape = "a row" if axes == 1 else "a table"
        raise InputError(f"{field} = {brief(numbers.tolist())}: should be {shape} of finite numbers of at least 0")
    return numbers
