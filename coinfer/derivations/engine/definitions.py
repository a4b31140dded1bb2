"""All that a derivation may start from: the model of independent costs of stopping, and the one with one clock."""

import sympy as sp

from coinfer.derivations.engine import clock, model

DEFINITIONS = model.DEFINITIONS | clock.ONE_CLOCK
SETTINGS = model.SETTINGS | {name: {"given law", name} for name in clock.PROCESSES}
INTRODUCED = {each.left.func for each in clock.ONE_CLOCK.values() if each.setting in clock.INTRODUCING}


def derived(expression: sp.Basic) -> set[sp.Basic]:
    """The quantities in an expression that a definition introduces; what is left is given: the chain and the law."""
    ours = {part for part in sp.preorder_traversal(expression) if part.func in INTRODUCED - {sp.Sum}}
    return ours | model.derived(expression)
