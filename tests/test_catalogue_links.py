"""Links of the catalogue and their chains, without the code that reads them: against what was measured of each."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm, null_space

DATA = Path(__file__).parents[1] / "coinfer" / "catalogue" / "data"
CHAINS = sorted((DATA / "chains").glob("*.csv"))
JPEG_Q90_BYTES = 16_608  # of 224 x 224


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


LINKS = read(DATA / "links.csv")


def test_no_link_twice_and_no_row_ragged():
    assert len({row["link"] for row in LINKS}) == len(LINKS) > 10
    assert all(None not in row and None not in row.values() for row in LINKS)  # DictReader's mark of a ragged row
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["link"]) for row in LINKS)


WHAT = {
    "rate": ["rate_bps"],
    "power": ["transmit_power_w", "energy_nj_per_bit"],
    "tail": ["tail_power_w", "tail_s"],
    "trip": ["round_trip_ms"],
}


@pytest.mark.parametrize("row", LINKS, ids=lambda row: row["link"])
def test_link_row(row):
    for what, columns in WHAT.items():
        assert row[f"{what}_evidence"] in {"measured", "fitted", "derived", "data sheet", "not known"}
        assert row[f"{what}_source"]
        known = any(row[column] for column in columns)
        assert known == (row[f"{what}_evidence"] != "not known")
    numbers = [column for column in row if column.endswith(("_bps", "_w", "_bit", "_s", "_ms"))]
    assert len(numbers) == 9
    assert all(float(row[column]) >= 0 for column in numbers if row[column])
    assert float(row["rate_bps"]) > 0
    assert bool(row["tail_power_w"]) == bool(row["tail_s"])


def link(name: str) -> dict[str, float]:
    (row,) = [row for row in LINKS if row["link"] == name]
    return {key: float(value) for key, value in row.items() if re.fullmatch(r"[\d.e+]+", value)}


def sending_w(name: str) -> float:
    of = link(name)
    return of["transmit_power_w"] + of["energy_nj_per_bit"] * 1e-9 * of["rate_bps"]


@pytest.mark.parametrize(
    ("name", "watts"),
    [
        ("lte-city", 0.0802 * 5.96 + 0.178),
        ("mmwave-walking", 0.00942 * 75 + 1.092),
        ("ble-1m", 6.40e-3 * 3),
        ("lte-m", 0.105 * 3.7),
        ("lte-m-0dbm", 0.045 * 3.7),
        ("wifi-esp32", 0.276 * 3.3),
        ("lora-sf7", 41.54e-3 * 3.3),
    ],
)
def test_power_while_sending(name, watts):
    assert sending_w(name) == pytest.approx(watts, rel=5e-3)


def test_sending_a_jpeg_on_slow_lte():
    """133 kbit at 5.96 Mbit/s: 22 ms and 15 mJ, against a tail of two joules."""
    seconds = JPEG_Q90_BYTES * 8 / link("lte-city")["rate_bps"]
    assert seconds == pytest.approx(0.0223, rel=5e-3)
    assert seconds * sending_w("lte-city") == pytest.approx(0.0146, rel=0.01)


@pytest.mark.parametrize(
    ("name", "watts"), [("ble-1m", 6.26e-3 * 3), ("wifi-esp32", 84e-3 * 3.3), ("lora-sf7", 12.68e-3 * 3.3)]
)
def test_power_while_receiving(name, watts):
    assert link(name)["receive_power_w"] == pytest.approx(watts, rel=5e-3)


def test_energy_of_a_tail():
    """Two joules on LTE and twelve on mmWave, as long as the tail of a trace; sending draws no less."""
    tails = {row["link"]: link(row["link"]) for row in LINKS if row["tail_power_w"]}
    assert len(tails) == 6
    for name, of in tails.items():
        assert of["tail_power_w"] == (1.092 if name.startswith("mmwave") else 0.178)
        assert of["tail_s"] == pytest.approx(37.90 - 27.22, abs=0.05)  # when it ends and begins in the trace
        assert of["tail_power_w"] * of["tail_s"] == pytest.approx(11.7 if name.startswith("mmwave") else 1.9, rel=0.01)
        assert of["transmit_power_w"] == of["receive_power_w"] == of["tail_power_w"]


REFIT = re.compile(r"gives ([\d.]+) up and ([\d.]+) down nJ/bit")


def test_slopes_agree_with_a_refit_on_the_data_of_the_authors():
    fits = {row["link"]: REFIT.search(row["power_source"]) for row in LINKS if row["power_evidence"] == "fitted"}
    assert len(fits) == 7
    for name, fit in fits.items():
        assert link(name)["energy_nj_per_bit"] == pytest.approx(float(fit[1]), rel=0.1)
        assert link(name)["receive_energy_nj_per_bit"] == float(fit[2])


# what was measured of each, in two campaigns and a study: round trip [ms] and downlink [Mbit/s]
PINGS = {"static LTE": 32.6, "driving": 32.5, "static mmWave (toward_p1)": 13.9}
DOWN = {"speed test in": 117, "LTE median of the MobiSys 2012 study": 13, "one connection in": 494, "75 to 91": 75}


def test_round_trips_and_downlinks():
    for row in LINKS:
        of = link(row["link"])
        for what, milliseconds in PINGS.items():
            if row["trip_source"].endswith(f"median ping, {what}"):
                assert of["round_trip_ms"] == milliseconds
        for what, mbps in DOWN.items():
            if re.search(f"downlink:?( median LTE)? {what}", row["note"]):
                assert of["downlink_bps"] == mbps * 1e6
    assert link("5g-low-band")["round_trip_ms"] == 12
    assert link("starlink")["round_trip_ms"] == 2 * 52
    assert all(link(name)["downlink_bps"] == link(name)["rate_bps"] for name in ("ble-1m", "wifi-esp32", "lora-sf7"))


def test_rates_of_data_sheets():
    assert link("lte-m")["rate_bps"] == link("lte-m-0dbm")["rate_bps"] == 180e3
    assert (link("ble-1m")["rate_bps"], link("wifi-esp32")["rate_bps"]) == (0.7e6, 20e6)
    assert 63e6 <= link("5g-low-band")["rate_bps"] <= 66e6


def test_a_bit_of_lora():
    assert link("lora-sf7")["rate_bps"] == pytest.approx(7 * 125_000 / 2**7 * 4 / 5, rel=1e-4)


# ---------------------------------------------------------------- chains

# what was published of each measurement: mean rate [Mbit/s], share of time in outage [%], mean outage and mean time
# between outages [s], correlation of the rate after 1 s
MEASURED = {
    "lte-city": (5.96, 2.1, 0.32, 13.7, 0.56),
    "lte-campaign": (33.1, 0.3, 0.58, 167, 0.89),
    "lte-campaign-walking": (47.5, 0, None, None, 0.89),
    "lte-driving": (0.84, 14.8, 0.83, 4.8, 0.57),
    "mmwave-walking": (75.2, 4.6, 2.25, 29.6, 0.58),
    "mmwave-driving": (31.3, 44.7, 5.9, 7.5, 0.88),
    "starlink": (8, 0, None, None, np.exp(-1 / 15)),
}
QUANTILES = {
    "lte-city": (1.32, 5.41, 10.8),
    "lte-campaign": (15.4, 35.9, 45.6),
    "lte-campaign-walking": (42.6, 45.4, 63.6),
}
FITTED = {"lte-driving", "mmwave-walking", "mmwave-driving"}  # state by state to the samples, not to these numbers


def chain(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates, generator and stationary probabilities of a chain."""
    table = np.array([[float(value) for value in row.values()] for row in read(DATA / "chains" / f"{name}.csv")])
    rates, generator = table[:, 0], table[:, 1:]
    kernel = null_space(generator.T, rcond=1e-5)  # rows sum to zero but for rounding
    assert kernel.shape[1] == 1
    return rates, generator, kernel[:, 0] / kernel[:, 0].sum()


