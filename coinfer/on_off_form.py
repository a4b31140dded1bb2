"""The best placement of equal layers on a link that comes and goes, in closed form (R22).

The link is "on", and sends at one rate, or "off", an outage; outages begin at rate u and end at rate l, and the device
does not see them coming. Three numbers say what that means for layers of t seconds and features of o bits:

    a  = pi_off + (1 - pi_off) e^(-(l+u) t)    the chance that an outage outlasts a layer, pi_off = u / (l + u)
    h  = c_o / l                               what waiting for the end of an outage costs
    C1 = f + o (c + u h) / r                   what sending costs from "on", the outages on the way included

and f what it costs besides, whatever the channel: a round trip, the radio's tail (R24).
M < N layers: stop when on; in an outage go on if that saves something, G = (1 - a) h - delta > 0. Layer M is then worth
pi_off a^(M-1) G, what it saves times the chance of an outage at every look so far, and M* = ceil(ln(D / (pi_off G)) / ln a)
(R22m), or N (R22n).
All N layers follow another rule, as nothing need be sent at the end: when on, go on as well once the k layers that are
left cost less than sending, k delta < C1.

The input, and with it layer 1, may be of another size: a_1, C0 and so on are theirs, a and C1 those of all others. No
claim says this: the few placements that can be best then are enumerated, and tests compare them with all placements, in
exact fractions. Every number may be a `fractions.Fraction`; the results are then exact.
"""

from dataclasses import dataclass
from functools import partial
from math import ceil, expm1, inf, log, log1p

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs
from coinfer.validation import InputError, brief, whole

ROUNDING = 1e-9  # what the computed steps of a chain may be off


