"""What a notebook depends on: what it uses, by whatever way, and nothing else. Real changes are made in a copy."""

import shutil
from pathlib import Path

import nbformat
import pytest

from coinfer.study import freshness

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ALL = {path.stem for path in NOTEBOOKS}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, which the hashes are taken of."""
    copy = tmp_path / "coinfer"
    shutil.copytree(ROOT / "coinfer", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(freshness, "PACKAGE", copy)
    return copy


def stale_after(change):
    """The notebooks that a change of the package makes stale."""
    before = {path.stem: freshness.package_hashes(path) for path in NOTEBOOKS}
    change()
    return {path.stem for path in NOTEBOOKS if freshness.package_hashes(path) != before[path.stem]}


def append(path, text):
    path.write_text(path.read_text() + text)


def using(text):
    """The notebooks whose code has a word."""
    return {path.stem for path in NOTEBOOKS if text in freshness._code(path)}


def test_words_make_nothing_stale(package):
    def change():
        for path in package.rglob("*.py"):
            first, quotes, rest = path.read_text().partition('"""')
            path.write_text(f"# a remark\n{first}{quotes}In other words: {rest}\n\n# another\n")

    assert stale_after(change) == set()


@pytest.mark.parametrize(
    "module", ["cost.py", "__init__.py", "network/chain.py", "study/figures.py", "study/execution.py"]
)
def test_what_all_use_makes_all_stale(package, module):
    assert stale_after(lambda: append(package / module, "\nadded = 1\n")) == ALL


@pytest.mark.parametrize(
    "module", ["study/runner.py", "study/command_line.py", "study/freshness.py", "study/__main__.py"]
)
def test_what_none_uses_makes_none_stale(package, module):
    assert stale_after(lambda: append(package / module, "\nadded = 1\n")) == set()


def test_what_some_use_makes_them_stale(package):
    proof = next(path for path in (package / "derivations" / "proofs").glob("*.py") if path.stem != "__init__")
    derivations = stale_after(lambda: append(proof, "\nadded = 1\n"))  # imported by a name made at run time
    assert derivations == using("coinfer.derivations") == {"90-derivations"}
    coupling = stale_after(lambda: append(package / "coupling.py", "\nadded = 1\n"))
    assert coupling == using("coinfer.coupling") < ALL


@pytest.mark.parametrize("folder", ["network/data", "channel/data", "data/scenarios"])
def test_a_changed_data_file_makes_all_stale_and_so_does_a_new_one(package, folder):
    assert stale_after(lambda: append(next((package / folder).iterdir()), "\n")) == ALL
    assert stale_after(lambda: (package / folder / "new.csv").write_text("1")) == ALL


@pytest.fixture
def small(tmp_path, monkeypatch):
    """What a notebook with some code uses of a small package."""
    files = {
        "__init__.py": "",
        "a.py": '"""A."""\n\n\ndef f():\n    from small.room import b\n\n    return b',
        "room/__init__.py": "from . import c",
        "room/b.py": "x = 1",
        "room/c.py": "from ..d import y",
        "d.py": "y = 1",
        "e.py": "z = 1",
        "study/execution.py": "",
        "data/table.csv": "1",
        "room/data/table.csv": "1",
        "other/__init__.py": "from importlib import import_module\nimport_module('small.other.' + 'hidden')",
        "other/hidden.py": "import small.e",
    }
    for name, text in files.items():
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(freshness, "PACKAGE", tmp_path / "small")

    def used(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, tmp_path / "10-a.ipynb")
        return set(freshness.package_hashes(tmp_path / "10-a.ipynb")) - {"study/execution.py", "__init__.py"}

    return used


BASE = {"data/table.csv"}
ROOM = {"room/__init__.py", "room/c.py", "d.py", "room/data/table.csv", *BASE}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy", BASE),
        ("import small", BASE),
        ("from small import e", {"e.py", *BASE}),
        ("from small.e import z", {"e.py", *BASE}),
        ("import small.e as other", {"e.py", *BASE}),
        ("import small.a", {"a.py", "room/b.py", *ROOM}),  # imported within a function, from a package
        ("if True:\n    import small.room", ROOM),  # relative imports
        ("from small.room import *", ROOM),
        ("import small.other", {"other/__init__.py", "other/hidden.py", "e.py", *BASE}),
    ],
)
def test_every_way_to_import_is_followed(small, code, expected):
    assert small("x = 1", code) == expected


@pytest.mark.parametrize(
    "code", ["%run other.py", "from importlib import import_module\nimport_module(name)", "exec(text)"]
)
def test_what_cannot_be_known_counts_as_all(small, code):
    assert small(code) >= {"a.py", "e.py", "other/hidden.py", "room/data/table.csv"}


def test_docstrings_that_are_data_count(small, tmp_path):
    for code, expected in [("import small.a", False), ("import small.a\nsmall.a.__doc__", True)]:
        small(code)
        before = freshness.package_hashes(tmp_path / "10-a.ipynb")
        path = tmp_path / "small" / "a.py"
        path.write_text(path.read_text().replace("A", "AA", 1))
        assert (freshness.package_hashes(tmp_path / "10-a.ipynb") != before) == expected
