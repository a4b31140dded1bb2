"""Channels: the law of the fading gain, and the law of the unit cost X that it induces on a link.

Every law is conditional on the channel being usable: the wait for a usable channel is not part of the model, and
`usable_probability` says how often it is usable. The mean SNR is that before conditioning, and a user's gains are
never renormalised. Two independent diversity branches with maximum-ratio combining are Nakagami fading with m = 2.
"""

from abc import abstractmethod
from functools import lru_cache
from math import inf, log, nan, pi
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, field_validator, model_validator

from coinfer.channel.fading import FadingLaw, GainLaw, InversionLaw, rayleigh
from coinfer.channel.law import DiscreteLaw, Floats, UnitCostLaw, check_atoms
from coinfer.channel.memory import (
    JAKES_ARGUMENT,
    UnboundLaw,
    chain_law,
    gamma_process_law,
    power_correlation,
    stationary,
)
from coinfer.quantities import field
from coinfer.system import LIGHT_SPEED_M_PER_S, Link, Weights
from coinfer.validation import InputError, Model, brief

LN2 = log(2)

# CQI table 7.2.3-1 of 3GPP TS 36.213, in bit/s/Hz
CQI_EFFICIENCIES = (
    0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141,
    2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547,
)  # fmt: skip
# SNR at which each CQI becomes usable, in dB: VSB - Technical University of Ostrava, QualMob, "SINR and CQI mapping table"
CQI_SNR_DB = (-6.7, -4.7, -2.3, 0.2, 2.4, 4.3, 5.9, 8.1, 10.3, 11.7, 14.1, 16.3, 18.7, 21.0, 22.7)

INFINITE_COST = (
    "the expected cost of sending over this fading at a fixed power is infinite (R12): the gain is too often almost 0; "
    "cures: an outage_gain > 0, Nakagami with m > 1, two diversity branches (Nakagami with m = 2), a RateTable, an "
    "Empirical law, or TruncatedInversion"
)


LEAST_EXPONENT = 1 + 1e-6  # of the CDF of the gain at 0; closer to 1, the mean cannot be told from infinity


def unit_cost_scale(link: Link, weights: Weights) -> float:
    """The unit cost at a spectral efficiency of 1 bit/s/Hz, lambda [1/bit]."""
    return (weights.time_per_s + weights.energy_per_j * link.transmit_power_w) / link.bandwidth_hz


class ShannonCost:
    """X = lambda / log2(1 + gamma g) of a fixed power at Shannon's rate, and its inverse (R1)."""

    def __init__(self, link: Link, weights: Weights):
        self.scale, self.mean_snr = unit_cost_scale(link, weights), link.mean_snr

    def unit_cost(self, gain: Floats) -> Floats:
        """X [1/bit] at each gain."""
        return self.scale * LN2 / np.log1p(self.mean_snr * gain)

    def gain(self, unit_cost: Floats) -> Floats:
        """The smallest gain at which X <= x: inf (never) for x <= 0, 0 (always) for x = inf."""
        x = np.asarray(unit_cost, float)
        with np.errstate(over="ignore"):
            exponent = np.divide(1.0, x, out=np.full(x.shape, inf), where=x > 0) * (self.scale * LN2)
            return np.expm1(exponent) / self.mean_snr


class RateCost:
    """X = (beta_t + beta_e P_tx) / rate of a rate that is given, and its inverse: thresholds on a "gain" in bit/s."""

    def __init__(self, link: Link, weights: Weights):
        self.scale = unit_cost_scale(link, weights) * link.bandwidth_hz

    def unit_cost(self, rate_bps: Floats) -> Floats:
        """X [1/bit] at each rate."""
        return self.scale / rate_bps

    def gain(self, unit_cost: Floats) -> Floats:
        """The smallest rate [bit/s] at which X <= x: inf (never) for x <= 0, 0 (always) for x = inf."""
        x = np.asarray(unit_cost, float)
        return np.divide(self.scale, x, out=np.full(x.shape, inf), where=x > 0)


