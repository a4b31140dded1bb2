"""Runs the notebooks of the study: parameters checked, several at a time, the ones whose inputs have not changed skipped.

A notebook runs in an empty folder beside the output folder's files, with copies of the files of the notebooks that it
`reads` (`metadata.coinfer.reads`), and is told to write there (`out="."`). Only when it has succeeded are its files moved
into place, each by one rename; so the output folder holds complete files only, whenever a run is stopped. Beside them lie
`made-by.json`, the files of each notebook, and `.fresh.json`, the hashes of what they were made from, which is not
committed, so that a fresh clone runs everything. See `python -m coinfer.study --help`.
"""

import argparse
import ast
import fcntl
import graphlib
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coinfer.validation import InputError, one_of

PACKAGE = Path(__file__).resolve().parents[1]
LOCK = PACKAGE.parent / "requirements.lock"
NOTEBOOKS = PACKAGE.parent / "notebooks"
RECORD, MADE_BY, WORK = ".fresh.json", "made-by.json", ".work"

# The same inputs give the same bytes whatever the caller's shell holds: sums in one order, sets in one order, no date.
KERNEL_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one of the same name in the home folder
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # otherwise the kernel warns on the terminal at every start
}


class NotebookError(Exception):
    """A notebook failed; the message names the cell and the error."""


@dataclass(frozen=True)
class Made:
    """What a notebook made: the hash of all its inputs, and of each file by its path in the output folder."""

    inputs: str
    files: dict[str, str]


def sha256(path: Path) -> str:
    """The hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Outputs:
    """An output folder and which notebook made which of its files from which inputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settled: set[str] = set()  # the notebooks whose files are known to be those of their present inputs
        owned = {name: {"inputs": "unknown", "files": dict.fromkeys(files, "")} for name, files in self._read(MADE_BY)}
        self.made = {name: Made(**made) for name, made in (owned | dict(self._read(RECORD))).items()}

    def hold(self, name: str, inputs: str) -> bool:
        """Whether the notebook's files are there, unchanged, and made from these inputs."""
        made, folder = self.made.get(name), self.folder
        if made is None or made.inputs != inputs:
            return False
        if not all((folder / file).is_file() and sha256(folder / file) == h for file, h in made.files.items()):
            return False
        self.settled.add(name)
        return True

    def readable(self, notebooks: list[str]) -> dict[str, str]:
        """The files of these notebooks with their hashes, but for the executed copies."""
        made = [self.made[name].files for name in notebooks if name in self.made]
        return {file: files[file] for files in made for file in sorted(files) if not file.startswith("executed/")}

    def publish(self, name: str, inputs: str, work: Path) -> None:
        """Move the notebook's files from `work` into place and remove those that it no longer makes."""
        new = {str(path.relative_to(work)): sha256(path) for path in sorted(work.rglob("*")) if path.is_file()}
        for owner, made in [(owner, made) for owner, made in self.made.items() if owner != name]:
            for file in [file for file in made.files if file in new]:
                if (
                    owner not in self.settled
                ):  # the file has moved from that notebook to this one, or will be missed there
                    self.made[owner] = Made("unknown", {other: h for other, h in made.files.items() if other != file})
                elif new.pop(file) != made.files[file]:  # the same if it is the copy that was given to read
                    raise NotebookError(f"it writes {file}, which is a file of {owner}")
        old = set(self.made[name].files if name in self.made else ())
        self._record(name, Made("unknown", dict.fromkeys([*old, *new], "")))  # so that no file is ever orphaned
        for file in new:
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(work / file, self.folder / file)
        for file in old - set(new):
            (self.folder / file).unlink(missing_ok=True)
        self._record(name, Made(inputs, new))
        self.settled.add(name)

    def withdraw(self, name: str) -> None:
        """Remove the files of a notebook that failed: they do not belong to its present inputs."""
        for file in self.made[name].files if name in self.made else ():
            (self.folder / file).unlink(missing_ok=True)
        self._record(name, None)

    def _record(self, name: str, made: Made | None) -> None:
        self.made.pop(name, None)
        if made is not None:
            self.made[name] = made
        self._write(RECORD, {name: asdict(made) for name, made in sorted(self.made.items())})
        self._write(MADE_BY, {name: sorted(self.readable([name])) for name in sorted(self.made)})

    def _read(self, file: str) -> list[tuple[str, Any]]:
        try:
            return list(json.loads((self.folder / file).read_text()).items())
        except (OSError, ValueError, AttributeError):  # none yet, or damaged: everything is stale
            return []

    def _write(self, file: str, content: object) -> None:
        temporary = self.folder / WORK / file
        temporary.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(temporary, self.folder / file)


