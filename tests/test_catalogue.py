"""The catalogue: what is loaded is what was measured, on the network asked for or the one most alike; scenarios by name."""

from pathlib import Path

import numpy as np
import pytest

import coinfer
from coinfer import InputError, Scenario, load_device, load_link, load_scenario, load_server
from coinfer.catalogue import device_names, link_names, server_names
from coinfer.catalogue.machines import macs_per_value
from coinfer.catalogue.rows import PLAUSIBLE_W, DeviceRow, LinkRow, MemoryRow, ServerRow, bundled_rows
from coinfer.channel.generator import stationary
from coinfer.network import dnn_names, load_dnn
from coinfer.system import Device

HEADER = ",".join(name for name in DeviceRow.model_fields if name != "note")


# ---------------------------------------------------------------- devices and servers


@pytest.mark.parametrize("row", bundled_rows(DeviceRow), ids=lambda row: f"{row.device}-{row.network}")
def test_a_device_takes_the_time_and_the_power_that_were_measured(row: DeviceRow):
    """Its MACs at its speed take the time of the row; times the power, its energy."""
    network = load_dnn(row.network)
    device = load_device(row.device, dnn=network, power_w=None if row.power_w else 0)
    assert device.measured_on == row.network
    assert sum(network.macs) / device.macs_per_s == pytest.approx(row.time_ms / 1e3, rel=1e-12)
    assert device.power_w == (row.power_w or 0)
    joules = sum(network.macs) * device.energy_j_per_mac
    assert joules == pytest.approx((row.power_w or 0) * row.time_ms / 1e3, rel=1e-12)


@pytest.mark.parametrize("row", bundled_rows(ServerRow), ids=lambda row: f"{row.server}-{row.network}")
def test_a_server_takes_the_time_that_was_measured(row: ServerRow):
    edge = load_server(row.server, dnn=row.network)
    assert (edge.name, edge.measured_on) == (row.server, row.network)
    assert sum(load_dnn(row.network).macs) / edge.macs_per_s == pytest.approx(row.time_ms / 1e3, rel=1e-12)


@pytest.mark.parametrize("name", device_names())
@pytest.mark.parametrize("network", [*dnn_names(), "mlp"])
def test_on_another_network_it_takes_the_speed_of_the_one_most_alike(name: str, network: str):
    dnn = coinfer.mlp(4, 512) if network == "mlp" else load_dnn(network)
    known = {row.network for row in bundled_rows(DeviceRow) if row.device == name}
    found = load_device(name, dnn=dnn, power_w=PLAUSIBLE_W[_kind(name)][0])
    if network in known:
        assert found.measured_on == network
        return
    apart = {each: abs(np.log(macs_per_value(load_dnn(each)) / macs_per_value(dnn))) for each in known}
    assert apart[str(found.measured_on)] == min(apart.values())
    assert found.macs_per_s == load_device(name, dnn=str(found.measured_on), power_w=0).macs_per_s


def _kind(name: str) -> str:
    return next(row.kind for row in bundled_rows(DeviceRow) if row.device == name)


def test_macs_per_value_do_not_depend_on_how_values_are_coded():
    coarse = load_dnn("resnet50", activation_bits=4, parameter_bits=2, jpeg_quality=75)
    assert macs_per_value(coarse) == macs_per_value(load_dnn("resnet50")) > 50
    assert macs_per_value(load_dnn("alexnet")) < 15  # nearly all of its parameters are read for one MAC each


def test_a_device_may_serve():
    assert (
        load_server("raspberry-pi-5", dnn="resnet50").macs_per_s
        == load_device("raspberry-pi-5", dnn="resnet50").macs_per_s
    )


def test_the_power_of_one_run_and_the_speed_of_another_are_refused():
    """4.3e-10 J a MAC was measured on one phone, 2.2e11 MAC/s on another: 118 W on no phone."""
    with pytest.raises(
        InputError, match=r"power_w = \d+ for 'phone-snapdragon-8-gen-2'.*0.3..12 W.*phone.*same machine"
    ):
        load_device("phone-snapdragon-8-gen-2", dnn="resnet18", energy_j_per_mac=4.3e-10)
    slower = load_device("phone-snapdragon-8-gen-2", dnn="resnet18", energy_j_per_mac=2e-11)
    assert slower.energy_j_per_mac == pytest.approx(2e-11, rel=1e-12)


