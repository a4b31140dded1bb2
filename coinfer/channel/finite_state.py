"""Chains of a few states that are given: gains or rates, and the transitions between them in a step."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from coinfer.channel.base import BaseChannel
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.law import Floats
from coinfer.channel.link_cost import RateCost, ShannonCost
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.outage import OutageKind, Waiting
from coinfer.channel.sending import Drain, Held, Sending, SendingKind
from coinfer.system import Link, Weights
from coinfer.validation import InputError, brief


class FiniteState(BaseChannel):
    """A chain of states with given gains [-], or rates [bit/s], and the transitions between them in a step.

    A layer takes max(1, round(t / step)) steps. A gain or rate of 0 is an outage: the device computes on or waits, a
    step at a time, or, with `outages` "conditional", the chain is conditional on a usable state. Rates do not depend on
    the link; thresholds on the gain are then thresholds on the rate. `initial`, the law at stage 0, is the stationary
    one unless given. `sending` is at the rate "held" from its beginning on, or at the "evolving" one that is expected.

    Use it for a chain fitted to measurements (`Trace.markov`); not for fading known by its law (`Correlated`). Raises
    `InputError`.

    >>> channel = FiniteState(rates_bps=(8e6, 0.0), transitions=((0.9, 0.1), (0.4, 0.6)), step_s=0.1)
    >>> round(channel.usable_probability(Link()), 12)
    0.8
    """

    outages: OutageKind = "wait"
    sending: SendingKind = "held"
    kind: Literal["finite-state"] = "finite-state"
    gains: tuple[float, ...] | None = None
    rates_bps: tuple[float, ...] | None = None
    transitions: tuple[tuple[float, ...], ...]
    step_s: float = Field(gt=0, allow_inf_nan=False, description="duration of a step [s]")
    initial: tuple[float, ...] | None = None

    @field_validator("gains", "rates_bps", "transitions", "initial", mode="before")
    @classmethod
    def _array(cls, values: Any) -> Any:
        return values.tolist() if isinstance(values, np.ndarray) else values

    @model_validator(mode="after")
    def _chain(self) -> Self:
        if (self.gains is None) == (self.rates_bps is None):
            raise InputError("gains and rates_bps: exactly one of them should be given")
        name = "gains" if self.rates_bps is None else "rates_bps"
        values, matrix = self._values, self.transitions
        if not values.size or not np.all(np.isfinite(values)) or np.any(values < 0) or not np.any(values > 0):
            raise InputError(f"{name} = {brief(values.tolist())}: should be finite, nonnegative and not all 0")
        if len(matrix) != values.size or any(len(row) != values.size for row in matrix):
            raise InputError(f"transitions: should be {values.size} rows of {values.size} numbers, as {name} has")
        rows = [("transitions", row) for row in matrix]
        for field_name, row in rows if self.initial is None else [*rows, ("initial", self.initial)]:
            if len(row) != values.size or not np.all(np.isfinite(row)) or min(row) < 0 or abs(sum(row) - 1) > 1e-9:
                raise InputError(f"{field_name} = {brief(row)}: should be {values.size} probabilities with sum 1")
        return self

    @property
    def _values(self) -> Floats:
        return np.array(self.gains if self.rates_bps is None else self.rates_bps)

    def _matrices(self) -> tuple[Floats, Floats]:
        """Transitions (S, S) over a step, and the law (S,) of the first state."""
        matrix = np.array(self.transitions)
        matrix /= matrix.sum(axis=1, keepdims=True)
        return matrix, stationary(matrix) if self.initial is None else np.array(self.initial) / sum(self.initial)

    def usable_probability(self, link: Link) -> float:
        """How often the channel is usable at stage 0."""
        return float(self._matrices()[1][self._values > 0].sum())

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X at stage 0, given a usable state."""
        cost = self._cost(link, weights)
        order, usable, _, initial = self._sorted(cost)
        x = cost.unit_cost(self._values[order[:usable]])
        return DiscreteLaw(x, initial[:usable] / initial[:usable].sum(), cost.gain)

    def law_along(self, link: Link, weights: Weights, durations_s: Floats) -> MovingLaw:
        """The law of X along the layers, outages included unless they are "conditional"."""
        cost = self._cost(link, weights)
        order, usable, step, initial = self._sorted(cost)
        kept = slice(0, usable if self.outages == "conditional" else len(order))
        x = cost.unit_cost(self._values[order[:usable]])[np.minimum(np.arange(len(order)), usable - 1)][kept]
        steps = np.where(durations_s > 0, np.maximum(1, np.rint(durations_s / self.step_s)), 0).astype(np.int64)
        kernels = {n: _conditional(np.linalg.matrix_power(step, int(n))[kept, kept]) for n in np.unique(steps)}
        start = initial[kept] / initial[kept].sum()
        outage = Waiting(usable, step, weights.time_per_s * self.step_s) if usable < len(x) else None
        sender: Sending = Held(x)
        if self.sending == "evolving":
            per_s = RateCost(link, weights).scale
            sender = Drain.of(x, usable, _conditional(step[kept, kept]), self.step_s, start, per_s)
        return MovingLaw(Chain.of(start, np.stack([kernels[n] for n in steps])), sender, outage, cost.gain)

    def _cost(self, link: Link, weights: Weights) -> ShannonCost | RateCost:
        return ShannonCost(link, weights) if self.rates_bps is None else RateCost(link, weights)

    def _sorted(self, cost: ShannonCost | RateCost) -> tuple[NDArray[np.intp], int, Floats, Floats]:
        """States in ascending order of unit cost, how many of them are usable, transitions and initial law in it."""
        with np.errstate(divide="ignore"):
            unit_costs = cost.unit_cost(self._values)
        order = np.argsort(unit_costs, kind="stable")
        usable, (step, initial) = int(np.isfinite(unit_costs).sum()), self._matrices()
        if not initial[order[:usable]].sum() > 0:
            raise InputError(
                "initial: the channel is never usable at stage 0; give at least one usable state a probability"
            )
        return order, usable, step[np.ix_(order, order)], initial[order]


