"""How a single step is proved: exact algebra and calculus by SymPy, inequalities between reals by z3.

Every rule is a function `(left, relation, right, context) -> bool`; True means proved, False only that this rule found
no proof. A rule never samples: numbers play no part in a proof.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from types import FunctionType
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from coinfer.derivations.engine.reals import COMBINED, RELATIONS, compare, holds, implied
from coinfer.derivations.engine.terms import (
    RANDOM,
    around,
    differentiated_by,
    indices,
    is_zero,
    linear,
    outer_expectations,
    peel,
    randoms,
    smooth,
    smoothly_integrated,
    stand_in,
)
from coinfer.derivations.engine.terms import E as E
from coinfer.derivations.engine.terms import indicator as indicator


@dataclass(frozen=True)
class Context:
    """What a step may use: equations that rewrite their left side, and relations that hold."""

    rewrites: tuple[tuple[Expr, Expr], ...] = ()
    facts: tuple[Any, ...] = ()

    def rewrite(self, expression: Expr) -> Expr:
        """The expression with the left side of each equation, in their order, replaced by its right side."""
        for left, right in self.rewrites:
            expression = expression.xreplace({left: right})
        return expression

    def rewrite_fact(self, fact: Any) -> Any:
        """A relation, or several of which one holds, with both sides rewritten."""
        if fact.func in COMBINED:
            return fact.func(*map(self.rewrite_fact, fact.args))
        return type(fact)(self.rewrite(fact.lhs), self.rewrite(fact.rhs), evaluate=False)


Rule = Callable[[Expr, str, Expr, Context], bool]
ZERO = sp.Integer(0)
# integrals by Risch's algorithm or by G-functions: SymPy's guesses take long, most where there is no integral to find
ALGORITHMS = {"heurisch": False, "manual": False}


def given(check: Callable[..., bool]) -> Callable[..., Rule]:
    """A rule with parameters: `index(old, new)` is the rule that `index` is once these are given."""
    return wraps(check)(lambda *parameters: partial(check, *parameters))


# -- equations ----------------------------------------------------------------------------------------------------------


def algebra(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """An identity: the difference of the two sides, rewritten with the facts, is identically zero."""
    return relation == "=" and is_zero(peel(context.rewrite(linear(context.rewrite(left - right)))))


def calculus(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """An identity after the integrals, derivatives, sums and limits on both sides are carried out."""
    sides = [context.rewrite(side) for side in (left, right)]
    if relation != "=" or not all(map(smoothly_integrated, sides)):
        return False
    difference = sides[0].doit(**ALGORITHMS) - sides[1].doit(**ALGORITHMS)
    return is_zero(difference) or is_zero(difference.doit(**ALGORITHMS))


def fundamental(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """The integral of the derivative of something smooth is the difference at its ends."""

    def ends(total: sp.Integral) -> Expr:
        (variable, low, high), *more = total.limits
        slope = total.function
        if more or not isinstance(slope, sp.Derivative) or slope.variables != (variable,):
            return total
        return slope.expr.subs(variable, high) - slope.expr.subs(variable, low)

    return smoothly_integrated(right) and algebra(
        left, relation, right.replace(lambda part: isinstance(part, sp.Integral), ends), context
    )


@given
def index(old: Expr, new: Expr, left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """One index is another: proved over the integers, then replaced literally, but not where it is bound."""
    if sp.Tuple(old, new).free_symbols & (indices(left) | differentiated_by(left)):
        return False
    same = relation == "=" and left.xreplace({old: new}) == right.xreplace({old: new})
    return same and holds(compare(old, "=", new), context.facts)


def tonelli(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """E of an integral of something nonnegative is the integral of the E: moved literally, nothing else may change."""

    def swap(body: Expr) -> Expr:
        if isinstance(body, sp.Integral) and body.function.is_nonnegative and not randoms(sp.Tuple(*body.limits)):
            return sp.Integral(E(body.function), *body.limits)
        return E(body)

    return relation == "=" and left.replace(E, swap) == right


@given
def antiderivative(variable: Symbol, left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """An integral from `variable` to infinity is what has minus its integrand as derivative and falls to 0."""
    parts = list(left.atoms(sp.Integral))
    if relation != "=" or len(parts) != 1 or parts[0].limits[0][1:] != (variable, sp.oo):
        return False
    if (frame := around(left, parts[0])) is None or not is_zero(frame[1]):
        return False
    candidate = sp.expand(right / frame[0])  # the slope may itself depend on the variable, as exp(x) does
    here = parts[0].function.subs(parts[0].limits[0][0], variable)
    falls_to = sp.limit(candidate.rewrite(sp.uppergamma), variable, sp.oo)
    return falls_to == 0 and smooth(candidate, variable) and is_zero(sp.diff(candidate, variable) + here)


# -- inequalities -------------------------------------------------------------------------------------------------------


def order(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """A relation between reals that z3 derives from the facts of the step."""
    return implied(context.facts, compare(linear(context.rewrite(left)), relation, linear(context.rewrite(right))))


def expectation(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """A relation between expectations, proved by z3 for every single outcome of the random quantities.

    The difference of the sides must be linear in its outer expectations; it is then the expectation of one random
    expression, and the relation follows from the same relation for each outcome (E is linear and monotone). An outer
    expectation that also occurs inside another may be left as the constant it is.
    """
    difference = sp.expand(context.rewrite(left) - context.rewrite(right))
    outer = outer_expectations(difference)
    constants = set().union(*(outer_expectations(part.args[0]) for part in outer))
    choices = [parts for parts in (outer, outer - constants) if parts or not outer]
    return any(outcome_by_outcome(difference, parts, relation, context) for parts in choices)


def averaged(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """A relation that z3 derives from the facts and their means: what holds for every outcome holds in the mean."""
    related = [fact for fact in context.facts if isinstance(fact, sp.Rel) and not isinstance(fact, sp.Ne)]
    random = [fact for fact in related if randoms(fact)]
    means = [type(fact)(linear(E(fact.lhs)), linear(E(fact.rhs)), evaluate=False) for fact in random]
    return order(left, relation, right, Context(context.rewrites, (*context.facts, *means)))


def outcome_by_outcome(difference: Expr, parts: set[sp.Basic], relation: str, context: Context) -> bool:
    """Whether `difference relation 0` holds with each of the expectations `parts` replaced by what it averages."""
    marks = {part: sp.Dummy() for part in sorted(parts, key=sp.default_sort_key)}
    body = sp.expand(difference.xreplace(marks))
    combined = body.xreplace(dict.fromkeys(marks.values(), ZERO))
    if randoms(combined):  # an outcome, not its expectation, was left outside
        return False
    for part, mark in marks.items():
        weight = sp.diff(body, mark)
        if weight.free_symbols & set(marks.values()) or randoms(weight):
            return False
        average = part.args[0]
        combined += weight * (average.rewrite(sp.Piecewise).doit() if average.has(sp.Integral) else average)
    return implied(context.facts, compare(combined, relation, ZERO))


def almost_never(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """What is 0 wherever an event does not happen, and the event has chance 0 by a fact: its expectation is 0."""
    chances = [
        fact.lhs.args[0]
        for fact in context.facts
        if isinstance(fact, sp.Eq) and isinstance(fact.lhs, E) and fact.rhs == 0
    ]
    events = [chance.args[0] for chance in chances if isinstance(chance, indicator)]
    if relation != "=" or right != 0 or not isinstance(left, E):
        return False
    return any(implied((sp.Not(event), *context.facts), compare(left.args[0], "=", ZERO)) for event in events)


@given
def inside(kind: type, rule: Rule, left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """Two integrals (or sums) over one range, compared by comparing what stands inside; the rest must agree."""
    firsts, seconds = list(left.atoms(kind)), list(right.atoms(kind))
    if len(firsts) != 1 or len(seconds) != 1 or firsts[0].limits != seconds[0].limits or len(firsts[0].limits) != 1:
        return False
    variable, low, high = firsts[0].limits[0]
    summed = 1 if kind is sp.Sum else 0  # which may have no terms
    first = summed if variable.is_positive else 0 if variable.is_nonnegative else low
    ordered = all(holds(each, context.facts) for each in (low >= first, low <= high + summed))
    if bool(variable.is_integer) != bool(summed) or not ordered or relation in ("<", ">"):  # the range may be a point
        return False
    hole = stand_in(firsts[0] + seconds[0])
    if sp.expand(left.xreplace({firsts[0]: hole}) - right.xreplace({seconds[0]: hole})) != 0:
        return False
    if relation != "=" and ((frame := around(left, firsts[0])) is None or not frame[0].is_nonnegative):
        return False
    bounds = [bound for bound in (low <= variable, variable <= high) if bound not in (sp.true, sp.false)]
    within = Context(context.rewrites, (*context.facts, *bounds))
    return rule(firsts[0].function, relation, seconds[0].function, within)


# two integrals by their integrands, two sums term by term
inside_integral: Callable[[Rule], Rule] = partial(inside, sp.Integral)
inside_sum: Callable[[Rule], Rule] = partial(inside, sp.Sum)


def first_term(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """A series of nonnegative terms is at least its first term; what multiplies it is nonnegative."""
    sums = list(left.atoms(sp.Sum))
    if relation != ">=" or len(sums) != 1 or not sums[0].function.is_nonnegative:
        return False
    if (frame := around(left, sums[0])) is None or not frame[0].is_nonnegative or not is_zero(frame[1]):
        return False
    number, low, _ = sums[0].limits[0]
    return is_zero(frame[0] * sums[0].function.subs(number, low) - right)


# -- by the signs of derivatives ----------------------------------------------------------------------------------------


def by_derivatives(variable: Symbol, times: int = 3) -> Rule:
    """For variable >= 0: the difference is nonnegative at 0 and its derivative is nonnegative, by repeated differentiation."""
    positive = sp.Symbol(variable.name, positive=True)

    def nonnegative(expression: Expr, depth: int) -> bool:
        value = sp.factor(sp.together(expression)).subs(variable, positive)
        if sp.simplify(value).is_nonnegative or value.is_nonnegative:
            return True
        if depth == 0 or not sp.simplify(sp.limit(expression, variable, 0, "+")).is_nonnegative:
            return False
        return nonnegative(sp.simplify(sp.diff(expression, variable)), depth - 1)

    def check(left: Expr, relation: str, right: Expr, context: Context) -> bool:
        if relation not in ("<=", ">=") or not variable.is_nonnegative:
            return False
        difference = context.rewrite(right - left if relation == "<=" else left - right)
        return smooth(difference, variable) and nonnegative(difference, times)

    return check


@given
def monotone(
    shape: Expr, variable: Symbol, start: Expr, end: Expr, left: Expr, relation: str, right: Expr, context: Context
) -> bool:
    """The two sides are one shape at two points of a known order, and the shape's derivative has a constant sign.

    The sign must hold wherever the variable's own domain allows; both points must lie in that domain.
    """

    def shown(first: Expr, how: str, second: Expr) -> bool:
        return RELATIONS[how](first, second) == sp.true or implied(context.facts, compare(first, how, second))

    if not (is_zero(left - shape.subs(variable, start)) and is_zero(right - shape.subs(variable, end))):
        return False
    domain = ">" if variable.is_positive else ">=" if variable.is_nonnegative else None
    if (
        relation == "="
        or not smooth(shape, variable)
        or (domain and not all(shown(point, domain, ZERO) for point in (start, end)))
    ):
        return False
    slope, rising, falling = sp.factor(sp.simplify(sp.diff(shape, variable))), ">" + relation[1:], "<" + relation[1:]
    rises = shown(slope, rising, ZERO) and shown(start, relation, end)
    return rises or (shown(slope, falling, ZERO) and shown(end, relation, start))


@given
def jensen(shape: Expr, variable: Symbol, left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """E[shape(g)] >= shape(E g) for a shape whose second derivative is nonnegative on the variable's domain."""
    if relation != ">=" or not isinstance(left, E):
        return False
    if not smooth(shape, variable):
        return False
    gains = [part for part in left.args[0].atoms(sp.Symbol) if part.name in RANDOM]
    if len(gains) != 1 or not is_zero(left.args[0] - shape.subs(variable, gains[0])):
        return False
    if not is_zero(context.rewrite(right) - shape.subs(variable, context.rewrite(E(gains[0])))):
        return False
    return bool(sp.factor(sp.simplify(sp.diff(shape, variable, 2))).is_nonnegative)


def by_numbers(left: Expr, relation: str, right: Expr, context: Context) -> bool:
    """No proof: the step rests on the counterexample search alone, and the claim says *checked numerically only*."""
    return True


def rests_on_numbers(rule: Any) -> bool:
    """Whether a rule is `by_numbers`, or one made with it."""
    return rule is by_numbers or (isinstance(rule, partial) and any(map(rests_on_numbers, rule.args)))


def of_the_engine(rule: object) -> bool:
    """Whether a rule, and any that it is made of, is the engine's own: a claim may not bring one along."""
    if isinstance(rule, partial):
        made_of = [part for part in rule.args if isinstance(part, (partial, FunctionType))]
        return all(map(of_the_engine, [rule.func, *made_of]))
    return getattr(rule, "__module__", "").startswith(__name__.rpartition(".")[0])
