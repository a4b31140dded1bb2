"""Plans by deadline: what 95 % of inferences in time cost in ETC and in joules; and a law of the time against what was counted.

Cases are scenarios by network and link. Tables have columns `network` and `link`.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.channel.law import Floats
from coinfer.frontier import LEAST, cheapest_in_time
from coinfer.in_time import plans_in_time
from coinfer.placement import Plan, plan
from coinfer.scenario import Scenario
from coinfer.system import Weights
from coinfer.timing import time_probability, time_quantiles_s

Cases = Mapping[tuple[str, str], Scenario]
KEY = ["network", "link"]
BEFORE, AFTER, JUST = 0.98, 1.15, 1 + 1e-6  # deadlines tried: from before a local inference to after the latest rule


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


def usual_plans(cases: Cases) -> pd.DataFrame:
    """The plans of the usual rules that are the cheapest for some deadline (`coinfer.frontier.cheapest_in_time`), a row each."""
    tables = [
        cheapest_in_time(case).assign(network=network, link=link).drop(columns=["role", "plan"])
        for (network, link), case in cases.items()
    ]
    return pd.concat(tables, ignore_index=True)


def by_deadline(cases: Cases, usual: pd.DataFrame, points: int) -> pd.DataFrame:
    """The cheapest plans made for each of some deadlines, and the cheapest of the usual ones: a row a case and deadline.

    Columns are those of `coinfer.in_time.plans_in_time`, `local_s` (a local inference [s]), `tried` (the ETC of the cheapest
    usual plan), `saved` and `surely saved` (by looking again, over the plan found with one look or none and over what none of
    those undercuts) and `tried loses`. The deadlines lie between a local inference and the latest of the fixed split and the
    optimal plan; one before it is tried as well.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
    >>> cases = {("alexnet", "on-off"): coinfer.load_scenario("abstract-model", channel=link)}
    >>> table = by_deadline(cases, usual_plans(cases), 3)
    >>> bool((table["cost"] <= table["tried"]).all() and (table["bound"] <= table["cost"]).all())
    True
    """
    tables = []
    for (network, link), case in cases.items():
        local_s = plan(case, rule="local-only").time_s
        late_s = [float(time_quantiles_s(plan(case, rule=rule), 0.95)[0]) for rule in ("optimal", "static")]
        at_s = np.linspace(local_s * JUST, AFTER * max(*late_s, local_s), points)
        made = plans_in_time(case, [BEFORE * local_s, *at_s]).drop(columns="plan")
        own = usual[(usual["network"] == network) & (usual["link"] == link)]
        tried = cheapest_by(own, made["deadline_s"])
        tables.append(made.assign(network=network, link=link, local_s=local_s, tried=tried))
    table = pd.concat(tables, ignore_index=True)
    table["saved"] = share_saved(table["cost"], table["once"])
    table["surely saved"] = share_saved(table["cost"], table["once_bound"])
    table["tried loses"] = (table["tried"] / table["cost"] - 1).round(9)
    return table


def joules_by_deadline(cases: Cases, points: int) -> pd.DataFrame:
    """The most frugal plans made for each of some deadlines: a row a case and deadline, the download included.

    Columns `deadline_s`, `again` and `once` [J] of plans found that look again, and once or never, `bound` and `once_bound` [J],
    which none of either kind undercuts, and `surely saved` over `once_bound`. The deadlines lie between a local inference and
    what the most frugal plan keeps.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
    >>> table = joules_by_deadline({("alexnet", "on-off"): coinfer.load_scenario("abstract-model", channel=link)}, 4)
    >>> bool(table["again"].is_monotonic_decreasing)
    True
    """
    tables = []
    for (network, link), case in cases.items():
        frugal = case.replace(weights=Weights(time_per_s=LEAST, energy_per_j=1.0))
        local_s = plan(case, rule="local-only").time_s
        last_s = max(JUST * float(time_quantiles_s(plan(frugal), 0.95)[0]), 1.01 * local_s)
        made = plans_in_time(frugal, np.linspace(local_s * JUST, last_s, points))
        tables.append(made.assign(network=network, link=link).rename(columns={"cost": "again"}))
    table = pd.concat(tables, ignore_index=True)
    table["surely saved"] = share_saved(table["again"], table["once_bound"])
    return table[[*KEY, "deadline_s", "again", "bound", "once", "once_bound", "surely saved"]]


def share_saved(cost: pd.Series, other: pd.Series) -> pd.Series:
    """What a cost saves of another, at least nothing, without round-off; nan where both are inf.

    >>> share_saved(pd.Series([1.0, 3.0]), pd.Series([2.0, 2.0])).tolist()
    [0.5, 0.0]
    """
    return (1 - cost / other).round(9).clip(lower=0) + 0.0
