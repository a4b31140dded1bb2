"""Channels with memory: exact policies, the process itself, both limits, outages, and what each rule loses."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from coinfer.channel.gamma_process import joint_probabilities, power_correlation
from coinfer.channel.outage import Waiting
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import j0
from scipy.stats import gamma, ncx2

import coinfer
from coinfer import Costs, InputError, Link, Scenario, Weights, channel, clairvoyant, plan
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.noise import noisy_cost
from coinfer.channel.sending import Held, Sending
from coinfer.channel.thresholds import is_threshold
from coinfer.placement import expected_cost
from coinfer.rules import commitment_costs
from coinfer.stopping import evaluate, look_ahead_costs, look_ahead_thresholds

RAYLEIGH = channel.Rayleigh(outage_gain=0.05)


def correlated(base=RAYLEIGH, **fields) -> channel.Correlated:
    return channel.Correlated(base, **({"coherence_time_s": 0.5} | fields))


def scenario(**fields) -> Scenario:
    return Scenario(**({"dnn": "alexnet", "channel": correlated()} | fields))


def small_network(*macs: int) -> coinfer.DNN:
    layers = len(macs)
    sizes = {"parameter_bits": (8,) * layers, "output_bits": (10**6,) * layers + (10,)}
    return coinfer.DNN(name="small", layer_names=tuple("abcdefgh"[:layers]), macs=macs, **sizes)


# ---------------------------------------------------------------- every policy, in fractions


def dyadic_rows(rng: np.random.Generator, rows: int, states: int) -> np.ndarray:
    return rng.multinomial(8, np.full(states, 1 / states), rows) / 8


def dyadic_chain(seed: int, *, outage: bool = False, layers: int = 3, states: int = 3) -> Costs:
    """A chain of a few layers over a channel of a few states, on numbers of few binary digits."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(1, 13, states)) / 4
    kernels = dyadic_rows(rng, layers * states, states).reshape(layers, states, states)
    waiting = None
    if outage:
        step = dyadic_rows(rng, states, states)
        step[-1] = [0.25, 0.5, 0.25]
        waiting = Waiting(states - 1, step, float(rng.integers(0, 5)) / 8)
    return Costs(
        extra=rng.integers(-4, 9, layers) / 4,
        bits=rng.integers(0, 7, layers + 1) * (rng.random(layers + 1) > 0.15),
        download=rng.integers(0, 9, layers) / 16,
        edge=0.25,
        law=MovingLaw(Chain.of(dyadic_rows(rng, 1, states)[0], kernels), Held(x), waiting),
    )


