"""A claim's general formula for a law with a few outcomes and given indices: a plain expression, ready for `lambdify`.

Everything a definition of the model introduces is unfolded down to what is given: o_0, o_1, .., delta_1, .., D_1, ..,
and the law's outcomes x_1, x_2, .. with probabilities p_1, p_2, ... No numeric code takes part.
"""

from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine.model import DEFINITIONS, X, Z, delta, o
from coinfer.derivations.engine.prover import E, indicator

UNFOLDED: dict[int, dict[Any, Any]] = {}  # what was unfolded before, by the number of outcomes
GIVEN = {"o", "delta", "deltahat", "D"}
DERIVED = [each for each in DEFINITIONS.values() if each.relation == "=" and each.setting in ("chain",)]


def outcomes(count: int) -> tuple[list[sp.Symbol], list[sp.Symbol]]:
    """The symbols of a law's outcomes and of their probabilities."""
    return (
        [sp.Symbol(f"x_{number}", nonnegative=True) for number in range(1, count + 1)],
        [sp.Symbol(f"p_{number}", nonnegative=True) for number in range(1, count + 1)],
    )


def instance(expression: sp.Expr, count: int = 2, **indices: int) -> sp.Expr:
    """The expression with these indices under a law with `count` outcomes.

    Symbols are named as in the claim (M=2 sets the placement). Raises ValueError if something cannot be unfolded.
    """
    values = {part: sp.Integer(indices[part.name]) for part in expression.free_symbols if part.name in indices}
    return unfold(expression.xreplace(values).doit(), *outcomes(count), UNFOLDED.setdefault(count, {}))


def unfold(expression: Any, costs: list[sp.Symbol], chances: list[sp.Symbol], memory: dict[Any, Any]) -> Any:
    """Replace what is defined by its definition and expectations by finite sums, inner ones first."""
    if expression in memory:
        return memory[expression]
    if isinstance(expression, E) and expression.has(Z):
        (ahead,) = expression.atoms(Z)
        result = sum(
            (
                chance * unfold(expression.xreplace({ahead: cost}), costs, chances, memory)
                for cost, chance in paths(ahead, costs, chances)
            ),
            sp.Integer(0),
        )
    elif isinstance(expression, E):
        body = unfold(expression.args[0], costs, chances, memory)  # inner expectations first: X in them is another X
        result = sum(
            (chance * body.xreplace({X: cost}) for cost, chance in zip(costs, chances, strict=True)), sp.Integer(0)
        )
    elif isinstance(expression, indicator):
        condition = expression.args[0]
        sides = [unfold(side, costs, chances, memory) for side in condition.args]
        result = sp.Piecewise((1, type(condition)(*sides)), (0, True))
    elif isinstance(expression, AppliedUndef) and expression.name in GIVEN:
        (index,) = expression.args
        if not index.is_Integer:
            raise ValueError(f"{expression}: the index should be a number")
        result = sp.Symbol(f"{expression.name}_{index}", real=True)
    elif isinstance(expression, AppliedUndef) or expression in SCALARS:
        result = unfold(defined(expression), costs, chances, memory)
    elif expression.args:
        result = expression.func(*(unfold(part, costs, chances, memory) for part in expression.args))
    else:
        result = expression
    memory[expression] = result
    return result


def paths(ahead: Any, costs: list[sp.Symbol], chances: list[sp.Symbol]) -> list[tuple[Any, Any]]:
    """What the clairvoyant pays from a stage on, and with which probability, for every path of the channel."""
    stage, last = ahead.args
    here = [(o(stage) * cost, chance) for cost, chance in zip(costs, chances, strict=True)]
    if stage == last:
        return here
    later = paths(Z(stage + 1, last), costs, chances)
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
    if pattern == expression:
        return {}
    if pattern.func != expression.func or not pattern.is_Function or isinstance(pattern, E):
        return None
    bound: dict[sp.Symbol, sp.Expr] = {}
    for part, actual in zip(pattern.args, expression.args, strict=True):
        names = list(part.free_symbols)
        value = actual - (part - names[0]) if names else actual
        if not names and part != actual:
            return None
        if names and names[0].is_integer and not (value.is_Integer and value >= 0):
            return None
        if names and (bound.setdefault(names[0], value) != value):
            return None
    return bound


SCALARS = {each.left for each in DERIVED if each.left.is_Symbol}
