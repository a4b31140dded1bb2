"""Claims as LaTeX: indexed quantities with subscripts, expectations and indicators as one writes them."""

from typing import Any

from sympy.printing.latex import LatexPrinter

from coinfer.derivations.engine.claim import FAMILY, PROVED, Claim, Induction, Result, Step
from coinfer.quantities import QUANTITIES

RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
# a function of its indices: where they go, {0} the first of them
INDEXED = {
    "o": "o_{{{0}}}",
    "delta": r"\delta_{{{0}}}",
    "deltahat": r"\hat\delta_{{{0}}}",
    "D": "D_{{{0}}}",
    "v": "v_{{{0}}}^{{({1})}}",
    "vhat": r"\hat v_{{{0}}}^{{({1})}}",
    "u": "u_{{{0}}}^{{({1})}}",
    "w": "w_{{{0}}}^{{({1})}}",
    "z": "z_{{{0}}}^{{({1})}}",
    "Z": "Z_{{{0}}}^{{({1})}}",
    "c": "c_{{{0}}}^{{{1},({2})}}",
    "a": "A_{{{0}}}^{{{1},({2})}}",
    "pi": r"\pi_{{{0}}}",
    "pihat": r"\hat\pi_{{{0}}}",
    "r": r"\pi_{{{0}}}^{{{1},({2})}}",
    "h": r"\pi_{{{0}}}^{{({1})}}",
    "G": "G_{{{0}}}",
    "Ghat": r"\hat G_{{{0}}}",
    "J": "J({0})",
    "J1": "J_1({0})",
    "J2": "J_2({0})",
    "Jk": "J_{{{0}}}({1})",
    "Jopt": r"J^{{\mathrm{{opt}}}}({0})",
    "V": "V_{{{0}}}",
    "U": "U_{{{0}}}",
    "s": "s_{{{0}}}({1})",
}


class Printer(LatexPrinter):
    """SymPy's printer, with the notation of the model."""

    def _print_Function(self, expr: Any, exp: str | None = None) -> str:
        name = type(expr).__name__
        arguments = [self._print(argument) for argument in expr.args]
        if name == "E":
            text = rf"\mathbb{{E}}\left[{arguments[0]}\right]"
        elif name == "indicator":
            text = rf"\mathbf{{1}}\{{{arguments[0]}\}}"
        elif name in INDEXED:
            text = INDEXED[name].format(*arguments)
        else:
            return str(super()._print_Function(expr, exp))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    _print_E = _print_indicator = _print_Function

    def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
        terms = super()._as_ordered_terms(expr, order)
        return sorted(terms, key=lambda term: bool(term.could_extract_minus_sign()))  # what is added before what is not


def latex(expression: Any) -> str:
    """An expression in the notation of the model."""
    known = {quantity.symbol: quantity.latex for quantity in QUANTITIES.values()} | {"v_inf": r"v_\infty"}
    names = {part: known[part.name] for part in expression.free_symbols if part.name in known}
    return str(Printer({"symbol_names": names, "ln_notation": True}).doprint(expression))


def line(step: Step) -> str:
    """One step, as `left relation right`."""
    return f"{latex(step.left)} {RELATIONS[step.relation]} {latex(step.right)}"


def derivation(claim: Claim) -> list[tuple[str, str]]:
    """The steps of a claim as pairs of LaTeX and reason, an induction with its base and step spelled out."""

    def unfold(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for step in steps:
            found.append((line(step), step.reason))
            if isinstance(step.by, Induction):
                found += [(text, f"base: {reason}") for text, reason in unfold(step.by.base)]
                found += [(text, f"step: {reason}") for text, reason in unfold(step.by.step)]
        return found

    return unfold(claim.steps)


def markdown(claim: Claim, result: Result | None = None) -> str:
    """A claim as a section of Markdown: statement, assumptions, steps with reasons, the wrong variants it refuses.

    With a `result` of `Claim.verify`, whether it was verified, and values at which each variant is false. The steps of a
    lemma (L) are folded, as are the wrong variants.
    """
    head = f"### {claim.label}\n\n{_display(claim.statement)}\n\n{_status(claim, result)}"
    given = ", ".join(f"${_in_html(latex(each))}$" for each in claim.assumptions)
    steps = _steps(claim.steps)
    if claim.label.startswith("L"):
        steps = _folded("Derivation", steps)
    return "\n\n".join(
        [
            head + (f" It assumes {given}." if given else "") + (f" {claim.note}" if claim.note else ""),
            steps,
            f"Said in another way, it is ${_in_html(RELATIONS[claim.relation])} {_in_html(latex(claim.restatement.formula))}$.",
            _folded(f"{len(claim.mutants)} wrong variants, refused", _refused(claim, result)),
        ]
    )


def _status(claim: Claim, result: Result | None) -> str:
    proved = {PROVED: "Proved in general.", FAMILY: f"Proved for {claim.family} only."}
    status = proved.get(claim.status, "Checked numerically only.")
    if result is None:
        return f"*{status}*"
    return f"*{status} {'Verified' if result.passed else 'NOT verified'}, {result.steps_checked} steps.*"


def _steps(steps: tuple[Step, ...]) -> str:
    """Steps below each other, the left side only where it is not the right side before."""
    lines: list[str] = []
    before = None
    for step in steps:
        inner = step.by if isinstance(step.by, Induction) else None
        text = line(step) if step.left != before else f"{{}} {RELATIONS[step.relation]} {latex(step.right)}"
        lines.append(f"{step.reason[:1].upper()}{step.reason[1:]}:\n\n{_display(text)}")
        if inner is not None:
            lines += [f"*Start.* {_steps(inner.base)}", f"*Step.* {_steps(inner.step)}", "This ends the induction."]
        before = step.right
    return "\n\n".join(lines)


def _refused(claim: Claim, result: Result | None) -> str:
    """The wrong variants as a list, with what refutes each."""
    against = dict(result.mutants_rejected) if result is not None else {}
    rows = []
    for mutant in claim.mutants:
        formula = f"${_in_html(RELATIONS[mutant.relation])} {_in_html(latex(mutant.formula))}$"
        rows.append(
            f"- {mutant.change}: {formula}" + (f"; `{against[mutant.change]}`" if mutant.change in against else "")
        )
    return "\n".join(rows)


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _display(text: str) -> str:
    return f"$${_in_html(text)}$$"


def _in_html(text: str) -> str:
    """LaTeX without the two signs that HTML takes for tags."""
    return text.replace("<", r"\lt ").replace(">", r"\gt ")
