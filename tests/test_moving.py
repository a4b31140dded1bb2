"""Channels that move: what sending costs, against simulation, fractions, differential equations, closed forms and limits."""

from math import inf

import numpy as np
import pytest
from chains import on, random_sending, sent_by_a_common_clock, sent_in_fractions, stationary_law, with_rows_of_sum_0
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.stats import gamma
from strategies import powers

import coinfer
from coinfer import InputError, Link, Weights, channel
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.semigroup import Doubling, Spectral, semigroup
from coinfer.channel.sending import Sending

KINDS = [(3, 0, False), (4, 0, True), (3, 1, False), (3, 3, False), (3, 1, True), (2, 3, True)]  # of random chains


def of(kind: tuple[int, int, bool], seed: int) -> Sending:
    usable, outages, reversible = kind
    return random_sending(np.random.default_rng(seed), usable, outages, reversible=reversible)


# ---------------------------------------------------------------- small chains


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_against_a_simulation_of_every_move(kind, seed):
    """C within four standard errors of paths on one Poisson clock; and so are the package's own draws, jump by jump."""
    link, rng, count = of(kind, seed), np.random.default_rng(seed), 4000
    for bits in (0.5, 4.0):
        expected = link.cost(bits)[:, 0]
        for state, cost in enumerate(expected):
            drawn = link.draw(rng, np.full(count, state), bits, link.per_s[None])[0]
            for spent in (sent_by_a_common_clock(link, state, bits, count, rng), drawn):
                assert abs(spent.mean() - cost) < 4 * spent.std() / np.sqrt(count) + 1e-12


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_against_fractions(kind, seed):
    """Outages eliminated one by one, then a power series, all exact; whichever way the package takes."""
    link = of(kind, seed)
    law = stationary_law(link.generator)
    ways = [link, link.balanced(law)]
    assert isinstance(ways[1].in_bits, Spectral if kind[2] else Doubling)
    for bits in (0.0, 2.0**-30, 0.25, 1.5):
        exact = np.array(sent_in_fractions(link, bits), float)
        for way in ways:
            assert way.cost(bits)[:, 0] == pytest.approx(exact, rel=1e-11, abs=0)


@pytest.mark.parametrize("seed", range(4))
def test_against_a_differential_equation(seed):
    """R dC/db = c + Q C by an integrator, and by the exponential of a matrix that holds c as well."""
    link = of((4, 0, False), seed)
    rates, c, bits = link.rates_bps, link.per_s, 5.0
    found = link.cost(bits)[:, 0]
    solved = solve_ivp(lambda _, v: (c + link.generator @ v) / rates, (0, bits), np.zeros(4), rtol=1e-10, atol=1e-12)
    assert found == pytest.approx(solved.y[:, -1], rel=1e-7)
    with_c = np.zeros((5, 5))
    with_c[:4, :4], with_c[:4, 4] = link.generator / rates[:, None], c / rates
    assert found == pytest.approx(expm(bits * with_c)[:4, 4], rel=1e-11)
    assert Doubling(link.generator).matrices(np.array([0.0, 0.3, 40.0])) == pytest.approx(
        np.stack([expm(t * link.generator) for t in (0.0, 0.3, 40.0)]), abs=1e-12
    )


def two_rates(q: list[float], rates: list[float], prices: list[float], bits: float) -> list[float]:
    """C in closed form: the mean cost a bit in the long run, and what the beginning differs from it while it is remembered."""
    each = [c / r for c, r in zip(prices, rates, strict=True)]
    leave = [q[0] / rates[0], q[1] / rates[1]]  # by the bit
    forget = sum(leave)
    mean = (each[0] * leave[1] + each[1] * leave[0]) / forget
    remembered = -np.expm1(-forget * bits) / forget
    apart = (each[0] - each[1]) / forget * remembered
    return [mean * bits + leave[0] * apart, mean * bits - leave[1] * apart]


wide = powers(-6, 6)


@given(st.lists(wide, min_size=7, max_size=7))
def test_two_rates_however_stiff(numbers):
    """Rates of moving, rates of sending, prices and bits over twelve orders of magnitude, against the closed form."""
    q, rates, prices, bits = numbers[:2], sorted(numbers[2:4], reverse=True), numbers[4:6], numbers[6]
    link = Sending(np.array(rates), np.array(prices), np.array([[-q[0], q[0]], [q[1], -q[1]]]))
    expected = two_rates(q, rates, prices, bits)
    assert link.cost(bits)[:, 0] == pytest.approx(expected, rel=1e-7)
    assert link.balanced(np.array([q[1], q[0]]) / sum(q)).cost(bits)[:, 0] == pytest.approx(expected, rel=1e-7)


