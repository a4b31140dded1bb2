"""Gains with finitely many values: given, or sampled."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import field_validator, model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw, check_atoms
from coinfer.channel.link_cost import ShannonCost
from coinfer.system import Link, Weights


class Discrete(BaseChannel):
    """A gain with finitely many positive values, at a fixed power and Shannon's rate.

    Use it for a few known states that are drawn anew at each stage; not for states that last or end while the device sends
    (`Markov`), nor for rates of a modulation (`RateTable`). Raises `InputError`.

    >>> Discrete(gains=(0.2, 3.0), probabilities=(0.25, 0.75)).usable_probability(Link())
    1.0
    """

    kind: Literal["discrete"] = "discrete"
    gains: tuple[float, ...]
    probabilities: tuple[float, ...]

    @model_validator(mode="after")
    def _atoms(self) -> Self:
        check_atoms("gains", self.gains, self.probabilities)
        return self

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = lambda / log2(1 + gamma g)."""
        gains, probabilities = check_atoms("gains", self.gains, self.probabilities)
        cost = ShannonCost(link, weights)
        return DiscreteLaw(cost.unit_cost(gains), probabilities, cost.gain)

    @staticmethod
    def of_unit_costs(unit_costs: ArrayLike, probabilities: ArrayLike) -> DiscreteLaw:
        """A law given by the unit costs themselves [1/bit], without gains."""
        return DiscreteLaw(unit_costs, probabilities)


class Empirical(BaseChannel):
    """Samples of the gain, all equally likely, at a fixed power and Shannon's rate.

    Use it for samples without an order in time; for a rate over time, read a `Trace`. Raises `InputError`.

    >>> Empirical(gains=np.array([0.5, 1.5])).gains
    (0.5, 1.5)
    """

    kind: Literal["empirical"] = "empirical"
    gains: tuple[float, ...]

    @field_validator("gains", mode="before")
    @classmethod
    def _array(cls, gains: Any) -> Any:
        return gains.tolist() if isinstance(gains, np.ndarray) else gains

    @model_validator(mode="after")
    def _atoms(self) -> Self:
        self._as_discrete()
        return self

    def _as_discrete(self) -> Discrete:
        size = len(self.gains)
        return Discrete(gains=self.gains, probabilities=(1 / size,) * size if size else ())

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = lambda / log2(1 + gamma g)."""
        return self._as_discrete().law(link, weights)
