"""The closed form with memory, R22: equal layers on a link that comes and goes.

Every policy in exact fractions, backward induction in exact fractions, and the link itself, event by event, which knows
of no formula. Nothing here is taken from the module that is tested but the names of the numbers.
"""

import math
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from itertools import product
from math import floor, sqrt

import numpy as np
import pytest
from effort import beyond, examples, exhaustive
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import powers

import coinfer
from coinfer import Costs, InputError, Scenario, Weights, channel, mlp_placement, plan
from coinfer.by_hand import pocket_steps
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.on_off_form import Layer, OnOffLink, OnOffProblem, best_placement, expected_costs, from_costs

ON, OFF = 0, 1
F = Fraction


# ---------------------------------------------------------------- what is optimal, from the problem's statement alone


def kernel(off, recovery):
    """The step of a stationary chain over a layer: rows from, columns to."""
    begun = off * recovery / (1 - off)  # flows between the states are equal
    return [[1 - begun, begun], [recovery, 1 - recovery]]


def stages(p: OnOffProblem, placement: int):
    """The costs of sending at stages 0..M in each state, and the layers 1..M."""
    layers = [p.first, *[p.rest] * (placement - 1)][:placement]
    sizes = [layer.send for layer in layers] + [p.rest.send if placement else p.first.send]
    if placement == p.layers and not p.sends_result:
        sizes[-1] = 0
    return [(size, size + p.wait if size else 0) for size in sizes], layers


def induction(p: OnOffProblem, placement: int):
    """J of the optimal rule, by backward induction."""
    sending, layers = stages(p, placement)
    v = sending[-1]
    for here, layer in zip(sending[-2::-1], layers[::-1], strict=True):
        steps = kernel(p.off_share, layer.recovery)
        v = [min(here[s], layer.extra + sum(q * w for q, w in zip(steps[s], v, strict=True))) for s in (ON, OFF)]
    start = (1 - p.off_share) * v[ON] + p.off_share * v[OFF]
    return p.edge + sum(layer.download for layer in layers) + start


def follow(p: OnOffProblem, placement: int, stops: dict):
    """J of a policy: of each history of states, whether the device stops after it; forwards over all histories."""
    sending, layers = stages(p, placement)
    cost, going = p.edge + sum(layer.download for layer in layers), {(): 1}
    for n in range(placement + 1):
        arriving = {}
        for seen, chance in going.items():
            row = kernel(p.off_share, layers[n - 1].recovery)[seen[-1]] if seen else [1 - p.off_share, p.off_share]
            arriving |= {(*seen, s): chance * row[s] for s in (ON, OFF)}
        going = {}
        for seen, chance in arriving.items():
            if n == placement or stops[seen]:
                cost += chance * sending[n][seen[-1]]
            else:
                cost += chance * layers[n].extra
                going[seen] = chance
    return cost


def every_policy(p: OnOffProblem, placement: int):
    """The least J over all policies, those that remember everything included."""
    histories = [seen for n in range(placement) for seen in product((ON, OFF), repeat=n + 1)]
    choices = product((False, True), repeat=len(histories))
    return min(follow(p, placement, dict(zip(histories, choice, strict=True))) for choice in choices)


def markov_policies(p: OnOffProblem, placement: int):
    """The least J over the policies that look at the stage and the state."""
    histories = [seen for n in range(placement) for seen in product((ON, OFF), repeat=n + 1)]
    choices = product((False, True), repeat=2 * placement)
    return min(
        follow(p, placement, {seen: choice[2 * (len(seen) - 1) + seen[-1]] for seen in histories}) for choice in choices
    )


def optimum(p: OnOffProblem):
    """J(0)..J(N), and the smallest minimiser that fits."""
    j = [induction(p, placement) for placement in range(p.layers + 1)]
    fits = j[: p.largest_placement + 1]
    return j, fits.index(min(fits))


# ---------------------------------------------------------------- random problems in small fractions, with ties


