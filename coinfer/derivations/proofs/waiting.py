"""Claims about waiting: when going on can pay at all, over a channel with a memory, and seconds and joules apart (R21, R23)."""

from coinfer.derivations.engine.clock import *
from coinfer.derivations.proofs.notation import *

# -- R21: going on pays only where sending costs more than the layer, and so takes longer than some layers
cost = Symbol("c", real=True)
GOES_ON = cost > extra + E(X)
R21 = claim("R21", cost, GOES_ON)(
    r"C(o_n, s) > \delta_{n+1} + \mathbb{E}[v_{n+1} \mid s],\ v_{n+1} \ge 0 \implies C(o_n, s) > \delta_{n+1}",
    gt(extra + E(X), "going on is better"),
    ge(extra, "what is later costs at least 0", by=expectation),
    wrong={"later cost twice": extra + 2 * E(X), "one more": extra + 1, "equality": "="},
    restated=same(E(extra)),
    note="X is here what the later stages cost, given the state s, whatever the channel; the extra cost may have either sign.",
    samples={"c": ("-1", "0", "1/2", "1", "2", "3", "5")},
)
power = symbol("link.transmit_power_w")
on_device, on_edge, per_mac, layer_s, sent_s = (Symbol(name, positive=True) for name in ("f_d", "f_e", "e_d", "t", "T"))
computing = beta_t * (1 - on_device / on_edge) + beta_e * per_mac * on_device
R21a = claim(
    "R21a",
    beta_t * layer_s + beta_e * per_mac * on_device * layer_s - beta_t * on_device * layer_s / on_edge,
    setting="given law",
)(
    r"w = f_d t: \quad \delta = \beta_t\frac{w}{f_d} + \beta_e e_d w - \beta_t\frac{w}{f_e} = t\Bigl[\beta_t\Bigl(1 - \frac{f_d}{f_e}\Bigr) + \beta_e P_{\mathrm{cpu}}\Bigr], \quad P_{\mathrm{cpu}} = e_d f_d",
    eq(layer_s * computing, "a layer of t seconds is f_d t MAC"),
    wrong={
        "edge free": layer_s * (beta_t + beta_e * per_mac * on_device),
        "energy dropped": layer_s * beta_t * (1 - on_device / on_edge),
    }
    | {"edge slower": layer_s * (computing + 2 * beta_t * on_device / on_edge), "per second": computing},
    restated=same(beta_t * layer_s + layer_s * on_device * (beta_e * per_mac - beta_t / on_edge)),
)
sending_s = beta_t + beta_e * power  # what a second of sending costs at most
phi = computing / sending_s
SPENT = (cost <= sending_s * sent_s, cost > layer_s * computing)
R21b = claim("R21b", sent_s, *SPENT, setting="given law")(
    r"C \le (\beta_t + \beta_e P_{\mathrm{tx}})\,T,\ C > \delta \implies T > \varphi\,t, \quad \varphi = \frac{\beta_t(1 - f_d/f_e) + \beta_e P_{\mathrm{cpu}}}{\beta_t + \beta_e P_{\mathrm{tx}}}",
    ge(cost / sending_s, "no second costs more"),
    gt(layer_s * computing / sending_s, "sending costs more than the layer (R21, R21a)"),
    eq(layer_s * phi, "a fraction of the layer's time"),
    wrong={
        "power of the device dropped": layer_s * beta_t / sending_s,
        "weights dropped": layer_s * computing,
        "equality": "=",
    }
    | {"twice": 2 * layer_s * phi},
    restated=same(
        layer_s * beta_t * (1 - on_device / on_edge) / sending_s + layer_s * beta_e * per_mac * on_device / sending_s
    ),
    note="T is the expected time of sending now, outages included, of which no second may cost more than one of sending. Sending must be able to take longer than phi layers.",
    samples={"c": ("0", "1/2", "1", "2", "3", "5")} | dict.fromkeys(("f_d", "e_d", "t"), ("1/3", "1", "2")),
)

