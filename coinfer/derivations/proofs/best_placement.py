"""Claims about the best placement itself, an integer: its closed forms, its order and its statics (R7, R8, R16, R18, R22).

M* is by definition the smallest minimiser of J over 0..N: `Argmin(J(M), M, N)`.
"""

import sympy as sp

from coinfer.derivations.proofs.bracket import R16, R16a, R18a, R18b
from coinfer.derivations.proofs.many_layers import *
from coinfer.derivations.proofs.two_states import L39

ORDERS = {"reverse order": ">=", "strict": "<", "equality": "="}

# -- R7f, R7g: a geometric series of savings has fallen to the cost of a layer at k >= ln(D/G)/ln p, and not before
geometric = Lambda((profit, price, ratio), log(price / profit) / log(ratio))
last_pays = geometric(profit, price, ratio)  # where another layer breaks even
falling = monotone(profit * ratio**depth, depth, k, last_pays)
L60 = claim("L60", log(ratio), ratio < 1, setting="given law")(
    r"0 < p < 1 \implies \ln p < 0",
    lt(0, "the logarithm rises, and that of 1 is 0", by=monotone(log(point), point, ratio, sp.Integer(1))),
    wrong={"reverse order": ">", "less than -1": -1},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)
R7f = claim("R7f", profit * ratio**k, ratio < 1, k >= last_pays, setting="given law")(
    r"k \ge \frac{\ln(D/G)}{\ln p} \implies G p^k \le D \quad (0 < p < 1)",
    le(price, "the saving falls with depth, and is D at the crossing", L60, by=falling),
    wrong={"another layer": price * ratio, "cost for saving": price**2 / profit},
    restated=same(profit * exp(log(price / profit), evaluate=False)),
    note="R7b for a power instead of an exponential; with R7g, k is at least the quotient of logarithms iff G p^k <= D.",
    samples={"p": ("1/3", "1/2"), "k": ("0", "1", "2", "3"), "D": ("1/4", "1/2", "1"), "G": ("1", "2")},
)
R7g = claim("R7g", profit * ratio**k, ratio < 1, k < last_pays, setting="given law")(
    r"k < \frac{\ln(D/G)}{\ln p} \implies G p^k > D \quad (0 < p < 1)",
    gt(price, "the saving falls with depth, and is D at the crossing", L60, by=falling),
    wrong={"a layer before": price / ratio, "cost for saving": profit**2 / price},
    restated=same(profit * exp(log(price / profit), evaluate=False)),
    samples={"p": ("1/3", "1/2"), "k": ("0", "1", "2", "3"), "D": ("1/4", "1/2", "1"), "G": ("1", "2")},
)
L61 = claim("L61", y**k, y > 0)(
    r"y > 0 \implies y^k > 0",
    forward(">", 0, k, 0)(gt(0, "an empty product"))(eq(y * y**k, "one factor"), gt(0, "hypothesis", HYPOTHESIS)),
    wrong={"reverse order": "<", "at least 1": 1},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)
L62 = claim("L62", y**k, y >= 1)(
    r"y \ge 1 \implies y^k \ge 1",
    forward(">=", 1, k, 0)(ge(1, "an empty product"))(eq(y * y**k, "one factor"), ge(1, "hypothesis", HYPOTHESIS)),
    wrong={"strict": ">", "at least y": y},
    restated=same(Sum(1, (i, 1, 1)), by=calculus),
)
L63 = claim("L63", p)(
    r"p = P(oX > \delta + o\mu) \le 1",
    eq(chance(send, extra + bits * E(X)), "the chance of going on", "equal layers, chance"),
    le(1, "it is a chance", by=expectation),
    wrong={"reverse order": ">=", "a half": sp.Rational(1, 2)},
    restated=same(E(1)),
)
R7h = claim("R7h", g_save, sp.Eq(p, 0))(
    r"p = 0 \implies G = 0: \text{ what never happens saves nothing}",
    eq(E(excess), "the saving", "equal layers, saving"),
    eq(0, "sending never costs more than the threshold", "equal layers, chance", by=almost_never),
    wrong={"not positive": extra, "the whole": bits * mu, "the last layer's": last_free},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)


