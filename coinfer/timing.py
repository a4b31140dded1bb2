"""How long an inference takes, as a law and not as a mean alone: exact, for a plan on the channel it was made for (R23)."""

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats, UnitCostLaw, as_floats
from coinfer.channel.moving_channel import MovingChannel
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.channel.tails import SendingTimes, checked_levels, checked_times
from coinfer.cost import Costs, apart
from coinfer.placement import QUANTILES, Plan
from coinfer.scenario import Scenario
from coinfer.validation import InputError, an

MANY_STATES = 40  # of a diffusion at most: its error falls like their square, what it takes grows like their cube
NODES = {True: 64, False: 256}  # of the inversion, for a diffusion, whose time has no kinks, and for any other chain
BISECTIONS = 60


def time_probability(plan: Plan, time_s: ArrayLike) -> Floats:
    """P(T <= t) for the time T of an inference, from the input at hand to the result; elementwise.

    On a channel in motion by inversion of the transform of the sending time (R19), to about 1e-3; for independent draws from
    their law. Of a diffusion it is the law of the gain itself, without the steps of cells that `simulate` draws from, to 1e-3
    for fading and 6e-3 for deep shadowing that stands still. Raises `InputError` for nan, and for costs that were not made
    from a scenario.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=1.0)
    >>> always = coinfer.plan(coinfer.load_scenario("abstract-model", channel=link), rule="edge-only")
    >>> float(time_probability(always, 1.27).round(3))  # on at once, no outage while 1.2 Mbit are sent: 0.8 e^-0.301
    0.592
    """
    t, seconds = checked_times("time_s", time_s), apart(an("plan", plan, Plan).problem)[0]
    if isinstance(seconds.law, UnitCostLaw):
        return np.minimum(_of_draws(plan, seconds, t.ravel()), 1.0).reshape(t.shape)
    times, stops, offsets_s = _in_motion(plan, seconds)
    return times.distribution(t, stops, offsets_s)


def time_quantiles_s(plan: Plan, levels: ArrayLike = QUANTILES) -> Floats:
    """The times [s] within which inferences end with each probability of `levels` (L,) in ]0, 0.9999]; (L,).

    As exact as `time_probability`, on which it rests. Raises `InputError`.

    >>> import coinfer
    >>> at = coinfer.plan(coinfer.load_scenario("abstract-model"))
    >>> time_quantiles_s(at).round(2).tolist()
    [1.17, 2.26, 2.57]
    """
    seconds, level = (
        apart(an("plan", plan, Plan).problem)[0],
        checked_levels(np.atleast_1d(as_floats("levels", levels))),
    )
    if not isinstance(seconds.law, UnitCostLaw):
        times, stops, offsets_s = _in_motion(plan, seconds)
        return times.quantiles(stops, offsets_s, level)
    high = np.full(level.shape, 1.0)
    while np.any(short := _of_draws(plan, seconds, high) < level):
        high = np.where(short, 2 * high, high)
    low = np.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        reached = _of_draws(plan, seconds, middle) >= level
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return high


def late_probabilities(problem: Costs, deadlines_s: ArrayLike) -> Floats:
    """How likely it is that an inference which stops at stage n in state s ends after each deadline (D,) [s]; (D, S, N+1).

    From the transform of the sending time (R19), to about 1e-3. Raises `InputError` unless the channel is one in motion.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=1.0)
    >>> late_probabilities(coinfer.costs(coinfer.load_scenario("abstract-model", channel=link)), [1.27])[0, :, 0].round(3)
    array([0.26, 1.  ])
    """
    seconds, t = apart(problem)[0], np.atleast_1d(checked_times("deadlines_s", deadlines_s))
    if isinstance(seconds.law, UnitCostLaw):
        raise InputError(
            "channel: is drawn afresh at each stage; should be one in motion, to say how late a state makes it"
        )
    times, shares = _times(seconds)
    size = len(shares), seconds.layers + 1
    ended = np.empty((t.size, *size))
    for s, n in np.ndindex(size):
        surely = np.zeros(size)
        surely[s, n] = 1.0
        ended[:, s, n] = times.distribution(t, surely, _offsets_s(seconds))
    return np.clip(1 - shares.T @ ended, 0.0, 1.0)


