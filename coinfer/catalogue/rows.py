"""Rows of the catalogue's tables, as they are read: what is known of a device, a server or a link, and from where."""

import csv
import os
from abc import abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, model_validator

from coinfer import reading
from coinfer.validation import InputError, Model, brief

MOST_BYTES = 4_000_000  # of a table
DATA = Path(str(files("coinfer.catalogue"))) / "data"
# power while computing, above idle [W]: beyond these a time and an energy are not of the same machine; our choice
PLAUSIBLE_W = {
    "microcontroller": (1e-3, 0.5),
    "npu": (1e-3, 3.0),
    "phone": (0.3, 12.0),
    "board": (0.3, 12.0),
    "module": (1.0, 60.0),
    "computer": (1.0, 600.0),
}
MOST_MACS_PER_S = {  # beyond these a time is in another unit; ten times what was found, our choice
    "microcontroller": 2e11,
    "npu": 1e13,
    "phone": 1e13,
    "board": 2e12,
    "module": 5e13,
    "computer": 1e15,
}
MOST_RADIO_W, MOST_TAIL_S, MOST_TRIP_S = 20.0, 60.0, 5.0  # of a device's radio; our choice
Kind = Literal["microcontroller", "npu", "phone", "board", "module", "computer"]
Evidence = Literal["one run", "combined", "derived", "measured", "time only"]
Access = Literal["read", "page", "quoted"]  # the source was opened; a page about it was; a third party quotes it
Found = TypeVar("Found", bound="Row")


class Row(Model):
    """What rows share: an empty cell is a number that was not found."""

    note: str = ""

    @property
    @abstractmethod
    def key(self) -> tuple[str, ...]:
        """What no other row has."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, cells: Any) -> Any:
        if not isinstance(cells, dict):
            return cells
        given = {name: cell.strip() if isinstance(cell, str) else cell for name, cell in cells.items()}
        return {name: cell for name, cell in given.items() if cell != ""}


class DeviceRow(Row):
    """A device running one network, once. Those of the catalogue have every cell but `note`, and `power_w` where it is known."""

    device: str
    kind: Kind
    description: str = ""
    network: str
    time_ms: float = Field(gt=0, allow_inf_nan=False, description="an inference of one input [ms]")
    power_w: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="above idle, computing [W]")
    evidence: Evidence | None = None
    access: Access | None = None
    time_source: str = ""
    power_source: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Device and network."""
        return self.device, self.network

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if self.power_w is None and self.evidence not in (None, "time only"):
            raise InputError(f"power_w: is empty, but evidence = {self.evidence!r}; should be given, or 'time only'")
        if self.power_w is not None:
            check_power(self.device, self.kind, self.power_w)
        return self


class ServerRow(Row):
    """A server running one network, once."""

    server: str
    description: str
    network: str
    time_ms: float = Field(gt=0, allow_inf_nan=False, description="an inference of one input [ms]")
    evidence: Evidence = "time only"
    access: Access
    source: str

    @property
    def key(self) -> tuple[str, ...]:
        """Server and network."""
        return self.server, self.network


class MemoryRow(Row):
    """What the parameters on a device must fit in."""

    device: str
    memory_mib: float = Field(gt=0, allow_inf_nan=False)
    access: Access
    source: str

    @property
    def key(self) -> tuple[str, ...]:
        """The device."""
        return (self.device,)


class LinkRow(Row):
    """A link: its rate, or the chain that moves it, and what the device's radio takes."""

    link: str
    description: str
    rate_bps: float = Field(gt=0, allow_inf_nan=False, description="of a link with a chain the mean [bit/s]")
    chain: str | None = None
    transmit_power_w: float | None = Field(default=None, gt=0, le=MOST_RADIO_W, allow_inf_nan=False)
    energy_nj_per_bit: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    receive_power_w: float | None = Field(default=None, ge=0, le=MOST_RADIO_W, allow_inf_nan=False)
    receive_energy_nj_per_bit: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    tail_power_w: float | None = Field(default=None, ge=0, le=MOST_RADIO_W, allow_inf_nan=False)
    tail_s: float | None = Field(default=None, ge=0, le=MOST_TAIL_S, allow_inf_nan=False)
    round_trip_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    downlink_bps: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    rate_evidence: str
    rate_source: str
    power_evidence: str | None = None
    power_source: str | None = None
    tail_evidence: str | None = None
    tail_source: str | None = None
    trip_evidence: str | None = None
    trip_source: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The link."""
        return (self.link,)


def check_power(name: str, kind: str, power_w: float) -> None:
    """Raise `InputError` if no machine of this kind takes such a power: time and energy then are of different ones."""
    least, most = PLAUSIBLE_W[kind]
    if not least <= power_w <= most:
        raise InputError(
            f"power_w = {power_w:.3g} for {brief(name)}: should be in {least:g}..{most:g} W, as it is a {kind}; are time and energy of "
            "the same machine?"
        )


def check_speed(name: str, kind: str, macs_per_s: float) -> None:
    """Raise `InputError` if no machine of this kind is so fast."""
    if macs_per_s > (most := MOST_MACS_PER_S[kind]):
        raise InputError(
            f"time_ms for {brief(name)}: makes {macs_per_s:.2g} MAC/s; should make at most {most:.0e}, as it is a {kind}; is it in ms?"
        )


def read_rows(path: str | os.PathLike[str], kind: type[Found]) -> tuple[Found, ...]:
    """The rows of a table in CSV, lines that begin with # left out. Raises `InputError` that names file and line."""
    try:
        text = reading.content(path, MOST_BYTES).decode("utf-8-sig")  # spreadsheets begin a file with a mark
    except (InputError, UnicodeDecodeError) as error:
        what = str(error).partition("; ")[0] if isinstance(error, InputError) else "is not text in UTF-8"
        raise InputError(f"table = {brief(path)}: {what}; should be a CSV file") from None
    rows = tuple(_rows(os.path.basename(path), text, kind))
    if not rows:
        raise InputError(f"table = {brief(path)}: has no rows below its header; should have one at least")
    return rows


def _rows(name: str, text: str, kind: type[Found]) -> Iterator[Found]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if not line.startswith("#")]
    reader = csv.DictReader((line for _, line in lines), restkey="more", strict=True)
    seen = set()
    try:
        for cells in reader:
            if None in cells.values() or "more" in cells:
                raise InputError(f"{len(reader.fieldnames or ())} cells are named in the header, but not as many given")
            yield (row := kind(**cells))
            if row.key in seen:
                raise InputError(f"{' on '.join(row.key)}: is there a second time; should be there once")
            seen.add(row.key)
    except (InputError, csv.Error) as error:
        number = lines[min(reader.line_num, len(lines)) - 1][0] if lines else 1
        raise InputError(f"{name}, line {number}: {error}") from None


@lru_cache
def bundled_rows(kind: type[Found]) -> tuple[Found, ...]:
    """The rows of one of the bundled tables."""
    table = {DeviceRow: "devices", ServerRow: "servers", LinkRow: "links", MemoryRow: "memories"}[kind]
    return read_rows(DATA / f"{table}.csv", kind)
