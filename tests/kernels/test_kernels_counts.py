from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.kernels import counts
from auditnn.kernels.counts import joint_counts
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
