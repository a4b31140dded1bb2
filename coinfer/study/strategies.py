"""Every way of deciding placement and splitting, each charged the same cost, download included: together, apart, or less often."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from coinfer.cost import Costs, costs
from coinfer.coupling import decided_apart, placed_simply
from coinfer.network import blocks
from coinfer.placement import Plan, clairvoyant, expected_cost, plan
from coinfer.rule import Rule
from coinfer.scenario import Scenario
from coinfer.simulation import simulate
from coinfer.study.neurosurgeon import Neurosurgeon
from coinfer.study.one_clock import COHERENCE_TIMES_S, moving

Found = dict[str, tuple[int, float]]  # a placement [layers] and its ETC [-], by strategy
LESS_LOOKING: tuple[Rule | str, ...] = ("probe-once", Neurosurgeon(), "static", "edge-only", "local-only")
DEEPER = ("8-sla", "4-sla", "2-sla", "1-sla")
IN_MOTION: tuple[Rule | str, ...] = ("optimal", "1-sla", "probe-once", Neurosurgeon(), "static")
APART = ("one pass", "1-sla's placement", "separate")
DIGITS = 10  # of a share, beyond which it is round-off


def every_strategy(cases: Mapping[str, Scenario]) -> pd.DataFrame:
    """What every strategy costs on every network, a row a network and strategy.

    Columns: "network", the key of the case; "rule", the strategy; "placement" [layers], of blocks for "1-sla on blocks" and
    "optimal on blocks"; "cost", its ETC [-]; "above", that over the joint optimum's, less 1 [-]. Ways of
    placing apart are those of `placed_apart`.

    >>> import coinfer
    >>> table = every_strategy({"alexnet": coinfer.load_scenario("abstract-model")}).set_index("rule")
    >>> table.loc[["optimal", "probe-once", "static"], "cost"].round(3).tolist()
    [0.711, 0.827, 1.161]
    """
    return _tidy({name: _every(case) for name, case in cases.items()}, ["network"])


def _every(case: Scenario) -> Found:
    given, bound = costs(case), clairvoyant(case)
    on_blocks = costs(case.replace(dnn=blocks(case.dnn)))
    merged = {f"{rule} on blocks": plan(on_blocks, rule=rule) for rule in ("optimal", "1-sla")}
    return (
        {"clairvoyant": (int(bound.argmin()), float(bound.min()))}
        | _planned(given, ("optimal", *DEEPER))
        | {name: (made.placement, made.cost) for name, made in merged.items()}
        | placed_apart(given)
        | _planned(given, LESS_LOOKING)
    )


def in_motion(cases: Mapping[str, Scenario], coherence_times_s: Iterable[float] = COHERENCE_TIMES_S) -> pd.DataFrame:
    """What strategies cost once the fading moves in computing and in sending, a row a network, coherence time and strategy.

    Columns as in `every_strategy`, and "tau_s" [s]. "memoryless" is the plan that is optimal for the case's own channel,
    followed: it stops by the rate that it sees, as if that lasted.

    >>> import coinfer
    >>> table = in_motion({"alexnet": coinfer.load_scenario("abstract-model")}, [1.0]).set_index("rule")
    >>> table.loc[["optimal", "memoryless"], "cost"].round(3).tolist()
    [0.789, 0.918]
    """
    found = {
        (name, tau_s): _moved(costs(moving(case, tau_s)), plan(case))
        for name, case in cases.items()
        for tau_s in coherence_times_s
    }
    return _tidy(found, ["network", "tau_s"])


def _moved(given: Costs, believed: Plan) -> Found:
    followed = {"memoryless": (believed.placement, expected_cost(given, believed))}
    return _planned(given, IN_MOTION) | placed_apart(given) | followed


def placed_apart(given: Costs) -> Found:
    """Ways of placing without knowing the optimal rule for the placement.

    "one pass": the best placement for the thresholds of M = N. "1-sla's placement": the best one for 1-sla, which takes one pass
    too (R6). Both are then split by the optimal rule for that placement. "separate": the best placement for a fixed split, split by
    the thresholds of M = N.

    >>> import coinfer
    >>> found = placed_apart(costs(coinfer.load_scenario("abstract-model")))
    >>> {way: placement for way, (placement, _) in found.items()}
    {'one pass': 5, "1-sla's placement": 5, 'separate': 0}
    """
    simply, apart = placed_simply(given), decided_apart(given)
    ways = {"one pass": "one pass", "1-sla's placement": "1-sla"}
    found = {way: (int(simply[f"M*, {known}"]), float(simply[known])) for way, known in ways.items()}
    return found | {"separate": (int(apart["static placement"]), float(apart["both apart"]))}


def worth_of_deciding(table: pd.DataFrame) -> pd.DataFrame:
    """What deciding more is worth, a row a case of `every_strategy` or `in_motion`, as shares [-].

    "joint": what the joint optimum saves over the better of a fixed split and one look; "over static": over a fixed split;
    "once": what one look saves over that. What costs more, above the joint optimum: the ways of `placed_apart`, and "apart", the best
    of them; above the better of a fixed split and one look: "neurosurgeon", and in motion "memoryless"; above a fixed split:
    "memoryless, static".

    >>> import coinfer
    >>> table = every_strategy({"alexnet": coinfer.load_scenario("abstract-model")})
    >>> worth_of_deciding(table)[["joint", "over static", "separate"]].round(3).iloc[0].tolist()
    [0.14, 0.388, 0.634]
    """
    keys = [key for key in ("network", "tau_s") if key in table]
    costs_of = table.pivot(index=keys, columns="rule", values="cost")
    costs_of = costs_of.loc[
        pd.MultiIndex.from_frame(table[keys]).unique() if len(keys) > 1 else table[keys[0]].unique()
    ]
    best, static = costs_of["optimal"], costs_of["static"]
    less = costs_of[["static", "probe-once"]].min(axis=1)
    found = {"joint": 1 - best / less, "over static": 1 - best / static, "once": 1 - costs_of["probe-once"] / static}
    found |= {way: costs_of[way] / best - 1 for way in APART} | {"apart": costs_of[list(APART)].min(axis=1) / best - 1}
    found["neurosurgeon"] = costs_of["neurosurgeon"] / less - 1
    if "memoryless" in costs_of:
        found |= {
            "memoryless": costs_of["memoryless"] / less - 1,
            "memoryless, static": costs_of["memoryless"] / static - 1,
        }
    return pd.DataFrame(found).round(DIGITS) + 0.0  # not -0


def _planned(given: Costs, rules: Iterable[Rule | str]) -> Found:
    plans = {str(rule): plan(given, rule=rule) for rule in rules}
    return {rule: (made.placement, made.cost) for rule, made in plans.items()}


def _tidy(found: Mapping[Any, Found], keys: list[str]) -> pd.DataFrame:
    rows = [
        (*(key if len(keys) > 1 else (key,)), rule, placement, cost, _share(cost / strategies["optimal"][1] - 1))
        for key, strategies in found.items()
        for rule, (placement, cost) in strategies.items()
    ]
    return pd.DataFrame(rows, columns=[*keys, "rule", "placement", "cost", "above"])


def _share(value: float) -> float:
    return round(value, DIGITS) + 0.0  # not -0


def in_seconds_and_joules(case: Scenario, coherence_times_s: Iterable[float]) -> pd.DataFrame:
    """What the plans of `in_motion` take, a row a coherence time and rule: columns tau_s, rule, placement, ETC, time [s], energy [J].

    Without the plan for another channel, and download apart in time and energy.

    >>> import coinfer
    >>> table = in_seconds_and_joules(coinfer.load_scenario("abstract-model"), [10.0])
    >>> table["time [s]"].round(2).tolist()  # optimal, 1-sla, probe-once, neurosurgeon, static
    [1.48, 2.01, 1.48, 1.51, 2.01]
    """
    plans = [(tau_s, plan(moving(case, tau_s), rule=rule)) for tau_s in coherence_times_s for rule in IN_MOTION]
    return pd.DataFrame(
        {
            "tau_s": tau_s,
            "rule": str(made.rule),
            "placement": made.placement,
            "ETC [-]": made.cost,
            "time [s]": made.time_s,
            "energy [J]": made.energy_j,
        }
        for tau_s, made in plans
    )


def simulated(cases: Mapping[str, Scenario], rules: Iterable[Rule | str], inferences: int, seed: int) -> pd.DataFrame:
    """Plans followed through the same drawn channels: columns network, rule, computed, simulated [-], half width of 95 %, z.

    >>> import coinfer
    >>> table = simulated({"alexnet": coinfer.load_scenario("abstract-model")}, ["optimal"], 1000, 0)
    >>> bool(abs(table["z"][0]) < 3)
    True
    """
    rows = []
    for name, case in cases.items():
        for rule in rules:
            made = plan(case, rule=rule)
            found = simulate(case, made, inferences=inferences, rng=seed)
            error = max(found.standard_error, 1e-15)  # 0 where every inference computes alone
            z = round((found.mean - made.cost) / error, 6)
            rows.append((name, str(rule), made.cost, found.mean, 1.96 * found.standard_error, z))
    return pd.DataFrame(rows, columns=["network", "rule", "computed", "simulated", "half width", "z"])


def repairs(cases: Mapping[str, Scenario], table: pd.DataFrame) -> pd.DataFrame:
    """What the repairs of 1-sla cost, a row a network, from the table of `every_strategy` for the same cases.

    Columns: "network"; "static stage", where the best fixed split lies; "o_1 / o_0", the bits sent after one layer over those of
    the input; "stages" and "stages on blocks", N before and after merging; then the ETC of each rule [-].
    """
    shown = ["1-sla", "2-sla", "4-sla", "8-sla", "1-sla on blocks", "optimal on blocks", "static", "optimal"]
    rows = []
    for name, case in cases.items():
        found, bits = table[table["network"] == name].set_index("rule"), costs(case).bits
        counts = {"stages": case.dnn.layers, "stages on blocks": blocks(case.dnn).layers}
        stage = {"static stage": found["placement"]["static"], "o_1 / o_0": bits[1] / bits[0]}
        rows.append({"network": name} | stage | counts | found["cost"][shown].to_dict())
    return pd.DataFrame(rows)
