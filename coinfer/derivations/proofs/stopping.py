"""Claims about rules that stop: the optimal one, look-ahead, and what separates them (R2 to R5, R10)."""

import sympy as sp

from coinfer.derivations.proofs.notation import *

# -- R2: what a stage costs, as a function of what going on costs: nondecreasing, concave, of slope at most 1
eps, B = Symbol("epsilon", positive=True), Symbol("B", real=True)
part = Symbol("t", nonnegative=True)
stage = Lambda(A, E(Min(bits * X, A)))  # what a stage costs if going on costs A


def area(integrand: sp.Expr, upper: sp.Expr = A) -> sp.Expr:
    """The integral over y from 0."""
    return Integral(integrand, (y, 0, upper))


R2 = claim("R2", stage(A), bits > 0, A >= 0)(
    r"\mathbb{E}\min(oX, A) = A - \int_0^A F(y/o)\,dy \quad (o > 0,\ A \ge 0)",
    eq(A - E(area(indicator(bits * X <= y))), "the part of [0, A] above oX, as an integral", by=expectation),
    eq(A - area(E(indicator(bits * X <= y))), "Tonelli: the integrand is nonnegative", by=tonelli),
    eq(A - area(F(y / bits)), "the law of X", use("distribution", y=y / bits), by=inside_integral(expectation)),
    wrong={"sign of the integral": A + area(F(y / bits)), "threshold dropped": -area(F(y / bits))}
    | {"o on the wrong side": A - area(F(y * bits)), "tail for distribution": A - area(1 - F(y / bits))}
    | {"o dropped": A - area(F(y)), "upper limit oA": A - area(F(y / bits), bits * A)},
    restated=same(area(1 - F(y / bits)), by=calculus),
)
R2a = claim("R2a", (stage(A + eps) - stage(A)) / eps)(
    r"\frac{\mathbb{E}\min(oX, A + \epsilon) - \mathbb{E}\min(oX, A)}{\epsilon} \le P(oX > A)",
    le(E(indicator(bits * X > A)), "the smaller of two grows by at most epsilon, only where oX > A", by=expectation),
    wrong={"slope beyond the step": E(indicator(bits * X > A + eps))}
    | {"distribution for tail": E(indicator(bits * X <= A)), "o dropped": E(indicator(X > A))},
    restated=same(1 - E(indicator(bits * X <= A)), by=expectation),
    note="With R2b the right derivative is P(oX > A): both bounds meet as epsilon falls to 0, by continuity of a measure from below, which is a theorem about measures and is cited, not proved here.",
)
R2b = claim("R2b", (stage(A + eps) - stage(A)) / eps)(
    r"\frac{\mathbb{E}\min(oX, A + \epsilon) - \mathbb{E}\min(oX, A)}{\epsilon} \ge P(oX \ge A + \epsilon)",
    ge(E(indicator(bits * X >= A + eps)), "where oX is above both, it grows by all of epsilon", by=expectation),
    wrong={"tie rule and place": E(indicator(bits * X >= A)), "slope at the start": E(indicator(bits * X > A))}
    | {"distribution for tail": E(indicator(bits * X <= A + eps)), "o dropped": E(indicator(sp.Ge(X, A + eps)))},
    restated=same(1 - E(indicator(bits * X < A + eps)), by=expectation),
    note="Read at A - epsilon, R2a and R2b give the left derivative P(oX >= A) in the same way.",
)
R2c = claim("R2c", stage(part * A + (1 - part) * B), part <= 1)(
    r"\mathbb{E}\min(oX, tA + (1-t)B) \ge t\,\mathbb{E}\min(oX, A) + (1-t)\,\mathbb{E}\min(oX, B)",
    ge(part * stage(A) + (1 - part) * stage(B), "concave for every outcome, hence on average", by=expectation),
    wrong={"convex": "<=", "linear": "=", "weights swapped": (1 - part) * stage(A) + part * stage(B)}
    | {"weights do not sum to 1": part * stage(A) + (1 + part) * stage(B)}
    | {"larger of the ends": Max(stage(A), stage(B))},
    restated=same(stage(B) + part * (stage(A) - stage(B))),
    samples={"t": ("0", "1/3", "1/2", "1")},
)
L1 = claim("L1", stage(B) - stage(A), A <= B)(
    r"A \le B \implies \mathbb{E}\min(oX, B) - \mathbb{E}\min(oX, A) \le B - A",
    le(B - A, "the smaller of two grows no faster than either", by=expectation),
    wrong={"sign": A - B, "no growth": 0},
    restated=same(Max(B - A, 0), by=order),
)
L2 = claim("L2", stage(A), A <= B)(
    r"A \le B \implies \mathbb{E}\min(oX, A) \le \mathbb{E}\min(oX, B)",
    le(stage(B), "the smaller of two grows with either", by=expectation),
    wrong={"strict": "<", "difference added": stage(B) - (B - A), "larger for smaller": -E(Max(bits * X, B))},
    restated=same(B - E(Max(B - bits * X, 0)), by=expectation),
)
R2d = claim("R2d", Derivative(A - area(F(y / bits)), A), bits > 0, A >= 0, setting="given law")(
    r"F \text{ continuous}: \quad \frac{d}{dA}\Bigl(A - \int_0^A F(y/o)\,dy\Bigr) = 1 - F(A/o)",
    eq(1 - F(A / bits), "Leibniz' rule", by=calculus),
    wrong={"sign": 1 + F(A / bits), "constant dropped": -F(A / bits), "distribution for tail": F(A / bits)}
    | {"o on the wrong side": 1 - F(A * bits), "inner derivative": (1 - F(A / bits)) / bits},
    restated=same(Derivative(A, A) - F(A / bits), by=calculus),
    samples={"o": ("1/2", "2", "3"), "A": ("1/2", "1", "2")},
)

