"""What is given besides the network and the channel: a device, an edge server, a link, and what the user cares about.

Frozen and validated, in SI units. `field` takes domain, default and source of each number from `quantities`.
"""

from math import inf, pi
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from coinfer.quantities import QUANTITIES, field
from coinfer.validation import InputError, Model

LIGHT_SPEED_M_PER_S = 299_792_458.0
BOLTZMANN_J_PER_K = 1.380649e-23
MOST_SNR = 1e30
NOISE_TEMPERATURE_K = 290.0  # of which noise figures are told


class Device(Model):
    """The wireless device, as it runs one network: a measurement, such as `coinfer.load_device` gives, or your own.

    `macs_per_s` [MAC/s] is the network's MACs over the seconds that it takes, `power_w` [W] what computing adds to the idle
    device, `memory_bits` [bit] what the parameters of the layers placed must fit in. The other fields say where they are from.

    >>> Device(macs_per_s=2e10, power_w=4.0).energy_j_per_mac
    2e-10
    """

    macs_per_s: float = field("device.macs_per_s")
    power_w: float = field("device.power_w")
    memory_bits: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description=QUANTITIES["device.memory_bits"].meaning
    )
    name: str | None = Field(default=None, description="its name in the catalogue")
    measured_on: str | None = Field(default=None, description="the network whose speed in the catalogue this is")
    table: str | None = Field(default=None, description="the file that takes the place of the catalogue")

    @property
    def energy_j_per_mac(self) -> float:
        """e_d = P_d / f_d [J/MAC], by definition."""
        return self.power_w / self.macs_per_s


class Edge(Model):
    """The edge server, which is mains-powered: only its time counts."""

    macs_per_s: float = field("edge.macs_per_s")
    name: str | None = Field(default=None, description="its name in the catalogue")
    measured_on: str | None = Field(default=None, description="the network whose speed in the catalogue this is")


class Link(Model):
    """The radio link. Its mean SNR is either given or follows from the distance, never both.

    With a distance, the mean SNR is proportional to P_tx / W, so that a sweep of either moves it; `mean_snr_db` fixes it.
    Sending takes `transmit_power_w` for its time, `energy_j_per_bit` for its bits, and once, if anything is sent, the
    round-trip time and the radio's tail, `tail_power_w` for `tail_s` or until the next inference; it lasts longer where that
    one sends nothing, which is not counted. A channel of given rates needs neither bandwidth nor SNR.

    >>> Link(distance_m=50).mean_snr / Link(distance_m=50, bandwidth_hz=4e6).mean_snr
    2.0
    """

    bandwidth_hz: float = field("link.bandwidth_hz")
    transmit_power_w: float = field("link.transmit_power_w")
    mean_snr_db: float | None = Field(
        default=None, ge=-200, le=200, allow_inf_nan=False, description=QUANTITIES["link.mean_snr_db"].meaning
    )
    distance_m: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description=QUANTITIES["link.distance_m"].meaning
    )
    noise_figure_db: float = field("link.noise_figure_db")
    carrier_hz: float | None = field("link.carrier_hz")
    antenna_gain: float = field("link.antenna_gain")
    path_loss_exponent: float = field("link.path_loss_exponent")
    downlink_rate_bps: float = field("link.downlink_rate_bps")
    receive_power_w: float = field("link.receive_power_w")
    outage_power_w: float = field("link.outage_power_w")
    energy_j_per_bit: float = field("link.energy_j_per_bit")
    receive_energy_j_per_bit: float = field("link.receive_energy_j_per_bit")
    tail_power_w: float = field("link.tail_power_w")
    tail_s: float = field("link.tail_s")
    round_trip_s: float = field("link.round_trip_s")
    name: str | None = Field(default=None, description="its name in the catalogue")

    @model_validator(mode="before")
    @classmethod
    def _default_distance(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("mean_snr_db") is None and data.get("distance_m") is None:
            return data | {"distance_m": QUANTITIES["link.distance_m"].default}
        return data

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.mean_snr_db is not None and self.distance_m is not None:
            raise InputError(
                f"mean_snr_db = {self.mean_snr_db!r} and distance_m = {self.distance_m!r}: only one of them may be given"
            )
        if self.distance_m is not None and self.carrier_hz is None:
            raise InputError(
                f"distance_m = {self.distance_m!r}: needs carrier_hz for the path loss, or give mean_snr_db"
            )
        if self.transmit_power_w > 0 and not 0 < self.mean_snr < MOST_SNR:
            raise InputError(
                f"distance_m = {self.distance_m!r}: gives a mean SNR of {self.mean_snr!r}; should be in (0, 1e30)"
            )
        return self

    @property
    def noise_density_w_per_hz(self) -> float:
        """N_0, thermal noise and the receiver's own [W/Hz]."""
        return BOLTZMANN_J_PER_K * NOISE_TEMPERATURE_K * 10 ** (self.noise_figure_db / 10)

    @property
    def mean_snr(self) -> float:
        """The mean SNR gamma [-], before any conditioning of the channel. `InputError` where nothing is sent with."""
        if self.mean_snr_db is None and np.any(np.equal(self.transmit_power_w, 0)):
            raise InputError(
                "transmit_power_w = 0: gives no SNR; should be positive, or give mean_snr_db, or a channel of given rates"
            )
        return self.received_snr

    @property
    def received_snr(self) -> float:
        """The same, and 0 where nothing is sent with; inf beyond all numbers."""
        if self.mean_snr_db is not None:
            return 10 ** (self.mean_snr_db / 10)
        assert self.distance_m is not None
        assert self.carrier_hz is not None
        wavelength_m = LIGHT_SPEED_M_PER_S / self.carrier_hz
        try:
            path_gain = self.antenna_gain * (wavelength_m / (4 * pi * self.distance_m)) ** self.path_loss_exponent
        except OverflowError:
            return inf
        return self.transmit_power_w * path_gain / (self.noise_density_w_per_hz * self.bandwidth_hz)


class Weights(Model):
    """What a second and a joule cost in the ETC."""

    time_per_s: float = field("weights.time_per_s")
    energy_per_j: float = field("weights.energy_per_j")
