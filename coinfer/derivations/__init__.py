"""Derivations that prove themselves: every result the study uses, derived step by step and checked mechanically.

`claims()` lists them in an order in which each rests on earlier ones only; `python -m coinfer.derivations` checks all.
The package knows nothing of the numeric code, so that their agreement in the tests is evidence. The statements and all
notation are this study's own.

How it is built, in `engine`, each part on those before it: `terms` and `reals` know when two expressions are the same
and what z3 derives, `prover` has the rules that prove a step (never by numbers), `integers` those about smallest
minimisers, `model`, `clock` and `definitions` what it may start from; `numbers`, `moving`, `worlds`, `evaluate` and
`search` refute a mutant by exact values (never by the prover); `steps` is what a derivation is made of, `claim` says what
a claim is and when it passes, `writing` how one is written. The claims are in `proofs`, a module for each topic.
"""

from functools import cache
from importlib import import_module

from coinfer.validation import needs

with needs("verify"):
    from coinfer.derivations.engine.claim import Claim
    from coinfer.derivations.engine.steps import Result, Step, Use

__all__ = ["TOPICS", "Claim", "Result", "Step", "Use", "claim", "claims", "labels", "topics"]

TOPICS = {  # each a module of `proofs`, whose docstring begins with the same sentence
    "channel": "Claims about the channel: the threshold in terms of the gain, and which laws have a finite mean (R1, R12 to R14).",
    "stopping": "Claims about rules that stop: the optimal one, look-ahead, and what separates them (R2 to R5, R10).",
    "lookahead": "Claims about look-ahead: its gap to the optimal rule, stage by stage, and the ladder it forms (R15, R17).",
    "placement": "Claims about the large time scale: how many layers to place by 1-sla and by deeper look-ahead (R6, N1).",
    "bracket": "Claims that bracket the optimal rule by what 1-sla knows, and say how the placement moves (R16, R18, N5).",
    "equal_layers": "Claims about 1-sla on equal layers, where the cost of a placement is a geometric series (R7, N4).",
    "many_layers": "Claims about equal layers by the number of stages left: the optimal rule and its limit (R8, R9, R11, R16, N3).",
    "two_states": "Claims about equal layers and a channel with two states, where 1-sla is exactly optimal (R18, N2).",
    "one_clock": "Claims about one clock: what sending costs over a channel that moves, and its limits for fast and slow ones (R19).",
    "fades": "Claims about fades: over a gain that moves, every moment of the time that sending takes is finite (R20).",
    "waiting": "Claims about waiting: when going on can pay at all, over a channel with a memory, and seconds and joules apart (R21, R23).",
    "fixed_costs": "Claims about what sending costs whatever the channel: a round trip, energy a bit, the radio's tail (R24 to R26).",
    "on_off": "Claims about a link that is on or off, equal layers: when to go on, and what a placement costs (R22).",
    "best_placement": "Claims about the best placement itself, an integer: its closed forms, order and statics (R7, R8, R16, R18, R22m, R22n).",
}


@cache
def topics() -> dict[str, tuple[Claim, ...]]:
    """The claims of each topic, each after those it rests on. Raises ValueError if one is not named by its label."""
    seen: set[str] = set()
    by_topic: dict[str, tuple[Claim, ...]] = {}
    for topic in TOPICS:
        names = vars(import_module(f"coinfer.derivations.proofs.{topic}")).items()
        own = {name: each for name, each in names if isinstance(each, Claim) and each.label not in seen}
        for name, each in own.items():
            if name != each.label:
                raise ValueError(f"{topic}.{name}: labelled {each.label}; the name should be the label")
        seen |= own.keys()
        by_topic[topic] = tuple(own.values())
    return by_topic


@cache
def claims() -> tuple[Claim, ...]:
    """Every claim, topic by topic, each after those it rests on. Raises ValueError if one rests on any other."""
    known: dict[Claim, None] = {}
    for each in (each for topic in topics().values() for each in topic):
        for fact in each.cites:
            if fact not in known:
                raise ValueError(f"{each.label}: rests on {fact.label}, which is not registered before it")
        known[each] = None
    return tuple(known)


def labels() -> tuple[str, ...]:
    """The labels of all claims, in the order of `claims`."""
    return tuple(each.label for each in claims())


def claim(label: str) -> Claim:
    """The claim with this label. Raises KeyError naming the label if there is none."""
    return {each.label: each for each in claims()}[label]
