"""Claims about the large time scale: how many layers to place by 1-sla and by deeper look-ahead (R6, N1)."""

from coinfer.derivations.proofs.notation import *

# -- R6: one layer more pays iff its download costs less than what 1-sla saves behind it, if it gets there
step_u = Lambda(n, u(n, M + 1) - u(n, M))  # what one layer more changes for 1-sla from a stage on
L9 = claim("L9", step_u(n), n + 1 <= M)(
    r"u_n^{(M+1)} - u_n^{(M)} = P(o_n X > A_n^1)\,(u_{n+1}^{(M+1)} - u_{n+1}^{(M)}) \quad (n < M)",
    eq(sla(n, M + 1) - sla(n), "both recursions; the threshold does not depend on M (R4)", *both("1-sla")),
    eq(sla_goes_on(n) * step_u(n + 1), "they differ only where 1-sla goes on", by=expectation),
    wrong={"chance of stopping": (1 - sla_goes_on(n)) * step_u(n + 1), "chance dropped": step_u(n + 1)}
    | {"sign": -sla_goes_on(n) * step_u(n + 1), "stage not advanced": sla_goes_on(n) * step_u(n)}
    | {"threshold of the next stage": chance(o(n + 1) * X, threshold(n + 1)) * step_u(n + 1)}
    | {"tie goes on": E(indicator(sending >= threshold(n))) * step_u(n + 1)},
    restated=same((1 - E(indicator(sending <= threshold(n)))) * step_u(n + 1), by=expectation),
)
L10 = claim("L10", step_u(0), n <= M)(
    r"u_0^{(M+1)} - u_0^{(M)} = \pi_n\,(u_n^{(M+1)} - u_n^{(M)}) \quad (n \le M)",
    forward("=", pi(n) * step_u(n), n, 0)(eq(pi(0) * step_u(0), "stage 0 is always reached", "reach starts"))(
        eq(pi(n) * step_u(n), "hypothesis", HYPOTHESIS),
        eq(pi(n) * sla_goes_on(n) * step_u(n + 1), "one stage (L9)", L9),
        eq(pi(n + 1) * step_u(n + 1), "the chance of reaching the next stage", use("reach", m=n)),
    ),
    wrong={"reach off by one": pi(n + 1) * step_u(n), "reach one too early": pi(n - 1) * step_u(n)}
    | {"reach dropped": step_u(n), "sign": -pi(n) * step_u(n), "stage off by one": pi(n) * step_u(n + 1)},
    restated=same(pi(n) * u(n, M + 1) - u(n, M) * pi(n)),
)
L11 = claim("L11", step_u(M))(
    r"u_M^{(M+1)} - u_M^{(M)} = -G_M, \quad G_m = \mathbb{E}(o_m X - A_m^1)^+",
    eq(sla(M, M + 1) - u(M, M), "what 1-sla pays", use("1-sla", n=M, M=M + 1)),
    eq(follow(o(M) * X, threshold(M), threshold(M)) - E(o(M) * X), "at the end it has to send", *both("1-sla ends")),
    eq(-saving(M), "where it goes on it saves the difference", by=expectation),
    eq(-G(M), "the saving", use("saving", m=M)),
    wrong={"sign": G(M), "stage off by one": -G(M + 1), "nothing saved": 0}
    | {"positive part dropped": threshold(M) - E(o(M) * X), "extra cost added": delta(M + 1) - G(M)},
    restated=same(threshold(M) - E(Max(o(M) * X, threshold(M))), use("saving", m=M), by=expectation),
)
placed = Lambda(M, C + Sum(D(i), (i, 1, M)))  # what is paid whatever the rule: the edge's share and the download
R6 = claim("R6", J(M + 1) - J(M))(
    r"J(M+1) - J(M) = D_{M+1} - \pi_M G_M",
    eq(placed(M + 1) + u(0, M + 1) - placed(M) - u(0, M), "the ETC of an inference", *both("ETC")),
    eq(D(M + 1) + step_u(0), "one term more in the sum"),
    eq(D(M + 1) + pi(M) * step_u(M), "nothing changes before stage M (L10)", use(L10, n=M)),
    eq(D(M + 1) - pi(M) * G(M), "at stage M the saving (L11)", L11),
    wrong={"sign of the saving": D(M + 1) + pi(M) * G(M), "download of the layer before": D(M) - pi(M) * G(M)}
    | {"reach off by one": D(M + 1) - pi(M + 1) * G(M), "saving off by one": D(M + 1) - pi(M) * G(M + 1)}
    | {"reach dropped": D(M + 1) - G(M), "download dropped": -pi(M) * G(M)}
    | {"tie not saved": D(M + 1) - pi(M) * E(o(M) * X * indicator(o(M) * X > threshold(M)))},
    restated=same(
        D(M + 1) - pi(M) * (o(M) * mu - E(Min(o(M) * X, threshold(M)))), use("saving", m=M), "mean", by=expectation
    ),
    note="Written for M + 1 in place of M: layer M pays iff D_M is below the saving at stage M - 1 times the chance of reaching it. Any chain, any law.",
)

