"""What the device may do in an outage, a state in which nothing can be sent: nothing, or wait for its end.

Outage states come after all others. Waiting is a step at a time, and the device may go on after any: it waits where that is
best, as long as it has not reached a usable state or an outage state where going on is better.
"""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, State
from coinfer.channel.motion import Motion, cumulative_table
from coinfer.validation import InputError

Booleans = NDArray[np.bool_]
OutageKind = Literal["conditional", "wait"]  # a channel in no outage, or one that the device sees and may wait for


@dataclass(frozen=True, eq=False)
class NoOutage:
    """Every state can send."""

    usable: int  # S
    waits = False
    cost = 0.0

    def barred(self, sent: Floats, bits: ArrayLike) -> Floats:
        """The cost of sending as it is."""
        return sent

    def waiting(self, sent: Floats, threshold: ArrayLike) -> Booleans:
        """Nowhere."""
        return np.zeros(sent.shape, dtype=bool)

    def settled(self, values: Floats, sent: Floats, threshold: ArrayLike, step_cost: float) -> Floats:
        """The values as they are."""
        return values

    def leaving(self, here: Floats, wait: Booleans) -> Floats:
        """The measure as it is."""
        return here

    def wait(self, rng: np.random.Generator, motion: Motion, state: State, waits: Booleans) -> tuple[State, Floats]:
        """No wait."""
        return state, np.zeros(1)


@dataclass(frozen=True, eq=False)
class Waiting:
    """The last states cannot send. Waiting a step costs, and moves the state.

    Raises `InputError` if a device could wait for ever.
    """

    usable: int  # how many states can send
    step: Floats  # (S, S) transitions over one step of waiting
    cost: float  # of one step: beta_t times its duration
    waits = True

    def __post_init__(self) -> None:
        inside = self.step[self.usable :, self.usable :]
        if np.linalg.cond(np.eye(len(inside)) - inside) > 1e12:
            raise InputError("transitions: an outage state never reaches a usable one; the device would wait for ever")

    @cached_property
    def _step_table(self) -> Floats:
        return cumulative_table(self.step)

    def barred(self, sent: Floats, bits: ArrayLike) -> Floats:
        """The cost (S, n) of sending, but inf in outage states; 0 there if there is nothing to send."""
        never = np.where(np.asarray(bits) > 0, inf, 0.0)
        return np.concatenate([sent[: self.usable], np.broadcast_to(never, sent[self.usable :].shape)])

    def waiting(self, sent: Floats, threshold: ArrayLike) -> Booleans:
        """Whether the device had better wait, where sending costs (S, n) and going on costs A; (S, n)."""
        sent, a = np.broadcast_arrays(sent, np.asarray(threshold, float))
        wait, u = np.zeros(sent.shape, dtype=bool), self.usable
        now = np.minimum(sent, np.maximum(a, -1e300))
        here = wait[u:]
        here[:] = True
        for _ in range(100):  # policy iteration, which ends by itself
            value = self._after(now, wait, self.cost)
            better = (self.cost + self.step[u:] @ value < now[u:]) & (a[u:] > -inf)
            if np.array_equal(better, here):
                break
            here[:] = better
        return wait

    def settled(self, values: Floats, sent: Floats, threshold: ArrayLike, step_cost: float) -> Floats:
        """Values (S, n) seen from the state in which the device arrives, if these are where it decides.

        It waits where that is best, each step at a cost of `step_cost`.
        """
        wait = self.waiting(sent, threshold)
        return self._after(np.where(wait, 0.0, values), wait, step_cost)

    def leaving(self, here: Floats, wait: Booleans) -> Floats:
        """The measure (S,) of the state in which the device decides, from that in which it arrives."""
        if not wait.any():
            return here
        within, away = self._system(wait[:, None])
        u = self.usable
        visits = np.linalg.solve(within[0].T, here[u:])
        waited = np.where(wait[u:], visits, 0.0)
        return np.concatenate([here[:u] + waited @ away, np.where(wait[u:], 0.0, visits)])

    def wait(self, rng: np.random.Generator, motion: Motion, state: State, waits: Booleans) -> tuple[State, Floats]:
        """What is drawn after waiting in the states (S,) that do, and what that cost."""
        state, steps = state.copy(), np.zeros(state.size)
        while (at := np.flatnonzero(waits[motion.state(state)])).size:
            steps[at] += 1
            state[at] = motion.wait(rng, state[at], self._step_table)
        return state, steps * self.cost

    def _after(self, values: Floats, wait: Booleans, cost: float) -> Floats:
        if not wait.any():
            return values
        within, away = self._system(wait)
        u = self.usable
        right = np.where(wait[u:], cost + away @ values[:u], values[u:])
        solved = np.linalg.solve(within, right.T[..., None])[..., 0].T
        return np.concatenate([values[:u], np.where(wait[u:], solved, values[u:])])

    def _system(self, wait: Booleans) -> tuple[Floats, Floats]:
        """I - P within the outage states that wait, one matrix a stage (n, O, O), and P from there on (O, usable)."""
        step, u = self.step, self.usable
        return np.eye(len(step) - u) - wait[u:].T[:, :, None] * step[u:, u:], step[u:, :u]


Outage = NoOutage | Waiting
