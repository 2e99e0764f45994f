"""How alike two orders of the same things are: Spearman's rank correlation, row by row."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

SAME = 1e-6


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks (n, d) of `values` (n, d) within each row, from 1; equal values share the mean of their ranks.

    Values that differ by less than a millionth of the row's largest magnitude count as equal: what a float32 model
    leaves of an exact zero has no order.

    >>> average_ranks(np.array([[5.0, 1e-9, 0.0, -2.0]])).tolist()
    [[4.0, 2.5, 2.5, 1.0]]
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        return np.zeros(values.shape)
    largest = np.abs(values).max(axis=1, keepdims=True)
    scaled = np.round(values / np.where(largest > 0.0, largest * SAME, 1.0))
    ranks: np.ndarray = rankdata(scaled, axis=1)
    return ranks


def rank_correlation(a: np.ndarray, b: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """Spearman's correlation (n,) between the rows of `a` and `b`, both (n, d); NaN where one of them is constant.

    Where `counts` (n,) is given, only the first `counts[i]` values of row i take part. Pearson's correlation of
    average ranks, which is Spearman's with ties.

    >>> rank_correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 9.0]])).tolist()
    [1.0]
    """
    if counts is not None and len(counts) and (np.asarray(counts) != a.shape[1]).any():
        rows = [rank_correlation(a[i : i + 1, :d], b[i : i + 1, :d]) for i, d in enumerate(counts)]
        return np.concatenate(rows)
    x, y = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (average_ranks(a), average_ranks(b)))
    square = (x * x).sum(axis=1) * (y * y).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (x * y).sum(axis=1) / np.sqrt(square)
    return np.where(square > 0.0, np.clip(correlation, -1.0, 1.0), np.nan)
