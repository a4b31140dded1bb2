"""Links: how their rate moves, and what the device's radio takes."""

from functools import cache
from math import inf, log2
from pathlib import Path

import numpy as np

from coinfer.catalogue.rows import DATA, MOST_RADIO_W, MOST_TAIL_S, MOST_TRIP_S, LinkRow, bundled_rows
from coinfer.channel import Markov
from coinfer.channel.law import Floats
from coinfer.system import Link
from coinfer.validation import InputError, brief, is_number, one_of

SNR_DB = 10.0  # where Shannon's rate is the mean one, for those who put fading on the link: our choice
LONG_OUTAGE_S = 1.0  # what tells the two outage states of the bundled chains apart
NANO_PER_UNIT = 1e9
# of a link that a device sends over: more is another unit
MOST = dict.fromkeys(("transmit_power_w", "receive_power_w", "tail_power_w", "outage_power_w"), MOST_RADIO_W)
MOST |= {"tail_s": MOST_TAIL_S, "round_trip_s": MOST_TRIP_S}


def link_names() -> tuple[str, ...]:
    """The links of the catalogue, in alphabetical order."""
    return tuple(sorted(row.link for row in bundled_rows(LinkRow)))


def load_link(name: str, **changes: float) -> tuple[Link, Markov]:
    """A link and the channel on it: a chain fitted to a published trace, or derived from what was told of one, or one rate.

    `changes` takes the place of fields of the link; where no power was found, `transmit_power_w` must be given, 0 to count
    the time alone. Where nothing was found for receiving, what was for sending is taken; while the device waits in an outage
    its radio takes what it takes in its tail. The bandwidth is that which would have the mean rate at 10 dB: it counts only if
    another channel, of gains, takes the place of this one. Raises `InputError`.

    >>> link, channel = load_link("mmwave-walking")
    >>> link.tail_power_w, len(channel.rates_bps)
    (1.092, 8)
    """
    for field, value in changes.items():
        one_of("field", field, Link.model_fields)
        if is_number(value) and value > MOST.get(field, inf):
            raise InputError(
                f"{field} = {value:g} for {brief(name)}: should be at most {MOST[field]:g}; is it in another unit?"
            )
    rows = {row.link: row for row in bundled_rows(LinkRow)}
    row = rows[one_of("link", name, sorted(rows))]
    if row.transmit_power_w is None and "transmit_power_w" not in changes:
        raise InputError(
            f"link = {brief(name)}: no power of it was found; should be given with transmit_power_w, 0 to count its time alone: "
            f"{{'name': {brief(name)}, 'transmit_power_w': 0}}"
        )
    found = {
        "bandwidth_hz": row.rate_bps / log2(1 + 10 ** (SNR_DB / 10)),
        "mean_snr_db": SNR_DB,
        "carrier_hz": None,
        "downlink_rate_bps": row.downlink_bps or row.rate_bps,
        "transmit_power_w": row.transmit_power_w,
        "energy_j_per_bit": (row.energy_nj_per_bit or 0.0) / NANO_PER_UNIT,
        "receive_power_w": row.transmit_power_w if row.receive_power_w is None else row.receive_power_w,
        "receive_energy_j_per_bit": (row.receive_energy_nj_per_bit or 0.0) / NANO_PER_UNIT,
        "tail_power_w": row.tail_power_w or 0.0,
        "outage_power_w": row.tail_power_w or 0.0,
        "tail_s": row.tail_s or 0.0,
        "round_trip_s": (row.round_trip_ms or 0.0) / 1e3,
    }
    if found["receive_power_w"] is None:
        found["receive_power_w"] = changes["transmit_power_w"]
    return Link(**(found | {"name": name} | _either(changes))), channel_of(row)


def _either(changes: dict[str, float]) -> dict[str, float | None]:
    """A distance takes the place of the mean SNR."""
    return {"mean_snr_db": None} | changes if changes.get("distance_m") is not None else dict(changes)


@cache
def channel_of(row: LinkRow) -> Markov:
    """The channel of a link."""
    if row.chain is None:
        return Markov(rates_bps=(row.rate_bps,), generator=((0.0,),))
    rates_bps, generator = read_chain(DATA / "chains" / f"{row.chain}.csv")
    long_outage_s = LONG_OUTAGE_S if np.count_nonzero(rates_bps == 0) == 2 else None
    rows = tuple(tuple(moves) for moves in generator.tolist())
    return Markov(rates_bps=tuple(rates_bps.tolist()), generator=rows, long_outage_s=long_outage_s)


def read_chain(path: Path) -> tuple[Floats, Floats]:
    """The rates (S,) [bit/s] of a chain and its generator (S, S) [1/s]; lines that begin with # are about it."""
    _, *rows = (line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    table = np.loadtxt(rows, delimiter=",", ndmin=2)
    return table[:, 0], table[:, 1:]
