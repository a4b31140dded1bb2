"""Claims about the channel: the threshold in terms of the gain, and which laws have a finite mean (R1, R12 to R14)."""

import sympy as sp

from coinfer.derivations.engine.claim import Claim, Restatement, use
from coinfer.derivations.engine.model import A, E, bits, symbol
from coinfer.derivations.engine.prover import (
    algebra,
    antiderivative,
    by_derivatives,
    calculus,
    expectation,
    first_term,
    inside_integral,
    jensen,
    monotone,
    order,
)
from coinfer.derivations.engine.writing import derive, wrong

# -- R1: the threshold in terms of the channel gain ----------------------------------------------------------------------
lam, gamma, gain = symbol("unit_cost_scale"), symbol("mean_snr"), symbol("gain")
x, t = sp.Symbol("x", positive=True), sp.Symbol("t", positive=True)
unit = lam * sp.log(2) / sp.log(1 + gamma * gain)


def gain_at(unit_cost: sp.Expr) -> sp.Expr:
    """The gain at which sending one bit costs this much."""
    return (2 ** (lam / unit_cost) - 1) / gamma


GAIN_MUTANTS = (
    ("1 not subtracted", 2 ** (lam / x) / gamma),
    ("1 added", (2 ** (lam / x) + 1) / gamma),
    ("natural exponent", (sp.exp(lam / x) - 1) / gamma),
    ("exponent inverted", (2 ** (x / lam) - 1) / gamma),
    ("SNR multiplies", (2 ** (lam / x) - 1) * gamma),
    ("sign of the exponent", (2 ** (-lam / x) - 1) / gamma),
)
R1 = Claim(
    label="R1",
    statement=r"x > 0,\ X(g) \le x \implies g \ge \frac{2^{\lambda/x} - 1}{\gamma}",
    left=gain,
    steps=derive(
        gain,
        ("=", gain_at(unit), "the unit cost solved for the gain", algebra),
        (
            ">=",
            gain_at(x),
            "a dearer bit needs less gain: the right side falls in the unit cost",
            monotone(gain_at(t), t, unit, x),
        ),
    ),
    relation=">=",
    formula=gain_at(x),
    mutants=wrong(
        ">=", *GAIN_MUTANTS[1:4], ("relation turned", gain_at(x), "<="), ("SNR multiplies", GAIN_MUTANTS[4][1])
    ),
    restatement=Restatement(2 ** (lam / x) / gamma - 1 / gamma),
    assumptions=(unit <= x,),
    setting="given law",
)
R1a = Claim(
    label="R1a",
    statement=r"x > 0,\ X(g) > x \implies g < \frac{2^{\lambda/x} - 1}{\gamma}",
    left=gain,
    steps=derive(
        gain,
        ("=", gain_at(unit), "the unit cost solved for the gain", algebra),
        ("<", gain_at(x), "the right side falls strictly in the unit cost", monotone(gain_at(t), t, unit, x)),
    ),
    relation="<",
    formula=gain_at(x),
    mutants=wrong(
        "<",
        GAIN_MUTANTS[5],
        GAIN_MUTANTS[4],
        GAIN_MUTANTS[3],
        ("relation turned", gain_at(x), ">"),
        ("twice the cost", gain_at(2 * x)),
    ),
    restatement=Restatement(2 ** (lam / x) / gamma - 1 / gamma),
    assumptions=(unit > x,),
    setting="given law",
)
R1b = Claim(
    label="R1b",
    statement=r"A \le 0 < o \implies o X(g) > A \text{ for every } g: \text{ never stop}",
    left=bits * unit,
    steps=derive(
        bits * unit,
        (">", sp.Integer(0), "a finite rate makes every bit cost something", order),
        (">=", A, "the threshold is not positive", order),
    ),
    relation=">",
    formula=A,
    mutants=wrong(
        ">",
        ("relation turned", A, "<"),
        ("equality", A, "="),
        ("sign of the threshold", 5 - 50 * A),
        ("cost per bit for cost", bits * unit - A),
        ("a positive threshold", A + 100),
    ),
    restatement=Restatement(sp.Min(A, 0), order),
    assumptions=(A <= 0, bits > 0),
    setting="given law",
)

