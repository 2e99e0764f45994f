"""Local linear fits: weighted ridge over samples, which features it keeps, and how sure its coefficients are.

What LIME fits around a row, with the library's conventions (`lime.lime_base`), for all outputs at once and from one
Gram matrix. Shapes: `d` features, `m` samples of which the first is the row itself, `k` outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Selection = Literal["auto", "forward_selection", "highest_weights", "none"]
FEW_FEATURES = 6  # up to here "auto" selects forward
SELECTING_PENALTY = 0.01
NO_VARIATION = 1e-12  # share of its variance that a feature must keep to be told from those chosen before
MOST_LEVERAGE = 0.99


@dataclass(frozen=True, slots=True)
class LocalFit:
    """A linear model around one row: `coefficients` and their standard `error` (d, k), 0 for features left out;
    `intercept`, `prediction` at the row, weighted `r2` and its standard error `r2_error`, all (k,)."""

    coefficients: np.ndarray
    error: np.ndarray
    intercept: np.ndarray
    prediction: np.ndarray
    r2: np.ndarray
    r2_error: np.ndarray


def exponential_kernel(squared_distance: np.ndarray, width: float) -> np.ndarray:
    """Weights sqrt(exp(-distance^2 / width^2)) of samples, same shape.

    >>> exponential_kernel(np.array([0.0, 8.0]), 2.0).round(4).tolist()
    [1.0, 0.3679]
    """
    weights: np.ndarray = np.exp(squared_distance * (-0.5 / width**2))
    return weights


def local_fit(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    *,
    keep: int | None = None,
    selection: Selection = "none",
    alpha: float = 1.0,
) -> LocalFit:
    """Ridge regression with an intercept of outputs `y` (m, k) on features `x` (d, m), samples weighted by `weights`.

    Minimizes sum_s w_s (y_s - a - b.x_s)^2 + alpha |b|^2 for each output. Where `keep` is less than d, `selection`
    says which features take part. Errors are those over redraws of all samples but the first, which stands still:
    the sandwich H (sum_s w_s^2 r_s^2 x_s x_s') H with H = (X'WX + alpha)^-1 and residuals over 1 - leverage (HC3;
    MacKinnon & White 1985), for the features that were kept; the penalty's own pull towards 0 is not in them.
    R2 is 1 where the outputs do not vary.
    """
    total, root = weights.sum(), np.sqrt(weights)
    center, mean = x @ weights / total, weights @ y / total
    x_r = x - center[:, None]
    x_r *= root
    y_c = _varying(y, mean, weights)
    gram, cross = x_r @ x_r.T, x_r @ (y_c * root[:, None])
    inverse = _inverse(gram, select_features(gram, cross, x[:, 0], keep, selection), alpha)
    coefficients = inverse[0] @ cross if len(inverse) == 1 else np.einsum("kde,ek->dk", inverse, cross)
    residual = y_c - x.T @ coefficients + center @ coefficients
    intercept = mean - center @ coefficients
    r2, r2_error = _fit_quality(residual, y_c, weights)
    return LocalFit(
        coefficients=coefficients,
        error=_sandwich(inverse, x_r, residual * root[:, None]),
        intercept=intercept,
        prediction=intercept + x[:, 0] @ coefficients,
        r2=r2,
        r2_error=r2_error,
    )


def select_features(
    gram: np.ndarray, cross: np.ndarray, row: np.ndarray, keep: int | None, selection: Selection
) -> np.ndarray | None:
    """Which features each output keeps, bool (k, d); None where all do.

    From the centered weighted Gram matrix `gram` (d, d), `cross` (d, k) and the explained `row` (d,) in the same
    coordinates. `highest_weights`: the largest |coefficient x row| of a ridge fit with penalty 0.01. Forward
    selection: one at a time, the one that raises R2 most without a penalty. `auto`: the latter up to 6 features.
    """
    d, k = cross.shape
    if keep is None or keep >= d or selection == "none":
        return None
    if selection == "forward_selection" or (selection == "auto" and keep <= FEW_FEATURES):
        return np.stack([_forward(gram, cross[:, output], keep) for output in range(k)])
    share = np.abs(np.linalg.solve(gram + SELECTING_PENALTY * np.eye(d), cross) * row[:, None])
    chosen = np.zeros((k, d), dtype=bool)
    for output in range(k):
        chosen[output, np.argsort(-share[:, output], kind="stable")[:keep]] = True
    return chosen


def _forward(gram: np.ndarray, cross: np.ndarray, keep: int) -> np.ndarray:
    """Greedy least squares: what a feature would explain is its squared correlation with what is left of the output,
    over what is left of itself, after those chosen before."""
    least = NO_VARIATION * np.diag(gram)
    chosen = np.zeros(len(cross), dtype=bool)
    for _ in range(keep):
        left = np.diag(gram)
        told = left > least
        gain = np.where(told, cross**2 / np.where(told, left, 1.0), 0.0)
        best = int(np.argmax(np.where(chosen, -np.inf, gain)))
        chosen[best] = True
        if told[best]:
            column = gram[:, best] / left[best]
            cross = cross - column * cross[best]
            gram = gram - np.outer(column, gram[best])
    return chosen


def _inverse(gram: np.ndarray, chosen: np.ndarray | None, alpha: float) -> np.ndarray:
    """(gram + alpha)^-1: one (1, d, d) for all outputs, or (k, d, d) with 0 in the rows and columns of the features
    that an output does not keep."""
    penalty = alpha * np.eye(len(gram))
    if chosen is None:
        whole: np.ndarray = np.linalg.inv(gram + penalty)[None]
        return whole
    both = chosen[:, :, None] & chosen[:, None, :]
    part: np.ndarray = np.linalg.inv(np.where(both, gram, 0.0) + penalty)
    return part * both


def _sandwich(inverse: np.ndarray, x_r: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Standard errors (d, k) from centered samples (d, m) and residuals (m, k), both times the root of the weights; the
    first sample is no draw and adds none. In 32 bits: an error needs no more digits."""
    x, variance = x_r.astype(np.float32), np.empty((len(x_r), residual.shape[1]))
    for output, one in enumerate(inverse):
        own = slice(None) if len(inverse) == 1 else slice(output, output + 1)
        pull = one.astype(np.float32) @ x
        leverage = np.minimum(np.einsum("dm,dm->m", pull, x), np.float32(MOST_LEVERAGE))
        drawn = residual[:, own] / (1.0 - leverage)[:, None]
        drawn[0] = 0.0
        size = np.abs(drawn).max(axis=0)
        size[size == 0.0] = 1.0
        pull *= pull
        variance[:, own] = (pull @ ((drawn / size) ** 2).astype(np.float32)) * size**2
    return np.sqrt(variance)


def _varying(y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Centered outputs (m, k), exactly 0 for outputs that vary by no more than their rounding error."""
    centered = y - mean
    rounding = 8.0 * np.finfo(np.float64).eps * np.abs(y).max(axis=0)
    varies = weights @ centered**2 > weights.sum() * rounding**2
    return centered if varies.all() else np.where(varies, centered, 0.0)


def _fit_quality(residual: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted R2 (k,) of residuals (m, k) of centered outputs `y`, and its standard error over redraws."""
    total = weights @ y**2
    safe = np.where(total > 0.0, total, 1.0)
    unexplained = weights @ residual**2 / safe
    influence = weights[1:, None] * (residual[1:] ** 2 - unexplained * y[1:] ** 2) / safe
    return 1.0 - unexplained, np.sqrt((influence**2).sum(axis=0))
