"""What things say of themselves, in a line or a small table, and by which names they are changed."""

import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml

import coinfer
from coinfer import Costs, InputError, channel
from coinfer.channel.moving_law import MovingLaw
from coinfer.rule import Rule

ROOT = Path(__file__).parents[1]
FRESH, MOVING = coinfer.load_scenario("abstract-model"), coinfer.load_scenario("vehicle-lte")
OWN = Costs(
    extra=[0.5, 0.5], bits=[1.0, 1.0, 0.0], download=[0.1, 0.1], edge=0.0,
    law=channel.Discrete.of_unit_costs([1.0, 3.0], [0.5, 0.5]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (FRESH, "Scenario(alexnet on 3e+08 MAC/s, edge 1e+10 MAC/s, link rayleigh)"),
        (MOVING, "Scenario(resnet50 on jetson-nano-gpu, edge nvidia-a100, link lte-driving, markov)"),
        (FRESH.dnn, "DNN(alexnet: 8 layers, 655 MMAC, 244 MB of parameters)"),
        (coinfer.example_trace("example.up"), "Trace(300 windows of 0.2 s: 0.88 Mbit/s in the mean, 6.7% in outage)"),
        (coinfer.costs(FRESH), "Costs(alexnet: 8 layers, FadingLaw)"),
        (OWN, "Costs(2 layers, DiscreteLaw)"),
        (coinfer.plan(FRESH, rule="1-sla"), "Plan(1-sla: place 5 of 8 layers, ETC 0.7986)"),
        (coinfer.plan(OWN), "Plan(optimal: place 2 of 2 layers, ETC 1.2)"),
    ],
    ids=["scenario", "real", "network", "trace", "costs", "own", "plan", "own-plan"],
)
def test_a_line_says_what_it_is(what: object, said: str) -> None:
    assert repr(what) == str(what) == said
    assert len(said) < 100


