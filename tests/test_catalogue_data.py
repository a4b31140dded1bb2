"""Devices and servers of the catalogue, without the code that reads them: against their sources and against physics."""

import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "coinfer" / "catalogue" / "data"
JPEG = DATA.parents[1] / "network" / "jpeg.csv"
NETWORKS = {
    *("mobilenet_v2", "resnet18", "resnet50", "efficientnet_b0", "regnet_y_400mf", "shufflenet_v2_x1_0", "vgg16"),
    *("resnet8", "ds_cnn", "mobilenet_v1_025", "fc_autoencoder"),
}
MOST_W = {"phone": 12, "microcontroller": 0.5, "board": 12, "module": 60, "npu": 3}
AT_COMMIT = re.compile(r"^[\w.-]+/[\w.-]+@[0-9a-f]{8,40} \S")
# 1e9 multiply-accumulates of an inference: of networks for 224 x 224 images as timm (infer_gmacs of its benchmarks) and
# torchvision (its table of weights) publish them; of MLPerf Tiny's ResNet-8 by layers of 16, 32 and 64 filters
GMACS = {
    "mobilenet_v2": 0.31,
    "efficientnet_b0": 0.40,
    "resnet18": 1.82,
    "resnet50": 4.11,
    "regnet_y_400mf": 0.40,
    "shufflenet_v2_x1_0": 0.14,
    "vgg16": 15.47,
    "resnet8": (442368 + 4718592 + 2 * (1179648 + 2359296 + 131072) + 640) / 1e9,
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


DEVICES, SERVERS = (read(DATA / f"{name}.csv") for name in ("devices", "servers"))


def named(row: dict[str, str]) -> str:
    return "-".join(row.get(key, "") for key in ("device", "server", "network") if key in row)


def device(name: str, network: str) -> dict[str, str]:
    (row,) = [row for row in DEVICES if (row["device"], row["network"]) == (name, network)]
    return row


def macs_per_s(row: dict[str, str]) -> float:
    return GMACS[row["network"]] * 1e9 / (float(row["time_ms"]) / 1e3)


# ---------------------------------------------------------------- what every row has


@pytest.mark.parametrize(("rows", "key"), [(DEVICES, ("device", "network")), (SERVERS, ("server", "network"))])
def test_no_row_twice_and_none_ragged(rows, key):
    assert len({tuple(row[part] for part in key) for row in rows}) == len(rows) > 10
    assert all(None not in row and None not in row.values() for row in rows)  # DictReader's mark of a ragged row
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row[key[0]]) for row in rows)


def test_what_a_device_is_does_not_depend_on_the_network():
    assert len({(row["device"], row["kind"], row["description"]) for row in DEVICES}) == len(
        {row["device"] for row in DEVICES}
    )


@pytest.mark.parametrize("row", DEVICES, ids=named)
def test_device_row(row):
    assert row["kind"] in MOST_W
    assert row["network"] in NETWORKS
    assert float(row["time_ms"]) > 0
    assert row["access"] in {"read", "page"}
    assert row["time_source"]
    # power is told and sourced, or neither
    assert bool(row["power_w"]) == bool(row["power_source"]) == (row["evidence"] != "time only")
    assert row["evidence"] in {"one run", "combined", "derived", "time only"}
    assert row["note"] or row["evidence"] not in {"combined", "derived"}


@pytest.mark.parametrize("row", SERVERS, ids=named)
def test_server_row(row):
    assert row["network"] in NETWORKS
    assert float(row["time_ms"]) > 0
    assert row["evidence"] == "measured"
    assert row["access"] in {"read", "page"}
    assert row["source"]


@pytest.mark.parametrize("row", DEVICES + SERVERS, ids=named)
def test_a_file_that_was_read_is_named_with_its_commit(row):
    if row["access"] == "read":
        assert AT_COMMIT.match(row.get("time_source") or row["source"])


# ---------------------------------------------------------------- the numbers, against what was published

