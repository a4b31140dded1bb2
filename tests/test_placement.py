"""Placement: closed forms of the equal-neuron MLP, brackets, monotonicities and the memory limit."""

import mpmath
import numpy as np
import pytest
from brute_force import Exact
from effort import beyond
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from strategies import DISCRETE, dyadic_costs, dyadic_law, dyadic_problems, laws, numbers, problems

import coinfer
from coinfer import Costs, InputError, channel, mlp_placement, plan
from coinfer.closed_form import _formula, _steps, geometric_sum, mlp_critical_downloads
from coinfer.stopping import look_ahead_thresholds

RULES = ("look-ahead", "optimal")


def with_costs(costs: Costs, **changes) -> Costs:
    """The same problem with some of its numbers changed."""
    names = ("extra", "bits", "download", "edge", "law", "largest_placement")
    return Costs(**({name: getattr(costs, name) for name in names} | changes))


# ---------------------------------------------------------------- MLPs with equal neurons (R7, R8)


def dyadic_mlp(rng: np.random.Generator) -> Costs:
    """D at p^k G (k whole) half of the time; D = 0, G = 0, p in {0, 1}, another input, a sent result, a last layer of its own."""
    layers = int(rng.integers(1, 10))
    law = dyadic_law(rng, int(rng.integers(1, 4)))
    o, delta = rng.integers(0, 5) * 1.0, rng.integers(-4, 7) / 4
    going = delta + o * law.mean
    p, saving = float(law.go_probability(o, going)), float(law.saving(o, going))
    bits, extra = np.full(layers + 1, o), np.full(layers, delta)
    bits[-1] = rng.choice([0.0, 0.0, 1.0, o])
    if rng.random() < 0.5:  # which saves what sending costs on any channel, or costs more
        extra[-1] -= rng.integers(-2, 9) / 4
    other_input = rng.random() < 0.5
    if other_input:
        bits[0], extra[0] = rng.integers(0, 9), rng.integers(-4, 9) / 4  # of one layer it is the last one's cost
    p_input = float(law.go_probability(bits[0], extra[0] + o * law.mean)) if layers > 1 else 1.0
    reach = rng.choice([1.0, p, p_input]) * p ** int(rng.integers(0, layers + 1))
    price = rng.choice([0.0, rng.integers(0, 9) / 32, reach * saving, reach * saving])
    download = np.full(layers, price)
    if other_input:
        download[0] = rng.choice([price, rng.integers(0, 17) / 32])
    largest = int(rng.integers(0, layers + 1)) if rng.random() < 0.3 else -1
    return Costs(extra=extra, bits=bits, download=download, edge=0.0, law=law, largest_placement=largest)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", beyond(1, range(5)))
def test_closed_form_is_the_smallest_minimiser(rule, seed):
    rng = np.random.default_rng([seed, 3])
    for _ in range(400):
        costs = dyadic_mlp(rng)
        exact = Exact(costs).costs(rule)[: costs.largest_placement + 1]
        assert mlp_placement(costs, rule=rule) == exact.index(min(exact)), costs


@pytest.mark.parametrize("k", range(7))
def test_ties_in_the_middle_of_the_chain(k):
    """D = p^k G: J(k) = J(k + 1), whatever side of k the logarithms round to."""
    for p in np.arange(1, 64) / 64:
        law = DISCRETE([0.0, 1.0], [1 - p, p])  # delta = 0, o = 1: G = p (1 - p)
        bits = [1.0] * 9 + [4.0]  # the last stage does not pay
        costs = Costs(extra=[0.0] * 9, bits=bits, download=[p**k * p * (1 - p)] * 9, edge=0.0, law=law)
        j = plan(costs, rule="look-ahead").costs
        assert j[k] == j[k + 1]
        assert mlp_placement(costs) == k


