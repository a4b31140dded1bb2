"""Rules about the smallest minimiser of a sequence over 0..K, an integer, each from what an `Argmin` is by definition.

What a rule rests on is shown by z3 for all sequences f, g and every K when the rule is first used. z3 has no induction,
so a relation between neighbours is first extended to all pairs of indices: from (start, end) to (start, end + 1).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp
import z3

from coinfer.derivations.engine.prover import Context
from coinfer.derivations.engine.reals import TIMEOUT_MS, compare, implied
from coinfer.derivations.engine.terms import Argmin, linear, peel, whole

Pair = Callable[[Any, Any], Any]  # what is said of two indices
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
    """The definition: an index in 0..high, where the sequence is no larger than anywhere, and smaller than before it."""
    here, reached = z3.And(0 <= start, start <= high), z3.And(0 <= start, start < index)
    nowhere_less = z3.ForAll([start], z3.Implies(here, sequence(index) <= sequence(start)))
    return z3.And(
        0 <= index,
        index <= high,
        nowhere_less,
        z3.ForAll([start], z3.Implies(reached, sequence(index) < sequence(start))),
    )


def shown(step: Pair, pair: Pair, conclusion: Any, *premises: Any) -> bool:
    """Whether the conclusion follows from the premises and from `step`, which holds of all neighbours in 0..last."""
    ordered = z3.And(0 <= start, start <= end, end < last)
    extended = follows(pair(start, start)) and follows(
        pair(start, end + 1), ordered, pair(start, end), step(end, end + 1)
    )
    pairs = z3.ForAll([start, end], z3.Implies(z3.And(0 <= start, start <= end, end <= last), pair(start, end)))
    return extended and follows(conclusion, pairs, *premises)


@cache
def larger_increments_end_sooner() -> bool:
    """Where f grows by at least as much as g from each index to the next, its smallest minimiser is at most that of g."""

    def grows(start: Any, end: Any) -> Any:
        return f(end) - f(start) >= g(end) - g(start)

    return shown(grows, grows, least <= other, minimises(f, least), minimises(g, other))


@cache
def turns_once() -> bool:
    """What falls up to an index and does not fall after it has its smallest minimiser there."""

    def turned(start: Any, end: Any) -> Any:
        falls = z3.Implies(z3.And(start < end, end <= turn), f(end) < f(start))
        return z3.And(falls, z3.Implies(turn <= start, f(end) >= f(start)))

    return shown(turned, turned, least == turn, minimises(f, least), 0 <= turn, turn <= last)


@cache
def compared_with_the_last() -> bool:
    """With one index more, the smallest minimiser is that index if it is strictly better than the best so far."""
    better = z3.If(f(last + 1) < f(other), last + 1, other)
    return follows(least == better, minimises(f, least, last + 1), minimises(f, other), last >= 0)


# -- the rules ----------------------------------------------------------------------------------------------------------


def increment(sequence: sp.Expr, index: sp.Symbol, context: Context) -> sp.Expr:
    """How much a sequence grows from an index to the next, rewritten with the facts."""
    grown = context.rewrite(sequence.xreplace({index: index + 1}) - sequence)
    return peel(context.rewrite(linear(sp.expand(grown))))


def over_indices(term: sp.Expr) -> bool:
    """Whether a term is an `Argmin` over 0..K, K >= 0, by an index of which nothing else is known."""
    known = isinstance(term, Argmin) and term.args[2].is_nonnegative
    return bool(known) and term.args[1] == sp.Symbol(term.args[1].name, integer=True, nonnegative=True)


def increments(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """Two smallest minimisers over one range, ordered by the increments of their sequences: equal if these are."""
    if not (over_indices(left) and over_indices(right)) or left.args[1:] != right.args[1:]:
        return False
    index, high = left.args[1:]
    first, second = (increment(each.args[0], index, context) for each in (left, right))
    how = {"<=": ">=", ">=": "<=", "=": "="}.get(relation)
    inside = (*context.facts, compare(index + 1, "<=", high))
    return how is not None and larger_increments_end_sooner() and implied(inside, compare(first, how, second))


def turning_point(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """The smallest minimiser is the index up to which the sequence falls and from which on it does not."""
    if not over_indices(left) or relation != "=" or not whole(right):
        return False
    sequence, index, high = left.args
    grows = increment(sequence, index, context)
    before = (*context.facts, compare(index + 1, "<=", right), compare(index + 1, "<=", high))
    after = (*context.facts, compare(index, ">=", right), compare(index + 1, "<=", high))
    inside = all(implied(context.facts, compare(*bound)) for bound in ((right, ">=", sp.S.Zero), (right, "<=", high)))
    turns = implied(before, compare(grows, "<", sp.S.Zero)) and implied(after, compare(grows, ">=", sp.S.Zero))
    return inside and turns and turns_once()


def or_the_last(left: sp.Expr, relation: str, right: sp.Expr, context: Context) -> bool:
    """The smallest minimiser over one index more: that index if it is better than the smallest minimiser before it."""
    if not over_indices(left) or relation != "=" or not (left.args[2] - 1).is_nonnegative:
        return False
    sequence, index, high = left.args
    before = Argmin(sequence, index, high - 1)
    better = sequence.xreplace({index: high}) < sequence.xreplace({index: before})
    return right == sp.Piecewise((high, better), (before, True)) and compared_with_the_last()
