"""The gap and the ratio of exactly two rates, folded because nobody asks which of the two is the larger.

Newcombe's and the score interval cover 0.94 and more where both rates are of 30 rows or more; beside hundreds, of 10
rows 0.91 to 0.93 and of one 0.85. So smaller denominators take joined Clopper-Pearson bounds (`simultaneous`), which
cover there too (benchmarks/results/coverage.md). The same bounds hold up the far tails of the p-values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from scipy import special

from auditnn.kernels.intervals import (
    critical_value,
    joined_difference_bounds,
    joined_ratio_bounds,
    newcombe_bounds,
    score_ratio_bounds,
    score_ratio_statistic,
)
from auditnn.kernels.inversion import Ends, Side, careful, solve_z

ENOUGH_ROWS = 30
Bounds = Callable[..., tuple[np.ndarray, np.ndarray]]


def gap_method(n: np.ndarray) -> Literal["newcombe", "simultaneous"]:
    """The interval method for the gap over groups with denominators `n` (g,).

    >>> gap_method(np.array([500, 40])), gap_method(np.array([500, 12])), gap_method(np.array([500, 40, 60]))
    ('newcombe', 'simultaneous', 'simultaneous')
    """
    return "newcombe" if len(n) == 2 and min(n) >= ENOUGH_ROWS else "simultaneous"


def ratio_method(n: np.ndarray) -> Literal["score", "simultaneous"]:
    """The interval method for the smallest over the largest rate; see `gap_method`."""
    return "score" if len(n) == 2 and min(n) >= ENOUGH_ROWS else "simultaneous"


def difference_method(n: np.ndarray) -> Literal["newcombe", "clopper_pearson"]:
    """The interval method for a signed difference of two rates: joined Clopper-Pearson bounds as for the gap.

    >>> difference_method(np.array([500, 40])), difference_method(np.array([275, 4]))
    ('newcombe', 'clopper_pearson')
    """
    return "newcombe" if min(n) >= ENOUGH_ROWS else "clopper_pearson"


def folded_gap_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Newcombe's interval of p_1 - p_2 as one of |p_1 - p_2|; arrays of shape (..., 2)."""
    low, high = newcombe_bounds(x[..., 0], n[..., 0], x[..., 1], n[..., 1], critical_value(confidence))
    across = (low <= 0.0) & (high >= 0.0)
    nearest = np.where(across, 0.0, np.minimum(np.abs(low), np.abs(high)))
    return Ends(nearest, np.maximum(np.abs(low), np.abs(high)))


def folded_ratio_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """The score interval of p_1 / p_2 as one of the smaller over the larger rate; arrays of shape (..., 2)."""
    low, high = score_ratio_bounds(x[..., 0], n[..., 0], x[..., 1], n[..., 1], critical_value(confidence))
    with np.errstate(divide="ignore"):
        inverse_low, inverse_high = 1.0 / high, 1.0 / low
    across = (low <= 1.0) & (high >= 1.0)
    return Ends(np.minimum(low, inverse_low), np.where(across, 1.0, np.minimum(high, inverse_high)))


def folded_gap_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side, *, newcombe: bool = True) -> float:
    """p-value of |p_1 - p_2| beyond `limit`, from Newcombe's bounds or else from joined Clopper-Pearson bounds.

    "above" adds both tails of the signed difference, at +limit and -limit, so that the level holds at a limit of
    zero too; "below" takes the larger of the two.
    """
    if limit < 0.0 or limit > 1.0 or (limit == 0.0 and side == "below"):
        return 0.0 if (side == "above") == (limit < 0.0) and limit != 0.0 else 1.0

    def tail(bounds: Bounds) -> float:
        return _folded_tail(bounds, x, n, (limit, -limit), side)

    exact = partial(tail, joined_difference_bounds)
    return careful(tail(newcombe_bounds), exact) if newcombe else exact()


def folded_ratio_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side, *, score: bool = True) -> float:
    """p-value of the smaller over the larger rate beyond `limit`; as `folded_gap_p_value`, sides exchanged."""
    if limit <= 0.0 or limit > 1.0 or (limit == 1.0 and side == "above"):
        certain = limit <= 0.0 and not (limit == 0.0 and np.min(x) <= 0.0)
        return 0.0 if limit != 1.0 and (side == "above") == certain else 1.0
    limit = max(limit, 1e-12)  # nearer to zero nothing differs, and its inverse would overflow
    # the mirror image of the gap: below the limit is beyond it
    mirrored: Side = "below" if side == "above" else "above"
    exact = partial(_folded_tail, joined_ratio_bounds, x, n, (limit, 1.0 / limit), mirrored, falling=True)
    if not score:
        return exact()
    smaller, larger = np.argsort(x / n)
    at = np.array([limit, 1.0 / limit])
    z = score_ratio_statistic(x[smaller], n[smaller], x[larger], n[larger], at)
    if side == "above":
        return careful(float(max(special.ndtr(-z[0]), special.ndtr(z[1]))), exact)
    both = float(special.ndtr(z).sum())
    return careful(both, exact) if both < 0.5 else 1.0


def _folded_tail(
    bounds: Bounds, x: np.ndarray, n: np.ndarray, limits: tuple[float, float], side: Side, *, falling: bool = False
) -> float:
    """Tail of a folded quantity from the bounds of the signed one: both tails ("above") or the larger ("below").

    A sum of both tails over one half says nothing and is 1: skewed bounds of few rows could let it waver there.
    `limits` are where the limit lies for the signed quantity, and its mirror image. With `falling` the quantity is
    beyond its limit where it is small (a ratio).
    """
    smaller, larger = np.argsort(x / n)
    first, second = (smaller, larger) if falling else (larger, smaller)

    def signed(z: float) -> float:
        low, high = bounds(x[first], n[first], x[second], n[second], abs(z))
        return float(low if (z >= 0.0) != falling else high)

    near, far = solve_z(signed, limits[0]), solve_z(signed, limits[1])
    if side == "above":
        both = float(special.ndtr(-near) + special.ndtr(-far))
        return both if both < 0.5 else 1.0
    return float(max(special.ndtr(near), special.ndtr(-far)))