@dataclass(frozen=True, kw_only=True)
class OnOffLink:
    """A link of one rate that comes and goes, and what a second costs on it.

    >>> link = OnOffLink(rate_bps=20e6, begin_per_s=1 / 15, end_per_s=2.0, sending_per_s=1.1, outage_per_s=1.0)
    >>> round(link.off_share, 4), link.wait, round(link.send(10e6), 4), round(1 - link.recovery(0.1), 4)
    (0.0323, 0.5, 0.5667, 0.8193)
    """

    rate_bps: float  # r, when on
    begin_per_s: float  # u: outages begin at this rate; one over the mean time between them
    end_per_s: float  # l: one over their mean length
    sending_per_s: float  # c: cost of a second of sending
    outage_per_s: float  # c_o: cost of a second of waiting in an outage

    def __post_init__(self) -> None:
        for name in ("rate_bps", "end_per_s"):
            _check(name, getattr(self, name), "finite and positive", 0 < getattr(self, name) < inf)
        for name in ("begin_per_s", "sending_per_s", "outage_per_s"):
            _check(name, getattr(self, name), "finite and nonnegative", 0 <= getattr(self, name) < inf)

    @property
    def off_share(self) -> float:
        """pi_off, the share of time in an outage."""
        return self.begin_per_s / (self.begin_per_s + self.end_per_s)

    @property
    def wait(self) -> float:
        """Expected cost of waiting for the end of an outage, h = c_o / l (R22)."""
        return self.outage_per_s / self.end_per_s

    def send(self, bits: float) -> float:
        """Expected cost of sending from "on", o (c + u h) / r (R22): each second may start an outage."""
        return bits * (self.sending_per_s + self.begin_per_s * self.wait) / self.rate_bps

    def recovery(self, seconds: float) -> float:
        """1 - a, the probability that an outage is over a layer of some seconds later (R22)."""
        return (1 - self.off_share) * -expm1(-(self.begin_per_s + self.end_per_s) * seconds)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer seen from the stage before it: send what is there, or compute the layer first.

    >>> Layer(send=2.0, extra=0.5, recovery=1.25, download=0.02)
    Traceback (most recent call last):
    coinfer.validation.InputError: recovery = 1.25: should be in 0..1
    """

    send: float  # expected cost of sending, from "on", what goes into the layer, f included: C1; C0 for the first one
    extra: float  # delta: extra cost of keeping the layer on the device
    recovery: float  # 1 - a: probability that an outage is over a layer later
    download: float  # D: cost of placing the layer

    def __post_init__(self) -> None:
        _check("send", self.send, "finite and nonnegative", 0 <= self.send < inf)
        _check("extra", self.extra, "a finite number", -inf < self.extra < inf)
        _check("recovery", self.recovery, "in 0..1", 0 <= self.recovery <= 1)
        _check("download", self.download, "finite and nonnegative", 0 <= self.download < inf)


@dataclass(frozen=True, kw_only=True)
class OnOffProblem:
    """The numbers of R22: N layers over an on-off link that is in its stationary state when the input is there.

    Layers 2..N are equal, with delta >= 0; the first one, and the input, may differ. Raises `InputError`.

    >>> layer = Layer(send=2.0, extra=0.5, recovery=0.25, download=0.02)
    >>> problem = OnOffProblem(layers=8, off_share=0.3, wait=4.0, first=layer, rest=layer)
    >>> expected_costs(problem).round(3).tolist()
    [3.2, 3.07, 2.978, 2.913, 2.87, 2.842, 2.827, 2.82, 2.57]
    >>> best_placement(problem)
    8
    """

    layers: int  # N
    off_share: float  # pi_off: probability that the link is off
    wait: float  # h: expected cost of waiting for the end of an outage
    first: Layer
    rest: Layer  # each of layers 2..N
    edge: float = 0.0  # C_edge
    fixed: float = 0.0  # f, the part of each `send` that is paid whatever the channel; no cost depends on it otherwise
    sends_result: bool = False  # whether the result is sent too, at the cost of what layers 1..N-1 put out
    largest_placement: int = -1  # layers that fit in the device's memory; -1: all of them

    def __post_init__(self) -> None:
        whole("layers", self.layers, 1)
        if whole("largest_placement", self.largest_placement, -1, self.layers) == -1:
            object.__setattr__(self, "largest_placement", self.layers)
        _check("off_share", self.off_share, "at least 0 and below 1", 0 <= self.off_share < 1)
        _check("wait", self.wait, "finite and nonnegative", 0 <= self.wait < inf)
        _check("edge", self.edge, "a finite number", -inf < self.edge < inf)
        least = min([layer.send for layer in (self.first, self.rest) if layer.send > 0], default=0)
        _check("fixed", self.fixed, f"in 0..send = 0..{least}", 0 <= self.fixed <= least)
        _check("extra", self.rest.extra, "nonnegative in the closed form; `plan` takes any", self.rest.extra >= 0)
        # an outage at one look makes one at the next no rarer; a computed kernel is not exact to the last digit
        most = (1 - self.off_share) * (1 + ROUNDING)
        for layer in (self.first, self.rest):
            _check("recovery", layer.recovery, f"at most 1 - off_share = {1 - self.off_share}", layer.recovery <= most)

    @property
    def saving(self) -> float:
        """What computing a layer in an outage saves if the device sends after it, (1 - a) h - delta (R22); any sign."""
        return self.rest.recovery * self.wait_to_send(self.rest) - self.rest.extra

    @property
    def last_to_send(self) -> int:
        """The largest placement that fits and at whose end there is something to send."""
        return min(self.largest_placement, self.layers if self.sends_result else self.layers - 1)

    def wait_to_send(self, layer: Layer) -> float:
        """What an outage adds to the cost of sending: h, or nothing where nothing is to be sent."""
        return self.wait if layer.send > 0 else 0


def _check(name: str, value: object, allowed: str, holds: bool) -> None:
    if not holds:
        raise InputError(f"{name} = {brief(value)}: should be {allowed}")


def expected_costs(problem: OnOffProblem) -> Floats:
    """J(0)..J(N) of the optimal rule, each in closed form, whatever the device's memory; shape (N+1,) (R22)."""
    return np.array([problem.edge + _cost(problem, placement) for placement in range(problem.layers + 1)])


def best_placement(problem: OnOffProblem) -> int:
    """M*, the smallest minimiser among 0, M1, M2 and N: with equal layers R22n, with another input size an enumeration.

    For each choice of the states in which the device goes on at stage 0, J is convex in M < N: in an outage only, with
    the chance pi_off a_1 of another one (M1); or in any state, with the chance pi_off (M2). Where it goes on in none, M = 0
    is as good.

    >>> layer = Layer(send=9.0, extra=0.5, recovery=0.25, download=0.05)
    >>> best_placement(OnOffProblem(layers=20, off_share=0.3, wait=4.0, first=layer, rest=layer))
    4
    """
    candidates, again = {0}, 1 - problem.first.recovery
    if problem.last_to_send >= 1:
        # 1 - again: when on only, where there is no input to send and layer 1 costs less than nothing
        candidates |= {interior_placement(problem, chance) for chance in (again, 1 - again, 1)}
    if problem.largest_placement == problem.layers:
        candidates.add(problem.layers)
    return min(sorted(candidates), key=partial(_cost, problem))


