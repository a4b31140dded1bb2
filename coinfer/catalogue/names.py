"""Parts of a scenario that are given by their names in the catalogue, and what becomes of them on another network."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from coinfer.catalogue.links import link_names, load_link
from coinfer.catalogue.machines import check_device, load_device, load_server, measured_power_w
from coinfer.channel.base import BaseChannel
from coinfer.network import DNN, Coding, load_dnn, read_onnx
from coinfer.system import Device, Edge, Link
from coinfer.validation import InputError, brief, one_of

# those of the default scenario
DEFAULTS = {"device": "phone-adreno-640", "edge": "nvidia-l4", "link": "mmwave-walking"}
OF_A_DEVICE = ("power_w", "energy_j_per_mac", "memory_bits", "table")
OF_THE_SNR = (
    "bandwidth_hz",
    "mean_snr_db",
    "distance_m",
    "noise_figure_db",
    "carrier_hz",
    "antenna_gain",
    "path_loss_exponent",
)
NUMBERS = {"device": {"macs_per_s", "power_w"}, "edge": {"macs_per_s"}, "link": {"bandwidth_hz", "transmit_power_w"}}


def with_names(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a scenario, each name, or mapping with a `name`, as what the catalogue says it is. Raises `InputError`."""
    fields = dict(given)
    if "link" not in fields and "channel" not in fields:
        fields["link"] = DEFAULTS["link"]
    fields |= _link(fields)
    with _part("dnn"):
        dnn = as_dnn(fields.get("dnn"))
    if dnn is None:  # not a network: its own complaint comes first
        return fields
    fields["dnn"] = dnn
    for part, load in (("device", _device), ("edge", _edge)):
        name, changes = _named(fields.setdefault(part, DEFAULTS[part]))
        if name is not None and not NUMBERS[part] <= changes.keys():  # with its numbers, a name is a label
            with _part(part):
                fields[part] = load(name, changes, dnn)
    with _part("device"):
        check_device(fields["device"])
    return fields


def brings_channel(link: Any) -> bool:
    """Whether a link, as it is given, is one of the catalogue, or comes with its channel."""
    name = link.name if isinstance(link, Link) else _named(link)[0]
    return isinstance(link, str | tuple) or name in link_names()


def _link(fields: dict[str, Any]) -> dict[str, Any]:
    """The link, and its channel unless another one is given. A link of the catalogue is known by its name."""
    link = fields.get("link")
    if isinstance(link, tuple) and len(link) == 2:  # as `load_link` gives them
        return {"link": link[0], "channel": fields.get("channel", link[1])}
    if isinstance(link, Link):
        known = "channel" not in fields and link.name in link_names()
        return {"channel": load_link(str(link.name), transmit_power_w=0.0)[1]} if known else {}
    name, changes = _named(link)
    if name is None or (name not in link_names() and NUMBERS["link"] <= changes.keys()):
        return {}
    with _part("link"):
        found, channel = load_link(name, **changes)
    if "channel" not in fields:
        check_radio(channel, changes)
    return {"link": found, "channel": fields.get("channel", channel)}


def check_radio(channel: BaseChannel, changes: Mapping[str, Any]) -> None:
    """Raise `InputError` for fields of a link that a channel of given rates would not heed."""
    for field, value in () if channel.needs_snr else changes.items():
        if field in OF_THE_SNR:
            raise InputError(
                f"link.{field} = {brief(value)}: changes nothing, as the rates of the channel are given; should come with a channel "
                "of gains, such as channel = {'kind': 'rayleigh', 'outage_gain': 0.05}"
            )


@contextmanager
def _part(name: str) -> Iterator[None]:
    """Complaints about a part name it: `Device.power_w = 9` is one about `device.power_w`, `edge = 'x'` one about the edge."""
    try:
        yield
    except InputError as error:
        reason = re.sub(r"^[A-Z]\w*\.", "", str(error))
        raise InputError(reason if re.match(rf"{name}\b", reason) else f"{name}.{reason}") from None


def on_network(fields: dict[str, Any], before: DNN) -> dict[str, Any]:
    """The fields of a scenario whose network was another one `before`: coded alike, and device and edge as measured on it."""
    found, dnn = dict(fields), fields["dnn"]
    with _part("dnn"):
        if isinstance(dnn, str) and before.coding is not None:
            dnn = load_dnn(dnn, **before.coding.model_dump(exclude_none=True))
        found["dnn"] = dnn
        device, edge, dnn = fields["device"], fields["edge"], as_dnn(dnn)
    if dnn is None:
        return found
    if isinstance(device, Device) and device.measured_on is not None and device.name is not None:
        power_w = None if device.power_w == measured_power_w(device, before) else device.power_w
        again = load_device(device.name, dnn=dnn, power_w=power_w, table=device.table)
        found["device"] = again.model_copy(update={"memory_bits": device.memory_bits})
    if isinstance(edge, Edge) and edge.measured_on is not None and edge.name is not None:
        found["edge"] = load_server(edge.name, dnn=dnn)
    return found


def as_dnn(dnn: Any) -> DNN | None:
    """A network given by its name, by a name and how it is coded, by its ONNX file, or by its fields; None for what is none."""
    if isinstance(dnn, dict) and "onnx" in dnn:
        options = {field: value for field, value in dnn.items() if field != "onnx"}
        for field in options:
            one_of("field", field, read_onnx.__kwdefaults__ or ())
        return read_onnx(dnn["onnx"], **options)
    name, coding = _named(dnn)
    if name is not None and "layer_names" not in coding:
        for field in coding:
            one_of("field", field, Coding.model_fields)
        return load_dnn(name, **coding)
    try:
        return DNN(**dnn) if isinstance(dnn, dict) else dnn if isinstance(dnn, DNN) else None
    except InputError:
        return None


def _named(part: Any) -> tuple[str | None, dict[str, Any]]:
    """The name of a part and what is given beside it; None for a part that is given by its numbers alone."""
    if isinstance(part, str):
        return part, {}
    if isinstance(part, dict) and part.get("name") is not None:
        return part["name"], {field: value for field, value in part.items() if field != "name"}
    return None, {}


def _device(name: str, changes: dict[str, Any], dnn: DNN) -> Device:
    device = load_device(name, dnn=dnn, **{field: value for field, value in changes.items() if field in OF_A_DEVICE})
    return Device(**(dict(device) | _rest(changes, OF_A_DEVICE)))


def _edge(name: str, changes: dict[str, Any], dnn: DNN) -> Edge:
    return Edge(**(dict(load_server(name, dnn=dnn)) | _rest(changes, ())))


def _rest(changes: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """What takes the place of numbers of the catalogue; a speed that does was measured on nothing, unless it says so."""
    rest = {field: value for field, value in changes.items() if field not in known}
    return {"measured_on": None} | rest if "macs_per_s" in rest else rest