def test_the_mlps_hold_every_special_case():
    rng = np.random.default_rng(4)
    drawn = [dyadic_mlp(rng) for _ in range(400)]
    going = [c.extra[-2:][0] + c.bits[-2] * c.law.mean for c in drawn]
    p = [float(c.law.go_probability(c.bits[-2], a)) for c, a in zip(drawn, going, strict=True)]
    saving = [float(c.law.saving(c.bits[-2], a)) for c, a in zip(drawn, going, strict=True)]
    seen = {
        "p = 0": p.count(0.0),
        "p = 1": p.count(1.0),
        "G = 0": saving.count(0.0),
        "D = 0": sum(c.download[-1] == 0 for c in drawn),
        "one layer": sum(c.layers == 1 for c in drawn),
        "two layers": sum(c.layers == 2 for c in drawn),
        "result sent": sum(c.bits[-1] > 0 for c in drawn),
        "last layer cheaper": sum(c.layers > 2 and c.extra[-1] < c.extra[-2] for c in drawn),
        "last layer dearer": sum(c.layers > 2 and c.extra[-1] > c.extra[-2] for c in drawn),
        "memory limit": sum(c.largest_placement < c.layers for c in drawn),
        "equal placements": sum(
            np.sum(p.costs == p.costs.min()) > 1 for p in (plan(c, rule="look-ahead") for c in drawn)
        ),
        "inside": sum(0 < plan(c, rule="look-ahead").placement < c.layers - 1 for c in drawn),
    }
    assert min(seen.values()) >= 10, seen


@given(laws(), numbers(-0.5, 1.5), numbers(1e-6, 1), numbers(0, 2), st.integers(1, 60), st.booleans(), numbers(-1, 2))
def test_closed_form_on_any_channel(law, delta, price, result, layers, limited, fixed):
    o, unit = 1e6, 1e6 * law.mean
    costs = Costs(
        extra=[delta * unit] * (layers - 1) + [(delta - fixed) * unit],
        bits=[o] * layers + [result * o],
        download=[price**4 * unit] * layers,
        edge=0.0,
        law=law,
        largest_placement=layers // 2 if limited else -1,
    )
    for rule in RULES:
        best = plan(costs, rule=rule)
        assert best.costs[mlp_placement(costs, rule=rule)] <= best.cost + 1e-12 * unit * layers


@pytest.mark.parametrize("rule", beyond(1, RULES))
def test_critical_downloads_are_where_the_best_placement_changes(rule):
    """A last layer of its own cost included; downloads are drawn between the dyadic numbers, so that nothing ties."""
    rng, inside, at_the_end = np.random.default_rng(6), 0, 0
    for _ in range(600):
        costs = with_costs(dyadic_mlp(rng), largest_placement=-1)
        bits = [costs.bits[-2]] * costs.layers + [costs.bits[-1]]
        extra = [costs.extra[-2:][0]] * (costs.layers - 1) + [costs.extra[-1]]
        price = max(float(costs.download[-1]) + rng.uniform(-1, 1) / 16, 1e-9)
        costs = with_costs(costs, bits=bits, extra=extra, download=[price] * costs.layers)
        exact = Exact(costs).costs(rule)
        critical = mlp_critical_downloads(costs, rule=rule)
        assert np.sum(price < critical) == exact.index(min(exact)) == mlp_placement(costs, rule=rule), costs
        inside += 0 < exact.index(min(exact)) < costs.layers
        at_the_end += exact.index(min(exact)) == costs.layers > 1
    assert min(inside, at_the_end) > 30


def test_a_fixed_cost_of_sending_is_worth_the_last_layer_only():
    """R25 to R25g: short of the last layer nothing changes; all layers gain at most f, and M* does not fall."""
    rng, further = np.random.default_rng(7), 0
    for _ in range(400):
        costs, fixed = dyadic_costs(rng), rng.integers(0, 9) / 4
        costs = with_costs(costs, bits=[*costs.bits[:-1], 0.0], largest_placement=-1)
        folded = with_costs(costs, extra=[*costs.extra[:-1], costs.extra[-1] - fixed])
        for rule in RULES:
            before, after = plan(costs, rule=rule), plan(folded, rule=rule)
            np.testing.assert_array_equal(after.costs[:-1], before.costs[:-1])
            assert before.costs[-1] - fixed <= after.costs[-1] or rule != "optimal"
            assert after.placement >= before.placement
            further += after.placement > before.placement
            if costs.layers > 2:
                inner = [plan(each, rule=rule, placement=costs.layers - 1) for each in (costs, folded)]
                np.testing.assert_array_equal(*(each.stop_thresholds for each in inner))
    assert further > 50