def random_layer(rng: np.random.Generator, off: Fraction, least_extra: int = 0) -> Layer:
    forgets = F(int(rng.integers(0, 9)), 8)  # 1 - e^(-(l+u) t), 0 and 1 included
    return Layer(
        send=F(int(rng.integers(1, 13)), 4) * (rng.random() > 0.1),
        extra=F(int(rng.integers(least_extra, 9)), 8) * (rng.random() > 0.1),
        recovery=(1 - off) * forgets,
        download=F(int(rng.integers(0, 9)), 32) * (rng.random() > 0.2),
    )


def random_problem(rng: np.random.Generator, *, equal: bool, layers: int | None = None) -> OnOffProblem:
    """Zero delta, D, h, pi_off and recovery, N = 1, memory limits, results that are sent: all of them often."""
    off, wait = F(int(rng.integers(0, 8)), 8), F(int(rng.integers(0, 25)), 4)
    rest = random_layer(rng, off)
    first = rest if equal else random_layer(rng, off, least_extra=-4)
    if not equal and first.send == 0:  # nothing to send at first, but layer 1 costs less than nothing: it may pay yet
        first = replace(first, extra=-rest.send - wait * F(int(rng.integers(0, 9)), 8))
    layers = int(rng.integers(1, 9)) if layers is None else layers
    return OnOffProblem(
        layers=layers,
        off_share=off,
        wait=wait,
        first=first,
        rest=rest,
        edge=F(int(rng.integers(-4, 9)), 4),
        sends_result=bool(rng.random() < 0.2),
        largest_placement=int(rng.integers(0, layers + 1)) if rng.random() < 0.2 else -1,
    )


def tied(rng: np.random.Generator, p: OnOffProblem) -> OnOffProblem:
    """The same problem with two things made equal that a rule or a placement compares."""
    rest, equal, k = p.rest, p.first == p.rest, int(rng.integers(0, p.layers + 1))
    kind = rng.integers(0, 4)
    if kind == 0:  # k layers cost as much as sending
        rest = replace(rest, extra=rest.send / (k + 1))
    elif kind == 1:  # going on in an outage saves nothing
        rest = replace(rest, extra=rest.recovery * p.wait)
    elif kind == 2:  # a layer costs what it is worth
        chance = p.off_share * (1 if rng.random() < 0.5 else 1 - p.first.recovery)
        rest = replace(rest, download=max(chance * (1 - rest.recovery) ** k * p.saving, F(0)))
    else:  # two placements cost the same
        j, other = [induction(p, m) for m in range(p.layers + 1)], int(rng.integers(0, p.layers + 1))
        if k != other:
            rest = replace(rest, download=max(rest.download + (j[k] - j[other]) / (other - k), F(0)))
    return replace(p, rest=rest, first=rest if equal else p.first)


def problems(seed: int, count: int, **choice):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        p = random_problem(rng, **choice)
        yield tied(rng, p) if rng.random() < 0.5 else p


# ---------------------------------------------------------------- J and M* are those of the optimal rule, exactly


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("seed", beyond(1, range(4)))
def test_all_costs_and_the_best_placement_are_exact(equal, seed):
    for p in problems(seed, 1000, equal=equal):
        j, best = optimum(p)
        assert expected_costs(p).tolist() == j, p
        assert best_placement(p) == best, p


@pytest.mark.parametrize("equal", [True, False])
def test_no_policy_is_better(equal):
    for p in problems(10, 60, equal=equal, layers=2):
        assert expected_costs(p)[2] == every_policy(p, 2), p
    for p in problems(11, 25, equal=equal, layers=3):
        assert expected_costs(p)[3] == markov_policies(p, 3), p
    for p in problems(12, 8, equal=equal, layers=4):
        assert expected_costs(p)[3] == markov_policies(p, 3), p
        assert expected_costs(p)[4] == markov_policies(p, 4), p


