"""Intervals of one and two proportions against statsmodels, and of a standard error against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from auditnn.kernels.intervals import (
    clopper_pearson,
    critical_value,
    joined_difference_bounds,
    joined_ratio_bounds,
    newcombe_bounds,
    rate_method,
    score_ratio_bounds,
    score_ratio_statistic,
    standard_error_interval,
    wilson,
)

Z = critical_value(0.95)
TABLES = [(7, 34, 1, 34), (56, 70, 48, 80), (1000, 2500, 1325, 2500), (9, 10, 3, 10), (3, 500, 12, 450)]


@given(st.integers(1, 4000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.999]))
def test_single_rates_equal_statsmodels(n: int, share: float, confidence: float) -> None:
    x = round(share * n)
    alpha = 1 - confidence
    assert wilson(x, n, confidence) == pytest.approx(proportion_confint(x, n, alpha, "wilson"), abs=1e-9)
    assert clopper_pearson(x, n, confidence) == pytest.approx(proportion_confint(x, n, alpha, "beta"), abs=1e-9)


def test_single_rates_switch_at_ten_and_are_vectorized() -> None:
    x, n = np.array([0, 10, 11, 89, 90, 100]), np.full(6, 100)
    assert [rate_method(a, b) for a, b in zip(x, n, strict=True)] == [
        *("clopper_pearson",) * 2,
        *("wilson",) * 2,
        *("clopper_pearson",) * 2,
    ]
    for bounds in (clopper_pearson, wilson):
        low, high = bounds(x, n)
        for at, (a, b) in enumerate(zip(x, n, strict=True)):
            assert [low[at], high[at]] == pytest.approx([float(end) for end in bounds(a, b)], abs=1e-12)


@pytest.mark.parametrize("table", TABLES)
def test_newcombe_equals_statsmodels(table: tuple[int, int, int, int]) -> None:
    expected = confint_proportions_2indep(*table, compare="diff", method="newcomb")
    assert newcombe_bounds(*table, Z) == pytest.approx(expected, abs=1e-9)


def test_newcombe_equals_its_paper() -> None:
    """Newcombe (1998), Table II, contrasts (a) 56/70 - 48/80 and (b) 9/10 - 3/10, method 10."""
    assert newcombe_bounds(56, 70, 48, 80, Z) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe_bounds(9, 10, 3, 10, Z) == pytest.approx((0.1705, 0.8090), abs=5e-5)


@pytest.mark.parametrize("table", TABLES)
def test_score_ratio_equals_statsmodels(table: tuple[int, int, int, int]) -> None:
    expected = confint_proportions_2indep(*table, compare="ratio", method="score", correction=True)
    assert score_ratio_bounds(*table, Z) == pytest.approx(expected, rel=1e-4)


def test_score_ratio_without_events() -> None:
    low, high = score_ratio_bounds(0, 50, 10, 50, Z)
    assert low == 0.0
    assert 0.0 < high < 0.5
    low, high = score_ratio_bounds(10, 50, 0, 50, Z)
    assert high == np.inf
    assert low > 2.0
    assert score_ratio_statistic(0, 50, 0, 50, 0.7) == 0.0


@settings(max_examples=50)
@given(st.tuples(*(st.integers(1, 60) for _ in range(2))), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_joined_bounds_contain_the_estimate_and_widen(sizes: tuple[int, int], a: float, b: float) -> None:
    x1, x2 = round(a * sizes[0]), round(b * sizes[1])
    cells = (x1, sizes[0], x2, sizes[1])
    difference = x1 / sizes[0] - x2 / sizes[1]
    before = (difference, difference)
    for z in (0.0, 1.0, 2.0, 4.0):
        low, high = joined_difference_bounds(*cells, z)
        assert low <= before[0] + 1e-12
        assert high >= before[1] - 1e-12
        before = (float(low), float(high))
        if x1 and x2:
            ratio = (x1 * sizes[1]) / (x2 * sizes[0])
            below, above = joined_ratio_bounds(*cells, z)
            assert below <= ratio * (1 + 1e-9)
            assert above >= ratio * (1 - 1e-9)


def test_joined_ratio_bound_is_where_the_joined_difference_is_zero() -> None:
    """The defining equation: at the low end r, (p1 - l1)^2 + r^2 (u2 - p2)^2 = (p1 - r p2)^2."""
    low, high = joined_ratio_bounds(12, 40, 30, 50, 1.959964)
    low1, high1 = clopper_pearson(12, 40)
    low2, high2 = clopper_pearson(30, 50)
    assert 0.3 - low * 0.6 == pytest.approx(np.hypot(0.3 - low1, low * (high2 - 0.6)), rel=1e-5)
    assert high * 0.6 - 0.3 == pytest.approx(np.hypot(high1 - 0.3, high * (0.6 - low2)), rel=1e-5)


def test_standard_error_intervals() -> None:
    assert standard_error_interval(2.0, 0.5) == pytest.approx((2 - 0.5 * 1.959964, 2 + 0.5 * 1.959964), abs=1e-6)
    half = stats.t.ppf(0.975, 7) * 0.5
    assert standard_error_interval(2.0, 0.5, df=7) == pytest.approx((2 - half, 2 + half))
    low, high = standard_error_interval(0.9, 0.3, scale="logit")
    assert (np.log(low / (1 - low)) + np.log(high / (1 - high))) / 2 == pytest.approx(np.log(9))
    low, high = standard_error_interval(3.0, 0.2, 0.9, scale="log")
    assert low * high == pytest.approx(9.0)
    assert np.log(high / low) == pytest.approx(2 * 0.2 * stats.norm.ppf(0.95))


def test_a_center_of_its_own_keeps_the_value_inside() -> None:
    low, high = standard_error_interval(1.0, 0.5, scale="logit", center=4.0)
    assert high == 1.0
    assert low == pytest.approx(1 / (1 + np.exp(-(4.0 - 0.5 * 1.959964))), abs=1e-6)
