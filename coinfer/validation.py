"""Bad input: one sentence that names the field, its value and what is allowed, before any work starts."""

import operator
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from itertools import islice
from math import inf, nan
from numbers import Real
from reprlib import Repr
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

Kind = TypeVar("Kind")
BOUNDS = {"gt": "greater than", "ge": "greater than or equal to", "lt": "less than", "le": "less than or equal to"}
LEAST, MOST = 1e-100, 1e100  # of any quantity of a scenario: products of a few such numbers do not overflow
MOST_PER_S = 1e15  # bits, or moves of a channel: more than any link's
SHORT = Repr()  # which looks at no more of a value than is shown, though lists in lists may hold billions
SHORT.maxlevel = 3
SHORT.maxlist = SHORT.maxtuple = SHORT.maxdict = SHORT.maxset = 30
SHORT.maxstring = SHORT.maxlong = SHORT.maxother = 400
MOST_ITEMS = 100_000  # of a list of stages, rules or operators, which may have no end
NAMED = ("DNN", "Device", "Edge", "Link")  # which a scenario takes by their names
LONGEST_NAME = 60  # of a field, in a sentence
LARGEST_S, LEAST_S = 1e12, 1e-12  # times of a channel in motion: beyond either, nothing moves or nothing is seen of it


class InputError(ValueError):
    """An input that the model cannot mean; its message names the field, the value and what is allowed."""


class Model(BaseModel):
    """A frozen record that refuses unknown fields and reports the first bad one in a sentence (`InputError`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, data: Any) -> Any:
        """Refuse yes and no where pydantic would take them for 1 and 0."""
        for name, field in cls.model_fields.items() if isinstance(data, dict) else ():
            if isinstance(data.get(name), bool) and field.annotation is not bool:
                raise InputError(f"{name} = {data[name]}: should be no truth value")
        return data

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise InputError(sentence(error, type(self))) from None
        except RecursionError:
            raise InputError(f"{type(self).__name__}: holds what refers to itself, or is nested too deeply") from None
        except TypeError as error:  # of a part, whose fields pydantic hands on as keywords
            if "keywords must be strings" not in str(error):
                raise
            raise InputError(f"{type(self).__name__}: holds a field whose name is not text") from None


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """The first complaint of a pydantic error as one sentence, e.g. `Link.bandwidth_hz = -1: should be greater than 0`."""
    errors = error.errors(include_url=False)
    unknown = (each for each in errors if each["type"] == "extra_forbidden")  # it may be why another one is missing
    first = next(unknown, errors[0])
    where = ".".join([model.__name__, *(str(part)[:LONGEST_NAME] for part in first["loc"])])
    kind, value = first["type"], first["input"]
    if kind == "extra_forbidden":
        near = hint(first["loc"][-1], model.model_fields)
        return f"{where} = {brief(value)}: unknown field; allowed are {', '.join(model.model_fields)}{near}"
    if kind == "missing":
        return f"{where}: required, but not given"
    if kind == "union_tag_not_found" and not isinstance(value, dict):
        fitted = "; a trace gives one by `markov()`" if type(value).__name__ == "Trace" else ""
        return f"{where} = {brief(value)}: should be a channel, or a mapping of its kind and its fields{fitted}"
    if kind == "union_tag_not_found":
        return f"{where}.kind: required, but not given"
    if kind == "union_tag_invalid":
        names = first["ctx"]["expected_tags"].replace("'", "").split(", ")
        return f"{where}.kind = {brief(first['ctx']['tag'])}: should be one of {', '.join(names)}{hint(first['ctx']['tag'], names)}"
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if kind == "value_error":  # raised by our own validators, which name the value themselves
        if first["loc"]:
            return _nested(where, reason)
        named = re.match(r"\w+", reason)
        return f"{where}.{reason}" if named and named[0] in model.model_fields else f"{where}: {reason}"
    if kind == "model_type":
        known = first["ctx"]["class_name"]
        reason = (
            f"should be a{'n' * (known == 'Edge')} {known}: "
            + "a name, or " * (known in NAMED)
            + "a mapping of its fields"
        )
    if kind == "tuple_type":
        reason = "should be a list of numbers, or of rows of numbers"
    for bound, words in BOUNDS.items():
        if bound in first.get("ctx", {}):
            limit = first["ctx"][bound]
            beyond_zero = limit == LEAST and not as_float(value) > 0
            reason = "should be greater than 0" if beyond_zero else f"should be {words} {limit:.10g}"
    return f"{where} = {brief(value)}: {reason}"


def _nested(where: str, reason: str) -> str:
    """The complaint of a part, which begins with its model or its own name, as one of the field that holds it."""
    part = re.match(rf"(?:[A-Z]\w*|{re.escape(where.rpartition('.')[2])})(?=\.|: )", reason)
    return where + reason[part.end() :] if part else f"{where}: {reason}"


def brief(value: object, length: int = 60) -> str:
    """`repr(value)` in one line, cut to a length that leaves an error message readable."""
    try:
        text = " ".join(SHORT.repr(value).split("\n"))  # an array's goes over several lines
    except (ValueError, RecursionError):  # of an integer of thousands of digits, or what is nested as deeply
        text = f"<{type(value).__name__}, too long to show>"
    return text if len(text) <= length else text[: length - 3] + "..."


def one_of(field: str, value: object, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`, else raise `InputError` with the nearest name as a suggestion."""
    names = list(allowed)
    if isinstance(value, str) and value in names:
        return value
    raise InputError(f"{field} = {brief(value)}: should be one of {listed(names)}{hint(value, names)}")


