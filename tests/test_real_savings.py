"""What deciding more saves in real scenarios: plans compared by hand, networks that make sense, laws of what is saved."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import coinfer
from coinfer.channel import Markov, Rates
from coinfer.study import real, real_claims, real_drawn, real_savings, real_tails
from coinfer.study.neurosurgeon import Neurosurgeon
from coinfer.study.regimes import local_inference_s, mean_rate_bps

PHONE = coinfer.load_scenario("default")
PAIRS = {("default", "resnet18"): PHONE, ("vehicle-lte", "resnet50"): coinfer.load_scenario("vehicle-lte")}
SENSOR = coinfer.load_scenario("remote-sensor")


def with_tails(scenario: coinfer.Scenario, rule: object) -> real_tails.Tailed:
    return real_tails.with_longest_tails(coinfer.costs(scenario), rule)


def cost(scenario: coinfer.Scenario, rule: object) -> float:
    return with_tails(scenario, rule).cost


# -- which networks


def test_networks_that_make_sense_were_measured_or_are_alike_and_fit():
    found = real_savings.sensible_networks(PHONE)
    assert found[0] == "resnet18"
    assert {"mobilenet_v2", "resnet50", "vit_b_16"} < set(found)
    assert "mobilenet_v3_small" not in found  # 16 MACs a value, 37 of what is nearest among those measured
    assert not set(found) & set(coinfer.dnn_names("mlperf-tiny"))
    measured = set(coinfer.catalogue().loc["phone-adreno-640", "network"])
    assert measured - {"vgg16"} < set(found)


def test_networks_that_do_not_fit_make_no_sense():
    small = SENSOR.replace(device__memory_bits=1e6)  # of 8 bits a parameter: less than 125,000
    found = real_savings.sensible_networks(small)
    for name in coinfer.dnn_names("mlperf-tiny"):
        fits = sum(coinfer.load_dnn(name, parameter_bits=8).parameter_bits) <= 1e6
        assert (name in found) == fits or name == "resnet8"
    assert "mobilenet_v1_025" not in found


def test_a_device_of_unknown_speed_makes_sense_on_its_own_network_only():
    assert real_savings.sensible_networks(PHONE.replace(device__macs_per_s=1e10)) == ("resnet18",)


def test_every_network_keeps_its_scenario():
    every = real_savings.on_every_network({"default": PHONE, "remote-sensor": SENSOR}, most=2)
    assert [key[0] for key in every] == ["default"] * 2 + ["remote-sensor"] * 2
    assert every["default", "resnet18"] == PHONE
    for (name, network), case in every.items():
        assert case.dnn.name == network
        assert case.link == {"default": PHONE, "remote-sensor": SENSOR}[name].link
    assert real_savings.with_network(PHONE, "ssdlite320_mobilenet_v3_large").result_at_edge


def test_the_declared_link_is_off_as_long_and_as_often_as_declared():
    found = real_savings.declared(PHONE, outages=3.0)
    (leave, _), (come, _) = (abs(np.array(row)) for row in found.channel.generator)
    assert 1 / come == pytest.approx(3 * local_inference_s(PHONE))
    assert leave / (leave + come) == pytest.approx(real_savings.OFF_SHARE)
    assert found.channel.rates_bps == (pytest.approx(mean_rate_bps(PHONE)), 0.0)
    assert found.link.tail_power_w == 0


# -- what is saved


@pytest.fixture(scope="module")
def taken() -> pd.DataFrame:
    return real_savings.taken(PAIRS, real_savings.ALL_RULES)


def test_what_is_taken_is_what_plans_take(taken: pd.DataFrame):
    assert len(taken) == 2 * len(real_savings.ALL_RULES)
    rules = {str(rule): rule for rule in real_savings.ALL_RULES}
    for row in taken.to_dict("records"):
        best = with_tails(PAIRS[row["scenario"], row["network"]], rules[row["rule"]])
        found = best.plan
        assert row["M*"] == found.placement
        assert row["time [s]"] == pytest.approx(found.time_s)
        assert row["ETC"] == pytest.approx(best.cost)
        weights = found.problem.scenario.weights
        spent = weights.time_per_s * (row["time [s]"] + found.download_s) + weights.energy_per_j * (
            row["energy [J]"] + found.download_j
        )
        assert row["ETC"] == pytest.approx(spent)  # tails in joules and in ETC are the same
        late = coinfer.simulate(found.problem.scenario, found, inferences=20_000, rng=3)
        assert row["95 % within [s]"] == pytest.approx(late.time_quantiles_s[1], rel=0.1)
    assert (taken.groupby("scenario")["dearer"].min() == 0).all()


def test_what_is_saved_is_one_less_the_ratio(taken: pd.DataFrame):
    table = real_savings.saved(taken).set_index("scenario")
    for (name, _), case in PAIRS.items():
        static, once, best, blind = (cost(case, rule) for rule in ("static", "probe-once", "optimal", Neurosurgeon()))
        best = min(best, once, static)
        row = table.loc[name]
        assert row["over static, ETC"] == pytest.approx(1 - best / static, abs=1e-8)
        assert row["joint, ETC"] == pytest.approx(1 - best / min(static, once), abs=1e-8)
        assert row["once, ETC"] == pytest.approx(1 - min(static, once) / static, abs=1e-8)
        assert row["neurosurgeon"] == pytest.approx(1 - blind / static, abs=1e-8)
        assert row["MACs"] == sum(case.dnn.macs)
        assert row["over static, ETC"] > 0.3
        for measure in real_savings.MEASURES:  # shares that are left multiply
            left = [1 - row[f"{saving}, {measure}"] for saving in ("joint", "once", "over static")]
            assert left[0] * left[1] == pytest.approx(left[2], abs=1e-7)


def test_a_saving_in_etc_may_cost_seconds(taken: pd.DataFrame):
    row = real_savings.saved(taken).set_index("scenario").loc["vehicle-lte"]
    plans = {rule: with_tails(PAIRS["vehicle-lte", "resnet50"], rule).plan for rule in ("static", "optimal")}
    assert plans["optimal"].time_s > plans["static"].time_s
    assert row["over static, time [s]"] == pytest.approx(1 - plans["optimal"].time_s / plans["static"].time_s, abs=1e-6)


@pytest.mark.parametrize("rule", ["edge-only", "local-only", "probe-once", "optimal"])
def test_how_many_inputs_are_at_once_is_the_time_on_the_device_over_the_interval(rule: str):
    """Simulated: what an inference takes but for the round trip and the server, which hold up no other one."""
    case = coinfer.load_scenario("phone-mmwave")
    found = coinfer.plan(case, rule=rule)
    free = case.replace(link__round_trip_s=0.0, edge__macs_per_s=1e18)
    run = coinfer.simulate(free, found, inferences=200_000, rng=1)
    assert real_tails.at_once(found) == pytest.approx(
        run.time_s / case.interval_s, rel=0.05
    )  # outages are rare and long


def test_a_fixed_split_that_waits_for_outages_does_not_keep_up(taken: pd.DataFrame):
    found = real_savings.saved(taken).set_index("scenario")
    assert found.loc["default", "fixed at once"] == pytest.approx(
        real_tails.at_once(coinfer.plan(PHONE, rule="static"))
    )
    busy = coinfer.load_scenario("phone-mmwave", dnn="resnet50")
    fixed, sent_always = (real_tails.at_once(coinfer.plan(busy, rule=rule)) for rule in ("static", "edge-only"))
    assert fixed == sent_always > 1 > found.loc["default", "fixed at once"]
    assert np.isnan(real_tails.at_once(coinfer.plan(busy.replace(interval_s=None))))


def test_intervals_hold_every_variant():
    figures = {name: real.FIGURES[name] for name in ("device power", "link pace")}
    table = real_savings.intervals(PAIRS, figures, (0.5, 2.0)).set_index("scenario")
    for (name, _), case in PAIRS.items():
        variants = [case, *(scaled(case, factor) for scaled in figures.values() for factor in (0.5, 2.0))]
        shares = []
        for each in variants:
            of = {rule: cost(each, rule) for rule in ("static", "probe-once", "optimal")}
            shares.append(max(0.0, 1 - min(of.values()) / of["static"]))
        assert table.loc[name, "over static, least"] == pytest.approx(min(shares), abs=1e-8)
        assert table.loc[name, "over static, most"] == pytest.approx(max(shares), abs=1e-8)
        assert min(shares) < shares[0] < max(shares)


def test_a_split_inside_saves_over_both_ends():
    tiny = coinfer.load_scenario("wearable", dnn="fc_autoencoder")
    found = real_savings.etc_saved(coinfer.costs(tiny))
    static, *ends = (coinfer.plan(tiny, rule=rule).cost for rule in ("static", "edge-only", "local-only"))
    assert found["inside"] == pytest.approx(1 - static / min(ends), abs=1e-8)
    assert found["inside"] > 0.3


@pytest.mark.parametrize("name", ["default", "vehicle-lte", "satellite-site"])
def test_what_is_saved_is_never_negative_and_adds_up(name: str):
    found = real_savings.etc_saved(coinfer.costs(coinfer.load_scenario(name)))
    assert all(0 <= share < 1 for share in found.values())
    assert (1 - found["joint"]) * (1 - found["once"]) == pytest.approx(1 - found["over static"], abs=1e-8)


# -- the abstract's model


def test_draws_have_the_rates_of_the_link_without_its_outages():
    case = coinfer.load_scenario("vehicle-lte")
    channel = real_savings.drawn(case).channel
    assert isinstance(channel, Rates)
    states = case.channel.states_on(case.link)
    assert 0 not in channel.rates_bps
    assert channel.usable == pytest.approx(1 - states.law[states.rates_bps == 0].sum())
    assert np.dot(channel.rates_bps, channel.probabilities) * channel.usable == pytest.approx(mean_rate_bps(case))
    assert real_savings.drawn(real_savings.drawn(case)) == real_savings.drawn(case)


def test_a_link_of_one_rate_promises_nothing():
    still = PHONE.replace(channel=Markov(rates_bps=(5e6,), generator=((0.0,),)))
    table = real_savings.promised({("a", "resnet18"): still})
    assert (table.filter(like="drawn").to_numpy() == 0).all()


# -- devices on links


def test_devices_on_links_are_scenarios():
    table = real_savings.devices_on_links(PHONE, ["raspberry-pi-4"], ["lte-driving"], most=2)
    assert table["tail"].tolist() == [True, False] * 2
    for row in table.to_dict("records"):
        case = coinfer.load_scenario("default", dnn=row["network"], device__name="raspberry-pi-4").replace(
            link="lte-driving"
        )
        case = case.replace(interval_s=max(PHONE.interval_s, local_inference_s(case)))
        case = case if row["tail"] else case.replace(link__tail_power_w=0.0)
        assert row["joint"] == pytest.approx(real_savings.etc_saved(coinfer.costs(case))["joint"])
    most = real_savings.on_links(table, tail=False).set_index("link")["over static, most"]
    assert most["lte-driving"] == table.loc[~table["tail"], "over static"].max() > 0


# -- what decides claims


def test_scenarios_are_counted_with_their_errors():
    varied = real_claims.with_edge(real.halved_and_doubled({"default": PHONE, "remote-sensor": SENSOR}))
    found = real_claims.held(varied, "edge", 0.05)
    assert (found.share, found.number) == (0.5, 1)
    local, best = (cost(PHONE, rule) for rule in ("local-only", "optimal"))
    as_found = varied[(varied["figure"] == real.AS_FOUND) & (varied["scenario"] == "default")].iloc[0]
    assert as_found["edge"] == pytest.approx(1 - best / local, abs=1e-8)


def test_what_claims_ask_is_what_plans_say():
    table = real_claims.numbers(
        {"default": PHONE, "remote-sensor": SENSOR, "city": coinfer.load_scenario("city-camera")}
    )
    best = coinfer.plan(PHONE)
    weights = PHONE.weights
    download = weights.time_per_s * best.download_s + weights.energy_per_j * best.download_j
    row = table.loc["default"]
    assert row["download"] == pytest.approx(download / cost(PHONE, "optimal"))
    assert row["look-ahead"] == pytest.approx(cost(PHONE, "1-sla") / cost(PHONE, "optimal") - 1)
    assert cost(PHONE, "optimal") > best.cost  # it sends in some inferences, and its tails may be longer than it counts
    assert row["between updates"] == pytest.approx(300 * 0.0333 / row["remembers [s]"])
    assert np.isnan(table.loc["city", "download"])  # it places nothing
    assert real_claims.two_scales(table).tolist() == [False, True, False]


# -- figures


def test_savings_are_drawn_with_frames_dots_and_what_is_missing():
    table = pd.DataFrame(
        {"scenario": ["a", "a", "b"], "network": ["small", "large", "small"], "MACs": [1.0, 9.0, 1.0],
         "joint": [0.0, 0.126, 0.004], "joint, least": [0.0, 0.04, 0.0], "joint, most": [0.04, 0.2, 0.01]}
    )  # fmt: skip
    figure = real_drawn.draw_savings(table, {"joint": "saved"}, [("a", "large")])
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["small", "large"]
    assert [text.get_text() for text in axis.texts if text.get_text()] == ["0", "13", "0.4"]
    (frame,) = axis.patches
    assert (frame.get_x(), frame.get_y()) == (1, 0)
    assert len(axis.lines) == 1  # a dot: 4 % to 20 % crosses 5 %
    assert axis.get_title("left") == "saved: 5% or more on 1 of 3 pairs"
    plt.close(figure)


def test_scenarios_that_share_no_network_are_drawn_beside_and_what_is_declared_below_a_line():
    rows = [("a", "x", 0.0), ("b", "x", 0.3), ("b", "y", 0.04), ("made up", "y", 0.9), ("c", "z", 0.1)]
    table = pd.DataFrame(rows, columns=["scenario", "network", "joint"]).assign(MACs=[1.0, 1.0, 2.0, 2.0, 5.0])
    figure = real_drawn.draw_savings(table, {"joint": "saved"}, [("a", "x")], ["made up"])
    many, few = figure.axes
    assert [label.get_text() for label in many.get_yticklabels()] == ["b", "a", "made up"]
    assert [label.get_text() for label in few.get_yticklabels()] == ["c"]
    assert many.get_title("left") == "saved: 5% or more on 2 of 4 pairs"
    (line,) = many.lines
    assert line.get_ydata()[0] == 2
    bold = [text.get_text() for axis in (many, few) for text in axis.texts if text.get_fontweight() == "bold"]
    assert bold == ["30", "90", "10"]
    plt.close(figure)
