"""A scenario: a network, a system and a channel, all that the costs depend on; from Python, or from a YAML or JSON file."""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from coinfer import reading
from coinfer.catalogue.names import brings_channel, on_network, with_names
from coinfer.channel import Channel, Rayleigh
from coinfer.network import DNN
from coinfer.quantities import QUANTITIES, field
from coinfer.system import Device, Edge, Link, Weights
from coinfer.validation import InputError, Model, an, brief, hint


class Scenario(Model):
    """Everything that the costs depend on. Network, device, edge and link may be given by the names of bundled ones.

    Without a device or an edge those of the default scenario are taken, and without link and channel its link; a link that is
    given by its numbers alone has fading that is drawn anew at each stage, `Rayleigh(outage_gain=0.05)`. A device or an edge by
    its name has the speed that was measured on the network, or else, as the `repr` then says, on one of its kind.

    >>> scenario = Scenario(dnn="squeezenet", link=Link(bandwidth_hz=5e6, mean_snr_db=8))
    >>> scenario.replace(link__bandwidth_hz=1e6).link.bandwidth_hz
    1000000.0
    >>> scenario.replace(dnn="resnet50", device="raspberry-pi-4").device.power_w
    3.4
    """

    dnn: DNN
    device: Device
    edge: Edge
    link: Link = Link()
    weights: Weights = Weights()
    channel: Channel = Rayleigh(outage_gain=0.05)
    inferences_per_update: float = field("inferences_per_update")
    interval_s: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description=QUANTITIES["interval_s"].meaning
    )
    update_fraction: float = field("update_fraction")
    result_at_edge: bool = Field(default=False, description="whether the result is needed at the edge")

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        _check_names(given)
        return with_names(given) if isinstance(given, dict) else given

    def __repr__(self) -> str:
        """In a line; `to_yaml` says all of it."""
        device, edge = (
            (part.name or f"{part.macs_per_s:.3g} MAC/s")
            + f" as it runs {part.measured_on}" * (part.measured_on not in (None, self.dnn.name))
            for part in (self.device, self.edge)
        )
        link = f"{self.link.name}, " if self.link.name else ""
        return f"Scenario({self.dnn.name} on {device}, edge {edge}, link {link}{self.channel.kind})"

    __str__ = __repr__

    def to_yaml(self) -> str:
        """YAML that `from_yaml` reads back to an equal scenario."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str, folder: str | Path = ".") -> Self:
        """The scenario that a YAML (or JSON) text describes; the path of an ONNX file in it starts in `folder`. Raises `InputError`."""
        try:
            fields = reading.from_yaml(an("text", text, str))
        except InputError as error:
            raise InputError(f"scenario: {error}") from None
        if not isinstance(fields, dict):
            raise InputError(f"scenario = {brief(fields)}: should be a mapping of {', '.join(cls.model_fields)}")
        _check_names(fields)
        dnn = fields.get("dnn")
        if isinstance(dnn, dict) and isinstance(dnn.get("onnx"), str):
            fields["dnn"] = dnn | {"onnx": os.path.join(folder, dnn["onnx"])}
        return cls(**fields)

    def replace(self, changes: dict[str, Any] | None = None, /, **more: Any) -> Self:
        """The scenario with some quantities changed, each by its path with `__` for the dot: `link__bandwidth_hz=1e6`.

        A mapping takes the dotted names of `sweep`: `replace({"link.bandwidth_hz": 1e6})`. What changes, changes at once. A
        link by its name brings its channel. A network by its name is coded as the present one, and device and edge take what
        they were measured at on it, unless other numbers were given. Bandwidth and SNR change nothing on a channel of given
        rates.
        """
        wanted = {} if changes is None else an("changes", changes, dict)
        _check_names(wanted | more)
        changes = {path.replace(".", "__"): value for path, value in (wanted | more).items()}
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        inside: dict[str, dict[str, Any]] = {}  # of each part what changes in it, all at once
        for path, value in changes.items():
            part, _, name = path.partition("__")
            if not name or (name == "name" and part in ("device", "edge", "link")):  # no label, but the thing itself
                fields[part] = value
            else:
                inside.setdefault(part, {})[name] = value
        for part, given in inside.items():
            inner = fields.get(part)
            if not isinstance(inner, Model):
                path, value = next((f"{part}__{name}", value) for name, value in given.items())
                raise InputError(
                    f"{path} = {brief(value)}: {brief(part)} should be one of {', '.join(type(self).model_fields)}"
                )
            kept = {key: getattr(inner, key) for key in type(inner).model_fields}
            if part == "link" and any(given.get(name) is not None for name in ("mean_snr_db", "distance_m")):
                kept |= {"mean_snr_db": None, "distance_m": None}  # one of the two replaces the other
            if "macs_per_s" in given:
                kept["measured_on"] = None
            fields[part] = type(inner)(**(kept | given))
        if {"link", "link__name"} & changes.keys() and "channel" not in changes and brings_channel(fields["link"]):
            del fields["channel"]
        if "dnn" in changes:
            fields = on_network(fields, self.dnn)
        return type(self)(**fields)


MOST_BYTES = 4_000_000  # of a scenario file
DEFAULT = "phone-mmwave"  # the scenario that is also called "default"
ABSTRACT = ("abstract-model", "interior")  # of nobody's device and link


def scenario_names(*, real: bool = False) -> tuple[str, ...]:
    """The names of the scenarios that come with the package; only the `real` ones, of devices and links that exist, if asked."""
    real = an("real", real, bool)
    names = sorted(path.stem for path in _scenario_folder().glob("*.yml"))
    return tuple(name for name in names if name not in ABSTRACT) if real else ("default", *names)


def load_scenario(name_or_path: str | Path, **changes: Any) -> Scenario:
    """A scenario by the name of a bundled one, or from a YAML or JSON file; `changes` as in `Scenario.replace`.

    A change of None leaves what the file says. Raises `InputError`.

    >>> load_scenario("city-camera", dnn="squeezenet").dnn.layers
    18
    """
    changes = {path: value for path, value in changes.items() if value is not None}
    text = scenario_text(name_or_path)
    if isinstance(name_or_path, str) and name_or_path in scenario_names():
        return Scenario.from_yaml(text).replace(**changes)
    try:
        return Scenario.from_yaml(text, os.path.dirname(name_or_path)).replace(**changes)
    except InputError as error:
        raise InputError(f"{os.fspath(name_or_path)}: {error}") from None


def scenario_text(name_or_path: str | Path) -> str:
    """The text of a scenario file, comments included: a bundled one by its name, or any. Raises `InputError`."""
    bundled = isinstance(name_or_path, str) and name_or_path in scenario_names()
    name = DEFAULT if bundled and name_or_path == "default" else name_or_path
    try:
        return reading.content(_scenario_folder() / f"{name}.yml" if bundled else name, MOST_BYTES).decode("utf-8")
    except (InputError, UnicodeDecodeError) as error:
        what = str(error) if isinstance(error, InputError) else "is not text in UTF-8"
        raise InputError(
            f"scenario = {brief(os.fspath(name_or_path) if isinstance(name_or_path, Path) else name_or_path, 200)}: {what.partition('; ')[0]}; "
            f"should be a YAML or JSON file, or one of {', '.join(scenario_names())}{hint(name_or_path, scenario_names())}"
        ) from None


def _check_names(fields: Any) -> None:
    """Raise `InputError` unless the keys of a mapping, and of those in it, are text; it may hold itself."""
    waiting, seen = [fields], set()
    while waiting:
        found = waiting.pop()
        if not isinstance(found, dict) or id(found) in seen:
            continue
        seen.add(id(found))
        waiting += found.values()
        for name in found:
            if not isinstance(name, str):
                raise InputError(f"scenario: {brief(name)} is not the name of a field; should be text")


def _scenario_folder() -> Path:
    return Path(__file__).parent / "scenarios"
