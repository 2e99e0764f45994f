"""performance.imbalance: what accuracy hides, with statsmodels and scikit-learn as second opinions."""

from __future__ import annotations

import numpy as np
import pytest
from one_analyzer import answers
from sklearn import metrics
from statsmodels.stats.proportion import confint_proportions_2indep

from auditnn.subjects.build import from_predictions

ID = "performance.imbalance"


def test_gap_is_newcombes_of_the_two_recalls() -> None:
    y = np.repeat([0, 1], [900, 40])
    prediction = np.concatenate([np.repeat([0, 1], [880, 20]), np.repeat([0, 1], [25, 15])])
    gap = answers(from_predictions(y, prediction, task="binary"), ID)["minority_recall_gap"]
    low, high = confint_proportions_2indep(880, 900, 15, 40, method="newcomb", compare="diff")
    assert gap.value == pytest.approx(880 / 900 - 15 / 40)
    assert (gap.low, gap.high) == (pytest.approx(low), pytest.approx(high))
    assert gap.basis is not None
    assert gap.basis["groups"] == ["0", "1"]


def test_gains_over_the_classifier_that_never_looks() -> None:
    rng = np.random.default_rng(3)
    y = rng.choice(3, 400, p=[0.7, 0.2, 0.1])
    score = rng.gamma(1.0, 1.0, (400, 3)) + 2 * np.eye(3)[y]
    score /= score.sum(axis=1, keepdims=True)
    found = answers(from_predictions(y, None, score, task="multiclass"), ID)
    prediction = score.argmax(axis=1)
    assert found.value("accuracy_gain") == pytest.approx((prediction == y).mean() - (y == 0).mean())
    expected = metrics.balanced_accuracy_score(y, prediction) - 1 / 3
    assert found.value("balanced_accuracy_gain") == pytest.approx(expected)
    expected = metrics.average_precision_score(y, score) - 1 / 3
    assert found.value("average_precision_gain") == pytest.approx(expected)


def test_majority_comes_from_the_training_labels() -> None:
    """Trained mostly on 1, tested mostly on 0: the trivial classifier answers 1, and 4 of 10 rows are 1."""
    y, X = np.repeat([0, 1], [6, 4]), np.zeros((10, 1))
    subject = from_predictions(y, y, task="binary", X_test=X, train=(X[:5], [1, 1, 1, 1, 0]))
    found = answers(subject, ID)
    assert found.value("accuracy_gain") == pytest.approx(0.6)
    assert "always answering 1" in found.exhibit("gains").summary


def test_a_constant_model_gains_nothing() -> None:
    y = np.repeat([0, 1], [95, 5])
    found = answers(from_predictions(y, np.zeros(100, int), np.full(100, 0.05), task="binary"), ID)
    for name in ("accuracy_gain", "balanced_accuracy_gain", "average_precision_gain"):
        measurement = found[name]
        assert measurement.value == pytest.approx(0.0, abs=1e-12)
        assert measurement.low is not None
        assert measurement.high is not None
        assert measurement.low <= 0.0 <= measurement.high
    assert found.value("minority_recall_gap") == 1.0


def test_precision_gain_error_matches_resampled_rows() -> None:
    """The closed-form standard error against the spread of 400 samples of the same population."""
    rng = np.random.default_rng(8)
    values, errors = [], []
    for _ in range(400):
        y = rng.random(300) < 0.2
        score = 1 / (1 + np.exp(-(rng.normal(0, 1, 300) + 1.2 * y)))
        measurement = answers(from_predictions(y.astype(int), None, score, task="binary"), ID, draws=100)[
            "average_precision_gain"
        ]
        assert measurement.basis is not None
        values.append(measurement.value)
        errors.append(measurement.basis["se"])
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_equal_classes_are_two_different_ones() -> None:
    found = answers(from_predictions([0, 0, 1, 1], [0, 0, 1, 0], task="binary"), ID)
    assert found["minority_recall_gap"].value == 0.5


def test_one_class_only_and_no_scores() -> None:
    found = answers(from_predictions([0, 0], [0, 1], task="binary", classes=[0, 1]), ID)
    assert found["minority_recall_gap"].reason == "every test row has the label '0'"
    assert found["balanced_accuracy_gain"].status == "undefined"
    assert found["average_precision_gain"].status == "not_applicable"
