"""The claims hold, and the engine that says so can say no."""

import ast
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import sympy as sp
import z3
from effort import beyond, examples, exhaustive
from hypothesis import example, given
from hypothesis import strategies as st

import coinfer.derivations
from coinfer.derivations import Claim, Result, Step, claim, claims, labels, report
from coinfer.derivations import __main__ as command
from coinfer.derivations.engine import claim as engine
from coinfer.derivations.engine import integers, moving
from coinfer.derivations.engine.claim import FAMILY, NUMERICAL, PROVED, proof_failures
from coinfer.derivations.engine.clock import M_1, C_block, C_o, C_on, C_u, V_on, drift, goes_to, j, onward, send_in, vs
from coinfer.derivations.engine.definitions import DEFINITIONS
from coinfer.derivations.engine.evaluate import truth, value
from coinfer.derivations.engine.instance import instance
from coinfer.derivations.engine.integers import increments, or_the_last, turning_point
from coinfer.derivations.engine.model import (
    A,
    C,
    D,
    E,
    F,
    G,
    J,
    M,
    N,
    V,
    X,
    bits,
    download,
    i,
    k,
    low,
    n,
    o,
    p,
    pi,
    q,
    result_bits,
    u,
    v,
    w,
    y,
)
from coinfer.derivations.engine.prover import (
    Context,
    algebra,
    almost_never,
    averaged,
    by_derivatives,
    by_numbers,
    calculus,
    expectation,
    fundamental,
    index,
    indicator,
    inside_integral,
    inside_sum,
    jensen,
    monotone,
    order,
)
from coinfer.derivations.engine.reals import holds
from coinfer.derivations.engine.search import search, worlds
from coinfer.derivations.engine.steps import (
    HYPOTHESIS,
    Induction,
    Mutant,
    Restatement,
    Use,
    on_dearer,
    use,
    where,
)
from coinfer.derivations.engine.terms import Argmin, First
from coinfer.derivations.engine.worlds import CLAIM, MEANING, RESTATEMENT, Question, World
from coinfer.validation import InputError


@cache
def result(label: str) -> Result:
    return claim(label).verify()


def failures(of: Claim) -> str:
    return "\n".join(of.verify().failures)


# -- every claim -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", beyond(labels().index("R19"), labels()))  # first those of the abstract's model
def test_claim_passes(label: str) -> None:
    found = result(label)
    assert found.passed, found.failures
    assert len(found.mutants_rejected) == len(claim(label).mutants) >= 2
    assert all(counterexample for _, counterexample in found.mutants_rejected)
    assert found.restatement_accepted


def test_required_results_are_there() -> None:
    assert {f"R{number}" for number in range(1, 27)} <= set(labels())
    about_integers = "R7h R7j R7k R8g R8h R16e R16f R18g R18h R18i R18j R22m R22n"
    assert all(claim(label).left.has(Argmin) for label in about_integers.split())
    assert len(labels()) == len(set(labels())) >= 22
    assert sum(each.status == PROVED for each in claims()) >= 16
    assert sum(len(each.mutants) for each in claims()) >= 110


def test_mutants_of_a_claim_differ() -> None:
    for each in claims():
        assert len({mutant.change for mutant in each.mutants}) == len(each.mutants)
        assert all((mutant.relation, mutant.formula) != (each.relation, each.formula) for mutant in each.mutants)


