"""Where the gain comes from and where it vanishes: a scenario's quantities moved, one at a time and all together.

A saving is a share of a cost: "over static" against the best fixed split, "saving" against the better of that and one look.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import sobol_indices, uniform
from scipy.stats import t as student

from coinfer.channel import Markov
from coinfer.channel.law import Floats
from coinfer.cost import Costs, costs
from coinfer.coupling import decided_apart
from coinfer.grid import sweep
from coinfer.network import DNN
from coinfer.placement import plan, total_costs
from coinfer.scenario import Scenario
from coinfer.study.knowing import off_by, off_in_snr
from coinfer.study.one_clock import on_one_clock
from coinfer.study.real import scaled_pace, scaled_rates
from coinfer.study.regimes import mean_rate_bps

RULES = ("edge-only", "local-only", "optimal", "1-sla", "static", "probe-once")  # as they are drawn, one over another
MISTAKES = ("placed apart", "split apart", "both apart")
SPENT = ("ETC [-]", "time [s]", "energy [J]")
NAMES = (
    "bandwidth",
    "mean SNR",
    "device speed",
    "edge speed",
    "$K$",
    "weight of energy",
    "bits",
)  # of what `here` holds
SNR, BITS = "link.mean_snr_db", "dnn"
WORTH, DEAR = 0.01, 0.1  # of a cost: what counts, and what is much


# -- in absolute numbers, one quantity at a time


class Quantity(NamedTuple):
    """What is moved: its name and unit, its value in the scenario in that unit, how it is scaled, and how far."""

    label: str
    here: float
    scaled: Callable[[Scenario, float], Scenario]
    power: float = 1.0  # of the factors, so that all quantities matter about as much


def quantities(case: Scenario) -> list[Quantity]:
    """What is moved in a scenario: two figures of the link, the device's speed, K, and the weight of a joule.

    Of a link of given rates, these and how fast it moves between them; of another, its bandwidth, which spreads the same
    power, and its distance, or its mean SNR where that is given.

    >>> import coinfer
    >>> [quantity.label for quantity in quantities(coinfer.load_scenario("city-camera"))][:2]
    ['mean rate [Mbit/s]', 'pace of the link [-]']
    """
    link, channel, weights = case.link, case.channel, case.weights
    far = Quantity("distance [m]", link.distance_m or 0.0, off_by("link__distance_m"), 0.3)
    of_link = [
        Quantity("bandwidth [MHz]", link.bandwidth_hz / 1e6, off_by("link__bandwidth_hz")),
        far if link.distance_m else Quantity("mean SNR [-]", link.mean_snr, off_in_snr),
    ]
    if isinstance(channel, Markov) and channel.rates_bps is not None:
        pace = Quantity("pace of the link [-]", 1.0, scaled_pace)
        of_link = [Quantity("mean rate [Mbit/s]", mean_rate_bps(case) / 1e6, scaled_rates), pace]
    elif (long_s := getattr(channel, "coherence_time_s", None)) is not None:
        of_link[1] = Quantity("coherence time [s]", long_s, off_by("channel__coherence_time_s"))
    return [
        *of_link,
        Quantity("device speed [GMAC/s]", case.device.macs_per_s / 1e9, off_by("device__macs_per_s")),
        Quantity("updates apart, $K$ [-]", case.inferences_per_update, off_by("inferences_per_update")),
        Quantity(r"weight $\beta_e$ [1/J]", weights.energy_per_j, off_by("weights__energy_per_j")),
    ]


def spent_along(case: Scenario, factors: Iterable[float], rules: Iterable[str] = RULES) -> pd.DataFrame:
    """What each rule spends at its own best placement as each of the `quantities` is moved, a row a value and a rule.

    Columns: "quantity", "factor", "value" in the quantity's unit, "rule", "M*", and those of `SPENT`; the seconds and joules
    of an inference are without its share of the download, which the ETC holds. A tail lasts until the next inference, as in the
    model, whose optimal rule would not be optimal for the longest tails that can be (R26).

    >>> import coinfer
    >>> table = spent_along(coinfer.load_scenario("abstract-model"), [1.0], ["optimal"])
    >>> table["ETC [-]"].round(4).unique().tolist()
    [0.7109]
    """
    return pd.DataFrame(
        {"quantity": moved.label, "factor": by, "value": moved.here * by, "rule": rule, "M*": best.placement}
        | dict(zip(SPENT, (best.cost, best.time_s, best.energy_j), strict=True))
        for moved in quantities(case)
        for factor in factors
        for by in [factor**moved.power]
        for given in [costs(moved.scaled(case, by))]
        for rule in rules
        for best in [plan(given, rule=rule)]
    )


def furthest(spent: pd.DataFrame, rule: str, of: str = "optimal") -> pd.Series:
    """The row in which a rule's ETC is dearest against another's, with "ratio" of the two."""
    wide = spent.pivot(index=["quantity", "value"], columns="rule", values="ETC [-]")
    ratio = (wide[rule] / wide[of]).rename("ratio").reset_index()
    return ratio.iloc[int(ratio["ratio"].to_numpy().argmax())]


# -- over a grid of scenarios


def gains(given: Costs) -> dict[str, NDArray]:
    """`decided_apart`, the ETC of one look, and what the joint optimum saves: "saving" and "over static", as shares."""
    fits = slice(given.largest_placement + 1)
    found, once = decided_apart(given), total_costs(given, "probe-once")[..., fits].min(axis=-1)
    over = {"over static": found["static"], "saving": np.minimum(found["static"], once)}
    saved = {name: np.maximum(np.round(1 - found["joint"] / least, 10), 0.0) for name, least in over.items()}
    return found | {"probe-once": once} | saved


def here(given: Scenario) -> dict[str, float]:
    """The value of every quantity that the grid moves, by its field; bits of an activation for the network."""
    return {
        "link.bandwidth_hz": given.link.bandwidth_hz,
        SNR: float(10 * np.log10(given.link.mean_snr)),
        "device.macs_per_s": given.device.macs_per_s,
        "edge.macs_per_s": given.edge.macs_per_s,
        "inferences_per_update": given.inferences_per_update,
        "weights.energy_per_j": given.weights.energy_per_j or given.weights.time_per_s,
        BITS: 32.0,
    }


def ranges(given: Scenario, points: int, widths: int) -> dict[str, Floats]:
    """The values of every quantity: 30-fold either way, the mean SNR over 45 dB, an activation's bits from 2 to 32."""
    values = {name: value * np.geomspace(1 / 30, 30, points) for name, value in here(given).items()}
    return values | {SNR: np.linspace(-25, 20, points), BITS: np.linspace(2, 32, widths).round()}


