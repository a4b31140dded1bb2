"""Tied to the code: what was proved is what the package computes.

A claim's two sides, unfolded down to what is given and turned into plain functions, are compared with public functions
of the package, over the parameters' domains, on dyadic numbers (ties are then exact) and on others. The two sides of
an inequality are also compared with each other as the package computes them. Changing a formula of `derivations` or
of the numeric code alone breaks a test here; the last tests of `chains` show it with every mutant of the claims.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product
from math import exp, floor, fsum, inf, isclose, log

import mpmath
import numpy as np
import pytest
import scipy.integrate
import sympy as sp
from effort import beyond, examples, exhaustive
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import DISCRETE, dyadic_costs, links, numbers, powers, problems

from coinfer import Costs, InputError, Link, Weights, channel, clairvoyant, mlp_placement, plan
from coinfer.channel.fading_law import scaled_e1
from coinfer.channel.gain_law import NODES, rayleigh
from coinfer.closed_form import geometric_sum, mlp_critical_downloads
from coinfer.cost import costs as scenario_costs
from coinfer.derivations import claim
from coinfer.derivations.engine.instance import instance
from coinfer.rules import static_costs
from coinfer.scenario import load_scenario
from coinfer.stopping import (
    evaluate,
    look_ahead_costs,
    look_ahead_thresholds,
    optimal_costs,
    sending_costs,
)

OUTCOMES, LAYERS = 3, 3
TOLERANCE = 1e-10
SIGN = {"<=": -1, "<": -1, ">=": 1, ">": 1}


# ---------------------------------------------------------------- proved expressions as plain functions


@cache
def compiled(expression: sp.Expr, modules: str = "math") -> Callable[[dict], float]:
    """The expression as a function of its symbols' values by name."""
    symbols = sorted(expression.free_symbols, key=str)
    names = [each.name for each in symbols]
    if modules == "mpmath" or len(set(names)) < len(names):  # gamma is a function, too
        plain = [sp.Symbol(f"value_{number}") for number in range(len(symbols))]
        expression, symbols = expression.xreplace(dict(zip(symbols, plain, strict=True))), plain
    function = sp.lambdify(symbols, expression, modules, cse=modules == "math")
    return lambda values: function(*(values[name] for name in names))


@cache
def unfolded(expression: sp.Expr, indices: tuple[tuple[str, int], ...]) -> Callable[[dict], float]:
    """The expression for a law of `OUTCOMES` outcomes at these indices."""
    return compiled(instance(expression, OUTCOMES, **dict(indices)))


def proved(label: str, side: str = "formula", **indices: int) -> Callable[[dict], float]:
    """One side of a claim."""
    return unfolded(getattr(claim(label), side), tuple(sorted(indices.items())))


def exact(expression: sp.Expr, **values: float) -> float:
    """A plain expression with fifty digits."""
    with mpmath.workdps(50):
        exact_values = {name: mpmath.mpf(float(value)) for name, value in values.items()}
        return float(compiled(expression, "mpmath")(exact_values))


def same(value: float, other: float) -> bool:
    return isclose(value, other, rel_tol=TOLERANCE)


def given_values(costs: Costs, setting: str = "chain") -> dict[str, float]:
    """What symbols stand for: the chain, and the law's outcomes padded with impossible ones."""
    x, p = (
        np.append(values, np.zeros(OUTCOMES - len(values)))
        for values in (costs.law.unit_costs, costs.law.probabilities)
    )
    later = min(1, costs.layers - 1) if setting == "own input" else 0
    named = {
        "o": costs.bits[1 if setting == "own input" else 0],
        "delta": costs.extra[later],
        "D": costs.download[later],
        "C_edge": costs.edge,
        "o_N": 0.0 if setting == "equal layers" else costs.bits[-1],  # where no result is told from features
        "delta_N": costs.extra[-1],
        "a": costs.law.unit_costs[0],
        "b": costs.law.unit_costs[-1],
        "x": costs.law.unit_costs[0],
        "alpha": costs.law.probabilities[0],
    }
    for name, values, start in (
        ("o", costs.bits, 0), ("delta", costs.extra, 1), ("D", costs.download, 1), ("x", x, 1), ("p", p, 1)
    ):  # fmt: skip
        named |= {f"{name}_{start + i}": value for i, value in enumerate(values)}
    return {name: float(value) for name, value in named.items()}


def size(costs: Costs) -> float:
    """The magnitude of the terms a cost is a sum of: 1e-10 is relative to it."""
    terms = [
        abs(costs.edge),
        np.abs(costs.extra).sum(),
        costs.download.sum(),
        costs.bits.max() * costs.law.unit_costs.max(),
    ]
    return float(sum(terms)) + 1e-300


def undecided(costs: Costs) -> bool:
    """Whether rounding, not the tie rule, could decide whether a look-ahead of some depth stops."""
    atoms = costs.law.unit_costs
    if np.all(atoms * 64 == np.round(atoms * 64)):
        return False  # dyadic: ties are exact
    for depth, last in product(range(1, costs.layers + 1), repeat=2):
        a = look_ahead_thresholds(costs, last, depth)[:, None]
        sent = costs.bits[:last, None] * atoms
        if np.any((np.abs(sent - a) <= 1e-9 * size(costs)) & ((sent != 0) | (a != 0))):
            return True
    return False


# ---------------------------------------------------------------- what the package says of a chain


def tail(costs: Costs, n: int) -> Costs:
    """The chain from stage n on, without what is paid once."""
    return Costs(extra=costs.extra[n:], bits=costs.bits[n:], download=0 * costs.download[n:], edge=0.0, law=costs.law)


def best(costs: Costs, n: int, last: int) -> float:
    """v_n of the optimal rule."""
    return float(sending_costs(costs)[n] if n == last else optimal_costs(tail(costs, n))[last - n])


def ahead(costs: Costs, n: int, depth: int, last: int) -> float:
    """What look-ahead pays from stage n on."""
    return float(sending_costs(costs)[n] if n == last else look_ahead_costs(tail(costs, n), depth)[last - n])


def total(costs: Costs, depth: int = 1) -> np.ndarray:
    """J(0)..J(N) of look-ahead."""
    return plan(costs, rule="look-ahead", depth=depth).costs


def gap(costs: Costs, last: int) -> float:
    return plan(costs, rule="look-ahead", placement=last).gap.total


def threshold(costs: Costs, n: int, depth: int, last: int) -> float:
    return float(look_ahead_thresholds(costs, last, depth)[n])


def saving(costs: Costs, m: int) -> float:
    """G_m."""
    return float(costs.law.saving(costs.bits[m], threshold(costs, m, 1, m + 1)))


def reach(costs: Costs, m: int, depth: int, last: int) -> float:
    """The chance that look-ahead of a depth reaches stage m."""
    return float(costs.law.reach(costs.bits[:last], look_ahead_thresholds(costs, last, depth))[m])


def going(costs: Costs, n: int, threshold: float) -> float:
    """P(o_n X > A)."""
    return float(costs.law.go_probability(costs.bits[n], threshold))


def seen(costs: Costs, n: int, last: int) -> float:
    """What stage n costs under the optimal threshold, from the parts of the law."""
    o, a = costs.bits[n], threshold(costs, n, LAYERS, last)
    return float(costs.law.stop_cost(o, a) + a * costs.law.go_probability(o, a))


def foresight(costs: Costs, n: int, last: int) -> float:
    return float(sending_costs(costs)[n] if n == last else clairvoyant(tail(costs, n))[last - n])


def spread(costs: Costs, last: int, longest: int) -> float:
    """The bound of N5."""
    return sum((reach(costs, m, LAYERS, longest) - reach(costs, m, 1, last)) * saving(costs, m) for m in range(last))


def falls(costs: Costs, M: int, k: int) -> float:
    j = max(M + 1 - k, 0)
    return costs.download[M] - reach(costs, j, k, M + 1) * (best(costs, j, M) - best(costs, j, M + 1))


def last_saving(costs: Costs, result: float) -> float:
    """What the last layer of an MLP saves at stage N - 1."""
    return float(costs.law.saving(costs.bits[0], costs.extra[-1] + result * costs.law.mean))


def endless(costs: Costs) -> float:
    """v of an endless chain, E[(delta + v - o X)^+] = delta > 0, solved piece by piece."""
    o, delta, x, p = costs.bits[0], costs.extra[0], costs.law.unit_costs, costs.law.probabilities
    mass, cost = np.cumsum(p), np.cumsum(p * o * x)
    roots = (delta + cost) / mass - delta
    below = np.append(o * x[1:], inf) >= roots + delta
    return float(roots[np.argmax(below)])


def series(costs: Costs, a: float, terms: int) -> float:
    """G (1 + p + ... + p^(terms-1)), p the chance of going on at a threshold."""
    stop = costs.law.stop_probability(costs.bits[0], a)
    return saving(costs, 0) * float(geometric_sum(going(costs, 0, a), stop, terms))


def deep_bound(costs: Costs, last: int) -> float:
    """The bound of R16d, where no outcome is at its threshold."""
    return series(costs, costs.extra[0] + endless(costs), last) - series(costs, threshold(costs, 0, 1, 1), last)


# ---------------------------------------------------------------- the ties of a chain

Value = Callable[..., float]


@dataclass(frozen=True)
class Tie:
    """A claim, its indices, and what the package says of its left side and of its formula."""

    label: str
    indices: str
    left: Value | None
    formula: Value | None
    when: Callable[..., bool] = lambda *given, **indices: True

    def cases(self, layers: int) -> Iterator[dict[str, int]]:
        """All indices the claim allows in a chain of so many layers; a placement is given or one below."""
        for numbers_ in product(range(layers + 1), repeat=len(self.indices.split())):
            case = dict(zip(self.indices.split(), numbers_, strict=True))
            if self.when(layers, **case):
                yield case


def inside(layers: int, n: int = 0, M: int = 0, m: int | None = None, k: int = 1) -> bool:
    return n <= M <= (layers if m is None else m) and k >= 1


def before(layers: int, n: int = 0, M: int = 0, k: int = 1, **others: int) -> bool:
    return n < M and k >= 1


def one_more(layers: int, n: int = 0, M: int = 0, k: int = 1, m: int = 0) -> bool:
    return n <= M < layers and m < layers and k >= 1


def own(layers: int, N: int = 0, n: int = 0) -> bool:
    return layers == N and n < N


