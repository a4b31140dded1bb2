"""Seconds and joules: the law of the time of a plan, the hull of time and energy, and the cheapest plan in time."""

import numpy as np
import pytest
from effort import beyond, exhaustive

import coinfer
from coinfer import channel
from coinfer.frontier import RESOLUTION, RULES, cheapest_in_time
from coinfer.timing import _overlap

TWO_OUTAGES = channel.Markov(
    rates_bps=(1e6, 0.0, 0.0, 3e6), generator=((-1, 0.5, 0, 0.5), (1, -2, 1, 0), (0, 0, -0.2, 0.2), (1, 1, 0, -2))
)
ON_OFF = channel.OnOff(rate_bps=2e6, mean_on_s=5.0, mean_off_s=3.0)
CHANNELS = {
    "draws of a fading": channel.Rayleigh(outage_gain=0.05),
    "draws of rates": channel.RateTable(),
    "inversion": channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1),
    "on and off": ON_OFF,
    "two outages": TWO_OUTAGES,
    "fading": channel.Moving(coherence_time_s=10.0),
    "shadowing": channel.Shadowed(sigma_db=7.0, decorrelation_m=13.0, speed_m_per_s=1.4),
}


def scenario(name: str, **changes) -> coinfer.Scenario:
    return coinfer.load_scenario("abstract-model", channel=CHANNELS[name], **changes)


@pytest.mark.parametrize("rule", beyond(1, ["optimal", "probe-once", "edge-only"]))
@pytest.mark.parametrize("name", CHANNELS)
def test_the_law_of_the_time_is_that_of_simulated_inferences(name: str, rule: str):
    given, inferences = scenario(name), 20_000
    plan = coinfer.plan(given, rule=rule)
    times_s = coinfer.simulate(given, plan, inferences=inferences, rng=1).times_s
    at = np.quantile(times_s, np.linspace(0.02, 0.98, 25)) * (1 + 1e-9)
    counted = np.array([np.mean(times_s <= t) for t in at])
    found = coinfer.time_probability(plan, at)
    blur = 0.01 if "ing" in name else 2e-3  # of 32 cells; of the inversion
    assert np.max(np.abs(found - counted)) < 4 * 0.5 / np.sqrt(inferences) + blur


@pytest.mark.parametrize("name", CHANNELS)
def test_quantiles_are_where_the_law_passes_its_levels(name: str):
    plan = coinfer.plan(scenario(name))
    levels = np.array([0.1, 0.5, 0.95, 0.99])
    at = coinfer.time_quantiles_s(plan, levels)
    assert np.all(np.diff(at) >= 0)
    assert np.all(coinfer.time_probability(plan, at * (1 + 1e-9)) >= levels - 1e-4)
    assert np.all(coinfer.time_probability(plan, at * (1 - 1e-6)) < levels + 1e-4)


def test_outages_while_sending_are_a_compound_poisson_sum():
    """From on, o / r of sending sees Poisson(u o / r) outages, each exponential: an exact series, and an atom."""
    from scipy.stats import gamma, poisson

    given = scenario("on and off")
    plan = coinfer.plan(given, rule="edge-only")
    seconds = coinfer.cost.apart(plan.problem)[0]
    air_s, u, leave = seconds.bits[0] / 2e6, 1 / 5.0, 1 / 3.0
    t = np.array([0.01, 0.5, 2.0, 8.0])
    count = np.arange(1, 60)

    def waited(first: int) -> np.ndarray:  # P(the outages, and `first` more, end within t)
        parts = poisson.pmf(count, u * air_s)[:, None] * gamma.cdf(t, (count + first)[:, None], scale=1 / leave)
        none = np.exp(-u * air_s) * (gamma.cdf(t, first, scale=1 / leave) if first else 1.0)
        return parts.sum(axis=0) + none

    exact = 5 / 8 * waited(0) + 3 / 8 * waited(1)
    found = coinfer.time_probability(plan, float(seconds.edge) + air_s + t)
    assert found == pytest.approx(exact, abs=1e-3)


