"""When a plan stops, in words: told by what a device sees of its link, its rate, its SNR, or the cost of a bit."""

from collections.abc import Callable
from html import escape
from itertools import groupby
from math import inf

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats, Law
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs

LINK_UP = "the link is up"
SELDOM = 1e-3  # share of the inferences that stop at a stage that a table leaves out


def stop_conditions(given: Costs, thresholds: Floats) -> list[str]:
    """When a rule stops that has these thresholds, (M,) or (S, M), stage by stage; in an outage, stopping is to wait for its end.

    >>> import coinfer
    >>> made = coinfer.plan(coinfer.load_scenario("abstract-model"), placement=2)
    >>> stop_conditions(made.problem, made.stop_thresholds)
    ['the SNR is at least -7.1 dB', 'the SNR is at least -5.3 dB']
    """
    law, bits = given.law, given.bits[: thresholds.shape[-1]]
    least = law.largest_stop(bits, thresholds)
    at_least = _at_least(given)
    if not isinstance(law, MovingLaw):
        return ["always" if each == inf else "never" if each == -inf else at_least(each) for each in least.tolist()]
    stops = law.sent(bits) <= thresholds
    said = []
    for each, up, down in zip(least, stops[: law.usable].T, stops[law.usable :].T, strict=True):
        link = LINK_UP if up.all() else ""
        if up.any() and not up.all():
            # else the best states are not those to stop in, as where sending costs a tail and better is to come
            best_first = np.all(up[:-1] >= up[1:])
            link = at_least(each) if best_first else f"the rate is nearest to {_runs(law.sender.rates_bps, up)} Mbit/s"
        waits = in_outages(law, down)
        told = ", or ".join(filter(None, [link, waits])) if link else f"only {waits}" if waits else "never"
        said.append("always" if stops.shape[0] == up.sum() + down.sum() else told)
    return said


def one_look(law: MovingLaw, stages: NDArray[np.int64]) -> list[tuple[str, int]]:
    """What one look before the first layer leads to, where each state there (S,) has the stage chosen: when, in words, and the stage.

    Outages come first, then rates from slow to fast.

    >>> import coinfer
    >>> law = coinfer.costs(coinfer.load_scenario("phone-mmwave")).law
    >>> one_look(law, np.array([0, 0, 0, 0, 2, 3, 3, 3]))
    [('in an outage or at 17.9 Mbit/s or less', 3), ('at 42.1 Mbit/s', 2), ('at 63.5 Mbit/s or more', 0)]
    """
    (slow, first), *faster = _by_rate(law, stages)
    down = stages[law.usable :]
    ways = [(in_outages(law, down == stage), stage) for stage in dict.fromkeys(down[::-1].tolist()) if stage != first]
    if (down == first).any():
        slow = f"{in_outages(law, down == first)} or {slow}"
    return [*ways, (slow, first), *faster]


def plan_table(given: Costs, conditions: list[str], shares: Floats, caption: str) -> str:
    """A plan as a small table in HTML: each stage, the layer behind it, when the device stops there, and in how many inferences.

    Stages in between at which less than one inference in 1,000 stops are left out, and it is said how many.
    """
    names = (
        given.scenario.dnn.layer_names
        if given.scenario is not None
        else [f"layer {n}" for n in range(1, given.layers + 1)]
    )
    after = ["the input", *names]
    last = len(conditions) - 1
    shown = [n for n in range(last + 1) if n in (0, last) or shares[n] >= SELDOM]
    rows = "".join(
        f'<tr><th scope="row">{n}</th><td>{escape(after[n])}</td><td>{escape(conditions[n])}</td><td>{shares[n]:.1%}</td></tr>'
        for n in shown
    )
    left = f"; at {last + 1 - len(shown)} stages less than {SELDOM:.1%} stop" if len(shown) <= last else ""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("stage", "after", "stop if", "of inferences"))
    return (
        f"<table><caption>{escape(caption)}{left}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def in_outages(law: MovingLaw, which: NDArray[np.bool_]) -> str:
    """Some of the outage states of a channel, (O,), in words that tell them apart; "" for none.

    >>> import coinfer
    >>> law = coinfer.costs(coinfer.load_scenario("vehicle-lte")).law
    >>> in_outages(law, np.array([True, False])), in_outages(law, np.array([True, True]))
    ('in an outage of less than 1 s', 'in an outage')
    """
    if which.all():
        return "in an outage" if which.size else ""
    long_s = law.seen.long_outage_s
    if long_s is not None:
        names = [f"in an outage of less than {long_s:g} s", f"in an outage of {long_s:g} s or more"]
    else:
        stays_s = -1 / np.diag(law.sender.generator)[law.usable :]
        names = [f"in outage state {k} (left after {stay:.2g} s in the mean)" for k, stay in enumerate(stays_s, 1)]
    return " or ".join(name for name, chosen in zip(names, which, strict=True) if chosen)


def seen_as_rates(law: Law) -> bool:
    """Whether what a device sees of its channel are rates, and not gains, which are shown as SNR."""
    return law.rate_at is not None


def _at_least(given: Costs) -> Callable[[float], str]:
    """What says in words that a unit cost [1/bit] is at most so large."""
    law, scenario = given.law, given.scenario
    if seen_as_rates(law):
        return lambda unit_cost: f"the rate is at least {mbit(float(law.rate_bps(unit_cost)))} Mbit/s"
    if law.gain_at is None or scenario is None:
        return lambda unit_cost: f"a bit costs at most {unit_cost:.3g}"
    mean_snr = scenario.link.mean_snr
    return lambda unit_cost: f"the SNR is at least {10 * np.log10(mean_snr * float(law.gain(unit_cost))):.1f} dB"


def _by_rate(law: MovingLaw, stages: NDArray[np.int64]) -> list[tuple[str, int]]:
    """When the link has a rate, in words, and the stage chosen then, from slow to fast; neighbouring states of one stage together."""
    rates_bps = law.sender.rates_bps
    slow_first = [state for state in range(law.usable)[::-1] if law.chain.initial[state] > 0]
    runs = [(stage, list(group)) for stage, group in groupby(slow_first, key=lambda state: int(stages[state]))]
    said = []
    for number, (stage, run) in enumerate(runs):
        least, most = (mbit(rates_bps[state]) for state in (run[0], run[-1]))
        between = f"from {least} to {most} Mbit/s" if least != most else f"at {most} Mbit/s"
        ends = {0: f"at {most} Mbit/s or less", len(runs) - 1: f"at {least} Mbit/s or more"}
        said.append((ends.get(number, between) if len(runs) > 1 else f"when {LINK_UP}", stage))
    return said


def _runs(rates_bps: Floats, stops: NDArray[np.bool_]) -> str:
    """The rates of some states [Mbit/s], those of neighbours as one range.

    >>> _runs(np.array([8e6, 4e6, 2e6, 1e6]), np.array([True, False, True, True]))
    '8 or 2 to 1'
    """
    told = []
    for chosen, group in groupby(range(len(stops)), key=lambda state: bool(stops[state])):
        run = list(group)
        if chosen:
            told.append(" to ".join(dict.fromkeys(mbit(rates_bps[state]) for state in (run[0], run[-1]))))
    return " or ".join(told)


def mbit(rate_bps: float) -> str:
    """A rate in Mbit/s, three digits of it."""
    return f"{rate_bps / 1e6:.3g}"
