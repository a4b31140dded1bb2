"""Worlds: random concrete cases of the model, in which every quantity has a value.

A world is a law with two or three outcomes and a short chain, all rationals. Every quantity is computed in it from its
meaning (walking over all outcomes, trying every option), in exact fractions and without any of the claims.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, reduce
from itertools import accumulate, product
from math import prod
from typing import Any

import sympy as sp

from coinfer.derivations.engine.model import FIXED, FOLDED, ONE_FEE
from coinfer.derivations.engine.moving import DRAWN, MOVES, POINTS, fold
from coinfer.derivations.engine.numbers import HALVES, NONNEGATIVE, POSITIVE, SIGNED, Atoms, Case, Number

GoesOn = Callable[[int, Fraction], bool]  # a rule: told the stage and what sending costs, whether to go on
CLAIM, RESTATEMENT = "the claim itself", "the restatement"  # the variants of a claim that have to be true
STAGES = 5  # stages a world knows: 0..5


@dataclass(frozen=True)
class Question:
    """What the search is asked about a claim: the statement and its variants, and where they are to hold; no proof."""

    label: str
    left: sp.Expr
    variants: dict[str, tuple[str, sp.Expr]]  # relation and right side, by what is said of it
    assumptions: tuple[Any, ...] = ()
    setting: str = "chain"
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class World(Case):
    """One case; of an independent channel its chain has o, delta, D, f and so on by index, and s, an arbitrary rule.

    What is paid besides o X where one sends is `paid`; it is 0 but in the world `apart`.
    """

    def quantity(self, name: str, *at: Number) -> Number:
        """A quantity of the model at its indices. Raises IndexError if one is not a stage that the world knows."""
        if name in AT_POINTS:
            return MEANING[name](self, *at)
        if any(index.denominator != 1 or not 0 <= index <= (20 if name in ("U", "V") else STAGES) for index in at):
            raise IndexError(name)
        key = (name, *map(int, at))
        if key not in self.memory:
            self.memory[key] = MEANING[name](self, *key[1:])
        return self.memory[key]

    @cached_property
    def mu(self) -> Fraction:
        """The mean unit cost."""
        return self.mean(lambda cost: cost)

    def paths(self, stages: int) -> Iterator[tuple[Fraction, list[Fraction]]]:
        """Every course of the unit cost over so many stages, with its probability."""
        for path in product(self.atoms, repeat=stages):
            yield prod((chance for _, chance in path), start=Fraction(1)), [cost for cost, _ in path]

    def send(self, stage: int, cost: Fraction) -> Fraction:
        """What sending costs at a stage."""
        return self.chain["o"][stage] * cost + self.chain["paid"][stage]

    def walk(self, stage: int, last: int, goes_on: GoesOn) -> Fraction:
        """Expected cost of a rule from a stage on: every path, as far as the rule follows it."""
        total, ways = Fraction(0), [(Fraction(1), Fraction(0))]  # that go on: the chance, and what was run
        for here in range(stage, last + 1):
            sends = [(self.send(here, cost), chance) for cost, chance in self.atoms]
            goes = [here < last and goes_on(here, send) for send, _ in sends]
            stop, on = (
                [each for each, goes_on in zip(sends, goes, strict=True) if goes_on == on] for on in (False, True)
            )
            total += sum(way * chance * (run + send) for way, run in ways for send, chance in stop)
            ways = [(way * chance, run + self.chain["delta"][here + 1]) for way, run in ways for _, chance in on]
        return total

    def reaches(self, stage: int, goes_on: GoesOn) -> Fraction:
        """The probability that a rule reaches a stage: of all paths on which it goes on until then."""
        ways = [Fraction(1)]
        for here in range(stage):
            on = [chance for cost, chance in self.atoms if goes_on(here, self.send(here, cost))]
            ways = [way * chance for way in ways for chance in on]
        return sum(ways, Fraction(0))

    def clairvoyant(self, stage: int, last: int) -> Fraction:
        """Expected cost from a stage on of who knows the whole path in advance."""
        runs = [*accumulate(self.chain["delta"][stage + 1 : last + 1], initial=Fraction(0))]
        sizes = self.chain["o"][stage : last + 1]
        return sum(
            chance * min(run + size * cost for run, size, cost in zip(runs, sizes, costs, strict=True))
            for chance, costs in self.paths(last - stage + 1)
        )

    def best(self, stage: int, last: int) -> Fraction:
        """The least expected cost from a stage on, by comparing both options for each outcome."""
        if stage == last:
            return self.send(stage, self.mu)
        later = self.chain["delta"][stage + 1] + self.quantity("v", stage + 1, last)
        return self.mean(lambda cost: min(self.send(stage, cost), later))

    def arbitrary(self, stage: int, last: int) -> Fraction:
        """Expected cost from a stage on of the rule that stops with the probabilities s."""
        stops = self.chain["s"]
        if stage == last:
            return self.send(stage, self.mu)
        later = self.chain["delta"][stage + 1] + self.arbitrary(stage + 1, last)
        return self.mean(lambda cost: stops[stage, cost] * self.send(stage, cost) + (1 - stops[stage, cost]) * later)

    def bound(self, here: int, depth: int, last: int) -> Fraction:
        """What look-ahead at a stage expects from going on: the best plan of at most `depth` further stages."""
        return self.chain["delta"][here + 1] + self.quantity("v", here + 1, min(here + depth, last))

    def look(self, depth: int, last: int) -> GoesOn:
        """Look-ahead: goes on if sending costs more than it expects from going on."""
        return lambda here, send: send > self.bound(here, depth, last)

    @cached_property
    def dear(self) -> "World":
        """The world with the larger extra costs."""
        return World(self.values, self.atoms, self.chain | {"delta": self.chain["deltahat"]})

    @cached_property
    def apart(self) -> "World":
        """The world in which fixed costs are paid where one sends, and are not folded into the layers."""
        chain = {"delta": self.chain["deltabar"], "paid": self.chain["f"]}
        return World(self.values, self.atoms, self.chain | chain)


def placed(world: World, last: int, depth: int) -> Fraction:
    """The ETC of a placement with look-ahead: the base, the downloads and what the rule pays."""
    downloads = sum(world.chain["D"][1 : last + 1])
    return world.values["C_edge"] + downloads + world.walk(0, last, world.look(depth, last))


def equal_layers(world: World, left: int, ends: Fraction) -> Fraction:
    """The best plan for equal layers, that many stages left, the last of which costs `ends`."""
    o, delta = world.values["o"], world.values["delta"]
    return reduce(lambda later, _: world.mean(lambda cost: min(o * cost, delta + later)), range(left), ends)


def result(world: World) -> Fraction:
    """What sending the result costs on average."""
    return world.values["o_N"] * world.mu


def endless(world: World) -> Fraction:
    """The v with E[(delta + v - oX)^+] = delta > 0: the left side is the largest of its lines, one for each kink."""
    delta, kinks = world.values["delta"], sorted((world.values["o"] * cost, chance) for cost, chance in world.atoms)
    chances = accumulate(chance for _, chance in kinks)
    costs = accumulate(chance * send for send, chance in kinks)
    return min((delta + cost) / chance for cost, chance in zip(costs, chances, strict=True)) - delta


def saving(world: World, stage: int) -> Fraction:
    """What one-stage look-ahead saves at a stage."""
    bound = world.bound(stage, 1, STAGES)
    return world.mean(lambda cost: max(world.chain["o"][stage] * cost - bound, Fraction(0)))


def excess(world: World, cost: Fraction) -> Fraction:
    """What sending costs beyond one more of equal layers."""
    return world.values["o"] * (cost - world.mu) - world.values["delta"]


AT_POINTS = {"F", "s", *POINTS}  # functions of an outcome or a point, not of an index alone
MEANING: dict[str, Callable[..., Number]] = {
    **{
        name: lambda world, index, name=name: world.chain[name][index]
        for name in ("o", "delta", "deltahat", "deltabar", "f", "D")
    },
    **{
        f"{name}hat": lambda world, *at, name=name: world.dear.quantity(name, *at)
        for name in ("v", "u", "pi", "G", "J", "Jopt")
    },
    **{
        f"{name}bar": lambda world, *at, name=name: world.apart.quantity(name, *at)
        for name in ("v", "w", "u", "c", "a", "J", "Jopt")
    },
    "s": lambda world, stage, cost: world.chain["s"][stage, cost],
    "F": lambda world, level: world.mean(lambda cost: cost <= level),
    "v": World.best,
    "w": World.arbitrary,
    "u": lambda world, stage, last: world.walk(stage, last, world.look(1, last)),
    "c": lambda world, stage, depth, last: world.walk(stage, last, world.look(depth, last)),
    "z": World.clairvoyant,
    "a": World.bound,
    "pi": lambda world, stage: world.reaches(stage, world.look(1, STAGES)),
    "r": lambda world, stage, depth, last: world.reaches(stage, world.look(depth, last)),
    "h": lambda world, stage, last: world.reaches(stage, world.look(STAGES, last)),
    "G": saving,
    "J": lambda world, last: placed(world, last, 1),
    "Jk": lambda world, depth, last: placed(world, last, depth),
    "Jopt": lambda world, last: placed(world, last, STAGES),
    "J1": lambda world, last: sum(world.chain["delta"][: last + 1]),
    "J2": lambda world, last: sum(world.chain["delta"][: last + 1]) - sum(world.chain["D"][1 : last + 1]),
    "V": lambda world, left: equal_layers(world, left, world.values["o"] * world.mu),
    "U": lambda world, left: equal_layers(world, left, world.values["delta_N"] + result(world) - world.values["delta"]),
    **MOVES,
}
# symbols that stand for a quantity of the law and the other symbols
MEANING_OF_SYMBOL: dict[str, Callable[[World], Number]] = {
    "mu": lambda world: world.mu,
    "p": lambda world: world.mean(lambda cost: excess(world, cost) > 0),
    "G": lambda world: world.mean(lambda cost: max(excess(world, cost), Fraction(0))),
    "p_0": lambda world: world.mean(
        lambda cost: world.values["o_0"] * cost > world.values["delta_1"] + world.values["o"] * world.mu
    ),
    "v_inf": endless,
    "q": lambda world: world.mean(lambda cost: world.values["o"] * cost >= world.values["delta"] + endless(world)),
}

# -- drawing a world ----------------------------------------------------------------------------------------------------


def draw(asked: Question, symbols: list[sp.Symbol], rng: random.Random) -> World:
    """One world: small numbers, so that zeros, ties and equal values are common."""

    def pool(symbol: sp.Symbol) -> Any:
        if symbol.name in asked.samples:
            return asked.samples[symbol.name]
        if symbol.is_integer:
            return range(1 if symbol.is_positive else 0, 4)
        return POSITIVE if symbol.is_positive else NONNEGATIVE if symbol.is_nonnegative else SIGNED

    values: dict[str, Number] = {symbol.name: Fraction(rng.choice(pool(symbol))) for symbol in symbols}
    for name in sorted(asked.samples.keys() - values.keys()):  # of the law, where no formula shows it
        values[name] = Fraction(rng.choice(asked.samples[name]))
    if asked.setting in DRAWN:
        return World(values, *DRAWN[asked.setting](values, rng))
    values.setdefault("N", Fraction(rng.randint(1, 3)))
    for name in ("o", "delta", "D", "C_edge", "o_N", "o_0", "delta_1", "delta_N", "f"):
        if name not in values:
            values[name] = rng.choice(SIGNED if name.startswith("delta") else POSITIVE)
    atoms = draw_law(asked.setting, values, rng)
    chain: dict[str, Any] = dict(zip(("o", "delta", "D"), draw_chain(asked.setting, values, rng), strict=True))
    chain["deltahat"] = [cost + rng.choice(HALVES) for cost in chain["delta"]]
    chain |= draw_fixed(asked.setting, values, chain, rng)
    chain["s"] = {(stage, cost): rng.choice(HALVES) for stage in range(STAGES + 1) for cost, _ in atoms}
    world = World(values, atoms, chain)
    values |= {name: meaning(world) for name, meaning in MEANING_OF_SYMBOL.items() if name in values}
    return world


def draw_fixed(setting: str, values: dict[str, Number], chain: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Fixed costs of sending, each layer without them and, where they are folded into it, with them."""
    alone, fixed = chain["delta"], [rng.choice(NONNEGATIVE) for _ in chain["delta"]]
    if setting not in (FOLDED, FIXED, ONE_FEE):
        return {"deltabar": chain["deltahat"], "f": fixed, "paid": [Fraction(0)] * len(fixed)}
    if setting == ONE_FEE:
        fixed = [values["f"] if stage < values["N"] else Fraction(0) for stage in range(len(fixed))]
    folded = fold(alone, fixed)
    return {"deltabar": alone, "delta": folded, "f": fixed, "paid": [Fraction(0)] * len(fixed)} | {
        "deltahat": alone if setting == ONE_FEE else [cost + rng.choice(HALVES) for cost in folded]
    }


