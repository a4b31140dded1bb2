"""Claims, their derivations, and what it takes for one to pass.

A claim states `left relation formula`. Its steps form a chain from `left` to `formula`; each is checked by a rule of
`prover`, from facts the engine itself builds: a definition of the model, an earlier claim (which must pass as well) or,
inside an induction, the hypothesis. A derivation cannot write down a fact of its own, so it has no way of assuming what
it should show. A mutant is rejected only by values at which it is false, found by `evaluate`, which knows no proof.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Any, Union

import sympy as sp

from coinfer.derivations.engine import evaluate
from coinfer.derivations.engine.model import DEFINITIONS, SETTINGS, Definition, derived, two_points
from coinfer.derivations.engine.prover import Context, Rule, algebra, by_numbers, compare, consistent, implied

PROVED, FAMILY, NUMERICAL = "proved symbolically", "proved for the stated family", "checked numerically only"
HYPOTHESIS = "hypothesis"
DIRECTION = {"=": 0, "<=": -1, "<": -1, ">=": 1, ">": 1}


@dataclass(frozen=True)
class Use:
    """A fact: a definition by its name, an earlier claim, or the induction hypothesis, at given values of its symbols."""

    source: Union[str, "Claim"]
    at: tuple[tuple[str, sp.Expr], ...] = ()


def use(source: Union[str, "Claim"], **at: Any) -> Use:
    """`use("optimal", M=M + 1)`: the definition called optimal, with M + 1 for M."""
    return Use(source, tuple((name, sp.sympify(value)) for name, value in at.items()))


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


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement with its derivation. Labels R1 to R18 are the results of the theory, L lemmas, N new results."""

    label: str
    statement: str  # LaTeX
    left: sp.Expr  # the quantity the claim is about
    steps: tuple[Step, ...]
    relation: str
    formula: sp.Expr
    mutants: tuple[Mutant, ...]
    restatement: Restatement
    assumptions: tuple[Any, ...] = ()
    setting: str = "chain"
    note: str = ""  # what a reader should know besides, and which textbook facts are cited
    family: str = ""  # the family a proof is restricted to, if it is not general
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)  # values worth trying, beside the usual ones

    @property
    def status(self) -> str:
        """How far the proof goes; computed from the derivation, so that it cannot be overstated."""
        if any(step.by is by_numbers for step in all_steps(self.steps)):
            return NUMERICAL
        return FAMILY if self.family else PROVED

    @property
    def remark(self) -> str:
        """What was left to numbers and why, then the note; the first part follows from the derivation."""
        left = {
            PROVED: "Nothing was left to numbers.",
            FAMILY: f"Proved for {self.family} only.",
            NUMERICAL: "Left to numbers: "
            + "; ".join(step.reason for step in all_steps(self.steps) if step.by is by_numbers),
        }
        return f"{left[self.status]} {self.note}".strip()

    def instance(self, outcomes: int = 2, **indices: int) -> sp.Expr:
        """The formula under a law with that many outcomes and with these indices, as a plain expression.

        Its symbols are o_0, delta_1, D_1, .. of the chain and x_1, p_1, .. of the law. Raises ValueError if an index
        is missing. A claim under a given law has plain symbols in `formula` already.
        """
        from coinfer.derivations.engine.instance import instance

        return instance(self.formula, outcomes, **indices)

    def verify(self) -> Result:
        """Check the chain, every step, every mutant and the restatement."""
        begin = perf_counter()
        failures = list(proof_failures(self))
        search = evaluate.search(self)
        if search.against_claim is not None:
            failures.append(f"the claim itself is false at {search.against_claim}")
        if len(self.mutants) < 2:
            failures.append(f"only {len(self.mutants)} mutants, at least 2 are required")
        rejected = tuple(
            (mutant.change, search.against[mutant.change]) for mutant in self.mutants if mutant.change in search.against
        )
        failures += [
            f"mutant not rejected: {mutant.change}" for mutant in self.mutants if mutant.change not in search.against
        ]
        accepted = self.restatement.formula != self.formula and not any(
            step_failures(
                self,
                Step(
                    self.formula, "=", self.restatement.formula, "restated", self.restatement.by, self.restatement.uses
                ),
                Scope(self.assumptions),
            )
        )
        if not accepted:
            failures.append("the restatement was not accepted")
        if search.against_restatement is not None:
            failures.append(f"the restatement is false at {search.against_restatement}")
        return Result(
            not failures, len(list(all_steps(self.steps))), rejected, accepted, perf_counter() - begin, tuple(failures)
        )


