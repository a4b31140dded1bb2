"""The law of the time of an inference on a Markov channel: its distribution function and its quantiles.

The time to send b bits has a known Laplace transform (R19): bits are the clock, and outages are eliminated at every
argument theta. It is inverted by a Fourier series with a smooth end. Two things that
such a series cannot draw are kept out of it: the atoms, where the rate never changes while sending, are added exactly;
and the time is counted from the earliest possible end, b / max rate, so that what is short against the sending time
itself, such as one short outage, is resolved as well as what is long. The series is made for windows of that excess
time, each twice as long as the one before, and only for the windows in which somebody asks.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.generator import check_outages, checked_generator
from coinfer.channel.law import Floats
from coinfer.validation import InputError, brief, whole

Complexes = NDArray[np.complexfloating]

DAMPING = 12.0  # of a series over its period: aliasing adds at most e^-12 = 6e-6 to a probability
FLOOR = 2.0**-14  # of the shortest sending time: below it the distribution of the excess time is taken as linear
NEGLIGIBLE = 1e-5  # probability that is not worth a window of its own
TINY = 1e-100  # taken for 0: products of what is smaller are subnormal, and take a hundred times as long
CHUNK = 1 << 16  # numbers in a stack of matrices that are handled together: what fits a cache
LAST_LEVEL = 0.9999  # beyond it a quantile would rest on the error of the inversion
BISECTIONS = 52  # of a bracket: to the last digit of a float


class SendingTimes:
    """The time to send each of some sizes on a Markov chain, and of inferences that send one of them (R19, R23).

    `generator` (S, S) [1/s] has rows that sum to 0, `rates_bps` (S,) are 0 in outages, from which the chain must find
    back; `bits` (N+1,) are the sizes o_n. What takes long is done once for all plans, stop probabilities and offsets.
    `nodes` is the number of terms of the inversion. With 256 a probability is right to about 1e-3 (to 2e-5 if only one
    rate is not 0), except where short visits elsewhere leave what is nearly an atom: there it is the right one for a time
    that differs, by 10/`nodes` of the excess over the shortest time at most, by 0.5 % on random chains. 64 are enough
    for the many states of a diffusion, whose time has no kinks. Raises `InputError`.

    >>> link = SendingTimes([[-1.0, 1.0], [4.0, -4.0]], rates_bps=[1e6, 0.0], bits=[1e6, 0.0])  # on-off
    >>> stops = [[0.6, 0.3], [0.0, 0.1]]  # while on: at once in 60 %, after the layer in 30 %
    >>> link.quantiles(stops, offsets_s=[0.0, 0.5], levels=[0.5, 0.95]).round(3)
    array([1.   , 1.794])
    >>> link.distribution([0.4, 0.5, 1.0], stops, offsets_s=[0.0, 0.5]).round(4)
    array([0.    , 0.4   , 0.6207])
    """

    def __init__(self, generator: ArrayLike, rates_bps: ArrayLike, bits: ArrayLike, nodes: int = 256) -> None:
        self.bits = _nonnegative("bits", bits)
        self.nodes = whole("nodes", nodes, 16)
        self._chain = _Chain.of(generator, rates_bps)
        self._atoms = self._chain.atoms(self.bits)
        self._windows: dict[int, _Series] = {}

    def distribution(self, times_s: ArrayLike, probabilities: ArrayLike, offsets_s: ArrayLike) -> Floats:
        """P(T <= t) of an inference's time T, for every t of `times_s` (...,) [s].

        `probabilities` (S, N+1) say in which state and after how many layers it stops, `offsets_s` (N+1,) [s] how long
        it computes, on the device and at the edge, if it stops there. Raises `InputError`.
        """
        t = np.asarray(times_s, float)
        return self._mixture(probabilities, offsets_s)(t.ravel()).reshape(t.shape)

    def quantiles(
        self, probabilities: ArrayLike, offsets_s: ArrayLike, levels: ArrayLike = (0.5, 0.95, 0.99)
    ) -> Floats:
        """The least t [s] with P(T <= t) >= level, for every one of `levels` (L,) in ]0, 0.9999]; (L,).

        The other arguments are those of `distribution`. A quantile at an atom is the atom. Raises `InputError`.
        """
        level = _nonnegative("levels", levels)
        if np.any(level <= 0) or np.any(level > LAST_LEVEL):
            raise InputError(f"levels = {brief(level.tolist())}: should be above 0 and at most {LAST_LEVEL}")
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

    def _series(self, j: int) -> "_Series":
        """The series of the excess time up to 2^j s."""
        if j not in self._windows:
            self._windows[j] = _window_series(self._chain, self.bits, self._atoms, 2.0**j, self.nodes)
        return self._windows[j]


@dataclass(frozen=True, eq=False)
class _Chain:
    """A checked chain, states that can send and outages apart."""

    q: Floats  # (S, S) [1/s]
    usable: NDArray[np.intp]  # which states can send
    outage: NDArray[np.intp]
    slowness: Floats  # (usable,) [s/bit]

    @classmethod
    def of(cls, generator: ArrayLike, rates_bps: ArrayLike) -> "_Chain":
        """Check what is given."""
        rates = _nonnegative("rates_bps", rates_bps)
        if not np.any(rates > 0):
            raise InputError(f"rates_bps = {brief(rates.tolist())}: should not be 0 in every state")
        q = checked_generator(generator, len(rates))
        check_outages(q, rates > 0)
        usable = np.flatnonzero(rates > 0)
        return cls(q, usable, np.flatnonzero(rates == 0), 1 / rates[usable])

    @property
    def fastest(self) -> float:
        """Seconds of a bit at the highest rate."""
        return float(self.slowness.min())

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """The jumps from some states to others."""
        return self.q[np.ix_(rows, columns)]

    def atoms(self, bits: Floats) -> Floats:
        """P(the rate stays what it is until all is sent), from every state; 1 if there is nothing to send; (S, N+1)."""
        equal = self.slowness[:, None] == self.slowness
        staying = np.where(equal, self.block(self.usable, self.usable), 0.0) * self.slowness[:, None]
        atoms = np.zeros((len(self.q), len(bits)))
        atoms[self.usable] = _exponential_sums(staying[None], bits)[0]
        atoms[:, bits == 0] = 1.0
        return atoms

    def transform(self, theta: Complexes, bits: Floats) -> Complexes:
        """E[e^{-theta excess}], the excess being the sending time less the shortest one; (K, S, N+1) (R19)."""
        u, o, at = self.usable, self.outage, theta[:, None, None]
        ends = np.broadcast_to(self.block(o, u), (len(theta), len(o), len(u)))
        back = np.linalg.solve(at * np.eye(len(o)) - self.block(o, o), ends)
        jumps = (self.block(u, u) + self.block(u, o) @ back) * self.slowness[:, None]
        sent = _exponential_sums(jumps - at * np.diag(self.slowness - self.fastest), bits)
        transform = np.empty((len(theta), len(self.q), len(bits)), complex)
        transform[:, u], transform[:, o] = sent, back @ sent
        return transform


@dataclass(frozen=True, eq=False)
class _Series:
    """Re sum_k c_k e^{theta_k x}: how likely the excess time is at most x and no atom, x in the upper half of a window.

    It is the inversion of a Laplace transform by a Fourier series, whose period is twice the window (R19).
    """

    theta: Complexes  # (K+1,) [1/s]
    coefficients: Complexes  # (K+1, S, N+1)


def _window_series(chain: _Chain, bits: Floats, atoms: Floats, longest_s: float, nodes: int) -> _Series:
    """The series of a window of the excess time up to `longest_s`; `atoms` (S, N+1) are left out."""
    theta = (DAMPING / 2 + 1j * np.pi * np.arange(nodes + 1)) / longest_s
    size = max(1, CHUNK // len(chain.usable) ** 2)
    transform = np.concatenate([chain.transform(theta[k : k + size], bits) for k in range(0, len(theta), size)])
    excess = np.multiply.outer(chain.slowness - chain.fastest, bits)
    transform[:, chain.usable] -= np.exp(-theta[:, None, None] * excess) * atoms[chain.usable]
    weight = _smooth_end(nodes) / (longest_s * theta)
    return _Series(theta, transform * weight[:, None, None])


def _smooth_end(nodes: int) -> Floats:
    """Weights (K+1,) of the terms of a Fourier series: so flat at first, and so smooth a fall, that nothing rings far."""
    weights = np.exp(-12.0 * np.linspace(0.0, 1.0, nodes + 1) ** 4)
    weights[0] = 0.5
    return weights


def _exponential_sums(matrices: NDArray, lengths: Floats) -> NDArray:
    """Row sums of e^{z A}, for every A of `matrices` (B, S, S) and z of `lengths` (L,); (B, S, L).

    No A may have a positive logarithmic norm. One scaling and squaring serves every length: those are written in binary.
    """
    norm = float(np.abs(matrices).sum(axis=-1).max(initial=0.0) * lengths.max())
    doublings = max(0, int(np.ceil(np.log2(16 * norm)))) if norm > 0 else 0
    unit = float(lengths.max()) / 2**doublings or 1.0
    x = matrices * unit
    count = np.floor(lengths / unit)
    rest, count = lengths / unit - count, count.astype(np.int64)
    sums = term = np.ones((*matrices.shape[:2], len(lengths)), matrices.dtype)
    for k in range(1, 5):  # the part of a unit; the norm of x is at most 1/16
        term = (x @ term) * (rest / k)
        sums = sums + term
    square, one = x @ x, np.eye(x.shape[-1])
    power = one + x + square @ (one / 2 + x / 6 + square / 24)
    for binary in range(doublings + 1):
        chosen = (count >> binary) % 2 == 1
        if chosen.any():
            sums[..., chosen] = power @ sums[..., chosen]
        if binary < doublings:
            power = power @ power
            parts = power.view(float)
            parts[np.abs(parts) < TINY] = 0.0
    return sums


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
        order = np.argsort(at[kept], kind="stable")
        self._atoms_s = at[kept][order]
        self._cumulated = np.append(0.0, np.cumsum(mass[kept][order]))
        self._stages = np.flatnonzero((bits > 0) & (probabilities.sum(axis=0) > 0))
        fastest_s = (bits * chain.fastest)[self._stages]
        self._starts_s = offsets_s[self._stages] + fastest_s
        self._rest = (probabilities - mass).sum(axis=0)[self._stages]
        self._lowest = int(np.ceil(np.log2(FLOOR * fastest_s.min()))) if len(self._stages) else 0
        self._silent_s = np.zeros(len(self._stages))  # excess times up to which next to nothing has ended
        self._series: dict[int, tuple[Complexes, Complexes]] = {}

    @cached_property
    def span_s(self) -> tuple[float, float]:
        """The earliest possible time, and the last start of a stage or last atom [s]."""
        marks = np.append(self._atoms_s, self._starts_s)
        return float(marks.min()), float(marks.max())

    def __call__(self, t: Floats) -> Floats:
        total = self._cumulated[np.searchsorted(self._atoms_s, t, side="right")]
        excess = t[:, None] - self._starts_s
        late = excess > self._silent_s
        values = np.zeros(excess.shape)
        values[late] = self._smooth(excess[late], np.nonzero(late)[1])
        return total + np.clip(values, 0.0, self._rest).sum(axis=1)

    def _smooth(self, excess: Floats, stage: NDArray[np.intp]) -> Floats:
        """What is no atom, for pairs of an excess time [s] and a stage; (pairs,)."""
        values = np.empty(len(excess))
        at = np.maximum(excess, 2.0**self._lowest)
        window = np.ceil(np.log2(at)).astype(int)
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
            silent = (np.exp(shortest_s * series.theta) @ c).real < NEGLIGIBLE
            self._silent_s = np.where(silent, np.maximum(self._silent_s, shortest_s), self._silent_s)
            self._series[j] = series.theta, c
        return self._series[j]

    def atom_within(self, low: Floats, high: Floats) -> Floats:
        """The last atom in ]low, high], or `high` if there is none; (L,)."""
        if not len(self._atoms_s):
            return high
        atom = self._atoms_s[np.searchsorted(self._atoms_s, high, side="right") - 1]
        return np.where((atom > low) & (atom <= high), atom, high)


def _nonnegative(field: str, values: ArrayLike, axes: int = 1) -> Floats:
    """Finite numbers of at least 0, in one row or a table of them."""
    numbers = np.array(values, float)
    if numbers.ndim != axes or not numbers.size or not np.all(np.isfinite(numbers)) or np.any(numbers < 0):
        shape = "a row" if axes == 1 else "a table"
        raise InputError(f"{field} = {brief(numbers.tolist())}: should be {shape} of finite numbers of at least 0")
    return numbers
