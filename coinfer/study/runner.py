"""Runs the notebooks of the study: several at a time, each after those it reads, the fresh ones skipped.

A notebook runs in an empty folder beside the output folder's files, with copies of the files of the notebooks that it
`reads` (`metadata.coinfer.reads`), and is told to write there (`out="."`). Only when it has succeeded are its files moved
into place. `outputs` keeps that folder, `freshness` says what is stale, `execution` runs one notebook, `parameters` are
what it is given, `command_line` is `python -m coinfer.study`.
"""

import graphlib
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from coinfer.study.execution import KERNEL_ENVIRONMENT, execute, kill_kernels, parameter_values
from coinfer.study.freshness import bytes_hash, inputs_hash, whole_package
from coinfer.study.outputs import NotebookError, Outputs, working_folder
from coinfer.validation import InputError, one_of

MOST_S = 1200.0  # of a cell; the slowest of the study takes half a minute


class Ending(NamedTuple):
    """How a notebook ended: `text` is empty if it was fresh."""

    name: str
    text: str
    success: bool


def reads(notebook: Path) -> list[str]:
    """The names of the notebooks whose files this one reads, as its metadata declare; raises `InputError`."""
    try:
        found = json.loads(notebook.read_text("utf-8")).get("metadata", {}).get("coinfer", {}).get("reads", [])
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


def study(
    chosen: dict[str, list[str]],
    folder: Path,
    out: Path,
    given: dict[str, str],
    smoke: bool,
    jobs: int,
    most_s: float = MOST_S,
    tell: Callable[[list[str]], object] = len,
) -> Generator[Ending, None, None]:
    """Run the chosen notebooks that are stale, `jobs` at a time, and yield how each one ended.

    A cell may take `most_s`. What is running is told whenever a notebook begins. Raises `InputError` for a folder that cannot be
    written, and `OSError` where the disk is full.
    """
    # Threads, not processes: the work is in the kernels, papermill (1 s) is imported once, and one process that hands
    # out the kernels' ports never gives one twice. All that touches the output folder, or parses Python, is done by this thread.
    with working_folder(out) as work, ThreadPoolExecutor(jobs) as pool:
        os.environ.update(KERNEL_ENVIRONMENT, IPYTHONDIR=f"{work}/ipython", JUPYTER_RUNTIME_DIR=f"{work}/jupyter")
        run = _Run(chosen, folder, given, smoke, work, pool, Outputs(out), whole_package(), most_s)
        for gone in set(run.outputs.made).difference(names(folder)):
            run.outputs.withdraw(gone)
        order = graphlib.TopologicalSorter(chosen)
        order.prepare()
        try:
            while order.is_active():
                ready = sorted(order.get_ready(), reverse=True)  # the last take longest, so they begin first
                begun = list(filter(None, map(run.begin, ready)))
                tell(run.names_running(jobs))
                for ending in chain(begun, run.finished()):
                    order.done(ending.name)
                    yield ending
        except BaseException:
            kill_kernels(list(run.running))
            raise


@dataclass
class _Run:
    """A run of the study under way."""

    chosen: dict[str, list[str]]
    folder: Path
    given: dict[str, str]
    smoke: bool
    work: Path
    pool: ThreadPoolExecutor
    outputs: Outputs
    package: str
    most_s: float
    failed: set[str] = field(default_factory=set)
    running: dict[Future[float], tuple[str, str, str]] = field(
        default_factory=dict
    )  # names, hashes of inputs and bytes

    def begin(self, name: str) -> Ending | None:
        """Start a notebook, or say why not: it is fresh, or one that it reads has failed."""
        blocked = ", ".join(sorted(self.failed.intersection(self.chosen[name])))
        if blocked:
            return self._fail(name, f"not run, since it reads {blocked}")
        notebook, to_read = self.folder / f"{name}.ipynb", self.outputs.readable(self.chosen[name])
        made_from = notebook, self.given, self.smoke, to_read
        seen = bytes_hash(*made_from, self.package)
        inputs = self.outputs.inputs_seen(name, seen) or inputs_hash(*made_from)
        if self.outputs.hold(name, inputs, seen):
            return Ending(name, "", True)
        for file in to_read:
            (self.work / name / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.outputs.folder / file, self.work / name / file)
        try:
            values = parameter_values(notebook, self.work / name, self.given, self.smoke)
        except InputError as error:
            return self._fail(name, f"FAILED: {error}")
        task = self.pool.submit(execute, notebook, self.work / name, values, self.most_s)
        self.running[task] = name, inputs, seen
        return None

    def names_running(self, jobs: int) -> list[str]:
        """The notebooks that run now; the others wait for one of them to end."""
        return [name for task, (name, _, _) in self.running.items() if not task.done()][
            :jobs
        ]  # they begin in this order

    def finished(self) -> Iterator[Ending]:
        """Wait until a notebook ends, if one runs; publish what it made."""
        for task in wait(self.running, return_when=FIRST_COMPLETED).done:
            name, inputs, seen = self.running.pop(task)
            try:
                text = f"{task.result():.1f} s"
                self.outputs.publish(name, inputs, self.work / name, seen)
                yield Ending(name, text, True)
            except NotebookError as error:
                yield self._fail(name, f"FAILED: {error}")

    def _fail(self, name: str, text: str) -> Ending:
        self.outputs.withdraw(name)
        self.failed.add(name)
        return Ending(name, text, False)
