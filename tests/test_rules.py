"""Stopping rules: exactly right on dyadic numbers, right to rounding on others, and ordered as theory says."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from brute_force import Exact
from effort import beyond, examples
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import (
    DISCRETE,
    continuous_kinds,
    dyadic_costs,
    dyadic_problems,
    float_costs,
    laws,
    links,
    numbers,
    problems,
    wild_problems,
)

import coinfer
from coinfer import Costs, clairvoyant, plan
from coinfer.rules import LookAhead, Memoryless, Optimal, Static, static_costs
from coinfer.stopping import evaluate, look_ahead_costs, look_ahead_thresholds, stop_probabilities

EXACT = 1e-12
RULES = ["optimal", "look-ahead", "static", "edge-only"]  # defined at every placement


def rules(layers: int) -> list[tuple[str, int | None]]:
    """Every rule that is defined at every placement, with every depth that matters and one more."""
    return [("optimal", None), ("static", None), ("edge-only", None)] + [
        ("look-ahead", depth) for depth in range(1, layers + 2)
    ]


def size(costs: Costs) -> float:
    """The magnitude at which errors of rounding in J are measured."""
    terms = [abs(costs.edge), np.abs(costs.extra).sum(), costs.download.sum(), costs.bits.max() * costs.law.mean]
    return float(sum(terms)) + 1e-300


# ---------------------------------------------------------------- against brute force


def close(got: np.ndarray, wanted: list, tolerance: float) -> bool:
    """Equal infinities and, elsewhere, within an absolute tolerance of the exact numbers."""
    wanted = np.array([float(value) for value in wanted])
    with np.errstate(invalid="ignore"):
        return got.shape == wanted.shape and bool(np.all((got == wanted) | (np.abs(got - wanted) <= tolerance)))


def assert_exact(costs: Costs, exact: Exact, *, ties: bool) -> None:
    """Costs, placements, thresholds, stop probabilities and gaps of every rule; `ties`: which placement is exact too."""
    tolerance = EXACT * exact.scale()
    allowed = slice(costs.largest_placement + 1)
    optimal = exact.costs("optimal")
    for rule, depth in rules(costs.layers):
        wanted = exact.costs(rule, depth or 1)
        got = plan(costs, rule=rule, depth=depth)
        assert close(got.costs, wanted, tolerance), (rule, depth)
        if ties:
            assert got.placement == wanted[allowed].index(min(wanted[allowed])), (rule, depth)
        assert float(wanted[got.placement] - min(wanted[allowed])) <= tolerance
        for placement in {got.placement, costs.largest_placement if depth == 1 else got.placement}:
            at = plan(costs, rule=rule, depth=depth, placement=placement)
            thresholds, _, stops = exact.rule(rule, depth or 1, placement)
            assert close(at.stop_thresholds, thresholds, tolerance)
            assert close(at.stop_probabilities, stops, EXACT)
            gap = at.gap
            assert abs(gap.total - float(wanted[placement] - optimal[placement])) <= tolerance
            assert -tolerance <= gap.stages.min(initial=0)
            assert gap.total <= gap.bound + tolerance
    assert close(clairvoyant(costs), exact.costs("clairvoyant"), tolerance)
    assert_local_only(costs, float(exact.costs("local-only")[-1]), tolerance)


def assert_local_only(costs: Costs, wanted: float, tolerance: float) -> None:
    if costs.largest_placement < costs.layers:
        with pytest.raises(coinfer.InputError, match="memory"):
            plan(costs, rule="local-only")
        return
    local = plan(costs, rule="local-only")
    assert local.placement == costs.layers
    assert np.all(local.costs[:-1] == inf)
    assert local.cost == pytest.approx(wanted, rel=0, abs=tolerance)
    np.testing.assert_allclose(local.stop_probabilities, [0.0] * costs.layers + [1.0], rtol=0, atol=EXACT)


@pytest.mark.parametrize("seed", beyond(1, range(10)))
def test_exact_on_dyadic_numbers(seed):
    rng = np.random.default_rng(seed)
    for _ in range(200):
        costs = dyadic_costs(rng)
        assert_exact(costs, Exact(costs), ties=True)


@pytest.mark.parametrize("seed", beyond(1, range(4)))
def test_right_to_rounding_on_floats(seed):
    rng = np.random.default_rng([seed, 1])
    compared = 0
    for _ in range(150):
        costs = float_costs(rng)
        exact = Exact(costs)
        if exact.tie_distance() > EXACT * exact.scale():
            compared += 1
            assert_exact(costs, exact, ties=False)
    assert compared > 130


def test_the_dyadic_problems_hold_every_special_case():
    rng = np.random.default_rng(0)
    drawn = [dyadic_costs(rng) for _ in range(200)]
    seen = {
        "one layer": sum(c.layers == 1 for c in drawn),
        "negative delta": sum(np.any(c.extra < 0) for c in drawn),
        "free layer": sum(np.any((c.extra == 0) & (c.download == 0)) for c in drawn),
        "nothing to send": sum(np.any(c.bits[:-1] == 0) for c in drawn),
        "result sent": sum(c.bits[-1] > 0 for c in drawn),
        "memory limit": sum(c.largest_placement < c.layers for c in drawn),
        "atom at a threshold": sum(
            np.any(c.bits[:-1, None] * c.law.unit_costs == look_ahead_thresholds(c, c.layers, depth)[:, None])
            for c in drawn
            for depth in {1, c.layers}
        ),
        "equal placements": sum(np.sum(p.costs == p.costs.min()) > 1 for p in map(plan, drawn)),
    }
    assert min(seen.values()) >= 8, seen


@pytest.mark.parametrize("seed", range(3))
def test_no_policy_beats_the_optimal_rule(seed):
    """All sets of atoms at which to stop are tried at each stage, not only thresholds (R3)."""
    rng = np.random.default_rng([seed, 2])
    for _ in range(40):
        layers, atoms = [(1, 4), (2, 3), (3, 2), (4, 2)][rng.integers(4)]
        costs = dyadic_costs(rng, layers, atoms)
        exact = Exact(costs)
        for placement in range(layers + 1):
            best = exact.every_policy(placement)
            assert Fraction(plan(costs).costs[placement]) == exact.edge + exact.placed[placement] + best


# ---------------------------------------------------------------- thresholds (R1)


def test_thresholds_and_gains():
    link, weights = coinfer.Link(), coinfer.Weights()
    law = coinfer.channel.Rayleigh(outage_gain=0.05).law(link, weights)
    unit = law.mean
    costs = Costs(
        extra=[-2 * unit, 3 * unit, 2.0, -1.0, 1e-12 * unit],
        bits=[1, 1, 0, 0, 1, 0],
        download=[0] * 5,
        edge=0.0,
        law=law,
    )
    at = plan(costs, rule="look-ahead", placement=5)
    # A < 0: never; an X above the mean; nothing to send and A >= 0: always; nothing to send and A < 0: never; A > 0, tiny
    assert list(at.thresholds[[0, 2, 3]]) == [-unit, inf, -inf]
    assert at.thresholds[1] == pytest.approx(3 * unit)
    scale = (weights.time_per_s + weights.energy_per_j * link.transmit_power_w) / link.bandwidth_hz
    assert at.gains[1] == pytest.approx((2 ** (scale / (3 * unit)) - 1) / link.mean_snr, rel=1e-12)
    assert list(at.gains[[0, 2, 3, 4]]) == [inf, 0, inf, inf]  # the last needs a gain that overflows
    assert list(at.stop_probabilities[[0, 3, 4, 5]]) == [0, 0, 0, 0]
    assert at.stop_probabilities[1:3].sum() == pytest.approx(1)


@given(st.lists(numbers(1e-9, 1e3), min_size=1, max_size=5, unique=True), numbers(1e-6, 1e9))
def test_an_atom_at_the_threshold_stops(atoms, bits):
    """o x <= A is decided on the product, whatever the quotient A / o rounds to."""
    law = DISCRETE(atoms, np.full(len(atoms), 1 / len(atoms)))
    for x in atoms:
        sent = bits * x
        at, below = law.stop_probability(bits, sent), law.stop_probability(bits, np.nextafter(sent, 0))
        assert at == pytest.approx(np.mean(bits * np.array(atoms) <= sent), abs=1e-12)
        assert below == pytest.approx(np.mean(bits * np.array(atoms) < sent), abs=1e-12)


def test_a_law_without_gains_has_no_threshold_on_the_gain():
    at = plan(dyadic_costs(np.random.default_rng(1), layers=2), placement=0)
    with pytest.raises(coinfer.InputError, match="gain"):
        _ = at.gains


@given(problems(), st.data())
def test_a_gain_at_the_threshold_stops_and_a_lower_one_goes_on(costs, data):
    at = plan(costs, rule=data.draw(st.sampled_from(RULES)), placement=costs.largest_placement)
    a, gains = at.thresholds, at.gains
    assert gains.shape == a.shape == (costs.largest_placement,)
    assert np.all((gains == inf) | np.isfinite(gains))
    assert np.all(gains >= 0)
    assert np.all(gains[a <= 0] == inf)
    assert np.all(gains[a == inf] == 0)
    stop = costs.law.stop_probability(costs.bits[: len(a)], at.stop_thresholds)
    assert np.all(stop[gains == 0] == 1)
    assert np.all(stop[gains == inf] <= 1e-12)


# ---------------------------------------------------------------- over the whole domain


def all_plans(costs: Costs) -> list[coinfer.Plan]:
    fits = costs.largest_placement == costs.layers
    return [plan(costs, rule=r, depth=k) for r, k in rules(costs.layers) + [("local-only", None)] * fits]


@given(problems() | wild_problems())
def test_no_nan_and_inf_only_where_defined(costs):
    for got in all_plans(costs):
        finite = slice(-1, None) if got.rule.name == "local-only" else slice(None)
        assert np.all(np.isfinite(got.costs[finite])), got.rule
        assert np.isfinite(got.cost)
        probabilities = got.stop_probabilities
        assert np.all((probabilities >= 0) & (probabilities <= 1))
        assert probabilities.sum() == pytest.approx(1, abs=1e-9)
        sends = costs.bits[: got.placement] > 0
        fixed = got.rule.name in ("static", "edge-only", "local-only")
        assert not np.any(np.isnan(got.stop_thresholds))
        assert not np.any(np.isnan(got.thresholds))
        assert np.all(np.isinf(got.thresholds[~sends]))
        assert fixed or np.all(np.isfinite(got.stop_thresholds))
        assert not np.any(np.isnan(got.gains))
        gap = got.gap
        assert np.all(np.isfinite(gap.stages))
        assert np.isfinite(gap.bound) == (got.rule.name in ("optimal", "look-ahead"))
        assert gap.bound == 0 or got.rule.name != "optimal"
    assert np.all(np.isfinite(clairvoyant(costs)))


@given(dyadic_problems() | problems())
@examples(60)
def test_costs_at_all_placements_are_those_of_following_the_thresholds(costs):
    """One telescoping pass for all placements (R6, N1) against the definition at each."""
    for depth in range(1, costs.layers + 2):
        assume(not near_a_tie(costs, depth))
        at_once = look_ahead_costs(costs, depth)
        each = [evaluate(costs, look_ahead_thresholds(costs, m, depth)) for m in range(costs.layers + 1)]
        np.testing.assert_allclose(at_once, each, rtol=0, atol=1e-10 * size(costs))


def near_a_tie(costs: Costs, depth: int) -> bool:
    """Whether rounding could decide at a stage: a discrete law with an atom all but at a threshold."""
    atoms = getattr(costs.law, "unit_costs", np.array([]))
    if np.all(atoms * 64 == np.round(atoms * 64)):
        return False  # dyadic: ties are exact
    for placement in range(1, costs.layers + 1):
        a = look_ahead_thresholds(costs, placement, depth)[:, None]
        sent = costs.bits[:placement, None] * atoms
        if np.any(np.abs(sent - a) <= 1e-11 * size(costs)):
            return True
    return False


@given(problems(most_layers=5))
@examples(60)
def test_telescoping_of_look_ahead(costs):
    """J_k(M) - J_k(M-1) = D_M - pi_n (v_n to the horizon M-1 - v_n to M), n = M - k (N1; R6 for k = 1)."""
    law, layers = costs.law, costs.layers
    for depth in range(1, layers + 1):
        assume(not near_a_tie(costs, depth))
        j = plan(costs, rule="look-ahead", depth=depth).costs
        for m in range(depth, layers + 1):
            n = m - depth
            shorter, longer = (value_from(costs, n, horizon) for horizon in (m - 1, m))
            before = look_ahead_thresholds(costs, m, depth)[:n]
            reach = np.prod(law.go_probability(costs.bits[:n], before))
            expected = costs.download[m - 1] - reach * (shorter - longer)
            assert abs(j[m] - j[m - 1] - expected) <= 1e-10 * size(costs)


def value_from(costs: Costs, n: int, horizon: int) -> float:
    """v_n, by a chain that begins at stage n."""
    if horizon == n:
        return float(costs.bits[n] * costs.law.mean)
    rest = Costs(
        extra=costs.extra[n:horizon],
        bits=costs.bits[n : horizon + 1],
        download=costs.download[n:horizon],
        edge=0.0,
        law=costs.law,
    )
    return evaluate(rest, look_ahead_thresholds(rest, horizon - n, horizon - n))


# ---------------------------------------------------------------- orderings


@pytest.mark.parametrize("seed", range(10))
def test_layers_that_never_pay_save_nothing_not_even_by_rounding(seed):
    """R6: under 1-sla a layer saves a chance times the mean of an excess, here exactly 0, not a difference of rounded costs."""
    rng = np.random.default_rng(seed)
    law, bits = DISCRETE(rng.random(20), rng.dirichlet(np.ones(20))), np.append(1e9, rng.random(4))
    extra = [-bits[1] * law.mean, 100.0, 100.0, 100.0]  # stage 0 is left for a cost of all but 0
    costs = Costs(extra=extra, bits=bits, download=[0.0] * 4, edge=0.0, law=law)
    assert np.all(look_ahead_costs(costs, 1)[1:] == look_ahead_costs(costs, 1)[1])


@given(problems() | dyadic_problems())
def test_a_longer_horizon_never_costs_more_and_lowers_the_optimal_thresholds(costs):
    """R5: v_0 is nonincreasing in M; optimal thresholds lie at or below those of one-stage look-ahead."""
    slack = 1e-12 * size(costs)
    assert np.all(np.diff(look_ahead_costs(costs, costs.layers)) <= slack)
    myopic = look_ahead_thresholds(costs, costs.layers, 1)
    before = np.full(costs.layers, inf)
    for placement in range(1, costs.layers + 1):
        best = look_ahead_thresholds(costs, placement, costs.layers)
        assert np.all(best <= myopic[:placement] + slack)
        assert np.all(best <= before[:placement] + slack)
        before[:placement] = best


@given(problems() | dyadic_problems())
def test_one_stage_ahead_is_optimal_up_to_one_layer(costs):
    one, best = plan(costs, rule="look-ahead").costs, plan(costs).costs
    np.testing.assert_allclose(one[:2], best[:2], rtol=1e-12, atol=1e-12 * size(costs))


@given(problems() | dyadic_problems())
def test_sandwich(costs):
    """R10, at each placement and minimised: clairvoyant <= optimal <= look-ahead, and optimal <= static <= the fixed rules."""
    slack = 1e-10 * size(costs)
    lower, best = clairvoyant(costs), plan(costs)
    assert np.all(lower <= best.costs + slack)
    for rule, depth in rules(costs.layers):
        other = plan(costs, rule=rule, depth=depth)
        assert np.all(best.costs <= other.costs + slack)
        assert best.cost <= other.cost + slack
    static = plan(costs, rule="static")
    assert np.all(static.costs <= plan(costs, rule="edge-only").costs + slack)
    if costs.largest_placement == costs.layers:
        assert np.all(static.costs <= plan(costs, rule="local-only").costs + slack)


@given(problems() | dyadic_problems())
def test_ladder(costs):
    """R17: deeper look-ahead never costs more; depth k is no worse than every static split n <= min(k, M)."""
    slack = 1e-10 * size(costs)
    always = np.minimum.accumulate(static_costs(costs))
    before = np.full(costs.layers + 1, inf)
    for depth in range(1, costs.layers + 1):
        assume(not near_a_tie(costs, depth))
        j = look_ahead_costs(costs, depth)
        assert np.all(j <= before + slack)
        assert np.all(j <= always[np.minimum(np.arange(costs.layers + 1), depth)] + slack)
        before = j
    np.testing.assert_array_equal(look_ahead_costs(costs, costs.layers + 5), before)


@given(problems() | dyadic_problems())
def test_the_gap_is_the_loss_and_is_bounded(costs):
    """R15, R16."""
    slack = 1e-10 * size(costs)
    losses = []
    assume(not near_a_tie(costs, 1))
    for m in range(costs.largest_placement + 1):
        one, best = plan(costs, rule="look-ahead", placement=m), plan(costs, placement=m)
        gap = one.gap
        assert abs(gap.total - (one.cost - best.cost)) <= slack
        assert -slack <= gap.total <= gap.bound + slack
        assert abs(best.gap.total) <= slack
        losses.append(gap.total)
    assert np.all(np.diff(losses) >= -slack)


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_of_the_gap_is_what_is_saved_where_look_ahead_has_stopped(seed):
    """R16: the sum over 1 <= m < M of (1 - pi_m) G_m, atom by atom."""
    costs = dyadic_costs(np.random.default_rng([seed, 16]), layers=5, atoms=3)
    at = plan(costs, rule="look-ahead", placement=min(4, costs.largest_placement))
    a, bound, reached = at.stop_thresholds, 0.0, 1.0
    for m in range(at.placement):
        sent = costs.bits[m] * costs.law.unit_costs
        if m:
            bound += (1 - reached) * (costs.law.probabilities @ np.maximum(sent - a[m], 0))
        reached *= costs.law.probabilities @ (sent > a[m])
    assert at.gap.bound == pytest.approx(bound, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", [LookAhead, Memoryless])
@pytest.mark.parametrize("depth", [0, -1, 1.5, "1"])
def test_a_depth_is_a_number_of_stages(kind, depth):
    with pytest.raises(coinfer.InputError, match=f"depth = {depth!r}: should be a whole number"):
        kind(depth)


# ---------------------------------------------------------------- special chains


@given(laws(continuous_kinds), numbers(0.2, 2))
@examples(40)
def test_deep_limit(law, relative_delta):
    """R9: for delta > 0 the value of an ever longer chain solves E[(delta + v - o X)^+] = delta."""
    bits = 1e6
    delta = relative_delta * bits * law.mean
    layers = 150
    costs = Costs(extra=[delta] * layers, bits=[bits] * layers + [0], download=[0] * layers, edge=0.0, law=law)
    v = evaluate(costs, look_ahead_thresholds(costs, layers - 1, layers))
    a = delta + v
    gain = a * law.stop_probability(bits, a) - law.stop_cost(bits, a)
    assert gain == pytest.approx(delta, rel=1e-6)


@given(links())
@examples(20)
def test_deep_limit_of_free_layers(link):
    """R9 for delta = 0: v tends to o times the least unit cost."""
    law = coinfer.channel.Discrete(gains=[0.1, 1, 3], probabilities=[0.25, 0.5, 0.25]).law(link, coinfer.Weights())
    costs = Costs(extra=[0.0] * 300, bits=[8.0] * 301, download=[0] * 300, edge=0.0, law=law)
    assert plan(costs).costs[-1] == pytest.approx(8 * law.unit_costs[0], rel=1e-9)


@given(
    st.integers(0, 16), st.integers(1, 16), st.integers(1, 7), st.integers(1, 16), st.integers(1, 8), st.integers(1, 7)
)
def test_two_point_channel(a, rise, alpha_eighths, delta, bits, layers):
    """R18: on a two-point channel one-stage look-ahead of an equal MLP is optimal, G = p (alpha o (b-a) - delta)^+."""
    alpha = alpha_eighths / 8
    law = DISCRETE([a / 4, (a + rise) / 4], [alpha, 1 - alpha])
    o, cost = float(bits), delta / 4
    costs = Costs(extra=[cost] * layers, bits=[o] * layers + [0], download=[0] * layers, edge=0.0, law=law)
    one, best = plan(costs, rule="look-ahead").costs, plan(costs).costs
    np.testing.assert_array_equal(one[:-1], best[:-1])
    saving = (1 - alpha) * max(alpha * o * rise / 4 - cost, 0)
    assert law.saving(o, cost + o * law.mean) == saving
    if layers > 1:
        assert one[0] - one[1] == saving


@given(problems())
def test_stop_probabilities_are_those_of_the_thresholds(costs):
    at = plan(costs, placement=costs.largest_placement)
    stop = costs.law.stop_probability(costs.bits[: at.placement], at.stop_thresholds)
    reach, expected = 1.0, []
    for p in stop:
        expected.append(reach * p)
        reach *= 1 - p
    np.testing.assert_allclose(at.stop_probabilities, [*expected, reach], atol=1e-12)
    np.testing.assert_array_equal(at.stop_probabilities, stop_probabilities(costs, at.stop_thresholds))


def test_a_fixed_split_at_a_given_stage():
    """Between the two that have a name, each costs what static splitting at that stage does, and the best is `static`."""
    costs = coinfer.costs(coinfer.load_scenario("abstract-model", dnn="squeezenet"))
    every = [plan(costs, rule=Static(n)) for n in range(costs.layers + 1)]
    assert [at.placement for at in every] == list(range(costs.layers + 1))  # no layer is downloaded for nothing
    assert np.all(every[0].costs == plan(costs, rule="edge-only").costs)
    assert np.all(every[-1].costs == plan(costs, rule="local-only").costs)
    for n, at in enumerate(every):
        assert np.all(np.isinf(at.costs[:n]))
        assert np.flatnonzero(at.stop_probabilities).tolist() == [n]
        assert at.cost == pytest.approx(coinfer.expected_cost(costs, at), rel=1e-12)
    assert min(at.cost for at in every) == pytest.approx(plan(costs, rule="static").cost, rel=1e-12)
    assert str(every[3].rule) == "static at 3"
    names = [str(rule) for rule in (Static(), LookAhead(2), Memoryless(), Memoryless(1), Optimal())]
    assert names == ["static", "2-sla", "memoryless", "memoryless 1-sla", "optimal"]


@pytest.mark.parametrize("stage", [-1, 19, 1.5])
def test_a_fixed_split_is_at_a_stage_that_there_is(stage):
    costs = coinfer.costs(coinfer.load_scenario("abstract-model", dnn="squeezenet"))
    with pytest.raises(coinfer.InputError, match=f"stage = {stage}: should be a whole number"):
        plan(costs, rule=Static(stage))


def test_a_split_that_does_not_fit_says_how_many_layers_it_needs():
    small = coinfer.load_scenario("abstract-model", dnn="squeezenet", device__memory_bits=1)
    with pytest.raises(coinfer.InputError, match=r"'static at 4': needs 4 of 18 layers .* memory holds 0"):
        plan(small, rule=Static(4))
