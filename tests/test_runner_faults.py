"""What may go wrong with a run: cells that hang or quit, signals, full disks, bad folders; it says so, and leaves whole files."""

import errno
import json
import os
import pty
import random
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest
from effort import beyond, exhaustive
from tiny_notebooks import WRITE, content, run, until, write

from coinfer.study import execution, outputs

COMMAND = [sys.executable, "-m", "coinfer.study", "--notebooks", "notebooks", "--out", "out"]
SLEEP = "from time import sleep\nsleep(600)"
DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"


@pytest.mark.parametrize("cell", beyond(1, [DEAF, SLEEP]), ids=["deaf", "sleeps"])
def test_a_cell_that_hangs_is_stopped_and_named(folder, capsys, cell):
    write(folder, "10-a", "x = 1", cell)
    write(folder, "20-b", WRITE.format("20-b"))
    start = time.monotonic()
    assert run("--most-minutes", "0.03") == 1
    assert time.monotonic() - start < 30
    assert (
        f"10-a: FAILED: cell [3] `{cell.splitlines()[0]}`: it took longer than 0.03 minutes (--most-minutes)"
        in capsys.readouterr().out
    )
    assert set(content()) == {"20-b.csv", "executed/20-b.ipynb"}
    assert psutil.Process().children(recursive=True) == []


@pytest.mark.parametrize(
    "cell",
    beyond(
        2,
        [
            "quit()",
            "import sys; sys.exit()",
            "exit()",
            "import sys; sys.exit(0)",
            "raise SystemExit",
            "import os; os._exit(0)",
        ],
    ),
)
def test_a_notebook_that_quits_has_failed(folder, capsys, cell):
    write(folder, "10-a", WRITE.format("10-a"), cell)
    assert run() == 1
    said = capsys.readouterr().out
    assert f"10-a: FAILED: cell [3] `{cell}`: " in said
    assert "should run to its end" in said or "DeadKernelError" in said
    assert content() == {}


@pytest.mark.parametrize(
    "file",
    beyond(2, ["made-by.json", ".fresh.json", ".work/x", ".hidden", "executed/20-b.ipynb", "executed/other.csv"]),
)
def test_files_of_the_runner_are_its_own(folder, capsys, file):
    make = f"from pathlib import Path\npath = Path({file!r})\npath.parent.mkdir(exist_ok=True)\npath.write_text('mine')"
    write(folder, "10-a", make)
    assert run() == 1
    assert (
        f"10-a: FAILED: it writes {file.partition('/')[0] if file.startswith('.') and '/' in file else file}"
        in capsys.readouterr().out
    )
    assert "mine" not in {path.read_text() for path in Path("out").rglob("*") if path.is_file()}
    assert json.loads(Path("out", outputs.MADE_BY).read_text()) == {}


def test_a_link_that_leads_elsewhere_is_refused(folder, capsys):
    write(folder, "10-a", "import os\nos.symlink('/etc', '10-a.csv')")
    assert run() == 1
    assert "10-a: FAILED: it makes 10-a.csv a symbolic link; should be a file" in capsys.readouterr().out
    assert content() == {}


# ---------------------------------------------------------------- where it writes


@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        ("file", "out = 'file': cannot be written (file is a file); should be a folder"),
        ("file/deep/er", "out = 'file/deep/er': cannot be written ("),
        ("/proc/no", "out = '/proc/no': cannot be written ("),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_any_work(folder, capsys, monkeypatch, out, complaint):
    write(folder, "10-a", WRITE.format("10-a"))
    Path("file").write_text("mine")
    monkeypatch.setattr(execution, "execute", lambda *_: pytest.fail("a kernel was started"))
    assert run(out=out) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert Path("file").read_text() == "mine"


def test_a_full_disk_is_told_in_a_line(folder, capsys, monkeypatch):
    write(folder, "10-a", WRITE.format("10-a"))
    replace = os.replace

    def full(source, target):
        if Path(target).suffix == ".csv":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert run() == 2
    error = capsys.readouterr().err
    assert "10-a.csv: cannot be written (No space left on device)" in error
    assert error.count("\n") == 1
    assert content() == {}
    assert run() == 0
    assert set(content()) == {"10-a.csv", "executed/10-a.ipynb"}


def test_a_wrong_scenario_is_refused_once_by_file_and_field(folder, capsys, monkeypatch):
    for number in range(3):
        write(folder, f"{number}0-a", WRITE.format("10-a"))
    Path("my.yml").write_text("dnn: alexnet\nlink: {bandwith_hz: 1.0e+6}")
    monkeypatch.setattr(execution, "execute", lambda *_: pytest.fail("a kernel was started"))
    assert run("--scenario", "my.yml") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "coinfer.study: my.yml: Scenario.link.bandwith_hz = 1000000.0: unknown field" in error
    assert "did you mean 'bandwidth_hz'?" in error
    for name, value in (("inferences_per_update", "0"), ("inferences_per_update", "many"), ("distance_m", "-3")):
        assert run("-p", name, value) == 2
        error = capsys.readouterr().err
        assert f"{name} = {value!r}" in error or f"{name} = {value}" in error
        assert error.startswith("coinfer.study: ")
        assert error.count("\n") == 1
    assert run("-p", "dnn", "alexnot") == 2
    error = capsys.readouterr().err
    assert "coinfer.study: dnn.name = 'alexnot': should be one of" in error
    assert "did you mean 'alexnet'?" in error
    assert not Path("out").exists()


# ---------------------------------------------------------------- signals


