"""Claims about fades: over a gain that moves, every moment of the time that sending takes is finite (R20)."""

import sympy as sp

from coinfer.derivations.engine.clock import *
from coinfer.derivations.proofs.channel import L50
from coinfer.derivations.proofs.notation import *
from coinfer.derivations.proofs.one_clock import integrating

z, gamma, gain = along, symbol("mean_snr"), symbol("gain")

# -- R20: windows of time, in each of which enough is sent with a chance of at least q, wherever the channel stands
L80 = claim("L80", sure(n), setting="windows")(
    r"P_g(\text{at least } \epsilon \text{ bits in a time } u) \ge q \text{ for all } g \implies P_g(\text{at least } n\epsilon \text{ bits in a time } nu) \ge q^n",
    forward(">=", q**n, n, 0)(ge(1, "nothing to send", "no window"))(
        ge(q * sure(n), "one window more, by the Markov property", "one window more"),
        ge(q * q**n, "hypothesis", HYPOTHESIS),
        eq(q ** (n + 1), "one power more"),
    ),
    wrong={"one window too few": q ** (n - 1), "sure": 1, "sum": n * q, "equality": "="},
    restated=same(Product(q, (i, 1, n)), by=calculus),
    note="sure(n) is the least such chance over all g; in every one of the windows epsilon bits may be sent.",
    samples={"n": ("0", "1", "2", "3")},
)
misses = 1 - q**n
FEW = {"n": ("1", "2"), "k": ("0", "1", "2"), "m": ("0", "1", "2"), "i": ("0", "1", "2")}
R20 = claim("R20", late(k, n), q**n <= 1, setting="windows")(
    r"n = \lceil b/\epsilon \rceil: \quad P_g(T > k\,n u) \le (1 - q^n)^k \text{ for all } g",
    forward("<=", misses**k, k, 0)(le(1, "a chance", "late at first"))(
        le(late(k, n) * (1 - sure(n)), "it missed so far, and misses again", "later"),
        le(late(k, n) * misses, "what n windows send (L80)", L80),
        le(misses**k * misses, "hypothesis", HYPOTHESIS),
        eq(misses ** (k + 1), "one power more"),
    ),
    wrong={"exponent too large": misses ** (k + 1), "one window": (1 - q) ** (n * k), "equality": "="}
    | {"chance of success": q ** (n * k)},
    restated=same(Product(misses, (i, 1, k)), by=calculus),
    note="late(k, n) is the largest such chance over all g; T is the time that b bits take. By the Markov property at the ends of the blocks of n windows. The diffusion itself, no chain of cells.",
    samples=FEW,
)
x = Symbol("x", nonnegative=True)
series_of = Lambda((x, m), Sum(x**k, (k, 0, m)))
L81 = claim("L81", series_of(x, m), x < 1, setting="given law")(
    r"0 \le x < 1 \implies \sum_{k \le m} x^k \le \frac{1}{1 - x}",
    forward("=", (1 - x ** (m + 1)) / (1 - x), m, 0)(
        eq(1, "one term", by=calculus), eq((1 - x) / (1 - x), "divide and multiply")
    )(
        eq(series_of(x, m) + x ** (m + 1), "one term more"),
        eq((1 - x ** (m + 1)) / (1 - x) + x ** (m + 1), "hypothesis", HYPOTHESIS),
        eq((1 - x ** (m + 2)) / (1 - x), "over one denominator"),
    ),
    le(1 / (1 - x), "what is left out is not negative"),
    wrong={"equality": "=", "one term": 1, "plus in the denominator": 1 / (1 + x)},
    restated=same(1 + x / (1 - x)),
    samples={"x": ("0", "1/3", "1/2", "2/3")},
)
FEWER = use(HYPOTHESIS, d=owed - 1)
R20a = claim("R20a", waits(k, owed), q > 0, q <= 1, setting="windows")(
    r"\mathbb{E}_g \min(T, k u) \le \frac{u}{q}\,\lceil b/\epsilon \rceil \text{ for all } k \text{ and } g, \text{ so } \mathbb{E}_g T \le \frac{u}{q}\,\lceil b/\epsilon \rceil",
    forward("<=", Max(owed, 0) / q, k, 0)(
        eq(0, "no window yet", "no window yet"), le(Max(owed, 0) / q, "which is not negative")
    )(
        le(
            indicator(owed >= 1) * (1 + q * waits(k, owed - 1) + (1 - q) * waits(k, owed)),
            "a window, and with a chance of at least q less is left after it",
            "a window awaited",
        ),
        le(Max(owed, 0) / q, "hypothesis, for what is left in either case", HYPOTHESIS, FEWER),
    ),
    wrong={"chance dropped": Max(owed, 0), "one too few": Max(owed - 1, 0) / q, "equality": "=", "cap": k / (2 * q)},
    restated=same((owed + sp.Abs(owed)) / (2 * q), by=order),
    note="waits(k, d) is the largest mean, over all g, of how many of k windows pass until d times epsilon bits are sent.",
    samples=FEW | {"d": ("0", "1", "2", "3"), "k": ("0", "1", "2", "3", "5")},
)
grows = Symbol("y", positive=True)  # exp(theta n u)
R20b = claim("R20b", Sum(grows ** (k + 1) * late(k, n), (k, 0, m)), q**n <= 1, grows * misses < 1, setting="windows")(
    r"y = e^{\theta n u},\ y(1 - q^n) < 1 \implies \mathbb{E}_g e^{\theta T} \le \sum_k y^{k+1} P_g(T > k\,nu) \le \frac{y}{1 - y(1 - q^n)}",
    le(Sum(grows ** (k + 1) * misses**k, (k, 0, m)), "term by term (R20)", R20, by=inside_sum(order)),
    eq(Sum(grows * (grows * misses) ** k, (k, 0, m)), "one power", by=inside_sum(algebra)),
    eq(grows * series_of(grows * misses, m), "a common factor"),
    le(grows / (1 - grows * misses), "a geometric series (L81)", use(L81, x=grows * misses)),
    wrong={"factor dropped": 1 / (1 - grows * misses) / 4, "first term": grows, "equality": "="},
    restated=same(-grows / (grows * misses - 1)),
    note="Some theta > 0 does, as q > 0; T^j is at most j! e^(theta T)/theta^j, so every moment of T is finite, from every g.",
    samples=FEW | {"y": ("1", "3/2", "5/4")},
)