@exhaustive
def test_random_problems_hold_what_may_go_wrong():
    """Each case that R22 tells apart, and each tie, comes up often enough to matter."""
    drawn = [p for equal in (True, False) for p in problems(0, 1000, equal=equal)]
    j = [optimum(p)[0] for p in drawn]
    seen = {
        "N = 1": [p.layers == 1 for p in drawn],
        "free layers": [p.rest.extra == 0 for p in drawn],
        "free downloads": [p.rest.download == 0 and p.saving > 0 < p.off_share for p in drawn],
        "nothing saved": [p.saving == 0 for p in drawn],
        "to the end from anywhere": [p.layers * p.rest.extra <= p.rest.send for p in drawn],
        "k0 = 0": [p.rest.extra > p.rest.send for p in drawn],
        "k0 delta = C1": [p.rest.extra > 0 == p.rest.send % p.rest.extra for p in drawn],
        "equal minima": [each.count(min(each)) > 1 for each in j],
        "inside": [0 < best_placement(p) < p.layers for p in drawn],
        "the end": [best_placement(p) == p.layers > 1 for p in drawn],
        "first layer saves": [p.first.extra < 0 for p in drawn],
        "no input": [p.first.send == 0 < -p.first.extra for p in drawn],
        "memory": [p.largest_placement < optimum(replace(p, largest_placement=-1))[1] for p in drawn],
    }
    assert {name: sum(cases) for name, cases in seen.items() if sum(cases) < 20} == {}


# ---------------------------------------------------------------- what R22 says


@pytest.mark.parametrize("seed", range(4))
def test_short_of_the_last_layer_stop_when_on_and_go_on_while_off_if_that_saves(seed):
    for p in problems(20 + seed, 50, equal=True):
        goes_on = p.saving > 0
        for m in range(min(p.layers, 5) if p.rest.send else 0):
            stops = {seen: seen[-1] == ON or not goes_on for n in range(m) for seen in product((ON, OFF), repeat=n + 1)}
            assert follow(p, m, stops) == induction(p, m)


@pytest.mark.parametrize("seed", range(4))
def test_with_all_layers_go_on_when_on_if_what_is_left_costs_less_than_sending(seed):
    for p in problems(30 + seed, 50, equal=True):
        if p.sends_result or p.layers > 5:
            continue
        j = p.layers * p.rest.download + p.edge
        if p.layers * p.rest.extra <= p.rest.send:
            assert induction(p, p.layers) == j + p.layers * p.rest.extra
        elif p.rest.send:  # with R22's numbers
            k0 = floor(p.rest.send / p.rest.extra)
            y = (k0 + 1) * p.rest.extra - p.rest.send
            a = 1 - p.rest.recovery
            if a < 1:
                w = p.rest.extra / (1 - a)
                more = min(p.wait, w - a ** (p.layers - k0 - 1) * (w - y))
                assert induction(p, p.layers) == j + p.rest.send + p.off_share * more


def test_equal_layers_have_one_candidate_short_of_the_last():
    """A layer more is worth pi_off a^(M-1) G: the first that costs more ends it."""
    for p in problems(40, 2000, equal=True):
        if not p.rest.send or p.sends_result:
            continue
        a, worth = 1 - p.rest.recovery, p.off_share * p.saving
        j, interior = expected_costs(p), 0
        while interior < p.layers - 1 and a**interior * worth > p.rest.download:
            interior += 1
        assert list(j[: p.layers]).index(min(j[: p.layers])) == interior
        assert optimum(replace(p, largest_placement=-1))[1] in (interior, p.layers)


# ---------------------------------------------------------------- a fixed cost of sending (R24, R25)


def folded_induction(p: OnOffProblem, fixed, at_first, placement: int):
    """J of the optimal rule with fixed costs folded into the layers, by backward induction on what is left of `send`."""
    sending, layers = stages(p, placement)
    paid = [at_first, *[fixed] * placement][: placement + 1]
    paid = [f if on else 0 for f, (on, _) in zip(paid, sending, strict=True)]
    v = [cost - paid[-1] for cost in sending[-1]]
    for n in reversed(range(placement)):
        steps, extra = kernel(p.off_share, layers[n].recovery), layers[n].extra + paid[n + 1] - paid[n]
        v = [
            min(sending[n][s] - paid[n], extra + sum(q * w for q, w in zip(steps[s], v, strict=True)))
            for s in (ON, OFF)
        ]
    start = (1 - p.off_share) * v[ON] + p.off_share * v[OFF]
    return p.edge + paid[0] + sum(layer.download for layer in layers) + start