def test_hindsight_of_two_stages_is_the_mean_of_the_smaller_cost():
    """Of atoms so many that the sum over the costs between which it is smooth takes several parts."""
    rng = np.random.default_rng(8)
    x, p = rng.permutation(600) / 64, rng.dirichlet(np.ones(600))
    costs = Costs(extra=[0.3], bits=[2.0, 1.0], download=[0.25], edge=1.0, law=DISCRETE(x, p))
    now, later = 2 * x[:, None], 0.3 + x[None, :]
    both = p @ np.minimum(now, later) @ p
    np.testing.assert_allclose(coinfer.clairvoyant(costs), [1 + 2 * p @ x, 1.25 + both], rtol=1e-13)


@pytest.mark.parametrize("law", [channel.Rayleigh(outage_gain=0.05), channel.Nakagami(m=2)], ids=lambda law: law.kind)
def test_hindsight_of_two_stages_of_fading_by_two_quadratures(law):
    """E min(o_0 X, delta + o_1 X'): over X' by SciPy, of E min(o_0 X, .)."""
    on, o = law.law(coinfer.Link(mean_snr_db=10), coinfer.Weights()), [3e6, 1e6]
    costs = Costs(extra=[0.3 * o[0] * on.mean], bits=o, download=[0.0], edge=0.0, law=on)
    gain = law.gain_law()
    low, high = gain.lowest, min(gain.highest, 40.0)

    def at(g: float) -> float:
        x = on.unit_cost(np.array([g])).item()
        return float(on.minimum(o[0], costs.extra[0] + o[1] * x)) * gain.density(np.array([g])).item()

    both, _ = quad(at, low, high, epsabs=0, epsrel=1e-11, points=[low + 0.1, 1.0], limit=200)
    assert coinfer.clairvoyant(costs)[1] == pytest.approx(both, rel=1e-9)


def test_the_closed_form_is_mended_where_rounding_misleads_it():
    """The smallest r with p^r gain <= price, where the price is next to such a product: logarithms alone often miss it by one."""
    powers = np.arange(41)
    p, gain = np.linspace(0.05, 0.97, 60)[:, None], np.geomspace(0.1, 7.0, 60)[:, None]
    missed = np.zeros(2, dtype=int)
    for most in (0, 1, 7, 40):
        for r in range(12):
            for price in (p**r * gain, np.nextafter(p**r * gain, 0)):
                reached = p**powers * gain <= price
                smallest = np.where(reached.any(axis=1), reached.argmax(axis=1), 40)
                assert np.array_equal(_steps(p, gain, price, most)[:, 0], np.minimum(smallest, most))
                off = (_formula(p, gain, price)[:, 0] - smallest)[smallest > 0]
                assert np.all(np.abs(off) <= 1)
                missed += np.sum(off > 0), np.sum(off < 0)
    assert missed.min() > 100


@pytest.mark.parametrize("complement", [1e-12, 1e-7, 9e-4, 1.1e-3, 0.3, 1.0])
@pytest.mark.parametrize("terms", [0, 1, 10, 10**6])
def test_a_geometric_sum_to_all_digits(complement, terms):
    """1 - (1 - c)^n over c, by a product of many digits."""
    with mpmath.workdps(60):
        c = mpmath.mpf(complement)
        exact = float((1 - (1 - c) ** terms) / c)
    assert geometric_sum(1 - complement, complement, terms) == pytest.approx(exact, rel=1e-12)


def test_savings_that_end_with_the_first_layer_take_one_step():
    """p = 0: p^0 gain is above the price and p^1 gain is not, whatever the price, and p = 1 never ends."""
    p, gain = np.array([[0.0], [0.0], [1.0]]), np.array([[2.0], [0.5], [2.0]])
    assert _steps(p, gain, np.ones((3, 1)), 7)[:, 0].tolist() == [1, 0, 7]
    assert _steps(p, gain, np.zeros((3, 1)), 7)[:, 0].tolist() == [1, 1, 7]


def test_a_plan_of_more_layers_is_none_of_fewer():
    law = dyadic_law(np.random.default_rng(0), 2)
    long, short = (Costs(extra=[1.0] * n, bits=[8.0] * (n + 1), download=[0.0] * n, edge=1.0, law=law) for n in (4, 3))
    for costs, made in ((short, plan(long)), (long, plan(short))):
        with pytest.raises(InputError, match=f"plan: was made for {made.problem.layers} layers; .* has {costs.layers}"):
            coinfer.expected_cost(costs, made)


