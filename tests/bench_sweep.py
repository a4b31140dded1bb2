"""Benchmark of sweeps: the vectorised routine beside the same sweep as a loop over `plan`, in the same run."""

from time import process_time

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

import coinfer

LEAST_POINTS_PER_S = 10_000


def test_sweep_against_a_loop_over_plan(benchmark: BenchmarkFixture, capsys):
    """8-layer AlexNet, Rayleigh fading with an outage gain, the optimal rule, all placements; processor time of one core."""
    given = coinfer.load_scenario("abstract-model")
    grid = {"link.bandwidth_hz": np.geomspace(1e5, 1e8, 100), "inferences_per_update": np.geomspace(1, 1e6, 100)}
    swept = benchmark.pedantic(lambda: coinfer.sweep(given, grid), rounds=5, warmup_rounds=1)
    start = process_time()
    coinfer.sweep(given, grid)
    at_once = len(swept) / (process_time() - start)

    some = swept.iloc[:: len(swept) // 400]
    start = process_time()
    plans = [
        coinfer.plan(given.replace(link__bandwidth_hz=bandwidth, inferences_per_update=updates))
        for bandwidth, updates in zip(some["link.bandwidth_hz"], some["inferences_per_update"], strict=True)
    ]
    one_by_one = len(some) / (process_time() - start)
    np.testing.assert_allclose(some["cost"], [plan.cost for plan in plans], rtol=1e-8)

    benchmark.extra_info["ratio"] = round(at_once / one_by_one, 1)
    with capsys.disabled():
        print(
            f"\nscenario points a second: {at_once:,.0f} by sweep, {one_by_one:,.0f} by a loop over plan: {at_once / one_by_one:.0f} times"
        )
    assert at_once >= LEAST_POINTS_PER_S
    assert at_once >= 10 * one_by_one
