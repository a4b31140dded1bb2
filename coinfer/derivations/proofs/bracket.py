"""Claims that bracket the optimal rule by what 1-sla knows, and say how the placement moves (R16, R18, N5)."""

import sympy as sp

from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.placement import L10, L11, step_u
from coinfer.derivations.proofs.stopping import R5, R5a, R5b, R5c

# -- R16: what one layer more saves the optimal rule, bracketed by what it saves 1-sla
LATER = use(R5, n=n + 1)  # what is later costs no more with one layer more
DEARER = use("dearer layers", n=n + 1)
L15 = claim("L15", saved(M))(
    r"v_M^{(M)} - v_M^{(M+1)} = G_M",
    eq(E(o(M) * X) - best(M, M + 1), "send, or one layer more", "optimal ends", use("optimal", n=M, M=M + 1)),
    eq(E(o(M) * X) - E(Min(o(M) * X, threshold(M))), "after it one has to send", use("optimal ends", M=M + 1)),
    eq(saving(M), "what remains is the excess", by=expectation),
    eq(G(M), "the saving", use("saving", m=M)),
    wrong={"sign": -G(M), "stage off by one": G(M + 1), "reach": pi(M) * G(M)}
    | {"positive part dropped": E(o(M) * X) - threshold(M), "extra cost added": G(M) + delta(M + 1)},
    restated=same(E(Max(o(M) * X, threshold(M))) - threshold(M), use("saving", m=M), by=expectation),
)
R16 = claim("R16", saved(n), n <= M)(
    r"v_n^{(M)} - v_n^{(M+1)} \le G_M \quad (n \le M)",
    backward("<=", G(M), n, M)(eq(G(M), "at stage M (L15)", L15))(
        eq(best(n) - best(n, M + 1), "both recursions", *both("optimal")),
        le(saved(n + 1), "a stage passes on at most the difference behind it (L1)", LATER, by=expectation),
        le(G(M), "hypothesis", HYPOTHESIS),
    ),
    wrong={"equality": "=", "stage off by one": G(M + 1), "times 1-sla's reach": pi(M) * G(M)},
    restated=same(v(M, M) - v(M, M + 1), L15, by=order),
    note="At n = 0 it bounds the best placement of the optimal rule (R16f).",
)
L16 = claim("L16", saved(n), n + 1 <= M)(
    r"v_n^{(M)} - v_n^{(M+1)} \ge P(o_n X > A_n^{(M)})\,(v_{n+1}^{(M)} - v_{n+1}^{(M+1)})",
    eq(best(n) - best(n, M + 1), "both recursions", *both("optimal")),
    ge(goes_on(n) * saved(n + 1), "where it goes on under M, it gains all of it (R2b)", LATER, by=expectation),
    wrong={"chance dropped": saved(n + 1), "chance under the longer horizon": goes_on(n, M + 1) * saved(n + 1)}
    | {"tie goes on": E(indicator(sending >= go_on(n, M + 1))) * saved(n + 1)}
    | {"sign": goes_on(n) * (saved(n + 1) + G(n))},
    restated=same((1 - E(indicator(sending <= go_on(n, M)))) * saved(n + 1), by=expectation),
)
L17 = claim("L17", saved(0), n <= M)(
    r"v_0^{(M)} - v_0^{(M+1)} \ge \pi_n^{(M)}\,(v_n^{(M)} - v_n^{(M+1)}), \quad \pi^{(M)} \text{ of the optimal rule}",
    forward(">=", h(n, M) * saved(n), n, 0)(
        eq(h(0, M) * saved(0), "stage 0 is always reached", "optimal reach starts")
    )(
        ge(h(n, M) * saved(n), "hypothesis", HYPOTHESIS),
        ge(h(n, M) * goes_on(n) * saved(n + 1), "one stage (L16)", L16),
        eq(h(n + 1, M) * saved(n + 1), "the chance of reaching the next stage", use("optimal reach", m=n)),
    ),
    wrong={"reach dropped": saved(n), "reach under the longer horizon": h(n, M + 1) * saved(n)}
    | {"reach one too early": h(Max(n - 1, 0), M) * saved(n)},
    restated=same(h(n, M) * v(n, M) - v(n, M + 1) * h(n, M)),
)
L18 = claim("L18", pi(m), m <= M)(
    r"\pi_m \le \pi_m^{(M)}: \text{ 1-sla reaches a stage no more often than the optimal rule}",
    forward("<=", h(m, M), m, 0)(
        eq(1, "stage 0 is always reached", "reach starts"), eq(h(0, M), "by either rule", "optimal reach starts")
    )(
        eq(pi(m) * sla_goes_on(m), "1-sla goes on", "reach"),
        le(pi(m) * goes_on(m), "its threshold is higher (R5b)", use(R5b, n=m), by=expectation),
        le(h(m, M) * goes_on(m), "hypothesis", HYPOTHESIS),
        eq(h(m + 1, M), "the optimal rule goes on", "optimal reach"),
    ),
    wrong={"strict": "<", "one stage further": h(m + 1, M)},
    restated=same(h(m, Max(m, M)), by=index(Max(m, M), M)),
)
R16a = claim("R16a", saved(0))(
    r"v_0^{(M)} - v_0^{(M+1)} \ge \pi_M^{(M)} G_M \ge \pi_M G_M",
    ge(h(M, M) * saved(M), "stage by stage (L17)", use(L17, n=M)),
    eq(h(M, M) * G(M), "at stage M (L15)", L15),
    ge(pi(M) * G(M), "1-sla gets there no more often (L18)", use(L18, m=M)),
    wrong={"reach dropped": G(M), "equality": "=", "stage off by one": pi(M) * G(M + 1)}
    | {"reach one too early": pi(M - 1) * G(M), "strict": ">"},
    restated=same(-pi(M) * (v(M, M + 1) - v(M, M)), L15),
)
L19 = claim("L19", step_u(0))(
    r"u_0^{(M+1)} = u_0^{(M)} - \pi_M G_M",
    eq(pi(M) * step_u(M), "nothing changes before stage M (L10)", use(L10, n=M)),
    eq(-pi(M) * G(M), "at stage M the saving (L11)", L11),
    wrong={"sign": pi(M) * G(M), "reach dropped": -G(M), "reach off by one": -pi(M + 1) * G(M)}
    | {"saving off by one": -pi(M) * G(M + 1), "nothing saved": 0},
    restated=same(pi(M) * (v(M, M + 1) - v(M, M)), L15),
)
R16b = claim("R16b", gap(0))(
    r"\mathrm{gap}(M) \le \mathrm{gap}(M+1), \quad \mathrm{gap}(M) = u_0^{(M)} - v_0^{(M)}",
    eq(gap(0, M + 1) + pi(M) * G(M) - saved(0), "what 1-sla saves with layer M + 1 (L19)", L19),
    le(gap(0, M + 1), "the optimal rule saves no less (R16a)", R16a),
    wrong={"strict": "<", "sign": -gap(0, M + 1)},
    restated=same(-v(0, M + 1) + u(0, M) - pi(M) * G(M), L19),
    note="So the best placement under 1-sla is at most that under the optimal rule (R16e).",
)
bound = Lambda(n, Sum((1 - pi(i)) * G(i), (i, 1, n)))  # savings times the chance that 1-sla stops before
R16c = claim("R16c", gap(0), M >= 1)(
    r"\mathrm{gap}(M) \le \sum_{1 \le m < M} (1 - \pi_m) G_m \quad (M \ge 1)",
    forward("<=", bound(M - 1), M, 1)(
        eq(0, "one layer: 1-sla is optimal (R5c)", use(R5c, M=0)), eq(bound(0), "an empty sum")
    )(
        eq(gap(0) - pi(M) * G(M) + saved(0), "what 1-sla saves (L19)", L19),
        le(gap(0) - pi(M) * G(M) + G(M), "the optimal rule saves at most G (R16)", use(R16, n=0)),
        le(bound(M - 1) - pi(M) * G(M) + G(M), "hypothesis", HYPOTHESIS),
        eq(bound(M), "one term more in the sum"),
    ),
    wrong={"one term too few": bound(M - 2), "equality": "=", "sign": -bound(M - 1)}
    | {"squared chance": Sum((1 - pi(i)) ** 4 * G(i) / 4, (i, 1, M - 1))},
    restated=same(Sum(G(i), (i, 1, M - 1)) - Sum(pi(i) * G(i), (i, 1, M - 1))),
)

