"""Rank correlation equals scipy's, row by row; what has no order has no correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from auditnn.kernels.rank_agreement import average_ranks, rank_correlation

FEW = st.integers(-3, 3).map(float)  # many ties


@given(arrays(np.float64, (2, 4, 7), elements=FEW))
def test_it_is_scipy_s_with_ties(pair: np.ndarray) -> None:
    found = rank_correlation(pair[0], pair[1])
    for row, value in enumerate(found):
        a, b = pair[0, row], pair[1, row]
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


@given(arrays(np.float64, (1, 6), elements=st.integers(-50, 50).map(float), unique=True))
def test_only_the_order_counts(values: np.ndarray) -> None:
    assert rank_correlation(values, values**3 + 5) == pytest.approx(1.0)
    assert rank_correlation(values, -values) == pytest.approx(-1.0)
    assert rank_correlation(values, 1e-9 * values) == pytest.approx(1.0)


def test_only_a_row_s_own_units_take_part() -> None:
    a = np.array([[1.0, 2.0, 3.0, 99.0], [1.0, 2.0, 3.0, 4.0]])
    b = np.array([[1.0, 2.0, 3.0, -99.0], [4.0, 3.0, 2.0, 1.0]])
    assert rank_correlation(a, b, np.array([3, 4])).tolist() == [1.0, -1.0]
    assert np.isnan(rank_correlation(a, b, np.array([1, 1]))).all()


def test_rounding_has_no_order() -> None:
    exact = np.array([[3.0, 0.0, 0.0, 0.0, -1.0]])
    noisy = exact + 1e-8 * np.random.default_rng(0).normal(size=exact.shape)
    assert average_ranks(noisy).tolist() == average_ranks(exact).tolist() == [[5.0, 3.0, 3.0, 3.0, 1.0]]
    assert average_ranks(1e-30 * exact).tolist() == average_ranks(exact).tolist()
    assert average_ranks(np.zeros((2, 3))).tolist() == [[2.0, 2.0, 2.0]] * 2
    assert rank_correlation(np.empty((0, 3)), np.empty((0, 3))).shape == (0,)