def test_a_mean_is_the_integral_of_the_law():
    plan = coinfer.plan(scenario("two outages"), rule="static")
    t = np.linspace(0, 400, 200_001)
    assert np.trapezoid(1 - coinfer.time_probability(plan, t), t) == pytest.approx(plan.time_s, rel=2e-3)


def spread_of_edge_only(fading: channel.Moving) -> tuple[coinfer.Plan, float]:
    """Sending everything at once, and what is left of the fading [s], from how fast the variance of the bits sent grows."""
    plan = coinfer.plan(coinfer.load_scenario("abstract-model", channel=fading), rule="edge-only")
    law = plan.problem.law
    rates, here = law.sender.rates_bps, law.chain.initial
    excess = rates - here @ rates
    fundamental = np.linalg.lstsq(-law.sender.generator * fading.coherence_time_s, excess, rcond=None)[0]
    growth = 2 * fading.coherence_time_s * (here * excess) @ fundamental
    return plan, float(np.sqrt(growth * plan.problem.bits[0] / (here @ rates) ** 3))


@exhaustive
@pytest.mark.parametrize(("tau", "error"), [(1e-9, 1e-3), (1e-6, 1e-3), (1e-4, 6e-3)])
def test_fading_that_averages_out_leaves_a_normal_time(tau: float, error: float):
    """What the normal law leaves out falls like the root of the coherence time: 5e-3 at 1e-4 s."""
    from scipy.stats import norm

    plan, spread_s = spread_of_edge_only(channel.Moving(coherence_time_s=tau))
    z = np.linspace(-4, 4, 33)
    assert coinfer.time_probability(plan, plan.time_s + z * spread_s) == pytest.approx(norm.cdf(z), abs=error)
    found = coinfer.time_probability(plan, [1.0, 1.05, 1.15, 1.2, 4.0, 20.0, 1e6])
    assert found == pytest.approx([0, 0, 1, 1, 1, 1, 1], abs=1e-4)
    assert np.all(np.diff(found) >= 0)
    levels = [0.5, 0.95, 0.99]
    at = (coinfer.time_quantiles_s(plan, levels) - plan.time_s) / spread_s
    assert norm.cdf(at) == pytest.approx(levels, abs=error)


def air_times(plan: coinfer.Plan, time_s: np.ndarray) -> np.ndarray:
    return time_s - float(coinfer.cost.apart(plan.problem)[0].edge)


@pytest.mark.parametrize("tau", beyond(1, [1e6, 1e9]))
def test_fading_that_stands_still_is_drawn_once(tau: float):
    """P(T <= t) is then how often an exponential gain is that large: a law without the steps of cells."""
    given = coinfer.load_scenario("abstract-model", channel=channel.Moving(coherence_time_s=tau))
    plan, t = coinfer.plan(given, rule="edge-only"), np.linspace(0.5, 60.0, 301)
    rates = plan.problem.bits[0] / air_times(plan, t)
    exact = np.exp(-(2 ** (rates / given.link.bandwidth_hz) - 1) / given.link.mean_snr)
    assert coinfer.time_probability(plan, t) == pytest.approx(exact, abs=1.5e-3)


@exhaustive
@pytest.mark.parametrize(("sigma_db", "error"), [(8.0, 4e-3), (30.0, 6e-3)])
def test_shadowing_that_stands_still_is_drawn_once(sigma_db: float, error: float):
    from scipy.stats import norm

    slow = channel.Shadowed(sigma_db=sigma_db, decorrelation_m=13.0, speed_m_per_s=1e-9)
    given = coinfer.load_scenario("abstract-model", channel=slow)
    plan, z = coinfer.plan(given, rule="edge-only"), np.linspace(-2.5, 2.5, 201)
    rates = channel.shadowed.ergodic_rate_bps(given.link.bandwidth_hz, given.link.mean_snr * 10 ** (sigma_db * z / 10))
    t = plan.problem.bits[0] / rates - air_times(plan, 0.0)
    assert coinfer.time_probability(plan, t) == pytest.approx(norm.cdf(-z), abs=error)


