from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.kernels import counts
from auditnn.kernels.counts import bin_scores, count_table, group_moments, joint_counts
from auditnn.kernels.group_table import RATES, group_table


def draw(seed: int, n: int, *sizes: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, size, n).astype(np.int32) for size in sizes]


@given(seed=st.integers(0, 10_000), n=st.integers(0, 200), sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_joint_counts_equals_counting_rows_one_by_one(seed, n, sizes):
    codes = draw(seed, n, *sizes)
    one_by_one = Counter(zip(*(one.tolist() for one in codes), strict=True))
    table = joint_counts(codes, sizes)
    assert table.shape == tuple(sizes)
    assert table.sum() == n
    assert {cell: int(table[cell]) for cell in np.ndindex(*sizes) if table[cell]} == dict(one_by_one)


def test_joint_counts_does_not_depend_on_the_block(monkeypatch):
    codes = draw(1, 1000, 3, 4)
    whole = joint_counts(codes, (3, 4))
    monkeypatch.setattr(counts, "BLOCK", 7)
    assert np.array_equal(joint_counts(codes, (3, 4)), whole)


@pytest.mark.parametrize(
    ("codes", "sizes", "word"),
    [
        ([np.array([0, 2])], (2,), "0..1"),
        ([np.array([-1, 0])], (2,), "0..1"),
        ([np.array([0.0, 1.0])], (2,), "integer"),
        ([np.array([0, 1]), np.array([0])], (2, 2), "one length"),
        # the second code is out of its range though the cell it would land in exists
        ([np.array([0, 1]), np.array([0, 2])], (4, 2), "0..1"),
    ],
)
def test_joint_counts_refuses_codes_that_would_land_in_another_cell(codes, sizes, word):
    with pytest.raises(ValueError, match=word):
        joint_counts(codes, sizes)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 200), offset=st.sampled_from([0.0, -3.5, 1e9]))
@settings(max_examples=40, deadline=None)
def test_moments_equal_numpy_group_by_group(seed, n, offset):
    (codes,) = draw(seed, n, 4)
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
    assert table.counts.size <= counts.CELLS
    assert not table.bins.exact
    selected = table.decisions().sum(axis=(1, 2))[:, 1]
    assert np.array_equal(selected, np.bincount(place[scores >= 0.7], minlength=100_000))


def slow_rates(labels: np.ndarray, predictions: np.ndarray, event: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each rate, from one row at a time."""
    found = {rate: [0, 0] for rate in RATES}
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        is_event, selected = label in event, prediction in event
        asked = {
            "selection_rate": (selected, True),
            "true_positive_rate": (selected, is_event),
            "false_positive_rate": (selected, not is_event),
            "false_negative_rate": (not selected, is_event),
            "precision": (is_event, selected),
            "accuracy": (selected == is_event, True),
        }
        for rate, (counted, counts_at_all) in asked.items():
            found[rate][0] += counted and counts_at_all
            found[rate][1] += counts_at_all
    return {rate: (x, n) for rate, (x, n) in found.items()}


@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5), cells=st.sampled_from([0, 1 << 20]))
@settings(max_examples=40, deadline=None)
def test_group_table_equals_one_row_at_a_time_by_both_ways_of_counting(seed, classes, cells):
    codes, labels, predictions = draw(seed, 120, 4, classes, classes)
    events = [(0,), (classes - 1,), tuple(range(classes - 1))]
    table = group_table(codes, 4, labels, predictions, classes, events, cells=cells)
    for level in range(4):
        own = codes == level
        assert table.correct is not None
        assert table.rows[level] == own.sum()
        assert table.correct[level] == (labels[own] == predictions[own]).sum()
        for event, found in zip(events, table.events, strict=True):
            expected = slow_rates(labels[own], predictions[own], event)
            assert {rate: tuple(int(part[level]) for part in found.rate(rate)) for rate in RATES} == expected


def test_totals_add_the_groups_up():
    codes, labels, predictions = draw(5, 300, 4, 2, 2)
    (counted,) = group_table(codes, 4, labels, predictions, 2, [(1,)]).events
    expected = slow_rates(labels, predictions, (1,))
    assert {rate: tuple(int(part[0]) for part in counted.total().rate(rate)) for rate in RATES} == expected


def test_without_labels_only_selection_exists():
    codes, predictions = draw(6, 100, 3, 4)
    table = group_table(codes, 3, None, predictions, 4, [(1, 2)])
    x, n = table.events[0].rate("selection_rate")
    assert table.correct is None
    assert x.tolist() == [int(np.isin(predictions[codes == level], [1, 2]).sum()) for level in range(3)]
    assert n.tolist() == np.bincount(codes, minlength=3).tolist()
    with pytest.raises(ValueError, match="needs labels"):
        table.events[0].rate("precision")
