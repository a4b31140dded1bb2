"""What every module of claims takes in: the symbols of the model, the rules, how to write, and what recurs.

Where no horizon is named, it is M.
"""

import sympy as sp
from sympy import Derivative, Integral, Lambda, Max, Min, Product, Sum, Symbol, exp, expint, log, oo

from coinfer.derivations.engine.claim import Claim
from coinfer.derivations.engine.integers import increments, or_the_last, turning_point
from coinfer.derivations.engine.model import *
from coinfer.derivations.engine.prover import *
from coinfer.derivations.engine.steps import HYPOTHESIS, Use, on_dearer, use, where
from coinfer.derivations.engine.terms import Argmin, First
from coinfer.derivations.engine.writing import *

sending = o(n) * X
LADDER = Min(n + k, M)  # the stage at which k-sla cuts the problem
saved = Lambda(n, v(n, M) - v(n, M + 1))  # what one layer more saves the optimal rule from a stage on
saving = Lambda(n, E(Max(o(n) * X - threshold(n), 0)))  # what going on saves a look-ahead at a stage
sla_goes_on = Lambda(n, chance(o(n) * X, threshold(n)))  # the chance that 1-sla goes on, whatever the horizon


def both(source: str | Claim, **at: sp.Expr) -> tuple[Use, Use]:
    """A fact for M and for M + 1."""
    return use(source, **at), use(source, **at, M=M + 1)


def best(stage: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """What the optimal rule pays from a stage on, by its recursion."""
    return E(Min(o(stage) * X, go_on(stage, horizon)))


def sla(stage: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """What 1-sla pays from a stage on, by its recursion."""
    return follow(o(stage) * X, threshold(stage), delta(stage + 1) + u(stage + 1, horizon))


def look(depth: sp.Expr, bound: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """What a deeper look-ahead pays from stage n on, with this threshold there."""
    return follow(sending, bound, delta(n + 1) + c(n + 1, depth, horizon))


def goes_on(stage: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """The chance that the optimal rule goes on at a stage."""
    return chance(o(stage) * X, go_on(stage, horizon))


def gap(stage: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """What 1-sla loses against the optimal rule from a stage on."""
    return u(stage, horizon) - v(stage, horizon)