# multiply-accumulates a second to two digits, for MobileNetV2, ResNet-18 and ResNet-50
RATES = {
    "raspberry-pi-zero-2w": (2.1e9, 5.1e9, 5.3e9),
    "raspberry-pi-3b-plus": (2.8e9, 6.7e9, 7.0e9),
    "raspberry-pi-4": (5.0e9, 1.5e10, 1.6e10),
    "raspberry-pi-5": (2.9e10, 9.1e10, 8.9e10),
    "jetson-nano-gpu": (2.4e10, 4.1e10, 4.4e10),
    "jetson-nano-cpu": (9.2e9, 2.2e10, 2.0e10),
    "jetson-orin-nano": (8.1e10, 3.9e11, 4.4e11),
    "phone-snapdragon-855-plus": (6.6e10, 1.8e11, 1.6e11),
    "phone-adreno-640": (2.9e10, 7.3e10, 7.4e10),
    "phone-snapdragon-8-gen-2": (9.6e10, 2.7e11, 2.2e11),
    "phone-dimensity-9300": (1.1e11, 3.2e11, 2.6e11),
}
SINGLE_RATES = {
    ("coral-edge-tpu", "mobilenet_v2"): 1.2e11,
    ("coral-dev-board-cpu", "mobilenet_v2"): 2.5e9,
    ("jetson-orin-nx", "resnet50"): 3.8e12,
    ("jetson-agx-orin-maxq", "resnet50"): 2.9e12,
    ("stm32-h7a3", "resnet8"): 2.4e8,
    ("stm32-l4r5", "resnet8"): 5.5e7,
    ("stm32-u575", "resnet8"): 9.0e7,
    ("stm32-f746", "resnet8"): 1.9e8,
    ("nrf5340", "resnet8"): 4.0e7,
    ("gap9", "resnet8"): 1.3e10,
    ("gap9-370mhz", "resnet8"): 2.0e10,
    ("syntiant-ndp120", "resnet8"): 7.8e8,
    ("nrf54-axon", "resnet8"): 7.0e8,
}
THREE = ("mobilenet_v2", "resnet18", "resnet50")
DEVICE_RATES = SINGLE_RATES | {
    (name, net): rate for name, of in RATES.items() for net, rate in zip(THREE, of, strict=True)
}
SERVER_RATES = {
    ("nvidia-l4", "resnet50"): 1.2e13,
    ("nvidia-a2", "resnet50"): 5.9e12,
    ("nvidia-t4", "resnet50"): 4.1e12,
    ("nvidia-a100", "resnet50"): 8.9e12,
    ("nvidia-a100", "mobilenet_v2"): 1.0e12,
    ("nvidia-a100", "efficientnet_b0"): 6.0e11,
    ("nvidia-v100", "resnet50"): 1.1e12,
    ("nvidia-v100", "mobilenet_v2"): 1.8e11,
    ("aws-c5-4xlarge", "resnet50"): 2.9e11,
    ("aws-c5-4xlarge", "mobilenet_v2"): 7.2e10,
    ("azure-d64s-v6", "resnet50"): 5.1e11,
    ("azure-d64s-v6", "mobilenet_v2"): 1.1e11,
    ("epyc-7742", "resnet50"): 2.9e11,
}


@pytest.mark.parametrize("key", DEVICE_RATES, ids="-".join)
def test_device_macs_per_s(key):
    assert float(f"{macs_per_s(device(*key)):.1e}") == DEVICE_RATES[key]


@pytest.mark.parametrize("key", SERVER_RATES, ids="-".join)
def test_server_macs_per_s(key):
    (row,) = [row for row in SERVERS if (row["server"], row["network"]) == key]
    assert float(f"{macs_per_s(row):.1e}") == SERVER_RATES[key]


def test_every_row_is_as_fast_as_its_kind():
    """A slip of a digit, or seconds for milliseconds, leaves the range of the kind."""
    range_of = {
        "microcontroller": (1e7, 1e11),
        "board": (1e9, 2e11),
        "phone": (1e10, 1e12),
        "module": (5e9, 1e13),
        "npu": (1e8, 1e12),
    }
    for row in DEVICES:
        if row["network"] in GMACS:
            least, most = range_of[row["kind"]]
            assert least < macs_per_s(row) < most, named(row)
    assert all(5e10 < macs_per_s(row) < 3e14 for row in SERVERS)


# least and largest of ncnn's times, whose average a row is: EfficientNet-B0, RegNetY-400MF, ShuffleNetV2, VGG-16 [ms]
SPREAD = {
    "raspberry-pi-zero-2w": ((201.88, 202.55), (156.49, 157.47), (63.64, 64.50)),
    "raspberry-pi-3b-plus": ((134.87, 136.98), (118.60, 119.51), (46.76, 47.53)),
    "raspberry-pi-4": ((73.92, 74.44), (65.27, 66.12), (24.37, 24.73), (541.66, 552.56)),
    "jetson-nano-gpu": ((21.26, 21.41), (17.91, 18.08), (), (310.39, 310.65)),
    "phone-adreno-640": ((22.64, 22.82), (15.35, 15.86), (8.84, 9.13), (106.08, 106.53)),
}


@pytest.mark.parametrize("name", SPREAD)
def test_an_average_is_between_the_least_and_the_largest_time(name):
    networks = ("efficientnet_b0", "regnet_y_400mf", "shufflenet_v2_x1_0", "vgg16")
    told = {network for network, spread in zip(networks, SPREAD[name], strict=False) if spread}
    assert told == {row["network"] for row in DEVICES if row["device"] == name} - set(THREE)
    for network, spread in zip(networks, SPREAD[name], strict=False):
        assert not spread or spread[0] < float(device(name, network)["time_ms"]) < spread[1]