class Exact:
    """A channel with memory in fractions, followed state by state under any policy."""

    def __init__(self, costs: Costs):
        def exact(values):
            return [Fraction(float(v)) for v in values]

        self.delta, self.bits, self.x = exact(costs.extra), exact(costs.bits), exact(costs.law.unit_costs)
        self.initial = exact(costs.law.chain.initial)
        self.kernels = [[exact(row) for row in kernel] for kernel in costs.law.chain.kernels[1:]]
        outage = costs.law.outage if costs.law.waits else None
        self.out = None if outage is None else len(self.x) - 1
        self.step = None if outage is None else exact(outage.step[-1])
        self.cost = 0 if outage is None else Fraction(outage.cost)
        self.states = range(len(self.x))

    def decide(self, n: int, going: list, moves) -> list:
        """Cost from each state at stage n, if `moves` says in which states the device sends (or, in an outage, waits)."""
        costs = [self.bits[n] * x if move else go for x, go, move in zip(self.x, going, moves, strict=True)]
        if self.out is not None and moves[-1] and self.bits[n] > 0:  # w = cost + sum p v + p_out w
            away = sum(self.step[s] * costs[s] for s in self.states[:-1])
            costs[-1] = (self.cost + away) / (1 - self.step[-1])
        elif self.out is not None and moves[-1]:
            costs[-1] = Fraction(0)
        return costs

    def ahead(self, n: int, values: list) -> list:
        """Expectation at stage n - 1 of values at stage n."""
        if n == 0:
            return [sum(p * v for p, v in zip(self.initial, values, strict=True))]
        return [sum(p * v for p, v in zip(row, values, strict=True)) for row in self.kernels[n - 1]]

    def follow(self, policy, last: int) -> Fraction:
        """Expected cost from stage 0 on of sets of states at which to stop, one for each stage before the last."""
        values = self.decide(last, [None] * len(self.x), [True] * len(self.x))
        for n in range(last - 1, -1, -1):
            going = [self.delta[n] + v for v in self.ahead(n + 1, values)]
            values = self.decide(n, going, policy[n])
        return self.ahead(0, values)[0]

    def best(self, last: int) -> Fraction:
        sets = list(product([False, True], repeat=len(self.x)))
        return min(self.follow(policy, last) for policy in product(sets, repeat=last))

    def going(self, n: int, last: int) -> list:
        """Least expected cost of going on from each state at stage n, if `last` is the last stage; any policy."""
        sets = list(product([False, True], repeat=len(self.x)))
        candidates = []
        for policy in product(sets, repeat=last - n - 1):
            values = self.decide(last, [None] * len(self.x), [True] * len(self.x))
            for m in range(last - 1, n, -1):
                values = self.decide(m, [self.delta[m] + v for v in self.ahead(m + 1, values)], policy[m - n - 1])
            candidates.append([self.delta[n] + v for v in self.ahead(n + 1, values)])
        return [min(column) for column in zip(*candidates, strict=True)]


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_optimal_against_every_policy(seed, outage):
    costs = dyadic_chain(seed, outage=outage)
    exact = Exact(costs)
    found = look_ahead_costs(costs, 3)
    assert found == pytest.approx([float(exact.best(m)) for m in range(4)], rel=1e-13, abs=1e-13)
    a = look_ahead_thresholds(costs, 3, 3)
    assert evaluate(costs, a) == pytest.approx(found[-1], rel=1e-13, abs=1e-13)
    for n in range(3):
        assert a[:, n] == pytest.approx([float(v) for v in exact.going(n, 3)], rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_look_ahead_by_its_definition(seed, depth, outage):
    costs = dyadic_chain(seed, outage=outage)
    exact = Exact(costs)
    for placement, found in enumerate(look_ahead_costs(costs, depth)):
        going = [exact.going(n, min(n + depth, placement)) for n in range(placement)]
        values = exact.decide(placement, [None] * 3, [True] * 3)
        for n in range(placement - 1, -1, -1):
            sent = [exact.bits[n] * x for x in exact.x]
            moves = [s <= g for s, g in zip(sent, going[n], strict=True)]
            if outage:  # an outage waits if that is better than going on, where usable states do as they would
                usable = [min(s, g) for s, g in zip(sent, going[n], strict=True)][:-1]
                wait = (exact.cost + sum(p * v for p, v in zip(exact.step, usable, strict=False))) / (
                    1 - exact.step[-1]
                )
                moves[-1] = (wait if exact.bits[n] else 0) <= going[n][-1]
            values = exact.decide(n, [exact.delta[n] + v for v in exact.ahead(n + 1, values)], moves)
        assert found == pytest.approx(float(exact.ahead(0, values)[0]), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_static_and_probe_once_by_their_definition(seed, outage):
    costs = dyadic_chain(seed, outage=outage)
    exact = Exact(costs)
    always, never = [True] * 3, [False] * 3
    fixed = [exact.follow([never] * n, n) for n in range(4)]
    assert plan(costs, rule="static").costs - costs.edge - np.insert(np.cumsum(costs.download), 0, 0) == pytest.approx(
        [float(min(fixed[: m + 1])) for m in range(4)], abs=1e-13
    )
    # what each stage costs if chosen in each state at stage 0
    chosen = []
    for n in range(1, 4):
        values = exact.decide(n, [None] * 3, always)
        for m in range(n, 0, -1):
            values = [exact.delta[m - 1] + v for v in exact.ahead(m, values)]
        chosen.append(values)
    assert commitment_costs(costs) == pytest.approx(np.array(chosen, float).T, abs=1e-13)
    going = [min(column) for column in zip(*chosen, strict=True)]
    best = min(exact.ahead(0, exact.decide(0, going, moves))[0] for moves in product([False, True], repeat=3))
    found = plan(costs, rule="probe-once").costs[-1] - costs.edge - costs.download.sum()
    assert found == pytest.approx(float(best), abs=1e-13)


@pytest.mark.parametrize("seed", range(10))
def test_clairvoyant_by_listing_paths(seed):
    costs = dyadic_chain(seed)
    law, spent = costs.law, np.insert(np.cumsum(costs.extra), 0, 0)
    mean = 0.0
    for path in product(range(3), repeat=4):
        p = law.chain.initial[path[0]] * np.prod([law.chain.kernels[n + 1][path[n], path[n + 1]] for n in range(3)])
        mean += p * min(spent + costs.bits * law.unit_costs[list(path)])
    assert clairvoyant(costs)[-1] == pytest.approx(costs.edge + costs.download.sum() + mean, abs=1e-13)


# ---------------------------------------------------------------- results that hold with memory, too


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), outage=st.booleans())
def test_order_of_the_rules(seed, outage):
    """Clairvoyant <= optimal <= (k+1)-sla <= k-sla; optimal <= every other rule; the gap is what each loses."""
    costs = dyadic_chain(seed, outage=outage)
    ladder = [plan(costs, rule="look-ahead", depth=k, placement=3).costs for k in (3, 2, 1)]
    others = [plan(costs, rule=rule).costs for rule in ("memoryless", "probe-once", "static", "edge-only")]
    assert np.all(clairvoyant(costs) <= ladder[0] + 1e-12)
    assert all(np.all(deep <= shallow + 1e-12) for deep, shallow in pairwise(ladder))
    assert all(np.all(ladder[0] <= other + 1e-12) for other in others)
    for rule in ("look-ahead", "memoryless", "static"):
        at = plan(costs, rule=rule, placement=3)
        assert at.gap.total == pytest.approx(at.cost - ladder[0][-1], abs=1e-12)
        assert at.gap.total <= at.gap.bound + 1e-12
        assert at.stop_probabilities.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_independent_states_are_the_core(depth):
    """Rows that are all equal: every rule, threshold and probability of the core on the same law."""
    costs = dyadic_chain(1)
    p = costs.law.chain.initial
    kernels = np.broadcast_to(p, (3, 3, 3))
    chain = Costs(**{**vars(costs), "law": MovingLaw(Chain.of(p, kernels), Held(costs.law.unit_costs))})
    core = Costs(**{**vars(costs), "law": DiscreteLaw(costs.law.unit_costs, p)})
    for rule in ("optimal", "look-ahead", "memoryless", "probe-once", "static", "edge-only", "local-only"):
        of = {"depth": depth} if rule == "look-ahead" else {}
        memory, none = (plan(given, rule=rule, placement=3, **of) for given in (chain, core))
        assert memory.costs == pytest.approx(none.costs, rel=1e-12, abs=1e-12)
    assert clairvoyant(chain) == pytest.approx(clairvoyant(core), rel=1e-12)


