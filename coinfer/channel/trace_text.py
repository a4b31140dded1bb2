"""The text of a log: a regular file of bounded size in UTF-8, and its lines by their numbers."""

import re
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coinfer import reading
from coinfer.validation import InputError, brief

MOST_BYTES = 500_000_000  # of a file; reading takes several times as much memory
MOST_LINES = 10_000_000
LONGEST_LINE = 100_000  # characters
BYTE_MARKS = {  # what a file begins with that is no text, and what to do about it
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"BZh": "is compressed (bzip2); unpack it first",
    b"\xfd7zXZ": "is compressed (xz); unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed (zstd); unpack it first",
    b"PK\x03\x04": "is a zip archive, as Excel's files are; unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel file; save it as CSV",
    b"\xff\xfe": "is in UTF-16; should be text in UTF-8",
    b"\xfe\xff": "is in UTF-16; should be text in UTF-8",
}
NO_SAMPLE = re.compile(r"^[ \t]*(?:#|$)", re.MULTILINE)


class Lines(NamedTuple):
    """The lines of a file that are neither blank nor comments, joined, and the number of each in the file."""

    text: str
    numbers: NDArray[np.int64]


def fail(path: str | Path, what: str) -> InputError:
    """The error that says what is wrong with a file."""
    return InputError(f"path = {brief(str(path) if isinstance(path, Path) else path, 200)}: {what}")


def tell(what: str) -> None:
    """Warn of something, where the package was called from."""
    depth, frame = 1, sys._getframe(0)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("coinfer."):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(what, UserWarning, stacklevel=depth)


def lines_of(path: str | Path) -> Lines:
    """The lines of a file that hold something, or `InputError`; what `#` begins is a comment."""
    text = _text(path).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    if not NO_SAMPLE.search(text):
        return Lines(text, np.arange(1, text.count("\n") + 2))
    kept = [(number, line) for number, line in enumerate(text.split("\n"), 1) if not NO_SAMPLE.match(line)]
    if not kept:
        raise fail(path, "holds no samples, only comments")
    numbers, lines = zip(*kept, strict=True)
    return Lines("\n".join(lines), np.array(numbers))


def _text(path: str | Path) -> str:
    try:
        content = reading.content(path, MOST_BYTES)
    except InputError as error:
        raise fail(path, str(error)) from None
    for mark, what in BYTE_MARKS.items():
        if content.startswith(mark):
            raise fail(path, what)
    if not content.strip():
        raise fail(path, "is empty; should hold at least one line of numbers")
    if b"\0" in content:
        raise fail(path, "is a binary file; should be text")
    if (count := content.count(b"\n")) > MOST_LINES:
        raise fail(path, f"has {count} lines; should have at most {MOST_LINES:.0e}, so cut it into parts")
    _check_lengths(path, content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise fail(path, "is not text in UTF-8") from None


def _check_lengths(path: str | Path, content: bytes) -> None:
    """Raise `InputError` where a line is too long; looks only at one break in as many bytes as a line may have."""
    at = 0
    while len(content) - at > LONGEST_LINE:
        end = max(content.rfind(b"\n", at, at + LONGEST_LINE), content.rfind(b"\r", at, at + LONGEST_LINE))
        if end < 0:
            line = len(re.findall(rb"\r\n|\r|\n", content[:at])) + 1
            raise fail(path, f"line {line} is longer than {LONGEST_LINE} characters; should be a row of a table")
        at = end + 1
