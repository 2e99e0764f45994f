"""card.toml: what a sample is, how it was trained, what is wrong with it, and what an audit should find."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Card = Mapping[str, Any]


def write(card: Card, file: Path) -> None:
    """Write nested mappings of texts, numbers, truths and lists as TOML; mappings come after plain values."""
    file.write_text("\n".join(_lines(card, ())).strip() + "\n", encoding="utf-8")


def expect(code: str, measurement: str, status: str, *, direction: str = "", **pairs: str) -> Card:
    """One finding that an audit under the default policy should give: the rule, what it measures, in the slice of
    these `pairs`, and which way it points where that can be said."""
    said = {"direction": direction} if direction else {}
    return {"code": code, "measurement": measurement, "status": status, **said, "slice": pairs}


def read(folder: Path) -> dict[str, Any]:
    """The card of the sample in `folder`."""
    return tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))


def _lines(table: Card, path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(name)} = {_value(value)}" for name, value in table.items() if not _nested(value)]
    for name, value in table.items():
        below = (*path, _key(name))
        if isinstance(value, Mapping):
            only_tables = bool(value) and all(_nested(part) for part in value.values())
            header = [] if only_tables else ["", f"[{'.'.join(below)}]"]
            lines += [*header, *_lines(value, below)]
        elif _nested(value):
            for entry in value:
                lines += ["", f"[[{'.'.join(below)}]]", *(f"{_key(key)} = {_value(one)}" for key, one in entry.items())]
    return lines


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(item, Mapping) for item in value))


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, float):
        return repr(round(value, 6))
    return str(value)
