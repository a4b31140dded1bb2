"""Claims that bracket the optimal rule by what 1-sla knows, and say how the placement moves (R16, R18, new bounds)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, use
from coinfer.derivations.engine.model import (
    J1,
    J2,
    E,
    G,
    G_hat,
    M,
    X,
    chance,
    delta,
    delta_hat,
    go_on,
    h,
    i,
    indicator,
    m,
    n,
    o,
    pi,
    pi_hat,
    symbol,
    threshold,
    threshold_hat,
    u,
    v,
    v_hat,
)
from coinfer.derivations.engine.prover import algebra, calculus, expectation, index, order
from coinfer.derivations.engine.writing import by_induction, derive, wrong
from coinfer.derivations.proofs.placement import L10, L11, step_u
from coinfer.derivations.proofs.stopping import R5, R5a, R5b, R5c

sending = o(n) * X
ZERO = sp.Integer(0)


def saved(at: sp.Expr) -> sp.Expr:
    """What one layer more saves the optimal rule from a stage on."""
    return v(at, M) - v(at, M + 1)


def both(at: sp.Expr) -> sp.Expr:
    """The same, by the recursion."""
    here = o(at) * X
    return E(sp.Min(here, go_on(at, M))) - E(sp.Min(here, go_on(at, M + 1)))


RECURSIONS = (use("optimal"), use("optimal", M=M + 1))

L15 = Claim(
    label="L15",
    statement=r"v_M^{(M)} - v_M^{(M+1)} = G_M",
    left=saved(M),
    steps=derive(
        saved(M),
        (
            "=",
            E(o(M) * X) - E(sp.Min(o(M) * X, go_on(M, M + 1))),
            "send, or one layer more",
            algebra,
            use("optimal ends"),
            use("optimal", n=M, M=M + 1),
        ),
        (
            "=",
            E(o(M) * X) - E(sp.Min(o(M) * X, threshold(M))),
            "after it one has to send",
            algebra,
            use("optimal ends", M=M + 1),
        ),
        ("=", E(sp.Max(o(M) * X - threshold(M), 0)), "what remains is the excess", expectation),
        ("=", G(M), "the saving", algebra, use("saving", m=M)),
    ),
    relation="=",
    formula=G(M),
    mutants=wrong(
        "=",
        ("sign", -G(M)),
        ("stage off by one", G(M + 1)),
        ("reach", pi(M) * G(M)),
        ("positive part dropped", E(o(M) * X) - threshold(M)),
        ("extra cost added", G(M) + delta(M + 1)),
    ),
    restatement=Restatement(E(sp.Max(o(M) * X, threshold(M))) - threshold(M), expectation, (use("saving", m=M),)),
)
R16 = Claim(
    label="R16",
    statement=r"v_n^{(M)} - v_n^{(M+1)} \le G_M \quad (n \le M)",
    left=saved(n),
    steps=(
        by_induction(
            saved(n),
            "<=",
            G(M),
            n,
            M,
            derive(saved(M), ("=", G(M), "at stage M (L15)", algebra, use(L15))),
            derive(
                saved(n),
                ("=", both(n), "both recursions", algebra, *RECURSIONS),
                (
                    "<=",
                    saved(n + 1),
                    "a stage passes on at most the difference behind it (L1)",
                    expectation,
                    use(R5, n=n + 1),
                ),
                ("<=", G(M), "hypothesis", order, use(HYPOTHESIS)),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=G(M),
    mutants=wrong(
        "<=",
        ("relation turned", G(M), ">="),
        ("equality", G(M), "="),
        ("strict", G(M), "<"),
        ("half", G(M) / 2),
        ("stage off by one", G(M + 1)),
        ("times 1-sla's reach", pi(M) * G(M)),
    ),
    restatement=Restatement(v(M, M) - v(M, M + 1), order, (use(L15),)),
    note="At n = 0 and by L20 the optimal M* is at most the smallest minimiser of the sum of D_m - G_{m-1} over m <= M.",
    assumptions=(n <= M,),
)
L16 = Claim(
    label="L16",
    statement=r"v_n^{(M)} - v_n^{(M+1)} \ge P(o_n X > A_n^{(M)})\,(v_{n+1}^{(M)} - v_{n+1}^{(M+1)})",
    left=saved(n),
    steps=derive(
        saved(n),
        ("=", both(n), "both recursions", algebra, *RECURSIONS),
        (
            ">=",
            chance(sending, go_on(n, M)) * saved(n + 1),
            "where it goes on under M, it gains all of it (R2b)",
            expectation,
            use(R5, n=n + 1),
        ),
    ),
    relation=">=",
    formula=chance(sending, go_on(n, M)) * saved(n + 1),
    mutants=wrong(
        ">=",
        ("relation turned", chance(sending, go_on(n, M)) * saved(n + 1), "<="),
        ("chance dropped", saved(n + 1)),
        ("chance under the longer horizon", chance(sending, go_on(n, M + 1)) * saved(n + 1)),
        ("tie goes on", E(indicator(sending >= go_on(n, M + 1))) * saved(n + 1)),
        ("equality", chance(sending, go_on(n, M)) * saved(n + 1), "="),
        ("sign", chance(sending, go_on(n, M)) * (saved(n + 1) + G(n))),
    ),
    restatement=Restatement((1 - E(indicator(sending <= go_on(n, M)))) * saved(n + 1), expectation),
    assumptions=(n + 1 <= M,),
)
L17 = Claim(
    label="L17",
    statement=r"v_0^{(M)} - v_0^{(M+1)} \ge \pi_n^{(M)}\,(v_n^{(M)} - v_n^{(M+1)}), \quad \pi^{(M)} \text{ of the optimal rule}",
    left=saved(ZERO),
    steps=(
        by_induction(
            saved(ZERO),
            ">=",
            h(n, M) * saved(n),
            n,
            0,
            derive(
                saved(ZERO),
                ("=", h(0, M) * saved(ZERO), "stage 0 is always reached", algebra, use("optimal reach starts")),
            ),
            derive(
                saved(ZERO),
                (">=", h(n, M) * saved(n), "hypothesis", order, use(HYPOTHESIS)),
                (">=", h(n, M) * chance(sending, go_on(n, M)) * saved(n + 1), "one stage (L16)", order, use(L16)),
                (
                    "=",
                    h(n + 1, M) * saved(n + 1),
                    "the chance of reaching the next stage",
                    algebra,
                    use("optimal reach", m=n),
                ),
            ),
        ),
    ),
    relation=">=",
    formula=h(n, M) * saved(n),
    mutants=wrong(
        ">=",
        ("relation turned", h(n, M) * saved(n), "<="),
        ("reach dropped", saved(n)),
        ("reach under the longer horizon", h(n, M + 1) * saved(n)),
        ("equality", h(n, M) * saved(n), "="),
        ("reach one too early", h(sp.Max(n - 1, 0), M) * saved(n)),
    ),
    restatement=Restatement(h(n, M) * v(n, M) - v(n, M + 1) * h(n, M)),
    assumptions=(n <= M,),
)
L18 = Claim(
    label="L18",
    statement=r"\pi_m \le \pi_m^{(M)}: \text{ 1-sla reaches a stage no more often than the optimal rule}",
    left=pi(m),
    steps=(
        by_induction(
            pi(m),
            "<=",
            h(m, M),
            m,
            0,
            derive(
                pi(0),
                ("=", sp.Integer(1), "stage 0 is always reached", algebra, use("reach starts")),
                ("=", h(0, M), "by either rule", algebra, use("optimal reach starts")),
            ),
            derive(
                pi(m + 1),
                ("=", pi(m) * chance(o(m) * X, threshold(m)), "1-sla goes on", algebra, use("reach")),
                (
                    "<=",
                    pi(m) * chance(o(m) * X, go_on(m, M)),
                    "its threshold is higher (R5b)",
                    expectation,
                    use(R5b, n=m),
                ),
                ("<=", h(m, M) * chance(o(m) * X, go_on(m, M)), "hypothesis", order, use(HYPOTHESIS)),
                ("=", h(m + 1, M), "the optimal rule goes on", algebra, use("optimal reach")),
            ),
        ),
    ),
    relation="<=",
    formula=h(m, M),
    mutants=wrong(
        "<=",
        ("relation turned", h(m, M), ">="),
        ("equality", h(m, M), "="),
        ("strict", h(m, M), "<"),
        ("one stage further", h(m + 1, M)),
        ("half", h(m, M) / 2),
    ),
    restatement=Restatement(h(m, sp.Max(m, M)), index(sp.Max(m, M), M)),
    assumptions=(m <= M,),
)
R16a = Claim(
    label="R16a",
    statement=r"v_0^{(M)} - v_0^{(M+1)} \ge \pi_M^{(M)} G_M \ge \pi_M G_M",
    left=saved(ZERO),
    steps=derive(
        saved(ZERO),
        (">=", h(M, M) * saved(M), "stage by stage (L17)", order, use(L17, n=M)),
        ("=", h(M, M) * G(M), "at stage M (L15)", algebra, use(L15)),
        (">=", pi(M) * G(M), "1-sla gets there no more often (L18)", order, use(L18, m=M)),
    ),
    relation=">=",
    formula=pi(M) * G(M),
    mutants=wrong(
        ">=",
        ("relation turned", pi(M) * G(M), "<="),
        ("reach dropped", G(M)),
        ("equality", pi(M) * G(M), "="),
        ("stage off by one", pi(M) * G(M + 1)),
        ("reach one too early", pi(M - 1) * G(M)),
        ("strict", pi(M) * G(M), ">"),
    ),
    restatement=Restatement(-pi(M) * (v(M, M + 1) - v(M, M)), algebra, (use(L15),)),
)
L19 = Claim(
    label="L19",
    statement=r"u_0^{(M+1)} = u_0^{(M)} - \pi_M G_M",
    left=step_u(ZERO),
    steps=derive(
        step_u(ZERO),
        ("=", pi(M) * step_u(M), "nothing changes before stage M (L10)", algebra, use(L10, n=M)),
        ("=", -pi(M) * G(M), "at stage M the saving (L11)", algebra, use(L11)),
    ),
    relation="=",
    formula=-pi(M) * G(M),
    mutants=wrong(
        "=",
        ("sign", pi(M) * G(M)),
        ("reach dropped", -G(M)),
        ("reach off by one", -pi(M + 1) * G(M)),
        ("saving off by one", -pi(M) * G(M + 1)),
        ("nothing saved", ZERO),
    ),
    restatement=Restatement(pi(M) * (v(M, M + 1) - v(M, M)), algebra, (use(L15),)),
)


def gap(last: sp.Expr) -> sp.Expr:
    """What 1-sla loses against the optimal rule under a placement."""
    return u(0, last) - v(0, last)


R16b = Claim(
    label="R16b",
    statement=r"\mathrm{gap}(M) \le \mathrm{gap}(M+1), \quad \mathrm{gap}(M) = u_0^{(M)} - v_0^{(M)}",
    left=gap(M),
    steps=derive(
        gap(M),
        ("=", gap(M + 1) + pi(M) * G(M) - saved(ZERO), "what 1-sla saves with layer M + 1 (L19)", algebra, use(L19)),
        ("<=", gap(M + 1), "the optimal rule saves no less (R16a)", order, use(R16a)),
    ),
    relation="<=",
    formula=gap(M + 1),
    mutants=wrong(
        "<=",
        ("relation turned", gap(M + 1), ">="),
        ("equality", gap(M + 1), "="),
        ("strict", gap(M + 1), "<"),
        ("sign", -gap(M + 1)),
        ("half", gap(M + 1) / 2),
    ),
    restatement=Restatement(-v(0, M + 1) + u(0, M) - pi(M) * G(M), algebra, (use(L19),)),
    note="With L20 read for two placements: the smallest minimiser of J under 1-sla is at most that under the optimal rule.",
)


def bound(last: sp.Expr) -> sp.Expr:
    """Savings times the chance that 1-sla stops before."""
    return sp.Sum((1 - pi(i)) * G(i), (i, 1, last))


R16c = Claim(
    label="R16c",
    statement=r"\mathrm{gap}(M) \le \sum_{1 \le m < M} (1 - \pi_m) G_m \quad (M \ge 1)",
    left=gap(M),
    steps=(
        by_induction(
            gap(M),
            "<=",
            bound(M - 1),
            M,
            1,
            derive(
                gap(sp.Integer(1)),
                ("=", ZERO, "one layer: 1-sla is optimal (R5c)", algebra, use(R5c, M=0)),
                ("=", bound(ZERO), "an empty sum", algebra),
            ),
            derive(
                gap(M + 1),
                ("=", gap(M) - pi(M) * G(M) + saved(ZERO), "what 1-sla saves (L19)", algebra, use(L19)),
                ("<=", gap(M) - pi(M) * G(M) + G(M), "the optimal rule saves at most G (R16)", order, use(R16, n=0)),
                ("<=", bound(M - 1) - pi(M) * G(M) + G(M), "hypothesis", order, use(HYPOTHESIS)),
                ("=", bound(M), "one term more in the sum", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=bound(M - 1),
    mutants=wrong(
        "<=",
        ("one term too few", bound(M - 2)),
        ("relation turned", bound(M - 1), ">="),
        ("equality", bound(M - 1), "="),
        ("strict", bound(M - 1), "<"),
        ("sign", -bound(M - 1)),
        ("squared chance", sp.Sum((1 - pi(i)) ** 4 * G(i) / 4, (i, 1, M - 1))),
    ),
    restatement=Restatement(sp.Sum(G(i), (i, 1, M - 1)) - sp.Sum(pi(i) * G(i), (i, 1, M - 1)), algebra),
    assumptions=(M >= 1,),
)

# -- N5: a sharper bound from one pass of the optimal rule -----------------------------------------------------------------------
L21 = Claim(
    label="L21",
    statement=r"v_n^{(M)} - v_n^{(M+1)} \le P(o_n X > A_n^{(M+1)})\,(v_{n+1}^{(M)} - v_{n+1}^{(M+1)})",
    left=saved(n),
    steps=derive(
        saved(n),
        ("=", both(n), "both recursions", algebra, *RECURSIONS),
        (
            "<=",
            chance(sending, go_on(n, M + 1)) * saved(n + 1),
            "where it stops under M + 1 it stops under M as well, at the same cost (R2a)",
            expectation,
            use(R5, n=n + 1),
        ),
    ),
    relation="<=",
    formula=chance(sending, go_on(n, M + 1)) * saved(n + 1),
    mutants=wrong(
        "<=",
        ("chance under the shorter horizon", chance(sending, go_on(n, M)) * saved(n + 1)),
        ("relation turned", chance(sending, go_on(n, M + 1)) * saved(n + 1), ">="),
        ("equality", chance(sending, go_on(n, M + 1)) * saved(n + 1), "="),
        ("chance of stopping", (1 - chance(sending, go_on(n, M + 1))) * saved(n + 1)),
        ("1-sla's chance", chance(sending, threshold(n)) * saved(n + 1)),
    ),
    restatement=Restatement((1 - E(indicator(sending <= go_on(n, M + 1)))) * saved(n + 1), expectation),
    assumptions=(n + 1 <= M,),
)
L22 = Claim(
    label="L22",
    statement=r"v_0^{(M)} - v_0^{(M+1)} \le \pi_n^{(M+1)}\,(v_n^{(M)} - v_n^{(M+1)})",
    left=saved(ZERO),
    steps=(
        by_induction(
            saved(ZERO),
            "<=",
            h(n, M + 1) * saved(n),
            n,
            0,
            derive(
                saved(ZERO),
                (
                    "=",
                    h(0, M + 1) * saved(ZERO),
                    "stage 0 is always reached",
                    algebra,
                    use("optimal reach starts", M=M + 1),
                ),
            ),
            derive(
                saved(ZERO),
                ("<=", h(n, M + 1) * saved(n), "hypothesis", order, use(HYPOTHESIS)),
                (
                    "<=",
                    h(n, M + 1) * chance(sending, go_on(n, M + 1)) * saved(n + 1),
                    "one stage (L21)",
                    order,
                    use(L21),
                ),
                (
                    "=",
                    h(n + 1, M + 1) * saved(n + 1),
                    "the chance of reaching the next stage",
                    algebra,
                    use("optimal reach", m=n, M=M + 1),
                ),
            ),
        ),
    ),
    relation="<=",
    formula=h(n, M + 1) * saved(n),
    mutants=wrong(
        "<=",
        ("reach under the shorter horizon", h(n, M) * saved(n)),
        ("relation turned", h(n, M + 1) * saved(n), ">="),
        ("equality", h(n, M + 1) * saved(n), "="),
        ("1-sla's reach", pi(n) * saved(n)),
        ("half", h(n, M + 1) * saved(n) / 2),
    ),
    restatement=Restatement(h(n, M + 1) * v(n, M) - v(n, M + 1) * h(n, M + 1)),
    assumptions=(n <= M,),
)
L23 = Claim(
    label="L23",
    statement=r"\pi_n^{(M)} \le \pi_n^{(m)} \text{ of the optimal rule} \quad (n \le M \le m)",
    left=h(n, M),
    steps=(
        by_induction(
            h(n, M),
            "<=",
            h(n, m),
            n,
            0,
            derive(
                h(0, M),
                ("=", sp.Integer(1), "stage 0 is always reached", algebra, use("optimal reach starts")),
                ("=", h(0, m), "under either placement", algebra, use("optimal reach starts", M=m)),
            ),
            derive(
                h(n + 1, M),
                ("=", h(n, M) * chance(sending, go_on(n, M)), "it goes on", algebra, use("optimal reach", m=n)),
                (
                    "<=",
                    h(n, M) * chance(sending, go_on(n, m)),
                    "thresholds fall with the horizon (R5a)",
                    expectation,
                    use(R5a, n=n + 1, m=M, M=m),
                ),
                ("<=", h(n, m) * chance(sending, go_on(n, m)), "hypothesis", order, use(HYPOTHESIS)),
                ("=", h(n + 1, m), "it goes on", algebra, use("optimal reach", m=n, M=m)),
            ),
        ),
    ),
    relation="<=",
    formula=h(n, m),
    mutants=wrong(
        "<=",
        ("relation turned", h(n, m), ">="),
        ("equality", h(n, m), "="),
        ("strict", h(n, m), "<"),
        ("one stage further", h(n + 1, m)),
        ("1-sla's reach", pi(n)),
    ),
    restatement=Restatement(h(n, sp.Max(m, M)), index(sp.Max(m, M), m)),
    assumptions=(n <= M, m >= M),
)


def sharper(last: sp.Expr) -> sp.Expr:
    """Savings times the excess of the optimal rule's chance of getting there."""
    return sp.Sum((h(i, m) - pi(i)) * G(i), (i, 0, last))