# MLPerf Tiny: inferences a second, microjoules an inference and milliwatts, medians of the run that measured energy
RUNS = {
    ("stm32-h7a3", "resnet8"): (19.30, 6311, 121.8),
    ("stm32-h7a3", "mobilenet_v1_025"): (33.864, 3699.351, 125.36),
    ("stm32-h7a3", "fc_autoencoder"): (551.471, 221.217, 122.02),
    ("stm32-l4r5", "resnet8"): (4.409, 10681.623, 47.10),
    ("stm32-l4r5", "ds_cnn"): (13.314, 3371.738, 44.89),
    ("stm32-l4r5", "mobilenet_v1_025"): (4.427, 10066.628, 44.58),
    ("stm32-l4r5", "fc_autoencoder"): (132.077, 322.977, 42.65),
    ("stm32-u575", "resnet8"): (7.200, 3641.998, 26.22),
    ("stm32-u575", "ds_cnn"): (22.689, 1138.534, 25.84),
    ("stm32-u575", "mobilenet_v1_025"): (7.525, 3364.456, 25.32),
    ("stm32-u575", "fc_autoencoder"): (207.366, 119.113, 24.70),
    ("gap9", "resnet8"): (1043.769, 27.711, 28.93),
    ("gap9", "ds_cnn"): (1368.176, 18.561, 25.40),
    ("gap9", "mobilenet_v1_025"): (577.979, 40.801, 23.58),
    ("gap9", "fc_autoencoder"): (3682.970, 5.252, 19.34),
    ("gap9-370mhz", "resnet8"): (1607.976, 40.356, 64.91),
    ("syntiant-ndp120", "resnet8"): (62.267, 101.833, 6.341),
    ("syntiant-ndp120", "ds_cnn"): (227.204, 31.537, 7.166),
    ("syntiant-ndp120", "mobilenet_v1_025"): (78.088, 71.711, 5.602),
}


@pytest.mark.parametrize("key", RUNS, ids="-".join)
def test_energy_times_throughput_is_power_in_a_run(key):
    per_s, energy_uj, power_mw = RUNS[key]
    row = device(*key)
    assert row["evidence"] == "one run"
    assert float(row["time_ms"]) == pytest.approx(1e3 / per_s, rel=1e-3)
    assert float(row["power_w"]) == pytest.approx(power_mw / 1e3, rel=1e-3)
    assert float(row["power_w"]) * float(row["time_ms"]) * 1e3 == pytest.approx(energy_uj, rel=2e-3)


# the same without energy: inferences a second
UNPOWERED = {
    ("stm32-f746", "resnet8"): 15.440,
    ("stm32-f746", "ds_cnn"): 52.288,
    ("stm32-f746", "mobilenet_v1_025"): 17.535,
    ("stm32-f746", "fc_autoencoder"): 435.741,
    ("nrf5340", "resnet8"): 3.163,
}
# Nordic's table of the Axon NPU: ms and mA
AXON = {"ds_cnn": (4.5, 3.0), "fc_autoencoder": (1.3, 3.5), "mobilenet_v1_025": (14.4, 2.8), "resnet8": (17.9, 2.7)}


@pytest.mark.parametrize("key", UNPOWERED, ids="-".join)
def test_time_is_one_over_throughput(key):
    assert float(device(*key)["time_ms"]) == pytest.approx(1e3 / UNPOWERED[key], rel=1e-3)


@pytest.mark.parametrize("network", AXON)
def test_axon_draws_its_current_at_3_v(network):
    row, (time_ms, milliamperes) = device("nrf54-axon", network), AXON[network]
    assert float(row["time_ms"]) == time_ms
    assert float(row["power_w"]) == pytest.approx(3e-3 * milliamperes, rel=0.02)


def test_those_are_all_runs_that_gave_time_and_power():
    of_one_run = {(row["device"], row["network"]) for row in DEVICES if row["evidence"] == "one run"}
    assert of_one_run == set(RUNS) | {("jetson-agx-orin-maxq", "resnet50")}


@pytest.mark.parametrize(
    ("name", "network", "seconds", "joules"),
    [
        ("raspberry-pi-4", "resnet50", 0.263, 0.89),
        ("stm32-h7a3", "resnet8", 0.052, 6.3e-3),
        ("stm32-u575", "resnet8", 0.139, 3.6e-3),
        ("gap9", "resnet8", 0.96e-3, 28e-6),
    ],
)
def test_seconds_and_joules_of_an_inference(name, network, seconds, joules):
    row = device(name, network)
    assert float(row["time_ms"]) / 1e3 == pytest.approx(seconds, rel=0.01)
    assert float(row["time_ms"]) / 1e3 * float(row["power_w"]) == pytest.approx(joules, rel=0.02)


