"""A claim's general formula for a law with a few outcomes and given indices: a plain expression, ready for `lambdify`.

Everything a definition of the model introduces is unfolded down to what is given: o_0, o_1, .., delta_1, .., D_1, ..,
and the law's outcomes x_1, x_2, .. with probabilities p_1, p_2, ... No numeric code takes part.
"""

from functools import cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine.model import DEFINITIONS, X, Z, delta, o
from coinfer.derivations.engine.terms import E, indicator

GIVEN = {"o", "delta", "deltahat", "deltabar", "f", "D"}
DERIVED = [each for each in DEFINITIONS.values() if each.relation == "=" and each.setting == "chain"]
SCALARS = {each.left for each in DERIVED if each.left.is_Symbol}
Law = tuple[tuple[sp.Symbol, sp.Symbol], ...]  # outcomes and their probabilities


def instance(expression: sp.Expr, count: int = 2, **indices: int) -> sp.Expr:
    """The expression with these indices under a law with `count` outcomes.

    Symbols are named as in the claim (M=2 sets the placement). Raises ValueError if something cannot be unfolded.
    """
    law = tuple(sp.symbols((f"x_{number}", f"p_{number}"), nonnegative=True) for number in range(1, count + 1))
    values = {part: sp.Integer(indices[part.name]) for part in expression.free_symbols if part.name in indices}
    return unfold(expression.xreplace(values).doit(), law)


@cache
def unfold(expression: Any, law: Law) -> Any:
    """Replace what is defined by its definition and expectations by finite sums, inner ones first."""
    if isinstance(expression, E) and expression.has(Z):
        (ahead,) = expression.atoms(Z)
        return sum(chance * unfold(expression.xreplace({ahead: cost}), law) for cost, chance in paths(ahead, law))
    if isinstance(expression, E):
        body = unfold(expression.args[0], law)  # inner expectations first: X in them is another X
        return sum(chance * body.xreplace({X: cost}) for cost, chance in law)
    if isinstance(expression, indicator):
        return unfold(expression.rewrite(sp.Piecewise), law)
    if isinstance(expression, AppliedUndef) and expression.name in GIVEN:
        (index,) = expression.args
        if not index.is_Integer:
            raise ValueError(f"{expression}: the index should be a number")
        return sp.Symbol(f"{expression.name}_{index}", real=True)
    if isinstance(expression, AppliedUndef) or expression in SCALARS:
        return unfold(defined(expression), law)
    return expression.func(*(unfold(part, law) for part in expression.args)) if expression.args else expression


def paths(ahead: Any, law: Law) -> list[tuple[Any, Any]]:
    """What the clairvoyant pays from a stage on, and with which probability, for every path of the channel."""
    stage, last = ahead.args
    here = [(o(stage) * cost, chance) for cost, chance in law]
    if stage == last:
        return here
    later = paths(Z(stage + 1, last), law)
    return [(sp.Min(send, delta(stage + 1) + cost), p * q) for send, p in here for cost, q in later]


def defined(expression: Any) -> Any:
    """The right side of the definition that fits. Raises ValueError if there is none."""
    for each in DERIVED:
        bound = match(each.left, expression)
        if bound is not None and all(condition.xreplace(bound) == sp.true for condition in each.when):
            return each.right.xreplace(bound).doit()
    raise ValueError(f"{expression}: no definition fits; give every index a number")


def match(pattern: Any, expression: Any) -> dict[sp.Symbol, sp.Expr] | None:
    """The values of the pattern's indices that make it the expression; a pattern's argument is n, n + 1 or a number."""
    if pattern.func != expression.func or isinstance(pattern, E):
        return None
    bound: dict[sp.Symbol, sp.Expr] = {}
    for part, actual in zip(pattern.args, expression.args, strict=True):
        for name in part.free_symbols:
            bound.setdefault(name, actual - (part - name))
    fits = all(value.is_Integer and value >= 0 for name, value in bound.items() if name.is_integer)
    return bound if fits and pattern.xreplace(bound) == expression else None
