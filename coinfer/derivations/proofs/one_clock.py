"""Claims about one clock: what sending costs over a channel that moves, and its limits for fast and slow ones (R19)."""

from typing import Any

import sympy as sp

from coinfer.derivations.engine.clock import *
from coinfer.derivations.proofs.notation import *

z = along
lam, rate, cost = sp.symbols("lambda r c", positive=True)  # of the state one is in: left at the rate lambda
inflow = sp.Function("inflow", real=True)  # sum over the other states of the rate to one times the cost from there
eps = Symbol("epsilon", positive=True)


def integrating(curve: sp.Expr, at: sp.Expr, start: Any, fed: Any, drains: sp.Expr, *facts: Fact) -> tuple[Any, ...]:
    """The links that solve curve' = fed - drains curve, by a factor that grows like exp(drains z)."""
    grown, fades = exp(drains * z), exp(-drains * at)
    begun = Lambda(y, start * fades + fades * Integral(y, (z, 0, at)))
    slope, first = Derivative(grown * curve, z), fades * curve.subs(z, 0)
    return (
        eq(
            first + fades * Integral(slope, (z, 0, at)),
            "what it starts from, and the integral of a slope",
            by=fundamental,
        ),
        eq(begun(slope), "what it starts from", *facts),
        eq(
            begun(grown * (drains * curve + Derivative(curve, z).doit())),
            "the slope of a product",
            by=inside_integral(calculus),
        ),
        eq(begun(grown * fed), "what drains cancels", *facts, by=inside_integral(algebra)),
    )


