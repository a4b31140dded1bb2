"""What is committed is what the code produces: the whole study, some notebooks of it rerun as on other CPUs, byte for byte.

Round-off cannot be ruled out by rounding, only made improbable: a number of the study may lie so near the edge of two
roundings that the last digit kept differs. If one of these tests fails for a single digit after a change of the study,
that is the case, and rounding where the number is computed mends it.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from effort import exhaustive

from coinfer.study import command_line
from coinfer.study.claims import claims
from coinfer.study.execution import KERNEL_ENVIRONMENT

ROOT = Path(__file__).parents[1]
pytestmark = exhaustive  # minutes

NOISE = str(Path(__file__).parent / "noise")
PATHS = [NOISE, *filter(None, [os.environ.get("PYTHONPATH")])]
LEVERS = {
    "numpy": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"},  # loops without AVX2, FMA and AVX-512
    "blas": {"OPENBLAS_CORETYPE": "Nehalem"},  # products without AVX and FMA
    "libm": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"},  # the C library's functions
    "threads": {"OPENBLAS_NUM_THREADS": "4"},  # sums in another order
    "noise": {"PYTHONPATH": os.pathsep.join(PATHS)},  # on any CPU
}
PROBE = """\
import hashlib, math
import numpy as np
from pathlib import Path
from scipy.special import exp1
x = np.random.default_rng(0).uniform(0.1, 10, 360_000)
large, small, few = x.reshape(600, 600), x[:1600].reshape(40, 40), x[:1000].tolist()
found = [np.exp(x), np.log(x), x**1.7, exp1(x), [math.exp(v) for v in few], [v**1.7 for v in few]]
found += [large @ large, small @ small, np.linalg.solve(small, small[0])]
digests = [hashlib.sha256(np.asarray(numbers).tobytes()).hexdigest() for numbers in found]
Path("probe.txt").write_text("\\n".join(digests))"""


def offered() -> list[str]:
    """The levers that this machine offers; they must work here."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    avx2 = {"numpy", "blas"} | ({"libm"} if platform.libc_ver()[0] == "glibc" else set())
    given = {"noise"} | (avx2 if re.search(r"\bavx2\b", flags) else set())
    return [name for name in LEVERS if name in given | ({"threads"} if (os.cpu_count() or 1) > 1 else set())]


def probe(folder: Path, lever: dict[str, str]) -> str:
    """Hashes of the exact numbers that a short program finds under a lever."""
    subprocess.run([sys.executable, "-c", PROBE], check=True, cwd=folder, env=os.environ | KERNEL_ENVIRONMENT | lever)
    return (folder / "probe.txt").read_text()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The probe without a lever, twice the same."""
    folder = tmp_path_factory.mktemp("plain")
    found = probe(folder, {})
    assert probe(folder, {}) == found
    return found


@pytest.mark.parametrize("name", offered())
def test_a_lever_changes_arithmetic(name: str, plain: str, tmp_path: Path) -> None:
    assert probe(tmp_path, LEVERS[name]) != plain


CASES = {  # levers, and notebooks run under them: those that have differed, the quick ones of them
    "another CPU": (["numpy", "blas", "libm", "threads"], ["20-online-splitting", "60-sensitivity"]),
    "noise": (["noise"], ["30-placement", "72-memory"]),
}


@dataclass(frozen=True)
class Run:
    """What a run under a lever left: its probe and the one it should be, and the files of each notebook."""

    found: str
    wanted: str
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole study."""
    return tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="module")
