"""Plans on channels in motion: followed by simulation, in seconds and in joules, and on channels that they were not made for."""

import numpy as np
import pytest
from chains import INDEPENDENT, LINK, MOTION
from effort import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import moving_scenarios

import coinfer
from coinfer import Costs, InputError, Link, Scenario, Weights, channel, clairvoyant, plan
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.channel.noise import noisy_cost
from coinfer.channel.sending import Sending
from coinfer.channel.thresholds import is_threshold
from coinfer.placement import expected_cost
from coinfer.stopping import look_ahead_thresholds

RULES = ["optimal", "1-sla", "2-sla", "memoryless", "probe-once", "static", "edge-only", "local-only"]
CHANNELS = MOTION | INDEPENDENT


def meant(rules: list[str], kinds: dict) -> list[tuple[str, str]]:
    """The rules on each channel, but for independent draws of Rayleigh fading that last: they cost infinitely much (R12)."""
    return [(kind, rule) for kind in kinds for rule in rules if (kind, rule) != ("fading", "memoryless")]


def scenario(**fields) -> Scenario:
    return coinfer.load_scenario("abstract-model", channel=MOTION["fading"], link=LINK).replace(**fields)


# ---------------------------------------------------------------- seconds and joules


def check_seconds_and_joules(at: coinfer.Plan, weights: Weights) -> None:
    """J = beta_t (time + download) + beta_e (energy + download): what is spent is weighed, nothing else (R23)."""
    seconds, joules = at.time_s + at.download_s, at.energy_j + at.download_j
    assert weights.time_per_s * seconds + weights.energy_per_j * joules == pytest.approx(at.cost, rel=1e-9)
    assert min(at.time_s, at.download_s, at.energy_j, at.download_j) >= 0


@pytest.mark.parametrize(("kind", "rule"), meant(RULES, CHANNELS))
def test_seconds_and_joules_make_the_cost(kind, rule):
    for weights in (Weights(), Weights(time_per_s=0.05, energy_per_j=3.0), Weights(time_per_s=2.0, energy_per_j=0.0)):
        of = scenario(channel=CHANNELS[kind], weights=weights)
        for placement in (None, 8) if rule == "local-only" else (None, 0, 3, 8):
            check_seconds_and_joules(plan(of, rule=rule, placement=placement), weights)


@examples(60)
@given(moving_scenarios(), st.sampled_from(RULES))
def test_seconds_and_joules_make_the_cost_of_anything(of, rule):
    assume(rule != "memoryless" or not coinfer.costs(of).law.endless)
    check_seconds_and_joules(plan(of, rule=rule), of.weights)


@pytest.mark.parametrize(("kind", "rule"), meant(["optimal", "1-sla", "memoryless", "probe-once", "static"], CHANNELS))
def test_simulation_agrees(kind, rule):
    """The cost, seconds and joules within four and a half standard errors, and how often each stage stops."""
    of, count = scenario(channel=CHANNELS[kind], weights=Weights(time_per_s=0.3, energy_per_j=0.7)), 8000
    at = plan(of, rule=rule, placement=6)
    found = coinfer.simulate(of, at, inferences=count, rng=1)
    assert abs(found.mean - at.cost) < 4.5 * found.standard_error + 1e-9
    spread_s = (found.time_quantiles_s[2] - of_edge(at)) / np.sqrt(count)  # more than a standard error
    assert abs(found.time_s - at.time_s) < 4.5 * spread_s
    weighed = 0.3 * (found.time_s + at.download_s) + 0.7 * (found.energy_j + at.download_j)
    assert weighed == pytest.approx(found.mean, rel=1e-9)
    p50, p95, p99 = found.time_quantiles_s
    assert 0 < p50 <= p95 <= p99
    stops = np.array([found.stop_counts[n] for n in range(7)]) / count
    if rule != "probe-once":
        assert np.all(np.abs(stops - at.stop_probabilities) < 4.5 * np.sqrt(0.25 / count))
    elif kind in MOTION:
        assert np.all(np.abs(stops - at.stop_states.sum(axis=0)) < 4.5 * np.sqrt(0.25 / count))