def test_a_second_interruption_does_not_wait_for_the_cell(folder):
    write(folder, "10-a", "from pathlib import Path\nPath('begun').touch()", DEAF)
    runner = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: Path("out/.work/10-a/begun").exists())
    kernels = psutil.Process(runner.pid).children(recursive=True)
    start = time.monotonic()
    runner.send_signal(signal.SIGINT)
    for _ in range(3):
        time.sleep(0.01)
        runner.send_signal(signal.SIGINT)
    out, error = runner.communicate(timeout=60)
    assert time.monotonic() - start < 10
    assert runner.returncode == 130
    assert error == "coinfer.study: interrupted; the next run goes on from here\n"
    assert out == ""
    assert psutil.wait_procs(kernels, timeout=10)[1] == []
    assert not Path("out/.work").exists()


MANY = "from pathlib import Path\nfor n in range(40):\n    Path(f'{0}-{{n}}.csv').write_text('{1}' * 100_000)"


@exhaustive
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_any_moment_it_leaves_whole_files_and_the_next_run_completes(folder, seed):
    names = ["10-a", "20-b", "30-c"]
    for name in names:
        write(folder, name, MANY.format(name, "o"))
    assert run() == 0
    for name in names:
        write(folder, name, MANY.format(name, "n"))
    runner = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kernels = []
    until(
        lambda: Path("out/10-a-0.csv").read_text()[0] == "n" or Path("out/20-b-0.csv").read_text()[0] == "n",
        every_s=0.0,
    )
    time.sleep(random.Random(seed).uniform(0, 0.05 if seed < 4 else 1.5))
    kernels = psutil.Process(runner.pid).children(recursive=True)
    runner.kill()
    runner.wait()
    psutil.wait_procs(kernels, timeout=60)
    for path in Path("out").glob("*.csv"):
        assert path.read_text() in ("o" * 100_000, "n" * 100_000), path
    json.loads(Path("out", outputs.MADE_BY).read_text())
    json.loads(Path("out", outputs.RECORD).read_text())
    assert run() == 0
    made = {path.name for path in Path("out").glob("*.csv")}
    assert made == {f"{name}-{n}.csv" for name in names for n in range(40)}
    assert {path.read_text()[0] for path in Path("out").glob("*.csv")} == {"n"}
    assert not Path("out/.work").exists()


# ---------------------------------------------------------------- what is said, and where


@exhaustive
def test_names_in_any_letters_under_an_ascii_locale(folder):
    write(folder, "10-a", "from pathlib import Path\nPath(out, '10-é.csv').write_text(scenario + ' ≥', 'utf-8')")
    Path("sénario.yml").write_text("dnn: alexnet  # à Québec", "utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [*COMMAND[:-1], "oût", "--scenario", "sénario.yml"]
    ran = subprocess.run(command, capture_output=True, env=os.environ | ascii_only, check=False)
    assert ran.returncode == 0, ran.stderr
    assert Path("oût/10-é.csv").read_text("utf-8") == "../../../sénario.yml ≥"


@exhaustive
def test_nothing_is_drawn_where_there_is_no_terminal_to_draw_on(folder):
    write(folder, "10-a", WRITE.format("10-a"))
    ran = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    assert ran.stderr == ""


@exhaustive
def test_verifying_draws_nothing_where_there_is_no_terminal_either():
    proved = subprocess.run(
        [sys.executable, "-m", "coinfer.derivations", "L1"], capture_output=True, text=True, check=True
    )
    assert proved.stderr == ""


@exhaustive
def test_the_progress_line_names_what_runs_and_what_is_left(folder):
    for name in ("10-a", "20-b"):
        write(folder, name, WRITE.format(name), "from time import sleep\nsleep(0.3)")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 120))
    ran = subprocess.Popen([*COMMAND, "--jobs", "1"], stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    shown = b""
    try:
        while part := os.read(leader, 1000):
            shown += part
    except OSError:  # the other side is closed
        pass
    assert ran.wait() == 0
    assert b"running 20-b" in shown
    assert b"running 10-a" in shown
    assert b"0/2" in shown
    assert b"1/2" in shown


def in_session(process, leader):
    try:
        return os.getsid(process.pid) == leader
    except ProcessLookupError:
        return False


@exhaustive
@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.5, 1.0])
def test_verifying_is_interrupted_in_a_line(after_s):
    """As by a terminal, which tells workers as well; at once, too, while they are begun. None is left."""
    command = [sys.executable, "-m", "coinfer.derivations"]
    verifying = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(lambda: len(psutil.Process(verifying.pid).children()) > 0, every_s=0.0)
    time.sleep(after_s)
    os.killpg(verifying.pid, signal.SIGINT)
    out, error = verifying.communicate(timeout=60)  # which waits for workers, too: they have its pipes
    assert (verifying.returncode, out, error) == (130, "", "coinfer.derivations: interrupted\n")
    assert not [each for each in psutil.process_iter() if in_session(each, verifying.pid)]


def test_the_package_says_what_there_is_to_do():
    ran = subprocess.run([sys.executable, "-m", "coinfer"], capture_output=True, text=True, check=True)
    for part in (
        "python -m coinfer.study",
        "python -m coinfer.derivations",
        "python -m coinfer.site",
        "scenario_names()",
    ):
        assert part in ran.stdout
    wrong = subprocess.run([sys.executable, "-m", "coinfer", "plan"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "coinfer: 'plan' is no command; `python -m coinfer` lists what there is\n"