# -- R19: bits are the clock: what a bit more costs from a state, and what an outage costs
first_jump = cost / lam * (1 - exp(-lam * sent / rate)) + Integral(
    exp(-lam * (sent - z) / rate) * inflow(z) / rate, (z, 0, sent)
)
R19 = claim("R19", rate * Derivative(first_jump, sent), setting="given law")(
    r"C(b) = \frac{c}{\lambda}(1 - e^{-\lambda b/r}) + \int_0^b e^{-\lambda(b-z)/r} I(z) \frac{dz}{r} \implies r\,\frac{dC}{db} = c + I(b) - \lambda C(b): \quad R\,\frac{dC}{db} = c + Q C",
    eq(cost + inflow(sent) - lam * first_jump, "Leibniz' rule", by=calculus),
    wrong={"sign of what is left": cost + inflow(sent) + lam * first_jump, "inflow dropped": cost - lam * first_jump}
    | {
        "cost dropped": inflow(sent) - lam * first_jump,
        "rate on the wrong side": (cost + inflow(sent) - lam * first_jump) / rate**2,
    }
    | {"held": cost},
    restated=same(
        inflow(sent) + cost * exp(-lam * sent / rate) - lam * (first_jump - cost / lam * (1 - exp(-lam * sent / rate)))
    ),
    note="The first jump after an exponential time of rate lambda, z bits being left then; a second of the state costs c until it or until all is sent; I(z) is the sum over the other states of the rate to each times the cost of z bits from there, so c + I - lambda C is a row of c + Q C. It holds for every state of every chain.",
    samples={"b": ("1/2", "1", "2")},
)
time = Symbol("t", positive=True)
other = Symbol("I", real=True)
R19a = claim(
    "R19a", Integral(lam * exp(-lam * time) * (cost * time + other / lam), (time, 0, oo)), setting="given law"
)(
    r"C = \int_0^\infty \lambda e^{-\lambda t}\Bigl(ct + \frac{I}{\lambda}\Bigr) dt \implies 0 = c + I - \lambda C \quad \text{in an outage}",
    eq((cost + other) / lam, "an outage lasts 1/lambda in the mean", by=calculus),
    wrong={"length dropped": cost + other, "length of the cost only": cost / lam + other, "sign": (cost - other) / lam}
    | {"second moment": (2 * cost + other) / lam, "cost dropped": other / lam},
    restated=same(cost / lam + other * Integral(exp(-lam * time), (time, 0, oo)), by=calculus),
)
left_cost = -(Q_oo**-1) * (c_o + Q_ou * C_u)  # what an outage costs, once it is eliminated
within = Q_oo**-1 * (Q_oo * C_o + c_o + Q_ou * C_u)  # 0, since outages balance
R19b = claim("R19b", C_o, setting="outages")(
    r"0 = c_o + Q_{oo} C_o + Q_{ou} C_u \implies C_o = (-Q_{oo})^{-1}(c_o + Q_{ou} C_u)",
    eq(within + left_cost, "add and subtract"),
    eq(left_cost, "outages balance (R19a)", "outages"),
    wrong={"sign": -left_cost, "wait dropped": -(Q_oo**-1) * Q_ou * C_u, "length dropped": c_o + Q_ou * C_u}
    | {"what follows dropped": -(Q_oo**-1) * c_o},
    restated=same(-(Q_oo**-1) * Q_ou * C_u - Q_oo**-1 * c_o),
    note="Letters are matrices, whose products do not commute, of any number of states; every outage leads to a usable state, so Q_oo has an inverse.",
)
both_ways, on_the_way = Q_uu - Q_uo * Q_oo**-1 * Q_ou, c_u - Q_uo * Q_oo**-1 * c_o  # eliminated: generator and cost
R19c = claim("R19c", c_u + Q_uu * C_u + Q_uo * C_o, setting="outages")(
    r"c_u + Q_{uu} C_u + Q_{uo} C_o = \tilde c + \tilde Q C_u, \quad \tilde Q = Q_{uu} + Q_{uo}(-Q_{oo})^{-1}Q_{ou},\ \tilde c = c_u + Q_{uo}(-Q_{oo})^{-1}c_o",
    eq(c_u + Q_uu * C_u + Q_uo * left_cost, "what an outage costs (R19b)", R19b),
    eq(on_the_way + both_ways * C_u, "what belongs to C, and what does not"),
    wrong={"sign of the way back": on_the_way + (2 * Q_uu - both_ways) * C_u, "outages dropped": c_u + Q_uu * C_u}
    | {"outages free": c_u + both_ways * C_u, "no way back": on_the_way + Q_uu * C_u},
    restated=same(c_u + Q_uu * C_u - Q_uo * Q_oo**-1 * (Q_ou * C_u + c_o)),
)
faster = {part: eps * part for part in (Q_uu, Q_uo, Q_oo, Q_ou)}
R19d = claim("R19d", (on_the_way + both_ways * C_u).xreplace(faster), setting="outages")(
    r"Q \to \epsilon Q: \quad \tilde Q \to \epsilon\tilde Q, \quad \tilde c \to \tilde c, \quad h = (-Q_{oo})^{-1} c_o \to h/\epsilon",
    eq(on_the_way + eps * both_ways * C_u, "outages that are rarer are longer"),
    wrong={"cost scales": eps * (on_the_way + both_ways * C_u), "nothing scales": on_the_way + both_ways * C_u}
    | {"generator falls": on_the_way + both_ways * C_u / eps, "cost falls": on_the_way / eps + eps * both_ways * C_u},
    restated=same(c_u - Q_uo * Q_oo**-1 * c_o + eps * (Q_uu * C_u - Q_uo * Q_oo**-1 * Q_ou * C_u)),
    note="So the held cost c~/r of a bit contains the outages met on the way, however slow the chain.",
)
product = fading(z) * C_block(z)
R19e = claim("R19e", C_block(sent), setting="outages")(
    r"\frac{dC}{db} = a + AC,\ C(0) = 0 \implies C(b) = e^{Ab}\int_0^b e^{-Az} a\,dz, \quad A = R^{-1}\tilde Q,\ a = R^{-1}\tilde c",
    eq(
        fading(sent) ** -1 * (fading(0) * C_block(0) + Integral(Derivative(product, z), (z, 0, sent))),
        "what it starts from, and the integral of a slope",
        by=fundamental,
    ),
    eq(
        fading(sent) ** -1 * Integral(Derivative(product, z), (z, 0, sent)),
        "no bit costs nothing",
        "no bits, every state",
    ),
    eq(
        fading(sent) ** -1 * Integral(Derivative(product, z).doit(), (z, 0, sent)),
        "the slope of a product",
        by=inside_integral(calculus),
    ),
    eq(
        fading(sent) ** -1 * Integral(fading(z) * per_bit, (z, 0, sent)),
        "the flow cancels (R19, R19c)",
        "a bit more, every state",
        "fading",
        by=inside_integral(algebra),
    ),
    wrong={"factor dropped": Integral(fading(z) * per_bit, (z, 0, sent)), "held": sent * per_bit}
    | {"sign of the exponent": fading(sent) * Integral(fading(z) * per_bit, (z, 0, sent))}
    | {"not summed": fading(sent) ** -1 * per_bit},
    restated=same(
        fading(sent) ** -1
        * Integral(fading(z) * (per_bit + flow * C_block(z)) - fading(z) * flow * C_block(z), (z, 0, sent)),
        by=inside_integral(algebra),
    ),
    note="For every chain, reversible or not. For a left eigenvector y of A with yA = -kappa y R19j says it by numbers.",
    samples={"b": ("1/2", "1", "2"), "A": ("-2", "-1", "-1/2"), "a_u": ("1/2", "1", "2")},
)