# -- R3: the recursion is the best any rule can do, and it stops where sending costs at most what going on costs
R3 = claim("R3", v(n, M), n <= M)(
    r"v_n = \mathbb{E}\min(o_n X, \delta_{n+1} + v_{n+1}),\ v_M = o_M\mu \implies v_n \le w_n \text{ for every rule}",
    backward("<=", w(n, M), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "optimal ends"), eq(w(M, M), "so does any rule", "rule ends")
    )(
        eq(best(n), "the recursion", "optimal"),
        le(
            E(s(n, X) * sending + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))),
            "the smaller of two is at most any mixture of them, and going on is no dearer (hypothesis)",
            HYPOTHESIS,
            "rule's range",
            by=expectation,
        ),
        eq(w(n, M), "what the rule pays", "rule"),
    ),
    wrong={"strict": "<", "extra cost dropped": w(n, M) - delta(n + 1), "index off by one": w(n + 1, M)}
    | {"horizon off by one": w(n, M + 1)},
    restated=same(w(n, Max(n, M)), by=index(Max(n, M), M)),
    note="The rule w may randomise. One that also looks at the past is covered: X_n is independent of the past, so the same step holds given any past.",
)
neither = E(indicator(sending < go_on(n, M)) * sending + indicator(sending > go_on(n, M)) * go_on(n, M))
R3a = claim("R3a", v(n, M), n + 1 <= M)(
    r"v_n = \mathbb{E}[o_n X; o_n X \le A_n] + A_n P(o_n X > A_n), \quad A_n = \delta_{n+1} + v_{n+1}",
    eq(best(n), "the recursion", "optimal"),
    eq(follow(sending, go_on(n, M), go_on(n, M)), "case by case: stop iff sending costs at most A", by=expectation),
    wrong={"1-sla's threshold": follow(sending, threshold(n), go_on(n, M))}
    | {"extra cost dropped": follow(sending, go_on(n, M), v(n + 1, M))}
    | {"extra cost of the wrong layer": follow(sending, delta(n) + v(n + 1, M), delta(n) + v(n + 1, M))}
    | {"sign of the extra cost": follow(sending, v(n + 1, M) - delta(n + 1), v(n + 1, M) - delta(n + 1))}
    | {"options swapped": E(Max(sending, go_on(n, M))), "tie counted in neither": neither},
    restated=same(go_on(n, M) - E(Max(go_on(n, M) - sending, 0)), by=expectation),
    note="With R3 the threshold rule is optimal. At a tie both options cost the same, so the tie rule is free; counting a tie in neither is wrong.",
)

