"""Claims, their derivations, and what it takes for one to pass.

A claim states `left relation formula`. Its steps form a chain from `left` to `formula`; each is checked by a rule of
`prover`, from facts the engine itself builds: a definition of the model, an earlier claim (which must pass as well) or,
inside an induction, the hypothesis. A derivation cannot write down a fact of its own, so it has no way of assuming what
it should show. A mutant is rejected only by values at which it is false, found by `search`, which sees no derivation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from time import perf_counter
from typing import Any

import sympy as sp

from coinfer.derivations.engine.definitions import DEFINITIONS, SETTINGS, constants, derived
from coinfer.derivations.engine.instance import instance
from coinfer.derivations.engine.model import Definition, dearer_layers, two_points
from coinfer.derivations.engine.prover import Context, Rule, of_the_engine, rests_on_numbers
from coinfer.derivations.engine.reals import compare, consistent, holds, real_number
from coinfer.derivations.engine.search import search
from coinfer.derivations.engine.steps import HYPOTHESIS, Induction, Mutant, Restatement, Result, Step, Use
from coinfer.derivations.engine.terms import RANDOM, differentiated_by, indices, outer_expectations, randoms, whole
from coinfer.derivations.engine.worlds import CLAIM, RESTATEMENT, Question
from coinfer.validation import InputError

PROVED, FAMILY, NUMERICAL = "proved symbolically", "proved for the stated family", "checked numerically only"
Relation = tuple[sp.Expr, str, sp.Expr]  # left, relation, right


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

    def __post_init__(self) -> None:
        for assumption in self.assumptions:
            if not isinstance(assumption, sp.Rel):
                raise InputError(f"{self.label}.assumptions = {assumption}: should be relations, as n <= M")

    @property
    def status(self) -> str:
        """How far the proof goes; computed from the derivation, so that it cannot be overstated."""
        rules = [self.restatement.by, *(step.by for step in all_steps(self.steps))]
        if any(map(rests_on_numbers, rules)):
            return NUMERICAL
        return FAMILY if self.family else PROVED

    @property
    def cites(self) -> tuple["Claim", ...]:
        """The claims its steps and its restatement use as facts."""
        used = [each for step in all_steps(self.steps) for each in step.uses]
        sources = [each.source for each in (*used, *self.restatement.uses)]
        return tuple(dict.fromkeys(source for source in sources if isinstance(source, Claim)))

    def instance(self, outcomes: int = 2, **indices: int) -> sp.Expr:
        """The formula under a law with that many outcomes and with these indices, as a plain expression (see `instance`)."""
        return instance(self.formula, outcomes, **indices)

    def question(self) -> Question:
        """What the search for counterexamples is told: no derivation."""
        variants = {mutant.change: (mutant.relation, mutant.formula) for mutant in self.mutants}
        own = {CLAIM: (self.relation, self.formula), RESTATEMENT: (self.relation, self.restatement.formula)}
        return Question(self.label, self.left, variants | own, self.assumptions, self.setting, self.samples)

    def verify(self) -> Result:
        """Check the chain, every step, every mutant and the restatement."""
        begin, against, other = perf_counter(), search(self.question()), self.restatement
        restated = Step(self.formula, "=", other.formula, "restated", other.by, other.uses)
        accepted = other.formula != self.formula and not any(step_failures(self, restated, Scope(self.assumptions)))
        failures = list(proof_failures(self))
        failures += [f"{name} is false at {against[name]}" for name in (CLAIM, RESTATEMENT) if name in against]
        if len(self.mutants) < 2:
            failures.append(f"only {len(self.mutants)} mutants, at least 2 are required")
        changes = [mutant.change for mutant in self.mutants]
        failures += [f"mutant not rejected: {change}" for change in changes if change not in against]
        if not accepted:
            alike = other.formula == self.formula  # SymPy orders sums and products
            failures.append(f"the restatement {'is the formula itself' if alike else 'was not proved equal'}")
        rejected = tuple((change, against[change]) for change in changes if change in against)
        count, seconds = len(list(all_steps(self.steps))), perf_counter() - begin
        return Result(not failures, count, rejected, accepted, seconds, tuple(failures))


@dataclass(frozen=True)
class Scope:
    """What holds where a step stands: the conditions, and the hypothesis if it is inside an induction."""

    conditions: tuple[Any, ...]
    hypothesis: Relation | None = None
    any_value: Collection[str] = ()  # what the hypothesis speaks of and no condition does: it holds for every value

    @property
    def fixed(self) -> set[sp.Basic]:
        """The symbols that do not stand for every value here."""
        spoken_of = sp.Tuple(*self.conditions, *(self.hypothesis or ())[::2]).free_symbols
        return {part for part in spoken_of if part.name not in self.any_value}


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step of a derivation; an induction counts as one, and so does each step inside it."""
    for step in steps:
        yield step
        if isinstance(step.by, Induction):
            yield from all_steps((*step.by.base, *step.by.step))


