"""Set-up of the tests: helper modules beside them can be imported, and property tests draw the same examples each run."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the study: the tests run in as many processes as cores

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("coinfer", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("coinfer")

# Files are shared out among processes one by one, in this order: the longest first, so that none is left for the end.
LONGEST = [
    "bytes",
    "notebooks",
    "derivations",
    "ties",
    "study",
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first."""
    place = {f"test_{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))