# ---------------------------------------------------------------- the Gamma process


EDGES = np.array([0.0, 0.05, 0.3, 0.8, 1.5, 3.0, np.inf])


@pytest.mark.parametrize("m", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("r", [0.0, 0.2, 0.9, 0.99])
def test_transitions_against_the_noncentral_chi_square(m, r):
    joint = joint_probabilities(EDGES, m, r)
    density = gamma(m, scale=1 / m).pdf

    def moves(g: float, high: float) -> float:
        if r == 0:
            return gamma(m, scale=1 / m).cdf(high)
        scale = (1 - r) / (2 * m)
        return ncx2(2 * m, r * g / scale).cdf(high / scale)

    for i, j in [(0, 0), (0, 2), (2, 3), (3, 3), (4, 1)]:
        expected, _ = quad(
            lambda g, j=j: density(g) * (moves(g, EDGES[j + 1]) - moves(g, EDGES[j])),
            EDGES[i],
            EDGES[i + 1],
            epsabs=1e-12,
        )
        assert joint[i, j] == pytest.approx(expected, abs=1e-9)
    assert joint.sum(axis=1) == pytest.approx(np.diff(gamma(m, scale=1 / m).cdf(EDGES)), abs=1e-12)
    assert joint == pytest.approx(joint.T, abs=1e-13)


@pytest.mark.parametrize("m", [1.0, 2.5])
def test_short_steps_join_the_series(m):
    """Where the normal step of the amplitude takes over it is near the noncentral chi-square, and r = 1 stays put."""
    r = 0.9995
    scale = (1 - r) / (2 * m)
    joint = joint_probabilities(EDGES, m, r)
    for i in (2, 3, 4):
        low, high = EDGES[i], EDGES[i + 1]
        leaves, _ = quad(
            lambda g, high=high: gamma(m, scale=1 / m).pdf(g) * ncx2(2 * m, r * g / scale).sf(high / scale),
            low,
            high,
            points=[high - 0.05],
            epsabs=1e-10,
        )
        assert joint[i, i + 1] == pytest.approx(leaves, rel=0.06)
    mass = np.diff(gamma(m, scale=1 / m).cdf(EDGES))
    assert joint.sum(axis=1) == pytest.approx(mass, abs=1e-14)
    assert joint_probabilities(EDGES, m, 1.0) == pytest.approx(np.diag(mass), abs=1e-15)


def test_coherence_time():
    t = np.array([0.0, 0.01, 0.02])
    assert power_correlation(t, 0.02, "exponential") == pytest.approx(np.exp([0, -0.5, -1]), rel=1e-14)
    assert power_correlation(0.02, 0.02, "jakes") == pytest.approx(np.exp(-1), rel=1e-12)
    moving = correlated(coherence_time_s=None, speed_m_per_s=3.0, correlation="jakes")
    link = Link(carrier_hz=2e9)
    doppler_hz = 3.0 * 2e9 / 299_792_458
    r = power_correlation(0.004, moving.coherence_s(link), "jakes")
    assert r == pytest.approx(j0(2 * np.pi * doppler_hz * 0.004) ** 2, rel=1e-12)


# ---------------------------------------------------------------- limits and convergence


@pytest.mark.parametrize(
    "base", [RAYLEIGH, channel.Nakagami(m=2.0), channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1)]
)
def test_no_memory_is_the_core_on_the_quantised_law(base):
    given = coinfer.costs(scenario(channel=correlated(base, coherence_time_s=1e-6)))
    core = Costs(**{**vars(given), "law": given.law.memoryless})
    for rule, depth in [
        ("optimal", None),
        ("look-ahead", 1),
        ("look-ahead", 3),
        ("static", None),
        ("probe-once", None),
    ]:
        assert plan(given, rule=rule, depth=depth).costs == pytest.approx(
            plan(core, rule=rule, depth=depth).costs, rel=1e-12
        )
    assert given.law.memoryless.mean == pytest.approx(base.law(Link(), Weights()).mean, rel=1e-9)


