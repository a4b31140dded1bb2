"""The number an expression stands for in a world.

Exact fractions; formulas with logarithms or integrals over densities are evaluated to the working precision instead. An
expression is read once, into a function of a world: `meaning`. What speaks of no variable of an enclosing sum or expectation
is worked out once in each world.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache, reduce
from itertools import count, pairwise
from operator import add, mul
from typing import Any

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine.numbers import Number, exact, real, related
from coinfer.derivations.engine.terms import Argmin, E, First, indicator
from coinfer.derivations.engine.worlds import World

Bound = dict[str, Number]  # the variables of enclosing sums and expectations
Of = Callable[[World, Bound], Number]
Holds = Callable[[World, Bound], bool]
UNBOUND: Bound = {}
ZERO = Fraction(0)
FALSE_BY = mpmath.mpf(10) ** -9  # numbers that are not exact differ only by more than this, relative to the larger
CONSTANTS = {sp.E: mpmath.e, sp.pi: mpmath.pi, sp.oo: mpmath.inf}
# an unknown smooth law, where a claim has one: its distribution function, tail and density
SMOOTH: dict[str, Callable[[Number], Number]] = {
    "F": lambda at: 1 - mpmath.exp(-at),
    "T": lambda at: mpmath.exp(-at),
    "f": lambda at: mpmath.exp(-at),
    "inflow": lambda at: mpmath.exp(-at) + at,  # of what is spent from other states: any smooth function
}


def value(term: sp.Basic, world: World) -> Number:
    """The number. Raises ZeroDivisionError or IndexError where the expression has none, or none that the world knows."""
    return meaning(term)(world, UNBOUND)


def truth(condition: Any, world: World) -> bool:
    """Whether a condition holds in a world; one on the unit cost, for every outcome."""
    return when(condition)(world, UNBOUND)


def names(term: Any) -> set[str]:
    """The names of the symbols in a term, but for those that it binds itself."""
    spoken_of = {part.name for part in term.free_symbols}
    return spoken_of - {averaged(term.args[0])} if isinstance(term, E) else spoken_of


# -- conditions ---------------------------------------------------------------------------------------------------------


@cache
def when(condition: Any) -> Holds:
    """When a condition holds."""
    if condition in (sp.true, sp.false):
        return lambda world, bound: bool(condition)
    holds = combined(condition) if isinstance(condition, sp.Or | sp.And) else compared(condition)
    if "X" not in names(condition):
        return holds

    def always(world: World, bound: Bound) -> bool:
        if not world.atoms or "X" in bound:
            return holds(world, bound)
        return all(holds(world, {**bound, "X": cost}) for cost, _ in world.atoms)

    return always


def combined(condition: Any) -> Holds:
    """When one of several conditions holds, or each of them."""
    parts, how = [when(part) for part in condition.args], any if isinstance(condition, sp.Or) else all
    return lambda world, bound: how(part(world, bound) for part in parts)


def compared(condition: Any) -> Holds:
    """When a relation holds; it does not where it is too close to tell."""
    lhs, relation, rhs = meaning(condition.lhs), condition.rel_op, meaning(condition.rhs)

    def holds(world: World, bound: Bound) -> bool:
        left, right = lhs(world, bound), rhs(world, bound)
        if not exact(left, right) and abs(real(left) - real(right)) < FALSE_BY:
            return False
        return related(left, relation, right, ZERO)

    return holds


# -- numbers ------------------------------------------------------------------------------------------------------------


@cache
def meaning(term: sp.Basic) -> Of:
    """The number that a term is in a world, given the values of the variables bound around it."""
    of, spoken_of = made_of(term), names(term)

    def once(world: World, bound: Bound) -> Number:
        return of(world, bound) if spoken_of & bound.keys() else remembered(world, of, lambda: of(world, bound))

    return once if term.args else of


def remembered(world: World, key: Any, find: Callable[[], Number]) -> Number:
    """What is found, once in each world and for each precision."""
    key = key, mpmath.mp.prec
    if key not in world.memory:
        world.memory[key] = find()
    return world.memory[key]


def made_of(term: Any) -> Of:
    """How a term's number is made of those of its parts."""
    parts = [meaning(part) for part in term.args]

    def numbers(world: World, bound: Bound) -> list[Number]:
        return [part(world, bound) for part in parts]

    match term:
        case sp.Rational():
            number = Fraction(term.p, term.q)
            return lambda world, bound: number
        case sp.Symbol(name=name):
            return lambda world, bound: bound[name] if name in bound else world.values[name]
        case sp.Add():
            return lambda world, bound: reduce(add, alike(numbers(world, bound)))
        case sp.Mul():
            return lambda world, bound: reduce(mul, alike(numbers(world, bound)))
        case sp.Pow():
            return lambda world, bound: power(*numbers(world, bound))
        case AppliedUndef(name=name):
            return lambda world, bound: applied(name, numbers(world, bound), world)
        case sp.Min():
            return lambda world, bound: min(numbers(world, bound))
        case sp.Max():
            return lambda world, bound: max(numbers(world, bound))
        case _ if type(term) in BINDING:
            return BINDING[type(term)](term)
        case _ if term in CONSTANTS:
            return lambda world, bound: CONSTANTS[term]
    return lambda world, bound: function(type(term).__name__, numbers(world, bound))