def interior_placement(problem: OnOffProblem, chance: float) -> int:
    """The best M >= 1 at whose end something is sent, 1 + ceil(ln(D / (q G)) / ln a) or an end of the range (R22).

    q is pi_off times `chance`, that of an outage behind layer 1 in which the device is still there, given one before it.
    """
    return 1 + _layers_that_pay(problem, problem.off_share * chance, problem.last_to_send - 1)


def _layers_that_pay(problem: OnOffProblem, chance: float, most: int) -> int:
    """The smallest k in 0..most with a^k G chance <= D, or `most`: the ceil, mended for rounding."""
    over, price, gain = problem.rest.recovery, problem.rest.download, chance * problem.saving
    if gain <= price:
        return 0
    if price == 0:
        return most
    fall = log1p(-over) if over < 1 else -inf  # ln a, without cancellation
    again, k = 1 - over, ceil(min((log(price) - log(gain)) / fall, most))
    while k > 0 and again ** (k - 1) * gain <= price:
        k -= 1
    while k < most and again**k * gain > price:
        k += 1
    return k


def _cost(problem: OnOffProblem, placement: int) -> float:
    """J(M) - C_edge: stop at stage 0 or go on, in either state."""
    first, off = problem.first, problem.off_share
    at_once, wait = first.send, problem.wait_to_send(first)
    if placement == 0:
        return at_once + off * wait
    x, e = remaining(problem, placement)
    begun = off * first.recovery / (1 - off)  # the chance of an outage after a layer that began without one
    on = min(at_once, first.extra + x + begun * e)
    out = min(at_once + wait, first.extra + x + (1 - first.recovery) * e)
    return first.download + (placement - 1) * problem.rest.download + (1 - off) * on + off * out


