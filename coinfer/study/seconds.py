"""Plans in seconds and joules: fronts of time against energy, and how late plans are, computed, simulated and replayed.

Cases are scenarios by network and link. Tables have columns `network` and `link`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coinfer.frontier import frontier
from coinfer.placement import QUANTILES, Plan, plan
from coinfer.playback import Replayed
from coinfer.simulation import Outcome
from coinfer.study.deadlines import KEY, Cases, law_distance, share_saved
from coinfer.timing import time_quantiles_s

COMPARED = ("optimal", "1-sla", "probe-once", "static")  # at the weights of the vertices
LESS = ("probe-once", "static")
FEW = ("optimal", "probe-once", "static", "local-only")  # whose lateness is told
AGAIN, ONCE = "looking again", "one look or none"
EXPECTED, IN_TIME = "expected time", "deadline that 95 % keep"
REACHED = 1e-3  # later than the least late by no more than this is as early
Plans = Mapping[tuple[str, str, str], Plan]  # by network, link and rule


def plans_apart(cases: Cases, rules: Sequence[str]) -> pd.DataFrame:
    """Every rule at its own best placement, in seconds and joules apart: a row a case and rule.

    Columns `network`, `link`, `rule`, `M`, `ETC`, seconds and joules of an inference and of its share of the download, and
    `weighted sum`, which is the ETC (R23).
    """
    rows = []
    for (network, link), case in cases.items():
        weights = case.weights
        for rule in rules:
            made = plan(case, rule=rule)
            time_s, energy_j = made.time_s + made.download_s, made.energy_j + made.download_j
            rows.append(
                {
                    "network": network, "link": link, "rule": rule, "M": made.placement, "ETC": made.cost,
                    "time [s]": made.time_s, "energy [J]": made.energy_j,
                    "download [s]": made.download_s, "download [J]": made.download_j,
                    "weighted sum": weights.time_per_s * time_s + weights.energy_per_j * energy_j,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def fronts(cases: Cases) -> pd.DataFrame:
    """The optimal rule at the weights that find the vertices of its hull, and other rules at the same weights: a row each.

    Columns `network`, `link`, `rule`, `time_weight` (of a second, a joule's being 1), `M`, `time_s` and `energy_j` (download
    included), and `ETC` at these weights.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
    >>> table = fronts({("squeezenet", "on-off"): coinfer.load_scenario("abstract-model", dnn="squeezenet", channel=link)})
    >>> bool(table.loc[table["rule"] == "optimal", "energy_j"].is_monotonic_decreasing)
    True
    """
    rows = []
    for (network, link), case in cases.items():
        vertices = frontier(case)
        for vertex, weight in zip(vertices["plan"], vertices["time_weight"], strict=True):
            for rule in COMPARED:
                made = plan(vertex.problem, rule=rule)
                rows.append(
                    {
                        "network": network, "link": link, "rule": rule, "time_weight": weight,
                        "M": made.placement, "time_s": made.time_s + made.download_s,
                        "energy_j": made.energy_j + made.download_j, "ETC": made.cost,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def saved_by_weights(points: pd.DataFrame) -> pd.Series:
    """What looking again saves over the better of a fixed split and one look, by network, link and weights of `fronts`.

    >>> at = {"network": "a", "link": "b", "time_weight": 1.0}
    >>> costs = [("optimal", 1.0), ("probe-once", 2.0), ("static", 4.0)]
    >>> float(saved_by_weights(pd.DataFrame([at | {"rule": rule, "ETC": cost} for rule, cost in costs])).iloc[0])
    0.5
    """
    costs = points.pivot_table(index=[*KEY, "time_weight"], columns="rule", values="ETC", sort=False)
    return share_saved(costs["optimal"], costs[list(LESS)].min(axis=1))


def ends_of(points: pd.DataFrame) -> pd.DataFrame:
    """The vertices counted, and the fastest and the most frugal plan of each rule: a row a case."""
    most, rows = saved_by_weights(points).groupby(KEY, sort=False).max().to_dict(), []
    for (network, link), part in points.groupby(KEY, sort=False):
        least = part.groupby("rule")[["time_s", "energy_j"]].min()
        row = {"network": network, "link": link, "vertices": int((part["rule"] == "optimal").sum())}
        for column, title, unit in (("time_s", "fastest", "s"), ("energy_j", "least", "J")):
            row |= {f"{title}, {rule} [{unit}]": least.loc[rule, column] for rule in ("optimal", *LESS)}
        rows.append(row | {"saves at most": most[network, link]})
    return pd.DataFrame(rows)


def time_energy_fronts(points: pd.DataFrame, joules: pd.DataFrame) -> pd.DataFrame:
    """Joules against seconds, of plans that look again and of those that look once or never: a row a point of a line.

    Columns `network`, `link`, `who` (`AGAIN` or `ONCE`), `time` (`EXPECTED`: vertices of `fronts`, or `IN_TIME`: plans made for
    a deadline, `deadlines.joules_by_deadline`), `time_s` and `energy_j`.
    """
    less = points[points["rule"].isin(LESS)]
    best = less.loc[less.round({"ETC": 9}).groupby([*KEY, "time_weight"], sort=False)["ETC"].idxmin()]
    told = [points[points["rule"] == "optimal"].assign(who=AGAIN), best.assign(who=ONCE)]
    tables = [table.assign(time=EXPECTED) for table in told]
    for who, column in ((AGAIN, "again"), (ONCE, "once")):
        named = joules.rename(columns={"deadline_s": "time_s", column: "energy_j"})
        tables.append(named.assign(who=who, time=IN_TIME))
    columns = [*KEY, "who", "time", "time_s", "energy_j"]
    lines = pd.concat([table[columns] for table in tables], ignore_index=True)
    lines = lines.round({"time_s": 9, "energy_j": 9}).drop_duplicates()  # of one plan, whatever the round-off
    lines = lines[np.isfinite(lines["energy_j"])].sort_values("time_s", kind="stable")
    return points[KEY].drop_duplicates().merge(lines, on=KEY)  # cases as they came


def how_late(plans: Plans, runs: Mapping[tuple[str, str, str], Outcome], replays: Mapping[tuple[str, str, str], Replayed]) -> pd.DataFrame:  # fmt: skip
    """How long inferences take: means and quantiles, exact, simulated and replayed (nan where there is no trace), a row a plan.

    "distance" is the largest between the exact law and that of the simulated times.
    """
    return pd.DataFrame(
        {
            "network": key[0], "link": key[1], "rule": key[2], "M": made.placement, "ETC": made.cost,
            "mean [s]": made.time_s, "energy [J]": made.energy_j,
            **dict(zip(("50 % [s]", "95 % [s]", "99 % [s]"), time_quantiles_s(made), strict=True)),
            **dict(zip(("simulated 50 %", "95 %", "99 %"), runs[key].time_quantiles_s, strict=True)),
            "distance": round(law_distance(made, runs[key].times_s), 6),
            "replayed 95 %": replays[key].time_quantiles_s[1] if key in replays else np.nan,
        }
        for key, made in plans.items()
    )  # fmt: skip


def on_the_trace(plans: Plans, replays: Mapping[tuple[str, str, str], Replayed]) -> pd.DataFrame:
    """Means and quantiles by the chain, and replayed on the trace that it was fitted to: a row a plan."""
    return pd.DataFrame(
        {
            "network": key[0], "rule": key[2],
            "time [s]": plans[key].time_s, "replayed [s]": run.time_s,
            "energy [J]": plans[key].energy_j, "replayed [J]": run.energy_j,
            **{
                f"{100 * level:.0f} {what}": value
                for what, found in (("% [s]", time_quantiles_s(plans[key])), ("% replayed", run.time_quantiles_s))
                for level, value in zip(QUANTILES, found, strict=True)
            },
        }
        for key, run in replays.items()
    )  # fmt: skip


def least_late(tails: pd.DataFrame) -> pd.DataFrame:
    """Whether the plan of least expected cost is the least late, by the 95 % quantile of `how_late`: a row a case.

    Columns `first` (bool), `earliest` (the rule that is), `earlier` (by what share of the optimal plan's quantile), `simpler`
    (the cheaper of a fixed split and one look) and `than simpler` (how much later the optimal plan is).

    >>> at = {"network": "a", "link": "b"}
    >>> late = [("optimal", 4.0, 1.0), ("static", 5.0, 2.0), ("probe-once", 8.0, 3.0), ("local-only", 3.0, 9.0)]
    >>> table = pd.DataFrame([at | {"rule": rule, "95 % [s]": p95, "ETC": cost} for rule, p95, cost in late])
    >>> least_late(table).drop(columns=KEY).to_dict("records")[0]
    {'first': False, 'earliest': 'local-only', 'earlier': 0.25, 'simpler': 'static', 'than simpler': -0.2}
    """
    rows = []
    for (network, link), part in tails.groupby(KEY, sort=False):
        p95, cost = (part.set_index("rule")[column].round(9) for column in ("95 % [s]", "ETC"))  # so that ties are ties
        simpler = str(cost[list(LESS)].idxmin())
        rows.append(
            {
                "network": network, "link": link, "first": bool(p95["optimal"] <= (1 + REACHED) * p95.min()),
                "earliest": p95.idxmin(), "earlier": round(1 - p95.min() / p95["optimal"], 6) + 0.0,
                "simpler": simpler, "than simpler": round(p95["optimal"] / p95[simpler] - 1, 6) + 0.0,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