def powers(base: sp.Expr, at: sp.Symbol, saved_first: sp.Expr) -> tuple[Use, ...]:
    """What is known of the powers of a chance, and of a saving times a power against the download."""
    at_level = {"p": base, "k": at, "G": saved_first, "D": download}
    bounds = where(L39, alpha=1 - base, k=at), where(L61, y=base, k=at), where(L62, y=base, k=at)
    return *bounds, where(R7f, **at_level), where(R7g, **at_level)


def clipped(most: sp.Expr, saved_first: sp.Expr, base: sp.Expr, rounded: sp.Expr = sp.ceiling) -> sp.Expr:
    """The crossing rounded up, kept between 0 and the most."""
    return Min(Max(rounded(geometric(saved_first, download, base)), 0), most)


def cases(most: sp.Expr, saved_first: sp.Expr, base: sp.Expr, **rounded: sp.Expr) -> sp.Expr:
    """The closed form of R7: the cases in their order."""
    sure = sp.Eq(download, 0) | sp.Eq(base, 1)
    return sp.Piecewise((0, saved_first <= download), (most, sure), (clipped(most, saved_first, base, **rounded), True))


def in_turn(most: sp.Expr, saved_first: sp.Expr, base: sp.Expr) -> sp.Expr:
    """The same as one question after the other: all layers or the crossing, if any at all."""
    rest = sp.Piecewise((most, sp.Eq(download * (1 - base), 0)), (clipped(most, saved_first, base), True))
    return sp.Piecewise((rest, saved_first > download), (0, True))


def wrong_cases(most: sp.Expr, saved_first: sp.Expr, base: sp.Expr) -> dict[str, sp.Expr]:
    """What somebody could write for them."""
    free, inside = sp.Eq(download, 0), clipped(most, saved_first, base)
    return {
        "floor for ceil": cases(most, saved_first, base, rounded=sp.floor),
        "the largest minimiser": sp.Piecewise((0, saved_first < download), (most, free), (Min(inside + 1, most), True)),
        "wrong order of cases": sp.Piecewise((most, free), (0, saved_first <= download), (inside, True)),
        "first case dropped": sp.Piecewise((most, free | sp.Eq(base, 1)), (inside, True)),
        "one end too few": cases(Max(most - 1, 0), saved_first, base),
        "cost for saving": cases(most, download, base),
    }


def or_last(cost: sp.Expr, before: sp.Expr | None = None) -> sp.Expr:
    """All N layers if that is strictly better than the best of fewer, else that."""
    fewer = Argmin(cost(M), M, N - 1) if before is None else before
    return sp.Piecewise((N, cost(N) < cost(fewer)), (fewer, True))


