"""Claims about a link that is on or off, equal layers: when to go on, and what a placement costs (R22)."""

from coinfer.derivations.engine.clock import *
from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.one_clock import integrating

z = along

# -- R22: a link that is on or off, equal layers: on, stop; off, go on if that saves anything
link_time, settled = Symbol("t", nonnegative=True), begins / (begins + ends)
fades = exp(-(begins + ends) * link_time)
R22a = claim("R22a", gone(link_time), setting="moving channel")(
    r"a = P(\text{off after } t \mid \text{off}) = \pi_{\mathrm{off}} + (1 - \pi_{\mathrm{off}})e^{-(l+u)t}, \quad \pi_{\mathrm{off}} = \frac{u}{l + u}",
    *integrating(gone(z), link_time, 1, begins, begins + ends, "off at first", "off later"),
    eq(settled + (1 - settled) * fades, "the integral of an exponential", by=calculus),
    wrong={"shares swapped": 1 - settled + settled * fades, "stationary": settled, "never back": exp(-ends * link_time)}
    | {"from on": settled * (1 - fades)},
    restated=same((begins + ends * fades) / (begins + ends)),
    note="From on it is off after t with the probability eta = pi_off (1 - e^(-(l+u)t)). What follows holds for any such chances below 1.",
    samples={"t": ("1/2", "1", "2")},
)
CHANCES = (stays_off < 1, turns_off <= 1, extra >= 0)
FEW = {"k": ("0", "1", "2"), "M": ("0", "1", "2"), "delta": ("0", "1/3", "1/2", "1", "2")}
lower = Min(V_on(k), V_off(k))
L90 = claim("L90", lower, *CHANCES, setting="on-off link")(
    r"\min(V^{\mathrm{on}}_k, V^{\mathrm{off}}_k) \ge C_1",
    forward(">=", on_cost, k, 0)(
        eq(Min(on_cost, on_cost + wait), "none left: send", "none left, on", "none left, off"),
        ge(on_cost, "a wait costs something"),
    )(
        eq(
            Min(on_cost, one_more(turns_off, V_on, V_off), on_cost + wait, one_more(stays_off, V_on, V_off)),
            "both recursions",
            "left, on",
            "left, off",
        ),
        ge(on_cost, "computing does not make it cheaper than when on (hypothesis)", HYPOTHESIS),
    ),
    wrong={"wait added": on_cost + wait, "layers added": on_cost + k * extra, "strict": ">"},
    restated=same(V_on(0), "none left, on"),
    samples=FEW,
)
R22b = claim("R22b", V_on(k), *CHANCES, setting="on-off link")(
    r"\delta \ge 0 \implies V^{\mathrm{on}}_k = C_1: \text{ on, stop}",
    forward("=", on_cost, k, 0)(eq(on_cost, "none left: send", "none left, on"))(
        eq(Min(on_cost, one_more(turns_off, V_on, V_off)), "the recursion", "left, on"),
        eq(on_cost, "going on costs no less (L90)", L90, by=order),
    ),
    wrong={"off": on_cost + wait, "layers added": on_cost + k * extra, "nothing": 0},
    restated=same(V_on(0), "none left, on"),
    samples=FEW,
)
saves = (1 - stays_off) * wait - extra  # G: what a layer saves in an outage, looking once more
L91 = claim("L91", stays_off**k, stays_off < 1, setting="given law")(
    r"0 \le a < 1 \implies a^k \le 1",
    forward("<=", 1, k, 0)(eq(1, "an empty product"))(
        eq(stays_off * stays_off**k, "one factor"), le(stays_off, "hypothesis", HYPOTHESIS), le(1, "a chance")
    ),
    wrong={"strict": "<", "at most a": stays_off},
    restated=same(Sum(1, (i, 1, 1)), by=calculus),
    samples={"a": ("0", "1/3", "1/2", "3/4")},
)
passed = Lambda(A, (1 - A) / (1 - stays_off))  # the chances to be in an outage still, summed, by the last of them
off_cost = Lambda(A, on_cost + wait - Max(saves, 0) * passed(A))
R22c = claim("R22c", V_off(k), *CHANCES, setting="on-off link")(
    r"V^{\mathrm{off}}_k = C_1 + h - G^+\,\frac{1 - a^k}{1 - a}, \quad G = (1 - a)h - \delta",
    forward("=", off_cost(stays_off**k), k, 0)(
        eq(on_cost + wait, "none left: wait and send", "none left, off"),
        eq(off_cost(stays_off**0), "no layer, no saving"),
    )(
        eq(Min(on_cost + wait, one_more(stays_off, V_on, V_off)), "the recursion", "left, off"),
        eq(
            Min(on_cost + wait, extra + (1 - stays_off) * on_cost + stays_off * off_cost(stays_off**k)),
            "once on, it stops (R22b); off, the hypothesis",
            R22b,
            HYPOTHESIS,
        ),
        eq(off_cost(stays_off * stays_off**k), "it goes on if that saves anything (L91)", L91, by=order),
        eq(off_cost(stays_off ** (k + 1)), "one power more"),
    ),
    wrong={
        "sign of the saving": on_cost + wait + Max(saves, 0) * passed(stays_off**k),
        "exponent": off_cost(stays_off ** (k + 1)),
    }
    | {
        "positive part dropped": on_cost + wait - saves * passed(stays_off**k),
        "not summed": on_cost + wait - Max(saves, 0) * k,
    }
    | {"wait dropped": on_cost - Max(saves, 0) * passed(stays_off**k)},
    restated=same(on_cost + wait + Max(saves, 0) * (stays_off**k - 1) / (1 - stays_off)),
    samples=FEW,
)
R22d = claim("R22d", one_more(turns_off, V_on, V_off), *CHANCES, setting="on-off link")(
    r"\delta + (1 - \eta)V^{\mathrm{on}}_k + \eta V^{\mathrm{off}}_k \ge C_1: \text{ on, going on never pays}",
    ge(on_cost, "what follows costs at least that (L90)", L90),
    wrong={"strict": ">", "a layer more": on_cost + extra + wait, "off": on_cost + wait},
    restated=same(V_on(0), "none left, on"),
    samples=FEW,
)
gain_of = (use(R22b, k=k), R22c, L91)
R22e = claim("R22e", one_more(stays_off, V_on, V_off), *CHANCES, saves > 0, setting="on-off link")(
    r"G > 0 \implies \delta + (1 - a)V^{\mathrm{on}}_k + a V^{\mathrm{off}}_k < C_1 + h: \text{ off, go on}",
    lt(on_cost + wait, "a layer saves G, and those behind it something", *gain_of),
    wrong={"relation turned": ">=", "as when on": on_cost, "two layers' saving": on_cost + wait - 2 * saves},
    restated=same(V_off(0), "none left, off"),
    samples=FEW | {"h": ("1", "2", "3", "5"), "delta": ("0", "1/3", "1/2")},
)
R22f = claim("R22f", one_more(stays_off, V_on, V_off), *CHANCES, saves <= 0, setting="on-off link")(
    r"G \le 0 \implies \delta + (1 - a)V^{\mathrm{on}}_k + a V^{\mathrm{off}}_k \ge C_1 + h: \text{ off, stop as well}",
    ge(on_cost + wait, "no layer saves anything", *gain_of),
    wrong={"strict": ">", "relation turned": "<", "a layer": on_cost + wait + extra},
    restated=same(V_off(0), "none left, off"),
    samples=FEW,
)
R22 = claim("R22", J_link(M), *CHANCES, setting="on-off link")(
    r"J(M) = C_{\mathrm{edge}} + C_1 + \pi_{\mathrm{off}}\Bigl[h - G^+\,\frac{1 - a^M}{1 - a}\Bigr] + M D \quad (M < N)",
    eq(started(V_on(M), V_off(M), M), "the ETC from a stationary start", "ETC over a link"),
    eq(started(on_cost, off_cost(stays_off**M), M), "on (R22b) and off (R22c)", use(R22b, k=M), use(R22c, k=M)),
    eq(C + on_cost + off_share * (wait - Max(saves, 0) * passed(stays_off**M)) + M * download, "what both pay"),
    wrong={
        "outages dropped": C + on_cost + M * download,
        "surely off": started(off_cost(stays_off**M), off_cost(stays_off**M), M),
    }
    | {
        "exponent": started(on_cost, off_cost(stays_off ** (M + 1)), M),
        "shares swapped": started(off_cost(stays_off**M), on_cost, M),
    }
    | {"download dropped": started(on_cost, off_cost(stays_off**M), 0)},
    restated=same(started(on_cost, on_cost + wait + Max(saves, 0) * (stays_off**M - 1) / (1 - stays_off), M)),
    note="C_1 and h are R19r's for o bits, a is R22a's. Where sending has a fixed cost f, C_1 is that of R19r and f: both are paid where something is sent, and after all layers neither is.",
    samples=FEW,
)
R22g = claim("R22g", J_link(M + 1) - J_link(M), *CHANCES, setting="on-off link")(
    r"J(M+1) - J(M) = D - \pi_{\mathrm{off}}\,a^M G^+",
    eq(
        started(on_cost, off_cost(stays_off ** (M + 1)), M + 1) - started(on_cost, off_cost(stays_off**M), M),
        "both in closed form (R22)",
        R22,
        use(R22, M=M + 1),
    ),
    eq(download - off_share * stays_off**M * Max(saves, 0), "the next term of the geometric series"),
    wrong={
        "sign": download + off_share * stays_off**M * Max(saves, 0),
        "exponent": download - off_share * stays_off ** (M + 1) * Max(saves, 0),
    }
    | {
        "positive part dropped": download - off_share * stays_off**M * saves,
        "surely off": download - stays_off**M * Max(saves, 0),
    },
    restated=same(download - Max(off_share * stays_off**M * saves, 0), by=order),
    note="A layer pays iff its download costs less than the chance of an outage at each of the first M + 1 looks times what computing through it saves.",
    samples=FEW,
)

