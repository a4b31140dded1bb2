"""Rules about the smallest minimiser of a sequence over 0..K, an integer, each from what an `Argmin` is by definition.

What a rule rests on is shown by z3, for all sequences f, g and every K, when the rule is first used. z3 has no
induction, so a relation between neighbours is first extended to all pairs: from (start, end) to (start, end + 1).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp
import z3

from coinfer.derivations.engine.prover import ZERO, Context
from coinfer.derivations.engine.reals import TIMEOUT_MS, compare, implied
from coinfer.derivations.engine.terms import Argmin, linear, peel, whole

f, g = (z3.Function(name, z3.IntSort(), z3.RealSort()) for name in "fg")
least, other, turn, last, start, end = z3.Ints("least other turn last start end")

# -- from first principles ----------------------------------------------------------------------------------------------


def follows(conclusion: Any, *premises: Any) -> bool:
    """Whether z3 derives the conclusion."""
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(*premises, z3.Not(conclusion))
    return bool(solver.check() == z3.unsat)


def minimises(sequence: Any, index: Any, high: Any = last) -> Any:
    """The definition: an index in 0..high at which the sequence is no larger than anywhere, and smaller than before."""
    anywhere = z3.Implies(z3.And(start >= 0, start <= high), sequence(index) <= sequence(start))
    before = z3.Implies(z3.And(start >= 0, start < index), sequence(index) < sequence(start))
    return z3.And(index >= 0, index <= high, z3.ForAll([start], z3.And(anywhere, before)))


def shown(pair: Callable[[Any, Any], Any], conclusion: Any, *premises: Any) -> bool:
    """Whether the conclusion follows from the premises if `pair` holds of neighbours in 0..last, so of all pairs."""
    extended = follows(pair(start, end + 1), start <= end, pair(start, end), pair(end, end + 1))
    here = z3.And(start >= 0, start <= end, end <= last)
    everywhere = z3.ForAll([start, end], z3.Implies(here, pair(start, end)))
    return follows(pair(start, start)) and extended and follows(conclusion, everywhere, *premises)


@cache
def larger_increments_end_sooner() -> bool:
    """Where f grows by at least as much as g from each index to the next, its smallest minimiser is at most that of g."""
    grows = lambda start, end: f(end) - f(start) >= g(end) - g(start)  # noqa: E731
    return shown(grows, least <= other, minimises(f, least), minimises(g, other))


@cache
def turns_once() -> bool:
    """What falls up to an index and does not fall from there on has its smallest minimiser there."""

    def turned(start: Any, end: Any) -> Any:
        falls = z3.Implies(z3.And(start < end, end <= turn), f(end) < f(start))
        return z3.And(falls, z3.Implies(turn <= start, f(end) >= f(start)))

    return shown(turned, least == turn, minimises(f, least), turn >= 0, turn <= last)


@cache
def better_or_the_last() -> bool:
    """With one index more, the smallest minimiser is that index if it is strictly better than the best so far."""
    better = z3.If(f(last + 1) < f(other), last + 1, other)
    return follows(least == better, minimises(f, least, last + 1), minimises(f, other), last >= 0)


# -- the rules ----------------------------------------------------------------------------------------------------------


def over_indices(term: sp.Expr) -> bool:
    """Whether a term is an `Argmin` over 0..K, an integer, by an index of which nothing else is known."""
    if not isinstance(term, Argmin) or not (term.args[2].is_nonnegative and term.args[2].is_integer):
        return False
    return bool(term.args[1] == sp.Symbol(term.args[1].name, integer=True, nonnegative=True))


def increment(term: Argmin, context: Context) -> sp.Expr:
    """How much the sequence grows from an index to the next, rewritten with the facts."""
    sequence, index, _ = term.args
    grown = context.rewrite(sequence.xreplace({index: index + 1}) - sequence)
    return peel(context.rewrite(linear(sp.expand(grown))))


def increments(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """Two smallest minimisers over one range, ordered by the increments of their sequences: equal if these are."""
    if not (over_indices(left) and over_indices(right)) or left.args[1:] != right.args[1:]:
        return False
    index, high = left.args[1:]
    how = {"<=": ">=", ">=": "<=", "=": "="}.get(relation)
    inside = (*context.facts, compare(index + 1, "<=", high))
    grown = [increment(each, context) for each in (left, right)]
    return how is not None and larger_increments_end_sooner() and implied(inside, compare(grown[0], how, grown[1]))


def turning_point(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """The smallest minimiser is the index up to which the sequence falls and from which on it does not."""
    if not over_indices(left) or relation != "=" or not whole(right) or not turns_once():
        return False
    grown, (_, index, high) = increment(left, context), left.args

    def known(conclusion: Any, *where: Any) -> bool:
        return implied((*context.facts, *where), conclusion)

    inside = known(compare(right, ">=", ZERO)) and known(compare(right, "<=", high))
    step = compare(index + 1, "<=", high)
    falls = known(compare(grown, "<", ZERO), step, compare(index + 1, "<=", right))
    return inside and falls and known(compare(grown, ">=", ZERO), step, compare(index, ">=", right))


def or_the_last(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """The smallest minimiser over one index more: that index if it is better than the smallest minimiser before it."""
    if not over_indices(left) or relation != "=" or not (left.args[2] - 1).is_nonnegative:
        return False
    sequence, index, high = left.args
    before = Argmin(sequence, index, high - 1)
    better = sequence.xreplace({index: high}) < sequence.xreplace({index: before})
    return right == sp.Piecewise((high, better), (before, True)) and better_or_the_last()
