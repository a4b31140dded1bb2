"""The large time scale: how many layers to place on the device, given the rule that will stop.

    J(M) = C_edge + sum_{m<=M} D_m + the rule's expected cost from stage 0 on

is the ETC of an inference, and M* its smallest minimiser. J need not be unimodal, so every placement is compared.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from coinfer import stopping
from coinfer.channel.law import Floats, Law, State
from coinfer.channel.moving_law import MovingLaw
from coinfer.cost import Costs, apart, as_costs, of_one
from coinfer.network import DNN
from coinfer.rule import Rule
from coinfer.rules import as_rule, committed_cost, static_costs
from coinfer.scenario import Scenario
from coinfer.validation import InputError, an, brief, whole
from coinfer.words import one_look, plan_table, stop_conditions

QUANTILES = (0.5, 0.95, 0.99)  # of the time of an inference, wherever they are given


@dataclass(frozen=True, eq=False)
class Gap:
    """What a rule loses against the optimal rule at the same placement (R15), and a bound known without it (R16)."""

    # (M,) the price of stopping too early (or too late) at stage n, times the chance of being there; look-ahead sees the
    # end from stage M - 1 on, so that its last entry is 0
    stages: Floats
    bound: float  # of the sum, for look-ahead of any depth; inf for rules that have none

    @property
    def total(self) -> float:
        """J_rule(M) - J_optimal(M)."""
        return float(self.stages.sum())


@dataclass(frozen=True, eq=False)
class Plan:
    """A rule with its placement: what to download, and when to stop."""

    problem: Costs
    rule: Rule
    placement: int  # M*, or the given M
    costs: Floats  # (N+1,) J(0)..J(N), whatever the device's memory

    def __post_init__(self) -> None:
        layers = of_one(an("problem", self.problem, Costs)).layers
        if not isinstance(self.rule, Rule):
            raise InputError(f"rule = {brief(self.rule)}: should be a rule")
        whole("placement", self.placement, 0, layers)
        if np.shape(self.costs) != (layers + 1,):
            raise InputError(
                f"costs: have shape {np.shape(self.costs)}; should be ({layers + 1},), one for each placement"
            )

    def __repr__(self) -> str:
        return f"Plan({self.rule}: place {self.placement} of {self.problem.layers} layers, ETC {self.cost:.4g})"

    def _repr_html_(self) -> str:
        """A table for notebooks: when the device stops at each stage, and how often it does."""
        return plan_table(self.problem, self._stop_conditions(), self._stop_shares(), repr(self))

    def _stop_conditions(self) -> list[str]:
        """When the rule stops at stages 0..M, in words."""
        last = (
            "always, as no layer is left"
            if self.placement == self.problem.layers
            else "always, as no more layers are placed"
        )
        law = self.problem.law
        if self.rule.commits and isinstance(law, MovingLaw):
            ways = one_look(law, self.rule.chosen_stages(self.problem, self.placement, law))
            led = ([when for when, chosen in ways if chosen == stage] for stage in range(self.placement + 1))
            return [f"first look: {', or '.join(whens)}" if whens else "never" for whens in led]
        return [*stop_conditions(self.problem, self.stop_thresholds), last]

    def _stop_shares(self) -> Floats:
        """How often an inference stops at stages 0..M; (M+1,)."""
        moving = isinstance(self.problem.law, MovingLaw)
        return self.stop_states.sum(axis=0) if moving else self.stop_probabilities

    @property
    def cost(self) -> float:
        """J at the placement: the ETC of an inference, download included."""
        return float(self.costs[self.placement])

    @property
    def stop_thresholds(self) -> Floats:
        """A_0..A_{M-1}: the device stops at stage n if o_n X_n <= A_n; shape (M,).

        For an optimal or look-ahead rule on a channel with memory, (S, M): a threshold for each state seen at stage n.
        Probe-once has none there, and says so with an `InputError`.
        """
        return self.rule.checked_thresholds(self.problem, self.placement)

    def thresholds_on(self, law: Law) -> Floats:
        """The thresholds of this plan for a channel whose states differ from those that the plan was made for."""
        a = self.stop_thresholds
        return a if law is self.problem.law else self.problem.law.translate(self.problem.bits[: a.shape[-1]], a, law)

    def chosen_stage(self, unit_cost: Floats, outage_s: ArrayLike = 0.0) -> NDArray[np.int64] | None:
        """Where a rule that commits at stage 0 will stop, seeing these unit costs there; None for other rules."""
        if not self.rule.commits:
            return None
        return self.rule.chosen_stage(self.problem, self.placement, unit_cost, outage_s)

    def chosen_stage_in(self, law: Law, state: State) -> NDArray[np.int64] | None:
        """The same for states drawn at stage 0 from the law of a channel, its own or another."""
        if not self.rule.commits:
            return None
        if isinstance(law, MovingLaw):
            return self.rule.chosen_stages(self.problem, self.placement, law)[state]
        return self.chosen_stage(law.unit_cost(state))

    @cached_property
    def time_s(self) -> float:
        """Expected time of an inference [s], from the input at hand to the result, download apart (R23).

        `cost` is beta_t (time_s + download_s) + beta_e (energy_j + download_j). Raises `InputError` for costs that were not
        made from a scenario; so do the other three.
        """
        return self._spent(apart(self.problem)[0])

    @cached_property
    def energy_j(self) -> float:
        """Expected energy that an inference takes from the device [J], download apart (R23)."""
        return self._spent(apart(self.problem)[1])

    @property
    def download_s(self) -> float:
        """Time of downloading the layers placed, per inference [s]."""
        return float(apart(self.problem)[0].download[: self.placement].sum())

    @property
    def download_j(self) -> float:
        """Energy of downloading the layers placed, per inference [J]."""
        return float(apart(self.problem)[1].download[: self.placement].sum())

    def _spent(self, priced: Costs) -> float:
        return float(priced.edge) + self.rule.expected(self.problem, self.placement, priced)

    @property
    def stop_states(self) -> Floats:
        """The joint law of the stage n = 0..M and the state of the channel at which it stops; (S, M+1).

        Raises `InputError` unless the channel is one in motion.
        """
        return self.rule.stop_states(self.problem, self.placement)

    @property
    def thresholds(self) -> Floats:
        """Largest unit cost [1/bit] at which stages 0..M-1 stop; shape (M,). Where nothing is sent, +-inf (R1).

        On a channel in motion it is about the states with a rate: the largest c/r of those in which the plan stops at the stage,
        inf if it stops in the worst. What the plan does in an outage, `stop_thresholds` and `stop_states` tell.
        """
        return self.problem.law.largest_stop(self.problem.bits[: self.placement], self.stop_thresholds)

    @property
    def gains(self) -> Floats:
        """Smallest gain [-] at which stages 0..M-1 stop: inf for never, 0 for always; shape (M,) (R1).

        As `thresholds`, about states with a rate: 0 is for always among those, and does not say that the plan stops in an outage
        (`stop_states`). Raises `InputError` on a channel of given rates, which has no gains; see `rates_bps`.
        """
        return self.problem.law.gain(self.thresholds)

    @property
    def rates_bps(self) -> Floats:
        """Smallest rate [bit/s] at which stages 0..M-1 stop, as `gains`, on a channel of given rates; shape (M,).

        Raises `InputError` on a channel of gains.
        """
        return self.problem.law.rate_bps(self.thresholds)

    @property
    def stop_probabilities(self) -> Floats:
        """Probability of stopping at stages 0..M; shape (M+1,)."""
        return stopping.stop_probabilities(self.problem, self.stop_thresholds)

    @property
    def gap(self) -> Gap:
        """The loss against the optimal rule at this placement, stage by stage."""
        losses = stopping.stage_losses(self.problem, self.stop_thresholds)
        return Gap(losses, self.rule.most_lost(self.problem, self.placement))


def plan(
    given: Scenario | Costs, *, rule: Rule | str = "optimal", depth: int | None = None, placement: int | None = None
) -> Plan:
    """The best placement under a rule, or the rule at a given placement. Raises `InputError`.

    `rule` is one of `coinfer.rules` or a name: "optimal"; "look-ahead" of a `depth` (default 1), or "1-sla", "2-sla", ...;
    "static", the best fixed stage n <= M; "edge-only", which stops at 0; "local-only", which is defined at M = N and costs inf
    elsewhere. "memoryless" has the thresholds of independent draws, whatever the channel (those of look-ahead if `depth` is
    given; not for Rayleigh fading in motion, of which draws that last cost infinitely much, R12); "probe-once" decides at stage 0, from X_0, where to stop.

    >>> import coinfer
    >>> at = coinfer.plan(coinfer.load_scenario("abstract-model"), rule="1-sla")
    >>> at.placement, round(at.cost, 4)
    (5, 0.7986)
    """
    costs, rule = of_one(as_costs(given)), as_rule(rule, depth)
    j = check_finite(total_costs(costs, rule))
    if placement is None:
        best = int(np.argmin(j[: costs.largest_placement + 1]))
        if not np.isfinite(j[best]):
            least = int(np.argmax(np.isfinite(j)))
            needed = f"all {costs.layers}" if least == costs.layers else f"{least} of {costs.layers}"
            raise InputError(
                f"rule = {str(rule)!r}: needs {needed} layers on the device, whose memory holds {costs.largest_placement}"
            )
    else:
        best = whole("placement", placement, 0, costs.layers)
        if best > costs.largest_placement:
            raise InputError(
                f"placement = {best}: the device's memory (memory_bits) holds {costs.largest_placement} layers"
            )
    return Plan(costs, rule, best, j)


def check_finite(j: Floats) -> Floats:
    """The costs J of each placement, (..., N+1), if some of them is finite. Raises `InputError`."""
    if not np.isfinite(j).any(axis=-1).all():
        raise InputError(
            "costs: overflow at every placement; the scenario's numbers, or its weights, should be less extreme"
        )
    return j


def total_costs(costs: Costs, rule: Rule | str) -> Floats:
    """J(0)..J(N) of a rule; shape (..., N+1)."""
    return fixed_costs(costs) + as_rule(rule).costs(costs)


def fixed_costs(costs: Costs) -> Floats:
    """C_edge + sum_{m<=M} D_m, what a placement M = 0..N costs whatever the rule; shape (..., N+1)."""
    return costs.edge + np.insert(np.cumsum(costs.download, axis=-1), 0, 0.0, axis=-1)


def check_plan(plan: Plan, costs: Costs) -> Plan:
    """The plan, if it can be followed under these costs. Raises `InputError`."""
    layers = an("plan", plan, Plan).problem.layers
    of_one(costs)
    if layers != costs.layers:
        raise InputError(f"plan: was made for {layers} layers; the scenario has {costs.layers}")
    made_for = plan.problem.scenario
    if made_for is not None and costs.scenario is not None and not _same_network(made_for.dnn, costs.scenario.dnn):
        raise InputError(
            f"plan: was made for the network {brief(made_for.dnn.name)}, the scenario has {brief(costs.scenario.dnn.name)}"
        )
    if made_for is not None and costs.scenario is not None and made_for.weights != costs.scenario.weights:
        raise InputError(
            f"plan: was made at {made_for.weights}, the scenario has {costs.scenario.weights}; its thresholds are costs, so it "
            "should be followed at the weights it was made at (`plan.problem`), where `time_s` and `energy_j` are the same"
        )
    return plan


def _same_network(one: DNN, other: DNN) -> bool:
    """Whether two networks are the same in all that costs depend on, whatever they are called."""
    return all(getattr(one, name) == getattr(other, name) for name in ("macs", "parameter_bits", "output_bits"))


def expected_cost(given: Scenario | Costs, plan: Plan) -> float:
    """J of following a plan under costs that it may not have been made for, as when the channel is not what it seemed.

    >>> import coinfer
    >>> thought = coinfer.load_scenario("abstract-model")
    >>> faded = thought.replace(link__distance_m=80)
    >>> bool(expected_cost(faded, plan(thought)) >= plan(faded).cost)
    True
    """
    costs = as_costs(given)
    fixed = float(fixed_costs(costs)[check_plan(plan, costs).placement])
    if plan.rule.commits and isinstance(costs.law, MovingLaw):
        chosen = plan.rule.chosen_stages(plan.problem, plan.placement, costs.law)
        return fixed + committed_cost(costs, chosen)
    return float(fixed + stopping.evaluate(costs, plan.thresholds_on(costs.law)))


def clairvoyant(given: Scenario | Costs) -> Floats:
    """J(0)..J(N) if all gains were known in advance, a lower bound for every rule (R10); shape (N+1,).

    E min_{n<=M} (S_n + o_n X_n), S_n = sum_{i<=n} delta_i, piece by piece between the points where the law of a term is
    not smooth: that all terms up to n exceed t is that thresholds t - S_n let an inference go on beyond n. On a channel in
    motion it knows what it will see at the stages, not what comes while it sends.
    """
    costs = of_one(as_costs(given))
    law, o = costs.law, costs.bits
    s = np.concatenate([[0.0], np.cumsum(costs.extra)])
    grid = law.price_grid(o)
    fixed = fixed_costs(costs)
    edges = np.unique(s + grid)
    nodes, quadrature = legendre.leggauss(law.nodes)
    half = np.diff(edges)[:, None] / 2
    t = edges[:-1, None] + half * (1 + nodes)
    mean = np.full(costs.layers + 1, edges[0])
    for start in range(0, len(t), 256):
        part = slice(start, start + 256)
        reached = law.average(law.reach(o, t[part, :, None, None] - s), 1.0)
        above = reached.reshape(*t[part].shape, costs.layers + 2)[..., 1:]
        mean += np.sum(above * (half[part] * quadrature)[..., None], axis=(0, 1))
    mean[0] = static_costs(costs)[0]
    return fixed + mean