# -- R20: such a chance q > 0 for dg = (1-g)/tau dt + sqrt(2g/(m tau)) dB, from the worst start, g = 0
R20c = claim(
    "R20c",
    (1 - gain) / tau * Derivative(gain**2, gain) + gain / (shape * tau) * Derivative(gain**2, (gain, 2)),
    setting="given law",
)(
    r"\text{generator of } dg = \frac{1 - g}{\tau}dt + \sqrt{\frac{2g}{m\tau}}\,dB: \quad L g^2 = \frac{2}{\tau}\Bigl[\Bigl(1 + \frac{1}{m}\Bigr)g - g^2\Bigr]",
    eq(2 * ((1 + 1 / shape) * gain - gain**2) / tau, "both derivatives", by=calculus),
    wrong={"no noise": 2 * (gain - gain**2) / tau, "noise twice": 2 * ((1 + 2 / shape) * gain - gain**2) / tau}
    | {"slower": ((1 + 1 / shape) * gain - gain**2) / tau},
    restated=same(2 * gain * (1 - gain) / tau + 2 * gain / (shape * tau)),
    note="L g = (1 - g)/tau is read off. Dynkin's formula: the mean of f(g) has the mean of L f(g) as its slope.",
)
time = Symbol("t", nonnegative=True)
risen = 1 - exp(-time / tau)
AGES, LATER = {"t": ("1/2", "1", "2")}, {"b": ("1/2", "1", "2")}
R20d = claim("R20d", M_1(time), setting="moving channel")(
    r"g_0 = 0: \quad \mathbb{E} g_t = a_t = 1 - e^{-t/\tau}",
    *integrating(M_1(z), time, 0, 1 / tau, 1 / tau, "mean gain at first", "mean gain later"),
    eq(risen, "the integral of an exponential", by=calculus),
    wrong={
        "stationary": 1,
        "what is left": exp(-time / tau),
        "amplitude": 1 - exp(-time / (2 * tau)),
        "slope": time / tau,
    },
    restated=same(Integral(exp(-z / tau) / tau, (z, 0, time)), by=calculus),
    samples=AGES,
)
fed_square = 2 * (1 + 1 / shape) * (1 - exp(-z / tau)) / tau
R20e = claim("R20e", M_2(time), setting="moving channel")(
    r"g_0 = 0: \quad \mathbb{E} g_t^2 = \Bigl(1 + \frac{1}{m}\Bigr) a_t^2",
    *integrating(M_2(z), time, 0, fed_square, 2 / tau, "square at first", "square later", use(R20d, t=z)),
    eq((1 + 1 / shape) * risen**2, "the integral of exponentials", by=calculus),
    wrong={
        "no noise": risen**2,
        "stationary": 1 + 1 / shape,
        "not squared": (1 + 1 / shape) * risen,
        "exponential": 2 * risen**2,
    },
    restated=same(risen**2 + risen**2 / shape),
    note="The first two moments of a_t g with g of the stationary Gamma law; indeed g_t has that law, the noncentral chi-square one from 0.",
    samples=AGES,
)
step = Symbol("z", nonnegative=True)
L82 = claim("L82", log(1 + step), setting="given law")(
    r"\ln(1 + z) \ge z - \frac{z^2}{2} \quad (z \ge 0)",
    ge(step - step**2 / 2, "equal at 0, with equal slopes; the right side curves more", by=by_derivatives(step)),
    wrong={"equality": "=", "tangent": step, "half the square": step - step**2 / 6},
    restated=same(Integral(1 - x, (x, 0, step)), by=calculus),
    samples={"z": ("0", "1/10", "1/2", "1", "3")},
)
aged = Symbol("a", positive=True)  # a_t: what the mean has risen to
seen = gamma * aged * gain  # the SNR then
MOMENTS = ("mean gain", "mean square gain")
SLOW = {"a": ("1/10", "1/5"), "gamma": ("1/2", "1"), "m": ("1/2", "1", "2")}
R20f = claim("R20f", E(log(1 + seen)), gamma * aged * (1 + 1 / shape) <= 1, setting="given law")(
    r"\gamma a_t\Bigl(1 + \frac{1}{m}\Bigr) \le 1 \implies \mathbb{E}\ln(1 + \gamma g_t) \ge \frac{\gamma a_t}{2}",
    ge(E(seen - seen**2 / 2), "two terms of the logarithm (L82)", use(L82, z=seen), by=expectation),
    eq(gamma * aged - (gamma * aged) ** 2 * (1 + 1 / shape) / 2, "both moments (R20d, R20e)", *MOMENTS),
    ge(gamma * aged / 2, "early enough"),
    wrong={"half dropped": gamma * aged, "equality": "=", "SNR dropped": aged},
    restated=same(E(seen) / 2, "mean gain"),
    samples=SLOW,
)
R20g = claim("R20g", E(log(1 + seen) ** 2), setting="given law")(
    r"\mathbb{E}\ln^2(1 + \gamma g_t) \le \Bigl(1 + \frac{1}{m}\Bigr)(\gamma a_t)^2",
    le(E(seen**2), "the logarithm lies below its tangent at 0 (L50)", use(L50, z=seen), by=expectation),
    eq((1 + 1 / shape) * (gamma * aged) ** 2, "the second moment (R20e)", *MOMENTS),
    wrong={"no noise": (gamma * aged) ** 2 / 2, "equality": "=", "noise only": (gamma * aged) ** 2 / (4 * shape)},
    restated=same(E(seen) ** 2 + (gamma * aged) ** 2 / shape, *MOMENTS),
    samples=SLOW,
)
age = Symbol("v", nonnegative=True)  # u / tau
part = Lambda(age, 1 - exp(-age))
R20h = claim("R20h", Integral(part(x), (x, 0, age)), setting="given law")(
    r"\int_0^v (1 - e^{-x})\,dx \ge \frac{v}{2}(1 - e^{-v}): \quad \int_0^u a_t\,dt \ge \frac{u\,a_u}{2}",
    eq(age - part(age), "the integral", by=calculus),
    ge(age * part(age) / 2, "both 0 at 0, with equal slopes; the left side curves more", by=by_derivatives(age)),
    wrong={"half dropped": age * part(age), "equality": "=", "square": age**2 / 2},
    restated=same(Integral(part(age) / 2, (x, 0, age)), by=calculus),
    samples={"v": ("0", "1/10", "1", "3")},
)
L86 = claim("L86", part(x), setting="given law")(
    r"1 - e^{-x} \ge 0 \quad (x \ge 0)",
    ge(0, "0 at 0, and it rises", by=by_derivatives(x)),
    wrong={"equality": "=", "one": 1, "half": sp.Rational(1, 2)},
    restated=same(Sum(1, (i, 1, 0)), by=calculus),
    samples={"x": ("0", "1/10", "1", "3")},
)
R20i = claim("R20i", Integral(part(x) ** 2, (x, 0, age)), setting="given law")(
    r"\int_0^v (1 - e^{-x})^2 dx \le v(1 - e^{-v})^2: \quad \int_0^u a_t^2\,dt \le u\,a_u^2",
    le(
        Integral(part(age) ** 2, (x, 0, age)),
        "it rises (L86)",
        L86,
        by=inside_integral(monotone(part(x) ** 2, x, x, age)),
    ),
    eq(age * part(age) ** 2, "nothing depends on x", by=calculus),
    wrong={"half": age * part(age) ** 2 / 3, "equality": "=", "cube": part(age) ** 3 / 6},
    restated=same(age * (1 - 2 * exp(-age) + exp(-2 * age))),
    samples={"v": ("0", "1/10", "1", "3")},
)
rate = sp.Function("f", real=True)
over = Lambda(y, Integral(y, (z, 0, sent)))
level = Symbol("c", real=True)
L83 = claim("L83", over(rate(z) ** 2), setting="given law")(
    r"\int_0^u f^2 dt \ge 2c\int_0^u f\,dt - c^2 u \text{ for every } c",
    ge(over(2 * level * rate(z) - level**2), "a square is not negative", by=inside_integral(order)),
    eq(2 * level * over(rate(z)) - level**2 * sent, "one integral for each", by=calculus),
    wrong={
        "equality": "=",
        "sign": 2 * level * over(rate(z)) + level**2 * sent,
        "factor": 4 * level * over(rate(z)) - level**2 * sent,
    },
    restated=same(level * (2 * over(rate(z)) - level * sent)),
    samples=LATER | {"c": ("-1", "0", "1/2", "1", "2")},
)
R20j = claim("R20j", sent * over(rate(z) ** 2), setting="given law")(
    r"u\int_0^u f^2 dt \ge \Bigl(\int_0^u f\,dt\Bigr)^2 \quad \text{(Cauchy and Schwarz)}",
    ge(
        sent * (2 * level * over(rate(z)) - level**2 * sent).subs(level, over(rate(z)) / sent),
        "at the mean of f (L83)",
        use(L83, c=over(rate(z)) / sent),
    ),
    eq(over(rate(z)) ** 2, "which is the best c"),
    wrong={"equality": "=", "twice": 2 * over(rate(z)) ** 2, "u dropped": over(rate(z)) ** 2 * (1 + sent) / sent},
    restated=same(over(2 * rate(z)) ** 2 / 4, by=calculus),
    samples=LATER,
)
fold, base = Symbol("w", nonnegative=True), Symbol("y", nonnegative=True)
enough, square = E(indicator(mu <= 2 * X)), E(X**2)
L84 = claim("L84", base**2 * enough)(
    r"y^2 P\Bigl(X \ge \frac{\mu}{2}\Bigr) \ge y\,w\,\mu - w^2\,\mathbb{E}X^2 \quad (y, w \ge 0)",
    ge(
        2 * base * fold * E(X) - base * fold * mu - fold**2 * square,
        "below half of the mean the right side is not positive, above it a square is left",
        by=expectation,
    ),
    eq(base * fold * mu - fold**2 * square, "the mean", "mean"),
    wrong={"square dropped": base * fold * mu, "twice": 2 * base * fold * mu - fold**2 * square, "equality": "="},
    restated=same(fold * (base * mu - fold * square)),
    samples={"w": ("0", "1/4", "1/2", "1", "2"), "y": ("0", "1/4", "1/2", "1", "2")},
)
L85 = claim("L85", square)(
    r"\mathbb{E}X^2 \ge \mu^2",
    ge(2 * mu * E(X) - mu**2, "a square is not negative", by=expectation),
    eq(mu**2, "the mean", "mean"),
    wrong={"equality": "=", "twice": 2 * mu**2, "mean": mu},
    restated=same(E(mu * X), "mean"),
)
R20k = claim("R20k", enough, mu > 0)(
    r"P\Bigl(X \ge \frac{\mu}{2}\Bigr) \ge \frac{\mu^2}{4\,\mathbb{E}X^2} \quad \text{(Paley and Zygmund)}",
    ge(mu**2 / (4 * square), "L84 at y the mean square, w half the mean", use(L84, y=square, w=mu / 2), L85),
    wrong={"equality": "=", "quarter dropped": mu**2 / square, "third for quarter": 2 * mu**2 / (3 * square)},
    restated=same(E(mu * X) / (4 * square), "mean"),
)
span, likely, mean_nats, square_nats = (Symbol(name, positive=True) for name in ("u", "p", "B_1", "B_2"))
FADED = (
    gamma * aged * (1 + 1 / shape) <= 1,
    mean_nats >= gamma * span * aged / 4,
    square_nats <= (1 + 1 / shape) * (gamma * span * aged) ** 2,
    likely * square_nats >= mean_nats**2 / 4,
)
R20l = claim("R20l", likely, *FADED, setting="given law")(
    r"P_g\Bigl(\text{bits in } u \ge \frac{W}{\ln 2}\,\frac{\gamma u a_u}{8}\Bigr) \ge q = \frac{m}{64(m + 1)} \text{ for all } g, \text{ if } \gamma a_u\Bigl(1 + \frac{1}{m}\Bigr) \le 1,\ a_u = 1 - e^{-u/\tau}",
    ge(shape / (64 * (shape + 1)), "the mean squared over four times the mean square"),
    wrong={"factor": shape / (8 * (shape + 1)), "sure": 1, "no noise": sp.Rational(1, 16), "equality": "="},
    restated=same(1 / (64 * (1 + 1 / shape))),
    note="B_1, B_2: mean and mean square of the integral of ln(1 + gamma g_t) over a time u from g = 0. B_1 is at least gamma/2 times the integral of a_t (R20f, R20h); B_2 at most u times the integral of the mean square (R20j), that is at most what R20g and R20i give; then R20k. From g > 0 more is sent: two solutions driven by one noise keep their order (Yamada and Watanabe, cited, as are Dynkin's formula, Tonelli's theorem and the Markov property). For every m > 0 and tau such a u exists, so q > 0 and R20, R20a, R20b hold; no outage gain is needed.",
    samples=dict.fromkeys(("a", "gamma", "u"), ("1/10", "1/5", "1/3", "1/2", "1", "2"))
    | dict.fromkeys(("B_1", "B_2", "p"), ("1/1000", "1/400", "1/100", "1/40", "1/10", "1/4")),
)
