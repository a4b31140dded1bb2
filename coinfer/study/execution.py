"""One notebook run by papermill in a folder of its own, and what is left of it: equal runs leave equal bytes."""

import os
import re
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any

from coinfer.study.outputs import NotebookError
from coinfer.study.parameters import declared, names_path, parsed
from coinfer.validation import needs

with needs("study"):
    import psutil

# The same inputs give the same bytes whatever the caller's shell holds: sums in one order, sets in one order, no date.
KERNEL_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONUTF8": "1",  # names of files in any language, whatever the locale
    "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one of the same name in the home folder
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # otherwise the kernel warns on the terminal at every start
}


class Ended(Exception):
    """A cell ended its kernel, which Jupyter takes for success."""


def execute(notebook: Path, work: Path, values: dict[str, object], most_s: float) -> float:
    """Run a notebook in the folder `work`; leave its files and its executed copy there; return the seconds it took.

    Raises `NotebookError`, also for a cell that takes longer than `most_s` or ends its kernel.
    """
    import nbformat  # both take a second, and were imported with the parameters, by the one thread that parses Python
    import papermill

    papermill.log.logger.disabled = True  # what it has to say is raised as well
    start = time.perf_counter()
    work.mkdir(exist_ok=True)
    draft = work.with_suffix(".ipynb")
    try:
        papermill.execute_notebook(
            notebook,
            draft,
            values,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # it warns at every start that local sockets are not encrypted
            progress_bar=False,
            shutdown_kernel="immediate",  # an orderly shutdown sometimes stalls for seconds
            resources={"metadata": {"path": str(work)}},  # papermill's `cwd` would be that of all threads
            execution_timeout=ceil(most_s),  # of a cell; the kernel is then killed
            on_cell_executed=_refuse_to_end,
        )
    except Exception as error:  # of the cell, of the kernel (killed, not started) or of papermill: all name a cell
        raise NotebookError(f"{failed_cell(draft)}: {_reason(error, most_s)}") from error
    (work / "executed").mkdir(exist_ok=True)
    executed = without_traces(nbformat.read(draft, as_version=4))
    nbformat.write(executed, work / "executed" / notebook.name)
    if name := executed.metadata.get("coinfer", {}).get("page"):
        (work / name).write_text(page(executed), encoding="utf-8", newline="\n")
    return time.perf_counter() - start


def _refuse_to_end(cell: Any, cell_index: int, execute_reply: Any) -> None:
    """Raise `Ended` for quit(), sys.exit() and what else Jupyter does not take for an error."""
    reply = execute_reply["content"]
    if reply.get("ename") == "SystemExit" or any(each["source"] == "ask_exit" for each in reply.get("payload", [])):
        raise Ended("it ends its kernel; a notebook should run to its end")


def _reason(error: Exception, most_s: float) -> str:
    """What an error says, in a line."""
    if isinstance(error, Ended):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"it took longer than {most_s / 60:.3g} minutes (--most-minutes)"
    text = f"{getattr(error, 'ename', type(error).__name__)}: {getattr(error, 'evalue', error)}"
    return text.strip().splitlines()[-1]


def page(executed: Any) -> str:
    """An executed notebook as Markdown that stands among the figures, with the parameters that a reader gave, and not the runner's own.

    Its code is left out if its metadata say so (`coinfer.code` is false).
    """
    from nbconvert.exporters import MarkdownExporter

    executed.metadata["language_info"] = {"name": "python"}  # of its code
    for cell in executed.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            given = [line for line in cell.source.splitlines() if not re.match(r"(out|smoke) = |#", line)]
            cell.source = "\n".join(["# as given", *given]) if given else ""
    executed.cells = [cell for cell in executed.cells if cell.source]
    exporter = MarkdownExporter(exclude_input=not executed.metadata["coinfer"].get("code", True))
    text, _ = exporter.from_notebook_node(executed)
    text = re.sub(r"\]\((\d\d-[\w-]+\.ipynb)", r"](../notebooks/\1", text.replace("](../figures/", "]("))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def parameter_values(notebook: Path, work: Path, given: dict[str, str], smoke: bool) -> dict[str, object]:
    """What the parameters of a notebook run in `work` are set to, of those given that it declares. Raises `InputError`.

    It parses Python, which only one thread may do: CPython 3.11 counts the depth of all trees that are being made as that of
    one (python/cpython#106905).
    """
    defaults = {name: parameter["default"] for name, parameter in declared(notebook).items()}
    values: dict[str, object] = {"out": ".", "smoke": smoke}
    for name, text in given.items():
        values[name] = os.path.relpath(text, work) if names_path(text) else parsed(name, text, defaults.get(name))
    return {name: value for name, value in values.items() if name in defaults}


def failed_cell(draft: Path) -> str:
    """Name the cell at which a run ended, counted as JupyterLab counts them when run from the top."""
    import nbformat

    if not draft.exists():
        return "before its first cell"
    cells = [cell for cell in nbformat.read(draft, as_version=4).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    states = [cell.metadata.get("papermill", {}).get("status", "pending") for cell in cells]
    # when a kernel dies papermill marks no cell as failed: then it is the last one that was begun
    begun = [index for index, state in enumerate(states) if state != "pending"]
    if not begun:
        return "before its first cell"
    index = states.index("failed") if "failed" in states else begun[-1]
    first_line = next(iter(cells[index].source.splitlines()), "")
    return f"cell [{index + 1}] `{first_line}`"


def without_traces(executed: Any) -> Any:
    """The executed notebook without times, paths, process ids and versions, so that equal runs give equal bytes."""
    for key in ("papermill", "language_info", "widgets"):  # widgets have random names
        executed.metadata.pop(key, None)
    for cell in executed.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # papermill draws a random one
        if cell.cell_type == "code":  # progress bars and warnings carry times and process ids
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return executed


def kill_kernels(running: list[Future[float]]) -> None:
    """Kill this process's children until no notebook runs: a thread that has just started one ends as well."""
    for task in running:
        task.cancel()
    while wait(running, timeout=0.1).not_done:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                child.kill()
