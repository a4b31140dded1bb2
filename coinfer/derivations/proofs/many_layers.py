"""Claims about equal layers by the number of stages left: the optimal rule and its limit (R8, R9, R11, R16, N3)."""

import sympy as sp

from coinfer.derivations.proofs.equal_layers import *
from coinfer.derivations.proofs.placement import placed

# -- R8: only the number of stages left matters to the optimal rule
R8 = claim("R8", v(n, M), n <= M, setting="equal layers")(
    r"v_n^{(M)} = V_{M-n}, \quad V_0 = o\mu,\ V_{k+1} = \mathbb{E}\min(oX, \delta + V_k)",
    backward("=", V(M - n), n, M)(
        eq(E(o(M) * X), "at stage M one has to send", "optimal ends"),
        eq(E(send), "every layer is the same", *equal(M)),
        eq(V(0), "no stage left", "stages left, none"),
    )(
        eq(best(n), "the recursion", "optimal"),
        eq(stage(v(n + 1, M)), "every layer is the same", "equal layers, sending", use("equal layers, extra", n=n + 1)),
        eq(stage(V(M - n - 1)), "hypothesis", HYPOTHESIS),
        eq(V(M - n), "one stage more is left", use("stages left", k=M - n - 1)),
    ),
    wrong={"stages passed": V(n), "one too many": V(M - n + 1), "horizon alone": V(M), "sign": -V(M - n)}
    | {"result at home": U(M - n)},
    restated=same(V(Max(M - n, 0)), by=index(Max(M - n, 0), M - n)),
)
L33 = claim("L33", V(k + 1))(
    r"V_{k+1} \le V_k",
    forward("<=", V(k), k, 0)(
        eq(stage(V(0)), "one stage left", use("stages left", k=0)),
        le(E(send), "the smaller of two is at most the first", by=expectation),
        eq(V(0), "no stage left", "stages left, none"),
    )(
        eq(stage(V(k + 1)), "the recursion", use("stages left", k=k + 1)),
        le(stage(V(k)), "hypothesis", HYPOTHESIS, by=expectation),
        eq(V(k + 1), "the recursion", "stages left"),
    ),
    wrong={"two steps": V(k + 2), "sign": -V(k)},
    restated=same(E(V(k))),
)
fall = Lambda(k, V(k) - V(k + 1))  # what one stage more saves, with so many left: d_k
R8a = claim("R8a", fall(k + 1))(
    r"d_{k+1} \le d_k, \quad d_k = V_k - V_{k+1}",
    eq(stage(V(k)) - stage(V(k + 1)), "the recursion", "stages left", use("stages left", k=k + 1)),
    le(fall(k), "a stage passes on at most the difference behind it", L33, by=expectation),
    wrong={"strict": "<", "two steps": fall(k + 2)},
    restated=same(V(k) - stage(V(k)), "stages left"),
    note="Only a stage's being nondecreasing and 1-Lipschitz is used. So J is convex on 0..N-1 (R8b); where it is least there is R8g.",
)
R8b = claim("R8b", Jopt(M + 1) - Jopt(M), setting="equal layers")(
    r"J^{\mathrm{opt}}(M+1) - J^{\mathrm{opt}}(M) = D - d_M",
    eq(placed(M + 1) + v(0, M + 1) - placed(M) - v(0, M), "the ETC of an inference", *both("ETC of the optimum")),
    eq(D(M + 1) - saved(0), "one term more in the sum"),
    eq(D(M + 1) - fall(M), "only the stages left matter (R8)", *both(R8, n=0)),
    eq(download - fall(M), "every layer is the same", DOWNLOAD),
    wrong={"sign of the saving": download + fall(M), "saving off by one": download - fall(M + 1)}
    | {"download dropped": -fall(M), "saving of 1-sla": download - p**M * g_save}
    | {"two downloads": 2 * download - fall(M)},
    restated=same(download + V(M + 1) - E(V(M))),
)
R8c = claim("R8c", v(n, N), n + 1 <= N, setting="own result")(
    r"v_n^{(N)} = U_{N-n} \quad (n < N), \quad U_0 = \delta_N + o_N\mu - \delta,\ U_{k+1} = \mathbb{E}\min(oX, \delta + U_k)",
    backward("=", U(N - n), n, N - 1)(
        eq(best(N - 1, N), "the recursion", use("optimal", n=N - 1, M=N)),
        eq(E(Min(o(N - 1) * X, delta(N) + E(o(N) * X))), "then one has to send", use("optimal ends", M=N)),
        eq(
            E(Min(send, last_extra + E(result_bits * X))),
            "the last layer, and its result",
            use("before the last", n=N - 1),
            "last extra",
            "result",
        ),
        eq(stage(U(0)), "no stage left", "own result, no stage left", by=expectation),
        eq(U(1), "one stage is left", use("own result, stages left", k=0)),
    )(
        eq(best(n, N), "the recursion", use("optimal", M=N)),
        eq(stage(v(n + 1, N)), "earlier layers are the same", "before the last", use("own result, extra", n=n + 1)),
        eq(stage(U(N - n - 1)), "hypothesis", HYPOTHESIS),
        eq(U(N - n), "one stage more is left", use("own result, stages left", k=N - n - 1)),
    ),
    wrong={"stages passed": U(n), "one too many": U(N - n + 1), "result sent like a feature": V(N - n)}
    | {"sign": -U(N - n) + 1, "all local": (N - n) * extra},
    restated=same(U(Max(N - n, 0)), by=index(Max(N - n, 0), N - n)),
    note="U_0 is what the last layer and its result leave to pay beyond a layer like any other: U_1 = E min(oX, delta_N + o_N mu). It is 0 if the result stays at home and the layer costs the same, and -f where sending has a fixed cost f (R25a). So J(N) is R8f. J is not convex at N.",
)

