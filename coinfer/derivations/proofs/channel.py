"""Claims about the channel: the threshold in terms of the gain, and which laws have a finite mean (R1, R12 to R14)."""

import sympy as sp

from coinfer.derivations.proofs.notation import *

# -- R1: the unit cost is at most x where the gain is at least some value, which has a closed form
lam, gamma, gain = symbol("unit_cost_scale"), symbol("mean_snr"), symbol("gain")
x, t = Symbol("x", positive=True), Symbol("t", positive=True)
nats = lam * log(2)
unit = nats / log(1 + gamma * gain)
gain_at = Lambda(x, (2 ** (lam / x) - 1) / gamma)  # the gain at which sending one bit costs this much
R1 = claim("R1", gain, unit <= x, setting="given law")(
    r"x > 0,\ X(g) \le x \implies g \ge \frac{2^{\lambda/x} - 1}{\gamma}",
    eq(gain_at(unit), "the unit cost solved for the gain"),
    ge(gain_at(x), "a dearer bit needs less gain: it falls in the unit cost", by=monotone(gain_at(t), t, unit, x)),
    wrong={"1 added": (2 ** (lam / x) + 1) / gamma, "natural exponent": (exp(lam / x) - 1) / gamma}
    | {"exponent inverted": (2 ** (x / lam) - 1) / gamma, "SNR multiplies": (2 ** (lam / x) - 1) * gamma},
    restated=same(2 ** (lam / x) / gamma - 1 / gamma),
)
R1a = claim("R1a", gain, unit > x, setting="given law")(
    r"x > 0,\ X(g) > x \implies g < \frac{2^{\lambda/x} - 1}{\gamma}",
    eq(gain_at(unit), "the unit cost solved for the gain"),
    lt(gain_at(x), "the right side falls strictly in the unit cost", by=monotone(gain_at(t), t, unit, x)),
    wrong={"sign of the exponent": (2 ** (-lam / x) - 1) / gamma, "SNR multiplies": (2 ** (lam / x) - 1) * gamma}
    | {"exponent inverted": (2 ** (x / lam) - 1) / gamma}
    | {"twice the cost": gain_at(2 * x)},
    restated=same(2 ** (lam / x) / gamma - 1 / gamma),
)
R1b = claim("R1b", bits * unit, A <= 0, bits > 0, setting="given law")(
    r"A \le 0 < o \implies o X(g) > A \text{ for every } g: \text{ never stop}",
    gt(0, "a finite rate makes every bit cost something"),
    ge(A, "the threshold is not positive"),
    wrong={"sign of the threshold": 5 - 50 * A, "cost per bit for cost": bits * unit - A},
    restated=same(Min(A, 0), by=order),
)

# -- R12: at fixed power a poor channel costs like 1/g, so what fading leaves of the mean is decided near gain 0
depth = Symbol("d", real=True)
eps, large = Symbol("epsilon", positive=True), Symbol("B", positive=True)
z, point = Symbol("z", nonnegative=True), Symbol("t", positive=True)
scale = nats / gamma  # X is about scale / g on a poor channel
inverse = scale / gain
POINTWISE = inside_integral(order)


def falls(density: sp.Expr, variable: sp.Symbol = point) -> Rule:
    """The rule that a density falls up to gain 1, so that it is at least what it is there."""
    return inside_integral(monotone(density, variable, gain, 1))


