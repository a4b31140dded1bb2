"""Claims about a chain of equal layers, where the placement has a closed form (R7 to R9, R11, R16, new results)."""

import sympy as sp

from coinfer.derivations.engine.claim import HYPOTHESIS, Claim, Restatement, Use, use
from coinfer.derivations.engine.model import (
    C,
    D,
    E,
    G,
    J,
    Jopt,
    M,
    N,
    U,
    V,
    X,
    bits,
    chance,
    download,
    extra,
    first_extra,
    g_save,
    go_on,
    i,
    indicator,
    input_bits,
    k,
    m,
    mu,
    n,
    o,
    p,
    p_first,
    pi,
    q,
    result_bits,
    symbol,
    threshold,
    u,
    v,
    v_inf,
)
from coinfer.derivations.engine.prover import algebra, calculus, expectation, index, monotone, order
from coinfer.derivations.engine.writing import by_induction, derive, wrong
from coinfer.derivations.proofs.bracket import gap
from coinfer.derivations.proofs.placement import R6, placed

sending = bits * X
excess = sp.Max(sending - extra - bits * E(X), 0)


def stage(later: sp.Expr) -> sp.Expr:
    """What a stage costs if the stages behind it cost `later`."""
    return E(sp.Min(sending, extra + later))


def equal(*stages: sp.Expr) -> tuple[Use, ...]:
    """Every layer is the same: what these stages send, and the extra cost of their layers."""
    return tuple(use(f"equal layers, {name}", n=stage) for stage in stages for name in ("sending", "extra"))


