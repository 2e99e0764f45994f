"""Means of values, over all rows or per group, with what their intervals need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditnn.kernels.estimate import NORMAL_DF, Estimate, undefined


@dataclass(frozen=True, slots=True)
class Moments:
    """Number of values, mean, sample variance (ddof 1; NaN below two values) and degrees of freedom of the mean's
    interval (NaN likewise) per group, each of shape (g,)."""

    n: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    df: np.ndarray

    @property
    def standard_error(self) -> np.ndarray:
        """Of each mean, shape (g,); NaN below two values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self.variance / self.n)

    def estimate(self, group: int, *, least_variance: float = 0.0) -> Estimate:
        """One group's mean with Student's t interval; undefined for fewer than two values."""
        n = int(self.n[group])
        if n < 2:
            reason = "there are no rows" if n == 0 else "one row has no spread to judge a mean by"
            return undefined(reason, n)
        variance = max(float(self.variance[group]), least_variance)
        basis = {"se": float(np.sqrt(variance / n)), "scale": "identity", "df": float(self.df[group])}
        return Estimate(float(self.mean[group]), "t", basis, n)


def group_moments(codes: np.ndarray, groups: int, values: np.ndarray) -> Moments:
    """Count, mean, variance and degrees of freedom of `values` (n,) in each of `groups` groups.

    Degrees of freedom are n - 1, or what the kurtosis of the values leaves (see `estimate.effective_df`) where that is
    below 100. Deviations are from the group's own mean, so that a large common offset does not cancel.
    """
    values = np.asarray(values, dtype=np.float64)
    n = np.bincount(codes, minlength=groups)
    center = float(values.mean()) if len(values) else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(codes, weights=values - center, minlength=groups) / n
        square = (values - center - mean[codes]) ** 2
        total = np.bincount(codes, weights=square, minlength=groups)
        fourth = np.bincount(codes, weights=square * square, minlength=groups)
        variance = np.where(n > 1, total / (n - 1), np.nan)
        spread = fourth - total**2 / n
        left = np.where((spread > 0.0) & (total > 0.0), np.maximum(2.0 * total**2 / spread, 1.0), np.inf)
    df = np.where(left < np.minimum(NORMAL_DF, n - 1.0), left, n - 1.0)
    return Moments(n=n, mean=mean + center, variance=variance, df=np.where(n > 1, df, np.nan))


def mean(values: np.ndarray, *, least_variance: float = 0.0) -> Estimate:
    """Mean of `values` (n,) with Student's t interval; undefined for fewer than two values.

    `least_variance` is a floor for the variance of one value, for where the sample may be too uniform to show it.
    """
    values = np.asarray(values, float)
    return group_moments(np.zeros(len(values), dtype=np.intp), 1, values).estimate(0, least_variance=least_variance)
