"""What the quantities of a channel that moves are in a world: chains of two states, by other routes than the claims.

Chains in continuous time are followed jump by jump at one pace (uniformisation), windows and layers outcome by outcome,
and the optimal rule is found by trying every stop set.
"""

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import count, product
from math import prod
from typing import Any

import mpmath

from coinfer.derivations.engine.numbers import HALVES, NONNEGATIVE, POSITIVE, SIGNED, Atoms, Case, Number, real

Drawn = tuple[Atoms, dict[str, Any]]  # the noise, and the chain
PAIR = (0, 1)


def expected(values: list[Number], leaves: list[Number], length: Number, summed: bool) -> mpmath.mpf:
    """The mean of a value a length after the first of two states was entered, or its integral over that length."""
    here, rates, span = list(map(real, values)), list(map(real, leaves)), real(length)
    pace = sum(rates)
    weight = mpmath.exp(-pace * span)
    left, total = 1 - weight, mpmath.mpf(0)
    for jumps in count(1):
        total += here[0] * (left / pace if summed else weight)
        here = [here[at] + rates[at] / pace * (here[1 - at] - here[at]) for at in PAIR]
        weight *= pace * span / jumps
        if jumps > pace * span and weight < mpmath.eps:
            return total
        left -= weight


def of(world: Case, *names: str) -> list[Number]:
    """Values of a world by their names."""
    return [world.values[name] for name in names]


def two_rates(world: Case, bits: Number, state: int) -> mpmath.mpf:
    """What sending costs from a state, the bits being the clock."""
    rates, costs, leaves = (of(world, f"{name}_1", f"{name}_2")[:: 1 if state == 1 else -1] for name in "rcq")
    per_bit = [cost / rate for cost, rate in zip(costs, rates, strict=True)]
    return expected(per_bit, [leave / rate for leave, rate in zip(leaves, rates, strict=True)], bits, summed=True)


def with_outages(world: Case, bits: Number) -> mpmath.mpf:
    """What sending costs when on: the time it takes, and each number of outages by its chance."""
    rate, cost, outage, begins, ends = map(real, of(world, "r", "c", "c_o", "u", "l"))
    met = begins * real(bits) / rate
    chances = (mpmath.exp(-met) * met**times / mpmath.factorial(times) for times in range(200))
    return sum(chance * (cost * real(bits) / rate + times * outage / ends) for times, chance in enumerate(chances))


def gain_moment(world: Case, time: Number, order: int) -> mpmath.mpf:
    """A moment of the gain a time after it was 0: a Gamma law, the noncentral chi-square one from there."""
    if time == 0:
        return mpmath.mpf(0)
    shape = real(world.values["m"])
    scale = (1 - mpmath.exp(-real(time) / real(world.values["tau"]))) / shape
    density = lambda at: at ** (shape - 1) * mpmath.exp(-at) / mpmath.gamma(shape)  # noqa: E731
    return mpmath.quad(lambda at: (scale * at) ** order * density(at), [0, 1, 4, 16, mpmath.inf])


def power_series(fed: Number, flow: Number, bits: Number) -> mpmath.mpf:
    """The solution of C' = fed + flow C with C(0) = 0 by its power series, for blocks of one state."""
    term, total, grows = real(fed) * real(bits), mpmath.mpf(0), real(flow) * real(bits)
    for order in count(2):
        total, term = total + term, term * grows / order
        if abs(term) <= abs(total) * mpmath.eps and order > abs(grows):
            return total


def at_least(world: Case, state: int, windows: int, need: int) -> Fraction:
    """The chance that so many windows send so many units; each sends 0, 1 or 2, then the state may change."""
    if need <= 0 or windows == 0:
        return Fraction(need <= 0)
    key = ("units", state, windows, need)
    if key not in world.memory:
        units, turns = world.chain["units"][state], world.chain["turns"][state]
        world.memory[key] = sum(
            chance * (turns if after != state else 1 - turns) * at_least(world, after, windows - 1, need - sent)
            for sent, chance in enumerate(units)
            for after in PAIR
        )
    return world.memory[key]


def best_stops(pay: Callable[[dict[Any, bool]], Fraction], places: list[Any]) -> Fraction:
    """The least cost over all stop sets: every way to say at each place whether to stop there."""
    return min(pay(dict(zip(places, stops, strict=True))) for stops in product((True, False), repeat=len(places)))


