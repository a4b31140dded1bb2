"""What the device does not know: plans followed by their beliefs, and channels estimated from looks."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from scipy import integrate, linalg, stats

import coinfer
from coinfer.channel import Markov, Moving, OnOff, estimate_moving, estimate_on_off
from coinfer.channel.estimate import log_later_gain, log_likelihood_on_off
from coinfer.study import knowing

LINK = coinfer.Link(bandwidth_hz=1e6, mean_snr_db=3.0)


def small(channel: object, **changes: float) -> coinfer.Scenario:
    """Three layers on a slow device."""
    dnn = coinfer.DNN(
        name="three", layer_names=("a", "b", "c"), macs=(2e8, 1e8, 3e8), parameter_bits=(1e5, 1e5, 1e5),
        output_bits=(2e6, 3e6, 1e6, 1e5),
    )  # fmt: skip
    return coinfer.load_scenario("abstract-model", dnn=dnn, channel=channel, **changes)


def chain(speed: float, rates_bps: tuple[float, ...] = (4e6, 1e6, 0.0)) -> Markov:
    """Three states, not reversible, that move at a speed."""
    rows = np.array([[-1.0, 0.9, 0.1], [0.2, -0.8, 0.6], [1.5, 0.5, -2.0]]) * speed
    return Markov(rates_bps=rates_bps, generator=rows)


def followed_by_paths(truth: coinfer.Scenario, thought: coinfer.Plan) -> float:
    """What a plan for the same states costs in truth, summed over all paths of them; it stops where it thinks it should."""
    given, believed = coinfer.costs(truth), thought.problem
    times_s = np.array(truth.dnn.macs) / truth.device.macs_per_s
    rates = np.sort(truth.channel.rates_bps)[::-1]
    order = [truth.channel.rates_bps.index(rate) for rate in rates]
    q = np.array(truth.channel.generator)[np.ix_(order, order)]
    start = np.linalg.lstsq(np.vstack([q.T, np.ones(3)]), np.array([0, 0, 0, 1.0]), rcond=None)[0]
    moves = [linalg.expm(q * t) for t in times_s]
    stops = believed.law.sent(believed.bits[: thought.placement]) <= thought.stop_thresholds
    sent = given.law.sent(given.bits)
    total = 0.0
    for path in product(range(3), repeat=thought.placement + 1):
        chance = start[path[0]] * np.prod([moves[n][path[n], path[n + 1]] for n in range(thought.placement)])
        n = next((n for n in range(thought.placement) if stops[path[n], n]), thought.placement)
        total += chance * (given.extra[:n].sum() + sent[path[n], n])
    return float(given.edge + given.download[: thought.placement].sum() + total)


@pytest.mark.parametrize("speed", [0.05, 0.3, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("rule", ["optimal", "1-sla", "static"])
def test_a_plan_is_followed_by_what_it_believes(speed: float, rule: str) -> None:
    truth, thought = small(chain(1.0)), coinfer.plan(small(chain(speed)), rule=rule, placement=3)
    assert coinfer.expected_cost(truth, thought) == pytest.approx(followed_by_paths(truth, thought), rel=1e-12)


@pytest.mark.parametrize("rule", ["optimal", "static", "probe-once"])
def test_simulation_follows_the_belief_too(rule: str) -> None:
    truth, thought = small(chain(1.0)), coinfer.plan(small(chain(0.05)), rule=rule, placement=3)
    outcome = coinfer.simulate(truth, thought, inferences=40_000, rng=1)
    assert abs(outcome.mean - coinfer.expected_cost(truth, thought)) <= 4 * outcome.standard_error + 1e-12


def test_what_is_seen_is_the_rate_and_not_the_number_of_a_state() -> None:
    truth = small(chain(1.0, (4e6, 1e6, 0.0)))
    thought = coinfer.plan(small(chain(1.0, (1e6, 2.5e5, 0.0))), placement=3)  # believes that rates are a quarter
    believed = thought.problem
    excess = believed.law.sent(believed.bits[:3])[:2] - thought.stop_thresholds[:2]
    unit_costs = 1 / np.array([1e6, 2.5e5])  # up to a factor
    seen = [[np.interp(1 / rate, unit_costs, column) <= 0 for column in excess.T] for rate in (4e6, 1e6)]
    outage = believed.law.sent(believed.bits[:3])[2] <= thought.stop_thresholds[2]
    found = thought.thresholds_on(coinfer.costs(truth).law)
    assert (found > 0).tolist() == [*seen, outage.tolist()]


def test_nothing_is_regretted_by_who_knows_and_nothing_less_than_that_by_others() -> None:
    cases = {"on-off": small(OnOff(rate_bps=4e6, mean_on_s=9.0, mean_off_s=3.0)), "fading": small(Moving(coherence_time_s=2.0, states=24))}  # fmt: skip
    ways = {"inferences": knowing.off_by("inferences_per_update"), "snr": knowing.off_in_snr}
    table = knowing.misbelief(cases, ways, [0.2, 1.0, 5.0])
    assert (table[["again", "splitting", "less", "knowing less"]] >= 0).all(axis=None)
    assert (table.loc[table["factor"] == 1, ["again", "splitting"]] == 0).all(axis=None)
    knows = table[table["factor"] == 1]
    assert knows["less"].to_numpy() == pytest.approx(knows["knowing less"].to_numpy(), abs=1e-9)


# -- the likelihoods


def test_likelihood_of_an_on_off_link_is_that_of_the_matrix_exponential() -> None:
    come, leave, times_s = 0.7, 0.2, [0.3, 2.0]
    q = np.array([[-come, come], [leave, -leave]])  # off, on
    moves = [linalg.expm(q * t) for t in times_s]
    odds, total = leave / come, 0.0
    for path in product((0, 1), repeat=3):
        chance = (
            np.array([leave, come])[path[0]] / (come + leave) * moves[0][path[0], path[1]] * moves[1][path[1], path[2]]
        )
        share, counts = np.eye(2)[path[0]], np.zeros((2, 2, 2))
        counts[path[0], path[1], 0] = counts[path[1], path[2], 1] = 1
        found = log_likelihood_on_off(np.log(odds), np.log(come), share, counts, np.array(times_s))
        assert found == pytest.approx(np.log(chance), rel=1e-12)
        total += np.exp(found)
    assert total == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.5, 30.0])
@pytest.mark.parametrize("correlation", [1e-9, 0.3, 0.9, 0.999])
def test_density_of_a_later_gain_is_noncentral_chi_square_and_has_the_mean_of_the_diffusion(
    m: float, correlation: float
) -> None:
    before = np.array([0.01, 0.8, 3.0])
    scale = 2 * m / (1 - correlation)
    after = stats.gamma(m, scale=1 / m).rvs(3, random_state=1)
    expected = stats.ncx2.logpdf(scale * after, 2 * m, scale * correlation * before) + np.log(scale)
    assert log_later_gain(after, before, np.array(correlation), m) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    mean = 1 + correlation * (0.8 - 1)  # dE = (1 - E)/tau dt
    spread = np.sqrt((1 - correlation**2) / m + 1e-9)
    top, edges = mean + 40 * spread, [0.0, max(mean - 5 * spread, 1e-3), mean, mean + 5 * spread]
    parts = [
        [integrate.quad(lambda g, k=k: g**k * np.exp(log_later_gain(np.array(g), np.array(0.8), np.array(correlation), m)), a, b, limit=200)[0]
         for a, b in zip(edges, [*edges[1:], top], strict=True)]
        for k in (0, 1)
    ]  # fmt: skip
    assert np.sum(parts, axis=1) == pytest.approx([1, mean], rel=1e-5)


def test_density_of_a_later_gain_at_its_ends() -> None:
    gains = np.array([1e-12, 1e-3, 1.0, 8.0])
    assert log_later_gain(gains, gains, np.array(1.0), 1.0).tolist() == [0.0] * 4  # no time, nothing to tell
    alone = stats.gamma(2.0, scale=0.5).logpdf(gains)
    assert log_later_gain(gains, gains[::-1], np.array(0.0), 2.0) == pytest.approx(alone, rel=1e-9)
    assert np.isfinite(log_later_gain(gains[:, None], gains, np.array(0.5), 100.0)).all()


# -- estimates


def on_off_looks(
    mean_on_s: float, mean_off_s: float, times_s: np.ndarray, inferences: int, rng: np.random.Generator
) -> np.ndarray:
    """Rates of 1 and 0 at looks `times_s` apart, event by event."""
    at = np.concatenate([[0.0], np.cumsum(times_s)])
    found = np.empty((inferences, at.size))
    for row in range(inferences):
        on, time_s = rng.random() < mean_on_s / (mean_on_s + mean_off_s), 0.0
        while time_s <= at[-1]:
            end_s = time_s + rng.exponential(mean_on_s if on else mean_off_s)
            found[row, (at >= time_s) & (at < end_s)] = float(on)
            on, time_s = not on, end_s
    return found


TIMES_S = np.array([0.2, 0.5, 0.1, 0.4])


def test_on_off_estimates_come_nearer_like_one_over_the_root_of_inferences() -> None:
    rng = np.random.default_rng(3)

    def errors(inferences: int) -> Iterator[tuple[float, float]]:
        for _ in range(40):
            seen = on_off_looks(3.0, 1.0, TIMES_S, inferences, rng)
            found = estimate_on_off(seen, TIMES_S, prior_off_s=5.0)
            yield np.log(found.mean_on_s / 3.0), np.log(found.mean_off_s / 1.0)

    few, many = (np.sqrt(np.mean(np.square(list(errors(n))), axis=0)) for n in (60, 960))
    assert np.all(many < 0.15)
    assert few / many == pytest.approx([4, 4], rel=0.45)  # two root mean squares of 40 each


@pytest.mark.parametrize("m", [1.0, 2.0])
def test_fading_estimates_come_nearer_like_one_over_the_root_of_inferences(m: float) -> None:
    case = small(Moving(m=m, coherence_time_s=2.0), link=LINK)
    times_s, rng = knowing.layer_times_s(case), np.random.default_rng(4)

    def errors(inferences: int) -> Iterator[tuple[float, float]]:
        for _ in range(40):
            seen = knowing.looks(case, inferences, rng)
            fading, link = estimate_moving(seen, times_s, link=LINK, prior_s=10.0, m=m)
            yield np.log(fading.coherence_time_s / 2.0), np.log(link.mean_snr / LINK.mean_snr)

    few, many = (np.sqrt(np.mean(np.square(list(errors(n))), axis=0)) for n in (60, 960))
    assert np.all(many < 0.1)
    assert few / many == pytest.approx([4, 4], rel=0.45)


def test_looks_at_fading_have_its_mean_and_its_autocorrelation() -> None:
    case = small(Moving(m=2.0, coherence_time_s=1.5), link=LINK)
    gain = (
        np.expm1(knowing.looks(case, 60_000, np.random.default_rng(5)) * np.log(2) / LINK.bandwidth_hz) / LINK.mean_snr
    )
    assert gain.mean(axis=0) == pytest.approx(np.ones(4), abs=0.012)
    assert gain.var(axis=0) == pytest.approx(np.full(4, 0.5), abs=0.02)
    after_s = np.cumsum(knowing.layer_times_s(case))
    found = [np.corrcoef(gain[:, 0], later)[0, 1] for later in gain.T[1:]]
    assert found == pytest.approx(np.exp(-after_s / 1.5), abs=0.02)


def test_looks_at_an_on_off_link_are_those_of_its_events() -> None:
    case = small(OnOff(rate_bps=5.0, mean_on_s=3.0, mean_off_s=1.0))
    rng, times_s = np.random.default_rng(6), knowing.layer_times_s(case)
    found = [knowing.looks(case, 20_000, rng) > 0, on_off_looks(3.0, 1.0, times_s, 20_000, rng) > 0]
    for pair in ((0, 1), (1, 2), (0, 3)):
        both = [np.mean(seen[:, pair[0]] & ~seen[:, pair[1]]) for seen in found]
        assert abs(both[0] - both[1]) < 5 * np.sqrt(2 * both[0] * (1 - both[0]) / 20_000)


def test_the_mode_of_the_posterior_is_not_beaten_nearby() -> None:
    seen = on_off_looks(3.0, 1.0, TIMES_S, 30, np.random.default_rng(7))
    found = estimate_on_off(seen, TIMES_S, prior_off_s=2.0, outages_s=[0.4, 3.0])
    off = seen == 0
    share = np.array([off[:, 0].sum() + 0.5, (~off[:, 0]).sum() + 0.5])
    moves = np.array([[((off[:, :-1] == i) & (off[:, 1:] == j)).sum(axis=0) for j in (1, 0)] for i in (1, 0)])

    def posterior(on_s: float, off_s: float) -> float:
        outages = stats.expon(scale=off_s).logpdf([0.4, 3.0, 2.0]).sum()  # two seen, and the prior's one
        return outages + log_likelihood_on_off(np.log(off_s / on_s), -np.log(off_s), share, moves, TIMES_S)

    top = posterior(found.mean_on_s, found.mean_off_s)
    around = [posterior(found.mean_on_s * a, found.mean_off_s * b) for a, b in product((0.98, 1, 1.02), repeat=2)]
    assert max(around) == pytest.approx(top, abs=1e-9)


def test_one_look_an_inference_tells_the_share_only() -> None:
    seen = np.array([[8e6]] * 7 + [[0.0]] * 3)
    for prior_s in (0.1, 4.0):
        found = estimate_on_off(seen, prior_off_s=prior_s)
        assert (found.mean_off_s, found.rate_bps) == (pytest.approx(prior_s), 8e6)
        assert found.mean_off_s / (found.mean_on_s + found.mean_off_s) == pytest.approx(3.5 / 11)
    timed = estimate_on_off(seen, prior_off_s=4.0, outages_s=[1.0, 2.0, 1.0])
    assert timed.mean_off_s == pytest.approx((1 + 2 + 1 + 4) / 4)
    fading, link = estimate_moving([[2e6], [3e6]], link=LINK, prior_s=7.0)
    assert (fading.coherence_time_s, link.mean_snr) == (7.0, pytest.approx((3 + 7) / 2))


def test_no_outage_seen_and_all_looks_in_outages() -> None:
    never = estimate_on_off(np.ones((10, 5)), TIMES_S, prior_off_s=1.0)
    assert 0 < never.mean_off_s / (never.mean_on_s + never.mean_off_s) < 0.5 / 11  # more looks than one are on
    assert 0 < never.mean_off_s < 10
    longer = estimate_on_off(np.ones((1000, 5)), TIMES_S, prior_off_s=1.0)
    assert longer.mean_on_s > 50 * never.mean_on_s
    with pytest.raises(coinfer.InputError, match="are all 0"):
        estimate_on_off(np.zeros((10, 5)), TIMES_S, prior_off_s=1.0)
    always = estimate_on_off(np.zeros((10, 5)), TIMES_S, prior_off_s=1.0, rate_bps=2e6)
    assert always.rate_bps == 2e6
    assert always.mean_off_s / (always.mean_on_s + always.mean_off_s) > 10.5 / 11
    assert always.mean_off_s > 0.99  # the prior's: that it is never on is put down to times on that are short


def test_layers_that_take_no_time_tell_nothing() -> None:
    seen = on_off_looks(3.0, 1.0, np.array([0.5]), 50, np.random.default_rng(8))
    found = [
        estimate_on_off(seen, [0.5], prior_off_s=1.0),
        estimate_on_off(np.repeat(seen, [1, 2], axis=1), [0.5, 0.0], prior_off_s=1.0),
    ]
    assert found[0].mean_off_s == pytest.approx(found[1].mean_off_s, rel=1e-4)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("rates_bps: has shape", lambda: estimate_on_off([1.0, 0.0], prior_off_s=1.0)),
        ("durations_s: has shape", lambda: estimate_on_off([[1.0, 0.0]], prior_off_s=1.0)),
        ("rates_bps = .*nonnegative", lambda: estimate_on_off([[-1.0]], prior_off_s=1.0)),
        ("durations_s = .*nonnegative", lambda: estimate_on_off([[1.0, 0.0]], [-1.0], prior_off_s=1.0)),
        ("outages_s = .*nonnegative", lambda: estimate_on_off([[1.0]], prior_off_s=1.0, outages_s=[np.nan])),
        ("prior_off_s = 0.0", lambda: estimate_on_off([[1.0]], prior_off_s=0.0)),
        ("prior_s = inf", lambda: estimate_moving([[1.0]], link=LINK, prior_s=np.inf)),
        ("m = 200.0", lambda: estimate_moving([[1.0]], link=LINK, prior_s=1.0, m=200.0)),
        ("rates_bps: some are 0", lambda: estimate_moving([[0.0]], link=LINK, prior_s=1.0)),
    ],
)
def test_bad_input_is_refused_in_a_sentence(message: str, call: object) -> None:
    with pytest.raises(coinfer.InputError, match=message):
        call()
