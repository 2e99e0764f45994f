"""Judge: an audit and a policy in, findings with a verdict out. It only compares; it never measures."""

from __future__ import annotations

from collections import Counter
from datetime import date

from auditnn.core.audit import Audit
from auditnn.kernels.inference import rows_to_settle
from auditnn.policy.comparison import Comparison, comparisons
from auditnn.policy.families import LEVEL, adjusted_p_values
from auditnn.policy.finding import Finding, Findings, FindingStatus
from auditnn.policy.rule import Policy
from auditnn.policy.verdict import exit_code, order, verdict_of
from auditnn.policy.waivers import apply_waivers, waiver_notes
from auditnn.policy.wording import a_bound, finding_statement

__all__ = ["exit_code", "judge"]

Settle = dict[str, int | str | None]


def judge(audit: Audit, policy: Policy, today: date | None = None) -> Findings:
    """Every rule of the policy against every measurement it speaks of, or against silence.

    `pass`: the 95% interval lies within the limits. `fail`: it lies wholly beyond one, and the one-sided p-value,
    adjusted by Benjamini and Hochberg over the rule's family, is at most 0.05. `unsure`: anything between. Exact
    values are compared directly. What was not measured is `not_measured`, with the reason, and never passes; what
    does not exist for this subject is `not_applicable`. `today` decides which waivers have expired.
    """
    met = [comparison for rule in policy.rules for comparison in comparisons(audit, rule)]
    adjusted = adjusted_p_values(met)
    sizes = Counter(one.rule.family for one in met if one.p is not None)
    findings = [_finding(one, q, sizes[one.rule.family]) for one, q in zip(met, adjusted, strict=True)]
    today = date.today() if today is None else today
    waived = sorted(apply_waivers(findings, policy.waivers, today), key=order)
    return Findings(
        policy=policy.name,
        verdict=verdict_of(waived),
        findings=tuple(waived),
        notes=waiver_notes(findings, policy.waivers, today),
    )


def _finding(met: Comparison, p_adjusted: float | None, family_size: int) -> Finding:
    rule, measurement = met.rule, met.measurement
    status = status_of(met, p_adjusted)
    reason = met.reason if met.absent else _reason(met, status, family_size)
    settle = _settle(met) if status == "unsure" else {"rows": None, "group": None}
    return Finding(
        code=rule.code,
        status=status,
        severity=rule.severity,
        family=rule.family,
        measurement=rule.measurement,
        slice=rule.slice if measurement is None else measurement.slice,
        value=None if measurement is None else measurement.value,
        low=None if measurement is None else measurement.low,
        high=None if measurement is None else measurement.high,
        op=rule.op,
        threshold=rule.threshold,
        demand=rule.demand,
        required=rule.required,
        gate=rule.gate,
        p=met.p,
        p_adjusted=p_adjusted,
        reason=reason,
        settle=settle,
        title=rule.title,
        statement=finding_statement(met, status, reason, settle),
        why=rule.why,
        source=rule.source,
        remedy=rule.remedy,
        references=rule.references,
    )


def status_of(met: Comparison, p_adjusted: float | None) -> FindingStatus:
    """What one comparison comes to, given its p-value adjusted within its family."""
    if met.absent:
        return met.absent
    if met.place == "within":
        return "pass"
    if met.place == "beyond" and (met.exact or (p_adjusted is not None and p_adjusted <= LEVEL)):
        return "fail"
    return "unsure"


def _reason(met: Comparison, status: FindingStatus, family_size: int) -> str | None:
    """Why neither side is sure."""
    if status != "unsure" or met.measurement is None:
        return None
    if met.place == "beyond":
        if met.p is None:
            return "the interval lies beyond the limit, but it has no p-value that could be corrected"
        return (
            f"the interval lies beyond the limit, but that is not surprising enough among the {family_size} "
            f"comparisons of the family {met.rule.family}"
        )
    if met.measurement.bound != "none":
        return f"the value is only {a_bound(met.measurement)}, which cannot settle this side"
    if met.measurement.interval_method is None:
        return "the value has no interval"
    return "the interval reaches across the limit"


def _settle(met: Comparison) -> Settle:
    """Rows that would make the interval clear the limit that it reaches across, nearest to the estimate."""
    nothing: Settle = {"rows": None, "group": None}
    one = met.measurement
    if one is None or one.value is None or met.p is None or one.bound != "none" or met.place != "across":
        return nothing
    if one.basis is None or one.interval_method is None:
        return nothing
    value = one.value
    limit = min((limit for limit in met.rule.limits if limit is not None), key=lambda limit: abs(limit - value))
    rows, group = rows_to_settle(one.interval_method, value, one.basis, limit=limit, n=one.n)
    return {"rows": rows, "group": group}
