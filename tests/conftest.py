"""Set-up of the tests: property tests draw the same examples each run, fewer of them in `make test`; the longest go first."""

import os

import pytest
from effort import FULL, QUICK
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the study: the tests run in as many processes as cores

# Files are shared out among processes one by one, in this order: the longest first, so that none is left for the end.
LONGEST = [
    "bytes",
    "notebooks_run",
    "derivations",
    "ties",
    "study",
    "runner_faults",
    "rules",
    "on_off",
    "tails",
    "plans_in_motion",
    "rules_in_motion",
    "moving",
    "channel",
    "trace",
    "freshness",
]


pytest_plugins = ["tiny_notebooks"]


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of each property where the exhaustive tests are left out."""
    settings.load_profile(QUICK if config.option.markexpr == "not exhaustive" else FULL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first."""
    place = {f"test_{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))
