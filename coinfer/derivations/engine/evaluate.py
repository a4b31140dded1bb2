"""The judge of mutants: values of both sides of a claim, found without any of the claims or the prover.

A world is one concrete case: a law with two or three outcomes and a short chain, all rationals. Every quantity is
computed in it from its meaning (walking over all outcomes, trying every option), in exact fractions. Formulas with
logarithms or integrals over densities are evaluated to 20 digits instead. Sampling here can only refute, never prove.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

if TYPE_CHECKING:
    from coinfer.derivations.engine.claim import Claim

WORLDS = 800
DIGITS = 20
FALSE_BY = mpmath.mpf(10) ** -9  # a transcendental formula is refuted only by a relative difference above this
Number = Any  # Fraction or mpmath.mpf

POSITIVE = [Fraction(text) for text in ("1/3", "1/2", "2/3", "1", "3/2", "2", "3", "5")]
SIGNED = [Fraction(text) for text in ("-2", "-1", "-1/2", "0", "1/3", "1/2", "1", "2", "3")]
STAGES = 5  # stages a world knows: 0..5


@dataclass
class World:
    """One case: values of the symbols, the law's atoms, the chain; quantities of the model by name in `quantity`."""

    values: dict[str, Number]
    atoms: tuple[tuple[Fraction, Fraction], ...] = ()
    output: list[Fraction] = field(default_factory=list)  # o_0..o_STAGES
    extra: list[Fraction] = field(default_factory=list)  # delta_0..delta_STAGES, the first unused
    download: list[Fraction] = field(default_factory=list)
    dearer: list[Fraction] = field(default_factory=list)  # delta_n or more
    stops: dict[tuple[int, Fraction], Fraction] = field(default_factory=dict)  # an arbitrary rule
    memory: dict[Any, Fraction] = field(default_factory=dict)

    def mean(self, outcome: Callable[[Fraction], Number]) -> Number:
        """The expectation of a function of X."""
        return sum(chance * outcome(cost) for cost, chance in self.atoms)

    @cached_property
    def mu(self) -> Fraction:
        """The mean unit cost."""
        return self.mean(lambda cost: cost)

    # -- the meaning of every quantity of the model -------------------------------------------------------------------
    def walk(self, stage: int, last: int, goes_on: Callable[[int, Fraction], bool]) -> Fraction:
        """Expected cost from a stage on of a rule that is told the stage and what sending costs: all paths, one by one."""
        total = Fraction(0)
        for path in product(self.atoms, repeat=last - stage + 1):
            weight, cost = Fraction(1), Fraction(0)
            for _, chance in path:
                weight *= chance
            for here, (unit, _) in enumerate(path, start=stage):
                if here == last or not goes_on(here, self.output[here] * unit):
                    cost += self.output[here] * unit
                    break
                cost += self.extra[here + 1]
            total += weight * cost
        return total

    def reaches(self, stage: int, goes_on: Callable[[int, Fraction], bool]) -> Fraction:
        """The probability that a rule reaches a stage."""
        total = Fraction(0)
        for path in product(self.atoms, repeat=stage):
            if all(goes_on(here, self.output[here] * unit) for here, (unit, _) in enumerate(path)):
                weight = Fraction(1)
                for _, chance in path:
                    weight *= chance
                total += weight
        return total

    def best(self, stage: int, last: int, extra: list[Fraction]) -> Fraction:
        """The least expected cost from a stage on, by comparing both options for each outcome."""
        key = (stage, last, id(extra))
        if key not in self.memory:
            if stage == last:
                self.memory[key] = self.output[stage] * self.mu
            else:
                later = extra[stage + 1] + self.best(stage + 1, last, extra)
                self.memory[key] = self.mean(lambda unit: min(self.output[stage] * unit, later))
        return self.memory[key]

    def look(self, depth: int, last: int) -> Callable[[int, Fraction], bool]:
        """Look-ahead: goes on if sending costs more than the best plan of at most `depth` further stages."""
        return lambda here, cost: cost > self.bound(here, depth, last)

    def bound(self, here: int, depth: int, last: int) -> Fraction:
        """What look-ahead at a stage expects from going on."""
        return self.extra[here + 1] + self.best(here + 1, min(here + depth, last), self.extra)

    def quantity(self, name: str, *at: Any) -> Number:
        """A quantity of the model by its name in `model`, at integer indices."""
        key = (name, *at)
        if key not in self.memory:
            self.memory[key] = MEANING[name](self, *at)
        return self.memory[key]

    def equal_layers(self, left: int, ends: Fraction) -> Fraction:
        """Equal layers, that many stages left, the last of which costs `ends`: the best plan."""
        o, delta = self.values["o"], self.values["delta"]
        value = ends
        for _ in range(left):
            value = self.mean(lambda unit, later=delta + value: min(o * unit, later))  # type: ignore[misc]
        return value

    def endless(self) -> Fraction:
        """The v with E[(delta + v - oX)^+] = delta > 0, between the kinks of the left side."""
        o, delta = self.values["o"], self.values["delta"]
        weight = cost = Fraction(0)
        kinks = sorted((o * unit, chance) for unit, chance in self.atoms)
        for index, (sending, chance) in enumerate(kinks):
            weight, cost = weight + chance, cost + chance * sending
            level = (delta + cost) / weight  # delta + v if exactly these outcomes lie below it
            if index + 1 == len(kinks) or level <= kinks[index + 1][0]:
                return level - delta
        raise ZeroDivisionError


def _placed(world: World, horizon: int) -> Fraction:
    return world.values["C_edge"] + sum(world.download[1 : horizon + 1])


def _optimal(world: World, last: int) -> Callable[[int, Fraction], bool]:
    return world.look(STAGES, last)


def _saving(world: World, stage: int) -> Fraction:
    bound = world.bound(stage, 1, STAGES)
    return world.mean(lambda unit: max(world.output[stage] * unit - bound, Fraction(0)))


def _arbitrary(world: World, stage: int, last: int) -> Fraction:
    if stage == last:
        return world.output[stage] * world.mu
    later = world.extra[stage + 1] + _arbitrary(world, stage + 1, last)
    return world.mean(
        lambda unit: world.stops[stage, unit] * world.output[stage] * unit + (1 - world.stops[stage, unit]) * later
    )


def _clairvoyant(world: World, stage: int, last: int) -> Fraction:
    total = Fraction(0)
    for path in product(world.atoms, repeat=last - stage + 1):
        weight, run, costs = Fraction(1), Fraction(0), []
        for here, (unit, chance) in enumerate(path, start=stage):
            weight *= chance
            run += world.extra[here] if here > stage else 0
            costs.append(run + world.output[here] * unit)
        total += weight * min(costs)
    return total


MEANING: dict[str, Callable[..., Number]] = {
    "o": lambda world, stage: world.output[stage],
    "delta": lambda world, layer: world.extra[layer],
    "deltahat": lambda world, layer: world.dearer[layer],
    "D": lambda world, layer: world.download[layer],
    "s": lambda world, stage, unit: world.stops[int(stage), unit],
    "F": lambda world, level: sum((chance for unit, chance in world.atoms if unit <= level), Fraction(0)),
    "v": lambda world, stage, last: world.best(stage, last, world.extra),
    "vhat": lambda world, stage, last: world.best(stage, last, world.dearer),
    "w": _arbitrary,
    "u": lambda world, stage, last: world.walk(stage, last, world.look(1, last)),
    "c": lambda world, stage, depth, last: world.walk(stage, last, world.look(depth, last)),
    "z": _clairvoyant,
    "a": lambda world, stage, depth, last: world.bound(stage, depth, last),
    "pi": lambda world, stage: world.reaches(stage, world.look(1, STAGES)),
    "r": lambda world, stage, depth, last: world.reaches(stage, world.look(depth, last)),
    "h": lambda world, stage, last: world.reaches(stage, _optimal(world, last)),
    "G": _saving,
    "J": lambda world, last: _placed(world, last) + world.walk(0, last, world.look(1, last)),
    "Jk": lambda world, depth, last: _placed(world, last) + world.walk(0, last, world.look(depth, last)),
    "Jopt": lambda world, last: _placed(world, last) + world.walk(0, last, _optimal(world, last)),
    "pihat": lambda world, stage: replace(world, extra=world.dearer, memory={}).quantity("pi", stage),
    "Ghat": lambda world, stage: replace(world, extra=world.dearer, memory={}).quantity("G", stage),
    "J1": lambda world, last: sum(world.extra[: last + 1], Fraction(0)),
    "J2": lambda world, last: sum(world.extra[: last + 1], Fraction(0)) - sum(world.download[1 : last + 1]),
    "V": lambda world, left: world.equal_layers(left, world.values["o"] * world.mu),
    "U": lambda world, left: world.equal_layers(left, Fraction(0)),
}

# an unknown smooth law, where a claim has one: its distribution function, tail and density
SMOOTH: dict[str, Callable[[Number], Number]] = {
    "F": lambda at: 1 - mpmath.exp(-at),
    "T": lambda at: mpmath.exp(-at),
    "f": lambda at: mpmath.exp(-at),
}

MEANING_OF_SYMBOL: dict[str, Callable[[World], Number]] = {
    "mu": lambda world: world.mu,
    "p": lambda world: sum(
        (chance for unit, chance in world.atoms if world.values["o"] * (unit - world.mu) > world.values["delta"]),
        Fraction(0),
    ),
    "G": lambda world: world.mean(
        lambda unit: max(world.values["o"] * (unit - world.mu) - world.values["delta"], Fraction(0))
    ),
    "p_0": lambda world: sum(
        (
            chance
            for unit, chance in world.atoms
            if world.values["o_0"] * unit > world.values["delta_1"] + world.values["o"] * world.mu
        ),
        Fraction(0),
    ),
    "v_inf": World.endless,
    "q": lambda world: sum(
        (chance for unit, chance in world.atoms if world.values["o"] * unit >= world.values["delta"] + world.endless()),
        Fraction(0),
    ),
}

# -- the value of an expression in a world ------------------------------------------------------------------------------


def value(expression: sp.Basic, world: World, bound: dict[str, Number] | None = None) -> Number:
    """The number an expression stands for in a world; `bound` holds the variables of enclosing sums and expectations."""
    bound = bound or {}

    def of(part: sp.Basic, **more: Number) -> Number:
        return value(part, world, {**bound, **more})

    if expression.is_Rational:
        return Fraction(expression.p, expression.q)
    if isinstance(expression, sp.Symbol):
        name = expression.name
        return bound[name] if name in bound else world.values[name]
    if isinstance(expression, sp.Add):
        return sum((of(part) for part in expression.args), Fraction(0))
    if isinstance(expression, sp.Mul):
        result: Number = Fraction(1)
        for part in expression.args:
            result = result * of(part)
        return result
    if isinstance(expression, sp.Pow):
        base, exponent = of(expression.base), of(expression.exp)
        if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
            return base ** int(exponent)
        return mpmath.power(real(base), real(exponent))
    if isinstance(expression, sp.Min | sp.Max):
        parts = [of(part) for part in expression.args]
        if not all(isinstance(part, Fraction) for part in parts):
            parts = [real(part) for part in parts]
        return min(parts) if isinstance(expression, sp.Min) else max(parts)
    if isinstance(expression, sp.Piecewise):
        return next(of(part) for part, condition in expression.args if truth(condition, world, bound))
    if isinstance(expression, sp.Sum | sp.Product):
        return _repeated(expression, world, bound)
    if isinstance(expression, sp.Integral):
        return _integral(expression, world, bound)
    if isinstance(expression, sp.Limit):
        inner, variable, point, _ = expression.args
        target = mpmath.inf if point is sp.oo else real(of(point))
        return mpmath.limit(lambda at: real(of(inner, **{variable.name: at})), target)
    if isinstance(expression, sp.Derivative):
        (variable, times) = expression.variable_count[0]
        return mpmath.diff(lambda at: real(of(expression.expr, **{variable.name: at})), real(of(variable)), int(times))
    if isinstance(expression, sp.Subs):
        inner, (variable,), (point,) = expression.args
        return of(inner, **{variable.name: of(point)})
    if isinstance(expression, AppliedUndef):
        return _named(expression, world, bound)
    return _function(expression, world, bound)


def real(number: Number) -> mpmath.mpf:
    """A number to 20 digits."""
    return mpmath.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else mpmath.mpf(number)


def _named(expression: Any, world: World, bound: dict[str, Number]) -> Number:
    indices = [value(part, world, bound) for part in expression.args]
    if expression.name in SMOOTH and not world.atoms:
        return SMOOTH[expression.name](real(indices[0]))
    if expression.name in ("F", "s"):
        return MEANING[expression.name](world, *indices)
    limit = 20 if expression.name in ("U", "V") else STAGES
    if any(index.denominator != 1 or not 0 <= index <= limit for index in indices):
        raise IndexError(expression)
    return world.quantity(expression.name, *(int(index) for index in indices))


