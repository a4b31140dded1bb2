"""Claims about the large time scale: how many layers to place (R6 to R9, R11, R16, R18 and new results)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, use
from coinfer.derivations.engine.model import (
    C,
    D,
    E,
    G,
    J,
    Jk,
    M,
    X,
    a,
    c,
    chance,
    delta,
    follow,
    go_on,
    i,
    indicator,
    k,
    mu,
    n,
    o,
    pi,
    r,
    threshold,
    u,
    v,
)
from coinfer.derivations.engine.prover import (
    algebra,
    expectation,
    index,
)
from coinfer.derivations.engine.writing import by_induction, derive, wrong

sending = o(n) * X


# -- R6: what one layer more is worth to 1-sla -------------------------------------------------------------------------------


def step_u(at: sp.Expr) -> sp.Expr:
    """What one layer more changes for 1-sla from a stage on."""
    return u(at, M + 1) - u(at, M)


L9 = Claim(
    label="L9",
    statement=r"u_n^{(M+1)} - u_n^{(M)} = P(o_n X > A_n^1)\,(u_{n+1}^{(M+1)} - u_{n+1}^{(M)}) \quad (n < M)",
    left=step_u(n),
    steps=derive(
        step_u(n),
        (
            "=",
            follow(sending, threshold(n), delta(n + 1) + u(n + 1, M + 1))
            - follow(sending, threshold(n), delta(n + 1) + u(n + 1, M)),
            "both recursions; the threshold does not depend on M (R4)",
            algebra,
            use("1-sla"),
            use("1-sla", M=M + 1),
        ),
        ("=", chance(sending, threshold(n)) * step_u(n + 1), "they differ only where 1-sla goes on", expectation),
    ),
    relation="=",
    formula=chance(sending, threshold(n)) * step_u(n + 1),
    mutants=wrong(
        "=",
        ("chance of stopping", (1 - chance(sending, threshold(n))) * step_u(n + 1)),
        ("chance dropped", step_u(n + 1)),
        ("sign", -chance(sending, threshold(n)) * step_u(n + 1)),
        ("stage not advanced", chance(sending, threshold(n)) * step_u(n)),
        ("threshold of the next stage", chance(o(n + 1) * X, threshold(n + 1)) * step_u(n + 1)),
        ("tie goes on", E(indicator(sending >= threshold(n))) * step_u(n + 1)),
    ),
    restatement=Restatement((1 - E(indicator(sending <= threshold(n)))) * step_u(n + 1), expectation),
    assumptions=(n + 1 <= M,),
)
L10 = Claim(
    label="L10",
    statement=r"u_0^{(M+1)} - u_0^{(M)} = \pi_n\,(u_n^{(M+1)} - u_n^{(M)}) \quad (n \le M)",
    left=step_u(sp.Integer(0)),
    steps=(
        by_induction(
            step_u(sp.Integer(0)),
            "=",
            pi(n) * step_u(n),
            n,
            0,
            derive(
                step_u(sp.Integer(0)),
                ("=", pi(0) * step_u(sp.Integer(0)), "stage 0 is always reached", algebra, use("reach starts")),
            ),
            derive(
                step_u(sp.Integer(0)),
                ("=", pi(n) * step_u(n), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", pi(n) * chance(sending, threshold(n)) * step_u(n + 1), "one stage (L9)", algebra, use(L9)),
                ("=", pi(n + 1) * step_u(n + 1), "the chance of reaching the next stage", algebra, use("reach", m=n)),
            ),
        ),
    ),
    relation="=",
    formula=pi(n) * step_u(n),
    mutants=wrong(
        "=",
        ("reach off by one", pi(n + 1) * step_u(n)),
        ("reach one too early", pi(n - 1) * step_u(n)),
        ("reach dropped", step_u(n)),
        ("sign", -pi(n) * step_u(n)),
        ("stage off by one", pi(n) * step_u(n + 1)),
    ),
    restatement=Restatement(pi(n) * u(n, M + 1) - u(n, M) * pi(n)),
    assumptions=(n <= M,),
)
L11 = Claim(
    label="L11",
    statement=r"u_M^{(M+1)} - u_M^{(M)} = -G_M, \quad G_m = \mathbb{E}(o_m X - A_m^1)^+",
    left=step_u(M),
    steps=derive(
        step_u(M),
        (
            "=",
            follow(o(M) * X, threshold(M), delta(M + 1) + u(M + 1, M + 1)) - u(M, M),
            "what 1-sla pays",
            algebra,
            use("1-sla", n=M, M=M + 1),
        ),
        (
            "=",
            follow(o(M) * X, threshold(M), threshold(M)) - E(o(M) * X),
            "at the last stage it has to send",
            algebra,
            use("1-sla ends"),
            use("1-sla ends", M=M + 1),
        ),
        ("=", -E(sp.Max(o(M) * X - threshold(M), 0)), "where it goes on it saves the difference", expectation),
        ("=", -G(M), "the saving", algebra, use("saving", m=M)),
    ),
    relation="=",
    formula=-G(M),
    mutants=wrong(
        "=",
        ("sign", G(M)),
        ("stage off by one", -G(M + 1)),
        ("nothing saved", sp.Integer(0)),
        ("positive part dropped", threshold(M) - E(o(M) * X)),
        ("extra cost added", delta(M + 1) - G(M)),
    ),
    restatement=Restatement(threshold(M) - E(sp.Max(o(M) * X, threshold(M))), expectation, (use("saving", m=M),)),
)


def placed(last: sp.Expr) -> sp.Expr:
    """What is paid whatever the rule: the edge's share and the download."""
    return C + sp.Sum(D(i), (i, 1, last))


