"""Units taken one after the other: the coalitions that an order passes through, and the area under what they give."""

from __future__ import annotations

import numpy as np


def descending(scores: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The order (d,) of units from the largest score (d,) to the smallest, equal ones in random order."""
    order: np.ndarray = np.lexsort((random.random(len(scores)), -np.asarray(scores, dtype=np.float64)))
    return order


def stops(d: int, steps: int) -> np.ndarray:
    """How many of `d` units have been taken at each point of a curve: all numbers from 0 to d, or `steps` + 1 of them
    about equally far apart.

    >>> stops(3, 32).tolist(), stops(100, 4).tolist()
    ([0, 1, 2, 3], [0, 25, 50, 75, 100])
    """
    return np.unique(np.round(np.linspace(0, d, min(d, steps) + 1)).astype(np.int64))


def taken_in_order(order: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Which units have been taken (s, d), bool, when `at` (s,) of them have been, in this order.

    >>> taken_in_order(np.array([2, 0, 1]), np.array([0, 1, 3])).astype(int).tolist()
    [[0, 0, 0], [0, 0, 1], [1, 1, 1]]
    """
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    taken: np.ndarray = place[None, :] < at[:, None]
    return taken


def area(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Area under curves (..., s) at the points `at` (s,), with all units taken as one: trapezoids.

    >>> float(area(np.array([1.0, 0.0, 0.0]), np.array([0, 1, 2])))
    0.25
    """
    share = at / at[-1]
    result: np.ndarray = ((values[..., 1:] + values[..., :-1]) / 2.0 * np.diff(share)).sum(axis=-1)
    return result
