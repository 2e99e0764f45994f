"""The audit of each sample against its card: every finding that the card expects, and no fail that it does not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import auditnn
import sample_models
from sample_models import cards

FOLDER = Path(sample_models.__file__).parent
NAMES = ("perceptron", "diabetes", "digits", "credit", "credit_clean", "shapes", "shapes_clean")
EXPECTED = [(name, one) for name in NAMES for one in cards.read(FOLDER / name)["expected"]]
LABELS = ["-".join([name, one["code"], *one["slice"].values()]) for name, one in EXPECTED]


@cache
def audited(name: str) -> tuple[auditnn.Audit, auditnn.Findings]:
    audit = auditnn.run(auditnn.load(f"sample:{name}"))
    return audit, auditnn.judge(audit)


@pytest.mark.parametrize("name", NAMES)
def test_every_analyzer_measures_or_says_why_not(name: str) -> None:
    audit, _ = audited(name)
    assert {record.status for record in audit.record.analyzers} <= {"measured", "not_applicable"}


@pytest.mark.parametrize(("name", "expected"), EXPECTED, ids=LABELS)
def test_the_audit_finds_what_the_card_expects(name: str, expected: cards.Card) -> None:
    _, findings = audited(name)
    same = [one for one in findings if one.code == expected["code"] and dict(one.slice) == expected["slice"]]
    assert [(one.status, one.measurement) for one in same] == [(expected["status"], expected["measurement"])]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_fails_that_the_card_does_not_expect(name: str) -> None:
    """Advice aside, and weak slices: they are searched for, and near the cut of a risk every network errs more."""
    _, findings = audited(name)
    found = [one for one in findings.record.by_status("fail") if not one.advisory]
    failed = {(one.code, *sorted(one.slice.items())) for one in found}
    advice = {one.code for one in findings.record.findings if one.advisory}
    mine = [one for key, one in EXPECTED if key == name and one["status"] == "fail" and one["code"] not in advice]
    searched = {one for one in failed if one[0].startswith("SLICE")}
    assert failed - searched == {(one["code"], *sorted(one["slice"].items())) for one in mine}
    assert name == "credit" or not searched


def test_the_twin_has_no_fail_and_credit_does() -> None:
    assert audited("credit")[1].verdict == "fail"
    assert audited("credit_clean")[1].verdict in ("pass", "unsure")
    assert all(one.advisory for one in audited("credit_clean")[1].record.by_status("fail"))


def test_credit_is_hurt_in_the_right_group_and_direction() -> None:
    audit, _ = audited("credit")
    table = audit["fairness.group_rates"]
    rates = table[(table["id"] == "fairness.group_rates/selection_rate") & table["attribute"].notna()]
    by_group = {(row.attribute, row.group): row.value for row in rates.itertuples()}
    assert by_group["sex", "male"] - by_group["sex", "female"] > 0.1
    lowest = min((value, group) for (attribute, group), value in by_group.items() if attribute == "sex & age_band")
    assert lowest[1].startswith("female & ")


def test_credit_finds_its_minority_less_often() -> None:
    table = audited("credit")[0].measurements
    recall = table[table["id"] == "performance.accuracy/recall"].set_index("class")["value"]
    assert recall["repaid"] - recall["defaulted"] > 0.2


@pytest.mark.parametrize("name", ["credit", "credit_clean"])
def test_the_measured_rates_cover_the_truth(name: str) -> None:
    """Of the 95% intervals of all groups' selection rates, at most two miss the rate on five million fresh rows."""
    table, known = audited(name)[0]["fairness.group_rates"], cards.read(FOLDER / name)["truth"]["rates"]
    rates = table[(table["id"] == "fairness.group_rates/selection_rate") & table["attribute"].notna()]
    missed = [
        (row.attribute, row.group)
        for row in rates.itertuples()
        if not row.low <= known[row.attribute][row.group]["selection_rate"] <= row.high
    ]
    assert len(rates) == 11
    assert len(missed) <= 2


@pytest.mark.parametrize("name", ["perceptron", "diabetes", "digits"])
def test_the_audit_agrees_with_the_metrics_of_the_card(name: str) -> None:
    table, metrics = audited(name)[0].measurements, cards.read(FOLDER / name)["metrics"]
    for metric, value in metrics.items():
        mine = table[(table["id"] == f"performance.accuracy/{metric}")]
        assert mine["value"].iloc[0] == pytest.approx(value, abs=2e-5)
