"""The model the claims are about: its symbols, and the definitions a derivation may start from. Nothing here is proved.

Symbols, domains and LaTeX come from `coinfer.quantities`. What carries an index (o_n, delta_n, the values of a rule) is
a SymPy function of the index, so that a derivation can speak of stage n + 1 or horizon M - 1.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from coinfer.derivations.engine.terms import E as E
from coinfer.derivations.engine.terms import indicator as indicator
from coinfer.quantities import QUANTITIES


def symbol(name: str) -> sp.Symbol:
    """The symbol of a quantity, without an index."""
    return QUANTITIES[name].sympy()


def indexed(name: str, kind: Any = sp.Function) -> Any:
    """The quantity as a function of its index: `output_bits` gives o, used as o(n)."""
    quantity = QUANTITIES[name]
    return kind(quantity.symbol.split("_")[0], real=True, nonnegative=True if quantity.lower >= 0 else None)


def scalar(name: str) -> sp.Symbol:
    """The quantity when it is the same for every layer: `output_bits` gives the symbol o."""
    return indexed(name, sp.Symbol)


# what has indices: where they go in LaTeX, {0} the first of them
NOTATION = {
    "o": "o_{{{0}}}",
    "delta": r"\delta_{{{0}}}",
    "D": "D_{{{0}}}",
    "v": "v_{{{0}}}^{{({1})}}",  # v(n, M): the cost a rule expects from stage n on under M; the optimal rule's
    "w": "w_{{{0}}}^{{({1})}}",  # the same of an arbitrary rule,
    "s": "s_{{{0}}}({1})",  # which stops at stage n with probability s(n, X)
    "u": "u_{{{0}}}^{{({1})}}",  # of one-stage look-ahead
    "c": "c_{{{0}}}^{{{1},({2})}}",  # c(n, k, M): of k-stage look-ahead,
    "a": "A_{{{0}}}^{{{1},({2})}}",  # and its threshold
    "z": "z_{{{0}}}^{{({1})}}",  # of the clairvoyant,
    "Z": "Z_{{{0}}}^{{({1})}}",  # before the mean is taken
    "pi": r"\pi_{{{0}}}",  # the chance that 1-sla reaches stage m
    "r": r"\pi_{{{0}}}^{{{1},({2})}}",  # r(m, k, M): that k-sla does
    "h": r"\pi_{{{0}}}^{{({1})}}",  # h(m, M): that the optimal rule does
    "G": "G_{{{0}}}",  # the saving of a look-ahead at stage m
    "J": "J({0})",  # the ETC of an inference with 1-sla
    "Jk": "J_{{{0}}}({1})",  # Jk(k, M): with k-sla
    "Jopt": r"J^{{\mathrm{{opt}}}}({0})",  # with the optimal rule
    "deltahat": r"\hat\delta_{{{0}}}",  # a chain with larger extra costs
    "vhat": r"\hat v_{{{0}}}^{{({1})}}",
    "pihat": r"\hat\pi_{{{0}}}",
    "Ghat": r"\hat G_{{{0}}}",
    "J1": "J_1({0})",  # two costs,
    "J2": "J_2({0})",  # the second with smaller increments
    "V": "V_{{{0}}}",  # equal layers, k stages left, the last sends o bits
    "U": "U_{{{0}}}",  # the last sends the result
}

n, M, N = symbol("stage"), symbol("placement"), symbol("layers")
k, m, i = (sp.Symbol(name, integer=True, nonnegative=True) for name in "kmi")
X, mu, C = symbol("unit_cost"), symbol("mean_unit_cost"), symbol("edge_cost")
o, delta, D = indexed("output_bits"), indexed("extra"), indexed("download")  # of each layer
bits, extra, download = scalar("output_bits"), scalar("extra"), scalar("download")  # the same for every layer
result_bits, input_bits = (sp.Symbol(name, nonnegative=True) for name in ("o_N", "o_0"))
first_extra, A, y, v_inf = (
    sp.Symbol(name, real=True) for name in ("delta_1", "A", "y", "v_inf")
)  # v_inf: endless chain
p, q, g_save, p_first = (sp.Symbol(name, nonnegative=True) for name in ("p", "q", "G", "p_0"))
alpha, low, high = (sp.Symbol(name, nonnegative=True) for name in ("alpha", "a", "b"))  # the two-point law
v, w, u, c, z, Z, a = (sp.Function(name, real=True) for name in "vwuczZa")
J, Jk, Jopt, J1, J2, V, U = (sp.Function(name, real=True) for name in ("J", "Jk", "Jopt", "J1", "J2", "V", "U"))
s, pi, r, h, G, F = (sp.Function(name, real=True, nonnegative=True) for name in ("s", "pi", "r", "h", "G", "F"))
v_hat, delta_hat = sp.Function("vhat", real=True), sp.Function("deltahat", real=True)
pi_hat, G_hat = (sp.Function(name, real=True, nonnegative=True) for name in ("pihat", "Ghat"))


def threshold(stage: sp.Expr) -> sp.Expr:
    """The threshold of one-stage look-ahead: one layer more, then send (R4)."""
    return delta(stage + 1) + o(stage + 1) * E(X)


def threshold_hat(stage: sp.Expr) -> sp.Expr:
    """The same on the chain with larger extra costs."""
    return delta_hat(stage + 1) + o(stage + 1) * E(X)


def go_on(stage: sp.Expr, horizon: sp.Expr) -> sp.Expr:
    """The optimal threshold: what going on costs (R3)."""
    return delta(stage + 1) + v(stage + 1, horizon)


def follow(cost: sp.Expr, bound: sp.Expr, later: sp.Expr) -> sp.Expr:
    """Expected cost of a stage: send where sending costs at most the bound, else pay what comes later."""
    return E(indicator(cost <= bound) * cost + indicator(cost > bound) * later)


def chance(cost: sp.Expr, bound: sp.Expr) -> sp.Expr:
    """The probability of going on: sending costs more than the bound."""
    return E(indicator(cost > bound))


@dataclass(frozen=True)
class Definition:
    """`left` stands for `right` wherever the conditions hold; `relation` is "=" but for the range of a free choice."""

    name: str
    left: sp.Expr
    right: sp.Expr
    when: tuple[Any, ...] = ()
    relation: str = "="
    setting: str = "chain"  # the definition is about this setting and those inside it


def two_points(expression: sp.Basic) -> sp.Basic:
    """Expectations under the law X = a with probability alpha, else X = b, written out."""
    return expression.replace(E, lambda body: alpha * body.xreplace({X: low}) + (1 - alpha) * body.xreplace({X: high}))


SETTINGS = {
    "chain": ("chain",),
    "equal layers": ("chain", "equal layers"),
    "own result": ("chain", "own result"),
    "own input": ("chain", "own input"),
    "two points": ("chain", "equal layers", "two points"),
    "monotone case": ("chain", "monotone case"),
    "two points, own result": ("chain", "own result", "two points, own result"),
    "two costs": ("chain", "two costs"),
    "given law": ("given law",),
}

INNER = (n + 1 <= M,)  # stages at which a rule still has a choice
SEND, LAST, DOWNLOADS = o(n) * X, E(o(M) * X), C + sp.Sum(D(i), (i, 1, M))
ONE, EQUAL, RESULT, INPUT, MONOTONE = sp.Integer(1), "equal layers", "own result", "own input", "monotone case"
DEFINITIONS = {
    each.name: each
    for each in (
        Definition("mean", mu, E(X)),
        Definition("mean gain", E(symbol("gain")), ONE, setting="given law"),
        Definition("distribution", F(y), E(indicator(y >= X))),
        # any rule: it stops at stage n with probability s(n, X), at the last stage always
        Definition("rule ends", w(M, M), LAST),
        Definition("rule", w(n, M), E(s(n, X) * SEND + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))), INNER),
        Definition("rule's range", s(n, X), ONE, relation="<="),
        # the recursion of the optimal rule
        Definition("optimal ends", v(M, M), LAST),
        Definition("optimal", v(n, M), E(sp.Min(SEND, go_on(n, M))), INNER),
        Definition("optimal ends, dearer layers", v_hat(M, M), LAST),
        Definition("optimal, dearer layers", v_hat(n, M), E(sp.Min(SEND, delta_hat(n + 1) + v_hat(n + 1, M))), INNER),
        Definition("dearer layers", delta_hat(n), delta(n), relation=">="),
        # one-stage and k-stage look-ahead
        Definition("1-sla ends", u(M, M), LAST),
        Definition("1-sla", u(n, M), follow(SEND, threshold(n), delta(n + 1) + u(n + 1, M)), INNER),
        Definition("k-sla threshold", a(n, k, M), go_on(n, sp.Min(n + k, M)), (*INNER, k >= 1)),
        Definition("k-sla ends", c(M, k, M), LAST),
        Definition("k-sla", c(n, k, M), follow(SEND, a(n, k, M), delta(n + 1) + c(n + 1, k, M)), (*INNER, k >= 1)),
        # the clairvoyant knows every X in advance
        Definition("clairvoyant ends", z(M, M), LAST),
        Definition("clairvoyant", z(n, M), E(sp.Min(SEND, delta(n + 1) + Z(n + 1, M))), INNER),
        Definition("clairvoyant's mean", E(Z(n, M)), z(n, M)),
        # reaching a stage, and what is saved there
        Definition("reach starts", pi(0), ONE),
        Definition("reach", pi(m + 1), pi(m) * chance(o(m) * X, threshold(m))),
        Definition("k-sla reach starts", r(0, k, M), ONE),
        Definition("k-sla reach", r(m + 1, k, M), r(m, k, M) * chance(o(m) * X, a(m, k, M)), (m + 1 <= M, k >= 1)),
        Definition("optimal reach starts", h(0, M), ONE),
        Definition("optimal reach", h(m + 1, M), h(m, M) * chance(o(m) * X, go_on(m, M)), (m + 1 <= M,)),
        Definition("saving", G(m), E(sp.Max(o(m) * X - threshold(m), 0))),
        Definition("reach starts, dearer layers", pi_hat(0), ONE),
        Definition("reach, dearer layers", pi_hat(m + 1), pi_hat(m) * chance(o(m) * X, threshold_hat(m))),
        Definition("saving, dearer layers", G_hat(m), E(sp.Max(o(m) * X - threshold_hat(m), 0))),
        Definition("smaller increments", J2(M + 1) - J2(M), J1(M + 1) - J1(M), relation="<=", setting="two costs"),
        # the ETC of an inference
        Definition("ETC", J(M), DOWNLOADS + u(0, M)),
        Definition("ETC of k-sla", Jk(k, M), DOWNLOADS + c(0, k, M), (k >= 1,)),
        Definition("ETC of the optimum", Jopt(M), DOWNLOADS + v(0, M)),
        # equal layers
        Definition("equal layers, sending", o(n), bits, setting=EQUAL),
        Definition("equal layers, extra", delta(n), extra, setting=EQUAL),
        Definition("equal layers, download", D(n), download, setting=EQUAL),
        Definition("equal layers, chance", p, chance(bits * X, extra + bits * E(X))),
        Definition("equal layers, saving", g_save, E(sp.Max(bits * X - extra - bits * E(X), 0))),
        # equal layers but for the last, which leaves the result
        Definition("before the last", o(n), bits, (n + 1 <= N,), setting=RESULT),
        Definition("result", o(N), result_bits, setting=RESULT),
        Definition("own result, extra", delta(n), extra, setting=RESULT),
        Definition("own result, download", D(n), download, setting=RESULT),
        # equal layers but for the input, which has a size of its own
        Definition("input", o(0), input_bits, setting=INPUT),
        Definition("after the input", o(n), bits, (n >= 1,), setting=INPUT),
        Definition("first extra", delta(1), first_extra, setting=INPUT),
        Definition("later extra", delta(n), extra, (n >= 2,), setting=INPUT),
        Definition("later download", D(n), download, (n >= 2,), setting=INPUT),
        Definition("first chance", p_first, chance(input_bits * X, first_extra + bits * E(X))),
        # the values of equal layers by the number of stages left
        Definition("stages left, none", V(0), E(bits * X)),
        Definition("stages left", V(k + 1), E(sp.Min(bits * X, extra + V(k)))),
        Definition("result at home, no stage left", U(0), sp.Integer(0)),
        Definition("result at home", U(k + 1), E(sp.Min(bits * X, extra + U(k)))),
        Definition("endless chain", E(sp.Min(bits * X, extra + v_inf)), v_inf),
        Definition("endless chain, chance", q, E(indicator(bits * X >= extra + v_inf))),
        # the monotone case: 1-sla surely goes on before stage m and surely stops after it
        Definition("surely goes on", SEND, threshold(n), (n + 1 <= m,), ">", MONOTONE),
        Definition("surely stops", SEND, threshold(n), (m + 1 <= n,), "<=", MONOTONE),
    )
}

GIVEN = {"mean", "rule's range", "dearer layers"} | {
    name for name, each in DEFINITIONS.items() if each.setting != "chain"
}
LEFTS = [each.left for name, each in DEFINITIONS.items() if name not in GIVEN]
DERIVED = {left.func if left.is_Function else left for left in LEFTS} - {E} | {v_inf}


def derived(expression: sp.Basic) -> set[sp.Basic]:
    """The quantities in an expression that a definition introduces; what is left is given: the chain and the law."""
    return {
        part
        for part in sp.preorder_traversal(expression)
        if part in DERIVED or part.func in DERIVED or (isinstance(part, E) and part != E(X))
    }
