"""Confusion tables, their composites and draws; values."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from auditnn.kernels.confusion import (
    Margins,
    balanced_accuracy,
    composite,
    confusion_table,
    f1,
    margins,
    matthews_correlation,
    resample,
)
from auditnn.kernels.inference import interval
from auditnn.kernels.trivial import accuracy_gain, balanced_accuracy_gain
from auditnn.kernels.values import explained_share, root_mean_squared_error


def test_table_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    y, prediction = rng.integers(0, 5, 300), rng.integers(0, 5, 300)
    assert (confusion_table(y, prediction, 5) == metrics.confusion_matrix(y, prediction)).all()


def test_draws_have_the_tables_size_and_shares() -> None:
    table = np.array([[50, 10, 0], [5, 20, 5], [0, 0, 110]])
    drawn = resample(table, np.random.default_rng(0), 4000)
    assert (drawn.drawn.true.sum(axis=1) == 200).all()
    assert (drawn.drawn.predicted.sum(axis=1) == 200).all()
    assert (drawn.drawn.hit <= np.minimum(drawn.drawn.true, drawn.drawn.predicted)).all()
    for part in ("hit", "true", "predicted"):
        expected = getattr(drawn.smooth, part) * 200 / 204
        assert getattr(drawn.drawn, part).mean(axis=0) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("table", [np.diag([10, 20]), np.array([[0, 10], [20, 0]]), np.diag([3] * 7)])
def test_tables_without_error_or_without_hit_still_have_an_interval(table: np.ndarray) -> None:
    drawn = resample(table, np.random.default_rng(0), 500)
    for score in (balanced_accuracy, f1(None), matthews_correlation, accuracy_gain(0), balanced_accuracy_gain):
        estimate = composite(score, drawn)
        assert estimate.basis["se"] > 0.005


def test_undefined_says_so() -> None:
    one_class = resample(np.array([[5, 0], [3, 0]]), np.random.default_rng(0), 100)
    assert composite(matthews_correlation, one_class).value is None
    assert composite(f1(1), one_class).value == 0.0


def test_many_rows_do_not_overflow() -> None:
    counts = margins(np.array([[3, 1], [1, 3]]) * 10**9)
    assert matthews_correlation(counts) == pytest.approx(0.5)
    assert matthews_correlation(
        Margins(hit=counts.hit[None], true=counts.true[None], predicted=counts.predicted[None])
    )[0] == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 200, 2000])
@pytest.mark.parametrize("score", [balanced_accuracy, f1(1), matthews_correlation, accuracy_gain(0)])
@pytest.mark.parametrize("recalls", [(0.8, 0.8), (0.95, 0.5), (0.98, 0.97)])
def test_intervals_cover(n: int, score: object, recalls: tuple[float, float]) -> None:
    """1,000 samples of a known table: at least 92.5% of the 95% intervals hold the truth."""
    rng = np.random.default_rng(1)
    shares = np.array([[0.7 * recalls[0], 0.7 * (1 - recalls[0])], [0.3 * (1 - recalls[1]), 0.3 * recalls[1]]])
    truth, hit, runs = float(score(margins(shares))), 0, 0  # type: ignore[operator]
    for _ in range(1000):
        table = rng.multinomial(n, shares.ravel()).reshape(2, 2)
        estimate = composite(score, resample(table, rng, 300))  # type: ignore[arg-type]
        if estimate.value is None:
            continue
        low, high, _ = interval(estimate.method, estimate.value, estimate.basis)
        assert low is not None
        assert high is not None
        hit, runs = hit + (low <= truth <= high), runs + 1
    assert hit / runs >= 0.925


@pytest.mark.slow
def test_explained_share_covers() -> None:
    """Skill of a model whose errors halve the guess's: true skill 0.75, from 100 rows each."""
    rng, hit = np.random.default_rng(2), 0
    for _ in range(2000):
        y = rng.normal(0, 2, 100)
        prediction = y + rng.normal(0, 1, 100)
        estimate = explained_share(y, prediction, 0.0)
        assert estimate.value is not None
        low, high, _ = interval(estimate.method, estimate.value, estimate.basis)
        assert low is not None
        assert high is not None
        hit += low <= 0.75 <= high
    assert 0.93 <= hit / 2000 <= 0.98


def test_root_mean_squared_error_is_exact_on_the_log_scale() -> None:
    errors = np.array([1.0, -2.0, 3.0, 0.5])
    estimate = root_mean_squared_error(errors)
    square = errors**2
    assert estimate.value == pytest.approx(np.sqrt(square.mean()))
    relative = square.std(ddof=1) / 2 / square.mean()
    assert estimate.basis["se"] == pytest.approx(relative / 2)
