"""The rules on channels in motion: every policy in fractions, what each rule loses, limits, simulation, seconds and joules."""

from itertools import pairwise, product

import numpy as np
import pytest
from chains import LINK, MOTION, Exact, dyadic_motion
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import moving_problems

import coinfer
from coinfer import Costs, Scenario, channel, clairvoyant, plan
from coinfer.channel.discrete_law import DiscreteLaw
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw, moving_law
from coinfer.channel.sending import Sending
from coinfer.rules import commitment_costs
from coinfer.stopping import (
    backward_induction,
    evaluate,
    from_start,
    look_ahead_costs,
    look_ahead_thresholds,
    optimal_costs,
)

RULES = ["optimal", "1-sla", "2-sla", "memoryless", "probe-once", "static", "edge-only", "local-only"]


def scenario(**fields) -> Scenario:
    return coinfer.load_scenario("abstract-model", channel=MOTION["fading"], link=LINK).replace(**fields)


# ---------------------------------------------------------------- every policy, in fractions


@pytest.mark.parametrize("seed", range(20))
def test_optimal_against_every_policy(seed):
    """3 states, stages 0 to 3, any costs of sending: all 512 sets of states at which to stop, and each threshold."""
    costs = dyadic_motion(seed)
    exact = Exact(costs)
    found = [float(exact.start(exact.best(m))) for m in range(4)]
    assert optimal_costs(costs) == pytest.approx(found, rel=1e-13, abs=1e-13)
    assert look_ahead_costs(costs, 3) == pytest.approx(found, rel=1e-13, abs=1e-13)
    assert plan(costs).costs == pytest.approx([float(exact.fixed(m)) + j for m, j in enumerate(found)], abs=1e-13)
    a = look_ahead_thresholds(costs, 3, 3)
    assert np.array_equal(a, plan(costs, placement=3).stop_thresholds)
    for n in range(3):
        assert a[:, n] == pytest.approx(np.array(exact.going(n, exact.best(3, n + 1)), float), rel=1e-13, abs=1e-13)
    assert evaluate(costs, a) == pytest.approx(found[-1], rel=1e-13, abs=1e-13)
    values, thresholds = backward_induction(costs, 3)
    assert np.array_equal(thresholds, a)
    for n in range(1, 4):  # v_n as seen in each state at the stage before
        going = np.array(exact.going(n - 1, exact.best(3, n)), float)
        assert values[:, n] == pytest.approx(going - float(costs.extra[n - 1]), rel=1e-13, abs=1e-13)
    assert from_start(costs, values[:, :1]) == pytest.approx([found[-1]], rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_going_on_saves_what_sending_costs_beyond_the_threshold(seed):
    costs = dyadic_motion(seed)
    bits, a = costs.bits[:3], np.array([1 / 64, 0.25, 1.0])
    saved = costs.law.chain.expect(np.maximum(costs.law.sent(bits) - a, 0.0))
    assert costs.law.saving(bits, a) == pytest.approx(saved, rel=1e-13, abs=1e-13)


def test_thresholds_that_see_no_state_are_those_of_what_is_seen():
    """Without memory they are compared with o X there, as a rule of one's own gives them."""
    law, a = dyadic_motion(0).law, np.array([0.5, 0.75])
    assert np.array_equal(law.translate(np.array([1.0, 2.0]), a, law.memoryless), a)


@pytest.mark.parametrize("seed", range(5))
def test_any_policy_costs_what_its_definition_says(seed):
    """`evaluate` of thresholds that make any sets of states stop, and how likely each stage and state is."""
    costs = dyadic_motion(seed)
    exact = Exact(costs)
    for policy in exact.sets(3)[seed::37]:
        a = np.where(np.array(policy).T, np.inf, -np.inf)
        assert evaluate(costs, a) == pytest.approx(float(exact.start(exact.follow(policy, 3))), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_look_ahead_by_its_definition(seed, depth):
    """All placements at once, by telescoping (N1), against the look-ahead of each."""
    costs = dyadic_motion(seed)
    exact = Exact(costs)
    found = [float(exact.start(exact.follow(exact.look_ahead(m, depth), m))) for m in range(4)]
    assert look_ahead_costs(costs, depth) == pytest.approx(found, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("seed", range(20))
def test_static_and_probe_once_by_their_definition(seed):
    costs = dyadic_motion(seed)
    exact = Exact(costs)
    lines = [exact.follow([[False] * 3] * n, n) for n in range(4)]  # stopping at stage n, from each state at stage 0
    fixed = np.array([float(exact.fixed(m)) for m in range(4)])
    static = [float(min(exact.start(line) for line in lines[: m + 1])) for m in range(4)]
    assert plan(costs, rule="static").costs == pytest.approx(fixed + static, abs=1e-13)
    assert commitment_costs(costs) == pytest.approx(np.array(lines[1:], float).T, abs=1e-13)
    once = [float(exact.start([min(column) for column in zip(*lines[: m + 1], strict=True)])) for m in range(4)]
    assert plan(costs, rule="probe-once").costs == pytest.approx(fixed + once, abs=1e-13)


@pytest.mark.parametrize("seed", range(10))
def test_clairvoyant_by_listing_paths(seed):
    costs = dyadic_motion(seed)
    chain, sent, spent = costs.law.chain, costs.law.sent(costs.bits), np.insert(np.cumsum(costs.extra), 0, 0)
    mean = 0.0
    for path in product(range(3), repeat=4):
        p = chain.initial[path[0]] * np.prod([chain.kernels[n + 1][path[n], path[n + 1]] for n in range(3)])
        mean += p * min(spent + sent[list(path), range(4)])
    assert clairvoyant(costs)[-1] == pytest.approx(costs.edge + costs.download.sum() + mean, abs=1e-13)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rule", ["optimal", "1-sla", "2-sla", "memoryless", "probe-once", "static"])
def test_where_it_stops_by_listing_paths(seed, rule):
    """The joint law of the stage and the state of stopping, and with it the cost and the chances of each stage."""
    costs = dyadic_motion(seed)
    at, chain, sent = plan(costs, rule=rule, placement=3), costs.law.chain, costs.law.sent(costs.bits)
    found = np.zeros((3, 4))
    lines = np.column_stack([sent[:, 0], commitment_costs(costs)])
    for path in product(range(3), repeat=4):
        p = chain.initial[path[0]] * np.prod([chain.kernels[n + 1][path[n], path[n + 1]] for n in range(3)])
        if rule == "probe-once":
            stage = int(np.argmin(lines[path[0]]))
        else:
            a = np.broadcast_to(at.stop_thresholds, (3, 3))
            stage = next((n for n in range(3) if sent[path[n], n] <= a[path[n], n]), 3)
        found[path[stage], stage] += p
    assert at.stop_states == pytest.approx(found, abs=1e-14)
    spent = np.insert(np.cumsum(costs.extra), 0, 0)
    assert at.cost == pytest.approx(costs.edge + costs.download.sum() + np.sum(found * (spent + sent)), abs=1e-13)
    if rule != "probe-once":
        assert at.stop_probabilities == pytest.approx(found.sum(axis=0), abs=1e-14)


# ---------------------------------------------------------------- results that hold in motion, too


def check_order(costs: Costs) -> None:
    """Clairvoyant <= optimal <= (k+1)-sla <= k-sla; optimal <= every other rule; the gap is what each loses (R15, R16)."""
    last, scale = costs.layers, 1e-12 * (1 + np.abs(plan(costs).costs).max())
    ladder = [plan(costs, rule="look-ahead", depth=k, placement=last).costs for k in range(last, 0, -1)]
    meant = ["memoryless"] if not moving_law(costs.law).endless else []  # draws of fading that last: R12
    others = {rule: plan(costs, rule=rule).costs for rule in ("probe-once", "static", "edge-only", *meant)}
    assert ladder[0] == pytest.approx(plan(costs).costs, abs=scale)
    assert np.all(clairvoyant(costs) <= ladder[0] + scale)
    assert all(np.all(deep <= shallow + scale) for deep, shallow in pairwise(ladder))
    assert all(np.all(ladder[0] <= other + scale) for other in others.values())
    assert np.all(others["probe-once"] <= others["static"] + scale)
    for depth, costing in enumerate(reversed(ladder), start=1):  # no worse than a static split within its depth (R17)
        lines = others["static"] - np.insert(np.cumsum(costs.download), 0, 0)
        for m in range(last + 1):
            assert costing[m] - np.sum(costs.download[:m]) <= lines[min(depth, m)] + scale
    for rule in ("1-sla", "static", *meant):
        at = plan(costs, rule=rule, placement=last)
        assert at.gap.total == pytest.approx(at.cost - ladder[0][-1], abs=scale)
        assert at.gap.total <= at.gap.bound + scale
        assert at.stop_probabilities.sum() == pytest.approx(1, abs=1e-12)


@examples(60)
@given(st.integers(0, 2**32 - 1))
def test_order_of_the_rules(seed):
    check_order(dyadic_motion(seed))


@examples(40)
@given(moving_problems())
def test_order_of_the_rules_on_any_channel_in_motion(costs):
    check_order(costs)


@pytest.mark.parametrize("seed", range(5))
def test_independent_states_are_the_core(seed):
    """Rows that are all equal and a rate that is held: every rule of the core on the same law."""
    costs, rng = dyadic_motion(seed), np.random.default_rng(seed)
    p, x = rng.multinomial(8, np.full(3, 1 / 3)) / 8, np.sort(rng.integers(1, 13, 3)) / 4
    link = Sending.held(1 / x, np.ones(3), np.zeros((3, 3)))
    motion = Costs(**fields(costs) | {"law": MovingLaw(Chain.of(p, np.broadcast_to(p, (3, 3, 3))), link)})
    core = Costs(**fields(costs) | {"law": DiscreteLaw(x, p)})
    for rule in RULES:
        moving, none = (plan(of, rule=rule, placement=3).costs for of in (motion, core))
        assert moving == pytest.approx(none, rel=1e-12, abs=1e-12)
    assert clairvoyant(motion) == pytest.approx(clairvoyant(core), rel=1e-12)


def fields(costs: Costs) -> dict:
    return {name: getattr(costs, name) for name in ("extra", "bits", "download", "edge", "law", "largest_placement")}


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("kind", ["nakagami", "shadowed"])
def test_held_and_forgotten_at_once_is_the_core(kind):
    """The abstract's model: drawn afresh after every layer, and held while sending."""
    fast = {"coherence_time_s": 1e-6} if kind == "nakagami" else {"decorrelation_m": 1e-6}
    of = scenario(channel=MOTION[kind].model_copy(update={"sending": "held"} | fast))
    motion = coinfer.costs(of)
    core = Costs(**fields(motion) | {"law": moving_law(motion.law).memoryless})
    for rule in RULES:
        assert plan(motion, rule=rule).costs == pytest.approx(plan(core, rule=rule).costs, rel=1e-10)


@pytest.mark.parametrize("kind", ["fading", "shadowed", "on-off", "markov"])
def test_a_channel_that_averages_out_leaves_nothing_to_decide(kind):
    """Every state then costs the same, and the optimal rule is a fixed stage."""
    links = {
        "fading": channel.Moving(coherence_time_s=1e-9, states=24),
        "shadowed": channel.Shadowed(sigma_db=7.0, decorrelation_m=1e-9, speed_m_per_s=1.0, states=24),
        "on-off": channel.OnOff(rate_bps=8e6, mean_on_s=3e-9, mean_off_s=1e-9),
    }
    faster = tuple(tuple(1e9 * q for q in row) for row in MOTION["markov"].generator)
    of = scenario(channel=links.get(kind, MOTION["markov"].model_copy(update={"generator": faster})))
    costs = coinfer.costs(of)
    sent = moving_law(costs.law).sent(costs.bits)
    assert sent == pytest.approx(np.broadcast_to(sent[:1], sent.shape), rel=1e-6)
    static = plan(of, rule="static").costs
    for rule in ("optimal", "probe-once"):
        assert plan(of, rule=rule).costs == pytest.approx(static, rel=1e-6)
    assert clairvoyant(of) == pytest.approx(static, rel=1e-6)


@pytest.mark.parametrize("sending", ["moving", "held"])
def test_a_frozen_channel_says_all_at_the_first_look(sending):
    """The optimum is probe-once, the least line in each state."""
    of = scenario(channel=channel.Moving(m=2.0, coherence_time_s=1e12, states=24, sending=sending))
    costs = coinfer.costs(of)
    law, spent = moving_law(costs.law), np.insert(np.cumsum(costs.extra), 0, 0)
    lines = spent + np.outer(law.unit_costs, costs.bits)
    expected = costs.edge + law.chain.initial @ np.minimum.accumulate(lines, axis=1)
    expected = expected + np.insert(np.cumsum(costs.download), 0, 0)
    for rule in ("optimal", "probe-once"):
        assert plan(of, rule=rule).costs == pytest.approx(expected, rel=1e-8)
    assert clairvoyant(of) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", MOTION)
def test_what_one_look_chooses_is_asked_by_what_a_bit_costs(name: str):
    made = plan(scenario(channel=MOTION[name]), rule="probe-once", placement=5)
    law = made.problem.law
    usable = slice(law.usable)
    chosen = made.chosen_stage_in(law, np.arange(len(law.unit_costs)))
    assert made.chosen_stage(law.unit_costs[usable]).tolist() == chosen[usable].tolist()


@pytest.mark.parametrize("name", ["shadowed", "on-off", "markov"])
def test_one_look_at_another_channel_is_taken_for_one_at_its_own(name: str):
    """At a channel of other states: what it chooses there is what the unit costs and the outages that it sees say."""
    made = plan(scenario(channel=MOTION["fading"]), rule="probe-once", placement=5)
    other = moving_law(coinfer.costs(scenario(channel=MOTION[name])).law)
    chosen = made.rule.chosen_stages(made.problem, made.placement, other)
    assert chosen.tolist() == made.chosen_stage(other.unit_costs, other.seen.outage_s).tolist()


@pytest.mark.parametrize("name", MOTION)
def test_a_device_stops_where_sending_costs_just_what_going_on_does(name: str):
    """R1: at a tie it stops, in each state that it can tell."""
    law = coinfer.costs(scenario(channel=MOTION[name])).law
    usable = slice(law.usable)
    sent = law.sent(3e5)[:, 0]
    for state, unit_cost in enumerate(law.unit_costs[usable]):
        assert law.stops_seeing(unit_cost, 3e5, sent[state], 0.0)
        assert not law.stops_seeing(unit_cost, 3e5, np.nextafter(sent[state], 0.0), 0.0)


def test_nothing_to_send_is_not_worth_a_stop_where_going_on_saves():
    law = coinfer.costs(scenario()).law
    assert np.all(law.sent(0.0)[:, 0] == 0)
    for a in (-0.5, 0.5):
        assert np.all((law.as_seen(np.array([0.0]), np.array([a]))[:, 0] >= 0) == (a >= 0))


def test_thresholds_without_memory_take_a_stage_that_sends_nothing_as_free():
    """Of less than a bit and of nothing, too: a stage stops where it would without memory."""
    given = coinfer.costs(scenario())
    for bits in (0.0, 0.25):
        sent = np.array([given.bits[0], bits])
        a = given.law.as_seen(sent, np.array([1.0, 2 * bits * given.law.unit_costs[0]]))
        free = sent[1] * given.law.unit_costs[: given.law.usable] <= 2 * bits * given.law.unit_costs[0]
        assert free.any()
        assert (given.law.sent(sent)[: given.law.usable, 1] <= a[: given.law.usable, 1]).tolist() == free.tolist()
