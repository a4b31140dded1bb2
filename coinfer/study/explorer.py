"""The explorer: a scenario as its controls have it, planned under every rule. Tables and words follow in modules of their own.

Controls change a scenario by name and number; all that is shown follows from `coinfer.plan`. What is dear is made once.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coinfer.cost import costs
from coinfer.network import DNN, dnn_names, load_dnn
from coinfer.placement import Plan, plan
from coinfer.scenario import Scenario, load_scenario
from coinfer.validation import positive

RULES = ("edge-only", "local-only", "static", "probe-once", "1-sla", "optimal")


@dataclass(frozen=True)
class Choice:
    """What the controls say; None leaves what the scenario has.

    `dnn`, `device` and `link` are names of bundled ones.
    """

    scenario: str = "default"
    dnn: str | None = None
    device: str | None = None
    link: str | None = None
    inferences_per_update: float | None = None
    activation_bits: int | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, eq=False)
class Explored:
    """A scenario and its plan under each rule that it admits; `deadline_s` [s], if there is one."""

    scenario: Scenario
    plans: dict[str, Plan]
    deadline_s: float | None

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
    return given.replace(**{name: value for name, value in changes.items() if value is not None})


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
