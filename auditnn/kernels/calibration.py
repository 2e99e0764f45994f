"""Whether probabilities mean what they say: mean score against mean label, recalibration slope, bins, proper scores.

`label` is 0 or 1 (n,), `score` the probability of 1 (n,). For several classes call these one class against the
rest, or `brier_score` and `log_loss` with (n, k) scores. Where a logarithm is taken, scores are clipped to
[1e-6, 1 - 1e-6] for the slope and, as scikit-learn does, to the resolution of float64 for log loss.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from auditnn.kernels.estimate import Estimate, effective_df, undefined
from auditnn.kernels.moments import mean

SLOPE_CLIP = 1e-6
LOSS_CLIP = float(np.finfo(np.float64).eps)
BINS = 15
FEWEST_OF_A_CLASS = 10


def calibration_in_the_large(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Mean score minus mean label (positive: over-prediction), Student's t.

    The variance of one difference is the sample's, but not below mean score (1 - score), what it would be were the
    scores right: with few events or none the sample alone looks far too certain.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    return mean(score - label, least_variance=float(np.mean(score * (1.0 - score))) if len(score) else 0.0)


def calibration_slope(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Slope b of logit P(y = 1) = a + b logit(score): 1 when spread is right, below 1 when scores are too extreme.

    Cox (1958), Biometrika 45. Newton's method; sandwich (HC0) standard error, because the model need not hold, and
    the degrees of freedom that its influences leave. Undefined with fewer than ten rows of a class (its interval
    would not cover), constant scores, or labels that the scores separate without error.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    n, positives = len(label), int(np.sum(label))
    if positives in (0, n):
        return undefined("all rows are of one class, so no slope exists", n)
    x = special.logit(np.clip(score, SLOPE_CLIP, 1.0 - SLOPE_CLIP))
    if x.max() - x.min() < 1e-9:
        return undefined("every score is the same, so no slope exists", n)
    if _separated(label, x):
        return undefined("the scores separate the classes without error, so the slope has no finite estimate", n)
    if min(positives, n - positives) < FEWEST_OF_A_CLASS:
        return undefined(f"fewer than {FEWEST_OF_A_CLASS} rows of a class: too few to tell the slope's error", n)
    fitted = _logistic_line(label, x)
    if fitted is None:
        return undefined("the fit of the slope did not converge", n)
    slope, influence = fitted
    se = float(np.sqrt((influence**2).sum()))
    return Estimate(slope, "t", {"se": se, "scale": "identity", "df": effective_df(influence)}, n)


def _separated(label: np.ndarray, x: np.ndarray) -> bool:
    positive, negative = x[label > 0.5], x[label <= 0.5]
    return bool(positive.min() >= negative.max() or negative.min() >= positive.max())


def _logistic_line(label: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray] | None:
    """Slope and each row's influence on it (n,), whose squares add up to its sandwich variance; None without
    convergence. Newton steps, halved while the likelihood falls."""
    spread = float(x.std())
    design = np.column_stack([np.ones_like(x), (x - x.mean()) / spread])
    beta = np.array([special.logit(label.mean()), 0.0])
    likelihood = _log_likelihood(label, design @ beta)
    for _ in range(100):
        p = special.expit(design @ beta)
        score = design.T @ (label - p)
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design
        if np.linalg.cond(hessian) > 1e13:
            return None
        step = np.linalg.solve(hessian, score)
        while True:
            proposed = _log_likelihood(label, design @ (beta + step))
            if proposed >= likelihood - 1e-12 * abs(likelihood) or np.abs(step).max() < 1e-12:
                break
            step = step / 2.0
        beta, likelihood = beta + step, proposed
        if np.abs(step).max() < 1e-10:
            break
    else:
        return None
    p = special.expit(design @ beta)
    bread = np.linalg.inv((design * (p * (1.0 - p))[:, None]).T @ design)
    return float(beta[1] / spread), (design @ bread[1]) * (label - p) / spread


def _log_likelihood(label: np.ndarray, line: np.ndarray) -> float:
    return float((label * line - np.logaddexp(0.0, line)).sum())


def equal_mass_bins(score: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Bin code per row (n,): quantile bins, equal scores always in the same bin; codes are 0..b-1, b <= `bins`."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    first = np.searchsorted(ordered, ordered, side="left")
    last = np.searchsorted(ordered, ordered, side="right")
    position = np.minimum(((first + last) / 2.0 * bins / len(score)).astype(int), bins - 1)
    codes = np.empty(len(score), dtype=np.int64)
    codes[order] = np.unique(position, return_inverse=True)[1]
    return codes


def bin_gaps(label: np.ndarray, score: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per equal-mass bin: rows, mean score minus mean label, and the standard error of that gap, each (b,)."""
    label, score = np.asarray(label, float), np.asarray(score, float)
    codes = equal_mass_bins(score, bins)
    rows = np.bincount(codes).astype(float)
    gap = score - label
    means = np.bincount(codes, gap) / rows
    scores = np.bincount(codes, score) / rows
    shares = np.bincount(codes, label) / rows
    # the larger of the variances at the labels' and at the scores' mean: a bin of one label is not certain
    variance = np.maximum(shares * (1.0 - shares), scores * (1.0 - scores)) / np.maximum(rows - 1.0, 1.0)
    return rows, means, np.sqrt(variance)