CHAIN = [
    Tie("R3", "n M", lambda c, n, M: best(c, n, M), None, inside),
    Tie("R3a", "n M", lambda c, n, M: best(c, n, M), lambda c, n, M: seen(c, n, M), before),
    Tie(
        "R4", "n M", lambda c, n, M: threshold(c, n, 1, M), lambda c, n, M: c.extra[n] + sending_costs(c)[n + 1], before
    ),
    Tie(
        "R4a",
        "n k M",
        lambda c, n, k, M: threshold(c, n, k, M),
        lambda c, n, k, M: threshold(c, n, c.layers, M),
        lambda layers, n, k, M: before(layers, n, M, k) and n + k >= M,
    ),
    Tie("R4a", "n k M", lambda c, n, k, M: threshold(c, n, k, M), None, before),  # and where it ends before M
    Tie("R5", "n M", lambda c, n, M: best(c, n, M + 1), lambda c, n, M: best(c, n, M), one_more),
    Tie(
        "R5a",
        "n M m",
        lambda c, n, M, m: best(c, n, M),
        lambda c, n, M, m: best(c, n, m),
        lambda layers, n, M, m: n <= m <= M,
    ),
    Tie("R5b", "n M", lambda c, n, M: threshold(c, n, c.layers, M), lambda c, n, M: threshold(c, n, 1, M), before),
    Tie("R5c", "M", lambda c, M: ahead(c, M, 1, M + 1), lambda c, M: best(c, M, M + 1), one_more),
    Tie("R10", "n M", lambda c, n, M: foresight(c, n, M), lambda c, n, M: best(c, n, M), inside),
    Tie("R10a", "n M", lambda c, n, M: best(c, 0, M), lambda c, n, M: static_costs(c)[n], inside),
    Tie("R15", "M", lambda c, M: ahead(c, 0, 1, M) - best(c, 0, M), lambda c, M: gap(c, M), inside),
    Tie("R17", "n k M", lambda c, n, k, M: ahead(c, n, k + 1, M), lambda c, n, k, M: ahead(c, n, k, M), inside),
    Tie(
        "R17a",
        "n k M",
        lambda c, n, k, M: ahead(c, 0, k, M),
        lambda c, n, k, M: static_costs(c)[n],
        lambda layers, n, k, M: n <= min(k, M) and k >= 1,
    ),
    Tie(
        "R6",
        "M",
        lambda c, M: np.diff(total(c))[M],
        lambda c, M: c.download[M] - reach(c, M, 1, M + 1) * saving(c, M),
        one_more,
    ),
    Tie("N1", "k M", lambda c, k, M: np.diff(total(c, k))[M], lambda c, k, M: falls(c, M, k), one_more),
    Tie("R16", "n M", lambda c, n, M: best(c, n, M) - best(c, n, M + 1), lambda c, n, M: saving(c, M), one_more),
    Tie(
        "R16a",
        "M",
        lambda c, M: -np.diff(optimal_costs(c))[M],
        lambda c, M: saving(c, M) * reach(c, M, 1, M + 1),
        one_more,
    ),
    Tie("R16b", "M", lambda c, M: gap(c, M), lambda c, M: gap(c, M + 1), one_more),
    Tie(
        "R16c",
        "M",
        lambda c, M: gap(c, M),
        lambda c, M: plan(c, rule="look-ahead", placement=M).gap.bound,
        lambda layers, M: M >= 1,
    ),
    Tie("N5", "M m", lambda c, M, m: gap(c, M), lambda c, M, m: spread(c, M, m), inside),
]
EQUAL = [
    Tie(
        "R7",
        "M",
        lambda c, M: total(c)[M],
        lambda c, M: c.edge + c.bits[0] * c.law.mean + M * c.download[0] - series(c, threshold(c, 0, 1, 1), M),
        inside,
    ),
    Tie("R8", "n M", lambda c, n, M: best(c, n, M), lambda c, n, M: best(c, 0, M - n), inside),
    Tie(
        "R8a",
        "k",
        lambda c, k: -np.diff(optimal_costs(c))[k + 1],
        lambda c, k: -np.diff(optimal_costs(c))[k],
        lambda layers, k: k + 1 < layers,
    ),
    Tie(
        "R8b",
        "M",
        lambda c, M: np.diff(plan(c).costs)[M],
        lambda c, M: c.download[0] - best(c, 0, M) + best(c, 0, M + 1),
        one_more,
    ),
    Tie("R9b", "k", lambda c, k: best(c, 0, k), lambda c, k: endless(c)),
    Tie("R9c", "k", lambda c, k: best(c, 0, k), lambda c, k: k * c.extra[0] + sending_costs(c)[0]),
    Tie("R9d", "k", lambda c, k: best(c, 0, k), lambda c, k: c.bits[0] * c.law.unit_costs[0]),
    Tie("R16d", "M", lambda c, M: gap(c, M), lambda c, M: deep_bound(c, M)),
    Tie("N3b", "", lambda c: saving(c, 0), lambda c: last_saving(c, 0.0)),
]
RESULT = [
    Tie(
        "N4",
        "N",
        lambda c, N: np.diff(total(c))[-1],
        lambda c, N: c.download[0] - reach(c, N - 1, 1, N) * last_saving(c, c.bits[-1]),
        own,
    ),
    Tie(
        "N4a",
        "N",
        lambda c, N: np.diff(total(c))[-1],
        lambda c, N: c.download[0] - reach(c, N - 1, 1, N) * last_saving(c, 0),
        own,
    ),
]
KEPT = [
    Tie(
        "R7a",
        "N",
        lambda c, N: np.diff(total(c))[-1],
        lambda c, N: c.download[0] - reach(c, N - 1, 1, N) * last_saving(c, 0.0),
        own,
    ),
    Tie("R8c", "n N", lambda c, n, N: best(c, n, N), lambda c, n, N: best(c, n, N), own),
]
INPUT = [
    Tie(
        "R7e",
        "M",
        lambda c, M: np.diff(total(c))[M + 1],
        lambda c, M: c.download[1] - reach(c, M + 1, 1, M + 2) * saving(c, 1),
        lambda layers, M: layers >= M + 2,
    )
]
TWO_POINTS = [
    Tie("R18c", "k", lambda c, k: best(c, 0, k), lambda c, k: ahead(c, 0, 1, k)),
    Tie("R18d", "n M", lambda c, n, M: ahead(c, n, 1, M), lambda c, n, M: best(c, 0, M - n), inside),
    Tie("R18e", "", lambda c: saving(c, 0), lambda c: -np.diff(optimal_costs(c))[0]),
]
TIES = {
    "chain": CHAIN,
    "equal layers": EQUAL,
    "own result": RESULT,
    "kept": KEPT,
    "own input": INPUT,
    "two points": TWO_POINTS,
}


# ---------------------------------------------------------------- chains of all kinds

SEEDS = st.integers(0, 2**32 - 1)
SHARES = (0.0, 0.5, 1.0, 2.0)  # of the result in what a stage sends


@st.composite
def three_outcomes(draw: st.DrawFn) -> object:
    """A law with up to `OUTCOMES` outcomes over many orders of magnitude, 0 and equal ones included."""
    scale = draw(powers(-12, 3))
    x = draw(st.lists(st.just(0.0) | numbers(1e-3, 10), min_size=1, max_size=OUTCOMES))
    weights = np.array(draw(st.lists(st.integers(1, 20), min_size=len(x), max_size=len(x))), float)
    assume(max(x) > 0)
    return DISCRETE(scale * np.array(x), weights / weights.sum())


def alike(costs: Costs, setting: str, result: float = 0.0) -> Costs:
    """The chain with equal layers; the last stage and layer, or the first, may be of their own."""
    first = slice(0, 1) if setting == "own input" else slice(0, 0)
    extra, bits, download = costs.extra.copy(), costs.bits.copy(), costs.download.copy()
    extra[first.stop :], bits[first.stop :], download[first.stop :] = (
        extra[-1],
        max(bits[0], bits.max() / 4),
        download[-1],
    )
    if setting == "own result":
        bits[-1], extra[:-1] = result, costs.extra[0]
    return Costs(extra=extra, bits=bits, download=download, edge=costs.edge, law=costs.law)


def dyadic(seed: int, atoms: int | None = None) -> Costs:
    """Small numbers of few binary digits, on which all that is compared is exact, ties included."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, OUTCOMES + 1)) if atoms is None else atoms
    return dyadic_costs(rng, int(rng.integers(1, LAYERS + 1)), count)


CHAINS = SEEDS.map(dyadic) | problems(three_outcomes(), most_layers=LAYERS)


def prepared(costs: Costs, setting: str, share: float) -> Costs | None:
    """The chain as the setting wants it, whole on the device; None if it cannot be, or if rounding decides a tie."""
    costs = replace(costs, largest_placement=-1)
    if setting != "chain":
        result = 0.0 if setting == "kept" else share * costs.bits.max()
        costs = alike(costs, "own result" if setting == "kept" else setting, result)
        if not costs.bits[0] > 0:
            return None
    if setting == "two points":
        costs = replace(costs, extra=np.abs(costs.extra))
        if len(costs.law.unit_costs) != 2 or len(set(costs.law.unit_costs)) != 2 or not costs.extra[0] > 0:
            return None
    return None if undecided(costs) else costs


def costs_of(draw: st.DrawFn, setting: str) -> Costs:
    """A chain of the setting."""
    chains = st.builds(prepared, CHAINS, st.just(setting), st.sampled_from(SHARES))
    return draw(chains.filter(lambda costs: costs is not None))  # which tries again before it gives up


def assumed(label: str, costs: Costs) -> bool:
    """Whether the claim's assumptions on the parameters hold."""
    p = going(costs, 0, threshold(costs, 0, 1, 1))
    if (label in ("R9b", "R16d") and not costs.extra[0] > 0) or (label == "R9d" and not costs.extra[0] >= 0):
        return False
    if label == "R16d":
        bound = costs.extra[0] + endless(costs)
        atoms = costs.bits[0] * costs.law.unit_costs
        if np.any(np.abs(atoms - bound) <= 1e-9 * size(costs)) or not atoms[0] < bound:
            return False  # q = 1, or left to rounding
    return p < 1 - 1e-6 if label in ("R7", "R16d") else True


