"""Many scenarios at once: the placement and its cost over a grid of scenario fields, vectorised."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from coinfer.cost import costs
from coinfer.placement import check_rule, total_costs
from coinfer.scenario import Scenario
from coinfer.validation import InputError, brief

if TYPE_CHECKING:
    import pandas

BLOCK = 1024  # scenario points computed at a time: bounds the memory, and is the unit of work of an executor


def sweep(
    scenario: Scenario,
    grid: Mapping[str, Sequence[Any]],
    *,
    rule: str = "optimal",
    depth: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> "pandas.DataFrame":
    """The best placement at every point of a grid: a row a point, the last field varying fastest.

    `grid` maps fields of a scenario (`link.bandwidth_hz`, `inferences_per_update`, `channel.outage_gain`, `dnn`, ...)
    to the values they take. Columns: the fields, then `placement` and `cost`. Numbers that enter the costs smoothly
    are computed a block at a time; a network, a channel or a memory limit starts a block of its own. An `executor` of
    any kind (`concurrent.futures`, or the `get_executor()` of a dask client) takes the blocks; the result is the same.
    Raises `InputError` before any work starts.
    """
    import pandas

    depth = check_rule(rule, depth)
    values = {name: _checked_values(scenario, name, given) for name, given in grid.items()}
    points = pandas.DataFrame(product(*values.values()), columns=list(values))
    blocks = list(_blocks(scenario, values))
    jobs = [(base, columns, rule, depth) for base, columns, _ in blocks]
    results: Iterable[Any] = executor.map(_solve, jobs) if executor is not None else map(_solve, jobs)
    if progress:
        from tqdm.auto import tqdm

        results = tqdm(results, total=len(jobs), desc="sweep", unit="block")
    placement, cost = np.empty(len(points), dtype=np.int64), np.empty(len(points))
    for (_, _, rows), (best, lowest) in zip(blocks, results, strict=True):
        placement[rows], cost[rows] = best, lowest
    return points.assign(placement=placement, cost=cost)


def _checked_values(scenario: Scenario, name: str, values: Sequence[Any]) -> list[Any]:
    """The values of one field, each tried on the scenario by itself."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InputError(f"{name} = {brief(values)}: should be a list of the values it takes")
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    for value in plain:
        scenario.replace(**{name.replace(".", "__"): value})
    return plain


def _is_smooth(scenario: Scenario, name: str) -> bool:
    """Whether a block may hold many values of a field: numbers of the device, edge, link, weights, and K."""
    part = name.partition(".")[0]
    return (
        part in ("device", "edge", "link", "weights", "inferences_per_update")
        and name != "device.memory_bits"
        and scenario.channel.broadcasts
    )


def _blocks(
    scenario: Scenario, values: dict[str, list[Any]]
) -> Iterator[tuple[Scenario, dict[str, np.ndarray], np.ndarray]]:
    """Blocks of points: the scenario of the block, the columns of what varies in it, and the rows of its points."""
    shape = tuple(len(taken) for taken in values.values())
    rows = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    apart = [name for name in values if not _is_smooth(scenario, name) or name.startswith("channel")]
    # a channel in the grid may broadcast or not, so it is asked after it has been set
    for fixed in product(*(range(len(values[name])) for name in apart)):
        chosen = dict(zip(apart, fixed, strict=True))
        base = scenario.replace(**{name.replace(".", "__"): values[name][i] for name, i in chosen.items()})
        inside = [name for name in values if name not in chosen]
        members = rows[tuple(chosen.get(name, slice(None)) for name in values)].ravel()
        mesh = np.meshgrid(*(values[name] for name in inside), indexing="ij")
        columns = {name: axis.ravel() for name, axis in zip(inside, mesh, strict=True)}
        for start in range(0, len(members), BLOCK):
            part = slice(start, start + BLOCK)
            yield base, {name: column[part] for name, column in columns.items()}, members[part]


def _solve(job: tuple[Scenario, dict[str, np.ndarray], str, int | None]) -> tuple[np.ndarray, np.ndarray]:
    """Placement and cost at the points of a block."""
    base, columns, rule, depth = job
    given = costs(_with_columns(base, columns))
    j = np.atleast_2d(total_costs(given, rule, given.layers if depth is None else depth))
    best = np.argmin(j[:, : given.largest_placement + 1], axis=1)
    return best, j[np.arange(len(j)), best]


def _with_columns(base: Scenario, columns: dict[str, np.ndarray]) -> Scenario:
    """The scenario with columns (B, 1) in place of numbers, which the cost model takes as they are.

    The values were checked before; `model_copy` does not look at them again.
    """
    changes: dict[str, dict[str, Any]] = {}
    for name, column in columns.items():
        part, _, field = name.partition(".")
        changes.setdefault(part, {})[field] = column[:, None].astype(float)
        if name in ("link.mean_snr_db", "link.distance_m"):
            changes["link"][{"mean_snr_db": "distance_m", "distance_m": "mean_snr_db"}[field]] = None
    update = {
        part: fields[""] if "" in fields else getattr(base, part).model_copy(update=fields)
        for part, fields in changes.items()
    }
    return base.model_copy(update=update)