# -- R9: what it tends to as layers are added, the reservation value of a search
fixed = use("endless chain")
waste = E(Max(extra + v_inf - send, 0))
R9 = claim("R9", waste, bits > 0, extra > 0, setting="equal layers")(
    r"v_\infty = \mathbb{E}\min(oX, \delta + v_\infty) \implies \mathbb{E}(\delta + v_\infty - oX)^+ = \delta",
    eq(extra + v_inf - stage(v_inf), "what the smaller of two lies below the second", by=expectation),
    eq(extra, "v is the value of going on for ever", fixed),
    wrong={"sign": -extra, "value for cost": v_inf, "threshold": extra + v_inf, "per bit": extra / bits + 1}
    | {"twice": 2 * extra},
    restated=same(extra + v_inf - stage(v_inf), fixed),
    note="v is the reservation value of a search with cost delta. That V converges to v follows from L33 and R9b, a sequence that falls and is bounded, by completeness of the reals and continuity of R2; that step is cited, not proved here.",
)
L34 = claim("L34", extra, bits > 0, extra > 0, setting="equal layers")(
    r"\delta \le (\delta + v_\infty)^+, \text{ so } \delta + v_\infty > 0",
    eq(extra + v_inf - v_inf, "add and subtract"),
    eq(extra + v_inf - stage(v_inf), "v is the value of going on for ever", fixed),
    eq(waste, "what the smaller of two lies below the second", by=expectation),
    le(Max(extra + v_inf, 0), "sending costs at least 0", by=expectation),
    wrong={"negative part": Min(extra + v_inf, 0), "value alone": Max(v_inf - extra, 0)}
    | {"sign of the cost": Max(v_inf - 2 * extra, 0)},
    restated=same((extra + v_inf + sp.Abs(extra + v_inf)) / 2, by=order),
)
other = Symbol("w", real=True)
wider = (extra + other) / (extra + v_inf)
R9a = claim("R9a", E(Max(extra + other - send, 0)), bits > 0, extra > 0, other > v_inf, setting="equal layers")(
    r"w > v_\infty \implies \mathbb{E}(\delta + w - oX)^+ > \delta: \text{ the root is unique}",
    ge(wider * waste, "convex and 0 at 0, so it grows at least in proportion to its threshold", L34, by=expectation),
    eq(wider * extra, "v is a root (R9)", R9),
    gt(extra, "w is larger", L34),
    wrong={"value for cost": extra + other, "by the difference": extra + 2 * (other - v_inf)},
    restated=same(waste, R9),
)
R9b = claim("R9b", V(k), extra > 0, bits > 0, setting="equal layers")(
    r"V_k \ge v_\infty",
    forward(">=", v_inf, k, 0)(
        eq(E(send), "no stage left", "stages left, none"),
        ge(stage(v_inf), "the smaller of two is at most the first", by=expectation),
        eq(v_inf, "v is the value of going on for ever", fixed),
    )(
        eq(stage(V(k)), "the recursion", "stages left"),
        ge(stage(v_inf), "hypothesis", HYPOTHESIS, by=expectation),
        eq(v_inf, "v is the value of going on for ever", fixed),
    ),
    wrong={"by the cost": v_inf + extra, "next value": V(k + 1) + 1, "sending at once": bits * E(X), "strict": ">"},
    restated=same(stage(v_inf), fixed),
    samples={"k": ("0", "1", "2", "3", "4")},
)
R9c = claim("R9c", V(k), setting="equal layers")(
    r"V_k \le o\mu + k\delta: \text{ with } \delta < 0 \text{ there is no limit}",
    forward("<=", bits * E(X) + k * extra, k, 0)(eq(bits * E(X), "no stage left", "stages left, none"))(
        eq(stage(V(k)), "the recursion", "stages left"),
        le(extra + V(k), "the smaller of two is at most the second", by=expectation),
        le(extra + bits * E(X) + k * extra, "hypothesis", HYPOTHESIS),
        eq(bits * E(X) + (k + 1) * extra, "one stage more"),
    ),
    wrong={"sign of the cost": bits * E(X) - k * extra, "one too few": bits * E(X) + (k - 1) * extra}
    | {"input free": k * extra},
    restated=same(k * extra + bits * mu, "mean"),
)
least, level = Symbol("x", nonnegative=True), Symbol("c", nonnegative=True)
R9d = claim("R9d", V(k), extra >= 0, least <= X, setting="equal layers")(
    r"\delta \ge 0,\ X \ge x \implies V_k \ge o x",
    forward(">=", bits * least, k, 0)(
        eq(E(send), "no stage left", "stages left, none"), ge(bits * least, "X is at least x", by=expectation)
    )(
        eq(stage(V(k)), "the recursion", "stages left"),
        ge(bits * least, "both options cost at least that (hypothesis)", HYPOTHESIS, by=expectation),
    ),
    wrong={"with the cost": bits * least + extra + 1, "mean": bits * E(X) + 0 * extra, "o dropped": least},
    restated=same(E(bits * least) + extra - E(extra)),
)
R9e = claim("R9e", (other - bits * level) * E(indicator(level >= X)), setting="equal layers")(
    r"(v - o c)\,P(X \le c) \le \mathbb{E}(v - oX)^+: \text{ for } \delta = 0 \text{ no root exceeds } o\,\mathrm{ess\,inf} X",
    le(E(Max(other - send, 0)), "where X is at most c the excess is at least that", by=expectation),
    wrong={"negative part": E(Min(other - send, 0)), "o dropped": E(Max(other - X, 0)) - 1},
    restated=same(other - E(Min(other, send)), by=expectation),
    note="With R9d: for delta = 0 the limit is o ess inf X, since P(X <= c) > 0 for every c above it.",
)