@cache
def proof_failures(claim: Claim) -> tuple[str, ...]:
    """Everything wrong with a claim's derivation; empty if it is a proof."""
    failures = ["a step without a reason" for step in all_steps(claim.steps) if not step.reason.strip()]
    goal = claim.left - claim.formula
    for assumption in claim.assumptions:
        speaks_of = derived(assumption)
        about = {part for part in speaks_of if not part.is_Symbol} | (speaks_of & derived(claim.left))
        gap = assumption.lhs - assumption.rhs
        if about or 0 in (sp.expand(gap - goal), sp.expand(gap + goal)):
            failures.append(f"assumption {assumption} speaks of what is to be derived")
        if assumption.rel_op != "==" and not gap.is_commutative:
            failures.append(f"assumption {assumption}: matrices have no order")
    steps = list(all_steps(claim.steps))
    sides = [side for step in steps for side in (step.left, step.right)]
    over = [step.by.variable for step in steps if isinstance(step.by, Induction)]
    if sp.Tuple(*sides, *over, *claim.assumptions).free_symbols & indices(*sides):
        failures.append("an index that is bound is spoken of outside")
    if not consistent(claim.assumptions):
        failures.append("the assumptions contradict each other")
    whole = claim.left, claim.relation, claim.formula
    return (*failures, *chain_failures(claim, claim.steps, whole, Scope(claim.assumptions)))


def chain_failures(claim: Claim, steps: tuple[Step, ...], goal: Relation, scope: Scope) -> Iterator[str]:
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
    if not {step.relation[0] for step in steps} <= {"=", relation[0]}:
        yield f"the relations of the steps do not compose to {relation}"
    if relation in ("<", ">") and all(step.relation != relation for step in steps):
        yield f"no strict step, yet the claim says {relation}"
    for step in steps:
        yield from step_failures(claim, step, scope)


def step_failures(claim: Claim, step: Step, scope: Scope) -> Iterator[str]:
    """What is wrong with one step."""
    if isinstance(step.by, Induction):
        yield from induction_failures(claim, step, step.by, scope)
        return
    for failure in link_failures(claim, step, step.by, scope):
        yield f"[{step.reason}] {step.left} {step.relation} {step.right}: {failure}"


def link_failures(claim: Claim, step: Step, rule: Rule, scope: Scope) -> Iterator[str]:
    """What is wrong with a step that is no induction."""
    if step.relation != "=" and not (step.left.is_commutative and step.right.is_commutative):
        yield "matrices have no order"
    try:
        used = [resolve(claim, each, scope) for each in step.uses]
    except ValueError as error:
        yield str(error)
        return
    sides = [step.left, step.right, *(side for (left, _, right), _ in used for side in (left, right))]
    if scope.fixed & (indices(*sides) | (differentiated_by(*sides) if used else set())):
        yield "a fact about one value would be rewritten under a sum, an integral or a derivative over all"
    plain = two_points if claim.setting.startswith("two points") else sp.sympify
    equations = [solved(left, right) for (left, relation, right), unmet in used if relation == "=" and not unmet]
    context = Context(tuple((plain(left), plain(right)) for left, right in equations))
    conclusions = [sp.Or(*map(sp.Not, unmet), compare(*fact)) if unmet else compare(*fact) for fact, unmet in used]
    facts = open_conditions(plain(fact) for fact in (*scope.conditions, *conclusions))
    known = Context(context.rewrites, tuple(dict.fromkeys((*facts, *map(context.rewrite_fact, facts)))))
    if not of_the_engine(rule):
        yield "the rule is none of the engine's"
    if not rule(plain(step.left), step.relation, plain(step.right), known):
        yield "not proved"
    elif not consistent(known.facts):
        yield "from facts that contradict each other"


