"""Families of channels that move: fading and shadowing themselves, what chains of them keep, and what older files meant."""

from itertools import pairwise
from math import inf

import numpy as np
import pytest
from chains import on, random_sending, stationary_law, with_rows_of_sum_0
from scipy.integrate import quad
from scipy.special import j0
from scipy.stats import gamma, norm

import coinfer
from coinfer import InputError, Link, Scenario, channel, plan
from coinfer.channel.generator import stationary
from coinfer.channel.moving import gamma_cells
from coinfer.channel.shadowed import normal_cells
from coinfer.system import LIGHT_SPEED_M_PER_S

# ---------------------------------------------------------------- fading itself, in which there is no chain


def sent_over(parts: int, rho: float, rate_at, bits: float, step_s: float, rng: np.random.Generator) -> np.ndarray:
    """Time of sending [s], 40,000 times, where `parts` Gaussian AR(1) processes make the rate; trapezoids a time step."""
    busy = np.arange(40_000)
    spent, left = np.zeros(busy.size), np.full(busy.size, bits)
    drawn = rng.standard_normal((parts, busy.size))
    rate = rate_at(drawn)
    while busy.size:
        drawn = rho * drawn + np.sqrt(1 - rho**2) * rng.standard_normal(drawn.shape)
        before, rate = rate, rate_at(drawn)
        sent = (before + rate) / 2 * step_s
        done = sent >= left
        spent[busy] += np.where(done, left / sent, 1.0) * step_s
        busy, left, rate, drawn = busy[~done], (left - sent)[~done], rate[~done], drawn[:, ~done]
    return spent


LINK = Link(bandwidth_hz=2e6, mean_snr_db=-2.3)
INPUT_BITS = 1_204_224.0


def mean_time_s(given: channel.BaseChannel, link: Link = LINK) -> float:
    law = on(given, link)
    return float(law.chain.initial @ law.sent(INPUT_BITS)[:, 0])


def fading(m: float, states: int) -> channel.Moving:
    return channel.Moving(m=m, coherence_time_s=1.0, states=states)


def shadowing(states: int) -> channel.Shadowed:
    return channel.Shadowed(sigma_db=8.0, decorrelation_m=3.0, speed_m_per_s=1.5, states=states)


ENDS = (1e-12, 1.0, 1e12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate_bps", [1e-100, 1.0, 1e15])
@pytest.mark.parametrize("mean_off_s", ENDS)
@pytest.mark.parametrize("mean_on_s", ENDS)
def test_an_on_off_link_within_its_bounds(mean_on_s, mean_off_s, rate_bps):
    """The wait, if it is off at first, and an outage each `mean_on_s` of sending; no warnings."""
    time_s = mean_time_s(channel.OnOff(rate_bps=rate_bps, mean_on_s=mean_on_s, mean_off_s=mean_off_s))
    sending_s, ratio = INPUT_BITS / rate_bps, mean_off_s / mean_on_s
    assert time_s == pytest.approx(sending_s * (1 + ratio) + mean_off_s * ratio / (1 + ratio), rel=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("other", [1e-100, 1e-15, 1.0, 1e15])
@pytest.mark.parametrize("per_s", [1e-100, 1e-15, 1.0, 1e15])
def test_a_chain_within_its_bounds(per_s, other):
    """Two rates, and moves from one to the other as often as back: from the law of the time spent at each, by hand."""
    link = channel.Markov(rates_bps=(1e15, other), generator=((-per_s, per_s), (per_s, -per_s)))
    fast, slow = 1e15, other
    gone = -np.expm1(-per_s * INPUT_BITS * (1 / fast + 1 / slow))  # of the memory of the first state, once all is sent
    mean_s = 2 * INPUT_BITS / (fast + slow)  # from the law of the state by bits
    memory_s = gone * ((1 / slow - 1 / fast) / 2) / (per_s * (1 / fast + 1 / slow)) * (fast - slow) / (fast + slow)
    assert mean_time_s(link) == pytest.approx(mean_s + memory_s, rel=1e-8)


@pytest.mark.filterwarnings("error")
def test_a_stationary_law_beyond_what_floats_hold():
    """A birth-death chain that goes up 1e115 times as often as down: each state is 1e115 times as likely as the one before."""
    q = np.diag([1e15] * 8, 1) + np.diag([1e-100] * 8, -1)
    law = stationary(q - np.diag(q.sum(axis=1)))
    assert law[-1] == 1
    assert law[-2] == pytest.approx(1e-115, rel=1e-9)
    assert law[0] == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rule", ["optimal", "1-sla", "static", "probe-once"])
@pytest.mark.parametrize(
    "kind",
    [
        channel.Moving(coherence_time_s=1e-12, states=30),
        channel.Moving(coherence_time_s=1e12, states=30),
        channel.Moving(speed_m_per_s=1e-9, states=30),
        channel.Moving(m=1000, speed_m_per_s=LIGHT_SPEED_M_PER_S, states=30),
        channel.Shadowed(sigma_db=8, decorrelation_m=1e-3, speed_m_per_s=LIGHT_SPEED_M_PER_S),
        channel.Shadowed(sigma_db=30, decorrelation_m=1e9, speed_m_per_s=1e-9),
        channel.OnOff(rate_bps=1e15, mean_on_s=1e12, mean_off_s=1e-12),
        channel.OnOff(rate_bps=1e-100, mean_on_s=1e-12, mean_off_s=1e12),
        channel.Markov(rates_bps=(1e15, 1e-100, 0), generator=((-1e15, 1e15, 0), (1, -2, 1), (1e-12, 0, -1e-12))),
        channel.Markov(gains=(1e15, 1e-100), generator=((-1e15, 1e15), (1e15, -1e15))),
    ],
    ids=lambda kind: kind.kind,
)
def test_plans_within_the_bounds(kind, rule):
    """No warning, and no cost below that of the least ever, or above that of sending at once."""
    of = coinfer.load_scenario("abstract-model", channel=kind)
    made = plan(of, rule=rule)
    assert 0 < made.time_s < inf
    assert made.cost <= plan(of, rule="edge-only").cost * (1 + 1e-9)
    assert made.stop_states.sum() == pytest.approx(1)


def test_check_value():
    for states in (120, 200):
        assert mean_time_s(fading(1.0, states)) == pytest.approx(1.3657, abs=6e-5)
    assert mean_time_s(fading(1.0, 120), Link(bandwidth_hz=2e6, mean_snr_db=-2.345)) == pytest.approx(1.3757, abs=6e-5)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 4.0, 50.0, 1000.0, None])
