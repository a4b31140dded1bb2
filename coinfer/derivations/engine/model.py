"""The model the claims are about: its symbols, and the definitions a derivation may start from. Nothing here is proved.

Symbols, domains and LaTeX come from `coinfer.quantities`. What carries an index (o_n, delta_n, the values of a rule) is
a SymPy function of the index, so that a derivation can speak of stage n + 1 or horizon M - 1.
"""

from collections.abc import Callable
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


n, M, N = symbol("stage"), symbol("placement"), symbol("layers")
k, m, i = (sp.Symbol(name, integer=True, nonnegative=True) for name in "kmi")
X, mu, C = symbol("unit_cost"), symbol("mean_unit_cost"), symbol("edge_cost")
o, delta, D = indexed("output_bits"), indexed("extra"), indexed("download")  # of each layer
bits, extra, download = scalar("output_bits"), scalar("extra"), scalar("download")  # the same for every layer
result_bits, input_bits = (sp.Symbol(name, nonnegative=True) for name in ("o_N", "o_0"))
first_extra, A, y, v_inf = (sp.Symbol(name, real=True) for name in ("delta_1", "A", "y", "v_inf"))
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
v_hat, delta_hat = sp.Function("vhat", real=True), sp.Function("deltahat", real=True)  # a chain with larger extra costs
pi_hat, G_hat = (sp.Function(name, real=True, nonnegative=True) for name in ("pihat", "Ghat"))

