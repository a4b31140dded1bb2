"""What a rule is: its thresholds, what it costs for every placement, and what it does with a channel it sees.

A rule of one's own is one class and no other edit: thresholds are enough. `rules` has those that are known.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Hasty(Rule):
...     '''Stops if sending now costs no more than running the next layer.'''
...     name = "hasty"
...     def thresholds(self, costs, placement):
...         return costs.extra[..., :placement]
>>> import coinfer
>>> coinfer.plan(coinfer.load_scenario("abstract-model"), rule=Hasty()).placement
0
"""

from abc import ABC, abstractmethod
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer import stopping
from coinfer.channel.law import Floats, UnitCostLaw, as_floats
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.cost import Costs
from coinfer.validation import InputError

Stages = NDArray[np.int64]  # where to stop
KNOWN: dict[str, type["Rule"]] = {}  # every rule that is defined, by its name


class Rule(ABC):
    """When to stop, given the costs and a placement. Arrays are those of `stopping`.

    A rule of one's own derives from this class, not from another rule, whose costs would not be those of its thresholds,
    and has a `name` of its own. Raises `InputError` where it is defined otherwise.
    """

    name: ClassVar[str]  # by which `plan` knows it
    commits: ClassVar[bool] = False  # whether all is decided at stage 0, see `chosen_stage`

    def __init_subclass__(cls) -> None:
        name = getattr(cls, "name", None)
        if Rule not in cls.__bases__:
            raise InputError(f"rule = {cls.__name__}: derives from another rule; should derive from Rule itself")
        if not isinstance(name, str) or not name:
            raise InputError(f"rule = {cls.__name__}: has name = {name!r}; should have a name by which plan knows it")
        other = KNOWN.get(name, cls)  # a class that is defined anew takes its own place
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise InputError(f"rule = {cls.__name__}: has name = {name!r}, which is the name of {other.__qualname__}")
        KNOWN[name] = cls

    @abstractmethod
    def thresholds(self, costs: Costs, placement: int) -> Floats:
        """A_0..A_{M-1}: stop at stage n if o_n X_n <= A_n; shape (..., M), or (..., S, M) on a channel with S states."""

    def costs(self, costs: Costs) -> Floats:
        """Expected cost from stage 0 on for every placement M = 0..N; shape (..., N+1)."""
        every = (self.checked_thresholds(costs, m) for m in range(costs.layers + 1))
        return np.stack([stopping.evaluate(costs, a) for a in every], axis=-1)

    def checked_thresholds(self, costs: Costs, placement: int) -> Floats:
        """The thresholds as an array. Raises `InputError` unless there is one, and a number, for each stage before M."""
        a = as_floats("thresholds", self.thresholds(costs, placement))
        if a.shape[-1:] != (placement,) or a.shape[:-1] not in ((), _rows(costs)) or np.isnan(a).any():
            wrong = "nan among them" if np.isnan(a).any() else f"shape {a.shape}"
            states = (
                f", or {_rows(costs)[0]} rows of them, one for each state" if isinstance(costs.law, MovingLaw) else ""
            )
            raise InputError(
                f"rule = {str(self)!r}: gives thresholds with {wrong} for placement M = {placement} of 0..{costs.layers}; "
                f"should be {placement} numbers, one for each stage before it{states}"
            )
        return a

    def chosen_stage(self, costs: Costs, placement: int, unit_cost: Floats, outage_s: ArrayLike) -> Stages:
        """Where a rule that `commits` will stop, having seen unit costs [1/bit] at stage 0; shape of `unit_cost`.

        A unit cost of inf is an outage that has lasted for `outage_s`.
        """
        has = (
            "has no `chosen_stage`; should have one, as it commits"
            if self.commits
            else "decides at every stage, not once for all"
        )
        raise InputError(f"rule = {str(self)!r}: {has}")

    def chosen_stages(self, costs: Costs, placement: int, law: MovingLaw) -> Stages:
        """Where a rule that `commits` will stop for each state at stage 0 of a channel in motion, its own or another; (S,)."""
        return self.chosen_stage(costs, placement, law.unit_costs, law.seen.outage_s)

    def expected(self, costs: Costs, placement: int, priced: Costs) -> float:
        """Expected cost from stage 0 on at other prices, such as seconds, of the stops that it makes at these (R23)."""
        return float(stopping.evaluate(costs, self.checked_thresholds(costs, placement), priced))

    def stop_states(self, costs: Costs, placement: int) -> Floats:
        """The joint law of the stage n = 0..M and the state at which it stops, on a channel in motion; (S, M+1)."""
        return stopping.stop_states(costs, self.checked_thresholds(costs, placement))

    def most_lost(self, costs: Costs, placement: int) -> float:
        """A bound on what it loses against the optimal rule, known without that one; inf if there is none."""
        return inf

    def __str__(self) -> str:
        return self.name


def _rows(costs: Costs) -> tuple[int, ...]:
    """The axes of thresholds before that of the stages: states of a channel in motion, or scenarios at once."""
    if not isinstance(costs.law, UnitCostLaw):
        return moving_law(costs.law).unit_costs.shape
    shapes = np.shape(costs.law.mean), costs.extra.shape, costs.bits.shape
    return np.broadcast_shapes(*(shape[:-1] for shape in shapes))