def _offsets_s(seconds: Costs) -> Floats:
    """What computing takes, on the device and at the edge, if an inference stops at stage n = 0..N; (N+1,)."""
    return float(seconds.edge) + np.concatenate([[0.0], np.cumsum(seconds.extra)])


def _of_draws(plan: Plan, seconds: Costs, time_s: Floats) -> Floats:
    """The chance of getting to each stage, times that of stopping there in time, the draws being independent."""
    law, count, a = plan.problem.law, plan.placement, plan.stop_thresholds
    bits, left_s = seconds.bits[: count + 1], time_s[:, None] - _offsets_s(seconds)[: count + 1]
    stops = np.append(law.stop_probability(bits[:count], a), 1.0)  # both are that the gain is large enough
    within = np.minimum(stops, seconds.law.stop_probability(bits, left_s))
    return np.sum(law.reach(bits[:count], a) * within, axis=-1)


def _in_motion(plan: Plan, seconds: Costs) -> tuple[SendingTimes, Floats, Floats]:
    """The law of sending times, and in which states and at which stages the plan stops, of cells as coarse as they may be."""
    stops = np.pad(plan.stop_states, ((0, 0), (0, seconds.layers - plan.placement)))
    times, shares = _times(seconds)
    return times, shares @ stops, _offsets_s(seconds)


def _times(seconds: Costs) -> tuple[SendingTimes, Floats]:
    """The law of sending times, and how much of each state (S,) of the channel lies in each of its, perhaps coarser, ones."""
    law, coarse = moving_law(seconds.law), _coarse(seconds)
    shares, rates_bps, edges = np.eye(len(law.chain.initial)), law.sender.rates_bps, _edges_bps(seconds)
    if coarse is not law:
        shares = _overlap(coarse.chain.initial, law.chain.initial)
        weight = shares * law.chain.initial  # at the mean rate of what is in a cell, so that all together have the same
        total = weight.sum(axis=1)
        own = coarse.sender.rates_bps
        rates_bps = np.divide(weight @ rates_bps, total, out=own.copy(), where=total > 0)
    given = (each.tobytes() for each in (coarse.sender.generator, rates_bps, seconds.bits, edges))
    return _sending_times(*given), shares


def _edges_bps(seconds: Costs) -> Floats:
    """Rates between the cells of a diffusion, as many cells as are used; empty for any other chain."""
    scenario = cast(Scenario, seconds.scenario)
    edges = _channel(scenario).states_on(scenario.link).edge_rates_bps
    return np.zeros(0) if edges is None else edges


def _channel(scenario: Scenario) -> MovingChannel:
    """The channel; a diffusion in as many cells as are used."""
    channel = cast(MovingChannel, scenario.channel)
    many = getattr(channel, "states", 0) > MANY_STATES
    return channel.model_copy(update={"states": MANY_STATES}) if many else channel


def _coarse(seconds: Costs) -> MovingLaw:
    """The law itself, or that of the same diffusion in fewer cells."""
    scenario = cast(Scenario, seconds.scenario)
    channel = _channel(scenario)
    if channel is scenario.channel:
        return moving_law(seconds.law)
    return moving_law(channel.law_along(scenario.link, scenario.weights, np.zeros(0)))


def _overlap(coarse: Floats, fine: Floats) -> Floats:
    """How much of each fine cell lies in each coarse one, from their shares of the whole, in the same order."""
    up, down = (np.concatenate([[0.0], np.cumsum(shares)]) for shares in (coarse, fine))
    shared = np.minimum(up[1:, None], down[1:]) - np.maximum(up[:-1, None], down[:-1])
    shared = np.maximum(shared, 0.0)
    nothing = shared.sum(axis=0) == 0  # cells so rare that no digit of the sums tells them
    shared[np.clip(np.searchsorted(up, down[:-1][nothing], side="right") - 1, 0, len(coarse) - 1), nothing] = 1.0
    return shared / shared.sum(axis=0)


@lru_cache(maxsize=8)
def _sending_times(generator: bytes, rates_bps: bytes, bits: bytes, edges_bps: bytes) -> SendingTimes:
    """Those of one channel and network, shared by all plans."""
    rates, edges = np.frombuffer(rates_bps), np.frombuffer(edges_bps)
    q = np.frombuffer(generator).reshape(len(rates), -1)
    diffuses = edges.size > 0
    return SendingTimes(q, rates, np.frombuffer(bits), NODES[diffuses], edges_bps=edges if diffuses else None)