def test_discretisation_error_falls_like_the_square(m):
    """Richardson: each doubling of the cells leaves a quarter of the error; shadowing (None), too."""
    found = [mean_time_s(shadowing(n) if m is None else fading(m, n)) for n in (15, 30, 60, 120, 240)]
    steps = np.abs(np.diff(found))
    assert np.all((steps[:-1] / steps[1:] > 3.3) & (steps[:-1] / steps[1:] < 4.7))
    assert steps[-1] < 1e-4 * found[-1]


@pytest.mark.parametrize("m", [0.5, 1.0])
@pytest.mark.parametrize(("mean_snr_db", "bits"), [(-2.3, INPUT_BITS), (20.0, 1.2e6), (30.0, 1e5)])
def test_slow_fades_are_deep_enough(m, mean_snr_db, bits):
    """A fade is felt down to sqrt(2 B/tau) (R20), where cells must not end: 2 % at most, a third once that is small."""
    link = Link(bandwidth_hz=2e6, mean_snr_db=mean_snr_db)
    for tau_s in (1.0, 1e3, 1e5):
        found = []
        for states in (60, 120, 240):
            law = on(channel.Moving(m=m, coherence_time_s=tau_s, states=states), link)
            found.append(float(law.chain.initial @ law.sent(bits)[:, 0]))
        off = np.abs(np.array(found[:-1]) / found[-1] - 1)
        assert off[1] < 0.015
        assert off[0] / off[1] > (3 if off[0] < 0.02 else 1.5)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 4.0])
def test_against_fading_itself(m):
    """AR(1) amplitudes of correlation e^{-t/(2 tau)}: a complex one for Rayleigh, 2 m real ones for Nakagami."""

    def rate_at(amplitudes):
        return LINK.bandwidth_hz * np.log2(1 + LINK.mean_snr * np.mean(amplitudes**2, axis=0))

    spent = sent_over(round(2 * m), np.exp(-0.02 / 2), rate_at, INPUT_BITS, 0.02, np.random.default_rng(5))
    found, grid = mean_time_s(fading(m, 120)), abs(mean_time_s(fading(m, 120)) - mean_time_s(fading(m, 60)))
    assert abs(spent.mean() - found) < 4 * spent.std() / 200 + grid


def ergodic_bps(snr: float) -> float:
    """Shannon's rate in 2 MHz, averaged over Rayleigh fading."""
    return quad(lambda g: 2e6 * np.log1p(snr * g) / np.log(2) * np.exp(-g), 0, inf)[0]


def test_against_shadowing_itself():
    """Its decibels are an AR(1) process of correlation e^{-v t/d}; d/v = 2 s here."""
    at = np.linspace(-6, 6, 300)
    rates = [ergodic_bps(LINK.mean_snr * 10 ** (0.8 * x)) for x in at]

    def rate_at(normal):
        return np.interp(normal[0], at, rates)

    spent = sent_over(1, np.exp(-0.02 / 2), rate_at, INPUT_BITS, 0.02, np.random.default_rng(6))
    found, grid = mean_time_s(shadowing(96)), abs(mean_time_s(shadowing(96)) - mean_time_s(shadowing(48)))
    assert abs(spent.mean() - found) < 4 * spent.std() / 200 + grid