@pytest.mark.parametrize(
    "source",
    sorted(Path(coinfer.derivations.__file__).parent.rglob("*.py")),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_no_numeric_module_is_imported(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        else:
            continue
        ours = [name for name in names if name.split(".")[0] == "coinfer"]
        allowed = ("coinfer.interruption", "coinfer.quantities", "coinfer.validation")
        assert all(name.startswith("coinfer.derivations") or name in allowed for name in ours)


def test_the_engine_knows_no_claim() -> None:
    for source in Path(engine.__file__).parent.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        ours = re.findall(r"^\s*(?:from|import) (coinfer[\w.]*)", text, re.MULTILINE)
        known = ("coinfer.derivations.engine", "coinfer.quantities", "coinfer.validation")
        assert [name for name in ours if not name.startswith(known)] == [], source.name
        assert "derivations.proofs" not in text, source.name


# -- negative controls: what has to be refused ---------------------------------------------------------------------------


def false_claim() -> Claim:
    """R6 with the sign of the saving wrong, its derivation wrong in the last step only."""
    right = D(M + 1) + pi(M) * G(M)
    true = claim("R6")
    return replace(true, label="false", formula=right, steps=(*true.steps[:-1], replace(true.steps[-1], right=right)))


def test_false_claim_with_plausible_derivation_is_refused() -> None:
    text = failures(false_claim())
    assert "not proved" in text
    assert "the claim itself is false at" in text


@exhaustive
@pytest.mark.parametrize("label", [each.label for each in claims() if not isinstance(each.steps[-1].by, Induction)])
def test_derivation_does_not_prove_a_mutant(label: str) -> None:
    true = claim(label)
    for mutant in true.mutants:
        last = replace(true.steps[-1], right=mutant.formula, relation=mutant.relation)
        twisted = replace(true, formula=mutant.formula, relation=mutant.relation, steps=(*true.steps[:-1], last))
        assert proof_failures(twisted), mutant.change


@pytest.mark.parametrize("label", ["R6", "R15", "N1", "R7", "R8", "R3a"])
def test_true_claim_with_broken_chain_is_refused(label: str) -> None:
    true = claim(label)
    assert any(
        "chain" in each
        for each in proof_failures(
            replace(true, steps=true.steps[1:], label="cut") if len(true.steps) > 1 else broken_inside(true)
        )
    )


def broken_inside(true: Claim) -> Claim:
    """The claim with a step of its induction left out."""
    step = true.steps[0]
    assert isinstance(step.by, Induction)
    inner = step.by.step
    return replace(true, steps=(replace(step, by=replace(step.by, step=(inner[0], *inner[2:]))),))


def test_chain_that_starts_elsewhere_is_refused() -> None:
    true = claim("R6")
    detour = replace(true, steps=(true.steps[0], *true.steps[2:]))
    assert any("broken chain" in each for each in proof_failures(detour))


def test_induction_on_the_conclusion_itself_is_refused() -> None:
    true = claim("R3")
    step = true.steps[0]
    assert isinstance(step.by, Induction)
    goal = Step(v(n, M), "<=", w(n, M), "by hypothesis", order, (use(HYPOTHESIS),))
    circular = replace(true, steps=(replace(step, by=replace(step.by, step=(goal,))),))
    assert any("not proved" in each for each in proof_failures(circular))
    moved = replace(goal, uses=(use(HYPOTHESIS, n=n - 1),))
    circular = replace(true, steps=(replace(step, by=replace(step.by, step=(moved,))),))
    assert any("one place nearer to the start" in each for each in proof_failures(circular))


def test_a_hypothesis_holds_for_every_value_of_what_nothing_is_assumed_of() -> None:
    true = claim("L87")
    assert not proof_failures(replace(true, label="again"))
    about = replace(true, label="about a state", assumptions=(*true.assumptions, j <= 5))
    assert any("one place nearer to the start" in each for each in proof_failures(about))
    (step,) = claim("R22h").steps
    assert isinstance(step.by, Induction)
    later = Step(step.by.step[0].left, "=", sp.S.Zero, "later", order, (use(HYPOTHESIS, a=0),))
    assumed = replace(claim("R22h"), steps=(replace(step, by=replace(step.by, step=(later,))),))
    assert any("one place nearer to the start" in each for each in proof_failures(assumed))  # a < 1 is assumed


def test_an_average_is_no_value_of_what_it_averages() -> None:
    step = true_step = claim("L87").steps[0]
    assert isinstance(true_step.by, Induction)
    averaged_out = replace(true_step.by.step[1], uses=(use(HYPOTHESIS, X=0, j=goes_to(j, X)),))
    moved = replace(step, by=replace(true_step.by, step=(true_step.by.step[0], averaged_out, true_step.by.step[2])))
    assert any("one place nearer" in each for each in proof_failures(replace(claim("L87"), steps=(moved,))))


def test_noise_does_not_slip_into_an_expectation() -> None:
    inner = use("memory", j=goes_to(j, X))
    step = Step(
        vs(n, M, goes_to(j, X)),
        "=",
        sp.Min(send_in(n, goes_to(j, X)), onward(n, M, goes_to(j, X))),
        "so",
        uses=(inner,),
    )
    moved = replace(
        claim("L87"), left=step.left, steps=(step,), relation="=", formula=step.right, assumptions=(n + 1 <= M,)
    )
    assert any("would be averaged" in each for each in proof_failures(moved))


def test_no_step_rests_on_contradictory_facts() -> None:
    """From a contradiction anything follows; that p, a chance, is at most 1, is what L63 says."""
    more = (p > 1,)
    wrong = twisted(A, "<=", sp.S.Zero, claim("L63"), assumptions=more)
    assert any("contradict each other" in each for each in proof_failures(wrong))
    turned = Argmin((M - k) ** 2, M, N), "=", k + 1, claim("L63")
    assert any("contradict" in each for each in proof_failures(twisted(*turned, by=turning_point, assumptions=more)))


def test_hypothesis_outside_an_induction_is_refused() -> None:
    true = claim("R3")
    bare = replace(true, steps=(Step(v(n, M), "<=", w(n, M), "by hypothesis", order, (use(HYPOTHESIS),)),))
    assert any("outside an induction" in each for each in proof_failures(bare))


def test_induction_without_base_is_refused() -> None:
    true = claim("R9b")
    step = true.steps[0]
    assert isinstance(step.by, Induction)
    assert any(
        "no derivation" in each
        for each in proof_failures(replace(true, steps=(replace(step, by=replace(step.by, base=())),)))
    )


def test_induction_that_starts_too_late_is_refused() -> None:
    true = claim("L33")
    step = true.steps[0]
    assert isinstance(step.by, Induction)
    late = replace(true, steps=(replace(step, by=replace(step.by, start=sp.Integer(1))),))
    assert any("does not cover" in each for each in proof_failures(late))


@pytest.mark.parametrize("assumption", [v(n, M) <= w(n, M), v(n, M) - w(n, M) <= 0, w(n, M) >= v(n, M)])
def test_assumption_that_contains_the_goal_is_refused(assumption: object) -> None:
    assumed = replace(
        claim("R3"),
        steps=(Step(v(n, M), "<=", w(n, M), "clear", order),),
        assumptions=(n <= M, assumption),
    )
    assert any("speaks of what is to be derived" in each for each in proof_failures(assumed))


@pytest.mark.parametrize(
    ("label", "assumption"),
    [
        ("R19r", sp.Eq(C_on(1), 0)),
        ("R20d", M_1(A) <= 0),
        ("R19g", sp.Eq(drift(A, i), 0)),
        ("R19e", sp.Eq(C_block(1), 0)),
        ("R19b", sp.Eq(C_o, C_u)),
        ("R22b", V_on(k) <= A),
    ],
)
def test_assumption_about_what_a_moving_channel_makes_is_refused(label: str, assumption: sp.Rel) -> None:
    true = claim(label)
    assumed = replace(true, assumptions=(*true.assumptions, assumption))
    assert any("speaks of what is to be derived" in each for each in proof_failures(assumed))


@pytest.mark.parametrize("assumption", [sp.true, sp.And(A < 0, X < 1), A])
def test_assumption_that_is_no_relation_is_refused(assumption: object) -> None:
    with pytest.raises(InputError, match=r"R3\.assumptions = .*: should be relations"):
        replace(claim("R3"), assumptions=(n <= M, assumption))


def test_contradictory_assumptions_are_refused() -> None:
    nonsense = replace(
        claim("L1"), steps=(Step(claim("L1").left, "<=", A, "clear", order),), formula=A, assumptions=(A < 0, A > 1)
    )
    assert any("contradict" in each for each in proof_failures(nonsense))


def test_fact_of_ones_own_is_refused() -> None:
    step = Step(v(n, M), "=", u(n, M), "by definition", algebra, (use("v is u"),))
    assert any(
        "not a definition of the model" in each
        for each in proof_failures(replace(claim("R5c"), steps=(step,), formula=u(n, M)))
    )


def test_citing_an_unproved_claim_is_refused() -> None:
    lemma = replace(claim("R5"), label="lemma", steps=(Step(v(n, M + 1), "<=", v(n, M), "clear", order),))
    step = Step(v(n, M + 1), "<=", v(n, M), "the lemma", order, (use(lemma),))
    assert any("lemma is not proved" in each for each in proof_failures(replace(claim("R5"), steps=(step,))))


def test_citing_a_claim_with_too_few_mutants_is_refused() -> None:
    lemma = replace(claim("R5"), mutants=claim("R5").mutants[:1])
    step = Step(v(n, M + 1), "<=", v(n, M), "the lemma", order, (use(lemma),))
    assert any("fewer than 2 mutants" in each for each in proof_failures(replace(claim("R5"), steps=(step,))))


def test_citing_a_claim_that_is_not_registered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lemma, order_of = replace(claim("L63"), label="lemma"), coinfer.derivations.topics()
    citing = twisted(p, "<=", sp.Integer(1), lemma)
    cited = twisted(p, "<=", sp.Integer(1), claim("R22"))
    for wrong, why in ((citing, "rests on lemma, which is not registered"), (cited, "rests on R22, which is not")):
        monkeypatch.setattr(coinfer.derivations, "topics", lambda wrong=wrong: {"false": (wrong,)} | order_of)
        with pytest.raises(ValueError, match=why):
            coinfer.derivations.claims.__wrapped__()


def test_a_claim_fails_with_one_that_it_cites() -> None:
    needed = report.behind(["R22e"])
    assert {"R22b", "R22c", "L90", "L91", "R22e"} == set(needed)
    alone = {label: result(label) for label in needed}
    assert all(each.passed for each in report.with_what_they_rest_on(alone).values())
    alone["L91"] = replace(alone["L91"], passed=False, failures=("the claim itself is false",))
    failed = {label: each.failures for label, each in report.with_what_they_rest_on(alone).items() if not each.passed}
    assert failed.keys() == {"L91", "R22c", "R22e"}
    assert "rests on R22c, which fails" in failed["R22e"]


def test_conditions_of_a_fact_must_hold() -> None:
    step = Step(v(n, M), "=", claim("R3a").steps[0].right, "the recursion", algebra, (use("optimal"),))
    loose = replace(claim("R3a"), steps=(step, claim("R3a").steps[1]), assumptions=(n <= M,))  # n = M has no next stage
    assert any("does not follow here" in each for each in proof_failures(loose))


def test_special_setting_does_not_prove_a_general_claim() -> None:
    step = Step(pi(n), "=", p**n, "every layer is the same", algebra, (use(claim("L30"), m=n),))
    general = replace(claim("L30"), steps=(step,), formula=p**n, setting="chain")
    assert any("for equal layers only" in each for each in proof_failures(general))


def test_relations_must_compose() -> None:
    steps = (
        Step(bits * E(X), ">=", E(sp.Min(bits * X, A)), "the smaller of two", expectation),
        Step(E(sp.Min(bits * X, A)), "<=", A, "the smaller of two", expectation),
    )
    assert any(
        "compose" in each
        for each in proof_failures(replace(claim("L2"), steps=steps, relation="<=", formula=A, assumptions=()))
    )


def test_nonstrict_steps_do_not_prove_a_strict_claim() -> None:
    assert any("no strict step" in each for each in proof_failures(replace(claim("L2"), relation="<")))


def test_accepted_mutant_fails_the_claim() -> None:
    same = Mutant("nothing", claim("L1").formula, "<=")
    assert "mutant not rejected: nothing" in failures(replace(claim("L1"), mutants=(*claim("L1").mutants, same)))


def test_too_few_mutants_fail_the_claim() -> None:
    assert "at least 2" in failures(replace(claim("L1"), mutants=claim("L1").mutants[:1]))


@pytest.mark.parametrize(
    ("restated", "why"),
    [(claim("L1").formula + 1, "was not proved equal"), (claim("L1").formula, "is the formula itself")],
)
def test_wrong_or_identical_restatement_fails_the_claim(restated: sp.Expr, why: str) -> None:
    assert f"the restatement {why}" in failures(replace(claim("L1"), restatement=Restatement(restated)))


def test_weak_prover_rejects_no_mutant() -> None:
    """A step that no rule can prove fails the claim, and still no mutant that is true counts as rejected."""
    true = claim("L1")
    weak = replace(
        true,
        steps=(replace(true.steps[0], by=lambda *_: False),),
        mutants=(Mutant("true", true.formula + 1, "<="),) * 5,
    )
    found = weak.verify()
    assert not found.passed
    assert found.mutants_rejected == ()


def test_a_claim_brings_no_rule_of_its_own() -> None:
    true = claim("L1")
    for rule in (lambda *_: True, inside_sum(lambda *_: True)):
        steps = (replace(true.steps[0], by=rule), *true.steps[1:])
        assert any("none of the engine's" in each for each in replace(true, steps=steps).verify().failures)


def test_status_follows_from_the_derivation() -> None:
    true = claim("L1")
    numbers = replace(true, steps=(replace(true.steps[0], by=by_numbers),))
    assert numbers.status == NUMERICAL
    assert replace(true, family="two outcomes").status == FAMILY
    nested = inside_sum(inside_integral(by_numbers))
    assert replace(true, steps=(replace(true.steps[0], by=nested),)).status == NUMERICAL
    assert replace(true, restatement=replace(true.restatement, by=by_numbers)).status == NUMERICAL
    citing = replace(true, steps=(replace(true.steps[0], uses=(use(numbers),)),))
    assert any("only checked numerically" in each for each in proof_failures(citing))


# -- the rules --------------------------------------------------------------------------------------------------------------

NOTHING = Context()
fractions = st.fractions(min_value=-3, max_value=3, max_denominator=6)
positive = st.fractions(min_value=0, max_value=3, max_denominator=6)


def test_expectation_is_not_confused_with_an_outcome() -> None:
    assert not expectation(X, "=", E(X), NOTHING)
    assert not expectation(E(X) ** 2, "<=", E(X**2) - 1, NOTHING)
    assert not expectation(E(X) * E(X), "=", E(X**2), NOTHING)
    assert expectation(E(X), "<=", E(sp.Max(X, A)), NOTHING)
    assert not expectation(E(X), ">=", E(sp.Max(X, A)), NOTHING)


def test_order_knows_nothing_it_was_not_told() -> None:
    assert not order(v(n, M), "<=", v(n, M + 1), NOTHING)
    assert not order(p, "<=", sp.Integer(1), NOTHING)
    assert order(E(indicator(X > A)), "<=", sp.Integer(1), NOTHING)


def test_integers_are_divided_as_reals() -> None:
    assert not holds(sp.Le(1 / (k + 2), 0, evaluate=False), ())
    assert holds(sp.Gt(1 / (k + 2), 0, evaluate=False), ())


def test_what_has_no_last_case_has_no_known_value() -> None:
    at_0, below = Context(facts=(sp.Eq(A, 0, evaluate=False),)), sp.Integer(-1)
    assert not order(sp.Piecewise((1, A > 0), (-1, A < 0)), "=", below, at_0)
    assert order(sp.Piecewise((1, A > 0), (-1, True)), "=", below, at_0)


def test_algebra_and_calculus_prove_no_inequality() -> None:
    assert not algebra(A, "<=", A, NOTHING)
    assert not calculus(A, "<=", A, NOTHING)


def test_an_integral_of_a_derivative_needs_both_ends() -> None:
    z, b, f = sp.Symbol("z", nonnegative=True), sp.Symbol("b", nonnegative=True), sp.Function("f", real=True)
    risen = sp.Integral(sp.Derivative(f(z), z), (z, 0, b))
    assert fundamental(f(b), "=", f(0) + risen, NOTHING)
    assert not fundamental(f(b), "=", risen, NOTHING)
    assert not fundamental(f(b), ">=", f(0) + risen, NOTHING)
    assert not fundamental(f(b), "=", f(0) + sp.Integral(f(z), (z, 0, b)), NOTHING)
    assert not fundamental(f(b), "=", f(0) + sp.Integral(sp.Derivative(f(z), z, 2), (z, 0, b)), NOTHING)


def test_an_integral_of_a_derivative_needs_something_smooth() -> None:
    z, b, f = sp.Symbol("z", nonnegative=True), sp.Symbol("b", nonnegative=True), sp.Function("f", real=True)
    jumps = sp.Piecewise((0, z < 1), (1, True))
    for body in (F(z), jumps, 1 / (z - 1), E(indicator(z >= X))):
        risen = sp.Integral(sp.Derivative(body, z), (z, 0, b))
        for rule in (fundamental, algebra, calculus):
            assert not rule(body.subs(z, b), "=", body.subs(z, 0) + risen, NOTHING), body
    twice = sp.Integral(sp.Derivative(f(z), z), (z, 0, b), (A, 0, 2))
    assert not fundamental(f(b), "=", f(0) + twice, NOTHING)
    outside = sp.Integral(sp.Derivative(sp.log(z + 1), z), (z, -2, 0))
    assert not fundamental(sp.S.Zero, "=", sp.log(-1) + outside, NOTHING)
    steps = sp.Integral(sp.Derivative(V(k), k), (k, 0, M))  # V has values at integers only
    assert not fundamental(V(M), "=", V(0) + steps, NOTHING)


def test_nothing_is_strict_over_a_range_that_may_be_a_point() -> None:
    z, b = sp.Symbol("z", real=True), sp.Symbol("b", nonnegative=True)
    for times, end in ((1, b), (A**2, sp.Integer(1))):  # b and A may be 0
        some, more = (times * sp.Integral(body, (z, 0, end)) for body in (z**2, z**2 + 1))
        assert inside_integral(order)(some, "<=", more, NOTHING)
        assert not inside_integral(order)(some, "<", more, NOTHING)
    few, many = (sp.Sum(body, (i, 1, M)) for body in (i, i + 1))
    assert not inside_sum(order)(few, "<", many, NOTHING)


def test_integrals_are_compared_inside_from_left_to_right() -> None:
    z, pointwise = sp.Symbol("z", nonnegative=True), inside_integral(order)

    def compared(low: object, high: object, *facts: object, at: sp.Symbol = z) -> bool:
        limits = (at, sp.sympify(low), sp.sympify(high))
        return pointwise(sp.Integral(at, limits), "<=", sp.Integral(at + 1, limits), Context(facts=facts))

    assert compared(0, 1)
    assert compared(0, A, sp.Ge(A, 0, evaluate=False))
    assert not compared(1, 0)  # -1/2 is more than -3/2
    assert not compared(0, A)
    assert not compared(0, 1, at=k)  # an integer is no number to integrate over
    below = sp.Integral(z, (z, -1, 0)), sp.Integral(0 * z, (z, -1, 0))
    assert not pointwise(below[0], ">=", below[1], NOTHING)  # where z is not what its sign says
    twice = sp.Integral(A, (A, 0, 1), (z, 1, 0)), sp.Integral(A + 1, (A, 0, 1), (z, 1, 0))
    assert not pointwise(twice[0], "<=", twice[1], NOTHING)
    assert inside_sum(order)(sp.Sum(i, (i, 1, M)), "<=", sp.Sum(2 * i, (i, 1, M)), NOTHING)
    assert not inside_sum(order)(sp.Sum(i, (i, 1, M - 2)), "<=", sp.Sum(2 * i, (i, 1, M - 2)), NOTHING)


def test_signs_of_derivatives_say_nothing_of_jumps() -> None:
    z = sp.Symbol("z", nonnegative=True)
    drop, two = sp.Piecewise((5, z < 1), (z, True)), sp.Integer(2)
    assert not monotone(drop, z, sp.S.Zero, two)(sp.Integer(5), "<=", two, NOTHING)
    assert monotone(z**2, z, sp.S.Zero, two)(sp.S.Zero, "<=", sp.Integer(4), NOTHING)
    assert not by_derivatives(z)(sp.Integer(4), "<=", drop, NOTHING)
    assert not by_derivatives(k)(sp.S.Zero, "<=", k * (k - 1) / 2 + k, NOTHING)  # an integer has no derivative
    assert not jensen(sp.Piecewise((1, z > 1), (0, True)), z)(E(indicator(X > 1)), ">=", indicator(E(X) > 1), NOTHING)


def test_what_holds_in_the_mean_need_not_hold_for_an_outcome() -> None:
    always = Context((), (sp.Le(X, A, evaluate=False),))
    in_the_mean = Context((), (sp.Le(E(X), A, evaluate=False),))
    assert averaged(E(X), "<=", A, always)
    assert not averaged(E(X**2), "<=", A**2, in_the_mean)
    assert not averaged(X, "<=", A, in_the_mean)
    assert not averaged(E(X), ">=", A, always)
    never_it = Context((), (sp.Ne(X, A, evaluate=False), sp.Ge(E(X), A, evaluate=False)))
    assert not averaged(E(X), ">", A, never_it)  # it may be A +- 1


def test_matrices_do_not_commute() -> None:
    one, other = sp.symbols("Q_uo Q_ou", commutative=False)
    assert not algebra(one * other, "=", other * one, NOTHING)
    assert not algebra(one**-1 * other * one, "=", other, NOTHING)
    assert algebra(one**-1 * (one * other + other), "=", other + one**-1 * other, NOTHING)
    assert not order(one * other, "=", other * one, NOTHING)
    assert not algebra(C_block(1) * one, "=", one * C_block(1), NOTHING)
    assert algebra(C_block(1) * (one + other), "=", C_block(1) * other + C_block(1) * one, NOTHING)
    total = sp.Integral(C_block(A), (A, 0, 1))
    assert not inside_integral(algebra)(one * total, "=", total * one, NOTHING)
    assert inside_integral(algebra)(one * total, "=", one * sp.Integral(C_block(A) + 0 * one, (A, 0, 1)), NOTHING)


def test_matrices_have_no_order() -> None:
    one, other = sp.symbols("Q_uo Q_ou", commutative=False)
    smaller = Step(one, "<=", one, "clear", order)
    assert any(
        "no order" in each
        for each in proof_failures(
            replace(claim("R19b"), left=one, steps=(smaller,), relation="<=", formula=one, mutants=())
        )
    )
    assumed = replace(claim("R19b"), assumptions=(sp.Le(one, other, evaluate=False),))
    assert any("no order" in each for each in proof_failures(assumed))


# -- the rules about a smallest minimiser ------------------------------------------------------------------------------------

LESS = Context(facts=(A >= 0,))


def test_what_the_rules_rest_on_is_shown_and_its_reverse_is_not() -> None:
    f, g, least, other, last = integers.f, integers.g, integers.least, integers.other, integers.last
    assert integers.larger_increments_end_sooner()
    assert integers.turns_once()
    assert integers.better_or_the_last()
    minima = integers.minimises(f, least), integers.minimises(g, other)

    def grows(start: object, end: object) -> object:
        return f(end) - f(start) >= g(end) - g(start)

    assert not integers.shown(grows, other <= least, *minima)
    assert not integers.shown(grows, least < other, *minima)
    assert not integers.shown(
        lambda start, end: f(end) >= g(start), least <= other, *minima
    )  # does not extend to pairs
    worse = z3.If(f(last + 1) <= f(other), last + 1, other)
    assert not integers.follows(least == worse, integers.minimises(f, least, last + 1), integers.minimises(f, other))


def test_minimisers_are_ordered_by_increments_only() -> None:
    steep, flat = Argmin(2 * A * M + 5, M, N), Argmin(A * M, M, N)
    assert increments(steep, "<=", flat, LESS)
    assert increments(flat, "=", Argmin(A * M - 7, M, N), NOTHING)
    assert not increments(steep, "<=", flat, NOTHING)
    assert not increments(steep, ">=", flat, LESS)
    assert not increments(steep, "<", flat, LESS)
    assert not increments(steep, "<=", Argmin(A * M, M, N - 1), LESS)
    assert not increments(Argmin(2 * A * M, M, k - 1), "<=", Argmin(A * M, M, k - 1), LESS)  # there may be no index


def test_minimiser_is_where_a_sequence_turns() -> None:
    inside, bowl = Context(facts=(k <= N,)), Argmin((M - k) ** 2, M, N)
    assert turning_point(bowl, "=", k, inside)
    assert not turning_point(bowl, "=", k, NOTHING)  # k may lie beyond the last index
    assert not turning_point(bowl, "=", k + 1, inside)
    assert not turning_point(bowl, "<=", k, inside)
    tie = Argmin((2 * M - 2 * k - 1) ** 2, M, N)  # k and k + 1 minimise it
    assert turning_point(tie, "=", k, inside)
    assert not turning_point(tie, "=", k + 1, Context(facts=(k + 1 <= N,)))
    assert not turning_point(tie, "=", k + sp.Rational(1, 2), Context(facts=(k + 1 <= N,)))  # no integer
    counted = sp.Symbol("j", integer=True, positive=True)  # an index that leaves out 0
    assert not turning_point(Argmin((counted - k) ** 2, counted, N), "=", k, inside)


def test_the_last_index_has_to_be_strictly_better() -> None:
    fewer = Argmin(V(M), M, N - 1)
    assert or_the_last(Argmin(V(M), M, N), "=", sp.Piecewise((N, V(N) < V(fewer)), (fewer, True)), NOTHING)
    assert not or_the_last(Argmin(V(M), M, N), "=", sp.Piecewise((N, V(N) <= V(fewer)), (fewer, True)), NOTHING)
    size = sp.Symbol("size", nonnegative=True)  # no integer
    before = Argmin(V(M), M, size)
    longer = sp.Piecewise((size + 1, V(size + 1) < V(before)), (before, True))
    assert not or_the_last(Argmin(V(M), M, size + 1), "=", longer, NOTHING)
    assert not order(V(First(V(M) <= A, M, size)), "<=", A, Context(facts=(First(V(M) <= A, M, size) < size,)))
    assert not or_the_last(Argmin(V(M), M, N), "=", fewer, NOTHING)
    assert not or_the_last(Argmin(V(M), M, k), "=", sp.Piecewise((k, V(k) < V(fewer)), (fewer, True)), NOTHING)


def test_only_what_never_happens_has_no_expectation() -> None:
    never, excess = Context(facts=(sp.Eq(E(indicator(X > A)), 0, evaluate=False),)), E(sp.Max(X - A, 0))
    assert almost_never(excess, "=", sp.Integer(0), never)
    assert not almost_never(excess, "=", sp.Integer(0), NOTHING)
    assert not almost_never(excess, ">=", sp.Integer(0), never)
    assert not almost_never(E(sp.Max(A - X, 0)), "=", sp.Integer(0), never)
    assert not almost_never(sp.Max(X - A, 0), "=", sp.Integer(0), never)


def test_first_index_is_what_it_says() -> None:
    first = First(V(M) <= A, M, N)
    assert order(first, "<=", N, NOTHING)
    assert order(
        sp.Piecewise((A, first < N), (V(first), True)), ">=", V(first), NOTHING
    )  # it holds there, or at no index
    assert not order(V(first), "<=", A, NOTHING)
    found = [value(claim("R8g").formula.xreplace({N: sp.Integer(3)}), world) for world in deep_worlds("R8g", 300)]
    assert set(found) == {0, 1, 2}


def test_bound_index_is_not_spoken_of_outside() -> None:
    of_one_index = replace(claim("R16e"), assumptions=(M >= 1,))
    assert any("bound" in each for each in proof_failures(of_one_index))
    step = Step(Argmin(J(M), M, M), "=", M, "the same letter", algebra, (use(claim("R7k"), k=M),))
    captured = proof_failures(replace(claim("R7k"), steps=(step,), left=step.left, formula=M))
    assert any("an index that the fact binds" in each for each in captured)


def twisted(left: sp.Expr, relation: str, right: sp.Expr, *uses: object, by: object = order, **more: object) -> Claim:
    """A claim of one step, with mutants and a restatement that are not looked at."""
    step = Step(
        left, relation, right, "clear", by, tuple(each if isinstance(each, Use) else use(each) for each in uses)
    )
    assumptions = more.pop("assumptions", ())
    return replace(
        claim("L1"),
        left=left,
        relation=relation,
        formula=right,
        steps=(step,),
        assumptions=assumptions,
        **{"label": "twisted", **more},
    )


@pytest.mark.parametrize(
    ("left", "relation", "right", "fact", "setting"),
    [
        (sp.Integer(5), "=", E(X), use("mean", mu=5), "chain"),
        (p, "=", sp.Integer(1), use("mean", mu=p, X=1), "chain"),  # E(1) is 1
        (o(n), "=", sp.Integer(3), use("equal layers, sending", o=3), "equal layers"),
        (o(M), "=", result_bits, use("result", N=M), "own result"),
        (sp.Integer(5), "<=", sp.Integer(1), use(claim("L63"), p=5), "chain"),
        (E(X), "=", low, use(claim("R18c"), alpha=1), "two points"),
    ],
)
def test_what_a_definition_says_is_not_said_of_anything_else(
    left: sp.Expr, relation: str, right: sp.Expr, fact: Use, setting: str
) -> None:
    by = algebra if relation == "=" else order
    wrong = twisted(left, relation, right, fact, by=by, setting=setting)
    assert any("a definition says" in each for each in proof_failures(wrong))


def test_a_hypothesis_is_not_taken_where_a_definition_says_otherwise() -> None:
    (step,) = claim("L80").steps
    assert isinstance(step.by, Induction)
    more, _, last = step.by.step
    sure = Step(more.right, ">=", q * 1**n, "hypothesis, if windows were sure", order, (use(HYPOTHESIS, q=1),))
    wrong = replace(claim("L80"), steps=(replace(step, by=replace(step.by, step=(more, sure, last))),))
    assert any("a definition says" in each for each in proof_failures(wrong))


@pytest.mark.parametrize("value", [sp.sqrt(-1 - A**2), sp.log(A), 1 / A, sp.I, sp.oo, sp.nan])
def test_a_fact_about_numbers_is_told_of_numbers_only(value: sp.Expr) -> None:
    square = twisted(y**2, ">=", sp.S.Zero, label="square")
    assert not proof_failures(square)
    wrong = twisted(value**2, ">=", sp.S.Zero, use(square, y=value))
    assert any("not surely real" in each for each in proof_failures(wrong))
    if value == 1 / A:
        assert not proof_failures(replace(wrong, assumptions=(sp.Ne(A, 0),)))


def test_no_assumption_speaks_of_what_is_summed_over() -> None:
    counted, ones = sp.Sum(i, (i, 0, M)), sp.Sum(1, (i, 0, M))
    wrong = twisted(counted, "<=", ones, by=inside_sum(order), assumptions=(i <= 1,))
    assert any("bound" in each for each in proof_failures(wrong))


def test_a_fact_about_one_layer_is_not_rewritten_under_a_sum_over_all() -> None:
    """Behind the first layer all downloads are equal; that of the first one is not."""
    later = use("later download", n=i)
    wrong = twisted(
        J(M), "=", C + M * download + u(0, M), "ETC", later, by=calculus, assumptions=(i >= 2,), setting="own input"
    )
    assert any("over all" in each for each in proof_failures(wrong))


def test_a_fact_about_one_point_is_not_rewritten_under_a_derivative() -> None:
    at_0 = (sp.Eq(A, 0),)
    nothing = twisted(A * bits, "=", sp.S.Zero, assumptions=at_0, label="nothing")
    assert not proof_failures(nothing)
    slope = sp.Derivative(A * bits, A)
    wrong = twisted(slope, "=", sp.S.Zero, nothing, by=algebra, assumptions=at_0)
    assert any("over all" in each for each in proof_failures(wrong))
    assert not index(A * bits, sp.S.Zero)(slope, "=", sp.Derivative(sp.S.Zero, A), Context(facts=(sp.Eq(A * bits, 0),)))


def test_a_value_is_not_captured_by_a_sum() -> None:
    wrong = twisted(J(i), "=", C + sp.Sum(D(i), (i, 1, i)) + u(0, i), use("ETC", M=i), by=algebra)
    assert any("an index that the fact binds" in each for each in proof_failures(wrong))


def test_a_fact_told_with_its_conditions_proves_nothing_without_them() -> None:
    recursion = claim("R3a").steps[0].right
    step = Step(v(n, M), "=", recursion, "the recursion", order, (where("optimal"),))
    loose = replace(claim("R3a"), steps=(step,), formula=recursion, assumptions=(n <= M,))  # n = M has no next stage
    assert any("not proved" in each for each in proof_failures(loose))
    assert not proof_failures(replace(loose, assumptions=(n + 1 <= M,)))


@pytest.mark.parametrize("label", ["R3", "L30", "R18a"])
def test_only_a_fact_about_every_chain_holds_on_the_dearer_one(label: str) -> None:
    step = Step(v(n, M), "=", u(n, M), "on the other chain", algebra, (on_dearer(claim(label)),))
    refused = proof_failures(replace(claim("R5c"), steps=(step,), formula=u(n, M)))
    assert any("does not hold for every chain" in each for each in refused)


def deep_worlds(label: str, count: int = 60) -> list[World]:
    return [world for _, world in zip(range(count), worlds(claim(label).question()), strict=False)]


def played(costs: list[Fraction]) -> int:
    """The smallest minimiser, by looking at all."""
    return min(range(len(costs)), key=lambda last: (costs[last], last))


Law = tuple[tuple[Fraction, Fraction], ...]


def costs_of_placements(
    output: list[Fraction], extra: list[Fraction], price: Fraction, law: Law, optimal: bool
) -> list[Fraction]:
    """What every placement costs by the recursion of a rule, the edge's share left out."""
    mean, costs = sum(chance * outcome for outcome, chance in law), []
    for last in range(len(output)):
        later = output[last] * mean
        for stage in reversed(range(last)):
            behind = extra[stage] + later
            bound = behind if optimal else extra[stage] + output[stage + 1] * mean
            sent = [(output[stage] * outcome, chance) for outcome, chance in law]
            later = sum((chance * (here if here <= bound else behind) for here, chance in sent), Fraction(0))
        costs.append(last * price + later)
    return costs


def two_outcomes(outcomes: list[Fraction], odds: Fraction) -> Law:
    return (outcomes[0], 1 / (1 + odds)), (outcomes[1], odds / (1 + odds))


deep = given(
    st.integers(1, 12),
    positive,
    st.tuples(fractions, fractions),  # of each layer, and of the last one
    positive,
    st.lists(positive, min_size=2, max_size=2),
    positive,
)
ties = example(4, Fraction(2), (Fraction(0),) * 2, Fraction(1, 8), [Fraction(0), Fraction(1)], Fraction(1))
all_equal = example(3, Fraction(1), (Fraction(0),) * 2, Fraction(0), [Fraction(1), Fraction(1)], Fraction(1))


@examples(150)
@deep
@ties
@all_equal
def test_closed_form_under_look_ahead_is_the_best_of_all_placements(
    layers: int,
    size: Fraction,
    extra: tuple[Fraction, Fraction],
    price: Fraction,
    outcomes: list[Fraction],
    odds: Fraction,
) -> None:
    """R7h, R7i and R7j, for as many layers as wanted, a last one of its own cost and a result to send."""
    law, (cost, last) = two_outcomes(outcomes, odds), extra
    each = [cost] * (layers - 1) + [last]
    costs = costs_of_placements([size] * layers + [size / 3], each, price, law, optimal=False)
    mean = sum(chance * outcome for outcome, chance in law)
    beyond = [(size * (outcome - mean) - cost, chance) for outcome, chance in law]
    going = sum((chance for excess, chance in beyond if excess > 0), Fraction(0))
    saved = sum((chance * excess for excess, chance in beyond if excess > 0), Fraction(0))
    given = {"N": Fraction(layers), "o": size, "o_N": size / 3, "delta": cost, "delta_N": last, "D": price}
    given |= {"p": going, "G": saved}
    interior = value(claim("R7h").formula, World(given, law))
    assert interior == played(costs[:-1])
    ahead = value(claim("R7i").formula, World(given | {"m": interior}, law))
    assert ahead == costs[-1] - costs[int(interior)]
    assert (layers if ahead < 0 else interior) == played(costs)


@examples(150)
@deep
@ties
@all_equal
def test_closed_form_under_the_optimal_rule_is_the_best_of_all_placements(
    layers: int,
    size: Fraction,
    extra: tuple[Fraction, Fraction],
    price: Fraction,
    outcomes: list[Fraction],
    odds: Fraction,
) -> None:
    """R8g and R8h, for as many layers as wanted, a last one of its own cost, its result sent or not."""
    law, (cost, last) = two_outcomes(outcomes, odds), extra
    for result in (Fraction(0), size / 3):
        each = [cost] * (layers - 1) + [last]
        costs = costs_of_placements([size] * layers + [result], each, price, law, optimal=True)
        given = {"N": Fraction(layers), "o": size, "o_N": result, "delta": cost, "delta_N": last, "D": price}
        world = World(given, law)
        assert value(claim("R8g").formula, world) == played(costs[:-1])
        assert value(claim("R8h").formula, world) == played(costs)


# -- the judge ------------------------------------------------------------------------------------------------------------


def test_judge_finds_the_claim_itself_true_and_a_wrong_one_false() -> None:
    assert CLAIM not in search(claim("R15").question())
    assert CLAIM in search(false_claim().question())


def test_judge_knows_what_differs() -> None:
    world = World({"k": Fraction(1), "n": Fraction(1)})
    assert truth(sp.Eq(k, n), world)
    assert not truth(sp.Ne(k, n), world)
    assert truth(sp.Ne(k, n + 1), world)


def test_every_quantity_of_the_model_has_a_meaning_of_its_own() -> None:
    functions = {
        each.left.name for each in DEFINITIONS.values() if each.left.is_Function and not isinstance(each.left, E)
    }
    assert functions <= set(MEANING)


POINTS = dict.fromkeys(("b", "z", "t"), ("1/2", "1", "2"))
INDICES = {"i": ("1", "2"), "i_0": ("1", "2"), "S": ("2",), "j": ("0", "1"), "k": ("0", "1", "2"), "n": ("0", "1", "2")}
INDICES |= {"m": ("1", "2", "3"), "M": ("1", "2", "3"), "N": ("1", "2", "3"), "delta": ("0", "1/2", "1")}


WITH_FIXED_COSTS = [name for name in DEFINITIONS if "fixed cost" in name or name in ("folded", "nothing sent")]


@exhaustive
@pytest.mark.parametrize(
    "name", [*(name for name, each in DEFINITIONS.items() if each.setting in moving.DRAWN), *WITH_FIXED_COSTS]
)
def test_a_definition_about_a_moving_channel_or_fixed_costs_holds_in_its_worlds(name: str) -> None:
    """What the derivations start from is what the worlds, which know no definition, compute by other routes."""
    each = DEFINITIONS[name]
    known = POINTS | INDICES | ({"S": ("1",)} if each.setting == "memory" else {})
    said = dict.fromkeys((CLAIM, RESTATEMENT), (each.relation, each.right))
    asked = Question(name, each.left, said, each.when, each.setting, known)
    assert search(asked) == {}


@pytest.mark.parametrize("label", ["R24a", "R24b", "R24d", "R24e", "R24g", "R24h", "R25b", "R25g"])
def test_fixed_costs_count_in_the_worlds_in_which_claims_about_them_are_tried(label: str) -> None:
    """A claim that fixed costs change nothing would be true of worlds that have none."""
    paid = [any(world.chain["f"][:2]) for world in deep_worlds(label)]
    assert sum(paid) > len(paid) / 2
    assert any(world.chain["delta"] != world.chain["deltabar"] for world in deep_worlds(label))


fractions = st.fractions(min_value=-3, max_value=3, max_denominator=6)
positive = st.fractions(min_value=0, max_value=3, max_denominator=6)
chains = st.tuples(
    st.lists(positive, min_size=4, max_size=4),
    st.lists(fractions, min_size=4, max_size=4),
    st.lists(positive, min_size=2, max_size=2),
    positive,
)


def at(expression: sp.Expr, chain: tuple[list[Fraction], list[Fraction], list[Fraction], Fraction]) -> sp.Expr:
    """An instance at exact values: o_0.., delta_0.., two outcomes, the odds of the second."""
    output, costs, law, odds = chain
    values = {f"o_{index}": size for index, size in enumerate(output)}
    values |= {f"delta_{index}": size for index, size in enumerate(costs)}
    values |= {"x_1": law[0], "x_2": law[1], "p_1": 1 / (1 + odds), "p_2": odds / (1 + odds)}
    return expression.xreplace(
        {
            each: sp.Rational(values[each.name].numerator, values[each.name].denominator)
            for each in expression.free_symbols
        }
    )


def play(chain: tuple[list[Fraction], list[Fraction], list[Fraction], Fraction], last: int) -> Fraction:
    """The cost of 1-sla over all paths, written down once more."""
    output, costs, law, odds = chain
    weights = [1 / (1 + odds), odds / (1 + odds)]
    mean = law[0] * weights[0] + law[1] * weights[1]
    total = Fraction(0)
    for path in product((0, 1), repeat=last + 1):
        weight, cost = Fraction(1), Fraction(0)
        for each in path:
            weight *= weights[each]
        for stage, each in enumerate(path):
            if stage == last or output[stage] * law[each] <= costs[stage + 1] + output[stage + 1] * mean:
                cost += output[stage] * law[each]
                break
            cost += costs[stage + 1]
        total += weight * cost
    return total


@examples(40)
@given(chains)
def test_instance_of_a_formula_agrees_with_playing_the_rule(chain: tuple) -> None:
    saving = sp.Integer(0)
    for layer in range(3):
        saving += at(claim("L19").instance(2, M=layer), chain)
    assert at(instance(u(0, 0), 2), chain) + saving == play(chain, 3)
    assert at(claim("R15").instance(2, M=2), chain) == play(chain, 2) - at(instance(v(0, 2), 2), chain)


def test_instance_names_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"give every index a number|should be a number"):
        claim("R6").instance(2)
    with pytest.raises(ValueError, match="no definition fits"):
        instance(V(k), 2)


def test_plain_formula_can_be_lambdified() -> None:
    formula = claim("R1").formula
    symbols = sorted(formula.free_symbols, key=str)
    assert [str(each) for each in symbols] == ["gamma", "lambda", "x"]
    assert sp.lambdify(symbols, formula)(2.0, 3.0, 1.5) == pytest.approx(1.5)


# -- the command ------------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coinfer.derivations", *arguments], capture_output=True, text=True, check=False
    )


