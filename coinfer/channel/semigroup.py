"""The semigroup e^{A z} of a chain's generator A, whose clock z is time, or the bits sent.

Two ways to the same: `Doubling`, for any generator, and `Spectral`, for one that detailed balance makes symmetric; one
decomposition then serves every z. `semigroup` takes the second where it holds and stands its check, else the first.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from math import ceil, floor, inf, log2

import numpy as np

from coinfer.channel.law import Floats

TERMS = (
    8  # of the exponential series over a base step, on which A has a norm of at most 2^-5: exact in double precision
)
BASE = 2.0**-6  # the base step times the largest rate of leaving a state
BALANCE = 1e-9  # relative, to which detailed balance must hold
EPSILON = 1e-20  # of a term, which is then left out
RESIDUAL = 1e-8  # relative, of the equation that every integral is put into


class Semigroup(ABC):
    """e^{A z} for a generator A, (S, S) with rows of sum 0."""

    generator: Floats

    @abstractmethod
    def matrices(self, at: Floats) -> Floats:
        """e^{A z} at each z of `at` (n,); shape (n, S, S)."""

    @abstractmethod
    def flow(self, source: Floats, upto: Floats) -> tuple[Floats, Floats]:
        """C(b) = integral from 0 to b of e^{A z} w dz, and dC/db = e^{A b} w (R19), for w (S,) at each b (n,); (S, n)."""

    def solves(self, source: Floats, integral: Floats, slope: Floats) -> bool:
        """Whether dC/db = w + A C holds for a result of `flow` (R19)."""
        a, w = self.generator, source[:, None]
        size = np.abs(a) @ np.abs(integral) + np.abs(w) + np.abs(slope)
        return bool(np.all(np.abs(slope - w - a @ integral) <= RESIDUAL * size))


class Doubling(Semigroup):
    """Any generator. Steps are doubled, e^{2Ah} = (e^{Ah})^2, C(2h) = C(h) + e^{Ah} C(h): nonnegative terms (R19).

    Squaring loses little, as rows are put back to sum 1 each time; a z is put together from its binary digits.

    >>> Doubling(np.array([[-1.0, 1.0], [1.0, -1.0]])).flow(np.array([1.0, 1.0]), np.array([2.0]))[0].round(9).ravel()
    array([2., 2.])
    """

    def __init__(self, generator: Floats):
        self.generator = generator
        rate = float(-np.diag(generator).min())
        self.step = BASE / rate if rate > 0 else inf
        self._powers: list[Floats] = []  # e^{Ah}, e^{2Ah}, e^{4Ah}, ...

    def matrices(self, at: Floats) -> Floats:
        """Products of the doubled steps that a z is made of."""
        left, whole = self._digits(at)
        found = self._rest(np.eye(len(self.generator)), left)
        for n, steps in enumerate(whole):
            for doubled in self._doubled(steps):
                found[n] = doubled @ found[n]
        return found

    def flow(self, source: Floats, upto: Floats) -> tuple[Floats, Floats]:
        """The integral over what is left of a b besides its doubled steps, moved on by these."""
        left, whole = self._digits(upto)
        unit = 2.0 ** floor(log2(self.step)) if self.step < inf else 1.0  # of z: powers of A alone would overflow
        series, moved = [source], self.generator * unit
        for _ in range(TERMS):
            series.append(moved @ series[-1])
        integral, slope = (self._series(series, left, first, unit) for first in (1, 0))
        most = max((steps.bit_length() for steps in whole), default=0)
        doubled = self._series(series, np.array([self.step if most else 0.0]), 1, unit)[:, 0]
        for power, matrix in enumerate(self._doubled((1 << most) - 1)):
            has = [n for n, steps in enumerate(whole) if steps >> power & 1]
            integral[:, has] = doubled[:, None] + matrix @ integral[:, has]
            slope[:, has] = matrix @ slope[:, has]
            doubled = doubled + matrix @ doubled
        return integral, slope

    def _digits(self, at: Floats) -> tuple[Floats, list[int]]:
        whole = [int(z / self.step) for z in at]
        return np.array([max(z - k * self.step, 0.0) if k else z for z, k in zip(at, whole, strict=True)]), whole

    def _doubled(self, steps: int) -> list[Floats]:
        """e^{Ah 2^i} for the binary digits i of a number of steps."""
        if steps and not self._powers:
            self._powers.append(self._rest(np.eye(len(self.generator)), np.array([self.step]))[0])
        while len(self._powers) < steps.bit_length():
            square = self._powers[-1] @ self._powers[-1]
            self._powers.append(square / square.sum(axis=1, keepdims=True))
        return [power for i, power in enumerate(self._powers) if steps >> i & 1]

    def _rest(self, unit: Floats, at: Floats) -> Floats:
        """e^{Az} for z of at most a step: e^{-qz} sum_k (qz)^k/k! U^k, U = 1 + A/q nonnegative."""
        rate = BASE / self.step
        jump = unit + (self.generator / rate if rate > 0 else 0.0)
        term, total = unit, np.zeros((len(at), *unit.shape))
        weight = np.exp(-rate * at)
        for k in range(TERMS):
            total += weight[:, None, None] * term
            term, weight = term @ jump, weight * (rate * at / (k + 1))
        return total / total.sum(axis=2, keepdims=True)

    @staticmethod
    def _series(terms: list[Floats], at: Floats, first: int, unit: float) -> Floats:
        """Sum of z^(k+first) / (k+first)! A^k w over k, where terms are (A unit)^k w."""
        total, weight = np.zeros((len(terms[0]), len(at))), at**first
        for k, term in enumerate(terms):
            total += weight * term[:, None]
            weight = weight * (at / unit / (k + 1 + first))
        return total


class Spectral(Semigroup):
    """A generator with w_i A_ij = w_j A_ji for weights w: symmetric after scaling by their roots.

    Its largest eigenvalue is 0, with the weights for an eigenvector: both are set, as rounding in small states moves them.

    >>> Spectral(np.array([[-1.0, 1.0], [1.0, -1.0]]), np.ones(2)).matrices(np.array([1e9])).round(9)
    array([[[0.5, 0.5],
            [0.5, 0.5]]])
    """

    def __init__(self, generator: Floats, weights: Floats):
        self.generator, self.root = generator, np.sqrt(weights)

    @cached_property
    def _eigen(self) -> tuple[Floats, Floats]:
        a = self.generator
        symmetric = np.sqrt(np.maximum(a * a.T, 0.0))
        np.fill_diagonal(symmetric, np.diag(a))
        values, vectors = np.linalg.eigh(symmetric)
        values = np.minimum(values, 0.0)
        values[-1], vectors[:, -1] = 0.0, self.root / np.linalg.norm(self.root)
        return values, vectors

    def matrices(self, at: Floats) -> Floats:
        """From the eigenvectors; rows are put back to sum 1."""
        values, vectors = self._eigen
        left, right = vectors / self.root[:, None], vectors.T * self.root
        seen = np.log(EPSILON * self.root.min() / self.root.max())
        found = np.empty((len(at), *left.shape))
        for n, exponent in enumerate(np.outer(at, values)):
            lasts = exponent > seen  # what has decayed below rounding need not be multiplied
            found[n] = (left[:, lasts] * np.exp(exponent[lasts])) @ right[lasts]
        np.maximum(found, 0.0, out=found)
        found[at == 0] = np.eye(len(values))  # without rounding: a layer that takes no time leaves the channel alone
        return found / found.sum(axis=2, keepdims=True)

    def flow(self, source: Floats, upto: Floats) -> tuple[Floats, Floats]:
        """Each eigenvector by itself: (e^{v b} - 1) / v, and b where v = 0."""
        values, vectors = self._eigen
        parts = (vectors.T @ (self.root * source))[:, None]
        exponent = np.outer(values, upto)
        grown = np.divide(
            np.expm1(exponent), values[:, None], out=np.outer(values == 0, upto), where=values[:, None] < 0
        )
        left = vectors / self.root[:, None]
        return left @ (parts * grown), left @ (parts * np.exp(exponent))


def semigroup(generator: Floats, weights: Floats) -> Semigroup:
    """The semigroup of a generator: `Spectral` where detailed balance holds with these weights and it stands its check."""
    flows = weights[:, None] * generator
    if np.all(np.abs(flows - flows.T) <= BALANCE * (np.abs(flows) + np.abs(flows.T)) / 2) and np.all(weights > 0):
        quick = Spectral(generator, weights)
        source = np.linspace(1.0, 2.0, len(weights))
        upto = np.array([0.1, 1.0, 10.0]) / (float(-np.diag(generator).min()) or 1.0)
        if quick.solves(source, *quick.flow(source, upto * 2.0 ** ceil(log2(len(weights))))):
            return quick
    return Doubling(generator)
