"""Generators of continuous-time chains: checked, their stationary law, and those of diffusions on cells."""

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats, as_floats
from coinfer.validation import InputError

MOST_STATES = 1024  # of a chain, which is decomposed in a second or two
ROUNDING = 1e-5  # of a row's sum, relative to its diagonal
ROOM = 1e-150  # to what is too large or too small for a float


def checked_generator(rows: ArrayLike, states: int) -> Floats:
    """A generator (S, S) [1/s] whose diagonal is rebuilt, so that rows have sum 0.

    Raises `InputError` for another shape, negative rates of moving, and rows whose sum is off by 1e-5 of the diagonal.
    """
    q = as_floats("generator", rows)
    if q.shape != (states, states):
        raise InputError(f"generator: has shape {q.shape}; should be ({states}, {states}), a row for each of the rates")
    away = q.copy()
    np.fill_diagonal(away, 0.0)
    if not np.all(np.isfinite(q)) or np.any(away < 0):
        worst = q[~np.isfinite(q)] if not np.all(np.isfinite(q)) else away[away < 0]
        raise InputError(
            f"generator = {worst[0]:g} beside the diagonal: rates of moving should be finite and nonnegative"
        )
    sums = q.sum(axis=1)
    if np.any(off := np.abs(sums) > ROUNDING * np.abs(np.diag(q))):
        row = int(np.argmax(off))
        raise InputError(
            f"generator: row {row} has sum {sums[row]:g}; should be 0, the diagonal minus the sum of the others"
        )
    return away - np.diag(away.sum(axis=1))


def check_outages(generator: Floats, usable: np.ndarray) -> None:
    """Raise `InputError` unless every outage leads to a usable state."""
    if not np.all(reached(generator)[:, usable].any(axis=1)):
        raise InputError("generator: an outage never leads to a usable state; the device would wait for ever")


def reached(generator: Floats) -> np.ndarray:
    """Whether state j can be reached from state i; (S, S)."""
    reach = (generator > 0) | np.eye(len(generator), dtype=bool)
    for _ in range(len(generator).bit_length()):
        reach = reach.astype(float) @ reach > 0
    return reach


def stationary(generator: Floats) -> Floats:
    """The stationary law (S,) of a chain. Raises `InputError` if there are several.

    By elimination of one state after the other (Grassmann, Taksar, Heyman 1985), which subtracts nothing.
    """
    reach = reached(generator)
    recurrent = ~np.any(reach & ~reach.T, axis=1)
    inside = np.flatnonzero(recurrent)
    if not np.all(reach[np.ix_(inside, inside)]):
        raise InputError("generator: has several stationary laws; should have one class of states that is never left")
    rates = generator[np.ix_(inside, inside)].copy()
    np.fill_diagonal(rates, 0.0)
    for n in range(len(rates) - 1, 0, -1):
        rates[:n, n] /= rates[n, :n].sum()
        rates[:n, :n] += np.outer(rates[:n, n], rates[n, :n])
    law = np.ones(len(rates))
    for n in range(1, len(rates)):
        law[n] = law[:n] @ rates[:n, n]
        if law[n] > 1 / ROOM:
            law[: n + 1] /= law[n]
    found = np.zeros(len(generator))
    found[inside] = law / law.sum()
    return found


def diffusion_chain(masses: Floats, means: Floats, flux: Floats) -> Floats:
    """The generator (S, S) of a diffusion on a line, in cells: finite volumes with cell means.

    `masses` (S,) and `means` (S,) of the stationary law in each cell, and `flux` (S-1,), half the squared volatility times the
    stationary density at the edges between them. For a linear drift the chain's autocorrelation is the diffusion's (R20).
    """
    between = flux / np.diff(means)
    up, down = between / masses[:-1], between / masses[1:]
    q = np.diag(up, 1) + np.diag(down, -1)
    return q - np.diag(q.sum(axis=1))
