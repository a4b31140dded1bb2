"""What a scenario is given and what follows from it, told with the digits it has."""

import pytest

import coinfer
from coinfer.study.symbols import as_given, as_text, derived, network_sizes


def test_small_numbers_are_not_zero() -> None:
    assert [as_text(value) for value in (1e-26, 5e-17, 0.0, 3e8)] == ["1e-26", "5e-17", "0", "3e+08"]
    shown = derived(coinfer.load_scenario("abstract-model")).set_index("unit")["value"]
    assert shown["W/Hz"] == pytest.approx(1e-10 / 2e6)  # the scenario file: 1e-10 W in 2 MHz
    assert shown["J s^2"] == pytest.approx(1e-26)


def test_what_is_given_can_be_given_again() -> None:
    scenario = coinfer.load_scenario("abstract-model")
    table = as_given(scenario).set_index("field")
    for field in ("device.macs_per_s", "link.distance_m", "link.noise_figure_db", "weights.time_per_s"):
        outer, inner = field.split(".")
        assert float(table.loc[field, "value"]) == pytest.approx(getattr(getattr(scenario, outer), inner), rel=1e-5)
    assert "link.mean_snr_db" not in table.index  # not given: the distance is
    assert table.loc["channel.outage_gain", ["unit", "meaning"]].tolist() == [
        "-",
        "gain below which the channel is unusable",
    ]


@pytest.mark.parametrize("name", coinfer.scenario_names())
def test_every_scenario_can_be_told(name: str) -> None:
    scenario = coinfer.load_scenario(name)
    assert as_given(scenario)["value"].str.len().between(1, 40).all()
    assert derived(scenario)["value"].ge(0).all()


def test_sizes_are_sums_over_layers() -> None:
    row = network_sizes(["squeezenet"]).iloc[0]
    net = coinfer.load_dnn("squeezenet")
    assert row["parameters [Mbit]"] * 1e6 == pytest.approx(sum(net.parameter_bits))
    assert row["largest feature [Mbit]"] >= row["input [Mbit]"]
