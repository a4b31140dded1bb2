"""Sweeps: the same numbers as one plan after the other, whoever computes them, and bad grids refused before any work."""

import subprocess
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from effort import exhaustive
from strategies import DISCRETE

import coinfer
from coinfer import InputError, channel
from coinfer import sweep as sweep_of
from coinfer.closed_form import mlp_critical_downloads
from coinfer.coupling import costs_of_thresholds, decided_apart
from coinfer.placement import total_costs
from coinfer.stopping import evaluate, look_ahead_thresholds

GIVEN = coinfer.load_scenario("abstract-model")
RULES = [
    ("optimal", None),
    ("look-ahead", 1),
    ("look-ahead", 2),
    ("static", None),
    ("edge-only", None),
    ("local-only", None),
]
CHANNELS = [
    channel.Rayleigh(outage_gain=0.01),
    channel.Nakagami(m=2),
    channel.Rician(k=3, outage_gain=0.1),
    channel.Continuous(distribution="gamma", parameters={"a": 3, "scale": 1 / 3}),
    channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.1),
    channel.Discrete(gains=[0.3, 1, 2], probabilities=[0.2, 0.5, 0.3]),
    channel.Empirical(gains=[0.1, 0.4, 1.1, 2.0]),
    channel.RateTable(),
]
SMOOTH = {
    "link.bandwidth_hz": [2e5, 2e6, 2e7],
    "link.transmit_power_w": [0.01, 1.0],
    "link.noise_figure_db": [0.0, 45.0],
    "link.energy_j_per_bit": [0.0, 1e-7],
    "link.receive_energy_j_per_bit": [0.0, 1e-7],
    "link.tail_s": [0.0, 3.0],
    "link.round_trip_s": [0.0, 0.2],
    "link.downlink_rate_bps": [1e5, 1e8],
    "link.mean_snr_db": [-10, 3.5, 30],
    "link.distance_m": [5.0, 80.0],
    "link.path_loss_exponent": [2.0, 3.5],
    "device.macs_per_s": [3e7, 3e9, 3e10],
    "device.power_w": [0.0, 0.3],
    "edge.macs_per_s": [1e8, 1e11],
    "weights.time_per_s": [0.1, 2.0],
    "weights.energy_per_j": [0, 3],
    "inferences_per_update": [1, 30, 1e5],
}


def replaced(scenario: coinfer.Scenario, point: dict) -> coinfer.Scenario:
    return scenario.replace(**{name.replace(".", "__"): value for name, value in point.items()})


def assert_as_plan(scenario: coinfer.Scenario, grid: dict, rule: str = "optimal", depth: int | None = None) -> None:
    """Every row agrees with `plan`, rows in the order of the grid."""
    found = coinfer.sweep(scenario, grid, rule=rule, depth=depth)
    points = list(pd.MultiIndex.from_product([range(len(values)) for values in grid.values()]))
    assert len(found) == len(points)
    for row, indices in zip(found.to_dict("records"), points, strict=True):
        point = {name: grid[name][i] for name, i in zip(grid, indices, strict=True)}
        assert {name: row[name] for name in point} == point
        plan = coinfer.plan(replaced(scenario, point), rule=rule, depth=depth)
        assert row["cost"] == pytest.approx(plan.cost, rel=1e-8)
        # where two placements cost the same to rounding, either may come out
        assert plan.costs[row["placement"]] == pytest.approx(plan.cost, rel=1e-8)


@pytest.mark.parametrize(("rule", "depth"), RULES)
def test_every_rule(rule, depth):
    assert_as_plan(
        GIVEN, {"link.bandwidth_hz": np.geomspace(1e5, 1e8, 7), "inferences_per_update": [1, 50, 1e4]}, rule, depth
    )


@pytest.mark.parametrize("field", SMOOTH)
@pytest.mark.parametrize(
    "law",
    [
        channel.Rayleigh(outage_gain=0.05),
        channel.Nakagami(m=3),
        channel.TruncatedInversion(rate_bps=1e6, outage_gain=0.1),
        channel.RateTable(),
    ],
    ids=lambda law: law.kind,
)
def test_every_smooth_field_alone(field, law):
    for rule, depth in RULES[:4]:
        assert_as_plan(GIVEN.replace(channel=law), {field: SMOOTH[field]}, rule, depth)


def test_a_tail_that_lasts_to_the_next_inference():
    given = GIVEN.replace(interval_s=0.4, link__outage_power_w=0.2)
    tails = {"link.tail_s": [0.0, 0.3, 3.0], "link.tail_power_w": [0.0, 0.05, 2.0], "link.transmit_power_w": [0.1, 1.0]}
    assert_as_plan(given, tails)


