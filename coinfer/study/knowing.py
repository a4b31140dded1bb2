"""What a device loses that plans for another channel than the one it is on: believed wrongly, or estimated from what it saw.

Costs are what following a plan comes to on the true channel. A device that looks again has the optimal plan for what it believes;
one that looks less has what it believes to be the better of a fixed split and of one look.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coinfer.channel import Moving, OnOff, estimate_moving, estimate_on_off
from coinfer.channel.law import Floats
from coinfer.cost import costs
from coinfer.network import DNN
from coinfer.placement import Plan, expected_cost, plan
from coinfer.scenario import Scenario

Wrong = Callable[[Scenario, float], Scenario]  # the scenario that is believed, off by a factor

LESS = ("static", "probe-once")
ONCE, TIMED, EVERY = "once", "once, outages timed", "after every layer"  # ways to look at the channel


def on_off_case(given: Scenario, dnn: DNN | str, outage: float, off_share: float, sent_in: float) -> Scenario:
    """The scenario on an on-off link whose mean outage, and time to send the input, are so many local inferences.

    >>> import coinfer
    >>> on_off_case(coinfer.load_scenario("abstract-model"), "squeezenet", 1.5, 0.25, 0.03).channel.mean_off_s.__round__(3)
    1.746
    """
    case = given.replace(dnn=dnn)
    local_s = float(layer_times_s(case).sum())
    rate_bps, off_s = case.dnn.output_bits[0] / (sent_in * local_s), outage * local_s
    return case.replace(channel=OnOff(rate_bps=rate_bps, mean_on_s=off_s * (1 / off_share - 1), mean_off_s=off_s))


def fading_case(given: Scenario, dnn: DNN | str, coherence: float, states: int) -> Scenario:
    """The scenario over Rayleigh fading whose coherence time is so many local inferences."""
    case = given.replace(dnn=dnn)
    tau_s = coherence * float(layer_times_s(case).sum())
    return case.replace(channel=Moving(coherence_time_s=tau_s, states=states))


def off_by(*fields: str) -> Wrong:
    """Beliefs in which fields of the scenario, such as `channel__mean_off_s`, are off by a factor.

    >>> import coinfer
    >>> wrong = off_by("inferences_per_update")(coinfer.load_scenario("abstract-model"), 2.0)
    >>> wrong.inferences_per_update
    2000.0
    """

    def believed(truth: Scenario, factor: float) -> Scenario:
        found = truth
        for field in fields:
            part, _, name = field.partition("__")
            value = getattr(getattr(truth, part), name) if name else getattr(truth, part)
            found = found.replace(**{field: value * factor})
        return found

    return believed


def off_in_snr(truth: Scenario, factor: float) -> Scenario:
    """The belief in which the link's mean SNR is off by a factor."""
    return truth.replace(link__mean_snr_db=float(10 * np.log10(truth.link.mean_snr * factor)))


@dataclass(frozen=True)
class Truth:
    """A channel as it is: the optimal plan on it, and what looking less costs a device that knows it."""

    best: Plan
    less: float

    @classmethod
    def of(cls, case: Scenario) -> "Truth":
        """The truth of a scenario."""
        given = costs(case)
        return cls(plan(given), min(plan(given, rule=rule).cost for rule in LESS))


def regrets(truth: Truth, believed: Scenario) -> dict[str, float]:
    """What devices with a belief lose, as a share of the least cost, that of the optimal plan for the truth.

    "again": looks again. "splitting": likewise, on the placement that is best in truth. "less": looks less, by the belief.
    "knowing less": looks less and knows the truth; what looking again saves is as much of the least cost.
    """
    thought, given = costs(believed), truth.best.problem
    again, less = plan(thought), min((plan(thought, rule=rule) for rule in LESS), key=lambda found: found.cost)
    spent = {
        "again": expected_cost(given, again),
        "splitting": expected_cost(given, replace(again, placement=truth.best.placement)),
        "less": expected_cost(given, less),
        "knowing less": truth.less,
    }
    return {name: max(0.0, round(cost / truth.best.cost - 1, 10)) for name, cost in spent.items()}  # without round-off


def misbelief(cases: Mapping[str, Scenario], wrong: Mapping[str, Wrong], factors: Iterable[float]) -> pd.DataFrame:
    """Regrets with a belief that is off by each factor in each way, a row each; columns "case", "wrong", "factor" and `regrets`.

    >>> import coinfer
    >>> case = coinfer.load_scenario("abstract-model", channel=OnOff(rate_bps=2e7, mean_on_s=9, mean_off_s=3))
    >>> table = misbelief({"alexnet": case}, {"outages": off_by("channel__mean_off_s")}, [0.5, 1.0])
    >>> table["again"].round(3).tolist(), table["knowing less"].round(3).tolist()
    ([0.026, 0.0], [0.026, 0.026])
    """
    return pd.DataFrame(
        {"case": name, "wrong": what, "factor": factor} | regrets(truth, believed(case, factor))
        for name, case in cases.items()
        for truth in [Truth.of(case)]
        for what, believed in wrong.items()
        for factor in factors
    )