def check(tie: Tie, costs: Costs, setting: str) -> None:
    """Both sides are what the package says, and it says that they stand in the claim's relation."""
    slack = TOLERANCE * size(costs)
    values = given_values(costs, setting)
    if costs.extra[0] > 0:
        values["v_inf"] = endless(costs)
    for case in tie.cases(costs.layers):
        sides = []
        for side, value in (("left", tie.left), ("formula", tie.formula)):
            if value is not None:
                sides.append(float(value(costs, **case)))
                assert abs(sides[-1] - proved(tie.label, side, **case)(values)) <= slack, (tie.label, side, case)
        if len(sides) == 2:
            difference = sides[0] - sides[1]
            relation = claim(tie.label).relation
            assert abs(difference) <= slack if relation == "=" else SIGN[relation] * difference >= -slack, (
                tie.label,
                case,
            )


def each_setting(ties: dict[str, list[Tie]]) -> pytest.MarkDecorator:
    pairs = [(setting, tie) for setting, some in ties.items() for tie in some]
    names = [tie.label + ("" if tie.formula else "-left") for _, tie in pairs]
    return pytest.mark.parametrize(("setting", "tie"), pairs, ids=names)


@each_setting(TIES)
@given(st.data())
@examples(40)
def test_package_computes_what_was_proved(setting: str, tie: Tie, data: st.DataObject) -> None:
    """Every claim about a chain, on both sides."""
    costs = costs_of(data.draw, setting)
    assume(assumed(tie.label, costs))
    check(tie, costs, setting)


@exhaustive
@each_setting({setting: [tie for tie in ties if tie.formula] for setting, ties in TIES.items()})
def test_a_wrong_formula_is_not_what_the_package_computes(setting: str, tie: Tie) -> None:
    """The ties hold the proved side, too: each mutant of a claim's formula differs from the package somewhere."""
    wrong = {
        mutant.change: mutant.formula
        for mutant in claim(tie.label).mutants
        if mutant.formula != claim(tie.label).formula
    }
    for seed in range(400):
        costs = prepared(dyadic(seed), setting, SHARES[seed % len(SHARES)])
        if not wrong or costs is None or not assumed(tie.label, costs):
            continue
        values = given_values(costs, setting) | ({"v_inf": endless(costs)} if costs.extra[0] > 0 else {})
        for case in tie.cases(costs.layers):
            value = tie.formula(costs, **case)
            for change, formula in list(wrong.items()):
                try:
                    mutated = unfolded(formula, tuple(sorted(case.items())))(values)
                except (KeyError, ValueError, ZeroDivisionError):  # a layer that this chain lacks
                    continue
                if abs(value - mutated) > 1e-6 * size(costs):
                    del wrong[change]
    assert wrong == {}


# ---------------------------------------------------------------- any rule, dearer layers


@given(st.data())
def test_no_rule_is_cheaper_than_the_proved_optimum(data: st.DataObject) -> None:
    """R3: whatever the thresholds, following them costs at least v_0."""
    costs = costs_of(data.draw, "chain")
    least = proved("R3", "left", n=0, M=costs.layers)(given_values(costs))
    shares = data.draw(
        st.lists(st.just(-inf) | st.just(inf) | numbers(-2, 2), min_size=costs.layers, max_size=costs.layers)
    )
    thresholds = np.array(shares) * (costs.bits[:-1] * costs.law.mean + np.abs(costs.extra) + 1e-300)
    assert evaluate(costs, thresholds) >= least - TOLERANCE * size(costs)


@given(st.data())
@examples(40)
def test_each_stage_of_the_gap(data: st.DataObject) -> None:
    """R15, term by term: the price of stopping too early at a stage. The last, n = M - 1, is always 0."""
    costs = costs_of(data.draw, "chain")
    terms = claim("R15").formula
    (index, _, _) = terms.limits[0]
    for last in range(1, costs.layers + 1):
        stages = plan(costs, rule="look-ahead", placement=last).gap.stages
        for n, stage in enumerate(stages):
            wanted = unfolded(terms.function.xreplace({index: sp.Integer(n)}), (("M", last),))(given_values(costs))
            assert abs(stage - wanted) <= TOLERANCE * size(costs)
        assert abs(stages[-1]) <= TOLERANCE * size(costs)


@given(st.data(), st.lists(st.integers(0, 8), min_size=LAYERS, max_size=LAYERS))
@examples(60)
def test_dearer_layers_save_less(data: st.DataObject, rises: list[int]) -> None:
    """R18a, R18b: dearer layers make each fall of J smaller, under 1-sla and under the optimal rule."""
    costs = costs_of(data.draw, "chain")
    unit = size(costs) / 8 if undecided_scale(costs) else 1 / 4
    dearer = replace(costs, extra=costs.extra + unit * np.array(rises[: costs.layers]))
    assume(not undecided(dearer))
    values = given_values(costs) | {f"deltahat_{n + 1}": float(delta) for n, delta in enumerate(dearer.extra)}
    slack = TOLERANCE * size(dearer)
    for m in range(costs.layers):
        cheap, dear = (reach(c, m, 1, m + 1) * saving(c, m) for c in (costs, dearer))
        assert abs(dear - proved("R18a", "left", m=m)(values)) <= slack
        assert abs(cheap - proved("R18a", m=m)(values)) <= slack
        assert dear <= cheap + slack
        cheap, dear = (-np.diff(optimal_costs(c))[m] for c in (costs, dearer))
        assert abs(dear - proved("R18b", "left", n=0, M=m)(values)) <= slack
        assert abs(cheap - proved("R18b", n=0, M=m)(values)) <= slack
        assert dear <= cheap + slack


