"""The judge of variants: it looks for a world in which one is false. Sampling can only refute, never prove."""

import random
from collections.abc import Iterator
from contextlib import suppress

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine.evaluate import FALSE_BY, truth, value
from coinfer.derivations.engine.model import FIXED, FOLDED, ONE_FEE
from coinfer.derivations.engine.numbers import Number, real, related
from coinfer.derivations.engine.worlds import CLAIM, RESTATEMENT, Question, World, draw

WORLDS = 800
DIGITS = 20
OWN = {CLAIM, RESTATEMENT}
NO_VALUE = (ZeroDivisionError, IndexError)


def search(asked: Question) -> dict[str, str]:
    """The counterexample to each variant that has one, as text: the values and both sides."""
    against: dict[str, str] = {}
    survived = 0
    with mpmath.workdps(DIGITS):
        for world in worlds(asked):
            try:
                left = value(asked.left, world)
                found = {name: refuted(asked, world, left, name) for name in OWN}
            except NO_VALUE:
                continue
            survived += 1
            for name in asked.variants.keys() - against.keys() - OWN:
                with suppress(*NO_VALUE):
                    found[name] = refuted(asked, world, left, name)
            against = {name: text for name, text in found.items() if text} | against
            enough = survived >= (60 if world.atoms else 8)  # fewer where an integral is evaluated each time
            if CLAIM in against or (enough and asked.variants.keys() - OWN <= against.keys()):
                break
    return against if survived else {CLAIM: "no values at all: the assumptions admit none of the sampled worlds"}


def worlds(asked: Question) -> Iterator[World]:
    """Random worlds that meet the assumptions, always the same ones for the same label."""
    rng, found = random.Random(asked.label), 0
    parts = [asked.left, *(formula for _, formula in asked.variants.values()), *asked.assumptions]
    symbols = sorted(set().union(*(part.free_symbols for part in parts)), key=sp.default_sort_key)
    for _ in range(60 * WORLDS):
        world = draw(asked, symbols, rng)
        try:
            meets = all(truth(assumption, world) for assumption in asked.assumptions)
        except NO_VALUE:
            continue
        if meets:
            found += 1
            yield world
        if found == WORLDS:
            return


def refuted(asked: Question, world: World, left: Number, name: str) -> str | None:
    """The values at which a variant is false, or None if it holds in this world; `left` is what its left side is."""
    relation, formula = asked.variants[name]
    right = value(formula, world)
    scale = max(abs(real(left)), abs(real(right)), mpmath.mpf(1))
    if (mpmath.isinf(scale) and real(left) == real(right)) or related(left, relation, right, FALSE_BY * scale):
        return None
    return f"{describe(asked, world)}: {show(left)} {relation} {show(right)} is false"


def show(number: Number) -> str:
    """A number as a reader wants it: a fraction, or six digits."""
    return mpmath.nstr(number, 6) if isinstance(number, mpmath.mpf) else str(number)


def describe(asked: Question, world: World) -> str:
    """The values of a world that matter to a claim."""
    told = [asked.left, *(formula for name, (_, formula) in asked.variants.items() if name != RESTATEMENT)]
    names = {part.name for side in told for part in side.free_symbols} & world.values.keys() - {"X", "g", "i"}
    parts = [f"{name} = {show(world.values[name])}" for name in sorted(names)]
    if asked.setting in ("chain", FOLDED, FIXED, ONE_FEE) and any(side.has(AppliedUndef) for side in told):
        top = max(int(world.values.get("M", 2)), int(world.values.get("n", 0)), 1) + 2
        of_the_chain = (("o", 0), ("delta", 1), ("D", 1))
        for name, first in of_the_chain if asked.setting == "chain" else (*of_the_chain, ("deltabar", 1), ("f", 0)):
            parts.append(f"{name}_{first}.. = {', '.join(map(show, world.chain[name][first:top]))}")
    if world.atoms and not asked.setting.startswith("two points"):
        parts.append("X = " + ", ".join(f"{show(cost)} w.p. {show(chance)}" for cost, chance in world.atoms))
    return "; ".join(parts)
