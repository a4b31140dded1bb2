"""Traces and chains: logs that are read, traces that are drawn from a chain, and what a chain keeps of a trace."""

import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import inf, nan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy.linalg import expm

from coinfer.catalogue.links import LONG_OUTAGE_S, link_names, load_link
from coinfer.catalogue.rows import DATA
from coinfer.channel import Markov, Trace, read_trace
from coinfer.channel.law import Floats
from coinfer.scenario import Scenario
from coinfer.study.parameters import files_below
from coinfer.study.real_links import rate_correlation
from coinfer.system import Link
from coinfer.validation import InputError, seconds

LEAST_WINDOWS = 20  # in each half of a trace: as many as a bootstrap has blocks
LAGS_S = (0.1, 1.0, 5.0)  # after which a correlation is told
LATE = f"correlation after {LAGS_S[-1]:g} s"
TOLD = (
    "mean [Mbit/s]",
    "outage [s]",
    "wait [s]",
)  # of these a chain is off by a share, of the correlation by a difference
LEVELS = {"p10": 0.1, "median": 0.5, "p90": 0.9}
FIGURES = (
    "mean [Mbit/s]", *(f"{level} [Mbit/s]" for level in LEVELS), "in outage", "outage [s]", "longer than 1 s", "wait [s]",
    "up [s]", *(f"correlation after {lag_s:g} s" for lag_s in LAGS_S),
)  # fmt: skip
PUBLISHED = {  # the columns of traces.csv
    "mean [Mbit/s]": "mean_mbps", "p10 [Mbit/s]": "p10_mbps", "median [Mbit/s]": "median_mbps", "p90 [Mbit/s]": "p90_mbps",
    "in outage": "outage_share", "outage [s]": "outage_s", "up [s]": "up_s", "correlation after 0.1 s": "correlation_01s",
    "correlation after 1 s": "correlation_1s", "correlation after 5 s": "correlation_5s",
}  # fmt: skip
Warned = dict[str, tuple[str, ...]]  # what `read_trace` warned of, by the trace
Key = TypeVar("Key")
Given = TypeVar("Given")
Made = TypeVar("Made")


# -- traces


def read_traces(path: str | Path, **reading: Any) -> tuple[dict[str, Trace], Warned]:
    """The trace in a file, or those in all files of a folder and below, by their names, in alphabetical order; and the warnings.

    `reading` is what `read_trace` takes, where it is not None. All files are read, or an `InputError` names those that cannot be.
    """
    given, folder = {key: value for key, value in reading.items() if value is not None}, Path(path)
    if not folder.exists():
        raise InputError(f"traces = {str(path)!r}: no such file or folder (the study takes what has a / in it for one)")
    if not folder.is_dir():
        trace, told = read_log(folder, given)
        return {folder.name: trace}, {folder.name: told}
    names = [str(file.relative_to(folder)) for file in files_below(folder)]
    if not names:
        raise InputError(f"traces = {str(path)!r}: holds no file; should be a trace, or a folder of traces")
    files = {name: folder / name for name in names}
    found = _each(f"traces = {str(path)!r}", files, lambda file: read_log(file, given))
    return {name: trace for name, (trace, _) in found.items()}, {name: told for name, (_, told) in found.items()}