class GilbertElliott(BaseChannel):
    """Two states, good and bad, with the chance of going over to the other one in a step. A bad gain of 0 is an outage.

    Use it for bursts of loss, or for shadowing that comes and goes; it is a `FiniteState` of two, whose `outages` and
    `sending` it shares.

    >>> channel = GilbertElliott(to_bad=0.05, to_good=0.2, step_s=0.05)
    >>> round(channel.usable_probability(Link()), 12)
    0.8
    """

    outages: OutageKind = "wait"
    sending: SendingKind = "held"
    kind: Literal["gilbert-elliott"] = "gilbert-elliott"
    good_gain: float = Field(default=1.0, gt=0, allow_inf_nan=False, description="gain in the good state [-]")
    bad_gain: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="gain in the bad state [-]")
    to_bad: float = Field(gt=0, le=1, description="P(bad after a step | good) [-]")
    to_good: float = Field(gt=0, le=1, description="P(good after a step | bad) [-]")
    step_s: float = Field(gt=0, allow_inf_nan=False, description="duration of a step [s]")

    @property
    def finite_state(self) -> FiniteState:
        """The chain of the two states."""
        return FiniteState(
            gains=(self.good_gain, self.bad_gain),
            transitions=((1 - self.to_bad, self.to_bad), (self.to_good, 1 - self.to_good)),
            step_s=self.step_s,
            outages=self.outages,
            sending=self.sending,
        )

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X at stage 0, given a usable state."""
        return self.finite_state.law(link, weights)

    def law_along(self, link: Link, weights: Weights, durations_s: Floats) -> MovingLaw:
        """The law of X along the layers."""
        return self.finite_state.law_along(link, weights, durations_s)

    def usable_probability(self, link: Link) -> float:
        """How often the channel is usable at stage 0."""
        return self.finite_state.usable_probability(link)


def stationary(transitions: Floats) -> Floats:
    """The stationary law of a chain. Raises `InputError` if there are several."""
    size = len(transitions)
    system = np.concatenate([transitions.T - np.eye(size), np.ones((1, size))])
    law, _, rank, _ = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)
    if rank < size:
        raise InputError("initial: the chain has several stationary laws; give the law of the state at stage 0")
    law = np.maximum(law, 0.0)
    return law / law.sum()


def _conditional(transitions: Floats) -> Floats:
    """Rows rescaled to sum 1."""
    total = transitions.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise InputError(
            "transitions: a usable state leads to outages only; let the device wait for the end of an outage"
        )
    return transitions / total