def narrowed(net: DNN, bits: float) -> DNN:
    """The network with activations of other than 32 bits a value; its input stays as it is."""
    first, *later = net.output_bits
    return net.model_copy(update={"output_bits": (first, *(round(o * bits / 32) for o in later))})


def over_networks(given: Scenario, chains: Mapping[str, DNN], values: Mapping[str, Floats]) -> pd.DataFrame:
    """`gains` for every network and value: a row each, columns "network", "quantity", "value", "layers", those of `gains`.

    >>> import coinfer
    >>> case = coinfer.load_scenario("abstract-model")
    >>> over_networks(case, {"a": case.dnn}, {"inferences_per_update": np.array([1000.0])})["over static"].round(3).tolist()
    [0.388]
    """
    parts = []
    for name, net in chains.items():
        for field, taken in values.items():
            given_to: list[Any] = [narrowed(net, bits) for bits in taken] if field == BITS else taken.tolist()
            part = sweep(given.replace(dnn=net), {field: given_to}, measure=gains).drop(columns=field)
            parts.append(part.assign(network=name, quantity=field, value=taken, layers=net.layers))
    found = pd.concat(parts, ignore_index=True)
    keys = ["network", "quantity", "value", "layers"]
    return found[[*keys, *(name for name in found if name not in keys)]]


def losses(grid: pd.DataFrame) -> pd.DataFrame:
    """What the `MISTAKES` cost more than deciding jointly, as shares; the rows of the grid."""
    return (grid[list(MISTAKES)].div(grid["joint"], axis=0) - 1).clip(lower=0).round(10)


def why_none(grid: pd.DataFrame) -> pd.Series:
    """Why a scenario of the grid gains less than 1 % over static, told by the placements; "" where it gains more."""
    reasons = {
        "": grid["over static"] >= WORTH,
        "nothing placed": grid["joint placement"] == 0,
        "static places all": grid["static placement"] == grid["layers"],
    }
    chosen = np.select(list(reasons.values()), list(reasons), "placed, but little helps")
    return pd.Series(chosen, index=grid.index, name="why")


