"""Wrong beliefs and learnt ones over many links: what they cost, and in which share of the cases looking again pays.

Cases are scenarios by names such as "alexnet, 1.5": a network, and the mean outage or the coherence time in local inferences.
Looking again *pays* without knowing where it costs less than looking less does to a device that knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import nan

import numpy as np
import pandas as pd

from coinfer.network import DNN
from coinfer.placement import expected_cost, plan
from coinfer.scenario import Scenario
from coinfer.simulation import simulate
from coinfer.study.knowing import Wrong, fading_case, misbelief, off_by, off_in_snr, on_off_case

LEAST = 0.01  # of the cost: what looking again must be worth to who knows, to count
ENOUGH = 0.9  # of the devices must pay for a way of looking to teach enough
FACTORS = (0.2, 0.5, 1.0, 2.0, 5.0)  # believed over true
LENGTHS = "both lengths"  # the share of the time off is known
OUTAGES: dict[str, Wrong] = {
    "mean outage": off_by("channel__mean_off_s"),
    "mean time on": off_by("channel__mean_on_s"),
    LENGTHS: off_by("channel__mean_off_s", "channel__mean_on_s"),
}
FADES: dict[str, Wrong] = {"coherence time": off_by("channel__coherence_time_s"), "mean SNR": off_in_snr}
NEVER, NO_CASE = "never", "no case"


def on_off_links(
    given: Scenario, chains: Mapping[str, DNN], outages: Iterable[float], off_share: float, sent_in: float
) -> dict[str, Scenario]:
    """On-off links by network and mean outage in local inferences.

    >>> import coinfer
    >>> list(on_off_links(coinfer.load_scenario("abstract-model"), {"alexnet": coinfer.load_dnn("alexnet")}, [1.5], 0.2, 0.1))
    ['alexnet, 1.5']
    """
    lengths = list(outages)
    return {
        f"{name}, {x:g}": on_off_case(given, chain, x, off_share, sent_in)
        for name, chain in chains.items()
        for x in lengths
    }


def fading_links(
    given: Scenario, chains: Mapping[str, DNN], times: Iterable[float], states: int
) -> dict[str, Scenario]:
    """Links of Rayleigh fading by network and coherence time in local inferences."""
    listed = list(times)
    return {f"{name}, {x:g}": fading_case(given, chain, x, states) for name, chain in chains.items() for x in listed}


def believed_lengths(
    given: Scenario, chains: Mapping[str, DNN], lengths: Iterable[float], off_share: float, sent_in: float
) -> pd.DataFrame:
    """Regrets by the mean outage that is so and the one believed, a row each; both lengths are off by the same factor.

    Columns `network`, `true` and `believed` [local inferences], those of `knowing.regrets`, and `pays` (bool): without
    knowing, where looking again is worth `LEAST` to who knows.
    """
    listed = np.array(list(lengths), dtype=float)
    rows = [
        misbelief({name: on_off_case(given, chain, x, off_share, sent_in)}, {LENGTHS: OUTAGES[LENGTHS]}, listed / x)
        .assign(true=x, believed=listed)
        .rename(columns={"case": "network"})
        for name, chain in chains.items()
        for x in listed
    ]
    table = pd.concat(rows, ignore_index=True).drop(columns=["wrong", "factor"])
    pays = (table["knowing less"] >= LEAST) & (table["again"] < table["knowing less"])
    first = ["network", "true", "believed"]
    return table[[*first, *table.columns.difference(first, sort=False)]].assign(pays=pays)


def shares_that_pay(beliefs: pd.DataFrame) -> dict[str, float]:
    """In which share of the cases of `believed_lengths` it pays with outages believed too "long" and too "short".

    Of those where looking again is worth `LEAST` to who knows; nan if there is none.

    >>> rows = {"true": [1.0, 1.0], "believed": [2.0, 0.5], "knowing less": [0.1, 0.1], "pays": [True, False]}
    >>> shares_that_pay(pd.DataFrame(rows))
    {'long': 1.0, 'short': 0.0}
    """
    ratio, worth = beliefs["believed"] / beliefs["true"], beliefs["knowing less"] >= LEAST
    return {
        "long": float(beliefs.loc[worth & (ratio > 1.01), "pays"].mean()),
        "short": float(beliefs.loc[worth & (ratio < 0.99), "pays"].mean()),
    }


def placements(cases: Mapping[str, Scenario]) -> pd.DataFrame:
    """How many layers each case places, a row each: columns `case`, `network`, `length` [local inferences], `layers`, and a rule each.

    >>> import coinfer
    >>> given, chain = coinfer.load_scenario("abstract-model"), coinfer.load_dnn("alexnet")
    >>> placements(on_off_links(given, {"alexnet": chain}, [0.25, 16], 0.25, 0.03))["optimal"].tolist()
    [0, 8]
    """
    rules = ("optimal", "static", "probe-once")
    return pd.DataFrame(
        {"case": name, "network": case.dnn.name, "length": float(name.split(", ")[-1]), "layers": case.dnn.layers}
        | {rule: plan(case, rule=rule).placement for rule in rules}
        for name, case in cases.items()
    )


def simulated(
    cases: Mapping[str, Scenario],
    ways: Mapping[str, Wrong],
    factors: Iterable[float],
    *,
    inferences: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Plans for wrong beliefs, followed event by event on the true channel: a row each.

    Columns `case`, `wrong`, `factor`, `computed` and `simulated` [ETC], and `z`, their difference in standard errors.
    """
    rows = []
    for name, truth in cases.items():
        for way, factor in ((way, factor) for way in ways for factor in factors):
            made = plan(ways[way](truth, factor))
            run, computed = simulate(truth, made, inferences=inferences, rng=seed), expected_cost(truth, made)
            told = {"case": name, "wrong": way, "factor": factor, "computed": computed, "simulated": run.mean}
            rows.append(told | {"z": round((run.mean - computed) / max(run.standard_error, 1e-9 * computed), 6)})
    return pd.DataFrame(rows)


