"""Set-up of the tests: helper modules beside them can be imported, and property tests draw the same examples each run."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("coinfer", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("coinfer")
