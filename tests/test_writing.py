"""What the calls in which proofs are written make of them."""

import sympy as sp

from coinfer.derivations.engine.model import M, k, n
from coinfer.derivations.engine.prover import algebra, expectation, order
from coinfer.derivations.engine.steps import HYPOTHESIS, Induction, Mutant, use
from coinfer.derivations.engine.writing import backward, claim, eq, forward, le, lt, same

a, b, c = sp.symbols("a b c", real=True)


def test_links_make_a_chain_and_the_claim_what_it_shows() -> None:
    made = claim("X", a, a <= b, setting="given law")(
        "a < c",
        eq(a + 0, "nothing added", "mean"),
        le(b, "assumed", by=expectation),
        lt(c, "assumed", use("mean", n=n + 1)),
        wrong={"equality": "=", "sign": -c},
        restated=same(c + 0 * a),
        note="so",
    )
    assert [(step.left, step.relation, step.right) for step in made.steps] == [(a, "=", a), (a, "<=", b), (b, "<", c)]
    assert [step.by for step in made.steps] == [algebra, expectation, order]
    assert [step.uses for step in made.steps] == [(use("mean"),), (), (use("mean", n=n + 1),)]
    assert (made.left, made.relation, made.formula) == (a, "<", c)
    assert made.mutants == (Mutant("equality", c, "="), Mutant("sign", -c, "<"))
    assert (made.assumptions, made.setting, made.note) == ((a <= b,), "given law", "so")


def test_induction_starts_where_the_claim_does() -> None:
    up = forward("<=", b, k, 0)(eq(1, "base"))(le(b, "hypothesis", HYPOTHESIS))(a**k)
    down = backward("=", n, n, M)(eq(M, "base"))(eq(n, "hypothesis", HYPOTHESIS))(2 * n)
    assert isinstance(up.by, Induction)
    assert isinstance(down.by, Induction)
    assert (up.by.base[0].left, up.by.step[0].left, up.by.downwards) == (1, a ** (k + 1), False)
    assert (down.by.base[0].left, down.by.step[0].left, down.by.downwards) == (2 * M, 2 * n, True)
    assert down.reason == "backward induction on $n$ from $M$"
