"""The cheapest plan by deadline, and how far a law is from what was counted: against plain search and known laws."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.study.deadlines import cheapest_by, law_distance

LINK = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
GIVEN = coinfer.load_scenario("abstract-model", dnn="squeezenet", channel=LINK)


def test_the_distance_is_that_of_kolmogorov_for_a_law_known_by_hand():
    """From on, o bits on a link without outages to speak of take one time; sampled late times are at distance 1."""
    steady = GIVEN.replace(channel=coinfer.channel.Markov(rates_bps=(1e6,), generator=((0.0,),)))
    plan = coinfer.plan(steady, rule="edge-only")
    at_s = plan.time_s
    assert law_distance(plan, np.full(100, at_s)) == pytest.approx(0, abs=1e-9)
    assert law_distance(plan, np.full(100, at_s + 1e-3)) == pytest.approx(1, abs=1e-9)
    quarter_late = np.append(np.full(75, at_s), np.full(25, at_s + 1.0))
    assert law_distance(plan, quarter_late) == pytest.approx(0.25, abs=1e-9)


def test_the_distance_shrinks_like_that_of_a_sample_and_tells_another_plan():
    one, other = (coinfer.plan(GIVEN, rule=rule) for rule in ("optimal", "edge-only"))
    times_s = coinfer.simulate(GIVEN, one, inferences=40_000, rng=3).times_s
    assert (
        law_distance(one, times_s) < 1.95 / np.sqrt(40_000) + 2e-3
    )  # 0.1 % of samples are farther away; the inversion
    assert law_distance(other, times_s) > 0.1


def test_the_cheapest_by_deadline_is_what_a_search_finds():
    rng = np.random.default_rng(5)
    for _ in range(50):
        late, dear = rng.integers(1, 9, 6).astype(float), rng.random(6)
        for deadline_s, cost in zip(
            d := range(10), cheapest_by(pd.DataFrame({"p95_s": late, "cost": dear}), d), strict=True
        ):
            in_time = [c for t, c in zip(late, dear, strict=True) if t <= deadline_s]
            assert cost == (min(in_time) if in_time else np.inf)
