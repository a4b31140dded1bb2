"""A scenario becomes `Costs`: all that the rules ever see.

    l_n, c_n               cost of layer n on the device, (beta_t / f_d + beta_e e_d) w_n, and on the edge, beta_t w_n / f_e
    o_n X_n                cost of sending at stage n: its bits times the unit cost of the channel seen there
    f_n                    what sending costs there on any channel: bits, round trip, the radio's tail; 0 if o_n = 0
    delta_n                extra cost of keeping layer n on the device, l_n - c_n + f_n - f_{n-1}
    D_n                    cost of placing it, phi_u s_n [(beta_t + beta_e P_rx) / R_dl + beta_e e_rx] / K per inference
    C_edge                 cost of stopping at once but for o_0 X_0, f_0 and the sum of all c_n

Stopping at stage n costs C_edge + sum_{i<=n} delta_i + o_n X_n, download apart: definitions, not results. That f may be
spread over the layers like this, and no rule need know of it, is R24.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from coinfer.channel.law import Floats, Law, as_floats
from coinfer.scenario import Scenario, scenario_names
from coinfer.system import Link, Weights
from coinfer.validation import InputError, as_float, brief, whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Costs:
    """The costs of one inference over a chain of N layers. Raises `InputError` for what no scenario can mean.

    - `extra` (N,) delta_1..delta_N: extra cost of keeping layer n on the device, in ETC, of any sign;
    - `bits` (N+1,) o_0..o_N [bit]: what is sent by stopping at stage n;
    - `download` (N,) D_1..D_N: cost of placing layer n, in ETC per inference;
    - `edge`: C_edge, cost of running every layer on the edge, and of sending the input on any channel, in ETC;
    - `law`: of the unit cost X [1/bit] at the stages, the channel's on a link, or `channel.Discrete.of_unit_costs`;
    - `largest_placement`: layers that fit in the device's memory; -1 for all of them;
    - `scenario`: what `coinfer.costs` made them from, else None.

    >>> import coinfer
    >>> law = coinfer.channel.Discrete.of_unit_costs([1.0, 3.0], [0.5, 0.5])
    >>> own = Costs(extra=[0.5, 0.5], bits=[1.0, 1.0, 0.0], download=[0.1, 0.1], edge=0.0, law=law)
    >>> coinfer.plan(own).costs.tolist()
    [2.0, 1.85, 1.2]

    `sweep` makes the costs of B scenarios at once: then every array, and `edge`, has a leading axis of B or of 1.
    """

    extra: Floats
    bits: Floats
    download: Floats
    edge: float | Floats
    law: Law
    largest_placement: int = -1
    scenario: Scenario | None = field(init=False, default=None)

    def __repr__(self) -> str:
        """In a line."""
        of = f"{self.scenario.dnn.name}: " if self.scenario is not None else ""
        many = "".join(f" of {count} scenarios" for count in self.extra.shape[:-1])
        return f"Costs({of}{self.layers} layers{many}, {type(self.law).__name__})"

    def __post_init__(self) -> None:
        for name, least in (("extra", -np.inf), ("bits", 0.0), ("download", 0.0)):
            object.__setattr__(self, name, _checked(name, getattr(self, name), least))
        layers = self.layers
        if layers < 1:
            raise InputError("extra: is empty; should hold one number for each of at least one layer")
        for name, length in (("bits", layers + 1), ("download", layers)):
            if (entries := getattr(self, name).shape[-1]) != length:
                raise InputError(f"{name}: has {entries} entries; should have {length}, as extra has {layers}")
        columns = isinstance(self.edge, np.ndarray) and self.edge.dtype.kind in "fiu"
        if not np.all(np.isfinite(self.edge if columns else as_float(self.edge))):
            raise InputError(f"edge = {brief(self.edge)}: should be a finite number")
        _check_together(self.extra.shape, self.bits.shape, self.download.shape, np.shape(self.edge))
        lead = np.broadcast_shapes(self.extra.shape[:-1], self.bits.shape[:-1])  # one, where the rules combine the two
        for name in ("extra", "bits"):
            array = getattr(self, name)
            object.__setattr__(self, name, np.broadcast_to(array, (*lead, array.shape[-1])))
        if not isinstance(self.law, Law):
            raise InputError(f"law = {brief(self.law)}: should be the law of a channel on a link, or of unit costs")
        if whole("largest_placement", self.largest_placement, -1, layers) == -1:
            object.__setattr__(self, "largest_placement", layers)

    @property
    def layers(self) -> int:
        """N."""
        return self.extra.shape[-1]


def _check_together(
    extra: tuple[int, ...], bits: tuple[int, ...], download: tuple[int, ...], edge: tuple[int, ...]
) -> None:
    """Raise `InputError` unless costs of these shapes are of as many scenarios."""
    try:
        np.broadcast_shapes(extra[:-1], bits[:-1], download[:-1], edge[:-1])
        alike = len(edge) <= 2 and edge[-1:] in ((), (1,))
    except ValueError:
        alike = False
    if not alike:
        raise InputError(
            f"extra, bits, download, edge: have shapes {extra}, {bits}, {download} and {edge}; should have the same leading axis, "
            "or none or 1, and edge a last one of 1"
        )


def _checked(name: str, values: ArrayLike, least: float) -> Floats:
    array = as_floats(name, values)  # a copy, so that nobody else can change it
    array.setflags(write=False)
    if array.ndim not in (1, 2):
        raise InputError(f"{name}: has {array.ndim} dimensions; should be a list of numbers")
    bad = ~np.isfinite(array) | (array < least)
    if bad.any():
        raise InputError(
            f"{name} = {array[bad][0]} at entry {int(np.argmax(bad)) % array.shape[-1]}: should be finite"
            + (" and nonnegative" if least == 0 else "")
        )
    return array


def device_costs(scenario: Scenario) -> Floats:
    """l_n = beta_t w_n / f_d + beta_e e_d w_n, the cost of running layer n on the device; shape (N,)."""
    device, weights = scenario.device, scenario.weights
    cost_per_mac = weights.time_per_s / device.macs_per_s + weights.energy_per_j * device.energy_j_per_mac
    return np.array(scenario.dnn.macs, dtype=float) * cost_per_mac


def edge_costs(scenario: Scenario) -> Floats:
    """c_n = beta_t w_n / f_e, the cost of running layer n on the edge server; shape (N,)."""
    return np.array(scenario.dnn.macs, dtype=float) * (scenario.weights.time_per_s / scenario.edge.macs_per_s)


def sent_bits(scenario: Scenario) -> Floats:
    """What is sent by stopping at stage n, o_0..o_N [bit]; the result only if it is wanted at the edge; shape (N+1,)."""
    bits = np.array(scenario.dnn.output_bits, dtype=float)
    if not scenario.result_at_edge:
        bits[-1] = 0.0  # the result is where it is wanted
    return bits


def beside_channel(scenario: Scenario) -> tuple[Floats, Floats]:
    """What sending at stage n takes on any channel: seconds, the round trip, and joules, bits and tail; both (N+1,).

    The tail lasts until the next inference at most (R26): exactly so if that one sends as well, else it may last longer.
    """
    link, bits = scenario.link, sent_bits(scenario)
    sends = np.sign(bits)  # 1, and 0 where nothing is sent
    tail_s = link.tail_s if scenario.interval_s is None else np.minimum(link.tail_s, scenario.interval_s)
    return link.round_trip_s * sends, link.energy_j_per_bit * bits + link.tail_power_w * tail_s * sends


def fixed_costs_of_sending(scenario: Scenario) -> Floats:
    """f_n = beta_t times the seconds and beta_e times the joules of `beside_channel`, by definition; shape (..., N+1)."""
    (seconds, joules), weights = beside_channel(scenario), scenario.weights
    return np.asarray(weights.time_per_s * seconds + weights.energy_per_j * joules)


def radio(scenario: Scenario) -> Link:
    """The link with the powers that sending and waiting add: beyond the tail's, where it lasts to the next inference.

    The tail then covers all of the interval: the radio is awake anyway. Powers that a chain gives by state count in full.
    """
    link = scenario.link
    if scenario.interval_s is None:
        return link
    awake_w = np.where(link.tail_s >= scenario.interval_s, link.tail_power_w, 0.0)
    if not np.any(awake_w):
        return link
    update = {name: np.maximum(getattr(link, name) - awake_w, 0.0) for name in ("transmit_power_w", "outage_power_w")}
    if np.any(link.transmit_power_w):  # the SNR stays what the whole power makes it
        update |= {"mean_snr_db": 10 * np.log10(link.mean_snr), "distance_m": None}
    return link.model_copy(update=update)


def costs(scenario: Scenario) -> Costs:
    """The costs of a scenario: delta_n, o_n, D_n, C_edge and the law of X. Raises `InputError`.

    >>> import coinfer
    >>> given = costs(coinfer.load_scenario("abstract-model"))
    >>> given.layers, int(given.bits[0])  # AlexNet; the raw input of 224 x 224 x 3 bytes
    (8, 1204224)
    """
    if not isinstance(scenario, Scenario):
        named = (
            f", such as load_scenario({scenario!r})"
            if isinstance(scenario, str) and scenario in scenario_names()
            else ""
        )
        raise InputError(f"scenario = {brief(scenario)}: should be a Scenario or Costs{named}")
    dnn, device, link, weights = scenario.dnn, scenario.device, scenario.link, scenario.weights
    parameter_bits, layers = np.array(dnn.parameter_bits, dtype=float), edge_costs(scenario)
    fixed = fixed_costs_of_sending(scenario)
    receive = (weights.time_per_s + weights.energy_per_j * link.receive_power_w) / link.downlink_rate_bps
    receive = receive + weights.energy_per_j * link.receive_energy_j_per_bit
    fits = dnn.layers
    if device.memory_bits is not None:
        fits = int(np.searchsorted(np.cumsum(parameter_bits), device.memory_bits, side="right"))
    edge = layers.sum(axis=-1, keepdims=True) + fixed[..., :1]
    found = Costs(
        extra=device_costs(scenario) - layers + np.diff(fixed),
        bits=sent_bits(scenario),
        download=parameter_bits * (receive * scenario.update_fraction / scenario.inferences_per_update),
        edge=edge if edge.ndim > 1 else edge.item(),
        law=scenario.channel.law_along(radio(scenario), weights, np.array(dnn.macs, dtype=float) / device.macs_per_s),
        largest_placement=fits,
    )
    object.__setattr__(found, "scenario", scenario)
    return found


@lru_cache(maxsize=64)  # every plan of a problem asks
def apart(given: Costs) -> tuple[Costs, Costs]:
    """The same problem in seconds and in joules: its costs if only time counts, and if only energy does (R23).

    Raises `InputError` for costs that were not made from a scenario.

    >>> import coinfer
    >>> seconds, joules = apart(coinfer.costs(coinfer.load_scenario("abstract-model")))
    >>> round(float(seconds.edge), 4)  # AlexNet on the edge server [s]
    0.0655
    """
    scenario = given.scenario
    if scenario is None:
        raise InputError("costs: were not made from a scenario, which alone tells seconds from joules")
    weights = [Weights.model_construct(time_per_s=t, energy_per_j=e) for t, e in ((1.0, 0.0), (0.0, 1.0))]
    seconds, joules = (costs(scenario.model_copy(update={"weights": each})) for each in weights)
    return seconds, joules


def as_costs(given: Scenario | Costs) -> Costs:
    """The costs of a scenario; costs are passed through. Raises `InputError` for anything else."""
    return given if isinstance(given, Costs) else costs(given)


def of_one(given: Costs) -> Costs:
    """The costs, if they are of one scenario. Raises `InputError` for those of several at once, which `sweep` makes."""
    if max(map(np.ndim, (given.extra, given.bits, given.download, given.edge))) > 1:
        raise InputError("costs: are of several scenarios at once; should be of one, or of a `sweep`")
    return given


def static_shares(scenario: Scenario) -> dict[str, Floats]:
    """What always stopping at stage n = 0..N spends on, with placement M = n; each of shape (N+1,)."""
    given = costs(scenario)
    law, never, none = given.law, np.full(given.layers, -np.inf), np.zeros(1)
    sending = law.average(law.reach(given.bits[:-1], never), law.sending(given.bits))
    return {
        "local compute": np.concatenate([none, np.cumsum(device_costs(scenario))]),
        "transmission": sending + fixed_costs_of_sending(scenario),
        "edge compute": np.concatenate([np.cumsum(edge_costs(scenario)[::-1])[::-1], none]),
        "download": np.concatenate([none, np.cumsum(given.download)]),
    }