@pytest.mark.parametrize("tau", beyond(1, [10.0, 1e2, 1e3]))
def test_slow_fading_against_the_gaussian_process_itself(tau: float):
    given = coinfer.load_scenario("abstract-model", channel=channel.Moving(coherence_time_s=tau))
    plan, runs, step, last_s = coinfer.plan(given, rule="edge-only"), 20_000, 0.02, 8.0
    rng, keep = np.random.default_rng(4), np.exp(-step / 2 / tau)
    parts, sent, times_s = rng.normal(size=(2, runs)) / np.sqrt(2), np.zeros(runs), np.full(runs, np.inf)
    for k in range(int(last_s / step)):
        rate = given.link.bandwidth_hz * np.log2(1 + given.link.mean_snr * (parts**2).sum(axis=0))
        ends = (sent < plan.problem.bits[0]) & (sent + step * rate >= plan.problem.bits[0])
        times_s[ends] = (k * step + (plan.problem.bits[0] - sent) / rate)[ends]
        sent += step * rate
        parts = keep * parts + np.sqrt((1 - keep**2) / 2) * rng.normal(size=(2, runs))
    t = np.linspace(0.4, last_s, 40)
    reached = (times_s[:, None] <= t).mean(axis=0)
    found = coinfer.time_probability(plan, t - air_times(plan, 0.0))
    assert np.max(np.abs(found - reached)) < 4 * 0.5 / np.sqrt(runs) + 1e-3


@exhaustive
def test_deep_shadowing_against_simulation():
    given = coinfer.load_scenario(
        "abstract-model", channel=channel.Shadowed(sigma_db=30.0, decorrelation_m=13.0, speed_m_per_s=1.4)
    )
    plan, inferences, levels = coinfer.plan(given, rule="edge-only"), 20_000, np.array([0.5, 0.95, 0.99])
    times_s = coinfer.simulate(given, plan, inferences=inferences, rng=3).times_s
    reached = np.mean(times_s[:, None] <= coinfer.time_quantiles_s(plan, levels), axis=0)
    assert np.all(np.abs(reached - levels) < 4 * np.sqrt(levels * (1 - levels) / inferences) + 5e-3)  # of 40 cells


def test_coarse_cells_keep_what_is_in_fine_ones():
    fine, coarse = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.25, 0.75])
    shared = _overlap(coarse, fine)
    assert shared.sum(axis=0) == pytest.approx(np.ones(4))
    assert shared @ fine == pytest.approx(coarse)
    assert shared[:, 0] == pytest.approx([1.0, 0.0])
    assert _overlap(coarse, np.array([0.25, 1e-90, 0.75])).sum(axis=0).tolist() == [1.0, 1.0, 1.0]


def points(table) -> np.ndarray:
    return np.array([table["time_s"] + table["download_s"], table["energy_j"] + table["download_j"]]).T


@pytest.mark.parametrize("name", ["draws of rates", "on and off", "two outages"])
def test_no_weights_find_a_plan_below_the_hull(name: str):
    given = scenario(name)
    hull = points(coinfer.frontier(given))
    span = np.ptp(hull, axis=0)
    assert np.all(np.diff(hull[:, 0]) > 0)
    assert np.all(np.diff(hull[:, 1]) < 0)
    slopes = np.diff(hull[:, 1]) / np.diff(hull[:, 0])
    assert np.all(np.diff(slopes) > 0)  # convex
    for weight in np.geomspace(1e-4, 1e4, 25) * span[1] / span[0]:
        plan = coinfer.plan(given.replace(weights=coinfer.Weights(time_per_s=weight, energy_per_j=1.0)))
        found = np.array([plan.time_s + plan.download_s, plan.energy_j + plan.download_j]) @ (weight, 1.0)
        assert found >= np.min(hull @ (weight, 1.0)) - 2 * RESOLUTION * (weight * span[0] + span[1])