def reads(notebook: Path) -> list[str]:
    """The names of the notebooks whose files this one reads, as its metadata declare."""
    try:
        found = json.loads(notebook.read_text()).get("metadata", {}).get("coinfer", {}).get("reads", [])
    except (ValueError, AttributeError):
        raise InputError(f"{notebook}: should be a notebook in JSON") from None
    return [one_of(f"{notebook.name}: metadata.coinfer.reads", name, names(notebook.parent)) for name in found]


def names(folder: Path) -> list[str]:
    """The notebooks in a folder, in order, without their suffix."""
    return sorted(path.stem for path in folder.glob("[0-9][0-9]-*.ipynb"))


def choose(wanted: list[str], folder: Path) -> dict[str, list[str]]:
    """The notebooks to run (all, or those wanted with what they read), each with the names of those it reads."""
    left = [one_of("notebook", Path(name).name.removesuffix(".ipynb"), names(folder)) for name in wanted]
    left = left or names(folder)
    if not left:
        raise InputError(f"{folder}: should hold notebooks named NN-topic.ipynb")
    chosen: dict[str, list[str]] = {}
    while left:
        name = left.pop(0)
        if name not in chosen:
            chosen[name] = reads(folder / f"{name}.ipynb")
            left += chosen[name]
    try:
        graphlib.TopologicalSorter(chosen).prepare()
    except graphlib.CycleError as error:
        raise InputError(f"metadata.coinfer.reads: {' reads '.join(error.args[1])} is a circle") from None
    return dict(sorted(chosen.items()))


def declared(notebook: Path) -> dict[str, Any]:
    """The parameters that a notebook declares, as papermill sees them, with literal defaults."""
    import papermill

    try:
        found = papermill.inspect_notebook(notebook)
    except ValueError as error:  # no kernel is named
        raise InputError(f"{notebook.name}: {error}") from None
    if not found:
        raise InputError(f"{notebook.name}: should have a cell tagged `parameters`")
    for name, parameter in found.items():
        try:
            parameter["default"] = ast.literal_eval(parameter["default"])
        except (ValueError, SyntaxError):
            raise InputError(f"{notebook.name}: {name} = {parameter['default']}: should be a literal") from None
    return dict(found)


def parsed(name: str, text: str, default: object) -> object:
    """A parameter given as text, as a value of its default's type; a default of None accepts any value."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if default is None or type(value) is type(default) or (type(default) is float and type(value) is int):
        return value
    raise InputError(f"parameter {name} = {text!r}: should be of type {type(default).__name__}, like {default!r}")


def check(given: dict[str, str], notebooks: list[Path]) -> None:
    """Refuse a parameter that no notebook declares, or that is ill-typed for one that does; list the valid ones."""
    valid: dict[str, str] = {}
    complaint = ""
    for notebook in notebooks:
        for name, parameter in declared(notebook).items():
            default = parameter["default"]
            kind = "any" if default is None else type(default).__name__
            valid.setdefault(name, f"  {name}: {kind} = {default!r}  {parameter['help']}".rstrip())
            try:
                parsed(name, given.get(name, repr(default)), default)
            except InputError as error:
                complaint = complaint or f"{error} ({notebook.name})"
    unknown = sorted(set(given) - set(valid))
    if unknown:
        complaint = f"parameter {unknown[0]} = {given[unknown[0]]!r}: no notebook declares it"
    if complaint:
        raise InputError("\n".join([f"{complaint}; valid parameters:", *valid.values()]))


def is_file(text: str) -> bool:
    """Whether a parameter's value names a file (a bare name, like `alexnet`, never does)."""
    return bool(Path(text).suffix) and Path(text).is_file()