@given(st.lists(wide, min_size=6, max_size=6))
def test_on_off_in_closed_form(numbers):
    """o (c + u h) / r from "on", and the wait h more from "off" (R22); nothing for no bits."""
    rate_bps, mean_on_s, mean_off_s, bits, power_w, outage_power_w = numbers
    link_on_off = channel.OnOff(rate_bps=rate_bps, mean_on_s=mean_on_s, mean_off_s=mean_off_s)
    link = Link(mean_snr_db=0, transmit_power_w=power_w, outage_power_w=outage_power_w)
    law = link_on_off.law_along(link, Weights(time_per_s=0.7, energy_per_j=1.5), np.zeros(0))
    wait = (0.7 + 1.5 * outage_power_w) * mean_off_s
    on = bits * (0.7 + 1.5 * power_w + wait / mean_on_s) / rate_bps
    assert law.sent([bits, 0.0]) == pytest.approx(np.array([[on, 0], [on + wait, 0]]), rel=1e-9)


@given(st.integers(0, 2**32 - 1), powers(-3, 3), powers(-3, 3))
def test_units_do_not_matter(seed, time, size):
    """Other units of time, bits and cost change C as they must, and so C is dear in bits and in prices of a second."""
    link, bits = of(KINDS[seed % len(KINDS)], seed), np.array([0.1, 1.0, 2.0])
    cost = link.cost(bits)
    other = Sending(link.rates_bps / time * size, link.per_s / time, link.generator / time)
    assert other.cost(bits * size) == pytest.approx(cost, rel=1e-9)
    assert np.all(np.diff(cost, axis=1) > 0)
    one, two = link.priced(np.ones_like(link.per_s)), link.priced(3 * link.per_s + 2)
    assert two.cost(bits) == pytest.approx(3 * cost + 2 * one.cost(bits), rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_states_that_move_alike_are_one(seed):
    """The first state split into two, states in any order: the costs are the same, and the two halves cost the same."""
    link, rng = of(KINDS[seed % len(KINDS)], seed), np.random.default_rng(seed)
    which = np.append(np.arange(len(link.per_s)), 0)
    away = link.generator[np.ix_(which, which)]
    away[:, 0] *= 0.25
    away[:, -1] *= 0.75
    order = rng.permutation(which.size)
    split = with_rows_of_sum_0(np.maximum(away, 0.0))[np.ix_(order, order)]
    given = channel.Markov(rates_bps=link.rates_bps[which][order], generator=split)
    law = on(given, None, 0.3)
    best_first = which[order][np.argsort(-link.rates_bps[which][order], kind="stable")]
    bits = np.array([0.5, 3.0])
    one = on(channel.Markov(rates_bps=link.rates_bps, generator=link.generator), None, 0.3)
    assert law.sent(bits) == pytest.approx(one.sent(bits)[best_first], rel=1e-9)
    assert law.sending(bits) == pytest.approx(one.sending(bits)[best_first], rel=1e-9)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_states_of_the_same_rate_and_another_power(order):
    """Any order of the states given; a joule more a second, a joule more."""
    q = np.array([[-2.0, 1.0, 1.0], [1.0, -3.0, 2.0], [5.0, 4.0, -9.0]])[np.ix_(order, order)]
    at = list(order)
    two = channel.Markov(
        rates_bps=np.array([4.0, 4.0, 0.0])[at], transmit_powers_w=np.array([1.0, 2.0, 0.0])[at], generator=q
    )
    law = two.law_along(Link(), Weights(time_per_s=1.0, energy_per_j=1.0), np.zeros(0))
    assert law.unit_costs.tolist() == [0.5, 0.75, inf]
    assert law.sent(1e-9)[:2, 0] / 1e-9 == pytest.approx([(2 + 1 / 9) / 4, (3 + 2 / 9) / 4], rel=1e-6)


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_channel_that_hardly_moves_is_held(kind, seed):
    """Q to 0: b c/r where no outage can be entered, else b (c + rate of entering times the wait)/r; outages last for ever."""
    link, slow, usable = of(kind, seed), 1e-13, kind[0]
    still = Sending(link.rates_bps, link.per_s, slow * link.generator)
    held, bits = Sending.held(link.rates_bps, link.per_s, link.generator), np.array([1e-3, 0.5, 4.0])
    waits = np.linalg.solve(-link.generator[usable:, usable:], link.per_s[usable:])
    entered = (link.per_s[:usable] + link.generator[:usable, usable:] @ waits) / link.rates_bps[:usable]
    assert still.cost(bits)[:usable] == pytest.approx(np.outer(entered, bits), rel=1e-9)
    assert still.cost(bits)[usable:] == pytest.approx(np.outer(waits / slow, np.ones(3)), rel=1e-9)
    each = link.per_s[:usable] / link.rates_bps[:usable]
    assert held.cost(bits)[:usable] == pytest.approx(np.outer(each, bits), rel=1e-12)
    if not kind[1]:
        assert still.cost(bits) == pytest.approx(held.cost(bits), rel=1e-9)
        assert link.unit_costs == pytest.approx(each, rel=1e-15)


def test_held_from_an_outage():
    """The wait, then the rate at which it ends, by the chances of each."""
    q = [[-1.0, 0.0, 1.0], [0.0, -1.0, 1.0], [1.0, 3.0, -4.0]]
    held = Sending.held(np.array([2.0, 1.0, 0.0]), np.array([4.0, 4.0, 1.0]), np.array(q))
    assert held.cost([2.0, 0.0]) == pytest.approx(np.array([[4, 0], [8, 0], [0.25 + 0.25 * 4 + 0.75 * 8, 0]]))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_channel_that_moves_at_once_averages_out(kind, seed):
    """Q to infinity: b (pi c)/(pi r) from every state, outages and what they cost included."""
    link = of(kind, seed)
    law = stationary_law(link.generator)
    quick = Sending(link.rates_bps, link.per_s, 1e12 * link.generator)
    for way in (quick, quick.balanced(law)):
        expected = 4.0 * (law @ link.per_s) / (law @ link.rates_bps)
        assert way.cost(4.0) == pytest.approx(np.full((sum(kind[:2]), 1), expected), rel=1e-9)


def test_one_state_no_bits_and_layers_without_duration():
    one = on(channel.Markov(rates_bps=(4.0,), generator=((0.0,),)), None, 0.0, 5.0)
    assert one.sent([0.0, 1.0, 8.0]).tolist() == [[0.0, 0.25, 2.0]]
    assert one.chain.kernels.tolist() == [[[1.0]]] * 3
    for still in (channel.Moving(coherence_time_s=1.0), channel.OnOff(rate_bps=1e6, mean_on_s=1, mean_off_s=1)):
        law = on(still, None, 0.0, 0.3)
        size = len(law.unit_costs)
        assert np.array_equal(law.chain.kernels[1], np.eye(size))
        assert np.all(law.sent(0.0) == 0)
        assert np.all(law.sent(1e-300) >= 0)
    off = on(channel.OnOff(rate_bps=1e6, mean_on_s=1, mean_off_s=7)).sent([0.0, 1e-9])
    assert off[1] == pytest.approx([0.0, 7.0])  # one bit pays the whole wait


@pytest.mark.parametrize("rates", [(1.0, 2.0), (2.0, 0.0, 1.0), (2.0, -1.0), (2.0, -0.5)])
def test_states_are_in_the_order_of_what_a_bit_costs(rates):
    size = len(rates)
    moves = np.ones((size, size)) - size * np.eye(size)
    chain = Chain(np.full(size, 1 / size), np.full((3, size, size), 1 / size))
    with pytest.raises(InputError, match="unit costs should ascend over the states that can send, outages come last"):
        MovingLaw(chain, Sending(np.array(rates), np.ones(size), moves))


# ---------------------------------------------------------------- the two ways of the semigroup


def reversible(seed: int, states: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A generator, and weights with which detailed balance holds."""
    rng = np.random.default_rng(seed)
    weights = 10.0 ** rng.uniform(-3, 0, states)
    both = rng.uniform(0, 1, (states, states)) * (rng.random((states, states)) < 0.7) + np.eye(states, k=1)
    return with_rows_of_sum_0((both + both.T) / weights[:, None]), weights


@pytest.mark.parametrize("seed", range(10))
def test_both_ways_agree(seed):
    generator, weights = reversible(seed)
    at, source = np.array([0.0, 1e-4, 0.1, 3.0, 1e4]), np.random.default_rng(seed).uniform(1, 2, 5)
    one, two = Doubling(generator), semigroup(generator, weights)
    assert isinstance(two, Spectral)
    assert one.matrices(at) == pytest.approx(two.matrices(at), abs=1e-10)
    for doubled, decomposed in zip(one.flow(source, at), two.flow(source, at), strict=True):
        assert doubled == pytest.approx(decomposed, rel=1e-9)
    assert one.solves(source, *one.flow(source, at))
    assert isinstance(semigroup(generator, np.ones(5)), Doubling)  # no detailed balance with other weights


def corrupted(generator: np.ndarray, weights: np.ndarray, spoil: str) -> Spectral:
    """A decomposition gone wrong, as rounding in tiny cells makes it."""
    found = Spectral(generator, weights)
    values, vectors = (part.copy() for part in found._eigen)
    if spoil == "top":
        values[-1] = 1e-3 * values[0]
    elif spoil == "vector":
        vectors[:, -1] = np.roll(vectors[:, -1], 1)
    else:
        values[0] *= 1.5
    found.__dict__["_eigen"] = values, vectors
    return found


@pytest.mark.parametrize("spoil", ["top", "vector", "value"])
@pytest.mark.parametrize("seed", range(3))
def test_a_corrupted_decomposition_is_caught(seed, spoil, monkeypatch):
    """The equation does not hold for what it gives; the general way takes over, and costs are right."""
    generator, weights = reversible(seed)
    bad, source, at = corrupted(generator, weights, spoil), np.linspace(1, 2, 5), np.array([0.1, 2.0])
    assert not bad.solves(source, *bad.flow(source, at))
    right = Sending(np.ones(5), source, generator)
    assert Sending(np.ones(5), source, generator, bad).cost(at) == pytest.approx(right.cost(at), rel=1e-12)
    monkeypatch.setattr("coinfer.channel.semigroup.Spectral", lambda *given: corrupted(*given, spoil))
    assert isinstance(semigroup(generator, weights), Doubling)


def test_a_result_that_no_way_gets_right_is_refused(monkeypatch):
    monkeypatch.setattr(Doubling, "solves", lambda *_: False)
    with pytest.raises(InputError, match=r"rates of .* bit/s, with up to .* moves a second, .* does not hold"):
        of((3, 0, False), 0).cost(1.0)


@pytest.mark.parametrize("m", [0.5, 1.0, 4.0])
def test_tiny_cells(m):
    """Cells with masses down to 1e-200, on which eigenvalues alone lose the stationary law: both ways agree."""
    edges = np.concatenate([np.geomspace(1e-12, 0.1, 20), np.linspace(0.3, 450 / m, 40)])
    below, above = np.append(0.0, edges), np.append(edges, inf)
    law = gamma(m, scale=1 / m)
    masses = np.where(above > 2, law.sf(below) - law.sf(above), law.cdf(above) - law.cdf(below))
    more = gamma(m + 1, scale=1 / m)
    means = np.where(above > 2, more.sf(below) - more.sf(above), more.cdf(above) - more.cdf(below)) / masses
    assert masses.min() < 1e-150
    flux = edges * law.pdf(edges) / m / np.diff(means)
    away = np.diag(flux / masses[:-1], 1) + np.diag(flux / masses[1:], -1)
    rates = np.log2(1 + 0.6 * means)[::-1]
    link = Sending(rates, np.ones(61), with_rows_of_sum_0(away)[::-1, ::-1])
    bits = np.array([1e-3, 0.6, 30.0])
    quick = link.balanced(masses[::-1])
    assert quick.cost(bits) == pytest.approx(link.cost(bits), rel=1e-8)
    assert masses[::-1] @ quick.cost(1e6)[:, 0] == pytest.approx(1e6 / (masses[::-1] @ rates), rel=1e-4)


@given(seed=st.integers(0, 50), bits=st.lists(st.sampled_from([0.0, 0.25, 2.0, 5.0]), min_size=2, max_size=5))
def test_what_is_asked_again_is_what_was_asked_at_first(seed, bits):
    link, again = of((3, 1, False), seed), of((3, 1, False), seed)
    first, once_more = link.cost(bits), link.cost(bits)
    assert np.array_equal(first, once_more)
    assert first == pytest.approx(np.concatenate([again.cost([each]) for each in bits], axis=1), rel=1e-12)
    with pytest.raises(ValueError, match="read-only"):  # it is shared
        once_more[0, 0] = 1.0


@pytest.mark.parametrize("scenario", ["phone-mmwave", "vehicle-lte"])
def test_never_stopping_is_the_limit_of_hardly_ever_stopping(scenario):
    priced = coinfer.costs(coinfer.load_scenario(scenario))
    law, bits = priced.law, priced.bits[:-1]
    never, hardly = np.full(bits.size, -inf), np.full(bits.size, -1.0)  # sending costs more than nothing
    assert np.array_equal(law.reach(bits, never), law.reach(bits, hardly))
    going = law.sent(priced.bits)
    assert np.array_equal(law.stage_cost(priced.bits, -inf, going), law.stage_cost(priced.bits, -1.0, going))
    assert law.reach(bits, never).sum(axis=0) == pytest.approx(np.ones(bits.size + 1))