def test_the_ends_are_the_fastest_and_the_most_frugal_of_all_rules_and_placements():
    given = scenario("on and off")
    hull = points(coinfer.frontier(given))
    for rule in RULES:
        for weights in (coinfer.Weights(time_per_s=1.0, energy_per_j=0.0), coinfer.Weights()):
            for m in range(given.dnn.layers + 1):
                plan = coinfer.plan(given.replace(weights=weights), rule=rule, placement=m)
                assert plan.time_s + plan.download_s >= hull[0, 0] - 1e-6
                assert plan.energy_j + plan.download_j >= hull[-1, 1] - 1e-6


@pytest.mark.parametrize("factor", [0.9, 1.5])
def test_the_plan_in_time_is_in_time_and_the_cheapest_that_was_tried(factor: float):
    given = scenario("on and off")
    deadline_s = factor * coinfer.time_quantiles_s(coinfer.plan(given), 0.95)[0]
    table = coinfer.frontier(given, deadline_s)
    row = table[table["role"] == "deadline"].iloc[0]
    outcome = coinfer.simulate(row["plan"].problem, row["plan"], inferences=40_000, rng=2)
    assert np.mean(outcome.times_s <= deadline_s) >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 40_000) - 1e-3
    assert row["p95_s"] <= deadline_s
    assert row["time_s"] == pytest.approx(outcome.time_s, rel=0.05)
    weights = (given.weights.time_per_s, given.weights.energy_per_j)
    for other in table["plan"]:
        for rule in RULES:
            for m in range(given.dnn.layers + 1):
                tried = coinfer.plan(other.problem, rule=rule, placement=m)
                if coinfer.time_probability(tried, deadline_s) >= 0.95:
                    spent = (tried.time_s + tried.download_s, tried.energy_j + tried.download_j)
                    assert np.dot(spent, weights) >= row["cost"] - 1e-9


def test_a_loose_deadline_changes_nothing():
    given = scenario("two outages", dnn="squeezenet")
    row = coinfer.frontier(given, 1000.0).iloc[-1]
    assert row["cost"] == pytest.approx(coinfer.plan(given).cost, rel=1e-12)
    assert row["time_weight"] == given.weights.time_per_s


@pytest.mark.parametrize("rules", [RULES, ("probe-once", "static")])
def test_the_cheapest_in_time_are_so_at_every_deadline(rules: tuple[str, ...]):
    often = channel.OnOff(rate_bps=2e6, mean_on_s=3.0, mean_off_s=1.0)
    given = coinfer.load_scenario("abstract-model", dnn="squeezenet", channel=often)
    table = cheapest_in_time(given, rules=rules)
    assert len(table) > 1
    assert np.all(np.diff(table["p95_s"]) < 0)
    assert np.all(np.diff(table["cost"]) >= 0)
    for deadline_s in [*(table["p95_s"] * (1 + 2 * RESOLUTION)), *(table["p95_s"][1:] * 1.1)]:
        one = coinfer.frontier(given, float(deadline_s), rules=rules).iloc[-1]
        assert one["role"] == "deadline"
        assert one["cost"] == pytest.approx(table[table["p95_s"] <= deadline_s].iloc[0]["cost"], rel=1e-9)
    too_soon = coinfer.frontier(given, float(table["p95_s"].min() * (1 - 2 * RESOLUTION)), rules=rules)
    assert set(too_soon["role"]) == {"hull"}


def test_a_fixed_split_that_is_worse_on_average_is_tried_for_a_deadline():
    given = scenario("on and off")
    local = coinfer.plan(given, rule="local-only")  # takes one time
    assert coinfer.plan(given, rule="static").placement == 0
    row = coinfer.frontier(given, local.time_s + 1e-6, rules=("static",)).iloc[-1]
    assert (row["rule"], row["placement"]) == (f"static at {given.dnn.layers}", given.dnn.layers)
    assert row["cost"] == pytest.approx(local.cost, rel=1e-12)