@exhaustive
def test_command_prints_a_row_per_claim_whatever_the_number_of_workers() -> None:
    outputs = []
    for workers in ("1", "2"):
        done = run("L1", "R5", "R6", "--workers", workers)
        assert done.returncode == 0
        assert done.stderr == ""  # the bar is for terminals
        outputs.append(
            [
                [cell for cell in line.split() if not cell.replace(".", "").isdigit()]
                for line in done.stdout.splitlines()
            ]
        )
    assert outputs[0] == outputs[1]
    assert [line[0] for line in outputs[0][:4]] == ["label", "L1", "R5", "R6"]


def test_command_fails_if_a_claim_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"L1": replace(result("L1"), passed=False, failures=("broken",))}
    monkeypatch.setattr(command, "verify_all", lambda *_: broken)
    assert command.main(["L1"]) == 1
    assert "L1: broken" in capsys.readouterr().out


@pytest.mark.parametrize(("package", "module"), [("z3", "coinfer.derivations"), ("tqdm", "coinfer.derivations.report")])
def test_a_missing_package_names_its_extra(package: str, module: str) -> None:
    code = f"import sys; sys.modules['{package}'] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(f"{package} is missing: pip install 'coinfer[verify]'")


def test_command_names_an_unknown_label(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["R99"]) == 2
    assert "R99" in capsys.readouterr().err
