"""The law of the time of an inference against what was counted, and what meeting a deadline costs under some rules or others."""

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
import pandas as pd

from coinfer.channel.law import Floats
from coinfer.placement import Plan
from coinfer.timing import time_probability


def law_distance(plan: Plan, times_s: Floats, points: int = 200) -> float:
    """The largest distance [-] between the exact law of a plan's time (R19) and the times counted, at `points` of them.

    A time that many inferences take exactly counts as a jump: both sides of it are compared.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=1.0)
    >>> at = coinfer.plan(coinfer.load_scenario("default", channel=link))
    >>> law_distance(at, coinfer.simulate(at.problem, at, inferences=10_000, rng=0).times_s) < 0.02
    True
    """
    ordered = np.sort(times_s)
    some = np.unique(ordered[np.linspace(0, ordered.size - 1, points).astype(int)])
    sides = np.concatenate([some * (1 - 1e-9), some * (1 + 1e-9)])  # round-off of either law moves a jump
    counted = np.searchsorted(ordered, sides, side="right") / ordered.size
    return float(np.max(np.abs(time_probability(plan, sides) - counted)))


def by_deadline(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The cheapest plan of each table of `coinfer.frontier.cheapest_in_time` by deadline: a row for each that changes one.

    Columns: `deadline_s` [s], ascending, from which on the row holds; for each key of `tables` "cost, key", the ETC [-], inf
    where no plan is in time, and "rule, key" with its placement, "none" there.

    >>> steps = pd.DataFrame({"p95_s": [3.0, 1.0], "cost": [0.5, 0.7], "rule": ["optimal", "static"], "placement": [4, 8]})
    >>> by_deadline({"all": steps, "static": steps[1:]})["cost, static"].tolist()
    [0.7, 0.7]
    >>> by_deadline({"all": steps, "static": steps[1:]})["rule, all"].tolist()
    ['static, M = 8', 'optimal, M = 4']
    """
    deadlines_s = np.unique(np.concatenate([table["p95_s"] for table in tables.values()]))
    found = {"deadline_s": deadlines_s}
    for key, table in tables.items():
        faster = table[::-1]  # the fastest first
        within = faster["p95_s"].tolist()
        names = [f"{rule}, M = {m}" for rule, m in zip(faster["rule"], faster["placement"], strict=True)]
        last = [bisect_left(within, np.nextafter(d, np.inf)) - 1 for d in deadlines_s]
        found[f"cost, {key}"] = np.array([faster["cost"].iloc[i] if i >= 0 else np.inf for i in last])
        found[f"rule, {key}"] = np.array([names[i] if i >= 0 else "none" for i in last], dtype=object)
    return pd.DataFrame(found)
