"""The study of traces and chains: against arithmetic by hand, long draws, plain loops, and the logs of a folder."""

import re
import warnings
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from effort import exhaustive

import coinfer
from coinfer import InputError, Trace
from coinfer.catalogue.rows import DATA
from coinfer.channel import Markov, OnOff
from coinfer.playback import block_bootstrap, blocks
from coinfer.study import command_line, traces, traces_drawn
from coinfer.study import traces_replayed as replayed

A, B, C, D = 2.0, 1.0, 0.25, 0.4  # of the chain below: a young outage ends or grows old, an old one ends, one begins
TWO_KINDS = Markov(rates_bps=(0.0, 0.0, 8e6), generator=((-A - B, B, A), (0.0, -C, C), (D, 0.0, -D)), long_outage_s=1.0)
CHAINS = traces.published_chains()
NETWORKS = ("alexnet", "squeezenet")


def markov(link: OnOff) -> Markov:
    states = link.states_on(coinfer.Link())
    return Markov(rates_bps=tuple(states.rates_bps), generator=states.generator)


def log(path, rates_mbps, step_s: float = 0.1) -> None:
    rows = "".join(f"{number * step_s:.3f},{rate}\n" for number, rate in enumerate(rates_mbps))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("t,r\n" + rows)


# -- reading


def test_a_folder_is_read_below_and_in_order_without_what_is_hidden(tmp_path):
    log(tmp_path / "walk" / "b.csv", [2, 4])
    log(tmp_path / "a.csv", [1, 3])
    (tmp_path / ".hidden").write_text("no trace")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("no trace")
    found, warned = traces.read_traces(tmp_path, format="csv", time="t", rate="r", rate_unit=None, window_s=0.1)
    assert warned == {"a.csv": (), "walk/b.csv": ()}
    assert {name: trace.rates_bps[0] for name, trace in found.items()} == {"a.csv": 1e6, "walk/b.csv": 2e6}
    assert list(found) == ["a.csv", "walk/b.csv"]
    assert [list(each) for each in traces.read_traces(tmp_path / "a.csv", time="t", rate="r")] == [["a.csv"], ["a.csv"]]


def test_all_files_that_cannot_be_read_are_named_in_one_sentence(tmp_path):
    log(tmp_path / "good.csv", [1, 3])
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "nothing.csv").write_text("\n")
    (tmp_path / "text.csv").write_text("t,r\n0,fast\n")
    with pytest.raises(InputError) as refused:
        traces.read_traces(tmp_path, time="t", rate="r")
    said = str(refused.value)
    assert said.startswith(f"traces = {str(tmp_path)!r}: 3 of 4 cannot be used: empty.csv, nothing.csv (")
    assert "text.csv (line 2" in said
    assert "good.csv" not in said
    assert said.count(str(tmp_path)) == 1
    assert "\n" not in said


