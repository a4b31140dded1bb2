"""What the claims are written with beyond SymPy: expectations and indicators, and when two expressions are the same."""

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

RANDOM = {"X", "Z", "g"}  # names of random quantities, independent of each other
JUMPS = {"F", "s"}  # names of functions that may: the law's distribution, and when an arbitrary rule stops


class E(sp.Function):
    """Expectation over the random quantities in its argument: linear, monotone, E[1] = 1. The law is otherwise unknown."""

    nargs = 1
    is_extended_real = True

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None


class indicator(sp.Function):
    """1 where the condition holds, else 0."""

    nargs = 1
    is_nonnegative = True
    is_real = True

    @classmethod
    def eval(cls, condition: Any) -> sp.Expr | None:
        """The number, where the condition is decided."""
        return sp.Integer(condition == sp.true) if condition in (sp.true, sp.false) else None

    def _eval_rewrite_as_Piecewise(self, condition: Any, **_: Any) -> sp.Expr:
        return sp.Piecewise((1, condition), (0, True))


class Best(sp.Function):
    """What is bound to an index from 0 to a last one: `Argmin(J(M), M, N)`; an index itself, so an integer."""

    nargs = 3
    is_integer = is_nonnegative = is_real = True
    sign = ""

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """All symbols but the index, unless the last one speaks of it."""
        body, index, last = self.args
        return (body.free_symbols - {index}) | last.free_symbols

    def _latex(self, printer: Any, **_: Any) -> str:
        body, index, last = map(printer.doprint, self.args)
        return rf"{self.sign}_{{0 \le {index} \le {last}}} \left[{body}\right]"


class Argmin(Best):
    """The smallest index at which a sequence is least."""

    sign = r"\arg\min"


class First(Best):
    """The first index at which a condition holds, the last one if it holds at none."""

    sign = r"\operatorname{first}"

    def __new__(cls, condition: Any, index: sp.Symbol, last: sp.Expr) -> "First":
        """The same term however the condition is written: SymPy turns it round inside others."""
        return super().__new__(cls, getattr(condition, "canonical", condition), index, last)


def indices(*expressions: sp.Basic) -> set[sp.Basic]:
    """The indices and variables that are bound in them: that something is summed over, say, or tends to a limit."""
    parts = {
        part for each in expressions for part in each.atoms(Best, sp.Limit, sp.Sum, sp.Product, sp.Integral, sp.Subs)
    }
    named = {part.args[1] for part in parts if isinstance(part, Best | sp.Limit)}
    return named.union(*(part.bound_symbols for part in parts if not isinstance(part, Best | sp.Limit)))


def differentiated_by(*expressions: sp.Basic) -> set[sp.Basic]:
    """The variables by which something in them is differentiated."""
    return {variable for each in expressions for part in each.atoms(sp.Derivative) for variable in part.variables}


def whole(term: sp.Basic) -> bool:
    """Whether a term is an integer wherever it has a value, which SymPy does not say of a ceiling of logarithms."""
    if isinstance(term, sp.Piecewise):
        return all(whole(value) for value, _ in term.args)
    return (
        bool(term.is_integer)
        or isinstance(term, sp.ceiling)
        or (isinstance(term, sp.Min | sp.Max) and all(map(whole, term.args)))
    )


def randoms(expression: sp.Basic) -> set[sp.Basic]:
    """The random quantities in an expression, but for those an inner expectation has already averaged out."""
    if isinstance(expression, E):
        return set()
    if isinstance(expression, sp.Symbol | AppliedUndef) and expression.name in RANDOM:
        return {expression}
    return set().union(*(randoms(part) for part in expression.args))


def outer_expectations(expression: sp.Basic) -> set[sp.Basic]:
    """The expectations in an expression that are not inside another."""
    if isinstance(expression, E):
        return {expression}
    return set().union(*(outer_expectations(part) for part in expression.args))


def linear(expression: sp.Expr) -> sp.Expr:
    """Apply linearity of the expectation, and the product rule to factors with no random quantity in common."""
    return expression.replace(E, lambda body: sp.Add(*map(mean_of_product, sp.Add.make_args(sp.expand(body)))))


def mean_of_product(term: sp.Expr) -> sp.Expr:
    """The expectation of a product as a product of expectations, one for all factors that share random quantities."""
    groups: list[tuple[set[sp.Basic], sp.Expr]] = []
    for factor in sp.Mul.make_args(term):
        names = randoms(factor)
        shared = [(seen, product) for seen, product in groups if seen & names]
        groups = [(seen, product) for seen, product in groups if not seen & names]
        groups.append((names.union(*(seen for seen, _ in shared)), factor * sp.prod(part for _, part in shared)))
    return sp.prod([E(product) if names else product for names, product in groups])


