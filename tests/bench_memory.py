"""Benchmarks of channels with memory; `make bench` style: pytest tests/bench_memory.py. Ratios hold, times are printed."""

import tracemalloc
from time import perf_counter

import numpy as np
import pytest
import scipy.sparse as sp
from bench import report, seconds
from quantecon.markov import DiscreteDP, backward_induction

import coinfer
from coinfer import Costs, Link
from coinfer.channel import gamma_process

STATES = 200
SCENARIO = coinfer.Scenario(
    dnn="alexnet",
    channel=coinfer.channel.Correlated(coinfer.channel.Rayleigh(outage_gain=0.05), coherence_time_s=0.5, states=STATES),
)


def discrete_dp(costs: Costs, placement: int) -> tuple[DiscreteDP, int]:
    """One placement as state-action pairs: state (stage, gain state), then a last one; actions go on, stop."""
    law, s = costs.law, STATES
    going, states = placement * s, (placement + 1) * s
    sent = np.outer(costs.bits[: placement + 1], law.unit_costs).ravel()
    rewards = np.concatenate([-np.repeat(costs.extra[:placement], s), -sent, [0.0]])
    onward = (
        sp.block_diag(list(law.chain.kernels[1 : placement + 1]), format="csr") if placement else sp.csr_matrix((0, 0))
    )
    shifted = sp.hstack([sp.csr_matrix((going, s)), onward, sp.csr_matrix((going, 1))], format="csr")
    ending = sp.csr_matrix((np.ones(states + 1), (np.arange(states + 1), np.full(states + 1, states))))
    indices = np.concatenate([np.arange(going), np.arange(states), [states]])
    actions = np.concatenate([np.zeros(going, int), np.ones(states + 1, int)])
    order = np.lexsort((actions, indices))
    transitions = sp.vstack([shifted, ending], format="csr")[order]
    with pytest.warns(UserWarning, match="infinite horizon"):  # no discounting, which only matters without a horizon
        return DiscreteDP(rewards[order], transitions, 1.0, indices[order], actions[order]), placement + 1


def test_all_placements_against_backward_induction(benchmark, capsys):
    costs = coinfer.costs(SCENARIO)
    problems = [discrete_dp(costs, m) for m in range(1, costs.layers + 1)]
    values, _ = backward_induction(*problems[-1])
    expected = costs.edge + costs.download.sum() - costs.law.chain.initial @ values[0][:STATES]
    assert coinfer.plan(costs).costs[-1] == pytest.approx(expected, rel=1e-12)

    def theirs() -> None:
        for problem, horizon in problems:
            backward_induction(problem, horizon)

    def ours() -> None:  # several in a row, so that each side runs on a cache of its own
        for _ in range(10):
            coinfer.plan(costs)

    ours_s, theirs_s = (spent / calls for spent, calls in zip(seconds(ours, theirs, rounds=15), (10, 1), strict=True))
    benchmark.pedantic(coinfer.plan, (costs,), rounds=50)
    report(capsys, benchmark, f"{1e3 * ours_s:.2f} ms for all placements; quantecon's time / ours", theirs_s / ours_s)
    assert theirs_s >= 20 * ours_s


@pytest.mark.parametrize("coherence_time_s", [0.05, 0.5, 50.0, 5000.0])
def test_transition_matrices(benchmark, capsys, coherence_time_s):
    given = SCENARIO.replace(channel__coherence_time_s=coherence_time_s)

    def make() -> None:
        gamma_process._laguerre_table.cache_clear()
        coinfer.costs(given)

    made_s, multiplied_s = seconds(make, lambda: np.linalg.eigh(np.ones((STATES, STATES))), rounds=3)
    benchmark.pedantic(make, rounds=2)
    text = (
        f"{made_s:.2f} s for the transitions of all layers at {coherence_time_s} s; in times of one eigh of that size"
    )
    report(capsys, benchmark, text, made_s / multiplied_s)
    assert made_s < 2


def test_a_million_inferences_on_an_hour(benchmark, capsys):
    trace = coinfer.process_trace(Link(), coherence_time_s=1.0, duration_s=3600, window_s=0.1, outage_gain=0.05, rng=0)
    given = SCENARIO.replace(channel=trace.markov(32))
    plan = coinfer.plan(given, placement=8)
    start = perf_counter()
    benchmark.pedantic(lambda: coinfer.replay(given, plan, trace, inferences=1_000_000), rounds=1)
    spent_s = perf_counter() - start
    tracemalloc.start()
    coinfer.replay(given, plan, trace, inferences=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    report(
        capsys,
        benchmark,
        f"{spent_s:.2f} s, {peak / 1e6:.0f} MB for a million inferences; in microseconds each",
        spent_s,
    )
    assert spent_s < 10
    assert peak < 500e6
