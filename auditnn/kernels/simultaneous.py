"""Intervals and p-values for extremes over groups of rates: largest gap, smallest ratio, worst group.

The value is the plug-in. A bootstrap of a maximum does not cover, so both ends come from the bounds of pairs:

- An end that says "every pair is within L" (upper end of a gap, lower end of a ratio or of the worst rate) is the
  least favorable of the pairs' own bounds at the plain critical value. The one pair that is truly extreme is among
  them, so its error alone bounds the error of the end (an intersection-union test), however many groups there are.
- An end that says "some pair is beyond L" is the most favorable bound among pairs at a simultaneous critical
  value: Tukey's studentized range for pairs, Sidak's for single groups. With two groups this is the plain one.

"above" asks for evidence that the truth lies above the limit (the null: it does not), "below" likewise, and every
p-value inverts the very end that the interval shows. Counts `x` and `n` have shape (..., g): leading dimensions are
separate data sets, except in the p-values, which take one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import special

from auditnn.kernels.intervals import (
    critical_value,
    newcombe_bounds,
    rate_bounds,
    score_ratio_statistic,
    wilson_bounds,
)
from auditnn.kernels.studentized import range_quantile, range_tail

Side = Literal["above", "below"]
ROOT2 = float(np.sqrt(2.0))
FURTHEST_Z = 40.0
SMALLEST_RATIO = 1e-9


class Ends(NamedTuple):
    """The two ends of an interval; infinite where nothing bounds it."""

    low: Any
    high: Any


def tukey_critical(confidence: float, groups: int) -> float:
    """Critical value for the best of all pairs: Tukey's range quantile over root two; 1.96 for two groups."""
    return range_quantile(1.0 - confidence, groups) / ROOT2


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


def largest_bound(x: np.ndarray, n: np.ndarray, z: float, end: Literal["low", "high"]) -> np.ndarray:
    """The largest, over ordered pairs of groups, of Newcombe's bound of p_i - p_j at `z`, shape (...).

    A negative z crosses to the other side of the estimate, so that the bound is monotone in z from one to the other.
    """
    rate = x / n
    low, high = wilson_bounds(x, n, abs(z))
    down, up = rate - low, high - rate
    difference = rate[..., :, None] - rate[..., None, :]
    if (end == "low") == (z >= 0.0):
        bound = difference - np.hypot(down[..., :, None], up[..., None, :])
    else:
        bound = difference + np.hypot(up[..., :, None], down[..., None, :])
    own = np.arange(x.shape[-1])
    bound[..., own, own] = -np.inf
    return bound.max(axis=(-2, -1))


def gap_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the largest minus the smallest of g >= 2 rates; with two, Newcombe's folded at zero."""
    low = largest_bound(x, n, tukey_critical(confidence, x.shape[-1]), "low")
    return Ends(np.maximum(low, 0.0), np.minimum(largest_bound(x, n, critical_value(confidence), "high"), 1.0))


def gap_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the gap beyond `limit`.

    "below": the least favorable pair. "above" with two groups: both tails of the signed difference, so that the
    level holds at a limit of zero too; with more: the tail of the studentized range where the low end meets it.
    """
    if side == "below":
        if limit > 1.0 or limit <= 0.0:
            return 0.0 if limit > 1.0 else 1.0
        return float(special.ndtr(-solve_z(lambda z: float(largest_bound(x, n, z, "high")), limit)))
    if limit < 0.0 or limit >= 1.0:
        return 0.0 if limit < 0.0 else 1.0
    if len(x) > 2:
        return range_tail(ROOT2 * solve_z(lambda z: float(largest_bound(x, n, z, "low")), limit, 0.0), len(x))
    smaller, larger = np.argsort(x / n)

    def signed(z: float) -> float:
        low, high = newcombe_bounds(x[larger], n[larger], x[smaller], n[smaller], abs(z))
        return float(low if z >= 0.0 else high)

    return float(min(1.0, special.ndtr([-solve_z(signed, limit), -solve_z(signed, -limit)]).sum()))


def smallest_statistic(x: np.ndarray, n: np.ndarray, ratio: Any) -> np.ndarray:
    """The smallest, over ordered pairs of groups, score statistic of "p_i / p_j is `ratio`", shape (...); falls as
    `ratio` (...) rises."""
    statistic = score_ratio_statistic(
        x[..., :, None], n[..., :, None], x[..., None, :], n[..., None, :], np.asarray(ratio)[..., None, None]
    )
    own = np.arange(x.shape[-1])
    statistic[..., own, own] = np.inf
    return statistic.min(axis=(-2, -1))


def ratio_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest over the largest of g >= 2 rates, at least one of which is above zero.

    With two groups Miettinen and Nurminen's score interval, folded at one.
    """
    low = _ratio_end(x, n, critical_value(confidence))
    high = _ratio_end(x, n, -tukey_critical(confidence, x.shape[-1]))
    return Ends(np.where(x.min(axis=-1) <= 0.0, 0.0, low), high)


