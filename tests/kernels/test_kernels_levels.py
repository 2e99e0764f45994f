"""Levels: equally likely values stand for the distributions that they are meant to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from auditnn.kernels.levels import binned_levels, draw_levels, level_starts, normal_levels, spread_positions

L = 4096


@given(st.lists(st.integers(0, 6), min_size=1, max_size=80), st.sampled_from([8, 64, 1024]))
@settings(max_examples=60, deadline=None)
def test_every_code_gets_its_share(codes: list[int], size: int) -> None:
    array = np.array(codes)
    chosen = array[spread_positions(array, size)]
    assert (np.diff(chosen) >= 0).all()
    share = np.bincount(array, minlength=7) / len(array)
    assert (np.abs(np.bincount(chosen, minlength=7) - size * share) <= 1.0).all()
    starts = level_starts(chosen, 7)
    assert np.array_equal(np.diff(starts), np.bincount(chosen, minlength=7))


def test_draws_are_uniform_and_repeat() -> None:
    drawn = draw_levels(np.random.default_rng(0), (3, 40_001), 64)
    assert drawn.shape == (3, 40_001)
    assert drawn.max() == 63
    assert stats.chisquare(np.bincount(drawn.ravel(), minlength=64)).pvalue > 1e-3
    assert np.array_equal(drawn, draw_levels(np.random.default_rng(0), (3, 40_001), 64))
    assert np.abs(np.corrcoef(drawn)[np.triu_indices(3, 1)]).max() < 0.02


def test_a_standard_normal() -> None:
    levels = normal_levels(L)
    assert levels.mean() == pytest.approx(0.0, abs=1e-12)
    assert levels.var() == pytest.approx(1.0, abs=1e-12)
    assert stats.kstest(levels, "norm").statistic < 2 / L


def test_a_bin_is_a_normal_truncated_at_its_ends() -> None:
    """Each bin against scipy's truncated normal of the moments and ends that the lime library takes."""
    values = np.random.default_rng(1).gamma(2.0, 3.0, 500)
    edges = np.percentile(values, [25, 50, 75])
    codes = np.repeat(np.arange(4), L // 4)
    levels = binned_levels(values, edges, codes, whole=False)
    ends = np.array([values.min(), *edges, values.max()])
    for code in range(4):
        inside = values[np.searchsorted(edges, values) == code]
        mean, deviation = inside.mean(), inside.std()
        low, high = (ends[code] - mean) / deviation, (ends[code + 1] - mean) / deviation
        expected = stats.truncnorm(low, high, loc=mean, scale=deviation)
        got = levels[codes == code]
        assert stats.kstest(got, expected.cdf).statistic < 4 / L
        assert got.min() >= ends[code]
        assert got.max() <= ends[code + 1]


def test_whole_numbers_stay_whole_and_in_their_bin() -> None:
    values = np.random.default_rng(2).poisson(3, 400).astype(float)
    edges = np.unique(np.percentile(values, [25, 50, 75]))
    codes = np.searchsorted(edges, values)
    drawn = codes[spread_positions(codes, L)]
    levels = binned_levels(values, edges, drawn, whole=True)
    assert np.array_equal(levels, np.rint(levels))
    assert np.array_equal(np.searchsorted(edges, levels), drawn)


def test_one_value_stays_that_value() -> None:
    """Where the library draws 0: all values of a bin are the same."""
    levels = binned_levels(np.full(9, 7.0), np.array([7.0]), np.zeros(16, dtype=int), whole=False)
    assert np.array_equal(levels, np.full(16, 7.0))