@pytest.mark.parametrize("given", [GIVEN, GIVEN.replace(link__mean_snr_db=5.0)], ids=["distance", "mean SNR"])
@pytest.mark.parametrize("field", ["link.mean_snr_db", "link.distance_m"])
def test_one_of_mean_snr_and_distance_replaces_the_other(given, field):
    assert_as_plan(given, {field: SMOOTH[field], "link.bandwidth_hz": [1e6, 3e6]})


def test_many_fields_at_once():
    fields = [
        "weights.energy_per_j",
        "device.macs_per_s",
        "link.distance_m",
        "edge.macs_per_s",
        "inferences_per_update",
    ]
    assert_as_plan(GIVEN, {name: SMOOTH[name][:2] for name in fields})


def test_channels_that_broadcast_and_channels_that_do_not():
    assert_as_plan(GIVEN, {"link.bandwidth_hz": [1e6, 4e6], "channel": CHANNELS, "device.macs_per_s": [1e8, 1e9]})
    assert_as_plan(GIVEN.replace(channel=channel.RateTable()), {"channel": CHANNELS, "link.bandwidth_hz": [1e6, 4e6]})


def test_a_field_of_the_channel():
    assert_as_plan(GIVEN, {"channel.outage_gain": [0.01, 0.1, 1.0], "link.bandwidth_hz": [1e6, 4e6]})
    assert_as_plan(
        GIVEN.replace(channel=channel.RateTable()), {"channel.m": [0.5, 1, 4], "weights.energy_per_j": [0.1, 1]}
    )


def test_networks_by_name_and_by_themselves():
    assert_as_plan(
        GIVEN,
        {
            "dnn": ["vgg19", coinfer.mlp(4, 300), "alexnet"],
            "result_at_edge": [False, True],
            "inferences_per_update": [10, 1e4],
        },
    )


@pytest.mark.parametrize(("rule", "depth"), RULES[:-1])
def test_memory_limit(rule, depth):
    limits = [None, 0, 1e6, 2e8, 1e12]
    found = coinfer.sweep(
        GIVEN, {"device.memory_bits": limits, "inferences_per_update": [10, 1e6]}, rule=rule, depth=depth
    )
    plans = [
        coinfer.plan(GIVEN.replace(device__memory_bits=limit, inferences_per_update=k), rule=rule, depth=depth)
        for limit in limits
        for k in (10, 1e6)
    ]
    assert list(found["placement"]) == [plan.placement for plan in plans]
    np.testing.assert_allclose(found["cost"], [plan.cost for plan in plans], rtol=1e-8)


def test_a_rule_that_does_not_fit():
    found = coinfer.sweep(GIVEN, {"device.memory_bits": [1e3, 1e12]}, rule="local-only")
    assert list(found["placement"]) == [-1, GIVEN.dnn.layers]
    assert list(np.isfinite(found["cost"])) == [False, True]


def test_a_whole_part_comes_before_its_fields():
    links = [coinfer.Link(distance_m=10), coinfer.Link(mean_snr_db=3, bandwidth_hz=7e6)]
    assert_as_plan(GIVEN, {"link": links, "link.bandwidth_hz": [1e6, 4e6]})
    found = coinfer.sweep(GIVEN, {"channel.outage_gain": [0.3], "channel": [channel.Rayleigh(outage_gain=0.1)]})
    assert found["cost"][0] == pytest.approx(
        coinfer.plan(GIVEN.replace(channel=channel.Rayleigh(outage_gain=0.3))).cost
    )


def test_listed_points():
    rng = np.random.default_rng(0)
    points = pd.DataFrame(
        {
            "link.bandwidth_hz": rng.uniform(1e6, 1e7, 40),
            "dnn": rng.choice(["alexnet", "zfnet512"], 40),
            "inferences_per_update": rng.integers(1, 1000, 40),
        },
        index=np.arange(100, 140),
    )
    found = coinfer.sweep(GIVEN, points)
    pd.testing.assert_frame_equal(found[points.columns], points)
    for (_, point), cost in zip(points.iterrows(), found["cost"], strict=True):
        assert cost == pytest.approx(coinfer.plan(replaced(GIVEN, dict(point))).cost, rel=1e-8)


def test_tidy_types_and_order():
    grid = {
        "dnn": ["alexnet", "zfnet512"],
        "inferences_per_update": [1, 2, 3],
        "link.bandwidth_hz": np.array([1e6, 2e6]),
    }
    found = coinfer.sweep(GIVEN, grid)
    assert list(found) == [*grid, "placement", "cost"]
    assert list(found.index) == list(range(12))
    pd.testing.assert_frame_equal(
        found[list(grid)],
        pd.MultiIndex.from_product(grid.values(), names=list(grid)).to_frame(index=False),
        check_dtype=False,
    )
    kinds = [found[name].dtype.kind for name in ("inferences_per_update", "link.bandwidth_hz", "placement", "cost")]
    assert kinds == ["i", "f", "i", "f"]