def alike(numbers: list[Number]) -> list[Number]:
    """All numbers exact, or all real."""
    return numbers if exact(*numbers) else [real(number) for number in numbers]


def applied(name: str, at: list[Number], world: World) -> Number:
    """A quantity of the model, or a function of an unknown smooth law."""
    if name in SMOOTH and not world.atoms:
        return SMOOTH[name](real(at[0]))
    return world.quantity(name, *at)


def power(base: Number, exponent: Number) -> Number:
    """A power, exact for an integer exponent."""
    if exact(base, exponent) and exponent.denominator == 1:
        return base ** int(exponent)
    return mpmath.power(real(base), real(exponent))


def function(name: str, arguments: list[Number]) -> Number:
    """A function by its name: `Abs` is exact, all others are mpmath's."""
    if name == "Abs":
        return abs(arguments[0])
    if name in ("ceiling", "floor"):  # of a quotient of logarithms, an integer where they tie
        near = mpmath.nint(arguments[0])
        tie = abs(real(arguments[0]) - near) < FALSE_BY
        return Fraction(int(near if tie else (mpmath.ceil if name == "ceiling" else mpmath.floor)(real(arguments[0]))))
    if name == "log" and arguments[0] <= 0:
        raise ZeroDivisionError(name)
    return getattr(mpmath, name)(*map(real, arguments))


# -- what binds a variable ----------------------------------------------------------------------------------------------


def averaged(body: sp.Expr) -> str:
    """The random quantity over which an expectation is taken: the gain if the body speaks of it, else the unit cost."""
    return "g" if "g" in names(body) else "X"


def mean(term: Any) -> Of:
    """An expectation: over X by its atoms, over a gain g by its Nakagami density of shape m and mean 1."""
    of = meaning(term.args[0])

    def over_gain(world: World, bound: Bound) -> Number:
        shape = real(world.values["m"])
        weight = shape**shape / mpmath.gamma(shape)
        density = lambda at: weight * at ** (shape - 1) * mpmath.exp(-shape * at)  # noqa: E731
        weighed = lambda at: (  # noqa: E731
            real(of(world, {**bound, "g": at})) * remembered(world, ("density", at), lambda: density(at))
        )
        return mpmath.quad(weighed, [0, 1, 4, mpmath.inf])

    if averaged(term.args[0]) == "g":
        return over_gain
    return lambda world, bound: world.mean(lambda cost: of(world, {**bound, "X": cost}))


def chance(term: Any) -> Of:
    """An indicator: 1 or 0."""
    holds = when(term.args[0])
    return lambda world, bound: Fraction(holds(world, bound))


def by_cases(term: Any) -> Of:
    """The first case whose condition holds."""
    cases = [(meaning(part), when(condition)) for part, condition in term.args]
    return lambda world, bound: next(of(world, bound) for of, holds in cases if holds(world, bound))


def least(term: Any) -> Of:
    """The smallest minimiser, by trying one index after the other."""
    of, last, name = meaning(term.args[0]), meaning(term.args[2]), term.args[1].name

    def found(world: World, bound: Bound) -> Number:
        each = map(Fraction, range(int(last(world, bound)) + 1))
        return min(each, key=lambda at: of(world, {**bound, name: at}))

    return found


