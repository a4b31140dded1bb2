"""Benchmark of sweeps: the vectorised routine beside the same sweep as a loop over `plan`, in the same run."""

import numpy as np
from bench import best_of, report
from pytest_benchmark.fixture import BenchmarkFixture

import coinfer


def test_sweep_against_a_loop_over_plan(benchmark: BenchmarkFixture, capsys):
    """8-layer AlexNet, Rayleigh fading with an outage gain, the optimal rule, all placements; processor time of one core."""
    given = coinfer.load_scenario("abstract-model")
    grid = {"link.bandwidth_hz": np.geomspace(1e5, 1e8, 100), "inferences_per_update": np.geomspace(1, 1e6, 100)}
    swept = benchmark.pedantic(lambda: coinfer.sweep(given, grid), rounds=5, warmup_rounds=1)
    some = swept.iloc[:: len(swept) // 100]

    def loop() -> list[float]:
        points = zip(some["link.bandwidth_hz"], some["inferences_per_update"], strict=True)
        changed = (given.replace(link__bandwidth_hz=hz, inferences_per_update=updates) for hz, updates in points)
        return [coinfer.plan(each).cost for each in changed]

    np.testing.assert_allclose(some["cost"], loop(), rtol=1e-8)
    at_once, one_by_one = best_of(lambda: coinfer.sweep(given, grid), loop, rounds=5)
    at_once, one_by_one = len(swept) / at_once, len(some) / one_by_one
    text = f"scenario points a second: {at_once:,.0f} by sweep, {one_by_one:,.0f} by a loop over plan; their ratio"
    report(capsys, benchmark, text, at_once / one_by_one)
    assert at_once >= 10 * one_by_one