@given(powers(0, 6), powers(0, 6))
@examples(30)
def test_download_cost_falls_with_the_updates(updates: float, other: float) -> None:
    """R18: dD/dK = -chi s / K^2 for every layer, integrated from one K to another."""
    base = load_scenario("abstract-model")
    link, weights = base.link, base.weights
    chi = (weights.time_per_s + weights.energy_per_j * link.receive_power_w) / link.downlink_rate_bps
    assume(abs(log(updates / other)) > 0.01)
    few, many = (base.replace(inferences_per_update=k) for k in (updates, other))
    symbols = {each.name: each for each in claim("R18").formula.free_symbols}
    over = sp.integrate(
        claim("R18").formula, (symbols["K"], sp.Symbol("first", positive=True), sp.Symbol("then", positive=True))
    )
    change = scenario_costs(many).download - scenario_costs(few).download
    for bits, difference in zip(base.dnn.parameter_bits, change, strict=True):
        wanted = exact(over, chi=chi, s=bits, first=updates, then=other) if bits else 0.0
        assert isclose(difference, wanted, rel_tol=1e-10 / min(1.0, abs(log(updates / other))), abs_tol=0.0)


# ---------------------------------------------------------------- closed forms of the placement


def proved_costs(costs: Costs, setting: str) -> np.ndarray:
    """J(0)..J(N) of an MLP of equal layers under 1-sla, from R7 and from N4 for the last layer."""
    values = given_values(costs, setting)
    j = [proved("R7", M=m)(values) for m in range(costs.layers)]
    return np.append(j, j[-1] + proved("N4", N=costs.layers)(values))


def clear(j: np.ndarray, slack: float) -> bool:
    """Whether rounding cannot choose among the placements."""
    return bool(np.all(np.sort(np.abs(j - j.min()))[1:] > slack))


@given(st.data(), st.integers(1, 12))
@examples(100)
def test_closed_form_under_look_ahead(data: st.DataObject, layers: int) -> None:
    """R7, R7a, N4, R7b, R7h, R7j: M* is the better of N and the clipped ceiling of M~, and J is what it minimises."""
    costs = repeated(costs_of(data.draw, "own result"), layers)
    p = going(costs, 0, costs.extra[0] + costs.bits[0] * costs.law.mean)
    assume(0 < p < 1 - 1e-6 and not undecided_equal(costs))
    slack = TOLERANCE * size(costs)
    j = proved_costs(costs, "own result")
    np.testing.assert_allclose(total(costs), j, rtol=0, atol=slack)
    assume(clear(j, 10 * slack))
    assert mlp_placement(costs) == int(np.argmin(j))
    gain, price = (
        float(costs.law.saving(costs.bits[0], costs.extra[0] + costs.bits[0] * costs.law.mean)),
        costs.download[0],
    )
    if gain > 0 and price > 0:
        interior = int(exact(claim("R7h").formula, G=gain, D=price, p=p, N=layers))
        assert mlp_placement(costs) == (interior if j[interior] < j[layers] else layers)
        for m in range(layers):
            wanted = exact(claim("R7b").left, G=gain, k=m, p=p)
            falling = p**m * gain
            assert same(falling, wanted)


def repeated(costs: Costs, layers: int) -> Costs:
    """As many equal layers as wanted, the last one and its stage kept."""
    return Costs(
        extra=np.append(np.full(layers - 1, costs.extra[0]), costs.extra[-1]),
        bits=np.append(np.full(layers, costs.bits[0]), costs.bits[-1]),
        download=np.full(layers, costs.download[0]),
        edge=costs.edge,
        law=costs.law,
    )


def undecided_equal(costs: Costs) -> bool:
    """Whether an outcome is all but at the threshold of 1-sla, before the last layer or at it."""
    sent = costs.bits[0] * costs.law.unit_costs
    a = costs.extra[[0, -1], None] + costs.bits[[0, -1], None] * costs.law.mean
    dyadic_ = np.all(costs.law.unit_costs * 64 == np.round(costs.law.unit_costs * 64))
    return not dyadic_ and bool(np.any(np.abs(sent - a) <= 1e-9 * size(costs)))


def undecided_scale(costs: Costs) -> bool:
    """Whether the numbers are not dyadic ones."""
    return not np.all(costs.law.unit_costs * 64 == np.round(costs.law.unit_costs * 64))


@given(st.data())
@examples(60)
def test_closed_form_under_the_optimal_rule(data: st.DataObject) -> None:
    """R8, R8c: M* from V_k for an interior placement and from U_N for the whole network."""
    costs = costs_of(data.draw, "kept")
    values, layers = given_values(costs), costs.layers
    fixed = costs.edge + np.arange(layers + 1) * costs.download[0]
    v = [proved("R8", n=0, M=m)(values) for m in range(layers)]
    j = fixed + np.append(v, proved("R8c", n=0, N=layers)(values))
    slack = TOLERANCE * size(costs)
    np.testing.assert_allclose(plan(costs).costs, j, rtol=0, atol=slack)
    assume(clear(j, 10 * slack))
    assert mlp_placement(costs, rule="optimal") == int(np.argmin(j))


@given(st.data())
@examples(60)
def test_closed_form_with_another_input(data: st.DataObject) -> None:
    """R7e: M* when the input has a size of its own, from J(0), J(1) and then the falls p_0 p^M G."""
    costs = costs_of(data.draw, "own input")
    values = given_values(costs, "own input")
    j = [proved("R6", "left", M=m)(values) for m in range(min(1, costs.layers))]
    j += [proved("R7e", M=m)(values) for m in range(costs.layers - 1)]
    j = np.append(0.0, np.cumsum(j))
    np.testing.assert_allclose(total(costs) - total(costs)[0], j, rtol=0, atol=TOLERANCE * size(costs))
    assume(clear(j, 10 * TOLERANCE * size(costs)))
    assert mlp_placement(costs) == int(np.argmin(j))


@given(powers(-6, 0), st.integers(0, 60))
def test_geometric_sum(complement: float, terms: int) -> None:
    """R7, R7d: the sum in closed form, and its limit at p = 1."""
    p = 1 - complement
    complement = 1 - p
    fraction = claim("R7d").left.args[0]
    assert same(float(geometric_sum(p, complement, terms)), exact(fraction, p=p, M=terms))
    assert float(geometric_sum(1.0, 0.0, terms)) == exact(claim("R7d").formula, M=terms)