def expected_calibration_error(label: np.ndarray, score: np.ndarray, bins: int = BINS) -> Estimate:
    """Bias-corrected L1 calibration error over equal-mass bins: plug-in sum of w |gap|, less what noise adds to it.

    Noise of standard error s makes a true gap m look like E|m + s Z| = s sqrt(2 / pi) exp(-m^2 / 2 s^2)
    + m (1 - 2 Phi(-m / s)) on average; so the plug-in grows as n shrinks (Broecker 2012, Climate Dynamics 39). As
    Kumar, Liang & Ma (2019, NeurIPS) do, that excess is subtracted, here at gaps shrunk to the mean square that is
    left when that of noise is taken off: their subtraction at the observed gaps leaves 60% of the bias of
    calibrated scores, this one about 15%. A negative result is 0. The standard error joins that of the sum with the
    most that noise can add, as far as gaps are noise. For 200 rows or more.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    n = len(label)
    if n < 2:
        return undefined("fewer than two rows, so no calibration to measure", n)
    rows, gap, error = bin_gaps(label, score, bins)
    weight, gap = rows / n, np.abs(gap)
    plug_in, square = float((weight * gap).sum()), float((weight * gap**2).sum())
    left = 0.0 if square == 0.0 else float(np.sqrt(max(0.0, 1.0 - (weight * error**2).sum() / square)))
    excess = [float((weight * _added_by_noise(share * gap, error)).sum()) for share in (left, 0.0)]
    value = max(0.0, plug_in - excess[0])
    se = float(np.sqrt((weight**2 * error**2).sum() + ((1.0 - left**2) * excess[1]) ** 2))
    return Estimate(value, "t", {"se": se, "scale": "identity", "limits": [0.0, 1.0]}, n)


def _added_by_noise(gap: np.ndarray, error: np.ndarray) -> np.ndarray:
    """E|gap + error Z| - gap for a gap of 0 or more and a standard normal Z."""
    ratio = np.minimum(gap / np.maximum(error, 1e-300), 40.0)
    density = np.exp(-(ratio**2) / 2.0) * np.sqrt(2.0 / np.pi)
    return error * density - 2.0 * gap * special.ndtr(-ratio)


def brier_score(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Mean squared difference of score and label, Student's t; with (n, k) scores and codes, summed over classes."""
    label, score = np.asarray(label), np.asarray(score, float)
    if score.ndim == 1:
        return mean((score - label) ** 2)
    return mean(((score - (label[:, None] == np.arange(score.shape[1]))) ** 2).sum(axis=1))


def log_loss(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Mean negative log of the score given to the true label, Student's t; `score` (n,) or (n, k)."""
    label, score = np.asarray(label), np.asarray(score, float)
    if score.ndim == 1:
        chosen = np.where(label > 0, score, 1.0 - score)
    else:
        chosen = score[np.arange(len(label)), label.astype(int)]
    return mean(-np.log(np.clip(chosen, LOSS_CLIP, 1.0 - LOSS_CLIP)))
