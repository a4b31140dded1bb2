"""The model the claims are about: its symbols, and the definitions a derivation may start from. Nothing here is proved.

Symbols, domains and LaTeX come from `coinfer.quantities`. What carries an index (o_n, delta_n, the values of a rule) is
a SymPy function of the index, so that a derivation can speak of stage n + 1 or horizon M - 1.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from coinfer.derivations.engine.prover import E as E
from coinfer.derivations.engine.prover import indicator as indicator
from coinfer.quantities import QUANTITIES


def symbol(name: str) -> sp.Symbol:
    """The symbol of a quantity, without an index."""
    return QUANTITIES[name].sympy()


def indexed(name: str) -> Any:
    """The quantity as a function of its index: `output_bits` gives o, used as o(n)."""
    quantity = QUANTITIES[name]
    return sp.Function(quantity.symbol.split("_")[0], real=True, nonnegative=True if quantity.lower >= 0 else None)


def scalar(name: str) -> sp.Symbol:
    """The quantity when it is the same for every layer: `output_bits` gives the symbol o."""
    quantity = QUANTITIES[name]
    bare = quantity.symbol.split("_")[0]
    return sp.Symbol(bare, real=True, nonnegative=True if quantity.lower >= 0 else None)


# -- symbols ------------------------------------------------------------------------------------------------------------
n, M, N = symbol("stage"), symbol("placement"), symbol("layers")
k, m, i = (sp.Symbol(name, integer=True, nonnegative=True) for name in ("k", "m", "i"))
X = symbol("unit_cost")
mu = symbol("mean_unit_cost")
C = symbol("edge_cost")
o, delta, D = indexed("output_bits"), indexed("extra"), indexed("download")  # of each layer
bits, extra, download = scalar("output_bits"), scalar("extra"), scalar("download")  # the same for every layer
result_bits = sp.Symbol("o_N", nonnegative=True)
input_bits, first_extra = (
    sp.Symbol("o_0", nonnegative=True),
    sp.Symbol("delta_1", real=True),
)  # an input of its own size
p_first = sp.Symbol("p_0", nonnegative=True)
A = sp.Symbol("A", real=True)

# what a rule expects to pay, as functions of stage and horizon
v = sp.Function("v", real=True)  # optimal rule: v(n, M)
w = sp.Function("w", real=True)  # an arbitrary rule: w(n, M)
s = sp.Function("s", real=True, nonnegative=True)  # probability with which that rule stops: s(n, X)
u = sp.Function("u", real=True)  # one-stage look-ahead: u(n, M)
c = sp.Function("c", real=True)  # k-stage look-ahead: c(n, k, M)
z = sp.Function("z", real=True)  # clairvoyant: z(n, M)
Z = sp.Function("Z", real=True)  # the clairvoyant's cost from stage n on, random
a = sp.Function("a", real=True)  # threshold of k-stage look-ahead: a(n, k, M)
pi = sp.Function("pi", real=True, nonnegative=True)  # 1-sla reaches stage m: pi(m)
r = sp.Function("r", real=True, nonnegative=True)  # k-sla reaches stage m under M: r(m, k, M)
h = sp.Function("h", real=True, nonnegative=True)  # the optimal rule reaches stage m under M: h(m, M)
G = sp.Function("G", real=True, nonnegative=True)  # saving of a look-ahead at stage m: G(m)
J = sp.Function("J", real=True)  # J(M): the ETC of an inference with 1-sla
Jk = sp.Function("Jk", real=True)  # Jk(k, M): the ETC with k-sla
Jopt = sp.Function("Jopt", real=True)  # Jopt(M): the ETC with the optimal rule
v_hat = sp.Function("vhat", real=True)  # the optimal rule's values on a chain with larger extra costs
delta_hat = sp.Function("deltahat", real=True)
pi_hat = sp.Function("pihat", real=True, nonnegative=True)  # what 1-sla reaches and saves on that chain
G_hat = sp.Function("Ghat", real=True, nonnegative=True)
J1, J2 = sp.Function("J1", real=True), sp.Function("J2", real=True)  # two costs, the second with smaller increments
V = sp.Function("V", real=True)  # equal layers, k stages left, the last sends o bits: V(k)
U = sp.Function("U", real=True)  # equal layers, k stages left, the last sends the result: U(k)
F = sp.Function("F", real=True, nonnegative=True)  # distribution function of X
v_inf = sp.Symbol("v_inf", real=True)  # value of an endless chain of equal layers
p, q, g_save = (
    sp.Symbol("p", nonnegative=True),
    sp.Symbol("q", nonnegative=True),
    sp.Symbol("G", nonnegative=True),
)


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


y = sp.Symbol("y", real=True)
alpha, low, high = (sp.Symbol(name, nonnegative=True) for name in ("alpha", "a", "b"))  # the two-point law


def two_points(expression: sp.Basic) -> sp.Basic:
    """Expectations under the law X = a with probability alpha, else X = b, written out."""

    def average(body: sp.Expr) -> sp.Expr:
        return alpha * body.xreplace({X: low}) + (1 - alpha) * body.xreplace({X: high})

    return expression.replace(E, average)


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

DEFINITIONS = {
    each.name: each
    for each in (
        Definition("mean", mu, E(X)),
        Definition("mean gain", E(symbol("gain")), sp.Integer(1), setting="given law"),
        Definition("distribution", F(y), E(indicator(y >= X))),
        # any rule: it stops at stage n with probability s(n, X), at the last stage always
        Definition("rule ends", w(M, M), E(o(M) * X)),
        Definition(
            "rule", w(n, M), E(s(n, X) * o(n) * X + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))), (n + 1 <= M,)
        ),
        Definition("rule's range", s(n, X), sp.Integer(1), relation="<="),
        # the recursion of the optimal rule
        Definition("optimal ends", v(M, M), E(o(M) * X)),
        Definition("optimal", v(n, M), E(sp.Min(o(n) * X, go_on(n, M))), (n + 1 <= M,)),
        Definition("optimal ends, dearer layers", v_hat(M, M), E(o(M) * X)),
        Definition(
            "optimal, dearer layers",
            v_hat(n, M),
            E(sp.Min(o(n) * X, delta_hat(n + 1) + v_hat(n + 1, M))),
            (n + 1 <= M,),
        ),
        Definition("dearer layers", delta_hat(n), delta(n), relation=">="),
        # one-stage and k-stage look-ahead
        Definition("1-sla ends", u(M, M), E(o(M) * X)),
        Definition("1-sla", u(n, M), follow(o(n) * X, threshold(n), delta(n + 1) + u(n + 1, M)), (n + 1 <= M,)),
        Definition("k-sla threshold", a(n, k, M), go_on(n, sp.Min(n + k, M)), (n + 1 <= M, k >= 1)),
        Definition("k-sla ends", c(M, k, M), E(o(M) * X)),
        Definition(
            "k-sla", c(n, k, M), follow(o(n) * X, a(n, k, M), delta(n + 1) + c(n + 1, k, M)), (n + 1 <= M, k >= 1)
        ),
        # the clairvoyant knows every X in advance
        Definition("clairvoyant ends", z(M, M), E(o(M) * X)),
        Definition("clairvoyant", z(n, M), E(sp.Min(o(n) * X, delta(n + 1) + Z(n + 1, M))), (n + 1 <= M,)),
        Definition("clairvoyant's mean", E(Z(n, M)), z(n, M)),
        # reaching a stage, and what is saved there
        Definition("reach starts", pi(0), sp.Integer(1)),
        Definition("reach", pi(m + 1), pi(m) * chance(o(m) * X, threshold(m))),
        Definition("k-sla reach starts", r(0, k, M), sp.Integer(1)),
        Definition("k-sla reach", r(m + 1, k, M), r(m, k, M) * chance(o(m) * X, a(m, k, M)), (m + 1 <= M, k >= 1)),
        Definition("optimal reach starts", h(0, M), sp.Integer(1)),
        Definition("optimal reach", h(m + 1, M), h(m, M) * chance(o(m) * X, go_on(m, M)), (m + 1 <= M,)),
        Definition("saving", G(m), E(sp.Max(o(m) * X - threshold(m), 0))),
        Definition("reach starts, dearer layers", pi_hat(0), sp.Integer(1)),
        Definition("reach, dearer layers", pi_hat(m + 1), pi_hat(m) * chance(o(m) * X, threshold_hat(m))),
        Definition("saving, dearer layers", G_hat(m), E(sp.Max(o(m) * X - threshold_hat(m), 0))),
        Definition("smaller increments", J2(M + 1) - J2(M), J1(M + 1) - J1(M), relation="<=", setting="two costs"),
        # the ETC of an inference
        Definition("ETC", J(M), C + sp.Sum(D(i), (i, 1, M)) + u(0, M)),
        Definition("ETC of k-sla", Jk(k, M), C + sp.Sum(D(i), (i, 1, M)) + c(0, k, M), (k >= 1,)),
        Definition("ETC of the optimum", Jopt(M), C + sp.Sum(D(i), (i, 1, M)) + v(0, M)),
        # equal layers
        Definition("equal layers, sending", o(n), bits, setting="equal layers"),
        Definition("equal layers, extra", delta(n), extra, setting="equal layers"),
        Definition("equal layers, download", D(n), download, setting="equal layers"),
        Definition("equal layers, chance", p, chance(bits * X, extra + bits * E(X))),
        Definition("equal layers, saving", g_save, E(sp.Max(bits * X - extra - bits * E(X), 0))),
        # equal layers but for the last, which leaves the result
        Definition("before the last", o(n), bits, (n + 1 <= N,), setting="own result"),
        Definition("result", o(N), result_bits, setting="own result"),
        Definition("own result, extra", delta(n), extra, setting="own result"),
        Definition("own result, download", D(n), download, setting="own result"),
        # equal layers but for the input, which has a size of its own
        Definition("input", o(0), input_bits, setting="own input"),
        Definition("after the input", o(n), bits, (n >= 1,), setting="own input"),
        Definition("first extra", delta(1), first_extra, setting="own input"),
        Definition("later extra", delta(n), extra, (n >= 2,), setting="own input"),
        Definition("later download", D(n), download, (n >= 2,), setting="own input"),
        Definition("first chance", p_first, chance(input_bits * X, first_extra + bits * E(X))),
        # the values of equal layers by the number of stages left
        Definition("stages left, none", V(0), E(bits * X)),
        Definition("stages left", V(k + 1), E(sp.Min(bits * X, extra + V(k)))),
        Definition("result at home, no stage left", U(0), sp.Integer(0)),
        Definition("result at home", U(k + 1), E(sp.Min(bits * X, extra + U(k)))),
        Definition("endless chain", E(sp.Min(bits * X, extra + v_inf)), v_inf),
        Definition("endless chain, chance", q, E(indicator(bits * X >= extra + v_inf))),
        # the monotone case: 1-sla surely goes on before stage m and surely stops after it
        Definition("surely goes on", o(n) * X, threshold(n), (n + 1 <= m,), ">", "monotone case"),
        Definition("surely stops", o(n) * X, threshold(n), (m + 1 <= n,), "<=", "monotone case"),
    )
}


GIVEN = {"rule's range", "dearer layers", "mean", "result"} | {
    f"{name}" for name, each in DEFINITIONS.items() if each.setting != "chain"
}
DERIVED_FUNCTIONS = {
    each.left.func for name, each in DEFINITIONS.items() if each.left.is_Function and name not in GIVEN
} - {E}
DERIVED_SYMBOLS = {each.left for name, each in DEFINITIONS.items() if each.left.is_Symbol and name not in GIVEN} | {
    v_inf
}


def derived(expression: sp.Basic) -> set[sp.Basic]:
    """The quantities in an expression that a definition introduces; what is left is given: the chain and the law."""
    return {
        part
        for part in sp.preorder_traversal(expression)
        if part in DERIVED_SYMBOLS or part.func in DERIVED_FUNCTIONS or (isinstance(part, E) and part != E(X))
    }