R6 = Claim(
    label="R6",
    statement=r"J(M+1) - J(M) = D_{M+1} - \pi_M G_M",
    left=J(M + 1) - J(M),
    steps=derive(
        J(M + 1) - J(M),
        (
            "=",
            placed(M + 1) + u(0, M + 1) - placed(M) - u(0, M),
            "the ETC of an inference",
            algebra,
            use("ETC"),
            use("ETC", M=M + 1),
        ),
        ("=", D(M + 1) + step_u(sp.Integer(0)), "one term more in the sum", algebra),
        ("=", D(M + 1) + pi(M) * step_u(M), "nothing changes before stage M (L10)", algebra, use(L10, n=M)),
        ("=", D(M + 1) - pi(M) * G(M), "at stage M the saving (L11)", algebra, use(L11)),
    ),
    relation="=",
    formula=D(M + 1) - pi(M) * G(M),
    mutants=wrong(
        "=",
        ("sign of the saving", D(M + 1) + pi(M) * G(M)),
        ("download of the layer before", D(M) - pi(M) * G(M)),
        ("reach off by one", D(M + 1) - pi(M + 1) * G(M)),
        ("saving off by one", D(M + 1) - pi(M) * G(M + 1)),
        ("reach dropped", D(M + 1) - G(M)),
        ("download dropped", -pi(M) * G(M)),
        ("tie not saved", D(M + 1) - pi(M) * E((o(M) * X) * indicator(o(M) * X > threshold(M)))),
    ),
    restatement=Restatement(
        D(M + 1) - pi(M) * (o(M) * mu - E(sp.Min(o(M) * X, threshold(M)))),
        expectation,
        (use("saving", m=M), use("mean")),
    ),
    note="Written for M + 1 in place of M: layer M pays iff D_M is below the saving at stage M - 1 times the chance of reaching it. Any chain, any law.",
)

# -- N1: the same for k-stage look-ahead ---------------------------------------------------------------------------------------
LADDER = sp.Min(n + k, M)
MEET = sp.Max(M + 1 - k, 0)  # from this stage on the look-ahead sees the end


def step_c(at: sp.Expr) -> sp.Expr:
    """What one layer more changes for k-sla from a stage on."""
    return c(at, k, M + 1) - c(at, k, M)


