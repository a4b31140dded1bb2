"""What decides the claims on real scenarios: a number a scenario, and in how many it reaches a threshold, errors included."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from coinfer.cost import costs
from coinfer.placement import fixed_costs
from coinfer.scenario import Scenario
from coinfer.study.real import count_over
from coinfer.study.real_links import correlation_time_s
from coinfer.study.real_tails import with_longest_tails
from coinfer.study.regimes import saved_share

TIMES = 100  # inferences, and times that the link remembers, between two updates, from which on the time scales are two


class Held(NamedTuple):
    """In which scenarios something holds: their share and number, and the least and most of it with a figure halved or doubled."""

    share: float
    number: int
    fewest: int
    most: int

    @property
    def range(self) -> str:
        """The least and most, in words.

        >>> Held(0.2, 1, 1, 3).range, Held(0.2, 1, 1, 1).range
        ('in 1 to 3 with any one figure halved or doubled', 'in 1 with any one figure halved or doubled')
        """
        counts = dict.fromkeys((str(self.fewest), str(self.most)))
        return f"in {' to '.join(counts)} with any one figure halved or doubled"


def held(varied: pd.DataFrame, column: str, least: float) -> Held:
    """In how many scenarios a column of `real.halved_and_doubled` is at least that much.

    >>> rows = {"scenario": ["a", "a", "b", "b"], "figure": ["as found", "K"] * 2, "factor": [1.0, 2.0] * 2}
    >>> held(pd.DataFrame(rows | {"once": [0.1, 0.1, 0.0, 0.2]}), "once", 0.05)
    Held(share=0.5, number=1, fewest=1, most=2)
    """
    number, fewest, most = count_over(varied, varied[column] >= least)
    return Held(number / varied["scenario"].nunique(), number, fewest, most)


def with_edge(varied: pd.DataFrame) -> pd.DataFrame:
    """The table of `real.halved_and_doubled` with "edge", what the best way saves over computing all on the device [-].

    >>> with_edge(pd.DataFrame({"local-only": [4.0], "optimal": [3.2], "static": [3.0]}))["edge"].tolist()
    [0.25]
    """
    ways = varied[varied.columns.intersection(["edge-only", "local-only", "static", "probe-once", "optimal"])]
    return varied.assign(edge=(1 - ways.min(axis=1) / varied["local-only"]).map(saved_share))


def numbers(cases: Mapping[str, Scenario]) -> pd.DataFrame:
    """What else the claims ask of each scenario, a row each, by its name.

    Columns: "download", its share of the ETC of the best plan [-], nan if that places nothing; "look-ahead", what one-stage look-ahead
    costs more than the optimal rule, each at its own best placement [-]; "K" [-]; "remembers [s]", until the autocorrelation of the
    rate is 1/e, nan for a rate that never moves; "between updates", the time from one to the next, in times that the link remembers [-].
    Costs are with the longest tails that can be, as in `real.judged`.

    >>> import coinfer
    >>> table = numbers({"default": coinfer.load_scenario("default")})
    >>> table[["K", "between updates"]].round(1).values.tolist()
    [[300.0, 5.9]]
    """
    rows = {}
    for name, case in cases.items():
        given, remembers_s = costs(case), correlation_time_s(case)
        best, ahead = (with_longest_tails(given, rule) for rule in ("optimal", "1-sla"))
        placed, fixed = best.plan.placement, fixed_costs(given)
        rows[name] = {
            "download": float(fixed[placed] - fixed[0]) / best.cost if placed else np.nan,
            "look-ahead": ahead.cost / best.cost - 1,
            "K": case.inferences_per_update,
            "remembers [s]": remembers_s,
            "between updates": case.inferences_per_update * (case.interval_s or np.nan) / remembers_s,
        }
    return pd.DataFrame(rows).T.rename_axis("scenario").round(9)


def two_scales(table: pd.DataFrame) -> pd.Series:
    """Where `TIMES` inferences, and as many times as long as the link remembers, pass between two updates, by `numbers`.

    >>> two_scales(pd.DataFrame({"K": [300, 300, 9], "between updates": [2.6, np.nan, 500.0]})).tolist()
    [False, True, False]
    """
    return (table["K"] >= TIMES) & ~(table["between updates"] < TIMES)
