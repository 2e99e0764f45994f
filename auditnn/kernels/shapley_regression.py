"""KernelSHAP's weighted regression: Shapley values as the coefficients of a linear model of the game."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.shap_sampling import Sample


def regressed(
    masks: np.ndarray, weights: np.ndarray, values: np.ndarray, base: np.ndarray, full: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The phi (d, k) that minimise sum_S w(S) (v(S) - v(0) - sum_{i in S} phi_i)^2 and add up to v(N) - v(0).

    `masks` (m, d), `weights` (m,), `values` (m, k), `base` v(0) and `full` v(N) (k,). Also returns the map (d, m) from
    residuals of coalitions to phi, and the residuals (m, k). Every mask less its own mean leaves exactly the directions
    that keep the sum; where coalitions do not tell units apart, these share equally (the solution of least norm), so
    that nothing is ever singular.
    """
    d = masks.shape[1]
    centered = masks - masks.mean(axis=1, keepdims=True)
    gain = full - base
    target = values - base - masks.mean(axis=1, keepdims=True) * gain
    weighted = centered.T * weights
    inverse = np.linalg.pinv(weighted @ centered, rcond=1e-10, hermitian=True)
    solve = inverse @ weighted
    free = solve @ target
    phi = gain / d + free - free.mean(axis=0)
    return phi, solve, target - centered @ free


def sampled_error(sample: Sample, solve: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Standard errors (d, k) of a regression due to its draws, from what `regressed` returns; 0 if nothing was drawn.

    Draws are independent, so the variance of the sum of what each adds to phi is the sum of squares about its mean (the
    sandwich of the paired regression), made larger as the fit makes residuals smaller. For two draws or more.
    """
    at = np.flatnonzero(sample.draw)
    d, k = len(solve), residual.shape[1]
    starts = np.flatnonzero(np.diff(sample.draw[at], prepend=0))  # those that came together follow one another
    times = sample.times[at][starts]
    n = times.sum()
    if n < 2:
        return np.zeros((d, k))
    added = np.add.reduceat(solve[:, at, None] * residual[at], starts, axis=1)
    apart = added / times[None, :, None] - added.sum(axis=1, keepdims=True) / n
    variance = np.einsum("p,dpk->dk", times, apart**2) * n / (n - 1.0)
    freedom = max(1, len(starts) - d)
    result: np.ndarray = np.sqrt(variance * len(starts) / freedom)
    return result
