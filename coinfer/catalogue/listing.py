"""The catalogue as tables to look at."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from coinfer.catalogue.links import channel_of
from coinfer.catalogue.machines import speed_macs_per_s
from coinfer.catalogue.rows import DeviceRow, LinkRow, ServerRow, bundled_rows
from coinfer.system import Link
from coinfer.validation import one_of

if TYPE_CHECKING:
    import pandas


def catalogue(kind: str = "devices") -> "pandas.DataFrame":
    """The "devices", "servers" or "links" that come with the package, a row each, with source and kind of evidence.

    A device or server has a row for every network that it was measured on; what was not found is nan. `load_device`,
    `load_server` and `load_link` make parts of a scenario from them. Raises `InputError` for another kind.

    >>> catalogue("links").loc["ble-1m", "mean rate [Mbit/s]"]
    np.float64(0.7)
    """
    import pandas

    rows = {"devices": _devices, "servers": _servers, "links": _links}
    return pandas.DataFrame(rows[one_of("kind", kind, rows)]()).set_index(kind.removesuffix("s"))


def _devices() -> Iterator[dict[str, Any]]:
    for row in bundled_rows(DeviceRow):
        speed, power = speed_macs_per_s(row), row.power_w
        yield {
            "device": row.device,
            "kind": row.kind,
            "network": row.network,
            "time [ms]": row.time_ms,
            "speed [GMAC/s]": speed / 1e9,
            "power [W]": np.nan if power is None else power,
            "energy [pJ/MAC]": np.nan if power is None else power / speed * 1e12,
            "evidence": row.evidence,
            "opened": row.access,
            "time from": row.time_source,
            "power from": row.power_source,
            "note": row.note,
        }


def _servers() -> Iterator[dict[str, Any]]:
    for row in bundled_rows(ServerRow):
        yield {
            "server": row.server,
            "network": row.network,
            "time [ms]": row.time_ms,
            "speed [GMAC/s]": speed_macs_per_s(row) / 1e9,
            "evidence": row.evidence,
            "opened": row.access,
            "time from": row.source,
            "note": row.note,
        }


def _links() -> Iterator[dict[str, Any]]:
    for row in bundled_rows(LinkRow):
        states = channel_of(row).states_on(Link())
        yield {
            "link": row.link,
            "mean rate [Mbit/s]": float(states.law @ states.rates_bps) / 1e6,
            "outage [%]": 100 * float(states.law[states.rates_bps == 0].sum()),
            "power while sending [W]": row.transmit_power_w,
            "energy [nJ/bit]": row.energy_nj_per_bit,
            "tail [J]": None if row.tail_s is None or row.tail_power_w is None else row.tail_s * row.tail_power_w,
            "round trip [ms]": row.round_trip_ms,
            "what": row.description,
            "rate from": f"{row.rate_source} ({row.rate_evidence})",
            "power from": f"{row.power_source or ''} ({row.power_evidence or 'not found'})",
            "tail from": f"{row.tail_source or ''} ({row.tail_evidence or 'not found'})",
            "round trip from": f"{row.trip_source or ''} ({row.trip_evidence or 'not found'})",
            "note": row.note,
        }
