"""The explorer: what it shows is what `coinfer.plan` says, its sentence follows from the numbers, and controls change it."""

import re
from itertools import product

import numpy as np
import pytest
from effort import beyond

import coinfer
from coinfer.catalogue import device_names, link_names
from coinfer.cost import costs
from coinfer.study import explorer_controls
from coinfer.study.explorer import RULES, Choice, Explored, explore, planned
from coinfer.study.explorer_advice import advice
from coinfer.study.explorer_controls import Explorer
from coinfer.study.explorer_drawn import html
from coinfer.study.explorer_tables import placements_table, rules_table, stages_table
from coinfer.study.explorer_words import act, looks, stop_conditions
from coinfer.study.real import PAYS, judged
from coinfer.study.real_tails import at_once
from coinfer.timing import time_quantiles_s

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
        assert row["95 % within [ms]"] == pytest.approx(1e3 * time_quantiles_s(made, [0.95])[0])
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
        Choice("city-camera", device="raspberry-pi-5", inferences_per_update=7, activation_bits=4, second_j=3.0)
    ).scenario
    assert (changed.device.name, changed.inferences_per_update) == ("raspberry-pi-5", 7)
    assert changed.dnn.coding.activation_bits == 4
    assert changed.dnn.output_bits[0] == given.dnn.output_bits[0]  # a JPEG, whatever activations take
    assert changed.dnn.output_bits[1] == given.dnn.output_bits[1] / 2
    assert changed.weights.time_per_s / changed.weights.energy_per_j == pytest.approx(3)
    assert (changed.link, changed.channel, changed.edge) == (given.link, given.channel, given.edge)


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
        assert f"saves {1 - cost['probe-once'] / cost['static']:.0%} " in said
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


def where(words: str, law) -> list[bool]:
    """In which states of a channel some words hold, read as a person would."""
    rates, usable = law.sender.rates_bps / 1e6, law.usable
    number, holds = r"([\d.e+]+)", np.zeros(len(rates), dtype=bool)
    slack = 0.0051 * rates  # of three digits
    for told in re.split(r",? or (?=in|at|when|from|the)", words):
        up, ends = rates > 0, [float(end) for end in re.findall(rf"{number}(?= to| Mbit)", told)]
        if told.startswith("in an outage of less"):
            holds[usable] = True
        elif told.startswith("in an outage of"):
            holds[-1] = True
        elif found := re.match("in outage state (\\d)", told):
            holds[usable + int(found[1]) - 1] = True
        elif told.startswith("in an outage"):
            holds |= ~up
        elif told.startswith("the rate is nearest to"):
            for run in told.removeprefix("the rate is nearest to ").removesuffix(" Mbit/s").split(" or "):
                most, least = (float(run.split(" to ")[end]) for end in (0, -1))
                holds |= up & (rates >= least - slack) & (rates <= most + slack)
        elif "Mbit/s or less" in told:
            holds |= up & (rates <= ends[0] + slack)
        elif "Mbit/s or more" in told or "at least" in told:
            holds |= up & (rates >= ends[0] - slack)
        elif told.startswith(("from", "at")):
            holds |= (rates >= ends[0] - slack) & (rates <= ends[-1] + slack)
        else:
            assert told in ("when the link is up", "the link is up", "always", "never"), told
            holds |= up if "up" in told else np.full(len(rates), told == "always")
    return holds.tolist()


def two_outages(long_outage_s: float | None = 1.0) -> coinfer.Scenario:
    """A device that waits for the end of a short outage, and of a long one computes."""
    _, channel = coinfer.load_link("lte-driving")
    return coinfer.load_scenario("city-camera", link="lte-driving", inferences_per_update=1e6).replace(
        channel=channel.model_copy(update={"long_outage_s": long_outage_s})
    )


SEEN = [
    planned(two_outages()),
    planned(two_outages(None)),
    explore(Choice("city-camera", dnn="mobilenet_v2", link="lte-driving", inferences_per_update=1)),
    explore(Choice("remote-sensor", dnn="mobilenet_v2", link="mmwave-driving")),  # it does not stop at the best rates
    *(
        explore(Choice(name))
        for name in ("phone-mmwave", "vehicle-lte", "city-camera", "remote-sensor", "satellite-site")
    ),
]


