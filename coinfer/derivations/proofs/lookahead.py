"""Claims about look-ahead: its gap to the optimal rule, stage by stage, and the ladder it forms (R15, R17)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, use
from coinfer.derivations.engine.model import (
    E,
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
    threshold,
    u,
    v,
)
from coinfer.derivations.engine.prover import (
    algebra,
    expectation,
    index,
    inside_sum,
    order,
)
from coinfer.derivations.engine.writing import by_induction, derive, wrong
from coinfer.derivations.proofs.stopping import R5a, R5b, R10a, placed

LADDER = sp.Min(n + k, M)  # the stage at which k-sla cuts the problem
sending = o(n) * X

# -- R15: the gap of 1-sla, exactly ----------------------------------------------------------------------------------------


def too_early(at: sp.Expr) -> sp.Expr:
    """The price of stopping too early at a stage."""
    here = o(at) * X
    return E((here - go_on(at, M)) * indicator(here > go_on(at, M)) * indicator(here <= threshold(at)))


def gap(at: sp.Expr) -> sp.Expr:
    """What 1-sla loses from a stage on."""
    return u(at, M) - v(at, M)


REACHED = pi(i)


def prices(last: sp.Expr, weight: sp.Expr = REACHED) -> sp.Expr:
    """The prices up to a stage, each weighted with the probability of reaching it."""
    return sp.Sum(weight * too_early(i), (i, 0, last))


L6 = Claim(
    label="L6",
    statement=r"u_n - v_n = P(o_n X > A_n^1)(u_{n+1} - v_{n+1}) + \mathbb{E}[o_n X - A_n^{\mathrm{opt}}; A_n^{\mathrm{opt}} < o_n X \le A_n^1]",
    left=gap(n),
    steps=derive(
        gap(n),
        (
            "=",
            follow(sending, threshold(n), delta(n + 1) + u(n + 1, M)) - E(sp.Min(sending, go_on(n, M))),
            "both recursions",
            algebra,
            use("1-sla"),
            use("optimal"),
        ),
        (
            "=",
            chance(sending, threshold(n)) * gap(n + 1) + too_early(n),
            "outcome by outcome; the optimal threshold is lower (R5b)",
            expectation,
            use(R5b),
        ),
    ),
    relation="=",
    formula=chance(sending, threshold(n)) * gap(n + 1) + too_early(n),
    mutants=wrong(
        "=",
        ("price dropped", chance(sending, threshold(n)) * gap(n + 1)),
        ("later gap dropped", too_early(n)),
        ("sign of the price", chance(sending, threshold(n)) * gap(n + 1) - too_early(n)),
        ("chance of stopping", (1 - chance(sending, threshold(n))) * gap(n + 1) + too_early(n)),
        ("chance under the optimal rule", chance(sending, go_on(n, M)) * gap(n + 1) + too_early(n)),
    ),
    restatement=Restatement((1 - E(indicator(sending <= threshold(n)))) * gap(n + 1) + too_early(n), expectation),
    assumptions=(n + 1 <= M,),
)
L7 = Claim(
    label="L7",
    statement=r"u_0 - v_0 = \sum_{i<n}\pi_i\,\mathbb{E}[o_i X - A_i^{\mathrm{opt}}; A_i^{\mathrm{opt}} < o_i X \le A_i^1] + \pi_n(u_n - v_n)",
    left=gap(sp.Integer(0)),
    steps=(
        by_induction(
            gap(sp.Integer(0)),
            "=",
            prices(n - 1) + pi(n) * gap(n),
            n,
            0,
            derive(
                gap(sp.Integer(0)),
                (
                    "=",
                    prices(sp.Integer(-1)) + pi(0) * gap(sp.Integer(0)),
                    "stage 0 is always reached",
                    algebra,
                    use("reach starts"),
                ),
            ),
            derive(
                gap(sp.Integer(0)),
                ("=", prices(n - 1) + pi(n) * gap(n), "hypothesis", algebra, use(HYPOTHESIS)),
                (
                    "=",
                    prices(n - 1) + pi(n) * (chance(sending, threshold(n)) * gap(n + 1) + too_early(n)),
                    "one stage (L6)",
                    algebra,
                    use(L6),
                ),
                (
                    "=",
                    prices(n) + pi(n + 1) * gap(n + 1),
                    "the chance of reaching the next stage",
                    algebra,
                    use("reach", m=n),
                ),
            ),
        ),
    ),
    relation="=",
    formula=prices(n - 1) + pi(n) * gap(n),
    mutants=wrong(
        "=",
        ("one stage too few", prices(n - 2) + pi(n) * gap(n)),
        ("one stage too many", prices(n) + pi(n) * gap(n)),
        ("reach off by one", prices(n - 1) + pi(n + 1) * gap(n)),
        ("rest dropped", prices(n - 1)),
        ("weights dropped", prices(n - 1, sp.Integer(1)) + pi(n) * gap(n)),
    ),
    restatement=Restatement(pi(n) * u(n, M) + prices(n - 1) - pi(n) * v(n, M)),
    assumptions=(n <= M,),
)
R15 = Claim(
    label="R15",
    statement=r"u_0 - v_0 = \sum_{n<M}\pi_n\,\mathbb{E}[o_n X - A_n^{\mathrm{opt}}; A_n^{\mathrm{opt}} < o_n X \le A_n^1]",
    left=gap(sp.Integer(0)),
    steps=derive(
        gap(sp.Integer(0)),
        ("=", prices(M - 1) + pi(M) * gap(M), "stage by stage to the end (L7)", algebra, use(L7, n=M)),
        ("=", prices(M - 1), "at stage M both send", algebra, use("1-sla ends"), use("optimal ends")),
    ),
    relation="=",
    formula=prices(M - 1),
    mutants=wrong(
        "=",
        ("two stages too few", prices(M - 3)),
        ("sign", -prices(M - 1)),
        ("weights dropped", prices(M - 1, sp.Integer(1))),
        ("reach off by one", prices(M - 1, pi(i + 1))),
        ("first stage dropped", prices(M - 1) - too_early(sp.Integer(0))),
        (
            "price against 1-sla's threshold",
            sp.Sum(
                pi(i)
                * E(
                    (o(i) * X - threshold(i)) * indicator(o(i) * X > go_on(i, M)) * indicator(o(i) * X <= threshold(i))
                ),
                (i, 0, M - 1),
            ),
        ),
    ),
    restatement=Restatement(
        sp.Sum(
            E(
                pi(i)
                * (o(i) * X - go_on(i, M))
                * indicator(o(i) * X > go_on(i, M))
                * indicator(o(i) * X <= threshold(i))
            ),
            (i, 0, M - 1),
        ),
        inside_sum(expectation),
    ),
    note="The download is the same for both and cancels. The last term, n = M - 1, is always 0: there both thresholds agree. "
    "",
)

# -- R17: the ladder of look-aheads ------------------------------------------------------------------------------------------
FURTHER = sp.Min(n + k + 1, M)


def look(depth: sp.Expr, bound: sp.Expr) -> sp.Expr:
    """What a look-ahead pays from a stage on, with this threshold there."""
    return follow(sending, bound, delta(n + 1) + c(n + 1, depth, M))


L8 = Claim(
    label="L8",
    statement=r"c_n^{k} \le v_n^{(\min(n+k, M))}: \text{ look-ahead pays no more than the plan it looks at}",
    left=c(n, k, M),
    steps=(
        by_induction(
            c(n, k, M),
            "<=",
            v(n, LADDER),
            n,
            M,
            derive(
                c(M, k, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("k-sla ends")),
                ("=", v(M, M), "so does the optimal rule", algebra, use("optimal ends")),
                ("=", v(M, sp.Min(M + k, M)), "the cut is M", index(sp.Min(M + k, M), M)),
            ),
            derive(
                c(n, k, M),
                ("=", look(k, a(n, k, M)), "what k-sla pays", algebra, use("k-sla")),
                ("=", look(k, go_on(n, LADDER)), "its threshold", algebra, use("k-sla threshold")),
                (
                    "<=",
                    E(sp.Min(sending, go_on(n, LADDER))),
                    "later it pays at most the plan from there (hypothesis), which is no worse for a longer cut (R5a)",
                    expectation,
                    use(HYPOTHESIS),
                    use(R5a, n=n + 1, m=LADDER, M=FURTHER),
                ),
                ("=", v(n, LADDER), "the recursion", algebra, use("optimal", M=LADDER)),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=v(n, LADDER),
    mutants=wrong(
        "<=",
        ("relation turned", v(n, LADDER), ">="),
        ("equality", v(n, LADDER), "="),
        ("strict", v(n, LADDER), "<"),
        ("optimal at M", v(n, M)),
        ("cut one stage further", v(n, FURTHER)),
        ("stage off by one", v(n + 1, sp.Max(LADDER, n + 1))),
    ),
    restatement=Restatement(v(n, M - sp.Max(M - n - k, 0)), index(M - sp.Max(M - n - k, 0), LADDER)),
    assumptions=(n <= M, k >= 1),
    samples={"k": ("1", "2")},
)
R17 = Claim(
    label="R17",
    statement=r"c_n^{k+1} \le c_n^{k}: \text{ looking further never costs more}",
    left=c(n, k + 1, M),
    steps=(
        by_induction(
            c(n, k + 1, M),
            "<=",
            c(n, k, M),
            n,
            M,
            derive(
                c(M, k + 1, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("k-sla ends", k=k + 1)),
                ("=", c(M, k, M), "so does k-sla", algebra, use("k-sla ends")),
            ),
            derive(
                c(n, k + 1, M),
                ("=", look(k + 1, a(n, k + 1, M)), "what (k+1)-sla pays", algebra, use("k-sla", k=k + 1)),
                ("=", look(k + 1, go_on(n, FURTHER)), "its threshold", algebra, use("k-sla threshold", k=k + 1)),
                (
                    "<=",
                    look(k, go_on(n, LADDER)),
                    "thresholds fall with k (R5a), and where only (k+1)-sla goes on it expects no more than its own threshold (L8, R5a)",
                    expectation,
                    use(HYPOTHESIS),
                    use(R5a, n=n + 1, m=LADDER, M=FURTHER),
                    use(L8, n=n + 1, k=k + 1),
                    use(R5a, n=n + 1, m=FURTHER, M=sp.Min(n + k + 2, M)),
                ),
                ("=", look(k, a(n, k, M)), "the threshold of k-sla", algebra, use("k-sla threshold")),
                ("=", c(n, k, M), "what k-sla pays", algebra, use("k-sla")),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=c(n, k, M),
    mutants=wrong(
        "<=",
        ("relation turned", c(n, k, M), ">="),
        ("equality", c(n, k, M), "="),
        ("strict", c(n, k, M), "<"),
        ("optimal", v(n, M)),
        ("two rungs", c(n, k + 2, M)),
        ("horizon off by one", c(n, k, M + 2)),
    ),
    restatement=Restatement(c(n, k, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M, k >= 1),
    samples={"k": ("1", "2"), "M": ("1", "2", "3")},
)
R17a = Claim(
    label="R17a",
    statement=r"c_0^{k} \le \sum_{i \le n}\delta_i + o_n\mu \quad (n \le \min(k, M))",
    left=c(0, k, M),
    steps=derive(
        c(0, k, M),
        ("<=", v(0, sp.Min(k, M)), "no more than the plan it looks at (L8)", order, use(L8, n=0)),
        ("<=", placed(n) + o(n) * E(X), "no static split is better (R10a)", order, use(R10a, M=sp.Min(k, M))),
    ),
    relation="<=",
    formula=placed(n) + o(n) * E(X),
    mutants=wrong(
        "<=",
        ("one split further", placed(n + 1) + o(n + 1) * E(X)),
        ("last layer free", placed(n - 1) + o(n) * E(X)),
        ("relation turned", placed(n) + o(n) * E(X), ">="),
        ("equality", placed(n) + o(n) * E(X), "="),
        ("extra costs dropped", o(n) * E(X)),
    ),
    restatement=Restatement(o(n) * mu + placed(n), algebra, (use("mean"),)),
    assumptions=(n <= M, n <= k, k >= 1),
    samples={"k": ("1", "2")},
    note="So 1-sla can lose only to static splits n >= 2, and k at least the best static split cures it.",
)
