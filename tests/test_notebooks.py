"""The notebooks: thin, documented, and run small on any network."""

import ast
import importlib.util
import os
import re
from pathlib import Path
from statistics import median

import nbformat
import pandas as pd
import papermill
import pytest

from coinfer.study import command_line as study
from coinfer.study.claims import claims, verdict
from coinfer.study.freshness import modules_of

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CORE = {"dnn": None, "scenario": "abstract-model", "seed": 0, "out": None, "smoke": False}

REAL = {"05-explore": {"scenario": "default"}}  # a device that exists, for those who only look

OTHER = ["--scenario", "city-camera", "-p", "dnn", "squeezenet", "-p", "seed", "1"]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@each_notebook
def test_is_stored_without_outputs(path: Path) -> None:
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))


@each_notebook
def test_parameters_are_literal_core_first_and_each_explained(path: Path) -> None:
    (cell,) = [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    assert all(isinstance(node, ast.Assign) for node in ast.parse(cell.source).body)
    declared = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body}
    assert dict(list(declared.items())[: len(CORE)]) == CORE | REAL.get(path.stem, {})
    assert all(re.search(r"  # \S", line) for line in cell.source.splitlines())
    assert set(papermill.inspect_notebook(path)) == set(declared)
    numbers = [
        line for line in cell.source.splitlines() if re.match(r"\w+ = [\d.]", line) and not line.startswith("seed")
    ]
    assert [line for line in numbers if "[" not in line] == []  # a number has a unit, or [-]


@each_notebook
def test_opens_with_its_question_and_closes_with_the_answer(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert re.match(r"# .+\n\n\*\*[^*]+\?\*\*", cells[0].source)  # which may take several lines
    assert any(cell.source.startswith("## Answer") for cell in cells[-3:])


@each_notebook
def test_reads_as_text_with_short_cells_of_code(path: Path) -> None:
    lengths = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert median(lengths) <= 8
    assert max(lengths) <= 25


@each_notebook
def test_fits_a_page_a_hundred_columns_wide(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    lines = [(cell.cell_type, line) for cell in cells for line in cell.source.splitlines()]
    wide = [line for kind, line in lines if len(line) > 100 and not (kind == "markdown" and line.startswith("|"))]
    assert wide == []


@each_notebook
def test_computes_and_draws_in_the_package(path: Path) -> None:
    nodes = [node for cell in code_cells(path) for node in ast.walk(ast.parse(cell.source))]
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [ast.unparse(node) for node in nodes if isinstance(node, defined)] == []
    imported = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [line for line in imported if "matplotlib" in line] == []


# In each kernel: writes down which modules of the package are imported, by whatever way, beside the notebook's name.
WITNESS = """
import os, sys

class Witness:
    def find_spec(name, path=None, target=None):
        if name.startswith("coinfer."):
            with open({file!r}, "a") as file:
                print(os.path.basename(os.getcwd()), name, file=file)

sys.meta_path.insert(0, Witness)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of what notebooks import: their names and the modules'."""
    folder = tmp_path_factory.mktemp("witness")
    (folder / "sitecustomize.py").write_text(WITNESS.format(file=str(folder / "imported.txt")))
    return folder / "imported.txt"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, imported: Path) -> Path:
    """Every notebook run small on a scenario that exists, whose channel moves, and another network than its own."""
    out = tmp_path_factory.mktemp("smoke")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(imported.parent), prepend=os.pathsep)
        assert study.main(["--smoke", "--out", str(out), *OTHER]) == 0
    return out


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_decides_whether_it_is_fresh(small: Path, imported: Path, notebook: Path) -> None:
    lines = [line.split() for line in imported.read_text().splitlines()]
    found = {spec_file(module) for name, module in lines if name == notebook.stem}
    assert found
    assert found <= modules_of(notebook)


def spec_file(module: str) -> Path:
    return Path(importlib.util.find_spec(module).origin)


def test_every_notebook_runs_small_on_another_network(small: Path) -> None:
    assert {path.name for path in (small / "executed").iterdir()} == {path.name for path in NOTEBOOKS}


def test_every_figure_has_its_numbers_and_caption(small: Path) -> None:
    figures = sorted(path.stem for path in small.glob("*.svg"))
    assert len(figures) >= 11
    for name in figures:
        assert len(pd.read_csv(small / f"{name}.csv")) > 0
        assert (small / f"{name}.pdf").stat().st_size > 0
        assert (small / f"{name}.md").read_text().strip().endswith(".")
        assert f"({name}.svg)" in (small / "README.md").read_text()


def test_runs_again_to_the_same_bytes_one_at_a_time(small: Path, tmp_path: Path) -> None:
    some = ["20-online-splitting", "50-joint-optimum"]
    arguments = ["--smoke", "--jobs", "1", "--out", str(tmp_path), *OTHER]
    assert study.main([*arguments, *some]) == 0
    made = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in (".fresh.json", "made-by.json")]
    assert len(made) > 20
    for path in made:
        assert path.read_bytes() == (small / path.relative_to(tmp_path)).read_bytes(), path.name


FIGURES = ROOT / "figures"
VANISHED = {  # coupling, and what deciding jointly and looking again save, where squeezenet is always sent: as decided there
    "coupling-independent": "refuted",
    "rule-moves-placement-independent": "refuted",
    "coupling-scenarios-independent": "limited",
    "joint-independent": "limited",
    "joint-scenarios-one-clock": "refuted",
    "law-matters": "refuted",
    "memory-again": "refuted",
    "memory-static": "refuted",
    "clock-again": "refuted",
    "clock-once": "refuted",
    "weights-again": "refuted",
    "deadline-again": "refuted",
    "deadline-joules": "refuted",
    "once-real": "refuted",
    "memoryless-good": "confirmed",  # where nothing is to be decided, the wrong plan decides it as well
    "held-while-sending": "confirmed",
    "least-late": "confirmed",
    "promise-kept": "untested",  # nothing is promised
}


@pytest.fixture(scope="module")
def elsewhere(small: Path) -> pd.DataFrame:
    return pd.concat(map(pd.read_csv, sorted(small.glob("findings-*.csv")))).set_index("claim")


@pytest.mark.parametrize("claim", claims())
def test_verdicts_on_another_scenario_are_functions_of_its_numbers(elsewhere: pd.DataFrame, claim: str) -> None:
    row, asked = elsewhere.loc[claim], claims()[claim]
    second = None if asked.limited_if in ("", asked.confirmed_if) else row["limited_by"]
    assert row["verdict"] == verdict(claim, row["confirmed_by"], second)


@pytest.mark.parametrize("claim", VANISHED)
def test_verdicts_turn_where_coupling_and_joint_saving_vanish(elsewhere: pd.DataFrame, claim: str) -> None:
    committed = pd.read_csv(FIGURES / "99-findings.csv").set_index("claim")["verdict"]
    assert committed[claim] != elsewhere.loc[claim, "verdict"] == VANISHED[claim]


def test_next_to_nothing_is_saved_or_coupled_there(elsewhere: pd.DataFrame) -> None:
    assert elsewhere.loc["coupling-independent", ["confirmed_by", "limited_by"]].tolist() == [0, 0]
    assert elsewhere.loc["joint-independent", "confirmed_by"] < 1e-6
    assert elsewhere.loc["joint-independent", "limited_by"] < 0.05
    assert elsewhere.loc["joint-one-clock", "limited_by"] < 0.01