def remaining(problem: OnOffProblem, placement: int) -> tuple[float, float]:
    """What is still to pay behind layer 1 of M >= 1, seen from "on", and how much more from an outage (R22).

    Where k layers later an outage costs y more, it now costs min(h, a^k y + delta (1 + a + ... + a^(k-1))) more.
    """
    layer, left = problem.rest, placement - 1
    wait = problem.wait_to_send(layer)
    on, more = layer.send, wait
    if placement == problem.layers and not problem.sends_result:
        if left * layer.extra <= layer.send:
            return left * layer.extra, 0  # to the end from any state
        near = int(layer.send // layer.extra)  # k0: from there on, to the end from any state
        more = (near + 1) * layer.extra - layer.send
        left -= near + 1
    again = 1 - layer.recovery
    return on, min(wait, again**left * more + layer.extra * _series(again, left))


def _series(a: float, terms: int) -> float:
    """1 + a + ... + a^(terms-1), (1 - a^terms) / (1 - a), by doubling: no cancellation, and a may be 1."""
    if terms == 0:
        return 0
    half = _series(a, terms // 2)
    even = half + a ** (terms // 2) * half
    return 1 + a * even if terms % 2 else even


def from_costs(costs: Costs) -> OnOffProblem:
    """The numbers of R22 of an MLP with equal layers on an on-off link. Raises `InputError` for any other problem.

    The last layer may cost less than the others, by what sending costs whatever the channel, f: costs have that folded into
    the layers, and only the last one saves it (R25a). Here f is a part of `send`, that of the input as well, whose own f_0
    is told from layer 1 by nobody: `first.extra` and `edge` have the difference in them.

    >>> import coinfer
    >>> link = coinfer.channel.OnOff(rate_bps=20e6, mean_on_s=15.0, mean_off_s=2.0)
    >>> mlp = coinfer.mlp(8, 4000, input_bits=4_000_000)
    >>> costs = coinfer.costs(coinfer.load_scenario("abstract-model").replace(dnn=mlp, channel=link))
    >>> best_placement(from_costs(costs)) == coinfer.plan(costs).placement
    True
    """
    link, off, kernels = _on_off(costs)
    others = slice(min(costs.layers - 1, 1), None)  # without layers 2..N, what they would cost does not matter
    download, recovery = costs.download[others], kernels[1:, 1, 0][others]
    bits = costs.bits[1 : max(costs.layers, 2)]
    near = np.isclose(recovery, recovery[0], rtol=ROUNDING, atol=1e-12)  # equal but for round-off in the chain's steps
    check_equal(bits=bits, download=download, recovery=np.where(near, recovery[0], recovery))
    if costs.bits[-1] not in (0, bits[0]):
        raise InputError(
            f"bits = {costs.bits[-1]} at the end: should be 0, or {bits[0]} as after other layers; `plan` takes any"
        )
    extra, fixed = _unfolded(costs)
    at_first = fixed if costs.bits[0] > 0 else 0.0  # without an input to send layer 1 alone leads to where f is paid
    first, rest = (
        Layer(send=link.send(float(o)) + more, extra=delta, recovery=float(over), download=float(d))
        for o, more, delta, over, d in (
            (costs.bits[0], at_first, float(costs.extra[0]) + (at_first - fixed), kernels[1, 1, 0], costs.download[0]),
            (bits[0], fixed, extra, recovery[0], download[0]),
        )
    )
    return OnOffProblem(
        layers=costs.layers,
        off_share=off,
        wait=link.wait,
        first=first,
        rest=rest,
        edge=float(costs.edge) - at_first,
        fixed=fixed,
        sends_result=bool(costs.bits[-1] > 0),
        largest_placement=costs.largest_placement,
    )


def _unfolded(costs: Costs) -> tuple[float, float]:
    """The delta of layers 2..N without fixed costs, and f, what sending after them costs whatever the channel (R25, R25a)."""
    *equal, last = costs.extra[1:].tolist() or [0.0]  # of layer 1 alone, what others would cost does not matter
    if costs.bits[-1] > 0 or costs.bits[1] == 0:  # nothing saves f, or nothing is sent
        check_equal(extra=costs.extra[1:])
        return last, 0.0
    if not equal:  # of one layer any split of its cost is the same
        return max(last, 0.0), max(-last, 0.0)
    check_equal(extra=costs.extra[1:-1])
    if last > equal[0]:
        raise InputError(
            f"extra = {last} at the end: should be {equal[0]} as of other layers, or less by what sending costs on any "
            "channel; `plan` takes any"
        )
    return equal[0], equal[0] - last


def check_equal(**given: Floats) -> None:
    """Refuse layers that differ; values of shape (..., n)."""
    for name, values in given.items():
        if np.any(values != values[..., :1]):
            raise InputError(
                f"{name} = {brief(values.tolist())}: should be the same for all layers but the first; "
                "this chain is not an MLP with equal neurons"
            )


def _on_off(costs: Costs) -> tuple[OnOffLink, float, Floats]:
    """The link, pi_off, and the steps of the chain (N+1, 2, 2), of costs on an on-off link."""
    law = costs.law
    if not isinstance(law, MovingLaw) or law.unit_costs.size != 2 or law.usable != 1:
        raise InputError("channel: should be on-off, one rate and an outage; `plan` takes any that has a memory")
    if costs.bits.ndim != 1:
        raise InputError(
            f"bits: have {costs.bits.ndim} dimensions; should be those of one problem, as the channel moves"
        )
    sender, chain = law.sender, law.chain
    if not np.allclose(chain.initial @ chain.kernels, chain.initial, rtol=ROUNDING, atol=ROUNDING):
        raise InputError(f"channel: starts in {chain.initial.tolist()}; should start in its stationary state")
    if not 0 < chain.initial[1] < 1:
        on_s, off_s = 1 / sender.generator[0, 1], 1 / sender.generator[1, 0]
        raise InputError(
            f"channel: with a mean_on_s of {on_s:g} and a mean_off_s of {off_s:g} it is off for a share of {chain.initial[1]:g} of "
            "the time; should be on and off, each for 1e-15 of it at least"
        )
    link = OnOffLink(
        rate_bps=float(sender.rates_bps[0]),
        begin_per_s=float(sender.generator[0, 1]),
        end_per_s=float(sender.generator[1, 0]),
        sending_per_s=float(sender.per_s[0]),
        outage_per_s=float(sender.per_s[1]),
    )
    return link, float(chain.initial[1]), chain.kernels
