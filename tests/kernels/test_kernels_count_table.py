"""The count table: scores in bins, and decisions at any threshold from cells alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.kernels import count_table as module
from auditnn.kernels.count_table import bin_scores, count_table


def draw(seed: int, n: int, *sizes: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, size, n).astype(np.int32) for size in sizes]


@given(
    scores=st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0]), min_size=1, max_size=60),
    threshold=st.sampled_from([0.0, 0.25, 0.3, 0.5, 1.0, 2.0]),
)
@settings(max_examples=60, deadline=None)
def test_few_distinct_scores_are_kept_exactly(scores, threshold):
    scores = np.array(scores)
    bins = bin_scores(scores, threshold)
    assert bins.exact
    assert np.array_equal(bins.lowest[bins.codes], scores)
    assert np.array_equal(bins.codes >= bins.cut, scores >= threshold)


@given(
    seed=st.integers(0, 10_000),
    limit=st.integers(2, 40),
    threshold=st.sampled_from([-1.0, 0.0, 0.31, 0.5, 0.99, 1.5]),
    digits=st.sampled_from([2, 12]),
)
@settings(max_examples=60, deadline=None)
def test_many_distinct_scores_share_bins_but_decisions_stay_exact(seed, limit, threshold, digits):
    scores = np.random.default_rng(seed).random(500).round(digits)
    bins = bin_scores(scores, threshold, limit)
    assert not bins.exact
    assert len(bins) <= limit
    assert np.array_equal(bins.codes >= bins.cut, scores >= threshold)
    assert (bins.lowest[bins.codes] <= scores).all()
    following = np.append(bins.lowest[1:], np.inf)
    assert (scores < following[bins.codes]).all()


def test_bins_have_equal_mass():
    scores = np.random.default_rng(0).beta(0.3, 4, 200_000)
    sizes = np.bincount(bin_scores(scores).codes)
    whole = 200_000 / 1023
    assert len(sizes) <= 1024
    # two bins share what the threshold parts; every other holds its share to within one row
    assert np.sort(np.abs(sizes - whole))[:-2].max() <= 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_must_be_finite(bad):
    with pytest.raises(ValueError, match="finite"):
        bin_scores(np.array([0.1, bad, 0.3]))


def test_no_scores_have_no_bins():
    bins = bin_scores(np.array([]))
    assert (len(bins), len(bins.codes), bins.cut) == (0, 0, 0)


@given(seed=st.integers(0, 10_000), limit=st.sampled_from([60, 1 << 22]))
@settings(max_examples=25, deadline=None)
def test_the_count_table_answers_from_cells_what_the_rows_would(seed, limit):
    first, second, labels = draw(seed, 400, 3, 2, 2)
    scores = np.random.default_rng(seed).random(400).round(2)
    table = count_table([first, second], (3, 2), labels, 2, scores, 0.37, cells=limit)
    assert table.bins.exact == (limit > 60)
    decisions = table.decisions()
    for a, b, label in np.ndindex(3, 2, 2):
        mine = scores[(first == a) & (second == b) & (labels == label)]
        assert decisions[a, b, label].tolist() == [(mine < 0.37).sum(), (mine >= 0.37).sum()]
    alone = count_table([second], (2,), labels, 2, scores, 0.37, cells=limit)
    assert np.array_equal(table.marginal(1).decisions(), alone.decisions())
    sweep = table.sweep()
    for cut in range(len(table.bins) + 1):
        assert np.array_equal(sweep[..., cut], table.decisions(cut)[..., 1])


def test_without_labels_the_table_has_one_label_level():
    (first,) = draw(3, 100, 3)
    scores = np.random.default_rng(3).random(100)
    table = count_table([first], (3,), None, 2, scores)
    assert table.counts.shape == (3, 1, 100)
    assert np.array_equal(table.decisions()[:, 0, 1], np.bincount(first[scores >= 0.5], minlength=3))


def test_two_attributes_with_a_hundred_thousand_levels_fit_and_decisions_are_exact():
    rng = np.random.default_rng(4)
    place, sex, labels = rng.integers(0, 100_000, 300_000), rng.integers(0, 2, 300_000), rng.integers(0, 2, 300_000)
    scores = rng.random(300_000)
    table = count_table([place, sex], (100_000, 2), labels, 2, scores, 0.7)
    assert table.counts.size <= module.CELLS
    assert not table.bins.exact
    selected = table.decisions().sum(axis=(1, 2))[:, 1]
    assert np.array_equal(selected, np.bincount(place[scores >= 0.7], minlength=100_000))
