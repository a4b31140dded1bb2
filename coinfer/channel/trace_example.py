"""Traces of a declared process: Rayleigh fading, and the two examples that come with the package."""

import os
from pathlib import Path

import numpy as np

from coinfer.channel.law import random_generator
from coinfer.channel.link_cost import RateCost, ShannonCost
from coinfer.channel.trace import Trace
from coinfer.channel.trace_file import PACKET_BITS, read_trace
from coinfer.channel.trace_windows import MOST_WINDOWS
from coinfer.system import Link, Weights
from coinfer.validation import InputError, an, nonnegative, one_of, time_of_motion

EXAMPLES = {"example.up": "mahimahi", "example-rate.txt": "rate"}
WINDOWS_S = {"example.up": 0.2, "example-rate.txt": 0.1}  # 0.2 s hold 16 packets, enough to tell a rate


def process_trace(
    link: Link,
    *,
    coherence_time_s: float,
    duration_s: float,
    window_s: float,
    rng: np.random.Generator | int,
    outage_gain: float = 0.0,
) -> Trace:
    """Shannon's rate over Rayleigh fading, an AR(1) complex amplitude from window to window; 0 below `outage_gain`.

    Raises `InputError`.
    """
    from scipy.signal import lfilter

    link, generator = an("link", link, Link), random_generator(rng)
    coherence_time_s = time_of_motion("coherence_time_s", coherence_time_s)
    duration_s, window_s = time_of_motion("duration_s", duration_s), time_of_motion("window_s", window_s)
    outage_gain = nonnegative("outage_gain", outage_gain)
    if duration_s > MOST_WINDOWS * window_s:
        raise InputError(
            f"duration_s = {duration_s:g}: is {duration_s / window_s:.3g} windows of window_s = {window_s:g}; "
            f"should be at most {MOST_WINDOWS:.0e}"
        )
    size = max(1, round(duration_s / window_s))
    rho = float(np.exp(-window_s / (2 * coherence_time_s)))
    noise = generator.standard_normal((2, size)) * np.sqrt((1 - rho**2) / 2)
    noise[:, 0] /= np.sqrt(1 - rho**2)
    gain = np.square(lfilter([1.0], [1.0, -rho], noise, axis=1)).sum(axis=0)
    x_per_rate = RateCost(link, Weights()).scale
    rates = x_per_rate / ShannonCost(link, Weights()).unit_cost(np.maximum(gain, 1e-12))
    return Trace(np.where(gain >= outage_gain, rates, 0.0), window_s)


def example_trace(name: str) -> Trace:
    """A trace that comes with the package, made by `make_example` from a declared process, not measured."""
    path = _example_folder() / one_of("name", name, EXAMPLES)
    return read_trace(path, format=EXAMPLES[name], window_s=WINDOWS_S[name], gaps="hold")  # it holds in the process


def make_example(name: str) -> str:
    """The content of an example trace: a slow walk of the log rate times Rayleigh fading, with outages; seed 2021.

    "example.up": 60 s of packet opportunities with outages of 0.3 s on average. "example-rate.txt": 300 s of rates, two
    a second on average, quantised to 0.1 Mbit/s, with duplicate times and outages of 2 s.
    """
    one_of("name", name, EXAMPLES)
    rng = np.random.default_rng(2021)
    packets = name == "example.up"
    step_s, size, spell_s, mean_mbps = (0.01, 6000, 0.3, 1.5) if packets else (0.5, 600, 2.0, 6.0)
    walk = np.empty(size)
    level, out = 0.0, False
    outage = np.zeros(size, dtype=bool)
    fading = np.zeros(2)
    power = np.empty(size)
    slow, fast = np.exp(-step_s / 5.0), np.exp(-step_s / (0.2 if packets else 2.0))
    for i in range(size):
        level = slow * level + np.sqrt(1 - slow**2) * 0.7 * rng.standard_normal()
        fading = fast * fading + np.sqrt((1 - fast**2) / 2) * rng.standard_normal(2)
        out = rng.random() < (1 - step_s / spell_s if out else step_s / (12 * spell_s))
        walk[i], power[i], outage[i] = level, fading @ fading, out
    rates_mbps = np.where(outage, 0.0, mean_mbps * np.exp(walk) * np.log2(1 + 4 * power) / 2)
    if packets:
        due = np.floor(np.cumsum(rates_mbps * 1e6 * step_s) / PACKET_BITS).astype(np.int64)
        counts = np.diff(due, prepend=0)
        times_ms = [10 * i + round(10 * (k + 0.5) / c) for i, c in enumerate(counts) for k in range(c)]
        return "".join(f"{time}\n" for time in times_ms)
    times = np.round(np.cumsum(rng.exponential(0.5, size)), 2)
    times[rng.random(size) < 0.03] = -1.0
    times = np.maximum.accumulate(times)
    return "".join(f"{max(time, 0.0):.2f} {rate:.1f}\n" for time, rate in zip(times, rates_mbps, strict=True))


def write_examples(folder: Path | None = None) -> None:
    """Write the example traces anew."""
    for name in EXAMPLES:
        path = (folder or _example_folder()) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{name}")
        beside.write_text(make_example(name), encoding="ascii", newline="\n")
        os.replace(beside, path)


def _example_folder() -> Path:
    return Path(__file__).parent / "data"
