"""When can waiting for a better channel pay? What must hold on a channel in motion, whatever the rule (R21).

Going on at stage n pays the next layers for certain and what is sent later at least nothing. So it is better than sending
at once in a state s only if

    C(o_n, s) > min_{m>n} (delta_{n+1} + ... + delta_m)

which is delta_{n+1} where no delta is negative: sending must be able to be dear against a layer. (What sending costs whatever
the channel is no part of C; `Costs` have it in delta, of which every sign is right here: R24h.) And layer M is worth its
download as the last one only if

    D_M < E[(C(o_{M-1}, s) - delta_M - E[C(o_M, s')|s])^+]

with s the state at stage M - 1 and s' that one layer later: from there back to stage 0, a saving can only shrink (R16's
upper bound, whose proof asks for no independence). The sum of these savings bounds what M layers save over none; there every
o_n may be replaced by the least so far, which lowers the cost of all placements but M = 0. Each is necessary; none is
sufficient, and where features grow before they shrink the bounds are loose.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.cost import Costs, apart, as_costs, of_one
from coinfer.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Waiting:
    """What bounds the worth of waiting on a channel in motion (R21)."""

    dearest: Floats  # (N,) what sending at stage n = 0..N-1 costs in the worst state
    going: Floats  # (N,) what going on from there costs at least
    savings: Floats  # (N,) what layer M = 1..N saves at most, as the last one placed
    downloads: Floats  # (N,) D_1..D_N
    saved: Floats  # (N+1,) what M = 0..N layers save at most over sending the input, downloads paid
    largest_placement: int  # layers that fit in the device's memory

    @property
    def can_go_on(self) -> NDArray[np.bool_]:
        """Whether there may be a state at stage n = 0..N-1 in which going on is better than sending at once; (N,)."""
        return self.dearest > self.going

    @property
    def can_be_best(self) -> NDArray[np.bool_]:
        """Whether the best placement may be M = 1..N: only if layer M can save more than its download, all M than theirs; (N,)."""
        pays = (self.savings > self.downloads) & (self.saved[1:] > 0)
        return pays & (np.arange(len(pays)) < self.largest_placement)

    @property
    def most_saved(self) -> float:
        """What the best plan saves at most over sending the input, and so over any better plan than that."""
        return float(self.saved[: self.largest_placement + 1].max())


def waiting_can_pay(given: Scenario | Costs) -> Waiting:
    """What bounds the worth of placing layers and of waiting (R21). Raises `InputError` for independent draws.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=2e6, mean_on_s=8.0, mean_off_s=0.05)
    >>> given = coinfer.load_scenario("abstract-model", dnn=coinfer.mlp(6, 4000), channel=link)  # a layer takes 0.05 s, too
    >>> waiting_can_pay(given).can_be_best.tolist(), coinfer.plan(given).placement
    ([False, False, False, False, False, False], 0)
    """
    costs = of_one(as_costs(given))
    law = moving_law(costs.law)
    here = [law.chain.initial]
    for stage in range(1, costs.layers):
        here.append(law.chain.arrive(here[-1], stage))
    often, sent = np.stack(here, axis=1), law.sent(costs.bits)
    savings, least = (_savings(costs, law, often, o) for o in (costs.bits, np.minimum.accumulate(costs.bits)))
    return Waiting(
        dearest=sent[:, :-1].max(axis=0),
        going=_least_ahead(costs.extra),
        savings=savings,
        downloads=costs.download,
        saved=np.insert(np.cumsum(least - costs.download), 0, 0.0),
        largest_placement=costs.largest_placement,
    )


def _savings(costs: Costs, law: MovingLaw, often: Floats, bits: Floats) -> Floats:
    """E[(C(o_{M-1}, s) - delta_M - E[C(o_M, s')|s])^+] for M = 1..N, given how often each state is seen at each stage; (N,)."""
    sent = law.sent(bits)
    ahead = law.chain.expect(sent)[:, 1:]  # of the next stage, seen from each state at this one
    return (often * np.maximum(sent[:, :-1] - costs.extra - ahead, 0.0)).sum(axis=0)


def _least_ahead(extra: Floats) -> Floats:
    """min_{m>n} (delta_{n+1} + ... + delta_m) at n = 0..N-1; (N,)."""
    least, found = np.inf, []
    for delta in extra[::-1]:
        least = delta + min(least, 0.0)
        found.append(least)
    return np.array(found[::-1])


def layers_to_send(scenario: Scenario) -> tuple[Floats, Floats]:
    """How many layers the longest sending at each stage n = 0..N-1 takes, and how many it must exceed; both (N,).

    The first is max_s E[T(o_n, s)] / t_{n+1}. The second is phi = [beta_t (1 - f_d/f_e) + beta_e P_cpu] / [beta_t + beta_e P_tx],
    P_cpu = e_d f_d: going on at stage n is better than sending at once in no state unless sending can take longer than phi
    layers (R21). Where the power differs by state the dearest second counts. Where sending costs f_n whatever the channel, a
    layer counts as that much cheaper as stopping after it saves, delta_n + f_n - f_{n-1} for delta_n (R24), and phi falls,
    by the run of layers to the end perhaps, as only f_N is 0; a round trip is no part of the time. Raises `InputError` for
    independent draws.

    >>> import coinfer
    >>> takes, phi = layers_to_send(coinfer.load_scenario("abstract-model", channel=coinfer.channel.Moving(coherence_time_s=0.1)))
    >>> bool(takes[0] > phi[0])  # 0.67 s against layers of 0.15 s
    True
    """
    costs = as_costs(scenario)
    seconds, _ = apart(costs)
    layer_s = np.array(scenario.dnn.macs, dtype=float) / scenario.device.macs_per_s
    longest_s = moving_law(seconds.law).sent(seconds.bits[:-1]).max(axis=0)
    dearest_per_s = moving_law(costs.law).sender.per_s.max()
    with np.errstate(divide="ignore", invalid="ignore"):  # a layer without work takes no time
        return longest_s / layer_s, _least_ahead(costs.extra) / (dearest_per_s * layer_s)
