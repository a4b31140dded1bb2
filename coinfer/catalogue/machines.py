"""Devices and servers: how fast they were seen to run a network, and what power that took.

A machine is several times as fast a MAC on one network as on another, so every speed is of a network. For one that it was
not measured on, a machine takes the speed of the measured one that is most alike in MACs per value moved, that is, per
parameter read and feature written: few mean that memory limits the speed, and not arithmetic.
"""

import os
from collections.abc import Iterable
from functools import cache
from math import log
from typing import TypeVar

from coinfer.catalogue.rows import DeviceRow, MemoryRow, ServerRow, bundled_rows, check_power, check_speed, read_rows
from coinfer.network import DNN, dnn_names, load_dnn
from coinfer.system import Device, Edge
from coinfer.validation import InputError, an, nonnegative, one_of, positive

MEBIBIT = 1 << 20
FLOAT_BITS = 32  # a value, in a network that does not say
Measured = TypeVar("Measured", DeviceRow, ServerRow)


def device_names() -> tuple[str, ...]:
    """The devices of the catalogue, in alphabetical order."""
    return tuple(sorted({row.device for row in bundled_rows(DeviceRow)}))


def server_names() -> tuple[str, ...]:
    """The servers of the catalogue, in alphabetical order; a device may serve as well."""
    return tuple(sorted({row.server for row in bundled_rows(ServerRow)}))


def load_device(
    name: str,
    *,
    dnn: DNN | str,
    power_w: float | None = None,
    energy_j_per_mac: float | None = None,
    memory_bits: float | None = None,
    table: str | os.PathLike[str] | None = None,
) -> Device:
    """A device as it was measured on a network, or on the one most alike, which `measured_on` names.

    `power_w` [W], above idle, or `energy_j_per_mac` takes the place of the power that was found. Where none was found one must
    be given, 0 to count the time alone; otherwise a network without a power does not count as measured. `memory_bits` takes the
    place of the memory, which is known of some microcontrollers. `table` is a CSV file of one's own measurements with the columns
    device, kind ("microcontroller", "npu", "phone", "board", "module" or "computer"), network (bundled, or that of `dnn`) and
    time_ms, and power_w where it is known; it may have the other columns of the bundled devices.csv.
    Raises `InputError`, also where the power is none that such a device takes.

    >>> device = load_device("raspberry-pi-4", dnn="resnet50")
    >>> round(device.macs_per_s / 1e9, 1), device.power_w, device.measured_on
    (15.6, 3.4, 'resnet50')
    """
    rows = bundled_rows(DeviceRow) if table is None else read_rows(table, DeviceRow)
    one_of("device", name, sorted({row.device for row in rows}))
    network = _network(dnn)
    row = _device_row(name, network, rows, any_power=power_w is not None or energy_j_per_mac is not None)
    macs_per_s = speed_macs_per_s(row, network)
    check_speed(name, row.kind, macs_per_s)
    return Device(
        macs_per_s=macs_per_s,
        power_w=_power_w(row, macs_per_s, power_w, energy_j_per_mac),
        memory_bits=_memory_bits(name, table) if memory_bits is None else memory_bits,
        name=name,
        measured_on=row.network,
        table=None if table is None else os.fspath(table),
    )


def _power_w(row: DeviceRow, macs_per_s: float, power_w: float | None, energy_j_per_mac: float | None) -> float:
    """The power given, or else that of the row; checked."""
    if power_w is not None and energy_j_per_mac is not None:
        raise InputError(f"power_w and energy_j_per_mac: only one of them may be given for {row.device!r}")
    if energy_j_per_mac is not None:
        power_w = positive("energy_j_per_mac", energy_j_per_mac) * macs_per_s
    if power_w is None and (power_w := row.power_w) is None:
        raise InputError(
            f"device = {row.device!r}: no power of it was found on {row.network}; give power_w, 0 to count its time alone"
        )
    power_w = nonnegative("power_w", power_w, " of watts, 0 to count the time alone")
    if power_w > 0:
        check_power(row.device, row.kind, power_w)
    return power_w


