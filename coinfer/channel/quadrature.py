"""Integrals of a function of the gain on the panels of its law."""

from collections.abc import Callable
from math import inf

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from coinfer.channel.gain_law import TO_LEGENDRE, GainLaw
from coinfer.channel.law import Floats


class PartialMeans:
    """E[X(g); g on one side of a gain] for a function X of a gain, with `near_zero` = lim g X(g) for g to 0.

    Where `function` carries an array of shape (B, 1), gains and results have shape (B, n), else (n,).
    """

    def __init__(self, law: GainLaw, function: Callable[[Floats], Floats], near_zero: Floats | float):
        panels = law.panels
        values = function(panels.gains.ravel())
        weighted = values.reshape(*values.shape[:-1], *panels.gains.shape) * panels.weights
        self._law, self._edges = law, panels.edges
        # Legendre coefficients (..., P, NODES+1) of E[X; left end of the panel <= g < gain]
        self._integral = np.asarray(legendre.legint(weighted @ TO_LEGENDRE, lbnd=-1, axis=-1), float)
        self._totals = np.asarray(legendre.legval(1.0, np.moveaxis(self._integral, -1, 0)), float)  # rounded alike
        self._floor = self._below_floor(near_zero)
        # E[X; floor <= g < edge] and E[X; g >= edge] for each edge, (..., P+1)
        self._below_edge = np.insert(np.cumsum(self._totals, axis=-1), 0, 0.0, axis=-1)
        above = np.cumsum(self._totals[..., ::-1], axis=-1)[..., ::-1]
        self._above_edge = np.append(above, np.zeros_like(above[..., :1]), -1)

    @property
    def whole(self) -> Floats | float:
        """E X; of shape (B, 1) for B functions."""
        below = self._floor + self._below_edge[..., -1:]
        return below if below.ndim > 1 else float(below[0])

    def below(self, gain: Floats) -> Floats:
        """E[X; g < gain]."""
        index, part = self._within(gain)
        return _entry(self._below_edge, index) + part + self._floor_share(gain, above=False)

    def above(self, gain: Floats) -> Floats:
        """E[X; g >= gain]."""
        index, part = self._within(gain)
        beyond = _entry(self._above_edge, index + 1) + _entry(self._totals, index) - part
        return beyond + self._floor_share(gain, above=True)

    def _below_floor(self, near_zero: Floats | float) -> Floats | float:
        """E[X; g < floor], where the density is a multiple of g^(alpha-1) and X ~ near_zero / g."""
        law = self._law
        if law.exponent == inf:
            return 0.0
        return near_zero * float(law.density(np.array([law.floor]))[0]) / (law.exponent - 1)

    def _within(self, gain: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The panel each gain falls in, and E[X; panel's left end <= g < gain]."""
        edges = self._edges
        with np.errstate(divide="ignore"):
            log_gain = np.clip(np.log(gain), edges[0], edges[-1])
        index = np.clip(np.searchsorted(edges, log_gain, side="right") - 1, 0, len(edges) - 2)
        left, right = edges[index], edges[index + 1]
        position = ((log_gain - left) - (right - log_gain)) / (right - left)
        shared = self._integral.ndim == 2
        rows = self._integral[index] if shared else np.take_along_axis(self._integral, index[..., None], axis=-2)
        return index, legendre.legval(position, np.moveaxis(rows, -1, 0), tensor=False)

    def _floor_share(self, gain: Floats, *, above: bool) -> Floats | float:
        """E[X; g < floor and g on the given side of `gain`]."""
        if self._law.exponent == inf:
            return 0.0
        with np.errstate(over="ignore", under="ignore"):
            below = np.minimum(gain / self._law.floor, 1) ** (self._law.exponent - 1)
        return self._floor * ((1 - below) if above else below)


def _entry(table: Floats, index: NDArray[np.intp]) -> Floats:
    """Entries of a table with one row, or with a row for each function."""
    return table[index] if table.ndim == 1 else np.take_along_axis(table, index, axis=-1)