@given(powers(-1, 1), numbers(0.05, 0.9), powers(-3, 3), st.integers(2, 12))
@examples(60)
def test_where_layers_begin_to_pay(worst: float, chance: float, bits: float, layers: int) -> None:
    """N3, N3a, R11, R11a: the K at which layer m + 1 begins to pay, and how M~ moves with K and with s."""
    law = DISCRETE([0.0, worst], [1 - chance, chance])
    delta = 0.3 * bits * (worst - law.mean)
    costs = Costs(extra=[delta] * layers, bits=[bits] * (layers + 1), download=[0.0] * layers, edge=0.0, law=law)
    critical = mlp_critical_downloads(costs)
    gain = float(law.saving(bits, delta + bits * law.mean))
    t, chi, s = -log(chance), 1e-7, 1e6
    (begins,), (not_yet,) = claim("N3").assumptions, claim("N3a").assumptions
    assert begins.rhs == not_yet.rhs
    updates = [exact(begins.rhs, chi=chi, s=s, G=gain, t=t, M=m) for m in range(layers - 1)]
    falls_ = chance ** np.arange(layers) * gain  # all of them equal layers: the last saves as the others do
    np.testing.assert_allclose(np.diff(total(costs)), -falls_, rtol=0, atol=TOLERANCE * size(costs))
    np.testing.assert_allclose(critical[:-1], chi * s / np.array(updates), rtol=TOLERANCE)
    k_symbol, s_symbol = (
        {x.name: x for x in claim(r).formula.free_symbols}[v] for r, v in (("R11", "K"), ("R11a", "s"))
    )
    low, high = sp.Symbol("low", positive=True), sp.Symbol("high", positive=True)
    by_updates = sp.integrate(claim("R11").formula, (k_symbol, low, high))
    by_size = sp.integrate(claim("R11a").formula, (s_symbol, low, high))
    for here, after in pairwise(critical[:-1]):  # from one layer to the next M~ rises by 1
        assert same(exact(by_updates, t=t, low=chi * s / here, high=chi * s / after), 1.0)
        assert same(exact(by_size, t=t, low=here / chi, high=after / chi), 1.0)


@given(numbers(0.05, 0.6), numbers(0.3, 0.95))
@examples(10)
def test_layers_that_cost_more_are_placed_less(share: float, price: float) -> None:
    """R11b, R11c: the derivative of M~ by delta, integrated, is how far it moves; it is negative."""
    law = channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.1).law(Link(mean_snr_db=10.0), Weights())
    highest, bits = float(law.unit_cost(np.array(0.1))), 1e4
    first = share * bits * (highest - law.mean)
    then = first + 0.2 * bits * (highest - law.mean)
    download = price * float(law.saving(bits, then + bits * law.mean))

    def position(delta: float) -> float:
        costs = Costs(extra=[delta] * 3, bits=[bits] * 4, download=[0.0] * 3, edge=0.0, law=law)
        gain, later = mlp_critical_downloads(costs)[:2]
        return log(download / gain) / log(later / gain)

    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = (then - first) / 2
    slopes = [inversion_slope(law, delta, bits, download) for delta in first + half * (1 + nodes)]
    assert max(slopes) < 0
    assert isclose(half * float(weights @ slopes), position(then) - position(first), rel_tol=1e-9, abs_tol=1e-10)


def inversion_slope(law: object, delta: float, bits: float, download: float) -> float:
    """R11b for P(X > x) = 1 - exp(g_0 - b/(x - a)), the unit cost of truncated inversion; a and b from two of its values."""
    formula = claim("R11b").formula
    one, two = (float(law.unit_cost(np.array(g))) for g in (1.0, 2.0))
    b = 2 * (one - two)
    x = sp.Symbol("x", positive=True)
    tail_ = 1 - sp.exp(sp.Symbol("g_0") - sp.Symbol("b") / (x - sp.Symbol("a")))
    (integral,) = formula.atoms(sp.Integral)
    plain = formula.xreplace({integral: sp.Symbol("excess")})
    plain = plain.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: tail_.xreplace({x: e.args[0]})
    ).doit()
    excess = float(law.excess(delta / bits + law.mean))
    return exact(plain, D=download, o=bits, delta=delta, mu=law.mean, g_0=0.1, a=one - b, b=b, excess=excess)


# ---------------------------------------------------------------- special chains


@given(st.data())
def test_deep_limit(data: st.DataObject) -> None:
    """R9, R9a: the value of a long chain solves E[(delta + v - o X)^+] = delta, and more than it does not."""
    costs = costs_of(data.draw, "equal layers")
    assume(costs.extra[0] > 0.05 * size(costs) / costs.layers)
    deep = repeated(costs, 400)
    bound = costs.extra[0] + endless(costs)
    assume(np.sum(costs.law.probabilities[costs.bits[0] * costs.law.unit_costs >= bound - 1e-9 * size(costs)]) < 0.93)
    values = given_values(costs) | {"v_inf": float(optimal_costs(deep)[-2])}
    assert abs(proved("R9", "left")(values) - proved("R9")(values)) <= 1e-9 * size(costs)
    assert proved("R9", "left")(values | {"v_inf": values["v_inf"] + 0.01 * size(costs)}) > costs.extra[0]


@given(powers(-3, 3), powers(-2, 2), numbers(0.05, 0.95), powers(-3, 3), numbers(1e-3, 0.999))
def test_two_points_save_in_the_worse_one(low: float, rise: float, alpha: float, bits: float, share: float) -> None:
    """R18f (where G > 0): the chance of going on is that of the worse of two outcomes."""
    law = DISCRETE([low, low + rise], [alpha, 1 - alpha])
    worth = alpha * bits * rise
    (needs,) = [
        each
        for each in claim("R18f").assumptions
        if each.has(sp.Symbol("alpha", nonnegative=True)) and each.rhs.is_Symbol and each.rhs.name == "delta"
    ]
    assert needs.lhs.free_symbols  # alpha o (b - a) > delta
    delta = share * worth
    chance = float(law.go_probability(bits, delta + bits * law.mean))
    assert same(chance, exact(claim("R18f").formula, alpha=alpha))
    assert float(law.go_probability(bits, 1.01 * worth + bits * law.mean)) == 0.0  # G = 0: never


@given(
    st.integers(0, 4),
    st.integers(0, 4),
    numbers(0.01, 0.99) | st.just(0.0),
    powers(-2, 2),
    numbers(0.05, 0.95),
    powers(-3, 3),
)
def test_two_points_with_the_whole_network(m: int, k: int, part: float, rise: float, alpha: float, bits: float) -> None:
    """N2, N2a: the whole network on a two-point channel, its result kept; m = floor(o a / delta)."""
    assume(m + k > 0 and m + part > 0)
    delta = bits / (m + part)  # a = 1
    law = DISCRETE([1.0, 1.0 + rise], [alpha, 1 - alpha])
    layers = m + k
    costs = Costs(extra=[delta] * layers, bits=[bits] * layers + [0.0], download=[0.0] * layers, edge=0.0, law=law)
    assert floor(bits / delta + 1e-12) == m
    values = {"a": 1.0, "b": 1.0 + rise, "alpha": alpha, "delta": delta, "o": bits}
    values |= {"x_1": 1.0, "x_2": 1.0 + rise, "x_3": 0.0, "p_1": alpha, "p_2": 1 - alpha, "p_3": 0.0}
    assert same(float(optimal_costs(costs)[-1]), proved("N2", m=m, k=k)(values))
    if m > 0:
        assert same(float(optimal_costs(tail(costs, k))[-1]), proved("N2a", m=m)(values))


