"""Other arithmetic, the same bytes: notebooks rerun as on other CPUs give the committed files.

Round-off cannot be ruled out by rounding, only made improbable: a number of the study may lie so near the edge of two
roundings that the last digit kept differs. If one of these tests fails for a single digit after a change of the study,
that is the case, and rounding where the number is computed mends it.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from coinfer.study import command_line
from coinfer.study.execution import KERNEL_ENVIRONMENT

ROOT = Path(__file__).parents[1]
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


@pytest.mark.parametrize(
    ("levers", "notebooks"),
    [  # those that have differed, the quick ones of them
        (["numpy", "blas", "libm", "threads"], ["20-online-splitting", "60-sensitivity"]),
        (["noise"], ["30-placement", "72-memory"]),
    ],
    ids=["another CPU", "noise"],
)
def test_the_committed_files_do_not_depend_on_arithmetic(
    levers: list[str], notebooks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lever: dict[str, str] = {}
    for name in set(levers) & set(offered()) or {"noise"}:  # a machine that offers none has the noise
        lever |= LEVERS[name]
    for name, value in {**KERNEL_ENVIRONMENT, "IPYTHONDIR": "", "JUPYTER_RUNTIME_DIR": ""}.items():
        monkeypatch.setenv(name, os.environ.get(name, value))  # the runner sets them for good
    for name, value in lever.items():
        monkeypatch.setitem(KERNEL_ENVIRONMENT, name, value)
        monkeypatch.setenv(name, value)
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    folder.mkdir()
    for name in notebooks:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    write_probe(folder / "01-probe.ipynb")
    assert command_line.main(["--notebooks", str(folder), "--out", str(out)]) == 0
    assert (out / "probe.txt").read_text() == probe(tmp_path, lever)  # the lever has reached the kernels
    made = {path.name for path in out.iterdir() if path.is_file() and path.name[0] != "."}
    assert len(made) > 20
    assert differing(made - {"probe.txt", "made-by.json"}, out) == []


def differing(files: set[str], out: Path) -> list[str]:
    """Those of the files whose bytes are not the committed ones."""
    return [name for name in sorted(files) if (out / name).read_bytes() != (ROOT / "figures" / name).read_bytes()]


def write_probe(path: Path) -> None:
    """The probe as a notebook."""
    first = nbformat.v4.new_code_cell("seed = 0", metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(PROBE)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
