"""A new rule is one class and no other edit: it is planned, swept, simulated, replayed and drawn like the others."""

from dataclasses import dataclass

import numpy as np
import pytest

import coinfer
from coinfer import InputError
from coinfer.coupling import decided_apart
from coinfer.rule import KNOWN, Rule
from coinfer.rules import LookAhead, Memoryless, Optimal, ProbeOnce, as_rule
from coinfer.study import figures

SCENARIO = coinfer.load_scenario("abstract-model")


@dataclass(frozen=True)
class SecondBest(Rule):
    """Optimal thresholds, scaled: stops too late for a factor below 1, too early above."""

    factor: float = 0.9
    name = "second-best"

    def thresholds(self, costs, placement):
        return self.factor * Optimal().thresholds(costs, placement)


@pytest.fixture(scope="module")
def plan() -> coinfer.Plan:
    return coinfer.plan(SCENARIO, rule=SecondBest())


def test_is_planned_by_object_and_by_name(plan):
    assert plan.rule == SecondBest()
    assert KNOWN["second-best"] is SecondBest
    np.testing.assert_array_equal(plan.costs, coinfer.plan(SCENARIO, rule="second-best").costs)


def test_costs_what_its_thresholds_cost(plan):
    assert plan.cost > coinfer.plan(SCENARIO).cost
    assert plan.gap.total == pytest.approx(plan.cost - coinfer.plan(SCENARIO, placement=plan.placement).cost)
    assert plan.gap.bound == np.inf
    same = coinfer.plan(SCENARIO, rule=SecondBest(factor=1.0))
    np.testing.assert_allclose(same.costs, coinfer.plan(SCENARIO).costs, rtol=1e-12)


def test_is_swept_simulated_and_replayed(plan):
    table = coinfer.sweep(SCENARIO, {"inferences_per_update": [10.0, 1000.0]}, rule=SecondBest())
    assert table["cost"].iloc[1] == pytest.approx(plan.cost)
    outcome = coinfer.simulate(SCENARIO, plan, inferences=40_000, rng=1)
    assert abs(outcome.mean - plan.cost) < 4 * outcome.standard_error
    trace = coinfer.example_trace("example-rate.txt")
    fitted = SCENARIO.model_copy(update={"channel": trace.markov(8)})
    replayed = coinfer.replay(fitted, coinfer.plan(fitted, rule=SecondBest()), trace, inferences=500)
    assert replayed.stop_counts.sum() == 500


def test_is_drawn_in_a_look_of_its_own():
    styles = [figures.rule_style(name) for name in ("second-best", "third-best", *figures.RULES)]
    assert figures.rule_style("second-best") == styles[0]
    assert styles[0]["label"] == "second-best"


@pytest.mark.parametrize(
    ("name", "depth", "rule"),
    [
        ("optimal", None, Optimal()),
        ("look-ahead", None, LookAhead(1)),
        ("look-ahead", 3, LookAhead(3)),
        ("1-sla", None, LookAhead()),
        ("12-sla", None, LookAhead(12)),
        ("memoryless", None, Memoryless()),
        ("memoryless", 1, Memoryless(1)),
        ("probe-once", None, ProbeOnce()),
    ],
)
def test_names_are_rules(name, depth, rule):
    assert as_rule(name, depth) == rule
    assert as_rule(rule) is rule


@pytest.mark.parametrize("rule", ["0-sla", "9" * 5000 + "-sla", "1\u0663-sla", "-1-sla", "one-sla", "1-slap", 7, None])
def test_no_rule_of_that_name(rule):
    with pytest.raises(InputError, match=r"rule = .*: should be one of optimal, .*1-sla"):
        as_rule(rule)


def test_a_rule_without_thresholds_is_none():
    bare = type("Bare", (Rule,), {"name": "bare"})
    with pytest.raises(TypeError, match=r"abstract method '?thresholds"):
        bare()


def test_a_class_is_no_rule_yet():
    with pytest.raises(
        InputError, match=r"rule = Optimal: is a class; should be an object of it, Optimal\(\), or a name"
    ):
        as_rule(Optimal)


