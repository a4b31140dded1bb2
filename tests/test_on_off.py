"""The closed form with memory, R22: equal layers on a link that comes and goes.

Every policy in exact fractions, backward induction in exact fractions, and the link itself, event by event, which knows
of no formula. Nothing here is taken from the module that is tested but the names of the numbers.
"""

from dataclasses import astuple, replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinfer.on_off_form import (
    Layer,
    OnOffLink,
    OnOffProblem,
    best_placement,
    expected_costs,
)
from coinfer.validation import InputError

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
@pytest.mark.parametrize("seed", range(4))
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


def test_random_problems_hold_what_may_go_wrong():
    """Each case that R22 tells apart, and each tie, comes up often enough to matter."""
    drawn = [p for seed in range(4) for equal in (True, False) for p in problems(seed, 1000, equal=equal)]
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
    assert {name: sum(cases) for name, cases in seen.items() if sum(cases) < 50} == {}
