"""Logs as they are: any spelling of times, separators, headers and units gives the same trace; what is none is one sentence."""

import gzip
import os
import re
import time
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinfer import InputError, Trace, read_trace

START = datetime(2022, 8, 11, 23, 59, 30, tzinfo=UTC)


def written(tmp_path, text: str | bytes):
    path = tmp_path / "log.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---------------------------------------------------------------- the same samples in every spelling


def since_1970(power: int):
    return lambda at, i: str(round(at.timestamp()) * 10**power)


def with_offset(at: datetime, i: int) -> str:
    """Summer time first, then winter time, as on a night on which clocks go back."""
    return at.astimezone(timezone(timedelta(hours=2 if i < 2 else 1))).isoformat()


TIMES = {  # how a time is written, and what the reader is told of it
    "s": (lambda at, i: f"{(at - START).total_seconds():.1f}", {}),
    "seconds since 1970": (since_1970(0), {}),
    "ms": (since_1970(3), {"time_unit": "ms"}),
    "us": (since_1970(6), {"time_unit": "us"}),
    "ns": (since_1970(9), {"time_unit": "ns"}),
    "iso": (lambda at, i: at.strftime("%Y-%m-%dT%H:%M:%S"), {}),
    "iso, some with decimals": (lambda at, i: at.strftime("%Y-%m-%dT%H:%M:%S") + (".000" if i % 2 else ""), {}),
    "iso, comma": (lambda at, i: at.strftime("%Y-%m-%d %H:%M:%S,000"), {}),
    "iso, UTC": (lambda at, i: at.strftime("%Y-%m-%dT%H:%M:%SZ"), {}),
    "iso, offsets": (with_offset, {}),
    "iso, blank": (lambda at, i: at.strftime("%Y-%m-%d %H:%M:%S"), {}),
    "iso, named": (lambda at, i: at.strftime("%Y-%m-%d %H:%M:%S CET"), {}),
    "slashes": (lambda at, i: at.strftime("%Y/%m/%d %H:%M:%S"), {}),
    "date": (lambda at, i: at.strftime("%a %b %d %H:%M:%S UTC %Y"), {}),
    "date, 12 hours": (lambda at, i: at.strftime("%a %b %d %I:%M:%S %p CEST %Y"), {}),
    "date, offset": (lambda at, i: at.strftime("%a %b %d %H:%M:%S +0000 %Y"), {}),
    "dots": (lambda at, i: at.strftime("%Y.%m.%d_%H.%M.%S"), {}),
    "day first": (lambda at, i: at.strftime("%d/%m/%Y %H:%M:%S"), {"time_format": "%d/%m/%Y %H:%M:%S"}),
    "digits": (lambda at, i: at.strftime("%Y%m%d%H%M%S"), {"time_format": "%Y%m%d%H%M%S"}),
}
UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "byte/s": 8.0, "kB/s": 8e3}


