"""How a single step is proved: exact algebra and calculus by SymPy, inequalities between reals by z3.

Every rule is a function `(left, relation, right, context) -> bool`; True means proved, False only that this rule found
no proof. A rule never samples: numbers play no part in a proof. Terms a rule does not understand (a value of the
recursion, a power with an unknown exponent, an expectation) stand for arbitrary reals, known only through the facts of
the context and the sign SymPy derives for them, so whatever is proved holds for every value they may take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
import z3
from sympy.core.function import AppliedUndef

TIMEOUT_MS = 20_000
RELATIONS = {"=": sp.Eq, "<=": sp.Le, ">=": sp.Ge, "<": sp.Lt, ">": sp.Gt}
RANDOM = {"X", "Z", "g"}  # names of random quantities, independent of each other


class E(sp.Function):
    """Expectation over the random quantities in its argument: linear, monotone, E[1] = 1. The law is otherwise unknown."""

    nargs = 1

    def _eval_is_extended_real(self) -> bool:
        return True

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
        if condition in (sp.true, sp.false):
            return sp.Integer(1 if condition == sp.true else 0)
        return None

    def _eval_rewrite_as_Piecewise(self, condition: Any, **_: Any) -> sp.Expr:
        return sp.Piecewise((1, condition), (0, True))


@dataclass(frozen=True)
class Context:
    """What a step may use: equations that rewrite their left side, and relations that hold."""

    rewrites: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    facts: tuple[Any, ...] = ()

    def rewrite(self, expression: sp.Expr) -> sp.Expr:
        """The expression with the left side of each equation, in their order, replaced by its right side."""
        for left, right in self.rewrites:
            expression = expression.xreplace({left: right})
        return expression


Rule = Callable[[sp.Expr, str, sp.Expr, Context], bool]


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

    def split(body: sp.Expr) -> sp.Expr:
        total = sp.Integer(0)
        for term in sp.Add.make_args(sp.expand(body)):
            groups: list[tuple[set[sp.Basic], sp.Expr]] = []
            for factor in sp.Mul.make_args(term):
                inside, product = randoms(factor), factor
                rest = []
                for names, other in groups:
                    if (names & inside) or (not names and not inside):
                        inside, product = inside | names, product * other
                    else:
                        rest.append((names, other))
                groups = [*rest, (inside, product)]
            total += sp.prod([E(product) if names else product for names, product in groups])
        return total

    return expression.replace(E, split)


def peel(expression: sp.Expr) -> sp.Expr:
    """Split the last terms off sums that differ from another only by a constant number of terms at the end."""
    sums = sorted(expression.atoms(sp.Sum), key=sp.default_sort_key)
    for total in sums:
        index, low, high = total.limits[0]
        if sp.expand(high - low + 1) == 0:
            expression = expression.xreplace({total: sp.Integer(0)})
            continue
        lengths = [
            other.limits[0][2] - high
            for other in sums
            if other.limits[0][:2] == (index, low) and sp.expand(other.function - total.function) == 0
        ]
        short = min((int(gap) for gap in lengths if gap.is_Integer), default=0)
        if short < 0:
            tail = sum(total.function.subs(index, high - step) for step in range(-short))
            expression = expression.xreplace({total: sp.Sum(total.function, (index, low, high + short)) + tail})
    return expression


def is_zero(expression: sp.Expr) -> bool:
    """Whether SymPy reduces the expression to the literal 0 by one of several routes."""
    routes: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        sp.expand,
        lambda e: sp.expand(sp.powsimp(sp.expand(e, log=True))),
        lambda e: sp.expand(sp.together(e).as_numer_denom()[0]),
        lambda e: sp.expand(sp.powsimp(sp.expand(sp.expand_log(sp.together(e), force=False).as_numer_denom()[0]))),
        sp.simplify,
        lambda e: sp.simplify(e.rewrite(sp.exp)),
        sp.gammasimp,
    )
    expression = sp.expand(expression)  # splits sums into their terms
    for total in expression.atoms(sp.Sum):
        number, term = total.function.as_coeff_Mul()
        expression = expression.xreplace({total: number * sp.Sum(term, *total.limits)})
    if sp.expand(expression) == 0:
        return True
    if not expression.has(sp.Integral, sp.Derivative, sp.Limit):  # terms of no known form are symbols to SymPy
        for kind in (sp.Sum, E, AppliedUndef):
            parts = outer_expectations(expression) if kind is E else expression.atoms(kind)
            expression = expression.xreplace(
                {part: sp.Dummy(real=True, nonnegative=part.is_nonnegative) for part in parts}
            )
    return any(route(expression) == 0 for route in routes)


def algebra(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """An identity: the difference of the two sides, rewritten with the facts, is identically zero."""
    return relation == "=" and is_zero(peel(context.rewrite(linear(context.rewrite(left - right)))))


def calculus(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """An identity after the integrals, derivatives, sums and limits on both sides are carried out."""
    return relation == "=" and is_zero((context.rewrite(left).doit() - context.rewrite(right).doit()).doit())


def index(old: sp.Expr, new: sp.Expr) -> Rule:
    """One index is another: proved over the integers, then replaced literally."""

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        conditions = tuple(fact for fact in context.facts if all(part.is_integer for part in fact.free_symbols))
        same = implied(conditions, compare(old, "=", new), integers=True)
        return relation == "=" and same and left.xreplace({old: new}) == right.xreplace({old: new})

    return check


def inside(kind: type, rule: Rule) -> Rule:
    """Two integrals (or sums) over one range, compared by comparing what stands inside; the rest must agree."""

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        first, second = (sorted(side.atoms(kind), key=sp.default_sort_key) for side in (left, right))
        if len(first) != 1 or len(second) != 1 or first[0].limits != second[0].limits:
            return False
        hole = sp.Dummy("hole", real=True)
        frames = [side.xreplace({part[0]: hole}) for side, part in ((left, first), (right, second))]
        scale = sp.diff(frames[0], hole)
        if sp.expand(frames[0] - frames[1]) != 0 or scale.has(hole) or (relation != "=" and not scale.is_nonnegative):
            return False
        variable, low, high = first[0].limits[0]
        range_ = tuple(bound for bound in (low <= variable, variable <= high) if bound not in (sp.true, sp.false))
        return rule(
            first[0].function, relation, second[0].function, Context(context.rewrites, (*context.facts, *range_))
        )

    return check


def inside_integral(rule: Rule) -> Rule:
    """Two integrals over one range, by their integrands."""
    return inside(sp.Integral, rule)


def inside_sum(rule: Rule) -> Rule:
    """Two sums over one range, term by term."""
    return inside(sp.Sum, rule)


def tonelli(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """E of an integral of something nonnegative is the integral of the E: moved literally, nothing else may change."""

    def swap(body: sp.Expr) -> sp.Expr:
        if isinstance(body, sp.Integral) and body.function.is_nonnegative and not randoms(sp.Tuple(*body.limits)):
            return sp.Integral(E(body.function), *body.limits)
        return E(body)

    return relation == "=" and left.replace(E, swap) == right


# -- inequalities -------------------------------------------------------------------------------------------------------


class Translation:
    """SymPy to z3: polynomials, fractions, Min, Max, Piecewise; anything else is an unknown real, the same one each time."""

    def __init__(self, integers: bool = False) -> None:
        self.integers = integers
        self.unknown: dict[sp.Basic, Any] = {}
        self.domains: list[Any] = []

    def real(self, expression: sp.Expr) -> Any:
        """The z3 term of an expression."""
        if expression.is_Rational:
            return (
                z3.IntVal(int(expression))
                if self.integers and expression.is_Integer
                else z3.Q(expression.p, expression.q)
            )
        if isinstance(expression, sp.Add):
            return z3.Sum([self.real(part) for part in expression.args])
        if isinstance(expression, sp.Mul):
            return z3.Product([self.real(part) for part in expression.args])
        if isinstance(expression, sp.Pow) and expression.exp.is_Integer and abs(expression.exp) <= 6:
            base = self.real(expression.base)
            power = z3.Product([base] * abs(int(expression.exp)))
            return power if expression.exp > 0 else 1 / power
        if isinstance(expression, sp.Min | sp.Max):
            first, *others = (self.real(part) for part in expression.args)
            for other in others:
                smaller = first <= other
                first = z3.If(smaller, first, other) if isinstance(expression, sp.Min) else z3.If(smaller, other, first)
            return first
        if isinstance(expression, sp.exp) and expression.args[0].could_extract_minus_sign():
            return 1 / self.real(sp.exp(-expression.args[0]))
        if isinstance(expression, E) and linear(expression) != expression:
            return self.real(linear(expression))
        if isinstance(expression, sp.Abs):
            inner = self.real(expression.args[0])
            return z3.If(inner >= 0, inner, -inner)
        if isinstance(expression, indicator):
            return z3.If(self.boolean(expression.args[0]), z3.RealVal(1), z3.RealVal(0))
        if isinstance(expression, sp.Piecewise):
            *cases, last = expression.args
            term = self.real(last.args[0])
            for value, condition in reversed(cases):
                term = z3.If(self.boolean(condition), self.real(value), term)
            return term
        return self.opaque(expression)

    def opaque(self, expression: sp.Expr) -> Any:
        """An unknown real for a term, with the bounds that SymPy (or its being a probability) implies."""
        key = expression
        if key not in self.unknown:
            make = z3.Int if self.integers and expression.is_integer else z3.Real
            term = self.unknown[key] = make(f"t{len(self.unknown)}")
            if expression.is_positive:
                self.domains.append(term > 0)
            elif expression.is_nonnegative:
                self.domains.append(term >= 0)
            elif expression.is_negative:
                self.domains.append(term < 0)
            if isinstance(expression, E) and isinstance(expression.args[0], indicator):
                self.domains.append(term <= 1)
        return self.unknown[key]

    def boolean(self, condition: Any) -> Any:
        """The z3 formula of a condition."""
        if condition in (sp.true, True):
            return z3.BoolVal(True)
        if condition in (sp.false, False):
            return z3.BoolVal(False)
        if isinstance(condition, sp.And | sp.Or | sp.Not):
            parts = [self.boolean(part) for part in condition.args]
            return (
                z3.And(parts)
                if isinstance(condition, sp.And)
                else z3.Or(parts)
                if isinstance(condition, sp.Or)
                else z3.Not(*parts)
            )
        left, right = self.real(condition.lhs), self.real(condition.rhs)
        operations: dict[type, Callable[[Any, Any], Any]] = {
            sp.Eq: lambda a, b: a == b,
            sp.Ne: lambda a, b: a != b,
            sp.Le: lambda a, b: a <= b,
            sp.Ge: lambda a, b: a >= b,
            sp.Lt: lambda a, b: a < b,
            sp.Gt: lambda a, b: a > b,
        }
        return operations[type(condition)](left, right)


def compare(left: Any, relation: str, right: Any) -> Any:
    """The SymPy relation `left relation right`, left unevaluated so that z3 sees both sides."""
    return RELATIONS[relation](left, right, evaluate=False)


def implied(facts: tuple[Any, ...], conclusion: Any, integers: bool = False) -> bool:
    """Whether z3 proves the conclusion from the facts and the terms' signs, for all reals (or integers)."""
    translation = Translation(integers)
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    goal = z3.Not(translation.boolean(conclusion))
    premises = [translation.boolean(fact) for fact in facts]
    solver.add(*premises, *translation.domains, goal)
    return solver.check() == z3.unsat


