"""Tiny notebooks for the runner, and the folder that it works in: fixtures and helpers of the tests of `coinfer.study`."""

import signal
import time
from pathlib import Path

import pytest

from coinfer.study import command_line, execution, freshness, outputs

PARAMETERS = """\
dnn = None  # name of a network
scenario = "default"  # name or file of a scenario
seed = 0  # of all random draws
smoke = False  # everything small
out = None  # folder of the figures
width_m = 2.0  # width in metres"""
WRITE = "from pathlib import Path\nPath(out, '{0}.csv').write_text(f'{{seed}},{{width_m}},{{scenario}},{{smoke}}')"


@pytest.fixture
def _same_process_afterwards(monkeypatch):
    """The runner sets environment variables and a signal handler, as a program may; tests share one process."""
    for name in [*execution.KERNEL_ENVIRONMENT, "IPYTHONDIR", "JUPYTER_RUNTIME_DIR"]:
        monkeypatch.setenv(name, "")
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def folder(tmp_path, monkeypatch, _same_process_afterwards):
    """An empty folder `notebooks`, and the present folder where the runner works."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    monkeypatch.setattr(freshness, "PACKAGE", tmp_path / "package")  # the real one may be in the middle of an edit
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def write(folder, name, *cells, reads=(), parameters=PARAMETERS):
    """A notebook with these cells after its parameters."""
    import nbformat  # takes two seconds, which every process of the tests would wait for at first

    notebook = nbformat.v4.new_notebook(metadata={"coinfer": {"reads": list(reads)}})
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook.cells = [first, *map(nbformat.v4.new_code_cell, cells)]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, folder / f"{name}.ipynb")


def run(*arguments, out="out"):
    return command_line.main(["--notebooks", "notebooks", "--out", out, *arguments])


def content(out="out"):
    """The files of an output folder, hidden ones left out, with their content."""
    files = [
        path for path in Path(out).rglob("*") if path.is_file() and path.name not in {outputs.RECORD, outputs.MADE_BY}
    ]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def until(condition, seconds=60, every_s=0.02):
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(every_s)
