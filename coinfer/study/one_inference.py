"""One inference on a channel in motion, event by event, to be looked at; and fading without a chain, to check it against."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.cost import apart, costs
from coinfer.placement import Plan
from coinfer.scenario import Scenario
from coinfer.study.figures import PAGE_IN, SHARES, plt

DRAWN = 200
TELLING = 3  # layers that run before the device sends


def one_inference(scenario: Scenario, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """An inference as it happens: a row from one jump of the rate, layer or end to the next.

    Columns: `start_s`, `end_s`, `rate_bps`, `doing` ("layer 1", ..., "sending") and `left_bits`, still to send at the end.
    """
    law, bits = moving_law(plan.problem.law), plan.problem.bits
    layer_s = np.array(scenario.dnn.macs, dtype=float) / scenario.device.macs_per_s
    stays = _stays(law, rng)
    now, stage, (state, until), rows = 0.0, 0, next(stays), []
    while not _stops(plan, law, stage, state):
        end = now + layer_s[stage]
        while now < end:
            then = min(until, end)
            rows.append((now, then, law.sender.rates_bps[state], f"layer {stage + 1}", bits[stage]))
            now = then
            if now == until:
                state, until = next(stays)
        stage += 1
    left = bits[stage]
    while left > 0:
        rate = law.sender.rates_bps[state]
        done = now + left / rate if rate else np.inf
        then = min(until, done)
        left = 0.0 if then == done else left - rate * (then - now)
        rows.append((now, then, rate, "sending", left))
        now = then
        if now == until:
            state, until = next(stays)
    return pd.DataFrame(rows, columns=["start_s", "end_s", "rate_bps", "doing", "left_bits"])


def telling_inference(scenario: Scenario, plan: Plan, seed: int) -> pd.DataFrame:
    """Of up to 200 drawn the first that runs three layers or more and then sends; if none does, that which runs most and sends."""
    drawn = []
    for number in range(DRAWN):
        drawn.append(one_inference(scenario, plan, np.random.default_rng([seed, number])))
        if _sends_after(drawn[-1]) >= (True, TELLING):
            return drawn[-1]
    return max(drawn, key=_sends_after)


def _sends_after(seen: pd.DataFrame) -> tuple[bool, int]:
    """Whether the device sends, and how many layers it runs before that."""
    return bool((seen["doing"] == "sending").any()), int(seen.loc[seen["doing"] != "sending", "doing"].nunique())


def told(seen: pd.DataFrame) -> str:
    """What a `telling_inference` shows, and which of those drawn it is.

    >>> told(pd.DataFrame({"doing": ["layer 1", "sending"]}))
    'the rate moves on while 1 layer runs and while the device sends. Of 200 drawn none runs more and then sends'
    """
    sends, layers = _sends_after(seen)
    runs = f"while {layers} layer{'s run' if layers > 1 else ' runs'}"
    shown = " and ".join([runs] * (layers > 0) + ["while the device sends"] * sends)
    if not sends:
        return f"the rate moves on {shown}. Of {DRAWN} drawn none sends"
    if layers < TELLING:
        return f"the rate moves on {shown}. Of {DRAWN} drawn none runs {'more' if layers else 'a layer'} and then sends"
    return f"the rate moves on {shown}. It is the first drawn that runs at least three layers and then sends"


def _stops(plan: Plan, law: MovingLaw, stage: int, state: int) -> bool:
    if stage == plan.placement:
        return True
    a = np.broadcast_to(plan.stop_thresholds, (len(law.unit_costs), plan.placement))
    return bool(law.sent(plan.problem.bits[stage])[state, 0] <= a[state, stage])


def _stays(law: MovingLaw, rng: np.random.Generator) -> Iterator[tuple[int, float]]:
    """The states that a stationary channel is in one after the other, and until when [s]."""
    generator, until = law.sender.generator, 0.0
    state = int(rng.choice(len(generator), p=law.chain.initial))
    while True:
        leave = -generator[state, state]
        until += rng.exponential(1 / leave) if leave > 0 else np.inf
        yield state, until
        moves = np.maximum(np.where(np.arange(len(generator)) == state, 0.0, generator[state]), 0.0)
        state = int(rng.choice(len(generator), p=moves / moves.sum()))


def draw_one_inference(seen: pd.DataFrame) -> Any:
    """The rate over time, what the device does meanwhile, and the bits to send, if it stopped and once it has."""
    figure, (above, below) = plt.subplots(2, sharex=True, figsize=(PAGE_IN, 0.4 * PAGE_IN), height_ratios=[2, 1])
    above.step(seen["start_s"], seen["rate_bps"] / 1e6, where="post", color="black", linewidth=0.6)
    above.set(ylabel="rate [Mbit/s]", ylim=(0, None))
    for number, (doing, part) in enumerate(seen.groupby("doing", sort=False)):
        start, end = part["start_s"].iloc[0], part["end_s"].iloc[-1]
        colour = SHARES["transmission" if doing == "sending" else "local compute"]
        above.axvspan(start, end, color=colour, alpha=0.35 if number % 2 else 0.2, linewidth=0)
        above.text((start + end) / 2, 1.02, doing, transform=above.get_xaxis_transform(), ha="center", fontsize=6)
    _draw_bits(below, seen)
    figure.align_ylabels()
    return figure


def _draw_bits(axis: Any, seen: pd.DataFrame) -> None:
    """What a stop would send while layers run, then the drain."""
    sent = seen[seen["doing"] == "sending"]
    ran = seen[seen["doing"] != "sending"]
    end_s = seen["end_s"].iloc[-1]
    stopped_s = end_s - (sent["end_s"] - sent["start_s"]).sum()
    whole = float((sent["rate_bps"] * (sent["end_s"] - sent["start_s"])).sum())
    before = [*ran["left_bits"] / 1e6, whole / 1e6]
    axis.step(
        [*ran["start_s"], stopped_s],
        before,
        where="post",
        color="black",
        linestyle=":",
        label="to send, if it stopped now",
    )
    left = [whole / 1e6, *sent["left_bits"] / 1e6]
    axis.plot([stopped_s, *sent["end_s"]], left, color=SHARES["transmission"], label="left to send")
    axis.set(
        xlabel="time since the input was at hand [s]",
        ylabel="bits [Mbit]",
        xlim=(0, end_s),
        ylim=(0, 1.15 * max(before)),
    )
    axis.legend(loc="lower left")


def mean_sending_s(scenario: Scenario) -> float:
    """The expected time of sending the raw input from a stationary start [s]."""
    seconds, _ = apart(costs(scenario))
    law = moving_law(seconds.law)
    return float(law.chain.initial @ law.sent(seconds.bits[:1])[:, 0])


def fading_times_s(
    bits: float,
    bandwidth_hz: float,
    mean_snr: float,
    coherence_time_s: float,
    *,
    step_s: float,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """How long sending takes over Rayleigh fading from a stationary start: complex Gaussian gains in steps, no chain [s]; (count,)."""
    keep = np.exp(-step_s / (2 * coherence_time_s))  # of the amplitude; its square is what the power keeps
    gain = rng.standard_normal((2, count)) / np.sqrt(2)
    left, time_s = np.full(count, float(bits)), np.zeros(count)
    running = np.arange(count)
    rate = bandwidth_hz * np.log2(1 + mean_snr * (gain**2).sum(axis=0))
    while running.size:
        gain = keep * gain + np.sqrt((1 - keep**2) / 2) * rng.standard_normal(gain.shape)
        after = bandwidth_hz * np.log2(1 + mean_snr * (gain**2).sum(axis=0))
        sent = step_s * (rate + after) / 2
        share = np.minimum(left[running] / sent, 1.0)
        time_s[running] += share * step_s
        left[running] -= sent
        on = left[running] > 0
        running, gain, rate = running[on], gain[:, on], after[on]
    return time_s
