"""Means per group: numpy's moments, and the very estimate that the same values have on their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from auditnn.kernels.estimate import effective_df
from auditnn.kernels.moments import group_moments, mean


@given(seed=st.integers(0, 10_000), n=st.integers(1, 200), offset=st.sampled_from([0.0, -3.5, 1e9]))
@settings(max_examples=40, deadline=None)
def test_moments_equal_numpy_group_by_group(seed: int, n: int, offset: float) -> None:
    codes = np.random.default_rng(seed + 1).integers(0, 4, n)
    values = np.random.default_rng(seed).normal(size=n) + offset
    found = group_moments(codes, 4, values)
    for level in range(4):
        own = values[codes == level]
        assert found.n[level] == len(own)
        if len(own):
            assert found.mean[level] == pytest.approx(own.mean(), rel=1e-12)
        if len(own) > 1:
            assert found.variance[level] == pytest.approx(own.var(ddof=1), rel=1e-6, abs=1e-12)
            expected = own.std(ddof=1) / np.sqrt(len(own))
            assert found.standard_error[level] == pytest.approx(expected, rel=1e-6, abs=1e-12)
        else:
            assert np.isnan(found.variance[level])


@given(seed=st.integers(0, 10_000), n=st.integers(1, 400), skewed=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_group_has_the_estimate_of_its_values_alone(seed: int, n: int, skewed: bool) -> None:
    rng = np.random.default_rng(seed)
    codes, values = rng.integers(0, 3, n), rng.normal(size=n)
    values = np.exp(2.0 * values) if skewed else values
    together = group_moments(codes, 3, values)
    for level in range(3):
        one, other = together.estimate(level), mean(values[codes == level])
        assert (one.n, one.reason, one.value is None) == (other.n, other.reason, other.value is None)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, rel=1e-9, abs=1e-12)
            assert one.basis["se"] == pytest.approx(other.basis["se"], rel=1e-9)
            assert one.basis["df"] == pytest.approx(other.basis["df"], rel=1e-9)


@pytest.mark.parametrize("skewed", [False, True])
def test_degrees_of_freedom_are_those_of_the_influences(skewed: bool) -> None:
    values = np.random.default_rng(0).normal(size=300)
    values = np.exp(3.0 * values) if skewed else values
    expected = effective_df(values - values.mean()) or 299.0
    assert mean(values).basis["df"] == pytest.approx(expected)
    assert (expected < 20.0) == skewed


def test_few_plain_values_have_students_interval() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    found = mean(values)
    assert found.value == values.mean()
    assert found.basis["df"] == 3.0
    assert found.basis["se"] == pytest.approx(stats.sem(values))


def test_fewer_than_two_values_have_no_mean() -> None:
    assert "no rows" in str(mean(np.array([])).reason)
    assert "one row" in str(mean(np.array([1.0])).reason)
    assert mean(np.array([1.0, 1.0])).basis["se"] == 0.0