class BaseChannel(Model):
    """What every channel offers."""

    broadcasts: ClassVar[bool] = False  # whether `law` takes links and weights whose numbers are columns (B, 1)

    @abstractmethod
    def law(self, link: Link, weights: Weights) -> UnitCostLaw:
        """The law of X on a link."""

    def usable_probability(self, link: Link) -> float:
        """How often the channel is usable; the law is conditional on it."""
        return 1.0


class Fading(BaseChannel):
    """A continuous law of the gain, used at a fixed power and Shannon's rate, at or above `outage_gain`."""

    broadcasts = True

    outage_gain: float = Field(
        default=0.0, ge=0, allow_inf_nan=False, title="g_0", description="lowest usable gain [-]"
    )

    @abstractmethod
    def gain_law(self) -> GainLaw:
        """The law of the gain, conditional on the channel being usable."""

    def law(self, link: Link, weights: Weights) -> FadingLaw:
        """The law of X = lambda / log2(1 + gamma g)."""
        cost = ShannonCost(link, weights)
        return FadingLaw(cached_gain_law(self), cost.unit_cost, cost.gain, cost.scale * LN2 / cost.mean_snr)


class Rayleigh(Fading):
    """Rayleigh fading: the gain is exponential of mean 1, used only at or above `outage_gain` > 0 (R12, R13)."""

    kind: Literal["rayleigh"] = "rayleigh"

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        refuse_unless(self.outage_gain > 0, f"outage_gain = {self.outage_gain!r}")
        check_usable(self.outage_gain, float(np.exp(-self.outage_gain)))
        return self

    def gain_law(self) -> GainLaw:
        """Exponential, from the outage gain on."""
        return rayleigh(self.outage_gain)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(np.exp(-self.outage_gain))


class ScipyFading(Fading):
    """Fading whose gain follows a law of `scipy.stats`."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.outage_gain > 0:
            check_usable(self.outage_gain, float(self.distribution_of_gain().sf(self.outage_gain)))
        return self

    @abstractmethod
    def distribution_of_gain(self) -> Any:
        """The frozen distribution before conditioning."""

    def gain_law(self) -> GainLaw:
        """The distribution, conditional on the gain being at least the outage gain."""
        return conditional_gain_law(self.distribution_of_gain(), self.outage_gain)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(self.distribution_of_gain().sf(self.outage_gain))


class Nakagami(ScipyFading):
    """Nakagami-m fading: the gain is Gamma(m) of mean 1. Needs m > 1 or an outage gain (R12)."""

    kind: Literal["nakagami"] = "nakagami"
    m: float = Field(ge=0.5, le=1e6, allow_inf_nan=False, description="shape m [-]; 1 is Rayleigh fading")

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        finite = self.m > LEAST_EXPONENT or self.outage_gain > 0
        refuse_unless(finite, f"m = {self.m!r} with outage_gain = {self.outage_gain!r}")
        return self

    def distribution_of_gain(self) -> Any:
        """Gamma(m) of mean 1."""
        from scipy.stats import gamma

        return gamma(self.m, scale=1 / self.m)


class Rician(ScipyFading):
    """Rician fading with factor k, the power of the line of sight over the scattered power. Needs an outage gain (R12)."""

    kind: Literal["rician"] = "rician"
    k: float = Field(ge=0, le=1e6, allow_inf_nan=False, description="Rician factor [-]; 0 is Rayleigh fading")

    @model_validator(mode="after")
    def _finite_cost(self) -> Self:
        refuse_unless(self.outage_gain > 0, f"k = {self.k!r} with outage_gain = {self.outage_gain!r}")
        return self

    def distribution_of_gain(self) -> Any:
        """Noncentral chi-square with 2 degrees of freedom, scaled to mean 1."""
        from scipy.stats import ncx2

        return ncx2(2, 2 * self.k, scale=1 / (2 * (1 + self.k)))


class Continuous(ScipyFading):
    """Any nonnegative continuous distribution of `scipy.stats` as the law of the gain, which is not renormalised.

    `Continuous(distribution=scipy.stats.gamma(2, scale=0.5))`, or by name:
    `Continuous(distribution="gamma", parameters={"a": 2, "scale": 0.5})`.
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
            raise InputError(f"distribution = {self.distribution!r}: should name a continuous law of scipy.stats")
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