# -- R4: look-ahead decides as if the chain ended k stages ahead
R4 = claim("R4", a(n, 1, M), n + 1 <= M)(
    r"A_n^{1} = \delta_{n+1} + o_{n+1}\mu, \text{ whatever } M > n",
    eq(go_on(n, Min(n + 1, M)), "go on in the problem cut one stage ahead", use("k-sla threshold", k=1)),
    eq(go_on(n, n + 1), "n + 1 is at most M", by=index(Min(n + 1, M), n + 1)),
    eq(threshold(n), "at the cut one has to send", use("optimal ends", M=n + 1)),
    wrong={"this stage's output": delta(n + 1) + o(n) * E(X)}
    | {"extra cost of the wrong layer": delta(n) + o(n + 1) * E(X)}
    | {"sign of the extra cost": -delta(n + 1) + o(n + 1) * E(X), "extra cost dropped": o(n + 1) * E(X)}
    | {"optimal threshold": go_on(n, M)},
    restated=same(delta(n + 1) + o(n + 1) * mu, "mean"),
)
R4a = claim("R4a", a(n, k, M), n + 1 <= M, k >= 1, n + k >= M)(
    r"n + k \ge M \implies A_n^{k} = \delta_{n+1} + v_{n+1}: \text{ looking to the end is optimal}",
    eq(go_on(n, LADDER), "go on in the problem cut k stages ahead", "k-sla threshold"),
    eq(go_on(n, M), "the cut is M itself", by=index(LADDER, M)),
    wrong={"1-sla's threshold": threshold(n), "horizon off by one": go_on(n, M + 1)}
    | {"value of the wrong stage": delta(n + 1) + v(n, M), "extra cost dropped": v(n + 1, M)}
    | {"sign of the extra cost": v(n + 1, M) - delta(n + 1)},
    restated=same(delta(n + 1) + v(n + 1, Max(M, n)), by=index(Max(M, n), M)),
)

