"""Shorthand in which the claims are written."""

from typing import Any

import sympy as sp

from coinfer.derivations.engine.claim import Induction, Mutant, Step, Use
from coinfer.derivations.engine.prover import Rule

Link = tuple[Any, ...]  # (relation, right side, reason, rule, *uses)


def derive(start: sp.Expr, *links: Link) -> tuple[Step, ...]:
    """Steps from `start` through links `(relation, right, reason, rule, *uses)`."""
    steps, left = [], sp.sympify(start)
    for relation, right, reason, rule, *uses in links:
        steps.append(Step(left, relation, sp.sympify(right), reason, rule, tuple(uses)))
        left = sp.sympify(right)
    return tuple(steps)


def by_induction(
    left: sp.Expr,
    relation: str,
    right: sp.Expr,
    variable: sp.Symbol,
    start: Any,
    base: tuple[Step, ...],
    step: tuple[Step, ...],
    downwards: bool = False,
) -> Step:
    """One step that is proved by induction on `variable` from `start`."""
    way = "backward" if downwards else "forward"
    rule: Rule | Induction = Induction(variable, sp.sympify(start), base, step, downwards)
    return Step(
        left,
        relation,
        sp.sympify(right),
        f"{way} induction on ${sp.latex(variable)}$ from ${sp.latex(sp.sympify(start))}$",
        rule,
    )


def wrong(relation: str, *mutants: tuple[Any, ...]) -> tuple[Mutant, ...]:
    """Mutants `(change, formula)`, or `(change, formula, relation)` where the relation changes too."""
    return tuple(Mutant(change, sp.sympify(formula), *(other or [relation])) for change, formula, *other in mutants)


__all__ = ["Use", "by_induction", "derive", "wrong"]
