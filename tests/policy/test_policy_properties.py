"""What holds for every audit: found by hypothesis, not by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import audit, gap, normal, policy, rate, rule

from auditnn.core.measurement import Measurement
from auditnn.policy.finding import Finding, Findings
from auditnn.policy.judge import exit_code, judge
from auditnn.policy.verdict import verdict_of

EXAMPLES = settings(max_examples=60, deadline=None)


@st.composite
def measurements(draw: Any) -> Measurement:
    kind = draw(st.sampled_from(["gap", "rate", "normal"]))
    if kind == "normal":
        return normal(draw(st.floats(-1, 1)), draw(st.floats(1e-3, 1)), id="a.b/c")
    if kind == "rate":
        n = draw(st.integers(1, 400))
        return rate(draw(st.integers(0, n)), n, id="a.b/c")
    n = draw(st.lists(st.integers(10, 400), min_size=2, max_size=3))
    x = [draw(st.integers(0, size)) for size in n]
    return gap(x, n, id="a.b/c", groups=[f"g{i}" for i in range(len(n))], slice={})


def under(found: list[Measurement], **changes: Any) -> Findings:
    """Each measurement in a slice of its own, under one rule."""
    return judge(
        audit([replace(one, slice={"i": str(i)}) for i, one in enumerate(found)]), policy(rule("a.b/c", **changes))
    )


def status(findings: Findings) -> dict[str, str]:
    return {str(one.slice["i"]): one.status for one in findings.findings}


@EXAMPLES
@given(measurements(), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["at_most", "at_least"]))
def test_tightening_a_threshold_never_turns_fail_into_pass(one: Measurement, a: float, b: float, op: Any) -> None:
    strict, loose = (min(a, b), max(a, b)) if op == "at_most" else (max(a, b), min(a, b))
    before, after = under([one], op=op, threshold=loose), under([one], op=op, threshold=strict)
    ranks = {"pass": 0, "unsure": 1, "fail": 2}
    assert ranks[after.findings[0].status] >= ranks[before.findings[0].status]


@EXAMPLES
@given(st.lists(measurements(), min_size=1, max_size=5), st.integers(1, 20), st.floats(0, 0.5))
def test_clear_passes_never_loosen_the_correction(found: list[Measurement], passes: int, threshold: float) -> None:
    clear = [normal(-5.0, 0.1, id="a.b/c") for _ in range(passes)]
    before, after = under(found, threshold=threshold), under(found + clear, threshold=threshold)
    own = {str(one.slice["i"]): one for one in before.findings}
    for one in after.findings:
        old = own.get(str(one.slice["i"]))
        if old is None:
            assert one.status == "pass"
            continue
        assert one.p == old.p
        assert (one.p_adjusted or 0.0) >= (old.p_adjusted or 0.0)
        assert not (one.status == "fail" and old.status != "fail")


@EXAMPLES
@given(measurements(), st.floats(-0.5, 0.5), st.floats(0, 0.5))
def test_a_fail_has_a_small_p_and_a_pass_has_not(one: Measurement, middle: float, width: float) -> None:
    (finding,) = under([one], op="between", threshold=(middle - width, middle + width)).findings
    assert finding.p is not None
    if finding.status == "fail":
        assert finding.p <= 0.0501  # two one-sided tails of 2.5%
    if finding.status == "pass" and width > 0:
        assert finding.p >= 0.05


@EXAMPLES
@given(measurements(), st.floats(0, 1))
def test_at_most_and_at_least_do_not_both_pass_or_both_fail_inside(one: Measurement, threshold: float) -> None:
    (above,), (below,) = (under([one], op=op, threshold=threshold).findings for op in ("at_most", "at_least"))
    assert not (above.status == "fail" and below.status == "fail")
    if above.status == "fail":
        assert below.status == "pass"


@st.composite
def finding(draw: Any) -> Finding:
    waived = draw(st.sampled_from([None, {"expired": False}, {"expired": True}]))
    return Finding(
        code="A001", severity="major", family="f", measurement="a.b/c", op="at_most", threshold=1.0, title="t",
        statement="s", waiver=waived, status=draw(
            st.sampled_from(["pass", "fail", "unsure", "not_measured", "not_applicable"])
        ),
        demand=draw(st.sampled_from(["not_surely_beyond", "surely_within"])),
        required=draw(st.booleans()), gate=draw(st.booleans()),
    )  # fmt: skip


@given(st.lists(finding(), max_size=6))
def test_the_verdict_takes_the_worst_that_counts(found: list[Finding]) -> None:
    """The precedence of the contract, written out slowly."""
    counted = [one for one in found if one.waiver is None or one.waiver["expired"]]
    expected = "pass"
    if any(one.status == "unsure" for one in counted):
        expected = "unsure"
    if any(one.status == "not_measured" and one.required for one in counted) or any(
        one.status == "unsure" and one.required and one.demand == "surely_within" for one in counted
    ):
        expected = "incomplete"
    if any(one.status == "fail" for one in counted):
        expected = "fail"
    assert verdict_of(found) == expected


@given(st.lists(finding(), max_size=6))
def test_the_exit_code_of_a_gate(found: list[Finding]) -> None:
    counted = [one for one in found if one.waiver is None or one.waiver["expired"]]
    expected = 0
    for one in counted:
        if one.status == "not_measured" and one.required:
            expected = 3
        if one.gate and one.required and one.status == "unsure" and one.demand == "surely_within":
            expected = 3
    if any(one.status == "fail" and one.gate for one in counted):
        expected = 1
    assert exit_code(Findings(policy="p", verdict=verdict_of(found), findings=tuple(found))) == expected


@given(st.lists(finding(), max_size=6), st.permutations(range(6)))
def test_the_verdict_does_not_depend_on_order(found: list[Finding], order: list[int]) -> None:
    assert verdict_of(found) == verdict_of([found[i] for i in order if i < len(found)])