@pytest.mark.parametrize("explored", SEEN)
def test_one_look_tells_every_state_once_and_what_to_do_in_it(explored: Explored) -> None:
    made, given = explored.plans["probe-once"], explored.scenario
    law = made.problem.law
    stages = made.rule.chosen_stages(made.problem, made.placement, law)
    actions = [act(int(stage), given) for stage in stages]
    told = np.zeros(len(stages), dtype=int)
    for said in looks(explored):
        action = next(action for action in actions if said.endswith(f" {action}"))
        holds = np.array(where(said.removesuffix(f" {action}"), law))
        assert holds.tolist() == [holds[state] and actions[state] == action for state in range(len(stages))], said
        told += holds
    assert told.tolist() == [1] * len(stages)


@pytest.mark.parametrize("explored", SEEN)
def test_a_stage_stops_in_the_states_that_are_told(explored: Explored) -> None:
    made = explored.plans["optimal"]
    law = made.problem.law
    stops = law.sent(made.problem.bits[: made.placement]) <= made.stop_thresholds
    for said, holds in zip(stop_conditions(explored), stops.T, strict=True):
        assert where(said.removeprefix("only "), law) == holds.tolist(), said


def test_two_outages_are_told_apart_by_how_long_they_have_lasted() -> None:
    assert looks(SEEN[0]) == [
        "in an outage of 1 s or more run all layers",
        "in an outage of less than 1 s or when the link is up send the input",
    ]
    assert stop_conditions(SEEN[0])[0] == "the link is up, or in an outage of less than 1 s"
    assert "in outage state 2 (left after" in looks(SEEN[1])[0]  # nobody has said when an outage is long


def test_a_plan_turns_between_two_neighbouring_rates() -> None:
    slow, fast = looks(SEEN[2])
    assert slow == "in an outage or at 0.803 Mbit/s or less run all layers"
    assert fast == "at 0.963 Mbit/s or more send the input"


# -- what to do, and what to mind


def test_a_deadline_is_counted_for_every_rule() -> None:
    explored = explore(Choice("vehicle-lte", deadline_s=0.1))
    table = rules_table(explored).set_index("rule")["in time [%]"]
    for rule, made in explored.plans.items():
        times_s = coinfer.simulate(explored.scenario, made, inferences=20_000, rng=2).times_s
        assert table[rule] == pytest.approx(100 * np.mean(times_s <= 0.1), abs=1.5)


DEADLINES = [*product(SCENARIOS, [0.02, 0.3, 30.0])]


@pytest.mark.parametrize(("scenario", "deadline_s"), DEADLINES)
def test_the_sentence_says_which_plan_meets_the_deadline(scenario: str, deadline_s: float) -> None:
    explored = explore(Choice(scenario, deadline_s=deadline_s))
    table = rules_table(explored).set_index("rule")
    said = advice(explored)
    rule = "static" if said.startswith("Do not look") else "probe-once" if "once before each" in said else "optimal"
    meets = table[table["in time [%]"] >= 95]["ETC"].round(12)
    assert f"Then {table.loc[rule, 'in time [%]'] / 100:.1%} of inferences end within" in said
    if rule in meets:
        assert "meets" not in said
    elif meets.empty:
        assert "no plan shown here meets that in 95%" in said
    else:
        assert f"the cheapest plan shown here that meets that in 95% is {meets.idxmin()}:" in said


def test_a_memory_that_is_too_small_is_told() -> None:
    small = planned(coinfer.load_scenario("wearable", dnn="mobilenet_v2"))
    assert "local-only" not in rules_table(small)["rule"].tolist()
    assert "To run all layers (local-only) is left out: the device's memory holds 31 of 33 of them." in advice(small)
    assert "left out" not in advice(explore(Choice("wearable")))


@pytest.mark.parametrize("interval_s", [0.04, 0.05, 0.06, 1.0])
def test_inputs_that_come_too_fast_are_those_of_which_it_has_several_at_once(interval_s: float) -> None:
    # the server and the round trip, 48 of these 60 ms, keep no device busy
    given = coinfer.load_scenario("newer-camera", interval_s=interval_s)
    explored = planned(given)
    busy = at_once(explored.plans["static"])
    assert ("does not keep up" in advice(explored)) == (busy > 1)
    assert explored.plans["static"].time_s > busy * interval_s


def test_a_saving_is_told_with_the_longest_tails_as_the_figures_have_it() -> None:
    explored = explore(Choice("phone-mmwave"))
    table = judged(costs(explored.scenario))
    once = 1 - table["probe-once"] / table["static"]
    assert f"saves {explored.saving('probe-once', 'static'):.0%} ({once:.0%} with tails" in advice(explored)
    assert "tails" not in advice(planned(explored.scenario.replace(link__tail_power_w=0.0)))