def test_a_plan_is_followed_at_its_own_weights():
    given = coinfer.load_scenario("abstract-model")
    plan_made, other = plan(given), given.replace(weights__time_per_s=2.0)
    assert coinfer.expected_cost(given.replace(), plan_made) == pytest.approx(plan_made.cost, rel=1e-12)
    with pytest.raises(InputError, match=r"plan: was made at time_per_s=0\.5"):
        coinfer.expected_cost(other, plan_made)
    for made_for in (given, other):  # costs alone do not tell weights
        costs = coinfer.costs(made_for)
        bare = with_costs(costs)
        assert bare.scenario is None
        assert coinfer.expected_cost(bare, plan(given)) > 0
        assert coinfer.expected_cost(given, plan(bare)) > 0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("field", "entries", "may_differ"),
    [("extra", 5, {0, 4}), ("bits", 6, {0, 5}), ("download", 5, {0})],  # first layer, raw input, result
)
def test_closed_forms_refuse_other_chains(field, entries, may_differ, rule):
    """An MLP may have an input and a last layer of its own; for critical downloads, a last layer of its own."""
    mlp = Costs(extra=[1.0] * 5, bits=[2.0] * 6, download=[1.0] * 5, edge=0.0, law=DISCRETE([1.0], [1.0]))
    for entry in range(entries):
        values = np.array(getattr(mlp, field))
        values[entry] += 1
        changed = with_costs(mlp, **{field: values})
        for closed_form, fine in ((mlp_placement, may_differ), (mlp_critical_downloads, may_differ - {0})):
            if entry in fine:
                closed_form(changed, rule=rule)
            else:
                with pytest.raises(InputError, match=field):
                    closed_form(changed, rule=rule)


def test_closed_forms_of_several_problems_are_those_of_each():
    """With inputs of their own, which R8 does not cover."""
    rng = np.random.default_rng(3)
    law, layers, size = dyadic_law(rng, 3), 4, 20
    bits, extra, download = (np.full((size, n), x) for n, x in ((layers + 1, 4.0), (layers, 0.25), (layers, 0.125)))
    bits[:, 0], extra[:, 0], download[:, 0] = rng.integers(0, 9, size), rng.random(size), rng.random(size) / 4
    several = Costs(extra=extra, bits=bits, download=download, edge=0.0, law=law)
    rows = list(zip(extra, bits, download, strict=True))
    each = [Costs(extra=e, bits=b, download=d, edge=0.0, law=law) for e, b, d in rows]
    twice = [Costs(extra=[e, e], bits=[b, b], download=[d, d], edge=0.0, law=law) for e, b, d in rows]
    for rule in RULES:
        alone = [mlp_placement(costs, rule=rule) for costs in each]
        assert [mlp_placement(costs, rule=rule).tolist() for costs in twice] == [[m, m] for m in alone]
        assert all(type(placement) is int for placement in alone)
        assert mlp_placement(several, rule=rule).tolist() == alone
        assert len(set(alone)) > 1


def test_a_channel_that_never_changes_has_no_memory():
    """A chain of one state: also 1-sla has its closed form, that of a channel of one unit cost."""
    dnn = coinfer.mlp(layers=12, neurons=512)
    still = channel.Markov(rates_bps=(1e6,), generator=((0.0,),))
    of = coinfer.load_scenario("abstract-model", dnn=dnn, channel=still)
    for rule in RULES:
        assert mlp_placement(of, rule=rule) == plan(of, rule=rule).placement


def test_closed_form_of_a_scenario():
    dnn = coinfer.mlp(layers=12, neurons=512)
    for updates in (1, 30, 1000, 1e5):
        scenario = coinfer.load_scenario("abstract-model", dnn=dnn, inferences_per_update=updates)
        for rule in RULES:
            assert mlp_placement(scenario, rule=rule) == plan(scenario, rule=rule).placement


# ---------------------------------------------------------------- brackets (R16)


