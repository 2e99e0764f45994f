"""All coalitions of d units, and Shapley values from the values of all of them."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np


def all_coalitions(d: int) -> np.ndarray:
    """All 2^d coalitions, bool (2^d, d): row i holds unit j where bit j of i is set; the empty one first.

    >>> all_coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    masks: np.ndarray = (np.arange(1 << d)[:, None] >> np.arange(d)) & 1 == 1
    return masks


def join_weights(d: int) -> np.ndarray:
    """The weight of each coalition size 0..d-1 that a unit joins, (d,): 1 / (d C(d-1, s)); over all coalitions without
    the unit they add up to 1."""
    return np.array([1 / (d * comb(d - 1, size)) for size in range(d)])  # whole numbers beyond any float divide well


def shapley_from_all(values: np.ndarray) -> np.ndarray:
    """Shapley values (..., d, k) from the values (..., 2^d, k) of `all_coalitions(d)`.

    A unit's value is the mean over coalition sizes of its mean gain when it joins (Shapley 1953): one product with a
    matrix (d, 2^d), so the cost for a row is 2 d 2^d k operations.

    >>> shapley_from_all(np.array([[0.0], [1.0], [2.0], [5.0]])).ravel().tolist()
    [2.0, 3.0]
    """
    d = values.shape[-2].bit_length() - 1
    result: np.ndarray = _gains(d) @ values
    return result


@lru_cache(maxsize=4)
def _gains(d: int) -> np.ndarray:
    """The matrix (d, 2^d) that takes values of all coalitions to Shapley values."""
    present = all_coalitions(d).T
    sizes = present.sum(axis=0)
    weight = np.append(join_weights(d), 0.0)
    matrix: np.ndarray = np.where(present, weight[sizes - 1], -weight[sizes])
    return matrix
