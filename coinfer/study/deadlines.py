"""The law of the time of an inference against what was counted, and the cheapest plan of a table by deadline."""

from collections.abc import Iterable

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
    >>> at = coinfer.plan(coinfer.load_scenario("abstract-model", channel=link))
    >>> law_distance(at, coinfer.simulate(at.problem, at, inferences=10_000, rng=0).times_s) < 0.02
    True
    """
    ordered = np.sort(times_s)
    some = np.unique(ordered[np.linspace(0, ordered.size - 1, points).astype(int)])
    sides = np.concatenate([some * (1 - 1e-9), some * (1 + 1e-9)])  # round-off of either law moves a jump
    counted = np.searchsorted(ordered, sides, side="right") / ordered.size
    return float(np.max(np.abs(time_probability(plan, sides) - counted)))


def cheapest_by(table: pd.DataFrame, deadlines_s: Iterable[float]) -> Floats:
    """The ETC [-] of the cheapest plan of a table with columns `p95_s` and `cost` for each deadline (D,); inf if none is in time.

    >>> cheapest_by(pd.DataFrame({"p95_s": [3.0, 1.0], "cost": [0.5, 0.7]}), [0.5, 1.0, 4.0]).tolist()
    [inf, 0.7, 0.5]
    """
    return np.array([min(table.loc[table["p95_s"] <= each, "cost"], default=np.inf) for each in deadlines_s])
