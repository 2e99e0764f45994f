"""Two groups of which one rate has a small denominator: what the chosen method covers, by exact summation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditnn.kernels import simultaneous, two_groups
from auditnn.kernels.intervals import critical_value, joined_difference_bounds, newcombe_bounds

PROPORTIONS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
Z = critical_value(0.95)


def worst_coverage(form: str, large: int, small: int) -> float:
    """The least coverage, over pairs of proportions, of the interval that analyzers choose for this form."""
    cells = np.meshgrid(np.arange(large + 1.0), np.arange(small + 1.0), indexing="ij")
    x, sizes = np.stack(cells, axis=-1), np.array([large, small])
    n = np.broadcast_to(sizes.astype(float), x.shape)
    if form == "difference":
        either = newcombe_bounds if two_groups.difference_method(sizes) == "newcombe" else joined_difference_bounds
        low, high = either(x[..., 0], large, x[..., 1], small, Z)
    elif form == "gap":
        folded = two_groups.gap_method(sizes) == "newcombe"
        low, high = (two_groups.folded_gap_interval if folded else simultaneous.gap_interval)(x, n)
    else:
        folded = two_groups.ratio_method(sizes) == "score"
        low, high = (two_groups.folded_ratio_interval if folded else simultaneous.ratio_interval)(x, n)
    worst = 1.0
    for first in PROPORTIONS:
        for second in PROPORTIONS:
            chance = np.outer(
                stats.binom.pmf(np.arange(large + 1), large, first),
                stats.binom.pmf(np.arange(small + 1), small, second),
            )
            truth = {
                "difference": first - second,
                "gap": abs(first - second),
                "ratio": min(first, second) / max(first, second),
            }[form]
            # without any event there is no ratio, and none is stated
            stated = x.sum(axis=-1) > 0 if form == "ratio" else np.ones(chance.shape, dtype=bool)
            held = (low <= truth + 1e-9) & (high >= truth - 1e-9)
            worst = min(worst, float((chance * (held & stated)).sum() / (chance * stated).sum()))
    return worst


@pytest.mark.parametrize("small", [1, 3, 4, 10, 12, 29, 30])
@pytest.mark.parametrize("form", ["difference", "gap", "ratio"])
@pytest.mark.parametrize("large", [275, 500])
def test_small_denominators_beside_large_ones_are_covered(form: str, large: int, small: int) -> None:
    assert worst_coverage(form, large, small) >= 0.935


def test_newcombes_interval_would_not_cover_there() -> None:
    """Why there is a choice: the same sum with the method that larger denominators have."""
    x1, x2 = np.meshgrid(np.arange(501.0), np.arange(2.0), indexing="ij")
    low, high = newcombe_bounds(x1, 500, x2, 1, Z)
    chance = np.outer(stats.binom.pmf(np.arange(501), 500, 0.05), stats.binom.pmf(np.arange(2), 1, 0.2))
    assert (chance * ((low <= -0.15) & (high >= -0.15))).sum() < 0.85