N5 = Claim(
    label="N5",
    statement=r"\mathrm{gap}(M) \le \sum_{j < M} (\pi_j^{(m)} - \pi_j) G_j \quad (M \le m), \quad \pi^{(m)} \text{ of the optimal rule under } m",
    left=gap(M),
    steps=(
        by_induction(
            gap(M),
            "<=",
            sharper(M - 1),
            M,
            0,
            derive(
                gap(ZERO),
                ("=", ZERO, "nothing to decide", algebra, use("1-sla ends", M=0), use("optimal ends", M=0)),
                ("=", sharper(sp.Integer(-1)), "an empty sum", algebra),
            ),
            derive(
                gap(M + 1),
                ("=", gap(M) - pi(M) * G(M) + saved(ZERO), "what 1-sla saves (L19)", algebra, use(L19)),
                ("<=", gap(M) - pi(M) * G(M) + h(M, M + 1) * saved(M), "stage by stage (L22)", order, use(L22, n=M)),
                ("=", gap(M) - pi(M) * G(M) + h(M, M + 1) * G(M), "at stage M (L15)", algebra, use(L15)),
                (
                    "<=",
                    gap(M) - pi(M) * G(M) + h(M, m) * G(M),
                    "a longer horizon reaches further (L23)",
                    order,
                    use(L23, n=M, M=M + 1),
                ),
                ("<=", sharper(M - 1) - pi(M) * G(M) + h(M, m) * G(M), "hypothesis", order, use(HYPOTHESIS)),
                ("=", sharper(M), "one term more in the sum", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=sharper(M - 1),
    mutants=wrong(
        "<=",
        ("two terms too few", sharper(M - 3)),
        ("relation turned", sharper(M - 1), ">="),
        ("equality", sharper(M - 1), "="),
        ("strict", sharper(M - 1), "<"),
        ("sign", -sharper(M - 1)),
        ("saving off by one", sp.Sum((h(i, m) - pi(i)) * G(i + 1), (i, 0, M - 1))),
    ),
    restatement=Restatement(sp.Sum(h(i, m) * G(i), (i, 0, M - 1)) - sp.Sum(pi(i) * G(i), (i, 0, M - 1)), algebra),
    assumptions=(m >= M,),
    samples={"m": ("2", "3", "4"), "M": ("2", "3")},
    note="Sharper than R16c, whose weights are 1 - pi: with m = N two passes, one of either rule, bound the gap of every placement; "
    "m = M is sharpest. ",
)

# -- R18: how the placement moves ------------------------------------------------------------------------------------------------
L20 = Claim(
    label="L20",
    statement=r"J_2(M{+}1) - J_2(M) \le J_1(M{+}1) - J_1(M) \text{ for all } M \implies J_2(m) - J_2(M) \le J_1(m) - J_1(M) \quad (M \le m)",
    left=J2(m) - J2(M),
    steps=(
        by_induction(
            J2(m) - J2(M),
            "<=",
            J1(m) - J1(M),
            m,
            M,
            derive(
                J2(M) - J2(M),
                ("=", J1(M) - J1(M), "nothing to show", algebra),
            ),
            derive(
                J2(m + 1) - J2(M),
                ("<=", J1(m + 1) - J1(m) + J2(m) - J2(M), "one increment", order, use("smaller increments", M=m)),
                ("<=", J1(m + 1) - J1(M), "hypothesis", order, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation="<=",
    formula=J1(m) - J1(M),
    mutants=wrong(
        "<=",
        ("relation turned", J1(m) - J1(M), ">="),
        ("equality", J1(m) - J1(M), "="),
        ("strict", J1(m) - J1(M), "<"),
        ("sign", J1(M) - J1(m)),
        ("level for increment", J1(m) - J1(M) - J2(m)),
    ),
    restatement=Restatement(J1(sp.Max(m, M)) - J1(M), index(sp.Max(m, M), m)),
    assumptions=(m >= M,),
    setting="two costs",
    note="If m is the smallest minimiser of J_1 then J_1(m) - J_1(M) < 0 for M < m, so no such M minimises J_2: "
    "smaller increments, larger smallest minimiser. With R16a this orders M* of 1-sla and of the optimal rule, with R18 and R18a it "
    "gives the statics.",
)
sizes, unit_time, updates = (
    sp.Symbol("s", positive=True),
    sp.Symbol("chi", positive=True),
    symbol("inferences_per_update"),
)
R18 = Claim(
    label="R18",
    statement=r"\frac{\partial}{\partial K}\Bigl(\frac{\chi s_{M+1}}{K} - \pi_M G_M\Bigr) = -\frac{\chi s_{M+1}}{K^2}, \quad \chi = \frac{\beta_t + \beta_e P_{rx}}{R_{dl}}",
    left=sp.Derivative(unit_time * sizes / updates - pi(M) * G(M), updates),
    steps=derive(
        sp.Derivative(unit_time * sizes / updates - pi(M) * G(M), updates),
        ("=", -unit_time * sizes / updates**2, "only the download depends on K", calculus),
    ),
    relation="=",
    formula=-unit_time * sizes / updates**2,
    mutants=wrong(
        "=",
        ("sign", unit_time * sizes / updates**2),
        ("power", -unit_time * sizes / updates),
        ("size dropped", -unit_time / updates**2),
        ("saving left in", -unit_time * sizes / updates**2 - pi(M) * G(M) - 1),
        ("factor", -2 * unit_time * sizes / updates**2),
    ),
    restatement=Restatement(sp.Derivative(unit_time * sizes / updates, updates), calculus),
    note="Negative: every increment of J falls as K grows, so by L20 the smallest M* is nondecreasing in K, for either rule "
    "(the saving of the optimal rule does not depend on K either).",
)
L24 = Claim(
    label="L24",
    statement=r"\hat\delta \ge \delta \implies \hat\pi_m \le \pi_m \text{ for 1-sla}",
    left=pi_hat(m),
    steps=(
        by_induction(
            pi_hat(m),
            "<=",
            pi(m),
            m,
            0,
            derive(
                pi_hat(0),
                ("=", sp.Integer(1), "stage 0 is always reached", algebra, use("reach starts, dearer layers")),
                ("=", pi(0), "on either chain", algebra, use("reach starts")),
            ),
            derive(
                pi_hat(m + 1),
                (
                    "=",
                    pi_hat(m) * chance(o(m) * X, threshold_hat(m)),
                    "1-sla goes on",
                    algebra,
                    use("reach, dearer layers"),
                ),
                (
                    "<=",
                    pi_hat(m) * chance(o(m) * X, threshold(m)),
                    "its threshold is higher",
                    expectation,
                    use("dearer layers", n=m + 1),
                ),
                ("<=", pi(m) * chance(o(m) * X, threshold(m)), "hypothesis", order, use(HYPOTHESIS)),
                ("=", pi(m + 1), "1-sla goes on", algebra, use("reach")),
            ),
        ),
    ),
    relation="<=",
    formula=pi(m),
    mutants=wrong(
        "<=",
        ("relation turned", pi(m), ">="),
        ("equality", pi(m), "="),
        ("strict", pi(m), "<"),
        ("one stage further", pi(m + 1)),
        ("half", pi(m) / 2),
    ),
    restatement=Restatement(
        pi(m) * (chance(o(m) * X, threshold(m)) + E(indicator(o(m) * X <= threshold(m)))), expectation
    ),
)
R18a = Claim(
    label="R18a",
    statement=r"\hat\delta \ge \delta \implies \hat\pi_m \hat G_m \le \pi_m G_m \text{ for 1-sla}",
    left=pi_hat(m) * G_hat(m),
    steps=derive(
        pi_hat(m) * G_hat(m),
        (
            "=",
            pi_hat(m) * E(sp.Max(o(m) * X - threshold_hat(m), 0)),
            "the saving",
            algebra,
            use("saving, dearer layers"),
        ),
        (
            "<=",
            pi_hat(m) * E(sp.Max(o(m) * X - threshold(m), 0)),
            "the threshold is higher",
            expectation,
            use("dearer layers", n=m + 1),
        ),
        ("=", pi_hat(m) * G(m), "the saving", algebra, use("saving")),
        ("<=", pi(m) * G(m), "stage m is reached less often (L24)", order, use(L24)),
    ),
    relation="<=",
    formula=pi(m) * G(m),
    mutants=wrong(
        "<=",
        ("relation turned", pi(m) * G(m), ">="),
        ("equality", pi(m) * G(m), "="),
        ("strict", pi(m) * G(m), "<"),
        ("saving off by one", pi(m) * G(m + 1)),
        ("reach off by one", pi(m + 1) * G(m)),
    ),
    restatement=Restatement(pi(m) * (o(m) * E(X) - E(sp.Min(o(m) * X, threshold(m)))), expectation, (use("saving"),)),
    note="So every increment of J under 1-sla rises with every extra cost, and by L20 the smallest M* falls.",
)
L25 = Claim(
    label="L25",
    statement=r"\hat\delta \ge \delta \implies \hat v_n \ge v_n",
    left=v_hat(n, M),
    steps=(
        by_induction(
            v_hat(n, M),
            ">=",
            v(n, M),
            n,
            M,
            derive(
                v_hat(M, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("optimal ends, dearer layers")),
                ("=", v(M, M), "on either chain", algebra, use("optimal ends")),
            ),
            derive(
                v_hat(n, M),
                (
                    "=",
                    E(sp.Min(sending, delta_hat(n + 1) + v_hat(n + 1, M))),
                    "the recursion",
                    algebra,
                    use("optimal, dearer layers"),
                ),
                (
                    ">=",
                    E(sp.Min(sending, go_on(n, M))),
                    "going on is no cheaper (hypothesis)",
                    expectation,
                    use(HYPOTHESIS),
                    use("dearer layers", n=n + 1),
                ),
                ("=", v(n, M), "the recursion", algebra, use("optimal")),
            ),
            downwards=True,
        ),
    ),
    relation=">=",
    formula=v(n, M),
    mutants=wrong(
        ">=",
        ("relation turned", v(n, M), "<="),
        ("equality", v(n, M), "="),
        ("strict", v(n, M), ">"),
        ("1-sla", u(n, M)),
        ("stage off by one", v(n + 1, M)),
    ),
    restatement=Restatement(v(n, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M,),
)


def saved_hat(at: sp.Expr) -> sp.Expr:
    """What one layer more saves the optimal rule on the chain with larger extra costs."""
    return v_hat(at, M) - v_hat(at, M + 1)


R18b = Claim(
    label="R18b",
    statement=r"\hat\delta \ge \delta \implies \hat v_n^{(M)} - \hat v_n^{(M+1)} \le v_n^{(M)} - v_n^{(M+1)}",
    left=saved_hat(n),
    steps=(
        by_induction(
            saved_hat(n),
            "<=",
            saved(n),
            n,
            M,
            derive(
                saved_hat(M),
                (
                    "=",
                    E(o(M) * X) - E(sp.Min(o(M) * X, delta_hat(M + 1) + v_hat(M + 1, M + 1))),
                    "send, or one layer more",
                    algebra,
                    use("optimal ends, dearer layers"),
                    use("optimal, dearer layers", n=M, M=M + 1),
                ),
                (
                    "<=",
                    E(o(M) * X) - E(sp.Min(o(M) * X, go_on(M, M + 1))),
                    "going on is no cheaper (L25)",
                    expectation,
                    use(L25, n=M + 1, M=M + 1),
                    use("dearer layers", n=M + 1),
                ),
                ("=", saved(M), "send, or one layer more", algebra, use("optimal ends"), use("optimal", n=M, M=M + 1)),
            ),
            derive(
                saved_hat(n),
                (
                    "=",
                    E(sp.Min(sending, delta_hat(n + 1) + v_hat(n + 1, M)))
                    - E(sp.Min(sending, delta_hat(n + 1) + v_hat(n + 1, M + 1))),
                    "both recursions",
                    algebra,
                    use("optimal, dearer layers"),
                    use("optimal, dearer layers", M=M + 1),
                ),
                (
                    "<=",
                    both(n),
                    "a stage is concave in what goes on behind it: a smaller difference at a higher level passes less on",
                    expectation,
                    use(HYPOTHESIS),
                    use(L25, n=n + 1, M=M + 1),
                    use(R5, n=n + 1),
                    use("dearer layers", n=n + 1),
                ),
                ("=", saved(n), "both recursions", algebra, *RECURSIONS),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=saved(n),
    mutants=wrong(
        "<=",
        ("relation turned", saved(n), ">="),
        ("equality", saved(n), "="),
        ("strict", saved(n), "<"),
        ("half", saved(n) / 2),
        ("stage off by one", v(n + 1, M + 1) - v(n + 1, M + 2)),
    ),
    restatement=Restatement(v(n, sp.Max(n, M)) - v(n, M + 1), index(sp.Max(n, M), M)),
    assumptions=(n <= M,),
    note="So every increment of J under the optimal rule rises with every extra cost, and by L20 the smallest M* falls.",
)