def test_no_field_is_the_scenario_itself():
    found = coinfer.sweep(GIVEN, {})
    assert len(found) == 1
    assert found["cost"][0] == pytest.approx(coinfer.plan(GIVEN).cost, rel=1e-12)


def test_more_points_than_a_block_and_a_last_block_of_one():
    values = np.geomspace(1e5, 1e8, sweep_module().BLOCK * 2 + 1)
    found = coinfer.sweep(GIVEN, {"link.bandwidth_hz": values}, rule="look-ahead")
    for row in (0, sweep_module().BLOCK - 1, sweep_module().BLOCK, len(values) - 1):
        assert found["cost"][row] == pytest.approx(
            coinfer.plan(GIVEN.replace(link__bandwidth_hz=values[row]), rule="look-ahead").cost, rel=1e-8
        )


def sweep_module():
    return sys.modules[sweep_of.__module__]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("grid", "complaint"),
    [
        ({"link.bandwith_hz": [1e6]}, "bandwith_hz"),
        ({"bandwidth_hz": [1e6]}, "bandwidth_hz"),
        ({"modem.bandwidth_hz": [1e6]}, "modem"),
        ({"link.bandwidth_hz": [1e6, -1.0, 2e6]}, "bandwidth_hz = -1"),
        ({"link.bandwidth_hz": [1e6, 0.0]}, "bandwidth_hz = 0"),
        ({"link.bandwidth_hz": [1e6, np.nan]}, "bandwidth_hz = nan"),
        ({"link.bandwidth_hz": [1e6, np.inf]}, "bandwidth_hz = inf"),
        ({"link.bandwidth_hz": [1e6, None]}, "Link.bandwidth_hz = None: should be a valid number"),
        ({"link.bandwidth_hz": [1e6, "wide"]}, "bandwidth_hz = 'wide'"),
        ({"link.bandwidth_hz": [[1e6, 2e6]]}, "bandwidth_hz = "),
        ({"link.bandwidth_hz": 1e6}, "should be a list"),
        ({"link.bandwidth_hz": []}, "no points"),
        ({"link.mean_snr_db": [3.0], "link.distance_m": [3.0]}, "only one of them"),
        ({"inferences_per_update": [0]}, "inferences_per_update = 0"),
        ({"device.memory_bits": [-1]}, "memory_bits = -1"),
        ({"channel.outage_gain": [0.1, 0.0]}, "infinite"),
        ({"channel": ["rayleigh"]}, "channel"),
        ({"dnn": "alexnet"}, "should be a list"),
        ({"dnn": ["alexnat"]}, "did you mean 'alexnet'"),
        (pd.DataFrame({"link.bandwidth_hz": [1e6, -3.0]}), "bandwidth_hz = -3"),
        (pd.DataFrame({"placement": [1]}), "placement"),
        (pd.DataFrame({"link.bandwidth_hz": []}), "no points"),
    ],
)
def test_bad_grids_are_refused_before_any_work(grid, complaint, monkeypatch):
    def no_work(*_):
        pytest.fail("work was started")

    monkeypatch.setattr(sweep_module(), "_solve", no_work)
    with pytest.raises(InputError, match=complaint):
        coinfer.sweep(GIVEN, grid)


@pytest.mark.parametrize(
    ("rule", "depth", "complaint"),
    [("optimum", None, "did you mean"), ("static", 2, "depth"), ("look-ahead", 0, "depth")],
)
def test_bad_rules_are_refused(rule, depth, complaint):
    with pytest.raises(InputError, match=complaint):
        coinfer.sweep(GIVEN, {"inferences_per_update": [1]}, rule=rule, depth=depth)


# ---------------------------------------------------------------- executors

WORK = {
    "dnn": ["alexnet", "zfnet512"],
    "channel": [CHANNELS[0], CHANNELS[-1]],
    "link.bandwidth_hz": np.geomspace(1e5, 1e8, 30),
}


def in_bytes(found: pd.DataFrame) -> bytes:
    return found["placement"].to_numpy().tobytes() + found["cost"].to_numpy().tobytes()


def pool(stack: ExitStack) -> Executor:
    return stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))


def dask_cluster(stack: ExitStack) -> Executor:
    from distributed import Client, LocalCluster

    cluster = stack.enter_context(
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    )
    return stack.enter_context(Client(cluster)).get_executor()


@exhaustive
@pytest.mark.parametrize("executor", [pool, dask_cluster])
def test_every_executor_gives_the_same_bytes(executor):
    alone = coinfer.sweep(GIVEN, WORK)
    with ExitStack() as stack:
        shared = coinfer.sweep(GIVEN, WORK, executor=executor(stack))
    assert in_bytes(shared) == in_bytes(alone)


