"""One browser for all browser tests of a process."""

from collections.abc import Iterator

import pytest
from chromium import Chrome, chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium without a window, its logs empty of what starting it left there."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver
