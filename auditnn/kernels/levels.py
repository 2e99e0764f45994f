"""Levels: a distribution as `L` equally likely values, so that a draw is one random integer.

Values of one bin or category stand together, so whether a draw falls into a given one is one comparison of integers.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import special


def spread_positions(codes: np.ndarray, size: int) -> np.ndarray:
    """Positions (size,) into `codes` (n,), in ascending order of code, each code in proportion to how often it occurs
    (to within one of the `size`).

    >>> spread_positions(np.array([1, 0, 1, 1]), 8).tolist()
    [1, 1, 0, 0, 2, 2, 3, 3]
    """
    order = np.argsort(codes, kind="stable")
    chosen: np.ndarray = order[((np.arange(size) + 0.5) * (len(codes) / size)).astype(np.intp)]
    return chosen


def level_starts(codes: np.ndarray, count: int) -> np.ndarray:
    """Where each of `count` codes starts among ascending `codes` (L,), shape (count + 1,); the last entry is L."""
    starts: np.ndarray = np.searchsorted(codes, np.arange(count + 1))
    return starts


def draw_levels(random: np.random.Generator, shape: tuple[int, ...], size: int) -> np.ndarray:
    """Uniform draws from 0 to size - 1, uint16 of this shape; `size` is a power of two, at most 2^16.

    Four draws come from each 64-bit number of the generator, which is several times faster than a draw for each.
    """
    count = int(np.prod(shape))
    raw = np.asarray(random.bit_generator.random_raw((count + 3) // 4), dtype="<u8")
    return (raw.view("<u2")[:count] & np.uint16(size - 1)).reshape(shape)


def normal_levels(size: int) -> np.ndarray:
    """A standard normal as `size` equally likely values: the middles of its quantile strata, scaled to variance 1."""
    middles: np.ndarray = special.ndtri((np.arange(size) + 0.5) / size)
    return middles / np.sqrt((middles**2).mean())


def binned_levels(values: np.ndarray, edges: np.ndarray, codes: np.ndarray, whole: bool) -> np.ndarray:
    """Values of levels whose bins are `codes` (L,), ascending: in each bin the quantiles of a normal of the mean and
    standard deviation of the `values` (n,) in it, truncated at its ends.

    Bin b holds edges[b - 1] < value <= edges[b]; the outer bins end at the least and the largest value. `whole`
    numbers are rounded and stay within their bin.
    """
    least, most = values.min(), values.max()
    where = np.searchsorted(edges, values)
    result = np.empty(len(codes))
    starts = level_starts(codes, len(edges) + 1)
    for code, (start, stop) in enumerate(pairwise(starts)):
        if start == stop:
            continue
        inside = values[where == code]
        low = least if code == 0 else edges[code - 1]
        high = most if code == len(edges) else edges[code]
        drawn = _truncated_normal(stop - start, inside.mean(), inside.std(), low, high)
        result[start:stop] = _rounded(drawn, low, high, code == 0) if whole else drawn
    return result


def _truncated_normal(size: int, mean: float, deviation: float, low: float, high: float) -> np.ndarray:
    if deviation == 0.0:
        return np.full(size, mean)
    below, above = special.ndtr((low - mean) / deviation), special.ndtr((high - mean) / deviation)
    middles = below + (above - below) * (np.arange(size) + 0.5) / size
    return np.clip(mean + deviation * special.ndtri(middles), low, high)


def _rounded(values: np.ndarray, low: float, high: float, closed: bool) -> np.ndarray:
    """Nearest whole numbers in (low, high], or [low, high] where `closed`."""
    first = np.ceil(low) if closed else np.floor(low) + 1.0
    return np.clip(np.rint(values), first, np.floor(high))