# ---------------------------------------------------------------- the families


@pytest.mark.parametrize("m", [0.5, 1.0, 3.3, 50.0, 1000.0])
@pytest.mark.parametrize("states", [2, 7, 120])
def test_fading_forgets_exponentially(m, states):
    """With cell means the autocorrelation is e^{-t/tau} to rounding, on any number of cells; mean 1, Gamma's masses."""
    t = [0.0, 1e-3, 0.2, 1.0, 5.0]
    law = on(channel.Moving(m=m, coherence_time_s=0.4, states=states), LINK, *t)
    gain = np.expm1(law.sender.rates_bps / LINK.bandwidth_hz * np.log(2)) / LINK.mean_snr
    p = law.chain.initial
    assert p @ gain == pytest.approx(1, rel=1e-10)
    covariance = [p @ (gain * (kernel @ gain)) - 1 for kernel in law.chain.kernels[1:]]
    assert covariance == pytest.approx(np.exp(-np.array(t) / 0.4) * covariance[0], abs=1e-9 * covariance[0])
    edges, density = gamma_cells(m, states)[0][::-1], gamma(m, scale=1 / m).pdf
    assert np.cumsum(p)[:-1] == pytest.approx(gamma(m, scale=1 / m).sf(edges), abs=1e-12)
    inside = [quad(lambda g: g * density(g), *pair)[0] for pair in list(pairwise(edges[::-1]))[::13]]
    assert (p * gain)[::-1][1:-1][::13] == pytest.approx(inside, rel=1e-6, abs=1e-9)
    if states == 120:
        assert covariance[0] == pytest.approx(1 / m, rel=5e-3)


def test_shadowing_forgets_exponentially():
    t = [0.0, 0.3, 2.0, 7.0]
    given = channel.Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=2.6, states=96)
    law, (edges, masses, means) = on(given, LINK, *t), normal_cells(96)
    p, x = law.chain.initial, means[::-1]  # the best first
    assert p == pytest.approx(masses[::-1], rel=1e-13)
    assert np.cumsum(masses)[:-1] == pytest.approx(norm.cdf(edges), rel=1e-12)
    inside = [quad(lambda y: y * norm.pdf(y), *pair)[0] for pair in pairwise([-inf, *edges, inf])]
    assert masses * means == pytest.approx(inside, abs=1e-9)
    covariance = [p @ (x * (kernel @ x)) for kernel in law.chain.kernels[1:]]
    assert covariance == pytest.approx(np.exp(-np.array(t) / 5.0) * covariance[0], abs=1e-10)
    assert covariance[0] == pytest.approx(1, abs=2e-3)
    for rate_bps, mean in zip(law.sender.rates_bps[::12], x[::12], strict=True):  # ergodic over fast Rayleigh fading
        assert rate_bps == pytest.approx(ergodic_bps(LINK.mean_snr * 10 ** (0.7 * mean)), rel=1e-6)
    assert np.exp((8 * np.log(10) / 10) ** 2 / 2) == pytest.approx(5.5, abs=0.05)  # mean over median SNR at 8 dB


def test_coherence_time_from_a_speed():
    """tau is where Clarke's J0(2 pi f_D t)^2 is 1/e; cells and kernels are those of the time itself."""
    moving, link = channel.Moving(speed_m_per_s=3.0, states=9), Link(carrier_hz=2e9)
    tau_s = moving.coherence_s(link)
    assert j0(2 * np.pi * (3.0 * 2e9 / 299_792_458) * tau_s) ** 2 == pytest.approx(np.exp(-1), rel=1e-12)
    same = on(channel.Moving(coherence_time_s=tau_s, states=9), link, 0.01).chain.kernels
    assert np.array_equal(on(moving, link, 0.01).chain.kernels, same)


@pytest.mark.parametrize("seed", range(10))
def test_stationary_law(seed):
    """By the null vector; 0 in states that are left for good; where detailed balance holds its weights."""
    link = random_sending(np.random.default_rng(seed), 3, seed % 3)
    assert stationary(link.generator) == pytest.approx(stationary_law(link.generator), rel=1e-10)
    weights = 10.0 ** np.random.default_rng(seed).uniform(-3, 0, 5)
    generator = with_rows_of_sum_0((np.ones((5, 5)) + np.eye(5, k=1) + np.eye(5, k=-1)) / weights[:, None])
    assert stationary(generator) == pytest.approx(weights / weights.sum(), rel=1e-12)
    passing = np.block([[generator - np.eye(5), np.eye(5)], [np.zeros((5, 5)), generator]])
    assert stationary(passing) == pytest.approx(np.append(np.zeros(5), weights / weights.sum()), rel=1e-12)