def draw_law(setting: str, values: dict[str, Number], rng: random.Random) -> Atoms:
    """Outcomes of X with their probabilities."""
    if setting.startswith("two points"):
        return (values["a"], values["alpha"]), (values["b"], 1 - values["alpha"])
    costs = rng.sample(POSITIVE if setting == "monotone case" else NONNEGATIVE, rng.choice((2, 2, 3)))
    weights = [rng.choice((1, 1, 2, 3)) for _ in costs]
    return tuple((cost, Fraction(weight, sum(weights))) for cost, weight in zip(costs, weights, strict=True))


def draw_chain(setting: str, values: dict[str, Number], rng: random.Random) -> tuple[list[Fraction], ...]:
    """What is sent at each stage, the extra cost of each layer and its download."""
    layers = range(STAGES + 1)
    if setting in ("chain", "two costs", FOLDED, FIXED, ONE_FEE):
        return tuple([rng.choice(pool) for _ in layers] for pool in (NONNEGATIVE, SIGNED, NONNEGATIVE))
    if setting == "monotone case":
        far = [Fraction(40 * ((here > values["m"]) - (here < values["m"]))) for here in layers]
        output = [rng.choice(POSITIVE) for _ in layers]
        extra = [Fraction(0), *(rng.choice(SIGNED) + shift for shift in far)]
        return output, extra, [rng.choice(POSITIVE) for _ in layers]
    output, extra, download = ([values[name]] * (STAGES + 1) for name in ("o", "delta", "D"))
    if setting == "own input":
        output, extra = [values["o_0"], *output[1:]], [extra[0], values["delta_1"], *extra[2:]]
    if setting.endswith("own result"):
        output = [*output[: int(values["N"])], *[values["o_N"]] * (STAGES + 1)]
        extra = [*extra[: int(values["N"])], *[values["delta_N"]] * (STAGES + 1)]
    return output, extra, download