L12 = Claim(
    label="L12",
    statement=r"n + k \ge M \implies c_n^{k} = v_n: \text{ look-ahead that sees the end is optimal}",
    left=c(n, k, M),
    steps=(
        by_induction(
            c(n, k, M),
            "=",
            v(n, M),
            n,
            M,
            derive(
                c(M, k, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("k-sla ends")),
                ("=", v(M, M), "so does the optimal rule", algebra, use("optimal ends")),
            ),
            derive(
                c(n, k, M),
                (
                    "=",
                    follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M)),
                    "what k-sla pays",
                    algebra,
                    use("k-sla"),
                ),
                (
                    "=",
                    follow(sending, go_on(n, LADDER), delta(n + 1) + c(n + 1, k, M)),
                    "its threshold",
                    algebra,
                    use("k-sla threshold"),
                ),
                ("=", follow(sending, go_on(n, M), delta(n + 1) + c(n + 1, k, M)), "the cut is M", index(LADDER, M)),
                ("=", follow(sending, go_on(n, M), go_on(n, M)), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", E(sp.Min(sending, go_on(n, M))), "the smaller of two", expectation),
                ("=", v(n, M), "the recursion", algebra, use("optimal")),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=v(n, M),
    mutants=wrong(
        "=",
        ("1-sla", u(n, M)),
        ("horizon off by one", v(n, M + 1)),
        ("stage off by one", v(n + 1, M)),
        ("send at once", o(n) * E(X)),
        ("extra cost added", v(n, M) + delta(n + 1)),
    ),
    restatement=Restatement(v(n, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M, n + k >= M, k >= 1),
)
L13 = Claim(
    label="L13",
    statement=r"n + k \le M \implies c_n^{k,(M+1)} - c_n^{k,(M)} = P(o_n X > A_n^k)\,(c_{n+1}^{k,(M+1)} - c_{n+1}^{k,(M)})",
    left=step_c(n),
    steps=derive(
        step_c(n),
        (
            "=",
            follow(sending, a(n, k, M + 1), delta(n + 1) + c(n + 1, k, M + 1))
            - follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M)),
            "both recursions",
            algebra,
            use("k-sla"),
            use("k-sla", M=M + 1),
        ),
        (
            "=",
            follow(sending, go_on(n, sp.Min(n + k, M + 1)), delta(n + 1) + c(n + 1, k, M + 1))
            - follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M)),
            "the threshold at the longer horizon",
            algebra,
            use("k-sla threshold", M=M + 1),
        ),
        (
            "=",
            follow(sending, go_on(n, LADDER), delta(n + 1) + c(n + 1, k, M + 1))
            - follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M)),
            "the cut lies before both ends",
            index(sp.Min(n + k, M + 1), LADDER),
        ),
        (
            "=",
            follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M + 1))
            - follow(sending, a(n, k, M), delta(n + 1) + c(n + 1, k, M)),
            "so it is the threshold at the shorter one",
            algebra,
            use("k-sla threshold"),
        ),
        ("=", chance(sending, a(n, k, M)) * step_c(n + 1), "they differ only where k-sla goes on", expectation),
    ),
    relation="=",
    formula=chance(sending, a(n, k, M)) * step_c(n + 1),
    mutants=wrong(
        "=",
        ("chance of stopping", (1 - chance(sending, a(n, k, M))) * step_c(n + 1)),
        ("chance dropped", step_c(n + 1)),
        ("sign", -chance(sending, a(n, k, M)) * step_c(n + 1)),
        ("stage not advanced", chance(sending, a(n, k, M)) * step_c(n)),
        ("1-sla's threshold", chance(sending, threshold(n)) * step_c(n + 1)),
    ),
    restatement=Restatement((1 - E(indicator(sending <= a(n, k, M)))) * step_c(n + 1), expectation),
    assumptions=(n + k <= M, k >= 1),
    samples={"k": ("1", "2"), "M": ("2", "3"), "n": ("0", "1")},
)
L14 = Claim(
    label="L14",
    statement=r"c_0^{k,(M+1)} - c_0^{k,(M)} = \pi_n^{k}\,(c_n^{k,(M+1)} - c_n^{k,(M)}) \quad (n \le \max(M + 1 - k, 0))",
    left=step_c(sp.Integer(0)),
    steps=(
        by_induction(
            step_c(sp.Integer(0)),
            "=",
            r(n, k, M) * step_c(n),
            n,
            0,
            derive(
                step_c(sp.Integer(0)),
                (
                    "=",
                    r(0, k, M) * step_c(sp.Integer(0)),
                    "stage 0 is always reached",
                    algebra,
                    use("k-sla reach starts"),
                ),
            ),
            derive(
                step_c(sp.Integer(0)),
                ("=", r(n, k, M) * step_c(n), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", r(n, k, M) * chance(sending, a(n, k, M)) * step_c(n + 1), "one stage (L13)", algebra, use(L13)),
                (
                    "=",
                    r(n + 1, k, M) * step_c(n + 1),
                    "the chance of reaching the next stage",
                    algebra,
                    use("k-sla reach", m=n),
                ),
            ),
        ),
    ),
    relation="=",
    formula=r(n, k, M) * step_c(n),
    mutants=wrong(
        "=",
        ("reach off by one", r(n + 1, k, M) * step_c(n)),
        ("reach of 1-sla", pi(n) * step_c(n)),
        ("reach dropped", step_c(n)),
        ("sign", -r(n, k, M) * step_c(n)),
        ("stage off by one", r(n, k, M) * step_c(n + 1)),
    ),
    restatement=Restatement(r(n, k, M) * c(n, k, M + 1) - c(n, k, M) * r(n, k, M)),
    assumptions=(n <= MEET, n <= M, k >= 1),
    samples={"k": ("1", "2"), "M": ("2", "3")},
)
N1 = Claim(
    label="N1",
    statement=r"J_k(M+1) - J_k(M) = D_{M+1} - \pi_j^{k}\,(v_j^{(M)} - v_j^{(M+1)}), \quad j = \max(M + 1 - k, 0)",
    left=Jk(k, M + 1) - Jk(k, M),
    steps=derive(
        Jk(k, M + 1) - Jk(k, M),
        (
            "=",
            placed(M + 1) + c(0, k, M + 1) - placed(M) - c(0, k, M),
            "the ETC of an inference",
            algebra,
            use("ETC of k-sla"),
            use("ETC of k-sla", M=M + 1),
        ),
        ("=", D(M + 1) + step_c(sp.Integer(0)), "one term more in the sum", algebra),
        (
            "=",
            D(M + 1) + r(MEET, k, M) * step_c(MEET),
            "nothing changes before stage j (L14)",
            algebra,
            use(L14, n=MEET),
        ),
        (
            "=",
            D(M + 1) - r(MEET, k, M) * (v(MEET, M) - v(MEET, M + 1)),
            "from stage j on k-sla sees the end of either placement (L12)",
            algebra,
            use(L12, n=MEET),
            use(L12, n=MEET, M=M + 1),
        ),
    ),
    relation="=",
    formula=D(M + 1) - r(MEET, k, M) * (v(MEET, M) - v(MEET, M + 1)),
    mutants=wrong(
        "=",
        ("sign", D(M + 1) + r(MEET, k, M) * (v(MEET, M) - v(MEET, M + 1))),
        (
            "stage off by one",
            D(M + 1) - r(sp.Max(M - k, 0), k, M) * (v(sp.Max(M - k, 0), M) - v(sp.Max(M - k, 0), M + 1)),
        ),
        ("reach dropped", D(M + 1) - (v(MEET, M) - v(MEET, M + 1))),
        ("reach of 1-sla", D(M + 1) - pi(MEET) * (v(MEET, M) - v(MEET, M + 1))),
        ("download of the layer before", D(M) - r(MEET, k, M) * (v(MEET, M) - v(MEET, M + 1))),
        ("saving of 1-sla", D(M + 1) - pi(M) * G(M)),
    ),
    restatement=Restatement(D(M + 1) + r(MEET, k, M) * v(MEET, M + 1) - v(MEET, M) * r(MEET, k, M)),
    assumptions=(k >= 1,),
    samples={"k": ("1", "2", "3")},
    note="k = 1 is R6; k > M is the optimal rule. ",
)
