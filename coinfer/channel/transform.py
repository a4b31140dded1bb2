"""The Laplace transform of the time to send on a Markov chain (R19), also where moves are fast or rates differ greatly.

The chain moves with the bits sent, outages eliminated: A; at an argument theta of the transform there comes E, what time is
worth. Row sums of e^{z(A+E)} are wanted where z A may be of norm 1e13 and more, so that rounding its rows' sums, which are 0,
would be all that is left of the answer. So e^{zA}, which is stochastic, and what E changes about it are doubled apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.generator import check_outages, checked_generator
from coinfer.channel.law import Floats
from coinfer.validation import InputError, brief

STEP = 2.0**-4  # norm of A + E over a base step
TERMS = 6  # of the exponential series there
TINY = 1e-150  # taken for 0: products of what is smaller are subnormal, and take a hundred times as long
CHUNK = 1 << 16  # numbers in a stack of matrices that are handled together: what fits a cache
SLOWEST = 1e-100  # rate, of the highest one: far from where chances of moving are taken for 0
LEAST_ATOM = 1e-12  # what is less likely is left to the transform: it would be a difference of rounding errors
FLOOR = 2.0**-14  # of the shortest sending time: below it the distribution of the excess time is taken as linear
NEGLIGIBLE = 1e-5  # probability that is not worth a window of its own
REACH = 12.0  # of an argument of the transform, times the shortest window that it serves
CLEAR = 1e-13, 1e13  # between which row sums stand clear of rounding
PATIENCE = 3  # doublings of the argument that may bring no later start


@dataclass(frozen=True, eq=False)
class Transform:
    """A checked chain, states that can send and outages apart.

    >>> chain = Transform.of(np.array([[-1.0, 1.0], [4.0, -4.0]]), np.array([1.0, 0.0]))  # on-off
    >>> chain.at(np.array([3.0]), np.array([2.0]), chain.fastest).round(6)  # e^-{2 (1 - 4/(4+3))}, and times 4/(4+3)
    array([[[0.424373],
            [0.242499]]])
    """

    q: Floats  # (S, S) [1/s]
    usable: NDArray[np.intp]  # which states can send
    outage: NDArray[np.intp]
    slowness: Floats  # (usable,) [s/bit]

    @classmethod
    def of(cls, generator: ArrayLike, rates_bps: Floats) -> "Transform":
        """Check what is given. Raises `InputError`."""
        if not np.any(rates_bps > 0):
            raise InputError(f"rates_bps = {brief(rates_bps.tolist())}: should not be 0 in every state")
        if rates_bps[rates_bps > 0].min() < SLOWEST * rates_bps.max():
            least = brief(float(rates_bps[rates_bps > 0].min()))
            raise InputError(f"rates_bps = {least}: should be 0 or at least {SLOWEST:g} of the highest rate")
        q = checked_generator(generator, len(rates_bps))
        check_outages(q, rates_bps > 0)
        usable = np.flatnonzero(rates_bps > 0)
        return cls(q, usable, np.flatnonzero(rates_bps == 0), 1 / rates_bps[usable])

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
        moves = self.block(self.usable, self.usable) * self.slowness[:, None]
        staying = _generator(np.where(equal, moves, 0.0))
        leaving = np.diag(np.diag(moves) - np.diag(staying))
        atoms = np.zeros((len(self.q), len(bits)))
        atoms[self.usable] = exponential_sums(staying, leaving[None], bits)[0]
        atoms[atoms < LEAST_ATOM] = 0.0
        atoms[:, bits == 0] = 1.0
        return atoms

    def at(self, theta: NDArray, bits: Floats, pace: float) -> NDArray:
        """E[e^{-theta (T - pace o_n)}] of the time T to send o_n `bits` (n,), `pace` [s/bit]; (K, S, n) (R19)."""
        u, o, at = self.usable, self.outage, theta[:, None, None]
        inside, wait = -self.block(o, o), self.block(u, o)
        leads = np.linalg.solve(inside, self.block(o, u)) if o.size else np.zeros((0, u.size))
        leads = leads / leads.sum(axis=1, keepdims=True)
        later = np.linalg.solve(at * np.eye(o.size) + inside, np.broadcast_to(leads, (theta.size, *leads.shape)))
        moves = _generator((self.block(u, u) + wait @ leads) * self.slowness[:, None])
        worth = -at * (wait @ later * self.slowness[:, None] + np.diag(self.slowness - pace))
        sent = exponential_sums(moves, worth, bits)
        found = np.empty((theta.size, len(self.q), bits.size), sent.dtype)
        found[:, u], found[:, o] = sent, (leads - at * later) @ sent
        return found

    def starts(self, bits: Floats) -> tuple[Floats, Floats]:
        """Before when next to nothing is sent, from any state, and the shortest window from there [s]; (n,) each.

        P(T < t) is at most e^{theta t} E[e^{-theta T}], whatever theta. Where that bound gains less than a window over the
        shortest sending time, it is that time, and the window 0: all there can be windows of any length.
        """
        shortest, largest = bits * self.fastest, int(np.argmax(bits))
        bounds, starts, windows = shortest.copy(), shortest.copy(), np.zeros(bits.size)
        theta, idle = 1 / shortest.max(), 0
        while np.any(self.at(np.array([theta]), bits, self.fastest)[0, self.usable] < 1 / np.e):
            theta /= 4
        while idle < PATIENCE or theta * shortest.min() < REACH / FLOOR:
            pace = float(bounds[largest] / bits[largest])  # near what is looked for, or the sums were too small to tell
            with np.errstate(over="ignore", invalid="ignore"):
                sums = self.at(np.array([theta]), bits, pace)[0, self.usable].max(axis=0)
            clear = (sums > CLEAR[0]) & (sums < CLEAR[1])
            found = pace * bits + np.log(NEGLIGIBLE / np.where(clear, sums, 1.0)) / theta
            later = clear & (found > bounds)
            bounds = np.where(later, found, bounds)
            far = later & (theta * (found - shortest) > REACH)
            starts, windows = np.where(far, found, starts), np.where(far, REACH / theta, windows)
            idle = 0 if later.any() else idle + 1
            theta *= 2
        return starts, windows


def _generator(moves: Floats) -> Floats:
    """The same moves with rows of sum 0."""
    away = np.where(np.eye(len(moves), dtype=bool), 0.0, moves)
    return away - np.diag(away.sum(axis=1))


def exponential_sums(generator: Floats, changes: NDArray, lengths: Floats) -> NDArray:
    """Row sums (B, S, L) of e^{z (A + E)}, for a generator A (S, S), E of `changes` (B, S, S), z of `lengths` (L,) (R19).

    P = e^{zA} keeps row sums of 1, and D = e^{z(A+E)} - P is doubled beside it: D' = (P + D) D + D P. So the error is in
    proportion to what E does, and not to A. One doubling serves every length: those are written in binary.

    >>> fast = np.array([[-1e15, 1e15], [1e15, -1e15]])
    >>> exponential_sums(fast, np.diag([-2.0, -4.0])[None], np.array([1.0])).round(9)[0, 0, 0] == np.exp(-3).round(9)
    np.True_
    """
    size = max(1, CHUNK // changes.shape[-1] ** 2)
    parts = [_exponential_sums(generator, changes[k : k + size], lengths) for k in range(0, len(changes), size)]
    return np.concatenate(parts)


def _exponential_sums(generator: Floats, changes: NDArray, lengths: Floats) -> NDArray:
    """Of those that fit a cache together."""
    longest = float(lengths.max())
    norm = float(np.abs(generator + changes).sum(axis=-1).max() + np.abs(generator).sum(axis=-1).max()) * longest
    doublings = max(0, int(np.ceil(np.log2(norm / STEP)))) if norm > 0 else 0
    unit = longest / 2.0**doublings or 1.0
    a, e = generator * unit, changes * unit
    count = np.floor(lengths / unit)
    rest = lengths / unit - count
    sums = term = np.ones((*changes.shape[:2], len(lengths)), changes.dtype)
    for k in range(1, TERMS):  # the part of a unit
        term = ((a + e) @ term) * (rest / k)
        sums = sums + term
    plain, changed = _base(a, e)
    for binary in range(doublings + 1):
        chosen = np.floor(count / 2.0**binary) % 2 == 1
        if chosen.any():
            sums[..., chosen] = plain @ sums[..., chosen] + changed @ sums[..., chosen]
        if binary < doublings:
            changed = _flushed((plain + changed) @ changed + changed @ plain)
            plain = _flushed(plain @ plain)
            plain = plain / plain.sum(axis=-1, keepdims=True)
    return sums


def _base(a: Floats, e: NDArray) -> tuple[Floats, NDArray]:
    """e^A (S, S) of row sums 1, and e^{A+E} - e^A (B, S, S), for small A and E."""
    rate = float(-np.diag(a).min())
    jump = a + rate * np.eye(len(a))  # e^A = e^-rate e^jump, where nothing is subtracted
    power = plain = np.eye(len(a))
    term = changed = np.zeros_like(e)
    smooth = np.eye(len(a))
    for k in range(1, TERMS + 2):
        term = ((a + e) @ term + e @ power) / k
        power = a @ power / k
        smooth = jump @ smooth / k
        changed, plain = changed + term, plain + smooth
    return plain / plain.sum(axis=1, keepdims=True), changed


def _flushed(numbers: NDArray) -> NDArray:
    """The same without what is too small."""
    parts = numbers.view(float)
    parts[np.abs(parts) < TINY] = 0.0
    return numbers
