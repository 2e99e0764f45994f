"""Waivers: what they cover, until when, and what is said about them."""

from __future__ import annotations

from datetime import date

import pytest
from policy_cases import SEX, audit, gap, policy, rule

from auditnn.policy.finding import Findings
from auditnn.policy.judge import exit_code, judge
from auditnn.policy.rule import Waiver

LAST = date(2027, 1, 31)
BAD, GOOD = gap([1000, 1325], [2500, 2500]), gap([1000, 1000], [2500, 2500], slice={"attribute": "age"})


def waiver(**changes: object) -> Waiver:
    given = {"code": "FAIR001", "slice": SEX, "reason": "known; a new model comes", "owner": "Ann", "expires": LAST}
    return Waiver(**{**given, **changes})  # type: ignore[arg-type]


def judged(*waivers: Waiver, today: date = LAST) -> Findings:
    return judge(audit([BAD, GOOD]), policy(rule(), waivers=waivers), today)


def test_a_waived_finding_is_shown_and_does_not_count() -> None:
    findings = judged(waiver())
    (failed,) = findings.by_status("fail")
    assert (findings.verdict, exit_code(findings)) == ("pass", 0)
    assert failed.waived
    assert failed.waiver == {
        "reason": "known; a new model comes",
        "owner": "Ann",
        "expires": "2027-01-31",
        "expired": False,
    }
    assert failed.statement.endswith("Waived by Ann until 2027-01-31.")
    assert findings.notes == ()


@pytest.mark.parametrize(("today", "code"), [(date(2027, 1, 30), 0), (LAST, 0), (date(2027, 2, 1), 1)])
def test_it_counts_again_the_day_after(today: date, code: int) -> None:
    assert exit_code(judged(waiver(), today=today)) == code


def test_an_expired_waiver_says_so() -> None:
    findings = judged(waiver(), today=date(2027, 2, 1))
    (failed,) = findings.by_status("fail")
    assert findings.verdict == "fail"
    assert not failed.waived
    assert failed.waiver is not None
    assert failed.waiver["expired"] is True
    assert failed.statement.endswith("A waiver by Ann expired on 2027-01-31.")
    assert findings.notes == (
        "The waiver of FAIR001 for attribute sex by Ann expired on 2027-01-31 and does not count: "
        "renew it, or mend what it excused.",
    )


def test_the_longest_of_two_waivers_holds() -> None:
    findings = judged(waiver(expires=date(2026, 1, 1)), waiver(slice={}, owner="Bo"))
    assert findings.verdict == "pass"
    assert "Waived by Bo" in findings.by_status("fail")[0].statement


def test_a_waiver_of_another_slice_matches_nothing() -> None:
    findings = judged(waiver(slice={"attribute": "race"}))
    assert findings.verdict == "fail"
    assert findings.notes == (
        "The waiver of FAIR001 for attribute race by Ann matches no finding of this audit: "
        "correct its slice, or remove it.",
    )


def test_a_waiver_of_what_passes_is_not_needed() -> None:
    findings = judged(waiver(slice={"attribute": "age"}))
    assert "is not needed here" in findings.notes[0]
    assert all(one.waiver is None for one in findings.findings)


def test_silence_can_be_waived() -> None:
    open_rule = policy(rule(), waivers=(waiver(slice={}),))
    assert exit_code(judge(audit([]), policy(rule()), LAST)) == 3
    assert exit_code(judge(audit([]), open_rule, LAST)) == 0


def test_a_waived_failure_leaves_the_others() -> None:
    other = gap([1000, 1400], [2500, 2500], slice={"attribute": "race"})
    findings = judge(audit([BAD, other]), policy(rule(), waivers=(waiver(),)), LAST)
    assert findings.verdict == "fail"
    assert [one.slice["attribute"] for one in findings.findings] == ["race", "sex"]


def test_waivers_do_not_change_the_correction() -> None:
    plain, waived = judged(), judged(waiver())
    assert {one.p_adjusted for one in plain.findings} == {one.p_adjusted for one in waived.findings}