@pytest.mark.parametrize(("seed", "equal"), beyond(1, [(0, False), (0, True), (1, False), (1, True)]))
def test_fixed_costs_folded_into_the_layers_change_no_cost_and_no_placement(seed, equal):
    """However the input's own fixed cost is split between sending it, layer 1 and what is paid anyway."""
    rng, told_apart = np.random.default_rng(seed), 0
    for p in problems(50 + seed, 1000, equal=equal):
        least = min([layer.send for layer in (p.first, p.rest) if layer.send], default=F(0))
        fixed = F(int(rng.integers(0, 5)), 4) * least
        own = F(int(rng.integers(0, 4)), 4) * p.first.send  # never all of it: bits cost something
        at_first = fixed if equal else own
        j = [folded_induction(p, fixed, at_first, m) for m in range(p.layers + 1)]
        shift = fixed - at_first if p.first.send else F(0)
        split = replace(
            p,
            first=replace(p.first, send=p.first.send + shift, extra=p.first.extra + shift),
            edge=p.edge - shift,
            fixed=fixed,
        )
        fits = j[: p.largest_placement + 1]
        for form in (replace(p, fixed=fixed), split):
            assert expected_costs(form).tolist() == j, p
            assert best_placement(form) == fits.index(min(fits)), p
        told_apart += fixed > 0 != shift
    assert told_apart > 100 or equal


# ---------------------------------------------------------------- floats


def in_fractions(value):
    """The same, every float a fraction."""
    if is_dataclass(value):
        return replace(value, **{each.name: in_fractions(getattr(value, each.name)) for each in fields(value)})
    return F(value) if isinstance(value, float) else value


@st.composite
def float_problems(draw) -> OnOffProblem:
    """Outages from a thousandth of a layer to ten million layers long, costs over eight decades."""
    layers, off = draw(st.integers(1, 12)), draw(st.sampled_from([1e-20, 1e-6, 0.03, 0.5, 0.97]))

    def layer() -> Layer:
        return Layer(
            send=draw(powers(-4, 4)),
            extra=draw(powers(-5, 2)) * draw(st.sampled_from([0, 1])),
            recovery=(1 - off) * -np.expm1(-draw(powers(-7, 3))).item(),
            download=draw(powers(-8, 1)) * draw(st.sampled_from([0, 1])),
        )

    rest, wait = layer(), draw(powers(-4, 6))
    return OnOffProblem(
        layers=layers, off_share=off, wait=wait, first=draw(st.sampled_from([rest, layer()])), rest=rest
    )


@examples(60)
@given(float_problems())
def test_floats_keep_their_digits(p):
    exact = in_fractions(p)
    j = [induction(exact, m) for m in range(p.layers + 1)]
    np.testing.assert_allclose(expected_costs(p), np.array(j, float), rtol=1e-12)
    assert j[best_placement(p)] <= min(j) * (1 + F(1e-12))
    # the placement itself needs no J: it is right where all others are dearer by less than J can resolve
    runner_up = min((cost for m, cost in enumerate(j) if m != best_placement(exact)), default=0)
    if runner_up > min(j) * (1 + F(1e-12)):
        assert best_placement(p) == best_placement(exact)


def test_layers_that_save_less_than_the_last_digit_of_their_sum_are_told_apart():
    """Where J is flat to all its digits, the closed form still finds the layer at which the saving meets the download."""
    layer = Layer(send=1.0, extra=0.0, recovery=0.5, download=2.0**-70)
    p = OnOffProblem(layers=100, off_share=0.25, wait=1.0, first=layer, rest=layer, largest_placement=99)
    assert best_placement(in_fractions(p)) == best_placement(p) == 67
    assert expected_costs(p)[60] == expected_costs(p)[67]


