"""Calibration and proper scores: scikit-learn, statsmodels, planted errors, and where nothing exists."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special, stats
from sklearn import metrics

from auditnn.kernels.calibration import (
    bin_gaps,
    brier_score,
    calibration_in_the_large,
    calibration_slope,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)
from auditnn.kernels.estimate import effective_df
from auditnn.kernels.inference import interval
from auditnn.kernels.moments import mean


def drawn(n: int, seed: int, slope: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores whose recalibration slope is `slope`."""
    rng = np.random.default_rng(seed)
    logit = 1.5 * rng.normal(size=n)
    return (rng.random(n) < special.expit(logit)).astype(int), special.expit((logit - shift) / slope)


def test_losses_equal_scikit_learn() -> None:
    label, score = drawn(700, 0, 0.7)
    assert brier_score(label, score).value == pytest.approx(metrics.brier_score_loss(label, score))
    assert log_loss(label, score).value == pytest.approx(metrics.log_loss(label, score))
    score = np.where(np.arange(700) < 5, label, score)
    assert log_loss(label, score).value == pytest.approx(metrics.log_loss(label, score))
    rng = np.random.default_rng(1)
    classes, many = rng.integers(0, 3, 300), rng.dirichlet(np.ones(3), 300)
    assert log_loss(classes, many).value == pytest.approx(metrics.log_loss(classes, many))
    assert brier_score(classes, many).value == pytest.approx(((many - np.eye(3)[classes]) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_slope_equals_statsmodels_with_a_sandwich(slope: float) -> None:
    label, score = drawn(900, 2, slope, 0.3)
    found = calibration_slope(label, score)
    fitted = sm.Logit(label, sm.add_constant(special.logit(score))).fit(disp=0, cov_type="HC0")
    assert found.value == pytest.approx(fitted.params[1], rel=1e-6)
    assert found.basis["se"] == pytest.approx(fitted.bse[1], rel=1e-6)


def test_slope_survives_scores_of_zero_and_one() -> None:
    label, score = drawn(900, 3)
    score[:3], score[3:6] = 0.0, 1.0
    found = calibration_slope(label, score)
    clipped = np.clip(score, 1e-6, 1 - 1e-6)
    fitted = sm.Logit(label, sm.add_constant(special.logit(clipped))).fit(disp=0)
    assert found.value == pytest.approx(fitted.params[1], rel=1e-5)


@pytest.mark.parametrize(
    ("label", "score", "words"),
    [
        (np.zeros(50), np.linspace(0.1, 0.9, 50), "one class"),
        (np.arange(50) % 2, np.full(50, 0.4), "the same"),
        (np.arange(50) < 20, np.linspace(0.9, 0.1, 50), "separate"),
        (np.arange(50) % 10 == 0, np.linspace(0.1, 0.9, 50), "fewer than 10"),
        (np.zeros(0), np.zeros(0), "one class"),
    ],
)
def test_no_slope_where_none_exists(label: np.ndarray, score: np.ndarray, words: str) -> None:
    found = calibration_slope(label, score)
    assert found.value is None
    assert found.reason is not None
    assert words in found.reason


def test_in_the_large_is_a_t_interval_of_score_minus_label() -> None:
    label, score = drawn(400, 4, shift=0.5)
    found = calibration_in_the_large(label, score)
    assert found.value == pytest.approx(score.mean() - label.mean())
    difference = score - label
    expected = stats.t.interval(0.95, 399, difference.mean(), stats.sem(difference))
    low, high, _ = interval(found.method, found.value, found.basis)
    assert (low, high) == pytest.approx(expected, rel=0.02)


def test_no_events_is_not_certainty() -> None:
    """100 scores of 0.03 and no event: quite likely for scores that are right, so zero lies within."""
    found = calibration_in_the_large(np.zeros(100), np.full(100, 0.03))
    low = interval(found.method, found.value, found.basis).low  # type: ignore[arg-type]
    assert found.value == pytest.approx(0.03)
    assert low is not None
    assert low < 0.0


def test_bins_hold_equal_shares_and_ties_stay_together() -> None:
    rng = np.random.default_rng(6)
    codes = equal_mass_bins(rng.random(1500))
    assert np.bincount(codes).tolist() == [100] * 15
    score = rng.choice([0.1, 0.4, 0.7], 300)
    codes = equal_mass_bins(score)
    assert len(np.unique(codes)) == 3
    assert all(len(np.unique(codes[score == one])) == 1 for one in (0.1, 0.4, 0.7))
    rows, gap, _ = bin_gaps(np.ones(300), score)
    assert rows.sum() == 300
    assert gap == pytest.approx(np.array([0.1, 0.4, 0.7]) - 1.0)


@pytest.mark.parametrize("n", [200, 1000, 5000])
def test_calibration_error_does_not_grow_as_rows_shrink(n: int) -> None:
    """Calibrated scores: a third of the plug-in at most, at every n. A planted shift of 0.15: found, at few rows less
    of it (noise of a bin of 13 rows is as large)."""
    values, plug_in, planted = [], [], []
    for seed in range(60):
        label, score = drawn(n, seed)
        values.append(expected_calibration_error(label, score).value)
        rows, gap, _ = bin_gaps(label, score)
        plug_in.append((rows / n * np.abs(gap)).sum())
        rng = np.random.default_rng(1000 + seed)
        score = rng.uniform(0.2, 0.7, n)
        label = (rng.random(n) < score + 0.15).astype(int)
        planted.append(expected_calibration_error(label, score).value)
    assert np.mean(values) < np.mean(plug_in) / 3
    assert np.mean(planted) == pytest.approx(0.15, abs=0.04 if n == 200 else 0.01)


def test_mean_is_students_interval() -> None:
    values = np.random.default_rng(7).normal(3.0, 2.0, 40)
    found = mean(values)
    low, high, _ = interval(found.method, found.value, found.basis)  # type: ignore[arg-type]
    expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected, rel=0.03)
    assert mean(values[:1]).value is None


def test_skew_leaves_fewer_degrees_of_freedom() -> None:
    rng = np.random.default_rng(8)
    normal, skewed = rng.normal(size=80), rng.lognormal(sigma=1.5, size=80)
    wide = effective_df(skewed - skewed.mean())
    assert wide is not None
    assert wide < 20
    assert (effective_df(normal - normal.mean()) or 100.0) > 50
    # Satterthwaite with one group carrying all of the variance: its own size less one
    influence = np.r_[rng.choice([-1.0, 1.0], 10), np.zeros(200)]
    assert effective_df(influence, np.arange(210) >= 10) == pytest.approx(9.0)