# -- R19: fast and slow channels, with any number of states
mean_rate, mean_cost = (Sum(share(i) * part(i), (i, 1, states)) for part in (rate_of, second_of))
TWO = {"S": ("2",), "b": ("1/2", "1", "2"), "i_0": ("1", "2")}
total = Sum(share(i) * rate_of(i) * cost_of(z, i), (i, 1, states))
every = Lambda(y, Integral(Sum(share(i) * y, (i, 1, states)), (z, 0, sent)))
R19f = claim("R19f", total.subs(z, sent), setting="moving channel")(
    r"\sum_i \pi_i r_i C_i(b) = b\,\pi c: \text{ exactly, at any speed, from a start weighted by the rates}",
    eq(total.subs(z, 0) + Integral(Derivative(total, z), (z, 0, sent)), "the integral of a slope", by=fundamental),
    eq(Integral(Derivative(total, z), (z, 0, sent)), "no bit costs nothing", "no bits"),
    eq(every(Derivative(rate_of(i) * cost_of(z, i), z)), "term by term", by=inside_integral(calculus)),
    eq(every(second_of(i) + drift(z, i)), "a bit more (R19)", "a bit more", by=inside_integral(inside_sum(algebra))),
    eq(
        Integral(mean_cost + Sum(share(i) * drift(z, i), (i, 1, states)), (z, 0, sent)),
        "one sum for each",
        by=inside_integral(algebra),
    ),
    eq(
        Integral(mean_cost, (z, 0, sent)),
        "a stationary law has no drift",
        "stationary law",
        by=inside_integral(algebra),
    ),
    eq(sent * mean_cost, "nothing depends on z", by=calculus),
    wrong={"rates dropped": mean_cost, "not weighted": sent * Sum(second_of(i), (i, 1, states))}
    | {"sign": -sent * mean_cost, "per rate": sent * mean_cost / mean_rate},
    restated=same(Sum(sent * share(i) * second_of(i), (i, 1, states))),
    note="Outages have the rate 0 and belong to both sums. drift(z, i) is a row of Q C(z), whose mean under a stationary law is 0 whatever C is.",
    samples=TWO,
)
weighted = Lambda(y, Sum(share(i) * rate_of(i) * y, (i, 1, states)))
from_here = weighted(cost_of(sent, other_state))
R19g = claim("R19g", from_here, setting="moving channel")(
    r"\max_{i,j} |C_i(b) - C_j(b)| \le H \implies C_i(b)\,\pi r \le b\,\pi c + H\,\pi r",
    le(weighted(cost_of(sent, i) + hitting), "hit the other state first", "hit from a state", by=inside_sum(order)),
    eq(weighted(cost_of(sent, i)) + weighted(hitting), "one sum for each"),
    eq(sent * mean_cost + weighted(hitting), "their mean (R19f)", R19f),
    wrong={"no distance": sent * mean_cost, "twice as fast": sent * mean_cost / 2, "equality": "="},
    restated=same(sent * mean_cost + hitting * mean_rate),
    note="From any state another is hit, at a cost of at most H, before what sending costs from there is due. At eps times the speed H is 1/eps times as much, so with R19h the cost tends to b (pi c)/(pi r) from every state, outages and their cost included: on a fast channel there is nothing to wait for.",
    samples=TWO,
)
R19h = claim("R19h", from_here, setting="moving channel")(
    r"\max_{i,j} |C_i(b) - C_j(b)| \le H \implies C_i(b)\,\pi r \ge b\,\pi c - H\,\pi r",
    ge(
        weighted(cost_of(sent, i) - hitting),
        "here is hit from the other state",
        "hitting a state",
        by=inside_sum(order),
    ),
    eq(weighted(cost_of(sent, i)) - weighted(hitting), "one sum for each"),
    eq(sent * mean_cost - weighted(hitting), "their mean (R19f)", R19f),
    wrong={"no distance": sent * mean_cost, "sign": sent * mean_cost + weighted(hitting), "equality": "="},
    restated=same(sent * mean_cost - hitting * mean_rate),
    samples=TWO,
)
dearest = Symbol("x", nonnegative=True)  # the most that a bit costs in any state
held = cost / (eps * lam) * (1 - exp(-eps * lam * sent / rate)) + eps * lam * sent**2 * dearest / rate
R19i = claim("R19i", sp.Limit(held, eps, 0, "+"), setting="given law")(
    r"\lim_{\epsilon \to 0} \Bigl[\frac{c}{\epsilon\lambda}(1 - e^{-\epsilon\lambda b/r}) + \epsilon\lambda x \frac{b^2}{r}\Bigr] = \frac{cb}{r}: \text{ a slow channel is held}",
    eq(cost * sent / rate, "the first jump comes ever later", by=calculus),
    wrong={"rate dropped": cost * sent, "twice": 2 * cost * sent / rate, "nothing": 0, "square": cost * sent**2 / rate}
    | {"inverse": cost / (rate * sent)},
    restated=same(Integral(cost / rate, (z, 0, sent)), by=calculus),
    note="R19's first term is the cost until the first jump; its second is at least 0 and at most eps lambda b/r times b x, where no bit costs more than x: x = 0 here is a bound from below, that x one from above. With outages eliminated c is c~, which R19d shows not to scale.",
    samples={"b": ("1/2", "1", "2")},
)
# a mode: y R C for a row y with y (Q + kappa R) = 0, fed by d = y c a bit; for a reversible chain the modes are all there is
faded = (1 - exp(-drain * sent)) / drain
R19j = claim("R19j", mode(sent), setting="moving channel")(
    r"Y' = d - \kappa Y,\ Y(0) = 0 \implies Y(b) = d\,\frac{1 - e^{-\kappa b}}{\kappa}",
    *integrating(mode(z), sent, 0, feed, drain, "mode at first", "mode later"),
    eq(feed * faded, "the integral of an exponential", by=calculus),
    wrong={"not drained": feed * sent, "sign of the exponent": feed * (exp(drain * sent) - 1) / drain}
    | {"limit": feed / drain, "divisor dropped": feed * drain * faded},
    restated=same(Integral(feed * exp(-drain * z), (z, 0, sent)), by=calculus),
    note="For a reversible chain R^-1 Q has a full set of modes with kappa > 0, but for one with kappa = 0, whose Y(b) = d b is R19f.",
)
R19k = claim("R19k", feed * faded, feed >= 0, setting="given law")(
    r"d\,\frac{1 - e^{-\kappa b}}{\kappa} \le \frac{d}{\kappa}: \text{ at } \epsilon \text{ times the speed every mode but the mean is at most } \frac{d}{\epsilon\kappa}",
    le(feed / drain, "what has faded is less than all"),
    wrong={"held": feed * sent / 2, "faster still": feed / drain**2 / 3, "equality": "=", "half": feed / (2 * drain)},
    restated=same(Integral(feed * exp(-drain * z), (z, 0, oo)), by=calculus),
    samples={"b": ("1/2", "1", "2", "4")},
)
R19l = claim("R19l", sp.Limit(feed * faded.subs(drain, eps * drain), eps, 0, "+"), setting="given law")(
    r"\lim_{\epsilon \to 0} d\,\frac{1 - e^{-\epsilon\kappa b}}{\epsilon\kappa} = d\,b: \text{ on a slow channel a mode is held}",
    eq(feed * sent, "it does not fade", by=calculus),
    wrong={"limit in b": feed / drain, "twice": 2 * feed * sent, "nothing": 0},
    restated=same(Integral(feed, (z, 0, sent)), by=calculus),
    samples={"b": ("1/2", "1", "2")},
)

