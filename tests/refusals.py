"""What bad input must come to: one clear sentence, soon."""

import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from coinfer import InputError

PATIENCE_S = 10.0  # a refusal takes milliseconds; a machine that is busy with something else may take longer


def assert_is_clear(message: str, words: list[str]) -> None:
    assert "\n" not in message
    assert 0 < len(message) < 400, message
    for part in words:
        assert part in message, message


def refusal(act: Callable[[], object]) -> str:
    """The sentence with which something is refused; anything else that is raised, or takes too long, is a failure."""
    with within(PATIENCE_S), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = act()
        except InputError as error:
            return str(error)
    raise AssertionError(f"was not refused, but gave {found!r:.200}")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if what is done here takes longer."""

    def hung(*_: object) -> None:
        raise AssertionError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
