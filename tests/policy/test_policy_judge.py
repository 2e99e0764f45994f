"""Known answers: each status from an audit made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_cases import DIFFERENCE, SEX, absent, audit, exact, gap, normal, policy, rate, rule
from scipy import stats

from auditnn.core.audit import AnalyzerRecord
from auditnn.policy.finding import Finding, Findings
from auditnn.policy.judge import exit_code, judge


def only(findings: Findings) -> Finding:
    (finding,) = findings.findings
    return finding


def test_the_example_of_the_contract_fails() -> None:
    finding = only(judge(audit([gap([1000, 1325], [2500, 2500])]), policy(rule())))
    assert (finding.status, finding.slice, finding.code) == ("fail", SEX, "FAIR001")
    assert finding.value == pytest.approx(0.13)
    assert finding.low is not None
    assert finding.low > 0.1
    # Unpooled normal approximation of P(difference this far above 0.1).
    z = 0.03 / (0.4 * 0.6 / 2500 + 0.53 * 0.47 / 2500) ** 0.5
    assert finding.p == pytest.approx(stats.norm.sf(z), rel=0.15)
    assert finding.p_adjusted == finding.p


@pytest.mark.parametrize(
    ("x", "status"),
    [([1000, 1050], "pass"), ([1000, 1325], "fail"), ([1000, 1260], "unsure"), ([1000, 1240], "unsure")],
)
def test_pass_fail_and_unsure(x: list[int], status: str) -> None:
    assert only(judge(audit([gap(x, [2500, 2500])]), policy(rule()))).status == status


def test_unsure_leans_to_its_side_and_says_what_would_settle_it() -> None:
    above = only(judge(audit([gap([1000, 1260], [2500, 2500])]), policy(rule())))
    below = only(judge(audit([gap([1000, 1240], [2500, 2500])]), policy(rule())))
    assert "leaning beyond the limit" in above.statement
    assert "leaning within the limit" in below.statement
    for finding in (above, below):
        rows = finding.settle["rows"]
        assert isinstance(rows, int)
        assert rows > 2500
        assert finding.reason == "the interval reaches across the limit"


def test_settle_is_what_it_says() -> None:
    """A normal estimate 0.02 above its limit clears it when 1.96 standard errors are less than that."""
    one = normal(0.12, 0.02, n=100)
    finding = only(judge(audit([one]), policy(rule("a.b/c"))))
    assert finding.status == "unsure"
    assert finding.settle == {"rows": pytest.approx(100 * 1.96**2, abs=2), "group": None}


@pytest.mark.parametrize(("value", "status"), [(0.1, "pass"), (0.1000001, "fail"), (0.0, "pass")])
def test_exact_values_are_compared_directly(value: float, status: str) -> None:
    finding = only(judge(audit([exact(value)]), policy(rule("data.quality/missing_share"))))
    assert (finding.status, finding.p, finding.p_adjusted) == (status, None, None)


@pytest.mark.parametrize(
    ("op", "threshold", "status"),
    [
        ("at_most", 0.5, "pass"),
        ("at_least", 0.5, "pass"),
        ("between", (0.5, 0.7), "pass"),
        ("between", (0.3, 0.5), "pass"),
        ("at_least", 0.51, "fail"),
        ("between", (0.51, 0.7), "fail"),
    ],
)
def test_a_value_on_its_limit_is_allowed(op: str, threshold: object, status: str) -> None:
    made = rule("data.quality/missing_share", op=op, threshold=threshold)
    assert only(judge(audit([exact(0.5)]), policy(made))).status == status


@pytest.mark.parametrize(
    ("value", "status"), [(-0.5, "fail"), (-0.11, "unsure"), (0.0, "pass"), (0.11, "unsure"), (0.5, "fail")]
)
def test_between_takes_twice_the_smaller_p(value: float, status: str) -> None:
    one = normal(value, 0.03)
    finding = only(judge(audit([one]), policy(rule("a.b/c", op="between", threshold=(-0.1, 0.1)))))
    assert finding.status == status
    z = max(value - 0.1, -0.1 - value) / 0.03
    assert finding.p == pytest.approx(min(1.0, 2 * stats.norm.sf(z)), abs=1e-12)


def test_between_needs_more_than_one_sided_doubt() -> None:
    """2.0 standard errors beyond one of two limits: the interval is wholly beyond, and p = 2 x 0.0228 still counts."""
    one = normal(0.16, 0.03)
    finding = only(judge(audit([one]), policy(rule("a.b/c", op="between", threshold=(-0.1, 0.1)))))
    assert finding.p == pytest.approx(2 * stats.norm.sf(2.0))
    assert finding.status == "fail"


def test_at_least_looks_down() -> None:
    low = only(
        judge(audit([rate(400, 1000)]), policy(rule("performance.accuracy/accuracy", op="at_least", threshold=0.5)))
    )
    high = only(
        judge(audit([rate(600, 1000)]), policy(rule("performance.accuracy/accuracy", op="at_least", threshold=0.5)))
    )
    assert (low.status, high.status) == ("fail", "pass")
    assert low.p == pytest.approx(stats.binom.cdf(400, 1000, 0.5), rel=0.2)
    assert high.p is not None
    assert high.p > 0.999


def test_a_family_corrects_together_and_families_do_not_touch() -> None:
    """Ten estimates 2.1 standard errors beyond among passes near p = 1: each has p = 0.0179, enough alone."""
    ones = [normal(0.163, 0.03, slice={"attribute": f"a{i}"}) for i in range(2)]
    passes = [normal(0.0, 0.03, slice={"attribute": f"p{i}"}) for i in range(10)]
    alone = judge(audit(ones), policy(rule("a.b/c")))
    crowded = judge(audit([*ones, *passes]), policy(rule("a.b/c")))
    assert [one.status for one in alone.findings] == ["fail", "fail"]
    found = [one for one in crowded.findings if "a" in str(one.slice["attribute"])[:1]]
    assert [one.status for one in found] == ["unsure", "unsure"]
    assert all("among the 12 comparisons of the family fairness" in str(one.reason) for one in found)
    assert all(one.settle == {"rows": None, "group": None} for one in found)
    apart = [rule("a.b/c", slice={"attribute": "a0"}), rule("a.b/c", code="OTHER001", family="other")]
    other = judge(audit([*ones, *passes]), policy(*apart))
    assert next(one for one in other.findings if one.code == "FAIR001").status == "fail"


def test_a_rule_meets_every_slice_that_contains_its_pairs() -> None:
    ones = [
        gap([10, 20], [100, 100], slice={"attribute": "sex", "class": "a"}),
        gap([10, 20], [100, 100], slice={"attribute": "sex", "class": "b"}),
        gap([10, 20], [100, 100], slice={"attribute": "age"}),
    ]
    every = judge(audit(ones), policy(rule()))
    some = judge(audit(ones), policy(rule(slice=SEX)))
    assert (len(every.findings), len(some.findings)) == (3, 2)
    nested = gap([1, 2], [9, 9], slice={"attribute": "sex & age", "where": {"sex": "f", "age": "old"}})
    assert only(judge(audit([nested]), policy(rule(slice={"where": {"sex": "f"}})))).value is not None
    assert only(judge(audit([nested]), policy(rule(slice={"where": {"sex": "m"}})))).value is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("undefined", "not_measured"),
        ("skipped", "not_measured"),
        ("failed", "not_measured"),
        ("not_applicable", "not_applicable"),
    ],
)
def test_a_measurement_that_is_not_there(status: str, expected: str) -> None:
    findings = judge(audit([absent(status, "no group has positives", slice=SEX)]), policy(rule()))
    finding = only(findings)
    assert (finding.status, finding.reason, finding.slice) == (expected, "no group has positives", SEX)
    assert finding.value is None
    assert findings.verdict == ("pass" if expected == "not_applicable" else "incomplete")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("undefined", "not_measured"),
        ("skipped", "not_measured"),
        ("failed", "not_measured"),
        ("not_applicable", "not_applicable"),
    ],
)
def test_an_analyzer_that_did_not_measure(status: str, expected: str) -> None:
    record = AnalyzerRecord(id="fairness.disparity", status=status, reason="out of time")  # type: ignore[arg-type]
    finding = only(judge(audit([], record), policy(rule())))
    assert finding.status == expected
    assert "out of time" in str(finding.reason)


def test_an_analyzer_that_was_not_run() -> None:
    finding = only(judge(audit([]), policy(rule())))
    assert (finding.status, finding.reason) == ("not_measured", "fairness.disparity was not run")


def test_an_analyzer_that_ran_and_did_not_say() -> None:
    record = AnalyzerRecord(id="fairness.disparity", status="measured")
    finding = only(judge(audit([], record), policy(rule())))
    assert finding.status == "not_measured"
    assert "measured no demographic_parity_difference" in str(finding.reason)
    typed = rule(measurement="fairness.disparity/demographic_parity_diference")
    finding = only(judge(audit([gap([10, 20], [99, 99])]), policy(typed)))
    assert finding.status == "not_measured"
    assert "but demographic_parity_difference" in str(finding.reason)


def test_a_slice_that_is_not_there() -> None:
    finding = only(judge(audit([gap([10, 20], [99, 99])]), policy(rule(slice={"attribute": "race"}))))
    assert (finding.status, finding.slice) == ("not_measured", {"attribute": "race"})
    assert "no slice of fairness.disparity/demographic_parity_difference has attribute race" in str(finding.reason)


def test_an_absence_stated_without_a_slice_answers_for_every_slice() -> None:
    nowhere = absent("not_applicable", "the target is a number")
    assert only(judge(audit([nowhere]), policy(rule(slice=SEX)))).status == "not_applicable"


@pytest.mark.parametrize("how", ["failed", "skipped"])
def test_a_crash_after_the_first_measurement_is_not_silent(how: str) -> None:
    crashed = AnalyzerRecord(id="fairness.disparity", status=how, reason="ValueError: boom")  # type: ignore[arg-type]
    findings = judge(audit([gap([1000, 1000], [2500, 2500])], crashed), policy(rule()))
    assert [one.status for one in findings.findings] == ["not_measured", "pass"]
    assert findings.verdict == "incomplete"


def test_a_rule_of_another_task_does_not_apply() -> None:
    regression = rule("performance.accuracy/skill", tasks=("regression",))
    finding = only(judge(audit([], task="multiclass"), policy(regression)))
    assert (finding.status, finding.reason) == (
        "not_applicable",
        "it is about regression models; this one is multiclass",
    )


def test_an_interval_without_basis_can_pass_but_not_fail() -> None:
    """Somebody else's analyzer may give an interval that cannot be inverted: then nothing can be corrected."""
    passing = replace(normal(0.0, 0.03), basis=None)
    failing = replace(normal(0.5, 0.03), basis=None)
    strange = replace(normal(0.5, 0.03), basis={"form": "of my own"})
    for one, status in ((passing, "pass"), (failing, "unsure"), (strange, "unsure")):
        finding = only(judge(audit([one]), policy(rule("a.b/c"))))
        assert (finding.status, finding.p) == (status, None)
    assert "no p-value" in str(only(judge(audit([strange]), policy(rule("a.b/c")))).reason)


