"""When waiting can pay (R21): no optimal plan does what the conditions forbid, and they are as tight as they can be."""

from math import exp

import numpy as np
import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

import coinfer
from coinfer import Costs, InputError, channel, plan, waiting_can_pay
from coinfer.channel.motion import Chain
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.semigroup import Doubling
from coinfer.channel.sending import Sending
from coinfer.cost import costs
from coinfer.stopping import backward_induction
from coinfer.waiting import layers_to_send

seeds = st.integers(0, 2**32 - 1)


def random_costs(seed: int, *, stationary: bool) -> Costs:
    """A random chain of layers over a random chain of states, outages and negative extra costs among them."""
    rng = np.random.default_rng(seed)
    states, layers = int(rng.integers(2, 6)), int(rng.integers(1, 6))
    moves = 10.0 ** rng.uniform(-2, 2) * rng.gamma(0.5, size=(states, states)) + 1e-3
    np.fill_diagonal(moves, 0.0)
    generator = moves - np.diag(moves.sum(axis=1))
    per_s = rng.uniform(0.3, 1.5, states)
    rates = 10.0 ** rng.uniform(-1, 1, states)
    rates[np.argsort(per_s / rates)[states - int(rng.integers(0, states)) :]] = 0.0
    order = np.argsort(np.divide(per_s, rates, out=np.full(states, np.inf), where=rates > 0), kind="stable")
    generator = generator[np.ix_(order, order)]
    initial = rng.dirichlet(np.ones(states))
    if stationary:
        balance = np.vstack([generator.T, np.ones(states)])
        initial = np.linalg.lstsq(balance, np.append(np.zeros(states), 1.0), rcond=None)[0]
    kernels = Doubling(generator).matrices(rng.gamma(0.7, size=layers))
    bits = rng.gamma(1.0, size=layers + 1) * (rng.random(layers + 1) > 0.1)
    bits[-1] *= rng.random() < 0.5
    return Costs(
        extra=rng.normal(0.3, 0.3, layers) * 10.0 ** rng.uniform(-2, 0),
        bits=bits,
        download=rng.gamma(0.3, size=layers) * 10.0 ** rng.uniform(-3, -1),
        edge=rng.normal(),
        law=MovingLaw(Chain.of(initial, kernels), Sending(rates[order], per_s[order], generator)),
        largest_placement=int(rng.integers(0, layers + 1)) if rng.random() < 0.2 else -1,
    )


@examples(400)
@given(seed=seeds, stationary=st.booleans())
def test_no_optimal_plan_does_what_is_forbidden(seed, stationary):
    problem = random_costs(seed, stationary=stationary)
    bound, best = waiting_can_pay(problem), plan(problem)
    scale = 1e-9 * (1 + np.abs(best.costs).max())
    assert np.all(-np.diff(best.costs) <= bound.savings - bound.downloads + scale)  # one layer more
    assert np.all(best.costs[0] - best.costs <= bound.saved + scale)  # over none
    assert best.costs[0] - best.cost <= bound.most_saved + scale
    if best.placement and best.costs[: best.placement].min() - best.cost > scale:
        assert bound.can_be_best[best.placement - 1]
    _, thresholds = backward_induction(problem, problem.layers)
    goes_on = (problem.law.sent(problem.bits[:-1]) > thresholds + scale).any(axis=0)
    assert np.all(bound.can_go_on[goes_on])


@examples(200)
@given(seed=seeds)
def test_nor_if_sending_costs_something_whatever_the_channel(seed):
    """By induction on what is paid, where it is paid; the bounds see it folded into the layers."""
    problem, rng = random_costs(seed, stationary=True), np.random.default_rng([seed, 1])
    fixed = np.where(problem.bits > 0, rng.gamma(0.5, size=problem.layers + 1) * 10.0 ** rng.uniform(-2, 1), 0.0)
    folded = Costs(
        extra=problem.extra + np.diff(fixed),
        bits=problem.bits,
        download=problem.download,
        edge=problem.edge + fixed[0],
        law=problem.law,
    )
    bound, chain = waiting_can_pay(folded), problem.law.chain
    paid = problem.law.sent(problem.bits) + fixed
    j = []
    for placement in range(problem.layers + 1):
        values = paid[:, placement]
        for n in reversed(range(placement)):
            going = problem.extra[n] + chain.kernels[n + 1] @ values
            better = (paid[:, n] > going + 1e-9 * (1 + np.abs(paid).max())).any()
            assert bound.can_go_on[n] or not better
            values = np.minimum(paid[:, n], going)
        j.append(problem.edge + problem.download[:placement].sum() + chain.initial @ values)
    scale = 1e-9 * (1 + np.abs(j).max())
    assert np.all(-np.diff(j) <= bound.savings - bound.downloads + scale)
    assert np.all(j[0] - np.array(j) <= bound.saved + scale)
    best = int(np.argmin(j))
    if best and min(j[:best]) - j[best] > scale:
        assert bound.can_be_best[best - 1]


def test_the_conditions_do_forbid_and_do_allow():
    """Over many problems each says no often enough to matter, and yes often enough to be of use."""
    found = [waiting_can_pay(random_costs(seed, stationary=True)) for seed in range(300)]
    for name in ("can_go_on", "can_be_best"):
        share = np.concatenate([getattr(each, name) for each in found]).mean()
        assert 0.1 < share < 0.98, name