def scenario_of(given: Scenario, chains: Mapping[str, DNN], network: str, quantity: str, value: float) -> Scenario:
    """The scenario of a row of the grid."""
    if quantity == BITS:
        return given.replace(dnn=narrowed(chains[network], value))
    return given.replace(dnn=chains[network], **{quantity.replace(".", "__"): value})


def clocked(given: Scenario, chains: Mapping[str, DNN], grid: pd.DataFrame, size: int, rng: int) -> pd.DataFrame:
    """`on_one_clock` for scenarios drawn from the grid, a row for each and each coherence time.

    Columns beside those: "scenario", the number of the draw; "network", "quantity", "value"; "promised", what independent
    draws promise over static, as a share; "followed, against static", what following that plan costs more than static.
    """
    drawn = np.random.default_rng(rng).choice(len(grid), size=min(size, len(grid)), replace=False)
    keys = ["network", "quantity", "value"]
    part = grid.iloc[np.sort(drawn)].reset_index(drop=True)
    told = part[keys].itertuples(index=False)
    some = {number: scenario_of(given, chains, *key) for number, key in enumerate(told)}
    found = on_one_clock({str(number): case for number, case in some.items()})
    found.insert(0, "scenario", found.pop("network").astype(int))
    found = found.join(part[[*keys, "over static"]].rename(columns={"over static": "promised"}), on="scenario")
    return found.assign(**{"followed, against static": (found["followed"] / found["static"] - 1).round(10)})


# -- all together


def ranking(given: Scenario, *, factor: float, samples: int, repeats: int, rng: int) -> pd.DataFrame:
    """What moves the savings most as every quantity but the network moves by `factor` either way; a row each, two savings.

    Columns: "of", the saving; "quantity"; the saving "at the low end" and "at the high end" of the quantity, the others left
    alone; Sobol's "first order" and "total" index, and the half widths of their 95 % intervals, from `repeats` scrambled
    samples. The mean SNR is a quantity of its own, so that the bandwidth moves the rate alone.
    """
    at = here(given)
    del at[BITS]
    spread = {name: 10 * np.log10(factor) if name == SNR else np.log(factor) for name in at}
    middle = {name: value if name == SNR else np.log(value) for name, value in at.items()}
    ends = np.array([[sign * (i == j) for i in range(len(at))] for j in range(len(at)) for sign in (-1, 1)])
    corners = np.array(list(middle.values())) + ends * np.array(list(spread.values()))
    saved = partial(_savings_at, given, tuple(at))
    tornado = saved(corners.T).reshape(2, -1, 2)
    distributions = [uniform(middle[name] - spread[name], 2 * spread[name]) for name in at]
    found = [
        sobol_indices(func=saved, n=samples, dists=distributions, rng=stream)
        for stream in np.random.default_rng(rng).spawn(repeats)
    ]
    quantile = student.ppf(0.975, repeats - 1) / np.sqrt(repeats)
    columns = {"at the low end": tornado[..., 0].ravel(), "at the high end": tornado[..., 1].ravel()}
    for name, order in (("first order", "first_order"), ("total", "total_order")):
        every = np.array([getattr(one, order) for one in found]).reshape(repeats, -1)
        columns |= {name: every.mean(axis=0), f"{name}, half width": quantile * every.std(axis=0, ddof=1)}
    table = pd.DataFrame({"of": np.repeat(["over static", "saving"], len(at)), "quantity": [*at] * 2} | columns)
    return table.sort_values(["of", "total"], ascending=[True, False], ignore_index=True)


def _savings_at(given: Scenario, fields: tuple[str, ...], points: Floats) -> Floats:
    """Savings "over static" and over less (2, B) at points (fields, B): logarithms, but of the mean SNR, which is in dB."""
    rows = {name: row if name == SNR else np.exp(row) for name, row in zip(fields, points, strict=True)}
    found = sweep(given, pd.DataFrame(rows), measure=gains)
    return found[["over static", "saving"]].to_numpy().T


def leading(ranked: pd.DataFrame) -> list[str]:
    """The quantities whose total index is not surely below the largest: their intervals meet that of the first."""
    low, high = (ranked["total"] + sign * ranked["total, half width"] for sign in (-1, 1))
    return ranked.loc[high >= low.iloc[int(ranked["total"].to_numpy().argmax())], "quantity"].tolist()
