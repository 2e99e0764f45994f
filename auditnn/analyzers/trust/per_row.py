"""One number per row and method: its mean as a measurement, its rows as arrays, and the picture of all methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.measures import absent, estimated, sampled
from auditnn.core.audit import RowArray
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Better, Measurement
from auditnn.core.scale import scale_of
from auditnn.kernels import moments
from auditnn.methods.attribution import METHODS

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerRow:
    """What a check found in each of `n` rows for each of `m` methods.

    `values` (n, m) with NaN where there is nothing to measure, which `reason` explains; `error` (n, m) is the standard
    error of each, from the draws behind it alone.
    """

    id: str
    methods: tuple[str, ...]
    values: np.ndarray
    reason: str
    error: np.ndarray | None = None
    better: Better = "none"
    unit: str = "number"
    limits: Limits | None = None

    def measurement(self, name: str, **more: str) -> Measurement:
        """The mean over rows with Student's t interval; over one row, that row's value with the error of its draws.

        `more` joins its slice.
        """
        place = self.methods.index(name)
        column = self.values[:, place]
        there = np.flatnonzero(~np.isnan(column))
        slice = {"method": name, **more}
        if not len(there):
            return absent(
                self.id, "undefined", self.reason, slice=slice, better=self.better, unit=self.unit, n=len(column)
            )
        if len(there) == 1 and self.error is not None and np.isfinite(self.error[there[0], place]):
            basis = {"se": float(self.error[there[0], place]), "scale": "identity", "n": 1}
            if self.limits is not None:
                basis["limits"] = list(self.limits)
            value = float(column[there[0]])
            return sampled(self.id, value, "monte_carlo", basis, slice=slice, better=self.better, unit=self.unit, n=1)
        return estimated(
            self.id, moments.mean(column[there]), slice=slice, better=self.better, unit=self.unit, limits=self.limits
        )

    def arrays(self, rows: str) -> Iterator[RowArray]:
        """The numbers by row, and which of them there are; what is not there is 0 and says so."""
        there, coords = ~np.isnan(self.values), {"method": self.methods}
        found = np.where(there, self.values, 0.0).astype(np.float32)
        yield RowArray(key=self.id, data=found, dims=("row", "method"), rows=rows, coords=coords)
        if not there.all():
            yield RowArray(key=f"{self.id}_defined", data=there, dims=("row", "method"), rows=rows, coords=coords)


def row_ids(analyzer: str, ids: np.ndarray) -> RowArray:
    """The ids of the rows that were looked at."""
    key = f"{analyzer}/rows"
    return RowArray(key=key, data=ids, dims=("row",), rows=key)


def picture(
    id: str, heading: str, found: Mapping[str, Sequence[Measurement]], said: str, reference: float | None = None
) -> Exhibit | None:
    """Every method's mean with its interval, a series for each quantity; None where nothing was measured."""
    columns: dict[str, list[object]] = {name: [] for name in ("method", "quantity", "value", "low", "high")}
    for quantity, measurements in found.items():
        for one in measurements:
            if one.value is None:
                continue
            values = (METHODS[one.slice["method"]].title, quantity, one.value, one.low, one.high)
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    if not columns["value"]:
        return None
    roles: dict[str, object] = {"label": "method", "value": "value", "low": "low", "high": "high"}
    if len(found) > 1:
        roles["series"] = "quantity"
    else:
        del columns["quantity"]
    if reference is not None:
        roles["reference"] = reference
    ids = tuple(dict.fromkeys(one.id for measurements in found.values() for one in measurements))
    return Exhibit(id=id, kind="intervals", title=heading, summary=said, columns=columns, roles=roles, measurements=ids)


def extremes(measurements: Sequence[Measurement], best: str, worst: str) -> str:
    """Which method has the largest mean and which the smallest, in words; empty where nothing was measured."""
    there = sorted((one for one in measurements if one.value is not None), key=lambda one: one.value or 0.0)
    if not there:
        return ""
    if len(there) == 1:
        return f"{_told(there[0])}."
    return f"{best}: {_told(there[-1])}; {worst}: {_told(there[0])}."


def _told(one: Measurement) -> str:
    value = one.value if one.value is not None else 0.0
    return f"{METHODS[one.slice['method']].title} {scale_of(one).full(value)}"
