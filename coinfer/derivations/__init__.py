"""Derivations that prove themselves: every result the study uses, derived step by step and checked mechanically.

`claims()` lists them in an order in which each rests on earlier ones only; `python -m coinfer.derivations` checks all.
The package knows nothing of the numeric code, so that their agreement in the tests is evidence. The statements and all
notation are this study's own.

How it is built: `prover` proves a step (SymPy, z3; never numbers), `evaluate` refutes a mutant (exact values; never the
prover), `model` holds the definitions, `engine` what a claim is and when it passes, `typeset` its LaTeX; the claims are
in `stopping`, `lookahead`, `placement`, `bracket`, `equal_layers`, `two_states` and `channel`.
"""

from functools import cache
from importlib import import_module

from coinfer.derivations.engine.claim import (
    FAMILY,
    NUMERICAL,
    PROVED,
    Claim,
    Mutant,
    Restatement,
    Result,
    Step,
    Use,
    use,
)

__all__ = [
    "FAMILY",
    "NUMERICAL",
    "PROVED",
    "Claim",
    "Mutant",
    "Restatement",
    "Result",
    "Step",
    "Use",
    "claim",
    "claims",
    "labels",
    "topics",
    "use",
]

TOPICS = ("channel", "stopping", "lookahead", "placement", "bracket", "equal_layers", "many_layers", "two_states")


@cache
def topics() -> dict[str, tuple[Claim, ...]]:
    """The claims of each topic, each after those it rests on."""
    found: dict[str, Claim] = {}
    by_topic: dict[str, tuple[Claim, ...]] = {}
    for topic in TOPICS:
        module = import_module(f"coinfer.derivations.proofs.{topic}")
        own = {name: each for name, each in vars(module).items() if isinstance(each, Claim) and each.label not in found}
        for name, each in own.items():
            if name != each.label:
                raise ValueError(f"{topic}.{name}: labelled {each.label}; the name should be the label")
        found |= own
        by_topic[topic] = tuple(own.values())
    return by_topic


@cache
def claims() -> tuple[Claim, ...]:
    """Every claim, topic by topic, each after those it rests on."""
    return tuple(each for topic in topics().values() for each in topic)


def labels() -> tuple[str, ...]:
    """The labels of all claims, in the order of `claims`."""
    return tuple(each.label for each in claims())


def claim(label: str) -> Claim:
    """The claim with this label. Raises KeyError naming the label if there is none."""
    return {each.label: each for each in claims()}[label]
