"""The explorer: what it shows is what `coinfer.plan` says, its sentence follows from the numbers, and controls change it."""

import re
from itertools import product

import pytest

import coinfer
from coinfer.study.explorer import RULES, Choice, explore, planned
from coinfer.study.explorer_controls import Explorer
from coinfer.study.explorer_drawn import html
from coinfer.study.explorer_tables import placements_table, rules_table, stages_table
from coinfer.study.explorer_words import act, advice, looks, stop_conditions
from coinfer.study.real import PAYS

SCENARIOS = coinfer.scenario_names()


def refused(choice: Choice) -> str:
    """Why a choice cannot be planned; "" if it can."""
    try:
        explore(choice)
    except coinfer.InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_rule_costs_what_the_package_says(scenario: str) -> None:
    table = rules_table(explore(Choice(scenario))).set_index("rule")
    given = coinfer.load_scenario(scenario)
    for rule, row in table.iterrows():
        made = coinfer.plan(given, rule=str(rule))
        assert row["placement"] == made.placement
        assert row["ETC"] == pytest.approx(made.cost)
        assert row["time [ms]"] == pytest.approx(1e3 * made.time_s)
        assert row["energy [mJ]"] == pytest.approx(1e3 * made.energy_j)
    assert set(table.index) >= {"static", "probe-once", "1-sla", "optimal", "edge-only"}


@pytest.mark.parametrize(("scenario", "network"), [*product(["wearable", "city-camera"], ["vgg16", "resnet8"])])
def test_another_network_is_planned_or_refused_in_a_sentence(scenario: str, network: str) -> None:
    choice = Choice(scenario, dnn=network)
    said = refused(choice)
    if said:
        assert "\n" not in said
    else:
        assert explore(choice).scenario.dnn.name == network


def test_a_choice_changes_what_it_names_and_nothing_else() -> None:
    given = coinfer.load_scenario("city-camera")
    changed = explore(
        Choice("city-camera", device="raspberry-pi-5", inferences_per_update=7, activation_bits=4)
    ).scenario
    assert (changed.device.name, changed.inferences_per_update) == ("raspberry-pi-5", 7)
    assert changed.dnn.coding.activation_bits == 4
    assert changed.dnn.output_bits[0] == given.dnn.output_bits[0]  # a JPEG, whatever activations take
    assert changed.dnn.output_bits[1] == given.dnn.output_bits[1] / 2
    assert (changed.link, changed.channel, changed.edge, changed.weights) == (
        given.link, given.channel, given.edge, given.weights,
    )  # fmt: skip


def test_a_link_brings_its_channel() -> None:
    changed = explore(Choice("city-camera", link="lte-driving")).scenario
    assert changed.channel == coinfer.load_scenario("vehicle-lte").channel


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sentence_is_the_simplest_way_that_gives_up_less_than_pays(scenario: str) -> None:
    explored, said = explore(Choice(scenario)), advice(explore(Choice(scenario)))
    cost = {rule: made.cost for rule, made in explored.plans.items()}
    if min(cost["static"], cost["probe-once"]) * (1 - PAYS) >= cost["optimal"]:
        assert "after every layer: that saves" in said
    elif cost["static"] * (1 - PAYS) >= cost["probe-once"]:
        assert "once before each inference" in said
        assert f"{1 - cost['probe-once'] / cost['static']:.0%} over the best fixed split" in said
    else:
        assert said.startswith("Do not look at the channel.")
        assert f"Place {explored.plans['static'].placement} of" in said


def test_each_of_the_three_sentences_is_said_somewhere() -> None:
    kinds = [
        re.match(r"Do not look|.*once before each|.*after every layer: that", advice(explore(Choice(name))))[0]
        for name in SCENARIOS
    ]
    assert len({kind[-12:] for kind in kinds}) == 3


@pytest.mark.parametrize("scenario", ["phone-mmwave", "abstract-model", "vehicle-lte"])
def test_stages_are_reached_and_left_as_in_a_simulation(scenario: str) -> None:
    explored = explore(Choice(scenario))
    table = stages_table(explored).set_index("stage")
    outcome = coinfer.simulate(explored.scenario, explored.plans["optimal"], inferences=20_000, rng=1)
    share = outcome.stop_counts / outcome.inferences
    assert table["stops [%]"].to_numpy() == pytest.approx(100 * share[table.index], abs=1.5)
    assert table["reached [%]"].iloc[0] == 100
    assert table["reached [%]"].is_monotonic_decreasing


NOT_A_THRESHOLD = Choice("remote-sensor", dnn="mobilenet_v2", link="mmwave-driving")


@pytest.mark.parametrize("choice", [Choice("phone-mmwave"), Choice("vehicle-lte"), NOT_A_THRESHOLD])
def test_a_stage_stops_in_the_states_that_are_told(choice: Choice) -> None:
    explored = explore(choice)
    made, table = explored.plans["optimal"], stages_table(explored).set_index("stage")
    law = made.problem.law
    rates = law.sender.rates_bps[: law.usable]
    stops = (law.sent(made.problem.bits[: made.placement]) <= made.stop_thresholds)[: law.usable]
    for stage in table.index[:-1]:
        said, expected = str(table.loc[stage, "stops if"]), rates[stops[:, stage]]
        if said.startswith("the rate is nearest"):
            runs = [
                [1e6 * float(end) for end in run.split(" to ")]
                for run in said[len("the rate is nearest to ") : -7].split(" or ")
            ]
            inside = [any(run[0] * 1.006 >= rate >= run[-1] * 0.994 for run in runs) for rate in rates]
            assert inside == stops[:, stage].tolist()
        elif said.startswith("the rate is at least"):
            least = float(re.search(r"least ([\d.e+]+) Mbit/s", said)[1]) * 1e6
            assert min(expected) >= least * 0.995 > max(rates[~stops[:, stage]]) * 0.99
        else:
            assert len(expected) == {"never": 0, "the link is up": len(rates)}[said]