# ---------------------------------------------------------------- what older scenario files meant


CORRELATED = {"kind": "correlated", "base": {"kind": "rayleigh", "outage_gain": 0.05}, "coherence_time_s": 0.5}
FINITE = {
    "kind": "finite-state",
    "rates_bps": [8e6, 1e6, 0.0],
    "transitions": [[0.9, 0.1, 0.0], [0.2, 0.6, 0.2], [0.0, 0.5, 0.5]],
    "step_s": 0.1,
}
BURSTY = {"kind": "gilbert-elliott", "good_gain": 2.0, "to_bad": 0.05, "to_good": 0.2, "step_s": 0.05}
SLOWER = [[-1.0, 1.0, 0.0], [2.0, -4.0, 2.0], [0.0, 5.0, -5.0]]  # (P - 1) / step


def markov(**fields) -> channel.Markov:
    return channel.Markov(**({"rates_bps": (8e6, 1e6, 0.0), "generator": SLOWER} | fields))


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        (CORRELATED, channel.Moving(coherence_time_s=0.5), "its outage gain is gone, as motion ends every fade (R20)"),
        (
            {"kind": "correlated", "base": {"kind": "nakagami", "m": 2.5}, "speed_m_per_s": 3.0, "states": 32},
            channel.Moving(m=2.5, speed_m_per_s=3.0, states=32),
            "",
        ),
        (FINITE, markov(), ""),
        (
            FINITE | {"sending": "held", "initial": [1, 0, 0]},
            markov(sending="held"),
            "it starts from its stationary law",
        ),
        (
            FINITE | {"outages": "conditional"},
            markov(rates_bps=(8e6, 1e6), generator=[[-1.0, 1.0], [2.0, -2.0]]),
            "",
        ),
        (BURSTY, channel.Markov(gains=(2.0, 0.0), generator=[[-1.0, 1.0], [4.0, -4.0]]), ""),
        (BURSTY | {"bad_gain": 0.1}, channel.Markov(gains=(2.0, 0.1), generator=[[-1.0, 1.0], [4.0, -4.0]]), ""),
    ],
    ids=["fading", "by speed", "finite-state", "held from a state", "outages left out", "bursty", "two gains"],
)
def test_older_kinds_are_read_as_what_they_meant(old, new, lost):
    said = f"channel.kind = '{old['kind']}' is deprecated and read as '{new.kind}', a channel that moves in continuous"
    with pytest.warns(DeprecationWarning, match=said) as warned:
        found = Scenario(dnn="alexnet", channel=old).channel
    assert str(warned[0].message).endswith(lost or "in sending")
    if isinstance(new, channel.Moving):
        assert found == new
        return
    assert found.model_dump(exclude={"generator"}) == new.model_dump(exclude={"generator"})
    assert np.array(found.generator) == pytest.approx(np.array(new.generator), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("old", "words"),
    [
        (CORRELATED | {"correlation": "jakes"}, "channel.correlation = 'jakes': belongs to no Markov process"),
        (
            CORRELATED | {"base": {"kind": "truncated-inversion", "rate_bps": 2e6, "outage_gain": 0.1}},
            "channel.base.kind = 'truncated-inversion': in motion, it belongs to no Markov process",
        ),
        (FINITE | {"transitions": [[1.0]]}, "channel.transitions: should be 3 rows of 3 probabilities"),
        (FINITE | {"transitions": [[0.9, 0.2, 0]] * 3}, "channel.transitions: should be 3 rows of 3 probabilities"),
        (
            FINITE | {"transitions": [[float("nan"), 0.2, 0]] * 3},
            "channel.transitions: should be 3 rows of 3 probabilities",
        ),
        (FINITE | {"wrong": 3}, "channel.wrong: unknown field; allowed are gains, initial, kind, outages, rates_bps"),
        (FINITE | {"step_s": 0}, "channel.step_s = 0.0: should be a positive number of seconds"),
        (FINITE | {"step_s": "soon"}, "channel.step_s = 'soon': should be a number"),
        ({"kind": "correlated"}, r"cannot be converted \(base is missing\); use moving, shadowed, on-off or markov"),
        (BURSTY | {"to_good": "often"}, "channel.to_good = 'often': should be a number"),
        (BURSTY | {"to_good": 0.0}, "generator: "),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_kinds_that_mean_nothing_now(old, words):
    with pytest.raises(InputError, match=words) as refusal:
        Scenario(dnn="alexnet", channel=old)
    assert "\n" not in str(refusal.value)
