"""Claims about what sending costs whatever the channel: a round trip, energy a bit, the radio's tail (R24 to R26).

Stopping at stage n costs f_n besides what the channel makes of it. A bar marks what is paid then; without one, delta has
the fixed costs folded in: delta_n = bar delta_n + f_n - f_{n-1}.
"""

from typing import Any

from coinfer.derivations.engine.clock import FIXED_MEMORY, goes_to, j, onward, onward_bar, send_in, vs, vs_bar
from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.placement import R6, placed

STAY = {"M": ("0", "1", "2", "3"), "n": ("0", "1", "2")}
spent = Sum(delta_bar(i), (i, 1, n))

# -- R24: folded into the layers, fixed costs are gone from every stage, and no rule decides otherwise
R24 = claim("R24", Sum(delta(i), (i, 1, n)), setting="folded")(
    r"\delta_i = \bar\delta_i + f_i - f_{i-1} \implies \sum_{i \le n} \delta_i = \sum_{i \le n} \bar\delta_i + f_n - f_0",
    forward("=", spent + fixed(n) - fixed(0), n, 0)(
        eq(0, "no layer", by=calculus), eq(spent.subs(n, 0) + fixed(0) - fixed(0), "an empty sum", by=calculus)
    )(
        eq(Sum(delta(i), (i, 1, n)) + delta(n + 1), "one term more in the sum"),
        eq(spent + fixed(n) - fixed(0) + delta(n + 1), "hypothesis", HYPOTHESIS),
        eq(spent + fixed(n) - fixed(0) + delta_bar(n + 1) + fixed(n + 1) - fixed(n), "the layer", "folded"),
        eq(spent.subs(n, n + 1) + fixed(n + 1) - fixed(0), "all between cancel"),
    ),
    wrong={"start dropped": spent + fixed(n), "end dropped": spent - fixed(0), "signs": spent - fixed(n) + fixed(0)}
    | {"every stage pays": spent + Sum(fixed(i), (i, 1, n)), "no fixed costs": spent},
    restated=same(Sum(delta_bar(i), (i, 1, n)) - fixed(0) + E(fixed(n))),
    note="So stopping at n costs C_edge + sum of bar delta_i + o_n X_n + f_n = (C_edge + f_0) + sum of delta_i + o_n X_n: the chain without fixed costs, with these delta_n, and C_edge + f_0 for C_edge.",
)
later = Lambda(A, delta_bar(n + 1) + A + fixed(n + 1))  # what going on costs if the folded chain's rest costs A


def folds(label: str, paid: Any, alone: Any, recursion: str, *steps: Link, **more: Any) -> Claim:
    """A rule pays on a chain with fixed costs what it pays on the folded one and f_n: by backward induction."""
    here = paid + fixed(n)
    return claim(label, alone, n <= M, setting="fixed costs")(
        more.pop("statement"),
        backward("=", here, n, M)(
            eq(E(o(M) * X + fixed(M)), "at stage M one has to send", f"{recursion} with fixed costs ends"),
            eq(here.subs(n, M), "so it is on the folded chain", f"{recursion} ends"),
        )(*steps, eq(here, "the recursion there", recursion)),
        wrong={"fixed cost dropped": paid, "sign": paid - fixed(n), "of the next stage": paid + fixed(n + 1)}
        | {"twice": paid + 2 * fixed(n), "of the last stage": paid + fixed(M)},
        restated=same(paid + E(fixed(n))),
        **more,
    )