def learning(
    cases: Mapping[str, Scenario],
    inferences: Iterable[int],
    looking: Iterable[str],
    prior_factors: Iterable[float],
    seeds: Iterable[int],
) -> pd.DataFrame:
    """Regrets of devices that estimate the channel from their last inferences, a row each.

    Each of `looking` is "once", "once, outages timed" (on-off links only) or "after every layer". The prior is the true mean
    outage, or coherence time, times a factor. Columns "case", "looking", "prior", "inferences", "seed" and `regrets`.
    """
    wanted = [
        (n, how, factor, seed) for n in inferences for how in looking for factor in prior_factors for seed in seeds
    ]
    return pd.DataFrame(
        {"case": name, "looking": how, "prior": factor, "inferences": n, "seed": seed}
        | regrets(truth, learned(case, n, how, factor, np.random.default_rng([seed, n])))
        for name, case in cases.items()
        for truth in [Truth.of(case)]
        for n, how, factor, seed in wanted
    )


def learned(case: Scenario, inferences: int, looking: str, prior_factor: float, rng: np.random.Generator) -> Scenario:
    """The scenario that a device believes after so many inferences, for a prior that is off by a factor.

    >>> import coinfer
    >>> case = coinfer.load_scenario("abstract-model", channel=OnOff(rate_bps=2e7, mean_on_s=9, mean_off_s=3))
    >>> round(learned(case, 10_000, EVERY, 5.0, np.random.default_rng(0)).channel.mean_off_s, 2)
    3.0
    """
    seen, channel, durations_s = looks(case, inferences, rng), case.channel, layer_times_s(case)
    seen, durations_s = (seen, durations_s) if looking == EVERY else (seen[:, :1], durations_s[:0])
    if isinstance(channel, OnOff):
        waits_s = rng.exponential(channel.mean_off_s, np.count_nonzero(seen[:, 0] == 0) if looking == TIMED else 0)
        prior_s, known = channel.mean_off_s * prior_factor, channel.rate_bps
        found = estimate_on_off(seen, durations_s, prior_off_s=prior_s, outages_s=waits_s, rate_bps=known)
        return case.replace(channel=found)
    assert isinstance(channel, Moving)
    prior_s = channel.coherence_s(case.link) * prior_factor
    fading, link = estimate_moving(seen, durations_s, link=case.link, prior_s=prior_s, m=channel.m)
    return case.replace(channel=fading.model_copy(update={"states": channel.states}), link=link)


def percent(share: float) -> str:
    """A share of cases in words: "n/a" where there is no case.

    >>> percent(0.123), percent(np.nan)
    ('12%', 'n/a')
    """
    return "n/a" if np.isnan(share) else f"{share:.0%}"


def paying(table: pd.DataFrame, by: list[str], least: float = 0.01) -> pd.DataFrame:
    """How often looking again pays for a device that does not know, by some columns, a row a group.

    "pays": the share of the rows in which it costs less than looking less does with full knowledge, of those where it saves
    `least` with full knowledge. "as good": the share, of all rows, in which it costs no more than looking less by the same
    belief. And the median, 95 % quantile and largest of the regrets of both, and "knowing less", the median.

    >>> rows = pd.DataFrame({"factor": [2, 2], "again": [0.0, 0.1], "less": [0.2, 0.1], "knowing less": [0.05, 0.05]})
    >>> paying(rows, ["factor"])[["pays", "as good", "again, most"]].round(3).to_numpy().tolist()
    [[0.5, 1.0, 0.1]]
    """
    counted = table.assign(
        pays=(table["again"] < table["knowing less"]).where(table["knowing less"] >= least).astype(float),
        good=table["again"] <= table["less"] + 1e-9,
    )
    groups = counted.groupby(by, sort=False)
    found = groups.agg(**{"pays": ("pays", "mean"), "as good": ("good", "mean")})
    for who in ("again", "less"):
        found[f"{who}, median"] = groups[who].median()
        found[f"{who}, 95 %"] = groups[who].quantile(0.95)
        found[f"{who}, most"] = groups[who].max()
    return found.assign(**{"knowing less": groups["knowing less"].median()}).reset_index()


def layer_times_s(case: Scenario) -> Floats:
    """How long each layer runs on the device [s]; (N,)."""
    return np.array(case.dnn.macs, dtype=float) / case.device.macs_per_s


def looks(case: Scenario, inferences: int, rng: np.random.Generator) -> Floats:
    """The rates [bit/s] at stages 0..N of inferences that run to their ends, far apart; (inferences, N + 1).

    Fading is drawn as the diffusion itself, from its noncentral chi-square law, not from cells.
    """
    channel, link = case.channel, case.link
    if isinstance(channel, Moving):
        m, gains = channel.m, [rng.gamma(channel.m, 1 / channel.m, inferences)]
        for correlation in np.exp(-layer_times_s(case) / channel.coherence_s(link)):
            scale = (1 - correlation) / (2 * m)
            gains.append(scale * rng.noncentral_chisquare(2 * m, correlation * gains[-1] / scale))
        return link.bandwidth_hz * np.log1p(link.mean_snr * np.stack(gains, axis=1)) / np.log(2)
    assert isinstance(channel, OnOff)
    law, state, seen = costs(case).law, None, []
    for stage in range(case.dnn.layers + 1):
        state = law.draw(rng, inferences, stage, state)
        seen.append(state)
    return np.append(channel.rate_bps, 0.0)[np.stack(seen, axis=1)]
