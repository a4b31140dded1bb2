"""Claims about 1-sla on equal layers, where the cost of a placement is a geometric series (R7, N4)."""

import sympy as sp

from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.placement import R6, placed

send = bits * X
excess = Max(send - extra - bits * E(X), 0)
DOWNLOAD = use("equal layers, download", n=M + 1)
stage = Lambda(A, E(Min(send, extra + A)))  # what a stage costs if those behind it cost A
stage_saving = bits * mu - stage(bits * mu)


def equal(*stages: sp.Expr) -> tuple[Use, ...]:
    """Every layer is the same: what these stages send, and the extra cost of their layers."""
    return tuple(use(f"equal layers, {name}", n=stage) for stage in stages for name in ("sending", "extra"))


# -- R7: each layer is reached with p times the chance of the one before, so the savings are a geometric series
WRONG_POWER = {"exponent too large": p ** (m + 1), "chance of stopping": (1 - p) ** m, "product for power": p * m}
WRONG_POWER |= {"independent of depth": p, "sure to be reached": 1}
L30 = claim("L30", pi(m), setting="equal layers")(
    r"\pi_m = p^m, \quad p = P(oX > \delta + o\mu)",
    forward("=", p**m, m, 0)(eq(1, "stage 0 is always reached", "reach starts"))(
        eq(pi(m) * sla_goes_on(m), "1-sla goes on", "reach"),
        eq(pi(m) * chance(send, extra + bits * E(X)), "every layer is the same", *equal(m, m + 1)),
        eq(pi(m) * p, "the chance of going on", "equal layers, chance"),
        eq(p ** (m + 1), "hypothesis", HYPOTHESIS),
    ),
    wrong=WRONG_POWER,
    restated=same(Product(p, (i, 1, m)), by=calculus),
)
L31 = claim("L31", G(m), bits > 0, setting="equal layers")(
    r"G_m = G = \mathbb{E}(oX - o\mu - \delta)^+",
    eq(saving(m), "the saving", "saving"),
    eq(E(excess), "every layer is the same", *equal(m, m + 1)),
    eq(g_save, "a name for it", "equal layers, saving"),
    wrong={"sign of the extra cost": E(Max(send + extra - bits * E(X), 0))}
    | {"extra cost dropped": E(Max(send - bits * E(X), 0)), "positive part dropped": -extra}
    | {"per bit": g_save / bits, "o dropped": E(Max(X - extra - E(X), 0))},
    restated=same(stage_saving, "equal layers, saving", "mean", by=expectation),
)
edge = C + bits * mu  # what nothing placed costs
series = Lambda((q, k), (1 - q**k) / (1 - q))  # the geometric series of a chance
R7 = claim("R7", J(M), p < 1, bits > 0, setting="equal layers")(
    r"J(M) = C_{\mathrm{edge}} + o\mu + M D - G\,\frac{1 - p^M}{1 - p} \quad (M \le N - 1,\ p < 1)",
    forward("=", edge + M * download - g_save * series(p, M), M, 0)(
        eq(placed(0) + u(0, 0), "the ETC of an inference", use("ETC", M=0)),
        eq(C + E(o(0) * X), "nothing is placed, the input is sent", use("1-sla ends", M=0)),
        eq(edge, "its size and the mean unit cost", "mean", *equal(0)),
    )(
        eq(J(M) + D(M + 1) - pi(M) * G(M), "one layer more (R6)", R6),
        eq(J(M) + download - p**M * g_save, "the same everywhere (L30, L31)", use(L30, m=M), use(L31, m=M), DOWNLOAD),
        eq(edge + M * download - g_save * series(p, M) + download - p**M * g_save, "hypothesis", HYPOTHESIS),
        eq(edge + (M + 1) * download - g_save * series(p, M + 1), "the next term of the geometric series"),
    ),
    wrong={"sign of the saving": edge + M * download + g_save * series(p, M)}
    | {"exponent off by one": edge + M * download - g_save * series(p, M + 1)}
    | {"plus in the denominator": edge + M * download - g_save * (1 - p**M) / (1 + p)}
    | {"one download too many": edge + (M + 1) * download - g_save * series(p, M)}
    | {"edge cost dropped": bits * mu + M * download - g_save * series(p, M)}
    | {"download dropped": edge - g_save * series(p, M), "series not summed": edge + M * download - g_save * M},
    restated=same(C + bits * E(X) + M * download + g_save * (p**M - 1) / (1 - p), "mean"),
    note="For p = 1 the fraction is read as its limit M (R7d).",
)
ratio, profit, price = (Symbol(name, positive=True) for name in "pGD")
point, depth = Symbol("x", positive=True), Symbol("d", real=True)
crossing = Lambda(
    (profit, price, ratio), log(price / profit) / log(ratio)
)  # where a layer's saving has fallen to its cost
FALLS = monotone(profit * ratio**depth, depth, k, crossing(profit, price, ratio))
SERIES = {"p": ("1/3", "1/2"), "k": ("0", "1", "2", "3"), "D": ("1/4", "1/2", "1"), "G": ("1", "2")}
L60 = claim("L60", log(ratio), ratio < 1, setting="given law")(
    r"0 < p < 1 \implies \ln p < 0",
    lt(0, "the logarithm rises, and that of 1 is 0", by=monotone(log(point), point, ratio, sp.Integer(1))),
    wrong={"reverse order": ">", "less than -1": -1},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)
