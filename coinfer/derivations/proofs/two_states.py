"""Claims about equal layers and a channel with two states, where 1-sla is exactly optimal (R18, N2)."""

import sympy as sp

from coinfer.derivations.proofs.equal_layers import *

# -- R18: with two channel states the recursion has a closed form, and 1-sla is optimal
TWO_POINTS = (alpha > 0, alpha <= 1, low < high, extra > 0, bits > 0)
ALPHAS = ("1/4", "1/3", "1/2", "2/3")
stay = 1 - alpha  # probability of the worse state
two_saving = Max(stay * (alpha * bits * (high - low) - extra), 0)
# what the stages left cost, by the power of the worse state's probability
value = Lambda(A, bits * E(X) - two_saving * (1 - A) / alpha)
L39 = claim("L39", stay**k, alpha <= 1, setting="given law")(
    r"0 \le \alpha \le 1 \implies (1 - \alpha)^k \le 1",
    forward("<=", 1, k, 0)(eq(1, "an empty product"))(
        eq(stay * stay**k, "one factor"), le(stay, "hypothesis", HYPOTHESIS), le(1, "alpha is not negative")
    ),
    wrong={"strict": "<", "at most alpha": alpha},
    restated=same(Sum(1, (i, 1, 1)), by=calculus),
    samples={"alpha": ("1/3", "1/2", "3/4", "1")},
)
L40 = claim("L40", stay**k, alpha > 0, alpha <= 1)(
    r"0 < \alpha \le 1 \implies (1 - \alpha)^k \ge 0",
    forward(">=", 0, k, 0)(ge(0, "an empty product"))(
        eq(stay * stay**k, "one factor"), ge(0, "hypothesis", HYPOTHESIS)
    ),
    wrong={"strict": ">", "at least alpha": alpha},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
    samples={"alpha": ("1/3", "1/2", "3/4", "1")},
)
STATES = (HYPOTHESIS, L39, L40)
R18c = claim("R18c", V(k), *TWO_POINTS, setting="two points")(
    r"X \in \{a, b\},\ P(a) = \alpha: \quad V_k = o\mu - G\,\frac{1 - (1 - \alpha)^k}{\alpha}, \quad G = (1 - \alpha)(\alpha o (b - a) - \delta)^+",
    forward("=", value(stay**k), k, 0)(
        eq(E(send), "no stage left", "stages left, none"),
        eq(value(stay**0), "no stage, no saving"),
    )(
        eq(stage(V(k)), "the recursion", "stages left"),
        eq(
            value(stay * stay**k),
            "in the better state it stops; in the worse it goes on, if that saves at all (hypothesis, L39, L40)",
            *STATES,
            by=order,
        ),
        eq(value(stay ** (k + 1)), "one power more"),
    ),
    wrong={"sign of the saving": bits * E(X) + two_saving * (1 - stay**k) / alpha}
    | {"exponent off by one": value(stay ** (k + 1))}
    | {"states swapped": bits * E(X) - two_saving * (1 - alpha**k) / (1 - alpha)}
    | {"divisor dropped": bits * E(X) - two_saving * (1 - stay**k)}
    | {"positive part dropped": bits * E(X) - stay * (alpha * bits * (high - low) - extra) * (1 - stay**k) / alpha}
    | {"series not summed": bits * E(X) - two_saving * k},
    restated=same(alpha * bits * low + stay * bits * high + two_saving * (stay**k - 1) / alpha),
    samples={"alpha": ALPHAS, "k": ("0", "1", "2", "3", "4")},
)
CLOSED = tuple(use(each, k=M - n - 1) for each in (R18c, L39, L40))
R18d = claim("R18d", u(n, M), n <= M, *TWO_POINTS, setting="two points")(
    r"X \in \{a, b\}: \quad u_n = V_{M-n} = v_n: \text{ 1-sla is exactly optimal}",
    backward("=", V(M - n), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "1-sla ends"),
        eq(E(send), "every layer is the same", *equal(M)),
        eq(V(0), "no stage left", "stages left, none"),
    )(
        eq(sla(n), "what 1-sla pays", "1-sla"),
        eq(follow(send, extra + bits * E(X), extra + u(n + 1, M)), "every layer is the same", *equal(n, n + 1)),
        eq(follow(send, extra + bits * E(X), extra + V(M - n - 1)), "hypothesis", HYPOTHESIS),
        eq(stage(V(M - n - 1)), "by the closed form of V both decide alike in either state", *CLOSED, by=order),
        eq(V(M - n), "one stage more is left", use("stages left", k=M - n - 1)),
    ),
    wrong={"stages passed": V(n), "one too many": V(M - n + 1), "horizon alone": V(M), "always the input": V(0)}
    | {"sign": -V(M - n)},
    restated=same(V(Max(M - n, 0)), by=index(Max(M - n, 0), M - n)),
    samples={"alpha": ALPHAS},
)
R18e = claim("R18e", g_save, *TWO_POINTS, setting="two points")(
    r"X \in \{a, b\}: \quad G = (1 - \alpha)(\alpha o (b - a) - \delta)^+",
    eq(E(excess), "the saving", "equal layers, saving"),
    eq(two_saving, "only in the worse state is the threshold passed", by=order),
    wrong={"sign of the cost": stay * Max(alpha * bits * (high - low) + extra, 0)}
    | {"chances swapped": alpha * Max(stay * bits * (high - low) - extra, 0)}
    | {"chance dropped": Max(alpha * bits * (high - low) - extra, 0)}
    | {"o dropped": stay * Max(alpha * (high - low) - extra, 0)}
    | {"positive part dropped": stay * (alpha * bits * (high - low) - extra)},
    restated=same(Max(stay * (bits * high - bits * E(X) - extra), 0), by=order),
    samples={"alpha": ALPHAS},
)
R18f = claim("R18f", p, *TWO_POINTS, alpha * bits * (high - low) > extra, setting="two points")(
    r"X \in \{a, b\},\ G > 0: \quad p = 1 - \alpha",
    eq(chance(send, extra + bits * E(X)), "the chance of going on", "equal layers, chance"),
    eq(stay, "1-sla goes on in the worse state only", by=order),
    wrong={"states swapped": alpha, "never goes on": 0, "always goes on": 1} | {"squared": stay**2, "sum": 1 + alpha},
    restated=same(E(indicator(high <= X)), by=order),
    note="For G = 0 1-sla always stops, p = 0, and R7 still holds with either value of p, since G multiplies the series.",
    samples={"alpha": ("1/4", "1/3", "2/3", "3/4")},
)

