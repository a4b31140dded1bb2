"""Claims about equal layers and a channel with two states, where 1-sla is exactly optimal (R18, new results)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, use
from coinfer.derivations.engine.model import (
    E,
    M,
    U,
    V,
    X,
    alpha,
    bits,
    chance,
    delta,
    extra,
    follow,
    g_save,
    high,
    i,
    indicator,
    k,
    low,
    m,
    n,
    o,
    p,
    threshold,
    u,
)
from coinfer.derivations.engine.prover import algebra, calculus, index, order
from coinfer.derivations.engine.writing import by_induction, derive, wrong
from coinfer.derivations.proofs.equal_layers import equal, excess, sending, stage

# -- R18: two channel states ---------------------------------------------------------------------------------------------------
TWO_POINTS = (alpha > 0, alpha <= 1, low < high, extra > 0, bits > 0)
stay = 1 - alpha  # probability of the worse state
two_saving = sp.Max(stay * (alpha * bits * (high - low) - extra), 0)
L39 = Claim(
    label="L39",
    statement=r"0 < \alpha \le 1 \implies (1 - \alpha)^k \le 1",
    left=stay**k,
    steps=(
        by_induction(
            stay**k,
            "<=",
            sp.Integer(1),
            k,
            0,
            derive(sp.Integer(1), ("=", sp.Integer(1), "an empty product", algebra)),
            derive(
                stay ** (k + 1),
                ("=", stay * stay**k, "one factor", algebra),
                ("<=", stay, "hypothesis", order, use(HYPOTHESIS)),
                ("<=", sp.Integer(1), "alpha is positive", order),
            ),
        ),
    ),
    relation="<=",
    formula=sp.Integer(1),
    mutants=wrong(
        "<=",
        ("relation turned", sp.Integer(1), ">="),
        ("equality", sp.Integer(1), "="),
        ("strict", sp.Integer(1), "<"),
        ("at most alpha", alpha),
        ("at most a half", sp.Rational(1, 2)),
    ),
    restatement=Restatement(sp.Sum(1, (i, 1, 1)), calculus),
    assumptions=(alpha > 0, alpha <= 1),
    samples={"alpha": ("1/3", "1/2", "3/4", "1")},
)

L40 = Claim(
    label="L40",
    statement=r"0 < \alpha \le 1 \implies (1 - \alpha)^k \ge 0",
    left=stay**k,
    steps=(
        by_induction(
            stay**k,
            ">=",
            sp.Integer(0),
            k,
            0,
            derive(sp.Integer(1), (">=", sp.Integer(0), "an empty product", order)),
            derive(
                stay ** (k + 1),
                ("=", stay * stay**k, "one factor", algebra),
                (">=", sp.Integer(0), "hypothesis", order, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation=">=",
    formula=sp.Integer(0),
    mutants=wrong(
        ">=",
        ("relation turned", sp.Integer(0), "<="),
        ("equality", sp.Integer(0), "="),
        ("strict", sp.Integer(0), ">"),
        ("at least alpha", alpha),
        ("at least a half", sp.Rational(1, 2)),
    ),
    restatement=Restatement(sp.Sum(1, (i, 1, 0)), calculus),
    assumptions=(alpha > 0, alpha <= 1),
    samples={"alpha": ("1/3", "1/2", "3/4", "1")},
)
R18c = Claim(
    label="R18c",
    statement=r"X \in \{a, b\},\ P(a) = \alpha: \quad V_k = o\mu - G\,\frac{1 - (1 - \alpha)^k}{\alpha}, \quad G = (1 - \alpha)(\alpha o (b - a) - \delta)^+",
    left=V(k),
    steps=(
        by_induction(
            V(k),
            "=",
            bits * E(X) - two_saving * (1 - stay**k) / alpha,
            k,
            0,
            derive(
                V(0),
                ("=", E(sending), "no stage left", algebra, use("stages left, none")),
                ("=", bits * E(X) - two_saving * (1 - stay**0) / alpha, "no stage, no saving", algebra),
            ),
            derive(
                V(k + 1),
                ("=", stage(V(k)), "the recursion", algebra, use("stages left")),
                (
                    "=",
                    bits * E(X) - two_saving * (1 - stay * stay**k) / alpha,
                    "in the better state it stops; in the worse it goes on, if that saves at all (hypothesis, L39, L40)",
                    order,
                    use(HYPOTHESIS),
                    use(L39),
                    use(L40),
                ),
                ("=", bits * E(X) - two_saving * (1 - stay ** (k + 1)) / alpha, "one power more", algebra),
            ),
        ),
    ),
    relation="=",
    formula=bits * E(X) - two_saving * (1 - stay**k) / alpha,
    mutants=wrong(
        "=",
        ("sign of the saving", bits * E(X) + two_saving * (1 - stay**k) / alpha),
        ("exponent off by one", bits * E(X) - two_saving * (1 - stay ** (k + 1)) / alpha),
        ("states swapped", bits * E(X) - two_saving * (1 - alpha**k) / (1 - alpha)),
        ("divisor dropped", bits * E(X) - two_saving * (1 - stay**k)),
        ("positive part dropped", bits * E(X) - stay * (alpha * bits * (high - low) - extra) * (1 - stay**k) / alpha),
        ("series not summed", bits * E(X) - two_saving * k),
    ),
    restatement=Restatement(alpha * bits * low + stay * bits * high + two_saving * (stay**k - 1) / alpha, algebra),
    assumptions=TWO_POINTS,
    setting="two points",
    samples={"alpha": ("1/4", "1/3", "1/2", "2/3"), "k": ("0", "1", "2", "3", "4")},
)
R18d = Claim(
    label="R18d",
    statement=r"X \in \{a, b\}: \quad u_n = V_{M-n} = v_n: \text{ 1-sla is exactly optimal}",
    left=u(n, M),
    steps=(
        by_induction(
            u(n, M),
            "=",
            V(M - n),
            n,
            M,
            derive(
                u(M, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("1-sla ends")),
                ("=", E(sending), "every layer is the same", algebra, *equal(M)),
                ("=", V(0), "no stage left", algebra, use("stages left, none")),
            ),
            derive(
                u(n, M),
                (
                    "=",
                    follow(o(n) * X, threshold(n), delta(n + 1) + u(n + 1, M)),
                    "what 1-sla pays",
                    algebra,
                    use("1-sla"),
                ),
                (
                    "=",
                    follow(sending, extra + bits * E(X), extra + u(n + 1, M)),
                    "every layer is the same",
                    algebra,
                    *equal(n, n + 1),
                ),
                (
                    "=",
                    follow(sending, extra + bits * E(X), extra + V(M - n - 1)),
                    "hypothesis",
                    algebra,
                    use(HYPOTHESIS),
                ),
                (
                    "=",
                    stage(V(M - n - 1)),
                    "both rules decide alike in either state, by the closed form of V (R18c, L39, L40)",
                    order,
                    use(R18c, k=M - n - 1),
                    use(L39, k=M - n - 1),
                    use(L40, k=M - n - 1),
                ),
                ("=", V(M - n), "one stage more is left", algebra, use("stages left", k=M - n - 1)),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=V(M - n),
    mutants=wrong(
        "=",
        ("stages passed", V(n)),
        ("one too many", V(M - n + 1)),
        ("horizon alone", V(M)),
        ("always the input", V(0)),
        ("sign", -V(M - n)),
    ),
    restatement=Restatement(V(sp.Max(M - n, 0)), index(sp.Max(M - n, 0), M - n)),
    assumptions=(n <= M, *TWO_POINTS),
    setting="two points",
    samples={"alpha": ("1/4", "1/3", "1/2", "2/3")},
)
R18e = Claim(
    label="R18e",
    statement=r"X \in \{a, b\}: \quad G = (1 - \alpha)(\alpha o (b - a) - \delta)^+",
    left=g_save,
    steps=derive(
        g_save,
        ("=", E(excess), "the saving", algebra, use("equal layers, saving")),
        ("=", two_saving, "only in the worse state is the threshold passed", order),
    ),
    relation="=",
    formula=two_saving,
    mutants=wrong(
        "=",
        ("sign of the cost", stay * sp.Max(alpha * bits * (high - low) + extra, 0)),
        ("chances swapped", alpha * sp.Max(stay * bits * (high - low) - extra, 0)),
        ("chance dropped", sp.Max(alpha * bits * (high - low) - extra, 0)),
        ("o dropped", stay * sp.Max(alpha * (high - low) - extra, 0)),
        ("positive part dropped", stay * (alpha * bits * (high - low) - extra)),
    ),
    restatement=Restatement(sp.Max(stay * (bits * high - bits * E(X) - extra), 0), order),
    assumptions=TWO_POINTS,
    setting="two points",
    samples={"alpha": ("1/4", "1/3", "1/2", "2/3")},
)
R18f = Claim(
    label="R18f",
    statement=r"X \in \{a, b\},\ G > 0: \quad p = 1 - \alpha",
    left=p,
    steps=derive(
        p,
        ("=", chance(sending, extra + bits * E(X)), "the chance of going on", algebra, use("equal layers, chance")),
        ("=", stay, "1-sla goes on in the worse state only", order),
    ),
    relation="=",
    formula=stay,
    mutants=wrong(
        "=",
        ("states swapped", alpha),
        ("never goes on", sp.Integer(0)),
        ("always goes on", sp.Integer(1)),
        ("squared", stay**2),
        ("sum", 1 + alpha),
    ),
    restatement=Restatement(E(indicator(high <= X)), order),
    assumptions=(*TWO_POINTS, alpha * bits * (high - low) > extra),
    setting="two points",
    samples={"alpha": ("1/4", "1/3", "2/3", "3/4")},
    note="For G = 0 1-sla always stops, p = 0, and R7 still holds with either value of p, since G multiplies the series.",
)

# -- N2: two channel states at M = N --------------------------------------------------------------------------------------------
N2a = Claim(
    label="N2a",
    statement=r"m\delta \le o a \implies U_m = m\delta: \text{ run on, no state is worth sending in}",
    left=U(m),
    steps=(
        by_induction(
            U(m),
            "=",
            m * extra,
            m,
            0,
            derive(
                U(0), ("=", sp.Integer(0), "the result stays at home", algebra, use("result at home, no stage left"))
            ),
            derive(
                U(m + 1),
                ("=", stage(U(m)), "the recursion", algebra, use("result at home", k=m)),
                ("=", stage(m * extra), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", (m + 1) * extra, "sending costs at least o a", order),
            ),
        ),
    ),
    relation="=",
    formula=m * extra,
    mutants=wrong(
        "=",
        ("one too many", (m + 1) * extra),
        ("one too few", (m - 1) * extra),
        ("sign", -m * extra),
        ("cost of sending", bits * low),
        ("one layer", extra),
    ),
    restatement=Restatement(-(U(0) - m * extra), algebra, (use("result at home, no stage left"),)),
    assumptions=(*TWO_POINTS, m * extra <= bits * low),
    setting="two points",
    samples={"alpha": ("1/4", "1/3", "1/2", "2/3"), "delta": ("1/4", "1/3", "1/2"), "o": ("1", "2", "3")},
)
rest = bits * low + stay * extra / alpha  # where the affine recursion rests
N2 = Claim(
    label="N2",
    statement=r"m = \lfloor oa/\delta \rfloor: \quad U_{m+k} = \min\{o\mu,\ u^* - (1 - \alpha)^k (u^* - m\delta)\}, \quad u^* = oa + \frac{1 - \alpha}{\alpha}\delta",
    left=U(m + k),
    steps=(
        by_induction(
            U(m + k),
            "=",
            sp.Min(bits * E(X), rest - stay**k * (rest - m * extra)),
            k,
            0,
            derive(
                U(m),
                ("=", m * extra, "up to there it runs on (N2a)", algebra, use(N2a)),
                ("=", sp.Min(bits * E(X), m * extra), "which costs no more than sending in the better state", order),
                ("=", sp.Min(bits * E(X), rest - (rest - m * extra)), "the closed form at k = 0", algebra),
            ),
            derive(
                U(m + k + 1),
                ("=", stage(U(m + k)), "the recursion", algebra, use("result at home", k=m + k)),
                (
                    "=",
                    sp.Min(bits * E(X), rest - stay * stay**k * (rest - m * extra)),
                    "in the better state it now sends; in the worse it goes on unless sending is cheaper (hypothesis, L39, L40)",
                    order,
                    use(HYPOTHESIS),
                    use(L39),
                    use(L40),
                ),
                ("=", sp.Min(bits * E(X), rest - stay ** (k + 1) * (rest - m * extra)), "one power more", algebra),
            ),
        ),
    ),
    relation="=",
    formula=sp.Min(bits * E(X), rest - stay**k * (rest - m * extra)),
    mutants=wrong(
        "=",
        ("exponent off by one", sp.Min(bits * E(X), rest - stay ** (k + 1) * (rest - m * extra))),
        ("sign of the rest", sp.Min(bits * E(X), rest + stay**k * (rest - m * extra))),
        ("cap dropped", rest - stay**k * (rest - m * extra)),
        ("states swapped", sp.Min(bits * E(X), rest - alpha**k * (rest - m * extra))),
        ("one stage fewer run on", sp.Min(bits * E(X), rest - stay**k * (rest - (m + 1) * extra))),
        ("limit", sp.Min(bits * E(X), rest)),
        ("result sent like a feature", V(m + k)),
    ),
    restatement=Restatement(
        sp.Min(alpha * bits * low + stay * bits * high, rest - stay**k * (rest - m * extra)), order
    ),
    assumptions=(*TWO_POINTS, m * extra <= bits * low, (m + 1) * extra > bits * low),
    setting="two points",
    samples={
        "alpha": ("1/4", "1/3", "1/2", "2/3"),
        "delta": ("1/3", "1/2", "1", "2"),
        "o": ("1", "2", "3"),
        "k": ("0", "1", "2", "3", "4"),
    },
    note="With N2a the optimum at M = N in closed form: J(N) = C_edge + N D + U_N. ",
)
