"""Chains whose rates and moves are given: any, such as one fitted to a trace, or a link that is on and off."""

from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from coinfer.channel.generator import MOST_STATES, check_outages, checked_generator, stationary
from coinfer.channel.law import Floats, as_floats
from coinfer.channel.moving_channel import MovingChannel, States
from coinfer.system import Link
from coinfer.validation import LARGEST_S, LEAST_S, MOST_PER_S, InputError, brief

LEAST = 1e-100  # of what is not 0
Row = tuple[float, ...]


class Markov(MovingChannel):
    """A continuous-time chain of states with given rates [bit/s], or gains [-], moved by a generator [1/s].

    Entry (i, j) of `generator` is the rate of moving from state i to j; rows have sum 0, but for rounding (1e-5 of the
    diagonal), which is mended. A rate of 0 is an outage, which must lead to a usable state: the device may go on computing,
    or hold its features and wait. `transmit_powers_w`, if the radio's power differs by state, should not grow faster than the
    rate. Given `long_outage_s`, the first of two outage states is one that has lasted for less, the second a longer one.
    Rates, gains and rates of moving are 0 or between 1e-100 and 1e15.

    Use it for a chain fitted to measurements (`Trace.markov`); not for fading known by its law (`Moving`). Raises
    `InputError`.

    >>> from coinfer.system import Link
    >>> channel = Markov(rates_bps=(8e6, 0.0), generator=((-1.0, 1.0), (4.0, -4.0)))
    >>> round(channel.usable_probability(Link()), 12)
    0.8
    """

    kind: Literal["markov"] = "markov"
    rates_bps: Row | None = None
    gains: Row | None = None
    generator: tuple[Row, ...]
    transmit_powers_w: Row | None = None
    long_outage_s: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="a long outage [s]")

    @field_validator("rates_bps", "gains", "generator", "transmit_powers_w", mode="before")
    @classmethod
    def _array(cls, values: Any) -> Any:
        return values.tolist() if isinstance(values, np.ndarray) else values

    @model_validator(mode="after")
    def _chain(self) -> Self:
        if (self.gains is None) == (self.rates_bps is None):
            raise InputError("rates_bps and gains: exactly one of them should be given")
        name, values = "gains" if self.rates_bps is None else "rates_bps", self._values
        if not values.size or not np.all((values == 0) | ((values >= LEAST) & (values <= MOST_PER_S))):
            raise InputError(
                f"{name} = {brief(values.tolist())}: should be 0, or between {LEAST:.0e} and {MOST_PER_S:.0e}, at least one of them"
            )
        if values.size > MOST_STATES:
            raise InputError(f"{name}: has {values.size} states; should have at most {MOST_STATES}")
        if not np.any(values > 0):
            raise InputError(f"{name} = {brief(values.tolist())}: are all 0; the chain never sends")
        generator, usable = checked_generator(self.generator, values.size), values > 0
        moves = generator[generator > 0]
        if wrong := moves[(moves < LEAST) | (moves > MOST_PER_S)].tolist():
            raise InputError(
                f"generator = {wrong[0]:g} beside the diagonal: should be 0, or between {LEAST:.0e} and {MOST_PER_S:.0e} a second"
            )
        check_outages(generator, usable)
        if not stationary(generator)[usable].sum() > 0:
            raise InputError("generator: the chain never sends in the long run; should come back to a usable state")
        if self.long_outage_s is not None and np.count_nonzero(~usable) != 2:
            raise InputError(
                f"long_outage_s = {self.long_outage_s!r}: needs two outage states, the second for long ones"
            )
        self._check_powers(values)
        return self

    def _check_powers(self, values: Floats) -> None:
        if self.transmit_powers_w is None:
            return
        powers = as_floats("transmit_powers_w", self.transmit_powers_w)
        if powers.shape != values.shape or not np.all(np.isfinite(powers)) or np.any(powers < 0):
            raise InputError(
                f"transmit_powers_w = {brief(powers.tolist())}: should be {values.size} nonnegative numbers"
            )
        rates, powers = values[values > 0], powers[values > 0]
        order = np.lexsort((-powers, rates))  # states of the same rate may differ in power
        if self.rates_bps is None or np.any(np.diff((powers / rates)[order]) > 0):
            raise InputError("transmit_powers_w: need rates_bps, and an energy a bit that does not grow with the rate")

    @property
    def _values(self) -> Floats:
        return np.array(self.gains if self.rates_bps is None else self.rates_bps, dtype=float)

    @property
    def needs_snr(self) -> bool:
        """Only of gains."""
        return self.rates_bps is None

    def long_outage(self) -> float | None:
        """As given."""
        return self.long_outage_s

    def states_on(self, link: Link) -> States:
        """The states, gains at Shannon's rate."""
        generator = checked_generator(self.generator, self._values.size)
        if self.rates_bps is None:
            rates_bps = link.bandwidth_hz * np.log1p(link.mean_snr * self._values) / np.log(2)
            return States(rates_bps, generator, shannon=True)
        powers = None if self.transmit_powers_w is None else np.array(self.transmit_powers_w)
        return States(self._values, generator, powers)


class OnOff(MovingChannel):
    """A link that is on, at one rate of 1e-100 to 1e15, or off: an outage. Both last for exponential times, of mean 1e-12 to 1e12.

    Use it for blockage, handover and coverage that comes and goes; M* then has a closed form for equal layers (R22,
    `mlp_placement`). Raises `InputError`.

    >>> from coinfer.system import Link
    >>> round(OnOff(rate_bps=20e6, mean_on_s=15.0, mean_off_s=0.5).usable_probability(Link()), 4)
    0.9677
    """

    kind: Literal["on-off"] = "on-off"
    rate_bps: float = Field(ge=LEAST, le=MOST_PER_S, allow_inf_nan=False, description="rate while on [bit/s]")
    mean_on_s: float = Field(ge=LEAST_S, le=LARGEST_S, allow_inf_nan=False, description="mean time on [s]")
    mean_off_s: float = Field(ge=LEAST_S, le=LARGEST_S, allow_inf_nan=False, description="mean length of an outage [s]")

    @property
    def needs_snr(self) -> bool:
        """No."""
        return False

    def states_on(self, link: Link) -> States:
        """On, then off."""
        leave, come = 1 / self.mean_on_s, 1 / self.mean_off_s
        return States(np.array([self.rate_bps, 0.0]), np.array([[-leave, leave], [come, -come]]))
