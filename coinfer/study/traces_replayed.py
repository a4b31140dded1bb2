"""Plans made from the chain of a trace's first half, replayed on its second: which way to split is best there, and how surely."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coinfer.catalogue.rows import LinkRow, bundled_rows
from coinfer.channel import Markov, Trace
from coinfer.channel.law import Floats
from coinfer.cost import costs
from coinfer.placement import Plan, expected_cost, plan
from coinfer.playback import Replayed, blocks, replay
from coinfer.scenario import ABSTRACT, Scenario, load_scenario, scenario_names
from coinfer.study.real import WITHIN

WAYS = {
    "fixed split": "static",
    "one look": "probe-once",
    "look again": "optimal",
}  # the simplest first, and their rules
DRAWS = "memoryless"  # optimal for the rates as independent draws
RULES = (*WAYS.values(), DRAWS)
OVER = {  # savings: of a rule over the better of others
    "once": ("probe-once", ("static",)),
    "again": ("optimal", ("static", "probe-once")),
    "draws": (DRAWS, ("static",)),
}
LEVEL = 0.95


# -- whose inferences


def devices_on_links(chains: Mapping[str, Markov], scenario: str) -> dict[str, Scenario]:
    """The scenario with each link of the catalogue; where it is the abstract's, the one of the catalogue that has the link.

    A link that none has comes with the default scenario; one whose power was not found counts its time alone.
    """
    real = {load_scenario(name).link.name: name for name in scenario_names(real=True)}
    unknown = {row.link for row in bundled_rows(LinkRow) if row.transmit_power_w is None}
    found = {}
    for link in chains:
        given = load_scenario(real.get(link, "default") if scenario in ABSTRACT else scenario)
        changed = {"name": link, "transmit_power_w": 0.0} if link in unknown else link
        found[link] = given if given.link.name == link else given.replace(link=changed)
    return found


def device_on_traces(traces: Mapping[str, Trace], scenario: str) -> dict[str, Scenario]:
    """The scenario for each trace, which gives the powers of the radio; where it is the abstract's, the default one."""
    given = load_scenario("default" if scenario in ABSTRACT else scenario)
    return dict.fromkeys(traces, given)


def cases(
    scenario: str, traces: Mapping[str, Trace], chains: Mapping[str, Markov], **changes: object
) -> dict[str, Scenario]:
    """Whose inferences are replayed on each trace: a link of the catalogue if there are chains, else a log.

    With memory for all layers, as what would be best is asked; `changes` as in `load_scenario`.
    """
    found = devices_on_links(chains, scenario) if chains else device_on_traces(traces, scenario)
    changed = {path: value for path, value in changes.items() if value is not None} | {"device__memory_bits": None}
    return {name: case.replace(**changed) for name, case in found.items()}


# -- replays


@dataclass(frozen=True, eq=False)
class Replays:
    """What the plans for a trace cost."""

    table: pd.DataFrame  # a row a network and rule
    resampled: Floats  # (resamples, networks, rules) mean cost on the second half, its blocks drawn with replacement


def replays(
    given: Scenario,
    networks: tuple[str, ...],
    both: tuple[Trace, Trace],
    fitted: Markov,
    *,
    truth: Markov | None = None,
    inferences: int = 10_000,
    resamples: int = 1000,
    seed: int = 0,
) -> Replays:
    """Every rule with every network at the placement that it believes best, planned on the chain of the first half.

    The table has M*, what the chain says that the plan costs ("chain"), what the plan's own model says ("believed": the chain
    but for independent draws), what it costs replayed on each half, the share of inferences that send there ("sends"), and what it
    costs on the chain `truth` from which the trace was drawn, with "regret" over the best plan there. Inferences start at the same times for all, so that they are compared one by one.
    """
    rows, spent = [], []
    for network in networks:
        case = given.replace(dnn=network, channel=fitted)
        so = None if truth is None else costs(case.replace(channel=truth))
        best = None if so is None else plan(so).cost
        problem, found = costs(case), {}
        for rule in RULES:
            made = plan(case.replace(channel=both[0].law())) if rule == DRAWS else plan(problem, rule=rule)
            first, second = (replay(case, made, half, inferences=inferences, rng=seed) for half in both)
            found[rule] = second
            row = {"network": network, "rule": rule, "M*": made.placement, "believed": made.cost}
            row |= {"chain": expected_cost(problem, made)} | _spent(first, second) | {"sends": _sends(made, second)}
            rows.append(row if so is None else row | _true(expected_cost(so, made), best))
        spent.append([found[rule].costs for rule in RULES])
    starts_s = found[DRAWS].starts_s
    resampled = resampled_means(np.array(spent), blocks(both[1], starts_s), np.random.default_rng(seed), resamples)
    return Replays(pd.DataFrame(rows), resampled)


def _spent(first: Replayed, second: Replayed) -> dict[str, float]:
    low, high = second.interval
    told = {"time [s]": second.time_s, "energy [J]": second.energy_j, "in outages [s]": second.outage_s}
    return {"first half": first.mean, "second half": second.mean, "low": low, "high": high} | told