# -- R5: a longer chain never costs more, so 1-sla stops too early; where it does not
R5 = claim("R5", v(n, M + 1), n <= M)(
    r"v_n^{(M+1)} \le v_n^{(M)}",
    backward("<=", v(n, M), n, M)(
        eq(best(M, M + 1), "the recursion", use("optimal", n=M, M=M + 1)),
        le(E(o(M) * X), "the smaller of two is at most the first", by=expectation),
        eq(v(M, M), "at stage M one has to send", "optimal ends"),
    )(
        eq(best(n, M + 1), "the recursion", use("optimal", M=M + 1)),
        le(best(n), "going on is no dearer (hypothesis)", HYPOTHESIS, by=expectation),
        eq(v(n, M), "the recursion", "optimal"),
    ),
    wrong={"strict": "<", "stage off by one": v(n + 1, M), "one horizon too far": v(n, M + 2)}
    | {"expected cost of 1-sla at a longer horizon": u(n, M + 2)},
    restated=same(v(n, Max(M, n)), by=index(Max(M, n), M)),
)
R5a = claim("R5a", v(n, M), n <= m, m <= M)(
    r"n \le m \le M \implies v_n^{(M)} \le v_n^{(m)}",
    forward("<=", v(n, m), M, m)(eq(v(n, m), "nothing to show"))(
        le(v(n, M), "one stage more never hurts (R5)", R5), le(v(n, m), "hypothesis", HYPOTHESIS)
    ),
    wrong={"stage off by one": v(n + 1, m + 1), "one horizon too far": v(n, M + 1)},
    restated=same(v(n, Min(m, M)), by=index(Min(m, M), m)),
)
R5b = claim("R5b", go_on(n, M), n + 1 <= M)(
    r"A_n^{\mathrm{opt}} = \delta_{n+1} + v_{n+1} \le \delta_{n+1} + o_{n+1}\mu = A_n^{1}",
    le(go_on(n, n + 1), "a longer horizon is worth no more (R5a)", use(R5a, n=n + 1, m=n + 1)),
    eq(threshold(n), "at the cut one has to send", use("optimal ends", M=n + 1)),
    wrong={"strict": "<", "this stage's output": delta(n + 1) + o(n) * E(X)}
    | {"extra cost of the wrong layer": delta(n) + o(n + 1) * E(X), "extra cost dropped": o(n + 1) * E(X)},
    restated=same(delta(n + 1) + o(n + 1) * mu, "mean"),
)
R5c = claim("R5c", u(M, M + 1))(
    r"u_M^{(M+1)} = v_M^{(M+1)}: \text{ with one layer to go 1-sla is optimal}",
    eq(sla(M, M + 1), "what 1-sla pays", use("1-sla", n=M, M=M + 1)),
    eq(follow(o(M) * X, threshold(M), delta(M + 1) + E(o(M + 1) * X)), "then it sends", use("1-sla ends", M=M + 1)),
    eq(E(Min(o(M) * X, delta(M + 1) + E(o(M + 1) * X))), "the threshold is what going on costs", by=expectation),
    eq(best(M, M + 1), "the optimal rule sends there too", use("optimal ends", M=M + 1)),
    eq(v(M, M + 1), "the recursion", use("optimal", n=M, M=M + 1)),
    wrong={"horizon off by one": v(M, M + 2), "two layers to go": u(M, M + 2), "no layer to go": v(M, M)}
    | {"stage off by one": v(M + 1, M + 1), "send at once": o(M) * E(X)},
    restated=same(o(M) * E(X) - saving(M), use("optimal", n=M, M=M + 1), use("optimal ends", M=M + 1), by=expectation),
    note="Read at M = 0: 1-sla is optimal for a placement of one layer, and at M = 0 there is nothing to decide.",
)
WRONG_SENDING = {"next output": E(o(n + 1) * X), "extra cost added": delta(n) + E(o(n) * X), "output dropped": E(X)}
WRONG_SENDING |= {"previous output": E(o(n - 1) * X), "next threshold": threshold(n)}
L3 = claim("L3", v(n, M), n <= M, m + 1 <= n, setting="monotone case")(
    r"\text{1-sla surely stops after stage } m \implies v_n = o_n\mu \quad (m < n \le M)",
    backward("=", E(o(n) * X), n, M)(eq(E(o(M) * X), "at stage M one has to send", "optimal ends"))(
        eq(best(n), "the recursion", "optimal"),
        eq(E(Min(sending, delta(n + 1) + E(o(n + 1) * X))), "hypothesis", HYPOTHESIS),
        eq(E(sending), "sending surely costs at most that", "surely stops", by=expectation),
    ),
    wrong=WRONG_SENDING,
    restated=same(o(n) * mu, "mean"),
)
L4 = claim("L4", u(n, M), n <= M, m + 1 <= n, setting="monotone case")(
    r"\text{1-sla surely stops after stage } m \implies u_n = o_n\mu \quad (m < n \le M)",
    backward("=", E(o(n) * X), n, M)(eq(E(o(M) * X), "at stage M one has to send", "1-sla ends"))(
        eq(sla(n), "what 1-sla pays", "1-sla"), eq(E(sending), "it surely stops", "surely stops", by=expectation)
    ),
    wrong=WRONG_SENDING,
    restated=same(o(n) * mu, "mean"),
)
R5d = claim("R5d", u(n, M), n <= m, m + 1 <= M, setting="monotone case")(
    r"\text{1-sla surely goes on before stage } m \text{ and surely stops after it} \implies u_n = v_n \quad (n \le m < M)",
    backward("=", v(n, M), n, m)(
        eq(sla(m), "what 1-sla pays", use("1-sla", n=m)),
        eq(follow(o(m) * X, threshold(m), threshold(m)), "afterwards it sends at once (L4)", use(L4, n=m + 1)),
        eq(E(Min(o(m) * X, threshold(m))), "the smaller of two", by=expectation),
        eq(best(m), "so does the optimal rule (L3)", use(L3, n=m + 1)),
        eq(v(m, M), "the recursion", use("optimal", n=m)),
    )(
        eq(sla(n), "what 1-sla pays", "1-sla"),
        eq(follow(sending, threshold(n), go_on(n, M)), "hypothesis", HYPOTHESIS),
        eq(best(n), "dearer than 1-sla's threshold, so than the best (R5b)", "surely goes on", R5b, by=expectation),
        eq(v(n, M), "the recursion", "optimal"),
    ),
    wrong={"horizon off by one": v(n, m), "stage off by one": v(n + 1, M), "send at once": o(n) * E(X)}
    | {"send one stage later": threshold(n), "extra cost dropped": v(n, M) - delta(n + 1)},
    restated=same(v(n, Max(m, M)), by=index(Max(m, M), M)),
    note="Sufficient, not necessary.",
)

