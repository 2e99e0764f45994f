"""Intervals and p-values for extremes over groups: largest gap, smallest ratio, worst group.

The value is the plug-in. A bootstrap of a maximum does not cover, so both ends come from the bounds of pairs:

- An end that says "every pair is within L" (upper end of a gap, lower end of a ratio or of the worst rate) is the
  least favorable of the pairs' own bounds at the plain critical value. The one pair that is truly extreme is among
  them, so its error alone bounds the error of the end (an intersection-union test), however many groups there are.
- An end that says "some pair is beyond L" is the most favorable bound among pairs at a simultaneous critical
  value: Tukey's studentised range for pairs, Sidak's for single groups. With two groups this is the plain one.

Here "limit" is a number on the scale of the value, "above" means evidence that the truth lies above it (the null:
it does not), and every p-value inverts the very end that the interval shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from auditnn.kernels.intervals import (
    critical_value,
    newcombe_bounds,
    rate_bounds,
    score_ratio_bounds,
    score_ratio_statistic,
)
from auditnn.kernels.studentized import range_quantile, range_tail

Side = Literal["above", "below"]
ROOT2 = float(np.sqrt(2.0))
FURTHEST_Z = 40.0


class Ends(NamedTuple):
    """The two ends of an interval; infinite where nothing bounds it."""

    low: float
    high: float


def tukey_critical(confidence: float, groups: int) -> float:
    """Critical value for the best of all pairs: Tukey's range quantile over root two; 1.96 for two groups."""
    return range_quantile(1.0 - confidence, groups) / ROOT2


def ordered_pairs(groups: int) -> tuple[np.ndarray, np.ndarray]:
    """All (i, j) with i != j, as two index arrays of length g (g - 1)."""
    first, second = np.nonzero(~np.eye(groups, dtype=bool))
    return first, second


def solve_z(end: Callable[[float], float], limit: float, low: float = -FURTHEST_Z, high: float = FURTHEST_Z) -> float:
    """The z at which the monotone function `end` reaches `limit` (clipped to [low, high]), by bisection."""
    rising = end(high) >= end(low)
    for _ in range(60):
        middle = (low + high) / 2.0
        if (end(middle) < limit) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


# ---------------------------------------------------------------- gap of rates


def _difference_bound(x: np.ndarray, n: np.ndarray, z: float, side: Literal["low", "high"]) -> float:
    """The largest, over ordered pairs, of the Newcombe bound of p_i - p_j; a negative z crosses to the other side."""
    first, second = ordered_pairs(len(x))
    low, high = newcombe_bounds(x[first], n[first], x[second], n[second], abs(z))
    return float(np.max(low if (side == "low") == (z >= 0.0) else high))


def gap_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the largest minus the smallest of g >= 2 rates."""
    low = _difference_bound(x, n, tukey_critical(confidence, len(x)), "low")
    return Ends(max(0.0, low), min(1.0, _difference_bound(x, n, critical_value(confidence), "high")))


def gap_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the gap beyond `limit`.

    "below": the least favorable pair. "above" with two groups: both tails of the signed difference, so that the
    level holds at a limit of zero too; with more: the tail of the studentised range where the low end meets it.
    """
    if side == "below":
        if limit > 1.0 or limit <= 0.0:
            return 0.0 if limit > 1.0 else 1.0
        return float(special.ndtr(-solve_z(lambda z: _difference_bound(x, n, z, "high"), limit)))
    if limit < 0.0 or limit >= 1.0:
        return 0.0 if limit < 0.0 else 1.0
    if len(x) > 2:
        return range_tail(ROOT2 * solve_z(lambda z: _difference_bound(x, n, z, "low"), limit, 0.0), len(x))
    rates = x / n
    order = np.argsort(rates)[::-1]
    cells = (x[order[0]], n[order[0]], x[order[1]], n[order[1]])

    def low_end(z: float) -> float:
        low, high = newcombe_bounds(*cells, abs(z))
        return float(low if z >= 0.0 else high)

    tails = special.ndtr([-solve_z(low_end, limit), -solve_z(low_end, -limit)])
    return float(min(1.0, tails.sum()))


# ---------------------------------------------------------------- ratio of rates