def of_edge(at: coinfer.Plan) -> float:
    """The least time of an inference: all on the edge, and nothing to send."""
    return float(coinfer.cost.apart(at.problem)[0].edge)


def test_simulation_where_nothing_is_left_to_send():
    """No layer placed, so that there are no thresholds; or all of them, and an outage where the result is ready."""
    of = scenario(channel=MOTION["on-off"])
    for rule, placement in [("optimal", 0), ("local-only", 8)]:
        at = plan(of, rule=rule, placement=placement)
        outcome = coinfer.simulate(of, at, inferences=20_000, rng=1)
        assert abs(outcome.mean - at.cost) <= 4.5 * outcome.standard_error + 1e-12


@examples(25)
@given(moving_scenarios(), st.sampled_from(["optimal", "1-sla", "probe-once"]))
def test_stop_states_price_the_plan(of, rule):
    """J from the joint law of the stage and the state of stopping."""
    at = plan(of, rule=rule)
    costs, m = at.problem, at.placement
    spent = np.insert(np.cumsum(costs.extra), 0, 0)[: m + 1] + moving_law(costs.law).sent(costs.bits[: m + 1])
    assert at.stop_states.sum() == pytest.approx(1)
    expected = costs.edge + costs.download[:m].sum() + np.sum(at.stop_states * spent)
    assert at.cost == pytest.approx(expected, rel=1e-9)


TIED = {  # states that a unit cost alone does not tell apart
    "two outages": channel.Markov(
        rates_bps=(8e6, 0.0, 0.0), generator=((-0.6, 0.3, 0.3), (20, -20, 0), (0.05, 0, -0.05)), long_outage_s=1.0
    ),
    "equal rates": channel.Markov(
        rates_bps=(2e6, 2e6, 0.0), generator=((-0.01, 0.005, 0.005), (0.5, -20.5, 20), (0.2, 0, -0.2))
    ),
}


@pytest.mark.parametrize("kind", MOTION | TIED)
@pytest.mark.parametrize("rule", ["optimal", "1-sla", "probe-once", "static"])
def test_a_plan_costs_what_it_says_on_its_own_channel(kind, rule):
    """By the plan, on the same channel made anew, and simulated there."""
    of = scenario(dnn="squeezenet", channel=(MOTION | TIED)[kind])
    at = plan(of, rule=rule)
    assert expected_cost(scenario(dnn="squeezenet", channel=(MOTION | TIED)[kind]), at) == pytest.approx(
        at.cost, rel=1e-9
    )
    outcome = coinfer.simulate(of, at, inferences=4000, rng=2)
    assert abs(outcome.mean - at.cost) < 4.5 * outcome.standard_error + 1e-9


@examples(40)
@given(moving_scenarios(), st.sampled_from(["optimal", "1-sla", "probe-once", "static"]))
def test_a_plan_costs_what_it_says_on_any_channel_made_anew(of, rule):
    at = plan(of, rule=rule)
    assert expected_cost(of, at) == pytest.approx(at.cost, rel=1e-9)


def test_an_outage_that_is_seen_has_just_begun_unless_its_age_is_told():
    rates, moves = (8e6, 0.0, 0.0), ((-0.31, 0.3, 0.01), (20, -20, 0), (0.05, 0, -0.05))
    of = scenario(channel=channel.Markov(rates_bps=rates, generator=moves, long_outage_s=0.5))
    made = plan(of, rule="probe-once", placement=8)
    assert made.chosen_stage(np.inf) == made.chosen_stage(np.inf, 0.0) < made.chosen_stage(np.inf, 1.0)


# ---------------------------------------------------------------- thresholds


