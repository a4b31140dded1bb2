"""The parameters of the notebooks: what they declare, and what is given for them on the command line."""

import ast
from pathlib import Path
from typing import Any

from coinfer.reading import from_yaml
from coinfer.validation import InputError, needs


def declared(notebook: Path) -> dict[str, Any]:
    """The parameters that a notebook declares, as papermill sees them, with literal defaults; raises `InputError`."""
    with needs("study"):
        import papermill  # here, as it takes a second, which a run that finds all fresh need not wait for
    try:
        found = papermill.inspect_notebook(notebook)
    except ValueError as error:  # no kernel is named
        raise InputError(f"{notebook.name}: {error}") from None
    if not found:
        raise InputError(f"{notebook.name}: should have a cell tagged `parameters`")
    for name, parameter in found.items():
        try:
            parameter["default"] = ast.literal_eval(parameter["default"])
        except (ValueError, SyntaxError):
            raise InputError(f"{notebook.name}: {name} = {parameter['default']}: should be a literal") from None
    return dict(found)


def parsed(name: str, text: str, default: object) -> object:
    """A parameter given as text, as a value of its default's type; a default of None accepts any value."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if default is None or type(value) is type(default) or (type(default) is float and type(value) is int):
        return value
    raise InputError(f"parameter {name} = {text!r}: should be of type {type(default).__name__}, like {default!r}")


def check(given: dict[str, str], notebooks: list[Path]) -> None:
    """Refuse a parameter that no notebook declares, or that is ill-typed for one that does; list the valid ones."""
    valid: dict[str, str] = {}
    complaint = ""
    for notebook in notebooks:
        for name, parameter in declared(notebook).items():
            default = parameter["default"]
            kind = "any" if default is None else type(default).__name__
            valid.setdefault(name, f"  {name}: {kind} = {default!r}  {parameter['help']}".rstrip())
            try:
                parsed(name, given.get(name, repr(default)), default)
            except InputError as error:
                complaint = complaint or f"{error} ({notebook.name})"
    unknown = sorted(set(given) - set(valid))
    if unknown:
        complaint = f"parameter {unknown[0]} = {given[unknown[0]]!r}: no notebook declares it"
    if complaint:
        raise InputError("\n".join([f"{complaint}; valid parameters:", *valid.values()]))


def names_path(text: str) -> bool:
    """Whether a parameter's value names a file or folder, by a / or a suffix; a bare name, like `alexnet`, never does."""
    return ("/" in text or bool(Path(text).suffix)) and Path(text).exists()


def named_in(path: Path) -> list[Path]:
    """The files that a scenario file names, an ONNX file or a table of devices; none for any other file."""
    if path.suffix not in (".yml", ".yaml", ".json"):
        return []
    try:
        fields = from_yaml(path.read_text("utf-8"))
    except (InputError, OSError, UnicodeDecodeError):  # it is refused elsewhere
        return []
    parts = [fields.get(part) for part in ("dnn", "device")] if isinstance(fields, dict) else []
    named = [(part.get("onnx"), path.parent) for part in parts[:1] if isinstance(part, dict)]
    named += [(part.get("table"), Path()) for part in parts[1:] if isinstance(part, dict)]
    return [folder / name for name, folder in named if isinstance(name, str) and (folder / name).is_file()]


def files_below(path: Path) -> list[Path]:
    """The file itself, or those in a folder and below, hidden ones left out, in alphabetical order."""
    if not path.is_dir():
        return [path]
    found = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
    return [path / file for file in sorted(found) if not any(part.startswith(".") for part in file.parts)]
