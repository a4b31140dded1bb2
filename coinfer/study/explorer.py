"""The explorer: a scenario as its controls have it, planned under every rule. Tables and words follow in modules of their own.

Controls change a scenario by name and number; all that is shown follows from `coinfer.plan`. What is dear is made once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import costs
from coinfer.frontier import WITHIN as OFTEN
from coinfer.network import DNN, dnn_names, load_dnn
from coinfer.placement import Plan, plan
from coinfer.scenario import Scenario, load_scenario
from coinfer.system import Weights
from coinfer.timing import time_probability, time_quantiles_s
from coinfer.validation import InputError, positive

RULES = ("edge-only", "local-only", "static", "probe-once", "1-sla", "optimal")


@dataclass(frozen=True)
class Choice:
    """What the controls say; None leaves what the scenario has.

    `dnn`, `device` and `link` are names of bundled ones; a second counts as `second_j` [J].
    """

    scenario: str = "default"
    dnn: str | None = None
    device: str | None = None
    link: str | None = None
    inferences_per_update: float | None = None
    activation_bits: int | None = None
    second_j: float | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, eq=False)
class Explored:
    """A scenario and its plan under each rule that it admits; `deadline_s` [s], if there is one."""

    scenario: Scenario
    plans: dict[str, Plan]
    deadline_s: float | None

    @cached_property
    def in_time(self) -> dict[str, float]:
        """The share of inferences that end within the deadline, by rule; {} without one."""
        deadline_s = self.deadline_s
        return {} if deadline_s is None else self._by_stops(lambda made: float(time_probability(made, deadline_s)))

    @cached_property
    def late_s(self) -> dict[str, float]:
        """The time within which 95 % of inferences end, by rule [s]."""
        return self._by_stops(lambda made: float(time_quantiles_s(made, [OFTEN])[0]))

    def _by_stops(self, told: Callable[[Plan], float]) -> dict[str, float]:
        """What follows from where, and in which state, a plan stops, by rule: once for plans that are alike."""
        found: dict[bytes | str, float] = {}
        for rule, made in self.plans.items():
            if (stops := self._stops[rule]) not in found:
                found[stops] = told(made)
        return {rule: found[stops] for rule, stops in self._stops.items()}

    @cached_property
    def _stops(self) -> dict[str, bytes | str]:
        moving = isinstance(self.plans["static"].problem.law, MovingLaw)
        return {rule: made.stop_states.round(12).tobytes() if moving else rule for rule, made in self.plans.items()}

    def saving(self, rule: str, *others: str) -> float:
        """What a rule saves of the ETC over the best of others."""
        return 1 - self.plans[rule].cost / min(self.plans[other].cost for other in others)


def explore(choice: Choice) -> Explored:
    """The scenario of a choice, planned under every rule that it admits. Raises `InputError`.

    >>> explore(Choice("phone-mmwave")).plans["probe-once"].placement
    10
    """
    return planned(chosen(choice), choice.deadline_s)


def planned(scenario: Scenario, deadline_s: float | None = None) -> Explored:
    """A scenario, planned under every rule that it admits. Raises `InputError`."""
    if deadline_s is not None:
        positive("deadline_s", deadline_s)
    return Explored(scenario, _plans(scenario), deadline_s)


def chosen(choice: Choice) -> Scenario:
    """The scenario of a choice. Raises `InputError` for what does not go together.

    >>> chosen(Choice("city-camera", dnn="squeezenet", activation_bits=4)).dnn.coding.activation_bits
    4
    """
    given = _loaded(choice.scenario)
    changes: dict[str, Any] = {
        "device": choice.device, "link": choice.link, "inferences_per_update": choice.inferences_per_update,
    }  # fmt: skip
    coding = {} if given.dnn.coding is None else given.dnn.coding.model_dump(exclude_none=True)
    bits = {} if choice.activation_bits is None else {"activation_bits": choice.activation_bits}
    if choice.dnn is not None or coding != coding | bits:
        changes["dnn"] = load_dnn(choice.dnn or given.dnn.name, **coding | bits)
    if choice.second_j is not None and choice.second_j != second_j(given):
        changes["weights"] = _weighted(given, choice.second_j)
    return given.replace(**{name: value for name, value in changes.items() if value is not None})


def second_j(given: Scenario) -> float | None:
    """How many joules a second counts as; None where joules count nothing.

    >>> second_j(load_scenario("wearable"))
    0.01
    """
    return given.weights.time_per_s / given.weights.energy_per_j if given.weights.energy_per_j else None


def _weighted(given: Scenario, seconds_j: float) -> Weights:
    """The weights of a scenario, a second counting as some joules."""
    joule = given.weights.energy_per_j
    if not joule:
        raise InputError(f"second_j = {seconds_j:g}: a joule counts nothing in this scenario; should be left out")
    return Weights(time_per_s=positive("second_j", seconds_j) * joule, energy_per_j=joule)


def possible(choice: Choice, part: str, names: Iterable[str]) -> list[str]:
    """Those names of a part, "dnn", "device" or "link", with which a choice makes a scenario.

    A device of which no power is known on the network does not, nor does a link without one.

    >>> possible(Choice("city-camera", dnn="alexnet"), "device", ["raspberry-pi-4", "jetson-nano-cpu"])
    ['raspberry-pi-4']
    """
    return [name for name in names if _makes_one(replace(choice, **dict[str, Any]({part: name})))]


@lru_cache(maxsize=1024)
def _makes_one(choice: Choice) -> bool:
    try:
        chosen(choice)
    except InputError:
        return False
    return True


def bundled(dnn: DNN) -> bool:
    """Whether a network is a bundled one, which can be had with other bits, and not one's own, whatever its name.

    >>> bundled(load_dnn("alexnet")), bundled(load_dnn("alexnet").blocks())
    (True, False)
    """
    if dnn.name not in dnn_names() or dnn.coding is None:
        return False
    return dnn == load_dnn(dnn.name, **dnn.coding.model_dump(exclude_none=True))


@lru_cache(maxsize=32)
def _loaded(name: str) -> Scenario:
    return load_scenario(name)


def _plans(scenario: Scenario) -> dict[str, Plan]:
    """The best plan under each rule; local-only is missing where the device's memory does not hold all layers."""
    priced, found = costs(scenario), {}
    for rule in RULES:
        if rule != "local-only" or priced.largest_placement == priced.layers:
            found[rule] = plan(priced, rule=rule)
    return found