# -- N5: a sharper bound from one pass of the optimal rule
L21 = claim("L21", saved(n), n + 1 <= M)(
    r"v_n^{(M)} - v_n^{(M+1)} \le P(o_n X > A_n^{(M+1)})\,(v_{n+1}^{(M)} - v_{n+1}^{(M+1)})",
    eq(best(n) - best(n, M + 1), "both recursions", *both("optimal")),
    le(goes_on(n, M + 1) * saved(n + 1), "it stops wherever M + 1 does, at one cost (R2a)", LATER, by=expectation),
    wrong={"chance under the shorter horizon": goes_on(n) * saved(n + 1)}
    | {"chance of stopping": (1 - goes_on(n, M + 1)) * saved(n + 1), "1-sla's chance": sla_goes_on(n) * saved(n + 1)},
    restated=same((1 - E(indicator(sending <= go_on(n, M + 1)))) * saved(n + 1), by=expectation),
)
L22 = claim("L22", saved(0), n <= M)(
    r"v_0^{(M)} - v_0^{(M+1)} \le \pi_n^{(M+1)}\,(v_n^{(M)} - v_n^{(M+1)})",
    forward("<=", h(n, M + 1) * saved(n), n, 0)(
        eq(h(0, M + 1) * saved(0), "stage 0 is always reached", use("optimal reach starts", M=M + 1))
    )(
        le(h(n, M + 1) * saved(n), "hypothesis", HYPOTHESIS),
        le(h(n, M + 1) * goes_on(n, M + 1) * saved(n + 1), "one stage (L21)", L21),
        eq(h(n + 1, M + 1) * saved(n + 1), "the chance of reaching the next stage", use("optimal reach", m=n, M=M + 1)),
    ),
    wrong={"reach under the shorter horizon": h(n, M) * saved(n), "1-sla's reach": pi(n) * saved(n)},
    restated=same(h(n, M + 1) * v(n, M) - v(n, M + 1) * h(n, M + 1)),
)
L23 = claim("L23", h(n, M), n <= M, m >= M)(
    r"\pi_n^{(M)} \le \pi_n^{(m)} \text{ of the optimal rule} \quad (n \le M \le m)",
    forward("<=", h(n, m), n, 0)(
        eq(1, "stage 0 is always reached", "optimal reach starts"),
        eq(h(0, m), "under either placement", use("optimal reach starts", M=m)),
    )(
        eq(h(n, M) * goes_on(n), "it goes on", use("optimal reach", m=n)),
        le(h(n, M) * goes_on(n, m), "thresholds fall in M (R5a)", use(R5a, n=n + 1, m=M, M=m), by=expectation),
        le(h(n, m) * goes_on(n, m), "hypothesis", HYPOTHESIS),
        eq(h(n + 1, m), "it goes on", use("optimal reach", m=n, M=m)),
    ),
    wrong={"one stage further": h(n + 1, m), "1-sla's reach": pi(n)},
    restated=same(h(n, Max(m, M)), by=index(Max(m, M), m)),
)
# savings times the excess of the optimal rule's chance of getting there
sharper = Lambda(n, Sum((h(i, m) - pi(i)) * G(i), (i, 0, n)))
N5 = claim("N5", gap(0), m >= M)(
    r"\mathrm{gap}(M) \le \sum_{j < M} (\pi_j^{(m)} - \pi_j) G_j \quad (M \le m), \quad \pi^{(m)} \text{ of the optimal rule under } m",
    forward("<=", sharper(M - 1), M, 0)(
        eq(0, "nothing to decide", use("1-sla ends", M=0), use("optimal ends", M=0)), eq(sharper(-1), "an empty sum")
    )(
        eq(gap(0) - pi(M) * G(M) + saved(0), "what 1-sla saves (L19)", L19),
        le(gap(0) - pi(M) * G(M) + h(M, M + 1) * saved(M), "stage by stage (L22)", use(L22, n=M)),
        eq(gap(0) - pi(M) * G(M) + h(M, M + 1) * G(M), "at stage M (L15)", L15),
        le(gap(0) - pi(M) * G(M) + h(M, m) * G(M), "a longer horizon reaches further (L23)", use(L23, n=M, M=M + 1)),
        le(sharper(M - 1) - pi(M) * G(M) + h(M, m) * G(M), "hypothesis", HYPOTHESIS),
        eq(sharper(M), "one term more in the sum"),
    ),
    wrong={"two terms too few": sharper(M - 3), "equality": "=", "sign": -sharper(M - 1)}
    | {"saving off by one": Sum((h(i, m) - pi(i)) * G(i + 1), (i, 0, M - 1))},
    restated=same(Sum(h(i, m) * G(i), (i, 0, M - 1)) - Sum(pi(i) * G(i), (i, 0, M - 1))),
    note="Sharper than R16c, whose weights are 1 - pi: with m = N two passes, one of either rule, bound the gap of every placement; m = M is sharpest. ",
    samples={"m": ("2", "3", "4"), "M": ("2", "3")},
)