# -- R11: how the crossing, at which a layer stops paying, moves
rate, deep = Symbol("t", positive=True), Symbol("M", nonnegative=True)
unit_time, size, updates = Symbol("chi", positive=True), Symbol("s", positive=True), symbol("inferences_per_update")
moving = log(profit * updates / (unit_time * size)) / rate
R11 = claim("R11", Derivative(-log(unit_time * size / updates / profit) / rate, updates), setting="given law")(
    r"\tilde M = \frac{\ln(D/G)}{\ln p},\ D = \chi s / K,\ p = e^{-t}: \quad \frac{\partial \tilde M}{\partial K} = \frac{1}{tK}",
    eq(Derivative(moving, updates), "minus the logarithm is that of the inverse", by=calculus),
    eq(1 / (rate * updates), "derivative of the logarithm", by=calculus),
    wrong={"sign": -1 / (rate * updates), "power": 1 / (rate * updates**2), "rate multiplies": rate / updates}
    | {"rate dropped": 1 / updates + 1}
    | {"size in it": 1 / (rate * updates * size) + 1},
    restated=same(Derivative(log(updates) / rate, updates), by=calculus),
    note="Positive: the crossing moves deeper as K grows. R18 says more, for any chain.",
)
R11a = claim("R11a", Derivative(-log(unit_time * size / updates / profit) / rate, size), setting="given law")(
    r"\frac{\partial \tilde M}{\partial s} = -\frac{1}{ts}",
    eq(-1 / (rate * size), "derivative of the logarithm", by=calculus),
    wrong={"sign": 1 / (rate * size), "power": -1 / (rate * size**2) - 1, "rate multiplies": -rate / size - 1}
    | {"rate dropped": -1 / size - 1, "no effect": 0},
    restated=same(-Derivative(log(size) / rate, size), by=calculus),
)
tail = sp.Function("T", positive=True)  # P(X > x)
average, sent, added = (Symbol(name, positive=True) for name in ("mu", "o", "delta"))
bound = average + added / sent
slope = sp.Subs(Derivative(tail(point), point), point, bound)
passing = tail(bound)  # the chance of going on
kept = sent * Integral(tail(point), (point, bound, oo))
falling = passing / (kept * log(passing))
slope_of_crossing = falling - log(price / kept) * slope / (sent * passing * log(passing) ** 2)
R11b = claim("R11b", Derivative(log(price / kept) / log(passing), added), kept > 0, setting="given law")(
    r"\frac{\partial \tilde M}{\partial \delta} = \frac{p}{G \ln p} - \frac{p' \ln(D/G)}{o\,p \ln^2 p}, \quad G = o\int_x^\infty P(X > y)\,dy,\ p = P(X > x),\ x = \mu + \frac{\delta}{o}",
    eq(slope_of_crossing, "Leibniz' rule: the saving falls at the rate p, the chance changes at p'/o", by=calculus),
    wrong={"sign": -slope_of_crossing, "first term dropped": slope_of_crossing - falling}
    | {"sign of the first term": slope_of_crossing - 2 * falling}
    | {"o dropped": slope_of_crossing * sent + 1}
    | {"chance for saving": slope_of_crossing + kept},
    restated=same((passing * log(passing) / kept - log(price / kept) * slope / (sent * passing)) / log(passing) ** 2),
)
SIGNS = (kept > 0, log(price / kept) < 0, log(passing) < 0, slope <= 0)
R11c = claim("R11c", slope_of_crossing, *SIGNS, setting="given law")(
    r"D < G,\ p < 1 \implies \frac{p}{G \ln p} - \frac{p' \ln(D/G)}{o\,p \ln^2 p} < 0",
    lt(0, "both logarithms are negative, the chance p does not rise with x"),
    wrong={"relation turned": ">", "equality": "="},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
)

