"""How many layers to place: under every rule, as downloads become rare, and found with less than a comparison of all.

How often a model is updated, K, divides what downloads cost and nothing else (R18): costs at many K are one problem with a
row of downloads for each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats
from coinfer.cost import Costs, as_costs
from coinfer.coupling import placed_simply
from coinfer.grid import sweep
from coinfer.placement import clairvoyant, fixed_costs, plan, total_costs
from coinfer.rule import Rule
from coinfer.scenario import Scenario

Cases = Mapping[str, Scenario]
WAYS = (
    "static",
    "probe-once",
    "1-sla",
    "min(1-sla, static)",
    "one pass",
    "one pass or 1-sla",
)  # to place: `placed_simply`
COMPARED = "compare all"
DIGITS = 10  # of a share, beyond which it is round-off


def curves(cases: Cases, rules: Iterable[str]) -> pd.DataFrame:
    """J(M) of every case under every rule, and the clairvoyant's: "network", "rule", "placement" [layers], "cost", the ETC [-].

    >>> import coinfer
    >>> curves({"alexnet": coinfer.load_scenario("abstract-model")}, ["static"]).round(3).values.tolist()[:2]
    [['alexnet', 'clairvoyant', 0, 1.161], ['alexnet', 'clairvoyant', 1, 0.806]]
    """
    costs = {name: as_costs(case) for name, case in cases.items()}
    found = {
        (name, rule): clairvoyant(given) if rule == "clairvoyant" else total_costs(given, rule)
        for name, given in costs.items()
        for rule in ("clairvoyant", *rules)
    }
    return pd.concat(
        [
            pd.DataFrame({"network": name, "rule": rule, "placement": range(len(j)), "cost": j})
            for (name, rule), j in found.items()
        ],
        ignore_index=True,
    )


def best_placements(cases: Cases, rules: Sequence[Rule | str]) -> pd.DataFrame:
    """M* [layers] under every rule, a row a network and a column a rule; "layers", what there are; "free", M* if downloads cost nothing.

    "free" is the optimal rule's. It never falls as a layer is added (R5), so that all layers are placed that save anything.
    """
    rows = {}
    for name, case in cases.items():
        given = as_costs(case)
        rows[name] = {str(rule): plan(given, rule=rule).placement for rule in rules}
        saved = (total_costs(given, "optimal") - fixed_costs(given)).round(DIGITS)
        rows[name] |= {"free": int(np.argmin(saved)), "layers": given.layers}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network")


def at_updates(given: Scenario, updates: ArrayLike) -> Costs:
    """The costs of a scenario at B numbers of inferences between updates, as B problems at once (R18).

    >>> import coinfer
    >>> at_updates(coinfer.load_scenario("abstract-model"), [1, 1000]).download.shape
    (2, 8)
    """
    costs = as_costs(given)
    shares = given.inferences_per_update / np.asarray(updates, float)
    return replace(costs, download=costs.download * shares[:, None])


def against_updates(cases: Cases, updates: Floats, rules: Iterable[str]) -> pd.DataFrame:
    """The best placement as updates become rare, a row a case, rule and K: "case", "rule", "K" [-], "placement", "cost", the ETC [-]."""
    parts = []
    for name, case in cases.items():
        costs = at_updates(case, updates)
        for rule in rules:
            j = total_costs(costs, rule)[:, : costs.largest_placement + 1]
            found = {"case": name, "rule": rule, "K": updates, "placement": j.argmin(axis=1), "cost": j.min(axis=1)}
            parts.append(pd.DataFrame(found))
    return pd.concat(parts, ignore_index=True)


def placing_losses(cases: Cases, updates: Floats, ways: Sequence[str] = WAYS) -> pd.DataFrame:
    """What placements that are found more simply cost above the best, all split by the optimal rule: a row a case, K and way.

    Columns: "network", "K" [-], "rule", the way to place, "placement" [layers], "best" [layers], "loss", a share of the least
    ETC [-].

    >>> import coinfer
    >>> table = placing_losses({"alexnet": coinfer.load_scenario("abstract-model")}, np.array([1000.0]), ["static", "one pass"])
    >>> table[["placement", "best", "loss"]].round(3).values.tolist()
    [[0.0, 5.0, 0.634], [5.0, 5.0, 0.0]]
    """
    parts = []
    for name, case in cases.items():
        found = placed_simply(at_updates(case, updates))
        best = found["M*, optimal"]
        for way in ways:
            loss = np.maximum(0.0, (found[way] / found["optimal"] - 1).round(DIGITS))
            row = {"network": name, "K": updates, "rule": way, "placement": found[f"M*, {way}"], "best": best}
            parts.append(pd.DataFrame(row | {"loss": loss}))
    return pd.concat(parts, ignore_index=True)


def worst_of(losses: pd.DataFrame, of: str) -> pd.DataFrame:
    """The largest loss of each way at each K: "of", as given, "rule", "K" [-], "loss" [%].

    >>> rows = {"network": ["a", "b"], "rule": "1-sla", "K": 10.0, "loss": [0.25, 0.5]}
    >>> worst_of(pd.DataFrame(rows), "two networks").values.tolist()
    [['two networks', '1-sla', 10.0, 50.0]]
    """
    worst = 100 * losses.groupby(["rule", "K"], sort=False)["loss"].max()
    table = worst.reset_index()
    table.insert(0, "of", of)
    return table


def side_by_side(*losses: pd.DataFrame) -> pd.DataFrame:
    """Tables of `placing_losses` as one, a row a case and K, with the losses of all ways: "network", "K" and the `WAYS`.

    >>> rows = {"network": "a", "K": 10.0, "rule": ["static", "1-sla"], "loss": [0.25, 0.5]}
    >>> side_by_side(pd.DataFrame(rows)).values.tolist()
    [['a', 10.0, 0.25, 0.5]]
    """
    every = pd.concat(losses, ignore_index=True)
    wide = every.pivot(index=["network", "K"], columns="rule", values="loss")
    cases = every[["network", "K"]].drop_duplicates()
    return wide.loc[pd.MultiIndex.from_frame(cases), every["rule"].unique()].rename_axis(columns=None).reset_index()


def expectations_asked(layers: Mapping[str, int]) -> pd.DataFrame:
    """How many expectations of the channel's law placing takes: chances, and costs of stopping or of going on, at a stage.

    Comparing all placements under the optimal rule asks for E min(o X, A) at every stage of every horizon, which is two of them.
    1-sla asks for that, a saving and a chance at every stage (R6); one pass for that, and for the chance and the cost of
    stopping by the thresholds found. A row a network and way: "layers", "expectations", "ratio", what comparing takes over it.

    >>> expectations_asked({"alexnet": 8})["expectations"].tolist()
    [90, 39, 40]
    """
    rows = []
    for name, n in layers.items():
        asked = {COMPARED: n * (n + 3) + 2, "1-sla": 5 * n - 1, "one pass": 5 * n}
        rows += [(name, n, way, count, asked[COMPARED] / count) for way, count in asked.items()]
    return pd.DataFrame(rows, columns=["network", "layers", "rule", "expectations", "ratio"])


def placing_losses_over(cases: Cases, quantities: Mapping[str, Floats]) -> pd.DataFrame:
    """`placing_losses` as each of several quantities of a scenario is moved, one at a time: "quantity" in place of "K".

    >>> import coinfer
    >>> given = {"alexnet": coinfer.load_scenario("abstract-model")}
    >>> table = placing_losses_over(given, {"link.mean_snr_db": np.array([-10.0, 10.0])})
    >>> table.loc[table["rule"] == "1-sla", "loss"].round(3).tolist()
    [0.423, 0.0]
    """
    parts = []
    for name, case in cases.items():
        for quantity, values in quantities.items():
            found = sweep(case, {quantity: values.tolist()}, measure=placed_simply)
            for way in WAYS:
                loss = np.maximum(0.0, (found[way] / found["optimal"] - 1).round(DIGITS))
                row = {"network": name, "quantity": quantity, "value": values, "rule": way, "loss": loss}
                parts.append(pd.DataFrame(row))
    return pd.concat(parts, ignore_index=True)


def quantities_around(given: Scenario, points: int) -> dict[str, Floats]:
    """What `placing_losses_over` may move: speeds, bandwidth and the weight of a joule by up to 30 times, the mean SNR over 45 dB.

    Bandwidth and SNR only where they count: on a channel of gains.

    >>> import coinfer
    >>> quantities_around(coinfer.load_scenario("abstract-model"), 3)["device.macs_per_s"].round().tolist()
    [10000000.0, 300000000.0, 9000000000.0]
    """
    here = {
        "link.bandwidth_hz": given.link.bandwidth_hz,
        "device.macs_per_s": given.device.macs_per_s,
        "edge.macs_per_s": given.edge.macs_per_s,
        "weights.energy_per_j": given.weights.energy_per_j or given.weights.time_per_s,
    }
    moved = {name: value * np.geomspace(1 / 30, 30, points) for name, value in here.items()}
    moved["link.mean_snr_db"] = np.linspace(-25, 20, points)
    return {name: values for name, values in moved.items() if given.channel.needs_snr or not name.startswith("link.")}
