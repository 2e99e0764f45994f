"""Coalitions of d units, and Shapley values from the values of all of them."""

from __future__ import annotations

from math import comb

import numpy as np


def all_coalitions(d: int) -> np.ndarray:
    """All 2^d coalitions, bool (2^d, d): row i holds unit j where bit j of i is set; the empty one first.

    >>> all_coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    masks: np.ndarray = (np.arange(1 << d)[:, None] >> np.arange(d)) & 1 == 1
    return masks


def shapley_from_all(values: np.ndarray) -> np.ndarray:
    """Shapley values (d, k) from the values (2^d, k) of `all_coalitions(d)`.

    A unit's value is the mean over coalition sizes of its mean gain when it joins (Shapley 1953).
    """
    d = len(values).bit_length() - 1
    sizes = np.bitwise_count(np.arange(1 << d))
    weight = np.array([1.0 / (d * comb(d - 1, size)) if size < d else 0.0 for size in range(d + 1)])
    result = np.empty((d, values.shape[1]))
    for unit in range(d):
        halves = values.reshape(-1, 2, 1 << unit, values.shape[1])
        without = weight[sizes].reshape(-1, 2, 1 << unit)[:, 0]
        result[unit] = np.einsum("ab,abk->k", without, halves[:, 1] - halves[:, 0])
    return result