def test_outages_too_rare_for_floats():
    """a = pi_off = 1e-20 is 0 beside 1; an outage so long is worth a layer yet."""
    layer = Layer(send=1.0, extra=0.5, recovery=1.0, download=1.0)
    p = OnOffProblem(layers=9, off_share=1e-20, wait=1e22, first=layer, rest=layer, largest_placement=8)
    assert best_placement(p) == 1
    assert best_placement(replace(p, first=replace(layer, recovery=0.5))) == 2  # half of the outages last


# ---------------------------------------------------------------- the link itself, event by event


LINK = OnOffLink(rate_bps=10.0, begin_per_s=0.3, end_per_s=0.8, sending_per_s=1.5, outage_per_s=0.9)


def moved(rng, state, seconds, link=LINK):
    """The state of the link some seconds later."""
    while (stay := rng.exponential(1 / (link.begin_per_s if state == ON else link.end_per_s))) < seconds:
        seconds, state = seconds - stay, 1 - state
    return state


def sent(rng, state, bits, link=LINK):
    """What sending costs in the end, and the wait for the link is part of it."""
    cost, left = 0.0, bits / link.rate_bps
    while left > 0:
        stay = rng.exponential(1 / (link.begin_per_s if state == ON else link.end_per_s))
        cost += link.sending_per_s * min(stay, left) if state == ON else link.outage_per_s * stay
        left -= stay if state == ON else 0
        state = 1 - state
    return cost


def agrees(samples, value):
    assert abs(np.mean(samples) - value) < 4 * np.std(samples) / sqrt(len(samples))


def test_sending_and_waiting_cost_what_the_link_makes_them_cost():
    rng = np.random.default_rng(1)
    agrees([sent(rng, ON, 40.0) for _ in range(20_000)], LINK.send(40.0))
    agrees([sent(rng, OFF, 40.0) for _ in range(20_000)], LINK.wait + LINK.send(40.0))
    agrees([moved(rng, OFF, 1e3) for _ in range(2_000)], LINK.off_share)
    agrees([moved(rng, OFF, 0.7) == ON for _ in range(20_000)], LINK.recovery(0.7))


@pytest.mark.parametrize("layers", [4, 5, 13])
def test_an_inference_costs_what_the_closed_form_says(layers):
    """Four layers placed: while off go on; when on stop, or go on to the end if that is there and cheaper than sending."""
    rng, bits, layer_s = np.random.default_rng(2), 10.0, 0.8
    link = replace(LINK, outage_per_s=20.0)
    send = link.send(bits)
    layer = Layer(send=send, extra=0.4 * send, recovery=link.recovery(layer_s), download=0.02)
    p = OnOffProblem(layers=layers, off_share=link.off_share, wait=link.wait, first=layer, rest=layer)
    assert p.saving > 0

    def inference():
        state, spent = int(rng.random() < link.off_share), 4 * layer.download
        for left in (4, 3, 2, 1):
            if state == ON and (layers > 4 or left * layer.extra > layer.send):
                return spent + sent(rng, ON, bits, link)
            spent, state = spent + layer.extra, moved(rng, state, layer_s, link)
        return spent + (sent(rng, state, bits, link) if layers > 4 else 0.0)

    agrees([inference() for _ in range(20_000)], expected_costs(p)[4])


# ---------------------------------------------------------------- from costs on a channel in motion


@st.composite
def scenarios(draw) -> Scenario:
    """MLPs on links that are off for a part of a layer, or for many."""
    neurons = 2000
    scenario = Scenario(
        dnn=coinfer.mlp(
            draw(st.integers(1, 12)), neurons, inputs=draw(st.sampled_from([500, neurons, 9000])), activation_bits=8
        ),
        channel=channel.OnOff(
            rate_bps=draw(powers(3, 7)),
            mean_on_s=draw(powers(-2, 3)),
            mean_off_s=draw(powers(-2, 3)),
            sending=draw(st.sampled_from(["moving", "held"])),
        ),
        inferences_per_update=draw(st.sampled_from([10, 10**4, 10**7])),
        result_at_edge=draw(st.booleans()),
        weights=Weights(time_per_s=draw(st.sampled_from([0.3, 1.0])), energy_per_j=draw(st.sampled_from([0.1, 2.0]))),
    )
    if draw(st.booleans()):
        scenario = scenario.replace(device__memory_bits=draw(powers(7, 9)))
    return scenario