def test_every_chain_is_of_a_link_of_its_name_and_the_other_way_round():
    assert {path.stem for path in CHAINS} == {row["chain"] for row in LINKS} - {""} == set(MEASURED)
    assert all(row["chain"] in {"", row["link"]} for row in LINKS)


@pytest.mark.parametrize("path", CHAINS, ids=lambda path: path.stem)
def test_generator(path):
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# uplink rate as a continuous-time Markov chain")
    rates, generator, _ = chain(path.stem)
    states = len(rates)
    assert next(line for line in lines if not line.startswith("#")) == ",".join(
        ["rate_bps", *(f"q{j}" for j in range(states))]
    )
    assert generator.shape == (states, states)
    assert (np.abs(generator.sum(axis=1)) < 1e-5 * -np.diag(generator)).all()  # as many digits as the files give
    assert (generator - np.diag(np.diag(generator)) >= 0).all()
    assert (np.diag(generator) < 0).all()
    assert (rates >= 0).all()


@pytest.mark.parametrize("name", MEASURED)
def test_a_chain_keeps_the_statistics_of_what_was_measured(name):
    mean_mbps, outage_percent, outage_s, up_s, correlation = MEASURED[name]
    rates, generator, share = chain(name)
    out = rates == 0
    mean = share @ rates
    assert mean / 1e6 == pytest.approx(mean_mbps, rel=5e-3)
    assert link(name)["rate_bps"] == pytest.approx(mean, rel=5e-3)
    assert 100 * share[out].sum() == pytest.approx(outage_percent, abs=0.2)
    if outage_s:
        begun_per_s = share[~out] @ generator[np.ix_(~out, out)].sum(axis=1)
        assert share[out].sum() / begun_per_s == pytest.approx(outage_s, rel=0.1)
        if name != "mmwave-walking":  # whose chain bridges the ends of runs: 51 s
            assert share[~out].sum() / begun_per_s == pytest.approx(up_s, rel=0.01)
    after_1_s = ((share * rates) @ expm(generator) @ rates - mean**2) / (share @ rates**2 - mean**2)
    if name in FITTED:  # a chain of few states forgets sooner than the trace
        assert 0.3 < after_1_s < correlation
    else:
        assert after_1_s == pytest.approx(correlation, abs=5e-3)


@pytest.mark.parametrize("name", QUANTILES)
def test_a_derived_chain_has_the_published_quantiles(name):
    rates, _, share = chain(name)
    order = np.argsort(rates)
    reached = np.cumsum(share[order])
    found = [rates[order][np.searchsorted(reached, part)] / 1e6 for part in (0.1, 0.5, 0.9)]
    assert found == pytest.approx(QUANTILES[name])