# -- R12: fading at fixed power --------------------------------------------------------------------------------------------
depth = sp.Symbol("d", real=True)
eps, large = sp.Symbol("epsilon", positive=True), sp.Symbol("B", positive=True)
z, point = sp.Symbol("z", nonnegative=True), sp.Symbol("t", positive=True)
scale = lam * sp.log(2) / gamma  # X is about scale / g on a poor channel
inverse = scale / gain


def poor(integrand: sp.Expr) -> sp.Expr:
    """The part of a mean that comes from gains between epsilon and 1."""
    return sp.Integral(integrand, (gain, eps, 1))


L50 = Claim(
    label="L50",
    statement=r"\ln(1 + z) \le z \quad (z \ge 0)",
    left=sp.log(1 + z),
    steps=derive(sp.log(1 + z), ("<=", z, "equal at 0, and the slope 1/(1+z) is at most 1", by_derivatives(z))),
    relation="<=",
    formula=sp.sympify(z),
    mutants=wrong(
        "<=",
        ("relation turned", z, ">="),
        ("half", z / 2),
        ("square", z**2 / 2),
        ("equality", z, "="),
        ("two terms of the series", z - z**2 / 2),
    ),
    restatement=Restatement(sp.Integral(1, (point, 0, z)), calculus),
    setting="given law",
    samples={"z": ("0", "1/10", "1/2", "1", "3")},
)
L51 = Claim(
    label="L51",
    statement=r"z \le (1 + z/2)\ln(1 + z) \quad (z \ge 0)",
    left=sp.sympify(z),
    steps=derive(
        sp.sympify(z),
        (
            "<=",
            (1 + z / 2) * sp.log(1 + z),
            "both sides and their slopes agree at 0, and the right side curves upwards faster",
            by_derivatives(z),
        ),
    ),
    relation="<=",
    formula=(1 + z / 2) * sp.log(1 + z),
    mutants=wrong(
        "<=",
        ("relation turned", (1 + z / 2) * sp.log(1 + z), ">="),
        ("half dropped", sp.log(1 + z)),
        ("quarter for half", (1 + z / 4) * sp.log(1 + z)),
        ("equality", (1 + z / 2) * sp.log(1 + z), "="),
        ("sign", (1 - z / 2) * sp.log(1 + z)),
    ),
    restatement=Restatement(sp.log(1 + z) + z * sp.log(1 + z) / 2),
    setting="given law",
    samples={"z": ("0", "1/10", "1/2", "1", "3")},
)
R12 = Claim(
    label="R12",
    statement=r"X(g) \ge \frac{\lambda \ln 2}{\gamma g}",
    left=unit,
    steps=derive(
        unit,
        (">=", inverse, "the logarithm lies below its tangent at 0 (L50)", order, use(L50, z=gamma * gain)),
    ),
    relation=">=",
    formula=inverse,
    mutants=wrong(
        ">=",
        ("relation turned", inverse, "<="),
        ("ln 2 dropped", lam / (gamma * gain)),
        ("SNR multiplies", lam * sp.log(2) * gamma / gain + lam),
        ("plus a half", inverse + lam * sp.log(2) / 2),
        ("equality", inverse, "="),
    ),
    restatement=Restatement(sp.Integral(scale / gain**2, (gain, gain, sp.oo)), calculus),
    setting="given law",
)
RAYLEIGH_BOUND = -scale * sp.exp(-1) * sp.log(eps)
R12a = Claim(
    label="R12a",
    statement=r"\text{Rayleigh: } \int_\epsilon^1 X(g) e^{-g} dg \ge \frac{\lambda \ln 2}{e\gamma} \ln\frac{1}{\epsilon}",
    left=poor(unit * sp.exp(-gain)),
    steps=derive(
        poor(unit * sp.exp(-gain)),
        (
            ">=",
            poor(inverse * sp.exp(-gain)),
            "a poor channel costs at least scale / g (R12)",
            inside_integral(order),
            use(R12),
        ),
        (
            ">=",
            poor(inverse * sp.exp(-1)),
            "the density falls",
            inside_integral(monotone(inverse * sp.exp(-depth), depth, gain, sp.Integer(1))),
        ),
        ("=", RAYLEIGH_BOUND, "the integral of 1/g", calculus),
    ),
    relation=">=",
    formula=RAYLEIGH_BOUND,
    mutants=wrong(
        ">=",
        ("relation turned", RAYLEIGH_BOUND, "<="),
        ("density at 0", RAYLEIGH_BOUND * sp.exp(3)),
        ("ten times", 10 * RAYLEIGH_BOUND + lam),
        ("power for logarithm", scale * sp.exp(-1) * (1 / eps**2 - 1) + lam),
        ("equality", RAYLEIGH_BOUND, "="),
    ),
    restatement=Restatement(poor(inverse) * sp.exp(-1), calculus),
    assumptions=(eps <= 1,),
    setting="given law",
    samples={"epsilon": ("1/10", "1/4", "1/2")},
)
R12b = Claim(
    label="R12b",
    statement=r"\text{Rayleigh: } \ln\epsilon \le -\frac{e\gamma B}{\lambda\ln 2} \implies \int_\epsilon^1 X(g) e^{-g} dg \ge B: \quad \mu = \infty",
    left=poor(unit * sp.exp(-gain)),
    steps=derive(
        poor(unit * sp.exp(-gain)),
        (">=", RAYLEIGH_BOUND, "the part between epsilon and 1 (R12a)", order, use(R12a)),
        (">=", large, "epsilon is small enough", order),
    ),
    relation=">=",
    formula=large,
    mutants=wrong(
        ">=",
        ("relation turned", large, "<="),
        ("fifty times", 50 * large),
        ("equality", large, "="),
        ("square", 100 * large**2 + 10),
        ("with the scale", large + 20 * scale),
    ),
    restatement=Restatement(sp.Integral(1, (point, 0, large)), calculus),
    assumptions=(eps <= 1, sp.log(eps) <= -large * sp.exp(1) / scale),
    setting="given law",
    samples={"epsilon": ("1/100", "1/20", "1/10"), "B": ("1/10", "1/4"), "lambda": ("1", "2"), "gamma": ("1/2", "1")},
    note="For every B there is such an epsilon, so the mean exceeds every bound: under plain Rayleigh fading it is infinite.",
)
# Nakagami fading of shape m: gain density m^m g^(m-1) e^(-mg) / Gamma(m)
shape = symbol("nakagami_m")


