"""What stops a command: Ctrl-C or a signal to end, once, in a line and not in a traceback."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any, NoReturn

INTERRUPTED = 130  # exit code, as shells have it
STOPS = (signal.SIGINT, signal.SIGTERM)  # a shell's background job ignores the first, which is why it is set anew


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn the first signal to stop into `KeyboardInterrupt`; what comes after it must not interrupt the cleaning up."""

    def stop(number: int, frame: Any) -> NoReturn:
        for each in STOPS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(each, stop) for each in STOPS]
    try:
        yield
    finally:
        for each, handler in zip(STOPS, before, strict=True):
            signal.signal(each, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Let signals to stop wait, here until the end and for good in processes that begin meanwhile: who began them ends them."""
    if current_thread() is not main_thread():  # which alone hears signals
        yield
        return
    heard: list[int] = []
    before = [signal.signal(each, lambda number, frame: heard.append(number)) for each in STOPS]
    try:
        yield
    finally:
        for each, handler in zip(STOPS, before, strict=True):
            signal.signal(each, handler)
    for number in heard[:1]:
        signal.raise_signal(number)


def in_a_line(program: str, main: Callable[[], int], left: str = "") -> int:
    """The exit code of a command; 130, and one line, if it is interrupted."""
    try:
        with stopped_by_signals():
            return main()
    except KeyboardInterrupt:
        print(f"{program}: interrupted{left}", file=sys.stderr)
        return INTERRUPTED