# -- R10: bounds that need no recursion: the clairvoyant from below, static splits from above
ahead = z(n + 1, M)
plan = delta(n + 1) + ahead
R10 = claim("R10", z(n, M), n <= M)(
    r"\text{clairvoyant: } \mathbb{E}\min_{j \ge n}\Bigl(\sum_{n<i\le j}\delta_i + o_j X_j\Bigr) = z_n \le v_n",
    backward("<=", v(n, M), n, M)(
        eq(E(o(M) * X), "only stage M is left", "clairvoyant ends"),
        eq(v(M, M), "at stage M one has to send", "optimal ends"),
    )(
        eq(E(Min(sending, delta(n + 1) + Z(n + 1, M))), "send now, or the best of the later stages", "clairvoyant"),
        le(
            E(Min(sending, plan) + indicator(sending > plan) * (Z(n + 1, M) - ahead)),
            "the smaller of two lies below its tangent at the mean of the later cost",
            by=expectation,
        ),
        eq(
            E(Min(sending, plan)),
            "the later cost is independent of X_n, so its deviation averages out",
            use("clairvoyant's mean", n=n + 1),
        ),
        le(best(n), "hypothesis", HYPOTHESIS, by=expectation),
        eq(v(n, M), "the recursion", "optimal"),
    ),
    wrong={"equality": "=", "strict": "<", "stage off by one": v(n + 1, M), "horizon off by one": v(n, M + 2)}
    | {"extra cost dropped": v(n, M) - delta(n + 1)},
    restated=same(v(n, Max(n, M)), by=index(Max(n, M), M)),
    note="Minimising over M keeps the order.",
)
extras = Lambda(n, Sum(delta(i), (i, 1, n)))  # extra costs up to a layer
L5 = claim("L5", v(0, M), n <= M)(
    r"v_0 \le \sum_{i \le n}\delta_i + v_n",
    forward("<=", extras(n) + v(n, M), n, 0)(eq(extras(0) + v(0, M), "no layer, no cost"))(
        le(extras(n) + v(n, M), "hypothesis", HYPOTHESIS),
        eq(extras(n) + best(n), "the recursion", "optimal"),
        le(extras(n) + go_on(n, M), "the smaller of two is at most the second", by=expectation),
        eq(extras(n + 1) + v(n + 1, M), "one term more in the sum"),
    ),
    wrong={"last layer free": extras(n - 1) + v(n, M), "extra costs dropped": v(n, M)}
    | {"horizon off by one": extras(n) + v(n, M + 2)}
    | {"extra costs halved": extras(n) / 2 + v(n, M)},
    restated=same(extras(n) + v(n, Max(n, M)), by=index(Max(n, M), M)),
)
R10a = claim("R10a", v(0, M), n <= M)(
    r"v_0 \le \sum_{i \le n}\delta_i + o_n\mu \quad (n \le M): \text{ no static split is better}",
    le(extras(n) + v(n, M), "go on to stage n (L5)", L5),
    le(extras(n) + v(n, n), "a longer horizon is worth no more (R5a)", use(R5a, m=n)),
    eq(extras(n) + o(n) * E(X), "at the cut one has to send", use("optimal ends", M=n)),
    wrong={"last layer free": extras(n - 1) + o(n) * E(X), "next output": extras(n) + o(n + 1) * E(X)}
    | {"raw input": extras(n) + o(0) * E(X), "extra costs dropped": o(n) * E(X)},
    restated=same(o(n) * mu + extras(n), "mean"),
)
