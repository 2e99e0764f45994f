"""The sentence of a finding, word for word, for each form of basis and each unit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from policy_cases import DIFFERENCE, absent, audit, exact, gap, normal, policy, rate, rule, sampled

from auditnn.core.measurement import Measurement
from auditnn.core.scale import Scale, scale_of
from auditnn.policy.finding import Finding
from auditnn.policy.judge import judge
from auditnn.policy.rule import Rule
from auditnn.policy.wording import rounded


def judged(one: Measurement, **changes: object) -> Finding:
    (finding,) = judge(audit([one]), policy(rule(one.id, **changes))).findings
    return finding


def effect(one: Measurement, **changes: object) -> str:
    """The first part of the sentence."""
    return judged(one, **changes).statement.split(";")[0]


def told(one: Measurement, low: float, high: float) -> Measurement:
    """With an interval set by hand, so that the words do not hang on a kernel."""
    return replace(one, low=low, high=high, open="none")


def test_the_sentence_of_the_contract() -> None:
    one = told(gap([1000, 1325], [2500, 2500]), 0.103, 0.157)
    assert judged(one).statement == (
        "40.0% of female and 53.0% of male (sex) are predicted granted: 13.0 points apart; "
        "95% interval 10.3 to 15.7; at most 10 allowed."
    )


def test_more_groups_say_how_many() -> None:
    one = gap([10, 50, 30], [100, 100, 100], groups=["a", "b", "c"], slice={"attribute": "race"})
    assert effect(one) == (
        "10.0% of a and 50.0% of b (race) are predicted granted: 40.0 points apart, the lowest and highest of 3 groups"
    )


def test_classes_are_named() -> None:
    one = gap([10, 50], [100, 100], slice={"attribute": "sex", "class": "repaid"})
    assert effect(one).endswith("apart for class repaid")


def test_the_class_that_is_the_outcome_is_named_once() -> None:
    one = gap([10, 50], [100, 100], slice={"attribute": "sex", "class": "granted"})
    assert effect(one).endswith("(sex) are predicted granted: 40.0 points apart")


def test_an_intersection_goes_by_its_name() -> None:
    nested = {"attribute": "sex & age", "where": {"sex": "female", "age": "old"}}
    assert effect(gap([10, 50], [100, 100], slice=nested)).endswith(
        "(sex & age) are predicted granted: 40.0 points apart"
    )


def test_ratio() -> None:
    basis = {
        "form": "ratio",
        "rate": "selection_rate",
        "outcome": "yes",
        "groups": ["f", "m"],
        "x": [30, 40],
        "n": [100, 100],
    }
    one = sampled("fairness.disparity/demographic_parity_ratio", 0.75, "score", basis, unit="ratio",
                  slice={"attribute": "sex"})  # fmt: skip
    finding = judged(told(one, 0.51, 1.1), op="at_least", threshold=0.8)
    assert finding.statement.startswith(
        "30.0% of f and 40.0% of m (sex) are predicted yes: 0.75 times as often; 95% interval 0.51 to 1.10; "
        "at least 0.8 needed. Unsure, leaning beyond the limit: the interval reaches across the limit."
    )


def test_equalized_odds_names_the_wider_gap() -> None:
    basis = {
        "form": "worst_gap", "rates": ["true_positive_rate", "false_positive_rate"], "groups": ["f", "m"],
        "x": [[50, 60], [10, 40]], "n": [[100, 100], [100, 100]], "outcome": "repaid",
    }  # fmt: skip
    one = sampled("fairness.disparity/equalized_odds_difference", 0.3, "newcombe", basis, unit="probability",
                  slice={"attribute": "sex"})  # fmt: skip
    assert effect(one) == (
        "Of those not labelled repaid, 10.0% of f and 40.0% of m (sex) are predicted repaid: 30.0 points apart, "
        "the widest gap of 2 rates"
    )
    unnamed = replace(one, basis={name: part for name, part in basis.items() if name != "outcome"})
    assert effect(unnamed) == "False positive rate differs by 30.0 points between f (10.0%) and m (40.0%) of sex"


def test_worst_group() -> None:
    basis = {"form": "minimum", "rate": "accuracy", "groups": ["a", "b"], "x": [71, 90], "n": [100, 100]}
    one = sampled("fairness.disparity/worst_group_accuracy", 0.71, "simultaneous", basis, unit="probability",
                  slice={"attribute": "race"})  # fmt: skip
    assert effect(one, op="at_least") == "Accuracy is lowest for a of race: 71.0%"


def test_signed_difference() -> None:
    basis = {"form": "difference", "rate": "recall", "groups": ["common", "rare"], "x": [90, 30], "n": [100, 50]}
    one = sampled("performance.imbalance/minority_recall_gap", 0.3, "newcombe", basis, unit="probability",
                  better="zero")  # fmt: skip
    assert effect(one) == "Recall of common (90.0%) less that of rare (60.0%) is 30.0 points"
    basis = {"form": "difference", "rate": "selection_rate", "outcome": "yes", "groups": ["f", "m"], "x": [60, 30],
             "n": [100, 100]}  # fmt: skip
    one = sampled("fairness.disparity/selection_rate_difference", 0.3, "newcombe", basis, unit="probability",
                  better="zero", slice={"attribute": "sex", "group": "f"})  # fmt: skip
    assert effect(one) == "60.0% of f and 30.0% of m (sex) are predicted yes: a difference of 30.0 points"


def test_means_in_the_unit_of_the_target() -> None:
    basis = {"form": "gap", "groups": ["a", "b"], "mean": [-1.5, 10.2], "se": [0.1, 0.1], "n": [50, 50]}
    one = sampled("fairness.disparity/mean_error_difference", 11.7, "simultaneous", basis, unit="mg/dL",
                  slice={"attribute": "age"})  # fmt: skip
    assert (
        effect(one, threshold=5.0)
        == "Mean error differs by 11.7 mg/dL between a (−1.5 mg/dL) and b (10.2 mg/dL) of age"
    )
    assert judged(one, threshold=5.0).statement.endswith("at most 5 allowed.")


def test_one_group() -> None:
    one = rate(30, 100, id="fairness.group_rates/selection_rate", slice={"attribute": "sex", "group": "f"})
    assert effect(one) == "Selection rate of f (sex) is 30.0%"
    basis = {"form": "rate", "rate": "true_positive_rate", "outcome": "repaid", "x": [30], "n": [100]}
    told_outcome = replace(one, basis=basis)
    assert effect(told_outcome) == "Of those labelled repaid, 30.0% of f (sex) are predicted repaid"
    everyone = replace(told_outcome, slice={})
    assert effect(everyone) == "Of those labelled repaid, 30.0% are predicted repaid"


def test_a_basis_without_a_rate_goes_by_the_quantity() -> None:
    basis = {"form": "gap", "groups": ["f", "m"], "x": [10, 40], "n": [100, 100]}
    one = sampled("their.own/claims_gap", 0.3, "newcombe", basis, unit="probability", slice={"attribute": "sex"})
    assert effect(one) == "Claims differs by 30.0 points between f (10.0%) and m (40.0%) of sex"
    named = replace(one, basis={**basis, "rate": "claim_rate"})
    assert effect(named) == "Claim rate differs by 30.0 points between f (10.0%) and m (40.0%) of sex"


def test_rows_to_settle_are_told_with_those_there_are() -> None:
    basis = {"form": "gap", "rate": "true_positive_rate", "outcome": "repaid", "groups": ["f", "m"],
             "x": [775, 1794], "n": [1000, 2000], "rows": [1500, 2500]}  # fmt: skip
    one = sampled(DIFFERENCE, 0.122, "newcombe", basis, unit="probability", slice={"attribute": "sex"})
    finding = judged(one)
    assert finding.settle["group"] == "f"
    assert 1500 < finding.settle["rows"] < 5000
    shown = f"About {rounded(finding.settle['rows']):,} rows of f (1,500 now) would settle it if the estimate stays."
    assert finding.statement.endswith(shown)
    plain = judged(normal(0.11, 0.02, n=400)).statement
    assert plain.endswith("rows (400 now) would settle it if the estimate stays.")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (exact(0.0234, id="data.quality/duplicate_share"), "Duplicate share is 2.3%"),
        (exact(7.333, id="data.imbalance/imbalance_ratio", unit="ratio"), "Imbalance ratio is 7.33"),
        (exact(1.0, id="subject.check/train_mode", unit="flag"), "Train mode is 1"),
        (exact(3e-7, id="a.b/error", unit="number"), "Error is 3 × 10⁻⁷"),
        (exact(12345.0, id="a.b/rows", unit="count"), "Rows is 12,345"),
        (exact(2.5, id="a.b/time", unit="seconds"), "Time is 2.50 seconds"),
        (exact(4.4e-8, id="s.c/batch_difference", unit="probability"), "Batch difference is 4.4 × 10⁻⁸"),
        (exact(0.0, id="a.b/error", unit="number"), "Error is 0"),
        (normal(-0.0211, 0.01, id="p.c/calibration_in_the_large", unit="probability", better="zero"),
         "Calibration in the large is −2.1 points"),
        (normal(0.8312, 0.01, id="p.a/roc_auc", unit="probability"), "ROC AUC is 0.831"),
        (normal(151.26, 1.0, id="p.a/mae", unit="target"), "Mean absolute error is 151"),
    ],
)  # fmt: skip
def test_units(one: Measurement, words: str) -> None:
    assert effect(one, threshold=1e-4 if "batch" in one.id else 0.1) == words


def test_exact_values_have_no_interval() -> None:
    assert judged(exact(0.25)).statement == "Missing share is 25.0%; at most 10% allowed."


def test_two_limits() -> None:
    one = normal(0.0, 0.01, id="p.c/calibration_in_the_large", unit="probability", better="zero")
    finding = judged(one, op="between", threshold=(-0.05, 0.05))
    assert finding.statement.endswith("95% interval −2.0 to 2.0; −5 to 5 allowed.")


def test_absences() -> None:
    silent = absent("undefined", "no group has positives.", slice={"attribute": "sex"})
    assert judged(silent).statement == (
        "Demographic parity difference for attribute sex was not measured: no group has positives."
    )
    assert judged(absent("not_applicable", "one group")).statement.endswith("does not apply: one group.")


@pytest.mark.parametrize("value", [0.1001, 0.10001, 0.0999])
def test_rounding_never_puts_a_value_on_a_limit_that_it_is_not_on(value: float) -> None:
    words = judged(exact(value)).statement
    shown = re.search(r"is ([0-9.]+)%", words)
    assert shown is not None
    assert float(shown[1]) != 10.0
    assert (float(shown[1]) > 10.0) == (value > 0.1)


def test_scale_keeps_one_decimal_where_it_can() -> None:
    assert scale_of(exact(0.1234), [0.1]) == Scale(100.0, 1, "%")
    assert scale_of(exact(0.1002), [0.1]) == Scale(100.0, 2, "%")


def test_a_basis_that_says_less_gives_a_shorter_sentence() -> None:
    """Somebody else's analyzer need not name its groups."""
    one = replace(normal(0.2, 0.01, id="a.b/gap_of_mine"), basis={"form": "gap"}, unit="probability")
    assert effect(one) == "Gap of mine is 20.0 points"


def test_the_words_of_a_rule() -> None:
    from auditnn.policy.wording import threshold_words

    made = Rule(code="A001", measurement="a.b/c", op="at_least", threshold=0.8, family="a", title="t")
    assert threshold_words(made) == "at least 0.8"
