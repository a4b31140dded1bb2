"""The model the claims are about: its symbols, and the definitions a derivation may start from. Nothing here is proved.

Symbols, domains and LaTeX come from `coinfer.quantities`. What carries an index (o_n, delta_n, the values of a rule) is
a SymPy function of the index, so that a derivation can speak of stage n + 1 or horizon M - 1.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

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


n, M, N = symbol("stage"), symbol("placement"), symbol("layers")
k, m, i = (sp.Symbol(name, integer=True, nonnegative=True) for name in "kmi")
X, mu, C = symbol("unit_cost"), symbol("mean_unit_cost"), symbol("edge_cost")
o, delta, D = indexed("output_bits"), indexed("extra"), indexed("download")  # of each layer
bits, extra, download = scalar("output_bits"), scalar("extra"), scalar("download")  # the same for every layer
result_bits, input_bits = (sp.Symbol(name, nonnegative=True) for name in ("o_N", "o_0"))
first_extra, last_extra, A, y, v_inf = (
    sp.Symbol(name, real=True) for name in ("delta_1", "delta_N", "A", "y", "v_inf")
)
p, q, g_save, p_first = (sp.Symbol(name, nonnegative=True) for name in ("p", "q", "G", "p_0"))
alpha, low, high = (sp.Symbol(name, nonnegative=True) for name in ("alpha", "a", "b"))  # the two-point law

# with indices: what a rule expects to pay from stage n on is v(n, M) for the optimal rule, w for an arbitrary one, which
# stops with probability s(n, X), u for one-stage look-ahead, c(n, k, M) for k-stage look-ahead with threshold a, and z for
# the clairvoyant, the mean of Z; J, Jk and Jopt are the ETC with them; V and U are for equal layers with k stages left,
# v_inf is for an endless chain of them
v, w, u, c, z, Z, a = (sp.Function(name, real=True) for name in "vwuczZa")
J, Jk, Jopt, J1, J2, V, U = (sp.Function(name, real=True) for name in ("J", "Jk", "Jopt", "J1", "J2", "V", "U"))
# pi(m), r(m, k, M), h(m, M): the chance that 1-sla, k-sla, the optimal rule reach stage m; G(m): what is saved there
s, pi, r, h, G, F = (sp.Function(name, real=True, nonnegative=True) for name in ("s", "pi", "r", "h", "G", "F"))
# the same on a chain with larger extra costs
v_hat, u_hat, delta_hat, J_hat, Jopt_hat = (
    sp.Function(f"{name}hat", real=True) for name in ("v", "u", "delta", "J", "Jopt")
)
pi_hat, G_hat = (sp.Function(name, real=True, nonnegative=True) for name in ("pihat", "Ghat"))
HATS = {v: v_hat, u: u_hat, delta: delta_hat, J: J_hat, Jopt: Jopt_hat, pi: pi_hat, G: G_hat}
# sending at stage n costs f(n) besides o(n) X, whatever the channel, and layer n costs delta_bar(n) more on the device; with
# a bar what rules pay then. Folded into delta, it is a chain without fixed costs
fixed = sp.Function("f", real=True, nonnegative=True)
fee = sp.Symbol("f", nonnegative=True)  # the same wherever something is sent
delta_bar, v_bar, w_bar, u_bar, c_bar, a_bar, J_bar, Jopt_bar = (
    sp.Function(f"{name}bar", real=True) for name in ("delta", "v", "w", "u", "c", "a", "J", "Jopt")
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


def go_on_bar(stage: sp.Expr, horizon: sp.Expr) -> sp.Expr:
    """What going on costs where sending has a fixed cost, too."""
    return delta_bar(stage + 1) + v_bar(stage + 1, horizon)


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


def dearer_layers(fact: Definition) -> Definition:
    """A fact about every chain, on the chain with larger extra costs. Raises ValueError if it speaks of anything else."""
    sides = sp.Tuple(fact.left, fact.right, *fact.when)
    if fact.setting != "chain" or not {part.func for part in sides.atoms(AppliedUndef)} <= {*HATS, o, D}:
        raise ValueError(f"{fact.name} does not hold for every chain, or speaks of more than is known on another")
    left, right, *when = sides.replace(lambda part: part.func in HATS, lambda part: HATS[part.func](*part.args))
    return Definition(f"{fact.name}, dearer layers", left, right, tuple(when), fact.relation)


def two_points(expression: sp.Basic) -> sp.Basic:
    """Expectations under the law X = a with probability alpha, else X = b, written out."""
    return expression.replace(E, lambda body: alpha * body.xreplace({X: low}) + (1 - alpha) * body.xreplace({X: high}))


EQUAL, RESULT, INPUT, MONOTONE = "equal layers", "own result", "own input", "monotone case"
FOLDED, FIXED, ONE_FEE = "folded", "fixed costs", "one fixed cost"
# each setting with those whose facts hold in it
SETTINGS = {name: {"chain", "given law", name} for name in ("chain", EQUAL, RESULT, INPUT, MONOTONE, "two costs")} | {
    "two points": {"chain", "given law", EQUAL, "two points"},
    "two points, own result": {"chain", "given law", RESULT, "two points, own result"},
    "given law": {"given law"},
    FOLDED: {"given law", FOLDED},
    FIXED: {"chain", "given law", FOLDED, FIXED},
    ONE_FEE: {"chain", "given law", FOLDED, FIXED, ONE_FEE},
}
INNER = (n + 1 <= M,)  # stages at which a rule still has a choice
SEND, LAST, DOWNLOADS = o(n) * X, E(o(M) * X), C + sp.Sum(D(i), (i, 1, M))
SEND_BAR, LAST_BAR = SEND + fixed(n), E(o(M) * X + fixed(M))
SLA_BAR = delta_bar(n + 1) + E(o(n + 1) * X + fixed(n + 1))  # one layer more, then send
ONE = sp.Integer(1)
DEFINITIONS = {
    each.name: each
    for each in (
        Definition("mean", mu, E(X)),
        Definition("mean gain", E(symbol("gain")), ONE, setting="given law"),
        Definition("mean square gain", E(symbol("gain") ** 2), 1 + 1 / symbol("nakagami_m"), setting="given law"),
        Definition("distribution", F(y), E(indicator(y >= X))),
        # any rule: it stops at stage n with probability s(n, X), at the last stage always
        Definition("rule ends", w(M, M), LAST),
        Definition("rule", w(n, M), E(s(n, X) * SEND + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))), INNER),
        Definition("rule's range", s(n, X), ONE, relation="<="),
        # the recursion of the optimal rule
        Definition("optimal ends", v(M, M), LAST),
        Definition("optimal", v(n, M), E(sp.Min(SEND, go_on(n, M))), INNER),
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
        Definition("own result, extra", delta(n), extra, (n + 1 <= N,), setting=RESULT),
        Definition("last extra", delta(N), last_extra, setting=RESULT),
        Definition("own result, download", D(n), download, setting=RESULT),
        # equal layers but for the input, which has a size of its own
        Definition("input", o(0), input_bits, setting=INPUT),
        Definition("after the input", o(n), bits, (n >= 1,), setting=INPUT),
        Definition("first extra", delta(1), first_extra, setting=INPUT),
        Definition("later extra", delta(n), extra, (n >= 2,), setting=INPUT),
        Definition("later download", D(n), download, (n >= 2,), setting=INPUT),
        Definition("first chance", p_first, chance(input_bits * X, first_extra + bits * E(X))),
        # the values of equal layers by the number of stages left; of U, the last layer has a cost and a result of its own
        Definition("stages left, none", V(0), E(bits * X)),
        Definition("stages left", V(k + 1), E(sp.Min(bits * X, extra + V(k)))),
        Definition("own result, no stage left", U(0), last_extra + result_bits * E(X) - extra),
        Definition("own result, stages left", U(k + 1), E(sp.Min(bits * X, extra + U(k)))),
        Definition("endless chain", E(sp.Min(bits * X, extra + v_inf)), v_inf),
        Definition("endless chain, chance", q, E(indicator(bits * X >= extra + v_inf))),
        # the monotone case: 1-sla surely goes on before stage m and surely stops after it
        Definition("surely goes on", SEND, threshold(n), (n + 1 <= m,), ">", MONOTONE),
        Definition("surely stops", SEND, threshold(n), (m + 1 <= n,), "<=", MONOTONE),
        # a fixed cost of sending: the same rules where it is paid as it is, and the chain into which it is folded
        Definition("folded", delta(n + 1), delta_bar(n + 1) + fixed(n + 1) - fixed(n), setting=FOLDED),
        Definition("rule with fixed costs ends", w_bar(M, M), LAST_BAR),
        Definition(
            "rule with fixed costs",
            w_bar(n, M),
            E(s(n, X) * SEND_BAR + (1 - s(n, X)) * (delta_bar(n + 1) + w_bar(n + 1, M))),
            INNER,
        ),
        Definition("optimal with fixed costs ends", v_bar(M, M), LAST_BAR),
        Definition("optimal with fixed costs", v_bar(n, M), E(sp.Min(SEND_BAR, go_on_bar(n, M))), INNER),
        Definition("1-sla with fixed costs ends", u_bar(M, M), LAST_BAR),
        Definition(
            "1-sla with fixed costs",
            u_bar(n, M),
            follow(SEND_BAR, SLA_BAR, delta_bar(n + 1) + u_bar(n + 1, M)),
            INNER,
        ),
        Definition(
            "k-sla threshold with fixed costs", a_bar(n, k, M), go_on_bar(n, sp.Min(n + k, M)), (*INNER, k >= 1)
        ),
        Definition("k-sla with fixed costs ends", c_bar(M, k, M), LAST_BAR),
        Definition(
            "k-sla with fixed costs",
            c_bar(n, k, M),
            follow(SEND_BAR, a_bar(n, k, M), delta_bar(n + 1) + c_bar(n + 1, k, M)),
            (*INNER, k >= 1),
        ),
        Definition("ETC with fixed costs", J_bar(M), DOWNLOADS + u_bar(0, M)),
        Definition("ETC of the optimum with fixed costs", Jopt_bar(M), DOWNLOADS + v_bar(0, M)),
        # the same fixed cost wherever something is sent; nothing is at N. A hat marks the chain without it
        Definition("one fixed cost", fixed(n), fee, (n + 1 <= N,), setting=ONE_FEE),
        Definition("nothing sent", fixed(N), sp.Integer(0), setting=ONE_FEE),
        Definition("without fixed costs", delta_hat(n + 1), delta_bar(n + 1), setting=ONE_FEE),
    )
}
ON_EVERY_CHAIN = (
    "optimal ends",
    "optimal",
    "1-sla ends",
    "1-sla",
    "reach starts",
    "reach",
    "saving",
    "ETC",
    "ETC of the optimum",
)
DEFINITIONS |= {hat.name: hat for hat in (dearer_layers(DEFINITIONS[name]) for name in ON_EVERY_CHAIN)}

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