# -- N2: the same where the result stays at home, after a last layer like any other
HOME = (*TWO_POINTS, sp.Eq(last_extra, extra), sp.Eq(result_bits, 0))
N2a = claim("N2a", U(m), *HOME, m * extra <= bits * low, setting="two points")(
    r"m\delta \le o a \implies U_m = m\delta: \text{ run on, no state is worth sending in}",
    forward("=", m * extra, m, 0)(
        eq(last_extra + result_bits * E(X) - extra, "nothing but the result is left", "own result, no stage left"),
        eq(0, "it stays at home", by=order),
    )(
        eq(stage(U(m)), "the recursion", use("own result, stages left", k=m)),
        eq(stage(m * extra), "hypothesis", HYPOTHESIS),
        eq((m + 1) * extra, "sending costs at least o a", by=order),
    ),
    wrong={"one too many": (m + 1) * extra, "one too few": (m - 1) * extra, "sign": -m * extra}
    | {"cost of sending": bits * low, "one layer": extra},
    restated=same(Max(m * extra, m * last_extra), by=order),
    samples={"alpha": ALPHAS, "o": ("1", "2", "3"), "o_N": ("0",)}
    | dict.fromkeys(("delta", "delta_N"), ("1/4", "1/3", "1/2")),
)
rest = bits * low + stay * extra / alpha  # where the affine recursion rests
# what the stages left cost, the cheaper of sending now and running on for a while
capped = Lambda(A, Min(bits * E(X), rest - A * (rest - m * extra)))
N2 = claim("N2", U(m + k), *HOME, m * extra <= bits * low, (m + 1) * extra > bits * low, setting="two points")(
    r"m = \lfloor oa/\delta \rfloor: \quad U_{m+k} = \min\{o\mu,\ u^* - (1 - \alpha)^k (u^* - m\delta)\}, \quad u^* = oa + \frac{1 - \alpha}{\alpha}\delta",
    forward("=", capped(stay**k), k, 0)(
        eq(m * extra, "up to there it runs on (N2a)", N2a),
        eq(Min(bits * E(X), m * extra), "which costs no more than sending in the better state", by=order),
        eq(Min(bits * E(X), rest - (rest - m * extra)), "the closed form at k = 0"),
    )(
        eq(stage(U(m + k)), "the recursion", use("own result, stages left", k=m + k)),
        eq(
            capped(stay * stay**k),
            "in the better state it now sends; in the worse it goes on unless sending is cheaper (hypothesis, L39, L40)",
            *STATES,
            by=order,
        ),
        eq(capped(stay ** (k + 1)), "one power more"),
    ),
    wrong={"exponent off by one": capped(stay ** (k + 1))}
    | {"sign of the rest": capped(-(stay**k))}
    | {"cap dropped": rest - stay**k * (rest - m * extra)}
    | {"states swapped": capped(alpha**k)}
    | {"one stage fewer run on": Min(bits * E(X), rest - stay**k * (rest - (m + 1) * extra))}
    | {"limit": Min(bits * E(X), rest), "result sent like a feature": V(m + k)},
    restated=same(Min(alpha * bits * low + stay * bits * high, rest - stay**k * (rest - m * extra)), by=order),
    note="With N2a the optimum at M = N in closed form: J(N) = C_edge + N D + U_N. ",
    samples={"alpha": ALPHAS, "o": ("1", "2", "3"), "o_N": ("0",), "k": ("0", "1", "2", "3", "4")}
    | dict.fromkeys(("delta", "delta_N"), ("1/3", "1/2", "1", "2")),
)