def test_a_value_without_interval_settles_nothing() -> None:
    bare = replace(normal(0.0, 0.03), basis=None, interval_method=None, low=None, high=None, open="both")
    finding = only(judge(audit([bare]), policy(rule("a.b/c"))))
    assert (finding.status, finding.reason) == ("unsure", "the value has no interval")


def test_an_open_end_settles_only_the_closed_side() -> None:
    open_above = replace(normal(0.0, 0.03), high=None, open="high")
    at_most = only(judge(audit([open_above]), policy(rule("a.b/c"))))
    at_least = only(judge(audit([open_above]), policy(rule("a.b/c", op="at_least", threshold=-0.1))))
    assert (at_most.status, at_least.status) == ("unsure", "pass")
    assert "95% interval from" in at_most.statement


def test_an_interval_of_another_level_is_brought_to_95_percent() -> None:
    half = 0.05
    narrow = replace(normal(0.13, 0.02), low=0.13 - half / 10, high=0.13 + half / 10, confidence=0.1)
    finding = only(judge(audit([narrow]), policy(rule("a.b/c"))))
    assert finding.status == "unsure"
    assert finding.low == pytest.approx(0.13 - 1.959964 * 0.02)


def test_required_decides_between_incomplete_and_pass() -> None:
    silent = audit([])
    assert judge(silent, policy(rule())).verdict == "incomplete"
    findings = judge(silent, policy(rule(required=False)))
    assert (findings.verdict, exit_code(findings)) == ("pass", 0)