def execute(notebook: Path, work: Path, given: dict[str, str], smoke: bool) -> float:
    """Run a notebook in the folder `work`; leave its files and its executed copy there; return the seconds it took."""
    import nbformat
    import papermill

    start = time.perf_counter()
    values: dict[str, object] = {"out": ".", "smoke": smoke}
    defaults = {name: parameter["default"] for name, parameter in declared(notebook).items()}
    for name, text in given.items():
        values[name] = os.path.relpath(text, work) if is_file(text) else parsed(name, text, defaults.get(name))
    work.mkdir(exist_ok=True)
    draft = work.with_suffix(".ipynb")
    try:
        papermill.execute_notebook(
            notebook,
            draft,
            {name: value for name, value in values.items() if name in defaults},
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # it warns at every start that local sockets are not encrypted
            progress_bar=False,
            shutdown_kernel="immediate",  # an orderly shutdown sometimes stalls for seconds
            resources={"metadata": {"path": str(work)}},  # papermill's `cwd` would be that of all threads
        )
    except Exception as error:  # of the cell, of the kernel (killed, not started) or of papermill: all name a cell
        text = f"{getattr(error, 'ename', type(error).__name__)}: {getattr(error, 'evalue', error)}"
        raise NotebookError(f"{failed_cell(draft)}: {text.strip().splitlines()[-1]}") from error
    (work / "executed").mkdir()
    nbformat.write(without_traces(nbformat.read(draft, as_version=4)), work / "executed" / notebook.name)
    return time.perf_counter() - start


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
    for key in ("papermill", "language_info"):
        executed.metadata.pop(key, None)
    for cell in executed.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # papermill draws a random one
        if cell.cell_type == "code":  # progress bars and warnings carry times and process ids
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return executed


@contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """An empty folder inside `out`, removed at the end; what a killed run left there is removed before."""
    out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(f"out = {str(out)!r}: another run is writing there") from None
    try:
        shutil.rmtree(out / WORK, ignore_errors=True)
        (out / WORK).mkdir()
        yield out / WORK
    finally:
        while (out / WORK).exists():  # a kernel that is just being killed may still write there
            shutil.rmtree(out / WORK, ignore_errors=True)
        os.close(handle)


