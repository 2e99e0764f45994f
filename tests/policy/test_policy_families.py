"""The Benjamini-Hochberg adjustment against statsmodels and against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.policy.families import benjamini_hochberg

multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_it_equals_statsmodels(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1].tolist(), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.01, 0.5))
def test_it_rejects_what_the_step_up_rule_rejects(p: list[float], level: float) -> None:
    """Reject the k smallest, k the largest rank with p_(k) <= level k / m."""
    ordered = np.sort(p)
    ranks = [k for k in range(1, len(p) + 1) if ordered[k - 1] <= level * k / len(p)]
    adjusted = np.array(benjamini_hochberg(p))
    clear = np.abs(adjusted - level) > 1e-9
    limit = ordered[ranks[-1] - 1] if ranks else -1.0
    assert ((np.array(p) <= limit) == (adjusted <= level))[clear].all()
