"""The law of the unit cost over every channel, against other integrals of other functions, closed forms and samples."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import exp, expm1, inf, log, pi

import mpmath
import numpy as np
import pytest
import scipy.special as special
import scipy.stats as stats
from effort import beyond
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, tanhsinh
from strategies import laws

from coinfer import InputError, Link, Weights, channel
from coinfer.channel.fading_law import FadingLaw, InversionLaw, scaled_e1
from coinfer.channel.gain_law import conditional_gain_law, rayleigh
from coinfer.channel.law import Floats, Law, UnitCostLaw, unit_threshold

WEIGHTS = Weights()
LINKS_DB = (-40.0, 10.0, 60.0)


def at_snr(mean_snr_db: float) -> Link:
    return Link(mean_snr_db=mean_snr_db)


# ---------------------------------------------------------------- the oracle: survival functions, no density


@dataclass(frozen=True)
class Case:
    """A fading channel, and by another route the CDF and the survival function of its gain while it is usable."""

    channel: channel.Fading
    cdf: Callable[[Floats], Floats]
    survival: Callable[[Floats], Floats]
    kinks: tuple[float, ...] = ()  # gains between which the two are smooth
    ends: tuple[float, float] = field(default=(0.0, inf))


def rayleigh_case(outage: float) -> Case:
    return Case(
        channel.Rayleigh(outage_gain=outage),
        lambda g: -np.expm1(-(g - outage)),
        lambda g: np.exp(-(g - outage)),
        ends=(outage, inf),
    )


def nakagami_case(m: float, outage: float = 0.0) -> Case:
    usable = special.gammaincc(m, m * outage)
    return Case(
        channel.Nakagami(m=m, outage_gain=outage),
        lambda g: (special.gammainc(m, m * g) - special.gammainc(m, m * outage)) / usable,
        lambda g: special.gammaincc(m, m * g) / usable,
        ends=(outage, inf),
    )


def rician_case(k: float, outage: float) -> Case:
    """A Rician gain is a sum of 1 + J exponentials, J being Poisson of mean k."""
    exponentials = np.arange(max(0, int(k - 9 * k**0.5) - 20), int(k + 9 * k**0.5) + 30)
    weights = stats.poisson.pmf(exponentials, k)[:, None]

    def mixture(tail: Callable[..., Floats], g: Floats) -> Floats:
        flat = np.ravel(g)
        return (weights * tail(exponentials[:, None] + 1, (1 + k) * flat)).sum(axis=0).reshape(np.shape(g))

    usable, lost = (mixture(tail, np.array(outage)) for tail in (special.gammaincc, special.gammainc))
    return Case(
        channel.Rician(k=k, outage_gain=outage),
        lambda g: (mixture(special.gammainc, g) - lost) / usable,
        lambda g: mixture(special.gammaincc, g) / usable,
        ends=(outage, inf),
    )


def continuous_case(gain: stats.distributions.rv_frozen, kinks: tuple[float, ...] = (), outage: float = 0.0) -> Case:
    low, high = gain.support()
    usable, lost = gain.sf(outage), gain.cdf(outage)
    return Case(
        channel.Continuous(distribution=gain, outage_gain=outage),
        lambda g: (gain.cdf(g) - lost) / usable,
        lambda g: gain.sf(g) / usable,
        kinks,
        (max(low, outage), high),
    )


CASES = {
    "rayleigh 1e-40": rayleigh_case(1e-40),
    "rayleigh 1e-6": rayleigh_case(1e-6),
    "rayleigh 0.05": rayleigh_case(0.05),
    "rayleigh 3": rayleigh_case(3.0),
    "nakagami 1.3": nakagami_case(1.3),
    "nakagami 2": nakagami_case(2.0),
    "nakagami 7.5": nakagami_case(7.5),
    "nakagami 1e4": nakagami_case(1e4),
    "nakagami 0.5 from 0.05": nakagami_case(0.5, 0.05),
    "nakagami 1 from 0.2": nakagami_case(1.0, 0.2),
    "nakagami 3 from 0.1": nakagami_case(3.0, 0.1),
    "rician 0": rician_case(0.0, 0.05),
    "rician 1": rician_case(1.0, 0.05),
    "rician 10": rician_case(10.0, 0.05),
    "rician 1000": rician_case(1000.0, 0.05),
    "gamma": continuous_case(stats.gamma(2.5, scale=0.4)),
    "gamma with a pole": continuous_case(stats.gamma(0.5, loc=0.3)),
    "lognorm": continuous_case(stats.lognorm(0.8)),
    "wide lognorm": continuous_case(stats.lognorm(3.0)),
    "uniform": continuous_case(stats.uniform(0.5, 1.0)),
    "weibull_min": continuous_case(stats.weibull_min(1.5)),
    "invgamma": continuous_case(stats.invgamma(1.5)),
    "beta": continuous_case(stats.beta(2.0, 3.0)),
    "beta with a pole": continuous_case(stats.beta(2.0, 0.5)),
    "truncexpon": continuous_case(stats.truncexpon(3.0, loc=0.2)),
    "triang": continuous_case(stats.triang(0.3), kinks=(0.3,)),
    "expon from 0.1": continuous_case(stats.expon(), outage=0.1),
    "halfnorm from 0.1": continuous_case(stats.halfnorm(), outage=0.1),
    "pareto": continuous_case(stats.pareto(1.5)),
}


UNBOUNDED = ("rayleigh 0.05", "rayleigh 3", "nakagami 2", "rician 1", "rician 10", "gamma", "invgamma", "pareto")


class Oracle:
    """E[(X - x)^+] and E[X; X <= x] as integrals of P(g <= .) and P(g >= .) over X: no density, no moments."""

    def __init__(self, case: Case, link: Link):
        self.case, self.snr = case, 10 ** (link.mean_snr_db / 10)
        self.scale = (WEIGHTS.time_per_s + WEIGHTS.energy_per_j * link.transmit_power_w) / link.bandwidth_hz * log(2)
        low, high = case.ends
        self.low = log(low) if low > 0 else -680.0
        light = case.survival(np.array(1e9)) == 0  # tailed
        self.high = log(high if high < inf else self.quantile(1e-60 if light else 1e-17))

    def quantile(self, beyond: float) -> float:
        """A gain beyond which this is left, by bisection of its logarithm, inside the support."""
        low, high = max(self.case.ends[0], 1e-300), min(self.case.ends[1], 1e300)
        while high > low * (1 + 1e-12):
            middle = low**0.5 * high**0.5
            low, high = (middle, high) if self.case.survival(np.array(middle)) > beyond else (low, middle)
        return low

    def unit_cost(self, gain: Floats) -> Floats:
        return self.scale / np.log1p(self.snr * gain)

    def _integral(self, weight: Callable[[Floats], Floats], start: Floats, stop: Floats) -> Floats:
        """Of P at X over X between two log gains, piece by piece."""

        def integrand(t: Floats) -> Floats:
            g = np.exp(t)
            growth = self.snr * g / (1 + self.snr * g) / np.log1p(self.snr * g) ** 2
            return np.clip(weight(g), 0, 1) * self.scale * growth

        between = [log(kink) for kink in self.case.kinks] + [-8.0, -2.0, -0.5, 0.0, 0.5, 2.0, 8.0]
        total = np.zeros(np.broadcast_shapes(np.shape(start), np.shape(stop)))
        points = sorted({self.low, self.high, *(point for point in between if self.low < point < self.high)})
        for left, right in pairwise(points):
            a, b = np.clip(start, left, right), np.clip(stop, left, right)
            a, b = np.broadcast_arrays(a, b)
            inside = b > a
            if inside.any():
                found = tanhsinh(integrand, a[inside], b[inside], rtol=1e-13, maxlevel=9)
                total[inside] += found.integral
        return total

    def excess(self, gain: Floats) -> Floats:
        return self._integral(self.case.cdf, np.array(self.low), np.log(gain))

    def partial_mean(self, gain: Floats) -> Floats:
        x, below = self.unit_cost(gain), self.case.cdf(gain)
        lost = self._integral(self.case.survival, np.log(gain), np.array(self.high))
        return np.where(below < 0.5, self.mean - self.excess(gain) - x * below, x * self.case.survival(gain) - lost)

    @cached_property
    def mean(self) -> float:
        return float(self.unit_cost(np.exp(self.high)) + self.excess(np.array([np.exp(self.high)]))[0])


@pytest.mark.parametrize("mean_snr_db", beyond(1, LINKS_DB))
@pytest.mark.parametrize("name", CASES)
def test_law_is_the_oracle(name: str, mean_snr_db: float):
    case, link = CASES[name], at_snr(mean_snr_db)
    law, oracle = case.channel.law(link, WEIGHTS), Oracle(case, link)
    tails = (1 - 1e-8, 1 - 1e-4, 0.7, 0.2, 1e-4, 1e-8)
    gains = np.array([oracle.quantile(q) for q in (tails[1:4] if "pole" in name else tails)])
    x = oracle.unit_cost(gains)
    seen = law.gain(x)
    np.testing.assert_allclose(seen, gains, rtol=1e-13 * (1 + log(1 + link.mean_snr)))
    # Where the density has a pole, or scipy's only 12 digits, the moments have 11. Next to a hard end of the support, where P vanishes by subtraction, only digits that matter to the mean are asked
    # for; in unbounded tails of probability 1e-8 all of them.
    unit = 1e-11 if "pole" in name or name == "nakagami 1e4" else 1e-15
    least = 0 if name in UNBOUNDED else unit * law.mean
    np.testing.assert_allclose(law.mean, oracle.mean, rtol=1e-10)
    np.testing.assert_allclose(law.cdf(x), case.survival(seen), rtol=1e-12)
    np.testing.assert_allclose(law.partial_mean(x), oracle.partial_mean(seen), rtol=1e-10, atol=least)
    np.testing.assert_allclose(law.go_probability(1.0, x), case.cdf(seen), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(law.excess(x), oracle.excess(seen), rtol=1e-10, atol=unit * law.mean)


def test_oracle_is_not_the_law():
    case = CASES["nakagami 2"]
    oracle = Oracle(nakagami_case(2.001), at_snr(10))
    assert abs(case.channel.law(at_snr(10), WEIGHTS).mean / oracle.mean - 1) > 1e-5


@pytest.mark.parametrize("mean_snr_db", LINKS_DB)
@pytest.mark.parametrize("m", beyond(1, [1.00001, 1.02]))
def test_nakagami_just_above_1(m: float, mean_snr_db: float):
    """Where half the mean may come from gains below 1e-30: by mpmath, in the variable g^(m-1) that makes it smooth."""
    link = at_snr(mean_snr_db)
    law = channel.Nakagami(m=m).law(link, WEIGHTS)
    with mpmath.workdps(30):
        shape, snr = mpmath.mpf(m), mpmath.mpf(link.mean_snr)
        scale = mpmath.mpf((WEIGHTS.time_per_s + WEIGHTS.energy_per_j * link.transmit_power_w) / link.bandwidth_hz)

        def gain_times_cost(g: mpmath.mpf) -> mpmath.mpf:
            return scale * mpmath.log(2) * g / mpmath.log1p(snr * g)

        def beyond(gain: float) -> mpmath.mpf:
            """E[X; g >= gain]."""
            power = 1 / (shape - 1)
            gains = [gain, *(g for g in (1e-30, 1e-8, 1e-2, 1, 5, 20, 90) if g > gain)]
            points = [mpmath.mpf(g) ** (shape - 1) or mpmath.mpf(10) ** -12 for g in gains]
            core = mpmath.quad(lambda s: gain_times_cost(s**power) * mpmath.exp(-shape * s**power), points)
            if not gain:  # below, the integrand is constant
                core += points[0] * scale * mpmath.log(2) / snr
            return core * power * shape**shape / mpmath.gamma(shape)

        mean = beyond(0)
        assert law.mean == pytest.approx(float(mean), rel=1e-9)  # 1 / (m - 1) costs digits
        for gain in (1e-35, 1e-20, 1e-3, 1.0, 15.0):
            x = float(law.unit_cost(np.array([gain]))[0])
            part = beyond(float(law.gain(x)))
            assert float(law.partial_mean(x)) == pytest.approx(float(part), rel=1e-9)
            assert float(law.go_cost(1.0, x)) == pytest.approx(float(mean - part), rel=1e-9, abs=1e-14 * law.mean)


@pytest.mark.parametrize(("k", "gain"), [(1.0, 0.06), (10.0, 0.3), (10.0, 3.9), (1000.0, 0.85), (1000.0, 1.2)])
def test_rician_tails_are_marcum_q(k: float, gain: float):
    law = channel.Rician(k=k, outage_gain=0.05).law(at_snr(10), WEIGHTS)
    with mpmath.workdps(30):

        def density(g: mpmath.mpf) -> mpmath.mpf:
            return (1 + k) * mpmath.exp(-k - (1 + k) * g) * mpmath.besseli(0, 2 * mpmath.sqrt(k * (1 + k) * g))

        width = 6 / (1 + k) ** 0.5
        above = mpmath.quad(density, [gain, *(gain + width * i for i in (0.5, 1, 2, 4))])
        lost = mpmath.quad(density, [0, 0.02, 0.05])
        x = float(law.unit_cost(np.array([gain]))[0])
        assert float(law.cdf(x)) == pytest.approx(float(above / (1 - lost)), rel=1e-10)


@pytest.mark.parametrize("m", [1.01, 1.2, 2.0, 5.0, 100.0])
@pytest.mark.parametrize("mean_snr_db", [-60.0, -40.0, 0.0, 20.0, 60.0])
def test_nakagami_mean_is_bracketed(m: float, mean_snr_db: float):
    """R12: max(1 / log2(1 + gamma), ln 2 E[1/g] / gamma) <= mu / lambda <= ln 2 (E[1/g] / gamma + 1/2)."""
    link = at_snr(mean_snr_db)
    mean = channel.Nakagami(m=m).law(link, WEIGHTS).mean / channel.unit_cost_scale(link, WEIGHTS)
    inverse = m / (m - 1) / link.mean_snr
    lower, upper = max(1 / np.log2(1 + link.mean_snr), log(2) * inverse), log(2) * (inverse + 0.5)
    assert lower * (1 - 1e-12) <= mean <= upper * (1 + 1e-12)


# ---------------------------------------------------------------- truncated channel inversion (R14)


@pytest.mark.parametrize("outage", [1e-8, 0.05, 1.0, 30.0])
@pytest.mark.parametrize("rate_bps", [1e4, 4e6, 3e7])
def test_inversion_is_its_quadrature_and_mpmath(outage: float, rate_bps: float):
    link = Link(mean_snr_db=8.0, bandwidth_hz=2e6)
    law = channel.TruncatedInversion(rate_bps=rate_bps, outage_gain=outage).law(link, WEIGHTS)
    assert isinstance(law, InversionLaw)
    fixed = WEIGHTS.time_per_s / rate_bps
    inverse = WEIGHTS.energy_per_j * link.transmit_power_w * (2 ** (rate_bps / 2e6) - 1) / (10**0.8 * rate_bps)
    gains = outage + np.array([1e-9, 1e-3, 0.1, 1.0, 10.0, 18.0])
    x = fixed + inverse / gains
    seen = law.gain(x)  # where the fixed part prevails, x has fewer digits of the gain
    np.testing.assert_allclose(seen, gains, rtol=1e-15 * float(np.max(x / (x - fixed))) * 4)
    quadrature = (FadingLaw.stop_cost(law, 1.0, x), FadingLaw.go_cost(law, 1.0, x))
    size = law.mean * 1e-15
    np.testing.assert_allclose(law.stop_cost(1.0, x), quadrature[0], rtol=1e-12, atol=size)
    np.testing.assert_allclose(law.go_cost(1.0, x), quadrature[1], rtol=1e-12, atol=10 * size)
    assert FadingLaw.mean.func(law) == pytest.approx(law.mean, rel=1e-13)
    with mpmath.workdps(30):
        e1 = [mpmath.exp(outage) * mpmath.e1(float(gain)) for gain in (outage, *seen)]
        parts = [fixed * mpmath.exp(outage - float(g)) + inverse * e for g, e in zip(seen, e1[1:], strict=True)]
        assert law.mean == pytest.approx(float(fixed + inverse * e1[0]), rel=1e-13)
        np.testing.assert_allclose(law.partial_mean(x), [float(part) for part in parts], rtol=1e-12)


def test_inversion_stops_only_above_its_fixed_cost():
    """R14: X <= x iff x > a and g >= b / (x - a)."""
    law = channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.1).law(Link(), WEIGHTS)
    fixed = WEIGHTS.time_per_s / 1e6
    x = np.array([-1.0, 0.0, fixed / 2, fixed, fixed * (1 + 1e-9), inf])
    assert (law.gain(x) == inf).tolist() == [True] * 4 + [False] * 2
    assert law.cdf(x).tolist()[:4] == [0.0] * 4
    assert law.gain(inf) == 0
    assert law.cdf(inf) == 1


def test_inversion_with_free_energy_costs_the_same_at_any_gain():
    weights = Weights(time_per_s=0.5, energy_per_j=0)
    law = channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.1).law(Link(), weights)
    x = np.array([0.4e-6, 0.5e-6, 0.6e-6])
    assert law.mean == 0.5 / 1e6
    assert law.cdf(x).tolist() == [0, 1, 1]
    np.testing.assert_allclose(law.partial_mean(x), [0, 0.5e-6, 0.5e-6], rtol=1e-15)
    np.testing.assert_allclose(law.excess(x), [0.1e-6, 0, 0], rtol=1e-12, atol=1e-21)
    assert law.gain(x).tolist() == [inf, 0, 0]
    assert np.all(law.sample(0, 100) == 0.5e-6)


def test_scaled_exponential_integral_vanishes_at_infinity():
    assert scaled_e1([inf, 1.0])[0] == 0


@pytest.mark.parametrize("x", [1e-300, 1e-10, 0.05, 1.0, 50.0, 99.9, 100.0, 101.0, 1e4, 1e250])
def test_scaled_exponential_integral(x: float):
    with mpmath.workdps(40):
        exact = mpmath.exp(x) * mpmath.e1(x) if x < 1e5 else 1 / mpmath.mpf(x)  # 1/x (1 - 1/x + ...)
    assert float(scaled_e1(x)) == pytest.approx(float(exact), rel=1e-14)


# ---------------------------------------------------------------- discrete laws


DISCRETE = channel.Discrete(gains=(0.2, 3.0, 1.0, 0.2, 7.0), probabilities=(0.1, 0.25, 0.3, 0.35, 0.0))


def by_atoms(atoms: dict[float, float], o: float, a: float) -> tuple[float, float, float, float]:
    """P(o X <= A), P(o X > A), E[o X; o X <= A], E[o X; o X > A], atom by atom."""
    below = [(p, o * x) for x, p in atoms.items() if o * x <= a]
    beyond = [(p, o * x) for x, p in atoms.items() if o * x > a]
    return (
        sum(p for p, _ in below),
        sum(p for p, _ in beyond),
        sum(p * cost for p, cost in below),
        sum(p * cost for p, cost in beyond),
    )


def assert_is_of_atoms(law: UnitCostLaw, atoms: dict[float, float]) -> None:
    for o in (0.0, 1.0, 3.0, 1e6):
        for a in [-inf, -1.0, 0.0, inf, *(o * x * shift for x in atoms for shift in (1 - 1e-9, 1, 1 + 1e-9))]:
            found = (law.stop_probability(o, a), law.go_probability(o, a), law.stop_cost(o, a), law.go_cost(o, a))
            np.testing.assert_allclose(np.array(found), by_atoms(atoms, o, a), rtol=1e-14, atol=1e-15 * o * law.mean)
    assert law.mean == pytest.approx(sum(p * x for x, p in atoms.items()), rel=1e-14)


def test_a_law_leaves_nothing_out():
    """All that is asked of a law must be said by it, but what follows; of independent draws, but a few things, all follows."""
    asked = {name for name, value in vars(Law).items() if not name.startswith("_") and hasattr(value, "__doc__")}
    assert Law.__abstractmethods__ == asked - {
        "nodes",
        "gain_at",
        "rate_at",
        "saving",
        "gain",
        "rate_bps",
        "least_seen",
    }
    said = {"mean", "stop_probability", "go_probability", "stop_cost", "go_cost", "stage_price"}
    assert UnitCostLaw.__abstractmethods__ == said | {"draw", "unit_cost", "survival_grid"}


def test_discrete_law():
    link = at_snr(5.0)
    scale = (WEIGHTS.time_per_s + WEIGHTS.energy_per_j * link.transmit_power_w) / link.bandwidth_hz
    costs = scale / np.log2(1 + 10**0.5 * np.array([0.2, 1.0, 3.0]))
    law = DISCRETE.law(link, WEIGHTS)
    np.testing.assert_allclose(law.survival_grid(), np.sort([costs[0], *costs]), rtol=1e-15)
    slowest, middle, fastest = law.unit_costs[-1], law.unit_costs[1], law.unit_costs[0]
    assert_is_of_atoms(law, {slowest: 0.45, middle: 0.3, fastest: 0.25})
    np.testing.assert_allclose(law.gain(costs), [0.2, 1.0, 3.0], rtol=1e-13)
    assert law.gain(np.array([-1.0, 0.0, inf])).tolist() == [inf, inf, 0]


@pytest.mark.parametrize("order", [1, -1])
def test_rounding_takes_no_probability_past_one(order):
    """1/10 + ... + 1/10 is short of 1 in floats, and 1/3 + 1/5 + ... may be past it: with atoms so rare that all is said."""
    rng, past = np.random.default_rng(0), 0
    for _ in range(300):
        common = rng.dirichlet(np.ones(9))
        p = np.append(common, [1e-18, 1e-18])[::order]
        past += max(np.cumsum(p)[:-1].max(), np.cumsum(p[::-1])[:-1].max()) > 1
        law = channel.Discrete.of_unit_costs(np.arange(1.0, 12.0), p)
        for probability in (law.stop_probability, law.go_probability):
            assert probability(1.0, np.arange(13.0)).max() == 1
            assert probability(1.0, np.arange(13.0)).min() == 0
    assert past > 20


def test_discrete_law_of_unit_costs():
    law = channel.Discrete.of_unit_costs([3.0, 0.0, 1.5], [0.5, 0.25, 0.25])
    assert_is_of_atoms(law, {3.0: 0.5, 0.0: 0.25, 1.5: 0.25})
    with pytest.raises(InputError, match="without gains"):
        law.gain(1.0)


def test_empirical_law_is_that_of_its_samples():
    gains = stats.gamma(2, scale=0.5).rvs(size=200, random_state=7)
    law = channel.Empirical(gains=gains).law(at_snr(3.0), WEIGHTS)
    costs = law.unit_cost(np.arange(200))
    oracle = channel.ShannonCost(at_snr(3.0), WEIGHTS).unit_cost(gains)
    np.testing.assert_allclose(costs, np.sort(oracle), rtol=1e-15)
    assert law.mean == pytest.approx(oracle.mean(), rel=1e-13)
    middle = float(np.median(oracle))
    assert float(law.cdf(middle)) == pytest.approx(np.mean(oracle <= middle), rel=1e-13)
    assert float(law.excess(middle)) == pytest.approx(np.maximum(oracle - middle, 0).mean(), rel=1e-12)
    assert channel.Empirical(gains=gains) == channel.Empirical(gains=gains.tolist())


@pytest.mark.parametrize("m", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("mean_snr_db", [-12.0, 10.0, 40.0])
def test_rate_table(m: float, mean_snr_db: float):
    link, table = at_snr(mean_snr_db), channel.RateTable(m=m)
    law, gain = table.law(link, WEIGHTS), stats.gamma(m, scale=1 / m)
    switch = np.array([10 ** ((snr - mean_snr_db) / 10) for snr in channel.CQI_SNR_DB])
    usable = gain.sf(switch[0])
    assert table.usable_probability(link) == pytest.approx(usable, rel=1e-12)
    by_sf, by_cdf = -np.diff(gain.sf(switch)), np.diff(gain.cdf(switch))
    between = np.append(np.where(gain.sf(switch[1:]) < 0.5, by_sf, by_cdf), gain.sf(switch[-1])) / usable
    scale = (WEIGHTS.time_per_s + WEIGHTS.energy_per_j * link.transmit_power_w) / link.bandwidth_hz
    costs = scale / np.array(channel.CQI_EFFICIENCIES)
    assert law.mean == pytest.approx(costs @ between, rel=1e-12)
    for k, (x, point) in enumerate(zip(costs, switch, strict=True)):
        assert float(law.cdf(x)) == pytest.approx(gain.sf(point) / usable, rel=1e-12, abs=1e-15)
        assert float(law.cdf(x) - law.cdf(x * (1 - 1e-12))) == pytest.approx(between[k], rel=1e-9, abs=1e-15)
        assert law.gain(x) == pytest.approx(point, rel=1e-12)
        assert law.gain(x * (1 - 1e-12)) == (pytest.approx(switch[k + 1], rel=1e-12) if k < 14 else inf)
    assert law.gain(np.array([-inf, 0.0, inf])).tolist() == [inf, inf, 0]


def test_default_rate_table_has_15_levels_of_growing_efficiency_per_snr():
    assert len(channel.CQI_EFFICIENCIES) == len(channel.CQI_SNR_DB) == 15
    assert channel.RateTable().efficiencies == channel.CQI_EFFICIENCIES
    snr = 10 ** (np.array(channel.CQI_SNR_DB) / 10)
    assert np.all(np.array(channel.CQI_EFFICIENCIES) < np.log2(1 + snr))  # Shannon's bound


# ---------------------------------------------------------------- what holds for every law


@given(laws(), st.floats(-3, 3), st.floats(1e-3, 1e9))
def test_identities(law: UnitCostLaw, shift: float, o: float):
    x = law.mean * 10.0**shift
    size = 1e-12 * law.mean
    above = float(law.go_probability(1.0, x))
    assert float(law.cdf(x)) + above == pytest.approx(1, abs=1e-13)
    parts = float(law.partial_mean(x)) + x * above + float(law.excess(x))
    assert parts == pytest.approx(law.mean, rel=1e-12)
    assert float(law.stop_cost(o, o * x) + law.go_cost(o, o * x)) == pytest.approx(o * law.mean, rel=1e-12)
    assert float(law.minimum(o, o * x) + law.saving(o, o * x)) == pytest.approx(o * law.mean, rel=1e-12)
    assert float(law.minimum(o, o * x)) <= o * min(x, law.mean) * (1 + 1e-12)
    assert float(law.saving(o, o * x)) >= -o * size


@given(laws(), st.floats(-2, 2))
def test_minimum_is_an_integral_of_the_cdf(law: UnitCostLaw, shift: float):
    """R2: E min(o X, A) = A - integral_0^A F(y / o) dy."""
    o, x = 3.0, law.mean * 10.0**shift
    grid = law.survival_grid()
    points = np.concatenate([[0.0], grid[(grid > 0) & (grid < x)], [x]])
    nodes, weights = np.polynomial.legendre.leggauss(10)
    half = np.diff(points)[:, None] / 2
    integral = o * np.sum(law.cdf(points[:-1, None] + half * (1 + nodes)) * half * weights)
    assert float(law.minimum(o, o * x)) == pytest.approx(o * x - integral, rel=1e-9, abs=1e-10 * o * x)


@given(laws(), st.floats(0.1, 1e6))
def test_monotone_with_limits(law: UnitCostLaw, o: float):
    a = o * law.mean * np.concatenate([[-inf, -1.0, 0.0], np.logspace(-12, 12, 97), [inf]])
    stop, cost, least, saving = (f(o, a) for f in (law.stop_probability, law.stop_cost, law.minimum, law.saving))
    tiny = 1e-13 * o * law.mean
    for rising, slack in ((stop, 1e-15), (cost, tiny), (least, tiny)):
        assert np.all(np.diff(rising[1:]) >= -slack)
    assert np.all(np.diff(saving[1:]) <= tiny)
    assert stop[0] == stop[1] == 0
    assert cost[0] == cost[1] == 0
    assert stop[-1] == 1
    assert cost[-1] == pytest.approx(o * law.mean, rel=1e-12)
    assert least[0] == -inf
    assert least[1] == -o * law.mean
    assert least[-1] == pytest.approx(o * law.mean, rel=1e-12)
    assert saving[0] == inf
    assert abs(saving[-1]) <= tiny
    assert abs(law.go_cost(o, inf)) <= tiny
    assert np.isfinite(least[1:]).all()
    assert np.isfinite(saving[1:]).all()


@given(laws())
def test_minimum_is_concave(law: UnitCostLaw):
    """R2: with slope P(o X > A) to the right."""
    o, a = 2.0, 2.0 * law.mean * np.linspace(0.0, 3.0, 61)
    least, slope = law.minimum(o, a), law.go_probability(o, a)
    assert np.all(np.diff(least, 2) <= 1e-13 * law.mean)
    step = np.diff(a)
    assert np.all(np.diff(least) <= slope[:-1] * step + 1e-13 * law.mean)
    assert np.all(np.diff(least) >= slope[1:] * step - 1e-13 * law.mean)


@given(laws())
def test_nothing_to_send(law: UnitCostLaw):
    """Where o = 0 the device stops if A >= 0, for nothing; A is never divided by it."""
    a = np.array([-inf, -1.0, -1e-300, 0.0, 1e-300, 1.0, inf])
    stops = [0, 0, 0, 1, 1, 1, 1]
    assert law.stop_probability(0.0, a).tolist() == stops
    assert law.go_probability(0.0, a).tolist() == [1 - stop for stop in stops]
    assert not law.stop_cost(0.0, a).any()
    assert not law.go_cost(0.0, a).any()
    assert law.minimum(0.0, a).tolist() == [-inf, -1.0, -1e-300, 0, 0, 0, 0]
    assert law.saving(0.0, a).tolist() == [inf, 1.0, 1e-300, 0, 0, 0, 0]


def test_unit_threshold():
    o = np.array([2.0, 0.0, 0.0, 0.0, 2.0, 2.0, 5e-324, 1e300])
    a = np.array([3.0, 0.0, 1.0, -1.0, inf, -inf, 1.0, 1e-300])
    assert unit_threshold(o, a).tolist() == [1.5, inf, inf, -inf, inf, -inf, inf, 0.0]


@given(laws(), st.floats(-4, 4))
def test_gain_is_the_inverse(law: UnitCostLaw, shift: float):
    """The smallest gain at which X <= x: cheap enough there and not below, never for x <= 0, always for x = inf."""
    assert law.gain(np.array([-inf, -1.0, -0.0, 0.0, inf])).tolist() == [inf] * 4 + [0.0]
    x = law.mean * 10.0**shift
    gain = float(law.gain(x))
    assert gain >= 0
    if isinstance(law, FadingLaw) and 0 < gain < inf:
        assert float(law.unit_cost(np.array(gain))) == pytest.approx(x, rel=1e-11)


@pytest.mark.parametrize("name", ["rayleigh 0.05", "nakagami 1.3", "beta", "uniform"])
def test_unit_costs_are_those_of_the_rate(name: str):
    link = Link(bandwidth_hz=1e6, transmit_power_w=0.2, mean_snr_db=7.0)
    weights = Weights(time_per_s=0.3, energy_per_j=0.9)
    gain = np.array([0.06, 0.6, 1.4])
    rate_bps = 1e6 * np.log2(1 + 10**0.7 * gain)
    seconds_per_bit = 1 / rate_bps
    expected = 0.3 * seconds_per_bit + 0.9 * 0.2 * seconds_per_bit
    np.testing.assert_allclose(CASES[name].channel.law(link, weights).unit_cost(gain), expected, rtol=1e-14)


# ---------------------------------------------------------------- conditioning and samples


@pytest.mark.parametrize(
    ("free", "cut"),
    [
        (channel.Nakagami(m=2), channel.Nakagami(m=2, outage_gain=0.3)),
        (
            channel.Continuous(distribution="lognorm", parameters={"s": 1}),
            channel.Continuous(distribution="lognorm", parameters={"s": 1}, outage_gain=0.3),
        ),
    ],
    ids=["nakagami", "lognorm"],
)
def test_outage_conditions_the_law(free: channel.Fading, cut: channel.Fading):
    """The law above an outage gain is the unconditional one, given that the gain is above it."""
    link = at_snr(10.0)
    whole, part = free.law(link, WEIGHTS), cut.law(link, WEIGHTS)
    worst = float(whole.unit_cost(np.array([0.3]))[0])
    usable = float(whole.cdf(worst))
    assert cut.usable_probability(link) == pytest.approx(usable, rel=1e-12)
    assert free.usable_probability(link) == 1
    assert part.mean == pytest.approx(float(whole.partial_mean(worst)) / usable, rel=1e-12)
    x = worst * np.array([0.2, 0.5, 0.8, 1.0, 2.0])
    np.testing.assert_allclose(part.cdf(x), np.minimum(whole.cdf(x) / usable, 1), rtol=1e-12)
    capped = np.minimum(x, worst)
    np.testing.assert_allclose(part.partial_mean(x), whole.partial_mean(capped) / usable, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "probability"),
    [
        (channel.Rayleigh(outage_gain=0.7), exp(-0.7)),
        (channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.7), exp(-0.7)),
        (channel.Nakagami(m=3, outage_gain=0.7), stats.erlang(3, scale=1 / 3).sf(0.7)),
        (channel.Rician(k=0, outage_gain=0.7), exp(-0.7)),
        (channel.Continuous(distribution="uniform", parameters={"scale": 2}, outage_gain=0.7), 0.65),
        (DISCRETE, 1.0),
        (channel.Empirical(gains=(1.0, 2.0)), 1.0),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_usable_probability(kind: channel.BaseChannel, probability: float):
    assert kind.usable_probability(at_snr(0.0)) == pytest.approx(probability, rel=1e-12)


def test_gains_are_never_renormalised():
    gains = stats.gamma(2, scale=1.5)
    law = channel.Continuous(distribution=gains).law(at_snr(0.0), WEIGHTS)
    assert law.gains.sample(np.random.default_rng(0), 100_000).mean() == pytest.approx(3, abs=0.05)
    assert float(law.cdf(law.unit_cost(np.array(3.0)))) == pytest.approx(gains.sf(3.0), rel=1e-12)
    assert channel.Discrete(gains=(5.0,), probabilities=(1.0,)).law(at_snr(0.0), WEIGHTS).gain(
        channel.unit_cost_scale(at_snr(0.0), WEIGHTS) / np.log2(6)
    ) == pytest.approx(5, rel=1e-12)


SAMPLED = [
    "rayleigh 0.05",
    "nakagami 7.5",
    "nakagami 0.5 from 0.05",
    "nakagami 3 from 0.1",
    "rician 1",
    "rician 1000",
    "gamma",
    "lognorm",
    "uniform",
    "expon from 0.1",
]


def test_probabilities_are_rescaled_where_rounding_keeps_them_from_1():
    p = np.array([0.5, 0.25, 0.25 + 8e-10])
    law = channel.Discrete(gains=(1.0, 2.0, 3.0), probabilities=p.tolist()).law(at_snr(0.0), WEIGHTS)
    assert law.mean == pytest.approx(law.unit_costs[::-1] @ p / p.sum(), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("law", "asked"),
    [
        (
            Law,
            {"memoryless", "at", "stage_cost", "minimum", "sending", "reach", "average", "price_grid", "largest_stop"},
        ),
        (UnitCostLaw, {"mean", "go_probability", "stop_cost", "go_cost", "survival_grid"}),
    ],
)
def test_what_a_law_of_ones_own_leaves_out_is_named_as_soon_as_it_is_made(law: type, asked: set[str]):
    always = {"stage_price", "stop_probability", "draw", "unit_cost"}
    independent = {"translate", "as_seen", "stops_seeing", "nearest", "stops", "send"}  # an independent law knows these
    assert law.__abstractmethods__ == asked | always | (independent if law is Law else set())


@pytest.mark.parametrize("name", [*SAMPLED, "nakagami 1.3", "rayleigh 3"])
def test_fading_samples(name: str):
    law = CASES[name].channel.law(at_snr(10.0), WEIGHTS)
    sample = law.sample(11, 40_000)
    assert sample.shape == (40_000,)
    assert stats.kstest(sample, law.cdf).pvalue > 1e-3
    if name != "nakagami 1.3":  # R12: of infinite variance
        assert abs(sample.mean() - law.mean) < 5 * sample.std() / 200
    assert np.array_equal(sample, law.sample(np.random.default_rng(11), 40_000))


def test_samples_of_a_rare_channel():
    """Most gains are below the outage: then samples are drawn by the inverse."""
    law = channel.Nakagami(m=2, outage_gain=3.0).law(at_snr(10.0), WEIGHTS)
    sample = law.sample(5, 40_000)
    assert stats.kstest(sample, law.cdf).pvalue > 1e-3
    assert sample.max() <= float(law.unit_cost(np.array(3.0))) * (1 + 1e-12)


@pytest.mark.parametrize(
    "kind",
    [DISCRETE, channel.Empirical(gains=(0.1, 2.0, 0.4)), channel.RateTable(), channel.RateTable(m=2)],
    ids=["discrete", "empirical", "rate-table", "rate-table m=2"],
)
def test_discrete_samples(kind: channel.BaseChannel):
    law = kind.law(at_snr(10.0), WEIGHTS)
    sample = law.sample(3, 40_000)
    counted = (sample[:, None] == np.unique(law.survival_grid())).sum(axis=0)
    atoms = np.unique(law.survival_grid())
    expected = 40_000 * np.diff(np.concatenate([[0.0], law.cdf(atoms)]))
    assert counted.sum() == 40_000
    assert stats.chisquare(counted, expected * 40_000 / expected.sum()).pvalue > 1e-3
    assert abs(sample.mean() - law.mean) < 5 * sample.std() / 200


def test_inversion_samples():
    law = channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.2).law(at_snr(10.0), WEIGHTS)
    sample = law.sample(4, 40_000)
    assert stats.kstest(sample, law.cdf).pvalue > 1e-3
    assert abs(sample.mean() - law.mean) < 5 * sample.std() / 200


@given(laws(), st.floats(-1.5, 1.5), st.floats(0.0, 1e6))
def test_stopping_in_a_state_is_comparing_its_cost(law: UnitCostLaw, shift: float, o: float):
    state = law.draw(np.random.default_rng(1), 200, 0, None)
    a = o * law.mean * 10.0**shift
    cost = o * law.unit_cost(state)
    clear = abs(cost - a) > 1e-12 * abs(a)  # at equality, a fading law may round the gain either way
    assert np.array_equal(law.stops(state, o, a)[clear], (cost <= a)[clear])
    assert law.stops(state, o, inf).all()
    assert not law.stops(state, o, -inf).any()


def test_ties_of_a_discrete_law_are_exact():
    """o x <= A is compared as a product: 0.1 * 3 > 0.3 in floats, though 0.3 / 0.1 rounds to 3."""
    law = channel.Discrete.of_unit_costs([3.0], [1.0])
    assert law.stop_probability(0.1, 0.1 * 3.0) == 1
    assert law.stop_probability(0.1, np.nextafter(0.1 * 3.0, 0)) == 0
    assert law.stop_probability(0.1, 0.3) == float(0.1 * 3.0 <= 0.3) == 0


def test_two_diversity_branches_are_nakagami_2():
    rng = np.random.default_rng(8)
    combined = (rng.standard_exponential(40_000) + rng.standard_exponential(40_000)) / 2
    law = channel.Nakagami(m=2).law(at_snr(5.0), WEIGHTS)
    assert stats.kstest(law.unit_cost(combined), law.cdf).pvalue > 1e-3
    gain = np.array([0.1, 1.0, 3.0])
    of_sum = [1 - exp(-2 * g) * (1 + 2 * g) for g in gain]
    np.testing.assert_allclose(law.go_probability(1.0, law.unit_cost(gain)), of_sum, rtol=1e-12)


@pytest.mark.parametrize("branches", [3, 5])
def test_more_branches_are_nakagami_of_their_number(branches: int):
    law = channel.Nakagami(m=branches).law(at_snr(5.0), WEIGHTS)
    moments = [special.poch(branches, k) / branches**k for k in (1, 2, 3)]
    found = [
        quad(lambda g, k=k: k * g ** (k - 1) * float(law.cdf(law.unit_cost(np.array(g)))), 0, 60)[0] for k in (1, 2, 3)
    ]
    np.testing.assert_allclose(found, moments, rtol=1e-6)


# ---------------------------------------------------------------- laws of infinite cost (R12)


INFINITE = {
    "rayleigh": lambda: channel.Rayleigh(),
    "rayleigh at 0": lambda: channel.Rayleigh(outage_gain=0.0),
    "nakagami 0.5": lambda: channel.Nakagami(m=0.5),
    "nakagami 1": lambda: channel.Nakagami(m=1),
    "rician 0": lambda: channel.Rician(k=0),
    "rician 5": lambda: channel.Rician(k=5),
    "rician 1000": lambda: channel.Rician(k=1000),
    **{
        name: (lambda law=law: channel.Continuous(distribution=law))
        for name, law in {
            "expon": stats.expon(),
            "gamma 1": stats.gamma(1),
            "gamma 0.5": stats.gamma(0.5),
            "uniform": stats.uniform(0, 1),
            "chi2": stats.chi2(2),
            "chi2 of 1": stats.chi2(1),
            "arcsine": stats.arcsine(),
            "halfnorm": stats.halfnorm(),
            "foldnorm": stats.foldnorm(1.0),
            "ncx2": stats.ncx2(2, 5),
            "pareto moved to 0": stats.pareto(2, loc=-1),
            "truncnorm moved to 0": stats.truncnorm(-1, inf, loc=1),
            "arcsine moved to 0": stats.rdist(1, loc=1),
        }.items()
    },
}


@pytest.mark.parametrize("name", INFINITE)
def test_infinite_cost_is_refused_with_its_cures(name: str):
    with pytest.raises(InputError) as refusal:
        INFINITE[name]()
    message = str(refusal.value)
    for words in (
        "expected cost",
        "infinite",
        "outage_gain",
        "m > 1",
        "diversity",
        "RateTable",
        "Empirical",
        "Inversion",
    ):
        assert words in message


@pytest.mark.parametrize(
    "gain",
    [stats.expon(), stats.gamma(0.5), stats.ncx2(2, 2, scale=0.25), stats.uniform(0, 1), stats.chi2(2)],
    ids=["rayleigh", "nakagami 0.5", "rician 1", "uniform", "chi2"],
)
def test_why_it_is_refused(gain: stats.distributions.rv_frozen):
    """E[X; g > epsilon] grows without end, at least like log(1 / epsilon), as epsilon falls."""
    cost = channel.ShannonCost(at_snr(10.0), WEIGHTS)

    def between(low: float, high: float) -> float:
        return quad(lambda t: float(cost.unit_cost(np.exp(t)) * gain.pdf(np.exp(t)) * np.exp(t)), log(low), log(high))[
            0
        ]

    decades = [between(10.0 ** -(n + 1), 10.0**-n) for n in (3, 6, 9, 12)]
    limit = cost.scale * log(2) / cost.mean_snr * gain.pdf(1e-12) * log(10)
    assert decades[-1] >= limit * (1 - 1e-9)  # a constant for every decade, or more
    assert all(later > 0.9 * earlier > 0 for earlier, later in pairwise(decades))


@pytest.mark.parametrize("s", [0.8, 3.0, 10.0])
def test_lognormal_gains_of_any_spread_are_usable(s: float):
    """They vanish faster than any power, however wide: of s = 10 P(gain <= g) is below g only from 1e-86 down."""
    assert stats.lognorm(s).cdf(1e-90) < 1e-90
    assert channel.Continuous(distribution=stats.lognorm(s)).gain_law().exponent > 3


def test_sample_means_of_plain_rayleigh_only_look_finite():
    cost = channel.ShannonCost(at_snr(10.0), WEIGHTS)
    rng = np.random.default_rng(0)
    means = [
        np.mean([cost.unit_cost(rng.standard_exponential(size)).mean() for _ in range(40)]) for size in (100, 100_000)
    ]
    assert means[1] > 1.2 * means[0]


def test_outage_cures_the_same_laws():
    for kind in (
        channel.Rayleigh(outage_gain=1e-12),
        channel.Nakagami(m=0.5, outage_gain=1e-3),
        channel.Rician(k=5, outage_gain=1e-3),
        channel.Continuous(distribution="expon", outage_gain=1e-3),
        channel.RateTable(m=0.5),
        channel.TruncatedInversion(rate_bps=1e6, outage_gain=1e-3),
    ):
        assert 0 < kind.law(at_snr(10.0), WEIGHTS).mean < inf


def test_rayleigh_mean_grows_with_the_log_of_a_vanishing_outage():
    scale = channel.unit_cost_scale(at_snr(-40.0), WEIGHTS) * log(2) / 1e-4
    means = [channel.Rayleigh(outage_gain=gain).law(at_snr(-40.0), WEIGHTS).mean for gain in (1e-20, 1e-60, 1e-250)]
    np.testing.assert_allclose(np.diff(means), scale * log(10) * np.array([40, 190]), rtol=1e-12)


def test_spread_densities_are_found():
    """A peak far narrower than the first panels, poles and jumps, and noise in a density do not spoil the quadrature."""
    link = at_snr(10.0)
    certain = channel.unit_cost_scale(link, WEIGHTS) / np.log2(11)
    for kind in (channel.Nakagami(m=1e6), channel.Rician(k=1e6, outage_gain=0.05)):
        assert kind.law(link, WEIGHTS).mean == pytest.approx(certain, rel=1e-5)
        assert len(kind.law(link, WEIGHTS).gains.panels.edges) < 1000


def test_rayleigh_is_nakagami_1_and_rician_0():
    link = at_snr(4.0)
    same = [
        channel.Rayleigh(outage_gain=0.1),
        channel.Nakagami(m=1, outage_gain=0.1),
        channel.Rician(k=0, outage_gain=0.1),
        channel.Continuous(distribution="expon", outage_gain=0.1),
    ]
    first, *others = (kind.law(link, WEIGHTS) for kind in same)
    x = first.mean * np.array([0.3, 0.8, 1.0, 1.5])
    for law in others:
        np.testing.assert_allclose(law.partial_mean(x), first.partial_mean(x), rtol=1e-12)
        np.testing.assert_allclose(law.excess(x), first.excess(x), rtol=1e-11)


def test_continuous_by_name_and_by_distribution():
    by_name = channel.Continuous(distribution="gamma", parameters={"a": 2, "scale": 0.5})
    assert channel.Continuous(distribution=stats.gamma(2, scale=0.5)) == by_name
    assert channel.Continuous(distribution=stats.gamma(2, 0, 0.5)).parameters == {"a": 2, "loc": 0, "scale": 0.5}
    assert hash(by_name) == hash(channel.Continuous(distribution=stats.gamma(a=2, scale=0.5)))
    assert by_name.law(Link(), WEIGHTS).gains is by_name.law(at_snr(3.0), WEIGHTS).gains  # one quadrature for all links


def test_gain_law_of_rayleigh_is_exact_next_to_the_outage():
    law = rayleigh(0.05)
    gain = np.array([0.05, np.nextafter(0.05, 1), 0.05 + 1e-12])
    assert law.cdf(gain)[0] == 0
    np.testing.assert_allclose(law.cdf(gain)[1:], [-expm1(-(g - 0.05)) for g in gain[1:]], rtol=1e-15)


# ---------------------------------------------------------------- the link


def test_path_loss():
    """gamma = P_tx A_d (c / (4 pi f_c d))^PL / (N_0 W), with the sibling papers' values at 50 m, and thermal noise 5 dB up."""
    link = Link(distance_m=50.0, noise_figure_db=5.0)
    path_gain = 4.11 * (299_792_458 / (4 * pi * 915e6 * 50.0)) ** 3
    assert link.mean_snr == pytest.approx(0.1 * path_gain / (1.380649e-23 * 290 * 10**0.5 * 2e6), rel=1e-14)
    assert Link() == link
    halved = Link(distance_m=100.0)
    assert link.mean_snr / halved.mean_snr == pytest.approx(8, rel=1e-14)
    assert Link(distance_m=50.0, path_loss_exponent=2.0).mean_snr == pytest.approx(
        link.mean_snr * 4 * pi * 915e6 * 50.0 / 299_792_458, rel=1e-14
    )


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_mean_snr_moves_with_power_over_bandwidth(power: float, bandwidth: float):
    base = Link(distance_m=70.0)
    moved = Link(distance_m=70.0, transmit_power_w=0.1 * power, bandwidth_hz=2e6 * bandwidth)
    assert moved.mean_snr == pytest.approx(base.mean_snr * power / bandwidth, rel=1e-12)
    fixed = Link(mean_snr_db=13.0, transmit_power_w=0.1 * power, bandwidth_hz=2e6 * bandwidth)
    assert fixed.mean_snr == pytest.approx(10**1.3, rel=1e-14)


def test_mean_snr_is_that_before_conditioning():
    link = at_snr(10.0)
    for gain in (0.05, 0.5):
        law = channel.Rayleigh(outage_gain=gain).law(link, WEIGHTS)
        assert float(law.unit_cost(np.array(1.0))) == pytest.approx(
            channel.unit_cost_scale(link, WEIGHTS) / np.log2(11), rel=1e-14
        )


@pytest.mark.parametrize("outage_gain", [0.1, 2.0, 30.0])  # lost: 0.1, 0.9, and all but 1e-13
def test_what_is_usable_is_a_law_of_its_own_however_much_is_lost(outage_gain: float):
    law = conditional_gain_law(stats.expon(), outage_gain)
    beyond = np.array([0.01, 0.5, 3.0])
    np.testing.assert_allclose(law.cdf(outage_gain + beyond), -np.expm1(-beyond), rtol=1e-9)
    np.testing.assert_allclose(law.survival(outage_gain + beyond), np.exp(-beyond), rtol=1e-9)
