"""The study's scenarios on one clock: the same network, device and link, on a channel that moves while it sends too.

Elsewhere draws are independent from stage to stage and hold while sending: the abstract's model. It is exact where sending is
short against the coherence time and layers are long against it.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from coinfer.channel import Moving, Rayleigh
from coinfer.channel.moving_channel import MovingChannel
from coinfer.cost import costs as costs_of
from coinfer.coupling import decided_apart
from coinfer.placement import Plan, expected_cost, plan
from coinfer.scenario import Scenario

COHERENCE_TIMES_S = (0.05, 1.0, 3.0, 10.0, 100.0)  # 0.05 s: fading at 915 MHz, walking


def moving(scenario: Scenario, coherence_time_s: float) -> Scenario:
    """The scenario with its fading in motion: Nakagami's m as given, Rayleigh fading for any other channel.

    >>> import coinfer
    >>> moving(coinfer.load_scenario("abstract-model"), 1.0).channel.coherence_time_s
    1.0
    """
    m = getattr(scenario.channel, "m", 1.0)
    return scenario.replace(channel=Moving(m=m, coherence_time_s=coherence_time_s))


def channel_in_words(given: Scenario) -> str:
    """How the scenario's own channel is told from those at a coherence time.

    >>> import coinfer
    >>> channel_in_words(coinfer.load_scenario("abstract-model")), channel_in_words(coinfer.load_scenario("city-camera"))
    ('independent draws', 'markov')
    """
    return given.channel.kind if isinstance(given.channel, MovingChannel) else "independent draws"


def at_every_time(
    cases: Mapping[str, Scenario], coherence_times_s: Iterable[float] = COHERENCE_TIMES_S
) -> dict[str, Scenario]:
    """Every case at every coherence time, by "case, time".

    >>> import coinfer
    >>> list(at_every_time({"alexnet": coinfer.load_scenario("abstract-model")}, [1.0, 10.0]))
    ['alexnet, 1 s', 'alexnet, 10 s']
    """
    times_s = tuple(coherence_times_s)
    return {f"{name}, {tau_s:g} s": moving(case, tau_s) for name, case in cases.items() for tau_s in times_s}


def drawn_afresh(scenario: Scenario) -> Scenario:
    """The scenario, with Rayleigh fading drawn afresh at each stage if its channel is in motion: what closed forms hold for.

    >>> import coinfer
    >>> drawn_afresh(coinfer.load_scenario("city-camera")).channel.kind
    'rayleigh'
    """
    in_motion = isinstance(scenario.channel, MovingChannel)
    return scenario.replace(channel=Rayleigh(outage_gain=0.05)) if in_motion else scenario


def less_looking(optimal: Plan) -> Plan:
    """The better of static and looking once, each at its own best placement: what online splitting is compared with.

    >>> import coinfer
    >>> str(less_looking(coinfer.plan(moving(coinfer.load_scenario("abstract-model"), 100.0))).rule)
    'probe-once'
    """
    return min((plan(optimal.problem, rule=rule) for rule in ("static", "probe-once")), key=lambda found: found.cost)


def on_one_clock(cases: Mapping[str, Scenario], coherence_times_s: Iterable[float] = COHERENCE_TIMES_S) -> pd.DataFrame:
    """What looking again saves once the channel moves in computing and in sending, a row a case and coherence time.

    Columns: "network", the key of the case; "tau_s" [s]; ETC [-] and "M*, ..." [layers] of "optimal", "probe-once" and
    "static", each at its own best placement; "better", the ETC of the better of the last two; "saving" over that; "apart", what
    deciding placement and splitting apart costs more; "followed", the ETC of the optimal plan for the case's own channel.

    >>> import coinfer
    >>> table = on_one_clock({"alexnet": coinfer.load_scenario("abstract-model")}, [1.0])
    >>> table["optimal"].round(3).tolist(), table["followed"].round(3).tolist()
    ([0.789], [0.918])
    """
    return pd.DataFrame(
        _measured(moving(case, tau_s), plan(case)) | {"network": name, "tau_s": tau_s}
        for name, case in cases.items()
        for tau_s in coherence_times_s
    )[["network", "tau_s", *_COLUMNS]]


_RULES = ("optimal", "probe-once", "static")
_COLUMNS = (*_RULES, "better", "saving", "apart", "followed", *(f"M*, {rule}" for rule in _RULES))


def _measured(scenario: Scenario, believed: Plan) -> dict[str, float]:
    given = costs_of(scenario)
    plans = {rule: plan(given, rule=rule) for rule in _RULES}
    found = {rule: made.cost for rule, made in plans.items()}
    better, apart = min(found["probe-once"], found["static"]), decided_apart(given)
    return (
        found
        | {"better": better, "followed": expected_cost(given, believed)}
        | {
            "saving": _without_round_off(1 - found["optimal"] / better),
            "apart": _without_round_off(float(apart["both apart"] / apart["joint"]) - 1),
        }
        | {f"M*, {rule}": made.placement for rule, made in plans.items()}
    )


def _without_round_off(share: float) -> float:
    """A share that is at least 0, without what is left of a difference of equals."""
    return max(0.0, round(share, 10))  # not -0
