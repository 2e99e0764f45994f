"""Measurement: one measured statement. No threshold, no picture, no live model inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["measured", "undefined", "not_applicable", "skipped", "failed"]
Open = Literal["none", "low", "high", "both"]
Bound = Literal["none", "upper", "lower"]
Better = Literal["lower", "higher", "zero", "one", "none"]
SliceKey = tuple[tuple[str, Any], ...]


ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")


def slice_key(pairs: Mapping[str, Any]) -> SliceKey:
    """A hashable identity of a slice: its pairs in a fixed order.

    >>> slice_key({"group": "f", "attribute": "sex"})
    (('attribute', 'sex'), ('group', 'f'))
    """
    return tuple(
        (name, slice_key(value) if isinstance(value, Mapping) else value) for name, value in sorted(pairs.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured statement; `(id, slice)` is unique in an audit.

    `low` and `high` are the ends of the interval at `confidence`, got by `interval_method`; an unbounded end is
    None and named in `open`. `basis` is what inverts that interval without the rows (counts, or a standard error
    and its scale); None where `interval_method` is "exact". `bound` says that the value only bounds the truth.
    `n` is the number of rows behind it. All statuses but "measured" have a `reason` and no value.
    """

    id: str
    slice: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    low: float | None = None
    high: float | None = None
    open: Open = "none"
    confidence: float | None = None
    interval_method: str | None = None
    basis: Mapping[str, Any] | None = None
    bound: Bound = "none"
    status: Status = "measured"
    reason: str | None = None
    unit: str = "number"
    better: Better = "none"
    n: int | None = None

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r}: an id is <area>.<question>/<quantity> in lower case, digits and _")
        if not _is_slice(self.slice):
            raise ValueError(f"{self.id}: a slice holds text by text (and `where`), got {dict(self.slice)!r}")
        if (self.status == "measured") != (self.value is not None):
            raise ValueError(f"{self.id}: a measured value and no other has status 'measured', got {self.status!r}")
        if self.status != "measured" and not self.reason:
            raise ValueError(f"{self.id}: status {self.status!r} needs a reason")

    @property
    def analyzer(self) -> str:
        """The id of the analyzer that measured it."""
        return self.id.split("/", 1)[0]

    @property
    def key(self) -> tuple[str, SliceKey]:
        return self.id, slice_key(self.slice)


def _is_slice(pairs: Mapping[Any, Any]) -> bool:
    return all(
        isinstance(name, str) and (isinstance(value, str) or (isinstance(value, Mapping) and _is_slice(value)))
        for name, value in pairs.items()
    )
