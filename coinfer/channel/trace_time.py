"""The times of a log: numbers, or dates and clock times in the ways that loggers write them."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace_text import fail, tell
from coinfer.validation import InputError, brief, one_of

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
FORMATS = {  # as `strptime` has them; none can be mistaken for another, and none asks whether day or month comes first
    "ISO8601": "2022-08-11T13:41:30.5Z",
    "%a %b %d %H:%M:%S %Y": "Thu Aug 11 13:41:30 UTC 2022",
    "%a %b %d %H:%M:%S %z %Y": "Thu Aug 11 13:41:30 +0000 2022",
    "%a %b %d %I:%M:%S %p %Y": "Thu Aug 11 01:41:30 PM UTC 2022",
    "%Y.%m.%d_%H.%M.%S": "2022.08.11_13.41.30",
}
LIKE = " or ".join(repr(FORMATS[each]) for each in ("ISO8601", "%a %b %d %H:%M:%S %Y", "%Y.%m.%d_%H.%M.%S"))
NAMED_ZONE = re.compile(r" ?\b([A-Z]{3,5})(?=$| \d{4}$)", re.MULTILINE)  # at the end, or before the year
OFFSET = re.compile(r"(?:[T ]\d\d.*?(?:Z|[+-]\d\d(?::?\d\d)?)| [+-]\d{4} \d{4})$", re.MULTILINE)
WORDS = re.compile(r"^[^\d\n]+$", re.MULTILINE)  # no date, though a parser would take some for the time now
FRACTION = re.compile(r"(?<=:\d\d),(?=\d{1,9}(?!\d))")  # of a second, behind a comma, as Python's logging writes it
NAMED_UNIT = re.compile(  # of time, in the name of a column
    r"(?:^|[\W_])(?:(?P<s>s|secs?|seconds?)|(?P<ms>ms|msecs?|millis(?:econds?)?)|(?P<us>[uµμ]s|[uµμ]secs?|micros(?:econds?)?)|"
    r"(?P<ns>ns|nsecs?|nanos(?:econds?)?))(?=$|[\W_])",
    re.IGNORECASE,
)
LATEST_S = 3e10  # since 1970: the year 2920
MOST = 1e25  # of any unit; differences of such times do not overflow
Cells = NDArray[np.object_]  # of text


def check_time(unit: str, time_format: str | None) -> None:
    """Raise `InputError` unless there is such a unit, and the format is one of `strptime`."""
    one_of("time_unit", unit, TIME_UNITS)
    if time_format is not None and (not isinstance(time_format, str) or "%" not in time_format):
        raise InputError(
            f"time_format = {brief(time_format)}: should be a format of strptime, like '%d.%m.%Y %H:%M:%S'"
        )
    if time_format is not None:
        _parsed(np.array(["0"], dtype=object), time_format)


def is_time(cell: str, time_format: str | None) -> bool:
    """Whether a cell is a number or a date."""
    return _numbers(np.array([cell], dtype=object), time_format) is not None or _format(cell, time_format) is not None


def times_s(
    path: str | Path, cells: Cells, lines: NDArray[np.int64], unit: str, time_format: str | None, name: str = ""
) -> Floats:
    """The times [s] of the cells of a column, since any moment: numbers in `unit`, or dates in `time_format`.

    Without a format those of FORMATS are tried, on the first cell. A zone that is named must be the same in all cells;
    offsets from UTC may differ. Warns if the column's name has another unit. Raises `InputError` that names the first line
    that holds no such time.
    """
    numbers = _numbers(cells, time_format)
    if numbers is None and _numbers(cells[:1], time_format) is None:
        return _dates(path, cells, lines, time_format)
    if numbers is None:
        at = next(i for i in range(cells.size) if _numbers(cells[i : i + 1], None) is None)
        raise fail(path, f"line {lines[at]}: time = {brief(cells[at])}; should be a number, as in line {lines[0]}")
    if (bad := ~(np.abs(numbers) < MOST)).any():
        at = int(np.argmax(bad))
        raise fail(path, f"line {lines[at]}: time = {brief(cells[at])}; should be a number below {MOST:g}, or a date")
    if numbers[0] * TIME_UNITS[unit] > LATEST_S:
        raise fail(
            path,
            f"line {lines[0]}: time = {brief(cells[0])} is {numbers[0] * TIME_UNITS[unit]:.3g} s; should be at most "
            f"{LATEST_S:g}: is it in ms, or a date without separators? give time_unit or time_format",
        )
    if (said := NAMED_UNIT.search(name)) and said.lastgroup != unit:
        tell(f"time = {brief(name)}: is read in {unit}, as time_unit says")
    return (
        numbers if unit == "s" else (numbers - numbers[0]) * TIME_UNITS[unit]
    )  # since 1970, milliseconds need 12 digits


def _numbers(cells: Cells, time_format: str | None) -> Floats | None:
    try:
        return None if time_format is not None else cells.astype(np.float64)
    except ValueError:
        return None


def _format(cell: str, time_format: str | None) -> str | None:
    """The first format that a cell is in."""
    for each in FORMATS if time_format is None else (time_format,):
        plain = _plain([cell]) if time_format is None else np.array([cell], dtype=object)
        if not np.isnat(_parsed(plain, each)[0]):
            return each
    return None


def _plain(cells: Sequence[str]) -> Cells:
    """Dates without a named zone, and with a decimal point; empty where there are only words."""
    text = FRACTION.sub(".", NAMED_ZONE.sub("", "\n".join(cells)))
    return np.array(WORDS.sub("", text).split("\n"), dtype=object)


def _parsed(cells: Cells, time_format: str) -> NDArray[np.datetime64]:
    import pandas

    try:
        found = pandas.to_datetime(pandas.Series(cells, dtype=object), format=time_format, errors="coerce", utc=True)
    except (ValueError, re.error) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"time_format = {brief(time_format)}: should be a format of strptime ({reason})") from None
    return found.dt.tz_localize(None).to_numpy()


def _dates(path: str | Path, cells: Cells, lines: NDArray[np.int64], time_format: str | None) -> Floats:
    cells = np.array([cell.strip() for cell in cells], dtype=object)
    found = _format(cells[0], time_format)
    if found is None:
        wanted = f"be in the time_format {brief(time_format)}" if time_format else f"be a number, or a date like {LIKE}"
        other = "" if time_format else "; for others give time_format"
        raise fail(path, f"line {lines[0]}: time = {brief(cells[0])}; should {wanted}{other}")
    plain = cells
    if time_format is None:
        _check_zones(path, cells, lines)
        plain = _plain(cells.tolist())
    moments = _parsed(plain, found)
    if (bad := np.isnat(moments)).any():
        at = int(np.argmax(bad))
        like = (
            f"in the time_format {brief(time_format)}"
            if time_format
            else f"a date like {brief(cells[0])} in line {lines[0]}"
        )
        raise fail(path, f"line {lines[at]}: time = {brief(cells[at])}; should be {like}")
    since = moments - moments[0]
    return np.asarray(since / np.timedelta64(1, "s"), dtype=np.float64)


def _check_zones(path: str | Path, cells: Cells, lines: NDArray[np.int64]) -> None:
    """Raise `InputError` where a zone has another name than in the first cell, or where only some cells have one."""
    text, first = "\n".join(cells), _zone(cells[0])
    named = NAMED_ZONE.findall(text)
    if len(set(named)) <= 1 and all(len(found) in (0, cells.size) for found in (named, OFFSET.findall(text))):
        return
    for cell, line in zip(cells, lines, strict=True):
        if (zone := _zone(cell)) != first:
            raise fail(
                path,
                f"line {line}: time = {brief(cell)} is in {zone}, line {lines[0]} in {first}; should be in one zone, or all "
                "with offsets from UTC, like +02:00, as between summer and winter time",
            )


def _zone(cell: str) -> str:
    if named := NAMED_ZONE.search(cell):
        return named[1]
    return "UTC by offset" if OFFSET.search(cell) else "no zone"
