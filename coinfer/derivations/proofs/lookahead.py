"""Claims about look-ahead: its gap to the optimal rule, stage by stage, and the ladder it forms (R15, R17)."""

import sympy as sp

from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.stopping import R5a, R5b, R10a, extras

# -- R15: what 1-sla loses is what it pays for stopping too early, stage by stage
# what sending costs above a bound, where 1-sla sends and the optimal rule would go on
early = Lambda((n, A), (o(n) * X - A) * indicator(o(n) * X > go_on(n, M)) * indicator(o(n) * X <= threshold(n)))
too_early = Lambda(n, E(early(n, go_on(n, M))))  # the price of stopping too early at a stage
REACHED = pi(i)


def prices(last: sp.Expr, weight: sp.Expr = REACHED) -> sp.Expr:
    """The prices up to a stage, each weighted with the probability of reaching it."""
    return Sum(weight * too_early(i), (i, 0, last))


L6 = claim("L6", gap(n), n + 1 <= M)(
    r"u_n - v_n = P(o_n X > A_n^1)(u_{n+1} - v_{n+1}) + \mathbb{E}[o_n X - A_n^{\mathrm{opt}}; A_n^{\mathrm{opt}} < o_n X \le A_n^1]",
    eq(sla(n) - best(n), "both recursions", "1-sla", "optimal"),
    eq(
        sla_goes_on(n) * gap(n + 1) + too_early(n),
        "by outcomes: the optimal threshold is lower (R5b)",
        R5b,
        by=expectation,
    ),
    wrong={"price dropped": sla_goes_on(n) * gap(n + 1), "later gap dropped": too_early(n)}
    | {"sign of the price": sla_goes_on(n) * gap(n + 1) - too_early(n)}
    | {"chance of stopping": (1 - sla_goes_on(n)) * gap(n + 1) + too_early(n)}
    | {"chance under the optimal rule": goes_on(n) * gap(n + 1) + too_early(n)},
    restated=same((1 - E(indicator(sending <= threshold(n)))) * gap(n + 1) + too_early(n), by=expectation),
)
L7 = claim("L7", gap(0), n <= M)(
    r"u_0 - v_0 = \sum_{i<n}\pi_i\,\mathbb{E}[o_i X - A_i^{\mathrm{opt}}; A_i^{\mathrm{opt}} < o_i X \le A_i^1] + \pi_n(u_n - v_n)",
    forward("=", prices(n - 1) + pi(n) * gap(n), n, 0)(
        eq(prices(-1) + pi(0) * gap(0), "stage 0 is always reached", "reach starts")
    )(
        eq(prices(n - 1) + pi(n) * gap(n), "hypothesis", HYPOTHESIS),
        eq(prices(n - 1) + pi(n) * (sla_goes_on(n) * gap(n + 1) + too_early(n)), "one stage (L6)", L6),
        eq(prices(n) + pi(n + 1) * gap(n + 1), "the chance of reaching the next stage", use("reach", m=n)),
    ),
    wrong={"one stage too few": prices(n - 2) + pi(n) * gap(n), "one stage too many": prices(n) + pi(n) * gap(n)}
    | {"reach off by one": prices(n - 1) + pi(n + 1) * gap(n), "rest dropped": prices(n - 1)}
    | {"weights dropped": prices(n - 1, 1) + pi(n) * gap(n)},
    restated=same(pi(n) * u(n, M) + prices(n - 1) - pi(n) * v(n, M)),
)
R15 = claim("R15", gap(0))(
    r"u_0 - v_0 = \sum_{n<M}\pi_n\,\mathbb{E}[o_n X - A_n^{\mathrm{opt}}; A_n^{\mathrm{opt}} < o_n X \le A_n^1]",
    eq(prices(M - 1) + pi(M) * gap(M), "stage by stage to the end (L7)", use(L7, n=M)),
    eq(prices(M - 1), "at stage M both send", "1-sla ends", "optimal ends"),
    wrong={"two stages too few": prices(M - 3), "sign": -prices(M - 1), "weights dropped": prices(M - 1, 1)}
    | {"reach off by one": prices(M - 1, pi(i + 1)), "first stage dropped": prices(M - 1) - too_early(0)}
    | {"price against 1-sla's threshold": Sum(pi(i) * E(early(i, threshold(i))), (i, 0, M - 1))},
    restated=same(Sum(E(pi(i) * early(i, go_on(i, M))), (i, 0, M - 1)), by=inside_sum(expectation)),
    note="The download is the same for both and cancels. The last term, n = M - 1, is always 0: there both thresholds agree. ",
)

