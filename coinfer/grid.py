"""Many scenarios at once: the placement and its cost over a grid of scenario fields, vectorised."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coinfer.catalogue.names import check_radio
from coinfer.channel.law import Floats
from coinfer.cost import Costs, costs
from coinfer.placement import check_finite, total_costs
from coinfer.rule import Rule
from coinfer.rules import as_rule
from coinfer.scenario import Scenario
from coinfer.system import MOST_SNR
from coinfer.validation import InputError, an, as_float, brief, is_number, needs

if TYPE_CHECKING:
    import pandas

MOST_POINTS = 10_000_000  # of a grid
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
    a block of its own. Bandwidth and SNR change nothing on a channel of given rates, and are refused there. An `executor`
    of any kind (`concurrent.futures`, or the `get_executor()` of a dask client) takes the blocks; the result is the same.
    Raises `InputError` before any work starts.

    >>> import coinfer
    >>> sweep(coinfer.load_scenario("abstract-model"), {"inferences_per_update": [1, 100, 10_000]})["placement"].tolist()
    [1, 5, 6]
    """
    import pandas

    scenario, rule = an("scenario", scenario, Scenario), as_rule(rule, depth)
    if measure is not None and not callable(measure):
        raise InputError(f"measure = {brief(measure)}: should be a function of Costs")
    if executor is not None and not callable(getattr(executor, "map", None)):
        raise InputError(
            f"executor = {brief(executor)}: should have a method `map`, as those of concurrent.futures have"
        )
    progress = an("progress", progress, bool)
    given, count = _points(grid)
    blocks = list(_blocks(scenario, given, count))
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
    """The values of every field, one a point, and the number of points. Raises `InputError`."""
    import pandas

    if not isinstance(grid, Mapping | pandas.DataFrame):
        raise InputError(
            f"grid = {brief(grid)}: should be a mapping of fields to the values they take, or a data frame of points"
        )
    for name in grid:
        if not isinstance(name, str):
            raise InputError(f"grid: {brief(name)} is not the name of a field; should be text")
    if isinstance(grid, pandas.DataFrame):
        if not grid.columns.is_unique:
            raise InputError(f"grid: has columns {brief(list(grid.columns))}; should have each once")
        given, count = {str(name): grid[name].tolist() for name in grid}, len(grid)
    else:
        for name, values in grid.items():
            if (
                isinstance(values, str | bytes | Mapping)
                or not hasattr(values, "__iter__")
                or not hasattr(values, "__len__")
            ):
                raise InputError(f"{name} = {brief(values)}: should be a list of the values it takes")
        if (count := prod(len(values) for values in grid.values())) > MOST_POINTS:
            raise InputError(f"grid: has {count:.3g} points; should have at most {MOST_POINTS:.0e}")
        taken = ([value.item() if isinstance(value, np.generic) else value for value in grid[name]] for name in grid)
        given = dict(zip(grid, map(list, zip(*product(*taken), strict=True)), strict=False))
    if not count:
        raise InputError(f"grid = {brief(grid)}: has no points; every field should have at least one value")
    return given, count


def _is_smooth(name: str) -> bool:
    """Whether a block may hold many values of a field: numbers of the device, edge, link, weights, and K."""
    part, _, field = name.partition(".")
    if field in ("name", "measured_on", "table"):
        return False
    smooth = field and part in ("device", "edge", "link", "weights") and name != "device.memory_bits"
    return bool(smooth) or name == "inferences_per_update"


def _blocks(scenario: Scenario, columns: dict[str, list[Any]], count: int) -> Iterator[Block]:
    """The points in blocks that differ in smooth fields only; one by one where the channel takes no columns.

    Raises `InputError` where a point is none that `Scenario.replace` takes.
    """
    inside = {name: values for name, values in columns.items() if _is_smooth(name) and all(map(is_number, values))}
    apart = sorted(
        (name for name in columns if name not in inside), key=lambda name: name.count(".")
    )  # wholes, then parts
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in range(count):
        chosen = (columns[name][row] for name in apart)
        groups.setdefault(tuple(each if isinstance(each, Hashable) else id(each) for each in chosen), []).append(row)
    for members in groups.values():
        fixed = {name: columns[name][members[0]] for name in apart}
        points = {name: [values[row] for row in members] for name, values in inside.items()}
        base = _replace(scenario, fixed) if not inside else _checked(scenario, fixed, points)
        if "channel" not in fixed:
            check_radio(base.channel, {name.removeprefix("link."): values[0] for name, values in points.items()})
        size = BLOCK if base.channel.broadcasts else 1
        for start in range(0, len(members), size):
            rows = np.array(members[start : start + size])
            if base.channel.broadcasts:
                yield (
                    base,
                    {name: np.array(values[start : start + size], float) for name, values in points.items()},
                    rows,
                )
            else:
                point = {name: values[start] for name, values in points.items()}
                yield _replace(scenario, fixed | point), {}, rows


def _checked(scenario: Scenario, fixed: dict[str, Any], points: dict[str, list[Any]]) -> Scenario:
    """A scenario with the fields that points share, once it is sure that it takes the others, too. Raises `InputError`.

    Their domains are intervals, so that the points at their ends say it for all; the mean SNR, which several make together, is
    looked at in each.
    """

    def at(row: int) -> Scenario:
        return _replace(scenario, fixed | {name: values[row] for name, values in points.items()})

    base, columns = at(0), {}
    for name, values in points.items():
        for row, value in enumerate(values):
            if not as_float(value) < inf:
                at(row)  # it says what is wrong, if anything is
                raise InputError(f"{name} = {brief(value)}: should be a number")
        columns[name] = np.array(values, dtype=float)
        at(int(columns[name].argmin()))
        at(int(columns[name].argmax()))
    link, shape = _with_columns(base, columns).link, (len(values), 1)
    with np.errstate(all="ignore"):
        sends = np.broadcast_to(np.asarray(link.transmit_power_w) > 0, shape)
        snr = np.broadcast_to(link.received_snr, shape)
    for bad in np.flatnonzero(sends & ~((snr > 0) & (snr < MOST_SNR))):
        at(int(bad))
    return base


def _replace(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    return scenario.replace(changes)


def _solve(measure: Measure, job: tuple[Scenario, dict[str, Floats]]) -> dict[str, NDArray]:
    """What is measured at the points of a block."""
    base, varying = job
    return {name: np.atleast_1d(values) for name, values in measure(costs(_with_columns(base, varying))).items()}


def _best(given: Costs, rule: Rule) -> dict[str, NDArray]:
    """The best placement and its cost."""
    j = check_finite(np.atleast_2d(total_costs(given, rule)))
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