poor = Lambda(y, Integral(y, (gain, eps, 1)))  # the part of a mean that comes from gains between epsilon and 1
L50 = claim("L50", log(1 + z), setting="given law")(
    r"\ln(1 + z) \le z \quad (z \ge 0)",
    le(z, "equal at 0, and the slope 1/(1+z) is at most 1", by=by_derivatives(z)),
    wrong={"equality": "=", "two terms of the series": z - z**2 / 2} | {"square": z**2 / 2},
    restated=same(Integral(1, (point, 0, z)), by=calculus),
    samples={"z": ("0", "1/10", "1/2", "1", "3")},
)
L51 = claim("L51", z, setting="given law")(
    r"z \le (1 + z/2)\ln(1 + z) \quad (z \ge 0)",
    le((1 + z / 2) * log(1 + z), "equal at 0, with equal slopes; the right side curves more", by=by_derivatives(z)),
    wrong={"half dropped": log(1 + z), "quarter for half": (1 + z / 4) * log(1 + z)}
    | {"sign": (1 - z / 2) * log(1 + z)},
    restated=same(log(1 + z) + z * log(1 + z) / 2),
    samples={"z": ("0", "1/10", "1/2", "1", "3")},
)
R12 = claim("R12", unit, setting="given law")(
    r"X(g) \ge \frac{\lambda \ln 2}{\gamma g}",
    ge(inverse, "the logarithm lies below its tangent at 0 (L50)", use(L50, z=gamma * gain)),
    wrong={"ln 2 dropped": lam / (gamma * gain), "SNR multiplies": nats * gamma / gain + lam}
    | {"plus a half": inverse + nats / 2},
    restated=same(Integral(scale / gain**2, (gain, gain, oo)), by=calculus),
)
RAYLEIGH_BOUND = -scale * exp(-1) * log(eps)
R12a = claim("R12a", poor(unit * exp(-gain)), eps <= 1, setting="given law")(
    r"\text{Rayleigh: } \int_\epsilon^1 X(g) e^{-g} dg \ge \frac{\lambda \ln 2}{e\gamma} \ln\frac{1}{\epsilon}",
    ge(poor(inverse * exp(-gain)), "a poor channel costs at least scale / g (R12)", R12, by=POINTWISE),
    ge(poor(inverse * exp(-1)), "the density falls", by=falls(inverse * exp(-depth), depth)),
    eq(RAYLEIGH_BOUND, "the integral of 1/g", by=calculus),
    wrong={"density at 0": RAYLEIGH_BOUND * exp(3), "power for logarithm": scale * exp(-1) * (1 / eps**2 - 1) + lam},
    restated=same(poor(inverse) * exp(-1), by=calculus),
    samples={"epsilon": ("1/10", "1/4", "1/2")},
)
R12b = claim("R12b", poor(unit * exp(-gain)), eps <= 1, log(eps) <= -large * exp(1) / scale, setting="given law")(
    r"\text{Rayleigh: } \ln\epsilon \le -\frac{e\gamma B}{\lambda\ln 2} \implies \int_\epsilon^1 X(g) e^{-g} dg \ge B: \quad \mu = \infty",
    ge(RAYLEIGH_BOUND, "the part between epsilon and 1 (R12a)", R12a),
    ge(large, "epsilon is small enough"),
    wrong={"relation turned": "<=", "equality": "="},
    restated=same(Integral(1, (point, 0, large)), by=calculus),
    note="For every B there is such an epsilon, so the mean exceeds every bound: under plain Rayleigh fading it is infinite.",
    samples={"epsilon": ("1/100", "1/20", "1/10"), "B": ("1/10", "1/4"), "lambda": ("1", "2"), "gamma": ("1/2", "1")},
)
# Nakagami fading of shape m: gain density m^m g^(m-1) e^(-mg) / Gamma(m)
shape = symbol("nakagami_m")


def nakagami(figure: sp.Expr, at: sp.Expr = gain) -> sp.Expr:
    """The density of the gain under Nakagami fading."""
    return figure**figure * at ** (figure - 1) * exp(-figure * at) / sp.gamma(figure)


