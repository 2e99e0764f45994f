"""How many false alarms a family of tests may raise together: the Benjamini-Hochberg adjustment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from auditnn.policy.comparison import Comparison

LEVEL = 0.05


def adjusted_p_values(comparisons: Sequence[Comparison]) -> dict[int, float]:
    """The adjusted p of each comparison that has a p, by its position; each family of rules on its own."""
    families: dict[str, list[int]] = {}
    for position, one in enumerate(comparisons):
        if one.p is not None:
            families.setdefault(one.rule.family, []).append(position)
    adjusted: Mapping[int, float] = {}
    for positions in families.values():
        values = benjamini_hochberg([comparisons[position].p or 0.0 for position in positions])
        adjusted = {**adjusted, **dict(zip(positions, values, strict=True))}
    return dict(adjusted)


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
