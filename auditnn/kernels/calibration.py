"""Whether probabilities mean what they say: mean score against mean label, recalibration slope, bins, proper scores.

`label` is 0 or 1 (n,), `score` the probability of 1 (n,). For several classes call these one class against the
rest, or `brier_score` and `log_loss` with (n, k) scores. Where a logarithm is taken, scores are clipped to
[1e-6, 1 - 1e-6] for the slope and, as scikit-learn does, to the resolution of float64 for log loss.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from auditnn.kernels.estimate import Estimate, mean, undefined

SLOPE_CLIP = 1e-6
LOSS_CLIP = float(np.finfo(np.float64).eps)
BINS = 15
LARGEST_SLOPE = 1e3


def calibration_in_the_large(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Mean score minus mean label (positive: over-prediction), Student's t.

    The variance of one difference is the sample's, but not below mean score (1 - score), what it would be were the
    scores right: with few events or none the sample alone looks far too certain.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    return mean(score - label, least_variance=float(np.mean(score * (1.0 - score))) if len(score) else 0.0)


def calibration_slope(label: np.ndarray, score: np.ndarray) -> Estimate:
    """Slope b of logit P(y = 1) = a + b logit(score): 1 when spread is right, below 1 when scores are too extreme.

    Cox (1958), Biometrika 45. Newton's method; sandwich (HC0) standard error, because the model need not hold.
    Undefined with one class, constant scores, or labels that the scores separate without error.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    n = len(label)
    if n == 0 or label.min() == label.max():
        return undefined("all rows are of one class, so no slope exists", n)
    x = special.logit(np.clip(score, SLOPE_CLIP, 1.0 - SLOPE_CLIP))
    if x.max() - x.min() < 1e-9:
        return undefined("every score is the same, so no slope exists", n)
    if _separated(label, x):
        return undefined("the scores separate the classes without error, so the slope has no finite estimate", n)
    fitted = _logistic_line(label, x)
    if fitted is None:
        return undefined("the fit of the slope did not converge", n)
    slope, se = fitted
    return Estimate(slope, "t", {"se": se, "scale": "identity"}, n)


def _separated(label: np.ndarray, x: np.ndarray) -> bool:
    positive, negative = x[label > 0.5], x[label <= 0.5]
    return bool(positive.min() >= negative.max() or negative.min() >= positive.max())


def _logistic_line(label: np.ndarray, x: np.ndarray) -> tuple[float, float] | None:
    """Slope and its sandwich error by Newton steps, halved while the likelihood falls; None without convergence."""
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
    scores = design * (label - p)[:, None]
    covariance = bread @ (scores.T @ scores) @ bread
    return float(beta[1] / spread), float(np.sqrt(covariance[1, 1]) / spread)


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
    """Bias-corrected L1 calibration error over equal-mass bins; 0 on average for calibrated scores of any n.

    The plug-in sum of |gap| adds noise (about 0.8 standard errors per bin), so it grows as n shrinks (Broecker
    2012, Climate Dynamics 39; Kumar, Liang & Ma 2019, NeurIPS; Roelofs et al. 2022, AISTATS). Here the sign of a
    bin's gap comes from one half of its rows and the size from the other; with d the gap and s its error, the mean
    over all such splits is |d| (2 Phi(|d|/s) - 1) - 2 s phi(d/s) for normal means, exactly 0 on average at d = 0.
    It falls short by at most half a standard error of a bin where the true gap is about as small as that error.
    A negative sum is reported as 0.
    """
    label, score = np.asarray(label, float), np.asarray(score, float)
    n = len(label)
    if n < 2:
        return undefined("fewer than two rows, so no calibration to measure", n)
    rows, gap, error = bin_gaps(label, score, bins)
    weight = rows / n
    ratio = np.abs(gap) / np.maximum(error, 1e-300)
    density = np.exp(-(np.minimum(ratio, 40.0) ** 2) / 2.0) / np.sqrt(2.0 * np.pi)
    corrected = np.abs(gap) * (2.0 * special.ndtr(ratio) - 1.0) - 2.0 * error * density
    value = max(0.0, float((weight * corrected).sum()))
    se = float(np.sqrt((weight**2 * error**2).sum()))
    return Estimate(value, "t", {"se": se, "scale": "identity"}, n)


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
