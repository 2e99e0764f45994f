"""Settings of analyzers: declared as dataclass fields, given as typed values (Python) or as text (`--set`)."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from math import isfinite
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from auditnn.core.errors import SettingsError
from auditnn.core.nearest import nearest

BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def setting(default: Any, help: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    """A dataclass field with a default, one line of help, and the range of values that make sense."""
    return field(default=default, metadata={"help": help, "at_least": at_least, "at_most": at_most})


def describe(settings: type[Any]) -> list[dict[str, Any]]:
    """Name, kind, default and help of each field of a settings dataclass, for lists and docs."""
    hints = get_type_hints(settings)
    return [
        {
            "name": one.name,
            "kind": kind_name(hints[one.name]),
            "default": None if one.default is MISSING else one.default,
            "help": one.metadata.get("help", ""),
        }
        for one in fields(settings)
    ]


def build(analyzer: str, settings: type[Any], given: Mapping[str, Any]) -> Any:
    """An instance of a settings dataclass from values or their text; SettingsError says which one is wrong."""
    hints, declared = get_type_hints(settings), {one.name: one for one in fields(settings)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        full = f"{analyzer}.{name}"
        if name not in declared:
            known = [f"{analyzer}.{one}" for one in declared]
            advice = nearest(full, known) if known else f"{analyzer} has nothing to set."
            raise SettingsError("the name of a setting", repr(full), advice)
        values[name] = coerce(full, value, hints[name])
        _check_range(full, values[name], declared[name].metadata)
    try:
        return settings(**values)
    except ValueError as error:
        raise SettingsError(f"settings of {analyzer} that fit together", repr(dict(given)), str(error)) from error


def coerce(name: str, value: Any, kind: Any) -> Any:
    """`value`, or what its text says, as `kind`: int, float, bool, str, a Literal, a tuple, or any of these or None.

    >>> coerce("a.b", "500", int), coerce("a.b", "1,2", tuple[int, ...]), coerce("a.b", "none", int | None)
    (500, (1, 2), None)
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _coerce_union(name, value, get_args(kind))
    if origin is Literal:
        for option in get_args(kind):
            if value == option or value == str(option):
                return option
    elif origin is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        if isinstance(parts, (list, tuple)):
            return tuple(coerce(name, part, get_args(kind)[0]) for part in parts)
    elif kind is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in BOOLEANS:
            return BOOLEANS[value.strip().lower()]
    elif kind in (int, float):
        number = _number(value, kind)
        if number is not None:
            return number
    elif kind is str and isinstance(value, str):
        return value
    raise SettingsError(f"{kind_name(kind)} for {name}", repr(value), f"For example {name}={_example(kind)}.")


def kind_name(kind: Any) -> str:
    """What a value of this annotation is, in words.

    >>> kind_name(Literal["a", "b"]), kind_name(tuple[float, ...])
    ('one of a, b', 'a number, or several with commas between')
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        named = [kind_name(one) for one in get_args(kind) if one is not type(None)]
        return " or ".join([*named, "none"] if type(None) in get_args(kind) else named)
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if origin is tuple:
        return f"{kind_name(get_args(kind)[0])}, or several with commas between"
    return KIND_NAMES.get(kind, str(kind))


def _number(value: Any, kind: type[int | float]) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if not isfinite(number):
        return None
    if kind is float:
        return number
    return int(number) if number == int(number) else None


def _coerce_union(name: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    if type(None) in kinds and (value is None or (isinstance(value, str) and value.strip().lower() == "none")):
        return None
    options = [kind for kind in kinds if kind is not type(None)]
    for kind in options[:-1]:
        try:
            return coerce(name, value, kind)
        except SettingsError:
            continue
    return coerce(name, value, options[-1])


def _example(kind: Any) -> str:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _example(get_args(kind)[0])
    if origin is Literal:
        return str(get_args(kind)[0])
    if origin is tuple:
        return f"{_example(get_args(kind)[0])},{_example(get_args(kind)[0])}"
    return {int: "100", float: "0.5", bool: "true"}.get(kind, "text")


def _check_range(name: str, value: Any, limits: Mapping[str, Any]) -> None:
    low, high = limits.get("at_least"), limits.get("at_most")
    for one in value if isinstance(value, tuple) else (value,):
        if not isinstance(one, (int, float)):
            continue
        if low is not None and one < low:
            raise SettingsError(f"{name} of {low} or more", str(one), f"For example {name}={low}.")
        if high is not None and one > high:
            raise SettingsError(f"{name} of {high} or less", str(one), f"For example {name}={high}.")