def test_measurements_of_ones_own(tmp_path: Path):
    table = tmp_path / "mine.csv"
    row = "my-board,board,a board of mine,{network},{time_ms},{power_w},one run,read,a stopwatch,a meter"
    lines = [
        row.format(network="resnet50", time_ms=200, power_w=2.5),
        row.format(network="vgg19", time_ms=900, power_w=3),
    ]
    table.write_text("# at 20 degrees\n" + "\n".join([HEADER, *lines]) + "\n")
    device = load_device("my-board", dnn="vgg19", table=table)
    assert (device.power_w, device.measured_on) == (3, "vgg19")
    assert sum(load_dnn("vgg19").macs) / device.macs_per_s == pytest.approx(0.9)
    scenario = Scenario(dnn="resnet50", device={"name": "my-board", "table": str(table)})
    assert scenario.device == load_device("my-board", dnn="resnet50", table=table)


def test_a_microcontroller_holds_what_fits_in_its_flash():
    """2 MiB: all of ResNet-8, and no ResNet-50; another limit, or none, stays on another network."""
    sensor = load_scenario("remote-sensor")
    assert sensor.device.memory_bits == 2 * 8 * 1024**2
    assert coinfer.costs(sensor).largest_placement == sensor.dnn.layers
    large = sensor.replace(dnn="resnet50")
    assert coinfer.costs(large).largest_placement < large.dnn.layers
    free = sensor.replace(device__memory_bits=None).replace(dnn="resnet50")
    assert coinfer.costs(free).largest_placement == free.dnn.layers
    assert {row.device for row in bundled_rows(MemoryRow)} <= set(device_names())
    assert all(row.source for row in bundled_rows(MemoryRow))


def test_a_device_of_ones_own_table_is_measured_anew_and_kept_in_a_file(tmp_path: Path):
    table = tmp_path / "mine.csv"
    table.write_text("device,kind,network,time_ms,power_w\nmy-board,board,resnet50,200,2.5\nmy-board,board,own,9,3\n")
    own = coinfer.mlp(3, 100).model_copy(update={"name": "own"})
    camera = load_scenario("city-camera").replace(device=load_device("my-board", dnn="resnet50", table=table))
    assert Scenario.from_yaml(camera.to_yaml()) == camera
    other = camera.replace(dnn=own)
    assert sum(own.macs) / other.device.macs_per_s == pytest.approx(9e-3)
    assert (other.device.power_w, other.device.measured_on) == (3, "own")
    with pytest.raises(InputError, match="'own': should be one of"):
        load_device("my-board", dnn="alexnet", table=table)


def test_merged_layers_run_as_fast_as_all():
    whole = load_dnn("ds_cnn")
    assert load_device("raspberry-pi-4", dnn=whole.blocks()) == load_device("raspberry-pi-4", dnn=whole)


# ---------------------------------------------------------------- links


@pytest.mark.parametrize("row", bundled_rows(LinkRow), ids=lambda row: row.link)
def test_a_link_takes_what_its_row_says(row: LinkRow):
    given = {} if row.transmit_power_w else {"transmit_power_w": 0.5}
    link, channel = load_link(row.link, **given)
    assert link.transmit_power_w == (row.transmit_power_w or 0.5)
    assert link.energy_j_per_bit == pytest.approx((row.energy_nj_per_bit or 0) * 1e-9)
    assert link.tail_power_w * link.tail_s == pytest.approx((row.tail_power_w or 0) * (row.tail_s or 0))
    assert link.round_trip_s == pytest.approx((row.round_trip_ms or 0) / 1e3)
    law = stationary(np.array(channel.generator))
    assert law @ np.array(channel.rates_bps) == pytest.approx(row.rate_bps, rel=0.02)
    assert (len(channel.rates_bps) > 1) == (row.chain is not None)


def test_the_tail_of_a_lone_transfer_is_what_was_published():
    """0.7 to 1.9 J on 4G, about 12 J on millimetre waves."""
    for name, least, most in (("lte-city", 0.7, 2.0), ("mmwave-walking", 11.0, 13.0)):
        link, _ = load_link(name)
        assert least <= link.tail_power_w * link.tail_s <= most


@pytest.mark.parametrize("rule", ["1-sla", "optimal"])
@pytest.mark.parametrize("updates", [1.0, 1e3, 1e6])
def test_the_closed_form_covers_links_of_one_rate(rule: str, updates: float):
    for name in ("ble-1m", "lte-m", "wifi-esp32"):
        case = load_scenario("wearable", link=name, dnn=coinfer.mlp(6, 128), inferences_per_update=updates)
        assert coinfer.mlp_placement(case, rule=rule) == coinfer.plan(case, rule=rule).placement


def test_the_catalogue_is_a_table_of_each_kind():
    for kind, names in (("devices", device_names()), ("servers", server_names()), ("links", link_names())):
        table = coinfer.catalogue(kind)
        assert set(table.index) == set(names)
        sources = [column for column in table if column.endswith("from") and "power" not in str(column)]
        assert (table[[c for c in sources if c in ("time from", "rate from")]] != "").all().all()