# -- R22: all N layers, whose result stays at home: the last layers are run in either state
home = k * extra
L92 = claim("L92", Min(U_on(k), U_off(k)), *CHANCES, setting="on-off link")(
    r"\min(U^{\mathrm{on}}_k, U^{\mathrm{off}}_k) \ge \min(k\delta, C_1)",
    forward(">=", Min(home, on_cost), k, 0)(
        eq(0, "the result is at home", "at home, on", "at home, off"), ge(Min(0, on_cost), "which costs nothing")
    )(
        eq(
            Min(on_cost, one_more(turns_off, U_on, U_off), on_cost + wait, one_more(stays_off, U_on, U_off)),
            "both recursions",
            "result left, on",
            "result left, off",
        ),
        ge(Min((k + 1) * extra, on_cost), "send, or run a layer (hypothesis)", HYPOTHESIS),
    ),
    wrong={"one too many": Min((k + 1) * extra, on_cost), "layers only": home, "sending only": on_cost},
    restated=same(home - Max(home - on_cost, 0), by=order),
    samples=FEW,
)
L93 = claim("L93", Max(U_on(k), U_off(k)), *CHANCES, setting="on-off link")(
    r"\max(U^{\mathrm{on}}_k, U^{\mathrm{off}}_k) \le k\delta",
    forward("<=", home, k, 0)(eq(0, "the result is at home", "at home, on", "at home, off"))(
        eq(
            Max(Min(on_cost, one_more(turns_off, U_on, U_off)), Min(on_cost + wait, one_more(stays_off, U_on, U_off))),
            "both recursions",
            "result left, on",
            "result left, off",
        ),
        le((k + 1) * extra, "run every layer (hypothesis)", HYPOTHESIS),
    ),
    wrong={"one too few": (k - 1) * extra, "sending": on_cost, "equality": "="},
    restated=same(home + Max(0, -home), by=order),
    samples=FEW,
)
R22h = claim("R22h", U_on(k), *CHANCES, setting="on-off link")(
    r"U^{\mathrm{on}}_k = \min(k\delta, C_1): \text{ on, go on iff } k\delta < C_1",
    forward("=", Min(home, on_cost), k, 0)(
        eq(0, "the result is at home", "at home, on"), eq(Min(0, on_cost), "which costs nothing", by=order)
    )(
        eq(Min(on_cost, one_more(turns_off, U_on, U_off)), "the recursion", "result left, on"),
        eq(
            Min((k + 1) * extra, on_cost),
            "no less than the cheaper of both (L92), no more than all layers (L93)",
            L92,
            L93,
            by=order,
        ),
    ),
    wrong={
        "layers only": home,
        "sending only": on_cost,
        "one too many": Min((k + 1) * extra, on_cost),
        "off": Min(home, on_cost + wait),
    },
    restated=same(home - Max(home - on_cost, 0), by=order),
    samples=FEW,
)
R22i = claim("R22i", U_off(k), *CHANCES, home <= on_cost, setting="on-off link")(
    r"k\delta \le C_1 \implies U^{\mathrm{off}}_k = k\delta",
    eq(home, "no less (L92), no more (L93)", L92, L93, by=order),
    wrong={"one too many": home + extra, "sending": on_cost, "wait": home + wait},
    restated=same(Min(home, on_cost), by=order),
    samples=FEW,
)
first_off, rest = (m + 1) * extra - on_cost, extra / (1 - stays_off)  # y and w of the statement
PAST = (*CHANCES, m * extra <= on_cost, (m + 1) * extra > on_cost)
ran = Lambda(A, on_cost + Min(wait, rest - A * (rest - first_off)))
ENDS = FEW | {"m": ("0", "1", "2"), "k": ("0", "1")}
R22j = claim("R22j", U_off(m + 1 + k), *PAST, setting="on-off link")(
    r"m = \lfloor C_1/\delta \rfloor: \quad U^{\mathrm{off}}_{m+1+k} = C_1 + \min(h,\ w - a^k(w - y)), \quad y = (m+1)\delta - C_1,\ w = \frac{\delta}{1 - a}",
    forward("=", ran(stays_off**k), k, 0)(
        eq(
            Min(on_cost + wait, one_more(stays_off, U_on, U_off).subs(k, m)),
            "the recursion",
            use("result left, off", k=m),
        ),
        eq(
            Min(on_cost + wait, extra + (1 - stays_off) * Min(m * extra, on_cost) + stays_off * m * extra),
            "run on (R22h, R22i)",
            use(R22h, k=m),
            use(R22i, k=m),
        ),
        eq(ran(1), "all layers, or send at once", by=order),
    )(
        eq(
            Min(on_cost + wait, one_more(stays_off, U_on, U_off).subs(k, m + 1 + k)),
            "the recursion",
            use("result left, off", k=m + 1 + k),
        ),
        eq(
            Min(
                on_cost + wait,
                extra + (1 - stays_off) * Min((m + 1 + k) * extra, on_cost) + stays_off * ran(stays_off**k),
            ),
            "on (R22h); off, the hypothesis",
            use(R22h, k=m + 1 + k),
            HYPOTHESIS,
        ),
        eq(
            Min(on_cost + wait, extra + (1 - stays_off) * on_cost + stays_off * ran(stays_off**k)),
            "on, it sends",
            by=order,
        ),
        eq(ran(stays_off * stays_off**k), "it goes on unless waiting is cheaper (L91)", L91, by=order),
        eq(ran(stays_off ** (k + 1)), "one power more"),
    ),
    wrong={"exponent": ran(stays_off ** (k + 1)), "no wait": on_cost + rest - stays_off**k * (rest - first_off)}
    | {
        "at once": on_cost + wait,
        "limit": on_cost + Min(wait, rest),
        "floor one more": on_cost + Min(wait, rest - stays_off**k * (rest - first_off - extra)),
    },
    restated=same(Min(on_cost + wait, on_cost + rest - stays_off**k * (rest - first_off)), by=order),
    samples=ENDS,
)
R22k = claim("R22k", J_end(N), *CHANCES, N * extra <= on_cost, setting="on-off link")(
    r"N\delta \le C_1 \implies J(N) = C_{\mathrm{edge}} + N(D + \delta)",
    eq(started(U_on(N), U_off(N), N), "the ETC from a stationary start", "ETC of all layers over a link"),
    eq(started(Min(N * extra, on_cost), N * extra, N), "on (R22h) and off (R22i)", use(R22h, k=N), use(R22i, k=N)),
    eq(C + N * (download + extra), "run on in either state", by=order),
    wrong={
        "layers free": C + N * download,
        "one too few": C + N * download + (N - 1) * extra,
        "sent": C + N * download + on_cost,
    },
    restated=same(started(N * extra, N * extra, N)),
    samples=FEW | {"N": ("1", "2", "3")},
)
R22l = claim("R22l", J_end(m + 1 + k), *PAST, setting="on-off link")(
    r"m = \lfloor C_1/\delta \rfloor < N: \quad J(N) = C_{\mathrm{edge}} + N D + C_1 + \pi_{\mathrm{off}}\min(h,\ w - a^{N-m-1}(w - y)) \quad (N = m + 1 + k)",
    eq(
        started(U_on(m + 1 + k), U_off(m + 1 + k), m + 1 + k),
        "the ETC from a stationary start",
        use("ETC of all layers over a link", N=m + 1 + k),
    ),
    eq(
        started(Min((m + 1 + k) * extra, on_cost), ran(stays_off**k), m + 1 + k),
        "on (R22h) and off (R22j)",
        use(R22h, k=m + 1 + k),
        R22j,
    ),
    eq(started(on_cost, ran(stays_off**k), m + 1 + k), "on, it sends", by=order),
    wrong={
        "surely off": started(ran(stays_off**k), ran(stays_off**k), m + 1 + k),
        "outages dropped": started(on_cost, on_cost, m + 1 + k),
    }
    | {
        "exponent": started(on_cost, ran(stays_off ** (k + 1)), m + 1 + k),
        "one download fewer": started(on_cost, ran(stays_off**k), m + k),
    }
    | {"shares swapped": started(ran(stays_off**k), on_cost, m + 1 + k)},
    restated=same(
        C + (m + 1 + k) * download + on_cost + off_share * Min(wait, rest - stays_off**k * (rest - first_off))
    ),
    note="With R22k the optimum at M = N for N of at least 1.",
    samples=ENDS,
)
