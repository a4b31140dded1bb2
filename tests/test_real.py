"""What the study of real devices, links and networks computes and draws, against arithmetic by hand and plain enumeration."""

from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer import InputError, stopping
from coinfer.channel import Markov, Moving, OnOff
from coinfer.placement import fixed_costs
from coinfer.study import real, real_drawn, real_links, real_mlp, real_tails
from coinfer.study.regimes_drawn import draw_regimes

CAMERA = coinfer.load_scenario("city-camera")
REAL = {name: coinfer.load_scenario(name) for name in ("city-camera", "newer-camera", "vehicle-lte")}
RADIO = {"transmit_power_w": 0.3, "energy_j_per_bit": 1e-8, "tail_power_w": 0.2, "tail_s": 5.0, "round_trip_s": 0.04}


def small(channel: object, **link: float) -> coinfer.Scenario:
    """Three layers on a slow device, with a radio that has all there is to have."""
    dnn = coinfer.DNN(
        name="three", layer_names=("a", "b", "c"), macs=(2e8, 1e8, 3e8), parameter_bits=(1e5, 1e5, 1e5),
        output_bits=(2e6, 3e6, 5e5, 1e5),
    )  # fmt: skip
    radio = coinfer.Link(**(RADIO | link))
    device = coinfer.Device(macs_per_s=2e9, power_w=3.0)
    return coinfer.load_scenario("abstract-model", dnn=dnn, channel=channel, link=radio, device=device, interval_s=1.0)


def still(rate_bps: float = 4e6) -> Markov:
    return Markov(rates_bps=(rate_bps,), generator=((0.0,),))


def outages(off_s: float = 0.5) -> Markov:
    """Two rates, and an outage that comes from either."""
    rows = np.array([[-1.5, 1.0, 0.5], [1.0, -1.5, 0.5], [0.5 / off_s, 0.5 / off_s, -1 / off_s]])
    return Markov(rates_bps=(8e6, 2e6, 0.0), generator=rows)


def with_narrow_middle(case: coinfer.Scenario) -> coinfer.Scenario:
    """The scenario with a light first layer that puts out little."""
    narrow = {"output_bits": (2_000_000, 10_000, 500_000, 100_000), "macs": (20_000_000, 100_000_000, 480_000_000)}
    return case.replace(dnn=case.dnn.model_copy(update=narrow))


# -- side by side


@pytest.mark.parametrize("name", coinfer.scenario_names(real=True))
def test_every_real_scenario_asks_one_thing(name: str):
    asked = real.question(coinfer.scenario.scenario_text(name))
    assert asked.endswith("?")
    assert asked.count("?") == 1
    assert "#" not in asked


def test_a_file_that_asks_nothing_has_no_question():
    assert real.question("# A camera. Nothing more.\ndnn: alexnet  # why?\n") == ""


def test_a_glance_is_arithmetic():
    told = real.at_a_glance(small(still()))
    expected = {
        "local [s]": 0.3, "local [J]": 0.9, "sending [s]": 0.5, "sending [J]": 0.5 * 0.3 + 2e6 * 1e-8,
        "round trip [s]": 0.04, "tail [J]": 0.2 * (1.0 - 0.5), "server [s]": 6e8 / 1e10,
    }  # fmt: skip
    assert {key: told[key] for key in expected} == pytest.approx(expected)
    lone = real.at_a_glance(small(still()).replace(interval_s=None))
    assert lone["tail [J]"] == pytest.approx(0.2 * 5.0)  # after sending


def test_a_glance_adds_up_to_what_sending_always_takes():
    scenario = small(still())
    told, sent = real.at_a_glance(scenario), coinfer.plan(scenario, rule="edge-only")
    assert told["sending [s]"] + told["round trip [s]"] + told["server [s]"] == pytest.approx(sent.time_s)
    assert told["sending [J]"] + told["tail [J]"] == pytest.approx(sent.energy_j)


