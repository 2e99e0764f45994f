"""Finding: what a policy says about one measurement. Findings: all of them, with a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA = "auditnn.findings/1"
FindingStatus = Literal["pass", "fail", "unsure", "not_measured", "not_applicable"]
Verdict = Literal["pass", "fail", "unsure", "incomplete"]
Severity = Literal["critical", "major", "minor", "info"]
Demand = Literal["not_surely_beyond", "surely_within"]
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule met one measurement (or met silence: then `slice` is the rule's own and `value` is None).

    `p` is one-sided against "the true value is within the threshold", `p_adjusted` after Benjamini-Hochberg in
    its family; both None for exact measurements and where nothing was measured. `settle` says roughly how many
    rows of which group would settle an `unsure`, if the estimate stays.
    """

    code: str
    status: FindingStatus
    severity: Severity
    family: str
    measurement: str
    slice: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    low: float | None = None
    high: float | None = None
    op: Literal["at_most", "at_least", "between"]
    threshold: float | tuple[float, float]
    demand: Demand = "not_surely_beyond"
    required: bool = False
    gate: bool = True
    p: float | None = None
    p_adjusted: float | None = None
    reason: str | None = None
    settle: Mapping[str, Any] = field(default_factory=lambda: {"rows": None, "group": None})
    baseline: Mapping[str, Any] | None = None
    waiver: Mapping[str, Any] | None = None
    title: str
    statement: str
    why: str = ""
    source: str = ""
    remedy: str = ""
    references: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        return self.measurement.split(".", 1)[0]

    @property
    def waived(self) -> bool:
        """Whether an unexpired waiver keeps it from counting; it is shown all the same."""
        return self.waiver is not None and not self.waiver["expired"]

    @property
    def advisory(self) -> bool:
        """Whether it only informs: of severity `info`, neither gating nor required. It is shown and does not count,
        so that a weak explanation of a sound model is told without turning the verdict on the model."""
        return self.severity == "info" and not self.gate and not self.required


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Every finding of one audit under one policy, most serious first. `notes` are remarks on the policy itself:
    waivers that have expired, or that excuse nothing."""

    policy: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    schema: str = SCHEMA

    def by_status(self, status: FindingStatus) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.status == status)
