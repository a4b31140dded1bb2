"""Files and texts that are read without trusting them: regular files of bounded size, and bounded YAML or JSON.

What is wrong is raised as an `InputError` that begins with what it is, `is a directory; should be a file`; the caller says of what.
"""

import json
import os
import stat
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from coinfer.validation import LONGEST_NAME, InputError, brief

MOST_CHARACTERS = 4_000_000  # of a text in JSON
MOST_OF_YAML = 500_000  # characters, and
MOST_VALUES = 20_000  # in YAML: either takes a second
MOST_LEVELS = 20  # of lists and mappings in each other
MOST_DIGITS = 400  # of a number: none beyond them is finite


def content(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """What a regular file holds; others may have no end (/dev/zero) or no beginning (a pipe). Raises `InputError`."""
    try:
        found = os.stat(Path(path))
        if not stat.S_ISREG(found.st_mode):
            kind = "directory" if stat.S_ISDIR(found.st_mode) else "device or pipe"
            raise InputError(f"is a {kind}; should be a file")
        with open(path, "rb") as file:
            held = b"" if found.st_size > most_bytes else file.read(most_bytes + 1)
    except InputError:
        raise
    except (OSError, TypeError, ValueError) as error:  # what is no path, or holds a zero
        raise InputError(f"cannot be read ({type(error).__name__})") from None
    if (size := max(found.st_size, len(held))) > most_bytes:
        raise InputError(f"has {size:.3g} bytes; should have at most {most_bytes:.0e}")
    return held


def from_yaml(text: str) -> Any:
    """What a text in YAML or JSON says, in lists, mappings, text and numbers; no objects, no aliases. Raises `InputError`.

    >>> from_yaml("a: [1, 2.5, yes]")
    {'a': [1, 2.5, True]}
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"has {len(text)} characters; should have at most {MOST_CHARACTERS}")
    try:
        # first as JSON: YAML would misread some of its characters and exponents
        found = json.loads(text, parse_int=_number, object_pairs_hook=_once)
    except RecursionError:
        _too_deep()
    except InputError:
        raise
    except ValueError:
        return _from_yaml(text)
    _check_depth(found)
    return found


def _from_yaml(text: str) -> Any:
    import yaml

    if len(text) > MOST_OF_YAML:
        raise InputError(f"has {len(text)} characters of YAML; should have at most {MOST_OF_YAML}, or be JSON")
    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise InputError(f"is not YAML: {' '.join(str(error).split())[:200]}") from None
    except InputError:
        raise
    except (
        ValueError,
        OverflowError,
        LookupError,
        AttributeError,
    ) as error:  # what PyYAML throws at a bad !!int or date
        raise InputError(
            f"is not YAML: a value that looks like a date or a number, or has a tag, is none ({brief(str(error))})"
        ) from None


@cache
def _loader() -> Any:
    """A reader of YAML that looks at each event before anything is made of it; imported when it is needed."""
    import yaml

    class Loader(yaml.SafeLoader):
        count = depth = 0

        def get_event(self) -> Any:
            event = super().get_event()
            self.count += 1
            self.depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise InputError(f"refers to an anchor (*{str(event.anchor)[:LONGEST_NAME]}); should say it again")
            if self.depth > MOST_LEVELS:
                _too_deep()
            if self.count > MOST_VALUES:
                raise InputError(
                    f"holds more than {MOST_VALUES} values; should be JSON, which may, or a file of a network"
                )
            if isinstance(event, yaml.ScalarEvent) and event.style is None and event.value.lstrip("+-")[:1].isdecimal():
                _check_digits(event.value)
            return event

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            _once((key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            return super().construct_mapping(node, deep)

    return Loader


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of pairs, whose keys should differ."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"gives {brief(key)} twice in one mapping; should give it once")
        found[key] = value
    return found


def _number(digits: str) -> int:
    _check_digits(digits)
    return int(digits)


def _check_digits(number: str) -> None:
    if len(number) > MOST_DIGITS:
        raise InputError(f"holds a number of {len(number)} digits, {number[:10]}...; should have at most {MOST_DIGITS}")


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(MOST_LEVELS + 1):
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [value for each in inner for value in (each.values() if isinstance(each, dict) else each)]
    if any(isinstance(each, dict | list) for each in level):
        _too_deep()


def _too_deep() -> NoReturn:
    raise InputError(f"is nested too deeply; should have lists and mappings in each other at most {MOST_LEVELS} times")