# -- R19: two states, solved, and the same by the general formula
fed, drained = c_1 / r_1 - c_2 / r_2, q_1 / r_1 + q_2 / r_2
BOTH = ("no bits, state 1", "no bits, state 2"), ("a bit more, state 1", "a bit more, state 2")
apart = fed * faded.subs(drain, drained)
SENT = {"b": ("1/2", "1", "2")}
R19m = claim("R19m", C_1(sent) - C_2(sent), setting="moving channel")(
    r"C_1 - C_2 = \Bigl(\frac{c_1}{r_1} - \frac{c_2}{r_2}\Bigr)\frac{1 - e^{-\kappa b}}{\kappa}, \quad \kappa = \frac{q_1}{r_1} + \frac{q_2}{r_2}",
    *integrating(C_1(z) - C_2(z), sent, 0, fed, drained, *BOTH[0], *BOTH[1]),
    eq(apart, "the integral of an exponential", by=calculus),
    wrong={"held": fed * sent, "sign": -apart, "one way only": fed * faded.subs(drain, q_1 / r_1)}
    | {"chances swapped": fed * faded.subs(drain, q_1 / r_2 + q_2 / r_1)},
    restated=same(Integral(fed * exp(-drained * z), (z, 0, sent)), by=calculus),
    samples=SENT,
)
mix, spent = q_2 * r_1 * C_1(z) + q_1 * r_2 * C_2(z), q_2 * c_1 + q_1 * c_2
R19n = claim("R19n", mix.subs(z, sent), setting="moving channel")(
    r"q_2 r_1 C_1 + q_1 r_2 C_2 = b\,(q_2 c_1 + q_1 c_2)",
    *integrating(mix, sent, 0, spent, sp.Integer(0), *BOTH[0], *BOTH[1]),
    eq(sent * spent, "nothing drains it", by=calculus),
    wrong={"chances swapped": sent * (q_1 * c_1 + q_2 * c_2), "sign": sent * (q_2 * c_1 - q_1 * c_2), "one bit": spent}
    | {"rates dropped": sent * spent / (r_1 * r_2)},
    restated=same(Integral(spent, (z, 0, sent)), by=calculus),
    note="R19f for two states, whose shares are as q_2 to q_1.",
    samples=SENT,
)
both_rates = q_2 * r_1 + q_1 * r_2
solved_1 = (sent * spent + q_1 * r_2 * apart) / both_rates
distance = q_1 * r_2 * (C_1(sent) - C_2(sent)) / both_rates
in_bits = sp.Matrix([[-q_1 / r_1, q_1 / r_1], [q_2 / r_2, -q_2 / r_2]])  # R^-1 Q
slope_1 = ((in_bits * z).exp() * sp.Matrix([c_1 / r_1, c_2 / r_2]))[0]
R19o = claim("R19o", C_1(sent), setting="moving channel")(
    r"C_1 = \frac{b\,(q_2 c_1 + q_1 c_2) + q_1 r_2\,(C_1 - C_2)}{q_2 r_1 + q_1 r_2} = \Bigl[\int_0^b e^{R^{-1}Qz} R^{-1}c\,dz\Bigr]_1",
    eq((mix.subs(z, sent)) / both_rates + distance, "add and subtract"),
    eq(sent * spent / both_rates + distance, "the mean (R19n)", R19n),
    eq(solved_1, "how far the two are apart (R19m)", R19m),
    wrong={"sign of the distance": (sent * spent - q_1 * r_2 * apart) / both_rates, "mean": sent * spent / both_rates}
    | {"held": sent * c_1 / r_1, "state 2": (sent * spent - q_2 * r_1 * apart) / both_rates}
    | {"weight": (sent * spent + q_2 * r_2 * apart) / both_rates},
    restated=same(Integral(slope_1, (z, 0, sent)), by=calculus),
    note="In other words is the general formula of R19e, its matrix exponential worked out by SymPy.",
    samples=SENT,
)
speed = {q_1: eps * q_1, q_2: eps * q_2}
R19p = claim("R19p", sp.Limit(solved_1.subs(speed, simultaneous=True), eps, oo), setting="given law")(
    r"\epsilon \to \infty: \quad C_1 \to b\,\frac{q_2 c_1 + q_1 c_2}{q_2 r_1 + q_1 r_2} = b\,\frac{\pi c}{\pi r}",
    eq(sent * spent / both_rates, "the distance vanishes", by=calculus),
    wrong={
        "held": sent * c_1 / r_1,
        "mean of the bits' costs": sent * (q_2 * c_1 / r_1 + q_1 * c_2 / r_2) / (q_1 + q_2),
    }
    | {"shares swapped": sent * (q_1 * c_1 + q_2 * c_2) / (q_1 * r_1 + q_2 * r_2)},
    restated=same(Integral(spent / both_rates, (z, 0, sent)), by=calculus),
    samples=SENT,
)
R19q = claim("R19q", sp.Limit(solved_1.subs(speed, simultaneous=True), eps, 0, "+"), setting="given law")(
    r"\epsilon \to 0: \quad C_1 \to \frac{b\,c_1}{r_1}",
    eq(sent * c_1 / r_1, "the first state is held", by=calculus),
    wrong={"mean": sent * spent / both_rates, "other state": sent * c_2 / r_2, "rate dropped": sent * c_1},
    restated=same(Integral(c_1 / r_1, (z, 0, sent)), by=calculus),
    samples=SENT,
)
on_link = sent * (c_on + begins * c_off / ends) / r_on
R19r = claim("R19r", C_on(sent), setting="moving channel")(
    r"\text{on-off link:}\quad C_{\mathrm{on}} = \frac{b}{r}\Bigl(c + u\,\frac{c_o}{l}\Bigr), \quad C_{\mathrm{off}} = C_{\mathrm{on}} + h,\ h = \frac{c_o}{l}",
    eq(C_on(0) + Integral(Derivative(C_on(z), z), (z, 0, sent)), "the integral of a slope", by=fundamental),
    eq(Integral(Derivative(C_on(z), z), (z, 0, sent)), "no bit costs nothing", "no bits, on"),
    eq(
        Integral(two_state(c_on, r_on, begins, C_on, C_off), (z, 0, sent)),
        "a bit more (R19)",
        "a bit more, on",
        by=inside_integral(algebra),
    ),
    eq(
        Integral((c_on + begins / ends * c_off) / r_on, (z, 0, sent)),
        "an outage (R19a)",
        "outage",
        by=inside_integral(algebra),
    ),
    eq(on_link, "nothing depends on z", by=calculus),
    wrong={"outages free": sent * c_on / r_on, "outages kept out of it": sent * (c_on + begins * c_off) / r_on}
    | {
        "share of the time": sent * (c_on + c_off * ends / begins) / r_on,
        "one outage": sent * c_on / r_on + c_off / ends,
    },
    restated=same(Integral((c_on * ends + begins * c_off) / (r_on * ends), (z, 0, sent)), by=calculus),
    note="R19c says the same: Q~ = -u + u (1/l) l = 0 and c~ = c + u c_o/l.",
    samples=SENT,
)

