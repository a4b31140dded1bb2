"""The runner, on tiny notebooks: what is fresh, what is stale, what a failure or an interruption leaves behind."""

import ast
import builtins
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from effort import beyond, exhaustive
from tiny_notebooks import PARAMETERS, WRITE, content, run, until, write

from coinfer.study import command_line, freshness, outputs, runner


def test_what_has_not_changed_is_not_run_again(folder, capsys, monkeypatch):
    write(folder, "10-a", WRITE.format("10-a"), "print(1)", "if seed is None:\n    import package.module")
    assert run() == 0
    assert set(content()) == {"10-a.csv", "executed/10-a.ipynb"}
    assert "1 run, 0 fresh" in capsys.readouterr().out
    before = content()

    def is_run_again_after(change):
        change()
        assert run() == 0
        assert content() == before
        return "1 run" in capsys.readouterr().out

    assert not is_run_again_after(lambda: None)
    assert is_run_again_after(lambda: Path("out/10-a.csv").unlink())
    assert is_run_again_after(lambda: Path("out/10-a.csv").write_text("by hand"))
    lock = Path("lock")
    lock.write_text("numpy==2.0.0")
    monkeypatch.setattr(freshness, "LOCK", lock)
    assert is_run_again_after(lambda: None)
    assert not is_run_again_after(lambda: None)
    assert is_run_again_after(lambda: Path("package/module.py").write_text("x = 1"))
    assert not is_run_again_after(lambda: Path("package/module.py").write_text("x = 1  # metres"))
    assert is_run_again_after(lambda: Path("out", outputs.RECORD).write_text('{"10-a": '))


def test_the_package_is_parsed_only_if_a_byte_has_changed(folder, monkeypatch):
    write(folder, "10-a", WRITE.format("10-a"), "if seed is None:\n    import package.module")
    module = Path("package/module.py")
    module.write_text("x = 1")
    assert run() == 0
    parsed = []
    monkeypatch.setattr(runner, "inputs_hash", lambda *given: parsed.append(given) or freshness.inputs_hash(*given))

    def parses_after(text):
        module.write_text(text)
        parsed.clear()
        assert run() == 0
        return bool(parsed)

    assert not parses_after("x = 1")
    assert parses_after("x = 1  # metres")
    assert not parses_after("x = 1  # metres")  # what it was found to mean is kept
    assert parses_after("x = 2")
    assert not parses_after("x = 2")