def peel(expression: sp.Expr) -> sp.Expr:
    """Split the last terms off sums that differ from another only by a constant number of terms at the end."""
    sums = sorted(expression.atoms(sp.Sum), key=sp.default_sort_key)
    for total in sums:
        (index, low, high), term = total.limits[0], total.function
        if sp.expand(high - low + 1) == 0:
            expression = expression.xreplace({total: sp.Integer(0)})
            continue
        alike = [
            other for other in sums if other.limits[0][:2] == (index, low) and sp.expand(other.function - term) == 0
        ]
        gaps = [other.limits[0][2] - high for other in alike]
        short = min((int(gap) for gap in gaps if gap.is_Integer), default=0)
        tail = sum(term.subs(index, high - step) for step in range(-short))
        expression = expression.xreplace({total: sp.Sum(term, (index, low, high + short)) + tail})
    return expression


def stand_in(part: sp.Expr, nonnegative: bool | None = None) -> sp.Dummy:
    """A name in place of a part: of a real number, or of a matrix, if the part is one."""
    return sp.Dummy(real=True, nonnegative=nonnegative) if part.is_commutative else sp.Dummy(commutative=False)


ROUTES: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda term: sp.expand(sp.together(term).as_numer_denom()[0]),
    sp.simplify,
    lambda term: sp.simplify(term.rewrite(sp.exp)),
)


@cache
def is_zero(expression: sp.Expr) -> bool:
    """Whether SymPy reduces the expression to the literal 0 by one of several routes."""
    if not smoothly_integrated(expression):
        return False
    expression = sp.expand(expression)  # splits sums into their terms
    for total in expression.atoms(sp.Sum):
        fixed, term = total.function.as_independent(*(limit[0] for limit in total.limits), as_Add=False)
        expression = expression.xreplace({total: fixed * sp.Sum(term, *total.limits)})
    if sp.expand(expression) == 0:
        return True
    if not expression.has(sp.Integral, sp.Derivative, sp.Limit):  # terms of no known form are symbols to SymPy
        for parts in (lambda term: term.atoms(sp.Sum), outer_expectations, lambda term: term.atoms(AppliedUndef)):
            marks = {part: stand_in(part, part.is_nonnegative) for part in parts(expression)}
            expression = expression.xreplace(marks)
    return any(route(expression) == 0 for route in ROUTES)


def smooth(term: sp.Basic, variable: sp.Symbol) -> bool:
    """Whether a term surely has a derivative throughout the variable's own domain; an unknown function has one."""
    if variable.is_integer:
        return False
    if not term.has(variable):
        return True
    match term:
        case sp.Symbol():
            return True
        case sp.Pow(base=base, exp=power):
            integer = power.is_integer and (power.is_nonnegative or base.is_nonzero)
            return bool(base.is_positive or integer) and smooth(base, variable) and smooth(power, variable)
        case sp.log() | sp.expint() | sp.uppergamma():
            *orders, point = term.args
            return bool(point.is_positive) and smooth(point, variable) and not sp.Tuple(*orders).has(variable)
        case sp.Sum():
            return smooth(term.function, variable) and not sp.Tuple(*term.limits).has(variable, sp.oo)
        case AppliedUndef() if term.name in JUMPS | RANDOM or term.is_integer:
            return False
        case sp.Add() | sp.Mul() | sp.exp() | AppliedUndef():
            return all(smooth(part, variable) for part in term.args)
    return False


def in_domain(variable: sp.Symbol, *points: sp.Expr) -> bool:
    """Whether points are where the variable's sign allows it to be."""
    signs = [point.is_positive if variable.is_positive else point.is_nonnegative for point in points]
    return not variable.is_nonnegative or all(signs)


def smoothly_integrated(expression: sp.Expr) -> bool:
    """Whether every derivative inside an integral is of something smooth: SymPy takes the difference at the ends of any."""
    integrals = [total for total in expression.atoms(sp.Integral) if total.function.has(sp.Derivative)]
    slopes = [slope for total in integrals for slope in total.function.atoms(sp.Derivative)]
    inside = all(in_domain(*limit) for total in integrals for limit in total.limits)
    return inside and all(smooth(slope.expr, variable) for slope in slopes for variable in slope.variables)


def around(expression: sp.Expr, part: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """The `slope` and `rest` of an expression that is `slope * part + rest`, numbers; None if it is not linear in the part."""
    hole = sp.Dummy(real=True)
    frame = expression.xreplace({part: hole})
    slope = sp.diff(frame, hole)
    return None if slope.has(hole) or not expression.is_commutative else (slope, frame.xreplace({hole: sp.Integer(0)}))
