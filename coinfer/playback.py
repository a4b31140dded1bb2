"""Replay: follow a plan through inferences that start anywhere on a trace.

Replay wraps around at the end of the trace.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel import RateCost, Rates
from coinfer.channel.law import Floats, random_generator
from coinfer.channel.trace import Trace
from coinfer.cost import Costs, beside_channel, radio
from coinfer.cost import costs as costs_of
from coinfer.placement import QUANTILES, Plan, check_plan
from coinfer.scenario import Scenario
from coinfer.system import Link, Weights
from coinfer.validation import an, one_of, whole

MOST_INFERENCES = 100_000_000  # a few GB, as the times of all are kept
BLOCK = 1 << 17  # inferences replayed at a time
ON_TRACE = Rates(rates_bps=(1.0,), probabilities=(1.0,))  # stands in for a channel whose rates come from a trace


@dataclass(frozen=True, eq=False)
class Replayed:
    """What a plan costs on a trace."""

    mean: float  # ETC of an inference, download included
    interval: tuple[float, float]  # 95 %, from a bootstrap of blocks of the trace; no normal law is assumed
    stop_counts: NDArray[np.int64]  # (M+1,) inferences that stopped at stage n
    outage_s: float  # time that an inference spends waiting in outages, on average [s]
    time_s: float  # mean, from the input at hand to the result [s]
    energy_j: float  # mean, of the device [J]
    costs: Floats = field(repr=False)  # (inferences,) of each, in the order of their starts
    times_s: Floats = field(repr=False)  # (inferences,) of each [s]
    starts_s: Floats = field(repr=False)  # (inferences,) ascending

    @cached_property
    def time_quantiles_s(self) -> tuple[float, float, float]:
        """50, 95 and 99 % quantiles of the time [s]."""
        p50, p95, p99 = np.quantile(self.times_s, QUANTILES).tolist()
        return p50, p95, p99


def replay(
    scenario: Scenario,
    plan: Plan,
    trace: Trace,
    *,
    inferences: int = 10_000,
    rng: np.random.Generator | int = 0,
    sending: str = "moving",
) -> Replayed:
    """Follow a plan through inferences that start anywhere on a trace, each layer taking its own time to run.

    At each stage the device sees the rate of the present window, and in an outage how long it has lasted; there it computes
    on, or holds its features and waits. `sending`: "moving", the bits drain at the rates as they come, as in `trace.markov()`;
    "held", at the rate seen when sending begins. The link of the scenario gives the powers only. Raises `InputError`.

    >>> import coinfer
    >>> trace = coinfer.example_trace("example.up")
    >>> scenario = coinfer.load_scenario("abstract-model", channel=trace.markov(8))
    >>> replay(scenario, coinfer.plan(scenario), trace, inferences=1000).stop_counts.sum()
    np.int64(1000)
    """
    held, count = (
        one_of("sending", sending, ("moving", "held")) == "held",
        whole("inferences", inferences, 1, MOST_INFERENCES),
    )
    scenario, trace = an("scenario", scenario, Scenario), an("trace", trace, Trace)
    given, generator = costs_of(scenario.model_copy(update={"channel": ON_TRACE})), random_generator(rng)
    check_plan(plan, given)
    starts = np.sort(generator.random(count)) * trace.duration_s
    track = _Track(trace, radio(scenario), scenario.weights, held=held)
    durations_s = np.append(np.array(scenario.dnn.macs, float) / scenario.device.macs_per_s, 0.0)
    parts = [_followed(track, given, plan, durations_s, starts[i : i + BLOCK]) for i in range(0, count, BLOCK)]
    time_s, energy_j, stage, waited = (np.concatenate(part) for part in zip(*parts, strict=True))
    left_s, local_j = _beside_sending(scenario)
    time_s, energy_j = time_s + left_s[stage], energy_j + local_j[stage]
    etc = scenario.weights.time_per_s * time_s + scenario.weights.energy_per_j * energy_j
    cost = etc + float(given.download[: plan.placement].sum())
    return Replayed(
        mean=float(cost.mean()),
        interval=block_bootstrap(cost, blocks(trace, starts), generator),
        stop_counts=np.bincount(stage, minlength=plan.placement + 1),
        outage_s=float(waited.mean()),
        time_s=float(time_s.mean()),
        energy_j=float(energy_j.mean()),
        costs=cost,
        times_s=time_s,
        starts_s=starts,
    )


@dataclass(frozen=True)
class _Track:
    """A trace as a device with a radio meets it."""

    trace: Trace
    link: Link
    weights: Weights
    held: bool  # whether the rate stays what it was when sending began

    def seen(self, time_s: Floats) -> Floats:
        """The unit cost [1/bit] at each time; inf in an outage."""
        with np.errstate(divide="ignore"):
            return RateCost(self.link, self.weights).unit_cost(self.trace.rate_at(time_s))

    def sent(self, time_s: Floats, bits: float) -> tuple[Floats, Floats, Floats]:
        """Time of sending [s], its energy [J] and the time in outages [s], for those who begin at each time."""
        trace, link = self.trace, self.link
        if bits == 0:
            return np.zeros_like(time_s), np.zeros_like(time_s), np.zeros_like(time_s)
        if self.held:
            begin = trace.next_usable(time_s)
            air, waited = bits / trace.rate_at(begin), begin - time_s
        else:
            end = trace.until_sent(time_s, bits)
            air = trace.usable_until(end) - trace.usable_until(time_s)
            waited = np.maximum(end - time_s - air, 0.0)
        return air + waited, link.transmit_power_w * air + link.outage_power_w * waited, waited


def _followed(
    track: _Track, given: Costs, plan: Plan, durations_s: Floats, starts_s: Floats
) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """Of inferences that start at these times: the time [s] until all is sent, the energy of sending [J], the stage
    where each stops, and the wait [s].
    """
    law, o, placement, trace = plan.problem.law, given.bits, plan.placement, track.trace
    taken, energy, waited, stage = (np.zeros(starts_s.size, kind) for kind in (float, float, float, np.int64))
    running, time_s = np.arange(starts_s.size), starts_s
    chosen = plan.chosen_stage(track.seen(time_s), trace.outage_age(time_s))
    a = plan.stop_thresholds if chosen is None else np.zeros(placement)
    for n in range(placement + 1):
        if n == placement:
            stops = np.ones(running.size, dtype=bool)
        elif chosen is not None:
            stops = chosen[running] <= n
        else:
            stops = law.stops_seeing(track.seen(time_s), o[n], a[..., n], trace.outage_age(time_s))
        leaving = running[stops]
        sending, energy[leaving], waited[leaving] = track.sent(time_s[stops], o[n])
        taken[leaving] = time_s[stops] - starts_s[leaving] + sending
        stage[leaving] = n
        running, time_s = running[~stops], time_s[~stops] + durations_s[n]
    return taken, energy, stage, waited


def _beside_sending(scenario: Scenario) -> tuple[Floats, Floats]:
    """Time of the layers left for the edge and of the round trip [s], and energy of those run on the device, of the bits and
    of the tail [J], for each stage; (N+1,).
    """
    macs, none = np.array(scenario.dnn.macs, float), np.zeros(1)
    seconds, joules = beside_channel(scenario)
    left_s = np.concatenate([np.cumsum(macs[::-1])[::-1], none]) / scenario.edge.macs_per_s
    return left_s + seconds, np.concatenate([none, np.cumsum(macs)]) * scenario.device.energy_j_per_mac + joules


def blocks(trace: Trace, starts_s: Floats) -> NDArray[np.int64]:
    """The block of the trace in which each inference starts: at least ten coherence times long, but 20 to 200 blocks."""
    length = max(10 * min(trace.coherence_time_s, trace.duration_s), 10 * trace.window_s)
    count = int(np.clip(trace.duration_s / length, 20, 200))
    return np.minimum((starts_s / trace.duration_s * count).astype(np.int64), count - 1)


def block_bootstrap(
    values: ArrayLike,
    blocks: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """An interval for the mean of values that are dependent within blocks: percentiles over resampled blocks."""
    _, which = np.unique(blocks, return_inverse=True)
    sums, counts = np.bincount(which, np.asarray(values, float)), np.bincount(which)
    drawn = rng.integers(0, sums.size, (resamples, sums.size))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
