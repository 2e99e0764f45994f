"""`findings.json`: the contract's keys and no others, whole again after reading, no NaN, the published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from policy_cases import absent, audit, exact, gap, normal, policy, rule

from auditnn.core.errors import StoreError
from auditnn.policy.files import findings_from_json, findings_to_json, json_schema, load_policy
from auditnn.policy.finding import Findings
from auditnn.policy.judge import judge
from auditnn.policy.rule import Waiver

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "findings-1.json"
KEYS = [
    "code", "status", "severity", "family", "measurement", "slice", "value", "low", "high", "op", "threshold",
    "demand", "required", "gate", "p", "p_adjusted", "reason", "settle", "baseline", "waiver", "title", "statement",
    "remedy", "references",
]  # fmt: skip


def every_kind() -> Findings:
    open_above = replace(normal(0.0, 0.03), high=None, open="high")
    rules = (
        rule(),
        rule("data.quality/missing_share", code="DATA001"),
        rule("a.b/c", code="A001", op="between", threshold=(-0.1, 0.1), required=False),
        rule("x.y/z", code="A002", required=False),
        rule("n.a/q", code="A003"),
    )
    waiver = Waiver(code="FAIR001", reason="r", owner="o", expires=date(2026, 1, 1))
    made = [gap([1000, 1325], [2500, 2500]), exact(0.01), open_above, absent("not_applicable", id="n.a/q")]
    return judge(audit(made), policy(*rules, waivers=(waiver,)), date(2026, 6, 1))


def test_the_keys_of_the_contract() -> None:
    data = findings_to_json(every_kind())
    assert list(data) == ["schema", "policy", "verdict", "findings"]
    assert data["schema"] == "auditnn.findings/1"
    assert {one["status"] for one in data["findings"]} == {"fail", "pass", "unsure", "not_measured", "not_applicable"}
    for one in data["findings"]:
        assert list(one) == KEYS
        assert list(one["settle"]) == ["rows", "group"]


def test_it_is_the_same_after_a_round_trip() -> None:
    findings = every_kind()
    text = json.dumps(findings_to_json(findings), allow_nan=False)
    again = findings_from_json(json.loads(text))
    assert tuple(replace(one, why="", source="") for one in again.findings) == findings.findings
    assert (again.policy, again.verdict) == (findings.policy, findings.verdict)
    assert json.dumps(findings_to_json(again)) == text


def test_it_fits_the_published_schema() -> None:
    jsonschema.validate(findings_to_json(every_kind()), json.loads(PUBLISHED.read_text()))


def test_the_published_schema_is_in_step() -> None:
    assert json.loads(PUBLISHED.read_text()) == json_schema()


def test_the_words_of_a_preset_come_back() -> None:
    """Why and source are in the policy, not in the file: reading finds them by the rule's code."""
    findings = judge(audit([gap([1000, 1325], [2500, 2500])]), load_policy())
    again = findings_from_json(findings_to_json(findings))
    assert again == replace(findings, notes=())
    assert all(one.why and one.source for one in again.findings)


def test_words_are_not_put_under_another_rule() -> None:
    findings = judge(audit([gap([1000, 1325], [2500, 2500])]), policy(rule(threshold=0.05)))
    (tighter,) = findings_from_json(findings_to_json(findings)).findings
    assert tighter.why
    assert tighter.source == ""
    data = findings_to_json(findings)
    data["findings"][0]["measurement"] = "my.own/number"
    assert findings_from_json(data).findings[0].why == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "auditnn.findings/2"}, "auditnn.findings/2"),
        ({"schema": None}, "None"),
        ({"verdict": "fair"}, "verdict"),
        ({"findings": [{}]}, r"findings\.0\.code"),
        ({"extra": 1}, "extra"),
    ],
)
def test_files_that_are_not_findings(change: dict[str, object], words: str) -> None:
    with pytest.raises(StoreError, match=words):
        findings_from_json(findings_to_json(every_kind()) | change)
    with pytest.raises(StoreError):
        findings_from_json([])