def nakagami(order_: sp.Expr) -> sp.Expr:
    """The density of the gain under Nakagami fading."""
    return order_**order_ * gain ** (order_ - 1) * sp.exp(-order_ * gain) / sp.gamma(order_)


def constant(order_: sp.Expr) -> sp.Expr:
    """What is left of it at gain 1."""
    return order_**order_ * sp.exp(-order_) / sp.gamma(order_)


R12c = Claim(
    label="R12c",
    statement=r"\text{Nakagami } m \le 1: \int_\epsilon^1 X(g) f(g)\,dg \ge \frac{\lambda\ln 2}{\gamma}\,\frac{m^m e^{-m}}{\Gamma(m)} \ln\frac{1}{\epsilon}",
    left=poor(unit * nakagami(shape)),
    steps=derive(
        poor(unit * nakagami(shape)),
        (
            ">=",
            poor(inverse * nakagami(shape)),
            "a poor channel costs at least scale / g (R12)",
            inside_integral(order),
            use(R12),
        ),
        (
            ">=",
            poor(inverse * constant(shape)),
            "the density falls up to gain 1",
            inside_integral(monotone(inverse * nakagami(shape).subs(gain, point), point, gain, sp.Integer(1))),
        ),
        ("=", -scale * constant(shape) * sp.log(eps), "the integral of 1/g", calculus),
    ),
    relation=">=",
    formula=-scale * constant(shape) * sp.log(eps),
    mutants=wrong(
        ">=",
        ("relation turned", -scale * constant(shape) * sp.log(eps), "<="),
        ("equality", -scale * constant(shape) * sp.log(eps), "="),
        ("ten times", -10 * scale * constant(shape) * sp.log(eps)),
        ("square of the logarithm", scale * constant(shape) * sp.log(eps) ** 2 * 5),
        ("power for logarithm", scale * constant(shape) * (1 / eps**2 - 1)),
    ),
    restatement=Restatement(constant(shape) * poor(inverse), calculus),
    assumptions=(eps <= 1, shape <= 1),
    setting="given law",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "m": ("1/2", "2/3", "1")},
    note="As in R12b the mean is infinite for every m <= 1.",
)
R12d = Claim(
    label="R12d",
    statement=r"\text{Nakagami } m \le 2: \int_\epsilon^1 X(g)^2 f(g)\,dg \ge \Bigl(\frac{\lambda\ln 2}{\gamma}\Bigr)^2 \frac{m^m e^{-m}}{\Gamma(m)} \ln\frac{1}{\epsilon}",
    left=poor(unit**2 * nakagami(shape)),
    steps=derive(
        poor(unit**2 * nakagami(shape)),
        (
            ">=",
            poor(inverse**2 * nakagami(shape)),
            "a poor channel costs at least scale / g (R12)",
            inside_integral(order),
            use(R12),
        ),
        (
            ">=",
            poor(scale**2 / gain * constant(shape)),
            "the density over the gain falls up to gain 1",
            inside_integral(
                monotone(scale**2 / gain * nakagami(shape).subs(gain, point) / point, point, gain, sp.Integer(1))
            ),
        ),
        ("=", -(scale**2) * constant(shape) * sp.log(eps), "the integral of 1/g", calculus),
    ),
    relation=">=",
    formula=-(scale**2) * constant(shape) * sp.log(eps),
    mutants=wrong(
        ">=",
        ("relation turned", -(scale**2) * constant(shape) * sp.log(eps), "<="),
        ("equality", -(scale**2) * constant(shape) * sp.log(eps), "="),
        ("ten times", -10 * scale**2 * constant(shape) * sp.log(eps)),
        ("scale not squared", -20 * scale * constant(shape) * sp.log(eps)),
        ("power for logarithm", scale**2 * constant(shape) * (1 / eps**3 - 1)),
    ),
    restatement=Restatement(scale * constant(shape) * poor(inverse), calculus),
    assumptions=(eps <= 1, shape <= 2),
    setting="given law",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "m": ("1", "3/2", "2")},
    note="So for m <= 2 the variance is infinite, and normal Monte Carlo intervals are invalid even where the mean is finite.",
)
sight = symbol("rician_k")
term = sp.Symbol("j", integer=True, nonnegative=True)
bessel = sp.Sum((sight * (1 + sight) * gain) ** term / sp.factorial(term) ** 2, (term, 0, sp.oo))  # I_0 by its series
rician = (1 + sight) * sp.exp(-sight - (1 + sight) * gain)
RICIAN_BOUND = -scale * (1 + sight) * sp.exp(-2 * sight - 1) * sp.log(eps)
R12e = Claim(
    label="R12e",
    statement=r"\text{Rician: } \int_\epsilon^1 X(g) f(g)\,dg \ge \frac{\lambda\ln 2}{\gamma}(1 + k)e^{-2k-1} \ln\frac{1}{\epsilon}",
    left=poor(unit * rician * bessel),
    steps=derive(
        poor(unit * rician * bessel),
        (
            ">=",
            poor(unit * rician),
            "the Bessel function is at least the first term of its series",
            inside_integral(first_term),
        ),
        (
            ">=",
            poor(inverse * rician),
            "a poor channel costs at least scale / g (R12)",
            inside_integral(order),
            use(R12),
        ),
        (
            ">=",
            poor(inverse * rician.subs(gain, 1)),
            "what is left of the density falls",
            inside_integral(monotone(inverse * rician.subs(gain, point), point, gain, sp.Integer(1))),
        ),
        ("=", RICIAN_BOUND, "the integral of 1/g", calculus),
    ),
    relation=">=",
    formula=RICIAN_BOUND,
    mutants=wrong(
        ">=",
        ("relation turned", RICIAN_BOUND, "<="),
        ("equality", RICIAN_BOUND, "="),
        ("as without a line of sight", 10 * RICIAN_BOUND + lam),
        ("sign of the exponent", RICIAN_BOUND * sp.exp(4 * sight + 4)),
        ("power for logarithm", scale * (1 / eps**2 - 1)),
    ),
    restatement=Restatement(rician.subs(gain, 1) * poor(inverse), calculus),
    assumptions=(eps <= 1,),
    setting="given law",
    samples={"epsilon": ("1/10", "1/4", "1/2"), "k_R": ("1/2", "1", "2")},
    note="As in R12b the mean is infinite. The density is written with the series that defines the Bessel function I_0.",
)
expected = E(unit)
R12f = Claim(
    label="R12f",
    statement=r"\mu \le \lambda \ln 2\,\Bigl(\frac{\mathbb{E}[1/g]}{\gamma} + \frac12\Bigr)",
    left=expected,
    steps=derive(
        expected,
        (
            "<=",
            lam * sp.log(2) * (E(1 / gain) / gamma + sp.Rational(1, 2)),
            "1/ln(1+z) is at most 1/z + 1/2 (L51)",
            expectation,
            use(L51, z=gamma * gain),
        ),
    ),
    relation="<=",
    formula=lam * sp.log(2) * (E(1 / gain) / gamma + sp.Rational(1, 2)),
    mutants=wrong(
        "<=",
        ("half dropped", lam * sp.log(2) * E(1 / gain) / gamma),
        ("relation turned", lam * sp.log(2) * (E(1 / gain) / gamma + sp.Rational(1, 2)), ">="),
        ("ln 2 squared", lam * sp.log(2) ** 2 * (E(1 / gain) / gamma + sp.Rational(1, 2))),
        ("quarter for half", lam * sp.log(2) * (E(1 / gain) / (4 * gamma) + sp.Rational(1, 4))),
        ("equality", lam * sp.log(2) * (E(1 / gain) / gamma + sp.Rational(1, 2)), "="),
        ("sign of the half", lam * sp.log(2) * (E(1 / gain) / gamma - sp.Rational(1, 2))),
    ),
    restatement=Restatement(E(lam * sp.log(2) * (1 / (gamma * gain) + sp.Rational(1, 2)))),
    setting="given law",
    samples={"m": ("3/2", "2", "3")},
    note="For every law of the gain with a finite E[1/g]; the counterexamples are sought under Nakagami fading.",
)
R12g = Claim(
    label="R12g",
    statement=r"\mu \ge \frac{\lambda\ln 2}{\gamma}\,\mathbb{E}[1/g]",
    left=expected,
    steps=derive(
        expected,
        (">=", scale * E(1 / gain), "X is at least scale / g (R12)", expectation, use(R12)),
    ),
    relation=">=",
    formula=scale * E(1 / gain),
    mutants=wrong(
        ">=",
        ("relation turned", scale * E(1 / gain), "<="),
        ("plus a half", scale * E(1 / gain) + lam * sp.log(2) / 2),
        ("ln 2 dropped", lam / gamma * E(1 / gain) * 2),
        ("equality", scale * E(1 / gain), "="),
        ("twice", 2 * scale * E(1 / gain) + lam),
    ),
    restatement=Restatement(E(scale / gain)),
    setting="given law",
    samples={"m": ("3/2", "2", "3")},
)
curve = lam * sp.log(2) / sp.log(1 + gamma * point)
R12h = Claim(
    label="R12h",
    statement=r"\mathbb{E}g = 1 \implies \mu \ge \frac{\lambda}{\log_2(1 + \gamma)}",
    left=expected,
    steps=derive(
        expected,
        (
            ">=",
            lam * sp.log(2) / sp.log(1 + gamma),
            "Jensen: X is convex in the gain",
            jensen(curve, point),
            use("mean gain"),
        ),
    ),
    relation=">=",
    formula=lam * sp.log(2) / sp.log(1 + gamma),
    mutants=wrong(
        ">=",
        ("relation turned", lam * sp.log(2) / sp.log(1 + gamma), "<="),
        ("natural logarithm", lam * 3 / sp.log(1 + gamma)),
        ("1 dropped", lam * sp.log(2) / sp.log(1 + gamma / 4)),
        ("equality", lam * sp.log(2) / sp.log(1 + gamma), "="),
        ("plus a half", lam * sp.log(2) / sp.log(1 + gamma) + lam * 2),
    ),
    restatement=Restatement(curve.subs(point, sp.Integral(sp.exp(-depth), (depth, 0, sp.oo))), calculus),
    setting="given law",
    samples={"m": ("3/2", "2", "3")},
    note="Before any truncation the mean gain is 1; after one it is larger and the bound holds with that mean in its place.",
)
above = sp.Symbol("e", positive=True)
R12i = Claim(
    label="R12i",
    statement=r"\text{Nakagami } m = 1 + e > 1: \quad \mathbb{E}[1/g] = \int_0^\infty \frac{f(g)}{g}\,dg = \frac{m}{m-1} = \frac{1 + e}{e}",
    left=sp.Integral(nakagami(1 + above) / gain, (gain, 0, sp.oo)),
    steps=derive(
        sp.Integral(nakagami(1 + above) / gain, (gain, 0, sp.oo)),
        ("=", (1 + above) * sp.gamma(above) / sp.gamma(1 + above), "Euler's integral of the gamma function", calculus),
        ("=", (1 + above) / above, "Gamma(m) = (m - 1) Gamma(m - 1)", calculus),
    ),
    relation="=",
    formula=(1 + above) / above,
    mutants=wrong(
        "=",
        ("inverse", above / (1 + above)),
        ("shape for shape less 1", sp.Integer(1)),
        ("m - 1 dropped", 1 + above),
        ("sign", -(1 + above) / above),
        ("second moment", (1 + above) ** 2 / above),
    ),
    restatement=Restatement(1 + 1 / above),
    setting="given law",
    samples={"e": ("1/2", "1", "2")},
)

