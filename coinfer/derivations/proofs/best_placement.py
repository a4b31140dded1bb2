"""Claims about the best placement itself, an integer: its closed forms, order and statics (R7, R8, R16, R18, R22m, R22n).

M* is by definition the smallest minimiser of J over 0..N: `Argmin(J(M), M, N)`.
"""

from collections.abc import Callable
from typing import Any

import sympy as sp

from coinfer.derivations.engine.clock import J_end, J_link, off_share, stays_off
from coinfer.derivations.engine.writing import Fact
from coinfer.derivations.proofs.bracket import R16, R16a, R18a, R18b
from coinfer.derivations.proofs.many_layers import *
from coinfer.derivations.proofs.on_off import CHANCES, R22g, saves
from coinfer.derivations.proofs.placement import R6, placed
from coinfer.derivations.proofs.two_states import L39

# -- R7: the best placement by 1-sla. What is known of the powers of a chance, and of savings that fall with them
L61 = claim("L61", y**k, y > 0, setting="given law")(
    r"y > 0 \implies y^k > 0",
    forward(">", 0, k, 0)(gt(0, "an empty product"))(eq(y * y**k, "one factor"), gt(0, "hypothesis", HYPOTHESIS)),
    wrong={"reverse order": "<", "at least 1": 1},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)
