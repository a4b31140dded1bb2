"""The definitions of the model in exact rational arithmetic, for discrete laws.

Paths of the channel are followed one atom at a time and policies are listed; no threshold formula, no telescoping and
no closed form of the package is used, so that agreement with it is evidence.
"""

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import accumulate, product

from coinfer import Costs


class Exact:
    """A problem in fractions: what each rule does at each channel state, and what that costs."""

    def __init__(self, costs: Costs):
        self.layers = costs.layers
        self.delta = [Fraction(float(d)) for d in costs.extra]
        self.bits = [Fraction(float(o)) for o in costs.bits]
        self.download = [Fraction(float(d)) for d in costs.download]
        self.edge = Fraction(float(costs.edge))
        weights = [Fraction(float(p)) for p in costs.law.probabilities]
        self.atoms = [
            (Fraction(float(x)), p / sum(weights)) for x, p in zip(costs.law.unit_costs, weights, strict=True)
        ]
        self.mean = sum(x * p for x, p in self.atoms)
        self.spent = list(accumulate(self.delta, initial=Fraction(0)))  # S_0..S_N
        self.placed = list(accumulate(self.download, initial=Fraction(0)))
        self.going = cache(self._going)
        self.sent = [[o * x for x, _ in self.atoms] for o in self.bits]
        self.outcome = cache(self._outcome)

    # what may happen

    def _going(self, n: int, last: int) -> Fraction:
        """Least expected cost from stage n on, X_n not yet seen, if `last` is the last stage."""
        if n == last:
            return self.bits[n] * self.mean
        on = self.delta[n] + self.going(n + 1, last)
        return sum(p * min(sent, on) for sent, (_, p) in zip(self.sent[n], self.atoms, strict=True))

    def follow(self, thresholds: list) -> tuple[Fraction, list[Fraction]]:
        """Expected cost from stage 0 on of stopping at the first o_n x <= A_n, and where it stops; atom by atom."""
        last = len(thresholds)
        here, cost, stops = Fraction(1), Fraction(0), []
        for n in range(last + 1):
            stop = Fraction(0)
            for sent, (_, p) in zip(self.sent[n], self.atoms, strict=True):
                if n == last or sent <= thresholds[n]:
                    stop += p
                    cost += here * p * (self.spent[n] + sent)
            stops.append(here * stop)
            here -= stops[-1]
        return cost, stops

    def every_policy(self, placement: int) -> Fraction:
        """The least expected cost over all policies: any set of atoms at which to stop, at each stage."""
        sets = list(product([False, True], repeat=len(self.atoms)))
        best = None
        for policy in product(sets, repeat=placement):
            here, cost = Fraction(1), Fraction(0)
            for n, stopping in enumerate(policy):
                leaving = [
                    (sent, p) for sent, (_, p), stop in zip(self.sent[n], self.atoms, stopping, strict=True) if stop
                ]
                cost += here * sum(p * (self.spent[n] + sent) for sent, p in leaving)
                here *= 1 - sum(p for _, p in leaving)
            cost += here * (self.spent[placement] + self.bits[placement] * self.mean)
            best = cost if best is None else min(best, cost)
        return best

    # what the rules do

    def thresholds(self, rule: str, depth: int, placement: int) -> list:
        """A_0..A_{M-1}: what going on would cost if one had to end `depth` stages later."""
        if rule == "look-ahead":
            return [self.delta[n] + self.going(n + 1, min(n + depth, placement)) for n in range(placement)]
        always = self.always(placement)
        stage = {"edge-only": 0, "local-only": placement, "static": always.index(min(always))}[rule]
        return [float("-inf") if n < stage else float("inf") for n in range(placement)]

    def always(self, placement: int) -> list[Fraction]:
        """Expected cost from stage 0 on of always stopping at n = 0..M."""
        return [self.spent[n] + self.bits[n] * self.mean for n in range(placement + 1)]

    def clairvoyant(self, placement: int) -> Fraction:
        """The mean of the least cost of a path, over the law of that least cost."""
        law = Counter({None: Fraction(1)})
        for n in range(placement + 1):
            after = Counter()
            for least, here in law.items():
                for sent, (_, p) in zip(self.sent[n], self.atoms, strict=True):
                    cost = self.spent[n] + sent
                    after[cost if least is None else min(least, cost)] += here * p
            law = after
        return sum(cost * p for cost, p in law.items())

    # J

    def rule(self, rule: str, depth: int, placement: int) -> tuple[list, Fraction, list[Fraction]]:
        """Thresholds, expected cost from stage 0 on and stop probabilities of a rule at a placement."""
        if rule in ("optimal", "look-ahead"):  # looking past the placement sees no more
            rule, depth = "look-ahead", placement if rule == "optimal" else min(depth, placement)
        return self.outcome(rule, depth, placement)

    def _outcome(self, rule: str, depth: int, placement: int) -> tuple[list, Fraction, list[Fraction]]:
        thresholds = self.thresholds(rule, depth, placement)
        return thresholds, *self.follow(thresholds)

    def j(self, rule: str, depth: int, placement: int) -> Fraction | float:
        """J(M) of a rule."""
        if rule == "local-only" and placement < self.layers:
            return float("inf")
        fixed = self.edge + self.placed[placement]
        if rule == "clairvoyant":
            return fixed + self.clairvoyant(placement)
        return fixed + self.rule(rule, depth, placement)[1]

    def costs(self, rule: str, depth: int = 1) -> list:
        """J(0)..J(N)."""
        return [self.j(rule, depth, placement) for placement in range(self.layers + 1)]

    def scale(self) -> float:
        """The largest magnitude that enters J."""
        return float(
            abs(self.edge)
            + self.placed[-1]
            + sum(map(abs, self.delta))
            + max(map(max, self.sent))
            + Fraction(1, 10**300)
        )

    def tie_distance(self) -> float:
        """How near a look-ahead of any depth comes to an undecided stop, over all placements and atoms."""
        return min(
            float(abs(sent - a))
            for placement in range(1, self.layers + 1)
            for depth in range(1, placement + 1)
            for n, a in enumerate(self.rule("look-ahead", depth, placement)[0])
            for sent in self.sent[n]
            if sent or a  # sending nothing against going on for nothing is a tie in floats, too
        )
