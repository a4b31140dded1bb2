"""Every notebook run small on another scenario and network: what it leaves, what it imports, and what its verdicts then say."""

import importlib.util
import os
from pathlib import Path

import pandas as pd
import pytest
from effort import exhaustive

from coinfer.study import command_line as study
from coinfer.study.claims import claims, verdict
from coinfer.study.freshness import modules_of

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OTHER = ["--scenario", "city-camera", "-p", "dnn", "squeezenet", "-p", "seed", "1"]

pytestmark = exhaustive  # as it takes a minute to run them all

# In each kernel: writes down which modules of the package are imported, by whatever way, beside the notebook's name.
WITNESS = """
import os, sys

class Witness:
    def find_spec(name, path=None, target=None):
        if name.startswith("coinfer."):
            with open({file!r}, "a") as file:
                print(os.path.basename(os.getcwd()), name, file=file)

sys.meta_path.insert(0, Witness)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of what notebooks import: their names and the modules'."""
    folder = tmp_path_factory.mktemp("witness")
    (folder / "sitecustomize.py").write_text(WITNESS.format(file=str(folder / "imported.txt")))
    return folder / "imported.txt"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, imported: Path) -> Path:
    """Every notebook run small on a scenario that exists, whose channel moves, and another network than its own."""
    out = tmp_path_factory.mktemp("smoke")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(imported.parent), prepend=os.pathsep)
        assert study.main(["--smoke", "--out", str(out), *OTHER]) == 0
    return out


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_decides_whether_it_is_fresh(small: Path, imported: Path, notebook: Path) -> None:
    lines = [line.split() for line in imported.read_text().splitlines()]
    found = {spec_file(module) for name, module in lines if name == notebook.stem}
    assert found
    assert found <= modules_of(notebook)


def spec_file(module: str) -> Path:
    return Path(importlib.util.find_spec(module).origin)


def test_every_notebook_runs_small_on_another_network(small: Path) -> None:
    assert {path.name for path in (small / "executed").iterdir()} == {path.name for path in NOTEBOOKS}


def test_every_figure_has_its_numbers_and_caption(small: Path) -> None:
    figures = sorted(path.stem for path in small.glob("*.svg"))
    assert len(figures) >= 11
    for name in figures:
        assert len(pd.read_csv(small / f"{name}.csv")) > 0
        assert (small / f"{name}.pdf").stat().st_size > 0
        assert (small / f"{name}.md").read_text().strip().endswith(".")
        assert f"({name}.svg)" in (small / "README.md").read_text()


def test_runs_again_to_the_same_bytes_one_at_a_time(small: Path, tmp_path: Path) -> None:
    some = ["20-online-splitting", "50-joint-optimum"]
    arguments = ["--smoke", "--jobs", "1", "--out", str(tmp_path), *OTHER]
    assert study.main([*arguments, *some]) == 0
    made = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in (".fresh.json", "made-by.json")]
    assert len(made) > 20
    for path in made:
        assert path.read_bytes() == (small / path.relative_to(tmp_path)).read_bytes(), path.name


FIGURES = ROOT / "figures"
VANISHED = {  # coupling, and what deciding jointly and looking again save, where squeezenet is always sent: as decided there
    "coupling-independent": "refuted",
    "rule-moves-placement-independent": "refuted",
    "coupling-scenarios-independent": "limited",
    "joint-independent": "limited",
    "joint-scenarios-one-clock": "refuted",
    "law-matters": "refuted",
    "memory-again": "refuted",
    "memory-static": "refuted",
    "clock-again": "refuted",
    "clock-once": "refuted",
    "weights-again": "refuted",
    "deadline-again": "refuted",
    "deadline-joules": "refuted",
    "once-real": "refuted",
    "memoryless-good": "confirmed",  # where nothing is to be decided, the wrong plan decides it as well
    "held-while-sending": "confirmed",
    "least-late": "confirmed",
    "promise-kept": "untested",  # nothing is promised
}


@pytest.fixture(scope="module")
def elsewhere(small: Path) -> pd.DataFrame:
    return pd.concat(map(pd.read_csv, sorted(small.glob("findings-*.csv")))).set_index("claim")


@pytest.mark.parametrize("claim", claims())
def test_verdicts_on_another_scenario_are_functions_of_its_numbers(elsewhere: pd.DataFrame, claim: str) -> None:
    row, asked = elsewhere.loc[claim], claims()[claim]
    second = None if asked.limited_if in ("", asked.confirmed_if) else row["limited_by"]
    assert row["verdict"] == verdict(claim, row["confirmed_by"], second)


@pytest.mark.parametrize("claim", VANISHED)
def test_verdicts_turn_where_coupling_and_joint_saving_vanish(elsewhere: pd.DataFrame, claim: str) -> None:
    committed = pd.read_csv(FIGURES / "99-findings.csv").set_index("claim")["verdict"]
    assert committed[claim] != elsewhere.loc[claim, "verdict"] == VANISHED[claim]


def test_next_to_nothing_is_saved_or_coupled_there(elsewhere: pd.DataFrame) -> None:
    assert elsewhere.loc["coupling-independent", ["confirmed_by", "limited_by"]].tolist() == [0, 0]
    assert elsewhere.loc["joint-independent", "confirmed_by"] < 1e-6
    assert elsewhere.loc["joint-independent", "limited_by"] < 0.05
    assert elsewhere.loc["joint-one-clock", "limited_by"] < 0.01