def test_draws_that_do_not_move_are_not_looked_at_once() -> None:
    assert looks(explore(Choice("abstract-model"))) == []


@pytest.mark.parametrize(
    ("stage", "words"), [(0, "send the input"), (1, "run 1 layer and send"), (8, "run all layers")]
)
def test_an_action_in_words(stage: int, words: str) -> None:
    given = coinfer.load_scenario("abstract-model")
    assert act(stage, given) == words
    assert act(stage, given.replace(result_at_edge=True)) == words + " and send the result" * (stage == 8)


def test_a_result_that_is_wanted_at_the_edge_is_said_to_be_sent() -> None:
    wanted = coinfer.load_scenario("remote-sensor", result_at_edge=True)
    assert "always run all layers and send the result:" in advice(planned(wanted))


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


def offered(explorer: Explorer, name: str) -> list[str]:
    """What a control offers beside what the scenario has."""
    return [value for _, value in explorer.controls[name].options[1:]]


@pytest.mark.parametrize("network", ["alexnet", "mobilenet_v2"])
def test_what_is_offered_can_be_had_and_nothing_else_is_left_out(explorer: Explorer, network: str) -> None:
    explorer.controls["network"].value = network
    for name, all_names in (("device", device_names()), ("link", link_names())):
        had = [each for each in all_names if not refused(Choice("city-camera", **{"dnn": network, name: each}))]
        assert offered(explorer, name) == had
        assert len(had) < len(all_names)
    assert "resnet8" not in offered(explorer, "network")  # its input is no JPEG, as this scenario's is


def test_a_device_that_cannot_be_had_with_another_network_is_the_scenarios_again(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer.controls["device"].value, explorer.controls["link"].value = "raspberry-pi-5", "lte-driving"
    monkeypatch.setattr(explorer_controls, "possible", lambda choice, part, names: ["lte-driving"])
    explorer.controls["network"].value = "alexnet"
    assert offered(explorer, "device") == ["lte-driving"]
    assert (explorer.choice().device, explorer.choice().link) == (None, "lte-driving")
    assert explore(explorer.choice()).scenario.device.name == "raspberry-pi-4"


def test_a_network_that_a_scenario_cannot_have_is_refused_at_once() -> None:
    with pytest.raises(coinfer.InputError, match="resnet8"):
        Explorer("city-camera", dnn="resnet8")


def test_what_a_second_counts_as_moves_the_plan(explorer: Explorer) -> None:
    explorer.controls["scenario"].value = "wearable"
    assert explorer.controls["second"].value == pytest.approx(0.01)
    explorer.controls["second"].value = 100.0
    dear = rules_table(explore(explorer.choice())).set_index("rule")
    explorer.controls["second"].value = 0.001
    cheap = rules_table(explore(explorer.choice())).set_index("rule")
    assert dear.loc["optimal", "time [ms]"] <= cheap.loc["optimal", "time [ms]"]
    assert dear.loc["optimal", "energy [mJ]"] >= cheap.loc["optimal", "energy [mJ]"]
    explorer.controls["scenario"].value = "satellite-site"  # in which a joule counts nothing
    assert explorer.controls["second"].disabled


def test_joules_that_count_nothing_cannot_be_counted_in() -> None:
    assert "second_j" in refused(Choice("satellite-site", second_j=2.0))
    assert "second_j" in refused(Choice("wearable", second_j=-2.0))


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


@pytest.mark.parametrize("scenario", beyond(2, SCENARIOS))
def test_what_is_shown_at_first_is_the_scenario_itself(scenario: str) -> None:
    assert explore(Explorer(scenario).choice()).scenario == coinfer.load_scenario(scenario)


def test_what_cannot_be_is_said_in_place_of_the_result(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "choice", lambda: Choice("city-camera", device="abacus"))
    explorer.controls["K"].value = 5
    assert "Not possible." in explorer.answer.value
    assert "abacus" in explorer.answer.value
    assert explorer.result.value == ""


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
    assert explorer.answer.value.count('role="status" aria-live="polite"') == 1
    assert "aria-live" not in page  # tables are not read out at every change
    assert all(re.findall(r'<img alt="([^"]*)"', page))
    assert page.count("<caption>") == page.count("<table>") == 2
    assert 'scope="col"' in page
    assert html(explore(explorer.choice())) == page  # the same, drawn again, to the byte