# -- R16: the bracket in closed form: the optimal rule's savings fall at least as fast as a geometric series
for_ever = E(indicator(send >= extra + v_inf))  # the chance that going on for ever is worth it
L35 = claim("L35", fall(k + 1), extra > 0, bits > 0, setting="equal layers")(
    r"V_{k+1} - V_{k+2} \le q\,(V_k - V_{k+1}), \quad q = P(oX \ge \delta + v_\infty)",
    eq(stage(V(k)) - stage(V(k + 1)), "the recursion", "stages left", use("stages left", k=k + 1)),
    le(
        for_ever * fall(k),
        "where oX lies below the value of going on for ever, it stops either way (R9b)",
        L33,
        use(R9b, k=k + 1),
        by=expectation,
    ),
    eq(q * fall(k), "the chance of going on", "endless chain, chance"),
    wrong={"squared chance": q**2 * fall(k), "chance of stopping": (1 - q) * fall(k), "1-sla's chance": p * fall(k)},
    restated=same((1 - E(indicator(send < extra + v_inf))) * fall(k), "endless chain, chance", by=expectation),
)
L36 = claim("L36", fall(k), extra > 0, bits > 0, setting="equal layers")(
    r"V_k - V_{k+1} \le q^k G",
    forward("<=", q**k * g_save, k, 0)(
        eq(E(send) - stage(V(0)), "send, or one layer more", use("stages left", k=0), "stages left, none"),
        eq(E(send) - stage(bits * E(X)), "then send", "stages left, none"),
        eq(E(excess), "what remains is the excess", by=expectation),
        eq(g_save, "the saving", "equal layers, saving"),
    )(
        le(q * fall(k), "one stage (L35)", L35),
        le(q * (q**k * g_save), "hypothesis", HYPOTHESIS),
        eq(q ** (k + 1) * g_save, "one power more"),
    ),
    wrong={"exponent too large": q ** (k + 1) * g_save, "1-sla's chance": p**k * g_save},
    restated=same(q**k * stage_saving, "equal layers, saving", "mean", by=expectation),
)
L37 = claim("L37", V(0) - V(k), extra > 0, bits > 0, q < 1, setting="equal layers")(
    r"V_0 - V_k \le G\,\frac{1 - q^k}{1 - q}",
    forward("<=", g_save * series(q, k), k, 0)(eq(0, "no stage more"))(
        eq(V(0) - V(k) + fall(k), "add and subtract"),
        le(V(0) - V(k) + q**k * g_save, "one stage (L36)", L36),
        le(g_save * series(q, k) + q**k * g_save, "hypothesis", HYPOTHESIS),
        eq(g_save * series(q, k + 1), "the next term of the geometric series"),
    ),
    wrong={"one term too few": g_save * series(q, k - 1), "plus in the denominator": g_save * (1 - q**k) / (1 + q)},
    restated=same(g_save * (q**k - 1) / (q - 1)),
)
L38 = claim("L38", u(0, M), p < 1, bits > 0, setting="equal layers")(
    r"u_0 = o\mu - G\,\frac{1 - p^M}{1 - p}",
    eq(J(M) - placed(M), "the ETC less what is paid anyway", "ETC"),
    eq(edge + M * download - g_save * series(p, M) - placed(M), "its closed form (R7)", R7),
    eq(bits * mu - g_save * series(p, M), "the downloads cancel", use("equal layers, download", n=i), by=calculus),
    wrong={"sign": bits * mu + g_save * series(p, M), "exponent off by one": bits * mu - g_save * series(p, M + 1)}
    | {"input dropped": -g_save * series(p, M), "series not summed": bits * mu - g_save * M}
    | {"plus in the denominator": bits * mu - g_save * (1 - p**M) / (1 + p)},
    restated=same(bits * E(X) + g_save * (p**M - 1) / (1 - p), "mean"),
)
R16d = claim("R16d", gap(0), extra > 0, bits > 0, q < 1, p < 1, setting="equal layers")(
    r"\mathrm{gap}(M) \le G\Bigl[\frac{1 - q^M}{1 - q} - \frac{1 - p^M}{1 - p}\Bigr] \quad (\delta > 0,\ M < N)",
    eq(bits * mu - g_save * series(p, M) - v(0, M), "1-sla in closed form (L38)", L38),
    eq(bits * mu - g_save * series(p, M) - V(M), "only the stages left matter (R8)", use(R8, n=0)),
    eq(V(0) - V(M) - g_save * series(p, M), "no stage left: send", "stages left, none", "mean"),
    le(g_save * series(q, M) - g_save * series(p, M), "the optimal rule in closed form (L37)", use(L37, k=M)),
    eq(g_save * (series(q, M) - series(p, M)), "a common factor"),
    wrong={"chances swapped": -g_save * (series(q, M) - series(p, M)), "equality": "=", "no gap": 0}
    | {"one layer too few": g_save * (series(q, M - 1) - series(p, M))},
    restated=same(g_save * series(q, M) - g_save * series(p, M)),
)

