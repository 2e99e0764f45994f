"""How much of a map lies inside a mask, against how much of the picture does."""

from __future__ import annotations

import numpy as np

from auditnn.kernels.estimate import Estimate, effective_df, undefined


def mass_inside(maps: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the absolute values of `maps` (n, h, w) that lies inside `masks` (n, h, w), shape (n,), and for
    which rows there is one, bool (n,): a map of zeros has no shares (0 stands in for it).

    >>> share, known = mass_inside(np.array([[[1.0, -3.0]], [[0.0, 0.0]]]), np.array([[[True, False]]] * 2))
    >>> share.tolist(), known.tolist()
    ([0.25, 0.0], [True, False])
    """
    flat = (len(maps), maps.shape[1] * maps.shape[2])
    size = np.abs(np.asarray(maps, dtype=np.float64)).reshape(flat)
    largest = size.max(axis=1, initial=0.0)
    known = largest > 0.0
    size /= np.where(known, largest, 1.0)[:, None]  # values near the largest float would overflow when summed
    total = size.sum(axis=1)
    inside = (size * masks.reshape(flat)).sum(axis=1)
    return np.divide(inside, total, out=np.zeros(len(maps)), where=known), known


def spread_over(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Values of units (n, d) as maps (n, h, w): each unit's value in equal parts on its pixels in `segments` (n, h, w).

    >>> spread_over(np.array([[4.0, 1.0]]), np.array([[[0, 0, 1]]])).tolist()
    [[[2.0, 2.0, 1.0]]]
    """
    maps = np.empty(segments.shape)
    for row, units in enumerate(segments):
        size = np.bincount(units.ravel(), minlength=values.shape[1])
        maps[row] = (values[row] / np.maximum(size, 1))[units]
    return maps


def ratio_of_means(top: np.ndarray, bottom: np.ndarray) -> Estimate:
    """Mean of `top` over mean of `bottom`, both (n,) and not negative, the latter above 0; Student's t.

    With A and B the means and r their ratio, a row's influence is (top - r bottom) / B (delta method). Undefined for
    fewer than two rows.
    """
    n = len(top)
    if n < 2:
        return undefined("there are no rows" if n == 0 else "one row has no spread to judge a mean by", n)
    mean = float(bottom.mean())
    ratio = float(top.mean()) / mean
    influence = (top - ratio * bottom) / mean
    df = effective_df(influence)
    basis = {"se": float(influence.std(ddof=1) / np.sqrt(n)), "scale": "identity"} | ({} if df is None else {"df": df})
    return Estimate(ratio, "t", basis, n)