def test_progress_is_shown_only_if_asked_for(capfd):
    quiet = coinfer.sweep(GIVEN, WORK)
    assert capfd.readouterr() == ("", "")
    loud = coinfer.sweep(GIVEN, WORK, progress=True)
    shown = capfd.readouterr().err
    assert "sweep" in shown
    assert "100%" in shown
    assert in_bytes(loud) == in_bytes(quiet)


def test_importing_coinfer_does_not_load_what_sweeps_need():
    code = "import coinfer, sys; assert not {'pandas', 'tqdm', 'distributed'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------- other measures


def test_a_measure_replaces_placement_and_cost():
    grid = {"edge.macs_per_s": np.geomspace(1e8, 1e11, 5), "link.bandwidth_hz": [1e6, 1e7]}
    found = coinfer.sweep(
        GIVEN, grid, measure=lambda costs: {"edge": costs.edge[..., 0], "layers": np.array(costs.layers)}
    )
    assert list(found) == [*grid, "edge", "layers"]
    assert list(found["layers"]) == [8] * 10
    expected = [
        coinfer.costs(GIVEN.replace(edge__macs_per_s=clock)).edge for clock in grid["edge.macs_per_s"] for _ in range(2)
    ]
    np.testing.assert_allclose(found["edge"], expected, rtol=1e-12)


def test_deciding_apart_at_many_points_and_at_one():
    grid = {"link.mean_snr_db": np.linspace(-15, 20, 8), "inferences_per_update": [10, 1e4]}
    found = coinfer.sweep(GIVEN, grid, measure=decided_apart)
    for row in found.to_dict("records"):
        costs = coinfer.costs(replaced(GIVEN, {name: row[name] for name in grid}))
        joint, static = coinfer.plan(costs), coinfer.plan(costs, rule="static")
        everywhere = look_ahead_thresholds(costs, costs.layers, costs.layers)
        split = {
            m: costs.edge + costs.download[:m].sum() + evaluate(costs, everywhere[:m]) for m in range(costs.layers + 1)
        }
        assert (row["joint placement"], row["static placement"]) == (joint.placement, static.placement)
        assert row["joint"] == pytest.approx(joint.cost, rel=1e-8)
        assert row["static"] == pytest.approx(static.cost, rel=1e-8)
        assert row["placed apart"] == pytest.approx(joint.costs[static.placement], rel=1e-8)
        assert row["split apart"] == pytest.approx(split[joint.placement], rel=1e-8)
        assert row["both apart"] == pytest.approx(split[static.placement], rel=1e-8)
        assert row["joint"] <= min(row["placed apart"], row["split apart"], row["both apart"], row["static"]) * (
            1 + 1e-12
        )


def test_thresholds_kept_at_every_placement_are_exact_on_dyadic_numbers():
    law = DISCRETE([0.5, 1.0, 2.0], [0.25, 0.5, 0.25])
    costs = coinfer.Costs(extra=[0.25, -0.5, 0.25], bits=[4, 2, 3, 0], download=[0.125] * 3, edge=1.0, law=law)
    thresholds = np.array([2.0, 1.5, np.inf])
    np.testing.assert_array_equal(
        costs_of_thresholds(costs, thresholds), [evaluate(costs, thresholds[:m]) for m in range(4)]
    )


@pytest.mark.parametrize("rule", ["look-ahead", "optimal"])
@pytest.mark.parametrize("layers", [1, 2, 7])
@pytest.mark.parametrize("sent", [False, True])
def test_closed_forms_of_many_mlps_at_once(rule, layers, sent):
    """R7 and R8 on a batch: the placement, and the downloads at which it changes."""
    given = GIVEN.replace(dnn=coinfer.mlp(layers, 256), result_at_edge=sent)
    grid = {
        "link.mean_snr_db": np.linspace(-15, 20, 9),
        "device.macs_per_s": [1e8, 1e9],
        "inferences_per_update": np.geomspace(1, 1e6, 13),
    }
    found = coinfer.sweep(
        given,
        grid,
        measure=lambda costs: {
            "closed": coinfer.mlp_placement(costs, rule=rule),
            "exhaustive": total_costs(costs, rule).argmin(axis=-1),
            "by downloads": (costs.download[..., :1] < mlp_critical_downloads(costs, rule=rule)).sum(axis=-1),
        },
    )
    assert found["closed"].nunique() > 1
    assert (found["closed"] == found["exhaustive"]).all()
    assert (found["by downloads"] == found["exhaustive"]).all()


def test_critical_downloads_refuse_other_chains():
    with pytest.raises(InputError, match="same for all layers"):
        mlp_critical_downloads(GIVEN.replace(dnn=coinfer.mlp(3, 256, inputs=100)))