def _function(expression: Any, world: World, bound: dict[str, Number]) -> Number:
    name = type(expression).__name__
    if name == "E":
        if "g" in {part.name for part in expression.free_symbols}:
            body, shape = expression.args[0], real(world.values["m"])
            weight = shape**shape / mpmath.gamma(shape)
            return mpmath.quad(
                lambda at: (
                    real(value(body, world, {**bound, "g": at})) * weight * at ** (shape - 1) * mpmath.exp(-shape * at)
                ),
                [0, 1, 4, mpmath.inf],
            )
        return world.mean(lambda unit: value(expression.args[0], world, {**bound, "X": unit}))
    if expression in (sp.E, sp.pi, sp.oo):
        return {sp.E: mpmath.e, sp.pi: mpmath.pi, sp.oo: mpmath.inf}[expression]
    if name == "indicator":
        return Fraction(truth(expression.args[0], world, bound))
    arguments = [value(part, world, bound) for part in expression.args]
    if name in ("ceiling", "floor") and isinstance(arguments[0], Fraction):
        return Fraction(-((-arguments[0]) // 1)) if name == "ceiling" else Fraction(arguments[0] // 1)
    if name == "Abs":
        return abs(arguments[0])
    names = {
        "exp": mpmath.exp,
        "log": mpmath.log,
        "expint": mpmath.expint,
        "gamma": mpmath.gamma,
        "besseli": mpmath.besseli,
        "cosh": mpmath.cosh,
        "factorial": mpmath.factorial,
        "sinh": mpmath.sinh,
    }
    if name == "log" and arguments[0] <= 0:
        raise ZeroDivisionError
    return names[name](*(real(argument) for argument in arguments))


def _repeated(expression: Any, world: World, bound: dict[str, Number]) -> Number:
    index, low, high = expression.limits[0]
    first = value(low, world, bound)
    if high is sp.oo:  # a series: as many terms as still count
        total, at, term = mpmath.mpf(0), int(first), mpmath.inf
        while abs(term) > abs(total) * mpmath.eps:
            term = real(value(expression.function, world, {**bound, index.name: Fraction(at)}))
            total, at = total + term, at + 1
        return total
    result: Number = Fraction(0) if isinstance(expression, sp.Sum) else Fraction(1)
    for at in range(int(first), int(value(high, world, bound)) + 1):
        term = value(expression.function, world, {**bound, index.name: Fraction(at)})
        result = result + term if isinstance(expression, sp.Sum) else result * term
    return result


def _integral(expression: Any, world: World, bound: dict[str, Number]) -> Number:
    variable, low, high = expression.limits[0]

    def at(point: Number) -> Number:
        return value(expression.function, world, {**bound, variable.name: point})

    start = value(low, world, bound)
    if not world.atoms:
        stop = mpmath.inf if high is sp.oo else real(value(high, world, bound))
        points = [real(start), *([real(start) + 1, real(start) + 5] if stop == mpmath.inf else []), stop]
        return mpmath.quad(lambda point: real(at(point)), points)
    # with atoms the integrand is constant between the atoms, scaled by what the world contains: the midpoint rule is exact
    stop = value(high, world, bound)
    scales = {Fraction(1), *(number for number in world.values.values() if isinstance(number, Fraction) and number > 0)}
    kinks = {unit * scale for unit, _ in world.atoms for scale in scales} | {
        unit / scale for unit, _ in world.atoms for scale in scales
    }
    inner = sorted({start, stop, *(kink for kink in kinks if min(start, stop) < kink < max(start, stop))})
    total = sum(((right - left) * at((left + right) / 2) for left, right in pairwise(inner)), Fraction(0))
    return total if start <= stop else -total


def truth(condition: Any, world: World, bound: dict[str, Number] | None = None) -> bool:
    """Whether a condition holds in a world."""
    if condition in (sp.true, True):
        return True
    if condition in (sp.false, False):
        return False
    if isinstance(condition, sp.And):
        return all(truth(part, world, bound) for part in condition.args)
    if isinstance(condition, sp.Or):
        return any(truth(part, world, bound) for part in condition.args)
    if "X" not in (bound or {}) and world.atoms and "X" in {part.name for part in condition.free_symbols}:
        return all(truth(condition, world, {**(bound or {}), "X": unit}) for unit, _ in world.atoms)  # almost surely
    left, right = value(condition.lhs, world, bound), value(condition.rhs, world, bound)
    if not (isinstance(left, Fraction) and isinstance(right, Fraction)) and abs(real(left) - real(right)) < FALSE_BY:
        return False  # too close to tell
    return related(left, condition.rel_op, right, Fraction(0))


def related(left: Number, relation: str, right: Number, slack: Number) -> bool:
    """Whether left relation right; `slack` is forgiven when the numbers are not exact."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        gap, slack = left - right, Fraction(0)
    else:
        gap, slack = real(left) - real(right), real(slack)
    return {
        "=": abs(gap) <= slack,
        "==": abs(gap) <= slack,
        "<=": gap <= slack,
        ">=": gap >= -slack,
        "<": gap < slack if slack else gap < 0,
        ">": gap > -slack if slack else gap > 0,
        "!=": gap != 0,
    }[relation]


# -- random worlds and the search ---------------------------------------------------------------------------------------


def worlds(claim: "Claim", seed: str, count: int) -> Iterator[World]:
    """Random worlds that meet a claim's assumptions, always the same ones for the same seed."""
    rng = random.Random(seed)
    sides = [
        claim.left,
        claim.formula,
        claim.restatement.formula,
        *(mutant.formula for mutant in claim.mutants),
        *claim.assumptions,
    ]
    symbols = sorted(set().union(*(part.free_symbols for part in sides)), key=sp.default_sort_key)
    found = 0
    for _ in range(60 * count):
        world = draw(claim, symbols, rng)
        try:
            if all(truth(assumption, world) for assumption in claim.assumptions):
                found += 1
                yield world
        except (ZeroDivisionError, IndexError):
            continue
        if found == count:
            return


def draw(claim: "Claim", symbols: list[sp.Symbol], rng: random.Random) -> World:
    """One world: small numbers, so that zeros, ties and equal values are common."""
    values: dict[str, Number] = {}
    for symbol in symbols:
        if symbol.name in claim.samples:
            values[symbol.name] = Fraction(rng.choice(claim.samples[symbol.name]))
        elif symbol.is_integer:
            values[symbol.name] = Fraction(rng.randint(1 if symbol.is_positive else 0, 3))
        elif symbol.is_positive:
            values[symbol.name] = rng.choice(POSITIVE)
        else:
            values[symbol.name] = rng.choice([Fraction(0), *POSITIVE] if symbol.is_nonnegative else SIGNED)
    for name in sorted(claim.samples.keys() - values.keys()):  # of the law, where no formula shows it
        values[name] = Fraction(rng.choice(claim.samples[name]))
    if claim.setting == "given law":
        return World(values)
    values.setdefault("N", Fraction(rng.randint(1, 3)))
    for name in ("o", "delta", "D", "C_edge", "o_N", "o_0", "delta_1"):
        if name not in values:
            values[name] = rng.choice(SIGNED if name.startswith("delta") else POSITIVE)
    atoms = draw_law(claim.setting, values, rng)
    output, extra, download = draw_chain(claim.setting, values, rng)
    dearer = [cost + rng.choice([Fraction(0), Fraction(1, 2), Fraction(1)]) for cost in extra]
    stops = {
        (stage, unit): rng.choice([Fraction(0), Fraction(1, 2), Fraction(1)])
        for stage in range(STAGES + 1)
        for unit, _ in atoms
    }
    world = World(values, atoms, output, extra, download, dearer, stops)
    for name in list(values):
        if name in MEANING_OF_SYMBOL:
            try:
                values[name] = MEANING_OF_SYMBOL[name](world)
            except ZeroDivisionError:
                continue
    return world


def draw_law(setting: str, values: dict[str, Number], rng: random.Random) -> tuple[tuple[Fraction, Fraction], ...]:
    """Outcomes of X with their probabilities."""
    if setting.startswith("two points"):
        return (values["a"], values["alpha"]), (values["b"], 1 - values["alpha"])
    costs = rng.sample(POSITIVE if setting == "monotone case" else [Fraction(0), *POSITIVE], rng.choice((2, 2, 3)))
    weights = [rng.choice((1, 1, 2, 3)) for _ in costs]
    return tuple((cost, Fraction(weight, sum(weights))) for cost, weight in zip(costs, weights, strict=True))


def draw_chain(setting: str, values: dict[str, Number], rng: random.Random) -> tuple[list[Fraction], ...]:
    """What is sent at each stage, the extra cost of each layer and its download."""
    layers = range(STAGES + 1)
    if setting in ("chain", "two costs"):
        output = [rng.choice([Fraction(0), *POSITIVE]) for _ in layers]
        extra = [rng.choice(SIGNED) for _ in layers]
        download = [rng.choice([Fraction(0), *POSITIVE]) for _ in layers]
    elif setting == "monotone case":
        turn = int(values["m"])
        output = [rng.choice(POSITIVE) for _ in layers]
        extra = [
            Fraction(0),
            *(rng.choice(SIGNED) + (-40 if here < turn else 40 if here > turn else 0) for here in layers),
        ]
        download = [rng.choice(POSITIVE) for _ in layers]
    else:
        output, extra, download = ([values[name]] * (STAGES + 1) for name in ("o", "delta", "D"))
        if setting == "own input":
            output, extra = [values["o_0"], *output[1:]], [extra[0], values["delta_1"], *extra[2:]]
        if setting.endswith("own result"):
            output = [*output[: int(values["N"])], *[values["o_N"]] * (STAGES + 1)]
    return output, extra, download


@dataclass(frozen=True)
class Search:
    """What the search for counterexamples found, as text: values and both sides."""

    against: dict[str, str]  # by mutant
    against_claim: str | None
    against_restatement: str | None


def search(claim: "Claim") -> Search:
    """Look for worlds in which a mutant is false, and for one in which the claim itself is."""
    against: dict[str, str] = {}
    claim_false = restatement_false = None
    with mpmath.workdps(DIGITS):
        survived = 0
        for world in worlds(claim, claim.label, WORLDS):
            try:
                left = value(claim.left, world)
                sides = [(claim.relation, claim.formula), (claim.relation, claim.restatement.formula)]
                complaints = [refuted(claim, world, left, relation, formula) for relation, formula in sides]
            except (ZeroDivisionError, IndexError):
                continue
            claim_false, restatement_false = claim_false or complaints[0], restatement_false or complaints[1]
            survived += 1
            for mutant in claim.mutants:
                if mutant.change not in against:
                    try:
                        complaint = refuted(claim, world, left, mutant.relation, mutant.formula)
                    except (ZeroDivisionError, IndexError):
                        continue
                    if complaint:
                        against[mutant.change] = complaint
            if claim_false or (survived >= enough(world) and len(against) == len(claim.mutants)):
                break
    if survived == 0:
        claim_false = "no values at all: the assumptions admit none of the sampled worlds"
    return Search(against, claim_false, restatement_false)


def enough(world: World) -> int:
    """How many worlds the claim itself has to survive; fewer where an integral is evaluated each time."""
    return 60 if world.atoms else 8


def refuted(claim: "Claim", world: World, left: Number, relation: str, formula: sp.Expr) -> str | None:
    """The values at which `left relation formula` is false, or None if it holds in this world."""
    right = value(formula, world)
    scale = max(abs(real(left)), abs(real(right)), mpmath.mpf(1))
    if mpmath.isinf(scale) and real(left) == real(right):
        return None
    if related(left, relation, right, FALSE_BY * scale):
        return None
    return f"{describe(claim, world)}: {show(left)} {relation} {show(right)} is false"


def show(number: Number) -> str:
    """A number as a reader wants it: a fraction, or six digits."""
    return str(number) if isinstance(number, Fraction) else mpmath.nstr(number, 6)


def describe(claim: "Claim", world: World) -> str:
    """The values of a world that matter to a claim."""
    sides = [claim.left, claim.formula, *(mutant.formula for mutant in claim.mutants)]
    names = sorted({part.name for side in sides for part in side.free_symbols if isinstance(part, sp.Symbol)})
    parts = [
        f"{name} = {show(world.values[name])}" for name in names if name in world.values and name not in ("X", "g", "i")
    ]
    if claim.setting == "chain":
        top = max([int(world.values.get("M", 2)), int(world.values.get("n", 0)), 1]) + 1
        for name, series in (("o", world.output), ("delta", [*world.extra]), ("D", world.download)):
            if any(isinstance(part, AppliedUndef) for side in sides for part in sp.preorder_traversal(side)):
                first = 0 if name == "o" else 1
                parts.append(f"{name}_{first}.. = {', '.join(show(number) for number in series[first : top + 1])}")
    if world.atoms and not claim.setting.startswith("two points"):
        parts.append("X = " + ", ".join(f"{show(unit)} w.p. {show(chance)}" for unit, chance in world.atoms))
    return "; ".join(parts)
