"""How the channel moves from stage to stage: a chain of S states."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats, State, as_floats
from coinfer.validation import InputError

States = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Chain:
    """States 0..S-1 along stages 0..N.

    >>> chain = Chain.of(np.array([1.0, 0.0]), np.array([[[0.5, 0.5], [0.0, 1.0]]]))
    >>> chain.expect(np.array([[1.0, 1.0], [3.0, 3.0]]))  # the values at stages 0 and 1, seen from the stage before
    array([[1., 2.],
           [1., 3.]])
    """

    initial: Floats  # (S,) law of the state at stage 0
    kernels: Floats  # (N+1, S, S) from the state at stage n - 1 to that at stage n; all rows of the first are `initial`

    @classmethod
    def of(cls, initial: Floats, transitions: Floats) -> "Chain":
        """From the law (S,) at stage 0 and the transitions (N, S, S) from stage n to n + 1, whose rows have sum 1.

        Raises `InputError` for other shapes or sums.
        """
        p, moves = as_floats("initial", initial), as_floats("transitions", transitions)
        if p.ndim != 1 or moves.ndim != 3 or moves.shape[1:] != (p.size, p.size):
            raise InputError(
                f"transitions: have shape {moves.shape}; should be (N, S, S) for initial of shape {p.shape}"
            )
        for field, rows in (("initial", p), ("transitions", moves)):
            if not np.allclose(rows.sum(axis=-1), 1, rtol=0, atol=1e-9):
                raise InputError(f"{field}: rows have sums from {rows.sum(axis=-1).min():.9g} on; should have sum 1")
        return cls(p, np.concatenate([np.broadcast_to(p, (1, p.size, p.size)), moves]))

    def at(self, stage: int) -> "OneStep":
        """The chain at one stage, which is then in every column."""
        return OneStep(self.initial, self.kernels, stage)

    def expect(self, values: Floats) -> Floats:
        """Expectation of values (S, n) at stages 0..n-1, given the state at the stage before; (S, n)."""
        return (self.kernels[: values.shape[1]] @ values.T[..., None])[..., 0].T

    def arrive(self, leaving: Floats, stage: int) -> Floats:
        """The measure (..., S) of the state at a stage, from that at the stage before."""
        return leaving @ self.kernels[stage]

    @cached_property
    def marginals(self) -> Floats:
        """The law of the state at the stage before each of n = 0..N, at stage 0 for the first; (S, N+1)."""
        laws = [self.initial]
        for stage in range(len(self.kernels) - 1):
            laws.append(self.arrive(laws[-1], stage))
        (found := np.stack(laws, axis=-1)).setflags(write=False)
        return found

    @cached_property
    def _tables(self) -> Floats:
        return cumulative_table(self.kernels)

    def draw(self, rng: np.random.Generator, size: int, stage: int, previous: State | None) -> States:
        """Numbers of states at a stage, given those at the stage before."""
        before = np.zeros(size, dtype=np.intp) if previous is None else previous
        return draw_next(rng, before, self._tables[stage])


@dataclass(frozen=True, eq=False)
class OneStep(Chain):
    """A chain of whose stages one is in every column."""

    stage: int

    def expect(self, values: Floats) -> Floats:
        """Expectation of values (S, n) at the stage, given the state at the stage before; (S, n)."""
        if self.stage:
            return self.kernels[self.stage] @ values
        return np.full(values.shape, self.initial @ values)


def cumulative_table(kernels: Floats) -> Floats:
    """Rows of cumulative probabilities of matrices (..., S, S) laid end to end, one ascending table each; (..., S * S)."""
    rows = np.minimum(np.cumsum(kernels, axis=-1), 1.0)
    rows[..., -1] = 1.0
    size = rows.shape[-1]
    return (rows + np.arange(size, dtype=float)[:, None]).reshape(*rows.shape[:-2], size * size)


def draw_next(rng: np.random.Generator, state: State, table: Floats) -> States:
    """Next states, from a `cumulative_table`."""
    size = round(np.sqrt(table.size))
    at = np.searchsorted(table, state + rng.random(state.size), side="right")
    return np.minimum(at - state * size, size - 1)
