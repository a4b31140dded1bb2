"""The command line of the study: options checked before any work, a line for each notebook, an exit code."""

import argparse
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from coinfer.interruption import in_a_line
from coinfer.scenario import load_scenario
from coinfer.study.freshness import PACKAGE
from coinfer.study.outputs import check_folder
from coinfer.study.parameters import check, names_path, parsed
from coinfer.study.runner import MOST_S, choose, study
from coinfer.validation import InputError, brief, needs, positive

with needs("study"):
    from tqdm import tqdm

NOTEBOOKS = PACKAGE.parent / "notebooks"
# parameters of the notebooks that change their scenario, and its fields that they change
OF_SCENARIO = {"dnn": "dnn", "inferences_per_update": "inferences_per_update", "distance_m": "link__distance_m"}


def command_line(arguments: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser("python -m coinfer.study", description="Run the notebooks whose inputs changed.")
    add = parser.add_argument
    add("notebook", nargs="*", help="such as 30-placement (default: all); those that it reads are run too")
    add("--jobs", type=int, default=2, help="notebooks at a time (default: 2)")
    add("--most-minutes", type=float, default=MOST_S / 60, help="that a cell may take (default: %(default)g)")
    add("--smoke", action="store_true", help="everything small, into a temporary folder unless --out is given")
    add("--scenario", help="a scenario file, or the name of a bundled scenario")
    add("--out", type=Path, help="folder of the figures and tables (default: figures)")
    add("--notebooks", type=Path, default=NOTEBOOKS, help="folder of the notebooks")
    add("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter of the notebooks")
    return parser.parse_args(arguments)


def given_parameters(options: argparse.Namespace) -> dict[str, str]:
    """The notebooks' parameters as given, files by their absolute paths; raises `InputError` for bad options."""
    given = dict(options.p) | ({"scenario": options.scenario} if options.scenario else {})
    if Path(scenario := given.get("scenario", "")).suffix and not Path(scenario).is_file():
        raise InputError(f"scenario = {brief(scenario, 200)}: no such file")
    changes = {field: parsed(name, given[name], None) for name, field in OF_SCENARIO.items() if name in given}
    if changes or "scenario" in given:  # what is wrong with it is said here once, and not by every notebook
        load_scenario(given.get("scenario", "abstract-model"), **changes)
    for name in {"out", "smoke"}.intersection(given):
        raise InputError(f"parameter {name} = {given[name]!r}: should be given as --{name}")
    if options.jobs < 1:
        raise InputError(f"jobs = {options.jobs}: should be at least 1")
    positive("most_minutes", options.most_minutes, " of minutes")
    # absolute from here on: papermill changes the present folder for a moment when it writes
    return {name: os.path.abspath(text) if names_path(text) else text for name, text in given.items()}


def run(options: argparse.Namespace, out: Path) -> int:
    """Check the options, run the study into `out` and report; return the number of notebooks that failed."""
    given, folder = given_parameters(options), options.notebooks.resolve()
    chosen = choose(options.notebook, folder)
    check_folder(out)
    if given:
        check(given, [folder / f"{name}.ipynb" for name in chosen])
    ran, failed, most_s = 0, 0, 60 * options.most_minutes
    with tqdm(total=len(chosen), unit="notebook", disable=None) as bar:

        def tell(running: list[str]) -> None:
            bar.set_postfix_str(f"running {', '.join(running)}" if running else "")

        endings = study(chosen, folder, out.resolve(), given, options.smoke, options.jobs, most_s, tell)
        with closing(endings):
            for ending in endings:
                if ending.text:
                    bar.write(f"{ending.name}: {ending.text}", file=sys.stdout)
                bar.update()
                ran, failed = ran + bool(ending.text), failed + (not ending.success)
    print(f"{len(chosen)} notebooks: {ran - failed} run, {len(chosen) - ran} fresh, {failed} failed")
    return failed


def main(arguments: list[str] | None = None) -> int:
    """The command line's exit code: 0, or 1 if a notebook failed, 2 for bad input or a full disk, 130 if interrupted."""
    options = command_line(arguments)
    return in_a_line("coinfer.study", lambda: _in_a_folder(options), "; the next run goes on from here")


def _in_a_folder(options: argparse.Namespace) -> int:
    try:
        with tempfile.TemporaryDirectory() as temporary:
            return int(run(options, options.out or Path(temporary if options.smoke else "figures")) > 0)
    except InputError as error:
        print(f"coinfer.study: {error}", file=sys.stderr)
    except OSError as error:
        print(f"coinfer.study: {error.filename}: cannot be written ({error.strerror})", file=sys.stderr)
    return 2
