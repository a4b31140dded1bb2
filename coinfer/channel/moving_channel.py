"""What channels in motion share: states with rates, and the generator that moves them, in computing and in sending."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.generator import stationary
from coinfer.channel.law import Floats, GainAt
from coinfer.channel.link_cost import RateCost, ShannonCost
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.semigroup import Semigroup, semigroup
from coinfer.channel.sending import Sending
from coinfer.system import Link, Weights
from coinfer.validation import InputError

MOST_CHANCES = 3e8  # of moving from state to state at a stage: 2.4 GB
SendingKind = Literal["moving", "held"]  # at the rates as they come, or at that of the beginning


@dataclass(frozen=True, eq=False)
class States:
    """The states of a channel on a link, in any order; a rate of 0 is an outage."""

    rates_bps: Floats  # (S,)
    generator: Floats  # (S, S) [1/s]
    transmit_powers_w: Floats | None = None  # (S,) while sending at each rate; None: that of the link
    shannon: bool = False  # whether thresholds are gains, at Shannon's rate, and not rates
    endless: bool = False  # whether a rate held from a deep fade on costs infinitely much (R12)
    known_law: Floats | None = None  # (S,) the stationary law, where it need not be found
    edge_rates_bps: Floats | None = None  # (S-1,) rates between the cells of a diffusion, in ascending order

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Of descending rate, and of ascending power at the same rate; outages last."""
        powers = np.zeros_like(self.rates_bps) if self.transmit_powers_w is None else self.transmit_powers_w
        return np.lexsort((np.where(self.rates_bps > 0, powers, 0.0), -self.rates_bps))

    @cached_property
    def law(self) -> Floats:
        """The stationary law, in the order of the states given."""
        return stationary(self.generator) if self.known_law is None else self.known_law


class MovingChannel(BaseChannel):
    """One chain moves the rate while the device computes and while it sends (R19), from a stationary start.

    `sending` "held" is the limit of a channel that stands still once sending has begun, kept for comparison.
    """

    sending: SendingKind = "moving"

    @abstractmethod
    def states_on(self, link: Link) -> States:
        """The states on a link."""

    def long_outage(self) -> float | None:
        """How long an outage must last for the device to be in the second of two outage states [s]."""
        return None

    def usable_probability(self, link: Link) -> float:
        """How often the channel has a rate."""
        states = _motion(self, link).states
        return float(states.law[states.rates_bps > 0].sum())

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X at stage 0, given a usable state, as independent draws. Raises `InputError` if its mean is infinite."""
        return self.law_along(link, weights, np.zeros(0)).memoryless

    def law_along(self, link: Link, weights: Weights, durations_s: Floats) -> MovingLaw:
        """The law of what stopping costs along layers that run for `durations_s` (N,)."""
        motion = _motion(self, link)
        outage = weights.time_per_s + weights.energy_per_j * link.outage_power_w
        sends = weights.time_per_s + weights.energy_per_j * motion.powers_w
        per_s = np.where(motion.sender.rates_bps > 0, sends, outage)
        chain = _chain(self, link, np.ascontiguousarray(durations_s, dtype=float).tobytes())
        return MovingLaw(
            chain,
            motion.sender.priced(per_s),
            **motion.least_seen(link, weights),
            long_outage_s=self.long_outage(),
            endless=motion.states.endless,
        )


@dataclass(frozen=True, eq=False)
class Motion:
    """A channel on a link, in order and decomposed, whatever a second costs."""

    states: States
    initial: Floats  # (S,)
    in_time: Semigroup
    sender: Sending
    powers_w: Floats  # (S,)

    def least_seen(self, link: Link, weights: Weights) -> dict[str, GainAt]:
        """`gain_at` or `rate_at` of the law: the smallest gain, or rate [bit/s], at which X <= x."""
        if self.states.transmit_powers_w is None:
            if self.states.shannon:
                return {"gain_at": ShannonCost(link, weights).gain}
            return {"rate_at": RateCost(link, weights).rate}
        usable = self.sender.usable
        rates = self.sender.rates_bps[:usable]
        unit_costs = (weights.time_per_s + weights.energy_per_j * self.powers_w[:usable]) / rates

        def least_rate(x: Floats) -> Floats:
            return np.where(np.isinf(x), np.where(x > 0, 0.0, inf), np.interp(x, unit_costs, rates, left=inf))

        return {"rate_at": least_rate}


@lru_cache(maxsize=16)
def _motion(channel: MovingChannel, link: Link) -> Motion:
    states = channel.states_on(link)
    order, law = states.order, states.law[states.order]
    rates, generator = states.rates_bps[order], states.generator[np.ix_(order, order)]
    powers = np.full(len(rates), link.transmit_power_w)
    if states.transmit_powers_w is not None:
        powers = states.transmit_powers_w[order]
    sender = (Sending if channel.sending == "moving" else Sending.held)(rates, powers, generator)
    if channel.sending == "moving":
        sender = sender.balanced(law)
    return Motion(states, law, semigroup(generator, law), sender, powers)


@lru_cache(maxsize=16)
def _chain(channel: MovingChannel, link: Link, durations_s: bytes) -> Chain:
    motion = _motion(channel, link)
    layers, states = len(durations_s) // 8, len(motion.initial)
    if layers * states**2 > MOST_CHANCES:
        raise InputError(
            f"channel: has {states} states, along {layers} layers, a table of their squares for each; should be at most "
            f"{MOST_CHANCES:.0e} chances of moving: fewer states, or layers merged into blocks"
        )
    return Chain.of(motion.initial, motion.in_time.matrices(np.frombuffer(durations_s)))