def _memory_bits(name: str, table: str | os.PathLike[str] | None) -> float | None:
    """The memory of a microcontroller of the catalogue, where it was found."""
    found = {row.device: MEBIBIT * 8 * row.memory_mib for row in bundled_rows(MemoryRow)}
    return found.get(name) if table is None else None


def check_device(device: object) -> None:
    """Raise `InputError` if a device of the catalogue is given a power that none of its kind takes."""
    if not isinstance(device, Device) or device.name is None or device.table is not None or device.power_w == 0:
        return
    if device.name in _kinds():
        check_power(device.name, _kinds()[device.name], device.power_w)


@cache
def _kinds() -> dict[str, str]:
    return {row.device: row.kind for row in bundled_rows(DeviceRow)}


def load_server(name: str, *, dnn: DNN | str) -> Edge:
    """A server, or a device that serves, as it was measured on a network, or on the one most alike.

    Raises `InputError`.

    >>> round(load_server("nvidia-t4", dnn="resnet50").macs_per_s / 1e12, 1)
    4.1
    """
    one_of("edge", name, (*server_names(), *device_names()))
    network, servers = _network(dnn), [row for row in bundled_rows(ServerRow) if row.server == name]
    row = _most_alike(servers, network) if servers else _device_row(name, network, any_power=True)
    return Edge(macs_per_s=speed_macs_per_s(row, network), name=name, measured_on=row.network)


def measured_power_w(device: Device, dnn: DNN) -> float | None:
    """The power of a device of the catalogue, or of its own table, where it ran a network, or the one most alike."""
    rows = bundled_rows(DeviceRow) if device.table is None else read_rows(device.table, DeviceRow)
    return _device_row(str(device.name), dnn, rows).power_w


def macs_per_value(dnn: DNN) -> float:
    """MACs per parameter read and feature written, values of 32 bits in a network that does not say, or has several."""
    coded = (dnn.coding.parameter_bits, dnn.coding.activation_bits) if dnn.coding else (None, None)
    held, sent = (bits or FLOAT_BITS for bits in coded)
    values = sum(dnn.parameter_bits) / held + sum(dnn.output_bits[1:]) / sent
    return sum(dnn.macs) / max(values, 1.0)


def _network(dnn: DNN | str) -> DNN:
    return load_dnn(dnn) if isinstance(dnn, str) else an("dnn", dnn, DNN)


def _device_row(name: str, dnn: DNN, rows: Iterable[DeviceRow] = (), *, any_power: bool = False) -> DeviceRow:
    """The row of a device to go by: one with a power, if it has any and a power is asked for."""
    own = [row for row in rows or bundled_rows(DeviceRow) if row.device == name]
    with_power = [row for row in own if row.power_w is not None]
    return _most_alike(own if any_power or not with_power else with_power, dnn)


def _most_alike(rows: list[Measured], dnn: DNN) -> Measured:
    """The row measured on the network, or else on the one nearest to it in MACs per value moved, as a ratio."""
    for row in rows:
        if row.network == dnn.name:
            return row
    whole = dnn.name in dnn_names() and _bundled(dnn.name)[0] == sum(dnn.macs)  # though layers may have been merged
    own = max(_bundled(dnn.name)[1] if whole else macs_per_value(dnn), 1e-9)
    return min(rows, key=lambda row: abs(log(_bundled(row.network)[1] / own)))


def speed_macs_per_s(row: DeviceRow | ServerRow, dnn: DNN | None = None) -> float:
    """MAC/s: the MACs of the row's network, a bundled one or the one that is asked for, over the time that was measured."""
    macs = sum(dnn.macs) if dnn is not None and row.network == dnn.name else _bundled(row.network)[0]
    return macs / (1e-3 * row.time_ms)


@cache
def _bundled(network: str) -> tuple[int, float]:
    """The MACs of a bundled network, and those per value moved."""
    dnn = load_dnn(one_of("network", network, dnn_names()))
    return sum(dnn.macs), macs_per_value(dnn)
