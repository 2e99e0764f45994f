"""The shape of `findings.json` as pydantic models, and the way to it and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditnn.core.errors import StoreError
from auditnn.core.plain import plain
from auditnn.policy.finding import SCHEMA, Demand, Finding, Findings, FindingStatus, Severity, Verdict
from auditnn.policy.rule import Operator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SettlePart(_Part):
    """Roughly how many rows of which group would settle an `unsure`, if the estimate stays."""

    rows: int | None
    group: str | None


class WaiverPart(_Part):
    """The waiver that covers this finding. Only one that has not expired keeps it from counting."""

    reason: str
    owner: str
    expires: str = Field(description="the last day, as 2027-01-31")
    expired: bool


class FindingPart(_Part):
    """One rule met one measurement, or met silence."""

    code: str
    status: FindingStatus
    severity: Severity
    family: str
    measurement: str
    slice: dict[str, str | dict[str, str]]
    value: float | None
    low: float | None
    high: float | None
    op: Operator
    threshold: float | tuple[float, float] = Field(description="[lowest, highest] for between")
    demand: Demand
    required: bool
    gate: bool
    p: float | None = Field(ge=0, le=1)
    p_adjusted: float | None = Field(ge=0, le=1)
    reason: str | None
    settle: SettlePart
    baseline: dict[str, Any] | None
    waiver: WaiverPart | None
    title: str
    statement: str
    remedy: str
    references: tuple[str, ...]


class FindingsFile(_Part):
    """`findings.json`."""

    findings_schema: Literal["auditnn.findings/1"] = Field(alias="schema")
    policy: str
    verdict: Verdict
    findings: tuple[FindingPart, ...]


def json_schema() -> dict[str, Any]:
    """The JSON schema that `docs/schema/findings-1.json` publishes."""
    return FindingsFile.model_json_schema(by_alias=True)


def findings_to_json(findings: Findings) -> dict[str, Any]:
    """The findings as plain JSON values. `why`, `source` and `notes` stay with the policy and are not in it."""
    entries = [{name: plain(getattr(one, name)) for name in FindingPart.model_fields} for one in findings.findings]
    return {"schema": SCHEMA, "policy": findings.policy, "verdict": findings.verdict, "findings": entries}


def read_findings(data: Any) -> Findings:
    """The findings in parsed JSON; StoreError where it is not `findings.json` of this schema."""
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != SCHEMA:
        advice = "Judge the audit again with this version of auditnn."
        raise StoreError(f"findings with schema {SCHEMA!r}", repr(schema), advice)
    try:
        part = FindingsFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        advice = "The file was changed or cut off; judge the audit again."
        raise StoreError("findings as findings.json holds them", f"{first['msg']} at {place}", advice) from error
    return Findings(
        policy=part.policy, verdict=part.verdict, findings=tuple(Finding(**one.model_dump()) for one in part.findings)
    )
