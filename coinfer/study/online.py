"""When to stop, at a given placement: thresholds, where they stop, what a simulation pays that follows them, and look-ahead.

Tables are tidy; a "rule" is named as in `coinfer.plan`, and costs are the ETC of an inference [-], download included.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from coinfer.cost import as_costs
from coinfer.network import load_dnn, read_onnx
from coinfer.network.onnx_chain import bundled
from coinfer.placement import Plan, plan
from coinfer.scenario import Scenario
from coinfer.simulation import Outcome, simulate
from coinfer.stopping import optimal_costs
from coinfer.study.one_clock import less_looking, moving

Cases = Mapping[str, Scenario]
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16)  # of look-ahead [stages]
DIGITS = 12  # of a share, beyond which it is round-off


def thresholds(plans: Mapping[str, Plan], mean_snr_db: float) -> pd.DataFrame:
    """The least SNR [dB] at which each stage stops: -inf if it always does, inf if never; also "unit cost", the largest [1/Mbit].

    Columns: "rule", "stage", "output [Mbit]", "unit cost [1/Mbit]", "SNR [dB]". On a channel of given rates there is no SNR,
    and the last is about rates [bit/s] in its place.

    >>> import coinfer
    >>> given = coinfer.load_scenario("abstract-model")
    >>> table = thresholds({"edge-only": coinfer.plan(given, rule="edge-only", placement=1)}, 5.0)
    >>> table["unit cost [1/Mbit]"].tolist(), bool(table["SNR [dB]"].max() < -1000)
    ([inf], True)
    """
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "rule": rule,
                    "stage": range(made.placement),
                    "output [Mbit]": made.problem.bits[: made.placement] / 1e6,
                    "unit cost [1/Mbit]": made.thresholds * 1e6,
                    "SNR [dB]": mean_snr_db
                    + 10 * np.log10(np.maximum(made.problem.law.least_seen(made.thresholds), 1e-300)),
                }
            )
            for rule, made in plans.items()
        ],
        ignore_index=True,
    )


def stops(plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """Where inferences stop: "rule", "stage", "probability", by the law of the channel, and "simulated", a relative frequency."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "rule": rule,
                    "stage": range(made.placement + 1),
                    "probability": made.stop_probabilities,
                    "simulated": outcomes[rule].stop_counts / outcomes[rule].inferences,
                }
            )
            for rule, made in plans.items()
        ],
        ignore_index=True,
    )


def paid(plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome], channel: str) -> pd.DataFrame:
    """What plans cost, and what simulations paid that followed them: a row a rule; nan where none did.

    Columns: "channel", as given, "rule", "computed", "simulated", "standard error", and "z", their difference in those.
    """
    rows = []
    for rule, made in plans.items():
        mean, error = (outcomes[rule].mean, outcomes[rule].standard_error) if rule in outcomes else (np.nan, np.nan)
        z = round((mean - made.cost) / max(error, 1e-9 * made.cost), 6)
        rows.append((channel, rule, made.cost, mean, error, z))
    return pd.DataFrame(rows, columns=["channel", "rule", "computed", "simulated", "standard error", "z"])


def on_one_clock(
    given: Scenario, placement: int, rules: Sequence[str], times_s: Iterable[float], inferences: int, seed: int
) -> pd.DataFrame:
    """`paid` on a channel that moves in computing and in sending, every rule at the placement, the optimal one simulated.

    A row a coherence time, "tau_s" [s], and rule. "saving": of the optimal rule over the better of static and one look, each
    at its own best placement.

    >>> import coinfer
    >>> table = on_one_clock(coinfer.load_scenario("abstract-model"), 8, ["optimal", "static"], [10.0], 100, 0)
    >>> table[["rule", "computed"]].round(2).values.tolist(), table["saving"].round(4).tolist()
    ([['optimal', 0.98], ['static', 1.21]], [0.0016, 0.0016])
    """
    parts = []
    for tau_s in times_s:
        case = moving(given, tau_s)
        plans = {rule: plan(case, rule=rule, placement=placement) for rule in rules}
        outcomes = {"optimal": simulate(case, plans["optimal"], inferences=inferences, rng=seed)}
        free = plan(case)
        saving = max(0.0, round(1 - free.cost / less_looking(free).cost, 10))
        parts.append(paid(plans, outcomes, f"{tau_s:g} s").assign(tau_s=tau_s, saving=saving))
    return pd.concat(parts, ignore_index=True)


def without_download(cases: Cases) -> pd.DataFrame:
    """The optimal rule's cost at every placement, apart from the download, and from the edge's for all layers: a row a case and M.

    Columns: "case", "placement" [layers], "cost" [-].

    >>> import coinfer
    >>> without_download({"alexnet": coinfer.load_scenario("abstract-model")})["cost"].round(2).tolist()[:3]
    [1.13, 0.9, 0.74]
    """
    costs = {name: optimal_costs(as_costs(case)) for name, case in cases.items()}
    parts = [pd.DataFrame({"case": name, "placement": range(len(j)), "cost": j}) for name, j in costs.items()]
    return pd.concat(parts, ignore_index=True)


def most_lost_by_a_layer(curves: pd.DataFrame) -> pd.Series:
    """The largest increase of each case's cost in `without_download` as a layer more is placed; none is above 0 (R5).

    >>> import coinfer
    >>> most_lost_by_a_layer(pd.DataFrame({"case": "a", "placement": [0, 1, 2], "cost": [3.0, 2.0, 2.5]})).tolist()
    [0.5]
    """
    steps = curves.groupby("case", sort=False)["cost"].diff()
    return steps.groupby(curves["case"], sort=False).max().round(DIGITS) + 0.0


def ladder(cases: Cases, depths: Iterable[int] = DEPTHS) -> pd.DataFrame:
    """What look-ahead of each depth costs above the optimal rule with all layers placed: "network", "depth", "loss", a share.

    >>> import coinfer
    >>> ladder({"alexnet": coinfer.load_scenario("abstract-model")}, [1, 8])["loss"].round(3).tolist()
    [0.12, 0.0]
    """
    best = {name: plan(case, placement=case.dnn.layers).cost for name, case in cases.items()}
    costs = [
        (name, depth, plan(case, rule="look-ahead", depth=depth, placement=case.dnn.layers).cost)
        for name, case in cases.items()
        for depth in depths
    ]
    table = pd.DataFrame(costs, columns=["network", "depth", "cost"])
    loss = (table["cost"] / table["network"].map(best) - 1).round(DIGITS).clip(lower=0) + 0.0
    return table.drop(columns="cost").assign(loss=loss)


def by_operators(given: Scenario, names: Iterable[str]) -> pd.DataFrame:
    """What 1-sla loses if a stage is a layer, and if it is one of the operators, all placed: a row a network and chain.

    Columns: "network", "chain", "stages", "optimal", "1-sla", "loss", a share.
    """
    rows = []
    for name in names:
        chains = {
            "layers": load_dnn(name),
            "operators": read_onnx(bundled(name), every_operator=True, input_bits=8),
        }
        for chain, dnn in chains.items():
            case = given.replace(dnn=dnn)
            best, ahead = (plan(case, rule=rule, placement=dnn.layers).cost for rule in ("optimal", "1-sla"))
            rows.append((name, chain, dnn.layers, best, ahead, round(ahead / best - 1, DIGITS)))
    return pd.DataFrame(rows, columns=["network", "chain", "stages", "optimal", "1-sla", "loss"])
