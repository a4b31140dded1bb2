"""The claims hold, and the engine that says so can say no."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import coinfer.derivations
from coinfer.derivations import Claim, Result, Step, claim, claims, labels
from coinfer.derivations import __main__ as command
from coinfer.derivations.engine import claim as engine
from coinfer.derivations.engine import moving
from coinfer.derivations.engine.claim import (
    FAMILY,
    HYPOTHESIS,
    NUMERICAL,
    PROVED,
    Induction,
    Mutant,
    Restatement,
    proof_failures,
    use,
)
from coinfer.derivations.engine.clock import goes_to, j, onward, send_in, vs
from coinfer.derivations.engine.definitions import DEFINITIONS
from coinfer.derivations.engine.instance import instance
from coinfer.derivations.engine.model import A, D, E, G, M, V, X, bits, k, n, p, pi, u, v, w
from coinfer.derivations.engine.prover import (
    Context,
    algebra,
    averaged,
    by_numbers,
    calculus,
    expectation,
    fundamental,
    indicator,
    order,
)  # fmt: skip
from coinfer.derivations.engine.search import search
from coinfer.derivations.engine.worlds import CLAIM, MEANING, RESTATEMENT, Question
from coinfer.validation import InputError


@cache
def result(label: str) -> Result:
    return claim(label).verify()


def failures(of: Claim) -> str:
    return "\n".join(of.verify().failures)


# -- every claim -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", labels())
def test_claim_passes(label: str) -> None:
    found = result(label)
    assert found.passed, found.failures
    assert len(found.mutants_rejected) == len(claim(label).mutants) >= 2
    assert all(counterexample for _, counterexample in found.mutants_rejected)
    assert found.restatement_accepted


def test_required_results_are_there() -> None:
    assert {f"R{number}" for number in range(1, 23)} <= set(labels())
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
        allowed = ("coinfer.quantities", "coinfer.validation")
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


def test_no_step_rests_on_contradictory_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a step stands, nothing is smaller than itself: from a contradiction that would follow too."""
    check, vacuous, seen = engine.step_failures, [], []

    def checked(of: Claim, step: Step, scope: engine.Scope) -> Iterator[str]:
        if not isinstance(step.by, Induction):
            seen.append(step)
            if not list(check(of, replace(step, right=step.left, relation="<"), scope)):
                vacuous.append((of.label, step.reason))
        yield from check(of, step, scope)

    monkeypatch.setattr(engine, "step_failures", checked)
    for each in claims():
        assert not list(
            engine.chain_failures(
                each, each.steps, (each.left, each.relation, each.formula), engine.Scope(each.assumptions)
            )
        )
    leaves = [step for each in claims() for step in engine.all_steps(each.steps) if not isinstance(step.by, Induction)]
    assert len(seen) >= len(leaves) > 400  # more, where claims that are cited had not been checked before
    assert vacuous == []


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


def test_status_follows_from_the_derivation() -> None:
    true = claim("L1")
    numbers = replace(true, steps=(replace(true.steps[0], by=by_numbers),))
    assert numbers.status == NUMERICAL
    assert replace(true, family="two outcomes").status == FAMILY
    citing = replace(true, steps=(replace(true.steps[0], uses=(use(numbers),)),))
    assert any("only checked numerically" in each for each in proof_failures(citing))


# -- the rules --------------------------------------------------------------------------------------------------------------

NOTHING = Context()


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


def test_what_holds_in_the_mean_need_not_hold_for_an_outcome() -> None:
    always = Context((), (sp.Le(X, A, evaluate=False),))
    in_the_mean = Context((), (sp.Le(E(X), A, evaluate=False),))
    assert averaged(E(X), "<=", A, always)
    assert not averaged(E(X**2), "<=", A**2, in_the_mean)
    assert not averaged(X, "<=", A, in_the_mean)
    assert not averaged(E(X), ">=", A, always)


def test_matrices_do_not_commute() -> None:
    one, other = sp.symbols("Q_uo Q_ou", commutative=False)
    assert not algebra(one * other, "=", other * one, NOTHING)
    assert not algebra(one**-1 * other * one, "=", other, NOTHING)
    assert algebra(one**-1 * (one * other + other), "=", other + one**-1 * other, NOTHING)


# -- the judge ------------------------------------------------------------------------------------------------------------


def test_judge_finds_the_claim_itself_true_and_a_wrong_one_false() -> None:
    assert CLAIM not in search(claim("R15").question())
    assert CLAIM in search(false_claim().question())


def test_every_quantity_of_the_model_has_a_meaning_of_its_own() -> None:
    functions = {
        each.left.name for each in DEFINITIONS.values() if each.left.is_Function and not isinstance(each.left, E)
    }
    assert functions <= set(MEANING)


POINTS = dict.fromkeys(("b", "z", "t"), ("1/2", "1", "2"))
INDICES = {"i": ("1", "2"), "i_0": ("1", "2"), "S": ("2",), "j": ("0", "1"), "k": ("0", "1", "2"), "n": ("0", "1", "2")}
INDICES |= {"m": ("1", "2", "3"), "M": ("1", "2", "3"), "N": ("1", "2", "3"), "delta": ("0", "1/2", "1")}


@pytest.mark.parametrize("name", [name for name, each in DEFINITIONS.items() if each.setting in moving.DRAWN])
def test_a_definition_about_a_channel_that_moves_holds_in_its_worlds(name: str) -> None:
    """What the derivations start from is what the worlds, which know no definition, compute by other routes."""
    each = DEFINITIONS[name]
    known = POINTS | INDICES | ({"S": ("1",)} if each.setting == "memory" else {})
    said = dict.fromkeys((CLAIM, RESTATEMENT), (each.relation, each.right))
    asked = Question(name, each.left, said, each.when, each.setting, known)
    assert search(asked) == {}


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


@settings(max_examples=40, deadline=None)
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


def test_command_prints_a_row_per_claim_whatever_the_number_of_workers() -> None:
    outputs = []
    for workers in ("1", "2"):
        done = run("L1", "R5", "R6", "--workers", workers)
        assert done.returncode == 0
        assert "claims" in done.stderr
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
