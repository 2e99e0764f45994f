"""Orders of units, what they pass through, and areas under what they give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.kernels.orderings import area, descending, stops, taken_in_order


@given(st.integers(1, 60), st.integers(2, 40))
def test_stops_go_from_nothing_to_everything(d: int, steps: int) -> None:
    at = stops(d, steps)
    assert at[0] == 0
    assert at[-1] == d
    assert len(at) == min(d, steps) + 1
    assert (np.diff(at) >= 1).all()
    assert np.diff(at).max() - np.diff(at).min() <= 1


@given(st.integers(1, 30), st.integers(0, 99))
def test_units_are_taken_in_their_order(d: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(d)
    taken = taken_in_order(order, np.arange(d + 1))
    for step in range(d + 1):
        assert set(np.flatnonzero(taken[step])) == set(order[:step])


def test_the_largest_comes_first_and_equals_fall_at_random() -> None:
    random = np.random.default_rng(0)
    assert descending(np.array([0.1, 3.0, -2.0]), random).tolist() == [1, 0, 2]
    first = [int(descending(np.array([1.0, 1.0, 0.0, 1.0]), random)[0]) for _ in range(300)]
    assert set(first) == {0, 1, 3}
    assert min(np.bincount(first)[[0, 1, 3]]) > 60


@given(st.lists(st.integers(-100, 100).map(float), min_size=2, max_size=20))
def test_the_area_is_numpy_s(values: list[float]) -> None:
    at = np.arange(len(values))
    assert area(np.array(values), at) == pytest.approx(np.trapezoid(values, at / at[-1]))


def test_several_curves_at_once_and_uneven_points() -> None:
    at = np.array([0, 1, 4])
    curves = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    assert area(curves, at).tolist() == [1.0, 0.375]
