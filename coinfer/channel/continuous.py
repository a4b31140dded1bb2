"""Fading after any continuous distribution of SciPy."""

from math import nan
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from coinfer.channel.base import LEAST_EXPONENT, ScipyFading, refuse_unless
from coinfer.validation import InputError, brief


class Continuous(ScipyFading):
    """Any nonnegative continuous distribution of `scipy.stats` as the law of the gain, which is not renormalised.

    Use it for a fitted law, such as lognormal shadowing; not for samples of the gain themselves (`Empirical`). Raises
    `InputError` where the expected cost is infinite: where P(gain <= g) does not vanish faster than g (R12).

    `Continuous(distribution=scipy.stats.gamma(2, scale=0.5))`, or by name:

    >>> float(Continuous(distribution="gamma", parameters={"a": 2, "scale": 0.5}).distribution_of_gain().mean())
    1.0
    """

    kind: Literal["continuous"] = "continuous"
    distribution: str
    parameters: dict[str, float] = Field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @model_validator(mode="before")
    @classmethod
    def _frozen(cls, data: Any) -> Any:
        """Take a frozen distribution apart into its name and its parameters."""
        frozen: Any = data.get("distribution") if isinstance(data, dict) else None
        if not hasattr(frozen, "dist"):
            return data
        shapes = (frozen.dist.shapes or "").replace(",", " ").split()
        named = dict(zip([*shapes, "loc", "scale"], frozen.args, strict=False)) | frozen.kwds
        return data | {"distribution": frozen.dist.name, "parameters": named}

    @model_validator(mode="after")
    def _usable(self) -> Self:
        law = self.gain_law()
        refuse_unless(law.exponent > LEAST_EXPONENT, f"distribution = {self.distribution!r}")
        return self

    def distribution_of_gain(self) -> Any:
        """The frozen distribution; `InputError` unless it exists, is nonnegative and takes these parameters."""
        import scipy.stats

        family = getattr(scipy.stats, self.distribution, None)
        if not isinstance(family, scipy.stats.rv_continuous):
            raise InputError(f"distribution = {brief(self.distribution)}: should name a continuous law of scipy.stats")
        given = f"parameters = {brief(self.parameters)}"
        try:
            frozen = family(**self.parameters)
            low, high = frozen.support()
        except (TypeError, ValueError):
            low = high = nan
        if not low < high:
            names = ", ".join(filter(None, (family.shapes, "loc", "scale")))
            raise InputError(f"{given}: should be valid values of {names} of scipy.stats.{self.distribution}")
        if low < 0:
            raise InputError(f"{given}: {self.distribution} has support [{low}, {high}]; should be nonnegative")
        return frozen