# -- R7: 1-sla on equal layers ---------------------------------------------------------------------------------------------
L30 = Claim(
    label="L30",
    statement=r"\pi_m = p^m, \quad p = P(oX > \delta + o\mu)",
    left=pi(m),
    steps=(
        by_induction(
            pi(m),
            "=",
            p**m,
            m,
            0,
            derive(pi(0), ("=", sp.Integer(1), "stage 0 is always reached", algebra, use("reach starts"))),
            derive(
                pi(m + 1),
                ("=", pi(m) * chance(o(m) * X, threshold(m)), "1-sla goes on", algebra, use("reach")),
                (
                    "=",
                    pi(m) * chance(sending, extra + bits * E(X)),
                    "every layer is the same",
                    algebra,
                    *equal(m, m + 1),
                ),
                ("=", pi(m) * p, "the chance of going on", algebra, use("equal layers, chance")),
                ("=", p ** (m + 1), "hypothesis", algebra, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation="=",
    formula=p**m,
    mutants=wrong(
        "=",
        ("exponent too large", p ** (m + 1)),
        ("chance of stopping", (1 - p) ** m),
        ("product for power", p * m),
        ("independent of depth", p),
        ("sure to be reached", sp.Integer(1)),
    ),
    restatement=Restatement(sp.Product(p, (i, 1, m)), calculus),
    setting="equal layers",
)
L31 = Claim(
    label="L31",
    statement=r"G_m = G = \mathbb{E}(oX - o\mu - \delta)^+",
    left=G(m),
    steps=derive(
        G(m),
        ("=", E(sp.Max(o(m) * X - threshold(m), 0)), "the saving", algebra, use("saving")),
        ("=", E(excess), "every layer is the same", algebra, *equal(m, m + 1)),
        ("=", g_save, "a name for it", algebra, use("equal layers, saving")),
    ),
    relation="=",
    formula=g_save,
    mutants=wrong(
        "=",
        ("sign of the extra cost", E(sp.Max(sending + extra - bits * E(X), 0))),
        ("extra cost dropped", E(sp.Max(sending - bits * E(X), 0))),
        ("positive part dropped", -extra),
        ("per bit", g_save / bits),
        ("o dropped", E(sp.Max(X - extra - E(X), 0))),
    ),
    restatement=Restatement(bits * mu - stage(bits * mu), expectation, (use("equal layers, saving"), use("mean"))),
    assumptions=(bits > 0,),
    setting="equal layers",
)
series = (1 - p**M) / (1 - p)
R7 = Claim(
    label="R7",
    statement=r"J(M) = C_{\mathrm{edge}} + o\mu + M D - G\,\frac{1 - p^M}{1 - p} \quad (M \le N - 1,\ p < 1)",
    left=J(M),
    steps=(
        by_induction(
            J(M),
            "=",
            C + bits * mu + M * download - g_save * series,
            M,
            0,
            derive(
                J(0),
                ("=", placed(sp.Integer(0)) + u(0, 0), "the ETC of an inference", algebra, use("ETC", M=0)),
                ("=", C + E(o(0) * X), "nothing is placed, the input is sent", algebra, use("1-sla ends", M=0)),
                ("=", C + bits * mu, "its size and the mean unit cost", algebra, use("mean"), *equal(sp.Integer(0))),
            ),
            derive(
                J(M + 1),
                ("=", J(M) + D(M + 1) - pi(M) * G(M), "one layer more (R6)", algebra, use(R6)),
                (
                    "=",
                    J(M) + download - p**M * g_save,
                    "every layer is the same (L30, L31)",
                    algebra,
                    use(L30, m=M),
                    use(L31, m=M),
                    use("equal layers, download", n=M + 1),
                ),
                (
                    "=",
                    C + bits * mu + M * download - g_save * series + download - p**M * g_save,
                    "hypothesis",
                    algebra,
                    use(HYPOTHESIS),
                ),
                (
                    "=",
                    C + bits * mu + (M + 1) * download - g_save * (1 - p ** (M + 1)) / (1 - p),
                    "the next term of the geometric series",
                    algebra,
                ),
            ),
        ),
    ),
    relation="=",
    formula=C + bits * mu + M * download - g_save * series,
    mutants=wrong(
        "=",
        ("sign of the saving", C + bits * mu + M * download + g_save * series),
        ("exponent off by one", C + bits * mu + M * download - g_save * (1 - p ** (M + 1)) / (1 - p)),
        ("plus in the denominator", C + bits * mu + M * download - g_save * (1 - p**M) / (1 + p)),
        ("one download too many", C + bits * mu + (M + 1) * download - g_save * series),
        ("edge cost dropped", bits * mu + M * download - g_save * series),
        ("download dropped", C + bits * mu - g_save * series),
        ("series not summed", C + bits * mu + M * download - g_save * M),
    ),
    restatement=Restatement(C + bits * E(X) + M * download + g_save * (p**M - 1) / (1 - p), algebra, (use("mean"),)),
    assumptions=(p < 1, bits > 0),
    setting="equal layers",
    note="For p = 1 the fraction is read as its limit M (R7d).",
)
rate, deep = sp.Symbol("t", positive=True), sp.Symbol("M", nonnegative=True)
saving_, cost_ = sp.Symbol("G", positive=True), sp.Symbol("D", positive=True)
cross = sp.log(saving_ / cost_) / rate
depth = sp.Symbol("d", real=True)
FALLS = monotone(saving_ * sp.exp(-rate * depth), depth, deep, cross)
R7b = Claim(
    label="R7b",
    statement=r"M \ge \tilde M = \frac{\ln(D/G)}{\ln p} \implies G p^M \le D \quad (p = e^{-t} < 1)",
    left=saving_ * sp.exp(-rate * deep),
    steps=derive(
        saving_ * sp.exp(-rate * deep),
        ("<=", cost_, "the saving of one more layer falls with depth, and is D at the crossing", FALLS),
    ),
    relation="<=",
    formula=cost_,
    mutants=wrong(
        "<=",
        ("relation turned", cost_, ">="),
        ("equality", cost_, "="),
        ("half the cost", cost_ / 2),
        ("cost for saving", cost_**2 / saving_),
        ("another layer", cost_ * sp.exp(-rate)),
    ),
    restatement=Restatement(saving_ * sp.exp(-rate * cross, evaluate=False)),
    assumptions=(deep >= cross,),
    setting="given law",
    note="R7b and R7c together: the first M with G p^M <= D is ceil(ln(D/G)/ln p), cut off at 0 and N - 1; before it J falls, after it J does not.",
)
R7c = Claim(
    label="R7c",
    statement=r"M < \tilde M = \frac{\ln(D/G)}{\ln p} \implies G p^M > D \quad (p = e^{-t} < 1)",
    left=saving_ * sp.exp(-rate * deep),
    steps=derive(
        saving_ * sp.exp(-rate * deep),
        (">", cost_, "the saving of one more layer falls strictly with depth, and is D at the crossing", FALLS),
    ),
    relation=">",
    formula=cost_,
    mutants=wrong(
        ">",
        ("relation turned", cost_, "<"),
        ("equality", cost_, "="),
        ("twice the cost", cost_ * 2),
        ("cost for saving", saving_**2 / cost_),
        ("a layer before", cost_ * sp.exp(rate)),
    ),
    restatement=Restatement(saving_ * sp.exp(-rate * cross, evaluate=False)),
    assumptions=(deep < cross,),
    setting="given law",
)
ratio = sp.Symbol("p", positive=True)
R7d = Claim(
    label="R7d",
    statement=r"\lim_{p \to 1} \frac{1 - p^M}{1 - p} = M",
    left=sp.Limit((1 - ratio**M) / (1 - ratio), ratio, 1, "-"),
    steps=derive(
        sp.Limit((1 - ratio**M) / (1 - ratio), ratio, 1, "-"),
        (
            "=",
            sp.Subs(sp.Derivative(1 - ratio**M, ratio), ratio, 1) / sp.Subs(sp.Derivative(1 - ratio, ratio), ratio, 1),
            "l'Hopital's rule, both vanish at 1",
            calculus,
        ),
        ("=", M, "both derivatives", calculus),
    ),
    relation="=",
    formula=sp.sympify(M),
    mutants=wrong(
        "=",
        ("one too many", M + 1),
        ("one too few", M - 1),
        ("sign", -M),
        ("diverges like a square", M**2 + 1),
        ("no saving", sp.Integer(0) - 1),
    ),
    restatement=Restatement(sp.Sum(1, (i, 1, M)), calculus),
    setting="given law",
)

# -- R7a, N4: the last layer, which leaves the result -----------------------------------------------------------------------
own = (use("own result, extra", n=m + 1), use("before the last", n=m), use("before the last", n=m + 1))
L32 = Claim(
    label="L32",
    statement=r"\pi_m = p^m \quad (m \le N - 1)",
    left=pi(m),
    steps=(
        by_induction(
            pi(m),
            "=",
            p**m,
            m,
            0,
            derive(pi(0), ("=", sp.Integer(1), "stage 0 is always reached", algebra, use("reach starts"))),
            derive(
                pi(m + 1),
                ("=", pi(m) * chance(o(m) * X, threshold(m)), "1-sla goes on", algebra, use("reach")),
                (
                    "=",
                    pi(m) * chance(sending, extra + bits * E(X)),
                    "every layer before the last is the same",
                    algebra,
                    *own,
                ),
                ("=", pi(m) * p, "the chance of going on", algebra, use("equal layers, chance")),
                ("=", p ** (m + 1), "hypothesis", algebra, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation="=",
    formula=p**m,
    mutants=L30.mutants,
    restatement=Restatement(sp.Product(p, (i, 1, m)), calculus),
    assumptions=(m + 1 <= N,),
    setting="own result",
)
last_excess = E(sp.Max(sending - extra - result_bits * E(X), 0))
N4 = Claim(
    label="N4",
    statement=r"J(N) - J(N-1) = D - p^{N-1}\,\mathbb{E}(oX - \delta - o_N\mu)^+: \text{ a result of } o_N \text{ bits is sent}",
    left=J(N) - J(N - 1),
    steps=derive(
        J(N) - J(N - 1),
        ("=", D(N) - pi(N - 1) * G(N - 1), "one layer more (R6)", algebra, use(R6, M=N - 1)),
        (
            "=",
            download - p ** (N - 1) * G(N - 1),
            "the chance of getting there (L32)",
            algebra,
            use(L32, m=N - 1),
            use("own result, download", n=N),
        ),
        (
            "=",
            download - p ** (N - 1) * last_excess,
            "the saving at stage N - 1",
            algebra,
            use("saving", m=N - 1),
            use("before the last", n=N - 1),
            use("own result, extra", n=N),
            use("result"),
        ),
    ),
    relation="=",
    formula=download - p ** (N - 1) * last_excess,
    mutants=wrong(
        "=",
        ("sign of the saving", download + p ** (N - 1) * last_excess),
        ("exponent off by one", download - p**N * last_excess),
        ("result not sent", download - p ** (N - 1) * E(sp.Max(sending - extra, 0))),
        ("sign of the result", download - p ** (N - 1) * E(sp.Max(sending - extra + result_bits * E(X), 0))),
        ("as any other layer", download - p ** (N - 1) * g_save),
        ("download dropped", -(p ** (N - 1)) * last_excess),
    ),
    restatement=Restatement(
        download - p ** (N - 1) * (bits * mu - E(sp.Min(sending, extra + result_bits * mu))),
        expectation,
        (use("mean"),),
    ),
    setting="own result",
    note="Under any law of X, so under fading. R7a is o_N = 0. ",
)
last_free = E(sp.Max(sending - extra, 0))
R7a = Claim(
    label="R7a",
    statement=r"J(N) - J(N-1) = D - p^{N-1}\,\mathbb{E}(oX - \delta)^+: \text{ the result stays at home}",
    left=J(N) - J(N - 1),
    steps=derive(
        J(N) - J(N - 1),
        ("=", download - p ** (N - 1) * last_excess, "the last layer (N4)", algebra, use(N4)),
        ("=", download - p ** (N - 1) * last_free, "the result has no bits to send", expectation),
    ),
    relation="=",
    formula=download - p ** (N - 1) * last_free,
    mutants=wrong(
        "=",
        ("sign of the saving", download + p ** (N - 1) * last_free),
        ("exponent off by one", download - p**N * last_free),
        ("as any other layer", download - p ** (N - 1) * g_save),
        ("extra cost dropped", download - p ** (N - 1) * bits * mu),
        ("download dropped", -(p ** (N - 1)) * last_free),
    ),
    restatement=Restatement(
        download - p ** (N - 1) * (bits * mu - E(sp.Min(sending, extra))), expectation, (use("mean"),)
    ),
    assumptions=(sp.Eq(result_bits, 0),),
    setting="own result",
    samples={"o_N": ("0",)},
)
N4a = Claim(
    label="N4a",
    statement=r"o_N \ge 0 \implies D - p^{N-1}\,\mathbb{E}(oX - \delta - o_N\mu)^+ \ge D - p^{N-1}\,\mathbb{E}(oX - \delta)^+",
    left=download - p ** (N - 1) * last_excess,
    steps=derive(
        download - p ** (N - 1) * last_excess,
        (">=", download - p ** (N - 1) * last_free, "sending the result eats into the saving", expectation),
    ),
    relation=">=",
    formula=download - p ** (N - 1) * last_free,
    mutants=wrong(
        ">=",
        ("relation turned", download - p ** (N - 1) * last_free, "<="),
        ("equality", download - p ** (N - 1) * last_free, "="),
        ("strict", download - p ** (N - 1) * last_free, ">"),
        ("saving dropped", download),
        ("sign", download + p ** (N - 1) * last_free),
    ),
    restatement=Restatement(
        download - p ** (N - 1) * (bits * mu - E(sp.Min(sending, extra))), expectation, (use("mean"),)
    ),
    setting="own result",
    note="A device that has to send its result is never more eager for the last layer.",
)

# -- R7e: an input of its own size ------------------------------------------------------------------------------------------
L41 = Claim(
    label="L41",
    statement=r"\pi_{m+1} = p_0 p^m, \quad p_0 = P(o_0 X > \delta_1 + o\mu)",
    left=pi(m + 1),
    steps=(
        by_induction(
            pi(m + 1),
            "=",
            p_first * p**m,
            m,
            0,
            derive(
                pi(1),
                ("=", pi(0) * chance(o(0) * X, threshold(sp.Integer(0))), "1-sla goes on", algebra, use("reach", m=0)),
                (
                    "=",
                    chance(o(0) * X, threshold(sp.Integer(0))),
                    "stage 0 is always reached",
                    algebra,
                    use("reach starts"),
                ),
                (
                    "=",
                    chance(input_bits * X, first_extra + bits * E(X)),
                    "the input and the first layer",
                    algebra,
                    use("input"),
                    use("first extra"),
                    use("after the input", n=1),
                ),
                ("=", p_first, "a name for it", algebra, use("first chance")),
            ),
            derive(
                pi(m + 2),
                (
                    "=",
                    pi(m + 1) * chance(o(m + 1) * X, threshold(m + 1)),
                    "1-sla goes on",
                    algebra,
                    use("reach", m=m + 1),
                ),
                (
                    "=",
                    pi(m + 1) * chance(sending, extra + bits * E(X)),
                    "every later layer is the same",
                    algebra,
                    use("after the input", n=m + 1),
                    use("after the input", n=m + 2),
                    use("later extra", n=m + 2),
                ),
                ("=", pi(m + 1) * p, "the chance of going on", algebra, use("equal layers, chance")),
                ("=", p_first * p ** (m + 1), "hypothesis", algebra, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation="=",
    formula=p_first * p**m,
    mutants=wrong(
        "=",
        ("first chance dropped", p**m),
        ("exponent too large", p_first * p ** (m + 1)),
        ("chances swapped", p_first**m * p),
        ("chance of stopping", p_first * (1 - p) ** m),
        ("independent of depth", p_first),
    ),
    restatement=Restatement(p_first * sp.Product(p, (i, 1, m)), calculus),
    setting="own input",
)
R7e = Claim(
    label="R7e",
    statement=r"J(M+2) - J(M+1) = D - p_0 p^M G: \text{ an input of another size}",
    left=J(M + 2) - J(M + 1),
    steps=derive(
        J(M + 2) - J(M + 1),
        ("=", D(M + 2) - pi(M + 1) * G(M + 1), "one layer more (R6)", algebra, use(R6, M=M + 1)),
        (
            "=",
            download - p_first * p**M * G(M + 1),
            "the chance of getting there (L41)",
            algebra,
            use(L41, m=M),
            use("later download", n=M + 2),
        ),
        (
            "=",
            download - p_first * p**M * E(excess),
            "every later layer is the same",
            algebra,
            use("saving", m=M + 1),
            use("after the input", n=M + 1),
            use("after the input", n=M + 2),
            use("later extra", n=M + 2),
        ),
        ("=", download - p_first * p**M * g_save, "a name for it", algebra, use("equal layers, saving")),
    ),
    relation="=",
    formula=download - p_first * p**M * g_save,
    mutants=wrong(
        "=",
        ("sign of the saving", download + p_first * p**M * g_save),
        ("exponent off by one", download - p_first * p ** (M + 1) * g_save),
        ("first chance dropped", download - p**M * g_save),
        ("download dropped", -p_first * p**M * g_save),
        ("chance of going on dropped", download - p_first * g_save),
    ),
    restatement=Restatement(
        download - p_first * p**M * (bits * mu - stage(bits * mu)),
        expectation,
        (use("equal layers, saving"), use("mean")),
    ),
    setting="own input",
    note="Decreasing savings again, so on 1..N-1 the first M with p_0 p^(M-1) G <= D is best, to be compared with 0 and N; "
    "R7b and R7c apply with p_0 G for G.",
)

# -- R8: the optimal rule on equal layers -----------------------------------------------------------------------------------
R8 = Claim(
    label="R8",
    statement=r"v_n^{(M)} = V_{M-n}, \quad V_0 = o\mu,\ V_{k+1} = \mathbb{E}\min(oX, \delta + V_k)",
    left=v(n, M),
    steps=(
        by_induction(
            v(n, M),
            "=",
            V(M - n),
            n,
            M,
            derive(
                v(M, M),
                ("=", E(o(M) * X), "at stage M one has to send", algebra, use("optimal ends")),
                ("=", E(sending), "every layer is the same", algebra, *equal(M)),
                ("=", V(0), "no stage left", algebra, use("stages left, none")),
            ),
            derive(
                v(n, M),
                ("=", E(sp.Min(o(n) * X, go_on(n, M))), "the recursion", algebra, use("optimal")),
                (
                    "=",
                    stage(v(n + 1, M)),
                    "every layer is the same",
                    algebra,
                    use("equal layers, sending"),
                    use("equal layers, extra", n=n + 1),
                ),
                ("=", stage(V(M - n - 1)), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", V(M - n), "one stage more is left", algebra, use("stages left", k=M - n - 1)),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=V(M - n),
    mutants=wrong(
        "=",
        ("stages passed", V(n)),
        ("one too many", V(M - n + 1)),
        ("horizon alone", V(M)),
        ("sign", -V(M - n)),
        ("result at home", U(M - n)),
    ),
    restatement=Restatement(V(sp.Max(M - n, 0)), index(sp.Max(M - n, 0), M - n)),
    assumptions=(n <= M,),
    setting="equal layers",
)
L33 = Claim(
    label="L33",
    statement=r"V_{k+1} \le V_k",
    left=V(k + 1),
    steps=(
        by_induction(
            V(k + 1),
            "<=",
            V(k),
            k,
            0,
            derive(
                V(1),
                ("=", stage(V(0)), "one stage left", algebra, use("stages left", k=0)),
                ("<=", E(sending), "the smaller of two is at most the first", expectation),
                ("=", V(0), "no stage left", algebra, use("stages left, none")),
            ),
            derive(
                V(k + 2),
                ("=", stage(V(k + 1)), "the recursion", algebra, use("stages left", k=k + 1)),
                ("<=", stage(V(k)), "hypothesis", expectation, use(HYPOTHESIS)),
                ("=", V(k + 1), "the recursion", algebra, use("stages left")),
            ),
        ),
    ),
    relation="<=",
    formula=V(k),
    mutants=wrong(
        "<=",
        ("relation turned", V(k), ">="),
        ("equality", V(k), "="),
        ("strict", V(k), "<"),
        ("two steps", V(k + 2)),
        ("sign", -V(k)),
    ),
    restatement=Restatement(E(V(k)), algebra),
    setting="equal layers",
)
R8a = Claim(
    label="R8a",
    statement=r"d_{k+1} \le d_k, \quad d_k = V_k - V_{k+1}",
    left=V(k + 1) - V(k + 2),
    steps=derive(
        V(k + 1) - V(k + 2),
        ("=", stage(V(k)) - stage(V(k + 1)), "the recursion", algebra, use("stages left"), use("stages left", k=k + 1)),
        ("<=", V(k) - V(k + 1), "a stage passes on at most the difference behind it", expectation, use(L33)),
    ),
    relation="<=",
    formula=V(k) - V(k + 1),
    mutants=wrong(
        "<=",
        ("relation turned", V(k) - V(k + 1), ">="),
        ("equality", V(k) - V(k + 1), "="),
        ("strict", V(k) - V(k + 1), "<"),
        ("two steps", V(k + 2) - V(k + 3)),
        ("half", (V(k) - V(k + 1)) / 2),
    ),
    restatement=Restatement(V(k) - stage(V(k)), algebra, (use("stages left"),)),
    setting="equal layers",
    note="Only a stage's being nondecreasing and 1-Lipschitz is used. So J is convex on 0..N-1 (R8b) and the first k with d_k <= D minimises it there.",
)
R8b = Claim(
    label="R8b",
    statement=r"J^{\mathrm{opt}}(M+1) - J^{\mathrm{opt}}(M) = D - d_M",
    left=Jopt(M + 1) - Jopt(M),
    steps=derive(
        Jopt(M + 1) - Jopt(M),
        (
            "=",
            placed(M + 1) + v(0, M + 1) - placed(M) - v(0, M),
            "the ETC of an inference",
            algebra,
            use("ETC of the optimum"),
            use("ETC of the optimum", M=M + 1),
        ),
        ("=", D(M + 1) - (v(0, M) - v(0, M + 1)), "one term more in the sum", algebra),
        (
            "=",
            D(M + 1) - (V(M) - V(M + 1)),
            "only the stages left matter (R8)",
            algebra,
            use(R8, n=0),
            use(R8, n=0, M=M + 1),
        ),
        ("=", download - (V(M) - V(M + 1)), "every layer is the same", algebra, use("equal layers, download", n=M + 1)),
    ),
    relation="=",
    formula=download - (V(M) - V(M + 1)),
    mutants=wrong(
        "=",
        ("sign of the saving", download + (V(M) - V(M + 1))),
        ("saving off by one", download - (V(M + 1) - V(M + 2))),
        ("download dropped", -(V(M) - V(M + 1))),
        ("saving of 1-sla", download - p**M * g_save),
        ("two downloads", 2 * download - (V(M) - V(M + 1))),
    ),
    restatement=Restatement(download + V(M + 1) - E(V(M)), algebra),
    setting="equal layers",
)
R8c = Claim(
    label="R8c",
    statement=r"v_n^{(N)} = U_{N-n}, \quad U_0 = 0,\ U_{k+1} = \mathbb{E}\min(oX, \delta + U_k): \text{ the result stays at home}",
    left=v(n, N),
    steps=(
        by_induction(
            v(n, N),
            "=",
            U(N - n),
            n,
            N,
            derive(
                v(N, N),
                ("=", E(o(N) * X), "at stage N one has to send", algebra, use("optimal ends", M=N)),
                ("=", E(result_bits * X), "the result", algebra, use("result")),
                ("=", sp.Integer(0), "it stays at home", expectation),
                ("=", U(0), "no stage left", algebra, use("result at home, no stage left")),
            ),
            derive(
                v(n, N),
                ("=", E(sp.Min(o(n) * X, go_on(n, N))), "the recursion", algebra, use("optimal", M=N)),
                (
                    "=",
                    stage(v(n + 1, N)),
                    "every layer before the last is the same",
                    algebra,
                    use("before the last"),
                    use("own result, extra", n=n + 1),
                ),
                ("=", stage(U(N - n - 1)), "hypothesis", algebra, use(HYPOTHESIS)),
                ("=", U(N - n), "one stage more is left", algebra, use("result at home", k=N - n - 1)),
            ),
            downwards=True,
        ),
    ),
    relation="=",
    formula=U(N - n),
    mutants=wrong(
        "=",
        ("stages passed", U(n)),
        ("one too many", U(N - n + 1)),
        ("result sent like a feature", V(N - n)),
        ("sign", -U(N - n) + 1),
        ("all local", (N - n) * extra),
    ),
    restatement=Restatement(U(sp.Max(N - n, 0)), index(sp.Max(N - n, 0), N - n)),
    assumptions=(n <= N, sp.Eq(result_bits, 0)),
    setting="own result",
    samples={"o_N": ("0",)},
    note="So J(N) = C_edge + N D + U_N. J is not convex at N.",
)

# -- R9: many layers -----------------------------------------------------------------------------------------------------------
fixed = use("endless chain")
waste = E(sp.Max(extra + v_inf - sending, 0))
R9 = Claim(
    label="R9",
    statement=r"v_\infty = \mathbb{E}\min(oX, \delta + v_\infty) \implies \mathbb{E}(\delta + v_\infty - oX)^+ = \delta",
    left=waste,
    steps=derive(
        waste,
        ("=", extra + v_inf - stage(v_inf), "what the smaller of two lies below the second", expectation),
        ("=", extra, "v is the value of going on for ever", algebra, fixed),
    ),
    relation="=",
    formula=extra,
    mutants=wrong(
        "=",
        ("sign", -extra),
        ("value for cost", v_inf),
        ("twice", 2 * extra),
        ("threshold", extra + v_inf),
        ("per bit", extra / bits + 1),
    ),
    restatement=Restatement(extra + v_inf - stage(v_inf), algebra, (fixed,)),
    assumptions=(bits > 0, extra > 0),
    setting="equal layers",
    note="v is the reservation value of a search with cost delta. That V converges to v follows from L33 and R9b, a sequence that "
    "falls and is bounded, by completeness of the reals and continuity of R2; that step is cited, not proved here.",
)
L34 = Claim(
    label="L34",
    statement=r"\delta \le (\delta + v_\infty)^+, \text{ so } \delta + v_\infty > 0",
    left=extra,
    steps=derive(
        extra,
        ("=", extra + v_inf - v_inf, "add and subtract", algebra),
        ("=", extra + v_inf - stage(v_inf), "v is the value of going on for ever", algebra, fixed),
        ("=", waste, "what the smaller of two lies below the second", expectation),
        ("<=", sp.Max(extra + v_inf, 0), "sending costs at least 0", expectation),
    ),
    relation="<=",
    formula=sp.Max(extra + v_inf, 0),
    mutants=wrong(
        "<=",
        ("relation turned", sp.Max(extra + v_inf, 0), ">="),
        ("negative part", sp.Min(extra + v_inf, 0)),
        ("value alone", sp.Max(v_inf - extra, 0)),
        ("half", sp.Max(extra + v_inf, 0) / 2),
        ("sign of the cost", sp.Max(v_inf - 2 * extra, 0)),
    ),
    restatement=Restatement((extra + v_inf + sp.Abs(extra + v_inf)) / 2, order),
    assumptions=(bits > 0, extra > 0),
    setting="equal layers",
)
other = sp.Symbol("w", real=True)
R9a = Claim(
    label="R9a",
    statement=r"w > v_\infty \implies \mathbb{E}(\delta + w - oX)^+ > \delta: \text{ the root is unique}",
    left=E(sp.Max(extra + other - sending, 0)),
    steps=derive(
        E(sp.Max(extra + other - sending, 0)),
        (
            ">=",
            (extra + other) / (extra + v_inf) * waste,
            "convex and 0 at 0, so it grows at least in proportion to its threshold",
            expectation,
            use(L34),
        ),
        ("=", (extra + other) / (extra + v_inf) * extra, "v is a root (R9)", algebra, use(R9)),
        (">", extra, "w is larger", order, use(L34)),
    ),
    relation=">",
    formula=extra,
    mutants=wrong(
        ">",
        ("relation turned", extra, "<"),
        ("equality", extra, "="),
        ("by twice", 2 * extra),
        ("value for cost", extra + other),
        ("by the difference", extra + 2 * (other - v_inf)),
    ),
    restatement=Restatement(waste, algebra, (use(R9),)),
    assumptions=(bits > 0, extra > 0, other > v_inf),
    setting="equal layers",
)
R9b = Claim(
    label="R9b",
    statement=r"V_k \ge v_\infty",
    left=V(k),
    steps=(
        by_induction(
            V(k),
            ">=",
            v_inf,
            k,
            0,
            derive(
                V(0),
                ("=", E(sending), "no stage left", algebra, use("stages left, none")),
                (">=", stage(v_inf), "the smaller of two is at most the first", expectation),
                ("=", v_inf, "v is the value of going on for ever", algebra, fixed),
            ),
            derive(
                V(k + 1),
                ("=", stage(V(k)), "the recursion", algebra, use("stages left")),
                (">=", stage(v_inf), "hypothesis", expectation, use(HYPOTHESIS)),
                ("=", v_inf, "v is the value of going on for ever", algebra, fixed),
            ),
        ),
    ),
    relation=">=",
    formula=v_inf,
    mutants=wrong(
        ">=",
        ("relation turned", v_inf, "<="),
        ("equality", v_inf, "="),
        ("by the cost", v_inf + extra),
        ("next value", V(k + 1) + 1),
        ("sending at once", bits * E(X)),
        ("strict", v_inf, ">"),
    ),
    restatement=Restatement(stage(v_inf), algebra, (fixed,)),
    assumptions=(extra > 0, bits > 0),
    setting="equal layers",
    samples={"k": ("0", "1", "2", "3", "4")},
)
R9c = Claim(
    label="R9c",
    statement=r"V_k \le o\mu + k\delta: \text{ with } \delta < 0 \text{ there is no limit}",
    left=V(k),
    steps=(
        by_induction(
            V(k),
            "<=",
            bits * E(X) + k * extra,
            k,
            0,
            derive(V(0), ("=", bits * E(X), "no stage left", algebra, use("stages left, none"))),
            derive(
                V(k + 1),
                ("=", stage(V(k)), "the recursion", algebra, use("stages left")),
                ("<=", extra + V(k), "the smaller of two is at most the second", expectation),
                ("<=", extra + bits * E(X) + k * extra, "hypothesis", order, use(HYPOTHESIS)),
                ("=", bits * E(X) + (k + 1) * extra, "one stage more", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=bits * E(X) + k * extra,
    mutants=wrong(
        "<=",
        ("relation turned", bits * E(X) + k * extra, ">="),
        ("equality", bits * E(X) + k * extra, "="),
        ("sign of the cost", bits * E(X) - k * extra),
        ("one too few", bits * E(X) + (k - 1) * extra),
        ("input free", k * extra),
    ),
    restatement=Restatement(k * extra + bits * mu, algebra, (use("mean"),)),
    setting="equal layers",
)
least, level = sp.Symbol("x", nonnegative=True), sp.Symbol("c", nonnegative=True)
R9d = Claim(
    label="R9d",
    statement=r"\delta \ge 0,\ X \ge x \implies V_k \ge o x",
    left=V(k),
    steps=(
        by_induction(
            V(k),
            ">=",
            bits * least,
            k,
            0,
            derive(
                V(0),
                ("=", E(sending), "no stage left", algebra, use("stages left, none")),
                (">=", bits * least, "X is at least x", expectation),
            ),
            derive(
                V(k + 1),
                ("=", stage(V(k)), "the recursion", algebra, use("stages left")),
                (">=", bits * least, "both options cost at least that (hypothesis)", expectation, use(HYPOTHESIS)),
            ),
        ),
    ),
    relation=">=",
    formula=bits * least,
    mutants=wrong(
        ">=",
        ("relation turned", bits * least, "<="),
        ("with the cost", bits * least + extra + 1),
        ("mean", bits * E(X) + 0 * extra),
        ("equality", bits * least, "="),
        ("o dropped", least),
    ),
    restatement=Restatement(E(bits * least) + extra - E(extra), algebra),
    assumptions=(extra >= 0, least <= X),
    setting="equal layers",
)
R9e = Claim(
    label="R9e",
    statement=r"(v - o c)\,P(X \le c) \le \mathbb{E}(v - oX)^+: \text{ for } \delta = 0 \text{ no root exceeds } o\,\mathrm{ess\,inf} X",
    left=(other - bits * level) * E(indicator(level >= X)),
    steps=derive(
        (other - bits * level) * E(indicator(level >= X)),
        ("<=", E(sp.Max(other - sending, 0)), "where X is at most c the excess is at least that", expectation),
    ),
    relation="<=",
    formula=E(sp.Max(other - sending, 0)),
    mutants=wrong(
        "<=",
        ("relation turned", E(sp.Max(other - sending, 0)), ">="),
        ("equality", E(sp.Max(other - sending, 0)), "="),
        ("negative part", E(sp.Min(other - sending, 0))),
        ("o dropped", E(sp.Max(other - X, 0)) - 1),
        ("half", E(sp.Max(other - sending, 0)) / 2),
    ),
    restatement=Restatement(other - E(sp.Min(other, sending)), expectation),
    setting="equal layers",
    note="With R9d: for delta = 0 the limit is o ess inf X, since P(X <= c) > 0 for every c above it.",
)

# -- R11: how the crossing moves -------------------------------------------------------------------------------------------------
unit_time, size, updates = (
    sp.Symbol("chi", positive=True),
    sp.Symbol("s", positive=True),
    symbol("inferences_per_update"),
)
crossing = sp.log(saving_ * updates / (unit_time * size)) / rate
R11 = Claim(
    label="R11",
    statement=r"\tilde M = \frac{\ln(D/G)}{\ln p},\ D = \chi s / K,\ p = e^{-t}: \quad \frac{\partial \tilde M}{\partial K} = \frac{1}{tK}",
    left=sp.Derivative(-sp.log(unit_time * size / updates / saving_) / rate, updates),
    steps=derive(
        sp.Derivative(-sp.log(unit_time * size / updates / saving_) / rate, updates),
        ("=", sp.Derivative(crossing, updates), "minus the logarithm is that of the inverse", calculus),
        ("=", 1 / (rate * updates), "derivative of the logarithm", calculus),
    ),
    relation="=",
    formula=1 / (rate * updates),
    mutants=wrong(
        "=",
        ("sign", -1 / (rate * updates)),
        ("power", 1 / (rate * updates**2)),
        ("rate multiplies", rate / updates),
        ("rate dropped", 1 / updates + 1),
        ("size in it", 1 / (rate * updates * size) + 1),
    ),
    restatement=Restatement(sp.Derivative(sp.log(updates) / rate, updates), calculus),
    setting="given law",
    note="Positive: the crossing moves deeper as K grows. R18 says more, for any chain.",
)
R11a = Claim(
    label="R11a",
    statement=r"\frac{\partial \tilde M}{\partial s} = -\frac{1}{ts}",
    left=sp.Derivative(-sp.log(unit_time * size / updates / saving_) / rate, size),
    steps=derive(
        sp.Derivative(-sp.log(unit_time * size / updates / saving_) / rate, size),
        ("=", -1 / (rate * size), "derivative of the logarithm", calculus),
    ),
    relation="=",
    formula=-1 / (rate * size),
    mutants=wrong(
        "=",
        ("sign", 1 / (rate * size)),
        ("power", -1 / (rate * size**2) - 1),
        ("rate multiplies", -rate / size - 1),
        ("rate dropped", -1 / size - 1),
        ("no effect", sp.Integer(0)),
    ),
    restatement=Restatement(-sp.Derivative(sp.log(size) / rate, size), calculus),
    setting="given law",
)
tail = sp.Function("T", positive=True)  # P(X > x)
at, mean_, o_, cost_here = (
    sp.Symbol("x", positive=True),
    sp.Symbol("mu", positive=True),
    sp.Symbol("o", positive=True),
    sp.Symbol("delta", positive=True),
)
where = mean_ + cost_here / o_
slope = sp.Subs(sp.Derivative(tail(at), at), at, where)
kept = o_ * sp.Integral(tail(at), (at, where, sp.oo))
slope_of_crossing = tail(where) / (kept * sp.log(tail(where))) - sp.log(cost_ / kept) * slope / (
    o_ * tail(where) * sp.log(tail(where)) ** 2
)
R11b = Claim(
    label="R11b",
    statement=r"\frac{\partial \tilde M}{\partial \delta} = \frac{p}{G \ln p} - \frac{p' \ln(D/G)}{o\,p \ln^2 p}, \quad G = o\int_x^\infty P(X > y)\,dy,\ p = P(X > x),\ x = \mu + \frac{\delta}{o}",
    left=sp.Derivative(sp.log(cost_ / kept) / sp.log(tail(where)), cost_here),
    steps=derive(
        sp.Derivative(sp.log(cost_ / kept) / sp.log(tail(where)), cost_here),
        (
            "=",
            slope_of_crossing,
            "Leibniz' rule: the saving falls at the rate p, the chance changes at the rate p'/o",
            calculus,
        ),
    ),
    relation="=",
    formula=slope_of_crossing,
    mutants=wrong(
        "=",
        ("sign", -slope_of_crossing),
        ("first term dropped", slope_of_crossing - tail(where) / (kept * sp.log(tail(where)))),
        ("chance for saving", slope_of_crossing + kept),
        ("sign of the first term", slope_of_crossing - 2 * tail(where) / (kept * sp.log(tail(where)))),
        ("o dropped", slope_of_crossing * o_ + 1),
    ),
    restatement=Restatement(
        (tail(where) * sp.log(tail(where)) / kept - sp.log(cost_ / kept) * slope / (o_ * tail(where)))
        / sp.log(tail(where)) ** 2
    ),
    assumptions=(kept > 0,),
    setting="given law",
)
R11c = Claim(
    label="R11c",
    statement=r"D < G,\ p < 1 \implies \frac{p}{G \ln p} - \frac{p' \ln(D/G)}{o\,p \ln^2 p} < 0",
    left=slope_of_crossing,
    steps=derive(
        slope_of_crossing,
        ("<", sp.Integer(0), "both logarithms are negative, the chance p does not rise with x", order),
    ),
    relation="<",
    formula=sp.Integer(0),
    mutants=wrong(
        "<",
        ("relation turned", sp.Integer(0), ">"),
        ("equality", sp.Integer(0), "="),
        ("by 1000", sp.Integer(-1000)),
        ("in proportion to the saving", -1000 * kept),
        ("in proportion to the cost", -1000 * cost_),
    ),
    restatement=Restatement(sp.Sum(1, (i, 1, 0)), calculus),
    assumptions=(kept > 0, sp.log(cost_ / kept) < 0, sp.log(tail(where)) < 0, slope <= 0),
    setting="given law",
)

# -- R16: the closed bracket on equal layers ----------------------------------------------------------------------------------------
L35 = Claim(
    label="L35",
    statement=r"V_{k+1} - V_{k+2} \le q\,(V_k - V_{k+1}), \quad q = P(oX \ge \delta + v_\infty)",
    left=V(k + 1) - V(k + 2),
    steps=derive(
        V(k + 1) - V(k + 2),
        ("=", stage(V(k)) - stage(V(k + 1)), "the recursion", algebra, use("stages left"), use("stages left", k=k + 1)),
        (
            "<=",
            E(indicator(sending >= extra + v_inf)) * (V(k) - V(k + 1)),
            "where oX lies below the value of going on for ever, it stops either way (R9b)",
            expectation,
            use(L33),
            use(R9b, k=k + 1),
        ),
        ("=", q * (V(k) - V(k + 1)), "the chance of going on", algebra, use("endless chain, chance")),
    ),
    relation="<=",
    formula=q * (V(k) - V(k + 1)),
    mutants=wrong(
        "<=",
        ("relation turned", q * (V(k) - V(k + 1)), ">="),
        ("squared chance", q**2 * (V(k) - V(k + 1))),
        ("chance of stopping", (1 - q) * (V(k) - V(k + 1))),
        ("1-sla's chance", p * (V(k) - V(k + 1))),
        ("equality", q * (V(k) - V(k + 1)), "="),
    ),
    restatement=Restatement(
        (1 - E(indicator(sending < extra + v_inf))) * (V(k) - V(k + 1)), expectation, (use("endless chain, chance"),)
    ),
    assumptions=(extra > 0, bits > 0),
    setting="equal layers",
)
L36 = Claim(
    label="L36",
    statement=r"V_k - V_{k+1} \le q^k G",
    left=V(k) - V(k + 1),
    steps=(
        by_induction(
            V(k) - V(k + 1),
            "<=",
            q**k * g_save,
            k,
            0,
            derive(
                V(0) - V(1),
                (
                    "=",
                    E(sending) - stage(V(0)),
                    "send, or one layer more",
                    algebra,
                    use("stages left", k=0),
                    use("stages left, none"),
                ),
                ("=", E(sending) - stage(bits * E(X)), "then send", algebra, use("stages left, none")),
                ("=", E(excess), "what remains is the excess", expectation),
                ("=", g_save, "the saving", algebra, use("equal layers, saving")),
            ),
            derive(
                V(k + 1) - V(k + 2),
                ("<=", q * (V(k) - V(k + 1)), "one stage (L35)", order, use(L35)),
                ("<=", q * (q**k * g_save), "hypothesis", order, use(HYPOTHESIS)),
                ("=", q ** (k + 1) * g_save, "one power more", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=q**k * g_save,
    mutants=wrong(
        "<=",
        ("relation turned", q**k * g_save, ">="),
        ("exponent too large", q ** (k + 1) * g_save),
        ("1-sla's chance", p**k * g_save),
        ("equality", q**k * g_save, "="),
        ("half", q**k * g_save / 2),
    ),
    restatement=Restatement(
        q**k * (bits * mu - stage(bits * mu)), expectation, (use("equal layers, saving"), use("mean"))
    ),
    assumptions=(extra > 0, bits > 0),
    setting="equal layers",
)
L37 = Claim(
    label="L37",
    statement=r"V_0 - V_k \le G\,\frac{1 - q^k}{1 - q}",
    left=V(0) - V(k),
    steps=(
        by_induction(
            V(0) - V(k),
            "<=",
            g_save * (1 - q**k) / (1 - q),
            k,
            0,
            derive(V(0) - V(0), ("=", sp.Integer(0), "no stage more", algebra)),
            derive(
                V(0) - V(k + 1),
                ("=", V(0) - V(k) + (V(k) - V(k + 1)), "add and subtract", algebra),
                ("<=", V(0) - V(k) + q**k * g_save, "one stage (L36)", order, use(L36)),
                ("<=", g_save * (1 - q**k) / (1 - q) + q**k * g_save, "hypothesis", order, use(HYPOTHESIS)),
                ("=", g_save * (1 - q ** (k + 1)) / (1 - q), "the next term of the geometric series", algebra),
            ),
        ),
    ),
    relation="<=",
    formula=g_save * (1 - q**k) / (1 - q),
    mutants=wrong(
        "<=",
        ("relation turned", g_save * (1 - q**k) / (1 - q), ">="),
        ("one term too few", g_save * (1 - q ** (k - 1)) / (1 - q)),
        ("equality", g_save * (1 - q**k) / (1 - q), "="),
        ("plus in the denominator", g_save * (1 - q**k) / (1 + q)),
        ("half", g_save * (1 - q**k) / (1 - q) / 2),
    ),
    restatement=Restatement(g_save * (q**k - 1) / (q - 1)),
    assumptions=(extra > 0, bits > 0, q < 1),
    setting="equal layers",
)
L38 = Claim(
    label="L38",
    statement=r"u_0 = o\mu - G\,\frac{1 - p^M}{1 - p}",
    left=u(0, M),
    steps=derive(
        u(0, M),
        ("=", J(M) - placed(M), "the ETC less what is paid anyway", algebra, use("ETC")),
        ("=", C + bits * mu + M * download - g_save * series - placed(M), "its closed form (R7)", algebra, use(R7)),
        ("=", bits * mu - g_save * series, "the downloads cancel", calculus, use("equal layers, download", n=i)),
    ),
    relation="=",
    formula=bits * mu - g_save * series,
    mutants=wrong(
        "=",
        ("sign", bits * mu + g_save * series),
        ("exponent off by one", bits * mu - g_save * (1 - p ** (M + 1)) / (1 - p)),
        ("input dropped", -g_save * series),
        ("series not summed", bits * mu - g_save * M),
        ("plus in the denominator", bits * mu - g_save * (1 - p**M) / (1 + p)),
    ),
    restatement=Restatement(bits * E(X) + g_save * (p**M - 1) / (1 - p), algebra, (use("mean"),)),
    assumptions=(p < 1, bits > 0),
    setting="equal layers",
)
R16d = Claim(
    label="R16d",
    statement=r"\mathrm{gap}(M) \le G\Bigl[\frac{1 - q^M}{1 - q} - \frac{1 - p^M}{1 - p}\Bigr] \quad (\delta > 0,\ M < N)",
    left=gap(M),
    steps=derive(
        gap(M),
        ("=", bits * mu - g_save * series - v(0, M), "1-sla in closed form (L38)", algebra, use(L38)),
        ("=", bits * mu - g_save * series - V(M), "only the stages left matter (R8)", algebra, use(R8, n=0)),
        ("=", V(0) - V(M) - g_save * series, "no stage left: send", algebra, use("stages left, none"), use("mean")),
        (
            "<=",
            g_save * (1 - q**M) / (1 - q) - g_save * series,
            "the optimal rule in closed form (L37)",
            order,
            use(L37, k=M),
        ),
        ("=", g_save * ((1 - q**M) / (1 - q) - series), "a common factor", algebra),
    ),
    relation="<=",
    formula=g_save * ((1 - q**M) / (1 - q) - series),
    mutants=wrong(
        "<=",
        ("chances swapped", -g_save * ((1 - q**M) / (1 - q) - series)),
        ("relation turned", g_save * ((1 - q**M) / (1 - q) - series), ">="),
        ("equality", g_save * ((1 - q**M) / (1 - q) - series), "="),
        ("no gap", sp.Integer(0)),
        ("one layer too few", g_save * ((1 - q ** (M - 1)) / (1 - q) - series)),
    ),
    restatement=Restatement(g_save * (1 - q**M) / (1 - q) - g_save * series),
    assumptions=(extra > 0, bits > 0, q < 1, p < 1),
    setting="equal layers",
)

# -- N3: many inferences per update ------------------------------------------------------------------------------------------------
needed = unit_time * size * sp.exp(rate * deep) / saving_
load = sp.Symbol("c", positive=True)
CHEAPER = monotone(unit_time * size / load, load, updates, needed)
N3 = Claim(
    label="N3",
    statement=r"K > K_m = \frac{\chi s}{G}\,p^{-m} \implies D = \frac{\chi s}{K} < G p^m \quad (p = e^{-t})",
    left=unit_time * size / updates,
    steps=derive(
        unit_time * size / updates,
        ("<", unit_time * size / needed, "the download is shared by more inferences", CHEAPER),
        ("=", saving_ * sp.exp(-rate * deep), "the number at which layer m + 1 breaks even", algebra),
    ),
    relation="<",
    formula=saving_ * sp.exp(-rate * deep),
    mutants=wrong(
        "<",
        ("relation turned", saving_ * sp.exp(-rate * deep), ">"),
        ("equality", saving_ * sp.exp(-rate * deep), "="),
        ("one layer deeper", saving_ * sp.exp(-rate * (deep + 1))),
        ("half the saving", saving_ * sp.exp(-rate * deep) / 2),
        ("squared chance", saving_ * sp.exp(-rate * deep) / 4 - unit_time),
    ),
    restatement=Restatement(saving_ * (sp.cosh(rate * deep) - sp.sinh(rate * deep))),
    assumptions=(updates > needed,),
    setting="given law",
    note="The break-even K grows by the factor 1/p with every layer. With N3b: for K > K_{N-1} every layer is placed, M* = N, "
    "so the limit K to infinity is reached at a finite K. ",
)
N3a = Claim(
    label="N3a",
    statement=r"K \le K_m \implies D \ge G p^m: \text{ layer } m + 1 \text{ does not pay}",
    left=unit_time * size / updates,
    steps=derive(
        unit_time * size / updates,
        (">=", unit_time * size / needed, "the download is shared by fewer inferences", CHEAPER),
        ("=", saving_ * sp.exp(-rate * deep), "the number at which layer m + 1 breaks even", algebra),
    ),
    relation=">=",
    formula=saving_ * sp.exp(-rate * deep),
    mutants=wrong(
        ">=",
        ("relation turned", saving_ * sp.exp(-rate * deep), "<="),
        ("equality", saving_ * sp.exp(-rate * deep), "="),
        ("a layer before", saving_ * sp.exp(-rate * (deep - 1))),
        ("twice the saving", saving_ * sp.exp(-rate * deep) * 2),
        ("chance dropped", saving_ * 2),
    ),
    restatement=Restatement(saving_ * (sp.cosh(rate * deep) - sp.sinh(rate * deep))),
    assumptions=(updates <= needed,),
    setting="given law",
)
N3b = Claim(
    label="N3b",
    statement=r"G \le \mathbb{E}(oX - \delta)^+: \text{ the last layer saves at least as much as another}",
    left=g_save,
    steps=derive(
        g_save,
        ("=", E(excess), "the saving", algebra, use("equal layers, saving")),
        ("<=", last_free, "nothing is left to be sent", expectation),
    ),
    relation="<=",
    formula=last_free,
    mutants=wrong(
        "<=",
        ("relation turned", last_free, ">="),
        ("equality", last_free, "="),
        ("half", last_free / 4),
        ("sign of the cost", E(sp.Max(-sending - extra, 0))),
        ("strict", last_free, "<"),
    ),
    restatement=Restatement(bits * mu - E(sp.Min(sending, extra)), expectation, (use("mean"),)),
    setting="equal layers",
)