def test_a_run_that_finds_all_fresh_imports_nothing_that_takes_long(folder):
    write(folder, "10-a", WRITE.format("10-a"))
    assert run() == 0
    arguments = ["--notebooks", "notebooks", "--out", "out"]
    code = (
        "import sys; from pathlib import Path; from coinfer.study import command_line, freshness\n"
        f"freshness.PACKAGE = Path({str(folder.parent / 'package')!r})\n"
        f"assert command_line.main({arguments}) == 0\nprint(sorted({{'papermill', 'nbformat', 'matplotlib'}} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["1 notebooks: 0 run, 1 fresh, 0 failed", "[]"]


def test_a_changed_notebook_takes_its_old_files_along(folder):
    write(folder, "10-a", WRITE.format("10-old"))
    write(folder, "20-b", WRITE.format("20-b"))
    assert run() == 0
    Path("out", outputs.RECORD).unlink()  # as in a clone
    shutil.rmtree("out/executed")
    Path("out/mine.txt").write_text("kept")
    write(folder, "10-a", WRITE.format("10-new"))
    (folder / "20-b.ipynb").unlink()
    assert run() == 0
    assert set(content()) == {"10-new.csv", "executed/10-a.ipynb", "mine.txt"}


def test_parameters_reach_the_notebooks_that_declare_them(folder):
    write(folder, "10-a", WRITE.format("10-a"))
    write(folder, "20-b", "from pathlib import Path\nPath('20-b.csv').write_text(str(seed))", parameters="seed = 0")
    Path("mine.yml").write_text("dnn: alexnet")
    assert run("--smoke", "--scenario", "mine.yml", "-p", "seed", "3", "-p", "width_m", "5") == 0
    assert content()["10-a.csv"] == b"3,5,../../../mine.yml,True"
    assert content()["20-b.csv"] == b"3"
    before = Path("out", outputs.RECORD).read_text()
    Path("mine.yml").write_text("dnn: vgg16")
    assert run("--smoke", "--scenario", "mine.yml", "-p", "seed", "3", "-p", "width_m", "5") == 0
    assert Path("out", outputs.RECORD).read_text() != before


@exhaustive
def test_the_files_of_a_folder_that_is_given_count(folder, capsys):
    """Its path reaches the notebook, which runs elsewhere; a file that is changed, added or taken away makes it run again."""
    read = "from pathlib import Path\nnames = sorted(path.name for path in Path(logs).glob('[a-z]*'))\n"
    write(
        folder,
        "10-a",
        read + "Path(out, '10-a.csv').write_text(','.join(names))",
        parameters=f"{PARAMETERS}\nlogs = None  # some",
    )
    Path("logs", "deep").mkdir(parents=True)
    Path("logs", "a").write_text("1")
    Path("logs", "deep", "b").write_text("1")
    given = ("-p", "logs", "logs/")
    assert run(*given) == 0
    assert content()["10-a.csv"] == b"a,deep"
    Path("logs", ".hidden").write_text("1")
    for change in ("none", "a", "deep/b", "c"):
        capsys.readouterr()
        Path("logs", change).write_text("2") if change != "none" else None
        assert run(*given) == 0
        assert ("0 run, 1 fresh" if change == "none" else "1 run, 0 fresh") in capsys.readouterr().out, change
    assert content()["10-a.csv"] == b"a,c,deep"
    Path("logs", "a").unlink()
    assert run(*given) == 0
    assert content()["10-a.csv"] == b"c,deep"


def test_a_bare_name_is_no_folder(folder):
    """A network's name stays one, whatever lies in the present folder."""
    write(folder, "10-a", "from pathlib import Path\nPath(out, '10-a.csv').write_text(dnn)")
    Path("alexnet").mkdir()
    assert run("-p", "dnn", "alexnet") == 0
    assert content()["10-a.csv"] == b"alexnet"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-p", "snr", "3"], "parameter snr = '3': no notebook declares it"),
        (["-p", "seed", "hello"], "parameter seed = 'hello': should be of type int"),
        (["-p", "seed", "1.5"], "parameter seed = '1.5': should be of type int"),
        (["-p", "seed", "True"], "parameter seed = 'True': should be of type int"),
        (["-p", "smoke", "True"], "parameter smoke = 'True': should be given as --smoke"),
        (["-p", "width_m", "wide"], "parameter width_m = 'wide': should be of type float"),
        (["--scenario", "missing.yml"], "scenario = 'missing.yml': no such file"),
        (["--jobs", "0"], "jobs = 0: should be at least 1"),
        (["--most-minutes", "0"], "most_minutes = 0.0: should be a positive number of minutes"),
        (["30-c"], "notebook = '30-c': should be one of 10-a"),
    ],
)
def test_bad_input_stops_before_the_first_cell(folder, capsys, arguments, complaint):
    write(folder, "10-a", WRITE.format("10-a"))
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert content() == {}
    if "no notebook" in complaint or "of type" in complaint:
        assert "  width_m: float = 2.0  width in metres" in error
        assert "  dnn: any = None  name of a network" in error


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"parameters": "seed = 1 + 1"}, "10-a.ipynb: seed = 1 + 1: should be a literal"),
        ({"parameters": ""}, "10-a.ipynb: should have a cell tagged `parameters`"),
        ({"reads": ["10-b"]}, "reads = '10-b': should be one of 10-a (did you mean '10-a'?)"),
        ({"reads": ["10-a"]}, "10-a reads 10-a is a circle"),
    ],
)
def test_a_bad_notebook_is_refused(folder, capsys, change, complaint):
    write(folder, "10-a", WRITE.format("10-a"), **change)
    assert run("-p", "seed", "1") == 2
    assert complaint in capsys.readouterr().err
    assert content() == {}


