"""Coalitions drawn in complementary pairs, every size as likely as another, none of them twice.

In the regression that defines Shapley values all coalitions of one size have one leverage, and the sizes have the same
in total (Musco & Witter 2025, "Provably accurate Shapley value estimation via leverage score sampling"; pairs: Covert &
Lee 2021, "Improving KernelSHAP").
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

MOST_RANKS = 1 << 62
MOST_PAIRS = 10**300  # as many as a float can count


def pair_strata(d: int) -> list[tuple[int, int]]:
    """Sizes s from 1 to d/2 and how many pairs (a coalition of s units, its complement) each has."""
    return [(s, comb(d, s) if 2 * s < d else comb(d, s) // 2) for s in range(1, d // 2 + 1)]


def drawn_pairs(d: int, pairs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One coalition of each of `pairs` pairs, bool (p, d), and the probability of each to be drawn, (p,).

    Where there are d pairs or more, all units alone come first, so that no two units are always seen together. Sizes
    share the others by leverage, sizes with too few pairs give all of theirs, and within a size the draw is without
    replacement. The empty and the full coalition are no part of it. At most all of 2^(d-1) - 1 pairs.
    """
    strata = pair_strata(d)
    totals = [total for _, total in strata]
    mass = [2.0 if 2 * size < d else 1.0 for size, _ in strata]
    alone = totals[0] if d <= pairs and len(strata) > 1 else 0
    first = [float(alone)] if alone else []
    at = len(first)
    expected = np.concatenate([first, _shares(totals[at:], mass[at:], min(pairs, sum(totals)) - alone)])
    counts = _rounded(expected, rng)
    masks, chances = [np.zeros((0, d), dtype=bool)], [np.zeros(0)]
    for (size, total), count, wanted in zip(strata, counts, expected, strict=True):
        masks.append(_distinct(d, size, total, int(count), rng))
        chances.append(np.full(int(count), min(1.0, wanted / min(total, MOST_PAIRS))))
    return np.concatenate(masks), np.concatenate(chances)


def unranked(ranks: np.ndarray, d: int, size: int) -> np.ndarray:
    """The subsets of `size` of d units at these places of the colexicographic order, bool (m, d).

    >>> unranked(np.arange(3), 3, 2).astype(int).tolist()
    [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    """
    masks = np.zeros((len(ranks), d), dtype=bool)
    left, rest = np.full(len(ranks), size), ranks.astype(np.int64)
    for unit in range(d - 1, -1, -1):
        without = np.array([comb(unit, chosen) for chosen in range(size + 1)], dtype=np.int64)[left]
        taken = rest >= without
        masks[:, unit] = taken
        rest -= np.where(taken, without, 0)
        left -= taken
    return masks


def _shares(totals: Sequence[int], mass: Sequence[float], pairs: int) -> np.ndarray:
    """How many pairs of each stratum are expected, in proportion to `mass` and never more than there are."""
    sizes, weight = np.array([min(total, MOST_PAIRS) for total in totals], dtype=np.float64), np.array(mass)
    full = np.zeros(len(sizes), dtype=bool)
    expected = sizes.copy()
    while not full.all():
        each = (pairs - sizes[full].sum()) / weight[~full].sum()
        expected = np.where(full, sizes, np.minimum(sizes, each * weight))
        over = ~full & (each * weight >= sizes)
        if not over.any():
            break
        full |= over
    return expected


def _rounded(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers with these expectations and their (rounded) sum: one systematic draw of the fractions."""
    counts = np.floor(expected + 1e-9)
    fractions = np.maximum(expected - counts, 0.0)
    rest = round(float(fractions.sum()))
    if rest:
        edges = np.concatenate([[0.0], np.cumsum(fractions)]) * (rest / fractions.sum())
        counts += np.diff(np.searchsorted(rng.random() + np.arange(rest), edges))
    return counts


def _distinct(d: int, size: int, total: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` different coalitions of one size, no two of them complements: (count, d)."""
    if comb(d, size) < MOST_RANKS:
        return unranked(rng.choice(total, size=count, replace=False), d, size)
    order = np.argsort(rng.random((count, d)), axis=1)  # so many that a coincidence will not be seen
    masks = np.zeros((count, d), dtype=bool)
    np.put_along_axis(masks, order[:, :size], True, axis=1)
    return masks
