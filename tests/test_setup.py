"""The set-up: make's help and its choice of Python, the installed packages, and that nothing names this machine."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CALLERS = {"VIRTUAL_ENV", "CONDA_PREFIX", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "JOBS", "OUT", "SCENARIO", "SEED"}
TARGETS = {
    "figures",
    "smoke",
    "test",
    "test-all",
    "test-browser",
    "site",
    "explore",
    "verify",
    "bench",
    "mutants",
    "lab",
    "lint",
    "clean",
}
CONDA_NAMES = {"matplotlib-base": "matplotlib", "seaborn-base": "seaborn"}  # without the windows that we never open

# A Python that can only make environments; VERSION_OK, PIP_OK are exit codes; it writes down what it is asked to do.
STAND_IN = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in
  --version) echo "Python 3.10.13";;
  "-c "*) exit ${VERSION_OK:-0};;
  "-m venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
  *requirements.lock) exit ${PIP_OK:-0};;
esac
"""


def make(*arguments, folder=ROOT, **environment):
    """Run make as from a plain shell, with no active environment but the one given."""
    inherited = {k: v for k, v in os.environ.items() if k not in CALLERS}
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def requirements(*extras):
    """The requirements of pyproject.toml that an install with these extras asks for, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [*map(Requirement, project["dependencies"])]
    for extra in extras:
        found += map(Requirement, project["optional-dependencies"][extra])
    named = {canonicalize_name(r.name): r for r in found}
    own = named.pop("coinfer", None)  # an extra that stands for others
    return named | (requirements(*own.extras) if own else {})


def declared():
    """Every requirement of pyproject.toml, extras included, by name."""
    return requirements("all", "test")


def closure(names):
    """The installed distributions that some of them need, themselves included."""
    found, wanted = {}, set(names)
    while wanted:
        name = wanted.pop()
        found[name] = distribution(name)
        needed = map(Requirement, found[name].requires or ())
        needed = {canonicalize_name(r.name) for r in needed if not r.marker or r.marker.evaluate({"extra": ""})}
        wanted |= needed - set(found)
    return list(found.values())


def for_tables():
    """The requirements of `make tables`, by name."""
    lines = (ROOT / "requirements-tables.txt").read_text().splitlines()
    return {canonicalize_name(r.name): r for r in map(Requirement, (s for s in lines if not s.startswith("#")))}


def locked():
    """The locked requirements with the hashes of each."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    lines = [line.partition("--hash=") for line in text.splitlines()]
    return [(Requirement(line), re.findall(r"sha256:[0-9a-f]{64}", hashes)) for line, _, hashes in lines]


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """An environment of coinfer's own wheel and what it needs without extras, linked to what is installed here."""
    folder = tmp_path_factory.mktemp("light")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for package in closure(requirements()):
        for top in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
            (site / top).symlink_to(package.locate_file(top))
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", site, ROOT]
    subprocess.run([sys.executable, "-m", "pip", "--isolated", *install], check=True)

    def run(code):
        command = [folder / "bin" / "python", "-I", "-c", code]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a stand-in for Python, and the environment variables that use it."""
    folder, programs = tmp_path / "checkout", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    for name in (
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        "requirements-models.txt",
        "requirements-tables.txt",
    ):
        shutil.copy(ROOT / name, folder)
    (programs / "python3").write_text(STAND_IN)
    for version in (11, 12, 13, 14):  # so that none of the machine's own is found
        (programs / f"python3.{version}").write_text("#!/bin/sh\nexit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    return folder, {"PATH": f"{programs}:{os.environ['PATH']}", "LOG": str(tmp_path / "log")}


def test_make_alone_prints_help_from_the_targets():
    lines = make().stdout.splitlines()
    shown = {line.split()[1]: line.split(maxsplit=2)[2] for line in lines}
    assert set(shown) >= TARGETS
    for target, text in shown.items():
        assert re.search(rf"^{target}:.*## {re.escape(text)}$", (ROOT / "Makefile").read_text(), re.M)


def test_an_install_happens_once_and_again_when_the_lock_changes(checkout):
    folder, environment = checkout

    def installs():
        log = Path(environment["LOG"])
        log.unlink(missing_ok=True)
        result = make("verify", folder=folder, **environment)
        assert result.returncode == 0, result.stderr
        asked = log.read_text().splitlines()
        assert asked[-1] == "-m coinfer.derivations"
        return [line for line in asked if " install " in line]

    first = installs()
    assert "--require-hashes --no-deps -r requirements.lock" in first[0]
    assert "--no-deps --no-build-isolation --editable ." in first[1]
    assert installs() == []
    with (folder / "requirements.lock").open("a") as lock:
        lock.write("\n")
    assert installs() == first
    assert installs() == []


def test_an_interrupted_install_does_not_count_and_leaves_nothing(checkout):
    folder, environment = checkout
    assert make("verify", folder=folder, PIP_OK="1", **environment).returncode != 0
    (folder / ".venv" / "half").touch()
    assert make("verify", folder=folder, **environment).returncode == 0
    assert not (folder / ".venv" / "half").exists()
    assert not (folder / ".cache" / "installing").exists()


def test_an_old_python_is_refused_in_words(checkout):
    folder, environment = checkout
    result = make("test", folder=folder, VERSION_OK="1", **environment)
    assert result.returncode != 0
    assert "coinfer needs Python 3.11 or newer, but python3 is Python 3.10.13" in result.stderr
    assert not (folder / ".venv").exists()


def test_an_active_environment_counts_only_for_its_own_checkout(checkout, tmp_path):
    folder, environment = checkout
    foreign = {**environment, "VIRTUAL_ENV": str(tmp_path)}
    (tmp_path / "programs" / "python").symlink_to(sys.executable)  # its coinfer, if any, is not the one in `folder`
    assert 'exec ".venv/bin/python" -m coinfer.derivations' in make("-n", "verify", folder=folder, **foreign).stdout

    (folder / "coinfer").mkdir()
    (folder / "coinfer" / "__init__.py").touch()
    active = tmp_path / "active"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", active], check=True)
    (site,) = active.glob("lib/python3*/site-packages")
    (site / "coinfer.pth").write_text(str(folder))
    path = {"PATH": f"{active / 'bin'}:{environment['PATH']}", "LOG": environment["LOG"]}
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        plan = make("-n", "verify", folder=folder, **path, **{variable: str(active)}).stdout
        assert plan.strip() == f'exec "{active}/bin/python" -m coinfer.derivations'
    assert ".venv/bin/python" in make("-n", "verify", folder=folder, **path).stdout


def test_a_scenario_of_ones_own_does_not_touch_the_figures():
    assert '--out "out" --scenario "mine.yml"' in make("-n", "figures", "SCENARIO=mine.yml").stdout
    assert '--jobs 1 --out "there"' in make("-n", "figures", "SCENARIO=mine.yml", "OUT=there", "JOBS=1").stdout
    assert '--jobs 2 --out "figures"' in make("-n", "figures").stdout


@pytest.mark.parametrize("name", ["SCENARO", "scenario", "JOB"])
def test_a_misspelt_variable_is_named(name):
    result = make("-n", "figures", f"{name}=x")
    assert result.returncode == 2
    assert f"{name} is no variable of this Makefile; there are JOBS, SEED, SCENARIO and OUT" in result.stderr


def test_continuous_integration_runs_the_tests_that_the_readme_names():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line.startswith("make ")]
    assert commands == ["make test-all", "make test-browser"]
    assert all(command in (ROOT / "README.md").read_text() for command in commands)


def test_browser_tests_say_what_they_need_before_any_work(tmp_path):
    (tmp_path / "programs").mkdir()
    for name in ("chromium", "npm", "sh", "cksum", "tr", "cat", "pwd"):
        (tmp_path / "programs" / name).symlink_to(shutil.which(name) or "/bin/true")
    run = make("browser", PATH=str(tmp_path / "programs"))
    assert run.returncode != 0
    assert "make test-browser needs chromedriver: apt install chromium chromium-driver npm" in run.stderr


def test_conda_environment_has_the_same_packages_and_bounds():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert conda["channels"] == ["conda-forge"]
    *names, last = conda["dependencies"]
    assert last["pip"][-1] == "-e ."
    requirements = {CONDA_NAMES.get(r.name, r.name): r.specifier for r in map(Requirement, names + last["pip"][:-1])}
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert requirements.pop("python") == Requirement(f"python{python}").specifier
    assert requirements.pop("pip") == ""
    assert requirements == {name: requirement.specifier for name, requirement in declared().items()}


def test_the_lock_has_every_package_within_bounds_hashed_and_without_an_index():
    pins = {}
    for requirement, hashes in locked():
        assert hashes, requirement
        assert requirement.url is None
        ((operator, version),) = [(s.operator, s.version) for s in requirement.specifier]
        assert operator == "=="
        pins.setdefault(canonicalize_name(requirement.name), []).append(version)
    for name, requirement in declared().items():
        assert pins[name], name
        assert all(requirement.specifier.contains(version) for version in pins[name]), requirement
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links", (ROOT / "requirements.lock").read_text())


@pytest.mark.parametrize("name", ["numpy", "pydantic", "papermill", "pytest", "onnx"])
def test_dependencies_have_both_bounds(name):
    assert {s.operator for s in declared()[name].specifier} == {">=", "<"}


def test_every_import_of_the_package_is_declared():
    imported = set()
    for path in (ROOT / "coinfer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    third_party = imported - set(sys.stdlib_module_names) - {"coinfer"}
    assert {"numpy", "pydantic", "papermill"} <= third_party
    distributions, known = packages_distributions(), {*declared(), *for_tables()}
    undeclared = {m for m in third_party if not {canonicalize_name(d) for d in distributions.get(m, [m])} & known}
    assert undeclared == set()


def test_torch_is_for_the_tables_alone():
    """Pinned for `make tables`; in no extra and, itself or as what another needs, not in the lock."""
    assert {"torch", "torchvision", "onnxruntime", "onnxscript"} < set(for_tables())
    assert all(re.fullmatch(r"==[\d.]+", str(requirement.specifier)) for requirement in for_tables().values())
    pinned = {canonicalize_name(requirement.name) for requirement, _ in locked()}
    assert {name for name in for_tables() if name in {*declared(), *pinned}} == {"onnx", "onnxruntime"}


def test_tables_are_made_in_an_environment_of_their_own():
    plan = make("-n", "-B", "tables").stdout  # as if it had never been made
    assert plan.strip().endswith("exec .cache/tables/bin/python -m coinfer.network")
    assert "-r requirements-tables.txt --editable ." in plan
    assert "--no-deps -r requirements-models.txt" in plan


def test_all_has_what_the_study_and_the_proofs_need():
    needed = {"jupyterlab", "numpy", "onnx", "papermill", "scipy", "seaborn", "sympy", "z3-solver"}
    assert needed <= set(requirements("all"))
    assert set(requirements()) == {"lazy-loader", "numpy", "pandas", "pydantic", "pyyaml", "scipy"}


PLANNING = """
from importlib.util import find_spec
import coinfer
scenario = coinfer.load_scenario("abstract-model", dnn="alexnet")
plan = coinfer.plan(scenario)
assert abs(coinfer.simulate(scenario, plan, inferences=2000, rng=1).mean / plan.cost - 1) < 0.1
assert len(coinfer.sweep(scenario, {"link.bandwidth_hz": [1e6, 2e6]})) == 2
trace = coinfer.example_trace("example.up")
on_trace = scenario.replace(channel=trace.law())
assert coinfer.replay(on_trace, coinfer.plan(on_trace), trace, inferences=100).mean > 0
extras = "distributed", "IPython", "matplotlib", "onnx", "seaborn", "sympy", "tqdm", "z3"
print(coinfer.__file__, *filter(find_spec, extras))
"""


def test_planning_needs_no_extra(light):
    run = light(PLANNING)
    assert run.returncode == 0, run.stderr
    file, *extras = run.stdout.split()
    assert ROOT not in Path(file).parents
    assert extras == []


MISSING = [  # extra, what asks for it
    ("onnx", "import coinfer; coinfer.read_onnx('net.onnx')"),
    ("verify", "from coinfer.quantities import QUANTITIES; QUANTITIES['unit_cost'].sympy()"),
    ("verify", "import coinfer.derivations"),
    ("study", "import coinfer.study.figures"),
    ("study", "import coinfer.study.runner"),
    ("study", "import coinfer; coinfer.sweep(coinfer.load_scenario('default'), {'dnn': ['vgg19']}, progress=True)"),
]


@pytest.mark.parametrize(("extra", "code"), MISSING)
def test_a_missing_extra_is_named_in_one_sentence(light, extra, code):
    last = light(code).stderr.splitlines()[-1]
    assert re.fullmatch(rf"ModuleNotFoundError: \w+ is missing: pip install 'coinfer\[{extra}\]'", last), last


def test_nothing_names_a_machine_or_an_index():
    folders = [".ci", "coinfer", "notebooks", "tests", "figures"]
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    skipped = {".git", "__pycache__", ".work", "executed", ".ipynb_checkpoints", ".fresh.json"}
    bad = re.compile(r"(?<![\w./~-])/(home|root|Users|opt|work)/\w|(extra-)?index-url[ =]\w|/simple\b")
    read = 0
    for path in files:
        if (
            skipped.isdisjoint(path.parts)
            and path.suffix not in {".pyc", ".pdf", ".png", ".npz"}
            and path != Path(__file__)
        ):
            read += 1
            assert not bad.search(path.read_text()), path
    assert read > 20