@pytest.mark.parametrize(
    ("scenario", "verdict"),
    [
        (small(still(1e9)), "send always"),
        (small(still(1e4)), "compute always"),
        (with_narrow_middle(small(still())), "fixed split"),
        (small(outages(off_s=0.3), tail_power_w=0.0), "one look"),
        (small(outages(off_s=1.0), tail_power_w=0.0), "look again"),
    ],
)  # fmt: skip
def test_the_verdict_is_the_simplest_that_is_good_enough(scenario: coinfer.Scenario, verdict: str):
    found = real.judged(coinfer.costs(scenario))
    costs = {name: coinfer.plan(scenario, rule=rule).cost for name, rule in real.VERDICTS.items()}
    good = [name for name in costs if costs[name] <= 1.01 * min(costs.values())]
    assert found["verdict"] == good[0]
    ends = min(costs["send always"], costs["compute always"])
    assert found["fixed"] == pytest.approx(1 - costs["fixed split"] / ends, abs=1e-9)
    assert found["verdict"] == verdict


# -- halved and doubled


def spent(scenario: coinfer.Scenario, rule: str) -> tuple[float, float]:
    plan = coinfer.plan(scenario, rule=rule)
    return plan.time_s, plan.energy_j


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_figures_move_what_they_should(factor: float):
    """On a link of one rate everything is arithmetic: 0.3 s and 0.9 J locally; 0.5 + 0.04 + 0.06 s, and 0.05 J beyond 0.2 J of tail, sent."""
    send_s, send_j = dict.fromkeys(real.FIGURES, 0.6), dict.fromkeys(real.FIGURES, 0.27)
    local_s, local_j = dict.fromkeys(real.FIGURES, 0.3), dict.fromkeys(real.FIGURES, 0.9)
    local_s["device speed"], local_j["device speed"] = 0.3 / factor, 0.9 / factor
    local_j["device power"] = 0.9 * factor
    send_s["server speed"] = 0.54 + 0.06 / factor
    send_s["link rate"], send_j["link rate"] = 0.5 / factor + 0.1, 0.05 / factor + 0.22
    send_s["input bits"], send_j["input bits"] = 0.5 * factor + 0.1, 0.07 * factor + 0.2
    send_s["round trip"] = 0.56 + 0.04 * factor
    send_j["radio energy"] = 0.27 * factor
    for name, scaled in real.FIGURES.items():
        case = scaled(small(still()), factor)
        assert spent(case, "edge-only") == pytest.approx((send_s[name], send_j[name])), name
        assert spent(case, "local-only") == pytest.approx((local_s[name], local_j[name])), name


def test_k_and_the_weight_and_the_pace_are_scaled_too():
    case = small(outages())
    plan = coinfer.plan(case, rule="local-only")
    often = coinfer.plan(real.FIGURES["K"](case, 0.5), rule="local-only")
    assert often.download_s == pytest.approx(2 * plan.download_s)
    dear = real.FIGURES["weight of a joule"](case, 2.0)
    assert dear.weights.energy_per_j == 2 * case.weights.energy_per_j
    slow = real.scaled_pace(case, 0.5)
    assert real_links.mean_outage_s(slow) == pytest.approx(2 * real_links.mean_outage_s(case))
    long = coinfer.load_scenario("vehicle-lte")
    assert real.scaled_pace(long, 0.5).channel.long_outage_s == 2 * long.channel.long_outage_s
    both = real.scaled_rates(slow, 3.0).channel.rates_bps
    assert both == tuple(3 * rate for rate in case.channel.rates_bps)


def test_channels_of_other_rates_are_refused():
    fading = CAMERA.replace(channel=Moving(coherence_time_s=1.0))
    for scaled in (real.scaled_rates, real.scaled_pace):
        with pytest.raises(InputError, match=r"channel = 'moving': should be a chain of given rates"):
            scaled(fading, 2.0)


