"""Channels in motion by other routes: sending bits over a chain step by step or in fractions, and every policy in turn.

Nothing here solves an equation as the package does: chains are simulated on a common clock, outages are eliminated one by
one in fractions, and policies are listed.
"""

from fractions import Fraction
from itertools import product

import numpy as np

from coinfer import Costs, Link, Weights, channel
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.sending import Sending

Numbers = list[Fraction]
TIME = Weights(time_per_s=1.0, energy_per_j=0.0)


def fractions(values: object) -> Numbers:
    """Floats as the fractions that they are."""
    return [Fraction(float(v)) for v in np.asarray(values).tolist()]


MOTION = {
    "fading": channel.Moving(coherence_time_s=0.5, states=8),
    "nakagami": channel.Moving(m=2.0, coherence_time_s=5.0, states=24),
    "shadowed": channel.Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=14.0, states=24),
    "on-off": channel.OnOff(rate_bps=8e6, mean_on_s=3.0, mean_off_s=1.0),
    "markov": channel.Markov(
        rates_bps=(1e6, 0.0, 8e6, 0.0),
        generator=((-3, 1, 2, 0), (5, -6, 0, 1), (1, 0, -1, 0), (0, 0.25, 0, -0.25)),
        transmit_powers_w=(0.1, 0.0, 0.5, 0.0),
        long_outage_s=0.4,
    ),
    "held": channel.Moving(m=2.0, coherence_time_s=0.5, states=24, sending="held"),
}
INDEPENDENT = {
    "rayleigh": channel.Rayleigh(outage_gain=0.05),
    "inversion": channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1),
    "table": channel.RateTable(),
    "rates": channel.Rates(rates_bps=(1e6, 4e6), probabilities=(0.5, 0.5), usable=0.9),
    "discrete": channel.Discrete(gains=(0.1, 1.0, 4.0), probabilities=(0.2, 0.5, 0.3)),
}
LINK = Link(noise_figure_db=40.9648872375883, outage_power_w=0.02)  # of the abstract model


# ---------------------------------------------------------------- chains


def with_rows_of_sum_0(away: np.ndarray) -> np.ndarray:
    """A generator from its rates of moving."""
    away = away - np.diag(np.diag(away))
    return away - np.diag(away.sum(axis=1))


def random_sending(rng: np.random.Generator, usable: int, outages: int = 0, *, reversible: bool = False) -> Sending:
    """Dyadic rates and prices of a second; outages are left one after the other, the first of them for usable states."""
    states = usable + outages
    away = rng.integers(1, 9, (states, states)) / 4 * (rng.random((states, states)) < 0.8)
    away += np.diag(np.full(states - 1, 0.25), 1) + np.diag(np.full(states - 1, 0.25), -1)
    if outages:
        away[usable + 1 :, :usable] = 0
    law = 2.0 ** rng.integers(-2, 3, states)
    if reversible:
        away = (away + away.T) / law[:, None]
        if outages > 1:
            away[:usable, usable + 1 :] = away[usable + 1 :, :usable] = 0
    rates = np.sort(rng.choice(np.arange(1, 17), usable, replace=False))[::-1] / 4
    per_s = np.concatenate([np.sort(rng.integers(2, 9, usable))[::-1] / 4, rng.integers(0, 5, outages) / 4])
    per_s[:usable] = np.minimum.accumulate((per_s[:usable] / rates)[::-1])[::-1] * rates  # cheaper a bit where faster
    return Sending(np.concatenate([rates, np.zeros(outages)]), per_s, with_rows_of_sum_0(away))


def stationary_law(generator: np.ndarray) -> np.ndarray:
    """By the null vector of the generator."""
    rows = np.vstack([generator.T, np.ones(len(generator))])
    return np.linalg.lstsq(rows, np.append(np.zeros(len(generator)), 1.0), rcond=None)[0]


def on(given: channel.BaseChannel, link: Link | None = None, *durations_s: float):
    """The law of a channel along layers, in seconds."""
    return given.law_along(Link() if link is None else link, TIME, np.array(durations_s))


# ---------------------------------------------------------------- sending, by other routes


