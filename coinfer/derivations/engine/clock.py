"""The model with one clock: the channel is one process, in computing and in sending. Nothing here is proved.

`ONE_CLOCK` has what is said of it, by name, each in one of the `PROCESSES`.
"""

from collections.abc import Callable
from typing import Any

import sympy as sp

from coinfer.derivations.engine.model import (
    DOWNLOADS,
    FOLDED,
    INNER,
    ONE,
    C,
    Definition,
    E,
    M,
    N,
    X,
    delta,
    delta_bar,
    download,
    extra,
    fixed,
    i,
    indicator,
    k,
    m,
    n,
    q,
    symbol,
)  # fmt: skip

# A chain of states i sends at rate(i), costs second(i) a second, is there with probability share(i); sending(z, i)
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
vs_bar = sp.Function("vsbar", real=True)  # the same with fixed costs of sending
excess_in = sp.Function("excess", real=True, nonnegative=True)
# fixed stop sets: in state j of stage n one stops with probability halt(n, j); sending takes send_s seconds and send_j joules,
# layer n run_s and run_j; what is paid from there on, in cost, seconds and joules
beta_t, beta_e = symbol("weights.time_per_s"), symbol("weights.energy_per_j")
halt, send_s, send_j, run_s, run_j = (
    sp.Function(name, real=True, nonnegative=True) for name in ("halt", "send_s", "send_j", "run_s", "run_j")
)
spends, takes, draws = (sp.Function(name, real=True) for name in ("spends", "takes", "draws"))
# on or off, equal layers: sending costs C_1 when on, h more when off; a layer ends off with probability a from off, eta from on
on_cost, wait, off_share, stays_off, turns_off = sp.symbols("C_1 h pi_off a eta", nonnegative=True)
V_on, V_off, U_on, U_off, J_link, J_end = (
    sp.Function(name, real=True) for name in ("Von", "Voff", "Uon", "Uoff", "Jlink", "Jend")
)


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


def onward_bar(stage: sp.Expr, horizon: sp.Expr, state: sp.Expr) -> sp.Expr:
    """The same with fixed costs of sending."""
    return delta_bar(stage + 1) + E(vs_bar(stage + 1, horizon, goes_to(state, X)))


def followed(sends: sp.Expr, runs: sp.Expr, value: Any) -> sp.Expr:
    """What fixed stop sets pay from stage n on: send where they stop, else a layer and what comes after it."""
    return halt(n, j) * sends + (1 - halt(n, j)) * (runs + E(value(n + 1, M, goes_to(j, X))))


def weighed(seconds: sp.Expr, joules: sp.Expr) -> sp.Expr:
    """The cost of seconds and joules."""
    return beta_t * seconds + beta_e * joules


def looked(stage: sp.Expr, state: sp.Expr) -> sp.Expr:
    """What sending costs beyond one layer more and sending then."""
    return sp.Max(send_in(stage, state) - delta(stage + 1) - E(send_in(stage + 1, goes_to(state, X))), 0)


MOVING, BLOCKS, WINDOWS, MEMORY, LINK = "moving channel", "outages", "windows", "memory", "on-off link"
FIXED_MEMORY = "memory, fixed costs"
PROCESSES = {name: {"given law", name} for name in (MOVING, BLOCKS, WINDOWS, MEMORY, LINK)}  # with what holds there
PROCESSES[FIXED_MEMORY] = {"given law", MEMORY, FOLDED, FIXED_MEMORY}
GIVEN = {rate_of, share, goes_to}  # of what definitions speak of: a chain's own; all else they introduce
UNKNOWN = {C_o, C_u, Phi_o, Phi_u, away}  # and these matrices
NONE = sp.Integer(0)


def within(setting: str) -> Callable[..., Definition]:
    """Definitions about a setting, to be called with name, left, right, conditions and relation."""

    def define(name: str, left: sp.Expr, right: sp.Expr, *when: Any, relation: str = "=") -> Definition:
        return Definition(name, left, right, when, relation, setting)

    return define


moving, blocks, windows, memory, link = map(within, (MOVING, BLOCKS, WINDOWS, MEMORY, LINK))
AWAY = later_in(n + 1, m, j), later_in(n + 1, m, goes_to(j, X))
ONE_CLOCK = {
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
        memory("memory with fixed costs ends", vs_bar(M, M, j), send_in(M, j) + fixed(M)),
        memory(
            "memory with fixed costs",
            vs_bar(n, M, j),
            sp.Min(send_in(n, j) + fixed(n), onward_bar(n, M, j)),
            *INNER,
        ),
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
        # fixed stop sets, in cost and apart
        memory("stop sets end", spends(M, M, j), weighed(send_s(M, j), send_j(M, j))),
        memory("stop sets end, seconds", takes(M, M, j), send_s(M, j)),
        memory("stop sets end, joules", draws(M, M, j), send_j(M, j)),
        memory(
            "stop sets",
            spends(n, M, j),
            followed(weighed(send_s(n, j), send_j(n, j)), weighed(run_s(n + 1), run_j(n + 1)), spends),
            *INNER,
        ),
        memory("stop sets, seconds", takes(n, M, j), followed(send_s(n, j), run_s(n + 1), takes), *INNER),
        memory("stop sets, joules", draws(n, M, j), followed(send_j(n, j), run_j(n + 1), draws), *INNER),
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
