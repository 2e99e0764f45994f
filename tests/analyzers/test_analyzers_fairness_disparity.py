from __future__ import annotations

import numpy as np
import pytest
from fairness_cases import exhibits, group, measured, subject

from auditnn.analyzers.fairness.disparity import ANALYZER
from auditnn.core.subject import Group
from auditnn.kernels.intervals import newcombe_bounds


def selected(*groups: tuple[str, int, int], name: str = "a", y: str = "same", **more):
    """A subject in which `x` of the `n` rows of each named group are selected; labels equal predictions."""
    values = [level for level, _, n in groups for _ in range(n)]
    prediction = [int(i < x) for _, x, n in groups for i in range(n)]
    return subject(prediction if y == "same" else None, prediction, {name: values}, **more)


def test_two_groups_have_newcombes_interval_and_keep_their_counts():
    gaps = measured(ANALYZER, selected(("female", 1000, 2500), ("male", 1325, 2500), name="sex"))
    gap = gaps[("demographic_parity_difference", "sex")]
    assert gap.value == pytest.approx(0.13)
    assert (gap.low, gap.high) == pytest.approx((0.1025, 0.1573), abs=5e-4)
    assert gap.interval_method == "newcombe"
    assert gap.basis == {
        "form": "gap", "rate": "selection_rate", "outcome": "yes", "groups": ["female", "male"], "x": [1000, 1325],
        "n": [2500, 2500], "rows": [2500, 2500], "left_out": [],
    }  # fmt: skip
    assert (gap.unit, gap.better, gap.n) == ("probability", "lower", 5000)
    ratio = gaps[("demographic_parity_ratio", "sex")]
    assert ratio.value == pytest.approx(1000 / 1325)
    assert ratio.interval_method == "score"
    assert ratio.low < ratio.value < ratio.high < 1


def test_few_rows_take_exact_bounds_beside_many():
    """500 and 12 rows: more than min_group, and fewer than the approximate intervals cover."""
    case = selected(("many", 300, 500), ("few", 3, 12))
    gaps = measured(ANALYZER, case)
    for name in ("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"):
        assert gaps[(name, "a")].interval_method == "simultaneous", name
    signed = gaps[("selection_rate_difference", "a", "few")]
    assert signed.interval_method == "clopper_pearson"
    assert signed.low < newcombe_bounds(3, 12, 300, 500, 1.96)[0]
    gap = gaps[("demographic_parity_difference", "a")]
    assert gap.low == pytest.approx(max(0.0, -signed.high))
    assert gap.high == pytest.approx(-signed.low)


def test_what_counts_is_the_denominator_of_the_rate_and_not_the_rows():
    """Groups of 550 and 400 rows, of which 275 and 4 are labelled yes."""
    y = [1] * 275 + [0] * 275 + [1] * 4 + [0] * 396
    prediction = [1] * 30 + [0] * 245 + [0, 1] * 137 + [0] + [1] * 3 + [0] + [0] * 300 + [1] * 96
    case = subject(y, prediction, {"a": ["many"] * 550 + ["few"] * 400})
    gaps = measured(ANALYZER, case)
    parity, opportunity = gaps[("demographic_parity_difference", "a")], gaps[("equal_opportunity_difference", "a")]
    odds = gaps[("equalized_odds_difference", "a")]
    assert parity.interval_method == "newcombe"
    assert opportunity.interval_method == odds.interval_method == "simultaneous"
    assert odds.basis["methods"] == ["simultaneous", "newcombe"]
    assert odds.basis["rows"] == opportunity.basis["rows"] == [400, 550]
    assert opportunity.basis["n"] == [4, 275]
    # the gap of true positive rates is the larger one here: both say the same high end
    assert odds.high == pytest.approx(opportunity.high)


def test_more_groups_have_simultaneous_intervals():
    gaps = measured(ANALYZER, selected(("a", 50, 100), ("b", 60, 100), ("c", 70, 100)))
    for name in ("demographic_parity_difference", "demographic_parity_ratio", "worst_group_accuracy"):
        assert gaps[(name, "a")].interval_method == "simultaneous"
    assert gaps[("demographic_parity_difference", "a")].value == pytest.approx(0.2)


def test_groups_of_fewer_than_ten_rows_are_left_out_and_named():
    case = selected(("a", 5, 10), ("b", 6, 10), ("tiny", 9, 9), ("small", 0, 3))
    gap = measured(ANALYZER, case)[("demographic_parity_difference", "a")]
    assert gap.value == pytest.approx(0.1)
    assert gap.basis["groups"] == ["a", "b"]
    assert gap.basis["left_out"] == ["tiny", "small"]
    assert measured(ANALYZER, case, min_group=1)[("demographic_parity_difference", "a")].value == pytest.approx(1.0)