def sent_by_a_common_clock(link: Sending, start: int, bits: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """What sending costs, `count` times: all moves happen at the ticks of one Poisson clock, at most of which none does."""
    ticks = float(-np.diag(link.generator).min())
    rows = np.cumsum(np.eye(len(link.per_s)) + link.generator / ticks, axis=1)
    spent, busy = np.zeros(count), np.arange(count)
    state, left = np.full(count, start), np.full(count, float(bits))
    while busy.size:
        pause = rng.exponential(1 / ticks, busy.size)
        sent = link.rates_bps[state] * pause
        done = sent >= left
        pause[done] *= left[done] / sent[done]
        spent[busy] += link.per_s[state] * pause
        busy, state, left = busy[~done], state[~done], (left - sent)[~done]
        state = (rng.random(busy.size)[:, None] > rows[state]).sum(axis=1)
    return spent


def sent_in_fractions(link: Sending, bits: float) -> Numbers:
    """C(b, s) from outages eliminated one by one, the last first, and a power series in the bits, to 25 digits."""
    q, c = [fractions(row) for row in link.generator], fractions(link.per_s)
    ways = []
    for out in range(len(q) - 1, link.usable - 1, -1):
        leave = sum(q[out][:out])
        to, wait = [rate / leave for rate in q[out][:out]], c[out] / leave
        for s in range(out):
            c[s] += q[s][out] * wait
            q[s] = [q[s][t] + q[s][out] * to[t] for t in range(out)]
        ways.append((to, wait))
    states, b = range(link.usable), Fraction(bits)
    r = fractions(link.rates_bps[: link.usable])
    term, cost = [b * c[s] / r[s] for s in states], [Fraction(0)] * link.usable
    k = 2
    while max(map(abs, term)) > Fraction(1, 10**25):
        cost = [cost[s] + term[s] for s in states]
        term, k = [b / k * sum(q[s][t] * term[t] for t in states) / r[s] for s in states], k + 1
    for to, wait in reversed(ways):
        cost.append(wait + sum(p * v for p, v in zip(to, cost, strict=True)))
    return cost if bits else [Fraction(0)] * len(cost)


# ---------------------------------------------------------------- every policy, in fractions


class Table(Sending):
    """What sending costs from each state, by the bits: any numbers, of which 0 bits cost 0."""

    def __init__(self, rates_bps: np.ndarray, prices: dict[float, np.ndarray]):
        super().__init__(rates_bps, np.ones(len(rates_bps)), np.zeros((len(rates_bps),) * 2))
        object.__setattr__(self, "prices", prices)

    def cost(self, bits):
        none = np.empty((len(self.rates_bps), 0))
        return np.column_stack([none, *(self.prices[float(b)] for b in np.atleast_1d(bits))])


def dyadic_rows(rng: np.random.Generator, rows: int, states: int) -> np.ndarray:
    return rng.multinomial(8, np.full(states, 1 / states), rows) / 8


def dyadic_motion(seed: int, *, layers: int = 3, states: int = 3) -> Costs:
    """A few layers over a few states, the last an outage at times, with any costs of sending; of few binary digits."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 7, layers + 1) * (rng.random(layers + 1) > 0.15).astype(float)
    prices = {b: rng.integers(0, 25, states) / 4 * (b > 0) for b in bits.tolist()}
    rates = np.arange(states, 0, -1.0) - float(rng.random() < 0.5)
    kernels = dyadic_rows(rng, layers * states, states).reshape(layers, states, states)
    initial = dyadic_rows(rng, 1, states)[0]
    if not initial[rates > 0].any():
        initial = np.eye(states)[0]
    return Costs(
        extra=rng.integers(-4, 9, layers) / 4,
        bits=bits,
        download=rng.integers(0, 9, layers) / 16,
        edge=0.25,
        law=MovingLaw(Chain.of(initial, kernels), Table(rates, prices)),
    )


class Exact:
    """A channel in motion in fractions, followed state by state under any policy."""

    def __init__(self, costs: Costs):
        self.layers, self.states = costs.layers, range(len(costs.law.unit_costs))
        self.delta, self.download, self.edge = fractions(costs.extra), fractions(costs.download), Fraction(costs.edge)
        self.sent = [fractions(column) for column in costs.law.sent(costs.bits).T]
        self.initial = fractions(costs.law.chain.initial)
        self.kernels = [[fractions(row) for row in kernel] for kernel in costs.law.chain.kernels[1:]]

    def ahead(self, n: int, values: Numbers) -> Numbers:
        """Expectation at stage n - 1 of values at stage n; before stage 0 there is one."""
        rows = [self.initial] if n == 0 else self.kernels[n - 1]
        return [sum(p * v for p, v in zip(row, values, strict=True)) for row in rows]

    def going(self, n: int, values: Numbers) -> Numbers:
        """What it costs to run layer n + 1 and to pay the values there."""
        return [self.delta[n] + v for v in self.ahead(n + 1, values)]

    def follow(self, policy: list, last: int, first: int = 0) -> Numbers:
        """Expected cost from each state at stage `first` on, of sets of states at which to stop before the last stage."""
        values = self.sent[last]
        for n in range(last - 1, first - 1, -1):
            going = self.going(n, values)
            stops = policy[n - first]
            values = [self.sent[n][s] if stops[s] else going[s] for s in self.states]
        return values

    def sets(self, stages: int) -> list:
        """Every policy over so many stages: at each, any set of states at which to stop."""
        return list(product(product([False, True], repeat=len(self.states)), repeat=stages))

    def start(self, values: Numbers) -> Fraction:
        """Expected before the state at stage 0 is seen."""
        return self.ahead(0, values)[0]

    def best(self, last: int, first: int = 0) -> Numbers:
        """The least expected cost from each state at stage `first` on; any policy."""
        every = [self.follow(policy, last, first) for policy in self.sets(last - first)]
        return [min(column) for column in zip(*every, strict=True)]

    def look_ahead(self, last: int, depth: int) -> list:
        """Where look-ahead stops: if sending now is no dearer than going on and ending within `depth` stages."""
        policy = []
        for n in range(last):
            going = self.going(n, self.best(min(n + depth, last), n + 1))
            policy.append([self.sent[n][s] <= going[s] for s in self.states])
        return policy

    def fixed(self, placement: int) -> Fraction:
        """What a placement costs whatever the rule."""
        return self.edge + sum(self.download[:placement])
