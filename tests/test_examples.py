"""The examples in the docstrings give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "coinfer").rglob("*.py") if path.name != "__main__.py")
MODULES = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in FILES]


def examples(module: str) -> doctest.TestResults:
    return doctest.testmod(import_module(module), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module: str):
    assert examples(module).failed == 0


def test_examples_are_found():
    assert examples("coinfer.network.chain").attempted >= 6