def first(term: Any) -> Of:
    """The first index at which something holds, else the last, by trying one after the other."""
    holds, last, name = when(term.args[0]), meaning(term.args[2]), term.args[1].name

    def found(world: World, bound: Bound) -> Number:
        end = last(world, bound)
        each = map(Fraction, range(int(end) + 1))
        return next((at for at in each if holds(world, {**bound, name: at})), end)

    return found


def repeated(term: Any) -> Of:
    """A sum or a product, of a series as many terms as still count."""
    index, low, high = term.limits[0]
    of, start, end = map(meaning, (term.function, low, high))
    how, nothing = (add, Fraction(0)) if isinstance(term, sp.Sum) else (mul, Fraction(1))

    def series(at: Callable[[int], Number], begin: int) -> Number:
        total = mpmath.mpf(0)
        for number in count(begin):
            more = real(at(number))
            total += more
            if abs(more) <= abs(total) * mpmath.eps:
                return total

    def total(world: World, bound: Bound) -> Number:
        at = lambda number: of(world, {**bound, index.name: Fraction(number)})  # noqa: E731
        begin = int(start(world, bound))
        if high is sp.oo:
            return series(at, begin)
        return reduce(how, map(at, range(begin, int(end(world, bound)) + 1)), nothing)

    return total


def integral(term: Any) -> Of:
    """An integral. With atoms the integrand is constant between them, scaled by what the world contains: midpoints do."""
    variable, low, high = term.limits[0]
    inside, start, end = curve(term.function, variable), meaning(low), meaning(high)

    def area(world: World, bound: Bound) -> Number:
        begin, stop, at = start(world, bound), end(world, bound), inside(world, bound)
        if not world.atoms:
            inner = [real(begin) + 1, real(begin) + 5] if stop == mpmath.inf else []
            return mpmath.quad(lambda point: real(at(point)), [real(begin), *inner, real(stop)])
        between = {kink for kink in kinks(world) if min(begin, stop) < kink < max(begin, stop)}
        points = pairwise(sorted({begin, stop} | between))
        total = sum(((right - left) * at((left + right) / 2) for left, right in points), ZERO)
        return total * (1 if begin <= stop else -1)

    return area


def kinks(world: World) -> set[Fraction]:
    """Where something may change its form in a world with atoms: at these, scaled by what the world contains."""
    scales = {Fraction(1), *(number for number in world.values.values() if exact(number) and number > 0)}
    return scales | {kink for cost, _ in world.atoms for scale in scales for kink in (cost * scale, cost / scale)}


def curve(body: sp.Expr, variable: sp.Symbol) -> Callable[[World, Bound], Callable[[Number], Number]]:
    """An expression as a function of one of its variables."""
    of, name = meaning(body), variable.name
    return lambda world, bound: lambda point: of(world, {**bound, name: point})


def limit(term: Any) -> Of:
    """A limit, extrapolated."""
    body, variable, point, _ = term.args
    inside, end = curve(body, variable), meaning(point)

    def approached(world: World, bound: Bound) -> Number:
        at = inside(world, bound)
        return mpmath.limit(lambda near: real(at(near)), real(end(world, bound)))

    return approached


def derivative(term: Any) -> Of:
    """A derivative, by differences."""
    body, (variable, times) = term.args
    inside, point = curve(body, variable), meaning(variable)

    def slope(world: World, bound: Bound) -> Number:
        at = inside(world, bound)
        return mpmath.diff(lambda near: real(at(near)), real(point(world, bound)), int(times))

    return slope


def at_a_point(term: Any) -> Of:
    """An expression at a point, as a derivative is taken there."""
    body, (variable,), (point,) = term.args
    inside, place = curve(body, variable), meaning(point)
    return lambda world, bound: inside(world, bound)(place(world, bound))


BINDING: dict[type, Callable[[Any], Of]] = {
    E: mean,
    indicator: chance,
    Argmin: least,
    First: first,
    sp.Piecewise: by_cases,
    sp.Sum: repeated,
    sp.Product: repeated,
    sp.Integral: integral,
    sp.Limit: limit,
    sp.Derivative: derivative,
    sp.Subs: at_a_point,
}