def test_idle_is_deducted_from_the_power_of_the_boards():
    pattern = re.compile(r"idle ([\d.]+) W, stress-ng ([\d.]+) W")
    told = [(row, pattern.search(row["power_source"])) for row in DEVICES if row["device"].startswith("raspberry")]
    deducted = [(float(row["power_w"]), float(by[2]) - float(by[1])) for row, by in told if by]
    assert len(deducted) >= 15
    assert all(power == pytest.approx(difference) for power, difference in deducted)


def test_power_of_jetsons():
    assert 13.3 < float(device("jetson-agx-orin-maxq", "resnet50")["power_w"]) < 14.4  # samples of its run
    (watts,) = {float(row["power_w"]) for row in DEVICES if row["device"] == "jetson-nano-gpu"}
    assert watts == pytest.approx(0.154e-3 * 3600 * 12.34, rel=1e-3)


# ---------------------------------------------------------------- physics


@pytest.mark.parametrize("row", [row for row in DEVICES if row["power_w"]], ids=named)
def test_power_is_what_such_a_thing_can_draw(row):
    assert 0 < float(row["power_w"]) <= MOST_W[row["kind"]]


GPU_MJ, CPU_MJ, MFLOP = (
    (64.19 + 391.97) / 2,
    (251.52 + 1432.67) / 2,
    3888,
)  # DeepEn2023: ResNet-18 and its variants, middle


def test_a_phone_cpu_with_the_energy_of_another_phone_would_draw_118_w():
    """The trap: the time and the energy are of different phones, and even a FLOP taken for a MAC leaves 59 W."""
    row = device("phone-snapdragon-8-gen-2", "resnet18")
    for macs_per_flop, watts in ((0.5, 118), (1, 59)):
        joules = CPU_MJ / 1e3 / (MFLOP * 1e6 * macs_per_flop) * GMACS["resnet18"] * 1e9
        power_w = joules / (float(row["time_ms"]) / 1e3)
        assert power_w == pytest.approx(watts, rel=0.01)
        assert power_w > MOST_W["phone"]
    on_a_cpu = [row for row in DEVICES if row["kind"] == "phone" and "GPU" not in row["description"]]
    assert len({row["device"] for row in on_a_cpu}) == 3
    assert not any(row["power_w"] for row in on_a_cpu)


def test_the_power_of_the_phone_gpu_is_derived_as_it_says():
    per_mac = [GPU_MJ / 1e3 / (MFLOP * 1e6 * macs_per_flop) for macs_per_flop in (1, 0.5)]
    assert per_mac[0] < 1e-10 < per_mac[1]
    rows = [row for row in DEVICES if row["device"] == "phone-adreno-640"]
    for row in rows:
        watts = 1e-10 * macs_per_s(row)
        assert row["power_w"] == (f"{watts:.2g}" if watts <= MOST_W["phone"] else "")
    assert [row["network"] for row in rows if not row["power_w"]] == ["vgg16"]


@pytest.mark.parametrize("name", sorted({row["device"] for row in DEVICES}))
def test_a_device_takes_longer_for_more_of_the_same(name):
    times = {row["network"]: float(row["time_ms"]) for row in DEVICES if row["device"] == name}
    light, heavy = (
        ("shufflenet_v2_x1_0", "mobilenet_v2", "efficientnet_b0"),
        ("regnet_y_400mf", "resnet18", "resnet50", "vgg16"),
    )
    for family in (light, heavy):
        assert all(less < more for less, more in pairwise(times[network] for network in family if network in times))
    if {"fc_autoencoder", "ds_cnn", "resnet8"} <= set(times):
        assert times["fc_autoencoder"] < times["ds_cnn"] < times["resnet8"]


# ---------------------------------------------------------------- images


def test_jpeg():
    rows = read(JPEG)
    assert [int(row["quality"]) for row in rows] == [95, 90, 85, 75, 50]
    assert all(AT_COMMIT.match(row["source"].removeprefix("Pillow on ") + " .") for row in rows)
    assert {int(row["pixels"]) for row in rows} == {224 * 224}
    assert all(int(row["bytes_p10"]) < int(row["bytes_mean"]) < int(row["bytes_p90"]) for row in rows)
    means = [int(row["bytes_mean"]) for row in rows]
    assert means == sorted(means, reverse=True)
    smaller = [224 * 224 * 3 / mean for mean in means]
    assert smaller == pytest.approx([6.4, 9.1, 11.3, 14.9, 21.6], abs=0.05)
