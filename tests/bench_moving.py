"""Benchmarks of channels in motion; `make bench` runs them. Each prints its ratio to a rival or a floor, and holds a bound."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from bench import best_of, report
from quantecon.markov import DiscreteDP, backward_induction
from scipy.linalg import expm

import coinfer
from coinfer import Costs, Link, channel, stopping
from coinfer.channel import moving_channel

STATES = 200
FADING = coinfer.load_scenario("abstract-model", channel=channel.Moving(coherence_time_s=0.5, states=STATES))


def one_way() -> coinfer.Scenario:
    """The same rates and moves, and a small rate of falling back to the worst state: no detailed balance any more."""
    states = FADING.channel.states_on(FADING.link)
    generator = states.generator.copy()
    generator[:, 0] += 0.01
    np.fill_diagonal(generator, 0.0)
    generator -= np.diag(generator.sum(axis=1))
    return FADING.replace(channel=channel.Markov(rates_bps=states.rates_bps, generator=generator))


CHANNELS = {"reversible": FADING, "any": one_way()}


def from_nothing(scenario: coinfer.Scenario) -> np.ndarray:
    """J of all placements, with the sending costs of all stages; the chain and its decomposition made anew."""
    moving_channel._motion.cache_clear()
    moving_channel._chain.cache_clear()
    return coinfer.plan(scenario).costs


@pytest.mark.parametrize(("kind", "way", "most"), [("reversible", "Spectral", 1.0), ("any", "Doubling", 6.0)])
def test_costs_of_all_stages_and_placements(benchmark, capsys, kind, way, most):
    """Against the matrix exponentials, by scipy, that move the chain over each layer: a floor for who takes it stage by stage."""
    given = CHANNELS[kind]
    from_nothing(given)
    assert type(moving_channel._motion(given.channel, given.link).sender.in_bits).__name__ == way
    generator = given.channel.states_on(given.link).generator
    layers_s = np.array(given.dnn.macs) / given.device.macs_per_s

    def exponentials() -> None:
        for layer_s in layers_s:
            expm(generator * layer_s)

    ours, theirs = best_of(lambda: from_nothing(given), exponentials, rounds=8)
    benchmark.pedantic(from_nothing, (given,), rounds=5)
    text = f"{1e3 * ours:.0f} ms for all stages and placements, {kind} chain; / scipy's time to move it over each layer"
    report(capsys, benchmark, text, ours / theirs)
    assert ours <= most * theirs


def state_actions(costs: Costs, placement: int) -> tuple:
    """One placement as pairs of state and action: state (stage, state of the channel), then a last one; go on, stop."""
    law, s = costs.law, STATES
    going, states = placement * s, (placement + 1) * s
    sent = law.sent(costs.bits[: placement + 1]).T.ravel()
    rewards = np.concatenate([-np.repeat(costs.extra[:placement], s), -sent, [0.0]])
    onward = sp.block_diag(list(law.chain.kernels[1 : placement + 1]), format="csr")
    shifted = sp.hstack([sp.csr_matrix((going, s)), onward, sp.csr_matrix((going, 1))], format="csr")
    ending = sp.csr_matrix((np.ones(states + 1), (np.arange(states + 1), np.full(states + 1, states))))
    indices = np.concatenate([np.arange(going), np.arange(states), [states]])
    actions = np.concatenate([np.zeros(going, int), np.ones(states + 1, int)])
    order = np.lexsort((actions, indices))
    transitions = sp.vstack([shifted, ending], format="csr")[order]
    return rewards[order], transitions, 1.0, indices[order], actions[order]


@pytest.mark.filterwarnings("ignore:infinite horizon")  # no discounting, which only matters without a horizon
def test_one_horizon_against_backward_induction(benchmark, capsys):
    """Costs of sending and transitions are given to both: one horizon here, and by quantecon's `DiscreteDP` of them.

    Its time includes putting the problem as pairs of state and action, which it asks for; the ratio without is printed.
    """
    costs, horizon = coinfer.costs(FADING), FADING.dnn.layers + 1
    problem = DiscreteDP(*state_actions(costs, costs.layers))
    values, _ = backward_induction(problem, horizon)
    found, _ = stopping.backward_induction(costs, costs.layers)
    assert found[:, 0] == pytest.approx(np.full(STATES, -costs.law.chain.initial @ values[0][:STATES]), rel=1e-12)

    def ours() -> None:  # several in a row, so that each side runs on a cache of its own
        for _ in range(20):
            stopping.backward_induction(costs, costs.layers)

    ours_s, theirs_s, solved_s = best_of(
        ours,
        lambda: backward_induction(DiscreteDP(*state_actions(costs, costs.layers)), horizon),
        lambda: backward_induction(problem, horizon),
        rounds=20,
    )
    ours_s /= 20
    benchmark.pedantic(stopping.backward_induction, (costs, costs.layers), rounds=50)
    report(capsys, benchmark, "quantecon's time / ours for one horizon, its problem already made", solved_s / ours_s)
    text = f"{1e6 * ours_s:.0f} us for one horizon; quantecon's time, from the costs to the values, / ours"
    report(capsys, benchmark, text, theirs_s / ours_s)
    assert theirs_s >= 8 * ours_s  # 16 to 40 on the processors tried


def test_a_million_inferences_on_an_hour(benchmark, capsys):
    trace = coinfer.channel.process_trace(
        Link(), coherence_time_s=1.0, duration_s=3600, window_s=0.1, outage_gain=0.05, rng=0
    )
    given = FADING.replace(channel=trace.markov(32))
    plan = coinfer.plan(given, placement=8)

    def look_up() -> None:  # the rate at every stage of every inference, with NumPy: what cannot be left out
        time_s = np.sort(np.random.default_rng(0).random(1_000_000)) * trace.duration_s
        for layer_s in np.append(np.array(given.dnn.macs) / given.device.macs_per_s, 0.0):
            trace.rates_bps[(time_s / trace.window_s).astype(int) % trace.rates_bps.size]
            time_s = time_s + layer_s

    ours, floor = best_of(lambda: coinfer.replay(given, plan, trace, inferences=1_000_000), look_up, rounds=3)
    tracemalloc.start()
    benchmark.pedantic(lambda: coinfer.replay(given, plan, trace, inferences=1_000_000), rounds=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    text = f"{ours:.2f} s, {peak / 1e6:.0f} MB for a million inferences on a trace; / time to look up its rates alone"
    report(capsys, benchmark, text, ours / floor)
    assert ours <= 40 * floor
    assert peak < 500e6
