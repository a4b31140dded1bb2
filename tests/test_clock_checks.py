"""What is checked of one clock, each again by another way."""

import numpy as np
import pytest

import coinfer
from coinfer import InputError
from coinfer.channel import Moving, OnOff
from coinfer.cost import costs
from coinfer.study.clock_checks import against_simulation, by_cells, by_hand, by_layer, limits_of_sending, sending_times
from coinfer.study.regimes import local_inference_s

GIVEN = coinfer.load_scenario("abstract-model")
EQUAL = GIVEN.replace(dnn=coinfer.mlp(4, 4000), inferences_per_update=1e5)
LINK = OnOff(rate_bps=20e6, mean_on_s=0.3, mean_off_s=0.1)


def test_more_cells_come_nearer():
    check = GIVEN.replace(link__bandwidth_hz=2e6, link__mean_snr_db=-2.3, channel=Moving(coherence_time_s=1.0))
    table = by_cells(check, [10, 40, 160], 1.3657)
    off = table["off by [s]"].abs()
    assert off.is_monotonic_decreasing
    assert off.iloc[-1] < 1e-3
    assert (table["mean sending time [s]"] - table["off by [s]"]).to_numpy() == pytest.approx(1.3657)


def test_fast_and_slow_fading_reach_their_limits():
    times = sending_times(GIVEN, np.geomspace(1e-4, 1e5, 14))
    assert times["Rayleigh"].is_monotonic_increasing  # a slower channel averages less
    assert (times["Rayleigh"] > times["Nakagami, $m$ = 2"]).all()  # fades are deeper
    limits = limits_of_sending(GIVEN, times)
    assert limits["computed"].to_numpy() == pytest.approx(limits["limit"].to_numpy(), rel=0.05)
    gain = np.random.default_rng(1).exponential(size=400_000)  # the mean rate, without any cells
    mean_bps = GIVEN.link.bandwidth_hz * np.log2(1 + GIVEN.link.mean_snr * gain).mean()
    assert limits["limit"][0] == pytest.approx(GIVEN.dnn.output_bits[0] / mean_bps, rel=0.01)


def test_plans_are_simulated_as_computed():
    rules = ["static", "probe-once", "optimal"]
    table = against_simulation({"equal": EQUAL}, {"on-off": LINK}, rules, inferences=2000, rng=5)
    assert table["rule"].tolist() == rules
    assert table["z"].abs().max() < 4
    for row in table.itertuples():
        plan = coinfer.plan(EQUAL.replace(channel=LINK), rule=row.rule)
        assert (plan.placement, plan.cost) == (row.M, row.ETC)
    assert table["simulated [s]"].to_numpy() == pytest.approx(table["time [s]"].to_numpy(), rel=0.1)


def test_layers_that_cannot_be_best_are_not():
    moved = GIVEN.replace(channel=Moving(coherence_time_s=1.0))
    table = by_layer(moved)
    assert table["M"].tolist() == list(range(1, GIVEN.dnn.layers + 1))
    assert not table.loc[table["saves at most"] <= table["download"], "M may be the best"].any()
    best = coinfer.plan(moved).placement
    assert best == 0 or table.set_index("M").loc[best, "M may be the best"]


def test_the_pocket_calculator_places_as_backward_induction_does():
    for updates in (1e3, 1e5, 1e8):
        case = EQUAL.replace(channel=LINK, inferences_per_update=updates)
        steps = by_hand(case).set_index("symbol")["value"]
        plan = coinfer.plan(case)
        assert steps.iloc[-1] == plan.placement
        assert steps[f"J({plan.placement})"] == pytest.approx(plan.cost, rel=1e-12)
        assert steps["t"] == pytest.approx(local_inference_s(case) / 4)
        assert steps["h"] == pytest.approx(steps["c_o"] * LINK.mean_off_s)
        assert steps["D"] == costs(case).download[0]
    with pytest.raises(InputError, match="should be on-off"):
        by_hand(EQUAL.replace(channel=Moving(coherence_time_s=1.0)))