@given(dyadic_problems())
def test_one_stage_ahead_and_the_plain_savings_bracket_the_best_placement(costs):
    """M* of one-stage look-ahead <= M* of the optimal rule <= argmin sum_{m<=M} (D_m - G_{m-1})."""
    costs = with_costs(costs, largest_placement=-1)
    o, a = costs.bits[:-1], look_ahead_thresholds(costs, costs.layers, 1)
    saving = costs.law.saving(o, a)
    most = int(np.argmin(np.cumsum(np.insert(costs.download - saving, 0, 0.0))))
    one, best = plan(costs, rule="look-ahead").placement, plan(costs).placement
    assert one <= best <= most


@given(problems())
def test_what_a_layer_is_worth_is_bracketed(costs):
    """pi_m G_m <= pi_m^(m) G_m <= v_0^(m) - v_0^(m+1) <= G_m."""
    law, slack = costs.law, 1e-10 * costs.bits.max() * costs.law.mean + 1e-10 * np.abs(costs.extra).sum()
    o, a = costs.bits[:-1], look_ahead_thresholds(costs, costs.layers, 1)
    saving = law.saving(o, a)
    fixed = np.cumsum(np.insert(costs.download, 0, 0.0))
    worth = -np.diff(plan(costs).costs - fixed)
    slack += 1e-10 * (abs(costs.edge) + fixed[-1])
    for m in range(costs.layers):
        myopic = np.prod(law.go_probability(o[:m], a[:m]))
        best = np.prod(law.go_probability(o[:m], look_ahead_thresholds(costs, m, costs.layers)))
        assert myopic <= best + 1e-12
        assert best * saving[m] <= worth[m] + slack
        assert worth[m] <= saving[m] + slack


# ---------------------------------------------------------------- statics (R18)


@given(dyadic_problems())
def test_more_inferences_per_update_never_place_less(costs):
    """The smallest M* is nondecreasing in K, by which every D is divided; under both rules."""
    for rule in RULES:
        placed = [plan(with_costs(costs, download=costs.download * 2.0**-k), rule=rule).placement for k in range(-2, 4)]
        assert placed == sorted(placed)


@given(dyadic_problems(), st.integers(0, 4), st.integers(1, 8))
def test_a_dearer_layer_never_places_more(costs, layer, quarters):
    """The smallest M* is nonincreasing in every delta_n; under both rules."""
    extra = np.array(costs.extra)
    extra[layer % costs.layers] += quarters / 4
    for rule in RULES:
        assert plan(with_costs(costs, extra=extra), rule=rule).placement <= plan(costs, rule=rule).placement


# ---------------------------------------------------------------- J need not be unimodal; memory


def test_the_first_sign_change_is_not_the_best_placement():
    """A first layer that does not pay by itself may lead to one that does."""
    law = DISCRETE([1.0], [1.0])
    costs = Costs(extra=[0.0, 0.0], bits=[4.0, 5.0, 0.0], download=[1.0, 1.0], edge=0.0, law=law)
    assert list(plan(costs).costs) == [4, 5, 2]
    assert plan(costs).placement == 2


@given(dyadic_problems(), st.integers(0, 5))
def test_memory_restricts_the_placement_and_never_the_costs(costs, limit):
    limit = min(limit, costs.layers)
    for rule in ("optimal", "look-ahead", "static", "edge-only"):
        free = plan(with_costs(costs, largest_placement=-1), rule=rule)
        limited = plan(with_costs(costs, largest_placement=limit), rule=rule)
        np.testing.assert_array_equal(limited.costs, free.costs)
        assert limited.placement == int(np.argmin(free.costs[: limit + 1]))
    if limit < costs.layers:
        with pytest.raises(InputError, match="memory"):
            plan(with_costs(costs, largest_placement=limit), placement=limit + 1)


def test_memory_of_a_device():
    scenario = coinfer.load_scenario("abstract-model")
    first_three = sum(scenario.dnn.parameter_bits[:3])
    assert coinfer.costs(scenario.replace(device__memory_bits=first_three)).largest_placement == 3
    assert coinfer.costs(scenario.replace(device__memory_bits=first_three - 1)).largest_placement == 2
    assert plan(scenario.replace(device__memory_bits=0)).placement == 0


def test_a_placement_that_is_given_is_kept():
    costs = dyadic_costs(np.random.default_rng(5), layers=4)
    costs = with_costs(costs, largest_placement=-1)
    for placement in range(5):
        at = plan(costs, placement=placement)
        assert (at.placement, at.cost) == (placement, plan(costs).costs[placement])
        assert len(at.stop_thresholds) == placement