R7b = claim("R7b", profit * ratio**k, ratio < 1, k >= crossing(profit, price, ratio), setting="given law")(
    r"k \ge \tilde M = \frac{\ln(D/G)}{\ln p} \implies G p^k \le D \quad (0 < p < 1)",
    le(price, "the saving of one more layer falls with depth, and is D at the crossing", L60, by=FALLS),
    wrong={"cost for saving": price**2 / profit, "another layer": price * ratio},
    restated=same(profit * exp(log(price / profit), evaluate=False)),
    note="With R7c: G p^k <= D iff k is at least the quotient of logarithms, so iff k is at least that rounded up (R7h).",
    samples=SERIES,
)
R7c = claim("R7c", profit * ratio**k, ratio < 1, k < crossing(profit, price, ratio), setting="given law")(
    r"k < \tilde M = \frac{\ln(D/G)}{\ln p} \implies G p^k > D \quad (0 < p < 1)",
    gt(price, "the saving of one more layer falls strictly with depth, and is D at the crossing", L60, by=FALLS),
    wrong={"cost for saving": profit**2 / price, "a layer before": price / ratio},
    restated=same(profit * exp(log(price / profit), evaluate=False)),
    samples=SERIES,
)
above, below = (sp.Subs(Derivative(part, ratio), ratio, 1) for part in (1 - ratio**M, 1 - ratio))  # slopes at 1
R7d = claim("R7d", sp.Limit((1 - ratio**M) / (1 - ratio), ratio, 1, "-"), setting="given law")(
    r"\lim_{p \to 1} \frac{1 - p^M}{1 - p} = M",
    eq(above / below, "l'Hopital's rule, both vanish at 1", by=calculus),
    eq(M, "both derivatives", by=calculus),
    wrong={"one too many": M + 1, "one too few": M - 1, "sign": -M} | {"diverges like a square": M**2 + 1},
    restated=same(Sum(1, (i, 1, M)), by=calculus),
)

# -- R7a, N4: the last layer, which leaves a result of its own size, or none to send
own = (use("own result, extra", n=m + 1), use("before the last", n=m), use("before the last", n=m + 1))
L32 = claim("L32", pi(m), m + 1 <= N, setting="own result")(
    r"\pi_m = p^m \quad (m \le N - 1)",
    forward("=", p**m, m, 0)(eq(1, "stage 0 is always reached", "reach starts"))(
        eq(pi(m) * sla_goes_on(m), "1-sla goes on", "reach"),
        eq(pi(m) * chance(send, extra + bits * E(X)), "earlier layers are the same", *own),
        eq(pi(m) * p, "the chance of going on", "equal layers, chance"),
        eq(p ** (m + 1), "hypothesis", HYPOTHESIS),
    ),
    wrong=WRONG_POWER,
    restated=same(Product(p, (i, 1, m)), by=calculus),
)
there = p ** (N - 1)  # the chance of reaching the last layer
LAST_SAVING = (use("saving", m=N - 1), use("before the last", n=N - 1), "last extra", "result")
last_excess = E(Max(send - last_extra - result_bits * E(X), 0))
N4 = claim("N4", J(N) - J(N - 1), setting="own result")(
    r"J(N) - J(N-1) = D - p^{N-1}\,\mathbb{E}(oX - \delta_N - o_N\mu)^+: \text{ the last layer, whose cost and result are its own}",
    eq(D(N) - pi(N - 1) * G(N - 1), "one layer more (R6)", use(R6, M=N - 1)),
    eq(
        download - there * G(N - 1),
        "chance of getting there (L32)",
        use(L32, m=N - 1),
        use("own result, download", n=N),
    ),
    eq(download - there * last_excess, "the saving at stage N - 1", *LAST_SAVING),
    wrong={"sign of the saving": download + there * last_excess}
    | {"exponent off by one": download - p**N * last_excess}
    | {"result not sent": download - there * E(Max(send - last_extra, 0))}
    | {"sign of the result": download - there * E(Max(send - last_extra + result_bits * E(X), 0))}
    | {"cost of another layer": download - there * E(Max(send - extra - result_bits * E(X), 0))}
    | {"as any other layer": download - there * g_save, "download dropped": -there * last_excess},
    restated=same(download - there * (bits * mu - E(Min(send, last_extra + result_bits * mu))), "mean", by=expectation),
    note="Under any law of X, so under fading. R7a is o_N = 0. Where sending has a fixed cost f that a result at home saves, delta_N is delta - f (R25a).",
)
last_free = E(Max(send - last_extra, 0))
R7a = claim("R7a", J(N) - J(N - 1), sp.Eq(result_bits, 0), setting="own result")(
    r"J(N) - J(N-1) = D - p^{N-1}\,\mathbb{E}(oX - \delta_N)^+: \text{ the result stays at home}",
    eq(download - there * last_excess, "the last layer (N4)", N4),
    eq(download - there * last_free, "the result has no bits to send", by=expectation),
    wrong={"sign of the saving": download + there * last_free, "exponent off by one": download - p**N * last_free}
    | {"as any other layer": download - there * g_save, "extra cost dropped": download - there * bits * mu}
    | {"download dropped": -there * last_free, "cost of another layer": download - there * E(Max(send - extra, 0))},
    restated=same(download - there * (bits * mu - E(Min(send, last_extra))), "mean", by=expectation),
    samples={"o_N": ("0",)},
)
N4a = claim("N4a", download - there * last_excess, setting="own result")(
    r"o_N \ge 0 \implies D - p^{N-1}\,\mathbb{E}(oX - \delta_N - o_N\mu)^+ \ge D - p^{N-1}\,\mathbb{E}(oX - \delta_N)^+",
    ge(download - there * last_free, "sending the result eats into the saving", by=expectation),
    wrong={"strict": ">", "saving dropped": download, "sign": download + there * last_free},
    restated=same(download - there * (bits * mu - E(Min(send, last_extra))), "mean", by=expectation),
    note="A device that has to send its result is never more eager for the last layer.",
)