constant = nakagami(shape, 1)  # what is left of it at gain 1
R12c = claim("R12c", poor(unit * nakagami(shape)), eps <= 1, shape <= 1, setting="given law")(
    r"\text{Nakagami } m \le 1: \int_\epsilon^1 X(g) f(g)\,dg \ge \frac{\lambda\ln 2}{\gamma}\,\frac{m^m e^{-m}}{\Gamma(m)} \ln\frac{1}{\epsilon}",
    ge(poor(inverse * nakagami(shape)), "a poor channel costs at least scale / g (R12)", R12, by=POINTWISE),
    ge(poor(inverse * constant), "the density falls up to gain 1", by=falls(inverse * nakagami(shape, point))),
    eq(-scale * constant * log(eps), "the integral of 1/g", by=calculus),
    wrong={"square of the logarithm": scale * constant * log(eps) ** 2 * 5}
    | {"power for logarithm": scale * constant * (1 / eps**2 - 1)},
    restated=same(constant * poor(inverse), by=calculus),
    note="As in R12b the mean is infinite for every m <= 1.",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "m": ("1/2", "2/3", "1")},
)
R12d = claim("R12d", poor(unit**2 * nakagami(shape)), eps <= 1, shape <= 2, setting="given law")(
    r"\text{Nakagami } m \le 2: \int_\epsilon^1 X(g)^2 f(g)\,dg \ge \Bigl(\frac{\lambda\ln 2}{\gamma}\Bigr)^2 \frac{m^m e^{-m}}{\Gamma(m)} \ln\frac{1}{\epsilon}",
    ge(poor(inverse**2 * nakagami(shape)), "a poor channel costs at least scale / g (R12)", R12, by=POINTWISE),
    ge(
        poor(scale**2 / gain * constant),
        "the density over the gain falls up to gain 1",
        by=falls(scale**2 / gain * nakagami(shape, point) / point),
    ),
    eq(-(scale**2) * constant * log(eps), "the integral of 1/g", by=calculus),
    wrong={"scale not squared": -20 * scale * constant * log(eps)}
    | {"power for logarithm": scale**2 * constant * (1 / eps**3 - 1)},
    restated=same(scale * constant * poor(inverse), by=calculus),
    note="So for m <= 2 the variance is infinite, and normal Monte Carlo intervals are invalid even where the mean is finite.",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "m": ("1", "3/2", "2")},
)
sight = symbol("rician_k")
term = Symbol("j", integer=True, nonnegative=True)
bessel = Sum((sight * (1 + sight) * gain) ** term / sp.factorial(term) ** 2, (term, 0, oo))  # I_0 by its series
# what the Bessel function multiplies in the density under Rician fading
rician = Lambda(gain, (1 + sight) * exp(-sight - (1 + sight) * gain))
RICIAN_BOUND = -scale * (1 + sight) * exp(-2 * sight - 1) * log(eps)
R12e = claim("R12e", poor(unit * rician(gain) * bessel), eps <= 1, setting="given law")(
    r"\text{Rician: } \int_\epsilon^1 X(g) f(g)\,dg \ge \frac{\lambda\ln 2}{\gamma}(1 + k)e^{-2k-1} \ln\frac{1}{\epsilon}",
    ge(poor(unit * rician(gain)), "the Bessel function is at least its first term", by=inside_integral(first_term)),
    ge(poor(inverse * rician(gain)), "a poor channel costs at least scale / g (R12)", R12, by=POINTWISE),
    ge(poor(inverse * rician(1)), "what is left of the density falls", by=falls(inverse * rician(point))),
    eq(RICIAN_BOUND, "the integral of 1/g", by=calculus),
    wrong={"as without a line of sight": 10 * RICIAN_BOUND + lam}
    | {"sign of the exponent": RICIAN_BOUND * exp(4 * sight + 4), "power for logarithm": scale * (1 / eps**2 - 1)},
    restated=same(rician(1) * poor(inverse), by=calculus),
    note="As in R12b the mean is infinite. The density is written with the series that defines the Bessel function I_0.",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "k_R": ("1/2", "1", "2")},
)
expected, half = E(unit), sp.Rational(1, 2)
ceiling = nats * (E(1 / gain) / gamma + half)
R12f = claim("R12f", expected, setting="given law")(
    r"\mu \le \lambda \ln 2\,\Bigl(\frac{\mathbb{E}[1/g]}{\gamma} + \frac12\Bigr)",
    le(ceiling, "1/ln(1+z) is at most 1/z + 1/2 (L51)", use(L51, z=gamma * gain), by=expectation),
    wrong={"half dropped": nats * E(1 / gain) / gamma}
    | {"ln 2 squared": nats * log(2) * (E(1 / gain) / gamma + half)}
    | {"quarter for half": nats * (E(1 / gain) / (4 * gamma) + sp.Rational(1, 4))}
    | {"sign of the half": nats * (E(1 / gain) / gamma - half)},
    restated=same(E(nats * (1 / (gamma * gain) + half))),
    note="For every law of the gain with a finite E[1/g]; the counterexamples are sought under Nakagami fading.",
    samples={"m": ("3/2", "2", "3")},
)
R12g = claim("R12g", expected, setting="given law")(
    r"\mu \ge \frac{\lambda\ln 2}{\gamma}\,\mathbb{E}[1/g]",
    ge(scale * E(1 / gain), "X is at least scale / g (R12)", R12, by=expectation),
    wrong={"plus a half": scale * E(1 / gain) + nats / 2, "ln 2 dropped": lam / gamma * E(1 / gain) * 2},
    restated=same(E(scale / gain)),
    samples={"m": ("3/2", "2", "3")},
)
curve = nats / log(1 + gamma * point)
R12h = claim("R12h", expected, setting="given law")(
    r"\mathbb{E}g = 1 \implies \mu \ge \frac{\lambda}{\log_2(1 + \gamma)}",
    ge(nats / log(1 + gamma), "Jensen: X is convex in the gain", "mean gain", by=jensen(curve, point)),
    wrong={"natural logarithm": lam * 3 / log(1 + gamma), "1 dropped": nats / log(1 + gamma / 4)}
    | {"plus a half": nats / log(1 + gamma) + lam * 2},
    restated=same(curve.subs(point, Integral(exp(-depth), (depth, 0, oo))), by=calculus),
    note="Before any truncation the mean gain is 1; after one it is larger and the bound holds with that mean in its place.",
    samples={"m": ("3/2", "2", "3")},
)
above = Symbol("e", positive=True)
R12i = claim("R12i", Integral(nakagami(1 + above) / gain, (gain, 0, oo)), setting="given law")(
    r"\text{Nakagami } m = 1 + e > 1: \quad \mathbb{E}[1/g] = \int_0^\infty \frac{f(g)}{g}\,dg = \frac{m}{m-1} = \frac{1 + e}{e}",
    eq((1 + above) * sp.gamma(above) / sp.gamma(1 + above), "Euler's integral of the gamma function", by=calculus),
    eq((1 + above) / above, "Gamma(m) = (m - 1) Gamma(m - 1)", by=calculus),
    wrong={"inverse": above / (1 + above), "shape for shape less 1": 1, "m - 1 dropped": 1 + above}
    | {"sign": -(1 + above) / above, "second moment": (1 + above) ** 2 / above},
    restated=same(1 + 1 / above),
    samples={"e": ("1/2", "1", "2")},
)

