"""Runs tests on changed modules, each time in a process forked from one that has imported the libraries, not coinfer.

First all tests run on the code as it is, and what functions each of them enters is noted. For a change in a function only
those run that enter it, quick ones first, until one fails.
"""

import ast
import builtins
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 8 << 30  # of the address space of a test
HANGS_S, HANGS_TIMES = (
    20,
    10,
)  # of processor time: a test hangs that takes this and so many times what it takes otherwise
NOT_HERE = "test_every_executor"  # runs in other processes, in which nothing is changed
Notes = dict[str, tuple[float, list[str]]]  # for each test its time [s] and the functions that it enters, "module:line"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported; as in conftest.py
sys.dont_write_bytecode, sys.pycache_prefix = False, str(ROOT / ".cache" / "mutants")
for library in ("ipywidgets", "onnx", "pandas", "pydantic", "scipy.stats", "seaborn", "sympy", "z3"):
    import_module(library)  # once for all: it takes longer than most tests


def path(module: str) -> Path:
    return ROOT.joinpath("coinfer", *module.split(".")).with_suffix(".py")


class Changed(MetaPathFinder, SourceFileLoader):
    """Imports a module of the package as changed code."""

    def __init__(self, module: str, code: ast.Module | str):
        super().__init__(f"coinfer.{module}", str(path(module)))
        self.code = code

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(self.name, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> object:
        return compile(self.code, self.path, "exec", dont_inherit=True)


def noting(module: str) -> ast.Module:
    """The module as it is, but for a note of each function that is entered."""
    tree = ast.parse(path(module).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            note = ast.parse(f"__import__('builtins').entered.add('{module}:{node.lineno}')").body[0]
            if isinstance(node, ast.Lambda):
                node.body = ast.BoolOp(ast.Or(), [note.value, node.body])
            else:
                node.body.insert(ast.get_docstring(node) is not None, note)
    return ast.fix_missing_locations(tree)


def entries(module: str, line: int) -> set[str]:
    """What is noted on entering the innermost function around a line; empty if there is none."""
    lines = range(0)
    for node in ast.walk(ast.parse(path(module).read_text())):  # outer ones come first
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= node.end_lineno:
            lines = range(node.lineno, node.end_lineno + 1)
    return {f"{module}:{number}" for number in lines}


class Chosen:
    """A plugin of pytest: runs the tests that are known to have one of these entries, or all; ends the process if one hangs."""

    def __init__(self, known: Notes, entries: set[str]):
        self.known, self.entries, self.notes = known, entries, Notes()
        builtins.entered = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.entries:
            items[:] = [item for item in items if self.entries.intersection(self._usual(item)[1])]
        if self.known:
            items.sort(key=lambda item: self._usual(item)[0])

    def _usual(self, item: pytest.Item) -> tuple[float, list[str]]:
        """Its time and entries; of a test that is there by the change alone, that it may enter anything."""
        return self.known.get(item.nodeid, (HANGS_S, list(self.entries)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
        began = process_time()
        builtins.entered.clear()
        usual_s, _ = self._usual(item)
        signal.setitimer(signal.ITIMER_PROF, HANGS_S + HANGS_TIMES * usual_s)  # its signal ends the process
        done = yield
        self.notes[item.nodeid] = process_time() - began, sorted(builtins.entered)
        return done


def run_tests(names: list[str], plugin: Chosen, *importers: MetaPathFinder) -> int:
    """The exit code of pytest for these files."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.setitimer(signal.ITIMER_PROF, HANGS_S)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    sys.meta_path[:0] = importers
    first = {"phases": [hypothesis.Phase.explicit, hypothesis.Phase.generate], "report_multiple_bugs": False}
    hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, **first)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", f"not {NOT_HERE}", "--hypothesis-profile=mutants"]
    return pytest.main([*options, *(str(ROOT / "tests" / f"test_{name}.py") for name in names)], [plugin])


def run_changed(module: str, line: int, text: str, names: list[str], notes: Notes) -> int:
    """The exit code of pytest for these files when a module has this text, which differs at this line."""
    code = run_tests(names, Chosen(notes, entries(module, line)), Changed(module, text))
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR) and not _is_importable():
        return pytest.ExitCode.TESTS_FAILED  # which conftest.py has tried
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


def _is_importable() -> bool:
    try:
        import_module("coinfer.study.command_line")
    except Exception:
        return False
    return True


def apart(tasks: list[Callable[[], int]], jobs: int) -> Iterator[tuple[int, int]]:
    """Number and exit code of each task, in the order in which they end; so many at a time, each in a process of its own."""
    waiting, running = list(enumerate(tasks))[::-1], dict[int, int]()
    while waiting or running:
        while waiting and len(running) < jobs:
            number, task = waiting.pop()
            if not (child := os.fork()):
                code = 1
                try:
                    code = int(task())
                finally:
                    os._exit(code)
            running[child] = number
        child, status = os.wait()
        yield running.pop(child), os.waitstatus_to_exitcode(status)


def notes(names: list[str], modules: list[str], jobs: int) -> Notes:
    """The time of each test in these files, and what it enters in these modules. Leaves with an error if a test fails."""
    with TemporaryDirectory() as folder:

        def noted(name: str) -> int:
            plugin = Chosen({}, set())
            code = run_tests([name], plugin, *(Changed(module, noting(module)) for module in modules))
            Path(folder, name).write_text(json.dumps(plugin.notes))
            return code

        for number, code in apart([partial(noted, name) for name in names], jobs):
            if code:
                sys.exit(f"mutants: tests/test_{names[number]}.py fails as it is")
        return {test: note for name in names for test, note in json.loads(Path(folder, name).read_text()).items()}