def listed(names: Iterable[str], length: int = 200) -> str:
    """Names in a row, the last ones left out where they would make a sentence unreadable."""
    shown = list(names)
    text = ", ".join(shown)
    if len(text) <= length:
        return text
    return f"{text[: max(text.rfind(',', 0, length), 0) or length]}, ... ({len(shown)} in all)"


def an(field: str, value: object, kind: type[Kind]) -> Kind:
    """Return `value` if it is of a kind, else raise `InputError`."""
    if isinstance(value, kind):
        return value
    raise InputError(f"{field} = {brief(value)}: should be a {kind.__name__}")


def items(field: str, value: object, wanted: str) -> list[Any]:
    """What a list, or anything else but text that can be gone through, holds, else raise `InputError`."""
    with suppress(TypeError):
        found = list(islice(value, MOST_ITEMS + 1))  # type: ignore[call-overload]
        if len(found) <= MOST_ITEMS and not isinstance(value, str | bytes):
            return found
    raise InputError(f"{field} = {brief(value)}: should be {wanted}")


def hint(value: object, names: Iterable[str]) -> str:
    """The nearest of some names as a suggestion, else the first that holds its letters in a row; empty if there is none.

    >>> hint("alexnt", ["vgg16", "alexnet"]), hint("pi4", ["raspberry-pi-3", "raspberry-pi-4"]), hint("x", ["y"])
    (" (did you mean 'alexnet'?)", " (did you mean 'raspberry-pi-4'?)", '')
    """
    text, known = value if isinstance(value, str) else brief(value), list(names)
    near = get_close_matches(text, known, n=1) or [
        name for name in known if len(_letters(text)) > 1 and _letters(text) in _letters(name)
    ]
    return f" (did you mean {near[0]!r}?)" if near else ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def whole(field: str, value: object, least: int, most: int | None = None) -> int:
    """Return `value` if it is a whole number in `least`..`most`, else raise `InputError`."""
    allowed = f"a whole number of at least {least}" if most is None else f"a whole number in {least}..{most}"
    try:
        number = least - 1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise InputError(f"{field} = {brief(value)}: should be {allowed}")
    return number


def positive(field: str, value: object, of: str = "") -> float:
    """Return `value` if it is a positive, finite number, else raise `InputError`."""
    if 0 < (number := as_float(value)) < inf:
        return number
    raise InputError(f"{field} = {brief(value)}: should be a positive number{of}")


def seconds(field: str, value: object) -> float:
    """Return `value` if it is a positive, finite number, else raise `InputError`."""
    return positive(field, value, " of seconds")


def time_of_motion(field: str, value: object) -> float:
    """Return `value` if it is a time that a channel in motion may have, else raise `InputError`."""
    if not LEAST_S <= (found := seconds(field, value)) <= LARGEST_S:
        raise InputError(f"{field} = {brief(value)}: should be between {LEAST_S:.0e} and {LARGEST_S:.0e} s")
    return found


def nonnegative(field: str, value: object, of: str = "") -> float:
    """Return `value` if it is a finite number of at least 0, else raise `InputError`."""
    if 0 <= (number := as_float(value)) < inf:
        return number
    raise InputError(f"{field} = {brief(value)}: should be a nonnegative number{of}")


def as_float(value: object) -> float:
    """A real number as a float, infinite if it is beyond all of them; nan for anything else."""
    try:
        return float(value) if is_number(value) else nan  # type: ignore[arg-type]
    except OverflowError:
        return inf


def is_number(value: object) -> bool:
    """Whether `value` is a real number; truth values are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Turn a missing package of an optional extra into one sentence that names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error.name} is missing: pip install 'coinfer[{extra}]'", name=error.name) from None
