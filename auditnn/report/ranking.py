"""Which findings stand on the first screen, and how many there are of each outcome."""

from __future__ import annotations

from collections.abc import Iterable

from auditnn.policy.finding import Finding, Findings, FindingStatus

SHOWN = 10
ATTENTION: tuple[FindingStatus, ...] = ("fail", "unsure", "not_measured")
OUTCOMES: tuple[FindingStatus, ...] = ("fail", "unsure", "not_measured", "pass", "not_applicable")


def attention(findings: Findings) -> list[Finding]:
    """The findings that ask for somebody's attention, in the judge's order: most serious first."""
    return [one for one in findings.findings if one.status in ATTENTION]


def tally(findings: Iterable[Finding]) -> dict[FindingStatus, int]:
    """How many findings there are of each outcome, without those that a valid waiver excuses."""
    counts: dict[FindingStatus, int] = dict.fromkeys(OUTCOMES, 0)
    for one in findings:
        if not one.waived:
            counts[one.status] += 1
    return counts