def test_names_of_many_groups_left_out_end_in_a_count():
    tiny = [(f"tiny{i}", 1, 1) for i in range(80)]
    gap = measured(ANALYZER, selected(("a", 5, 10), ("b", 6, 10), *tiny))[("demographic_parity_difference", "a")]
    assert len(gap.basis["left_out"]) == 51
    assert gap.basis["left_out"][-1] == "and 30 more"


def test_one_group_large_enough_is_undefined_and_one_group_at_all_is_not_applicable():
    gaps = measured(ANALYZER, selected(("a", 5, 20), ("b", 2, 5)))
    assert gaps[("demographic_parity_difference", "a")].status == "undefined"
    assert "left out: b" in gaps[("demographic_parity_difference", "a")].reason
    gaps = measured(ANALYZER, selected(("a", 5, 20)))
    assert gaps[("demographic_parity_difference", "a")].status == "not_applicable"
    assert gaps[("worst_group_accuracy", "a")].value == 1


def test_a_ratio_over_zero_is_undefined_and_one_of_zero_is_zero():
    gaps = measured(ANALYZER, selected(("a", 0, 20), ("b", 0, 20)))
    assert gaps[("demographic_parity_difference", "a")].value == 0
    assert gaps[("demographic_parity_ratio", "a")].status == "undefined"
    assert "ratio over 0" in gaps[("demographic_parity_ratio", "a")].reason
    gaps = measured(ANALYZER, selected(("a", 0, 20), ("b", 10, 20)))
    assert gaps[("demographic_parity_ratio", "a")].value == 0


def test_a_group_without_negatives_has_a_true_positive_rate_but_no_equalized_odds():
    # "all" holds positives only; its true positive rate is the lowest
    y = [1] * 20 + [0, 1] * 20 + [0, 1] * 20
    prediction = [0] * 10 + [1] * 10 + [0, 1] * 20 + [0, 0, 0, 1] * 5 + [0, 1] * 10
    values = ["all"] * 20 + ["b"] * 40 + ["c"] * 40
    gaps = measured(ANALYZER, subject(y, prediction, {"a": values}))
    opportunity, odds = gaps[("equal_opportunity_difference", "a")], gaps[("equalized_odds_difference", "a")]
    assert opportunity.basis["groups"] == ["all", "b", "c"]
    assert opportunity.value == pytest.approx(0.5)
    assert odds.basis["groups"] == ["b", "c"]
    assert odds.basis["left_out"] == ["all"]
    assert odds.value == pytest.approx(0.25)
    assert odds.basis["rates"] == ["true_positive_rate", "false_positive_rate"]
    assert odds.basis["n"] == [[20, 20], [20, 20]]


def test_equalized_odds_is_the_larger_gap():
    # true positive rates 0.9 and 0.8, false positive rates 0.1 and 0.5
    y = ([1] * 50 + [0] * 50) * 2
    prediction = [1] * 45 + [0] * 5 + [1] * 5 + [0] * 45 + [1] * 40 + [0] * 10 + [1] * 25 + [0] * 25
    gaps = measured(ANALYZER, subject(y, prediction, {"a": ["x"] * 100 + ["y"] * 100}))
    assert gaps[("equalized_odds_difference", "a")].value == pytest.approx(0.4)
    assert gaps[("equal_opportunity_difference", "a")].value == pytest.approx(0.1)
    assert gaps[("worst_group_accuracy", "a")].value == pytest.approx(0.65)


def test_a_missing_attribute_is_a_group_like_any_other_unless_told():
    case = selected(("a", 50, 100), ("b", 60, 100), ("unknown", 90, 100))
    assert measured(ANALYZER, case)[("demographic_parity_difference", "a")].value == pytest.approx(0.4)
    without = measured(ANALYZER, case, include_unknown=False)[("demographic_parity_difference", "a")]
    assert without.value == pytest.approx(0.1)
    assert without.basis["left_out"] == ["unknown"]


def test_signed_differences_are_to_the_largest_group_or_the_one_declared():
    groups = (("a", 50, 100), ("b", 90, 120), ("c", 30, 100))
    gaps = measured(ANALYZER, selected(*groups))
    assert {key[2] for key in gaps if key[0] == "selection_rate_difference"} == {"a", "c"}
    one = gaps[("selection_rate_difference", "a", "c")]
    assert one.value == pytest.approx(0.30 - 0.75)
    assert one.basis == {
        "form": "difference", "groups": ["c", "b"], "x": [30, 90], "n": [100, 120], "rate": "selection_rate",
        "outcome": "yes",
    }  # fmt: skip
    assert one.high < 0
    assert one.better == "zero"
    gaps = measured(ANALYZER, selected(*groups, reference={"a": "c"}))
    assert gaps[("selection_rate_difference", "a", "b")].value == pytest.approx(0.45)


