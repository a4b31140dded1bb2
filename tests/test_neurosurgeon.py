"""Neurosurgeon's rule: what it chooses and costs, recomputed state by state; it looks as often as probe-once and knows less."""

import numpy as np
import pytest

import coinfer
from coinfer import InputError
from coinfer.placement import total_costs
from coinfer.study.neurosurgeon import Neurosurgeon
from coinfer.study.one_clock import moving

SCENARIO = coinfer.load_scenario("abstract-model")
SQUEEZENET = SCENARIO.replace(dnn="squeezenet")
ON_OFF = SQUEEZENET.replace(channel=coinfer.channel.OnOff(rate_bps=4e6, mean_on_s=3.0, mean_off_s=1.0))


def least(bits, extra, x):
    """The stage that is cheapest at unit cost x, by trying all."""
    held = [sum(extra[:n]) + o * x for n, o in enumerate(bits)]
    return held.index(min(held))


def test_costs_what_every_draw_costs_by_hand():
    xs, chances = [1.0, 2.0, 6.0], [0.2, 0.5, 0.3]
    law = coinfer.channel.Discrete.of_unit_costs(xs, chances)
    extra, bits = [0.4, 0.9, -0.1], [2.0, 1.2, 1.5, 0.3]
    given = coinfer.Costs(extra=extra, bits=bits, download=[0.1] * 3, edge=0.7, law=law)
    mean = sum(p * x for x, p in zip(xs, chances, strict=True))
    for m, found in enumerate(total_costs(given, Neurosurgeon())):
        total = 0.7 + 0.1 * m
        for x, p in zip(xs, chances, strict=True):
            n = least(bits[: m + 1], extra, x)
            total += p * (bits[0] * x if n == 0 else sum(extra[:n]) + bits[n] * mean)
        assert found == pytest.approx(total, rel=1e-12)


def test_on_a_channel_in_motion_every_state_at_the_start_is_followed():
    given = coinfer.costs(moving(SQUEEZENET, 1.0))
    law, rule = given.law, Neurosurgeon()
    placed = 12
    total = given.edge + given.download[:placed].sum()
    for state, (p, x) in enumerate(zip(law.chain.initial, law.unit_costs, strict=True)):
        n = least(given.bits[: placed + 1], given.extra, x)
        here = np.eye(len(law.unit_costs))[state]
        for stage in range(1, n + 1):
            here = law.chain.arrive(here, stage)
        total += p * (given.extra[:n].sum() + here @ law.sent(given.bits)[:, n])
    assert total_costs(given, rule)[placed] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("case", [SQUEEZENET, moving(SQUEEZENET, 1.0), ON_OFF], ids=["drawn", "moving", "on-off"])
def test_is_between_one_look_that_knows_and_sending_what_costs_more(case):
    given = coinfer.costs(case)
    blind, knowing, best = (total_costs(given, rule) for rule in (Neurosurgeon(), "probe-once", "optimal"))
    assert np.all(blind >= knowing * (1 - 1e-12))
    assert np.all(blind >= best * (1 - 1e-12))
    assert blind[0] == pytest.approx(knowing[0])
    assert np.any(blind > knowing * (1 + 1e-3))


def test_a_rate_that_does_last_makes_it_right():
    """Nearly frozen, it costs what one look costs that knows; the two differ on a faster channel."""
    apart = []
    for tau_s in (1.0, 1e6):
        given = coinfer.costs(moving(SQUEEZENET, tau_s))
        blind, knowing = (total_costs(given, rule)[10] for rule in (Neurosurgeon(), "probe-once"))
        apart.append(blind / knowing - 1)
    assert apart[0] > 1e-3
    assert apart[1] < 1e-6


@pytest.mark.parametrize("case", [SQUEEZENET, moving(SQUEEZENET, 1.0), ON_OFF], ids=["drawn", "moving", "on-off"])
def test_is_simulated_and_told_in_seconds_and_joules(case):
    plan = coinfer.plan(case, rule=Neurosurgeon())
    outcome = coinfer.simulate(case, plan, inferences=4_000, rng=3)
    assert abs(outcome.mean - plan.cost) < 4 * outcome.standard_error
    assert outcome.standard_error < 0.1 * plan.cost
    told = case.weights.time_per_s * (plan.time_s + plan.download_s)
    told += case.weights.energy_per_j * (plan.energy_j + plan.download_j)
    assert told == pytest.approx(plan.cost, rel=1e-9)


def test_in_an_outage_it_sends_as_little_as_it_can():
    given = coinfer.costs(ON_OFF.replace(result_at_edge=True))
    chosen = Neurosurgeon().chosen_stage(given, 9, np.array([np.inf]), 0.0)
    assert given.bits[chosen[0]] == given.bits[:10].min()
    whole = Neurosurgeon().chosen_stage(coinfer.costs(ON_OFF), 18, np.array([np.inf]), 0.0)
    assert whole[0] == 18  # nothing is sent there


def test_many_scenarios_at_once_are_the_same_as_each():
    snrs = [-5.0, 5.0, 20.0]
    table = coinfer.sweep(SCENARIO, {"link.mean_snr_db": snrs}, rule=Neurosurgeon())
    each = [coinfer.plan(SCENARIO.replace(link__mean_snr_db=snr), rule=Neurosurgeon()) for snr in snrs]
    np.testing.assert_allclose(table["cost"], [plan.cost for plan in each], rtol=1e-12)
    assert table["placement"].tolist() == [plan.placement for plan in each]


def test_of_stages_that_send_as_much_it_takes_the_cheaper():
    law = coinfer.channel.Discrete.of_unit_costs([1.0, 2.0], [0.5, 0.5])
    given = coinfer.Costs(extra=[0.3, -0.2], bits=[1.0, 1.0, 1.0], download=[0.0, 0.0], edge=0.0, law=law)
    assert total_costs(given, Neurosurgeon()).tolist() == pytest.approx([1.5, 1.5, 1.5])
    cheaper = coinfer.Costs(extra=[0.3, -0.5], bits=[1.0, 1.0, 1.0], download=[0.0, 0.0], edge=0.0, law=law)
    assert total_costs(cheaper, Neurosurgeon()).tolist() == pytest.approx([1.5, 1.5, 1.3])


def test_has_no_thresholds():
    with pytest.raises(InputError, match="takes a split from the rate at stage 0"):
        _ = coinfer.plan(SCENARIO, rule=Neurosurgeon()).stop_thresholds
