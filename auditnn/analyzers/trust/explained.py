"""What a method says of one class per row: all that a check looks at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from auditnn.methods.attribution.result import Attribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """`values` (n, d) of the units for the target class of `n` rows, the first `counts` (n,) of them where rows have
    different numbers; `maps` (n, h, w) of the pixels where the method has them. `output` (n,) is what is explained,
    `base` (n,) what the values add up from."""

    values: np.ndarray
    output: np.ndarray
    base: np.ndarray | None = None
    counts: np.ndarray | None = None
    maps: np.ndarray | None = None
    segments: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def of(self, row: int) -> np.ndarray:
        """The values of one row's own units."""
        own: np.ndarray = self.values[row] if self.counts is None else self.values[row, : self.counts[row]]
        return own

    def take(self, rows: np.ndarray) -> Explained:
        """What it says of some of the rows."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        taken: dict[str, Any] = {name: None if part is None else part[rows] for name, part in parts.items()}
        return Explained(**taken)

    def finest(self) -> tuple[np.ndarray, np.ndarray | None]:
        """What it says of each pixel (n, h x w) where it says that, else of each unit; with `counts`."""
        if self.maps is None:
            return self.values, self.counts
        return self.maps.reshape(len(self), -1), None


def of_target(one: Attribution, targets: np.ndarray) -> Explained:
    """An attribution as far as it speaks of one class per row, codes (n,)."""
    return Explained(
        values=one.of(targets),
        output=column(one.output, targets),
        base=None if one.base is None else column(one.base, targets),
        counts=one.counts,
        maps=one.maps,
        segments=one.segments,
    )


def column(table: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Each row's entry (n,) for its target in a table (n, k), or its only one."""
    codes = targets if table.shape[1] > 1 else np.zeros(len(table), dtype=np.intp)
    picked: np.ndarray = table[np.arange(len(table)), codes]
    return picked
