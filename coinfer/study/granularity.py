"""How finely a chain is cut, and how often the channel is drawn afresh with it: what the abstract's model hangs on.

Under independent draws every layer is another draw of the channel, so that a chain of more layers has more to choose from. On
blocks, `network.blocks`, the channel is drawn once for each stage that sends less than all before it.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coinfer.channel import Channel, Rayleigh
from coinfer.cost import costs
from coinfer.network import blocks
from coinfer.placement import plan
from coinfer.scenario import Scenario
from coinfer.study.regimes import saved_share
from coinfer.study.strategies import placed_apart

SHARES = ("joint", "over static", "apart", "1-sla loses")
LESS = ("static", "probe-once")
OUTAGE_GAINS = (0.01, 0.05, 0.2)  # [-]


def granularity(cases: Mapping[str, Scenario], outage_gains: Iterable[float] = OUTAGE_GAINS) -> pd.DataFrame:
    """Shares [-] for each chain as it is and cut into blocks, on its own channel and on Rayleigh fading cut at each outage gain.

    Columns: "network"; "chain", "layers" or "blocks"; "outage gain" [-], nan for the case's own channel; "stages", N; what the
    joint optimum saves, "joint" over the better of a fixed split and one look, and "over static"; what costs more than it, on the
    same chain: "apart", the best placement found apart, and "1-sla loses".

    >>> import coinfer
    >>> table = granularity({"alexnet": coinfer.load_scenario("abstract-model")}, [])
    >>> table[["chain", "stages", "joint"]].round(3).values.tolist()
    [['layers', 8, 0.14], ['blocks', 4, 0.073]]
    """
    gains = tuple(outage_gains)
    channels: list[tuple[float, Channel | None]] = [(np.nan, None), *((g, Rayleigh(outage_gain=g)) for g in gains)]
    return pd.DataFrame(
        {"network": name, "chain": chain, "outage gain": gain} | _shares(cut.replace(channel=channel or case.channel))
        for name, case in cases.items()
        for chain, cut in {"layers": case, "blocks": case.replace(dnn=blocks(case.dnn))}.items()
        for gain, channel in channels
    )


def _shares(case: Scenario) -> dict[str, float]:
    given = costs(case)
    cost = {rule: plan(given, rule=rule).cost for rule in ("optimal", "1-sla", *LESS)}
    apart = min(found for _, found in placed_apart(given).values())
    return {
        "stages": given.layers,
        "joint": saved_share(1 - cost["optimal"] / min(cost[rule] for rule in LESS)),
        "over static": saved_share(1 - cost["optimal"] / cost["static"]),
        "apart": saved_share(apart / cost["optimal"] - 1),
        "1-sla loses": saved_share(cost["1-sla"] / cost["optimal"] - 1),
    }


def on_blocks(table: pd.DataFrame, share: str) -> str:
    """The median and the most over the networks of a share on blocks, on their own channel, in words.

    >>> rows = {"chain": ["layers", "blocks"], "outage gain": [np.nan, np.nan], "joint": [0.1, 0.02]}
    >>> on_blocks(pd.DataFrame(rows), "joint")
    '2.0% in the median, at most 2%'
    """
    found = table.loc[(table["chain"] == "blocks") & table["outage gain"].isna(), share]
    return f"{found.median():.1%} in the median, at most {found.max():.0%}"


def by_outage_gain(table: pd.DataFrame, share: str) -> str:
    """The medians over the networks of a share on layers, by outage gain, in words.

    >>> rows = {"chain": ["layers", "blocks"], "outage gain": [0.2, 0.2], "joint": [0.1, 0.02]}
    >>> by_outage_gain(pd.DataFrame(rows), "joint")
    '10.0% at 0.2'
    """
    medians = table[table["chain"] == "layers"].groupby("outage gain")[share].median()
    return ", ".join(f"{median:.1%} at {gain:g}" for gain, median in medians.items())