# -- R7: the best placement by 1-sla, in closed form
R7i = claim("R7i", J(M + 1) - J(M), M + 2 <= N, setting="own result")(
    r"J(M+1) - J(M) = D - p^M G \quad (M + 1 \le N - 1)",
    eq(D(M + 1) - pi(M) * G(M), "one layer more (R6)", R6),
    eq(download - p**M * G(M), "chance of getting there (L32)", use(L32, m=M), use("own result, download", n=M + 1)),
    eq(
        download - p**M * E(excess),
        "earlier layers are the same",
        use("saving", m=M),
        use("own result, extra", n=M + 1),
        use("before the last", n=M),
        use("before the last", n=M + 1),
    ),
    eq(download - p**M * g_save, "a name for it", "equal layers, saving"),
    wrong={"sign of the saving": download + p**M * g_save, "exponent off by one": download - p ** (M + 1) * g_save}
    | {"download dropped": -(p**M) * g_save, "as the last layer": download - p**M * last_free},
    restated=same(download - p**M * stage_saving, "equal layers, saving", "mean", by=expectation),
)
BEFORE_LAST = cases(N - 1, g_save, p)
SURE = (L63, where(R7h))
R7j = claim("R7j", Argmin(J(M), M, N - 1), setting="own result")(
    r"\arg\min_{0 \le M \le N-1} J(M) = 0 \text{ if } G \le D; \text{ else } N - 1 \text{ if } D = 0 \text{ or } p = 1; \text{ else } \min\{\max\{\lceil \ln(D/G)/\ln p \rceil, 0\}, N - 1\}",
    eq(
        BEFORE_LAST,
        "J falls as long as p^M G > D (R7g) and no longer (R7f)",
        where(R7i),
        *powers(p, M, g_save),
        *SURE,
        by=turning_point,
    ),
    wrong=wrong_cases(N - 1, g_save, p),
    restated=same(in_turn(N - 1, g_save, p), by=order),
    note="The smallest minimiser, for every N, every law of X and all values; p = 0 is in the first case (R7h).",
)
ahead = (N - m) * download - g_save * Sum(p ** (N - 2 - i), (i, 0, N - 2 - m)) - there * last_excess
R7k = claim("R7k", J(N) - J(m), m + 1 <= N, setting="own result")(
    r"J(N) - J(m) = (N - m) D - G \sum_{j=m}^{N-2} p^j - p^{N-1}\,\mathbb{E}(oX - \delta - o_N\mu)^+ \quad (m \le N - 1)",
    backward("=", ahead, m, N - 1)(
        eq(download - there * last_excess, "the last layer (N4)", N4),
        eq(ahead.xreplace({m: N - 1}), "an empty sum"),
    )(
        eq(J(N) - J(m + 1) + J(m + 1) - J(m), "add and subtract"),
        eq(ahead.xreplace({m: m + 1}) + J(m + 1) - J(m), "hypothesis", HYPOTHESIS),
        eq(ahead.xreplace({m: m + 1}) + download - p**m * g_save, "one layer more (R7i)", use(R7i, M=m)),
        eq(ahead, "one term more in the sum"),
    ),
    wrong={"one download too many": ahead + download, "one term too few": ahead + p**m * g_save}
    | {"last layer dropped": ahead + there * last_excess, "last as any other": ahead + there * (last_excess - g_save)},
    restated=same(
        ahead + there * (last_excess - bits * mu + E(Min(send, extra + result_bits * mu))), "mean", by=expectation
    ),
)
better = Lambda(m, ahead < 0)  # whether all layers are better than the first m
R7l = claim("R7l", Argmin(J(M), M, N), setting="own result")(
    r"M^* = N \text{ if } (N - c) D < G \sum_{j=c}^{N-2} p^j + p^{N-1}\,\mathbb{E}(oX - \delta - o_N\mu)^+, \text{ else } c, \quad c = \arg\min_{M \le N-1} J(M)",
    eq(or_last(J), "all layers or the best of fewer", by=or_the_last),
    eq(or_last(J, BEFORE_LAST), "in closed form (R7j)", R7j),
    eq(
        sp.Piecewise((N, ahead.xreplace({m: BEFORE_LAST}) < 0), (BEFORE_LAST, True)),
        "the difference (R7k)",
        use(R7k, m=BEFORE_LAST),
        by=order,
    ),
    wrong={"the largest minimiser": sp.Piecewise((N, ahead.xreplace({m: BEFORE_LAST}) <= 0), (BEFORE_LAST, True))}
    | {
        "end point missing": BEFORE_LAST,
        "reverse order": sp.Piecewise((BEFORE_LAST, ahead.xreplace({m: BEFORE_LAST}) < 0), (N, True)),
    },
    restated=same(or_last(J, BEFORE_LAST), use(R7k, m=BEFORE_LAST), by=order),
    note="The best placement of an MLP with equal neurons, to the letter: for every N, every law of X, a result of any size.",
    samples={"D": ("0", "1/2", "1", "2"), "delta": ("-1", "1", "3"), "o": ("1/3", "1", "3")},
)
R7m = claim("R7m", Argmin(J(M + 1), M, k), setting="own input")(
    r"\arg\min_{0 \le M \le k} J(M+1) \text{ with an input of another size: R7 with } p_0 G \text{ for } G",
    eq(
        cases(k, p_first * g_save, p),
        "J falls as long as p_0 p^M G > D and no longer (R7e)",
        R7e,
        *powers(p, M, p_first * g_save),
        *SURE,
        by=turning_point,
    ),
    wrong=wrong_cases(k, p_first * g_save, p) | {"first chance dropped": cases(k, g_save, p)},
    restated=same(in_turn(k, p_first * g_save, p), by=order),
    note="One more than this is the best placement on 1..N-1, for k = N - 2; 0 and N are to be compared with it.",
)

