"""Intervals and p-values for extremes over groups of rates: largest gap, smallest ratio, worst group.

The value is the plug-in. A bootstrap of a maximum does not cover, so both ends come from the bounds of pairs:

- An end that says "every pair is within L" (upper end of a gap, lower end of a ratio or of the worst rate) is the
  least favorable of the pairs' own bounds at the plain critical value. The one pair that is truly extreme is among
  them, so its error alone bounds the error of the end (an intersection-union test), however many groups there are.
- An end that says "some pair is beyond L" is the most favorable bound among pairs at a simultaneous critical
  value: Tukey's studentized range for pairs, Sidak's for single groups.

The bound of a pair joins the Clopper-Pearson bounds of its two rates, by adding the squares of their distances from
the estimates (Zou & Donner 2008, Statistics in Medicine 27; ratios: Donner & Zou 2012, SMMR 21). Wilson's bounds are
too sure at the critical values that many groups need: with 15 events in 2,000 rows the tail at z = 4 is 21 times what
they say.

"above" asks for evidence that the truth lies above the limit (the null: it does not), "below" likewise, and every
p-value inverts the very end that the interval shows. Counts `x` and `n` have shape (..., g): leading dimensions are
separate data sets, except in the p-values, which take one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy import special

from auditnn.kernels.intervals import (
    clopper_pearson_bounds,
    critical_value,
    exact_distances,
    joined_ratio_bounds,
)
from auditnn.kernels.inversion import Ends, Side, solve_z
from auditnn.kernels.studentized import range_quantile, range_tail
from auditnn.kernels.two_groups import folded_gap_p_value, folded_ratio_p_value

End = Literal["low", "high"]
ROOT2 = float(np.sqrt(2.0))
FEW = 8  # groups of which every pair is looked at


def tukey_critical(confidence: float, groups: int) -> float:
    """Critical value for the best of all pairs: Tukey's range quantile over root two; 1.96 for two groups."""
    return range_quantile(1.0 - confidence, groups) / ROOT2


def gap_end(x: np.ndarray, n: np.ndarray, z: float, end: End) -> np.ndarray:
    """The largest, over ordered pairs of groups, of the bound of p_i - p_j at `z`, shape (...).

    A negative z crosses to the other side of the estimate, so that the bound is monotone in z from one to the other.
    """
    rate, down, up = exact_distances(x, n, z)
    inward = (end == "low") == (z >= 0.0)
    mine, theirs = (-down, -up) if inward else (up, down)
    first, second = leading(rate, mine), leading(-rate, theirs)
    apart = np.hypot(mine[..., first, None], theirs[..., None, second])
    difference = rate[..., first, None] - rate[..., None, second]
    return _over_pairs(difference - apart if inward else difference + apart, first, second, np.max, -np.inf)


def gap_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the largest minus the smallest of g >= 2 rates."""
    low = gap_end(x, n, tukey_critical(confidence, x.shape[-1]), "low")
    return Ends(np.maximum(low, 0.0), np.minimum(gap_end(x, n, critical_value(confidence), "high"), 1.0))


def gap_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the gap beyond `limit`: the tail of the studentized range where the low end meets it ("above"),
    or the normal tail of the least favorable pair ("below"). Two groups: see `folded_gap_p_value`."""
    if len(x) == 2:
        return folded_gap_p_value(x, n, limit, side, newcombe=False)
    if limit < 0.0 or limit > 1.0:
        return 1.0 if (side == "above") == (limit > 1.0) else 0.0
    if side == "below":
        return float(special.ndtr(-solve_z(lambda z: gap_end(x, n, z, "high"), limit))) if limit > 0.0 else 1.0
    return range_tail(ROOT2 * solve_z(lambda z: gap_end(x, n, z, "low"), limit, 0.0), len(x))


def ratio_end(x: np.ndarray, n: np.ndarray, z: float, end: End) -> np.ndarray:
    """The smallest, over ordered pairs of groups, of the bound of p_i / p_j at `z`, shape (...).

    As for `gap_end`, a negative z crosses to the other side of the estimate.
    """
    rate, down, up = exact_distances(x, n, z)
    outward = (end == "low") == (z >= 0.0)
    first = leading(-rate, down if outward else -up)
    second = leading(rate, up if outward else -down)
    pairs = joined_ratio_bounds(x[..., first, None], n[..., first, None], x[..., None, second], n[..., None, second], z)
    return _over_pairs(pairs[0 if outward else 1], first, second, np.min, np.inf)


def leading(*merits: np.ndarray) -> np.ndarray:
    """Positions of the groups that can be part of the best pair, where a pair is better the higher each merit is.

    A group that two others match or surpass in every merit cannot: one of them is not the pair's other half. All
    where there are leading dimensions.
    """
    groups = merits[0].shape[-1]
    if merits[0].ndim > 1 or groups <= FEW:
        return np.arange(groups)
    no_worse = np.logical_and.reduce([one[:, None] >= one for one in merits])
    better = np.logical_or.reduce([one[:, None] > one for one in merits])
    return np.flatnonzero((no_worse & (better | np.tri(groups, k=-1, dtype=bool).T)).sum(axis=0) < 2)


def ratio_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest over the largest of g >= 2 rates, at least one of which is above zero."""
    low = ratio_end(x, n, critical_value(confidence), "low")
    return Ends(low, np.minimum(ratio_end(x, n, tukey_critical(confidence, x.shape[-1]), "high"), 1.0))


def ratio_p_value(x: np.ndarray, n: np.ndarray, limit: float, side: Side) -> float:
    """p-value of the ratio beyond `limit`; as `gap_p_value` with its sides exchanged."""
    if len(x) == 2:
        return folded_ratio_p_value(x, n, limit, side, score=False)
    if limit < 0.0 or limit > 1.0:
        return 1.0 if (side == "above") == (limit > 1.0) else 0.0
    if side == "below":
        return range_tail(ROOT2 * solve_z(lambda z: ratio_end(x, n, z, "high"), limit, 0.0), len(x))
    if limit == 1.0 or np.min(x) <= 0.0:
        return 1.0
    return float(special.ndtr(-solve_z(lambda z: ratio_end(x, n, z, "low"), limit)))


def minimum_interval(x: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> Ends:
    """Interval of the smallest of g rates: plain low ends, Sidak-adjusted high ends, both Clopper-Pearson."""
    tail = (1.0 - confidence) / 2.0
    adjusted = -np.expm1(np.log1p(-tail) / x.shape[-1])
    low = clopper_pearson_bounds(x, n, tail)[0].min(axis=-1)
    return Ends(low, clopper_pearson_bounds(x, n, adjusted)[1].min(axis=-1))


def minimum_p_value(tails: np.ndarray, side: Side) -> float:
    """Combine the groups' own p-values: the largest of them ("above"), or Sidak's of the smallest ("below")."""
    if side == "above":
        return float(np.max(tails))
    smallest = float(np.min(tails))
    return 1.0 if smallest >= 1.0 else float(-np.expm1(len(tails) * np.log1p(-smallest)))


def _over_pairs(
    bound: np.ndarray, first: np.ndarray, second: np.ndarray, extreme: Callable[..., Any], nothing: float
) -> np.ndarray:
    """The extreme of `bound` (..., first, second) over pairs of different groups, shape (...)."""
    bound[..., first[:, None] == second] = nothing
    return np.asarray(extreme(bound, axis=(-2, -1)))
