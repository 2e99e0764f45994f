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
        """Sums (m, d) of values (m, ...) of the inputs of these rows (m,)."""
        if self.segments is None:
            return values @ self._member
        sums = np.empty((len(values), len(self.names)))
        for i, (row, pixels) in enumerate(zip(rows, values.sum(axis=1), strict=True)):
            sums[i] = np.bincount(self.segments[row].ravel(), weights=pixels.ravel(), minlength=len(self.names))
        return sums