def runs(out: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A few notebooks, run under each lever."""
    folder = tmp_path_factory.mktemp("levers") / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*"))
    return {name: run_under(levers, notebooks, folder, out) for name, (levers, notebooks) in CASES.items()}


@pytest.fixture(scope="module")
def produced(out: Path, runs: dict[str, Run]) -> Path:
    """The whole study, as `make figures` runs it; what was run under a lever is fresh, and is not run twice."""
    assert command_line.main(["--out", str(out)]) == 0
    return out


def run_under(levers: list[str], notebooks: list[str], folder: Path, out: Path) -> Run:
    """Run some notebooks, and a probe, under those levers that this machine offers."""
    lever: dict[str, str] = {}
    for name in set(levers) & set(offered()) or {"noise"}:  # a machine that offers none has the noise
        lever |= LEVERS[name]
    write_probe(folder / "01-probe.ipynb", f"{PROBE}\n# under {lever}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KERNEL_ENVIRONMENT, "IPYTHONDIR": "", "JUPYTER_RUNTIME_DIR": ""}.items():
            patch.setenv(name, os.environ.get(name, value))  # the runner sets them for good
        for name, value in lever.items():
            patch.setitem(KERNEL_ENVIRONMENT, name, value)
            patch.setenv(name, value)
        arguments = ["--notebooks", str(folder), "--out", str(out), "01-probe", *notebooks]
        assert command_line.main(arguments) == 0
        wanted = probe(folder.parent, lever)
    made = json.loads((out / "made-by.json").read_text())
    files = [file for notebook in notebooks for file in made[notebook]]
    return Run((out / "probe.txt").read_text(), wanted, {file: (out / file).read_bytes() for file in files})


def write_probe(path: Path, code: str) -> None:
    """The probe as a notebook."""
    first = nbformat.v4.new_code_cell("seed = 0", metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@pytest.mark.parametrize("name", CASES)
def test_the_committed_files_do_not_depend_on_arithmetic(name: str, runs: dict[str, Run]) -> None:
    run = runs[name]
    assert run.found == run.wanted  # the lever has reached the kernels
    assert len(run.files) > 18
    assert [file for file, content in run.files.items() if content != (ROOT / "figures" / file).read_bytes()] == []


def test_what_is_committed_is_what_the_code_produces(produced: Path) -> None:
    committed, made = (
        {p.name for p in folder.iterdir() if p.is_file() and p.name[0] != "."}
        for folder in (ROOT / "figures", produced)
    )
    assert committed == made
    for path in sorted(produced.glob("*.csv")):
        pd.testing.assert_frame_equal(
            pd.read_csv(path), pd.read_csv(ROOT / "figures" / path.name), rtol=1e-9, atol=1e-12, obj=path.name
        )
    for path in [*produced.glob("*.md")]:
        assert path.read_text() == (ROOT / "figures" / path.name).read_text(), path.name


def test_the_findings_are_complete(produced: Path) -> None:
    table = pd.read_csv(produced / "99-findings.csv")
    assert (
        not table[
            ["claim", "sentence", "statement", "verdict", "confirmed_by", "limited_by", "number", "figure", "limits"]
        ]
        .isna()
        .any(axis=None)
    )
    assert set(table["verdict"]) <= {"confirmed", "limited", "refuted"}  # no claim of the whole study is untested
    assert [
        name
        for name in table["figure"]
        if not (produced / f"{name}.svg").exists() and not (produced / f"{name}.csv").exists()
    ] == []
    assert table["claim"].tolist() == list(claims())


def test_the_nomenclature_lists_every_quantity(produced: Path) -> None:
    from coinfer.quantities import QUANTITIES

    table = pd.read_csv(produced / "00-nomenclature.csv")
    assert set(table["field"]) == set(QUANTITIES)


def test_no_curve_of_a_committed_figure_is_empty(produced: Path) -> None:
    for path in produced.glob("*.csv"):  # the cases of a claim are counted only where they are what limits it
        numbers = pd.read_csv(path).select_dtypes("number").drop(columns=["reached in", "of cases"], errors="ignore")
        assert not np.any(numbers.isna().all(axis=0)), path.name


def test_made_by_lists_every_committed_file(produced: Path) -> None:
    listed = {file for files in json.loads((produced / "made-by.json").read_text()).values() for file in files}
    assert listed == {
        path.name for path in produced.iterdir() if path.is_file() and path.name not in (".fresh.json", "made-by.json")
    }
