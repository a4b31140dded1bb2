"""What a notebook depends on: what it uses, by whatever way, and nothing else. Real changes are made in a copy."""

import shutil
from pathlib import Path

import nbformat
import pytest
from effort import beyond, exhaustive

from coinfer.study import freshness

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ALL = {path.stem for path in NOTEBOOKS}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package, which the hashes are taken of."""
    copy = tmp_path_factory.mktemp("copy") / "coinfer"
    shutil.copytree(ROOT / "coinfer", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def hashes(package):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freshness, "PACKAGE", package)
        return {path.stem: freshness.package_hashes(path) for path in NOTEBOOKS}


@pytest.fixture(scope="module")
def stale_after(package):
    """The notebooks that new texts of some files make stale; the files are put back."""
    before = hashes(package)

    def stale(texts):
        old = {path: path.read_text() for path in texts if path.exists()}
        for path, text in texts.items():
            path.write_text(text)
        after = hashes(package)
        for path in texts:
            path.write_text(old[path]) if path in old else path.unlink()
        return {name for name in before if before[name] != after[name]}

    return stale


def longer(path, text="\nadded = 1\n"):
    return {path: path.read_text() + text}


def using(text):
    """The notebooks whose code has a word."""
    return {path.stem for path in NOTEBOOKS if text in freshness._code(path)}


@exhaustive
def test_words_make_nothing_stale(package, stale_after):
    texts = {}
    for path in package.rglob("*.py"):
        if "__doc__" in path.read_text():  # its own words are data there
            continue
        first, quotes, rest = path.read_text().partition('"""')
        texts[path] = f"# a remark\n{first}{quotes}In other words: {rest}\n\n# another\n"
    assert len(texts) > 40
    assert stale_after(texts) == set()


@pytest.mark.parametrize("module", beyond(1, ["validation.py", "__init__.py", "__init__.pyi", "study/execution.py"]))
def test_what_all_use_makes_all_stale(package, stale_after, module):
    assert stale_after(longer(package / module)) == ALL


@pytest.mark.parametrize(
    ("module", "name"),
    beyond(1, [("grid.py", "sweep"), ("playback.py", "replay"), ("closed_form.py", "mlp_placement")]),
)
def test_the_module_of_a_name_of_the_package_makes_those_stale_that_use_the_name(package, stale_after, module, name):
    assert using(f"coinfer.{name}") <= stale_after(longer(package / module)) < ALL


def test_what_none_uses_makes_none_stale(package, stale_after):
    unused = [package / "study" / f"{name}.py" for name in ("runner", "command_line", "freshness", "__main__")]
    assert stale_after({path: path.read_text() + "\nadded = 1\n" for path in unused}) == set()


def test_what_some_use_makes_them_stale(package, stale_after):
    proof = next(path for path in (package / "derivations" / "proofs").glob("*.py") if path.stem != "__init__")
    assert (
        stale_after(longer(proof)) == using("coinfer.derivations") == {"90-derivations"}
    )  # imported by a made-up name
    directly, by_way_of = using("coinfer.coupling"), using("coinfer.study.one_clock")
    assert stale_after(longer(package / "coupling.py")) == directly | by_way_of < ALL


@pytest.mark.parametrize("folder", beyond(1, ["scenarios", "network/data/classic", "channel/data"]))
def test_a_changed_data_file_makes_stale_what_uses_its_package_and_so_does_a_new_one(package, stale_after, folder):
    users = ALL if folder == "scenarios" else ALL - {"99-findings"}  # which only reads what the others made
    assert stale_after(longer(next((package / folder).iterdir()), "\n")) == users
    assert stale_after({package / folder / "new.csv": "1"}) == users


@pytest.fixture
def small(tmp_path, monkeypatch):
    """What a notebook with some code uses of a small package."""
    files = {
        "__init__.py": "",
        "__init__.pyi": "from . import e\nfrom .d import y\nfrom .room import b",
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


BASE = {"data/table.csv", "__init__.pyi"}
ROOM = {"room/__init__.py", "room/c.py", "d.py", "room/data/table.csv", *BASE}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy", BASE),
        ("import small", BASE),
        ("from small import e", {"e.py", *BASE}),
        ("import small\nsmall.e.z", {"e.py", *BASE}),  # a name of the package by where it lives, as its stub says
        ("import small.e\nsmall.y", {"e.py", "d.py", *BASE}),
        ("from small import y as other", {"d.py", *BASE}),
        ("import small as other\nother.z", {"e.py", *ROOM}),  # all of its names, for what is done with it is not known
        ("import small\ngetattr(small, name)", {"e.py", *ROOM}),
        ("from small import *", {"e.py", *ROOM}),
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


@pytest.mark.parametrize(
    ("code", "module", "counts"),
    [
        ("import small.a", "a.py", False),
        ("import small.a\nsmall.a.__doc__", "a.py", True),
        ("import small.a\nhelp(small.a)", "a.py", True),
        ("import small.own", "own.py", True),
        ("import small.own, small.a", "a.py", False),
    ],
)
def test_docstrings_count_where_they_are_data(small, tmp_path, code, module, counts):
    (tmp_path / "small" / "own.py").write_text('"""A."""\ntext = __doc__')
    small(code)
    before = freshness.package_hashes(tmp_path / "10-a.ipynb")
    path = tmp_path / "small" / module
    path.write_text(path.read_text().replace("A", "AA", 1))
    assert (freshness.package_hashes(tmp_path / "10-a.ipynb") != before) == counts


def test_files_that_a_scenario_names_count(tmp_path):
    scenario, network = tmp_path / "my.yml", tmp_path / "net.onnx"
    scenario.write_text("dnn: {onnx: net.onnx}")
    found = set()
    for content in ("1", "2", "2"):
        network.write_text(content)
        found.add(freshness.inputs_hash(NOTEBOOKS[0], {"scenario": str(scenario)}, False, {}))
    assert len(found) == 2