def optimum(world: Case, stage: int, last: int, state: int) -> Fraction:
    """What the optimal rule pays from a state on where the channel has a memory."""
    send, delta, after = (world.chain[name] for name in ("send", "delta", "next"))

    def pay(stops: dict[Any, bool], here: int, now: int) -> Fraction:
        if here == last or stops[here, now]:
            return send[here, now]
        return delta[here + 1] + world.mean(lambda noise: pay(stops, here + 1, after[now, noise]))

    return best_stops(lambda stops: pay(stops, stage, state), [*product(range(stage, last), PAIR)])


def fold(alone: list[Fraction], fixed: list[Fraction]) -> list[Fraction]:
    """Each layer with what stopping after it costs more, whatever the channel, than stopping before it."""
    later = [cost + after - before for cost, before, after in zip(alone[1:], fixed, fixed[1:], strict=False)]
    return [alone[0], *later]


def with_fixed(world: Case, stage: int, last: int, state: int) -> Fraction:
    """What the optimal rule pays where sending has a fixed cost, too."""
    fixed = world.chain["f"]
    sends = {(here, now): cost + fixed[here] for (here, now), cost in world.chain["send"].items()}
    chain = world.chain | {"send": sends, "delta": world.chain["deltabar"]}
    return optimum(Case(world.values, world.atoms, chain), stage, last, state)


def seen(world: Case, stage: int, last: int, state: int) -> Fraction:
    """The mean of what one layer more saves after the last stage, as an earlier stage sees it."""
    if stage < last:
        return world.mean(lambda noise: seen(world, stage + 1, last, world.chain["next"][state, noise]))
    send, after = world.chain["send"], world.chain["next"]
    later = world.chain["delta"][last + 1] + world.mean(lambda noise: send[last + 1, after[state, noise]])
    return max(send[last, state] - later, Fraction(0))


def paid(world: Case, seconds: Number, joules: Number, stage: int, last: int, state: int) -> Number:
    """The mean, over every path, of what fixed stop sets pay in all, given what a second and a joule cost."""

    def price(kind: str, *at: int) -> Number:
        key = at if kind == "send" else at[0]
        return seconds * world.chain[f"{kind}_s"][key] + joules * world.chain[f"{kind}_j"][key]

    total = Fraction(0)
    for noises in product(world.atoms, repeat=last - stage):
        chance, run, now = Fraction(1), Fraction(0), state
        for here, (noise, _) in enumerate(noises, start=stage):
            stops = world.chain["halt"][here, now]
            total += prod(weight for _, weight in noises) * chance * stops * (run + price("send", here, now))
            chance, run = chance * (1 - stops), run + price("run", here + 1)
            now = world.chain["next"][now, noise]
        total += prod(weight for _, weight in noises) * chance * (run + price("send", last, now))
    return total


def over_link(world: Case, left: int, state: int, ends: list[Fraction]) -> Fraction:
    """The least that so many equal layers left cost; `state` 0 is off, `ends` what each state costs after the last."""
    extra, on, wait, stays, turns = of(world, "delta", "C_1", "h", "a", "eta")

    def pay(stops: dict[Any, bool], here: int, now: int) -> Fraction:
        if here == 0:
            return ends[now]
        if stops[here, now]:
            return on if now else on + wait
        off = turns if now else stays
        return extra + off * pay(stops, here - 1, 0) + (1 - off) * pay(stops, here - 1, 1)

    return best_stops(lambda stops: pay(stops, left, state), [*product(range(1, left + 1), PAIR)])


def sends(world: Case) -> list[Fraction]:
    """What sending costs off and on."""
    on, wait = of(world, "C_1", "h")
    return [on + wait, on]


def stationary(world: Case, value: Callable[[int], Fraction]) -> Fraction:
    """The base and the downloads are paid anyway; the mean of a value over the states of a stationary start."""
    return sum(share * value(state) for state, share in enumerate(world.chain["share"]))


def at_home(world: Case, left: int, state: int) -> Fraction:
    """The same where the result of the last layer stays at home."""
    return over_link(world, left, state, [Fraction(0)] * 2)