@pytest.mark.parametrize("coherence_time_s", [1e-6, 0.3, 3.0])
@pytest.mark.parametrize("base", [RAYLEIGH, channel.Nakagami(m=1.5)])
def test_quantisation_error_falls(base, coherence_time_s):
    """At least as S^-1.5: towards the continuous law without memory, towards the finest chain with memory."""

    def cost(states: int) -> float:
        at = correlated(base, coherence_time_s=coherence_time_s, states=states)
        return float(look_ahead_costs(coinfer.costs(scenario(channel=at)), 8)[-1])

    continuous = coinfer.costs(scenario(channel=base))
    exact = float(look_ahead_costs(continuous, 8)[-1]) if coherence_time_s < 1e-3 else cost(600)
    # the error depends on where in a state a threshold falls, so several numbers of states are taken together
    few, many = (np.mean([abs(cost(scale * states) - exact) for states in (8, 9, 10, 11, 12)]) for scale in (1, 8))
    assert many < 8**-1.5 * few
    assert many < 1e-3 * exact


def test_frozen_channel():
    """The device decides at stage 0 where it will stop: the optimum is probe-once, the least line in each state."""
    given = coinfer.costs(scenario(channel=correlated(coherence_time_s=float("inf"))))
    law, spent = given.law, np.insert(np.cumsum(given.extra), 0, 0)
    lines = spent + np.outer(law.unit_costs, given.bits)
    expected = law.chain.initial @ np.minimum.accumulate(lines, axis=1)
    download = given.edge + np.insert(np.cumsum(given.download), 0, 0)
    for rule in ("optimal", "probe-once"):
        assert plan(given, rule=rule).costs == pytest.approx(download + expected, rel=1e-12)
    assert clairvoyant(given) == pytest.approx(download + expected, rel=1e-12)
    nearly = plan(scenario(channel=correlated(coherence_time_s=1e7))).costs
    assert nearly == pytest.approx(download + expected, rel=2e-3)


def test_layers_that_take_no_time_leave_the_channel_alone():
    dnn = small_network(0, 10**8)
    assert np.array_equal(coinfer.costs(scenario(dnn=dnn)).law.chain.kernels[1], np.eye(64))


# ---------------------------------------------------------------- the process itself