def test_surely_within_turns_doubt_into_incomplete() -> None:
    doubt = audit([gap([1000, 1240], [2500, 2500])])
    lenient, strict = judge(doubt, policy(rule())), judge(doubt, policy(rule(demand="surely_within")))
    assert (lenient.verdict, exit_code(lenient)) == ("unsure", 0)
    assert (strict.verdict, exit_code(strict)) == ("incomplete", 3)
    silent_gate = judge(doubt, policy(rule(demand="surely_within", gate=False)))
    assert (silent_gate.verdict, exit_code(silent_gate)) == ("incomplete", 0)
    optional = judge(doubt, policy(rule(demand="surely_within", required=False)))
    assert (optional.verdict, exit_code(optional)) == ("unsure", 0)


def test_a_rule_that_does_not_gate_is_shown_and_lets_through() -> None:
    findings = judge(audit([gap([1000, 1325], [2500, 2500])]), policy(rule(gate=False)))
    assert (findings.verdict, exit_code(findings)) == ("fail", 0)


def test_the_order_in_which_findings_are_read() -> None:
    ones = [exact(1.0, id=f"data.x/q{i}") for i in range(3)]
    rules = [
        rule("data.x/q0", code="A001", severity="minor"),
        rule("data.x/q1", code="A002", severity="critical"),
        rule("data.x/q2", code="A003", threshold=2.0),
        rule("data.x/q9", code="A004", required=True),
        rule("data.x/q9", code="A005", required=False, severity="critical"),
        rule("a.b/c", code="A006"),
        rule("data.x/q2", code="A007", tasks=("regression",)),
        rule("s.t/u", code="A008", severity="critical"),
    ]
    strong = normal(0.9, 0.03, id="s.t/u")
    findings = judge(audit([*ones, normal(0.1, 0.03), strong]), policy(*rules))
    assert [one.code for one in findings.findings] == ["A002", "A008", "A001", "A004", "A006", "A005", "A003", "A007"]


def test_findings_say_what_the_rule_says() -> None:
    words = rule(why="w", remedy="r", source="s", references=("a",), severity="minor", margin=0.02)
    finding = only(judge(audit([gap([10, 20], [99, 99])]), policy(words)))
    assert (finding.why, finding.remedy, finding.source, finding.references) == ("w", "r", "s", ("a",))
    assert (finding.severity, finding.measurement, finding.baseline) == ("minor", DIFFERENCE, None)