def ratio_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest over the largest of g >= 2 rates, at least one of which is above zero."""
    first, second = ordered_pairs(len(x))
    cells = (x[first], n[first], x[second], n[second])
    low = float(np.min(score_ratio_bounds(*cells, critical_value(confidence))[0]))
    high = float(np.min(score_ratio_bounds(*cells, tukey_critical(confidence, len(x)))[1]))
    return Ends(low, min(1.0, high))


def ratio_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the ratio beyond `limit`; see `gap_p_value`, whose sides are exchanged."""
    if limit <= 0.0 or limit > 1.0:
        within = (side == "above") == (limit > 1.0)
        return 1.0 if within or (side == "above" and limit == 0.0 and np.min(x) <= 0.0) else 0.0
    first, second = ordered_pairs(len(x))
    cells = (x[first], n[first], x[second], n[second])
    statistic = score_ratio_statistic(*cells, limit)
    if side == "above":
        return float(special.ndtr(-statistic.min())) if limit < 1.0 else 1.0
    if len(x) > 2:
        return range_tail(-ROOT2 * float(statistic.min()), len(x))
    smaller = int(np.argmin(x / n))
    forward = (x[smaller], n[smaller], x[1 - smaller], n[1 - smaller])
    tails = special.ndtr(score_ratio_statistic(*forward, np.array([limit, 1.0 / limit])))
    return float(min(1.0, tails.sum()))


# ---------------------------------------------------------------- worst group


def minimum_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest of g rates: plain low ends, Sidak-adjusted high ends."""
    tail = (1.0 - confidence) / 2.0
    adjusted = -np.expm1(np.log1p(-tail) / len(x))
    return Ends(float(np.min(rate_bounds(x, n, tail)[0])), float(np.min(rate_bounds(x, n, adjusted)[1])))


def minimum_p_value(tails: np.ndarray, side: Side) -> float:
    """Combine the groups' own p-values: the largest of them ("above"), or Sidak's of the smallest ("below")."""
    if side == "above":
        return float(np.max(tails))
    smallest = float(np.min(tails))
    return 1.0 if smallest >= 1.0 else float(-np.expm1(len(tails) * np.log1p(-smallest)))


# ---------------------------------------------------------------- the larger of several gaps


def worst_gap_interval(x: Sequence[np.ndarray], n: Sequence[np.ndarray], confidence: float = 0.95) -> Ends:
    """Interval of the largest of several gaps (equalized odds: two). Bonferroni for the low end only."""
    adjusted = 1.0 - (1.0 - confidence) / len(x)
    lows = [gap_interval(a, b, adjusted).low for a, b in zip(x, n, strict=True)]
    highs = [gap_interval(a, b, confidence).high for a, b in zip(x, n, strict=True)]
    return Ends(max(lows), max(highs))


def worst_gap_p_value(x: Sequence[np.ndarray], n: Sequence[np.ndarray], limit: float, side: Side) -> float:
    """p-value of the largest of several gaps: Bonferroni ("above"), or the least favorable gap ("below")."""
    tails = [gap_p_value(a, b, limit, side) for a, b in zip(x, n, strict=True)]
    return max(tails) if side == "below" else min(1.0, len(tails) * min(tails))


# ---------------------------------------------------------------- gap of means


def _welch(mean: np.ndarray, se: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over ordered pairs: difference of means, its standard error, Welch-Satterthwaite degrees of freedom."""
    first, second = ordered_pairs(len(mean))
    variance = se**2
    total = variance[first] + variance[second]
    share = variance[first] ** 2 / (n[first] - 1.0) + variance[second] ** 2 / (n[second] - 1.0)
    df = np.where(share > 0.0, total**2 / np.where(share > 0.0, share, 1.0), 1.0)
    return mean[first] - mean[second], np.sqrt(total), df


def mean_gap_interval(mean: np.ndarray, se: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the largest minus the smallest of g means with their own standard errors (Welch's t for pairs).

    The low end takes Student's quantile at the tail that Tukey's critical value has under the normal, so that
    every pair keeps its own degrees of freedom.
    """
    difference, error, df = _welch(mean, se, n)
    tail = special.ndtr(-tukey_critical(confidence, len(mean)))
    low = np.max(difference + special.stdtrit(df, tail) * error)
    high = np.max(difference - special.stdtrit(df, (1.0 - confidence) / 2.0) * error)
    return Ends(max(0.0, float(low)), float(high))


def mean_gap_p_value(mean: np.ndarray, se: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the gap of means beyond `limit`."""
    difference, error, df = _welch(mean, se, n)
    if limit < 0.0:
        return 0.0 if side == "above" else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.nan_to_num((difference - limit) / error, nan=0.0, posinf=np.inf, neginf=-np.inf)
    if side == "below":
        return float(np.max(special.stdtr(df, statistic)))
    tails = special.stdtr(df, -statistic)
    best = int(np.argmin(tails))
    if len(mean) > 2:
        return range_tail(float(-ROOT2 * special.ndtri(tails[best])), len(mean))
    mirrored = special.stdtr(df, -(difference + limit) / np.where(error > 0.0, error, 1e-300))
    return float(min(1.0, tails[best] + mirrored[best]))