# ---------------------------------------------------------------- the law of the unit cost


@given(st.data(), numbers(-2, 3), powers(-4, 1))
def test_what_a_stage_costs(data: st.DataObject, shift: float, step: float) -> None:
    """R2a, R2b, R2c, L1, L2: slopes of E min(o X, A) and their bounds, which stop at a tie and go on beyond it."""
    costs = costs_of(data.draw, "chain")
    law, o = costs.law, costs.bits[0]
    unit = 1.0 if not undecided_scale(costs) else o * law.mean + 1e-300
    a, step = (round(64 * value) / 64 * unit for value in (shift, max(step, 1 / 64)))
    if undecided_scale(costs):
        assume(np.all(np.abs(o * law.unit_costs - a) > 1e-9 * unit))
        assume(np.all(np.abs(o * law.unit_costs - a - step) > 1e-9 * unit))
    values = given_values(costs) | {"A": a, "epsilon": step, "B": a + step, "t": 0.25}
    minimum, later = float(law.minimum(o, a)), float(law.minimum(o, a + step))
    slack = TOLERANCE * (o * law.unit_costs.max() + abs(a) + step)
    mixed = float(law.minimum(o, 0.25 * a + 0.75 * (a + step)))
    sides = {
        "R2a": ((later - minimum) / step, float(law.go_probability(o, a)), slack / step),
        "R2b": ((later - minimum) / step, float(law.go_probability(o, a + step)), slack / step),
        "R2c": (mixed, 0.25 * minimum + 0.75 * later, slack),
        "L1": (later - minimum, step, slack),
        "L2": (minimum, later, slack),
    }
    for label, (left, right, within) in sides.items():
        assert abs(left - proved(label, "left")(values)) <= within, label
        if label != "R2b":  # P(o X >= A + e), of which P(o X > A + e) is a part
            assert abs(right - proved(label)(values)) <= within, label
        assert SIGN[claim(label).relation] * (left - right) >= -within, label
    assert proved("R2b")(values) >= sides["R2b"][1] - TOLERANCE


@given(powers(-3, 0.3), numbers(-20, 40), numbers(0.02, 1.5), powers(-3, 6))
@examples(20)
def test_minimum_is_the_integral_of_the_law(outage: float, snr_db: float, share: float, bits: float) -> None:
    """R2, R2d under Rayleigh fading, F(x) = exp(g_0 - R1's gain at x)."""
    link = Link(mean_snr_db=snr_db)
    law = channel.Rayleigh(outage_gain=outage).law(link, Weights())
    highest = float(law.unit_cost(np.array(outage)))
    a = share * bits * highest
    scale = (Weights().time_per_s + Weights().energy_per_j * link.transmit_power_w) / link.bandwidth_hz

    def distribution(x: float) -> float:
        if x <= 0 or scale / x > 1000:
            return 0.0  # 2^1000 is beyond any gain
        return exp(min(outage - compiled(claim("R1").formula)({"lambda": scale, "gamma": link.mean_snr, "x": x}), 0.0))

    (integral,) = claim("R2").formula.atoms(sp.Integral)
    rest = claim("R2").formula.xreplace({integral: sp.Symbol("integral")})
    end = min(a / bits, highest)
    parts = [
        scipy.integrate.quad(distribution, low, high, epsabs=0, epsrel=1e-12)[0]
        for low, high in pairwise(np.linspace(0, end, 9))
    ]
    area = bits * fsum(parts) + max(a - bits * end, 0.0)
    assert same(float(law.minimum(bits, a)), exact(rest, A=a, integral=area))
    tail_ = claim("R2d").formula.replace(
        lambda e: isinstance(e, sp.core.function.AppliedUndef), lambda e: sp.Symbol("F")
    )
    below = distribution(a / bits)
    assert isclose(float(law.go_probability(bits, a)), exact(tail_, F=below), rel_tol=0, abs_tol=TOLERANCE)


# ---------------------------------------------------------------- the channel


def shannon(link: Link) -> dict[str, float]:
    """gamma and lambda of a link, by the model's definition of lambda."""
    weights = Weights()
    scale = (weights.time_per_s + weights.energy_per_j * link.transmit_power_w) / link.bandwidth_hz
    return {"gamma": link.mean_snr, "lambda": scale}


@given(links(), powers(-2, 8), powers(-6, 2))
def test_gain_at_which_to_stop(link: Link, ratio: float, gain: float) -> None:
    """R1, R1a, R1b, R13: the gain from which on the unit cost is at most x; never for x <= 0; X(g_0) bounds the cost."""
    on = shannon(link)
    cost = channel.ShannonCost(link, Weights())
    x = ratio * on["lambda"]
    for label in ("R1", "R1a"):
        assert same(float(cost.gain(np.array(x))), exact(claim(label).formula, x=x, **on))
    assert np.all(np.isinf(cost.gain(np.array([0.0, -x]))))
    assert cost.gain(np.array(inf)) == 0
    assert same(float(cost.unit_cost(np.array(gain))), exact(claim("R13").formula, g_0=gain, **on))
    assert same(float(cost.unit_cost(np.array(gain))), exact(claim("R1b").left, g=gain, o=1.0, **on))


@given(links(), powers(-3, 0.5), st.lists(numbers(-1, 3), min_size=1, max_size=3))
@examples(30)
def test_plans_show_the_proved_gains(link: Link, outage: float, shares: list[float]) -> None:
    """R1, R13: thresholds on the gain of a plan; the outage threshold bounds the unit cost."""
    law = channel.Rayleigh(outage_gain=outage).law(link, Weights())
    costs = Costs(
        extra=np.array(shares) * law.mean * 1e5,
        bits=np.full(len(shares) + 1, 1e5),
        download=[0.0] * len(shares),
        edge=0.0,
        law=law,
    )
    found = plan(costs, placement=costs.layers)
    on = shannon(link)
    for x, gain in zip(found.thresholds, found.gains, strict=True):
        if x <= 0:
            assert gain == inf
        elif on["lambda"] / x < 500:
            assert same(float(gain), exact(claim("R1").formula, x=x, **on))
    dearest = exact(claim("R13").formula, g_0=outage, **on)
    assert same(float(law.unit_cost(np.array(outage))), dearest)
    assert float(law.stop_probability(1.0, dearest * (1 + 1e-12))) == 1.0