def test_what_was_warned_of_is_kept_for_each_log(tmp_path):
    """A pause in one, a counter with a pause in the other, nothing in the third; none is warned of anew."""
    log(tmp_path / "good.csv", [1, 3, 2])
    pause = "".join(f"{at},{at % 3}\n" for at in (*range(9), *range(100, 109)))
    (tmp_path / "pause.csv").write_text("t,r\n" + pause)
    (tmp_path / "counter.csv").write_text("t,r\n" + "".join(f"{at},{at}\n" for at in (*range(20), 100)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, warned = traces.read_traces(tmp_path, time="t", rate="r")
    assert list(found) == list(warned) == ["counter.csv", "good.csv", "pause.csv"]
    assert [[each.split(":")[0] for each in told] for told in warned.values()] == [["rate", "gaps"], [], ["gaps"]]
    fitted = {name: trace.markov() for name, trace in found.items()}
    cases = replayed.device_on_traces(found, "city-camera")
    table = traces.at_hand(found, fitted, cases, warned).set_index("trace")
    assert table["gaps"].tolist() == [1, 0, 1]
    assert table.loc["good.csv", "warnings"] == "none"
    assert table.loc["counter.csv", "warnings"] == "; ".join(warned["counter.csv"])
    assert table.loc["pause.csv", ["device", "server"]].tolist() == ["raspberry-pi-4", "nvidia-t4"]
    said = traces.of_what(cases, NETWORKS, warned, drawn=False)
    assert said.startswith("3 logs with 2 networks each (judged on raspberry-pi-4 with nvidia-t4 and K = ")
    assert said.endswith("; reading 2 of them gave warnings)")
    assert f"K = {cases['good.csv'].inferences_per_update:g};" in said
    assert traces.of_what(cases, NETWORKS, {}, drawn=False).endswith("; reading none of them gave warnings)")
    assert traces.of_what(cases, NETWORKS, {}, drawn=True) == "3 links with 2 networks each"


@pytest.mark.parametrize("name", ["", "missing.csv", "missing"])
def test_what_holds_no_trace_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"holds no file" if not name else r"missing.*no such file or folder"):
        traces.read_traces(tmp_path / name)


def test_halves_of_all_or_a_sentence_that_names_those_that_cannot_be_halved():
    whole = Trace(np.arange(1.0, 41.0), 0.5)
    first, second = traces.halves({"whole": whole})["whole"]
    assert [*first.rates_bps, *second.rates_bps] == [*whole.rates_bps]
    assert first.duration_s == second.duration_s == 10
    short, silent = Trace(np.ones(39), 0.5), Trace(np.append(np.ones(20), np.zeros(20)), 0.5)
    with pytest.raises(InputError, match=r"2 of 3 cannot be used: short \(has 39 windows.* 40\), silent \(.*all 0"):
        traces.halves({"whole": whole, "short": short, "silent": silent})


# -- what is published


def test_the_chains_of_the_catalogue_and_what_was_published_of_their_traces():
    assert len(CHAINS) == 7
    published = traces.of_published_traces()
    rates_bps = pd.read_csv(DATA / "links.csv", comment="#").set_index("link")["rate_bps"]
    assert set(published.index) == set(CHAINS) - {"starlink"}  # of which no trace was seen
    assert list(published.columns) == list(traces.FIGURES)
    for link, row in published.iterrows():
        head = " ".join(
            re.sub("(?m)^# ?", "", (DATA / "chains" / f"{link}.csv").read_text()).split("rate_bps")[0].split()
        )
        assert row["mean [Mbit/s]"] * 1e6 == pytest.approx(rates_bps[link])
        if "derived from" in head:
            numbers = re.search(r"p90 of ([\d. /]+) Mbit/s", head)[1].split(" / ")
            wanted = ["mean [Mbit/s]", "median [Mbit/s]", "p10 [Mbit/s]", "p90 [Mbit/s]"]
            assert row[wanted].tolist() == [float(number) for number in numbers]
            later = re.search(r"of the (?:trace|runs) ([\d.]+), ([\d.]+) and ([\d.]+\d)", head).groups()
            assert row.filter(like="correlation").tolist() == [float(number) for number in later]
            outages = re.search(r"outages of ([\d.]+) s every ([\d.]+) s", head)
            if outages:
                assert row[["outage [s]", "up [s]"]].tolist() == [float(number) for number in outages.groups()]
            else:
                assert row["in outage"] == 0
                assert np.isnan(row["outage [s]"])


# -- figures of a chain, and of a trace


def test_outages_of_two_kinds_by_hand():
    """An outage lasts for T1, and if it grows old for T2 more: T1 of rate a + b, T2 of rate c, old with b / (a + b)."""
    found, grows = traces.of_chain(TWO_KINDS), B / (A + B)
    mean = 1 / (A + B) + grows / C
    square = 2 / (A + B) ** 2 + grows * (2 / ((A + B) * C) + 2 / C**2)
    longer = np.exp(-A - B) + B * (np.exp(-C) - np.exp(-A - B)) / (A + B - C)
    assert found["outage [s]"] == pytest.approx(mean)
    assert found["wait [s]"] == pytest.approx(square / (2 * mean))
    assert found["longer than 1 s"] == pytest.approx(longer)
    assert found["up [s]"] == pytest.approx(1 / D)
    assert found["in outage"] == pytest.approx(mean / (mean + 1 / D))
    assert found["mean [Mbit/s]"] == pytest.approx(8 * (1 / D) / (mean + 1 / D))


def test_correlation_and_quantiles_of_an_on_off_link_by_hand():
    found = traces.of_chain(markov(OnOff(rate_bps=5e6, mean_on_s=4.0, mean_off_s=1.0)))
    for lag_s in traces.LAGS_S:
        assert found[f"correlation after {lag_s:g} s"] == pytest.approx(np.exp(-(1 / 4 + 1) * lag_s))
    assert [found[f"{level} [Mbit/s]"] for level in traces.LEVELS] == pytest.approx([0, 5, 5])


def test_a_rate_that_never_moves_has_no_outage_and_no_correlation():
    chain, trace = Markov(rates_bps=(3e6,), generator=((0.0,),)), Trace(np.full(100, 3e6), 0.1)
    for found in (traces.of_chain(chain), traces.of_trace(trace), traces.of_chain(trace.markov())):
        assert [found[f"{level} [Mbit/s]"] for level in traces.LEVELS] == pytest.approx([3, 3, 3])
        assert found["in outage"] == 0
        assert np.isnan([found[figure] for figure in traces.FIGURES[5:]]).all()


def test_figures_of_a_trace_by_hand():
    """Outages of 3 windows, over the end, and of 1; a rest is counted from the middle of each window's outage."""
    found = traces.of_trace(Trace(np.array([0.0, 4e6, 2e6, 0.0, 2e6, 2e6, 0.0, 0.0]), 0.5))
    assert found["outage [s]"] == pytest.approx((1.5 + 0.5) / 2)
    assert found["longer than 1 s"] == 0.5
    assert found["wait [s]"] == pytest.approx((1.5 * 0.75 + 0.5 * 0.25) / 2)
    assert found["up [s]"] == pytest.approx(4 * 0.5 / 2)
    assert found["in outage"] == 0.5
    assert found["mean [Mbit/s]"] == pytest.approx(10 / 8)
    assert np.isnan(found["correlation after 0.1 s"])
    assert np.isnan(found["correlation after 5 s"])
    rates = np.array([0, 4, 2, 0, 2, 2, 0, 0]) - 10 / 8
    assert found["correlation after 1 s"] == pytest.approx(np.mean(rates[2:] * rates[:-2]) / np.mean(rates**2))


@exhaustive
@pytest.mark.parametrize("chain", [TWO_KINDS, CHAINS["lte-city"], CHAINS["mmwave-driving"]], ids=["two", "city", "5g"])
def test_a_long_draw_has_the_figures_of_its_chain(chain):
    """In short windows, which hardly cut an outage short."""
    drawn = traces.drawn_trace(chain, duration_s=40_000.0, window_s=0.02, rng=3)
    told, true = traces.of_trace(drawn), traces.of_chain(chain)
    assert drawn.duration_s == pytest.approx(40_000)
    for figure in ("mean [Mbit/s]", "in outage", "up [s]"):
        assert told[figure] == pytest.approx(true[figure], rel=0.1), figure
    for figure in ("outage [s]", "wait [s]"):
        assert told[figure] == pytest.approx(true[figure], rel=0.15), figure
    for lag_s in traces.LAGS_S:
        figure = f"correlation after {lag_s:g} s"
        assert told[figure] == pytest.approx(true[figure], abs=0.04), figure


def test_a_window_holds_the_mean_of_the_moves_in_it():
    """The same moves in windows of 1 s and of 0.1 s: the rates of ten of these have the mean of one of those."""
    fine, coarse = (traces.drawn_trace(TWO_KINDS, duration_s=500.0, window_s=w, rng=7).rates_bps for w in (0.1, 1.0))
    assert fine.reshape(-1, 10).mean(axis=1) == pytest.approx(coarse, abs=1.0)
    assert set(np.unique(fine)) > {0.0}
    assert ((coarse > 0) & (coarse < 8e6 - 1)).any()
    assert fine.max() == pytest.approx(8e6)
    other = traces.drawn_trace(TWO_KINDS, duration_s=500.0, window_s=0.1, rng=8).rates_bps
    assert (other != fine).any()


def test_kept_puts_each_trace_beside_its_chains():
    drawn = {name: traces.drawn_trace(CHAINS[name], duration_s=300.0) for name in ("lte-city", "starlink")}
    fitted = {name: trace.markov() for name, trace in drawn.items()}
    table = traces.kept(drawn, fitted, CHAINS).set_index(["link", "pair", "of"])
    assert len(table) == 4 + 3  # what was published of Starlink is no trace
    assert table.loc[("lte-city", "published", "trace"), "mean [Mbit/s]"] == 5.96
    for name, trace in drawn.items():
        pair = table.loc[(name, "fitted")]
        assert pair.loc["trace", "mean [Mbit/s]"] == pytest.approx(trace.rates_bps.mean() / 1e6)
        assert pair["mean [Mbit/s]"].loc["chain"] == pytest.approx(pair["mean [Mbit/s]"].loc["trace"])
        assert table.loc[(name, "published", "chain")].to_dict() == pytest.approx(
            traces.of_chain(CHAINS[name]), nan_ok=True
        )
    assert set(traces.kept(drawn, fitted, {})["pair"]) == {"fitted"}


# -- whose inferences


def test_each_link_comes_with_the_devices_of_the_scenario_that_has_it():
    found = replayed.devices_on_links(CHAINS, "abstract-model")
    assert {link: case.channel for link, case in found.items()} == CHAINS
    for name in coinfer.scenario_names(real=True):
        case = coinfer.load_scenario(name)
        if case.link.name in CHAINS:
            assert found[case.link.name] == case
    assert found["lte-campaign-walking"].device == coinfer.load_scenario("default").device


def test_a_scenario_of_ones_own_goes_on_every_link_and_every_log():
    camera = coinfer.load_scenario("city-camera")
    found = replayed.devices_on_links(CHAINS, "city-camera")
    assert all(case.device == camera.device and case.dnn == camera.dnn for case in found.values())
    assert {link: case.channel for link, case in found.items()} == CHAINS
    assert found["starlink"].link.transmit_power_w == 0
    assert found["lte-city"] == camera
    logs = {"a": Trace(np.ones(4), 1.0)}
    assert replayed.device_on_traces(logs, "city-camera") == {"a": camera}
    assert replayed.device_on_traces(logs, "abstract-model") == {"a": coinfer.load_scenario("default")}


def test_cases_take_changes_and_have_memory_for_all_layers(tmp_path):
    mine = tmp_path / "mine.yml"
    small = coinfer.load_scenario("city-camera", device__memory_bits=1e6)
    mine.write_text(small.to_yaml())
    logs = {"a": Trace(np.ones(4), 1.0)}
    assert replayed.device_on_traces(logs, str(mine))["a"].device.memory_bits == 1e6
    found = replayed.cases(str(mine), logs, {}, inferences_per_update=7, interval_s=None)
    assert found == {"a": coinfer.load_scenario("city-camera", inferences_per_update=7)}
    assert set(replayed.cases("abstract-model", logs, CHAINS)) == set(CHAINS)


# -- replays


@pytest.fixture(scope="module")
def found():
    """A link that is down for seconds, drawn, and plans for it."""
    chain = markov(OnOff(rate_bps=40e6, mean_on_s=10.0, mean_off_s=2.0))
    both = traces.halves({"it": traces.drawn_trace(chain, duration_s=4000.0, rng=1)})["it"]
    given = coinfer.load_scenario("default")
    options = {"truth": chain, "inferences": 2000, "resamples": 300, "seed": 5}
    return given, both, replayed.replays(given, NETWORKS, both, both[0].markov(), **options), chain


def test_a_row_is_a_plan_of_the_first_half_and_what_it_costs(found):
    given, (first, second), result, chain = found
    assert len(result.table) == len(NETWORKS) * len(replayed.RULES)
    for row in result.table.to_dict("records"):
        case = given.replace(dnn=row["network"], channel=first.markov())
        drawn = row["rule"] == "memoryless"
        plan = coinfer.plan(case.replace(channel=first.law())) if drawn else coinfer.plan(case, rule=row["rule"])
        assert (row["M*"], row["believed"]) == (plan.placement, pytest.approx(plan.cost))
        on_chain = coinfer.expected_cost(case, plan) if drawn else plan.cost
        assert row["chain"] == pytest.approx(on_chain, rel=1e-9)
        for half, column in ((first, "first half"), (second, "second half")):
            assert row[column] == coinfer.replay(case, plan, half, inferences=2000, rng=5).mean
        truth = case.replace(channel=chain)
        assert row["drawn from"] == pytest.approx(coinfer.expected_cost(truth, plan))
        assert row["regret"] == pytest.approx(max(0, row["drawn from"] / coinfer.plan(truth).cost - 1), abs=1e-8)
        assert row["low"] <= row["second half"] <= row["high"]
        assert (row["sends"] == 0) == (row["in outages [s]"] == 0)
    assert result.table["sends"].between(0, 1).all()
    assert result.table["sends"].max() > 0.5


def test_a_plan_made_from_the_truth_has_no_regret(found):
    given, both, _, chain = found
    result = replayed.replays(given, NETWORKS[:1], both, chain, truth=chain, inferences=100, resamples=10)
    costs = result.table.set_index("rule")
    assert costs.loc["optimal", "regret"] == 0
    assert costs.loc["optimal", "drawn from"] == pytest.approx(costs.loc["optimal", "chain"])
    assert "regret" not in replayed.replays(given, NETWORKS[:1], both, chain, inferences=100, resamples=10).table


def test_resampled_costs_are_about_what_the_replay_says(found):
    _, _, result, _ = found
    for number, network in enumerate(NETWORKS):
        part = result.table[result.table["network"] == network].set_index("rule").loc[list(replayed.RULES)]
        assert result.resampled[:, number].mean(axis=0) == pytest.approx(part["second half"].to_numpy(), rel=0.05)
        low, high = np.quantile(result.resampled[:, number], [0.025, 0.975], axis=0)
        spread = (part["high"] - part["low"]).to_numpy()
        assert high - low == pytest.approx(spread, rel=0.3, abs=1e-9)


def test_resampling_draws_whole_blocks_and_one_draw_for_all():
    """Means over blocks of 1, 2 and 4 inferences, among all that can be drawn; what is spent twice over is twice the mean."""
    block = np.array([0, 1, 1, 2, 2, 2, 2])
    spent = np.array([1.0, 2.0, 4.0, 1.0, 1.0, 1.0, 9.0])
    possible = {
        round(sum(spent[block == b].sum() for b in drawn) / sum((block == b).sum() for b in drawn), 12)
        for drawn in product(range(3), repeat=3)
    }
    means = replayed.resampled_means(np.array([[spent], [2 * spent]]), block, np.random.default_rng(0), 500)
    assert means.shape == (500, 2, 1)
    assert {round(mean, 12) for mean in means[:, 0, 0]} == possible
    assert means[:, 1] == pytest.approx(2 * means[:, 0])


def test_resampling_agrees_with_the_bootstrap_of_a_replay():
    rng, trace = np.random.default_rng(2), Trace(np.random.default_rng(1).uniform(1, 2, 6000), 0.1)
    starts_s = np.sort(rng.random(5000)) * trace.duration_s
    block, values = blocks(trace, starts_s), np.repeat(rng.standard_normal(50), 100)
    means = replayed.resampled_means(values[None], block, rng, 4000)[:, 0]
    assert np.quantile(means, [0.025, 0.975]) == pytest.approx(
        block_bootstrap(values, block, rng, resamples=4000), abs=0.03
    )


# -- which way is best


def made(second, resampled, networks=("a",)) -> replayed.Replays:
    rows = [
        {"network": network, "rule": rule, "second half": cost}
        for network, costs in zip(networks, second, strict=True)
        for rule, cost in zip(replayed.RULES, costs, strict=True)
    ]
    return replayed.Replays(pd.DataFrame(rows), np.array(resampled, float))


def test_the_best_way_is_the_simplest_that_is_good_enough():
    spent = np.random.default_rng(0).uniform(1, 1.03, (500, 4))
    for costs, way in zip(spent, replayed.best_way(spent), strict=True):
        enough = [number for number in range(3) if costs[number] <= 1.01 * min(costs[:3])]
        assert way == enough[0]
    assert set(replayed.best_way(spent)) == {0, 1, 2}


def test_verdicts_savings_and_counts_by_hand():
    """Four resamples of two networks: the first is best looked at once in three of them, the second again in all."""
    second = [[2.0, 1.0, 1.0, 4.0], [4.0, 3.0, 1.5, 2.0]]
    resampled = [
        [[2.0, 1.0, 1.0, 4.0], [4.0, 3.0, 1.5, 2.0]],
        [[2.0, 1.0, 1.0, 3.0], [4.0, 2.0, 1.0, 2.0]],
        [[2.0, 1.0, 1.0, 2.0], [4.0, 3.0, 1.5, 2.0]],
        [[1.0, 1.0, 1.0, 1.0], [4.0, 3.0, 1.5, 2.0]],
    ]
    found = {"log": made(second, resampled, ("a", "b"))}
    table = replayed.verdicts(found).set_index("network")
    assert table["best"].tolist() == ["one look", "look again"]
    assert table["sure"].tolist() == [0.75, 1.0]
    assert table["once"].tolist() == [0.5, 0.25]
    assert table["again"].tolist() == [0.0, 0.5]
    assert table["draws"].tolist() == [-1.0, 0.5]
    assert table.loc["a", ["draws, low", "draws, high"]].tolist() == pytest.approx(
        np.quantile([-1, -0.5, 0, 0], [0.025, 0.975])
    )
    assert table.loc["b", ["again, low", "again, high"]].tolist() == [0.5, 0.5]
    counted = replayed.counted(table.reset_index(), found).set_index("best")
    assert counted["cases"].tolist() == [0, 1, 1]
    assert counted["sure"].tolist() == [0, 0, 1]
    in_each = [1, 1, 1, 0]  # of the resamples, how many are best looked at once
    assert counted.loc["one look", ["low", "high"]].tolist() == pytest.approx(np.quantile(in_each, [0.025, 0.975]))
    assert counted.loc["look again", ["low", "high"]].tolist() == [1, 1]


def test_a_still_link_needs_no_look_and_a_link_with_outages_one(found):
    still = Trace(np.full(400, 20e6), 0.1)
    both = traces.halves({"still": still})["still"]
    given = coinfer.load_scenario("default")
    results = {
        "still": replayed.replays(given, NETWORKS, both, both[0].markov(), inferences=200, resamples=300),
        "outages": found[2],
    }
    best = replayed.verdicts(results).set_index(["trace", "network"])["best"]
    assert set(best["still"]) == {"fixed split"}
    assert best["outages", "alexnet"] == "one look"
    assert replayed.counted(replayed.verdicts(results), results)["cases"].sum() == 4


# -- pictures


def test_the_picture_has_a_letter_a_case_and_a_bar_a_way():
    found = {
        "x": made([[2.0, 1.0, 1.0, 1.0]], [[[2.0, 1.0, 1.0, 1.0]]] * 10),
        "y": made([[1.0, 1.0, 1.0, 1.0]], [[[1.0, 1.0, 1.0, 1.0]]] * 9 + [[[3.0, 3.0, 1.0, 1.0]]]),
    }
    table = replayed.verdicts(found)
    counted = replayed.counted(table, found)
    figure = traces_drawn.draw_best(table, counted)
    letters, bars = figure.axes
    assert [text.get_text() for text in letters.texts] == ["1", "F?"]
    assert [bar.get_width() for bar in bars.patches] == [1, 1, 0]
    assert [text.get_text() for text in bars.texts] == ["1", "1", "0"]
    assert "of 2" in bars.get_xlabel()
    plt.close(figure)


def test_many_logs_are_drawn_without_their_names():
    found = {f"log {n}": made([[1.0] * 4], [[[1.0] * 4]] * 2) for n in range(traces_drawn.TALL + 1)}
    table = replayed.verdicts(found)
    figure = traces_drawn.draw_best(table, replayed.counted(table, found))
    assert not figure.axes[0].texts
    assert not figure.axes[0].get_yticklabels()
    plt.close(figure)


def test_what_is_kept_is_drawn_a_point_each(found):
    name = "lte-city"
    trace = traces.drawn_trace(CHAINS[name], duration_s=300.0)
    table = traces.kept({name: trace}, {name: trace.markov()}, CHAINS)
    figure = traces_drawn.draw_kept(table, found[2].table)
    for axis, figures in zip(figure.axes, traces_drawn.PANELS.values(), strict=False):
        drawn = sorted((x, y) for line in axis.lines[:-1] for x, y in zip(*line.get_data(), strict=True))
        pairs = table.set_index(["pair", "of"])[list(figures.values())].unstack("of")
        wanted = [tuple(row[column][["trace", "chain"]]) for _, row in pairs.iterrows() for column in figures.values()]
        assert drawn == sorted(pair for pair in wanted if np.isfinite(pair).all())
        assert len(drawn) >= 4
    costs = found[2].table[found[2].table["rule"].isin(replayed.WAYS.values())]
    drawn = [x for line in figure.axes[3].lines[:-1] for x in line.get_xdata()]
    assert sorted(drawn) == sorted([*costs["first half"], *costs["second half"]])
    plt.close(figure)


def test_what_a_chain_is_off_by_is_nothing_for_a_chain_that_is_its_own_trace():
    told = traces.of_chain(CHAINS["lte-city"])
    rows = [{"link": "a", "pair": "fitted", "of": of, **told} for of in ("trace", "chain")]
    rows.append({"link": "b", "pair": "published", "of": "chain", **told})  # of whose trace nothing was published
    table = traces.far_off(pd.DataFrame(rows))
    assert table.index.tolist() == [("fitted", "a")]
    assert (table == 0).all(axis=None)
    slower = rows[0] | {
        "of": "chain",
        "mean [Mbit/s]": told["mean [Mbit/s]"] * 0.9,
        traces.LATE: told[traces.LATE] - 0.2,
    }
    found = traces.far_off(pd.DataFrame([rows[0], slower])).loc[("fitted", "a")]
    assert found["mean [Mbit/s]"] == pytest.approx(0.1)
    assert found[traces.LATE] == pytest.approx(0.2)


def test_errors_are_of_plans_that_send_if_any_does():
    table = pd.DataFrame(
        {
            "rule": ["optimal", "static", replayed.DRAWS],
            "sends": [0.4, 0.0, 1.0],
            "chain": [2.0, 1.0, 1.0],
            "first half": [1.0, 1.0, 9.0],
            "second half": [3.0, 1.0, 9.0],
        }
    )
    assert replayed.that_send(table)["rule"].tolist() == ["optimal"]
    assert replayed.chain_errors(replayed.that_send(table)).to_numpy().tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert replayed.that_send(table.assign(sends=0.0))["rule"].tolist() == ["optimal", "static"]


def test_the_legend_names_what_is_drawn_and_nothing_else(found):
    """A log has no chain of the catalogue, and without outages nothing of these: no marker is open but of the other half."""
    trace = Trace(np.random.default_rng(0).choice([1e6, 2e6, 5e6], 400), 0.5)
    table = traces.kept({"log": trace}, {"log": trace.markov()}, {})
    figure = traces_drawn.draw_kept(table, found[2].table)
    rates, correlations, outages, _ = figure.axes
    assert [text.get_text() for text in rates.get_legend().get_texts()] == list(traces.LEVELS)
    assert [text.get_text() for text in correlations.get_legend().get_texts()] == ["after 1 s", "after 5 s"]
    assert outages.get_legend() is None
    assert len(outages.lines) == 1  # the diagonal
    assert all(line.get_markerfacecolor() != "none" for line in (*rates.lines, *correlations.lines))
    plt.close(figure)
    link = traces.kept(
        {"lte-city": trace}, {"lte-city": trace.markov()}, CHAINS
    )  # whose outages the published pair has
    figure = traces_drawn.draw_kept(link, found[2].table)
    published = [line for line in figure.axes[2].lines[:-1] if line.get_markerfacecolor() == "none"]
    assert len(figure.axes[2].get_legend().get_texts()) == len(published) > 0
    plt.close(figure)


# -- the notebook on logs


@exhaustive
def test_a_folder_of_logs_runs_through_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    rows = "".join(f"{at / 10:.1f},20\n" for at in (*range(100), *range(399, 499)))  # a pause of 30 s
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "one.csv").write_text("t,r\n" + rows)
    log(tmp_path / "logs" / "far" / "two.csv", np.repeat(rng.choice([0, 5, 40], 60), 10))
    arguments = ["74-traces", "--smoke", "--out", "out", "-p", "traces", "logs/", "-p", "time", "t", "-p", "rate", "r"]
    assert command_line.main(arguments) == 0
    at_hand = pd.read_csv("out/74-traces-at-hand.csv", keep_default_na=False).set_index("trace")
    assert at_hand["warnings"].str.contains("the longest of 30 s before line 102").to_dict() == {
        "far/two.csv": False,
        "one.csv": True,
    }
    caption, kept = ((tmp_path / "out" / f"74-traces-{name}.md").read_text() for name in ("best", "kept"))
    assert f"judged on {at_hand.loc['one.csv', 'device']} with {at_hand.loc['one.csv', 'server']} and K = " in caption
    assert "reading 1 of them gave warnings" in caption
    assert "filled" not in kept.split("Right:")[0]
    verdicts = pd.read_csv("out/74-traces-verdicts.csv")
    assert set(verdicts["trace"]) == {"one.csv", "far/two.csv"}
    assert len(verdicts) == pd.read_csv("out/74-traces-counted.csv")["cases"].sum() == 4
    assert set(verdicts.loc[verdicts["trace"] == "one.csv", "best"]) == {"fixed split"}
    findings = pd.read_csv("out/findings-74-traces.csv")
    assert findings["limits"].str.contains("2 logs").any()
    assert not findings["limits"].str.contains("drawn from").any()
    told = findings.set_index("claim")
    assert told.loc["chain-plans", "verdict"] == "untested"  # nobody knows the chain behind a log
    assert told.loc["traces-again", "verdict"] in ("limited", "refuted")
    assert set(pd.read_csv("out/74-traces-kept.csv")["pair"]) == {"fitted"}


@exhaustive
def test_logs_that_cannot_be_read_are_named_and_nothing_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    log(tmp_path / "logs" / "one.csv", [20] * 200)
    (tmp_path / "logs" / "two.csv").write_text("t,r\n0,slow\n")
    (tmp_path / "logs" / "three.csv").write_text("")
    arguments = ["74-traces", "--smoke", "--out", "out", "-p", "traces", "logs/", "-p", "time", "t", "-p", "rate", "r"]
    assert command_line.main(arguments) == 1
    said = capsys.readouterr().out
    assert "2 of 3 cannot be used: three.csv (is empty" in said
    assert "two.csv (line 2" in said
    assert not list((tmp_path / "out").glob("74-*"))