# ---------------------------------------------------------------- scenarios by name


def test_another_network_is_coded_alike_and_runs_at_its_own_speed():
    camera = load_scenario("city-camera")
    small = camera.replace(dnn="mobilenet_v2")
    assert small.dnn.coding == camera.dnn.coding
    assert small.dnn.output_bits[0] == camera.dnn.output_bits[0] < 8 * 17_000
    assert small.device == load_device("raspberry-pi-4", dnn="mobilenet_v2")
    assert small.edge == load_server("nvidia-t4", dnn="mobilenet_v2")
    assert small.device.macs_per_s < camera.device.macs_per_s / 2
    assert load_scenario("city-camera", dnn="mobilenet_v2") == small
    assert small.replace(dnn="resnet50") == camera


def test_numbers_that_were_given_stay_on_another_network():
    camera = load_scenario("city-camera")
    halved = camera.replace(device__macs_per_s=camera.device.macs_per_s / 2, device__memory_bits=1e9)
    assert halved.device.measured_on is None
    assert halved.replace(dnn="mobilenet_v2").device == halved.device
    hotter = camera.replace(device__power_w=5.0).replace(dnn="mobilenet_v2").device
    assert hotter.power_w == 5.0
    assert hotter.macs_per_s == load_device("raspberry-pi-4", dnn="mobilenet_v2").macs_per_s


def test_a_link_by_name_brings_its_channel():
    camera = load_scenario("city-camera")
    moved = camera.replace(link="mmwave-walking")
    assert (moved.link, moved.channel) == load_link("mmwave-walking")
    own = camera.replace(link="mmwave-walking", channel=camera.channel)
    assert (own.link, own.channel) == (moved.link, camera.channel)
    table = coinfer.sweep(
        camera, {"link": ["lte-city", "mmwave-walking"], "device": ["raspberry-pi-4", "raspberry-pi-5"]}
    )
    expected = [
        coinfer.plan(camera.replace(link=link, device=device)).cost
        for link in ("lte-city", "mmwave-walking")
        for device in ("raspberry-pi-4", "raspberry-pi-5")
    ]
    assert table["cost"].tolist() == pytest.approx(expected, rel=1e-12)


def test_a_link_of_the_catalogue_brings_its_channel_however_it_is_given():
    camera, both = load_scenario("city-camera"), load_link("mmwave-walking")
    for given in (both, both[0], "mmwave-walking", {"name": "mmwave-walking"}):
        moved = camera.replace(link=given)
        assert (moved.link, moved.channel) == both
        parts = {name: getattr(camera, name) for name in ("dnn", "device", "edge")}
        made = Scenario(**parts, link=given)
        assert (made.link, made.channel) == both
    fading = camera.replace(channel=coinfer.channel.Rayleigh(outage_gain=0.1))
    assert fading.replace(link__tail_s=3.0).channel == fading.channel
    assert camera.replace(device__name="raspberry-pi-5") == camera.replace(device="raspberry-pi-5")
    mine = camera.replace(link=coinfer.Link(name="mine", mean_snr_db=3), channel=camera.channel)
    assert Scenario.from_yaml(mine.to_yaml()) == mine


def test_the_catalogue_and_changes_of_it_survive_a_file():
    scenario = Scenario.from_yaml(
        "dnn: {name: resnet50, activation_bits: 8}\ndevice: {name: raspberry-pi-4, power_w: 5}\n"
        "edge: {name: nvidia-t4, macs_per_s: 1.0e+12}\nlink: {name: lte-city, tail_s: 0}\n"
    )
    assert (scenario.device.power_w, scenario.link.tail_s, scenario.edge.measured_on) == (5, 0, None)
    assert scenario.channel == load_link("lte-city")[1]
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario


def test_default_is_one_of_the_real_scenarios():
    default = load_scenario("default")
    assert any(load_scenario(name) == default for name in coinfer.scenario_names(real=True))
    plain = Scenario(dnn=default.dnn)
    assert (plain.device, plain.edge, plain.link, plain.channel) == (
        default.device,
        default.edge,
        default.link,
        default.channel,
    )


@pytest.mark.parametrize("given", [Device(macs_per_s=1e9, power_w=1.0), {"macs_per_s": 1e9, "power_w": 1}])
def test_a_device_by_its_numbers_is_no_entry_of_the_catalogue(given):
    assert Scenario(dnn="resnet50", device=given).device == Device(macs_per_s=1e9, power_w=1.0)