def read_log(file: Path, given: Mapping[str, Any]) -> tuple[Trace, tuple[str, ...]]:
    """The trace in a log, and what `read_trace` warned of as it was read; `given` is what that takes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trace = read_trace(file, **given)
    return trace, tuple(str(each.message) for each in caught)


def at_hand(
    traces: Mapping[str, Trace], fitted: Mapping[str, Markov], cases: Mapping[str, Scenario], warned: Warned
) -> pd.DataFrame:
    """A row a trace: what it is, whose inferences are judged on it, and what was warned of as it was read."""
    rows = [
        {
            "trace": name, "duration [s]": trace.duration_s, "window [s]": trace.window_s, "gaps": len(trace.gaps_s),
            "mean [Mbit/s]": trace.mean_rate_bps / 1e6, "in outage": trace.outage_share,
            "states": len(fitted[name].rates_bps or ()), "device": cases[name].device.name, "server": cases[name].edge.name,
            "K": cases[name].inferences_per_update, "warnings": "; ".join(warned.get(name, ())) or "none",
        }
        for name, trace in traces.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def of_what(cases: Mapping[str, Scenario], networks: Iterable[str], warned: Warned, *, drawn: bool) -> str:
    """How many links or logs there are, and of logs on whose inferences they are judged and of how many was warned."""
    each = (
        f"{len(cases)} {'link' if drawn else 'log'}{'s' * (len(cases) != 1)} with {len(list(networks))} networks each"
    )
    if drawn:
        return each
    case, count = next(iter(cases.values())), sum(map(bool, warned.values()))
    judged = f"judged on {case.device.name} with {case.edge.name} and K = {case.inferences_per_update:g}"
    return f"{each} ({judged}; reading {count or 'none'} of them gave warnings)"


def halves(traces: Mapping[str, Trace]) -> dict[str, tuple[Trace, Trace]]:
    """Both halves of each trace; an `InputError` names those of which a half has no rate, or fewer than 20 windows."""
    return _each("traces", dict(traces), _halved)


def _halved(trace: Trace) -> tuple[Trace, Trace]:
    if trace.rates_bps.size < 2 * LEAST_WINDOWS:
        raise InputError(f"has {trace.rates_bps.size} windows; should have at least {2 * LEAST_WINDOWS}")
    return trace.between(0, 0.5), trace.between(0.5, 1)


def _each(what: str, given: Mapping[str, Given], make: Callable[[Given], Made]) -> dict[str, Made]:
    """What is made of each, by its name; an `InputError` names all of which nothing can be made, those of one reason together."""
    made: dict[str, Made] = {}
    refused: dict[str, list[str]] = {}
    for name, value in given.items():
        try:
            made[name] = make(value)
        except InputError as error:
            refused.setdefault(str(error).removeprefix(f"path = {str(value)!r}: "), []).append(name)
    if refused:
        count = sum(map(len, refused.values()))
        told = ", ".join(f"{', '.join(names)} ({reason})" for reason, names in refused.items())
        raise InputError(f"{what}: {count} of {len(given)} cannot be used: {told}")
    return made


def published_chains() -> dict[str, Markov]:
    """The chains of the catalogue, by their links: those fitted to a published trace, or derived from what is told of one."""
    chains = {name: load_link(name, transmit_power_w=0.0)[1] for name in link_names()}
    return {name: chain for name, chain in chains.items() if len(chain.generator) > 1}


def drawn_trace(
    chain: Markov, *, duration_s: float, window_s: float = 0.1, rng: np.random.Generator | int = 0
) -> Trace:
    """A trace drawn from a chain of rates: every move at its moment, from a stationary start; the mean rate in each window.

    Raises `InputError`.

    >>> still = Markov(rates_bps=(8e6,), generator=((0.0,),))
    >>> drawn_trace(still, duration_s=1.0, window_s=0.25).rates_bps
    array([8000000., 8000000., 8000000., 8000000.])
    """
    window_s, size = seconds("window_s", window_s), round(seconds("duration_s", duration_s) / window_s)
    starts_s, rates_bps = _moves(chain, size * window_s, np.random.default_rng(rng))
    edges_s = np.arange(size + 1) * window_s
    bits = np.concatenate([[0.0], np.cumsum(np.diff(starts_s) * rates_bps)])
    means_bps = np.diff(np.interp(edges_s, starts_s, bits)) / window_s
    return Trace(
        np.where(means_bps < 1e-9 * rates_bps.max(), 0.0, means_bps), window_s
    )  # what rounding leaves of nothing


def _moves(chain: Markov, until_s: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """When each state is entered, and the end, (moves+1,) [s]; its rate (moves,) [bit/s]."""
    states = chain.states_on(Link())
    away = states.generator - np.diag(np.diag(states.generator))
    leaving_per_s = away.sum(axis=1).tolist()
    to = [(row.cumsum() / max(row.sum(), 1e-300)).tolist() for row in away]
    state, now_s = int(rng.choice(len(to), p=states.law)), 0.0
    starts_s, visited = [0.0], [state]
    while now_s < until_s:
        now_s += float(rng.exponential()) / leaving_per_s[state] if leaving_per_s[state] else inf
        starts_s.append(min(now_s, until_s))
        if now_s < until_s:
            state = bisect_right(to[state], float(rng.random()))
            visited.append(state)
    return np.array(starts_s), states.rates_bps[visited]


# -- what a chain keeps


def of_trace(trace: Trace) -> dict[str, float]:
    """What a trace says of its rates, times and outages: `FIGURES`, nan where it has no outage, or is too short for a lag.

    "wait [s]" is the rest of an outage from a random moment in it; an outage at the end goes on at the beginning.

    >>> round(of_trace(Trace(np.array([1e6, 0.0, 2e6, 1e6]), 0.5))["wait [s]"], 3)
    0.25
    """
    up = trace.rates_bps > 0
    lengths_s, lags = _outages(up) * trace.window_s, [round(lag_s / trace.window_s) for lag_s in LAGS_S]
    known = {"mean [Mbit/s]": trace.mean_rate_bps / 1e6, "in outage": trace.outage_share}
    known |= {f"{level} [Mbit/s]": float(np.quantile(trace.rates_bps, share)) / 1e6 for level, share in LEVELS.items()}
    if lengths_s.size:
        known |= {
            "outage [s]": float(lengths_s.mean()),
            "longer than 1 s": float(np.mean(lengths_s > LONG_OUTAGE_S * (1 + 1e-9))),
            "wait [s]": float((lengths_s**2).sum() / lengths_s.sum() / 2),
            "up [s]": float(up.sum() * trace.window_s / lengths_s.size),
        }
    r = trace.autocorrelation
    known |= {
        f"correlation after {lag_s:g} s": float(r[lag]) if 0 < lag < r.size else nan
        for lag_s, lag in zip(LAGS_S, lags, strict=True)
    }
    return {figure: known.get(figure, nan) for figure in FIGURES}


def _outages(up: np.ndarray) -> Floats:
    """The number of windows in each outage; one that goes over the end is one."""
    ordered = np.append(np.roll(up, -int(np.argmax(up))), True)
    return np.array([after - before - 1 for before, after in pairwise(np.flatnonzero(ordered)) if after > before + 1])


def of_chain(chain: Markov) -> dict[str, float]:
    """The same figures of a chain of rates, computed and not drawn.

    >>> import coinfer
    >>> link = coinfer.channel.Markov(rates_bps=(8e6, 0.0), generator=((-1.0, 1.0), (4.0, -4.0)))
    >>> {figure: round(value, 6) for figure, value in of_chain(link).items() if figure in ("outage [s]", "up [s]")}
    {'outage [s]': 0.25, 'up [s]': 1.0}
    """
    states = chain.states_on(Link())
    rates, law, moves = states.rates_bps, states.law, states.generator
    order = np.argsort(rates)
    reached = np.cumsum(law[order]) * (1 + 1e-12)
    known = {"mean [Mbit/s]": float(law @ rates) / 1e6, "in outage": float(law[rates == 0].sum())}
    known |= {
        f"{level} [Mbit/s]": float(rates[order][np.searchsorted(reached, share)]) / 1e6
        for level, share in LEVELS.items()
    }
    if known["in outage"]:
        known |= _outages_of(rates > 0, law, moves)
    known |= {f"correlation after {lag_s:g} s": rate_correlation(states, lag_s) for lag_s in LAGS_S}
    return {figure: known.get(figure, nan) for figure in FIGURES}


def _outages_of(up: np.ndarray, law: Floats, moves: Floats) -> dict[str, float]:
    """How long outages of a chain last: an outage begins in one of its states, moves among them, and ends."""
    begins_per_s = law[up] @ moves[np.ix_(up, ~up)]
    inside, all_of = moves[np.ix_(~up, ~up)], np.ones(np.count_nonzero(~up))
    per_s = float(begins_per_s.sum())
    rest_s = np.linalg.solve(-inside, all_of)  # from each state of an outage on, the mean time to its end
    return {
        "outage [s]": float(law[~up].sum()) / per_s,
        "longer than 1 s": float(begins_per_s @ expm(inside * LONG_OUTAGE_S) @ all_of) / per_s,
        "wait [s]": float(law[~up] @ rest_s / law[~up].sum()),
        "up [s]": float(law[up].sum()) / per_s,
    }


def of_published_traces() -> pd.DataFrame:
    """The same figures of the published traces behind the chains of the catalogue, as far as known; a row a link."""
    table = pd.read_csv(DATA / "traces.csv", comment="#", index_col="link")
    return pd.DataFrame(
        {figure: table[PUBLISHED[figure]] if figure in PUBLISHED else nan for figure in FIGURES}
    ).astype(float)


def kept(traces: Mapping[str, Trace], fitted: Mapping[str, Markov], chains: Mapping[str, Markov]) -> pd.DataFrame:
    """Side by side, a row each: a trace and the chain fitted to it, and a published trace and the chain of the catalogue.

    Columns "link", "pair" ("fitted" or "published"), "of" ("trace" or "chain") and `FIGURES`.
    """
    rows: list[dict[str, Any]] = []
    told = of_published_traces().T.to_dict() if chains else {}
    for name, trace in traces.items():
        rows += _pair(name, "fitted", {"trace": of_trace(trace), "chain": of_chain(fitted[name])})
        if name in chains:
            both = {"trace": told[name]} if name in told else {}
            rows += _pair(name, "published", both | {"chain": of_chain(chains[name])})
    return pd.DataFrame(rows)


def far_off(kept: pd.DataFrame) -> pd.DataFrame:
    """How far a chain is from its trace: a row a pair and link, both named in the index.

    Columns: `TOLD`, shares of the trace's figure, and `LATE`, a difference; nan where either has no such figure.

    >>> both = pd.DataFrame({"pair": "fitted", "link": "a", "of": ["trace", "chain"]} | dict.fromkeys(FIGURES, [2.0, 1.0]))
    >>> far_off(both).loc[("fitted", "a"), ["outage [s]", LATE]].tolist()
    [0.5, 1.0]
    """
    each = {of: part.set_index(["pair", "link"]) for of, part in kept.groupby("of")}
    trace, chain = each["trace"], each["chain"].reindex(each["trace"].index)
    told = list(TOLD)
    return (chain[told] / trace[told] - 1).abs().assign(**{LATE: (chain[LATE] - trace[LATE]).abs()})


def _pair(name: str, pair: str, both: Mapping[str, Mapping[Any, float]]) -> Iterable[dict[str, Any]]:
    return [{"link": name, "pair": pair, "of": of, **figures} for of, figures in both.items()]
