"""The notebooks as they are stored: thin, and documented."""

import ast
import re
from pathlib import Path
from statistics import median

import nbformat
import papermill
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CORE = {"dnn": None, "scenario": "abstract-model", "seed": 0, "out": None, "smoke": False}

REAL = {"05-explore": {"scenario": "default"}}  # a device that exists, for those who only look

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
