"""Channels of older scenario files, read as what takes their place: chains in continuous time."""

import sys
import warnings
from typing import Any

import numpy as np

from coinfer.channel.law import as_floats
from coinfer.validation import InputError, brief, one_of, seconds

GONE = "belongs to no Markov process of the gain, which could move the channel both in computing and in sending"
FIELDS = {
    "correlated": {"base", "coherence_time_s", "speed_m_per_s", "correlation", "wait_step_s", "states"},
    "finite-state": {"gains", "rates_bps", "transitions", "step_s", "initial"},
    "gilbert-elliott": {"good_gain", "bad_gain", "to_bad", "to_good", "step_s"},
}
BASES = {
    "rayleigh": {"outage_gain"},
    "nakagami": {"m", "outage_gain"},
    "truncated-inversion": {"rate_bps", "outage_gain"},
}
CHOICES = {"sending": ("held", "evolving", "moving"), "outages": ("conditional", "wait")}


def converted(channel: Any) -> Any:
    """The fields of a channel, those of the older kinds put in terms of the present ones. Raises `InputError`.

    "correlated" becomes `Moving`, "finite-state" and "gilbert-elliott" become `Markov` with the generator (P - 1)/step.
    """
    kinds = {"correlated": _correlated, "finite-state": _finite_state, "gilbert-elliott": _gilbert_elliott}
    if not isinstance(channel, dict) or not isinstance(channel.get("kind"), str) or channel["kind"] not in kinds:
        return channel
    _check_names("channel", channel, {"kind", *CHOICES, *FIELDS[channel["kind"]]})
    for name, allowed in CHOICES.items():
        if channel.get(name) is not None:
            one_of(f"channel.{name}", channel[name], allowed)
    try:
        found, lost = kinds[channel["kind"]](channel)
    except KeyError as error:
        raise InputError(
            f"channel.kind = {channel['kind']!r}: is no longer offered, and its fields cannot be converted ({error.args[0]} is "
            "missing); use moving, shadowed, on-off or markov"
        ) from None
    warnings.warn(
        f"channel.kind = {channel['kind']!r} is deprecated and read as {found['kind']!r}, a channel that moves in "
        f"continuous time, in computing{'' if found.get('sending') == 'held' else ' and in sending'}{lost}",
        DeprecationWarning,
        stacklevel=_levels_up(),
    )
    return found


def _check_names(where: str, given: dict[str, Any], known: set[str]) -> None:
    if unknown := given.keys() - known:
        raise InputError(f"{where}.{min(map(str, unknown))}: unknown field; allowed are {', '.join(sorted(known))}")


def _number(where: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{where} = {brief(value)}: should be a number") from None


def _levels_up() -> int:
    """How many frames up the code is that uses the package: Python shows the deprecation there only, if it is a script."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in ("coinfer", "pydantic"):
        frame, level = frame.f_back, level + 1
    return level


def _correlated(old: dict[str, Any]) -> tuple[dict[str, Any], str]:
    base = old["base"]
    if not isinstance(base, dict):
        raise InputError(f"channel.base = {brief(base)}: should be fields of a channel, kind among them")
    _check_names("channel.base", base, {"kind", *BASES[one_of("channel.base.kind", base.get("kind"), BASES)]})
    if base["kind"] == "truncated-inversion":
        raise InputError(
            f"channel.base.kind = 'truncated-inversion': in motion, it {GONE}; without it, draws are independent"
        )
    if old.get("correlation", "exponential") != "exponential":
        raise InputError(f"channel.correlation = {old['correlation']!r}: {GONE}; should be 'exponential'")
    kept = {name: old[name] for name in ("coherence_time_s", "speed_m_per_s", "states") if old.get(name) is not None}
    lost = "; its outage gain is gone, as motion ends every fade (R20)" if base.get("outage_gain") else ""
    m = _number("channel.base.m", base["m"]) if base["kind"] == "nakagami" else 1.0
    if old.get("sending") == "held" and m <= 1:
        lost += "; its rate is no longer held, which would cost infinitely much (R12)"
    sending = {"sending": "held"} if old.get("sending") == "held" and m > 1 else {}
    return {"kind": "moving", "m": m, **kept, **sending}, lost


def _finite_state(old: dict[str, Any]) -> tuple[dict[str, Any], str]:
    name = "gains" if old.get("rates_bps") is None else "rates_bps"
    values, moves = as_floats(f"channel.{name}", old[name]), as_floats("channel.transitions", old["transitions"])
    if values.ndim != 1:
        raise InputError(f"channel.{name} = {brief(old[name])}: should be a list of numbers")
    if moves.shape != (values.size, values.size) or not np.all(
        (np.abs(moves.sum(axis=1) - 1) <= 1e-9) & np.all(moves >= 0, axis=1)
    ):
        raise InputError(f"channel.transitions: should be {values.size} rows of {values.size} probabilities with sum 1")
    step_s = seconds("channel.step_s", _number("channel.step_s", old["step_s"]))
    kept = values > 0 if old.get("outages") == "conditional" else np.ones(values.size, dtype=bool)
    generator = moves[np.ix_(kept, kept)] / step_s
    np.fill_diagonal(generator, 0.0)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    sending = {"sending": "held"} if old.get("sending") == "held" else {}
    lost = "; it starts from its stationary law" if old.get("initial") is not None else ""
    return {"kind": "markov", name: values[kept].tolist(), "generator": generator.tolist(), **sending}, lost


def _gilbert_elliott(old: dict[str, Any]) -> tuple[dict[str, Any], str]:
    bad, good = (_number(f"channel.{name}", old[name]) for name in ("to_bad", "to_good"))
    chain = {
        "gains": (old.get("good_gain", 1.0), old.get("bad_gain", 0.0)),
        "transitions": ((1 - bad, bad), (good, 1 - good)),
    }
    return _finite_state({**old, **chain})