# -- R13: two cures, an outage threshold and diversity
outage = symbol("outage_gain")
R13 = claim("R13", unit, gain >= outage, setting="given law")(
    r"g \ge g_0 > 0 \implies X(g) \le \frac{\lambda}{\log_2(1 + \gamma g_0)}: \text{ an outage threshold bounds the cost}",
    le(unit.subs(gain, outage), "a better channel is cheaper", by=monotone(curve, point, gain, outage)),
    wrong={"at the mean gain": unit.subs(gain, 1) / 2, "natural logarithm": unit.subs(gain, outage) * log(2)},
    restated=same(curve.subs(point, Integral(1, (depth, 0, outage))), by=calculus),
    note="So every moment is finite. A rate table, given a nonzero rate, has finitely many unit costs and is bounded likewise.",
)
kept = Integral(exp(-gain), (gain, outage, oo))  # the chance of no outage
R13a = claim("R13a", Integral(gain * exp(-gain), (gain, outage, oo)) / kept, setting="given law")(
    r"\text{Rayleigh: } \mathbb{E}[g \mid g \ge g_0] = 1 + g_0",
    eq((1 + outage) * exp(-outage) / exp(-outage), "integration by parts", by=calculus),
    wrong={"truncation forgotten": 1, "sign": 1 - outage, "product": outage}
    | {"twice": 1 + 2 * outage, "exponential": exp(outage)},
    restated=same(Integral(1, (depth, 0, 1 + outage)), by=calculus),
)
R13b = claim("R13b", 2 * Integral(exp(-depth) * exp(-(2 * gain - depth)), (depth, 0, 2 * gain)), setting="given law")(
    r"\text{mean of two independent Rayleigh branches: } f(g) = 2\int_0^{2g} e^{-x} e^{-(2g - x)} dx = 4g e^{-2g}, \text{ Nakagami } m = 2",
    eq(nakagami(2), "the integrand does not depend on x", by=calculus),
    wrong={"one branch": nakagami(1), "three branches": nakagami(3), "sum for mean": gain * exp(-gain)}
    | {"sign of the exponent": 4 * gain * exp(2 * gain)}
    | {"factor": 2 * gain * exp(-2 * gain)},
    restated=same(-2 * gain * Derivative(exp(-2 * gain), gain), by=calculus),
    note="So with at least two branches E[1/g] = 2 and the mean unit cost is finite (R12f, R12i).",
)