def test_a_depth_belongs_to_a_name_that_takes_one():
    for rule in (LookAhead(2), "2-sla", "optimal"):
        with pytest.raises(InputError, match="depth = 2: only the rules 'look-ahead' and 'memoryless' take a depth"):
            as_rule(rule, 2)


def test_rules_apart_use_the_same_objects():
    found = decided_apart(coinfer.costs(SCENARIO))
    assert found["joint"] == coinfer.plan(SCENARIO).cost
    assert found["static"] == coinfer.plan(SCENARIO, rule="static").cost


def test_a_rule_has_a_name_of_its_own_and_derives_from_no_other_rule():
    for named in ({}, {"name": None}, {"name": ""}, {"name": 3}):
        with pytest.raises(InputError, match=f"Nameless: has name = {named.get('name')!r}; should have a name"):
            type("Nameless", (Rule,), named)
    with pytest.raises(InputError, match="Impostor: has name = 'optimal', which is the name of Optimal"):
        type("Impostor", (Rule,), {"name": "optimal"})
    with pytest.raises(InputError, match="Eager: derives from another rule; should derive from Rule itself"):
        type("Eager", (LookAhead,), {"name": "eager"})
    assert as_rule("optimal") == Optimal()
    assert not {"Nameless", "Impostor", "Eager"} & {kind.__name__ for kind in KNOWN.values()}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            lambda costs, m: costs.extra,
            r"thresholds with shape \(8,\) for placement M = 0 of 0..8; should be 0 numbers",
        ),
        (lambda costs, m: np.zeros((3, m)), r"gives thresholds with shape \(3, 0\)"),
        (lambda costs, m: np.full(m, np.nan), "gives thresholds with nan among them .*; should be 1 numbers"),
        (lambda costs, m: 1.0, r"gives thresholds with shape \(\) .*; should be 0 numbers"),
        (lambda costs, m: ["now"] * m, "thresholds = .*: should be a list of numbers"),
    ],
    ids=["as many as layers", "rows", "nan", "a number", "words"],
)
def test_thresholds_that_are_none_are_refused(given, words):
    rule = type("Own", (Rule,), {"name": "own", "thresholds": lambda self, costs, placement: given(costs, placement)})
    with pytest.raises(InputError, match=words):
        coinfer.plan(SCENARIO, rule=rule())


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("device.macs_per_s", [1e9, 4e9, 2e10]),
        ("link.bandwidth_hz", [1e5, 1e7]),
        ("inferences_per_update", [10.0, 1e3]),
    ],
)
def test_is_swept_as_it_is_planned(field, values):
    """Thresholds of many scenarios at once have a row for each."""
    table = coinfer.sweep(SCENARIO, {field: values}, rule=SecondBest())
    planned = [coinfer.plan(SCENARIO.replace(**{field: value}), rule=SecondBest()) for value in values]
    assert table["placement"].tolist() == [at.placement for at in planned]
    assert table["cost"].tolist() == pytest.approx([at.cost for at in planned], rel=1e-12)


def test_rows_of_thresholds_are_as_many_as_states():
    rule = type("Rows", (Rule,), {"name": "rows", "thresholds": lambda self, costs, m: np.zeros((3, m))})
    moving = coinfer.load_scenario("phone-mmwave")
    states = len(coinfer.costs(moving).law.unit_costs)
    with pytest.raises(InputError, match=rf"shape \(3, 0\) .* or {states} rows of them, one for each state"):
        coinfer.plan(moving, rule=rule())


def test_a_rule_that_commits_has_to_say_to_what():
    own = {"name": "committed", "commits": True, "thresholds": lambda self, costs, m: np.zeros(m)}
    made = coinfer.plan(SCENARIO, rule=type("Committed", (Rule,), own)())
    with pytest.raises(InputError, match="rule = 'committed': has no `chosen_stage`"):
        made.chosen_stage(1e-6)


def test_a_rule_with_a_parameter_is_given_as_an_object():
    def start(self, factor):
        self.factor = factor

    type("Scaled", (Rule,), {"name": "scaled", "__init__": start, "thresholds": lambda self, costs, m: None})
    with pytest.raises(InputError, match=r"rule = 'scaled': should be given as an object, Scaled\(...\)"):
        coinfer.plan(SCENARIO, rule="scaled")
