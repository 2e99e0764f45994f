from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from fairlearn import metrics
from fairness_cases import exhibits, found, group, measured, subject
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from auditnn.analyzers.fairness.disparity import ANALYZER as DISPARITY
from auditnn.analyzers.fairness.group_rates import ANALYZER
from auditnn.analyzers.performance.accuracy import ANALYZER as ACCURACY
from auditnn.core.errors import NotApplicable
from auditnn.core.measurement import Measurement
from auditnn.kernels.estimate import effective_df
from auditnn.kernels.group_table import RATES


def many_levels(levels: int, n: int, seed: int = 0):
    """`levels` places of very different size, the first ten selected often, the next ten never."""
    rng = np.random.default_rng(seed)
    place = np.sort((levels * rng.random(n) ** 2).astype(int))
    y, rate = rng.integers(0, 2, n), np.where(place < 10, 0.9, np.where(place < 20, 0.0, 0.5))
    prediction = (rng.random(n) < rate).astype(int)
    return place, y, prediction


def test_rates_and_their_intervals_from_known_counts():
    # women: 40 of 100 selected, 30 of 50 positives hit; men: 150 of 200, 90 of 100
    y = np.repeat([1, 0, 1, 0], [50, 50, 100, 100])
    prediction = np.concatenate([np.repeat(pair, sizes) for pair, sizes in (
        ([1, 0], [30, 20]), ([1, 0], [10, 40]), ([1, 0], [90, 10]), ([1, 0], [60, 40]),
    )])  # fmt: skip
    rates = measured(ANALYZER, subject(y, prediction, {"sex": ["w"] * 100 + ["m"] * 200}))
    expected = {
        "selection_rate": (40, 100), "true_positive_rate": (30, 50), "false_positive_rate": (10, 50),
        "false_negative_rate": (20, 50), "precision": (30, 40), "accuracy": (70, 100),
    }  # fmt: skip
    for rate, (x, n) in expected.items():
        one = rates[(rate, "sex", "w")]
        method = "beta" if min(x, n - x) <= 10 else "wilson"
        assert (one.value, one.n) == (x / n, n)
        assert (one.low, one.high) == pytest.approx(proportion_confint(x, n, method=method), abs=1e-9)
    assert rates[("true_positive_rate",)].value == 120 / 150


def test_a_rate_over_nothing_is_undefined_and_says_why_where_fairlearn_says_zero():
    y = [0] * 12 + [1] * 12 + [0, 1] * 6
    prediction = [0] * 12 + [1] * 12 + [0, 1] * 6
    values = ["never"] * 12 + ["always"] * 12 + ["mixed"] * 12
    rates = measured(ANALYZER, subject(y, prediction, {"a": values}))
    reasons = {
        ("true_positive_rate", "never"): "no row here has the label 'yes'",
        ("false_negative_rate", "never"): "no row here has the label 'yes'",
        ("precision", "never"): "no row here is predicted 'yes'",
        ("false_positive_rate", "always"): "every row here has the label 'yes'",
    }
    for (rate, level), reason in reasons.items():
        one = rates[(rate, "a", level)]
        assert (one.status, one.value, one.reason) == ("undefined", None, reason)
    assert metrics.true_positive_rate(np.array(y[:12]), np.array(prediction[:12])) == 0
    assert rates[("true_positive_rate", "a", "mixed")].value == 1


def test_a_level_without_rows_has_no_rate():
    levels = [group("a", ["x"] * 20 + ["y"] * 20, levels=("x", "y", "z"))]
    rates = measured(ANALYZER, subject([0, 1] * 20, [0, 1] * 20, levels))
    for rate in RATES:
        one = rates[(rate, "a", "z")]
        assert (one.status, one.reason, one.n) == ("undefined", "no rows in this group", 0)


def test_without_labels_only_selection_is_measured():
    rates = measured(ANALYZER, subject(None, [0, 1] * 20, {"a": ["x"] * 20 + ["y"] * 20}))
    assert rates[("selection_rate", "a", "x")].value == 0.5
    assert {key[0] for key, one in rates.items() if one.status == "measured"} == {"selection_rate"}
    for rate in RATES[1:]:
        assert rates[(rate, "a")].status == "not_applicable"
        assert "no labels" in rates[(rate, "a")].reason


def test_intersections_name_their_parts():
    sex, race = ["f", "m"] * 30, ["b", "b", "w"] * 20
    case = subject([0, 1] * 30, [0, 1] * 30, {"sex": sex, "race": race}, intersections=(("sex", "race"),))
    one = measured(ANALYZER, case)[("selection_rate", "sex & race", "f & b")]
    assert one.slice["where"] == {"sex": "f", "race": "b"}
    assert one.basis == {
        "form": "rate", "x": [0], "n": [20], "rows": [20], "rate": "selection_rate", "outcome": "yes",
        "groups": ["f & b"],
    }  # fmt: skip


def test_without_groups_there_is_no_question():
    with pytest.raises(NotApplicable, match="no groups"):
        found(ANALYZER, subject([0, 1], [0, 1], {}))