# One clock: a chain of states i sends at rate(i), costs second(i) a second, is there with probability share(i); sending(z, i)
# is what z bits cost from a state, drift(z, i) the generator applied to that. Two states have the rates r_1, r_2 and are left
# at the rates q_1, q_2; on a link that is on or off, outages begin at the rate u and end at the rate l.
along, sent = sp.Symbol("z", nonnegative=True), sp.Symbol("b", positive=True)
rate_of, second_of, share = (sp.Function(name, real=True, nonnegative=True) for name in ("rate", "second", "share"))
cost_of, drift = (sp.Function(name, real=True) for name in ("sending", "drift"))
states, other_state = (sp.Symbol(name, integer=True, positive=True) for name in ("S", "i_0"))
r_1, r_2, c_1, c_2, q_1, q_2, hitting = sp.symbols("r_1 r_2 c_1 c_2 q_1 q_2 H", positive=True)
r_on, c_on, c_off, begins, ends = sp.symbols("r c c_o u l", positive=True)
C_1, C_2, C_on, C_off, gone = (sp.Function(name, real=True) for name in ("C1", "C2", "Con", "Coff", "gone"))
# a mode y R C of a chain drains at the rate kappa, and d feeds it
mode = sp.Function("Y", real=True)
feed, drain = sp.Symbol("d", real=True), sp.Symbol("kappa", positive=True)
# blocks of a generator, u usable and o outages: matrices, whose products do not commute; fading(z) is exp(-A z)
Q_oo, Q_ou, Q_uo, Q_uu, c_o, c_u, C_o, C_u, Phi_o, Phi_u, away, flow, per_bit = sp.symbols(
    "Q_oo Q_ou Q_uo Q_uu c_o c_u C_o C_u Phi_o Phi_u R_oo A a_u", commutative=False
)
theta = sp.Symbol("theta", positive=True)
C_block, fading = (sp.Function(name, commutative=False) for name in ("Cu", "fading"))
# moments of the gain a time z after it was 0; windows of time, in each of which enough bits are sent with probability q
tau, shape = symbol("coherence_time_s"), symbol("nakagami_m")
M_1, M_2 = (sp.Function(name, real=True) for name in ("M1", "M2"))
sure, late, waits = (sp.Function(name, real=True, nonnegative=True) for name in ("sure", "late", "waits"))
owed = sp.Symbol("d", integer=True)
# memory: after state j comes next(j, X), with X independent noise; sending costs send(n, j), the optimal rule pays
# vs(n, M, j); excess is what sending costs beyond one layer more, later its mean as stage n sees it
j = sp.Symbol("j", integer=True, nonnegative=True)
goes_to = sp.Function("next", integer=True, nonnegative=True)
vs, later_in, Js, send_in = (sp.Function(name, real=True) for name in ("vs", "later", "Js", "send"))
excess_in = sp.Function("excess", real=True, nonnegative=True)
# on or off, equal layers: sending costs C_1 when on, h more when off; a layer ends off with probability a from off, eta from on
on_cost, wait, off_share, stays_off, turns_off = sp.symbols("C_1 h pi_off a eta", nonnegative=True)
V_on, V_off, U_on, U_off, J_link, J_end = (
    sp.Function(name, real=True) for name in ("Von", "Voff", "Uon", "Uoff", "Jlink", "Jend")
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


def two_state(costs: sp.Expr, rate: sp.Expr, leaves: sp.Expr, here: Any, there: Any) -> sp.Expr:
    """What a bit more costs in one of two states (R19): its time, and the chance to move meanwhile."""
    return (costs + leaves * (there(along) - here(along))) / rate


def one_more(chance_off: sp.Expr, on: Any, off: Any) -> sp.Expr:
    """What one of equal layers more costs, if it ends off with this probability."""
    return extra + (1 - chance_off) * on(k) + chance_off * off(k)


def started(on: sp.Expr, off: sp.Expr, layers: sp.Expr) -> sp.Expr:
    """The ETC with so many of equal layers placed, from a stationary start."""
    return C + layers * download + (1 - off_share) * on + off_share * off


def onward(stage: sp.Expr, horizon: sp.Expr, state: sp.Expr) -> sp.Expr:
    """What going on costs where the channel has a memory."""
    return delta(stage + 1) + E(vs(stage + 1, horizon, goes_to(state, X)))


def looked(stage: sp.Expr, state: sp.Expr) -> sp.Expr:
    """What sending costs beyond one layer more and sending then."""
    return sp.Max(send_in(stage, state) - delta(stage + 1) - E(send_in(stage + 1, goes_to(state, X))), 0)


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


EQUAL, RESULT, INPUT, MONOTONE = "equal layers", "own result", "own input", "monotone case"
# each setting with those whose facts hold in it
SETTINGS = {name: {"chain", name} for name in ("chain", EQUAL, RESULT, INPUT, MONOTONE, "two costs")} | {
    "two points": {"chain", EQUAL, "two points"},
    "two points, own result": {"chain", RESULT, "two points, own result"},
    "given law": {"given law"},
}
MOVING, BLOCKS, WINDOWS, MEMORY, LINK = "moving channel", "outages", "windows", "memory", "on-off link"
SETTINGS |= {name: {"given law", name} for name in (MOVING, BLOCKS, WINDOWS, MEMORY, LINK)}
INNER = (n + 1 <= M,)  # stages at which a rule still has a choice
SEND, LAST, DOWNLOADS = o(n) * X, E(o(M) * X), C + sp.Sum(D(i), (i, 1, M))
ONE, NONE = sp.Integer(1), sp.Integer(0)
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


def within(setting: str) -> Callable[..., Definition]:
    """Definitions about a setting, to be called with name, left, right, conditions and relation."""

    def define(name: str, left: sp.Expr, right: sp.Expr, *when: Any, relation: str = "=") -> Definition:
        return Definition(name, left, right, when, relation, setting)

    return define


moving, blocks, windows, memory, link = map(within, (MOVING, BLOCKS, WINDOWS, MEMORY, LINK))
AWAY = later_in(n + 1, m, j), later_in(n + 1, m, goes_to(j, X))
DEFINITIONS |= {
    each.name: each
    for each in (
        # sending over a moving channel, by R19, in a state of any number, in one of two, and over a link that is on or off
        moving("no bits", cost_of(0, i), NONE),
        moving("a bit more", sp.Derivative(rate_of(i) * cost_of(along, i), along), second_of(i) + drift(along, i)),
        moving("stationary law", sp.Sum(share(i) * drift(along, i), (i, 1, states)), NONE),
        moving("hitting a state", cost_of(sent, i) - cost_of(sent, other_state), hitting, relation="<="),
        moving("hit from a state", cost_of(sent, other_state) - cost_of(sent, i), hitting, relation="<="),
        moving("no bits, state 1", C_1(0), NONE),
        moving("no bits, state 2", C_2(0), NONE),
        moving("a bit more, state 1", sp.Derivative(C_1(along), along), two_state(c_1, r_1, q_1, C_1, C_2)),
        moving("a bit more, state 2", sp.Derivative(C_2(along), along), two_state(c_2, r_2, q_2, C_2, C_1)),
        moving("no bits, on", C_on(0), NONE),
        moving("a bit more, on", sp.Derivative(C_on(along), along), two_state(c_on, r_on, begins, C_on, C_off)),
        moving("outage", C_off(along), C_on(along) + c_off / ends),
        moving("off at first", gone(0), ONE),
        moving("off later", sp.Derivative(gone(along), along), begins * (1 - gone(along)) - ends * gone(along)),
        moving("mode at first", mode(0), NONE),
        moving("mode later", sp.Derivative(mode(along), along), feed - drain * mode(along)),
        # the gain after it was 0: Dynkin's formula for its moments
        moving("mean gain at first", M_1(0), NONE),
        moving("mean gain later", sp.Derivative(M_1(along), along), (1 - M_1(along)) / tau),
        moving("square at first", M_2(0), NONE),
        moving("square later", sp.Derivative(M_2(along), along), 2 * ((1 + 1 / shape) * M_1(along) - M_2(along)) / tau),
        # every state at once
        blocks("outages", Q_oo * C_o, -c_o - Q_ou * C_u),
        blocks("discounted outages", away * Phi_o, Q_ou * Phi_u),
        blocks("away", away, theta - Q_oo),
        blocks("no bits, every state", C_block(0), NONE),
        blocks("a bit more, every state", sp.Derivative(C_block(along), along), per_bit + flow * C_block(along)),
        blocks("fading at first", fading(0), ONE),
        blocks("fading", sp.Derivative(fading(along), along), -fading(along) * flow),
        # windows: by the Markov property at their ends, from the worst state
        windows("no window", sure(0), ONE),
        windows("one window more", sure(n + 1), q * sure(n), relation=">="),
        windows("windows' range", sure(n), ONE, relation="<="),
        windows("late at first", late(0, n), ONE, relation="<="),
        windows("later", late(k + 1, n), late(k, n) * (1 - sure(n)), relation="<="),
        windows("no window yet", waits(0, owed), NONE),
        windows(
            "a window awaited",
            waits(k + 1, owed),
            indicator(owed >= 1) * (1 + q * waits(k, owed - 1) + (1 - q) * waits(k, owed)),
            relation="<=",
        ),
        # memory
        memory("memory ends", vs(M, M, j), send_in(M, j)),
        memory("memory", vs(n, M, j), sp.Min(send_in(n, j), onward(n, M, j)), *INNER),
        memory("excess", excess_in(m, j), looked(m, j)),
        memory("excess now", later_in(m, m, j), excess_in(m, j)),
        memory("excess later", later_in(n, m, j), E(AWAY[1]), n + 1 <= m),
        memory(
            "stationary start",
            sp.Sum(share(j) * E(AWAY[1]), (j, 0, states)),
            sp.Sum(share(j) * AWAY[0], (j, 0, states)),
            n + 1 <= m,
        ),
        memory("ETC with memory", Js(M), DOWNLOADS + sp.Sum(share(j) * vs(0, M, j), (j, 0, states))),
        # equal layers over a link that is on or off, by the number left: features at the end, or the result at home
        link("none left, on", V_on(0), on_cost),
        link("none left, off", V_off(0), on_cost + wait),
        link("left, on", V_on(k + 1), sp.Min(on_cost, one_more(turns_off, V_on, V_off))),
        link("left, off", V_off(k + 1), sp.Min(on_cost + wait, one_more(stays_off, V_on, V_off))),
        link("at home, on", U_on(0), NONE),
        link("at home, off", U_off(0), NONE),
        link("result left, on", U_on(k + 1), sp.Min(on_cost, one_more(turns_off, U_on, U_off))),
        link("result left, off", U_off(k + 1), sp.Min(on_cost + wait, one_more(stays_off, U_on, U_off))),
        link("ETC over a link", J_link(M), started(V_on(M), V_off(M), M)),
        link("ETC of all layers over a link", J_end(N), started(U_on(N), U_off(N), N)),
    )
}

DERIVED_IN = {"chain", MEMORY, LINK, WINDOWS}
GIVEN = {"mean", "rule's range", "dearer layers", "stationary start"} | {
    name for name, each in DEFINITIONS.items() if each.setting not in DERIVED_IN
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
