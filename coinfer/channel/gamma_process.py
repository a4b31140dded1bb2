"""The Gamma process of the power gain under Nakagami fading (Rayleigh if m = 1), and its quantisation in states.

Its transition law is a noncentral chi-square. Its eigenfunctions are Laguerre polynomials with eigenvalues r^k, r the power
correlation: one table of their integrals over the states gives the transitions over every duration.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, inf, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats, UnitCostLaw

TERMS = (1 << 6, 1 << 10, 1 << 14)  # of the Laguerre series: tables are made in three sizes
ROUNDING = 28.0  # -log r^k beyond which terms are left out: 1e-12 of a probability
JAKES_ARGUMENT = 1.3258293681804647  # z with J0(z)^2 = 1/e

Correlation = Literal["exponential", "jakes"]


def power_correlation(duration_s: ArrayLike, coherence_time_s: float, correlation: Correlation) -> Floats:
    """Autocorrelation r of the power gain after `duration_s`: 1/e at the coherence time, whatever the `correlation`.

    "exponential" decays and is the same in one step as in many; "jakes" is J0^2, a one-step approximation.
    """
    t = np.asarray(duration_s, float) / coherence_time_s
    if correlation == "exponential":
        return np.exp(-t)
    from scipy.special import j0

    return j0(JAKES_ARGUMENT * t) ** 2


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

    Up to r = 0.9983 from the eigenfunctions. Closer to 1, where a step is shorter than 3 % of the mean amplitude, from a
    normal step of the amplitude, to a relative O(sqrt(1 - r)) of the probability of leaving a cell.
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
    from scipy.special import gammaln, ndtr

    p = laguerre_table(edges, m, 1)[:, 0]
    amplitude = np.sqrt(np.append(edges[:-1], _highest(m, edges[-2])))
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


@dataclass(frozen=True, eq=False)
class QuantisedGain:
    """The states of a Gamma(m) process: cells of the gain, in descending order of it, that is in ascending order of X."""

    m: float
    edges: Floats  # gains in ascending order, from 0 or the outage gain up to inf
    reaches_zero: bool  # else a cell from 0 to the outage gain is never entered
    unit_costs: Floats  # (S,) expected in each state [1/bit]; in an outage that of the worst usable state
    probabilities: Floats  # (usable,) of the states that can send, given that one can

    @classmethod
    def of(cls, base: UnitCostLaw, m: float, outage_gain: float, states: int, *, explicit: bool) -> "QuantisedGain":
        """Quantise the gain of the law `base` of X, given a gain of at least `outage_gain`, in `states`.

        If `explicit`, gains below the outage gain are states as well: outages, after those that can send.
        """
        edges = cells(base, (outage_gain, _highest(m, outage_gain)), states)
        x = np.concatenate([[inf], base.unit_cost(edges[1:-1]), [0.0]])
        probability, cost = -np.diff(base.stop_probability(1.0, x)), -np.diff(base.stop_cost(1.0, x))
        usable, p = (cost / probability)[::-1], probability[::-1] / probability.sum()
        if not explicit or outage_gain == 0:
            return cls(m, edges, outage_gain == 0, usable, p)
        outages = _equal_cells(m, outage_gain, states)
        x = np.append(usable, np.full(len(outages), usable[-1]))
        return cls(m, np.concatenate([outages, edges]), True, x, p)

    @property
    def usable(self) -> int:
        """How many states can send; they come first."""
        return len(self.probabilities)

    @cached_property
    def _from_zero(self) -> Floats:
        return self.edges if self.reaches_zero else np.concatenate([[0.0], self.edges])

    @cached_property
    def initial(self) -> Floats:
        """The stationary law of the state; (S,)."""
        mass = laguerre_table(self._from_zero, self.m, 1)[-len(self.unit_costs) :, 0][::-1]
        return mass / mass.sum()

    def transitions(self, r: float) -> Floats:
        """From state to state over a time after which the power correlation is r; (S, S)."""
        size = len(self.unit_costs)
        joint = joint_probabilities(self._from_zero, self.m, r)[-size:, -size:][::-1, ::-1]
        return joint / joint.sum(axis=1, keepdims=True)


def cells(law: UnitCostLaw, span: tuple[float, float], states: int) -> Floats:
    """Edges (S+1,) of states that share the law of the gain, and the expected unit cost, as evenly as both allow.

    `span` is the lowest gain and one beyond which nothing matters; the last edge is inf.
    """
    low, high = span
    gains = np.geomspace(max(low, 1e-12), high, 20_001)
    x = law.unit_cost(gains)
    share = (law.go_probability(1.0, x) + law.go_cost(1.0, x) / law.mean) / 2
    inner = np.exp(np.interp(np.arange(1, states) / states, share, np.log(gains)))
    return np.concatenate([[low], inner, [inf]])


def _highest(m: float, least: float) -> float:
    """A gain beyond which nothing matters, well above `least`."""
    from scipy.special import gammainccinv

    return max(float(gammainccinv(m, 1e-18)) / m, 2 * least)


def _equal_cells(m: float, highest: float, states: int) -> Floats:
    """Lower edges of equally likely cells of gains below `highest`: their share of `states`, but at least 4."""
    from scipy.special import gammainc, gammaincinv

    lost = float(gammainc(m, m * highest))
    count = max(4, ceil(states * lost))
    return np.asarray(gammaincinv(m, np.arange(count) / count * lost) / m, dtype=np.float64)
