"""The shape of `audit.json` as pydantic models: what is checked on reading, and the published JSON schema."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from auditnn.core.exhibit import ExhibitKind
from auditnn.core.measurement import ID, Better, Bound, Open, Status
from auditnn.core.rows import Modality
from auditnn.core.subject import Task


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, strict=True)


class QuantityPart(_Part):
    """What an analyzer measures, for readers."""

    name: str
    meaning: str


class AnalyzerPart(_Part):
    """What one analyzer asks, did and cost."""

    id: str
    title: str = ""
    question: str = ""
    quantities: dict[str, QuantityPart] = {}
    status: Status
    reason: str | None
    seconds: float = Field(ge=0)
    model_seconds: float = Field(ge=0)
    rows_forward: int = Field(ge=0)
    rows_backward: int = Field(ge=0)
    batch_rows: int | None = None
    overhead: float | None = None
    settings: dict[str, Any]


class MeasurementPart(_Part):
    """One measured statement."""

    id: str = Field(pattern=f"^{ID.pattern}$")
    slice: dict[str, str | dict[str, str]]
    value: float | None
    low: float | None
    high: float | None
    open: Open
    confidence: float | None
    interval_method: str | None
    basis: dict[str, Any] | None
    bound: Bound
    status: Status
    reason: str | None
    unit: str
    better: Better
    n: int | None


class ExhibitPart(_Part):
    """Data made to be looked at."""

    id: str
    kind: ExhibitKind
    title: str
    summary: str
    slice: dict[str, str | dict[str, str]]
    roles: dict[str, Any]
    columns: dict[str, list[Any]]
    array: str | None
    measurements: list[str]


class ArrayPart(_Part):
    """One entry of arrays.npz."""

    key: str
    dims: list[str]
    rows: str | None
    dtype: str
    shape: list[int]
    coords: dict[str, list[str]]
    base: str | None


class SubjectPart(BaseModel):
    """The subject's card. More facts may stand beside these."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    name: str
    task: Task
    modality: Modality
    rows: dict[str, int]
    classes: list[str]
    threshold: float | None = None
    features: list[dict[str, Any]]
    groups: dict[str, Any]
    digests: dict[str, str | None]


class AuditFile(_Part):
    """`audit.json`."""

    audit_schema: Literal["auditnn.audit/1"] = Field(alias="schema")
    auditnn: str
    created: str
    subject: SubjectPart
    settings: dict[str, Any]
    analyzers: list[AnalyzerPart]
    measurements: list[MeasurementPart]
    exhibits: list[ExhibitPart]
    arrays: list[ArrayPart]
    environment: dict[str, Any]


def json_schema() -> dict[str, Any]:
    """The JSON schema that `docs/schema/audit-1.json` publishes."""
    return AuditFile.model_json_schema(by_alias=True)


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.write(json.dumps(json_schema(), indent=1) + "\n")
