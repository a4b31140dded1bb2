"""All that a derivation may start from: the model of independent costs of stopping, and the one with one clock."""

from functools import cache

import sympy as sp
from sympy.core.function import AppliedUndef

from coinfer.derivations.engine import clock, model

DEFINITIONS = model.DEFINITIONS | clock.ONE_CLOCK
SETTINGS = model.SETTINGS | clock.PROCESSES
INTRODUCED = {part.func for each in clock.ONE_CLOCK.values() for part in each.left.atoms(AppliedUndef)} - clock.GIVEN
TWO_POINT_LAW = {model.alpha, model.low, model.high}


@cache
def constants(setting: str) -> set[sp.Basic]:
    """What is not free where a setting's definitions hold: they say something of it, and not for all its values.

    Free is what stands in a definition as a function's argument, as n and M in v(n, M).
    """
    pinned = TWO_POINT_LAW if setting.startswith("two points") else set[sp.Basic]()
    for each in DEFINITIONS.values():
        if each.setting in SETTINGS[setting]:
            arguments = sp.Tuple(*(part for call in each.left.atoms(AppliedUndef) for part in call.args))
            pinned = pinned | sp.Tuple(each.left, each.right, *each.when).free_symbols - arguments.free_symbols
    return pinned


def derived(expression: sp.Basic) -> set[sp.Basic]:
    """The quantities in an expression that a definition introduces; what is left is given: the chain and the law."""
    ours = {part for part in sp.preorder_traversal(expression) if part.func in INTRODUCED or part in clock.UNKNOWN}
    return ours | model.derived(expression)
