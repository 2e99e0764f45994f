"""A value that only bounds the truth can give only the verdict that its side allows."""

from __future__ import annotations

from typing import Any

import pytest
from policy_cases import audit, exact, normal, policy, rate, rule

from auditnn.policy.judge import judge

ROBUST = "robustness.gradient_attacks/robust_accuracy"


@pytest.mark.parametrize(
    ("bound", "op", "threshold", "value", "status"),
    [
        # Attacks: the truth is at most this. It can be shown to be too low, never to be high enough.
        ("upper", "at_least", 0.5, 0.3, "fail"),
        ("upper", "at_least", 0.5, 0.9, "unsure"),
        ("upper", "at_most", 0.5, 0.3, "pass"),
        ("upper", "at_most", 0.5, 0.9, "unsure"),
        ("upper", "between", (0.2, 0.8), 0.1, "fail"),
        ("upper", "between", (0.2, 0.8), 0.5, "unsure"),
        ("upper", "between", (0.2, 0.8), 0.9, "unsure"),
        # Certificates: the truth is at least this.
        ("lower", "at_least", 0.5, 0.9, "pass"),
        ("lower", "at_least", 0.5, 0.3, "unsure"),
        ("lower", "at_most", 0.5, 0.9, "fail"),
        ("lower", "at_most", 0.5, 0.3, "unsure"),
        ("lower", "between", (0.2, 0.8), 0.9, "fail"),
        ("lower", "between", (0.2, 0.8), 0.1, "unsure"),
    ],
)
@pytest.mark.parametrize("kind", ["rate", "exact"])
def test_bounds(bound: Any, op: Any, threshold: Any, value: float, status: str, kind: str) -> None:
    made = (
        rate(int(value * 5000), 5000, id=ROBUST, bound=bound) if kind == "rate" else exact(value, ROBUST, bound=bound)
    )
    (finding,) = judge(audit([made]), policy(rule(ROBUST, op=op, threshold=threshold))).findings
    assert finding.status == status
    if status == "unsure":
        article = "an" if bound == "upper" else "a"
        assert finding.reason == f"the value is only {article} {bound} bound, which cannot settle this side"
        assert finding.settle == {"rows": None, "group": None}
    assert f"{bound} bound" in finding.statement


def test_what_cannot_fail_is_not_tested() -> None:
    """An upper bound under "at most" can only pass or leave open, so it takes no place in its family."""
    upper = normal(0.0, 0.03, bound="upper", slice={"attribute": "a"})
    tested = normal(0.163, 0.03, slice={"attribute": "b"})
    findings = judge(audit([upper, tested]), policy(rule("a.b/c"))).findings
    by_attribute = {one.slice["attribute"]: one for one in findings}
    assert by_attribute["a"].p is None
    assert by_attribute["b"].p_adjusted == by_attribute["b"].p
    assert by_attribute["b"].status == "fail"
