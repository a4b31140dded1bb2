"""What a derivation is written with: facts and steps; and what a claim has besides: mutants and a restatement."""

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from coinfer.derivations.engine.prover import Rule, algebra

Source = Any  # a definition by its name, an earlier claim, or HYPOTHESIS
HYPOTHESIS = "hypothesis"


@dataclass(frozen=True)
class Use:
    """A fact: a definition by its name, an earlier claim, or the induction hypothesis, at given values of its symbols."""

    source: Source
    at: tuple[tuple[str, sp.Expr], ...] = ()
    where: bool = False  # only where its conditions hold, as a fact of the form "if they do, then"
    on_dearer: bool = False  # on the chain with larger extra costs


def use(source: Source, **at: Any) -> Use:
    """`use("optimal", M=M + 1)`: the definition called optimal, with M + 1 for M."""
    return Use(source, tuple((name, sp.sympify(value)) for name, value in at.items()))


def where(source: Source, **at: Any) -> Use:
    """The same where its conditions hold, which need not follow: "if M < N, then"."""
    return replace(use(source, **at), where=True)


def on_dearer(source: Source, **at: Any) -> Use:
    """The same on the chain with larger extra costs: what holds on every chain holds there."""
    return replace(use(source, **at), on_dearer=True)


@dataclass(frozen=True)
class Induction:
    """Induction on an integer from `start`, upwards, or downwards to 0; the engine forms hypothesis and goals itself."""

    variable: sp.Symbol
    start: sp.Expr
    base: tuple["Step", ...]
    step: tuple["Step", ...]
    downwards: bool = False


@dataclass(frozen=True)
class Step:
    """One link of a chain: `left relation right`, because of `reason`, checked by `by` from the facts in `uses`."""

    left: sp.Expr
    relation: str
    right: sp.Expr
    reason: str
    by: Rule | Induction = algebra
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Mutant:
    """A wrong variant of a claim: another formula, or another relation."""

    change: str
    formula: sp.Expr
    relation: str


@dataclass(frozen=True)
class Restatement:
    """The formula in other words, and the rule that shows the two to be equal."""

    formula: sp.Expr
    by: Rule = algebra
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Result:
    """What `Claim.verify` found; `mutants_rejected` pairs a mutant's change with the values that refute it."""

    passed: bool
    steps_checked: int
    mutants_rejected: tuple[tuple[str, str], ...]
    restatement_accepted: bool
    seconds: float
    failures: tuple[str, ...]