def first_order_process(given: Costs, at: coinfer.Plan, r: np.ndarray, count: int, rng) -> np.ndarray:
    """The cost of each of many inferences over a complex AR(1) amplitude, conditional on a gain of at least 0.05."""

    def noise(size: int) -> np.ndarray:
        return (rng.normal(size=size) + 1j * rng.normal(size=size)) / np.sqrt(2)

    link, weights = Link(), Weights()
    x_at, spent = RAYLEIGH.law(link, weights).unit_cost, np.insert(np.cumsum(given.extra), 0, 0)
    amplitude, cost, running = np.zeros(count, complex), np.zeros(count), np.ones(count, bool)
    for n in range(at.placement + 1):
        rho, fresh, before = (0.0 if n == 0 else np.sqrt(r[n - 1])), np.arange(count), amplitude.copy()
        while fresh.size:
            amplitude[fresh] = rho * before[fresh] + np.sqrt(1 - rho**2) * noise(fresh.size)
            fresh = fresh[np.abs(amplitude[fresh]) ** 2 < 0.05]
        x = x_at(np.abs(amplitude) ** 2)
        stops = running & (x <= at.thresholds[n] if n < at.placement else True)
        cost[stops] = spent[n] + given.bits[n] * x[stops]
        running &= ~stops
    return cost


@pytest.mark.parametrize("coherence_time_s", [0.1, 1.0])
def test_against_the_process_itself(coherence_time_s):
    of = scenario(channel=correlated(coherence_time_s=coherence_time_s))
    fine, coarse = (plan(of.replace(channel__states=s), placement=8) for s in (128, 32))
    given = fine.problem
    durations_s = np.array(of.dnn.macs) / of.device.macs_per_s
    count = 100_000
    cost = first_order_process(given, fine, np.exp(-durations_s / coherence_time_s), count, np.random.default_rng(5))
    mean = given.edge + given.download.sum() + cost.mean()
    quantisation = abs(fine.cost - coarse.cost)
    assert quantisation < 2e-3 * fine.cost
    assert abs(mean - fine.cost) < 4 * cost.std() / np.sqrt(count) + quantisation
    drawn = coinfer.simulate(of, fine, inferences=count, rng=3)
    assert abs(drawn.mean - mean) < 4 * np.hypot(cost.std() / np.sqrt(count), drawn.standard_error)


# ---------------------------------------------------------------- simulation, outages


CHAINS = [
    channel.GilbertElliott(good_gain=2.0, bad_gain=0.1, to_bad=0.05, to_good=0.2, step_s=0.05),
    channel.GilbertElliott(good_gain=2.0, to_bad=0.05, to_good=0.1, step_s=0.05),
    channel.FiniteState(
        rates_bps=(8e6, 1e6, 0.0), transitions=((0.9, 0.1, 0), (0.2, 0.6, 0.2), (0, 0.5, 0.5)), step_s=0.1
    ),
    correlated(),
    correlated(outages="wait"),
    correlated(channel.Nakagami(m=1.5, outage_gain=0.1), outages="wait", coherence_time_s=0.2),
]


@pytest.mark.parametrize("given", CHAINS, ids=lambda given: f"{given.kind}-{given.outages}")
@pytest.mark.parametrize("rule", ["optimal", "look-ahead", "memoryless", "static"])
def test_simulation_agrees(given, rule):
    of = scenario(channel=given)
    at = plan(of, rule=rule, placement=6)
    outcome = coinfer.simulate(of, at, inferences=40_000, rng=1)
    assert abs(outcome.mean - at.cost) < 4.5 * outcome.standard_error + 2e-3 * at.cost
    assert outcome.stop_counts / outcome.inferences == pytest.approx(at.stop_probabilities, abs=0.02)


def test_simulation_of_probe_once():
    of = scenario(channel=correlated(coherence_time_s=5.0))
    at = plan(of, rule="probe-once", placement=8)
    outcome = coinfer.simulate(of, at, inferences=40_000, rng=1)
    assert abs(outcome.mean - at.cost) < 4.5 * outcome.standard_error + 2e-3 * at.cost


def test_outages_two_ways():
    """Waiting costs: the explicit outage is dearer than the conditional one, and they meet as outages vanish."""
    for outage_gain, bound in [(0.2, 0.5), (1e-4, 2e-3)]:
        base = channel.Rayleigh(outage_gain=outage_gain)
        condition, wait = (plan(scenario(channel=correlated(base, outages=o))).cost for o in ("conditional", "wait"))
        assert 0 < wait / condition - 1 < bound


