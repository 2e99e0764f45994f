"""performance.accuracy against scikit-learn, at the edges, and its exhibits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_analyzer import Answers, answers
from sklearn import metrics

from auditnn.subjects.build import from_predictions

ID = "performance.accuracy"
LABELS = (["no", "yes"], [0, 1], [3, 7], ["a", "b", "c"], [10, 20, 30, 40])


def run(subject: Any) -> Answers:
    return answers(subject, ID, draws=100)


def scores_of(rng: np.random.Generator, n: int, k: int, ties: bool) -> np.ndarray:
    """Random scores (n, k) that sum to one; with ties, of few distinct values."""
    raw = rng.integers(1, 4, (n, k)) if ties else rng.gamma(1.0, 1.0, (n, k)) + 1e-3
    return raw / raw.sum(axis=1, keepdims=True)


def drawn(seed: int, n: int, labels: list[Any], ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels that hold every class, predictions, and scores (n, k)."""
    rng = np.random.default_rng(seed)
    y = np.array(labels)[np.concatenate([np.arange(len(labels)), rng.integers(0, len(labels), n)])]
    score = scores_of(rng, len(y), len(labels), ties)
    return y, np.array(labels)[rng.integers(0, len(labels), len(y))], score


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from(LABELS), st.booleans())
def test_equals_scikit_learn(seed: int, n: int, labels: list[Any], ties: bool) -> None:
    y, prediction, score = drawn(seed, n, labels, ties)
    binary = len(labels) == 2
    found = run(
        from_predictions(
            y, prediction, score[:, 1] if binary else score, task="binary" if binary else "multiclass", classes=labels,
            **({"positive": labels[1]} if binary else {}),
        )
    )  # fmt: skip

    def close(name: str, value: float, *where: str) -> bool:
        return bool(found.value(name, *where) == pytest.approx(value, abs=1e-12, rel=1e-12))

    assert close("accuracy", metrics.accuracy_score(y, prediction))
    assert close("balanced_accuracy", metrics.balanced_accuracy_score(y, prediction))
    if len(set(prediction)) > 1:
        assert close("mcc", metrics.matthews_corrcoef(y, prediction))
    else:
        assert found["mcc"].status == "undefined"
    average: Any = {"average": "binary", "pos_label": labels[1]} if binary else {"average": "macro"}
    assert close("f1", metrics.f1_score(y, prediction, zero_division=0, **average))
    recalls = metrics.recall_score(y, prediction, labels=labels, average=None)
    precisions = metrics.precision_score(y, prediction, labels=labels, average=None, zero_division=np.nan)
    for label, recall, precision in zip(labels, recalls, precisions, strict=True):
        assert close("recall", recall, str(label))
        if np.isnan(precision):
            assert "never predicted" in (found["precision", str(label)].reason or "")
        else:
            assert close("precision", precision, str(label))
    truth = y == labels[1] if binary else y
    column = score[:, 1] if binary else score
    assert close("roc_auc", metrics.roc_auc_score(truth, column, multi_class="ovr", average="macro"))
    assert close("average_precision", metrics.average_precision_score(truth, column))
    assert close("log_loss", metrics.log_loss(truth, column))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 50), st.floats(1e-3, 1e6))