@given(
    samples=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5000)), min_size=2, max_size=8).filter(
        lambda each: any(rate for _, rate in each)
    ),
    spelling=st.sampled_from(sorted(TIMES)),
    separator=st.sampled_from([",", ";", "\t", " ", "|"]),
    unit=st.sampled_from(sorted(UNITS)),
    header=st.booleans(),
    by_name=st.booleans(),
    told=st.booleans(),
    ragged=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations(["time", "rate", "other"]),
)
def test_every_spelling_gives_the_same_trace(
    tmp_path_factory, samples, spelling, separator, unit, header, by_name, told, ragged, end, order
):
    """By definition: a rate in whole kbyte/s, times 8, in each half second until the next sample."""
    write, options = TIMES[spelling]
    if separator in write(START, 0):
        separator = ";"
    rows, at = [], START
    for i, (seconds, kilobytes) in enumerate(samples):
        cells = {"time": write(at, i), "rate": repr(kilobytes * 8e3 / UNITS[unit]), "other": f"x{i}"}
        rows.append([cells[each] for each in order])
        at += timedelta(seconds=seconds)
    if ragged and order[2] == "other":
        rows[-1].pop()
        rows[0].append("" if header else "more")
    lines = [separator.join(order)] * header + [separator.join(row) for row in rows]
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes((end.join(lines) + end).encode("utf-8-sig" if told else "utf-8"))
    columns = {name: name if header and by_name else order.index(name) for name in ("time", "rate")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace = read_trace(
            path,
            window_s=0.5,
            rate_unit=unit,
            separator=separator if told or separator == "|" else None,
            gaps="hold",
            **columns,
            **options,
        )
    lengths = [seconds for seconds, _ in samples[:-1]]
    lengths.append(sorted(lengths)[(len(lengths) - 1) // 2])  # the last one holds as long as usual
    assert trace.window_s == pytest.approx(0.5)
    assert trace.rates_bps == pytest.approx(np.repeat([8e3 * rate for _, rate in samples], 2 * np.array(lengths)))


# ---------------------------------------------------------------- logs as published campaigns have them

# a log of a modem beside a counter of bytes and the rate since the row before (as of MTU-Insectt/Measurements5G; numbers made up)
MODEM = """Time,rsrp(dBm),rsrq(dB),rssi(dBm),nr_rsrp(dBm),nr_rsrq(dB),nr_rssi(dBm),Sent Bytes,RATE(MBit/s),NR UL BW
Tue Mar 08 09:59:52 UTC 2022,-91,-11,-61,0,0,0,1500,0,0
Tue Mar 08 09:59:55 UTC 2022,-92,-10,-60,0,0,0,1500,0,0
Tue Mar 08 09:59:58 UTC 2022,-125,-125,-125,0,0,0,3001500,8.0,0
Tue Mar 08 10:00:02 UTC 2022,-90,-11,-61,-95,-12,-80,7001500,8.0,20
Tue Mar 08 10:00:04 UTC 2022,-90,-11,-61,-95,-12,-80,9501500,10.0
Tue Mar 08 10:00:07 UTC 2022,-90,-11,-61,-95,-12,-80,12501500,8.0
"""


def test_a_modem_log_sends_the_bytes_that_its_counter_counted(tmp_path):
    """The rate is that since the row before: over the whole log the counter's bytes, in windows longer than the usual 3 s."""
    path = written(tmp_path, MODEM)
    trace = read_trace(path, time="Time", rate="RATE(MBit/s)", holds="since last", window_s=5.0)
    assert (trace.window_s, trace.duration_s) == (5.0, 15.0)
    assert trace.rates_bps.sum() * 5.0 == pytest.approx((12_501_500 - 1500) * 8)
    assert trace.rates_bps == pytest.approx([2 * 8e6 / 5, 8e6, (2 * 10e6 + 3 * 8e6) / 5])
    usual = read_trace(path, time="Time", rate="RATE(MBit/s)", holds="since last")
    assert usual.rates_bps == pytest.approx([0, 8e6, 8e6, 10e6, 8e6])  # in force at 1.5, 4.5, 7.5, 10.5 and 13.5 s
    until = read_trace(path, time="Time", rate="RATE(MBit/s)")
    assert until.rates_bps == pytest.approx([0, 0, 8e6, 8e6, 10e6, 8e6])
    by_index = read_trace(path, time=0, rate=8, holds="since last")
    assert by_index.rates_bps == pytest.approx(usual.rates_bps)


# a log of a phone: several rows in a second, cells that are missing (as of uccmisl/5Gdataset; numbers made up)
PHONE = """Timestamp,Longitude,Latitude,Speed,SNR,DL_bitrate,UL_bitrate,State
2020.02.28_23.59.58,-8.4,51.8,0,12.0,900,100,I
2020.02.28_23.59.58,-8.4,51.8,0,12.0,900,300,D
2020.02.28_23.59.59,-8.4,51.8,0,-,900,-,D
2020.02.29_00.00.00,-8.4,51.8,1,10.0,900,400,D
2020.02.29_00.00.01,-8.4,51.8,1,10.0,900,800,D
"""


def test_a_phone_log_has_missing_cells_and_rows_of_one_second(tmp_path):
    path, columns = written(tmp_path, PHONE), {"time": "Timestamp", "rate": "UL_bitrate", "rate_unit": "kbit/s"}
    with pytest.raises(InputError, match="line 4: rate or SNR = '-' is missing, as in 1 of 5 lines"):
        read_trace(path, **columns)
    assert read_trace(path, missing="outage", **columns).rates_bps == pytest.approx([2e5, 0, 4e5, 8e5])
    assert read_trace(path, missing="skip", **columns).rates_bps == pytest.approx([2e5, 2e5, 4e5, 8e5])
    snr = read_trace(path, time=0, snr=4, bandwidth_hz=1e6, missing="outage").rates_bps
    assert snr == pytest.approx(1e6 * np.log2([1 + 10**1.2, 1, 11, 11]))


@pytest.mark.parametrize("cell", ["", "-", "nan", "NaN", "NA", "n/a", "null", "None", " - "])
def test_what_stands_for_no_number(tmp_path, cell):
    path = written(tmp_path, f"0;{cell}\n1;3\n2;5\n")  # no header, although a cell is no number
    assert read_trace(path, time=0, rate=1, missing="outage").rates_bps == pytest.approx([0, 3e6, 5e6])


def test_the_default_window_is_the_usual_interval(tmp_path):
    """A rate every 3 s is no rate every 0.1 s: windows that are shorter would look as if it were constant for long."""
    path = written(tmp_path, "".join(f"{at} {at % 7 + 1}\n" for at in (0, 3, 5, 9, 12, 15, 18)))
    assert read_trace(path, format="rate").window_s == 3.0
    assert read_trace(path, format="rate", window_s=0.1).window_s == pytest.approx(0.1)
    packets = written(tmp_path, "\n".join(str(at // 100) for at in range(100_000)))
    assert read_trace(packets, format="mahimahi").window_s == 0.1


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(
            ("bytes_per_s", "byte/s"),
            ("tx_bytes_per_s", "byte/s"),
            ("UL bits per s", "bit/s"),
            ("Transfer KBytes", "kB/s"),
        ),
        *(("UL_Kbits", "kbit/s"), ("bitrate [bits / s]", "bit/s"), ("sent bytes", "byte/s"), ("Mbits/sec", "Mbit/s")),
    ],
)
def test_every_spelling_of_a_unit_of_rates_is_known(tmp_path, name, unit):
    path = written(tmp_path, f"t,{name}\n0,1\n1,2\n")
    other = {"byte/s": "bit/s"}.get(unit, "byte/s")
    for column in (name, 1):
        with pytest.warns(UserWarning, match=f"rate = {re.escape(repr(name))}: is read in {other}, as rate_unit says"):
            read_trace(path, time="t", rate=column, rate_unit=other)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_trace(path, time=0, rate=column, rate_unit=unit)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(("time (ms)", "ms"), ("t_ms", "ms"), ("Time [us]", "us"), ("timestamp_ns", "ns"), ("elapsed ms", "ms")),
        *(("time (s)", "s"), ("sec", "s"), ("t [µs]", "us"), ("time, Milliseconds", "ms")),
    ],
)
def test_a_name_that_says_another_unit_of_time_warns(tmp_path, name, unit):
    path = written(tmp_path, f"{name};r\n0;1\n1000;2\n2000;3\n")
    other = "s" if unit != "s" else "ms"
    for column in (name, 0):
        with pytest.warns(
            UserWarning, match=f"time = {re.escape(repr(name))}: is read in {other}, as time_unit"
        ) as caught:
            read_trace(path, time=column, rate="r", time_unit=other)
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_trace(path, time=column, rate=1, time_unit=unit)


def test_names_without_a_unit_do_not_warn(tmp_path):
    for name in ("time", "timestamp", "class", "sms count", "times", "t", "msfree"):
        path = written(tmp_path, f"{name},bitrate,UL bit rate,jobs/s\n0,1,1,1\n1,2,2,2\n")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for rate in ("bitrate", "UL bit rate", "jobs/s"):
                read_trace(path, time=name, time_unit="us", rate=rate)
    dates = written(tmp_path, "t_ms,r\n2022-08-11 13:41:30,1\n2022-08-11 13:41:31,2\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_trace(dates, time="t_ms", rate="r").window_s == 1.0


def test_a_counter_that_is_taken_for_a_rate_warns(tmp_path):
    """20 samples that never fall and do rise; neither fewer, nor a constant, nor one that falls once, nor SNRs."""
    counter = [2_500_000 * (i // 2) for i in range(20)]

    def read(values, column="r", **options):
        rows = "".join(f"{i};{value}\n" for i, value in enumerate(values))
        return read_trace(written(tmp_path, f"t;{column}\n" + rows), time="t", **{"rate": column} | options)

    with pytest.warns(
        UserWarning, match=r"rises from 0 to 2.25e\+07 and never falls in 20 samples, as a counter"
    ) as caught:
        read(counter, "tx_bytes", rate_unit="byte/s")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="as a counter does"):
        read([*counter, "-"], missing="outage", rate_unit="byte/s")
    with pytest.warns(UserWarning, match="as a counter does"):
        read_trace(written(tmp_path, "".join(f"{i} {i}\n" for i in range(20))), format="rate")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(counter[:19], rate_unit="byte/s")
        read([7] * 50)
        read([*range(30), 3])
        read(range(30), rate=None, snr="r", bandwidth_hz=1e6)


def test_cells_in_quotes_may_hold_what_separates_cells(tmp_path):
    rows = "".join(f'"{i}","A; B; C","{i + 1}"\n' for i in range(5))
    for header in ("", '"t","cell;s","r"\n'):
        assert read_trace(written(tmp_path, header + rows), time=0, rate=2).rates_bps == pytest.approx(
            1e6 * np.arange(1, 6)
        )
    commas = "".join(f'"2022-08-11 13:41:3{i},500","{i + 1}"\n' for i in range(5))
    assert read_trace(written(tmp_path, commas), time=0, rate=1).rates_bps == pytest.approx(1e6 * np.arange(1, 6))
    trailing = "t,r\n" + "".join(f"{i},{i + 1},, ,\n" for i in range(5))
    assert read_trace(written(tmp_path, trailing), time="t", rate="r").rates_bps.size == 5


def test_the_fraction_of_a_second_may_stand_behind_a_comma(tmp_path):
    """As Python's logging writes it; half a second apart, so that without it there would be two rates a second."""
    rows = "".join(f"2022-08-11 13:41:3{i // 2},{50 + i % 2 * 500:03};{i}\n" for i in range(2, 8))
    trace = read_trace(written(tmp_path, rows), time=0, rate=1)
    assert (trace.window_s, trace.rates_bps.tolist()) == (0.5, [2e6, 3e6, 4e6, 5e6, 6e6, 7e6])


# ---------------------------------------------------------------- outages in what loggers' clocks say

SHAKEN = np.random.default_rng(0).uniform(-1e-3, 1e-3, 4000)
CLOCKS = {  # the usual interval [s], how a sample's time is written, and what the reader is told of it
    "0.1 s": (0.1, lambda i: f"{i / 10:.1f}", {}),
    "0.1 s since 1970": (0.1, lambda i: f"{1660225290 + i / 10:.1f}", {}),
    "0.2 s since 1970": (0.2, lambda i: f"{1660225290 + i / 5:.1f}", {}),
    "0.1 s in ms": (0.1, lambda i: f"{1660225290000 + 100 * i}", {"time_unit": "ms"}),
    "0.1 s as dates": (0.1, lambda i: (START + timedelta(seconds=i / 10)).isoformat(), {}),
    "0.3 s": (0.3, lambda i: f"{0.3 * i:.1f}", {}),
    "30 a second in us": (1 / 30, lambda i: f"{i / 30:.6f}", {}),
    "30 a second in ms": (1 / 30, lambda i: f"{1000 * i / 30:.0f}", {"time_unit": "ms"}),
    "late by 1 ms": (1.001, lambda i: f"{1.001 * i:.3f}", {}),
    "shaken by 1 ms": (1.0, lambda i: f"{i + SHAKEN[i]:.3f}", {}),
    "late and shaken": (1.001, lambda i: f"{1.001 * i + SHAKEN[: i + 1].sum():.3f}", {}),
}


def spells(rates) -> int:
    """How many outages there are."""
    return sum(rate == 0 and (number == 0 or rates[number - 1] > 0) for number, rate in enumerate(rates))


@pytest.mark.parametrize("told", [False, True], ids=["usual window", "window of an interval"])
@pytest.mark.parametrize("clock", CLOCKS)
def test_each_sample_is_a_window_whatever_the_clock_makes_of_regular_times(tmp_path, clock, told):
    """Outages of one sample and of three: their number, their share of the time, the mean rate and the chain are as drawn."""
    interval_s, write, options = CLOCKS[clock]
    drawn = [0 if i % 37 == 0 or i % 100 < 3 else 20 if i % 5 < 3 else 7 for i in range(4000)]
    path = written(tmp_path, "".join(f"{write(i)};{rate}\n" for i, rate in enumerate(drawn)))
    trace = read_trace(path, time=0, rate=1, window_s=interval_s if told else None, **options)
    true = Trace(np.array(drawn) * 1e6, interval_s)
    near = 1e-3 if clock in ("30 a second in ms", "late and shaken") else 1e-9  # now and then a sample is two windows
    assert spells(trace.rates_bps) == spells(drawn)
    assert trace.outage_share == pytest.approx(true.outage_share, rel=2 * near)
    assert trace.mean_rate_bps == pytest.approx(true.mean_rate_bps, rel=near)
    assert trace.duration_s == pytest.approx(true.duration_s, rel=1e-3)
    if near < 1e-3:
        assert (trace.rates_bps == true.rates_bps).all()
        assert trace.window_s == pytest.approx(interval_s, rel=1e-5)
    chain, wanted = trace.markov(), true.markov()
    assert chain.rates_bps == pytest.approx(wanted.rates_bps, rel=near)
    assert np.array(chain.generator) == pytest.approx(np.array(wanted.generator), rel=0.02, abs=1e-3)


@given(
    times=st.lists(st.integers(1, 30), min_size=2, max_size=12).map(np.cumsum),
    rates=st.lists(st.integers(1, 9), min_size=12, max_size=12),
    parts=st.sampled_from([1, 2, 3]),
)
def test_a_short_window_has_the_rate_in_force_at_its_middle(tmp_path_factory, times, rates, parts):
    """Found by going through the samples, window by window; where a sample falls on a middle, either rate will do."""
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text("".join(f"{6 * at}.5 {rate}\n" for at, rate in zip(times, rates, strict=False)))
    usual = 6 * sorted(np.diff(times))[(len(times) - 2) // 2]
    window_s = float(usual) / parts
    trace = read_trace(path, format="rate", window_s=window_s, gaps="hold")
    assert trace.window_s == pytest.approx(window_s, rel=1e-9)
    for number, found in enumerate(trace.rates_bps):
        middle = 6 * times[0] + (number + 0.5) * window_s
        at = [i for i, start in enumerate(6 * times) if start < middle + 1e-6]
        near = any(abs(start - middle) < 1e-6 for start in 6 * times)
        assert found == 1e6 * rates[at[-1]] or (near and found == 1e6 * rates[at[-2]])


def test_a_longer_window_is_an_outage_if_it_lies_in_one(tmp_path):
    """Outages of 0.3 s, sampled every 0.1 s, in windows of 0.3 s: what rounding of the times leaves in them is no rate."""
    drawn = np.repeat([0.0 if i % 7 == 0 else 20.0 for i in range(200)], 3)
    path = written(tmp_path, "".join(f"{1660225290.3 + i / 10:.1f} {rate}\n" for i, rate in enumerate(drawn)))
    trace = read_trace(path, format="rate", window_s=0.3)
    assert trace.rates_bps == pytest.approx(1e6 * drawn[::3], rel=1e-5)
    assert trace.outage_share == np.mean(drawn == 0)
    halves = read_trace(path, format="rate", window_s=0.6)
    assert halves.outage_share == 0
    assert halves.mean_rate_bps == pytest.approx(1e6 * drawn.mean(), rel=1e-5)


def test_a_night_on_which_clocks_go_back(tmp_path):
    """With offsets time goes on; without, it goes back and is refused."""
    rows = [("01:59:59", "+02:00", 1), ("01:00:00", "+01:00", 2), ("01:00:01", "+01:00", 3)]
    told = written(tmp_path, "".join(f"2022-10-30T{at}{offset},{rate}\n" for at, offset, rate in rows))
    assert read_trace(told, time=0, rate=1).rates_bps == pytest.approx([1e6, 2e6, 3e6])
    untold = written(tmp_path, "".join(f"2022-10-30T{at},{rate}\n" for at, _, rate in rows))
    with pytest.raises(InputError, match=r"line 2 goes back in time by 3599 s"):
        read_trace(untold, time=0, rate=1)


def test_a_name_that_says_another_unit_warns(tmp_path):
    path = written(tmp_path, "t,UL (kbit/s),UL [MB/s],UL_Mbps,UL rate,jobs/s\n0,1,1,1,1,1\n1,2,2,2,2,2\n")
    for name, unit in (("UL (kbit/s)", "Mbit/s"), ("UL [MB/s]", "Mbit/s"), ("UL_Mbps", "MB/s")):
        with pytest.warns(UserWarning, match=f"is read in {unit}") as caught:
            assert read_trace(path, time="t", rate=name, rate_unit=unit).rates_bps.size == 2
        assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, unit in (
            ("UL (kbit/s)", "kbit/s"),
            ("UL [MB/s]", "MB/s"),
            ("UL_Mbps", "Mbit/s"),
            ("UL rate", "kB/s"),
        ):
            read_trace(path, time="t", rate=name, rate_unit=unit)
        read_trace(path, time="t", rate="jobs/s")


# ---------------------------------------------------------------- gaps

PAUSED = "0 1\n1 2\n2 3\n102 4\n103 5\n"  # nothing for 100 s


@pytest.mark.parametrize(
    ("holds", "gaps", "rates_mbps", "starts"),
    [
        ("until next", "hold", [1, 2] + [3] * 100 + [4, 5], 2),
        ("until next", "outage", [1, 2, 3] + [0] * 99 + [4, 5], 2),
        ("until next", "cut", [1, 2, 3, 4, 5], 2),
        ("since last", "hold", [2, 3] + [4] * 100 + [5], 2),
        ("since last", "outage", [2, 3] + [0] * 99 + [4, 5], 2),
        ("since last", "cut", [2, 3, 4, 5], 2),
    ],
)
def test_what_a_gap_means(tmp_path, holds, gaps, rates_mbps, starts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace = read_trace(written(tmp_path, PAUSED), format="rate", holds=holds, gaps=gaps)
    assert trace.rates_bps == pytest.approx(1e6 * np.array(rates_mbps))
    assert trace.gaps_s == ((starts, 100.0),)
    assert trace.gaps_cut == (gaps == "cut")


def test_what_is_a_gap_is_for_the_caller_to_say(tmp_path):
    """A logger that is silent for 5 s of every 10: no gap by default, but an outage if a pause of two intervals is one."""
    rows = [(at, 20.0) for at in range(100) if at % 10 < 5] + [(100, 20.0)]
    path = written(tmp_path, "".join(f"{at} {rate}\n" for at, rate in rows))
    told = read_trace(path, format="rate", gaps="outage", gap_s=1.5)
    assert told.rates_bps == pytest.approx([20e6 if at % 10 < 5 else 0 for at in range(101)])
    assert told.gaps_s == tuple((10.0 * number + 4, 6.0) for number in range(10))
    for gap_s in (None, 6.0):
        assert read_trace(path, format="rate", gaps="outage", gap_s=gap_s).gaps_s == ()
    with pytest.warns(UserWarning, match="10 pauses of more than 5.5 s, where 1 s are usual, 60 s in all"):
        assert read_trace(path, format="rate", gap_s=5.5).rates_bps.size == 51


def test_a_jump_of_months_is_held_in_a_second_or_two(tmp_path):
    path = written(tmp_path, "0 1\n1 2\n2 3\n19999990 4\n19999991 5\n")
    began = time.process_time()
    trace = read_trace(path, format="rate", gaps="hold")
    assert time.process_time() - began < 4
    assert np.bincount((trace.rates_bps / 1e6).astype(int)).tolist() == [0, 1, 1, 19_999_988, 1, 1]


def test_a_gap_that_nobody_explained_is_left_out_with_a_warning(tmp_path):
    path = written(tmp_path, "# a pause\n" + PAUSED + "500 6\n")
    with pytest.warns(
        UserWarning,
        match=r"2 pauses of more than 10 s, where 1 s are usual, 497 s in all, the longest of 397 s before line 7",
    ) as caught:
        trace = read_trace(path, format="rate")
    assert caught[0].filename == __file__
    assert trace.rates_bps == pytest.approx(1e6 * np.arange(1, 7))
    assert trace.gaps_s == ((2.0, 100.0), (4.0, 397.0))
    assert trace.markov().law_along  # a chain is fitted to what is left


def test_a_part_of_a_trace_has_the_gaps_in_it():
    held = Trace(np.ones(100), 0.5, ((2.0, 3.0), (20.0, 10.0), (40.0, 1.0)))
    assert held.between(0, 0.5).gaps_s == ((2.0, 3.0), (20.0, 5.0))
    assert held.between(0.5, 1).gaps_s == ((0.0, 5.0), (15.0, 1.0))
    cut = Trace(np.ones(100), 0.5, ((2.0, 3.0), (20.0, 1e6)), gaps_cut=True)
    assert (cut.between(0, 0.5).gaps_s, cut.between(0, 0.5).gaps_cut) == (((2.0, 3.0), (20.0, 1e6)), True)
    assert cut.between(0.5, 1).gaps_s == ()
    assert held.between(0.999, 1).rates_bps.size == 1


# ---------------------------------------------------------------- what is no log

CSV = {"time": 0, "rate": 1}
NAMED = {"time": "t", "rate": "r"}
SUMMER = "Sun Oct 30 02:59:59 CEST 2022,1\nSun Oct 30 02:00:00 CET 2022,2\n"
BAD = {
    "a header alone": ("t,r\n", NAMED, "holds no samples, only a header"),
    "a header alone, by index": ("t,r\n", CSV, "holds no samples, only a header"),
    "comments alone": ("# t,r\n\n#\n", CSV, "holds no samples, only comments"),
    "an Excel file": (
        b"PK\x03\x04" + bytes(99),
        CSV,
        "is a zip archive, as Excel's files are; unpack it, or save it as CSV",
    ),
    "an old Excel file": (b"\xd0\xcf\x11\xe0" + bytes(99), CSV, "is an old Excel file; save it as CSV"),
    "a compressed file": (gzip.compress(b"0,1\n1,2\n"), CSV, "is compressed (gzip); unpack it first"),
    "UTF-16": ("0,1\n1,2\n".encode("utf-16"), CSV, "is in UTF-16; should be text in UTF-8"),
    "Latin-1": ("t,r\n0,µ\n".encode("latin-1"), NAMED, "is not text in UTF-8"),
    "a line without end": ("0,1\n1," + "2" * 1_000_000, CSV, "line 2 is longer than 100000 characters"),
    "a first line without end": ("7" * 1_000_000, CSV, "line 1 is longer than 100000 characters"),
    "5,000 digits": ("0,1\n1," + "9" * 5000, CSV, "line 2 has a rate of inf bit/s; not finite"),
    "5,000 digits of time": ("0,1\n" + "9" * 5000 + ",1\n", CSV, "line 2: time = '9999"),
    "5,000 digits of packets": ("1\n" + "9" * 5000, {"format": "mahimahi"}, "line 2 = '9999"),
    "superscripts": ("0,1\n1,2²\n", CSV, "line 2: rate or SNR = '2²'; should be a number"),
    "superscripts of packets": (
        "# ms\n1\n²\n",
        {"format": "mahimahi"},
        "line 3 = '²': should be a whole, nonnegative number",
    ),
    "commas that may part thousands": (
        "0;1,500\n1;2,500\n",
        CSV | {"separator": ";"},
        "line 1: rate or SNR = '1,500'; should be a number with a decimal point",
    ),
    "commas and points": (
        "0;1,5\n1;2.5\n",
        CSV | {"separator": ";"},
        "line 1: rate or SNR = '1,5'; should be a number with a decimal point",
    ),
    "two commas in a number": (
        "0;1,5\n1;2,500,000\n",
        CSV | {"separator": ";"},
        "line 1: rate or SNR = '1,5'; should be a number with a decimal point",
    ),
    "decimal commas in two columns": (
        "0,5 1,5\n",
        {"format": "rate"},
        "line 1 = '0,5 1,5': should be a time [s] and a rate",
    ),
    "dates that go back": (
        "2022-08-11T00:00:01,1\n2022-08-11T00:00:00,1\n",
        CSV,
        "line 2 goes back in time by 1 s; times should not fall",
    ),
    "two zones": (
        SUMMER,
        CSV,
        "line 2: time = 'Sun Oct 30 02:00:00 CET 2022' is in CET, line 1 in CEST; should be in one zone, or all "
        "with offsets from UTC, like +02:00, as between summer and winter time",
    ),
    "a zone in some cells": (
        "2022-08-11T00:00:00Z,1\n2022-08-11T00:00:01,1\n",
        CSV,
        "is in no zone, line 1 in UTC by offset",
    ),
    "dates in two formats": (
        "2022-08-11T00:00:00,1\n2022.08.11_00.00.01,2\n",
        CSV,
        "line 2: time = '2022.08.11_00.00.01'; should be a date like '2022-08-11T00:00:00' in line 1",
    ),
    "numbers and dates": (
        "0,1\n2022-08-11T00:00:00,1\n",
        CSV,
        "line 2: time = '2022-08-11T00:00:00'; should be a number, as in",
    ),
    "day or month first": (
        "t,r\n11/08/2022 10:00,1\n",
        NAMED,
        "line 2: time = '11/08/2022 10:00'; should be a number, or a date",
    ),
    "the time now": ("t,r\nnow,1\ntoday,2\n", NAMED, "line 2: time = 'now'; should be a number, or a date like"),
    "a 13th month": ("t,r\n2022-12-11,1\n2022-13-11,1\n", NAMED, "line 3: time = '2022-13-11'; should be a date like"),
    "no time": ("0,1\n,2\n", CSV, "line 2: time = ''; should be a number, as in line 1"),
    "no number of time": ("0,1\nnan,2\n", CSV, "line 2: time = 'nan'; should be a number below 1e+25"),
    "dates in another format": (
        "t,r\n11.08.2022,1\n8/12/2022,2\n",
        NAMED | {"time_format": "%d.%m.%Y"},
        "line 3: time = '8/12/2022'; should be in the time_format '%d.%m.%Y'",
    ),
    "no format of dates": (
        "0,1\n",
        CSV | {"time_format": "dd.mm.yyyy"},
        "time_format = 'dd.mm.yyyy': should be a format of",
    ),
    "no directive of dates": (
        "0,1\n",
        CSV | {"time_format": "%Q"},
        "time_format = '%Q': should be a format of strptime",
    ),
    "no unit of time": ("0,1\n", CSV | {"time_unit": "h"}, "time_unit = 'h': should be one of s, ms, us, ns"),
    "times 1e9 s apart": (
        "0,1\n1e9,2\n2e9,3\n",
        CSV,
        "has samples 1e+09 s apart; should be 1e-09 to 86400 s: is time in another",
    ),
    "times that overflow": ("-1e308,1\n1e308,2\n", CSV, "line 1: time = '-1e308'; should be a number below 1e+25"),
    "a moment": ("5,1\n5,2\n", CSV, "holds samples of one moment; should be of two at least, or give window_s"),
    "two columns of a name": (
        "t,r,r\n0,1,2\n",
        NAMED,
        "rate = 'r': 2 columns have that name; should be an index, one of 1, 2",
    ),
    "another name": (
        "t,rates\n0,1\n",
        NAMED | {"rate": "rate"},
        "rate = 'rate': should be one of t, rates (did you mean 'rates'?)",
    ),
    "an index out of range": ("0,1\n", CSV | {"rate": 2}, "rate = 2: should be a whole number in 0..1"),
    "a negative index": ("0,1\n", CSV | {"rate": -1}, "rate = -1: should be a whole number in 0..1"),
    "an index that is none": (
        "0,1\n",
        CSV | {"time": True},
        "time = True: should be the name or the index of a column",
    ),
    "one column for both": ("0,1\n", CSV | {"rate": 0}, "time and rate: are the same column, '0'; should be two"),
    "rates and SNRs": ("0,1\n", CSV | {"snr": 1}, "rate = 1, snr = 1: should be one of them"),
    "another separator": (
        "0||1\n",
        CSV | {"separator": "||"},
        "separator = '||': should be one character, like ',', ';', '\\t' or ' ' (any blanks), that stands in no number",
    ),
    "a separator that stands in numbers": (
        "0.1\n",
        CSV | {"separator": "."},
        "separator = '.': should be one character",
    ),
    "ms since 1970 as seconds": (
        "t,r\n1660225290000,1\n1660225291000,2\n",
        NAMED,
        "line 2: time = '1660225290000' is 1.66e+12 s; should be at most 3e+10: is it in ms, or a date without separators? "
        "give time_unit or time_format",
    ),
    "a date without separators": (
        "20220811134130,1\n20220811134131,2\n",
        CSV,
        "is 2.02e+13 s; should be at most 3e+10",
    ),
    "ms since 1970 in two columns": ("1660225290000 1\n", {"format": "rate"}, "is 1.66e+12 s; should be at most 3e+10"),
    "decimal commas between commas": (
        "t,r\n0,20\n1,20,9\n",
        NAMED,
        "line 3 has 3 cells, the header 2; should have no more (is a comma a decimal point?)",
    ),
    "decimal commas between commas, by index": ("t,r\n0,20,9\n", CSV, "line 2 has 3 cells, the header 2"),
    "a row too long after empty cells": (
        "t;r\n0;1;;\n1;2;;3\n",
        NAMED,
        "line 3 has 4 cells, the header 2; should have no more",
    ),
    "dates of two words between blanks": (
        "t r\n2022-08-11 13:41:30 5\n",
        NAMED,
        "line 2 has 3 cells, the header 2; should have no more",
    ),
    "a fraction of a second behind the separator": (
        "2022-08-11 13:41:30,900,5\n2022-08-11 13:41:31,010,6\n",
        CSV | {"rate": 2},
        "line 1: the comma before the fraction of a second parts it from its time; should be a point, or another separator",
    ),
    "the same under a header": (
        "time,rate\n2022-08-11 13:41:30,500,5\n",
        {"time": "time", "rate": "rate"},
        "has 3 cells, the",
    ),
    "columns of iperf": (
        "[ ID] Interval           Transfer     Bitrate\n[  5]   0.00-1.00   sec  1.25 MBytes  10.5 Mbits/sec\n",
        {"time": 2, "rate": 9},
        "rate = 9: should be a whole number in 0..7",
    ),
    "a quote without end": ('0,1\n1,"2\n2,3\n', CSV, "is no table of cells with ',' between them"),
    "a cell of two lines": (
        '0,1\n1,"2\n2",3\n',
        CSV,
        "has 3 lines, but 2 rows: a quoted cell goes on over several lines",
    ),
    "a row too short": (
        "0,1\n1\n",
        CSV,
        "line 2: rate or SNR = '' is missing, as in 1 of 2 lines; should be a number, or give",
    ),
    "nothing but missing rates": ("0,-\n1,-\n", CSV | {"missing": "skip"}, "a rate or SNR is missing in all 2 lines"),
    "outages alone": ("0,-\n1,-\n", CSV | {"missing": "outage"}, "rates_bps: are all 0"),
    "another meaning of what is missing": (
        "0,1\n",
        CSV | {"missing": "drop"},
        "missing = 'drop': should be one of skip, outage",
    ),
    "another meaning of gaps": ("0,1\n", CSV | {"gaps": "cuts"}, "gaps = 'cuts': should be one of cut, hold, outage"),
    "a gap of no length": ("0,1\n1,1\n", CSV | {"gap_s": 0}, "gap_s = 0: should be a positive number of seconds"),
    "gaps as long as intervals": (
        "0,1\n2,1\n4,1\n",
        CSV | {"gap_s": 2.0},
        "gap_s = 2: should be longer than the usual interval of the samples, 2 s",
    ),
    "another meaning of rates": (
        "0,1\n",
        CSV | {"holds": "last"},
        "holds = 'last': should be one of until next, since last",
    ),
    "a counter that began anew": (
        "0,1\n3,-798\n6,877\n",
        CSV,
        "line 2 has a rate of -7.98e+08 bit/s; should be nonnegative",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_log_is_one_sentence(tmp_path, kind):
    content, options, sentence = BAD[kind]
    path, began = written(tmp_path, content), time.process_time()
    with pytest.raises(InputError) as caught:
        read_trace(path, **options)
    said = str(caught.value)
    assert sentence in said
    assert "\n" not in said
    assert len(said) < 500
    assert time.process_time() - began < 1


CELLS = [
    *("0", "1", "2.5", "-1", "1e300", "9" * 30, "inf", "nan", "-", "", " ", "0x1", "True", "1_0", "1,5", "²", "٣"),
    *("2022-08-11", "2022-08-11T00:00:01+01:00", "Thu Aug 11 13:41:30 UTC 2022", "2019.12.14_10.16.30", "now"),
    *("x", "#", '"', '"1"', "\u2028"),
]
TOLD = {
    "nothing": {},
    "since last": {"holds": "since last"},
    "skip": {"missing": "skip"},
    "outage": {"missing": "outage", "gaps": "outage"},
    "window": {"window_s": 1.0},
    "ns": {"time_unit": "ns"},
    "format of dates": {"time_format": "%Y-%m-%d"},
    "rate": {"format": "rate"},
    "gaps": {"gap_s": 1.5, "gaps": "outage"},
    "mahimahi": {"format": "mahimahi"},
}


@given(
    rows=st.lists(st.lists(st.sampled_from(CELLS), min_size=0, max_size=4), min_size=1, max_size=5),
    separator=st.sampled_from([",", ";", "\t", " "]),
    columns=st.sampled_from([(0, 1), (1, 0), ("x", 1), ("0", "1"), (0, 2)]),
    told=st.sampled_from(sorted(TOLD)),
)
def test_whatever_a_table_holds_it_is_read_or_refused(tmp_path_factory, rows, separator, columns, told):
    """Never any other error, and never a warning of numpy's or pandas'."""
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", pd.errors.ParserWarning)
        with suppress(InputError):
            assert np.isfinite(read_trace(path, time=columns[0], rate=columns[1], **TOLD[told]).rates_bps).all()


def test_what_is_no_file_is_not_read(tmp_path):
    """A pipe would be waited for, and a device has no end."""
    os.mkfifo(tmp_path / "pipe")
    for path, what in (
        (tmp_path / "pipe", "is a device or pipe; should be a file"),
        ("/dev/zero", "is a device or pipe; should be a file"),
        (tmp_path, "is a directory; should be a file"),
        (tmp_path / "none", "cannot be read (FileNotFoundError)"),
        ("a\0b", "cannot be read (ValueError)"),
        (7, "cannot be read (TypeError)"),
    ):
        with pytest.raises(InputError) as caught:
            read_trace(path, format="rate")
        assert what in str(caught.value)


def test_sizes_are_bounded_before_anything_is_read(tmp_path, monkeypatch):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(10**9)
    with pytest.raises(InputError, match=r"has 1e\+09 bytes; should have at most 5e\+08"):
        read_trace(tmp_path / "large", format="rate")
    monkeypatch.setattr("coinfer.channel.trace_text.MOST_LINES", 2)
    with pytest.raises(InputError, match="has 3 lines; should have at most"):
        read_trace(written(tmp_path, "0 1\n1 2\n2 3\n"), format="rate")


def test_the_parser_of_dates_is_not_asked_for_the_time_now():
    """Why words are refused before it sees them: it takes them for the present, and a log would change with it."""
    assert not pd.isna(pd.to_datetime(pd.Series(["now"]), format="ISO8601", errors="coerce")[0])


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("0,5;1,25\n1;2\n1,5;0,125\n", CSV),
        ("t;r\n0,5;1,25\n1;2\n1,5;0,125\n", NAMED),
        ("0,5\t1,25\n1,0\t2,0\n1,5\t1,25e-1\n", CSV),
        ("0,5 1,25\n1 2\n1,5 0,125\n", CSV | {"separator": " "}),
        ("0.5;1,25\n1;2,000\n1.5;0,125\n", CSV),  # each column for itself
    ],
    ids=["semicolons", "header", "tabs", "blanks", "columns"],
)
def test_decimal_commas_are_points(text, options, tmp_path):
    (tmp_path / "log").write_text(text)
    trace = read_trace(tmp_path / "log", **options)
    assert trace.rates_bps.tolist() == [1.25e6, 2e6, 0.125e6]
    assert trace.window_s == 0.5