mixed = E(s(n, X) * (sending + fixed(n)) + (1 - s(n, X)) * later(w(n + 1, M)))
R24a = folds(
    "R24a",
    w(n, M),
    w_bar(n, M),
    "rule",
    eq(
        E(s(n, X) * (sending + fixed(n)) + (1 - s(n, X)) * (delta_bar(n + 1) + w_bar(n + 1, M))),
        "what the rule pays",
        "rule with fixed costs",
    ),
    eq(mixed, "hypothesis", HYPOTHESIS),
    eq(
        E(s(n, X) * sending + (1 - s(n, X)) * (delta(n + 1) + w(n + 1, M))) + fixed(n),
        "f_n is paid either way",
        "folded",
        by=expectation,
    ),
    statement=r"\text{every rule: } \bar w_n = w_n + f_n",
    note="For the same decisions. So no rule is better on one chain than on the other, and the optimal ones agree.",
)
R24b = folds(
    "R24b",
    v(n, M),
    v_bar(n, M),
    "optimal",
    eq(E(Min(sending + fixed(n), go_on_bar(n, M))), "the recursion", "optimal with fixed costs"),
    eq(E(Min(sending + fixed(n), later(v(n + 1, M)))), "hypothesis", HYPOTHESIS),
    eq(best(n) + fixed(n), "f_n is paid either way", "folded", by=expectation),
    statement=r"\bar v_n = v_n + f_n: \text{ backward induction (R3) on the folded chain}",
)
CUT = Min(n + k, M)
R24c = claim("R24c", a_bar(n, k, M) - fixed(n), n + 1 <= M, k >= 1, setting="fixed costs")(
    r"\bar A_n^k - f_n = A_n^k: \quad o_n X + f_n \le \bar A_n^k \iff o_n X \le A_n^k",
    eq(go_on_bar(n, CUT) - fixed(n), "go on in the problem cut k stages ahead", "k-sla threshold with fixed costs"),
    eq(later(v(n + 1, CUT)) - fixed(n), "the values differ by f (R24b)", use(R24b, n=n + 1, M=CUT)),
    eq(go_on(n, CUT), "the layer with its fixed costs", "folded"),
    eq(a(n, k, M), "go on in the folded problem", "k-sla threshold"),
    wrong={"fixed cost kept": a(n, k, M) + fixed(n), "next stage's": a(n, k, M) - fixed(n + 1)}
    | {"one stage ahead": threshold(n), "without fixed costs": go_on_bar(n, CUT)},
    restated=same(go_on(n, CUT), "k-sla threshold"),
    note="Look-ahead of any depth, so of one stage (R4) and of as many as there are (R4a), decides alike on both chains.",
    samples={"k": ("1", "2", "3")},
)
R24d = folds(
    "R24d",
    u(n, M),
    u_bar(n, M),
    "1-sla",
    eq(
        follow(sending + fixed(n), SLA_BAR, delta_bar(n + 1) + u_bar(n + 1, M)),
        "what 1-sla pays",
        "1-sla with fixed costs",
    ),
    eq(follow(sending + fixed(n), SLA_BAR, later(u(n + 1, M))), "hypothesis", HYPOTHESIS),
    eq(sla(n) + fixed(n), "f_n is paid either way, and is on both sides of the threshold", "folded", by=expectation),
    statement=r"\bar u_n = u_n + f_n: \text{ 1-sla (R4) on the folded chain}",
)
seen = a(n, k, M) + fixed(n)
R24e = claim("R24e", c_bar(n, k, M), n <= M, k >= 1, setting="fixed costs")(
    r"\bar c_n^k = c_n^k + f_n: \text{ look-ahead of any depth on the folded chain}",
    backward("=", c(n, k, M) + fixed(n), n, M)(
        eq(E(o(M) * X + fixed(M)), "at stage M one has to send", "k-sla with fixed costs ends"),
        eq(c(M, k, M) + fixed(M), "so it is on the folded chain", "k-sla ends"),
    )(
        eq(
            follow(sending + fixed(n), a_bar(n, k, M), delta_bar(n + 1) + c_bar(n + 1, k, M)),
            "what k-sla pays",
            "k-sla with fixed costs",
        ),
        eq(
            follow(sending + fixed(n), seen, later(c(n + 1, k, M))),
            "its threshold (R24c); hypothesis",
            R24c,
            HYPOTHESIS,
        ),
        eq(look(k, a(n, k, M)) + fixed(n), "f_n is paid either way", "folded", by=expectation),
        eq(c(n, k, M) + fixed(n), "the recursion there", "k-sla"),
    ),
    wrong={"fixed cost dropped": c(n, k, M), "sign": c(n, k, M) - fixed(n), "1-sla": u(n, M) + fixed(n)}
    | {"of the next stage": c(n, k, M) + fixed(n + 1)},
    restated=same(c(n, k, Max(n, M)) + fixed(n), by=index(Max(n, M), M)),
    samples={"k": ("1", "2"), "M": ("1", "2", "3")},
)
R24f = claim("R24f", J_bar(M + 1) - J_bar(M), setting="fixed costs")(
    r"\bar J(M+1) - \bar J(M) = D_{M+1} - \pi_M G_M \text{ of the folded chain}",
    eq(placed(M + 1) + u_bar(0, M + 1) - placed(M) - u_bar(0, M), "the ETC", *both("ETC with fixed costs")),
    eq(placed(M + 1) + u(0, M + 1) - placed(M) - u(0, M), "both have f_0 in them (R24d)", *both(R24d, n=0)),
    eq(J(M + 1) - J(M), "the ETC on the folded chain", *both("ETC")),
    eq(D(M + 1) - pi(M) * G(M), "one layer more (R6)", R6),
    wrong={"sign of the saving": D(M + 1) + pi(M) * G(M), "reach dropped": D(M + 1) - G(M)}
    | {"fixed cost of the next stage": D(M + 1) - pi(M) * G(M) + fixed(M + 1)}
    | {"fixed costs apart": D(M + 1) - pi(M) * E(Max(o(M) * X - delta_bar(M + 1) - o(M + 1) * E(X), 0))},
    restated=same(
        D(M + 1) - pi(M) * E(Max(o(M) * X + fixed(M) - delta_bar(M + 1) - o(M + 1) * E(X) - fixed(M + 1), 0)),
        use("saving", m=M),
        use("folded", n=M),
    ),
    note="So J telescopes as before, and M* is that of the folded chain.",
)
R24g = claim("R24g", Jopt_bar(M), setting="fixed costs")(
    r"\bar J^{\mathrm{opt}}(M) = J^{\mathrm{opt}}(M) + f_0 \text{ of the folded chain}",
    eq(placed(M) + v_bar(0, M), "the ETC of an inference", "ETC of the optimum with fixed costs"),
    eq(placed(M) + v(0, M) + fixed(0), "the values differ by f (R24b)", use(R24b, n=0)),
    eq(Jopt(M) + fixed(0), "the ETC on the folded chain", "ETC of the optimum"),
    wrong={"fixed cost dropped": Jopt(M), "sign": Jopt(M) - fixed(0), "of the last stage": Jopt(M) + fixed(M)},
    restated=same(placed(M) + v(0, M) + E(fixed(0)), "ETC of the optimum"),
)
AHEAD = goes_to(j, X)
PATHS = {"j": ("0", "1"), "n": ("0", "1", "2"), "M": ("0", "1", "2")}
R24h = claim("R24h", vs_bar(n, M, j), n <= M, setting=FIXED_MEMORY)(
    r"\bar v_n(s) = v_n(s) + f_n: \text{ the same on a channel with a memory}",
    backward("=", vs(n, M, j) + fixed(n), n, M)(
        eq(send_in(M, j) + fixed(M), "at stage M one has to send", "memory with fixed costs ends"),
        eq(vs(M, M, j) + fixed(M), "so it is on the folded chain", "memory ends"),
    )(
        eq(Min(send_in(n, j) + fixed(n), onward_bar(n, M, j)), "the recursion", "memory with fixed costs"),
        eq(
            Min(send_in(n, j) + fixed(n), delta_bar(n + 1) + E(vs(n + 1, M, AHEAD)) + fixed(n + 1)),
            "hypothesis, from every next state",
            use(HYPOTHESIS, j=AHEAD),
        ),
        eq(Min(send_in(n, j), onward(n, M, j)) + fixed(n), "f_n is paid either way", "folded", by=order),
        eq(vs(n, M, j) + fixed(n), "the recursion there", "memory"),
    ),
    wrong={"fixed cost dropped": vs(n, M, j), "sign": vs(n, M, j) - fixed(n), "last stage": vs(n, M, j) + fixed(M)},
    restated=same(vs(n, Max(n, M), j) + fixed(n), by=index(Max(n, M), M)),
    note="So R21 holds of the folded delta, of whatever sign.",
    samples=PATHS,
)