def _sends(made: Plan, second: Replayed) -> float:
    return float(second.stop_counts[made.problem.bits[: made.placement + 1] > 0].sum() / second.stop_counts.sum())


def _true(cost: float, best: float | None) -> dict[str, float]:
    assert best is not None
    return {"drawn from": cost, "regret": max(0.0, round(cost / best - 1, 9))}


def resampled_means(spent: Floats, block: np.ndarray, rng: np.random.Generator, resamples: int) -> Floats:
    """Means over inferences, (resamples, ...), of what they spent, (..., inferences), with whole blocks drawn at random.

    All are drawn together, so that their differences keep what inferences of a block have in common.

    >>> resampled_means(np.array([[1.0, 1.0, 3.0, 3.0]]), np.array([0, 0, 0, 0]), np.random.default_rng(0), 2).tolist()
    [[2.0], [2.0]]
    """
    numbers, which = np.unique(block, return_inverse=True)
    inside = (which[:, None] == np.arange(numbers.size)).astype(float)  # (inferences, blocks)
    drawn = rng.multinomial(numbers.size, np.full(numbers.size, 1 / numbers.size), resamples).astype(float)
    sums = np.tensordot(drawn, spent @ inside, axes=(1, spent.ndim - 1))
    return np.asarray(sums / (drawn @ inside.sum(axis=0)).reshape(-1, *[1] * (spent.ndim - 1)))


def that_send(table: pd.DataFrame) -> pd.DataFrame:
    """The plans of `Replays.table` that are made from the chain and send in some inferences; all that are, if none sends."""
    made = table[table["rule"] != DRAWS]
    return made[made["sends"] > 0] if (made["sends"] > 0).any() else made


def chain_errors(sending: pd.DataFrame) -> pd.DataFrame:
    """How far what plans cost on each half is from what the chain says: columns "first half", "second half"; rows median, max.

    >>> chain_errors(pd.DataFrame({"chain": [1.0, 2.0], "first half": [1.1, 2.0], "second half": [1.0, 4.0]})).loc["max"].round(3).tolist()
    [0.1, 1.0]
    """
    return pd.DataFrame(
        {half: (sending[half] / sending["chain"] - 1).abs().round(9) for half in ("first half", "second half")}
    ).agg(["median", "max"])


# -- which way is best


def best_way(spent: Floats) -> np.ndarray:
    """The number of the simplest of `WAYS` whose cost is within 1 % of the least; `spent` is (..., rules) as in `RULES`.

    >>> best_way(np.array([[2.0, 1.004, 1.0, 9.0], [1.0, 1.0, 1.0, 9.0], [2.0, 1.5, 1.0, 9.0]])).tolist()
    [1, 0, 2]
    """
    spent = spent[..., : len(WAYS)]
    return np.argmax(spent <= (1 + WITHIN) * spent.min(axis=-1, keepdims=True), axis=-1)


def verdicts(found: Mapping[str, Replays]) -> pd.DataFrame:
    """Which way is best on the second half of each trace with each network, a row each.

    "sure" is the share of the resamples that say so. "once" is what one look saves over a fixed split, "again" what looking
    again saves over the better of these two, "draws" what the rule for independent draws saves over a fixed split; each with
    "low" and "high", the ends of its 95 % interval.
    """
    rows = []
    for name, each in found.items():
        for number, network in enumerate(each.table["network"].unique()):
            part = each.table[each.table["network"] == network].set_index("rule")
            spent, drawn = part.loc[list(RULES), "second half"].to_numpy(float), each.resampled[:, number]
            way = int(best_way(spent))
            row = {"trace": name, "network": network, "best": list(WAYS)[way]}
            rows.append(row | {"sure": float(np.mean(best_way(drawn) == way))} | _savings(spent, drawn))
    return pd.DataFrame(rows)


def _savings(spent: Floats, drawn: Floats) -> dict[str, float]:
    told: dict[str, float] = {}
    for what, (rule, others) in OVER.items():
        one, less = RULES.index(rule), [RULES.index(other) for other in others]
        saving, many = (np.round(1 - each[..., one] / each[..., less].min(axis=-1), 9) + 0.0 for each in (spent, drawn))
        low, high = np.quantile(many, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        told |= {what: float(saving), f"{what}, low": float(low), f"{what}, high": float(high)}
    return told


def counted(table: pd.DataFrame, found: Mapping[str, Replays]) -> pd.DataFrame:
    """For how many each way is best, with a 95 % interval, and in how many of them it is in 95 % of the resamples: a row a way."""
    ways = np.concatenate(
        [best_way(each.resampled) for each in found.values()], axis=1
    )  # (resamples, traces x networks)
    rows = []
    for number, way in enumerate(WAYS):
        low, high = np.quantile((ways == number).sum(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        so = table[table["best"] == way]
        rows.append({"best": way, "cases": len(so), "low": low, "high": high, "sure": int((so["sure"] >= LEVEL).sum())})
    return pd.DataFrame(rows)