def open_conditions(conditions: Any) -> tuple[Any, ...]:
    """The conditions but for those that are simply true."""
    return tuple(condition for condition in conditions if condition not in (sp.true, True))


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

    def at(value: sp.Expr) -> tuple[Relation, tuple[Any, ...]]:
        place = {variable: value}
        goal = step.left.xreplace(place), step.relation, step.right.xreplace(place)
        return goal, open_conditions(condition.xreplace(place) for condition in scope.conditions)

    if scope.hypothesis is not None:
        yield f"[{step.reason}]: an induction inside an induction"
        return
    if not (variable.is_integer and start.is_integer) or start.has(variable):
        yield f"[{step.reason}]: induction needs an integer and a fixed start"
        return
    side = variable <= start if induction.downwards else variable >= start
    if not holds(side, scope.conditions):
        yield f"[{step.reason}]: the induction does not cover every {variable}: {side} is not assumed"
    goal, conditions = at(start)
    yield from chain_failures(claim, induction.base, goal, Scope(conditions))
    here, before, reached = variable + 1, variable, side
    if induction.downwards:
        here, before, reached = variable, variable + 1, variable + 1 <= start
    (goal, conditions), (hypothesis, needed) = at(here), at(before)
    inside = open_conditions((*conditions, reached))
    for condition in needed:
        if not holds(condition, inside):
            yield f"[{step.reason}]: the hypothesis needs {condition}"
    spoken_of, all_of = (
        {part.name for each in some for part in each.free_symbols}
        for some in ((variable, start, *inside), hypothesis[::2])
    )
    yield from chain_failures(claim, induction.step, goal, Scope(inside, hypothesis, all_of - spoken_of - RANDOM))


def resolve(claim: Claim, each: Use, scope: Scope) -> tuple[Relation, tuple[Any, ...]]:
    """The fact that a `Use` names, and the conditions it is then to be told with.

    Raises ValueError if there is no such fact, or if its conditions are not met here and it is not told with them.
    """
    if each.source == HYPOTHESIS:
        if scope.hypothesis is None:
            raise ValueError("a hypothesis outside an induction")
        if not {name for name, _ in each.at} <= {*scope.any_value}:
            raise ValueError("the hypothesis holds only one place nearer to the start")
        left, relation, right = scope.hypothesis
        fact = Definition(HYPOTHESIS, left, right, (), relation, claim.setting)
    else:
        fact = cited(claim, each.source)
    if each.on_dearer:
        fact = dearer_layers(fact)
    if fact.setting not in SETTINGS[claim.setting]:
        raise ValueError(f"this holds for {fact.setting} only")
    free = {part.name: part for part in sp.Tuple(fact.left, fact.right, *fact.when).free_symbols}
    for name, _ in each.at:
        if name not in free:
            raise ValueError(f"no symbol {name} in the cited fact")
    values = {free[name]: value for name, value in each.at}
    if any(old.name in RANDOM or old in constants(fact.setting) for old in values):
        raise ValueError(f"{values}: a definition says what one of these is, or it is random")
    if not all(real_number(new, scope.conditions) for new in values.values()):
        raise ValueError(f"{values}: not surely real numbers")
    averaged = outer_expectations(sp.Tuple(fact.left, fact.right))
    if any(randoms(new) and any(part.has(old) for part in averaged) for old, new in values.items()):
        raise ValueError(f"{values} would be averaged with what the fact averages")
    if any(old.is_integer and not whole(new) for old, new in values.items()):
        raise ValueError(f"{values} may leave the domain: an index is an integer")
    if sp.Tuple(*values.values()).free_symbols & indices(fact.left, fact.right):
        raise ValueError("a value speaks of an index that the fact binds")
    needed = [part.xreplace(values) for part in fact.when]
    needed += [new > 0 if old.is_positive else new >= 0 for old, new in values.items() if old.is_nonnegative]
    unmet = tuple(condition for condition in needed if not holds(condition, scope.conditions))
    if unmet and not each.where:
        raise ValueError(f"{unmet[0]} is required and does not follow here")
    return (fact.left.xreplace(values), fact.relation, fact.right.xreplace(values)), unmet


def cited(claim: Claim, source: str | Claim) -> Definition:
    """A definition, or a claim as one. Raises ValueError if there is none or the claim may not be cited."""
    if not isinstance(source, Claim):
        if source not in DEFINITIONS:
            raise ValueError(f"{source} is not a definition of the model")
        return DEFINITIONS[source]
    if source is claim or proof_failures(source):
        raise ValueError(f"{source.label} is not proved")
    if source.status == NUMERICAL:
        raise ValueError(f"{source.label} was only checked numerically")
    if len(source.mutants) < 2:
        raise ValueError(f"{source.label} has fewer than 2 mutants")
    return Definition(source.label, source.left, source.formula, source.assumptions, source.relation, source.setting)