@dataclass(frozen=True)
class Scope:
    """What holds where a step stands: the conditions, and the hypothesis if it is inside an induction."""

    conditions: tuple[Any, ...]
    hypothesis: tuple[sp.Expr, str, sp.Expr] | None = None


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step of a derivation; an induction counts as one, and so does each step inside it."""
    for step in steps:
        yield step
        if isinstance(step.by, Induction):
            yield from all_steps(step.by.base)
            yield from all_steps(step.by.step)


@cache
def proof_failures(claim: Claim) -> tuple[str, ...]:
    """Everything wrong with a claim's derivation; empty if it is a proof."""
    if not claim.steps:
        return ("no derivation",)
    failures = ["a step without a reason" for step in all_steps(claim.steps) if not step.reason.strip()]
    goal = claim.left - claim.formula
    for assumption in claim.assumptions:
        if not hasattr(assumption, "lhs"):
            failures.append(f"assumption {assumption} is not a relation")
            continue
        speaks_of = derived(assumption)
        about = {part for part in speaks_of if not part.is_Symbol} | (speaks_of & derived(claim.left))
        gap = assumption.lhs - assumption.rhs
        if about or 0 in (sp.expand(gap - goal), sp.expand(gap + goal)):
            failures.append(f"assumption {assumption} speaks of what is to be derived")
    if not consistent(claim.assumptions):
        failures.append("the assumptions contradict each other")
    failures += chain_failures(
        claim, claim.steps, (claim.left, claim.relation, claim.formula), Scope(claim.assumptions)
    )
    return tuple(failures)


def chain_failures(
    claim: Claim, steps: tuple[Step, ...], goal: tuple[sp.Expr, str, sp.Expr], scope: Scope
) -> Iterator[str]:
    """What keeps the steps from being a chain that ends in the goal, or one of them from being proved."""
    left, relation, right = goal
    if not steps:
        yield "no derivation"
        return
    if steps[0].left != left:
        yield f"the chain starts at {steps[0].left}, not at {left}"
    if steps[-1].right != right:
        yield f"the chain ends in {steps[-1].right}, not in {right}"
    for before, after in pairwise(steps):
        if before.right != after.left:
            yield f"broken chain: {before.right} is not {after.left}"
    directions = {DIRECTION[step.relation] for step in steps} - {0}
    strict = any(step.relation in ("<", ">") for step in steps)
    if not (directions <= {DIRECTION[relation]} and (relation == "=" or directions or relation in ("<=", ">="))):
        yield f"the relations of the steps do not compose to {relation}"
    if relation in ("<", ">") and not strict:
        yield f"no strict step, yet the claim says {relation}"
    for step in steps:
        yield from step_failures(claim, step, scope)


def step_failures(claim: Claim, step: Step, scope: Scope) -> Iterator[str]:
    """What is wrong with one step."""
    where = f"[{step.reason}] {step.left} {step.relation} {step.right}"
    if isinstance(step.by, Induction):
        yield from induction_failures(claim, step, step.by, scope)
        return
    rewrites, facts = [], list(scope.conditions)
    for each in step.uses:
        try:
            left, relation, right = resolve(claim, each, scope)
        except ValueError as error:
            yield f"{where}: {error}"
            return
        facts.append(compare(left, relation, right))
        if relation == "=":
            rewrites.append(solved(left, right))
    sides = [step.left, step.right]
    if claim.setting.startswith("two points"):
        sides = [two_points(side) for side in sides]
        facts = [two_points(fact) for fact in facts]
        rewrites = [(two_points(left), two_points(right)) for left, right in rewrites]
    context = Context(tuple(rewrites), ())
    usable = [fact for fact in facts if fact not in (sp.true, True)]
    usable += [type(fact)(context.rewrite(fact.lhs), context.rewrite(fact.rhs), evaluate=False) for fact in usable]
    if step.by is not by_numbers and not step.by(
        sides[0], step.relation, sides[1], Context(context.rewrites, tuple(dict.fromkeys(usable)))
    ):
        yield f"{where}: not proved"


