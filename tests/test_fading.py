"""The law of the channel: means that exist and one that does not, rows recomputed by hand, nothing gained without fading."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

import coinfer
from coinfer.channel import Moving, Nakagami
from coinfer.study import fading, fading_drawn
from coinfer.study.figures import plt, use_style

GIVEN = coinfer.load_scenario("abstract-model")
CHANNELS = fading.laws(GIVEN, 0.05)
SOME = {name: CHANNELS[name] for name in (fading.STILL, fading.RAYLEIGH, "Nakagami, $m$ = 2")}
CHAINS = {"alexnet": GIVEN.dnn, "mlp": coinfer.mlp(3, 512)}


@pytest.fixture(scope="module")
def every() -> pd.DataFrame:
    return fading.over_networks(GIVEN, CHAINS, SOME)


@pytest.fixture(scope="module")
def clock() -> pd.DataFrame:
    return fading.in_motion(GIVEN, CHAINS, SOME)


@pytest.fixture(autouse=True)
def _style():
    use_style(draft=True)
    yield
    plt.close("all")


# -- plain Rayleigh fading


def test_a_mean_of_a_sample_is_the_mean_of_its_draws():
    means = fading.sample_means(2.0, runs=3, longest=5000, points=20, rng=7).set_index("sample size")
    gains = np.random.default_rng(7).exponential(size=(3, 5000))
    for size in (fading.EARLY, 5000):
        assert means.loc[size].to_numpy() == pytest.approx((1 / np.log2(1 + 2 * gains[:, :size])).mean(axis=1))


def test_growth_is_of_the_last_mean_over_that_of_the_first_thousand():
    means = pd.DataFrame({"sample size": [100, 1000, 9000], "run 0": [1.0, 2.0, 3.0], "run 1": [9.0, 4.0, 2.0]})
    assert fading.growth(means.assign(expected=1.0)).tolist() == [1.5, 0.5]


def test_what_a_sample_adds_up_to_is_an_integral():
    snr = GIVEN.link.mean_snr
    for size, found in zip((10, 1000), fading.expected_means(GIVEN, (10, 1000)), strict=True):
        by_hand, _ = integrate.quad(lambda u: np.exp(u - np.exp(u)) / np.log2(1 + snr * np.exp(u)), -np.log(size), 4)
        assert found == pytest.approx(by_hand, rel=1e-8)


def test_the_mean_grows_without_end_as_the_bound_does():
    cut = fading.cut_means(GIVEN, np.geomspace(1e-12, 1, 25))
    assert (cut["mean"] >= cut["bound"]).all()
    assert (cut["mean"].diff().dropna() < 0).all()
    by_hand = np.log(2) * np.log(10) / GIVEN.link.mean_snr  # the weight of gains near 0, for a factor of ten of them
    assert fading.growth_per_decade(cut) == pytest.approx(by_hand, rel=1e-6)


def test_a_smaller_outage_gain_makes_no_rule_cheaper_and_local_computing_not_dearer():
    costs = fading.by_outage_gain(GIVEN, np.array([1e-4, 1e-2, 0.5]), ["optimal", "edge-only", "local-only"])
    wide = costs.pivot(index="outage gain", columns="rule", values="cost")
    assert (wide.diff().dropna() <= 1e-12).all().all()
    assert wide["local-only"].nunique() == 1
    case = GIVEN.replace(channel=coinfer.channel.Rayleigh(outage_gain=1e-2))
    assert wide.loc[1e-2, "optimal"] == pytest.approx(coinfer.plan(case).cost)


# -- the laws


@pytest.mark.parametrize("name", [name for name in CHANNELS if name.startswith(("Nakagami", "no"))])
def test_gains_without_an_outage_have_mean_one(name: str):
    """By draws of the unit cost, turned back into gains."""
    law = CHANNELS[name].law(GIVEN.link, GIVEN.weights)
    scale = coinfer.channel.unit_cost_scale(GIVEN.link, GIVEN.weights)
    costs = law.sample(np.random.default_rng(0), 200_000)
    gains = (2 ** (scale / costs) - 1) / GIVEN.link.mean_snr
    assert gains.mean() == pytest.approx(1.0, abs=0.01)


def test_a_row_of_the_rules_is_their_plans():
    table = fading.compared(GIVEN, SOME, ("optimal", "1-sla", "probe-once")).set_index("channel")
    case = GIVEN.replace(channel=CHANNELS[fading.RAYLEIGH])
    row = table.loc[fading.RAYLEIGH]
    for rule in ("optimal", "1-sla", "probe-once"):
        assert row[rule] == pytest.approx(coinfer.plan(case, rule=rule).cost)
    assert row["usable [-]"] == pytest.approx(np.exp(-0.05))
    assert (table["clairvoyant"] <= table["optimal"] + 1e-12).all()
    tidy = fading.tidy_rules(table.reset_index(), ["optimal", "1-sla"])
    assert tidy["channel"].unique()[1] == "Rayleigh, $g_0$ = 0.05 (95% usable)"
    assert len(tidy) == 3 * 3


def test_simulations_agree_where_their_intervals_are_valid():
    found = fading.simulated(GIVEN, SOME, 20_000, rng=3)
    assert found["z"].isna().tolist() == [False] * 4 + [True] * 2
    assert found["z"].abs().max() < 4
    assert fading.has_variance(Nakagami(m=2.1))


# -- every network


def test_nothing_is_saved_without_fading(every: pd.DataFrame):
    still = every[every["channel"] == fading.STILL]
    assert (still[["saving", "over static"]] == 0).all().all()
    assert (every["over static"] >= every["saving"]).all()


def test_a_saving_is_of_plans(every: pd.DataFrame):
    row = every.set_index(["network", "channel"]).loc[("mlp", fading.RAYLEIGH)]
    case = GIVEN.replace(dnn=CHAINS["mlp"], channel=CHANNELS[fading.RAYLEIGH])
    best, once, static = (coinfer.plan(case, rule=rule).cost for rule in ("optimal", "probe-once", "static"))
    assert row["saving"] == pytest.approx(1 - best / min(once, static), abs=1e-8)


def test_fading_in_motion_has_its_own_m(clock: pd.DataFrame):
    assert clock["channel"].unique().tolist() == [fading.RAYLEIGH, "Nakagami, $m$ = 2"]
    row = clock[(clock["channel"] == "Nakagami, $m$ = 2") & (clock["network"] == "mlp") & (clock["tau_s"] == 3)].iloc[0]
    case = GIVEN.replace(dnn=CHAINS["mlp"], channel=Moving(m=2, coherence_time_s=3.0))
    assert row["optimal"] == pytest.approx(coinfer.plan(case).cost)


def test_the_map_has_channels_in_motion_below_at_their_best(every: pd.DataFrame, clock: pd.DataFrame):
    cells = fading.savings_by_channel(every, clock)
    assert cells.index.tolist() == [*SOME, "Rayleigh, in motion", "Nakagami, $m$ = 2, in motion"]
    best = clock[(clock["channel"] == fading.RAYLEIGH) & (clock["network"] == "alexnet")]["saving"].max()
    assert cells.loc["Rayleigh, in motion", "alexnet"] == pytest.approx(100 * best)
    figure = fading_drawn.draw_savings(cells)
    assert len(figure.axes[0].texts) == cells.size


def test_every_curve_of_the_divergence_is_named_once():
    means = fading.sample_means(2.0, runs=3, longest=2000, points=9, rng=7)
    means["expected"] = fading.expected_means(GIVEN, means["sample size"])
    costs = fading.by_outage_gain(GIVEN, np.array([1e-2, 0.1]), ["optimal", "edge-only"])
    figure = fading_drawn.draw_divergence(means, costs)
    named = [[text.get_text() for text in axis.get_legend().texts] for axis in figure.axes]
    assert named[0][0] == "mean of a sample, 3 times"
    assert [len(names) for names in named] == [2, 2]
