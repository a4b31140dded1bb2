"""Relations between reals or integers, decided by z3.

Terms that z3 does not understand (a value of the recursion, a power with an unknown exponent, an expectation) stand for
arbitrary reals, known only through the facts and the sign SymPy derives for them, so whatever is proved holds for every
value they may take.
"""

import operator
from functools import cache, reduce
from itertools import compress
from typing import Any

import sympy as sp
import z3

from coinfer.derivations.engine.terms import Best, E, First, indicator, linear

TIMEOUT_MS = 20_000
RELATIONS = {"=": sp.Eq, "<=": sp.Le, ">=": sp.Ge, "<": sp.Lt, ">": sp.Gt}
COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

COMBINED = {sp.Or: z3.Or, sp.And: z3.And}


class Translation:
    """SymPy to z3: polynomials, fractions, Min, Max, Piecewise; anything else is an unknown, the same one each time."""

    def __init__(self, integers: bool = False) -> None:
        self.integers = integers
        self.unknowns: dict[sp.Basic, Any] = {}
        self.domains: list[Any] = []

    def number(self, term: sp.Expr) -> Any:
        """The z3 term of an expression; a matrix is an unknown, as the products of numbers commute."""
        if not term.is_commutative:
            return self.unknown(term)
        match term:
            case sp.Rational():
                whole = self.integers and term.is_Integer
                return z3.IntVal(int(term)) if whole else z3.Q(term.p, term.q)
            case sp.Add():
                return z3.Sum([self.number(part) for part in term.args])
            case sp.Mul():
                return z3.Product([self.number(part) for part in term.args])
            case sp.Pow(exp=sp.Integer() as times) if abs(times) <= 6:
                power = z3.Product([self.number(term.base)] * abs(int(times)))
                return power if times > 0 else z3.RealVal(1) / power  # 1 / power of integers would be rounded
            case sp.Min():
                return reduce(lambda left, right: z3.If(left <= right, left, right), map(self.number, term.args))
            case sp.Max():
                return reduce(lambda left, right: z3.If(left <= right, right, left), map(self.number, term.args))
            case sp.Abs():
                return z3.Abs(self.number(term.args[0]))
            case sp.exp() if term.args[0].could_extract_minus_sign():
                return z3.RealVal(1) / self.number(sp.exp(-term.args[0]))
            case E() if linear(term) != term:
                return self.number(linear(term))
            case indicator():
                return z3.If(self.boolean(term.args[0]), z3.RealVal(1), z3.RealVal(0))
            case sp.ceiling():
                up, inside = self.unknown(term), self.number(term.args[0])
                self.domains += [up >= inside, up < inside + 1]
                return up
            case Best():
                return self.found(term)
            case sp.Piecewise() if term.args[-1].cond == sp.true:  # without a last case it may have no value
                *cases, last = term.args
                branch = self.number(last.args[0])
                for value, condition in reversed(cases):
                    branch = z3.If(self.boolean(condition), self.number(value), branch)
                return branch
        return self.unknown(term)

    def unknown(self, term: sp.Expr) -> Any:
        """An unknown number for a term, with the bounds that SymPy (or its being a probability) implies."""
        if term not in self.unknowns:
            make = z3.Int if self.integers and term.is_integer else z3.Real
            name = self.unknowns[term] = make(f"t{len(self.unknowns)}")
            probability = isinstance(term, E) and isinstance(term.args[0], indicator)
            counted = term.is_integer and term.is_positive
            if counted:
                self.domains.append(name >= 1)
            if term.is_positive:
                self.domains.append(name > 0)
            if term.is_nonnegative:
                self.domains.append(name >= 0)
            if probability:
                self.domains.append(name <= 1)
        return self.unknowns[term]

    def found(self, term: Best) -> Any:
        """An index in 0..last; the first at which a condition holds, if it holds there, unless it is the last."""
        condition, index, last = term.args
        if term in self.unknowns or not (last.is_nonnegative and last.is_integer):  # there may be no such index
            return self.unknown(term)
        found, end, at = self.unknown(term), self.number(last), self.number(index)
        self.domains.append(found <= end)
        if isinstance(term, First):
            before = z3.And(at >= 0, at + 1 <= found)
            self.domains.append(z3.Implies(before, z3.Not(self.boolean(condition))))
            self.domains.append(z3.Or(found == end, self.boolean(condition.xreplace({index: term}))))
        return found

    def boolean(self, condition: Any) -> Any:
        """The z3 formula of a condition."""
        if condition in (sp.true, sp.false):
            return z3.BoolVal(bool(condition))
        if condition.func in COMBINED:
            return COMBINED[condition.func](*map(self.boolean, condition.args))
        return COMPARE[condition.rel_op](self.number(condition.lhs), self.number(condition.rhs))


def compare(left: Any, relation: str, right: Any) -> Any:
    """The SymPy relation `left relation right`, left unevaluated so that z3 sees both sides."""
    return RELATIONS[relation](left, right, evaluate=False)


@cache  # one step is checked for its claim, and again wherever a variant of the claim has it
def implied(facts: tuple[Any, ...], conclusion: Any, integers: bool = False) -> bool:
    """Whether z3 proves the conclusion from the facts and the terms' signs, for all reals (or integers)."""
    translation, solver = Translation(integers), z3.Solver()
    goal = z3.Not(translation.boolean(conclusion))
    premises = [translation.boolean(fact) for fact in facts]
    solver.set("timeout", TIMEOUT_MS)
    solver.add(*premises, *translation.domains, goal)
    return bool(solver.check() == z3.unsat)


def consistent(facts: tuple[Any, ...]) -> bool:
    """Whether the facts can hold together: anything at all would follow from a contradiction."""
    return not implied(facts, sp.false)


def real_number(value: sp.Expr, facts: tuple[Any, ...]) -> bool:
    """Whether a value is a real number where the facts hold: I, infinity, nan and what divides by 0 are none."""
    known = value.replace(
        lambda part: isinstance(part, sp.Integral) and part.function.is_real, lambda _: sp.Dummy(real=True)
    )
    above, below = known.as_numer_denom()
    return bool(above.is_real) and holds(sp.Ne(below, 0), facts)


def holds(condition: Any, facts: tuple[Any, ...]) -> bool:
    """Whether a condition follows from the facts; one on indices is decided over the integers, from facts on indices."""
    if condition in (sp.true, True):
        return True
    whole, *kept = (all(part.is_integer for part in each.free_symbols) for each in (condition, *facts))
    return implied(tuple(compress(facts, kept)) if whole else facts, condition, integers=whole)
