"""Many scenarios at once: the placement and its cost over a grid of scenario fields, vectorised."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.cost import Costs, costs
from coinfer.placement import total_costs
from coinfer.rules import Rule, as_rule
from coinfer.scenario import Scenario
from coinfer.validation import InputError, an, brief, needs

if TYPE_CHECKING:
    import pandas

BLOCK = 1024  # scenario points computed at a time: bounds the memory, and is the unit of work of an executor

Measure = Callable[[Costs], Mapping[str, NDArray]]
Block = tuple[
    Scenario, dict[str, Floats], NDArray[np.intp]
]  # a scenario, what varies in it, and the rows of its points


def sweep(
    scenario: Scenario,
    grid: "Mapping[str, Sequence[Any]] | pandas.DataFrame",
    *,
    rule: Rule | str = "optimal",
    depth: int | None = None,
    measure: Measure | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> "pandas.DataFrame":
    """The best placement at every point of a grid: a row a point, the last field varying fastest.

    `grid` maps fields of a scenario (`link.bandwidth_hz`, `inferences_per_update`, `channel.outage_gain`, `dnn`, ...)
    to the values they take; a data frame lists the points themselves, a row each. Columns: the fields, then
    `placement` and `cost` (-1 and inf where the rule does not fit in the device's memory). A `measure` computes other
    columns instead: it maps `Costs` with a leading axis of B points (or none, for one point) to named arrays (B,).

    Numbers that enter the costs smoothly are computed a block at a time; a network, a channel or a memory limit starts
    a block of its own. An `executor` of any kind (`concurrent.futures`, or the `get_executor()` of a dask client) takes
    the blocks; the result is the same. Raises `InputError` before any work starts.

    >>> import coinfer
    >>> sweep(coinfer.load_scenario("abstract-model"), {"inferences_per_update": [1, 100, 10_000]})["placement"].tolist()
    [1, 5, 6]
    """
    import pandas

    scenario, rule = an("scenario", scenario, Scenario), as_rule(rule, depth)
    given, count = _points(grid)
    if {"link.mean_snr_db", "link.distance_m"} <= set(given):
        raise InputError("link.mean_snr_db and link.distance_m: only one of them may vary")
    columns = {name: _checked(scenario, name, values) for name, values in given.items()}
    blocks = list(_blocks(scenario, columns, count))
    solve = partial(_solve, measure or partial(_best, rule=rule))
    jobs = [(base, varying) for base, varying, _ in blocks]
    results = map(solve, jobs) if executor is None else executor.map(solve, jobs)
    found: dict[str, NDArray] = {}
    for (_, _, rows), result in zip(blocks, _shown(results, len(jobs)) if progress else results, strict=True):
        for name, values in result.items():
            found.setdefault(name, np.empty(count, values.dtype))[rows] = values
    points = grid if isinstance(grid, pandas.DataFrame) else pandas.DataFrame(given, index=range(count))
    return points.assign(**found)


def _shown(results: Iterable[Any], count: int) -> Iterable[Any]:
    """The results, with a bar that shows how many have come."""
    with needs("study"):
        from tqdm.auto import tqdm

    return tqdm(results, total=count, desc="sweep", unit="block")


def _points(grid: "Mapping[str, Sequence[Any]] | pandas.DataFrame") -> tuple[dict[str, list[Any]], int]:
    """The values of every field, one a point, and the number of points."""
    if not isinstance(grid, Mapping):
        given, count = {str(name): grid[name].tolist() for name in grid}, len(grid)
    else:
        for name, values in grid.items():
            if isinstance(values, (str, Mapping)) or not hasattr(values, "__iter__"):
                raise InputError(f"{name} = {brief(values)}: should be a list of the values it takes")
        taken = ([value.item() if isinstance(value, np.generic) else value for value in grid[name]] for name in grid)
        points = list(product(*taken))
        given, count = dict(zip(grid, map(list, zip(*points, strict=True)), strict=False)), len(points)
    if not count:
        raise InputError(f"grid = {brief(grid)}: has no points; every field should have at least one value")
    return given, count


def _checked(scenario: Scenario, name: str, values: list[Any]) -> list[Any]:
    """The values of a field as the scenario holds them, each tried on it by itself; names stay names: a link brings its channel."""
    path = name.replace(".", "__")

    def tried(value: Any) -> Any:
        found: Any = scenario.replace(**{path: value})
        for part in name.split("."):
            found = getattr(found, part)
        return value if isinstance(value, str) else found

    if not _is_smooth(name):
        known = {id(value): tried(value) for value in values}
        return [known[id(value)] for value in values]
    try:
        numbers = np.array(values, dtype=float)
    except (TypeError, ValueError):
        numbers = np.empty((0, 0))
    if numbers.ndim != 1:  # one of them is no number: let the scenario say so
        return [tried(value) for value in values]
    for extreme in (numbers.min(), numbers.max()):  # the domain is an interval; a nan or None comes out as a nan
        tried(float(extreme))
    return numbers.tolist()


def _is_smooth(name: str) -> bool:
    """Whether a block may hold many values of a field: numbers of the device, edge, link, weights, and K."""
    part, _, field = name.partition(".")
    if field in ("name", "measured_on", "table"):
        return False
    smooth = field and part in ("device", "edge", "link", "weights") and name != "device.memory_bits"
    return bool(smooth) or name == "inferences_per_update"


def _blocks(scenario: Scenario, columns: dict[str, list[Any]], count: int) -> Iterator[Block]:
    """The points in blocks that differ in smooth fields only; one by one where the channel takes no columns."""
    inside = {name: np.array(values) for name, values in columns.items() if _is_smooth(name)}
    apart = sorted(
        (name for name in columns if name not in inside), key=lambda name: name.count(".")
    )  # wholes, then parts
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, chosen in enumerate(zip(*(columns[name] for name in apart), strict=True) if apart else [()] * count):
        groups.setdefault(chosen, []).append(row)
    for chosen, members in groups.items():
        base = _replace(scenario, dict(zip(apart, chosen, strict=True)))
        size = BLOCK if base.channel.broadcasts else 1
        for start in range(0, len(members), size):
            rows = np.array(members[start : start + size])
            varying = {name: values[rows] for name, values in inside.items()}
            if base.channel.broadcasts:
                yield base, varying, rows
            else:
                yield _replace(base, {name: float(value[0]) for name, value in varying.items()}), {}, rows


def _replace(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    return scenario.replace(**{name.replace(".", "__"): value for name, value in changes.items()})


def _solve(measure: Measure, job: tuple[Scenario, dict[str, Floats]]) -> dict[str, NDArray]:
    """What is measured at the points of a block."""
    base, varying = job
    return {name: np.atleast_1d(values) for name, values in measure(costs(_with_columns(base, varying))).items()}


def _best(given: Costs, rule: Rule) -> dict[str, NDArray]:
    """The best placement and its cost."""
    j = np.atleast_2d(total_costs(given, rule))
    placement = np.argmin(j[:, : given.largest_placement + 1], axis=1)
    cost = j[np.arange(len(j)), placement]
    return {"placement": np.where(np.isfinite(cost), placement, -1), "cost": cost}


def _with_columns(base: Scenario, columns: dict[str, Floats]) -> Scenario:
    """The scenario with columns (B, 1) in place of numbers, which the cost model takes as they are.

    The values were checked before; `model_copy` does not look at them again.
    """
    changes: dict[str, dict[str, Any]] = {}
    for name, column in columns.items():
        part, _, field = name.partition(".")
        changes.setdefault(part, {})[field] = column[:, None]
        if name in ("link.mean_snr_db", "link.distance_m"):
            changes["link"][{"mean_snr_db": "distance_m", "distance_m": "mean_snr_db"}[field]] = None
    update = {
        part: fields[""] if "" in fields else getattr(base, part).model_copy(update=fields)
        for part, fields in changes.items()
    }
    return base.model_copy(update=update)