@examples(60)
@given(seed=seeds)
def test_the_first_layer_saves_what_is_said(seed):
    """At M = 1 the bound is what the optimal rule saves, whatever the start."""
    problem = random_costs(seed, stationary=False)
    fall = -np.diff(plan(problem).costs)[0] + problem.download[0]
    assert waiting_can_pay(problem).savings[0] == pytest.approx(max(fall, 0.0), abs=1e-9)


@pytest.mark.parametrize("mean_off_s", [0.1, 0.5, 3.0])
def test_on_off_by_hand(mean_off_s):
    """Equal layers: a layer saves pi_off G at most, G = (1 - a) h - delta, and waits for h = c_o / l."""
    given_ = coinfer.load_scenario("abstract-model", dnn=coinfer.mlp(5, 4000), link__outage_power_w=0.2)
    on_off = given_.replace(channel=channel.OnOff(rate_bps=2e6, mean_on_s=4.0, mean_off_s=mean_off_s))
    problem, bound = costs(on_off), waiting_can_pay(on_off)
    off, layer_s = mean_off_s / (4.0 + mean_off_s), 4000**2 / on_off.device.macs_per_s
    stays = off + (1 - off) * exp(-(1 / 4.0 + 1 / mean_off_s) * layer_s)
    wait = (on_off.weights.time_per_s + 0.2 * on_off.weights.energy_per_j) * mean_off_s
    gain = max((1 - stays) * wait - problem.extra[0], 0.0)
    assert bound.savings[:-1] == pytest.approx(off * gain, rel=1e-9, abs=1e-15)
    sending = on_off.weights.time_per_s + on_off.weights.energy_per_j * on_off.link.transmit_power_w
    at_once = problem.bits[0] / 2e6 * (sending + wait / 4.0)
    assert bound.dearest[0] == pytest.approx(at_once + wait, rel=1e-9)
    assert bound.going == pytest.approx(problem.extra, rel=1e-12)


@examples(40)
@given(
    seed=seeds,
    name=st.sampled_from(["alexnet", "squeezenet", "mlp"]),
    kind=st.sampled_from(["moving", "shadowed", "on-off"]),
)
def test_sending_takes_longer_than_phi_layers_wherever_going_on_is_better(seed, name, kind):
    rng = np.random.default_rng(seed)
    time_s = 10.0 ** rng.uniform(-2, 2)
    channels = {
        "moving": channel.Moving(m=rng.uniform(0.5, 3), coherence_time_s=time_s, states=24),
        "shadowed": channel.Shadowed(sigma_db=7, decorrelation_m=time_s, speed_m_per_s=1, states=24),
        "on-off": channel.OnOff(rate_bps=10.0 ** rng.uniform(5, 8), mean_on_s=4 * time_s, mean_off_s=time_s),
    }
    scenario = coinfer.load_scenario(
        "abstract-model",
        dnn=coinfer.mlp(6, 3000) if name == "mlp" else name,
        channel=channels[kind],
        link__bandwidth_hz=10.0 ** rng.uniform(5, 8),
        device__macs_per_s=10.0 ** rng.uniform(7.5, 10),
        weights__energy_per_j=rng.uniform(0, 3),
    )
    problem = costs(scenario)
    takes, phi = layers_to_send(scenario)
    _, thresholds = backward_induction(problem, problem.layers)
    goes_on = (problem.law.sent(problem.bits[:-1]) > thresholds * (1 + 1e-9) + 1e-12).any(axis=0)
    assert np.all(takes[goes_on] > phi[goes_on])
    device, weights = scenario.device, scenario.weights
    spent = weights.time_per_s * (1 - device.macs_per_s / scenario.edge.macs_per_s)
    spent += weights.energy_per_j * device.energy_j_per_mac * device.macs_per_s
    assert phi[-1] == pytest.approx(
        spent / (weights.time_per_s + weights.energy_per_j * scenario.link.transmit_power_w), rel=1e-9
    )


def test_a_device_faster_than_the_edge_goes_on_in_any_case():
    """Its layers cost less than nothing, so that no length of sending is asked for; all of them are then run."""
    quick = coinfer.load_scenario("abstract-model", device__macs_per_s=1e11, device__power_w=1e-3)
    quick = quick.replace(channel=channel.Moving(coherence_time_s=1.0, states=16), inferences_per_update=1e9)
    bound = waiting_can_pay(quick)
    assert np.all(bound.going < 0)
    assert bound.going[0] == pytest.approx(bound.going.min())
    assert bound.can_go_on.all()
    assert plan(quick).placement == quick.dnn.layers


def test_memory_bounds_the_placement():
    given_ = coinfer.load_scenario("abstract-model", dnn="squeezenet", channel=channel.Moving(coherence_time_s=1.0))
    assert waiting_can_pay(given_).can_be_best.any()
    assert not waiting_can_pay(given_.replace(device__memory_bits=0)).can_be_best.any()
    assert waiting_can_pay(given_.replace(device__memory_bits=0)).most_saved == 0


def test_independent_draws_are_refused():
    with pytest.raises(InputError, match="should be one in motion"):
        waiting_can_pay(coinfer.load_scenario("abstract-model"))
    with pytest.raises(InputError, match="should be one in motion"):
        layers_to_send(coinfer.load_scenario("abstract-model"))