def test_an_outage_that_never_ends_is_refused():
    stuck = channel.FiniteState(gains=(1.0, 0.0), transitions=((0.5, 0.5), (0.0, 1.0)), step_s=0.1, initial=(1.0, 0.0))
    with pytest.raises(InputError, match="never reaches a usable"):
        plan(scenario(channel=stuck))


def test_a_layer_takes_whole_steps():
    chain = channel.GilbertElliott(bad_gain=0.2, to_bad=0.05, to_good=0.2, step_s=0.05)
    dnn = small_network(0, 10**6, 30 * 10**6, 90 * 10**6)
    kernels = coinfer.costs(scenario(dnn=dnn, channel=chain)).law.chain.kernels[1:]  # 0, 3, 100 and 300 ms
    step = np.array([[0.95, 0.05], [0.2, 0.8]])
    for kernel, steps in zip(kernels, [0, 1, 2, 6], strict=True):
        assert kernel == pytest.approx(np.linalg.matrix_power(step, steps), abs=1e-15)


def test_simulation_where_nothing_is_left_to_send():
    """No layer placed, so that there are no thresholds; or all of them, and an outage where the result is ready."""
    of = scenario(channel=CHAINS[1])
    for rule, placement in [("optimal", 0), ("local-only", 8)]:
        at = plan(of, rule=rule, placement=placement)
        outcome = coinfer.simulate(of, at, inferences=20_000, rng=1)
        assert abs(outcome.mean - at.cost) <= 4.5 * outcome.standard_error + 1e-12


# ---------------------------------------------------------------- thresholds


def test_the_stopping_set_is_a_threshold_on_real_chains():
    for tau in (0.02, 0.3, 5.0):
        at = plan(scenario(channel=correlated(coherence_time_s=tau)), placement=8)
        law, o = at.problem.law, at.problem.bits[:8]
        assert at.stop_thresholds.shape == (64, 8)
        assert is_threshold(law.sent(o), at.stop_thresholds)
        stops = law.sent(o) <= at.stop_thresholds
        assert np.array_equal(stops, law.unit_costs[:, None] <= at.thresholds)
        assert at.gains.shape == (8,)


def lipschitz(law: MovingLaw) -> float:
    """The most by which E[X' | X] grows with X."""
    slopes = np.diff(law.chain.kernels[1:] @ law.unit_costs, axis=1) / np.diff(law.unit_costs)
    return float(np.abs(slopes).max())


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_threshold_if_expectations_contract(seed):
    """Rows stochastically monotone, E[X' | X] growing no faster than X, no stage larger: stop in the best states."""
    rng = np.random.default_rng(seed)
    states, layers = 5, 4
    x = np.cumsum(rng.random(states)) + 0.1
    stay, p = rng.random(layers), rng.dirichlet(np.ones(states))
    kernels = stay[:, None, None] * np.eye(states) + (1 - stay)[:, None, None] * p
    law = MovingLaw(Chain.of(p, kernels), Held(x))
    assert lipschitz(law) <= 1 + 1e-12
    bits = np.sort(rng.random(layers + 1))[::-1]
    costs = Costs(extra=rng.normal(0, 0.3, layers), bits=bits, download=np.zeros(layers), edge=0.0, law=law)
    assert is_threshold(law.sent(bits[:-1]), look_ahead_thresholds(costs, layers, layers))


def test_monotone_transitions_do_not_suffice():
    """A counterexample: the middle state is sure to improve, the worst one is not. Stop in the best and the worst."""
    kernels = np.array([[[1.0, 0, 0], [1, 0, 0], [0, 0, 1]]])
    law = MovingLaw(Chain.of(np.full(3, 1 / 3), kernels), Held(np.array([0.5, 1.0, 1.1])))
    costs = Costs(extra=[0.2], bits=[1, 1], download=[0], edge=0.0, law=law)
    a = look_ahead_thresholds(costs, 1, 1)
    assert (law.sent(costs.bits[:1]) <= a)[:, 0].tolist() == [True, False, True]
    assert not is_threshold(law.sent(costs.bits[:1]), a)
    tails = np.cumsum(law.chain.kernels[1], axis=1)
    assert np.all(np.diff(tails, axis=0) <= 0)  # stochastically monotone
    assert lipschitz(law) > 1


# ---------------------------------------------------------------- imperfect knowledge