def solved(left: sp.Expr, right: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """An equation as a rewriting: of its left side, or of one summand if that is a sum."""
    terms = [term for term in sp.Add.make_args(left) if term.is_Function]
    if not left.is_Add or not terms:
        return left, right
    first = min(terms, key=sp.default_sort_key)
    return first, right - (left - first)


def induction_failures(claim: Claim, step: Step, induction: Induction, scope: Scope) -> Iterator[str]:
    """Base and step of an induction; the hypothesis is the goal one place nearer to the start, and nothing else."""
    variable, start = induction.variable, induction.start
    if scope.hypothesis is not None:
        yield f"[{step.reason}]: an induction inside an induction"
        return

    def at(value: sp.Expr, part: Any) -> Any:
        return part.xreplace({variable: value})

    def goal_at(value: sp.Expr) -> tuple[sp.Expr, str, sp.Expr]:
        return at(value, step.left), step.relation, at(value, step.right)

    def conditions_at(value: sp.Expr) -> tuple[Any, ...]:
        return tuple(c for c in (at(value, condition) for condition in scope.conditions) if c not in (sp.true, True))

    if not (variable.is_integer and start.is_integer) or start.has(variable):
        yield f"[{step.reason}]: induction needs an integer and a fixed start"
        return
    side = variable <= start if induction.downwards else variable >= start
    if not holds(side, scope.conditions):
        yield f"[{step.reason}]: the induction does not cover every {variable}: {side} is not assumed"
    yield from chain_failures(claim, induction.base, goal_at(start), Scope(conditions_at(start)))
    if induction.downwards:
        here, before, reached = variable, variable + 1, variable + 1 <= start
    else:
        here, before, reached = variable + 1, variable, variable >= start
    inside = tuple(c for c in (*conditions_at(here), reached) if c not in (sp.true, True))
    for condition in conditions_at(before):
        if not holds(condition, inside):
            yield f"[{step.reason}]: the hypothesis needs {condition}"
    yield from chain_failures(claim, induction.step, goal_at(here), Scope(inside, goal_at(before)))


def resolve(claim: Claim, each: Use, scope: Scope) -> tuple[sp.Expr, str, sp.Expr]:
    """The fact that a `Use` names. Raises ValueError if there is none, or if its conditions are not met here."""
    if each.source == HYPOTHESIS:
        if scope.hypothesis is None:
            raise ValueError("a hypothesis outside an induction")
        if each.at:
            raise ValueError("the hypothesis holds only one place nearer to the start")
        return scope.hypothesis
    if isinstance(each.source, Claim):
        cited = each.source
        if cited is claim or proof_failures(cited):
            raise ValueError(f"{cited.label} is not proved")
        if cited.status == NUMERICAL:
            raise ValueError(f"{cited.label} was only checked numerically")
        left, relation, right, conditions, setting = (
            cited.left,
            cited.relation,
            cited.formula,
            cited.assumptions,
            cited.setting,
        )
    else:
        definition: Definition | None = DEFINITIONS.get(each.source)
        if definition is None:
            raise ValueError(f"{each.source} is not a definition of the model")
        left, relation, right = definition.left, definition.relation, definition.right
        conditions, setting = definition.when, definition.setting
    if setting not in SETTINGS[claim.setting]:
        raise ValueError(f"this holds for {setting} only")
    free = {part.name: part for part in sp.Tuple(left, right, *conditions).free_symbols}
    unknown = [name for name, _ in each.at if name not in free]
    if unknown:
        raise ValueError(f"no symbol {unknown[0]} in the cited fact")
    values = {free[name]: value for name, value in each.at}
    for condition in (part.xreplace(values) for part in conditions):
        if not holds(condition, scope.conditions):
            raise ValueError(f"{condition} is required and does not follow here")
    for old, new in values.items():
        domain = new > 0 if old.is_positive else new >= 0 if old.is_nonnegative else sp.true
        if (old.is_integer and not new.is_integer) or not holds(domain, scope.conditions):
            raise ValueError(f"{old} = {new} may leave the domain")
    return left.xreplace(values), relation, right.xreplace(values)


def holds(condition: Any, conditions: tuple[Any, ...]) -> bool:
    """Whether a side condition follows from those in force; conditions on indices are decided over the integers."""
    if condition in (sp.true, True):
        return True
    whole = all(part.is_integer for part in condition.free_symbols)
    pool = tuple(c for c in conditions if all(part.is_integer for part in c.free_symbols)) if whole else conditions
    return implied(pool, condition, integers=whole)