# -- R18: how the placement moves: smaller increments of the cost, a deeper optimum
L20 = claim("L20", J2(m) - J2(M), m >= M, setting="two costs")(
    r"J_2(M{+}1) - J_2(M) \le J_1(M{+}1) - J_1(M) \text{ for all } M \implies J_2(m) - J_2(M) \le J_1(m) - J_1(M) \quad (M \le m)",
    forward("<=", J1(m) - J1(M), m, M)(eq(J1(M) - J1(M), "nothing to show"))(
        le(J1(m + 1) - J1(m) + J2(m) - J2(M), "one increment", use("smaller increments", M=m)),
        le(J1(m + 1) - J1(M), "hypothesis", HYPOTHESIS),
    ),
    wrong={"sign": J1(M) - J1(m), "level for increment": J1(m) - J1(M) - J2(m)},
    restated=same(J1(Max(m, M)) - J1(M), by=index(Max(m, M), m)),
    note="If m is the smallest minimiser of J_1 then J_1(m) - J_1(M) < 0 for M < m, so no such M minimises J_2: smaller increments, larger smallest minimiser, as in R16e, R16f and R18g to R18j.",
)
sizes, unit_time, updates = Symbol("s", positive=True), Symbol("chi", positive=True), symbol("inferences_per_update")
R18 = claim("R18", Derivative(unit_time * sizes / updates - pi(M) * G(M), updates))(
    r"\frac{\partial}{\partial K}\Bigl(\frac{\chi s_{M+1}}{K} - \pi_M G_M\Bigr) = -\frac{\chi s_{M+1}}{K^2}, \quad \chi = \frac{\beta_t + \beta_e P_{rx}}{R_{dl}}",
    eq(-unit_time * sizes / updates**2, "only the download depends on K", by=calculus),
    wrong={"sign": unit_time * sizes / updates**2, "power": -unit_time * sizes / updates}
    | {"size dropped": -unit_time / updates**2, "saving left in": -unit_time * sizes / updates**2 - pi(M) * G(M) - 1}
    | {"factor": -2 * unit_time * sizes / updates**2},
    restated=same(Derivative(unit_time * sizes / updates, updates), by=calculus),
    note="Negative: every increment of J falls as K grows, so the best placement does not fall, under either rule (R18g, R18h).",
)
L24 = claim("L24", pi_hat(m))(
    r"\hat\delta \ge \delta \implies \hat\pi_m \le \pi_m \text{ for 1-sla}",
    forward("<=", pi(m), m, 0)(
        eq(1, "stage 0 is always reached", "reach starts, dearer layers"), eq(pi(0), "on either chain", "reach starts")
    )(
        eq(pi_hat(m) * chance(o(m) * X, threshold_hat(m)), "1-sla goes on", "reach, dearer layers"),
        le(pi_hat(m) * sla_goes_on(m), "its threshold is higher", use("dearer layers", n=m + 1), by=expectation),
        le(pi(m) * sla_goes_on(m), "hypothesis", HYPOTHESIS),
        eq(pi(m + 1), "1-sla goes on", "reach"),
    ),
    wrong={"strict": "<", "one stage further": pi(m + 1)},
    restated=same(pi(m) * (sla_goes_on(m) + E(indicator(o(m) * X <= threshold(m)))), by=expectation),
)
R18a = claim("R18a", pi_hat(m) * G_hat(m))(
    r"\hat\delta \ge \delta \implies \hat\pi_m \hat G_m \le \pi_m G_m \text{ for 1-sla}",
    eq(pi_hat(m) * E(Max(o(m) * X - threshold_hat(m), 0)), "the saving", "saving, dearer layers"),
    le(pi_hat(m) * saving(m), "the threshold is higher", use("dearer layers", n=m + 1), by=expectation),
    eq(pi_hat(m) * G(m), "the saving", "saving"),
    le(pi(m) * G(m), "stage m is reached less often (L24)", L24),
    wrong={"saving off by one": pi(m) * G(m + 1), "reach off by one": pi(m + 1) * G(m)},
    restated=same(pi(m) * (o(m) * E(X) - E(Min(o(m) * X, threshold(m)))), "saving", by=expectation),
    note="So every increment of J under 1-sla rises with every extra cost, and the best placement does not (R18i).",
)