# -- R8: the best placement under the optimal rule
L64 = claim("L64", fall(m), m >= k)(
    r"d_m \le d_k \quad (m \ge k)",
    forward("<=", fall(k), m, k)(eq(fall(k), "the same"))(
        le(fall(m), "one stage more (R8a)", use(R8a, k=m)), le(fall(k), "hypothesis", HYPOTHESIS)
    ),
    wrong={"strict": "<", "level for saving": V(k + 1)},
    restated=same(-V(k + 1) + V(k) * Sum(1, (i, 1, 1)), by=calculus),
)
R8d = claim("R8d", v(n, M), n <= M, M + 1 <= N, setting="own result")(
    r"v_n^{(M)} = V_{M-n} \quad (M \le N - 1): \text{ the last layer is not there yet}",
    backward("=", V(M - n), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "optimal ends"),
        eq(E(send), "every layer before the last is the same", use("before the last", n=M)),
        eq(V(0), "no stage left", "stages left, none"),
    )(
        eq(best(n), "the recursion", "optimal"),
        eq(stage(v(n + 1, M)), "the same layers", "before the last", use("own result, extra", n=n + 1)),
        eq(stage(V(M - n - 1)), "hypothesis", HYPOTHESIS),
        eq(V(M - n), "one stage more is left", use("stages left", k=M - n - 1)),
    ),
    wrong={"stages passed": V(n), "one too many": V(M - n + 1), "horizon alone": V(M), "result at home": U(M - n)},
    restated=same(V(Max(M - n, 0)), by=index(Max(M - n, 0), M - n)),
)
R8e = claim("R8e", Jopt(M), M + 1 <= N, setting="own result")(
    r"J^{\mathrm{opt}}(M) = C_{\mathrm{edge}} + M D + V_M \quad (M \le N - 1)",
    eq(placed(M) + v(0, M), "the ETC of an inference", "ETC of the optimum"),
    eq(placed(M) + V(M), "only the stages left matter (R8d)", use(R8d, n=0)),
    eq(C + M * download + V(M), "every layer is the same", use("own result, download", n=i), by=calculus),
    wrong={"one download too many": C + (M + 1) * download + V(M), "download dropped": C + V(M)}
    | {"result at home": C + M * download + U(M), "stage off by one": C + M * download + V(M + 1)},
    restated=same(C + M * download + E(V(M))),
)
R8f = claim("R8f", Jopt(N), sp.Eq(result_bits, 0), setting="own result")(
    r"J^{\mathrm{opt}}(N) = C_{\mathrm{edge}} + N D + U_N: \text{ the result stays at home}",
    eq(placed(N) + v(0, N), "the ETC of an inference", use("ETC of the optimum", M=N)),
    eq(placed(N) + U(N), "only the stages left matter (R8c)", use(R8c, n=0)),
    eq(C + N * download + U(N), "every layer is the same", use("own result, download", n=i), by=calculus),
    wrong={"one download too few": C + (N - 1) * download + U(N), "as before the last": C + N * download + V(N)}
    | {"download dropped": C + U(N)},
    restated=same(C + N * download + E(U(N))),
    samples={"o_N": ("0",)},
)
FIRST = First(download >= fall(M), M, N - 1)
R8g = claim("R8g", Argmin(Jopt(M), M, N - 1), setting="own result")(
    r"\arg\min_{0 \le M \le N-1} J^{\mathrm{opt}}(M) = \text{the first } k \text{ with } d_k \le D, \text{ else } N - 1",
    eq(
        FIRST,
        "J is convex (L64): from there on it does not fall",
        where(R8e),
        where(R8e, M=M + 1),
        where(L64, m=M, k=FIRST),
        by=turning_point,
    ),
    wrong={"the largest minimiser": First(fall(M) < download, M, N - 1), "one end too few": Min(FIRST, Max(N - 2, 0))}
    | {
        "by the saving of 1-sla": First(p**M * g_save <= download, M, N - 1),
        "saving off by one": First(fall(M + 1) <= download, M, N - 1),
    }
    | {"relation turned": First(fall(M) >= download, M, N - 1)},
    restated=same(Min(FIRST, N - 1), by=order),
)
R8h = claim("R8h", Argmin(Jopt(M), M, N), sp.Eq(result_bits, 0), setting="own result")(
    r"M^* = N \text{ if } N D + U_N < k D + V_k, \text{ else } k, \quad k \text{ the first with } d_k \le D, \text{ else } N - 1",
    eq(or_last(Jopt), "all layers or the best of fewer", by=or_the_last),
    eq(or_last(Jopt, FIRST), "the first at which a layer does not pay (R8g)", R8g),
    eq(
        sp.Piecewise((N, N * download + U(N) < FIRST * download + V(FIRST)), (FIRST, True)),
        "both costs (R8e, R8f)",
        use(R8e, M=FIRST),
        R8f,
        by=order,
    ),
    wrong={
        "the largest minimiser": sp.Piecewise((N, N * download + U(N) <= FIRST * download + V(FIRST)), (FIRST, True))
    }
    | {"end point missing": FIRST, "first sign change on 0..N": First(Jopt(M) <= Jopt(M + 1), M, N)}
    | {"reverse order": sp.Piecewise((FIRST, N * download + U(N) < FIRST * download + V(FIRST)), (N, True))},
    restated=same(or_last(Jopt, FIRST), use(R8e, M=FIRST), R8f, by=order),
    samples={"o_N": ("0",), "D": ("0", "1/3", "1/2", "1", "2"), "N": ("1", "2", "3", "4")},
)