# -- R25: one fixed cost f wherever something is sent: only running all layers saves it
ONE = "one fixed cost"
WITHOUT = use("without fixed costs")
R25 = claim("R25", delta(n + 1), n + 2 <= N, setting=ONE)(
    r"f_0 = \dots = f_{N-1} = f \implies \delta_n = \bar\delta_n \quad (n < N)",
    eq(delta_bar(n + 1) + fixed(n + 1) - fixed(n), "the layer with its fixed costs", "folded"),
    eq(delta_bar(n + 1), "they cancel", "one fixed cost", use("one fixed cost", n=n + 1)),
    eq(delta_hat(n + 1), "the chain without them", WITHOUT),
    wrong={"fixed cost added": delta_hat(n + 1) + fee, "of the last layer": delta_hat(n + 1) - fee},
    restated=same(delta_bar(n + 1), WITHOUT),
    note="A hat marks the chain without fixed costs. Energy a bit is such an f where all features have one size.",
)
R25a = claim("R25a", delta(N), setting=ONE)(
    r"f_N = 0 \implies \delta_N = \bar\delta_N - f",
    eq(delta_bar(N) + fixed(N) - fixed(N - 1), "the layer with its fixed costs", use("folded", n=N - 1)),
    eq(delta_bar(N) - fee, "after it nothing is sent", "nothing sent", use("one fixed cost", n=N - 1)),
    eq(delta_hat(N) - fee, "the chain without them", use("without fixed costs", n=N - 1)),
    wrong={"sign": delta_hat(N) + fee, "as any other": delta_hat(N)},
    restated=same(delta_bar(N) - fee, use("without fixed costs", n=N - 1)),
    note="So on equal layers R7, R8 and R22 hold with that cost of the last layer.",
)
best_hat = E(Min(sending, delta_hat(n + 1) + v_hat(n + 1, M)))
R25b = claim("R25b", v(n, M), n <= M, M + 1 <= N, setting=ONE)(
    r"v_n^{(M)} = \hat v_n^{(M)} \quad (M < N): \text{ short of the last layer } f \text{ changes nothing}",
    backward("=", v_hat(n, M), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "optimal ends"),
        eq(v_hat(M, M), "on either chain", "optimal ends, dearer layers"),
    )(
        eq(best(n), "the recursion", "optimal"),
        eq(best_hat, "the same layer (R25), hypothesis", R25, HYPOTHESIS),
        eq(v_hat(n, M), "the recursion", "optimal, dearer layers"),
    ),
    wrong={"fixed cost saved": v_hat(n, M) - fee, "stage off by one": v_hat(n + 1, M), "1-sla": u_hat(n, M)},
    restated=same(v_hat(n, Max(n, M)), by=index(Max(n, M), M)),
    samples=STAY,
)
R25c = claim("R25c", go_on(n, M), n + 1 <= M, M + 1 <= N, setting=ONE)(
    r"A_n = \hat A_n \quad (n < M < N): \text{ nor does a decision}",
    eq(delta_hat(n + 1) + v_hat(n + 1, M), "layer (R25) and value (R25b) are the same", R25, use(R25b, n=n + 1)),
    wrong={"fixed cost saved": delta_hat(n + 1) + v_hat(n + 1, M) - fee, "1-sla's": threshold_hat(n)},
    restated=same(delta_bar(n + 1) + v_hat(n + 1, M), WITHOUT),
    samples=STAY,
)
R25d = claim("R25d", pi(m), m + 1 <= N, setting=ONE)(
    r"\pi_m = \hat\pi_m \quad (m < N)",
    forward("=", pi_hat(m), m, 0)(
        eq(1, "stage 0 is always reached", "reach starts"), eq(pi_hat(0), "on either", "reach starts, dearer layers")
    )(
        eq(pi(m) * sla_goes_on(m), "1-sla goes on", "reach"),
        eq(
            pi_hat(m) * chance(o(m) * X, threshold_hat(m)),
            "the same layer (R25), hypothesis",
            use(R25, n=m),
            HYPOTHESIS,
        ),
        eq(pi_hat(m + 1), "1-sla goes on there", "reach, dearer layers"),
    ),
    wrong={"sure to be reached": 1, "stage off by one": pi_hat(m + 1), "twice": pi_hat(m) ** 2},
    restated=same(pi_hat(Min(m, N - 1)), by=index(Min(m, N - 1), m)),
    samples={"m": ("0", "1", "2"), "N": ("1", "2", "3")},
)
gained = Lambda(A, E(Max(o(A) * X - threshold_hat(A) + fee, 0)))
R25e = claim("R25e", J(M + 1) - J(M), M + 2 <= N, setting=ONE)(
    r"J(M+1) - J(M) = \hat J(M+1) - \hat J(M) \quad (M + 1 < N)",
    eq(D(M + 1) - pi(M) * G(M), "one layer more (R6)", R6),
    eq(D(M + 1) - pi_hat(M) * saving(M), "as likely reached (R25d)", use(R25d, m=M), use("saving", m=M)),
    eq(D(M + 1) - pi_hat(M) * E(Max(o(M) * X - threshold_hat(M), 0)), "the same layer (R25)", use(R25, n=M)),
    eq(D(M + 1) - pi_hat(M) * G_hat(M), "the saving there", use("saving, dearer layers", m=M)),
    eq(J_hat(M + 1) - J_hat(M), "one layer more (R6)", on_dearer(R6)),
    wrong={"fixed cost saved": J_hat(M + 1) - J_hat(M) - fee, "download dropped": J_hat(M + 1) - J_hat(M) - D(M + 1)},
    restated=same(D(M + 1) - pi_hat(M) * G_hat(M), on_dearer(R6)),
    note="And J(0) is the same, so all M < N are as before, under 1-sla; under the optimal rule by R25b.",
    samples={"M": ("0", "1"), "N": ("2", "3")},
)
R25f = claim("R25f", J(N) - J(N - 1), setting=ONE)(
    r"J(N) - J(N-1) = D_N - \hat\pi_{N-1}\,\mathbb{E}(o_{N-1}X - \hat A_{N-1} + f)^+",
    eq(D(N) - pi(N - 1) * G(N - 1), "one layer more (R6)", use(R6, M=N - 1)),
    eq(
        D(N) - pi_hat(N - 1) * saving(N - 1),
        "as likely reached (R25d)",
        use(R25d, m=N - 1),
        use("saving", m=N - 1),
    ),
    eq(D(N) - pi_hat(N - 1) * gained(N - 1), "going on saves f as well (R25a)", R25a),
    wrong={"fixed cost dropped": D(N) - pi_hat(N - 1) * G_hat(N - 1)}
    | {"saved by all": D(N) - pi_hat(N - 1) * (G_hat(N - 1) + fee)}
    | {"reach dropped": D(N) - gained(N - 1)},
    restated=same(
        D(N) - pi_hat(N - 1) * (o(N - 1) * mu - E(Min(o(N - 1) * X, threshold_hat(N - 1) - fee))),
        "mean",
        by=expectation,
    ),
    note="Only the last layer is worth more. As no delta is larger than without f, M* is never smaller (R18i, R18j).",
    samples={"N": ("1", "2", "3")},
)
R25g = claim("R25g", v(n, N), n + 1 <= N, setting=ONE)(
    r"v_n^{(N)} \ge \hat v_n^{(N)} - f: \text{ all layers gain at most } f",
    backward(">=", v_hat(n, N) - fee, n, N - 1)(
        eq(best(N - 1, N), "the recursion", use("optimal", n=N - 1, M=N)),
        eq(
            E(Min(o(N - 1) * X, delta_hat(N) - fee + v_hat(N, N))),
            "at the end f is saved (R25a)",
            R25a,
            use("optimal ends", M=N),
            use("optimal ends, dearer layers", M=N),
        ),
        ge(E(Min(o(N - 1) * X, delta_hat(N) + v_hat(N, N))) - fee, "and nowhere else", by=expectation),
        eq(v_hat(N - 1, N) - fee, "the recursion", use("optimal, dearer layers", n=N - 1, M=N)),
    )(
        eq(best(n, N), "the recursion", use("optimal", M=N)),
        ge(
            E(Min(sending, delta_hat(n + 1) + v_hat(n + 1, N))) - fee,
            "the same layer (R25), hypothesis",
            R25,
            HYPOTHESIS,
            by=expectation,
        ),
        eq(v_hat(n, N) - fee, "the recursion", use("optimal, dearer layers", M=N)),
    ),
    wrong={"equality": "=", "nothing gained": v_hat(n, N), "stage off by one": v_hat(n + 1, N) - fee},
    restated=same(v_hat(n, Max(n, N)) - fee, by=index(Max(n, N), N)),
    samples={"n": ("0", "1", "2"), "N": ("1", "2", "3")},
)

