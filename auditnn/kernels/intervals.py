"""Intervals for one quantity: a proportion, two proportions, and anything with a standard error.

All functions take arrays and broadcast. Bounds are written as functions of a normal critical value `z`, because
simultaneous intervals and p-values ask for the same bounds at other critical values than 1.96.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy import special

Scale = Literal["identity", "log", "logit"]
SMALL_COUNT = 10


def critical_value(confidence: float) -> float:
    """The two-sided normal critical value, 1.96 for 0.95."""
    return float(-special.ndtri((1.0 - confidence) / 2.0))


def rate_method(x: float, n: float) -> Literal["clopper_pearson", "wilson"]:
    """Clopper-Pearson where successes or failures number at most 10, else Wilson.

    >>> rate_method(3, 500), rate_method(100, 500)
    ('clopper_pearson', 'wilson')
    """
    return "clopper_pearson" if min(x, n - x) <= SMALL_COUNT else "wilson"


def wilson_bounds(x: Any, n: Any, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score bounds of the proportion `x / n` at critical value `z`.

    Wilson (1927), JASA 22: the p with (x/n - p)^2 = z^2 p (1 - p) / n.
    """
    x, n, z = np.asarray(x, float), np.asarray(n, float), np.asarray(z, float)
    square = z * z
    middle = (x + square / 2.0) / (n + square)
    half = np.abs(z) / (n + square) * np.sqrt(x * (n - x) / n + square / 4.0)
    low = np.where(x <= 0.0, 0.0, np.clip(middle - half, 0.0, 1.0))
    high = np.where(x >= n, 1.0, np.clip(middle + half, 0.0, 1.0))
    return low, high


