"""Mutation testing, `make mutants`: do the tests notice when one sign, number or comparison of the theory is wrong?

At a seeded sample of places in its modules the code is changed in one of the ways that cosmic-ray knows. For each change a
process that has imported the libraries, but nothing of coinfer, is forked, and runs the tests of the module until one fails.
What nobody could notice is listed in mutants.yml, with the reason; of the rest, 95 % must not survive.
"""

import ast
import difflib
import os
import random
import resource
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from time import monotonic

import hypothesis
import pandas  # noqa: F401 like pydantic and scipy: imported once for all, as that takes long
import pydantic  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
AT_LEAST = 0.95  # of the mutants that are not equivalent are killed
MOST_S = (
    120  # of processor time for the tests of a mutant, and ten times that by the clock: else it hangs, and is killed
)
MOST_BYTES = 8 << 30  # of its address space
TESTS = {  # of each module, the quick ones first
    "cost": "cost scenario sweep bad_input",
    "stopping": "new_rule placement rules_in_motion rules",
    "rules": "new_rule simulate placement plans_in_motion rules_in_motion rules bad_input",
    "placement": "new_rule simulate cost placement plans_in_motion rules bad_input",
    "closed_form": "mlp_closed placement sweep ties",
    "simulation": "simulate plans_in_motion bad_input",
    "channel.law": "new_rule simulate channel trace",
    "channel.discrete_law": "new_rule channel rules bad_input",
    "channel.fading_law": "simulate channel sweep ties",
    "channel.gain_law": "channel bad_input",
    "channel.moving_law": "moving plans_in_motion rules_in_motion trace",
}
# Operators of numbers and of sets: to exchange one kind for the other raises an error at once, which any test notices.
KINDS = ({"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}, {"BitAnd", "BitOr", "BitXor"})


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
        if kind.arguments() or ("Binary" in name and not any(names <= both for both in KINDS)):
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
    """Imports a module of the package with another text than its file has."""

    def __init__(self, module: str, text: str):
        super().__init__(f"coinfer.{module}", str(path(module)))
        self.text = text

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(self.name, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> object:
        return compile(self.text, self.path, "exec", dont_inherit=True)


def run_tests(module: str, text: str) -> None:
    """Run the tests of a module that has this text, and leave with pytest's exit code."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_S, MOST_S))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        signal.alarm(10 * MOST_S)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        sys.meta_path.insert(0, Changed(module, text))
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # no time goes into smaller examples
        hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, phases=phases)
        files = [str(ROOT / "tests" / f"test_{name}.py") for name in TESTS[module].split()]
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", *files])
    finally:
        os._exit(int(code))


def passes(texts: list[tuple[str, str]], jobs: int) -> Iterator[tuple[int, bool]]:
    """For each module with a text, in the order in which they end: its number, and whether every test passed."""
    waiting, running = list(enumerate(texts))[::-1], dict[int, int]()
    while waiting or running:
        while waiting and len(running) < jobs:
            number, text = waiting.pop()
            if not (child := os.fork()):
                run_tests(*text)
            running[child] = number
        child, status = os.wait()
        yield running.pop(child), status == 0


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
    for number, passed in passes([(module, path(module).read_text()) for module in modules], asked.jobs):
        if not passed:
            sys.exit(f"mutants: the tests of {modules[number]} fail unchanged: {TESTS[modules[number]]}")
    drawn = sample(modules, asked.size, asked.seed)
    running = passes([(mutant.module, mutant.text) for mutant in drawn], asked.jobs)
    shown = tqdm(running, "mutants", len(drawn), disable=not sys.stderr.isatty())
    survivors = {drawn[number] for number, passed in shown if passed}
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