def with_fixed_costs(costs: Costs, fixed: float, at_first: float) -> Costs:
    """Sending costs that much more whatever the channel, which is folded into the layers."""
    paid = np.where(costs.bits > 0, [at_first, *[fixed] * costs.layers], 0.0)
    names = ("bits", "download", "law", "largest_placement")
    return Costs(
        extra=costs.extra + np.diff(paid),
        edge=costs.edge + paid[0],
        **{name: getattr(costs, name) for name in names},
    )


@given(scenarios(), st.just(0.0) | powers(-4, 1), st.just(0.0) | powers(-4, 1))
def test_closed_form_of_a_scenario_with_a_fixed_cost_of_sending(scenario, fixed, at_first):
    """By backward induction on what is folded into the layers, and told apart again by `from_costs`."""
    costs = coinfer.costs(scenario)
    assume(np.all(costs.extra[1:] >= 0))
    folded = with_fixed_costs(costs, fixed, at_first)
    p, best, alone = from_costs(folded), plan(folded), from_costs(costs)
    np.testing.assert_allclose(expected_costs(p), best.costs, rtol=1e-9)
    assert best.costs[best_placement(p)] <= best.cost * (1 + 1e-9)
    if costs.layers > 2 and not costs.bits[-1]:
        slack = 1e-14 * (fixed + at_first + abs(costs.extra).max())
        assert p.fixed == pytest.approx(fixed, rel=1e-9, abs=slack)
        assert p.rest.send == pytest.approx(alone.rest.send + fixed, rel=1e-9)
        assert p.rest.extra == pytest.approx(alone.rest.extra, rel=1e-9, abs=slack)
        assert best.placement >= plan(costs).placement or at_first != fixed  # only the last layer is worth more (R18j)


@given(scenarios())
def test_closed_form_of_a_scenario(scenario):
    costs = coinfer.costs(scenario)
    assume(np.all(costs.extra[1:] >= 0))
    p, best = from_costs(costs), plan(costs)
    np.testing.assert_allclose(expected_costs(p), best.costs, rtol=1e-9)
    found = mlp_placement(scenario, rule="optimal")
    assert best.costs[found] <= best.cost * (1 + 1e-9)
    assert found <= costs.largest_placement
    sent_bits = costs.law.sent(costs.bits)
    np.testing.assert_allclose(sent_bits[:, 0], [p.first.send, p.first.send + p.wait], rtol=1e-9)


def on_off_costs(**fields) -> Costs:
    given = coinfer.costs(
        Scenario(dnn=coinfer.mlp(4, 100), channel=channel.OnOff(rate_bps=1e5, mean_on_s=9, mean_off_s=1))
    )
    names = ("extra", "bits", "download", "edge", "law", "largest_placement")
    return Costs(**({name: getattr(given, name) for name in names} | fields))


def from_on() -> MovingLaw:
    """The link is on when the input is there."""
    law = on_off_costs().law
    return MovingLaw(Chain.of(np.array([1.0, 0.0]), law.chain.kernels[1:]), law.sender)


def uneven_steps() -> MovingLaw:
    """One layer of the last three takes longer."""
    law = on_off_costs().law
    steps = law.chain.kernels[1:].copy()
    steps[2] = steps[2] @ steps[2]
    return MovingLaw(Chain.of(law.chain.initial, steps), law.sender)


