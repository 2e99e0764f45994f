"""Interval and p-value of the largest minus the smallest of several group means, each with its own standard error.

The same two rules as for rates (see `simultaneous`), over Welch's t for each pair. Arrays have shape (..., g).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from auditnn.kernels.inversion import Ends, Side
from auditnn.kernels.simultaneous import ROOT2, tukey_critical
from auditnn.kernels.studentized import range_tail


def welch_pairs(mean: np.ndarray, se: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over ordered pairs (..., g (g - 1)): difference of means, standard error, Welch-Satterthwaite df."""
    first, second = np.nonzero(~np.eye(mean.shape[-1], dtype=bool))
    variance, rows = se**2, np.broadcast_to(n, mean.shape)
    total = variance[..., first] + variance[..., second]
    share = variance[..., first] ** 2 / np.maximum(rows[..., first] - 1.0, 1.0)
    share = share + variance[..., second] ** 2 / np.maximum(rows[..., second] - 1.0, 1.0)
    df = np.where(share > 0.0, total**2 / np.where(share > 0.0, share, 1.0), 1.0)
    return mean[..., first] - mean[..., second], np.sqrt(total), df


def mean_gap_interval(mean: np.ndarray, se: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the largest minus the smallest of g >= 2 means.

    The low end takes Student's quantile at the tail that Tukey's critical value has under the normal, so that
    every pair keeps its own degrees of freedom.
    """
    difference, error, df = welch_pairs(mean, se, n)
    tail = special.ndtr(-tukey_critical(confidence, mean.shape[-1]))
    low = np.max(difference + special.stdtrit(df, tail) * error, axis=-1)
    high = np.max(difference - special.stdtrit(df, (1.0 - confidence) / 2.0) * error, axis=-1)
    return Ends(np.maximum(low, 0.0), high)


def mean_gap_p_value(mean: np.ndarray, se: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the gap of means beyond `limit`; "above" with two groups counts both signs of the difference."""
    if limit < 0.0:
        return 0.0 if side == "above" else 1.0
    difference, error, df = welch_pairs(mean, se, n)
    if side == "below":
        return float(np.max(special.stdtr(df, _statistic(difference - limit, error))))
    tails = special.stdtr(df, -_statistic(difference - limit, error))
    best = int(np.argmin(tails))
    if len(mean) > 2:
        return range_tail(float(-ROOT2 * special.ndtri(tails[best])), len(mean))
    mirrored = special.stdtr(df, -_statistic(difference + limit, error))
    return float(min(1.0, tails[best] + mirrored[best]))


def _statistic(distance: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Distance over error; where there is no error, 0 or infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(distance / error, nan=0.0, posinf=np.inf, neginf=-np.inf)