# -- R26: the radio's tail, cut off by the next transfer
power, lasts = Symbol("P", nonnegative=True), Symbol("T", nonnegative=True)
drawn = E(Integral(power * indicator(y <= lasts), (y, 0, X)))
R26 = claim("R26", drawn)(
    r"\mathbb{E}\int_0^{X} P\,1(y \le T)\,dy = P\,\mathbb{E}\min(T, X): \text{ a tail of power } P \text{ and length } T,\ X \text{ until the next transfer}",
    eq(power * E(Min(lasts, X)), "the radio is awake until the tail or the time is over", by=expectation),
    wrong={"never cut off": power * lasts, "always awake": power * E(X), "the longer one": power * E(Max(lasts, X))}
    | {"power dropped": E(Min(lasts, X))},
    restated=same(power * lasts - power * E(Max(lasts - X, 0)), by=expectation),
    note="Transfers at a fixed distance tau are the law with that one outcome: an inference pays P min(T, tau).",
)
R26a = claim("R26a", drawn, lasts <= X)(
    r"X \ge T \implies P\,T: \text{ the whole tail after each transfer}",
    eq(power * E(Min(lasts, X)), "the energy of a tail (R26)", R26),
    eq(power * lasts, "it is never cut off", by=expectation),
    wrong={"always awake": power * E(X), "power dropped": lasts},
    restated=same(power * E(Min(lasts, X)), by=expectation),
    samples={"T": ("0", "1/3", "1/2")},
)
R26b = claim("R26b", drawn, lasts >= X)(
    r"X \le T \implies P\,\mathbb{E}X: \text{ the radio never sleeps}",
    eq(power * E(Min(lasts, X)), "the energy of a tail (R26)", R26),
    eq(power * E(X), "the next transfer cuts it off", by=expectation),
    wrong={"the whole tail": power * lasts, "power dropped": E(X)},
    restated=same(power * mu, "mean"),
    samples={"T": ("3", "5", "10")},
)