class Cells(HTMLParser):
    """The cells of a table, row by row, and its caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption, self._in, self.heads = "", "", 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.heads += tag == "th" and "scope" in dict(attrs)

    def handle_data(self, text: str) -> None:
        if self._in == "caption":
            self.caption += text
        elif self._in in ("td", "th"):
            self.rows[-1][-1] += text


RULES = ["optimal", "1-sla", "probe-once", "static", "edge-only", "local-only"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "given", [FRESH, MOVING, MOVING.replace(dnn="densenet121"), OWN], ids=["fresh", "moving", "long", "own"]
)
def test_a_plan_is_a_small_table_of_when_it_stops(given: coinfer.Scenario | Costs, rule: str | Rule) -> None:
    made = coinfer.plan(given, rule=rule)
    table = Cells(made._repr_html_())
    head, *rows = table.rows
    assert head == ["stage", "after", "stop if", "of inferences"]
    assert table.caption.startswith(repr(made))
    assert table.heads == 4 + len(rows)  # every column and row has its head
    stages = [int(row[0]) for row in rows]
    assert stages == sorted(set(stages))
    assert {0, made.placement} <= set(stages) <= set(range(made.placement + 1))
    assert rows[0][1] == "the input"
    if rule == "probe-once" and isinstance(made.problem.law, MovingLaw):
        assert all(row[2].startswith("first look: ") or (row[2], row[3]) == ("never", "0.0%") for row in rows)
    else:
        assert rows[-1][2].startswith("always")
    shown = sum(float(row[3].rstrip("%")) for row in rows)
    assert shown == pytest.approx(100, abs=0.1 * len(rows) + 0.1 * (made.placement + 1 - len(rows)))
    if len(rows) <= made.placement:
        assert f"at {made.placement + 1 - len(rows)} stages less than 0.1% stop" in table.caption


def test_the_conditions_of_a_table_are_those_of_the_thresholds() -> None:
    made = coinfer.plan(FRESH)
    for row, gain in zip(Cells(made._repr_html_()).rows[1:-1], made.gains, strict=True):
        assert row[2] == f"the SNR is at least {10 * np.log10(FRESH.link.mean_snr * gain):.1f} dB"


def test_the_table_of_one_look_tells_what_leads_where() -> None:
    moves = ((-0.01, 0.01, 0, 0), (0.01, -0.02, 0.01, 0), (0, 0.01, -0.02, 0.01), (0, 0, 0.01, -0.01))
    slow = channel.Markov(rates_bps=(8e6, 1e6, 3e5, 0.0), generator=moves)
    made = coinfer.plan(FRESH.replace(channel=slow), rule="probe-once")
    assert [row[0::2][:2] for row in Cells(made._repr_html_()).rows[1:]] == [
        ["0", "first look: at 1 Mbit/s or more"],
        ["8", "first look: in an outage or at 0.3 Mbit/s or less"],
    ]


@pytest.mark.parametrize("placement", range(3))
def test_the_last_row_of_a_table_tells_why_no_layer_follows(placement: int) -> None:
    last = Cells(coinfer.plan(OWN, placement=placement)._repr_html_()).rows[-1]
    assert last[2] == ("always, as no layer is left" if placement == 2 else "always, as no more layers are placed")


def test_names_in_a_table_are_escaped() -> None:
    dnn = coinfer.DNN(name="<b>", layer_names=("<i>",), macs=(1,), parameter_bits=(1,), output_bits=(8, 4))
    html = coinfer.plan(FRESH.replace(dnn=dnn), placement=1)._repr_html_()
    assert "&lt;i&gt;" in html
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("given", "has", "lacks"),
    [
        (FRESH, "gains", "rates_bps"),
        (FRESH.replace(channel=channel.Moving(coherence_time_s=1.0, states=4)), "gains", "rates_bps"),
        (MOVING, "rates_bps", "gains"),
        (FRESH.replace(channel=channel.Rates(rates_bps=(1e6, 2e6), probabilities=(0.5, 0.5))), "rates_bps", "gains"),
        (MOVING.replace(link="lte-city"), "rates_bps", "gains"),
    ],
    ids=["fading", "moving", "chain", "rates", "catalogue"],
)
def test_a_gain_is_a_gain_and_a_rate_is_a_rate(given: coinfer.Scenario, has: str, lacks: str) -> None:
    made = coinfer.plan(given, placement=given.dnn.layers)
    assert getattr(made, has).shape == (given.dnn.layers,)
    with pytest.raises(InputError, match=rf"\({has}\)"):
        getattr(made, lacks)
    law, unit_costs = made.problem.law, np.geomspace(1e-9, 1e-4, 20)
    seen = {"gains": law.gain, "rates_bps": law.rate_bps}[has](unit_costs)
    assert law.least_seen(unit_costs).tolist() == seen.tolist()
    assert len(set(seen)) > 1
    with pytest.raises(InputError, match="without"):
        _ = coinfer.plan(OWN, placement=2).gains


def test_rates_are_where_the_plan_turns() -> None:
    """At a rate just above the threshold the plan stops, just below it goes on."""
    rates = channel.Rates(rates_bps=(1e5, 1e6, 1e7), probabilities=(0.3, 0.4, 0.3))
    made = coinfer.plan(FRESH.replace(channel=rates), placement=8)
    law = made.problem.law
    for n, rate in enumerate(made.rates_bps):
        if 0 < rate < np.inf:
            x = (FRESH.weights.time_per_s + FRESH.weights.energy_per_j * FRESH.link.transmit_power_w) / rate
            assert law.stops_seeing(
                np.array([x * (1 - 1e-9), x * (1 + 1e-9)]), made.problem.bits[n], made.stop_thresholds[n], 0.0
            ).tolist() == [True, False]
    assert np.any((made.rates_bps > 0) & (made.rates_bps < np.inf))


# ---------------------------------------------------------------- names


def test_a_scenario_is_changed_by_the_names_that_a_sweep_takes() -> None:
    point = {"link.bandwidth_hz": 1e6, "inferences_per_update": 7.0, "dnn": "vgg16"}
    assert FRESH.replace(point) == FRESH.replace(link__bandwidth_hz=1e6, inferences_per_update=7.0, dnn="vgg16")
    assert FRESH.replace({"link.tail_s": 1.0}, link__tail_power_w=2.0).link.tail_power_w == 2.0
    row = coinfer.sweep(FRESH, {name: [value] for name, value in point.items()}).iloc[0]
    assert row["cost"] == pytest.approx(coinfer.plan(FRESH.replace(point)).cost)
    with pytest.raises(InputError, match=r"changes = 3: should be a dict"):
        FRESH.replace(3)
    with pytest.raises(InputError, match=r"Link.bandwith_hz.*did you mean 'bandwidth_hz'"):
        FRESH.replace({"link.bandwith_hz": 1e6})


def test_every_field_of_costs_is_documented() -> None:
    for name in Costs.__dataclass_fields__:
        assert f"- `{name}`" in Costs.__doc__


def test_there_is_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["dynamic"] == ["version"]  # flit takes that of the package
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == coinfer.__version__
    assert coinfer.__version__.count(".") == 2
