"""Values of single inputs, added up over the inputs of each unit."""

from __future__ import annotations

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.core.rows import Images
from auditnn.methods.case import Case


class UnitSums:
    """From values of a case's inputs to values of its units.

    `names` are the units, those of the widest row. Images: `segments` (n, h, w) is the unit of each pixel, and `counts`
    (n,) the units of each row where rows differ. NotApplicable where inputs have no units of their own.
    """

    def __init__(self, case: Case) -> None:
        self.segments: np.ndarray | None = None
        nothing = np.empty(0, dtype=np.intp)
        self._last = (-1, (nothing, nothing, nothing))
        self.counts: np.ndarray | None = None
        if isinstance(case.rows, Images):
            self._cut(case)
            return
        units = case.input_units
        if units is None:
            raise NotApplicable("it is not known which inputs of the model belong to which feature")
        self.names = tuple(units)
        self._member = np.zeros((case.inputs.shape[1], len(units)))
        for unit, columns in enumerate(units.values()):
            self._member[list(columns), unit] = 1.0

    def _cut(self, case: Case) -> None:
        shape = np.shape(case.inputs)
        if len(shape) != 4 or shape[2:] != case.segments.shape[1:]:
            raise NotApplicable(f"the model's inputs, of shape {shape[1:]}, are not the pixels of the images")
        self.segments = case.segments
        counts = case.segments.reshape(len(case), -1).max(axis=1).astype(np.int64) + 1
        self.counts = None if (counts == counts[0]).all() else counts
        self.names = tuple(str(unit) for unit in range(int(counts.max())))

    def of(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Sums (m, d), float64, of values (m, ...) of the inputs of these rows (m,), equal rows one after the other."""
        if self.segments is None:
            return values @ self._member
        pixels = values.sum(axis=1).reshape(len(values), -1)
        sums = np.zeros((len(values), len(self.names)))
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            order, firsts, units = self._sorted(int(rows[start]))
            sums[start:stop, units] = np.add.reduceat(pixels[start:stop, order], firsts, axis=1, dtype=np.float64)
        return sums

    def _sorted(self, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A row's pixels unit by unit, where each unit begins among them, and the units that there are."""
        assert self.segments is not None
        if row != self._last[0]:
            units = self.segments[row].ravel()
            order = np.argsort(units, kind="stable")
            present, firsts = np.unique(units[order], return_index=True)
            self._last = (row, (order, firsts, present))
        return self._last[1]
