"""How much is tried: a part in `make test`, all of it in `make test-all`, under the same assertions.

`exhaustive` marks what runs in `make test-all` alone.
"""

from collections.abc import Iterable

import pytest
from hypothesis import settings

QUICK, FULL = "quick", "full"  # profiles of hypothesis; conftest loads the one that the markers ask for
settings.register_profile(QUICK, deadline=None, derandomize=True, max_examples=25)
settings.register_profile(FULL, deadline=None, derandomize=True, max_examples=100)

exhaustive = pytest.mark.exhaustive


def beyond(quick: int, values: Iterable[object]) -> list[object]:
    """The values of a parameter; those beyond the first `quick` are tried in `make test-all` alone."""
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    return [pytest.param(*row, marks=exhaustive if place >= quick else ()) for place, row in enumerate(rows)]


def examples(most: int) -> settings:
    """Settings of a property test with so many examples in `make test-all`, and a quarter of them in `make test`."""
    return settings(max_examples=-(-most * settings.default.max_examples // 100))
