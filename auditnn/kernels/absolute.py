"""The mean size of numbers that are known up to noise."""

from __future__ import annotations

import numpy as np
from scipy import special

from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.moments import group_moments

NO_ROWS = "there are no rows"


def folded_mean(values: np.ndarray, error: np.ndarray) -> np.ndarray:
    """E |v + e| for normal e with standard deviation `error`, both of any one shape; |v| where that is 0.

    s sqrt(2 / pi) exp(-v^2 / 2 s^2) + v erf(v / s sqrt(2)): Leone, Nelson & Nottingham (1961), Technometrics 3.
    """
    values, error = np.asarray(values, float), np.asarray(error, float)
    noisy = error > 0.0
    scaled = np.divide(values, error, out=np.zeros_like(values), where=noisy)
    folded = error * (
        np.sqrt(2.0 / np.pi) * np.exp(-0.5 * scaled * scaled) + scaled * special.erf(scaled / np.sqrt(2.0))
    )
    result: np.ndarray = np.where(noisy, folded, np.abs(values))
    return result


def mean_size(values: np.ndarray, error: np.ndarray | None = None, *, shared: bool = False) -> Estimate:
    """Mean of |v| over `n` rows, of which `values` (n,) are v plus noise with standard deviation `error` (n,).

    |v + e| is larger than |v| on average. What more noise of the same size would add is taken off: nearly all of the
    excess far from zero, 41% of it at zero. What may be left, sqrt(2) times that amount, goes into the standard error,
    beside the spread over rows (Student's t) and, where all rows `shared` their draws, the noise of their mean as if
    it were the same in every row. One row: the noise alone; without noise its value is exact (`method` says so).
    """
    values = np.asarray(values, float)
    n = len(values)
    if n == 0:
        return undefined(NO_ROWS)
    noise = np.zeros(n) if error is None else np.asarray(error, float)
    excess = folded_mean(values, noise) - np.abs(values)
    sizes = np.abs(values) - excess
    value, left = max(0.0, float(sizes.mean())), float(np.sqrt(2.0) * excess.mean())
    if n == 1:
        se = float(np.hypot(noise[0], left))
        method, basis = ("monte_carlo", {"se": se, "scale": "identity"}) if se > 0.0 else ("exact", {})
        return Estimate(value, method, basis, 1)
    moments = group_moments(np.zeros(n, dtype=np.intp), 1, sizes)
    common = float(noise.mean()) if shared else 0.0
    se = float(np.sqrt(moments.variance[0] / n + left**2 + common**2))
    return Estimate(value, "t", {"se": se, "scale": "identity", "df": float(moments.df[0])}, n)
