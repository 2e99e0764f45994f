"""How many false alarms a family of tests may raise together: the Benjamini-Hochberg adjustment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditnn.policy.comparison import Comparison

LEVEL = 0.05


def adjusted_p_values(comparisons: Sequence[Comparison]) -> list[float | None]:
    """The adjusted p of each comparison, None where it has no p; each family of rules on its own."""
    families: dict[str, list[int]] = {}
    p_values = [one.p for one in comparisons]
    for position, one in enumerate(comparisons):
        if one.p is not None:
            families.setdefault(one.rule.family, []).append(position)
    adjusted: list[float | None] = [None] * len(comparisons)
    for positions in families.values():
        family = [p for p in (p_values[position] for position in positions) if p is not None]
        for position, value in zip(positions, benjamini_hochberg(family), strict=True):
            adjusted[position] = value
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: rejecting those at most a keeps the false discovery rate at most a.

    q_(i) = min over j >= i of p_(j) m / j, for independent or positively dependent tests.
    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57(1).

    >>> benjamini_hochberg([0.01, 0.5, 0.04])
    [0.03, 0.5, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return [float(value) for value in adjusted]