@pytest.mark.parametrize(
    "wrong", [{"link__mean_snr_db": 3.0}, {"channel__coherence_time_s": 5.0}, {"channel": RAYLEIGH}]
)
def test_wrong_knowledge_costs(wrong):
    of = scenario()
    best = plan(of, placement=8)
    believed = plan(of.replace(**wrong), placement=8)
    assert expected_cost(of, best) == pytest.approx(best.cost, rel=1e-12)
    assert expected_cost(of, believed) >= best.cost - 1e-12
    simulated = coinfer.simulate(of, believed, inferences=40_000, rng=2)
    assert abs(simulated.mean - expected_cost(of, believed)) < 4.5 * simulated.standard_error + 3e-3 * best.cost


def test_a_plan_with_memory_on_a_channel_without():
    believed, core = plan(scenario(), placement=8), scenario(channel=RAYLEIGH)
    best = plan(core, placement=8).cost
    assert best <= expected_cost(core, believed) < 1.05 * best


def test_noisy_gain():
    at = plan(scenario(), placement=8)
    law, fixed = at.problem.law, at.problem.edge + at.problem.download.sum()
    noisy = [
        fixed + noisy_cost(law, at.problem.bits, at.problem.extra, at.stop_thresholds, db) for db in (0, 1e-9, 1, 3, 6)
    ]
    assert noisy[:2] == pytest.approx([at.cost, at.cost], rel=1e-9)
    assert np.all(np.diff(noisy[1:]) > 0)


# ---------------------------------------------------------------- input


