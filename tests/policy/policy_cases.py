"""Hand-made audits and policies for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditnn.core.audit import AnalyzerRecord, Audit
from auditnn.core.measurement import Measurement
from auditnn.kernels.inference import interval, rate_method
from auditnn.policy.rule import Policy, Rule

DIFFERENCE = "fairness.disparity/demographic_parity_difference"
SEX = {"attribute": "sex"}


def rule(measurement: str = DIFFERENCE, **changes: Any) -> Rule:
    given: dict[str, Any] = {"code": "FAIR001", "op": "at_most", "threshold": 0.1, "family": "fairness"}
    return Rule(measurement=measurement, title="Demographic parity difference", **{**given, **changes})


def policy(*rules: Rule, **changes: Any) -> Policy:
    return Policy(name="hand", rules=rules, **changes)


def audit(measurements: Iterable[Measurement], *records: AnalyzerRecord, task: str = "binary") -> Audit:
    """An audit whose analyzers all ran, but for those whose records say otherwise."""
    measurements = tuple(measurements)
    told = {record.id for record in records}
    ran = dict.fromkeys(one.analyzer for one in measurements if one.analyzer not in told)
    return Audit(
        auditnn="0.1.0",
        created="2026-01-01T00:00:00Z",
        subject={"name": "hand", "task": task},
        settings={"seed": 0},
        analyzers=(*records, *(AnalyzerRecord(id=id, status="measured") for id in ran)),
        measurements=measurements,
    )


def sampled(id: str, value: float, method: str, basis: dict[str, Any], **more: Any) -> Measurement:
    low, high, open_ends = interval(method, value, basis)
    given: dict[str, Any] = {"low": low, "high": high, "open": open_ends, "confidence": 0.95}
    return Measurement(id=id, value=value, interval_method=method, basis=basis, **{**given, **more})


def gap(x: list[int], n: list[int], id: str = DIFFERENCE, groups: list[str] | None = None, **more: Any) -> Measurement:
    """The gap of rates x/n; two groups, female and male, unless named."""
    rates = [a / b for a, b in zip(x, n, strict=True)]
    about = {"rate": "selection_rate", "outcome": "granted"}
    basis = {"form": "gap", **about, "groups": groups or ["female", "male"], "x": x, "n": n, "left_out": []}
    method = "newcombe" if len(x) == 2 else "simultaneous"
    given: dict[str, Any] = {"slice": SEX, "unit": "probability", "better": "lower", "n": sum(n)}
    return sampled(id, max(rates) - min(rates), method, basis, **{**given, **more})


def rate(x: int, n: int, id: str = "performance.accuracy/accuracy", **more: Any) -> Measurement:
    basis = {"form": "rate", "x": [x], "n": [n]}
    return sampled(id, x / n, rate_method(x, n), basis, **{"unit": "probability", "n": n, **more})


def normal(value: float, se: float, id: str = "a.b/c", **more: Any) -> Measurement:
    return sampled(id, value, "t", {"se": se, "scale": "identity"}, **more)


def exact(value: float, id: str = "data.quality/missing_share", **more: Any) -> Measurement:
    return Measurement(id=id, value=value, low=value, high=value, interval_method="exact", **{"unit": "share", **more})


def absent(status: str, reason: str = "because", id: str = DIFFERENCE, **more: Any) -> Measurement:
    return Measurement(id=id, status=status, reason=reason, **more)  # type: ignore[arg-type]
