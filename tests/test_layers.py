"""The fence between the rooms (import-linter's contracts in pyproject.toml) holds, and each of its contracts can fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from effort import beyond

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
BAD = [  # contract, modules that break it
    ("layers", {"cost": "import coinfer.placement"}),
    ("layers", {"scenario": "def load():\n    import coinfer.grid"}),  # at the time of a call, too
    ("layers", {"channel/bad": "from coinfer.network import load_dnn"}),
    ("layers", {"network/bad": "from coinfer.channel import Rayleigh"}),
    ("own-names", {"coupling": "from coinfer import simulate"}),
    ("layers", {"placement": "import coinfer.derivations"}),
    ("layers", {"system": "from coinfer.study import figures"}),
    ("layers", {"new": ""}),  # a module that has no place
    ("independent-derivations", {"derivations/proofs/bad": "from coinfer.cost import costs"}),
    ("independent-derivations", {"derivations/bad": "import coinfer.study.figures"}),
    ("independent-derivations", {"derivations/engine/bad": "import numpy"}),
    ("engine", {"derivations/engine/bad": "from coinfer.derivations.proofs import placement"}),
    (
        "acyclic",
        {"channel/bad": "from coinfer.channel import worse", "channel/worse": "from coinfer.channel import bad"},
    ),
    ("drawing", {"placement": "def draw():\n    import matplotlib.pyplot"}),
    ("drawing", {"frontier": "import ipywidgets"}),
    ("pages", {"study/bad": "from bs4 import BeautifulSoup"}),
    ("layers", {"study/bad": "from coinfer.site import page"}),
    ("algebra", {"channel/bad": "from sympy import Symbol"}),
    ("onnx", {"scenario": "import onnx"}),
    ("torch", {"network/tables": "def load():\n    import torch"}),
]


def lint(folder: Path, *options: str) -> tuple[bool, str]:
    """Whether the contracts are kept by the package in `folder`, and what the linter prints."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout + run.stderr


def test_the_rooms_keep_to_their_layers():
    kept, said = lint(ROOT)
    assert kept, said
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in said


@pytest.mark.parametrize(("contract", "modules"), beyond(2, BAD))
def test_a_bad_import_is_found(contract: str, modules: dict[str, str], tmp_path: Path):
    shutil.copytree(ROOT / "coinfer", tmp_path / "coinfer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in modules.items():
        with (tmp_path / "coinfer" / f"{name}.py").open("a") as file:
            file.write(f"\n{text}\n")
    kept, said = lint(tmp_path, "--contract", contract)
    assert not kept
    assert "Contracts: 0 kept, 1 broken." in said, said


def test_every_contract_is_seen_to_fail():
    assert {contract for contract, _ in BAD} == {contract["id"] for contract in CONTRACTS}