@pytest.mark.parametrize("deadline_s", [0.0, -1.0, float("inf")])
def test_a_deadline_that_cannot_be_is_refused(deadline_s: float) -> None:
    assert "deadline_s" in refused(Choice(deadline_s=deadline_s))


KINDS = [
    (coinfer.channel.Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=1.4), "Mbit/s"),
    (coinfer.channel.Moving(m=2.0, coherence_time_s=1.0), "dB"),
    (coinfer.channel.Nakagami(m=2.0), "dB"),
]


@pytest.mark.parametrize(("channel", "unit"), KINDS)
def test_conditions_are_in_the_unit_of_what_is_seen(channel, unit: str) -> None:
    made = planned(coinfer.load_scenario("abstract-model", channel=channel, inferences_per_update=1e5))
    told = [said for said in stop_conditions(made) if "at least" in said]
    numbers = [float(re.search(r"at least (-?[\d.e+]+)", said)[1]) for said in told]
    assert all(unit in said for said in told)
    assert all(-40 < number < 60 for number in numbers)
    assert told or made.plans["optimal"].placement == 0


def test_one_look_covers_every_rate_once() -> None:
    assert looks(explore(Choice("abstract-model"))) == []  # its channel does not move
    said = looks(explore(Choice("phone-mmwave")))
    assert said[0].startswith("in an outage run all layers")
    assert said[-1].endswith("send the input")


@pytest.mark.parametrize(
    ("stage", "words"), [(0, "send the input"), (1, "run 1 layer and send"), (5, "run all layers")]
)
def test_an_action_in_words(stage: int, words: str) -> None:
    assert act(stage, 5) == words


def test_placements_are_those_of_all_rules() -> None:
    explored = explore(Choice("vehicle-lte"))
    table = placements_table(explored)
    assert set(table["rule"]) == set(RULES)
    assert (table.groupby("rule").size() == explored.scenario.dnn.layers + 1).all()


# -- the controls


@pytest.fixture
def explorer() -> Explorer:
    return Explorer("city-camera")


def shown_placements(explorer: Explorer) -> dict[str, str]:
    return dict(re.findall(r'<th scope="row">([\w-]+)</th><td>(\d+)</td>', explorer.result.value))


def test_it_shows_the_default_state_without_a_browser(explorer: Explorer) -> None:
    bundle = explorer._repr_mimebundle_()
    assert advice(explore(explorer.choice())) in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_moving_the_slider_changes_the_placement(explorer: Explorer) -> None:
    explorer.controls["scenario"].value = "remote-sensor"
    explorer.controls["K"].value = 1
    assert shown_placements(explorer)["optimal"] == "0"  # a download for each inference
    explorer.controls["K"].value = 1e6
    assert shown_placements(explorer)["optimal"] == "5"


def test_a_scenario_brings_its_own_values_back(explorer: Explorer) -> None:
    explorer.controls["K"].value, explorer.controls["network"].value = 3, "squeezenet"
    explorer.controls["scenario"].value = "wearable"
    explorer.controls["scenario"].value = "city-camera"
    given = coinfer.load_scenario("city-camera")
    assert explorer.choice().dnn is None
    assert explore(explorer.choice()).scenario == given


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_shown_at_first_is_the_scenario_itself(scenario: str) -> None:
    assert explore(Explorer(scenario).choice()).scenario == coinfer.load_scenario(scenario)


def test_what_cannot_be_is_said_in_place_of_the_result(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "choice", lambda: Choice("city-camera", device="abacus"))
    explorer.controls["K"].value = 5
    assert "Not possible." in explorer.result.value
    assert "abacus" in explorer.result.value


def test_a_scenario_of_ones_own_can_be_explored(tmp_path) -> None:
    path = tmp_path / "mine.yml"
    own = coinfer.load_scenario("city-camera", dnn=coinfer.mlp(4, 64), inferences_per_update=3e8)
    path.write_text(own.to_yaml())
    explorer = Explorer(str(path))
    assert explore(explorer.choice()).scenario == own


@pytest.mark.parametrize("name", ["alexnet", "mine"])
def test_bits_change_a_bundled_network_only(tmp_path, name: str) -> None:
    path = tmp_path / "mine.yml"
    own = coinfer.load_dnn("alexnet", activation_bits=8).blocks().model_copy(update={"name": name})
    path.write_text(coinfer.load_scenario("city-camera", dnn=own).to_yaml())
    explorer = Explorer(str(path))
    assert explorer.controls["bits"].disabled
    explorer.controls["bits"].value = 4
    assert explore(explorer.choice()).scenario.dnn == own
    assert not Explorer("city-camera").controls["bits"].disabled


def test_the_page_can_be_read_to_someone(explorer: Explorer) -> None:
    page = explorer.result.value
    assert re.search(r'role="status" aria-live="polite"', page)
    assert all(re.findall(r'<img alt="([^"]*)"', page))
    assert page.count("<caption>") == page.count("<table>") == 2
    assert 'scope="col"' in page
    assert html(explore(explorer.choice())) in page  # the same, drawn again, to the byte