def _ratio_end(x: np.ndarray, n: np.ndarray, z: float) -> np.ndarray:
    """The ratio in [1e-9, 1] at which the smallest statistic is `z`, by bisection of its logarithm."""
    below, above = np.full(x.shape[:-1], np.log(SMALLEST_RATIO)), np.zeros(x.shape[:-1])
    open_end = smallest_statistic(x, n, np.ones(x.shape[:-1])) > z
    for _ in range(50):
        middle = (below + above) / 2.0
        further = smallest_statistic(x, n, np.exp(middle)) > z
        below, above = np.where(further, middle, below), np.where(further, above, middle)
    return np.where(open_end, 1.0, np.exp((below + above) / 2.0))


def ratio_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the ratio beyond `limit`; as `gap_p_value` with its sides exchanged."""
    if limit > 1.0 or (limit == 1.0 and side == "above"):
        return 1.0 if side == "above" else 0.0
    if limit <= 0.0:
        return 1.0 if side == "below" or (limit == 0.0 and np.min(x) <= 0.0) else 0.0
    least = float(smallest_statistic(x, n, limit))
    if side == "above":
        return float(special.ndtr(-least))
    if len(x) > 2:
        return range_tail(-ROOT2 * least, len(x))
    smaller, larger = np.argsort(x / n)
    both = np.array([limit, 1.0 / limit])
    tails = special.ndtr(score_ratio_statistic(x[smaller], n[smaller], x[larger], n[larger], both))
    return float(min(1.0, tails.sum()))


def minimum_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest of g rates: plain low ends, Sidak-adjusted high ends."""
    tail = (1.0 - confidence) / 2.0
    adjusted = -np.expm1(np.log1p(-tail) / x.shape[-1])
    return Ends(rate_bounds(x, n, tail)[0].min(axis=-1), rate_bounds(x, n, adjusted)[1].min(axis=-1))


def minimum_p_value(tails: np.ndarray, side: Side) -> float:
    """Combine the groups' own p-values: the largest of them ("above"), or Sidak's of the smallest ("below")."""
    if side == "above":
        return float(np.max(tails))
    smallest = float(np.min(tails))
    return 1.0 if smallest >= 1.0 else float(-np.expm1(len(tails) * np.log1p(-smallest)))


def worst_gap_interval(x: Sequence[np.ndarray], n: Sequence[np.ndarray], confidence: float = 0.95) -> Ends:
    """Interval of the largest of several gaps (equalized odds: two). Bonferroni for the low end only: the high end
    is the largest of theirs, and the gap that is truly the largest is among them."""
    adjusted = 1.0 - (1.0 - confidence) / len(x)
    lows = [gap_interval(a, b, adjusted).low for a, b in zip(x, n, strict=True)]
    highs = [gap_interval(a, b, confidence).high for a, b in zip(x, n, strict=True)]
    return Ends(np.max(lows, axis=0), np.max(highs, axis=0))


def worst_gap_p_value(x: Sequence[np.ndarray], n: Sequence[np.ndarray], limit: float, side: Side) -> float:
    """p-value of the largest of several gaps: Bonferroni ("above"), or the least favorable gap ("below")."""
    tails = [gap_p_value(a, b, limit, side) for a, b in zip(x, n, strict=True)]
    return max(tails) if side == "below" else min(1.0, len(tails) * min(tails))