def test_a_folder_without_notebooks_and_a_file_that_is_none(folder, capsys):
    assert run() == 2
    assert "should hold notebooks" in capsys.readouterr().err
    (folder / "10-a.ipynb").write_text("text")
    assert run() == 2
    assert "10-a.ipynb: should be a notebook in JSON" in capsys.readouterr().err


def test_failures_name_the_cell_and_leave_nothing(folder, capsys):
    write(folder, "10-a", WRITE.format("10-a"))
    write(folder, "20-b", WRITE.format("20-b"), reads=["10-a"])
    write(folder, "30-c", WRITE.format("30-c"))
    write(folder, "40-d", WRITE.format("40-d"))
    assert run() == 0
    write(folder, "10-a", WRITE.format("10-partial"), "pass", "x = 1\nraise ValueError('first line\\nlast line')")
    write(folder, "30-c", "import os\nos._exit(1)")
    write(folder, "40-d", WRITE.format("40-d"), "print(2)")
    capsys.readouterr()
    assert run() == 1
    lines = sorted(capsys.readouterr().out.splitlines())
    assert lines[0] == "10-a: FAILED: cell [4] `x = 1`: last line"
    assert lines[1] == "20-b: not run, since it reads 10-a"
    assert lines[2].startswith("30-c: FAILED: cell [2] `import os`: DeadKernelError")
    assert lines[3].startswith("4 notebooks: 1 run, 0 fresh, 3 failed") or lines[4].startswith("4 notebooks: 1 run")
    assert set(content()) == {"40-d.csv", "executed/40-d.ipynb"}


def test_two_notebooks_may_not_write_the_same_file(folder, capsys):
    write(folder, "10-a", WRITE.format("same"))
    write(folder, "20-b", "Path = __import__('pathlib').Path\nPath('same.csv').write_text('b')", reads=["10-a"])
    assert run() == 1
    assert "20-b: FAILED: it writes same.csv, which is a file of 10-a" in capsys.readouterr().out
    assert set(content()) == {"same.csv", "executed/10-a.ipynb"}


@exhaustive
def test_a_file_may_move_from_one_notebook_to_another(folder):
    write(folder, "10-a", WRITE.format("moved"), WRITE.format("10-a"))
    write(folder, "20-b", WRITE.format("20-b"))
    assert run() == 0
    write(folder, "10-a", "from time import sleep\nsleep(1)", WRITE.format("10-a"))  # it ends after 20-b has begun
    write(folder, "20-b", WRITE.format("moved"))
    assert run() == 0
    assert set(content()) == {"10-a.csv", "moved.csv", "executed/10-a.ipynb", "executed/20-b.ipynb"}
    assert json.loads(Path("out", outputs.MADE_BY).read_text()) == {"10-a": ["10-a.csv"], "20-b": ["moved.csv"]}


def test_readers_run_after_what_they_read_and_the_bytes_do_not_depend_on_jobs(folder, capsys):
    read = (
        "from pathlib import Path\nnumber = Path('90-source.csv').read_text()\nPath('10-copy.csv').write_text(number)"
    )
    write(folder, "10-copy", read, "import sys\nprint(number)\nprint(1234 * 10, file=sys.stderr)", reads=["90-source"])
    write(folder, "90-source", WRITE.format("90-source"))
    assert run("--jobs", "1", out="one") == 0
    assert run("--jobs", "2", out="two") == 0
    assert content("one") == content("two")
    assert content("one")["10-copy.csv"] == content("one")["90-source.csv"]
    executed = content("one")["executed/10-copy.ipynb"].decode()
    assert str(folder.parent) not in executed
    assert "12340" not in executed
    capsys.readouterr()
    write(folder, "90-source", WRITE.format("90-source"), "pass")  # it runs again, but what is read stays the same
    assert run("10-copy", out="one") == 0
    assert "2 notebooks: 1 run, 1 fresh" in capsys.readouterr().out


