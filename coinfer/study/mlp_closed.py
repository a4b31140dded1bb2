"""The closed form for an MLP with equal neurons (R7, R8) against exhaustive search: drawn at random, along N and width, on maps."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from coinfer import channel
from coinfer.channel.law import Floats, UnitCostLaw
from coinfer.closed_form import mlp_critical_downloads, mlp_placement
from coinfer.cost import Costs, costs
from coinfer.grid import sweep
from coinfer.network import mlp
from coinfer.placement import plan, total_costs
from coinfer.scenario import Scenario
from coinfer.system import Link, Weights

RULES = ("1-sla", "optimal")  # those with a closed form: R7, R8
TOGETHER = 500  # instances of one depth on one link, computed at once
CHANNELS = (
    channel.Rayleigh(outage_gain=0.05),
    channel.Nakagami(m=2),
    channel.Rician(k=4, outage_gain=0.05),
    channel.RateTable(),
    channel.TruncatedInversion(rate_bps=2e6, outage_gain=0.1),
)


def random_instances(groups: int, weights: Weights, rng: np.random.Generator) -> pd.DataFrame:
    """M* in closed form and by exhaustive search of random MLPs, `groups` times 500 for each rule, a row an instance.

    Columns: "rule"; "layers", N from 1 to 16; "negative", whether delta is; "closed form", "exhaustive", M* [layers]. The
    search takes the smallest minimiser of J over all M, whose costs come from the general recursion.

    >>> import coinfer
    >>> found = random_instances(2, Weights(), np.random.default_rng(0))
    >>> len(found), int((found["closed form"] != found["exhaustive"]).sum())
    (2000, 0)
    """
    return pd.concat(
        [_instances(rule, group, weights, rng) for rule, group in product(RULES, range(groups))], ignore_index=True
    )


def _instances(rule: str, group: int, weights: Weights, rng: np.random.Generator) -> pd.DataFrame:
    """500 MLPs of one depth on one link; for R7 every second time with an input of another size."""
    law = CHANNELS[group % len(CHANNELS)].law(Link(mean_snr_db=rng.uniform(0, 30)), weights)
    size, other_input, result_sent = int(rng.integers(1, 17)), rule == "1-sla" and group % 2, group % 3 == 0
    unlike = [TOGETHER, 1 if other_input else 0]
    bits, extra, download = (
        np.hstack([first * 10 ** rng.uniform(-0.7, 0.7, unlike), np.repeat(first, size - unlike[1], axis=1)])
        for first in _scales(rng)
    )
    last = rng.uniform(0, 1, (TOGETHER, 1)) * result_sent
    given = Costs(extra=extra, bits=np.hstack([bits, last]) / law.mean, download=download, edge=0.0, law=law)
    return pd.DataFrame(
        {
            "rule": rule,
            "layers": size,
            "negative": extra[:, -1] < 0,
            "closed form": mlp_placement(given, rule=rule),
            "exhaustive": total_costs(given, rule).argmin(axis=1),
        }
    )


def _scales(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """What sending costs at a stage, and delta and D of a layer, as multiples of it; each of shape (500, 1)."""
    one = (TOGETHER, 1)
    return np.ones(one), rng.uniform(-0.3, 0.9, one), 10 ** rng.uniform(-6, 0, one)


def where_placed(found: pd.DataFrame) -> pd.DataFrame:
    """Shares of the `random_instances` whose M* is 0, inside, N - 1 or N, a row a rule and N.

    >>> rows = pd.DataFrame({"rule": "optimal", "layers": 4, "exhaustive": [0, 0, 1, 4]})
    >>> where_placed(rows).round(2).values.tolist()
    [['optimal', 4, 0.5, 0.25, 0.0, 0.25]]
    """
    m, n = found["exhaustive"], found["layers"]
    placement = pd.Series(np.select([m == 0, m == n, m == n - 1], ["0", "N", "N-1"], "inside"), found.index)
    shares = pd.crosstab([found["rule"], found["layers"]], placement, normalize="index")
    return shares.reindex(columns=["0", "inside", "N-1", "N"], fill_value=0.0).rename_axis(columns=None).reset_index()


def along(given: Scenario, sizes: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """M* of MLPs of given (layers, neurons), a row a size and rule: columns layers, neurons, rule, "closed form", "exhaustive".

    >>> import coinfer
    >>> along(coinfer.load_scenario("abstract-model"), [(10, 256)])["exhaustive"].tolist()
    [3, 10]
    """
    rows = []
    for layers, neurons in sizes:
        problem = costs(given.replace(dnn=mlp(layers, neurons)))
        for rule in RULES:
            exhaustive = int(total_costs(problem, rule)[: problem.largest_placement + 1].argmin())
            rows.append((layers, neurons, rule, mlp_placement(problem, rule=rule), exhaustive))
    return pd.DataFrame(rows, columns=["layers", "neurons", "rule", "closed form", "exhaustive"])


def map_by_updates(given: Scenario, updates: Floats, snr_db: Floats) -> tuple[pd.DataFrame, Floats]:
    """M* under 1-sla over K and the mean SNR, and the K above which layer m is placed, by the closed form (R7).

    The table has a row a point: columns link.mean_snr_db [dB], inferences_per_update, placement (exhaustive), cost, "closed
    form". The boundaries have shape (SNRs, N).
    """
    table = sweep(
        given, {"link.mean_snr_db": snr_db.tolist(), "inferences_per_update": updates.tolist()}, rule="look-ahead"
    )
    lines = sweep(given, {"link.mean_snr_db": snr_db.tolist()}, measure=_critical)
    critical = given.inferences_per_update * lines.drop(columns="link.mean_snr_db").to_numpy()
    at = table["inferences_per_update"].to_numpy()
    return table.assign(**{"closed form": (at > critical.repeat(len(updates), axis=0).T).sum(axis=0)}), critical


def _critical(given: Costs) -> dict[str, Floats]:
    """D over the D below which layer m is placed: K over the K above which it is."""
    return {str(m): given.download[..., 0] / d for m, d in enumerate(mlp_critical_downloads(given).T, start=1)}


def map_by_cost(given: Scenario, delta: Floats, parameters: Floats) -> tuple[pd.DataFrame, Floats]:
    """M* under 1-sla over delta / (o mu) and the parameters of a layer, whatever device would have them, likewise.

    Columns "delta / (o mu)", "parameters [bit]", placement (exhaustive), "closed form"; boundaries [bit] have shape (deltas, N).
    """
    base = costs(given)
    assert isinstance(base.law, UnitCostLaw)
    per_bit = base.download[0] / given.dnn.parameter_bits[0]
    grid = pd.DataFrame(list(product(delta, parameters)), columns=["delta / (o mu)", "parameters [bit]"])
    extra, download = (
        np.repeat(unit * grid[name].to_numpy()[:, None], base.layers, axis=1)
        for name, unit in zip(grid, (base.bits[0] * base.law.mean, per_bit), strict=True)
    )
    bits = np.broadcast_to(base.bits, (len(grid), base.layers + 1))
    many = Costs(extra=extra, bits=bits, download=download, edge=base.edge, law=base.law)
    critical = mlp_critical_downloads(many)[:: len(parameters)] / per_bit
    closed = (grid["parameters [bit]"].to_numpy() < critical.repeat(len(parameters), axis=0).T).sum(axis=0)
    return grid.assign(placement=total_costs(many, "1-sla").argmin(axis=1), **{"closed form": closed}), critical


def place_on_the_maps(given: Scenario) -> dict[str, tuple[float, float]]:
    """Where the scenario lies on the two maps: (K, SNR [dB]) and (delta / (o mu), parameters [bit])."""
    base = costs(given)
    assert isinstance(base.law, UnitCostLaw)
    return {
        "updates": (given.inferences_per_update, float(10 * np.log10(given.link.mean_snr))),
        "cost": (float(base.extra[0] / (base.bits[0] * base.law.mean)), float(given.dnn.parameter_bits[0])),
    }


def over_updates(cases: Mapping[str, Scenario], updates: Floats, rules: Sequence[str]) -> pd.DataFrame:
    """M* and ETC of each rule, "optimal" first, over K, a row a network, rule and K.

    Columns network, rule, inferences_per_update, placement [layers], cost, and "above", that over the joint optimum's, less 1 [-].

    >>> import coinfer
    >>> cases = {"mlp": coinfer.load_scenario("abstract-model").replace(dnn=coinfer.mlp(10, 256))}
    >>> over_updates(cases, np.array([1e3]), ["optimal", "1-sla"])["above"].round(2).tolist()
    [0.0, 0.62]
    """
    tables = []
    for name, case in cases.items():
        found = {rule: sweep(case, {"inferences_per_update": updates.tolist()}, rule=rule) for rule in rules}
        best = found["optimal"]["cost"]
        tables += [
            table.assign(network=name, rule=rule, above=(table["cost"] / best - 1).round(10))
            for rule, table in found.items()
        ]
    columns = ["network", "rule", "inferences_per_update", "placement", "cost", "above"]
    return pd.concat(tables, ignore_index=True)[columns]


def gaps(cases: Mapping[str, Scenario]) -> pd.DataFrame:
    """What 1-sla loses against the optimal rule at each placement, and the bound of R16, as shares of the optimal cost.

    Columns network, placement, gap, bound; a row a network and M = 1..N.
    """
    rows = []
    for name, case in cases.items():
        best = plan(case)
        for m in range(1, best.problem.layers + 1):
            gap = plan(best.problem, rule="look-ahead", placement=m).gap
            rows.append((name, m, gap.total / best.costs[m], gap.bound / best.costs[m]))
    return pd.DataFrame(rows, columns=["network", "placement", "gap", "bound"])