# -- R7e: an input of its own size, which changes the first stage only
first = chance(input_bits * X, first_extra + bits * E(X))
reached = p_first * p**M


def later(stage: sp.Expr) -> tuple[Use, ...]:
    """Every layer after the first is the same."""
    return use("after the input", n=stage + 1), use("after the input", n=stage + 2), use("later extra", n=stage + 2)


L41 = claim("L41", pi(m + 1), setting="own input")(
    r"\pi_{m+1} = p_0 p^m, \quad p_0 = P(o_0 X > \delta_1 + o\mu)",
    forward("=", p_first * p**m, m, 0)(
        eq(pi(0) * chance(o(0) * X, threshold(0)), "1-sla goes on", use("reach", m=0)),
        eq(chance(o(0) * X, threshold(0)), "stage 0 is always reached", "reach starts"),
        eq(first, "the input and the first layer", "input", "first extra", use("after the input", n=1)),
        eq(p_first, "a name for it", "first chance"),
    )(
        eq(pi(m + 1) * chance(o(m + 1) * X, threshold(m + 1)), "1-sla goes on", use("reach", m=m + 1)),
        eq(pi(m + 1) * chance(send, extra + bits * E(X)), "every later layer is the same", *later(m)),
        eq(pi(m + 1) * p, "the chance of going on", "equal layers, chance"),
        eq(p_first * p ** (m + 1), "hypothesis", HYPOTHESIS),
    ),
    wrong={"first chance dropped": p**m, "exponent too large": p_first * p ** (m + 1)}
    | {"chances swapped": p_first**m * p, "chance of stopping": p_first * (1 - p) ** m}
    | {"independent of depth": p_first},
    restated=same(p_first * Product(p, (i, 1, m)), by=calculus),
)
R7e = claim("R7e", J(M + 2) - J(M + 1), setting="own input")(
    r"J(M+2) - J(M+1) = D - p_0 p^M G: \text{ an input of another size}",
    eq(D(M + 2) - pi(M + 1) * G(M + 1), "one layer more (R6)", use(R6, M=M + 1)),
    eq(download - reached * G(M + 1), "chance of getting there (L41)", use(L41, m=M), use("later download", n=M + 2)),
    eq(download - reached * E(excess), "every later layer is the same", use("saving", m=M + 1), *later(M)),
    eq(download - reached * g_save, "a name for it", "equal layers, saving"),
    wrong={"sign of the saving": download + reached * g_save}
    | {"exponent off by one": download - p_first * p ** (M + 1) * g_save}
    | {"first chance dropped": download - p**M * g_save, "download dropped": -reached * g_save}
    | {"chance of going on dropped": download - p_first * g_save},
    restated=same(download - reached * stage_saving, "equal layers, saving", "mean", by=expectation),
    note="Decreasing savings again, so on 1..N-1 the first M with p_0 p^(M-1) G <= D is best, to be compared with 0 and N; R7k says where that is.",
)
