"""What all findings say together: the order in which they are read, the verdict, and the answer of a gate."""

from __future__ import annotations

from collections.abc import Iterable

from auditnn.core.measurement import slice_key
from auditnn.policy.finding import SEVERITIES, Finding, Findings, Verdict


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """fail, else incomplete (a required rule was not measured, or is unsure where it demands `surely_within`), else
    unsure, else pass. Findings under an unexpired waiver and advisory ones do not count."""
    counted = [one for one in findings if not one.waived and not one.advisory]
    if any(one.status == "fail" for one in counted):
        return "fail"
    if any(left_open(one) for one in counted):
        return "incomplete"
    return "unsure" if any(one.status == "unsure" for one in counted) else "pass"


def exit_code(findings: Findings) -> int:
    """What a gate exits with: 1 where a gating rule failed; 3 where none did, but a required rule was not measured,
    or a gating required one is unsure where it demands `surely_within`; 0 otherwise. Findings under an unexpired
    waiver do not count."""
    counted = [one for one in findings.findings if not one.waived]
    if any(one.status == "fail" and one.gate for one in counted):
        return 1
    return 3 if any(left_open(one) and (one.gate or one.status == "not_measured") for one in counted) else 0


def by_rule(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """Those of one rule and outcome together, where the most serious of them stands; the excused ones apart."""
    groups: dict[tuple[str, str, bool], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.code, one.status, one.waived), []).append(one)
    return [tuple(group) for group in groups.values()]


def judged(findings: Findings) -> bool:
    """Whether any rule met a measurement, or should have; without one, a verdict of `pass` says nothing."""
    return any(one.status != "not_applicable" for one in findings.findings)


def left_open(finding: Finding) -> bool:
    """Whether its rule is required and was not measured, or is unsure where it demands `surely_within`."""
    doubt = finding.status == "unsure" and finding.demand == "surely_within"
    return finding.required and (doubt or finding.status == "not_measured")


def order(finding: Finding) -> tuple[int, bool, int, float, str, str]:
    """The sort key of findings: failures by severity and adjusted p, required ones that were not measured, unsure,
    not measured, advisory ones, pass, not applicable; within each, waived ones last. An exact failure is a certain
    one."""
    ranks = {"fail": 0, "unsure": 2, "not_measured": 1 if finding.required else 3, "pass": 7, "not_applicable": 8}
    if finding.advisory:
        ranks |= {"fail": 4, "unsure": 5, "not_measured": 6}
    p = 0.0 if finding.p_adjusted is None else finding.p_adjusted
    severity = SEVERITIES.index(finding.severity)
    return ranks[finding.status], finding.waived, severity, p, finding.code, str(slice_key(finding.slice))