def fingerprint(given: dict[str, str], smoke: bool) -> list[Any]:
    """What every notebook depends on: the parameters, the files they name, the package and the lock."""
    package = [path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    files = [*package, LOCK, *(Path(text) for text in given.values() if is_file(text))]
    return [given, smoke, [[os.path.relpath(path, PACKAGE), sha256(path)] for path in files]]


def study(
    chosen: dict[str, list[str]], folder: Path, out: Path, given: dict[str, str], smoke: bool, jobs: int
) -> Generator[tuple[str, str, bool], None, None]:
    """Run the chosen notebooks that are stale, `jobs` at a time; yield each one's name, how it ended and whether well."""
    common, failed = fingerprint(given, smoke), set[str]()
    running: dict[Future[float], tuple[str, str, Path]] = {}
    order = graphlib.TopologicalSorter(chosen)
    order.prepare()
    # Threads, not processes: the work is in the kernels, papermill (1 s) is imported once, and one process that hands
    # out the kernels' ports never gives one twice. All that touches the output folder is done by this thread.
    with working_folder(out) as work, ThreadPoolExecutor(jobs) as pool:
        os.environ.update(KERNEL_ENVIRONMENT, IPYTHONDIR=f"{work}/ipython", JUPYTER_RUNTIME_DIR=f"{work}/jupyter")
        outputs = Outputs(out)
        for gone in set(outputs.made).difference(names(folder)):
            outputs.withdraw(gone)
        try:
            while order.is_active():
                for name in sorted(order.get_ready(), reverse=True):  # the last take longest, so they begin first
                    notebook, own, to_read = folder / f"{name}.ipynb", work / name, outputs.readable(chosen[name])
                    inputs = json.dumps([common, sha256(notebook), to_read])
                    key = hashlib.sha256(inputs.encode()).hexdigest()
                    blocked = ", ".join(sorted(failed.intersection(chosen[name])))
                    if not blocked and not outputs.hold(name, key):
                        for file in to_read:
                            (own / file).parent.mkdir(parents=True, exist_ok=True)
                            shutil.copyfile(out / file, own / file)
                        running[pool.submit(execute, notebook, own, given, smoke)] = name, key, own
                        continue
                    if blocked:
                        outputs.withdraw(name)
                        failed.add(name)
                    order.done(name)
                    yield name, f"not run, since it reads {blocked}" if blocked else "", not blocked
                for task in wait(running, return_when=FIRST_COMPLETED).done:
                    name, key, own = running.pop(task)
                    try:
                        ending = f"{task.result():.1f} s"
                        outputs.publish(name, key, own)
                    except (NotebookError, InputError) as error:
                        ending = f"FAILED: {error}"
                        outputs.withdraw(name)
                        failed.add(name)
                    order.done(name)
                    yield name, ending, name not in failed
        except BaseException:
            kill_kernels(list(running))
            raise


def kill_kernels(running: list[Future[float]]) -> None:
    """Kill this process's children until no notebook runs: a thread that has just started one ends as well."""
    import psutil

    for task in running:
        task.cancel()
    while wait(running, timeout=0.1).not_done:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                child.kill()


def command_line(arguments: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser("python -m coinfer.study", description="Run the notebooks whose inputs changed.")
    add = parser.add_argument
    add("notebook", nargs="*", help="such as 30-placement (default: all); those that it reads are run too")
    add("--jobs", type=int, default=2, help="notebooks at a time (default: 2)")
    add("--smoke", action="store_true", help="everything small, into a temporary folder unless --out is given")
    add("--scenario", help="a scenario file, or the name of a bundled scenario")
    add("--out", type=Path, help="folder of the figures and tables (default: figures)")
    add("--notebooks", type=Path, default=NOTEBOOKS, help="folder of the notebooks")
    add("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter of the notebooks")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, out: Path) -> int:
    """Check the options, run the study into `out` and report; return the number of notebooks that failed."""
    from tqdm import tqdm

    given = dict(options.p) | ({"scenario": options.scenario} if options.scenario else {})
    if Path(given.get("scenario", "")).suffix and not is_file(given["scenario"]):
        raise InputError(f"scenario = {given['scenario']!r}: no such file")
    for name in {"out", "smoke"}.intersection(given):
        raise InputError(f"parameter {name} = {given[name]!r}: should be given as --{name}")
    if options.jobs < 1:
        raise InputError(f"jobs = {options.jobs}: should be at least 1")
    # absolute from here on: papermill changes the present folder for a moment when it writes
    given = {name: os.path.abspath(text) if is_file(text) else text for name, text in given.items()}
    folder, out = options.notebooks.resolve(), out.resolve()
    chosen = choose(options.notebook, folder)
    if given:
        check(given, [folder / f"{name}.ipynb" for name in chosen])
    ran, failed = 0, 0
    with (
        closing(study(chosen, folder, out, given, options.smoke, options.jobs)) as endings,
        tqdm(total=len(chosen), unit="notebook", disable=None) as bar,
    ):
        for name, ending, success in endings:
            if ending:
                bar.write(f"{name}: {ending}", file=sys.stdout)
            bar.update()
            ran, failed = ran + bool(ending), failed + (not success)
    print(f"{len(chosen)} notebooks: {ran - failed} run, {len(chosen) - ran} fresh, {failed} failed")
    return failed


def main(arguments: list[str] | None = None) -> int:
    """The command line's exit code: 0, or 1 if a notebook failed, 2 for bad input, 130 if interrupted."""
    options = command_line(arguments)
    for stop in (signal.SIGINT, signal.SIGTERM):  # stop the kernels, clean up; a shell's background job ignores SIGINT
        signal.signal(stop, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            return int(run(options, options.out or Path(temporary if options.smoke else "figures")) > 0)
    except InputError as error:
        print(f"coinfer.study: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("coinfer.study: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
