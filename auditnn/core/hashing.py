"""Text and arrays into a hash, each with what separates it from the next; and when digests say that two are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Hash(Protocol):
    """What a hash of `hashlib` does."""

    def update(self, data: bytes | memoryview, /) -> None: ...


def add_text(state: Hash, text: str) -> None:
    """The text and an end mark."""
    state.update(text.encode("utf-8", "surrogatepass") + b"\x00")


def add_array(state: Hash, name: str, values: np.ndarray) -> None:
    """Name, type, shape and bytes; objects by their representations."""
    add_text(state, f"{name}|{values.dtype}|{values.shape}")
    if values.dtype == object:
        add_text(state, "\x1f".join(map(repr, values.tolist())))
    elif values.size:
        state.update(np.ascontiguousarray(values).view(np.uint8).data)


def unconfirmed(first: Mapping[str, str | None], second: Mapping[str, str | None]) -> tuple[str, ...]:
    """The names under which two sets of digests do not show the same thing; none where all of it is the same.

    A digest that is None (what it is of could not be told) confirms nothing, not even beside another None.

    >>> unconfirmed({"data": "a", "model": None}, {"data": "a", "model": None})
    ('model',)
    """
    names = dict.fromkeys([*first, *second])
    return tuple(name for name in names if first.get(name) is None or first.get(name) != second.get(name))
