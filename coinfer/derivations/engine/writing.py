r"""How proofs are written: one call for each step.

`claim(label, quantity, conditions)` opens a claim, and what it is called with is its proof: the statement, a link for
each step, what the formula is not, and how else it can be said.

    L2 = claim("L2", E(Min(bits * X, A)), A <= B)(
        r"A \le B \implies \mathbb{E}\min(oX, A) \le \mathbb{E}\min(oX, B)",
        le(E(Min(bits * X, B)), "the smaller of two grows with either", by=expectation),
        wrong={"strict": "<", "difference added": E(Min(bits * X, B)) - (B - A)},
        restated=same(B - E(Max(B - bits * X, 0)), by=expectation),
    )

The claim's formula is where the chain of links ends, and its relation what the relations of the links compose to.
"""

from collections.abc import Callable
from typing import Any

import sympy as sp

from coinfer.derivations.engine.claim import Claim
from coinfer.derivations.engine.prover import Rule, algebra, order
from coinfer.derivations.engine.steps import Induction, Mutant, Restatement, Step, Use, use

Link = Callable[[sp.Expr], Step]  # the step from where the chain has come to
Fact = str | Claim | Use  # a definition by its name, an earlier claim, or either at given values of its symbols


def facts(sources: tuple[Fact, ...]) -> tuple[Use, ...]:
    """What a step rests on, each as a `Use`."""
    return tuple(each if isinstance(each, Use) else use(each) for each in sources)


def eq(right: Any, reason: str, *because: Fact, by: Rule = algebra) -> Link:
    """A link of a chain: what stands so far equals `right`, because of these facts and by this rule."""
    return lambda left: Step(left, "=", sp.sympify(right), reason, by, facts(because))


def inequality(relation: str) -> Callable[..., Link]:
    """The same for an inequality; its rule is `order` unless another is named."""

    def link(right: Any, reason: str, *because: Fact, by: Rule = order) -> Link:
        return lambda left: Step(left, relation, sp.sympify(right), reason, by, facts(because))

    return link


le, ge, lt, gt = (inequality(relation) for relation in ("<=", ">=", "<", ">"))


def chain(start: sp.Expr, links: tuple[Link, ...]) -> tuple[Step, ...]:
    """The steps that the links make, one after the other."""
    steps: list[Step] = []
    for link in links:
        steps.append(link(steps[-1].right if steps else start))
    return tuple(steps)


def by_induction(way: str, relation: str, right: Any, variable: sp.Symbol, start: Any) -> Callable[..., Any]:
    """A link proved by induction, to be called with the links of the base and then with those of the step."""
    first, here = sp.sympify(start), variable if way == "backward" else variable + 1
    reason = f"{way} induction on ${sp.latex(variable)}$ from ${sp.latex(first)}$"

    def link(left: sp.Expr, base: tuple[Link, ...], step: tuple[Link, ...]) -> Step:
        begin, onward = (chain(left.xreplace({variable: at}), links) for at, links in ((first, base), (here, step)))
        rule = Induction(variable, first, begin, onward, way == "backward")
        return Step(left, relation, sp.sympify(right), reason, rule)

    return lambda *base: lambda *step: lambda left: link(left, base, step)


def forward(relation: str, right: Any, variable: sp.Symbol, start: Any) -> Callable[..., Any]:
    """`forward("<=", right, n, 0)(*base)(*step)`: a link proved for n = 0 and then from n to n + 1."""
    return by_induction("forward", relation, right, variable, start)


def backward(relation: str, right: Any, variable: sp.Symbol, start: Any) -> Callable[..., Any]:
    """`backward("<=", right, n, M)(*base)(*step)`: a link proved for n = M and then from n + 1 to n."""
    return by_induction("backward", relation, right, variable, start)


def same(formula: Any, *because: Fact, by: Rule = algebra) -> Restatement:
    """The claim's formula in other words."""
    return Restatement(sp.sympify(formula), by, facts(because))


def claim(label: str, quantity: Any, *conditions: Any, setting: str = "chain") -> Callable[..., Claim]:
    """Open a claim about a quantity under these conditions; call the result with `statement, *links, wrong=, restated=`.

    `wrong` holds the mutants: what was changed, and the changed formula or, in its place, the changed relation. The
    result also takes `note`, `family` and `samples` of `Claim`.
    """

    def proved(statement: str, *links: Link, wrong: dict[str, Any], restated: Restatement, **more: Any) -> Claim:
        steps = chain(sp.sympify(quantity), links)
        formula, relations = steps[-1].right, {step.relation for step in steps}
        relation = next((each for each in ("<", ">", "<=", ">=") if each in relations), "=")
        mutants = tuple(
            Mutant(change, formula, other) if isinstance(other, str) else Mutant(change, sp.sympify(other), relation)
            for change, other in wrong.items()
        )
        return Claim(
            label,
            statement,
            left=steps[0].left,
            steps=steps,
            relation=relation,
            formula=formula,
            mutants=mutants,
            restatement=restated,
            assumptions=conditions,
            setting=setting,
            **more,
        )

    return proved
