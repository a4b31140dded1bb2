"""The explorer's tables: what every rule costs, where the optimal plan stops, and J(M) under every rule."""

from typing import Any

import numpy as np
import pandas as pd

from coinfer.study.explorer import Explored
from coinfer.study.explorer_words import stop_conditions
from coinfer.study.real_tails import stop_probabilities

RARE = 5e-4  # a stage that fewer inferences reach is left out


def rules_table(explored: Explored) -> pd.DataFrame:
    """A row a rule: "rule", "placement", "ETC", "time [ms]", "energy [mJ]", "95 % within [ms]", "in time [%]".

    The last column, the share that ends within the deadline, only with one. Time and energy are those of an inference, its share of the download apart.
    """
    rows = []
    for rule, made in explored.plans.items():
        row: dict[str, Any] = {
            "rule": rule,
            "placement": made.placement,
            "ETC": made.cost,
            "time [ms]": 1e3 * made.time_s,
            "energy [mJ]": 1e3 * made.energy_j,
            "95 % within [ms]": 1e3 * explored.late_s[rule],
        }
        if explored.in_time:
            row["in time [%]"] = 100 * explored.in_time[rule]
        rows.append(row)
    return pd.DataFrame(rows)


def stages_table(explored: Explored) -> pd.DataFrame:
    """The optimal plan, a row a stage that is reached: "stage", "after", "to send [kbit]", "stops if", "reached [%]", "stops [%]"."""
    made, dnn = explored.plans["optimal"], explored.scenario.dnn
    stops = stop_probabilities(made)
    reached = 1 - np.concatenate([[0.0], np.cumsum(stops)[:-1]])
    table = pd.DataFrame(
        {
            "stage": range(made.placement + 1),
            "after": ["the input", *dnn.layer_names][: made.placement + 1],
            "to send [kbit]": np.array(dnn.output_bits[: made.placement + 1]) / 1e3,
            "stops if": [*stop_conditions(explored), "always: no layer is left"],
            "reached [%]": 100 * reached,
            "stops [%]": 100 * stops,
        }
    )
    return table[table["reached [%]"] >= 100 * RARE].reset_index(drop=True)


def placements_table(explored: Explored) -> pd.DataFrame:
    """J(M), a row a placement under each rule: "rule", "placement", "cost"."""
    return pd.concat(
        [
            pd.DataFrame({"rule": rule, "placement": range(len(made.costs)), "cost": made.costs})
            for rule, made in explored.plans.items()
        ],
        ignore_index=True,
    )