class Discrete(BaseChannel):
    """A gain with finitely many positive values, at a fixed power and Shannon's rate."""

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
    """Measured gains, all equally likely, at a fixed power and Shannon's rate."""

    kind: Literal["empirical"] = "empirical"
    gains: tuple[float, ...]

    @field_validator("gains", mode="before")
    @classmethod
    def _array(cls, gains: Any) -> Any:
        return tuple(gains.tolist()) if isinstance(gains, np.ndarray) else gains

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


class RateTable(BaseChannel):
    """Finitely many rates: spectral efficiency k is used from SNR k on, and below the first nothing can be sent.

    The gain is that of Nakagami-m fading (m = 1: Rayleigh). The law is conditional on a nonzero rate, which makes the
    mean finite whatever m (R13). Default: the CQI table of 3GPP TS 36.213 (see `CQI_EFFICIENCIES`, `CQI_SNR_DB`).
    """

    kind: Literal["rate-table"] = "rate-table"
    efficiencies: tuple[float, ...] = CQI_EFFICIENCIES
    snr_db: tuple[float, ...] = CQI_SNR_DB
    m: float = Field(default=1.0, ge=0.5, le=1e6, allow_inf_nan=False, description="Nakagami shape [-]; 1 is Rayleigh")

    @model_validator(mode="after")
    def _table(self) -> Self:
        for name in ("efficiencies", "snr_db"):
            values = np.asarray(getattr(self, name))
            if not np.all(np.isfinite(values)) or np.any(np.diff(values) <= 0) or not values.size:
                raise InputError(f"{name} = {brief(values.tolist())}: should be finite, ascending and not empty")
        if len(self.efficiencies) != len(self.snr_db):
            raise InputError(
                f"snr_db: {len(self.snr_db)} given for {len(self.efficiencies)} efficiencies; should be one each"
            )
        if self.efficiencies[0] <= 0:
            raise InputError(f"efficiencies = {brief(self.efficiencies)}: should be positive")
        return self

    def _switching_gains(self, link: Link) -> Floats:
        return 10 ** (np.asarray(self.snr_db) / 10) / link.mean_snr

    def usable_probability(self, link: Link) -> float:
        """P(the rate is not zero)."""
        from scipy.special import gammaincc

        return float(gammaincc(self.m, self.m * self._switching_gains(link)[0]))

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = (beta_t + beta_e P_tx) / (W efficiency)."""
        from scipy.special import gammaincc

        gains = self._switching_gains(link)
        beyond = np.append(gammaincc(self.m, self.m * gains), 0.0)
        if not beyond[0] > 0:
            raise InputError(
                f"link.mean_snr = {link.mean_snr!r}: is so low that no rate of the table is ever usable; raise it"
            )
        unit_costs = unit_cost_scale(link, weights) / np.asarray(self.efficiencies)

        def smallest_gain(x: Floats) -> Floats:
            """The switching point of the first rate that is cheap enough: inf if none is, 0 for x = inf."""
            first = np.searchsorted(-unit_costs, -x, side="left")
            return np.where(np.isinf(x) & (x > 0), 0.0, np.append(gains, inf)[first])

        return DiscreteLaw(unit_costs, -np.diff(beyond) / beyond[0], smallest_gain)


class TruncatedInversion(BaseChannel):
    """Rayleigh fading; the power is set to reach a fixed rate, above an outage gain: X = a + b / g (R14)."""

    broadcasts = True

    kind: Literal["truncated-inversion"] = "truncated-inversion"
    rate_bps: float = field("rate_bps")
    outage_gain: float = field("outage_gain")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        check_usable(self.outage_gain, float(np.exp(-self.outage_gain)))
        return self

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return float(np.exp(-self.outage_gain))

    def law(self, link: Link, weights: Weights) -> InversionLaw:
        """The law of X = beta_t / r + beta_e P(g) / r."""
        with np.errstate(over="ignore"):
            snr = np.expm1(self.rate_bps / link.bandwidth_hz * LN2)  # needed at the edge for this rate
        inverse = weights.energy_per_j * link.transmit_power_w * snr / (link.mean_snr * self.rate_bps)
        if not np.all(np.isfinite(inverse)):
            raise InputError(
                f"rate_bps = {self.rate_bps!r}: needs an infinite power in {link.bandwidth_hz!r} Hz; lower it"
            )
        return InversionLaw(weights.time_per_s / self.rate_bps, inverse, self.outage_gain)


class Rates(BaseChannel):
    """Rates [bit/s] that the device is given, whatever the link: only the transmit power of the link matters.

    Thresholds on the gain are then thresholds on the rate, in bit/s. `usable` is how often there is a rate at all.
    """

    kind: Literal["rates"] = "rates"
    rates_bps: tuple[float, ...]
    probabilities: tuple[float, ...]
    usable: float = Field(default=1.0, gt=0, le=1, description="how often the rate is not zero [-]")

    @model_validator(mode="after")
    def _atoms(self) -> Self:
        check_atoms("rates_bps", self.rates_bps, self.probabilities)
        return self

    def usable_probability(self, link: Link) -> float:
        """P(the rate is not zero)."""
        return self.usable

    def law(self, link: Link, weights: Weights) -> DiscreteLaw:
        """The law of X = (beta_t + beta_e P_tx) / rate."""
        rates, probabilities = check_atoms("rates_bps", self.rates_bps, self.probabilities)
        cost = RateCost(link, weights)
        return DiscreteLaw(cost.unit_cost(rates), probabilities, cost.gain)


class Correlated(BaseChannel):
    """A fading gain that evolves while a layer runs: a Gamma process, whose amplitudes are Rayleigh or Nakagami.

    The coherence time, at which the autocorrelation of the power gain falls to 1/e, is given, or follows from a speed
    and the link's carrier by Jakes' model. An "exponential" `correlation` is the same for a layer and for its parts;
    "jakes" (J0 squared) is right for one step only. The gain is quantised in `states`.

    `outages`: "conditional" on a usable channel, as without memory; or "wait": the device sees the outage, and computes
    on or waits, a step of `wait_step_s` (default: a tenth of the coherence time) at a time. `sending`: at the rate that is
    "held" from its beginning on, or at the "evolving" rate that is to be expected, which accounts for the drain.
    """

    kind: Literal["correlated"] = "correlated"
    base: Annotated[Rayleigh | Nakagami | TruncatedInversion, Field(discriminator="kind")]
    coherence_time_s: float | None = Field(default=None, gt=0, description="coherence time of the power gain [s]")
    speed_m_per_s: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="speed of the device [m/s]"
    )
    correlation: Literal["exponential", "jakes"] = "exponential"
    outages: Literal["conditional", "wait"] = "conditional"
    wait_step_s: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="a step of waiting [s]")
    sending: Literal["held", "evolving"] = "held"
    states: int = Field(default=64, ge=2, le=1024, description="states of the quantised gain [-]")

    def __init__(self, base: Any = None, **fields: Any) -> None:
        super().__init__(**fields if base is None else {"base": base, **fields})

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.coherence_time_s is None) == (self.speed_m_per_s is None):
            raise InputError(
                f"coherence_time_s = {self.coherence_time_s!r} and speed_m_per_s = {self.speed_m_per_s!r}: "
                "exactly one of them should be given"
            )
        if self.outages == "wait" and self.wait_step_s is None and self.coherence_time_s == inf:
            raise InputError("wait_step_s: required if the coherence time is infinite, but not given")
        if self.sending == "evolving" and (self.coherence_time_s == inf or self.base.kind == "truncated-inversion"):
            raise InputError("sending = 'evolving': needs a finite coherence time, and a fixed power")
        return self

    def coherence_s(self, link: Link) -> float:
        """The coherence time [s] on a link."""
        if self.coherence_time_s is not None:
            return self.coherence_time_s
        assert self.speed_m_per_s is not None
        doppler_hz = self.speed_m_per_s * link.carrier_hz / LIGHT_SPEED_M_PER_S
        return JAKES_ARGUMENT / (2 * pi * doppler_hz)

    def usable_probability(self, link: Link) -> float:
        """P(g >= g_0)."""
        return self.base.usable_probability(link)

    def law(self, link: Link, weights: Weights) -> UnboundLaw:
        """The law of X on the quantised gain, which has memory along the layers of a scenario."""
        base, coherence_s = self.base.law(link, weights), self.coherence_s(link)
        step_s = self.wait_step_s or coherence_s / 10
        return gamma_process_law(
            base,
            base.unit_cost,
            m=getattr(self.base, "m", 1.0),
            outage_gain=self.base.outage_gain,
            states=self.states,
            correlation=lambda t: power_correlation(t, coherence_s, self.correlation),
            wait=(step_s, weights.time_per_s * step_s) if self.outages == "wait" else None,
            drain=(coherence_s / 20, RateCost(link, weights).scale) if self.sending == "evolving" else None,
        )


class Chain(BaseChannel):
    """What the channels share that are given as a chain of states with a step in seconds."""

    outages: Literal["conditional", "wait"] = "wait"
    sending: Literal["held", "evolving"] = "held"

    @abstractmethod
    def chain(self, cost: "ShannonCost", rates: "RateCost") -> tuple[Floats, Floats, Floats, Any]:
        """Unit costs (S,), inf in an outage, transitions (S, S), the law (S,) at stage 0, and the inverse of the cost."""

    def law(self, link: Link, weights: Weights) -> UnboundLaw:
        """The law of X in a usable state, which has memory along the layers of a scenario."""
        unit_costs, transitions, initial, gain_at = self.chain(ShannonCost(link, weights), RateCost(link, weights))
        waits = weights.time_per_s if self.outages == "wait" else None
        step_s = self.step_s  # type: ignore[attr-defined]
        return chain_law(
            unit_costs,
            transitions,
            step_s=step_s,
            initial=initial,
            gain_at=gain_at,
            wait_cost_per_s=waits,
            drain_cost_per_s=RateCost(link, weights).scale if self.sending == "evolving" else None,
        )

    def usable_probability(self, link: Link) -> float:
        """How often the channel is usable at stage 0."""
        unit_costs, _, initial, _ = self.chain(ShannonCost(link, Weights()), RateCost(link, Weights()))
        return float(initial[np.isfinite(unit_costs)].sum())


class FiniteState(Chain):
    """A chain of states with given gains [-], or rates [bit/s], and the transitions between them in a step.

    A layer takes max(1, round(t / step)) steps. A gain or rate of 0 is an outage: the device computes on or waits, a
    step at a time, or, with `outages` "conditional", the chain is conditional on a usable state. Rates do not depend on
    the link; thresholds on the gain are then thresholds on the rate. `initial`, the law at stage 0, is the stationary
    one unless given.
    """

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
        values, matrix = np.asarray(getattr(self, name)), self.transitions
        if not values.size or not np.all(np.isfinite(values)) or np.any(values < 0) or not np.any(values > 0):
            raise InputError(f"{name} = {brief(values.tolist())}: should be finite, nonnegative and not all 0")
        if len(matrix) != values.size or any(len(row) != values.size for row in matrix):
            raise InputError(f"transitions: should be {values.size} rows of {values.size} numbers, as {name} has")
        rows = [("transitions", row) for row in matrix]
        for field_name, row in rows if self.initial is None else [*rows, ("initial", self.initial)]:
            if len(row) != values.size or not np.all(np.isfinite(row)) or min(row) < 0 or abs(sum(row) - 1) > 1e-9:
                raise InputError(f"{field_name} = {brief(row)}: should be {values.size} probabilities with sum 1")
        return self

    def chain(self, cost: "ShannonCost", rates: "RateCost") -> tuple[Floats, Floats, Floats, Any]:
        """Unit costs (inf in an outage), transitions over a step, law of the first state, and the gain of a unit cost."""
        matrix = np.array(self.transitions)
        matrix /= matrix.sum(axis=1, keepdims=True)
        initial = stationary(matrix) if self.initial is None else np.array(self.initial) / sum(self.initial)
        kind, values = (cost, self.gains) if self.rates_bps is None else (rates, self.rates_bps)
        with np.errstate(divide="ignore"):
            return kind.unit_cost(np.array(values)), matrix, initial, kind.gain


class GilbertElliott(Chain):
    """Two states, good and bad, with the chance of going over to the other one in a step. A bad gain of 0 is an outage."""

    kind: Literal["gilbert-elliott"] = "gilbert-elliott"
    good_gain: float = Field(default=1.0, gt=0, allow_inf_nan=False, description="gain in the good state [-]")
    bad_gain: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="gain in the bad state [-]")
    to_bad: float = Field(gt=0, le=1, description="P(bad after a step | good) [-]")
    to_good: float = Field(gt=0, le=1, description="P(good after a step | bad) [-]")
    step_s: float = Field(gt=0, allow_inf_nan=False, description="duration of a step [s]")

    def chain(self, cost: "ShannonCost", rates: "RateCost") -> tuple[Floats, Floats, Floats, Any]:
        """The chain of the two states, as in `FiniteState`."""
        matrix = ((1 - self.to_bad, self.to_bad), (self.to_good, 1 - self.to_good))
        gains = (self.good_gain, self.bad_gain)
        return FiniteState(gains=gains, transitions=matrix, step_s=self.step_s).chain(cost, rates)


Channel = Annotated[
    Rayleigh
    | Nakagami
    | Rician
    | Continuous
    | Discrete
    | Empirical
    | RateTable
    | TruncatedInversion
    | Rates
    | Correlated
    | FiniteState
    | GilbertElliott,
    Field(discriminator="kind"),
]


def refuse_unless(finite: bool, given: str) -> None:
    """Raise `InputError` with the cures unless the expected cost is finite."""
    if not finite:
        raise InputError(f"{given}: {INFINITE_COST}")


def check_usable(outage_gain: float, probability: float) -> None:
    """Raise `InputError` if no gain ever reaches the outage gain."""
    if not probability > 0:
        raise InputError(f"outage_gain = {outage_gain!r}: is above every gain; the channel would never be usable")


@lru_cache(maxsize=64)
def cached_gain_law(channel: Fading) -> GainLaw:
    """The law of the gain, whose quadrature is made once for all links."""
    return channel.gain_law()


def conditional_gain_law(distribution: Any, outage_gain: float) -> GainLaw:
    """The law of a frozen `scipy.stats` distribution, conditional on a gain of at least `outage_gain`."""
    low, high = (float(end) for end in distribution.support())
    usable, lost = float(distribution.sf(outage_gain)), float(distribution.cdf(outage_gain))
    check_usable(outage_gain, usable)

    def cdf(gain: Floats) -> Floats:
        g = np.maximum(gain, outage_gain)  # and from the side where less cancels
        part = (distribution.cdf(g) - lost) / (1 - lost) if lost < 0.5 else 1 - distribution.sf(g) / usable
        return np.clip(part, 0, 1)

    def sample(rng: np.random.Generator, size: int) -> Floats:
        if usable < 0.5:
            return distribution.isf(rng.random(size) * usable)
        gains = distribution.rvs(size=size, random_state=rng)  # quicker than the inverse, so that some may be redrawn
        while (unusable := np.flatnonzero(gains < outage_gain)).size:
            gains[unusable] = distribution.rvs(size=unusable.size, random_state=rng)
        return gains

    return GainLaw(
        lowest=max(low, outage_gain),
        highest=high,
        cdf=cdf,
        survival=lambda g: distribution.sf(np.maximum(g, outage_gain)) / usable,
        density=lambda g: distribution.pdf(g) / usable,
        sample=sample,
    )