@pytest.mark.parametrize(
    ("wrong", "rule", "names"),
    [
        (lambda: on_off_costs(), "1-sla", ["rule = '1-sla'", "memory", "'optimal'"]),
        (lambda: on_off_costs(extra=[1.0, 2.0, 3.0, 2.0]), "optimal", ["extra = [2.0, 3.0]", "same"]),
        (lambda: on_off_costs(extra=[1.0, 2.0, 2.0, 2.5]), "optimal", ["extra = 2.5 at the end", "2.0 as", "`plan`"]),
        (
            lambda: on_off_costs(extra=[1.0, 2.0, 2.0, 1.5], bits=[9.0, 0.0, 0.0, 0.0, 0.0]),
            "optimal",
            ["extra = [2.0, 2.0, 1.5]", "same"],
        ),
        (
            lambda: on_off_costs(extra=[1.0, 2.0, 2.0, 1.5], bits=[9.0, 8.0, 8.0, 8.0, 8.0]),
            "optimal",
            ["extra = [2.0, 2.0, 1.5]", "same"],
        ),
        (lambda: on_off_costs(extra=[1.0, -2.0, -2.0, -2.0]), "optimal", ["extra = -2.0", "nonnegative", "`plan`"]),
        (lambda: on_off_costs(bits=[9.0, 8.0, 8.0, 7.0, 0.0]), "optimal", ["bits = [8.0, 8.0, 7.0]", "same"]),
        (lambda: on_off_costs(bits=[9.0, 8.0, 8.0, 8.0, 5.0]), "optimal", ["bits = 5.0 at the end", "0, or 8.0"]),
        (lambda: on_off_costs(download=[1.0, 2.0, 2.0, 3.0]), "optimal", ["download = [2.0, 2.0, 3.0]", "same"]),
        (lambda: on_off_costs(law=from_on()), "optimal", ["channel: starts in [1.0, 0.0]", "stationary"]),
        (lambda: on_off_costs(law=uneven_steps()), "optimal", ["recovery = ", "same"]),
        (
            lambda: Scenario(dnn=coinfer.mlp(4, 100), channel=channel.Moving(coherence_time_s=1.0)),
            "optimal",
            ["channel", "on-off", "`plan`"],
        ),
    ],
)
def test_other_problems_are_refused(wrong, rule, names):
    with pytest.raises(InputError) as error:
        mlp_placement(wrong(), rule=rule)
    assert all(name in str(error.value) for name in names), error.value


def test_costs_of_many_problems_are_refused():
    with pytest.raises(InputError, match="bits: have 2 dimensions"):
        from_costs(on_off_costs(bits=np.ones((2, 5)), extra=np.ones((2, 4))))


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize("seed", range(40))
def test_steps_by_hand_lead_to_the_placement(seed):
    """Each formula, read as it is printed, gives its value from the values before it; and J(0)..., M* are those above."""
    rng = np.random.default_rng(seed)
    link = OnOffLink(**dict(zip([each.name for each in fields(OnOffLink)], rng.uniform(0.2, 2, 5), strict=True)))
    numbers = dict(zip(("o_0", "o", "t_1", "t", "delta_1", "delta", "D_1", "D"), rng.uniform(0.1, 1, 8), strict=True))
    numbers["delta"] *= rng.choice([0.0, 0.1, 1.0])
    numbers["D"] *= rng.choice([0.0, 0.003, 0.1])
    fixed = numbers["delta"] * rng.uniform(0, 2) * (rng.random() < 0.5)
    numbers["delta_N"] = numbers["delta"] - fixed
    first, rest = (
        Layer(
            send=link.send(numbers[o]) + fixed,
            extra=numbers[f"delta{i}"],
            recovery=link.recovery(numbers[f"t{i}"]),
            download=numbers[f"D{i}"],
        )
        for o, i in (("o_0", "_1"), ("o", ""))
    )
    layers, ends = int(rng.integers(1, 9)), bool(rng.random() < 0.3)
    p = OnOffProblem(
        layers=layers,
        off_share=link.off_share,
        wait=link.wait,
        first=first,
        rest=rest,
        edge=0.5,
        fixed=fixed,
        sends_result=ends,
    )
    names = {"r": link.rate_bps, "u": link.begin_per_s, "l": link.end_per_s}
    names |= numbers | {"c": link.sending_per_s, "c_o": link.outage_per_s, "N": layers, "C_edge": 0.5}
    names |= {function: getattr(math, function) for function in ("ceil", "exp", "floor", "log")} | {"min": min}
    *steps, (symbol, _, placement) = pocket_steps(p)
    for symbol, formula, value in steps:
        names[symbol] = eval(formula, {"__builtins__": {}}, names)
        assert names[symbol] == pytest.approx(value, rel=1e-9), (symbol, formula)
    j = {int(name[2:-1]): value for name, value in names.items() if name.startswith("J(")}
    assert placement == min(j, key=j.get) == best_placement(p) == np.argmin(expected_costs(p))