# -- R21: what a layer must save to pay for its download, from any start and from the stationary one
PATHS = {"j": ("0", "1"), "n": ("0", "1", "2"), "M": ("0", "1", "2"), "m": ("0", "1", "2"), "S": ("1",)}
AHEAD = goes_to(j, X)
FROM_THERE = use(HYPOTHESIS, j=AHEAD)
LONGER = use("memory", M=M + 1)
L87 = claim("L87", vs(n, M + 1, j), n <= M, setting="memory")(
    r"v_n^{(M+1)}(s) \le v_n^{(M)}(s)",
    backward("<=", vs(n, M, j), n, M)(
        eq(Min(send_in(M, j), onward(M, M + 1, j)), "the recursion", use("memory", n=M, M=M + 1)),
        le(send_in(M, j), "the smaller of two is at most the first"),
        eq(vs(M, M, j), "at stage M one has to send", "memory ends"),
    )(
        eq(Min(send_in(n, j), onward(n, M + 1, j)), "the recursion", LONGER),
        le(Min(send_in(n, j), onward(n, M, j)), "hypothesis, from every next state", FROM_THERE, by=averaged),
        eq(vs(n, M, j), "the recursion", "memory"),
    ),
    wrong={"strict": "<", "equality": "=", "stage off by one": vs(n + 1, M + 1, j)},
    restated=same(vs(n, Max(n, M), j), by=index(Max(n, M), M)),
    samples=PATHS,
)
saved_in = Lambda((n, j), vs(n, M, j) - vs(n, M + 1, j))
AT_END = (use("memory", n=M, M=M + 1), "memory ends", use("memory ends", M=M + 1, j=AHEAD))
L88 = claim("L88", saved_in(n, j), n <= M, setting="memory")(
    r"v_n^{(M)}(s) - v_n^{(M+1)}(s) \le \mathbb{E}[\,(C(o_M, s_M) - \delta_{M+1} - \mathbb{E}[C(o_{M+1}, s_{M+1}) \mid s_M])^+ \mid s_n = s\,]",
    backward("<=", later_in(n, M, j), n, M)(
        eq(
            send_in(M, j) - Min(send_in(M, j), delta(M + 1) + E(send_in(M + 1, AHEAD))),
            "send, or one layer more",
            *AT_END,
        ),
        eq(looked(M, j), "what the smaller of two lies below the first", by=order),
        eq(excess_in(M, j), "the excess", use("excess", m=M)),
        eq(later_in(M, M, j), "as it is now", use("excess now", m=M)),
    )(
        eq(
            Min(send_in(n, j), onward(n, M, j)) - Min(send_in(n, j), onward(n, M + 1, j)),
            "both recursions",
            "memory",
            LONGER,
        ),
        le(
            E(saved_in(n + 1, AHEAD)),
            "a stage passes on at most the difference behind it (L87)",
            use(L87, n=n + 1, j=AHEAD),
            by=averaged,
        ),
        le(E(later_in(n + 1, M, AHEAD)), "hypothesis, from every next state", FROM_THERE, by=expectation),
        eq(later_in(n, M, j), "the mean of what comes after", use("excess later", m=M)),
    ),
    wrong={"equality": "=", "stage off by one": later_in(n, M + 1, j), "excess now": excess_in(n, j)},
    restated=same(later_in(n, Max(n, M), j), by=index(Max(n, M), M)),
    samples=PATHS,
)
begun = Lambda(y, Sum(share(j) * y, (j, 0, states)))  # the mean over the states of a stationary start
L89 = claim("L89", begun(later_in(n, m, j)), n <= m, setting="memory")(
    r"\mathbb{E}_\pi[\,\cdot\,]: \text{ a stationary channel is as likely in a state later as it is now}",
    backward("=", begun(excess_in(m, j)), n, m)(
        eq(begun(excess_in(m, j)), "as it is now", "excess now", by=inside_sum(algebra))
    )(
        eq(begun(E(later_in(n + 1, m, AHEAD))), "the mean of what comes after", "excess later", by=inside_sum(algebra)),
        eq(begun(later_in(n + 1, m, j)), "the start is stationary", "stationary start"),
        eq(begun(excess_in(m, j)), "hypothesis", HYPOTHESIS),
    ),
    wrong={
        "one state": excess_in(m, 0),
        "not weighted": Sum(excess_in(m, j), (j, 0, states)),
        "an earlier stage": begun(excess_in(n, j)),
    },
    restated=same(begun(looked(m, j)), "excess", by=inside_sum(algebra)),
    samples=PATHS,
)
R21c = claim("R21c", Js(M + 1) - Js(M), setting="memory")(
    r"J(M+1) - J(M) \ge D_{M+1} - \mathbb{E}_\pi[(C(o_M, s) - \delta_{M+1} - \mathbb{E}[C(o_{M+1}, s') \mid s])^+]",
    eq(
        D(M + 1) - (begun(vs(0, M, j)) - begun(vs(0, M + 1, j))),
        "one download more",
        "ETC with memory",
        use("ETC with memory", M=M + 1),
    ),
    eq(D(M + 1) + begun(-saved_in(0, j)), "one sum for both"),
    ge(D(M + 1) + begun(-later_in(0, M, j)), "at most this is saved (L88)", use(L88, n=0), by=inside_sum(order)),
    eq(D(M + 1) - begun(later_in(0, M, j)), "the sign in front"),
    eq(D(M + 1) - begun(excess_in(M, j)), "a stationary start (L89)", use(L89, n=0, m=M)),
    wrong={
        "sign": D(M + 1) + begun(excess_in(M, j)),
        "equality": "=",
        "stage off by one": D(M + 1) - begun(excess_in(M + 1, j)),
    },
    restated=same(D(M + 1) - begun(looked(M, j)), use("excess", m=M), by=algebra),
    note="So layer M + 1 pays only if its download costs less than that mean: R16's upper bound, which survives memory. Any number of states: the next one is a function of the state and of independent noise.",
    samples=PATHS,
)

