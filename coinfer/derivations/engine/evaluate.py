"""The number an expression stands for in a world.

Exact fractions; formulas with logarithms or integrals over densities are evaluated to the working precision instead.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import count, pairwise
from typing import Any

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine.numbers import Number, real
from coinfer.derivations.engine.terms import Argmin, E, First, indicator
from coinfer.derivations.engine.worlds import World

Of = Callable[..., Number]  # the value of a part of an expression, given the values of more variables
UNBOUND: dict[str, Number] = {}
FALSE_BY = mpmath.mpf(10) ** -9  # numbers that are not exact differ only by more than this, relative to the larger
CONSTANTS = {sp.E: mpmath.e, sp.pi: mpmath.pi, sp.oo: mpmath.inf}
# an unknown smooth law, where a claim has one: its distribution function, tail and density
SMOOTH: dict[str, Callable[[Number], Number]] = {
    "F": lambda at: 1 - mpmath.exp(-at),
    "T": lambda at: mpmath.exp(-at),
    "f": lambda at: mpmath.exp(-at),
    "inflow": lambda at: mpmath.exp(-at) + at,  # of what is spent from other states: any smooth function
}


def exact(*numbers: Number) -> bool:
    """Whether all numbers are fractions."""
    return all(isinstance(number, Fraction) for number in numbers)


def related(left: Number, relation: str, right: Number, slack: Number) -> bool:
    """Whether left relation right; `slack` is forgiven when the numbers are not exact."""
    gap, slack = (left - right, Fraction(0)) if exact(left, right) else (real(left) - real(right), real(slack))
    equal = abs(gap) <= slack
    ordered = {"<": gap < slack, "<=": gap <= slack, ">": gap > -slack, ">=": gap >= -slack}
    return (ordered | {"=": equal, "==": equal, "!=": not equal})[relation]


def truth(condition: Any, world: World, bound: dict[str, Number] = UNBOUND) -> bool:
    """Whether a condition holds in a world; one on the unit cost, for every outcome."""
    if condition in (sp.true, sp.false):
        return bool(condition)
    if world.atoms and "X" not in bound and "X" in {part.name for part in condition.free_symbols}:
        return all(truth(condition, world, {**bound, "X": cost}) for cost, _ in world.atoms)
    if isinstance(condition, sp.Or | sp.And):
        return (any if isinstance(condition, sp.Or) else all)(truth(part, world, bound) for part in condition.args)
    left, right = value(condition.lhs, world, bound), value(condition.rhs, world, bound)
    if not exact(left, right) and abs(real(left) - real(right)) < FALSE_BY:
        return False  # too close to tell
    return related(left, condition.rel_op, right, Fraction(0))


def value(term: sp.Basic, world: World, bound: dict[str, Number] = UNBOUND) -> Number:
    """The number; `bound` holds the variables of enclosing sums and expectations.

    Raises ZeroDivisionError or IndexError where the expression has no value, or none that the world knows.
    """

    def of(part: sp.Basic, **more: Number) -> Number:
        return value(part, world, {**bound, **more} if more else bound)

    match term:
        case sp.Rational():
            return Fraction(term.p, term.q)
        case sp.Symbol():
            return bound[term.name] if term.name in bound else world.values[term.name]
        case sp.Add():
            return sum(map(of, term.args), Fraction(0))
        case sp.Mul():
            return math.prod(map(of, term.args), start=Fraction(1))
        case sp.Pow():
            return power(of(term.base), of(term.exp))
        case AppliedUndef():
            if term.name in SMOOTH and not world.atoms:
                return SMOOTH[term.name](real(of(term.args[0])))
            return world.quantity(term.name, *map(of, term.args))
        case E():
            return mean(term.args[0], world, of)
        case indicator():
            return Fraction(truth(term.args[0], world, bound))
        case sp.Min() | sp.Max():
            return (min if isinstance(term, sp.Min) else max)(map(of, term.args))
        case Argmin() | First():
            return searched(term, world, of, bound)
        case sp.Piecewise():
            return of(next(part for part, condition in term.args if truth(condition, world, bound)))
        case sp.Sum() | sp.Product():
            return repeated(term, of)
        case sp.Integral():
            return integral(term, world, of)
        case sp.Limit(args=(body, variable, point, _)):
            return mpmath.limit(curve(of, body, variable), real(of(point)))
        case sp.Derivative(args=(body, sp.Tuple(args=(variable, times)))):
            return mpmath.diff(curve(of, body, variable), real(of(variable)), int(times))
        case sp.Subs(args=(body, sp.Tuple(args=(variable,)), sp.Tuple(args=(point,)))):
            return of(body, **{variable.name: of(point)})
    return CONSTANTS[term] if term in CONSTANTS else function(type(term).__name__, [of(part) for part in term.args])


def searched(term: sp.Basic, world: World, of: Of, bound: dict[str, Number]) -> Number:
    """The smallest minimiser, or the first index at which something holds (else the last), by trying one after the other."""
    body, index, last = term.args
    each = [Fraction(at) for at in range(int(of(last)) + 1)]
    if isinstance(term, Argmin):
        return min(each, key=lambda at: of(body, **{index.name: at}))
    return next((at for at in each if truth(body, world, {**bound, index.name: at})), of(last))


def curve(of: Of, body: sp.Expr, variable: sp.Symbol) -> Callable[[Number], mpmath.mpf]:
    """An expression as a function of one of its variables."""
    return lambda point: real(of(body, **{variable.name: point}))


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


def mean(body: sp.Expr, world: World, of: Of) -> Number:
    """An expectation: over X by its atoms, over a gain g by its Nakagami density of shape m and mean 1."""
    if "g" not in {part.name for part in body.free_symbols}:
        return world.mean(lambda cost: of(body, X=cost))
    shape = real(world.values["m"])
    weight = shape**shape / mpmath.gamma(shape)
    density = lambda at: weight * at ** (shape - 1) * mpmath.exp(-shape * at)  # noqa: E731
    return mpmath.quad(lambda at: real(of(body, g=at)) * density(at), [0, 1, 4, mpmath.inf])


def repeated(term: Any, of: Of) -> Number:
    """A sum or a product, of a series as many terms as still count."""
    index, low, high = term.limits[0]
    first = int(of(low))
    if high is sp.oo:
        total = mpmath.mpf(0)
        for at in count(first):
            more = real(of(term.function, **{index.name: Fraction(at)}))
            total += more
            if abs(more) <= abs(total) * mpmath.eps:
                return total
    terms = [of(term.function, **{index.name: Fraction(at)}) for at in range(first, int(of(high)) + 1)]
    return sum(terms, Fraction(0)) if isinstance(term, sp.Sum) else math.prod(terms, start=Fraction(1))


def integral(term: Any, world: World, of: Of) -> Number:
    """An integral. With atoms the integrand is constant between them, scaled by what the world contains: midpoints do."""
    variable, low, high = term.limits[0]
    start, stop = of(low), of(high)
    if not world.atoms:
        inner = [real(start) + 1, real(start) + 5] if stop == mpmath.inf else []
        return mpmath.quad(curve(of, term.function, variable), [real(start), *inner, real(stop)])
    scales = {Fraction(1), *(number for number in world.values.values() if exact(number) and number > 0)}
    kinks = scales | {kink for cost, _ in world.atoms for scale in scales for kink in (cost * scale, cost / scale)}
    inner = sorted({start, stop, *(kink for kink in kinks if min(start, stop) < kink < max(start, stop))})
    areas = (
        (right - left) * of(term.function, **{variable.name: (left + right) / 2}) for left, right in pairwise(inner)
    )
    return sum(areas, Fraction(0)) * (1 if start <= stop else -1)