# -- R14: with the rate held instead of the power, the unit cost is affine in 1/g
rate, width, power = symbol("rate_bps"), symbol("link.bandwidth_hz"), symbol("link.transmit_power_w")
beta_t, beta_e = symbol("weights.time_per_s"), symbol("weights.energy_per_j")
needed_power = power * (2 ** (rate / width) - 1) / (gamma * gain)
ground, slope = beta_t / rate, beta_e * power * (2 ** (rate / width) - 1) / (gamma * rate)
R14 = claim("R14", (beta_t + beta_e * needed_power) / rate, setting="given law")(
    r"X = \frac{\beta_t + \beta_e P(g)}{r} = \frac{\beta_t}{r} + \frac{\beta_e P_{tx}(2^{r/W} - 1)}{\gamma r}\,\frac1g",
    eq(ground + slope / gain, "the power that holds the rate is inverse to the gain"),
    wrong={"gain multiplies": ground + slope * gain, "time dropped": slope / gain, "energy dropped": ground}
    | {"sign": ground - slope / gain}
    | {"1 added": ground + beta_e * power * (2 ** (rate / width) + 1) / (gamma * rate) / gain}
    | {"rate dropped": beta_t + slope / gain},
    restated=same((ground * gain + slope) / gain),
    samples={"gamma": ("1", "3"), "r": ("1", "3"), "g": ("1/2", "2", "3"), "beta_t": ("1/2", "2"), "W": ("1", "2")},
)
base, factor = Symbol("a", nonnegative=True), Symbol("b", positive=True)
inverted = base + factor / gain
R14a = claim("R14a", gain, x > base, inverted <= x, setting="given law")(
    r"X = a + b/g \le x \implies g \ge \frac{b}{x - a} \quad (x > a)",
    eq(factor / (inverted - base), "the unit cost solved for the gain"),
    ge(factor / (x - base), "it falls in the unit cost"),
    wrong={"sign": factor / (x + base) + 1, "inverted": (x - base) / factor}
    | {"b squared": factor**2 / (x - base), "twice": 2 * factor / (x - base)},
    restated=same(-factor / (base - x)),
)
R14b = claim("R14b", gain, x > base, inverted > x, setting="given law")(
    r"X = a + b/g > x \implies g < \frac{b}{x - a} \quad (x > a)",
    eq(factor / (inverted - base), "the unit cost solved for the gain"),
    lt(factor / (x - base), "it falls strictly in the unit cost"),
    wrong={"sign": factor / (x + base) / 3, "inverted": (x - base) / factor} | {"half": factor / (x - base) / 2},
    restated=same(-factor / (base - x)),
)
R14c = claim("R14c", exp(outage) * Integral(exp(-gain) / gain, (gain, outage, oo)), setting="given law")(
    r"\text{Rayleigh: } \mathbb{E}[1/g \mid g \ge g_0] = e^{g_0}\int_{g_0}^\infty \frac{e^{-g}}{g}\,dg = e^{g_0} E_1(g_0)",
    eq(exp(outage) * expint(1, outage), "both fall to 0 and have the derivative -exp(-x)/x", by=antiderivative(outage)),
    wrong={"scale dropped": expint(1, outage), "sign of the exponent": exp(-outage) * expint(1, outage)}
    | {"order 2": exp(outage) * expint(2, outage), "inverse of the mean": 1 / (1 + outage)}
    | {"at the threshold": 1 / outage},
    restated=same(expint(1, outage) * (sp.cosh(outage) + sp.sinh(outage))),
    note="The mean unit cost is a + b times this.",
)
from_gain = Symbol("y", positive=True)
part = Integral(inverted * exp(-gain), (gain, from_gain, oo))
closed = base * exp(-from_gain) + factor * expint(1, from_gain)
R14d = claim("R14d", exp(outage) * part, from_gain >= outage, setting="given law")(
    r"\text{Rayleigh: } \mathbb{E}[X; X \le x \mid g \ge g_0] = e^{g_0}\bigl(a e^{-y} + b E_1(y)\bigr), \quad y = \frac{b}{x - a} \ge g_0",
    eq(exp(outage) * closed, "both fall to 0 and have the same derivative", by=antiderivative(from_gain)),
    wrong={"scale dropped": closed, "time dropped": exp(outage) * factor * expint(1, from_gain)}
    | {"sign": exp(outage) * (base * exp(-from_gain) - factor * expint(1, from_gain))}
    | {"order 2": exp(outage) * (base * exp(-from_gain) + factor * expint(2, from_gain))}
    | {"from the outage": exp(outage) * (base * exp(-outage) + factor * expint(1, outage))},
    restated=same(base * exp(outage - from_gain) + factor * exp(outage) * expint(1, from_gain)),
    samples={"a": ("1/2", "1", "2")},
)
