"""Mutation testing, `make mutants`: do the tests notice when one sign, number or comparison of the theory is wrong?

At a seeded sample of places in its modules the code is changed in one of the ways that cosmic-ray knows, and the tests of
the module run. What nobody could notice is listed in mutants.yml, with the reason; of the rest 5 % may survive.
"""

import ast
import difflib
import random
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from time import monotonic

import mutants_run
import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from mutants_run import ROOT, path
from tqdm import tqdm

AT_LEAST = 0.95  # of the mutants that are not equivalent are killed
TESTS = {  # files for each module
    "cost": "cost scenario sweep manners bad_input",
    "stopping": "new_rule cost placement plans_in_motion rules_in_motion rules sweep",
    "rule": "new_rule cost simulate plans_in_motion rules_in_motion rules bad_input",
    "rules": "new_rule cost simulate placement plans_in_motion rules_in_motion rules sweep bad_input",
    "placement": "new_rule simulate cost placement plans_in_motion rules sweep manners bad_input",
    "closed_form": "mlp_closed placement ties sweep bad_input",
    "simulation": "cost simulate plans_in_motion bad_input",
    "channel.law": "new_rule simulate placement rules_in_motion channel trace manners",
    "channel.discrete_law": "new_rule cost plans_in_motion channel rules bad_input",
    "channel.fading_law": "cost simulate plans_in_motion channel ties sweep",
    "channel.gain_law": "cost channel bad_input",
    "channel.moving_law": "moving plans_in_motion rules_in_motion trace bad_input",
}
# An operator is exchanged for another of its kind. The other kind raises an error, which any test notices, or, as `is` for
# `==`, does the same to small numbers, which none can.
KINDS = [
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"},
    {"BitAnd", "BitOr", "BitXor"},
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"In", "NotIn"},
]


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
    text, found = path(module).read_text(), list[Mutant]()
    nodes, lines = list(ast_nodes(get_ast(text))), text.splitlines()
    for name in operator_names():
        kind, names = get_operator(name), set(name.split("_")[1:])
        if kind.arguments() or (names & set().union(*KINDS) and not any(names <= each for each in KINDS)):
            continue
        places = [place for node in nodes for place, _ in kind().mutation_positions(node)]
        found += [Mutant(module, *place, name, occurrence) for occurrence, place in enumerate(places)]
    return [mutant for mutant in found if not _is_spared(lines[mutant.line - 1], mutant.column)]


def _is_spared(line: str, column: int) -> bool:
    """Whether an operator is a signature's `*`, no product, or part of how much is kept for those who ask again."""
    return line.startswith("*,", column) or line.startswith("@lru_cache")


@lru_cache(maxsize=64)
def executed(text: str) -> str | None:
    """What is executed of a module: its syntax without annotations; None for what is no Python, as `a == not b`."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for field in {"annotation", "returns"} & set(node._fields):
            setattr(node, field, None)
    return ast.dump(tree)


def sample(modules: list[str], size: int, seed: int) -> list[Mutant]:
    """One mutant at each of so many places, drawn from all modules. An operator has several mutants, and counts once."""
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for mutant in (mutant for module in modules for mutant in mutants(module)):
        places.setdefault((mutant.module, mutant.line, mutant.column), []).append(mutant)
    rng = random.Random(seed)
    drawn = (rng.choice(places[place]) for place in rng.sample(list(places), len(places)))
    found = (m for m in drawn if executed(m.text) not in (None, executed(path(m.module).read_text())))
    return [mutant for mutant, _ in zip(found, range(size), strict=False)]


def equivalent() -> set[tuple[str, str, str]]:
    """Module and change of the mutants that nobody could notice. Leaves with an error if the code has one no more."""
    found = set()
    for row in yaml.safe_load((ROOT / "tests" / "mutants.yml").read_text()):
        module, was = row["module"], row["was"]
        lines = path(module).read_text().splitlines()
        near = {m.change for m in mutants(module) if lines[m.line - 1].strip() in was.splitlines()}
        for now in row["is"]:
            if (was, now) not in near:
                sys.exit(f"mutants.yml: {module} has no such mutant any more: {was} as {now}")
            found.add((module, was, now))
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
    notes = mutants_run.notes(
        sorted({name for each in modules for name in TESTS[each].split()}), list(TESTS), asked.jobs
    )
    drawn = sample(modules, asked.size, asked.seed)
    tasks = [partial(mutants_run.run_changed, m.module, m.line, m.text, TESTS[m.module].split(), notes) for m in drawn]
    shown = tqdm(mutants_run.apart(tasks, asked.jobs), "mutants", len(drawn), disable=not sys.stderr.isatty())
    ended = {drawn[number]: code for number, code in shown}
    survivors = {mutant for mutant, code in ended.items() if code in (0, 3, 4)}  # at 3 and 4 pytest failed, and no test
    same = {mutant for mutant in drawn if (mutant.module, *mutant.change) in listed}
    for title, some in (("survived", survivors - same), ("listed as equivalent, but a test fails", same - survivors)):
        for mutant in sorted(some, key=str):
            print(f"{title}: {mutant}\n")
    tried, alive = len(drawn) - len(same), len(survivors - same)
    print(
        f"seed {asked.seed}: {tried - alive} of {tried} mutants killed ({1 - alive / tried:.1%}), {len(same)} more are "
        f"equivalent; {(monotonic() - began) / 60:.1f} min, {asked.jobs} at a time"
    )
    sys.exit(alive > (1 - AT_LEAST) * tried or not same <= survivors)


if __name__ == "__main__":
    main()
