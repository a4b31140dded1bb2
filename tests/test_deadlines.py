"""What a deadline costs, and how far a law is from what was counted: against plain search and known laws."""

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.study.deadlines import by_deadline, law_distance

LINK = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
GIVEN = coinfer.load_scenario("default", dnn="squeezenet", channel=LINK)


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
        tables = {
            key: pd.DataFrame(
                {
                    "p95_s": np.sort(rng.integers(1, 12, n))[::-1].astype(float),
                    "cost": np.sort(rng.random(n)),
                    "rule": [f"{key}{i}" for i in range(n)],
                    "placement": range(n),
                }
            ).drop_duplicates("p95_s")
            for key, n in zip("ab", rng.integers(1, 6, 2), strict=True)
        }
        found = by_deadline(tables)
        assert found["deadline_s"].is_monotonic_increasing
        assert set(found["deadline_s"]) == {d for table in tables.values() for d in table["p95_s"]}
        for key, table in tables.items():
            for row in found.to_dict("records"):
                in_time = table[table["p95_s"] <= row["deadline_s"]]
                best = in_time.loc[in_time["cost"].idxmin()] if len(in_time) else None
                assert row[f"cost, {key}"] == (np.inf if best is None else best["cost"])
                assert row[f"rule, {key}"] == ("none" if best is None else f"{best['rule']}, M = {best['placement']}")