def consistent(facts: tuple[Any, ...]) -> bool:
    """Whether the facts can hold together: anything at all would follow from a contradiction."""
    translation = Translation()
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    premises = [translation.boolean(fact) for fact in facts]
    solver.add(*premises, *translation.domains)
    return solver.check() != z3.unsat


def order(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """A relation between reals that z3 derives from the facts of the step."""
    return implied(context.facts, compare(linear(context.rewrite(left)), relation, linear(context.rewrite(right))))


def expectation(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """A relation between expectations, proved by z3 for every single outcome of the random quantities.

    The difference of the sides must be linear in its outer expectations; it is then the expectation of one random
    expression, and the relation follows from the same relation for each outcome (E is linear and monotone). An outer
    expectation that also occurs inside another may be left as the constant it is.
    """
    difference = sp.expand(context.rewrite(left) - context.rewrite(right))
    outer = outer_expectations(difference)
    constants = set().union(*(outer_expectations(part.args[0]) for part in outer))
    return any(
        outcome_by_outcome(difference, parts, relation, context)
        for parts in (outer, outer - constants)
        if parts or not outer
    )


def outcome_by_outcome(difference: sp.Expr, parts: set[sp.Basic], relation: str, context: Context) -> bool:
    """Whether `difference relation 0` holds with each of the expectations `parts` replaced by what it averages."""
    marks = {part: sp.Dummy() for part in sorted(parts, key=sp.default_sort_key)}
    body = sp.expand(difference.xreplace(marks))
    combined = body.xreplace({mark: sp.Integer(0) for mark in marks.values()})
    if randoms(combined):  # an outcome, not its expectation, was left outside
        return False
    for part, mark in marks.items():
        weight = sp.diff(body, mark)
        if weight.free_symbols & set(marks.values()) or randoms(weight):
            return False
        average = part.args[0]
        combined += weight * (average.rewrite(sp.Piecewise).doit() if average.has(sp.Integral) else average)
    return implied(context.facts, compare(combined, relation, sp.Integer(0)))


# -- signs of derivatives -----------------------------------------------------------------------------------------------


def sign(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """A relation that SymPy reads off the factored difference of the sides and the symbols' domains."""
    difference = sp.factor(sp.expand(context.rewrite(left) - context.rewrite(right)).doit())
    tests = {
        ">=": difference.is_nonnegative,
        ">": difference.is_positive,
        "<=": difference.is_nonpositive,
        "<": difference.is_negative,
    }
    return bool(tests.get(relation)) or bool(tests.get(relation) is None and sign_of_together(difference, relation))


def sign_of_together(difference: sp.Expr, relation: str) -> bool:
    """The same after bringing everything over one denominator."""
    whole = sp.factor(sp.together(difference))
    tests = {">=": whole.is_nonnegative, ">": whole.is_positive, "<=": whole.is_nonpositive, "<": whole.is_negative}
    return bool(tests.get(relation))


def by_derivatives(variable: sp.Symbol, times: int = 3) -> Rule:
    """For variable >= 0: the difference is nonnegative at 0 and its derivative is nonnegative, by repeated differentiation."""

    def nonnegative(expression: sp.Expr, depth: int) -> bool:
        positive = sp.Symbol(variable.name, positive=True)
        value = sp.factor(sp.together(expression)).subs(variable, positive)
        if sp.simplify(value).is_nonnegative or value.is_nonnegative:
            return True
        if depth == 0 or not sp.simplify(sp.limit(expression, variable, 0, "+")).is_nonnegative:
            return False
        return nonnegative(sp.simplify(sp.diff(expression, variable)), depth - 1)

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        left, right = context.rewrite(left), context.rewrite(right)
        if relation not in ("<=", ">=") or not variable.is_nonnegative:
            return False
        return nonnegative(right - left if relation == "<=" else left - right, times)

    return check


def monotone(shape: sp.Expr, variable: sp.Symbol, start: sp.Expr, end: sp.Expr) -> Rule:
    """The two sides are one shape at two points of a known order, and the shape's derivative has a constant sign.

    The sign must hold wherever the variable's own domain allows; both points must lie in that domain.
    """

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        if not (is_zero(left - shape.subs(variable, start)) and is_zero(right - shape.subs(variable, end))):
            return False
        domain = variable.is_positive, variable.is_nonnegative
        inside = all(
            implied(context.facts, compare(point, ">" if domain[0] else ">=", sp.Integer(0)))
            for point in (start, end)
            if domain != (None, None)
        )
        slope = sp.factor(sp.simplify(sp.diff(shape, variable)))
        strict = relation in ("<", ">")
        before = implied(context.facts, compare(start, "<" if strict else "<=", end))
        after = implied(context.facts, compare(start, ">" if strict else ">=", end))
        rising = (slope.is_positive if strict else slope.is_nonnegative) or implied(
            context.facts, compare(slope, ">" if strict else ">=", sp.Integer(0))
        )
        falling = (slope.is_negative if strict else slope.is_nonpositive) or implied(
            context.facts, compare(slope, "<" if strict else "<=", sp.Integer(0))
        )
        upward = bool((rising and before) or (falling and after))
        downward = bool((rising and after) or (falling and before))
        return inside and (upward if relation in ("<", "<=") else downward if relation in (">", ">=") else False)

    return check


def jensen(shape: sp.Expr, variable: sp.Symbol) -> Rule:
    """E[shape(g)] >= shape(E g) for a shape whose second derivative is nonnegative on the variable's domain."""

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        if relation != ">=" or not isinstance(left, E):
            return False
        bodies = [part for part in left.args[0].atoms(sp.Symbol) if part.name in RANDOM]
        if len(bodies) != 1 or not is_zero(left.args[0] - shape.subs(variable, bodies[0])):
            return False
        if not is_zero(context.rewrite(right) - shape.subs(variable, context.rewrite(E(bodies[0])))):
            return False
        return bool(sp.factor(sp.simplify(sp.diff(shape, variable, 2))).is_nonnegative)

    return check


def antiderivative(variable: sp.Symbol) -> Rule:
    """An integral from `variable` to infinity is what has minus its integrand as derivative and falls to 0."""

    def check(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
        parts = list(left.atoms(sp.Integral))
        if relation != "=" or len(parts) != 1 or parts[0].limits[0][1:] != (variable, sp.oo):
            return False
        hole = sp.Dummy()
        factor = sp.diff(left.xreplace({parts[0]: hole}), hole)  # may itself depend on the variable, as exp(x) does
        if factor.has(hole) or not is_zero(left.xreplace({parts[0]: hole}) - factor * hole):
            return False
        candidate = sp.expand(right / factor)
        here = parts[0].function.subs(parts[0].limits[0][0], variable)
        return (
            is_zero(sp.diff(candidate, variable) + here)
            and sp.limit(candidate.rewrite(sp.uppergamma), variable, sp.oo) == 0
        )

    return check


def first_term(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """A series of nonnegative terms is at least its first term; what multiplies it is nonnegative."""
    sums = list(left.atoms(sp.Sum))
    if relation != ">=" or len(sums) != 1 or not sums[0].function.is_nonnegative:
        return False
    hole, (index_, low, _) = sp.Dummy(), sums[0].limits[0]
    frame = left.xreplace({sums[0]: hole})
    factor = sp.diff(frame, hole)
    if factor.has(hole) or not factor.is_nonnegative or not is_zero(frame - factor * hole):
        return False
    return is_zero(factor * sums[0].function.subs(index_, low) - right)


def by_numbers(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """No proof: the step rests on the counterexample search alone, and the claim says *checked numerically only*."""
    return True
