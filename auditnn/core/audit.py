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


@dataclass(frozen=True, slots=True)
class Quantity:
    """What an analyzer measures, for readers: its usual name, and in a few words what it is."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzerRecord:
    """What one analyzer asks, did and cost. `seconds` is wall time, `model_seconds` the part spent inside the model.

    `quantities` names what it measures, by the last part of the measurement's id.
    """

    id: str
    title: str = ""
    question: str = ""
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
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

    def title(self, analyzer: str) -> str:
        """What an analyzer is called, spelled from its id where nobody gave a title."""
        record = self.record(analyzer)
        return record.title if record and record.title else analyzer.split(".", 1)[-1].replace("_", " ").capitalize()

    def quantity(self, measurement: str) -> Quantity:
        """The name and meaning of a measurement, by its id; the name spelled from the id where nobody gave one.

        >>> Audit(auditnn="", created="", subject={}, settings={}, analyzers=(), measurements=()).quantity("a.b/c_d")
        Quantity(name='C d', meaning='')
        """
        analyzer, _, last = measurement.partition("/")
        record = self.record(analyzer)
        known = record.quantities.get(last) if record else None
        return known or Quantity(last.replace("_", " ").capitalize(), "")

    def record(self, analyzer: str) -> AnalyzerRecord | None:
        """What this analyzer did, or None where it was not asked to run."""
        return next((record for record in self.analyzers if record.id == analyzer), None)
