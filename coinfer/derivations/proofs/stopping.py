"""Claims about rules that stop: the optimal one, look-ahead, and what separates them (R2 to R5, R10)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, use
from coinfer.derivations.engine.model import (
    A,
    E,
    F,
    M,
    X,
    Z,
    a,
    bits,
    delta,
    follow,
    go_on,
    i,
    indicator,
    k,
    m,
    mu,
    n,
    o,
    s,
    threshold,
    u,
    v,
    w,
    y,
    z,
)
from coinfer.derivations.engine.prover import (
    algebra,
    calculus,
    expectation,
    index,
    inside_integral,
    order,
    tonelli,
)
from coinfer.derivations.engine.writing import by_induction, derive, wrong

LADDER = sp.Min(n + k, M)  # the stage at which k-sla cuts the problem
sending = o(n) * X

# -- R2: one stage as a function of its threshold --------------------------------------------------------------------------
eps, B = sp.Symbol("epsilon", positive=True), sp.Symbol("B", real=True)
part = sp.Symbol("t", nonnegative=True)


def stage(bound: sp.Expr) -> sp.Expr:
    """What a stage costs if going on costs `bound`."""
    return E(sp.Min(bits * X, bound))


def area(integrand: sp.Expr, upper: sp.Expr = A) -> sp.Expr:
    """The integral over y from 0."""
    return sp.Integral(integrand, (y, 0, upper))


R2 = Claim(
    label="R2",
    statement=r"\mathbb{E}\min(oX, A) = A - \int_0^A F(y/o)\,dy \quad (o > 0,\ A \ge 0)",
    left=stage(A),
    steps=derive(
        stage(A),
        (
            "=",
            A - E(area(indicator(bits * X <= y))),
            "the part of [0, A] above oX is an integral of an indicator",
            expectation,
        ),
        ("=", A - area(E(indicator(bits * X <= y))), "Tonelli: the integrand is nonnegative", tonelli),
        (
            "=",
            A - area(F(y / bits)),
            "the distribution function of X",
            inside_integral(expectation),
            use("distribution", y=y / bits),
        ),
    ),
    relation="=",
    formula=A - area(F(y / bits)),
    mutants=wrong(
        "=",
        ("sign of the integral", A + area(F(y / bits))),
        ("threshold dropped", -area(F(y / bits))),
        ("o on the wrong side", A - area(F(y * bits))),
        ("tail for distribution", A - area(1 - F(y / bits))),
        ("o dropped", A - area(F(y))),
        ("upper limit oA", A - area(F(y / bits), bits * A)),
    ),
    restatement=Restatement(area(1 - F(y / bits)), calculus),
    assumptions=(bits > 0, A >= 0),
)
R2a = Claim(
    label="R2a",
    statement=r"\frac{\mathbb{E}\min(oX, A + \epsilon) - \mathbb{E}\min(oX, A)}{\epsilon} \le P(oX > A)",
    left=(stage(A + eps) - stage(A)) / eps,
    steps=derive(
        (stage(A + eps) - stage(A)) / eps,
        (
            "<=",
            E(indicator(bits * X > A)),
            "the smaller of two grows by at most epsilon, and only where oX > A",
            expectation,
        ),
    ),
    relation="<=",
    formula=E(indicator(bits * X > A)),
    mutants=wrong(
        "<=",
        ("slope beyond the step", E(indicator(bits * X > A + eps))),
        ("relation turned", E(indicator(bits * X > A)), ">="),
        ("distribution for tail", E(indicator(bits * X <= A))),
        ("o dropped", E(indicator(X > A))),
        ("equality", E(indicator(bits * X > A)), "="),
    ),
    restatement=Restatement(1 - E(indicator(bits * X <= A)), expectation),
    note="With R2b the right derivative is P(oX > A): both bounds meet as epsilon falls to 0, by continuity of a measure from below, "
    "which is a theorem about measures and is cited, not proved here.",
)
R2b = Claim(
    label="R2b",
    statement=r"\frac{\mathbb{E}\min(oX, A + \epsilon) - \mathbb{E}\min(oX, A)}{\epsilon} \ge P(oX \ge A + \epsilon)",
    left=(stage(A + eps) - stage(A)) / eps,
    steps=derive(
        (stage(A + eps) - stage(A)) / eps,
        (">=", E(indicator(bits * X >= A + eps)), "where oX is above both, it grows by all of epsilon", expectation),
    ),
    relation=">=",
    formula=E(indicator(bits * X >= A + eps)),
    mutants=wrong(
        ">=",
        ("tie rule and place", E(indicator(bits * X >= A))),
        ("slope at the start", E(indicator(bits * X > A))),
        ("relation turned", E(indicator(bits * X >= A + eps)), "<="),
        ("distribution for tail", E(indicator(bits * X <= A + eps))),
        ("o dropped", E(indicator(sp.Ge(X, A + eps)))),
    ),
    restatement=Restatement(1 - E(indicator(bits * X < A + eps)), expectation),
    note="Read at A - epsilon, R2a and R2b give the left derivative P(oX >= A) in the same way.",
)
R2c = Claim(
    label="R2c",
    statement=r"\mathbb{E}\min(oX, tA + (1-t)B) \ge t\,\mathbb{E}\min(oX, A) + (1-t)\,\mathbb{E}\min(oX, B)",
    left=stage(part * A + (1 - part) * B),
    steps=derive(
        stage(part * A + (1 - part) * B),
        (">=", part * stage(A) + (1 - part) * stage(B), "concave for every outcome, hence on average", expectation),
    ),
    relation=">=",
    formula=part * stage(A) + (1 - part) * stage(B),
    mutants=wrong(
        ">=",
        ("convex", part * stage(A) + (1 - part) * stage(B), "<="),
        ("linear", part * stage(A) + (1 - part) * stage(B), "="),
        ("weights swapped", (1 - part) * stage(A) + part * stage(B)),
        ("weights do not sum to 1", part * stage(A) + (1 + part) * stage(B)),
        ("larger of the ends", sp.Max(stage(A), stage(B))),
    ),
    restatement=Restatement(stage(B) + part * (stage(A) - stage(B))),
    assumptions=(part <= 1,),
    samples={"t": ("0", "1/3", "1/2", "1")},
)
L1 = Claim(
    label="L1",
    statement=r"A \le B \implies \mathbb{E}\min(oX, B) - \mathbb{E}\min(oX, A) \le B - A",
    left=stage(B) - stage(A),
    steps=derive(
        stage(B) - stage(A),
        ("<=", B - A, "the smaller of two grows no faster than either", expectation),
    ),
    relation="<=",
    formula=B - A,
    mutants=wrong(
        "<=",
        ("half", (B - A) / 2),
        ("sign", A - B),
        ("no growth", sp.Integer(0)),
        ("equality", B - A, "="),
        ("relation turned", B - A, ">="),
    ),
    restatement=Restatement(sp.Max(B - A, 0), order),
    assumptions=(A <= B,),
)
L2 = Claim(
    label="L2",
    statement=r"A \le B \implies \mathbb{E}\min(oX, A) \le \mathbb{E}\min(oX, B)",
    left=stage(A),
    steps=derive(stage(A), ("<=", stage(B), "the smaller of two grows with either", expectation)),
    relation="<=",
    formula=stage(B),
    mutants=wrong(
        "<=",
        ("relation turned", stage(B), ">="),
        ("equality", stage(B), "="),
        ("strict", stage(B), "<"),
        ("difference added", stage(B) - (B - A)),
        ("larger for smaller", -E(sp.Max(bits * X, B))),
    ),
    restatement=Restatement(B - E(sp.Max(B - bits * X, 0)), expectation),
    assumptions=(A <= B,),
)
R2d = Claim(
    label="R2d",
    statement=r"F \text{ continuous}: \quad \frac{d}{dA}\Bigl(A - \int_0^A F(y/o)\,dy\Bigr) = 1 - F(A/o)",
    left=sp.Derivative(A - area(F(y / bits)), A),
    steps=derive(
        sp.Derivative(A - area(F(y / bits)), A),
        ("=", 1 - F(A / bits), "Leibniz' rule", calculus),
    ),
    relation="=",
    formula=1 - F(A / bits),
    mutants=wrong(
        "=",
        ("sign", 1 + F(A / bits)),
        ("constant dropped", -F(A / bits)),
        ("distribution for tail", F(A / bits)),
        ("o on the wrong side", 1 - F(A * bits)),
        ("inner derivative", (1 - F(A / bits)) / bits),
    ),
    restatement=Restatement(sp.Derivative(A, A) - F(A / bits), calculus),
    assumptions=(bits > 0, A >= 0),
    setting="given law",
    samples={"o": ("1/2", "2", "3"), "A": ("1/2", "1", "2")},
)

# -- R3: the optimal rule ------------------------------------------------------------------------------------------------
R3 = Claim(
    label="R3",
    statement=r"v_n = \mathbb{E}\min(o_n X, \delta_{n+1} + v_{n+1}),\ v_M = o_M\mu \implies v_n \le w_n \text{ for every rule}",
    left=v(n, M),
    steps=(
        by_induction(
            v(n, M),
            "<=",
            w(n, M),
            n,
            M,
            derive(
                v(M, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("optimal ends")),
                ("=", w(M, M), "so does any rule", algebra, use("rule ends")),
            ),
            derive(
                v(n, M),
                ("=", E(sp.Min(sending, go_on(n, M))), "the recursion", algebra, use("optimal")),
                (
                    "<=",
                    E(s(n, X) * sending + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))),
                    "the smaller of two is at most any mixture of them, and going on is no dearer (hypothesis)",
                    expectation,
                    use(HYPOTHESIS),
                    use("rule's range"),
                ),
                ("=", w(n, M), "what the rule pays", algebra, use("rule")),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=w(n, M),
    mutants=wrong(
        "<=",
        ("relation turned", w(n, M), ">="),
        ("equality", w(n, M), "="),
        ("strict", w(n, M), "<"),
        ("extra cost dropped", w(n, M) - delta(n + 1)),
        ("index off by one", w(n + 1, M)),
        ("horizon off by one", w(n, M + 1)),
    ),
    restatement=Restatement(w(n, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M,),
    note="The rule w may randomise. One that also looks at the past is covered: X_n is independent of the past, so the same "
    "step holds given any past.",
)
R3a = Claim(
    label="R3a",
    statement=r"v_n = \mathbb{E}[o_n X; o_n X \le A_n] + A_n P(o_n X > A_n), \quad A_n = \delta_{n+1} + v_{n+1}",
    left=v(n, M),
    steps=derive(
        v(n, M),
        ("=", E(sp.Min(sending, go_on(n, M))), "the recursion", algebra, use("optimal")),
        (
            "=",
            follow(sending, go_on(n, M), go_on(n, M)),
            "the smaller of two, case by case: stop iff sending costs at most A",
            expectation,
        ),
    ),
    relation="=",
    formula=follow(sending, go_on(n, M), go_on(n, M)),
    mutants=wrong(
        "=",
        ("1-sla's threshold", follow(sending, threshold(n), go_on(n, M))),
        ("extra cost dropped", follow(sending, go_on(n, M), v(n + 1, M))),
        ("extra cost of the wrong layer", follow(sending, delta(n) + v(n + 1, M), delta(n) + v(n + 1, M))),
        ("sign of the extra cost", follow(sending, v(n + 1, M) - delta(n + 1), v(n + 1, M) - delta(n + 1))),
        ("options swapped", E(sp.Max(sending, go_on(n, M)))),
        (
            "tie counted in neither",
            E(indicator(sending < go_on(n, M)) * sending + indicator(sending > go_on(n, M)) * go_on(n, M)),
        ),
    ),
    restatement=Restatement(go_on(n, M) - E(sp.Max(go_on(n, M) - sending, 0)), expectation),
    assumptions=(n + 1 <= M,),
    note="With R3 the threshold rule is optimal. At a tie both options cost the same, so the tie rule is free; counting a tie in neither is wrong.",
)

# -- R4: look-ahead ------------------------------------------------------------------------------------------------------
R4 = Claim(
    label="R4",
    statement=r"A_n^{1} = \delta_{n+1} + o_{n+1}\mu, \text{ whatever } M > n",
    left=a(n, 1, M),
    steps=derive(
        a(n, 1, M),
        (
            "=",
            go_on(n, sp.Min(n + 1, M)),
            "go on in the problem cut one stage ahead",
            algebra,
            use("k-sla threshold", k=1),
        ),
        ("=", go_on(n, n + 1), "n + 1 is at most M", index(sp.Min(n + 1, M), n + 1)),
        ("=", threshold(n), "at the cut one has to send", algebra, use("optimal ends", M=n + 1)),
    ),
    relation="=",
    formula=threshold(n),
    mutants=wrong(
        "=",
        ("this stage's output", delta(n + 1) + o(n) * E(X)),
        ("extra cost of the wrong layer", delta(n) + o(n + 1) * E(X)),
        ("sign of the extra cost", -delta(n + 1) + o(n + 1) * E(X)),
        ("extra cost dropped", o(n + 1) * E(X)),
        ("optimal threshold", go_on(n, M)),
    ),
    restatement=Restatement(delta(n + 1) + o(n + 1) * mu, algebra, (use("mean"),)),
    assumptions=(n + 1 <= M,),
)
R4a = Claim(
    label="R4a",
    statement=r"n + k \ge M \implies A_n^{k} = \delta_{n+1} + v_{n+1}: \text{ looking to the end is optimal}",
    left=a(n, k, M),
    steps=derive(
        a(n, k, M),
        ("=", go_on(n, LADDER), "go on in the problem cut k stages ahead", algebra, use("k-sla threshold")),
        ("=", go_on(n, M), "the cut is M itself", index(LADDER, M)),
    ),
    relation="=",
    formula=go_on(n, M),
    mutants=wrong(
        "=",
        ("1-sla's threshold", threshold(n)),
        ("horizon off by one", go_on(n, M + 1)),
        ("value of the wrong stage", delta(n + 1) + v(n, M)),
        ("extra cost dropped", v(n + 1, M)),
        ("sign of the extra cost", v(n + 1, M) - delta(n + 1)),
    ),
    restatement=Restatement(delta(n + 1) + v(n + 1, sp.Max(M, n)), index(sp.Max(M, n), M)),
    assumptions=(n + 1 <= M, k >= 1, n + k >= M),
)

# -- R5: the value falls in M, thresholds of 1-sla are too high ------------------------------------------------------------
R5 = Claim(
    label="R5",
    statement=r"v_n^{(M+1)} \le v_n^{(M)}",
    left=v(n, M + 1),
    steps=(
        by_induction(
            v(n, M + 1),
            "<=",
            v(n, M),
            n,
            M,
            derive(
                v(M, M + 1),
                ("=", E(sp.Min(o(M) * X, go_on(M, M + 1))), "the recursion", algebra, use("optimal", n=M, M=M + 1)),
                ("<=", E(o(M) * X), "the smaller of two is at most the first", expectation),
                ("=", v(M, M), "at stage M one has to send", algebra, use("optimal ends")),
            ),
            derive(
                v(n, M + 1),
                ("=", E(sp.Min(sending, go_on(n, M + 1))), "the recursion", algebra, use("optimal", M=M + 1)),
                (
                    "<=",
                    E(sp.Min(sending, go_on(n, M))),
                    "going on is no dearer (hypothesis)",
                    expectation,
                    use(HYPOTHESIS),
                ),
                ("=", v(n, M), "the recursion", algebra, use("optimal")),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=v(n, M),
    mutants=wrong(
        "<=",
        ("relation turned", v(n, M), ">="),
        ("equality", v(n, M), "="),
        ("strict", v(n, M), "<"),
        ("stage off by one", v(n + 1, M)),
        ("one horizon too far", v(n, M + 2)),
        ("expected cost of 1-sla at a longer horizon", u(n, M + 2)),
    ),
    restatement=Restatement(v(n, sp.Max(M, n)), index(sp.Max(M, n), M)),
    assumptions=(n <= M,),
)
R5a = Claim(
    label="R5a",
    statement=r"n \le m \le M \implies v_n^{(M)} \le v_n^{(m)}",
    left=v(n, M),
    steps=(
        by_induction(
            v(n, M),
            "<=",
            v(n, m),
            M,
            m,
            derive(v(n, m), ("=", v(n, m), "nothing to show", algebra)),
            derive(
                v(n, M + 1),
                ("<=", v(n, M), "one stage more never hurts (R5)", order, use(R5)),
                ("<=", v(n, m), "hypothesis", order, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation="<=",
    formula=v(n, m),
    mutants=wrong(
        "<=",
        ("relation turned", v(n, m), ">="),
        ("equality", v(n, m), "="),
        ("strict", v(n, m), "<"),
        ("stage off by one", v(n + 1, m + 1)),
        ("one horizon too far", v(n, M + 1)),
    ),
    restatement=Restatement(v(n, sp.Min(m, M)), index(sp.Min(m, M), m)),
    assumptions=(n <= m, m <= M),
)
R5b = Claim(
    label="R5b",
    statement=r"A_n^{\mathrm{opt}} = \delta_{n+1} + v_{n+1} \le \delta_{n+1} + o_{n+1}\mu = A_n^{1}",
    left=go_on(n, M),
    steps=derive(
        go_on(n, M),
        ("<=", go_on(n, n + 1), "a longer horizon is worth no more (R5a)", order, use(R5a, n=n + 1, m=n + 1)),
        ("=", threshold(n), "at the cut one has to send", algebra, use("optimal ends", M=n + 1)),
    ),
    relation="<=",
    formula=threshold(n),
    mutants=wrong(
        "<=",
        ("relation turned", threshold(n), ">="),
        ("equality", threshold(n), "="),
        ("strict", threshold(n), "<"),
        ("this stage's output", delta(n + 1) + o(n) * E(X)),
        ("extra cost of the wrong layer", delta(n) + o(n + 1) * E(X)),
        ("extra cost dropped", o(n + 1) * E(X)),
    ),
    restatement=Restatement(delta(n + 1) + o(n + 1) * mu, algebra, (use("mean"),)),
    assumptions=(n + 1 <= M,),
)
R5c = Claim(
    label="R5c",
    statement=r"u_M^{(M+1)} = v_M^{(M+1)}: \text{ with one layer to go 1-sla is optimal}",
    left=u(M, M + 1),
    steps=derive(
        u(M, M + 1),
        (
            "=",
            follow(o(M) * X, threshold(M), delta(M + 1) + u(M + 1, M + 1)),
            "what 1-sla pays",
            algebra,
            use("1-sla", n=M, M=M + 1),
        ),
        (
            "=",
            follow(o(M) * X, threshold(M), delta(M + 1) + E(o(M + 1) * X)),
            "then it sends",
            algebra,
            use("1-sla ends", M=M + 1),
        ),
        ("=", E(sp.Min(o(M) * X, delta(M + 1) + E(o(M + 1) * X))), "the threshold is what going on costs", expectation),
        (
            "=",
            E(sp.Min(o(M) * X, go_on(M, M + 1))),
            "the optimal rule sends there too",
            algebra,
            use("optimal ends", M=M + 1),
        ),
        ("=", v(M, M + 1), "the recursion", algebra, use("optimal", n=M, M=M + 1)),
    ),
    relation="=",
    formula=v(M, M + 1),
    mutants=wrong(
        "=",
        ("horizon off by one", v(M, M + 2)),
        ("two layers to go", u(M, M + 2)),
        ("no layer to go", v(M, M)),
        ("stage off by one", v(M + 1, M + 1)),
        ("send at once", o(M) * E(X)),
    ),
    restatement=Restatement(
        o(M) * E(X) - E(sp.Max(o(M) * X - threshold(M), 0)),
        expectation,
        (use("optimal", n=M, M=M + 1), use("optimal ends", M=M + 1)),
    ),
    note="Read at M = 0: 1-sla is optimal for a placement of one layer, and at M = 0 there is nothing to decide.",
)
L3 = Claim(
    label="L3",
    statement=r"\text{1-sla surely stops after stage } m \implies v_n = o_n\mu \quad (m < n \le M)",
    left=v(n, M),
    steps=(
        by_induction(
            v(n, M),
            "=",
            E(o(n) * X),
            n,
            M,
            derive(v(M, M), ("=", E(o(M) * X), "at stage M one has to send", algebra, use("optimal ends"))),
            derive(
                v(n, M),
                ("=", E(sp.Min(sending, go_on(n, M))), "the recursion", algebra, use("optimal")),
                ("=", E(sp.Min(sending, delta(n + 1) + E(o(n + 1) * X))), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", E(sending), "sending surely costs at most that", expectation, use("surely stops")),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=E(o(n) * X),
    mutants=wrong(
        "=",
        ("next output", E(o(n + 1) * X)),
        ("extra cost added", delta(n) + E(o(n) * X)),
        ("output dropped", E(X)),
        ("previous output", E(o(n - 1) * X)),
        ("next threshold", threshold(n)),
    ),
    restatement=Restatement(o(n) * mu, algebra, (use("mean"),)),
    assumptions=(n <= M, m + 1 <= n),
    setting="monotone case",
)
L4 = Claim(
    label="L4",
    statement=r"\text{1-sla surely stops after stage } m \implies u_n = o_n\mu \quad (m < n \le M)",
    left=u(n, M),
    steps=(
        by_induction(
            u(n, M),
            "=",
            E(o(n) * X),
            n,
            M,
            derive(u(M, M), ("=", E(o(M) * X), "at stage M one has to send", algebra, use("1-sla ends"))),
            derive(
                u(n, M),
                (
                    "=",
                    follow(sending, threshold(n), delta(n + 1) + u(n + 1, M)),
                    "what 1-sla pays",
                    algebra,
                    use("1-sla"),
                ),
                ("=", E(sending), "it surely stops", expectation, use("surely stops")),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=E(o(n) * X),
    mutants=L3.mutants,
    restatement=Restatement(o(n) * mu, algebra, (use("mean"),)),
    assumptions=(n <= M, m + 1 <= n),
    setting="monotone case",
)
R5d = Claim(
    label="R5d",
    statement=r"\text{1-sla surely goes on before stage } m \text{ and surely stops after it} \implies u_n = v_n \quad (n \le m < M)",
    left=u(n, M),
    steps=(
        by_induction(
            u(n, M),
            "=",
            v(n, M),
            n,
            m,
            derive(
                u(m, M),
                (
                    "=",
                    follow(o(m) * X, threshold(m), delta(m + 1) + u(m + 1, M)),
                    "what 1-sla pays",
                    algebra,
                    use("1-sla", n=m),
                ),
                (
                    "=",
                    follow(o(m) * X, threshold(m), threshold(m)),
                    "afterwards it sends at once (L4)",
                    algebra,
                    use(L4, n=m + 1),
                ),
                ("=", E(sp.Min(o(m) * X, threshold(m))), "the smaller of two", expectation),
                ("=", E(sp.Min(o(m) * X, go_on(m, M))), "so does the optimal rule (L3)", algebra, use(L3, n=m + 1)),
                ("=", v(m, M), "the recursion", algebra, use("optimal", n=m)),
            ),
            derive(
                u(n, M),
                (
                    "=",
                    follow(sending, threshold(n), delta(n + 1) + u(n + 1, M)),
                    "what 1-sla pays",
                    algebra,
                    use("1-sla"),
                ),
                ("=", follow(sending, threshold(n), go_on(n, M)), "hypothesis", algebra, use(HYPOTHESIS)),
                (
                    "=",
                    E(sp.Min(sending, go_on(n, M))),
                    "sending surely costs more than 1-sla's threshold, hence than the optimal one (R5b)",
                    expectation,
                    use("surely goes on"),
                    use(R5b),
                ),
                ("=", v(n, M), "the recursion", algebra, use("optimal")),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=v(n, M),
    mutants=wrong(
        "=",
        ("horizon off by one", v(n, m)),
        ("stage off by one", v(n + 1, M)),
        ("send at once", o(n) * E(X)),
        ("send one stage later", threshold(n)),
        ("extra cost dropped", v(n, M) - delta(n + 1)),
    ),
    restatement=Restatement(v(n, sp.Max(m, M)), index(sp.Max(m, M), M)),
    assumptions=(n <= m, m + 1 <= M),
    setting="monotone case",
    note="Sufficient, not necessary.",
)

# -- R10: from the clairvoyant to the static splits --------------------------------------------------------------------------
ahead = z(n + 1, M)
R10 = Claim(
    label="R10",
    statement=r"\text{clairvoyant: } \mathbb{E}\min_{j \ge n}\Bigl(\sum_{n<i\le j}\delta_i + o_j X_j\Bigr) = z_n \le v_n",
    left=z(n, M),
    steps=(
        by_induction(
            z(n, M),
            "<=",
            v(n, M),
            n,
            M,
            derive(
                z(M, M),
                ("=", E(o(M) * X), "only stage M is left", algebra, use("clairvoyant ends")),
                ("=", v(M, M), "at stage M one has to send", algebra, use("optimal ends")),
            ),
            derive(
                z(n, M),
                (
                    "=",
                    E(sp.Min(sending, delta(n + 1) + Z(n + 1, M))),
                    "send now, or the best of the later stages",
                    algebra,
                    use("clairvoyant"),
                ),
                (
                    "<=",
                    E(
                        sp.Min(sending, delta(n + 1) + ahead)
                        + indicator(sending > delta(n + 1) + ahead) * (Z(n + 1, M) - ahead)
                    ),
                    "the smaller of two lies below its tangent at the mean of the later cost",
                    expectation,
                ),
                (
                    "=",
                    E(sp.Min(sending, delta(n + 1) + ahead)),
                    "the later cost is independent of X_n, so its deviation averages out",
                    algebra,
                    use("clairvoyant's mean", n=n + 1),
                ),
                ("<=", E(sp.Min(sending, go_on(n, M))), "hypothesis", expectation, use(HYPOTHESIS)),
                ("=", v(n, M), "the recursion", algebra, use("optimal")),
            ),
            downwards=True,
        ),
    ),
    relation="<=",
    formula=v(n, M),
    mutants=wrong(
        "<=",
        ("relation turned", v(n, M), ">="),
        ("equality", v(n, M), "="),
        ("strict", v(n, M), "<"),
        ("stage off by one", v(n + 1, M)),
        ("horizon off by one", v(n, M + 2)),
        ("extra cost dropped", v(n, M) - delta(n + 1)),
    ),
    restatement=Restatement(v(n, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M,),
    note="Minimising over M keeps the order.",
)


def placed(last: sp.Expr) -> sp.Expr:
    """Extra costs up to a layer."""
    return sp.Sum(delta(i), (i, 1, last))


L5 = Claim(
    label="L5",
    statement=r"v_0 \le \sum_{i \le n}\delta_i + v_n",
    left=v(0, M),
    steps=(
        by_induction(
            v(0, M),
            "<=",
            placed(n) + v(n, M),
            n,
            0,
            derive(v(0, M), ("=", placed(0) + v(0, M), "no layer, no cost", algebra)),
            derive(
                v(0, M),
                ("<=", placed(n) + v(n, M), "hypothesis", order, use(HYPOTHESIS)),
                ("=", placed(n) + E(sp.Min(sending, go_on(n, M))), "the recursion", algebra, use("optimal")),
                ("<=", placed(n) + go_on(n, M), "the smaller of two is at most the second", expectation),
                ("=", placed(n + 1) + v(n + 1, M), "one term more in the sum", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=placed(n) + v(n, M),
    mutants=wrong(
        "<=",
        ("last layer free", placed(n - 1) + v(n, M)),
        ("relation turned", placed(n) + v(n, M), ">="),
        ("equality", placed(n) + v(n, M), "="),
        ("extra costs dropped", v(n, M)),
        ("horizon off by one", placed(n) + v(n, M + 2)),
        ("extra costs halved", placed(n) / 2 + v(n, M)),
    ),
    restatement=Restatement(placed(n) + v(n, sp.Max(n, M)), index(sp.Max(n, M), M)),
    assumptions=(n <= M,),
)
R10a = Claim(
    label="R10a",
    statement=r"v_0 \le \sum_{i \le n}\delta_i + o_n\mu \quad (n \le M): \text{ no static split is better}",
    left=v(0, M),
    steps=derive(
        v(0, M),
        ("<=", placed(n) + v(n, M), "go on to stage n (L5)", order, use(L5)),
        ("<=", placed(n) + v(n, n), "a longer horizon is worth no more (R5a)", order, use(R5a, m=n)),
        ("=", placed(n) + o(n) * E(X), "at the cut one has to send", algebra, use("optimal ends", M=n)),
    ),
    relation="<=",
    formula=placed(n) + o(n) * E(X),
    mutants=wrong(
        "<=",
        ("last layer free", placed(n - 1) + o(n) * E(X)),
        ("relation turned", placed(n) + o(n) * E(X), ">="),
        ("equality", placed(n) + o(n) * E(X), "="),
        ("next output", placed(n) + o(n + 1) * E(X)),
        ("raw input", placed(n) + o(0) * E(X)),
        ("extra costs dropped", o(n) * E(X)),
    ),
    restatement=Restatement(o(n) * mu + placed(n), algebra, (use("mean"),)),
    assumptions=(n <= M,),
)