def test_no_steps_by_hand_where_nothing_is_sent():
    layer = Layer(send=1.0, extra=1.0, recovery=0.5, download=0.0)
    for change, named in (({"send": 0.0}, "send = 0"), ({"recovery": 0.0}, "recovery = 0")):
        p = OnOffProblem(layers=3, off_share=0.5, wait=1.0, first=layer, rest=replace(layer, **change))
        with pytest.raises(InputError, match=named):
            pocket_steps(p)


# ---------------------------------------------------------------- bad numbers

GOOD_LINK = dict(zip([each.name for each in fields(OnOffLink)], [10.0, 0.3, 0.8, 1.5, 0.9], strict=True))
GOOD_LAYER = {"send": 1.0, "extra": 0.5, "recovery": 0.5, "download": 0.1}
GOOD_PROBLEM = {"layers": 4, "off_share": 0.5, "wait": 1.0, "first": Layer(**GOOD_LAYER), "rest": Layer(**GOOD_LAYER)}


@pytest.mark.parametrize(
    ("kind", "good", "field", "value"),
    [
        *((OnOffLink, GOOD_LINK, name, -1.0) for name in GOOD_LINK),
        *((OnOffLink, GOOD_LINK, name, 0.0) for name in ("rate_bps", "end_per_s")),
        *((OnOffLink, GOOD_LINK, name, math.inf) for name in GOOD_LINK),
        *((Layer, GOOD_LAYER, name, math.nan) for name in GOOD_LAYER),
        *((Layer, GOOD_LAYER, name, -0.1) for name in ("send", "recovery", "download")),
        (Layer, GOOD_LAYER, "recovery", 1.1),
        *((OnOffProblem, GOOD_PROBLEM, "layers", value) for value in (0, 1.5)),
        *((OnOffProblem, GOOD_PROBLEM, "largest_placement", value) for value in (-2, 5)),
        *((OnOffProblem, GOOD_PROBLEM, "off_share", value) for value in (-0.1, 1.0)),
        *((OnOffProblem, GOOD_PROBLEM, "wait", value) for value in (-0.1, math.inf)),
        (OnOffProblem, GOOD_PROBLEM, "edge", math.nan),
        *((OnOffProblem, GOOD_PROBLEM, "fixed", value) for value in (-0.1, 1.1, math.nan)),
    ],
)
def test_bad_numbers_are_named(kind, good, field, value):
    with pytest.raises(InputError) as error:
        kind(**good | {field: value})
    assert str(error.value).startswith(f"{field} = {value}: should be ")


def test_an_outage_that_ends_too_often_for_its_share_is_refused():
    for field in ("first", "rest"):
        with pytest.raises(InputError, match=r"recovery = 0\.75: should be at most 1 - off_share = 0\.5"):
            OnOffProblem(**GOOD_PROBLEM | {field: Layer(**GOOD_LAYER | {"recovery": 0.75})})
    with pytest.raises(InputError, match=r"extra = -0\.5: should be nonnegative"):
        OnOffProblem(**GOOD_PROBLEM | {"rest": Layer(**GOOD_LAYER | {"extra": -0.5})})
    OnOffProblem(**GOOD_PROBLEM | {"first": Layer(**GOOD_LAYER | {"extra": -0.5})})  # layer 1 may be better at home