# -- R13: cures -----------------------------------------------------------------------------------------------------------------
outage = symbol("outage_gain")
R13 = Claim(
    label="R13",
    statement=r"g \ge g_0 > 0 \implies X(g) \le \frac{\lambda}{\log_2(1 + \gamma g_0)}: \text{ an outage threshold bounds the cost}",
    left=unit,
    steps=derive(
        unit,
        ("<=", unit.subs(gain, outage), "a better channel is cheaper", monotone(curve, point, gain, outage)),
    ),
    relation="<=",
    formula=unit.subs(gain, outage),
    mutants=wrong(
        "<=",
        ("relation turned", unit.subs(gain, outage), ">="),
        ("at the mean gain", unit.subs(gain, 1) / 2),
        ("natural logarithm", unit.subs(gain, outage) * sp.log(2)),
        ("equality", unit.subs(gain, outage), "="),
        ("strict", unit.subs(gain, 2 * outage)),
    ),
    restatement=Restatement(curve.subs(point, sp.Integral(1, (depth, 0, outage))), calculus),
    assumptions=(gain >= outage,),
    setting="given law",
    note="So every moment is finite. A rate table, given a nonzero rate, has finitely many unit costs and is bounded likewise.",
)
R13a = Claim(
    label="R13a",
    statement=r"\text{Rayleigh: } \mathbb{E}[g \mid g \ge g_0] = 1 + g_0",
    left=sp.Integral(gain * sp.exp(-gain), (gain, outage, sp.oo)) / sp.Integral(sp.exp(-gain), (gain, outage, sp.oo)),
    steps=derive(
        sp.Integral(gain * sp.exp(-gain), (gain, outage, sp.oo)) / sp.Integral(sp.exp(-gain), (gain, outage, sp.oo)),
        ("=", (1 + outage) * sp.exp(-outage) / sp.exp(-outage), "integration by parts", calculus),
    ),
    relation="=",
    formula=1 + outage,
    mutants=wrong(
        "=",
        ("truncation forgotten", sp.Integer(1)),
        ("sign", 1 - outage),
        ("product", outage),
        ("twice", 1 + 2 * outage),
        ("exponential", sp.exp(outage)),
    ),
    restatement=Restatement(sp.Integral(1, (depth, 0, 1 + outage)), calculus),
    setting="given law",
)
R13b = Claim(
    label="R13b",
    statement=r"\text{mean of two independent Rayleigh branches: } f(g) = 2\int_0^{2g} e^{-x} e^{-(2g - x)} dx = 4g e^{-2g}, \text{ Nakagami } m = 2",
    left=2 * sp.Integral(sp.exp(-depth) * sp.exp(-(2 * gain - depth)), (depth, 0, 2 * gain)),
    steps=derive(
        2 * sp.Integral(sp.exp(-depth) * sp.exp(-(2 * gain - depth)), (depth, 0, 2 * gain)),
        ("=", nakagami(sp.Integer(2)), "the integrand does not depend on x", calculus),
    ),
    relation="=",
    formula=nakagami(sp.Integer(2)),
    mutants=wrong(
        "=",
        ("one branch", nakagami(sp.Integer(1))),
        ("three branches", nakagami(sp.Integer(3))),
        ("sum for mean", gain * sp.exp(-gain)),
        ("factor", 2 * gain * sp.exp(-2 * gain)),
        ("sign of the exponent", 4 * gain * sp.exp(2 * gain)),
    ),
    restatement=Restatement(-2 * gain * sp.Derivative(sp.exp(-2 * gain), gain), calculus),
    setting="given law",
    note="So with at least two branches E[1/g] = 2 and the mean unit cost is finite (R12f, R12i).",
)