# -- R23: under fixed stop sets seconds and joules follow the same recursion, with the weights (1, 0) and (0, 1)
apart = weighed(takes(n, M, j), draws(n, M, j))
PARTS = ("seconds", "joules")
R23 = claim("R23", spends(n, M, j), n <= M, setting="memory")(
    r"\text{fixed stop sets: } \quad C_n = \beta_t T_n + \beta_e E_n, \quad T_n, E_n \text{ by the same recursion with the weights } (1, 0), (0, 1)",
    backward("=", apart, n, M)(
        eq(weighed(send_s(M, j), send_j(M, j)), "at stage M one has to send", "stop sets end"),
        eq(apart.subs(n, M), "in seconds and in joules", *(f"stop sets end, {part}" for part in PARTS)),
    )(
        eq(
            followed(weighed(send_s(n, j), send_j(n, j)), weighed(run_s(n + 1), run_j(n + 1)), spends),
            "the recursion",
            "stop sets",
        ),
        eq(
            weighed(followed(send_s(n, j), run_s(n + 1), takes), followed(send_j(n, j), run_j(n + 1), draws)),
            "hypothesis, from every next state; E is linear",
            FROM_THERE,
        ),
        eq(apart, "the recursions of seconds and joules", *(f"stop sets, {part}" for part in PARTS)),
    ),
    wrong={
        "weights swapped": beta_e * takes(n, M, j) + beta_t * draws(n, M, j),
        "seconds only": beta_t * takes(n, M, j),
    }
    | {"sign": beta_t * takes(n, M, j) - beta_e * draws(n, M, j), "stage off by one": apart.subs(n, n + 1)},
    restated=same((beta_t + beta_e) * takes(n, M, j) + beta_e * (draws(n, M, j) - takes(n, M, j))),
    note="For every rule, for stop sets do not ask for the weights once they are fixed. The downloads add their own seconds and joules.",
    samples=PATHS,
)