# -- N3: enough inferences per update make every layer pay
needed = unit_time * size * exp(rate * deep) / profit
load = Symbol("c", positive=True)
CHEAPER = monotone(unit_time * size / load, load, updates, needed)
N3 = claim("N3", unit_time * size / updates, updates > needed, setting="given law")(
    r"K > K_m = \frac{\chi s}{G}\,p^{-m} \implies D = \frac{\chi s}{K} < G p^m \quad (p = e^{-t})",
    lt(unit_time * size / needed, "the download is shared by more inferences", by=CHEAPER),
    eq(profit * exp(-rate * deep), "the number at which layer m + 1 breaks even"),
    wrong={"equality": "=", "one layer deeper": profit * exp(-rate * (deep + 1))}
    | {"squared chance": profit * exp(-rate * deep) / 4 - unit_time},
    restated=same(profit * (sp.cosh(rate * deep) - sp.sinh(rate * deep))),
    note="The break-even K grows by the factor 1/p with every layer. With N3b: for K > K_{N-1} every layer is placed, M* = N, so the limit K to infinity is reached at a finite K. ",
)
N3a = claim("N3a", unit_time * size / updates, updates <= needed, setting="given law")(
    r"K \le K_m \implies D \ge G p^m: \text{ layer } m + 1 \text{ does not pay}",
    ge(unit_time * size / needed, "the download is shared by fewer inferences", by=CHEAPER),
    eq(profit * exp(-rate * deep), "the number at which layer m + 1 breaks even"),
    wrong={"a layer before": profit * exp(-rate * (deep - 1)), "chance dropped": profit * 2},
    restated=same(profit * (sp.cosh(rate * deep) - sp.sinh(rate * deep))),
)
N3b = claim("N3b", g_save, last_extra <= extra, setting="equal layers")(
    r"\delta_N \le \delta \implies G \le \mathbb{E}(oX - \delta_N)^+: \text{ the last layer saves at least as much as another}",
    eq(E(excess), "the saving", "equal layers, saving"),
    le(last_free, "nothing is left to be sent", by=expectation),
    wrong={"sign of the cost": E(Max(-send - extra, 0)), "strict": "<"},
    restated=same(bits * mu - E(Min(send, last_extra)), "mean", by=expectation),
)
