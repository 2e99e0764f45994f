"""How far predicted values are from true ones, each with the standard error of its mean or ratio of means."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.moments import mean


def mean_absolute_error(errors: np.ndarray) -> Estimate:
    """Mean of |error|, Student's t; undefined for fewer than two rows."""
    return mean(np.abs(errors))


def mean_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Mean of `first` minus mean of `second`, two samples of different rows; Welch's t.

    Undefined for fewer than two values in either. Welch (1947), Biometrika 34.
    """
    n = np.array([len(first), len(second)])
    if n.min() < 2:
        return undefined("fewer than two rows on one side, so no spread to judge a difference by", int(n.sum()))
    variance = np.array([np.var(values, ddof=1) for values in (first, second)]) / n
    total = float(variance.sum())
    df = float(total**2 / (variance**2 / (n - 1)).sum()) if total > 0 else float(n.sum() - 2)
    basis = {"se": float(np.sqrt(total)), "scale": "identity", "df": df}
    return Estimate(float(np.mean(first) - np.mean(second)), "t", basis, int(n.sum()))


def root_mean_squared_error(errors: np.ndarray) -> Estimate:
    """Root of the mean squared error; Student's t on the log scale, standard error by the delta method."""
    square = mean(errors**2)
    if square.value is None:
        return square
    if square.value == 0:
        return Estimate(0.0, "t", square.basis, square.n)
    basis = {"se": square.basis["se"] / (2 * square.value), "scale": "log", "df": square.basis["df"]}
    return Estimate(float(np.sqrt(square.value)), "t", basis, square.n)


def explained_share(y: np.ndarray, prediction: np.ndarray, guess: float | None = None) -> Estimate:
    """1 - (mean squared error) / (mean squared error of always answering `guess`); squared errors of several columns
    (n, k) are added up.

    With `guess` None, the mean of `y` itself: the coefficient of determination. The standard error is the delta
    method's for a ratio of two means over the same rows: with e and b the two errors, A and B their mean squares,
    a row's influence is -(e^2 - A) / B + A (b^2 - B) / B^2 = (b^2 A / B - e^2) / B.
    Undefined for fewer than two rows, and where the guess never errs.
    """
    n = len(y)
    if n < 2:
        return undefined("fewer than two rows, so no spread to explain", n)
    own, base = (y - prediction) ** 2, (y - (y.mean(axis=0) if guess is None else guess)) ** 2
    if y.ndim == 2:
        own, base = own.sum(axis=1), base.sum(axis=1)
    bottom = float(base.mean())
    if (guess is None and not np.ptp(y, axis=0).any()) or bottom == 0:
        return undefined("every label has the same value, so there is nothing to explain", n)
    ratio = float(own.mean()) / bottom
    influence = (ratio * base - own) / bottom
    basis = {"se": float(influence.std(ddof=1) / np.sqrt(n)), "scale": "identity", "df": n - 1}
    return Estimate(1 - ratio, "t", basis, n)
