"""How quickly the explorer answers: what it takes to compute and to draw a change, in the kernel. `make bench` runs it.

The promise is in milliseconds, as a person feels it; beside it stands a ratio to a competitor in the same run, which holds on any
machine: the study's own picture of the same costs, drawn and saved as a notebook does.
"""

from io import BytesIO
from statistics import median
from time import perf_counter

from coinfer.study.explorer import Choice, explore
from coinfer.study.explorer_controls import Explorer
from coinfer.study.explorer_tables import placements_table
from coinfer.study.figures import plt
from coinfer.study.pictures import cost_against_placement

CHANGES = [  # control, value: each differs from what was before, and all that follows is computed anew
    ("scenario", "city-camera"), ("network", "squeezenet"), ("K", 1000.0), ("deadline", 50.0), ("bits", 4),
    ("link", "lte-driving"), ("device", "raspberry-pi-5"), ("second", 5.0), ("scenario", "vehicle-5g"), ("deadline", 20.0),
    ("network", "mobilenet_v2"), ("link", "mmwave-driving"), ("scenario", "satellite-site"), ("K", 100.0), ("bits", 16),
    ("scenario", "phone-mmwave"), ("network", "vgg16"), ("deadline", 300.0), ("K", 1e5), ("scenario", "wearable"),
]  # fmt: skip


def test_a_change_is_computed_and_drawn_in_200_ms() -> None:
    explorer, times = Explorer("remote-sensor"), []
    for name, value in CHANGES:
        assert explorer.controls[name].value != value  # a change, or nothing would be computed
        start = perf_counter()
        explorer.controls[name].value = value
        times.append(perf_counter() - start)
        assert explorer.result.value, (name, value)
    table = placements_table(explore(Choice("phone-mmwave")))
    start = perf_counter()
    cost_against_placement(table).savefig(BytesIO(), format="svg")
    plt.close("all")
    rival = perf_counter() - start
    print(
        f"\nexplorer: a change takes {1e3 * median(times):.0f} ms in the median of {len(times)}, {1e3 * max(times):.0f} at most; "
        f"the study's picture alone {rival / median(times):.1f} times that"
    )
    assert median(times) < 0.2
