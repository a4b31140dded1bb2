"""What a fixed split costs, wherever it lies: what is spent on what, how outputs shrink, and what the rate of the link decides."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.cost import fixed_costs_of_sending, static_shares
from coinfer.network import DNN
from coinfer.scenario import Scenario
from coinfer.study.figures import SHARES


def spent(cases: Mapping[str, Scenario]) -> pd.DataFrame:
    """What an inference of each network spends, a row a split point: columns network, split point, those of `SHARES`, total.

    >>> import coinfer
    >>> table = spent({"alexnet": coinfer.load_scenario("abstract-model")})
    >>> table["total"].round(2).tolist()[::8]  # the first of nine split points, all on the edge, and the last
    [1.16, 1.49]
    """
    parts = [
        pd.DataFrame({"network": name, "split point": range(case.dnn.layers + 1), **static_shares(case)})
        for name, case in cases.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(total=table[list(SHARES)].sum(axis=1))


def cheapest(table: pd.DataFrame) -> pd.DataFrame:
    """The cheapest split of each network, a row each, indexed by its name: split point, total, ..., layers, inner."""
    best = table.loc[table.groupby("network", sort=False)["total"].idxmin()].set_index("network")
    best["layers"] = table.groupby("network")["split point"].max()
    return best.assign(inner=best["split point"].gt(0) & best["split point"].lt(best["layers"]))


def outputs(networks: Iterable[DNN]) -> pd.DataFrame:
    """What every stage would send, a row each: network, stage, its output relative to the raw input, and whether it is inner
    and sends less than all before it.

    >>> import coinfer
    >>> table = outputs([coinfer.load_dnn("alexnet")])
    >>> table.loc[table["least so far"], "stage"].tolist()
    [2, 5, 6]
    """
    parts = []
    for net in networks:
        bits = np.asarray(net.output_bits, float)
        before = np.minimum.accumulate(bits)[:-1]
        least = np.concatenate([[False], bits[1:] < before])
        least[-1] = False  # the result is no inner stage
        parts.append(
            pd.DataFrame(
                {
                    "network": net.name,
                    "stage": range(net.layers + 1),
                    "relative output": bits / bits[0],
                    "least so far": least,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def shrinking(table: pd.DataFrame) -> pd.DataFrame:
    """How the outputs of each network shrink, a row each: the first inner stage that sends less than all before it, how many
    such stages there are, what the least of them sends relative to the raw input, and the deepest stage that sends more than it.

    Columns network, "first", "such stages", "least output", "deepest larger", "layers"; nan where there is no such stage.
    """
    rows = []
    for name, part in table.groupby("network", sort=False):
        least = part[part["least so far"]]
        rows.append(
            {
                "network": name,
                "layers": part["stage"].max(),
                "such stages": len(least),
                "first": least["stage"].min(),
                "least output": least["relative output"].min(),
                "deepest larger": part.loc[part["relative output"] > 1, "stage"].max(),
            }
        )
    return pd.DataFrame(rows)


def best_by_rate(cases: Mapping[str, Scenario], factors: Iterable[float]) -> pd.DataFrame:
    """The best fixed split on links that are so many times as fast, a row a network and factor.

    Sending, tail and round trip apart, costs so many times less. Columns network, "rate" (the factor), "split point", "layers".

    >>> import coinfer
    >>> best_by_rate({"alexnet": coinfer.load_scenario("abstract-model")}, [0.01, 1, 100])["split point"].tolist()
    [8, 0, 0]
    """
    rows = []
    for name, case in cases.items():
        shares, fixed = static_shares(case), fixed_costs_of_sending(case)
        sending = shares["transmission"] - fixed
        rest = shares["local compute"] + shares["edge compute"] + shares["download"] + fixed
        for factor in factors:
            best = int(np.argmin(rest + sending / factor))
            rows.append({"network": name, "rate": factor, "split point": best, "layers": case.dnn.layers})
    return pd.DataFrame(rows)


def turns(table: pd.DataFrame) -> pd.DataFrame:
    """Which splits are best within the range of rates, a row a network: how many, and how many of them are inner."""
    best = table.drop_duplicates(["network", "split point"])
    inner = best["split point"].between(0, best["layers"], inclusive="neither")
    by = best.assign(inner=inner).groupby("network", sort=False)
    return by.agg(splits=("split point", "size"), inner=("inner", "sum")).reset_index()
