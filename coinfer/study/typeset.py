"""Expressions as LaTeX: indexed quantities with subscripts, expectations and indicators as one writes them."""

from typing import Any

from sympy.printing.latex import LatexPrinter

from coinfer.quantities import QUANTITIES

NAMES = {quantity.symbol: quantity.latex for quantity in QUANTITIES.values()} | {
    "v_inf": r"v_\infty",
    "pi_off": r"\pi_{\mathrm{off}}",
}
RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
# a function of its indices: where they go, {0} the first of them
INDEXED = {
    "o": "o_{{{0}}}",
    "delta": r"\delta_{{{0}}}",
    "deltahat": r"\hat\delta_{{{0}}}",
    "D": "D_{{{0}}}",
    "v": "v_{{{0}}}^{{({1})}}",
    "vhat": r"\hat v_{{{0}}}^{{({1})}}",
    "uhat": r"\hat u_{{{0}}}^{{({1})}}",
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
    "Jhat": r"\hat J({0})",
    "Jopthat": r"\hat J^{{\mathrm{{opt}}}}({0})",
    "V": "V_{{{0}}}",
    "U": "U_{{{0}}}",
    "s": "s_{{{0}}}({1})",
    "rate": "r_{{{0}}}",
    "second": "c_{{{0}}}",
    "share": r"\pi_{{{0}}}",
    "sending": "C_{{{1}}}({0})",
    "drift": "(QC)_{{{1}}}({0})",
    "inflow": "I({0})",
    "C1": "C_1({0})",
    "C2": "C_2({0})",
    "Con": r"C_{{\mathrm{{on}}}}({0})",
    "Coff": r"C_{{\mathrm{{off}}}}({0})",
    "gone": r"P_{{\mathrm{{off}}}}({0})",
    "Cu": "C({0})",
    "fading": "e^{{-A {0}}}",
    "M1": "m_1({0})",
    "M2": "m_2({0})",
    "sure": r"\underline{{P}}({0})",
    "late": r"\overline{{P}}_{{{1}}}({0})",
    "waits": r"\overline{{T}}_{{{1}}}({0})",
    "next": "f({0}, {1})",
    "send": "C(o_{{{0}}}, {1})",
    "vs": "v_{{{0}}}^{{({1})}}({2})",
    "halt": "p_{{{0}}}({1})",
    "send_s": r"T^{{\mathrm{{tx}}}}_{{{0}}}({1})",
    "send_j": r"E^{{\mathrm{{tx}}}}_{{{0}}}({1})",
    "run_s": "t_{{{0}}}",
    "run_j": "e_{{{0}}}",
    "spends": "C_{{{0}}}^{{({1})}}({2})",
    "takes": "T_{{{0}}}^{{({1})}}({2})",
    "draws": "E_{{{0}}}^{{({1})}}({2})",
    "excess": "G_{{{0}}}({1})",
    "later": r"\bar G_{{{1}}}^{{{0}}}({2})",
    "Js": "J({0})",
    "Von": r"V_{{{0}}}^{{\mathrm{{on}}}}",
    "Voff": r"V_{{{0}}}^{{\mathrm{{off}}}}",
    "Uon": r"U_{{{0}}}^{{\mathrm{{on}}}}",
    "Uoff": r"U_{{{0}}}^{{\mathrm{{off}}}}",
    "Jlink": "J({0})",
    "Jend": r"J^{{\mathrm{{home}}}}({0})",  # all N layers, whose result stays at home
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
    names = {part: NAMES[part.name] for part in expression.free_symbols if part.name in NAMES}
    return str(Printer({"symbol_names": names, "ln_notation": True}).doprint(expression))