def test_a_reference_group_that_is_too_small_is_said():
    gaps = measured(ANALYZER, selected(("a", 5, 20), ("b", 6, 20), ("c", 1, 2), reference={"a": "c"}))
    assert gaps[("selection_rate_difference", "a")].status == "undefined"
    assert "reference" in gaps[("selection_rate_difference", "a")].reason


def test_the_reference_of_an_intersection_is_that_of_its_parts():
    sex, race = ["f", "f", "f", "m", "m"] * 40, (["b"] * 5 + ["w"] * 5) * 20
    case = subject(
        [0, 1] * 100, [0, 1] * 100, {"sex": sex, "race": race}, intersections=(("sex", "race"),),
        reference={"sex": "m", "race": "w"},
    )  # fmt: skip
    signed = [key for key in measured(ANALYZER, case) if key[:2] == ("selection_rate_difference", "sex & race")]
    assert {key[2] for key in signed} == {"f & b", "f & w", "m & b"}


def test_without_labels_only_demographic_parity_is_measured():
    gaps = measured(ANALYZER, selected(("a", 5, 20), ("b", 8, 20), y="none"))
    assert gaps[("demographic_parity_difference", "a")].value == pytest.approx(0.15)
    for name in ("equal_opportunity_difference", "equalized_odds_difference", "worst_group_accuracy"):
        assert gaps[(name, "a")].status == "not_applicable"
        assert "no labels" in gaps[(name, "a")].reason


def test_more_groups_than_can_be_paired_are_skipped_and_told():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(300), 12).astype(np.int32)
    levels = Group(name="a", levels=tuple(map(str, range(300))), codes=codes)
    y = rng.integers(0, 2, 3600)
    gaps = measured(ANALYZER, subject(y, 1 - y, [levels]))
    assert gaps[("demographic_parity_difference", "a")].status == "skipped"
    reason = gaps[("demographic_parity_difference", "a")].reason
    assert reason == (
        "a has 300 groups of at least 10 rows, and at most 200 are compared, pair by pair; merge levels, set bands, or "
        "raise most_groups"
    )
    gaps = measured(ANALYZER, subject(y, 1 - y, [levels]), most_groups=300)
    assert gaps[("demographic_parity_difference", "a")].status == "measured"


def test_a_hundred_thousand_levels_of_one_row_each_are_undefined():
    levels = Group(name="a", levels=tuple(map(str, range(100_000))), codes=np.arange(100_000, dtype=np.int32))
    y = np.arange(100_000) % 2
    gaps = measured(ANALYZER, subject(y, y, [levels, group("b", y)]))
    assert gaps[("demographic_parity_difference", "a")].status == "undefined"
    assert len(gaps[("demographic_parity_difference", "a")].reason) < 1000
    assert gaps[("demographic_parity_difference", "b")].value == 1


def test_regression_gaps_keep_means_errors_and_sizes():
    rng = np.random.default_rng(3)
    y = rng.normal(size=90)
    prediction = y + np.repeat([0.0, 1.0, 5.0], [40, 40, 10]) + rng.normal(scale=0.1, size=90)
    case = subject(y, prediction, {"a": ["x"] * 40 + ["y"] * 40 + ["z"] * 9 + ["w"]}, task="regression")
    gap = measured(ANALYZER, case)[("mean_error_difference", "a")]
    error = prediction - y
    assert gap.value == pytest.approx(error[40:80].mean() - error[:40].mean())
    assert gap.low < gap.value < gap.high
    assert gap.basis["se"] == pytest.approx([error[:40].std(ddof=1) / 40**0.5, error[40:80].std(ddof=1) / 40**0.5])
    assert gap.basis["left_out"] == ["z", "w"]
    assert gap.interval_method == "simultaneous"


def test_the_figure_shows_each_group_against_the_reference_and_the_table_names_the_extremes():
    shown = exhibits(ANALYZER, selected(("a", 50, 100), ("b", 90, 120), ("c", 30, 100)))
    figure, table = shown
    assert (figure.kind, figure.columns["group"], figure.roles["reference"]) == ("intervals", ["a", "c"], 0.0)
    row = table.columns["disparity"].index("demographic_parity_difference")
    assert (table.columns["lowest"][row], table.columns["highest"][row]) == ("c", "b")
    # all predictions are right: the true positive rates tie, the false positive rates too
    row = table.columns["disparity"].index("equalized_odds_difference")
    assert table.columns["value"][row] == 0