# -- R16: the order of three smallest minimisers
simple = Sum(D(i) - G(i - 1), (i, 1, M))  # what every layer would cost if it were always reached
R16e = claim("R16e", Argmin(J(M), M, N))(
    r"M^*_{\mathrm{1sla}} \le M^*_{\mathrm{opt}}",
    le(
        Argmin(Jopt(M), M, N),
        "a layer more saves the optimal rule no less (R16a)",
        R6,
        R16a,
        *both("ETC of the optimum"),
        by=increments,
    ),
    wrong=ORDERS | {"of one layer fewer": Argmin(Jopt(M), M, N - 1)},
    restated=same(Argmin(Jopt(M) - Jopt(0), M, N), by=increments),
)
R16f = claim("R16f", Argmin(Jopt(M), M, N))(
    r"M^*_{\mathrm{opt}} \le \arg\min_M \sum_{m \le M} (D_m - G_{m-1})",
    le(
        Argmin(simple, M, N),
        "a layer more saves the optimal rule at most G (R16)",
        use(R16, n=0),
        *both("ETC of the optimum"),
        by=increments,
    ),
    wrong=ORDERS
    | {"saving off by one": Argmin(Sum(D(i) - G(i), (i, 1, M)), M, N)}
    | {"times the reach of 1-sla": Argmin(Sum(D(i) - pi(i - 1) * G(i - 1), (i, 1, M)), M, N)},
    restated=same(Argmin(simple + C, M, N), by=increments),
)

# -- R18: the statics of the smallest minimiser
more = Symbol("K_2", positive=True)
shared = Lambda(M, C + Sum(D(i), (i, 1, M)) * updates / more)  # D = chi s / K, at K_2 for K
R18g = claim("R18g", Argmin(J(M), M, N), more >= updates)(
    r"K \le K_2 \implies M^*_{\mathrm{1sla}}(K) \le M^*_{\mathrm{1sla}}(K_2)",
    le(Argmin(shared(M) + u(0, M), M, N), "every download is smaller", *both("ETC"), by=increments),
    wrong=ORDERS | {"share turned": Argmin(C + Sum(D(i), (i, 1, M)) * more / updates + u(0, M), M, N)},
    restated=same(Argmin(shared(M) - C + u(0, M), M, N), by=increments),
    samples={"K": ("1", "2"), "K_2": ("2", "3", "10")},
)
R18h = claim("R18h", Argmin(Jopt(M), M, N), more >= updates)(
    r"K \le K_2 \implies M^*_{\mathrm{opt}}(K) \le M^*_{\mathrm{opt}}(K_2)",
    le(Argmin(shared(M) + v(0, M), M, N), "every download is smaller", *both("ETC of the optimum"), by=increments),
    wrong=ORDERS | {"share turned": Argmin(C + Sum(D(i), (i, 1, M)) * more / updates + v(0, M), M, N)},
    restated=same(Argmin(shared(M) - C + v(0, M), M, N), by=increments),
    samples={"K": ("1", "2"), "K_2": ("2", "3", "10")},
)
R18i = claim("R18i", Argmin(J_hat(M), M, N))(
    r"\hat\delta \ge \delta \implies \hat M^*_{\mathrm{1sla}} \le M^*_{\mathrm{1sla}}",
    le(
        Argmin(J(M), M, N),
        "every layer saves less (R18a)",
        R6,
        on_dearer(R6),
        use(R18a, m=M),
        by=increments,
    ),
    wrong=ORDERS | {"of one layer fewer": Argmin(J(M), M, N - 1)},
    restated=same(Argmin(J(M) - J(0), M, N), by=increments),
)
R18j = claim("R18j", Argmin(Jopt_hat(M), M, N))(
    r"\hat\delta \ge \delta \implies \hat M^*_{\mathrm{opt}} \le M^*_{\mathrm{opt}}",
    le(
        Argmin(Jopt(M), M, N),
        "every layer saves less (R18b)",
        *both("ETC of the optimum"),
        on_dearer("ETC of the optimum"),
        on_dearer("ETC of the optimum", M=M + 1),
        use(R18b, n=0),
        by=increments,
    ),
    wrong=ORDERS | {"of one layer fewer": Argmin(Jopt(M), M, N - 1)},
    restated=same(Argmin(Jopt(M) - Jopt(0), M, N), by=increments),
)

