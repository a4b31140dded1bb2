"""Mutation testing, `make mutants`: do the tests notice when one sign, number or comparison of the theory is wrong?

At a seeded sample of places in its modules the code is changed in one of the ways that cosmic-ray knows. For each change a
process that has imported the libraries, but nothing of coinfer, is forked, and runs the tests of the module until one fails.
What nobody could notice is listed in mutants.yml, with the reason; of the rest, 95 % must not survive.
"""

import ast
import builtins
import difflib
import json
import os
import random
import resource
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, process_time

import hypothesis
import pytest
import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from tqdm import tqdm

sys.dont_write_bytecode, sys.pycache_prefix = False, str(Path(__file__).resolve().parents[1] / ".cache" / "mutants")
for library in ("ipywidgets", "onnx", "pandas", "pydantic", "scipy.stats", "seaborn", "sympy", "z3"):
    import_module(library)  # once for all mutants: it takes longer than most tests

ROOT = Path(__file__).resolve().parent.parent
AT_LEAST = 0.95  # of the mutants that are not equivalent are killed
START_S, FACTOR = (
    30,
    10,
)  # a mutant hangs, and is stopped, where a test takes so much longer than it does [processor time]
MOST_BYTES = 8 << 30  # of its address space
TESTS = {  # files for each module; of their tests those that enter the function that is changed run, quick ones first
    "cost": "cost scenario sweep bad_input",
    "stopping": "new_rule placement rules_in_motion rules sweep",
    "rules": "new_rule cost simulate placement plans_in_motion rules_in_motion rules sweep bad_input",
    "placement": "new_rule simulate cost placement plans_in_motion rules sweep bad_input",
    "closed_form": "mlp_closed placement ties sweep bad_input",
    "simulation": "cost simulate plans_in_motion bad_input",
    "channel.law": "new_rule simulate channel trace",
    "channel.discrete_law": "new_rule channel rules bad_input",
    "channel.fading_law": "simulate channel ties sweep",
    "channel.gain_law": "cost channel bad_input",
    "channel.moving_law": "moving plans_in_motion rules_in_motion trace bad_input",
}
ELSEWHERE = "test_every_executor"  # runs in other processes, where nothing is changed
BROKEN = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
SURVIVED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
# An operator is exchanged for another of its kind. The other kind raises an error, which any test notices, or, as `is` for
# `==`, does the same to small numbers, which none can.
KINDS = [
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"},
    {"BitAnd", "BitOr", "BitXor"},
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"In", "NotIn"},
]


def path(module: str) -> Path:
    return ROOT.joinpath("coinfer", *module.split(".")).with_suffix(".py")


@dataclass(frozen=True)
class Mutant:
    """A change at one place of a module: an occurrence of what an operator of cosmic-ray looks for."""

    module: str
    line: int
    column: int
    operator: str
    occurrence: int

    @cached_property
    def text(self) -> str:
        """The whole module, changed."""
        return mutate_code(path(self.module).read_text(), get_operator(self.operator)(), self.occurrence)

    @cached_property
    def change(self) -> tuple[str, str]:
        """What is removed and what is added, without indentation."""
        texts = [path(self.module).read_text().splitlines(), self.text.splitlines()]
        lines = [line for line in difflib.ndiff(*texts) if line[2:].strip()]
        return tuple("\n".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")

    def __str__(self) -> str:
        was, now = (side.replace("\n", "\n  ") for side in self.change)
        return f"{path(self.module).relative_to(ROOT)}:{self.line}\n- {was}\n+ {now}"


@lru_cache
def mutants(module: str) -> list[Mutant]:
    """All of a module."""
    nodes, found = list(ast_nodes(get_ast(path(module).read_text()))), []
    for name in operator_names():
        kind, names = get_operator(name), set(name.split("_")[1:])
        if kind.arguments() or (names & set().union(*KINDS) and not any(names <= each for each in KINDS)):
            continue
        places = [place for node in nodes for place, _ in kind().mutation_positions(node)]
        found += [Mutant(module, *place, name, occurrence) for occurrence, place in enumerate(places)]
    return found


@lru_cache(maxsize=64)
def executed(text: str) -> str:
    """What is executed of a module: its syntax without annotations."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for field in {"annotation", "returns"} & set(node._fields):
            setattr(node, field, None)
    return ast.dump(tree)


def sample(modules: list[str], size: int, seed: int) -> list[Mutant]:
    """One mutant at each of so many places, drawn from all modules. An operator has six mutants, and counts once."""
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for mutant in (mutant for module in modules for mutant in mutants(module)):
        places.setdefault((mutant.module, mutant.line, mutant.column), []).append(mutant)
    rng = random.Random(seed)
    drawn = (rng.choice(places[place]) for place in rng.sample(list(places), len(places)))
    found = (mutant for mutant in drawn if executed(mutant.text) != executed(path(mutant.module).read_text()))
    return [mutant for mutant, _ in zip(found, range(size), strict=False)]


class Changed(MetaPathFinder, SourceFileLoader):
    """Imports a module of the package as changed code."""

    def __init__(self, module: str, changed: ast.Module | str):
        super().__init__(f"coinfer.{module}", str(path(module)))
        self.changed = changed

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(self.name, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> object:
        return compile(self.changed, self.path, "exec", dont_inherit=True)


def noting(module: str) -> ast.Module:
    """The module with a note of each function that is entered, of `module:line` where it begins."""
    tree = ast.parse(path(module).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            note = ast.parse(f"__import__('builtins').entered.add('{module}:{node.lineno}')").body[0]
            if isinstance(node, ast.Lambda):
                node.body = ast.BoolOp(ast.Or(), [note.value, node.body])
            else:
                node.body.insert(ast.get_docstring(node) is not None, note)
    return ast.fix_missing_locations(tree)


def lines_around(mutant: Mutant) -> set[str]:
    """The lines of the innermost function around it, or of the module, as `noting` notes them."""
    text = path(mutant.module).read_text()
    first, last = 1, len(text.splitlines())
    for node in ast.walk(ast.parse(text)):  # outer ones come first
        if isinstance(node, ast.FunctionDef) and node.lineno <= mutant.line <= node.end_lineno:
            first, last = node.lineno, node.end_lineno
    return {f"{mutant.module}:{line}" for line in range(first, last + 1)}


class Chosen:
    """A plugin of pytest: runs the tests that enter some lines, quick ones first, and ends the process if one hangs.

    It notes of each test how long it takes [s] and what it enters, or goes by such notes.
    """

    def __init__(self, notes: dict[str, tuple[float, list[str]]], lines: set[str]):
        self.known, self.lines, self.notes = notes, lines, {}
        builtins.entered = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.known:
            entering = [item for item in items if self.lines.intersection(self.known[item.nodeid][1])]
            items[:] = sorted(entering, key=lambda item: self.known[item.nodeid][0])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
        began = process_time()
        builtins.entered.clear()
        usual_s, _ = self.known.get(item.nodeid, (START_S, []))
        signal.setitimer(signal.ITIMER_PROF, START_S + FACTOR * usual_s)
        done = yield
        self.notes[item.nodeid] = process_time() - began, sorted(builtins.entered)
        return done


def run_tests(names: list[str], plugin: Chosen, *importers: MetaPathFinder) -> int:
    """The exit code of pytest for these files."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.setitimer(signal.ITIMER_PROF, START_S)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    sys.meta_path[:0] = importers
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # no time goes into smaller examples
    one = {"phases": phases, "report_multiple_bugs": False}
    hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, **one)
    files = [str(ROOT / "tests" / f"test_{name}.py") for name in names]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", f"not {ELSEWHERE}", "--hypothesis-profile=mutants"]
    return pytest.main([*options, *files], [plugin])