@pytest.mark.parametrize("analyzer", [ANALYZER, DISPARITY])
def test_many_levels_do_not_explode_the_audit(analyzer):
    place, y, prediction = many_levels(3000, 60_000)
    case = subject(y, prediction, [group("place", place), group("half", place % 2)])
    stated = [one for one in found(analyzer, case) if isinstance(one, Measurement)]
    assert len(stated) < 650
    assert max(len(json.dumps(asdict(one))) for one in stated) < 20_000


def test_of_many_levels_the_largest_and_the_extremes_are_measured_and_the_rest_are_in_the_table():
    place, y, prediction = many_levels(1500, 60_000)
    case = subject(y, prediction, {"place": place})
    told = {key[2] for key in measured(ANALYZER, case) if key[0] == "selection_rate" and len(key) > 2}
    sizes = np.bincount(place)
    assert len(told) == 100
    assert {str(level) for level in np.flatnonzero(sizes > np.sort(sizes)[-50])} <= told
    rates = np.bincount(place, weights=prediction) / sizes
    ranked = [level for level in np.argsort(rates) if sizes[level] >= 10]
    stated = rates[[level for level in ranked if str(level) in told]]
    assert (stated.min(), stated.max()) == (rates[ranked[0]], rates[ranked[-1]])
    by_id = {one.id.rsplit("/", 1)[1]: one for one in exhibits(ANALYZER, case)}
    assert "24 of 1,500 groups" in by_id["rates"].summary
    drawn = set(by_id["rates"].columns["group"])
    assert len(drawn) == 24
    assert drawn <= told
    large = rates[[level for level in ranked if str(level) in drawn]]
    assert (large.min(), large.max()) == (rates[ranked[0]], rates[ranked[-1]])
    assert len(by_id["table"].columns["group"]) == 1500
    where = by_id["table"].columns["group"].index("700")
    assert by_id["table"].columns["selection_rate"][where] == pytest.approx(rates[700])


def test_many_classes_do_not_explode_the_audit_and_those_left_out_are_told():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 90, 5000)
    names = [f"c{code}" for code in range(90)]
    attributes = {name: rng.integers(0, 3, 5000) for name in ("a", "b", "c")}
    case = subject(y, np.where(y < 5, 0, y), attributes, task="multiclass", classes=names)
    for analyzer in (ANALYZER, DISPARITY):
        stated = measured(analyzer, case)
        assert len(stated) < 900
        skipped = [one for one in stated.values() if one.status == "skipped"]
        assert skipped
        assert all("predicted less often" in one.reason for one in skipped)
        assert any(one.slice.get("class") == "c0" for one in stated.values())


def test_regression_means_have_students_intervals():
    rng = np.random.default_rng(2)
    y, prediction = rng.normal(50, 9, 60), rng.normal(52, 9, 60)
    values = ["x"] * 39 + ["y"] * 20 + ["z"]
    rates = measured(ANALYZER, subject(y, prediction, {"a": values}, task="regression"))
    error = (prediction - y)[:39]
    for name, own in (("mean_prediction", prediction[:39]), ("mean_error", error), ("mean_absolute_error", abs(error))):
        one = rates[(name, "a", "x")]
        df = effective_df(own - own.mean()) or 38
        expected = stats.t.interval(0.95, df, own.mean(), stats.sem(own))
        assert (one.low, one.high) == pytest.approx(expected)
        assert rates[(name, "a", "z")].status == "undefined"
        assert rates[(name,)].n == 60


def test_one_quantity_over_the_same_rows_has_one_interval():
    """The mean absolute error of all rows is that of performance.accuracy, of one group too."""
    rng = np.random.default_rng(5)
    y = rng.normal(size=80)
    case = subject(y, y + np.exp(2 * rng.normal(size=80)), {"a": ["x"] * 80}, task="regression")
    whole = measured(ACCURACY, case)[("mae",)]
    rates = measured(ANALYZER, case)
    for key in (("mean_absolute_error",), ("mean_absolute_error", "a", "x")):
        assert (rates[key].low, rates[key].high) == pytest.approx((whole.low, whole.high))
        assert rates[key].basis["df"] == pytest.approx(whole.basis["df"])


def test_regression_without_labels_has_mean_predictions_only():
    rates = measured(ANALYZER, subject(None, np.arange(20.0), {"a": [0, 1] * 10}, task="regression"))
    assert rates[("mean_prediction", "a", "0")].value == 9
    assert rates[("mean_error", "a")].status == "not_applicable"


@pytest.mark.parametrize("analyzer", [ANALYZER, DISPARITY])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_all_is_plain_json_and_exhibits_hold_together(analyzer, task):
    place, y, prediction = many_levels(40, 3000)
    names = ("no", "yes") if task == "binary" else ("a", "b", "c")
    case = subject(y, prediction, {"place": place}, task=task, classes=names)
    for one in found(analyzer, case):
        json.dumps(asdict(one), allow_nan=False)
        if not isinstance(one, Measurement):
            assert len({len(column) for column in one.columns.values()}) == 1
            assert {role for role in one.roles.values() if isinstance(role, str)} <= set(one.columns)
            assert one.summary.endswith(".")
