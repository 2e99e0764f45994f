"""What the default policy says: exact explanations pass, and each control fails what it must."""

from __future__ import annotations

from functools import cache

import pytest

import auditnn
from auditnn.core.analyzer import Effort

CONTROLS = ("random_attribution", "input_values")


@cache
def statuses(sample: str, effort: Effort, methods: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """The finding of each rule for each method."""
    names = ["trust.completeness", "trust.faithfulness", "trust.stability", "trust.sanity", "trust.agreement"]
    settings = {f"{name}.methods": methods for name in names}
    audit = auditnn.run(auditnn.load(f"sample:{sample}"), names, settings, effort=effort)
    findings = auditnn.judge(audit).record.findings
    return {(one.code, one.slice["method"]): one.status for one in findings if "method" in one.slice}


def test_exact_shapley_values_on_the_perceptron_pass_all() -> None:
    found = statuses("perceptron", "standard", ("linear_shapley", "lime", "occlusion", *CONTROLS))
    for code in ("TRUST001", "TRUST002", "TRUST003", "TRUST004", "TRUST005"):
        assert found[code, "linear_shapley"] == "pass", code


@pytest.mark.parametrize("effort", ["quick", "standard"])
@pytest.mark.parametrize("sample", ["perceptron", "digits", "credit", "diabetes"])
def test_controls_fail_what_they_must(sample: str, effort: Effort) -> None:
    found = statuses(sample, effort, ("integrated_gradients", "occlusion", *CONTROLS))
    assert found["TRUST002", "random_attribution"] == "fail"
    assert found["TRUST003", "random_attribution"] == "fail"
    assert found["TRUST004", "input_values"] == "fail"
    assert found["TRUST004", "random_attribution"] == "fail"
    assert found["TRUST003", "input_values"] == "pass"
    for code in ("TRUST001", "TRUST002", "TRUST003"):
        assert found[code, "integrated_gradients"] == "pass", code


def test_guided_backpropagation_is_blinder_than_the_plain_gradient() -> None:
    """On the image sample it fails, and the plain gradient passes."""
    found = statuses("digits", "standard", ("guided_backpropagation", "gradient", *CONTROLS))
    assert found["TRUST004", "guided_backpropagation"] == "fail"
    assert found["TRUST004", "gradient"] == "pass"


def test_a_failed_check_of_an_explanation_neither_gates_nor_turns_the_verdict() -> None:
    audit = auditnn.run(
        auditnn.load("sample:perceptron"), ["trust.stability"], {"trust.stability.methods": ("random_attribution",)}
    )
    findings = auditnn.judge(audit)
    failed = [one for one in findings.record.findings if one.status == "fail"]
    assert [one.code for one in failed] == ["TRUST003"]
    assert not any(one.gate or one.required for one in failed)
    assert {one.severity for one in failed} == {"info"}
    assert findings.verdict != "fail"