def test_the_stopping_set_is_a_threshold_on_fading():
    for tau in (0.02, 0.3, 5.0):
        at = plan(scenario(channel=channel.Moving(coherence_time_s=tau, states=64)), placement=8)
        law, o = moving_law(at.problem.law), at.problem.bits[:8]
        assert at.stop_thresholds.shape == (64, 8)
        assert is_threshold(law.sent(o), at.stop_thresholds)
        stops = law.sent(o) <= at.stop_thresholds
        assert np.array_equal(stops, law.unit_costs[:, None] <= at.thresholds)
        assert at.gains.shape == (8,)


def held(unit_costs: np.ndarray) -> Sending:
    return Sending.held(1 / unit_costs, np.ones(len(unit_costs)), np.zeros((len(unit_costs),) * 2))


def lipschitz(law: MovingLaw) -> float:
    """The most by which E[X' | X] grows with X."""
    slopes = np.diff(law.chain.kernels[1:] @ law.unit_costs, axis=1) / np.diff(law.unit_costs)
    return float(np.abs(slopes).max())


@examples(60)
@given(st.integers(0, 2**32 - 1))
def test_threshold_if_expectations_contract(seed):
    """Rows stochastically monotone, E[X' | X] growing no faster than X, no stage larger: stop in the best states."""
    rng = np.random.default_rng(seed)
    states, layers = 5, 4
    stay, p = rng.random(layers), rng.dirichlet(np.ones(states))
    kernels = stay[:, None, None] * np.eye(states) + (1 - stay)[:, None, None] * p
    law = MovingLaw(Chain.of(p, kernels), held(np.cumsum(rng.random(states)) + 0.1))
    assert lipschitz(law) <= 1 + 1e-12
    bits = np.sort(rng.random(layers + 1))[::-1]
    costs = Costs(extra=rng.normal(0, 0.3, layers), bits=bits, download=np.zeros(layers), edge=0.0, law=law)
    assert is_threshold(law.sent(bits[:-1]), look_ahead_thresholds(costs, layers, layers))


def test_monotone_transitions_do_not_suffice():
    """A counterexample: the middle state is sure to improve, the worst one is not. Stop in the best and the worst."""
    kernels = np.array([[[1.0, 0, 0], [1, 0, 0], [0, 0, 1]]])
    law = MovingLaw(Chain.of(np.full(3, 1 / 3), kernels), held(np.array([0.5, 1.0, 1.1])))
    costs = Costs(extra=[0.2], bits=[1, 1], download=[0], edge=0.0, law=law)
    a = look_ahead_thresholds(costs, 1, 1)
    assert (law.sent(costs.bits[:1]) <= a)[:, 0].tolist() == [True, False, True]
    assert not is_threshold(law.sent(costs.bits[:1]), a)
    tails = np.cumsum(law.chain.kernels[1], axis=1)
    assert np.all(np.diff(tails, axis=0) <= 0)  # stochastically monotone
    assert lipschitz(law) > 1


# ---------------------------------------------------------------- imperfect knowledge