# -- R14: truncated channel inversion ------------------------------------------------------------------------------------------------
rate, width, power = symbol("rate_bps"), symbol("link.bandwidth_hz"), symbol("link.transmit_power_w")
beta_t, beta_e = symbol("weights.time_per_s"), symbol("weights.energy_per_j")
needed_power = power * (2 ** (rate / width) - 1) / (gamma * gain)
ground, slope = beta_t / rate, beta_e * power * (2 ** (rate / width) - 1) / (gamma * rate)
R14 = Claim(
    label="R14",
    statement=r"X = \frac{\beta_t + \beta_e P(g)}{r} = \frac{\beta_t}{r} + \frac{\beta_e P_{tx}(2^{r/W} - 1)}{\gamma r}\,\frac1g",
    left=(beta_t + beta_e * needed_power) / rate,
    steps=derive(
        (beta_t + beta_e * needed_power) / rate,
        ("=", ground + slope / gain, "the power that holds the rate is inverse to the gain", algebra),
    ),
    relation="=",
    formula=ground + slope / gain,
    mutants=wrong(
        "=",
        ("gain multiplies", ground + slope * gain),
        ("time dropped", slope / gain),
        ("energy dropped", ground),
        ("sign", ground - slope / gain),
        ("1 added", ground + beta_e * power * (2 ** (rate / width) + 1) / (gamma * rate) / gain),
        ("rate dropped", beta_t + slope / gain),
    ),
    restatement=Restatement((ground * gain + slope) / gain),
    setting="given law",
    samples={"gamma": ("1", "3"), "r": ("1", "3"), "g": ("1/2", "2", "3"), "beta_t": ("1/2", "2"), "W": ("1", "2")},
)
base, factor = sp.Symbol("a", nonnegative=True), sp.Symbol("b", positive=True)
inverted = base + factor / gain
R14a = Claim(
    label="R14a",
    statement=r"X = a + b/g \le x \implies g \ge \frac{b}{x - a} \quad (x > a)",
    left=gain,
    steps=derive(
        gain,
        ("=", factor / (inverted - base), "the unit cost solved for the gain", algebra),
        (">=", factor / (x - base), "it falls in the unit cost", order),
    ),
    relation=">=",
    formula=factor / (x - base),
    mutants=wrong(
        ">=",
        ("sign", factor / (x + base) + 1),
        ("relation turned", factor / (x - base), "<="),
        ("inverted", (x - base) / factor),
        ("b squared", factor**2 / (x - base)),
        ("twice", 2 * factor / (x - base)),
    ),
    restatement=Restatement(-factor / (base - x)),
    assumptions=(x > base, inverted <= x),
    setting="given law",
)
R14b = Claim(
    label="R14b",
    statement=r"X = a + b/g > x \implies g < \frac{b}{x - a} \quad (x > a)",
    left=gain,
    steps=derive(
        gain,
        ("=", factor / (inverted - base), "the unit cost solved for the gain", algebra),
        ("<", factor / (x - base), "it falls strictly in the unit cost", order),
    ),
    relation="<",
    formula=factor / (x - base),
    mutants=wrong(
        "<",
        ("sign", factor / (x + base) / 3),
        ("relation turned", factor / (x - base), ">"),
        ("inverted", (x - base) / factor),
        ("half", factor / (x - base) / 2),
        ("equality", factor / (x - base), "="),
    ),
    restatement=Restatement(-factor / (base - x)),
    assumptions=(x > base, inverted > x),
    setting="given law",
)
R14c = Claim(
    label="R14c",
    statement=r"\text{Rayleigh: } \mathbb{E}[1/g \mid g \ge g_0] = e^{g_0}\int_{g_0}^\infty \frac{e^{-g}}{g}\,dg = e^{g_0} E_1(g_0)",
    left=sp.exp(outage) * sp.Integral(sp.exp(-gain) / gain, (gain, outage, sp.oo)),
    steps=derive(
        sp.exp(outage) * sp.Integral(sp.exp(-gain) / gain, (gain, outage, sp.oo)),
        (
            "=",
            sp.exp(outage) * sp.expint(1, outage),
            "both fall to 0 and have the derivative -exp(-x)/x",
            antiderivative(outage),
        ),
    ),
    relation="=",
    formula=sp.exp(outage) * sp.expint(1, outage),
    mutants=wrong(
        "=",
        ("scale dropped", sp.expint(1, outage)),
        ("sign of the exponent", sp.exp(-outage) * sp.expint(1, outage)),
        ("order 2", sp.exp(outage) * sp.expint(2, outage)),
        ("inverse of the mean", 1 / (1 + outage)),
        ("at the threshold", 1 / outage),
    ),
    restatement=Restatement(sp.expint(1, outage) * (sp.cosh(outage) + sp.sinh(outage))),
    setting="given law",
    note="The mean unit cost is a + b times this.",
)
from_gain = sp.Symbol("y", positive=True)
R14d = Claim(
    label="R14d",
    statement=r"\text{Rayleigh: } \mathbb{E}[X; X \le x \mid g \ge g_0] = e^{g_0}\bigl(a e^{-y} + b E_1(y)\bigr), \quad y = \frac{b}{x - a} \ge g_0",
    left=sp.exp(outage) * sp.Integral(inverted * sp.exp(-gain), (gain, from_gain, sp.oo)),
    steps=derive(
        sp.exp(outage) * sp.Integral(inverted * sp.exp(-gain), (gain, from_gain, sp.oo)),
        (
            "=",
            sp.exp(outage) * (base * sp.exp(-from_gain) + factor * sp.expint(1, from_gain)),
            "both fall to 0 and have the same derivative",
            antiderivative(from_gain),
        ),
    ),
    relation="=",
    formula=sp.exp(outage) * (base * sp.exp(-from_gain) + factor * sp.expint(1, from_gain)),
    mutants=wrong(
        "=",
        ("scale dropped", base * sp.exp(-from_gain) + factor * sp.expint(1, from_gain)),
        ("time dropped", sp.exp(outage) * factor * sp.expint(1, from_gain)),
        ("sign", sp.exp(outage) * (base * sp.exp(-from_gain) - factor * sp.expint(1, from_gain))),
        ("order 2", sp.exp(outage) * (base * sp.exp(-from_gain) + factor * sp.expint(2, from_gain))),
        ("from the outage", sp.exp(outage) * (base * sp.exp(-outage) + factor * sp.expint(1, outage))),
    ),
    restatement=Restatement(base * sp.exp(outage - from_gain) + factor * sp.exp(outage) * sp.expint(1, from_gain)),
    assumptions=(from_gain >= outage,),
    setting="given law",
    samples={"a": ("1/2", "1", "2")},
)
