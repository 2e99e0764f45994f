"""performance.calibration: known answers, second opinions, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from one_analyzer import answers
from sklearn import metrics

from auditnn.core.errors import NotApplicable
from auditnn.subjects.build import from_predictions

ID = "performance.calibration"


def scored(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and labels that come true exactly as often as the scores say."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, n)
    return (rng.random(n) < score).astype(int), score


def test_binary_against_other_libraries() -> None:
    y, score = scored(500)
    found = answers(from_predictions(y, None, score, task="binary"), ID)
    assert found.value("brier_score") == pytest.approx(metrics.brier_score_loss(y, score), abs=1e-12)
    assert found.value("calibration_in_the_large") == pytest.approx(score.mean() - y.mean())
    line = sm.add_constant(np.log(score / (1 - score)))
    fitted = sm.Logit(y, line).fit(disp=0, cov_type="HC0")
    slope = found["calibration_slope"]
    assert slope.value == pytest.approx(fitted.params[1], rel=1e-6)
    low, high = fitted.conf_int()[1]
    assert (slope.low, slope.high) == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))


def test_strings_and_a_positive_class_that_comes_first() -> None:
    """The score is of the positive class, whichever code that has."""
    y, score = scored(400, 1)
    named = np.where(y == 1, "a_yes", "no")
    one = answers(from_predictions(named, None, score, task="binary", positive="a_yes"), ID)
    two = answers(from_predictions(y, None, score, task="binary", positive=1), ID)
    for name in ("brier_score", "expected_calibration_error", "calibration_in_the_large", "calibration_slope"):
        assert one.value(name) == pytest.approx(two.value(name), rel=1e-12)


def test_calibrated_scores_look_calibrated_and_shifted_ones_do_not() -> None:
    y, score = scored(20_000, 2)
    found = answers(from_predictions(y, None, score, task="binary"), ID)
    assert found.value("expected_calibration_error") < 0.01
    assert found.value("calibration_slope") == pytest.approx(1.0, abs=0.06)
    high = answers(from_predictions(y, None, np.clip(score + 0.1, 0, 1), task="binary"), ID)
    assert high.value("expected_calibration_error") == pytest.approx(0.1, abs=0.01)
    large = high["calibration_in_the_large"]
    assert large.low is not None
    assert large.low > 0.08
    logit = np.log(score / (1 - score))
    steep = answers(from_predictions(y, None, 1 / (1 + np.exp(-2 * logit)), task="binary"), ID)
    assert steep.value("calibration_slope") == pytest.approx(0.5, abs=0.04)


def test_multiclass_has_slices_and_one_brier_score() -> None:
    rng = np.random.default_rng(4)
    score = rng.dirichlet([2, 1, 1], 600)
    y = np.array([rng.choice(3, p=row) for row in score])
    names = np.array(["low", "middle", "high"])[y]
    found = answers(from_predictions(names, None, score, task="multiclass", classes=["low", "middle", "high"]), ID)
    expected = metrics.brier_score_loss(y, score, labels=[0, 1, 2], scale_by_half=False)
    assert found.value("brier_score") == pytest.approx(expected, abs=1e-12)
    for code, name in enumerate(("low", "middle", "high")):
        expected = score[:, code].mean() - (y == code).mean()
        assert found.value("calibration_in_the_large", name) == pytest.approx(expected)
        assert found["calibration_slope", name].value is not None
        assert found["expected_calibration_error", name].value is not None
    assert set(found.exhibit("reliability").columns["class"]) == {"low", "middle", "high"}


def test_reliability_bins_hold_every_row_and_the_share_lies_in_its_interval() -> None:
    y, score = scored(1000, 5)
    bins = answers(from_predictions(y, None, score, task="binary"), ID).exhibit("reliability").columns
    assert sum(bins["rows"]) == 1000
    assert len(bins["rows"]) == 15
    assert all(
        low <= share <= high for low, share, high in zip(bins["low"], bins["observed share"], bins["high"], strict=True)
    )
    weighted = sum(share * rows for share, rows in zip(bins["observed share"], bins["rows"], strict=True)) / 1000
    assert weighted == pytest.approx(y.mean())


@pytest.mark.parametrize(
    ("y", "score", "words"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "separate"),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], "every score is the same"),
        ([0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], "one class"),
    ],
)
def test_no_slope_where_none_exists(y: list[int], score: list[float], words: str) -> None:
    found = answers(from_predictions(y, None, score, task="binary", classes=[0, 1]), ID)
    slope = found["calibration_slope"]
    assert slope.status == "undefined"
    assert words in (slope.reason or "")
    assert found["calibration_in_the_large"].status == "measured"


def test_without_scores_or_labels() -> None:
    with pytest.raises(NotApplicable, match="scores"):
        answers(from_predictions([0, 1], [0, 1], task="binary"), ID)
    with pytest.raises(NotApplicable, match="labels"):
        answers(from_predictions(None, None, [0.2, 0.4], task="binary", classes=[0, 1]), ID)