WRONG = {
    "snr": {"link__mean_snr_db": 3.0},
    "speed": {"channel__coherence_time_s": 5.0},
    "cells": {"channel__states": 37},
    "independent": {"channel": channel.Rayleigh(outage_gain=0.05)},
    "shadowing": {"channel": MOTION["shadowed"]},
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("rule", ["optimal", "1-sla"])
def test_wrong_knowledge_costs(wrong, rule):
    """A plan made for another channel costs no less than the best, and what it is expected to cost is what it costs."""
    of = scenario()
    best = plan(of, placement=8)
    believed = plan(of.replace(**WRONG[wrong]), rule=rule, placement=8)
    assert expected_cost(of, best) == pytest.approx(best.cost, rel=1e-12)
    assert expected_cost(of, believed) >= best.cost - 1e-12
    simulated = coinfer.simulate(of, believed, inferences=20_000, rng=2)
    assert abs(simulated.mean - expected_cost(of, believed)) < 4.5 * simulated.standard_error


def test_a_plan_in_motion_where_draws_are_independent():
    core = scenario(channel=channel.Rayleigh(outage_gain=0.05))
    believed, best = plan(scenario(), placement=8), plan(core, placement=8)
    found = expected_cost(core, believed)
    assert best.cost <= found
    simulated = coinfer.simulate(core, believed, inferences=20_000, rng=2)
    assert abs(simulated.mean - found) < 4.5 * simulated.standard_error


@pytest.mark.parametrize("rule", ["optimal", "static"])
def test_outages_of_another_number(rule):
    """A plan for two kinds of outage on a channel with one: what it does in the commoner of the two."""
    two, one = scenario(channel=MOTION["markov"]), scenario(channel=MOTION["on-off"])
    believed = plan(two, rule=rule, placement=8)
    law, there, bits = moving_law(believed.problem.law), moving_law(coinfer.costs(one).law), believed.problem.bits[:8]
    often = 2 + int(np.argmax(law.chain.initial[2:]))
    stops = law.sent(bits)[often] <= believed.stop_thresholds[often]
    assert stops.any() == (rule == "static")
    assert np.array_equal(there.sent(bits)[1] <= believed.thresholds_on(there)[1], stops)
    assert expected_cost(one, believed) >= plan(one, placement=8).cost - 1e-12


@pytest.mark.parametrize("error_db", [0.0, 1.0, 6.0])
def test_noisy_gain(error_db):
    """Against draws of the states and of the errors, inference by inference."""
    at = plan(scenario(channel=channel.Moving(coherence_time_s=50.0, states=48)), placement=8)
    assert 0.1 < at.stop_probabilities[0] < 0.9
    law, bits, extra = moving_law(at.problem.law), at.problem.bits, at.problem.extra
    found = noisy_cost(law, bits, extra, at.stop_thresholds, error_db)
    rng, count = np.random.default_rng(4), 20_000
    sent, gain, state = law.sent(bits), law.gain(law.unit_costs), None
    spent, running = np.zeros(count), np.ones(count, dtype=bool)
    for n in range(9):
        state = law.draw(rng, count, n, state)
        seen = gain[state] * 10 ** (error_db * rng.standard_normal(count) / 10)
        stops = running & (seen >= at.gains[n] * (1 - 1e-9) if n < 8 else True)
        spent[stops] += sent[state[stops], n]
        running &= ~stops
        spent[running] += extra[n] if n < 8 else 0.0
    assert abs(spent.mean() - found) < 4.5 * spent.std() / np.sqrt(count)
    exact = at.cost - at.problem.edge - at.problem.download.sum()
    assert found == pytest.approx(exact, rel=1e-9) if error_db == 0 else found > exact


def test_noise_needs_a_threshold_and_no_outages():
    at = plan(scenario(channel=MOTION["on-off"]), placement=8)
    with pytest.raises(InputError, match="threshold: should be a threshold on the gain"):
        noisy_cost(moving_law(at.problem.law), at.problem.bits, at.problem.extra, at.stop_thresholds, 1.0)


# ---------------------------------------------------------------- sending in another way, and parts that do not fit


class Flat(Sending):
    """A bit costs the same in every state."""

    def __init__(self, link: Sending, per_bit: float):
        super().__init__(link.rates_bps, link.per_s, link.generator)
        object.__setattr__(self, "per_bit", per_bit)

    def cost(self, bits):
        return np.broadcast_to(self.per_bit * np.asarray(bits, float), (len(self.per_s), np.size(bits)))

    def moves(self, bits):
        return np.zeros((len(self.per_s), np.size(bits)))

    def draw(self, rng, state, bits, prices):
        return np.full((len(prices), state.size), self.per_bit * bits)


@pytest.mark.parametrize("kind", ["fading", "on-off"])
def test_another_way_of_sending_is_one_class(kind):
    """Where the state does not matter every rule is the best fixed stage, on the chain and in simulations."""
    costs = coinfer.costs(scenario(channel=MOTION[kind]))
    law = moving_law(costs.law)
    price = law.unit_costs[law.usable // 2]
    flat = Costs(
        extra=costs.extra,
        bits=costs.bits,
        download=costs.download,
        edge=costs.edge,
        law=MovingLaw(law.chain, Flat(law.sender, price), law.gain_at),
    )
    lines = np.insert(np.cumsum(costs.extra), 0, 0) + costs.bits * price
    fixed = costs.edge + np.insert(np.cumsum(costs.download), 0, 0)
    for rule in ("optimal", "static", "probe-once"):
        at = plan(flat, rule=rule, placement=6)
        assert at.costs == pytest.approx(fixed + np.minimum.accumulate(lines), rel=1e-12)
        found = coinfer.simulate(flat, at, inferences=1000, rng=1)
        assert found.mean == pytest.approx(at.cost, rel=1e-12)
        assert np.isnan([found.time_s, found.energy_j, *found.time_quantiles_s]).all()  # costs without a scenario
    assert clairvoyant(flat) == pytest.approx(fixed + np.minimum.accumulate(lines), rel=1e-12)


@pytest.mark.parametrize("kind", MOTION)
def test_yaml_round_trip(kind):
    of = scenario(channel=MOTION[kind])
    again = Scenario.from_yaml(of.to_yaml())
    assert again == of
    assert np.array_equal(plan(again).costs, plan(of).costs)
    assert 0 < MOTION[kind].usable_probability(Link()) <= 1 + 1e-12


@pytest.mark.parametrize("kind", MOTION)
def test_independent_draws_of_what_moves(kind):
    """A law of the unit cost with a finite mean; Rayleigh fading in motion has none (R12)."""
    if kind == "fading":
        with pytest.raises(
            InputError, match=r"draws of this fading that last cost infinitely much \(R12\); needs m > 1"
        ):
            MOTION[kind].law(Link(), Weights())
        return
    law = MOTION[kind].law(Link(), Weights())
    assert 0 < law.mean < np.inf
    assert law.cdf(np.inf) == pytest.approx(1)


# ---------------------------------------------------------------- how long it takes


def test_moves_while_sending():
    """An on-off link is left once a mean_on_s of sending, and comes back as often; an outage at first is one move more."""
    link = channel.OnOff(rate_bps=8e6, mean_on_s=3.0, mean_off_s=1.0)
    law = moving_law(coinfer.costs(scenario(channel=link)).law)
    assert law.chain.initial @ law.sender.moves([8e6, 80e6]) == pytest.approx([2 / 3 + 1 / 4, 20 / 3 + 1 / 4], rel=1e-9)


def test_what_is_never_sent_takes_no_hours():
    """Where only what is left unplaced would take them."""
    dnn = coinfer.DNN(name="n", layer_names=("a", "b"), macs=(1, 1), parameter_bits=(1, 1), output_bits=(8, 10**15, 8))
    of = scenario(dnn=dnn)
    assert coinfer.simulate(of, plan(of, placement=0), inferences=10, rng=0).stop_counts.tolist() == [10]
    with pytest.raises(InputError, match="the channel would change its state about"):
        coinfer.simulate(of, plan(of, rule="static", placement=1), inferences=10, rng=0)


@pytest.mark.parametrize(
    ("link", "inferences"),
    [
        (channel.Moving(coherence_time_s=1e-6), 1),
        (channel.Moving(coherence_time_s=1e-3), 20_000),
        (channel.OnOff(rate_bps=1.0, mean_on_s=1e-3, mean_off_s=1.0), 1),
    ],
)
def test_what_would_take_hours_is_refused(link, inferences):
    of = scenario(channel=link)
    with pytest.raises(
        InputError, match=f"inferences = {inferences}: the channel would change its state about .* times"
    ):
        coinfer.simulate(of, plan(of, rule="edge-only"), inferences=inferences, rng=0)