def test_a_plan_is_followed_at_the_weights_it_was_made_at():
    given = scenario("on and off")
    other = given.replace(weights=coinfer.Weights(time_per_s=2.0))
    for follow in (coinfer.expected_cost, lambda at, plan: coinfer.simulate(at, plan, inferences=10, rng=0)):
        with pytest.raises(coinfer.InputError, match=r"plan: was made at time_per_s=0.5 .* should be followed at"):
            follow(other, coinfer.plan(given))


def test_there_is_no_row_where_no_plan_is_in_time():
    assert set(coinfer.frontier(scenario("on and off"), 0.001)["role"]) == {"hull"}


@pytest.mark.parametrize("deadline_s", [0, -1.0, np.inf, "2 s"])
def test_a_deadline_is_a_positive_number(deadline_s):
    with pytest.raises(coinfer.InputError, match=r"deadline_s = .*: should be a positive number of seconds"):
        coinfer.frontier(scenario("on and off"), deadline_s)


@pytest.mark.parametrize("deadline_s", [None, 5.0])
@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("static", "rules = 'static': should be a sequence of rules"),
        (3, "rules = 3: should be a sequence of rules"),
        (("bad",), "rule = 'bad': should be one of optimal"),
    ],
)
def test_rules_are_checked_with_and_without_a_deadline(deadline_s, rules, message: str):
    with pytest.raises(coinfer.InputError, match=message):
        coinfer.frontier(scenario("on and off"), deadline_s, rules=rules)
    with pytest.raises(coinfer.InputError, match=message):
        cheapest_in_time(scenario("on and off"), rules=rules)


@pytest.mark.parametrize("name", ["draws of rates", "on and off"])
def test_times_and_levels_are_numbers(name: str):
    plan = coinfer.plan(scenario(name))
    assert coinfer.time_probability(plan, [np.inf, 0.0, -np.inf]).tolist() == [1.0, 0.0, 0.0]
    for ask, values, message in [
        (coinfer.time_probability, np.nan, "time_s = nan: should be numbers of seconds"),
        (coinfer.time_probability, "x", "time_s = 'x': should be a list of numbers"),
        (coinfer.time_quantiles_s, "a", "levels = .*: should be a list of numbers"),
        (coinfer.time_quantiles_s, [0.5, np.nan], "levels = .*: should be a row of finite numbers"),
        (coinfer.time_quantiles_s, 0.0, "levels = .*: should be above 0 and at most 0.9999"),
    ]:
        with pytest.raises(coinfer.InputError, match=message):
            ask(plan, values)
    with pytest.raises(coinfer.InputError, match="plan = 'p': should be a Plan"):
        coinfer.time_probability("p", 1.0)


def test_plans_dearer_than_the_one_in_time_are_not_looked_into(monkeypatch):
    """Of densenet121's 4,700 plans few are asked for their seconds and joules, if a cheap one keeps the deadline."""
    asked, spent = [], coinfer.Plan._spent
    monkeypatch.setattr(coinfer.Plan, "_spent", lambda plan, priced: asked.append(plan) or spent(plan, priced))
    given = scenario("on and off", dnn="densenet121")
    assert coinfer.frontier(given, 1e3)["role"].iloc[-1] == "deadline"
    assert len(asked) < 200
    asked.clear()
    assert set(coinfer.frontier(given, 1e-3)["role"]) == {"hull"}
    assert len(asked) < 3_000


def test_costs_without_a_scenario_know_no_seconds():
    own = coinfer.Costs(
        extra=[0.5], bits=[1.0, 0.0], download=[0.1], edge=0.0, law=channel.Discrete.of_unit_costs([1.0], [1.0])
    )
    with pytest.raises(coinfer.InputError, match="costs: were not made from a scenario"):
        coinfer.time_quantiles_s(coinfer.plan(own))
    assert np.isnan(coinfer.simulate(own, coinfer.plan(own), inferences=10, rng=0).time_quantiles_s).all()
