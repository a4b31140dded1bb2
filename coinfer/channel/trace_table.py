"""Two columns of a log: which they are, what separates them, and their cells."""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coinfer.channel.law import Floats
from coinfer.channel.trace_text import Lines, fail
from coinfer.channel.trace_time import Cells, is_time
from coinfer.validation import InputError, brief, listed, one_of, whole

SEPARATORS = {"\t": "\t", ";": ";", ",": ",", " ": r"\s+"}  # in the order in which they are looked for
LOOKED_AT = 20  # lines, for what separates cells, and how many there are
QUOTED = re.compile(r'"[^"\n]*"')
FRACTION = re.compile(r"^.*?:\d\d,(\d{3})(?:,|$)", re.MULTILINE)  # of a second, which a comma parts from its time
DECIMAL = re.compile(r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*")
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")  # or three decimals, which nobody can tell
MISSING = {"", "-", "--", "nan", "na", "n/a", "null", "none"}  # what stands for no number, in any case
Column = str | int


class Table(NamedTuple):
    """Cells of columns, row by row, the line that each row is in, and the columns' names."""

    lines: NDArray[np.int64]
    columns: list[Cells]
    names: list[str]  # empty without a header


def read_table(
    path: str | Path, lines: Lines, chosen: dict[str, Column], separator: str | None, time_format: str | None
) -> Table:
    """The cells of the chosen columns, by name or index; `chosen` has what each is for, times first.

    Where a column has a name, the first line is the header; where both have an index, it is one if a chosen cell of it has
    letters and is neither a date nor missing. Raises `InputError`.
    """
    between = _separator(lines, separator)
    some = [_row(line, between) for line in lines.text[:1_000_000].split("\n")[:LOOKED_AT]]
    first = some[0]
    at = [_index(name, column, first, max(map(len, some))) for name, column in chosen.items()]
    head = [first[i] if i < len(first) else "" for i in at]
    if at[0] == at[1]:
        raise InputError(f"{' and '.join(chosen)}: are the same column, {brief(head[0])}; should be two")
    readable = is_time(head[0], time_format), _is_number(head[1])
    words = [cell for cell, read in zip(head, readable, strict=True) if not read and any(map(str.isalpha, cell))]
    named = any(isinstance(column, str) for column in chosen.values())
    if words or named:
        lines = Lines(lines.text.partition("\n")[2], lines.numbers[1:])
        if not lines.numbers.size:
            raise fail(path, "holds no samples, only a header")
        if named or between != " ":  # a name in which there are blanks is several words
            _check_widths(path, lines, between, len(first))
    if between == ",":
        _check_fractions(path, lines)
    columns = cells(path, lines, between, at)
    if between != ",":
        columns = [_with_points(column) for column in columns]
    return Table(lines.numbers, columns, head if words or named else ["", ""])


def _with_points(column: Cells) -> Cells:
    """The cells with points for decimal commas, if all their commas are such: one a number, and none that may part thousands."""
    commas = [cell for cell in column if "," in cell]
    decimal = commas and all(DECIMAL.fullmatch(cell) for cell in commas) and not any("." in cell for cell in column)
    if not decimal or all(THOUSANDS.fullmatch(cell) for cell in commas):
        return column
    return np.array([cell.replace(",", ".") for cell in column], dtype=object)


def _check_widths(path: str | Path, lines: Lines, between: str, width: int) -> None:
    """Raise `InputError` where a row goes on beyond the columns of the header: its cells may be none of theirs."""
    for number, line in zip(lines.numbers, lines.text.split("\n"), strict=True):
        if between != " " and line.count(between) < width:
            continue
        row = _row(line, between)
        while row and not row[-1]:
            row.pop()
        if len(row) > width:
            hint = " (is a comma a decimal point?)" if between == "," else ""
            raise fail(path, f"line {number} has {len(row)} cells, the header {width}; should have no more{hint}")


def _check_fractions(path: str | Path, lines: Lines) -> None:
    """Raise `InputError` where times are cut by the comma before their fraction, of which one begins with 0, as no rate does."""
    found = FRACTION.findall(lines.text) if FRACTION.match(lines.text) else []
    if len(found) == lines.numbers.size and any(each.startswith("0") for each in found):
        raise fail(
            path,
            f"line {lines.numbers[0]}: the comma before the fraction of a second parts it from its time; should be a point, "
            "or another separator",
        )


def cells(path: str | Path, lines: Lines, separator: str, at: list[int]) -> list[Cells]:
    """The cells of some columns as text; empty where a row is too short."""
    import pandas

    try:
        found = pandas.read_csv(
            io.StringIO(separator.join("0" * (max(at) + 1)) + "\n" + lines.text),  # a row with all the columns
            sep=SEPARATORS.get(separator, separator),
            header=None,
            names=list(range(max(at) + 1)),
            usecols=at,
            index_col=False,
            dtype=object,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
        )
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise fail(path, f"is no table of cells with {separator!r} between them ({str(error).strip()})") from None
    found = found.iloc[1:]
    if len(found) != lines.numbers.size:
        raise fail(
            path, f"has {lines.numbers.size} lines, but {len(found)} rows: a quoted cell goes on over several lines"
        )
    return [found[each].to_numpy(dtype=object) for each in at]


def numbers(
    path: str | Path, column: Cells, lines: NDArray[np.int64], name: str, missing: str | None
) -> tuple[Floats, NDArray[np.bool_]]:
    """The numbers of a column, and which are missing (nan); `InputError` where some are and nobody says what that means."""
    try:
        found = column.astype(np.float64)
    except ValueError:
        filled = np.array(["nan" if _is_missing(cell) else cell for cell in column], dtype=object)
        try:
            found = filled.astype(np.float64)
        except ValueError:
            at = next(i for i, cell in enumerate(filled) if not _is_number(cell))
            hint = " with a decimal point" if re.fullmatch(r"[+-]?\d+,\d+", column[at].strip()) else ""
            raise fail(path, f"line {lines[at]}: {name} = {brief(column[at])}; should be a number{hint}") from None
    absent = np.isnan(found)
    if absent.any() and missing is None:
        at = int(np.argmax(absent))
        raise fail(
            path,
            f"line {lines[at]}: {name} = {brief(column[at])} is missing, as in {absent.sum()} of {absent.size} lines; should "
            "be a number, or give missing='skip' to leave such lines out, 'outage' for a rate of 0",
        )
    return found, absent


def _separator(lines: Lines, given: str | None) -> str:
    """What is given, or the first of tab, semicolon and comma that is in half of the first lines, else blanks."""
    if given is None:
        some = QUOTED.sub("", lines.text[:1_000_000]).split("\n")[:LOOKED_AT]
        return next((each for each in SEPARATORS if 2 * sum(each in line for line in some) >= len(some)), " ")
    if isinstance(given, str) and len(given) == 1 and (given in SEPARATORS or not re.match(r'[\w\s".+-]', given)):
        return given
    raise InputError(
        f"separator = {brief(given)}: should be one character, like ',', ';', '\\t' or ' ' (any blanks), that stands in no number"
    )


def _row(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]


def _index(name: str, column: Column, first: list[str], width: int) -> int:
    """Which column of `width` is meant."""
    if not isinstance(column, str):
        if not first or isinstance(column, bool) or not hasattr(column, "__index__"):
            raise InputError(f"{name} = {brief(column)}: should be the name or the index of a column")
        return whole(name, column, 0, width - 1)
    one_of(name, column, first)
    if (count := first.count(column)) > 1:
        which = listed(str(i) for i, each in enumerate(first) if each == column)
        raise InputError(
            f"{name} = {brief(column)}: {count} columns have that name; should be an index, one of {which}"
        )
    return first.index(column)


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return _is_missing(cell)
    return True