L62 = claim("L62", y**k, y >= 1, setting="given law")(
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
R7f = claim("R7f", g_save, sp.Eq(p, 0))(
    r"p = 0 \implies G = 0: \text{ what never happens saves nothing}",
    eq(E(excess), "the saving", "equal layers, saving"),
    eq(0, "sending never costs more than the threshold", "equal layers, chance", by=almost_never),
    wrong={"extra cost": extra, "the whole": bits * mu, "the last layer's": last_free},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)
EARLIER = (use("saving", m=M), *(use("before the last", n=at) for at in (M, M + 1)), use("own result, extra", n=M + 1))
R7g = claim("R7g", J(M + 1) - J(M), M + 2 <= N, setting="own result")(
    r"J(M+1) - J(M) = D - p^M G \quad (M + 1 \le N - 1)",
    eq(D(M + 1) - pi(M) * G(M), "one layer more (R6)", R6),
    eq(download - p**M * G(M), "chance of getting there (L32)", use(L32, m=M), use("own result, download", n=M + 1)),
    eq(download - p**M * E(excess), "layers before the last are the same", *EARLIER),
    eq(download - p**M * g_save, "a name for it", "equal layers, saving"),
    wrong={"sign of the saving": download + p**M * g_save, "exponent off by one": download - p ** (M + 1) * g_save}
    | {"download dropped": -(p**M) * g_save, "as the last layer": download - p**M * last_free},
    restated=same(download - p**M * stage_saving, "equal layers, saving", "mean", by=expectation),
)


def falls_below(base: sp.Expr, first_saving: sp.Expr) -> tuple[Use, ...]:
    """What is known of the powers of a chance, and when a saving times a power has fallen to the download."""
    bounds = where(L39, alpha=1 - base, k=M), where(L61, y=base, k=M), where(L62, y=base, k=M)
    return *bounds, *(where(each, p=base, k=M, G=first_saving, D=download) for each in (R7b, R7c))


def cases(most: sp.Expr, base: sp.Expr, saving: sp.Expr, rounded: sp.Expr = sp.ceiling) -> sp.Expr:
    """The closed form: no layer, or as many as there are, or where the savings have fallen to the download."""
    where_crossed = Min(Max(rounded(crossing(saving, download, base)), 0), most)
    sure = sp.Eq(download, 0) | sp.Eq(base, 1)
    return sp.Piecewise((0, saving <= download), (most, sure), (where_crossed, True))


def in_turn(most: sp.Expr, base: sp.Expr, saving: sp.Expr) -> sp.Expr:
    """The same as one question after the other."""
    (_, (_, sure), (where_crossed, _)) = cases(most, base, saving).args
    return sp.Piecewise((sp.Piecewise((most, sure), (where_crossed, True)), saving > download), (0, True))


def wrong_cases(most: sp.Expr, base: sp.Expr, saving: sp.Expr) -> dict[str, sp.Expr]:
    """What somebody could write in its place."""
    (first, (_, sure), (crossed, _)), free = cases(most, base, saving).args, sp.Eq(download, 0)
    turned = Max(sp.ceiling(crossing(download, saving, base)), 0)
    return {
        "floor for ceil": cases(most, base, saving, sp.floor),
        "the largest minimiser": sp.Piecewise((0, saving < download), (most, sure), (Min(crossed + 1, most), True)),
        "wrong order of cases": sp.Piecewise((most, free), first, (crossed, True)),
        "first case dropped": sp.Piecewise((most, sure), (crossed, True)),
        "one end too few": cases(Max(most - 1, 0), base, saving),
        "cost for saving": sp.Piecewise(first, (most, sure), (Min(turned, most), True)),
    }


def or_last(cost: sp.Expr, fewer: sp.Expr | None = None) -> sp.Expr:
    """All N layers if that is strictly better than the best of fewer, else that."""
    before = Argmin(cost(M), M, N - 1) if fewer is None else fewer
    return sp.Piecewise((N, cost(N) < cost(before)), (before, True))


AS_LONG_AS = "J falls as long as the saving is larger than the download (R7c), and no longer (R7b)"
EQUAL_LAYERS = N - 1, p, g_save
R7h = claim("R7h", Argmin(J(M), M, N - 1), setting="own result")(
    r"\arg\min_{0 \le M \le N-1} J(M) = 0 \text{ if } G \le D; \text{ else } N - 1 \text{ if } D = 0 \text{ or } p = 1; \text{ else } \min\{\max\{\lceil \tilde M \rceil, 0\}, N - 1\},\ \tilde M = \frac{\ln(D/G)}{\ln p}",
    eq(cases(*EQUAL_LAYERS), AS_LONG_AS, where(R7g), *falls_below(p, g_save), L63, where(R7f), by=turning_point),
    wrong=wrong_cases(*EQUAL_LAYERS),
    restated=same(in_turn(*EQUAL_LAYERS), by=order),
    note="The smallest minimiser, for every N, every law of X and all values; p = 0 is in the first case (R7f).",
)
ahead = Lambda(m, (N - m) * download - g_save * Sum(p ** (N - 2 - i), (i, 0, N - 2 - m)) - there * last_excess)
R7i = claim("R7i", J(N) - J(m), m + 1 <= N, setting="own result")(
    r"J(N) - J(m) = (N - m) D - G \sum_{j=m}^{N-2} p^j - p^{N-1}\,\mathbb{E}(oX - \delta_N - o_N\mu)^+ \quad (m \le N - 1)",
    backward("=", ahead(m), m, N - 1)(
        eq(download - there * last_excess, "the last layer (N4)", N4), eq(ahead(N - 1), "an empty sum")
    )(
        eq(ahead(m + 1) + J(m + 1) - J(m), "hypothesis", HYPOTHESIS),
        eq(ahead(m + 1) + download - p**m * g_save, "one layer more (R7g)", use(R7g, M=m)),
        eq(ahead(m), "one term more in the sum"),
    ),
    wrong={"one download too many": ahead(m) + download, "one term too few": ahead(m) + p**m * g_save}
    | {"last layer dropped": ahead(m) + there * last_excess}
    | {"last as any other": ahead(m) + there * (last_excess - g_save)},
    restated=same(
        ahead(m) + there * (last_excess - bits * mu + E(Min(send, last_extra + result_bits * mu))),
        "mean",
        by=expectation,
    ),
)
fewer = Argmin(J(M), M, N - 1)
R7j = claim("R7j", Argmin(J(M), M, N), setting="own result")(
    r"M^* = N \text{ if } (N - c) D < G \sum_{j=c}^{N-2} p^j + p^{N-1}\,\mathbb{E}(oX - \delta_N - o_N\mu)^+, \text{ else } c = \arg\min_{M \le N-1} J(M) \text{ (R7h)}",
    eq(or_last(J), "all layers or the best of fewer", by=or_the_last),
    eq(sp.Piecewise((N, ahead(fewer) < 0), (fewer, True)), "the difference (R7i)", use(R7i, m=fewer), by=order),
    wrong={"the largest minimiser": sp.Piecewise((N, ahead(fewer) <= 0), (fewer, True)), "end point missing": fewer}
    | {"reverse order": sp.Piecewise((N, ahead(fewer) > 0), (fewer, True))}
    | {"last as any other": sp.Piecewise((N, ahead(fewer) + there * (last_excess - g_save) < 0), (fewer, True))},
    restated=same(or_last(J), use(R7i, m=fewer), by=order),
    note="With R7h the best placement of an MLP with equal neurons, to the letter; a last layer of any cost and a result of any size.",
    samples={"D": ("0", "1/2", "1", "2"), "delta": ("-1", "1", "3"), "o": ("1/3", "1", "3")},
)
OTHER_INPUT = k, p, p_first * g_save
R7k = claim("R7k", Argmin(J(M + 1), M, k), setting="own input")(
    r"\arg\min_{0 \le M \le k} J(M + 1) \text{ with an input of another size is that of R7h with } p_0 G \text{ for } G",
    eq(cases(*OTHER_INPUT), AS_LONG_AS, R7e, *falls_below(*OTHER_INPUT[1:]), L63, where(R7f), by=turning_point),
    wrong=wrong_cases(*OTHER_INPUT) | {"first chance dropped": cases(k, p, g_save)},
    restated=same(in_turn(*OTHER_INPUT), by=order),
    note="For k = N - 2 one more than this is the best placement on 1..N-1, to be compared with 0 and N.",
)

# -- R8: the best placement under the optimal rule
L64 = claim("L64", fall(m), m >= k)(
    r"d_m \le d_k \quad (m \ge k)",
    forward("<=", fall(k), m, k)(eq(fall(k), "the same"))(
        le(fall(m), "one stage more (R8a)", use(R8a, k=m)), le(fall(k), "hypothesis", HYPOTHESIS)
    ),
    wrong={"strict": "<", "level for saving": V(k + 1)},
    restated=same(E(V(k)) - V(k + 1)),
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
R8f = claim("R8f", Jopt(N), setting="own result")(
    r"J^{\mathrm{opt}}(N) = C_{\mathrm{edge}} + N D + U_N: \text{ the last layer, too}",
    eq(placed(N) + v(0, N), "the ETC of an inference", use("ETC of the optimum", M=N)),
    eq(placed(N) + U(N), "only the stages left matter (R8c)", use(R8c, n=0)),
    eq(C + N * download + U(N), "every layer is the same", use("own result, download", n=i), by=calculus),
    wrong={"one download too few": C + (N - 1) * download + U(N), "as before the last": C + N * download + V(N)},
    restated=same(C + N * download + E(U(N))),
)
CONVEX = (where(R8e), where(R8e, M=M + 1))
FIRST = First(fall(M) <= download, M, N - 1)
R8g = claim("R8g", Argmin(Jopt(M), M, N - 1), setting="own result")(
    r"\arg\min_{0 \le M \le N-1} J^{\mathrm{opt}}(M) = \text{the first } k \text{ with } d_k \le D, \text{ else } N - 1",
    eq(FIRST, "J is convex (L64): from there on it does not fall", *CONVEX, where(L64, m=M, k=FIRST), by=turning_point),
    wrong={"the largest minimiser": First(fall(M) < download, M, N - 1), "one end too few": Min(FIRST, Max(N - 2, 0))}
    | {
        "saving of 1-sla": First(p**M * g_save <= download, M, N - 1),
        "relation turned": First(fall(M) >= download, M, N - 1),
    }
    | {"saving off by one": First(fall(M + 1) <= download, M, N - 1)},
    restated=same(Min(FIRST, N - 1), by=order),
)
all_pay = Lambda(A, N * download + U(N) - A * download - V(A))  # what N layers cost more than A
R8h = claim("R8h", Argmin(Jopt(M), M, N), setting="own result")(
    r"M^* = N \text{ if } N D + U_N < k D + V_k, \text{ else } k, \quad k \text{ the first with } d_k \le D, \text{ else } N - 1",
    eq(or_last(Jopt), "all layers or the best of fewer", by=or_the_last),
    eq(or_last(Jopt, FIRST), "the first at which a layer does not pay (R8g)", R8g),
    eq(sp.Piecewise((N, all_pay(FIRST) < 0), (FIRST, True)), "both costs (R8e, R8f)", use(R8e, M=FIRST), R8f, by=order),
    wrong={"the largest minimiser": sp.Piecewise((N, all_pay(FIRST) <= 0), (FIRST, True)), "end point missing": FIRST}
    | {"reverse order": sp.Piecewise((N, all_pay(FIRST) > 0), (FIRST, True))}
    | {"first sign change on 0..N": First(Jopt(M) <= Jopt(M + 1), M, N)},
    restated=same(or_last(Jopt, FIRST), use(R8e, M=FIRST), R8f, by=order),
    samples={"D": ("0", "1/3", "1/2", "1", "2"), "N": ("1", "2", "3", "4")},
)


# -- R16, R18: the order of smallest minimisers, by the increments of what they minimise
def ordered(label: str, lower: sp.Expr, upper: sp.Expr, *conditions: sp.Basic, **more: Any) -> Callable[..., Claim]:
    """Begin a claim that the best placement by one cost is at most that by another: to be called with the reason."""
    wrong = {"reverse order": ">=", "one layer fewer": Argmin(upper, M, N - 1)}
    more = {"wrong": wrong | more.pop("wrong", {}), "restated": same(Argmin(upper + C, M, N), by=increments)} | more

    def because(statement: str, reason: str, *facts: Fact) -> Claim:
        return claim(label, Argmin(lower, M, N), *conditions)(
            statement, le(Argmin(upper, M, N), reason, *facts, by=increments), **more
        )

    return because


OPTIMAL = both("ETC of the optimum")
simple = Lambda(n, Sum(D(i) - G(i - n), (i, 1, M)))
R16e = ordered("R16e", J(M), Jopt(M))(
    r"M^*_{\mathrm{1sla}} \le M^*_{\mathrm{opt}}", "a layer saves the optimal rule no less (R16a)", R6, R16a, *OPTIMAL
)
R16f = ordered("R16f", Jopt(M), simple(1), wrong={"saving off by one": Argmin(simple(0), M, N)})(
    r"M^*_{\mathrm{opt}} \le \arg\min_M \sum_{m \le M} (D_m - G_{m-1})",
    "a layer saves the optimal rule at most G (R16)",
    use(R16, n=0),
    *OPTIMAL,
)
more = Symbol("K_2", positive=True)
GROWS = {"K": ("1", "2"), "K_2": ("2", "3", "10")}
shared = Lambda(A, C + Sum(D(i), (i, 1, M)) * A)  # D = chi s / K, where it falls by a factor
TURNED = {"ratio turned": Argmin(shared(more / updates) + u(0, M), M, N), "never sent": Argmin(shared(1), M, N)}
R18g = ordered("R18g", J(M), shared(updates / more) + u(0, M), more >= updates, samples=GROWS, wrong=TURNED)(
    r"K \le K_2 \implies M^*_{\mathrm{1sla}}(K) \le M^*_{\mathrm{1sla}}(K_2)", "downloads are smaller", *both("ETC")
)
R18h = ordered("R18h", Jopt(M), shared(updates / more) + v(0, M), more >= updates, samples=GROWS, wrong=TURNED)(
    r"K \le K_2 \implies M^*_{\mathrm{opt}}(K) \le M^*_{\mathrm{opt}}(K_2)", "downloads are smaller", *OPTIMAL
)
R18i = ordered("R18i", J_hat(M), J(M))(
    r"\hat\delta \ge \delta \implies \hat M^*_{\mathrm{1sla}} \le M^*_{\mathrm{1sla}}",
    "every layer saves less (R18a)",
    R6,
    on_dearer(R6),
    use(R18a, m=M),
)
DEARER_OPTIMAL = on_dearer("ETC of the optimum"), on_dearer("ETC of the optimum", M=M + 1)
R18j = ordered("R18j", Jopt_hat(M), Jopt(M))(
    r"\hat\delta \ge \delta \implies \hat M^*_{\mathrm{opt}} \le M^*_{\mathrm{opt}}",
    "every layer saves less (R18b)",
    *OPTIMAL,
    *DEARER_OPTIMAL,
    use(R18b, n=0),
)


# -- R22: an on-off link and equal layers
def over_link(placed: sp.Expr) -> sp.Expr:
    """The ETC over a link: features are sent after fewer than N layers, after all of them the result stays at home."""
    return J_link(placed) + (J_end(N) - J_link(N)) * indicator(placed >= N)  # SymPy folds cases out of an Argmin


ON_OFF = N - 1, stays_off, off_share * saves
LINKS = {"N": ("1", "2", "3"), "D": ("0", "1/8", "1/4", "1/2", "1"), "delta": ("0", "1/3", "1")}
LINKS |= dict.fromkeys(("C_1", "h"), ("1", "2", "5"))
R22m = claim("R22m", Argmin(over_link(M), M, N - 1), *CHANCES, stays_off > 0, setting="on-off link")(
    r"\arg\min_{0 \le M \le N-1} J(M) \text{ on an on-off link is that of R7h with } \pi_{\mathrm{off}} G \text{ for } G,\ a \text{ for } p \quad (0 < a < 1)",
    eq(cases(*ON_OFF), AS_LONG_AS, where(R22g), *falls_below(*ON_OFF[1:]), by=turning_point),
    wrong=wrong_cases(*ON_OFF) | {"chance of an outage dropped": cases(N - 1, stays_off, saves)},
    restated=same(sp.Piecewise((0, saves <= 0), (in_turn(*ON_OFF), True)), by=order),
    note="Of the link only J(M) - J(M-1) = D - pi_off a^(M-1) G^+ (R22g) enters; G <= 0 is in the first case, a = 1 does not occur.",
    samples=LINKS,
)
fewer_on_link = Argmin(over_link(M), M, N - 1)
R22n = claim("R22n", Argmin(over_link(M), M, N), setting="on-off link")(
    r"M^* = N \text{ if } J^{\mathrm{home}}(N) < J(c) \text{ (R22k, R22l; R22), else } c = \arg\min_{M \le N-1} J(M) \text{ (R22m)}",
    eq(or_last(over_link), "all layers or the best of fewer", by=or_the_last),
    eq(sp.Piecewise((N, J_end(N) < J_link(fewer_on_link)), (fewer_on_link, True)), "fewer than N", by=order),
    wrong={
        "the largest minimiser": sp.Piecewise((N, J_end(N) <= J_link(fewer_on_link)), (fewer_on_link, True)),
        "end point missing": fewer_on_link,
        "reverse order": sp.Piecewise((N, J_end(N) > J_link(fewer_on_link)), (fewer_on_link, True)),
        "sent after all": sp.Piecewise((N, J_link(N) < J_link(fewer_on_link)), (fewer_on_link, True)),
    },
    restated=same(or_last(over_link), by=order),
    samples=LINKS,
)