def run_changed(mutant: Mutant, notes: dict[str, tuple[float, list[str]]]) -> int:
    """The exit code of pytest for the tests that enter the function that is changed."""
    names, changed = TESTS[mutant.module].split(), Changed(mutant.module, mutant.text)
    return run_tests(names, Chosen(notes, lines_around(mutant)), changed)


def codes(tasks: list[Callable[[], int]], jobs: int) -> Iterator[tuple[int, int]]:
    """Number and exit code of each task, in the order in which they end, so many at a time and each in a process of its own."""
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


def notes_of(names: list[str], jobs: int) -> dict[str, tuple[float, list[str]]]:
    """What `Chosen` notes of the tests in these files. Leaves with an error if one fails."""
    with TemporaryDirectory() as folder:

        def noted(name: str) -> int:
            plugin = Chosen({}, set())
            code = run_tests([name], plugin, *(Changed(module, noting(module)) for module in TESTS))
            Path(folder, name).write_text(json.dumps(plugin.notes))
            return code

        for number, code in codes([partial(noted, name) for name in names], jobs):
            if code:
                sys.exit(f"mutants: tests/test_{names[number]}.py fails as it is")
        return {test: note for name in names for test, note in json.loads(Path(folder, name).read_text()).items()}


def equivalent() -> set[tuple[str, str, str]]:
    """Module and change of the mutants that nobody could notice. Leaves with an error if the code has one no more."""
    found = set()
    for row in yaml.safe_load((ROOT / "tests" / "mutants.yml").read_text()):
        module, change = row["module"], (row["was"], row["is"])
        lines = path(module).read_text().splitlines()
        near = (m for m in mutants(module) if lines[m.line - 1].strip() in row["was"].splitlines())
        if change not in (mutant.change for mutant in near):
            sys.exit(f"mutants.yml: {module} has no such mutant any more: {row['was']} as {row['is']}")
        found.add((module, *change))
    return found


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--size", type=int, default=300, help="of the sample")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"one of {', '.join(TESTS)}; none: all")
    asked = parser.parse_args()
    if unknown := set(asked.modules) - set(TESTS):
        parser.error(f"MODULE = {min(unknown)!r}: should be one of {', '.join(TESTS)}")
    began, modules, listed = monotonic(), asked.modules or list(TESTS), equivalent()
    notes = notes_of(sorted({name for module in modules for name in TESTS[module].split()}), asked.jobs)
    drawn = sample(modules, asked.size, asked.seed)
    tasks = [partial(run_changed, mutant, notes) for mutant in drawn]
    shown = tqdm(codes(tasks, asked.jobs), "mutants", len(drawn), disable=not sys.stderr.isatty())
    ended = {drawn[number]: code for number, code in shown}
    if broken := [mutant for mutant, code in ended.items() if code in BROKEN]:
        sys.exit(f"mutants: pytest itself failed on {broken[0]}")
    survivors = {mutant for mutant, code in ended.items() if code in SURVIVED}
    same = {mutant for mutant in drawn if (mutant.module, *mutant.change) in listed}
    for mutant in sorted(survivors - same, key=str):
        print(f"survived: {mutant}\n")
    for mutant in sorted(same - survivors, key=str):
        print(f"listed as equivalent, but a test fails: {mutant}\n")
    tried, alive = len(drawn) - len(same), len(survivors - same)
    print(
        f"seed {asked.seed}: {tried - alive} of {tried} mutants killed ({1 - alive / tried:.1%}), {len(same)} more are "
        f"equivalent; {(monotonic() - began) / 60:.1f} min, {asked.jobs} at a time"
    )
    sys.exit(alive > (1 - AT_LEAST) * tried or not same <= survivors)


if __name__ == "__main__":
    main()
