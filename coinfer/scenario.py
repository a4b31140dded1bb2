"""A scenario: a network, a system and a channel, all that the costs depend on; from Python, or from a YAML or JSON file."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from coinfer.catalogue.names import brings_channel, on_network, with_names
from coinfer.channel import Channel, Rayleigh
from coinfer.network import DNN
from coinfer.quantities import QUANTITIES, field
from coinfer.system import Device, Edge, Link, Weights
from coinfer.validation import InputError, Model, brief, hint


class Scenario(Model):
    """Everything that the costs depend on. Network, device, edge and link may be given by the names of bundled ones.

    Without a device or an edge those of the default scenario are taken, and without link and channel its link.

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
        return with_names(given) if isinstance(given, dict) else given

    def to_yaml(self) -> str:
        """YAML that `from_yaml` reads back to an equal scenario."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The scenario that a YAML (or JSON) text describes. Raises `InputError`."""
        import yaml

        try:
            fields = json.loads(text)  # YAML would misread some of its characters and exponents
        except ValueError:
            try:
                fields = yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise InputError(f"scenario: is not YAML: {' '.join(str(error).split())[:200]}") from None
        if not isinstance(fields, dict):
            raise InputError(f"scenario = {brief(fields)}: should be a mapping of {', '.join(cls.model_fields)}")
        _check_names(fields)
        return cls(**fields)

    def replace(self, **changes: Any) -> Self:
        """The scenario with some quantities changed, each by its path with `__` for the dot: `link__bandwidth_hz=1e6`.

        A link by its name brings its channel. A network by its name is coded as the present one, and device and edge take what
        they were measured at on it, unless other numbers were given.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        for path, value in changes.items():
            part, _, name = path.partition("__")
            if not name:
                fields[part] = value
                continue
            if not isinstance(fields.get(part), Model):
                raise InputError(f"{path} = {value!r}: {part!r} should be one of {', '.join(type(self).model_fields)}")
            if name == "name" and part in ("device", "edge", "link"):  # not a label, but the thing itself
                fields[part] = value
                continue
            inner = fields[part]
            kept = {key: getattr(inner, key) for key in type(inner).model_fields}
            # one of the two replaces the other
            if path in ("link__mean_snr_db", "link__distance_m") and value is not None:
                kept |= {"mean_snr_db": None, "distance_m": None}
            if name == "macs_per_s":
                kept["measured_on"] = None
            fields[part] = type(inner)(**(kept | {name: value}))
        if {"link", "link__name"} & changes.keys() and "channel" not in changes and brings_channel(fields["link"]):
            del fields["channel"]
        if "dnn" in changes:
            fields = on_network(fields, self.dnn)
        return type(self)(**fields)


DEFAULT = "phone-mmwave"  # the scenario that is also called "default"
ABSTRACT = ("abstract-model", "interior")  # of nobody's device and link


def scenario_names(*, real: bool = False) -> tuple[str, ...]:
    """The names of the scenarios that come with the package; only the `real` ones, of devices and links that exist, if asked."""
    names = sorted(path.stem for path in _scenario_folder().glob("*.yml"))
    return tuple(name for name in names if name not in ABSTRACT) if real else ("default", *names)


def load_scenario(name_or_path: str | Path, **changes: Any) -> Scenario:
    """A scenario by the name of a bundled one, or from a YAML or JSON file; `changes` as in `Scenario.replace`.

    A change of None leaves what the file says. Raises `InputError`.

    >>> load_scenario("city-camera", dnn="squeezenet").dnn.layers
    18
    """
    changes = {path: value for path, value in changes.items() if value is not None}
    return Scenario.from_yaml(scenario_text(name_or_path)).replace(**changes)


def scenario_text(name_or_path: str | Path) -> str:
    """The text of a scenario file, comments included: a bundled one by its name, or any. Raises `InputError`."""
    bundled = _scenario_folder() / f"{DEFAULT if name_or_path == 'default' else name_or_path}.yml"
    path = bundled if str(name_or_path) in scenario_names() else Path(name_or_path)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"scenario = {str(name_or_path)!r}: cannot be read ({type(error).__name__}); "
            f"should be a YAML or JSON file, or one of {', '.join(scenario_names())}{hint(name_or_path, scenario_names())}"
        ) from None


def _check_names(fields: Any) -> None:
    """Raise `InputError` unless the keys of a mapping, and of those in it, are text."""
    for name, value in fields.items() if isinstance(fields, dict) else ():
        if not isinstance(name, str):
            raise InputError(f"scenario: {brief(name)} is not the name of a field; should be text")
        _check_names(value)


def _scenario_folder() -> Path:
    return Path(__file__).parent / "scenarios"