@pytest.mark.parametrize("how", beyond(1, [signal.SIGINT, signal.SIGKILL, signal.SIGTERM]))
def test_interrupted_at_any_moment_the_folder_holds_complete_files_and_the_next_run_completes(folder, how):
    big = "from pathlib import Path\nPath('{0}.csv').write_text('x' * 10**6)\n"
    write(folder, "10-a", big.format("10-a"))
    write(
        folder, "20-b", big.format("20-b"), "from time import sleep\nsleep(0 if Path('../../../go').exists() else 60)"
    )
    command = [sys.executable, "-m", "coinfer.study", "--notebooks", "notebooks", "--out", "out"]
    runner = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: Path("out/10-a.csv").exists() and Path("out/.work/20-b/20-b.csv").exists())
    kernels = psutil.Process(runner.pid).children(recursive=True)
    assert kernels
    runner.send_signal(how)
    runner.wait(60)
    assert psutil.wait_procs(kernels, timeout=60)[1] == []
    assert set(content()) - {"10-a.csv", "executed/10-a.ipynb"} <= {name for name in content() if ".work" in name}
    assert json.loads(Path("out", outputs.MADE_BY).read_text()) == {"10-a": ["10-a.csv"]}
    assert Path("out/10-a.csv").stat().st_size == 10**6
    assert runner.returncode == (-how if how == signal.SIGKILL else 130)
    assert (how == signal.SIGKILL) or not Path("out/.work").exists()
    Path("go").touch()
    assert run() == 0
    assert set(content()) == {"10-a.csv", "20-b.csv", "executed/10-a.ipynb", "executed/20-b.ipynb"}


def test_a_run_stopped_between_two_files_is_stale(folder, monkeypatch):
    write(folder, "10-a", WRITE.format("10-a"), WRITE.format("10-b"))
    replace = os.replace

    def stop(source, target):
        if Path(target).name == "10-b.csv":
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        assert run() == 130
    assert not outputs.Outputs(Path("out")).hold("10-a", "interrupted")
    write(folder, "10-a", WRITE.format("10-c"))
    assert run() == 0
    assert set(content()) == {"10-c.csv", "executed/10-a.ipynb"}


def test_two_runs_do_not_write_into_one_folder(folder, capsys):
    write(folder, "10-a", WRITE.format("10-a"))
    with outputs.working_folder(Path("out")):
        assert run() == 2
    assert "another run is writing there" in capsys.readouterr().err


def test_a_smoke_run_touches_no_folder(folder):
    write(folder, "10-a", WRITE.format("10-a"), "assert smoke")
    assert command_line.main(["--notebooks", "notebooks", "--smoke"]) == 0
    assert [path.name for path in sorted(Path().iterdir())] == ["notebooks", "package"]


def test_hashes_are_of_the_content(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert outputs.sha256(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_only_one_thread_parses_python(folder, monkeypatch):
    """CPython 3.11 takes the depth of a thread's call for that of another whose tree is being made (python/cpython#106905)."""
    parse, elsewhere, here = builtins.compile, [], []

    def seen(source, filename, mode, flags=0, *more, **named):
        if flags & ast.PyCF_ONLY_AST:
            (here if threading.current_thread() is threading.main_thread() else elsewhere).append(source)
        return parse(source, filename, mode, flags, *more, **named)

    monkeypatch.setattr(builtins, "compile", seen)
    for name in ("10-a", "20-b"):
        write(folder, name, WRITE.format(name))
    assert run("-p", "seed", "3") == 0
    assert here
    assert elsewhere == []
