"""What a world is made of: exact fractions, small, so that zeros and ties are common; and their way to reals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import mpmath

Number = Any  # Fraction or mpmath.mpf
Atoms = tuple[tuple[Fraction, Fraction], ...]  # outcomes of X with their probabilities
POSITIVE = [Fraction(text) for text in ("1/3", "1/2", "2/3", "1", "3/2", "2", "3", "5")]
NONNEGATIVE = [Fraction(0), *POSITIVE]
SIGNED = [Fraction(text) for text in ("-2", "-1", "-1/2", "0", "1/3", "1/2", "1", "2", "3")]
HALVES = [Fraction(0), Fraction(1, 2), Fraction(1)]


def real(number: Number) -> mpmath.mpf:
    """A number to the working precision."""
    return mpmath.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else mpmath.mpf(number)


@dataclass
class Case:
    """Values of the symbols, the law's atoms, the chain by the names in `model`, and what was computed from them."""

    values: dict[str, Number]
    atoms: Atoms = ()
    chain: dict[str, Any] = field(default_factory=dict)
    memory: dict[Any, Number] = field(default_factory=dict)

    def mean(self, outcome: Callable[[Fraction], Number]) -> Number:
        """The expectation of a function of X."""
        return sum(chance * outcome(cost) for cost, chance in self.atoms)
