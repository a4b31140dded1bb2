"""A plan for a network, a log of a link and a device of one's own: from three files and four numbers to what to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coinfer.catalogue import load_link
from coinfer.channel import Trace, example_trace
from coinfer.network import DNN, read_onnx
from coinfer.network.onnx_chain import bundled
from coinfer.playback import blocks, replay
from coinfer.scenario import Scenario
from coinfer.study.explorer import Explored
from coinfer.study.traces import of_trace, read_log
from coinfer.study.traces_replayed import resampled_means
from coinfer.system import Device
from coinfer.validation import InputError, positive

EXAMPLE_NETWORK = "squeezenet"  # an ONNX file that the onnx package brings
EXAMPLE_LOG = "example-rate.txt"
RULES = ("static", "probe-once", "optimal")
RESAMPLES = 1000


def network(path: str, **coding: Any) -> DNN:
    """The chain of an ONNX file; of one that the onnx package brings, for "". `coding` as `read_onnx` has it.

    >>> network("", input_bits=8).layers
    18
    """
    return read_onnx(bundled(EXAMPLE_NETWORK) if not path else _file("network", path), **_given(coding))


def log(path: str, **reading: Any) -> tuple[Trace, tuple[str, ...]]:
    """The trace in a log, an example for "", and what was warned of as it was read. `reading` as `read_trace` has it."""
    if not path:
        return example_trace(EXAMPLE_LOG), ()
    if reading.get("format") in (None, "csv") and reading.get("rate") is not None and reading.get("rate_unit") is None:
        raise InputError("rate_unit: required for the rates of a CSV log, such as Mbit/s, kbit/s or bit/s")
    return read_log(_file("log", path), _given(reading))


def scenario(
    dnn: DNN, trace: Trace, *, link: str, seconds_per_inference: float, power_w: float, states: int = 32, **others: Any
) -> Scenario:
    """A scenario of a network, of a device measured on it, and of a link that moves as a trace does.

    `link` names one of the catalogue, whose radio's powers, tail and round trip are taken; `others` are fields of a scenario.
    Raises `InputError`.
    """
    macs_per_s = sum(dnn.macs) / positive("seconds_per_inference", seconds_per_inference)
    radio, _ = load_link(link)
    return Scenario(
        dnn=dnn,
        device=Device(macs_per_s=macs_per_s, power_w=power_w),
        link=radio,
        channel=trace.markov(states),
        **_given(others),
    )


def cuts(dnn: DNN, seconds_per_inference: float) -> pd.DataFrame:
    """Where a network can be split: "stage", "after", "to send [kbit]", "computed [ms]" till then, "parameters [Mbit]" till then."""
    return pd.DataFrame(
        {
            "stage": range(dnn.layers + 1),
            "after": ["the input", *dnn.layer_names],
            "to send [kbit]": np.array(dnn.output_bits) / 1e3,
            "computed [ms]": 1e3 * seconds_per_inference * np.insert(np.cumsum(dnn.macs), 0, 0) / sum(dnn.macs),
            "parameters [Mbit]": np.insert(np.cumsum(dnn.parameter_bits), 0, 0) / 1e6,
        }
    )


def link_table(trace: Trace) -> pd.DataFrame:
    """What a log says of the link: a row a figure, "figure" and "value"."""
    told = {"duration [s]": trace.duration_s, "window [s]": trace.window_s} | of_trace(trace)
    return pd.DataFrame({"figure": told.keys(), "value": told.values()}).dropna(ignore_index=True)


def replayed(explored: Explored, trace: Trace, *, inferences: int, seed: int) -> pd.DataFrame:
    """Plans made from one part of a log, followed through another, all from the same moments on.

    Columns: "rule", "placement", "ETC promised", "ETC replayed", "95 % within [ms]", "saves [%]" over the fixed split, and "from"
    and "to", the 95 % interval of that, from blocks of the log.
    """
    outcomes = {
        rule: replay(explored.scenario, explored.plans[rule], trace, inferences=inferences, rng=seed) for rule in RULES
    }
    spent = np.array([outcome.costs for outcome in outcomes.values()])
    block = blocks(trace, outcomes["static"].starts_s)
    drawn = resampled_means(spent, block, np.random.default_rng(seed), RESAMPLES)
    saved = 100 * (1 - drawn / drawn[:, [RULES.index("static")]])
    rows = []
    for (rule, outcome), each in zip(outcomes.items(), saved.T, strict=True):
        made, mean = explored.plans[rule], 100 * (1 - outcome.mean / outcomes["static"].mean)
        late_ms = 1e3 * outcome.time_quantiles_s[1]
        rows.append((rule, made.placement, made.cost, outcome.mean, late_ms, mean, *np.quantile(each, [0.025, 0.975])))
    return pd.DataFrame(
        rows,
        columns=["rule", "placement", "ETC promised", "ETC replayed", "95 % within [ms]", "saves [%]", "from", "to"],
    )


def verdict(table: pd.DataFrame) -> str:
    """What the replay says: which rule is cheapest, the simplest of those alike, on the part of the log that no plan has seen, and how sure that is.

    >>> verdict(pd.DataFrame({"rule": ["static", "optimal"], "saves [%]": [0.0, 20.0], "from": [0.0, 9.0], "to": [0.0, 30.0]}))
    'On the half of the log that the plans have not seen, optimal is cheapest: it saves 20% over the fixed split (9% to 30%).'
    """
    enough = table["saves [%]"] >= table["saves [%]"].max() - 1  # the simplest within a hundredth of the best
    best = table.iloc[int(enough.argmax())]
    seen = "On the half of the log that the plans have not seen,"
    if best["saves [%]"] <= 0:
        return f"{seen} the fixed split is the cheapest."
    unsure = "" if best["from"] > 0 else "; that may be chance"
    return (
        f"{seen} {best['rule']} is cheapest: it saves {best['saves [%]']:.0f}% over the fixed split "
        f"({round(best['from'])}% to {round(best['to'])}%{unsure})."
    )


def as_markdown(table: pd.DataFrame) -> str:
    r"""A table in Markdown, numbers with four digits.

    >>> as_markdown(pd.DataFrame({"stage": [0], "to send": [12.34567]}))
    '| stage | to send |\n| --- | --- |\n| 0 | 12.35 |'
    """
    lines = [list(table.columns), ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _file(name: str, path: str) -> Path:
    if not Path(path).is_file():
        raise InputError(f"{name} = {path!r}: no such file")
    return Path(path)
