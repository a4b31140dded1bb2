"""What a world is made of: exact fractions, small, so that zeros and ties are common; and their way to reals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath

Number = Any  # Fraction or mpmath.mpf
Atoms = tuple[tuple[Fraction, Fraction], ...]  # outcomes of X with their probabilities
POSITIVE = [Fraction(text) for text in ("1/3", "1/2", "2/3", "1", "3/2", "2", "3", "5")]
NONNEGATIVE = [Fraction(0), *POSITIVE]
SIGNED = [Fraction(text) for text in ("-2", "-1", "-1/2", "0", "1/3", "1/2", "1", "2", "3")]
HALVES = [Fraction(0), Fraction(1, 2), Fraction(1)]
RELATED: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda gap, slack: gap < slack,
    "<=": lambda gap, slack: gap <= slack,
    ">": lambda gap, slack: gap > -slack,
    ">=": lambda gap, slack: gap >= -slack,
    "=": lambda gap, slack: abs(gap) <= slack,
    "==": lambda gap, slack: abs(gap) <= slack,
    "!=": lambda gap, slack: not abs(gap) <= slack,
}


def exact(*numbers: Number) -> bool:
    """Whether all numbers are fractions."""
    return all(type(number) is Fraction for number in numbers)


def real(number: Number) -> mpmath.mpf:
    """A number to the working precision."""
    if type(number) is Fraction:
        return quotient(number.numerator, number.denominator, mpmath.mp.prec)
    return number if isinstance(number, mpmath.mpf) else mpmath.mpf(number)


@cache  # the same ones are met again and again
def quotient(above: int, below: int, precision: int) -> mpmath.mpf:
    """A fraction, to that precision, which is the working one."""
    return mpmath.mpf(above) / below


def related(left: Number, relation: str, right: Number, slack: Number) -> bool:
    """Whether left relation right; `slack` is forgiven when the numbers are not exact."""
    if exact(left, right):
        return bool(RELATED[relation](left - right, Fraction(0)))
    return bool(RELATED[relation](real(left) - real(right), real(slack)))


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