def splitting_alone(wrong: pd.DataFrame) -> pd.DataFrame:
    """Regrets if stops follow the belief and the placement the truth, beside those of both misbelieved: a row a way to be wrong.

    Columns: mean and most of both, and in which share of the cases splitting alone is no worse.
    """
    off = wrong[wrong["factor"] != 1]
    by = off.assign(fine=off["splitting"] <= off["again"] + 1e-9).groupby("wrong", sort=False)
    return pd.DataFrame(
        {
            "both misbelieved, mean": by["again"].mean(),
            "splitting alone, mean": by["splitting"].mean(),
            "both, most": by["again"].max(),
            "splitting alone, most": by["splitting"].max(),
            "splitting alone is no worse": by["fine"].mean(),
        }
    ).reset_index()


def worse_prior(taught: pd.DataFrame) -> pd.DataFrame:
    """What devices have learnt if they began with the worse of their first beliefs: a row a family, way of looking and number.

    `taught` is `knowing.paying` by family, looking, prior and inferences. Columns of the result: `family`, `looking`,
    `inferences`, `pays` (share of the devices), `again` and `less` (regrets that 95 % of the devices keep below).
    """
    by = taught.groupby(["family", "looking", "inferences"], sort=False)
    table = by.agg(pays=("pays", "min"), again=("again, 95 %", "max"), less=("less, 95 %", "max"))
    return table.reset_index()


def pays_from(worse: pd.DataFrame) -> pd.Series:
    """From how many inferences on looking again pays for 90 % of the devices: "never", "no case" or the number, in words.

    >>> rows = {"family": "on-off", "looking": "once", "inferences": [10, 100], "pays": [0.5, 0.95]}
    >>> pays_from(pd.DataFrame(rows)).tolist()
    ['100']
    """
    shares = worse.pivot(index=["family", "looking"], columns="inferences", values="pays")
    shares = shares.reindex(pd.MultiIndex.from_frame(worse[["family", "looking"]].drop_duplicates()))
    enough = [
        NO_CASE if row.isna().all() else next((f"{n}" for n in row.index if (row.loc[n:] >= ENOUGH).all()), NEVER)
        for _, row in shares.iterrows()
    ]
    return pd.Series(enough, index=shares.index, name="pays from")


def share_that_learns(enough: Sequence[str]) -> float:
    """The share of the ways of looking that teach enough, of those with a case; nan if none has.

    >>> share_that_learns(["100", "never", "no case"])
    0.5
    """
    told = [each for each in enough if each != NO_CASE]
    return sum(each != NEVER for each in told) / len(told) if told else nan
