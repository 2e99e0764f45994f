"""The text of a drafted subject file: keys that are known, with why, and keys to fill in, as comments with choices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

WIDTH = 100
FEW = 8


def toml(value: Any) -> str:
    """A value as TOML: text, number, truth, list, or mapping as an inline table.

    >>> toml({"age": [25, 40.5]}), toml(True), toml("a & b")
    ('{age = [25, 40.5]}', 'true', '"a & b"')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key(name)} = {toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(value)


def key(name: str) -> str:
    """A key, quoted where TOML wants it.

    >>> key("age"), key("hours per week")
    ('age', '"hours per week"')
    """
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else toml(name)


def some(values: Sequence[Any], most: int = FEW) -> str:
    """The first few values as TOML writes them, for a comment.

    >>> some(["a", 1, 2], most=2)
    '"a", 1 and 1 more'
    """
    text = ", ".join(toml(value) for value in values[:most])
    return text if len(values) <= most else f"{text} and {len(values) - most} more"


def either(values: Sequence[Any], most: int = FEW) -> str:
    """The first few values as alternatives.

    >>> either(["a", "b", 3]), either([1])
    ('"a", "b" or 3', '1')
    """
    if len(values) > most or len(values) < 2:
        return some(values, most)
    return f"{some(values[:-1])} or {toml(values[-1])}"


def _comment(text: str) -> str:
    """A comment of one line, whatever names are in it."""
    return "# " + "".join(sign if sign.isprintable() else " " for sign in text)


class Page:
    """Lines of a subject file as they are decided, what is missing before `run` takes it, and what is left open."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.missing: list[str] = []
        self.open: list[str] = []

    def say(self, text: str) -> None:
        """A comment on a line of its own."""
        self.lines.append(_comment(text))

    def section(self, name: str) -> None:
        """The header of a table."""
        self.lines += ["", f"[{name}]"]

    def put(self, name: str, value: Any, why: str = "") -> None:
        """A key with its value, and what it was inferred from; nothing where it was given."""
        line = f"{key(name)} = {toml(value)}"
        if not why:
            self.lines.append(line)
        elif len(line) + len(why) <= WIDTH:
            self.lines.append(f"{line}  {_comment(f'inferred: {why}')}")
        else:
            self.lines += [_comment(f"inferred: {why}"), line]

    def ask(self, name: str, example: Any, choices: str) -> None:
        """A key that only a person knows, as a comment with its choices; `run` may do without it."""
        line = f"# {key(name)} = {toml(example)}"
        told = _comment(choices)
        self.lines += [f"{line}  {told}"] if len(line) + len(choices) <= WIDTH else [told, line]

    def must(self, name: str, example: Any, choices: str, what: str) -> None:
        """Likewise, where `run` refuses the file without it; `what` tells it in the summary."""
        self.ask(name, example, f"FILL IN: {choices}")
        self.missing.append(f"{name} ({what})")

    def text(self) -> str:
        """The whole file."""
        return "\n".join(self.lines).strip() + "\n"