@pytest.mark.parametrize("given", [*CHAINS, channel.Rates(rates_bps=(1e6, 2e6), probabilities=(0.5, 0.5), usable=0.9)])
def test_yaml_round_trip(given):
    of = scenario(channel=given)
    again = Scenario.from_yaml(of.to_yaml())
    assert again == of
    assert np.array_equal(plan(again).costs, plan(of).costs)
    law = given.law(Link(), Weights())
    assert law.mean > 0
    assert law.cdf(np.inf) == pytest.approx(1)
    assert 0 < given.usable_probability(Link()) <= 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: channel.Correlated(RAYLEIGH), "exactly one"),
        (lambda: correlated(speed_m_per_s=1.0), "exactly one"),
        (lambda: correlated(coherence_time_s=-1.0), "coherence_time_s"),
        (lambda: correlated(correlation="linear"), "correlation"),
        (lambda: correlated(channel.Rician(k=1, outage_gain=0.1)), "base"),
        (lambda: correlated(coherence_time_s=float("inf"), outages="wait"), "wait_step_s"),
        (lambda: channel.FiniteState(gains=(1.0,), rates_bps=(1.0,), transitions=((1.0,),), step_s=1), "exactly one"),
        (lambda: channel.FiniteState(gains=(1.0, 2.0), transitions=((1.0,),), step_s=1), "2 rows"),
        (lambda: channel.FiniteState(gains=(1.0, 2.0), transitions=((1.0, 0.5), (0, 1)), step_s=1), "sum 1"),
        (lambda: channel.FiniteState(gains=(0.0,), transitions=((1.0,),), step_s=1), "not all 0"),
        (
            lambda: plan(scenario(channel=channel.FiniteState(gains=(1, 2), transitions=((1, 0), (0, 1)), step_s=1))),
            "several",
        ),
        (lambda: coinfer.mlp_placement(scenario(dnn=coinfer.mlp(layers=3, neurons=64))), "memory"),
        (lambda: plan(scenario(), rule="probe-once").stop_thresholds, "probe-once"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(InputError, match=message):
        make()


# ---------------------------------------------------------------- sending that takes time


def test_sending_at_the_rates_to_come():
    """Held if the channel outlasts the sending; the mean rate if it forgets at once; between them otherwise."""
    of, link, weights = scenario(), Link(), Weights()
    held = coinfer.costs(of).law
    rates = 1e6 * (0.5 + 0.5 * 0.1) / held.unit_costs / 1e6
    bits = np.array([1.0, 1e5, 1e6, 1e7])
    slow, fast = (
        coinfer.costs(of.replace(channel=correlated(coherence_time_s=tau, sending="evolving"))).law
        for tau in (1e7, 1e-5)
    )
    assert slow.sent(bits) == pytest.approx(held.sent(bits), rel=2e-3)
    mean = (weights.time_per_s + weights.energy_per_j * link.transmit_power_w) / (held.chain.initial @ rates)
    assert fast.sent(bits[1:]) == pytest.approx(np.broadcast_to(bits[1:] * mean, (64, 3)), rel=1e-2)
    middle = coinfer.costs(of.replace(channel=correlated(sending="evolving"))).law
    assert np.all(np.diff(middle.sent(bits), axis=0) > 0)


def test_the_drain_aware_rule_wins_where_the_rate_evolves():
    """On the process itself, the bits draining as it evolves; what it expects to spend is near to what it spends."""
    link = Link(mean_snr_db=5)
    trace = coinfer.process_trace(link, coherence_time_s=0.3, duration_s=4000, window_s=0.02, outage_gain=0.05, rng=8)
    found = {}
    for sending in ("held", "evolving"):
        memory = correlated(coherence_time_s=0.3, outages="wait", wait_step_s=0.02, sending=sending)
        of = scenario(link=link, channel=memory)
        at = plan(of)
        found[sending] = coinfer.replay(of, at, trace, inferences=20_000).mean, at.cost
    assert found["evolving"][0] < found["held"][0]
    assert found["evolving"][0] == pytest.approx(found["evolving"][1], rel=0.15)


class Flat(Sending):
    """A bit costs the same in every state."""

    def __init__(self, unit_costs: np.ndarray, per_bit: float):
        self.unit_costs, self.per_bit = unit_costs, per_bit

    def cost(self, bits):
        return np.broadcast_to(self.per_bit * np.asarray(bits, float), (self.unit_costs.size, np.size(bits)))

    def price(self, unit_cost, bits):
        return np.full_like(unit_cost, self.per_bit * bits)


@pytest.mark.parametrize("given", [CHAINS[0], CHAINS[3]], ids=lambda given: given.kind)
def test_another_way_of_sending_is_one_class(given):
    """Where the state does not matter every rule is the best fixed stage, on the chain and in simulations."""
    costs = coinfer.costs(scenario(channel=given))
    law = MovingLaw(costs.law.motion, Flat(costs.law.unit_costs, costs.law.memoryless.mean), gain_at=costs.law.gain_at)
    flat = Costs(**{**vars(costs), "law": law})
    lines = np.insert(np.cumsum(costs.extra), 0, 0) + costs.bits * costs.law.memoryless.mean
    fixed = costs.edge + np.insert(np.cumsum(costs.download), 0, 0)
    for rule in ("optimal", "static", "probe-once"):
        at = plan(flat, rule=rule, placement=6)
        assert at.costs == pytest.approx(fixed + np.minimum.accumulate(lines), rel=1e-12)
        assert coinfer.simulate(flat, at, inferences=1000, rng=1).mean == pytest.approx(at.cost, rel=1e-12)
    assert clairvoyant(flat) == pytest.approx(fixed + np.minimum.accumulate(lines), rel=1e-12)


def test_drain_is_checked():
    with pytest.raises(InputError, match="evolving"):
        correlated(coherence_time_s=float("inf"), sending="evolving")
    given = correlated(sending="evolving")
    of = scenario(channel=given)
    assert Scenario.from_yaml(of.to_yaml()) == of
    at = plan(of, placement=6)
    outcome = coinfer.simulate(of, at, inferences=40_000, rng=1)
    assert abs(outcome.mean - at.cost) < 4.5 * outcome.standard_error + 2e-3 * at.cost
    assert np.all(clairvoyant(of) <= at.costs + 1e-12)
    assert at.gap.total == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("unit_costs", "initial", "rows", "words"),
    [
        ([3.0, 1.0], [0.5, 0.5], [[0.5, 0.5]] * 2, "unit_costs: should ascend"),
        (
            [1.0, 2.0, 3.0],
            [0.5, 0.5],
            [[0.5, 0.5]] * 2,
            r"unit_costs: have shape \(3,\); should be one for each of the 2",
        ),
        ([1.0, 3.0], [0.5, 0.6], [[0.5, 0.5]] * 2, "initial: rows have sums from 1.1 on; should have sum 1"),
        ([1.0, 3.0], [0.5, 0.5], [[1.0, 1.0]] * 2, "transitions: rows have sums from 2 on; should have sum 1"),
        ([1.0, 3.0], [0.5, 0.5], [[1.0]] * 2, r"transitions: have shape \(1, 2, 1\)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(unit_costs, initial, rows, words):
    with pytest.raises(InputError, match=words):
        MovingLaw(Chain.of(np.array(initial), np.array([rows])), Held(np.array(unit_costs)))