# -- R17: looking further never costs more
FURTHER = Min(n + k + 1, M)
L8 = claim("L8", c(n, k, M), n <= M, k >= 1)(
    r"c_n^{k} \le v_n^{(\min(n+k, M))}: \text{ look-ahead pays no more than the plan it looks at}",
    backward("<=", v(n, LADDER), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "k-sla ends"),
        eq(v(M, M), "so does the optimal rule", "optimal ends"),
        eq(v(M, Min(M + k, M)), "the cut is M", by=index(Min(M + k, M), M)),
    )(
        eq(look(k, a(n, k, M)), "what k-sla pays", "k-sla"),
        eq(look(k, go_on(n, LADDER)), "its threshold", "k-sla threshold"),
        le(
            best(n, LADDER),
            "later it pays at most the plan from there (hypothesis), which is no worse for a longer cut (R5a)",
            HYPOTHESIS,
            use(R5a, n=n + 1, m=LADDER, M=FURTHER),
            by=expectation,
        ),
        eq(v(n, LADDER), "the recursion", use("optimal", M=LADDER)),
    ),
    wrong={"optimal at M": v(n, M), "cut one stage further": v(n, FURTHER)}
    | {"stage off by one": v(n + 1, Max(LADDER, n + 1))},
    restated=same(v(n, M - Max(M - n - k, 0)), by=index(M - Max(M - n - k, 0), LADDER)),
    samples={"k": ("1", "2")},
)
R17 = claim("R17", c(n, k + 1, M), n <= M, k >= 1)(
    r"c_n^{k+1} \le c_n^{k}: \text{ looking further never costs more}",
    backward("<=", c(n, k, M), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", use("k-sla ends", k=k + 1)),
        eq(c(M, k, M), "so does k-sla", "k-sla ends"),
    )(
        eq(look(k + 1, a(n, k + 1, M)), "what (k+1)-sla pays", use("k-sla", k=k + 1)),
        eq(look(k + 1, go_on(n, FURTHER)), "its threshold", use("k-sla threshold", k=k + 1)),
        le(
            look(k, go_on(n, LADDER)),
            "thresholds fall with k (R5a), and where only (k+1)-sla goes on it expects no more than its own threshold (L8, R5a)",
            HYPOTHESIS,
            use(R5a, n=n + 1, m=LADDER, M=FURTHER),
            use(L8, n=n + 1, k=k + 1),
            use(R5a, n=n + 1, m=FURTHER, M=Min(n + k + 2, M)),
            by=expectation,
        ),
        eq(look(k, a(n, k, M)), "the threshold of k-sla", "k-sla threshold"),
        eq(c(n, k, M), "what k-sla pays", "k-sla"),
    ),
    wrong={"strict": "<", "optimal": v(n, M), "two rungs": c(n, k + 2, M), "horizon off by one": c(n, k, M + 2)},
    restated=same(c(n, k, Max(n, M)), by=index(Max(n, M), M)),
    samples={"k": ("1", "2"), "M": ("1", "2", "3")},
)
R17a = claim("R17a", c(0, k, M), n <= M, n <= k, k >= 1)(
    r"c_0^{k} \le \sum_{i \le n}\delta_i + o_n\mu \quad (n \le \min(k, M))",
    le(v(0, Min(k, M)), "no more than the plan it looks at (L8)", use(L8, n=0)),
    le(extras(n) + o(n) * E(X), "no static split is better (R10a)", use(R10a, M=Min(k, M))),
    wrong={"one split further": extras(n + 1) + o(n + 1) * E(X), "last layer free": extras(n - 1) + o(n) * E(X)}
    | {"extra costs dropped": o(n) * E(X)},
    restated=same(o(n) * mu + extras(n), "mean"),
    note="So 1-sla can lose only to static splits n >= 2, and k at least the best static split cures it.",
    samples={"k": ("1", "2")},
)