# -- R22: an on-off link, equal layers, before the last layer: the sequence J is written out
stays, outage = Symbol("a", positive=True), Symbol("pi_off", nonnegative=True)
saves, waits = Symbol("G", real=True), Symbol("h", real=True)
intermittent = C + Symbol("C_1", real=True) + outage * (waits - Max(saves, 0) * series(stays, M)) + M * download
levels = {"p": stays, "k": M, "G": outage * saves, "D": download}
crossing_point = Min(Max(sp.ceiling(geometric(outage * saves, download, stays)), 0), N - 1)


def on_off(*first: tuple[sp.Expr, sp.Expr], otherwise: sp.Expr = crossing_point) -> sp.Expr:
    """The closed form of R22: the cases in their order."""
    return sp.Piecewise(*first, (otherwise, True))


none = (0, (saves <= 0) | (outage * saves <= download))
every = (N - 1, sp.Eq(download, 0))
R22m = claim("R22m", Argmin(intermittent, M, N - 1), stays < 1, setting="given law")(
    r"\arg\min_{0 \le M \le N-1} C_{\mathrm{edge}} + C_1 + \pi_{\mathrm{off}}\Bigl[h - G^+\frac{1 - a^M}{1 - a}\Bigr] + M D = 0 \text{ if } G \le 0 \text{ or } \pi_{\mathrm{off}} G \le D; \text{ else } N - 1 \text{ if } D = 0; \text{ else } \min\{\max\{\lceil \ln(D/(\pi_{\mathrm{off}} G))/\ln a \rceil, 0\}, N - 1\}",
    eq(
        on_off(none, every),
        "J falls as long as pi_off a^M G > D (R7g) and no longer (R7f)",
        where(L39, alpha=1 - stays, k=M),
        where(R7f, **levels),
        where(R7g, **levels),
        by=turning_point,
    ),
    wrong={
        "floor for ceil": on_off(none, every, otherwise=crossing_point.replace(sp.ceiling, sp.floor)),
        "the largest minimiser": on_off(
            (0, outage * saves < download), every, otherwise=Min(crossing_point + 1, N - 1)
        ),
        "wrong order of cases": on_off(every, none),
        "one end too few": Min(on_off(none, every), Max(N - 2, 0)),
        "chance of an outage dropped": on_off(
            (0, saves <= download), every, otherwise=crossing_point.xreplace({outage: sp.Integer(1)})
        ),
    },
    restated=same(sp.Piecewise((on_off(every), outage * Max(saves, 0) > download), (0, True)), by=order),
    note="All that enters of the link is J(M) - J(M-1) = D - pi_off a^(M-1) G^+ on 1..N-1.",
    samples={
        "a": ("1/3", "1/2", "2/3"),
        "pi_off": ("0", "1/2", "1"),
        "D": ("0", "1/4", "1/2", "1"),
        "G": ("-1", "1", "2", "4"),
        "N": ("1", "2", "3", "5"),
    },
)
