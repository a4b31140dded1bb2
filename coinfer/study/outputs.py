"""The output folder: which notebook made which of its files, from which inputs.

Files come into it by one rename each, so it holds complete files only, whenever a run is stopped. Beside them lie
`made-by.json`, the files of each notebook, and `.fresh.json`, the hashes of what they were made from, which is not
committed, so that a fresh clone runs everything.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from coinfer.validation import InputError

MOST_TRIES = 100  # to remove the working folder
RECORD, MADE_BY, WORK = ".fresh.json", "made-by.json", ".work"


class NotebookError(Exception):
    """A notebook failed; the message names the cell and the error."""


@dataclass(frozen=True)
class Made:
    """What a notebook made: the hash of all its inputs, and of each file by its path in the output folder.

    `seen` is the `bytes_hash` with which the inputs were last found to be these.
    """

    inputs: str
    files: dict[str, str]
    seen: str = ""


def sha256(path: Path) -> str:
    """The hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Outputs:
    """An output folder and which notebook made which of its files from which inputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settled: set[str] = set()  # the notebooks whose files are known to be those of their present inputs
        owned = {name: {"inputs": "unknown", "files": dict.fromkeys(files, "")} for name, files in self._read(MADE_BY)}
        self.made = {name: Made(**made) for name, made in (owned | dict(self._read(RECORD))).items()}

    def inputs_seen(self, name: str, seen: str) -> str:
        """The hash of the notebook's inputs if their bytes are those seen before, else ""."""
        made = self.made.get(name)
        return made.inputs if made is not None and made.seen == seen else ""

    def hold(self, name: str, inputs: str, seen: str = "") -> bool:
        """Whether the notebook's files are there, unchanged, and made from these inputs, which are seen in these bytes."""
        made, folder = self.made.get(name), self.folder
        if made is None or made.inputs != inputs:
            return False
        if not all((folder / file).is_file() and sha256(folder / file) == h for file, h in made.files.items()):
            return False
        self.settled.add(name)
        if made.seen != seen:
            self._record(name, replace(made, seen=seen))
        return True

    def readable(self, notebooks: list[str]) -> dict[str, str]:
        """The files of these notebooks with their hashes, but for the executed copies."""
        made = [self.made[name].files for name in notebooks if name in self.made]
        return {file: files[file] for files in made for file in sorted(files) if not file.startswith("executed/")}

    def publish(self, name: str, inputs: str, work: Path, seen: str = "") -> None:
        """Move the notebook's files from `work` into place and remove those that it no longer makes."""
        new = self._own(name, _files_made(name, work))
        old = set(self.made[name].files if name in self.made else ())
        self._record(name, Made("unknown", dict.fromkeys([*old, *new], "")))  # so that no file is ever orphaned
        for file in new:
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(work / file, self.folder / file)
        for file in old - set(new):
            (self.folder / file).unlink(missing_ok=True)
        self._record(name, Made(inputs, new, seen))
        self.settled.add(name)

    def withdraw(self, name: str) -> None:
        """Remove the files of a notebook that failed: they do not belong to its present inputs."""
        for file in self.made[name].files if name in self.made else ():
            (self.folder / file).unlink(missing_ok=True)
        self._record(name, None)

    def _own(self, name: str, found: dict[str, str]) -> dict[str, str]:
        """The found files but for copies that were given to read; a file of another notebook is refused."""
        new = dict(found)
        for owner, made in [(owner, made) for owner, made in self.made.items() if owner != name]:
            for file in [file for file in made.files if file in new]:
                if (
                    owner not in self.settled
                ):  # the file has moved from that notebook to this one, or will be missed there
                    self.made[owner] = Made("unknown", {other: h for other, h in made.files.items() if other != file})
                elif new.pop(file) != made.files[file]:
                    raise NotebookError(f"it writes {file}, which is a file of {owner}")
        return new

    def _record(self, name: str, made: Made | None) -> None:
        self.made.pop(name, None)
        if made is not None:
            self.made[name] = made
        self._write(RECORD, {name: asdict(made) for name, made in sorted(self.made.items())})
        self._write(MADE_BY, {name: sorted(self.readable([name])) for name in sorted(self.made)})

    def _read(self, file: str) -> list[tuple[str, Any]]:
        try:
            return list(json.loads((self.folder / file).read_text("utf-8")).items())
        except (OSError, ValueError, AttributeError):  # none yet, or damaged: everything is stale
            return []

    def _write(self, file: str, content: object) -> None:
        temporary = self.folder / WORK / file
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        os.replace(temporary, self.folder / file)


def _files_made(name: str, work: Path) -> dict[str, str]:
    """The files that a notebook made, with their hashes; those of the runner, and links that lead elsewhere, are refused."""
    found = {}
    for path in sorted(work.rglob("*")):
        file = str(path.relative_to(work))
        first = Path(file).parts[0]
        if path.is_symlink():
            raise NotebookError(f"it makes {file} a symbolic link; should be a file")
        if (
            first == MADE_BY
            or first.startswith(".")
            or (first == "executed" and Path(file).stem not in ("executed", name))
        ):
            raise NotebookError(f"it writes {file}, which is the runner's own; should have another name")
        if path.is_file():
            found[file] = sha256(path)
    return found


def check_folder(out: Path) -> None:
    """Raise `InputError` for an output folder that surely cannot be written; what is seen only in writing comes later."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise _unwritable(out, NotADirectoryError(0, f"{there} is a file"))
    if not os.access(there, os.W_OK):
        raise _unwritable(out, PermissionError(0, "no permission"))


def _unwritable(out: Path, error: OSError) -> InputError:
    return InputError(f"out = {str(out)!r}: cannot be written ({error.strerror}); should be a folder for the figures")


@contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """An empty folder inside `out`, removed at the end; what a killed run left there is removed before.

    Raises `InputError` for a folder that cannot be written, or is being written by another run.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(out, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(f"out = {str(out)!r}: another run is writing there") from None
    try:
        try:
            shutil.rmtree(out / WORK, ignore_errors=True)
            (out / WORK).mkdir()
        except OSError as error:
            raise _unwritable(out, error) from None
        yield out / WORK
    finally:
        for _ in range(MOST_TRIES):  # a kernel that is just being killed may still write there
            shutil.rmtree(out / WORK, ignore_errors=True)
            if not (out / WORK).exists():
                break
            time.sleep(0.02)
        os.close(handle)