def placed_over_link(world: Case, layers: int, cost: Callable[[int], Fraction]) -> Fraction:
    """The ETC of so many equal layers, given what they cost from either state."""
    edge, download, off = of(world, "C_edge", "D", "pi_off")
    return edge + layers * download + off * cost(0) + (1 - off) * cost(1)


def share_of(world: Case, state: int) -> Number:
    """The stationary law of a chain: in continuous time states are 1 and 2, from layer to layer 0 and 1."""
    if "share" in world.chain:
        return world.chain["share"][state]
    leaves = of(world, "q_2", "q_1")
    return leaves[state - 1] / sum(leaves)


POINTS = {"next", "sending", "drift", "waits", "C1", "C2", "Con", "Coff", "gone", "Cu", "fading", "Y", "M1", "M2"}
MOVES: dict[str, Callable[..., Number]] = {
    "sending": lambda world, bits, state: two_rates(world, bits, int(state)),
    "drift": lambda world, bits, state: (
        world.values[f"q_{state}"] * (two_rates(world, bits, 3 - int(state)) - two_rates(world, bits, int(state)))
    ),
    "rate": lambda world, state: world.values[f"r_{state}"],
    "second": lambda world, state: world.values[f"c_{state}"],
    "share": share_of,
    "C1": lambda world, bits: two_rates(world, bits, 1),
    "C2": lambda world, bits: two_rates(world, bits, 2),
    "Con": with_outages,
    "Coff": lambda world, bits: with_outages(world, bits) + real(world.values["c_o"]) / real(world.values["l"]),
    "gone": lambda world, time: expected([1, 0], of(world, "l", "u"), time, summed=False),
    "Cu": lambda world, bits: power_series(world.values["a_u"], world.values["A"], bits),
    "Y": lambda world, bits: power_series(world.values["d"], -world.values["kappa"], bits),
    "fading": lambda world, at: mpmath.exp(-real(world.values["A"]) * real(at)),
    "M1": lambda world, time: gain_moment(world, time, 1),
    "M2": lambda world, time: gain_moment(world, time, 2),
    "sure": lambda world, windows: min(at_least(world, state, windows, windows) for state in PAIR),
    "late": lambda world, blocks, windows: max(1 - at_least(world, state, blocks * windows, windows) for state in PAIR),
    "waits": lambda world, windows, need: max(
        sum(1 - at_least(world, state, past, need) for past in range(int(windows))) for state in PAIR
    ),
    "send": lambda world, stage, state: world.chain["send"][stage, state],
    "next": lambda world, state, noise: Fraction(world.chain["next"][state, noise]),
    "spends": lambda world, *at: paid(world, world.values["beta_t"], world.values["beta_e"], *at),
    "takes": lambda world, *at: paid(world, Fraction(1), Fraction(0), *at),
    "draws": lambda world, *at: paid(world, Fraction(0), Fraction(1), *at),
    **{
        name: lambda world, stage, state, name=name: world.chain[name][stage, state]
        for name in ("halt", "send_s", "send_j")
    },
    **{name: lambda world, stage, name=name: world.chain[name][stage] for name in ("run_s", "run_j")},
    "vs": optimum,
    "vsbar": with_fixed,
    "later": seen,
    "excess": lambda world, stage, state: seen(world, stage, stage, state),
    "Js": lambda world, last: (
        world.values["C_edge"]
        + sum(world.chain["D"][1 : last + 1])
        + stationary(world, lambda state: optimum(world, 0, last, state))
    ),
    "Von": lambda world, left: over_link(world, left, 1, sends(world)),
    "Voff": lambda world, left: over_link(world, left, 0, sends(world)),
    "Uon": lambda world, left: at_home(world, left, 1),
    "Uoff": lambda world, left: at_home(world, left, 0),
    "Jlink": lambda world, layers: placed_over_link(
        world, layers, lambda at: over_link(world, layers, at, sends(world))
    ),
    "Jend": lambda world, layers: placed_over_link(world, layers, lambda at: at_home(world, layers, at)),
}


def root(line: Callable[[Number], Number]) -> Number:
    """Where a straight line is 0, from where it is at two points."""
    zero, one = map(line, PAIR)
    return -zero / (one - zero)


# -- drawing ------------------------------------------------------------------------------------------------------------


