"""What a notebook depends on, and a hash of it: a notebook is stale only when something that it uses has changed.

It uses the modules that it imports, those that they import, at the top or inside a function, and the packages around
them, whose `__init__` runs as well; the modules of the names that it takes from the package itself, such as `coinfer.plan`, which a
stub tells; the data files of all those packages; the modules that run it; the lock; its parameters and the files and folders they
name; the files of the notebooks that it reads. Of a module counts what Python sees, so a changed comment or docstring alone makes
nothing stale, unless docstrings are read as data. A module that imports, or runs, what it names at run time uses all that lies in its
folder and below; one that handles the package itself uses all of its names. Where this cannot be exact it errs on the side of stale.
To find it out takes parsing the package, so that a hash of its bytes is asked first.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from coinfer.study.outputs import sha256
from coinfer.study.parameters import files_below, named_in, names_path

PACKAGE = Path(__file__).resolve().parents[1]
LOCK = PACKAGE.parent / "requirements.lock"
RUNS_IT = "study.execution"  # the module, in the package, that every notebook depends on
BY_ANY_NAME = {"import_module", "__import__", "pkgutil", "runpy", "subprocess", "exec", "eval"}
DOCSTRINGS = {"__doc__", "getdoc", "inspect", "getsource", "tokenize", "doctest", "help"}  # of any module, read as data


def inputs_hash(notebook: Path, given: dict[str, str], smoke: bool, to_read: dict[str, str]) -> str:
    """The hash of all that the notebook's files are made from; `to_read` has the hashes of the files that it reads."""
    return _hash(notebook, given, smoke, to_read, package_hashes(notebook))


def bytes_hash(notebook: Path, given: dict[str, str], smoke: bool, to_read: dict[str, str], package: str) -> str:
    """The hash of every byte that `inputs_hash` may look at: as long as it stays, so does that one, which takes seconds.

    `package` is what `whole_package` gives, which is the same for all notebooks.
    """
    return _hash(notebook, given, smoke, to_read, {sys.version: package})


def _hash(notebook: Path, given: dict[str, str], smoke: bool, to_read: dict[str, str], package: dict[str, str]) -> str:
    paths = {text: Path(text) for text in given.values() if names_path(text)}
    parameters = {
        text: {os.path.relpath(file, path): sha256(file) for file in [*files_below(path), *named_in(path)]}
        for text, path in paths.items()
    }
    inputs = [given, smoke, parameters, to_read, sha256(notebook), sha256(LOCK), package]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def whole_package() -> str:
    """The hash of all files of the package, with their names."""
    files = {str(path.relative_to(PACKAGE)): sha256(path) for path in files_below(PACKAGE) if path.suffix != ".pyc"}
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def package_hashes(notebook: Path) -> dict[str, str]:
    """The hash of every file of the package that the notebook uses, by its path in the package."""
    modules = modules_of(notebook)
    sources = {path: path.read_text("utf-8") for path in modules}
    whole = any(DOCSTRINGS & _words(source) for source in [*sources.values(), _code(notebook)])
    hashes = {path: sha256(path) if whole else _meaning(source) for path, source in sources.items()}
    hashes |= {path: sha256(path) for folder in {path.parent for path in modules} for path in _data(folder)}
    return {os.path.relpath(path, PACKAGE): hashes[path] for path in sorted(hashes)}


def modules_of(notebook: Path) -> set[Path]:
    """The files of the package's modules that the notebook imports, by whatever way."""
    homes, left, found = _homes(), [(_code(notebook), PACKAGE / notebook.name)], set[Path]()
    left += [(path.read_text("utf-8"), path) for path in _files(RUNS_IT)]
    asked = set[str]()
    while left:
        source, path = left.pop()
        found.add(path)
        named = {homes.get(name, name) for name in _named(source, path.relative_to(PACKAGE.parent).parts)}
        named |= set(homes.values()) if "*" in named else set()
        files = [file for name in named - asked for file in _files(name)]
        files += path.parent.rglob("*.py") if BY_ANY_NAME & _words(source) else []
        left += [(file.read_text("utf-8"), file) for file in set(files) - found]
        asked |= named
    return found - {PACKAGE / notebook.name}


@cache
def _named(source: str, place: tuple[str, ...]) -> frozenset[str]:
    """The dotted names, from the package on, that a module in some place imports or takes as attributes of the package.

    "*" among them says that it handles the package itself, under any name.
    """
    package, taken, times = place[0], set[str](), 0
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Name):
            times += node.id == package
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == package:
            taken.add(node.attr)
            times -= 1
        elif isinstance(node, ast.Import):
            taken.update(each.name.partition(".")[2] for each in node.names if each.name.split(".")[0] == package)
            times += any(each.name == package and each.asname not in (None, package) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = place[: -node.level] if node.level else ()
            module = [*around, *(node.module.split(".") if node.module else ())]
            if module[0] == package:
                taken.update(".".join([*module[1:], each.name]) for each in node.names)
    return frozenset(taken | {"*"} if times else taken)


def _homes() -> dict[str, str]:
    """The module that each of the package's own names is in, as its stub says; such as `placement` for `plan`."""
    stub = PACKAGE / "__init__.pyi"
    nodes = _tree(stub.read_text("utf-8") if stub.exists() else "").body
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return {each.name: node.module or each.name for node in imports for each in node.names}


def _files(module: str) -> Iterator[Path]:
    """The files of a module of the package and of the packages around it, as far as the dotted name leads to files."""
    parts = module.split(".") if module else []
    for length in range(len(parts) + 1):
        place = PACKAGE.joinpath(*parts[:length])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file() and PACKAGE in file.parents:
                yield file


def _data(folder: Path) -> Iterator[Path]:
    """The files that are no modules in a folder and below, but for those of the packages within."""
    for path in folder.iterdir():
        if path.is_dir() and not (path / "__init__.py").exists() and path.name != "__pycache__":
            yield from _data(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path


def _code(notebook: Path) -> str:
    """The code of a notebook's cells; instead of a cell that is not plain Python, one that may import anything."""
    cells = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    return "\n".join(source if _parses(source) else "exec" for source in sources)


def _parses(source: str) -> bool:
    try:
        _tree(source)
    except SyntaxError:
        return False
    return True


@cache
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def _words(source: str) -> set[str]:
    """The names that a module uses or imports, but for its own `__doc__`."""
    words = set[str]()
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Name) and node.id != "__doc__":
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.alias):
            words.update(node.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            words.update((node.module or "").split("."))
    return words


@cache
def _meaning(source: str) -> str:
    """The hash of a module without its comments, layout and docstrings; of all its text if it reads its own docstring."""
    tree = ast.parse(source)
    if any(isinstance(node, ast.Name) and node.id == "__doc__" for node in ast.walk(tree)):
        return hashlib.sha256(source.encode()).hexdigest()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
