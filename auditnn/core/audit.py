"""Audit: the frozen record of one run. What reads it needs no model and no heavy library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement, Status

SCHEMA = "auditnn.audit/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowArray:
    """A named array with named dimensions. Where the first is "row", `rows` is the key of the row ids, `coords`
    name the positions of the other dimensions, and `base` is the key of the value that its entries add up from."""

    key: str
    data: np.ndarray
    dims: tuple[str, ...]
    rows: str | None = None
    coords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzerRecord:
    """What one analyzer did and cost. `seconds` is wall time, `model_seconds` the part spent inside the model."""

    id: str
    status: Status
    reason: str | None = None
    seconds: float = 0.0
    model_seconds: float = 0.0
    rows_forward: int = 0
    rows_backward: int = 0
    batch_rows: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overhead(self) -> float | None:
        """Wall time over model time; None where the model was not called."""
        return self.seconds / self.model_seconds if self.model_seconds > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The subject's card, what was measured, data to look at, row arrays, settings, and what it cost.

    `subject` is the card: plain JSON facts about what was audited (see `docs/schema/audit-1.json`).
    """

    auditnn: str
    created: str
    subject: Mapping[str, Any]
    settings: Mapping[str, Any]
    analyzers: tuple[AnalyzerRecord, ...]
    measurements: tuple[Measurement, ...]
    exhibits: tuple[Exhibit, ...] = ()
    arrays: Mapping[str, RowArray] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA

    def record(self, analyzer: str) -> AnalyzerRecord | None:
        """What this analyzer did, or None where it was not asked to run."""
        return next((record for record in self.analyzers if record.id == analyzer), None)