def best_hat(stage: sp.Expr, horizon: sp.Expr = M) -> sp.Expr:
    """What the optimal rule pays from a stage on, on the chain with larger extra costs."""
    return E(Min(o(stage) * X, delta_hat(stage + 1) + v_hat(stage + 1, horizon)))


L25 = claim("L25", v_hat(n, M), n <= M)(
    r"\hat\delta \ge \delta \implies \hat v_n \ge v_n",
    backward(">=", v(n, M), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "optimal ends, dearer layers"),
        eq(v(M, M), "on either chain", "optimal ends"),
    )(
        eq(best_hat(n), "the recursion", "optimal, dearer layers"),
        ge(best(n), "going on is no cheaper (hypothesis)", HYPOTHESIS, DEARER, by=expectation),
        eq(v(n, M), "the recursion", "optimal"),
    ),
    wrong={"1-sla": u(n, M), "stage off by one": v(n + 1, M)},
    restated=same(v(n, Max(n, M)), by=index(Max(n, M), M)),
)
AT_THE_END = ("optimal ends, dearer layers", use("optimal, dearer layers", n=M, M=M + 1))
DEARER_END = (use(L25, n=M + 1, M=M + 1), use("dearer layers", n=M + 1))
R18b = claim("R18b", v_hat(n, M) - v_hat(n, M + 1), n <= M)(
    r"\hat\delta \ge \delta \implies \hat v_n^{(M)} - \hat v_n^{(M+1)} \le v_n^{(M)} - v_n^{(M+1)}",
    backward("<=", saved(n), n, M)(
        eq(E(o(M) * X) - best_hat(M, M + 1), "send, or one layer more", *AT_THE_END),
        le(E(o(M) * X) - best(M, M + 1), "going on is no cheaper (L25)", *DEARER_END, by=expectation),
        eq(saved(M), "send, or one layer more", "optimal ends", use("optimal", n=M, M=M + 1)),
    )(
        eq(best_hat(n) - best_hat(n, M + 1), "both recursions", *both("optimal, dearer layers")),
        le(
            best(n) - best(n, M + 1),
            "a stage is concave: a smaller difference at a higher level passes less on",
            HYPOTHESIS,
            use(L25, n=n + 1, M=M + 1),
            LATER,
            DEARER,
            by=expectation,
        ),
        eq(saved(n), "both recursions", *both("optimal")),
    ),
    wrong={"strict": "<", "stage off by one": v(n + 1, M + 1) - v(n + 1, M + 2)},
    restated=same(v(n, Max(n, M)) - v(n, M + 1), by=index(Max(n, M), M)),
    note="So every increment of J under the optimal rule rises with every extra cost, and the best placement does not (R18j).",
)