@given(links(), powers(-6, 3))
def test_a_poor_channel_costs_in_inverse_proportion(link: Link, gain: float) -> None:
    """R12: X(g) >= lambda ln 2 / (gamma g), and they meet as g falls."""
    on = shannon(link)
    cost = channel.ShannonCost(link, Weights())
    bound = exact(claim("R12").formula, g=gain, **on)
    assert float(cost.unit_cost(np.array(gain))) >= bound * (1 - TOLERANCE)
    faint = 1e-12 / link.mean_snr
    assert same(float(cost.unit_cost(np.array(faint))), exact(claim("R12").formula, g=faint, **on))


def integral_to_1(label: str, **values: float) -> float:
    """The left side of R12a, R12c or R12e by quadrature, the series of R12e as the Bessel function it defines."""
    left = claim(label).left.replace(sp.Sum, lambda term, limits: sp.Symbol("bessel"))
    function, k = compiled(left.function, "mpmath"), values.get("k_R", 0.0)

    def integrand(g: mpmath.mpf) -> mpmath.mpf:
        return function(values | {"g": g, "bessel": mpmath.besseli(0, 2 * mpmath.sqrt(g * k * (k + 1)))})

    with mpmath.workdps(30):
        points = [mpmath.mpf(values["epsilon"]) ** (mpmath.mpf(i) / 8) for i in range(8, -1, -1)]
        return float(mpmath.quad(integrand, points))


@pytest.mark.parametrize("outage", beyond(1, [1e-4, 1e-2, 0.3]))
@pytest.mark.parametrize("snr_db", [-20.0, 10.0, 35.0])
def test_fading_that_is_too_often_almost_zero(outage: float, snr_db: float) -> None:
    """R12a, R12b, R12c, R12e: what lies between an outage threshold and 1 grows without bound as it falls."""
    link = Link(mean_snr_db=snr_db)
    on = shannon(link) | {"epsilon": outage}
    kinds = {
        "R12a": (channel.Rayleigh(outage_gain=outage), {}),
        "R12c": (channel.Nakagami(m=0.7, outage_gain=outage), {"m": 0.7}),
        "R12e": (channel.Rician(k=1.5, outage_gain=outage), {"k_R": 1.5}),
    }
    for label, (kind, parameters) in kinds.items():
        law = kind.law(link, Weights())
        part = float(law.go_cost(1.0, law.unit_cost(np.array(1.0)))) * kind.usable_probability(link)
        assert same(part, integral_to_1(label, **on, **parameters)), label
        assert part >= exact(claim(label).formula, **on, **parameters) > 0
    for free in (
        lambda: channel.Rayleigh(outage_gain=0.0),
        lambda: channel.Nakagami(m=1.0),
        lambda: channel.Rician(k=1.5),
    ):
        with pytest.raises(InputError, match="R12"):
            free()


@given(st.sampled_from([1.05, 1.5, 2.0, 4.0, 30.0]), numbers(-30, 60), st.booleans())
@examples(30)
def test_mean_of_nakagami_is_in_its_bounds(m: float, snr_db: float, faint: bool) -> None:
    """R12f, R12g, R12h (whose E g = 1 is that of the gains before any cut), R12i; at a low SNR the first two meet."""
    link = Link(mean_snr_db=-120.0 if faint else snr_db)
    on = shannon(link)
    mean = channel.Nakagami(m=m).law(link, Weights()).mean
    inverse = exact(claim("R12i").formula, e=m - 1)
    bounds = {}
    for label in ("R12f", "R12g", "R12h"):
        formula = claim(label).formula.replace(lambda e: type(e).__name__ == "E", lambda e: sp.Symbol("inverse"))
        bounds[label] = exact(formula, inverse=inverse, **on)
    assert max(bounds["R12g"], bounds["R12h"]) <= mean * (1 + TOLERANCE)
    assert mean <= bounds["R12f"] * (1 + TOLERANCE)
    if faint:
        assert same(mean, bounds["R12f"])
        assert same(mean, bounds["R12g"])


@given(powers(-4, 0.7), powers(-2, 1))
@examples(30)
def test_gains(outage: float, gain: float) -> None:
    """R13a: gains cut at g_0 have mean 1 + g_0. R13b: two branches are Nakagami fading with m = 2."""
    panels = rayleigh(outage).panels
    _, weights = np.polynomial.legendre.leggauss(NODES)
    assert same(float((panels.gains * panels.weights @ weights).sum()), exact(claim("R13a").formula, g_0=outage))
    density = channel.Nakagami(m=2.0).gain_law().density(np.array([gain]))[0]
    assert same(float(density), exact(claim("R13b").formula, g=gain))


@given(powers(3, 6.5), powers(-3, 0.5), numbers(-20, 40), powers(-3, 2), numbers(0.01, 1))
def test_truncated_inversion(rate_bps: float, outage: float, snr_db: float, more: float, share: float) -> None:
    """R14, R14a to R14d: unit cost, its inverse, its mean and its partial means in closed form."""
    link, weights = Link(mean_snr_db=snr_db), Weights()
    law = channel.TruncatedInversion(rate_bps=rate_bps, outage_gain=outage).law(link, weights)
    at = {"beta_t": weights.time_per_s, "beta_e": weights.energy_per_j, "P_tx": link.transmit_power_w}
    at |= {"W": link.bandwidth_hz, "gamma": link.mean_snr, "r": rate_bps}
    formula = claim("R14").formula
    gain = outage + more
    assert same(float(law.unit_cost(np.array(gain))), exact(formula, g=gain, **at))
    (g,) = [each for each in formula.free_symbols if each.name == "g"]
    fixed, inverse = formula.as_independent(g, as_Add=True)
    a, b = exact(fixed, **at), exact(inverse.subs(g, 1), **at)
    x = a + share * b / outage
    for label in ("R14a", "R14b"):
        assert isclose(
            float(law.gain(x)), exact(claim(label).formula, a=a, b=b, x=x), rel_tol=TOLERANCE * max(1, a / (x - a))
        )
    mean_inverse = exact(claim("R14c").formula, g_0=outage)
    assert same(float(scaled_e1(outage)), mean_inverse)
    assert same(float(law.mean), a + b * mean_inverse)
    y = float(law.gain(x))
    wanted = exact(claim("R14d").formula, a=a, b=b, g_0=outage, y=max(y, outage))
    assert isclose(float(law.partial_mean(x)), wanted, rel_tol=TOLERANCE * max(1, a / (x - a)), abs_tol=1e-290)