def test_a_machine_keeps_its_speed_when_its_input_is_scaled():
    half = real.scaled_input(CAMERA, 0.5)
    assert (half.device, half.edge) == (CAMERA.device, CAMERA.edge)
    assert half.dnn.output_bits == (CAMERA.dnn.output_bits[0] // 2, *CAMERA.dnn.output_bits[1:])


def test_every_figure_is_halved_and_doubled_and_flips_are_against_what_was_found():
    table = real.halved_and_doubled(REAL)
    assert len(table) == 3 * (1 + 2 * len(real.FIGURES))
    found = table[table["figure"] == real.AS_FOUND].set_index("scenario")
    assert not found["flips"].any()
    assert table["flips"].any()
    for row in table.itertuples():
        case = REAL[row.scenario]
        case = case if row.figure == real.AS_FOUND else real.FIGURES[row.figure](case, row.factor)
        best = real_tails.with_longest_tails(coinfer.costs(case), "optimal")
        assert row.optimal == pytest.approx(best.cost)
        assert row.flips == (row.verdict != found.loc[row.scenario, "verdict"])


# -- the tail


@pytest.mark.parametrize("chance", [0.2, 0.6])
def test_tails_last_longest_where_those_that_send_come_at_equal_distances(chance: float):
    """Inferences every second that send by chance, or one after a fixed number of others; tails of 5 s after each."""
    rng, count, tail_s = np.random.default_rng(2), 100_000, 5.0
    by_chance = rng.random(count) < chance
    in_blocks = np.arange(count) % 10 < 10 * chance
    evenly = np.floor(np.arange(1, count + 1) * chance) > np.floor(np.arange(count) * chance)
    longest_s = min(chance * tail_s, 1.0)

    def tail_of(sends):
        return np.minimum(np.diff(np.flatnonzero(sends)), tail_s).sum() / count

    for sends in (by_chance, in_blocks):
        assert chance * 1.0 <= tail_of(sends) + 1e-3 <= longest_s + 2e-3
    assert tail_of(evenly) == pytest.approx(longest_s, abs=1e-3) if chance == 0.2 else tail_of(evenly) <= longest_s


def test_a_verdict_counts_the_longest_tails():
    """On a link that is mostly down a plan that looks sends in a share of the inferences, and its tails outlast others."""
    case = small(outages(off_s=3.0)).replace(interval_s=1.0)
    found = coinfer.plan(case, rule="probe-once")
    share = real_tails.share_that_sends(found)
    assert 0 < share < 1
    run = coinfer.simulate(case, found, inferences=20_000, rng=0)
    sent = run.stop_counts[np.flatnonzero(found.problem.bits[: found.placement + 1] > 0)].sum() / run.inferences
    assert sent == pytest.approx(share, abs=0.02)
    longer_s = min(share * 5.0, 1.0) - share * 1.0
    assert real_tails.longest_tails(found) == pytest.approx(0.5 * 0.2 * longer_s)
    best = real_tails.with_longest_tails(coinfer.costs(case), "probe-once")
    assert real.judged(coinfer.costs(case))["probe-once"] == best.cost < found.cost + real_tails.longest_tails(found)
    assert real_tails.longest_tails(coinfer.plan(case, rule="local-only")) == 0


def every_plan(given: coinfer.Costs) -> list[tuple[float, float]]:
    """The cost and the share that sends of a plan for every placement and every set of states and stages in which to stop."""

    found = []
    for placement in range(given.layers + 1):
        states = len(given.law.chain.initial)
        for stops in product((-np.inf, np.inf), repeat=states * placement):
            thresholds = np.reshape(stops, (states, placement))
            sent = stopping.stop_states(given, thresholds).sum(axis=0)[given.bits[: placement + 1] > 0].sum()
            cost = float(fixed_costs(given)[placement]) + float(stopping.evaluate(given, thresholds))
            found.append((cost, float(sent)))
    return found


@pytest.mark.parametrize("off_s", [0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("tail_w", [0.02, 0.2, 1.0])
def test_the_best_plan_with_the_longest_tails_is_the_best_of_all(off_s: float, tail_w: float):
    """Of all sets of states and stages in which a plan may stop, none costs less once its tails are the longest."""
    case = small(outages(off_s=off_s), tail_power_w=tail_w).replace(interval_s=1.0)
    given = coinfer.costs(case)
    found = real_tails.with_longest_tails(given, "optimal")

    def longest(cost, sends):
        return cost + 0.5 * tail_w * (min(5.0 * sends, 1.0) - sends * 1.0)

    assert found.cost == pytest.approx(min(longest(*each) for each in every_plan(given)), rel=1e-9)
    assert found.cost <= coinfer.plan(case).cost + real_tails.longest_tails(coinfer.plan(case)) + 1e-12
    assert case.weights.time_per_s * (found.plan.time_s + found.plan.download_s) + 0.5 * (
        found.energy_j + found.plan.download_j
    ) == pytest.approx(found.cost)


def test_the_plan_that_counts_tails_to_the_next_inference_may_not_be_the_best():
    gains = []
    for off_s in (0.3, 1.0, 3.0, 10.0):
        case = small(outages(off_s=off_s)).replace(interval_s=1.0)
        counted = coinfer.plan(case)
        best = real_tails.with_longest_tails(coinfer.costs(case), "optimal")
        gains.append(counted.cost + real_tails.longest_tails(counted) - best.cost)
    assert min(gains) >= -1e-12
    assert max(gains) > 1e-3


def test_the_tail_costs_until_it_is_over():
    (low, at, lone), case = (1.0, 4.0, 60.0), small(still())
    table = real.tails({"a": case}, [low, at, lone])
    assert table["send [J]"].to_list() == pytest.approx([0.07 + 0.2 * 1, 0.07 + 0.2 * 4, 0.17 + 0.2 * 5])
    assert table["bits alone [J]"].to_list() == pytest.approx([0.02] * 3)
    assert table["compute [J]"].to_list() == pytest.approx([0.9] * 3)
    for row in table.itertuples():
        here = case.replace(interval_s=row[2])
        thought = coinfer.plan(case.replace(**dict.fromkeys(real.AWAKE, 0.0)))
        assert row.regret == pytest.approx(coinfer.expected_cost(here, thought) / coinfer.plan(here).cost - 1, abs=1e-8)


def test_the_crossing_is_where_both_spend_the_same():
    def energy(plan):
        return plan.energy_j

    assert real.turning_interval_s(small(still()), energy) == pytest.approx((0.9 - 0.07) / 0.2)
    assert real.turning_interval_s(small(still(), tail_power_w=0.01), energy) == np.inf
    assert real.turning_interval_s(small(still(1e4)), energy) == 0


def test_turns_are_where_the_verdict_changes():
    cases = {"newer-camera": REAL["newer-camera"]}
    table = real.tails(cases, np.geomspace(0.03, 100, 7))
    found = real.turns(cases, table)
    assert len(found) == sum(a != b for a, b in pairwise(table["verdict"])) > 0
    for row in found.to_dict("records"):
        case, at_s = cases[row["scenario"]], row["interval [s]"]
        assert real.verdict_at(case, at_s * 0.99) == row["from"]
        assert real.verdict_at(case, at_s * 1.01) == row["to"]


def test_nothing_turns_where_there_is_no_tail():
    cases = {"a": small(still(), tail_power_w=0.0)}
    found = real.turns(cases, real.tails(cases, [0.1, 10.0]))
    assert found.empty
    assert list(found) == ["scenario", "interval [s]", "from", "to"]


# -- links on the map


def test_mean_outage_is_that_of_many_drawn():
    scenario, rng = small(outages(0.5)), np.random.default_rng(1)
    assert real_links.mean_outage_s(scenario) == pytest.approx(0.5)
    two = Markov(rates_bps=(1e6, 0.0, 0.0), generator=((-1.0, 0.7, 0.3), (3.0, -4.0, 1.0), (0.2, 0.0, -0.2)))
    lengths = []
    for _ in range(20_000):  # an outage begins in either state, and may go on in the other
        off_s, state = 0.0, 1 if rng.random() < 0.7 else 2
        while state:
            off_s += rng.exponential(1 / 4 if state == 1 else 1 / 0.2)
            state = 2 if state == 1 and rng.random() < 1 / 4 else 0
        lengths.append(off_s)
    error_s = np.std(lengths) / np.sqrt(len(lengths))
    assert abs(real_links.mean_outage_s(small(two)) - np.mean(lengths)) < 4 * error_s
    assert np.isnan(real_links.mean_outage_s(small(still())))


def test_correlation_time_of_two_states_and_of_fading():
    """Two states forget at the sum of their rates; the gain of fading at one over its coherence time, its rate not much otherwise."""
    on_off = small(OnOff(rate_bps=1e6, mean_on_s=4.0, mean_off_s=1.0))
    assert real_links.correlation_time_s(on_off) == pytest.approx(1 / (1 / 4 + 1), rel=1e-6)
    weak = small(Moving(coherence_time_s=2.0, states=40), mean_snr_db=-30.0)  # where the rate is linear in the gain
    assert real_links.correlation_time_s(weak) == pytest.approx(2.0, rel=0.01)
    assert np.isnan(real_links.correlation_time_s(small(still())))
    with pytest.raises(InputError, match="should be one in motion"):
        real_links.correlation_time_s(coinfer.load_scenario("abstract-model"))


def test_links_have_their_place_on_the_map():
    found = real_links.on_the_map({"camera": CAMERA, "still": small(still())})
    assert set(found["on-off"]) == set(found["fading"]) == {"camera"}
    x, y = found["on-off"]["camera"]
    assert x == pytest.approx(0.32 / 0.263, rel=0.01)  # of the catalogue: outages of 0.32 s, 0.263 s for ResNet-50
    assert y == pytest.approx(132.9e3 / 5.96e6 / 0.263, rel=0.01)


def test_points_beyond_the_map_are_at_its_edge_and_look_alike_in_every_panel():
    again = pd.DataFrame(
        {"network": "a", "family": family, "time": t, "sending": s, "again": 0.1, "bound": 0.5, "once": 0.0}
        for family in ("fading", "on-off") for t in (0.1, 1.0, 10.0) for s in (0.1, 1.0)
    )  # fmt: skip
    points = {"fading": {"other": (1.0, 0.5), "far": (1e4, 0.5)}, "on-off": {"far": (0.5, 40.0)}}
    figure = draw_regimes(again, {"fading": "x", "on-off": "x"}, points)
    lines = {(axis.get_title(), line.get_label()): line for axis in figure.axes[:2] for line in axis.lines}
    fading, on_off = lines["a, fading", "far"], lines["a, on-off", "far"]
    assert (*fading.get_xdata(), *fading.get_ydata()) == (10.0, 0.5)
    assert (*on_off.get_xdata(), *on_off.get_ydata()) == (0.5, 1.0)
    assert fading.get_marker() == on_off.get_marker() != lines["a, fading", "other"].get_marker()
    plt.close(figure)


# -- the MLP


def coded(layers: int, neurons: int) -> coinfer.DNN:
    dnn = coinfer.network.mlp(layers, neurons, inputs=50, activation_bits=8, parameter_bits=8, input_bits=8)
    coding = coinfer.network.Coding(activation_bits=8, parameter_bits=8, input_bits=8)
    return dnn.model_copy(update={"coding": coding})


def test_the_nearest_equal_mlp_of_the_autoencoder():
    dnn = coinfer.load_dnn("fc_autoencoder", activation_bits=8, parameter_bits=8)
    equal = real_mlp.nearest_equal(dnn)
    assert equal.macs == (640 * 128, *[128 * 128] * 9)
    assert equal.output_bits == (640 * 8, *[128 * 8] * 10)
    with pytest.raises(InputError, match="should say how its values are coded"):
        real_mlp.nearest_equal(dnn.model_copy(update={"coding": None}))


def test_nothing_is_lost_on_an_mlp_that_is_equal():
    case = coinfer.load_scenario("wearable", dnn="fc_autoencoder").model_copy(update={"dnn": coded(5, 100)})
    table = real_mlp.closed_and_exact({"a": case}, [0.3, 3.0], [1, 100, 1e4, 1e6], {"a": 1e5})
    assert len(table) == 2 * 2 * 4
    assert table["closed form"].to_list() == table["exact"].to_list()
    assert (table["loses"] == 0).all()
    assert table["exact"].nunique() > 2


def test_what_is_lost_on_the_autoencoder_is_what_plans_cost():
    case = coinfer.load_scenario("wearable", dnn="fc_autoencoder")
    table = real_mlp.closed_and_exact({"a": case}, [0.1, 1.0], [30, 3000], {"a": 7e5})
    for row in table.to_dict("records"):
        linked = real_mlp.on_link(case, row["channel"], row["rate [bit/s]"]).replace(inferences_per_update=row["K"])
        rule = real_mlp.CLOSED[row["channel"]]
        best = coinfer.plan(linked, rule=rule)
        assert best.placement == row["exact"]
        ends = {place: coinfer.plan(linked, rule=rule, placement=place).cost for place in (row["closed form"], 5)}
        assert row["loses"] == pytest.approx(ends[row["closed form"]] / best.cost - 1, abs=1e-8)
        assert row["mended"] == pytest.approx(min(ends.values()) / best.cost - 1, abs=1e-8)
        alike = linked.model_copy(update={"dnn": real_mlp.nearest_equal(linked.dnn)})
        assert coinfer.plan(alike, rule=rule).placement == row["closed form"]
    assert table["loses"].max() > 0


# -- figures


def test_figures_show_what_was_computed():
    devices = coinfer.catalogue("devices").reset_index().query("device in ['raspberry-pi-4', 'raspberry-pi-5']")
    speeds = real_drawn.draw_speeds(devices).axes[0]
    seen = [text.get_text() for text in speeds.texts if text.get_text()]
    of = devices.set_index(["network", "device"])["speed [GMAC/s]"]
    for device in ("raspberry-pi-4", "raspberry-pi-5"):
        own = of.xs(device, level="device")
        assert f"{own['resnet50'] / own.min():.1f}" in seen
    assert len(seen) == len(devices)
    table = real.halved_and_doubled(REAL)
    verdicts = real_drawn.draw_verdicts(table).axes[0]
    assert len(verdicts.patches) == table["flips"].sum() > 0
    letters = [text.get_text() for text in verdicts.texts if text.get_text()]
    shown = table[table["flips"] | (table["figure"] == real.AS_FOUND)]
    assert letters == [real_drawn.SHORT[verdict] for verdict in shown["verdict"]]
    plt.close("all")


def test_tails_are_drawn_with_their_turns():
    cases = {"newer-camera": REAL["newer-camera"]}
    table = real.tails(cases, [0.1, 1.0, 10.0])
    figure = real_drawn.draw_tails(table, real.turns(cases, table), {"newer-camera": 0.05})
    energy = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(energy["send always"].get_ydata()) == table["send [J]"].to_list()
    assert list(energy["compute always"].get_ydata()) == table["compute [J]"].to_list()
    etc = {line.get_label(): line for line in figure.axes[1].lines}
    for row, cost in zip(table.itertuples(), etc["one look"].get_ydata(), strict=True):
        given = coinfer.costs(cases["newer-camera"].replace(interval_s=row[2]))
        assert cost == pytest.approx(real_tails.with_longest_tails(given, "probe-once").cost)
    assert energy["the verdict turns"].get_xdata()[0] == pytest.approx(1.57, rel=0.02)
    plt.close(figure)


def test_losses_of_the_closed_form_are_drawn():
    case = coinfer.load_scenario("wearable", dnn="fc_autoencoder")
    placed = real_mlp.closed_and_exact({"a": case}, [0.1, 1.0], [3, 300, 30_000], {"a": 7e5})
    figure = real_drawn.draw_mlp(placed, 5)
    shown = {axis.get_title(): axis for axis in figure.axes[:2]}
    for channel, part in placed.groupby("channel"):
        axis = shown[f"a, {channel}"]
        assert axis.collections[0].get_array().max() == pytest.approx(100 * part["loses"].max())
        assert len(axis.lines[0].get_xdata()) == (part["exact"] == 5).sum()
    assert placed["loses"].max() > 0
    assert (placed["exact"] == 5).any()
    plt.close(figure)
