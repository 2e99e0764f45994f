"""Exhibit: data made to be looked at. Never a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ExhibitKind = Literal["table", "bars", "points", "intervals", "curve", "heatmap", "images", "spans"]
INLINE_ROWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A small table with a part for each column to play.

    `columns` maps names to equally long lists of JSON values (at most 2,000 rows; more go under an `array` key).
    `roles` says which column is what: x, y, low, high, series, label, value... A role may also name a constant
    line (`reference`). `summary` is the sentence a reader without eyes for it gets. `measurements` are the ids
    that this shows.
    """

    id: str
    kind: ExhibitKind
    title: str
    summary: str
    columns: Mapping[str, Sequence[Any]]
    roles: Mapping[str, Any] = field(default_factory=dict)
    slice: Mapping[str, Any] = field(default_factory=dict)
    array: str | None = None
    measurements: tuple[str, ...] = ()

    @property
    def analyzer(self) -> str:
        return self.id.split("/", 1)[0]