# -- N1: the same for look-ahead of any depth; it changes only from the stage on at which it sees the end
CUT = Min(n + k, M + 1)  # where k-sla cuts the problem with one layer more
MEET = Max(M + 1 - k, 0)  # from this stage on the look-ahead sees the end
step_c = Lambda(n, c(n, k, M + 1) - c(n, k, M))  # what one layer more changes for k-sla from a stage on
short = look(k, a(n, k, M))  # what k-sla pays under M
L12 = claim("L12", c(n, k, M), n <= M, n + k >= M, k >= 1)(
    r"n + k \ge M \implies c_n^{k} = v_n: \text{ look-ahead that sees the end is optimal}",
    backward("=", v(n, M), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "k-sla ends"),
        eq(v(M, M), "so does the optimal rule", "optimal ends"),
    )(
        eq(short, "what k-sla pays", "k-sla"),
        eq(look(k, go_on(n, LADDER)), "its threshold", "k-sla threshold"),
        eq(look(k, go_on(n, M)), "the cut is M", by=index(LADDER, M)),
        eq(follow(sending, go_on(n, M), go_on(n, M)), "hypothesis", HYPOTHESIS),
        eq(best(n), "the smaller of two", by=expectation),
        eq(v(n, M), "the recursion", "optimal"),
    ),
    wrong={"1-sla": u(n, M), "horizon off by one": v(n, M + 1), "stage off by one": v(n + 1, M)}
    | {"send at once": o(n) * E(X), "extra cost added": v(n, M) + delta(n + 1)},
    restated=same(v(n, Max(n, M)), by=index(Max(n, M), M)),
)
L13 = claim("L13", step_c(n), n + k <= M, k >= 1)(
    r"n + k \le M \implies c_n^{k,(M+1)} - c_n^{k,(M)} = P(o_n X > A_n^k)\,(c_{n+1}^{k,(M+1)} - c_{n+1}^{k,(M)})",
    eq(look(k, a(n, k, M + 1), M + 1) - short, "both recursions", *both("k-sla")),
    eq(look(k, go_on(n, CUT), M + 1) - short, "its threshold", use("k-sla threshold", M=M + 1)),
    eq(look(k, go_on(n, LADDER), M + 1) - short, "the cut lies before both ends", by=index(CUT, LADDER)),
    eq(look(k, a(n, k, M), M + 1) - short, "as at the shorter horizon", "k-sla threshold"),
    eq(chance(sending, a(n, k, M)) * step_c(n + 1), "they differ only where k-sla goes on", by=expectation),
    wrong={"chance of stopping": (1 - chance(sending, a(n, k, M))) * step_c(n + 1), "chance dropped": step_c(n + 1)}
    | {"sign": -chance(sending, a(n, k, M)) * step_c(n + 1)}
    | {"stage not advanced": chance(sending, a(n, k, M)) * step_c(n)}
    | {"1-sla's threshold": sla_goes_on(n) * step_c(n + 1)},
    restated=same((1 - E(indicator(sending <= a(n, k, M)))) * step_c(n + 1), by=expectation),
    samples={"k": ("1", "2"), "M": ("2", "3"), "n": ("0", "1")},
)
L14 = claim("L14", step_c(0), n <= MEET, n <= M, k >= 1)(
    r"c_0^{k,(M+1)} - c_0^{k,(M)} = \pi_n^{k}\,(c_n^{k,(M+1)} - c_n^{k,(M)}) \quad (n \le \max(M + 1 - k, 0))",
    forward("=", r(n, k, M) * step_c(n), n, 0)(
        eq(r(0, k, M) * step_c(0), "stage 0 is always reached", "k-sla reach starts")
    )(
        eq(r(n, k, M) * step_c(n), "hypothesis", HYPOTHESIS),
        eq(r(n, k, M) * chance(sending, a(n, k, M)) * step_c(n + 1), "one stage (L13)", L13),
        eq(r(n + 1, k, M) * step_c(n + 1), "the chance of reaching the next stage", use("k-sla reach", m=n)),
    ),
    wrong={"reach off by one": r(n + 1, k, M) * step_c(n), "reach of 1-sla": pi(n) * step_c(n)}
    | {"reach dropped": step_c(n), "sign": -r(n, k, M) * step_c(n), "stage off by one": r(n, k, M) * step_c(n + 1)},
    restated=same(r(n, k, M) * c(n, k, M + 1) - c(n, k, M) * r(n, k, M)),
    samples={"k": ("1", "2"), "M": ("2", "3")},
)
N1 = claim("N1", Jk(k, M + 1) - Jk(k, M), k >= 1)(
    r"J_k(M+1) - J_k(M) = D_{M+1} - \pi_j^{k}\,(v_j^{(M)} - v_j^{(M+1)}), \quad j = \max(M + 1 - k, 0)",
    eq(placed(M + 1) + c(0, k, M + 1) - placed(M) - c(0, k, M), "the ETC of an inference", *both("ETC of k-sla")),
    eq(D(M + 1) + step_c(0), "one term more in the sum"),
    eq(D(M + 1) + r(MEET, k, M) * step_c(MEET), "nothing changes before stage j (L14)", use(L14, n=MEET)),
    eq(D(M + 1) - r(MEET, k, M) * saved(MEET), "from stage j on k-sla sees either end (L12)", *both(L12, n=MEET)),
    wrong={"sign": D(M + 1) + r(MEET, k, M) * saved(MEET)}
    | {"stage off by one": D(M + 1) - r(Max(M - k, 0), k, M) * (v(Max(M - k, 0), M) - v(Max(M - k, 0), M + 1))}
    | {"reach dropped": D(M + 1) - saved(MEET), "reach of 1-sla": D(M + 1) - pi(MEET) * saved(MEET)}
    | {"download of the layer before": D(M) - r(MEET, k, M) * saved(MEET)}
    | {"saving of 1-sla": D(M + 1) - pi(M) * G(M)},
    restated=same(D(M + 1) + r(MEET, k, M) * v(MEET, M + 1) - v(MEET, M) * r(MEET, k, M)),
    note="k = 1 is R6; k > M is the optimal rule. ",
    samples={"k": ("1", "2", "3")},
)