def draw_clock(values: dict[str, Number], rng: random.Random) -> Drawn:
    """Rates and costs of two states in continuous time, and what hitting one from the other costs at most."""
    for name in [
        "r_1",
        "r_2",
        "c_1",
        "c_2",
        "q_1",
        "q_2",
        "r",
        "c",
        "c_o",
        "u",
        "l",
        "m",
        "tau",
        "A",
        "a_u",
        "d",
        "kappa",
    ]:
        values.setdefault(name, rng.choice(POSITIVE))
    values["H"] = max(values[f"c_{state}"] / values[f"q_{state}"] for state in (1, 2))
    values["Q_oo"] = -rng.choice(POSITIVE)  # an outage is left
    spent, back, after, seen = (values.setdefault(name, rng.choice(SIGNED)) for name in ("c_o", "Q_ou", "C_u", "Phi_u"))
    values["C_o"] = root(lambda cost: spent + values["Q_oo"] * cost + back * after)
    values["R_oo"] = values.setdefault("theta", rng.choice(POSITIVE)) - values["Q_oo"]
    values["Phi_o"] = root(lambda discounted: values["R_oo"] * discounted - back * seen)
    return (), {}


def draw_windows(values: dict[str, Number], rng: random.Random) -> Drawn:
    """What a window sends from either of two states, and the chance that the state changes after it."""
    weights = [
        [Fraction(rng.choice((0, 1, 2))), Fraction(rng.choice((1, 2))), Fraction(rng.choice((0, 1)))] for _ in PAIR
    ]
    units = [[weight / sum(some) for weight in some] for some in weights]
    values["q"] = min(1 - some[0] for some in units)
    return (), {"units": units, "turns": [Fraction(rng.choice((0, 1, 2)), 2) for _ in PAIR]}


def draw_memory(values: dict[str, Number], rng: random.Random) -> Drawn:
    """Two states, noise that moves them, and what each stage sends, computes and downloads."""
    atoms = tuple((Fraction(noise), Fraction(weight, 6)) for noise, weight in enumerate((1, 2, 3)))
    after = {(state, noise): rng.choice(PAIR) for state in PAIR for noise, _ in atoms}
    turns = [sum(chance for noise, chance in atoms if after[state, noise] != state) for state in PAIR]
    share = [turns[1] / sum(turns), turns[0] / sum(turns)] if sum(turns) else [Fraction(1, 3), Fraction(2, 3)]
    sizes = range(7)
    for name in ("C_edge", "beta_t", "beta_e"):
        values.setdefault(name, rng.choice(POSITIVE))
    places = [*product(sizes, PAIR)]
    return atoms, {
        **{name: {place: rng.choice(NONNEGATIVE) for place in places} for name in ("send_s", "send_j")},
        **{name: [rng.choice(NONNEGATIVE) for _ in sizes] for name in ("run_s", "run_j")},
        "halt": {place: rng.choice(HALVES) for place in places},
        "next": after,
        "share": share,
        "send": {(stage, state): rng.choice(SIGNED) for stage in sizes for state in PAIR},
        "delta": [rng.choice(SIGNED) for _ in sizes],
        "D": [rng.choice(NONNEGATIVE) for _ in sizes],
        "deltabar": [rng.choice(SIGNED) for _ in sizes],
        "f": [rng.choice(NONNEGATIVE) for _ in sizes],
    }


def draw_folded(values: dict[str, Number], rng: random.Random) -> Drawn:
    """The same, the fixed costs of sending folded into the layers."""
    atoms, chain = draw_memory(values, rng)
    return atoms, chain | {"delta": fold(chain["deltabar"], chain["f"])}


def draw_link(values: dict[str, Number], rng: random.Random) -> Drawn:
    """Costs of equal layers over a link that is on or off, and the chances of an outage."""
    for name in ("delta", "C_1", "h", "D", "C_edge"):
        values.setdefault(name, rng.choice(NONNEGATIVE))
    for name in ("a", "eta", "pi_off"):
        values[name] = Fraction(rng.choice((0, 1, 2, 3, 4)), 4)
    return (), {}


DRAWN: dict[str, Callable[[dict[str, Number], random.Random], Drawn]] = {
    "given law": lambda *_: ((), {}),
    "moving channel": draw_clock,
    "outages": draw_clock,
    "windows": draw_windows,
    "memory": draw_memory,
    "memory, fixed costs": draw_folded,
    "on-off link": draw_link,
}
