"""A plan of one's own: what the notebook shows is what the package says, on example files and on a reader's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.network.onnx_chain import bundled
from coinfer.study import command_line, own_plan
from coinfer.study.explorer import planned
from coinfer.study.traces import halves

AWKWARD = "when;up Mbit/s\n" + "\n".join(
    f"{second};{'' if second % 40 > 36 else 4 + second % 7}" for second in range(400)
)


@pytest.fixture(scope="module")
def explored():
    dnn = own_plan.network("", input_bits=8, activation_bits=8, parameter_bits=8)
    trace, _ = own_plan.log("")
    first, second = halves({"log": trace})["log"]
    case = own_plan.scenario(
        dnn, first, link="lte-city", seconds_per_inference=0.15, power_w=5.0, edge="nvidia-t4", interval_s=0.5
    )
    return planned(case, 0.3), second


def test_the_device_takes_the_time_that_was_measured(explored) -> None:
    case = explored[0].scenario
    assert sum(case.dnn.macs) / case.device.macs_per_s == pytest.approx(0.15)
    assert case.device.power_w == 5.0
    alone = coinfer.plan(case, rule="local-only")
    assert alone.time_s == pytest.approx(0.15, rel=1e-6)


def test_cuts_add_up_to_the_network(explored) -> None:
    dnn = explored[0].scenario.dnn
    table = own_plan.cuts(dnn, 0.15)
    assert table["to send [kbit]"].tolist() == [bits / 1e3 for bits in dnn.output_bits]
    assert table["computed [ms]"].iloc[[0, -1]].tolist() == pytest.approx([0, 150])
    assert table["parameters [Mbit]"].iloc[-1] == pytest.approx(sum(dnn.parameter_bits) / 1e6)


def test_what_is_replayed_is_what_the_package_replays(explored) -> None:
    made, second = explored
    table = own_plan.replayed(made, second, inferences=500, seed=3).set_index("rule")
    for rule, row in table.iterrows():
        outcome = coinfer.replay(made.scenario, made.plans[str(rule)], second, inferences=500, rng=3)
        assert row["ETC replayed"] == pytest.approx(outcome.mean)
        assert row["from"] <= row["saves [%]"] <= row["to"]
    assert table.loc["static", ["saves [%]", "from", "to"]].tolist() == [0, 0, 0]
    saved = 100 * (1 - table.loc["optimal", "ETC replayed"] / table.loc["static", "ETC replayed"])
    assert table.loc["optimal", "saves [%]"] == pytest.approx(saved)


@pytest.mark.parametrize(
    ("saves", "low", "words"),
    [(-3.0, -5.0, "the fixed split is the cheapest"), (12.0, 3.0, "saves 12%"), (12.0, -1.0, "may be chance")],
)
def test_the_verdict_follows_from_the_numbers(saves: float, low: float, words: str) -> None:
    table = pd.DataFrame(
        {"rule": ["static", "optimal"], "saves [%]": [0.0, saves], "from": [0.0, low], "to": [0.0, 20.0]}
    )
    assert words in own_plan.verdict(table)


@pytest.fixture
def mine(tmp_path: Path) -> tuple[Path, Path]:
    log = tmp_path / "uplink.csv"
    log.write_text(AWKWARD)
    return tmp_path, log


def test_it_runs_on_files_of_ones_own_and_writes_a_page(mine: tuple[Path, Path]) -> None:
    folder, log = mine
    given = {"network": str(bundled("alexnet")), "log": str(log), "time": "when", "rate": "up Mbit/s", "rate_unit": "Mbit/s", "missing": "outage",
             "seconds_per_inference": "0.4", "power_w": "2", "interval_s": "1"}  # fmt: skip
    options = [text for name, value in given.items() for text in ("-p", name, value)]
    assert command_line.main(["06-plan-your-own", "--smoke", "--out", str(folder / "out"), *options]) == 0
    page = (folder / "out" / "plan-your-own.md").read_text()
    assert page.startswith("# Plan your own in five minutes")
    assert "| 8 | gemm8 |" in page
    assert "injected" not in page
    assert "smoke = True" not in page
    assert "seconds_per_inference = 0.4" in page  # as given
    assert "](../notebooks/05-explore.ipynb)" in page
    rules = pd.read_csv(folder / "out" / "06-plan-your-own-rules.csv").set_index("rule")
    assert rules.loc["local-only", "time [ms]"] == pytest.approx(400)
    executed = json.loads((folder / "out" / "executed" / "06-plan-your-own.ipynb").read_text())
    assert "widgets" not in executed["metadata"]


WRONG = [
    ({"path": "net.onnx"}, own_plan.network, "network = 'net.onnx': no such file"),
    ({"path": "log.csv"}, own_plan.log, "log = 'log.csv': no such file"),
]


@pytest.mark.parametrize(("given", "call", "words"), WRONG)
def test_a_file_that_is_not_there_is_named(given: dict, call, words: str) -> None:
    with pytest.raises(coinfer.InputError, match=words):
        call(**given)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), "fast"])
def test_a_time_that_cannot_be_is_refused(seconds: object) -> None:
    trace, _ = own_plan.log("")
    with pytest.raises(coinfer.InputError, match="seconds_per_inference"):
        own_plan.scenario(
            coinfer.load_dnn("alexnet"), trace, link="lte-city", seconds_per_inference=seconds, power_w=1.0
        )


def test_warnings_of_a_log_are_kept_to_be_shown(mine: tuple[Path, Path]) -> None:
    with pytest.raises(coinfer.InputError, match="rate"):
        own_plan.log(str(mine[1]), time="when", rate="down", rate_unit="Mbit/s")
    mine[1].write_text("t,r\n" + "\n".join(f"{second + 100 * (second > 50)},{second % 5 + 1}" for second in range(100)))
    with pytest.raises(coinfer.InputError, match="rate_unit: required"):
        own_plan.log(str(mine[1]), time="t", rate="r")
    trace, warned = own_plan.log(str(mine[1]), time="t", rate="r", rate_unit="Mbit/s")
    assert np.isfinite(trace.duration_s)
    assert any("gap" in said for said in warned)