def wilson(x: Any, n: Any, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of `x` out of `n`."""
    return wilson_bounds(x, n, critical_value(confidence))


def clopper_pearson_bounds(x: Any, n: Any, tail: Any) -> tuple[np.ndarray, np.ndarray]:
    """Exact binomial bounds, each with error at most `tail`. Clopper & Pearson (1934), Biometrika 26."""
    x, n, tail = np.broadcast_arrays(np.asarray(x, float), np.asarray(n, float), np.asarray(tail, float))
    inside_low, inside_high = x > 0.0, x < n
    low = np.where(inside_low, special.betaincinv(np.where(inside_low, x, 1.0), n - x + 1.0, tail), 0.0)
    failures = np.where(inside_high, n - x, 1.0)
    high = np.where(inside_high, special.betainccinv(x + 1.0, failures, tail), 1.0)
    return low, high


def clopper_pearson(x: Any, n: Any, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson interval of `x` out of `n`: covers at least `confidence` for every true proportion."""
    return clopper_pearson_bounds(x, n, (1.0 - confidence) / 2.0)


def newcombe_bounds(x1: Any, n1: Any, x2: Any, n2: Any, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """Newcombe's hybrid score bounds of `x1/n1 - x2/n2`, no continuity correction.

    Newcombe (1998), Statistics in Medicine 17, method 10: squares and adds the distances of the Wilson bounds.
    """
    low1, high1 = wilson_bounds(x1, n1, z)
    low2, high2 = wilson_bounds(x2, n2, z)
    p1, p2 = np.asarray(x1, float) / n1, np.asarray(x2, float) / n2
    difference = p1 - p2
    return difference - np.hypot(p1 - low1, high2 - p2), difference + np.hypot(high1 - p1, p2 - low2)


def joined_difference_bounds(x1: Any, n1: Any, x2: Any, n2: Any, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """As `newcombe_bounds`, from Clopper-Pearson bounds: wider, and right in the far tails."""
    p1, down1, up1 = exact_distances(x1, n1, z)
    p2, down2, up2 = exact_distances(x2, n2, z)
    return p1 - p2 - np.hypot(down1, up2), p1 - p2 + np.hypot(up1, down2)


def joined_ratio_bounds(x1: Any, n1: Any, x2: Any, n2: Any, z: Any) -> tuple[np.ndarray, np.ndarray]:
    """The ratios r at which the joined Clopper-Pearson bounds of p1 - r p2 are zero; 0 and infinity where none is.

    Donner & Zou (2012), Statistical Methods in Medical Research 21.
    """
    p1, down1, up1 = exact_distances(x1, n1, z)
    p2, down2, up2 = exact_distances(x2, n2, z)
    product = p1 * p2
    part, other = p1**2 - down1**2, p2**2 - up2**2
    root = product + np.sqrt(np.maximum(product**2 - part * other, 0.0))
    low = np.divide(part, root, out=np.zeros(np.shape(root)), where=root > 0.0)
    part, other = p1**2 - up1**2, p2**2 - down2**2
    root = product + np.sqrt(np.maximum(product**2 - part * other, 0.0))
    return low, np.divide(root, other, out=np.full(np.shape(root), np.inf), where=other > 0.0)


def exact_distances(x: Any, n: Any, z: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The proportion, and how far below and above it its Clopper-Pearson bounds lie at the normal tail of |z|."""
    rate = np.asarray(x, float) / np.asarray(n, float)
    low, high = clopper_pearson_bounds(x, n, special.ndtr(-np.abs(z)))
    away = np.asarray(z) != 0.0
    return rate, np.where(away, np.maximum(rate - low, 0.0), 0.0), np.where(away, np.maximum(high - rate, 0.0), 0.0)


def score_ratio_statistic(x1: Any, n1: Any, x2: Any, n2: Any, ratio: Any) -> np.ndarray:
    """Miettinen & Nurminen's score statistic of "p1 / p2 is `ratio`"; decreasing in `ratio`, 0 at the estimate.

    Miettinen & Nurminen (1985), Statistics in Medicine 4: (p1 - ratio p2) over its standard error at the maximum
    likelihood under the hypothesis, with the variance factor N / (N - 1). 0 where both counts are 0.
    """
    x1, n1, x2, n2, ratio = (np.asarray(value, float) for value in (x1, n1, x2, n2, ratio))
    total = n1 + n2
    a, c = total * ratio, x1 + x2
    b = n1 * ratio + x1 + n2 + x2 * ratio
    root = np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0))
    p2 = np.clip(2.0 * c / (b + root), 0.0, 1.0)
    p1 = np.clip(p2 * ratio, 0.0, 1.0)
    variance = (p1 * (1.0 - p1) / n1 + ratio * ratio * p2 * (1.0 - p2) / n2) * total / (total - 1.0)
    difference = x1 / n1 - ratio * x2 / n2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0.0, 0.0, difference / np.sqrt(variance))


def score_ratio_bounds(x1: Any, n1: Any, x2: Any, n2: Any, z: float) -> tuple[np.ndarray, np.ndarray]:
    """The ratios at which the score statistic is `z` and `-z`; 0 and infinity where no count bounds them.

    Bisection on the log of the ratio, 60 halvings of [1e-12, 1e12].
    """
    cells = np.broadcast_arrays(*(np.asarray(value, float) for value in (x1, n1, x2, n2)))
    low = np.where(cells[0] <= 0.0, 0.0, np.exp(_score_root(cells, z)))
    high = np.where(cells[2] <= 0.0, np.inf, np.exp(_score_root(cells, -z)))
    return low, high


def _score_root(cells: Sequence[np.ndarray], z: float) -> np.ndarray:
    below = np.full(cells[0].shape, np.log(1e-12))
    above = -below
    for _ in range(60):
        middle = (below + above) / 2.0
        further = score_ratio_statistic(cells[0], cells[1], cells[2], cells[3], np.exp(middle)) > z
        below, above = np.where(further, middle, below), np.where(further, above, middle)
    return (below + above) / 2.0


def to_scale(value: float, scale: Scale) -> float:
    """`value` on the scale on which it is close to normal; ends of the range become infinite."""
    if scale == "identity":
        return value
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            return float(np.log(max(value, 0.0)))
        return float(special.logit(min(max(value, 0.0), 1.0)))


def from_scale(value: float, scale: Scale) -> float:
    """The inverse of `to_scale`."""
    if scale == "identity":
        return value
    return float(np.exp(value)) if scale == "log" else float(special.expit(value))


def upper_tail(statistic: float, df: float | None) -> float:
    """P(T > statistic) of Student's t with `df` degrees of freedom, or of the normal where `df` is None."""
    if df is None or np.isinf(df):
        return float(special.ndtr(-statistic))
    return float(special.stdtr(df, -statistic))


def upper_quantile(tail: float, df: float | None) -> float:
    """The value that Student's t (or the normal) exceeds with probability `tail`."""
    if df is None or np.isinf(df):
        return float(-special.ndtri(tail))
    return float(-special.stdtrit(df, tail))


def standard_error_interval(
    value: float,
    se: float,
    confidence: float = 0.95,
    *,
    scale: Scale = "identity",
    df: float | None = None,
    center: float | None = None,
) -> tuple[float, float]:
    """The value -/+ critical value times `se`, computed on `scale` and brought back.

    `se` is the standard error of the value *on that scale*. `center` is the middle of the interval on the scale
    where it is not the value itself (an AUC of exactly 1 has no logit); the interval always contains the value.
    """
    middle = to_scale(value, scale) if center is None else center
    half = upper_quantile((1.0 - confidence) / 2.0, df) * se
    return min(from_scale(middle - half, scale), value), max(from_scale(middle + half, scale), value)