# -- R19: the Laplace transform of the time, Phi(b) = E exp(-theta T), for its tails
ends_at = Symbol("nu", positive=True)  # the rate lambda of leaving and the theta of discounting together
seen_first = exp(-ends_at * sent / rate) + Integral(exp(-ends_at * (sent - z) / rate) * inflow(z) / rate, (z, 0, sent))
left_over = inflow(sent) - ends_at * seen_first
R19s = claim("R19s", rate * Derivative(seen_first, sent), setting="given law")(
    r"\Phi(b) = e^{-\nu b/r} + \int_0^b e^{-\nu(b-z)/r} I(z) \frac{dz}{r},\ \nu = \lambda + \theta \implies r\,\frac{d\Phi}{db} = I(b) - (\lambda + \theta)\Phi(b): \quad R\,\frac{d\Phi}{db} = (Q - \theta)\Phi",
    eq(left_over, "Leibniz' rule", by=calculus),
    wrong={"not discounted": inflow(sent), "inflow dropped": left_over - inflow(sent)}
    | {"sign": 2 * inflow(sent) - left_over, "rate on the wrong side": left_over / rate**2},
    restated=same(
        inflow(sent) - ends_at * exp(-ends_at * sent / rate) - ends_at * (seen_first - exp(-ends_at * sent / rate))
    ),
    note="Phi(b) is the mean of exp(-theta T), T the time that b bits take from the state; I is as in R19, of Phi for C.",
    samples=SENT,
)
met = away**-1 * Q_ou * Phi_u
R19t = claim("R19t", (Q_uu - theta) * Phi_u + Q_uo * Phi_o, setting="outages")(
    r"(\theta - Q_{oo})\Phi_o = Q_{ou}\Phi_u \implies (Q_{uu} - \theta)\Phi_u + Q_{uo}\Phi_o = Q_\theta\Phi_u, \quad Q_\theta = Q_{uu} - \theta + Q_{uo}(\theta - Q_{oo})^{-1}Q_{ou}",
    eq((Q_uu - theta) * Phi_u + Q_uo * (away**-1 * (away * Phi_o - Q_ou * Phi_u) + met), "add and subtract"),
    eq((Q_uu - theta) * Phi_u + Q_uo * met, "no bit is sent in an outage (R19s)", "discounted outages"),
    eq((Q_uu - theta + Q_uo * (theta - Q_oo) ** -1 * Q_ou) * Phi_u, "what multiplies the transform", "away"),
    wrong={"at theta 0": (Q_uu - theta - Q_uo * Q_oo**-1 * Q_ou) * Phi_u, "outages dropped": (Q_uu - theta) * Phi_u}
    | {"sign": (Q_uu - theta - Q_uo * (theta - Q_oo) ** -1 * Q_ou) * Phi_u}
    | {"not discounted": (Q_uu + Q_uo * (theta - Q_oo) ** -1 * Q_ou) * Phi_u},
    restated=same(Q_uu * Phi_u - theta * Phi_u + Q_uo * met, "away"),
    note="So outages are eliminated anew at every theta.",
)