def test_values_equal_scikit_learn(seed: int, n: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    y, train = scale * rng.normal(3, 1, n), scale * rng.normal(2, 1, 30)
    prediction = y + scale * rng.normal(0, 0.5, n)
    inputs = np.zeros((n, 1)), np.zeros((30, 1))
    found = run(from_predictions(y, prediction, task="regression", X_test=inputs[0], train=(inputs[1], train)))
    assert found.value("mae") == pytest.approx(metrics.mean_absolute_error(y, prediction), rel=1e-12)
    assert found.value("rmse") == pytest.approx(metrics.root_mean_squared_error(y, prediction), rel=1e-12)
    assert found.value("r2") == pytest.approx(metrics.r2_score(y, prediction), rel=1e-11, abs=1e-12)
    base = metrics.mean_squared_error(y, np.full(n, train.mean()))
    assert found.value("skill") == pytest.approx(
        1 - metrics.mean_squared_error(y, prediction) / base, rel=1e-11, abs=1e-12
    )


def test_one_class_predicted() -> None:
    """A constant model: what exists is there, and what does not says why where scikit-learn gives a silent zero."""
    found = run(from_predictions([0] * 90 + [1] * 10, [0] * 100, np.full(100, 0.1), task="binary"))
    assert found.value("accuracy") == 0.9
    assert found.value("balanced_accuracy") == 0.5
    assert found.value("f1") == 0.0
    assert found.value("roc_auc") == 0.5
    assert found.value("average_precision") == pytest.approx(0.1)
    assert found["mcc"].reason == "every test row is predicted '0'"
    assert found["precision", "1"].reason == "class '1' is never predicted"
    f1 = found["f1"]
    assert f1.low == 0.0
    assert f1.high is not None
    assert f1.high > 0.02


def test_a_class_without_rows() -> None:
    found = run(from_predictions(["a", "b", "a"], ["a", "b", "b"], task="multiclass", classes=["a", "b", "c"]))
    for name in ("balanced_accuracy", "f1"):
        assert found[name].status == "undefined"
        assert "'c'" in (found[name].reason or "")
    assert found["recall", "c"].reason == "class 'c' has no test rows"
    assert found.value("accuracy") == pytest.approx(2 / 3)


def test_a_perfect_model_is_not_certain() -> None:
    """Thirty rows without an error do not show a perfect model: every interval has a width."""
    y = np.arange(30) % 3
    found = run(from_predictions(y, y, np.eye(3)[y] * 0.97 + 0.01, task="multiclass"))
    for name in ("accuracy", "balanced_accuracy", "f1", "mcc", "roc_auc", "average_precision"):
        measurement = found[name]
        assert measurement.value == 1.0
        assert measurement.high == 1.0
        assert measurement.low is not None
        assert 0.6 < measurement.low < 0.98, name


def test_one_positive_row() -> None:
    """One row of a class has an area under the curve; the interval says that it is hardly known."""
    found = run(from_predictions([0, 0, 0, 0, 1], None, [0.1, 0.2, 0.3, 0.9, 0.8], task="binary"))
    area = found["roc_auc"]
    assert area.value == 0.75
    assert area.low is not None
    assert area.high is not None
    assert area.low < 0.05
    assert area.high > 0.95


def test_tiny_regressions() -> None:
    one = run(from_predictions([1.0], [2.0], task="regression"))
    assert {one[name].status for name in ("mae", "rmse", "r2", "skill")} == {"undefined"}
    flat = run(from_predictions([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], task="regression"))
    assert flat["r2"].reason == "every label has the same value, so there is nothing to explain"
    assert flat.value("mae") == pytest.approx(2 / 3)
    exact = run(from_predictions([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], task="regression"))
    assert exact.value("rmse") == 0.0
    assert exact.value("r2") == 1.0


def test_labels_without_scores() -> None:
    found = run(from_predictions([0, 1, 1], [0, 1, 0], task="binary"))
    for name in ("roc_auc", "average_precision", "log_loss"):
        assert found[name].status == "not_applicable"
    assert f"{ID}/roc" not in found.exhibits


def test_same_seed_same_bits() -> None:
    subject = from_predictions([0, 1, 1, 0] * 20, [0, 1, 0, 0] * 20, task="binary")
    again = [answers(subject, ID, seed=seed)["f1"] for seed in (1, 1, 2)]
    assert again[0] == again[1]
    assert again[0].low != again[2].low
    assert again[0].low == pytest.approx(again[2].low, abs=0.02)


def test_interval_of_f1_covers() -> None:
    """Three hundred samples of a known confusion table: the 95% interval holds the truth in 92% of them at least."""
    shares = np.array([[0.65, 0.05], [0.1, 0.2]])
    truth = 2 * shares[1, 1] / (2 * shares[1, 1] + 0.15)
    rng, hit = np.random.default_rng(5), 0
    for _ in range(300):
        cell = rng.choice(4, 120, p=shares.ravel())
        f1 = run(from_predictions(cell // 2, cell % 2, task="binary", classes=[0, 1]))["f1"]
        assert f1.low is not None
        assert f1.high is not None
        hit += f1.low <= truth <= f1.high
    assert hit >= 276


def test_roc_curve_is_thinned_and_ends_at_the_corners() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 3000)
    score = np.clip(rng.normal(0.4 + 0.2 * y, 0.15), 0, 1)
    found = run(from_predictions(y, None, score, task="binary"))
    curve = found.exhibit("roc").columns
    x, height = np.array(curve["false positive rate"]), np.array(curve["true positive rate"])
    assert len(x) <= 200
    assert (x[0], height[0], x[-1], height[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(height) >= 0).all()
    area = float(np.trapezoid(height, x))
    assert area == pytest.approx(found.value("roc_auc"), abs=0.005)
    for rate, hit, threshold in list(zip(x, height, curve["threshold"], strict=True))[1::40]:
        assert hit == pytest.approx((score[y == 1] >= threshold).mean())
        assert rate == pytest.approx((score[y == 0] >= threshold).mean())


def test_confusion_heatmap_rows() -> None:
    found = run(from_predictions(list("aabbbc"), list("abbbcc"), task="multiclass"))
    table = found.exhibit("confusion").columns
    counted = {
        (true, guess): rows
        for true, guess, rows in zip(table["true class"], table["predicted class"], table["rows"], strict=True)
    }
    assert counted["a", "b"] == 1
    assert counted["b", "c"] == 1
    assert counted["c", "c"] == 1
    assert sum(counted.values()) == 6


def test_many_classes_stay_small() -> None:
    """A thousand classes: bounded measurements and exhibits, and no thousand by thousand draws."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(1000), rng.integers(0, 1000, 4000)])
    prediction = np.where(rng.random(5000) < 0.8, y, rng.integers(0, 1000, 5000))
    found = run(from_predictions(y, prediction, task="multiclass"))
    assert len(found.measurements) < 500
    assert all(len(next(iter(one.columns.values()))) <= 2000 for one in found.exhibits.values())
    balanced = found["balanced_accuracy"]
    assert balanced.low is not None
    assert balanced.high is not None
    assert balanced.low < metrics.balanced_accuracy_score(y, prediction) < balanced.high


@pytest.mark.parametrize("errors", [[1e9, 1e9 + 1, 1e9 + 2], [1e-9, 2e-9, 3e-9], [5.0, 5.0, 5.0]])
def test_error_bars_have_names_of_their_own(errors: list[float]) -> None:
    y = np.zeros(3)
    bars = run(from_predictions(y, y - np.array(errors), task="regression")).exhibit("errors").columns
    names = bars["true minus predicted"]
    assert len(set(names)) == len(names)
    assert sum(bars["rows"]) == 3
